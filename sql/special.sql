-- SPDX-License-Identifier: PostgreSQL
-- FIFOs, sockets and devices: create_special_file() (RFC 1813, 3.3.11).
--
-- They are names with attributes; what they lead to is the client's.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/special', root_mode => '0777') AS root \gset

SELECT k.kind, dittofs.status_name(c.status), a.kind, t.octal(a.mode) AS mode, a.nlink, a.size, a.rdev_major, a.rdev_minor
	FROM (VALUES ('fifo'), ('socket'), ('block'), ('character')) k(kind),
		dittofs.create_special_file(:'root', convert_to(k.kind, 'UTF8'), k.kind, 8, 17) c,
		dittofs.attributes(c.attributes) a;
-- both numbers have 32 bits
SELECT dittofs.status_name(status), a.rdev_major, a.rdev_minor, t.octal(a.mode) AS mode, a.uid, a.gid, a.mtime
	FROM dittofs.create_special_file(:'root', 'numbers', 'block', 4294967295, 4294967294,
			mode => t.mode('0660'), uid => 1, gid => 6, mtime => 42) c,
		dittofs.attributes(c.attributes) a;
SELECT a.rdev_major, a.rdev_minor
	FROM dittofs.lookup(:'root', 'numbers') l, dittofs.get_file(l.handle) g, dittofs.attributes(g.attributes) a;
SELECT n.*, dittofs.status_name(c.status) AS "INVAL"
	FROM (VALUES (-1, 0), (0, -1), (4294967296, 0), (0, 4294967296)) n(major, minor),
		dittofs.create_special_file(:'root', 'x', 'character', n.major, n.minor) c;

-- devices are root's; the others anybody's who may write to the directory
SELECT k.kind, dittofs.status_name(c.status), c.dir_wcc IS NOT NULL AS wcc
	FROM (VALUES ('fifo'), ('socket'), ('block'), ('character')) k(kind),
		dittofs.create_special_file(:'root', convert_to(k.kind || '-1000', 'UTF8'), k.kind, 8, 17, 'uid=1000 gid=100') c;
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.create_special_file(:'dir', 'x', 'fifo', caller => 'uid=1000 gid=100');
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.create_special_file(:'dir', 'x', 'block', caller => 'uid=1000 gid=100');

-- BADTYPE: the others have functions of their own
SELECT k.kind, dittofs.status_name(c.status)
	FROM (VALUES ('regular'), ('directory'), ('symlink'), ('door'), (''), (NULL)) k(kind),
		dittofs.create_special_file(:'root', 'x', k.kind) c;

SELECT dittofs.status_name(status) AS "EXIST" FROM dittofs.create_special_file(:'root', 'fifo', 'fifo');
SELECT dittofs.status_name(status) AS "EXIST" FROM dittofs.create_special_file(:'root', '.', 'fifo');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.create_special_file(:'root', 'a/b', 'fifo');
SELECT handle AS fifo FROM dittofs.lookup(:'root', 'fifo') \gset
SELECT dittofs.status_name(status) AS "NOTDIR" FROM dittofs.create_special_file(:'fifo', 'x', 'fifo');
SELECT dittofs.status_name(status) AS "BADHANDLE" FROM dittofs.create_special_file('x', 'x', 'fifo');

-- they have no content
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.read(:'fifo', 0, 10);
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.write(:'fifo', 0, 'x');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.commit(:'fifo');
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.set_file_attributes(:'fifo', size => 0);
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.read_symlink(:'fifo');
-- but are linked, renamed and removed like files
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'fifo', :'root', 'fifo2');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'fifo2', :'root', 'fifo3');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'fifo');

SELECT * FROM t.tree('/special');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/special', force => true);
