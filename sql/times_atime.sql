-- SPDX-License-Identifier: PostgreSQL
-- Times: nanoseconds since the epoch; who may set them, and what reading does.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/times', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', 'uid=1000 gid=100', mode => t.mode('0662')) \gset

-- every nanosecond is kept, before 1970 and after 2262 as well
SELECT n.ns, dittofs.status_name(s.status), a.atime = n.ns AND a.mtime = n.ns AS kept
	FROM (VALUES (0), (1), (-1), (1234567890123456789), (9223372036854775807), (-9223372036854775808)) n(ns),
		dittofs.set_file_attributes(:'file', atime => n.ns, mtime => n.ns) s, dittofs.attributes(dittofs.after(s.wcc)) a;
-- one without the other; ctime is always the server's
SELECT dittofs.status_name(status), a.atime, a.mtime, a.ctime > (dittofs.before(wcc)).ctime AS ctime_grew
	FROM dittofs.set_file_attributes(:'file', atime => 5), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), a.atime, a.mtime, a.ctime > (dittofs.before(wcc)).ctime AS ctime_grew
	FROM dittofs.set_file_attributes(:'file', mtime => 6), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), a.atime = a.ctime AS atime_now, a.mtime
	FROM dittofs.set_file_attributes(:'file', atime_now => true), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), a.atime, a.mtime = a.ctime AS mtime_now
	FROM dittofs.set_file_attributes(:'file', atime => 7, mtime_now => true), dittofs.attributes(dittofs.after(wcc)) a;

-- a time of one's choice takes ownership (PERM), "now" ownership or w (ACCES)
SELECT c.who, dittofs.status_name(a.status) AS "atime", dittofs.status_name(b.status) AS "mtime",
		dittofs.status_name(d.status) AS "atime now", dittofs.status_name(e.status) AS "mtime now"
	FROM (VALUES ('owner', 'uid=1000 gid=101'), ('group', 'uid=1001 gid=100'), ('other', 'uid=1001 gid=101'), ('root', '')) c(who, caller),
		dittofs.set_file_attributes(:'file', c.caller::dittofs.caller, atime => 1) a,
		dittofs.set_file_attributes(:'file', c.caller::dittofs.caller, mtime => 1) b,
		dittofs.set_file_attributes(:'file', c.caller::dittofs.caller, atime_now => true) d,
		dittofs.set_file_attributes(:'file', c.caller::dittofs.caller, mtime_now => true) e;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', mode => t.mode('0440'));
SELECT c.who, dittofs.status_name(e.status) AS "mtime now"
	FROM (VALUES ('owner', 'uid=1000 gid=101'), ('group', 'uid=1001 gid=100'), ('root', '')) c(who, caller),
		dittofs.set_file_attributes(:'file', c.caller::dittofs.caller, mtime_now => true) e;

-- Reading and atime.  'relative': it moves when it is not later than the
-- last change, or a day old.  It never touches mtime and ctime.
CREATE FUNCTION pg_temp.reads(file bytea, new_atime bigint, OUT first text, OUT second text, OUT others text)
	LANGUAGE plpgsql AS $$
DECLARE
	a dittofs.attributes;
	b dittofs.attributes;
	c dittofs.attributes;
BEGIN
	ASSERT (dittofs.set_file_attributes(file, atime => new_atime)).status = 0;
	a := dittofs.attributes((dittofs.get_file(file)).attributes);
	b := dittofs.attributes((dittofs.read(file, 0, 1)).attributes);
	ASSERT b = dittofs.attributes((dittofs.get_file(file)).attributes);
	c := dittofs.attributes((dittofs.read(file, 0, 1)).attributes);
	first := CASE WHEN b.atime = a.atime THEN 'stays' WHEN b.atime > b.ctime THEN 'moves' ELSE 'wrong' END;
	second := CASE WHEN c.atime = b.atime THEN 'stays' WHEN c.atime > b.atime THEN 'moves' ELSE 'wrong' END;
	others := CASE WHEN (a.mtime, a.ctime) = (c.mtime, c.ctime) THEN 'stay' ELSE 'wrong' END;
END $$;
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'data');
CREATE FUNCTION pg_temp.now_ns() RETURNS bigint LANGUAGE sql AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint $$;
SELECT r.* FROM pg_temp.reads(:'file', 0) r;
SELECT r.* FROM pg_temp.reads(:'file', pg_temp.now_ns() + 3600 * 1000000000::bigint) r;
-- 'strict': every read moves it; 'off': none does
SELECT dittofs.alter_share('/times', atime => 'strict');
SELECT r.* FROM pg_temp.reads(:'file', 0) r;
SELECT dittofs.alter_share('/times', atime => 'off');
SELECT r.* FROM pg_temp.reads(:'file', 0) r;
SELECT dittofs.alter_share('/times', atime => 'relative');
-- a day old: it moves, though there was no change since
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', mtime => 0, atime => 0);
UPDATE dittofs.files SET ctime = 1, atime = pg_temp.now_ns() - 86300 * 1000000000::bigint WHERE share_id = (SELECT share_id FROM dittofs.shares WHERE name = '/times') AND kind = 1;
SELECT a.atime > pg_temp.now_ns() - 80000 * 1000000000::bigint AS moved FROM dittofs.read(:'file', 0, 1) r, dittofs.attributes(r.attributes) a;
UPDATE dittofs.files SET atime = pg_temp.now_ns() - 86500 * 1000000000::bigint WHERE share_id = (SELECT share_id FROM dittofs.shares WHERE name = '/times') AND kind = 1;
SELECT a.atime > pg_temp.now_ns() - 80000 * 1000000000::bigint AS moved FROM dittofs.read(:'file', 0, 1) r, dittofs.attributes(r.attributes) a;
-- reading nothing is not reading
SELECT dittofs.status_name(status), a.atime FROM dittofs.set_file_attributes(:'file', atime => 5), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), eof, a.atime FROM dittofs.read(:'file', 100, 10) r, dittofs.attributes(r.attributes) a;
SELECT dittofs.status_name(status), a.atime FROM dittofs.read(:'file', 0, 0) r, dittofs.attributes(r.attributes) a;

-- directories are read by listing them
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir', atime => 5) \gset
SELECT (dittofs.attributes(dir_attributes)).atime FROM dittofs.lookup(:'dir', 'nothing');
SELECT (dittofs.attributes(dir_attributes)).atime > 5 AS moved FROM dittofs.read_directory(:'dir') LIMIT 1;
SELECT a.atime > 5 AS moved, a.mtime = a.ctime AS others FROM dittofs.get_file(:'dir') g, dittofs.attributes(g.attributes) a;

-- a read in a read-only transaction leaves no trace
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', atime => 5);
BEGIN READ ONLY;
SELECT encode(data, 'escape') AS data, a.atime FROM dittofs.read(:'file', 0, 10) r, dittofs.attributes(r.attributes) a;
COMMIT;

-- a clock that goes back: times of the future are passed in steps of 1 ns
SELECT share_id FROM dittofs.shares WHERE name = '/times' \gset
UPDATE dittofs.files SET ctime = 9000000000000000000, mtime = 9000000000000000000 WHERE share_id = :share_id;
SELECT a.ctime, a.mtime FROM dittofs.create_file(:'root', 'new'), dittofs.attributes(dittofs.after(dir_wcc)) a;
SELECT a.ctime, a.mtime FROM dittofs.create_file(:'root', 'newer'), dittofs.attributes(dittofs.after(dir_wcc)) a;
SELECT a.ctime, a.mtime FROM dittofs.write(:'file', 0, 'x'), dittofs.attributes(dittofs.after(wcc)) a;

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/times', force => true);
