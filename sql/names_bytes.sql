-- SPDX-License-Identifier: PostgreSQL
-- Names are bytes: 1 to 255 of anything but NUL and '/'.
--
-- They need not be text in any encoding, and nothing is done to them: no
-- folding, no normalization, no escapes, no patterns.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/names', root_mode => '0777') AS root \gset
CREATE TEMP TABLE names (i serial, name bytea);
INSERT INTO names (name) VALUES
	('\xff'), ('\xfffe80'), ('\xc3'), ('\xc3a4'), ('\x61cc88'),	-- not UTF-8; ä in two ways
	('a'), ('A'), ('a '), (' a'), ('\x0a'), ('\x7f'), ('\x01'),
	('...'), ('.a'), ('..a'), ('-rf'), ('*'), ('a%'), ('a_'), ('\x5c'), ('\x5c5c'), ('"'), (''''), (':'),
	('con'), ('a;b'), ('$(x)'), ('.nfs000000000001'),
	(decode(repeat('ff', 255), 'hex')), (convert_to(repeat('x', 255), 'UTF8')), (convert_to(repeat('x', 254), 'UTF8'));
INSERT INTO names (name) SELECT decode(lpad(to_hex(b), 2, '0'), 'hex') FROM generate_series(1, 255) b
	WHERE b NOT IN (46, 47) AND NOT EXISTS (SELECT FROM names n WHERE n.name = decode(lpad(to_hex(b), 2, '0'), 'hex'));
SELECT count(*), count(DISTINCT name) FROM names;

-- every one is a name of its own: made, found, listed, given twice
SELECT dittofs.status_name(c.status), count(*) FROM names n, dittofs.create_file(:'root', n.name) c GROUP BY c.status;
SELECT dittofs.status_name(l.status), count(DISTINCT l.handle) FROM names n, dittofs.lookup(:'root', n.name) l GROUP BY l.status;
SELECT count(*) AS listed FROM names n JOIN dittofs.read_directory(:'root') r ON r.name = n.name;
SELECT count(*) AS others FROM dittofs.read_directory(:'root') r WHERE r.name NOT IN (SELECT name FROM names);
SELECT dittofs.status_name(c.status), count(*) FROM names n, dittofs.create_file(:'root', n.name) c GROUP BY c.status;
-- renamed, linked, removed; as directories and symbolic links, too
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT dittofs.status_name(m.status), count(*) FROM names n, dittofs.move(:'root', n.name, :'dir', n.name) m GROUP BY m.status;
SELECT dittofs.status_name(k.status), count(*) FROM names n, dittofs.lookup(:'dir', n.name) l, dittofs.create_hard_link(l.handle, :'root', n.name) k GROUP BY k.status;
SELECT * FROM t.violations;
SELECT dittofs.status_name(r.status), count(*) FROM names n, dittofs.remove_file(:'root', n.name) r GROUP BY r.status;
SELECT dittofs.status_name(c.status), count(*) FROM names n, dittofs.create_directory(:'root', n.name) c GROUP BY c.status;
SELECT dittofs.status_name(r.status), count(*) FROM names n, dittofs.remove_directory(:'root', n.name) r GROUP BY r.status;
SELECT dittofs.status_name(c.status), count(*) FROM names n, dittofs.create_symlink(:'root', n.name, n.name) c GROUP BY c.status;
SELECT count(*) AS targets FROM names n, dittofs.lookup(:'root', n.name) l, dittofs.read_symlink(l.handle) r WHERE r.target = n.name;
SELECT * FROM t.violations;

-- what is no name, for every call that takes one
CREATE FUNCTION pg_temp.refused(dir bytea, name bytea, OUT lookup text, OUT "create" text, OUT mkdir text, OUT symlink text, OUT mknod text,
	OUT link text, OUT remove text, OUT rmdir text, OUT "from" text, OUT "to" text) LANGUAGE plpgsql AS $$
DECLARE
	file bytea := (dittofs.lookup(dir, 'a')).handle;
BEGIN
	lookup := dittofs.status_name((dittofs.lookup(dir, name)).status);
	"create" := dittofs.status_name((dittofs.create_file(dir, name, how => 'unchecked')).status);
	mkdir := dittofs.status_name((dittofs.create_directory(dir, name)).status);
	symlink := dittofs.status_name((dittofs.create_symlink(dir, name, 'x')).status);
	mknod := dittofs.status_name((dittofs.create_special_file(dir, name, 'fifo')).status);
	link := dittofs.status_name((dittofs.create_hard_link(file, dir, name)).status);
	remove := dittofs.status_name((dittofs.remove_file(dir, name)).status);
	rmdir := dittofs.status_name((dittofs.remove_directory(dir, name)).status);
	"from" := dittofs.status_name((dittofs.move(dir, name, dir, 'new')).status);
	"to" := dittofs.status_name((dittofs.move(dir, 'a', dir, name)).status);
END $$;
SELECT b.what, r.*
	FROM (VALUES (1, 'empty', ''::bytea), (2, 'NUL', '\x00'), (3, 'NUL in it', '\x610062'), (4, 'NUL at its end', '\x6100'), (5, '/', '/'), (6, '/ in it', 'a/b'),
			(7, '/ at its end', 'a/'), (8, '.', '.'), (9, '..', '..'), (10, '256 bytes', convert_to(repeat('x', 256), 'UTF8')),
			(11, '100 kB', convert_to(repeat('x', 100000), 'UTF8')), (12, '256 with /', convert_to(repeat('/', 256), 'UTF8')), (13, 'NULL', NULL)) b(i, what, name),
		pg_temp.refused(:'dir', b.name) r
	ORDER BY b.i;
SELECT count(name) FROM dittofs.read_directory(:'dir');

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/names', force => true);
