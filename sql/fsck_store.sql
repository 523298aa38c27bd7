-- SPDX-License-Identifier: PostgreSQL
-- fsck() and fsck_repair(): content in stores and in memory.
\set ECHO none
\i test/fsck.sql
\i test/store.sql
SELECT dittofs.create_content_store('fsck', 's3') AS store \gset
SET client_min_messages = warning;
SELECT dittofs.create_share('/fsck4', content => 's3', content_store => 'fsck') AS root4 \gset
SELECT handle AS file FROM dittofs.create_file(:'root4', 's') \gset
SELECT t.store_write(:'file', 0, t.x('a', 100000), t.x('b', 100)) \gset scene_
SELECT status FROM dittofs.write(:'file', 50, t.x('c', 10)) \gset scene_
SELECT dittofs.create_share('/fsck5', content => 'memory') AS root5 \gset
SELECT dittofs.write_file('/fsck5/m', 'in memory') \gset scene_
INSERT INTO t.scene SELECT s.name || v.path, f.id, f.fileid, f.share_id
	FROM dittofs.shares s JOIN dittofs.files f USING (share_id), (VALUES (2, '', '/fsck[45]'), (1, '/s', '/fsck4'), (1, '/m', '/fsck5')) v(kind, path, share)
	WHERE s.name ~ v.share AND f.kind = v.kind;
\pset format unaligned
\pset tuples_only true
\set ECHO all

SELECT * FROM t.broken('external too small', $$UPDATE dittofs.files SET external = external - 1 WHERE id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('external forgotten', $$UPDATE dittofs.files SET external = NULL WHERE id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('external and used too small', $$UPDATE dittofs.files SET external = 1, used = 1 WHERE id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('external more than used', $$UPDATE dittofs.files SET external = used + 1 WHERE id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('external of a directory', $$UPDATE dittofs.files SET external = 1 WHERE id = t.id('/fsck/d')$$);
SELECT * FROM t.broken('an extent is missing', $$DELETE FROM dittofs.extents WHERE content_id = t.id('/fsck4/s') AND start = 100000$$);
SELECT * FROM t.broken('an extent past the end', $$UPDATE dittofs.files SET size = 100050 WHERE id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('an extent over a page', $$UPDATE dittofs.extents SET length = length + 5 WHERE content_id = t.id('/fsck4/s') AND start = 0$$,
	$$UPDATE dittofs.files SET used = used + 5, external = external + 5 WHERE id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('an extent over an extent', $$UPDATE dittofs.extents SET length = length + 5, skip = 0 WHERE content_id = t.id('/fsck4/s') AND start = 60$$,
	$$UPDATE dittofs.files SET used = used + 5, external = external + 5 WHERE id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('an extent past its block', $$UPDATE dittofs.extents SET skip = skip + 1 WHERE content_id = t.id('/fsck4/s') AND start = 100000$$);
SELECT * FROM t.broken('a block is unknown', $$DELETE FROM dittofs.stored_blocks WHERE length = 100$$);
SELECT * FROM t.broken('a block is being deleted', $$UPDATE dittofs.stored_blocks SET state = 'deleting' WHERE length = 100$$);
SELECT * FROM t.broken('a block without all its sums', $$UPDATE dittofs.stored_blocks SET sums = 'x' WHERE length = 100$$);
SELECT * FROM t.broken('a block of no store', $$INSERT INTO dittofs.stored_blocks VALUES (0, sha256('x'), 1, 'pending', now(), NULL, '')$$);
SELECT * FROM t.broken('extents of nobody', $$INSERT INTO dittofs.extents SELECT '00000000-0000-0000-0000-000000000001', 0, 100, store_id, hash, 0 FROM dittofs.stored_blocks WHERE length = 100$$);
SELECT * FROM t.broken('the store is of another kind', $$UPDATE dittofs.content_stores SET kind = 'filesystem' WHERE name = 'fsck'$$);
SELECT * FROM t.broken('nobody knows what is to be moved', $$DELETE FROM dittofs.staged_files WHERE file_id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('its share is being looked at', $$DELETE FROM dittofs.staged_files WHERE file_id = t.id('/fsck4/s')$$,
	$$SELECT dittofs.alter_share('/fsck4', content => 's3', content_store => 'fsck')$$);
SELECT * FROM t.broken('ranges that are too long', $$UPDATE dittofs.blocks SET ranges = int4send(8060) || int4send(8070) WHERE content_id = t.id('/fsck4/s')$$);
SELECT * FROM t.broken('pages in the wrong table', $$UPDATE dittofs.files SET memory_epoch = NULL WHERE id = t.id('/fsck5/m')$$);
SELECT * FROM t.broken('another life', $$UPDATE dittofs.files SET memory_epoch = 1 WHERE id = t.id('/fsck5/m')$$);
SELECT * FROM t.broken('what a crash leaves', $$ALTER TABLE dittofs.blocks_memory DISABLE TRIGGER guard_truncate; ALTER TABLE dittofs.memory_life DISABLE TRIGGER guard_truncate; TRUNCATE dittofs.blocks_memory, dittofs.memory_life$$);

SELECT * FROM t.violations;
SELECT dittofs.drop_share(name, force => true) FROM dittofs.list_shares() WHERE name LIKE '/fsck%';
SELECT dittofs.reap(1000000) > 0 AS reaped;
DELETE FROM dittofs.stored_blocks WHERE store_id = :store;
SELECT dittofs.drop_content_store('fsck');
SET client_min_messages = warning;
DROP TABLE t.scene CASCADE;
