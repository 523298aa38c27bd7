-- SPDX-License-Identifier: PostgreSQL
-- A gateway's role may execute what a gateway calls, and nothing else.

SELECT dittofs.create_share('/privileges', root_mode => '0777') AS root \gset
CREATE ROLE regress_dittofs_gateway IN ROLE dittofs_gateway;
SET ROLE regress_dittofs_gateway;

-- All operations work without a right to any table.
SELECT dittofs.status_name(status) FROM dittofs.mount('/privileges', 'client=10.0.0.7');
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'content');
SELECT dittofs.status_name(status), convert_from(data, 'UTF8') FROM dittofs.read(:'file', 0, 100);
SELECT dittofs.status_name(status) FROM dittofs.read_directory(:'root') WHERE status IS NOT NULL;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT dittofs.status_name(status) FROM dittofs.get_filesystem_statistics(:'root');
SELECT count(*) > 0 FROM dittofs.list_mounts();
SELECT count(*) > 0 FROM dittofs.list_exports();
SELECT dittofs.unmount_all('client=10.0.0.7');
SELECT dittofs.reap() >= 0;
SELECT in_recovery FROM dittofs.healthcheck();

-- An administrator's work and the tables are not for it.
SELECT dittofs.create_share('/mine');
SELECT dittofs.alter_share('/privileges', squash => 'none');
SELECT dittofs.drop_share('/privileges');
SELECT dittofs.create_root_directory('/privileges');
SELECT dittofs.set_filesystem_capabilities('/privileges');
SELECT dittofs.set_server_config('capacity_bytes', '1');
SELECT dittofs.read_file('/privileges/file');
SELECT * FROM dittofs.shares;
SELECT * FROM dittofs.files;
SELECT * FROM dittofs.inodes;
DELETE FROM dittofs.mounts;
SELECT nextval('dittofs.file_ids');
CREATE TABLE dittofs.mine ();

-- Anybody else may do nothing.
RESET ROLE;
DROP ROLE regress_dittofs_gateway;
CREATE ROLE regress_dittofs_nobody;
SET ROLE regress_dittofs_nobody;
SELECT dittofs.status_name(0);

-- EXECUTE is all that an administrator needs; the function does the rest.
RESET ROLE;
GRANT USAGE ON SCHEMA dittofs TO regress_dittofs_nobody;
GRANT EXECUTE ON FUNCTION dittofs.alter_share, dittofs.create_share, dittofs.drop_share, dittofs.ls TO regress_dittofs_nobody;
SET ROLE regress_dittofs_nobody;
SELECT dittofs.create_share('/administered') IS NOT NULL AS made;
SELECT dittofs.alter_share('/administered', squash => 'all');
SELECT count(*) FROM dittofs.ls('/administered');
SELECT dittofs.drop_share('/administered');
SELECT count(*) FROM dittofs.shares;
-- What such a function finds does not depend on the session's search_path.
CREATE TEMP TABLE shares (name text);
SET search_path = pg_temp, public;
SELECT dittofs.create_share('/administered') IS NOT NULL AS made;
SELECT dittofs.drop_share('/administered');
SELECT count(*) FROM shares;
RESET ROLE;
DROP TABLE shares;
DROP OWNED BY regress_dittofs_nobody;
DROP ROLE regress_dittofs_nobody;

SELECT dittofs.drop_share('/privileges');
