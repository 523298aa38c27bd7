-- SPDX-License-Identifier: PostgreSQL
-- LOCK, LOCKT, LOCKU of NFSv4, beside those of NLM.
\set ECHO none
\i test/check.sql
\i test/nfs4.sql
\i test/nfs4_opens.sql
\set ECHO all
\set VERBOSITY terse

SELECT dittofs.create_share('/locks4', squash => 'none') IS NOT NULL AS made, dittofs.write_file('/locks4/f', 'x') AS f, dittofs.write_file('/locks4/g', 'x') AS g;
SELECT dittofs.resolve('/locks4/f') AS f, dittofs.resolve('/locks4/g') AS g \gset
SELECT t.client4('alice'), t.client4('bob');
SELECT t.open4('alice', '/locks4', 'f', 3, as_name => 'a'), t.open4('bob', '/locks4', 'f', 3, as_name => 'b');
CREATE VIEW t.locks4 AS SELECT l.client,
	convert_from(l.owner, 'UTF8') AS owner, l.range_start, l.range_end, l.kind, l.state FROM dittofs.locks l WHERE path LIKE '/locks4/%' ORDER BY range_start, client, owner;
CREATE FUNCTION t.nlm(client text, file bytea, start bigint, length bigint, exclusive bool DEFAULT true, wait bytea DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', outcome, 'by ' || encode(holder_owner, 'escape')) FROM dittofs.lock_range(file, 'client=10.0.0.9', client, 1, 'n', start, length, exclusive, wait) $$;
CREATE FUNCTION t.nlm_unlock(client text, file bytea) RETURNS text LANGUAGE sql AS $$
	SELECT outcome || ' grants ' || grants FROM dittofs.unlock_range(file, 'client=10.0.0.9', client, 1, 'n', 0, 0) $$;

-- An owner gets one stateid, which goes up by one with each lock; another client's lock is in the way.
SELECT t.lock4('alice', :'f', 0, 10, open => 'a', as_name => 'la') AS first, t.lock4('alice', :'f', 20, 10, open => NULL, as_name => 'la') AS by_its_stateid,
	t.lock4('alice', :'f', 40, 10, open => 'a', as_name => 'la2') AS by_the_open;
SELECT substr(t.stateid('la'), 5) = substr(t.stateid('la2'), 5) AS same;
SELECT t.lock4('alice', :'f', 15, 1, owner => 'q', open => 'a', as_name => 'lq') AS another_owner, t.lock4('alice', :'f', 0, 1, owner => 'q', open => 'a', as_name => 'lq') AS in_its_way;
SELECT t.lock4('bob', :'f', 5, 10, open => 'b', as_name => 'lb'), t.lock4('bob', :'f', 10, 5, open => 'b', as_name => 'lb'), t.lock4('bob', :'f', 25, -1, 1, open => NULL, as_name => 'lb');
SELECT t.test4('bob', :'f', 0, 1), t.test4('alice', :'f', 0, 1), t.test4('alice', :'f', 12, 1, 1), t.test4('bob', :'f', 50, -1);
SELECT * FROM t.locks4;
-- a refused lock leaves no stateid behind
SELECT count(*) AS states FROM dittofs.nfs4_states WHERE open_id <> 0;

-- The newest of its stateids, or one with seqid 0.
SELECT t.keep4('old', t.with_seqid(t.stateid('la2'), 1)), t.unlock4('alice', :'f', 0, 1, 'old') AS old;
SELECT t.keep4('old', t.with_seqid(t.stateid('la2'), 0)), t.unlock4('alice', :'f', 0, 1, 'old') AS newest;
-- in part, joined with others, of nothing
SELECT t.unlock4('alice', :'f', 5, 20, 'old'), t.unlock4('alice', :'f', 1000, 5, 'old') AS nothing;
SELECT * FROM t.locks4;
-- up and down
SELECT t.lock4('alice', :'f', 1, 2, 1, open => NULL, as_name => 'old') AS down, t.lock4('bob', :'f', 1, 2, 1, open => NULL, as_name => 'lb') AS shared, t.lock4('alice', :'f', 1, 2, 2, open => NULL, as_name => 'old') AS up;
SELECT * FROM t.locks4;

-- What is no range, no lock, no stateid for it.
SELECT t.lock4('bob', :'f', 0, 0, open => NULL, as_name => 'lb') AS empty, t.lock4('bob', :'f', 2, -2, open => NULL, as_name => 'lb') AS beyond, t.lock4('bob', :'f', 1, -2, open => NULL, as_name => 'lb') AS just_not,
	t.test4('bob', :'f', 2, -2), t.unlock4('bob', :'f', 2, -2, 'lb');
SELECT t.lock4('bob', :'f', -2, 1, open => NULL, as_name => 'lb') AS far, t.unlock4('bob', :'f', -2, -1, 'lb') AS to_the_end;
SELECT t.lock4('bob', :'f', 70, 1, 5, open => NULL, as_name => 'lb') AS type, t.lock4('bob', :'f', 70, 1, open => NULL, as_name => 'lb', reclaim => 1) AS reclaim;
SELECT t.lock4('bob', :'f', 70, 1, open => NULL, as_name => 'b') AS open_for_owner, t.lock4('bob', :'f', 70, 1, open => 'lb') AS owner_for_open,
	t.lock4('bob', :'f', 70, 1, open => 'anonymous') AS anonymous, t.lock4('bob', :'f', 70, 1, open => 'a') AS of_another, t.lock4('bob', :'g', 70, 1, open => 'b') AS another_file;
SELECT t.unlock4('bob', :'f', 0, 1, 'b') AS by_the_open;
SELECT t.test4('bob', dittofs.resolve('/locks4'), 0, 1) AS directory;
-- by the mode of the open
SELECT t.open4('bob', '/locks4', 'g', 1, as_name => 'r'), t.open4('bob', '/locks4', 'g', 2, owner => 'w', as_name => 'w');
SELECT t.lock4('bob', :'g', 0, 1, 2, open => 'r', as_name => 'lr') AS write_by_read, t.lock4('bob', :'g', 0, 1, 1, open => 'w', as_name => 'lw') AS read_by_write,
	t.lock4('bob', :'g', 0, 1, 3, 'r', open => 'r', as_name => 'lr') AS reads, t.lock4('bob', :'g', 5, 1, 4, 'w', open => 'w', as_name => 'lw') AS writes;
-- a stateid of locks is good for reading and writing, as its open is
SELECT t.read4('bob', :'g', t.stateid('lr')), t.write4('bob', :'g', t.stateid('lr')), t.write4('bob', :'g', t.stateid('lw')), t.valid4('bob', t.stateid('lr'));

-- FREE_STATEID: not while it has locks.
SELECT t.free4('bob', 'lr'), t.unlock4('bob', :'g', 0, -1, 'lr'), t.free4('bob', 'lr'), t.free4('bob', 'lr') AS again, t.free4('alice', 'lw') AS of_another;
-- CLOSE ends the locks of its owners.
SELECT t.close4('bob', :'g', t.stateid('w')), t.close4('bob', :'g', t.stateid('r')), t.valid4('bob', t.stateid('lw'));
SELECT count(*) AS left FROM dittofs.nfs4_states s JOIN dittofs.files f ON f.id = s.file_id WHERE '\x01'::bytea || uuid_send((SELECT share_uuid FROM dittofs.shares WHERE name = '/locks4')) || uuid_send(f.id) = :'g';

-- NLM and NFSv4 see each other's locks, and a waiter of NLM is let in.
SELECT t.nlm('old', :'f', 0, 0) AS denied, t.nlm('old', :'f', 0, 0, wait => 'w') AS waits;
SELECT t.lock4('bob', :'g', 0, 1, open => 'b') AS not_open, t.open4('bob', '/locks4', 'g', 3, as_name => 'g'), t.nlm('old', :'g', 0, 10);
SELECT t.lock4('bob', :'g', 5, 1, open => 'g', as_name => 'lg') AS by_nlm, t.test4('bob', :'g', 5, 1), t.nlm_unlock('old', :'g');
SELECT t.lock4('bob', :'g', 5, 1, open => 'g', as_name => 'lg');
SELECT t.close4('alice', :'f', t.stateid('a')) AS alice, t.close4('bob', :'f', t.stateid('b')) AS bob;
SELECT * FROM t.locks4;
SELECT client_name FROM dittofs.next_grants(10);
SELECT t.nlm_unlock('old', :'f');
-- a reboot at the address of a client of NFSv4 is not its own
SELECT outcome FROM dittofs.client_rebooted('client=10.0.0.1', 'anything', 5);
SELECT * FROM t.locks4;

-- An expired client keeps its locks until they are in the way.
SELECT t.open4('alice', '/locks4', 'g', 3, as_name => 'a'), t.test4('alice', :'g', 5, 1) AS alive;
UPDATE dittofs.nfs4_leases SET renewed = renewed - 100000 WHERE client_id = (SELECT client_id FROM t.clients4 WHERE name = 'bob' AND slot = 0);
SELECT * FROM t.locks4;
SELECT t.lock4('bob', :'g', 7, 1, open => NULL, as_name => 'lg') AS here_again;
UPDATE dittofs.nfs4_leases SET renewed = renewed - 100000 WHERE client_id = (SELECT client_id FROM t.clients4 WHERE name = 'bob' AND slot = 0);
SELECT t.lock4('alice', :'g', 100, 1, open => 'a', as_name => 'la') AS not_in_the_way, t.test4('alice', :'g', 0, 1) AS neither;
SELECT * FROM t.locks4;
SELECT t.test4('alice', :'g', 5, 1) AS gone, t.lock4('alice', :'g', 5, 1, open => NULL, as_name => 'la') AS granted;
SELECT * FROM t.locks4;
SELECT t.read4('bob', :'g', t.stateid('lg')) AS has_ended;
SELECT t.client4('bob'), t.open4('bob', '/locks4', 'g', 3, as_name => 'b'), t.lock4('bob', :'g', 0, -1, open => 'b', as_name => 'lb') AS alice_has;
SELECT t.close4('alice', :'g', t.stateid('a')), t.lock4('bob', :'g', 0, -1, open => 'b', as_name => 'lb');
-- so does one in the way of NLM
UPDATE dittofs.nfs4_leases SET renewed = renewed - 100000 WHERE client_id = (SELECT client_id FROM t.clients4 WHERE name = 'bob' AND slot = 0);
SELECT t.nlm('old', :'g', 0, 1), t.nlm_unlock('old', :'g');
SELECT * FROM t.locks4;
SELECT dittofs.reap(1000) >= 0;
SELECT * FROM dittofs.nfs4_states;
SELECT * FROM dittofs.fsck();
SELECT dittofs.drop_share('/locks4', force => true);
SELECT dittofs.forget_clients() > 0 AS forgotten, dittofs.reap(100) >= 0, dittofs.reap(100) >= 0;
SET client_min_messages = warning;
DROP VIEW t.locks4;
DROP FUNCTION t.nlm, t.nlm_unlock;
DROP TABLE t.clients4, t.stateids4;
