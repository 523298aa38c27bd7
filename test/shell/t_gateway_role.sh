#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Whoever has got hold of a gateway's login: he can make the calls that a
# gateway makes, as any user of NFS, and nothing else.  What he may execute is
# a list in test/pgtap/privileges.sql; here are his attempts at the rest.
#
# He is a login of his own and stays one: a superuser's session under another
# name could always go back.

# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

q "SELECT dittofs.create_share('/export', squash => 'none', root_mode => '0777')" >/dev/null
q "SELECT dittofs.write_file('/export/file', 'content')" >/dev/null
q "CREATE ROLE intruder LOGIN IN ROLE dittofs_gateway"
q "CREATE ROLE other LOGIN"

intruder()
{
	"$pg_bin/psql" -XqAt -v VERBOSITY=sqlstate -U intruder "$@" 2>&1
}

# What no attempt may change.
fingerprint()
{
	q "SELECT md5(string_agg(x, ' ' ORDER BY x)) FROM (
			SELECT p.oid || p.prosrc || p.proacl::text || p.proowner || coalesce(p.proconfig::text, '') AS x
				FROM pg_proc p WHERE pronamespace = 'dittofs'::regnamespace
			UNION ALL SELECT oid || relname || coalesce(relacl::text, '') || relowner
				FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace
			UNION ALL SELECT rolname || rolsuper || rolcreaterole || rolcreatedb FROM pg_roles
			UNION ALL SELECT nspname || nspowner || coalesce(nspacl::text, '') FROM pg_namespace WHERE nspname !~ '^pg_'
			UNION ALL SELECT t::text FROM dittofs.tree('/export') t
			UNION ALL SELECT s::text FROM dittofs.shares s
			UNION ALL SELECT c::text FROM dittofs.server_config c) x"
}

# attempts WHAT: the statements on standard input, one a line, are all refused
# for want of privilege; 'statement --! SQLSTATE' for another reason.
attempts()
{
	local what=$1 statement wanted got count=0 wrong=0

	echo 'SELECT dittofs.status_name(0) \gset' >"$DITTOFS_RUN/attempts"
	while IFS= read -r statement; do
		wanted=42501
		case $statement in
			'' | '#'*) continue ;;
			*' --! '*) wanted=${statement##* --! } ;;
		esac
		printf '%s\n' "\\echo @$wanted $statement" "${statement% --! *};"
	done >>"$DITTOFS_RUN/attempts"
	intruder -f "$DITTOFS_RUN/attempts" >"$DITTOFS_RUN/answers" </dev/null
	# an answer of several lines, or none, is no refusal
	while IFS= read -r got; do
		count=$((count + 1))
		[ "${got%%|*}" = "${got#*|}" ] && continue
		wrong=$((wrong + 1))
		echo "# $got"
	done < <(awk '
		function flush() { if (n) print (state == wanted && lines == 1 ? "|" : statement " | " text) }
		/^@/ { flush(); n++; wanted = substr($1, 2); statement = $0; sub(/^@[^ ]* /, "", statement)
			state = ""; lines = 0; text = ""; next }
		{ lines++; text = text " " $0 }
		/ERROR:  [0-9A-Z]*$/ { state = $NF }
		END { flush() }' "$DITTOFS_RUN/answers")
	[ "$wrong" = 0 ] && [ "$count" -gt 0 ]
	ok $? "$what: $count attempts"
}

before=$(fingerprint)
is "$(intruder -c "SELECT status FROM dittofs.mount('/export', 'uid=0 client=10.0.0.7')")" 0 \
	"he is a gateway: he may mount"

attempts "tables and views" < <(q "
	SELECT format(statement, c.oid::regclass)
		FROM pg_class c, unnest(array[
			'SELECT * FROM %s', 'SELECT count(*) FROM %s', 'INSERT INTO %s DEFAULT VALUES', 'DELETE FROM %s',
			'TRUNCATE %s', 'COPY %s TO STDOUT', 'COPY %s FROM ''/dev/null''', 'BEGIN; LOCK TABLE %s IN ACCESS SHARE MODE; ROLLBACK',
			'BEGIN; LOCK TABLE %s; ROLLBACK', 'DROP TABLE %s CASCADE', 'ALTER TABLE %s OWNER TO intruder',
			'ALTER TABLE %s ADD intruder int', 'CREATE INDEX ON %s ((1))', 'COMMENT ON TABLE %s IS ''mine''',
			'GRANT SELECT ON %s TO intruder', 'ALTER TABLE %s ENABLE ROW LEVEL SECURITY',
			'CREATE RULE mine AS ON INSERT TO %s DO INSTEAD NOTHING', 'CREATE TABLE pg_temp.mine () INHERITS (%s)',
			'CREATE TABLE pg_temp.mine (LIKE %s)', 'CREATE POLICY mine ON %s', 'ALTER TABLE %s DISABLE TRIGGER ALL']) statement
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'r'
	UNION ALL
	SELECT format('UPDATE %s SET %I = %I', c.oid::regclass, attname, attname) FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'r'
	UNION ALL
	SELECT format('SELECT %I FROM %s', attname, c.oid::regclass) FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind IN ('r', 'v')
	UNION ALL
	SELECT format(statement, c.oid::regclass)
		FROM pg_class c, unnest(array['SELECT * FROM %s', 'DROP VIEW %s', 'CREATE OR REPLACE VIEW %s AS SELECT 1',
			'DELETE FROM %s']) statement
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'v' AND (relname <> 'link_counts' OR statement !~ 'REPLACE')
			AND NOT (relname <> 'link_counts' AND statement ~ 'DELETE')")

attempts "sequences" < <(q "
	SELECT format(statement, c.oid::regclass)
		FROM pg_class c, unnest(array['SELECT * FROM %s', 'SELECT nextval(''%s'')', 'SELECT setval(''%s'', 1)',
			'SELECT currval(''%s'')', 'ALTER SEQUENCE %s RESTART', 'DROP SEQUENCE %s', 'SELECT last_value FROM %s']) statement
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'S'")

# Arguments that are no constants, or a strict function would not be called at
# all.  Parameters of type internal cannot be given.
attempts "functions that are not a gateway's" < <(q "
	SELECT format('SELECT %s(%s) FROM (SELECT %s OFFSET 0) x', p.oid::regproc,
			(SELECT string_agg('a' || n, ', ') FROM unnest(p.proargtypes) WITH ORDINALITY t(t, n)),
			(SELECT string_agg(format('NULL::%s AS a%s', t::regtype, n), ', ') FROM unnest(p.proargtypes) WITH ORDINALITY t(t, n)))
		FROM pg_proc p WHERE p.pronamespace = 'dittofs'::regnamespace
			AND NOT has_function_privilege('intruder', p.oid, 'EXECUTE')
			AND NOT 'internal'::regtype = ANY (p.proargtypes)")

attempts "what belongs to the schema" < <(q "
	SELECT format(statement, p.oid::regprocedure)
		FROM pg_proc p, unnest(array['ALTER FUNCTION %s RESET ALL', 'ALTER FUNCTION %s SECURITY INVOKER',
			'DROP FUNCTION %s', 'ALTER FUNCTION %s OWNER TO intruder', 'ALTER FUNCTION %s SET search_path = public']) statement
		WHERE pronamespace = 'dittofs'::regnamespace")

attempts "functions, given on" < <(q "
	SELECT format('GRANT EXECUTE ON FUNCTION %s TO other', p.oid::regprocedure)
		FROM pg_proc p WHERE pronamespace = 'dittofs'::regnamespace
			AND NOT has_function_privilege('intruder', p.oid, 'EXECUTE')")

attempts "new objects, other names" <<'E'
CREATE TABLE dittofs.mine ()
CREATE VIEW dittofs.mine AS SELECT 1
CREATE SEQUENCE dittofs.mine
CREATE TYPE dittofs.mine AS (i int)
CREATE DOMAIN dittofs.mine AS int
CREATE FUNCTION dittofs.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION dittofs.lookup(text, text) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE FUNCTION dittofs.write(bytea, int, text, text, text) RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION dittofs.write_verifier() RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea'
CREATE OPERATOR dittofs.= (LEFTARG = inet, RIGHTARG = inet, FUNCTION = pg_catalog.network_eq)
CREATE CAST (text AS dittofs.caller) WITH INOUT AS IMPLICIT
ALTER TYPE dittofs.caller OWNER TO intruder
ALTER SCHEMA dittofs OWNER TO intruder
ALTER SCHEMA dittofs RENAME TO mine
DROP SCHEMA dittofs CASCADE
DROP EXTENSION dittofs
ALTER EXTENSION dittofs UPDATE
ALTER EXTENSION dittofs DROP FUNCTION dittofs.fsck()
CREATE SCHEMA mine
CREATE TABLE public.mine ()
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'
CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE c AS '$libdir/dittofs', 'dittofs_create_share'
CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION dittofs.guard_drop()
CREATE TABLE pg_catalog.mine ()
CREATE PUBLICATION mine
SET ROLE postgres
SET SESSION AUTHORIZATION postgres
SET ROLE other
ALTER ROLE intruder SUPERUSER
ALTER ROLE dittofs_gateway LOGIN
ALTER ROLE dittofs_gateway SET search_path = public
ALTER ROLE postgres SET search_path = pg_temp
GRANT dittofs_gateway TO other
GRANT postgres TO intruder
CREATE ROLE mine
CREATE DATABASE mine
ALTER DATABASE dittofs SET dittofs.gateway = on
REASSIGN OWNED BY postgres TO intruder
DROP OWNED BY postgres
ALTER SYSTEM SET fsync = off
LOAD '/tmp/mine.so'
COPY (SELECT 1) TO PROGRAM 'true'
COPY (SELECT 1) TO '/tmp/mine'
SELECT pg_read_file('postgresql.conf')
SELECT pg_ls_dir('.')
SELECT lo_import('/etc/passwd')
SELECT pg_reload_conf()
SELECT pg_switch_wal()
SELECT * FROM pg_catalog.pg_authid
SELECT pg_terminate_backend(max(pid)) FROM pg_stat_activity WHERE usename = 'postgres'
E

attempts "settings" <<'E'
SET session_replication_role = replica
SET allow_system_table_mods = on
SET zero_damaged_pages = on
SET dittofs.keep_replies = off --! 55P02
ALTER ROLE intruder SET dittofs.keep_replies = off --! 55P02
ALTER SYSTEM SET dittofs.keep_replies = off
SET SESSION AUTHORIZATION DEFAULT; SET ROLE postgres
SET dittofs.allow_drop = on
SET dittofs.gateway = on; SELECT dittofs.create_share('/mine')
SET dittofs.gateway = on; SELECT count(*) FROM dittofs.files
RESET ALL; SET synchronous_commit = off; SELECT dittofs.fsck_repair()
E

# The functions that run SQL with their owner's rights, called where tables,
# functions and operators of the names they use lie in wait: in pg_temp, and in
# public as it was before PostgreSQL 15.  The traps tell who fell into them.
q "GRANT CREATE ON SCHEMA public TO intruder"
traps=$DITTOFS_RUN/traps
cat >"$traps" <<'E'
CREATE TABLE public.caught (who text);
GRANT INSERT ON public.caught TO PUBLIC;
CREATE FUNCTION public.trap() RETURNS void LANGUAGE sql VOLATILE AS
	'INSERT INTO public.caught VALUES (current_user)';
E
for schema in pg_temp public; do
	for table in mounts shares files parent_child_map blocks blocks_memory reap_queue space_usage replies_0 replies_1 replies_2; do
		echo "CREATE TABLE $schema.$table (client inet, path bytea, share_id int, mounted_at timestamptz,
			id uuid, content_id uuid, fileid bigint, UNIQUE (client, path));"
	done
	cat <<-E
		CREATE FUNCTION $schema.now() RETURNS timestamptz LANGUAGE plpgsql AS
			'BEGIN PERFORM public.trap(); RETURN pg_catalog.now(); END';
		CREATE FUNCTION $schema.same(inet, inet) RETURNS bool LANGUAGE plpgsql AS
			'BEGIN PERFORM public.trap(); RETURN true; END';
		CREATE FUNCTION $schema.same(bytea, bytea) RETURNS bool LANGUAGE plpgsql AS
			'BEGIN PERFORM public.trap(); RETURN true; END';
		CREATE OPERATOR $schema.= (LEFTARG = inet, RIGHTARG = inet, FUNCTION = $schema.same);
		CREATE OPERATOR $schema.= (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = $schema.same);
		CREATE FUNCTION $schema.lookup(bytea, bytea) RETURNS int LANGUAGE plpgsql AS
			'BEGIN PERFORM public.trap(); RETURN 0; END';
	E
done >>"$traps"
cat >>"$traps" <<'E'
SET search_path = pg_temp, public, pg_catalog;
SELECT status FROM dittofs.mount('/export', 'uid=0 client=10.0.0.8');
SELECT dittofs.unmount('/export', 'uid=0 client=10.0.0.8');
SELECT status FROM dittofs.mount('/export', 'uid=0 client=10.0.0.9');
SELECT dittofs.unmount_all('uid=0 client=10.0.0.9');
SELECT dittofs.reap();
SELECT status FROM dittofs.mount('/export', 'uid=0 client=10.0.0.9');
SELECT pg_catalog.count(*) FROM pg_temp.mounts;
SELECT pg_catalog.count(*) FROM public.mounts;
\echo caught:
SELECT who FROM public.caught;
E
is "$(intruder -f "$traps" | tr '\n' ' ')" "0 1 0 1 0 0 0 0 caught: " \
	"names in pg_temp and public lead no function astray"
is "$(q "SELECT string_agg(host(client), ' ' ORDER BY client) FROM dittofs.mounts")" "10.0.0.7 10.0.0.9" \
	"what it recorded is where it belongs"
q "SET client_min_messages = warning; DROP OWNED BY intruder; GRANT dittofs_gateway TO intruder"

# An administrator falls into none either.
q "CREATE SCHEMA traps; CREATE TABLE traps.shares (name text); CREATE TABLE traps.files (id uuid)"
is "$(q "SET search_path = traps, public; SELECT * FROM dittofs.fsck()")" "" "fsck() looks at the right tables"
is "$(q "SET search_path = traps, public; SELECT count(*) FROM dittofs.fsck_repair()")" 0 "so does fsck_repair()"
q "SET client_min_messages = warning; DROP SCHEMA traps CASCADE"

is "$(fingerprint)" "$before" "nothing was changed by all that"
is "$(q 'SELECT * FROM dittofs.fsck()')" "" "fsck is clean"

done_testing
