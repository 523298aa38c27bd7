-- SPDX-License-Identifier: PostgreSQL
-- Leases of clients of NFSv4: what counts as time, who expires, and when what a client
-- had is freed; a copy of the database.
\set ECHO none
\i test/check.sql
\i test/nfs4.sql
\set ECHO all
CREATE VIEW pg_temp.leases AS SELECT name, lease FROM dittofs.clients WHERE version <> '3' ORDER BY 1, 2;

-- Time is what gateways call for, at most what is between two calls.
SELECT dittofs.renew_leases('{}') AS seconds;
SELECT dittofs.set_server_config('nfs4_lease_time', '30');
SELECT dittofs.renew_leases(NULL) AS seconds;
SELECT served AS before FROM dittofs.nfs4_clock \gset
UPDATE dittofs.nfs4_clock SET counted_at = now() - interval '3 s';
SELECT dittofs.renew_leases('{}') > 0 AS renewed;
SELECT served - :before BETWEEN 3 AND 10 AS counted FROM dittofs.nfs4_clock;
SELECT served AS before FROM dittofs.nfs4_clock \gset
UPDATE dittofs.nfs4_clock SET counted_at = now() - interval '1 day';		-- nobody served
SELECT dittofs.renew_leases('{}') > 0 AS renewed;
SELECT served - :before AS counted, counted_at > now() - interval '1 hour' AS goes_on FROM dittofs.nfs4_clock;
UPDATE dittofs.nfs4_clock SET counted_at = now() + interval '1 day';		-- the clock was set back
SELECT dittofs.renew_leases('{}') > 0 AS renewed;
SELECT served - :before AS counted, counted_at < now() + interval '1 hour' AS goes_on FROM dittofs.nfs4_clock;

-- Who is told of is renewed; who is not expires after its lease and two calls.
SELECT t.nfs4_client('here') AS here, t.nfs4_client('away') AS away \gset
SELECT status FROM t.exchange_id('unborn');
SELECT client_id AS id FROM dittofs.clients WHERE name = 'here' \gset
UPDATE dittofs.nfs4_clock SET served = served + 40;
SELECT * FROM pg_temp.leases;
UPDATE dittofs.nfs4_clock SET served = served + 1;
SELECT * FROM pg_temp.leases;
SELECT dittofs.renew_leases(ARRAY[:id, 12345]) > 0 AS renewed;
SELECT * FROM pg_temp.leases;
-- expired, it keeps everything; the one that never began is gone
SELECT t.outcome(t.in_session(:'away', 2));
SELECT dittofs.reap(100) > 0 AS freed;
SELECT * FROM pg_temp.leases;
-- EXCHANGE_ID renews, too
SELECT status, confirmed FROM t.exchange_id('away');
SELECT * FROM pg_temp.leases;
-- after a day of service it is gone
UPDATE dittofs.nfs4_clock SET served = served + 86401;
SELECT dittofs.renew_leases(ARRAY[:id]) > 0 AS renewed;
SELECT dittofs.reap(100) > 0 AS freed;
SELECT * FROM pg_temp.leases;
SELECT t.outcome(t.in_session(:'away', 3)), t.outcome(t.in_session(:'here', 2));
SELECT dittofs.reap(100) > 0 AS freed;
-- without opens and locks after an hour
SELECT t.nfs4_client('idle') IS NOT NULL AS idle;
UPDATE dittofs.nfs4_clock SET served = served + 3631;
SELECT dittofs.renew_leases(ARRAY[:id]) > 0 AS renewed;
SELECT dittofs.reap(100) > 0 AS freed;
SELECT * FROM pg_temp.leases;
-- what has ended is not renewed
SELECT dittofs.evict_client(:id);
SELECT dittofs.renew_leases(ARRAY[:id]) > 0 AS renewed;
SELECT * FROM pg_temp.leases;
SELECT dittofs.reap(100) > 0 AS freed;

-- A copy of the database is another server: the clients of the original are none of its.
SELECT t.nfs4_client('a') AS s \gset
SELECT server_uuid AS was FROM dittofs.nfs4_server \gset
SELECT client_id AS id FROM dittofs.clients WHERE name = 'a' \gset
UPDATE dittofs.nfs4_server SET database = '1/2';
SELECT status FROM t.create_session(:id, 2);
SELECT t.outcome(t.compound(ARRAY[t.op('DESTROY_CLIENTID', t.l(:id))]));
SELECT status, confirmed, server = :'was' AS same FROM t.exchange_id('a');
SELECT database = dittofs.this_database() AS ours, server_uuid = :'was' AS same FROM dittofs.nfs4_server;
SELECT t.outcome(t.in_session(:'s', 2));
SELECT * FROM pg_temp.leases;

SELECT dittofs.set_server_config('nfs4_lease_time', NULL);
SELECT dittofs.forget_clients() AS forgotten, dittofs.reap(100) > 0 AS freed;
SELECT * FROM pg_temp.leases;
SELECT * FROM dittofs.fsck();
