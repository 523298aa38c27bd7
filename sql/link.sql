-- SPDX-License-Identifier: PostgreSQL
-- Hard links: create_hard_link() (RFC 1813, 3.3.15).
--
-- A file is an inode; its names are entries that count in nlink.  All of them
-- are equal, and the file goes with the last.
\set ECHO none
\i test/check.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/link', root_mode => '0777') AS root \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset

-- the file's attributes, and wcc data of the directory that got the name
SELECT b.ctime, b.mtime FROM dittofs.get_file(:'file') g, dittofs.attributes(g.attributes) b \gset
SELECT dittofs.status_name(l.status), a.nlink, a.ctime > :ctime AS ctime_grew, a.mtime = :mtime AS mtime_same,
		(dittofs.before(l.dir_wcc)).mtime < (dittofs.attributes(dittofs.after(l.dir_wcc))).mtime AS dir_changed
	FROM dittofs.create_hard_link(:'file', :'dir', 'second') l, dittofs.attributes(l.attributes) a;
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink FROM dittofs.create_hard_link(:'file', :'root', 'third');
SELECT n.name, l.handle = :'file' AS same
	FROM (VALUES (:'root'::bytea, 'file'), (:'dir', 'second'), (:'root', 'third')) n(dir, name),
		dittofs.lookup(n.dir, convert_to(n.name, 'UTF8')) l;
SELECT l.nlink
	FROM dittofs.get_file(:'file') g, dittofs.attributes(g.attributes) a, dittofs.link_counts l
	WHERE l.fileid = a.fileid AND l.share_id = (SELECT share_id FROM dittofs.shares WHERE name = '/link');

-- what is written by one name is read by the others
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'shared');
SELECT encode(r.data, 'escape') AS data FROM dittofs.lookup(:'dir', 'second') l, dittofs.read(l.handle, 0, 100) r;

-- removing one name leaves the others
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink FROM dittofs.get_file(:'file');

-- any kind but directories can be linked
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).kind, dir_wcc IS NOT NULL AS wcc
	FROM dittofs.create_hard_link(:'dir', :'root', 'x');
SELECT dittofs.status_name(status) AS "ISDIR" FROM dittofs.create_hard_link(:'root', :'dir', 'x');

-- the name must be free, and be one
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink, dir_wcc IS NOT NULL AS wcc
	FROM dittofs.create_hard_link(:'file', :'root', 'third');
SELECT dittofs.status_name(status) AS "EXIST" FROM dittofs.create_hard_link(:'file', :'root', '.');
SELECT dittofs.status_name(status) AS "EXIST" FROM dittofs.create_hard_link(:'file', :'root', '..');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.create_hard_link(:'file', :'root', '');
SELECT dittofs.status_name(status) AS "NAMETOOLONG" FROM dittofs.create_hard_link(:'file', :'root', convert_to(repeat('x', 256), 'UTF8'));

-- it takes w and x of the directory, and nothing of the file
SELECT dittofs.status_name(status) AS "ACCES", attributes IS NOT NULL AS attributes, dir_wcc IS NOT NULL AS wcc
	FROM dittofs.create_hard_link(:'file', :'dir', 'x', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', mode => t.mode('0000'));
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'file', :'root', 'fourth', 'uid=1000 gid=100');

-- handles: what could be resolved has its attributes, the rest has none
SELECT dittofs.status_name(status) AS "NOTDIR", attributes IS NOT NULL AS attributes, dir_wcc IS NOT NULL AS wcc
	FROM dittofs.create_hard_link(:'file', :'file', 'x');
SELECT dittofs.status_name(status) AS "BADHANDLE", attributes IS NOT NULL AS attributes, dir_wcc IS NOT NULL AS wcc
	FROM dittofs.create_hard_link('x', :'root', 'x');
SELECT dittofs.status_name(status) AS "BADHANDLE", attributes IS NOT NULL AS attributes, dir_wcc IS NOT NULL AS wcc
	FROM dittofs.create_hard_link(:'file', 'x', 'x');
SELECT handle AS gone FROM dittofs.create_file(:'root', 'gone') \gset
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'gone');
SELECT dittofs.status_name(status) AS "STALE", attributes, (dittofs.attributes(dittofs.after(dir_wcc))).kind AS dir
	FROM dittofs.create_hard_link(:'gone', :'root', 'x');

-- XDEV: another share's directory cannot name this share's file
SELECT dittofs.create_share('/link-other') AS other \gset
SELECT dittofs.status_name(status) AS "XDEV", (dittofs.attributes(attributes)).nlink, dir_wcc IS NOT NULL AS wcc
	FROM dittofs.create_hard_link(:'file', :'other', 'x');

-- As many names as people have ever wanted.  (So many changes of one inode are
-- for a gateway's session, which writes it once per transaction.)
SELECT handle AS many FROM dittofs.create_directory(:'root', 'many') \gset
SET dittofs.gateway = on;
SELECT dittofs.status_name(status), count(*), max((dittofs.attributes(attributes)).nlink)
	FROM generate_series(1, 33000) i, dittofs.create_hard_link(:'file', :'many', convert_to(i::text, 'UTF8'))
	GROUP BY status ORDER BY status;
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink FROM dittofs.get_file(:'file');
SELECT dittofs.status_name(status), count(*), min((dittofs.attributes(dittofs.after(wcc))).nlink) AS dir_nlink
	FROM generate_series(1, 33000) i, dittofs.remove_file(:'many', convert_to(i::text, 'UTF8'))
	GROUP BY status;
RESET dittofs.gateway;
VACUUM dittofs.parent_child_map, dittofs.files;

-- MLINK: nlink of NFS has 32 bits, PATHCONF's linkmax too.  Nobody waits for so
-- many; the count is put there by hand.
BEGIN;
UPDATE dittofs.files SET nlink = 2147483646 WHERE id = encode(substr(:'file'::bytea, 18), 'hex')::uuid;
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink
	FROM dittofs.create_hard_link(:'file', :'many', 'the last');
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink
	FROM dittofs.create_hard_link(:'file', :'many', 'one too many');
SELECT dittofs.ln('/link/many/the last', '/link/one-too-many');
ROLLBACK;

SELECT * FROM t.tree('/link');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/link', force => true), dittofs.drop_share('/link-other');
