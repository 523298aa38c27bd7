-- SPDX-License-Identifier: PostgreSQL
-- Handles: 33 opaque bytes on the wire, readable text for people.

CREATE FUNCTION dittofs.handle_to_text(handle bytea) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_handle_to_text';
CREATE FUNCTION dittofs.handle_from_text(handle text) RETURNS bytea
	LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_handle_from_text';
CREATE FUNCTION dittofs.get_share_name_for_handle(handle bytea) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_get_share_name_for_handle';
