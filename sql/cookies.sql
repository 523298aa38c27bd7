-- SPDX-License-Identifier: PostgreSQL
-- Cookies: a hash of the name, and a slot that tells names of one hash apart.
--
-- That two names have one hash does not happen in a test, so entries are
-- forged here: only an administrator could do that, who alone sees the key.
\set ECHO none
\i test/check.sql
SET client_min_messages = warning;
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

-- all 256 slots of a hash are taken: the name goes to the place that another hash
-- gives, and the directory knows
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'name', :'root', 'other');
INSERT INTO dittofs.parent_child_map (parent_id, cookie, child_id, fileid, name)
	SELECT parent_id, :cookie + slot, child_id, fileid, convert_to('slot' || slot, 'UTF8')
	FROM dittofs.parent_child_map, generate_series(0, 255) slot
	WHERE parent_id = :'root_id' AND name = 'other';
SELECT dittofs.status_name(status) AS lookup FROM dittofs.lookup(:'root', 'name');
SELECT dittofs.status_name(status) AS mkdir, handle AS dir FROM dittofs.create_directory(:'root', 'name') \gset
SELECT :'mkdir' AS mkdir, overflow FROM dittofs.files WHERE id = :'root_id';
SELECT dittofs.status_name(status), handle = :'dir' AS same FROM dittofs.lookup(:'root', 'name');
SELECT cookie AS further FROM dittofs.read_directory(:'root') WHERE name = 'name' \gset
SELECT :further / 256 <> :cookie / 256 AS elsewhere, :further % 256 AS slot;
SELECT dittofs.status_name(status) AS again FROM dittofs.create_directory(:'root', 'name');
-- it is found there, whatever becomes of those that were in its way
DELETE FROM dittofs.parent_child_map WHERE parent_id = :'root_id' AND name LIKE 'slot%' AND name <> 'slot7';
SELECT dittofs.status_name(status), handle = :'dir' AS same FROM dittofs.lookup(:'root', 'name');
SELECT dittofs.status_name(status) FROM dittofs.create_file((dittofs.lookup(:'root', 'name')).handle, 'inside');
SELECT dittofs.status_name(status) AS not_empty FROM dittofs.remove_directory(:'root', 'name');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'inside');
SELECT dittofs.status_name(status) AS renamed FROM dittofs.move(:'root', 'name', :'root', 'another');
SELECT dittofs.status_name(status) AS gone FROM dittofs.lookup(:'root', 'name');
-- a free slot of the first place is taken first; what is in a further one is found behind it
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'another', :'root', 'name');
SELECT cookie - :cookie AS slot FROM dittofs.read_directory(:'root') WHERE name = 'name';
SELECT dittofs.status_name(status) AS removed FROM dittofs.remove_directory(:'root', 'name');
-- full again, and again, in a gateway's batch: entries that wait are found
INSERT INTO dittofs.parent_child_map (parent_id, cookie, child_id, fileid, name)
	SELECT parent_id, first + slot, child_id, fileid, convert_to('slot' || first || ':' || slot, 'UTF8')
	FROM dittofs.parent_child_map, generate_series(0, 255) slot, (VALUES (:cookie), (:further)) p(first)
	WHERE parent_id = :'root_id' AND name = 'other' ON CONFLICT DO NOTHING;
BEGIN;
SET LOCAL dittofs.gateway = on;
SELECT dittofs.status_name(c.status) AS "create", dittofs.status_name(a.status) AS again, dittofs.status_name(l.status) AS lookup,
		dittofs.status_name(m.status) AS rename, dittofs.status_name(b.status) AS back, dittofs.status_name(r.status) AS remove
	FROM dittofs.create_file(:'root', 'name') c, dittofs.create_file(:'root', 'name') a, dittofs.lookup(:'root', 'name') l,
		dittofs.move(:'root', 'name', :'root', 'free') m, dittofs.move(:'root', 'free', :'root', 'name') b,
		dittofs.remove_file(:'root', 'name') r;
SELECT dittofs.status_name(status) AS link FROM dittofs.create_hard_link(:'second', :'root', 'name');
COMMIT;
SELECT overflow FROM dittofs.files WHERE id = :'root_id';
SELECT dittofs.status_name(status), handle = :'second' AS same FROM dittofs.lookup(:'root', 'name');
SELECT count(*) > 500 AS listed, count(DISTINCT cookie) = count(*) AS once FROM dittofs.read_directory(:'root') WHERE name IS NOT NULL;

-- what was forged does not add up, of course
DELETE FROM dittofs.parent_child_map WHERE parent_id = :'root_id' AND name LIKE 'slot%';
SELECT rule FROM t.violations;

-- The hash is SipHash-2-4: what the reference makes of names of several lengths.
UPDATE dittofs.shares SET cookie_key = '\x000102030405060708090a0b0c0d0e0f' WHERE name = '/cookies';
SELECT dittofs.mkdir('/cookies/vectors');
CREATE TABLE vectors (name bytea, cookie bigint);
INSERT INTO vectors VALUES ('a', 1572306527531344896), ('seventh', 2295618375125547520), ('eightlet', 5626419811444333568),
	('name-of-9', 6245224596123978496), (convert_to(repeat('x', 255), 'UTF8'), 8658050062575118080);
SELECT dittofs.status_name(c.status) FROM vectors, dittofs.create_file(dittofs.resolve('/cookies/vectors'), name) c;
SELECT length(v.name), v.cookie = d.cookie AS same
	FROM vectors v LEFT JOIN dittofs.read_directory(dittofs.resolve('/cookies/vectors')) d USING (name) ORDER BY 1;
DROP TABLE vectors;
-- An older share has no key, and keeps its cookies, which are XXH3's with a seed.
SELECT dittofs.create_share('/older', squash => 'none') AS older \gset
UPDATE dittofs.shares SET cookie_key = NULL, cookie_seed = 42 WHERE name = '/older';
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'older', 'name');
SELECT cookie AS older_cookie FROM dittofs.read_directory(:'older') WHERE name = 'name' \gset
SELECT :older_cookie AS cookie;
SELECT dittofs.status_name(status) FROM dittofs.move(:'older', 'name', :'older', 'other');
INSERT INTO dittofs.parent_child_map (parent_id, cookie, child_id, fileid, name)
	SELECT parent_id, :older_cookie + slot, child_id, fileid, convert_to('slot' || slot, 'UTF8')
	FROM dittofs.parent_child_map, generate_series(0, 255) slot WHERE name = 'other' AND parent_id = encode(substr(:'older'::bytea, 18), 'hex')::uuid;
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'older', 'name');
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'older', 'name');
DELETE FROM dittofs.parent_child_map WHERE name LIKE 'slot%';
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'older', 'name');
SELECT dittofs.drop_share('/older', force => true);
-- a key of another length is refused
\set VERBOSITY terse
UPDATE dittofs.shares SET cookie_key = 'short' WHERE name = '/cookies';
SELECT dittofs.drop_share('/cookies', force => true);
SELECT rule FROM t.violations;
