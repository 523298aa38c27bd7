-- SPDX-License-Identifier: PostgreSQL
-- What is damaged is put off, alone and with its reason; the background passes go on
-- with everything else.
\set ECHO none
\i test/check.sql
\i test/store.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_content_store('trouble', 'filesystem') AS store \gset
SELECT dittofs.create_share('/trouble', content => 'filesystem', content_store => 'trouble', squash => 'none') IS NOT NULL;
SELECT dittofs.set_server_config('merge_delay', '0');
CREATE FUNCTION pg_temp.content(path text) RETURNS uuid LANGUAGE sql AS $$
	SELECT coalesce(content_id, id) FROM dittofs.files WHERE fileid = (SELECT fileid FROM dittofs.stat(path))
$$;
CREATE FUNCTION pg_temp.id(path text) RETURNS uuid LANGUAGE sql AS $$
	SELECT id FROM dittofs.files WHERE fileid = (SELECT fileid FROM dittofs.stat(path))
$$;
-- minutes until the next try, rounded
CREATE VIEW pg_temp.troubles AS SELECT pass, share, file_id = pg_temp.id('/trouble/bad') AS bad, failures,
	round(extract(epoch FROM next_at - clock_timestamp()) / 60) AS minutes, error FROM dittofs.content_troubles;
CREATE FUNCTION pg_temp.now() RETURNS void LANGUAGE sql AS $$
	UPDATE dittofs.staged_files SET next_at = now() - interval '1 s'
$$;

-- A page that is not what its row says.
SELECT dittofs.write_file('/trouble/bad', t.x('b', 100000)), dittofs.write_file('/trouble/good', t.x('g', 100000));
UPDATE dittofs.blocks SET ranges = '\x0000000000000001' WHERE content_id = pg_temp.content('/trouble/bad') AND block = 3;
UPDATE dittofs.staged_files SET next_at = now() - interval '1 hour' WHERE file_id = pg_temp.id('/trouble/bad');
SELECT t.merge();
SELECT * FROM pg_temp.troubles;
SELECT rule, regexp_replace(object, '[^ ]*$', '') AS object FROM t.violations WHERE rule LIKE '%background%';
SELECT rule, action FROM dittofs.fsck_repair() WHERE rule LIKE '%background%';
-- it is tried again, later each time
SELECT pg_temp.now();
SELECT t.merge();
SELECT failures, minutes FROM pg_temp.troubles;
UPDATE dittofs.staged_files SET failures = 40, next_at = now() - interval '1 s';
SELECT t.merge();
SELECT failures, minutes FROM pg_temp.troubles;
-- and when it is mended it is done
UPDATE dittofs.blocks SET ranges = NULL WHERE content_id = pg_temp.content('/trouble/bad') AND block = 3;
SELECT pg_temp.now();
SELECT t.merge();
SELECT * FROM pg_temp.troubles;
SELECT * FROM t.violations;

-- Damage that is met when a task ends.
SELECT dittofs.write_file('/trouble/bad', t.x('c', 100000));
SELECT pg_temp.now();
SELECT left(t.take('damaged'), 7);
UPDATE dittofs.blocks SET ranges = '\x00' WHERE content_id = pg_temp.content('/trouble/bad') AND block = 1;
SELECT t.finish('damaged');
SELECT * FROM pg_temp.troubles;
UPDATE dittofs.blocks SET ranges = NULL WHERE content_id = pg_temp.content('/trouble/bad') AND block = 1;
SELECT pg_temp.now();
SELECT t.merge();

-- Tasks that nobody ends: the next stretch gets its turn, and the file comes later.
SELECT dittofs.write_file('/trouble/bad', decode(repeat('ab', 3 << 20), 'hex'));
SELECT pg_temp.now();
SELECT "offset" FROM dittofs.merge_next();
SELECT pg_temp.now();
SELECT "offset" FROM dittofs.merge_next();
-- a second gateway has it after one has gone: that is no trouble yet
SELECT count(*) FROM pg_temp.troubles;
SELECT pg_temp.now();
SELECT "offset" FROM dittofs.merge_next();
SELECT * FROM pg_temp.troubles;
SELECT pg_temp.now();
SELECT t.merge();
SELECT * FROM pg_temp.troubles;
SELECT * FROM t.violations;

-- Blocks that the database does not know any more, of a share that is moved.
DELETE FROM dittofs.stored_blocks b USING dittofs.extents e WHERE e.content_id = pg_temp.content('/trouble/bad') AND e.start = 0
	AND b.store_id = e.store_id AND b.hash = e.hash;
SELECT count(*), count(l.length) FROM dittofs.stored_block_list(:store, share => '/trouble') l;
SELECT dittofs.alter_share('/trouble', content => 'postgres');
SELECT count(*) FROM t.merge() m;
SELECT * FROM pg_temp.troubles;
SELECT external IS NULL AS moved FROM dittofs.files WHERE id = pg_temp.id('/trouble/good');
SELECT md5(dittofs.read_file('/trouble/good')) = md5(t.x('g', 100000));
SELECT dittofs.rm('/trouble/bad');
SELECT pg_temp.now();
SELECT t.merge();
SELECT * FROM pg_temp.troubles;

-- The reaper: an inode that cannot be read, and another one that was cut.
SELECT dittofs.write_file('/trouble/bad', decode(repeat('ab', 3 << 20), 'hex')), dittofs.write_file('/trouble/good', decode(repeat('cd', 3 << 20), 'hex'));
SELECT (dittofs.set_file_attributes(dittofs.resolve(path), size => 100000)).status FROM unnest(array['/trouble/bad', '/trouble/good']) path;
SELECT pg_temp.id('/trouble/bad') AS bad \gset
UPDATE dittofs.files SET cuts = cuts[1:3] WHERE id = :'bad';
SELECT dittofs.reap(100000) > 0;
SELECT pass, failures, replace(error, file_id::text, 'ID') AS error FROM dittofs.content_troubles;
SELECT cuts IS NULL AS done FROM dittofs.files WHERE size = 100000 ORDER BY 1;
UPDATE dittofs.files SET cuts = cuts || 1::bigint WHERE array_length(cuts, 1) = 3;
UPDATE dittofs.reap_queue SET next_at = now() - interval '1 s';
SELECT dittofs.reap(100000) > 0;
SELECT * FROM dittofs.content_troubles;
SELECT * FROM t.violations;

-- The search for garbage: blocks that cannot be changed, of 300 that nothing refers to.
-- A slice that fails is looked at one by one, a hundred in a call; what fails is passed by.
SELECT dittofs.create_content_store('garbage', 's3') AS garbage \gset
INSERT INTO dittofs.stored_blocks SELECT :garbage, sha256(i::text::bytea), 1, 'stored', now() - interval '2 days', NULL, '' FROM generate_series(1, 300) i;
CREATE FUNCTION pg_temp.pass(OUT calls int, OUT blocks int) LANGUAGE plpgsql AS $$
DECLARE
	goes_on bool := true;
	n int;
BEGIN
	calls := 0;
	blocks := 0;
	WHILE goes_on LOOP
		SELECT count(g.hash), count(*) > count(g.hash) OR count(g.hash) > 0 INTO n, goes_on FROM dittofs.gc_next(50) g;
		calls := calls + 1;
		blocks := blocks + n;
	END LOOP;
END $$;
ALTER TABLE dittofs.stored_blocks ADD CONSTRAINT damaged CHECK (hash <> sha256('7')) NOT VALID;
SELECT blocks FROM pg_temp.pass();
SELECT count(*) FILTER (WHERE unreferenced_since IS NULL) AS not_looked_at, count(*) FROM dittofs.stored_blocks WHERE store_id = :garbage;
SELECT pass, failures, next_at, replace(replace(error, encode(sha256('7'), 'hex'), 'HASH'), :'garbage', 'STORE') AS error FROM dittofs.content_troubles;
SELECT rule, object FROM t.violations WHERE rule LIKE '%background%';
-- it is forgotten when a pass has met nothing
ALTER TABLE dittofs.stored_blocks DROP CONSTRAINT damaged;
SELECT blocks FROM pg_temp.pass();
SELECT count(*) FILTER (WHERE unreferenced_since IS NULL) AS not_looked_at, count(*) FROM dittofs.stored_blocks WHERE store_id = :garbage;
SELECT * FROM dittofs.content_troubles;
-- blocks that cannot be handed out: the others are
ALTER TABLE dittofs.stored_blocks ADD CONSTRAINT damaged CHECK (hash NOT IN (sha256('8'), sha256('9')) OR state <> 'deleting') NOT VALID;
UPDATE dittofs.stored_blocks SET unreferenced_since = now() - interval '90 days' + length(hash) * interval '1 s' WHERE store_id = :garbage;
SELECT blocks FROM pg_temp.pass();
SELECT state, count(*) FROM dittofs.stored_blocks WHERE store_id = :garbage GROUP BY 1 ORDER BY 1;
SELECT pass, failures > 0 AS failed, regexp_replace(error, 'block [0-9a-f]{64} of store \d+', 'BLOCK') AS error FROM dittofs.content_troubles;
ALTER TABLE dittofs.stored_blocks DROP CONSTRAINT damaged;
SELECT blocks >= 0 AS passed FROM pg_temp.pass();
SELECT blocks >= 0 AS passed FROM pg_temp.pass();
SELECT state, count(*) FROM dittofs.stored_blocks WHERE store_id = :garbage GROUP BY 1 ORDER BY 1;
SELECT * FROM dittofs.content_troubles;
DELETE FROM dittofs.stored_blocks WHERE store_id = :garbage;
SELECT dittofs.drop_content_store('garbage');

SELECT dittofs.set_server_config('merge_delay', NULL);
SELECT dittofs.drop_share('/trouble', force => true);
SELECT dittofs.reap(1000000) > 0;
DELETE FROM dittofs.stored_blocks WHERE store_id = :store;
SELECT dittofs.drop_content_store('trouble');
SELECT * FROM t.violations;
