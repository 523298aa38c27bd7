-- SPDX-License-Identifier: PostgreSQL
-- fsck() and fsck_repair(): clients and sessions of NFSv4.  Each violation is planted,
-- reported and repaired.
\set ECHO none
\i test/check.sql
\i test/nfs4.sql
\set ECHO all

CREATE PROCEDURE pg_temp.broken(VARIADIC statements text[]) LANGUAGE plpgsql AS $$
DECLARE
	s text;
	r record;
BEGIN
	FOREACH s IN ARRAY statements LOOP
		EXECUTE s;
	END LOOP;
	FOR r IN SELECT rule, count(*) AS n FROM dittofs.fsck() GROUP BY rule ORDER BY rule LOOP
		RAISE INFO 'found: %: %', r.rule, r.n;
	END LOOP;
	FOR r IN SELECT rule, action, count(*) AS n FROM dittofs.fsck_repair() GROUP BY rule, action ORDER BY rule, action LOOP
		RAISE INFO 'repaired: %: %: %', r.rule, r.action, r.n;
	END LOOP;
	FOR r IN SELECT rule, object FROM dittofs.fsck() LOOP
		RAISE INFO 'left: %: %', r.rule, r.object;
	END LOOP;
	RAISE INFO '% sessions, clients: %', (SELECT count(*) FROM dittofs.nfs4_sessions),
		(SELECT string_agg(name || ' ' || lease, ', ' ORDER BY name) FROM dittofs.clients WHERE version <> '3');
	ROLLBACK;
END $$;

SELECT t.nfs4_client('a') IS NOT NULL AS a, t.nfs4_client('b') IS NOT NULL AS b, (t.exchange_id('c')).status AS c;
CALL pg_temp.broken('SELECT');
CALL pg_temp.broken($$DELETE FROM dittofs.nfs4_leases USING dittofs.clients c WHERE c.client_id = nfs4_leases.client_id AND c.name = 'a'$$);
CALL pg_temp.broken($$INSERT INTO dittofs.nfs4_leases VALUES (12345, 0)$$);
CALL pg_temp.broken($$DELETE FROM dittofs.nfs4_clients WHERE owner = 'b'$$);
CALL pg_temp.broken($$UPDATE dittofs.nfs4_clients SET state = 'ended' WHERE owner = 'a'$$);
CALL pg_temp.broken($$UPDATE dittofs.nfs4_sessions SET client_id = c.client_id FROM dittofs.nfs4_clients c WHERE owner = 'c'$$);
-- two confirmed records of an owner cannot be
UPDATE dittofs.nfs4_clients SET owner = 'a', state = 'confirmed' WHERE owner = 'c';
SELECT dittofs.forget_clients() AS forgotten, dittofs.reap(100) > 0 AS freed;
SELECT * FROM dittofs.fsck();
