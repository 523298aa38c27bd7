-- SPDX-License-Identifier: PostgreSQL
-- What belongs to the extension stays what it is, and nobody else's is in its schema.

\set database :DBNAME
CREATE DATABASE regress_dittofs_objects;
\c regress_dittofs_objects
CREATE EXTENSION dittofs;
\pset format unaligned
\pset tuples_only
CREATE ROLE regress_dittofs_bob;
CREATE ROLE regress_dittofs_super SUPERUSER;
CREATE FUNCTION other(text, text) RETURNS int LANGUAGE sql RETURN 1;

-- who could make something there
GRANT CREATE ON SCHEMA dittofs TO regress_dittofs_bob;
\set VERBOSITY terse
GRANT ALL ON SCHEMA dittofs TO PUBLIC;
ALTER SCHEMA dittofs OWNER TO regress_dittofs_bob;
BEGIN;
SAVEPOINT s;
GRANT CREATE ON SCHEMA dittofs TO regress_dittofs_bob;
ROLLBACK;
GRANT USAGE ON SCHEMA dittofs TO regress_dittofs_bob;
GRANT CREATE ON SCHEMA dittofs TO regress_dittofs_super;
ALTER SCHEMA dittofs OWNER TO regress_dittofs_super;

-- what would be there
CREATE FUNCTION dittofs.write_file(text, text) RETURNS int LANGUAGE sql RETURN 1;
ALTER FUNCTION other SET SCHEMA dittofs;
CREATE OR REPLACE FUNCTION dittofs.write_verifier() RETURNS bytea LANGUAGE sql RETURN NULL::bytea;
CREATE OR REPLACE FUNCTION dittofs.fsck() RETURNS TABLE (rule text, object text) LANGUAGE sql AS 'SELECT 1, 2';
CREATE TYPE dittofs.mine AS (a int);
CREATE DOMAIN dittofs.mine AS int;
CREATE OPERATOR dittofs.= (LEFTARG = inet, RIGHTARG = inet, FUNCTION = pg_catalog.network_eq);
CREATE AGGREGATE dittofs.total (int) (sfunc = int4pl, stype = int);
SET session_replication_role = replica;
CREATE FUNCTION dittofs.ls(text) RETURNS int LANGUAGE sql RETURN 1;
ALTER TABLE dittofs.files RENAME TO inode;
DROP TRIGGER shares_changed ON dittofs.shares;
RESET session_replication_role;

-- what belongs to the extension
ALTER FUNCTION dittofs.write_file OWNER TO regress_dittofs_bob;
ALTER FUNCTION dittofs.write_file SET SCHEMA public;
ALTER FUNCTION dittofs.write_file RENAME TO put;
ALTER FUNCTION dittofs.fsck RENAME TO look;
ALTER ROUTINE dittofs.path RENAME TO name;
ALTER FUNCTION dittofs.advance_sequences SET SCHEMA public;
ALTER VIEW dittofs.inodes RENAME TO files_of_people;
ALTER VIEW dittofs.inodes RENAME COLUMN id TO uuid;
DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW dittofs.share_usage AS ' || pg_get_viewdef('dittofs.share_usage'::regclass); END $$;
ALTER SEQUENCE dittofs.file_ids RESTART;
ALTER SEQUENCE dittofs.share_ids INCREMENT -1 MINVALUE -100;
ALTER SEQUENCE dittofs.file_ids CYCLE;
ALTER TYPE dittofs.caller OWNER TO regress_dittofs_bob;
ALTER TYPE dittofs.caller RENAME TO who;
ALTER TYPE dittofs.caller SET (RECEIVE = NONE);
ALTER TYPE dittofs.fattr SET (STORAGE = plain);
ALTER TABLE dittofs.files OWNER TO regress_dittofs_bob;
ALTER EXTENSION dittofs DROP TABLE dittofs.files;
ALTER EXTENSION dittofs DROP SEQUENCE dittofs.file_ids;
ALTER EXTENSION dittofs DROP VIEW dittofs.inodes;
ALTER EXTENSION dittofs DROP FUNCTION dittofs.fsck();
ALTER EXTENSION dittofs DROP TYPE dittofs.create_result;
DROP TRIGGER guard_truncate ON dittofs.files;

-- What may be
ALTER FUNCTION dittofs.fsck() SET statement_timeout = 0;
ALTER FUNCTION dittofs.fsck() RESET statement_timeout;
GRANT EXECUTE ON FUNCTION dittofs.write_file TO regress_dittofs_bob;
ALTER TABLE dittofs.files ADD CONSTRAINT mine CHECK (size >= 0);
ALTER TABLE dittofs.files RENAME CONSTRAINT mine TO ours;
ALTER TABLE dittofs.files DROP CONSTRAINT ours;
CREATE TABLE dittofs.mine (a int PRIMARY KEY);
CREATE VIEW dittofs.seen AS SELECT * FROM dittofs.mine;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER mine AFTER INSERT ON dittofs.shares EXECUTE FUNCTION nothing();
DROP TRIGGER mine ON dittofs.shares;
ALTER TABLE dittofs.files DISABLE TRIGGER ALL;
ALTER TABLE dittofs.files ENABLE TRIGGER ALL;
CREATE FUNCTION write_file(text, text) RETURNS int LANGUAGE sql RETURN 1;
CREATE TYPE caller AS (a int);
REASSIGN OWNED BY regress_dittofs_bob TO regress_dittofs_super;
CREATE OR REPLACE VIEW dittofs.seen AS SELECT a, 1 AS b FROM dittofs.mine;
ALTER VIEW dittofs.seen RENAME COLUMN b TO c;
ALTER VIEW dittofs.seen RENAME TO shown;
CREATE SEQUENCE numbers;
ALTER SEQUENCE numbers RESTART 5;
DROP VIEW dittofs.shown;
DROP TABLE dittofs.mine;
DROP EXTENSION dittofs;
CREATE EXTENSION dittofs SCHEMA dittofs;

\c :database
DROP DATABASE regress_dittofs_objects;
DROP ROLE regress_dittofs_bob, regress_dittofs_super;
