-- SPDX-License-Identifier: PostgreSQL
-- Options of shares about content: stores, block size, compression, limits; and
-- that small files are inline.
\set ECHO none
\i test/check.sql
\i test/store.sql
SET client_min_messages = warning;
\set ECHO all

-- Stores have names, and no more.
SELECT dittofs.create_content_store('disk-1', 'filesystem') IS NOT NULL AS made, dittofs.create_content_store('bucket_2', 's3') IS NOT NULL AS made;
SELECT dittofs.create_content_store('disk-1', 's3');
SELECT dittofs.create_content_store('Disk', 's3');
SELECT dittofs.create_content_store('', 's3');
SELECT dittofs.create_content_store(repeat('a', 64), 's3');
SELECT dittofs.create_content_store('tape', 'tape');
SELECT dittofs.create_content_store(NULL, 's3');
SELECT name, kind, shares, blocks, bytes FROM dittofs.list_content_stores() WHERE name IN ('disk-1', 'bucket_2');

-- A kind that needs a store, and one of its kind.
SELECT dittofs.create_share('/options', content => 'filesystem');
SELECT dittofs.create_share('/options', content => 'filesystem', content_store => 'nowhere');
SELECT dittofs.create_share('/options', content => 'filesystem', content_store => 'bucket_2');
SELECT dittofs.create_share('/options', content_store => 'bucket_2');
SELECT dittofs.create_share('/options', block_size => 65536);
SELECT dittofs.create_share('/options', block_size => 200000);
SELECT dittofs.create_share('/options', block_size => 8388608);
SELECT dittofs.create_share('/options', block_size => NULL);
SELECT dittofs.create_share('/options', compression => 'zip');
SELECT dittofs.create_share('/options', max_bytes => -1);
SELECT dittofs.create_share('/options', max_inodes => -1);
SELECT dittofs.create_share('/options', content => 'filesystem', content_store => 'disk-1', block_size => 4194304, compression => 'lz4', max_bytes => 1000, max_inodes => 10, root_mode => '0777') AS root \gset
CREATE TEMP VIEW options AS SELECT content, content_store, block_size, compression, max_bytes, max_inodes FROM dittofs.list_shares() WHERE name = '/options';
SELECT * FROM pg_temp.options;
SELECT h.content, h.store, h.block_size, h.name FROM dittofs.content_hints() h JOIN dittofs.shares s ON s.share_uuid = h.share WHERE s.name = '/options';
SELECT dittofs.drop_content_store('disk-1');
SELECT dittofs.alter_share('/options', content_store => 'bucket_2');
SELECT dittofs.alter_share('/options', content => 's3');
SELECT dittofs.alter_share('/options', content => 's3', content_store => 'bucket_2', max_bytes => 0, block_size => 131072);
SELECT * FROM pg_temp.options;
SELECT dittofs.drop_content_store('disk-1');
SELECT dittofs.drop_content_store('disk-1');
SELECT dittofs.alter_share('/options', content => 'tape');
SELECT dittofs.alter_share('/options', content => 'postgres', max_inodes => 0, compression => 'none');
SELECT * FROM pg_temp.options;
SELECT h.content, h.store, h.store_id, h.block_size FROM dittofs.content_hints() h JOIN dittofs.shares s ON s.share_uuid = h.share WHERE s.name = '/options';
SELECT share, content, store, store_id IS NOT NULL AS store_id, block_size, name FROM dittofs.content_hints() WHERE store = 'bucket_2';
SELECT dittofs.drop_content_store('bucket_2');

-- Limits: of bytes.  What needs no more goes on when the share is full.
SELECT dittofs.alter_share('/options', max_bytes => 20000, max_inodes => 4);
SELECT total_bytes, free_bytes, available_bytes, total_files, free_files FROM dittofs.get_filesystem_statistics(:'root');
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, t.x('a', 20001));
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.write(:'file', 0, t.x('a', 19000)), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).size FROM dittofs.write(:'file', 19000, t.x('b', 1001));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 19000, t.x('b', 1000));
SELECT total_bytes, free_bytes, total_files, free_files FROM dittofs.get_filesystem_statistics(:'root');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 100, t.x('c', 19900));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 19999, 'xx');
SELECT dittofs.write_file('/options/file', t.x('d', 30000));
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 1000000);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 900000, 'x');
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).used FROM dittofs.set_file_attributes(:'file', size => 10000);
-- (what lies before it in its page is written, too)
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).used FROM dittofs.write(:'file', 16128 + 5000, 'x');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 24192 + 5000, 'x');
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).used FROM dittofs.write(:'file', 24192 + 4997, 'x');
SELECT * FROM t.violations;
-- and of inodes
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'directory');
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'root', 'symlink', 'x');
SELECT dittofs.status_name(f.status), dittofs.status_name(d.status), dittofs.status_name(s.status), dittofs.status_name(n.status), dittofs.status_name(o.status) AS existing, dittofs.status_name(l.status) AS link
	FROM dittofs.create_file(:'root', 'more') f, dittofs.create_directory(:'root', 'more') d, dittofs.create_symlink(:'root', 'more', 'x') s,
		dittofs.create_special_file(:'root', 'more', 'fifo') n, dittofs.create_file(:'root', 'file', how => 'unchecked') o, dittofs.create_hard_link(:'file', :'root', 'link') l;
SELECT dittofs.write_file('/options/more', 'x');
SELECT total_files, free_files FROM dittofs.get_filesystem_statistics(:'root');
SELECT dittofs.rmdir('/options/directory');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'more');
-- within a transaction, what it has taken and given back
BEGIN;
SELECT dittofs.rm('/options/more');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'more');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'evenmore');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 0);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, t.x('a', 20000));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 20000, 'x');
ROLLBACK;
-- a limit below what is there: nothing can be added, all can be removed
SELECT dittofs.alter_share('/options', max_bytes => 10, max_inodes => 1);
SELECT total_bytes, free_bytes, total_files, free_files FROM dittofs.get_filesystem_statistics(:'root');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, t.x('z', 100));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 1000000, 'x');
SELECT dittofs.rm('/options/more');
-- with a limit far away nobody asks
SELECT dittofs.alter_share('/options', max_bytes => 1000000000000000, max_inodes => 1000000000);
BEGIN;
SELECT count(*) FROM generate_series(1, 300) i, dittofs.create_file(:'root', convert_to('f' || i, 'UTF8')) WHERE status = 0;
SELECT mode, count(*) FROM pg_locks WHERE locktype = 'object' AND classid = 'dittofs.space_usage'::regclass GROUP BY mode ORDER BY mode;
ROLLBACK;
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'f');
SELECT mode, count(*) FROM pg_locks WHERE locktype = 'object' AND classid = 'dittofs.space_usage'::regclass GROUP BY mode ORDER BY mode;
ROLLBACK;
-- in a store
SELECT dittofs.create_content_store('full', 'filesystem') AS store \gset
SELECT dittofs.alter_share('/options', content => 'filesystem', content_store => 'full', max_bytes => 31000, max_inodes => 0);
SELECT dittofs.rm('/options/file'), dittofs.rm('/options/link');
SELECT handle AS file FROM dittofs.create_file(:'root', 'file2') \gset
SELECT t.store_write(:'file', 0, t.x('a', 20000));
SELECT dittofs.status_name(p.status) AS prepare, dittofs.status_name(c.status) AS commit FROM dittofs.prepare_write(:'file', 10000, t.blocks(t.x('b', 22000))) p, dittofs.commit_write(:'file', 0, t.blocks(t.x('a', 20000)), :store) c;
SELECT t.store_write(:'file', 10000, t.x('b', 21000)), t.store_write(:'file', 31000, 'b');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 5, t.x('c', 20000));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 30999, 'cc');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/options', force => true);
SELECT dittofs.reap(1000000) IS NOT NULL AS reaped;
DELETE FROM dittofs.stored_blocks WHERE store_id = :store;
SELECT dittofs.drop_content_store('full');

-- Compression: the same bytes in less space, and used is what clients wrote.
SELECT dittofs.create_share('/lz4', compression => 'lz4', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).used FROM dittofs.write(:'file', 0, t.x('a', 50000));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 8000, t.x('b', 100));
SELECT DISTINCT pg_column_compression(data) FROM dittofs.blocks b JOIN dittofs.files f ON b.content_id = f.id JOIN dittofs.shares s USING (share_id) WHERE name = '/lz4' AND length(data) > 1000;
SELECT logical_bytes, stored_bytes < 5000 AS less FROM dittofs.content_report WHERE share = '/lz4';
SELECT t.picture(data) FROM dittofs.read(:'file', 7990, 120);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 8050);
SELECT t.picture(data) FROM dittofs.read(:'file', 0, 100000);
-- what was written before stays as it is
SELECT dittofs.alter_share('/lz4', compression => 'none');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 8064, t.x('c', 8064));
SELECT block, pg_column_compression(data) FROM dittofs.blocks b JOIN dittofs.files f ON b.content_id = f.id JOIN dittofs.shares s USING (share_id) WHERE name = '/lz4' ORDER BY block;
SELECT t.picture(data) FROM dittofs.read(:'file', 0, 100000);
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/lz4', force => true);

-- A page is in its row, however full, and not in TOAST.
SELECT dittofs.create_share('/inline') AS root \gset
SELECT pg_relation_size(reltoastrelid) AS before FROM pg_class WHERE oid = 'dittofs.blocks'::regclass \gset
SELECT dittofs.write_file('/inline/' || n, t.x('x', n)) FROM unnest(array[1, 3000, 5000, 8064, 50000]) n;
SELECT pg_relation_size(reltoastrelid) - :before AS grown FROM pg_class WHERE oid = 'dittofs.blocks'::regclass;
SELECT dittofs.drop_share('/inline', force => true);
SELECT dittofs.reap(1000000) IS NOT NULL AS reaped;
SELECT * FROM t.violations;
