-- SPDX-License-Identifier: PostgreSQL
-- dittofs.lock_objects(): locks what several handles name, for a gateway's batch.
-- test/isolation/specs/lock_objects.spec shows what the locks do.
\set ECHO none
\i test/check.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/lock') AS root \gset
SELECT dittofs.create_share('/other') AS other \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT handle AS gone FROM dittofs.create_file(:'root', 'gone') \gset
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'gone');
-- whose rows this transaction has locked
CREATE VIEW pg_temp.held AS
	SELECT CASE f.id WHEN encode(substr(:'root'::bytea, 18), 'hex')::uuid THEN 'root'
			WHEN encode(substr(:'other'::bytea, 18), 'hex')::uuid THEN 'other'
			WHEN encode(substr(:'file'::bytea, 18), 'hex')::uuid THEN 'file'
			WHEN encode(substr(:'dir'::bytea, 18), 'hex')::uuid THEN 'dir' END AS object
		FROM dittofs.files f WHERE f.xmax = pg_current_xact_id()::xid ORDER BY 1;

BEGIN;
SELECT dittofs.lock_objects(:'file'::bytea || :'dir'::bytea || :'other'::bytea || :'file'::bytea || :'gone'::bytea);
SELECT * FROM pg_temp.held;
ROLLBACK;
-- a share's name in front of another's object locks nothing, nor does what is no handle
BEGIN;
SELECT pg_current_xact_id() IS NOT NULL;
SELECT dittofs.lock_objects(substr(:'root'::bytea, 1, 17) || substr(:'other'::bytea, 18));
SELECT dittofs.lock_objects(set_byte(:'file'::bytea, 0, 9) || substr(:'dir'::bytea, 1, 32));
SELECT dittofs.lock_objects(''), dittofs.lock_objects(NULL), dittofs.lock_objects('short');
SELECT * FROM pg_temp.held;
ROLLBACK;
BEGIN READ ONLY;
SELECT dittofs.lock_objects(:'file');
ROLLBACK;

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/lock', force => true), dittofs.drop_share('/other');
