#!/bin/bash
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

CREATE FUNCTION dittofs.status_word(status int) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_status_name';
COMMENT ON FUNCTION dittofs.status_word IS 'Made by the update.';
CREATE OR REPLACE FUNCTION dittofs.status_name(status int) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_status_name';

REVOKE ALL ON dittofs.notes FROM PUBLIC;
REVOKE ALL ON FUNCTION dittofs.status_word FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dittofs.status_word TO dittofs_gateway;
EOS

fill "$PGDATABASE"
state "$PGDATABASE" >/dev/null
state "$PGDATABASE" >"$DITTOFS_RUN/before"
is "$(error "ALTER EXTENSION dittofs UPDATE TO '$version-none'")" 22023 \
	"there is no way to a version that does not exist"

# A session that is in the middle of its work while the update happens
session_begin
is "$(say "SELECT status FROM dittofs.mount('/export', 'client=10.0.0.8');")" 0 \
	"a session before the update"

q "ALTER EXTENSION dittofs UPDATE TO '$next'"
ok $? "ALTER EXTENSION dittofs UPDATE"
is "$(q "SELECT extversion FROM pg_extension WHERE extname = 'dittofs'")" "$next" \
	"the catalog knows the version"
is "$(q "SELECT version FROM dittofs.healthcheck()")" "$next" "healthcheck() tells it"
is "$(say "SELECT status FROM dittofs.mount('/export', 'client=10.0.0.9');")" 0 \
	"the session goes on"
q "DELETE FROM dittofs.mounts WHERE client IN ('10.0.0.8', '10.0.0.9')"

state "$PGDATABASE" >"$DITTOFS_RUN/after"
diff "$DITTOFS_RUN/before" "$DITTOFS_RUN/after" | head -n 20 | sed 's/^/# /'
cmp -s "$DITTOFS_RUN/before" "$DITTOFS_RUN/after"
ok $? "all files are as they were"
is "$(say "SELECT dittofs.write_file('/export/during', 'x'), version FROM dittofs.healthcheck();")" \
	"|$next" "the session can make files"
is "$(say "SELECT dittofs.rm('/export/during');")" "" "and remove them"
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
