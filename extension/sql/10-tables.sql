-- SPDX-License-Identifier: PostgreSQL
-- Tables.
--
-- One module of the extension touches each of them; extension/README.md says
-- which, and what must always hold.  What the library knows of them is in
-- src/tables/tables.c: a new column goes to the end here and there.
--
-- No foreign keys: their FOR KEY SHARE locks turn a hot directory into a chain
-- of multixacts.  The functions keep the references; dittofs.fsck() checks them.

CREATE SEQUENCE dittofs.share_ids AS int;
-- fileids are never used again, so the sequence may not cycle
CREATE SEQUENCE dittofs.file_ids AS bigint MINVALUE 1 NO CYCLE CACHE 32;

CREATE TABLE dittofs.shares (
	share_id int PRIMARY KEY DEFAULT nextval('dittofs.share_ids'),
	share_uuid uuid NOT NULL UNIQUE,
	name text COLLATE "C" NOT NULL UNIQUE,
	root_id uuid NOT NULL,
	fsid bigint NOT NULL UNIQUE,
	cookie_seed bigint NOT NULL,
	content text NOT NULL CHECK (content IN ('postgres', 'memory', 'filesystem', 's3')),
	read_only bool NOT NULL,
	squash text NOT NULL CHECK (squash IN ('none', 'root', 'all')),
	anonuid bigint NOT NULL CHECK (anonuid BETWEEN 0 AND 4294967295),
	anongid bigint NOT NULL CHECK (anongid BETWEEN 0 AND 4294967295),
	allowed_clients inet[] NOT NULL,
	denied_clients inet[] NOT NULL,
	require_privileged_port bool NOT NULL,
	allow_auth_none bool NOT NULL,
	atime text NOT NULL CHECK (atime IN ('off', 'relative', 'strict')),
	created_at timestamptz NOT NULL DEFAULT now(),
	content_store_id int,
	block_size int NOT NULL DEFAULT 1048576,
	compression text NOT NULL DEFAULT 'none' CHECK (compression IN ('none', 'lz4')),
	max_bytes bigint CHECK (max_bytes > 0),		-- NULL: no limit
	max_inodes bigint CHECK (max_inodes > 0),
	cookie_key bytea CHECK (length(cookie_key) = 16),	-- secret; NULL: an older share, which has cookie_seed
	CHECK ((content IN ('postgres', 'memory')) = (content_store_id IS NULL))
);

-- An inode.  kind is the ftype3 of RFC 1813: 1 regular, 2 directory, 3 block,
-- 4 character, 5 symlink, 6 socket, 7 fifo.
CREATE TABLE dittofs.files (
	id uuid NOT NULL,
	fileid bigint NOT NULL,
	size bigint NOT NULL,
	used bigint NOT NULL,
	atime bigint NOT NULL,
	mtime bigint NOT NULL,
	ctime bigint NOT NULL,
	uid bigint NOT NULL,
	gid bigint NOT NULL,
	share_id int NOT NULL,
	mode int NOT NULL,
	nlink int NOT NULL,
	kind smallint NOT NULL,
	parent_id uuid,				-- of a directory: what '..' is; a root's is itself
	content_id uuid,			-- key of its blocks, when that is not id any more
	rdev bigint,				-- of a device: major << 32 | minor
	target bytea,				-- of a symlink
	verifier bytea,				-- of an exclusive create
	memory_epoch bigint,		-- its pages are in blocks_memory, of that life
	external bigint,			-- bytes that are in stores; NULL: none
	cuts bigint[],				-- what was cut off or out and is not deleted yet (src/tables/content.c)
	moved bigint,				-- pages before that byte are in the other table (src/tables/blocks.c)
	overflow int,				-- of a directory: names had to go to so many further places (src/tables/dirents.c)
	locks bytea,				-- all locks of the file, packed (src/tables/lock_list.c)
	xattrs bigint				-- bytes of its extended attributes, names and values; NULL: none
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE dittofs.files ADD CONSTRAINT files_pkey PRIMARY KEY (id);
ALTER TABLE dittofs.files ALTER target SET STORAGE external;

-- A directory entry.  The cookie is a hash of the name with room for a
-- collision slot: the one index serves look-up by name and paging alike, and
-- an entry keeps its cookie as long as it lives.
CREATE TABLE dittofs.parent_child_map (
	parent_id uuid NOT NULL,
	cookie bigint NOT NULL,
	child_id uuid NOT NULL,
	fileid bigint NOT NULL,		-- of the child: READDIR needs no second look-up
	name bytea NOT NULL,
	place tid					-- of the child's row, a guess that spares an index
) WITH (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE dittofs.parent_child_map ADD CONSTRAINT parent_child_map_pkey PRIMARY KEY (parent_id, cookie);

-- Content.  A block fills a page: 17 of them, 16 of 8,064 bytes and one of
-- 2,048, hold 128 KiB of a file.  What has no row here is in
-- an extent (25-content.sql), or reads as zeros.
CREATE TABLE dittofs.blocks (
	content_id uuid NOT NULL,
	block bigint NOT NULL,
	data bytea NOT NULL,
	ranges bytea,				-- which bytes of the block data has; NULL: the first
	cut bigint					-- it was written after this cut of its file; NULL: before any
) WITH (toast_tuple_target = 8160);
ALTER TABLE dittofs.blocks ADD CONSTRAINT blocks_pkey PRIMARY KEY (content_id, block);
ALTER TABLE dittofs.blocks ALTER data SET STORAGE external;

CREATE UNLOGGED TABLE dittofs.blocks_memory (
	content_id uuid NOT NULL,
	block bigint NOT NULL,
	data bytea NOT NULL,
	ranges bytea,
	cut bigint
) WITH (toast_tuple_target = 8160);
ALTER TABLE dittofs.blocks_memory ADD CONSTRAINT blocks_memory_pkey PRIMARY KEY (content_id, block);
ALTER TABLE dittofs.blocks_memory ALTER data SET STORAGE external;

-- Which life of blocks_memory this is: a crash empties both (src/tables/memory.c).
CREATE UNLOGGED TABLE dittofs.memory_life (
	epoch bigint PRIMARY KEY
);

-- Content without a file, and what was cut off files, for dittofs.reap() to delete
-- in slices.
CREATE TABLE dittofs.reap_queue (
	content_id uuid PRIMARY KEY,
	content text NOT NULL,		-- which table its pages are in; 'cut': see file_id
	queued_at timestamptz NOT NULL DEFAULT now(),
	"position" bigint NOT NULL DEFAULT 0,	-- what lies before it is deleted
	file_id uuid,				-- the file something was cut off; content_id means nothing then
	next_at timestamptz NOT NULL DEFAULT '-infinity',	-- put off until then,
	failures int NOT NULL DEFAULT 0,		-- after so many failures,
	error text								-- of which the last was this
);

-- Shares that were dropped with their files, which dittofs.reap() deletes in slices,
-- directory by directory (src/admin/dropped.c).
CREATE TABLE dittofs.dropped_shares (
	share_id int PRIMARY KEY,
	name text COLLATE "C" NOT NULL,
	dropped_at timestamptz NOT NULL DEFAULT now(),
	swept uuid,					-- inodes up to this one were looked through
	files bool NOT NULL DEFAULT false	-- for files; before that, for directories
);
CREATE TABLE dittofs.dropped_directories (
	id uuid PRIMARY KEY,
	share_id int NOT NULL,
	position bigint NOT NULL,	-- entries up to this cookie are gone
	next_at timestamptz NOT NULL DEFAULT '-infinity',
	failures int NOT NULL DEFAULT 0,
	error text					-- of the last of them
);

-- Bytes and inodes of a share: the sum over its slots.  A backend adds to a
-- slot of its own, so no backend waits for another's commit.
CREATE TABLE dittofs.space_usage (
	share_id int NOT NULL,
	slot int NOT NULL,
	bytes bigint NOT NULL,
	inodes bigint NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE dittofs.space_usage ADD CONSTRAINT space_usage_pkey PRIMARY KEY (share_id, slot);

-- What set_filesystem_capabilities() changed; a share without a row has the defaults.
CREATE TABLE dittofs.filesystem_capabilities (
	share_id int PRIMARY KEY,
	rtmax int NOT NULL,
	rtpref int NOT NULL,
	wtmax int NOT NULL,
	wtpref int NOT NULL,
	dtpref int NOT NULL,
	maxfilesize bigint NOT NULL
);

-- What set_server_config() changed; a key without a row has its default.
CREATE TABLE dittofs.server_config (
	key text PRIMARY KEY,
	value text NOT NULL,
	changed_at timestamptz NOT NULL DEFAULT now()
);

-- Who has mounted what, as clients told (RFC 1813, 5.2.2: advisory).
CREATE TABLE dittofs.mounts (
	client inet NOT NULL,
	path bytea NOT NULL,
	share_id int NOT NULL,
	mounted_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (client, path)
);

-- Replies to changes, for clients that ask again; three tables that take turns
-- (extension/src/ops/replies.c).  A dump leaves them out: who restores one does not
-- go on where the clients were.
CREATE TABLE dittofs.replies_0 (
	key bigint NOT NULL,		-- of a client's address and 64 xids
	xids bigint NOT NULL,		-- a bit for each of them that there is a reply for
	replies bytea NOT NULL		-- when they arrived, on which connection, and what they said
) WITH (autovacuum_enabled = off);
-- Not plain, for which a length takes 4 bytes; they are too short to be moved out.
ALTER TABLE dittofs.replies_0 ALTER replies SET STORAGE external;
CREATE INDEX replies_0_key ON dittofs.replies_0 (key, xids);
CREATE TABLE dittofs.replies_1 (LIKE dittofs.replies_0 INCLUDING STORAGE) WITH (autovacuum_enabled = off);
CREATE INDEX replies_1_key ON dittofs.replies_1 (key, xids);
CREATE TABLE dittofs.replies_2 (LIKE dittofs.replies_0 INCLUDING STORAGE) WITH (autovacuum_enabled = off);
CREATE INDEX replies_2_key ON dittofs.replies_2 (key, xids);
-- The current turn, its begin, and the last look whether it is over; one row.
CREATE TABLE dittofs.replies_turn (
	turn bigint PRIMARY KEY,
	since bigint NOT NULL,
	seen bigint NOT NULL
);
INSERT INTO dittofs.replies_turn VALUES (0, 0, 0);

-- Without these calls pg_dump leaves the rows out.
SELECT pg_catalog.pg_extension_config_dump('dittofs.share_ids', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.file_ids', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.shares', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.files', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.parent_child_map', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.blocks', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.blocks_memory', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.memory_life', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.reap_queue', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.dropped_shares', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.dropped_directories', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.space_usage', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.filesystem_capabilities', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.server_config', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.mounts', '');

CREATE VIEW dittofs.link_counts AS
	SELECT id AS file_id, share_id, fileid, nlink FROM dittofs.files;
