-- SPDX-License-Identifier: PostgreSQL
-- Every function does the same in every session, whatever its settings: fsck(), which
-- is SQL, what administrators call, which runs SQL, and what people call.
\set ECHO none
\i test/check.sql
\set ECHO all

CREATE SCHEMA evil;
CREATE TABLE evil.files (id int);
CREATE TABLE evil.shares (name text);
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT timestamptz '1970-01-01'$$;
CREATE FUNCTION evil.encode(bytea, text) RETURNS text LANGUAGE sql AS $$SELECT 'evil'$$;
CREATE FUNCTION evil.text_eq(text, text) RETURNS bool LANGUAGE sql AS $$SELECT false$$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.text_eq);

CREATE FUNCTION pg_temp.hostile() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_catalog.set_config(name, value, false) FROM (VALUES
		('search_path', 'evil, pg_catalog'), ('standard_conforming_strings', 'off'), ('escape_string_warning', 'off'),
		('backslash_quote', 'on'), ('quote_all_identifiers', 'on'), ('transform_null_equals', 'on'), ('array_nulls', 'off'),
		('DateStyle', 'SQL, DMY'), ('IntervalStyle', 'sql_standard'), ('TimeZone', 'Asia/Kathmandu'),
		('bytea_output', 'escape'), ('extra_float_digits', '-15'), ('xmlbinary', 'hex'),
		('row_security', 'off'), ('session_replication_role', 'replica'), ('plpgsql.variable_conflict', 'use_column'),
		('check_function_bodies', 'off'), ('default_transaction_deferrable', 'on'), ('synchronous_commit', 'off'),
		('work_mem', '64kB'), ('maintenance_work_mem', '1MB'), ('hash_mem_multiplier', '1'),
		('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), ('enable_nestloop', 'off'),
		('enable_indexscan', 'off'), ('enable_sort', 'off'), ('enable_hashagg', 'off'), ('enable_material', 'off'),
		('join_collapse_limit', '1'), ('from_collapse_limit', '1'), ('geqo_threshold', '2'), ('jit_above_cost', '0'),
		('parallel_setup_cost', '0'), ('parallel_tuple_cost', '0'), ('min_parallel_table_scan_size', '0'),
		('plan_cache_mode', 'force_generic_plan'), ('statement_timeout', '10min'), ('lock_timeout', '10min'),
		('client_min_messages', 'error'), ('lc_numeric', 'C'), ('lc_monetary', 'C'), ('lc_time', 'C')) s(name, value)
		WHERE pg_catalog.current_setting(name, true) IS NOT NULL;
END $$;

-- a name with a quote and a backslash; how a backslash in a literal is read is a setting
CREATE FUNCTION pg_temp.odd() RETURNS text LANGUAGE sql AS $$SELECT 'it''s "x" ' || pg_catalog.chr(92) || pg_catalog.chr(92) || 'y'$$;
-- all that can be done with a share, and what is seen of it
CREATE PROCEDURE pg_temp.work(share text) LANGUAGE plpgsql AS $$
DECLARE
	root bytea := dittofs.create_share(share, squash => 'none', allowed_clients => '{10.0.0.0/8}', max_bytes => 1000000);
BEGIN
	PERFORM dittofs.alter_share(share, atime => 'strict', max_inodes => 1000, allowed_clients => '{}');
	PERFORM dittofs.set_filesystem_capabilities(share, rtmax => 65536);
	PERFORM dittofs.set_server_config('capacity_bytes', '1000000000');
	PERFORM dittofs.mount(pg_catalog.convert_to(share, 'UTF8'), 'client=10.0.0.7');
	PERFORM dittofs.mkdir(share || '/a/b', parents => true);
	PERFORM dittofs.write_file(share || '/a/' || pg_temp.odd(), pg_catalog.decode('00ff5c27', 'hex'));
	PERFORM dittofs.ln(share || '/a/' || pg_temp.odd(), share || '/a/b/' || pg_catalog.chr(92) || '377');
	PERFORM dittofs.symlink('a' || pg_catalog.chr(92) || pg_catalog.chr(92) || 'b', share || '/link');
	PERFORM dittofs.mv(share || '/link', share || '/a/link'), dittofs.chmod(share || '/a', '0700'), dittofs.chown(share || '/a', 7, 8);
	PERFORM dittofs.write_file(share || '/large', pg_catalog.convert_to(pg_catalog.repeat('0123456789', 50000), 'UTF8'));
	PERFORM dittofs.mkdir(share || '/gone/deep', parents => true), dittofs.rm(share || '/gone', recursive => true);
END $$;
CREATE FUNCTION pg_temp.seen(share text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT pg_catalog.replace(pg_catalog.concat_ws('|', t.path, t.depth, t.kind, t.mode, t.nlink, t.uid, t.gid, t.size), share, 'SHARE') FROM dittofs.tree(share) t;
	RETURN QUERY SELECT pg_catalog.concat_ws('|', l.name, l.kind, l.size) FROM dittofs.ls(share || '/a') l;
	RETURN QUERY SELECT pg_catalog.concat_ws('|', pg_catalog.encode(dittofs.read_file(share || '/a/' || pg_temp.odd()), 'hex'), dittofs.readlink(share || '/a/link'),
		(dittofs.stat(share || '/a/link')).target, dittofs.resolve(share) IS NOT NULL);
	RETURN QUERY SELECT pg_catalog.concat_ws('|', l.content, l.squash, l.allowed_clients, l.atime, l.bytes, l.inodes, l.max_bytes, l.max_inodes)
		FROM dittofs.list_shares() l WHERE l.name OPERATOR(pg_catalog.=) share;
	RETURN QUERY SELECT pg_catalog.concat_ws('|', i.kind, i.mode, i.nlink, i.size, i.target) FROM dittofs.inodes i WHERE i.share OPERATOR(pg_catalog.=) seen.share ORDER BY i.fileid;
	RETURN QUERY SELECT pg_catalog.concat_ws('|', e.name, e.kind) FROM dittofs.entries e WHERE e.share OPERATOR(pg_catalog.=) seen.share ORDER BY e.fileid, e.name;
	RETURN QUERY SELECT pg_catalog.concat_ws('|', m.client, pg_catalog.replace(pg_catalog.convert_from(m.path, 'UTF8'), share, 'SHARE'))
		FROM dittofs.list_mounts() m WHERE pg_catalog.convert_from(m.path, 'UTF8') OPERATOR(pg_catalog.=) share;
	RETURN QUERY SELECT pg_catalog.concat_ws('|', c.key, c.value, c.default_value) FROM dittofs.get_server_config() c;
	RETURN QUERY SELECT pg_catalog.concat_ws('|', c.rtmax, c.maxfilesize) FROM dittofs.get_filesystem_capabilities(dittofs.resolve(share)) c;
	RETURN QUERY SELECT 'shares ' || h.shares FROM dittofs.healthcheck() h;
	RETURN QUERY SELECT 'fsck: ' || f.rule FROM dittofs.fsck() f;
END $$;
-- broken on purpose, and what the repair does
CREATE FUNCTION pg_temp.repaired(share text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	root uuid := (SELECT s.root_id FROM dittofs.shares s WHERE s.name OPERATOR(pg_catalog.=) share);
	gone uuid := (SELECT d.child_id FROM dittofs.parent_child_map d WHERE d.parent_id OPERATOR(pg_catalog.=) root AND d.name OPERATOR(pg_catalog.=) pg_catalog.decode('61', 'hex'));
BEGIN
	DELETE FROM dittofs.parent_child_map d WHERE d.child_id OPERATOR(pg_catalog.=) gone;
	UPDATE dittofs.files f SET nlink = 9 WHERE f.id OPERATOR(pg_catalog.=) root;
	UPDATE dittofs.files f SET used = 1 WHERE f.parent_id IS NULL AND f.size OPERATOR(pg_catalog.>) 100000
		AND f.share_id OPERATOR(pg_catalog.=) (SELECT s.share_id FROM dittofs.shares s WHERE s.name OPERATOR(pg_catalog.=) share);
	UPDATE dittofs.space_usage SET bytes = bytes OPERATOR(pg_catalog.+) 7;
	RETURN QUERY SELECT 'broken: ' || f.rule FROM dittofs.fsck() f ORDER BY 1;
	RETURN QUERY SELECT 'repaired: ' || f.rule FROM dittofs.fsck_repair() f ORDER BY 1;
	RETURN QUERY SELECT 'left: ' || f.rule FROM dittofs.fsck() f;
END $$;
CREATE TEMP TABLE seen (session text, what text);

CALL pg_temp.work('/settings');
INSERT INTO seen SELECT 'usual', pg_temp.seen('/settings');
INSERT INTO seen SELECT 'usual', pg_temp.repaired('/settings');
SELECT dittofs.drop_share('/settings', force => true), dittofs.reap(100000) > 0 AS reaped;
SELECT count(*) > 40 AS enough FROM seen;
SELECT what FROM seen WHERE what ~ '^(broken|repaired|left|fsck)';

SELECT pg_temp.hostile();
CALL pg_temp.work('/settings');
INSERT INTO pg_temp.seen SELECT 'hostile', pg_temp.seen('/settings');
INSERT INTO pg_temp.seen SELECT 'hostile', pg_temp.repaired('/settings');
SELECT dittofs.drop_share('/settings', force => true), dittofs.reap(100000) OPERATOR(pg_catalog.>) 0 AS reaped;
RESET ALL;
SELECT session, what FROM (SELECT 'usual' AS session, what FROM seen WHERE session = 'usual' EXCEPT ALL SELECT 'usual', what FROM seen WHERE session = 'hostile') a
UNION ALL
SELECT session, what FROM (SELECT 'hostile' AS session, what FROM seen WHERE session = 'hostile' EXCEPT ALL SELECT 'hostile', what FROM seen WHERE session = 'usual') b;

-- what SQL and PL/pgSQL is written in says so itself
SELECT p.proname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
	WHERE p.pronamespace = 'dittofs'::regnamespace AND p.prokind = 'f' AND l.lanname IN ('sql', 'plpgsql')
		AND NOT coalesce(array_to_string(p.proconfig, ',') ~ 'search_path=pg_catalog.*standard_conforming_strings=on', false);
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'dittofs'::regnamespace AND p.prosecdef
	AND NOT coalesce(array_to_string(p.proconfig, ',') ~ 'search_path=pg_catalog, pg_temp', false);

-- where a change is refused, it is for what the session says
SET default_transaction_read_only = on;
SELECT * FROM dittofs.fsck();
SELECT dittofs.create_share('/settings');
RESET default_transaction_read_only;
SET default_transaction_isolation = serializable;
SELECT * FROM dittofs.fsck();
SELECT dittofs.create_share('/settings', squash => 'none') IS NOT NULL AS made, dittofs.write_file('/settings/file', 'x'), dittofs.rm('/settings/file');
\set SHOW_CONTEXT never
SELECT * FROM dittofs.fsck_repair();
\set SHOW_CONTEXT errors
SELECT dittofs.drop_share('/settings', force => true);
SELECT dittofs.reap(1000) > 0 AS reaped;
RESET default_transaction_isolation;

SELECT * FROM t.violations;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
