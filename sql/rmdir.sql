-- SPDX-License-Identifier: PostgreSQL
-- Removing directories: remove_directory() (RFC 1813, 3.3.13).
--
-- Only an empty directory goes.  That it is empty is seen under the lock that
-- adding an entry needs; test/isolation/specs/create_rmdir.spec shows it.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/rmdir', root_mode => '0777') AS root \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT handle AS sub FROM dittofs.create_directory(:'dir', 'sub') \gset

SELECT dittofs.status_name(status), wcc IS NOT NULL AS wcc FROM dittofs.remove_directory(:'root', 'dir');
SELECT dittofs.status_name(status), a.nlink, (dittofs.before(wcc)).ctime < a.ctime AS ctime, (dittofs.before(wcc)).mtime < a.mtime AS mtime
	FROM dittofs.remove_directory(:'dir', 'sub'), dittofs.attributes(dittofs.after(wcc)) a;

-- a file counts as a directory does, and so does a name of dots
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', '...');
SELECT dittofs.status_name(status) AS "NOTEMPTY" FROM dittofs.remove_directory(:'root', 'dir');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', '...');
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).nlink FROM dittofs.remove_directory(:'root', 'dir');
SELECT dittofs.status_name(l.status) AS lookup, dittofs.status_name(r.status) AS readdir
	FROM dittofs.lookup(:'dir', '.') l, dittofs.read_directory(:'dir') r;
SELECT dittofs.status_name(status) AS "STALE" FROM dittofs.create_directory(:'dir', 'sub');
SELECT dittofs.status_name(status) AS "STALE" FROM dittofs.remove_directory(:'dir', 'sub');

-- names that are no directory, no name, or no entry
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'file');
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'root', 'link', 'dir');
SELECT substr(n.name, 1, 9) AS name, dittofs.status_name(r.status), r.wcc IS NOT NULL AS wcc
	FROM (VALUES ('file'), ('link'), ('nothing'), ('.'), ('..'), (''), ('dir/'), (repeat('x', 256))) n(name),
		dittofs.remove_directory(:'root', convert_to(n.name, 'UTF8')) r;
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.remove_directory(:'dir', '.');
SELECT dittofs.status_name(status) AS "EXIST" FROM dittofs.remove_directory(:'dir', '..');

-- ACCES: it takes w and x of the parent, nothing of the directory
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'dir', 'sub', mode => t.mode('0777'));
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0775'));
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.remove_directory(:'dir', 'sub', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0776'));
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.remove_directory(:'dir', 'sub', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0773'));
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'dir', 'sub', 'uid=1000 gid=100');

SELECT handle AS file FROM dittofs.lookup(:'root', 'file') \gset
SELECT dittofs.status_name(status) AS "NOTDIR", (dittofs.attributes(dittofs.after(wcc))).kind FROM dittofs.remove_directory(:'file', 'x');
SELECT dittofs.status_name(status) AS "BADHANDLE", wcc FROM dittofs.remove_directory('', 'x');

SELECT * FROM t.tree('/rmdir');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/rmdir', force => true);
