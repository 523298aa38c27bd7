-- SPDX-License-Identifier: PostgreSQL
-- Size and holes: what set_file_attributes(size => …) and writes beyond the
-- end do to a file's content (RFC 1813, 3.3.2; POSIX ftruncate()).
--
-- Holes read as zeros and use no space.  used is the sum of what is stored.
\set ECHO none
\i test/check.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/truncate', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'Hello, world!');

-- shorter: the rest is gone for good
SELECT dittofs.status_name(status), (dittofs.before(wcc)).size AS before, a.size, a.used,
		a.mtime = a.ctime AND a.ctime > (dittofs.before(wcc)).ctime AS times
	FROM dittofs.set_file_attributes(:'file', size => 5), dittofs.attributes(dittofs.after(wcc)) a;
-- longer: a hole
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.set_file_attributes(:'file', size => 10), dittofs.attributes(dittofs.after(wcc)) a;
SELECT data, eof FROM dittofs.read(:'file', 0, 100);
-- the same size: nothing but the times changes, and they must (open(2) with O_TRUNC)
SELECT dittofs.status_name(status), a.size, a.mtime > (dittofs.before(wcc)).mtime AND a.ctime = a.mtime AS times
	FROM dittofs.set_file_attributes(:'file', size => 10), dittofs.attributes(dittofs.after(wcc)) a;
-- to nothing and beyond
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.set_file_attributes(:'file', size => 0), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), data, eof FROM dittofs.read(:'file', 0, 100);
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.set_file_attributes(:'file', size => 9223372036854775807), dittofs.attributes(dittofs.after(wcc)) a;
SELECT data, eof FROM dittofs.read(:'file', 9223372036854775800, 100);
SELECT dittofs.status_name(status) AS "FBIG", (dittofs.attributes(dittofs.after(wcc))).size FROM dittofs.set_file_attributes(:'file', size => -9223372036854775808);
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).size FROM dittofs.set_file_attributes(:'file', size => 0);

-- A file of 5 times 128 KiB, of which the first and the third are holes,
-- and the second and the last begin with one
SELECT w."offset", dittofs.status_name(r.status), a.size, a.used
	FROM (VALUES (600000, 10), (231072, 31072), (393216, 131072)) w("offset", count),
		dittofs.write(:'file', w."offset", convert_to(repeat('x', w.count), 'UTF8')) r, dittofs.attributes(dittofs.after(r.wcc)) a;
SELECT block, length FROM t.content c WHERE c.size = 600010 ORDER BY block;
SELECT r."offset", r.count, length(d.data), length(replace(encode(d.data, 'escape'), '\000', '')) AS data, d.eof
	FROM (VALUES (0, 1000000), (0, 131072), (131072, 131072), (231071, 2), (262143, 2), (262144, 131072), (262144, 131073), (524287, 100000), (600008, 10)) r("offset", count),
		dittofs.read(:'file', r."offset", r.count) d;

-- cut within blocks, at their edges, and in holes; what is cut off reads as
-- zeros when the file grows again
CREATE FUNCTION pg_temp.cut(file bytea, cut_to bigint, OUT status text, OUT size bigint, OUT used bigint, OUT x bigint)
	LANGUAGE plpgsql AS $$
BEGIN
	SELECT dittofs.status_name(s.status), a.size, a.used INTO status, size, used
		FROM dittofs.set_file_attributes(file, size => cut_to) s, dittofs.attributes(dittofs.after(s.wcc)) a;
	ASSERT (dittofs.set_file_attributes(file, size => 600010)).status = 0;
	SELECT length(replace(encode(r.data, 'escape'), '\000', '')) INTO x FROM dittofs.read(file, 0, 1000000) r;
END $$;
SELECT c.cut_to, r.* FROM (VALUES (600005), (524289), (524288), (524287), (393217), (393216), (300000), (262143), (240000), (200000), (131072), (1), (0)) c(cut_to),
	pg_temp.cut(:'file', c.cut_to) r;
SELECT count(*) AS blocks FROM t.content c WHERE c.size = 600010;

-- a hole that is written into
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.write(:'file', 300000, 'middle'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.write(:'file', 0, 'start'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT encode(a.data, 'escape') AS start, encode(b.data, 'escape') AS middle
	FROM dittofs.read(:'file', 0, 7) a, dittofs.read(:'file', 299998, 10) b;

-- w, or ownership, is needed; sizes are for files
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', uid => 1000, gid => 100, mode => t.mode('0460'));
SELECT c.who, dittofs.status_name(r.status)
	FROM (VALUES ('owner', 'uid=1000 gid=100'), ('group', 'uid=1001 gid=100'), ('other', 'uid=1001 gid=101')) c(who, caller),
		dittofs.set_file_attributes(:'file', c.caller::dittofs.caller, size => 100) r;
SELECT handle AS link FROM dittofs.create_symlink(:'root', 'link', 'file') \gset
SELECT dittofs.status_name(status) AS "ISDIR" FROM dittofs.set_file_attributes(:'root', size => 0);
SELECT dittofs.status_name(status) AS "INVAL" FROM dittofs.set_file_attributes(:'link', size => 0);

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/truncate', force => true);
