-- SPDX-License-Identifier: PostgreSQL
-- A large file is cut to another size: the answer does not wait for the deletion,
-- and what was cut off is gone for everybody at once, however slowly it is deleted
-- and whatever is done meanwhile.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.create_content_store('cut', 'filesystem') AS store \gset
SELECT dittofs.create_share('/cut', squash => 'none', max_bytes => 20000000) AS root \gset
SELECT dittofs.create_share('/cutm', content => 'memory', squash => 'none') IS NOT NULL;
SELECT dittofs.create_share('/cuts', content => 'filesystem', content_store => 'cut', squash => 'none', block_size => 131072) IS NOT NULL;

-- n bytes of content that differs from place to place
CREATE FUNCTION pg_temp.bytes(n int, seed int) RETURNS bytea LANGUAGE sql AS $$
	SELECT substr(string_agg(decode(repeat(encode(sha256((seed || '.' || i)::bytea), 'hex'), 32), 'hex'), '' ORDER BY i), 1, n) FROM generate_series(0, n / 1024) i
$$;
CREATE FUNCTION pg_temp.fill(path text, n int, seed int) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	data bytea := pg_temp.bytes(n, seed);
BEGIN
	PERFORM dittofs.write_file(path, data);
	RETURN dittofs.resolve(path);
END $$;
CREATE FUNCTION pg_temp.cat(file bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT string_agg(t.cat(file, i * 1048576, 1048576), '' ORDER BY i) FROM generate_series(0, 4) i
$$;
CREATE FUNCTION pg_temp.cut(file bytea, size bigint) RETURNS text LANGUAGE sql AS $$
	SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(file, size => cut.size)
$$;
CREATE VIEW pg_temp.state AS SELECT s.name AS share, f.size, f.used, f.cuts[1] AS credit, array_length(f.cuts, 1) / 2 - 1 AS cuts,
		(SELECT count(*) FROM dittofs.reap_queue q WHERE q.file_id = f.id) AS queued,
		(SELECT sum(bytes) FROM dittofs.space_usage u WHERE u.share_id = f.share_id) AS accounted
	FROM dittofs.files f JOIN dittofs.shares s USING (share_id) WHERE s.name LIKE '/cut%' AND f.kind = 1;
SELECT dittofs.reap(100000000) >= 0;

-- Cut, and what everybody sees of it.
SELECT pg_temp.fill('/cut/f', 3000000, 1) AS file \gset
SELECT pg_temp.cut(:'file', 1000000);
SELECT * FROM pg_temp.state;
SELECT pg_temp.cat(:'file') = pg_temp.bytes(1000000, 1);
SELECT * FROM t.violations;
-- extended again it has zeros; and what is written there stays
SELECT pg_temp.cut(:'file', 3000000);
SELECT pg_temp.cat(:'file') = pg_temp.bytes(1000000, 1) || decode(repeat('00', 2000000), 'hex');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 2000000, pg_temp.bytes(300000, 2));
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;
-- cut once more behind that, in the midst of it, and before it
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 2300000, pg_temp.bytes(700000, 3));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 3000000, pg_temp.bytes(1000000, 3));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 4000000, pg_temp.bytes(1000000, 3));
SELECT pg_temp.cut(:'file', 2400000);
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;
SELECT pg_temp.cut(:'file', 5000000);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 4000000, pg_temp.bytes(900000, 4));
SELECT md5(pg_temp.cat(:'file')) = md5(pg_temp.bytes(1000000, 1) || decode(repeat('00', 1000000), 'hex') || pg_temp.bytes(300000, 2) ||
	pg_temp.bytes(100000, 3) || decode(repeat('00', 1600000), 'hex') || pg_temp.bytes(900000, 4) || decode(repeat('00', 100000), 'hex'));
SELECT * FROM t.violations;
-- the reaper takes its time
SELECT dittofs.reap(50) BETWEEN 50 AND 100;
SELECT cuts, queued FROM pg_temp.state;
SELECT * FROM t.violations;
SELECT md5(pg_temp.cat(:'file')) = md5(pg_temp.bytes(1000000, 1) || decode(repeat('00', 1000000), 'hex') || pg_temp.bytes(300000, 2) ||
	pg_temp.bytes(100000, 3) || decode(repeat('00', 1600000), 'hex') || pg_temp.bytes(900000, 4) || decode(repeat('00', 100000), 'hex'));
SELECT pg_temp.cut(:'file', 900000);
SELECT * FROM pg_temp.state;
SELECT dittofs.reap(1000000) > 0;
SELECT * FROM pg_temp.state;
SELECT count(*) FROM dittofs.blocks WHERE content_id = (SELECT coalesce(content_id, id) FROM dittofs.files WHERE size = 900000);
SELECT pg_temp.cat(:'file') = pg_temp.bytes(900000, 1);
SELECT * FROM t.violations;

-- With holes it is not known how much was cut off: the account follows.
SELECT count(*) FROM generate_series(0, 299) i, LATERAL dittofs.write(:'file', 2000000 + i * 131072, 'x') w WHERE w.status = 0;
SELECT * FROM pg_temp.state;
SELECT pg_temp.cut(:'file', 3000000);
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;
SELECT dittofs.reap(1000000);
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;

-- A second name, its removal, and that of the file; a file made empty, and cut again.
SELECT pg_temp.fill('/cut/f', 3000000, 5) = :'file';
SELECT pg_temp.cut(:'file', 100000);
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'file', :'root', 'g');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'f');
SELECT pg_temp.cat(:'file') = pg_temp.bytes(100000, 5);
SELECT pg_temp.cut(:'file', 0);
SELECT pg_temp.fill('/cut/g', 3000000, 6) = :'file';
SELECT pg_temp.cut(:'file', 10000);
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'g');
SELECT count(*), count(file_id) FROM dittofs.reap_queue;
SELECT * FROM t.violations;
SELECT dittofs.reap(1000000) > 0;
SELECT count(*) FROM dittofs.reap_queue;

-- More steps than an inode has room for: later.
SELECT pg_temp.fill('/cut/f', 1500000, 7) AS file \gset
DO $$
DECLARE
	file bytea := dittofs.resolve('/cut/f');
	status text;
BEGIN
	FOR i IN 1 .. 10 LOOP
		PERFORM dittofs.write(file, i * 10000, pg_temp.bytes(1000000, 8));
		PERFORM dittofs.write(file, i * 10000 + 1000000, pg_temp.bytes(1000000, 8));
		status := pg_temp.cut(file, i * 10000);
		RAISE NOTICE '% %', i, status;
	END LOOP;
END $$;
SELECT cuts, queued FROM pg_temp.state;
SELECT * FROM t.violations;
SELECT pg_temp.cut(:'file', 20000);
SELECT cuts, queued FROM pg_temp.state;
SELECT dittofs.reap(1000000) > 0;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'f');

-- A limit of the share: what was cut off does not count.
SELECT pg_temp.fill('/cut/l', 19000000, 9) IS NOT NULL;
SELECT dittofs.write_file('/cut/m', pg_temp.bytes(2000000, 10));
SELECT pg_temp.cut(dittofs.resolve('/cut/l'), 1000000);
SELECT dittofs.write_file('/cut/m', pg_temp.bytes(2000000, 10));
SELECT dittofs.status_name(status) FROM dittofs.write(dittofs.resolve('/cut/l'), 1000000, pg_temp.bytes(1000000, 10));
SELECT * FROM t.violations;
SELECT dittofs.rm('/cut/l'), dittofs.rm('/cut/m');
SELECT dittofs.reap(1000000) > 0;

-- Content in memory, and in a store; whole blocks, parts of blocks and both at once.
SELECT pg_temp.fill('/cutm/f', 3000000, 11) AS file \gset
SELECT pg_temp.cut(:'file', 200000), pg_temp.cut(:'file', 400000);
SELECT pg_temp.cat(:'file') = pg_temp.bytes(200000, 11) || decode(repeat('00', 200000), 'hex');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 400000, 'there again');
SELECT * FROM t.violations;
SELECT dittofs.reap(100) > 0, dittofs.reap(1000000) > 0;
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;
SELECT dittofs.rm('/cutm/f');

SELECT dittofs.write_file('/cuts/f', '');
SELECT dittofs.resolve('/cuts/f') AS file \gset
SELECT count(*) FROM generate_series(0, 199) i WHERE t.store_write(:'file', i * 131072, pg_temp.bytes(131072, i)) = 'OK';
SELECT pg_temp.cut(:'file', 131072 * 10 + 5);
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;
SELECT t.store_write(:'file', 131072 * 12, pg_temp.bytes(131072, 12), pg_temp.bytes(131072, 13));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 131072 * 11 + 100, 'part of a block');
SELECT * FROM t.violations;
SELECT md5(t.cat(:'file', 131072 * 9, 131072 * 5)) = md5(pg_temp.bytes(131072, 9) || pg_temp.bytes(5, 10) || decode(repeat('00', 131067 + 100), 'hex') ||
	'part of a block' || decode(repeat('00', 131072 - 115), 'hex') || pg_temp.bytes(131072, 12) || pg_temp.bytes(131072, 13));
SELECT dittofs.reap(20) > 0;
SELECT * FROM t.violations;
SELECT pg_temp.cut(:'file', 131072 * 13), dittofs.reap(1000000) > 0;
SELECT * FROM pg_temp.state;
SELECT md5(t.cat(:'file', 131072 * 12, 131072 * 5)) = md5(pg_temp.bytes(131072, 12));
SELECT * FROM t.violations;
SELECT dittofs.rm('/cuts/f');

-- What was noted and is damaged.
SELECT pg_temp.fill('/cut/f', 3000000, 1) AS file \gset
SELECT pg_temp.cut(:'file', 1000000);
DELETE FROM dittofs.reap_queue;
SELECT rule FROM t.violations;
SELECT rule, action FROM dittofs.fsck_repair();
SELECT dittofs.reap(1000000) > 0;
SELECT * FROM t.violations;
SELECT dittofs.rm('/cut/f');

-- Whatever is done in whatever order, it is as with a file in memory.
CREATE FUNCTION pg_temp.random_cuts(path text, seed int, calls int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file bytea;
	share int := (SELECT share_id FROM dittofs.shares WHERE path LIKE name || '/%');
	model bytea := '';
	data bytea;
	dice bigint := seed;
	at int;
	n int;
	status int;
	later int := 0;
BEGIN
	PERFORM dittofs.write_file(path, '');
	file := dittofs.resolve(path);
	FOR i IN 1 .. calls LOOP
		dice := (dice * 1103515245 + 12345) % 2147483648;
		at := dice / 65536 % 30 * 40000 + dice % 7;
		n := dice / 4096 % 16;
		IF n < 4 THEN
			status := (dittofs.set_file_attributes(file, size => at)).status;
			IF status = 0 THEN
				model := substr(model, 1, at) || decode(repeat('00', greatest(at - length(model), 0)), 'hex');
			ELSE
				later := later + 1;
			END IF;
		ELSIF n < 7 THEN
			PERFORM dittofs.reap(n * 10);
			CONTINUE;
		ELSIF n < 9 AND path LIKE '/cuts/%' THEN
			data := decode(repeat(encode(sha256(i::text::bytea), 'hex'), 4096), 'hex');
			at := at / 131072 * 131072;
			IF t.store_write(file, at, data) <> 'OK' THEN
				CONTINUE;
			END IF;
		ELSIF n = 9 AND path LIKE '/cuts/%' THEN
			PERFORM t.merge(2);
			CONTINUE;
		ELSE
			data := substr(decode(repeat(encode(sha256(i::text::bytea), 'hex'), 15700), 'hex'), 1,
				CASE WHEN n < 12 THEN 500000 WHEN n < 14 THEN 9000 ELSE 3 END);
			status := (dittofs.write(file, at, data)).status;
			ASSERT status = 0, status;
		END IF;
		IF n >= 7 THEN
			model := substr(model, 1, at) || decode(repeat('00', greatest(at - length(model), 0)), 'hex') || data ||
				substr(model, at + length(data) + 1);
		END IF;
		IF pg_temp.cat(file) <> model THEN
			RETURN 'different after call ' || i;
		END IF;
		IF i % 25 = 0 AND EXISTS (SELECT FROM t.violations) THEN
			RETURN 'violations after call ' || i;
		END IF;
	END LOOP;
	PERFORM dittofs.reap(1000000);
	IF pg_temp.cat(file) <> model OR EXISTS (SELECT FROM t.violations) OR EXISTS (SELECT FROM dittofs.reap_queue) THEN
		RETURN 'wrong at the end';
	END IF;
	RETURN 'as it must be';
END $$;
SELECT dittofs.set_server_config('merge_delay', '0');
SELECT path, pg_temp.random_cuts(path, seed, 40) FROM unnest(array['/cut/r', '/cutm/r', '/cuts/r']) path, generate_series(2, 2) seed ORDER BY 1;
SELECT dittofs.set_server_config('merge_delay', NULL);
SELECT dittofs.drop_share(name, force => true) FROM dittofs.shares WHERE name LIKE '/cut%';
SELECT dittofs.reap(1000000) > 0;
DELETE FROM dittofs.stored_blocks WHERE store_id = :store;
SELECT dittofs.drop_content_store('cut');
SELECT * FROM t.violations;
