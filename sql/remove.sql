-- SPDX-License-Identifier: PostgreSQL
-- Removing files: remove_file() (RFC 1813, 3.3.12).
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/remove', root_mode => '0777') AS root \gset
SELECT handle AS file FROM dittofs.create_file(:'root', 'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'content');

-- wcc data of the directory; the handle is stale afterwards
SELECT dittofs.status_name(status), (dittofs.before(wcc)).ctime < a.ctime AS ctime, (dittofs.before(wcc)).mtime < a.mtime AS mtime
	FROM dittofs.remove_file(:'root', 'file'), dittofs.attributes(dittofs.after(wcc)) a;
SELECT dittofs.status_name(status) FROM dittofs.lookup(:'root', 'file');
SELECT dittofs.status_name(status) FROM dittofs.get_file(:'file');
SELECT dittofs.status_name(status) FROM dittofs.read(:'file', 0, 10);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'x');

-- of several names one goes; the file's ctime tells of it
SELECT handle AS file FROM dittofs.create_file(:'root', 'one') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_hard_link(:'file', :'root', 'two');
SELECT (dittofs.attributes(attributes)).ctime FROM dittofs.get_file(:'file') \gset
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'one');
SELECT a.nlink, a.ctime > :ctime AS ctime_grew FROM dittofs.get_file(:'file') g, dittofs.attributes(g.attributes) a;

-- a silly rename is the client's business: an ordinary file
SELECT dittofs.status_name(status) FROM dittofs.move(:'root', 'two', :'root', '.nfs0001');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'still open');
SELECT encode(data, 'escape') FROM dittofs.read(:'file', 0, 100);
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', '.nfs0001');

-- all kinds but directories
SELECT handle AS dir FROM dittofs.create_directory(:'root', 'dir') \gset
SELECT dittofs.status_name(status) FROM dittofs.create_symlink(:'root', 'link', 'dir');
SELECT dittofs.status_name(status) FROM dittofs.create_special_file(:'root', 'fifo', 'fifo');
SELECT substr(n.name, 1, 9) AS name, dittofs.status_name(r.status), r.wcc IS NOT NULL AS wcc
	FROM (VALUES ('link'), ('fifo'), ('dir'), ('nothing'), ('.'), ('..'), (''), ('a/b'), (repeat('x', 256))) n(name),
		dittofs.remove_file(:'root', convert_to(n.name, 'UTF8')) r;

-- ACCES: it takes w and x of the directory, nothing of the file
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'dir', 'file', mode => t.mode('0666'));
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0775'));
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.remove_file(:'dir', 'file', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) AS "NOENT" FROM dittofs.remove_file(:'dir', 'nothing', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0776'));
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.remove_file(:'dir', 'file', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) AS "ACCES" FROM dittofs.remove_file(:'dir', 'nothing', 'uid=1000 gid=100');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'dir', mode => t.mode('0773'));
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'dir', 'file', 'uid=1000 gid=100');

SELECT handle AS other FROM dittofs.create_file(:'root', 'other') \gset
SELECT dittofs.status_name(status) AS "NOTDIR", (dittofs.attributes(dittofs.after(wcc))).kind FROM dittofs.remove_file(:'other', 'x');
SELECT dittofs.status_name(status) AS "BADHANDLE", wcc FROM dittofs.remove_file('', 'x');
SELECT dittofs.status_name(status) FROM dittofs.remove_directory(:'root', 'dir');
SELECT dittofs.status_name(status) AS "STALE", dittofs.after(wcc) FROM dittofs.remove_file(:'dir', 'x');

SELECT * FROM t.tree('/remove');
SELECT count(*) AS blocks FROM dittofs.blocks WHERE content_id NOT IN (SELECT content_id FROM dittofs.reap_queue);
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/remove', force => true);
