-- SPDX-License-Identifier: PostgreSQL
-- test/isolation/setup.sql: what the specs share, beside test/check.sql.
--
--	CALL t.up('dir/', 'dir/file', ...)	makes share /iso with these in it, each
--										directory later than those before it, so
--										that their locks are in that order
--	t.h('dir/file')						the handle of what t.up() made by that
--										name, whatever became of it; t.h('') is
--										the root
--	CALL t.up_store(...)				the same, with its content in a store
--	CALL t.churn(work, n)				the two calls that t.todo has for that work, n times
--	t.cost								how many pages the last of the first calls looked at
--	t.s('a')							the session of a client of NFSv4 that is made for it
--	t.answer('me', 'a', ops)			its second COMPOUND by slot 0; the answer is in t.answers, too
--	CALL t.down()						drops the share

SET client_min_messages = warning;

CREATE TABLE IF NOT EXISTS t.handles (name text PRIMARY KEY, handle bytea);

CREATE OR REPLACE FUNCTION t.h(wanted text) RETURNS bytea LANGUAGE sql STABLE AS $$
	SELECT handle FROM t.handles WHERE name = wanted
$$;

CREATE OR REPLACE PROCEDURE t.down() LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM t.tasks;
	DELETE FROM t.objects;
	PERFORM dittofs.drop_share(name, force => true) FROM dittofs.list_shares() WHERE name LIKE '/iso%';
	PERFORM dittofs.reap(1000000);
	DELETE FROM t.handles;
	DELETE FROM dittofs.stored_blocks;
	DELETE FROM dittofs.content_stores;
	DELETE FROM dittofs.server_config;
	DELETE FROM dittofs.lock_passes;
	DELETE FROM dittofs.lock_clients;
	PERFORM dittofs.forget_clients(), dittofs.reap(1000);
	DELETE FROM t.sessions;
	DELETE FROM t.answers;
	DELETE FROM t.pages;
	DELETE FROM t.todo;
END $$;

CREATE TABLE IF NOT EXISTS t.sessions (name text PRIMARY KEY, session bytea);
CREATE TABLE IF NOT EXISTS t.answers (name text, results bytea, outcome text);
CREATE OR REPLACE FUNCTION t.s(wanted text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	s bytea := (SELECT session FROM t.sessions WHERE name = wanted);
BEGIN
	IF s IS NULL THEN
		s := t.nfs4_client(wanted);
		INSERT INTO t.sessions VALUES (wanted, s);
	END IF;
	RETURN s;
END $$;
CREATE OR REPLACE FUNCTION t.answer(who text, client text, ops bytea[], seqid bigint DEFAULT 2) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r dittofs.compound_result := t.in_session(t.s(client), seqid, ops);
BEGIN
	INSERT INTO t.answers VALUES (who, r.results, t.outcome(r));
	RETURN t.outcome(r);
END $$;

CREATE TABLE IF NOT EXISTS t.pages (name text, number int, n bigint);
CREATE TABLE IF NOT EXISTS t.todo (name text, number int, call text);
CREATE OR REPLACE PROCEDURE t.churn(work text, n int) LANGUAGE plpgsql AS $$
DECLARE
	calls text[] := array(SELECT call FROM t.todo WHERE name = work ORDER BY number);
	plan json;
BEGIN
	FOR i IN 1 .. n LOOP
		EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT ' || calls[1] INTO plan;
		INSERT INTO t.pages VALUES (work, i, (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint +
			(plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint);
		COMMIT;
		EXECUTE 'SELECT ' || calls[2];
		COMMIT;
	END LOOP;
END $$;
-- beside the tenth: the first ones read catalogs, too
CREATE OR REPLACE VIEW t.cost AS
	SELECT l.name, CASE WHEN l.n < f.n + 60 THEN 'as the first' ELSE l.n || ' pages after ' || f.n END AS cost
		FROM t.pages l JOIN t.pages f USING (name) WHERE f.number = 10 AND l.number = 300 ORDER BY 1;

-- The same, with the content in a store; what is written in pieces is to be
-- moved there at once.
CREATE OR REPLACE PROCEDURE t.up_store(VARIADIC paths text[]) LANGUAGE plpgsql AS $$
BEGIN
	CALL t.up(VARIADIC paths);
	PERFORM dittofs.create_content_store('iso', 'filesystem');
	PERFORM dittofs.alter_share('/iso', content => 'filesystem', content_store => 'iso', block_size => 131072);
	PERFORM dittofs.set_server_config('merge_delay', '0'), dittofs.set_server_config('external_min', '1');
	DELETE FROM dittofs.content_moves;
END $$;

CREATE OR REPLACE PROCEDURE t.up(VARIADIC paths text[]) LANGUAGE plpgsql AS $$
DECLARE
	path text;
	parts text[];
	r dittofs.create_result;
BEGIN
	CALL t.down();
	INSERT INTO t.handles VALUES ('', dittofs.create_share('/iso', root_mode => '0777'));
	FOREACH path IN ARRAY paths LOOP
		-- ids begin with milliseconds
		PERFORM pg_sleep(0.002);
		parts := regexp_match(path, '^(.*/)?([^/]+)(/)?$');
		IF parts[3] IS NOT NULL THEN
			r := dittofs.create_directory(t.h(coalesce(parts[1], '')), convert_to(parts[2], 'UTF8'), mode => t.mode('0777'));
		ELSE
			r := dittofs.create_file(t.h(coalesce(parts[1], '')), convert_to(parts[2], 'UTF8'), mode => t.mode('0666'));
		END IF;
		ASSERT r.status = 0;
		INSERT INTO t.handles VALUES (path, r.handle);
	END LOOP;
END $$;
