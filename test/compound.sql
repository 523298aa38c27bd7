-- SPDX-License-Identifier: PostgreSQL
-- test/compound.sql: how SQL tests make a COMPOUND of NFSv4 and read its results, in
-- schema n4.
--
--	n4.name(args...)	an operation, as bytes of a program; n4.op(number, args) any other
--	n4.run(op, ...)		runs them with SEQUENCE before them, and says what came of each:
--						'PUTROOTFH OK, LOOKUP NOENT'
--	n4.say(op, ...)		the same, with the results of each in braces
--	n4.got(op, ...)		the results of the last operation, as jsonb
--	n4.be(caller)		who runs them, n4.minor(number) in which minor version
--	n4.raw(op, ...)		runs them as they are, without a SEQUENCE
--	n4.connect(owner)	makes a client with a session; otherwise one is made when first needed
--
-- Numbers, names and forms are those of extension/include/dittofs_compound.h.
-- It may be loaded any number of times.

SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS n4;

-- Bytes
CREATE OR REPLACE FUNCTION n4.i(bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT substr(int8send($1), 5) $$;
CREATE OR REPLACE FUNCTION n4.l(numeric) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT int8send(CASE WHEN $1 > 9223372036854775807 THEN $1 - 18446744073709551616 ELSE $1 END::bigint) $$;
CREATE OR REPLACE FUNCTION n4.o(bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.i(octet_length($1)) || $1 $$;

CREATE OR REPLACE FUNCTION n4.ops() RETURNS TABLE (number int, name text) LANGUAGE sql IMMUTABLE AS $$
	VALUES (3, 'ACCESS'), (4, 'CLOSE'), (5, 'COMMIT'), (6, 'CREATE'), (7, 'DELEGPURGE'), (8, 'DELEGRETURN'),
		(9, 'GETATTR'), (10, 'GETFH'), (11, 'LINK'), (12, 'LOCK'), (13, 'LOCKT'), (14, 'LOCKU'), (15, 'LOOKUP'),
		(16, 'LOOKUPP'), (17, 'NVERIFY'), (18, 'OPEN'), (19, 'OPENATTR'), (21, 'OPEN_DOWNGRADE'), (22, 'PUTFH'),
		(23, 'PUTPUBFH'), (24, 'PUTROOTFH'), (25, 'READ'), (26, 'READDIR'), (27, 'READLINK'), (28, 'REMOVE'),
		(29, 'RENAME'), (31, 'RESTOREFH'), (32, 'SAVEFH'), (33, 'SECINFO'), (34, 'SETATTR'), (37, 'VERIFY'),
		(38, 'WRITE'), (40, 'BACKCHANNEL_CTL'), (41, 'BIND_CONN_TO_SESSION'), (42, 'EXCHANGE_ID'),
		(43, 'CREATE_SESSION'), (44, 'DESTROY_SESSION'), (45, 'FREE_STATEID'), (46, 'GET_DIR_DELEGATION'),
		(52, 'SECINFO_NO_NAME'), (53, 'SEQUENCE'), (55, 'TEST_STATEID'), (57, 'DESTROY_CLIENTID'),
		(58, 'RECLAIM_COMPLETE'), (59, 'ALLOCATE'), (60, 'COPY'), (62, 'DEALLOCATE'), (63, 'IO_ADVISE'),
		(68, 'READ_PLUS'), (69, 'SEEK'), (71, 'CLONE'), (72, 'GETXATTR'), (73, 'SETXATTR'), (74, 'LISTXATTRS'),
		(75, 'REMOVEXATTR'), (10044, 'ILLEGAL'), (20001, 'FAIL'), (20002, 'WRITE_BLOCKS') $$;
CREATE OR REPLACE FUNCTION n4.number(text) RETURNS int LANGUAGE sql IMMUTABLE AS
	$$ SELECT number FROM n4.ops() WHERE name = $1 $$;

CREATE OR REPLACE FUNCTION n4.status(bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce((SELECT name FROM (VALUES (0, 'OK'), (10008, 'DELAY'), (10009, 'SAME'), (10010, 'DENIED'),
			(10011, 'EXPIRED'), (10012, 'LOCKED'), (10013, 'GRACE'), (10015, 'SHARE_DENIED'), (10016, 'WRONGSEC'),
			(10017, 'CLID_INUSE'), (10020, 'NOFILEHANDLE'), (10021, 'MINOR_VERS_MISMATCH'),
			(10022, 'STALE_CLIENTID'), (10024, 'OLD_STATEID'), (10025, 'BAD_STATEID'), (10026, 'BAD_SEQID'),
			(10027, 'NOT_SAME'), (10028, 'LOCK_RANGE'), (10029, 'SYMLINK'), (10030, 'RESTOREFH'),
			(10032, 'ATTRNOTSUPP'), (10033, 'NO_GRACE'), (10034, 'RECLAIM_BAD'), (10036, 'BADXDR'),
			(10037, 'LOCKS_HELD'), (10038, 'OPENMODE'), (10039, 'BADOWNER'), (10040, 'BADCHAR'), (10041, 'BADNAME'),
			(10042, 'BAD_RANGE'), (10044, 'OP_ILLEGAL'), (10045, 'DEADLOCK'), (10046, 'FILE_OPEN'),
			(10047, 'ADMIN_REVOKED'), (10052, 'BADSESSION'), (10053, 'BADSLOT'), (10054, 'COMPLETE_ALREADY'),
			(10055, 'CONN_NOT_BOUND_TO_SESSION'), (10063, 'SEQ_MISORDERED'), (10064, 'SEQUENCE_POS'),
			(10065, 'REQ_TOO_BIG'), (10066, 'REP_TOO_BIG'), (10067, 'REP_TOO_BIG_TO_CACHE'),
			(10068, 'RETRY_UNCACHED_REP'), (10070, 'TOO_MANY_OPS'), (10071, 'OP_NOT_IN_SESSION'),
			(10074, 'CLIENTID_BUSY'), (10076, 'SEQ_FALSE_RETRY'), (10077, 'BAD_HIGH_SLOT'), (10078, 'DEADSESSION'),
			(10079, 'ENCR_ALG_UNSUPP'), (10081, 'NOT_ONLY_OP'), (10082, 'WRONG_CRED'), (10083, 'WRONG_TYPE'),
			(10090, 'UNION_NOTSUPP'), (10095, 'NOXATTR'), (10096, 'XATTR2BIG')) s (number, name) WHERE number = $1),
		dittofs.status_name($1::int), $1::text) $$;

-- Attributes: bit, name, form
CREATE OR REPLACE FUNCTION n4.attrs() RETURNS TABLE (nr int, name text, form text) LANGUAGE sql IMMUTABLE AS $$
	VALUES (0, 'supported_attrs', 'b'), (1, 'type', 'i'), (2, 'fh_expire_type', 'i'), (3, 'change', 'l'),
		(4, 'size', 'l'), (5, 'link_support', 'i'), (6, 'symlink_support', 'i'), (7, 'named_attr', 'i'),
		(8, 'fsid', 'll'), (9, 'unique_handles', 'i'), (10, 'lease_time', 'i'), (11, 'rdattr_error', 'i'),
		(13, 'aclsupport', 'i'), (15, 'cansettime', 'i'), (16, 'case_insensitive', 'i'), (17, 'case_preserving', 'i'),
		(18, 'chown_restricted', 'i'), (19, 'filehandle', 'o'), (20, 'fileid', 'l'), (21, 'files_avail', 'l'),
		(22, 'files_free', 'l'), (23, 'files_total', 'l'), (26, 'homogeneous', 'i'), (27, 'maxfilesize', 'l'),
		(28, 'maxlink', 'i'), (29, 'maxname', 'i'), (30, 'maxread', 'l'), (31, 'maxwrite', 'l'), (33, 'mode', 'i'),
		(34, 'no_trunc', 'i'), (35, 'numlinks', 'i'), (36, 'owner', 'o'), (37, 'owner_group', 'o'),
		(38, 'quota_avail_hard', 'l'), (39, 'quota_avail_soft', 'l'), (40, 'quota_used', 'l'), (41, 'rawdev', 'ii'),
		(42, 'space_avail', 'l'), (43, 'space_free', 'l'), (44, 'space_total', 'l'), (45, 'space_used', 'l'),
		(47, 'time_access', 't'), (48, 'time_access_set', 'T'), (50, 'time_create', 't'), (51, 'time_delta', 't'),
		(52, 'time_metadata', 't'), (53, 'time_modify', 't'), (54, 'time_modify_set', 'T'),
		(55, 'mounted_on_fileid', 'l'), (62, 'fs_layout_types', 'i'), (65, 'layout_blksize', 'i'),
		(75, 'suppattr_exclcreat', 'b'), (77, 'clone_blksize', 'i'), (79, 'change_attr_type', 'i'),
		(81, 'mode_umask', 'ii'), (82, 'xattr_support', 'i') $$;
-- A bitmap of bits, or of names separated by commas
CREATE OR REPLACE FUNCTION n4.bits(VARIADIC int[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT n4.i(coalesce(bit_or(1::bigint << bit) FILTER (WHERE bit < 32), 0)) ||
			n4.i(coalesce(bit_or(1::bigint << bit - 32) FILTER (WHERE bit BETWEEN 32 AND 63), 0)) ||
			n4.i(coalesce(bit_or(1::bigint << bit - 64) FILTER (WHERE bit >= 64), 0))
		FROM unnest($1) bit $$;
CREATE OR REPLACE FUNCTION n4.mask(names text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT n4.bits(VARIADIC coalesce(array_agg(nr), '{}'))
		FROM n4.attrs() WHERE name = ANY (string_to_array(regexp_replace(names, '\s', '', 'g'), ',')) $$;
-- Attributes with values, from names and values: {"mode": 420, "owner": "7", "time_modify_set": [1, 12, 0]}
CREATE OR REPLACE FUNCTION n4.a(jsonb DEFAULT '{}') RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT n4.bits(VARIADIC coalesce(array_agg(nr), '{}')) || n4.o(coalesce(string_agg(v.value, '' ORDER BY nr), ''))
		FROM n4.attrs() JOIN jsonb_each($1) given ON key = name, LATERAL (SELECT
			CASE WHEN form = 'o' THEN n4.o(convert_to(given.value #>> '{}', 'UTF8'))
				WHEN form = 'i' THEN n4.i((given.value #>> '{}')::bigint)
				WHEN form = 'l' THEN n4.l((given.value #>> '{}')::numeric)
				WHEN form = 'ii' THEN n4.i((given.value ->> 0)::bigint) || n4.i((given.value ->> 1)::bigint)
				WHEN form = 'll' THEN n4.l((given.value ->> 0)::numeric) || n4.l((given.value ->> 1)::numeric)
				WHEN form = 'b' THEN n4.bits(VARIADIC (SELECT coalesce(array_agg(b::int), '{}') FROM jsonb_array_elements_text(given.value) b))
				WHEN form = 't' THEN n4.l((given.value ->> 0)::numeric) || n4.i((given.value ->> 1)::bigint)
				WHEN form = 'T' THEN n4.i((given.value ->> 0)::bigint) ||
					CASE given.value ->> 0 WHEN '0' THEN ''
						ELSE n4.l((given.value ->> 1)::numeric) || n4.i((given.value ->> 2)::bigint) END
			END AS value) v $$;

-- Operations
CREATE OR REPLACE FUNCTION n4.op(number bigint, args bytea DEFAULT '') RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.i(number) || n4.o(args) $$;
CREATE OR REPLACE FUNCTION n4.op(name text, args bytea DEFAULT '') RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op(n4.number(name), args) $$;
CREATE OR REPLACE FUNCTION n4.putfh(handle bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('PUTFH', n4.o(handle)) $$;
CREATE OR REPLACE FUNCTION n4.putrootfh() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('PUTROOTFH') $$;
CREATE OR REPLACE FUNCTION n4.getfh() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('GETFH') $$;
CREATE OR REPLACE FUNCTION n4.savefh() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('SAVEFH') $$;
CREATE OR REPLACE FUNCTION n4.restorefh() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('RESTOREFH') $$;
CREATE OR REPLACE FUNCTION n4.lookup(name bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('LOOKUP', n4.o(name)) $$;
CREATE OR REPLACE FUNCTION n4.lookupp() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('LOOKUPP') $$;
CREATE OR REPLACE FUNCTION n4.getattr(names text) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('GETATTR', n4.mask(names)) $$;
CREATE OR REPLACE FUNCTION n4.setattr(attrs jsonb, stateid bytea DEFAULT decode(repeat('00', 16), 'hex')) RETURNS bytea
	LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('SETATTR', stateid || n4.a(attrs)) $$;
CREATE OR REPLACE FUNCTION n4.verify(attrs jsonb) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('VERIFY', n4.a(attrs)) $$;
CREATE OR REPLACE FUNCTION n4.nverify(attrs jsonb) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('NVERIFY', n4.a(attrs)) $$;
CREATE OR REPLACE FUNCTION n4.access(bits bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('ACCESS', n4.i(bits)) $$;
CREATE OR REPLACE FUNCTION n4.read("offset" numeric, count bigint, stateid bytea DEFAULT decode(repeat('00', 16), 'hex'))
	RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('READ', stateid || n4.l("offset") || n4.i(count)) $$;
CREATE OR REPLACE FUNCTION n4.write("offset" numeric, data bytea, stable int DEFAULT 2,
	stateid bytea DEFAULT decode(repeat('00', 16), 'hex')) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('WRITE', stateid || n4.l("offset") || n4.i(stable) || n4.i(0) || n4.o(data)) $$;
CREATE OR REPLACE FUNCTION n4.commit("offset" numeric DEFAULT 0, count bigint DEFAULT 0) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('COMMIT', n4.l("offset") || n4.i(count)) $$;
CREATE OR REPLACE FUNCTION n4.readdir(names text, cookie numeric DEFAULT 0, maxcount bigint DEFAULT 8192, dircount bigint DEFAULT 0)
	RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('READDIR',
		n4.l(cookie) || decode(repeat('00', 8), 'hex') || n4.i(dircount) || n4.i(maxcount) || n4.mask(names)) $$;
CREATE OR REPLACE FUNCTION n4.readlink() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('READLINK') $$;
-- type: nfs_ftype4; what: target of a symbolic link, or both numbers of a device
CREATE OR REPLACE FUNCTION n4.create(type bigint, name bytea, attrs jsonb DEFAULT '{}', what bytea DEFAULT '')
	RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT n4.op('CREATE',
		n4.i(type) || CASE WHEN type = 5 THEN n4.o(what) ELSE what END || n4.o(name) || n4.a(attrs)) $$;
CREATE OR REPLACE FUNCTION n4.mkdir(name bytea, attrs jsonb DEFAULT '{}') RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.create(2, name, attrs) $$;
CREATE OR REPLACE FUNCTION n4.remove(name bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('REMOVE', n4.o(name)) $$;
CREATE OR REPLACE FUNCTION n4.rename("from" bytea, "to" bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('RENAME', n4.o("from") || n4.o("to")) $$;
CREATE OR REPLACE FUNCTION n4.link(name bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('LINK', n4.o(name)) $$;
CREATE OR REPLACE FUNCTION n4.secinfo(name bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('SECINFO', n4.o(name)) $$;
CREATE OR REPLACE FUNCTION n4.secinfo_no_name(style int) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('SECINFO_NO_NAME', n4.i(style)) $$;
CREATE OR REPLACE FUNCTION n4.getxattr(name bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('GETXATTR', n4.o(name)) $$;
CREATE OR REPLACE FUNCTION n4.setxattr(name bytea, value bytea, how bigint DEFAULT 0) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('SETXATTR', n4.i(how) || n4.o(name) || n4.o(value)) $$;
CREATE OR REPLACE FUNCTION n4.removexattr(name bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('REMOVEXATTR', n4.o(name)) $$;
CREATE OR REPLACE FUNCTION n4.listxattrs(cookie numeric DEFAULT 0, maxcount bigint DEFAULT 1000) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('LISTXATTRS', n4.l(cookie) || n4.i(maxcount)) $$;
CREATE OR REPLACE FUNCTION n4.fail(op bigint, status bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('FAIL', n4.i(op) || n4.i(status)) $$;

-- Programs
CREATE OR REPLACE FUNCTION n4.join(bytea[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT coalesce(string_agg(op, '' ORDER BY n), '') FROM unnest($1) WITH ORDINALITY u(op, n) $$;
CREATE OR REPLACE FUNCTION n4.program(ops bytea[], minor bigint DEFAULT 2, digest bigint DEFAULT 0, version bigint DEFAULT 1,
	reply_head bigint DEFAULT 60) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT n4.i(version) || n4.i(minor) || n4.l(digest) || n4.i(cardinality(ops)) || 
		n4.i(octet_length(n4.join(ops))) || n4.i(reply_head) || n4.i(cardinality(ops)) || n4.join(ops) $$;

CREATE OR REPLACE FUNCTION n4.be(caller text) RETURNS void LANGUAGE sql AS
	$$ SELECT set_config('n4.caller', caller, false) $$;
CREATE OR REPLACE FUNCTION n4.minor(minor int) RETURNS void LANGUAGE sql AS
	$$ SELECT set_config('n4.minor', minor::text, false) $$;
CREATE OR REPLACE FUNCTION n4.setting(name text, otherwise text) RETURNS text LANGUAGE sql AS
	$$ SELECT coalesce(nullif(current_setting('n4.' || name, true), ''), otherwise) $$;

-- SEQUENCE of the slot and the session that n4.connect() has made
CREATE OR REPLACE FUNCTION n4.sequence(slot int DEFAULT 0) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	seqid text;
BEGIN
	IF n4.setting('session', '') = '' THEN
		PERFORM n4.connect('a test');
	END IF;
	seqid := set_config('n4.seqid' || slot, (n4.setting('seqid' || slot, '0')::int + 1)::text, false);
	RETURN n4.op('SEQUENCE', decode(n4.setting('session', ''), 'hex') || n4.i(seqid::int) || n4.i(slot) || n4.i(slot) || n4.i(1));
END $$;
CREATE OR REPLACE FUNCTION n4.exchange_id(owner text, verifier bytea DEFAULT '\x0000000000000001') RETURNS bytea LANGUAGE sql IMMUTABLE AS
	$$ SELECT n4.op('EXCHANGE_ID', verifier || n4.o(owner::bytea) || n4.i(0) || n4.i(0) || n4.i(0)) $$;
-- A client of this name, with one session, for what follows
CREATE OR REPLACE FUNCTION n4.connect(owner text, response bigint DEFAULT 1049480, cached bigint DEFAULT 7584) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	got record;
BEGIN
	PERFORM set_config('n4.client', '0', false), set_config('n4.seqid0', '0', false);
	PERFORM set_config('n4.session', repeat('00', 16), false);
	SELECT * INTO got FROM n4.call(ARRAY[n4.exchange_id(owner)]);
	PERFORM set_config('n4.client', got.fields->>0, false);
	SELECT * INTO got FROM n4.call(ARRAY[n4.op('CREATE_SESSION', n4.l((got.fields->>0)::numeric) || n4.i((got.fields->>1)::bigint) ||
		n4.i(0) || n4.i(0) || n4.i(1049620) || n4.i(response) || n4.i(cached) || n4.i(64) || n4.i(16) ||
		n4.i(0) || n4.i(4096) || n4.i(4096) || n4.i(0) || n4.i(2) || n4.i(1) || n4.i(0))]);
	PERFORM set_config('n4.session', got.fields->>0, false);
	PERFORM n4.run(n4.op('RECLAIM_COMPLETE', n4.i(0)));
END $$;

-- Results: a reader with a position
CREATE OR REPLACE FUNCTION n4.get_i(r bytea, INOUT at int, OUT value bigint) LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF at + 4 > octet_length(r) THEN RAISE EXCEPTION 'results end at %, want an i at %', octet_length(r), at; END IF;
	value := ('x' || encode(substr(r, at + 1, 4), 'hex'))::bit(32)::bigint;
	at := at + 4;
END $$;
CREATE OR REPLACE FUNCTION n4.get_l(r bytea, INOUT at int, OUT value numeric) LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF at + 8 > octet_length(r) THEN RAISE EXCEPTION 'results end at %, want an l at %', octet_length(r), at; END IF;
	value := ('x' || encode(substr(r, at + 1, 8), 'hex'))::bit(64)::bigint;
	IF value < 0 THEN value := value + 18446744073709551616; END IF;
	at := at + 8;
END $$;

-- Reads a signature; fields are named f1, f2...
CREATE OR REPLACE FUNCTION n4.get(r bytea, INOUT at int, form text, OUT value jsonb) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	letter text;
	n bigint;
	m numeric;
	attrs jsonb;
	one jsonb;
	attr record;
	words bigint[];
	ends int;
BEGIN
	value := '[]';
	FOREACH letter IN ARRAY string_to_array(form, NULL) LOOP
		CASE letter
			WHEN 'i' THEN
				SELECT * INTO at, n FROM n4.get_i(r, at);
				value := value || to_jsonb(n);
			WHEN 'l' THEN
				SELECT * INTO at, m FROM n4.get_l(r, at);
				value := value || to_jsonb(m);
			WHEN 'o' THEN
				SELECT * INTO at, n FROM n4.get_i(r, at);
				IF at + n > octet_length(r) THEN RAISE EXCEPTION 'an o of % bytes at %', n, at; END IF;
				value := value || to_jsonb(encode(substr(r, at + 1, n::int), 'escape'));
				at := at + n;
			WHEN 's', 'S' THEN
				value := value || to_jsonb(encode(substr(r, at + 1, 16), 'hex'));
				at := at + 16;
			WHEN 'v' THEN
				value := value || to_jsonb(encode(substr(r, at + 1, 8), 'hex'));
				at := at + 8;
			WHEN 't' THEN
				SELECT * INTO at, m FROM n4.get_l(r, at);
				SELECT * INTO at, n FROM n4.get_i(r, at);
				value := value || jsonb_build_array(jsonb_build_array(m, n));
			WHEN 'c' THEN
				SELECT * INTO at, one FROM n4.get(r, at, 'ill');
				value := value || jsonb_build_array(jsonb_build_object('atomic', one->0, 'before', one->1, 'after', one->2));
			WHEN 'b' THEN
				words := '{}';
				FOR i IN 1..3 LOOP
					SELECT * INTO at, n FROM n4.get_i(r, at);
					words := words || n;
				END LOOP;
				SELECT coalesce(jsonb_agg(bit ORDER BY bit), '[]') INTO one FROM generate_series(0, 95) bit
					WHERE words[1 + bit / 32] >> bit % 32 & 1 = 1;
				value := value || jsonb_build_array(one);
			WHEN 'a' THEN
				SELECT * INTO at, one FROM n4.get(r, at, 'b');
				SELECT * INTO at, n FROM n4.get_i(r, at);
				ends := at + n;
				attrs := '{}';
				FOR attr IN SELECT a.name, a.form FROM n4.attrs() a, jsonb_array_elements_text(one->0) bit WHERE a.nr = bit::int ORDER BY a.nr LOOP
					SELECT * INTO at, one FROM n4.get(r, at, attr.form);
					attrs := attrs || jsonb_build_object(attr.name, CASE WHEN jsonb_array_length(one) = 1 THEN one->0 ELSE one END);
				END LOOP;
				IF at <> ends THEN RAISE EXCEPTION 'attributes end at %, not %', at, ends; END IF;
				value := value || attrs;
		END CASE;
	END LOOP;
END $$;

-- The fields of an operation's results
CREATE OR REPLACE FUNCTION n4.fields(op text, status bigint, r bytea, INOUT at int, OUT value jsonb) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	form text;
	one jsonb;
	n bigint;
	holes bool;
BEGIN
	value := '[]';
	IF op IN ('LOCK', 'LOCKT') AND status = 10010 THEN
		SELECT * INTO at, value FROM n4.get(r, at, 'llilo');
		RETURN;
	END IF;
	IF status <> 0 THEN RETURN; END IF;
	CASE op
		WHEN 'READ' THEN
			SELECT * INTO at, value FROM n4.get(r, at, 'ii');
			SELECT * INTO at, one FROM n4.get(r, at, CASE value->>1 WHEN '1' THEN 'i' ELSE 'o' END);
			value := value || one;
		WHEN 'READ_PLUS' THEN
			SELECT * INTO at, value FROM n4.get(r, at, 'ii');
			FOR i IN 1..(value->>1)::int LOOP
				SELECT * INTO at, one FROM n4.get(r, at, 'il');
				value := value || one;
				IF one->>0 = '1' THEN
					SELECT * INTO at, one FROM n4.get(r, at, 'l');
				ELSE
					SELECT * INTO at, n FROM n4.get_i(r, at);
					SELECT * INTO at, one FROM n4.get(r, at, CASE n WHEN 1 THEN 'i' ELSE 'o' END);
				END IF;
				value := value || one;
			END LOOP;
		WHEN 'READDIR' THEN
			SELECT * INTO at, value FROM n4.get(r, at, 'vi');
			n := (value->>1)::bigint;
			value := '[]';
			FOR i IN 1..n LOOP
				SELECT * INTO at, one FROM n4.get(r, at, 'loa');
				value := value || jsonb_build_array(one);
			END LOOP;
			SELECT * INTO at, one FROM n4.get(r, at, 'i');
			value := jsonb_build_array(value) || one;
		WHEN 'SECINFO', 'SECINFO_NO_NAME', 'TEST_STATEID' THEN
			SELECT * INTO at, n FROM n4.get_i(r, at);
			SELECT * INTO at, value FROM n4.get(r, at, repeat('i', n::int));
		WHEN 'LISTXATTRS' THEN
			SELECT * INTO at, value FROM n4.get(r, at, 'li');
			SELECT * INTO at, one FROM n4.get(r, at, repeat('o', (value->>1)::int) || 'i');
			value := value || one;
		WHEN 'OPEN' THEN
			SELECT * INTO at, value FROM n4.get(r, at, 'scibi');
			IF value->>4 = '3' THEN
				SELECT * INTO at, n FROM n4.get_i(r, at);
				IF n IN (1, 2) THEN at := at + 4; END IF;	-- CONTENTION, RESOURCE
			END IF;
		ELSE
			SELECT f.form INTO form FROM (VALUES ('ACCESS', 'ii'), ('CLOSE', 's'), ('COMMIT', 'v'), ('CREATE', 'cb'),
				('GETATTR', 'a'), ('GETFH', 'o'), ('LINK', 'c'), ('LOCK', 's'), ('LOCKU', 's'), ('OPEN_DOWNGRADE', 's'),
				('READLINK', 'o'), ('REMOVE', 'c'), ('RENAME', 'cc'), ('SETATTR', 'b'), ('WRITE', 'iiv'),
				('BIND_CONN_TO_SESSION', 'Sii'), ('SEQUENCE', 'Siiiii'), ('IO_ADVISE', 'b'), ('SEEK', 'il'),
				('COPY', 'ilivii'), ('GETXATTR', 'o'), ('SETXATTR', 'c'), ('REMOVEXATTR', 'c'),
				('EXCHANGE_ID', 'liiilooi'), ('CREATE_SESSION', 'Siiiiiiiiiiiiii')) f (name, form) WHERE f.name = op;
			IF form IS NOT NULL THEN
				SELECT * INTO at, value FROM n4.get(r, at, form);
			END IF;
	END CASE;
END $$;

CREATE OR REPLACE FUNCTION n4.results(r bytea, OUT op text, OUT status text, OUT fields jsonb) RETURNS SETOF record
	LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	at int := 0;
	n bigint;
	total bigint;
	code bigint;
	last bigint;
BEGIN
	SELECT * INTO at, last FROM n4.get_i(r, at);
	SELECT * INTO at, total FROM n4.get_i(r, at);
	IF total = 0 THEN
		op := 'COMPOUND';
		status := n4.status(last);
		RETURN NEXT;
	END IF;
	FOR i IN 1..total LOOP
		SELECT * INTO at, code FROM n4.get_i(r, at);
		SELECT * INTO at, n FROM n4.get_i(r, at);
		op := coalesce((SELECT o.name FROM n4.ops() o WHERE o.number = code), code::text);
		status := n4.status(n);
		SELECT * INTO at, fields FROM n4.fields(op, n, r, at);
		RETURN NEXT;
		IF (n <> 0) <> (i = total AND last <> 0) OR i = total AND n <> last THEN
			RAISE EXCEPTION '% is result % of %, and the status is %', n, i, total, last;
		END IF;
	END LOOP;
	IF at <> octet_length(r) THEN RAISE EXCEPTION 'results end at %, not %', at, octet_length(r); END IF;
END $$;

CREATE OR REPLACE FUNCTION n4.call(ops bytea[], OUT op text, OUT status text, OUT fields jsonb, OUT data bytea) RETURNS SETOF record
	LANGUAGE plpgsql AS $$
DECLARE
	answer dittofs.compound_result;
BEGIN
	answer := dittofs.compound(n4.program(ops, n4.setting('minor', '2')::bigint, hashtextextended(encode(n4.join(ops), 'hex'), 0)), NULL, n4.setting('caller', '')::dittofs.caller);
	FOR op, status, fields IN SELECT * FROM n4.results(answer.results) LOOP
		data := answer.data;
		RETURN NEXT;
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION n4.raw(VARIADIC ops bytea[]) RETURNS text LANGUAGE sql AS
	$$ SELECT string_agg(op || ' ' || status, ', ') FROM n4.call(ops) $$;
CREATE OR REPLACE FUNCTION n4.run(VARIADIC ops bytea[]) RETURNS text LANGUAGE sql AS
	$$ SELECT string_agg(op || ' ' || status, ', ') FROM n4.call(n4.sequence() || ops) WHERE op <> 'SEQUENCE' OR status <> 'OK' $$;
CREATE OR REPLACE FUNCTION n4.say(VARIADIC ops bytea[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(op || ' ' || status || CASE fields WHEN '[]' THEN '' ELSE ' ' || fields::text END, ', ')
		FROM n4.call(n4.sequence() || ops) WHERE op <> 'SEQUENCE' OR status <> 'OK' $$;
-- The last one's fields; one field alone is it itself
CREATE OR REPLACE FUNCTION n4.got(VARIADIC ops bytea[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT CASE WHEN status <> 'OK' THEN to_jsonb(op || ' ' || status)
			WHEN jsonb_array_length(fields) = 1 THEN fields->0 ELSE fields END
		FROM (SELECT *, row_number() OVER () AS n FROM n4.call(n4.sequence() || ops)) c ORDER BY n DESC LIMIT 1 $$;
-- The bytes beside the results
CREATE OR REPLACE FUNCTION n4.data(VARIADIC ops bytea[]) RETURNS bytea LANGUAGE sql AS
	$$ SELECT data FROM n4.call(n4.sequence() || ops) LIMIT 1 $$;
-- A handle, as GETFH tells it
CREATE OR REPLACE FUNCTION n4.handle(VARIADIC ops bytea[]) RETURNS bytea LANGUAGE sql AS
	$$ SELECT decode(n4.got(VARIADIC ops || n4.getfh()) #>> '{}', 'escape') $$;

RESET client_min_messages;
