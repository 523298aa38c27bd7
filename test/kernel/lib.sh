# SPDX-License-Identifier: PostgreSQL
# test/kernel/lib.sh: what the scripts that run on a mounted share have in common.
# shellcheck shell=bash disable=SC2034,SC2154
#
# A script works below $D, a directory of its own on the share, and may write
# nowhere else but to $T, a directory that is not on the share: the root file
# system of the test's kernel is the host's own.
#
# MNT=DIRECTORY in the environment runs a script on any other directory.  A
# local file system is a second opinion: what fails there is the test's mistake.
# Only what on_nfs guards may depend on NFS.
#
# System calls are made by a process of its own, syscalls.c, which can be any
# user and answers with the name of the error; so a case needs no new process
# and is as exact as a C program:
#
#	expect EEXIST mkdir d 0755				as root
#	expect EACCES -u 1000:1000:50,51 open d/f O_RDONLY
#	sys lstat f mode,uid; echo "$reply"
#
# An expectation can name several values: 'EEXIST|ENOTEMPTY'.  Relative paths
# are relative to $D.  syscalls_path.c and syscalls_file.c list the calls.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=../lib.sh
. "$here/../lib.sh"

LC_ALL=C.UTF-8
export LC_ALL
unset CDPATH
umask 022
shopt -s nullglob

script=$(basename "$0" .sh)
[ "$(id -u)" = 0 ] || die "must run as root"
if [ -n "$MNT" ]; then
	# Otherwise with-mount has built it: this kernel is no place to compile.
	build_kernel_tools || exit 1
	MNT2=${MNT2:-$MNT}
fi
MNT=${MNT:-/mnt/nfs}
MNT2=${MNT2:-/mnt/nfs2}
[ -d "$MNT" ] || die "no directory $MNT"

D=$(mktemp -d "$MNT/$script.XXXXXX") || exit 1
T=$(mktemp -d) || exit 1
export D T HOME=$T
chmod 755 "$D" "$T"
cd "$D" || exit 1

cleanup()
{
	# What has its directory on the share keeps it from being unmounted.
	[ -z "$sys_pid" ] || { kill "$sys_pid" && wait "$sys_pid"; } 2>/dev/null
	cd /
	rm -rf "$T"
	# What is on a share is thrown away with it; with-mount wants to see how
	# it has been left.
	on_nfs || rm -rf "$D"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fs_type=$(stat -f -c %T "$MNT")
on_nfs()
{
	[ "$fs_type" = nfs ]
}

# by_version 3 4.1 4.2: prints the one of the version that the share is mounted
# with; a local file system does what version 3 does.
by_version()
{
	local version=${NFS_VERSION:-3}

	on_nfs || version=3
	case $version in
		3) echo "$1" ;;
		4.1) echo "$2" ;;
		4.2) echo "$3" ;;
		*) die "no version $version of NFS" ;;
	esac
}

# tick: a change from here on has another timestamp than what was before.  The
# share promises that without waiting; local file systems count jiffies.
tick()
{
	on_nfs || sleep 0.02
}

# forget: what is read from here on comes from the server, not from a cache.
forget()
{
	on_nfs || return 0
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

# topic TEXT: stands before the names of the following tests.
topic()
{
	topic=$1
}

# run NAME COMMAND...: the command succeeds; otherwise shows what it said.
run()
{
	local name=$1
	shift
	"$@" >"$T/output" 2>&1
	ok $? "${topic:+$topic: }$name" || {
		sed 's/^/# /' "$T/output" | tail -n 30
		return 1
	}
}

# same GOT WANTED NAME: "is" with the topic.
same()
{
	is "$1" "$2" "${topic:+$topic: }$3"
}

# elapsed seconds of a script, for those who look at the log
SECONDS=0
finish()
{
	echo "# $script: $SECONDS s"
	done_testing
}

#
# System calls
#

sys_start()
{
	coproc sys_process { exec "$here/build/syscalls"; }
	sys_pid=$!
	exec {sys_in}<&"${sys_process[0]}" {sys_out}>&"${sys_process[1]}"
}

# sys [-u UID[:GID[:GROUP,...]]] CALL ARGUMENT...: sets $reply.
sys()
{
	[ -n "$sys_pid" ] || sys_start
	[ "$1" = -u ] || set -- -u 0:0: "$@"
	shift
	printf '%s\0' $# "$@" >&"$sys_out"
	IFS= read -r reply <&"$sys_in" || die "syscalls ended: $*"
}

# expect WANTED [-u WHO] CALL ARGUMENT...
expect()
{
	local wanted=$1 name='' word status
	shift
	for word; do
		[ ${#word} -le 40 ] || word="${word::30}... (${#word})"
		name="$name ${word:-''}"
	done
	name=${name//"$D"/D}
	name=${name//"$MNT2/${D#"$MNT"/}"/D2}
	name=${name//[^[:print:]]/?}
	sys "$@"
	[[ "|$wanted|" == *"|$reply|"* ]]
	status=$?
	[ ${#wanted} -le 60 ] || wanted="${wanted::50}... (${#wanted})"
	name="${topic:+$topic:}${name/ -u / uid }: $wanted"
	ok $status "${name//#/}" || echo "# got: $reply"
}
