#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Backup and restore to a moment: a base backup made under load and the archive
# of the WAL give back the files as they were at a chosen time, to clients too.
# What is configured and typed is what docs/operations.md shows.

# shellcheck source=lib.sh disable=SC2154,SC2317
. "$(dirname "$0")/lib.sh"

[ -n "$DITTOFS_GATEWAY" ] || build gateway-all || exit 1
cp "${DITTOFS_GATEWAY:-$gateway_built}" "$DITTOFS_RUN/gateway" || exit 1
make -s -C "$top/test/gateway" || exit 1
steady=$top/test/gateway/build/steady
backup=$DITTOFS_RUN/backup
archive=$backup/wal
restored=$DITTOFS_RUN/restored
mkdir -p "$archive" "$backup/base" && chown -R "$owner" "$backup" || exit 1
mapfile -t documented < <(documented docs/operations.md | sed "s,/backup,$backup,g")

# shown REGEX: the lines of the page that match
shown()
{
	printf '%s\n' "${documented[@]}" | grep -E "$1"
}

pg_stop fast
shown '^archive_' >>"$DITTOFS_RUN/data/postgresql.conf"
pg_start

end()
{
	[ -z "$gateway_pid" ] || kill "$gateway_pid" 2>/dev/null
	"${as_owner[@]}" "$pg_bin/pg_ctl" stop -D "$restored" -m immediate -w \
		>/dev/null 2>&1
}
trap end EXIT

export DITTOFS_HOST=127.0.0.1 DITTOFS_PORTS=$((20000 + RANDOM % 12000))

# gateway PORT: serves the database on that port of PostgreSQL
gateway()
{
	"$DITTOFS_RUN/gateway" start --listen $DITTOFS_HOST --port "$DITTOFS_PORTS" \
		--conninfo "port=$1 user=dittofs_gateway" >"$DITTOFS_RUN/gateway.log" 2>&1 &
	gateway_pid=$!
	await "the gateway listens" listens $DITTOFS_HOST "$DITTOFS_PORTS" && return
	sed 's/^/# /' "$DITTOFS_RUN/gateway.log"
	return 1
}

gateway_end()
{
	kill "$gateway_pid"
	wait "$gateway_pid"
}

# handles PATH...: in hexadecimal
handles()
{
	local path

	for path; do
		q "SELECT encode(dittofs.resolve('$path'), 'hex')"
	done
}

fill "$PGDATABASE"
ok $? "files of every kind are made"
# What is in memory is in no backup.
q "SELECT dittofs.drop_share('/other', force => true)" >/dev/null
q "ALTER ROLE dittofs_gateway LOGIN"
gateway "$PGPORT"
ok $? "a gateway serves them"

# The backup, while clients work

"$steady" run before 3 120 >"$DITTOFS_RUN/before.log" &
load=$!
sleep 1
"${as_owner[@]}" env PATH="$pg_bin:$PATH" sh -c "$(shown '^pg_basebackup')" 2>"$DITTOFS_RUN/errors"
ok $? "pg_basebackup under load" || sed 's/^/# /' "$DITTOFS_RUN/errors"
sleep 1
kill $load
wait $load
ok $? "the clients noticed nothing"
sed 's/^/# /' "$DITTOFS_RUN/before.log"

# The moment.  What one sees at it is written down; the first look changes
# access times.

files=(/export/a/small /export/a/large /export/many/2 /export/a/b /export)
state "$PGDATABASE" >/dev/null
state "$PGDATABASE" >"$DITTOFS_RUN/state.then"
mapfile -t handles_then < <(handles "${files[@]}")
wire_then=$("$steady" getattr "${handles_then[@]}")
verifier_then=$(q "SELECT dittofs.write_verifier()")
moment=$(q "SELECT clock_timestamp()")
sleep 0.2

# What must not be there afterwards

q "SELECT dittofs.write_file('/export/too-late', 'x');
	SELECT dittofs.write_file('/export/a/small', 'overwritten');
	SELECT dittofs.rm('/export/many/2');
	SELECT dittofs.mv('/export/a/b', '/export/elsewhere');
	SELECT dittofs.rm('/export/a/large');
	SELECT dittofs.alter_share('/export', squash => 'all');
	SELECT dittofs.create_share('/new')" >/dev/null
ok $? "a mistake: files are removed, overwritten, moved"
mapfile -t handles_after < <(handles /export/too-late)
"$steady" run after 1 1 >/dev/null
last=$(q "SELECT pg_walfile_name(pg_switch_wal())")
# the file alone may be a part of it
eventually "(SELECT last_archived_wal >= '$last' FROM pg_stat_archiver)"
ok $? "the WAL is archived"
gateway_end
pg_stop immediate
mv "$DITTOFS_RUN/data" "$DITTOFS_RUN/data.gone"

# The restore

cp -a "$backup"/base/* "$restored"
shown '^(restore|recovery)_' | sed "s/^\(recovery_target_time\) = .*/\1 = '$moment'/" \
	>>"$restored/postgresql.auto.conf"
touch "$restored/recovery.signal"
chown "$owner" "$restored/recovery.signal"
"${as_owner[@]}" "$pg_bin/pg_ctl" start -D "$restored" -w -t "$patience" \
	-l "$DITTOFS_RUN/restored.log" -o "-p 54321" >/dev/null
ok $? "the backup starts and recovers" || tail -n 20 "$DITTOFS_RUN/restored.log"
export PGPORT=54321
eventually "NOT pg_is_in_recovery()"
ok $? "it has reached the moment and takes changes" ||
	tail -n 20 "$DITTOFS_RUN/restored.log" | sed 's/^/# /'

state "$PGDATABASE" >"$DITTOFS_RUN/state.now"
diff "$DITTOFS_RUN/state.then" "$DITTOFS_RUN/state.now" | head -n 20 | sed 's/^/# /'
cmp -s "$DITTOFS_RUN/state.then" "$DITTOFS_RUN/state.now"
ok $? "everything that a client can see is as it was"
[ "$(wc -l <"$DITTOFS_RUN/state.now")" -gt 1500 ]
ok $? "the files of the clients included"
is "$(q "SELECT * FROM dittofs.fsck()")" "" "fsck finds nothing"
is "$(violations "$PGDATABASE")" "" "the tables agree with each other"
is "$(error "SELECT dittofs.stat('/export/too-late')")" 58P01 "what came later is not there"
[ "$(q "SELECT dittofs.write_verifier()")" != "$verifier_then" ]
ok $? "the write verifier is another: unstable writes may be lost"

# Clients that had mounted it go on with the handles they have.

gateway 54321
ok $? "a gateway serves the restored files"
is "$("$steady" getattr "${handles_then[@]}")" "$wire_then" "old handles lead to the same files"
is "$("$steady" getattr "${handles_after[@]}")" "70 0 0 0" "the handle of a later file is stale"
"$steady" run again 2 2 >"$DITTOFS_RUN/again.log"
ok $? "clients work on it" || sed 's/^/# /' "$DITTOFS_RUN/again.log"
gateway_end
is $? 0 "the gateway ends"
is "$(q "SELECT * FROM dittofs.fsck()")" "" "fsck finds nothing"

done_testing
