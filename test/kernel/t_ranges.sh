#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_ranges.sh: what NFSv4.2 has besides: extended attributes, holes,
# copies and clones, by the calls of Linux' client.
# NFS_VERSION=4.2

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A system call for each line, "call argument...": its result, or the error's name.
# One process makes them all: Python takes seconds to start on this kernel.
cat >"$T/calls.py" <<'PY'
import ctypes, errno, fcntl, os, sys

libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
PUNCH_HOLE = 3			# and keep the size
FICLONE = 0x40049409


def opened(name, flags, work):
	fd = os.open(name, flags, 0o644)
	try:
		return work(fd)
	finally:
		os.close(fd)


def fallocate(name, mode, offset, count):
	def work(fd):
		if libc.fallocate(fd, mode, int(offset), int(count)) != 0:
			raise OSError(ctypes.get_errno(), "fallocate")
	return opened(name, os.O_RDWR, work)


def copy(source, target):
	def work(fd):
		def to(out):
			done = 0
			size = os.fstat(fd).st_size
			while done < size:
				n = os.copy_file_range(fd, out, size - done, done, done)
				if n == 0:
					break
				done += n
			return done
		return opened(target, os.O_WRONLY | os.O_CREAT, to)
	return opened(source, os.O_RDONLY, work)


calls = {
	"set": lambda n, a, v: os.setxattr(n, a, v.encode()),
	"create": lambda n, a, v: os.setxattr(n, a, v.encode(), os.XATTR_CREATE),
	"replace": lambda n, a, v: os.setxattr(n, a, v.encode(), os.XATTR_REPLACE),
	"large": lambda n, a, v: os.setxattr(n, a, b"x" * int(v)),
	"get": lambda n, a: os.getxattr(n, a).decode(),
	"length": lambda n, a: len(os.getxattr(n, a)),
	"list": lambda n: " ".join(sorted(os.listxattr(n))),
	"remove": lambda n, a: os.removexattr(n, a),
	"punch": lambda n, o, c: fallocate(n, PUNCH_HOLE, o, c),
	"allocate": lambda n, o, c: fallocate(n, 0, o, c),
	"data": lambda n, o: opened(n, os.O_RDONLY, lambda fd: os.lseek(fd, int(o), os.SEEK_DATA)),
	"hole": lambda n, o: opened(n, os.O_RDONLY, lambda fd: os.lseek(fd, int(o), os.SEEK_HOLE)),
	"copy": copy,
	"clone": lambda s, t: opened(s, os.O_RDONLY, lambda fd: opened(
		t, os.O_WRONLY | os.O_CREAT, lambda out: fcntl.ioctl(out, FICLONE, fd))),
}
for line in sys.stdin:
	call, *arguments = line.split()
	try:
		result = calls[call](*arguments)
		print("ok" if result is None else result, flush=True)
	except OSError as error:
		print(errno.errorcode.get(error.errno, error.errno), flush=True)
PY

coproc CALLS { exec python3 "$T/calls.py" 2>&1; }

# call WANTED CALL ARGUMENT...
call()
{
	local answer

	echo "${*:2}" >&"${CALLS[1]}"
	IFS= read -r -t 120 answer <&"${CALLS[0]}"
	same "$answer" "$1" "${*:2}"
}

topic "extended attributes"
echo content >f
mkdir d
ln -s f link
call ENODATA get f user.a
call ENODATA replace f user.a one
call ok create f user.a one
call EEXIST create f user.a two
call one get f user.a
call ok set f user.a two
call ok large f user.large 65536
call "user.a user.large" list f
forget
call two get f user.a
call 65536 length f user.large
call ok remove f user.large
call ENODATA remove f user.large
call ok set d user.of.directory x
call user.of.directory list d
ln f d/again
forget
call two get d/again user.a

topic "holes"
head -c 2000000 /dev/urandom >a
cp a wanted
sync
call ok punch a 300000 1000000
dd if=/dev/zero of=wanted bs=1000 seek=300 count=1000 conv=notrunc 2>/dev/null
forget
run "the hole is zeros" cmp a wanted
same "$(stat -c %s a)" 2000000 "the size stays"
[ "$(stat -c %b a)" -lt 2500 ]
ok $? "holes: it takes less space"
call 300000 hole a 0
call 1300000 data a 400000
call 2000000 hole a 1300000
call ENXIO data a 2000000
call ok allocate a 2000000 500000
same "$(stat -c %s a)" 2500000 "allocated"
call ENXIO data a 2400000

topic "copies"
call 2500000 copy a copied
forget
run "a copy" cmp a copied
call 300000 hole copied 0
call 0 clone a cloned
forget
run "a clone" cmp a cloned
call 300000 hole cloned 0
run "cp --reflink" cp --reflink=always a reflink
run "it is the same" cmp a reflink
head -c 100 /dev/urandom | dd of=reflink bs=1 seek=50 conv=notrunc 2>/dev/null
forget
run "the source is as it was" cmp a cloned

# It stands on the share, which is unmounted next.
eval "exec ${CALLS[1]}>&-"
wait
finish
