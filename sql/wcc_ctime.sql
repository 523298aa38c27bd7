-- SPDX-License-Identifier: PostgreSQL
-- What clients' caches live on: wcc data and growing ctimes.
--
-- before is what the object was when the operation began, after what it is
-- now, and nothing came between.  A client whose cache is as of before brings
-- it up to after; so before of one call is after of the one before it, as long
-- as nobody else changed the object.
\set ECHO none
\i test/check.sql
\i test/store.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/wcc', root_mode => '0777') AS root \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset

-- wcc of one directory through a hundred changes of every kind
CREATE TEMP TABLE seen (n serial, what text, status int, wcc dittofs.wcc);
INSERT INTO seen (what, status, wcc) SELECT 'start', 0, dir_wcc FROM dittofs.create_file(:'dir', 'start');
CREATE FUNCTION pg_temp.changes(dir bytea, other bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	file bytea;
BEGIN
	FOR i IN 1 .. 10 LOOP
		INSERT INTO seen (what, status, wcc) SELECT 'create', status, dir_wcc FROM dittofs.create_file(dir, 'file');
		file := (dittofs.lookup(dir, 'file')).handle;
		INSERT INTO seen (what, status, wcc) SELECT 'create again', status, dir_wcc FROM dittofs.create_file(dir, 'file');
		INSERT INTO seen (what, status, wcc) SELECT 'mkdir', status, dir_wcc FROM dittofs.create_directory(dir, 'sub');
		INSERT INTO seen (what, status, wcc) SELECT 'symlink', status, dir_wcc FROM dittofs.create_symlink(dir, 'symlink', 'x');
		INSERT INTO seen (what, status, wcc) SELECT 'mknod', status, dir_wcc FROM dittofs.create_special_file(dir, 'fifo', 'fifo');
		INSERT INTO seen (what, status, wcc) SELECT 'link', status, dir_wcc FROM dittofs.create_hard_link(file, dir, 'link');
		INSERT INTO seen (what, status, wcc) SELECT 'rename', status, to_wcc FROM dittofs.move(dir, 'fifo', dir, 'fifo2');
		INSERT INTO seen (what, status, wcc) SELECT 'rename onto', status, from_wcc FROM dittofs.move(dir, 'symlink', dir, 'fifo2');
		INSERT INTO seen (what, status, wcc) SELECT 'rename same', status, from_wcc FROM dittofs.move(dir, 'file', dir, 'link');
		INSERT INTO seen (what, status, wcc) SELECT 'move out', status, from_wcc FROM dittofs.move(dir, 'sub', other, 'sub');
		INSERT INTO seen (what, status, wcc) SELECT 'move in', status, to_wcc FROM dittofs.move(other, 'sub', dir, 'sub');
		INSERT INTO seen (what, status, wcc) SELECT 'setattr', status, r.wcc FROM dittofs.set_file_attributes(dir, mode => t.mode('0755')) r;
		INSERT INTO seen (what, status, wcc) SELECT 'rmdir', status, r.wcc FROM dittofs.remove_directory(dir, 'sub') r;
		INSERT INTO seen (what, status, wcc) SELECT 'rmdir again', status, r.wcc FROM dittofs.remove_directory(dir, 'sub') r;
		INSERT INTO seen (what, status, wcc) SELECT 'remove', status, r.wcc FROM dittofs.remove_file(dir, 'file') r;
		INSERT INTO seen (what, status, wcc) SELECT 'remove link', status, r.wcc FROM dittofs.remove_file(dir, 'link') r;
		INSERT INTO seen (what, status, wcc) SELECT 'remove rest', status, r.wcc FROM dittofs.remove_file(dir, 'fifo2') r;
	END LOOP;
END $$;
SELECT pg_temp.changes(:'dir', :'root');
CREATE TEMP VIEW steps AS
	SELECT n, what, status, b.ctime AS before_ctime, b.mtime AS before_mtime, b.size AS before_size,
			a.ctime, a.mtime, a.size,
			lag(a.ctime) OVER (ORDER BY n) AS last_ctime, lag(a.mtime) OVER (ORDER BY n) AS last_mtime, lag(a.size) OVER (ORDER BY n) AS last_size
		FROM seen, dittofs.before(wcc) b, dittofs.attributes(dittofs.after(wcc)) a;
SELECT what, string_agg(DISTINCT dittofs.status_name(status), ',') AS status,
		bool_and((before_ctime, before_mtime, before_size) = (last_ctime, last_mtime, last_size)) AS no_gap,
		CASE WHEN bool_and(ctime > before_ctime) THEN 'grows' WHEN bool_and(ctime = before_ctime) THEN 'stays' ELSE 'wrong' END AS ctime,
		CASE WHEN bool_and(mtime > before_mtime) THEN 'grows' WHEN bool_and(mtime = before_mtime) THEN 'stays' ELSE 'wrong' END AS mtime
	FROM steps WHERE what <> 'start'
	GROUP BY what ORDER BY min(n);

-- and of a file
SELECT handle AS file FROM dittofs.lookup(:'dir', 'start') \gset
TRUNCATE seen;
CREATE FUNCTION pg_temp.file_changes(file bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	store int := dittofs.create_content_store('wcc', 'filesystem');
	blocks bytea := t.blocks('block');
BEGIN
	PERFORM dittofs.claim_blocks(store, blocks);
	FOR i IN 1 .. 10 LOOP
		INSERT INTO seen (what, status, wcc) SELECT 'write', status, r.wcc FROM dittofs.write(file, i, 'data', 'unstable') r;
		INSERT INTO seen (what, status, wcc) SELECT 'write nothing', status, r.wcc FROM dittofs.write(file, i, '') r;
		INSERT INTO seen (what, status, wcc) SELECT 'write too far', status, r.wcc FROM dittofs.write(file, 9223372036854775807, 'data') r;
		INSERT INTO seen (what, status, wcc) SELECT 'chmod', status, r.wcc FROM dittofs.set_file_attributes(file, mode => 0) r;
		INSERT INTO seen (what, status, wcc) SELECT 'chmod by another', status, r.wcc FROM dittofs.set_file_attributes(file, 'uid=1000', mode => 0) r;
		INSERT INTO seen (what, status, wcc) SELECT 'truncate', status, r.wcc FROM dittofs.set_file_attributes(file, size => 1) r;
		INSERT INTO seen (what, status, wcc) SELECT 'truncate, guarded', status, r.wcc FROM dittofs.set_file_attributes(file, size => 1, guard => 1) r;
		INSERT INTO seen (what, status, wcc) SELECT 'commit_write', status, r.wcc FROM dittofs.commit_write(file, 0, blocks, store) r;
	END LOOP;
END $$;
SELECT pg_temp.file_changes(:'file');
SELECT what, string_agg(DISTINCT dittofs.status_name(status), ',') AS status,
		bool_and((before_ctime, before_mtime, before_size) = (last_ctime, last_mtime, last_size)) AS no_gap,
		CASE WHEN bool_and(ctime > before_ctime) THEN 'grows' WHEN bool_and(ctime = before_ctime) THEN 'stays' ELSE 'wrong' END AS ctime,
		CASE WHEN bool_and(mtime > before_mtime) THEN 'grows' WHEN bool_and(mtime = before_mtime) THEN 'stays' ELSE 'wrong' END AS mtime
	FROM steps WHERE n > (SELECT min(n) FROM seen)
	GROUP BY what ORDER BY min(n);

-- attributes in replies are those that get_file() tells afterwards
CREATE TEMP TABLE made AS
	SELECT * FROM dittofs.create_file(:'dir', 'compared', mode => t.mode('4711'), uid => 3, gid => 4, size => 5, atime => 6, mtime => 7);
SELECT dittofs.attributes(c.attributes) = dittofs.attributes(g.attributes) AS file, dittofs.attributes(dittofs.after(c.dir_wcc)) = dittofs.attributes(d.attributes) AS dir
	FROM made c, dittofs.get_file(:'dir') d, dittofs.get_file(c.handle) g;
SELECT dittofs.attributes(l.attributes) = dittofs.attributes(g.attributes) AS lookup, dittofs.attributes(r.attributes) = dittofs.attributes(g.attributes) AS readdir
	FROM dittofs.lookup(:'dir', 'compared') l, dittofs.get_file(l.handle) g, dittofs.read_directory(:'dir') r WHERE r.name = 'compared';

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/wcc', force => true);
