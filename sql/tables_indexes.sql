-- SPDX-License-Identifier: PostgreSQL
-- Indexes that others have made: what is found by one is what is found without.

\set database :DBNAME
CREATE DATABASE regress_dittofs_indexes;
\c regress_dittofs_indexes
CREATE EXTENSION dittofs;
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only
SELECT dittofs.create_share('/t', squash => 'none') IS NOT NULL AS made;
SELECT count(dittofs.write_file('/t/old' || i, repeat('x', i)::bytea)) FROM generate_series(1, 20) i;

CREATE FUNCTION kind_of(kind smallint, size bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
	$$BEGIN RETURN CASE WHEN kind = 2 THEN 'directory' WHEN size > 15 THEN 'large' ELSE 'small' END; END$$;
CREATE INDEX by_name ON dittofs.parent_child_map (encode(name, 'escape'));
CREATE INDEX by_kind ON dittofs.files (kind_of(kind, size));
CREATE INDEX large_ones ON dittofs.files (fileid) WHERE size > 15;
CREATE INDEX by_size ON dittofs.files (size DESC) INCLUDE (mode, mtime);
CREATE UNIQUE INDEX by_fileid ON dittofs.files (fileid);
CREATE INDEX by_uid ON dittofs.files USING hash (uid);
CREATE INDEX by_times ON dittofs.files USING brin (mtime) WITH (pages_per_range = 1);
CREATE INDEX by_mode ON dittofs.files USING gin ((ARRAY[mode & 7, mode >> 3 & 7, mode >> 6]));
CREATE INDEX by_range ON dittofs.files USING gist (int8range(size, size + 10));
CREATE INDEX CONCURRENTLY by_ctime ON dittofs.files (ctime);
CREATE INDEX large_pages ON dittofs.blocks (content_id) WHERE octet_length(data) > 1000;

-- Each question by an index, and by reading all.  For the first the other indexes
-- are dropped and come back.
CREATE FUNCTION ask(by text, question text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	by_index text;
	by_reading text;
	line text;
	used bool := false;
	other regclass;
BEGIN
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_indexonlyscan = off;
	SET LOCAL enable_bitmapscan = off;
	SET LOCAL enable_seqscan = on;
	EXECUTE question INTO by_reading;
	SET LOCAL enable_bitmapscan = on;
	SET LOCAL enable_seqscan = off;
	BEGIN
		FOR other IN SELECT o.indexrelid FROM pg_index i JOIN pg_index o ON o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid
			WHERE i.indexrelid = ('dittofs.' || by)::regclass AND NOT o.indisprimary
		LOOP
			EXECUTE format('DROP INDEX %s', other);
		END LOOP;
		FOR line IN EXECUTE 'EXPLAIN ' || question LOOP
			used := used OR line ~ by;
		END LOOP;
		EXECUTE question INTO by_index;
		RAISE EXCEPTION USING ERRCODE = 'RG001';
	EXCEPTION WHEN SQLSTATE 'RG001' THEN
		NULL;
	END;
	RETURN CASE WHEN NOT used THEN 'not used' WHEN by_index IS NOT DISTINCT FROM by_reading THEN 'right: ' || by_index
		ELSE format('%s by the index, in truth %s', by_index, by_reading) END;
END $$;
CREATE TABLE questions (index text, question text);
INSERT INTO questions VALUES
	('by_name', $$SELECT count(*) FROM dittofs.parent_child_map WHERE encode(name, 'escape') BETWEEN 'm' AND 'new3'$$),
	('by_kind', $$SELECT count(*) FROM dittofs.files WHERE kind_of(kind, size) = 'large'$$),
	('by_kind', $$SELECT count(*) FROM dittofs.files WHERE kind_of(kind, size) = 'directory'$$),
	('large_ones', $$SELECT count(*) FROM dittofs.files WHERE size > 15$$),
	('by_size', $$SELECT count(*) FROM dittofs.files WHERE size BETWEEN 3 AND 100$$),
	('by_fileid', $$SELECT count(*) FROM dittofs.files WHERE fileid > 5$$),
	('by_uid', $$SELECT count(*) FROM dittofs.files WHERE uid = 7$$),
	('by_times', $$SELECT count(*) FROM dittofs.files WHERE mtime BETWEEN 5000 AND 6000$$),
	('by_mode', $$SELECT count(*) FROM dittofs.files WHERE ARRAY[mode & 7, mode >> 3 & 7, mode >> 6] @> ARRAY[5, 0]$$),
	('by_range', $$SELECT count(*) FROM dittofs.files WHERE int8range(size, size + 10) @> 25::bigint$$),
	('by_ctime', $$SELECT count(*) FROM dittofs.files WHERE ctime > 0$$),
	('large_pages', $$SELECT count(*) FROM dittofs.blocks WHERE octet_length(data) > 1000$$);

-- new rows, changed ones (in place where the server can), gone ones; one by one and as a gateway's batch
SELECT count(dittofs.write_file('/t/new' || i, repeat('y', i * 2)::bytea)) FROM generate_series(1, 20) i;
SELECT dittofs.write_file('/t/pages', repeat('z', 20000)::bytea), dittofs.mkdir('/t/middle');
SELECT index, ask(index, question) FROM questions;
SELECT dittofs.chmod('/t/old' || i, '0750'), dittofs.chown('/t/new' || i, 7, 8) FROM generate_series(1, 5) i;
SELECT (dittofs.set_file_attributes(dittofs.resolve('/t/old' || i), mtime => 5000 + i)).status FROM generate_series(1, 5) i;
SELECT dittofs.write_file('/t/old3', repeat('w', 30)::bytea), dittofs.write_file('/t/old20', ''), dittofs.mv('/t/old9', '/t/near'), dittofs.rm('/t/new7');
SELECT index, ask(index, question) FROM questions;
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT count((dittofs.create_file(dittofs.resolve('/t'), convert_to('name' || i, 'UTF8'), mode => 320, size => 16 * (i % 2))).status) FROM generate_series(1, 40) i;
SELECT count((dittofs.set_file_attributes(dittofs.resolve('/t/name' || i), uid => 7, mtime => 5500)).status) FROM generate_series(1, 40, 3) i;
SELECT count((dittofs.remove_file(dittofs.resolve('/t'), convert_to('name' || i, 'UTF8'))).status) FROM generate_series(2, 40, 3) i;
COMMIT;
SELECT index, ask(index, question) FROM questions;
-- many versions of one row
SELECT count((dittofs.set_file_attributes(dittofs.resolve('/t/old1'), mtime => 5000 + i)).status) FROM generate_series(1, 300) i;
SELECT index, ask(index, question) FROM questions;
REINDEX INDEX CONCURRENTLY dittofs.files_pkey;
REINDEX TABLE CONCURRENTLY dittofs.parent_child_map;
VACUUM FULL dittofs.files;
CLUSTER dittofs.blocks USING blocks_pkey;
SELECT dittofs.write_file('/t/nearly', repeat('n', 50)::bytea), dittofs.rm('/t/near');
SELECT index, ask(index, question) FROM questions;

-- an index whose making has failed is kept up to date, and not asked
SELECT dittofs.write_file('/t/double', 'x'), dittofs.write_file('/t/double2', 'x');
CREATE UNIQUE INDEX CONCURRENTLY by_kind_once ON dittofs.files (kind);
SELECT indisvalid FROM pg_index WHERE indexrelid = 'dittofs.by_kind_once'::regclass;
DROP INDEX dittofs.by_kind_once;

-- unique is unique, for an update too; the name of a primary key is anybody's
CREATE UNIQUE INDEX one_of_uid_9 ON dittofs.files (uid) WHERE uid >= 9;
SELECT dittofs.chown('/t/double', 9, 9);
SELECT dittofs.chown('/t/double2', 9, 9);
SELECT dittofs.chown('/t/double2', 10, 9), dittofs.chmod('/t/double', '0600');
ALTER INDEX dittofs.files_pkey RENAME TO regress_key;
SELECT dittofs.write_file('/t/renamed', 'still there'), convert_from(dittofs.read_file('/t/double'), 'UTF8');
\c
SELECT convert_from(dittofs.read_file('/t/renamed'), 'UTF8');
ALTER INDEX dittofs.regress_key RENAME TO files_pkey;

-- an expression that fails is an error, and nothing has happened
CREATE INDEX fails ON dittofs.files ((1000 / (size - 999999)));
SELECT (dittofs.set_file_attributes(dittofs.resolve('/t/double'), size => 999999)).status;
SELECT size FROM dittofs.stat('/t/double');
DROP INDEX dittofs.fails;

SELECT * FROM dittofs.fsck();
\c :database
DROP DATABASE regress_dittofs_indexes;
