#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# once.c, with failures between a call and its retransmission: the gateway, the
# server, and the primary for good.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"
if [ -z "$DITTOFS_RUN" ]; then
	make -s -C "$faults" WERROR=1 || exit 1
	DITTOFS_STANDBY_PORT=54321 PG_CONF="wal_retrieve_retry_interval = 200ms" \
		exec "$top/test/with-gateway" -n 2 bash "$(realpath "$0")"
fi

nothing()
{
	:
}

gateway-killed()
{
	gateway_stop 1 KILL
	gateway_start 1
}

server-crashed()
{
	node_stop 1 immediate
	node_start 1
}

server-killed()
{
	node_stop 1 kill
	node_start 1
}

standby-joined()
{
	standby_make && q "ALTER SYSTEM SET synchronous_standby_names = '*'" &&
		q "SELECT pg_reload_conf()" >/dev/null && standby_await
}

# After that, so that what is to survive was confirmed by the standby.
failed-over()
{
	fail_over kill && q "ALTER SYSTEM RESET synchronous_standby_names" &&
		q "SELECT pg_reload_conf()" >/dev/null
}

expect_crash
request=$DITTOFS_RUN/request
"$faults/build/once" "$request" "$request.done" nothing gateway-killed \
	server-crashed server-killed standby-joined failed-over &
once=$!
while kill -0 $once 2>/dev/null; do
	if [ -e "$request" ]; then
		failure=$(<"$request")
		rm "$request"
		"$failure" || kill $once
		: >"$request.done"
	fi
	sleep 0.05
done
wait $once
