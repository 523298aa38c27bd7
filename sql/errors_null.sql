-- SPDX-License-Identifier: PostgreSQL
-- NULL and wild arguments: a status, never an internal error, and a failing
-- call changes nothing.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/errors', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'root', 'link', 'file');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'content');

-- Each argument of each operation NULL in turn, the others good.  What comes
-- back is the status, or the rows of a list.
CREATE FUNCTION pg_temp.nulls(root bytea, file bytea, OUT operation text, OUT argument text, OUT status text)
	RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	f record;
	args text[];
	s int;
BEGIN
	FOR f IN SELECT p.proname, p.proargtypes, p.proargnames, array_length(p.proargtypes::oid[], 1) AS n
			FROM pg_proc p JOIN pg_type r ON r.oid = p.prorettype
			WHERE p.pronamespace = 'dittofs'::regnamespace AND p.proname IN ('lookup', 'get_file', 'set_file_attributes', 'check_permissions',
				'create_file', 'create_directory', 'create_symlink', 'create_special_file', 'read_symlink', 'create_hard_link', 'remove_file',
				'remove_directory', 'move', 'read_directory', 'read', 'write', 'commit', 'prepare_read', 'prepare_write', 'commit_write',
				'get_filesystem_capabilities', 'get_filesystem_statistics')
			ORDER BY p.proname LOOP
		FOR i IN 0 .. f.n LOOP
			args := '{}';
			FOR j IN 1 .. f.n LOOP
				args[j] := CASE WHEN i = j THEN 'NULL'
					WHEN f.proargnames[j] IN ('dir', 'from_dir', 'to_dir') THEN quote_literal(root) || '::bytea'
					WHEN f.proargnames[j] = 'handle' THEN quote_literal(file) || '::bytea'
					WHEN f.proargnames[j] = 'name' AND f.proname IN ('lookup', 'remove_file') THEN '''file'''
					WHEN f.proargnames[j] = 'name' AND f.proname = 'remove_directory' THEN '''dir'''
					WHEN f.proargnames[j] IN ('name', 'to_name', 'target', 'data') THEN '''new'''
					WHEN f.proargnames[j] = 'from_name' THEN '''file'''
					WHEN f.proargnames[j] = 'caller' THEN ''''''
					WHEN f.proargnames[j] = 'how' THEN '''exclusive'''
					WHEN f.proargnames[j] = 'verifier' THEN '''\x0000000000000000'''
					WHEN f.proargnames[j] = 'kind' THEN '''block'''
					WHEN f.proargnames[j] = 'stability' THEN '''unstable'''
					WHEN f.proargnames[j] = 'blocks' THEN '''\x''::bytea'
					WHEN f.proargnames[j] IN ('dircount', 'maxcount') THEN '10000'
					WHEN f.proargnames[j] = 'guard' THEN '1'
					WHEN f.proargtypes[j - 1] = 'bool'::regtype THEN 'true'
					ELSE '0' END;
			END LOOP;
			operation := f.proname;
			argument := CASE WHEN i > 0 THEN f.proargnames[i] ELSE '' END;
			BEGIN
				EXECUTE format('SELECT max(status) FROM dittofs.%I(%s)', f.proname, array_to_string(args, ', ')) INTO s;
				status := dittofs.status_name(s);
				RAISE EXCEPTION USING errcode = 'UND00';
			EXCEPTION
				WHEN SQLSTATE 'UND00' THEN
					NULL;
				WHEN OTHERS THEN
					status := SQLSTATE || ' ' || SQLERRM;
			END;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END $$;
SELECT operation, string_agg(DISTINCT status, ' ') FILTER (WHERE argument = '') AS "none is",
		string_agg(argument || ': ' || status, ', ' ORDER BY argument COLLATE "C") FILTER (WHERE argument <> '') AS "NULL is"
	FROM pg_temp.nulls(:'root', :'file') GROUP BY operation ORDER BY operation \gx

-- Numbers at the edges of bigint
CREATE TEMP TABLE edges (n bigint);
INSERT INTO edges VALUES (-9223372036854775808), (-9223372036854775807), (-4294967296), (-1), (0), (4294967296), (9223372036854775806), (9223372036854775807);
SELECT dittofs.status_name(r.status), count(*) FROM edges a, edges b, dittofs.read(:'file', a.n, b.n) r GROUP BY r.status ORDER BY r.status;
SELECT dittofs.status_name(r.status), count(*) FROM edges a, edges b, dittofs.commit(:'file', a.n, b.n) r GROUP BY r.status ORDER BY r.status;
SELECT dittofs.status_name(r.status), count(*) FROM edges a, edges b, dittofs.prepare_read(:'file', a.n, b.n) r GROUP BY r.status ORDER BY r.status;
SELECT dittofs.status_name(r.status), count(*) FROM edges a, dittofs.prepare_write(:'file', a.n, '') r GROUP BY r.status ORDER BY r.status;
SELECT dittofs.status_name(max(r.status)), count(r.name) FROM edges a, edges b, edges c, dittofs.read_directory(:'root', a.n, b.n, c.n) r GROUP BY a.n, b.n, c.n
	EXCEPT SELECT s, n FROM (VALUES ('OK'), ('TOOSMALL'), ('BAD_COOKIE')) v(s), generate_series(0, 5) n;
SELECT dittofs.status_name(r.status), count(*) FROM edges a, edges b, dittofs.create_special_file(:'root', 'device', 'block', a.n, b.n, 'uid=1000') r GROUP BY r.status;
BEGIN;
SELECT dittofs.status_name(r.status), count(*) FROM edges a, dittofs.write(:'file', a.n, 'x') r GROUP BY r.status ORDER BY r.status;
SELECT dittofs.status_name(r.status), count(*) FROM edges a, dittofs.commit_write(:'file', a.n, '', 1) r GROUP BY r.status ORDER BY r.status;
SELECT dittofs.status_name(r.status), count(*) FROM edges a, edges b, dittofs.set_file_attributes(:'file', mode => a.n, size => b.n, uid => a.n, gid => b.n, atime => a.n, mtime => b.n) r GROUP BY r.status ORDER BY r.status;
SELECT dittofs.status_name(r.status), count(*) FROM edges a, edges b, dittofs.create_file(:'root', convert_to(a.n || '.' || b.n, 'UTF8'), mode => a.n, size => b.n, uid => a.n, gid => b.n, atime => a.n, mtime => b.n) r GROUP BY r.status ORDER BY r.status;
ROLLBACK;

-- Handles of every length
SELECT dittofs.status_name(g.status), count(*) FROM generate_series(0, 100) n, dittofs.get_file(substr(:'file'::bytea || decode(repeat('00', 100), 'hex'), 1, n)) g GROUP BY g.status ORDER BY g.status;
-- Every byte of a handle matters
SELECT DISTINCT dittofs.status_name(g.status) FROM generate_series(0, 32) n, dittofs.get_file(set_byte(:'file', n, (get_byte(:'file', n) + 1) % 256)) g ORDER BY 1;

-- Nothing has changed
SELECT encode(data, 'escape') AS data FROM dittofs.read(:'file', 0, 100);
SELECT * FROM t.tree('/errors');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/errors', force => true);
