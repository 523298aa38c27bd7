-- SPDX-License-Identifier: PostgreSQL
-- The operations: one function a call of NFS, all in C.
--
-- They run no SQL: they reach the tables directly, so there is no search_path
-- and no privilege of the caller in their way, and EXECUTE is the only right
-- they need.  reap() is the exception: it truncates a table.
--
-- caller defaults to a local root.  Handles are opaque; names are bytes.
-- Sizes and offsets are bytes, times nanoseconds since the epoch.

CREATE FUNCTION dittofs.lookup(dir bytea, name bytea, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.lookup_result
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_lookup';

CREATE FUNCTION dittofs.get_file(handle bytea, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.file_result
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_get_file';

-- NULL leaves an attribute as it is.  guard: the ctime the file must have.
CREATE FUNCTION dittofs.set_file_attributes(handle bytea, caller dittofs.caller DEFAULT '',
	mode bigint DEFAULT NULL, uid bigint DEFAULT NULL, gid bigint DEFAULT NULL,
	size bigint DEFAULT NULL, atime bigint DEFAULT NULL, mtime bigint DEFAULT NULL,
	atime_now bool DEFAULT false, mtime_now bool DEFAULT false, guard bigint DEFAULT NULL)
	RETURNS dittofs.change_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_set_file_attributes';

-- wanted and granted: bits of RFC 1813, 3.3.4 (1 read, 2 lookup, 4 modify, 8 extend, 16 delete, 32 execute).
CREATE FUNCTION dittofs.check_permissions(handle bytea, wanted int, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.access_result
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_check_permissions';

-- how: 'unchecked', 'guarded', or 'exclusive' with a verifier of 8 bytes.
CREATE FUNCTION dittofs.create_file(dir bytea, name bytea, caller dittofs.caller DEFAULT '',
	how text DEFAULT 'guarded',
	mode bigint DEFAULT NULL, uid bigint DEFAULT NULL, gid bigint DEFAULT NULL,
	size bigint DEFAULT NULL, atime bigint DEFAULT NULL, mtime bigint DEFAULT NULL,
	atime_now bool DEFAULT false, mtime_now bool DEFAULT false, verifier bytea DEFAULT NULL)
	RETURNS dittofs.create_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_create_file';

CREATE FUNCTION dittofs.create_directory(dir bytea, name bytea, caller dittofs.caller DEFAULT '',
	mode bigint DEFAULT NULL, uid bigint DEFAULT NULL, gid bigint DEFAULT NULL,
	atime bigint DEFAULT NULL, mtime bigint DEFAULT NULL,
	atime_now bool DEFAULT false, mtime_now bool DEFAULT false)
	RETURNS dittofs.create_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_create_directory';

CREATE FUNCTION dittofs.create_symlink(dir bytea, name bytea, target bytea,
	caller dittofs.caller DEFAULT '',
	uid bigint DEFAULT NULL, gid bigint DEFAULT NULL,
	atime bigint DEFAULT NULL, mtime bigint DEFAULT NULL,
	atime_now bool DEFAULT false, mtime_now bool DEFAULT false)
	RETURNS dittofs.create_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_create_symlink';

-- kind: 'fifo', 'socket', 'block' or 'character'; anything else is BADTYPE.
CREATE FUNCTION dittofs.create_special_file(dir bytea, name bytea, kind text,
	rdev_major bigint DEFAULT 0, rdev_minor bigint DEFAULT 0,
	caller dittofs.caller DEFAULT '',
	mode bigint DEFAULT NULL, uid bigint DEFAULT NULL, gid bigint DEFAULT NULL,
	atime bigint DEFAULT NULL, mtime bigint DEFAULT NULL,
	atime_now bool DEFAULT false, mtime_now bool DEFAULT false)
	RETURNS dittofs.create_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_create_special_file';

CREATE FUNCTION dittofs.read_symlink(handle bytea, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.readlink_result
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_read_symlink';

CREATE FUNCTION dittofs.create_hard_link(handle bytea, dir bytea, name bytea,
	caller dittofs.caller DEFAULT '')
	RETURNS dittofs.link_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_create_hard_link';

CREATE FUNCTION dittofs.remove_file(dir bytea, name bytea, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.change_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_remove_file';

CREATE FUNCTION dittofs.remove_directory(dir bytea, name bytea, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.change_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_remove_directory';

CREATE FUNCTION dittofs.move(from_dir bytea, from_name bytea, to_dir bytea, to_name bytea,
	caller dittofs.caller DEFAULT '')
	RETURNS dittofs.move_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_move';

-- Entries after cookie (0: from the start).  dircount bounds names, fileids and
-- cookies, maxcount the whole reply, both in bytes as RFC 1813 (3.3.16, 3.3.17)
-- counts them.  attributes: also attributes and handles (READDIRPLUS).
CREATE FUNCTION dittofs.read_directory(dir bytea, cookie bigint DEFAULT 0,
	dircount bigint DEFAULT 1048576, maxcount bigint DEFAULT 1048576,
	attributes bool DEFAULT true, caller dittofs.caller DEFAULT '')
	RETURNS SETOF dittofs.directory_row
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_read_directory';

CREATE FUNCTION dittofs.read(handle bytea, "offset" bigint, count bigint,
	caller dittofs.caller DEFAULT '')
	RETURNS dittofs.read_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_read';

-- stability: 'unstable', 'data_sync' or 'file_sync'.
CREATE FUNCTION dittofs.write(handle bytea, "offset" bigint, data bytea,
	stability text DEFAULT 'file_sync', caller dittofs.caller DEFAULT '')
	RETURNS dittofs.write_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_write';

CREATE FUNCTION dittofs.commit(handle bytea, "offset" bigint DEFAULT 0, count bigint DEFAULT 0,
	caller dittofs.caller DEFAULT '')
	RETURNS dittofs.commit_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_commit';

CREATE FUNCTION dittofs.get_filesystem_capabilities(handle bytea, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.capabilities_result
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_get_filesystem_capabilities';

CREATE FUNCTION dittofs.get_filesystem_statistics(handle bytea, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.statistics_result
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_get_filesystem_statistics';

-- For a gateway's batch: locks what the calls behind it name, in the one order.
CREATE FUNCTION dittofs.lock_objects(handles bytea) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_lock_objects';

-- What clients compare to learn that unstable writes may be lost.
CREATE FUNCTION dittofs.write_verifier() RETURNS bytea
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_write_verifier';

-- Deletes up to max_blocks blocks of removed files, and the oldest replies of the
-- duplicate request cache. Returns how many blocks it deleted.
CREATE FUNCTION dittofs.reap(max_blocks bigint DEFAULT 10000) RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_reap';

CREATE FUNCTION dittofs.status_name(status int) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_status_name';
