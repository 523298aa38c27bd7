#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A primary and a synchronous standby under Patroni, with docker/ha/patroni.yml,
# two gateways with docker/ha/gateway.yaml.  Under load the primary is killed as
# a machine that loses its power, later the roles are exchanged on purpose: the
# clients go on and nothing that was acknowledged is lost.  It prints how long the
# clients had to wait.
#
# The two database servers are the addresses 127.0.0.2 and 127.0.0.3, in a network
# of the test's own.

if [ "$HA_STAGE" != inside ]; then
	[ "$(id -u)" = 0 ] || exec sudo -E "$0" "$@"
	"$(dirname "$0")/../packages" build test ha || exit 1
	HA_STAGE=inside exec unshare --net --mount --pid --fork --kill-child --mount-proc \
		bash "$(realpath "$0")" "$@"
fi
# shellcheck source=../lib.sh disable=SC2154,SC2317,SC2086
. "$(dirname "$0")/../lib.sh"
ip link set lo up
mount -t tmpfs tmpfs /dev/shm
pg_paths
build install || exit 1
make -s -C "$top/test/gateway" || exit 1
steady=$top/test/gateway/build/steady
export steady

run=$(mktemp -d "${DITTOFS_TMP:-/tmp}/dittofs-ha.XXXXXX") || exit 1
chmod 755 "$run"
cp -R "$stage" "$run/install" && cp "${DITTOFS_GATEWAY:-$gateway_built}" "$run/gateway" &&
	chown -R "$owner": "$run" || exit 1
# We are the first process of a namespace: whatever else is in it was started here.
finish()
{
	local status=$? pid

	for pid in /proc/[0-9]*; do
		[ $$ != 1 ] || [ "$pid" = /proc/1 ] || kill -KILL "${pid#/proc/}" 2>/dev/null
	done
	wait
	rm -rf "$run"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

sed "s,^      parameters:,&\n        extension_destdir: $run/install\n        unix_socket_directories: ''," \
	"$top/docker/ha/patroni.yml" >"$run/patroni.yml"
echo "a password" >"$run/password"
sed "s,/etc/dittofs/password,$run/password," "$top/docker/ha/gateway.yaml" >"$run/gateway.yaml"
export PGPASSWORD=super PGUSER=postgres PGDATABASE=dittofs PGCONNECT_TIMEOUT=2

patroni_start()
{
	"${as_owner[@]}" env -u PGPASSWORD -u PGUSER HOME="$run" PATRONI_NAME="db$1" PATRONI_ETCD3_HOSTS=127.0.0.1:2379 \
		PATRONI_RESTAPI_LISTEN="127.0.0.$1:8008" PATRONI_RESTAPI_CONNECT_ADDRESS="127.0.0.$1:8008" \
		PATRONI_POSTGRESQL_LISTEN="127.0.0.$1:5432" PATRONI_POSTGRESQL_CONNECT_ADDRESS="127.0.0.$1:5432" \
		PATRONI_POSTGRESQL_DATA_DIR="$run/db$1" PATRONI_SUPERUSER_PASSWORD=super \
		PATRONI_POSTGRESQL_PGPASS="$run/pgpass$1" \
		PATRONI_REPLICATION_PASSWORD=replicate patroni "$run/patroni.yml" >>"$run/patroni$1.log" 2>&1 &
	patroni[$1]=$!
}

# is_role N ROLE: Patroni says that server N is primary, or sync
is_role()
{
	perl -MHTTP::Tiny -e 'exit !(HTTP::Tiny->new(timeout => 2)->get($ARGV[0])->{status} == 200)' \
		"http://127.0.0.$1:8008/$2" 2>/dev/null
}

primary_is()
{
	"$pg_bin/psql" -XqAt -h 127.0.0.2,127.0.0.3 -p 5432 -c 'SELECT host(inet_server_addr())' \
		"dbname=${2:-dittofs} target_session_attrs=read-write" 2>/dev/null | grep -qx "127.0.0.$1"
}

q()
{
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 -h 127.0.0.2,127.0.0.3 -p 5432 -c "$1" \
		"dbname=${2:-dittofs} target_session_attrs=read-write"
}

# seconds_of FILE: seconds out of a result line
seconds_of()
{
	sed -nE 's/.*pause_ms=([0-9]+)([0-9]{3})$/\1.\2/p; s/.*pause_ms=([0-9]{1,3})$/0.\1/p' "$1"
}

# What comes after would only fail, too.
give_up()
{
	tail -n 15 "$run"/patroni*.log "$run"/gateway*.log | sed 's/^/# /'
	done_testing
}

"${as_owner[@]}" env HOME="$run" etcd --data-dir "$run/etcd" \
	--listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
	--listen-peer-urls http://127.0.0.1:2380 >"$run/etcd.log" 2>&1 &
await "etcd listens" listens 127.0.0.1 2379

declare -a patroni
patroni_start 2
await "Patroni makes server 2 the primary" is_role 2 primary
ok $? "Patroni makes a primary" || give_up
patroni_start 3
await "server 3 is the synchronous standby" is_role 3 sync
ok $? "and a synchronous standby" || give_up
q "CREATE DATABASE dittofs" postgres &&
	q "CREATE EXTENSION dittofs; CREATE ROLE gateway LOGIN PASSWORD 'a password' IN ROLE dittofs_gateway" &&
	q "SELECT length(dittofs.create_share('/export', squash => 'none', root_mode => '0777')) > 0" >/dev/null
ok $? "the database"

export DITTOFS_HOST=127.0.0.1 DITTOFS_PORTS="12049 12050"
for port in $DITTOFS_PORTS; do
	"$run/gateway" start --config "$run/gateway.yaml" --port "$port" >"$run/gateway.$port.log" 2>&1 &
	await "a gateway listens on port $port" listens 127.0.0.1 "$port"
	ok $? "a gateway on port $port" || give_up
done

# The primary dies as a machine does: nothing of it says goodbye.
"$steady" run killed 4 150 >"$run/killed" &
load=$!
sleep 4
postmaster=$(head -n 1 "$run/db2/postmaster.pid")
kill -STOP "$postmaster"
mapfile -t backends < <(pgrep -P "$postmaster")
kill -KILL "${patroni[2]}" "$postmaster" "${backends[@]}"
await "server 3 is the primary" primary_is 3
ok $? "the standby takes over" || give_up
sleep 5
kill $load
wait $load
ok $? "clients go on; nothing acknowledged is lost, no answer is wrong" || give_up
sed 's/^/# primary killed: /' "$run/killed"
echo "# primary killed: clients waited $(seconds_of "$run/killed") s"

# It comes back, as a standby.
patroni_start 2
await "server 2 is the synchronous standby" is_role 2 sync
ok $? "the old primary comes back as the synchronous standby" || give_up

# The roles are exchanged for maintenance.
"$steady" run switched 4 100 >"$run/switched" &
load=$!
sleep 2
"${as_owner[@]}" env HOME="$run" PATRONI_ETCD3_HOSTS=127.0.0.1:2379 LC_ALL=C.UTF-8 patronictl -c "$run/patroni.yml" switchover \
	--master db3 --candidate db2 --force >"$run/switchover.log" 2>&1
await "server 2 is the primary" primary_is 2
ok $? "patronictl switchover" || { sed 's/^/# /' "$run/switchover.log"; give_up; }
sleep 4
kill $load
wait $load
ok $? "clients go on" || give_up
sed 's/^/# switchover: /' "$run/switched"
echo "# switchover: clients waited $(seconds_of "$run/switched") s"
is "$(q "SELECT * FROM dittofs.fsck()")" "" "fsck finds nothing"

done_testing
