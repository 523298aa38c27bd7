-- SPDX-License-Identifier: PostgreSQL
-- What must always hold between the tables (extension/README.md, invariants),
-- and does not.
--
-- The modules write their tables without SQL, so nothing but unique indexes
-- checks what they write; this does.  Every rule is a hash join or a scan: the
-- whole takes time in proportion to the tables.  It reads one snapshot, locks
-- nothing and changes nothing, and runs on a standby too.  After a crash files
-- whose content was in memory have lost it, and are reported.
--
-- It is written in SQL: it is a query, and slow anyway.  A rule is one branch
-- of the UNION; docs/reliability.md lists them, sql/fsck.sql breaks each, and
-- 72-fsck-repair.sql says what can be done about it.

-- Every directory that can be reached from its share's root.  Each step must go
-- by the indexes, in the order written: the planner knows neither how many steps
-- there will be nor how small they are, and would read whole tables in each.
-- OFFSET 0 keeps each look-up a subquery of its own, which can only be made for the
-- row before it.  As joins they are turned round where statistics say that a table
-- is empty, as after a vacuum that found it so, and each step reads all of it.
CREATE FUNCTION dittofs.fsck_reachable() RETURNS SETOF uuid
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp SET jit = off
	SET enable_seqscan = off SET enable_bitmapscan = off
	SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
AS $$
	WITH RECURSIVE reachable(id) AS (
		SELECT root_id FROM dittofs.shares
		UNION
		SELECT c.id FROM reachable r
			CROSS JOIN LATERAL (SELECT child_id FROM dittofs.parent_child_map
				WHERE parent_id = r.id OFFSET 0) d
			CROSS JOIN LATERAL (SELECT id FROM dittofs.files
				WHERE id = d.child_id AND kind = 2 OFFSET 0) c
	)
	SELECT id FROM reachable
$$;

-- Content in memory.  A standby has none: not even a plan may name the tables.
CREATE FUNCTION dittofs.fsck_memory_blocks(
	OUT content_id uuid, OUT block bigint, OUT length int, OUT ranges bytea, OUT cut bigint)
	RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT pg_is_in_recovery() THEN
		RETURN QUERY SELECT b.content_id, b.block, octet_length(b.data), b.ranges, b.cut FROM dittofs.blocks_memory b;
	END IF;
END
$$;
CREATE FUNCTION dittofs.fsck_memory_lives() RETURNS SETOF bigint
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT pg_is_in_recovery() THEN
		RETURN QUERY SELECT l.epoch FROM dittofs.memory_life l;
	END IF;
END
$$;

-- Which part of a repair a rule belongs to.  A rule that is not named here is of
-- the first.
CREATE FUNCTION dittofs.fsck_part(rule text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE
		WHEN rule IN ('space_usage is exact', 'settings and accounts are of a share that exists') THEN 'accounts'
		WHEN rule = 'the background passes put nothing off' THEN 'passes'
		WHEN rule IN ('content in memory has not been lost', 'used is the sum of the blocks',
			'no byte lies at or after the size, no block is empty or too long', 'no extent lies at or after the size',
			'no byte is in two places', 'a block is a file''s, or waits for the reaper',
			'an extent is of a block that is stored', 'a stored block has a store, a hash and sums',
			'content that is to be moved is known', 'the store of a share exists, and is of its kind',
			'content is one file''s, or waits for the reaper',
			'what was cut off a file waits for the reaper') THEN 'content'
		WHEN rule IN ('locks are readable, and none is in another''s way', 'locked_files names the files with locks',
			'a client''s locks are counted', 'lives come from the sequence, which is beyond them all',
			'a grant waits to be told', 'a state of NFSv4 is known by its file', 'a lock owner has an open of the file',
			'a client of NFSv4 has a lease until it ends', 'a session is of a client of NFSv4 that has not ended',
			'an owner has one open of a file', 'states of NFSv4 come from the sequence, which is beyond them all') THEN 'locks'
		WHEN rule IN ('extended attributes are a file''s, and counted', 'an extended attribute has a name, once') THEN 'xattrs'
		ELSE 'names' END
$$;

-- The violations of the rules of these parts, or of all.  A rule that is not asked
-- for costs nothing: its branch is not run, nor what only it reads.
CREATE FUNCTION dittofs.fsck_parts(parts text[], OUT rule text, OUT object text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp SET jit = off
	-- Statistics are old when much has changed, and an estimate of one row then makes
	-- a nested loop of what takes a hash table: quadratic.
	SET enable_nestloop = off
AS $fsck$
	SELECT v.rule, v.object FROM (
	WITH
	-- with those whose files are being deleted: their directories lose one entry after
	-- the other, and have no place in a tree any more
	shares AS (
		SELECT share_id, root_id FROM dittofs.shares
		UNION ALL SELECT share_id, NULL FROM dittofs.dropped_shares
	),
	linked AS NOT MATERIALIZED (
		SELECT f.* FROM dittofs.files f
			WHERE NOT EXISTS (SELECT FROM dittofs.dropped_shares d WHERE d.share_id = f.share_id)
	),
	reachable AS MATERIALIZED (
		SELECT id FROM dittofs.fsck_reachable() r(id)
	),
	-- entries of each inode; for a directory, whether they are where its '..' leads
	entries AS (
		SELECT d.child_id, count(*) AS n,
				bool_and(d.parent_id IS NOT DISTINCT FROM c.parent_id) AS in_parent
			FROM dittofs.parent_child_map d LEFT JOIN dittofs.files c ON c.id = d.child_id
			GROUP BY d.child_id
	),
	subdirectories AS (
		SELECT d.parent_id, count(*) AS n
			FROM dittofs.parent_child_map d
			JOIN dittofs.files c ON c.id = d.child_id AND c.kind = 2
			GROUP BY d.parent_id
	),
	-- where files were cut while the reaper has not come by
	cuts AS MATERIALIZED (
		SELECT coalesce(f.content_id, f.id) AS content_id, f.cuts[2 * i + 1] AS start, f.cuts[2 * i + 2] AS mark,
				CASE WHEN f.cuts[2 * i + 4] = 0 THEN f.cuts[2 * i + 3] ELSE 9223372036854775807 END AS "end"
			FROM dittofs.files f, generate_series(1, array_length(f.cuts, 1) / 2 - 1) i
			WHERE f.cuts IS NOT NULL AND f.cuts[2 * i + 2] <> 0
	),
	-- files whose pages are on their way from one table to the other
	moves AS MATERIALIZED (
		SELECT coalesce(content_id, id) AS content_id, moved FROM dittofs.files WHERE moved IS NOT NULL
	),
	-- blocks, where in the file they begin, and where in the block their data end
	blocks AS (
		SELECT CASE WHEN m.moved IS NULL THEN content
					WHEN (content = 'postgres') = CASE WHEN m.moved > 0 THEN start < m.moved ELSE start >= -m.moved END THEN 'memory'
					ELSE 'in the wrong table' END AS content,
				content_id, block, length, ranges, start, "end",
				NOT (content_id IN (SELECT content_id FROM cuts) AND EXISTS (SELECT FROM cuts c
					WHERE c.content_id = a.content_id AND a.start >= c.start AND a.start < c."end" AND coalesce(cut, 0) < c.mark)) AS live
			FROM (SELECT *, block / 17 * 131072 + block % 17 * 8064 AS start,
				CASE WHEN ranges IS NULL THEN length
					ELSE ('x' || encode(substr(ranges, length(ranges) - 3), 'hex'))::bit(32)::int END AS "end"
			FROM (SELECT 'postgres' AS content, content_id, block, length(data) AS length, ranges, cut FROM dittofs.blocks
				UNION ALL SELECT 'memory', content_id, block, length, ranges, cut FROM dittofs.fsck_memory_blocks()) b) a LEFT JOIN moves m USING (content_id)
	),
	contents AS (
		SELECT content, content_id, sum(length) AS bytes, count(*) AS n,
				min(block) AS first, min(length) AS shortest,
				bool_or("end" > CASE block % 17 WHEN 16 THEN 2048 ELSE 8064 END) AS too_long,
				max(start + "end") FILTER (WHERE live) AS "end"
			FROM blocks GROUP BY content, content_id
	),
	live_extents AS (
		SELECT content_id, start, length, NOT (content_id IN (SELECT content_id FROM cuts) AND EXISTS (SELECT FROM cuts c
				WHERE c.content_id = e.content_id AND e.start >= c.start AND e.start < c."end" AND coalesce(e.cut, 0) < c.mark)) AS live
			FROM dittofs.extents e
	),
	extents AS (
		SELECT content_id, sum(length) AS bytes, min(start) AS first, max(start + length) FILTER (WHERE live) AS "end"
			FROM live_extents GROUP BY content_id
	),
	-- stretches of bytes, of files in which some could be in two places
	places AS (
		SELECT content_id, start, start + length AS "end" FROM blocks
			WHERE live AND ranges IS NULL AND content_id IN (SELECT content_id FROM dittofs.extents)
		UNION ALL
		SELECT content_id, start + ('x' || encode(substr(ranges, 8 * i + 1, 4), 'hex'))::bit(32)::int,
				start + ('x' || encode(substr(ranges, 8 * i + 5, 4), 'hex'))::bit(32)::int
			FROM blocks, generate_series(0, length(ranges) / 8 - 1) i WHERE live AND ranges IS NOT NULL
		UNION ALL
		SELECT content_id, start, start + length FROM live_extents WHERE live
	),
	regular AS (
		SELECT f.id, f.size, f.used + coalesce(f.cuts[1], 0) AS held, coalesce(f.external, 0) AS external,
				coalesce(f.content_id, f.id) AS content_id,
				CASE WHEN f.memory_epoch IS NULL THEN 'postgres' ELSE 'memory' END AS content,
				f.used + coalesce(f.cuts[1], 0) > coalesce(f.external, 0) AND f.memory_epoch IS NOT NULL
					AND NOT pg_is_in_recovery()
					AND f.memory_epoch NOT IN (SELECT dittofs.fsck_memory_lives()) AS lost,
				f.memory_epoch IS NOT NULL AND pg_is_in_recovery() AS unseen
			FROM dittofs.files f WHERE f.kind = 1
	),
	locked AS MATERIALIZED (
		SELECT id, share_id, locks FROM dittofs.files WHERE locks IS NOT NULL
	),
	owners AS (
		SELECT content, content_id, count(*) AS n FROM (
				SELECT content, content_id FROM regular
				UNION ALL SELECT t, content_id FROM dittofs.reap_queue q,
					unnest(CASE q.content WHEN 'both' THEN array['postgres', 'memory'] ELSE array[q.content] END) t
					WHERE file_id IS NULL) o
			GROUP BY content, content_id
	)

	-- inodes by themselves
	SELECT 'an inode''s share exists' AS rule, f.id::text AS object
		FROM dittofs.files f LEFT JOIN shares s ON s.share_id = f.share_id
		WHERE s.share_id IS NULL
	UNION ALL
	SELECT 'kind, mode and ids are in their ranges', id::text FROM dittofs.files
		WHERE kind NOT BETWEEN 1 AND 7 OR mode NOT BETWEEN 0 AND 4095
			OR uid NOT BETWEEN 0 AND 4294967295 OR gid NOT BETWEEN 0 AND 4294967295
			OR size < 0 OR used < 0 OR fileid < 1
	UNION ALL
	SELECT 'a fileid is one inode''s', share_id || '.' || fileid FROM dittofs.files
		GROUP BY share_id, fileid HAVING count(*) > 1
	UNION ALL
	-- the sequence is read as it is now, never behind our snapshot
	SELECT 'fileids come from the sequence, which is beyond them all', max(fileid)::text
		FROM dittofs.files HAVING max(fileid) > (SELECT last_value - (NOT is_called)::int FROM dittofs.file_ids)
	UNION ALL
	SELECT 'share ids come from the sequence, which is beyond them all', max(share_id)::text
		FROM dittofs.shares HAVING max(share_id) > (SELECT last_value - (NOT is_called)::int FROM dittofs.share_ids)
	UNION ALL
	SELECT 'columns fit the kind', id::text FROM dittofs.files
		WHERE (parent_id IS NOT NULL) <> (kind = 2)
			OR (rdev IS NOT NULL) <> (kind IN (3, 4))
			OR (target IS NOT NULL) <> (kind = 5)
			OR (kind = 2 AND size <> 4096)
			OR (kind = 5 AND (size <> length(target) OR size NOT BETWEEN 1 AND 4095))
			OR (kind IN (3, 4, 6, 7) AND size <> 0)
			OR (kind <> 1 AND (locks IS NOT NULL OR used <> 0 OR content_id IS NOT NULL OR verifier IS NOT NULL
				OR memory_epoch IS NOT NULL OR external IS NOT NULL OR cuts IS NOT NULL OR moved IS NOT NULL))
			OR (xattrs IS NOT NULL AND (kind NOT IN (1, 2) OR xattrs < 1))
			OR (moved IS NOT NULL AND memory_epoch IS NULL)
			OR external NOT BETWEEN 1 AND used + coalesce(cuts[1], 0)
			OR (cuts IS NOT NULL AND (array_length(cuts, 1) BETWEEN 4 AND 34 AND array_length(cuts, 1) % 2 = 0
				AND cuts[1] >= 0 AND array_position(cuts, NULL) IS NULL) IS NOT TRUE)
			OR length(verifier) <> 8
			OR (overflow IS NOT NULL AND (kind <> 2 OR overflow < 1))
	UNION ALL

	-- links
	SELECT 'nlink of a file is the number of its entries', f.id::text
		FROM linked f LEFT JOIN entries e ON e.child_id = f.id
		WHERE f.kind <> 2 AND f.nlink <> coalesce(e.n, 0)
	UNION ALL
	SELECT 'nlink of a directory is 2 and its subdirectories', f.id::text
		FROM linked f LEFT JOIN subdirectories d ON d.parent_id = f.id
		WHERE f.kind = 2 AND f.nlink <> 2 + coalesce(d.n, 0)
	UNION ALL
	SELECT 'no inode is without an entry, but for roots', f.id::text
		FROM linked f
		LEFT JOIN entries e ON e.child_id = f.id
		LEFT JOIN dittofs.shares s ON s.root_id = f.id
		WHERE e.child_id IS NULL AND s.root_id IS NULL
			-- what was removed while it is open
			AND NOT (f.kind = 1 AND f.nlink = 0
				AND EXISTS (SELECT FROM dittofs.nfs4_unlinked_files u WHERE u.file_id = f.id))
	UNION ALL
	SELECT 'nfs4_unlinked_files names files without a name', u.file_id::text
		FROM dittofs.nfs4_unlinked_files u LEFT JOIN dittofs.files f ON f.id = u.file_id
		WHERE f.nlink IS DISTINCT FROM 0 OR f.share_id <> u.share_id
	UNION ALL
	SELECT 'a directory has one entry, in its parent', f.id::text
		FROM linked f
		LEFT JOIN entries e ON e.child_id = f.id
		LEFT JOIN dittofs.shares s ON s.root_id = f.id
		WHERE f.kind = 2 AND s.root_id IS NULL
			AND (e.n = 1 AND e.in_parent) IS NOT TRUE
	UNION ALL
	SELECT 'a share has a root, its own parent, in no directory', s.name
		FROM dittofs.shares s
		LEFT JOIN dittofs.files f ON f.id = s.root_id
		LEFT JOIN entries e ON e.child_id = f.id
		WHERE f.share_id IS DISTINCT FROM s.share_id OR f.kind <> 2
			OR f.parent_id IS DISTINCT FROM f.id OR e.n > 0
	UNION ALL
	SELECT 'every directory is below its root', f.id::text
		FROM linked f LEFT JOIN reachable r ON r.id = f.id
		WHERE f.kind = 2 AND r.id IS NULL
	UNION ALL

	-- entries
	SELECT 'an entry joins a directory and an inode of one share',
			d.parent_id || '/' || encode(d.name, 'escape')
		FROM dittofs.parent_child_map d
		LEFT JOIN dittofs.files p ON p.id = d.parent_id
		LEFT JOIN dittofs.files c ON c.id = d.child_id
		WHERE (p.kind IS DISTINCT FROM 2 OR c.id IS NULL
			OR p.share_id <> c.share_id OR d.fileid <> c.fileid)
			-- what is being deleted loses its inodes before its entries, or after them
			AND NOT EXISTS (SELECT FROM dittofs.dropped_shares s WHERE s.share_id = p.share_id)
	UNION ALL
	SELECT 'a name is 1 to 255 bytes, none of them NUL or a slash',
			parent_id || '/' || encode(name, 'escape')
		FROM dittofs.parent_child_map
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
		JOIN dittofs.files p ON p.id = d.parent_id AND p.kind = 2
		JOIN dittofs.files c ON c.id = d.child_id AND c.share_id = p.share_id
		JOIN dittofs.shares s ON s.share_id = p.share_id
		CROSS JOIN LATERAL dittofs.lookup('\x01'::bytea ||
			uuid_send(s.share_uuid) || uuid_send(d.parent_id), d.name) l
		WHERE substr(l.handle, 18) IS DISTINCT FROM uuid_send(d.child_id)
	UNION ALL

	-- content
	SELECT 'content in memory has not been lost', id::text FROM regular WHERE lost
	UNION ALL
	SELECT 'used is the sum of the blocks', r.id::text
		FROM regular r
		LEFT JOIN contents c ON c.content_id = r.content_id AND c.content = r.content
		LEFT JOIN extents e ON e.content_id = r.content_id
		WHERE NOT r.lost AND NOT r.unseen AND (r.held <> coalesce(c.bytes, 0) + coalesce(e.bytes, 0)
			OR r.external <> coalesce(e.bytes, 0))
	UNION ALL
	SELECT 'no byte lies at or after the size, no block is empty or too long', r.id::text
		FROM regular r
		JOIN contents c ON c.content_id = r.content_id AND c.content = r.content
		WHERE c.first < 0 OR c.shortest < 1 OR c.too_long OR c."end" > r.size
	UNION ALL
	SELECT 'no extent lies at or after the size', r.id::text
		FROM regular r JOIN extents e ON e.content_id = r.content_id
		WHERE e.first < 0 OR e."end" > r.size
	UNION ALL
	SELECT 'no byte is in two places', content_id || ':' || start
		FROM (SELECT content_id, start, "end",
				lag("end") OVER (PARTITION BY content_id ORDER BY start, "end") AS before FROM places) p
		WHERE before > start
	UNION ALL
	SELECT 'a block is a file''s, or waits for the reaper', e.content_id::text
		FROM extents e WHERE NOT EXISTS (SELECT FROM owners o WHERE o.content_id = e.content_id)
	UNION ALL
	SELECT 'an extent is of a block that is stored', e.content_id || ':' || e.start
		FROM dittofs.extents e
		LEFT JOIN dittofs.stored_blocks b ON b.store_id = e.store_id AND b.hash = e.hash
		WHERE (b.state = 'stored' AND e.skip >= 0 AND e.length > 0 AND e.skip + e.length <= b.length) IS NOT TRUE
	UNION ALL
	SELECT 'a stored block has a store, a hash and sums',
			coalesce(s.name, store_id::text) || ':' || encode(b.hash, 'hex')
		FROM dittofs.stored_blocks b LEFT JOIN dittofs.content_stores s USING (store_id)
		WHERE s.store_id IS NULL OR length(b.hash) <> 32 OR b.length NOT BETWEEN 1 AND 4194304
			OR length(b.sums) <> (b.length - 1) / 131072 * 32
	UNION ALL
	SELECT 'content that is to be moved is known', r.id::text
		FROM regular r JOIN dittofs.files f USING (id) JOIN dittofs.shares s ON s.share_id = f.share_id
		WHERE s.content_store_id IS NOT NULL AND NOT r.lost AND r.held > r.external
			AND r.size >= coalesce((SELECT value::bigint FROM dittofs.server_config WHERE key = 'external_min'), 65536)
			AND NOT EXISTS (SELECT FROM dittofs.staged_files g WHERE g.file_id = r.id)
			AND NOT EXISTS (SELECT FROM dittofs.content_moves m WHERE m.share_id = s.share_id)
	UNION ALL
	SELECT 'the store of a share exists, and is of its kind', h.name
		FROM dittofs.shares h LEFT JOIN dittofs.content_stores s ON s.store_id = h.content_store_id
		WHERE h.content_store_id IS NOT NULL AND s.kind IS DISTINCT FROM h.content
	UNION ALL
	SELECT 'a block is a file''s, or waits for the reaper', c.content_id::text
		FROM contents c
		LEFT JOIN owners o ON o.content_id = c.content_id AND o.content = c.content
		WHERE o.n IS NULL
	UNION ALL
	SELECT 'content is one file''s, or waits for the reaper', content_id::text
		FROM owners WHERE n > 1
	UNION ALL
	SELECT 'what was cut off a file waits for the reaper', id::text FROM dittofs.files f
		WHERE cuts IS NOT NULL AND NOT EXISTS (SELECT FROM dittofs.reap_queue q WHERE q.file_id = f.id)
	UNION ALL
	SELECT 'the background passes put nothing off', pass || coalesce(' ' || share, '') || coalesce(' ' || file_id, '')
		FROM dittofs.content_troubles
	UNION ALL

	-- extended attributes
	SELECT 'extended attributes are a file''s, and counted', coalesce(f.id, x.file_id)::text
		FROM (SELECT id, xattrs FROM dittofs.files WHERE xattrs IS NOT NULL) f
		FULL JOIN (SELECT file_id, sum(length(name) + length(value)) AS bytes
			FROM dittofs.extended_attributes GROUP BY file_id) x ON x.file_id = f.id
		WHERE f.xattrs IS DISTINCT FROM x.bytes
	UNION ALL
	SELECT 'an extended attribute has a name, once', file_id || ':' || encode(name, 'escape')
		FROM dittofs.extended_attributes
		GROUP BY file_id, name HAVING count(*) > 1 OR length(name) NOT BETWEEN 1 AND 250
			OR position('\x00'::bytea IN name) > 0 OR min(cookie) < 1
	UNION ALL

	-- locks; those of a life that has ended are none, whatever they say
	SELECT 'locks are readable, and none is in another''s way', id::text FROM locked WHERE dittofs.lock_trouble(locks) IS NOT NULL
	UNION ALL
	SELECT 'locked_files names the files with locks', coalesce(f.id, l.file_id)::text
		FROM locked f FULL JOIN dittofs.locked_files l ON l.file_id = f.id
		WHERE f.id IS NULL OR l.file_id IS NULL OR l.share_id <> f.share_id
			OR (octet_length(f.locks) > 1 AND dittofs.lock_trouble(f.locks) IS NULL
				AND l.waiting <> (get_byte(f.locks, 1) = 1))
	UNION ALL
	SELECT 'a client''s locks are counted', c.id::text
		FROM dittofs.lock_clients c JOIN dittofs.shares USING (share_id) LEFT JOIN (SELECT u.client_id, u.life, count(*) AS n
			FROM locked f CROSS JOIN LATERAL dittofs.unpack_locks(f.locks) u GROUP BY u.client_id, u.life) n
			ON n.client_id = c.id AND n.life = c.life
		WHERE c.locks <> coalesce(n.n, 0)
	UNION ALL
	SELECT 'lives come from the sequence, which is beyond them all', max(life)::text
		FROM dittofs.lock_clients HAVING max(life) > (SELECT last_value - (NOT is_called)::int FROM dittofs.lock_lives)
	UNION ALL
	SELECT 'a grant waits to be told', f.id || ' ' || g.id
		FROM locked f CROSS JOIN LATERAL dittofs.unconfirmed_locks(f.locks) g
			JOIN dittofs.lock_clients c ON c.id = g.client_id AND c.life = g.life
		WHERE NOT EXISTS (SELECT FROM dittofs.lock_grants l WHERE l.id = g.id)
	UNION ALL
	-- clients of NFSv4
	SELECT 'a client of NFSv4 has a lease until it ends', coalesce(c.client_id, l.client_id)::text
		FROM (SELECT client_id FROM dittofs.nfs4_clients WHERE state <> 'ended') c
		FULL JOIN dittofs.nfs4_leases l ON l.client_id = c.client_id
		WHERE c.client_id IS NULL OR l.client_id IS NULL
	UNION ALL
	SELECT 'a session is of a client of NFSv4 that has not ended', s.session_id::text
		FROM dittofs.nfs4_sessions s
		LEFT JOIN dittofs.nfs4_clients c ON c.client_id = s.client_id AND c.state = 'confirmed'
		WHERE c.client_id IS NULL
	UNION ALL
	-- what NFSv4 has open; clients and files that are gone are the sweep's
	SELECT 'a state of NFSv4 is known by its file', coalesce(s.client_id, f.client_id) || ' ' || coalesce(s.id, f.id)
		FROM dittofs.nfs4_states s FULL JOIN dittofs.nfs4_file_states f ON f.file_id = s.file_id
			AND f.client_id = s.client_id AND f.owner_key = s.owner_key AND f.id = s.id
		WHERE s.id IS NULL OR f.id IS NULL
	UNION ALL
	SELECT 'a lock owner has an open of the file', s.client_id || ' ' || s.id
		FROM dittofs.nfs4_states s LEFT JOIN dittofs.nfs4_states o
			ON o.client_id = s.client_id AND o.id = s.open_id AND o.open_id = 0 AND o.file_id = s.file_id
		WHERE s.open_id <> 0 AND o.id IS NULL
	UNION ALL
	SELECT 'an owner has one open of a file', client_id || ' ' || max(id) FROM dittofs.nfs4_states
		GROUP BY file_id, client_id, open_id <> 0, owner HAVING count(*) > 1
	UNION ALL
	SELECT 'states of NFSv4 come from the sequence, which is beyond them all', max(id)::text
		FROM dittofs.nfs4_states HAVING max(id) > (SELECT last_value - (NOT is_called)::int FROM dittofs.nfs4_state_ids)
	UNION ALL

	-- accounting
	SELECT 'space_usage is exact', coalesce(u.share_id, f.share_id)::text
		FROM (SELECT share_id, sum(bytes) AS bytes, sum(inodes) AS inodes
				FROM dittofs.space_usage GROUP BY share_id) u
		FULL JOIN (SELECT share_id, sum(used + coalesce(xattrs, 0)) AS bytes, count(*) AS inodes
				FROM dittofs.files GROUP BY share_id) f ON f.share_id = u.share_id
		WHERE (coalesce(u.bytes, 0), coalesce(u.inodes, 0)) <>
			(coalesce(f.bytes, 0), coalesce(f.inodes, 0))
	UNION ALL
	SELECT 'settings and accounts are of a share that exists', r.share_id::text
		FROM (SELECT share_id FROM dittofs.filesystem_capabilities
				UNION SELECT share_id FROM dittofs.space_usage) r
		WHERE NOT EXISTS (SELECT FROM shares s WHERE s.share_id = r.share_id)
	) v WHERE parts IS NULL OR dittofs.fsck_part(v.rule) = ANY (parts)
$fsck$;

CREATE FUNCTION dittofs.fsck(OUT rule text, OUT object text) RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
	SELECT * FROM dittofs.fsck_parts(NULL)
$$;
