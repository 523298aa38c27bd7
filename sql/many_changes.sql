-- SPDX-License-Identifier: PostgreSQL
-- Many changes of one directory in one transaction of a person's session: each
-- looks at the newest version of a row, of the directory's and of the account's,
-- not at all that the transaction has made of it.  Counted in pages, which do not
-- depend on the machine.
\set ECHO none
\i test/check.sql
SET client_min_messages = warning;
\set ECHO all

CREATE FUNCTION pg_temp.pages(dir text, prefix text, files int) RETURNS bigint
	LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)
		SELECT dittofs.create_file(%s, convert_to(%L || i, ''UTF8''))
			FROM generate_series(1, %s) i', dir, prefix, files) INTO plan;
	RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint / files;
END
$$;
-- Is it no more for each of many?  Otherwise the numbers.
CREATE FUNCTION pg_temp.linear(dir text, prefix text) RETURNS text
	LANGUAGE plpgsql AS $$
DECLARE
	few bigint := pg_temp.pages(dir, prefix || 'a', 300);
	many bigint := pg_temp.pages(dir, prefix || 'b', 2400);
BEGIN
	RETURN CASE WHEN many < 2 * few THEN 'yes' ELSE few || ' pages each of 300, ' || many || ' of 2700' END;
END
$$;

SELECT dittofs.create_share('/many') AS root \gset
SELECT pg_temp.linear(quote_literal(:'root'), 'handle');
-- the path is looked up through the snapshot that the statement began with
SELECT pg_temp.linear('dittofs.resolve(''/many'')', 'path');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.linear(quote_literal(:'root'), 'repeatable');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pg_temp.linear(quote_literal(:'root'), 'serializable');
COMMIT;
SELECT count(*) FROM dittofs.ls('/many');

-- a limit that is far away, and then one that is near
SELECT dittofs.create_share('/limit', max_inodes => 1000000000) AS root \gset
SELECT pg_temp.linear(quote_literal(:'root'), 'far');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.linear(quote_literal(:'root'), 'repeatable');
COMMIT;
SELECT dittofs.alter_share('/limit', max_inodes => 20000);
SELECT pg_temp.linear(quote_literal(:'root'), 'near');
SELECT count(*) FROM dittofs.ls('/limit');
-- it is as exact as ever: what was removed and what was not made is counted
SELECT dittofs.alter_share('/limit', max_inodes => 8103);
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'one');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'two');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'three');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'one');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'four');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'five');
SAVEPOINT s;
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'four');
ROLLBACK TO s;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'six');
COMMIT;

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/many', force => true);
SELECT dittofs.drop_share('/limit', force => true);
