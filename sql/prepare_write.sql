-- Content that is not in the database: prepare_read(), prepare_write() and
-- commit_write().
--
-- A gateway asks whether the caller may and where the content is, moves the
-- bytes itself, and tells the file afterwards.  All rules are those of read()
-- and write(), and they are checked again at the end.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/prepare', root_mode => t.mode('0777')) AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', uid => 1000, gid => 100, mode => t.mode('6755')) \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'Hello, world!');

SELECT r."offset", r.count, dittofs.status_name(p.status), (dittofs.attributes(p.attributes)).size, p.eof, p.content, p.content_id IS NOT NULL AS id
	FROM (VALUES (0, 5), (0, 13), (5, 100), (100, 1), (0, 0)) r("offset", count), dittofs.prepare_read(:'file', r."offset", r.count) p;
SELECT dittofs.status_name(p.status), (dittofs.attributes(p.attributes)).size, p.eof, p.content,
		p.content_id = (SELECT content_id FROM dittofs.prepare_read(:'file', 0, 1)) AS same_id
	FROM dittofs.prepare_write(:'file', 100, 10) p;
-- prepare_write() changes nothing; commit_write() does what write() would:
-- the size is the greatest end, and set-id bits go when it is not root
SELECT dittofs.status_name(status), (dittofs.before(wcc)).size AS before, a.size, t.octal(a.mode) AS mode, a.mtime = a.ctime AND a.mtime > (dittofs.before(wcc)).mtime AS times
	FROM dittofs.commit_write(:'file', 100, 10, 'uid=1000 gid=100'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), a.size FROM dittofs.commit_write(:'file', 50, 10), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), a.ctime = (dittofs.before(wcc)).ctime AND a.size = (dittofs.before(wcc)).size AS unchanged
	FROM dittofs.commit_write(:'file', 1000, 0), dittofs.attributes(dittofs.after(wcc)) a;

-- who may, and where
SELECT h.what, dittofs.status_name(r.status) AS prepare_read, dittofs.status_name(w.status) AS prepare_write, dittofs.status_name(c.status) AS commit_write,
		r.attributes IS NOT NULL AND w.attributes IS NOT NULL AND c.wcc IS NOT NULL AS attributes, coalesce(r.content, w.content) AS content
	FROM (VALUES (1, 'another user', :'file'::bytea, 0, 1, 'uid=1001 gid=101'), (2, 'directory', :'root', 0, 1, ''), (3, 'no handle', '', 0, 1, ''),
			(4, 'negative offset', :'file', -1, 1, ''), (5, 'negative count', :'file', 0, -1, ''), (6, 'too far', :'file', 9223372036854775800, 100, ''),
			(7, 'nothing', :'file', NULL, NULL, '')) h(i, what, handle, "offset", count, caller),
		dittofs.prepare_read(h.handle, h."offset", h.count, h.caller::dittofs.caller) r, dittofs.prepare_write(h.handle, h."offset", h.count, h.caller::dittofs.caller) w,
		dittofs.commit_write(h.handle, h."offset", h.count, h.caller::dittofs.caller) c
	ORDER BY h.i;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT dittofs.status_name(r.status) AS prepare_read, dittofs.status_name(w.status) AS prepare_write, dittofs.status_name(c.status) AS commit_write
	FROM dittofs.prepare_read(:'file', 0, 1) r, dittofs.prepare_write(:'file', 0, 1) w, dittofs.commit_write(:'file', 0, 1) c;

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/prepare', force => true);
