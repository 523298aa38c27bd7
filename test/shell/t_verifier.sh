#!/bin/bash
# The write verifier: the same in all sessions, and another one whenever
# unstable writes may have been lost.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

verifier()
{
	q 'SELECT dittofs.write_verifier()'
}

first=$(verifier)
like "$first" '^\\x[0-9a-f]{16}$' "eight bytes"
is "$(verifier)" "$first" "the same in another session"
q 'CHECKPOINT; SELECT pg_switch_wal()' >/dev/null
is "$(verifier)" "$first" "a checkpoint does not change it"
"$pg_bin/psql" -qXAtc 'SELECT pg_reload_conf()' >/dev/null
is "$(verifier)" "$first" "nor does a reload"

pg_stop fast && pg_start
second=$(verifier)
[ "$second" != "$first" ]
ok $? "a restart changes it"
pg_stop immediate && pg_start
third=$(verifier)
[ "$third" != "$second" ] && [ "$third" != "$first" ]
ok $? "so does a crash of the server"

# After the crash of a single backend the postmaster lives on, but shared
# memory, with the WAL that was not written, is gone.
expect_crash
q "CREATE TABLE started AS SELECT pg_postmaster_start_time() AS at"
"$pg_bin/psql" -Xqc 'SELECT pg_sleep(60)' >/dev/null 2>&1 &
sleeper=$!
for ((i = 0; i < 100; i++)); do
	pid=$(q "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'")
	[ -z "$pid" ] || break
	sleep 0.05
done
kill -KILL "$pid"
wait $sleeper
for ((i = 0; i < 200; i++)); do
	fourth=$(verifier 2>/dev/null) && break
	sleep 0.05
done
is "$(q 'SELECT at = pg_postmaster_start_time() FROM started')" t "the postmaster survives the crash of a backend"
[ -n "$fourth" ] && [ "$fourth" != "$third" ]
ok $? "and yet the verifier changes"
is "$(verifier)" "$fourth" "once"

# Two databases of one server: unstable writes are lost together.
"$pg_bin/createdb" -T template0 another && q 'CREATE EXTENSION dittofs' another
is "$(q 'SELECT dittofs.write_verifier()' another)" "$fourth" "one server, one verifier"

done_testing
