#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The HTTP port when others are there, too: slow ones, many of them, of both families;
# what the page shows of names that are no text, and under a storm of SIGHUPs.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$gateway_built}
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777')" >/dev/null
port=$((20000 + RANDOM % 12000))
http=$((port + 1))
addresses=127.0.0.1
! grep -qs ' lo$' /proc/net/if_inet6 || addresses=127.0.0.1,::1
"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" --workers 1 --metrics --metrics-port "$http" \
	--metrics-listen "$addresses" --conninfo user=dittofs_gateway >"$DITTOFS_RUN/log" 2>&1 &
gateway_pid=$!
slow_pid=
trap 'kill "$gateway_pid" $slow_pid 2>/dev/null' EXIT
for ((tries = 0; tries < 1200; tries++)); do
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$http/readyz")" != 200 ] || break
	sleep 0.05
done
ok $((tries < 1200 ? 0 : 1)) "a gateway" || sed 's/^/# /' "$DITTOFS_RUN/log"
if [ $addresses != 127.0.0.1 ]; then
	is "$(curl -gs "http://[::1]:$http/healthz")" ok "it answers by IPv6"
	is "$(curl -s "http://127.0.0.1:$http/healthz")" ok "and by IPv4"
else
	skip "both families" "no IPv6"
fi

# 200 that send a byte now and then, from the prober's own address, and come again when
# they are sent away
perl -MIO::Socket::INET -e '
	my ($port, $ready) = @ARGV;
	$SIG{PIPE} = "IGNORE";
	my @slow;
	for (my $round = 0; ; $round++)
	{
		for my $i (0 .. 199)
		{
			next if $slow[$i] && defined syswrite $slow[$i], "X";
			$slow[$i] = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port, Timeout => 1)
				and syswrite $slow[$i], "GET / HTTP/1.1\r\nHost: ";
		}
		if ($round == 2) { open my $file, ">", $ready; }
		select undef, undef, undef, 0.2;
	}' "$http" "$DITTOFS_RUN/ready" &
slow_pid=$!
for ((tries = 0; tries < 1200; tries++)); do
	[ ! -e "$DITTOFS_RUN/ready" ] || break
	sleep 0.05
done
answered=0
for ((i = 0; i < 20; i++)); do
	[ "$(curl -s -m 30 --retry 3 --retry-all-errors "http://127.0.0.1:$http/healthz")" != ok ] || answered=$((answered + 1))
done
is $answered 20 "probes are answered beside 200 slow connections of the same address"
kill $slow_pid
wait $slow_pid 2>/dev/null
slow_pid=

# MNT of a directory whose name is not UTF-8
handle=$(q "SELECT encode(dittofs.resolve('/export'), 'hex')")
q "SELECT status FROM dittofs.create_directory('\\x$handle', 'caf\\351')" >/dev/null
perl -MIO::Socket::INET -e '
	my $socket = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
	my $call = pack("N10", 7, 0, 2, 100005, 3, 1, 1, 20, 0, 0) . pack("N5", 0, 0, 0, 0, 0) . pack("N/a*x!4", "/export/caf\xe9");
	syswrite $socket, pack("N", 0x80000000 | length $call) . $call;
	sysread $socket, my $reply, 1000;
	print unpack("x28N", $reply), "\n"' "$port" >"$DITTOFS_RUN/mnt"
is "$(<"$DITTOFS_RUN/mnt")" 0 "MNT of a name that is not UTF-8"
q "SELECT dittofs.create_share('/later')" >/dev/null
page()
{
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		curl -s "http://127.0.0.1:$http/status.json" >"$DITTOFS_RUN/page"
		! grep -qF "$1" "$DITTOFS_RUN/page" || return 0
		sleep 0.1
	done
	return 1
}
page '"name":"/later"'
ok $? "does not keep the page from showing a share made later"
page '/export/caf\\351'
ok $? "it shows the name as dittofs.name_to_text() does" || sed 's/^/# /' "$DITTOFS_RUN/page"

# What is done now and then (samples, deadlines of connections) goes on while somebody
# has the settings read again all the time
points()
{
	curl -s "http://127.0.0.1:$http/status.json" | grep -o '"median":\[[^]]*' | tr -cd , | wc -c
}
points_have_come()
{
	kill -HUP "$gateway_pid"
	[ "$(points)" -gt "$before" ]
}
for ((i = 0; i < 60; i++)); do
	kill -HUP "$gateway_pid"
	sleep 0.05
done
before=$(points)
await "the page's curves go on" points_have_come
ok $? "the page's curves go on while SIGHUPs come"

kill "$gateway_pid"
wait "$gateway_pid"
is $? 0 "it ends with status 0"
done_testing
