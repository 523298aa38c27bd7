#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# make run: a share that can be written to, the same again the next time.

# shellcheck source=../lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/../lib.sh"

dir=$(mktemp -d "${DITTOFS_TMP:-/tmp}/dittofs-run.XXXXXX") || exit 1
chmod 711 "$dir"
port=$((20000 + RANDOM % 12000))
url="nfs://127.0.0.1/export"
ports="version=3&nfsport=$port&mountport=$port"
finish()
{
	[ -z "$run" ] || { kill -TERM "$run" && await_gone "$run"; } 2>/dev/null
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 143' TERM INT

up()
{
	grep -qs '^Look at it' "$dir/log" || ! kill -0 "$run" 2>/dev/null
}

start()
{
	rm -f "$dir/log"	# of the start before
	DIR=$dir/run PORT=$port "$top/test/run-private" </dev/null >"$dir/log" 2>&1 &
	run=$!
	await "make run tells how to mount, or ends" up
	grep -q "mount -t nfs.*port=$port" "$dir/log"
	ok $? "$1" || sed 's/^/# /' "$dir/log"
}

stop()
{
	kill -TERM "$run"
	wait "$run"
	is "$?" 0 "$1"
	run=
}

# look SQL: by the command that was shown
look()
{
	eval "$(grep -oE '^  /.*psql .*' "$dir/log") -XqAt -c \"$1\""
}

start "make run"
echo content >"$dir/file"
nfs-cp "$dir/file" "$url/file?$ports" >/dev/null
ok $? "a client writes a file"
is "$(look "SELECT name FROM dittofs.ls('/export')")" file "psql shows it, by the command that is shown"
program=$(readlink "/proc/$(head -n 1 "$dir/run/data/postmaster.pid")/exe")
is "$program" "$("${PG_CONFIG:-pg_config}" --bindir | sed "s,^,$dir/run/install,")/postgres" \
	"no setting, that only some servers have, leads to the extension"
stop "it stops"
start "once more"
is "$(nfs-cat "$url/file?$ports")" content "the file is still there"
stop "it stops"
done_testing
