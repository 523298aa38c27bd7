#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# How a gateway reaches its database: past a host that hangs, with a password
# that was changed, through a connection pooler, and with too few connections.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$top/gateway/dittofs}
log=$DITTOFS_RUN/gateway.log
dir=$DITTOFS_RUN/reach
port=$((20000 + RANDOM % 12000))
pids=()

end()
{
	kill "${pids[@]}" "$gateway_pid" 2>/dev/null
	rm -rf "$dir"
}
trap end EXIT
mkdir "$dir" && chmod 711 "$dir"

start()
{
	: >"$log"
	"$gateway" start --listen 127.0.0.1 --port "$port" --workers 1 "$@" \
		>>"$log" 2>&1 &
	gateway_pid=$!
}

stop()
{
	kill "$gateway_pid"
	wait "$gateway_pid"
	is $? 0 "$1: SIGTERM ends it with status 0"
}

says()
{
	appears "$log" "$1"
	ok $? "$2" || sed 's/^/# /' "$log"
}

check()
{
	"$gateway" check --port "$port" "$@" 2>&1
}

# sessions USER: how many of the pools there are
sessions()
{
	q "SELECT count(*) FROM pg_stat_activity WHERE usename = '$1'
		AND application_name LIKE 'dittofs%' AND application_name !~ 'keeper'"
}

# has_sessions USER NAME: all three lanes have one
has_sessions()
{
	local tries

	for ((tries = 0; tries < 1200; tries++)); do
		[ "$(sessions "$1")" -lt 3 ] || break
		sleep 0.05
	done
	[ "$(sessions "$1")" -ge 3 ]
	ok $? "$2" || sed 's/^/# /' "$log"
}

q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export')" >/dev/null 2>&1

# A host that takes connections and never says a word

perl -MIO::Socket::INET -e '$| = 1;
	my $hole = IO::Socket::INET->new(Listen => 100, LocalAddr => "127.0.0.1") or die $!;
	print $hole->sockport, "\n"; sleep 600' >"$dir/hole" &
pids+=($!)
appears "$dir/hole" .
hole=$(<"$dir/hole")
both="host=127.0.0.1,$PGHOST port=$hole,$PGPORT user=dittofs_gateway connect_timeout=1"
out=$(check --conninfo "$both")
like "$out" "ok +metadata store main: PostgreSQL" "check gets past a host that hangs"
out=$(check --connect-timeout=1s --conninfo "host=127.0.0.1 port=$hole user=x")
like "$out" "127.0.0.1 port $hole failed: timeout expired" "and gives up where there is no other"
like "$out" "remedy: check host and port, and firewalls" "with a remedy"
start --conninfo "$both"
has_sessions dittofs_gateway "a gateway gets past it"
stop "a host that hangs"
start --conninfo "host=127.0.0.1,$PGHOST port=$hole,$PGPORT user=dittofs_gateway target_session_attrs=standby"
wait "$gateway_pid"
is $? 1 "a gateway that is to find a standby does not start"
says 'target_session_attrs: a gateway needs the primary' "and says why"
start --conninfo "host=a,b port=1,2,3"
wait "$gateway_pid"
is $? 1 "nor with more ports than hosts"

# The server and its processes stand still: what hangs is given up

start --conninfo "user=dittofs_gateway connect_timeout=1" --health-check-period=200ms \
	--call-timeout=500ms
has_sessions dittofs_gateway "a gateway"
postmaster=$(head -1 "$DITTOFS_RUN/data/postmaster.pid")
backends=$(q "SELECT pid FROM pg_stat_activity WHERE usename = 'dittofs_gateway'")
# shellcheck disable=SC2086
kill -STOP $backends "$postmaster"
# by the check of an idle connection, or by the cancel of what runs
says 'the server does not answer|a cancel request is not answered' "a server that stands still is found out"
says 'timeout expired' "and does not keep an attempt to connect"
# shellcheck disable=SC2086
kill -CONT $backends "$postmaster"
says 'PostgreSQL is back' "the gateway is there when it goes on"
stop "a server that stands still"

# The password and its file are changed

q "CREATE ROLE rotated LOGIN IN ROLE dittofs_gateway PASSWORD 'one'"
hba=$DITTOFS_RUN/data/pg_hba.conf
cp "$hba" "$dir/hba"
{ echo 'local all rotated scram-sha-256'; cat "$dir/hba"; } >"$hba"
q "SELECT pg_reload_conf()" >/dev/null
echo one >"$dir/password"
cat >"$dir/config.yaml" <<YAML
metadata:
  stores:
    main:
      type: postgres
      postgres: {host: "$PGHOST", port: $PGPORT, database: $PGDATABASE, user: rotated, password_file: $dir/password}
YAML
start --config "$dir/config.yaml"
has_sessions rotated "a gateway with a password file"
q "ALTER ROLE rotated PASSWORD 'two'"
q "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'rotated'" >/dev/null
says 'password authentication failed' "a password that was changed is refused"
echo two >"$dir/password"
says 'password_file .* has another one' "the file is read again"
says 'PostgreSQL is back' "and what it has is tried"
has_sessions rotated "without SIGHUP"
is "$(grep -cE '(one|two)$' "$log")" 0 "no password is in the log"
stop "a changed password"
cp "$dir/hba" "$hba"
q "SELECT pg_reload_conf()" >/dev/null

# Too few connections, and a member that does not inherit

q "CREATE ROLE few LOGIN CONNECTION LIMIT 2 IN ROLE dittofs_gateway"
out=$(DITTOFS_WORKERS=1 check --conninfo "user=few")
like "$out" "role few has a connection limit of 2; this gateway needs 4 at least" \
	"a role's connection limit is looked at"
like "$out" 'ALTER ROLE "few" CONNECTION LIMIT' "with a remedy"
q "CREATE ROLE poor LOGIN NOINHERIT IN ROLE dittofs_gateway"
like "$(check --conninfo "user=poor")" 'remedy: (ALTER ROLE "poor" INHERIT|GRANT .* WITH INHERIT TRUE)' \
	"a role that does not inherit its rights has a remedy, too"

# A pooler

# pool_mode MODE: its configuration, as docs/operations.md has it
pool_mode()
{
	cat >"$dir/pgbouncer.ini" <<-I
		[databases]
		$PGDATABASE = host=$PGHOST port=$PGPORT dbname=$PGDATABASE user=dittofs_gateway
		[pgbouncer]
		listen_addr = 127.0.0.1
		listen_port = $pool_port
		unix_socket_dir =
		auth_type = any
		pool_mode = $1
	I
	chmod 644 "$dir/pgbouncer.ini"
}

# pooler MODE [PORT]: PgBouncer
pooler()
{
	local tries

	pool_port=${2:-$((20000 + RANDOM % 12000))}
	pool_mode "$1"
	"${as_owner[@]}" pgbouncer "$dir/pgbouncer.ini" >"$dir/pgbouncer.log" 2>&1 &
	pooler_pid=$!
	pids+=("$pooler_pid")
	for ((tries = 0; tries < 600; tries++)); do
		! q "SELECT 1" "host=127.0.0.1 port=$pool_port dbname=$PGDATABASE user=any" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	return 1
}

pooler session
ok $? "a pooler that keeps sessions" || sed 's/^/# /' "$dir/pgbouncer.log"
start --conninfo "host=127.0.0.1 port=$pool_port user=any"
says 'through a connection pooler' "a gateway says that there is one"
has_sessions dittofs_gateway "and has its sessions"
stop "a pooler"

# The pooler is configured anew under a gateway, and mended.
ready()
{
	[ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$((port + 1))/readyz")" = "$1" ]
}

list()
{
	nfs-ls "nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port&retrans=0" 2>&1
}

# metric LINE: the page of metrics has such a one
metric()
{
	curl -s -m 5 "http://127.0.0.1:$((port + 1))/metrics" | grep -qE "$1"
}

make -s -C "$top/test/gateway" build/steady || exit 1
export DITTOFS_HOST=127.0.0.1 DITTOFS_PORTS=$port
start --conninfo "host=127.0.0.1 port=$pool_port user=any" --metrics on --metrics-port $((port + 1)) \
	--call-timeout 1h
await "the gateway is ready" ready 200
list >/dev/null
ok $? "it serves through a pooler"
pool_mode transaction
kill -HUP "$pooler_pid"
says 'metadata store main is not used any more: .*set pool_mode to session' \
	"a pooler that deals out transactions from now on is found"
is "$(grep -c 'is not used any more' "$log")" 1 "once is enough"
await "the gateway is not ready" ready 503
is "$(curl -s -m 5 "http://127.0.0.1:$((port + 1))/metrics" | grep '^dittofs_database_up')" \
	'dittofs_database_up{store="main"} 0' "metrics say that there is no database"
! timeout 5 nfs-ls "nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port" >"$dir/list" 2>&1
ok $? "nothing is served" || sed 's/^/# /' "$dir/list"
"$top/test/gateway/build/steady" getattr "$(q "SELECT encode(dittofs.resolve('/export'), 'hex')")" \
	>"$dir/steady" 2>&1 &
steady_pid=$!
pids+=("$steady_pid")
await "a call is answered with JUKEBOX at once" metric \
	'^dittofs_rpc_calls_total.*"GETATTR",status="JUKEBOX"'
ok $? "calls are told to try again, long before --call-timeout" || sed 's/^/# /' "$log"
pool_mode session
kill -HUP "$pooler_pid"
says 'metadata store main is used again' "one that keeps sessions again is found, too"
await "the gateway is ready" ready 200
list >/dev/null
ok $? "and it serves"
wait "$steady_pid"
is "$? $(cut -c1-2 "$dir/steady")" "0 0 " "who went on asking is answered"
stop "a pooler that was mended"
kill "$pooler_pid"
wait "$pooler_pid"
pooler transaction
ok $? "a pooler that deals out transactions" || sed 's/^/# /' "$dir/pgbouncer.log"
start --conninfo "host=127.0.0.1 port=$pool_port user=any"
wait "$gateway_pid"
is $? 1 "a gateway does not start behind it"
says 'set pool_mode to session' "and says what to do"
kill "$pooler_pid"
wait "$pooler_pid"

# It cannot be reached at the start.
start --conninfo "host=127.0.0.1 port=$pool_port user=any" --metrics on --metrics-port $((port + 1))
says 'NFS and MOUNT' "a gateway starts without its pooler"
pooler transaction "$pool_port"
ok $? "which comes later, and deals out transactions" || sed 's/^/# /' "$dir/pgbouncer.log"
says 'metadata store main is not used any more: .*set pool_mode to session' "and is found then"
await "the gateway is not ready" ready 503
stop "a pooler that came later"
kill "$pooler_pid"
wait "$pooler_pid"

done_testing
