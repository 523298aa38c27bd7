-- SPDX-License-Identifier: PostgreSQL
-- Garbage in stores, and what a verification and a report ask for.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.create_content_store('gc', 's3') AS store \gset
SELECT dittofs.create_share('/gc', content => 's3', content_store => 'gc', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT handle AS twin FROM dittofs.create_file(:'root', 'twin') \gset
SELECT t.store_write(:'file', 0, t.x('a', 1000), t.x('b', 2000), t.x('b', 2000)), t.store_write(:'twin', 500, t.x('a', 1000));
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 10000, 'staged');
CREATE TEMP VIEW stored AS SELECT length, state, unreferenced_since IS NOT NULL AS unreferenced FROM dittofs.stored_blocks WHERE store_id = (SELECT max(store_id) FROM dittofs.content_stores) ORDER BY length;

-- The report counts equal blocks once.
SELECT * FROM dittofs.content_report WHERE share = '/gc' ORDER BY content;
SELECT name, kind, shares, blocks, bytes FROM dittofs.list_content_stores() WHERE name = 'gc';
-- What a verification reads, a page at a time, and whose it is.
SELECT l.length, length(l.sums) AS sums FROM dittofs.stored_block_list(:store) l ORDER BY l.length;
SELECT count(*) FROM (SELECT hash FROM dittofs.stored_block_list(:store, max => 1)) f, dittofs.stored_block_list(:store, f.hash, 1) l WHERE l.hash > f.hash;
SELECT length, count(*) FROM dittofs.stored_block_list(:store, share => '/gc') GROUP BY length ORDER BY length;
-- (in slices, of files and of extents; a row without a block says that there is more)
CREATE FUNCTION pg_temp.verified(store int, share text, max int, OUT blocks bigint, OUT slices int) LANGUAGE plpgsql AS $$
DECLARE
	after bytea := '';
	n bigint;
BEGIN
	blocks := 0;
	FOR i IN 1 .. 10000 LOOP
		SELECT count(*), count(l.hash), (array_agg(l."position" ORDER BY l."position" DESC))[1]
			INTO slices, n, after FROM dittofs.stored_block_list(store, after, max, share) l;
		blocks := blocks + n;
		slices := i;
		EXIT WHEN after IS NULL;
	END LOOP;
END $$;
SELECT blocks FROM pg_temp.verified(:store, '/gc', 1);
SELECT blocks FROM pg_temp.verified(:store, '/gc', 2);
SELECT blocks, slices FROM pg_temp.verified(:store, '/gc', 1000);
SELECT blocks FROM pg_temp.verified(:store + 1, '/gc', 1);
SELECT blocks, slices FROM pg_temp.verified(:store, NULL, 1);
SELECT length FROM dittofs.stored_block_list(:store, share => '/nowhere');
SELECT share, handle IN (:'file', :'twin') AS handle, path, "offset", length FROM dittofs.block_users(:store, sha256(t.x('a', 1000))) ORDER BY path;
SELECT dittofs.stored_block_list(NULL);
SELECT dittofs.block_users(:store, NULL);

-- Nothing is garbage; then something is, but not for long enough.
SELECT * FROM dittofs.gc() WHERE store = 'gc';
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 1500);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 500);
SELECT * FROM dittofs.gc() WHERE store = 'gc';
-- (a claim protects for an hour)
UPDATE dittofs.stored_blocks SET claimed_at = now() - interval '2 h' WHERE store_id = :store;
SELECT * FROM dittofs.gc() WHERE store = 'gc';
SELECT * FROM pg_temp.stored;
SELECT * FROM dittofs.gc_next(10);
-- used again in time: it is none any more
SELECT t.store_write(:'twin', 5000, t.x('b', 2000));
SELECT * FROM pg_temp.stored;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'twin', size => 1500);
UPDATE dittofs.stored_blocks SET claimed_at = now() - interval '2 h' WHERE store_id = :store;
SELECT unreferenced FROM dittofs.gc() WHERE store = 'gc';
-- a mark that came too soon is taken back
UPDATE dittofs.stored_blocks SET unreferenced_since = '-infinity' WHERE store_id = :store AND length = 1000;
SELECT unreferenced, due FROM dittofs.gc() WHERE store = 'gc';
UPDATE dittofs.stored_blocks SET unreferenced_since = '-infinity' WHERE store_id = :store AND length = 1000;
SELECT * FROM dittofs.gc_next(10);
SELECT * FROM pg_temp.stored;

-- The retention is over: it is being deleted.
UPDATE dittofs.stored_blocks SET unreferenced_since = now() - interval '6 days 23 h' WHERE store_id = :store AND length = 2000;
SELECT unreferenced, unreferenced_bytes, due, due_bytes, deleting FROM dittofs.gc() WHERE store = 'gc';
SELECT * FROM dittofs.gc_next(0);
SELECT * FROM dittofs.gc_next(10);
UPDATE dittofs.stored_blocks SET unreferenced_since = now() - interval '7 days 1 h' WHERE store_id = :store AND length = 2000;
SELECT unreferenced, unreferenced_bytes, due, due_bytes, deleting FROM dittofs.gc() WHERE store = 'gc';
SELECT store_id = :store AS store, hash = sha256(t.x('b', 2000)) AS hash FROM dittofs.gc_next(10);
SELECT * FROM pg_temp.stored;
SELECT unreferenced, due, deleting FROM dittofs.gc() WHERE store = 'gc';
SELECT * FROM dittofs.gc_next(10);
-- meanwhile nobody begins to use it, and whoever had it claimed begins again
SELECT t.store_write(:'twin', 5000, t.x('b', 2000));
SELECT dittofs.status_name(status) FROM dittofs.commit_write(:'twin', 5000, t.blocks(t.x('b', 2000)), :store);
-- the gateway does not come back: another one is told after an hour
UPDATE dittofs.stored_blocks SET claimed_at = now() - interval '2 h' WHERE store_id = :store AND state = 'deleting';
SELECT store_id = :store AS store, hash = sha256(t.x('b', 2000)) AS hash FROM dittofs.gc_next(10);
SELECT dittofs.gc_done(:store, sha256(t.x('a', 1000)) || sha256(t.x('b', 2000)) || sha256('none')), dittofs.gc_done(NULL, NULL), dittofs.gc_done(:store, ''), dittofs.gc_done(:store, 'short');
SELECT * FROM pg_temp.stored;
SELECT t.store_write(:'twin', 5000, t.x('b', 2000));
SELECT * FROM t.violations;

-- Claimed and never linked: it goes after a day, for it is in no backup.
SELECT dittofs.claim_blocks(:store, t.blocks(t.x('c', 3000)));
UPDATE dittofs.stored_blocks SET claimed_at = now() - interval '23 h' WHERE store_id = :store AND length = 3000;
SELECT * FROM dittofs.gc_next(10);
UPDATE dittofs.stored_blocks SET claimed_at = now() - interval '25 h' WHERE store_id = :store AND length = 3000;
SELECT count(*) FROM dittofs.gc_next(10);
SELECT * FROM pg_temp.stored;
-- a claim that is renewed does not
UPDATE dittofs.stored_blocks SET state = 'pending', claimed_at = now() - interval '25 h' WHERE store_id = :store AND length = 3000;
SELECT dittofs.claim_blocks(:store, t.blocks(t.x('c', 3000)));
SELECT * FROM dittofs.gc_next(10);
SELECT * FROM pg_temp.stored;

-- With no retention, and many blocks: max of them at a time.
SELECT dittofs.set_server_config('content_retention', '0');
SELECT dittofs.drop_share('/gc', force => true);
SELECT count(*) FROM dittofs.gc_next(10) WHERE store_id = :store;
SELECT dittofs.reap(1000000) > 0;
SELECT count(*) FROM dittofs.gc_next(1) WHERE store_id = :store;
SELECT count(*) FROM dittofs.gc_next(10) WHERE store_id = :store;
SELECT dittofs.set_server_config('content_retention', NULL);
SELECT dittofs.gc_done(:store, string_agg(hash, '')) FROM dittofs.stored_blocks WHERE store_id = :store;

-- What the store has and the database does not know.
SELECT dittofs.gc_adopt(:store, sha256(t.x('c', 3000)) || sha256('orphan') || sha256('orphan')) = sha256('orphan') AS orphan;
SELECT dittofs.gc_adopt(:store, sha256('orphan')), dittofs.gc_adopt(:store, ''), dittofs.gc_adopt(:store, 'short'), dittofs.gc_adopt(-1, sha256('x')), dittofs.gc_adopt(NULL, NULL);
SELECT dittofs.claim_blocks(:store, t.blocks('orphan'));
SELECT * FROM t.violations;
SELECT dittofs.gc_done(:store, sha256('orphan'));
SELECT dittofs.claim_blocks(:store, t.blocks('orphan'));
DELETE FROM dittofs.stored_blocks WHERE store_id = :store;
SELECT dittofs.drop_content_store('gc');
SELECT * FROM t.violations;

-- More blocks than one call looks at: it says that it has not come to the end.
SELECT dittofs.create_content_store('gc3', 's3') AS store \gset
INSERT INTO dittofs.stored_blocks SELECT :store, sha256(i::text::bytea), 1000, 'stored', now() - interval '2 days', NULL, '' FROM generate_series(1, 4500) i;
SELECT count(*), count(hash) FROM dittofs.gc_next(10);
SELECT count(*) FROM dittofs.gc_position;
SELECT unreferenced BETWEEN 1 AND 2000 AS some FROM (SELECT count(*) AS unreferenced FROM dittofs.stored_blocks WHERE store_id = :store AND unreferenced_since IS NOT NULL) s;
SELECT count(*), count(hash) FROM dittofs.gc_next(10);
SELECT count(*), count(hash) FROM dittofs.gc_next(10);
SELECT count(*) FROM dittofs.gc_position;
SELECT count(*) FROM dittofs.stored_blocks WHERE store_id = :store AND unreferenced_since IS NULL;
-- what is used again, and what is found to be garbage only in the next pass
INSERT INTO dittofs.extents SELECT gen_random_uuid(), 0, 1000, :store, sha256('4500'), 0;
UPDATE dittofs.stored_blocks SET unreferenced_since = NULL, state = 'pending' WHERE store_id = :store AND hash = sha256('4499');
CREATE TEMP TABLE handed (store_id int, hash bytea);
INSERT INTO pg_temp.handed SELECT * FROM dittofs.gc_next(10);
INSERT INTO pg_temp.handed SELECT * FROM dittofs.gc_next(10);
INSERT INTO pg_temp.handed SELECT * FROM dittofs.gc_next(10);
INSERT INTO pg_temp.handed SELECT * FROM dittofs.gc_next(10);
SELECT count(*) FROM pg_temp.handed WHERE hash = sha256('4499');
SELECT unreferenced_since IS NULL AS used FROM dittofs.stored_blocks WHERE store_id = :store AND hash = sha256('4500');
-- Nor does it read all that are due, where the planner knows of none yet.
ANALYZE dittofs.stored_blocks;
INSERT INTO dittofs.stored_blocks SELECT :store, sha256(('due' || i)::bytea), 1, 'stored', now() - interval '90 days', now() - interval '30 days', '' FROM generate_series(1, 20000) i;
BEGIN;
-- with what earlier transactions have not reported yet
SELECT idx_tup_fetch AS before FROM pg_stat_xact_all_tables WHERE relid = 'dittofs.stored_blocks'::regclass \gset
SELECT count(hash) FROM dittofs.gc_next(100);
SELECT CASE WHEN idx_tup_fetch - :before < 12000 THEN 'few' ELSE idx_tup_fetch - :before || ' rows' END AS "read" FROM pg_stat_xact_all_tables WHERE relid = 'dittofs.stored_blocks'::regclass;
COMMIT;
DELETE FROM dittofs.extents WHERE store_id = :store;
DELETE FROM dittofs.stored_blocks WHERE store_id = :store;
SELECT dittofs.drop_content_store('gc3');
SELECT * FROM t.violations;
