-- SPDX-License-Identifier: PostgreSQL
-- dittofs.clients: what clients of both versions have.
\set ECHO none
\i test/check.sql
\i test/nfs4.sql
\i test/nfs4_opens.sql
\set ECHO all
SELECT dittofs.create_share('/view', squash => 'none') IS NOT NULL AS made, dittofs.write_file('/view/a', 'x') AS a, dittofs.write_file('/view/b', 'x') AS b;
SELECT t.client4('alice'), t.client4('bob');
SELECT t.open4('alice', '/view', 'a', 3), t.open4('alice', '/view', 'b', 1, as_name => 'b'), t.open4('bob', '/view', 'b', 1, as_name => 'c');
SELECT t.lock4('alice', dittofs.resolve('/view/a'), 0, 10), t.lock4('alice', dittofs.resolve('/view/a'), 20, 10);
SELECT dittofs.mount('/view', 'client=10.1.2.3 uid=0') IS NOT NULL AS mounted;
SELECT outcome FROM dittofs.lock_range(dittofs.resolve('/view/b'), 'client=10.1.2.3 uid=0', 'host', 1, 'o', 0, 10, false);
SELECT client, version, name, client_id IS NOT NULL AS id, mounts, paths, sessions, opens, locks, lease, implementation
	FROM dittofs.clients WHERE name IN ('alice', 'bob') OR client = '10.1.2.3' ORDER BY name NULLS FIRST;
SELECT dittofs.evict_client(client_id) FROM dittofs.clients WHERE name = 'alice';
SELECT name, sessions, lease FROM dittofs.clients WHERE name IN ('alice', 'bob') ORDER BY name;
SELECT dittofs.reap(1000) > 0 AS freed;
SELECT name, opens, locks, lease FROM dittofs.clients WHERE name IN ('alice', 'bob') ORDER BY name;
SELECT count(*) AS locks FROM dittofs.locks WHERE client = 'alice';
SELECT dittofs.unmount('/view', 'client=10.1.2.3 uid=0') IS NOT NULL AS unmounted, dittofs.forget_clients() > 0 AS forgotten;
SELECT dittofs.drop_share('/view', force => true);
SELECT dittofs.reap(1000) > 0 AS freed;
SELECT * FROM dittofs.fsck();
