-- SPDX-License-Identifier: PostgreSQL
-- A change is made once, however often its call arrives.
--
-- A caller may say which call this is: its xid, and a checksum of its arguments,
-- which together with address, user, procedure and the way it came tell a
-- retransmission from a new call.  The answer to a change is stored by the transaction that makes it.
\set ECHO none
\i test/check.sql
\set ECHO all
SELECT dittofs.create_share('/retransmission', squash => 'none') AS root \gset
\set call '''client=10.0.0.1 port=700 xid=5 checksum=77'''

-- the same call from another port: the same answer
SELECT dittofs.status_name(status), encode(handle, 'hex') AS first
	FROM dittofs.create_directory(:'root', 'd', :call) \gset
SELECT dittofs.status_name(status), encode(handle, 'hex') = :'first' AS same_handle
	FROM dittofs.create_directory(:'root', 'd', 'client=10.0.0.1 port=9 xid=5 checksum=77');

-- other arguments, another client, user, xid or procedure: another call
SELECT dittofs.status_name(status)
	FROM dittofs.create_directory(:'root', 'd', 'client=10.0.0.1 xid=5 checksum=78');
SELECT dittofs.status_name(status)
	FROM dittofs.create_directory(:'root', 'd', 'client=10.0.0.2 xid=5 checksum=77');
SELECT dittofs.status_name(status)
	FROM dittofs.create_directory(:'root', 'd', 'uid=7 client=10.0.0.1 xid=5 checksum=77');
SELECT dittofs.status_name(status)
	FROM dittofs.create_directory(:'root', 'd', 'client=10.0.0.1 xid=6 checksum=77');
SELECT dittofs.status_name(status)
	FROM dittofs.create_file(:'root', 'd', 'client=10.0.0.1 xid=5 checksum=77');
-- and so is one that does not say which it is
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'd');

-- an answer outlives what it was about
SELECT dittofs.status_name(status)
	FROM dittofs.remove_directory(:'root', 'd', 'client=10.0.0.1 xid=7');
SELECT dittofs.status_name(status), encode(handle, 'hex') = :'first' AS same_handle,
		attributes IS NULL AS no_attributes
	FROM dittofs.create_directory(:'root', 'd', :call);

-- a removal is not repeated on what has the name now
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'd');
SELECT dittofs.status_name(status)
	FROM dittofs.remove_directory(:'root', 'd', 'client=10.0.0.1 xid=7');
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'root', 'd');

-- a rename, too
SELECT dittofs.status_name(status)
	FROM dittofs.move(:'root', 'd', :'root', 'e', 'client=10.0.0.1 xid=8');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'd');
SELECT dittofs.status_name(status)
	FROM dittofs.move(:'root', 'd', :'root', 'e', 'client=10.0.0.1 xid=8');
SELECT path FROM t.tree('/retransmission');

-- a truncation is not repeated on what was written since; a link is made once
SELECT handle AS file FROM dittofs.create_file(:'root', 'f') \gset
SELECT dittofs.status_name(status)
	FROM dittofs.set_file_attributes(:'file', 'client=10.0.0.1 xid=9', size => 0);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'data');
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).size
	FROM dittofs.set_file_attributes(:'file', 'client=10.0.0.1 xid=9', size => 0);
SELECT dittofs.status_name(status)
	FROM dittofs.create_hard_link(:'file', :'root', 'l', 'client=10.0.0.1 xid=10');
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).nlink
	FROM dittofs.create_hard_link(:'file', :'root', 'l', 'client=10.0.0.1 xid=10');

-- a failure changed nothing, and is not kept
SELECT dittofs.status_name(status)
	FROM dittofs.remove_file(:'root', 'later', 'client=10.0.0.1 xid=11');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'later');
SELECT dittofs.status_name(status)
	FROM dittofs.remove_file(:'root', 'later', 'client=10.0.0.1 xid=11');

-- neither is what was rolled back
BEGIN;
SELECT dittofs.status_name(status)
	FROM dittofs.create_file(:'root', 'undone', 'client=10.0.0.1 xid=12');
ROLLBACK;
SELECT dittofs.status_name(status)
	FROM dittofs.create_file(:'root', 'undone', 'client=10.0.0.1 xid=12');
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'root', 'undone');

-- in a gateway's session an answer is known in the batch that gave it
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT dittofs.status_name(status)
	FROM dittofs.create_file(:'root', 'batch', 'client=10.0.0.1 xid=13');
SELECT dittofs.status_name(status)
	FROM dittofs.create_file(:'root', 'batch', 'client=10.0.0.1 xid=13');
COMMIT;

-- a gateway counts such answers: it knows the message by its SQLSTATE
SET dittofs.report_replays = on;
\set VERBOSITY sqlstate
SELECT dittofs.status_name(status)
	FROM dittofs.create_file(:'root', 'batch', 'client=10.0.0.1 xid=13');
\set VERBOSITY default
RESET dittofs.report_replays;

-- Two clients behind one address may have everything alike.  A call that is sent
-- again comes on its connection, or on one that was opened after it had arrived.
-- call(C, B, A): on connection C, opened at second B, arrived at A; made in
-- transactions of their own, and as calls of one batch.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - 1000000000 AS epoch \gset
CREATE FUNCTION pg_temp.call(c int, b numeric, a numeric, xid int) RETURNS dittofs.caller LANGUAGE sql AS $$
	SELECT format('client=10.0.0.8 xid=%s checksum=1 connection=%s connected=%s arrived=%s', xid, c,
		CASE WHEN b = 0 THEN 0 ELSE e + (b * 1000000)::bigint END, e + (a * 1000000)::bigint)::dittofs.caller
		FROM (SELECT current_setting('t.epoch')::bigint) x(e)
$$;
SELECT set_config('t.epoch', :'epoch', false) IS NOT NULL AS epoch;
CREATE TABLE arrivals (n int, first numeric[], second numeric[], what text);
INSERT INTO arrivals VALUES
	(1, '{1, 10, 20}', '{1, 10, 25}', 'again, on the same connection'),
	(2, '{1, 10, 20}', '{2, 20.1, 25}', 'after a reconnection'),
	(3, '{1, 10, 20}', '{2, 19.9, 25}', 'by another client, that was there before'),
	(4, '{1, 10, 20}', '{2, 19.9999, 20.0001}', 'the same, nearly at once'),
	(5, '{2, 20.1, 25}', '{1, 10, 20}', 'the first, executed last'),
	(6, '{2, 19.9, 25}', '{1, 10, 20}', 'another client''s, executed last'),
	(7, '{1, 10, 20}', '{2, 0, 25}', 'on a new connection, but never sent before'),
	(8, '{2, 0, 25}', '{1, 10, 20}', 'one never sent before, executed first'),
	(9, '{1, 10, 5000}', '{2, 15, 25}', 'the clock was set back meanwhile'),
	(10, '{1, 1, 900}', '{2, 899.99, 901}', 'an old connection'),
	(11, '{1, -9000, 20}', '{2, 19.9, 25}', 'a very old one'),
	(12, '{2, 899.99, 901}', '{1, 1, 899}', 'an old connection, executed last'),
	(13, '{1, 0, 25}', '{2, 0, 20}', 'neither ever sent before, executed last'),
	(14, '{1, 10, 25}', '{2, 0, 20}', 'never sent before, executed last'),
	(15, '{1, 0, 20}', '{2, 10, 25}', 'the first never sent before');
CREATE FUNCTION pg_temp.told(root bytea, pass int, n int, v numeric[]) RETURNS text LANGUAGE sql AS $$
	SELECT dittofs.status_name(status) FROM dittofs.create_directory(root,
		convert_to(format('two%s-%s', pass, n), 'UTF8'),
		pg_temp.call(v[1]::int, v[2], v[3], pass * 1000 + n))
$$;
SELECT n, pg_temp.told(:'root', 1, n, first) AS first, pg_temp.told(:'root', 1, n, second) AS second,
		pg_temp.told(:'root', 1, n, second) AS third, what
	FROM arrivals ORDER BY n;
-- what a second client was told to be new is its own
SELECT dittofs.status_name(status) AS removed FROM dittofs.remove_directory(:'root', 'two1-3');
SELECT pg_temp.told(:'root', 1, 3, '{2, 19.9, 25}') AS second,
	pg_temp.told(:'root', 1, 3, '{3, 30, 35}') AS again, pg_temp.told(:'root', 1, 3, '{4, 5, 36}') AS third;
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT n, pg_temp.told(:'root', 2, n, first) AS first, pg_temp.told(:'root', 2, n, second) AS second, what
	FROM arrivals ORDER BY n;
COMMIT;
SELECT n, pg_temp.told(:'root', 2, n, first) AS first, pg_temp.told(:'root', 2, n, second) AS second
	FROM arrivals ORDER BY n;
-- for every procedure: the second client, the first one again, after a reconnection
SELECT status = 0 AS ok FROM dittofs.create_directory(:'root', 'all');
SELECT dittofs.resolve('/retransmission/all') AS dir \gset
CREATE TABLE procedures (n int, call text, scene text);
INSERT INTO procedures VALUES
	(1, 'create_file($1, ''a'', $2, ''guarded'')', NULL),
	(2, 'create_directory($1, ''b'', $2)', NULL),
	(3, 'create_symlink($1, ''c'', ''x'', $2)', NULL),
	(4, 'create_special_file($1, ''d'', ''fifo'', caller => $2)', NULL),
	(5, 'remove_file($1, ''e'', $2)', 'write_file(''/retransmission/all/e'', '''')'),
	(6, 'remove_directory($1, ''f'', $2)', 'mkdir(''/retransmission/all/f'')'),
	(7, 'move($1, ''g'', $1, ''h'', $2)', 'write_file(''/retransmission/all/g'', '''')'),
	(8, 'create_hard_link(dittofs.resolve(''/retransmission/all/a''), $1, ''i'', $2)', NULL),
	(9, 'set_file_attributes(dittofs.resolve(''/retransmission/all/a''), $2, mode => 384, guard => '
		'(SELECT ctime_ns FROM scene))', NULL);
CREATE TABLE scene (ctime_ns bigint);
CREATE FUNCTION pg_temp.make(dir bytea, what procedures, caller dittofs.caller) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	status int;
BEGIN
	EXECUTE 'SELECT (dittofs.' || what.call || ').status' INTO status USING dir, caller;
	RETURN dittofs.status_name(status);
END
$$;
CREATE FUNCTION pg_temp.set_scene(what procedures) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM scene;
	INSERT INTO scene SELECT (dittofs.attributes(attributes)).ctime
		FROM dittofs.get_file(dittofs.resolve('/retransmission/all/a')) WHERE status = 0;
	IF what.scene IS NOT NULL THEN
		EXECUTE 'SELECT dittofs.' || what.scene;
	END IF;
EXCEPTION WHEN undefined_file THEN
	NULL;
END
$$;
SELECT split_part(p.call, '(', 1) AS call, pg_temp.set_scene(p),
		pg_temp.make(:'dir', p, pg_temp.call(1, 1, 10, 100 + n)) AS first,
		pg_temp.make(:'dir', p, pg_temp.call(2, 2, 11, 100 + n)) AS second,
		pg_temp.make(:'dir', p, pg_temp.call(1, 1, 12, 100 + n)) AS again,
		pg_temp.make(:'dir', p, pg_temp.call(3, 13, 14, 100 + n)) AS reconnected
	FROM procedures p ORDER BY n;
DROP FUNCTION pg_temp.make, pg_temp.set_scene;
DROP TABLE arrivals, scene, procedures;

-- the replies of a batch share rows, by 64 xids, and each is found again
CREATE FUNCTION pg_temp.many(root bytea, OUT made bigint, OUT handles text) LANGUAGE sql AS $$
	SELECT count(*) FILTER (WHERE status = 0), md5(string_agg(handle::text, ' ' ORDER BY i))
		FROM generate_series(1, 130) i, dittofs.create_directory(root, convert_to('many' || i, 'UTF8'),
			('client=10.0.0.9 xid=' || 1000 + i || ' checksum=' || i)::dittofs.caller)
$$;
CREATE VIEW pg_temp.kept AS SELECT count(*) AS rows, sum((length(replies) - 7) / 24) AS replies
	FROM (TABLE dittofs.replies_0 UNION ALL TABLE dittofs.replies_1 UNION ALL TABLE dittofs.replies_2) r;
SELECT rows, replies FROM pg_temp.kept \gset before_
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT made, handles FROM pg_temp.many(:'root') \gset
SELECT :made AS made;
COMMIT;
SELECT rows - :before_rows AS rows, replies - :before_replies AS replies FROM pg_temp.kept;
SELECT made, handles = :'handles' AS same FROM pg_temp.many(:'root');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'many7',
	'client=10.0.0.9 xid=1007 checksum=8');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'many7',
	'client=10.0.0.9 xid=1008 checksum=7');

-- the third generation is emptied, the one in use is not
SELECT dittofs.reap() >= 0 AS reaped;
SELECT dittofs.status_name(status)
	FROM dittofs.create_file(:'root', 'batch', 'client=10.0.0.1 xid=13');
-- one generation at a time is emptied: that whose turn comes next
INSERT INTO dittofs.replies_0 VALUES (1, 0, '');
INSERT INTO dittofs.replies_1 VALUES (1, 0, '');
INSERT INTO dittofs.replies_2 VALUES (1, 0, '');
SELECT dittofs.reap() >= 0 AS reaped;
SELECT (SELECT count(*) FROM dittofs.replies_0 WHERE key = 1) +
	(SELECT count(*) FROM dittofs.replies_1 WHERE key = 1) +
	(SELECT count(*) FROM dittofs.replies_2 WHERE key = 1) AS left;
-- A turn passes when two minutes have been served in it, and a reply outlives
-- one turn.  serve(s, seen): s seconds of this turn have gone by, and somebody
-- was there seen seconds ago.
CREATE PROCEDURE pg_temp.serve(s int, seen int) LANGUAGE sql AS $$
	UPDATE dittofs.replies_turn t SET since = now - s * 1000000000::bigint,
			seen = now - serve.seen * 1000000000::bigint
		FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint AS now) c
$$;
SELECT turn AS first FROM dittofs.replies_turn \gset
CREATE FUNCTION pg_temp.again(root bytea) RETURNS text LANGUAGE sql AS $$
	SELECT dittofs.status_name(status)
		FROM dittofs.create_directory(root, 'turn', caller => 'client=10.0.0.1 xid=20')
$$;
SELECT pg_temp.again(:'root');
CALL pg_temp.serve(119, 31);
SELECT dittofs.reap() >= 0 AS reaped;
SELECT turn - :first AS passed, pg_temp.again(:'root') FROM dittofs.replies_turn;
CALL pg_temp.serve(121, 31);
SELECT dittofs.reap() >= 0 AS reaped, dittofs.reap() >= 0 AS twice;
SELECT turn - :first AS passed, pg_temp.again(:'root') FROM dittofs.replies_turn;
-- an outage of an hour does not count, nor does a clock that was set back
CALL pg_temp.serve(3600, 3600);
SELECT dittofs.reap() >= 0 AS reaped, dittofs.reap() >= 0 AS twice;
SELECT turn - :first AS passed, pg_temp.again(:'root') FROM dittofs.replies_turn;
CALL pg_temp.serve(-3600, -3600);
SELECT dittofs.reap() >= 0 AS reaped, dittofs.reap() >= 0 AS twice;
SELECT turn - :first AS passed, pg_temp.again(:'root') FROM dittofs.replies_turn;
-- after another turn it is forgotten
CALL pg_temp.serve(121, 31);
SELECT dittofs.reap() >= 0 AS reaped;
SELECT dittofs.reap() >= 0 AS reaped;
SELECT turn - :first AS passed, pg_temp.again(:'root') FROM dittofs.replies_turn;
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/retransmission', force => true);
