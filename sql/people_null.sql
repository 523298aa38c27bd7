-- SPDX-License-Identifier: PostgreSQL
-- NULL where the functions for people need a value is an error, which names the
-- argument: what reads as done must have been done.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/null', root_mode => '0777') IS NOT NULL AS made;

-- Each argument of each function NULL in turn, the others good.
CREATE FUNCTION pg_temp.nulls(OUT function text, OUT argument text, OUT error text)
	RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	f record;
	args text[];
BEGIN
	FOR f IN SELECT p.proname, p.proargnames AS names, p.proargtypes::oid[] AS types, p.pronargs AS n
			FROM pg_proc p WHERE p.pronamespace = 'dittofs'::regnamespace AND p.proname IN
				('resolve', 'stat', 'ls', 'tree', 'read_file', 'write_file', 'mkdir', 'rm', 'rmdir', 'mv', 'ln',
				'symlink', 'readlink', 'chmod', 'chown')
			ORDER BY p.proname LOOP
		FOR i IN 1 .. f.n LOOP
			args := '{}';
			FOR j IN 1 .. f.n LOOP
				args[j] := CASE WHEN i = j THEN 'NULL'
					WHEN f.names[j] IN ('mode') THEN '''0755'''
					WHEN f.names[j] = 'caller' THEN ''''''
					WHEN f.names[j] = 'content' THEN '''x'''
					WHEN f.names[j] = 'target' AND f.proname = 'symlink' THEN '''x'''
					WHEN f.types[j - 1] = 'text'::regtype THEN '''/null/' || f.names[j] || ''''
					WHEN f.types[j - 1] = 'bool'::regtype THEN 'false'
					ELSE '0' END;
			END LOOP;
			function := f.proname;
			argument := f.names[i];
			BEGIN
				EXECUTE format('SELECT * FROM dittofs.%I(%s)', f.proname, array_to_string(args, ', '));
				error := 'none';
			EXCEPTION WHEN OTHERS THEN
				error := SQLSTATE || ': ' || SQLERRM;
			END;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.nulls();
SELECT * FROM t.tree('/null');

-- with a hint
SELECT dittofs.write_file('/null/x', NULL);

-- These are values of values: NULL of NULL.
SELECT dittofs.kind_name(NULL) IS NULL AND dittofs.mode_to_text(NULL) IS NULL AND dittofs.name_to_text(NULL) IS NULL
	AND dittofs.time_to_timestamp(NULL) IS NULL AND dittofs.path(NULL) IS NULL AS null;

SELECT dittofs.drop_share('/null');
