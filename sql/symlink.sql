-- SPDX-License-Identifier: PostgreSQL
-- Symbolic links: create_symlink() and read_symlink() (RFC 1813, 3.3.10, 3.3.5).
--
-- The target is 1 to 4095 bytes of anything but NUL; nobody but the client
-- looks at it.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/symlink', root_mode => '0777') AS root \gset

SELECT dittofs.status_name(status), a.kind, t.octal(a.mode) AS mode, a.nlink, a.uid, a.gid, a.size, a.used
	FROM dittofs.create_symlink(:'root', 'link', '../some where/else', 'uid=1000 gid=100') c,
		dittofs.attributes(c.attributes) a;
SELECT handle AS link FROM dittofs.lookup(:'root', 'link') \gset
SELECT dittofs.status_name(status), encode(target, 'escape') AS target, (dittofs.attributes(attributes)).kind
	FROM dittofs.read_symlink(:'link');

-- the target's bytes come back as they were, whatever they are
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'root', 'bytes', '\xff2f2f2efe0a');
SELECT r.target FROM dittofs.lookup(:'root', 'bytes') l, dittofs.read_symlink(l.handle) r;

-- up to 4095 of them; so large a target survives changes of its inode
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).size
	FROM dittofs.create_symlink(:'root', 'long', convert_to(repeat('x', 4095), 'UTF8'));
SELECT handle AS long FROM dittofs.lookup(:'root', 'long') \gset
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'long', uid => 5, gid => 6);
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'long', :'root', 'long2');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'long', :'root', 'long1');
SELECT dittofs.status_name(status), length(target), target = convert_to(repeat('x', 4095), 'UTF8') AS same,
		(dittofs.attributes(attributes)).nlink
	FROM dittofs.read_symlink(:'long');

SELECT dittofs.status_name(status) AS "NAMETOOLONG" FROM dittofs.create_symlink(:'root', 'x', convert_to(repeat('x', 4096), 'UTF8'));
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.create_symlink(:'root', 'x', '');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.create_symlink(:'root', 'x', '\x610062');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.create_symlink(:'root', '', 'x');
SELECT dittofs.status_name(status) AS "EXIST", dir_wcc IS NOT NULL AS wcc FROM dittofs.create_symlink(:'root', 'link', 'x');
SELECT dittofs.status_name(status) AS "EXIST" FROM dittofs.create_symlink(:'root', '..', 'x');
SELECT dittofs.status_name(status) AS "NOTDIR" FROM dittofs.create_symlink(:'link', 'x', 'x');
SELECT dittofs.status_name(status) AS "BADHANDLE" FROM dittofs.create_symlink('\x', 'x', 'x');
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.create_symlink(:'dir', 'x', 'x', 'uid=1000 gid=100');

-- reading it needs no right to it; its own mode stays 0777
SELECT dittofs.status_name(status), t.octal((dittofs.attributes(dittofs.after(wcc))).mode) AS mode
	FROM dittofs.set_file_attributes(:'link', mode => t.mode('0000'));
SELECT dittofs.status_name(status), encode(target, 'escape') AS target FROM dittofs.read_symlink(:'link', 'uid=2000 gid=200');

-- what is no link has no target
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).kind, target FROM dittofs.read_symlink(:'dir');
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).kind, target FROM dittofs.read_symlink(:'file');
SELECT dittofs.status_name(status) AS "BADHANDLE" FROM dittofs.read_symlink('x');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'link');
SELECT dittofs.status_name(status) AS "STALE", attributes, target FROM dittofs.read_symlink(:'link');

SELECT * FROM t.tree('/symlink');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/symlink', force => true);
