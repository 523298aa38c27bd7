-- SPDX-License-Identifier: PostgreSQL
-- Space accounting: used bytes and inodes of a share, exact at every moment.
--
-- list_shares() and get_filesystem_statistics() tell them; t.violations
-- compares with what the tables hold.
\set ECHO none
\i test/check.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/space', root_mode => '0777') AS root \gset
SELECT dittofs.create_share('/space-memory', content => 'memory', root_mode => '0777') AS memory \gset
CREATE TEMP VIEW space AS SELECT name, bytes, inodes FROM dittofs.list_shares() WHERE name LIKE '/space%' ORDER BY name;

-- the root is an inode
SELECT * FROM pg_temp.space;
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'root', 'symlink', 'file');
SELECT dittofs.status_name(status) FROM dittofs.create_special_file(:'root', 'fifo', 'fifo');
SELECT handle AS memfile FROM dittofs.create_file(:'memory', 'file') \gset
SELECT * FROM pg_temp.space;
-- failures and second names count nothing
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'file');
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'file', :'dir', 'link');
SELECT * FROM pg_temp.space;

-- bytes are what is stored: writing, overwriting, holes, truncating
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, convert_to(repeat('x', 1000), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 500, convert_to(repeat('y', 1000), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.write(:'memfile', 131072, convert_to(repeat('x', 200000), 'UTF8'));
SELECT * FROM pg_temp.space;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 1000000);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'memfile', size => 131082);
SELECT * FROM pg_temp.space;
SELECT * FROM t.violations;
-- statistics are of the share, whichever object is asked
SELECT dittofs.status_name(s.status), s.total_bytes - s.free_bytes AS used_bytes, s.free_bytes = s.available_bytes AS available,
		s.total_files - s.free_files AS used_files, s.invarsec <= 5 AS fresh
	FROM (VALUES (1, :'root'::bytea), (2, :'file'), (3, :'memfile')) h(i, handle), dittofs.get_filesystem_statistics(h.handle) s ORDER BY h.i;

-- removal gives it back at once, whatever the reaper does later; replacing by
-- a rename as well
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT * FROM pg_temp.space;
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'fifo', :'dir', 'link');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'dir2');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'dir', :'root', 'dir2');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'symlink');
SELECT * FROM pg_temp.space;

-- rolled back is not counted
BEGIN;
SELECT count(*) FROM generate_series(1, 10) i, dittofs.create_file(:'dir', convert_to('f' || i, 'UTF8')) c, dittofs.write(c.handle, 0, 'data') w;
SELECT * FROM pg_temp.space;
SAVEPOINT s;
SELECT count(*) FROM generate_series(1, 5) i, dittofs.remove_file(:'dir', convert_to('f' || i, 'UTF8'));
SELECT * FROM pg_temp.space;
ROLLBACK TO s;
SELECT * FROM pg_temp.space;
ROLLBACK;
SELECT * FROM pg_temp.space;

-- two backends count in two slots
\c -
SELECT handle AS second FROM dittofs.create_file(:'dir', 'second') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'second', 0, 'second');
SELECT name, bytes, inodes FROM dittofs.list_shares() WHERE name LIKE '/space%' ORDER BY name;
SELECT * FROM t.violations;
-- many shares in one transaction
SELECT count(dittofs.create_share('/space/' || i, squash => 'none')) FROM generate_series(1, 20) i;
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT count(*) FROM generate_series(1, 20) i, dittofs.list_shares() s, dittofs.create_file(s.root, 'f') c, dittofs.write(c.handle, 0, 'data') w
	WHERE s.name = '/space/' || i;
SELECT count(*) FROM generate_series(1, 20) i, dittofs.list_shares() s, dittofs.create_file(s.root, 'g') c
	WHERE s.name = '/space/' || i;
COMMIT;
SELECT bytes, inodes, count(*) FROM dittofs.list_shares() WHERE name LIKE '/space/%' GROUP BY bytes, inodes;

SELECT * FROM t.violations;
SELECT count(dittofs.drop_share(name, force => true)) FROM dittofs.list_shares() WHERE name LIKE '/space%';
SELECT * FROM t.violations;
