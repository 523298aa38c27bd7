-- SPDX-License-Identifier: PostgreSQL
-- Content: read(), write() and commit() (RFC 1813, 3.3.6, 3.3.7, 3.3.21).
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/read_write', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', mode => t.mode('0644')) \gset

-- all of the data or nothing; wcc data are the file's
SELECT dittofs.status_name(status), count, committed, length(verifier) AS verifier,
		(dittofs.before(wcc)).size AS before, a.size AS after, a.used, a.mtime = a.ctime AND a.mtime > (dittofs.before(wcc)).mtime AS times
	FROM dittofs.write(:'file', 0, 'Hello, world!'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).size, eof, encode(data, 'escape') AS data
	FROM dittofs.read(:'file', 0, 100);

-- over what is there, and beyond the end
SELECT dittofs.status_name(status), count FROM dittofs.write(:'file', 7, 'there');
SELECT dittofs.status_name(status), count, a.size FROM dittofs.write(:'file', 15, '!'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT data FROM dittofs.read(:'file', 0, 100);

-- eof as soon as the end is reached; past it there is nothing to read
SELECT r."offset", r.count, dittofs.status_name(d.status), d.eof, encode(d.data, 'escape') AS data
	FROM (VALUES (0, 5), (7, 5), (11, 5), (11, 4), (12, 4), (15, 0), (16, 10), (1000000, 10), (0, 0), (9223372036854775807, 9223372036854775807)) r("offset", count),
		dittofs.read(:'file', r."offset", r.count) d;

-- committed is what was asked for; commit() returns write()'s verifier
SELECT s.stability, dittofs.status_name(w.status), w.committed, w.verifier = c.verifier AND w.verifier = dittofs.write_verifier() AS verifier
	FROM (VALUES ('unstable'), ('data_sync'), ('file_sync')) s(stability),
		dittofs.write(:'file', 0, 'Hello', s.stability) w, dittofs.commit(:'file') c;
SELECT dittofs.status_name(status), dittofs.before(wcc) AS before, (dittofs.attributes(dittofs.after(wcc))).size
	FROM dittofs.commit(:'file', 5, 1000);
SELECT dittofs.status_name(status) AS "INVAL", count, committed, verifier FROM dittofs.write(:'file', 0, 'x', 'soon');

-- nothing to write: OK, and nothing changes
SELECT dittofs.status_name(status), count, committed, (dittofs.before(wcc)).ctime = a.ctime AND (dittofs.before(wcc)).size = a.size AS unchanged
	FROM dittofs.write(:'file', 1000, ''), dittofs.attributes(dittofs.after(wcc)) a;

-- a megabyte at a time, at any offset; 17 blocks hold 128 KiB
SELECT handle AS big FROM dittofs.create_file(:'root', 'big') \gset
SELECT convert_to(string_agg(lpad(i::text, 8, '0'), '' ORDER BY i), 'UTF8') AS megabyte FROM generate_series(0, 131071) i \gset
SELECT dittofs.status_name(status), count, a.size, a.used FROM dittofs.write(:'big', 100, :'megabyte'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT r."offset", r.count, length(d.data), d.eof, d.data = substr(decode(repeat('00', 100), 'hex') || :'megabyte'::bytea, r."offset" + 1, r.count) AS same
	FROM (VALUES (0, 1048576), (0, 131072), (131072, 131072), (131071, 2), (100, 1048576), (1, 131072), (1048575, 200), (262143, 262146)) r("offset", count),
		dittofs.read(:'big', r."offset", r.count) d;
-- a read of more is cut to rtmax
SELECT dittofs.status_name(status), length(data), eof FROM dittofs.read(:'big', 0, 9223372036854775807);
-- into the middle of blocks, and across their edges
SELECT w."offset", dittofs.status_name(d.status), a.size, a.used
	FROM (VALUES (131070), (200000), (1048674)) w("offset"),
		dittofs.write(:'big', w."offset", 'abcd') d, dittofs.attributes(dittofs.after(d.wcc)) a;
SELECT encode(substr(data, 131067, 10), 'escape') AS edge, encode(substr(data, 199999, 8), 'escape') AS middle, md5(data) FROM dittofs.read(:'big', 0, 1048576);
SELECT encode(data, 'escape') AS "end", eof FROM dittofs.read(:'big', 1048670, 100);

-- offsets of 63 bits
SELECT handle AS far FROM dittofs.create_file(:'root', 'far') \gset
SELECT dittofs.status_name(status), a.size FROM dittofs.write(:'far', 5000000000, 'five giga'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT encode(data, 'escape') AS data, eof FROM dittofs.read(:'far', 5000000005, 100);
SELECT dittofs.status_name(status), a.size FROM dittofs.write(:'far', 9223372036854775803, 'last'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT encode(data, 'escape') AS data, eof FROM dittofs.read(:'far', 9223372036854775803, 100);
SELECT data, eof FROM dittofs.read(:'far', 9223372036854775798, 8);
SELECT dittofs.status_name(status) AS "FBIG", (dittofs.attributes(dittofs.after(wcc))).size FROM dittofs.write(:'far', 9223372036854775804, 'last');
SELECT dittofs.status_name(status) AS "FBIG" FROM dittofs.write(:'far', 9223372036854775807, 'x');

-- arguments
SELECT dittofs.status_name(status) AS "INVAL", data FROM dittofs.read(:'file', -1, 10);
SELECT dittofs.status_name(status) AS "INVAL", data FROM dittofs.read(:'file', 0, -10);
SELECT dittofs.status_name(status) AS "INVAL", count FROM dittofs.write(:'file', -1, 'x');
SELECT dittofs.status_name(status) AS "INVAL", verifier FROM dittofs.commit(:'file', -1);
SELECT dittofs.status_name(status) AS "INVAL", verifier FROM dittofs.commit(:'file', 0, -1);

-- what is no file
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT handle AS link FROM dittofs.create_symlink(:'root', 'link', 'file') \gset
SELECT h.kind, dittofs.status_name(r.status) AS read, r.attributes IS NOT NULL AS attributes, r.data,
		dittofs.status_name(w.status) AS write, w.wcc IS NOT NULL AS wcc, dittofs.status_name(c.status) AS commit
	FROM (VALUES ('directory', :'dir'::bytea), ('symlink', :'link')) h(kind, handle),
		dittofs.read(h.handle, 0, 10) r, dittofs.write(h.handle, 0, 'x') w, dittofs.commit(h.handle) c;
SELECT dittofs.status_name(r.status) AS read, dittofs.status_name(w.status) AS write, dittofs.status_name(c.status) AS commit
	FROM dittofs.read('x', 0, 10) r, dittofs.write('x', 0, 'x') w, dittofs.commit('x') c;
SELECT handle AS gone FROM dittofs.create_file(:'root', 'gone') \gset
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'gone');
SELECT dittofs.status_name(r.status) AS read, dittofs.status_name(w.status) AS write, dittofs.status_name(c.status) AS commit
	FROM dittofs.read(:'gone', 0, 10) r, dittofs.write(:'gone', 0, 'x') w, dittofs.commit(:'gone') c;

-- r for reading, w for writing and commit; who may execute may read; the owner
-- may do both whatever the mode
CREATE FUNCTION pg_temp.try(file bytea, mode text, caller dittofs.caller, OUT read text, OUT write text, OUT commit text)
	LANGUAGE plpgsql AS $$
BEGIN
	ASSERT (dittofs.set_file_attributes(file, mode => t.mode(mode))).status = 0;
	read := dittofs.status_name((dittofs.read(file, 0, 10, caller)).status);
	write := dittofs.status_name((dittofs.write(file, 0, 'H', caller => caller)).status);
	commit := dittofs.status_name((dittofs.commit(file, caller => caller)).status);
END $$;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', uid => 1000, gid => 100);
SELECT m.mode, c.who, r.*
	FROM (VALUES ('0000'), ('0004'), ('0002'), ('0001'), ('0040'), ('0020'), ('0010')) m(mode),
		(VALUES (1, 'owner', 'uid=1000 gid=100'), (2, 'group', 'uid=1001 gid=101 groups=100'), (3, 'other', 'uid=1001 gid=101'), (4, 'root', '')) c(i, who, caller),
		pg_temp.try(:'file', m.mode, c.caller::dittofs.caller) r
	ORDER BY m.mode, c.i;

SELECT * FROM t.tree('/read_write');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/read_write', force => true);
SELECT sum(blocks) > 0 AS reaped FROM (SELECT dittofs.reap(10) AS blocks FROM generate_series(1, 20)) r;
SELECT * FROM t.violations;
