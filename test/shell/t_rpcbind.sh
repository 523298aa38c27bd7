#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# --rpcbind: clients that ask rpcbind where NFS and MOUNT are get an answer.
# In a network and a /run of its own, for the host's rpcbind is not ours.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

if ! command -v rpcbind >/dev/null || ! unshare -n -m true 2>/dev/null; then
	skip "rpcbind" "no rpcbind, or no right to unshare"
	done_testing
	exit
fi
if [ -z "$UNSHARED" ]; then
	[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
	q "ALTER ROLE dittofs_gateway LOGIN;
		SELECT dittofs.create_share('/export')" >/dev/null
	UNSHARED=1 exec unshare -n -m bash "$0"
fi

gateway=${DITTOFS_GATEWAY:-$top/gateway/dittofs}
mount -t tmpfs tmpfs /run && ip link set lo up || exit 1

end()
{
	kill "$gateway_pid" "$rpcbind_pid" 2>/dev/null
}
trap end EXIT

# start PORT [TRIES]
start()
{
	"$gateway" start --listen 127.0.0.1 --port "$1" --workers 1 --nfs4 --rpcbind \
		--conninfo user=dittofs_gateway >>"$DITTOFS_RUN/gateway.log" 2>&1 &
	gateway_pid=$!
	registered "$1" "${2:-200}"
}

# What is registered for a gateway at PORT: MOUNT is also served by UDP.
wanted()
{
	echo "100003 3 tcp $1,100003 4 tcp $1,100005 3 tcp $1,100005 3 udp $1,"
}

# registered PORT TRIES: both programs are, there and nowhere else
registered()
{
	local tries

	for ((tries = 0; tries < $2; tries++)); do
		[ "$(programs)" != "$(wanted "$1")" ] || return 0
		sleep 0.05
	done
	return 1
}

programs()
{
	rpcinfo -p 127.0.0.1 2>/dev/null | sort |
		awk '$1 == 100003 || $1 == 100005 { printf "%s %s %s %s,", $1, $2, $3, $4 }'
}

start 20490 20
is "$(programs)" "" "without rpcbind nothing is registered"
is "$(grep -c 'NFS version 3 .*could not be registered' "$DITTOFS_RUN/gateway.log")" 2 "which is logged"
is "$(grep -c 'MOUNT version 3 .*could not be registered' "$DITTOFS_RUN/gateway.log")" 4 "for each transport"
kill "$gateway_pid"
wait "$gateway_pid"
is $? 0 "and all"

rpcbind -f -w &
rpcbind_pid=$!
for ((tries = 0; tries < 200; tries++)); do
	! rpcinfo -p 127.0.0.1 >/dev/null 2>&1 || break
	sleep 0.05
done

start 20490
ok $? "both programs are registered"
like "$(rpcinfo -T tcp 127.0.0.1 100003 3)" 'ready and waiting' "NFS is found"
like "$(rpcinfo -T tcp 127.0.0.1 100005 3)" 'ready and waiting' "MOUNT is found"
like "$(rpcinfo -T udp 127.0.0.1 100005 3)" 'ready and waiting' "by UDP, too"
kill -KILL "$gateway_pid"
wait "$gateway_pid" 2>/dev/null
start 20491
ok $? "another gateway takes over what a killed one left"

# A second one beside it; and rpcbind is started again
first=$gateway_pid
"$gateway" start --listen 127.0.0.1 --port 20492 --workers 1 --nfs4 --rpcbind \
	--conninfo user=dittofs_gateway >"$DITTOFS_RUN/second.log" 2>&1 &
second=$!
appears "$DITTOFS_RUN/second.log" 'NFS and MOUNT'
kill "$second"
wait "$second"
is "$(programs)" "$(wanted 20491)" "a second one leaves what the first has, and leaves it there"
gateway_pid=$first
kill "$rpcbind_pid"
wait "$rpcbind_pid"
rm -rf /run/rpcbind*
rpcbind -f &
rpcbind_pid=$!
registered 20491 1200
ok $? "when rpcbind is started again it is registered again"
kill "$gateway_pid"
wait "$gateway_pid"
is "$(programs)" "" "one that stops takes it back"

# Beside rpcbind there is no place for a portmapper of its own; without, there is
"$gateway" start --listen 127.0.0.1 --port 20493 --workers 1 --nfs4 --portmapper \
	--conninfo user=dittofs_gateway >"$DITTOFS_RUN/portmapper.log" 2>&1
is $? 1 "a portmapper of its own beside rpcbind is refused"
like "$(cat "$DITTOFS_RUN/portmapper.log")" '111.*in use' "with a reason"
kill "$rpcbind_pid"
wait "$rpcbind_pid"
"$gateway" start --listen 127.0.0.1 --port 20493 --workers 1 --nfs4 --portmapper \
	--conninfo user=dittofs_gateway >"$DITTOFS_RUN/portmapper.log" 2>&1 &
gateway_pid=$!
appears "$DITTOFS_RUN/portmapper.log" 'NFS and MOUNT'
is "$(programs)" "$(wanted 20493)" "rpcinfo -p lists what its own portmapper knows"
for transport in tcp udp; do
	like "$(rpcinfo -T $transport 127.0.0.1 100005 3)" 'ready and waiting' "MOUNT is found by it, by $transport"
done
like "$(rpcinfo -T tcp 127.0.0.1 100003 3)" 'ready and waiting' "NFS is found by it"
like "$(rpcinfo 127.0.0.1)" '100003 +3 +tcp +0\.0\.0\.0\.80\.13 ' "rpcinfo asks version 4, or 3"

done_testing
