#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# ALTER EXTENSION dittofs UPDATE: a second version, made here out of the first
# in the way that extension/upgrade/README.md describes.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

dir=$DITTOFS_RUN/install$("$pg_config" --sharedir)/extension
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$dir/dittofs.control")
next=${version}next

cat >"$dir/dittofs--$version--$next.sql" <<'EOS'
\echo Use "ALTER EXTENSION dittofs UPDATE" to load this file. \quit

CREATE TABLE dittofs.notes (note text NOT NULL);
SELECT pg_catalog.pg_extension_config_dump('dittofs.notes', '');
COMMENT ON TABLE dittofs.notes IS 'Made by the update.';

ALTER TABLE dittofs.mounts ADD COLUMN note text;

DO $$
DECLARE
	name regclass;
BEGIN
	FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'r' LOOP
		EXECUTE format('ALTER TABLE %s ADD COLUMN added text NOT NULL DEFAULT ''by the update''', name);
	END LOOP;
	FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'c' LOOP
		EXECUTE format('ALTER TYPE %s ADD ATTRIBUTE added text', name);
	END LOOP;
END
$$;

CREATE FUNCTION dittofs.status_word(status int) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_status_name';
COMMENT ON FUNCTION dittofs.status_word IS 'Made by the update.';
CREATE OR REPLACE FUNCTION dittofs.status_name(status int) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_status_name';

REVOKE ALL ON dittofs.notes FROM PUBLIC;
REVOKE ALL ON FUNCTION dittofs.status_word FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dittofs.status_word TO dittofs_gateway;
EOS

# work DIR NUMBER: SQL for one of each operation; each answers its status.
work()
{
	cat <<-EOS
	SELECT status FROM dittofs.create_directory(dittofs.resolve('/up'), '$1');
	SELECT status FROM dittofs.create_file(dittofs.resolve('/up/$1'), 'f', 'client=10.0.0.1 port=700 uid=0 xid=5 checksum=$2 connection=1 connected=1 arrived=2');
	SELECT status FROM dittofs.create_symlink(dittofs.resolve('/up/$1'), 'sl', 'f');
	SELECT status FROM dittofs.create_special_file(dittofs.resolve('/up/$1'), 'p', 'fifo');
	SELECT status FROM dittofs.write(dittofs.resolve('/up/$1/f'), 0, repeat('x', 50000)::bytea);
	SELECT status FROM dittofs.write(dittofs.resolve('/up/$1/f'), 100, 'y');
	SELECT status FROM dittofs.write(dittofs.resolve('/up/old'), 3, 'y');
	SELECT status FROM dittofs.commit(dittofs.resolve('/up/$1/f'), 0, 0);
	SELECT status FROM dittofs.read(dittofs.resolve('/up/$1/f'), 0, 10);
	SELECT status FROM dittofs.lookup(dittofs.resolve('/up/$1'), 'f');
	SELECT status FROM dittofs.get_file(dittofs.resolve('/up/$1/f'));
	SELECT status FROM dittofs.set_file_attributes(dittofs.resolve('/up/old'), mode => 384);
	SELECT status FROM dittofs.check_permissions(dittofs.resolve('/up/$1/f'), 63);
	SELECT status FROM dittofs.read_symlink(dittofs.resolve('/up/$1/sl'));
	SELECT status FROM dittofs.create_hard_link(dittofs.resolve('/up/$1/f'), dittofs.resolve('/up/$1'), 'ln');
	SELECT status FROM dittofs.move(dittofs.resolve('/up/$1'), 'ln', dittofs.resolve('/up/$1'), 'ln2');
	SELECT status FROM dittofs.remove_file(dittofs.resolve('/up/$1'), 'ln2');
	SELECT status FROM dittofs.create_directory(dittofs.resolve('/up/$1'), 'sub');
	SELECT status FROM dittofs.remove_directory(dittofs.resolve('/up/$1'), 'sub');
	SELECT max(status) FROM dittofs.read_directory(dittofs.resolve('/up/$1'), attributes => true);
	SELECT status FROM dittofs.get_filesystem_capabilities(dittofs.resolve('/up'));
	SELECT status FROM dittofs.get_filesystem_statistics(dittofs.resolve('/up'));
	SELECT status FROM dittofs.mount('/up', 'client=10.0.0.$2');
	SELECT status FROM dittofs.write(dittofs.resolve('/upmem/old'), 0, repeat('$2', 5000)::bytea);
	SELECT status FROM dittofs.create_file(dittofs.resolve('/upstore'), '$1');
	SELECT status FROM dittofs.prepare_write(dittofs.resolve('/upstore/$1'), 0, sha256('$1') || int4send(100));
	SELECT status FROM dittofs.commit_write(dittofs.resolve('/upstore/$1'), 0, sha256('$1') || int4send(100),
		(SELECT store_id FROM dittofs.content_stores WHERE name = 'up'));
	SELECT status FROM dittofs.prepare_read(dittofs.resolve('/upstore/$1'), 0, 100);
	SELECT status FROM dittofs.write(dittofs.resolve('/upstore/$1'), 100, repeat('x', 50000)::bytea);
	SELECT status FROM dittofs.write(dittofs.resolve('/up/old'), 3000000, repeat('x', 50000)::bytea);
	SELECT status FROM dittofs.set_file_attributes(dittofs.resolve('/up/old'), size => 5);
	SELECT 0 * (dittofs.before(wcc)).size + 0 * (dittofs.attributes(dittofs.after(wcc))).mode
		FROM dittofs.set_file_attributes(dittofs.resolve('/up/old'), mode => 384);
	EOS
}

# What a gateway does besides, and administrators
passes()
{
	cat <<-EOS
	SELECT 0 * length(action) FROM dittofs.merge_next();
	SELECT 0 * count(*) FROM dittofs.gc_next(100);
	SELECT 0 * dittofs.reap();
	SELECT dittofs.register_replica('00000000-0000-0000-0000-00000000000$1', 'h', 1, 'v', 'a', now(), 'serving', 1, 1);
	SELECT dittofs.record_slow_call(1, 'h', '10.0.0.1', 'READ', 0, 1, 1, 1, 1, 1, '\\x01');
	SELECT dittofs.set_server_config('capacity_bytes', '100000000000');
	SELECT dittofs.set_filesystem_capabilities('/up', rtmax => 65536);
	SELECT dittofs.alter_share('/upmem', content => CASE content WHEN 'memory' THEN 'postgres' ELSE 'memory' END)
		FROM dittofs.shares WHERE name = '/upmem';
	EOS
}

# goes_on DIR NUMBER WHEN: the session works, as people do and as a gateway does
goes_on()
{
	local answers

	answers=$(say "$(work "$1" "$2")")
	is "$(sort -u <<<"$answers")" 0 "$3: one of each operation"
	answers=$(say "$(passes "$2")")
	is "$(grep -vE '^0*$' <<<"$answers")" "" "$3: background passes and settings"
	say "BEGIN; SET LOCAL dittofs.gateway = on;" >/dev/null
	answers=$(say "$(work "$1b" "${2}1")")
	is "$(sort -u <<<"$answers")" 0 "$3: the same as a gateway's batch"
	is "$(say "COMMIT;")" "" "$3: which is committed"
}

fill "$PGDATABASE"
q "SELECT dittofs.create_content_store('up', 'filesystem')" >/dev/null
q "SELECT dittofs.create_share('/up', squash => 'none'),
	dittofs.create_share('/upmem', content => 'memory', squash => 'none'),
	dittofs.create_share('/upstore', content => 'filesystem', content_store => 'up', squash => 'none')" >/dev/null
q "SELECT dittofs.write_file('/up/old', 'content'), dittofs.write_file('/upmem/old', 'content')" >/dev/null
is "$(error "ALTER EXTENSION dittofs UPDATE TO '$version-none'")" 22023 \
	"there is no way to a version that does not exist"

# A session that is in the middle of its work while the update happens
session_begin
is "$(say "SELECT status FROM dittofs.mount('/export', 'client=10.0.0.8');")" 0 \
	"a session before the update"
goes_on before 1 "before the update"
# state() cannot read what is in a store
q "SELECT dittofs.rm('/upstore/before'), dittofs.rm('/upstore/beforeb')" >/dev/null
state "$PGDATABASE" >/dev/null
# without what new attributes of result types add to a line
state "$PGDATABASE" | sed 's/|*$//' >"$DITTOFS_RUN/before"

q "ALTER EXTENSION dittofs UPDATE TO '$next'"
ok $? "ALTER EXTENSION dittofs UPDATE"
is "$(q "SELECT extversion FROM pg_extension WHERE extname = 'dittofs'")" "$next" \
	"the catalog knows the version"
is "$(q "SELECT version FROM dittofs.healthcheck()")" "$next" "healthcheck() tells it"
is "$(say "SELECT status FROM dittofs.mount('/export', 'client=10.0.0.9');")" 0 \
	"the session goes on"
q "DELETE FROM dittofs.mounts WHERE client = '10.0.0.9'"

state "$PGDATABASE" | sed 's/|*$//' >"$DITTOFS_RUN/after"
diff "$DITTOFS_RUN/before" "$DITTOFS_RUN/after" | head -n 20 | sed 's/^/# /'
cmp -s "$DITTOFS_RUN/before" "$DITTOFS_RUN/after"
ok $? "all files are as they were"
is "$(say "SELECT dittofs.write_file('/export/during', 'x'), version FROM dittofs.healthcheck();")" \
	"|$next" "the session can make files"
is "$(say "SELECT dittofs.rm('/export/during');")" "" "and remove them"

# It fills the columns that the update has made, and keeps what is in them.
q "UPDATE dittofs.files SET added = 'kept'"
goes_on after 2 "after the update"
is "$(say "SELECT g.added IS NULL, r.added IS NULL, d.added IS NULL FROM dittofs.get_file(dittofs.resolve('/up/old')) g,
	dittofs.read(dittofs.resolve('/up/old'), 0, 10) r, dittofs.read_directory(dittofs.resolve('/upstore')) d LIMIT 1;")" \
	't|t|t' "new attributes of result types are NULL"
is "$(q "SELECT added, count(*) > 3 FROM dittofs.files GROUP BY 1 ORDER BY 1")" $'by the update|t\nkept|t' \
	"files: old rows keep what they have, new ones get the default"
is "$(q "SELECT added FROM dittofs.files JOIN dittofs.stat('/up/old') USING (fileid)")" kept \
	"also where the session has changed one"
for table in $(q "SELECT relname FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'r'
		AND relname NOT IN ('files', 'notes') ORDER BY relname"); do
	is "$(q "SELECT DISTINCT added FROM dittofs.$table WHERE added <> 'by the update'")" "" "$table: the default"
done
session_end
is "$(violations "$PGDATABASE")" "" "the tables agree with each other"

is "$(q "SET ROLE dittofs_gateway; SELECT dittofs.status_word(2)")" NOENT \
	"a gateway may execute the new function"
is "$(q "SELECT has_function_privilege('public', 'dittofs.status_word(int)', 'execute')")" f \
	"and nobody else"
is "$(q "SELECT has_function_privilege('dittofs_gateway', 'dittofs.status_name(int)', 'execute')")" t \
	"a replaced function keeps its privileges"

# A dump of the new version
q "INSERT INTO dittofs.notes VALUES ('carried over')"
sed -i "s/^default_version.*/default_version = '$next'/" "$dir/dittofs.control"
"$pg_bin/pg_dump" -Fc -f "$DITTOFS_RUN/dump" && "$pg_bin/createdb" -T template0 restored &&
	"$pg_bin/pg_restore" --exit-on-error -d restored "$DITTOFS_RUN/dump"
ok $? "a dump of the new version is restored"
is "$(q "SELECT extversion FROM pg_extension WHERE extname = 'dittofs'" restored)" "$next" \
	"CREATE EXTENSION goes through the update script"
is "$(q "SELECT note FROM dittofs.notes" restored)" "carried over" "new tables are in the dump"
is "$(q "SELECT md5(dittofs.read_file('/export/a/large'))" restored)" \
	"$(q "SELECT md5(dittofs.read_file('/export/a/large'))")" "and so are the files"

done_testing
