-- SPDX-License-Identifier: PostgreSQL
-- What clients of NFSv4 have open, and their lock owners (src/tables/states4.c).
--
-- The locks themselves are the file's, as those of NLM are (67-locks.sql).

-- Ids are never used again.  No cache: a later one is a greater one, in whatever session.
CREATE SEQUENCE dittofs.nfs4_state_ids AS bigint NO CYCLE CACHE 1;

CREATE TABLE dittofs.nfs4_states (
	client_id bigint NOT NULL,
	id bigint NOT NULL,
	salt int NOT NULL,			-- a stateid is not to be guessed
	seqid int NOT NULL,			-- a bit pattern of 32 bits without a sign
	file_id uuid NOT NULL,
	share_id int NOT NULL,
	open_id bigint NOT NULL,	-- of a lock owner: its open; 0: this is an open
	access int NOT NULL,		-- these two: 1 reading, 2 writing
	deny int NOT NULL,
	modes int NOT NULL,			-- a bit for each access << 2 | deny that an OPEN had; 1 << 16: it has had owners of locks
	owner bytea NOT NULL,
	owner_key bigint NOT NULL,	-- a hash of it
	since timestamptz NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE dittofs.nfs4_states ADD CONSTRAINT nfs4_states_pkey PRIMARY KEY (client_id, id);

-- The same states, by file.
CREATE TABLE dittofs.nfs4_file_states (
	file_id uuid NOT NULL,
	client_id bigint NOT NULL,
	owner_key bigint NOT NULL,
	id bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE dittofs.nfs4_file_states ADD CONSTRAINT nfs4_file_states_pkey PRIMARY KEY (file_id, client_id, owner_key, id);

-- Files without a name, which are kept until they are closed.
CREATE TABLE dittofs.nfs4_unlinked_files (
	file_id uuid NOT NULL,
	share_id int NOT NULL
);
ALTER TABLE dittofs.nfs4_unlinked_files ADD CONSTRAINT nfs4_unlinked_files_pkey PRIMARY KEY (file_id);

-- As in 59-guard-tables.sql
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.nfs4_states
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
ALTER TABLE dittofs.nfs4_states ENABLE ALWAYS TRIGGER guard_truncate;
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.nfs4_file_states
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
ALTER TABLE dittofs.nfs4_file_states ENABLE ALWAYS TRIGGER guard_truncate;
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.nfs4_unlinked_files
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
ALTER TABLE dittofs.nfs4_unlinked_files ENABLE ALWAYS TRIGGER guard_truncate;

-- A dump has no clients of NFSv4, so it has nothing that they have open.
SELECT pg_catalog.pg_extension_config_dump('dittofs.nfs4_state_ids', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.nfs4_unlinked_files', '');

-- A path of each file that has locks: one look at all entries finds their names, and
-- their directories are found through their parents.
CREATE VIEW dittofs.locks AS
	WITH RECURSIVE locked AS MATERIALIZED (
		SELECT l.file_id, s.name AS share, f.locks
			FROM dittofs.locked_files l JOIN dittofs.files f ON f.id = l.file_id
			JOIN dittofs.shares s ON s.share_id = l.share_id WHERE f.locks IS NOT NULL
	), named AS (
		SELECT DISTINCT ON (l.file_id) l.file_id, d.parent_id, '/' || dittofs.name_to_text(d.name) AS path
			FROM locked l JOIN dittofs.parent_child_map d ON d.child_id = l.file_id
			ORDER BY l.file_id, d.parent_id, d.cookie
	), up AS (
		SELECT n.file_id, n.parent_id AS id, n.path, 0 AS depth FROM named n
		UNION ALL
		SELECT up.file_id, p.parent_id, '/' || dittofs.name_to_text(d.name) || up.path, up.depth + 1
			FROM up JOIN dittofs.files p ON p.id = up.id AND p.parent_id <> p.id
			JOIN dittofs.parent_child_map d ON d.parent_id = p.parent_id AND d.child_id = p.id
			WHERE up.depth < 100000
	), paths AS (
		SELECT DISTINCT ON (up.file_id) up.file_id, up.path FROM up ORDER BY up.file_id, up.depth DESC
	)
	SELECT l.share, l.share || p.path AS path, coalesce(dittofs.name_to_text(n.owner), c.name) AS client, c.address, u.owner, u.range_start, u.range_end,
		u.kind, u.state, u.since
	FROM locked l CROSS JOIN LATERAL dittofs.unpack_locks(l.locks) u
		JOIN dittofs.lock_clients c ON c.id = u.client_id AND c.life = u.life
		-- a client of NFSv4 has its number for a name there
		LEFT JOIN dittofs.nfs4_clients n ON c.protocol = 'nfs4' AND n.client_id::text = c.name
		LEFT JOIN paths p ON p.file_id = l.file_id
	ORDER BY l.share, p.path, u.range_start, u.since;

-- The same way to paths; a file that was removed has none.
CREATE VIEW dittofs.opens AS
	WITH RECURSIVE opened AS MATERIALIZED (
		SELECT s.*, f.nlink FROM dittofs.nfs4_states s LEFT JOIN dittofs.files f ON f.id = s.file_id WHERE s.open_id = 0
	), named AS (
		SELECT DISTINCT ON (d.child_id) d.child_id AS file_id, d.parent_id, '/' || dittofs.name_to_text(d.name) AS path
			FROM dittofs.parent_child_map d WHERE d.child_id IN (SELECT file_id FROM opened)
			ORDER BY d.child_id, d.parent_id, d.cookie
	), up AS (
		SELECT n.file_id, n.parent_id AS id, n.path, 0 AS depth FROM named n
		UNION ALL
		SELECT up.file_id, p.parent_id, '/' || dittofs.name_to_text(d.name) || up.path, up.depth + 1
			FROM up JOIN dittofs.files p ON p.id = up.id AND p.parent_id <> p.id
			JOIN dittofs.parent_child_map d ON d.parent_id = p.parent_id AND d.child_id = p.id
			WHERE up.depth < 100000
	), paths AS (
		SELECT DISTINCT ON (up.file_id) up.file_id, up.path FROM up ORDER BY up.file_id, up.depth DESC
	)
	SELECT h.name AS share, h.name || p.path AS path, dittofs.name_to_text(c.owner) AS client, c.address, o.client_id,
		o.owner, (array['read', 'write', 'both'])[o.access] AS access, (array['none', 'read', 'write', 'both'])[o.deny + 1] AS deny,
		o.nlink = 0 AS removed, o.since
	FROM opened o JOIN dittofs.shares h ON h.share_id = o.share_id
		LEFT JOIN dittofs.nfs4_clients c ON c.client_id = o.client_id
		LEFT JOIN paths p ON p.file_id = o.file_id
	ORDER BY h.name, p.path, o.since, o.id;

-- A client of NFSv3 is an address that has mounted something, one of NFSv4 a record.
CREATE VIEW dittofs.clients AS
	SELECT m.client, '3'::text AS version, NULL::text AS name, NULL::bigint AS client_id,
		m.mounts, m.paths, m.last_mounted_at, NULL::bigint AS sessions, NULL::bigint AS opens,
		coalesce((SELECT sum(k.locks)::bigint FROM dittofs.lock_clients k
			WHERE k.address = m.client AND k.protocol = 'nlm'), 0) AS locks,
		NULL::text AS lease, NULL::timestamptz AS seen_at, NULL::text AS implementation
	FROM (SELECT client, count(*) AS mounts, array_agg(dittofs.name_to_text(path) ORDER BY path) AS paths,
			max(mounted_at) AS last_mounted_at FROM dittofs.mounts GROUP BY client) m
	UNION ALL
	SELECT c.address, '4.' || c.minor, dittofs.name_to_text(c.owner), c.client_id,
		NULL, NULL, NULL, (SELECT count(*) FROM dittofs.nfs4_sessions s WHERE s.client_id = c.client_id),
		(SELECT count(*) FROM dittofs.nfs4_states o WHERE o.client_id = c.client_id AND o.open_id = 0),
		coalesce(n.locks, 0),
		CASE WHEN c.state <> 'confirmed' THEN c.state
			WHEN k.served - l.renewed > t.lease + 2 * greatest(t.lease / 6, 1) THEN 'expired' ELSE 'active' END,
		l.seen_at, c.implementation
	FROM dittofs.nfs4_clients c LEFT JOIN dittofs.nfs4_leases l USING (client_id)
		LEFT JOIN dittofs.nfs4_clock k ON true
		LEFT JOIN (SELECT name, sum(locks)::bigint AS locks FROM dittofs.lock_clients WHERE protocol = 'nfs4' GROUP BY name) n
			ON n.name = c.client_id::text
		CROSS JOIN (SELECT coalesce((SELECT value::bigint FROM dittofs.server_config
			WHERE key = 'nfs4_lease_time'), 90) AS lease) t;
