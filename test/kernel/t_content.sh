#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_content.sh: data in whole blocks, in parts of them, and both.
#
# make test runs it once for each kind of content, so it is short; t_fio.sh is
# the long one.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# verified NAME OPTION...: writes, and reads after the cache has been dropped.
verified()
{
	local name=$1 options=(--name=job --verify=crc32c --verify_fatal=1
		--verify_state_save=0 --randrepeat=1 --fallocate=none --minimal
		--aux-path="$T" "${@:2}")
	run "$name: write" fio "${options[@]}" --do_verify=0
	forget
	run "$name: verify" fio "${options[@]}" --verify_only
	rm -f job.*
}

verified "whole blocks" --rw=write --bs=1m --size=16m
verified "parts of blocks" --rw=randwrite --bsrange=512-64k --fsync=50 --size=4m

topic "over and between"
dd if=/dev/urandom of="$T/copy" bs=1M count=6 status=none
cp "$T/copy" file
for at in 0 4095 131071 1048575 2097152 5000000; do
	for where in "$T/copy" file; do
		printf 'here I am at %d' $at |
			dd of="$where" bs=1 seek=$at conv=notrunc status=none
	done
done
truncate -s 4000001 "$T/copy" file
truncate -s 9000000 "$T/copy" file
dd if="$T/copy" of="$T/tail" bs=1M skip=2 count=1 status=none
for where in "$T/copy" file; do
	dd if="$T/tail" of="$where" bs=1M seek=7 conv=notrunc status=none
done
forget
run "the same after all" cmp "$T/copy" file
rm -f file

topic "many small ones"
mkdir -p "$T/tree"
for n in $(seq 200); do
	echo "file $n" >"$T/tree/$n"
done
run "copied" cp -r "$T/tree" tree
forget
run "the same" diff -r "$T/tree" tree
rm -rf tree
same "$(ls)" "" "nothing is left"
finish
