#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A hot standby serves what only reads, learns of changed shares at once, and
# takes over.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

standby_stop()
{
	"${as_owner[@]}" "$pg_bin/pg_ctl" stop -D "$DITTOFS_RUN/standby" -m immediate \
		-w >/dev/null 2>&1
}
trap standby_stop EXIT

# on the standby
s()
{
	PGPORT=54321 q "$1"
}

# Everything that the primary has done is visible on the standby.
caught_up()
{
	local lsn

	lsn=$(q 'SELECT pg_current_wal_lsn()')
	await "the standby has replayed $lsn" has_replayed "$lsn"
}

has_replayed()
{
	[ "$(s "SELECT pg_last_wal_replay_lsn() >= '$1'")" = t ]
}

q "SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777'),
	dittofs.write_file('/export/file', 'content')" >/dev/null
q "SELECT dittofs.create_share('/memory', content => 'memory'), dittofs.write_file('/memory/file', 'content')" >/dev/null
"${as_owner[@]}" "$pg_bin/pg_basebackup" -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" \
	-D "$DITTOFS_RUN/standby" -R -c fast -X stream
ok $? "pg_basebackup"
"${as_owner[@]}" "$pg_bin/pg_ctl" start -D "$DITTOFS_RUN/standby" -w -t "$patience" \
	-l "$DITTOFS_RUN/standby.log" -o '-p 54321' >/dev/null
ok $? "the standby starts"
caught_up
ok $? "and catches up"

is "$(s 'SELECT in_recovery, shares FROM dittofs.healthcheck()')" 't|2' "healthcheck() says so"
is "$(s "SELECT convert_from(dittofs.read_file('/export/file'), 'UTF8')")" content \
	"a file is read"
is "$(s "SELECT name FROM dittofs.ls('/export')")" file "a directory is listed"
is "$(s "SELECT status FROM dittofs.mount('/export', 'client=10.0.0.7')")" 0 \
	"a client can mount"
is "$(s "SELECT count(*) FROM dittofs.list_mounts()")" 0 "which is not recorded"
is "$(s "SELECT dittofs.unmount('/export', 'client=10.0.0.7'), dittofs.unmount_all('client=10.0.0.7')")" \
	'0|0' "and can unmount"
is "$(PGPORT=54321 error "SELECT dittofs.write_file('/export/file', 'x')")" 25006 \
	"writing is an error that says why"
is "$(PGPORT=54321 error "SELECT dittofs.create_share('/x')")" 25006 "as is making a share"
is "$(PGPORT=54321 error "SELECT dittofs.drop_share('/export', force => true)")" 25006 \
	"as is dropping one"

# What is in memory is not there to be looked at; all else is.
is "$(s 'SELECT * FROM dittofs.fsck()')" "" "fsck is clean on the standby"
q "UPDATE dittofs.files SET nlink = 3 WHERE kind = 1" >/dev/null
caught_up
is "$(s 'SELECT DISTINCT rule FROM dittofs.fsck()')" "nlink of a file is the number of its entries" "and sees there what is wrong"
is "$(PGPORT=54321 error 'SELECT dittofs.fsck_repair()')" 25006 "which is for the primary to repair"
is "$(q 'SELECT DISTINCT action FROM dittofs.fsck_repair()')" "it is now 1" "and it does"
caught_up
is "$(s 'SELECT * FROM dittofs.fsck()')" "" "on the standby too"

# Every function and view: a standby answers as the primary does, or says that it is one.
# calls: the statements, one a line
calls()
{
	q "SELECT format('SELECT * FROM dittofs.%I', relname) FROM pg_class
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'v'
		UNION ALL
		SELECT format('SELECT * FROM dittofs.%I(%s)', proname,
			(SELECT string_agg(format('%s%s', coalesce(nullif(a.name, '') || ' => ', ''), CASE
				WHEN a.name IN ('handle', 'file') THEN 'dittofs.resolve(''/export/file'')'
				WHEN a.name IN ('dir', 'from_dir', 'to_dir') THEN 'dittofs.resolve(''/export'')'
				WHEN a.name = 'path' THEN '''/export/file'''
				WHEN a.name = 'share' OR a.name = 'name' AND a.type = 'text'::regtype THEN '''/export'''
				WHEN a.name = 'kind' THEN '''fifo'''
				WHEN a.name = 'state' THEN '''serving'''
				WHEN a.type IN ('text'::regtype, 'bytea'::regtype) THEN '''other'''
				WHEN a.type IN ('int'::regtype, 'bigint'::regtype, 'float8'::regtype) THEN '1'
				WHEN a.type = 'uuid'::regtype THEN '''00000000-0000-0000-0000-000000000000'''
				WHEN a.type = 'timestamptz'::regtype THEN '''2000-01-01'''
				WHEN a.type = 'bool'::regtype THEN 'false'
				ELSE 'NULL' END || '::' || a.type::regtype), ', ' ORDER BY a.n)
				FROM unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) WITH ORDINALITY a(name, type, n)
				WHERE a.n <= p.pronargs - p.pronargdefaults))
		FROM pg_proc p WHERE pronamespace = 'dittofs'::regnamespace AND prokind = 'f'
			AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
			AND NOT EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = p.pronamespace
				AND p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))"
}

# outcomes PORT: of each, undone: its SQLSTATE, or nothing
outcomes()
{
	while read -r call; do
		printf '\\echo %s\n' "$call"
		echo "BEGIN; $call; ROLLBACK;"
	done <"$DITTOFS_RUN/calls" |
		"$pg_bin/psql" -XqAt -p "$1" -v VERBOSITY=sqlstate 2>&1 |
		sed -n -e 's/^ERROR:  /# /p' -e '/^SELECT \* FROM dittofs/p' |
		awk '/^#/ { state = state " " $2; next } { if (call) print call "\t" state; call = $0; state = "" }
			END { print call "\t" state }'
}

calls >"$DITTOFS_RUN/calls"
outcomes "$PGPORT" >"$DITTOFS_RUN/there"
outcomes 54321 >"$DITTOFS_RUN/here"
[ "$(wc -l <"$DITTOFS_RUN/here")" -gt 90 ]
ok $? "all functions and views are asked" || wc -l "$DITTOFS_RUN/calls" "$DITTOFS_RUN/here"
is "$(join -t $'\t' <(sort "$DITTOFS_RUN/there") <(sort "$DITTOFS_RUN/here") |
	awk -F '\t' '$2 != $3 && $3 !~ /^ 25006/')" "" \
	"each works on the standby, or says that it needs the primary"

# A session of the standby that has read the shares learns of a change.
PGPORT=54321 session_begin
mount="SELECT status FROM dittofs.mount('/export', 'client=10.0.0.7');"
is "$(say "$mount")" 0 "a session of the standby has read the shares"
q "SELECT dittofs.alter_share('/export', denied_clients => '{10.0.0.0/8}')" >/dev/null
caught_up
is "$(say "$mount")" 13 "it learns of a change"
q "SELECT dittofs.alter_share('/export', denied_clients => '{}', new_name => '/renamed')" >/dev/null
caught_up
is "$(say "$mount")" 2 "and of a new name"
session_end

primary=$(q 'SELECT dittofs.write_verifier()')
before=$(s 'SELECT dittofs.write_verifier()')
"${as_owner[@]}" "$pg_bin/pg_ctl" promote -D "$DITTOFS_RUN/standby" -w >/dev/null
ok $? "promotion"
after=$(s 'SELECT dittofs.write_verifier()')
[ "$after" != "$primary" ] && [ "$after" != "$before" ]
ok $? "changes the write verifier"
is "$(s "SELECT dittofs.write_file('/renamed/new', 'x'); SELECT name FROM dittofs.ls('/renamed')")" \
	$'\nfile\nnew' "the new primary takes changes"
is "$(s 'SELECT in_recovery FROM dittofs.healthcheck()')" f "and says what it is"

done_testing
