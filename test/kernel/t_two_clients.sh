#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_two_clients.sh: what two clients see of each other.
# GATEWAYS=2
#
# Each has a gateway of its own, so nothing but the database connects them.
# NFS promises close-to-open consistency: what was closed by one is what the
# next to open reads.  Attributes and names may be cached for a while; opening
# a file or a directory asks the server whether they are still true.
# t_two_clients_noac.sh runs the same without caches.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

A=$D
B=$MNT2/${D#"$MNT"/}
sys list "$MNT2"

topic "close to open"
for i in {1..10}; do
	# The same size within a millisecond: only the nanoseconds differ.
	expect 0 put "$A/f" "from A $i"
	expect "from A $i" get "$B/f"
	expect 0 put "$B/f" "from B $i"
	expect "from B $i" get "$A/f"
done
expect 0 fopen b "$B/f" O_RDONLY
expect 0 fopen a "$A/f" O_WRONLY,O_APPEND
expect 5 write a ' more'
expect 0 close a
expect 'from B 10 more' get "$B/f"
expect 0 close b
expect 0 truncate "$B/f" 4
expect from get "$A/f"
expect 0 fopen a "$A/f" O_WRONLY
expect 4 pwrite a 0 sync
expect 0 fsync a
expect sync get "$B/f"
expect 0 close a
expect 0 pattern "$A/large" 3000000
expect good check_pattern "$B/large" 3000000
expect 0 fopen b "$B/large" O_RDWR
expect 6 pwrite b 1500000 change
expect 0 close b
expect 0 fopen a "$A/large" O_RDONLY
expect change pread a 1500000 6
expect 0 close a

topic attributes
expect 0 put "$A/f" data
expect 0 -u 1000 open "$B/f" O_RDONLY
expect 0 chmod "$A/f" 0600
expect EACCES -u 1000 open "$B/f" O_RDONLY
expect 0 chown "$A/f" 1000 1000
expect 0 -u 1000 fopen b "$B/f" O_RDWR
expect 0600,1000,1000 fstat b mode,uid,gid
expect 0 -u 1000 close b
expect 0 link "$A/f" "$A/g"
expect 0 fopen b "$B/f" O_RDONLY
expect 2 fstat b nlink
expect 0 close b

topic names
expect ENOENT open "$B/new" O_RDONLY
expect 0 put "$A/new" 1
expect 'f g large new' list "$B"
expect 1 get "$B/new"
expect 0 rename "$A/new" "$A/newer"
expect 'f g large newer' list "$B"
expect 1 get "$B/newer"
expect ENOENT open "$B/new" O_RDONLY
expect 0 unlink "$A/newer"
expect ENOENT open "$B/newer" O_RDONLY
expect 'f g large' list "$B"
# Replaced by another file of the same name, also while it is open.
expect 0 put "$B/r" old
expect 'f g large r' list "$A"
expect old get "$A/r"
expect 0 fopen a "$A/r" O_RDONLY
expect 0 put "$B/r.new" new
expect 0 rename "$B/r.new" "$B/r"
# Linux opens by handle what it knows by name.  In version 4 the server keeps a
# file that is open, so the handle is good until this client closes the file.
wanted=$(by_version new 'new|old' 'new|old')
[[ ,$MOUNT_OPTS, != *,noac,* ]] || wanted=new
expect "$wanted" get "$A/r"
expect 'old|ESTALE' pread a 0 9
expect 0 close a
expect new get "$A/r"
expect 0 unlink "$A/r"
expect 0 mkdir "$A/d"
expect 0 put "$A/d/f" 1
expect 'd f g large' list "$B"
expect 1 get "$B/d/f"
expect 0 unlink "$A/d/f"
expect 0 rmdir "$A/d"
expect 0 mkdir "$A/d"
expect 0 put "$A/d/g" 2
expect 'd f g large' list "$B"
expect g list "$B/d"
expect 2 get "$B/d/g"
expect ENOENT open "$B/d/f" O_RDONLY
expect 0 rename "$A/d" "$A/e"
expect 'e f g large' list "$B"
expect 2 get "$B/e/g"
expect EEXIST open "$B/e/g" O_CREAT,O_EXCL,O_WRONLY
expect EEXIST mkdir "$B/e"
expect ENOTEMPTY rmdir "$B/e"
expect 0 unlink "$B/e/g"
expect 0 rmdir "$B/e"
expect 'f g large' list "$A"
if [[ ,$MOUNT_OPTS, == *,noac,* ]] || ! on_nfs; then
	# Nothing is cached: no need to open anything first.
	topic "without caches"
	for i in 1 2 3; do
		expect ENOENT lstat "$B/n" size
		expect 0 put "$A/n" 12345
		expect 5 lstat "$B/n" size
		expect 0 chmod "$B/n" 0640
		expect 0640 lstat "$A/n" mode
		expect 0 truncate "$A/n" 3
		expect 3 lstat "$B/n" size
		expect 0 utimens "$B/n" 1000000001 1000000002
		expect 1000000002 lstat "$A/n" mtime
		expect 0 unlink "$A/n"
	done
fi
rm -- *

# Races: whoever wins, what must hold does.
topic races
games="one_creates one_makes one_symlinks one_links one_removes one_rmdirs
	one_moves one_nests fill_or_remove lock_by_mkdir lock_by_create lock_by_link
	halves shuffle remove_while_creating list_while_changing"
# shellcheck disable=SC2086
"$here/build/compete" "$A" "$B" $games >"$T/games"
while read -r line; do
	case $line in
		ok*) ok 0 "$topic: ${line#ok }" ;;
		not*) ok 1 "$topic: ${line#not ok }" ;;
		*) echo "$line" ;;
	esac
done <"$T/games"
same "$(grep -c '^ok\|^not' "$T/games")" "$(wc -w <<<"$games")" "all games were played"
find "$A" -mindepth 1 -delete
same "$(ls "$A")" "" "all of it can be removed"
finish
