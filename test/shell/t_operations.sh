#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The operations between SQL and C: the tables of sql_ops.c name the parameters and
# columns that the catalogs have, in their order, and nothing else of an operation
# knows how SQL calls a function.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

src=$top/extension/src

# A line "function parameter" for each parameter, and "type column" for each column,
# as sql_ops.c has them: a function's body names its table of arguments, and its type
# that of columns.
told()
{
	awk '
		function quoted(line) { match(line, /"[^"]*"/); return substr(line, RSTART + 1, RLENGTH - 2) }
		/^static const (Arg|Column) / { table = $4; sub(/\[.*/, "", table); n = 0; next }
		/^}/ { table = "" }
		table != "" && /^\t[A-Z0-9_]+\("/ { rows[table, n++] = quoted($0); counts[table] = n; next }
		/^dittofs_[a-z_]+\(PG_FUNCTION_ARGS\)/ { f = $0; sub(/^dittofs_/, "", f); sub(/\(.*/, "", f) }
		match($0, /UNPACK\(fcinfo, [a-z_]+/) {
			t = substr($0, RSTART + 15, RLENGTH - 15)
			for (i = 0; i < counts[t]; i++) print f, rows[t, i]
		}
		match($0, /PACK\(TYPE_[A-Z_]+, [a-z_]+/) && !/UNPACK/ {
			type = t = substr($0, RSTART + 10, RLENGTH - 10)
			sub(/,.*/, "", type); sub(/.*, /, "", t); type = tolower(type)
			if (done[type]++) next
			print type, "status"
			for (i = 0; i < counts[t]; i++) print type, rows[t, i]
		}' "$src/ops/sql_ops.c"
}

told | sort -s -k1,1 >"$DITTOFS_RUN/told"
functions=$(sed -n 's/^dittofs_\([a-z_]*\)(PG_FUNCTION_ARGS)$/\1/p' "$src/ops/sql_ops.c" | paste -sd,)
types=$(sed -n 's/.*[^N]PACK(TYPE_\([A-Z_]*\),.*/\L\1/p' "$src/ops/sql_ops.c" | sort -u | paste -sd,)
# These take a number or two, and no object.
without_table=claim_blocks,lock_objects,reap
q "SELECT p.proname || ' ' || n.name FROM pg_proc p, unnest(p.proargnames) WITH ORDINALITY n(name, i)
	WHERE p.pronamespace = 'dittofs'::regnamespace AND i <= p.pronargs
		AND p.proname = ANY ('{$functions}') AND p.proname <> ALL ('{$without_table}') ORDER BY p.proname, i" >"$DITTOFS_RUN/functions"
q "SELECT c.relname || ' ' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relnamespace = 'dittofs'::regnamespace AND c.relkind = 'c'
		AND c.relname = ANY ('{$types}') ORDER BY c.relname, a.attnum" >"$DITTOFS_RUN/types"
sort -s -k1,1 "$DITTOFS_RUN/functions" "$DITTOFS_RUN/types" >"$DITTOFS_RUN/there"
diff "$DITTOFS_RUN/told" "$DITTOFS_RUN/there" | head -n 20 | sed 's/^/# /'
cmp -s "$DITTOFS_RUN/told" "$DITTOFS_RUN/there"
ok $? "extension/src/ops/sql_ops.c names the parameters and columns that there are, in their order"
[ "$(wc -l <"$DITTOFS_RUN/told")" -gt 150 ]
ok $? "and all of them ($(wc -l <"$DITTOFS_RUN/told"))"

is "$(grep -lE 'fcinfo|PG_FUNCTION_ARGS|PG_GETARG' "$src"/ops/[!s]*.[ch])" "" \
	"no operation knows SQL's calling convention"
is "$(grep -nE 'LOCAL_FCINFO|InitFunctionCallInfoData' "$src"/*/*.c)" "" \
	"and nothing calls one by it"

done_testing
