-- SPDX-License-Identifier: PostgreSQL
-- Content of kind 'memory': an UNLOGGED table, shared by all replicas and
-- emptied by a crash.  All else is as for kind 'postgres'.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/memory', content => 'memory', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT count(*) FROM dittofs.blocks \gset before_
SELECT dittofs.status_name(status), count, committed FROM dittofs.write(:'file', 131070, 'data');
SELECT count(*) - :before_count AS blocks FROM dittofs.blocks;
SELECT count(*) AS blocks_memory FROM dittofs.blocks_memory;
SELECT relname, relpersistence FROM pg_class WHERE oid IN ('dittofs.blocks'::regclass, 'dittofs.blocks_memory'::regclass) ORDER BY relname;
SELECT encode(data, 'escape') AS data, eof FROM dittofs.read(:'file', 131069, 100);
SELECT dittofs.status_name(status), a.size, a.used FROM dittofs.set_file_attributes(:'file', size => 131071), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), eof, length(segments) AS segments, length(data) AS data FROM dittofs.prepare_read(:'file', 0, 10);

-- a large one goes by way of the reaper
SELECT count(*) FROM generate_series(0, 8) i, dittofs.write(:'file', i * 131072, convert_to(repeat('x', 131072), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT content, count(*) FROM dittofs.reap_queue WHERE content = 'memory' GROUP BY content;
SELECT * FROM t.violations;
SELECT count(dittofs.reap()) FROM generate_series(1, 3);
SELECT count(*) AS blocks_memory FROM dittofs.blocks_memory;

-- after a crash the files are there and their content is not, and they say so,
-- until they are cut to nothing or removed (test/shell/t_memory.sh crashes)
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'lost');
SELECT handle AS empty FROM dittofs.create_file(:'root', 'empty', size => 100) \gset
SELECT handle AS removed FROM dittofs.create_file(:'root', 'removed') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'removed', 0, convert_to(repeat('x', 131072 * 9), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.write(:'removed', 131072 * 8, 'x');
ALTER TABLE dittofs.blocks_memory DISABLE TRIGGER guard_truncate;
ALTER TABLE dittofs.memory_life DISABLE TRIGGER guard_truncate;
TRUNCATE dittofs.blocks_memory, dittofs.memory_life;
ALTER TABLE dittofs.blocks_memory ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.memory_life ENABLE ALWAYS TRIGGER guard_truncate;
SELECT dittofs.status_name(status), data, eof, (dittofs.attributes(attributes)).size FROM dittofs.read(:'file', 0, 10);
SELECT dittofs.status_name(status), data FROM dittofs.prepare_read(:'file', 0, 10);
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).size FROM dittofs.write(:'file', 1, 'new');
SELECT dittofs.status_name(status) FROM dittofs.prepare_write(:'file', 0, '');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 2);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 20);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', mode => t.mode('0600'));
SELECT rule, count(*) FROM t.violations GROUP BY rule;
-- what had no content has lost none
SELECT dittofs.status_name(status), length(data), eof FROM dittofs.read(:'empty', 0, 1000);
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).used FROM dittofs.write(:'empty', 0, 'new');
SELECT count(*) AS lives FROM dittofs.memory_life;
SELECT dittofs.status_name(status), (dittofs.attributes(dittofs.after(wcc))).used FROM dittofs.set_file_attributes(:'file', size => 0);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 1, 'new');
SELECT dittofs.status_name(status), data FROM dittofs.read(:'file', 0, 10);
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'removed');
SELECT dittofs.reap();
SELECT * FROM t.violations;
-- the number of a life goes with the transaction that drew it
ALTER TABLE dittofs.blocks_memory DISABLE TRIGGER guard_truncate;
ALTER TABLE dittofs.memory_life DISABLE TRIGGER guard_truncate;
TRUNCATE dittofs.blocks_memory, dittofs.memory_life;
ALTER TABLE dittofs.blocks_memory ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.memory_life ENABLE ALWAYS TRIGGER guard_truncate;
BEGIN;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 0);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'undone');
SELECT encode(data, 'escape') FROM dittofs.read(:'file', 0, 10);
ROLLBACK;
SELECT count(*) AS lives FROM dittofs.memory_life;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 0);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'again');
SELECT encode(data, 'escape') FROM dittofs.read(:'file', 0, 10);
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'empty');

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/memory', force => true);
