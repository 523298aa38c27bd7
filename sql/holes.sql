-- SPDX-License-Identifier: PostgreSQL
-- Holes (RFC 7862): seeking data and holes, punching holes of any size, allocating.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.create_content_store('holes', 'filesystem') AS store \gset
SELECT dittofs.create_share('/holes', squash => 'none', root_mode => '0777') AS root \gset
SELECT dittofs.create_share('/holesm', content => 'memory', squash => 'none') IS NOT NULL;
SELECT dittofs.create_share('/holess', content => 'filesystem', content_store => 'holes', squash => 'none', block_size => 131072) IS NOT NULL;
CREATE FUNCTION pg_temp.bytes(n int, seed int) RETURNS bytea LANGUAGE sql AS $$
	SELECT substr(string_agg(decode(repeat(encode(sha256((seed || '.' || i)::bytea), 'hex'), 32), 'hex'), '' ORDER BY i), 1, n) FROM generate_series(0, n / 1024) i
$$;
CREATE FUNCTION pg_temp.zeros(n int) RETURNS bytea LANGUAGE sql AS $$SELECT decode(repeat('00', n), 'hex')$$;
CREATE FUNCTION pg_temp.cat(path text) RETURNS bytea LANGUAGE sql AS $$
	SELECT string_agg(t.cat(dittofs.resolve(path), i * 1048576, 1048576), '' ORDER BY i) FROM generate_series(0, 4) i
$$;
CREATE VIEW pg_temp.state AS SELECT s.name AS share, f.size, f.used, f.external, f.cuts[1] AS credit, cardinality(f.cuts) AS cuts,
		(SELECT count(*) FROM dittofs.reap_queue q WHERE q.file_id = f.id) AS queued,
		(SELECT sum(bytes) FROM dittofs.space_usage u WHERE u.share_id = f.share_id) AS accounted
	FROM dittofs.files f JOIN dittofs.shares s USING (share_id) WHERE s.name LIKE '/holes%' AND f.kind = 1 ORDER BY s.name, f.size;
-- all stretches of a file
CREATE FUNCTION pg_temp.map(path text, OUT what text, OUT start bigint, OUT "end" bigint) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	size bigint := (SELECT s.size FROM dittofs.stat(path) s);
BEGIN
	start := 0;
	WHILE start < size LOOP
		"end" := coalesce(dittofs.seek_data(path, start), size);
		what := 'hole';
		IF "end" = start THEN
			"end" := dittofs.seek_hole(path, start);
			what := 'data';
		END IF;
		RETURN NEXT;
		start := "end";
	END LOOP;
END $$;

-- Seeking.
SELECT handle AS f FROM dittofs.create_file(:'root', 'f', mode => 420) \gset
SELECT count(*) FROM (VALUES (100000, 5000), (131072, 100), (200000, 300000)) w(at, n), dittofs.write(:'f', w.at, pg_temp.bytes(w.n, 1)) r WHERE r.status = 0;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'f', size => 1000000);
SELECT * FROM pg_temp.map('/holes/f');
SELECT dittofs.seek_data('/holes/f'), dittofs.seek_hole('/holes/f'), dittofs.seek_data('/holes/f', 150000), dittofs.seek_hole('/holes/f', 150000);
SELECT dittofs.seek_data('/holes/f', 999999), dittofs.seek_hole('/holes/f', 999999), dittofs.seek_data('/holes/f', 1000000), dittofs.seek_hole('/holes/f', 1000000);
SELECT dittofs.seek_data('/holes/f', -1);
SELECT dittofs.seek_data('/holes');
SELECT dittofs.write_file('/holes/empty', '');
SELECT dittofs.seek_data('/holes/empty'), dittofs.seek_hole('/holes/empty');
-- pages and extents side by side
SELECT dittofs.write_file('/holess/f', '');
SELECT dittofs.resolve('/holess/f') AS s \gset
SELECT t.store_write(:'s', 0, pg_temp.bytes(131072, 1), pg_temp.bytes(131072, 2)), t.store_write(:'s', 500000, pg_temp.bytes(131072, 3));
SELECT dittofs.status_name(status) FROM dittofs.write(:'s', 262144, pg_temp.bytes(10, 4));
SELECT dittofs.status_name(status) FROM dittofs.write(:'s', 600000, pg_temp.bytes(10, 5));
SELECT dittofs.status_name(status) FROM dittofs.write(:'s', 700000, pg_temp.bytes(10, 6));
SELECT * FROM pg_temp.map('/holess/f');

-- Punching: small holes, at once.
SELECT dittofs.punch_hole('/holes/f', 250000, 100);
SELECT dittofs.punch_hole('/holes/f', 0, 100001);
SELECT dittofs.punch_hole('/holes/f', 499000, 10000000);
SELECT * FROM pg_temp.map('/holes/f');
SELECT pg_temp.cat('/holes/f') = pg_temp.zeros(100001) || substr(pg_temp.bytes(5000, 1), 2) || pg_temp.zeros(26072) || pg_temp.bytes(100, 1) || pg_temp.zeros(68828) ||
	substr(pg_temp.bytes(300000, 1), 1, 50000) || pg_temp.zeros(100) || substr(pg_temp.bytes(300000, 1), 50101, 248900) || pg_temp.zeros(501000);
SELECT dittofs.punch_hole('/holess/f', 100000, 450000), dittofs.punch_hole('/holess/f', 700005, 1);
SELECT * FROM pg_temp.map('/holess/f');
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;
-- nothing is beyond the end, and it stays where it is
SELECT dittofs.punch_hole('/holes/f', 1000000, 10), dittofs.punch_hole('/holes/f', 5000000, 9223372036854775807), (dittofs.stat('/holes/f')).size;
SELECT dittofs.punch_hole('/holes/f', 5, 0);
SELECT dittofs.punch_hole('/holes/f', -5, 10);
SELECT dittofs.punch_hole('/holes', 0, 10);
-- all of it
SELECT dittofs.punch_hole('/holes/f', 0, 1000000);
SELECT * FROM pg_temp.map('/holes/f');
SELECT dittofs.rm('/holes/f'), dittofs.rm('/holes/empty'), dittofs.rm('/holess/f');

-- Large ones: gone at once, deleted later; what is written there meanwhile stays.
SELECT dittofs.write_file('/holes/f', pg_temp.bytes(4000000, 1)), dittofs.write_file('/holesm/f', pg_temp.bytes(4000000, 1)), dittofs.write_file('/holess/f', '');
SELECT dittofs.resolve('/holess/f') AS s \gset
SELECT count(t.store_write(:'s', i * 131072, pg_temp.bytes(131072, i))) FROM generate_series(0, 29) i;
SELECT count(*) FROM generate_series(0, 190) i, LATERAL dittofs.write(:'s', i * 20000, pg_temp.bytes(5, 99)) w WHERE w.status = 0;
SELECT dittofs.punch_hole('/holes' || s || '/f', 500001, 2000000) FROM unnest(array['', 'm', 's']) s;
SELECT share, size, used, external, credit, cuts, queued FROM pg_temp.state;
SELECT * FROM pg_temp.map('/holes/f');
SELECT pg_temp.cat('/holes' || s || '/f') = substr(pg_temp.bytes(4000000, 1), 1, 500001) || pg_temp.zeros(2000000) || substr(pg_temp.bytes(4000000, 1), 2500002) FROM unnest(array['', 'm']) s;
SELECT count(*), max("end") FROM pg_temp.map('/holess/f') WHERE what = 'hole';
SELECT substr(pg_temp.cat('/holess/f'), 500002, 2000000) = pg_temp.zeros(2000000);
SELECT * FROM t.violations;
SELECT count(*) FROM unnest(array['', 'm', 's']) s, dittofs.write(dittofs.resolve('/holes' || s || '/f'), 1000000, pg_temp.bytes(30000, 7)) w WHERE w.status = 0;
SELECT dittofs.punch_hole('/holes' || s || '/f', 700000, 3000000) FROM unnest(array['', 'm', 's']) s;
SELECT count(*) FROM unnest(array['', 'm', 's']) s, dittofs.write(dittofs.resolve('/holes' || s || '/f'), 1500000, pg_temp.bytes(30000, 8)) w WHERE w.status = 0;
SELECT * FROM t.violations;
SELECT dittofs.reap(50) > 0;
SELECT * FROM t.violations;
SELECT substr(pg_temp.cat('/holes' || s || '/f'), 500002, 3199999) = pg_temp.zeros(999999) || pg_temp.bytes(30000, 8) || pg_temp.zeros(2170000) FROM unnest(array['', 'm', 's']) s;
SELECT dittofs.reap(1000000) > 0;
SELECT substr(pg_temp.cat('/holes' || s || '/f'), 500002, 3199999) = pg_temp.zeros(999999) || pg_temp.bytes(30000, 8) || pg_temp.zeros(2170000) FROM unnest(array['', 'm', 's']) s;
SELECT * FROM pg_temp.state;
SELECT * FROM t.violations;

-- Holes and cuts at the same time; more than an inode has room for.
SELECT dittofs.write_file('/holes/f', pg_temp.bytes(4000000, 2));
SELECT dittofs.punch_hole('/holes/f', 1000000, 1500000);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(dittofs.resolve('/holes/f'), size => 1800000);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(dittofs.resolve('/holes/f'), size => 4000000);
SELECT pg_temp.cat('/holes/f') = substr(pg_temp.bytes(4000000, 2), 1, 1000000) || pg_temp.zeros(3000000);
SELECT * FROM t.violations;
DO $$
BEGIN
	FOR i IN 1 .. 9 LOOP
		PERFORM dittofs.write(dittofs.resolve('/holes/f'), 0, pg_temp.bytes(1000000, 3));
		PERFORM dittofs.write(dittofs.resolve('/holes/f'), 1000000, pg_temp.bytes(1000000, 3));
		BEGIN
			PERFORM dittofs.punch_hole('/holes/f', 300000 - i * 10000, 1500000);
		EXCEPTION WHEN lock_not_available THEN
			RAISE NOTICE '%: %', i, SQLERRM;
		END;
	END LOOP;
END $$;
SELECT * FROM t.violations;
SELECT dittofs.reap(1000000) > 0, dittofs.punch_hole('/holes/f', 210000, 1500000);
SELECT * FROM t.violations;

-- Allocating: the size grows, nothing else; there must be room at the moment.
SELECT dittofs.write_file('/holes/a', 'abc'), dittofs.allocate('/holes/a', 1, 10), dittofs.allocate('/holes/a', 0, 5);
SELECT size, used FROM dittofs.stat('/holes/a');
SELECT dittofs.read_file('/holes/a');
SELECT dittofs.allocate('/holes/a', 0, 0);
SELECT dittofs.allocate('/holes/a', 9223372036854775807, 1);
SELECT dittofs.allocate('/holes', 0, 1);
SELECT dittofs.alter_share('/holes', max_bytes => 10000000);
SELECT dittofs.allocate('/holes/a', 0, 20000000);
SELECT dittofs.allocate('/holes/a', 0, 2000000000);
SELECT dittofs.allocate('/holes/a', 0, 5000000);
SELECT size, used FROM dittofs.stat('/holes/a');

-- Who may: as for writing and reading.
SELECT dittofs.chmod('/holes/a', '0644');
SELECT dittofs.punch_hole('/holes/a', 0, 1, 'uid=1000 gid=1000');
SELECT dittofs.allocate('/holes/a', 0, 1, 'uid=1000 gid=1000');
SELECT dittofs.seek_data('/holes/a', 0, 'uid=1000 gid=1000');
SELECT dittofs.chmod('/holes/a', '0600');
SELECT dittofs.seek_data('/holes/a', 0, 'uid=1000 gid=1000');
-- a set-id program that was changed is none any more
SELECT dittofs.chmod('/holes/a', '6777'), dittofs.punch_hole('/holes/a', 0, 1, 'uid=1000 gid=1000');
SELECT mode FROM dittofs.stat('/holes/a');
SELECT dittofs.alter_share('/holes', read_only => true);
SELECT dittofs.punch_hole('/holes/a', 0, 1);

SELECT count(dittofs.drop_share(name, force => true)) FROM dittofs.list_shares() WHERE name LIKE '/holes%';
SELECT dittofs.reap(1000000) > 0;
SELECT * FROM t.violations;
DELETE FROM t.objects;
DELETE FROM dittofs.stored_blocks;
DELETE FROM dittofs.content_stores;
