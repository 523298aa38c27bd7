-- SPDX-License-Identifier: PostgreSQL
-- Sessions of NFSv4: what SEQUENCE accepts, what is made once, and answered again.
\set ECHO none
\i test/check.sql
\i test/nfs4.sql
\set ECHO all

-- what other tests have stored
TRUNCATE dittofs.nfs4_replies_0, dittofs.nfs4_replies_1, dittofs.nfs4_replies_2;
SELECT t.nfs4_client('a') AS s \gset
-- a change that can be told from its repetition: it makes an unconfirmed client of a new number
CREATE FUNCTION pg_temp.change(name text) RETURNS bytea LANGUAGE sql AS $$ SELECT t.exchange_op(name) $$;
CREATE FUNCTION pg_temp.stored() RETURNS bigint LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM dittofs.nfs4_replies_0) + (SELECT count(*) FROM dittofs.nfs4_replies_1)
		+ (SELECT count(*) FROM dittofs.nfs4_replies_2) $$;

-- An error of SEQUENCE changes nothing: the number can be used for something else.
SELECT t.outcome(t.compound(ARRAY[t.sequence(decode(repeat('ab', 16), 'hex'), 1)]));
-- the mark of another database; another session of this one
SELECT t.outcome(t.compound(ARRAY[t.sequence(set_byte(:'s', n, get_byte(:'s', n) # 1), 1)])) FROM unnest('{0,15}'::int[]) n;
SELECT t.outcome(t.compound(ARRAY[t.sequence(:'s', 1, 64, 0)]));
SELECT t.outcome(t.compound(ARRAY[t.sequence(:'s', 1, 2147483649, 0)]));
SELECT t.outcome(t.compound(ARRAY[t.sequence(:'s', 1, 1, 64), pg_temp.change('x')]));
SELECT t.outcome(t.compound(t.sequence(:'s', 1, 1) || array_fill(t.op('RECLAIM_COMPLETE', t.i(0)), ARRAY[8])));
SELECT t.outcome(t.compound(ARRAY[t.sequence(:'s', 1, 1), pg_temp.change('x')], request_bytes => 2000000));
SELECT t.outcome(t.compound(ARRAY[pg_temp.change('x'), t.sequence(:'s', 1, 1)]));
SELECT t.outcome(t.compound(ARRAY[t.op('RECLAIM_COMPLETE', t.i(0))]));
SELECT t.outcome(t.compound(ARRAY[t.sequence(:'s', 1, 1), t.sequence(:'s', 2, 1)]));
SELECT pg_temp.stored();
SELECT client_id IS NULL AS not_renewed FROM t.compound(ARRAY[t.sequence(:'s', 1, 64, 0)]);
SELECT c.client_id = n.client_id AS renewed, t.outcome(c::dittofs.compound_result) FROM t.compound(ARRAY[t.sequence(:'s', 1, 1)]) c, dittofs.nfs4_clients n
	WHERE convert_from(n.owner, 'UTF8') = 'a';
-- what it answers: session, seqid, slot, highest slot, and the one to aim at, status flags
SELECT substr(results, 17, 16) = :'s' AS session, array(SELECT t.get_i(results, 33 + 4 * n) FROM generate_series(0, 4) n) AS rest
	FROM t.compound(ARRAY[t.sequence(:'s', 7, 3, 5)]);

-- Made once; the repetition gets the answer, bytes and all, and writes nothing.
SELECT results AS first FROM t.in_session(:'s', 1, ARRAY[pg_temp.change('x')], slot => 1) \gset
SELECT t.outcome(ROW(:'first', NULL, NULL)::dittofs.compound_result), pg_temp.stored();
SELECT results = :'first' AS same, pg_temp.stored() FROM t.in_session(:'s', 1, ARRAY[pg_temp.change('x')], slot => 1);
SELECT results = :'first' AS same, t.outcome(r::dittofs.compound_result) FROM t.in_session(:'s', 2, ARRAY[pg_temp.change('x')], slot => 1) r;
-- another request by the same number, a change or not; an older number; on another slot it is new
SELECT t.outcome(t.in_session(:'s', 2, ARRAY[pg_temp.change('y')], slot => 1));
-- one that only reads is not compared
SELECT t.outcome(t.in_session(:'s', 2, ARRAY[t.op('PUTROOTFH')], slot => 1));
SELECT t.outcome(t.in_session(:'s', 1, ARRAY[pg_temp.change('x')], slot => 1));
SELECT t.outcome(t.in_session(:'s', 1, ARRAY[pg_temp.change('y')], slot => 2));
SELECT t.outcome(t.in_session(:'s', 2, ARRAY[t.op('RECLAIM_COMPLETE', t.i(0))], slot => 2));
-- reading stores nothing; nor does what failed before it has changed anything
SELECT t.outcome(t.in_session(:'s', 3)), t.outcome(t.in_session(:'s', 3)), pg_temp.stored();
-- what failed later has changed something: it is stored, and not made again
SELECT results AS failed FROM t.in_session(:'s', 3, ARRAY[pg_temp.change('z'), t.op('RECLAIM_COMPLETE', t.i(0))], slot => 2) \gset
SELECT results = :'failed' AS same, pg_temp.stored()
	FROM t.in_session(:'s', 3, ARRAY[pg_temp.change('z'), t.op('RECLAIM_COMPLETE', t.i(0))], slot => 2);

-- Numbers are a circle.
SELECT t.outcome(t.in_session(:'s', 4294967295, ARRAY[pg_temp.change('x')], slot => 3));
SELECT t.outcome(t.in_session(:'s', 0, ARRAY[pg_temp.change('y')], slot => 3));
SELECT t.outcome(t.in_session(:'s', 4294967295, ARRAY[pg_temp.change('x')], slot => 3));
SELECT t.outcome(t.in_session(:'s', 1, ARRAY[pg_temp.change('z')], slot => 3));
SELECT t.outcome(t.in_session(:'s', 4294967294, ARRAY[pg_temp.change('x')], slot => 3));
SELECT t.outcome(t.in_session(:'s', 0, ARRAY[pg_temp.change('y')], slot => 3));

-- Several in one transaction of a gateway's session: written together, found before that.
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT pg_temp.stored() AS before \gset
SELECT results AS one FROM t.in_session(:'s', 1, ARRAY[pg_temp.change('p')], slot => 4) \gset
SELECT results AS two FROM t.in_session(:'s', 1, ARRAY[pg_temp.change('q')], slot => 5) \gset
SELECT pg_temp.stored() - :before AS written;
SELECT results = :'one' AS same FROM t.in_session(:'s', 1, ARRAY[pg_temp.change('p')], slot => 4);
SELECT t.outcome(t.in_session(:'s', 1, ARRAY[pg_temp.change('q')], slot => 4));
SELECT t.outcome(t.in_session(:'s', 2, ARRAY[pg_temp.change('q')], slot => 4));
SELECT t.outcome(t.in_session(:'s', 1, ARRAY[pg_temp.change('p')], slot => 4));
COMMIT;
SELECT pg_temp.stored() - :before AS written;
SELECT results = :'two' AS same FROM t.in_session(:'s', 1, ARRAY[pg_temp.change('q')], slot => 5);
-- what is rolled back was not answered
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT t.outcome(t.in_session(:'s', 2, ARRAY[pg_temp.change('q')], slot => 5));
ROLLBACK;
SELECT t.outcome(t.in_session(:'s', 2, ARRAY[pg_temp.change('r')], slot => 5));
BEGIN;
SAVEPOINT a;
SELECT t.outcome(t.in_session(:'s', 3, ARRAY[pg_temp.change('q')], slot => 5));
ROLLBACK TO a;
SELECT t.outcome(t.in_session(:'s', 3, ARRAY[pg_temp.change('r')], slot => 5));
COMMIT;
-- no savepoint in a gateway's session
BEGIN;
SET LOCAL dittofs.gateway = on;
SAVEPOINT a;
SELECT t.outcome(t.in_session(:'s', 4, ARRAY[pg_temp.change('q')], slot => 5));
ROLLBACK;

-- A read-only transaction cannot change anything, and says so.
BEGIN READ ONLY;
SELECT t.outcome(t.in_session(:'s', 9));
SELECT t.outcome(t.in_session(:'s', 9, ARRAY[pg_temp.change('q')]));
ROLLBACK;

-- Replies go with the turn, two turns later.
SELECT pg_temp.stored() > 0 AS stored;
DO $$
BEGIN
	FOR i IN 1 .. 3 LOOP
		UPDATE dittofs.replies_turn SET turn = turn + 1, since = 0, seen = 0;
		PERFORM dittofs.reap(1);
	END LOOP;
END $$;
SELECT pg_temp.stored();

-- A session that is deleted by any statement is not remembered.
BEGIN;
DELETE FROM dittofs.nfs4_sessions;
SELECT t.outcome(t.in_session(:'s', 9)), t.outcome(t.in_session(:'s', 9, ARRAY[pg_temp.change('q')]));
ROLLBACK;
SELECT t.outcome(t.in_session(:'s', 9));
BEGIN;
TRUNCATE dittofs.nfs4_sessions;
SELECT t.outcome(t.in_session(:'s', 9));
ROLLBACK;
SELECT t.outcome(t.in_session(:'s', 9));
-- nor is one that was not made in the end
BEGIN;
SELECT session AS none FROM dittofs.nfs4_clients, t.create_session(client_id, 2) WHERE owner = 'a' \gset
SELECT t.outcome(t.in_session(:'none', 1));
ROLLBACK;
SELECT t.outcome(t.in_session(:'none', 1));

-- Connections: none is bound, and there is no way back to the client.
SELECT t.outcome(r::dittofs.compound_result), t.get_i(results, 33) AS direction
	FROM t.compound(ARRAY[t.op('BIND_CONN_TO_SESSION', :'s', t.i(3), t.i(0))]) r;
SELECT t.outcome(t.compound(ARRAY[t.op('BIND_CONN_TO_SESSION', :'s', t.i(d), t.i(0))])) FROM unnest('{1,2,7,0}'::int[]) d;
SELECT t.outcome(t.compound(ARRAY[t.op('BIND_CONN_TO_SESSION', decode(repeat('ab', 16), 'hex'), t.i(3), t.i(0))]));
SELECT t.outcome(t.in_session(:'s', 9, ARRAY[t.op('BIND_CONN_TO_SESSION', :'s', t.i(3), t.i(0))]));
SELECT t.outcome(t.in_session(:'s', 9, ARRAY[t.op('BACKCHANNEL_CTL', t.i(1))]));

-- A session ends: another one may do it, of the same client, but nobody else may; and its
-- own only at the end of a COMPOUND.
SELECT session AS s2 FROM dittofs.nfs4_clients, t.create_session(client_id, 2) WHERE convert_from(owner, 'UTF8') = 'a' \gset
SELECT t.outcome(t.compound(ARRAY[t.op('DESTROY_SESSION', :'s2')], 'uid=7'));
SELECT t.outcome(t.in_session(:'s2', 1, ARRAY[t.op('DESTROY_SESSION', :'s2'), t.op('PUTROOTFH')]));
SELECT t.outcome(t.in_session(:'s', 9, ARRAY[t.op('DESTROY_SESSION', :'s2'), t.op('RECLAIM_COMPLETE', t.i(0))]));
SELECT t.outcome(t.in_session(:'s2', 1));
SELECT t.outcome(t.compound(ARRAY[t.op('DESTROY_SESSION', :'s2')]));
SELECT t.outcome(t.in_session(:'s', 10, ARRAY[t.op('DESTROY_SESSION', :'s')]));
SELECT t.outcome(t.in_session(:'s', 10, ARRAY[t.op('DESTROY_SESSION', :'s')]));

-- Small ones
SELECT c.session AS s3 FROM dittofs.nfs4_clients, t.create_session(client_id, 3, operations => 2, slots => 2, request => 300, response => 200, cached => 0) c
	WHERE convert_from(owner, 'UTF8') = 'a' \gset
SELECT t.outcome(t.in_session(:'s3', 1, slot => 2));
SELECT t.outcome(t.compound(ARRAY[t.sequence(:'s3', 1), t.op('PUTROOTFH'), t.op('PUTROOTFH')]));
SELECT t.outcome(t.compound(ARRAY[t.sequence(:'s3', 1), t.op('PUTROOTFH')], request_bytes => 301));
SELECT t.outcome(t.in_session(:'s3', 1, cache => true));
SELECT t.outcome(t.in_session(:'s3', 1, ARRAY[pg_temp.change('q')]));
SELECT t.outcome(t.in_session(:'s3', 1));

-- A program that ends early is an error, not a crash.
SELECT t.outcome(t.compound(ARRAY[substr(t.sequence(:'s3', 1), 1, 20)]));
SELECT t.outcome(t.compound(ARRAY[t.op('SEQUENCE', :'s3', t.i(1))]));
SELECT t.outcome(t.compound(ARRAY[t.op('CREATE_SESSION', t.l(1))]));
SELECT t.outcome(t.compound(ARRAY[t.op('EXCHANGE_ID', t.l(1), t.i(1000000))]));
SELECT dittofs.forget_clients() > 0 AS forgotten, dittofs.reap(100) > 0 AS freed;
SELECT * FROM dittofs.fsck();
