-- SPDX-License-Identifier: PostgreSQL
-- fsck() and fsck_repair(): extended attributes.
\set ECHO none
\i test/fsck.sql
SELECT dittofs.setxattr('/fsck/d/f', 'a', 'one'), dittofs.setxattr('/fsck/d/f', 'b', 'two'), dittofs.setxattr('/fsck/d', 'a', 'three') \gset scene_
CREATE OR REPLACE VIEW t.state AS
	SELECT concat_ws(' ', x.file_id, encode(x.name, 'escape'), encode(x.value, 'escape'), x.cookie) AS line FROM dittofs.extended_attributes x
	UNION ALL
	SELECT concat_ws(' ', f.id, 'xattrs', f.xattrs) FROM dittofs.files f JOIN t.scene c ON c.id = f.id WHERE f.xattrs IS NOT NULL
	UNION ALL
	SELECT concat_ws(' ', 'usage', s.name, sum(bytes), sum(inodes))
		FROM dittofs.shares s JOIN dittofs.space_usage u USING (share_id) GROUP BY s.name;
\pset format unaligned
\pset tuples_only true
\set ECHO all

SELECT * FROM t.violations;
SELECT * FROM t.broken('a wrong count', $$UPDATE dittofs.files SET xattrs = 1 WHERE id = t.id('/fsck/d/f')$$);
SELECT * FROM t.broken('attributes that are not counted', $$UPDATE dittofs.files SET xattrs = NULL WHERE id = t.id('/fsck/d')$$);
SELECT * FROM t.broken('attributes that are not there', $$DELETE FROM dittofs.extended_attributes WHERE file_id = t.id('/fsck/d/f')$$);
SELECT * FROM t.broken('one of them is gone', $$DELETE FROM dittofs.extended_attributes WHERE file_id = t.id('/fsck/d/f') AND name = 'b'$$);
SELECT * FROM t.broken('attributes of nothing', $$INSERT INTO dittofs.extended_attributes VALUES ('00000000-0000-0000-0000-000000000001', 1, 'a', 'x')$$);
SELECT * FROM t.broken('a name twice', $$INSERT INTO dittofs.extended_attributes VALUES (t.id('/fsck/d/f'), 7, 'a', 'x')$$);
SELECT * FROM t.broken('no name, and one that is none', $$INSERT INTO dittofs.extended_attributes VALUES (t.id('/fsck/d/f'), 7, '', 'x'), (t.id('/fsck/d/f'), 8, '\x6100', 'x')$$);
SELECT * FROM t.broken('no place in the listing', $$UPDATE dittofs.extended_attributes SET cookie = -cookie WHERE file_id = t.id('/fsck/d/f')$$);
SELECT * FROM t.broken('of what can have none',
	$$UPDATE dittofs.files SET xattrs = 2 WHERE id = t.id('/fsck/e/s')$$, $$INSERT INTO dittofs.extended_attributes VALUES (t.id('/fsck/e/s'), 1, 'a', 'x')$$);
SELECT * FROM t.broken('a negative count', $$UPDATE dittofs.files SET xattrs = -5 WHERE id = t.id('/fsck/d')$$);

SELECT * FROM t.violations;
SELECT dittofs.drop_share(name, force => true) FROM dittofs.list_shares() WHERE name LIKE '/fsck%';
SELECT dittofs.reap(1000) > 0 AS reaped;
SET client_min_messages = warning;
DROP TABLE t.scene CASCADE;
