-- Cookies: a hash of the name, and a slot that tells names of one hash apart.
--
-- That two names have one hash does not happen in a test, so entries are
-- forged here: only an administrator could do that.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/cookies') AS root \gset
SELECT root_id FROM dittofs.shares WHERE name = '/cookies' \gset

-- a new entry's cookie is the first of its hash
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'name');
SELECT cookie FROM dittofs.read_directory(:'root') WHERE name = 'name' \gset
SELECT :cookie % 256 AS slot;

-- another name gets there first: the next slot is taken, and both are found
UPDATE dittofs.parent_child_map SET name = 'collides' WHERE parent_id = :'root_id' AND cookie = :cookie;
SELECT handle AS second FROM dittofs.create_file(:'root', 'name') \gset
SELECT encode(name, 'escape') AS name, cookie - :cookie AS slot FROM dittofs.read_directory(:'root') WHERE cookie > 2 ORDER BY cookie;
SELECT dittofs.status_name(status), handle = :'second' AS same FROM dittofs.lookup(:'root', 'name');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'name');

-- the first goes; the second keeps its cookie for as long as it lives
DELETE FROM dittofs.parent_child_map WHERE parent_id = :'root_id' AND cookie = :cookie;
SELECT dittofs.status_name(status), handle = :'second' AS same FROM dittofs.lookup(:'root', 'name');
SELECT cookie - :cookie AS slot FROM dittofs.read_directory(:'root') WHERE name = 'name';
-- and when the name is given away and back, it may get another one
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'name', :'root', 'other');
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'other', :'root', 'name');
SELECT cookie - :cookie AS slot FROM dittofs.read_directory(:'root') WHERE name = 'name';

-- NOSPC: all 256 slots of a hash are taken
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'name', :'root', 'other');
INSERT INTO dittofs.parent_child_map (parent_id, cookie, child_id, fileid, name)
	SELECT parent_id, :cookie + slot, child_id, fileid, convert_to('slot' || slot, 'UTF8')
	FROM dittofs.parent_child_map, generate_series(0, 255) slot
	WHERE parent_id = :'root_id' AND name = 'other';
SELECT dittofs.status_name(c.status) AS "create", dittofs.status_name(d.status) AS "mkdir",
		dittofs.status_name(l.status) AS link, dittofs.status_name(m.status) AS rename, dittofs.status_name(f.status) AS lookup
	FROM dittofs.create_file(:'root', 'name') c, dittofs.create_directory(:'root', 'name') d,
		dittofs.create_hard_link(:'second', :'root', 'name') l,
		dittofs.move(:'root', 'other', :'root', 'name') m, dittofs.lookup(:'root', 'name') f;
-- a free one anywhere is found
DELETE FROM dittofs.parent_child_map WHERE parent_id = :'root_id' AND cookie = :cookie + 100;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'name');
SELECT cookie - :cookie AS slot FROM dittofs.read_directory(:'root') WHERE name = 'name';

-- what was forged does not add up, of course
DELETE FROM dittofs.parent_child_map WHERE parent_id = :'root_id' AND name LIKE 'slot%';
SELECT rule FROM t.violations;
SELECT dittofs.drop_share('/cookies', force => true);
SELECT rule FROM t.violations;
