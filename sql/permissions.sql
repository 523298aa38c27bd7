-- SPDX-License-Identifier: PostgreSQL
-- Mode bits: check_permissions() (RFC 1813, 3.3.4), and one class only.
--
-- The owner's bits count for the owner, else the group's for its members, else
-- the others'.  Bits: 1 read, 2 lookup, 4 modify, 8 extend, 16 delete, 32
-- execute.  A bit that is denied is no failure.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/permissions', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', uid => 1000, gid => 100) \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir', uid => 1000, gid => 100) \gset

CREATE FUNCTION pg_temp.bits(granted int) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN granted & 1 > 0 THEN 'r' ELSE '-' END || CASE WHEN granted & 2 > 0 THEN 'l' ELSE '-' END ||
		CASE WHEN granted & 4 > 0 THEN 'm' ELSE '-' END || CASE WHEN granted & 8 > 0 THEN 'e' ELSE '-' END ||
		CASE WHEN granted & 16 > 0 THEN 'd' ELSE '-' END || CASE WHEN granted & 32 > 0 THEN 'x' ELSE '-' END
$$;
CREATE FUNCTION pg_temp.access(handle bytea, mode text, caller dittofs.caller, OUT status text, OUT granted text)
	LANGUAGE plpgsql AS $$
BEGIN
	ASSERT (dittofs.set_file_attributes(handle, mode => t.mode(mode))).status = 0;
	SELECT dittofs.status_name(c.status), pg_temp.bits(c.granted) INTO status, granted
		FROM dittofs.check_permissions(handle, 63, caller) c;
END $$;

-- owner, a member by his first group, one by another, none, root
SELECT m.mode, k.kind, o.granted AS owner, g.granted AS "group", s.granted AS supplementary, t.granted AS other, r.granted AS root
	FROM (VALUES ('0000'), ('0400'), ('0200'), ('0100'), ('0040'), ('0020'), ('0010'), ('0004'), ('0002'), ('0001'), ('0300'), ('0070'), ('0007'), ('0777')) m(mode),
		(VALUES ('file', :'file'::bytea), ('dir', :'dir')) k(kind, handle),
		pg_temp.access(k.handle, m.mode, 'uid=1000 gid=100') o, pg_temp.access(k.handle, m.mode, 'uid=1001 gid=100') g,
		pg_temp.access(k.handle, m.mode, 'uid=1001 gid=1 groups=2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,100') s,
		pg_temp.access(k.handle, m.mode, 'uid=1001 gid=101') t, pg_temp.access(k.handle, m.mode, '') r
	ORDER BY k.kind, m.mode;

-- what was not asked for is not told
SELECT w.wanted, dittofs.status_name(c.status), (dittofs.attributes(c.attributes)).kind, c.granted
	FROM (VALUES (0), (1), (2), (63), (-1), (NULL)) w(wanted), dittofs.check_permissions(:'dir', w.wanted) c;

SELECT dittofs.status_name(status) AS "BADHANDLE", attributes, granted FROM dittofs.check_permissions('x', 63);
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT dittofs.status_name(status) AS "STALE", attributes, granted FROM dittofs.check_permissions(:'file', 63);

-- a caller who is nobody has no access at all
SELECT dittofs.status_name(status) FROM dittofs.get_file(:'root', NULL);
SELECT dittofs.status_name(status) FROM dittofs.check_permissions(:'root', 63, NULL);

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/permissions', force => true);
