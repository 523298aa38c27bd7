-- SPDX-License-Identifier: PostgreSQL
-- fsck() and fsck_repair(): inodes, entries, links.  Each violation is planted
-- in the tables, reported, repaired, and nothing else is changed.
\set ECHO none
\i test/fsck.sql
\pset format unaligned
\pset tuples_only true
SET client_min_messages = warning;
\set ECHO all

SELECT * FROM t.violations;
SELECT * FROM t.broken('nothing', 'SELECT');

-- Link counts
SELECT * FROM t.broken('nlink of a file', $$UPDATE dittofs.files SET nlink = 7 WHERE id = t.id('/fsck/d/f')$$);
SELECT * FROM t.broken('nlink of a directory', $$UPDATE dittofs.files SET nlink = 2 WHERE id = t.id('/fsck/d')$$);

-- Inodes without a name
SELECT * FROM t.broken('an orphan', $$DELETE FROM dittofs.parent_child_map WHERE child_id = t.id('/fsck/d/sub/h')$$);
SELECT * FROM t.broken('one of two names gone', $$DELETE FROM dittofs.parent_child_map WHERE child_id = t.id('/fsck/d/f') AND name = 'g'$$);
SELECT * FROM t.broken('two orphans, one a directory', $$DELETE FROM dittofs.parent_child_map WHERE child_id IN (t.id('/fsck/d'), t.id('/fsck/e/s'))$$);
SELECT * FROM t.broken('an orphan where lost+found is a file and its name is taken',
	$$DO 'BEGIN PERFORM dittofs.write_file(''/fsck/lost+found'', ''''), dittofs.mkdir(''/fsck/lost+found.1'');
		PERFORM dittofs.write_file(''/fsck/lost+found.1/#'' || (SELECT fileid FROM t.scene WHERE path = ''/fsck/e/p''), ''''); END'$$,
	$$DELETE FROM dittofs.parent_child_map WHERE child_id = t.id('/fsck/e/p')$$);
SELECT * FROM t.broken('an orphan of a read-only share',
	$$SELECT dittofs.alter_share('/fsck', read_only => true)$$,
	$$DELETE FROM dittofs.parent_child_map WHERE child_id = t.id('/fsck/e/p')$$);

-- Directories
SELECT * FROM t.broken('a directory with two names',
	$$SELECT dittofs.fsck_attach(t.id('/fsck/e'), 'second', t.id('/fsck/d/sub'))$$,
	$$UPDATE dittofs.files SET parent_id = t.id('/fsck/d') WHERE id = t.id('/fsck/d/sub')$$);
SELECT * FROM t.broken('.. leads elsewhere', $$UPDATE dittofs.files SET parent_id = t.id('/fsck/e') WHERE id = t.id('/fsck/d/sub')$$);
SELECT * FROM t.broken('.. leads nowhere', $$UPDATE dittofs.files SET parent_id = NULL WHERE id = t.id('/fsck/d/sub')$$);
SELECT * FROM t.broken('a loop of two',
	$$DELETE FROM dittofs.parent_child_map WHERE child_id = t.id('/fsck/d')$$,
	$$SELECT dittofs.fsck_attach(t.id('/fsck/d/sub'), 'loop', t.id('/fsck/d'))$$,
	$$UPDATE dittofs.files SET nlink = 3 WHERE id = t.id('/fsck')$$);
SELECT * FROM t.broken('two loops of one',
	$$DELETE FROM dittofs.parent_child_map WHERE child_id IN (t.id('/fsck/d/sub'), t.id('/fsck/e'))$$,
	$$UPDATE dittofs.parent_child_map SET child_id = t.id('/fsck/e'), parent_id = t.id('/fsck/e') WHERE name = 'p'$$,
	$$UPDATE dittofs.parent_child_map SET child_id = t.id('/fsck/d/sub'), parent_id = t.id('/fsck/d/sub') WHERE name = 'h'$$,
	$$UPDATE dittofs.files SET parent_id = id WHERE id IN (t.id('/fsck/d/sub'), t.id('/fsck/e'))$$);

-- Entries
SELECT * FROM t.broken('an entry without an inode',
	$$DELETE FROM dittofs.files WHERE id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('an entry of no directory',
	$$UPDATE dittofs.parent_child_map SET parent_id = '00000000-0000-0000-0000-000000000001' WHERE child_id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('an entry of a file',
	$$UPDATE dittofs.parent_child_map SET parent_id = t.id('/fsck/d/f') WHERE child_id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('an entry of another share',
	$$UPDATE dittofs.parent_child_map SET parent_id = t.id('/fsck2') WHERE child_id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('another fileid in the entry',
	$$UPDATE dittofs.parent_child_map SET fileid = 1000000000 WHERE child_id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('names that are none',
	$$UPDATE dittofs.parent_child_map SET name = 'a/b' WHERE child_id = t.id('/fsck/e/s')$$,
	$$UPDATE dittofs.parent_child_map SET name = '\x6100' WHERE child_id = t.id('/fsck/e/p')$$,
	$$UPDATE dittofs.parent_child_map SET name = '..' WHERE child_id = t.id('/fsck/e/c')$$,
	$$UPDATE dittofs.parent_child_map SET name = '' WHERE child_id = t.id('/fsck/d/sub')$$);
SELECT * FROM t.broken('another cookie', $$UPDATE dittofs.parent_child_map SET cookie = cookie + 1000000 WHERE child_id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('the cookie of ..', $$UPDATE dittofs.parent_child_map SET cookie = 2 WHERE child_id = t.id('/fsck/d/sub')$$);
SELECT * FROM t.broken('a name twice, of two inodes',
	$$UPDATE dittofs.parent_child_map d SET name = o.name, cookie = o.cookie + 1 FROM dittofs.parent_child_map o
		WHERE d.child_id = t.id('/fsck/e/s') AND o.child_id = t.id('/fsck/e/p')$$);
SELECT * FROM t.broken('a name twice, of one inode',
	$$INSERT INTO dittofs.parent_child_map SELECT parent_id, cookie + 1, child_id, fileid, name
		FROM dittofs.parent_child_map WHERE child_id = t.id('/fsck/e/p')$$);

-- Roots
SELECT * FROM t.broken('no root', $$DELETE FROM dittofs.files WHERE id = t.id('/fsck')$$);
SELECT * FROM t.broken('a root below another directory',
	$$SELECT dittofs.fsck_attach(t.id('/fsck/e'), 'root', t.id('/fsck'))$$,
	$$UPDATE dittofs.files SET parent_id = id WHERE id = t.id('/fsck')$$);
SELECT * FROM t.broken('.. of the root leads elsewhere', $$UPDATE dittofs.files SET parent_id = t.id('/fsck/e') WHERE id = t.id('/fsck')$$);
SELECT * FROM t.broken('a root that is a file', $$UPDATE dittofs.shares SET root_id = t.id('/fsck/d/f') WHERE name = '/fsck'$$);

SELECT * FROM t.broken('another directory is the root', $$UPDATE dittofs.shares SET root_id = t.id('/fsck/e') WHERE name = '/fsck'$$);
SELECT * FROM t.broken('a share is gone', $$DELETE FROM dittofs.shares WHERE name = '/fsck2'$$);

-- Inodes
SELECT * FROM t.broken('one fileid, two inodes',
	$$UPDATE dittofs.files SET fileid = (SELECT fileid FROM t.scene WHERE path = '/fsck/e/s') WHERE id = t.id('/fsck/e/p')$$,
	$$UPDATE dittofs.parent_child_map SET fileid = (SELECT fileid FROM t.scene WHERE path = '/fsck/e/s') WHERE child_id = t.id('/fsck/e/p')$$);
SELECT * FROM t.broken('a fileid beyond the sequence',
	$$UPDATE dittofs.files SET fileid = 1000000 + (SELECT last_value FROM dittofs.file_ids) WHERE id = t.id('/fsck/d')$$,
	$$UPDATE dittofs.parent_child_map d SET fileid = f.fileid FROM dittofs.files f WHERE f.id = d.child_id$$);
SELECT * FROM t.broken('columns of other kinds',
	$$UPDATE dittofs.files SET size = 0 WHERE id = t.id('/fsck/d')$$,
	$$UPDATE dittofs.files SET size = 1, verifier = '\x01', rdev = 1 WHERE id = t.id('/fsck/e/p')$$,
	$$UPDATE dittofs.files SET size = 1 WHERE id = t.id('/fsck/e/s')$$,
	$$UPDATE dittofs.files SET parent_id = id, verifier = '\x01' WHERE id = t.id('/fsck/d/f')$$);
SELECT * FROM t.broken('an overflow of what is no directory, or of nothing',
	$$UPDATE dittofs.files SET overflow = 1 WHERE id = t.id('/fsck/e/s')$$,
	$$UPDATE dittofs.files SET overflow = 0 WHERE id = t.id('/fsck/d')$$);
SELECT * FROM t.broken('another key', $$UPDATE dittofs.shares SET cookie_key = '\x000102030405060708090a0b0c0d0e0f' WHERE name = '/fsck'$$);
SELECT * FROM t.broken('columns that are missing',
	$$UPDATE dittofs.files SET rdev = NULL WHERE id = t.id('/fsck/e/c')$$,
	$$UPDATE dittofs.files SET target = NULL WHERE id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('ranges',
	$$UPDATE dittofs.files SET mode = 65535 WHERE id = t.id('/fsck/e/p')$$,
	$$UPDATE dittofs.files SET uid = -1 WHERE id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('a kind there is none of', $$UPDATE dittofs.files SET kind = 8 WHERE id = t.id('/fsck/e/s')$$);
SELECT * FROM t.broken('another share''s', $$UPDATE dittofs.files f SET share_id = s.share_id FROM dittofs.shares s
	WHERE f.id = t.id('/fsck/e/p') AND s.name = '/fsck2'$$);
SELECT * FROM t.broken('no share', $$UPDATE dittofs.files SET share_id = 0 WHERE id = t.id('/fsck/e/p')$$);

-- Where and when it may run
BEGIN;
SELECT dittofs.fsck_repair();
SELECT count(*) AS locks FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'ExclusiveLock' AND relation IS NOT NULL;
UPDATE dittofs.files SET nlink = 7 WHERE id = t.id('/fsck/e/p');
SELECT action FROM dittofs.fsck_repair();
-- no table is locked against changes but that of the accounts, against another repair
SELECT relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock') AND relation IS NOT NULL;
SELECT ctime > mtime AS "clients are told" FROM dittofs.files WHERE id = t.id('/fsck/e/p');
COMMIT;
SELECT * FROM t.violations;
\set VERBOSITY sqlstate
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT dittofs.fsck_repair();
ROLLBACK;
SET dittofs.gateway = on;
SELECT dittofs.fsck_repair();
SELECT dittofs.fsck_repair_content('{}');
RESET dittofs.gateway;
\set VERBOSITY default
-- what waits for the commit does so whatever the setting is by then
\set SHOW_CONTEXT never
SELECT dittofs.resolve('/fsck') AS root \gset
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'waits');
SET LOCAL dittofs.gateway = off;
SELECT dittofs.fsck_repair();
ROLLBACK;
SELECT * FROM t.violations;

SELECT dittofs.drop_share('/fsck', force => true), dittofs.drop_share('/fsck2', force => true);

SELECT dittofs.reap(1000) > 0 AS reaped;
SET client_min_messages = warning;
DROP TABLE t.scene CASCADE;
