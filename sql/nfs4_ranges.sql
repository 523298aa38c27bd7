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

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/ranges', force => true);
