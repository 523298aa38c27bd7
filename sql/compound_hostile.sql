-- SPDX-License-Identifier: PostgreSQL
-- Programs of a COMPOUND that no gateway makes: each is refused with 22023, or runs.
\set ECHO none
\i test/check.sql
\i test/compound.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/hostile', root_mode => '0777') AS root \gset
CREATE FUNCTION pg_temp.try(program bytea, data bytea DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT string_agg(op || ' ' || status, ', ') FROM n4.results((dittofs.compound(program, data)).results));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

-- The head
SELECT pg_temp.try(NULL), pg_temp.try(''), pg_temp.try('\x00'), pg_temp.try(n4.program('{}', version => 2)), pg_temp.try(n4.program('{}') || '\x00'::bytea);
SELECT dittofs.compound('', NULL, NULL);
-- counts and lengths that are not so
SELECT pg_temp.try(overlay(n4.program(ARRAY[n4.putrootfh()]) PLACING n4.i(count) FROM 29)) AS count FROM unnest('{0,1,2,4294967295}'::bigint[]) count;
SELECT pg_temp.try(n4.program(ARRAY[n4.i(24) || n4.i(len)])) AS length FROM unnest('{1,8,2147483647,2147483648,4294967288,4294967295}'::bigint[]) len;
-- of an opaque, of attributes, of data
SELECT pg_temp.try(n4.program(ARRAY[n4.sequence(), n4.op('PUTFH', n4.i(len) || 'x')])) AS opaque FROM unnest('{0,2,2147483647,2147483648,4294967295}'::bigint[]) len;
SELECT pg_temp.try(n4.program(ARRAY[n4.sequence(), n4.putfh(:'root'), n4.op('SETATTR', decode(repeat('00', 16), 'hex') || n4.bits(4) || n4.i(len) || n4.l(0))])) AS attributes
	FROM unnest('{0,7,9,4294967295}'::bigint[]) len;
SELECT pg_temp.try(n4.program(ARRAY[n4.sequence(), n4.putfh(:'root'), n4.op('SETATTR', decode(repeat('00', 16), 'hex') || n4.bits(33, 36) || n4.o(n4.i(1) || n4.i(len) || 'x'))])) AS owner
	FROM unnest('{2,4294967295}'::bigint[]) len;
SELECT pg_temp.try(n4.program(ARRAY[n4.sequence(), n4.putfh(:'root'), n4.op('WRITE', decode(repeat('00', 16), 'hex') || n4.l(0) || n4.i(2) || n4.i(place) || n4.i(len))]), data) AS data
	FROM (VALUES (0, 1, 'x'::bytea), (1, 2, 'x'), (1, 4294967295, 'x'), (1, 1, NULL), (2, 0, 'x'), (9, 0, 'x')) v (place, len, data);
-- arguments that are too many
SELECT pg_temp.try(n4.program(ARRAY[n4.sequence(), n4.putfh(:'root'), n4.op('GETFH', 'more')])) AS more;
-- an operation that the gateway refused, and says that it went well
SELECT pg_temp.try(n4.program(ARRAY[n4.fail(22, 0)])), pg_temp.try(n4.program(ARRAY[n4.op('FAIL', 'x')]));
-- very many
SELECT count(*), min(status), max(status) FROM n4.results((dittofs.compound(n4.program(n4.sequence() || array_fill(n4.putfh(:'root'), ARRAY[5000])))).results);

-- Each beginning of a program, and each with a byte that is another one: none crashes the server, and what comes is well-formed.
CREATE FUNCTION pg_temp.good() RETURNS bytea LANGUAGE sql AS $$
	SELECT n4.program(ARRAY[n4.sequence(), n4.putfh((SELECT root FROM dittofs.list_shares() WHERE name = '/hostile')), n4.savefh(), n4.create(5, 'l', '{"mode": 448, "owner": "7", "time_modify_set": [1, 5, 5]}', 'target'),
		n4.readlink(), n4.restorefh(), n4.lookup('l'), n4.getattr('type,size,owner,change,time_modify,space_free'), n4.verify('{"size": 6, "owner": "7"}'),
		n4.restorefh(), n4.access(63), n4.readdir('type,fileid,owner,rdattr_error'), n4.rename('l', 'm'), n4.link('x')])
$$;
SELECT pg_temp.try(pg_temp.good());
SELECT outcome, count(*) FROM (SELECT left(pg_temp.try(substr(good, 1, len)), 5) AS outcome FROM (SELECT pg_temp.good() AS good) g, generate_series(0, octet_length(good) - 1) len) o GROUP BY 1 ORDER BY 1;
-- what is not refused is as many as it may be: names, owners and so on
SELECT count(*) FILTER (WHERE outcome ~ '^[0-9A-Z]{5}$' AND outcome <> '22023') AS errors, count(*) FILTER (WHERE outcome = '22023') > 100 AS refused, count(*) FILTER (WHERE outcome LIKE 'SEQUENCE OK, PUTFH OK%') > 1000 AS ran
	FROM (SELECT pg_temp.try(set_byte(pg_temp.good(), at, value)) AS outcome FROM generate_series(0, 373) at, unnest('{0,1,127,128,255}'::int[]) value) o;
-- random ones, of operations with random arguments
SELECT setseed(0.4);
CREATE FUNCTION pg_temp.noise(len int) RETURNS bytea LANGUAGE sql VOLATILE AS $$
	SELECT coalesce(string_agg(CASE WHEN random() < 0.6 THEN '\x00'::bytea WHEN random() < 0.5 THEN set_byte('\x00', 0, (random() * 8)::int) ELSE set_byte('\x00', 0, (random() * 255)::int) END, ''), '') FROM generate_series(1, len)
$$;
CREATE FUNCTION pg_temp.random_op() RETURNS bytea LANGUAGE sql VOLATILE AS $$
	SELECT n4.op((2 + random() * 75)::int, pg_temp.noise((random() * random() * 80)::int))
$$;
SELECT count(*) FILTER (WHERE outcome ~ '^[0-9A-Z]{5}$' AND outcome <> '22023') AS errors, count(*) FILTER (WHERE outcome = '22023') > 100 AS refused, count(*) FILTER (WHERE outcome LIKE 'SEQUENCE OK, PUTFH OK%') > 100 AS ran
	FROM (SELECT pg_temp.try(n4.program(ARRAY[n4.sequence(), n4.putfh(:'root'), n4.savefh(), pg_temp.random_op(), pg_temp.random_op(), pg_temp.random_op()]), pg_temp.noise((random() * 40)::int)) AS outcome
		FROM generate_series(1, 2000)) o;

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/hostile', force => true);
-- the clients go, too
SELECT dittofs.forget_clients() > 0 AS forgotten, dittofs.reap(100) >= 0 AS reaped;
