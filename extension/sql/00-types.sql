-- SPDX-License-Identifier: PostgreSQL
-- Types of the call interface.
--
-- What crosses the interface on every call is a C base type with a fixed
-- binary form: sending a composite of fourteen columns costs more than the
-- look-up that fills it.  People unfold them: dittofs.attributes(fattr) has a
-- column for each field.

\echo Use "CREATE EXTENSION dittofs" to load this file. \quit

-- An existing schema dittofs may be a trap. Its owner, and roles that may create
-- objects in it, could put a function beside ours which the next superuser calls. So it
-- must belong to the role that creates the extension, be empty, and allow no other role
-- to create objects in it. A schema that this command has made need not be empty of
-- grants: it may have default privileges.
DO $$
DECLARE
	place oid := to_regnamespace('dittofs');
	owner oid;
	grants aclitem[];
	other text;
BEGIN
	SELECT nspowner, nspacl INTO owner, grants FROM pg_namespace WHERE oid = place;
	IF owner <> current_user::regrole AND
		NOT (SELECT rolsuper FROM pg_roles WHERE oid = owner) THEN
		RAISE EXCEPTION 'schema dittofs exists already and belongs to role %',
				quote_ident(pg_get_userbyid(owner))
			USING ERRCODE = 'invalid_schema_name',
				DETAIL = 'Its owner could add functions that others take for those of the extension.',
				HINT = 'Look at what is in it. Then DROP SCHEMA dittofs, or rename it; CREATE EXTENSION makes its own.';
	END IF;
	SELECT string_agg(CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, ', ')
		INTO other FROM aclexplode(grants) a
		WHERE a.privilege_type = 'CREATE' AND a.grantee <> owner;
	IF other IS NOT NULL AND (SELECT xmin = pg_current_xact_id()::xid FROM pg_namespace WHERE oid = place) THEN
		EXECUTE format('REVOKE CREATE ON SCHEMA dittofs FROM %s', other);
	ELSIF other IS NOT NULL THEN
		RAISE EXCEPTION 'schema dittofs exists already, and % may create objects in it', other
			USING ERRCODE = 'invalid_schema_name',
				HINT = format('REVOKE CREATE ON SCHEMA dittofs FROM %s, or DROP SCHEMA dittofs.', other);
	END IF;
	-- what lies in a schema depends on it; the extension itself does, too
	SELECT string_agg(pg_describe_object(classid, objid, 0), ', ')
		INTO other FROM (SELECT classid, objid FROM pg_depend
			WHERE refclassid = 'pg_namespace'::regclass AND refobjid = place
				AND classid <> 'pg_extension'::regclass LIMIT 3) found;
	IF other IS NOT NULL THEN
		RAISE EXCEPTION 'schema dittofs exists already and is not empty'
			USING ERRCODE = 'invalid_schema_name', DETAIL = format('There is: %s.', other),
				HINT = 'Move that elsewhere, or DROP SCHEMA dittofs CASCADE; CREATE EXTENSION makes its own.';
	END IF;
END
$$;

-- Who calls, and from where.  Text form, every key optional:
--   'uid=1000 gid=100 groups=4,27 client=10.0.0.7 port=871 auth=sys xid=9 checksum=1
--    connection=1 connected=1790000000000000 arrived=1790000000000001'
-- The last three belong together (src/ops/replies.c); times are microseconds since 1970.
-- No client address means a local caller: the rules about networks, ports and
-- squashing are for callers that came over the network.
CREATE TYPE dittofs.caller;
CREATE FUNCTION dittofs.caller_in(cstring) RETURNS dittofs.caller
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_caller_in';
CREATE FUNCTION dittofs.caller_out(dittofs.caller) RETURNS cstring
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_caller_out';
CREATE FUNCTION dittofs.caller_recv(internal) RETURNS dittofs.caller
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_caller_recv';
CREATE FUNCTION dittofs.caller_send(dittofs.caller) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_caller_send';
CREATE TYPE dittofs.caller (
	INPUT = dittofs.caller_in, OUTPUT = dittofs.caller_out,
	RECEIVE = dittofs.caller_recv, SEND = dittofs.caller_send,
	INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = plain
);

-- The attributes of an inode, as of the transaction that returns them.
CREATE TYPE dittofs.fattr;
CREATE FUNCTION dittofs.fattr_in(cstring) RETURNS dittofs.fattr
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_fattr_in';
CREATE FUNCTION dittofs.fattr_out(dittofs.fattr) RETURNS cstring
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_fattr_out';
CREATE FUNCTION dittofs.fattr_send(dittofs.fattr) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_fattr_send';
CREATE TYPE dittofs.fattr (
	INPUT = dittofs.fattr_in, OUTPUT = dittofs.fattr_out, SEND = dittofs.fattr_send,
	INTERNALLENGTH = 96, ALIGNMENT = double, STORAGE = plain
);

-- Weak cache consistency data (RFC 1813, 2.6, wcc_data): size, mtime and
-- ctime before the change, attributes after it, both of one transaction.
CREATE TYPE dittofs.wcc;
CREATE FUNCTION dittofs.wcc_in(cstring) RETURNS dittofs.wcc
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_wcc_in';
CREATE FUNCTION dittofs.wcc_out(dittofs.wcc) RETURNS cstring
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_wcc_out';
CREATE FUNCTION dittofs.wcc_send(dittofs.wcc) RETURNS bytea
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_wcc_send';
CREATE TYPE dittofs.wcc (
	INPUT = dittofs.wcc_in, OUTPUT = dittofs.wcc_out, SEND = dittofs.wcc_send,
	INTERNALLENGTH = 128, ALIGNMENT = double, STORAGE = plain
);

-- The fields of fattr and wcc as columns.  Times are nanoseconds since the epoch.
CREATE TYPE dittofs.attributes AS (
	kind text, mode int, nlink bigint, uid bigint, gid bigint,
	size bigint, used bigint, rdev_major bigint, rdev_minor bigint,
	fsid bigint, fileid bigint, atime bigint, mtime bigint, ctime bigint
);
CREATE FUNCTION dittofs.attributes(dittofs.fattr) RETURNS dittofs.attributes
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_fattr_attributes';

CREATE TYPE dittofs.wcc_before AS (size bigint, mtime bigint, ctime bigint);
CREATE FUNCTION dittofs.before(dittofs.wcc) RETURNS dittofs.wcc_before
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_wcc_before';
CREATE FUNCTION dittofs.after(dittofs.wcc) RETURNS dittofs.fattr
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dittofs_wcc_after';

-- Results.  Every one begins with status: 0, or why not (RFC 1813, 2.6,
-- nfsstat3, and 20001: credential too weak).  status_name() spells it.
CREATE TYPE dittofs.lookup_result AS
	(status int, handle bytea, attributes dittofs.fattr, dir_attributes dittofs.fattr);
CREATE TYPE dittofs.file_result AS (status int, attributes dittofs.fattr);
CREATE TYPE dittofs.change_result AS (status int, wcc dittofs.wcc);
CREATE TYPE dittofs.access_result AS (status int, attributes dittofs.fattr, granted int);
CREATE TYPE dittofs.create_result AS
	(status int, handle bytea, attributes dittofs.fattr, dir_wcc dittofs.wcc);
CREATE TYPE dittofs.readlink_result AS (status int, attributes dittofs.fattr, target bytea);
CREATE TYPE dittofs.link_result AS (status int, attributes dittofs.fattr, dir_wcc dittofs.wcc);
CREATE TYPE dittofs.move_result AS (status int, from_wcc dittofs.wcc, to_wcc dittofs.wcc);
-- The first row of read_directory is its head (status, dir_attributes, eof);
-- the others are entries (the columns after eof).
CREATE TYPE dittofs.directory_row AS (
	status int, dir_attributes dittofs.fattr, eof bool,
	fileid bigint, name bytea, cookie bigint, attributes dittofs.fattr, handle bytea
);
CREATE TYPE dittofs.read_result AS
	(status int, attributes dittofs.fattr, eof bool, data bytea);
CREATE TYPE dittofs.write_result AS
	(status int, wcc dittofs.wcc, count int, committed text, verifier bytea);
CREATE TYPE dittofs.commit_result AS (status int, wcc dittofs.wcc, verifier bytea);
-- Where content is: extension/sql/README.md has the forms of segments and needed.
CREATE TYPE dittofs.prepare_read_result AS
	(status int, attributes dittofs.fattr, eof bool, segments bytea, data bytea);
CREATE TYPE dittofs.prepare_write_result AS
	(status int, attributes dittofs.fattr, store_id int, needed bytea);
CREATE TYPE dittofs.merge_task AS (
	status int, action text, handle bytea, "offset" bigint, length int, stamp bytea,
	store_id int, segments bytea, data bytea, wait_ms int
);
CREATE TYPE dittofs.capabilities_result AS (
	status int, attributes dittofs.fattr,
	rtmax bigint, rtpref bigint, rtmult bigint, wtmax bigint, wtpref bigint, wtmult bigint,
	dtpref bigint, maxfilesize bigint, time_delta bigint, properties int,
	linkmax bigint, name_max bigint, no_trunc bool, chown_restricted bool,
	case_insensitive bool, case_preserving bool
);
CREATE TYPE dittofs.statistics_result AS (
	status int, attributes dittofs.fattr,
	total_bytes bigint, free_bytes bigint, available_bytes bigint,
	total_files bigint, free_files bigint, available_files bigint, invarsec int
);
CREATE TYPE dittofs.mount_result AS (status int, handle bytea, auth_none bool);
