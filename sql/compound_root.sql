-- SPDX-License-Identifier: PostgreSQL
-- The directories above the shares, and shares in shares, as NFSv4 sees them.
\set ECHO none
\i test/check.sql
\i test/compound.sql
SET client_min_messages = warning;
\set ECHO all

-- Without shares there is a root.
SELECT n4.say(n4.putrootfh(), n4.readdir('type')), n4.run(n4.putrootfh(), n4.lookup('export')), n4.run(n4.putrootfh(), n4.lookupp());
SELECT n4.handle(n4.putrootfh()) AS empty \gset

SELECT dittofs.create_share('/export', root_mode => '0777') AS export \gset
SELECT dittofs.create_share('/srv/a', root_mode => '0777') AS a \gset
SELECT dittofs.create_share('/srv/deep/er', root_mode => '0777') AS deeper \gset
SELECT dittofs.create_share('/srvx', root_mode => '0777') AS srvx \gset
SELECT n4.handle(n4.putrootfh()) = :'empty' AS "the root stays the same", n4.handle(n4.op('PUTPUBFH')) = :'empty' AS public;
-- an entry for each share or directory above one, with its place
SELECT e->>1 AS name, e->2->>'type' AS type, e->2->'fsid'->>1 = '1' AS above, e->2->>'mode' AS mode
	FROM n4.got(n4.putrootfh(), n4.readdir('type,fsid,mode')) r, jsonb_array_elements(r->0) e ORDER BY (e->>1) COLLATE "C";
SELECT e->>1 AS name FROM n4.got(n4.putrootfh(), n4.lookup('srv'), n4.readdir('')) r, jsonb_array_elements(r->0) e ORDER BY (e->>1) COLLATE "C";
-- numbers: none is 0, all are different, and an entry says what LOOKUP and GETATTR say
WITH e AS (SELECT e->>1 AS name, e->2 AS a FROM n4.got(n4.putrootfh(), n4.readdir('fileid,mounted_on_fileid,filehandle,fsid')) r, jsonb_array_elements(r->0) e)
SELECT bool_and((a->>'fileid')::numeric > 0 AND (a->>'mounted_on_fileid')::numeric > 2) AS numbers, count(DISTINCT a->>'mounted_on_fileid') AS places,
		bool_and(n4.got(n4.putrootfh(), n4.lookup(decode(name, 'escape')), n4.getattr('fileid,mounted_on_fileid,filehandle,fsid')) = a) AS same
	FROM e;
-- up and down
SELECT n4.handle(n4.putrootfh(), n4.lookup('srv'), n4.lookup('deep'), n4.lookup('er')) = :'deeper' AS down,
	n4.handle(n4.putfh(:'deeper'), n4.lookupp(), n4.lookupp(), n4.lookupp()) = :'empty' AS up,
	n4.run(n4.putfh(:'deeper'), n4.lookupp(), n4.lookupp(), n4.lookupp(), n4.lookupp()) AS above,
	n4.handle(n4.putfh(:'a'), n4.lookupp()) = n4.handle(n4.putfh(:'deeper'), n4.lookupp(), n4.lookupp()) AS together;
SELECT n4.run(n4.putrootfh(), n4.lookup('srv'), n4.lookup('nothing')), n4.run(n4.putrootfh(), n4.lookup('sr')), n4.run(n4.putrootfh(), n4.lookup('')),
	n4.run(n4.putrootfh(), n4.lookup('..'));
-- by its handle
SELECT n4.handle(n4.putrootfh(), n4.lookup('srv')) AS srv \gset
SELECT n4.got(n4.putfh(:'srv'), n4.getattr('type,mode,numlinks,owner,fsid,aclsupport,xattr_support,space_total,maxread,maxfilesize,change_attr_type'));
SELECT n4.got(n4.putfh(:'srv'), n4.access(511));
SELECT n4.run(n4.putfh(:'srv'), n4.verify('{"type": 2}')), n4.run(n4.putfh(:'srv'), n4.nverify('{"type": 2}'));
-- nothing can be made of it
SELECT n4.run(n4.putfh(:'srv'), n4.mkdir('x')) AS mkdir, n4.run(n4.putfh(:'srv'), n4.remove('a')) AS remove, n4.run(n4.putfh(:'srv'), n4.savefh(), n4.rename('a', 'b')) AS rename,
	n4.run(n4.putfh(:'srv'), n4.savefh(), n4.putfh(:'export'), n4.rename('a', 'b')) AS "rename from", n4.run(n4.putfh(:'export'), n4.savefh(), n4.putfh(:'srv'), n4.link('b')) AS link,
	n4.run(n4.putfh(:'srv'), n4.savefh(), n4.putfh(:'export'), n4.link('b')) AS "link of", n4.run(n4.putfh(:'srv'), n4.setattr('{"mode": 511}')) AS setattr;
SELECT n4.run(n4.putfh(:'srv'), n4.read(0, 1)) AS read, n4.run(n4.putfh(:'srv'), n4.write(0, 'x')) AS write, n4.run(n4.putfh(:'srv'), n4.commit()) AS commit, n4.run(n4.putfh(:'srv'), n4.readlink()) AS readlink,
	n4.run(n4.putfh(:'srv'), n4.op('GETXATTR', n4.o('user.x'))) AS getxattr;
-- pages
SELECT count(dittofs.create_share('/many/' || i)) FROM generate_series(1, 30) i;
CREATE FUNCTION pg_temp.pages(maxcount int, OUT pages int, OUT names int, OUT twice int) LANGUAGE plpgsql AS $$
DECLARE
	cookie numeric := 0;
	got jsonb;
	found text[] := '{}';
BEGIN
	pages := 0;
	LOOP
		got := n4.got(n4.putrootfh(), n4.lookup('many'), n4.readdir('type,filehandle', cookie, maxcount));
		pages := pages + 1;
		found := found || ARRAY(SELECT e->>1 FROM jsonb_array_elements(got->0) e);
		EXIT WHEN got->>1 = '1';
		cookie := (got->0->-1->>0)::numeric;
	END LOOP;
	names := count(DISTINCT name) FROM unnest(found) name;
	twice := cardinality(found) - names;
END $$;
SELECT * FROM pg_temp.pages(100000);
SELECT * FROM pg_temp.pages(150);
SELECT n4.run(n4.putrootfh(), n4.lookup('many'), n4.readdir('type', 0, 40)) AS small;
-- the directory changes with the list
SELECT n4.got(n4.putrootfh(), n4.lookup('many'), n4.getattr('change')) AS before \gset
SELECT n4.got(n4.putrootfh(), n4.lookup('many'), n4.getattr('change')) = :'before' AS same, dittofs.drop_share('/many/7');
SELECT n4.got(n4.putrootfh(), n4.lookup('many'), n4.getattr('change')) = :'before' AS same;
SELECT n4.handle(n4.putrootfh(), n4.lookup('many')) AS many \gset
SELECT count(dittofs.drop_share(name)) FROM dittofs.list_shares() WHERE name LIKE '/many/%';
SELECT n4.run(n4.putfh(:'many'), n4.getattr('type')) AS gone;
-- where a share comes, the directory goes
SELECT dittofs.create_share('/srv') AS above \gset
SELECT n4.run(n4.putfh(:'srv')) AS gone, n4.handle(n4.putrootfh(), n4.lookup('srv')) = :'above' AS share;

-- A share hides what is at its path in another one.
SELECT n4.run(n4.putfh(:'above'), n4.lookup('a'), n4.getfh()) AS "without a directory", n4.handle(n4.putfh(:'above'), n4.lookup('a')) = :'a' AS covers,
	n4.run(n4.putfh(:'above'), n4.lookup('deep'), n4.lookup('er')) AS "no way there";
SELECT handle AS inner FROM dittofs.create_directory(:'above', 'a') \gset
SELECT handle AS deep FROM dittofs.create_directory(:'above', 'deep') \gset
SELECT n4.run(n4.putfh(:'deep'), n4.mkdir('er')) AS covered, n4.handle(n4.putfh(:'deep'), n4.lookup('er')) = :'deeper' AS covers,
	n4.handle(n4.putfh(:'deeper'), n4.lookupp()) = :'deep' AS up, n4.handle(n4.putfh(:'a'), n4.lookupp()) = :'above' AS up,
	n4.run(n4.putfh(:'inner'), n4.mkdir('er'), n4.lookupp(), n4.remove('er')) AS "another directory";
SELECT e->>1 AS name, e->2->>'filehandle' = encode(:'a'::bytea, 'escape') AS share
	FROM n4.got(n4.putfh(:'above'), n4.readdir('filehandle')) r, jsonb_array_elements(r->0) e ORDER BY 1;
SELECT n4.run(n4.putfh(:'above'), n4.remove('a')) AS remove, n4.run(n4.putfh(:'above'), n4.savefh(), n4.rename('a', 'b')) AS rename,
	n4.run(n4.putfh(:'above'), n4.savefh(), n4.rename('deep', 'a')) AS onto, n4.run(n4.putfh(:'above'), n4.mkdir('a')) AS mkdir;
-- the root of all may be a share
SELECT dittofs.create_share('/', root_mode => '0777') AS top \gset
SELECT n4.handle(n4.putrootfh()) = :'top' AS root, n4.handle(n4.putrootfh(), n4.lookup('export')) = :'export' AS below, n4.run(n4.putrootfh(), n4.lookupp()) AS above,
	n4.handle(n4.putfh(:'export'), n4.lookupp()) = :'top' AS up;
SELECT a->>'fileid' = a->>'mounted_on_fileid' AS same FROM n4.got(n4.putrootfh(), n4.getattr('fileid,mounted_on_fileid')) a;

-- Each client sees the shares that it may mount.
SELECT dittofs.drop_share('/', force => true), dittofs.alter_share('/srv', denied_clients => '{10.0.0.9}'::inet[]), dittofs.alter_share('/export', denied_clients => '{10.0.0.9}'::inet[]);
SELECT n4.be('uid=0 client=10.0.0.9');
SELECT e->>1 AS name FROM n4.got(n4.putrootfh(), n4.readdir('')) r, jsonb_array_elements(r->0) e ORDER BY (e->>1) COLLATE "C";
SELECT e->>1 AS name FROM n4.got(n4.putrootfh(), n4.lookup('srv'), n4.readdir('')) r, jsonb_array_elements(r->0) e ORDER BY (e->>1) COLLATE "C";
SELECT n4.run(n4.putrootfh(), n4.lookup('export')), n4.run(n4.putfh(:'export'));
SELECT n4.be('');

SELECT * FROM t.violations;
SELECT count(dittofs.drop_share(name, force => true)) FROM dittofs.list_shares();
-- the clients go, too
SELECT dittofs.forget_clients() > 0 AS forgotten, dittofs.reap(100) >= 0 AS reaped;
