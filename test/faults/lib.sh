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
		"${as_owner[@]}" "$pg_bin/pg_ctl" stop -D "$dir" -m "$2" -w -t 60 >/dev/null
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
	local tries

	for ((tries = 0; tries < 600; tries++)); do
		[ "$(q "SELECT sync_state FROM pg_stat_replication
			WHERE state = 'streaming'" 2>/dev/null)" != sync ] || return 0
		sleep 0.05
	done
	return 1
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
