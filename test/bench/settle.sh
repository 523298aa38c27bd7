# SPDX-License-Identifier: PostgreSQL
# test/bench/settle.sh: what measure and content do so that loads do not differ by
# what came before them.  After lib.sh and, before sql is used, pg_paths.

# shellcheck shell=bash disable=SC2154

say()
{
	echo "bench: $*" >&2
}

sql()
{
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 "$@"
}

# The host of a virtual machine may give it memory only when a page is touched
# for the first time, and take back what is free.  That is a matter of when a load
# comes, not of what it does; and a machine that has run for a while has no free
# memory.  So what is free is filled with pages of files that are all hole.
age_memory()
{
	local free part cpus

	free=$(awk '/^MemFree/ { print int($2 / 1024) }' /proc/meminfo)
	[ "$free" -ge 256 ] || return 0
	say "$free MiB of free memory"
	cpus=$(nproc)
	for ((part = 0; part < cpus; part++)); do
		holes=$((holes + 1))
		truncate -s "$((free / cpus))M" "$DITTOFS_RUN/holes.$holes"
		cat "$DITTOFS_RUN/holes.$holes" >/dev/null &
	done
	wait
}

# What loads of data meet must not depend on what went before: nothing waits to
# be written, the WAL has files to go on with, and no memory is free.
settle()
{
	sql -c CHECKPOINT
	age_memory
}
