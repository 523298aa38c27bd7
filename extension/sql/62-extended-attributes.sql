-- SPDX-License-Identifier: PostgreSQL
-- Extended attributes (RFC 8276): a name and a value that a file or a directory carries.
--
-- The names are those behind the "user." that Linux writes before them.  They go with
-- the inode, whatever names it has; files.xattrs is the number of their bytes.

CREATE TABLE dittofs.extended_attributes (
	file_id uuid NOT NULL,
	cookie bigint NOT NULL,		-- its place in a listing, for ever
	name bytea NOT NULL,
	value bytea NOT NULL
);
ALTER TABLE dittofs.extended_attributes ADD CONSTRAINT extended_attributes_pkey PRIMARY KEY (file_id, cookie);
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.extended_attributes
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
ALTER TABLE dittofs.extended_attributes ENABLE ALWAYS TRIGGER guard_truncate;
SELECT pg_catalog.pg_extension_config_dump('dittofs.extended_attributes', '');

-- For people.  Names are text, as those of files (60-people.sql).
CREATE FUNCTION dittofs.getxattr(path text, name text, caller dittofs.caller DEFAULT '') RETURNS bytea
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_getxattr';

-- how: 'either'; 'create', the attribute must not exist; 'replace', it must.
CREATE FUNCTION dittofs.setxattr(path text, name text, value bytea, how text DEFAULT 'either',
	caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_setxattr';

CREATE FUNCTION dittofs.removexattr(path text, name text, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_removexattr';

-- length: the bytes of the value.
CREATE FUNCTION dittofs.listxattr(path text, caller dittofs.caller DEFAULT '', OUT name text, OUT length int)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_listxattr';
