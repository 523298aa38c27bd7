-- SPDX-License-Identifier: PostgreSQL
-- NFSv4.1 and 4.2: a COMPOUND is one call.

CREATE TYPE dittofs.compound_result AS
	(results bytea, data bytea, client_id bigint);

-- README.md has the form of a program and of its results.
CREATE FUNCTION dittofs.compound(program bytea, data bytea DEFAULT NULL, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.compound_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_compound';
