#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_locks.sh: locks of programs on two clients.
# CLIENTS=2
# LOCKS=1
#
# Each kernel asks the gateway's portmapper where locks are, and has a portmapper,
# a lock manager and a status monitor of its own, which the gateway calls back.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
cd /mnt/nfs || exit

# hold FILE KIND START LENGTH NAME: takes a lock, waiting for it, says so by the
# file NAME.held, and keeps it until there is NAME.release; then NAME.released
hold()
{
	perl -MFcntl -e '
		my ($file, $kind, $start, $length, $meeting) = @ARGV;
		open(my $f, "+<", $file) or die "$file: $!";
		my $lock = pack("ssx4qqix4", $kind eq "write" ? F_WRLCK : F_RDLCK, 0, $start, $length, 0);
		fcntl($f, F_SETLKW, $lock) or die "$file: $!";
		open(my $held, ">", "$meeting.held") and close($held);
		select(undef, undef, undef, 0.05) until -e "$meeting.release";
		close($f);
		open(my $released, ">", "$meeting.released") and close($released);' \
		"$1" "$2" "$3" "$4" "$MEETING/$5"
}

# try FILE KIND START LENGTH: takes it if it is free
try()
{
	perl -MFcntl -e '
		my ($file, $kind, $start, $length) = @ARGV;
		open(my $f, "+<", $file) or die "$file: $!";
		my $lock = pack("ssx4qqix4", $kind eq "write" ? F_WRLCK : F_RDLCK, 0, $start, $length, 0);
		exit(fcntl($f, F_SETLK, $lock) ? 0 : 1);' "$@"
}

await_file()
{
	await "$1" test -e "$MEETING/$1"
}

if [ "$CLIENT" = 1 ]; then
	echo "a file of some bytes" >locked
	: >"$MEETING/made"
	hold locked write 10 10 one &
	await_file one.held
	await_file two.refused
	sleep 2
	start=$EPOCHREALTIME
	: >"$MEETING/one.release"
	await_file two.held
	echo "# told after $(perl -e 'print $ARGV[0] - $ARGV[1]' "$EPOCHREALTIME" "$start") s"
	ok 0 "the other client has the lock that it waited for"
	try locked write 10 10
	is $? 1 "so it is refused here"
	try locked write 0 10
	is $? 0 "but not beside it"
	: >"$MEETING/two.release"
	await_file two.released
	try locked write 10 10
	is $? 0 "and when the other one has released it, it is free"

	# As after a reboot: a lock that is held, and a new state of NSM
	hold locked write 0 0 lost &
	await_file lost.held
	: >"$MEETING/lost.locked"
	await_file lost.refused
	sm-notify -f -P /run/statd
	: >"$MEETING/lost.notified"
	await_file lost.taken
	ok 0 "when this client says that it has rebooted, its locks are gone"
	: >"$MEETING/lost.release"
	wait
else
	await_file made
	await_file one.held
	await "the file" test -e locked
	try locked write 10 10
	is $? 1 "what another client has locked is refused"
	try locked read 0 10
	is $? 0 "what lies beside it is not"
	hold locked write 10 10 two &
	sleep 1
	: >"$MEETING/two.refused"
	await_file two.held
	ok $? "after it was released, it is granted"
	await_file two.released
	await_file lost.locked
	try locked write 5 1
	is $? 1 "a lock to the end of the file is there"
	: >"$MEETING/lost.refused"
	await_file lost.notified
	await "the lock of a client that has rebooted ends" try locked write 5 1
	: >"$MEETING/lost.taken"
	wait
fi
done_testing
