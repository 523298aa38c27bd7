-- SPDX-License-Identifier: PostgreSQL
-- fsck(), fsck_repair() and what tells of content take time in proportion to the tables, whatever the planner
-- believes of them: a vacuum may have found them empty before they were filled again.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/chain', squash => 'none') AS root \gset
-- 600 directories, each in the one before, with a file in each
DO $$
DECLARE
	dir bytea := dittofs.resolve('/chain');
BEGIN
	FOR i IN 1 .. 600 LOOP
		PERFORM dittofs.create_file(dir, 'file');
		dir := (dittofs.create_directory(dir, 'next')).handle;
	END LOOP;
END
$$;
SELECT dittofs.create_content_store('chain', 'filesystem') AS store \gset
SELECT dittofs.create_share('/blocks', content => 'filesystem', content_store => 'chain', squash => 'none') AS blocks \gset
SELECT set_config('t.store', :'store', false) AS ignored \gset
-- 600 files, each with a block of its own
DO $$
DECLARE
	file bytea;
BEGIN
	FOR i IN 1 .. 600 LOOP
		file := (dittofs.create_file(dittofs.resolve('/blocks'), convert_to('file ' || i, 'UTF8'))).handle;
		PERFORM dittofs.prepare_write(file, 0, sha256(int4send(i)) || int4send(100));
		PERFORM dittofs.commit_write(file, 0, sha256(int4send(i)) || int4send(100), current_setting('t.store')::int);
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.buffers(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END
$$;
-- So many pages may be read of tables that other tests have left large
SELECT sum(pg_relation_size(oid)) / 8192 * 4 AS pages FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'r' \gset
SELECT n AS calls, pg_temp.buffers(n) IS NOT NULL AS warm FROM (VALUES ('SELECT count(*) FROM dittofs.fsck_reachable()'),
	('SELECT count(*) FROM dittofs.content_report'),
	('SELECT count(*) FROM dittofs.fsck()'), ('SELECT count(*) FROM dittofs.fsck_repair()')) c(n);

BEGIN;
UPDATE pg_class SET reltuples = 0, relpages = greatest(pg_relation_size(oid) / 8192, 1)
	WHERE relnamespace = 'dittofs'::regnamespace AND relkind IN ('r', 'i') AND relname ~ '^(files|parent_child_map|extents|stored_blocks)';
SELECT count(*) FROM dittofs.fsck_reachable() r(id) JOIN dittofs.files USING (id) JOIN dittofs.shares s USING (share_id) WHERE s.name = '/chain';
SELECT CASE WHEN n < 60000 + :pages THEN 'in proportion' ELSE n || ' pages' END AS reachable FROM pg_temp.buffers('SELECT count(*) FROM dittofs.fsck_reachable()') n;
SELECT CASE WHEN n < 120000 + :pages THEN 'in proportion' ELSE n || ' pages' END AS fsck FROM pg_temp.buffers('SELECT count(*) FROM dittofs.fsck()') n;
SELECT CASE WHEN n < 20000 + :pages THEN 'in proportion' ELSE n || ' pages' END AS report FROM pg_temp.buffers('SELECT count(*) FROM dittofs.content_report') n;
SELECT CASE WHEN n < 20000 + :pages THEN 'in proportion' ELSE n || ' pages' END AS list
	FROM pg_temp.buffers(format('SELECT count(*) FROM dittofs.stored_block_list(%s, %L, 600, %L)', :store, '', '/blocks')) n;
SELECT share, content, files, logical_bytes FROM dittofs.content_report WHERE share = '/blocks';
-- an entry that nothing finds makes the repair look at all names
UPDATE dittofs.parent_child_map SET cookie = cookie + 1 WHERE parent_id = (SELECT root_id FROM dittofs.shares WHERE name = '/chain') AND name = 'file';
SELECT CASE WHEN n < 400000 + :pages THEN 'in proportion' ELSE n || ' pages' END AS repair FROM pg_temp.buffers('SELECT count(*) FROM dittofs.fsck_repair()') n;
SELECT * FROM t.violations;
ROLLBACK;

SELECT dittofs.drop_share('/chain', force => true), dittofs.drop_share('/blocks', force => true);
SELECT count(dittofs.reap(100000)) FROM generate_series(1, 3);
DELETE FROM dittofs.stored_blocks WHERE store_id = :store;
SELECT dittofs.drop_content_store('chain');
SELECT * FROM t.violations;
