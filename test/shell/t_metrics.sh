#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The HTTP port: probes, what Prometheus reads, the page for people; and what
# gateways tell the database of themselves.

# shellcheck disable=SC2001,SC2054,SC2154,SC2317
export PG_CONF="shared_preload_libraries = 'pg_stat_statements'"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$top/gateway/dittofs}
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
make -s -C "$top/test/bench" || exit 1
make -s -C "$top/test/gateway" || exit 1
load=$top/test/bench/build/load
log=$DITTOFS_RUN/gateway.log
port=$((20000 + RANDOM % 6000))
http=$((port + 1))
url=http://127.0.0.1:$http

q "CREATE EXTENSION pg_stat_statements;
	ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777');
	SELECT dittofs.set_server_config('capacity_bytes', '268435456')" >/dev/null

# start NUMBER OPTION...
start()
{
	local n=$1

	shift
	: >"$log.$n"
	"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port $((port + 10 * n)) \
		--metrics --metrics-port $((http + 10 * n)) --conninfo user=dittofs_gateway \
		"$@" >>"$log.$n" 2>&1 &
	gateway_pid=$!
}

# status PATH [CURL-OPTION...]: the status code
status()
{
	local path=$1

	shift
	curl -s -m 5 -o "$DITTOFS_RUN/body" -w '%{http_code}' "$@" "$url$path"
}

answers()
{
	[ "$(status "$1")" = "$2" ]
}

# page_has REGEX
page_has()
{
	status /status.json >/dev/null
	grep -q "$1" "$DITTOFS_RUN/body"
}

# becomes PATH CODE NAME
becomes()
{
	await "$1 is answered with $2" answers "$1" "$2"
	ok $? "$3" || sed 's/^/# /' "$DITTOFS_RUN/body" "$log.0"
}

end()
{
	local pid

	for pid in $first $second; do
		kill "$pid" 2>/dev/null
	done
}
trap end EXIT

# value METRIC: of the last scrape
value()
{
	awk -v name="$1" '$1 == name { print $2 }' "$DITTOFS_RUN/metrics"
}

# held_up PORT: a client of that gateway makes a file where somebody is making one.
held_up()
{
	local waiting

	session_begin
	say "BEGIN;"
	say "SELECT dittofs.write_file('/export/held.$1', 'x');" >/dev/null
	say "SELECT dittofs.chmod('/export/file', '0600');" >/dev/null
	nfs-cp "$DITTOFS_RUN/file" "nfs://127.0.0.1/export/file?version=3&nfsport=$1&mountport=$1" \
		>/dev/null 2>&1 &
	waiting=$!
	eventually "EXISTS (SELECT FROM pg_stat_activity
		WHERE usename = 'dittofs_gateway' AND wait_event_type = 'Lock')"
	sleep 0.5
	say "COMMIT;"
	session_end
	wait $waiting
}

start 0 --drain-delay=2s --slow-call=200ms
first=$gateway_pid
becomes /readyz 200 "a gateway gets ready"
is "$(status /healthz)" 200 "and is alive"
like "$(<"$DITTOFS_RUN/body")" "^ok" "as it says"
is "$(status /nothing)" 404 "other paths do not exist"
is "$(status /metrics -I)" 200 "HEAD is answered"
for method in POST PUT DELETE PATCH OPTIONS; do
	is "$(status /metrics -X $method -d x=1)" 405 "$method is not"
done
is "$(status /healthz --data-binary @/bin/bash)" 405 "nor is a megabyte that is sent to it"

# A load, and a call that has to wait for somebody's lock
"$load" --workload mixed --connections 4 --in-flight 16 --ports "$port" \
	--milliseconds 2000 >"$DITTOFS_RUN/load" 2>&1
ok $? "clients at work" || sed 's/^/# /' "$DITTOFS_RUN/load"
nfs="nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port"
head -c 300000 /dev/urandom >"$DITTOFS_RUN/file"
nfs-cp "$DITTOFS_RUN/file" "nfs://127.0.0.1/export/file?version=3&nfsport=$port&mountport=$port" >/dev/null
ok $? "one of them writes"
nfs-cp "nfs://127.0.0.1/export/file?version=3&nfsport=$port&mountport=$port" "$DITTOFS_RUN/copy" >/dev/null
ok $? "and reads"
held_up "$port"

is "$(status /metrics)" 200 "there are metrics"
cp "$DITTOFS_RUN/body" "$DITTOFS_RUN/metrics"
promtool check metrics <"$DITTOFS_RUN/metrics" >"$DITTOFS_RUN/promtool" 2>&1
ok $? "and promtool finds nothing wrong with them"
is "$(cat "$DITTOFS_RUN/promtool")" "" "nor anything unusual" || sed 's/^/# /' "$DITTOFS_RUN/promtool"
[ "$(value 'dittofs_rpc_calls_total{program="NFS",procedure="GETATTR",status="OK"}')" -gt 100 ]
ok $? "calls are counted"
[ "$(value dittofs_written_bytes_total)" -ge 300000 ]
ok $? "so are bytes written"
[ "$(value dittofs_read_bytes_total)" -ge 300000 ]
ok $? "and read"
[ "$(value dittofs_slow_calls_total)" -ge 1 ]
ok $? "the call that had to wait is a slow one"
[ "$(value dittofs_call_retries_total)" -ge 1 ]
ok $? "it was retried"
[ "$(value dittofs_flush_duration_seconds_count)" -ge 1 ]
ok $? "flushes are measured"
is "$(value 'dittofs_database_up{store="main"}')" 1 "the database is up"
is "$(value 'dittofs_rpc_call_duration_seconds_count{program="NFS",procedure="GETATTR"}')" \
	"$(awk '/^dittofs_rpc_calls_total{program="NFS",procedure="GETATTR"/ { n += $2 } END { print n }' "$DITTOFS_RUN/metrics")" \
	"each call is in the histogram, once"
like "$(<"$log.0")" "warning w[0-9]+ client 127.*CREATE \(share /export, file [0-9a-f-]{36}\) took [0-9]+ ms: queue [0-9]+, database [0-9]+ \(flush [0-9]+\), content 0" \
	"the log has the slow call with its parts"

# operations WHAT: of the statements of gateways, with how many calls each has
operations()
{
	q "WITH s AS (SELECT substring(query FROM '^SELECT dittofs\.([a-z_]+)\(') AS operation,
			array_length(regexp_split_to_array(query, 'dittofs\.'), 1) - 1 AS width,
			array_length(regexp_split_to_array(substring(query FROM '\((.*?)\)'), ','), 1) AS parameters, calls FROM pg_stat_statements
		JOIN pg_roles ON oid = userid WHERE rolname = 'dittofs_gateway' AND query ~ '^SELECT dittofs\.[a-z_]+\(')
		SELECT $1"
}
is "$(operations "operation, width, parameters FROM s GROUP BY 1, 2, 3 HAVING count(*) > 1 OR width NOT IN (1, 4, 16)")" "" \
	"pg_stat_statements has one statement for an operation, or for 4 or 16 at once"
is "$(operations "DISTINCT operation FROM (SELECT operation FROM s GROUP BY 1, width HAVING count(*) > 1) t
	WHERE operation NOT IN ('create_file', 'create_directory', 'set_file_attributes')")" "" \
	"and a brief one for three of them"
like "$(operations "operation FROM s GROUP BY 1 HAVING sum(calls * width) > 100 ORDER BY 1" | paste -sd ' ')" "create_file .*get_file .*lookup .*move .*read_directory .*remove_file" \
	"with all of its calls"

# A second gateway; both are in the database, and so is the slow call
start 1 --log-format=json --log-level=debug --slow-call=200ms
second=$gateway_pid
eventually "(SELECT count(*) FROM dittofs.replicas WHERE alive) = 2 AND
	EXISTS (SELECT FROM dittofs.slow_calls)"
is "$(q "SELECT count(*), count(DISTINCT pid), min(state) FROM dittofs.replicas WHERE alive")" \
	"2|2|serving" "both gateways have registered"
like "$(q "SELECT procedure, status, share, handle = (dittofs.stat('/export')).handle, total_ms > 200,
		queue_ms + database_ms <= total_ms + 1 FROM dittofs.slow_calls LIMIT 1")" \
	"^CREATE\|[A-Z]+\|/export\|t\|t\|t" "the slow call is in the database"
like "$(q "SELECT application_name FROM pg_stat_activity WHERE usename = 'dittofs_gateway' AND application_name !~ 'keeper' LIMIT 1")" \
	"^dittofs .* [0-9]+$" "sessions bear the gateway's name"
is "$(q "SELECT share, content, inodes > 0 FROM dittofs.share_usage")" "/export|postgres|t" "the view of shares"
like "$(q "SELECT client, paths FROM dittofs.clients")" "^127.0.0.1\|\{/export" "the view of clients"

# What the second one logs is objects, and what they say are members.
held_up $((port + 10))
q "CREATE TABLE lines (line jsonb)"
sed "s/'/''/g; s/.*/INSERT INTO lines VALUES ('&');/" "$log.1" >"$DITTOFS_RUN/lines.sql"
"$pg_bin/psql" -Xq -v ON_ERROR_STOP=1 -f "$DITTOFS_RUN/lines.sql" >"$DITTOFS_RUN/out" 2>&1
ok $? "each line of the log is an object" || sed 's/^/# /' "$DITTOFS_RUN/out"
is "$(q "SELECT count(*) FROM lines WHERE NOT line ?& '{time,level,thread,message}'")" 0 "with time, level, thread and message"
is "$(q "SELECT DISTINCT line->>'level', line->>'client', line->>'program', line->>'procedure', line->>'share',
			(line->>'file')::uuid = right(encode((dittofs.stat('/export')).handle, 'hex'), 32)::uuid,
			line->>'message' LIKE 'client 127.0.0.1:' || (line->>'port') || ' xid ' || (line->>'xid') || ' CREATE (%',
			(line->>'queue_ms')::float8 + (line->>'database_ms')::float8 + (line->>'content_ms')::float8
				BETWEEN 200 AND (line->>'total_ms')::float8 + 1,
			(line->>'flush_ms')::float8 <= (line->>'database_ms')::float8
		FROM lines WHERE line ? 'queue_ms'")" \
	"warning|127.0.0.1|NFS|CREATE|/export|t|t|t|t" "a slow call's has client, call, share, directory and durations"
is "$(q "SELECT DISTINCT line->>'procedure', line->>'sqlstate', line->>'consequence' FROM lines
		WHERE line ? 'sqlstate' AND line ? 'procedure'")" \
	"CREATE|55P03|it will be retried" "an error's has the SQLSTATE"
is "$(q "SELECT count(*) > 0 FROM lines WHERE line->>'procedure' = 'MNT' AND line->>'path' = '/export' AND line->>'status' = 'OK'")" \
	t "a call's its status"
is "$(q "SELECT count(*) FROM lines WHERE line->>'reason' IS NOT NULL AND line->>'client' = '127.0.0.1'")" \
	"$(grep -c 'disconnected' "$log.1")" "and why a client is disconnected"
undocumented=
for name in $(q "SELECT DISTINCT k FROM lines, jsonb_object_keys(line) k"); do
	sed -n '/^## Logs/,/^## Upgrade/p' "$top/docs/operations.md" | grep "\`$name\`" >/dev/null ||
		undocumented="$undocumented $name"
done
is "$undocumented" "" "docs/operations.md has them all"

# Calls that arrive again, at either gateway; the test stops the first for a while
mkdir -p "$DITTOFS_RUN/gateway.1" && echo "$first" >"$DITTOFS_RUN/gateway.1/pid"
DITTOFS_HOST=127.0.0.1 DITTOFS_PORT=$port DITTOFS_PORTS="$port $((port + 10))" DITTOFS_PIDS="$first $second" \
	DITTOFS_URL="nfs://127.0.0.1/export?version=3&nfsport=$port&mountport=$port" DITTOFS_LOG=$DITTOFS_RUN \
	"$top/test/gateway/build/test_retransmission" >"$DITTOFS_RUN/retransmission" 2>&1
ok $? "the tests of retransmissions pass" || grep -A3 '^not ok' "$DITTOFS_RUN/retransmission" | sed 's/^/# /'
replays=$(curl -s "$url/metrics" "http://127.0.0.1:$((http + 10))/metrics" |
	awk '/^dittofs_replayed_replies_total/ { n += $2 } END { print n + 0 }')
[ "$replays" -ge 1 ]
ok $? "answers from the stored replies are counted" || echo "# $replays"
is "$(grep -c 'answered from the stored' "$log.0" "$DITTOFS_RUN/postgres.log" | paste -sd ' ')" \
	"$log.0:0 $DITTOFS_RUN/postgres.log:0" "and fill no log"

# The page
becomes / 200 "the page is there"
await "the page's numbers know both gateways" page_has '"replicas":\[{.*},{'
like "$(<"$DITTOFS_RUN/body")" '"name":"/export"' "its numbers know the share"
chromium=(chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run
	--disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage
	--user-data-dir="$DITTOFS_RUN/chromium" --window-size=1160,1500 --virtual-time-budget=3000)
"${chromium[@]}" --dump-dom "$url/" >"$DITTOFS_RUN/dom" 2>"$DITTOFS_RUN/chromium.log"
ok $? "a browser shows it" || tail -n 5 "$DITTOFS_RUN/chromium.log" | sed 's/^/# /'
dom=$(tr -d '\n' <"$DITTOFS_RUN/dom")
like "$dom" 'class="state"[^>]*>serving<' "it says that the gateway serves"
like "$dom" '<td class="name">/export</td>' "it shows the share"
like "$dom" '<i style="width: [0-9.]+%' "how full that is"
like "$dom" "127.0.0.1 port $((port + 10))</td>" "the other gateway"
like "$dom" '<td class="name">CREATE in /export</td>' "the slow call"
like "$dom" '<polyline points="[0-9]' "and curves"
is "$(grep -cE '(src|href)="https?:|url\(https?:' "$DITTOFS_RUN/dom")" 0 "it loads nothing from elsewhere"
picture=${DITTOFS_SCREENSHOT:-$DITTOFS_RUN/page.png}
"${chromium[@]}" --screenshot="$picture" "$url/" >/dev/null 2>&1
like "$(file -b "$picture" 2>/dev/null || head -c 4 "$picture")" "PNG" "there is a picture of it"
[ "$(stat -c %s "$picture")" -gt 20000 ]
ok $? "with something on it"

# The database goes and comes back
pg_stop fast
becomes /readyz 503 "without its database it is not ready"
is "$(status /healthz)" 200 "but alive"
pg_start
becomes /readyz 200 "with it, ready again"

# SIGTERM: first not ready, then gone; clients are served in between
kill "$first"
becomes /readyz 503 "SIGTERM makes it not ready"
like "$(<"$DITTOFS_RUN/body")" stopping "as it says"
nfs-ls "$nfs" >/dev/null
ok $? "a client is still served"
eventually "EXISTS (SELECT FROM dittofs.replicas WHERE pid = $first AND state = 'draining')"
is "$(q "SELECT state FROM dittofs.replicas WHERE pid = $first")" draining "the database knows"
wait "$first"
is $? 0 "then it ends"
first=
is "$(q "SELECT count(*) FROM dittofs.replicas WHERE alive")" 1 "and is no longer registered"

done_testing
