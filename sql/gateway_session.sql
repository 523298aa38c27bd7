-- SPDX-License-Identifier: PostgreSQL
-- A gateway's session: SET dittofs.gateway = on.
--
-- An inode that several calls of a transaction change is written once, just
-- before the commit; yet every reply has a ctime of its own, and every call
-- sees what those before it did.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/gateway', root_mode => '0777') AS root \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
CREATE TEMP VIEW writes AS
	SELECT n_tup_ins AS inserts, n_tup_upd AS updates, n_tup_del AS deletes
		FROM pg_stat_xact_user_tables WHERE schemaname = 'dittofs' AND relname = 'files';

-- in anybody's session each call writes what it changed: 10 files, and the
-- directory 10 times
BEGIN;
SELECT * FROM writes \gset
SELECT count(*) FROM generate_series(1, 10) i, dittofs.create_file(:'dir', convert_to('f' || i, 'UTF8'));
SELECT inserts - :inserts AS inserts, updates - :updates AS updates FROM writes;
ROLLBACK;

-- in a gateway's, nothing before the commit
SET dittofs.gateway = on;
BEGIN;
SELECT * FROM writes \gset
CREATE TEMP TABLE seen ON COMMIT PRESERVE ROWS AS
	SELECT i AS n, dir_wcc AS wcc FROM generate_series(1, 10) i, dittofs.create_file(:'dir', convert_to('f' || i, 'UTF8'));
SELECT inserts - :inserts AS inserts, updates - :updates AS updates FROM writes;
-- the next calls see all of it, by handle, by name, and in listings
SELECT a.nlink, a.ctime = (SELECT max((dittofs.attributes(dittofs.after(wcc))).ctime) FROM seen) AS ctime FROM dittofs.get_file(:'dir') g, dittofs.attributes(g.attributes) a;
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'dir', 'f7');
SELECT count(name) FROM dittofs.read_directory(:'dir');
SELECT dittofs.status_name(status), a.nlink FROM dittofs.create_directory(:'dir', 'sub'), dittofs.attributes(dittofs.after(dir_wcc)) a;
SELECT handle AS f1 FROM dittofs.lookup(:'dir', 'f1') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'f1', 0, 'one');
SELECT dittofs.status_name(status) FROM dittofs.write(:'f1', 3, 'two');
SELECT encode(data, 'escape') AS data, eof FROM dittofs.read(:'f1', 0, 100);
SELECT dittofs.status_name(status), a.nlink FROM dittofs.create_hard_link(:'f1', :'dir', 'link'), dittofs.attributes(attributes) a;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'f1');
SELECT dittofs.status_name(status) FROM dittofs.move(:'dir', 'link', :'dir', 'f2');
SELECT dittofs.status_name(status), a.nlink, a.size FROM dittofs.lookup(:'dir', 'f2') l, dittofs.attributes(l.attributes) a;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'f10');
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'dir', 'sub');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0700'));
-- the listing and the check for emptiness had it written: 10 files and a
-- directory, of which 3 are gone
SELECT inserts - :inserts AS inserts, updates - :updates AS updates, deletes - :deletes AS deletes FROM writes;
SELECT t.octal(mode) AS "mode in the table" FROM dittofs.files WHERE id = encode(substr(:'dir'::bytea, 18), 'hex')::uuid;
COMMIT;
SELECT t.octal(mode) AS "mode in the table" FROM dittofs.files WHERE id = encode(substr(:'dir'::bytea, 18), 'hex')::uuid;
SELECT * FROM t.tree('/gateway');
SELECT * FROM t.violations;

-- the ctimes in the replies grew strictly, and no reply left a gap
SELECT count(*), bool_and(before = last) AS no_gap, bool_and(after > before) AS grows
	FROM (SELECT (dittofs.before(wcc)).ctime AS before, (dittofs.attributes(dittofs.after(wcc))).ctime AS after,
			lag((dittofs.attributes(dittofs.after(wcc))).ctime) OVER (ORDER BY n) AS last FROM seen) s;

-- a rollback, or an error, leaves nothing behind
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'rolled back');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => 0);
ROLLBACK;
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'f3');
SELECT 1 / 0;
COMMIT;
SELECT t.octal((dittofs.attributes(attributes)).mode) AS mode FROM dittofs.get_file(:'dir');
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'dir', 'f3');
SELECT * FROM t.violations;

-- a failing call changes nothing, and the batch goes on
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f4');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f11');
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'root', 'dir');
COMMIT;
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'dir', 'f11');

-- made and gone in one transaction
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'short');
SELECT handle AS short FROM dittofs.lookup(:'root', 'short') \gset
SELECT handle AS brief FROM dittofs.create_file(:'short', 'brief') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'brief', 0, 'gone');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'short', 'brief');
SELECT dittofs.status_name(status) FROM dittofs.write(:'brief', 0, 'gone');
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'root', 'short');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'short', 'x');
COMMIT;
SELECT * FROM t.violations;

-- no savepoints around the calls: what they keep for the commit would outlive
-- a rollback to one
BEGIN;
SAVEPOINT s;
SELECT dittofs.create_file(:'dir', 'x');
ROLLBACK TO s;
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'dir', 'f11');
COMMIT;
-- what only reads works there: of a directory without entries that wait, or with
-- access times to be kept
SELECT dittofs.alter_share('/gateway', atime => 'strict');
BEGIN;
SAVEPOINT s;
SELECT count(*) > 3 AS listed FROM dittofs.ls('/gateway/dir');
SELECT count(*) > 3 AS listed FROM dittofs.read_directory(:'dir');
SELECT dittofs.status_name(status) FROM dittofs.read((dittofs.lookup(:'dir', 'f11')).handle, 0, 10);
RELEASE s;
COMMIT;
SELECT dittofs.alter_share('/gateway', atime => 'off');
-- a listing would have to write them, and they would be lost with the savepoint
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f11a');
SELECT count(*) > 3 AS listed FROM dittofs.ls('/gateway/dir');
SAVEPOINT s;
SELECT count(*) > 3 AS listed FROM dittofs.ls('/gateway/dir');
ROLLBACK TO s;
RELEASE s;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f11b');
SAVEPOINT t;
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'dir', 'f11b');
SELECT count(*) > 3 AS listed FROM dittofs.ls('/gateway/dir');
ROLLBACK TO t;
RELEASE t;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'f11a');
DO $$
BEGIN
	PERFORM FROM dittofs.ls('/gateway/dir');
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE '%', SQLERRM;
END
$$;
COMMIT AND CHAIN;
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'dir', 'f11b');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f11c');
DECLARE c CURSOR WITH HOLD FOR SELECT name FROM dittofs.ls('/gateway/dir') WHERE name LIKE 'f11%';
COMMIT;
FETCH ALL FROM c;
CLOSE c;
-- what a procedure commits is committed
CREATE PROCEDURE pg_temp.commits(dir bytea) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dittofs.create_file(dir, 'f11d');
	COMMIT;
	PERFORM dittofs.create_file(dir, 'f11e');
	ROLLBACK;
	PERFORM FROM dittofs.ls('/gateway/dir');
END
$$;
CALL pg_temp.commits(:'dir');
SELECT encode(name, 'escape') AS name FROM dittofs.read_directory(:'dir') WHERE name LIKE 'f11%' ORDER BY name;
-- a transaction that is prepared would keep its locks
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f11f');
PREPARE TRANSACTION 'dittofs';
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f11f');
-- nor does switching it off end that, in a transaction where something waits
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f12');
SET LOCAL dittofs.gateway = off;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f13');
SAVEPOINT s;
SELECT dittofs.create_file(:'dir', 'f14');
ROLLBACK TO s;
COMMIT;
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f15');
SAVEPOINT s;
SELECT 1 / 0;
ROLLBACK TO s;
RELEASE s;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f16');
RESET dittofs.gateway;
COMMIT;
-- switching it on in mid-transaction is fine
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f17');
SET LOCAL dittofs.gateway = on;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'f18');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'f17');
COMMIT;
RESET dittofs.gateway;
SELECT encode(name, 'escape') AS name FROM dittofs.read_directory(:'dir') WHERE name LIKE 'f1%' ORDER BY name;

-- what has no row yet is moved, replaced, looked into and removed like all else
SET dittofs.gateway = on;
BEGIN;
SELECT handle AS one FROM dittofs.create_directory(:'dir', 'one') \gset
SELECT handle AS two FROM dittofs.create_directory(:'dir', 'two') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'one', 'file');
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'dir', 'one');
SELECT dittofs.status_name(status) FROM dittofs.move(:'dir', 'two', :'dir', 'one');
SELECT dittofs.status_name(status) FROM dittofs.move(:'dir', 'one', :'dir', 'two');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'one', 'file');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'one', 'new');
SELECT dittofs.status_name(status) FROM dittofs.move(:'one', 'new', :'one', 'file');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'one', 'new');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'one', 'new');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'one', 'new');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'one', 'new');
COMMIT;
SELECT encode(name, 'escape') AS name FROM dittofs.read_directory(:'dir') WHERE encode(name, 'escape') IN ('one', 'two');
SELECT encode(name, 'escape') AS name, (dittofs.attributes(attributes)).nlink FROM dittofs.read_directory(:'one') ORDER BY name;
-- a guess of where an inode lies that is wrong does no harm
UPDATE dittofs.parent_child_map SET place = '(0,1)' WHERE name = 'new';
UPDATE dittofs.parent_child_map SET place = '(4294967294,65535)' WHERE name = 'file';
SELECT encode(name, 'escape') AS name, (dittofs.attributes(attributes)).nlink FROM dittofs.read_directory(:'one') ORDER BY name;
SELECT dittofs.status_name(status), handle IS NOT NULL AS handle FROM dittofs.lookup(:'one', 'new');
-- a share that comes and goes in one transaction leaves no account
SELECT dittofs.create_share('/gateway-brief') IS NOT NULL AS made, dittofs.drop_share('/gateway-brief');
RESET dittofs.gateway;

-- test/shell/t_durability.sh shows which commits wait for the disk
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/gateway', force => true);
