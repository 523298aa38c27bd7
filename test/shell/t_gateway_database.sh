#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# What a gateway says and does when its database is not as it should be:
# missing, without the extension, without rights, a standby, gone over to
# another server, stuck, or not replicated.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$top/gateway/dittofs}
load=$top/test/bench/build/load
log=$DITTOFS_RUN/gateway.log
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
make -s -C "$top/test/bench" || exit 1

# A port below those that the kernel gives out; another gateway on it is found
# out by the gateway itself.
port=$((20000 + RANDOM % 12000))

start()
{
	# here, not in the background: says() must not find what the last one said
	: >"$log"
	"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" --workers 1 \
		"$@" >>"$log" 2>&1 &
	gateway_pid=$!
}

# stop NAME: it must end with 0
stop()
{
	kill "$gateway_pid"
	wait "$gateway_pid"
	is $? 0 "$1: SIGTERM ends it with status 0"
}

# says REGEX NAME: within 20 s the log says so
says()
{
	appears "$log" "$1"
	ok $? "$2" || sed 's/^/# /' "$log"
}

end()
{
	kill "$gateway_pid" 2>/dev/null
	"${as_owner[@]}" "$pg_bin/pg_ctl" stop -D "$DITTOFS_RUN/standby" \
		-m immediate -w >/dev/null 2>&1
}
trap end EXIT

q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777');
	CREATE ROLE poor LOGIN" >/dev/null
"$pg_bin/createdb" empty

# Wrong from the start

start --conninfo "dbname=nowhere user=dittofs_gateway password=open-sesame"
says 'warning w0 PostgreSQL: .*"nowhere" does not exist' "a database that is missing is named"
stop "no database"
is "$(grep -c sesame "$log")" 0 "the password is not"

start --conninfo "password=open-sesame" --conninfo-file=x
wait "$gateway_pid"
is "$?" 1 "an unknown option ends it"
is "$(<"$log")" 'dittofs: unknown option "--conninfo-file" (dittofs --help lists the options)' \
	"with one line that names it"
start --conninfo "password='open-sesame"
wait "$gateway_pid"
is "$(grep -c sesame "$log")" 0 "a connection string that is none is not repeated"

start --conninfo "dbname=empty user=dittofs_gateway"
wait "$gateway_pid"
is "$?" 1 "a database without the extension ends it"
says 'CREATE EXTENSION dittofs' "with a hint"
start --conninfo "dbname=later user=dittofs_gateway"
says '"later" does not exist' "one that comes later"
"$pg_bin/createdb" later
says 'has no extension dittofs' "must have it too"
q "CREATE EXTENSION dittofs" later
says 'PostgreSQL is back' "it goes on when the extension is there"
stop "no extension"

start --conninfo "user=poor"
says 'GRANT dittofs_gateway TO' "a role without rights gets a hint"
q "GRANT dittofs_gateway TO poor"
says 'PostgreSQL is back' "it goes on when it has them"
stop "no rights"

start --conninfo user=dittofs_gateway
says 'NFS and MOUNT' "a gateway listens"
"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" >"$log.2" 2>&1
is $? 1 "another one on the same port does not start"
like "$(<"$log.2")" "cannot listen on 127.0.0.1 port $port: Address already in use" \
	"and says why"
stop "listening"

# A session that does not answer

start --conninfo user=dittofs_gateway --health-check-period=500ms --call-timeout=1s
says 'NFS and MOUNT' "a gateway with a short health check"
eventually "EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'dittofs_gateway'
	AND application_name !~ 'keeper')"
stuck=$(q "SELECT pid FROM pg_stat_activity WHERE usename = 'dittofs_gateway'
	AND application_name !~ 'keeper' LIMIT 1")
kill -STOP "$stuck"
says 'the server does not answer' "a session that is stuck is found out"
says 'PostgreSQL is back' "and replaced"
kill -CONT "$stuck"
stop "stuck session"

# Synchronous replication that somebody cancels

cancelled()
{
	q "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'" >/dev/null
	grep -q 'canceling wait' "$log"
}

start --conninfo user=dittofs_gateway
says 'NFS and MOUNT' "a gateway"
"$load" --workload create --ports "$port" --warmup 0 --milliseconds 8000 \
	>"$DITTOFS_RUN/load" 2>&1 &
load_pid=$!
eventually "count(*) > 1 FROM dittofs.files"
q "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
q "SELECT pg_reload_conf()" >/dev/null
await "a wait for replication is cancelled, and the gateway says so" cancelled
says 'canceling wait for synchronous replication' "a cancelled wait for replication is logged"
q "ALTER SYSTEM RESET synchronous_standby_names"
q "SELECT pg_reload_conf()" >/dev/null
wait "$load_pid"
is $? 0 "the client goes on"
like "$(<"$DITTOFS_RUN/load")" '"jukebox":0,"errors":0,' \
	"its calls wait until they are replicated"
stop "replication"

# A standby, and a fail-over under load

"${as_owner[@]}" "$pg_bin/pg_basebackup" -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" \
	-D "$DITTOFS_RUN/standby" -R -c fast -X stream &&
	"${as_owner[@]}" "$pg_bin/pg_ctl" start -D "$DITTOFS_RUN/standby" -w -t "$patience" \
		-l "$DITTOFS_RUN/standby.log" -o '-p 54321' >/dev/null
ok $? "a standby"

start --conninfo "port=54321 user=dittofs_gateway"
says 'the server is a standby' "a gateway that finds only a standby says so"
stop "standby"

start --conninfo "host=$PGHOST,$PGHOST port=54321,$PGPORT user=dittofs_gateway"
says 'NFS and MOUNT' "a gateway with both hosts"
"$load" --workload mixed --connections 4 --in-flight 32 --ports "$port" \
	--milliseconds 8000 >"$DITTOFS_RUN/load" 2>&1 &
load_pid=$!
sleep 3
is "$(q "SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'dittofs_gateway'")" t \
	"has found the primary"
pg_stop fast
"${as_owner[@]}" "$pg_bin/pg_ctl" promote -D "$DITTOFS_RUN/standby" -w >/dev/null
ok $? "the primary stops and the standby takes over"
wait "$load_pid"
is $? 0 "clients go on"
like "$(<"$DITTOFS_RUN/load")" '"jukebox":0,"errors":0,' "and notice nothing but a pause"
says 'PostgreSQL is back' "the gateway has found the new primary"
stop "fail-over"
pg_start

done_testing
