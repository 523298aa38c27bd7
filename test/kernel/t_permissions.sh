#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_permissions.sh: who may do what.
#
# Users: 1000 and 1001, and 4294967294 (nobody to some, the largest valid uid).
# A caller is UID:GID:SUPPLEMENTARY GROUPS.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A place per topic that everybody may write in.
enter()
{
	cd "$D" || exit 1
	mkdir -m 777 "$D/$1"
	cd "$D/$1" || exit 1
	sys chdir "$D/$1"
	topic "$1"
}

# One class decides, even where another would grant more.  Bits of the mode
# that are looked at: owner 0700, group 0070, other 0007.
enter classes
expect 0 put f '#!/bin/true'
expect 0 chown f 1000 2000
mkdir d
expect 0 chown d 1000 2000
for bits in 0 1 2 3 4 5 6 7; do
	wanted=
	[ $((bits & 4)) = 0 ] || wanted=r
	[ $((bits & 2)) = 0 ] || wanted=${wanted}w
	[ $((bits & 1)) = 0 ] || wanted=${wanted}x
	inverse=$((7 - bits))
	for class in 0${bits}${inverse}${inverse}/1000:100 \
		0${inverse}${bits}${inverse}/1001:2000 \
		0${inverse}${bits}${inverse}/1001:100:5,2000 \
		0${inverse}${inverse}${bits}/1001:100; do
		mode=${class%/*}
		who=${class#*/}
		sys chmod f "$mode"
		sys chmod d "$mode"
		granted=
		for try in r/O_RDONLY w/O_WRONLY; do
			sys -u "$who" open f ${try#*/}
			[ "$reply" = 0 ] && granted=$granted${try%/*}
			[ "$reply" = 0 ] || [ "$reply" = EACCES ] || granted="$granted($reply)"
		done
		sys -u "$who" access f x
		[ "$reply" = yes ] && granted=${granted}x
		same "$granted" "$wanted" "file of mode $mode for $who"
		granted=
		sys -u "$who" list d
		[ "$reply" = EACCES ] || granted=r
		# Without search the right to write is of no use.
		sys -u "$who" mkdir d/new
		[ "$reply" = EACCES ] || granted=${granted}w
		sys rmdir d/new
		sys -u "$who" lstat d/. mode
		[ "$reply" = EACCES ] || granted=${granted}x
		same "$granted" "${wanted/%w/}" "directory of mode $mode for $who"
	done
done

enter groups
expect 0 put f x
expect 0 chown f 1000 2000
expect 0 chmod f 0060
# AUTH_SYS carries 16 supplementary groups.
expect 0 -u 1001:1:11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,2000 open f O_RDWR
expect EACCES -u 1001:1:11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,2001 open f O_RDWR
expect EACCES -u 1000:2000 open f O_RDONLY
expect 0 chown f 4294967294 4294967294
expect 4294967294,4294967294 lstat f uid,gid
expect EACCES -u 4294967294:1 open f O_RDONLY
expect 0 -u 1001:4294967294 open f O_RDWR
expect 0 -u 1001:1:4294967294 open f O_RDWR
expect 0 chmod f 0600
expect 0 -u 4294967294:4294967294 open f O_RDWR
expect 0 -u 4294967294:4294967294 put g x
expect 4294967294,4294967294 lstat g uid,gid
expect 0 -u 4294967294:4294967294 mkdir d 0700
expect 0 -u 4294967294:4294967294 put d/f x
expect EACCES -u 1000 put d/f x
expect 0 chown f 2147483648 2147483649
expect 2147483648,2147483649 lstat f uid,gid
expect EACCES -u 2147483647 open f O_RDONLY
expect 0 -u 2147483648 open f O_RDONLY

enter directories
mkdir d
expect 0 chown d 1000 1000
expect 0 put d/f data
expect 0 chmod d/f 0644
expect 0 chmod d 0755
expect EACCES -u 1001 open d/g O_CREAT,O_WRONLY
expect EACCES -u 1001 open d/g O_CREAT,O_EXCL,O_WRONLY
expect EACCES -u 1001 mkdir d/s
expect EACCES -u 1001 symlink x d/s
expect EACCES -u 1001 mkfifo d/s
expect EACCES -u 1001 unlink d/f
expect EACCES -u 1001 rename d/f d/g
expect EACCES -u 1001 rename d/f g
expect 0 -u 1001 put mine x
expect EACCES -u 1001 rename mine d/mine
expect EACCES -u 1001 link mine d/mine
expect 0 mkdir d/sub
expect EACCES -u 1001 rmdir d/sub
expect EEXIST -u 1001 mkdir d/sub
expect ENOENT -u 1001 unlink d/no
expect 0 -u 1000 unlink d/f
expect 0 -u 1000 rmdir d/sub
expect 0 -u 1000 put d/f data
# Search without read: names that are known can be used.
expect 0 chmod d 0711
expect EACCES -u 1001 list d
expect data -u 1001 get d/f
expect ENOENT -u 1001 open d/no O_RDONLY
# Read without search: names, and nothing behind them.
expect 0 chmod d 0744
expect f -u 1001 list d
expect EACCES -u 1001 open d/f O_RDONLY
expect EACCES -u 1001 lstat d/f mode
expect EACCES -u 1001 open d/no O_RDONLY
# Write without search adds nothing.
expect 0 chmod d 0722
expect EACCES -u 1001 open d/g O_CREAT,O_WRONLY
expect EACCES -u 1001 unlink d/f
expect 0 chmod d 0733
expect 0 -u 1001 put d/g x
expect 0 -u 1001 unlink d/f
# A directory that moves gets another '..': that needs the right to write it.
mkdir -m 777 a b
expect 0 mkdir a/d 0755
expect EACCES -u 1001 rename a/d b/d
expect 0 -u 1001 rename a/d a/e
expect 0 chmod a/e 0757
expect 0 -u 1001 rename a/e b/e
# Every directory on the way counts.
mkdir -p way/in/here
printf x >way/in/here/f
expect x -u 1001 get way/in/here/f
expect 0 chmod way/in 0700
expect EACCES -u 1001 get way/in/here/f
expect 0 chmod way/in 0755
expect x -u 1001 get way/in/here/f

enter files
expect 0 -u 1000 put f data
expect 0644,1000,1000 lstat f mode,uid,gid
expect EACCES -u 1001 open f O_WRONLY
expect EACCES -u 1001 open f O_RDONLY,O_TRUNC
expect EACCES -u 1001 truncate f 0
expect 4 lstat f size
expect 0 -u 1001:5 open f O_RDONLY
# An existing file can be opened with O_CREAT in a directory one may not write.
mkdir d
expect 0 put d/f x
expect 0 chmod d/f 0666
expect 0 -u 1001 open d/f O_CREAT,O_RDWR
# What was allowed at open stays allowed, whatever happens to the mode.
expect 0 -u 1000 fopen h f O_RDWR
expect 0 -u 1000 chmod f 0000
expect 4 -u 1000 pwrite h 0 more
expect 0 -u 1000 fsync h
forget
expect more -u 1000 pread h 0 9
expect 0 -u 1000 ftruncate h 2
expect 0 -u 1000 close h
expect EACCES -u 1000 open f O_RDONLY
expect 0 open f O_RDWR
expect mo get f
# A file one may only write.
expect 0 put w 0123456789
expect 0 chmod w 0622
expect 0 -u 1001 fopen h w O_WRONLY
expect 3 -u 1001 pwrite h 4 abc
expect 0 -u 1001 close h
forget
expect 0123abc789 get w
# The creator of a read-only file writes it.
expect 0 -u 1000 fopen h ro O_CREAT,O_EXCL,O_WRONLY 0400
expect 4 -u 1000 write h data
expect 0 -u 1000 close h
forget
expect data -u 1000 get ro
expect EACCES -u 1000 open ro O_WRONLY

enter execution
cp /bin/true binary
printf '#!/bin/sh\nexit 3\n' >script
expect 0 chown binary 1000 1000
expect 0 chmod binary 0711
forget
# The client must read what it runs.
expect 0 -u 1001 exec binary
expect EACCES -u 1001 open binary O_RDONLY
expect 0 chmod binary 0644
expect EACCES -u 1001 exec binary
expect EACCES -u 1000 exec binary
expect EACCES exec binary
expect 0 chmod binary 0601
expect 0 exec binary
expect EACCES -u 1000 exec binary
expect 0 -u 1001 exec binary
expect 0 chmod script 0755
expect 3 -u 1001 exec script
expect 0 chmod script 0711
# The interpreter has to open it as anybody else.
expect '2|126|127' -u 1001 exec script

enter root
expect 0 -u 1000 mkdir d 0000
expect 0 -u 1000 put f data
expect 0 -u 1000 chmod f 0000
expect '' list d
expect 0 put d/f x
expect x get d/f
expect data get f
expect 0 put f new
expect 1000,1000,0000 lstat f uid,gid,mode
expect yes access f rw
expect no access f x
expect yes access d rwx
expect 0 unlink d/f
expect 0 chmod f 04711
expect 4711 lstat f mode
expect 0 chown f 5 6
expect 5,6 lstat f uid,gid

enter chmod
expect 0 -u 1000:1000 put f x
expect 0 -u 1000 chmod f 0600
expect EPERM -u 1001 chmod f 0666
expect EPERM -u 1001:1000 chmod f 0666
expect 0600 lstat f mode
expect 0 -u 1000:1000 chmod f 06755
expect 6755 lstat f mode
expect 0 -u 1000:1000 chmod f 01755
expect 1755 lstat f mode
# The set-gid bit is only for members of the group.
expect 0 chown f 1000 2000
expect 0 -u 1000:1000 chmod f 02755
expect 0755 lstat f mode
expect 0 -u 1000:1000:2000 chmod f 02755
expect 2755 lstat f mode
expect 0 -u 1000 mkdir d 0755
expect EPERM -u 1001 chmod d 0777
expect 0 chown d 1000 2000
expect 0 -u 1000:1000 chmod d 02755
expect 0755 lstat d mode
expect 0 -u 1000:2000 chmod d 02755
expect 2755 lstat d mode

enter chown
expect 0 -u 1000:1000 put f x
expect EPERM -u 1000 chown f 1001 -1
expect EPERM -u 1001 chown f 1001 -1
expect EPERM -u 1001:1000 chown f -1 1001
expect EPERM -u 1000:1000 chown f -1 3000
expect EPERM -u 1000:1000 chown f 1001 1000
expect 1000,1000 lstat f uid,gid
expect 0 -u 1000:1000:2000 chown f -1 2000
expect 1000,2000 lstat f uid,gid
expect 0 -u 1000:1000 chown f 1000 1000
expect 1000,1000 lstat f uid,gid
expect 0 -u 1000:1000 chown f 1000 -1
expect 0 chown f -1 -1
expect 1000,1000 lstat f uid,gid
expect 0 chown f 7 -1
expect 7,1000 lstat f uid,gid
expect 0 chown f -1 8
expect 7,8 lstat f uid,gid
expect 0 -u 1000 symlink t s
expect 0 chown s 9 9
expect 9,9 lstat s uid,gid
expect EPERM -u 1000 chown s 1000 1000

# The bits of programs that run as somebody else do not survive changes by
# somebody who could not have set them.
enter suid
for change in 'chown f -1 2000' 'chown f 1000 -1'; do
	expect 0 -u 1000:1000 put f x
	expect 0 chown f 1000 1000
	expect 0 chmod f 06755
	# shellcheck disable=SC2086
	expect 0 -u 1000:1000:2000 $change
	expect 0755 lstat f mode
done
expect 0 chmod f 06755
expect 0 chown f 5 5
expect 0755 lstat f mode
# Without group execution the set-gid bit means something else and stays.
expect 0 chmod f 06744
expect 0 chown f 1000 1000
expect 2744 lstat f mode
expect 0 mkdir d
expect 0 chmod d 06755
expect 0 chown d 5 5
expect 6755 lstat d mode
for user in 1000 1001; do
	expect 0 put f data
	expect 0 chmod f 06777
	expect 0 -u $user:$user fopen h f O_WRONLY
	expect 1 -u $user:$user pwrite h 0 x
	expect 0 -u $user:$user close h
	expect 0777 lstat f mode
	expect 0 chmod f 06777
	expect 0 -u $user:$user truncate f 2
	expect 0777 lstat f mode
	expect 0 chmod f 06777
	expect 0 -u $user:$user open f O_WRONLY,O_TRUNC
	forget
	expect 0777,0 lstat f mode,size
done
expect 0 chmod f 06777
expect 0 put f root
forget
expect 6777 lstat f mode
# Reading and renaming are no changes.
expect root -u 1001 get f
expect 0 -u 1001 rename f g
expect 0 link g f
expect 6777 lstat g mode

enter times
expect 0 -u 1000 put f x
expect 0 -u 1000 utimens f 1000000001 1000000002
expect EPERM -u 1001 utimens f 1000000003 1000000004
expect EACCES -u 1001 now f
expect 1000000002 lstat f mtime
expect 0 chmod f 0666
expect EPERM -u 1001 utimens f 1000000003 1000000004
expect 1000000002 lstat f mtime
expect 0 -u 1001 now f
sys lstat f mtime
[ "$reply" -gt 1000000000000000000 ]
ok $? "times: now is now"
expect 0 chmod f 0400
expect 0 -u 1000 utimens f 1000000001 1000000002
expect 0 -u 1000 now f
expect 0 utimens f 1000000001 1000000002

enter sticky
expect 0 mkdir t 01777
expect 0 chown t 1000 1000
for user in 1000 1001 1002; do
	expect 0 -u $user put t/f$user $user
	expect 0 -u $user mkdir t/d$user 0777
done
expect EPERM -u 1002 unlink t/f1001
expect EPERM -u 1002 rmdir t/d1001
expect EPERM -u 1002 rename t/f1001 t/x
expect EPERM -u 1002 rename t/f1001 x
expect EPERM -u 1002 rename t/f1002 t/f1001
expect EPERM -u 1002 rename t/d1002 t/d1001
expect EPERM -u 1001 unlink t/f1000
expect 1001 get t/f1001
expect 0 -u 1002 rename t/f1002 t/x
expect 0 -u 1002 unlink t/x
# The owner of the directory, and root
expect 0 -u 1000 unlink t/f1001
expect 0 -u 1000 rename t/d1001 t/y
expect 0 rmdir t/y
expect 0 chmod t 0777
expect 0 -u 1002 unlink t/f1000
expect 0 -u 1002 rmdir t/d1000

enter setgid
expect 0 mkdir d
expect 0 chown d 1000 2000
expect 0 chmod d 02777
expect 0 -u 1001:1001 put d/f x
expect 1001,2000,0644 lstat d/f uid,gid,mode
expect 0 -u 1001:1001 mkdir d/s 0755
expect 1001,2000,2755 lstat d/s uid,gid,mode
expect 0 -u 1001:1001 mkdir d/s/s 0700
expect 1001,2000,2700 lstat d/s/s uid,gid,mode
expect 0 -u 1001:1001 symlink t d/l
expect 1001,2000 lstat d/l uid,gid
expect 0 -u 1001:1001 mkfifo d/p 0644
expect 1001,2000,0644 lstat d/p uid,gid,mode
expect 0 put d/root x
expect 0,2000 lstat d/root uid,gid
expect 0 -u 1001:1001 open d/x O_CREAT,O_EXCL,O_WRONLY 0640
expect 1001,2000,0640 lstat d/x uid,gid,mode
# A file cannot get the set-gid bit of a group its creator is not in.
expect 0 -u 1001:1001 open d/e O_CREAT,O_WRONLY 02755
expect 0755 lstat d/e mode
expect 0 -u 1001:1001:2000 open d/i O_CREAT,O_WRONLY 02755
expect 2755 lstat d/i mode
expect 0 chmod d 0777
expect 0 -u 1001:1001:2000 put d/own x
expect 1001,1001 lstat d/own uid,gid
expect 0 -u 1001:1001 mkdir d/owndir 0755
expect 1001,1001,0755 lstat d/owndir uid,gid,mode

# Rights that change are seen at once by who changes them on the same client.
enter changes
expect 0 put f x
for _ in 1 2 3; do
	expect 0 chmod f 0600
	expect EACCES -u 1001 open f O_RDONLY
	expect 0 chmod f 0644
	expect 0 -u 1001 open f O_RDONLY
	expect 0 chmod . 0700
	expect EACCES -u 1001 open "$PWD/f" O_RDONLY
	expect 0 chmod . 0777
	expect 0 -u 1001 open "$PWD/f" O_RDONLY
done

finish
