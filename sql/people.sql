-- SPDX-License-Identifier: PostgreSQL
-- Files by path, for people in psql.

SELECT dittofs.create_share('/people') IS NOT NULL AS made;

-- Directories, files, links
SELECT dittofs.mkdir('/people/src');
SELECT dittofs.mkdir('/people/home/ann/mail', mode => '0700', parents => true);
SELECT dittofs.mkdir('/people/home', parents => true);
SELECT dittofs.write_file('/people/src/hello.c', 'int main(void) { return 0; }');
SELECT dittofs.write_file('/people/src/run', '#!/bin/sh', mode => '4755');
SELECT dittofs.ln('/people/src/hello.c', '/people/home/ann/hello.c');
SELECT dittofs.symlink('../../src', '/people/home/ann/src');
SELECT dittofs.readlink('/people/home/ann/src');

-- ls, stat, tree
SELECT name, kind, mode, nlink, uid, gid, size, mtime > now() - interval '1 hour' AS fresh,
		fileid > 0 AS has_fileid, handle = dittofs.resolve('/people/home/ann/' || name) AS same_handle
	FROM dittofs.ls('/people/home/ann');
SELECT name, kind, size FROM dittofs.ls('/people/src/run');
SELECT name, kind, size FROM dittofs.ls('/people/src/../home/ann/./src');
SELECT kind, mode, nlink, uid, gid, size, used, atime <= ctime AS times, rdev, target
	FROM dittofs.stat('/people/home/ann/src');
SELECT path, depth, kind, mode, nlink, size FROM dittofs.tree('/people');
SELECT path, depth, kind FROM dittofs.tree('/people/home/../src/');
SELECT path, depth, kind FROM dittofs.tree('/people/src/run');

-- Reading and writing
SELECT convert_from(dittofs.read_file('/people/src/hello.c'), 'UTF8');
SELECT convert_from(dittofs.read_file('/people/src/hello.c', 4), 'UTF8');
SELECT convert_from(dittofs.read_file('/people/src/hello.c', 4, 4), 'UTF8');
SELECT dittofs.read_file('/people/src/hello.c', 1000);
SELECT dittofs.write_file('/people/src/hello.c', 'shorter');
SELECT convert_from(dittofs.read_file('/people/home/ann/hello.c'), 'UTF8');
SELECT dittofs.write_file('/people/empty', '');
SELECT dittofs.read_file('/people/empty');
SELECT dittofs.write_file('/people/large', decode(repeat('0123456789abcdef', 400000), 'hex'));
SELECT md5(dittofs.read_file('/people/large')) = md5(decode(repeat('0123456789abcdef', 400000), 'hex')) AS same,
	length(dittofs.read_file('/people/large', 1000000, 2000000));

-- Each function sees what the one before it did.
SELECT dittofs.mkdir('/people/a'), dittofs.mkdir('/people/a/b'), dittofs.write_file('/people/a/b/c', 'x'),
	dittofs.mv('/people/a/b/c', '/people/a/c'), dittofs.rmdir('/people/a/b'), dittofs.read_file('/people/a/c');

-- Changing
SELECT dittofs.chmod('/people/src/run', '755'), dittofs.chown('/people/src/run', 1000, 4294967295);
SELECT mode, uid, gid FROM dittofs.stat('/people/src/run');
SELECT dittofs.chown('/people/src/run', NULL, 100);
SELECT mode, uid, gid FROM dittofs.stat('/people/src/run');
SELECT dittofs.mv('/people/a/c', '/people/empty');
SELECT dittofs.mv('/people/a', '/people/home/ann/mail');
SELECT path FROM dittofs.tree('/people/home');
SELECT convert_from(dittofs.read_file('/people/empty'), 'UTF8');

-- Names are bytes.  What is no text in the database's encoding is shown as
-- \ooo, a backslash as two; what is shown can be given.
SELECT dittofs.status_name(status) FROM dittofs.create_directory(dittofs.resolve('/people'), '\x2dff5c20');
SELECT name FROM dittofs.ls('/people') WHERE name LIKE '-%';
SELECT dittofs.write_file('/people/-\377\\ /\001\\', '');
SELECT path FROM dittofs.tree('/people/-\377\\ ');
SELECT dittofs.rm('/people/-\377\\ /\001\\'), dittofs.rmdir('/people/-\377\\ ');
SELECT dittofs.name_to_text('\x612f5cff'), dittofs.name_from_text('a/\\\377');
SELECT dittofs.name_from_text('\');
SELECT dittofs.stat('/people/\x');
SELECT dittofs.stat('/people/\400');

-- The views: all inodes and all entries, as people read them.
SELECT kind, mode, nlink, uid, gid, size, used, rdev, target FROM dittofs.inodes WHERE share = '/people' ORDER BY fileid;
SELECT name, e.kind, i.nlink FROM dittofs.entries e JOIN dittofs.inodes i ON i.id = e.child_id
	WHERE e.share = '/people' ORDER BY name COLLATE "C", e.kind DESC;
SELECT dittofs.kind_name(0) IS NULL AS none, dittofs.kind_name(7), dittofs.mode_to_text(420),
	dittofs.time_to_timestamp(1500000000123456789) AT TIME ZONE 'UTC', dittofs.time_to_timestamp(-1) AT TIME ZONE 'UTC';

-- Every caller has his own rights; without one it is a local root.
SELECT dittofs.write_file('/people/home/ann/x', '', caller => 'uid=1000');
SELECT dittofs.ls('/people/home/ann', 'uid=1000');
SELECT dittofs.chmod('/people/src/hello.c', '0777', 'uid=1000');
SELECT dittofs.read_file('/people/src/run', caller => 'uid=7 client=10.0.0.7');
SELECT dittofs.tree('/people', 'uid=1000');
SELECT path FROM dittofs.tree('/people/src', 'uid=1000');

-- Failures are errors here, each with its SQLSTATE.
\set VERBOSITY sqlstate
SELECT dittofs.resolve('/people/none');
SELECT dittofs.resolve('/people/empty/x');
SELECT dittofs.resolve('people');
SELECT dittofs.resolve('');
SELECT dittofs.resolve('/nowhere/x');
SELECT dittofs.mkdir('/people');
SELECT dittofs.mkdir('/people/src');
SELECT dittofs.mkdir('/people/src/run', parents => true);
SELECT dittofs.mkdir('/people/x', '0999');
SELECT dittofs.mkdir('/people/x', '17777');
SELECT dittofs.mkdir('/people/none/x');
SELECT dittofs.mkdir('/people/' || repeat('x', 256));
SELECT dittofs.rm('/people/none');
SELECT dittofs.rm('/people');
SELECT dittofs.rm('/people/src');
SELECT dittofs.rmdir('/people/src');
SELECT dittofs.rmdir('/people/src/run');
SELECT dittofs.rmdir('/people');
SELECT dittofs.write_file('/people', '');
SELECT dittofs.write_file('/people/src', '');
SELECT dittofs.read_file('/people/src');
SELECT dittofs.read_file('/people/home/ann/src');
SELECT dittofs.read_file('/people/src/run', -1);
SELECT dittofs.ln('/people/src', '/people/x');
SELECT dittofs.ln('/people/src/run', '/people/empty');
SELECT dittofs.symlink('', '/people/x');
SELECT dittofs.symlink('x', '/people/empty');
SELECT dittofs.symlink(repeat('long', 1000), '/people/long');
SELECT target = repeat('long', 1000) AS same FROM dittofs.stat('/people/long');
SELECT dittofs.readlink('/people/long') = repeat('long', 1000) AS same;
SELECT dittofs.rm('/people/long');
SELECT dittofs.readlink('/people/empty');
SELECT dittofs.mv('/people/src', '/people/src/x');
SELECT dittofs.mv('/people/src', '/people/home');
SELECT dittofs.mv('/people/src', '/people/empty');
SELECT dittofs.mv('/people/empty', '/people/src');
SELECT dittofs.mv('/people', '/people2');
SELECT dittofs.alter_share('/people', read_only => true);
SELECT dittofs.write_file('/people/x', '');
SELECT dittofs.alter_share('/people', read_only => false);
\set VERBOSITY default

-- The message names what was to be done, and to what.
SELECT dittofs.mv('/people/none', '/people/x');
SELECT dittofs.rmdir('/people/src');

-- A path that no share has: which one may be meant.
SELECT dittofs.ls('/poeple/src');
SELECT dittofs.ls('people/src');
SELECT dittofs.drop_share('/People');
SELECT dittofs.chmod('/people', 'rwx');
SELECT dittofs.rm('/people/src');

-- NULL in, NULL out
SELECT dittofs.read_file(NULL) IS NULL AS read_file, dittofs.resolve(NULL) IS NULL AS resolve;

SELECT dittofs.rm('/people/home', recursive => true);
SELECT path FROM dittofs.tree('/people');
SELECT dittofs.drop_share('/people', force => true);
