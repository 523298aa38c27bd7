-- SPDX-License-Identifier: PostgreSQL
-- DROP EXTENSION is refused while there are files.

-- in a database of its own, since other tests have files too
\set database :DBNAME
CREATE DATABASE regress_dittofs_guard;
\c regress_dittofs_guard
CREATE EXTENSION dittofs;

SELECT dittofs.create_share('/guard') IS NOT NULL AS made;

-- A share that is empty is no obstacle.
BEGIN;
DROP EXTENSION dittofs;
ROLLBACK;

-- One with files in it is, however the command is put.
SELECT dittofs.write_file('/guard/file', 'precious');
DROP EXTENSION dittofs;
DROP EXTENSION IF EXISTS plpgsql, dittofs CASCADE;
DROP SCHEMA dittofs CASCADE;
CREATE ROLE regress_dittofs_other;
DROP OWNED BY regress_dittofs_other, CURRENT_USER CASCADE;

-- Others are not.
DROP OWNED BY regress_dittofs_other;
DROP ROLE regress_dittofs_other;
DROP EXTENSION IF EXISTS dittofs_none;
CREATE SCHEMA regress_dittofs_other;
DROP SCHEMA regress_dittofs_other;
DROP TABLE dittofs.files;

-- Whoever means it says so.
BEGIN;
SET LOCAL dittofs.allow_drop = on;
DROP EXTENSION dittofs;
SELECT count(*) FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace;
ROLLBACK;

-- It was all a dream.
SELECT convert_from(dittofs.read_file('/guard/file'), 'UTF8');

-- What goes through the ways of the server cannot be called by hand.
SELECT dittofs.shares_changed();
SELECT dittofs.guard_drop();

SELECT dittofs.drop_share('/guard', force => true);
\c :database
DROP DATABASE regress_dittofs_guard;
