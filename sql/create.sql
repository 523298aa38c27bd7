-- SPDX-License-Identifier: PostgreSQL
-- Making files: create_file(), unchecked and guarded (RFC 1813, 3.3.8).
--
-- 'guarded', the default, makes a new file or says EXIST; 'unchecked' takes a
-- regular file that is there already, as open(2) with O_CREAT does.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/create', root_mode => '0777') AS root \gset

-- handle and attributes of the new file, wcc data of its directory
SELECT dittofs.status_name(status), length(handle) AS handle_length,
		a.kind, t.octal(a.mode) AS mode, a.nlink, a.uid, a.gid, a.size, a.used,
		a.atime = a.mtime AND a.mtime = a.ctime AS one_time,
		(dittofs.before(dir_wcc)).ctime < (dittofs.attributes(dittofs.after(dir_wcc))).ctime AS dir_changed
	FROM dittofs.create_file(:'root', 'defaults') c, dittofs.attributes(c.attributes) a;

-- all attributes; mode bits above 07777 are ignored
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode, a.uid, a.gid, a.size, a.used, a.atime, a.mtime
	FROM dittofs.create_file(:'root', 'all', mode => t.mode('104755'), uid => 7, gid => 8,
			size => 100000, atime => 123456789012345678, mtime => -1) c,
		dittofs.attributes(c.attributes) a;
-- a mode of 0000 is a mode
SELECT dittofs.status_name(status), t.octal((dittofs.attributes(attributes)).mode) AS mode
	FROM dittofs.create_file(:'root', 'closed', mode => t.mode('0000'));
-- times that are "now" are the server's
SELECT dittofs.status_name(status), a.atime = a.ctime AS atime, a.mtime = a.ctime AS mtime
	FROM dittofs.create_file(:'root', 'now', atime_now => true, mtime_now => true) c,
		dittofs.attributes(c.attributes) a;

-- owner and group are the caller's; only root chooses others, anybody a group of his
SELECT c.who, dittofs.status_name(f.status), a.uid, a.gid
	FROM (VALUES ('plain', NULL::bigint, NULL::bigint), ('own group', NULL, 27),
			('foreign', 0, 0)) c(who, uid, gid),
		dittofs.create_file(:'root', convert_to(c.who, 'UTF8'), 'uid=1000 gid=100 groups=4,27',
			uid => c.uid, gid => c.gid) f,
		dittofs.attributes(f.attributes) a
	ORDER BY c.who;

-- GUARDED: EXIST, whatever is there
SELECT dittofs.status_name(status), handle, attributes, (dittofs.before(dir_wcc)).ctime = (dittofs.attributes(dittofs.after(dir_wcc))).ctime AS unchanged
	FROM dittofs.create_file(:'root', 'defaults');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', '.');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', '..', how => 'unchecked');

-- UNCHECKED: the file that is there, as it is ...
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', mode => t.mode('0644'), size => 5) \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'hello');
SELECT dittofs.status_name(status), handle = :'file' AS same, t.octal(a.mode) AS mode, a.uid, a.size
	FROM dittofs.create_file(:'root', 'file', how => 'unchecked', mode => t.mode('0777'), uid => 9, gid => 9,
			atime => 1, mtime => 1) c,
		dittofs.attributes(c.attributes) a;
-- ... but for a size, if one is given
SELECT dittofs.status_name(status), handle = :'file' AS same, t.octal(a.mode) AS mode, a.uid, a.size, a.used
	FROM dittofs.create_file(:'root', 'file', how => 'unchecked', mode => t.mode('0777'), size => 0) c,
		dittofs.attributes(c.attributes) a;
-- which is a truncation, with its rules
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'file', 'uid=1000 gid=100', how => 'unchecked');
SELECT dittofs.status_name(status), handle, attributes
	FROM dittofs.create_file(:'root', 'file', 'uid=1000 gid=100', how => 'unchecked', size => 0);
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'file', how => 'unchecked', size => -1);
-- and it makes a new file where there is none
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).size
	FROM dittofs.create_file(:'root', 'new', how => 'unchecked', size => 3);
-- what is no regular file cannot be taken: EXIST
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'dir');
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'root', 'link', 'file');
SELECT n.name, dittofs.status_name(c.status)
	FROM (VALUES ('dir'), ('link')) n(name),
		dittofs.create_file(:'root', convert_to(n.name, 'UTF8'), how => 'unchecked') c;

-- ACCES: a new entry needs w and x of the directory, an old one x
SELECT handle AS closed FROM dittofs.create_directory(:'root', 'closed-dir', mode => t.mode('0755')) \gset
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'closed', 'old');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'closed', 'new', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'closed', 'old', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'closed', 'old', 'uid=1000 gid=100', how => 'unchecked');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'closed', mode => t.mode('0754'));
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'closed', 'old', 'uid=1000 gid=100', how => 'unchecked');

-- the rest
SELECT dittofs.status_name(status) AS "NOTDIR", dir_wcc IS NOT NULL AS wcc FROM dittofs.create_file(:'file', 'x');
SELECT dittofs.status_name(status) AS "INVAL", dir_wcc IS NOT NULL AS wcc FROM dittofs.create_file(:'root', '');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.create_file(:'root', 'x', how => 'somehow');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.create_file(:'root', 'x', uid => -1);
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.create_file(:'root', 'x', gid => 4294967296);
SELECT dittofs.status_name(status) AS "FBIG" FROM dittofs.create_file(:'root', 'x', size => -1);
SELECT dittofs.status_name(status) AS "BADHANDLE", dir_wcc FROM dittofs.create_file('', 'x');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'gone');
SELECT handle AS gone FROM dittofs.lookup(:'root', 'gone') \gset
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'root', 'gone');
SELECT dittofs.status_name(status) AS "STALE" FROM dittofs.create_file(:'gone', 'x');

-- what failed made nothing
SELECT * FROM t.tree('/create');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/create', force => true);
