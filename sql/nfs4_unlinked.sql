-- SPDX-License-Identifier: PostgreSQL
-- Files that are removed while a client of NFSv4 has them open.
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT dittofs.create_share('/open', squash => 'none') IS NOT NULL AS made;
CREATE SCHEMA o;
CREATE FUNCTION o.id(path text) RETURNS uuid LANGUAGE sql AS $$
	SELECT encode(substr(dittofs.resolve(path), 18), 'hex')::uuid $$;
-- As OPEN does it.
CREATE FUNCTION o.open(path text) RETURNS text LANGUAGE sql AS $$
	WITH s AS (INSERT INTO dittofs.nfs4_states (client_id, id, salt, seqid, file_id, share_id, open_id, access, deny, modes, owner, owner_key, since)
		SELECT 1, nextval('dittofs.nfs4_state_ids'), 0, 1, f.id, f.share_id, 0, 1, 0, 16, 'me', 5, now()
			FROM dittofs.files f WHERE f.id = o.id(path) RETURNING *)
	INSERT INTO dittofs.nfs4_file_states SELECT file_id, client_id, owner_key, id FROM s RETURNING 'opened' $$;
CREATE FUNCTION o.close(file uuid) RETURNS text LANGUAGE sql AS $$
	DELETE FROM dittofs.nfs4_states WHERE file_id = file;
	DELETE FROM dittofs.nfs4_file_states WHERE file_id = file;
	SELECT 'closed' $$;
CREATE FUNCTION o.handle(file uuid) RETURNS bytea LANGUAGE sql AS $$
	SELECT substr(dittofs.resolve('/open'), 1, 17) || uuid_send(file) $$;
CREATE FUNCTION o.look(file uuid) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', dittofs.status_name(status), 'nlink ' || (dittofs.attributes(attributes)).nlink, (dittofs.attributes(attributes)).size)
		FROM dittofs.get_file(o.handle(file), '') $$;

-- It is not open: it goes.
SELECT dittofs.write_file('/open/a', 'first');
SELECT o.id('/open/a') AS a \gset
SELECT dittofs.rm('/open/a');
SELECT o.look(:'a');
-- It is: it stays, without a name, and can be read and written.
SELECT dittofs.write_file('/open/b', 'second');
SELECT o.id('/open/b') AS b \gset
SELECT o.open('/open/b');
SELECT dittofs.rm('/open/b');
SELECT o.look(:'b');
SELECT convert_from(data, 'UTF8') FROM dittofs.read(o.handle(:'b'), 0, 100);
SELECT dittofs.status_name(status) FROM dittofs.write(o.handle(:'b'), 6, '!');
SELECT o.look(:'b');
SELECT dittofs.status_name(status) AS no_name_again FROM dittofs.create_hard_link(o.handle(:'b'), dittofs.resolve('/open'), 'c');
SELECT count(*) AS kept FROM dittofs.nfs4_unlinked_files;
SELECT * FROM dittofs.fsck();
-- Another name of it is not the last one.
SELECT dittofs.write_file('/open/c', 'third'), dittofs.ln('/open/c', '/open/d');
SELECT o.id('/open/c') AS c \gset
SELECT o.open('/open/c'), dittofs.rm('/open/c');
SELECT o.look(:'c');
-- A rename over the last name.
SELECT dittofs.write_file('/open/e', 'fourth'), dittofs.mv('/open/e', '/open/d');
SELECT o.look(:'c'), convert_from(dittofs.read_file('/open/d'), 'UTF8') AS d;
SELECT count(*) AS kept FROM dittofs.nfs4_unlinked_files;
SELECT * FROM dittofs.fsck();
-- When they are closed the sweep takes them.
SELECT o.close(:'b');
SELECT dittofs.reap(10) >= 0 AS reaped;
SELECT o.look(:'b'), o.look(:'c');
SELECT count(*) AS kept FROM dittofs.nfs4_unlinked_files;
SELECT * FROM dittofs.fsck();
-- With a share that is dropped they go, open or not.
SELECT dittofs.drop_share('/open', force => true);
SELECT dittofs.reap(100) >= 0, dittofs.reap(100) >= 0;
SELECT dittofs.reap(100) >= 0, dittofs.reap(100) >= 0;
SELECT (SELECT count(*) FROM dittofs.files) AS files, (SELECT count(*) FROM dittofs.nfs4_unlinked_files) AS kept;
SELECT count(*) AS states FROM dittofs.nfs4_states;
SELECT * FROM dittofs.fsck();

-- What is wrong, and its repair.
SELECT dittofs.create_share('/open', squash => 'none') IS NOT NULL AS made, dittofs.write_file('/open/a', 'x') AS a, dittofs.write_file('/open/b', 'x') AS b;
CREATE FUNCTION o.masked(object text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(object, '^([0-9a-f]{8}-[0-9a-f-]{27})|[0-9]+$', CASE WHEN object ~ ' ' THEN 'N' ELSE 'ID' END) $$;
CREATE PROCEDURE o.broken(VARIADIC statements text[]) LANGUAGE plpgsql AS $$
DECLARE
	s text;
	r record;
BEGIN
	FOREACH s IN ARRAY statements LOOP
		EXECUTE s;
	END LOOP;
	FOR r IN SELECT rule, object FROM dittofs.fsck() ORDER BY rule, object LOOP
		RAISE INFO 'found: %: %', r.rule, o.masked(r.object);
	END LOOP;
	FOR r IN SELECT rule, object, action FROM dittofs.fsck_repair() ORDER BY rule, object LOOP
		RAISE INFO 'repaired: %: %: %', r.rule, o.masked(r.object), regexp_replace(r.action, '#\d+', '#N');
	END LOOP;
	FOR r IN SELECT rule, object FROM dittofs.fsck() LOOP
		RAISE INFO 'left: %: %', r.rule, o.masked(r.object);
	END LOOP;
	ROLLBACK;
END $$;
SELECT o.open('/open/a'), o.open('/open/b'), dittofs.rm('/open/a');
CALL o.broken('SELECT');
-- it was removed and is open, and is not noted
CALL o.broken('DELETE FROM dittofs.nfs4_unlinked_files');
-- ... and it is not open: who knows why it has no name
CALL o.broken('DELETE FROM dittofs.nfs4_unlinked_files', 'DELETE FROM dittofs.nfs4_states', 'DELETE FROM dittofs.nfs4_file_states');
CALL o.broken('INSERT INTO dittofs.nfs4_unlinked_files SELECT gen_random_uuid(), share_id FROM dittofs.shares');
CALL o.broken('INSERT INTO dittofs.nfs4_unlinked_files SELECT root_id, share_id FROM dittofs.shares');
CALL o.broken('UPDATE dittofs.nfs4_unlinked_files SET share_id = 0');
CALL o.broken('DELETE FROM dittofs.nfs4_states');
CALL o.broken('DELETE FROM dittofs.nfs4_file_states');
CALL o.broken('UPDATE dittofs.nfs4_states SET open_id = 17');
CALL o.broken($$UPDATE dittofs.nfs4_states SET id = id + 1000000$$, $$UPDATE dittofs.nfs4_file_states SET id = id + 1000000$$);
CALL o.broken($$INSERT INTO dittofs.nfs4_states SELECT client_id, nextval('dittofs.nfs4_state_ids'), 0, 1, file_id, share_id, 0, 2, 0, 1, owner, owner_key, since FROM dittofs.nfs4_states$$,
	'INSERT INTO dittofs.nfs4_file_states SELECT file_id, client_id, owner_key, id FROM dittofs.nfs4_states ON CONFLICT DO NOTHING');
SELECT o.close(o.id('/open/b')), o.close(file_id) FROM dittofs.nfs4_unlinked_files;
SELECT dittofs.drop_share('/open', force => true);
SELECT dittofs.reap(100) >= 0, dittofs.reap(100) >= 0;
SELECT dittofs.reap(100) >= 0, dittofs.reap(100) >= 0;
DROP SCHEMA o CASCADE;
