#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_locks.sh: locks of two clients, each with a gateway of its own.
# GATEWAYS=2
# CLIENTS=2
# LOCKS=1
#
# What a client holds is in the database, so the other gateway knows of it, and a
# gateway that is killed takes nothing along.  In version 3, Linux' client asks by NLM,
# and is called back when it waits.  Without that it would ask again after 30 s, so a
# wait that ends much sooner proves the call.  In version 4 it asks again after 1, 2, 4
# seconds and so on.

# shellcheck disable=SC2154
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A client's own commands: hold, try, wait for, and let go byte ranges of a file that
# stays open; "count" adds to the number in a file under a lock, again and again.
cat >"$T/locks.py" <<'PY'
import errno, fcntl, os, struct, sys, time

def setlk(command, kind, start, length):
    fcntl.fcntl(fd, command, struct.pack('hhqqi4x', kind, os.SEEK_SET, start, length, 0))

fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
kinds = {'read': fcntl.F_RDLCK, 'write': fcntl.F_WRLCK, 'none': fcntl.F_UNLCK}
for line in sys.stdin:
    word = line.split()
    try:
        if word[0] == 'count':
            for i in range(int(word[1])):
                setlk(fcntl.F_SETLKW, fcntl.F_WRLCK, 0, 0)
                number = int(os.pread(fd, 20, 0) or b'0')
                os.pwrite(fd, b'%d' % (number + 1), 0)
                setlk(fcntl.F_SETLK, fcntl.F_UNLCK, 0, 0)
            answer = 'counted'
        elif word[0] == 'who':
            found = struct.unpack('hhqqi4x', fcntl.fcntl(fd, fcntl.F_GETLK,
                struct.pack('hhqqi4x', kinds[word[1]], os.SEEK_SET, int(word[2]), int(word[3]), 0)))
            answer = 'nobody' if found[0] == fcntl.F_UNLCK else \
                '%s %d %d' % ({v: k for k, v in kinds.items()}[found[0]], found[2], found[3])
        else:
            begin = time.monotonic()
            setlk(fcntl.F_SETLKW if word[0] == 'wait' else fcntl.F_SETLK,
                kinds[word[1]], int(word[2]), int(word[3]))
            answer = '0'
            if word[0] == 'wait':
                answer = 'soon' if time.monotonic() - begin < 15 else 'late'
    except OSError as error:
        answer = errno.errorcode[error.errno]
    print(answer, flush=True)
PY

# begin FILE: a process that has it open
begin()
{
	coproc LOCKS { exec python3 "$T/locks.py" "$1"; }
}

# does WANTED COMMAND...: what the process answers
does()
{
	local answer

	echo "${*:2}" >&"${LOCKS[1]}"
	read -r -t 200 -u "${LOCKS[0]}" answer || answer="no answer"
	same "$answer" "$1" "client $CLIENT: ${*:2}"
}

# tell WHAT; told WHAT: the clients take turns
tell()
{
	: >"$MEETING/$1"
}

told()
{
	await "the other client tells: $1" test -e "$MEETING/$1" || die "nobody has told $1"
}

# host FUNCTION...: of test/lib.sh, outside
host()
{
	rm -f "$MEETING/host.done"
	echo "$*" >"$MEETING/host.new" && mv "$MEETING/host.new" "$MEETING/host"
	await "the host does: $*" test -e "$MEETING/host.done"
	is "$(<"$MEETING/host.done")" 0 "the host: $*"
}

# reboots_with_statd: says to the server that this client was booted.
reboots_with_statd()
{
	sm-notify -f
}

# reboots_as_namesake: the same of version 4, whose client says it when it mounts.  A
# client in a network of its own has the same name, and was made at another time.
reboots_as_namesake()
{
	local net=/run/netns/namesake

	ip netns add namesake &&
		ip link add link vec0 name macvlan0 type macvlan mode bridge &&
		ip link set macvlan0 netns namesake &&
		nsenter --net=$net ip link set lo up &&
		nsenter --net=$net ip addr add "${DITTOFS_HOST%.*}.100/24" dev macvlan0 &&
		nsenter --net=$net ip link set macvlan0 up &&
		mkdir "$T/mnt" &&
		nsenter --net=$net mount.nfs "$DITTOFS_HOST:/export" "$T/mnt" -o \
			"nfsvers=$NFS_VERSION,tcp,port=${DITTOFS_PORTS%% *},nosharecache" &&
		umount "$T/mnt"
}

file=$MNT/locked
if [ "$CLIENT" = 1 ]; then
	echo data >"$file"
	tell made
else
	told made
fi
begin "$file"

if [ "$CLIENT" = 1 ]; then
	does 0 try write 0 10
	does 0 try read 100 0
	tell 1.held
	told 2.tried
	tell 1.lets_go
	sleep 1
	does 0 try none 0 10
	told 2.has_it
	does EAGAIN try write 0 1
	tell 1.was_refused
	told 2.let_go

	# its gateway dies, and what it holds stays
	does 0 try write 0 10
	host gateway_stop 1 KILL
	tell 1.without_gateway
	told 2.tried_again
	host gateway_start 1
	tell 1.again
	sleep 1
	does 0 try none 0 10
	told 2.has_it_again

	# the client begins anew
	does 0 try write 50 10
	tell 1.holds
	told 2.refused
	run "says that it was booted" "reboots_$(by_version with_statd as_namesake as_namesake)"
	tell 1.notified
	told 2.took
else
	told 1.held
	does EAGAIN try write 5 1
	does EAGAIN try read 9 5
	does 0 try write 10 10
	does 0 try read 100 10
	does EAGAIN try write 1000000 1
	does 'write 0 10' who read 0 10
	does 'read 100 0' who write 500 10
	does nobody who read 500 10
	tell 2.tried
	told 1.lets_go
	does soon wait write 0 10
	tell 2.has_it
	told 1.was_refused
	does 0 try none 0 0
	tell 2.let_go

	told 1.without_gateway
	does EAGAIN try write 0 10
	tell 2.tried_again
	told 1.again
	does soon wait write 0 10
	tell 2.has_it_again
	does 0 try none 0 0

	told 1.holds
	does EAGAIN try write 50 10
	tell 2.refused
	told 1.notified
	does soon wait write 50 10
	tell 2.took
fi
eval "exec ${LOCKS[1]}>&-"
wait

# What locks are for
begin "$MNT/counter"
tell "$CLIENT.counts"
told "$((3 - CLIENT)).counts"
does counted count 150
tell "$CLIENT.counted"
told "$((3 - CLIENT)).counted"
eval "exec ${LOCKS[1]}>&-"
wait
is "$(<"$MNT/counter")" 300 "client $CLIENT: no increment is lost"

# Two clients insert into one database of SQLite, while their gateways are killed in
# turn, and the database server once.  After each kill both must get on.

# insert_on: transactions, until there are no more kills
insert_on()
{
	local n=0 progress=$MEETING/progress.$CLIENT

	until [ -e "$MEETING/kills_over" ]; do
		sqlite3 -bail -cmd '.timeout 120000' "$database" \
			"BEGIN IMMEDIATE; INSERT INTO t SELECT $CLIENT, count(*) FROM t; COMMIT" || return
		n=$((n + 1))
		echo $n >"$progress.new" && mv "$progress.new" "$progress"
	done
}

# progress CLIENT
progress()
{
	cat "$MEETING/progress.$1" 2>/dev/null
}

progressed()
{
	[ "$(progress "$1")" != "$2" ]
}

# kills WHAT...: each is a number of a gateway, or "server"
kills()
{
	local what c before

	for what; do
		if [ "$what" = server ]; then
			host pg_stop immediate
			host pg_start
		else
			host gateway_stop "$what" KILL
			host gateway_start "$what"
		fi
		for c in 1 2; do
			before=$(progress $c)
			await "client $c inserts after a kill of $what" progressed $c "$before" || return
		done
	done
}

database=$MNT/shared.db
if [ "$CLIENT" = 1 ]; then
	sqlite3 "$database" 'CREATE TABLE t (client int, n int)'
	tell made_table
	insert_on &
	# A crash of the server takes content that is in memory.
	host "psql -qXAtc \"SELECT string_agg(content, '') FROM dittofs.shares\" >\"\$MEETING/content\""
	server=server
	[[ $(<"$MEETING/content") != *memory* ]] || server=
	host expect_crash
	# shellcheck disable=SC2086
	kills 1 2 $server 2 1 2
	ok $? "both clients get on after each kill"
	tell kills_over
	wait $!
else
	told made_table
	insert_on
fi
ok $? "client $CLIENT: no transaction fails"
tell "$CLIENT.inserted"
told "$((3 - CLIENT)).inserted"
rows=$(($(progress 1) + $(progress 2)))
is "$(sqlite3 "$database" 'PRAGMA integrity_check; SELECT count(*), count(DISTINCT n), max(n) FROM t')" \
	$'ok\n'"$rows|$rows|$((rows - 1))" "client $CLIENT: no row is lost, and the database is sound"
tell "$CLIENT.looked"
told "$((3 - CLIENT)).looked"
done_testing
