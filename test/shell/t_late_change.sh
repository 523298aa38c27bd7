#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A gateway that cannot reach the database forgets the changes that wait in it when
# their clients go away: a client is answered elsewhere and goes on, and a REMOVE
# that was told NOENT there must not find the file that has been made since.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$gateway_built}
log=$DITTOFS_RUN/gateway.log
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777')" >/dev/null
root=$(q "SELECT encode(dittofs.resolve('/export'), 'hex')")
port=$((20000 + RANDOM % 12000))
sockets=$DITTOFS_RUN/way
mkdir -p "$sockets"
open_way()
{
	ln -sf "$PGHOST/.s.PGSQL.$PGPORT" "$sockets/.s.PGSQL.$PGPORT"
}
open_way
: >"$log"
"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" --workers 1 \
	--conninfo "host=$sockets user=dittofs_gateway" >>"$log" 2>&1 &
gateway_pid=$!
trap 'kill "$gateway_pid" 2>/dev/null' EXIT
appears "$log" 'NFS and MOUNT'
ok $? "a gateway"

# remove NAME SECONDS: sends REMOVE, and goes away that much later; prints the
# status if there is an answer by then.
remove()
{
	perl -MIO::Socket::INET -MIO::Select -e '
		my ($port, $root, $name, $seconds) = @ARGV;
		my $opaque = sub { pack("N/a*x!4", $_[0]) };
		my $cred = pack("N", 0) . $opaque->("client") . pack("NNN", 0, 0, 0);
		my $call = pack("N6", 7, 0, 2, 100003, 3, 12) . pack("N", 1) . $opaque->($cred)
			. pack("NN", 0, 0) . $opaque->(pack("H*", $root)) . $opaque->($name);
		my $socket = IO::Socket::INET->new("127.0.0.1:$port") or die;
		syswrite $socket, pack("N", 0x80000000 | length $call) . $call;
		IO::Select->new($socket)->can_read($seconds) or exit;
		sysread $socket, my $reply, 1000;
		print unpack("N", substr($reply, 28, 4)), "\n";' "$port" "$root" "$1" "$2"
}
is "$(remove nothing 20)" 2 "REMOVE of what is not there: NOENT"

rm "$sockets/.s.PGSQL.$PGPORT"
q "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dittofs_gateway'" >/dev/null
# not one that still answers, nor one that has got through meanwhile
eventually "NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'dittofs_gateway')"
ok $? "its sessions are gone"
is "$(remove file 1)" "" "a gateway without its database does not answer"
is "$(q "SELECT dittofs.status_name(status) FROM dittofs.create_file('\\x$root', 'file')")" OK \
	"its client goes on elsewhere"
open_way
appears "$log" 'PostgreSQL is back'
ok $? "the gateway has its database again"
is "$(remove nothing 20)" 2 "and answers"
is "$(q "SELECT dittofs.status_name(status) FROM dittofs.lookup('\\x$root', 'file')")" OK \
	"the REMOVE that waited in it was not made"
kill "$gateway_pid"
wait "$gateway_pid"
is $? 0 "it ends with status 0"
done_testing
