#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# SIGTERM is heard whatever the gateway waits for: a database that does not answer when
# it starts, a file of settings that nobody writes when it reads them again.  Nothing that
# a reload replaces is in use any more when it is released: SANITIZE=1 would tell.  And a
# signal that tells of a file's limit is no reason to end.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$gateway_built}
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
q "ALTER ROLE dittofs_gateway LOGIN; SELECT dittofs.create_share('/export')" >/dev/null
port=$((20000 + RANDOM % 12000))
conf=$DITTOFS_RUN/dittofs.yaml
log=$DITTOFS_RUN/log
trap 'kill -KILL "$gateway_pid" "$hole_pid" 2>/dev/null' EXIT

# start OPTION...
start()
{
	: >"$log"
	"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" --workers 1 \
		"$@" >>"$log" 2>&1 &
	gateway_pid=$!
}

logged()
{
	grep -q -- "$1" "$log"
}

# settings LEVEL PASSWORD
settings()
{
	cat <<-END
		logging: {level: $1}
		metadata: {stores: {main: {type: postgres, postgres: {user: dittofs_gateway, password: $2}}}}
	END
}

gone()
{
	! kill -0 "$gateway_pid" 2>/dev/null
}

decided()
{
	logged "NFS and MOUNT version 3" || gone
}

# ends STATUS NAME
ends()
{
	await "the gateway ends" gone
	wait "$gateway_pid"
	is $? "$1" "$2" || sed 's/^/# /' "$log"
}

# A host that takes connections and never says a word.  That is no matter of seconds
# for the gateway, so if it ends it was told to.
perl -MIO::Socket::INET -e '
	my $hole = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 100) or die;
	open(my $file, ">", $ARGV[0] . ".new"); print $file $hole->sockport; close $file;
	rename("$ARGV[0].new", $ARGV[0]);
	sleep 1 while 1' "$DITTOFS_RUN/hole" &
hole_pid=$!
await "there is a host that is silent" test -e "$DITTOFS_RUN/hole"
start --conninfo "host=127.0.0.1 port=$(<"$DITTOFS_RUN/hole") user=x connect_timeout=3600"
await "the gateway waits for it" sh -c "ss -Htn state established 'dport = :$(<"$DITTOFS_RUN/hole")' | grep -q ."
kill -HUP "$gateway_pid"
kill "$gateway_pid"
ends 0 "SIGTERM ends a gateway that has not started yet"
logged "stopped before it had started"
ok $? "as it says"

# The settings are read again from a pipe
settings info one >"$conf"
start --config "$conf"
await "the gateway serves, or ends" decided
logged "NFS and MOUNT version 3" || die "the gateway did not start: $(<"$log")"
for password in two three four; do
	settings info $password >"$conf"
	kill -HUP "$gateway_pid"
	await "there is another password" logged "password has changed: in force"
	: >"$log"
	nfs-ls "nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port" >/dev/null
	ok $? "passwords are replaced, and the gateway serves ($password)"
done
rm "$conf"
mkfifo "$conf"
kill -HUP "$gateway_pid"
kill -HUP "$gateway_pid"
nfs-ls "nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port" >/dev/null
ok $? "it serves while the file of settings hangs"
settings debug four >"$conf"
await "they are taken" logged "logging.level is debug now"
ok $? "what comes at last is in force"
kill -HUP "$gateway_pid"
kill "$gateway_pid"
ends 0 "SIGTERM ends a gateway that reads settings from a file that hangs"
logged "stopped$"
ok $? "as it always ends"

# A limit for the size of files: the log ends there, and so does no gateway
(
	ulimit -f 4
	start --log-level debug --conninfo user=dittofs_gateway
	echo "$gateway_pid" >"$DITTOFS_RUN/limited"
	wait "$gateway_pid"
	echo $? >"$DITTOFS_RUN/limited.status"
) &
await "the gateway serves" listens 127.0.0.1 "$port"
for ((i = 0; i < 20; i++)); do
	nfs-ls "nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port" >/dev/null
done
ok $? "a gateway serves that can write no more to its log"
is "$(stat -c %s "$log")" 4096 "as it cannot"
kill "$(<"$DITTOFS_RUN/limited")"
await "it ends" test -s "$DITTOFS_RUN/limited.status"
is "$(<"$DITTOFS_RUN/limited.status")" 0 "and ends as always"

# Of what a limit leaves it too few, it says so
start --conninfo user=dittofs_gateway
await "the gateway serves" listens 127.0.0.1 "$port"
! logged "LimitNOFILE"
ok $? "a gateway with files enough"
kill "$gateway_pid"
await "it ends" gone
(
	ulimit -n 200
	exec "$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" \
		--conninfo user=dittofs_gateway >"$log" 2>&1
) &
gateway_pid=$!
await "the gateway serves" listens 127.0.0.1 "$port"
logged "may have 200 files and sockets open, so there is room for 100 clients"
ok $? "and one with few, which says what to do" || sed 's/^/# /' "$log"
kill "$gateway_pid"

done_testing
