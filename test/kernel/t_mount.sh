#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_mount.sh: mounting itself: what can be mounted and how, and what
# is refused.  For NFS only.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! on_nfs; then
	skip "mounting" "not NFS"
	finish
fi

mkdir /mnt/other
port=$DITTOFS_PORT
below=${D#"$MNT"}

# mounts PATH [OPTIONS]: mounts PATH of the server at /mnt/other.
mounts()
{
	timeout 30 mount.nfs "$DITTOFS_HOST:$1" /mnt/other \
		-o "nfsvers=3,tcp,mountproto=tcp,nolock,port=$port,mountport=$port${2:+,$2}"
}

# refused WANTED PATH [OPTIONS]: mount.nfs fails with a message like WANTED.
refused()
{
	local output

	output=$(mounts "${@:2}" 2>&1)
	like "$?: $output" "^[1-9].*($1)" "refused: ${*:2}" || umount /mnt/other
}

# with PATH OPTIONS NAME COMMAND...: the command succeeds in the mounted tree.
with()
{
	run "$3" mounts "$1" "$2" || return
	(cd /mnt/other && "${@:4}")
	ok $? "$3: ${*:4}"
	run "$3: umount" umount /mnt/other
}

mkdir -p "$D/dir/sub"
echo content >"$D/dir/sub/file"
ln -s dir "$D/link"

with /export '' "the share" test -f "./$below/dir/sub/file"
with "/export$below/dir" '' "a directory of it" test -f sub/file
with "/export$below/dir/../../.." '' "above the root is the root" test -f "./$below/dir/sub/file"
with "/export$below/dir/sub/" '' "with a slash at the end" test -f file
like "$(mounts "/export$below/dir" && stat -c %i /mnt/other/sub && umount /mnt/other)" \
	"^$(stat -c %i "$D/dir/sub")$" "the same file has the same number"
refused 'No such file|denied' /nothing
refused 'No such file|denied' /export/nothing
refused 'No such file|denied' /exportx
refused 'No such file|denied' /
refused 'ot a directory' "/export$below/dir/sub/file"

mounts /export ro
topic ro
expect EROFS open "/mnt/other$below/new" O_CREAT,O_WRONLY
expect EROFS chmod "/mnt/other$below/dir" 0700
expect 'content\x0a' get "/mnt/other$below/dir/sub/file"
umount /mnt/other

# Whatever sizes and ways the client chooses, the files are the same.
topic options
sys pattern "$D/pattern" 1000000
sys fill "$D/dir" 'entry with a long name ' 1 300
for options in rsize=1024,wsize=1024 rsize=4096,wsize=65536,actimeo=0 \
	rsize=131072,wsize=262144,sync rsize=1048576,wsize=1048576,nconnect=4 \
	nordirplus noac lookupcache=none soft,timeo=100 nocto; do
	run "mount -o $options" mounts "/export$below" "$options" || continue
	expect good check_pattern /mnt/other/pattern 1000000
	expect 301 count /mnt/other/dir
	same "$(find /mnt/other/dir -type f | wc -l)" 301 "find"
	expect 0 pattern /mnt/other/written 500000
	run "umount" umount /mnt/other
	sys list "$D"
	expect good check_pattern "$D/written" 500000
	sys unlink "$D/written"
done

# Mounted on itself many times, all at once
topic many
for i in {1..8}; do
	mkdir "/mnt/other$i"
	mount.nfs "$DITTOFS_HOST:/export$below/dir" "/mnt/other$i" \
		-o "nfsvers=3,tcp,mountproto=tcp,nolock,nosharecache,port=$port,mountport=$port" ||
		break
	echo "$i" >"/mnt/other$i/from $i"
done
same "$(cat /mnt/other*/from\ * | sort | uniq -c | tr -s ' ' | paste -sd,)" \
	" 8 1, 8 2, 8 3, 8 4, 8 5, 8 6, 8 7, 8 8" "eight mounts see each other's files"
run "umount" umount /mnt/other?
finish
