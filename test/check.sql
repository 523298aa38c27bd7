-- SPDX-License-Identifier: PostgreSQL
-- test/check.sql: what SQL tests share, in schema t.
--
--	t.violations	what must always hold between the tables and does not
--					(dittofs.fsck()): no rows is right
--	t.tree(share)	all entries of a share, as text that is the same in every run
--	t.mode(text)	a mode from the way people write it, t.octal(int) back
--
-- It may be loaded any number of times.  What earlier tests have dropped or removed, and
-- the background pass has not deleted yet, goes first, so that each begins alike.

SET client_min_messages = warning;

-- In a gateway's session what a call deletes is not seen by the next before the commit.
BEGIN;
SET LOCAL dittofs.gateway = off;
DO $$
BEGIN
	WHILE NOT pg_is_in_recovery() AND dittofs.reap(1000000) > 0 LOOP
	END LOOP;
END
$$;
COMMIT;

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

-- Pages of both tables, and the files they are of.
CREATE OR REPLACE VIEW t.content AS
	SELECT f.id, f.size, f.used, b.block, length(b.data) AS length
		FROM dittofs.files f
		JOIN dittofs.blocks b ON b.content_id = coalesce(f.content_id, f.id)
	UNION ALL
	SELECT f.id, f.size, f.used, b.block, length(b.data)
		FROM dittofs.files f
		JOIN dittofs.blocks_memory b ON b.content_id = coalesce(f.content_id, f.id);

CREATE OR REPLACE VIEW t.violations AS SELECT * FROM dittofs.fsck();

RESET client_min_messages;
