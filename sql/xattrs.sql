-- SPDX-License-Identifier: PostgreSQL
-- Extended attributes (RFC 8276): setting, getting, listing and removing them, who
-- may, how much there may be; they go with the file, and count in the share's account.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/xattrs', squash => 'none', root_mode => '0777') IS NOT NULL;
SELECT dittofs.write_file('/xattrs/f', 'content'), dittofs.mkdir('/xattrs/d'), dittofs.symlink('f', '/xattrs/s'), dittofs.ln('/xattrs/f', '/xattrs/d/g');
CREATE VIEW pg_temp.space AS SELECT bytes, inodes FROM dittofs.list_shares() WHERE name = '/xattrs';

-- A name is there or not; the ways to set it.
SELECT dittofs.getxattr('/xattrs/f', 'a');
SELECT dittofs.removexattr('/xattrs/f', 'a');
SELECT dittofs.setxattr('/xattrs/f', 'a', '1', 'replace');
SELECT dittofs.setxattr('/xattrs/f', 'a', 'one', 'create');
SELECT dittofs.setxattr('/xattrs/f', 'a', '1', 'create');
SELECT dittofs.getxattr('/xattrs/f', 'a');
SELECT dittofs.setxattr('/xattrs/f', 'a', 'eins', 'replace'), dittofs.getxattr('/xattrs/f', 'a');
SELECT dittofs.setxattr('/xattrs/f', 'a', ''), dittofs.getxattr('/xattrs/f', 'a');
SELECT dittofs.setxattr('/xattrs/f', 'a', '1', 'maybe');
SELECT dittofs.setxattr('/xattrs/f', 'a', NULL);
\set VERBOSITY sqlstate
SELECT dittofs.getxattr('/xattrs/f', 'b');
SELECT dittofs.setxattr('/xattrs/f', 'a', '1', 'create');
SELECT dittofs.getxattr('/xattrs/none', 'b');
\set VERBOSITY default

-- They are the file's, whatever its name; and a directory has its own.
SELECT dittofs.getxattr('/xattrs/d/g', 'a'), dittofs.setxattr('/xattrs/d/g', 'b', 'by another name');
SELECT * FROM dittofs.listxattr('/xattrs/f');
SELECT * FROM dittofs.listxattr('/xattrs/d');
SELECT dittofs.setxattr('/xattrs/d', 'a', 'of the directory'), dittofs.setxattr('/xattrs', 'root', 'of the root');
SELECT * FROM dittofs.listxattr('/xattrs/d');
-- names are bytes
SELECT dittofs.setxattr('/xattrs/d', 'ä \\ \377', 'x');
SELECT * FROM dittofs.listxattr('/xattrs/d');
SELECT encode(name, 'hex') FROM dittofs.extended_attributes WHERE length(name) = 6;
SELECT dittofs.removexattr('/xattrs/d', 'ä \\ \377');
SELECT dittofs.setxattr('/xattrs/d', '', 'x');
SELECT dittofs.setxattr('/xattrs/d', 'a\000b', 'x');
SELECT dittofs.setxattr('/xattrs/d', repeat('n', 250), 'x');
SELECT dittofs.setxattr('/xattrs/d', repeat('n', 251), 'x');
SELECT dittofs.removexattr('/xattrs/d', repeat('n', 250));
-- others have none, and cannot get any
SELECT dittofs.getxattr('/xattrs/s', 'a');
SELECT dittofs.setxattr('/xattrs/s', 'a', 'x');
SELECT dittofs.removexattr('/xattrs/s', 'a');
SELECT * FROM dittofs.listxattr('/xattrs/s');

-- The ctime grows with each change, the mtime does not; a failure changes nothing.
CREATE FUNCTION pg_temp.times(statement text, OUT ctime text, OUT mtime text, OUT error text) LANGUAGE plpgsql AS $$
DECLARE
	a record;
	b record;
BEGIN
	SELECT f.ctime, f.mtime INTO a FROM dittofs.files f WHERE f.id = encode(substr(dittofs.resolve('/xattrs/f'), 18), 'hex')::uuid;
	BEGIN
		EXECUTE statement;
	EXCEPTION WHEN others THEN
		error := SQLSTATE;
	END;
	SELECT f.ctime, f.mtime INTO b FROM dittofs.files f WHERE f.id = encode(substr(dittofs.resolve('/xattrs/f'), 18), 'hex')::uuid;
	ctime := CASE WHEN b.ctime > a.ctime THEN 'grows' WHEN b.ctime = a.ctime THEN 'stays' END;
	mtime := CASE WHEN b.mtime > a.mtime THEN 'grows' WHEN b.mtime = a.mtime THEN 'stays' END;
END $$;
SELECT * FROM pg_temp.times($$SELECT dittofs.setxattr('/xattrs/f', 'c', 'x')$$);
SELECT * FROM pg_temp.times($$SELECT dittofs.setxattr('/xattrs/f', 'c', 'x')$$);
SELECT * FROM pg_temp.times($$SELECT dittofs.setxattr('/xattrs/f', 'c', 'x', 'create')$$);
SELECT * FROM pg_temp.times($$SELECT dittofs.getxattr('/xattrs/f', 'c')$$);
SELECT * FROM pg_temp.times($$SELECT dittofs.removexattr('/xattrs/f', 'c')$$);
SELECT * FROM pg_temp.times($$SELECT dittofs.removexattr('/xattrs/f', 'c')$$);

-- Bounds: of a value, of all values, of their number.
SELECT dittofs.setxattr('/xattrs/f', 'large', decode(repeat('ab', 65536), 'hex'));
SELECT dittofs.getxattr('/xattrs/f', 'large') = decode(repeat('ab', 65536), 'hex');
SELECT dittofs.setxattr('/xattrs/f', 'larger', decode(repeat('ab', 65537), 'hex'));
SELECT count(dittofs.setxattr('/xattrs/f', 'large' || i, decode(repeat('ab', 65000), 'hex'))) FROM generate_series(1, 15) i;
SELECT dittofs.setxattr('/xattrs/f', 'one more', decode(repeat('ab', 65000), 'hex'));
SELECT count(*), sum(length(name) + length) FROM dittofs.listxattr('/xattrs/f');
SELECT count(dittofs.removexattr('/xattrs/f', 'large' || i)) FROM generate_series(1, 15) i;
SELECT dittofs.removexattr('/xattrs/f', 'large');
SELECT count(dittofs.setxattr('/xattrs/d', 'many' || i, 'x')) FROM generate_series(1, 255) i;
SELECT dittofs.setxattr('/xattrs/d', 'one more', 'x');
SELECT dittofs.setxattr('/xattrs/d', 'many255', 'y');
SELECT count(*), (array_agg(name))[1:3] AS first FROM dittofs.listxattr('/xattrs/d');
SELECT count(dittofs.removexattr('/xattrs/d', 'many' || i)) FROM generate_series(1, 255) i;
SELECT * FROM t.violations;

-- The share's account has them, and its limit holds for them.
SELECT * FROM pg_temp.space;
SELECT dittofs.setxattr('/xattrs/f', 'v', decode(repeat('00', 1000), 'hex'));
SELECT * FROM pg_temp.space;
SELECT dittofs.alter_share('/xattrs', max_bytes => 2000) IS NULL;
SELECT dittofs.setxattr('/xattrs/f', 'w', decode(repeat('00', 1000), 'hex'));
SELECT dittofs.setxattr('/xattrs/f', 'v', decode(repeat('00', 1100), 'hex'));
SELECT dittofs.removexattr('/xattrs/f', 'v');
SELECT * FROM pg_temp.space;
SELECT dittofs.alter_share('/xattrs', max_bytes => 0) IS NULL;

-- Who may: the mode bits decide, for others than the owner and for the owner.
CREATE FUNCTION pg_temp.may(path text, mode text, caller dittofs.caller, OUT get text, OUT set text, OUT remove text, OUT list text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dittofs.chmod(path, mode) WHERE mode IS NOT NULL;
	BEGIN PERFORM dittofs.getxattr(path, 'a', caller); get := 'yes'; EXCEPTION WHEN others THEN get := SQLERRM; END;
	BEGIN PERFORM dittofs.setxattr(path, 'a', 'x', 'either', caller); set := 'yes'; EXCEPTION WHEN others THEN set := SQLERRM; END;
	BEGIN PERFORM * FROM dittofs.listxattr(path, caller); list := 'yes'; EXCEPTION WHEN others THEN list := SQLERRM; END;
	BEGIN PERFORM dittofs.removexattr(path, 'a', caller); remove := 'yes'; RAISE 'undo'; EXCEPTION WHEN others THEN
		remove := CASE SQLERRM WHEN 'undo' THEN 'yes' ELSE SQLERRM END; END;
	SELECT regexp_replace(get, '.*: ', ''), regexp_replace(set, '.*: ', ''), regexp_replace(remove, '.*: ', ''), regexp_replace(list, '.*: ', '') INTO get, set, remove, list;
END $$;
SELECT dittofs.chown('/xattrs/f', 1000, 1000), dittofs.chown('/xattrs/d', 1000, 1000);
SELECT m.mode, u.uid, p.* FROM (VALUES ('0600'), ('0400'), ('0200'), ('0000'), ('0644'), ('0622'), ('0666')) m(mode),
	(VALUES (1000), (1001)) u(uid), pg_temp.may('/xattrs/f', m.mode, ('uid=' || u.uid || ' gid=5')::dittofs.caller) p ORDER BY 1, 2;
-- a directory with the sticky bit is its owner's
SELECT m.mode, u.uid, p.* FROM (VALUES ('0777'), ('1777')) m(mode),
	(VALUES (0), (1000), (1001)) u(uid), pg_temp.may('/xattrs/d', m.mode, ('uid=' || u.uid || ' gid=5')::dittofs.caller) p ORDER BY 1, 2;
SELECT dittofs.alter_share('/xattrs', read_only => true);
SELECT * FROM pg_temp.may('/xattrs/f', NULL, 'uid=0 gid=0');
SELECT dittofs.alter_share('/xattrs', read_only => false);

-- In a transaction each call sees those before it; undone, they are gone.
BEGIN;
SELECT dittofs.setxattr('/xattrs/f', 't', '1'), dittofs.setxattr('/xattrs/f', 't', '2', 'replace'), dittofs.setxattr('/xattrs/f', 'u', '3');
SELECT dittofs.getxattr('/xattrs/f', 't'), dittofs.removexattr('/xattrs/f', 'u');
ROLLBACK;
SELECT * FROM dittofs.listxattr('/xattrs/f');

-- They go with the last name; with the directory; and with the share.
SELECT dittofs.rm('/xattrs/f');
SELECT * FROM dittofs.listxattr('/xattrs/d/g');
SELECT dittofs.rm('/xattrs/d', recursive => true);
SELECT encode(name, 'escape') FROM dittofs.extended_attributes;
SELECT * FROM pg_temp.space;
SELECT * FROM t.violations;
SELECT dittofs.rm('/xattrs/s'), dittofs.drop_share('/xattrs');
SELECT count(*) FROM dittofs.extended_attributes;
SELECT dittofs.create_share('/xattrs', root_mode => '0777') IS NOT NULL, dittofs.mkdir('/xattrs/d'), dittofs.write_file('/xattrs/d/f', 'x');
SELECT dittofs.setxattr('/xattrs' || p, 'a', 'x') FROM unnest(array['', '/d', '/d/f']) p;
SELECT dittofs.drop_share('/xattrs', force => true);
SELECT * FROM t.violations;
SELECT dittofs.reap() > 0, dittofs.reap(), dittofs.reap();
SELECT count(*) FROM dittofs.extended_attributes;
SELECT * FROM t.violations;
