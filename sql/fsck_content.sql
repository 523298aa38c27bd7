-- SPDX-License-Identifier: PostgreSQL
-- fsck() and fsck_repair(): content, accounts of space.
\set ECHO none
\i test/fsck.sql
SET client_min_messages = warning;
SELECT dittofs.create_share('/fsck3', content => 'memory') AS root3 \gset
SELECT dittofs.write_file('/fsck3/m', 'in memory') \gset scene_
INSERT INTO t.scene SELECT s.name || v.path, f.id, f.fileid, f.share_id
	FROM dittofs.shares s JOIN dittofs.files f USING (share_id), (VALUES (2, ''), (1, '/m')) v(kind, path) WHERE s.name = '/fsck3' AND f.kind = v.kind;
\pset format unaligned
\pset tuples_only true
\set ECHO all

-- Bytes used
SELECT * FROM t.broken('used too small',
	$$UPDATE dittofs.files SET used = 1 WHERE id = t.id('/fsck/d/f')$$,
	$$UPDATE dittofs.files SET used = 0 WHERE id = t.id('/fsck3/m')$$);
SELECT * FROM t.broken('used negative', $$UPDATE dittofs.files SET used = -1 WHERE id = t.id('/fsck/d/f')$$);
-- a new count would hide that content is gone
SELECT * FROM t.broken('a block is missing', $$DELETE FROM dittofs.blocks WHERE content_id = t.id('/fsck/d/f') AND block > 0$$);
SELECT * FROM t.broken('what a crash makes of content in memory', $$ALTER TABLE dittofs.blocks_memory DISABLE TRIGGER guard_truncate; TRUNCATE dittofs.blocks_memory$$);
SELECT * FROM t.broken('the same, and then what was lost is removed', $$ALTER TABLE dittofs.blocks_memory DISABLE TRIGGER guard_truncate; TRUNCATE dittofs.blocks_memory$$, $$SELECT dittofs.rm('/fsck3/m')$$);
SELECT * FROM t.broken('used by what has no content', $$UPDATE dittofs.files SET used = 5 WHERE id = t.id('/fsck/e/p')$$);

-- Blocks
SELECT * FROM t.broken('a block past the end',
	$$INSERT INTO dittofs.blocks VALUES (t.id('/fsck/d/sub/h'), 1000, 'x')$$, $$UPDATE dittofs.files SET used = used + 1 WHERE id = t.id('/fsck/d/sub/h')$$);
SELECT * FROM t.broken('a size too small', $$UPDATE dittofs.files SET size = 199999 WHERE id = t.id('/fsck/d/f')$$);
SELECT * FROM t.broken('a block too long', $$UPDATE dittofs.blocks SET data = data || '\x00' WHERE content_id = t.id('/fsck/d/f') AND block = 0$$);
SELECT * FROM t.broken('a block before the start', $$INSERT INTO dittofs.blocks VALUES (t.id('/fsck/d/sub/h'), -1, 'x')$$);
SELECT * FROM t.broken('an empty block', $$INSERT INTO dittofs.blocks VALUES (t.id('/fsck/d/f'), 1000, '')$$,
	$$INSERT INTO dittofs.blocks_memory VALUES (t.id('/fsck3/m'), 1000, '')$$);
SELECT * FROM t.broken('blocks of nobody',
	$$INSERT INTO dittofs.blocks VALUES ('00000000-0000-0000-0000-000000000001', 0, 'x'), ('00000000-0000-0000-0000-000000000001', 1, 'x')$$,
	$$INSERT INTO dittofs.blocks_memory VALUES ('00000000-0000-0000-0000-000000000002', 0, 'x')$$);
SELECT * FROM t.broken('blocks of a directory', $$INSERT INTO dittofs.blocks VALUES (t.id('/fsck/d'), 0, 'x')$$);
SELECT * FROM t.broken('blocks of a file that is gone', $$DELETE FROM dittofs.files WHERE id = t.id('/fsck/d/f')$$);
SELECT * FROM t.broken('the reaper finishes it',
	$$DELETE FROM dittofs.files WHERE id = t.id('/fsck/d/f')$$, $$SELECT dittofs.fsck_repair()$$, $$SELECT dittofs.reap()$$);
SELECT * FROM t.broken('a file of the other kind of share', $$INSERT INTO dittofs.blocks_memory VALUES (t.id('/fsck/d/f'), 0, 'x')$$);
SELECT * FROM t.broken('a file''s content waits for the reaper', $$INSERT INTO dittofs.reap_queue VALUES (t.id('/fsck/d/f'), 'postgres')$$);
SELECT * FROM t.broken('two files, one content', $$UPDATE dittofs.files SET content_id = t.id('/fsck/d/f') WHERE id = t.id('/fsck/d/sub/h')$$);

-- Of content, what was found wrong without the locks is looked at under them, however
-- much else there is.
SELECT dittofs.write_file('/fsck/large', decode(repeat('ab', 20000000), 'hex'));
UPDATE dittofs.files SET used = used - 1 WHERE id = t.id('/fsck/d/f');
CREATE FUNCTION t.pages_of(call text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT ' || call INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint;
END $$;
SELECT t.pages_of('dittofs.fsck_repair_content(array[t.id(''/fsck/none'')])') >= 0 AS warm;
SELECT CASE WHEN n < 1500 THEN 'few pages' ELSE n || ' pages' END AS pages
	FROM t.pages_of('dittofs.fsck_repair_content(array[t.id(''/fsck/d/f'')])') n;
SELECT * FROM t.violations;
DROP FUNCTION t.pages_of;
SELECT dittofs.rm('/fsck/large');
SELECT dittofs.reap(100000) > 0 AS reaped;

-- Accounts
SELECT * FROM t.broken('bytes and inodes', $$UPDATE dittofs.space_usage u SET bytes = bytes + 7, inodes = inodes - 1
	FROM dittofs.shares s WHERE s.share_id = u.share_id AND s.name = '/fsck'$$);
SELECT * FROM t.broken('no account', $$DELETE FROM dittofs.space_usage$$);
SELECT * FROM t.broken('accounts and settings of nobody', $$INSERT INTO dittofs.space_usage VALUES (0, 1, 1, 1), (0, 2, -1, -1)$$,
	$$INSERT INTO dittofs.filesystem_capabilities VALUES (0, 1, 1, 1, 1, 1, 1)$$);

SELECT * FROM t.violations;
SELECT dittofs.drop_share(name, force => true) FROM dittofs.list_shares() WHERE name LIKE '/fsck%';
SELECT dittofs.reap(1000) > 0 AS reaped;
SET client_min_messages = warning;
DROP TABLE t.scene CASCADE;
