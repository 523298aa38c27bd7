-- SPDX-License-Identifier: PostgreSQL
-- User and group ids have 32 bits without a sign: 4294967294 is nobody on many
-- systems.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/ids', squash => 'all', anonuid => 4294967294, anongid => 4294967295, root_uid => 2147483648, root_gid => 4294967295, root_mode => '0770') AS root \gset
SELECT a.uid, a.gid FROM dittofs.get_file(:'root') g, dittofs.attributes(g.attributes) a;

-- as caller and owner: who is who is decided on all bits
SELECT c.caller, dittofs.status_name(f.status), a.uid, a.gid
	FROM (VALUES (1, 'uid=2147483648 gid=1'), (2, 'uid=4294967294 gid=4294967295'), (3, 'uid=1 gid=1 groups=4294967295'), (4, 'uid=2147483647 gid=4294967294'), (5, 'uid=0 gid=4294967295')) c(i, caller),
		dittofs.create_file(:'root', convert_to('by ' || c.i, 'UTF8'), c.caller::dittofs.caller) f, dittofs.attributes(f.attributes) a
	ORDER BY c.i;
-- the squashed caller is 4294967294 in group 4294967295
SELECT dittofs.status_name(c.status), a.uid, a.gid FROM dittofs.create_file(:'root', 'squashed', 'uid=5 gid=5 client=10.0.0.1') c, dittofs.attributes(c.attributes) a;
-- as attributes
SELECT n.id, dittofs.status_name(s.status), a.uid, a.gid
	FROM (VALUES (0), (2147483647), (2147483648), (4294967294), (4294967295)) n(id),
		dittofs.lookup(:'root', 'squashed') l, dittofs.set_file_attributes(l.handle, uid => n.id, gid => n.id) s, dittofs.attributes(dittofs.after(s.wcc)) a;
SELECT dittofs.status_name(c.status), a.uid, a.gid FROM dittofs.create_directory(:'root', 'dir', uid => 4294967295, gid => 4294967294) c, dittofs.attributes(c.attributes) a;
SELECT dittofs.status_name(c.status), a.uid, a.gid FROM dittofs.create_symlink(:'root', 'link', 'x', uid => 4294967295, gid => 4294967294) c, dittofs.attributes(c.attributes) a;
-- 4294967295 is -1, which chown() takes for "as it is": here it is an id like others
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes((SELECT handle FROM dittofs.lookup(:'root', 'dir')), 'uid=4294967295', mode => 0);
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes((SELECT handle FROM dittofs.lookup(:'root', 'dir')), 'uid=4294967294', mode => 0);

SELECT * FROM t.tree('/ids');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/ids', force => true);
