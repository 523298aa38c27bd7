-- SPDX-License-Identifier: PostgreSQL
-- Renaming: move() (RFC 1813, 3.3.14; POSIX rename()).
\set ECHO none
\i test/check.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/rename', root_mode => '0777') AS root \gset
SELECT handle AS a FROM dittofs.create_directory(:'root', 'a') \gset
SELECT handle AS b FROM dittofs.create_directory(:'root', 'b') \gset
SELECT handle AS file FROM dittofs.create_file(:'a', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'moved');

-- in one directory: both wcc data are the same directory's
SELECT a.ctime, a.mtime FROM dittofs.get_file(:'file') g, dittofs.attributes(g.attributes) a \gset
SELECT dittofs.status_name(status), (dittofs.before(from_wcc)).ctime < f.ctime AS changed,
		(dittofs.before(from_wcc)).ctime = (dittofs.before(to_wcc)).ctime AND f.ctime = t.ctime AS same
	FROM dittofs.move(:'a', 'file', :'a', 'renamed'),
		dittofs.attributes(dittofs.after(from_wcc)) f, dittofs.attributes(dittofs.after(to_wcc)) t;
SELECT a.ctime > :ctime AS ctime_grew, a.mtime = :mtime AS mtime_same
	FROM dittofs.get_file(:'file') g, dittofs.attributes(g.attributes) a;
SELECT dittofs.status_name(status) FROM dittofs.move(:'a', 'renamed', :'a', 'file');

-- between two: the handle stays good
SELECT dittofs.status_name(status), (dittofs.before(from_wcc)).ctime < f.ctime AS from_changed,
		(dittofs.before(to_wcc)).mtime < t.mtime AS to_changed, f.fileid <> t.fileid AS two
	FROM dittofs.move(:'a', 'file', :'b', 'file'),
		dittofs.attributes(dittofs.after(from_wcc)) f, dittofs.attributes(dittofs.after(to_wcc)) t;
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'a', 'file');
SELECT dittofs.status_name(status), handle = :'file' AS same FROM dittofs.lookup(:'b', 'file');
SELECT encode(data, 'escape') AS data FROM dittofs.read(:'file', 0, 10);

-- onto a file: it is replaced in one step, and its content freed
SELECT handle AS victim FROM dittofs.create_file(:'a', 'victim') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'victim', 0, 'freed');
SELECT dittofs.status_name(status) FROM dittofs.move(:'b', 'file', :'a', 'victim');
SELECT dittofs.status_name(status), handle = :'file' AS same FROM dittofs.lookup(:'a', 'victim');
SELECT dittofs.status_name(status) AS "STALE" FROM dittofs.get_file(:'victim');
SELECT count(*) FROM dittofs.blocks WHERE data = 'freed';
-- a victim with other names loses this one only
SELECT handle AS linked FROM dittofs.create_file(:'a', 'linked') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'linked', :'b', 'linked');
SELECT dittofs.status_name(status) FROM dittofs.move(:'a', 'victim', :'a', 'linked');
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink FROM dittofs.get_file(:'linked');
-- kinds do not matter, as long as neither is a directory
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'b', 'symlink', 'x');
SELECT dittofs.status_name(status) FROM dittofs.create_special_file(:'b', 'fifo', 'fifo');
SELECT dittofs.status_name(status) FROM dittofs.move(:'b', 'fifo', :'b', 'symlink');
SELECT dittofs.status_name(status) FROM dittofs.move(:'a', 'linked', :'b', 'symlink');

-- two names of one file: nothing is done
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'file', :'a', 'file');
SELECT dittofs.status_name(status), (dittofs.before(from_wcc)).ctime = f.ctime AND (dittofs.before(to_wcc)).ctime = t.ctime AS unchanged
	FROM dittofs.move(:'b', 'symlink', :'a', 'file'),
		dittofs.attributes(dittofs.after(from_wcc)) f, dittofs.attributes(dittofs.after(to_wcc)) t;
SELECT dittofs.status_name(status) FROM dittofs.move(:'a', 'file', :'a', 'file');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'a', :'root', 'a');
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink FROM dittofs.get_file(:'file');
SELECT * FROM t.tree('/rename');

-- directories: '..' and both parents' link counts follow
SELECT handle AS deep FROM dittofs.create_directory(:'a', 'deep') \gset
SELECT dittofs.status_name(status), f.nlink AS from_nlink, t.nlink AS to_nlink
	FROM dittofs.move(:'a', 'deep', :'b', 'deeper'),
		dittofs.attributes(dittofs.after(from_wcc)) f, dittofs.attributes(dittofs.after(to_wcc)) t;
SELECT handle = :'b' AS parent FROM dittofs.lookup(:'deep', '..');
-- onto an empty directory: replaced
SELECT handle AS empty FROM dittofs.create_directory(:'a', 'empty') \gset
SELECT dittofs.status_name(status), f.nlink AS from_nlink, t.nlink AS to_nlink
	FROM dittofs.move(:'b', 'deeper', :'a', 'empty'),
		dittofs.attributes(dittofs.after(from_wcc)) f, dittofs.attributes(dittofs.after(to_wcc)) t;
SELECT dittofs.status_name(status) AS "STALE" FROM dittofs.get_file(:'empty');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'a', 'other');
SELECT dittofs.status_name(status), t.nlink AS to_nlink
	FROM dittofs.move(:'a', 'other', :'a', 'empty'), dittofs.attributes(dittofs.after(to_wcc)) t;
SELECT handle AS deep FROM dittofs.lookup(:'a', 'empty') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'deep', 'inside');
-- onto one that is not empty; onto its own parent; file and directory
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'b', 'dir');
SELECT dittofs.status_name(status) AS "NOTEMPTY" FROM dittofs.move(:'b', 'dir', :'a', 'empty');
SELECT dittofs.status_name(status) AS "NOTEMPTY" FROM dittofs.move(:'b', 'dir', :'root', 'b');
SELECT dittofs.status_name(status) AS "ISDIR" FROM dittofs.move(:'deep', 'inside', :'a', 'empty');
SELECT dittofs.status_name(status) AS "ISDIR" FROM dittofs.move(:'a', 'file', :'b', 'dir');
SELECT dittofs.status_name(status) AS "NOTDIR" FROM dittofs.move(:'b', 'dir', :'a', 'file');
-- into itself or below: INVAL
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.move(:'root', 'a', :'a', 'x');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.move(:'root', 'a', :'deep', 'x');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.move(:'root', 'a', :'deep', 'inside');

-- names: '.' and '..' (of the root, the share's root), no entry, no names
SELECT substr(n.name, 1, 9) AS name, dittofs.status_name(f.status) AS "from", dittofs.status_name(t.status) AS "to",
		f.from_wcc IS NOT NULL AND f.to_wcc IS NOT NULL AND t.from_wcc IS NOT NULL AND t.to_wcc IS NOT NULL AS wcc
	FROM (VALUES ('.'), ('..'), (''), ('a/b'), (repeat('x', 256))) n(name),
		dittofs.move(:'root', convert_to(n.name, 'UTF8'), :'root', 'x') f,
		dittofs.move(:'root', 'a', :'root', convert_to(n.name, 'UTF8')) t;
SELECT dittofs.status_name(status) AS "NOENT", dittofs.after(from_wcc) IS NOT NULL AND dittofs.after(to_wcc) IS NOT NULL AS wcc
	FROM dittofs.move(:'root', 'nothing', :'a', 'x');

-- ACCES: w and x of both directories; of a directory that gets another
-- parent also w, because its '..' changes
SELECT handle AS mine FROM dittofs.create_directory(:'root', 'mine', uid => 1000, gid => 100) \gset
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'mine', 'f', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) AS "ACCES", dittofs.after(from_wcc) IS NOT NULL AND dittofs.after(to_wcc) IS NOT NULL AS wcc
	FROM dittofs.move(:'mine', 'f', :'a', 'f', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.move(:'a', 'file', :'mine', 'file', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.move(:'mine', 'f', :'root', 'f', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.move(:'root', 'b', :'mine', 'b', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'b', :'root', 'c', 'uid=1000 gid=100');

-- handles: what could be resolved has its attributes
SELECT h.what, dittofs.status_name(f.status) AS "from", dittofs.after(f.from_wcc) IS NOT NULL AS from_wcc, dittofs.after(f.to_wcc) IS NOT NULL AS to_wcc,
		dittofs.status_name(t.status) AS "to", dittofs.after(t.from_wcc) IS NOT NULL AS from_wcc, dittofs.after(t.to_wcc) IS NOT NULL AS to_wcc
	FROM (VALUES ('bad', ''::bytea), ('stale', :'empty'), ('a file', :'file')) h(what, handle),
		dittofs.move(h.handle, 'x', :'root', 'x') f, dittofs.move(:'root', 'a', h.handle, 'x') t;

-- XDEV
SELECT dittofs.create_share('/rename-other') AS other \gset
SELECT dittofs.status_name(status) AS "XDEV", dittofs.after(from_wcc) IS NOT NULL AND dittofs.after(to_wcc) IS NOT NULL AS wcc
	FROM dittofs.move(:'root', 'a', :'other', 'a');
SELECT dittofs.status_name(status) AS "XDEV" FROM dittofs.move(:'a', 'file', :'other', 'file');

SELECT * FROM t.tree('/rename');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/rename', force => true), dittofs.drop_share('/rename-other');
