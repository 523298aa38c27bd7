-- SPDX-License-Identifier: PostgreSQL
-- Shares, settings, health: what an administrator does.
--
-- What changes something here runs SQL as the extension's owner: who may
-- execute the function needs no right to the tables.

CREATE FUNCTION dittofs.create_share(name text, content text DEFAULT 'postgres',
	read_only bool DEFAULT false, squash text DEFAULT 'root',
	anonuid bigint DEFAULT 65534, anongid bigint DEFAULT 65534,
	allowed_clients inet[] DEFAULT '{}', denied_clients inet[] DEFAULT '{}',
	require_privileged_port bool DEFAULT false, allow_auth_none bool DEFAULT false,
	atime text DEFAULT 'relative',
	root_uid bigint DEFAULT 0, root_gid bigint DEFAULT 0, root_mode text DEFAULT '0755',
	content_store text DEFAULT NULL, block_size int DEFAULT 1048576,
	compression text DEFAULT 'none',
	max_bytes bigint DEFAULT NULL, max_inodes bigint DEFAULT NULL)
	RETURNS bytea
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_create_share';
-- NULL leaves an option as it is; a limit of 0 is none.
CREATE FUNCTION dittofs.alter_share(name text, new_name text DEFAULT NULL,
	read_only bool DEFAULT NULL, squash text DEFAULT NULL,
	anonuid bigint DEFAULT NULL, anongid bigint DEFAULT NULL,
	allowed_clients inet[] DEFAULT NULL, denied_clients inet[] DEFAULT NULL,
	require_privileged_port bool DEFAULT NULL, allow_auth_none bool DEFAULT NULL,
	atime text DEFAULT NULL,
	content text DEFAULT NULL, content_store text DEFAULT NULL,
	block_size int DEFAULT NULL, compression text DEFAULT NULL,
	max_bytes bigint DEFAULT NULL, max_inodes bigint DEFAULT NULL)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_alter_share';
CREATE FUNCTION dittofs.drop_share(name text, force bool DEFAULT false) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_drop_share';
-- The share's root; makes it where it is missing.
CREATE FUNCTION dittofs.create_root_directory(share text,
	uid bigint DEFAULT 0, gid bigint DEFAULT 0, mode text DEFAULT '0755')
	RETURNS dittofs.create_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_create_root_directory';
CREATE FUNCTION dittofs.list_shares(
	OUT name text, OUT content text, OUT read_only bool, OUT squash text,
	OUT anonuid bigint, OUT anongid bigint,
	OUT allowed_clients inet[], OUT denied_clients inet[],
	OUT require_privileged_port bool, OUT allow_auth_none bool, OUT atime text,
	OUT bytes bigint, OUT inodes bigint, OUT root bytea,
	OUT content_store text, OUT block_size int, OUT compression text,
	OUT max_bytes bigint, OUT max_inodes bigint)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_list_shares';
CREATE FUNCTION dittofs.set_filesystem_capabilities(share text,
	rtmax int DEFAULT NULL, rtpref int DEFAULT NULL, wtmax int DEFAULT NULL,
	wtpref int DEFAULT NULL, dtpref int DEFAULT NULL, maxfilesize bigint DEFAULT NULL)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_set_filesystem_capabilities';
CREATE FUNCTION dittofs.get_server_config(
	OUT key text, OUT value text, OUT default_value text, OUT description text)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_get_server_config';
-- A value of NULL brings back the default.
CREATE FUNCTION dittofs.set_server_config(key text, value text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_set_server_config';
CREATE FUNCTION dittofs.healthcheck(
	OUT version text, OUT in_recovery bool, OUT shares bigint, OUT write_verifier bytea)
	RETURNS record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_healthcheck';

-- For a logical subscriber that takes over: sequences are not replicated, and what the
-- publisher gave out and removed again was as good as used.
CREATE FUNCTION dittofs.advance_sequences() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM setval('dittofs.file_ids', greatest(s.last_value, (SELECT max(fileid) FROM dittofs.files)) + 4294967296)
		FROM dittofs.file_ids s;
	PERFORM setval('dittofs.share_ids', greatest(s.last_value, (SELECT max(share_id) FROM dittofs.shares)) + 1000)
		FROM dittofs.share_ids s;
	PERFORM setval('dittofs.lock_lives', greatest(s.last_value, (SELECT max(life) FROM dittofs.lock_clients)) + 4294967296)
		FROM dittofs.lock_lives s;
	PERFORM setval('dittofs.lock_grant_ids', greatest(s.last_value, (SELECT max(id) FROM dittofs.lock_grants)) + 4294967296)
		FROM dittofs.lock_grant_ids s;
	PERFORM setval('dittofs.nfs4_state_ids', greatest(s.last_value, (SELECT max(id) FROM dittofs.nfs4_states)) + 4294967296)
		FROM dittofs.nfs4_state_ids s;
END
$$;
