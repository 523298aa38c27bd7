-- Content of kind 'memory': an UNLOGGED table, shared by all replicas and
-- emptied by a crash.  All else is as for kind 'postgres'.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/memory', content => 'memory', root_mode => t.mode('0777')) AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT count(*) FROM dittofs.blocks \gset before_
SELECT dittofs.status_name(status), count, committed FROM dittofs.write(:'file', 131070, 'data');
SELECT count(*) - :before_count AS blocks FROM dittofs.blocks;
SELECT count(*) AS blocks_memory FROM dittofs.blocks_memory;
SELECT relname, relpersistence FROM pg_class WHERE oid IN ('dittofs.blocks'::regclass, 'dittofs.blocks_memory'::regclass) ORDER BY relname;
SELECT encode(data, 'escape') AS data, eof FROM dittofs.read(:'file', 131069, 100);
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.set_file_attributes(:'file', size => 131071), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), content, content_id IS NOT NULL AS id FROM dittofs.prepare_read(:'file', 0, 10);

-- a large one goes by way of the reaper
SELECT count(*) FROM generate_series(0, 8) i, dittofs.write(:'file', i * 131072, convert_to(repeat('x', 131072), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT content, count(*) FROM dittofs.reap_queue WHERE content = 'memory' GROUP BY content;
SELECT * FROM t.violations;
SELECT count(dittofs.reap()) FROM generate_series(1, 3);
SELECT count(*) AS blocks_memory FROM dittofs.blocks_memory;

-- after a crash the files are there and their blocks are not: they read as
-- zeros, and can be written, cut and removed
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'lost');
TRUNCATE dittofs.blocks_memory;
SELECT data, eof FROM dittofs.read(:'file', 0, 10);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 1, 'new');
SELECT data, eof FROM dittofs.read(:'file', 0, 10);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 2);
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/memory', force => true);
