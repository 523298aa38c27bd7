#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# pg_dump and pg_restore bring back every file: content, attributes, handles,
# cookies, settings, and the sequences' places.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

files=$DITTOFS_RUN/dump
mkdir "$files"

fill "$PGDATABASE"
ok $? "files of every kind are made"
# Once for the access times, which reading for the first time changes.
state "$PGDATABASE" >/dev/null
state "$PGDATABASE" >"$files/before"
[ "$(wc -l <"$files/before")" -gt 1000 ]
ok $? "there is much to compare"

"$pg_bin/pg_dump" -Fc -f "$files/custom" && "$pg_bin/pg_dump" -f "$files/plain"
ok $? "pg_dump"

# same DB NAME: it has the files of the first database
same()
{
	state "$1" >"$files/after"
	diff "$files/before" "$files/after" | head -n 20 | sed 's/^/# /'
	cmp -s "$files/before" "$files/after"
	ok $? "$2: all files as they were"
	is "$(violations "$1")" "" "$2: the tables agree with each other"
}

"$pg_bin/createdb" -T template0 custom &&
	"$pg_bin/pg_restore" -d custom --exit-on-error "$files/custom"
ok $? "pg_restore"
same custom "custom format"

"$pg_bin/createdb" -T template0 plain &&
	"$pg_bin/psql" -Xqo /dev/null -v ON_ERROR_STOP=1 -f "$files/plain" plain
ok $? "a plain dump is restored by psql"
same plain "plain format"

"$pg_bin/createdb" -T template0 parallel &&
	"$pg_bin/pg_restore" -j 2 -d parallel --exit-on-error "$files/custom"
ok $? "pg_restore in parallel"
same parallel "in parallel"

# What goes on does not collide with what was there.
last=$(q 'SELECT max(fileid) FROM dittofs.files' custom)
q "SELECT dittofs.write_file('/export/new', 'new')" custom
is "$(q "SELECT fileid > $last FROM dittofs.stat('/export/new')" custom)" t \
	"a new file has a new fileid"
is "$(q "SELECT length(dittofs.create_share('/newshare'))" custom)" 33 \
	"a new share can be made"
is "$(q "SELECT count(DISTINCT share_id) = count(*) FROM dittofs.shares" custom)" t \
	"with an id of its own"
is "$(error "SELECT dittofs.write_file('/empty/x', '')" custom)" 25006 \
	"a read-only share is read-only"
is "$(q "SELECT DISTINCT state FROM dittofs.content_hints() WHERE store_id IS NOT NULL" custom)" copy \
	"its content stores are the first database's"
is "$(q "SELECT rolname FROM pg_roles WHERE rolname = 'dittofs_gateway'")" \
	dittofs_gateway "the gateway's role is there"
is "$(q "SET ROLE dittofs_gateway; SELECT status FROM dittofs.mount('/export')" custom)" 0 \
	"and may do what it is for"

# pg_restore --disable-triggers, of the data alone into an extension that is new
"$pg_bin/createdb" -T template0 data-only
q 'CREATE EXTENSION dittofs' data-only
"$pg_bin/pg_restore" --disable-triggers --data-only --exit-on-error -d data-only "$files/custom"
ok $? "pg_restore --disable-triggers --data-only"
same data-only "data only"

# pg_restore --clean drops the extension first, and the files with it: it asks.
"$pg_bin/pg_restore" --clean --if-exists --exit-on-error -d custom "$files/custom" \
	2>"$files/refusal"
is $? 1 "pg_restore --clean over files is refused"
like "$(<"$files/refusal")" "PGOPTIONS='-c dittofs.allow_drop=on'" \
	"and the hint says how to insist"
is "$(q "SELECT convert_from(dittofs.read_file('/export/new'), 'UTF8')" custom)" new \
	"nothing has happened"
PGOPTIONS='-c dittofs.allow_drop=on' "$pg_bin/pg_restore" --clean --if-exists \
	--exit-on-error -d custom "$files/custom"
ok $? "pg_restore --clean with dittofs.allow_drop"
same custom "restored over files"

done_testing
