#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A call that waits for somebody's open transaction: who that is can be seen in
# the database, in the metrics, on the status page and in the log.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
cp "${DITTOFS_GATEWAY:-$gateway_built}" "$DITTOFS_RUN/gateway" || exit 1

q "SELECT dittofs.create_share('/export', squash => 'none'), dittofs.mkdir('/export/held')" >/dev/null
q "SELECT dittofs.write_file('/export/held/file', 'x')"
q "ALTER ROLE dittofs_gateway LOGIN; CREATE ROLE alice LOGIN SUPERUSER"

# paths
is "$(q "SELECT dittofs.path(dittofs.resolve(p)) FROM unnest(ARRAY['/export', '/export/held', '/export/held/file']) p")" \
	"/export
/export/held
/export/held/file" "path() is the inverse of resolve()"
is "$(q "SELECT count(dittofs.path(h)) FROM unnest(ARRAY['', '\x01', decode(repeat('01', 33), 'hex'), NULL]) h")" 0 \
	"and NULL for what is no handle"

port=$((20000 + RANDOM % 6000 * 2))
url=http://127.0.0.1:$((port + 1))
"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port $port --metrics --metrics-port $((port + 1)) \
	--call-timeout=8s --conninfo user=dittofs_gateway >"$DITTOFS_RUN/log" 2>&1 &
gateway_pid=$!
trap 'kill $gateway_pid 2>/dev/null; wait $gateway_pid' EXIT
await "the gateway is ready" curl -sfo "$DITTOFS_RUN/ready" "$url/readyz"
echo data >"$DITTOFS_RUN/source"

PGUSER=alice PGAPPNAME='a migration' session_begin
say "BEGIN; SELECT pg_backend_pid();" >"$DITTOFS_RUN/holder"
holder=$(<"$DITTOFS_RUN/holder")
say "SELECT dittofs.chmod('/export/held', '0777');" >/dev/null
nfs-cp "$DITTOFS_RUN/source" "nfs://127.0.0.1/export/held/new?version=3&nfsport=$port&mountport=$port" \
	>"$DITTOFS_RUN/copy" 2>&1 &
copy=$!

eventually "EXISTS (SELECT FROM dittofs.waiting WHERE blocked_by = $holder)"
is "$(q "SELECT procedure, share, path, client ~ '^127.0.0.1', waits > interval '1 s', blocked_by_user, blocked_by_application,
		blocked_by_state, blocked_since < since, blocked_by_query LIKE '%chmod%' FROM dittofs.waiting")" \
	"CREATE|/export|/export/held|t|t|alice|a migration|idle in transaction|t|t" "the view says what waits, and behind whom"
oldest()
{
	[ "$(curl -s "$url/metrics" | sed -n 's/^dittofs_oldest_call_seconds \([0-9]*\).*/\1/p')" -ge 3 ]
}
await "the metric says that a call has waited for 3 s" oldest
page_has()
{
	curl -s "$url/status.json" >"$DITTOFS_RUN/page"
	grep -qE "$1" "$DITTOFS_RUN/page"
}
await "the page knows the call" page_has "\"waiting\":\[\{[^]]*\"blocked_by\":$holder,\"blocked_by_user\":\"alice\""
ok $? "so does the page"
await "the page is not green" page_has '"oldest_call":([3-9]|[1-9][0-9])'
ok $? "and how old it is"
appears "$DITTOFS_RUN/log" "CREATE .*given up after .*: it waits for process $holder \(user alice, application \"a migration\", local, in a transaction since "
ok $? "when it is given up, the log says the same" || sed 's/^/# /' "$DITTOFS_RUN/log"

say "COMMIT;"
session_end
wait $copy
is "$(q "SELECT convert_from(dittofs.read_file('/export/held/new'), 'UTF8')")" data "asked again, it is made"
eventually "NOT EXISTS (SELECT FROM dittofs.waiting)"
ok $? "nothing waits any more"
is "$(q 'SELECT count(*) FROM dittofs.waiting_calls')" 0 "the table is empty"
zero()
{
	[ "$(curl -s "$url/metrics" | sed -n 's/^dittofs_oldest_call_seconds //p')" = 0 ]
}
await "the metric is 0 again" zero
ok $? "and the metric says so"
done_testing
