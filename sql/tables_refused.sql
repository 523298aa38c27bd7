-- SPDX-License-Identifier: PostgreSQL
-- What the tables cannot have is refused when it is made, and met where somebody
-- made it past that.

\set database :DBNAME
CREATE DATABASE regress_dittofs_refused;
\c regress_dittofs_refused
CREATE EXTENSION dittofs;
\pset format unaligned
\pset tuples_only
SELECT dittofs.create_share('/t', squash => 'none') IS NOT NULL AS made;
SELECT dittofs.write_file('/t/file', 'content');
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
CREATE TABLE child (LIKE dittofs.files);
CREATE TABLE parted (LIKE dittofs.reap_queue) PARTITION BY HASH (content_id);
CREATE TABLE mine (fileid bigint, id uuid, share_id int);
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;

-- Triggers, with what is said
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON dittofs.files FOR EACH ROW EXECUTE FUNCTION never();
\set VERBOSITY terse
CREATE TRIGGER audit BEFORE DELETE ON dittofs.blocks FOR EACH STATEMENT EXECUTE FUNCTION never();
CREATE CONSTRAINT TRIGGER audit AFTER INSERT ON dittofs.parent_child_map DEFERRABLE FOR EACH ROW EXECUTE FUNCTION never();
DO $$BEGIN EXECUTE 'CREATE TRIGGER audit AFTER INSERT ON dittofs.extents EXECUTE FUNCTION never()'; END$$;

-- Foreign keys, both ways
ALTER TABLE mine ADD FOREIGN KEY (id) REFERENCES dittofs.files ON DELETE CASCADE;
CREATE TABLE tags (id uuid REFERENCES dittofs.files, tag text);
CREATE TABLE tags (parent uuid, cookie bigint, FOREIGN KEY (parent, cookie) REFERENCES dittofs.parent_child_map);
ALTER TABLE dittofs.files ADD CONSTRAINT owned FOREIGN KEY (share_id) REFERENCES dittofs.shares NOT VALID;

-- What changes the meaning of reading
ALTER TABLE dittofs.files ENABLE ROW LEVEL SECURITY;
ALTER TABLE dittofs.shares ENABLE ROW LEVEL SECURITY;
CREATE RULE nothing AS ON DELETE TO dittofs.files DO INSTEAD NOTHING;
CREATE TABLE heir () INHERITS (dittofs.files);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE heir () INHERITS (dittofs.files) SERVER nowhere;
ALTER TABLE child INHERIT dittofs.files;
ALTER TABLE parted ATTACH PARTITION dittofs.reap_queue FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE dittofs.files SET UNLOGGED;
ALTER TABLE dittofs.blocks_memory SET LOGGED;

-- Columns of ours
ALTER TABLE dittofs.files RENAME size TO length;
ALTER TABLE dittofs.staged_files ALTER position TYPE int;
ALTER TABLE dittofs.files DROP external;
ALTER TABLE dittofs.files ALTER size DROP NOT NULL;
ALTER TABLE dittofs.reap_queue ALTER content_id DROP NOT NULL;
ALTER TABLE dittofs.blocks ALTER ranges SET NOT NULL;
ALTER TABLE dittofs.blocks_memory ADD needed int NOT NULL;
ALTER TABLE dittofs.files DROP CONSTRAINT files_pkey;
ALTER TABLE dittofs.files ADD CONSTRAINT later UNIQUE (fileid) DEFERRABLE;
ALTER TABLE dittofs.files ADD EXCLUDE USING hash (fileid WITH =);
ALTER TYPE dittofs.create_result DROP ATTRIBUTE handle;
ALTER TYPE dittofs.create_result RENAME ATTRIBUTE handle TO h;
ALTER TYPE dittofs.create_result ALTER ATTRIBUTE status TYPE bigint;

-- Publications that SQL could not update the tables for
SET client_min_messages = error;
CREATE PUBLICATION everything FOR ALL TABLES;
ALTER TABLE dittofs.files REPLICA IDENTITY NOTHING;
DROP PUBLICATION everything;
ALTER TABLE dittofs.files REPLICA IDENTITY NOTHING;
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE PUBLICATION new_files FOR TABLE dittofs.files WITH (publish = 'insert');
ALTER PUBLICATION new_files SET (publish = 'insert, delete');
ALTER TABLE dittofs.files REPLICA IDENTITY DEFAULT;
ALTER PUBLICATION new_files SET (publish = 'insert, delete');
DROP PUBLICATION new_files;
RESET client_min_messages;

-- Names
ALTER TABLE dittofs.files RENAME TO inode;
ALTER TABLE dittofs.blocks SET SCHEMA public;
ALTER SEQUENCE dittofs.file_ids RENAME TO ids;
ALTER TYPE dittofs.create_result RENAME TO made;
ALTER SCHEMA dittofs RENAME TO files;
ALTER EXTENSION dittofs SET SCHEMA public;

-- TRUNCATE
TRUNCATE dittofs.files;
TRUNCATE dittofs.shares CASCADE;
TRUNCATE dittofs.reap_queue;

-- Nothing of it has happened
SELECT convert_from(dittofs.read_file('/t/file'), 'UTF8');
SELECT dittofs.write_file('/t/file', 'changed');

-- What may be: triggers and keys of tables that SQL writes, triggers that never fire,
-- statistics, storage, settings, publications, comments, rights, other people's tables
CREATE TRIGGER audit AFTER INSERT OR DELETE ON dittofs.shares FOR EACH ROW EXECUTE FUNCTION never();
ALTER TABLE mine ADD FOREIGN KEY (share_id) REFERENCES dittofs.shares ON DELETE CASCADE;
CREATE TRIGGER audit_truncate AFTER TRUNCATE ON dittofs.files EXECUTE FUNCTION never();
CREATE TABLE copy (LIKE dittofs.files INCLUDING ALL);
CREATE TRIGGER audit AFTER INSERT ON copy FOR EACH ROW EXECUTE FUNCTION never();
CREATE POLICY unused ON dittofs.files;
CREATE STATISTICS dittofs.both ON uid, gid FROM dittofs.files;
ALTER TABLE dittofs.files ALTER uid SET STATISTICS 1000, SET (fillfactor = 80), REPLICA IDENTITY FULL, CLUSTER ON files_pkey;
ALTER TABLE dittofs.blocks ALTER data SET STORAGE main;
-- 14 has no such command
SELECT current_setting('server_version_num')::int >= 150000 AS set_access_method \gset
\if :set_access_method
ALTER TABLE dittofs.extents SET ACCESS METHOD heap2;
\endif
SET client_min_messages = error;
CREATE PUBLICATION some_tables FOR TABLE dittofs.files, dittofs.shares;
RESET client_min_messages;
COMMENT ON COLUMN dittofs.files.size IS 'of the file';
INSERT INTO mine SELECT NULL, NULL, share_id FROM dittofs.shares;
SELECT dittofs.create_share('/u') IS NOT NULL, dittofs.write_file('/t/file', 'changed again'), dittofs.chmod('/t/file', '0600');
SELECT dittofs.drop_share('/t', force => true);
SELECT count(*) FROM mine;

-- Met: reading goes on where it is right
SELECT dittofs.write_file('/u/file', 'content');
ALTER EVENT TRIGGER dittofs_guard_tables DISABLE;
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON dittofs.files FOR EACH ROW EXECUTE FUNCTION never();
SELECT dittofs.write_file('/u/file', 'changed');
SELECT dittofs.mkdir('/u/dir');
SELECT convert_from(dittofs.read_file('/u/file'), 'UTF8');
\c
\set VERBOSITY terse
SELECT convert_from(dittofs.read_file('/u/file'), 'UTF8');
SELECT dittofs.rm('/u/file');
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT count(*) FROM dittofs.ls('/u');
SELECT (dittofs.create_file(dittofs.resolve('/u'), 'made')).status;
ROLLBACK;
-- it is nobody else's trouble, and stopping it is allowed
ALTER EVENT TRIGGER dittofs_guard_tables ENABLE;
CREATE TABLE other (a int);
ALTER TABLE dittofs.files DISABLE TRIGGER audit;
SELECT dittofs.write_file('/u/file', 'changed');
ALTER TABLE dittofs.files ENABLE TRIGGER audit;
ALTER TABLE dittofs.files ENABLE REPLICA TRIGGER audit;
SELECT dittofs.write_file('/u/file', 'changed again');
DROP TRIGGER audit ON dittofs.files;

ALTER EVENT TRIGGER dittofs_guard_tables DISABLE;
CREATE TABLE tags (id uuid REFERENCES dittofs.files ON DELETE CASCADE);
SELECT dittofs.rm('/u/file');
DROP TABLE tags;
ALTER TABLE dittofs.files ENABLE ROW LEVEL SECURITY;
SELECT convert_from(dittofs.read_file('/u/file'), 'UTF8');
ALTER TABLE dittofs.files DISABLE ROW LEVEL SECURITY;
CREATE TABLE heir () INHERITS (dittofs.parent_child_map);
SELECT count(*) FROM dittofs.ls('/u');
DROP TABLE heir;
CREATE RULE nothing AS ON INSERT TO dittofs.parent_child_map DO INSTEAD NOTHING;
SELECT count(*) FROM dittofs.ls('/u');
DROP RULE nothing ON dittofs.parent_child_map;
ALTER TABLE dittofs.files REPLICA IDENTITY NOTHING;
SELECT dittofs.write_file('/u/file', 'changed');
SELECT convert_from(dittofs.read_file('/u/file'), 'UTF8');
DROP PUBLICATION some_tables;
SELECT dittofs.write_file('/u/file', 'unfollowed');
ALTER TABLE dittofs.files REPLICA IDENTITY DEFAULT;
ALTER TABLE dittofs.files RENAME size TO length;
SELECT count(*) FROM dittofs.ls('/u');
ALTER TABLE dittofs.files RENAME length TO size;
ALTER TABLE dittofs.files DROP CONSTRAINT files_pkey;
SELECT count(*) FROM dittofs.ls('/u');
ALTER TABLE dittofs.files ADD CONSTRAINT files_pkey PRIMARY KEY (id);
ALTER TABLE dittofs.files RENAME TO inode;
SELECT count(*) FROM dittofs.ls('/u');
-- an old sin does not stop others, but can be made good
ALTER EVENT TRIGGER dittofs_guard_tables ENABLE;
CREATE TABLE another (a int);
ALTER TABLE dittofs.inode RENAME TO files;
ALTER TYPE dittofs.file_result ADD ATTRIBUTE note text;
ALTER TYPE dittofs.file_result DROP ATTRIBUTE note;
SELECT count(*) FROM dittofs.ls('/u');
SELECT * FROM dittofs.fsck();

\c :database
DROP DATABASE regress_dittofs_refused;
