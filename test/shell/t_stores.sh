#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Several metadata stores behind one gateway: a share lives in one of them, its
# handles lead there, MOUNT by its name; what concerns all asks all.

# shellcheck source=lib.sh disable=SC2001,SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$top/gateway/dittofs}
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
make -s -C "$top/test/gateway" || exit 1
port=$((20000 + RANDOM % 12000))
log=$DITTOFS_RUN/gateway.log
file=$DITTOFS_RUN/stores.yaml

q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777')" >/dev/null
"$pg_bin/createdb" -T template0 second
cat >"$file" <<EOF
metadata:
  stores:
    main:
      postgres: { host: $PGHOST, port: $PGPORT, database: $PGDATABASE, user: dittofs_gateway }
    other:
      postgres: { host: $PGHOST, port: $PGPORT, database: second, user: dittofs_gateway }
adapters: { nfs: { listen: 127.0.0.1, port: $port } }
metrics: { enabled: true, port: $((port + 1)) }
EOF

out=$("$DITTOFS_RUN/gateway" start --config "$file" 2>&1)
is $? 1 "it does not start while one of them lacks the extension"
like "$out" "metadata store other: .*CREATE EXTENSION" "and names that one"
q "CREATE EXTENSION dittofs" second
"$DITTOFS_RUN/gateway" start --config "$file" >"$log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null' EXIT
both=$(printf 'metadata store %s: up\n' main other)
both_up()
{
	[ "$(curl -s "http://127.0.0.1:$((port + 1))/readyz")" = "$both" ]
}
await "both metadata stores are up" both_up
is "$(curl -s "http://127.0.0.1:$((port + 1))/readyz")" "$both" "both are up" || sed 's/^/# /' "$log"

# What one store can do, with another beside it
out=$(DITTOFS_HOST=127.0.0.1 DITTOFS_PORT=$port DITTOFS_PORTS="$port $port" DITTOFS_PIDS="$pid $pid" \
	DITTOFS_URL="nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port" DITTOFS_LOG=$DITTOFS_RUN \
	"$top/test/gateway/build/test_mount" 2>&1)
ok $? "the tests of MOUNT pass" || grep -A5 '^not ok' <<<"$out" | sed 's/^/# /'

# A share made a moment ago, in each
q "SELECT dittofs.create_share('/deep/er', squash => 'none', root_mode => '0777')" second >/dev/null
q "SELECT dittofs.create_share('/fresh', squash => 'none', root_mode => '0777')" >/dev/null
head -c 100000 /dev/urandom >"$DITTOFS_RUN/file"

url()
{
	echo "nfs://127.0.0.1$1?version=3&nfsport=$port&mountport=$port"
}

for share in /deep/er /fresh; do
	nfs-cp "$DITTOFS_RUN/file" "$(url $share/file)" >/dev/null
	ok $? "$share can be written as soon as it is made"
	rm -f "$DITTOFS_RUN/copy"
	nfs-cp "$(url $share/file)" "$DITTOFS_RUN/copy" >/dev/null
	cmp -s "$DITTOFS_RUN/file" "$DITTOFS_RUN/copy"
	ok $? "and read"
done
is "$(q "SELECT size FROM dittofs.stat('/deep/er/file')" second)" 100000 "the file is in the one store"
is "$(q "SELECT count(*) FROM dittofs.entries WHERE name = 'file'")" 1 "and the other's in the other"

# Calls on the wire that no client makes: RENAME and LINK from store to store,
# a handle of no share, EXPORT of both
cat >"$DITTOFS_RUN/wire.pl" <<'EOF'
use strict;
use IO::Socket::INET;
my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => shift) or die;
my $xid = 100 + 1000 * int(rand(1000000));
sub opaque { my $v = shift; pack('N', length $v) . $v . "\0" x (-length($v) % 4) }
sub call
{
	my ($program, $procedure, $arguments, $version) = @_;
	my $message = pack('N6', ++$xid, 0, 2, $program, $version // 3, $procedure) .
		pack('N', 1) . opaque(pack('N', 0) . opaque('t') . pack('N3', 0, 0, 0)) . pack('N2', 0, 0) . $arguments;
	print $s pack('N', 0x80000000 | length $message) . $message;
	my ($head, $reply) = ('', '');
	read($s, $head, 4) == 4 or die;
	my $size = unpack('N', $head) & 0x7fffffff;
	read($s, $reply, $size) == $size or die;
	return substr($reply, 24);
}
sub mount
{
	my $r = call(100005, 1, opaque(shift));
	my ($status, $size) = unpack('N2', $r);
	die "mount: $status" if $status;
	return substr($r, 8, $size);
}
my ($from, $to) = (mount('/export'), mount('/deep/er'));
my $made = call(100003, 8, opaque($from) . opaque('x') . pack('N7', (0) x 7));
my ($status, $follows, $size) = unpack('N3', $made);
my $x = substr($made, 12, $size);
print 'rename ', unpack('N', call(100003, 14, opaque($from) . opaque('x') . opaque($to) . opaque('x'))), "\n";
print 'link ', unpack('N', call(100003, 15, opaque($x) . opaque($to) . opaque('x'))), "\n";
print 'still there ', unpack('N', call(100003, 1, opaque($x))), "\n";
my $stale = $to;
substr($stale, 1, 1) = chr(ord(substr($stale, 1, 1)) ^ 1);
print 'stale ', unpack('N', call(100003, 1, opaque($stale))), "\n";
my ($exports, @names) = (call(100005, 5, ''));
while (unpack('N', $exports))
{
	my $length = unpack('N', substr($exports, 4));
	push @names, substr($exports, 8, $length);
	$exports = substr($exports, 8 + $length + (-$length % 4));
	while (unpack('N', $exports))
	{
		my $n = unpack('N', substr($exports, 4));
		$exports = substr($exports, 8 + $n + (-$n % 4));
	}
	$exports = substr($exports, 4);
}
print "exports @names\n";
my $there = call(100003, 8, opaque($to) . opaque('x') . pack('N7', (0) x 7));
my @files = ($x, substr($there, 12, unpack('x8 N', $there)));
# LOCK by this name, then the call that ends its locks, and how many are left in each store
sub ends_locks
{
	my ($what, $name, @call) = @_;
	my @locks = map { unpack('x8 N', call(100021, 2, opaque('k') . pack('N2', 0, 1) . opaque($name) . opaque($_) . opaque('o') .
		pack('N Q> Q>', 1, 0, 1) . pack('N2', 0, 1), 4)) } @files;
	call(@call);
	my @left = map { unpack('x8 N', call(100021, 1, opaque('k') . pack('N', 1) . opaque('other') . opaque($_) . opaque('o') .
		pack('N Q> Q>', 1, 0, 1), 4)) } @files;
	print "$what @locks, then @left\n";
}
ends_locks('NOTIFY', 'rebooted', 100024, 6, opaque('rebooted') . pack('N', 3), 1);
ends_locks('FREE_ALL', 'freed', 100021, 23, opaque('freed') . pack('N', 0), 4);
ends_locks('FREE_ALL of another', 'held', 100021, 23, opaque('freed') . pack('N', 0), 4);
print 'gone ', unpack('N', call(100005, 1, opaque('/no/such/share'))), "\n";
EOF
out=$(perl "$DITTOFS_RUN/wire.pl" "$port" 2>&1)
like "$out" "rename 18" "RENAME from store to store is XDEV"
like "$out" "link 18" "so is LINK"
like "$out" "still there 0" "which change nothing"
like "$out" "stale 70" "a handle of no share is STALE"
like "$out" "exports .*/export.*/deep/er" "EXPORT has the shares of both"
like "$out" "gone 2" "what no store has is NOENT"
like "$out" "NOTIFY 0 0, then 0 0" "a client that has rebooted has no locks, in either store"
like "$out" "FREE_ALL 0 0, then 0 0" "nor has one that gives all back"
like "$out" "FREE_ALL of another 0 0, then 1 1" "another one keeps them"

# Handles of shares there are none of, which take no credential: the stores are asked
# once a second, not once for each.
asks()
{
	q "SELECT pg_stat_clear_snapshot(); SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE funcname = 'list_shares'" |
		tail -n 1
}
q "ALTER ROLE dittofs_gateway SET track_functions = 'all'"
q "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ 'keeper'" >/dev/null
for ((tries = 0; tries < 600; tries++)); do
	[ "$(asks)" = 0 ] || break
	sleep 0.1
done
before=$(asks)
perl -MIO::Socket::INET -e '
	my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => shift) or die;
	my $stale = 0;
	for (1 .. 3)
	{
		for my $n (1 .. 300)
		{
			my $handle = "\1" . join "", map { chr int rand 256 } 1 .. 32;
			my $message = pack("N10", $n, 0, 2, 100003, 3, 1, 0, 0, 0, 0) . pack("N/a*x!4", $handle);
			print $s pack("N", 0x80000000 | length $message) . $message;
		}
		for (1 .. 300)
		{
			my ($head, $reply);
			read($s, $head, 4) == 4 && read($s, $reply, unpack("N", $head) & 0x7fffffff) or die;
			$stale += unpack("x24N", $reply) == 70;
		}
	}
	print "$stale\n"' "$port" >"$DITTOFS_RUN/flood"
is "$(<"$DITTOFS_RUN/flood")" 900 "900 handles of no share are STALE, all"
asked=$(($(asks) - before))
[ "$asked" -lt 200 ]
ok $? "and the store was not asked for each of them" || echo "# $asked times"

# One of them fails; the other's shares are served
q "ALTER DATABASE second ALLOW_CONNECTIONS false" postgres
q "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'second'" postgres >/dev/null
rm -f "$DITTOFS_RUN/copy"
nfs-cp "$(url /fresh/file)" "$DITTOFS_RUN/copy" >/dev/null
ok $? "when one goes the others are served"
is "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$((port + 1))/readyz")" 200 "and the gateway is ready"
q "ALTER DATABASE second ALLOW_CONNECTIONS true" postgres
rm -f "$DITTOFS_RUN/copy"
nfs-cp "$(url /deep/er/file)" "$DITTOFS_RUN/copy" >/dev/null
ok $? "and when it comes back so are its own"
kill $pid
wait $pid
is $? 0 "it ends well"

done_testing
