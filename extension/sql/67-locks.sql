-- SPDX-License-Identifier: PostgreSQL
-- Locks of NLM: byte ranges and share modes.
--
-- All locks of a file are one packed value, files.locks (src/tables/lock_list.c),
-- which is written with the inode.  The tables here say where there are locks, whose
-- they may be, and who is to be told of one.

CREATE TYPE dittofs.lock_result AS
	(status int, outcome text, holder_exclusive bool, holder_owner bytea, holder_offset bigint, holder_length bigint,
	grants int);
CREATE TYPE dittofs.lock_grant AS
	(id bigint, client_address text, client_name text, wait bytea, owner bytea, "offset" bigint, length bigint,
	exclusive bool, attempts int);

-- Numbers of lives are never used again: a lock of another life is none.
CREATE SEQUENCE dittofs.lock_lives AS bigint NO CYCLE CACHE 1;
CREATE SEQUENCE dittofs.lock_grant_ids AS bigint NO CYCLE CACHE 1;

CREATE TABLE dittofs.lock_clients (
	id uuid NOT NULL,			-- a hash of protocol, share, name and address
	life bigint NOT NULL,
	locks bigint NOT NULL,		-- of this life, with waiting requests and share modes
	state int NOT NULL,			-- NSM's, as last seen; 0: never
	seen_at timestamptz NOT NULL DEFAULT now(),
	share_id int NOT NULL,
	protocol text NOT NULL,
	name text COLLATE "C" NOT NULL,
	address inet				-- NULL: a session of SQL
) WITH (fillfactor = 50);
ALTER TABLE dittofs.lock_clients ADD CONSTRAINT lock_clients_pkey PRIMARY KEY (id);
CREATE INDEX lock_clients_address ON dittofs.lock_clients (address);

-- Inodes with a value in files.locks; it may be an empty list.
CREATE TABLE dittofs.locked_files (
	file_id uuid NOT NULL,
	share_id int NOT NULL,
	waiting bool NOT NULL		-- a request waits
);
ALTER TABLE dittofs.locked_files ADD CONSTRAINT locked_files_pkey PRIMARY KEY (file_id);
CREATE INDEX locked_files_waiting ON dittofs.locked_files (share_id, waiting, file_id);

-- Locks that a waiting client has got and has not confirmed.
CREATE TABLE dittofs.lock_grants (
	id bigint NOT NULL,
	file_id uuid NOT NULL,
	share_id int NOT NULL,
	client_id uuid NOT NULL,
	life bigint NOT NULL,
	owner bytea NOT NULL,
	"offset" bigint NOT NULL,	-- these two are bit patterns of 64 bits without a sign
	length bigint NOT NULL,		-- 0: to the end of the file
	exclusive bool NOT NULL,
	wait bytea NOT NULL,		-- the gateway's
	next_at timestamptz NOT NULL,	-- when the client is to be told (again)
	attempts int NOT NULL,
	server_address inet			-- at which the client had called; NULL: not known
);
ALTER TABLE dittofs.lock_grants ADD CONSTRAINT lock_grants_pkey PRIMARY KEY (id);
CREATE INDEX lock_grants_next_at ON dittofs.lock_grants (next_at);

-- Lives that have ended: whom their locks kept out is to be let in.
CREATE TABLE dittofs.lock_passes (
	life bigint NOT NULL,
	share_id int NOT NULL,
	position uuid NOT NULL,		-- files up to this one were looked at
	again bool NOT NULL,		-- this round is not the last
	until xid8,					-- a round is the last if no older transaction runs when it begins
	next_at timestamptz NOT NULL
);
ALTER TABLE dittofs.lock_passes ADD CONSTRAINT lock_passes_pkey PRIMARY KEY (life);

-- When a gateway last told which clients it sees.  No row: none has ever.
CREATE TABLE dittofs.lock_watch (
	one bool NOT NULL DEFAULT true CHECK (one),
	told_at timestamptz NOT NULL
);
ALTER TABLE dittofs.lock_watch ADD CONSTRAINT lock_watch_pkey PRIMARY KEY (one);

-- As in 59-guard-tables.sql
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.lock_clients
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
ALTER TABLE dittofs.lock_clients ENABLE ALWAYS TRIGGER guard_truncate;
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.locked_files
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
ALTER TABLE dittofs.locked_files ENABLE ALWAYS TRIGGER guard_truncate;
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.lock_grants
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
ALTER TABLE dittofs.lock_grants ENABLE ALWAYS TRIGGER guard_truncate;
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.lock_passes
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
ALTER TABLE dittofs.lock_passes ENABLE ALWAYS TRIGGER guard_truncate;

SELECT pg_catalog.pg_extension_config_dump('dittofs.lock_lives', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.lock_grant_ids', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.lock_clients', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.locked_files', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.lock_grants', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.lock_passes', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.lock_watch', '');

-- offset and length are bit patterns of 64 bits without a sign; length 0 is to the end of
-- the file.  An outcome is granted, denied, blocked, no_locks or deadlock.

-- wait NULL: what is in the way is told, and nothing else happens.  Otherwise it begins with a
-- byte that is the length of an address of the server, and with that: the client has called there.
CREATE FUNCTION dittofs.lock_range(handle bytea, caller dittofs.caller, client_name text, client_state int,
	owner bytea, "offset" bigint, length bigint, exclusive bool, wait bytea DEFAULT NULL)
	RETURNS dittofs.lock_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_lock_range';
CREATE FUNCTION dittofs.unlock_range(handle bytea, caller dittofs.caller, client_name text, client_state int,
	owner bytea, "offset" bigint, length bigint)
	RETURNS dittofs.lock_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_unlock_range';
-- denied: it was not waiting.
CREATE FUNCTION dittofs.cancel_lock(handle bytea, caller dittofs.caller, client_name text, client_state int,
	owner bytea, "offset" bigint, length bigint, exclusive bool)
	RETURNS dittofs.lock_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_cancel_lock';
CREATE FUNCTION dittofs.test_lock(handle bytea, caller dittofs.caller, client_name text, client_state int,
	owner bytea, "offset" bigint, length bigint, exclusive bool)
	RETURNS dittofs.lock_result
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_test_lock';

-- access and deny: 1 reading, 2 writing.
CREATE FUNCTION dittofs.share_file(handle bytea, caller dittofs.caller, client_name text, client_state int,
	owner bytea, access int, deny int, reclaim bool DEFAULT false)
	RETURNS dittofs.lock_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_share_file';
CREATE FUNCTION dittofs.unshare_file(handle bytea, caller dittofs.caller, client_name text, client_state int,
	owner bytea)
	RETURNS dittofs.lock_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_unshare_file';

-- What a client has at the caller's address, in all shares.
CREATE FUNCTION dittofs.free_locks(caller dittofs.caller, client_name text, client_state int DEFAULT 0)
	RETURNS dittofs.lock_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_free_locks';
CREATE FUNCTION dittofs.client_rebooted(caller dittofs.caller, client_name text, client_state int)
	RETURNS dittofs.lock_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_client_rebooted';
-- While no gateway tells, no client can be seen: that time counts for none of them, nor do
-- the minutes in which a client may find a gateway again.
CREATE FUNCTION dittofs.lock_clients_seen(addresses text[]) RETURNS int
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	INSERT INTO dittofs.lock_watch (told_at)
		SELECT '2000-01-01 00:00:00+00'::timestamptz WHERE EXISTS (SELECT FROM dittofs.lock_clients)
		ON CONFLICT DO NOTHING;
	WITH old AS (
		SELECT w.one, w.told_at FROM dittofs.lock_watch w
		WHERE w.told_at < clock_timestamp() - interval '20 s' AND EXISTS (SELECT FROM dittofs.lock_clients)
		FOR UPDATE SKIP LOCKED
	), told AS (
		UPDATE dittofs.lock_watch w SET told_at = clock_timestamp() FROM old WHERE w.one = old.one
		RETURNING w.told_at, w.told_at - old.told_at AS gap
	)
	UPDATE dittofs.lock_clients c SET seen_at = least(t.told_at, c.seen_at + t.gap + interval '6 min')
		FROM told t WHERE t.gap > interval '3 min'
		AND c.id IN (SELECT k.id FROM dittofs.lock_clients k FOR UPDATE SKIP LOCKED);
	WITH seen AS (
		UPDATE dittofs.lock_clients SET seen_at = clock_timestamp()
		WHERE id IN (SELECT c.id FROM dittofs.lock_clients c
			WHERE c.address IN (SELECT a::inet FROM unnest(lock_clients_seen.addresses) a WHERE a ~ '^[0-9A-Fa-f.:]+$')
				AND c.seen_at < clock_timestamp() - interval '30 s'
			FOR UPDATE SKIP LOCKED)
		RETURNING 1)
	SELECT count(*)::int FROM seen;
END;

-- Grants that are due; each is due again after 0.5, 1, 2 and at last 30 s, unless it is told.
-- addresses: those of the gateway that asks.  One that has the address at which the client
-- had called has 0.6 s before the others.
CREATE FUNCTION dittofs.next_grants(count int, addresses text[] DEFAULT NULL) RETURNS SETOF dittofs.lock_grant
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_next_grants';
CREATE FUNCTION dittofs.grant_told(id bigint, accepted bool) RETURNS dittofs.lock_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_grant_told';

-- For people
CREATE FUNCTION dittofs.break_locks(client text DEFAULT NULL, path text DEFAULT NULL) RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_break_locks';

-- NULL for range_end: to the end of the file; for both: a share mode.
CREATE FUNCTION dittofs.unpack_locks(locks bytea,
	OUT client_id uuid, OUT life bigint, OUT owner bytea, OUT range_start numeric, OUT range_end numeric,
	OUT kind text, OUT state text, OUT since timestamptz)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_unpack_locks';
CREATE FUNCTION dittofs.lock_trouble(locks bytea) RETURNS text
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_lock_trouble';
-- Grants that clients have not confirmed; the value without one of them.
CREATE FUNCTION dittofs.unconfirmed_locks(locks bytea, OUT id bigint, OUT client_id uuid, OUT life bigint)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_unconfirmed_locks';
CREATE FUNCTION dittofs.confirm_lock(locks bytea, id bigint) RETURNS bytea
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_confirm_lock';
