#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The memory that a call takes is not in proportion to what it works on.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# Shared buffers count as memory of who uses them, so there are few.
"$pg_bin/psql" -Xqc "ALTER SYSTEM SET shared_buffers = '2MB'"
pg_stop fast && pg_start

# peak SQL: puts into $more the kB by which a session grows at most, beyond what the
# same takes of little.  A session cannot be talked to from within $(...).
peak()
{
	local pid before

	session_begin
	say "SELECT pg_backend_pid();" >"$DITTOFS_RUN/said"
	pid=$(<"$DITTOFS_RUN/said")
	say "SET work_mem = '64kB'; SET temp_buffers = '1MB'; SELECT count(*) FROM dittofs.tree('/little');" >/dev/null
	say "${1//\/large/\/little};" >/dev/null
	echo 5 >"/proc/$pid/clear_refs"
	before=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
	say "$1;" >"$DITTOFS_RUN/said"
	more=$(awk -v before="$before" '/^VmHWM/ { print $2 - before }' "/proc/$pid/status")
	session_end
	wait "$SESSION_PID"
}

# bounded NAME SQL: 30,000 rows may not take more than some megabytes
bounded()
{
	peak "$2"
	! grep -q '^ERROR' "$DITTOFS_RUN/said" || more=$(<"$DITTOFS_RUN/said")
	is "$([[ "$more" =~ ^[0-9-]+$ && "$more" -le 6000 ]] && echo bounded || echo "$more kB")" bounded "$1"
}

for share in little large; do
	q "SELECT dittofs.create_share('/$share', squash => 'none');
		SELECT dittofs.mkdir('/$share/tree/wide', parents => true);" >/dev/null
done
q "SELECT count((dittofs.create_file(dittofs.resolve('/large/tree/wide'), ('a name of some length ' || i)::bytea)).status)
	FROM generate_series(1, 20000) i;
	SELECT count(dittofs.mkdir('/large/tree/d' || i)) FROM generate_series(1, 10000) i" >/dev/null
rows=$(q "SELECT count(*) FROM dittofs.tree('/large')")
is "$rows" 30003 "there is a large tree"

bounded "ls()" "SELECT count(*) FROM dittofs.ls('/large/tree/wide')"
bounded "tree()" "SELECT count(*) FROM dittofs.tree('/large')"
bounded "read_directory()" "SELECT count(*) FROM dittofs.read_directory(dittofs.resolve('/large/tree/wide'), maxcount => 65536)"
bounded "rm(recursive)" "SELECT dittofs.rm('/large/tree', recursive => true)"
is "$(q "SELECT count(*) FROM dittofs.tree('/large')")" 1 "all of it is removed"
is "$(violations "$PGDATABASE")" "" "and nothing is amiss"
done_testing
