# SPDX-License-Identifier: PostgreSQL
# test/faults/lib.sh: what the tests of failures share.  For bash.
# shellcheck shell=bash disable=SC2154
#
# There may be two servers: node 1 is the one that the wrapper has started, node
# 2 its standby.  Either may be the primary.
#
#	node_start N		and waits until it answers
#	node_stop N HOW		immediate, fast; or kill: all of its processes at once
#	standby_make		node $standby, a copy of node $primary, which streams
#	standby_await		until it confirms commits
#	fail_over HOW		ends the primary, promotes the standby, changes names
#	q SQL [DB]			runs SQL on the primary and prints the rows
#	proxy_start			in front of all gateways; its port is $proxy_port
#	proxy COMMAND		see proxy.c
#	content_verify		reads all blocks of the store back, prints what is wrong
#	content_await PID	lets time pass for the store until that process has ended,
#						which is killed when it hangs
#	chance N			a number from 0 to N - 1, in $chance
#
# DITTOFS_STANDBY_PORT=54321 tells the gateways of test/with-gateway about both.

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
faults=$top/test/faults
pg_paths

primary=1
standby=2

node_dir()
{
	if [ "$1" = 1 ]; then
		echo "$DITTOFS_RUN/data"
	else
		echo "$DITTOFS_RUN/data$1"
	fi
}

node_port()
{
	echo $((54319 + $1))
}

q()
{
	"$pg_bin/psql" -XqAt -v ON_ERROR_STOP=1 -p "$(node_port "$primary")" -c "$1" \
		"${2:-$PGDATABASE}"
}

# $node_preload is a library for it.
node_start()
{
	local port

	port=$(node_port "$1")
	"${as_owner[@]}" ${node_preload:+env LD_PRELOAD="$node_preload"} \
		setsid setpriv --pdeathsig INT "$pg_bin/postgres" -D "$(node_dir "$1")" \
		-c "port=$port" </dev/null >>"$DITTOFS_RUN/postgres.log" 2>&1 &
	disown
	PGPORT=$port pg_await $!
}

node_stop()
{
	local dir postmaster

	dir=$(node_dir "$1")
	if [ "$2" != kill ]; then
		"${as_owner[@]}" "$pg_bin/pg_ctl" stop -D "$dir" -m "$2" -w -t "$patience" >/dev/null
		return
	fi
	postmaster=$(head -n 1 "$dir/postmaster.pid")
	# stopped, so that it starts no more while we look
	kill -STOP "$postmaster"
	# shellcheck disable=SC2046
	kill -KILL "$postmaster" $(ps -o pid= --ppid "$postmaster")
	while kill -0 "$postmaster" 2>/dev/null; do
		sleep 0.02
	done
	# what a server that starts again would take away: ours may not
	ipcrm -m "$(sed -n "7s/.* //p" "$dir/postmaster.pid")"
	rm -f "$dir/postmaster.pid"
}

standby_make()
{
	local dir

	dir=$(node_dir "$standby")
	rm -rf "$dir"
	"${as_owner[@]}" "$pg_bin/pg_basebackup" -h "$PGHOST" \
		-p "$(node_port "$primary")" -U "$PGUSER" -D "$dir" -R -c fast -X stream -N &&
		node_start "$standby"
}

standby_await()
{
	await "the standby confirms commits" standby_confirms
}

standby_confirms()
{
	[ "$(q "SELECT sync_state FROM pg_stat_replication
		WHERE state = 'streaming'" 2>/dev/null)" = sync ]
}

fail_over()
{
	local old=$primary

	node_stop "$old" "$1"
	primary=$standby
	standby=$old
	"${as_owner[@]}" "$pg_bin/pg_ctl" promote -D "$(node_dir "$primary")" -w \
		>/dev/null
}

# The wrapper stops node 1.
node_2_stop()
{
	local status=$?

	[ ! -e "$DITTOFS_RUN/data2/postmaster.pid" ] || node_stop 2 immediate
	exit $status
}
[ -z "$DITTOFS_RUN" ] || trap node_2_stop EXIT

# Content in a store: options of the gateways, and of the model, whose clients
# then write whole blocks too.
store_options=
model_options=()
block_size=${DITTOFS_TEST_BLOCK_SIZE:-131072}
[ -z "$DITTOFS_RUN" ] || store_options=$(<"$DITTOFS_RUN/gateway-options")
# shellcheck disable=SC2034
[ -z "$store_options" ] || model_options=(--block-size "$block_size")

content_verify()
{
	# shellcheck disable=SC2086
	"$DITTOFS_RUN/gateway" verify --conninfo \
		"user=dittofs_gateway port=$(node_port "$primary")" $store_options 2>&1
}

# What a gateway that died was about to delete is left alone for an hour, what it
# was about to merge for a minute, in case it lives and is slow.  When nobody is
# killed any more, those that live are quick.
content_await()
{
	[ -n "$store_options" ] || return 0
	q "UPDATE dittofs.staged_files SET next_at = now()"
	local deadline=$((SECONDS + patience))
	while kill -0 "$1" 2>/dev/null; do
		if [ $SECONDS -gt $deadline ]; then
			echo "# the clients have no answer for $patience s"
			kill -KILL "$1"
		fi
		q "UPDATE dittofs.stored_blocks SET claimed_at = claimed_at - interval '1 hour'
			WHERE state = 'deleting' AND claimed_at < now() - interval '10 s'"
		sleep 1
	done
}

# shellcheck disable=SC2034
chance()
{
	chance=$((RANDOM % $1))
}

proxy_start()
{
	local ports

	# read and write, so that opening it waits for nobody and it never ends
	mkfifo "$DITTOFS_RUN/proxy.commands" &&
		exec 7<>"$DITTOFS_RUN/proxy.commands" || return 1
	read -ra ports <<<"$DITTOFS_PORTS"
	setpriv --pdeathsig KILL "$faults/build/proxy" "${ports[@]}" <&7 7>&- \
		>"$DITTOFS_RUN/proxy.port" &
	while [ ! -s "$DITTOFS_RUN/proxy.port" ]; do
		kill -0 $! 2>/dev/null || return 1
		sleep 0.02
	done
	# shellcheck disable=SC2034
	proxy_port=$(<"$DITTOFS_RUN/proxy.port")
}

proxy()
{
	echo "$*" >&7
}
