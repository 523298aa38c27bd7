-- SPDX-License-Identifier: PostgreSQL
-- What gateways tell about themselves, and what people ask about all of it.
--
-- Both tables are UNLOGGED: a row is news, not data.  Writing one flushes no
-- WAL, and after a crash or a fail-over the gateways that are alive tell again
-- within seconds.  A dump leaves them out.

CREATE UNLOGGED TABLE dittofs.gateway_replicas (
	replica_id uuid PRIMARY KEY,
	host text NOT NULL,
	pid int NOT NULL,
	version text NOT NULL,
	address text NOT NULL,		-- where it listens
	started_at timestamptz NOT NULL,
	seen_at timestamptz NOT NULL DEFAULT now(),
	state text NOT NULL CHECK (state IN ('serving', 'draining')),
	clients int NOT NULL,
	calls_per_second float8 NOT NULL
);

CREATE UNLOGGED TABLE dittofs.slow_call_log (
	happened_at timestamptz NOT NULL,
	host text NOT NULL,
	client text NOT NULL,
	procedure text NOT NULL,
	status int NOT NULL,
	total_ms float8 NOT NULL,
	queue_ms float8 NOT NULL,
	database_ms float8 NOT NULL,
	flush_ms float8 NOT NULL,
	content_ms float8 NOT NULL,
	handle bytea				-- NULL: a call without one
);
CREATE INDEX slow_call_log_happened_at ON dittofs.slow_call_log (happened_at);

-- Both are called by gateways, and say by name which argument is wrong.
CREATE FUNCTION dittofs.register_replica(replica_id uuid, host text, pid int, version text,
	address text, started_at timestamptz, state text, clients int, calls_per_second float8)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_register_replica';
CREATE FUNCTION dittofs.record_slow_call(age_ms float8, host text, client text, procedure text, status int,
	total_ms float8, queue_ms float8, database_ms float8, flush_ms float8, content_ms float8,
	handle bytea)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_record_slow_call';

CREATE FUNCTION dittofs.unregister_replica(replica_id uuid) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_unregister_replica';

-- A standby has none of an UNLOGGED table, and may not even plan to read one.  So views
-- read these tables through functions, which find nothing there.
CREATE FUNCTION dittofs.gateway_replica_rows() RETURNS SETOF dittofs.gateway_replicas
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT pg_is_in_recovery() THEN
		RETURN QUERY SELECT * FROM dittofs.gateway_replicas;
	END IF;
END
$$;
CREATE FUNCTION dittofs.slow_call_rows() RETURNS SETOF dittofs.slow_call_log
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT pg_is_in_recovery() THEN
		RETURN QUERY SELECT * FROM dittofs.slow_call_log;
	END IF;
END
$$;

-- A gateway that has not been heard of for half a minute is not alive.
CREATE VIEW dittofs.replicas AS
	SELECT replica_id, host, pid, version, address, state,
		seen_at > now() - interval '30 seconds' AS alive,
		clients, calls_per_second, started_at, seen_at
	FROM dittofs.gateway_replica_rows();

CREATE FUNCTION dittofs.list_replicas(
	OUT host text, OUT pid int, OUT version text, OUT address text, OUT state text,
	OUT clients int, OUT calls_per_second float8, OUT started_at timestamptz, OUT seen_at timestamptz)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT r.host, r.pid, r.version, r.address, r.state, r.clients, r.calls_per_second,
		r.started_at, r.seen_at
	FROM dittofs.replicas r WHERE r.alive ORDER BY r.host, r.address, r.pid;
END;

CREATE VIEW dittofs.slow_calls AS
	SELECT happened_at, host, client, procedure, dittofs.status_name(status) AS status,
		total_ms, queue_ms, database_ms, flush_ms, content_ms,
		dittofs.get_share_name_for_handle(handle) AS share, handle
	FROM dittofs.slow_call_rows() ORDER BY happened_at DESC;

CREATE FUNCTION dittofs.list_slow_calls(max int DEFAULT 20,
	OUT happened_at timestamptz, OUT host text, OUT client text, OUT procedure text, OUT status text,
	OUT total_ms float8, OUT queue_ms float8, OUT database_ms float8, OUT flush_ms float8, OUT content_ms float8,
	OUT share text, OUT handle bytea)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.happened_at, c.host, c.client, c.procedure, c.status, c.total_ms, c.queue_ms, c.database_ms,
		c.flush_ms, c.content_ms, c.share, c.handle
	FROM dittofs.slow_calls c LIMIT max;
END;

CREATE VIEW dittofs.share_usage AS
	SELECT name AS share, content, read_only, bytes, pg_catalog.pg_size_pretty(bytes) AS size, inodes
	FROM dittofs.list_shares();
