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
	modes int NOT NULL,			-- a bit for each access << 2 | deny that an OPEN had
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

SELECT pg_catalog.pg_extension_config_dump('dittofs.nfs4_state_ids', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.nfs4_states', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.nfs4_file_states', '');
SELECT pg_catalog.pg_extension_config_dump('dittofs.nfs4_unlinked_files', '');
