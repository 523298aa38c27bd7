#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A gateway that dies leaves calls in the socket of its session.  Its clients
# send them again elsewhere and are answered there, so these are not committed.
#
# The session is stopped while psql sends the call and dies.  In a session of
# somebody else the same call is made, as it always was.

. "$(dirname "$0")/lib.sh"

q "SELECT dittofs.create_share('/export', squash => 'none')" >/dev/null

# left_behind NAME: a directory is made by a session, and another one by a call
# that it finds when whoever sent it is dead; $left is what there is then
left_behind()
{
	local backend pid

	session_begin
	say "SELECT pg_backend_pid();" >"$DITTOFS_RUN/backend"
	backend=$(<"$DITTOFS_RUN/backend")
	say "SELECT status FROM dittofs.create_directory(dittofs.resolve('/export'), '$1.1');" \
		>/dev/null
	kill -STOP "$backend"
	echo "SELECT dittofs.create_directory(dittofs.resolve('/export'), '$1.2');" \
		>&"${SESSION[1]}"
	sleep 1
	pid=$SESSION_PID
	# psql; the shell around it ends
	kill -KILL "$(ps -o pid= --ppid "$pid" | tr -d ' ')"
	wait "$pid" 2>/dev/null
	kill -CONT "$backend"
	eventually "NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $backend)"
	left=$(q "SELECT string_agg(name, ' ' ORDER BY name) FROM dittofs.ls('/export')
		WHERE name LIKE '$1%'")
}

left_behind person
is "$left" "person.1 person.2" "a call that was sent is made"
export PGOPTIONS='-c dittofs.gateway=on'
left_behind gateway
is "$left" "gateway.1" "but not that of a gateway that has gone"
done_testing
