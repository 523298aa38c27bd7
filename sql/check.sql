-- t.violations, with which most tests end, finds what it is there to find.
--
-- Each rule is broken on purpose, by changing the tables, in a transaction
-- that is rolled back.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/check', root_mode => t.mode('0777')) AS root \gset
SELECT dittofs.create_share('/check-other') AS other \gset
SELECT handle AS a FROM dittofs.create_directory(:'root', 'a') \gset
SELECT handle AS b FROM dittofs.create_directory(:'a', 'b') \gset
SELECT handle AS file FROM dittofs.create_file(:'b', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, convert_to(repeat('x', 140000), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'file', :'a', 'link');
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'a', 'symlink', 'file');
SELECT dittofs.status_name(status) FROM dittofs.create_special_file(:'a', 'device', 'block', 1, 2);
SELECT * FROM t.violations;

CREATE FUNCTION pg_temp.uuid(handle bytea) RETURNS uuid LANGUAGE sql AS $$ SELECT encode(substr(handle, 18), 'hex')::uuid $$;
CREATE FUNCTION pg_temp.broken(damage text, a uuid, b uuid, file uuid, OUT rules text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE damage USING a, b, file;
	SELECT string_agg(DISTINCT rule, '; ') INTO rules FROM t.violations;
	RAISE EXCEPTION USING errcode = 'UND00';
EXCEPTION WHEN SQLSTATE 'UND00' THEN
	NULL;
END $$;
SELECT d.damage, pg_temp.broken(d.damage, pg_temp.uuid(:'a'), pg_temp.uuid(:'b'), pg_temp.uuid(:'file')) AS rules
	FROM (VALUES
		(1, 'UPDATE dittofs.files SET nlink = 1 WHERE id = $3'),
		(2, 'UPDATE dittofs.files SET nlink = nlink + 1 WHERE id = $1'),
		(3, 'DELETE FROM dittofs.parent_child_map WHERE child_id = $3'),
		(4, 'DELETE FROM dittofs.parent_child_map WHERE child_id = $2'),
		(5, 'DELETE FROM dittofs.files WHERE id = $3'),
		(6, 'UPDATE dittofs.files SET parent_id = $2 WHERE id = $2'),
		(7, 'UPDATE dittofs.files SET parent_id = NULL WHERE id = $2'),
		(8, 'UPDATE dittofs.parent_child_map SET parent_id = $2 WHERE child_id = $1'),
		(9, 'UPDATE dittofs.parent_child_map SET fileid = fileid + 1000000 WHERE child_id = $3'),
		(10, 'UPDATE dittofs.parent_child_map SET name = ''a/b'' WHERE child_id = $2'),
		(11, 'UPDATE dittofs.parent_child_map SET name = '''' WHERE child_id = $2'),
		(12, 'UPDATE dittofs.parent_child_map SET name = ''link'' WHERE name = ''symlink'''),
		(13, 'UPDATE dittofs.parent_child_map SET cookie = 2 WHERE child_id = $2'),
		(14, 'UPDATE dittofs.files SET used = used - 1 WHERE id = $3'),
		(15, 'UPDATE dittofs.files SET size = 139999 WHERE id = $3'),
		(16, 'UPDATE dittofs.files SET size = 131072 WHERE id = $3'),
		(17, 'DELETE FROM dittofs.blocks WHERE content_id = $3 AND block = 0'),
		(18, 'UPDATE dittofs.blocks SET content_id = $1 WHERE content_id = $3 AND block = 1'),
		(19, 'UPDATE dittofs.blocks SET content_id = gen_random_uuid() WHERE content_id = $3 AND block = 1'),
		(20, 'INSERT INTO dittofs.reap_queue (content_id, content) VALUES ($3, ''postgres'')'),
		(21, 'UPDATE dittofs.space_usage SET bytes = bytes + 1 WHERE inodes > 1'),
		(22, 'UPDATE dittofs.space_usage SET inodes = inodes + 1 WHERE inodes > 1'),
		(23, 'DELETE FROM dittofs.space_usage'),
		(24, 'UPDATE dittofs.files SET uid = -1 WHERE id = $3'),
		(25, 'UPDATE dittofs.files SET kind = 8 WHERE id = $3'),
		(26, 'UPDATE dittofs.files SET target = ''x'' WHERE id = $3'),
		(27, 'UPDATE dittofs.files SET size = 7 WHERE kind = 5'),
		(28, 'UPDATE dittofs.files SET verifier = ''short'' WHERE id = $3'),
		(29, 'UPDATE dittofs.files SET fileid = (SELECT fileid FROM dittofs.files WHERE id = $1) WHERE id = $2'),
		(30, 'UPDATE dittofs.files SET share_id = share_id + 1 WHERE id = $3'),
		(31, 'UPDATE dittofs.files SET share_id = -1 WHERE id = $3'),
		(32, 'DELETE FROM dittofs.shares WHERE name = ''/check'''),
		(33, 'UPDATE dittofs.shares SET root_id = $1 WHERE name = ''/check''')) d(i, damage)
	ORDER BY d.i \gx

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/check', force => true), dittofs.drop_share('/check-other');
