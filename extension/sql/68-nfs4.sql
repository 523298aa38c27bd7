-- SPDX-License-Identifier: PostgreSQL
-- NFSv4.1 and 4.2: a COMPOUND is one call.

CREATE TYPE dittofs.compound_result AS
	(results bytea, data bytea, client_id bigint);

-- README.md has the form of a program and of its results.
CREATE FUNCTION dittofs.compound(program bytea, data bytea DEFAULT NULL, caller dittofs.caller DEFAULT '')
	RETURNS dittofs.compound_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_compound';

--
-- Clients and sessions (src/nfs4/clients4.c, sessions4.c, leases4.c).
--
-- Nothing here is in a dump: a database that is restored from one does not go on where
-- the clients were.  They meet a server that does not know them, and begin anew.
--

-- What clients know this server by; a row from the first EXCHANGE_ID on.  In a copy of the database `database` is not that
-- database, which gets an identity of its own then; its clients are strangers.
CREATE TABLE dittofs.nfs4_server (
	one bool PRIMARY KEY DEFAULT true CHECK (one),
	server_uuid uuid NOT NULL DEFAULT gen_random_uuid(),
	database text COLLATE "C" NOT NULL DEFAULT dittofs.this_database()
);

-- Seconds in which gateways have served: leases are measured by them.  Time in which
-- no lease could be renewed does not count.  A row from the first renew_leases() on.
CREATE TABLE dittofs.nfs4_clock (
	one bool PRIMARY KEY DEFAULT true CHECK (one),
	served bigint NOT NULL,
	counted_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- A client's record (RFC 8881, 18.35).  What has ended is there until all that it had
-- is freed.
CREATE TABLE dittofs.nfs4_clients (
	client_id bigint PRIMARY KEY,	-- random; never one that was there before
	owner bytea NOT NULL,		-- co_ownerid
	state text NOT NULL CHECK (state IN ('unconfirmed', 'confirmed', 'ended')),
	verifier bytea NOT NULL,
	auth int NOT NULL,			-- these three: who may speak for it
	uid bigint NOT NULL,
	gid bigint NOT NULL,
	minor int NOT NULL,			-- version of the protocol
	reclaimed bool NOT NULL DEFAULT false,	-- RECLAIM_COMPLETE has come
	sequence bigint NOT NULL DEFAULT 0,		-- of its last CREATE_SESSION,
	reply bytea,							-- to which this was the answer
	address inet,				-- NULL: a session of SQL
	implementation text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
-- of an owner there are a confirmed and an unconfirmed record at most
CREATE UNIQUE INDEX nfs4_clients_owner ON dittofs.nfs4_clients (owner, state) WHERE state <> 'ended';
CREATE INDEX nfs4_clients_state ON dittofs.nfs4_clients (state) WHERE state <> 'confirmed';

-- When a client was last seen, by nfs4_clock; a client without a row has ended.
CREATE TABLE dittofs.nfs4_leases (
	client_id bigint PRIMARY KEY,
	renewed bigint NOT NULL,
	seen_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CREATE INDEX nfs4_leases_renewed ON dittofs.nfs4_leases (renewed);

-- A row never changes.
CREATE TABLE dittofs.nfs4_sessions (
	session_id uuid PRIMARY KEY,	-- random, after the mark of this database
	client_id bigint NOT NULL,
	slots int NOT NULL,
	max_operations int NOT NULL,
	max_request bigint NOT NULL,	-- bytes, as RPC
	max_response bigint NOT NULL,
	max_cached bigint NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX nfs4_sessions_client ON dittofs.nfs4_sessions (client_id);
-- Backends remember sessions: as in 55-share-triggers.sql.
CREATE TRIGGER sessions_changed
	AFTER UPDATE OR DELETE ON dittofs.nfs4_sessions
	FOR EACH ROW EXECUTE FUNCTION dittofs.shares_changed();
CREATE TRIGGER sessions_truncated AFTER TRUNCATE ON dittofs.nfs4_sessions
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.shares_changed();
ALTER TABLE dittofs.nfs4_sessions ENABLE ALWAYS TRIGGER sessions_changed;
ALTER TABLE dittofs.nfs4_sessions ENABLE ALWAYS TRIGGER sessions_truncated;

-- Answers to changes, for clients that ask again.  Generations, beside those of the
-- replies to NFSv3 (src/nfs4/slots4.c).
CREATE TABLE dittofs.nfs4_replies_0 (
	key bigint NOT NULL,		-- of session and slot
	seqid bigint NOT NULL,
	digest bigint NOT NULL,		-- of the request
	results bytea NOT NULL,		-- as compound() gives them, without those of SEQUENCE
	data bytea					-- beside them
) WITH (autovacuum_enabled = off, toast_tuple_target = 8160);
ALTER TABLE dittofs.nfs4_replies_0 ALTER results SET STORAGE external, ALTER data SET STORAGE external;
CREATE INDEX nfs4_replies_0_key ON dittofs.nfs4_replies_0 (key, seqid);
CREATE TABLE dittofs.nfs4_replies_1 (LIKE dittofs.nfs4_replies_0 INCLUDING STORAGE)
	WITH (autovacuum_enabled = off, toast_tuple_target = 8160);
CREATE INDEX nfs4_replies_1_key ON dittofs.nfs4_replies_1 (key, seqid);
CREATE TABLE dittofs.nfs4_replies_2 (LIKE dittofs.nfs4_replies_0 INCLUDING STORAGE)
	WITH (autovacuum_enabled = off, toast_tuple_target = 8160);
CREATE INDEX nfs4_replies_2_key ON dittofs.nfs4_replies_2 (key, seqid);

-- Clients that a gateway has seen since its last call; when to call again, in seconds.
CREATE FUNCTION dittofs.renew_leases(client_ids bigint[]) RETURNS int
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_renew_leases';

-- For people
CREATE FUNCTION dittofs.evict_client(client_id bigint) RETURNS bool
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_evict_client';
CREATE FUNCTION dittofs.forget_clients() RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_forget_clients';
