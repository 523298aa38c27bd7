-- SPDX-License-Identifier: PostgreSQL
-- Content in a store: prepare_write(), commit_write(), prepare_read(), and
-- write() and truncation over what is there.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.create_content_store('disk', 'filesystem') AS store \gset
SELECT dittofs.create_share('/store', content => 'filesystem', content_store => 'disk', block_size => 131072, root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', uid => 1000, gid => 100, mode => t.mode('6755')) \gset
CREATE TEMP VIEW file AS SELECT size, used, external, (SELECT count(*) FROM dittofs.blocks b WHERE b.content_id = coalesce(f.content_id, f.id)) AS pages,
		(SELECT string_agg(start || '+' || e.length || CASE WHEN skip > 0 THEN '/' || skip ELSE '' END, ' ' ORDER BY start) FROM dittofs.extents e WHERE e.content_id = coalesce(f.content_id, f.id)) AS extents
	FROM dittofs.files f JOIN dittofs.shares s USING (share_id) WHERE s.name = '/store' AND kind = 1 ORDER BY fileid LIMIT 1;

-- Step by step.  Claiming changes nothing of the file.
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).size, store_id = :store AS store, needed FROM dittofs.prepare_write(:'file', 0, t.blocks(t.x('a', 100), t.x('b', 50)));
SELECT state, length, length(sums) AS sums FROM dittofs.stored_blocks WHERE store_id = :store ORDER BY length;
SELECT dittofs.status_name(status), needed FROM dittofs.prepare_write(:'file', 0, t.blocks(t.x('a', 100), t.x('a', 100)));
SELECT * FROM pg_temp.file;
SELECT t.put(:store, t.x('a', 100), t.x('b', 50));
-- It does what write() would: set-id bits go when it is not root.
SELECT dittofs.status_name(status), count, committed, length(verifier) AS verifier, (dittofs.before(wcc)).size AS before, a.size, a.used, t.octal(a.mode) AS mode, a.mtime = a.ctime AND a.mtime > (dittofs.before(wcc)).mtime AS times
	FROM dittofs.commit_write(:'file', 0, t.blocks(t.x('a', 100), t.x('b', 50)), :store, 'unstable', 'uid=1000 gid=100'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT state, length FROM dittofs.stored_blocks WHERE store_id = :store ORDER BY length;
SELECT * FROM pg_temp.file;
SELECT needed FROM dittofs.prepare_write(:'file', 0, t.blocks(t.x('a', 100), t.x('c', 1)));
SELECT source, length, store_id = :store AS store, hash IN (sha256(t.x('a', 100)), sha256(t.x('b', 50))) AS hash, block_length, skip, length(sums) AS sums FROM dittofs.prepare_read(:'file', 0, 1000) r, t.segments(r.segments);
SELECT dittofs.status_name(status), eof, data, (dittofs.attributes(attributes)).size FROM dittofs.prepare_read(:'file', 20, 100);
SELECT t.picture(t.cat(:'file', 90, 30));
-- repeated: nothing but the times changes
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).used FROM dittofs.commit_write(:'file', 0, t.blocks(t.x('a', 100), t.x('b', 50)), :store);
SELECT * FROM pg_temp.file;
SELECT * FROM t.violations;

-- read() cannot
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).size, eof, data FROM dittofs.read(:'file', 149, 1);
SELECT dittofs.status_name(status), eof, data FROM dittofs.read(:'file', 150, 1);
SELECT dittofs.read_file('/store/file');

-- write() stages over it; all reads are of both
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.write(:'file', 90, t.x('c', 20)), dittofs.attributes(dittofs.after(wcc)) a;
SELECT * FROM pg_temp.file;
SELECT t.picture(t.cat(:'file'));
SELECT dittofs.status_name(status), data FROM dittofs.read(:'file', 91, 4);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 200, t.x('d', 10));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 262100, t.x('e', 100));
SELECT * FROM pg_temp.file;
SELECT t.picture(t.cat(:'file')), length(t.cat(:'file'));
SELECT block, length(data), ranges FROM dittofs.blocks b JOIN dittofs.files f ON b.content_id = f.id JOIN dittofs.shares s USING (share_id) WHERE name = '/store' ORDER BY block;
SELECT * FROM t.violations;
-- blocks over pages and extents, unaligned
SELECT t.store_write(:'file', 95, t.x('f', 10), t.x('g', 131000));
SELECT * FROM pg_temp.file;
SELECT t.picture(t.cat(:'file'));
SELECT * FROM t.violations;
-- cut in the midst of a block, and of a page
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.set_file_attributes(:'file', size => 110), dittofs.attributes(dittofs.after(wcc)) a;
SELECT * FROM pg_temp.file;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 93);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 200);
SELECT * FROM pg_temp.file;
SELECT t.picture(t.cat(:'file'));
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 0);
SELECT * FROM pg_temp.file;
SELECT * FROM t.violations;

-- At random, compared with a file in the database.
SELECT dittofs.create_share('/plain', root_mode => '0777') AS plain \gset
SELECT setseed(0.42);
DO $$
DECLARE
	stored bytea := (dittofs.create_file(dittofs.resolve('/store'), 'random')).handle;
	plain bytea := (dittofs.create_file(dittofs.resolve('/plain'), 'random')).handle;
	at int;
	data bytea;
	what float8;
BEGIN
	FOR i IN 1 .. 60 LOOP
		at := (random() * 400000)::int;
		data := t.x(chr(97 + i % 26), 1 + (random() * CASE WHEN i % 3 = 0 THEN 200000 ELSE 3000 END)::int);
		what := random();
		IF what < 0.1 THEN
			ASSERT (dittofs.set_file_attributes(stored, size => at)).status = 0;
			ASSERT (dittofs.set_file_attributes(plain, size => at)).status = 0;
		ELSE
			ASSERT (dittofs.write(plain, at, data)).status = 0;
			IF what < 0.5 THEN
				ASSERT (dittofs.write(stored, at, data)).status = 0;
			ELSE
				ASSERT t.store_write(stored, at, data) = 'OK';
			END IF;
		END IF;
		ASSERT t.cat(stored) = t.cat(plain), 'step ' || i;
		ASSERT t.cat(stored, at + 100, 5000) = t.cat(plain, at + 100, 5000), 'step ' || i;
	END LOOP;
END $$;
SELECT * FROM t.violations;

-- Who may, and where; what cannot be.
SELECT h.what, dittofs.status_name(r.status) AS prepare_read, dittofs.status_name(w.status) AS prepare_write, dittofs.status_name(c.status) AS commit_write,
		r.attributes IS NOT NULL AND w.attributes IS NOT NULL AND c.wcc IS NOT NULL AS attributes
	FROM (VALUES (1, 'another user', :'file'::bytea, 0, t.blocks('x'), 'uid=1001 gid=101'), (2, 'directory', :'root', 0, t.blocks('x'), ''), (3, 'no handle', '', 0, t.blocks('x'), ''),
			(4, 'negative offset', :'file', -1, t.blocks('x'), ''), (5, 'too far', :'file', 9223372036854775800, t.blocks(t.x('a', 100)), ''),
			(6, 'NULL', :'file', NULL, NULL, ''), (7, 'no block', :'file', 0, '', ''), (8, 'short', :'file', 0, substr(t.blocks('x'), 1, 35), ''),
			(8, 'no sums', :'file', 0, substr(t.blocks(t.x('x', 131073)), 1, 67), ''),
			(9, 'long', :'file', 0, t.blocks('x') || '\x00', ''), (10, 'length 0', :'file', 0, sha256('') || int4send(0), ''),
			(11, 'length of 4 MiB and 1', :'file', 0, sha256('') || int4send(4194305) || decode(repeat('00', 32 * 32), 'hex'), ''),
			(12, '65 blocks', :'file', 0, (SELECT string_agg(t.blocks('x'), '') FROM generate_series(1, 65)), '')) h(i, what, handle, "offset", blocks, caller),
		dittofs.prepare_read(h.handle, h."offset", 1, h.caller::dittofs.caller) r, dittofs.prepare_write(h.handle, h."offset", h.blocks, h.caller::dittofs.caller) w,
		dittofs.commit_write(h.handle, h."offset", h.blocks, :store, caller => h.caller::dittofs.caller) c
	ORDER BY h.i;
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'file', 0, t.blocks('never claimed'), :store);
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'file', 0, t.blocks(t.x('a', 100)), :store + 1);
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'file', 0, t.blocks(t.x('a', 100)), NULL);
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'file', 0, t.blocks(t.x('a', 100)), :store, 'often');
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'file', 0, sha256(t.x('a', 100)) || int4send(99) || substr(t.blocks('x'), 37), :store);
-- a block twice is two stretches of the file; of two lengths it is none
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'file', 0, t.blocks(t.x('a', 100)) || sha256(t.x('a', 100)) || int4send(99), :store);
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'file', 0, sha256(t.x('a', 100)) || int4send(131072) || t.blocks(t.x('a', 100)), :store);
SELECT dittofs.status_name(status) FROM dittofs.prepare_write(:'file', 0, t.blocks(t.x('a', 100)) || sha256(t.x('a', 100)) || int4send(99));
SELECT dittofs.claim_blocks(:store, t.blocks(t.x('a', 100)) || sha256(t.x('a', 100)) || int4send(99)) IS NULL AS refused;
UPDATE dittofs.stored_blocks SET state = 'deleting' WHERE hash = sha256(t.x('b', 50));
SELECT dittofs.status_name(status), needed FROM dittofs.prepare_write(:'file', 0, t.blocks(t.x('a', 100), t.x('b', 50)));
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'file', 0, t.blocks(t.x('a', 100), t.x('b', 50)), :store);
SELECT * FROM pg_temp.file;
UPDATE dittofs.stored_blocks SET state = 'stored' WHERE hash = sha256(t.x('b', 50));
SELECT dittofs.claim_blocks(:store, t.blocks(t.x('a', 100), 'new')), dittofs.claim_blocks(-1, t.blocks('x')), dittofs.claim_blocks(:store, 'x'), dittofs.claim_blocks(NULL, NULL);
-- a share whose content is in the database
SELECT dittofs.status_name(w.status), w.attributes IS NOT NULL AS attributes, w.store_id FROM dittofs.lookup(:'plain', 'random') l, dittofs.prepare_write(l.handle, 0, t.blocks('x')) w;
SELECT dittofs.write_file('/plain/file', 'in the database');
SELECT source, length, p.eof, encode(p.data, 'escape') AS data FROM dittofs.lookup(:'plain', 'file') l, dittofs.prepare_read(l.handle, 3, 7) p, t.segments(p.segments);
-- a file that is gone
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT dittofs.status_name(r.status) AS prepare_read, dittofs.status_name(w.status) AS prepare_write, dittofs.status_name(c.status) AS commit_write
	FROM dittofs.prepare_read(:'file', 0, 1) r, dittofs.prepare_write(:'file', 0, t.blocks('x')) w, dittofs.commit_write(:'file', 0, t.blocks('x'), :store) c;

-- Removal: a few extents at once, many by the reaper, in slices.
SELECT handle AS many FROM dittofs.create_file(:'root', 'many') \gset
SELECT t.store_write(:'many', n * 640, VARIADIC array_agg(t.x(chr(33 + i), 10))) FROM generate_series(0, 3) n, generate_series(0, 63) i GROUP BY n;
-- Blocks of more than a chunk of 128 KiB: t.cat() checks the sums that come with
-- each part of them.
SELECT dittofs.create_share('/large', content => 'filesystem', content_store => 'disk', block_size => 4194304, root_mode => '0777') AS large \gset
SELECT handle AS file FROM dittofs.create_file(:'large', 'file') \gset
SELECT t.store_write(:'file', 0, t.x('a', 131072) || t.x('b', 131072) || t.x('c', 131072), t.x('d', 131072), t.x('e', 131073));
SELECT length, length(sums) AS sums FROM dittofs.stored_blocks WHERE store_id = :store AND length IN (131072, 131073, 393216) ORDER BY length;
SELECT "offset", count, t.picture(t.cat(:'file', "offset", count)),
		(SELECT string_agg(skip || '+' || length || ': ' || length(sums) / 32, ', ') FROM dittofs.prepare_read(:'file', "offset", count) r, t.segments(r.segments)) AS sums
	FROM (VALUES (0, 1), (0, 131072), (131071, 2), (131072, 1), (131072, 131072), (262143, 1), (262144, 1), (0, 393216), (131072, 262144), (393215, 2), (524287, 131074), (655360, 1)) v("offset", count);
-- A write over the middle leaves two parts of a block.
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 200000, t.x('z', 10));
SELECT t.picture(t.cat(:'file', 131071, 131074));
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'large', 'file');
SELECT dittofs.drop_share('/large', force => true);
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'many');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'random');
SELECT count(*) FROM dittofs.reap_queue WHERE content_id IN (SELECT content_id FROM dittofs.extents WHERE store_id = :store);
SELECT * FROM t.violations;
SELECT dittofs.reap(100000) IS NOT NULL;
SELECT count(*) FROM dittofs.extents WHERE store_id = :store;
SELECT dittofs.drop_share('/plain', force => true);
\set VERBOSITY terse
SELECT dittofs.drop_content_store('disk');
\set VERBOSITY default
SELECT dittofs.drop_share('/store', force => true);
DELETE FROM dittofs.stored_blocks WHERE store_id = :store;
SELECT dittofs.reap(100000) IS NOT NULL;
SELECT dittofs.drop_content_store('disk');
SELECT * FROM t.violations;
