-- Many changes of one directory in one transaction of a person's session: each
-- looks at the directory's newest version, not at all that the transaction has
-- made of it.  Counted in pages, which do not depend on the machine.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/many') AS root \gset

CREATE FUNCTION pg_temp.pages(dir bytea, prefix text, files int) RETURNS bigint
	LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)
		SELECT dittofs.create_file(%L, convert_to(%L || i, ''UTF8''))
			FROM generate_series(1, %s) i', dir, prefix, files) INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint / files;
END
$$;

-- pages for each file
CREATE TEMP TABLE few AS SELECT pg_temp.pages(:'root', 'a', 500) AS pages;
CREATE TEMP TABLE many AS SELECT pg_temp.pages(:'root', 'b', 4000) AS pages;
SELECT many.pages < 2 * few.pages AS "no more for each of many"
	FROM few, many;
SELECT count(*) FROM dittofs.ls('/many');

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/many', force => true);
