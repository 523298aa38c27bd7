-- SPDX-License-Identifier: PostgreSQL
-- Numbers at their extremes: each numeric argument of each function gets the least
-- and the greatest of its type, and -1.  What comes of it is a status or an error with
-- a meaning, and is undone.
\set ECHO none
\i test/check.sql
\set ECHO all
SELECT dittofs.create_share('/extremes', squash => 'none', root_mode => '0777') IS NOT NULL AS share;
SELECT dittofs.write_file('/extremes/f', 'content');
SELECT dittofs.mkdir('/extremes/d');
CREATE TABLE outcomes (function text, argument text, value bigint, outcome text);

-- What the other arguments are.
CREATE FUNCTION pg_temp.other(argument text, type regtype) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN argument IN ('handle', 'file') THEN 'dittofs.resolve(''/extremes/f'')'
		WHEN argument IN ('dir', 'from_dir', 'to_dir') THEN 'dittofs.resolve(''/extremes'')'
		WHEN argument = 'share' AND type = 'text'::regtype THEN '''/extremes'''
		WHEN argument = 'path' THEN '''/extremes/f'''
		WHEN argument = 'name' AND type = 'text'::regtype THEN '''/extremes'''
		WHEN argument IN ('name', 'from_name', 'to_name', 'target', 'link') THEN quote_literal('new')
		WHEN argument = 'kind' THEN '''fifo'''
		WHEN argument = 'how' THEN '''guarded'''
		WHEN type = 'bytea'::regtype THEN '''x'''
		WHEN type = 'text'::regtype THEN '''/extremes/new'''
		WHEN type IN ('int'::regtype, 'bigint'::regtype, 'float8'::regtype) THEN '0'
		WHEN type = 'bool'::regtype THEN 'false'
		ELSE 'NULL' END
$$;

CREATE FUNCTION pg_temp.outcome(function regprocedure, arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	status int;
	what text := CASE WHEN EXISTS (SELECT FROM pg_proc p, pg_attribute a, pg_type t
		WHERE p.oid = function AND t.oid = p.prorettype AND a.attrelid = t.typrelid
			AND a.attname = 'status' AND a.attnum = 1) THEN 'max(r.status)' ELSE 'NULL::int FROM (SELECT count(*)' END;
BEGIN
	EXECUTE format('SELECT %s FROM %s(%s) r %s', what, function::regproc, arguments,
		CASE WHEN what LIKE 'NULL%' THEN ') c' ELSE '' END) INTO status;
	RAISE EXCEPTION USING ERRCODE = 'P9999', MESSAGE = coalesce(dittofs.status_name(status), 'a result');
EXCEPTION WHEN OTHERS THEN
	RETURN CASE WHEN SQLSTATE = 'P9999' THEN SQLERRM
		ELSE SQLSTATE || CASE WHEN SQLSTATE LIKE 'XX%' THEN ': ' || SQLERRM ELSE '' END END;
END
$$;

DO $$
DECLARE
	f record;
	value bigint;
BEGIN
	FOR f IN SELECT p.oid::regprocedure AS function, p.proname, a.name, a.type, a.n,
			(SELECT coalesce(string_agg(format('%I => %s', o.name, pg_temp.other(o.name, o.type)), ', '), '')
				FROM unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) WITH ORDINALITY o(name, type, n)
				WHERE o.n <> a.n AND o.n <= p.pronargs - p.pronargdefaults) AS others
		FROM pg_proc p, unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) WITH ORDINALITY a(name, type, n)
		WHERE p.pronamespace = 'dittofs'::regnamespace AND p.prokind = 'f'
			AND a.type IN ('int'::regtype, 'bigint'::regtype)
		ORDER BY p.proname, a.n
	LOOP
		FOREACH value IN ARRAY CASE WHEN f.type = 'bigint'::regtype
			THEN ARRAY[-9223372036854775808, -1, 9223372036854775807]
			ELSE ARRAY[-2147483648, -1, 2147483647] END
		LOOP
			INSERT INTO outcomes VALUES (f.proname, f.name, value, pg_temp.outcome(f.function,
				concat_ws(', ', nullif(f.others, ''), format('%I => (%s)::%s', f.name, value, f.type::regtype))));
		END LOOP;
	END LOOP;
END
$$;
-- nothing that nobody expects, and nothing was done
SELECT * FROM outcomes WHERE outcome LIKE 'XX%' OR outcome LIKE '42%' AND function <> 'create_share';
SELECT count(*) > 200 AS tried FROM outcomes;
SELECT path FROM t.tree('/extremes');
SELECT * FROM t.violations;
-- the operations of NFS
SELECT function, argument, string_agg(outcome, ' ' ORDER BY value) AS "least, -1, greatest"
	FROM outcomes
	WHERE function IN ('read', 'write', 'commit', 'set_file_attributes', 'check_permissions', 'create_file',
		'create_directory', 'create_symlink', 'create_special_file', 'read_directory', 'prepare_read')
	GROUP BY 1, 2 ORDER BY 1, 2;
DROP FUNCTION pg_temp.other, pg_temp.outcome;
DROP TABLE outcomes;
SELECT dittofs.drop_share('/extremes', force => true);
