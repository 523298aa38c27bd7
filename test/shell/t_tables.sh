#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The tables among other people's things: what the library says of them is what
# the catalogs say; a gateway and people while a DBA works on them; commands on other
# tables where the library is gone.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# What extension/src/tables/tables.c says of tables and types, a line for each column
known()
{
	awk '
		/^static const KnownColumn/ { array = $4; sub(/\[\].*/, "", array); n = 0 }
		/^\t\{"/ && array != "" { gsub(/[{}",]/, ""); columns[array, n++] = $1 (($3 == "true") ? "?" : ""); counts[array] = n }
		/^\t\[(REL|TYPE)_/ && match($0, /\{"[a-z_0-9]+"/) { name = substr($0, RSTART + 2, RLENGTH - 3) }
		match($0, /COLUMNS\([a-z_0-9]+\)/) {
			array = substr($0, RSTART + 8, RLENGTH - 9)
			for (i = 0; i < counts[array]; i++)
				print name "." columns[array, i]
			array = ""
		}' "$top/extension/src/tables/tables.c"
}

# The same of the catalogs; an attribute of a type is never NOT NULL
there()
{
	q "SELECT c.relname || '.' || a.attname || CASE WHEN c.relkind = 'r' AND NOT a.attnotnull THEN '?' ELSE '' END
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relnamespace = 'dittofs'::regnamespace AND c.relkind IN ('r', 'c') ORDER BY c.relname, a.attnum"
}

known | sort -s -t. -k1,1 >"$DITTOFS_RUN/known"
there | sort -s -t. -k1,1 >"$DITTOFS_RUN/there"
diff "$DITTOFS_RUN/known" "$DITTOFS_RUN/there" | head -n 20 | sed 's/^/# /'
cmp -s "$DITTOFS_RUN/known" "$DITTOFS_RUN/there"
ok $? "extension/src/tables/tables.c names the columns that there are, in their order"
[ "$(wc -l <"$DITTOFS_RUN/known")" -gt 150 ]
ok $? "and all of them"

# Sessions go on while indexes and columns come and go.  Each file that was
# acknowledged is there, and every index agrees with its table.
q "SELECT dittofs.create_share('/export', squash => 'none')" >/dev/null
client()
{
	local i=0

	while [ ! -e "$DITTOFS_RUN/stop" ]; do
		i=$((i + 1))
		echo "BEGIN;"
		[ "$1" != batches ] || echo "SET LOCAL dittofs.gateway = on;"
		echo "SELECT dittofs.write_file('/export/$1$((i % 50))', repeat('$i ', 300)::bytea), dittofs.chmod('/export/$1$((i % 50))', '0640');"
		[ $((i % 3)) != 0 ] || echo "SELECT dittofs.rm('/export/$1$((i % 50))');"
		echo "COMMIT;"
		[ $((i % 20)) != 0 ] || sleep 0.01
	done | "$pg_bin/psql" -Xqo /dev/null -v ON_ERROR_STOP=1 >"$DITTOFS_RUN/client.$1" 2>&1
}
client people &
people=$!
client batches &
batches=$!
dba()
{
	q "CREATE INDEX CONCURRENTLY by_name ON dittofs.parent_child_map (encode(name, 'escape'))" &&
		q "CREATE INDEX CONCURRENTLY by_size ON dittofs.files (size) WHERE kind = 1" &&
		q "CREATE INDEX by_used ON dittofs.files (used) INCLUDE (mode)" &&
		q "ALTER TABLE dittofs.files ADD added text DEFAULT 'yes'" &&
		q "ALTER TABLE dittofs.blocks ADD added int NOT NULL DEFAULT 5" &&
		q "REINDEX TABLE CONCURRENTLY dittofs.files" &&
		q "REINDEX TABLE CONCURRENTLY dittofs.parent_child_map" &&
		q "VACUUM FULL dittofs.files" &&
		q "CLUSTER dittofs.blocks USING blocks_pkey" &&
		q "ALTER TABLE dittofs.blocks DROP added" &&
		q "DROP INDEX CONCURRENTLY dittofs.by_used"
}
eventually "(SELECT count(*) FROM dittofs.files) > 20"
for round in 1 2; do
	dba >/dev/null
	ok $? "round $round: indexes and columns come and go"
	[ $round = 2 ] || {
		q "DROP INDEX dittofs.by_name"
		q "DROP INDEX dittofs.by_size"
		q "ALTER TABLE dittofs.files DROP added"
	}
done
touch "$DITTOFS_RUN/stop"
wait $people $batches
is "$(cat "$DITTOFS_RUN/client.people" "$DITTOFS_RUN/client.batches")" "" "and no client is told of an error"
# agrees TABLE CONDITION: by an index, and by reading all
agrees()
{
	is "$(q "SET enable_seqscan = off; SELECT count(*) FROM dittofs.$1 WHERE $2")" \
		"$(q "SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; SELECT count(*) FROM dittofs.$1 WHERE $2")" \
		"$1 by an index, $2"
}
agrees parent_child_map "encode(name, 'escape') >= 'a'"
agrees files "kind = 1 AND size > 1000"
agrees files "id IS NOT NULL"
is "$(q "SELECT DISTINCT added FROM dittofs.files")" yes "every row has the column's default"
is "$(violations "$PGDATABASE")" "" "the tables agree with each other"

# Without the library nothing that does not concern us fails.
q "CREATE DATABASE bare TEMPLATE template0"
q "CREATE EXTENSION dittofs" bare
library=$DITTOFS_RUN/install$("$pg_config" --pkglibdir)/dittofs.so
mv "$library" "$library.away"
is "$(q "CREATE TABLE t (a int); ALTER TABLE t ADD b int; ALTER TABLE t RENAME TO u; CREATE SCHEMA s; ALTER SCHEMA s RENAME TO r; DROP TABLE u" bare 2>&1)" "" \
	"commands on other tables go on where the library is gone"
mv "$library.away" "$library"
is "$(error "ALTER TABLE dittofs.files ENABLE ROW LEVEL SECURITY" bare)" 55000 "with it ours are guarded"

done_testing
