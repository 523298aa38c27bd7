#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
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
q "CREATE TABLE started AS SELECT pg_postmaster_start_time() AS at"
kill_backend
fourth=$(verifier)
is "$(q 'SELECT at = pg_postmaster_start_time() FROM started')" t "the postmaster survives the crash of a backend"
[ -n "$fourth" ] && [ "$fourth" != "$third" ]
ok $? "and yet the verifier changes"
is "$(verifier)" "$fourth" "once"

# Two databases of one server: unstable writes are lost together.
"$pg_bin/createdb" -T template0 another && q 'CREATE EXTENSION dittofs' another
is "$(q 'SELECT dittofs.write_verifier()' another)" "$fourth" "one server, one verifier"

done_testing
