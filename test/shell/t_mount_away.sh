#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# MOUNT while the database is away: its errors mean "no", not "not now", and a mount
# at boot that is told one is not tried again.  So the client is disconnected.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$gateway_built}
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
q "ALTER ROLE dittofs_gateway LOGIN; SELECT dittofs.create_share('/export')" >/dev/null
port=$((20000 + RANDOM % 12000))
log=$DITTOFS_RUN/gateway.log
sockets=$DITTOFS_RUN/way
mkdir -p "$sockets"
: >"$log"
"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" --workers 1 --call-timeout 1s \
	--conninfo "host=$sockets user=dittofs_gateway" >>"$log" 2>&1 &
gateway_pid=$!
trap 'kill "$gateway_pid" 2>/dev/null' EXIT
appears "$log" 'NFS and MOUNT'
ok $? "a gateway without its database"

# call PROCEDURE [PATH]: "closed", or the accept status and the first word of the reply
call()
{
	perl -MIO::Socket::INET -MIO::Select -e '
		my ($port, $procedure, $path) = @ARGV;
		my $call = pack("N6", 7, 0, 2, 100005, 3, $procedure) . pack("N4", 0, 0, 0, 0)
			. (defined $path ? pack("N/a*x!4", $path) : "");
		my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die;
		syswrite $socket, pack("N", 0x80000000 | length $call) . $call;
		IO::Select->new($socket)->can_read(60) or die "no answer";
		my $size = sysread $socket, my $reply, 1000;
		print $size ? join(" ", unpack("x24N*", $reply)) : "closed", "\n";' "$port" "$@"
}
is "$(call 0)" 0 "NULL is answered"
is "$(call 1 /export)" closed "MNT is not"
is "$(call 2)" closed "nor is DUMP"
is "$(call 3 /export)" closed "nor UMNT"
is "$(call 4)" closed "nor UMNTALL"
is "$(call 5)" closed "nor EXPORT"

ln -s "$PGHOST/.s.PGSQL.$PGPORT" "$sockets/.s.PGSQL.$PGPORT"
appears "$log" 'PostgreSQL is back|connected to'
for ((tries = 0; tries < 600; tries++)); do
	answer=$(call 1 /export)
	[ "$answer" = closed ] || break
done
like "$answer" '^0 0 ' "with its database it lets clients mount"
kill "$gateway_pid"
wait "$gateway_pid"
is $? 0 "it ends with status 0"
done_testing
