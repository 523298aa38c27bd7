-- SPDX-License-Identifier: PostgreSQL
-- Squashing: as whom a network client acts (root, all, none).
--
-- Who is squashed is the anonymous user with the anonymous group and no other,
-- for checks and for what he makes.  Local callers are never squashed.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/squash', squash => 'root', anonuid => 4294967294, anongid => 77, root_mode => '0777') AS root \gset

CREATE FUNCTION pg_temp.makes(root bytea, caller dittofs.caller, OUT status text, OUT uid bigint, OUT gid bigint)
	LANGUAGE plpgsql AS $$
DECLARE
	r dittofs.create_result := dittofs.create_file(root, 'f', caller);
BEGIN
	status := dittofs.status_name(r.status);
	uid := (dittofs.attributes(r.attributes)).uid;
	gid := (dittofs.attributes(r.attributes)).gid;
	PERFORM dittofs.remove_file(root, 'f');
END $$;
CREATE TEMP VIEW callers AS
	SELECT * FROM (VALUES (1, 'uid=0 gid=0 client=10.0.0.1'), (2, 'uid=1000 gid=100 client=10.0.0.1'), (3, 'uid=1000 gid=0 client=10.0.0.1'),
		(4, 'uid=0 gid=0 auth=none client=10.0.0.1'), (5, 'uid=0 gid=0'), (6, 'uid=1000 gid=100')) c(i, caller);

-- root only, and the root group whoever claims it
SELECT c.caller, r.* FROM pg_temp.callers c, pg_temp.makes(:'root', c.caller::dittofs.caller) r ORDER BY c.i;
SELECT dittofs.alter_share('/squash', squash => 'all', allow_auth_none => true);
SELECT c.caller, r.* FROM pg_temp.callers c, pg_temp.makes(:'root', c.caller::dittofs.caller) r ORDER BY c.i;
SELECT dittofs.alter_share('/squash', squash => 'none');
SELECT c.caller, r.* FROM pg_temp.callers c, pg_temp.makes(:'root', c.caller::dittofs.caller) r ORDER BY c.i;

-- what a squashed root may do is what the anonymous user may
SELECT dittofs.alter_share('/squash', squash => 'root');
SELECT handle AS rootfile FROM dittofs.create_file(:'root', 'rootfile', mode => t.mode('0600')) \gset
SELECT handle AS anonfile FROM dittofs.create_file(:'root', 'anonfile', mode => t.mode('0600'), uid => 4294967294, gid => 77) \gset
SELECT f.name, dittofs.status_name(r.status) AS read, dittofs.status_name(w.status) AS write, dittofs.status_name(m.status) AS chmod,
		dittofs.status_name(o.status) AS chown, a.granted
	FROM (VALUES ('root''s', :'rootfile'::bytea), ('anonymous''', :'anonfile')) f(name, handle),
		dittofs.read(f.handle, 0, 10, 'uid=0 client=10.0.0.1') r, dittofs.write(f.handle, 0, 'x', caller => 'uid=0 client=10.0.0.1') w,
		dittofs.set_file_attributes(f.handle, 'uid=0 client=10.0.0.1', mode => t.mode('0600')) m,
		dittofs.set_file_attributes(f.handle, 'uid=0 client=10.0.0.1', uid => 0) o,
		dittofs.check_permissions(f.handle, 63, 'uid=0 client=10.0.0.1') a;
SELECT dittofs.status_name(status) AS "PERM" FROM dittofs.create_special_file(:'root', 'device', 'block', 1, 1, 'uid=0 client=10.0.0.1');
-- ids in the call are not taken from him either
SELECT dittofs.status_name(status), a.uid, a.gid
	FROM dittofs.create_file(:'root', 'given', 'uid=0 gid=0 groups=0,5 client=10.0.0.1', uid => 0, gid => 0) c, dittofs.attributes(c.attributes) a;

-- a root group among the supplementary ones is none
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'rootfile', mode => t.mode('0060'));
SELECT c.caller, dittofs.status_name(r.status)
	FROM (VALUES ('uid=1000 gid=100 groups=0 client=10.0.0.1'), ('uid=1000 gid=100 groups=4,0,5 client=10.0.0.1'), ('uid=1000 gid=0 client=10.0.0.1'), ('uid=1000 gid=100 groups=4,0,5')) c(caller),
		dittofs.read(:'rootfile', 0, 10, c.caller::dittofs.caller) r;
-- the others stay
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'rootfile', gid => 5);
SELECT dittofs.status_name(status) FROM dittofs.read(:'rootfile', 0, 10, 'uid=1000 gid=100 groups=4,0,5 client=10.0.0.1');
SELECT dittofs.alter_share('/squash', squash => 'all');
SELECT dittofs.status_name(status) FROM dittofs.read(:'rootfile', 0, 10, 'uid=1000 gid=100 groups=4,0,5 client=10.0.0.1');

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/squash', force => true);
