-- SPDX-License-Identifier: PostgreSQL
-- Locks of NLM: ranges, waiting, grants, share modes, clients that go, limits, the view, the sweep.
\set VERBOSITY terse
SELECT dittofs.create_share('/locks', squash => 'none') IS NOT NULL AS made;
CREATE SCHEMA l;
CREATE FUNCTION l.handle(name text) RETURNS bytea LANGUAGE sql AS $$ SELECT dittofs.resolve('/locks/' || name) $$;
SELECT dittofs.write_file('/locks/' || name, 'x') FROM unnest('{a,b,c}'::text[]) name;

-- The client ALICE at 10.0.0.1 and so on: what a request comes to.
CREATE FUNCTION l.caller(client text) RETURNS dittofs.caller LANGUAGE sql AS $$
	SELECT ('client=10.0.0.' || position(left(client, 1) IN 'abcdefghij'))::dittofs.caller $$;
CREATE FUNCTION l.told(r dittofs.lock_result) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', CASE WHEN r.status <> 0 THEN dittofs.status_name(r.status) END, r.outcome,
		'by ' || CASE WHEN r.holder_exclusive THEN 'write ' ELSE 'read ' END || encode(r.holder_owner, 'escape') || ' ' ||
		r.holder_offset || '+' || r.holder_length, 'grants ' || nullif(r.grants, 0)) $$;
CREATE FUNCTION l.lock(client text, owner text, file text, start bigint, length bigint, exclusive bool DEFAULT true,
	wait text DEFAULT NULL, state int DEFAULT 1) RETURNS text LANGUAGE sql AS $$
	SELECT l.told(dittofs.lock_range(l.handle(file), l.caller(client), client, state, owner::bytea, start, length, exclusive,
		wait::bytea)) $$;
CREATE FUNCTION l.unlock(client text, owner text, file text, start bigint, length bigint) RETURNS text LANGUAGE sql AS $$
	SELECT l.told(dittofs.unlock_range(l.handle(file), l.caller(client), client, 1, owner::bytea, start, length)) $$;
CREATE FUNCTION l.cancel(client text, owner text, file text, start bigint, length bigint, exclusive bool DEFAULT true)
	RETURNS text LANGUAGE sql AS $$
	SELECT l.told(dittofs.cancel_lock(l.handle(file), l.caller(client), client, 1, owner::bytea, start, length, exclusive)) $$;
CREATE FUNCTION l.test(client text, owner text, file text, start bigint, length bigint, exclusive bool DEFAULT true)
	RETURNS text LANGUAGE sql AS $$
	SELECT l.told(dittofs.test_lock(l.handle(file), l.caller(client), client, 1, owner::bytea, start, length, exclusive)) $$;
CREATE FUNCTION l.share(client text, owner text, file text, access int, deny int) RETURNS text LANGUAGE sql AS $$
	SELECT l.told(dittofs.share_file(l.handle(file), l.caller(client), client, 1, owner::bytea, access, deny, false)) $$;
CREATE VIEW l.locks AS SELECT path, client, host(address) AS address, encode(owner, 'escape') AS owner, range_start, range_end, kind, state
	FROM dittofs.locks ORDER BY path, state, range_start, client, owner, kind;
CREATE FUNCTION l.grants() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(client_name || ' ' || client_address || ' ' || encode(owner, 'escape') || ' ' || encode(wait, 'escape') || ' ' ||
		"offset" || '+' || length || ' ' || attempts, ', ' ORDER BY id) FROM dittofs.next_grants(100) $$;

-- Ranges: what another owner has is in the way, what one's own has is replaced.
SELECT l.lock('alice', 'p1', 'a', 0, 10) AS alone, l.lock('alice', 'p1', 'a', 0, 10) AS again,
	l.lock('bob', 'p1', 'a', 5, 1) AS overlaps, l.lock('bob', 'p1', 'a', 10, 5) AS beside,
	l.lock('alice', 'p2', 'a', 9, 0, false) AS another_owner;
SELECT * FROM l.locks;
SELECT l.lock('alice', 'p1', 'a', 3, 2, false) AS downgrade, l.lock('bob', 'p1', 'a', 4, 1, false) AS shared,
	l.lock('bob', 'p1', 'a', 4, 1) AS upgrade;
SELECT l.test('carol', 'p', 'a', 0, 0) AS test, l.test('carol', 'p', 'a', 4, 1, false) AS reading, l.test('carol', 'p', 'a', 15, 0) AS behind;
SELECT l.unlock('alice', 'p1', 'a', 1, 1) AS hole, l.unlock('alice', 'p1', 'a', 1, 1) AS nothing, l.unlock('dave', 'p', 'a', 0, 0) AS nobody;
SELECT * FROM l.locks;
SELECT l.unlock('alice', 'p1', 'a', 0, 0), l.unlock('bob', 'p1', 'a', 0, 0);
SELECT * FROM l.locks;

-- 64 bits without a sign.
SELECT l.lock('alice', 'p1', 'a', (-2)::bigint, 1) AS far, l.lock('alice', 'p1', 'a', (-1)::bigint, 1) AS last_byte, l.lock('bob', 'p', 'a', (-1)::bigint, 2) AS beyond,
	l.lock('bob', 'p', 'a', 0, -1) AS all_but_one;
SELECT * FROM l.locks;
SELECT l.unlock('alice', 'p1', 'a', 0, 0);

-- What is no request.
SELECT l.lock(NULL, 'p', 'a', 0, 0) AS no_name, l.lock('', 'p', 'a', 0, 0) AS empty_name, l.lock(repeat('a', 1025), 'p', 'a', 0, 0) AS long_name,
	l.lock('alice', NULL, 'a', 0, 0) AS no_owner, l.lock('alice', repeat('o', 1041), 'a', 0, 0) AS long_owner,
	l.lock('alice', 'p', 'a', 0, 0, true, repeat('w', 2049)) AS long_wait, l.lock('alice', 'p', '', 0, 0) AS directory;
SELECT l.told(dittofs.lock_range('\x00', '', 'alice', 0, 'p', 0, 0, true)) AS bad_handle, l.told(dittofs.lock_range(NULL, '', 'alice', 0, 'p', 0, 0, true)) AS no_handle,
	l.told(dittofs.lock_range(l.handle('a'), NULL, 'alice', 0, 'p', 0, 0, true)) AS nobody,
	l.told(dittofs.share_file(l.handle('a'), '', 'alice', 0, 'p', 4, 0)) AS bad_access;
SELECT l.lock('alice', repeat('o', 1040), 'a', 0, 0, true, repeat('w', 2048)) AS longest, l.unlock('alice', repeat('o', 1040), 'a', 0, 0);
-- Whoever may read or write the file, or owns it, may lock it; anybody may give back.
SELECT dittofs.chown('/locks/b', 7, 7), dittofs.chmod('/locks/b', '0040');
SELECT l.told(dittofs.lock_range(l.handle('b'), (c || ' client=10.0.0.1')::dittofs.caller, 'alice', 0, c::bytea, 0, 0, false)) AS may, c
	FROM unnest('{uid=7 gid=1,uid=8 gid=7,uid=8 gid=8,uid=0}'::text[]) c;
SELECT l.told(dittofs.unlock_range(l.handle('b'), 'uid=8 gid=8 client=10.0.0.1', 'alice', 0, 'uid=7 gid=1', 0, 0)) AS gives_back;
SELECT l.told(dittofs.free_locks('client=10.0.0.1', 'alice'));
SELECT dittofs.chmod('/locks/b', '0644');
-- A share that is read-only has locks, too.
SELECT dittofs.alter_share('/locks', read_only => true);
SELECT l.lock('alice', 'p1', 'a', 0, 1), l.unlock('alice', 'p1', 'a', 0, 0);
SELECT dittofs.alter_share('/locks', read_only => false);

-- Waiting: in the order of age, readers behind a writer that waits.
SELECT l.lock('alice', 'p', 'a', 0, 10, false) AS reader, l.lock('bob', 'p', 'a', 0, 5, true, 'w1') AS writer,
	l.lock('carol', 'p', 'a', 4, 2, false, 'w2') AS reader_behind, l.lock('dave', 'p', 'a', 6, 1, false, 'w3') AS beside,
	l.lock('carol', 'p', 'a', 4, 2, false) AS does_not_wait;
SELECT * FROM l.locks;
SELECT l.lock('bob', 'p', 'a', 0, 5, true, 'w1 again') AS asked_again;
SELECT l.unlock('alice', 'p', 'a', 4, 1) AS not_enough;
SELECT l.unlock('alice', 'p', 'a', 0, 0) AS not_yet, l.unlock('carol', 'p', 'a', 4, 1) AS lets_in_one;
SELECT l.grants();
SELECT l.grants() AS not_yet;
-- Asked again when it has it: it knows, and need not be told.
SELECT l.lock('bob', 'p', 'a', 0, 5, true, 'w1');
SELECT count(*) AS untold FROM dittofs.lock_grants;
SELECT l.unlock('bob', 'p', 'a', 4, 1) AS lets_in_the_reader;
SELECT l.grants();
SELECT l.told(dittofs.grant_told((SELECT max(id) FROM dittofs.lock_grants), true));
SELECT count(*) AS untold FROM dittofs.lock_grants;
SELECT l.lock('bob', 'p', 'a', 4, 1, false), l.lock('carol', 'p', 'a', 4, 2, true, 'w4') AS upgrade, l.unlock('bob', 'p', 'a', 0, 0) AS lets_in;
-- Refused: carol has what she had before.
SELECT l.told(dittofs.grant_told((SELECT max(id) FROM dittofs.lock_grants), false));
SELECT count(*) AS untold FROM dittofs.lock_grants;
SELECT * FROM l.locks;
SELECT l.told(dittofs.grant_told(4711, true)) AS unknown;
SELECT l.lock('bob', 'p', 'a', 5, 1, false);
-- Cancelled while it waits; when it was granted and not told; when there is nothing.
SELECT l.lock('alice', 'p', 'a', 5, 1, true, 'w5'), l.cancel('alice', 'p', 'a', 5, 1, false) AS another_mode, l.cancel('alice', 'p', 'a', 5, 1), l.cancel('alice', 'p', 'a', 5, 1) AS twice;
SELECT l.lock('alice', 'p', 'a', 5, 1, true, 'w6'), l.unlock('carol', 'p', 'a', 0, 0), l.unlock('bob', 'p', 'a', 0, 0), l.cancel('alice', 'p', 'a', 5, 1);
SELECT count(*) AS untold FROM dittofs.lock_grants;
SELECT * FROM l.locks;
-- A chain: each lets in the next, and one that goes lets in all readers.
SELECT l.unlock('dave', 'p', 'a', 0, 0), l.unlock('carol', 'p', 'a', 0, 0);
SELECT l.lock('alice', 'p', 'a', 0, 1), l.lock('bob', 'p', 'a', 0, 1, false, 'b'), l.lock('carol', 'p', 'a', 0, 1, false, 'c'), l.lock('dave', 'p', 'a', 0, 1, true, 'd');
SELECT l.lock('alice', 'p', 'a', 0, 1, false) AS downgrade;
SELECT l.grants();
SELECT l.unlock('alice', 'p', 'a', 0, 0), l.unlock('bob', 'p', 'a', 0, 0), l.unlock('carol', 'p', 'a', 0, 0);
SELECT l.grants();
SELECT l.unlock('dave', 'p', 'a', 0, 0);
SELECT count(*) AS untold FROM dittofs.lock_grants;
-- An older waiter that waits for the very owner is not in its way.
SELECT l.lock('alice', 'p', 'a', 0, 1, false), l.lock('bob', 'p', 'a', 0, 10, true, 'b'), l.lock('alice', 'p', 'a', 5, 1, false, 'a') AS not_in_the_way;
SELECT l.unlock('alice', 'p', 'a', 0, 0), l.unlock('bob', 'p', 'a', 0, 0);

-- Owners that would wait for each other: the one that closes the circle is refused, in one file,
-- through others, and behind a request that waits.  One that is not in the circle waits.
SELECT l.lock('alice', 'p', 'a', 0, 1) AS alice, l.lock('bob', 'p', 'a', 1, 1) AS bob, l.lock('alice', 'p', 'a', 1, 1, true, 'w') AS alice_waits,
	l.lock('bob', 'p', 'a', 0, 1, true, 'w') AS closes, l.lock('bob', 'p', 'a', 0, 1) AS does_not_wait;
SELECT l.lock('bob', 'q', 'a', 0, 1, true, 'w') AS another_owner, l.cancel('bob', 'q', 'a', 0, 1), l.cancel('bob', 'p', 'a', 0, 1) AS waits_no_more;
SELECT l.cancel('alice', 'p', 'a', 1, 1), l.lock('bob', 'p', 'a', 0, 1, true, 'w') AS no_circle, l.lock('alice', 'p', 'a', 1, 1, true, 'w') AS the_other_closes;
SELECT l.unlock('alice', 'p', 'a', 0, 0), l.unlock('bob', 'p', 'a', 0, 0);
SELECT l.lock('alice', 'p', 'a', 0, 1) AS a, l.lock('bob', 'p', 'b', 0, 1) AS b, l.lock('carol', 'p', 'c', 0, 1) AS c,
	l.lock('alice', 'p', 'b', 0, 1, true, 'w') AS a_for_b, l.lock('bob', 'p', 'c', 0, 1, true, 'w') AS b_for_c, l.lock('dave', 'p', 'a', 0, 1, true, 'w') AS d_for_a;
SELECT l.lock('carol', 'p', 'a', 0, 1, true, 'w') AS closes, l.lock('carol', 'q', 'a', 0, 1, true, 'w') AS another_owner, l.lock('carol', 'p', 'a', 5, 1, true, 'w') AS another_range;
-- behind dave, who waits for alice, who waits for bob, who waits for carol
SELECT l.cancel('carol', 'q', 'a', 0, 1), l.lock('carol', 'p', 'a', 0, 1, false, 'w') AS reads;
-- what the circle was made of has gone: a client, a lock
SELECT l.told(dittofs.free_locks(l.caller('bob'), 'bob')), l.lock('carol', 'p', 'a', 0, 1, true, 'w') AS without_bob;
SELECT l.told(dittofs.free_locks(l.caller(c), c)) FROM unnest('{alice,bob,carol,dave}'::text[]) c;
SELECT l.grants();
SELECT * FROM l.locks;
-- Two that close it at one moment do not see each other: the one that asks again is refused.
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT l.lock('alice', 'p', 'a', 0, 1), l.lock('bob', 'p', 'b', 0, 1), l.lock('alice', 'p', 'b', 0, 1, true, 'w'), l.lock('bob', 'p', 'a', 0, 1, true, 'w') AS in_a_batch;
COMMIT;
-- another file whose locks are damaged is in nobody's way
UPDATE dittofs.files SET locks = '\x01ff' WHERE id = encode(substr(l.handle('b'), 18), 'hex')::uuid;
SELECT l.lock('bob', 'p', 'a', 0, 1, true, 'w') AS damaged;
SELECT count(*) > 0 AS repaired FROM dittofs.fsck_repair();
SELECT l.told(dittofs.free_locks(l.caller(c), c)) FROM unnest('{alice,bob}'::text[]) c;
SELECT l.grants();
SELECT * FROM dittofs.fsck();

-- A grant goes first to a gateway that has the address at which its client had called.
CREATE FUNCTION l.here(addresses text[], due interval DEFAULT '0', tried int DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	UPDATE dittofs.lock_grants SET next_at = clock_timestamp() - due, attempts = tried;
	SELECT string_agg(client_name, ', ' ORDER BY id) FROM dittofs.next_grants(100, addresses) $$;
SELECT l.lock('alice', 'p', 'a', 0, 10), l.told(dittofs.lock_range(l.handle('a'), l.caller('bob'), 'bob', 1, 'p', 0, 1, true, '\x040a0000ff01')),
	l.told(dittofs.lock_range(l.handle('a'), l.caller('carol'), 'carol', 1, 'p', 1, 1, true, '\x10fd0000000000000000000000000000ff01')),
	l.lock('dave', 'p', 'a', 2, 1, true, 'w'), l.told(dittofs.lock_range(l.handle('a'), l.caller('eve'), 'eve', 1, 'p', 3, 1, true, '\x04'));
SELECT l.unlock('alice', 'p', 'a', 0, 0);
SELECT client_id IS NOT NULL AS client, server_address FROM dittofs.lock_grants ORDER BY id;
SELECT l.here('{10.0.0.254,fd00::fe}') AS neither;
SELECT l.here('{}') AS none_at_all;
SELECT l.here('{10.0.0.1,fd00:0:0::ff}') AS by_ipv6;
SELECT l.here('{10.0.0.255}') AS by_ipv4;
SELECT l.here('{10.0.0.255}', '-1 hour') AS too_early;
SELECT l.here('{10.0.0.1}', '1 s') AS later;
SELECT l.here('{10.0.0.1}', '0', 2) AS tried_twice;
SELECT l.here('{10.0.0.1}', '0', 3) AS often_enough;
SELECT l.here(NULL) AS whoever_asks;
SELECT array_agg(attempts ORDER BY id) AS attempts FROM dittofs.lock_grants;
SELECT l.told(dittofs.free_locks(l.caller(c), c)) FROM unnest('{bob,carol,dave,eve}'::text[]) c;
SELECT l.grants();

-- Share modes conflict with each other only.
SELECT l.share('alice', 'o', 'a', 1, 2) AS reads_denies_writing, l.share('bob', 'o', 'a', 2, 0) AS writes, l.share('bob', 'o', 'a', 1, 0) AS reads,
	l.share('carol', 'o', 'a', 0, 1) AS denies_reading, l.lock('carol', 'o', 'a', 0, 0) AS locks;
SELECT * FROM l.locks;
SELECT l.share('alice', 'o', 'a', 1, 0) AS other_mode, l.share('bob', 'o', 'a', 3, 0) AS writes_now,
	l.told(dittofs.unshare_file(l.handle('a'), l.caller('bob'), 'bob', 0, 'o')) AS ends, l.told(dittofs.unshare_file(l.handle('a'), l.caller('bob'), 'bob', 0, 'o')) AS none;
SELECT l.told(dittofs.free_locks(l.caller('alice'), 'alice')), l.told(dittofs.free_locks(l.caller('carol'), 'bob')) AS not_his, l.told(dittofs.free_locks(l.caller('carol'), 'carol'));
SELECT * FROM l.locks;

-- Clients that have rebooted: by SM_NOTIFY, and by a newer state in a LOCK.
SELECT l.lock('alice', 'p', 'a', 0, 1), l.lock('bob', 'p', 'a', 0, 1, true, 'b'), l.lock('alice', 'p', 'b', 0, 1);
SELECT l.told(dittofs.client_rebooted(l.caller('alice'), 'alice', 1)) AS same_state, l.told(dittofs.client_rebooted(l.caller('bob'), 'alice', 5)) AS another_address,
	l.told(dittofs.client_rebooted(l.caller('dave'), 'alice', 5)) AS no_client;
SELECT * FROM l.locks;
SELECT l.lock('bob', 'p', 'a', 0, 1, true, 'b', 5);
SELECT l.told(dittofs.client_rebooted(l.caller('alice'), 'whatever', 3)) AS one_at_the_address;
SELECT l.grants();
SELECT * FROM l.locks;
SELECT l.lock('alice', 'p', 'a', 0, 1, true, 'a', 3), l.lock('bob', 'p2', 'a', 5, 1, true, NULL, 7) AS newer_state;
SELECT l.grants();
SELECT * FROM l.locks;
-- Several at an address: only the one that is named, unless none is.
SELECT l.told(dittofs.lock_range(l.handle('c'), 'client=10.0.0.9', n, 1, n::bytea, i, 1, true)) FROM unnest('{one,two,three}'::text[]) WITH ORDINALITY x(n, i);
SELECT l.told(dittofs.client_rebooted('client=10.0.0.9', 'two', 3));
SELECT client, range_start FROM l.locks WHERE path = '/locks/c';
SELECT l.told(dittofs.client_rebooted('client=10.0.0.9', 'four', 3));
SELECT client, range_start FROM l.locks WHERE path = '/locks/c';

-- In a batch: one transaction, many requests, the memory is the truth.
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT l.told(dittofs.free_locks(l.caller('alice'), 'alice')), l.lock('eve', 'p', 'a', 0, 1, true, 'e');
SELECT l.lock('eve', 'p', 'a', 10 * i, 5) FROM generate_series(1, 3) i;
SELECT l.lock('frank', 'p', 'a', 0, 0, true, 'f') AS waits, l.unlock('eve', 'p', 'a', 20, 5), l.test('frank', 'p', 'a', 20, 5);
SELECT l.told(dittofs.free_locks(l.caller('eve'), 'eve')) AS unwritten_client, l.lock('eve', 'p', 'b', 0, 1);
COMMIT;
SELECT name, locks FROM dittofs.lock_clients WHERE name IN ('eve', 'frank') ORDER BY name;
SELECT l.told(dittofs.free_locks(l.caller('bob'), 'bob'));
SELECT l.grants() IS NOT NULL AS let_in;
SELECT * FROM l.locks;
-- What is rolled back has not happened.
SET dittofs.gateway = off; -- whose sessions have no savepoints
BEGIN;
SAVEPOINT s;
SELECT l.lock('grace', 'p', 'b', 5, 1);
ROLLBACK TO s;
SELECT l.lock('heidi', 'p', 'b', 5, 1);
COMMIT;
RESET dittofs.gateway;
SELECT client FROM l.locks WHERE path = '/locks/b' ORDER BY client;
SELECT name, locks FROM dittofs.lock_clients WHERE name IN ('grace', 'heidi') ORDER BY name;

-- An administrator breaks locks.
SELECT dittofs.break_locks();
SELECT dittofs.break_locks(path => '/locks/none');
SELECT dittofs.break_locks(client => 'nobody'), dittofs.break_locks(client => '10.0.0.8'), dittofs.break_locks(client => 'eve', path => '/locks/b'),
	dittofs.break_locks(path => '/locks/a'), dittofs.break_locks(path => '/locks/c');
SELECT * FROM l.locks;

-- Asked again: a call's own answer.
SELECT l.lock('alice', 'p', 'a', 0, 1) AS holds;
CREATE FUNCTION l.call(client text, xid int) RETURNS dittofs.caller LANGUAGE sql AS $$
	SELECT ('client=10.0.0.' || position(left(client, 1) IN 'abcdefghij') || ' xid=' || xid || ' checksum=' || xid)::dittofs.caller $$;
SELECT l.told(dittofs.lock_range(l.handle('a'), l.call('bob', 1), 'bob', 0, 'p', 0, 1, true, 'w')) AS blocked;
SELECT l.told(dittofs.lock_range(l.handle('a'), l.call('bob', 2), 'bob', 0, 'p', 5, 1, true, 'w')) AS granted;
SELECT l.unlock('bob', 'p', 'a', 0, 0), l.cancel('bob', 'p', 'a', 0, 1);
SELECT l.told(dittofs.lock_range(l.handle('a'), l.call('bob', 1), 'bob', 0, 'p', 0, 1, true, 'w')) AS blocked_then,
	l.told(dittofs.lock_range(l.handle('a'), l.call('bob', 2), 'bob', 0, 'p', 5, 1, true, 'w')) AS granted_then;
SELECT * FROM l.locks;

-- Limits
SELECT dittofs.set_server_config('lock_client_max', '3');
SELECT i, l.lock('carol', 'p', 'c', 10 * i, 5) FROM generate_series(1, 4) i;
SELECT l.lock('carol', 'p', 'b', 0, 1) AS another_file, l.unlock('carol', 'p', 'c', 12, 1) AS a_hole_is_allowed, l.lock('carol', 'p', 'c', 10, 40) AS fewer_are, l.lock('carol', 'p', 'c', 100, 1);
SELECT name, locks FROM dittofs.lock_clients WHERE name = 'carol';
SELECT dittofs.set_server_config('lock_client_max', NULL);
SELECT dittofs.set_server_config('lock_file_bytes', '1024');
SELECT outcome, count(*) FROM (SELECT l.lock('carol', 'p', 'b', 2 * i, 1) AS outcome FROM generate_series(1, 200) i) x GROUP BY outcome ORDER BY outcome;
SELECT l.unlock('carol', 'p', 'b', 0, 0);
SELECT dittofs.set_server_config('lock_file_bytes', NULL);
-- so many locks that they lie outside of the row: other changes keep them
SELECT count(*) FILTER (WHERE l.lock('carol', 'p' || i, 'b', 10 * i, 1) = 'granted') AS granted FROM generate_series(1, 1000) i;
SELECT pg_column_size(locks) > 2000 AS outside FROM dittofs.files f WHERE id = encode(substr(l.handle('b'), 18), 'hex')::uuid;
SELECT dittofs.chmod('/locks/b', '0640'), dittofs.write_file('/locks/b', 'new');
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT l.lock('carol', 'p1', 'b', 5, 1), l.unlock('carol', 'p2', 'b', 20, 1), l.unlock('carol', 'p3', 'b', 31, 0);
COMMIT;
SELECT count(*), min(range_start), max(range_end) FROM l.locks WHERE path = '/locks/b';
SELECT l.told(dittofs.free_locks(l.caller('carol'), 'carol'));
-- so many may wait at a file
SELECT outcome, count(*) FROM (SELECT split_part(l.lock('carol', 'p' || i, 'a', 0, 1, true, 'w'), ' ', 1) AS outcome FROM generate_series(1, 260) i) x GROUP BY outcome ORDER BY outcome;
SELECT l.told(dittofs.free_locks(l.caller('carol'), 'carol'));

-- A lock goes with its file, from one name to another, and not without it.
SELECT l.lock('alice', 'p', 'c', 0, 1), dittofs.mv('/locks/c', '/locks/moved');
SELECT l.test('bob', 'p', 'moved', 0, 1);
SELECT dittofs.ln('/locks/moved', '/locks/second'), dittofs.rm('/locks/moved');
SELECT l.test('bob', 'p', 'second', 0, 1);
SELECT locks FROM dittofs.lock_clients WHERE name = 'alice' AND host(address) = '10.0.0.1';
SELECT dittofs.rm('/locks/second');
SELECT locks FROM dittofs.lock_clients WHERE name = 'alice' AND host(address) = '10.0.0.1';

-- Signs of life; the sweep forgets files and clients without locks.
SELECT dittofs.lock_clients_seen('{}');
UPDATE dittofs.lock_clients SET seen_at = now() - interval '1 hour';
SELECT dittofs.lock_clients_seen('{10.0.0.1,::1,nonsense}') AS seen, dittofs.lock_clients_seen('{10.0.0.1}') AS again, dittofs.lock_clients_seen('{}') AS none, dittofs.lock_clients_seen(NULL) AS null;
SELECT dittofs.reap() IS NOT NULL;
SELECT dittofs.path(dittofs.resolve('/locks/a')), waiting FROM dittofs.locked_files;
SELECT name FROM dittofs.lock_clients;
SELECT * FROM l.locks;

-- A client that no gateway sees loses its locks when the time is over, if there is a time, and not
-- while no gateway tells whom it sees.  A session sweeps once a minute: each has its own.
SELECT l.lock('alice', 'p', 'a', 0, 1), l.lock('bob', 'p', 'a', 1, 1), l.lock('bob', 'q', 'a', 0, 1, true, 'w'), l.lock('alice', 'p', 'a', 5, 1);
CREATE PROCEDURE l.age(client interval, told interval) LANGUAGE sql AS $$
	UPDATE dittofs.lock_clients SET seen_at = clock_timestamp() - client;
	UPDATE dittofs.lock_watch SET told_at = clock_timestamp() - told $$;
SELECT dittofs.lock_clients_seen('{}');
CALL l.age('1 year', '0');
SELECT dittofs.reap() IS NOT NULL AS no_time_is_set;
SELECT * FROM l.locks;
SELECT dittofs.set_server_config('lock_client_timeout', '3600');
\c -
CALL l.age('59 min', '0');
SELECT dittofs.reap() IS NOT NULL AS not_over;
SELECT count(*) FROM l.locks;
\c -
CALL l.age('3 hours', '2 hours');
SELECT dittofs.reap() IS NOT NULL AS nobody_tells;
SELECT count(*) FROM l.locks;
SELECT dittofs.lock_clients_seen('{}');
SELECT (SELECT bool_and(seen_at BETWEEN now() - interval '55 min' AND now() - interval '53 min') FROM dittofs.lock_clients) AS later_by_that_time,
	(SELECT told_at > now() - interval '1 min' FROM dittofs.lock_watch) AS told;
\c -
SELECT dittofs.reap() IS NOT NULL AS not_over;
SELECT count(*) FROM l.locks;
-- one asks, and one is seen
\c -
CALL l.age('3 hours', '0');
SELECT l.lock('alice', 'p', 'a', 5, 1) AS asks_for_nothing_new;
SELECT dittofs.reap() IS NOT NULL AS over;
SELECT l.grants();
SELECT * FROM l.locks;
\c -
CALL l.age('3 hours', '0');
SELECT dittofs.lock_clients_seen('{10.0.0.1}');
SELECT dittofs.reap() IS NOT NULL AS over;
SELECT * FROM l.locks;
\c -
CALL l.age('3 hours', '1 min');
SELECT l.lock('bob', 'q', 'a', 0, 1, true, 'w') AS waits;
SELECT dittofs.reap() IS NOT NULL AS over;
SELECT l.grants();
SELECT * FROM l.locks;
SELECT dittofs.set_server_config('lock_client_timeout', '10');
\c -
CALL l.age('4 min', '0');
SELECT dittofs.reap() IS NOT NULL AS not_before_five_minutes;
SELECT count(*) FROM l.locks;
\c -
CALL l.age('6 min', '0');
SELECT dittofs.reap() IS NOT NULL AS over;
SELECT count(*) FROM l.locks;
SELECT dittofs.set_server_config('lock_client_timeout', NULL);

-- The share goes, and all of it.
SELECT dittofs.drop_share('/locks', force => true);
\c -
SELECT dittofs.reap(1000000) > 0 AS reaped;
SELECT (SELECT count(*) FROM dittofs.locked_files) AS files, (SELECT count(*) FROM dittofs.lock_clients) AS clients;
SELECT * FROM dittofs.fsck();
SET client_min_messages = warning;
DROP SCHEMA l CASCADE;
