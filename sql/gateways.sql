-- SPDX-License-Identifier: PostgreSQL
-- What gateways tell of themselves.  Seen through the HTTP port by
-- test/shell/t_metrics.sh; here, what they may not say.

SELECT dittofs.register_replica('00000000-0000-0000-0000-000000000001', 'one', 17, '0.1', '127.0.0.1 port 12049',
	now(), 'serving', 3, 1.5);
SELECT dittofs.register_replica('00000000-0000-0000-0000-000000000001', 'other', 18, '0.2', 'elsewhere',
	now(), 'draining', 2, 0.5);
SELECT host, pid, version, address, state, clients, calls_per_second FROM dittofs.list_replicas();
SELECT dittofs.record_slow_call(1000, 'one', '10.0.0.1', 'WRITE', 0, 900, 1, 2, 3, 4, NULL);
SELECT dittofs.record_slow_call(0, 'one', '10.0.0.2', 'LOOKUP', 2, 800, 1, 2, 3, 4, '\x00');
SELECT client, procedure, status, total_ms, share, handle FROM dittofs.list_slow_calls();

SELECT dittofs.register_replica('00000000-0000-0000-0000-000000000002', 'two', 17, '0.1', NULL,
	now(), 'serving', 3, 1.5);
SELECT dittofs.register_replica('00000000-0000-0000-0000-000000000002', 'two', 17, '0.1', 'a',
	now(), 'asleep', 3, 1.5);
SELECT dittofs.record_slow_call(1000, 'one', '10.0.0.1', 'WRITE', NULL, 900, 1, 2, 3, 4, NULL);
SELECT count(*) FROM dittofs.gateway_replicas;
SELECT count(*) FROM dittofs.slow_call_log;

-- What is a day old, and all but the last thousand calls, goes when somebody
-- else tells of himself.
UPDATE dittofs.gateway_replicas SET seen_at = now() - interval '2 days';
INSERT INTO dittofs.slow_call_log SELECT now() - n * interval '1 minute', 'one', '10.0.0.3', 'WRITE', 0, 1, 1, 1, 1, 1, NULL
	FROM generate_series(1, 1100) n;
SELECT dittofs.register_replica('00000000-0000-0000-0000-000000000003', 'three', 17, '0.1', 'a', now(), 'serving', 0, 0);
SELECT host FROM dittofs.gateway_replicas;
SELECT count(*) FROM dittofs.slow_call_log;
SELECT dittofs.unregister_replica('00000000-0000-0000-0000-000000000003');
SELECT count(*) FROM dittofs.list_replicas();
DELETE FROM dittofs.slow_call_log;
