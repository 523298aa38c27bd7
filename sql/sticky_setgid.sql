-- SPDX-License-Identifier: PostgreSQL
-- Two bits of directories: sticky (who may remove), set-gid (who owns).
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/sticky', root_mode => '0777') AS root \gset

-- Sticky, as /tmp: only the entry's owner, the directory's, or root removes,
-- renames or replaces it; others: PERM
SELECT handle AS tmp FROM dittofs.create_directory(:'root', 'tmp', mode => t.mode('1777'), uid => 500, gid => 500) \gset
SELECT count(*) FROM (VALUES ('a'), ('b'), ('c'), ('d')) n(name), dittofs.create_file(:'tmp', convert_to(n.name, 'UTF8'), 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'tmp', 'dir', 'uid=1000 gid=100', mode => t.mode('0777'));
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'tmp', 'mine', 'uid=1001 gid=101');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'tmp', 'mydir', 'uid=1001 gid=101');
SELECT dittofs.status_name(r.status) AS remove, dittofs.status_name(d.status) AS rmdir, dittofs.status_name(m.status) AS move,
		dittofs.status_name(o.status) AS "move out", dittofs.status_name(p.status) AS replace, dittofs.status_name(q.status) AS "replace dir",
		r.wcc IS NOT NULL AND d.wcc IS NOT NULL AND m.from_wcc IS NOT NULL AS wcc
	FROM dittofs.remove_file(:'tmp', 'a', 'uid=1001 gid=101') r, dittofs.remove_directory(:'tmp', 'dir', 'uid=1001 gid=101') d,
		dittofs.move(:'tmp', 'a', :'tmp', 'x', 'uid=1001 gid=101') m, dittofs.move(:'tmp', 'a', :'root', 'x', 'uid=1001 gid=101') o,
		dittofs.move(:'tmp', 'mine', :'tmp', 'a', 'uid=1001 gid=101') p, dittofs.move(:'tmp', 'mydir', :'tmp', 'dir', 'uid=1001 gid=101') q;
-- what one may do to a file is another matter
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link((SELECT handle FROM dittofs.lookup(:'tmp', 'a')), :'tmp', 'link', 'uid=1001 gid=101');
SELECT dittofs.status_name(r.status) AS entry_owner FROM dittofs.remove_file(:'tmp', 'a', 'uid=1000 gid=100') r;
SELECT dittofs.status_name(r.status) AS dir_owner FROM dittofs.remove_file(:'tmp', 'b', 'uid=500 gid=1') r;
SELECT dittofs.status_name(r.status) AS root FROM dittofs.remove_file(:'tmp', 'c') r;
SELECT dittofs.status_name(r.status) AS replace_own FROM dittofs.move(:'tmp', 'd', :'tmp', 'd2', 'uid=1000 gid=100') r;
SELECT dittofs.status_name(r.status) AS rmdir_own FROM dittofs.remove_directory(:'tmp', 'mydir', 'uid=1001 gid=101') r;

-- Set-gid: children get the directory's group, subdirectories the bit too
SELECT handle AS team FROM dittofs.create_directory(:'root', 'team', mode => t.mode('2777'), uid => 500, gid => 500) \gset
SELECT dittofs.status_name(f.status) AS file, dittofs.status_name(d.status) AS dir, dittofs.status_name(s.status) AS symlink, dittofs.status_name(p.status) AS fifo
	FROM dittofs.create_file(:'team', 'file', 'uid=1000 gid=100') f, dittofs.create_directory(:'team', 'dir', 'uid=1000 gid=100', mode => t.mode('0755')) d,
		dittofs.create_symlink(:'team', 'symlink', 'x', 'uid=1000 gid=100') s, dittofs.create_special_file(:'team', 'fifo', 'fifo', caller => 'uid=1000 gid=100') p;
SELECT dittofs.status_name(status) AS rootfile FROM dittofs.create_file(:'team', 'root');
SELECT dittofs.status_name(status) AS rootfile FROM dittofs.create_file(:'team', 'root-chosen', gid => 7);
SELECT dittofs.status_name(status) AS exclusive FROM dittofs.create_file(:'team', 'exclusive', 'uid=1000 gid=100', how => 'exclusive', verifier => '\x0000000000000001');
-- a program that runs with a group is not made by somebody who is not in it
SELECT n.name, dittofs.status_name(c.status)
	FROM (VALUES ('not in it', 'uid=1000 gid=100', '2755'), ('not executable', 'uid=1000 gid=100', '2745'), ('in it', 'uid=1000 gid=100 groups=500', '2755'), ('by root', '', '6755')) n(name, caller, mode),
		dittofs.create_file(:'team', convert_to(n.name, 'UTF8'), n.caller::dittofs.caller, mode => t.mode(n.mode)) c;
-- without it the group is the caller's
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'own', 'uid=1000 gid=100', mode => t.mode('6755'));
-- a file that moves keeps what it has
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'own', :'team', 'own');

SELECT * FROM t.tree('/sticky');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/sticky', force => true);
