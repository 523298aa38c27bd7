-- SPDX-License-Identifier: PostgreSQL
-- test/nfs4.sql: a client of NFSv4.1, in SQL, as the extension meets it: programs of
-- COMPOUND (extension/include/dittofs_compound.h) and what comes of them; after
-- test/check.sql.
--
--	t.i(n), t.l(n), t.o(bytes)		fields of a program: 32 bits, 64 bits, opaque
--	t.op(name, fields, ...)			an operation
--	t.compound(ops, ...)			runs a COMPOUND of these
--	t.sequence(session, seqid, ...)	SEQUENCE
--	t.in_session(session, seqid, ops, ...)	a COMPOUND that begins with it
--	t.outcome(result)				statuses of its results, as far as they have a length
--									that is known here, and its own status
--	t.exchange_id(owner, ...), t.create_session(client_id, ...)	with their results
--	t.nfs4_client(owner)			both, and RECLAIM_COMPLETE; its session
--
-- It may be loaded any number of times.

SET client_min_messages = warning;

CREATE TABLE IF NOT EXISTS t.nfs4_names (kind text, number bigint, name text, PRIMARY KEY (kind, number));
INSERT INTO t.nfs4_names VALUES
	('op', 3, 'ACCESS'), ('op', 4, 'CLOSE'), ('op', 6, 'CREATE'), ('op', 9, 'GETATTR'), ('op', 10, 'GETFH'),
	('op', 15, 'LOOKUP'), ('op', 18, 'OPEN'), ('op', 22, 'PUTFH'), ('op', 24, 'PUTROOTFH'), ('op', 25, 'READ'),
	('op', 28, 'REMOVE'), ('op', 31, 'RESTOREFH'), ('op', 32, 'SAVEFH'), ('op', 34, 'SETATTR'), ('op', 38, 'WRITE'),
	('op', 40, 'BACKCHANNEL_CTL'), ('op', 41, 'BIND_CONN_TO_SESSION'), ('op', 42, 'EXCHANGE_ID'), ('op', 43, 'CREATE_SESSION'),
	('op', 44, 'DESTROY_SESSION'), ('op', 53, 'SEQUENCE'), ('op', 57, 'DESTROY_CLIENTID'),
	('op', 58, 'RECLAIM_COMPLETE'), ('op', 10044, 'ILLEGAL'),
	('status', 0, 'OK'), ('status', 1, 'PERM'), ('status', 2, 'NOENT'), ('status', 22, 'INVAL'), ('status', 28, 'NOSPC'),
	('status', 10004, 'NOTSUPP'), ('status', 10005, 'TOOSMALL'), ('status', 10008, 'DELAY'), ('status', 10017, 'CLID_INUSE'),
	('status', 10020, 'NOFILEHANDLE'), ('status', 10021, 'MINOR_VERS_MISMATCH'), ('status', 10022, 'STALE_CLIENTID'),
	('status', 10027, 'NOT_SAME'), ('status', 10044, 'OP_ILLEGAL'), ('status', 10052, 'BADSESSION'),
	('status', 10053, 'BADSLOT'), ('status', 10054, 'COMPLETE_ALREADY'), ('status', 10063, 'SEQ_MISORDERED'),
	('status', 10064, 'SEQUENCE_POS'), ('status', 10065, 'REQ_TOO_BIG'), ('status', 10066, 'REP_TOO_BIG'),
	('status', 10067, 'REP_TOO_BIG_TO_CACHE'), ('status', 10070, 'TOO_MANY_OPS'), ('status', 10071, 'OP_NOT_IN_SESSION'),
	('status', 10074, 'CLIENTID_BUSY'), ('status', 10076, 'SEQ_FALSE_RETRY'), ('status', 10077, 'BAD_HIGH_SLOT'),
	('status', 10081, 'NOT_ONLY_OP'), ('status', 10082, 'WRONG_CRED')
	ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION t.nfs4_name(kind text, number bigint) RETURNS text LANGUAGE sql STABLE AS $$
	SELECT coalesce((SELECT n.name FROM t.nfs4_names n WHERE n.kind = nfs4_name.kind AND n.number = nfs4_name.number),
		nfs4_name.number::text) $$;

-- Fields
CREATE OR REPLACE FUNCTION t.i(n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT substr(int8send(n), 5) $$;
CREATE OR REPLACE FUNCTION t.l(n bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT int8send(n) $$;
CREATE OR REPLACE FUNCTION t.o(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT int4send(length(bytes)) || bytes $$;
CREATE OR REPLACE FUNCTION t.get_i(bytes bytea, at int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT ('x' || encode(substr(bytes, at, 4), 'hex'))::bit(32)::bigint $$;
CREATE OR REPLACE FUNCTION t.get_l(bytes bytea, at int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT ('x' || encode(substr(bytes, at, 8), 'hex'))::bit(64)::bigint $$;

CREATE OR REPLACE FUNCTION t.op(name text, VARIADIC fields bytea[] DEFAULT '{}') RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT t.i(n.number) || t.o(coalesce((SELECT string_agg(f, '' ORDER BY i) FROM unnest(fields) WITH ORDINALITY u(f, i)), ''))
		FROM t.nfs4_names n WHERE n.kind = 'op' AND n.name = op.name $$;

CREATE OR REPLACE FUNCTION t.join(parts bytea[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(string_agg(p, '' ORDER BY i), '') FROM unnest(parts) WITH ORDINALITY u(p, i) $$;
-- The digest is of the operations after SEQUENCE, unless it is given.
CREATE OR REPLACE FUNCTION t.compound(ops bytea[], caller text DEFAULT 'client=10.0.0.1 uid=0', minor int DEFAULT 1,
	digest bigint DEFAULT NULL, request_bytes int DEFAULT 200, ops_sent int DEFAULT NULL)
	RETURNS dittofs.compound_result LANGUAGE sql AS $$
	SELECT dittofs.compound(t.i(1) || t.i(minor)
		|| t.l(coalesce(digest, hashtextextended(ops[2:]::text, 0)))
		|| t.i(coalesce(ops_sent, cardinality(ops))) || t.i(request_bytes) || t.i(40) || t.i(cardinality(ops))
		|| t.join(ops), NULL, caller::dittofs.caller) $$;

CREATE OR REPLACE FUNCTION t.sequence(session bytea, seqid bigint, slot bigint DEFAULT 0, highest bigint DEFAULT 0,
	cache bool DEFAULT false) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT t.op('SEQUENCE', session, t.i(seqid), t.i(slot), t.i(highest), t.i(cache::int)) $$;
CREATE OR REPLACE FUNCTION t.in_session(session bytea, seqid bigint, ops bytea[] DEFAULT '{}', slot bigint DEFAULT 0,
	caller text DEFAULT 'client=10.0.0.1 uid=0', digest bigint DEFAULT NULL, cache bool DEFAULT false)
	RETURNS dittofs.compound_result LANGUAGE sql AS $$
	SELECT t.compound(t.sequence(session, seqid, slot, slot, cache) || ops, caller, digest => digest) $$;

-- How long the fields of a result are that begin there; NULL: nobody knows.
CREATE OR REPLACE FUNCTION t.result_length(op text, results bytea, at int) RETURNS int LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN op = 'SEQUENCE' THEN 36
		WHEN op = 'BIND_CONN_TO_SESSION' THEN 24
		WHEN op = 'ACCESS' THEN 8
		WHEN op = 'CREATE_SESSION' THEN 16 + 8 + 48
		WHEN op = 'GETFH' THEN 4 + t.get_i(results, at)::int
		WHEN op IN ('PUTFH', 'PUTROOTFH', 'LOOKUP', 'SAVEFH', 'RESTOREFH', 'RECLAIM_COMPLETE', 'DESTROY_SESSION', 'DESTROY_CLIENTID',
			'BACKCHANNEL_CTL') THEN 0
		WHEN op = 'REMOVE' THEN 20
		WHEN op = 'SETATTR' THEN 12
		END $$;
CREATE OR REPLACE FUNCTION t.outcome(result dittofs.compound_result) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	said text := '';
	at int := 9;
	op text;
	len int;
BEGIN
	FOR n IN 1 .. t.get_i(result.results, 5) LOOP
		op := t.nfs4_name('op', t.get_i(result.results, at));
		said := said || op || ' ' || t.nfs4_name('status', t.get_i(result.results, at + 4)) || ', ';
		len := t.result_length(op, result.results, at + 8);
		EXIT WHEN len IS NULL OR t.get_i(result.results, at + 4) <> 0;
		at := at + 8 + len;
	END LOOP;
	RETURN said || 'so ' || t.nfs4_name('status', t.get_i(result.results, 1));
END $$;

CREATE OR REPLACE FUNCTION t.exchange_op(owner text, verifier text DEFAULT '1', flags bigint DEFAULT 1, how int DEFAULT 0)
	RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT t.op('EXCHANGE_ID', substr(convert_to(verifier, 'UTF8') || '\x0000000000000000', 1, 8), t.o(convert_to(owner, 'UTF8')),
		t.i(flags), t.i(how), CASE how WHEN 0 THEN ''::bytea ELSE decode(repeat('00', 24), 'hex') END,
		t.i(1), t.o('example.org'), t.o('a client'), t.l(0), t.i(0)) $$;
CREATE OR REPLACE FUNCTION t.exchange_id(owner text, verifier text DEFAULT '1', flags bigint DEFAULT 1,
	caller text DEFAULT 'client=10.0.0.1 uid=0', how int DEFAULT 0,
	OUT status text, OUT client_id bigint, OUT sequence bigint, OUT confirmed bool, OUT server text)
	LANGUAGE plpgsql AS $$
DECLARE
	r bytea := (t.compound(ARRAY[t.exchange_op(owner, verifier, flags, how)], caller)).results;
BEGIN
	status := t.nfs4_name('status', t.get_i(r, 1));
	IF status = 'OK' THEN
		client_id := t.get_l(r, 17);
		sequence := t.get_i(r, 25);
		confirmed := t.get_i(r, 29) & 2147483648 <> 0;
		server := convert_from(substr(r, 49, t.get_i(r, 45)::int), 'UTF8');
	END IF;
END $$;
CREATE OR REPLACE FUNCTION t.create_session(client_id bigint, sequence bigint DEFAULT 1, flags int DEFAULT 3,
	request bigint DEFAULT 1049620, response bigint DEFAULT 1049480, cached bigint DEFAULT 7584, operations int DEFAULT 8,
	slots int DEFAULT 64, caller text DEFAULT 'client=10.0.0.1 uid=0',
	OUT status text, OUT session bytea, OUT granted text)
	LANGUAGE plpgsql AS $$
DECLARE
	r bytea := (t.compound(ARRAY[t.op('CREATE_SESSION', t.l(client_id), t.i(sequence), t.i(flags),
		t.i(0), t.i(request), t.i(response), t.i(cached), t.i(operations), t.i(slots),
		t.i(0), t.i(4096), t.i(4096), t.i(0), t.i(2), t.i(16), t.i(0))], caller)).results;
BEGIN
	status := t.nfs4_name('status', t.get_i(r, 1));
	IF status = 'OK' THEN
		session := substr(r, 17, 16);
		granted := format('%s: flags %s, %s', t.get_i(r, 33), t.get_i(r, 37),
			array(SELECT t.get_i(r, 41 + 4 * n) FROM generate_series(0, 5) n));
	END IF;
END $$;
CREATE OR REPLACE FUNCTION t.nfs4_client(owner text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	session bytea := (t.create_session((t.exchange_id(owner)).client_id)).session;
BEGIN
	PERFORM t.in_session(session, 1, ARRAY[t.op('RECLAIM_COMPLETE', t.i(0))]);
	RETURN session;
END $$;
