-- SPDX-License-Identifier: PostgreSQL
-- Content that changes its table is moved a slice at a time; the file is in use
-- meanwhile, and other files get their turn.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.set_server_config('merge_delay', '0');
SELECT dittofs.create_share('/mv', content => 'memory', squash => 'none') AS root \gset
CREATE FUNCTION pg_temp.bytes(n int, seed int) RETURNS bytea LANGUAGE sql AS $$
	SELECT substr(string_agg(decode(repeat(encode(sha256((seed || '.' || i)::bytea), 'hex'), 512), 'hex'), '' ORDER BY i), 1, n) FROM generate_series(0, n / 16384) i
$$;
CREATE VIEW pg_temp.state AS SELECT f.size, f.used, f.memory_epoch IS NOT NULL AS memory, sign(f.moved) AS moved,
		(SELECT count(*) FROM dittofs.blocks b WHERE b.content_id = coalesce(f.content_id, f.id)) AS blocks,
		(SELECT count(*) FROM dittofs.blocks_memory b WHERE b.content_id = coalesce(f.content_id, f.id)) AS in_memory
	FROM dittofs.files f JOIN dittofs.shares s USING (share_id) WHERE s.name = '/mv' AND f.kind = 1;
CREATE FUNCTION pg_temp.is(path text, wanted bytea) RETURNS bool LANGUAGE sql AS $$
	SELECT dittofs.read_file(path) = wanted
$$;

-- A large one first, and small ones: they do not wait.
SELECT dittofs.write_file('/mv/large', pg_temp.bytes(20000000, 1));
SELECT dittofs.write_file('/mv/small1', 'x'), dittofs.write_file('/mv/small2', 'y');
SELECT dittofs.alter_share('/mv', content => 'postgres');
SELECT status, action FROM dittofs.merge_next();
SELECT * FROM pg_temp.state ORDER BY size DESC, memory LIMIT 1;
SELECT pg_temp.is('/mv/large', pg_temp.bytes(20000000, 1));
SELECT * FROM t.violations;
SELECT status, action FROM dittofs.merge_next();
SELECT * FROM pg_temp.state ORDER BY size DESC, memory, in_memory;
-- written across the border, before and behind it, and where it has holes
SELECT moved AS border FROM dittofs.files WHERE moved IS NOT NULL \gset
SELECT dittofs.resolve('/mv/large') AS file \gset
SELECT dittofs.status_name((dittofs.write(:'file', :border - 10000, pg_temp.bytes(20000, 2))).status);
SELECT dittofs.status_name((dittofs.write(:'file', 10000, 'before')).status), dittofs.status_name((dittofs.write(:'file', 19000000, 'behind')).status);
SELECT pg_temp.is('/mv/large', overlay(overlay(overlay(pg_temp.bytes(20000000, 1) PLACING pg_temp.bytes(20000, 2) FROM :border - 9999) PLACING 'before' FROM 10001) PLACING 'behind' FROM 19000001));
SELECT dittofs.status_name((dittofs.write(:'file', 30000000, 'far')).status);
SELECT * FROM t.violations;
-- and back again: what was begun is ended first
SELECT dittofs.alter_share('/mv', content => 'memory');
SELECT count(*) FROM generate_series(1, 20) i, LATERAL (SELECT dittofs.merge_next() WHERE i > 0) m;
SELECT * FROM pg_temp.state ORDER BY size DESC, memory, in_memory;
SELECT md5(substr(dittofs.read_file('/mv/large'), 1, 20000000)) = md5(overlay(overlay(overlay(pg_temp.bytes(20000000, 1) PLACING pg_temp.bytes(20000, 2) FROM :border - 9999) PLACING 'before' FROM 10001) PLACING 'behind' FROM 19000001));
SELECT * FROM t.violations;

-- Cut in the midst of it: the reaper comes first.
SELECT dittofs.alter_share('/mv', content => 'postgres');
SELECT status, action FROM dittofs.merge_next();
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 100000);
SELECT * FROM t.violations;
SELECT dittofs.status_name((dittofs.write(:'file', 15000000, 'there again')).status);
SELECT dittofs.reap(1500) > 0;
SELECT * FROM t.violations;
SELECT dittofs.reap(100000) > 0;
SELECT * FROM pg_temp.state ORDER BY size DESC, memory LIMIT 1;
SELECT * FROM t.violations;
UPDATE dittofs.staged_files SET next_at = now() - interval '1 s';
SELECT count(*) FROM generate_series(1, 5) i, LATERAL (SELECT dittofs.merge_next() WHERE i > 0) m;
SELECT * FROM pg_temp.state ORDER BY size DESC, memory LIMIT 1;
SELECT md5(dittofs.read_file('/mv/large')) = md5(substr(overlay(pg_temp.bytes(20000000, 1) PLACING 'before' FROM 10001), 1, 100000) || decode(repeat('00', 14900000), 'hex') || 'there again');

-- Made empty, and removed, in the midst of it.
SELECT dittofs.write_file('/mv/large', pg_temp.bytes(20000000, 3)), dittofs.write_file('/mv/other', pg_temp.bytes(20000000, 4));
SELECT dittofs.alter_share('/mv', content => 'memory');
SELECT count(*) FROM generate_series(1, 2) i, LATERAL (SELECT dittofs.merge_next() WHERE i > 0) m;
SELECT count(*) FROM pg_temp.state WHERE moved IS NOT NULL;
SELECT dittofs.write_file('/mv/large', 'new'), dittofs.rm('/mv/other');
SELECT content, count(*) FROM dittofs.reap_queue GROUP BY content ORDER BY content;
SELECT * FROM t.violations;
SELECT dittofs.reap(1000) > 0;
SELECT * FROM t.violations;
SELECT dittofs.reap(100000) > 0;
SELECT * FROM t.violations;
SELECT * FROM pg_temp.state ORDER BY size DESC, memory, in_memory;
SELECT count(*) FROM dittofs.reap_queue;

SELECT dittofs.set_server_config('merge_delay', NULL);
SELECT dittofs.drop_share('/mv', force => true);
SELECT dittofs.reap(100000) >= 0;
SELECT * FROM t.violations;
