#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A gateway with few calls looks for the next event before it sleeps
# (--busy-poll): it hardly ever sleeps while a client makes one call after the
# other, does as before where it is told not to, or where there are many calls,
# and takes no processor time when there are none.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
gateway=${DITTOFS_GATEWAY:-$gateway_built}
load=$top/test/bench/build/load
log=$DITTOFS_RUN/gateway.log
cp "$gateway" "$DITTOFS_RUN/gateway" || exit 1
make -s -C "$top/test/bench" || exit 1
q "ALTER ROLE dittofs_gateway LOGIN;
	SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777')" >/dev/null
port=$((20000 + RANDOM % 12000))

# start ARGUMENT...
start()
{
	: >"$log"
	"$DITTOFS_RUN/gateway" start --listen 127.0.0.1 --port "$port" --workers 1 \
		--conninfo user=dittofs_gateway "$@" >>"$log" 2>&1 &
	gateway_pid=$!
	appears "$log" 'NFS and MOUNT' || {
		sed 's/^/# /' "$log"
		exit 1
	}
}
stop()
{
	kill "$gateway_pid"
	wait "$gateway_pid"
	is $? 0 "$1: it ends with status 0"
}
trap 'kill "$gateway_pid" 2>/dev/null' EXIT

# Of all threads; those that are no workers hardly ever wake.
sleeps()
{
	cat "/proc/$gateway_pid/task/"*/status |
		awk '/^voluntary_ctxt_switches/ { sum += $2 } END { print sum }'
}

# Clock ticks of 10 ms
processor_time()
{
	awk '{ print $14 + $15 }' "/proc/$gateway_pid/stat"
}

# run IN_FLIGHT: how often it sleeps for 100 GETATTRs
run()
{
	local before after

	before=$(sleeps)
	"$load" --workload getattr --ports "$port" --connections 1 --in-flight "$1" \
		--operations 3000 --warmup 0 --milliseconds 20000 >"$DITTOFS_RUN/load" || return
	after=$(sleeps)
	echo $(((after - before) / 30))
}

# Long enough that a busy machine makes no difference.
start --busy-poll 1000000
often=$(run 1)
ok $((often < 100 ? 0 : 1)) "one call after the other: it sleeps less than once a call"
sleep 1.5						# the last wait was a long one
before=$(processor_time)
sleep 2
ok $(($(processor_time) - before < 20 ? 0 : 1)) \
	"with nothing to do it takes less than a tenth of a processor"
run 1 >/dev/null
often=$(run 16)
ok $((often > 4 ? 0 : 1)) "16 calls at a time: it sleeps"
stop "polling"

start --busy-poll 0
often=$(run 1)
ok $((often > 150 ? 0 : 1)) "not polling: it sleeps before each event"
stop "not polling"

# A gateway tells from its tenth second on which clients it sees: also that there is none.
start --busy-poll 0
sleep 11
transactions()
{
	q "SELECT xact_commit + xact_rollback FROM pg_stat_database
		WHERE datname = current_database()"
}
before=$(transactions)
busy=$(processor_time)
sleep 5
busy=$(($(processor_time) - busy)) asked=$(($(transactions) - before))
ok $((asked < 500 ? 0 : 1)) "without a client it asks the database little"
ok $((busy < 25 ? 0 : 1)) "and takes next to no processor time"
echo "# $asked transactions, $busy ticks in 5 seconds"
stop "without clients"

"$DITTOFS_RUN/gateway" start --busy-poll=-2 >"$log" 2>&1
is $? 1 "less than -1 is no time"
like "$(<"$log")" '--busy-poll' "and the option is named"
done_testing
