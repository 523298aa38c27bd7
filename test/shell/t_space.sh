#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Content takes little more room than it has bytes, and what files, rollbacks and
# a crash have left is used again before the table grows.

# nobody but us vacuums, and no snapshot of autovacuum is in the way
export PG_CONF="autovacuum = off"
# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# write NAME MIB: a new file, in pieces of 1 MiB
write()
{
	echo "SELECT h.handle AS file FROM dittofs.resolve('/export') dir,
			dittofs.create_file(dir, '$1') h \\gset
		SELECT sum(w.status) FROM generate_series(0, $2 - 1) i,
			dittofs.write(:'file', i * 1048576, t.bytes(1048576, i)) w;"
}

run()
{
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1
}

bytes_of_table()
{
	q "SELECT pg_relation_size('dittofs.blocks')"
}

vacuum()
{
	q "SELECT dittofs.reap()" >/dev/null
	q "VACUUM dittofs.blocks"
}

# sum FILE: of what it has
sum()
{
	q "SELECT md5(dittofs.read_file('/export/$1'))"
}

q "SELECT dittofs.create_share('/export', root_mode => '0777');
	CREATE SCHEMA t;
	-- nothing that can be compressed, the same each time
	CREATE FUNCTION t.bytes(size int, seed int) RETURNS bytea LANGUAGE sql IMMUTABLE AS
		'SELECT string_agg(sha256(int4send(\$2) || int4send(i)), '''' ORDER BY i) FROM generate_series(1, \$1 / 32) i'" >/dev/null

is "$(write a 8 | run)" 0 "8 MiB"
size=$(bytes_of_table)
[ "$size" -le $((8 * 1048576 * 103 / 100)) ]
ok $? "take at most 3 percent more in the table" || echo "# $size"
expected=$(q "SELECT md5(string_agg(t.bytes(1048576, i), '' ORDER BY i)) FROM generate_series(0, 7) i")
is "$(sum a)" "$expected" "they are what was written"

is "$(write b 8 | run)" 0 "another file"
size=$(bytes_of_table)
q "SELECT dittofs.rm('/export/a')" >/dev/null
vacuum
is "$(write c 8 | run)" 0 "one in the place of the first, which was removed"
is "$(bytes_of_table)" "$size" "the table has not grown"
is "$(sum c) $(sum b)" "$expected $expected" "and both are what was written"

{ echo "BEGIN;"; write d 4; echo "ROLLBACK;"; } | run >/dev/null
grown=$(bytes_of_table)
[ "$grown" -gt "$size" ]
ok $? "a transaction that is rolled back makes it grow" || echo "# $grown, $size"
vacuum
is "$(write d 4 | run)" 0 "the same again"
[ "$(bytes_of_table)" -le "$grown" ]
ok $? "finds its room" || echo "# $(bytes_of_table), $grown"

# What is overwritten in a gateway's session makes room for what comes next, but
# for who may still see it.
overwrite()
{
	echo "SET dittofs.gateway = on;
		SELECT dittofs.resolve('/export/d') AS file \gset"
	for ((i = 1; i <= 200; i++)); do
		echo "SELECT dittofs.write(:'file', 65536, t.bytes(65536, $i));"
	done
}

before=$(bytes_of_table)
overwrite | run >/dev/null
grown=$(bytes_of_table)
[ $((grown - before)) -le $((200 * 65536 / 4)) ]
ok $? "64 KiB that are overwritten 200 times do not take 200 times the room" ||
	echo "# $before, $grown"
is "$(q "SELECT data = t.bytes(65536, 200) FROM dittofs.read(dittofs.resolve('/export/d'), 65536, 65536)")" \
	t "they are what was written last"
session_begin
say "BEGIN ISOLATION LEVEL REPEATABLE READ;" >/dev/null
seen=$(say "SELECT md5(dittofs.read_file('/export/d'));")
overwrite | sed 's/, 65536, t/, 131072, t/' | run >/dev/null
is "$(say "SELECT md5(dittofs.read_file('/export/d'));")" "$seen" \
	"an old snapshot sees what it saw"
say "COMMIT;" >/dev/null
[ "$(say "SELECT md5(dittofs.read_file('/export/d'));")" != "$seen" ]
ok $? "until it ends"
session_end
is "$(sum b) $(sum c)" "$expected $expected" "other files are what they were"

session_begin
say "BEGIN;" >/dev/null
is "$(say "$(write e 4)")" 0 "a transaction that a crash ends"
grown=$(bytes_of_table)
pg_stop immediate && pg_start
session_end
vacuum
is "$(write e 4 | run)" 0 "the same again"
# the free space map does not outlive a crash in every detail
[ "$(bytes_of_table)" -le $((grown + 1048576)) ]
ok $? "finds its room, nearly" || echo "# $(bytes_of_table), $grown"
is "$(sum b) $(sum c)" "$expected $expected" "the other files are what they were"
is "$(q "SELECT * FROM dittofs.fsck()")" "" "fsck finds nothing"

done_testing
