-- SPDX-License-Identifier: PostgreSQL
-- Holes and ranges by COMPOUND (RFC 7862): SEEK, ALLOCATE, DEALLOCATE, COPY, CLONE.
\set ECHO none
\i test/check.sql
\i test/compound.sql
SET client_min_messages = warning;
CREATE OR REPLACE FUNCTION n4.anonymous() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT decode(repeat('00', 16), 'hex') $$;
CREATE OR REPLACE FUNCTION n4.seek("offset" numeric, what int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT n4.op('SEEK', n4.anonymous() || n4.l("offset") || n4.i(what)) $$;
CREATE OR REPLACE FUNCTION n4.range(op text, "offset" numeric, length numeric) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT n4.op(op, n4.anonymous() || n4.l("offset") || n4.l(length)) $$;
\set ECHO all

SELECT dittofs.create_share('/ranges', root_mode => '0777') AS root \gset
SELECT dittofs.write_file('/ranges/f', convert_to(repeat('0123456789', 5000), 'UTF8'), '0666'), dittofs.symlink('f', '/ranges/s'), dittofs.mkdir('/ranges/d');
SELECT dittofs.resolve('/ranges/f') AS f, dittofs.resolve('/ranges/s') AS s, dittofs.resolve('/ranges/d') AS d \gset

-- DEALLOCATE and SEEK
SELECT n4.run(n4.putfh(:'f'), n4.range('DEALLOCATE', 10000, 20000), n4.getattr('size,space_used'));
SELECT n4.got(n4.putfh(:'f'), n4.getattr('size,space_used'));
SELECT n4.got(n4.putfh(:'f'), n4.seek(0, 0)) AS data, n4.got(n4.putfh(:'f'), n4.seek(0, 1)) AS hole, n4.got(n4.putfh(:'f'), n4.seek(15000, 0)) AS data, n4.got(n4.putfh(:'f'), n4.seek(30000, 1)) AS "end";
SELECT n4.run(n4.putfh(:'f'), n4.seek(50000, 0)) AS beyond, n4.run(n4.putfh(:'f'), n4.seek(18446744073709551615, 1)) AS far, n4.run(n4.putfh(:'f'), n4.seek(0, 2)) AS what,
	n4.run(n4.putfh(:'d'), n4.seek(0, 0)) AS directory, n4.run(n4.putfh(:'s'), n4.seek(0, 0)) AS symlink, n4.run(n4.putrootfh(), n4.seek(0, 0)) AS above;
SELECT n4.run(n4.putfh(:'f'), n4.range('DEALLOCATE', 45000, 18446744073709551615)) AS "to the end", n4.got(n4.putfh(:'f'), n4.seek(45000, 0)) AS none,
	n4.run(n4.putfh(:'f'), n4.range('DEALLOCATE', 18446744073709551615, 1)) AS beyond, n4.run(n4.putfh(:'f'), n4.range('DEALLOCATE', 0, 0)) AS nothing,
	n4.run(n4.putfh(:'d'), n4.range('DEALLOCATE', 0, 1)) AS directory, n4.run(n4.putfh(:'s'), n4.range('DEALLOCATE', 0, 1)) AS symlink;
-- ALLOCATE
SELECT n4.run(n4.putfh(:'f'), n4.range('ALLOCATE', 0, 10)), n4.run(n4.putfh(:'f'), n4.range('ALLOCATE', 50000, 10000)), n4.run(n4.putfh(:'f'), n4.range('ALLOCATE', 18446744073709551615, 1)) AS far,
	n4.run(n4.putfh(:'f'), n4.range('ALLOCATE', 0, 0)) AS nothing;
SELECT n4.got(n4.putfh(:'f'), n4.getattr('size,space_used'));
-- READ_PLUS is not there; clients read
SELECT n4.run(n4.putfh(:'f'), n4.op('READ_PLUS', n4.anonymous() || n4.l(0) || n4.i(100)));
-- who may not, and a share that must not be changed
SELECT dittofs.chmod('/ranges/f', '0644'), n4.be('uid=9 gid=9 client=10.0.0.9');
SELECT n4.run(n4.putfh(:'f'), n4.range('DEALLOCATE', 0, 1)), n4.run(n4.putfh(:'f'), n4.seek(0, 0));
SELECT n4.be(''), dittofs.alter_share('/ranges', read_only => true);
SELECT n4.run(n4.putfh(:'f'), n4.range('DEALLOCATE', 0, 1)), n4.run(n4.putfh(:'f'), n4.range('ALLOCATE', 0, 1)), n4.run(n4.putfh(:'f'), n4.seek(0, 0));
SELECT dittofs.alter_share('/ranges', read_only => false), dittofs.chmod('/ranges/f', '0666');

-- COPY and CLONE take stateids of opens
SELECT n4.run(n4.putfh(:'f'), n4.savefh(), n4.op('COPY', n4.anonymous() || n4.anonymous() || n4.l(0) || n4.l(0) || n4.l(0) || n4.i(1) || n4.i(1) || n4.i(0))) AS copy,
	n4.run(n4.putfh(:'f'), n4.savefh(), n4.op('CLONE', n4.anonymous() || n4.anonymous() || n4.l(0) || n4.l(0) || n4.l(0))) AS clone,
	n4.run(n4.putfh(:'f'), n4.op('CLONE', n4.anonymous() || n4.anonymous() || n4.l(0) || n4.l(0) || n4.l(0))) AS "no source",
	n4.run(n4.putrootfh(), n4.savefh(), n4.putfh(:'f'), n4.op('CLONE', n4.anonymous() || n4.anonymous() || n4.l(0) || n4.l(0) || n4.l(0))) AS "above";

-- ... and each filehandle brings its own: OPENs by filehandle, with the current stateid
CREATE FUNCTION pg_temp.open(access int) RETURNS bytea LANGUAGE sql AS $$
	SELECT n4.op('OPEN', n4.i(0) || n4.i(access) || n4.i(0) || n4.l(0) || n4.o('me') || n4.i(0) || n4.i(4)) $$;
CREATE FUNCTION pg_temp.current() RETURNS bytea LANGUAGE sql AS $$ SELECT n4.i(1) || decode(repeat('00', 12), 'hex') $$;
CREATE FUNCTION pg_temp.copy("from" numeric, "to" numeric, count numeric) RETURNS bytea LANGUAGE sql AS $$
	SELECT n4.op('COPY', pg_temp.current() || pg_temp.current() || n4.l("from") || n4.l("to") || n4.l(count) || n4.i(1) || n4.i(1) || n4.i(0)) $$;
CREATE FUNCTION pg_temp.clone("from" numeric, "to" numeric, count numeric) RETURNS bytea LANGUAGE sql AS $$
	SELECT n4.op('CLONE', pg_temp.current() || pg_temp.current() || n4.l("from") || n4.l("to") || n4.l(count)) $$;
SELECT dittofs.write_file('/ranges/g', '', '0666'), dittofs.write_file('/ranges/h', 'abc', '0666');
SELECT dittofs.resolve('/ranges/g') AS g, dittofs.resolve('/ranges/h') AS h \gset
SELECT n4.got(n4.putfh(:'f'), pg_temp.open(1), n4.savefh(), n4.putfh(:'g'), pg_temp.open(2), pg_temp.copy(0, 0, 0)) - 3 AS copied;
SELECT n4.got(n4.putfh(:'g'), n4.getattr('size,space_used')), dittofs.read_file('/ranges/g') = dittofs.read_file('/ranges/f') AS same;
SELECT n4.run(n4.putfh(:'f'), pg_temp.open(1), n4.savefh(), n4.putfh(:'h'), pg_temp.open(2), pg_temp.clone(5, 3, 7)) AS cloned;
SELECT dittofs.read_file('/ranges/h');
SELECT n4.run(n4.putfh(:'f'), pg_temp.open(1), n4.savefh(), n4.putfh(:'h'), pg_temp.open(2), pg_temp.clone(59999, 3, 7)) AS "too short",
	n4.run(n4.putfh(:'f'), pg_temp.open(1), n4.savefh(), n4.putfh(:'h'), pg_temp.open(2), pg_temp.copy(18446744073709551615, 0, 1)) AS far,
	n4.run(n4.putfh(:'f'), pg_temp.open(1), n4.savefh(), n4.putfh(:'h'), pg_temp.open(2), pg_temp.copy(0, 18446744073709551615, 1)) AS large,
	n4.run(n4.putfh(:'f'), pg_temp.open(3), n4.savefh(), pg_temp.clone(0, 5, 10)) AS overlap;
-- opened for the wrong thing; not opened
SELECT dittofs.write_file('/ranges/i', 'abc', '0666'), dittofs.write_file('/ranges/j', 'abc', '0666');
SELECT dittofs.resolve('/ranges/i') AS i, dittofs.resolve('/ranges/j') AS j \gset
SELECT n4.run(n4.putfh(:'f'), pg_temp.open(1), n4.savefh(), n4.putfh(:'i'), pg_temp.open(1), pg_temp.copy(0, 0, 1)) AS "target",
	n4.run(n4.putfh(:'j'), pg_temp.open(2), n4.savefh(), n4.putfh(:'h'), pg_temp.open(2), pg_temp.clone(0, 0, 1)) AS "source",
	n4.run(n4.putfh(:'f'), pg_temp.open(1), n4.savefh(), n4.putfh(:'h'), pg_temp.copy(0, 0, 1)) AS "none";

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/ranges', force => true);
