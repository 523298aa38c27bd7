-- test/check.sql: what SQL tests share, in schema t.
--
--	t.violations	what must always hold between the tables and does not:
--					no rows is right.  After a crash it does not apply to shares
--					of kind 'memory', which have lost their blocks
--	t.tree(share)	all entries of a share, as text that is the same in every run
--	t.mode(text)	a mode from the way people write it, t.octal(int) back
--
-- It may be loaded any number of times.

SET client_min_messages = warning;

CREATE SCHEMA IF NOT EXISTS t;

CREATE OR REPLACE FUNCTION t.octal(mode int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN mode > 4095 THEN t.octal(mode / 4096) ELSE '' END ||
		(mode / 512 % 8)::text || (mode / 64 % 8)::text ||
		(mode / 8 % 8)::text || (mode % 8)::text
$$;

CREATE OR REPLACE FUNCTION t.mode(octal text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
	SELECT sum(substr(octal, i, 1)::int * 8 ^ (length(octal) - i))::int
		FROM generate_series(1, length(octal)) i
$$;

-- Names that are no text are shown escaped.
CREATE OR REPLACE FUNCTION t.tree(share text, OUT path text, OUT kind text,
	OUT mode text, OUT nlink bigint, OUT uid bigint, OUT gid bigint, OUT size bigint)
	RETURNS SETOF record LANGUAGE sql STABLE AS $$
	WITH RECURSIVE entry(path, id, is_root) AS (
		SELECT '/', s.root_id, true FROM dittofs.shares s WHERE s.name = share
		UNION ALL
		SELECT CASE WHEN e.is_root THEN '/' ELSE e.path || '/' END ||
				encode(d.name, 'escape'), d.child_id, false
			FROM entry e JOIN dittofs.parent_child_map d ON d.parent_id = e.id
	)
	SELECT e.path, (array['regular', 'directory', 'block', 'character',
			'symlink', 'socket', 'fifo'])[f.kind],
			t.octal(f.mode), f.nlink, f.uid, f.gid, f.size
		FROM entry e JOIN dittofs.files f ON f.id = e.id
		ORDER BY e.path COLLATE "C"
$$;

-- Every directory that can be reached from its share's root.
CREATE OR REPLACE VIEW t.reachable AS
	WITH RECURSIVE reachable(id) AS (
		SELECT root_id FROM dittofs.shares
		UNION
		SELECT f.id FROM reachable r
			JOIN dittofs.parent_child_map d ON d.parent_id = r.id
			JOIN dittofs.files f ON f.id = d.child_id AND f.kind = 2
	)
	SELECT id FROM reachable;

-- Blocks of both kinds, and the files they are of.
CREATE OR REPLACE VIEW t.content AS
	SELECT f.id, f.size, f.used, b.block, length(b.data) AS length
		FROM dittofs.files f
		JOIN dittofs.shares s ON s.share_id = f.share_id AND s.content = 'postgres'
		JOIN dittofs.blocks b ON b.content_id = coalesce(f.content_id, f.id)
	UNION ALL
	SELECT f.id, f.size, f.used, b.block, length(b.data)
		FROM dittofs.files f
		JOIN dittofs.shares s ON s.share_id = f.share_id AND s.content = 'memory'
		JOIN dittofs.blocks_memory b ON b.content_id = coalesce(f.content_id, f.id);

-- Compiling this query takes longer than running it.
CREATE OR REPLACE FUNCTION t.find_violations(OUT rule text, OUT object text)
	RETURNS SETOF record LANGUAGE sql SET jit = off AS $$
	-- inodes by themselves
	SELECT 'an inode''s share exists' AS rule, f.id::text AS object
		FROM dittofs.files f
		WHERE NOT EXISTS (SELECT FROM dittofs.shares s WHERE s.share_id = f.share_id)
	UNION ALL
	SELECT 'kind, mode and ids are in their ranges', id::text FROM dittofs.files
		WHERE kind NOT BETWEEN 1 AND 7 OR mode NOT BETWEEN 0 AND 4095
			OR uid NOT BETWEEN 0 AND 4294967295 OR gid NOT BETWEEN 0 AND 4294967295
			OR size < 0 OR used < 0 OR fileid < 1
	UNION ALL
	SELECT 'a fileid is one inode''s', share_id || '.' || fileid FROM dittofs.files
		GROUP BY share_id, fileid HAVING count(*) > 1
	UNION ALL
	SELECT 'columns fit the kind', id::text FROM dittofs.files
		WHERE (parent_id IS NOT NULL) <> (kind = 2)
			OR (rdev IS NOT NULL) <> (kind IN (3, 4))
			OR (target IS NOT NULL) <> (kind = 5)
			OR (kind = 2 AND size <> 4096)
			OR (kind = 5 AND size <> length(target))
			OR (kind IN (3, 4, 6, 7) AND size <> 0)
			OR (kind <> 1 AND (used <> 0 OR content_id IS NOT NULL OR verifier IS NOT NULL))
			OR length(verifier) <> 8
	UNION ALL

	-- links
	SELECT 'nlink of a file is the number of its entries', f.id::text
		FROM dittofs.files f
		WHERE f.kind <> 2 AND f.nlink <>
			(SELECT count(*) FROM dittofs.parent_child_map d WHERE d.child_id = f.id)
	UNION ALL
	SELECT 'nlink of a directory is 2 and its subdirectories', f.id::text
		FROM dittofs.files f
		WHERE f.kind = 2 AND f.nlink <> 2 +
			(SELECT count(*) FROM dittofs.parent_child_map d
				JOIN dittofs.files c ON c.id = d.child_id AND c.kind = 2
				WHERE d.parent_id = f.id)
	UNION ALL
	SELECT 'no inode is without an entry, but for roots', f.id::text
		FROM dittofs.files f
		WHERE NOT EXISTS (SELECT FROM dittofs.parent_child_map d WHERE d.child_id = f.id)
			AND NOT EXISTS (SELECT FROM dittofs.shares s WHERE s.root_id = f.id)
	UNION ALL
	SELECT 'a directory has one entry, in its parent', f.id::text
		FROM dittofs.files f
		WHERE f.kind = 2
			AND NOT EXISTS (SELECT FROM dittofs.shares s WHERE s.root_id = f.id)
			AND (SELECT count(*) FILTER (WHERE d.parent_id = f.parent_id) = 1
					AND count(*) = 1
				FROM dittofs.parent_child_map d WHERE d.child_id = f.id) IS NOT TRUE
	UNION ALL
	SELECT 'a share has a root, its own parent, in no directory', s.name
		FROM dittofs.shares s LEFT JOIN dittofs.files f ON f.id = s.root_id
		WHERE f.share_id IS DISTINCT FROM s.share_id OR f.kind <> 2
			OR f.parent_id <> f.id
			OR EXISTS (SELECT FROM dittofs.parent_child_map d WHERE d.child_id = f.id)
	UNION ALL
	SELECT 'every directory is below its root', f.id::text FROM dittofs.files f
		WHERE f.kind = 2 AND f.id NOT IN (SELECT id FROM t.reachable)
	UNION ALL

	-- entries
	SELECT 'an entry joins a directory and an inode of one share',
			d.parent_id || '/' || encode(d.name, 'escape')
		FROM dittofs.parent_child_map d
		LEFT JOIN dittofs.files p ON p.id = d.parent_id
		LEFT JOIN dittofs.files c ON c.id = d.child_id
		WHERE p.kind IS DISTINCT FROM 2 OR c.id IS NULL
			OR p.share_id <> c.share_id OR d.fileid <> c.fileid
	UNION ALL
	SELECT 'a name is 1 to 255 bytes, none of them NUL or a slash',
			d.parent_id || '/' || encode(d.name, 'escape')
		FROM dittofs.parent_child_map d
		WHERE length(name) NOT BETWEEN 1 AND 255 OR name IN ('.', '..')
			OR position('\x00'::bytea IN name) > 0 OR position('\x2f'::bytea IN name) > 0
	UNION ALL
	SELECT 'a name is there once', parent_id || '/' || encode(name, 'escape')
		FROM dittofs.parent_child_map GROUP BY parent_id, name HAVING count(*) > 1
	UNION ALL
	SELECT 'cookies are unique and above those of . and ..', parent_id || ':' || cookie
		FROM dittofs.parent_child_map
		GROUP BY parent_id, cookie HAVING count(*) > 1 OR cookie < 256
	UNION ALL
	SELECT 'an entry is found by its name', d.parent_id || '/' || encode(d.name, 'escape')
		FROM dittofs.parent_child_map d
		JOIN dittofs.files p ON p.id = d.parent_id
		JOIN dittofs.shares s ON s.share_id = p.share_id
		CROSS JOIN LATERAL dittofs.lookup('\x01'::bytea ||
			uuid_send(s.share_uuid) || uuid_send(d.parent_id), d.name) l
		WHERE substr(l.handle, 18) IS DISTINCT FROM uuid_send(d.child_id)
	UNION ALL

	-- content
	SELECT 'used is the sum of the blocks', f.id::text FROM dittofs.files f
		WHERE f.used <> (SELECT coalesce(sum(c.length), 0) FROM t.content c WHERE c.id = f.id)
	UNION ALL
	SELECT 'no byte lies at or after the size, no block is empty or too long',
			id || ':' || block
		FROM t.content
		WHERE block < 0 OR length NOT BETWEEN 1 AND 131072
			OR block * 131072 + length > size
	UNION ALL
	SELECT 'a block is a file''s, or waits for the reaper', b.content_id || ':' || b.block
		FROM (SELECT content_id, block FROM dittofs.blocks
			UNION ALL SELECT content_id, block FROM dittofs.blocks_memory) b
		WHERE (SELECT count(*) FROM dittofs.files f
				WHERE coalesce(f.content_id, f.id) = b.content_id) +
			(SELECT count(*) FROM dittofs.reap_queue q
				WHERE q.content_id = b.content_id) <> 1
	UNION ALL

	-- accounting
	SELECT 'space_usage is exact', coalesce(u.share_id, f.share_id)::text
		FROM (SELECT share_id, sum(bytes) AS bytes, sum(inodes) AS inodes
				FROM dittofs.space_usage GROUP BY share_id) u
		FULL JOIN (SELECT share_id, sum(used) AS bytes, count(*) AS inodes
				FROM dittofs.files GROUP BY share_id) f ON f.share_id = u.share_id
		WHERE (coalesce(u.bytes, 0), coalesce(u.inodes, 0)) <>
			(coalesce(f.bytes, 0), coalesce(f.inodes, 0));
$$;

CREATE OR REPLACE VIEW t.violations AS SELECT * FROM t.find_violations();

RESET client_min_messages;
