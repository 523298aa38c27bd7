-- SPDX-License-Identifier: PostgreSQL
-- Big files go at once: dittofs.reap() deletes their blocks later, in slices.
--
-- Up to 1 MiB is deleted on the spot; the blocks of a larger
-- file wait in reap_queue.  That goes for removing, for replacing by a rename,
-- and for cutting to nothing.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/big', root_mode => '0777') AS root \gset
CREATE FUNCTION pg_temp.make(dir bytea, name text, blocks int) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	file bytea := (dittofs.create_file(dir, convert_to(name, 'UTF8'))).handle;
BEGIN
	FOR i IN 1 .. blocks LOOP
		ASSERT (dittofs.write(file, (i - 1) * 131072, convert_to(repeat('x', 131072), 'UTF8'))).status = 0;
	END LOOP;
	RETURN file;
END $$;
CREATE FUNCTION pg_temp.counts(OUT blocks bigint, OUT queued bigint, OUT bytes bigint) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM dittofs.blocks), (SELECT count(*) FROM dittofs.reap_queue),
		(SELECT bytes FROM dittofs.list_shares() WHERE name = '/big')
$$;
-- what others left
SELECT count(dittofs.reap()) > 0 FROM generate_series(1, 10);

SELECT pg_temp.make(:'root', 'small', 8) AS small \gset
SELECT pg_temp.make(:'root', 'removed', 12) AS removed \gset
SELECT pg_temp.make(:'root', 'replaced', 10) AS replaced \gset
SELECT pg_temp.make(:'root', 'cut', 9) AS cut \gset
SELECT pg_temp.make(:'root', 'shortened', 11) AS shortened \gset
SELECT * FROM pg_temp.counts();

SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'small');
SELECT * FROM pg_temp.counts();
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'removed');
SELECT * FROM pg_temp.counts();
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'new');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'new', :'root', 'replaced');
SELECT * FROM pg_temp.counts();
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.set_file_attributes(:'shortened', size => 131073), dittofs.attributes(dittofs.after(wcc)) a;
SELECT * FROM pg_temp.counts();
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.set_file_attributes(:'cut', size => 0), dittofs.attributes(dittofs.after(wcc)) a;
SELECT * FROM pg_temp.counts();
-- a file that was cut has nothing of its old content, and takes new
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.write(:'cut', 200000, 'new'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT length(replace(encode(data, 'escape'), '\000', '')) AS data FROM dittofs.read(:'cut', 0, 1000000);
SELECT * FROM pg_temp.counts();
SELECT * FROM t.violations;

-- the reaper: so many blocks at a time, until there are none
SELECT dittofs.reap(5);
SELECT * FROM pg_temp.counts();
SELECT * FROM t.violations;
SELECT dittofs.reap(NULL), dittofs.reap(0), dittofs.reap(-1);
BEGIN;
SELECT dittofs.reap(8);
ROLLBACK;
SELECT * FROM pg_temp.counts();
SELECT dittofs.reap(8);
SELECT dittofs.reap(1000);
SELECT * FROM pg_temp.counts();
SELECT dittofs.reap();
SELECT encode(data, 'escape') FROM dittofs.read(:'cut', 200000, 10);
-- a second cut of the same file
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'cut', size => 0);
SELECT count(*) FROM generate_series(0, 8) i, dittofs.write(:'cut', i * 131072, convert_to(repeat('y', 131072), 'UTF8'));
SELECT dittofs.status_name(status), a.used FROM dittofs.create_file(:'root', 'cut', how => 'unchecked', size => 0), dittofs.attributes(attributes) a;
SELECT * FROM pg_temp.counts();
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'cut');
SELECT dittofs.reap(1000);

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/big', force => true);
SELECT dittofs.reap();
SELECT * FROM t.violations;
