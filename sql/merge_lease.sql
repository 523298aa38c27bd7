-- SPDX-License-Identifier: PostgreSQL
-- merge_next() leases one file, whatever the planner knows of staged_files.  A second
-- one would be put off for a minute, with a task that no gateway has got.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.set_server_config('merge_delay', '0'), dittofs.set_server_config('external_min', '1');
SELECT dittofs.create_content_store('lease', 'filesystem') AS store \gset
SELECT dittofs.create_share('/lease', content => 'filesystem', content_store => 'lease', squash => 'none') AS root \gset
SELECT count(dittofs.write_file('/lease/f' || i, 'x')) FROM generate_series(1, 5) i;

-- every plan that statistics can bring about; what they were comes back with the rollback
CREATE PROCEDURE pg_temp.with_statistics(rows real, pages int) LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pg_class SET reltuples = rows, relpages = pages
		WHERE oid IN (SELECT 'dittofs.staged_files'::regclass UNION SELECT indexrelid FROM pg_index WHERE indrelid = 'dittofs.staged_files'::regclass);
	UPDATE dittofs.staged_files SET tries = 0, next_at = now() - interval '1 s';
END
$$;
CREATE TEMP TABLE leased (rows real, pages int, status int, files bigint);
BEGIN;
SELECT format('CALL pg_temp.with_statistics(%1$s, %2$s);
	WITH task AS MATERIALIZED (SELECT status FROM dittofs.merge_next()) INSERT INTO pg_temp.leased SELECT %1$s, %2$s, status FROM task;
	UPDATE pg_temp.leased SET files = (SELECT count(*) FROM dittofs.staged_files WHERE tries > 0) WHERE files IS NULL;', rows, pages)
	FROM unnest('{-1, 0, 1, 2, 3, 1000, 100000}'::real[]) rows, unnest('{0, 1, 2, 10, 1000}'::int[]) pages
\set ECHO none
\gexec
\set ECHO all
SELECT count(*), array_agg(DISTINCT status) AS statuses, array_agg(DISTINCT files) AS files FROM leased;
ROLLBACK;

SELECT dittofs.drop_share('/lease', force => true);
SELECT count(dittofs.reap(100000)) FROM generate_series(1, 10);
SELECT dittofs.drop_content_store('lease');
SELECT dittofs.set_server_config('merge_delay', NULL), dittofs.set_server_config('external_min', NULL);
SELECT * FROM t.violations;
