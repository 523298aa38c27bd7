#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# fsck() and fsck_repair() while others work: what was broken on purpose is
# repaired, nobody's call fails, and nothing else is broken by it.  Afterwards
# a deep and a wide tree, of which fsck() must not take ages.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

q "SELECT dittofs.create_share('/export', squash => 'none')" >/dev/null
q "SELECT dittofs.mkdir('/export/a'), dittofs.mkdir('/export/b'), dittofs.mkdir('/export/kept')" >/dev/null
q "SELECT dittofs.write_file('/export/kept/' || i, 'kept') FROM generate_series(1, 40) i" >/dev/null

# Everything that changes entries, links, sizes.  Names of files collide often;
# names of directories do not, for then a call may end with 55P03 and want to be
# run again, which pgbench does not do.
cat >"$DITTOFS_RUN/work.sql" <<-'EOF'
	\set n random(1, 15)
	\set m random(1, 15)
	\set d random(0, 1)
	\set own :client_id + :first
	SELECT dittofs.create_file(dittofs.resolve('/export/' || substr('ab', :d + 1, 1)), 'f:n', how => 'unchecked');
	SELECT dittofs.write((l).handle, :m * 4096, decode(repeat('ab', 3000), 'hex'))
		FROM dittofs.lookup(dittofs.resolve('/export/a'), 'f:m') l WHERE (l).status = 0;
	SELECT dittofs.move(dittofs.resolve('/export/a'), 'f:n', dittofs.resolve('/export/b'), 'f:m');
	SELECT dittofs.create_hard_link((l).handle, dittofs.resolve('/export/b'), 'f:n')
		FROM dittofs.lookup(dittofs.resolve('/export/a'), 'f:m') l WHERE (l).status = 0;
	SELECT dittofs.create_directory(dittofs.resolve('/export/b'), 'd:own');
	SELECT dittofs.move(dittofs.resolve('/export/b'), 'd:own', dittofs.resolve('/export/a'), 'd:own');
	SELECT dittofs.remove_directory(dittofs.resolve('/export/a'), 'd:own');
	SELECT dittofs.remove_file(dittofs.resolve('/export/b'), 'f:m');
	SELECT dittofs.reap(10);
EOF
# pgbench puts values for :n inside of quotes too
sed -i "s/'\([fd]\):\([a-z_]*\)'/convert_to('\1' || :\2, 'UTF8')/g" "$DITTOFS_RUN/work.sql"

work()
{
	PGOPTIONS="-c dittofs.gateway=$2" "$pg_bin/pgbench" -n -c 3 -T 120 -D first="$3" -f "$DITTOFS_RUN/work.sql" \
		"$PGDATABASE" >"$DITTOFS_RUN/$1.out" 2>&1 &
	workers+=($!)
}

workers=()
work plain off 0
work gateway on 3

# Violations, one of each kind that does not get into the workers' way: the
# entry of a name is removed under its directory's lock, and the accounting
# changed while nobody changes anything, since a slot is its backend's alone.
repairs=0
orphans=0
for i in $(seq 1 12); do
	q "UPDATE dittofs.files SET nlink = nlink + 1 WHERE id IN (SELECT child_id FROM dittofs.parent_child_map
			WHERE name = convert_to('$((20 + i))', 'UTF8'))"
	q "BEGIN; LOCK TABLE dittofs.files IN SHARE ROW EXCLUSIVE MODE;
		UPDATE dittofs.space_usage SET bytes = bytes + 7 WHERE slot = (SELECT min(slot) FROM dittofs.space_usage); COMMIT"
	q "BEGIN; SELECT FROM dittofs.files WHERE uuid_send(id) = substr(dittofs.resolve('/export/kept'), 18) FOR NO KEY UPDATE;
		DELETE FROM dittofs.parent_child_map WHERE name = convert_to('$i', 'UTF8'); COMMIT" >/dev/null
	orphans=$((orphans + 1))
	rows=$(q "SELECT count(*) || ' ' || count(*) FILTER (WHERE action ~ '^not repaired') FROM dittofs.fsck_repair()")
	[ "${rows% *}" -ge 2 ] && [ "${rows#* }" = 0 ] && repairs=$((repairs + 1))
done
is "$repairs" 12 "repaired under load, each time"
alive=0
for pid in "${workers[@]}"; do
	! kill -0 "$pid" 2>/dev/null || alive=$((alive + 1))
	kill "$pid"
done
wait
is "$alive $(grep -l aborted "$DITTOFS_RUN"/{plain,gateway}.out)" "2 " "no worker got an error" || sed 's/^/# /' "$DITTOFS_RUN"/{plain,gateway}.out
is "$(q 'SELECT * FROM dittofs.fsck()')" "" "fsck is clean"
is "$(q "SELECT count(*) FROM dittofs.ls('/export/lost+found')")" "$orphans" "what had lost its name is in lost+found"
is "$(q "SELECT count(DISTINCT dittofs.read_file('/export/lost+found/' || name)) FROM dittofs.ls('/export/lost+found')")" 1 \
	"with its content"
is "$(q "SELECT count(*) FROM dittofs.ls('/export/kept')")" 28 "the others are where they were"

# Time in proportion to the tables: a tree like this takes a second, and would
# take minutes if each level read all of a table.
q "DO \$\$
	DECLARE
		at bytea := dittofs.resolve('/export/kept');
	BEGIN
		FOR i IN 1 .. 2000 LOOP
			at := (dittofs.create_directory(at, 'd')).handle;
		END LOOP;
	END \$\$"
q "SELECT count(dittofs.create_file(dittofs.resolve('/export/a'), convert_to('wide' || i, 'UTF8'))) FROM generate_series(1, 10000) i" >/dev/null
is "$(q "ANALYZE dittofs.files, dittofs.parent_child_map; SET statement_timeout = '60s'; SELECT * FROM dittofs.fsck()")" "" \
	"fsck of 2,000 levels and 10,000 entries"
q "DELETE FROM dittofs.parent_child_map WHERE parent_id = (SELECT parent_id FROM dittofs.parent_child_map WHERE name = 'wide1')
	AND name LIKE 'wide%7'"
is "$(q "SET statement_timeout = '120s'; SELECT count(*), count(*) FILTER (WHERE action ~ 'lost.found') FROM dittofs.fsck_repair()")" "1000|1000" \
	"repair of 1,000 orphans"
is "$(q 'SELECT * FROM dittofs.fsck()')" "" "fsck is clean"

done_testing
