#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_stress.sh: stress-ng's file system stressors, with --verify.
#
# Those that make sense on NFS version 3: no leases, extended attributes or
# fallocate.  STRESS_SECONDS (1) is the time of each.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# stress STRESSOR [OPTION...]
stress()
{
	local name=$1
	shift
	run "$name" stress-ng --temp-path "$D" --verify --timeout "${STRESS_SECONDS:-1}" --oomable \
		--no-rand-seed --"$name" 1 "$@" || return
	if grep -q 'skipped: *[1-9]' "$T/output"; then
		echo "# $name was skipped by stress-ng"
	fi
}

stress access
stress chdir --chdir-dirs 100
stress chmod
stress chown
stress copy-file --copy-file-bytes 128m
stress dentry --dentries 200
stress dir --dir-dirs 200
stress dirdeep --dirdeep-inodes 200
stress dirmany
stress dup
stress fcntl
stress filename --filename-opts posix
stress flock
stress fstat
stress getdent
stress hdd --hdd-bytes 8m --hdd-write-size 16k
stress io
stress iomix --iomix-bytes 8m
stress link
stress locka
stress mknod
stress mmap --mmap-bytes 4m --mmap-file
stress open
stress readahead --readahead-bytes 8m
stress rename
stress seek --seek-size 4m
stress sendfile --sendfile-size 1m
stress symlink
stress sync-file --sync-file-bytes 4m
stress touch
stress utime
find . -mindepth 1 -delete
same "$(ls)" "" "nothing is left"
finish
