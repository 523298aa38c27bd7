#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_basic.sh [TOPIC...]: system calls and what they answer, as root.
#
# Each topic is a function topic_NAME and stands alone; t_semantics_noac.sh
# runs some of them under other mount options.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

topic_directories()
{
	local d

	expect 0 mkdir d 0755
	expect EEXIST mkdir d 0755
	expect dir,0755,0,0,2 lstat d type,mode,uid,gid,nlink
	expect 0 mkdir m 01777
	expect 1777 lstat m mode
	expect 0 mkdir zero 0000
	expect 0000 lstat zero mode
	expect 0 put f x
	expect EEXIST mkdir f 0755
	expect ENOTDIR mkdir f/d 0755
	expect ENOENT mkdir no/d 0755
	expect ENOENT rmdir no
	expect ENOTDIR rmdir f
	expect EISDIR unlink d
	expect EINVAL rmdir d/.
	expect 'ENOTEMPTY|EEXIST' rmdir d/..
	expect 0 mkdir d/sub 0755
	expect 3 lstat d nlink
	expect ENOTEMPTY rmdir d
	expect 0 rmdir d/sub
	expect 2 lstat d nlink
	expect 0 put d/f x
	expect 2 lstat d nlink
	expect ENOTEMPTY rmdir d
	expect 0 unlink d/f
	expect 0 rmdir d
	expect False exists d
	expect 'f m zero' list .
	# A deep path, and .. all the way up again.
	d=deep
	mkdir -p "$d/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16"
	expect file stat "$d/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/../../../../../../../../../../../../../../../../f" type
	run "rm -r of a deep path" rm -r deep
}

topic_umask()
{
	expect 0000 umask 027
	expect 0 mkdir d 0777
	expect 0750 lstat d mode
	expect 0 put f x
	expect 0640 lstat f mode
	expect 0 mkfifo p 0666
	expect 0640 lstat p mode
	expect 0027 umask 0
}

topic_rename()
{
	local t

	mkdir a b a/full b/full b/empty
	echo one >f
	echo two >g
	touch a/full/x b/full/x
	ln f hard
	expect 0 rename f f
	expect ENOENT rename no x
	expect ENOENT rename f no/x
	expect ENOTDIR rename f g/x
	expect 0 rename f new
	expect False exists f
	expect 'one\x0a' get new
	expect 2 lstat new nlink
	expect 0 rename new g
	expect 'one\x0a' get g
	expect 'a b g hard' list .
	# Two names of one file: nothing happens, both stay.
	expect 0 rename g hard
	expect 'a b g hard' list .
	expect 2 lstat g nlink
	expect EISDIR rename g a
	expect ENOTDIR rename a g
	expect EINVAL rename a a/sub
	expect EINVAL rename a a/full/sub
	expect 'ENOTEMPTY|EEXIST' rename a b/full
	expect 'ENOTEMPTY|EEXIST' rename a/full a
	expect 'EINVAL|EBUSY' rename a/. x
	expect 'EINVAL|EBUSY|ENOTEMPTY' rename a b/..
	expect 4 lstat b nlink
	expect 3 lstat a nlink
	expect 0 rename a/full b/empty
	expect 2 lstat a nlink
	expect 4 lstat b nlink
	expect x list b/empty
	sys lstat b ino; t=$reply
	expect "$t" stat b/empty/.. ino
	expect 0 rename b/empty a/moved
	expect 3 lstat b nlink
	expect 3 lstat a nlink
	sys lstat a ino; t=$reply
	expect "$t" stat a/moved/.. ino
	expect 0 symlink nowhere s
	expect 0 rename s s2
	expect nowhere readlink s2
	expect 0 mkfifo p
	expect 0 rename p p2
	expect fifo lstat p2 type
	# The victim's own content and count.
	ln g g2
	expect 0 rename p2 g
	expect 2 lstat g2 nlink
	expect 'one\x0a' get g2
}

topic_links()
{
	local i n

	echo x >f
	mkdir d
	expect 1 lstat f nlink
	expect 0 link f g
	expect 0 link f d/h
	expect 3 lstat f nlink
	expect 3 lstat d/h nlink
	sys lstat f ino; i=$reply
	expect "$i" lstat d/h ino
	expect EEXIST link f g
	expect EEXIST link f d
	expect ENOENT link no x
	expect ENOENT link f no/x
	expect ENOTDIR link f g/x
	expect EPERM link d d2
	expect 0 chmod g 0600
	expect 0600 lstat d/h mode
	echo more >>d/h
	expect 'x\x0amore\x0a' get f
	expect 0 unlink f
	expect 2 lstat g nlink
	expect 0 unlink g
	expect 1 lstat d/h nlink
	expect 'x\x0amore\x0a' get d/h
	expect ENOENT unlink g
	# Links of what is not a file.
	expect 0 symlink t s
	expect 0 link s s2
	expect symlink,2 lstat s2 type,nlink
	expect 0 mkfifo p
	expect 0 link p p2
	expect fifo,2 lstat p2 type,nlink
	for ((n = 0; n < 200; n++)); do
		sys link d/h "d/l$n"
	done
	expect 201 lstat d/h nlink
	run "rm of 200 links" rm -r d
}

topic_symlinks()
{
	local long

	expect 0 symlink target s
	expect target readlink s
	expect symlink,0777,6 lstat s type,mode,size
	expect ENOENT stat s size
	expect ENOENT open s O_RDONLY
	expect EEXIST symlink x s
	expect ENOENT symlink '' empty
	expect ENOENT symlink x no/s
	expect 0 put target data
	expect data get s
	expect ELOOP open s O_RDONLY,O_NOFOLLOW
	expect EEXIST open s O_CREAT,O_EXCL,O_WRONLY
	expect EINVAL readlink target
	expect 0 symlink loop loop
	expect ELOOP stat loop size
	expect 0 symlink $'line\nend \xff' odd
	expect 'line\x0aend \xff' readlink odd
	mkdir d
	expect 0 symlink d dir
	expect 0 put dir/f x
	expect f list dir
	expect ENOTDIR rmdir dir
	expect 0 unlink dir
	expect f list d
	# Somebody's path limits end at 4095 bytes; the client takes a page at most.
	printf -v long '%04095d' 0
	expect 0 symlink "$long" long
	forget
	expect "$long" readlink long
	expect ENAMETOOLONG symlink "${long}0" longer
}

topic_special()
{
	expect 0 mkfifo p 0640
	expect fifo,0640 lstat p type,mode
	expect EEXIST mkfifo p 0640
	(echo through >p) &
	read -r -t 10 line <p
	same "$line" through "a FIFO carries data"
	wait $!
	expect 0 bind sock
	expect socket lstat sock type
	expect EADDRINUSE bind sock
	expect 0 mknod c char 0600 1 3
	expect char,0600,1:3 lstat c type,mode,rdev
	expect 0 mknod b block 0600 259 1048575
	expect block,259:1048575 lstat b type,rdev
	expect 0 mknod f file 0604
	expect file,0604,0 lstat f type,mode,size
	expect EEXIST mknod f file 0604
	if on_nfs; then
		# On a local file system nodev may be in the way.
		expect 0 open c O_WRONLY
	else
		skip "$topic: open c" "not NFS"
	fi
	forget
	same "$(find . -printf '%f %y\n' | sort | paste -sd' ')" \
		'. d b b c c f f p p sock s' "types in a listing"
	run "rm of special files" rm p sock c b f
}

topic_names()
{
	local long all i byte

	printf -v long '%0255d' 0
	expect 0 put "$long" x
	expect x get "$long"
	expect ENAMETOOLONG open "${long}0" O_CREAT,O_WRONLY
	expect ENAMETOOLONG mkdir "${long}0"
	expect ENAMETOOLONG lstat "${long}0" size
	expect ENAMETOOLONG rename "$long" "${long}0"
	expect ENAMETOOLONG symlink x "${long}0"
	expect 0 unlink "$long"

	# Every byte but NUL and '/', not UTF-8 as a whole.
	all=
	for ((i = 1; i < 256; i++)); do
		[ "$i" != 47 ] || continue
		printf -v byte '\\x%02x' "$i"
		printf -v byte %b "$byte"
		all=$all$byte
	done
	expect 0 put "$all" all
	expect all get "$all"
	forget
	sys list .
	same "$(printf %b "$reply" | md5sum)" "$(printf %s "$all" | md5sum)" \
		"a name of all bytes is listed as it was given"
	expect 0 rename "$all" plain
	expect all get plain
	expect 0 unlink plain

	for i in ' ' ' x ' $'new\nline' 'back\slash' -dash ... .hidden 'a.' '*' \
		'%s%n' "quo'te\"" $'\xff\xfe' $'\xc3' $'\xc3\xa4' $'a\xcc\x88'; do
		expect 0 put "$i" "$i"
	done
	forget
	same "$(find . -type f | wc -lc | tr -s ' ' ,)" \
		"$(find . -type f -exec sh -c 'for f; do cat "$f"; echo "./"; done' - {} + | wc -lc | tr -s ' ' ,)" \
		"odd names hold what was written under them"
	expect 0 put case lower
	expect 0 put CASE upper
	expect lower get case
	expect upper get CASE
	# Longer than PATH_MAX in all, so only relative to its parts.
	run "a path of 5000 bytes" bash -c '
		name=$(printf "%0250d" 0)
		for ((i = 0; i < 20; i++)); do mkdir $name && cd -P $name || exit; done
		touch end'
	run "removed again" rm -r "$(printf '%0250d' 0)"
}

topic_open()
{
	expect ENOENT open f O_RDONLY
	expect ENOENT open no/f O_CREAT,O_WRONLY
	expect 0 open f O_CREAT,O_EXCL,O_WRONLY 0640
	expect file,0640,0,0,0,1 lstat f type,mode,size,uid,gid,nlink
	expect EEXIST open f O_CREAT,O_EXCL,O_WRONLY
	expect 0 open f O_CREAT,O_WRONLY 0600
	expect 0640 lstat f mode
	expect EISDIR open . O_WRONLY
	expect 'EISDIR|EEXIST' open . O_WRONLY,O_CREAT
	expect ENOTDIR open f O_RDONLY,O_DIRECTORY
	expect ENOTDIR open f/x O_RDONLY
	expect 0 put f 0123456789
	expect 0 open f O_CREAT,O_WRONLY
	expect 10 lstat f size
	expect 0 open f O_RDONLY
	expect 0 open f O_WRONLY,O_TRUNC
	expect 0 lstat f size
	# The mode counts from the next open on.
	expect 0 fopen h zero O_CREAT,O_EXCL,O_RDWR 0000
	expect 4 write h data
	expect 0 fsync h
	expect data pread h 0 10
	expect 0 close h
	expect 0000,4 lstat zero mode,size
	expect 0 fopen h ro O_CREAT,O_WRONLY 0444
	expect 4 write h data
	expect EBADF read h 1
	expect 0 close h
	expect 0444,4 lstat ro mode,size
	expect 0 fopen h ro O_RDONLY
	expect EBADF write h x
	expect 0 close h
}

topic_append()
{
	local who n pids=()

	expect 0 fopen a f O_CREAT,O_WRONLY,O_APPEND 0644
	expect 0 fopen b f O_RDWR,O_APPEND
	expect 3 write a one
	expect 3 write b two
	expect 5 write a three
	expect onetwothree pread b 0 100
	expect 0 lseek b 0 SEEK_SET
	expect 4 write b four
	expect 15 lstat f size
	expect 0 ftruncate a 3
	expect 1 write b x
	expect onex get f
	expect 0 close a
	expect 0 close b
	# Several processes of one client.
	for who in 0 1 2 3; do
		for n in {000..049}; do
			echo "$who $n"
		done >>log &
		pids+=($!)
	done
	wait "${pids[@]}"
	same "$(sort log | uniq | wc -lc | tr -s ' ' ,)" ,200,1200 \
		"200 lines appended by 4 processes are all there"
}

topic_data()
{
	local sum

	expect 0 fopen h f O_CREAT,O_RDWR 0644
	expect 5 pwrite h 0 hello
	expect 5 pwrite h 100 world
	expect 105 fstat h size
	expect 'hello\x00\x00' pread h 0 7
	expect '\x00\x00world' pread h 98 100
	expect '' pread h 105 10
	expect '' pread h 100000 10
	expect 3 pwrite h 1 EYE
	expect hEYEo pread h 0 5
	expect 0 ftruncate h 4
	expect 4 fstat h size
	expect 0 ftruncate h 8
	expect 'hEYE\x00\x00\x00\x00' pread h 0 100
	expect EINVAL ftruncate h -1
	expect 0 fsync h
	expect 0 close h
	forget
	expect 'hEYE\x00\x00\x00\x00' get f
	expect 0 truncate f 0
	expect '' get f

	# Across the borders of pages and blocks, and back from the server.
	for size in 4096 131056 131072 131088 1048592 2097152; do
		expect 0 pattern "p$size" "$size"
	done
	forget
	for size in 4096 131056 131072 131088 1048592 2097152; do
		expect good check_pattern "p$size" "$size"
	done
	expect 0 fopen h p1048592 O_RDWR
	expect 6 pwrite h 131069 border
	expect 6 pwrite h 1048573 border
	expect 0 ftruncate h 1048577
	expect 0 close h
	forget
	expect 0 fopen h p1048592 O_RDONLY
	expect '00000000001fborder00000000' pread h 131057 26
	expect bord pread h 1048573 100
	expect 0 close h
	expect 1048577 lstat p1048592 size

	cp p2097152 copy
	forget
	run "cp" cmp p2097152 copy
	if on_nfs; then
		sum=$(dd if=copy bs=1M iflag=direct status=none | md5sum)
		same "$sum" "$(md5sum <p2097152)" "O_DIRECT read"
		dd if=p2097152 of=direct bs=64k oflag=direct status=none
		forget
		run "O_DIRECT write" cmp p2097152 direct
	fi
	expect 0 fopen a p131088 O_RDONLY
	expect 0 fopen b range O_CREAT,O_RDWR
	expect 131088 copy_range a b 200000
	expect 0 close a
	expect 0 close b
	forget
	expect good check_pattern range 131088

	expect 0 fopen h p4096 O_RDWR
	expect 0 poke h 1000 mapped
	expect mapped pread h 1000 6
	expect 6 pwrite h 2000 called
	expect called peek h 2000 6
	expect 0 close h
	forget
	expect 0 fopen h p4096 O_RDONLY
	expect mapped peek h 1000 6
	expect 0 close h
}

topic_holes()
{
	local size

	expect 0 fopen h f O_CREAT,O_RDWR 0644
	# 4 GiB and more, 1 TiB
	expect 3 pwrite h 0xffffffff abc
	expect 4294967298 fstat h size
	expect 3 pwrite h 0x10000000000 xyz
	expect 0 fsync h
	expect 1099511627779 fstat h size
	expect 0 close h
	forget
	expect 1099511627779 lstat f size
	sys lstat f blocks
	[ "$reply" -lt 4096 ]
	ok $? "$topic: a hole uses no space ($reply blocks)"
	expect 0 fopen h f O_RDWR
	expect '\x00abc\x00' pread h 0xfffffffe 5
	expect 'xyz' pread h 0x10000000000 5
	expect '\x00\x00' pread h 0x8000000000 2
	expect 0 ftruncate h 0x100000000
	expect 0 ftruncate h 0x200000000
	expect 0 fsync h
	expect 'a\x00\x00\x00' pread h 0xffffffff 4
	expect 0 close h
	forget
	expect 8589934592 lstat f size
	expect 0 unlink f

	expect 0 fopen h g O_CREAT,O_RDWR 0644
	expect 0 ftruncate h 1000000
	expect 1 pwrite h 500000 x
	expect 0 close h
	forget
	same "$(md5sum <g)" \
		"$({ head -c 500000 /dev/zero; printf x; head -c 499999 /dev/zero; } | md5sum)" \
		"zeros before and after"
	run "cp --sparse=always" cp --sparse=always g copy
	forget
	run "the copy is equal" cmp g copy
	# A file that shrinks and grows again must not show what it held.
	expect 0 pattern old 300000
	expect 0 truncate old 100
	expect 0 truncate old 300000
	forget
	same "$(tail -c +101 old | tr -d '\0' | wc -c)" 0 "nothing old comes back"
}

topic_times()
{
	local before name

	echo x >f
	mkdir d
	# A directory stands for its entries: whatever changes them changes it.
	for name in 'put d/a x' 'mkdir d/s' 'symlink t d/l' 'mkfifo d/p' \
		'link f d/h' 'rename d/a d/b' 'unlink d/b' 'rmdir d/s' \
		'rename d/h x' 'rename x d/x' 'rename f d/f' 'rename d/f d/p'; do
		sys lstat d mtime,ctime
		before=$reply
		tick
		# shellcheck disable=SC2086
		sys $name
		sys lstat d mtime,ctime
		[ "${reply%,*}" -gt "${before%,*}" ] && [ "${reply#*,}" -gt "${before#*,}" ]
		ok $? "$topic: $name moves mtime and ctime of the directory"
	done
	echo x >f
	for name in 'chmod f 0600' 'chown f 1 1' 'link f g' 'rename g h' \
		'unlink h' 'put f more' 'truncate f 2' 'utimens f 1000000005 1000000006'; do
		sys lstat f ctime
		before=$reply
		tick
		# shellcheck disable=SC2086
		sys $name
		sys lstat f ctime
		[ "$reply" -gt "$before" ]
		ok $? "$topic: $name moves ctime"
	done
	expect 1000000005,1000000006 lstat f atime,mtime
	expect 0 chmod f 0644
	expect 1000000006 lstat f mtime
	expect 0 put f data
	sys lstat f mtime
	[ "$reply" -gt 1000000000000000000 ]
	ok $? "$topic: writing sets mtime"
	sys lstat f mtime
	before=$reply
	tick
	expect data get f
	expect "$before" lstat f mtime
	expect 0 truncate f 10
	sys lstat f mtime
	[ "$reply" -gt "$before" ]
	ok $? "$topic: truncate to another size sets mtime"

	# The client cuts the nanoseconds off the first and the last second that
	# NFSv3 can express.
	expect 0 utimens f 0 1999999999
	forget
	expect 0,1999999999 lstat f atime,mtime
	expect 0 utimens f 4294967295000000000 4294967294999999999
	forget
	expect 4294967295000000000,4294967294999999999 lstat f atime,mtime
	expect 0 utimens d 1234567890123456789 1234567891987654321
	forget
	expect 1234567890123456789,1234567891987654321 lstat d atime,mtime
	expect 0 symlink x s
	expect 0 utimens s 1000000003 1000000004
	expect 1000000004 lstat s mtime
	before=$(date +%s)
	expect 0 now f
	sys lstat f mtime
	[ "${reply:: -9}" -ge "$before" ] && [ "${reply:: -9}" -le $((before + 5)) ]
	ok $? "$topic: now is now ($reply, $before)"
	run "touch -d and stat agree" bash -c '
		touch -d "2001-02-03 04:05:06.123456789 UTC" f &&
		[ "$(TZ=UTC stat -c %y f)" = "2001-02-03 04:05:06.123456789 +0000" ]'
}

topic_statfs()
{
	local blocks free avail

	sys statvfs . blocks; blocks=$reply
	sys statvfs . bfree; free=$reply
	sys statvfs . bavail; avail=$reply
	[ "$blocks" -gt 0 ] && [ "$free" -le "$blocks" ] && [ "$avail" -le "$free" ]
	ok $? "$topic: $avail of $blocks blocks available"
	sys statvfs . files; blocks=$reply
	sys statvfs . ffree; free=$reply
	[ "$blocks" -gt 0 ] && [ "$free" -le "$blocks" ]
	ok $? "$topic: $free of $blocks inodes free"
	expect 255 statvfs . namemax
	expect 255 pathconf . PC_NAME_MAX
	run "df" df .
	run "df -i" df -i .
	run "sync" sync -f .
}

# The client removes a file that was deleted while open some time after the
# last close.
silly_names_go()
{
	local i

	for ((i = 0; i < 50; i++)); do
		sys list .
		[[ $reply == *.nfs* ]] || break
		sleep 0.1
	done
}

topic_deleted()
{
	expect 0 put f data
	expect 0 fopen h f O_RDWR
	expect 0 unlink f
	expect False exists f
	expect ENOENT open f O_RDONLY
	expect data pread h 0 100
	expect 4 pwrite h 4 more
	expect 0 fsync h
	expect datamore pread h 0 100
	expect 8 fstat h size
	expect 0 fchmod h 0600
	expect 0 put f other
	expect datamore pread h 0 100
	expect 0 close h
	silly_names_go
	expect f list .
	expect other get f

	expect 0 put old old
	expect 0 put new new
	expect 0 fopen h old O_RDWR
	expect 0 rename new old
	expect new get old
	expect old pread h 0 100
	expect 3 pwrite h 3 est
	expect oldest pread h 0 100
	expect 0 close h
	expect new get old
	silly_names_go
	expect 'f old' list .

	mkdir d
	expect 0 put d/f x
	expect 0 fopen h d/f O_RDONLY
	expect 0 unlink d/f
	if on_nfs; then
		# The client keeps the file under another name until it is closed.
		expect ENOTEMPTY rmdir d
		sys list d
		like "$reply" '^\.nfs[0-9a-f]+$' "$topic: a silly name"
	fi
	expect x pread h 0 100
	expect 0 close h
	expect 0 rmdir d

	mkdir gone
	expect 0 chdir gone
	expect 0 rmdir "$PWD/gone"
	expect 'ENOENT|ESTALE' put f x
	expect 'ENOENT|ESTALE' mkdir d
	expect 0 chdir "$PWD"
}

# What only 4.2 has, and no other version pretends to have; see t_ranges.sh.
topic_extensions()
{
	local command status

	expect 0 put f x
	if on_nfs; then
		status=$(by_version 1 1 0)
		expect "$(by_version ENOTSUP ENOTSUP 0)" setxattr f user.x y
		for command in '-l 4096' '-p -l 1'; do
			# shellcheck disable=SC2086
			same "$(fallocate $command f 2>/dev/null; echo $?)" "$status" "fallocate $command: $status"
		done
		expect "$(by_version 1 1 4096)" lstat f size
	else
		skip "$topic: setxattr, fallocate" "not NFS"
	fi
	run "flock" flock f true
}

# Many entries need many pages of READDIR; more so with long names.
topic_listing()
{
	local n=10000 long

	mkdir d
	expect 0 fill d f 1 "$n"
	expect "$n" count d
	forget
	expect "$n" count d
	same "$(find d -type f -name 'f*' | sort -u | wc -l)" "$n" "find"
	# Deleting what was read while reading on.
	run "rm -rf" rm -rf d
	expect False exists d
	mkdir long
	printf -v long '%0240d' 0
	expect 0 fill long "$long-" 1 500
	forget
	expect 500 count long
	# shellcheck disable=SC2010
	same "$(ls -l long | grep -c '^-rw-r--r-- 1 root root 0 ')" 500 "ls -l"
	run "rm -r of long names" rm -r long
	expect '' list .
}

[ $# -gt 0 ] || set -- directories umask rename links symlinks special names \
	open append data holes times statfs deleted extensions listing
for name; do
	mkdir "$D/$name"
	cd "$D/$name" || die "cannot enter $name"
	sys chdir "$D/$name"
	topic "$name"
	since=$SECONDS
	"topic_$name"
	cd "$D" || exit 1
	sys chdir "$D"
	rm -rf "$name"
	[ ! -e "$name" ]
	ok $? "$name: all of it can be removed"
	[ $((SECONDS - since)) -lt 3 ] || echo "# $name: $((SECONDS - since)) s"
done
finish
