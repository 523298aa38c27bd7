-- SPDX-License-Identifier: PostgreSQL
-- test/nfs4_opens.sql: opens and locks of NFSv4 by clients with names; after test/nfs4.sql.
--
--	t.client4(name)					a client, with a session
--	t.on4(client, handle, op)		PUTFH of the handle and an operation: status and fields
--	t.open4(client, dir, name, ...)	OPEN by name, and
--	t.open_fh4(client, handle, ...)	by filehandle; the stateid is kept under a name
--	t.stateid(name), t.close4(...), t.downgrade4(...), t.lock4(...), t.unlock4(...), t.test4(...), t.read4(...),
--	t.write4(...), t.free4(...)		what came of it, in words

INSERT INTO t.nfs4_names VALUES
	('op', 5, 'COMMIT'), ('op', 12, 'LOCK'), ('op', 13, 'LOCKT'), ('op', 14, 'LOCKU'), ('op', 21, 'OPEN_DOWNGRADE'),
	('op', 45, 'FREE_STATEID'), ('op', 55, 'TEST_STATEID'), ('op', 8, 'DELEGRETURN'),
	('status', 13, 'ACCES'), ('status', 17, 'EXIST'), ('status', 21, 'ISDIR'), ('status', 30, 'ROFS'), ('status', 70, 'STALE'),
	('status', 10010, 'DENIED'), ('status', 10012, 'LOCKED'), ('status', 10013, 'GRACE'), ('status', 10015, 'SHARE_DENIED'),
	('status', 10024, 'OLD_STATEID'), ('status', 10025, 'BAD_STATEID'), ('status', 10029, 'SYMLINK'),
	('status', 10032, 'ATTRNOTSUPP'), ('status', 10033, 'NO_GRACE'), ('status', 10037, 'LOCKS_HELD'),
	('status', 10038, 'OPENMODE'), ('status', 10083, 'WRONG_TYPE')
	ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS t.clients4 (name text, slot int, session bytea, client_id bigint, seqid bigint, PRIMARY KEY (name, slot));
CREATE TABLE IF NOT EXISTS t.stateids4 (name text PRIMARY KEY, stateid bytea);
-- Sessions of psql that run at the same time set t.slot.
CREATE OR REPLACE FUNCTION t.client4(who text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	s bytea := t.nfs4_client(who);
BEGIN
	INSERT INTO t.clients4 SELECT who, slot, s, (SELECT c.client_id FROM dittofs.nfs4_clients c
			WHERE c.owner = convert_to(who, 'UTF8') AND c.state = 'confirmed'), CASE slot WHEN 0 THEN 1 ELSE 0 END
		FROM generate_series(0, 3) slot ON CONFLICT ON CONSTRAINT clients4_pkey DO UPDATE SET session = excluded.session,
			client_id = excluded.client_id, seqid = excluded.seqid;
	RETURN who;
END $$;
CREATE OR REPLACE FUNCTION t.on4(client text, handle bytea, op bytea, OUT status text, OUT fields bytea) LANGUAGE plpgsql AS $$
DECLARE
	c t.clients4;
	r bytea;
	s int := coalesce(nullif(current_setting('t.slot', true), '')::int, 0);
BEGIN
	UPDATE t.clients4 u SET seqid = seqid + 1 WHERE u.name = client AND u.slot = s RETURNING * INTO c;
	r := (t.in_session(c.session, c.seqid, CASE WHEN handle IS NULL THEN ARRAY[op] ELSE ARRAY[t.op('PUTFH', t.o(handle)), op] END,
		slot => s, caller => coalesce(nullif(current_setting('t.caller', true), ''), 'client=10.0.0.1 uid=0'))).results;
	status := t.nfs4_name('status', t.get_i(r, 1));
	fields := substr(r, CASE WHEN handle IS NULL THEN 61 ELSE 69 END);
END $$;
CREATE OR REPLACE FUNCTION t.stateid(name text) RETURNS bytea LANGUAGE sql AS $$
	SELECT CASE stateid.name WHEN 'anonymous' THEN decode(repeat('00', 16), 'hex') WHEN 'bypass' THEN decode(repeat('ff', 16), 'hex')
		WHEN 'current' THEN t.i(1) || decode(repeat('00', 12), 'hex') ELSE s.stateid END
		FROM (SELECT) one LEFT JOIN t.stateids4 s ON s.name = stateid.name $$;
CREATE OR REPLACE FUNCTION t.keep4(as_name text, stateid bytea) RETURNS text LANGUAGE sql AS $$
	INSERT INTO t.stateids4 VALUES (as_name, stateid) ON CONFLICT ON CONSTRAINT stateids4_pkey DO UPDATE SET stateid = excluded.stateid;
	SELECT 'seqid ' || t.get_i(stateid, 1) $$;
-- how: NULL none, 0 unchecked, 1 guarded, 2 exclusive, 3 exclusive with attributes; attrs: bitmap and values
CREATE OR REPLACE FUNCTION t.open_op(access int, deny int, owner text, how int, attrs bytea, verifier text, claim bytea) RETURNS bytea
	LANGUAGE sql STABLE AS $$
	SELECT t.op('OPEN', t.i(0), t.i(access), t.i(deny), t.l(0), t.o(convert_to(owner, 'UTF8')),
		CASE WHEN how IS NULL THEN t.i(0) ELSE t.i(1) || t.i(how)
			|| CASE WHEN how >= 2 THEN substr(convert_to(verifier, 'UTF8') || '\x0000000000000000', 1, 8) ELSE '' END
			|| CASE WHEN how <> 2 THEN attrs ELSE '' END END, claim) $$;
-- No attributes, a size, a mode
CREATE OR REPLACE FUNCTION t.no_attrs() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT decode(repeat('00', 16), 'hex') $$;
CREATE OR REPLACE FUNCTION t.size_attr(size bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT t.i(16) || t.i(0) || t.i(0) || t.o(t.l(size)) $$;
CREATE OR REPLACE FUNCTION t.mode_attr(mode int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT t.i(0) || t.i(2) || t.i(0) || t.o(t.i(mode)) $$;
CREATE OR REPLACE FUNCTION t.opened4(as_name text, r record) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	f bytea;
BEGIN
	IF r.status <> 'OK' THEN
		RETURN r.status;
	END IF;
	f := r.fields;
	RETURN concat_ws(', ', t.keep4(as_name, substr(f, 1, 16)),
		CASE WHEN t.get_l(f, 21) = t.get_l(f, 29) THEN 'was there' ELSE 'made' END,
		'attributes ' || nullif(encode(substr(f, 41, 12), 'hex'), repeat('0', 24)),
		'flags ' || nullif(t.get_i(f, 37), 4), 'delegation ' || nullif(encode(substr(f, 53), 'hex'), '00000000'));
END $$;
CREATE OR REPLACE FUNCTION t.open4(client text, dir text, name text, access int DEFAULT 1, deny int DEFAULT 0, owner text DEFAULT 'o',
	how int DEFAULT NULL, attrs bytea DEFAULT t.no_attrs(), verifier text DEFAULT 'v', as_name text DEFAULT 's') RETURNS text
	LANGUAGE sql AS $$
	SELECT t.opened4(as_name, t.on4(client, dittofs.resolve(dir), t.open_op(access, deny, owner, how, attrs, verifier,
		t.i(0) || t.o(convert_to(name, 'UTF8'))))) $$;
CREATE OR REPLACE FUNCTION t.open_fh4(client text, handle bytea, access int DEFAULT 1, deny int DEFAULT 0, owner text DEFAULT 'o',
	as_name text DEFAULT 's') RETURNS text LANGUAGE sql AS $$
	SELECT t.opened4(as_name, t.on4(client, handle, t.open_op(access, deny, owner, NULL, NULL, NULL, t.i(4)))) $$;
CREATE OR REPLACE FUNCTION t.kept4(as_name text, r record) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF r.status <> 'OK' THEN
		RETURN r.status;
	END IF;
	RETURN t.keep4(as_name, substr(r.fields, 1, 16));
END $$;
CREATE OR REPLACE FUNCTION t.close4(client text, handle bytea, stateid bytea DEFAULT t.stateid('s')) RETURNS text LANGUAGE sql AS $$
	SELECT status || CASE WHEN status = 'OK' THEN ' ' || encode(substr(fields, 1, 16), 'hex') ELSE '' END
		FROM t.on4(client, handle, t.op('CLOSE', t.i(0), stateid)) $$;
CREATE OR REPLACE FUNCTION t.downgrade4(client text, handle bytea, access int, deny int DEFAULT 0, name text DEFAULT 's') RETURNS text
	LANGUAGE sql AS $$
	SELECT t.kept4(name, t.on4(client, handle, t.op('OPEN_DOWNGRADE', t.stateid(name), t.i(0), t.i(access), t.i(deny)))) $$;
CREATE OR REPLACE FUNCTION t.denied4(r record) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	f bytea;
BEGIN
	IF r.status <> 'DENIED' THEN
		RETURN r.status;
	END IF;
	f := r.fields;
	RETURN format('DENIED %s+%s %s by %s %s', t.get_l(f, 1), t.get_l(f, 9), (ARRAY['read', 'write'])[t.get_i(f, 17)],
		coalesce((SELECT min(name) FROM t.clients4 WHERE client_id = t.get_l(f, 21)), 'a client of NLM'),
		convert_from(substr(f, 33, t.get_i(f, 29)::int), 'UTF8'));
END $$;
-- By the stateid of an open for a new owner, or by that of an owner.
CREATE OR REPLACE FUNCTION t.lock4(client text, handle bytea, start bigint, length bigint, type int DEFAULT 2, owner text DEFAULT 'p',
	open text DEFAULT 's', as_name text DEFAULT 'l', reclaim int DEFAULT 0) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	r := t.on4(client, handle, t.op('LOCK', t.i(type), t.i(reclaim), t.l(start), t.l(length), CASE WHEN open IS NULL
		THEN t.i(0) || t.stateid(as_name) || t.i(0)
		ELSE t.i(1) || t.i(0) || t.stateid(open) || t.i(0) || t.l(0) || t.o(convert_to(owner, 'UTF8')) END));
	RETURN CASE r.status WHEN 'OK' THEN t.kept4(as_name, r) ELSE t.denied4(r) END;
END $$;
CREATE OR REPLACE FUNCTION t.unlock4(client text, handle bytea, start bigint, length bigint, name text DEFAULT 'l') RETURNS text
	LANGUAGE sql AS $$
	SELECT t.kept4(name, t.on4(client, handle, t.op('LOCKU', t.i(1), t.i(0), t.stateid(name), t.l(start), t.l(length)))) $$;
CREATE OR REPLACE FUNCTION t.test4(client text, handle bytea, start bigint, length bigint, type int DEFAULT 2, owner text DEFAULT 'p')
	RETURNS text LANGUAGE sql AS $$
	SELECT t.denied4(t.on4(client, handle, t.op('LOCKT', t.i(type), t.l(start), t.l(length), t.l(0), t.o(convert_to(owner, 'UTF8'))))) $$;
CREATE OR REPLACE FUNCTION t.read4(client text, handle bytea, stateid bytea DEFAULT t.stateid('s')) RETURNS text LANGUAGE sql AS $$
	SELECT status FROM t.on4(client, handle, t.op('READ', stateid, t.l(0), t.i(100))) $$;
CREATE OR REPLACE FUNCTION t.write4(client text, handle bytea, stateid bytea DEFAULT t.stateid('s')) RETURNS text LANGUAGE sql AS $$
	SELECT status FROM t.on4(client, handle, t.op('WRITE', stateid, t.l(0), t.i(2), t.i(0), t.o('w'))) $$;
CREATE OR REPLACE FUNCTION t.free4(client text, name text DEFAULT 'l') RETURNS text LANGUAGE sql AS $$
	SELECT status FROM t.on4(client, NULL, t.op('FREE_STATEID', t.stateid(name))) $$;
CREATE OR REPLACE FUNCTION t.valid4(client text, VARIADIC stateids bytea[]) RETURNS text LANGUAGE sql AS $$
	SELECT status || ': ' || (SELECT string_agg(t.nfs4_name('status', t.get_i(fields, 1 + 4 * n)), ' ' ORDER BY n)
		FROM generate_series(1, t.get_i(fields, 1)::int) n)
		FROM t.on4(client, NULL, t.op('TEST_STATEID', t.i(cardinality(stateids)), t.join(stateids))) $$;
CREATE OR REPLACE FUNCTION t.with_seqid(stateid bytea, seqid bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT t.i(seqid) || substr(stateid, 5) $$;
