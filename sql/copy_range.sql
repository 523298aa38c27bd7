-- SPDX-License-Identifier: PostgreSQL
-- Copying and cloning ranges of files (RFC 7862): bytes of pages are copied, blocks of a
-- store are shared, holes stay holes; what one call may do is bounded.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.create_content_store('copy', 'filesystem') IS NOT NULL;
SELECT dittofs.create_share('/copy', squash => 'none', root_mode => '0777') IS NOT NULL;
SELECT dittofs.create_share('/copym', content => 'memory', squash => 'none') IS NOT NULL;
SELECT dittofs.create_share('/copyb', content => 'filesystem', content_store => 'copy', squash => 'none', block_size => 131072) IS NOT NULL,
	dittofs.create_share('/copyc', content => 'filesystem', content_store => 'copy', squash => 'none', block_size => 131072) IS NOT NULL;
CREATE FUNCTION pg_temp.bytes(n int, seed int) RETURNS bytea LANGUAGE sql AS $$
	SELECT substr(string_agg(decode(repeat(encode(sha256((seed || '.' || i)::bytea), 'hex'), 32), 'hex'), '' ORDER BY i), 1, n) FROM generate_series(0, n / 1024) i
$$;
CREATE FUNCTION pg_temp.cat(path text) RETURNS bytea LANGUAGE sql AS $$
	SELECT string_agg(t.cat(dittofs.resolve(path), i * 1048576, 1048576), '' ORDER BY i) FROM generate_series(0, 5) i
$$;

-- Small ones.
SELECT dittofs.write_file('/copy/a', '0123456789'), dittofs.write_file('/copy/b', 'abcdefghij'), dittofs.write_file('/copym/a', '');
SELECT dittofs.copy_range('/copy/a', '/copy/b', 2, 4, 3);
SELECT dittofs.read_file('/copy/b');
SELECT dittofs.copy_range('/copy/a', '/copy/b', 5, 12);
SELECT dittofs.read_file('/copy/b');
SELECT dittofs.copy_range('/copy/a', '/copy/a', 0, 10, 10);
SELECT dittofs.copy_range('/copy/a', '/copy/a', 10, 15, 5), dittofs.copy_range('/copy/a', '/copym/a', 15, 3, 4), dittofs.copy_range('/copy/a', '/copym/a', 20, 3);
SELECT dittofs.read_file('/copy/a'), dittofs.read_file('/copym/a');
SELECT size, used FROM dittofs.stat('/copym/a');
-- what cannot be
SELECT dittofs.copy_range('/copy/a', '/copy/a', 0, 5, 6);
SELECT dittofs.copy_range('/copy/a', '/copy/b', 10, 0, 11);
SELECT dittofs.copy_range('/copy/a', '/copy/b', 21, 0, 0);
SELECT dittofs.copy_range('/copy/a', '/copy/b', -1, 0, 1);
SELECT dittofs.copy_range('/copy/a', '/copy/b', 0, -1, 1);
SELECT dittofs.copy_range('/copy/a', '/copy/b', 0, 9223372036854775807, 1);
SELECT dittofs.copy_range('/copy', '/copy/b');
SELECT dittofs.copy_range('/copy/a', '/copy');
SELECT dittofs.clone_range('/copy/a', '/copy/a', 0, 5, 6);
SELECT dittofs.clone_range('/copy/a', '/copy/b', 10, 0, 11);
-- who may
SELECT dittofs.chmod('/copy/a', '0600'), dittofs.chmod('/copy/b', '0644');
SELECT dittofs.copy_range('/copy/a', '/copy/b', 0, 0, 1, 'uid=1000 gid=1000');
SELECT dittofs.clone_range('/copy/b', '/copy/a', 0, 0, 1, 'uid=1000 gid=1000');
SELECT * FROM t.violations;

-- One call copies a bounded piece, a clone is whole; holes stay holes.
SELECT dittofs.write_file('/copy/large', pg_temp.bytes(5000000, 1)), dittofs.punch_hole('/copy/large', 1000000, 1000000);
SELECT dittofs.write_file('/copy/c', ''), dittofs.copy_range('/copy/large', '/copy/c', 0, 0, 5000000);
SELECT dittofs.copy_range('/copy/large', '/copy/c', 4194304, 4194304);
SELECT dittofs.write_file('/copy/d', pg_temp.bytes(3000000, 2)), dittofs.clone_range('/copy/large', '/copy/d');
SELECT pg_temp.cat('/copy/c') = pg_temp.cat('/copy/large'), pg_temp.cat('/copy/d') = pg_temp.cat('/copy/large');
SELECT dittofs.seek_hole('/copy/c'), dittofs.seek_data('/copy/c', 1000000), dittofs.seek_hole('/copy/d'), dittofs.seek_data('/copy/d', 1000000);
SELECT * FROM t.violations;
SELECT dittofs.reap(1000000) > 0;
SELECT pg_temp.cat('/copy/d') = pg_temp.cat('/copy/large');
-- a clone into the middle, unaligned
SELECT dittofs.clone_range('/copy/large', '/copy/c', 900001, 100, 2000000);
SELECT pg_temp.cat('/copy/c') = substr(pg_temp.cat('/copy/large'), 1, 100) || substr(pg_temp.cat('/copy/large'), 900002, 2000000) || substr(pg_temp.cat('/copy/large'), 2000101);
SELECT * FROM t.violations;
-- too much for one call
SELECT dittofs.write_file('/copy/huge', convert_to(repeat('0123456789', 3400000), 'UTF8')), dittofs.write_file('/copy/e', 'e');
SELECT dittofs.clone_range('/copy/huge', '/copy/e');
SELECT dittofs.clone_range('/copy/huge', '/copy/e', 0, 0, 30000000), length(dittofs.read_file('/copy/e'));
SELECT dittofs.rm('/copy/huge'), dittofs.rm('/copy/e'), dittofs.rm('/copy/d');
SELECT dittofs.reap(1000000) > 0;

-- The times: the target's, and the access time of the source.
SELECT (SELECT mtime > ctime - interval '1 s' FROM dittofs.stat('/copy/b')), (SELECT atime > mtime FROM dittofs.stat('/copy/large'));
-- The limit of the target's share.
SELECT dittofs.alter_share('/copym', max_bytes => 100000);
SELECT dittofs.copy_range('/copy/large', '/copym/a', 0, 0, 200000);
SELECT dittofs.clone_range('/copy/large', '/copym/a', 0, 0, 200000);
SELECT dittofs.copy_range('/copy/large', '/copym/a', 0, 0, 90000);
SELECT dittofs.copy_range('/copy/large', '/copym/a', 1100000, 0, 90000);
SELECT * FROM t.violations;

-- Blocks are shared, whole or in part, within a share and between two that have the store.
SELECT dittofs.write_file('/copyb/f', ''), dittofs.write_file('/copyb/g', ''), dittofs.write_file('/copyc/h', '');
SELECT dittofs.resolve('/copyb/f') AS f \gset
SELECT t.store_write(:'f', 0, pg_temp.bytes(131072, 1), pg_temp.bytes(131072, 2), pg_temp.bytes(131072, 3));
SELECT dittofs.status_name(status) FROM dittofs.write(:'f', 200000, 'in pages');
SELECT dittofs.copy_range('/copyb/f', '/copyb/g'), dittofs.copy_range('/copyb/f', '/copyc/h', 100000, 50, 200000);
SELECT pg_temp.cat('/copyb/g') = pg_temp.cat('/copyb/f'), substr(pg_temp.cat('/copyc/h'), 51) = substr(pg_temp.cat('/copyb/f'), 100001, 200000);
SELECT dittofs.clone_range('/copyb/f', '/copyb/g', 1, 300000, 300000);
SELECT pg_temp.cat('/copyb/g') = substr(pg_temp.cat('/copyb/f'), 1, 300000) || substr(pg_temp.cat('/copyb/f'), 2, 300000);
SELECT s.name, f.size, f.used, f.external FROM dittofs.files f JOIN dittofs.shares s USING (share_id) WHERE s.name IN ('/copyb', '/copyc') AND kind = 1 ORDER BY 1, 2;
SELECT count(*), sum(length) FROM dittofs.stored_blocks;
SELECT count(*) FROM t.objects JOIN dittofs.stored_blocks USING (store_id, hash);
SELECT count(*) >= 0 FROM t.merge();
SELECT * FROM t.violations;
-- they stay until the last file that has them is gone
SELECT dittofs.rm('/copyb/f'), dittofs.rm('/copyc/h');
SELECT dittofs.reap(1000000) >= 0;
SELECT pg_temp.cat('/copyb/g') = substr(x, 1, 131072) || substr(x, 131073, 68928) || 'in pages' || substr(x, 200009, 99992) || substr(x, 2, 199999) || 'in pages' || substr(x, 200009, 99993)
	FROM (SELECT pg_temp.bytes(131072, 1) || pg_temp.bytes(131072, 2) || pg_temp.bytes(131072, 3) AS x) x;
SELECT * FROM t.violations;
-- from the store to elsewhere: only gateways can
SELECT dittofs.copy_range('/copyb/g', '/copy/a');
SELECT dittofs.clone_range('/copyb/g', '/copym/a');

SELECT count(dittofs.drop_share(name, force => true)) FROM dittofs.list_shares() WHERE name LIKE '/copy%';
SELECT dittofs.reap(1000000) > 0;
SELECT * FROM t.violations;
DELETE FROM t.objects;
DELETE FROM dittofs.stored_blocks;
DELETE FROM dittofs.content_stores;
