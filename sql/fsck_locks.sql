-- SPDX-License-Identifier: PostgreSQL
-- fsck() and fsck_repair(): locks.  Each violation is planted, reported and repaired.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT dittofs.create_share('/fl', squash => 'none') IS NOT NULL AS made, dittofs.write_file('/fl/a', 'x') AS a, dittofs.write_file('/fl/b', 'x') AS b;
CREATE SCHEMA fl;
CREATE FUNCTION fl.id(path text) RETURNS uuid LANGUAGE sql AS $$
	SELECT encode(substr(dittofs.resolve(path), 18), 'hex')::uuid $$;
CREATE FUNCTION fl.lock(client text, path text, start bigint, wait bytea DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT outcome FROM dittofs.lock_range(dittofs.resolve(path), '', client, 1, 'o', start, 10, true, wait) $$;
-- Ids differ from run to run.
CREATE FUNCTION fl.names(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT child_id AS id, 'file ' || encode(d.name, 'escape') AS name FROM dittofs.parent_child_map d
		UNION ALL SELECT id, 'client ' || name FROM dittofs.lock_clients
	LOOP
		what := replace(what, r.id::text, r.name);
	END LOOP;
	RETURN regexp_replace(what, '[0-9a-f]{8}-[0-9a-f-]{27}', 'ID', 'g');
END $$;
CREATE FUNCTION fl.object(what text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(fl.names(what), '(^| )[0-9]+$', '\1N') $$;
-- Breaks it, and puts everything back afterwards.
CREATE PROCEDURE fl.broken(VARIADIC statements text[]) LANGUAGE plpgsql AS $$
DECLARE
	s text;
	r record;
BEGIN
	FOREACH s IN ARRAY statements LOOP
		EXECUTE s;
	END LOOP;
	FOR r IN SELECT rule, object FROM dittofs.fsck() ORDER BY rule, fl.names(object) LOOP
		RAISE INFO 'found: %: %', r.rule, fl.object(r.object);
	END LOOP;
	FOR r IN SELECT rule, object, action FROM dittofs.fsck_repair() ORDER BY rule, fl.names(object) LOOP
		RAISE INFO 'repaired: %: %: %', r.rule, fl.object(r.object), fl.names(r.action);
	END LOOP;
	FOR r IN SELECT rule, object FROM dittofs.fsck() LOOP
		RAISE INFO 'left: %: %', r.rule, fl.object(r.object);
	END LOOP;
	FOR r IN SELECT path, client, range_start, state FROM dittofs.locks ORDER BY path, state, range_start, client LOOP
		RAISE INFO 'lock: % % % %', r.path, r.client, r.range_start, r.state;
	END LOOP;
	RAISE INFO 'clients: %', (SELECT string_agg(name || ' ' || locks, ', ' ORDER BY name) FROM dittofs.lock_clients);
	ROLLBACK;
END $$;

SELECT fl.lock('alice', '/fl/a', 0), fl.lock('bob', '/fl/a', 5, 'w'), fl.lock('alice', '/fl/a', 100), fl.lock('bob', '/fl/b', 0);
SELECT * FROM dittofs.fsck();

CALL fl.broken('SELECT');
CALL fl.broken($$UPDATE dittofs.files SET locks = '\x01' WHERE id = fl.id('/fl/a')$$);
CALL fl.broken($$UPDATE dittofs.files SET locks = '' WHERE id = fl.id('/fl/a')$$);
CALL fl.broken($$UPDATE dittofs.files SET locks = locks || '\x00' WHERE id = fl.id('/fl/a')$$);
-- locks of two owners that overlap
CALL fl.broken($$UPDATE dittofs.files SET locks = '\x0100010000000000000000000000000000000007020001610001620201000a0103050a01000000' WHERE id = fl.id('/fl/b')$$);
CALL fl.broken($$UPDATE dittofs.files f SET locks = a.locks FROM dittofs.files a WHERE f.id = fl.id('/fl/b') AND a.id = fl.id('/fl/a')$$);
CALL fl.broken($$DELETE FROM dittofs.locked_files WHERE file_id = fl.id('/fl/a')$$);
CALL fl.broken($$UPDATE dittofs.locked_files SET waiting = NOT waiting$$);
CALL fl.broken($$INSERT INTO dittofs.locked_files SELECT gen_random_uuid(), share_id, false FROM dittofs.shares WHERE name = '/fl'$$);
CALL fl.broken($$UPDATE dittofs.files SET locks = NULL WHERE id = fl.id('/fl/b')$$);
CALL fl.broken($$UPDATE dittofs.lock_clients SET locks = locks + 100 WHERE name = 'bob'$$, $$UPDATE dittofs.lock_clients SET locks = 0 WHERE name = 'alice'$$);
CALL fl.broken($$SELECT setval('dittofs.lock_lives', 1)$$);
-- A client that is gone has no locks: that is no violation.
CALL fl.broken($$DELETE FROM dittofs.lock_clients WHERE name = 'alice'$$);
CALL fl.broken($$UPDATE dittofs.files d SET locks = f.locks FROM dittofs.files f WHERE f.id = fl.id('/fl/b') AND d.kind = 2$$);
-- A grant that no table knows
SELECT outcome, grants FROM dittofs.unlock_range(dittofs.resolve('/fl/a'), '', 'alice', 1, 'o', 0, 0);
CALL fl.broken($$DELETE FROM dittofs.lock_grants$$);

-- A damaged value is an error that says so; the others go on, and the file can be removed.
UPDATE dittofs.files SET locks = '\x0100ff' WHERE id = fl.id('/fl/b');
\set VERBOSITY sqlstate
SELECT fl.lock('carol', '/fl/b', 0);
SELECT outcome FROM dittofs.test_lock(dittofs.resolve('/fl/b'), '', 'carol', 1, 'o', 0, 0, true);
SELECT path, client, state FROM dittofs.locks ORDER BY 1, 2;
SELECT fl.lock('carol', '/fl/a', 1000);
SELECT outcome FROM dittofs.free_locks('', 'carol');
SELECT count(*) FROM dittofs.next_grants(10);
SELECT dittofs.reap() IS NOT NULL AS reaped;
\set VERBOSITY terse
SELECT rule FROM dittofs.fsck() ORDER BY 1;
SELECT dittofs.rm('/fl/b');
SELECT rule, fl.names(object) FROM dittofs.fsck();
SELECT rule, fl.names(object), action FROM dittofs.fsck_repair();
SELECT dittofs.drop_share('/fl', force => true);
DROP SCHEMA fl CASCADE;
