-- SPDX-License-Identifier: PostgreSQL
-- Settings of the server, its health, and the write verifier.

SELECT key, value, default_value, description <> '' AS described FROM dittofs.get_server_config();

-- A value holds for all sessions from the commit on; NULL is the default again.
SELECT dittofs.set_server_config('capacity_bytes', '1099511627776');
SELECT key, value, default_value FROM dittofs.get_server_config() WHERE value <> default_value;
SELECT key, value FROM dittofs.server_config;
SELECT dittofs.set_server_config('capacity_bytes', NULL);
SELECT key, value, default_value FROM dittofs.get_server_config() WHERE value <> default_value;
SELECT key, value FROM dittofs.server_config;

SELECT dittofs.set_server_config('capacity', '1');
SELECT dittofs.set_server_config('capacity_bytes', '-1');
SELECT dittofs.set_server_config('capacity_bytes', '1TB');
SELECT dittofs.set_server_config('capacity_bytes', '');
SELECT dittofs.set_server_config('capacity_bytes', '9223372036854775808');
SELECT dittofs.set_server_config(NULL, '1');

-- What this version does not know, perhaps because another one left it there,
-- is not looked at.
INSERT INTO dittofs.server_config (key, value) VALUES ('capacity_inodes', 'many'), ('other', 'x');
SELECT key, value FROM dittofs.get_server_config();
DELETE FROM dittofs.server_config;

-- A health check asks the database something that needs its tables.
SELECT dittofs.create_share('/config') IS NOT NULL AS made;
SELECT h.version = e.extversion AS version, h.in_recovery, h.shares > 0 AS has_shares, length(h.write_verifier)
	FROM dittofs.healthcheck() h, pg_extension e WHERE e.extname = 'dittofs';

-- The write verifier is the same in every session.
SELECT dittofs.write_verifier() AS verifier \gset
\c -
SELECT dittofs.write_verifier() = :'verifier' AS same, (dittofs.healthcheck()).write_verifier = :'verifier' AS same_again;
SELECT verifier = :'verifier' AS same FROM dittofs.create_file(dittofs.resolve('/config'), 'file') c, dittofs.write(c.handle, 0, 'x');
SELECT verifier = :'verifier' AS same FROM dittofs.commit(dittofs.resolve('/config/file'));

SELECT dittofs.drop_share('/config', force => true);
