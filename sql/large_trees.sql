-- SPDX-License-Identifier: PostgreSQL
-- ls(), tree() and rm(recursive) where there is more than has room in work_mem,
-- and more levels than the C stack has room for.
\set ECHO none
\i test/check.sql
\set ECHO all

SET work_mem = '64kB';
SELECT dittofs.create_share('/large') AS root \gset
SELECT dittofs.mkdir('/large/wide');
SELECT count(dittofs.mkdir('/large/wide/d' || i)) FROM generate_series(1, 40) i;
SELECT count((dittofs.create_file(dittofs.resolve('/large/wide/d' || d), convert_to(repeat('n', 100) || i, 'UTF8'))).status)
	FROM generate_series(1, 3) d, generate_series(1, 1500) i;
-- neither a directory nor what is between two of its entries in the order of paths
SELECT count(dittofs.write_file('/large/wide/d' || i || '-', '')) FROM generate_series(1, 40) i;

-- by name, byte by byte, whatever is on disk
SELECT count(*), bool_and(name > before COLLATE "C") AS sorted
	FROM (SELECT name, lag(name) OVER (ORDER BY n) AS before
		FROM dittofs.ls('/large/wide/d2') WITH ORDINALITY l(name, kind, mode, nlink, uid, gid, size, mtime, fileid, handle, n)) l;
-- each directory before what is in it, and all of that before the next name
SELECT count(*), bool_and(key > before) AS sorted, max(depth) AS depth
	FROM (SELECT depth, key, lag(key) OVER (ORDER BY n) AS before
		FROM (SELECT n, depth, string_to_array(path, '/') COLLATE "C" AS key
			FROM dittofs.tree('/large/wide') WITH ORDINALITY t(path, depth, kind, mode, nlink, uid, gid, size, mtime, fileid, handle, n)) k) t;

-- removed in slices that are committed, as docs/operations.md has it
SELECT dittofs.mkdir('/large/slices/a/b', parents => true), dittofs.mkdir('/large/slices/c');
SELECT count(dittofs.write_file('/large/slices/' || d || '/it''s "' || i || '"', 'x'))
	FROM unnest(array['a', 'a/b', 'c']) d, generate_series(1, 5) i;
SELECT format('SELECT count(dittofs.rm(p)) FROM unnest(%L::text[]) p', array_agg(path))
	FROM (SELECT path, (row_number() OVER () - 1) / 10 AS slice
		FROM dittofs.tree('/large/slices') WHERE kind <> 'directory') t
	GROUP BY slice ORDER BY slice \gexec
SELECT count(*) FROM dittofs.tree('/large/slices') WHERE kind <> 'directory';
SELECT dittofs.rm('/large/slices', recursive => true);

SELECT dittofs.mkdir('/large/deep');
DO $$
DECLARE
	dir bytea := dittofs.resolve('/large/deep');
BEGIN
	FOR i IN 1 .. 20000 LOOP
		dir := (dittofs.create_directory(dir, 'd')).handle;
	END LOOP;
	dir := (dittofs.create_file(dir, 'file')).handle;
END $$;
SELECT inodes FROM dittofs.list_shares() WHERE name = '/large';

-- what fails in its midst has done nothing, and leaves nothing behind
DO $$
BEGIN
	PERFORM dittofs.rm('/large/deep', recursive => true, caller => 'uid=1000');
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE '%', SQLERRM;
END $$;
SELECT dittofs.mkdir('/large/wide/d40/mine'), dittofs.chown('/large/wide/d40/mine', 1000, 1000),
	dittofs.chown('/large/wide', 1000), dittofs.chmod('/large/wide/d3', '0700');
DO $$
BEGIN
	PERFORM dittofs.rm('/large/wide', recursive => true, caller => 'uid=1000');
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE '%', SQLERRM;
END $$;
SELECT inodes FROM dittofs.list_shares() WHERE name = '/large';
SELECT * FROM t.violations;

-- and one transaction does all of it
BEGIN;
SELECT dittofs.rm('/large/wide', recursive => true), dittofs.rm('/large/deep', recursive => true);
SELECT path, nlink FROM dittofs.tree('/large');
ROLLBACK;
SELECT inodes FROM dittofs.list_shares() WHERE name = '/large';
SELECT dittofs.rm('/large/wide', recursive => true), dittofs.rm('/large/deep', recursive => true);
SELECT path, nlink FROM dittofs.tree('/large');
SELECT inodes FROM dittofs.list_shares() WHERE name = '/large';
SELECT count(*) FROM dittofs.parent_child_map;
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/large');
