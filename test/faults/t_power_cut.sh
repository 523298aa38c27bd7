#!/bin/bash
# A power cut loses no acknowledged change: what the server had not synced is
# thrown away (preload/powercut.c), and clients that verify every answer go on.
#
# That the trick works is shown by servers that do not sync: with fsync = off, or
# synchronous_commit = off, the same clients must find out.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# cut_power: all processes at once, and what was not durable with them
cut_power()
{
	node_stop 1 kill
	as_postgres "$DITTOFS_RUN/powercut" restore "$shadow" "$data" "$data.new" &&
		rm -rf "$data" "$shadow" && mv "$data.new" "$data" &&
		rm -f "$data/postmaster.pid"
}

as_postgres()
{
	"${as_owner[@]}" "$@"
}

switch_on()
{
	as_postgres "$DITTOFS_RUN/powercut" snapshot "$data" "$shadow" &&
		node_preload=$DITTOFS_RUN/powercut.so \
			POWERCUT_DATA=$data POWERCUT_SHADOW=$shadow node_start 1
}

# Inside test/with-gateway: CUTS power cuts; the exit status is the clients'.
if [ -n "$DITTOFS_RUN" ]; then
	data=$(realpath "$DITTOFS_RUN/data")
	shadow=$DITTOFS_RUN/shadow
	cp "$faults/build/powercut" "$faults/build/powercut.so" "$DITTOFS_RUN" || exit 3
	expect_crash
	node_stop 1 fast
	switch_on || exit 3
	seed=${SEED:-$RANDOM}
	echo "seed $seed"
	RANDOM=$seed
	"$top/test/model/build/model" --through-failures --clients 4 --seed "$seed" \
		--minutes 60 >"$DITTOFS_RUN/load.log" 2>&1 &
	load=$!
	for ((i = 0; i < CUTS; i++)); do
		chance 20
		sleep "$((1 + chance / 10)).$((chance % 10))"
		[ "$i" != 1 ] || q CHECKPOINT
		cut_power && switch_on || exit 3
	done
	sleep 1
	kill -TERM $load 2>/dev/null
	wait $load
	status=$?
	if [ $status = 0 ]; then
		grep '^# operations' "$DITTOFS_RUN/load.log"
		echo "fsck: $(q 'SELECT * FROM dittofs.fsck()')"
	else
		grep -v '^ok' "$DITTOFS_RUN/load.log" | head -n "${LINES_SHOWN:-40}"
	fi
	exit $status
fi

[ -n "$DITTOFS_NO_BUILD" ] || build install || exit 1
make -s -C "$top/test/model" WERROR=1 && make -s -C "$faults" WERROR=1 || exit 1

# run CUTS CONF: sets $status and $said
run()
{
	said=$(CUTS=$1 PG_CONF=$2 PG_INITDB=--wal-segsize=1 \
		"$top/test/with-gateway" -n 2 bash "$(realpath "$0")" 2>&1)
	status=$?
	sed 's/^/# /' <<<"$said"
}

run 3 "fsync = on
	checkpoint_timeout = 30s
	max_wal_size = 16MB"
is "$status" 0 "three power cuts: every acknowledged change is there"
like "$said" $'fsck: ($|\n)' "fsck finds nothing"
export LINES_SHOWN=3
run 1 "fsync = on
	synchronous_commit = off"
is "$status" 1 "with synchronous_commit = off the same is found out"
run 1 "fsync = off"
[ "$status" != 0 ]
ok $? "with fsync = off, too"
done_testing
