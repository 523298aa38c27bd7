-- SPDX-License-Identifier: PostgreSQL
-- Making files exclusively: open(2) with O_EXCL over NFS (RFC 1813, 3.3.8).
--
-- The client sends 8 bytes of its choice.  They are stored with the file, so a
-- retransmission finds that the file is its own, and gets the same answer from
-- any replica, at any later time; another client's call is told EXIST.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/exclusive', root_mode => '0777') AS root \gset

-- attributes come by a SETATTR afterwards; those given here are not looked at
SELECT dittofs.status_name(status), t.octal(a.mode) AS mode, a.uid, a.gid, a.size
	FROM dittofs.create_file(:'root', 'file', 'uid=1000 gid=100', how => 'exclusive',
			verifier => '\x0102030405060708', mode => t.mode('0777'), uid => 7, size => 99) c,
		dittofs.attributes(c.attributes) a;
SELECT handle AS file FROM dittofs.lookup(:'root', 'file') \gset

-- the same verifier: the same file, and the directory does not change
SELECT dittofs.status_name(status), handle = :'file' AS same,
		(dittofs.before(dir_wcc)).ctime = (dittofs.attributes(dittofs.after(dir_wcc))).ctime AS unchanged
	FROM dittofs.create_file(:'root', 'file', 'uid=1000 gid=100', how => 'exclusive',
		verifier => '\x0102030405060708');
-- another one
SELECT dittofs.status_name(status), handle, attributes
	FROM dittofs.create_file(:'root', 'file', 'uid=1000 gid=100', how => 'exclusive',
		verifier => '\x0102030405060709');
-- it is in a column of its own: times, sizes and renames do not touch it
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', mode => t.mode('0600'), size => 12, atime => 5, mtime => 6);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 0, 'data');
SELECT dittofs.status_name(status), handle = :'file' AS same, (dittofs.attributes(attributes)).size
	FROM dittofs.create_file(:'root', 'file', 'uid=1000 gid=100', how => 'exclusive',
		verifier => '\x0102030405060708');

-- a file that was made otherwise has no verifier, not even one of zeros
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'guarded');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'guarded', how => 'exclusive',
	verifier => '\x0000000000000000');
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'dir');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'dir', how => 'exclusive',
	verifier => '\x0000000000000000');
-- zeros are a verifier like others
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'zeros', how => 'exclusive', verifier => '\x0000000000000000');
SELECT dittofs.status_name(status) FROM dittofs.create_file(:'root', 'zeros', how => 'exclusive', verifier => '\x0000000000000000');

-- 8 bytes, no more and no less
SELECT v.verifier, dittofs.status_name(c.status)
	FROM (VALUES (NULL::bytea), (''), ('\x01020304050607'), ('\x010203040506070809')) v(verifier),
		dittofs.create_file(:'root', 'other', how => 'exclusive', verifier => v.verifier) c;

-- the file goes, and its verifier with it
SELECT dittofs.status_name(status) FROM dittofs.remove_file(:'root', 'file');
SELECT dittofs.status_name(status), handle = :'file' AS same
	FROM dittofs.create_file(:'root', 'file', how => 'exclusive', verifier => '\x0102030405060708');

SELECT * FROM t.tree('/exclusive');
SELECT * FROM t.violations;
SELECT dittofs.drop_share('/exclusive', force => true);
