-- SPDX-License-Identifier: PostgreSQL
-- Calls that wait, and what for.
--
-- A gateway tells of its calls that are older than a second, once a second as
-- long as there are any; so the table is empty almost always.  It is UNLOGGED:
-- a row is news, not data.

-- The inverse of resolve(): a path of the file, by any of its names.  NULL for
-- what has no name.  A directory is found through its parents; for anything else
-- all entries of all directories are read.
CREATE FUNCTION dittofs.path(handle bytea) RETURNS text
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH RECURSIVE start AS MATERIALIZED (
		SELECT s.name AS share, s.root_id, f.id, f.parent_id
			FROM dittofs.files f JOIN dittofs.shares s USING (share_id)
			WHERE octet_length(path.handle) = 33 AND substr(path.handle, 1, 1) = '\x01'
				AND f.id = encode(substr(path.handle, 18, 16), 'hex')::uuid
				AND uuid_send(s.share_uuid) = substr(path.handle, 2, 16)
	), up AS (
		SELECT id, parent_id, '' AS path, 0 AS depth FROM start WHERE parent_id IS NOT NULL
		UNION ALL
		SELECT d.parent_id, p.parent_id, '/' || dittofs.name_to_text(d.name), 1
			FROM start CROSS JOIN LATERAL (SELECT * FROM dittofs.parent_child_map m
				WHERE m.child_id = start.id LIMIT 1) d JOIN dittofs.files p ON p.id = d.parent_id
			WHERE start.parent_id IS NULL
		UNION ALL
		SELECT p.id, p.parent_id, '/' || dittofs.name_to_text(d.name) || up.path, up.depth + 1
			FROM up JOIN dittofs.files p ON p.id = up.parent_id AND up.id <> up.parent_id
			JOIN dittofs.parent_child_map d ON d.parent_id = p.id AND d.child_id = up.id
			WHERE up.depth < 100000
	)
	SELECT start.share || up.path FROM start JOIN up ON up.id = start.root_id;
END;

CREATE UNLOGGED TABLE dittofs.waiting_calls (
	replica_id uuid NOT NULL,
	call_id text NOT NULL,		-- the gateway's
	host text NOT NULL,
	client text NOT NULL,
	procedure text NOT NULL,
	handle bytea,
	since timestamptz NOT NULL,
	pid int,					-- the server process it was last at
	blocked_by int,				-- the one at the end of the queue for its lock; 0: a prepared transaction
	seen_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (replica_id, call_id)
);

-- The process for which another waits, in the end: not the next in the queue for the
-- lock, but the one that holds it and does not wait. NULL: it waits for none.
CREATE FUNCTION dittofs.lock_holder(pid int) RETURNS int
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH RECURSIVE chain AS (
		SELECT (pg_blocking_pids(lock_holder.pid))[1] AS pid, 1 AS depth
		UNION ALL
		SELECT (pg_blocking_pids(chain.pid))[1], chain.depth + 1 FROM chain
			WHERE chain.pid <> 0 AND chain.depth < 20
	)
	SELECT chain.pid FROM chain WHERE chain.pid IS NOT NULL ORDER BY chain.depth DESC LIMIT 1;
END;

-- What is UNLOGGED cannot be read on a standby.
CREATE FUNCTION dittofs.waiting_rows() RETURNS SETOF dittofs.waiting_calls
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	IF NOT pg_is_in_recovery() THEN
		RETURN QUERY SELECT * FROM dittofs.waiting_calls;
	END IF;
END
$$;

CREATE VIEW dittofs.waiting AS
	SELECT w.host AS gateway, w.client, w.procedure, dittofs.get_share_name_for_handle(w.handle) AS share,
		dittofs.path(w.handle) AS path, date_trunc('milliseconds', clock_timestamp() - w.since) AS waits, w.since,
		w.blocked_by, a.usename AS blocked_by_user,
		CASE w.blocked_by WHEN 0 THEN 'a prepared transaction' ELSE a.application_name END AS blocked_by_application,
		a.client_addr AS blocked_by_address, a.state AS blocked_by_state, a.xact_start AS blocked_since,
		a.query AS blocked_by_query, w.handle
	FROM dittofs.waiting_rows() w LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.blocked_by
	WHERE w.seen_at > clock_timestamp() - interval '10 seconds'
	ORDER BY w.since;

-- Replaces the gateway's last report. Returns the holders of locks that its calls wait
-- for.
CREATE FUNCTION dittofs.report_waiting(replica_id uuid, host text, calls jsonb, OUT call_id text, OUT told text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
	-- what is UNLOGGED may not even be planned there
	IF pg_is_in_recovery() THEN
		RAISE EXCEPTION 'cannot execute report_waiting() during recovery'
			USING ERRCODE = 'read_only_sql_transaction', HINT = 'A standby takes no reports. Call it on the primary.';
	END IF;
	IF replica_id IS NULL OR host IS NULL OR calls IS NULL OR jsonb_typeof(calls) <> 'array' THEN
		RAISE EXCEPTION 'replica_id and host must not be null, and calls must be an array'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	DELETE FROM dittofs.waiting_calls w
		WHERE w.seen_at < now() - interval '1 minute'
			OR w.replica_id = report_waiting.replica_id
				AND w.call_id NOT IN (SELECT c ->> 'id' FROM jsonb_array_elements(report_waiting.calls) c);
	-- between two attempts a call is at no process, and what held it is remembered
	INSERT INTO dittofs.waiting_calls (replica_id, call_id, host, client, procedure, handle, since, pid, blocked_by)
		SELECT report_waiting.replica_id, c.id, report_waiting.host, c.client, c.procedure,
				nullif(decode(c.handle, 'hex'), ''), clock_timestamp() - c.age_ms * interval '1 millisecond',
				nullif(c.pid, 0), dittofs.lock_holder(nullif(c.pid, 0))
			FROM jsonb_to_recordset(report_waiting.calls)
				AS c(id text, client text, procedure text, handle text, age_ms float8, pid int)
			WHERE c.id IS NOT NULL AND c.client IS NOT NULL AND c.procedure IS NOT NULL AND c.age_ms IS NOT NULL
			LIMIT 1000
		ON CONFLICT ON CONSTRAINT waiting_calls_pkey DO UPDATE SET seen_at = now(), pid = excluded.pid,
			blocked_by = coalesce(excluded.blocked_by, waiting_calls.blocked_by);
	RETURN QUERY SELECT w.call_id, 'waits for process ' || w.blocked_by || ' (user ' || coalesce(a.usename, '?') ||
			', application "' || a.application_name || '", ' || coalesce('from ' || host(a.client_addr), 'local') ||
			coalesce(', in a transaction since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), '') || ')'
		FROM dittofs.waiting_calls w JOIN pg_stat_activity a ON a.pid = w.blocked_by
		WHERE w.replica_id = report_waiting.replica_id
	UNION ALL
	SELECT w.call_id, 'waits for a prepared transaction (pg_prepared_xacts)'
		FROM dittofs.waiting_calls w WHERE w.replica_id = report_waiting.replica_id AND w.blocked_by = 0;
END
$$;

CREATE FUNCTION dittofs.list_waiting(max int DEFAULT 20,
	OUT gateway text, OUT client text, OUT procedure text, OUT share text, OUT waits interval, OUT since timestamptz,
	OUT blocked_by int, OUT blocked_by_user text, OUT blocked_by_application text, OUT blocked_since timestamptz)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT w.gateway, w.client, w.procedure, w.share, w.waits, w.since, w.blocked_by, w.blocked_by_user,
		w.blocked_by_application, w.blocked_since
	FROM dittofs.waiting w LIMIT max;
END;
