-- SPDX-License-Identifier: PostgreSQL
-- Attributes: set_file_attributes() (RFC 1813, 3.3.2; POSIX chmod(), chown()).
--
-- All of them are set, or none: everything is checked first.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/setattr', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', 'uid=1000 gid=100', mode => t.mode('0644')) \gset
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir', 'uid=1000 gid=100') \gset

-- several at a time; ctime grows
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode, a.uid, a.gid, a.size, a.atime, a.mtime, a.ctime > (dittofs.before(wcc)).ctime AS ctime_grew
	FROM dittofs.set_file_attributes(:'file', mode => t.mode('0600'), uid => 1001, gid => 101, size => 10, atime => 11, mtime => 12),
		dittofs.attributes(dittofs.after(wcc)) a;
-- none: OK, and nothing changes
SELECT dittofs.status_name(status), a.ctime = (dittofs.before(wcc)).ctime AS unchanged
	FROM dittofs.set_file_attributes(:'file', 'uid=5 gid=5'), dittofs.attributes(dittofs.after(wcc)) a;
-- bits beyond 07777 are not looked at
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode
	FROM dittofs.set_file_attributes(:'file', mode => 9223372036854771712 + t.mode('0640')), dittofs.attributes(dittofs.after(wcc)) a;

-- one that may not be: none is set
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode, a.uid, a.ctime = (dittofs.before(wcc)).ctime AS unchanged
	FROM dittofs.set_file_attributes(:'file', 'uid=1001 gid=101', mode => t.mode('0777'), uid => 0), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode, a.size, a.ctime = (dittofs.before(wcc)).ctime AS unchanged
	FROM dittofs.set_file_attributes(:'file', mode => t.mode('0777'), size => -1), dittofs.attributes(dittofs.after(wcc)) a;

-- guard: the ctime that the client knows
SELECT (dittofs.attributes(attributes)).ctime FROM dittofs.get_file(:'file') \gset
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode, (dittofs.before(wcc)).ctime = a.ctime AS unchanged
	FROM dittofs.set_file_attributes(:'file', mode => t.mode('0777'), guard => :ctime - 1), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode
	FROM dittofs.set_file_attributes(:'file', mode => t.mode('0755'), guard => :ctime), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', mode => t.mode('0777'), guard => :ctime);

-- chmod: the owner and root
CREATE FUNCTION pg_temp.try(handle bytea, old_mode text, caller dittofs.caller, new_mode text DEFAULT NULL,
	new_uid bigint DEFAULT NULL, new_gid bigint DEFAULT NULL,
	OUT status text, OUT mode text, OUT uid bigint, OUT gid bigint)
	LANGUAGE plpgsql AS $$
DECLARE
	s int;
BEGIN
	-- chown clears bits, so it comes first
	ASSERT (dittofs.set_file_attributes(handle, uid => 1000, gid => 100)).status = 0;
	ASSERT (dittofs.set_file_attributes(handle, mode => t.mode(old_mode))).status = 0;
	s := (dittofs.set_file_attributes(handle, caller, mode => t.mode(new_mode), uid => new_uid, gid => new_gid)).status;
	SELECT dittofs.status_name(s), t.octal(a.mode), a.uid, a.gid INTO status, mode, uid, gid
		FROM dittofs.get_file(handle) g, dittofs.attributes(g.attributes) a;
END $$;
SELECT c.who, r.status, r.mode
	FROM (VALUES ('owner', 'uid=1000 gid=100'), ('group', 'uid=1001 gid=100'), ('other', 'uid=1001 gid=101'), ('root', '')) c(who, caller),
		pg_temp.try(:'file', '0644', c.caller::dittofs.caller, '4711') r;
-- set-gid takes membership in the group, of files and directories
SELECT c.who, f.status, f.mode AS file, d.mode AS dir
	FROM (VALUES ('in the group', 'uid=1000 gid=100'), ('in it too', 'uid=1000 gid=5 groups=6,100'), ('not in it', 'uid=1000 gid=5 groups=6'), ('root', '')) c(who, caller),
		pg_temp.try(:'file', '0644', c.caller::dittofs.caller, '2755') f, pg_temp.try(:'dir', '0755', c.caller::dittofs.caller, '2755') d;

-- chown: root; chgrp: the owner, to a group of his.  What he has already he may "give".
SELECT c.who, n.uid AS to_uid, n.gid AS to_gid, r.status, r.uid, r.gid
	FROM (VALUES (1, 'owner', 'uid=1000 gid=100 groups=27'), (2, 'other', 'uid=1001 gid=100'), (3, 'root', '')) c(i, who, caller),
		(VALUES (1, 1001, NULL), (2, 1000, NULL), (3, NULL, 27), (4, NULL, 28), (5, NULL, 100), (6, 1000, 27)) n(i, uid, gid),
		pg_temp.try(:'file', '0644', c.caller::dittofs.caller, NULL, n.uid, n.gid) r
	ORDER BY c.i, n.i;

-- a chown or chgrp ends set-uid, and set-gid where the group may execute; of
-- directories it does not
SELECT c.who, m.mode, f.mode AS file, d.mode AS dir
	FROM (VALUES (1, 'root', '', 7, NULL), (2, 'root', '', NULL, 7), (3, 'root', '', 1000, 100), (4, 'owner', 'uid=1000 gid=100 groups=27', NULL, 27)) c(i, who, caller, uid, gid),
		(VALUES ('6755'), ('6745'), ('4711'), ('2711'), ('1777')) m(mode),
		pg_temp.try(:'file', m.mode, c.caller::dittofs.caller, NULL, c.uid, c.gid) f,
		pg_temp.try(:'dir', m.mode, c.caller::dittofs.caller, NULL, c.uid, c.gid) d
	ORDER BY c.i, m.mode;
-- so does writing and truncating by anybody but root
CREATE FUNCTION pg_temp.change(file bytea, old_mode text, caller dittofs.caller, OUT write text, OUT truncate text)
	LANGUAGE plpgsql AS $$
BEGIN
	ASSERT (dittofs.set_file_attributes(file, mode => t.mode(old_mode))).status = 0;
	ASSERT (dittofs.write(file, 0, 'x', caller => caller)).status = 0;
	write := t.octal((dittofs.attributes((dittofs.get_file(file)).attributes)).mode);
	ASSERT (dittofs.set_file_attributes(file, mode => t.mode(old_mode))).status = 0;
	ASSERT (dittofs.set_file_attributes(file, caller, size => 0)).status = 0;
	truncate := t.octal((dittofs.attributes((dittofs.get_file(file)).attributes)).mode);
END $$;
SELECT c.who, m.mode, r.*
	FROM (VALUES (1, 'owner', 'uid=1000 gid=100'), (2, 'other', 'uid=1001 gid=101'), (3, 'root', '')) c(i, who, caller),
		(VALUES ('6777'), ('6767'), ('4777'), ('2777'), ('1777')) m(mode),
		pg_temp.change(:'file', m.mode, c.caller::dittofs.caller) r
	ORDER BY c.i, m.mode;
-- reading, and an empty write, do not
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', mode => t.mode('6777'));
SELECT dittofs.status_name(status) FROM dittofs.read(:'file', 0, 10, 'uid=1001 gid=101');
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode FROM dittofs.write(:'file', 0, '', caller => 'uid=1001 gid=101'), dittofs.attributes(dittofs.after(wcc)) a;

-- ids are from 0 to 4294967295
SELECT n.id, dittofs.status_name(u.status) AS uid, dittofs.status_name(g.status) AS gid
	FROM (VALUES (-1), (0), (4294967295), (4294967296)) n(id),
		dittofs.set_file_attributes(:'file', uid => n.id) u, dittofs.set_file_attributes(:'file', gid => n.id) g;

SELECT dittofs.status_name(status) AS "BADHANDLE", wcc FROM dittofs.set_file_attributes('x', mode => 0);
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT dittofs.status_name(status) AS "STALE", wcc FROM dittofs.set_file_attributes(:'file', mode => 0);

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/setattr', force => true);
