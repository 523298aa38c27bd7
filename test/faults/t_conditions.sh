#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# conditions.c: locks, connections, a standby that is gone, clients that leave,
# the clock, full disks.
#
# ENTRIES=20000 in the directory that a client leaves half read.  Full disks are small ones of our own, in a mount namespace that ends with us.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"
if [ -z "$DITTOFS_RUN" ]; then
	make -s -C "$faults" WERROR=1 || exit 1
	apart=()
	[ "$(id -u)" != 0 ] || apart=(unshare --mount --propagation private)
	PG_CONF="max_wal_size = 16MB
		checkpoint_timeout = 1h" PG_INITDB=--wal-segsize=1 \
		exec "$top/test/with-gateway" -n 2 "${apart[@]}" bash "$(realpath "$0")" "$@"
fi

# disk NAME SIZE
disk()
{
	mkdir "$DITTOFS_RUN/$1" && mount -t tmpfs -o "size=$2,mode=700" "$1" \
		"$DITTOFS_RUN/$1" && chown "$owner" "$DITTOFS_RUN/$1"
}

node_1_start()
{
	node_preload=$DITTOFS_RUN/clock.so node_start 1
}

# conditions TEST...: beside it, starts a server that has stopped, when asked
conditions()
{
	local conditions i

	"$faults/build/conditions" "$@" &
	conditions=$!
	while kill -0 $conditions 2>/dev/null; do
		if [ -e "$DITTOFS_RUN/start" ]; then
			# what is left of the server gives up by itself, or is back by now
			for ((i = 0; i < 100; i++)); do
				[ -e "$DITTOFS_RUN/data/postmaster.pid" ] || break
				! q 'SELECT' 2>/dev/null || break
				sleep 0.1
			done
			[ -e "$DITTOFS_RUN/data/postmaster.pid" ] || node_1_start
			rm "$DITTOFS_RUN/start"
		fi
		sleep 0.05
	done
	wait $conditions || failed=1
}

failed=0
expect_crash
cp "$faults/build/clock.so" "$DITTOFS_RUN"
export CLOCK_OFFSET=$DITTOFS_RUN/clock
head -c 8 /dev/zero >"$CLOCK_OFFSET"
node_stop 1 fast
node_1_start
gateway_stop 1 && DITTOFS_GATEWAY_OPTS=--call-timeout=1s gateway_start 1
gateway_stop 2 &&
	DITTOFS_GATEWAY_OPTS="--call-timeout=8s --lock-timeout=60s" gateway_start 2
conditions locks connections stuck standby-gone cancel clock

if [ "$(id -u)" = 0 ]; then
	q "ALTER SYSTEM SET max_wal_size = '1GB'"
	q "CHECKPOINT"
	node_stop 1 fast
	disk wal 48M && disk data-disk 24M || exit 1
	head -c 1M /dev/zero >"$DITTOFS_RUN/data-disk/ballast"
	head -c 16M /dev/zero >"$DITTOFS_RUN/wal/ballast"
	mv "$DITTOFS_RUN/data/pg_wal" "$DITTOFS_RUN/wal/pg_wal" &&
		ln -s "$DITTOFS_RUN/wal/pg_wal" "$DITTOFS_RUN/data/pg_wal" || exit 1
	mkdir "$DITTOFS_RUN/data-disk/space"
	chown "$owner" "$DITTOFS_RUN/data-disk/space"
	node_1_start
	q "CREATE TABLESPACE small LOCATION '$DITTOFS_RUN/data-disk/space'"
	q "ALTER TABLE dittofs.blocks SET TABLESPACE small"
	conditions disk-full wal-full
	node_stop 1 fast
else
	echo "# not root: no full disks"
fi
exit $failed
