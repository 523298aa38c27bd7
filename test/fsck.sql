-- SPDX-License-Identifier: PostgreSQL
-- test/fsck.sql: a scene to break, for the tests of fsck() and fsck_repair().
--
--	t.id(path)		the inode of a path of the scene, as it was made
--	t.broken(what, statements...)
--					runs the statements, which break something, then fsck(),
--					fsck_repair(), fsck() again, and undoes it all.  Rows: what
--					each of them said, and how the scene differs from what it
--					was (- before, + after the repair)
--
-- Ids and numbers that differ between runs are shown as the paths they stand for.

\i test/check.sql
SET client_min_messages = warning;
SET jit = off;

SELECT dittofs.create_share('/fsck', squash => 'none') AS root \gset
SELECT dittofs.create_share('/fsck2') AS root2 \gset
SELECT dittofs.mkdir('/fsck/d'), dittofs.mkdir('/fsck/d/sub'), dittofs.mkdir('/fsck/e'),
	dittofs.write_file('/fsck/d/f', convert_to(repeat('content.', 25000), 'UTF8')),
	dittofs.ln('/fsck/d/f', '/fsck/d/g'), dittofs.write_file('/fsck/d/sub/h', 'h'),
	dittofs.symlink('target', '/fsck/e/s') \gset scene_
SELECT pg_sleep(0.002) \gset scene_
SELECT dittofs.create_special_file(dittofs.resolve('/fsck/e'), 'c', 'character', 1, 3),
	dittofs.create_special_file(dittofs.resolve('/fsck/e'), 'p', 'fifo') \gset scene_

SELECT dittofs.reap() \gset scene_

CREATE TABLE t.scene AS
	SELECT path, encode(substr(dittofs.resolve(path), 18), 'hex')::uuid AS id
		FROM (SELECT '/fsck' AS path
			UNION ALL SELECT '/fsck' || s.path FROM t.tree('/fsck') s WHERE s.path NOT IN ('/', '/d/g')
			UNION ALL SELECT '/fsck2') p;
ALTER TABLE t.scene ADD fileid bigint, ADD share_id int, ADD content text;
UPDATE t.scene s SET fileid = f.fileid, share_id = f.share_id FROM dittofs.files f WHERE f.id = s.id;
UPDATE t.scene s SET content = (SELECT md5(string_agg(b.data, '' ORDER BY b.block)) FROM dittofs.blocks b WHERE b.content_id = s.id);

CREATE OR REPLACE FUNCTION t.id(path text) RETURNS uuid LANGUAGE sql STABLE AS 'SELECT s.id FROM t.scene s WHERE s.path = $1';

CREATE OR REPLACE FUNCTION t.readable(line text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT * FROM t.scene LOOP
		line := replace(line, s.id::text, '{' || s.path || '}');
		line := regexp_replace(line, '(#|\m' || s.share_id || '\.|fileid, )' || s.fileid || '\M', '\1{' || s.path || '}', 'g');
	END LOOP;
	FOR s IN SELECT * FROM t.scene WHERE path ~ '^/[^/]*$' LOOP
		line := regexp_replace(line, '(: )' || s.share_id || '(\.|:|$)', '\1{' || s.path || '}\2', 'gn');
	END LOOP;
	line := regexp_replace(line, '(inode \{.*\} is now )\d+$|\m1\d{6}\M', '\1{new}', 'gn');
	RETURN regexp_replace(line, '\m01[0-9a-f]{6}-[0-9a-f-]+', '{new}', 'g');
END
$$;

CREATE VIEW t.state AS
	SELECT concat_ws(' ', s.name || e.path, e.kind, e.mode, 'nlink', e.nlink, 'owner', e.uid || ':' || e.gid, 'size', e.size) AS line
		FROM dittofs.shares s, t.tree(s.name) e
	UNION ALL
	SELECT concat_ws(' ', 'inode', f.id, 'kind', f.kind, 'used', f.used, 'content', (SELECT CASE WHEN c.content IS NOT DISTINCT FROM md5(string_agg(b.data, '' ORDER BY b.block))
				THEN 'as it was' ELSE 'changed' END FROM dittofs.blocks b WHERE b.content_id = coalesce(f.content_id, f.id)),
			'target', encode(f.target, 'escape'), 'rdev', f.rdev, 'parent', f.parent_id)
		FROM dittofs.files f JOIN t.scene c ON c.id = f.id
	UNION ALL
	SELECT concat_ws(' ', 'queued', content_id, content) FROM dittofs.reap_queue
	UNION ALL
	SELECT concat_ws(' ', 'usage', s.name, sum(bytes), sum(inodes))
		FROM dittofs.shares s JOIN dittofs.space_usage u USING (share_id) GROUP BY s.name
	UNION ALL
	SELECT concat_ws(' ', 'entry', parent_id, encode(name, 'escape')) FROM dittofs.parent_child_map
		WHERE fileid NOT IN (SELECT fileid FROM dittofs.files);

CREATE OR REPLACE FUNCTION t.broken(what text, VARIADIC statements text[]) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
DECLARE
	statement text;
	before text[] := array(SELECT s.line FROM t.state s);
	lines text[];
BEGIN
	BEGIN
		FOREACH statement IN ARRAY statements LOOP
			EXECUTE statement;
		END LOOP;
		lines := array(SELECT '1 fsck:   ' || v.rule || ': ' || v.object FROM dittofs.fsck() v);
		lines := lines || array(SELECT CASE WHEN r.action LIKE 'not repaired%' THEN '3' ELSE '2' END ||
			' repair: ' || r.rule || ': ' || r.object || ': ' || r.action FROM dittofs.fsck_repair() r);
		lines := lines || array(SELECT '4 left:   ' || v.rule || ': ' || v.object FROM dittofs.fsck() v);
		lines := lines || array(SELECT '5 - ' || u.line FROM (SELECT unnest(before) AS line EXCEPT ALL SELECT s.line FROM t.state s) u);
		lines := lines || array(SELECT '5 + ' || u.line FROM (SELECT s.line FROM t.state s EXCEPT ALL SELECT unnest(before)) u);
		RAISE EXCEPTION USING ERRCODE = 'DF000', MESSAGE = 'undo';
	EXCEPTION WHEN SQLSTATE 'DF000' THEN
		NULL;
	END;
	RETURN QUERY SELECT '*** ' || what;
	RETURN QUERY SELECT substr(l.line, 3) FROM (
			SELECT unnest(string_to_array(t.readable(array_to_string(lines, E'\n')), E'\n')) AS line) l
		ORDER BY l.line LIKE '5%', CASE WHEN l.line LIKE '5%' THEN substr(l.line, 5) END COLLATE "C", l.line COLLATE "C";
END
$$;
