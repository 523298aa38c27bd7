-- SPDX-License-Identifier: PostgreSQL
-- test/bench/bounds.sql: what calls take by how much there is; test/bench/bounds runs it.
--
-- Variable of psql: n, how many there are of entries, pages of a file, extents, blocks,
-- files of a share.
--
-- A call is a row of bounds.calls.  Its argument is found before the clock starts; the
-- clock stops after the commit.

\set QUIET on
SET client_min_messages = warning;
CREATE SCHEMA bounds;
\ir ../compound.sql
CREATE TABLE bounds.calls (
	number int GENERATED ALWAYS AS IDENTITY,
	name text PRIMARY KEY,
	times int NOT NULL,			-- or until it is not true any more
	prepare text,				-- SQL, once, before all
	argument text,				-- an expression: $2 of the call, as bytea; $1 is the number of the time
	call text NOT NULL,			-- an expression: true if the call did what it should
	hot bool NOT NULL DEFAULT false	-- also many times, while an old snapshot is open
);
CREATE TABLE bounds.times (name text, i int, us float8);
CREATE TABLE bounds.handles (i int PRIMARY KEY, handle bytea);
CREATE TABLE bounds.kept (name text PRIMARY KEY, value bytea);

-- Calls name sequences of names and of bytes with these.
CREATE FUNCTION bounds.name(prefix text, i bigint) RETURNS bytea LANGUAGE sql IMMUTABLE
	RETURN convert_to(prefix || i, 'UTF8');
CREATE FUNCTION bounds.kept(name text) RETURNS bytea LANGUAGE sql STABLE AS
	$$ SELECT k.value FROM bounds.kept k WHERE k.name = kept.name $$;
CREATE FUNCTION bounds.keep(name text, value bytea) RETURNS bool LANGUAGE sql AS
	$$ INSERT INTO bounds.kept VALUES (name, value) ON CONFLICT ON CONSTRAINT kept_pkey
		DO UPDATE SET value = excluded.value RETURNING true $$;
CREATE FUNCTION bounds.id(handle bytea) RETURNS uuid LANGUAGE sql IMMUTABLE
	RETURN encode(substr(handle, 18, 16), 'hex')::uuid;

-- A file in /big with n rows of content, each a byte at the start of 128 KiB.
CREATE FUNCTION bounds.big(name text, n int, store int DEFAULT NULL) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	h bytea := (SELECT handle FROM dittofs.create_file(dittofs.resolve(CASE WHEN store IS NULL THEN '/big' ELSE '/store' END),
		convert_to(name, 'UTF8')));
BEGIN
	IF store IS NULL THEN
		INSERT INTO dittofs.blocks SELECT bounds.id(h), 17 * i, '\x01' FROM generate_series(0, n - 1) i;
	ELSE
		INSERT INTO dittofs.extents SELECT bounds.id(h), 131072::bigint * i, 1, store, sha256(int4send(i)), 0 FROM generate_series(0, n - 1) i;
	END IF;
	UPDATE dittofs.files SET size = 131072::bigint * (n - 1) + 1, used = n, external = CASE WHEN store IS NOT NULL THEN n END
		WHERE id = bounds.id(h);
	UPDATE dittofs.space_usage u SET bytes = bytes + n FROM dittofs.files f WHERE f.id = bounds.id(h)
		AND u.share_id = f.share_id AND slot = (SELECT min(slot) FROM dittofs.space_usage m WHERE m.share_id = f.share_id);
	PERFORM bounds.keep(name, h);
	RETURN h;
END $$;

-- n empty files in a directory; replies of all of them are stored.
CREATE FUNCTION bounds.fill(dir bytea, n int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO bounds.handles SELECT i, f.handle FROM generate_series(1, n) i,
		dittofs.create_file(dir, bounds.name('f', i), ('client=10.0.0.1 xid=' || i)::dittofs.caller) f
		ON CONFLICT DO NOTHING
$$;

CREATE PROCEDURE bounds.measure(name text, times int) LANGUAGE plpgsql AS $$
DECLARE
	c bounds.calls;
	call text;
	argument bytea;
	ok bool;
	begun timestamptz;
	us float8[] := '{}';
BEGIN
	SELECT * INTO c FROM bounds.calls k WHERE k.name = measure.name;
	IF c.prepare IS NOT NULL THEN
		EXECUTE c.prepare;
		COMMIT;
	END IF;
	FOR i IN 1 .. coalesce(times, c.times) LOOP
		IF c.argument IS NOT NULL THEN
			EXECUTE 'SELECT ' || c.argument INTO argument USING i;
			COMMIT;
		END IF;
		begun := clock_timestamp();
		EXECUTE 'SELECT ' || c.call INTO ok USING i, argument;
		COMMIT;
		IF ok IS NOT TRUE THEN
			IF i = 1 THEN
				RAISE WARNING 'bounds: % does not work: %', c.name, c.call;
			END IF;
			EXIT;
		END IF;
		us := us || extract(epoch FROM clock_timestamp() - begun)::float8 * 1e6;
	END LOOP;
	INSERT INTO bounds.times SELECT c.name, u.i, u.us FROM unnest(us) WITH ORDINALITY u(us, i);
	COMMIT;
END $$;

-- Every call, as often as its row says.
CREATE PROCEDURE bounds.measure_all() LANGUAGE plpgsql AS $$
DECLARE
	names text[] := array(SELECT name FROM bounds.calls ORDER BY number);
BEGIN
	FOR i IN 1 .. array_length(names, 1) LOOP
		CALL bounds.measure(names[i], NULL);
	END LOOP;
END $$;
CREATE PROCEDURE bounds.measure_hot(times int) LANGUAGE plpgsql AS $$
DECLARE
	names text[] := array(SELECT name FROM bounds.calls WHERE hot ORDER BY number);
BEGIN
	FOR i IN 1 .. array_length(names, 1) LOOP
		CALL bounds.measure(names[i], times);
	END LOOP;
END $$;

--
-- What there is
--
SELECT dittofs.set_server_config('merge_delay', '0'), dittofs.set_server_config('external_min', '1') \g /dev/null
SELECT dittofs.create_content_store('s', 'filesystem') AS store \gset
SELECT dittofs.create_share('/big', squash => 'none', root_mode => '0777') AS big,
	dittofs.create_share('/dropped', squash => 'none', root_mode => '0777') AS dropped,
	dittofs.create_share('/sweep', content => 'memory', squash => 'none', root_mode => '0777') AS sweep,
	dittofs.create_share('/store', content => 'filesystem', content_store => 's', squash => 'none', root_mode => '0777') AS store_root \gset
SELECT bounds.keep('root', :'big'), bounds.keep('store_root', :'store_root'),
	bounds.keep('dir', (SELECT handle FROM dittofs.create_directory(:'big', 'dir'))),
	bounds.keep('other', (SELECT handle FROM dittofs.create_directory(:'big', 'other'))) \g /dev/null
SELECT bounds.fill(bounds.kept('dir'), :n) \g /dev/null
SELECT bounds.fill(:'dropped', :n) \g /dev/null
SELECT count(dittofs.write(f.handle, 0, 'x')) FROM generate_series(1, :n) i,
	dittofs.create_file(:'sweep', bounds.name('f', i)) f \g /dev/null
SELECT bounds.big(f, :n) FROM unnest(array['pages', 'cut', 'punched', 'moved', 'r1', 'r2', 'r3']) f \g /dev/null
SELECT bounds.big('extents', :n, :store) \g /dev/null
INSERT INTO dittofs.stored_blocks (store_id, hash, length, state, claimed_at, sums)
	SELECT :store, sha256(int4send(i)), 1, 'stored', now() - interval '2 days', '' FROM generate_series(0, :n - 1) i;
INSERT INTO dittofs.mounts SELECT '10.0.0.0'::inet + i, '/big', s.share_id, now() FROM dittofs.shares s, generate_series(1, least(:n, 10000)) i
	WHERE s.name = '/big';
INSERT INTO dittofs.slow_call_log SELECT now(), 'h', 'c', 'READ', 0, 1, 1, 1, 1, 1, NULL FROM generate_series(1, least(:n, 1000));
CREATE FUNCTION bounds.n() RETURNS int LANGUAGE sql IMMUTABLE RETURN :n;
CREATE FUNCTION bounds.store() RETURNS int LANGUAGE sql IMMUTABLE RETURN :store;
-- any of the files
CREATE FUNCTION bounds.file(i int) RETURNS bytea LANGUAGE sql STABLE AS
	$$ SELECT handle FROM bounds.handles h WHERE h.i = 1 + (file.i * 7919::bigint) % bounds.n() $$;
-- the start of any of the pages
CREATE FUNCTION bounds.at(i int) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 131072 * ((i * 7919::bigint) % bounds.n());

--
-- The calls
--
INSERT INTO bounds.calls (name, times, argument, call, hot) VALUES
	('GETATTR', 200, 'bounds.file($1)', '(dittofs.get_file($2)).status = 0', false),
	('COMPOUND of NFSv4: SEQUENCE, PUTFH, GETATTR', 200, 'n4.program(ARRAY[n4.sequence(), n4.putfh(bounds.file($1)), n4.getattr(''type,change,size,mode'')])',
		'substr((dittofs.compound($2)).results, 1, 4) = ''\x00000000''', false),
	('COMPOUND of NFSv4: SEQUENCE, PUTFH, SETATTR', 200, 'n4.program(ARRAY[n4.sequence(), n4.putfh(bounds.file($1)), n4.setattr(''{"mode": 420}'')])',
		'substr((dittofs.compound($2)).results, 1, 4) = ''\x00000000''', false),
	('GETATTR of one file', 200, 'bounds.kept(''pages'')', '(dittofs.get_file($2)).status = 0', false),
	('ACCESS', 200, 'bounds.file($1)', '(dittofs.check_permissions($2, 63)).status = 0', false),
	('LOOKUP', 200, 'bounds.kept(''dir'')', '(dittofs.lookup($2, bounds.name(''f'', 1 + ($1 * 7919::bigint) % bounds.n()))).status = 0', false),
	('CREATE', 200, 'bounds.kept(''dir'')', '(dittofs.create_file($2, bounds.name(''new'', $1))).status = 0', false),
	('LINK', 200, 'bounds.file($1)', '(dittofs.create_hard_link($2, bounds.kept(''dir''), bounds.name(''link'', $1))).status = 0', false),
	('SYMLINK', 200, 'bounds.kept(''dir'')', '(dittofs.create_symlink($2, bounds.name(''symlink'', $1), ''to'')).status = 0', false),
	('MKDIR', 200, 'bounds.kept(''dir'')', '(dittofs.create_directory($2, bounds.name(''sub'', $1))).status = 0', false),
	('RMDIR', 200, 'bounds.kept(''dir'')', '(dittofs.remove_directory($2, bounds.name(''sub'', $1))).status = 0', false),
	('RENAME', 200, 'bounds.kept(''dir'')', '(dittofs.move($2, bounds.name(''new'', $1), $2, bounds.name(''moved'', $1))).status = 0', false),
	('RENAME to another directory', 200, 'bounds.kept(''dir'')', '(dittofs.move($2, bounds.name(''moved'', $1), bounds.kept(''other''), ''here'')).status = 0', false),
	('RENAME of a directory', 200, 'bounds.kept(''root'')', '(dittofs.move($2, CASE $1 % 2 WHEN 0 THEN ''there'' ELSE ''dir'' END::bytea, $2, CASE $1 % 2 WHEN 0 THEN ''dir'' ELSE ''there'' END::bytea)).status = 0', false),
	('REMOVE', 200, 'bounds.kept(''dir'')', '(dittofs.remove_file($2, bounds.name(''link'', $1))).status = 0', false),
	('SETATTR', 200, 'bounds.file($1)', '(dittofs.set_file_attributes($2, mode => 256 + $1)).status = 0', false),
	('READDIRPLUS, any page', 50, 'bounds.kept(''dir'')', 'count(*) > 0 FROM dittofs.read_directory($2, 7919 * $1 * (1::bigint << 40), maxcount => 8192)', false),
	('READ', 200, 'bounds.kept(''pages'')', '(dittofs.read($2, bounds.at($1), 8192)).status = 0', false),
	('WRITE', 200, 'bounds.kept(''pages'')', '(dittofs.write($2, bounds.at($1), ''y'')).status = 0', false),
	('WRITE that appends', 200, 'bounds.kept(''pages'')', '(dittofs.write($2, 131072::bigint * (bounds.n() + $1), ''y'')).status = 0', false),
	('FSSTAT', 200, 'bounds.kept(''root'')', '(dittofs.get_filesystem_statistics($2)).status = 0', false),
	('FSINFO', 200, 'bounds.kept(''root'')', '(dittofs.get_filesystem_capabilities($2)).status = 0', false),
	('a change with its reply', 200, 'bounds.file($1)', '(dittofs.set_file_attributes($2, (''client=10.0.0.1 xid='' || 1000000000 + $1)::dittofs.caller, mode => 420)).status = 0', false),
	('LOCK', 200, 'bounds.file($1)', '(dittofs.lock_range($2, '''', ''client'', 0, ''o'', $1, 1, true)).outcome = ''granted''', false),
	('TEST of a lock', 200, 'bounds.file($1)', '(dittofs.test_lock($2, '''', ''client'', 0, ''p'', 0, 0, true)).outcome = ''denied''', false),
	('UNLOCK', 200, 'bounds.file($1)', '(dittofs.unlock_range($2, '''', ''client'', 0, ''o'', 0, 0)).outcome = ''granted''', false),
	('next_grants(), nothing to do', 100, NULL, 'count(*) = 0 FROM dittofs.next_grants(100)', true),
	('MNT', 100, NULL, '(dittofs.mount(''/big/dir'', ''client=10.9.9.9'')).status = 0', true),
	('UMNT', 100, NULL, 'dittofs.unmount(''/big'', (''client='' || host(''10.0.0.0''::inet + $1))::dittofs.caller) = 1', false),
	('DUMP', 20, NULL, 'count(*) > 0 FROM dittofs.list_mounts(65536)', false),
	('EXPORT', 20, NULL, 'count(*) > 0 FROM dittofs.list_exports(65536)', false),
	('READ from a store', 200, 'bounds.kept(''extents'')', '(dittofs.prepare_read($2, bounds.at($1), 8192)).status = 0', false),
	('WRITE to a store', 100, 'bounds.kept(''extents'')',
		'(dittofs.prepare_write($2, bounds.at($1), sha256(int4send(1)) || int4send(1))).status = 0
		AND (dittofs.commit_write($2, bounds.at($1), sha256(int4send(1)) || int4send(1), bounds.store())).status = 0', false),
	('punch_hole() of half of a large file', 3, '$1::text::bytea', 'dittofs.punch_hole(''/big/punched'', 131072::bigint * $1, 65536::bigint * bounds.n()) IS NOT NULL', false),
	('SETATTR that cuts a large file', 5, 'bounds.kept(''cut'')', '(dittofs.set_file_attributes($2, size => 131072::bigint * bounds.n() / (1 << $1))).status = 0', false),
	('REMOVE of a large file', 3, 'bounds.kept(''root'')', '(dittofs.remove_file($2, bounds.name(''r'', $1))).status = 0', false),
	('reap(100), large files', 60, NULL, 'dittofs.reap(100) > 0', false),
	('reap(100), nothing to do', 50, NULL, 'dittofs.reap(100) >= 0', true),
	('the turn of the replies passes', 9, 'x FROM (SELECT ''''::bytea AS x, $1 AS i) o', 'dittofs.reap(1) >= 0', false),
	('alter_share() of the content', 1, NULL, 'dittofs.alter_share(''/sweep'', content => ''filesystem'', content_store => ''s'') IS NOT NULL', false),
	('merge_next(), the sweep', 20, NULL, '(dittofs.merge_next()).status = 0 AND EXISTS (SELECT FROM dittofs.content_moves)', false),
	('merge_next(), tasks', 50, NULL, '(dittofs.merge_next()).action = ''block''', false),
	('merge_next(), pages to memory', 20, '(SELECT count(*)::text::bytea FROM dittofs.staged_files)', '$2 <> ''0'' AND (dittofs.merge_next()).status >= 0', false),
	('gc_next(), looks at blocks', 20, NULL, 'count(*) >= 0 FROM dittofs.gc_next(100)', false),
	('gc_next(), hands out 100', 9, NULL, 'count(hash) > 0 FROM dittofs.gc_next(100)', false),
	('gc_done() of 100', 9, '(SELECT string_agg(hash, '''') FROM (SELECT hash FROM dittofs.stored_blocks WHERE state = ''deleting'' LIMIT 100) d)', 'dittofs.gc_done(bounds.store(), $2) > 0', false),
	('gc_adopt() of 100', 9, '(SELECT string_agg(sha256((''adopt'' || $1 || '' '' || i)::bytea), '''') FROM generate_series(1, 100) i)', 'length(dittofs.gc_adopt(bounds.store(), $2)) = 3200', false),
	('claim_blocks() of 8', 50, '(SELECT string_agg(sha256((''claim'' || $1 || '' '' || i)::bytea) || int4send(1), '''') FROM generate_series(1, 8) i)', 'length(dittofs.claim_blocks(bounds.store(), $2)) = 8', false),
	('stored_block_list(), 1000 of all', 20, 'sha256(int4send($1))', 'count(*) > 0 FROM dittofs.stored_block_list(bounds.store(), $2, 1000)', false),
	('stored_block_list(), 1000 of a share', 20, 'uuid_send(bounds.id(bounds.kept(''extents''))) || int8send(bounds.at($1))', 'count(*) > 0 FROM dittofs.stored_block_list(bounds.store(), $2, 1000, ''/store'')', false),
	('content_hints()', 50, NULL, 'count(*) > 0 FROM dittofs.content_hints()', false),
	('register_replica()', 100, NULL, 'dittofs.register_replica(''a8098c1a-f86e-11da-bd1a-00112444be1e'', ''h'', 1, ''v'', ''a'', now(), ''serving'', 1, 1) IS NOT NULL', true),
	('record_slow_call()', 100, NULL, 'dittofs.record_slow_call(1, ''h'', ''c'', ''READ'', 0, 1, 1, 1, 1, 1, NULL) IS NOT NULL', true),
	('report_waiting()', 100, NULL, 'count(*) >= 0 FROM dittofs.report_waiting(''a8098c1a-f86e-11da-bd1a-00112444be1e'', ''h'', ''[{"id":"1","client":"c","procedure":"READ","age_ms":1,"pid":0}]'')', true),
	('list_waiting()', 50, NULL, 'count(*) >= 0 FROM dittofs.list_waiting(20)', false),
	('list_replicas()', 50, NULL, 'count(*) >= 0 FROM dittofs.list_replicas()', false),
	('list_slow_calls()', 20, NULL, 'count(*) >= 0 FROM dittofs.list_slow_calls(8)', false),
	('list_shares() with FSSTAT', 50, NULL, 'count(*) > 0 FROM dittofs.list_shares() s, dittofs.get_filesystem_statistics(s.root) f', false),
	('list_mounts() of the status page', 20, NULL, 'count(*) > 0 FROM (SELECT client, count(*)::int, left(string_agg(dittofs.name_to_text(path), '', ''), 1000) FROM dittofs.list_mounts(1048576) GROUP BY 1 ORDER BY 1 LIMIT 100) c', false),
	('healthcheck()', 50, NULL, 'count(*) = 1 FROM dittofs.healthcheck()', false),
	('drop_share() by force', 1, NULL, 'dittofs.drop_share(''/dropped'', force => true) IS NOT NULL', false),
	('reap(100) of a dropped share', 20, NULL, 'dittofs.reap(100) > 0', false);

UPDATE bounds.calls SET prepare = 'SELECT dittofs.create_file(bounds.kept(''other''), ''here'')' WHERE name = 'RENAME to another directory';
UPDATE bounds.calls SET argument = '''''::bytea FROM bounds.pass_turn()' WHERE name = 'the turn of the replies passes';
CREATE FUNCTION bounds.pass_turn() RETURNS void LANGUAGE sql AS
	$$ UPDATE dittofs.replies_turn SET since = since - 1000000000000, seen = seen - 100000000000 $$;
UPDATE bounds.calls SET prepare = 'SELECT sum(dittofs.reap(100000)) FROM generate_series(1, 20)' WHERE name = 'reap(100), nothing to do';
UPDATE bounds.calls SET prepare = 'DO $do$ BEGIN
	DELETE FROM dittofs.staged_files;
	PERFORM dittofs.alter_share(''/big'', content => ''memory'');
	DELETE FROM dittofs.content_moves;
	INSERT INTO dittofs.staged_files (file_id, next_at, position, moving) SELECT bounds.id(bounds.kept(''moved'')), clock_timestamp(), 0, true; END $do$'
	WHERE name = 'merge_next(), pages to memory';
UPDATE bounds.calls SET prepare = 'DO $do$ BEGIN
	DELETE FROM dittofs.content_moves;
	INSERT INTO dittofs.staged_files (file_id, next_at, position, moving) SELECT f.id, clock_timestamp(), 0, true
		FROM dittofs.files f JOIN dittofs.shares s USING (share_id) WHERE s.name = ''/sweep'' AND f.kind = 1 ON CONFLICT DO NOTHING; END $do$'
	WHERE name = 'merge_next(), tasks';
UPDATE bounds.calls SET prepare = 'DO $do$ BEGIN
	INSERT INTO dittofs.stored_blocks SELECT bounds.store(), sha256((''gone'' || i)::bytea), 1, ''stored'', now() - interval ''90 days'',
		now() - interval ''30 days'' + i * interval ''1 ms'', '''' FROM generate_series(1, bounds.n()) i; END $do$'
	WHERE name = 'gc_next(), hands out 100';

--
-- What changes one thing again and again, also while an old snapshot is open
--
INSERT INTO bounds.calls (name, times, argument, call, hot) VALUES
	('one name: CREATE and REMOVE in turn', 100, 'bounds.kept(''other'')', 'CASE $1 % 2 WHEN 1 THEN (dittofs.create_file($2, ''again'')).status ELSE (dittofs.remove_file($2, ''again'')).status END = 0', true),
	('one name: MKDIR and RMDIR in turn', 100, 'bounds.kept(''other'')', 'CASE $1 % 2 WHEN 1 THEN (dittofs.create_directory($2, ''dir again'')).status ELSE (dittofs.remove_directory($2, ''dir again'')).status END = 0', true),
	('one name: MKDIR and RMDIR at once', 100, 'bounds.kept(''other'')', '(dittofs.create_directory($2, ''dir at once'')).status = 0 AND (dittofs.remove_directory($2, ''dir at once'')).status = 0', true),
	('one name: LOOKUP of what was removed', 100, 'bounds.kept(''other'')', '(dittofs.lookup($2, ''again'')).status = 2', true),
	('one name: CREATE another, RENAME over it', 100, 'bounds.kept(''other'')', '(dittofs.create_file($2, bounds.name(''tmp'', $1))).status = 0 AND (dittofs.move($2, bounds.name(''tmp'', $1), $2, ''replaced'')).status = 0', true),
	('one name: LOOKUP of what was replaced', 100, 'bounds.kept(''other'')', '(dittofs.lookup($2, ''replaced'')).status = 0', true),
	('one name: RENAME to and fro', 100, 'bounds.kept(''other'')', '(dittofs.move($2, CASE $1 % 2 WHEN 0 THEN ''fro'' ELSE ''replaced'' END::bytea, $2, CASE $1 % 2 WHEN 0 THEN ''replaced'' ELSE ''fro'' END::bytea)).status = 0', true),
	('one directory: CREATE', 100, 'bounds.kept(''other'')', '(dittofs.create_file($2, bounds.name(''h'', pg_backend_pid() * 1000000::bigint + $1))).status = 0', true),
	('one directory: READDIRPLUS, first page', 100, 'bounds.kept(''root'')', 'count(*) > 0 FROM dittofs.read_directory($2, 0, maxcount => 8192)', true),
	('one file: SETATTR', 100, 'bounds.kept(''pages'')', '(dittofs.set_file_attributes($2, mode => 256 + $1 % 256)).status = 0', true),
	('one file: setxattr() and getxattr()', 100, '$1::text::bytea', 'dittofs.setxattr(''/big/pages'', ''hot'', $2) IS NOT NULL AND dittofs.getxattr(''/big/pages'', ''hot'') = $2', true),
	('one file: WRITE at one place', 100, 'bounds.kept(''pages'')', '(dittofs.write($2, 0, convert_to(repeat(''y'', 4000) || $1, ''UTF8''))).status = 0', true),
	('one file: LOCK and UNLOCK', 100, 'bounds.kept(''pages'')', '(dittofs.lock_range($2, '''', ''client'', 0, ''o'', $1, 1, true)).outcome = ''granted'' AND (dittofs.unlock_range($2, '''', ''client'', 0, ''o'', 0, 0)).outcome = ''granted''', true),
	('one file: WRITE of 128 KiB at one place', 100, 'bounds.kept(''pages'')', '(dittofs.write($2, 131072, convert_to(repeat(''y'', 131072), ''UTF8''))).status = 0', true),
	('one file: READ at that place', 100, 'bounds.kept(''pages'')', '(dittofs.read($2, 0, 4000)).status = 0', true),
	('one file: SETATTR to 0 and WRITE', 100, 'bounds.kept(''extents'')', '(dittofs.set_file_attributes($2, size => 0)).status = 0 AND (dittofs.write($2, 0, ''y'')).status = 0', true),
	('one file: cut in the middle, WRITE behind', 100, 'bounds.kept(''middle'')', 'CASE $1 % 2 WHEN 1 THEN (dittofs.set_file_attributes($2, size => 4000)).status ELSE (dittofs.write($2, 10000, ''y'')).status END = 0', true),
	('one file: CREATE, WRITE, REMOVE, reap()', 100, 'bounds.kept(''other'')', 'dittofs.write((dittofs.create_file($2, ''reaped'')).handle, 0, ''x'') IS NOT NULL AND (dittofs.remove_file($2, ''reaped'')).status = 0 AND dittofs.reap(100) >= 0', true),
	('one file: WRITE to a store at one place', 100, 'bounds.kept(''stored'')',
		'(dittofs.prepare_write($2, 0, sha256(int4send(1)) || int4send(1))).status = 0
		AND (dittofs.commit_write($2, 0, sha256(int4send(1)) || int4send(1), bounds.store())).status = 0', true),
	('one file: READ from a store at that place', 100, 'bounds.kept(''stored'')', '(dittofs.prepare_read($2, 0, 1)).status = 0', true),
	('one file: WRITE and merge_next()', 100, 'bounds.kept(''staged'')', '(dittofs.write($2, 0, ''z'')).status = 0 AND (dittofs.merge_next()).status >= 0', true);
UPDATE bounds.calls SET prepare = 'SELECT sum(dittofs.reap(100000)) FROM generate_series(1, 20)'
	WHERE name = 'one file: CREATE, WRITE, REMOVE, reap()';
UPDATE bounds.calls SET prepare = 'SELECT dittofs.write_file(''/big/middle'', convert_to(repeat(''x'', 4000), ''UTF8'')), bounds.keep(''middle'', dittofs.resolve(''/big/middle''))'
	WHERE name = 'one file: cut in the middle, WRITE behind';
UPDATE bounds.calls SET prepare = 'SELECT dittofs.write_file(''/store/staged'', ''x''), bounds.keep(''staged'', dittofs.resolve(''/store/staged''))'
	WHERE name = 'one file: WRITE and merge_next()';
UPDATE bounds.calls SET prepare = 'SELECT dittofs.write_file(''/store/stored'', ''x''), bounds.keep(''stored'', dittofs.resolve(''/store/stored''))'
	WHERE name = 'one file: WRITE to a store at one place';
ANALYZE;
