-- SPDX-License-Identifier: PostgreSQL
-- Files by path, for people in psql.
--
-- A path begins with the name of a share.  Names are text: as they are where
-- they are valid in the database's encoding, otherwise with \ooo (octal) for
-- bytes; a backslash is written twice.  Symbolic links are not followed.
-- caller defaults to a local root; modes are octal text ('0644').
--
-- These functions raise an error where the operations return a status.

CREATE FUNCTION dittofs.kind_name(kind int) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_kind_name';
CREATE FUNCTION dittofs.mode_to_text(mode int) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_mode_to_text';
CREATE FUNCTION dittofs.name_to_text(name bytea) RETURNS text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_name_to_text';
CREATE FUNCTION dittofs.name_from_text(name text) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_name_from_text';
CREATE FUNCTION dittofs.time_to_timestamp(nanoseconds bigint) RETURNS timestamptz
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_time_to_timestamp';

CREATE FUNCTION dittofs.resolve(path text, caller dittofs.caller DEFAULT '') RETURNS bytea
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_resolve';

CREATE FUNCTION dittofs.stat(path text, caller dittofs.caller DEFAULT '',
	OUT kind text, OUT mode text, OUT nlink bigint, OUT uid bigint, OUT gid bigint,
	OUT size bigint, OUT mtime timestamptz, OUT fileid bigint, OUT handle bytea,
	OUT used bigint, OUT atime timestamptz, OUT ctime timestamptz,
	OUT rdev text, OUT target text)
	RETURNS record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_stat';

CREATE FUNCTION dittofs.ls(path text, caller dittofs.caller DEFAULT '',
	OUT name text, OUT kind text, OUT mode text, OUT nlink bigint, OUT uid bigint, OUT gid bigint,
	OUT size bigint, OUT mtime timestamptz, OUT fileid bigint, OUT handle bytea)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_ls';

CREATE FUNCTION dittofs.tree(root text, caller dittofs.caller DEFAULT '',
	OUT path text, OUT depth int, OUT kind text, OUT mode text, OUT nlink bigint, OUT uid bigint,
	OUT gid bigint, OUT size bigint, OUT mtime timestamptz, OUT fileid bigint, OUT handle bytea)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_tree';

CREATE FUNCTION dittofs.read_file(path text, "offset" bigint DEFAULT 0, count bigint DEFAULT NULL,
	caller dittofs.caller DEFAULT '') RETURNS bytea
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_read_file';

CREATE FUNCTION dittofs.write_file(path text, content bytea, mode text DEFAULT '0644',
	caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_write_file';

CREATE FUNCTION dittofs.mkdir(path text, mode text DEFAULT '0755', parents bool DEFAULT false,
	caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_mkdir';

CREATE FUNCTION dittofs.rm(path text, recursive bool DEFAULT false,
	caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_rm';

CREATE FUNCTION dittofs.rmdir(path text, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_rmdir';

CREATE FUNCTION dittofs.mv(source text, target text, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_mv';

CREATE FUNCTION dittofs.ln(existing text, path text, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_ln';

CREATE FUNCTION dittofs.symlink(target text, path text, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_symlink';

CREATE FUNCTION dittofs.readlink(path text, caller dittofs.caller DEFAULT '') RETURNS text
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_readlink';

CREATE FUNCTION dittofs.chmod(path text, mode text, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_chmod';

-- NULL leaves owner or group as it is.
CREATE FUNCTION dittofs.chown(path text, uid bigint, gid bigint DEFAULT NULL,
	caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_chown';

-- The tables as people read them.

CREATE VIEW dittofs.inodes AS
	SELECT s.name AS share, f.id, f.fileid, dittofs.kind_name(f.kind) AS kind,
		dittofs.mode_to_text(f.mode) AS mode, f.nlink, f.uid, f.gid, f.size, f.used,
		dittofs.time_to_timestamp(f.atime) AS atime,
		dittofs.time_to_timestamp(f.mtime) AS mtime,
		dittofs.time_to_timestamp(f.ctime) AS ctime,
		f.parent_id,
		(f.rdev >> 32)::text || ',' || (f.rdev & 4294967295)::text AS rdev,
		dittofs.name_to_text(f.target) AS target
	FROM dittofs.files f LEFT JOIN dittofs.shares s USING (share_id);

CREATE VIEW dittofs.entries AS
	SELECT s.name AS share, d.parent_id, dittofs.name_to_text(d.name) AS name,
		dittofs.kind_name(c.kind) AS kind, d.child_id, d.fileid, d.cookie
	FROM dittofs.parent_child_map d
		LEFT JOIN dittofs.files c ON c.id = d.child_id
		LEFT JOIN dittofs.shares s USING (share_id);
