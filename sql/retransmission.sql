-- A change is made once, however often its call arrives.
--
-- A caller may say which call this is: its xid, and a checksum of its arguments,
-- which together with address, user and procedure tell a retransmission from a
-- new call.  The answer to a change is stored by the transaction that makes it.
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

-- the replies of a batch share rows, by 64 xids, and each is found again
CREATE FUNCTION pg_temp.many(root bytea, OUT made bigint, OUT handles text) LANGUAGE sql AS $$
	SELECT count(*) FILTER (WHERE status = 0), md5(string_agg(handle::text, ' ' ORDER BY i))
		FROM generate_series(1, 130) i, dittofs.create_directory(root, convert_to('many' || i, 'UTF8'),
			('client=10.0.0.9 xid=' || 1000 + i || ' checksum=' || i)::dittofs.caller)
$$;
CREATE VIEW pg_temp.kept AS SELECT count(*) AS rows, sum(length(replies) / 24) AS replies
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
