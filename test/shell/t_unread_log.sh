#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A log that nobody reads: calls are answered, SIGTERM is heard, and when it is read
# after all it says how many lines are lost.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$gateway_built}
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
q "ALTER ROLE dittofs_gateway LOGIN; SELECT dittofs.create_share('/export')" >/dev/null
port=$((20000 + RANDOM % 12000))
http=$((port + 1))
mkfifo "$DITTOFS_RUN/log"

# reader COMMAND...: has the pipe, made as small as it gets, as standard input
reader()
{
	perl -e '
		open(my $pipe, "+<", shift) or die;
		fcntl($pipe, 1031, 4096);	# F_SETPIPE_SZ
		open(STDIN, "<&", $pipe) or die;
		open(my $ready, ">", shift); close $ready;
		exec @ARGV' "$DITTOFS_RUN/log" "$DITTOFS_RUN/ready" "$@" &
	reader_pid=$!
	for ((tries = 0; tries < 1200; tries++)); do
		[ ! -e "$DITTOFS_RUN/ready" ] || return
		sleep 0.05
	done
}

start()
{
	"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" --workers 1 --log-level debug \
		--metrics --metrics-port "$http" --conninfo user=dittofs_gateway 2>"$DITTOFS_RUN/log" &
	gateway_pid=$!
	for ((tries = 0; tries < 1200; tries++)); do
		[ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$http/readyz")" != 200 ] || return
		sleep 0.05
	done
}
trap 'kill "$gateway_pid" "$reader_pid" 2>/dev/null' EXIT

# calls N: NULL N times; prints how many were answered
calls()
{
	perl -MIO::Socket::INET -MIO::Select -e '
		my ($port, $wanted) = @ARGV;
		my $call = pack("N11", 0x80000028, 7, 0, 2, 100003, 3, 0, 0, 0, 0, 0);
		my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die;
		my $done = 0;
		for (1 .. $wanted) {
			syswrite $socket, $call;
			last if !IO::Select->new($socket)->can_read(60) || !sysread $socket, my $reply, 28;
			$done++;
		}
		print "$done\n";' "$port" "$1"
}

lost()
{
	curl -s "http://127.0.0.1:$http/metrics" | sed -n 's/^dittofs_log_lines_lost_total //p'
}

# ends: it has, a minute later at most
ends()
{
	for ((tries = 0; tries < 1200; tries++)); do
		kill -0 "$gateway_pid" 2>/dev/null || break
		sleep 0.05
	done
	wait "$gateway_pid"
}

reader sleep 600
start
is "$(calls 6000)" 6000 "calls are answered while nobody reads the log"
[ "$(lost)" -gt 0 ]
ok $? "lines that are lost are counted"
kill "$gateway_pid"
ends
is $? 0 "SIGTERM ends it"
kill "$reader_pid"
wait "$reader_pid" 2>/dev/null

# One that reads later
rm "$DITTOFS_RUN/ready"
reader sh -c 'while [ ! -e "$1" ]; do sleep 0.05; done; exec cat >"$2"' sh "$DITTOFS_RUN/go" "$DITTOFS_RUN/read"
start
is "$(calls 6000)" 6000 "calls are answered while the log waits"
: >"$DITTOFS_RUN/go"
appears "$DITTOFS_RUN/read" ' lines are lost: the log was not read in time'
ok $? "when it is read it says what is missing"
is "$(calls 1)" 1 "a call"
kill "$gateway_pid"
ends
is $? 0 "and ends"
appears "$DITTOFS_RUN/read" ' info main stopped$'
ok $? "its last line is there"
is "$(grep -cvE '^[0-9T:.-]+Z (debug|info|warning) [a-z0-9]+ ' "$DITTOFS_RUN/read")" 0 "all lines are whole"
kill "$reader_pid"
wait "$reader_pid" 2>/dev/null
done_testing
