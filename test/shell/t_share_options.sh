#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The options of a share are the rows of extension/include/dittofs_share_options.h.  Both
# halves are made of them; what SQL declares is compared with them here.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

header=$top/extension/include/dittofs_share_options.h

# rows HEADER: a line for each, kind|name|type|default|words
rows()
{
	cat >"$DITTOFS_RUN/rows.c" <<END
#include <stdio.h>
#include "$1"
#define PRINT(kind, name, initial, words, help) \
	printf("%s;%s;%s;%s;%s\n", #kind, #name, SHARE_SQL_##kind, initial, words);
int main(void) { SHARE_OPTIONS(PRINT) return 0; }
END
	cc -o "$DITTOFS_RUN/rows" "$DITTOFS_RUN/rows.c" && "$DITTOFS_RUN/rows"
}

# What the rows say that there is: an argument of create_share() with a default, one of
# alter_share(), a column of list_shares(), one of the table with its words.
wanted()
{
	rows "$1" | while IFS=';' read -r kind name type default words; do
		echo "create_share $name $type ${default:-NULL}"
		case $kind in ROOT_*) continue ;; esac
		echo "alter_share $name $type NULL"
		echo "list_shares $name $type"
		case $kind in
			*_LIMIT) echo "shares $name $type null" ;;
			*) echo "shares $name $type $words" ;;
		esac
		echo "comment $name"
	done | sed 's/ *$//' | sort
}

# The same of the catalog, where types have longer names.
there()
{
	q "WITH arguments AS (SELECT p.proname::text AS of, p.proargnames[n] AS name, n,
			coalesce(p.proallargtypes[n], p.proargtypes[n - 1])::regtype::text AS type, p.oid
		FROM pg_proc p, generate_subscripts(p.proargnames, 1) n
		WHERE p.pronamespace = 'dittofs'::regnamespace AND p.proname IN ('create_share', 'alter_share', 'list_shares')),
	said AS (SELECT of, name, type,
			coalesce(regexp_replace(pg_get_function_arg_default(oid, n), '^''?(.*?)''?(::[a-z]+(\[\])?)?\$', '\1'), '') AS more FROM arguments
		UNION ALL SELECT 'shares', a.attname, format_type(a.atttypid, NULL),
			CASE WHEN NOT a.attnotnull THEN 'null' ELSE coalesce((SELECT string_agg(word[1], '|')
				FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''([^'']*)''::text', 'g') word
				WHERE c.conrelid = a.attrelid AND c.conkey = ARRAY[a.attnum]), '') END
		FROM pg_attribute a WHERE attrelid = 'dittofs.shares'::regclass AND attnum > 0
		UNION ALL SELECT 'comment', a.attname, '', ''
		FROM pg_attribute a WHERE attrelid = 'dittofs.shares'::regclass AND attnum > 0 AND col_description(attrelid, attnum) <> '')
	SELECT trim(concat_ws(' ', of, name, nullif(CASE type WHEN 'boolean' THEN 'bool' WHEN 'integer' THEN 'int' ELSE type END, ''), more))
	FROM said WHERE name NOT IN ('name', 'new_name', 'content', 'content_store', 'bytes', 'inodes', 'root',
		'share_id', 'share_uuid', 'root_id', 'fsid', 'cookie_seed', 'cookie_key', 'created_at', 'content_store_id')" | sort
}

# differences HEADER
differences()
{
	diff <(wanted "$1") <(there)
}

is "$(differences "$header")" "" "SQL declares the options that the rows name, with their types, defaults and words"
[ "$(wanted "$header" | wc -l)" -gt 60 ]
ok $? "and all of them"

# The comparison notices what it should.
changed()
{
	sed "$1" "$header" >"$DITTOFS_RUN/changed.h"
	cmp -s "$header" "$DITTOFS_RUN/changed.h" && echo "# nothing changed"
	[ -n "$(differences "$DITTOFS_RUN/changed.h")" ]
	ok $? "another $2 is noticed"
}
changed 's/"65534"/"65535"/' default
changed 's/"none|lz4"/"none|lz4|zstd"/' word
changed 's/ROW(SWITCH, read_only/ROW(ID, read_only/' type
changed 's/ROW(SWITCH, read_only/ROW(SWITCH, read_mostly/' name

# Words are in the order of the enums: each one given comes back.
words=$(rows "$header" | sed -n 's/^WORD;\([a-z_]*\);[^;]*;[^;]*;\(.*\)/\1 \2/p')
while read -r name choices; do
	for word in ${choices//|/ }; do
		[ "$word" != lz4 ] || [ "$(q "SELECT setting FROM pg_config() WHERE name = 'CONFIGURE' AND setting ~ 'lz4'")" ] || continue
		is "$(q "BEGIN; SELECT FROM dittofs.create_share('/words', $name => '$word');
			SELECT $name FROM dittofs.list_shares() WHERE name = '/words'; ROLLBACK" | tail -n 1)" "$word" "$name may be $word"
	done
done <<<"$words"

# Arguments are found by their names, whatever their order.
is "$(q "DO \$\$ BEGIN
		EXECUTE (SELECT format('CREATE FUNCTION pg_temp.make(%s) RETURNS bytea LANGUAGE C AS %L, %L',
				string_agg(format('%I %s DEFAULT %s', name, type, coalesce(pg_get_function_arg_default(oid, n), 'NULL')), ', ' ORDER BY name COLLATE \"C\"),
				'\$libdir/dittofs', 'dittofs_create_share')
			FROM (SELECT oid, n, proargnames[n] AS name, proargtypes[n - 1]::regtype AS type
				FROM pg_proc, generate_subscripts(proargnames, 1) n WHERE oid = 'dittofs.create_share'::regproc) a
			WHERE name <> 'block_size');
		PERFORM pg_temp.make(name => '/order', atime => 'strict', read_only => true, anongid => 7, max_inodes => 9);
	END \$\$;
	SELECT read_only, squash, anonuid, anongid, atime, max_bytes, max_inodes, block_size
		FROM dittofs.list_shares() WHERE name = '/order'")" \
	"t|root|65534|7|strict||9|1048576" "arguments may come in any order, and one that is not declared is the column's default"

done_testing
