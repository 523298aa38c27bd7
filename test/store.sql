-- SPDX-License-Identifier: PostgreSQL
-- test/store.sql: a gateway's part in content that is in a store, in SQL; after
-- test/check.sql.
--
--	t.objects					the store: every object ever put, and not deleted
--	t.blocks(bytes, ...)		blocks as functions take them (binary form)
--	t.segments(segments)		what prepare_read() returns, unfolded
--	t.put(store_id, bytes, ...)	puts objects
--	t.fetch(segments, data)		the bytes, with all sums checked
--	t.cat(handle, from, count)	reads through prepare_read()
--	t.merge()					the background pass
--	t.take(name), t.finish(name)	a task of it, in two steps
--	t.store_write(handle, at, bytes, ...)	a write in two halves; its status
--
-- SQL cannot see the state of SHA-256 after a chunk, which is what sums are.
-- The hash of all up to there does as well: the database never looks at sums.
--
-- It may be loaded any number of times.

SET client_min_messages = warning;

CREATE TABLE IF NOT EXISTS t.objects (store_id int, hash bytea, data bytea, PRIMARY KEY (store_id, hash));

CREATE OR REPLACE FUNCTION t.blocks(VARIADIC contents bytea[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(sha256(c) || int4send(length(c)) ||
			coalesce((SELECT string_agg(sha256(substr(c, 1, n * 131072)), '' ORDER BY n)
				FROM generate_series(1, (length(c) - 1) / 131072) n), ''), '' ORDER BY i)
		FROM unnest(contents) WITH ORDINALITY AS u(c, i)
$$;

CREATE OR REPLACE FUNCTION t.int(bytes bytea, at int, length int) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
	SELECT sum(get_byte(bytes, at + i)::bigint << (8 * (length - 1 - i)))::bigint FROM generate_series(0, length - 1) i
$$;

CREATE OR REPLACE FUNCTION t.segments(bytes bytea, OUT source text, OUT length bigint, OUT store_id int,
	OUT hash bytea, OUT block_length bigint, OUT skip bigint, OUT sums bytea)
	RETURNS SETOF record LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	at int := 0;
	n int;
BEGIN
	WHILE at < length(bytes) LOOP
		source := (array['zeros', 'data', 'block'])[get_byte(bytes, at) + 1];
		length := t.int(bytes, at + 1, 4);
		store_id := NULL; hash := NULL; block_length := NULL; skip := NULL; sums := NULL;
		at := at + 5;
		IF source = 'block' THEN
			store_id := t.int(bytes, at, 4);
			hash := substr(bytes, at + 5, 32);
			block_length := t.int(bytes, at + 36, 4);
			skip := t.int(bytes, at + 40, 4);
			n := t.int(bytes, at + 44, 2);
			sums := substr(bytes, at + 47, 32 * n);
			at := at + 46 + 32 * n;
		END IF;
		RETURN NEXT;
	END LOOP;
END $$;

CREATE OR REPLACE FUNCTION t.put(store int, VARIADIC contents bytea[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO t.objects SELECT store, sha256(c), c FROM unnest(contents) c ON CONFLICT DO NOTHING
$$;

CREATE OR REPLACE FUNCTION t.fetch(segments bytea, data bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	s record;
	block bytea;
	result bytea := '';
	at int := 0;
	first int;
BEGIN
	FOR s IN SELECT * FROM t.segments(segments) LOOP
		IF s.source = 'zeros' THEN
			result := result || decode(repeat('00', s.length::int), 'hex');
		ELSIF s.source = 'data' THEN
			result := result || substr(data, at + 1, s.length::int);
			at := at + s.length::int;
		ELSE
			SELECT o.data INTO block FROM t.objects o WHERE o.store_id = s.store_id AND o.hash = s.hash;
			ASSERT block IS NOT NULL, 'an object is missing';
			ASSERT length(block) = s.block_length, 'the length of a block is wrong';
			first := greatest(s.skip / 131072, 1);
			FOR i IN 0 .. length(s.sums) / 32 - 1 LOOP
				ASSERT substr(s.sums, 1 + 32 * i, 32) = sha256(substr(block, 1, (first + i) * 131072)), 'a sum is wrong';
			END LOOP;
			ASSERT first + length(s.sums) / 32 - 1 =
				least((s.skip + s.length - 1) / 131072 + 1, (length(block) - 1) / 131072), 'a sum is missing';
			result := result || substr(block, s.skip::int + 1, s.length::int);
		END IF;
	END LOOP;
	ASSERT at = length(data), 'there is more data than segments';
	RETURN result;
END $$;

CREATE OR REPLACE FUNCTION t.cat(file bytea, "from" bigint DEFAULT 0, count bigint DEFAULT 1048576) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	r dittofs.prepare_read_result;
BEGIN
	r := dittofs.prepare_read(file, "from", count);
	IF r.status <> 0 THEN
		RETURN convert_to(dittofs.status_name(r.status), 'UTF8');
	END IF;
	RETURN t.fetch(r.segments, r.data);
END $$;

CREATE OR REPLACE FUNCTION t.store_write(file bytea, at bigint, VARIADIC contents bytea[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	p dittofs.prepare_write_result;
	blocks bytea := t.blocks(VARIADIC contents);
BEGIN
	p := dittofs.prepare_write(file, at, blocks);
	IF p.status = 0 THEN
		FOR i IN 1 .. array_length(contents, 1) LOOP
			IF get_byte(p.needed, i - 1) = 1 THEN
				PERFORM t.put(p.store_id, contents[i]);
			ELSIF get_byte(p.needed, i - 1) = 2 THEN
				RETURN 'patience';
			END IF;
		END LOOP;
		p.status := (dittofs.commit_write(file, at, blocks, p.store_id)).status;
	END IF;
	RETURN dittofs.status_name(p.status);
END $$;

-- What a gateway does in the background, until there is nothing to do; a line
-- for each task.
CREATE OR REPLACE FUNCTION t.merge(most int DEFAULT 1000) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	task dittofs.merge_task;
	bytes bytea;
	status int;
BEGIN
	FOR i IN 1 .. most LOOP
		task := dittofs.merge_next();
		EXIT WHEN task.status <> 0;
		CONTINUE WHEN task.action = 'none';
		bytes := t.fetch(task.segments, task.data);
		ASSERT length(bytes) = task.length;
		IF task.action = 'block' THEN
			PERFORM t.put(task.store_id, bytes) WHERE dittofs.claim_blocks(task.store_id, t.blocks(bytes)) = '\x01';
			status := dittofs.merge_commit(task.handle, task."offset", task.stamp, task.store_id, t.blocks(bytes));
		ELSE
			status := dittofs.merge_store(task.handle, task."offset", task.stamp, bytes);
		END IF;
		RETURN NEXT task.action || ' ' || task."offset" || '+' || task.length || ' ' || dittofs.status_name(status);
	END LOOP;
END $$;

-- The same in two steps, for tests in which something happens in between.
CREATE TABLE IF NOT EXISTS t.tasks (name text PRIMARY KEY, task dittofs.merge_task);
CREATE OR REPLACE FUNCTION t.take(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	task dittofs.merge_task := dittofs.merge_next();
	bytes bytea;
BEGIN
	IF task.action IS DISTINCT FROM 'block' THEN
		RETURN 'nothing';
	END IF;
	bytes := t.fetch(task.segments, task.data);
	INSERT INTO t.tasks VALUES (name, task);
	PERFORM t.put(task.store_id, bytes), dittofs.claim_blocks(task.store_id, t.blocks(bytes));
	task.data := bytes;
	UPDATE t.tasks SET task.data = bytes WHERE tasks.name = take.name;
	RETURN t.picture(bytes);
END $$;
CREATE OR REPLACE FUNCTION t.finish(name text) RETURNS text LANGUAGE sql AS $$
	SELECT dittofs.status_name(dittofs.merge_commit((k.task).handle, (k.task)."offset", (k.task).stamp, (k.task).store_id, t.blocks((k.task).data)))
		FROM t.tasks k WHERE k.name = finish.name
$$;

-- Bytes that are easy to tell apart: n times a character.
CREATE OR REPLACE FUNCTION t.x(c text, n int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
	SELECT convert_to(repeat(c, n), 'UTF8')
$$;

-- A run-length picture of bytes: 3a2b is aaabb, with . for zeros.
CREATE OR REPLACE FUNCTION t.picture(bytes bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	result text := '';
	rest text := replace(encode(bytes, 'escape'), '\000', '.');
	n int;
BEGIN
	WHILE rest <> '' LOOP
		n := length(rest) - length(ltrim(rest, left(rest, 1)));
		result := result || n || left(rest, 1) || ' ';
		rest := substr(rest, n + 1);
	END LOOP;
	RETURN rtrim(result);
END $$;

RESET client_min_messages;
