#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The network between gateways and their database: packets that are dropped
# without a word, name servers that are silent, servers that stand still.
#
# In name spaces of the test's own (root): we are the router between the gateways
# ("gw") and two database servers ("db1", "db2"), and drop what is sent to a
# server, and what it sends, by routes that are black holes.  Names are those of
# an /etc/hosts of our own; a name that is not there is asked of a server that
# is cut off.

# shellcheck source=lib.sh disable=SC2154,SC2317
[ -z "$DITTOFS_RUN" ] || : >"$DITTOFS_RUN/gateway-options"
. "$(dirname "$0")/lib.sh"
if [ -z "$DITTOFS_RUN" ]; then
	if ! unshare --net --mount true 2>/dev/null; then
		skip "the network" "needs root"
		done_testing
	fi
	[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
	make -s -C "$top/test/gateway" WERROR=1 || exit 1
	exec unshare --net --mount "$top/test/with-postgres" bash "$(realpath "$0")" "$@"
fi
steady=$top/test/gateway/build/steady
log=$DITTOFS_RUN/gateway.log
port=2049
metrics=9090
net=10.77
limit=2						# connect_timeout, in seconds

stopped=()					# processes that stand still

end()
{
	local pid

	go_on
	for pid in "$gateway_pid" "$load"; do
		[ -z "$pid" ] || kill -KILL "$pid"
	done
	node_2_stop
} 2>/dev/null
trap end EXIT

#
# The network
#

# host NAME NUMBER: a host behind us, at $net.NUMBER.2
host()
{
	ip netns add "$1" && ip link add "to-$1" type veth peer name eth0 netns "$1" &&
		ip addr add "$net.$2.1/24" dev "to-$1" && ip link set "to-$1" up &&
		ip -n "$1" addr add "$net.$2.2/24" dev eth0 && ip -n "$1" link set eth0 up &&
		ip -n "$1" link set lo up && ip -n "$1" route add default via "$net.$2.1"
}

# on HOST COMMAND...: never in the background: $! would be a shell's
on()
{
	nsenter "--net=/run/netns/$1" "${@:2}"
}

# cut_off NUMBER: nothing comes to that host any more, and nothing from it
cut_off()
{
	ip route add blackhole "$net.$1.2/32" && ip rule add from "$net.$1.2" blackhole
}

#
# Servers and gateways
#

# Node N is on host dbN.
eval "$(declare -f node_start | sed '1s/node_start/node_start_here/')"
node_start()
{
	local as_owner=(nsenter "--net=/run/netns/db$1" "${as_owner[@]}")

	node_start_here "$1"
}

postmaster()
{
	head -n 1 "$(node_dir "$primary")/postmaster.pid"
}

# sessions REGEX: the server's processes of those that have such a name
sessions()
{
	q "SELECT pid FROM pg_stat_activity WHERE application_name ~ '$1'"
}

stand_still()
{
	kill -STOP "$@" && stopped+=("$@")
}

go_on()
{
	[ ${#stopped[@]} = 0 ] || kill -CONT "${stopped[@]}"
	stopped=()
}

# synchronous NAMES: of standbys that commits wait for
synchronous()
{
	q "ALTER SYSTEM SET synchronous_standby_names = $1" && q "SELECT pg_reload_conf()" >/dev/null
}

# options HOSTS: what the gateway and its commands are told, in $options
options()
{
	options=(--connect-timeout "${limit}s"
		--content-store "name=content,type=filesystem,base_path=$DITTOFS_RUN/content"
		--conninfo "host=$1 port=54320,54321 user=dittofs_gateway dbname=$PGDATABASE")
	[[ $1 == *,* ]] || options[5]=${options[5]/54320,/}
}

# start HOSTS [OPTION...]
start()
{
	options "$1"
	: >"$log"
	nsenter --net=/run/netns/gw "$DITTOFS_RUN/gateway" start "${options[@]}" --listen 127.0.0.1 --port $port \
		--metrics --metrics-listen 127.0.0.1 --metrics-port $metrics --workers 1 "${@:2}" >>"$log" 2>&1 &
	gateway_pid=$!
}

stop()
{
	kill "$gateway_pid"
	wait "$gateway_pid"
	is $? 0 "$1: SIGTERM ends it with status 0" || show_log
	gateway_pid=
}

# other COMMAND HOSTS: beside the gateway; what it says is in $out, its status in $status
other()
{
	options "$2"
	out=$(timeout 200 nsenter --net=/run/netns/gw "$DITTOFS_RUN/gateway" "$1" "${options[@]}" 2>&1)
	status=$?
}

show_log()
{
	tail -n 40 "$log" | sed 's/^/# /'
	return 1
}

says()
{
	await "/$1/ in the log" grep -qE "$1" "$log"
	ok $? "$2" || show_log
}

# page NAME: of the gateway, its status; what it says is in the file "page"
page()
{
	on gw curl -s -o "$DITTOFS_RUN/page" -w '%{http_code}' -m 60 "http://127.0.0.1:$metrics/$1"
}

page_is()
{
	[ "$(page "$1")" = "$2" ]
}

serves()
{
	await "the gateway serves" page_is readyz 200
	ok $? "$1" || show_log
}

# alive WHEN: the pages answer
alive()
{
	is "$(page healthz) $(page metrics)" "200 200" "$1: /healthz and /metrics answer"
}

# work NAME CLIENTS: clients that go on until work_ends
work()
{
	DITTOFS_HOST=127.0.0.1 DITTOFS_PORTS=$port nsenter --net=/run/netns/gw "$steady" run "$@" 500 \
		>"$DITTOFS_RUN/load" 2>&1 &
	load=$!
}

# work_ends WHAT
work_ends()
{
	kill "$load"
	wait "$load"
	ok $? "$1: clients go on, and have all that was acknowledged" || show_log
	load=
	sed "s/^/# $1: /" "$DITTOFS_RUN/load"
}

milliseconds()
{
	echo $(($(date +%s%N) / 1000000))
}

#
# The beginning: two servers, of which one is the standby
#

mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns || exit 1
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
host gw 9 && host db1 1 && host db2 2 && cut_off 53 || exit 1
for file in hosts resolv.conf nsswitch.conf; do
	: >"$DITTOFS_RUN/$file"
	mount --bind "$DITTOFS_RUN/$file" /etc/$file || exit 1
done
echo "nameserver $net.53.2" >/etc/resolv.conf
printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >/etc/nsswitch.conf
names=$(printf '%s\n' "$net.1.2 db1" "$net.2.2 db2" "$net.1.2 database" "$net.2.2 database")
echo "$names" >/etc/hosts

cp "${DITTOFS_GATEWAY:-$gateway_built}" "$DITTOFS_RUN/gateway" || exit 1
mkdir "$DITTOFS_RUN/content"
q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_content_store('content', 'filesystem');
	SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777');
	SELECT dittofs.create_share('/stored', content => 'filesystem', content_store => 'content')" >/dev/null
node_stop 1 fast
echo "host all all $net.0.0/16 trust" >>"$DITTOFS_RUN/data/pg_hba.conf"
echo "listen_addresses = '*'" >>"$DITTOFS_RUN/data/postgresql.conf"
node_start 1
standby_make
ok $? "a primary and a standby"
synchronous "'*'"
standby_await

#
# The primary is powered off: not a word comes from it, its connections stay.
# Among them are some that have nothing to do, and one in the middle of a batch
# that takes long: it waits for a lock that a session of ours has.
#

start db1,db2 --call-timeout 60s --lock-timeout 50s --min-conns 12
serves "a gateway"
work powered 6
eventually "count(*) > 60 FROM dittofs.tree('/export')"
"$pg_bin/psql" -Xqo /dev/null -c BEGIN -c "SELECT dittofs.chmod('/export/powered-1', '777')" \
	-c "SELECT pg_sleep(3600)" 2>/dev/null &
eventually "EXISTS (SELECT FROM pg_stat_activity
	WHERE application_name ~ '^dittofs' AND wait_event_type = 'Lock')"
cut_off 1
begun=$(milliseconds)
fail_over kill
synchronous "''"
promoted=$(milliseconds)
says 'served by db2' "the standby that was promoted is found"
echo "# powered off: $((promoted - begun)) ms for the promotion; found $(($(milliseconds) - promoted)) ms later"
says 'PostgreSQL is back' "all connections are made anew"
serves "the gateway serves again"
alive "powered off"
work_ends "powered off"
stop "powered off"

#
# Others begin while the first host drops packets
#

start db1,db2
serves "a gateway gets past a host that drops packets"
stop "a host that drops packets"
start database
serves "and past an address of a name"
work address 2
other check db1,db2
like "$out" 'ok +metadata store main: PostgreSQL' "check gets past it, too"
other gc database
is $status 0 "so does gc" || echo "$out" | sed 's/^/# /'
other verify database
is $status 0 "and verify" || echo "$out" | sed 's/^/# /'
other check db1
is $status 1 "check of that host alone fails"
like "$out" "db1 \($net.1.2\) port 54321 failed: timeout expired" "and says why"
other verify db1
is $status 2 "so does verify"

#
# The name server is silent, and connections are lost
#

: >/etc/hosts
q "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^dittofs'" >/dev/null
alive "a silent name server"
serves "the gateway serves by the addresses that it knows"
work_ends "a silent name server"
stop "a silent name server"
start database
says 'could not translate host name "database"' "a gateway that begins then says what is missing"
alive "no address yet"
stop "no address yet"
start database
says 'could not translate host name "database"' "another"
echo "$names" >/etc/hosts
serves "serves when there is an answer"

#
# The server stands still: its sockets take connections, and nobody is there
#

work still 3
eventually "count(*) > 60 FROM dittofs.tree('/export/still-1')"
mapfile -t pids < <(sessions '^dittofs')
stand_still "${pids[@]}" "$(postmaster)"
says 'the server does not answer|timeout expired' "processes that stand still are found out"
alive "a server that stands still"
other check db1,db2
is $status 1 "check ends"
like "$out" 'timeout expired' "and says why"
other gc db1,db2
is $status 2 "so does gc"
go_on
serves "the gateway serves when it goes on"
work_ends "a server that stands still"

# A cancel request that hangs: a commit waits for a standby that is not there.
# The postmaster takes the request and does not answer; the session goes on.

synchronous "'nobody'"
work cancel 2
eventually "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')"
stand_still "$(postmaster)"
says 'a cancel request is not answered' "a cancel request that hangs is given up"
alive "a cancel request that hangs"
go_on
synchronous "''"
serves "the gateway serves"
work_ends "a cancel request that hangs"

# SIGTERM while nothing of the server answers

mapfile -t pids < <(sessions '^dittofs')
stand_still "${pids[@]}" "$(postmaster)"
stop "a server that stands still"
go_on
is "$(q 'SELECT * FROM dittofs.fsck()')" "" "fsck finds nothing"

done_testing
