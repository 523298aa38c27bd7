-- SPDX-License-Identifier: PostgreSQL
-- Finding files: lookup() and get_file() (RFC 1813, 3.3.3 and 3.3.1).
--
-- A handle names a file for ever; lookup() finds one by directory and name.
-- Every answer carries the attributes of the directory, also a failure's.
\set ECHO none
\i test/check.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/lookup') AS root \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT handle AS file FROM dittofs.create_file(:'dir', 'file', mode => t.mode('0640'), size => 10) \gset

-- a name, and the handle it leads to
SELECT dittofs.status_name(status), handle = :'dir' AS found,
		(dittofs.attributes(attributes)).kind, (dittofs.attributes(dir_attributes)).nlink AS dir_nlink
	FROM dittofs.lookup(:'root', 'dir');
SELECT dittofs.status_name(status), handle = :'file' AS found,
		a.kind, t.octal(a.mode) AS mode, a.nlink, a.uid, a.gid, a.size, a.used
	FROM dittofs.lookup(:'dir', 'file') l, dittofs.attributes(l.attributes) a;

-- '.' is the directory, '..' its parent; the root is its own parent
SELECT dittofs.status_name(status), handle = :'dir' AS found FROM dittofs.lookup(:'dir', '.');
SELECT dittofs.status_name(status), handle = :'root' AS found FROM dittofs.lookup(:'dir', '..');
SELECT dittofs.status_name(status), handle = :'root' AS found FROM dittofs.lookup(:'root', '.');
SELECT dittofs.status_name(status), handle = :'root' AS found FROM dittofs.lookup(:'root', '..');

-- NOENT, NOTDIR: what the handle stands for is told all the same
SELECT dittofs.status_name(status), handle, attributes,
		(dittofs.attributes(dir_attributes)).kind AS dir_kind
	FROM dittofs.lookup(:'root', 'nothing');
SELECT dittofs.status_name(status), handle, attributes,
		(dittofs.attributes(dir_attributes)).kind AS dir_kind
	FROM dittofs.lookup(:'file', 'nothing');
-- names are compared byte by byte
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'root', 'DIR');
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'root', 'dir ');

-- names that cannot be
SELECT n.what, dittofs.status_name(l.status), l.dir_attributes IS NOT NULL AS dir
	FROM (VALUES ('empty', ''::bytea), ('a slash', 'a/b'), ('a NUL', '\x610062'),
		('256 bytes', convert_to(repeat('x', 256), 'UTF8')), ('none', NULL)) n(what, name),
		dittofs.lookup(:'root', n.name) l
	ORDER BY n.what;

-- ACCES: it takes the right to search (x) the directory, and no other
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0101'));
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'dir', 'file', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0766'));
SELECT dittofs.status_name(status), handle, attributes,
		(dittofs.attributes(dir_attributes)).kind AS dir_kind
	FROM dittofs.lookup(:'dir', 'file', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'dir', '.', 'uid=1000 gid=100');
-- attributes of a handle that one has need no right at all
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).size
	FROM dittofs.get_file(:'file', 'uid=1000 gid=100');

-- attributes of every kind of object come from get_file()
SELECT dittofs.status_name(status), a.kind, t.octal(a.mode) AS mode, a.nlink, a.size, a.used,
		a.fileid > 0 AS fileid, a.fsid = (SELECT fsid FROM dittofs.shares WHERE name = '/lookup') AS fsid
	FROM dittofs.get_file(:'root') g, dittofs.attributes(g.attributes) a;

-- BADHANDLE: this cannot be a handle
SELECT h.what, dittofs.status_name(g.status) AS get_file, g.attributes,
		dittofs.status_name(l.status) AS lookup, l.dir_attributes
	FROM (VALUES ('empty', ''::bytea), ('short', substr(:'root'::bytea, 1, 32)),
		('long', :'root'::bytea || '\x00'), ('65 bytes', decode(repeat('01', 65), 'hex')),
		('another version', '\x02' || substr(:'root'::bytea, 2)), ('none', NULL)) h(what, handle),
		dittofs.get_file(h.handle) g, dittofs.lookup(h.handle, 'dir') l
	ORDER BY h.what;

-- STALE: it could, but there is no such share, no such file, or the file is
-- in another share: a handle cannot be forged from the parts of two
SELECT dittofs.create_share('/lookup-other') AS other \gset
SELECT h.what, dittofs.status_name(g.status) AS get_file, g.attributes,
		dittofs.status_name(l.status) AS lookup, l.dir_attributes
	FROM (VALUES ('no share', '\x01'::bytea || decode(repeat('00', 32), 'hex')),
		('no file', substr(:'root'::bytea, 1, 17) || decode(repeat('00', 16), 'hex')),
		('forged', substr(:'other'::bytea, 1, 17) || substr(:'dir'::bytea, 18))) h(what, handle),
		dittofs.get_file(h.handle) g, dittofs.lookup(h.handle, 'file') l
	ORDER BY h.what;

-- a file that is removed leaves a stale handle, and its name's next file another one
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'file');
SELECT dittofs.status_name(status) FROM dittofs.get_file(:'file');
SELECT dittofs.status_name(status), handle = :'file' AS same FROM dittofs.create_file(:'dir', 'file');
SELECT dittofs.status_name(status) FROM dittofs.get_file(:'file');

-- fileids are never used again, and fsids differ between shares
SELECT count(*), count(DISTINCT a.fsid) AS fsids
	FROM (VALUES (:'root'::bytea), (:'other')) h(handle),
		dittofs.get_file(h.handle) g, dittofs.attributes(g.attributes) a;

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/lookup', force => true), dittofs.drop_share('/lookup-other');
