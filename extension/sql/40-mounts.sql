-- SPDX-License-Identifier: PostgreSQL
-- What the MOUNT protocol (RFC 1813, appendix I) asks.
--
-- The three that keep the list of mounts run SQL as the extension's owner.

-- path: a share, or a directory inside one.  auth_none: the share takes AUTH_NONE.
CREATE FUNCTION dittofs.mount(path bytea, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.mount_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_mount';
-- The caller's own entries only; they return how many went.
CREATE FUNCTION dittofs.unmount(path bytea, caller dittofs.caller DEFAULT '') RETURNS int
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_unmount';
CREATE FUNCTION dittofs.unmount_all(caller dittofs.caller DEFAULT '') RETURNS int
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_unmount_all';
-- max_bytes: the list ends where it would be larger, at about 64 bytes a row and its text.
CREATE FUNCTION dittofs.list_mounts(max_bytes bigint DEFAULT NULL, OUT client text, OUT path bytea) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_list_mounts';
-- clients: the networks allowed; none: all clients.
CREATE FUNCTION dittofs.list_exports(max_bytes bigint DEFAULT NULL, OUT path text, OUT clients text[]) RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_list_exports';
