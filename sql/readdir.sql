-- SPDX-License-Identifier: PostgreSQL
-- Listing directories: read_directory() (RFC 1813, 3.3.16 and 3.3.17).
--
-- The first row is the head: status, the directory's attributes, and whether
-- the page is the last one.  The others are entries, in the order of their
-- cookies; the next page begins after a cookie.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/readdir', root_mode => '0777') AS root \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset

-- an empty directory has '.' and '..', with the cookies 1 and 2
SELECT dittofs.status_name(status), (dittofs.attributes(dir_attributes)).kind AS dir, eof,
		encode(name, 'escape') AS name, cookie,
		fileid = (dittofs.attributes(attributes)).fileid AS fileid, handle = :'dir' AS dir, handle = :'root' AS root
	FROM dittofs.read_directory(:'dir');

-- READDIRPLUS: every entry has attributes and handle.  (Cookies depend on the
-- share, so this is in the order of names.)
SELECT handle AS file FROM dittofs.create_file(:'dir', 'file', size => 5) \gset
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'dir', 'subdir');
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'dir', 'symlink', 'file');
SELECT encode(d.name, 'escape') AS name, a.kind, a.size, a.fileid = d.fileid AS fileid,
		d.cookie >= 256 AS cookie, d.handle = l.handle AS handle
	FROM dittofs.read_directory(:'dir') d, dittofs.attributes(d.attributes) a, dittofs.lookup(:'dir', d.name) l
	WHERE d.name IS NOT NULL
	ORDER BY d.name;
-- READDIR: names, fileids and cookies only
SELECT encode(name, 'escape') AS name, fileid > 0 AS fileid, cookie > 0 AS cookie, attributes, handle
	FROM dittofs.read_directory(:'dir', attributes => false)
	WHERE name IS NOT NULL
	ORDER BY name;

-- Pages.  A walk from page to page, each as large as the budget allows:
CREATE FUNCTION pg_temp.walk(dir bytea, dircount bigint, maxcount bigint, plus bool,
	OUT page int, OUT status text, OUT eof bool, OUT entries bigint, OUT bytes bigint, OUT dirbytes bigint, OUT names bytea[])
	RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	at bigint := 0;
BEGIN
	page := 0;
	LOOP
		page := page + 1;
		-- what RFC 1813 counts: in the head, attributes, verifier and the ends of
		-- list and page; in an entry, see below
		SELECT dittofs.status_name(max(r.status)), bool_or(r.eof), count(r.name),
				88 + 8 + 4 + 4 + sum(CASE WHEN r.name IS NULL THEN 0 ELSE
					4 + 8 + 4 + (length(r.name) + 3) / 4 * 4 + 8 +
					CASE WHEN plus THEN 4 + 84 + 4 + 4 + 36 ELSE 0 END END),
				sum(8 + 4 + (length(r.name) + 3) / 4 * 4 + 8),
				coalesce(max(r.cookie), at), array_agg(r.name) FILTER (WHERE r.name IS NOT NULL)
			INTO status, eof, entries, bytes, dirbytes, at, names
			FROM dittofs.read_directory(dir, at, dircount, maxcount, plus) r;
		RETURN NEXT;
		EXIT WHEN eof IS NOT FALSE OR page = 5000;
	END LOOP;
END $$;

SELECT handle AS many FROM dittofs.create_directory(:'root', 'many') \gset
SELECT dittofs.status_name(status), count(*)
	FROM generate_series(1, 1000) i, dittofs.create_file(:'many', convert_to('name' || i, 'UTF8'))
	GROUP BY status;

-- every name exactly once, whatever the size of pages; no page is too large,
-- and only the last one says so
SELECT b.*, w.*
	FROM (VALUES (1048576, 1048576, true), (1048576, 1048576, false), (8192, 32768, true),
			(4096, 4096, false), (1000000, 400, true), (64, 1000000, true), (100, 160, false)) b(dircount, maxcount, plus),
		LATERAL (SELECT count(DISTINCT page) > 1 AS pages, count(*) AS entries, count(DISTINCT name) AS names,
				max(bytes) <= b.maxcount AS fits, max(dirbytes) <= b.dircount AS dir_fits,
				count(DISTINCT page) FILTER (WHERE eof) AS eofs, max(page) FILTER (WHERE eof) = max(page) AS eof_last
			FROM pg_temp.walk(:'many', b.dircount, b.maxcount, b.plus), unnest(names) name) w;

-- TOOSMALL: not even one entry fits.  '.' takes 104 + 28 bytes, and 136 - 4
-- more with attributes and a handle; 24 of dircount
SELECT b.*, dittofs.status_name(r.status), r.eof, r.dir_attributes IS NOT NULL AS dir
	FROM (VALUES (24, 132, false), (24, 131, false), (23, 132, false), (24, 264, true), (24, 263, true),
			(0, 0, true), (-1, -1, false), (NULL, 10000, false), (10000, NULL, false)) b(dircount, maxcount, attributes),
		dittofs.read_directory(:'many', 0, b.dircount, b.maxcount, b.attributes) r
	WHERE r.name IS NULL;

-- a cookie of an entry that was removed goes on after its place
SELECT name AS gone, cookie AS gone_cookie FROM dittofs.read_directory(:'many') WHERE cookie > 2 ORDER BY cookie OFFSET 499 LIMIT 1 \gset
SELECT name AS next FROM dittofs.read_directory(:'many', :gone_cookie) WHERE name IS NOT NULL ORDER BY cookie LIMIT 1 \gset
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'many', :'gone');
SELECT name = :'next' AS goes_on FROM dittofs.read_directory(:'many', :gone_cookie) WHERE name IS NOT NULL ORDER BY cookie LIMIT 1;
SELECT count(name) AS rest FROM dittofs.read_directory(:'many', :gone_cookie);
-- and the name gets the same cookie again, as long as none took it
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'many', :'gone');
SELECT cookie = :gone_cookie AS same FROM dittofs.read_directory(:'many') WHERE name = :'gone';

-- rm -rf: list a page, remove it, go on from its last cookie
CREATE FUNCTION pg_temp.rm_rf(dir bytea, OUT pages int, OUT removed int)
	LANGUAGE plpgsql AS $$
DECLARE
	at bigint := 0;
	r record;
	more bool := true;
BEGIN
	pages := 0;
	removed := 0;
	WHILE more LOOP
		pages := pages + 1;
		FOR r IN SELECT * FROM dittofs.read_directory(dir, at, 512, 512, false) LOOP
			more := coalesce(NOT r.eof, more);
			at := coalesce(r.cookie, at);
			IF r.cookie > 2 THEN
				ASSERT (dittofs.remove_file(dir, r.name)).status = 0;
				removed := removed + 1;
			END IF;
		END LOOP;
	END LOOP;
END $$;
SELECT pages > 50 AS pages, removed FROM pg_temp.rm_rf(:'many');
SELECT encode(name, 'escape') AS name FROM dittofs.read_directory(:'many') WHERE name IS NOT NULL;

-- at the end, and beyond: an empty page; BAD_COOKIE
SELECT c.cookie, dittofs.status_name(r.status), r.eof, count(r.name) OVER () AS entries
	FROM (VALUES (0), (1), (2), (255), (9223372036854775807), (-1), (NULL)) c(cookie),
		LATERAL (SELECT * FROM dittofs.read_directory(:'many', c.cookie) LIMIT 1) r;

-- ACCES: reading takes r of the directory, and no other
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0774'));
SELECT dittofs.status_name(max(status)), count(name) AS entries FROM dittofs.read_directory(:'dir', caller => 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0773'));
SELECT dittofs.status_name(status) AS "ACCES", (dittofs.attributes(dir_attributes)).kind, eof
	FROM dittofs.read_directory(:'dir', caller => 'uid=1000 gid=100');

SELECT dittofs.status_name(status) AS "NOTDIR", (dittofs.attributes(dir_attributes)).kind, eof FROM dittofs.read_directory(:'file');
SELECT dittofs.status_name(status) AS "BADHANDLE", dir_attributes, eof FROM dittofs.read_directory('x');
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'root', 'many');
SELECT dittofs.status_name(status) AS "STALE", dir_attributes, eof FROM dittofs.read_directory(:'many');

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/readdir', force => true);
