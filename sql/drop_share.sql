-- SPDX-License-Identifier: PostgreSQL
-- drop_share(force) of a share of any shape: reap() deletes it in slices, and after
-- each of them everything is in order.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/kept', squash => 'none') IS NOT NULL AS made;
SELECT dittofs.write_file('/kept/file', 'kept');

CREATE FUNCTION pg_temp.make() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	dir bytea := dittofs.create_share('/dropped', squash => 'none');
BEGIN
	PERFORM dittofs.mkdir('/dropped/wide'), dittofs.mkdir('/dropped/empty');
	PERFORM dittofs.write_file('/dropped/wide/f' || i, 'x') FROM generate_series(1, 40) i;
	PERFORM dittofs.ln('/dropped/wide/f' || i, '/dropped/wide/g' || i) FROM generate_series(1, 10) i;
	PERFORM dittofs.ln('/dropped/wide/f' || i, '/dropped/again' || i) FROM generate_series(1, 10) i;
	PERFORM dittofs.mkdir('/dropped/wide/d' || i) FROM generate_series(1, 10) i;
	PERFORM dittofs.symlink('target', '/dropped/wide/link');
	PERFORM dittofs.write_file('/dropped/large', convert_to(repeat('0123456789abcdef', 100000), 'UTF8'));
	FOR i IN 1 .. 30 LOOP
		dir := (dittofs.create_directory(dir, 'deep')).handle;
	END LOOP;
END $$;
-- slice after slice
CREATE PROCEDURE pg_temp.reap(slice bigint) LANGUAGE plpgsql AS $$
DECLARE
	slices int := 0;
	deleted bigint;
BEGIN
	LOOP
		deleted := dittofs.reap(slice);
		COMMIT;
		EXIT WHEN deleted = 0;
		slices := slices + 1;
		IF deleted > slice THEN
			RAISE NOTICE '% deleted, % were asked for', deleted, slice;
		END IF;
		IF EXISTS (SELECT FROM t.violations) THEN
			RAISE NOTICE 'after % slices: %', slices, (SELECT count(*) || ', as ' || min(v.rule || ' ' || v.object) FROM t.violations v);
		END IF;
	END LOOP;
	RAISE NOTICE 'in slices: %', slices > 10;
END $$;
CREATE VIEW pg_temp.left AS SELECT
	(SELECT count(*) FROM dittofs.dropped_shares) AS shares, (SELECT count(*) FROM dittofs.dropped_directories) AS directories,
	(SELECT count(*) FROM dittofs.files f LEFT JOIN dittofs.shares s USING (share_id) WHERE s.name IS NULL) AS inodes,
	(SELECT count(*) FROM dittofs.parent_child_map d LEFT JOIN dittofs.files f ON f.id = d.parent_id WHERE f.id IS NULL) AS entries,
	(SELECT count(*) FROM dittofs.space_usage LEFT JOIN dittofs.shares s USING (share_id) WHERE s.name IS NULL) AS accounts,
	(SELECT count(*) FROM dittofs.reap_queue) AS queue;

SELECT pg_temp.make();
SELECT dittofs.resolve('/dropped/wide/f1') AS file \gset
SELECT dittofs.drop_share('/dropped', force => true);
SELECT dittofs.status_name(status) FROM dittofs.get_file(:'file');
-- its name is free at once
SELECT pg_temp.make();
CALL pg_temp.reap(7);
SELECT * FROM pg_temp.left;
SELECT inodes FROM dittofs.list_shares() WHERE name = '/dropped';

-- where something is damaged, what no name leads to is found
DELETE FROM dittofs.parent_child_map WHERE name = 'wide';
SELECT dittofs.drop_share('/dropped', force => true);
CALL pg_temp.reap(20);
SELECT * FROM pg_temp.left;
-- also a root, and a loop
SELECT pg_temp.make();
DELETE FROM dittofs.files f USING dittofs.shares s WHERE f.id = s.root_id AND s.name = '/dropped';
UPDATE dittofs.parent_child_map d SET parent_id = l.id
	FROM dittofs.files l WHERE d.name = 'deep' AND l.kind = 2
		AND EXISTS (SELECT FROM dittofs.parent_child_map u WHERE u.child_id = l.id AND u.name = 'deep')
		AND NOT EXISTS (SELECT FROM dittofs.parent_child_map e WHERE e.parent_id = l.id)
		AND NOT EXISTS (SELECT FROM dittofs.files p WHERE p.id = d.parent_id);
SELECT dittofs.drop_share('/dropped', force => true);
SELECT bool_or(dittofs.reap(1000) >= 0) FROM generate_series(1, 9);
SELECT * FROM pg_temp.left;

-- as gateways do it, whose changes wait for the commit
SELECT pg_temp.make();
SELECT dittofs.drop_share('/dropped', force => true);
SET dittofs.gateway = on;
CALL pg_temp.reap(7);
RESET dittofs.gateway;
SELECT * FROM pg_temp.left;

-- a transaction that is undone has dropped nothing
SELECT pg_temp.make();
BEGIN;
SELECT dittofs.drop_share('/dropped', force => true);
SELECT dittofs.reap(10) > 0;
ROLLBACK;
SELECT inodes FROM dittofs.list_shares() WHERE name = '/dropped';
SELECT dittofs.drop_share('/dropped', force => true), dittofs.drop_share('/kept', force => true);
SELECT dittofs.drop_share('/dropped', force => true);
SELECT bool_or(dittofs.reap(1000) >= 0) FROM generate_series(1, 9);
SELECT * FROM pg_temp.left;
SELECT * FROM t.violations;
