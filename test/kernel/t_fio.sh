#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_fio.sh [REGEX]: fio writes blocks with checksums and reads them
# back; of the ways of writing those whose names match.
#
# Each way of writing is two runs: the second one only reads, after the client
# has dropped what it had cached.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
jobs=${1:-.}

# verified NAME OPTION...
verified()
{
	local name=$1 options=(--name=job --verify=crc32c --verify_fatal=1
		--verify_state_save=0 --randrepeat=1 --fallocate=none --minimal
		--aux-path="$T" "${@:2}")

	[[ $name =~ $jobs ]] || return 0
	run "$name: write" fio "${options[@]}" --do_verify=0
	forget
	run "$name: verify" fio "${options[@]}" --verify_only
	rm -f job.*
}

direct=()
! on_nfs || direct=(--direct=1)

verified "sequential" --rw=write --bs=128k --size=24m
verified "sequential, odd sizes" --rw=write --bs=13001 --size=7800600
verified "random" --rw=randwrite --bs=4k --size=8m
verified "random, many sizes, fsync" --rw=randwrite --bsrange=512-64k --fsync=20 --size=8m
verified "random, two writers, O_SYNC" --rw=randwrite --bs=16k --size=1m --numjobs=2 --sync=1
verified "mapped" --rw=randwrite --ioengine=mmap --bs=4k --size=8m
verified "direct" "${direct[@]}" --rw=randwrite --bs=4k --size=1m
verified "direct, 16 in flight" "${direct[@]}" --rw=randwrite --ioengine=libaio \
	--iodepth=16 --bs=64k --size=16m
verified "direct, 1 MiB" "${direct[@]}" --rw=write --ioengine=libaio \
	--iodepth=4 --bs=1m --size=32m
[[ ! "reads among writes" =~ $jobs ]] ||
	run "reads among writes" fio --name=job --rw=randrw --bsrange=1k-32k --size=4m \
		--verify=md5 --verify_fatal=1 --verify_backlog=64 --fallocate=none \
		--minimal --aux-path="$T"
rm -f job.*
same "$(ls)" "" "nothing is left"
finish
