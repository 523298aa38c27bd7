-- SPDX-License-Identifier: PostgreSQL
-- Files in people's transactions: all or nothing, like any other data.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/transactions', root_mode => '0777') AS root \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT handle AS file FROM dittofs.create_file(:'dir', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'before');

-- one that is rolled back did not happen: the same inodes, times and content
SELECT md5(string_agg(f::text, '' ORDER BY f.id)) AS files FROM dittofs.files f WHERE share_id = (SELECT share_id FROM dittofs.shares WHERE name = '/transactions') \gset
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'AFTER ');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', mode => 0, size => 100000);
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'new');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'dir', :'root', 'moved');
SELECT dittofs.status_name(status) FROM dittofs.move(:'dir', 'file', :'root', 'file');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT * FROM t.violations;
ROLLBACK;
SELECT md5(string_agg(f::text, '' ORDER BY f.id)) = :'files' AS same FROM dittofs.files f WHERE share_id = (SELECT share_id FROM dittofs.shares WHERE name = '/transactions');
SELECT encode(data, 'escape') AS data FROM dittofs.read(:'file', 0, 100);
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'file');
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'root', 'dir');
SELECT 1 / 0;
ROLLBACK;
SELECT * FROM t.tree('/transactions');

-- savepoints
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'one');
SAVEPOINT a;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'two');
SAVEPOINT b;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'one');
SELECT dittofs.status_name(status) FROM dittofs.move(:'dir', 'two', :'dir', 'one');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'dir', 'sub');
ROLLBACK TO b;
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'dir', 'sub');
RELEASE b;
SELECT encode(name, 'escape') AS name FROM dittofs.read_directory(:'dir') WHERE cookie > 2 ORDER BY name;
SAVEPOINT c;
SELECT 1 / 0;
ROLLBACK TO c;
SELECT dittofs.status_name(status), a.nlink FROM dittofs.remove_directory(:'dir', 'sub'), dittofs.attributes(dittofs.after(wcc)) a;
ROLLBACK TO a;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'three');
COMMIT;
SELECT * FROM t.tree('/transactions');
SELECT * FROM t.violations;

-- A transaction that has changed files is not prepared: whoever gets this backend's
-- number would wait for it.
BEGIN;
SELECT dittofs.write_file('/transactions/prepared', 'x');
PREPARE TRANSACTION 'dittofs';
SELECT dittofs.write_file('/transactions/dir/prepared', 'x');
BEGIN;
SAVEPOINT a;
SELECT dittofs.write_file('/transactions/prepared', 'x');
ROLLBACK TO a;
PREPARE TRANSACTION 'dittofs';

-- several calls of one statement see each other's changes; what only looks
-- (lookup(), get_file(), ...) sees the statement's snapshot, as SELECT does
SELECT dittofs.status_name((a).status) AS first, dittofs.status_name((b).status) AS second, dittofs.status_name((c).status) AS removed, dittofs.status_name((d).status) AS again
	FROM (SELECT dittofs.create_file(:'dir', 'four') AS a, dittofs.create_file(:'dir', 'four') AS b, dittofs.remove_file(:'dir', 'four') AS c, dittofs.create_file(:'dir', 'four') AS d OFFSET 0) s;
SELECT dittofs.status_name((dittofs.create_file(:'dir', 'five')).status) AS "create", dittofs.status_name((dittofs.lookup(:'dir', 'five')).status) AS lookup;
-- statements of a function see all of it
DO $$
DECLARE
	root bytea := (SELECT root FROM dittofs.list_shares() WHERE name = '/transactions');
BEGIN
	ASSERT (dittofs.create_directory(root, 'do')).status = 0;
	ASSERT (dittofs.create_file((dittofs.lookup(root, 'do')).handle, 'inside')).status = 0;
	ASSERT (dittofs.remove_directory(root, 'do')).status = 66;
	BEGIN
		ASSERT (dittofs.remove_file((dittofs.lookup(root, 'do')).handle, 'inside')).status = 0;
		ASSERT (dittofs.remove_directory(root, 'do')).status = 0;
		RAISE EXCEPTION 'back';
	EXCEPTION WHEN raise_exception THEN
		ASSERT (dittofs.lookup((dittofs.lookup(root, 'do')).handle, 'inside')).status = 0;
	END;
END $$;

-- repeatable read: one state of everything; a change of what somebody else
-- has changed meanwhile fails (test/isolation/specs/snapshots.spec)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'six');
SELECT dittofs.status_name(status) FROM dittofs.move(:'dir', 'six', :'root', 'six');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'dir', :'root', 'd');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'd', :'root', 'dir');
SELECT dittofs.status_name(status), encode(data, 'escape') AS data FROM dittofs.read(:'file', 0, 10);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'six');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'serial');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'seven');
COMMIT;

-- a thousand changes in one transaction
BEGIN;
SELECT count(*) FROM generate_series(1, 500) i, dittofs.create_file(:'dir', convert_to('n' || i, 'UTF8')) WHERE status = 0;
SELECT count(*) FROM generate_series(1, 500) i, dittofs.remove_file(:'dir', convert_to('n' || i, 'UTF8')) WHERE status = 0;
COMMIT;

-- in a cursor, and in a prepared statement
BEGIN;
DECLARE c CURSOR FOR SELECT encode(name, 'escape') FROM dittofs.read_directory(:'root') WHERE cookie <= 2 AND name IS NOT NULL;
FETCH 1 FROM c;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'eight');
FETCH ALL FROM c;
COMMIT;
PREPARE make(bytea) AS SELECT dittofs.status_name(status) FROM dittofs.create_file($1, 'nine');
EXECUTE make(:'root');
EXECUTE make(:'root');
EXECUTE make(:'dir');

SELECT * FROM t.tree('/transactions');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/transactions', force => true);
