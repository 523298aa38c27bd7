-- SPDX-License-Identifier: PostgreSQL
-- Holes and ranges of files (RFC 7862), for people.

-- Where the next data, or the next hole, is from an offset on.  NULL: there is none.
CREATE FUNCTION dittofs.seek_data(path text, "offset" bigint DEFAULT 0, caller dittofs.caller DEFAULT '') RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_seek_data';

CREATE FUNCTION dittofs.seek_hole(path text, "offset" bigint DEFAULT 0, caller dittofs.caller DEFAULT '') RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_seek_hole';

CREATE FUNCTION dittofs.punch_hole(path text, "offset" bigint, count bigint, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_punch_hole';

CREATE FUNCTION dittofs.allocate(path text, "offset" bigint, count bigint, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_allocate';

-- count 0: up to the end of the source.  copy_range() returns how much it has copied,
-- which may be less; clone_range() does all of it or nothing.
CREATE FUNCTION dittofs.copy_range(source text, target text, source_offset bigint DEFAULT 0,
	target_offset bigint DEFAULT 0, count bigint DEFAULT 0, caller dittofs.caller DEFAULT '') RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_copy_range';

CREATE FUNCTION dittofs.clone_range(source text, target text, source_offset bigint DEFAULT 0,
	target_offset bigint DEFAULT 0, count bigint DEFAULT 0, caller dittofs.caller DEFAULT '') RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_clone_range';
