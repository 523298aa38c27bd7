#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# What the two halves share is in extension/include/dittofs_contract.h alone.  SQL and prose
# cannot include it: here they are compared with it.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

header=$top/extension/include/dittofs_contract.h
sql=$top/extension/sql
readme=$sql/README.md

# value EXPRESSION: of the header
value()
{
	printf '#include <stdio.h>\n#include "%s"\nint main(void) { printf("%%ld\\n", (long) (%s)); }\n' \
		"$header" "$1" | cc -x c -o "$DITTOFS_RUN/value" - && "$DITTOFS_RUN/value"
}

# says FILE TEXT WHAT: the file has the text, wherever its lines end
says()
{
	tr -s ' \n' ' ' <"$1" | grep -qF -- "$2"
	ok $? "$3" || echo "# ${1#"$top/"} has no \"$2\""
}

q "SELECT dittofs.create_share('/export', squash => 'none')" >/dev/null

# Handles
is "$(q "SELECT octet_length(root), get_byte(root, 0) FROM dittofs.list_shares()")" \
	"$(value HANDLE_LEN)|$(value HANDLE_VERSION)" "a handle has the length and the version"
is "$(q "SELECT substr(l.root, 1 + $(value HANDLE_SHARE_AT), $(value HANDLE_ID_LEN)) = uuid_send(s.share_uuid),
		substr(l.root, 1 + $(value HANDLE_FILE_AT), $(value HANDLE_ID_LEN)) = uuid_send(s.root_id)
	FROM dittofs.list_shares() l JOIN dittofs.shares s USING (name)")" "t|t" \
	"the ids of share and file are where the contract says"
says "$sql/66-waiting.sql" "octet_length(path.handle) = $(value HANDLE_LEN) AND" "the view waiting knows handles by their length"
says "$sql/66-waiting.sql" "f.id = encode(substr(path.handle, $(value "1 + HANDLE_FILE_AT"), $(value HANDLE_ID_LEN)), 'hex')::uuid" "and takes the file's id"
says "$sql/66-waiting.sql" "uuid_send(s.share_uuid) = substr(path.handle, $(value "1 + HANDLE_SHARE_AT"), $(value HANDLE_ID_LEN))" "and the share's"
says "$sql/95-comments.sql" "several handles of $(value HANDLE_LEN) bytes" "the comment on lock_objects() has it"
says "$sql/30-handles.sql" "Handles: $(value HANDLE_LEN) opaque bytes" "the fragment of handles has it"

# Binary forms
is "$(q "SELECT octet_length(dittofs.fattr_send((dittofs.get_file(root, '')).attributes)) FROM dittofs.list_shares()")" \
	"$(value FATTR_LEN)" "the binary form of an fattr has its length"
says "$readme" "| \`fattr\` | $(value FATTR_LEN) bytes:" "the README has it"
says "$sql/95-comments.sql" "type fattr: $(value FATTR_LEN) bytes;" "the comment has it"
is "$(q "SELECT substr(dittofs.caller_send(''), 1, 4)")" \
	"\\x$(printf '%04x%04x' "$(value CALLER_VERSION)" "$(value CALLER_AUTH_SYS)")" "a caller begins with version and flavor"
is "$(q "SELECT octet_length(dittofs.caller_send(('client=2001:db8::1 xid=1 checksum=2 connection=3 connected=4 arrived=5 groups='
	|| (SELECT string_agg(g::text, ',') FROM generate_series(1, $(value CALLER_GIDS_MAX)) g))::dittofs.caller))")" \
	"$(value CALLER_LEN_MAX)" "the longest caller has the length"
says "$readme" "int16 version ($(value CALLER_VERSION)), int16 auth ($(value CALLER_AUTH_NONE) none, $(value CALLER_AUTH_SYS) sys)" \
	"the README describes the caller's version and flavors"
says "$readme" "supplementary gids (at most $(value CALLER_GIDS_MAX))" "and how many groups"

# Blocks and pages
says "$readme" "32 bytes hash (SHA-256 of its content), uint32 length (1 to $(value STORED_BLOCK_MAX))" "the README has a block's length"
says "$readme" "after each $(value "SUM_CHUNK / 1024") KiB of it, but not after its end, the $(value SUM_LEN) bytes" "and its sums"
says "$readme" "At most $(value BLOCKS_MAX) blocks" "and how many go into one call"
says "$readme" "for each of the blocks a byte: $(value NEED_NOTHING) it is stored already, $(value NEED_UPLOAD) put it" "the README has what is needed"
says "$readme" "uint8 source ($(value SOURCE_ZEROS) zeros, $(value SOURCE_DATA) the next bytes of \`data\`, $(value SOURCE_BLOCK) a block)" \
	"and where the bytes of a segment are"
says "$sql/70-fsck.sql" "length(b.hash) <> $(value HASH_LEN) OR b.length NOT BETWEEN 1 AND $(value STORED_BLOCK_MAX)" \
	"fsck() knows a block's length"
says "$sql/70-fsck.sql" "length(b.sums) <> (b.length - 1) / $(value SUM_CHUNK) * $(value SUM_LEN)" "and its sums"
says "$sql/70-fsck.sql" "block / $(value GROUP_PAGES) * $(value GROUP_BYTES) + block % $(value GROUP_PAGES) * $(value PAGE_BYTES) AS start" \
	"and where a page begins"
says "$sql/70-fsck.sql" "CASE block % $(value GROUP_PAGES) WHEN $(value "GROUP_PAGES - 1") THEN $(value "GROUP_BYTES % PAGE_BYTES") ELSE $(value PAGE_BYTES) END" \
	"and where it ends"
is "$(value DELETE_WITHIN)" 600 "a gateway deletes within ten minutes"
says "$readme" "must begin to delete within ten minutes" "which the README says"

# Kinds of content: the words that the tables allow
words()
{
	q "SELECT string_agg(word[1], '|') FROM pg_constraint c, regexp_matches(pg_get_constraintdef(oid), '''([^'']*)''::text', 'g') word
		WHERE contype = 'c' AND conrelid = 'dittofs.$1'::regclass AND conkey @> (SELECT array_agg(attnum) FROM pg_attribute
			WHERE attrelid = 'dittofs.$1'::regclass AND attname IN ($2)) AND cardinality(conkey) = $3"
}
text()
{
	printf '#include <stdio.h>\n#include "%s"\nint main(void) { puts(%s); }\n' "$header" "$1" |
		cc -x c -o "$DITTOFS_RUN/text" - && "$DITTOFS_RUN/text"
}
is "$(words shares "'content'" 1)" "$(text CONTENT_WORDS)" "the table of shares has the kinds of content"
is "$(words content_stores "'kind'" 1)" "$(text CONTENT_STORE_WORDS)" "that of stores those of stores"
is "$(words shares "'content', 'content_store_id'" 2)" "$(text CONTENT_DATABASE_WORDS)" "and a share of another kind has a store"
kinds=$(value "sizeof((char *[]) CONTENT_WORD_LIST) / sizeof(char *) - 1")
is "$(for ((kind = 0; kind < kinds; kind++)); do text "((char *[]) CONTENT_WORD_LIST)[$kind]"; done | paste -sd '|')" \
	"$(text CONTENT_WORDS)" "words are in the order of their numbers"

# Transfers: defaults of a page and of a block, which is what a WRITE brings
is "$(q "SELECT string_agg(DISTINCT pg_get_function_arg_default(p.oid, n), ',') FROM pg_proc p, generate_subscripts(p.proargnames, 1) n
	WHERE p.pronamespace = 'dittofs'::regnamespace AND proname = 'read_directory' AND proargnames[n] IN ('dircount', 'maxcount')")" \
	"$(value TRANSFER_MAX)" "a page of a directory is as large as a transfer"
is "$(q "SELECT rtmax, wtmax FROM dittofs.get_filesystem_capabilities((SELECT root FROM dittofs.list_shares()), '')")" \
	"$(value TRANSFER_MAX)|$(value TRANSFER_MAX)" "and so is what a new share offers"

# Statuses
statuses=$(sed -n 's/^\tFS_\([A-Z0-9_]*\) = \([0-9]*\).*/\2|\1/p' "$header")
is "$(q "SELECT n, dittofs.status_name(n) FROM generate_series(0, 30000) n WHERE dittofs.status_name(n) IS NOT NULL")" \
	"$statuses" "statuses have their numbers"
for status in FS_TOOWEAK FS_ELSEWHERE FS_DENIED FS_BLOCKED FS_NOLOCKS FS_DEADLOCK; do
	says "$readme" "$(value $status)" "the README has $status"
done

# Columns that the gateway looks for by their place
column()
{
	q "SELECT attnum - 1 FROM pg_attribute WHERE attrelid = 'dittofs.$1'::regclass AND attname = '$2'"
}
is "$(column directory_row fileid)" "$(value DIRECTORY_ROW_FILEID)" "the columns of an entry begin with fileid"
is "$(column capabilities_result linkmax)" "$(value CAPABILITIES_LINKMAX)" "those of PATHCONF with linkmax"
is "$(column merge_task wait_ms)" "$(value MERGE_TASK_WAIT_MS)" "wait_ms is where merge_next() has it"
is "$(q "SELECT array_position(proargnames, 'store_uuid') - 1 FROM pg_proc WHERE oid = 'dittofs.content_hints'::regproc")" \
	"$(value CONTENT_HINTS_STORE_UUID)" "and store_uuid where content_hints() has it"

# No half has a number of its own for what the header names.
own=$(grep -nwE '20001|20002|8064|NF[0-9]{3}|substr\(root, 2, 16\)' "$top"/extension/src/*/*.[ch] "$top"/gateway/src/*/*.[ch])
is "$own" "" "neither half repeats them"
own=$(grep -nE '"(unstable|data_sync|file_sync|unchecked|guarded|exclusive|fetch|fifo)"' "$top"/extension/src/*/*.[ch] "$top"/gateway/src/*/*.[ch] |
	grep -v -e '/people\(_list\)\?\.c:' -e ':[0-9]*: \*' -e '"exclusive", \(FsLockRequest\|BOOLOID\)')
is "$own" "" "nor the words"

done_testing
