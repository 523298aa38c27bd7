-- SPDX-License-Identifier: PostgreSQL
-- Clients of NFSv4: EXCHANGE_ID in its nine cases, CREATE_SESSION by its number,
-- DESTROY_CLIENTID, RECLAIM_COMPLETE; who may speak for a client.
\set ECHO none
\i test/check.sql
\i test/nfs4.sql
\set ECHO all

-- The cases of RFC 8881, 18.35.4.  1: new; 4: not confirmed, replaced; 2: confirmed, the same;
-- 5: begun anew; 6: update; 7: of none; 8: another verifier; 9: another principal; 3: the same,
-- of a client without opens or locks
SELECT status, sequence, confirmed, length(server) AS server, client_id AS was
	FROM t.exchange_id('a') \gset first_
\echo :first_status :first_sequence :first_confirmed :first_server
SELECT e.status, e.client_id = :first_was AS same, e.server = s.server_uuid::text AS server, e.client_id AS id
	FROM t.exchange_id('a') e, dittofs.nfs4_server s \gset second_
\echo :second_status :second_same :second_server
SELECT status FROM t.create_session(:first_was);
SELECT status FROM t.create_session(:second_id);
SELECT status, client_id = :second_id AS same, confirmed, sequence FROM t.exchange_id('a');
SELECT status, confirmed, sequence FROM t.exchange_id('a', verifier => '2');
SELECT convert_from(owner, 'UTF8') AS owner, state FROM dittofs.nfs4_clients ORDER BY 1, 2;
SELECT status, confirmed FROM t.exchange_id('a', flags => 1073741825);
SELECT status FROM t.exchange_id('b', flags => 1073741825);
SELECT status FROM t.exchange_id('a', verifier => '3', flags => 1073741825);
SELECT status FROM t.exchange_id('a', flags => 1073741825, caller => 'client=10.0.0.1 uid=7');
SELECT status, confirmed FROM t.exchange_id('a', caller => 'client=10.0.0.1 uid=7');

-- The end of the old one is CREATE_SESSION of the new one, by its principal.
CREATE TEMP TABLE anew AS SELECT * FROM t.exchange_id('a', verifier => '9');
SELECT convert_from(owner, 'UTF8') AS owner, state FROM dittofs.nfs4_clients ORDER BY 1, 2;
SELECT c.status FROM anew, t.create_session(client_id, caller => 'client=10.0.0.1 uid=7') c;
SELECT c.status, c.granted FROM anew, t.create_session(client_id, 2) c;
SELECT convert_from(owner, 'UTF8') AS owner, state FROM dittofs.nfs4_clients ORDER BY 1, 2;
SELECT dittofs.reap(100) > 0 AS freed;
SELECT convert_from(owner, 'UTF8') AS owner, state, minor, address, implementation FROM dittofs.nfs4_clients ORDER BY 1, 2;

-- The address is nobody: a balancer gives another one each time.
SELECT e.status, e.confirmed, e.client_id = a.client_id AS same FROM anew a, t.exchange_id('a', verifier => '9', caller => 'client=10.9.9.9 uid=0') e;
SELECT client, version, name, lease, sessions, implementation FROM dittofs.clients WHERE version <> '3';

-- What EXCHANGE_ID does not take
SELECT status FROM t.exchange_id('x', flags => 2147483649);
SELECT status FROM t.exchange_id('x', flags => 8);
SELECT status FROM t.exchange_id('x', how => 1);
SELECT t.outcome(t.compound(ARRAY[t.exchange_op('x'), t.op('PUTROOTFH')]));

-- CREATE_SESSION is made once for each number, and its answer is given again, also if
-- that was an error.
CREATE TEMP TABLE b AS SELECT * FROM t.exchange_id('b');
SELECT c.status FROM b, t.create_session(client_id, 0) c;
SELECT c.status FROM b, t.create_session(client_id, 2) c;
SELECT c.status FROM b, t.create_session(client_id, 1, response => 20) c;
SELECT c.status FROM b, t.create_session(client_id, 1) c;
CREATE TEMP TABLE b2 AS SELECT c.* FROM b, t.create_session(client_id, 2, flags => 1) c;
SELECT status, granted FROM b2;
SELECT c.status, c.session = b2.session AS same, c.granted = b2.granted AS granted FROM b2, b, t.create_session(client_id, 2) c;
SELECT c.status FROM b, t.create_session(client_id, 1) c;
SELECT c.status FROM b, t.create_session(client_id, 4) c;
SELECT e.sequence, e.confirmed FROM t.exchange_id('b') e;
-- What is granted is never more than was asked for, nor more than there is.
SELECT c.status, c.granted FROM b, t.create_session(client_id, 3, operations => 1, slots => 1, request => 512, response => 400, cached => 9000) c;
SELECT c.status, c.granted FROM b, t.create_session(client_id, 4, operations => 5000, slots => 5000, request => 4294967295, response => 4294967295, cached => 4294967295) c;
SELECT c.status FROM b, t.create_session(client_id, 5, operations => 0) c;
SELECT c.status FROM b, t.create_session(client_id, 6, slots => 0) c;
SELECT c.status FROM b, t.create_session(client_id, 7, request => 100) c;
SELECT c.status FROM b, t.create_session(client_id, 8, flags => 8) c;
SELECT c.status FROM t.create_session(12345) c;
SELECT dittofs.set_server_config('nfs4_session_max', '3');
SELECT c.status FROM b, t.create_session(client_id, 9) c;
SELECT dittofs.set_server_config('nfs4_session_max', NULL);

-- RECLAIM_COMPLETE is said once; that of one file system says nothing.
CREATE TEMP TABLE s AS SELECT session FROM b2;
SELECT t.outcome(t.in_session(session, 1, ARRAY[t.op('RECLAIM_COMPLETE', t.i(1))])) FROM s;
SELECT t.outcome(t.in_session(session, 1, ARRAY[t.op('RECLAIM_COMPLETE', t.i(0))])) FROM s;
SELECT t.outcome(t.in_session(session, 2, ARRAY[t.op('RECLAIM_COMPLETE', t.i(0))])) FROM s;
SELECT reclaimed FROM dittofs.nfs4_clients WHERE convert_from(owner, 'UTF8') = 'b';

-- DESTROY_CLIENTID, of a client without sessions
SELECT t.outcome(t.compound(ARRAY[t.op('DESTROY_CLIENTID', t.l(client_id))])) FROM b;
SELECT t.outcome(t.compound(ARRAY[t.op('DESTROY_CLIENTID', t.l(client_id))], 'client=10.0.0.1 uid=7')) FROM b;
SELECT t.outcome(t.compound(ARRAY[t.op('DESTROY_CLIENTID', t.l(12345))]));
SELECT count(t.outcome(t.compound(ARRAY[t.op('DESTROY_SESSION', uuid_send(session_id))])))
	FROM dittofs.nfs4_sessions JOIN b USING (client_id);
SELECT t.outcome(t.compound(ARRAY[t.op('DESTROY_CLIENTID', t.l(client_id))])) FROM b;
SELECT t.outcome(t.compound(ARRAY[t.op('DESTROY_CLIENTID', t.l(client_id))])) FROM b;

-- A gateway's role has no right to any table.
SELECT t.i(1) || t.i(1) || t.l(0) || t.i(1) || t.i(200) || t.i(40) || t.i(1) || t.exchange_op('role') AS program \gset
SET ROLE dittofs_gateway;
SELECT results AS r FROM dittofs.compound(:'program') \gset
RESET ROLE;
SELECT t.get_i(:'r', 1) AS status, t.get_l(:'r', 17) AS id \gset exchanged_
SELECT :exchanged_status AS status;
SELECT t.i(1) || t.i(1) || t.l(0) || t.i(1) || t.i(200) || t.i(40) || t.i(1) || t.op('CREATE_SESSION', t.l(:exchanged_id), t.i(1), t.i(0),
	t.i(0), t.i(4096), t.i(4096), t.i(4096), t.i(8), t.i(2), t.i(0), t.i(0), t.i(0), t.i(0), t.i(0), t.i(0), t.i(0)) AS program \gset
SET ROLE dittofs_gateway;
SELECT substr(results, 17, 16) AS s FROM dittofs.compound(:'program') \gset
SELECT current_user, dittofs.renew_leases(ARRAY[:exchanged_id]) AS seconds;
RESET ROLE;
SELECT t.outcome(t.in_session(:'s', 1, ARRAY[t.op('RECLAIM_COMPLETE', t.i(0))], caller => '')), current_setting('search_path') AS path;

-- Administration
SELECT dittofs.evict_client(client_id) FROM dittofs.clients WHERE name = 'a';
SELECT client, name, lease FROM dittofs.clients WHERE version <> '3' ORDER BY name;
SELECT dittofs.evict_client(12345);
SELECT dittofs.evict_client(NULL);
SELECT t.nfs4_client('c') IS NOT NULL AS c, t.nfs4_client('d') IS NOT NULL AS d;
SELECT server_uuid AS was FROM dittofs.nfs4_server \gset
SELECT dittofs.forget_clients();
SELECT server_uuid = :'was' AS same FROM dittofs.nfs4_server;
SELECT count(*) AS sessions FROM dittofs.nfs4_sessions;
SELECT dittofs.reap(100) > 0 AS freed;
SELECT count(*) AS clients FROM dittofs.nfs4_clients;
SELECT * FROM dittofs.fsck();
