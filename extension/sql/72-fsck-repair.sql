-- SPDX-License-Identifier: PostgreSQL
-- Repairing what fsck() reports, as far as there is one right answer.
--
-- No inode is thrown away: what has no name gets one in lost+found, and a
-- directory that nothing leads to is put there.  Removed are entries of nothing
-- and, by the reaper, blocks of no file.  Where a person would have to decide,
-- it is left alone and reported: the last rows say what was not repaired and
-- what he could do.
--
-- Sound objects can be changed meanwhile.  Broken ones are found without
-- locks; fsck_repair() locks their inodes, as a change does, to the end of the
-- transaction, and looks again.  A step that looks for more than these is right whatever
-- others do at the same time, for one of these reasons; a new step needs one, too:
--
--	it is for ever		an id is never used again, an inode never changes its share or its
--				fileid: an entry of nothing, and an inode without a name, stay so
--	it is a difference	link counts and accounts are changed in one transaction with what they
--				count, so what they differ by in one snapshot is what they differ by
--				after it
--
-- One repair runs at a time, or two would add the same difference.
--
-- Every step is one pass over its tables, however much there is to be repaired; or looks up
-- what was found, by key. Passes have no nested loops: where statistics say that a table
-- is empty, as after a vacuum that found it so, a nested loop reads all of it for each row.
--
-- A part has one step for each thing that can be repaired, and returns what it
-- did under the name of the rule that was broken.  A new rule of fsck() also needs
-- a step here, or a line in fsck_advice().
--
-- An inode that is repaired gets a new ctime, or clients would go on with what
-- they remember of it.

CREATE FUNCTION dittofs.fsck_attach(dir uuid, name bytea, child uuid) RETURNS bool
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_fsck_attach';

-- Refuses where changes wait for the commit: what was repaired by then would not
-- be what is there after it.
CREATE FUNCTION dittofs.fsck_repair_check() RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_fsck_repair_check';

-- The time of a change to an inode, given the time of the last.
CREATE FUNCTION dittofs.fsck_tick(ctime bigint) RETURNS bigint
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT greatest(ctime + 1, (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint)
$$;

-- One directory of each loop, and the parent that it is to be taken out of.
CREATE FUNCTION dittofs.fsck_loops(OUT id uuid, OUT parent_id uuid) RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_fsck_loops';

-- Gives an inode without a name one in lost+found of its share's root, and
-- returns its path.  NULL: the share is read-only, or has no root to put it in.
CREATE FUNCTION dittofs.fsck_rescue(inode uuid) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	its record;
	root bytea;
	directory text := 'lost+found';
	handle bytea;
	entry dittofs.lookup_result;
	made dittofs.create_result;
	name text;
BEGIN
	SELECT f.fileid, s.name AS share, s.share_uuid, s.root_id INTO its
		FROM dittofs.files f JOIN dittofs.shares s ON s.share_id = f.share_id
		JOIN dittofs.files r ON r.id = s.root_id AND r.parent_id = r.id
		WHERE f.id = inode AND NOT s.read_only;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	root := '\x01'::bytea || uuid_send(its.share_uuid) || uuid_send(its.root_id);

	FOR i IN 1 .. 100 LOOP
		entry := dittofs.lookup(root, convert_to(directory, 'UTF8'));
		IF entry.status = 2 THEN	-- NOENT
			made := dittofs.create_directory(root, convert_to(directory, 'UTF8'), mode => 448);
			handle := made.handle;
		ELSIF entry.status = 0 AND (dittofs.attributes(entry.attributes)).kind = 'directory' THEN
			handle := entry.handle;
		END IF;
		EXIT WHEN handle IS NOT NULL OR entry.status <> 0;
		directory := 'lost+found.' || i;
	END LOOP;
	IF handle IS NULL THEN
		RETURN NULL;
	END IF;

	name := '#' || its.fileid;
	FOR i IN 1 .. 100 LOOP
		IF dittofs.fsck_attach(encode(substr(handle, 18), 'hex')::uuid, convert_to(name, 'UTF8'), inode) THEN
			RETURN rtrim(its.share, '/') || '/' || directory || '/' || name;
		END IF;
		name := '#' || its.fileid || '.' || i;
	END LOOP;
	RETURN NULL;
END
$$;

-- Moves a sequence to a number that is used.  A small step is made by taking numbers, for
-- setval() would take back what others were given since we looked.
CREATE FUNCTION dittofs.fsck_advance(sequence regclass, used bigint) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT setval(sequence, used) WHERE used - nextval(sequence) > 10000;
	SELECT count(nextval(sequence)) FROM generate_series(1, greatest(0, used - nextval(sequence)))
$$;

-- Locks these inodes, in the order of extension/README.md, and what of them waits for the
-- reaper.
CREATE FUNCTION dittofs.fsck_lock(ids uuid[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM dittofs.files WHERE id = ANY (ids) ORDER BY kind <> 2, id FOR NO KEY UPDATE;
	PERFORM FROM dittofs.reap_queue WHERE content_id = ANY (ids) OR file_id = ANY (ids) ORDER BY content_id FOR UPDATE;
END
$$;

-- Inodes by themselves, roots among them.  ids: what was found, and is locked.
CREATE FUNCTION dittofs.fsck_repair_inodes(ids uuid[], OUT rule text, OUT object text, OUT action text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET enable_nestloop = off
AS $$
DECLARE
	r record;
	greatest_fileid bigint;
	greatest_share_id bigint;
BEGIN
	PERFORM dittofs.fsck_repair_check();
	rule := 'a share has a root, its own parent, in no directory';
	FOR r IN SELECT s.name FROM dittofs.shares s
		WHERE NOT EXISTS (SELECT FROM dittofs.files f WHERE f.id = s.root_id)
	LOOP
		PERFORM dittofs.create_root_directory(r.name, mode => '0700');
		object := r.name;
		action := 'made a root directory of mode 0700, owned by root';
		RETURN NEXT;
	END LOOP;
	-- but a directory that is in its parent may be no root at all
	FOR r IN UPDATE dittofs.files f SET parent_id = f.id, ctime = dittofs.fsck_tick(f.ctime)
		FROM dittofs.shares s WHERE f.id = s.root_id AND f.share_id = s.share_id
			AND f.kind = 2 AND f.parent_id IS DISTINCT FROM f.id
			AND NOT EXISTS (SELECT FROM dittofs.parent_child_map d
				WHERE d.child_id = f.id AND d.parent_id = f.parent_id)
		RETURNING s.name
	LOOP
		object := r.name;
		action := 'made the root its own parent';
		RETURN NEXT;
	END LOOP;
	FOR r IN DELETE FROM dittofs.parent_child_map d USING dittofs.shares s, dittofs.files f
		WHERE d.child_id = s.root_id AND f.id = s.root_id AND f.parent_id = f.id AND f.share_id = s.share_id
		RETURNING s.name, d.parent_id, d.name AS entry
	LOOP
		object := r.name;
		action := 'removed an entry for the root: ' || r.parent_id || '/' || encode(r.entry, 'escape');
		RETURN NEXT;
	END LOOP;

	SELECT max(fileid) INTO greatest_fileid FROM dittofs.files;
	IF greatest_fileid > (SELECT last_value - (NOT is_called)::int FROM dittofs.file_ids) THEN
		PERFORM dittofs.fsck_advance('dittofs.file_ids', greatest_fileid);
		rule := 'fileids come from the sequence, which is beyond them all';
		object := greatest_fileid;
		action := 'moved the sequence there';
		RETURN NEXT;
	END IF;
	SELECT max(share_id) INTO greatest_share_id FROM dittofs.shares;
	IF greatest_share_id > (SELECT last_value - (NOT is_called)::int FROM dittofs.share_ids) THEN
		PERFORM dittofs.fsck_advance('dittofs.share_ids', greatest_share_id);
		rule := 'share ids come from the sequence, which is beyond them all';
		object := greatest_share_id;
		action := 'moved the sequence there';
		RETURN NEXT;
	END IF;
	rule := 'a fileid is one inode''s';
	FOR r IN SELECT id, share_id, fileid, nextval('dittofs.file_ids') AS new_fileid FROM (
			SELECT id, share_id, fileid,
					row_number() OVER (PARTITION BY share_id, fileid ORDER BY id) AS n
				FROM dittofs.files) f
		WHERE n > 1
	LOOP
		UPDATE dittofs.files SET fileid = r.new_fileid, ctime = dittofs.fsck_tick(ctime) WHERE id = r.id;
		UPDATE dittofs.parent_child_map SET fileid = r.new_fileid WHERE child_id = r.id;
		object := r.share_id || '.' || r.fileid;
		action := 'inode ' || r.id || ' is now ' || r.new_fileid;
		RETURN NEXT;
	END LOOP;

	rule := 'columns fit the kind';
	FOR r IN UPDATE dittofs.files f SET ctime = dittofs.fsck_tick(f.ctime),
			parent_id = n.parent_id, rdev = n.rdev, target = n.target, size = n.size,
			used = n.used, content_id = n.content_id, verifier = n.verifier,
			memory_epoch = n.memory_epoch, external = n.external,
			cuts = CASE WHEN o.kind = 1 THEN o.cuts END,
			overflow = CASE WHEN o.kind = 2 AND o.overflow > 0 THEN o.overflow END,
			xattrs = CASE WHEN o.kind IN (1, 2) AND o.xattrs > 0 THEN o.xattrs END,
			locks = CASE WHEN o.kind = 1 THEN o.locks END
		FROM dittofs.files o CROSS JOIN LATERAL (SELECT
				CASE WHEN o.kind = 2 THEN o.parent_id END AS parent_id,
				CASE WHEN o.kind IN (3, 4) THEN o.rdev END AS rdev,
				CASE WHEN o.kind = 5 THEN o.target END AS target,
				CASE o.kind WHEN 1 THEN o.size WHEN 2 THEN 4096
					WHEN 5 THEN coalesce(length(o.target), o.size) ELSE 0 END AS size,
				CASE WHEN o.kind = 1 THEN o.used ELSE 0 END AS used,
				CASE WHEN o.kind = 1 THEN o.content_id END AS content_id,
				CASE WHEN o.kind = 1 THEN o.memory_epoch END AS memory_epoch,
				CASE WHEN o.kind = 1 AND o.external > 0 THEN o.external END AS external,
				CASE WHEN o.kind = 1 AND length(o.verifier) = 8 THEN o.verifier END AS verifier) n
		WHERE f.id = ANY (ids) AND (f.id = o.id AND o.kind BETWEEN 1 AND 7 AND
			(o.parent_id, o.rdev, o.target, o.size, o.used, o.content_id, o.verifier, o.memory_epoch, o.external) IS DISTINCT FROM
			(n.parent_id, n.rdev, n.target, n.size, n.used, n.content_id, n.verifier, n.memory_epoch, n.external)
			OR f.id = o.id AND o.kind BETWEEN 3 AND 7 AND o.cuts IS NOT NULL
			OR f.id = o.id AND o.kind BETWEEN 2 AND 7 AND o.locks IS NOT NULL
			OR f.id = o.id AND (o.kind BETWEEN 3 AND 7 OR o.xattrs < 1) AND o.xattrs IS NOT NULL
			OR f.id = o.id AND o.overflow IS NOT NULL AND (o.kind BETWEEN 3 AND 7 OR o.kind = 1 OR o.overflow < 1))
		RETURNING f.id
	LOOP
		object := r.id;
		action := 'emptied or corrected what does not belong to its kind';
		RETURN NEXT;
	END LOOP;
	rule := 'kind, mode and ids are in their ranges';
	FOR r IN UPDATE dittofs.files f SET mode = o.mode & 4095, ctime = dittofs.fsck_tick(f.ctime)
		FROM dittofs.files o WHERE f.id = ANY (ids) AND f.id = o.id AND o.mode NOT BETWEEN 0 AND 4095
		RETURNING f.id, f.mode
	LOOP
		object := r.id;
		action := 'its mode is now ' || dittofs.mode_to_text(r.mode);
		RETURN NEXT;
	END LOOP;
END
$$;

-- Entries, and where directories are.  ids: as above.
CREATE FUNCTION dittofs.fsck_repair_entries(ids uuid[], OUT rule text, OUT object text, OUT action text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET enable_nestloop = off
AS $$
DECLARE
	r record;
	changed uuid[] := '{}';		-- directories that lose an entry
BEGIN
	PERFORM dittofs.fsck_repair_check();
	rule := 'an entry joins a directory and an inode of one share';
	FOR r IN DELETE FROM dittofs.parent_child_map d
		WHERE NOT EXISTS (SELECT FROM dittofs.files p WHERE p.id = d.parent_id AND p.kind = 2)
			OR NOT EXISTS (SELECT FROM dittofs.files c WHERE c.id = d.child_id)
			OR EXISTS (SELECT FROM dittofs.files p
				JOIN dittofs.files c ON c.id = d.child_id AND c.share_id <> p.share_id
				JOIN dittofs.shares ps ON ps.share_id = p.share_id
				JOIN dittofs.shares cs ON cs.share_id = c.share_id
				WHERE p.id = d.parent_id)
		RETURNING d.parent_id, d.name, d.child_id
	LOOP
		object := r.parent_id || '/' || encode(r.name, 'escape');
		action := 'removed the entry of inode ' || r.child_id;
		changed := changed || r.parent_id;
		RETURN NEXT;
	END LOOP;
	FOR r IN UPDATE dittofs.parent_child_map d SET fileid = c.fileid
		FROM dittofs.files c WHERE c.id = d.child_id AND c.fileid <> d.fileid
		RETURNING d.parent_id, d.name, d.fileid
	LOOP
		object := r.parent_id || '/' || encode(r.name, 'escape');
		action := 'gave it the inode''s fileid, ' || r.fileid;
		RETURN NEXT;
	END LOOP;

	rule := 'a name is 1 to 255 bytes, none of them NUL or a slash';
	FOR r IN DELETE FROM dittofs.parent_child_map d
		WHERE length(name) NOT BETWEEN 1 AND 255 OR name IN ('.', '..')
			OR position('\x00'::bytea IN name) > 0 OR position('\x2f'::bytea IN name) > 0
		RETURNING d.parent_id, d.name, d.child_id
	LOOP
		object := r.parent_id || '/' || encode(r.name, 'escape');
		action := 'removed the entry of inode ' || r.child_id;
		changed := changed || r.parent_id;
		RETURN NEXT;
	END LOOP;

	-- Each is taken out and put back where its name belongs, if that is free.
	rule := 'an entry is found by its name';
	FOR r IN SELECT d.parent_id, d.cookie, d.name, d.child_id, c.kind
		FROM dittofs.parent_child_map d
		JOIN dittofs.files p ON p.id = d.parent_id
		JOIN dittofs.files c ON c.id = d.child_id AND c.share_id = p.share_id
		JOIN dittofs.shares s ON s.share_id = p.share_id
		CROSS JOIN LATERAL dittofs.lookup('\x01'::bytea ||
			uuid_send(s.share_uuid) || uuid_send(d.parent_id), d.name) l
		WHERE d.parent_id = ANY (ids) AND substr(l.handle, 18) IS DISTINCT FROM uuid_send(d.child_id)
	LOOP
		DELETE FROM dittofs.parent_child_map WHERE parent_id = r.parent_id AND cookie = r.cookie;
		UPDATE dittofs.files SET nlink = nlink - 1 WHERE id = r.parent_id AND r.kind = 2;
		object := r.parent_id || '/' || encode(r.name, 'escape');
		IF dittofs.fsck_attach(r.parent_id, r.name, r.child_id) THEN
			action := 'gave it the cookie of its name';
		ELSE
			action := 'removed the entry of inode ' || r.child_id || ': another one has the name';
			changed := changed || r.parent_id;
		END IF;
		RETURN NEXT;
	END LOOP;
	rule := 'a name is there once';
	FOR r IN DELETE FROM dittofs.parent_child_map d USING (
			SELECT parent_id, cookie,
					row_number() OVER (PARTITION BY parent_id, name ORDER BY cookie) AS n
				FROM dittofs.parent_child_map WHERE parent_id = ANY (ids)) o
		WHERE d.parent_id = o.parent_id AND d.cookie = o.cookie AND o.n > 1
		RETURNING d.parent_id, d.name, d.child_id
	LOOP
		object := r.parent_id || '/' || encode(r.name, 'escape');
		action := 'removed the second entry, of inode ' || r.child_id;
		changed := changed || r.parent_id;
		RETURN NEXT;
	END LOOP;

	-- The entry that '..' leads to stays, or else the first.
	rule := 'a directory has one entry, in its parent';
	FOR r IN DELETE FROM dittofs.parent_child_map d USING (
			SELECT e.parent_id, e.cookie, row_number() OVER (PARTITION BY c.id
					ORDER BY e.parent_id IS NOT DISTINCT FROM c.parent_id DESC, e.parent_id, e.cookie) AS n
				FROM dittofs.parent_child_map e
				JOIN dittofs.files c ON c.id = e.child_id AND c.kind = 2 AND c.id = ANY (ids)) o
		WHERE d.parent_id = o.parent_id AND d.cookie = o.cookie AND o.n > 1
		RETURNING d.parent_id, d.name, d.child_id
	LOOP
		object := r.child_id;
		action := 'removed another entry of it: ' || r.parent_id || '/' || encode(r.name, 'escape');
		changed := changed || r.parent_id;
		RETURN NEXT;
	END LOOP;
	FOR r IN UPDATE dittofs.files f SET parent_id = d.parent_id, ctime = dittofs.fsck_tick(f.ctime)
		FROM dittofs.parent_child_map d
		WHERE f.id = ANY (ids) AND d.child_id = f.id AND f.kind = 2 AND f.parent_id IS DISTINCT FROM d.parent_id
		RETURNING f.id, f.parent_id
	LOOP
		object := r.id;
		action := 'its parent is now ' || r.parent_id || ', where its entry is';
		RETURN NEXT;
	END LOOP;

	UPDATE dittofs.files SET mtime = dittofs.fsck_tick(ctime), ctime = dittofs.fsck_tick(ctime)
		WHERE id = ANY (changed);
END
$$;

-- What no root leads to, and link counts.  ids: as above.
CREATE FUNCTION dittofs.fsck_repair_links(ids uuid[], OUT rule text, OUT object text, OUT action text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET enable_nestloop = off
AS $$
DECLARE
	r record;
	path text;
BEGIN
	PERFORM dittofs.fsck_repair_check();
	rule := 'nfs4_unlinked_files names files without a name';
	FOR r IN DELETE FROM dittofs.nfs4_unlinked_files u
		WHERE NOT EXISTS (SELECT FROM dittofs.files f WHERE f.id = u.file_id AND f.nlink = 0 AND f.share_id = u.share_id)
			-- of one that exists when it was found, and so is locked
			AND (u.file_id = ANY (ids) OR NOT EXISTS (SELECT FROM dittofs.files f WHERE f.id = u.file_id))
		RETURNING u.file_id
	LOOP
		object := r.file_id;
		action := 'removed its row';
		RETURN NEXT;
	END LOOP;
	rule := 'no inode is without an entry, but for roots';
	-- one that was removed and is open is its client's
	FOR r IN INSERT INTO dittofs.nfs4_unlinked_files (file_id, share_id)
		SELECT f.id, f.share_id FROM dittofs.files f WHERE f.id = ANY (ids) AND f.kind = 1 AND f.nlink = 0
			AND EXISTS (SELECT FROM dittofs.nfs4_file_states s WHERE s.file_id = f.id)
			AND NOT EXISTS (SELECT FROM dittofs.parent_child_map d WHERE d.child_id = f.id)
		ON CONFLICT DO NOTHING
		RETURNING file_id
	LOOP
		object := r.file_id;
		action := 'it is kept until it is closed';
		RETURN NEXT;
	END LOOP;
	FOR r IN SELECT f.id FROM dittofs.files f
		WHERE NOT EXISTS (SELECT FROM dittofs.parent_child_map d WHERE d.child_id = f.id)
			AND NOT EXISTS (SELECT FROM dittofs.shares s WHERE s.root_id = f.id)
			AND NOT (f.nlink = 0 AND EXISTS (SELECT FROM dittofs.nfs4_unlinked_files u WHERE u.file_id = f.id))
		ORDER BY f.share_id, f.fileid
	LOOP
		path := dittofs.fsck_rescue(r.id);
		CONTINUE WHEN path IS NULL;
		object := r.id;
		action := 'it is now ' || path;
		RETURN NEXT;
	END LOOP;

	-- Every directory has one entry now, so what is still out of reach is in a
	-- loop or below one.  One of a loop's directories is taken out of it.
	rule := 'every directory is below its root';
	FOR r IN SELECT l.id, l.parent_id FROM dittofs.fsck_loops() l LOOP
		path := dittofs.fsck_rescue(r.id);
		CONTINUE WHEN path IS NULL;
		DELETE FROM dittofs.parent_child_map d WHERE d.child_id = r.id AND d.parent_id = r.parent_id;
		object := r.id;
		action := 'it is now ' || path;
		RETURN NEXT;
	END LOOP;

	rule := 'nlink of a file is the number of its entries';
	FOR r IN UPDATE dittofs.files f SET nlink = f.nlink + (o.n - was.nlink), ctime = dittofs.fsck_tick(f.ctime)
		FROM dittofs.files was
			JOIN (SELECT child_id, count(*) AS n FROM dittofs.parent_child_map GROUP BY child_id) o ON o.child_id = was.id
		WHERE was.id = f.id AND f.kind <> 2 AND was.nlink <> o.n
			AND NOT EXISTS (SELECT FROM dittofs.dropped_shares s WHERE s.share_id = f.share_id)
		RETURNING f.id, f.nlink
	LOOP
		object := r.id;
		action := 'it is now ' || r.nlink;
		RETURN NEXT;
	END LOOP;
	rule := 'nlink of a directory is 2 and its subdirectories';
	FOR r IN UPDATE dittofs.files f SET nlink = f.nlink + (o.n - o.nlink), ctime = dittofs.fsck_tick(f.ctime)
		FROM (SELECT p.id, p.nlink, 2 + count(c.id) AS n FROM dittofs.files p
				LEFT JOIN dittofs.parent_child_map d ON d.parent_id = p.id
				LEFT JOIN dittofs.files c ON c.id = d.child_id AND c.kind = 2
				WHERE p.kind = 2 GROUP BY p.id, p.nlink HAVING p.nlink <> 2 + count(c.id)) o
		WHERE o.id = f.id
			AND NOT EXISTS (SELECT FROM dittofs.dropped_shares s WHERE s.share_id = f.share_id)
		RETURNING f.id, f.nlink
	LOOP
		object := r.id;
		action := 'it is now ' || r.nlink;
		RETURN NEXT;
	END LOOP;
END
$$;

-- Content: of these files, and what has these ids.
CREATE FUNCTION dittofs.fsck_repair_content(ids uuid[], OUT rule text, OUT object text, OUT action text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	-- with the ids that there are, and by key: the tables may be large
	SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
	r record;
BEGIN
	PERFORM dittofs.fsck_repair_check();
	rule := 'no byte lies at or after the size, no block is empty or too long';
	FOR r IN DELETE FROM dittofs.blocks WHERE content_id = ANY (ids) AND length(data) = 0 RETURNING content_id, block LOOP
		object := r.content_id;
		action := 'removed the empty block ' || r.block;
		RETURN NEXT;
	END LOOP;
	FOR r IN DELETE FROM dittofs.blocks_memory WHERE content_id = ANY (ids) AND length(data) = 0 RETURNING content_id, block LOOP
		object := r.content_id;
		action := 'removed the empty block ' || r.block;
		RETURN NEXT;
	END LOOP;

	rule := 'content is one file''s, or waits for the reaper';
	FOR r IN DELETE FROM dittofs.reap_queue q WHERE q.content_id = ANY (ids) AND EXISTS (
			SELECT FROM dittofs.files f
				WHERE f.kind = 1 AND coalesce(f.content_id, f.id) = q.content_id
					AND q.content IN ('both', CASE WHEN f.memory_epoch IS NULL THEN 'postgres' ELSE 'memory' END))
		RETURNING q.content_id
	LOOP
		object := r.content_id;
		action := 'took it from the reaper: it is a file''s';
		RETURN NEXT;
	END LOOP;
	-- what a file has in the wrong table is not the reaper's
	rule := 'a block is a file''s, or waits for the reaper';
	FOR r IN INSERT INTO dittofs.reap_queue (content_id, content)
		SELECT DISTINCT b.content_id, b.content FROM (
				SELECT content_id, 'postgres' AS content FROM dittofs.blocks
				UNION SELECT content_id, 'postgres' FROM dittofs.extents
				UNION SELECT content_id, 'memory' FROM dittofs.blocks_memory) b
			WHERE b.content_id = ANY (ids) AND NOT EXISTS (SELECT FROM dittofs.files f
				WHERE f.kind = 1 AND coalesce(f.content_id, f.id) = b.content_id)
		ON CONFLICT DO NOTHING
		RETURNING reap_queue.content_id
	LOOP
		object := r.content_id;
		action := 'left it to the reaper';
		RETURN NEXT;
	END LOOP;

	rule := 'what was cut off a file waits for the reaper';
	FOR r IN INSERT INTO dittofs.reap_queue (content_id, content, file_id)
		SELECT gen_random_uuid(), 'cut', f.id FROM dittofs.files f
			WHERE f.id = ANY (ids) AND f.cuts IS NOT NULL
				AND NOT EXISTS (SELECT FROM dittofs.reap_queue q WHERE q.file_id = f.id)
		RETURNING file_id
	LOOP
		object := r.file_id;
		action := 'left it to the reaper';
		RETURN NEXT;
	END LOOP;

	-- Where bytes are missing a new count would hide that they are.
	rule := 'used is the sum of the blocks';
	FOR r IN UPDATE dittofs.files f SET used = o.bytes - coalesce(f.cuts[1], 0), external = nullif(o.external, 0), ctime = dittofs.fsck_tick(f.ctime)
		FROM (SELECT i.id, coalesce(sum(b.length), 0) AS bytes,
					coalesce(sum(b.length) FILTER (WHERE b.content = 'store'), 0) AS external
				FROM dittofs.files i
				LEFT JOIN (
					SELECT content_id, 'postgres' AS content, length(data) AS length FROM dittofs.blocks
					UNION ALL SELECT content_id, 'memory', length(data) FROM dittofs.blocks_memory
					UNION ALL SELECT content_id, 'store', length FROM dittofs.extents) b
					ON b.content_id = coalesce(i.content_id, i.id)
						AND b.content IN ('store', CASE WHEN i.memory_epoch IS NULL THEN 'postgres' ELSE 'memory' END)
				WHERE i.id = ANY (ids) AND i.kind = 1 AND i.moved IS NULL GROUP BY i.id) o
		WHERE o.id = f.id AND f.used + coalesce(f.cuts[1], 0) <= o.bytes
			AND (f.used + coalesce(f.cuts[1], 0), coalesce(f.external, 0)) <> (o.bytes, o.external)
		RETURNING f.id, f.used
	LOOP
		object := r.id;
		action := 'it is now ' || r.used;
		RETURN NEXT;
	END LOOP;
END
$$;

-- Settings, and the accounts of space.  A change writes its file and its account in one
-- transaction, so nothing needs to stand still: what the sums of one snapshot differ by
-- is added in a slot that is no backend's.
CREATE FUNCTION dittofs.fsck_repair_accounts(OUT rule text, OUT object text, OUT action text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	r record;
BEGIN
	PERFORM dittofs.fsck_repair_check();
	rule := 'settings and accounts are of a share that exists';
	FOR r IN DELETE FROM dittofs.filesystem_capabilities c
		WHERE NOT EXISTS (SELECT FROM dittofs.shares s WHERE s.share_id = c.share_id)
			AND NOT EXISTS (SELECT FROM dittofs.files f WHERE f.share_id = c.share_id)
		RETURNING c.share_id
	LOOP
		object := r.share_id;
		action := 'removed its settings';
		RETURN NEXT;
	END LOOP;
	FOR r IN DELETE FROM dittofs.space_usage u
		WHERE NOT EXISTS (SELECT FROM dittofs.shares s WHERE s.share_id = u.share_id)
			AND NOT EXISTS (SELECT FROM dittofs.dropped_shares s WHERE s.share_id = u.share_id)
			AND NOT EXISTS (SELECT FROM dittofs.files f WHERE f.share_id = u.share_id)
		RETURNING u.share_id
	LOOP
		object := r.share_id;
		action := 'removed a part of its account';
		RETURN NEXT;
	END LOOP;
	rule := 'space_usage is exact';
	FOR r IN INSERT INTO dittofs.space_usage AS u (share_id, slot, bytes, inodes)
		SELECT s.share_id, 1000000, coalesce(f.bytes, 0) - coalesce(a.bytes, 0),
				coalesce(f.inodes, 0) - coalesce(a.inodes, 0)
			FROM (SELECT share_id FROM dittofs.shares UNION ALL SELECT share_id FROM dittofs.dropped_shares) s
			LEFT JOIN (SELECT share_id, sum(bytes) AS bytes, sum(inodes) AS inodes
				FROM dittofs.space_usage GROUP BY share_id) a ON a.share_id = s.share_id
			LEFT JOIN (SELECT share_id, sum(used + coalesce(xattrs, 0)) AS bytes, count(*) AS inodes
				FROM dittofs.files GROUP BY share_id) f ON f.share_id = s.share_id
			WHERE (coalesce(f.bytes, 0), coalesce(f.inodes, 0)) <> (coalesce(a.bytes, 0), coalesce(a.inodes, 0))
		ON CONFLICT (share_id, slot) DO UPDATE
			SET bytes = u.bytes + excluded.bytes, inodes = u.inodes + excluded.inodes
		RETURNING u.share_id
	LOOP
		object := r.share_id;
		SELECT 'it is now ' || sum(bytes) || ' bytes in ' || sum(inodes) || ' inodes' INTO action
			FROM dittofs.space_usage WHERE share_id = r.share_id;
		RETURN NEXT;
	END LOOP;
END
$$;

-- Extended attributes.  What has no file is for ever without one; the others are of
-- inodes that are locked.
CREATE FUNCTION dittofs.fsck_repair_xattrs(ids uuid[], OUT rule text, OUT object text, OUT action text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
	r record;
BEGIN
	PERFORM dittofs.fsck_repair_check();
	rule := 'an extended attribute has a name, once';
	FOR r IN DELETE FROM dittofs.extended_attributes x USING (
			SELECT file_id, cookie, row_number() OVER (PARTITION BY file_id, name ORDER BY cookie) AS n
				FROM dittofs.extended_attributes WHERE file_id = ANY (ids)) o
		WHERE x.file_id = o.file_id AND x.cookie = o.cookie
			AND (o.n > 1 OR length(x.name) NOT BETWEEN 1 AND 250 OR position('\x00'::bytea IN x.name) > 0)
		RETURNING x.file_id, x.name, o.n
	LOOP
		object := r.file_id || ':' || encode(r.name, 'escape');
		action := CASE WHEN r.n > 1 THEN 'removed the second one' ELSE 'removed it' END;
		RETURN NEXT;
	END LOOP;
	FOR r IN UPDATE dittofs.extended_attributes x
		SET cookie = (SELECT max(greatest(o.cookie, 0)) FROM dittofs.extended_attributes o WHERE o.file_id = x.file_id) + n.n
		FROM (SELECT file_id, cookie, row_number() OVER (PARTITION BY file_id ORDER BY cookie) AS n
				FROM dittofs.extended_attributes WHERE file_id = ANY (ids) AND cookie < 1) n
		WHERE x.file_id = n.file_id AND x.cookie = n.cookie
		RETURNING x.file_id, x.name
	LOOP
		object := r.file_id || ':' || encode(r.name, 'escape');
		action := 'gave it a place in the listing';
		RETURN NEXT;
	END LOOP;
	rule := 'extended attributes are a file''s, and counted';
	FOR r IN DELETE FROM dittofs.extended_attributes x
		WHERE x.file_id = ANY (ids)
			AND NOT EXISTS (SELECT FROM dittofs.files f WHERE f.id = x.file_id AND f.kind IN (1, 2))
		RETURNING x.file_id, x.name
	LOOP
		object := r.file_id;
		action := 'removed an attribute of nothing: ' || encode(r.name, 'escape');
		RETURN NEXT;
	END LOOP;
	FOR r IN UPDATE dittofs.files f SET xattrs = o.bytes, ctime = dittofs.fsck_tick(f.ctime)
		FROM (SELECT i.id, sum(length(x.name) + length(x.value)) AS bytes
				FROM dittofs.files i LEFT JOIN dittofs.extended_attributes x ON x.file_id = i.id
				WHERE i.id = ANY (ids) GROUP BY i.id) o
		WHERE o.id = f.id AND f.xattrs IS DISTINCT FROM o.bytes
		RETURNING f.id, f.xattrs
	LOOP
		object := r.id;
		action := 'it is now ' || coalesce(r.xattrs, 0);
		RETURN NEXT;
	END LOOP;
END
$$;

-- Locks.  The inodes concerned are locked, and so is what is noted of them.  A client's
-- count is changed in one transaction with its locks: it is a difference.
CREATE FUNCTION dittofs.fsck_repair_locks(ids uuid[], OUT rule text, OUT object text, OUT action text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
	SET enable_nestloop = off
AS $$
DECLARE
	r record;
	greatest_life bigint;
	greatest_state bigint;
BEGIN
	PERFORM dittofs.fsck_repair_check();
	rule := 'locks are readable, and none is in another''s way';
	FOR r IN UPDATE dittofs.files f SET locks = NULL
		FROM (SELECT id, dittofs.lock_trouble(locks) AS trouble FROM dittofs.files WHERE id = ANY (ids) AND locks IS NOT NULL) o
		WHERE f.id = ANY (ids) AND o.id = f.id AND o.trouble IS NOT NULL
		RETURNING f.id, o.trouble
	LOOP
		DELETE FROM dittofs.lock_grants WHERE file_id = r.id;
		object := r.id;
		action := 'the file has no locks any more; the value was: ' || r.trouble;
		RETURN NEXT;
	END LOOP;
	rule := 'a grant waits to be told';
	FOR r IN SELECT f.id, g.id AS grant_id FROM dittofs.files f CROSS JOIN LATERAL dittofs.unconfirmed_locks(f.locks) g
			JOIN dittofs.lock_clients c ON c.id = g.client_id AND c.life = g.life
		WHERE f.id = ANY (ids) AND f.locks IS NOT NULL
			AND NOT EXISTS (SELECT FROM dittofs.lock_grants l WHERE l.id = g.id)
	LOOP
		UPDATE dittofs.files f SET locks = dittofs.confirm_lock(f.locks, r.grant_id) WHERE f.id = r.id;
		object := r.id || ' ' || r.grant_id;
		action := 'it is taken for told: the client learns of it when it asks again';
		RETURN NEXT;
	END LOOP;
	rule := 'locked_files names the files with locks';
	FOR r IN DELETE FROM dittofs.locked_files l
		WHERE NOT EXISTS (SELECT FROM dittofs.files f WHERE f.id = l.file_id AND f.locks IS NOT NULL)
			AND (l.file_id = ANY (ids) OR NOT EXISTS (SELECT FROM dittofs.files f WHERE f.id = l.file_id))
		RETURNING l.file_id
	LOOP
		object := r.file_id;
		action := 'removed its row';
		RETURN NEXT;
	END LOOP;
	FOR r IN INSERT INTO dittofs.locked_files AS l (file_id, share_id, waiting)
		SELECT f.id, f.share_id, get_byte(f.locks, 1) = 1 FROM dittofs.files f
			WHERE f.id = ANY (ids) AND octet_length(f.locks) > 1
		ON CONFLICT (file_id) DO UPDATE SET share_id = excluded.share_id, waiting = excluded.waiting
			WHERE (l.share_id, l.waiting) <> (excluded.share_id, excluded.waiting)
		RETURNING l.file_id, l.waiting
	LOOP
		object := r.file_id;
		action := 'noted the file' || CASE WHEN r.waiting THEN ', and that requests wait' ELSE '' END;
		RETURN NEXT;
	END LOOP;
	rule := 'a client''s locks are counted';
	FOR r IN UPDATE dittofs.lock_clients c SET locks = greatest(c.locks + n.difference, 0)
		FROM (SELECT c.id, c.life, coalesce(u.n, 0) - c.locks AS difference FROM dittofs.lock_clients c
				JOIN dittofs.shares USING (share_id) LEFT JOIN (SELECT u.client_id, u.life, count(*) AS n FROM dittofs.files f
					CROSS JOIN LATERAL dittofs.unpack_locks(f.locks) u WHERE f.locks IS NOT NULL
					GROUP BY u.client_id, u.life) u ON u.client_id = c.id AND u.life = c.life
				WHERE c.locks <> coalesce(u.n, 0)) n
		WHERE c.id = n.id AND c.life = n.life
		RETURNING c.id, c.locks
	LOOP
		object := r.id;
		action := 'it has ' || r.locks;
		RETURN NEXT;
	END LOOP;
	-- Without a lease it counts as ended already: so it begins anew.
	rule := 'a client of NFSv4 has a lease until it ends';
	FOR r IN UPDATE dittofs.nfs4_clients c SET state = 'ended', reply = NULL
		WHERE c.state <> 'ended' AND NOT EXISTS (SELECT FROM dittofs.nfs4_leases l WHERE l.client_id = c.client_id)
		RETURNING c.client_id
	LOOP
		object := r.client_id;
		action := 'ended it';
		RETURN NEXT;
	END LOOP;
	FOR r IN DELETE FROM dittofs.nfs4_leases l
		WHERE NOT EXISTS (SELECT FROM dittofs.nfs4_clients c WHERE c.client_id = l.client_id AND c.state <> 'ended')
		RETURNING l.client_id
	LOOP
		object := r.client_id;
		action := 'removed the lease of what is not there';
		RETURN NEXT;
	END LOOP;
	rule := 'a session is of a client of NFSv4 that has not ended';
	FOR r IN DELETE FROM dittofs.nfs4_sessions s
		WHERE NOT EXISTS (SELECT FROM dittofs.nfs4_clients c WHERE c.client_id = s.client_id AND c.state = 'confirmed')
		RETURNING s.session_id
	LOOP
		object := r.session_id;
		action := 'removed it';
		RETURN NEXT;
	END LOOP;
	-- A row of the one table without that of the other stays so: both are written together.
	rule := 'a state of NFSv4 is known by its file';
	FOR r IN DELETE FROM dittofs.nfs4_file_states f
		WHERE NOT EXISTS (SELECT FROM dittofs.nfs4_states s WHERE s.client_id = f.client_id AND s.id = f.id
			AND s.file_id = f.file_id AND s.owner_key = f.owner_key)
		RETURNING f.client_id, f.id
	LOOP
		object := r.client_id || ' ' || r.id;
		action := 'removed a row of what is not there';
		RETURN NEXT;
	END LOOP;
	FOR r IN INSERT INTO dittofs.nfs4_file_states (file_id, client_id, owner_key, id)
		SELECT s.file_id, s.client_id, s.owner_key, s.id FROM dittofs.nfs4_states s
			WHERE NOT EXISTS (SELECT FROM dittofs.nfs4_file_states f WHERE f.file_id = s.file_id
				AND f.client_id = s.client_id AND f.owner_key = s.owner_key AND f.id = s.id)
			FOR UPDATE
		RETURNING client_id, id
	LOOP
		object := r.client_id || ' ' || r.id;
		action := 'noted it';
		RETURN NEXT;
	END LOOP;
	rule := 'a lock owner has an open of the file';
	FOR r IN DELETE FROM dittofs.nfs4_states s
		WHERE s.open_id <> 0 AND NOT EXISTS (SELECT FROM dittofs.nfs4_states o WHERE o.client_id = s.client_id
			AND o.id = s.open_id AND o.open_id = 0 AND o.file_id = s.file_id)
		RETURNING s.client_id, s.id, s.file_id, s.owner_key
	LOOP
		DELETE FROM dittofs.nfs4_file_states f WHERE f.file_id = r.file_id AND f.client_id = r.client_id
			AND f.owner_key = r.owner_key AND f.id = r.id;
		object := r.client_id || ' ' || r.id;
		action := 'removed it';
		RETURN NEXT;
	END LOOP;
	SELECT max(id) INTO greatest_state FROM dittofs.nfs4_states;
	IF greatest_state > (SELECT last_value - (NOT is_called)::int FROM dittofs.nfs4_state_ids) THEN
		PERFORM dittofs.fsck_advance('dittofs.nfs4_state_ids', greatest_state);
		rule := 'states of NFSv4 come from the sequence, which is beyond them all';
		object := greatest_state;
		action := 'moved the sequence there';
		RETURN NEXT;
	END IF;
	SELECT max(life) INTO greatest_life FROM dittofs.lock_clients;
	IF greatest_life > (SELECT last_value - (NOT is_called)::int FROM dittofs.lock_lives) THEN
		PERFORM dittofs.fsck_advance('dittofs.lock_lives', greatest_life);
		rule := 'lives come from the sequence, which is beyond them all';
		object := greatest_life;
		action := 'moved the sequence there';
		RETURN NEXT;
	END IF;
END
$$;

-- What a person could do about what is left.
CREATE FUNCTION dittofs.fsck_advice(rule text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce((SELECT advice FROM (VALUES
		('an inode''s share exists',
			'no client can reach it: bring the share''s row back from a backup, or delete the inode'),
		('kind, mode and ids are in their ranges',
			'set what is out of range in dittofs.files, if you know what it was'),
		('columns fit the kind',
			'what is missing is nowhere else: remove the file, or bring its row back from a backup'),
		('settings and accounts are of a share that exists',
			'there are files of it: bring the share''s row back from a backup'),
		('a share has a root, its own parent, in no directory',
			'that inode is something else: give the share its root again in dittofs.shares, or bring a row back from a backup'),
		('no inode is without an entry, but for roots',
			'there is no lost+found for it: its share must be writable, have a root, and room for a directory'),
		('every directory is below its root',
			'there is no lost+found for it: its share must be writable, have a root, and room for a directory'),
		('used is the sum of the blocks',
			'content is missing and reads as zeros: bring the file back from a backup, or remove it, or cut it to nothing'),
		('no byte lies at or after the size, no block is empty or too long',
			'is the size wrong or the block? Set the size to the end of the last block to see what is there'),
		('content in memory has not been lost',
			'a crash has taken it: bring the file back from a backup, or remove it, or cut it to nothing'),
		('no extent lies at or after the size',
			'set the size to the end of the last extent to see what is there'),
		('no byte is in two places',
			'copy the file, see which of its bytes are right, and remove it'),
		('an extent is of a block that is stored',
			'bring the file back from a backup, or remove it'),
		('a stored block has a store, a hash and sums',
			'bring the store''s row in dittofs.content_stores back from a backup'),
		('content that is to be moved is known',
			'call dittofs.alter_share() with the content that the share has: all its files will be looked at'),
		('the background passes put nothing off',
			'dittofs.content_troubles says why; what is damaged is named there or in the gateways'' logs'),
		('the store of a share exists, and is of its kind',
			'give the share a store with dittofs.alter_share()'),
		('a block is a file''s, or waits for the reaper',
			'the file''s share keeps its content elsewhere, or this id waits for the reaper already'),
		('an owner has one open of a file',
			'evict the client: it opens its files again'),
		('content is one file''s, or waits for the reaper',
			'two files have one content: copy one of them, and remove both')
		) a(of_rule, advice) WHERE a.of_rule = rule), 'it follows from what is wrong elsewhere')
$$;

CREATE FUNCTION dittofs.fsck_repair(OUT rule text, OUT object text, OUT action text)
	RETURNS SETOF record
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
	broken text[];
	parts text[];
	found text[];		-- what is wrong with content, and was not repaired
	ids uuid[];
	r record;
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'dittofs.fsck_repair() cannot run in a % transaction', current_setting('transaction_isolation')
			USING ERRCODE = 'active_sql_transaction',
				HINT = 'It must see what others did before it got its locks: use READ COMMITTED.';
	END IF;
	PERFORM dittofs.fsck_repair_check();
	SELECT array_agg(DISTINCT v.rule), array_agg(DISTINCT dittofs.fsck_part(v.rule)),
			array_agg(v.rule || E'\n' || v.object) FILTER (WHERE dittofs.fsck_part(v.rule) = 'content'),
			array_agg(DISTINCT substring(v.object FROM '^[0-9a-f]{8}-[0-9a-f-]{27}')::uuid)
				FILTER (WHERE v.object ~ '^[0-9a-f]{8}-[0-9a-f-]{27}')
		INTO broken, parts, found, ids FROM dittofs.fsck() v;
	IF broken IS NULL THEN
		RETURN;		-- and no change was held up
	END IF;

	LOCK TABLE dittofs.space_usage IN SHARE UPDATE EXCLUSIVE MODE;
	-- a file and its content, whichever of them was named
	ids := ids || array(SELECT unnest(array[f.id, f.content_id]) FROM dittofs.files f
		WHERE f.content_id IS NOT NULL AND (f.id = ANY (ids) OR f.content_id = ANY (ids)));
	ids := coalesce(ids, '{}');
	PERFORM dittofs.fsck_lock(ids);
	IF 'names' = ANY (parts) THEN
		RETURN QUERY SELECT * FROM dittofs.fsck_repair_inodes(ids);
		RETURN QUERY SELECT * FROM dittofs.fsck_repair_entries(ids);
		RETURN QUERY SELECT * FROM dittofs.fsck_repair_links(ids);
	END IF;
	-- An inode that is none of a file's any more, or is one again, has content.
	IF broken && array['columns fit the kind', 'kind, mode and ids are in their ranges'] THEN
		parts := parts || 'content'::text;
		RETURN QUERY SELECT * FROM dittofs.fsck_repair_content(ids);
	ELSIF 'content' = ANY (parts) THEN
		FOR r IN SELECT * FROM dittofs.fsck_repair_content(ids) LOOP
			rule := r.rule;
			object := r.object;
			action := r.action;
			found := array_remove(found, rule || E'\n' || object);
			RETURN NEXT;
		END LOOP;
		-- to look again at all content would be to keep others waiting for it
		parts := array_remove(parts, 'content');
		RETURN QUERY SELECT split_part(f, E'\n', 1), split_part(f, E'\n', 2),
			'not repaired: ' || dittofs.fsck_advice(split_part(f, E'\n', 1)) FROM unnest(found) f;
	END IF;
	IF 'xattrs' = ANY (parts) OR 'columns fit the kind' = ANY (broken) THEN
		parts := parts || 'xattrs'::text;
		RETURN QUERY SELECT * FROM dittofs.fsck_repair_xattrs(ids);
	END IF;
	IF 'locks' = ANY (parts) THEN
		RETURN QUERY SELECT * FROM dittofs.fsck_repair_locks(ids);
	END IF;
	RETURN QUERY SELECT * FROM dittofs.fsck_repair_accounts();
	-- in the parts that something was done in
	RETURN QUERY SELECT v.rule, v.object, 'not repaired: ' || dittofs.fsck_advice(v.rule)
		FROM dittofs.fsck_parts(parts || 'accounts'::text) v;
END
$$;
