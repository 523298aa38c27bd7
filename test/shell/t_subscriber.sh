#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# A logical subscriber: its sessions learn of changed shares and rules, and it can
# take over.

if [ -z "$DITTOFS_RUN" ]; then
	export PG_CONF=$'wal_level = logical\nmax_prepared_transactions = 2'
fi
# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

publisher=publisher
subscriber=subscriber

on_subscriber()
{
	q "$1" $subscriber
}

has_arrived()
{
	[ "$(on_subscriber "$1")" = "$2" ]
}

# arrives SQL VALUE: waits until the subscriber has it
arrives()
{
	await "$1 is $2 on the subscriber" has_arrived "$1" "$2"
}

# lookup: its status for 10.0.0.7, in the session that stays open
lookup="SELECT (dittofs.lookup(dittofs.resolve('/export'), 'file', 'uid=1000 client=10.0.0.7')).status;"

for db in "$publisher" "$subscriber"; do
	q "CREATE DATABASE $db TEMPLATE template0"
	q "CREATE EXTENSION dittofs" "$db"
done
q "SELECT dittofs.create_share('/export', squash => 'none'), dittofs.write_file('/export/file', 'content')" $publisher >/dev/null
q "CREATE PUBLICATION p FOR ALL TABLES" $publisher
q "SELECT pg_create_logical_replication_slot('s', 'pgoutput')" $publisher >/dev/null
q "DELETE FROM dittofs.replies_turn" $subscriber
q "CREATE SUBSCRIPTION s CONNECTION 'host=$PGHOST port=$PGPORT dbname=$publisher user=$PGUSER'
	PUBLICATION p WITH (create_slot = false, slot_name = 's')" $subscriber
arrives "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'" 0
is "$(on_subscriber "SELECT convert_from(dittofs.read_file('/export/file'), 'UTF8')")" content \
	"a file is read"

PGDATABASE=$subscriber session_begin
is "$(say "$lookup")" 0 "a session has read the shares"
q "SELECT dittofs.alter_share('/export', denied_clients => '{10.0.0.0/8}')" $publisher >/dev/null
arrives "SELECT denied_clients FROM dittofs.shares" '{10.0.0.0/8}'
is "$(say "$lookup")" 13 "it learns of a changed rule"
q "SELECT dittofs.alter_share('/export', denied_clients => '{}')" $publisher >/dev/null
arrives "SELECT denied_clients FROM dittofs.shares" '{}'
is "$(say "$lookup")" 0 "and that it is gone"
q "SELECT dittofs.set_filesystem_capabilities('/export', rtmax => 4096)" $publisher >/dev/null
arrives "SELECT rtmax FROM dittofs.filesystem_capabilities" 4096
is "$(say "SELECT rtmax FROM dittofs.get_filesystem_capabilities(dittofs.resolve('/export'));")" 4096 \
	"of capabilities"
q "SELECT dittofs.create_share('/second', squash => 'none')" $publisher >/dev/null
arrives "SELECT count(*) FROM dittofs.shares" 2
is "$(say "SELECT count(*) FROM dittofs.ls('/second');")" 0 "of a new share"
q "SELECT dittofs.drop_share('/second', force => true)" $publisher >/dev/null
arrives "SELECT count(*) FROM dittofs.shares" 1
like "$(say "SELECT count(*) FROM dittofs.ls('/second');")" 'no share' "of one that was dropped"
q "SELECT dittofs.reap(1000), dittofs.reap(1000)" $publisher >/dev/null
session_end

# Taking over
q "SELECT count(dittofs.write_file('/export/' || i, 'x')) FROM generate_series(1, 100) i" $publisher >/dev/null
arrives "SELECT count(*) FROM dittofs.files" 102
last=$(q "SELECT last_value FROM dittofs.file_ids" $publisher)
on_subscriber "ALTER SUBSCRIPTION s DISABLE"
on_subscriber "ALTER SUBSCRIPTION s SET (slot_name = NONE)"
on_subscriber "DROP SUBSCRIPTION s"
is "$(on_subscriber "SELECT rule FROM dittofs.fsck() ORDER BY 1")" \
	$'fileids come from the sequence, which is beyond them all\nshare ids come from the sequence, which is beyond them all' \
	"fsck() knows that sequences are not replicated"
on_subscriber "SELECT dittofs.advance_sequences()" >/dev/null
is "$(on_subscriber "SELECT last_value > $last + 4000000000 FROM dittofs.file_ids")" t \
	"they are moved beyond what the publisher may have given out"
is "$(on_subscriber "SELECT dittofs.write_file('/export/new', 'x'), dittofs.create_share('/third') IS NOT NULL")" '|t' \
	"the subscriber takes changes"
is "$(on_subscriber "SELECT * FROM dittofs.fsck()")" "" "fsck is clean"

# What was prepared keeps no lock of a file system: a transaction that has changed
# files is refused, one that has read them is not.
is "$(error "BEGIN; SELECT dittofs.write_file('/export/file', 'x'); PREPARE TRANSACTION 'a'" $publisher)" 0A000 \
	"a transaction with changes cannot be prepared"
q "BEGIN; SELECT dittofs.stat('/export/file'), dittofs.ls('/export'); CREATE TABLE other(); PREPARE TRANSACTION 'a'" $publisher >/dev/null
ok $? "one that reads can"
q "SET lock_timeout = '10s'; SELECT dittofs.write_file('/export/file', 'x')" $publisher >/dev/null
ok $? "and nobody waits for it"
q "ROLLBACK PREPARED 'a'" $publisher
q "SELECT pg_drop_replication_slot('s')" $publisher >/dev/null

done_testing
