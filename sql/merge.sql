-- SPDX-License-Identifier: PostgreSQL
-- The background pass: staged pages become blocks; content follows the kind of
-- its share.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.set_server_config('merge_delay', '0'), dittofs.set_server_config('external_min', '1000');
SELECT dittofs.create_content_store('disk', 'filesystem') AS store \gset
SELECT dittofs.create_content_store('bucket', 's3') AS bucket \gset
SELECT dittofs.create_share('/merge', content => 'filesystem', content_store => 'disk', block_size => 131072, root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
CREATE TEMP VIEW file AS SELECT size, used, external, (SELECT count(*) FROM dittofs.blocks b WHERE b.content_id = coalesce(f.content_id, f.id)) AS pages,
		(SELECT count(*) FROM dittofs.blocks_memory b WHERE b.content_id = coalesce(f.content_id, f.id)) AS memory,
		(SELECT string_agg(start || '+' || e.length || CASE WHEN skip > 0 THEN '/' || skip ELSE '' END || CASE e.store_id WHEN s.content_store_id THEN '' ELSE '!' END, ' ' ORDER BY start) FROM dittofs.extents e WHERE e.content_id = coalesce(f.content_id, f.id)) AS extents,
		(SELECT count(*) FROM dittofs.staged_files g WHERE g.file_id = f.id) AS staged
	FROM dittofs.files f JOIN dittofs.shares s USING (share_id) WHERE s.name = '/merge' AND f.id = (SELECT child_id FROM dittofs.parent_child_map d WHERE d.parent_id = s.root_id AND d.name = 'file');

-- what others left
SELECT count(*) >= 0 FROM t.merge();
DELETE FROM dittofs.content_moves;
-- nothing to do, and when to ask again
SELECT dittofs.status_name(status), action, wait_ms BETWEEN 1 AND 1000 AS wait FROM dittofs.merge_next();
-- small files stay
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, t.x('a', 999));
SELECT * FROM pg_temp.file;
SELECT * FROM t.merge();
-- one that grows does not
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 999, t.x('b', 1001));
SELECT * FROM pg_temp.file;
SELECT (dittofs.attributes(attributes)).ctime AS ctime FROM dittofs.get_file(:'file') \gset
SELECT * FROM t.merge();
SELECT * FROM pg_temp.file;
SELECT t.picture(t.cat(:'file')), (SELECT (dittofs.attributes(attributes)).ctime = :ctime AS same_ctime FROM dittofs.get_file(:'file'));
SELECT * FROM t.violations;

-- pieces over it: one block again; holes stay holes
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 500, t.x('c', 10));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 130000, t.x('d', 2000));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 400000, t.x('e', 5));
SELECT * FROM pg_temp.file;
SELECT * FROM t.merge();
SELECT * FROM pg_temp.file;
SELECT t.picture(t.cat(:'file'));
SELECT * FROM t.violations;
-- growing by a hole makes a small file one that is to be moved
SELECT handle AS grown FROM dittofs.create_file(:'root', 'grown') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'grown', 0, 'small');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'grown', size => 5000);
SELECT * FROM t.merge();
SELECT t.picture(t.cat(:'grown'));

-- A task while somebody writes, cuts, removes, chmods.
CREATE FUNCTION pg_temp.meanwhile(n int, what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file bytea := dittofs.resolve('/merge/file');
	task dittofs.merge_task;
	bytes bytea;
BEGIN
	ASSERT (dittofs.write(file, 10, convert_to('staged' || n, 'UTF8'))).status = 0;
	UPDATE dittofs.staged_files SET next_at = now(), position = 0;
	task := dittofs.merge_next();
	bytes := t.fetch(task.segments, task.data);
	PERFORM dittofs.claim_blocks(task.store_id, t.blocks(bytes)), t.put(task.store_id, bytes);
	ASSERT task.handle = file AND task."offset" <= 10, task;
	EXECUTE what;
	RETURN dittofs.status_name(dittofs.merge_commit(task.handle, task."offset", task.stamp, task.store_id, t.blocks(bytes)));
END $$;
SELECT pg_temp.meanwhile(i, what), what FROM (VALUES
	(1, $$SELECT$$),
	(2, $$SELECT dittofs.write(dittofs.resolve('/merge/file'), 10, 'staged')$$),
	(3, $$SELECT dittofs.write(dittofs.resolve('/merge/file'), 300, 'x')$$),
	(4, $$SELECT dittofs.write(dittofs.resolve('/merge/file'), 300000, 'x')$$),
	(5, $$SELECT t.store_write(dittofs.resolve('/merge/file'), 12, 'block')$$),
	(6, $$SELECT dittofs.set_file_attributes(dittofs.resolve('/merge/file'), size => 1500)$$),
	(7, $$SELECT dittofs.set_file_attributes(dittofs.resolve('/merge/file'), size => 500000)$$),
	(8, $$SELECT dittofs.set_file_attributes(dittofs.resolve('/merge/file'), mode => 384)$$),
	(9, $$UPDATE dittofs.stored_blocks SET state = 'deleting' WHERE store_id = (SELECT max(store_id) - 1 FROM dittofs.content_stores) AND state = 'pending'$$),
	(10, $$UPDATE dittofs.stored_blocks SET state = 'pending' WHERE state = 'deleting'$$),
	(11, $$SELECT dittofs.set_file_attributes(dittofs.resolve('/merge/file'), size => 0), dittofs.set_file_attributes(dittofs.resolve('/merge/file'), size => 3000)$$),
	(12, $$SELECT dittofs.write_file('/merge/file', t.x('n', 2000))$$),
	(13, $$SELECT dittofs.mv('/merge/file', '/merge/elsewhere'), dittofs.ln('/merge/elsewhere', '/merge/file')$$),
	(14, $$SELECT dittofs.rm('/merge/elsewhere'), dittofs.rm('/merge/file')$$)) v(i, what) ORDER BY i;
-- what has gone is nobody's for a minute
SELECT count(*) AS leased FROM dittofs.staged_files WHERE next_at > clock_timestamp() + interval '20 s';
UPDATE dittofs.staged_files SET next_at = now();
SELECT * FROM t.merge();
SELECT count(*) AS staged FROM dittofs.staged_files;
SELECT * FROM t.violations;
-- arguments that cannot be
SELECT dittofs.status_name(dittofs.merge_commit(h, o, s, i, b)) AS merge_commit, dittofs.status_name(dittofs.merge_store(h, o, s, b)) AS merge_store
	FROM (VALUES (''::bytea, 0, ''::bytea, :store, t.blocks('x')), (:'file', 0, '', :store, t.blocks('x')), (:'root', 0, '', :store, t.blocks('x')),
		(:'grown', 0, '', :store, t.blocks('x')), (:'grown', NULL, NULL, NULL, NULL), (:'grown', -1, '', :store, t.blocks('x')),
		(:'grown', 5000, '\x0000000000000000', :store, t.blocks('x')), (:'grown', 0, '\x0000000000000000', :store, '')) v(h, o, s, i, b);

-- A file leased by one pass is not given to another.
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, t.x('a', 5000));
SELECT action, "offset", length, handle = :'file' AS file FROM dittofs.merge_next();
SELECT dittofs.status_name(status), wait_ms <= 1000 AS soon FROM dittofs.merge_next();
UPDATE dittofs.staged_files SET next_at = now();
SELECT action, "offset", length, handle = :'file' AS file FROM dittofs.merge_next();
UPDATE dittofs.staged_files SET next_at = now();
-- one that has just been written is left alone
SELECT dittofs.set_server_config('merge_delay', '3600000');
SELECT dittofs.status_name(status), action FROM dittofs.merge_next();
UPDATE dittofs.staged_files SET next_at = now();
SELECT dittofs.set_server_config('merge_delay', '0');
SELECT * FROM t.merge();

SELECT dittofs.rm('/merge/grown');

-- A block of which little has changed is not made anew until the file has been
-- quiet for thirty times as long; one of which much has changed is passed to.
SELECT dittofs.set_server_config('merge_delay', '10000');
CREATE PROCEDURE pg_temp.quiet_for(seconds int) LANGUAGE sql AS $$
	UPDATE dittofs.files f SET ctime = (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint - seconds * 1000000000::bigint
		FROM dittofs.parent_child_map d WHERE d.child_id = f.id AND d.name = 'patience';
	UPDATE dittofs.staged_files SET next_at = now();
$$;
SELECT handle AS patience FROM dittofs.create_file(:'root', 'patience') \gset
SELECT t.store_write(:'patience', 0, t.x('a', 131072), t.x('b', 131072));
SELECT dittofs.status_name(status) FROM dittofs.write(:'patience', 10, t.x('c', 100));
CALL pg_temp.quiet_for(5);
SELECT action FROM dittofs.merge_next();
CALL pg_temp.quiet_for(20);
SELECT action FROM dittofs.merge_next();
SELECT next_at > now() + interval '200 s' AS later FROM dittofs.staged_files;
SELECT dittofs.status_name(status) FROM dittofs.write(:'patience', 150000, t.x('d', 20000));
CALL pg_temp.quiet_for(20);
SELECT action, "offset", length FROM dittofs.merge_next();
CALL pg_temp.quiet_for(301);
SELECT * FROM t.merge();
-- while it is being written, only when much is staged, and not the last block
SELECT count(*) FROM generate_series(2, 17) i, dittofs.write(:'patience', i * 1048576, t.x('e', 1048576));
SELECT dittofs.status_name(status) FROM dittofs.write(:'patience', 30000000, 'end');
UPDATE dittofs.staged_files SET next_at = now();
SELECT action, "offset", length FROM dittofs.merge_next();
SELECT dittofs.rm('/merge/patience');
SELECT dittofs.set_server_config('merge_delay', '0');
SELECT count(*) > 0 FROM t.merge();

-- The kind of the share changes.  All of it follows, in both directions.
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 200000, t.x('p', 200000));
SELECT t.store_write(:'file', 131072, t.x('q', 131072), t.x('r', 100));
SELECT md5(t.cat(:'file')) AS md5 \gset
CREATE FUNCTION pg_temp.move(content text, store text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dittofs.alter_share('/merge', content => content, content_store => store);
	UPDATE dittofs.content_moves SET next_at = now();
	RETURN QUERY SELECT * FROM t.merge();
	UPDATE dittofs.content_moves SET next_at = now();
	RETURN QUERY SELECT * FROM t.merge();
END $$;
SELECT * FROM pg_temp.move('postgres', NULL);
SELECT * FROM pg_temp.file;
SELECT md5(t.cat(:'file')) = :'md5' AS same, length(data) FROM dittofs.read(:'file', 0, 1000000);
SELECT * FROM t.violations;
SELECT * FROM pg_temp.move('memory', NULL);
SELECT * FROM pg_temp.file;
SELECT md5(t.cat(:'file')) = :'md5' AS same;
SELECT * FROM t.violations;
SELECT * FROM pg_temp.move('s3', 'bucket');
SELECT * FROM pg_temp.file;
SELECT md5(t.cat(:'file')) = :'md5' AS same;
SELECT * FROM t.violations;
SELECT * FROM pg_temp.move('filesystem', 'disk');
SELECT * FROM pg_temp.file;
SELECT md5(t.cat(:'file')) = :'md5' AS same;
SELECT * FROM pg_temp.move('memory', NULL);
SELECT * FROM pg_temp.file;
SELECT * FROM pg_temp.move('postgres', NULL);
SELECT * FROM pg_temp.file;
SELECT md5(t.cat(:'file')) = :'md5' AS same;
SELECT * FROM t.violations;
-- a file that goes while it is fetched
SELECT handle AS gone FROM dittofs.create_file(:'root', 'gone') \gset
SELECT dittofs.alter_share('/merge', content => 'filesystem', content_store => 'disk');
SELECT t.store_write(:'gone', 0, t.x('g', 131072));
SELECT dittofs.alter_share('/merge', content => 'postgres');
UPDATE dittofs.content_moves SET next_at = now();
SELECT action, handle = :'gone' AS gone, "offset", encode(stamp, 'hex') AS stamp FROM dittofs.merge_next() \gset task_
SELECT :'task_action' AS action, :'task_gone' AS gone, dittofs.rm('/merge/gone');
SELECT dittofs.status_name(dittofs.merge_store(:'gone', :task_offset, decode(:'task_stamp', 'hex'), t.x('g', 131072)));
SELECT next_at > clock_timestamp() AS leased FROM dittofs.staged_files WHERE file_id = encode(substr(:'gone'::bytea, 18), 'hex')::uuid;
-- what is written in between goes where the share says, and is the same file
SELECT dittofs.alter_share('/merge', content => 'filesystem', content_store => 'disk');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 1000, t.x('z', 10));
SELECT t.store_write(:'file', 262144, t.x('y', 131072));
SELECT dittofs.alter_share('/merge', content => 'memory');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 2000, t.x('w', 10));
SELECT dittofs.status_name(status) FROM dittofs.prepare_write(:'file', 0, t.blocks('x'));
SELECT md5(t.cat(:'file')) AS md5 \gset
SELECT count(*) > 0 AS moved FROM t.merge();
SELECT * FROM pg_temp.file;
SELECT md5(t.cat(:'file')) = :'md5' AS same;
SELECT * FROM t.violations;

-- Some of a file in a store, some in memory, and then a crash.
SELECT dittofs.rm('/merge/file');
SELECT dittofs.alter_share('/merge', content => 'filesystem', content_store => 'disk');
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT t.store_write(:'file', 0, t.x('a', 1000));
SELECT dittofs.alter_share('/merge', content => 'memory');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 5000, 'in memory');
SELECT * FROM pg_temp.file;
ALTER TABLE dittofs.blocks_memory DISABLE TRIGGER guard_truncate;
ALTER TABLE dittofs.memory_life DISABLE TRIGGER guard_truncate;
TRUNCATE dittofs.blocks_memory, dittofs.memory_life;
ALTER TABLE dittofs.blocks_memory ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.memory_life ENABLE ALWAYS TRIGGER guard_truncate;
SELECT t.picture(t.cat(:'file'));
SELECT * FROM t.merge();
SELECT rule FROM t.violations;
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).used FROM dittofs.set_file_attributes(:'file', size => 0);
SELECT * FROM t.violations;

-- At random against a file in the database, with the pass in between.
SELECT dittofs.create_share('/plain', root_mode => '0777') AS plain \gset
SELECT dittofs.drop_share('/merge', force => true);
SELECT dittofs.create_share('/merge', content => 'filesystem', content_store => 'disk', block_size => 131072, root_mode => '0777') AS root \gset
SELECT setseed(0.5);
DO $$
DECLARE
	stored bytea := (dittofs.create_file(dittofs.resolve('/merge'), 'random')).handle;
	plain bytea := (dittofs.create_file(dittofs.resolve('/plain'), 'random')).handle;
	at int;
	data bytea;
	what float8;
BEGIN
	FOR i IN 1 .. 60 LOOP
		at := (random() * 400000)::int;
		data := t.x(chr(97 + i % 26), 1 + (random() * CASE WHEN i % 3 = 0 THEN 100000 ELSE 3000 END)::int);
		what := random();
		IF what < 0.1 THEN
			ASSERT (dittofs.set_file_attributes(stored, size => at)).status = 0;
			ASSERT (dittofs.set_file_attributes(plain, size => at)).status = 0;
		ELSIF what < 0.3 THEN
			PERFORM t.merge(1 + i % 3);
			UPDATE dittofs.staged_files SET next_at = now();
		ELSIF what < 0.4 THEN
			PERFORM dittofs.alter_share('/merge', content => 'filesystem', content_store => 'disk');
		ELSIF what < 0.5 THEN
			PERFORM dittofs.alter_share('/merge', content => (array['postgres', 'memory'])[1 + i % 2]);
		ELSE
			ASSERT (dittofs.write(plain, at, data)).status = 0;
			IF what < 0.7 OR t.store_write(stored, at, data) = 'NOTSUPP' THEN
				ASSERT (dittofs.write(stored, at, data)).status = 0;
			END IF;
		END IF;
		ASSERT t.cat(stored) = t.cat(plain), 'step ' || i;
		ASSERT NOT EXISTS (SELECT FROM dittofs.fsck() WHERE i % 6 = 0 AND current_setting('dittofs.gateway', true) IS DISTINCT FROM 'on'), 'fsck, step ' || i;
	END LOOP;
END $$;
SELECT * FROM t.violations;

SELECT dittofs.set_server_config('merge_delay', NULL), dittofs.set_server_config('external_min', NULL);
SELECT dittofs.drop_share('/merge', force => true), dittofs.drop_share('/plain', force => true);
SELECT dittofs.reap(1000000) IS NOT NULL AS reaped;
SELECT (SELECT count(*) FROM dittofs.staged_files) AS staged, (SELECT count(*) FROM dittofs.content_moves) AS moves, (SELECT count(*) FROM dittofs.extents WHERE store_id IN (:store, :bucket)) AS extents;
DELETE FROM dittofs.stored_blocks WHERE store_id IN (:store, :bucket);
SELECT dittofs.drop_content_store('disk'), dittofs.drop_content_store('bucket');
SELECT * FROM t.violations;
