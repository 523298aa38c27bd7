-- SPDX-License-Identifier: PostgreSQL
-- Content outside the database: stores, and what of files is in them.
--
-- A store holds blocks, immutable and named by the SHA-256 of their content.
-- The database knows names, lengths and sums, never the bytes: gateways put,
-- get and delete.  A block is in the store before a file refers to it.

CREATE SEQUENCE dittofs.store_ids AS int;

-- Where a store is and how one gets in is the gateways' configuration.
CREATE TABLE dittofs.content_stores (
	store_id int PRIMARY KEY DEFAULT nextval('dittofs.store_ids'),
	name text COLLATE "C" NOT NULL UNIQUE,
	kind text NOT NULL CHECK (kind IN ('filesystem', 's3')),
	created_at timestamptz NOT NULL DEFAULT now(),
	read_only bool NOT NULL DEFAULT false
);

-- Which database this is: another one in every copy that pg_dump, CREATE
-- DATABASE ... TEMPLATE, pg_upgrade or logical replication makes.
CREATE FUNCTION dittofs.this_database() RETURNS text
	LANGUAGE C STABLE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dittofs_this_database';

-- Whose a store is.  store_uuid, owner_uuid and a ticket are written into the
-- store, as its marker; gateways use a store only while the marker there is the
-- one that is expected here (extension/README.md).
CREATE TABLE dittofs.content_store_marks (
	store_id int PRIMARY KEY,
	store_uuid uuid NOT NULL DEFAULT gen_random_uuid(),
	owner_uuid uuid NOT NULL DEFAULT gen_random_uuid(),
	database text COLLATE "C" NOT NULL DEFAULT dittofs.this_database(),
	ticket uuid NOT NULL DEFAULT gen_random_uuid(),
	next_ticket uuid NOT NULL DEFAULT gen_random_uuid(),
	turned_at timestamptz NOT NULL DEFAULT now(),
	marked_at timestamptz,
	adopting bool NOT NULL DEFAULT false
);

-- Bytes [start, start + length) of a file are bytes [skip, skip + length) of a
-- block.  Extents of a file do not overlap, nor do they and its pages.
CREATE TABLE dittofs.extents (
	content_id uuid NOT NULL,
	start bigint NOT NULL,
	length int NOT NULL,
	store_id int NOT NULL,
	hash bytea NOT NULL,
	skip int NOT NULL,
	cut bigint					-- as in blocks
);
ALTER TABLE dittofs.extents ADD CONSTRAINT extents_pkey PRIMARY KEY (content_id, start);
CREATE INDEX extents_hash ON dittofs.extents (store_id, hash);

-- Every block that is in a store, or may be (src/tables/stores.c).
CREATE TABLE dittofs.stored_blocks (
	store_id int NOT NULL,
	hash bytea NOT NULL,
	length int NOT NULL,
	state text NOT NULL CHECK (state IN ('pending', 'stored', 'deleting')),
	claimed_at timestamptz NOT NULL,
	unreferenced_since timestamptz,
	sums bytea NOT NULL
) WITH (fillfactor = 90);
ALTER TABLE dittofs.stored_blocks ADD CONSTRAINT stored_blocks_pkey PRIMARY KEY (store_id, hash);
CREATE INDEX stored_blocks_unreferenced ON dittofs.stored_blocks (unreferenced_since);
ALTER TABLE dittofs.stored_blocks ALTER sums SET STORAGE main;

-- Where the pass that looks for garbage goes on; no row: at the beginning, and nothing was
-- in its way.
CREATE TABLE dittofs.gc_position (
	one bool PRIMARY KEY DEFAULT true CHECK (one),
	store_id int NOT NULL,
	hash bytea NOT NULL,
	failures int NOT NULL DEFAULT 0,		-- in this pass
	error text								-- the last, of this pass or the one before
);

-- Files with content that is to be moved by the background pass (src/tables/staged.c),
-- and shares whose files are to be looked at.
CREATE TABLE dittofs.staged_files (
	file_id uuid PRIMARY KEY,
	next_at timestamptz NOT NULL,
	position bigint NOT NULL,
	moving bool NOT NULL,
	clean bool NOT NULL DEFAULT false,		-- nothing was to be moved before position
	tries int NOT NULL DEFAULT 0,			-- tasks that no gateway has ended since one was
	failures int NOT NULL DEFAULT 0,		-- put off after so many failures,
	error text								-- of which the last was this
);
CREATE INDEX staged_files_next ON dittofs.staged_files (next_at);
CREATE TABLE dittofs.content_moves (
	share_id int PRIMARY KEY,
	position uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	passes int NOT NULL DEFAULT 0,
	next_at timestamptz NOT NULL DEFAULT now(),
	failures int NOT NULL DEFAULT 0,
	error text
);

SELECT pg_catalog.pg_extension_config_dump('dittofs.store_ids', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.content_stores', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.content_store_marks', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.extents', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.stored_blocks', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.gc_position', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.staged_files', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.content_moves', '');

-- Names of stores
CREATE FUNCTION dittofs.create_content_store(name text, kind text) RETURNS int
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_create_content_store';

CREATE FUNCTION dittofs.drop_content_store(name text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_drop_content_store';

-- Whose a store is, set by people.  adopt: from now on this database's alone.
-- attach: to be read, and never changed.
CREATE FUNCTION dittofs.adopt_content_store(name text) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_adopt_content_store';

CREATE FUNCTION dittofs.attach_content_store(name text, read_only bool DEFAULT true) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_attach_content_store';

-- A gateway has written a marker with the next ticket. NULL: another gateway has said
-- so before.
CREATE FUNCTION dittofs.content_store_marked(store_id int, ticket uuid) RETURNS bool
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	UPDATE dittofs.content_store_marks m SET ticket = m.next_ticket, next_ticket = gen_random_uuid(),
		turned_at = clock_timestamp(), marked_at = coalesce(m.marked_at, clock_timestamp()), adopting = false
		WHERE m.store_id = $1 AND m.next_ticket = $2 AND m.database = dittofs.this_database()
		RETURNING true;
END;

-- Where the content of each share goes; gateways ask now and then, and nothing
-- depends on it.  A store that no share has any more comes without a share, since
-- there may be content in it.  And whose each store is: that is what gateways
-- compare with its marker.
CREATE FUNCTION dittofs.content_hints(
	OUT share uuid, OUT content text, OUT store text, OUT store_id int, OUT block_size int,
	OUT name text, OUT store_uuid uuid, OUT owner_uuid uuid, OUT ticket uuid, OUT next_ticket uuid,
	OUT state text, OUT read_only bool, OUT turn bool)
	RETURNS SETOF record
	LANGUAGE sql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT s.share_uuid, s.content, c.name, c.store_id, s.block_size, s.name,
		m.store_uuid, m.owner_uuid, m.ticket, m.next_ticket,
		CASE WHEN c.store_id IS NULL THEN NULL
			WHEN m.store_id IS NULL THEN 'unknown'
			WHEN m.database <> dittofs.this_database() THEN 'copy'
			WHEN m.adopting THEN 'adopting'
			WHEN m.marked_at IS NULL AND NOT EXISTS (SELECT FROM dittofs.stored_blocks b
				WHERE b.store_id = c.store_id AND b.state = 'stored') THEN 'new'
			ELSE 'own' END,
		c.read_only, m.turned_at < clock_timestamp() - interval '1 minute'
	FROM dittofs.shares s FULL JOIN dittofs.content_stores c ON c.store_id = s.content_store_id
		LEFT JOIN dittofs.content_store_marks m ON m.store_id = c.store_id;
END;

-- As read(), but what is in a store is named, not fetched.
CREATE FUNCTION dittofs.prepare_read(handle bytea, "offset" bigint, count bigint,
	caller dittofs.caller DEFAULT '')
	RETURNS dittofs.prepare_read_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_prepare_read';

-- A write in two halves, around the putting of blocks.  blocks, which follow
-- each other from offset on: hash, length and sums of each, packed
-- (extension/sql/README.md).
CREATE FUNCTION dittofs.prepare_write(handle bytea, "offset" bigint, blocks bytea,
	caller dittofs.caller DEFAULT '')
	RETURNS dittofs.prepare_write_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_prepare_write';

CREATE FUNCTION dittofs.commit_write(handle bytea, "offset" bigint, blocks bytea, store_id int,
	stability text DEFAULT 'file_sync', caller dittofs.caller DEFAULT '')
	RETURNS dittofs.write_result
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_commit_write';

CREATE FUNCTION dittofs.claim_blocks(store_id int, blocks bytea) RETURNS bytea
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_claim_blocks';

CREATE FUNCTION dittofs.list_content_stores(
	OUT name text, OUT kind text, OUT shares bigint, OUT blocks bigint, OUT bytes bigint,
	OUT state text)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_list_content_stores';

-- The background pass, which every gateway runs: a task, and how it ends.  In what works
-- by slices the planner may only look up the rows of the slice by their keys: where a table
-- is not much larger than a slice it takes reading all of it for cheaper, once for each row.
CREATE FUNCTION dittofs.merge_next() RETURNS dittofs.merge_task
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off
	SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
	AS 'MODULE_PATHNAME', 'dittofs_merge_next';

CREATE FUNCTION dittofs.merge_commit(handle bytea, "offset" bigint, stamp bytea, store_id int, blocks bytea)
	RETURNS int
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_merge_commit';

CREATE FUNCTION dittofs.merge_store(handle bytea, "offset" bigint, stamp bytea, data bytea)
	RETURNS int
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_merge_store';

-- Garbage.  gc() is for people: what there is, and what can go.
CREATE FUNCTION dittofs.gc(
	OUT store text, OUT blocks bigint, OUT bytes bigint,
	OUT unreferenced bigint, OUT unreferenced_bytes bigint,
	OUT due bigint, OUT due_bytes bigint, OUT deleting bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_gc';

CREATE FUNCTION dittofs.gc_next(max int DEFAULT 1000, OUT store_id int, OUT hash bytea)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off
	SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
	AS 'MODULE_PATHNAME', 'dittofs_gc_next';

CREATE FUNCTION dittofs.gc_done(store_id int, hashes bytea) RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off
	SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
	AS 'MODULE_PATHNAME', 'dittofs_gc_done';

CREATE FUNCTION dittofs.gc_adopt(store_id int, hashes bytea) RETURNS bytea
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_gc_adopt';

-- For a verification: what should be in a store, and whose it is.
CREATE FUNCTION dittofs.stored_block_list(store_id int, after bytea DEFAULT '', max int DEFAULT 1000,
	share text DEFAULT NULL, OUT hash bytea, OUT length int, OUT sums bytea, OUT "position" bytea)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off
	SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
	AS 'MODULE_PATHNAME', 'dittofs_stored_block_list';

CREATE FUNCTION dittofs.block_users(store_id int, hash bytea,
	OUT share text, OUT handle bytea, OUT path text, OUT "offset" bigint, OUT length int)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_block_users';

-- What the background passes could not do, and put off.  A gateway that ends leaves its
-- task to another one: that is no trouble, but a second one is.
CREATE VIEW dittofs.content_troubles AS
	SELECT 'merge' AS pass, s.name AS share, t.file_id, f.fileid, greatest(t.failures, t.tries - 1) AS failures, t.next_at,
			coalesce(t.error, 'gateways do not end its task: see their logs') AS error
		FROM dittofs.staged_files t LEFT JOIN dittofs.files f ON f.id = t.file_id
		LEFT JOIN dittofs.shares s USING (share_id) WHERE t.failures > 0 OR t.tries > 2
	UNION ALL
	SELECT 'reap', s.name, coalesce(q.file_id, q.content_id), f.fileid, q.failures, q.next_at, q.error
		FROM dittofs.reap_queue q LEFT JOIN dittofs.files f ON f.id = q.file_id
		LEFT JOIN dittofs.shares s USING (share_id) WHERE q.failures > 0
	UNION ALL
	SELECT 'sweep', s.name, NULL, NULL, m.failures, m.next_at, m.error
		FROM dittofs.content_moves m JOIN dittofs.shares s USING (share_id) WHERE m.failures > 0
	UNION ALL
	SELECT 'gc', NULL, NULL, NULL, greatest(failures, 1), NULL, error FROM dittofs.gc_position WHERE error IS NOT NULL;

-- What shares hold and where.  It reads all content tables, but not the content.
-- A function, because of its setting: a nested loop would take forever where
-- statistics call a full table empty.  A standby has nothing of an UNLOGGED table.
CREATE FUNCTION dittofs.content_report_rows(OUT share text, OUT content text, OUT store text,
	OUT files bigint, OUT logical_bytes bigint, OUT stored_bytes bigint)
	RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT s.name, 'postgres', NULL::text, count(DISTINCT b.content_id),
			sum(octet_length(b.data))::bigint, sum(pg_column_size(b.data))::bigint
		FROM dittofs.files f JOIN dittofs.shares s USING (share_id)
		JOIN dittofs.blocks b ON b.content_id = coalesce(f.content_id, f.id)
		WHERE f.used > 0 GROUP BY s.name;
	IF NOT pg_is_in_recovery() THEN
		RETURN QUERY SELECT s.name, 'memory', NULL::text, count(DISTINCT b.content_id),
				sum(octet_length(b.data))::bigint, sum(pg_column_size(b.data))::bigint
			FROM dittofs.files f JOIN dittofs.shares s USING (share_id)
			JOIN dittofs.blocks_memory b ON b.content_id = coalesce(f.content_id, f.id)
			WHERE f.used > 0 GROUP BY s.name;
	END IF;
	RETURN QUERY WITH used AS MATERIALIZED (
			SELECT s.name AS share, e.store_id, e.hash, e.content_id, e.length
				FROM dittofs.files f JOIN dittofs.shares s USING (share_id)
				JOIN dittofs.extents e ON e.content_id = coalesce(f.content_id, f.id)
				WHERE f.used > 0
		), logical AS (
			SELECT share, store_id, count(DISTINCT content_id) AS files, sum(length)::bigint AS bytes
				FROM used GROUP BY share, store_id
		), stored AS (
			SELECT share, store_id, sum(b.length)::bigint AS bytes
				FROM (SELECT DISTINCT share, store_id, hash FROM used) h
				JOIN dittofs.stored_blocks b USING (store_id, hash) GROUP BY share, store_id
		)
		SELECT share, c.kind, c.name, l.files, l.bytes, b.bytes
			FROM logical l JOIN stored b USING (share, store_id)
			JOIN dittofs.content_stores c USING (store_id);
END
$$;
CREATE VIEW dittofs.content_report AS
	SELECT share, content, store, files, logical_bytes, stored_bytes FROM dittofs.content_report_rows();
