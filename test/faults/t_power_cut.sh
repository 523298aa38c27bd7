#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A power cut loses no acknowledged change: what the server had not synced is
# thrown away (preload/powercut.c), and clients that verify every answer go on.
#
# That the trick works is shown by servers that do not sync: with fsync = off, or
# synchronous_commit = off, the same clients must find out.
#
# CONTENT=filesystem or s3: content is in a store.  A directory is cut off with
# the server, and must have what the gateways had synced.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

# cut_power: all processes at once, and what was not durable with them.  The
# gateways first: what the server still does for them, they have synced before.
cut_power()
{
	local n

	for n in 1 2; do
		[ ! -d "$content" ] || gateway_stop $n KILL
	done
	node_stop 1 kill
	as_postgres "$DITTOFS_RUN/powercut" restore "$shadow" "$data" "$data.new" &&
		rm -rf "$data" "$shadow" && mv "$data.new" "$data" &&
		rm -f "$data/postmaster.pid" || return 1
	[ ! -d "$content" ] ||
		{ "$DITTOFS_RUN/powercut" restore "$content_shadow" "$content" "$content.new" &&
			rm -rf "$content" "$content_shadow" && mv "$content.new" "$content"; }
}

as_postgres()
{
	"${as_owner[@]}" "$@"
}

switch_on()
{
	local n

	as_postgres "$DITTOFS_RUN/powercut" snapshot "$data" "$shadow" &&
		node_preload=$DITTOFS_RUN/powercut.so \
			POWERCUT_DATA=$data POWERCUT_SHADOW=$shadow node_start 1 || return 1
	[ -d "$content" ] || return 0
	"$DITTOFS_RUN/powercut" snapshot "$content" "$content_shadow" || return 1
	for n in 1 2; do
		gateway_preload=$DITTOFS_RUN/powercut.so \
			POWERCUT_DATA=$content POWERCUT_SHADOW=$content_shadow \
			POWERCUT_LAZY=$LAZY_GATEWAYS gateway_start $n || return 1
	done
}

# Inside test/with-gateway: CUTS power cuts; the exit status is the clients'.
if [ -n "$DITTOFS_RUN" ]; then
	data=$(realpath "$DITTOFS_RUN/data")
	shadow=$DITTOFS_RUN/shadow
	content=$(realpath "$DITTOFS_RUN")/content
	content_shadow=$DITTOFS_RUN/content-shadow
	cp "$faults/build/powercut" "$faults/build/powercut.so" "$DITTOFS_RUN" || exit 3
	expect_crash
	[ -z "$store_options" ] ||
		q "SELECT dittofs.set_server_config('content_retention', '1')" >/dev/null
	# A store is new once: gateways that do not sync would lose its marker, and be right
	# to take what is left for another store
	if [ -d "$content" ]; then
		port=$(<"$DITTOFS_RUN/gateway.1/port")
		head -c 1000000 /dev/urandom >"$DITTOFS_RUN/first"
		nfs-cp "$DITTOFS_RUN/first" \
			"nfs://127.0.0.1/export/first?nfsport=$port&mountport=$port" >/dev/null || exit 3
		await "the store has its marker" test -e "$content/.dittofs-store"
	fi
	for n in 1 2; do
		[ ! -d "$content" ] || gateway_stop $n
	done
	node_stop 1 fast
	switch_on || exit 3
	seed=${SEED:-$RANDOM}
	echo "seed $seed"
	RANDOM=$seed
	"$top/test/model/build/model" --through-failures --clients 4 --seed "$seed" \
		--minutes 60 "${model_options[@]}" >"$DITTOFS_RUN/load.log" 2>&1 &
	load=$!
	for ((i = 0; i < CUTS; i++)); do
		kill -0 $load 2>/dev/null || break
		chance 20
		sleep "$((1 + chance / 10)).$((chance % 10))"
		[ "$i" != 1 ] || q CHECKPOINT
		cut_power && switch_on || { kill -KILL $load; exit 3; }
	done
	sleep 1
	kill -TERM $load 2>/dev/null
	content_await $load
	wait $load
	status=$?
	if [ $status = 0 ]; then
		grep -E '^# (operations|writes of)' "$DITTOFS_RUN/load.log"
		[ -z "$store_options" ] || content_verify || status=4
		echo "fsck: $(q 'SELECT * FROM dittofs.fsck()')"
	else
		grep -v '^ok' "$DITTOFS_RUN/load.log" | head -n "${LINES_SHOWN:-40}"
	fi
	exit $status
fi

export DITTOFS_TEST_CONTENT=${CONTENT:-${DITTOFS_TEST_CONTENT:-postgres}}
[ "$DITTOFS_TEST_CONTENT" = postgres ] ||
	export DITTOFS_GATEWAY_OPTS="$DITTOFS_GATEWAY_OPTS --content-gc-period 1s"
[ -n "$DITTOFS_NO_BUILD" ] || build install || exit 1
make -s -C "$top/test/model" WERROR=1 && make -s -C "$faults" WERROR=1 || exit 1

# run CUTS CONF: sets $status and $said.  One that must fail has several cuts: one
# of them may come when a WAL file has just been filled, which syncs it.
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
case $DITTOFS_TEST_CONTENT in
	postgres)
		# the WAL writer would have flushed all but the last moment
		run 3 "fsync = on
			synchronous_commit = off
			wal_writer_delay = 10s
			wal_writer_flush_after = 1GB"
		is "$status" 1 "with synchronous_commit = off the same is found out"
		run 3 "fsync = off"
		[ "$status" != 0 ]
		ok $? "with fsync = off, too"
		;;
	filesystem)
		LAZY_GATEWAYS=1 run 3 "fsync = on"
		is "$status" 1 "with gateways that do not sync the same is found out"
		;;
esac
done_testing
