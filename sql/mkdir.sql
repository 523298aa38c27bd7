-- SPDX-License-Identifier: PostgreSQL
-- Making directories: create_directory() (RFC 1813, 3.3.9).
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/mkdir', root_mode => '0777') AS root \gset

-- a directory has two links of its own, and its parent one more by its '..'
SELECT dittofs.status_name(status), a.kind, t.octal(a.mode) AS mode, a.nlink, a.uid, a.gid, a.size, a.used,
		(dittofs.attributes(dittofs.after(dir_wcc))).nlink AS parent_nlink,
		(dittofs.before(dir_wcc)).mtime < (dittofs.attributes(dittofs.after(dir_wcc))).mtime AS parent_changed
	FROM dittofs.create_directory(:'root', 'defaults') c, dittofs.attributes(c.attributes) a;
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode, a.uid, a.gid, a.atime, a.mtime,
		(dittofs.attributes(dittofs.after(dir_wcc))).nlink AS parent_nlink
	FROM dittofs.create_directory(:'root', 'all', mode => t.mode('2700'), uid => 7, gid => 8, atime => 1, mtime => 2) c,
		dittofs.attributes(c.attributes) a;
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode
	FROM dittofs.create_directory(:'root', 'closed', mode => t.mode('0000')) c, dittofs.attributes(c.attributes) a;
SELECT dittofs.status_name(status), a.uid, a.gid
	FROM dittofs.create_directory(:'root', 'own', 'uid=1000 gid=100', uid => 0, gid => 0) c,
		dittofs.attributes(c.attributes) a;

-- directories in directories
SELECT handle AS own FROM dittofs.lookup(:'root', 'own') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'own', 'child', 'uid=1000 gid=100');
SELECT handle AS child FROM dittofs.lookup(:'own', 'child') \gset
SELECT handle = :'own' AS parent FROM dittofs.lookup(:'child', '..');

-- EXIST, ACCES, NOTDIR, INVAL, NAMETOOLONG, BADHANDLE
SELECT dittofs.status_name(status), handle, attributes, dir_wcc IS NOT NULL AS wcc
	FROM dittofs.create_directory(:'root', 'own');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', '.');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', '..');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'file');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'file');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'own', 'x', 'uid=1001 gid=100');
SELECT handle AS file FROM dittofs.lookup(:'root', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'file', 'x');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', '');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'x/y');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'x', gid => -5);
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', convert_to(repeat('x', 256), 'UTF8'));
SELECT dittofs.status_name(status), dir_wcc FROM dittofs.create_directory('\x01', 'x');

SELECT * FROM t.tree('/mkdir');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/mkdir', force => true);
