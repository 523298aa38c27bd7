#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Sessions keep the shares in memory: a change reaches them when it is
# committed, not before; and what is made at the same moment does not fail.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

q "SELECT dittofs.create_share('/export', root_mode => '0777')" >/dev/null

session_begin
mount="SELECT status FROM dittofs.mount('/export', 'client=10.0.0.7');"
alter="SELECT dittofs.alter_share('/export', denied_clients"

is "$(say "$mount")" 0 "a session has read the shares"
q "$alter => '{10.0.0.7}')" >/dev/null
is "$(say "$mount")" 13 "it learns of a change"
q "BEGIN; $alter => '{}'); ROLLBACK" >/dev/null
is "$(say "$mount")" 13 "not of one that was rolled back"
q "UPDATE dittofs.shares SET denied_clients = '{}'"
is "$(say "$mount")" 0 "of one made in the table"
q "SET session_replication_role = replica; UPDATE dittofs.shares SET denied_clients = '{10.0.0.7}'"
is "$(say "$mount")" 13 "of one that replication made"
q "$alter => '{}')" >/dev/null

# A transaction that sees the past must not leave it behind in the session.
say "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM dittofs.server_config;" >/dev/null
q "$alter => '{10.0.0.7}')" >/dev/null
say "SELECT count(*) FROM dittofs.list_shares();" >/dev/null
say "COMMIT;"
is "$(say "$mount")" 13 "an old snapshot leaves no old shares behind"
q "$alter => '{}')" >/dev/null

# A transaction's own change, and its end
say "BEGIN; $alter => '{10.0.0.7}');" >/dev/null
is "$(say "$mount")" 13 "a transaction sees its own change"
is "$(q "${mount%;}")" 0 "others do not"
say "ROLLBACK;"
is "$(say "$mount")" 0 "it is gone with the transaction"
say "BEGIN; SAVEPOINT s; $alter => '{10.0.0.7}'); $mount ROLLBACK TO s;" >/dev/null
is "$(say "$mount")" 0 "or with the savepoint"
say "COMMIT;"

# Dropping, and making again, under a session's feet
root=$(q "SELECT root FROM dittofs.list_shares()")
q "SELECT dittofs.drop_share('/export')" >/dev/null
is "$(say "SELECT status FROM dittofs.get_file('$root');")" 70 "a dropped share's handles are stale"
is "$(say "$mount")" 2 "and it cannot be mounted"
q "SELECT dittofs.create_share('/export', root_mode => '0777')" >/dev/null
is "$(say "$mount")" 0 "a new one of this name can"
is "$(say "SELECT status FROM dittofs.get_file('$root');")" 70 "but has other handles"
q "DROP EXTENSION dittofs; CREATE EXTENSION dittofs; SELECT dittofs.create_share('/export', root_mode => '0777')" >/dev/null
is "$(say "$mount")" 0 "even the extension can go and come back"
is "$(say " SELECT dittofs.write_file('/export/file', 'x');")" "" \
	"and files are made"
is "$(say "SELECT name FROM dittofs.ls('/export');")" file "and found"
session_end

# Everybody at once
cat >"$DITTOFS_RUN/mount.sql" <<-'EOS'
	\set n random(1, 3)
	SELECT dittofs.mount('/export', ('client=10.1.1.' || :n)::dittofs.caller);
	SELECT dittofs.unmount('/export', ('client=10.1.1.' || :n)::dittofs.caller);
EOS
"$pg_bin/pgbench" -n -c 8 -t 100 -f "$DITTOFS_RUN/mount.sql" >"$DITTOFS_RUN/pgbench" 2>&1
ok $? "mounting and unmounting at the same time" || sed 's/^/# /' "$DITTOFS_RUN/pgbench"

for _ in 1 2 3 4 5 6; do
	"$pg_bin/psql" -XqAtc "SELECT length(dittofs.create_share('/race', root_mode => '0777'))" 2>&1 &
done >"$DITTOFS_RUN/race"
wait
is "$(grep -v ^HINT "$DITTOFS_RUN/race" | sort -u)" $'33\nERROR:  share "/race" already exists' \
	"making one share at the same time"
is "$(grep -c 33 "$DITTOFS_RUN/race")" 1 "succeeds once"

q "DELETE FROM dittofs.files f USING dittofs.shares s WHERE f.id = s.root_id AND s.name = '/race';
	DELETE FROM dittofs.space_usage u USING dittofs.shares s WHERE u.share_id = s.share_id AND s.name = '/race'"
for _ in 1 2 3 4 5 6; do
	"$pg_bin/psql" -XqAtc "SELECT status FROM dittofs.create_root_directory('/race')" 2>&1 &
done >"$DITTOFS_RUN/race"
wait
is "$(sort -u "$DITTOFS_RUN/race")" 0 "a missing root is made by one, found by the others"
is "$(violations "$PGDATABASE")" "" "and counted once"

# drop_share with force against sessions that make files
cat >"$DITTOFS_RUN/files.sql" <<-'EOS'
	\set n random(1, 100000000)
	SELECT status FROM dittofs.create_file((SELECT root FROM dittofs.list_shares() WHERE name = '/race'),
		convert_to(:n::text, 'UTF8'), how => 'unchecked');
EOS
"$pg_bin/pgbench" -n -c 4 -t 300 -f "$DITTOFS_RUN/files.sql" >"$DITTOFS_RUN/pgbench" 2>&1 &
bench=$!
sleep 0.3
q "SELECT dittofs.drop_share('/race', force => true)" >/dev/null
ok $? "dropping a share while files are made in it"
wait $bench
ok $? "whose makers are told by a status" || sed 's/^/# /' "$DITTOFS_RUN/pgbench"
is "$(violations "$PGDATABASE")" "" "nothing of it is left"
is "$(q 'SELECT count(*) FROM dittofs.files LEFT JOIN dittofs.shares USING (share_id) WHERE name IS NULL')" 0 \
	"no file"
is "$(q 'SELECT count(*) FROM dittofs.space_usage LEFT JOIN dittofs.shares USING (share_id) WHERE name IS NULL')" 0 \
	"and no count"

done_testing
