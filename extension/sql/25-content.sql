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
	created_at timestamptz NOT NULL DEFAULT now()
);

-- Bytes [start, start + length) of a file are bytes [skip, skip + length) of a
-- block.  Extents of a file do not overlap, nor do they and its pages.
CREATE TABLE dittofs.extents (
	content_id uuid NOT NULL,
	start bigint NOT NULL,
	length int NOT NULL,
	store_id int NOT NULL,
	hash bytea NOT NULL,
	skip int NOT NULL
);
ALTER TABLE dittofs.extents ADD CONSTRAINT extents_pkey PRIMARY KEY (content_id, start);
CREATE INDEX extents_hash ON dittofs.extents (store_id, hash);

-- Every block that is in a store, or may be (src/stores.c).
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
ALTER TABLE dittofs.stored_blocks ALTER sums SET STORAGE main;

-- Files with content that is to be moved by the background pass (src/staged.c),
-- and shares whose files are to be looked at.
CREATE TABLE dittofs.staged_files (
	file_id uuid PRIMARY KEY,
	next_at timestamptz NOT NULL,
	position bigint NOT NULL
);
CREATE INDEX staged_files_next ON dittofs.staged_files (next_at);
CREATE TABLE dittofs.content_moves (
	share_id int PRIMARY KEY,
	position uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	passes int NOT NULL DEFAULT 0,
	next_at timestamptz NOT NULL DEFAULT now()
);

SELECT pg_catalog.pg_extension_config_dump('dittofs.store_ids', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.content_stores', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.extents', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.stored_blocks', '');
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

-- Where the content of each share goes; gateways ask now and then, and nothing
-- depends on it.
CREATE FUNCTION dittofs.content_hints(
	OUT share uuid, OUT content text, OUT store text, OUT store_id int, OUT block_size int)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_content_hints';

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
	OUT name text, OUT kind text, OUT shares bigint, OUT blocks bigint, OUT bytes bigint)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'dittofs_list_content_stores';

-- The background pass, which every gateway runs: a task, and how it ends.
CREATE FUNCTION dittofs.merge_next() RETURNS dittofs.merge_task
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_merge_next';

CREATE FUNCTION dittofs.merge_commit(handle bytea, "offset" bigint, stamp bytea, store_id int, blocks bytea)
	RETURNS int
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_merge_commit';

CREATE FUNCTION dittofs.merge_store(handle bytea, "offset" bigint, stamp bytea, data bytea)
	RETURNS int
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'dittofs_merge_store';
