-- SPDX-License-Identifier: PostgreSQL
-- fsck() and fsck_repair() take time in proportion to the tables, whatever the planner
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
CREATE FUNCTION pg_temp.buffers(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END
$$;
SELECT n AS calls, pg_temp.buffers(n) IS NOT NULL AS warm FROM (VALUES ('SELECT count(*) FROM dittofs.fsck_reachable()'),
	('SELECT count(*) FROM dittofs.fsck()'), ('SELECT count(*) FROM dittofs.fsck_repair()')) c(n);

BEGIN;
UPDATE pg_class SET reltuples = 0, relpages = greatest(pg_relation_size(oid) / 8192, 1)
	WHERE oid IN ('dittofs.files'::regclass, 'dittofs.parent_child_map'::regclass, 'dittofs.files_pkey'::regclass, 'dittofs.parent_child_map_pkey'::regclass);
SELECT count(*) FROM dittofs.fsck_reachable() r(id) JOIN dittofs.files USING (id) JOIN dittofs.shares s USING (share_id) WHERE s.name = '/chain';
SELECT CASE WHEN n < 60000 THEN 'in proportion' ELSE n || ' pages' END AS reachable FROM pg_temp.buffers('SELECT count(*) FROM dittofs.fsck_reachable()') n;
SELECT CASE WHEN n < 120000 THEN 'in proportion' ELSE n || ' pages' END AS fsck FROM pg_temp.buffers('SELECT count(*) FROM dittofs.fsck()') n;
-- an entry that nothing finds makes the repair look at all names
UPDATE dittofs.parent_child_map SET cookie = cookie + 1 WHERE parent_id = (SELECT root_id FROM dittofs.shares WHERE name = '/chain') AND name = 'file';
SELECT CASE WHEN n < 400000 THEN 'in proportion' ELSE n || ' pages' END AS repair FROM pg_temp.buffers('SELECT count(*) FROM dittofs.fsck_repair()') n;
SELECT * FROM t.violations;
ROLLBACK;

SELECT dittofs.drop_share('/chain', force => true);
SELECT count(dittofs.reap(100000)) FROM generate_series(1, 3);
SELECT * FROM t.violations;
