-- SPDX-License-Identifier: PostgreSQL
-- COMPOUND of NFSv4: the frame, filehandles, names and attributes, and their statuses.
\set ECHO none
\i test/check.sql
\i test/compound.sql
SET client_min_messages = warning;
\set ECHO all

SELECT dittofs.create_share('/four', root_mode => '0777') AS root \gset

-- What may come where
SELECT n4.minor(0), n4.raw(n4.putrootfh());
SELECT n4.minor(3), n4.raw(n4.putrootfh());
SELECT n4.minor(2), n4.raw(n4.putrootfh());
SELECT n4.raw(VARIADIC '{}');
SELECT n4.raw(n4.op('ILLEGAL'));
SELECT n4.raw(n4.fail(22, 10036));
SELECT n4.raw(n4.exchange_id('x'), n4.putrootfh());
SELECT n4.raw(n4.op('BIND_CONN_TO_SESSION', decode(repeat('00', 24), 'hex')), n4.putrootfh());
SELECT n4.run(n4.sequence(), n4.putrootfh());
SELECT n4.run(n4.op(2), n4.putrootfh());
SELECT n4.run(n4.op(76), n4.putrootfh());
SELECT n4.run(n4.op(4294967295), n4.putrootfh());
SELECT n4.run(n4.putrootfh(), n4.fail(27, 10036), n4.getfh());
-- the first failure ends it, and what was done stays
SELECT n4.run(n4.putfh(:'root'), n4.mkdir('stays'), n4.lookup('nothing'), n4.mkdir('never'));
SELECT path FROM t.tree('/four');
-- an operation of NFSv4.2 is none of 4.1
SELECT n4.minor(1), n4.run(n4.putfh(:'root'), n4.op('SEEK', decode(repeat('00', 28), 'hex')));
SELECT n4.run(n4.putfh(:'root'), n4.access(64));
SELECT n4.got(n4.putfh(:'root'), n4.getattr('supported_attrs,suppattr_exclcreat,xattr_support,clone_blksize,change_attr_type'));
SELECT n4.minor(2);
-- what is not there
SELECT name, n4.run(n4.putfh(:'root'), n4.savefh(), n4.op(number)) FROM (VALUES (7, 'DELEGPURGE'), (19, 'OPENATTR'),
	(46, 'GET_DIR_DELEGATION'), (47, 'GETDEVICEINFO'), (48, 'GETDEVICELIST'), (49, 'LAYOUTCOMMIT'), (50, 'LAYOUTGET'),
	(51, 'LAYOUTRETURN'), (54, 'SET_SSV'), (56, 'WANT_DELEGATION'), (61, 'COPY_NOTIFY'), (64, 'LAYOUTERROR'),
	(65, 'LAYOUTSTATS'), (66, 'OFFLOAD_CANCEL'), (67, 'OFFLOAD_STATUS'), (70, 'WRITE_SAME')) o (number, name);

-- Without a filehandle
SELECT name, n4.run(n4.op(number)) AS none FROM n4.ops() WHERE name IN ('ACCESS', 'CLOSE', 'COMMIT', 'CREATE', 'GETATTR', 'GETFH',
	'LINK', 'LOCK', 'LOCKT', 'LOCKU', 'LOOKUP', 'LOOKUPP', 'NVERIFY', 'OPEN', 'OPEN_DOWNGRADE', 'READ', 'READDIR', 'READLINK',
	'REMOVE', 'RENAME', 'SAVEFH', 'SECINFO', 'SECINFO_NO_NAME', 'SETATTR', 'VERIFY', 'WRITE', 'ALLOCATE', 'COPY', 'DEALLOCATE',
	'IO_ADVISE', 'READ_PLUS', 'SEEK', 'CLONE', 'GETXATTR', 'SETXATTR', 'LISTXATTRS', 'REMOVEXATTR');
SELECT n4.run(n4.restorefh());
SELECT n4.run(n4.putfh(:'root'), n4.rename('a', 'b'));
SELECT n4.run(n4.putfh(:'root'), n4.link('b'));

-- Filehandles
SELECT n4.run(n4.putfh('')), n4.run(n4.putfh('short')), n4.run(n4.putfh(:'root' || '\x00'::bytea));
SELECT n4.run(n4.putfh('\x09'::bytea || substr(:'root'::bytea, 2))) AS version,
	n4.run(n4.putfh('\x01'::bytea || decode(repeat('ab', 32), 'hex'))) AS share,
	n4.run(n4.putfh(substr(:'root'::bytea, 1, 17) || decode(repeat('ab', 16), 'hex')), n4.getattr('type')) AS file,
	n4.run(n4.putfh('\x02'::bytea || decode(repeat('ab', 32), 'hex'))) AS above;
SELECT n4.handle(n4.putfh(:'root')) = :'root' AS same;
SELECT n4.handle(n4.putfh(:'root'), n4.savefh(), n4.lookup('stays'), n4.restorefh()) = :'root' AS restored;
SELECT n4.handle(n4.putfh(:'root'), n4.lookup('stays')) AS stays \gset
SELECT n4.handle(n4.putfh(:'stays'), n4.lookupp()) = :'root' AS parent;

-- Names
SELECT n4.run(n4.putfh(:'root'), n4.lookup('')) AS empty, n4.run(n4.putfh(:'root'), n4.lookup('.')) AS dot,
	n4.run(n4.putfh(:'root'), n4.lookup('..')) AS dotdot, n4.run(n4.putfh(:'root'), n4.lookup('a/b')) AS slash,
	n4.run(n4.putfh(:'root'), n4.lookup('\x610062')) AS nul, n4.run(n4.putfh(:'root'), n4.lookup(repeat('a', 256)::bytea)) AS long;
SELECT n4.run(n4.putfh(:'root'), n4.mkdir('\xff'), n4.lookupp(), n4.remove('\xff')) AS "no text";
SELECT n4.run(n4.putfh(:'root'), n4.mkdir('')), n4.run(n4.putfh(:'root'), n4.remove('..')),
	n4.run(n4.putfh(:'root'), n4.savefh(), n4.rename('stays', '.')), n4.run(n4.putfh(:'root'), n4.secinfo('a/b'));

-- CREATE
SELECT n4.say(n4.putfh(:'root'), n4.create(5, 'link', '{}', 'target'), n4.getattr('type,size,numlinks'), n4.readlink()) ~
	'CREATE OK .* \[\]\], GETATTR OK \[{"size": 6, "type": 5, "numlinks": 1}\], READLINK OK \["target"\]$' AS link;
SELECT n4.got(n4.putfh(:'root'), n4.create(6, 'socket', '{"mode": 384}'), n4.getattr('type,mode'));
SELECT n4.got(n4.putfh(:'root'), n4.create(7, 'fifo'), n4.getattr('type'));
SELECT n4.got(n4.putfh(:'root'), n4.create(3, 'block', '{}', n4.i(8) || n4.i(1)), n4.getattr('type,rawdev'));
SELECT n4.got(n4.putfh(:'root'), n4.create(4, 'char', '{}', n4.i(4294967295) || n4.i(4294967295)), n4.getattr('type,rawdev'));
SELECT n4.run(n4.putfh(:'root'), n4.create(1, 'regular')) AS regular, n4.run(n4.putfh(:'root'), n4.create(8, 'attrdir')) AS attrdir,
	n4.run(n4.putfh(:'root'), n4.create(4294967295, 'none')) AS none, n4.run(n4.putfh(:'root'), n4.mkdir('stays')) AS again,
	n4.run(n4.putfh(:'root'), n4.create(5, 'empty')) AS empty, n4.run(n4.putfh(:'root'), n4.mkdir('sized', '{"size": 1}')) AS size;
SELECT n4.got(n4.putfh(:'root'), n4.mkdir('umask', '{"mode_umask": [511, 18]}'), n4.getattr('mode'));
SELECT n4.run(n4.putfh(:'root'), n4.mkdir('two', '{"mode": 511, "mode_umask": [511, 18]}'));
-- the directory's change is told, and the new object is the current one
SELECT (change->0->>'before')::numeric < (change->0->>'after')::numeric AS grew, (change->0->>'atomic') AS atomic
	FROM n4.got(n4.putfh(:'root'), n4.mkdir('change')) change;
SELECT n4.run(n4.putfh(:'root'), n4.lookup('link'), n4.mkdir('x')) AS link, n4.run(n4.putfh(:'root'), n4.lookup('fifo'), n4.mkdir('x')) AS fifo;
SELECT n4.be('uid=9 gid=9 client=10.0.0.9'), n4.run(n4.putfh(:'stays'), n4.mkdir('x')) AS denied,
	n4.run(n4.putfh(:'root'), n4.create(3, 'dev', '{}', n4.i(1) || n4.i(1))) AS device;
SELECT n4.be('');

-- Attributes that are set wrongly
SELECT n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"owner": "root"}')) AS name, n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"owner": ""}')) AS empty,
	n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"owner_group": "4294967296"}')) AS large, n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"owner": "7@here"}')) AS domain,
	n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"mode": 4096}')) AS mode, n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"type": 2}')) AS "read only",
	n4.run(n4.putfh(:'root'), n4.op('CREATE', n4.i(2) || n4.o('x') || n4.bits(12) || n4.o(''))) AS acl,
	n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"time_modify_set": [1, 5, 1000000000]}')) AS ns,
	n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"time_modify_set": [1, 9223372036, 0]}')) AS far,
	n4.run(n4.putfh(:'root'), n4.mkdir('x', '{"time_modify_set": [2, 5, 0]}')) AS how;

-- LOOKUP and LOOKUPP of what is no directory
SELECT n4.run(n4.putfh(:'root'), n4.lookup('link'), n4.lookup('x')) AS link, n4.run(n4.putfh(:'root'), n4.lookup('fifo'), n4.lookup('x')) AS fifo,
	n4.run(n4.putfh(:'root'), n4.lookup('link'), n4.lookupp()) AS link, n4.run(n4.putfh(:'root'), n4.lookup('fifo'), n4.lookupp()) AS fifo;
SELECT n4.run(n4.putfh(:'root'), n4.readlink()), n4.run(n4.putfh(:'root'), n4.lookup('fifo'), n4.readlink());

-- GETATTR
SELECT n4.got(n4.putfh(:'root'), n4.lookup('stays'), n4.getattr('type,size,numlinks,mode,owner,owner_group,rawdev,aclsupport,link_support,
	symlink_support,fh_expire_type,named_attr,unique_handles,case_insensitive,case_preserving,cansettime,chown_restricted,homogeneous,no_trunc,
	maxfilesize,maxlink,maxname,maxread,maxwrite,time_delta,fs_layout_types,layout_blksize,rdattr_error,xattr_support,change_attr_type,suppattr_exclcreat'));
SELECT n4.got(n4.putfh(:'root'), n4.getattr('link_support,symlink_support'));
SELECT (a->'filehandle' #>> '{}') = encode(:'root'::bytea, 'escape') AS handle, a->>'fileid' <> a->>'mounted_on_fileid' AS junction,
		(a->>'change')::numeric = (a->'time_metadata'->>0)::numeric * 1000000000 + (a->'time_metadata'->>1)::numeric AS change,
		(a->'time_create'->>0)::numeric <= (a->'time_metadata'->>0)::numeric AS born,
		(a->>'space_total')::numeric - (a->>'space_free')::numeric = (a->>'quota_used')::numeric AS sums,
		(a->>'files_total')::numeric - (a->>'files_free')::numeric = (SELECT inodes FROM dittofs.list_shares() WHERE name = '/four') AS inodes
	FROM n4.got(n4.putfh(:'root'), n4.getattr('filehandle,fileid,mounted_on_fileid,change,time_metadata,time_create,space_total,space_free,quota_used,files_total,files_free')) a;
SELECT a->>'fileid' = a->>'mounted_on_fileid' AS same FROM n4.got(n4.putfh(:'stays'), n4.getattr('fileid,mounted_on_fileid')) a;
-- bits without a meaning are ignored, those that can only be set are not
SELECT n4.got(n4.putfh(:'root'), n4.op('GETATTR', n4.bits(1, 12, 14, 63, 80, 95)));
SELECT n4.got(n4.putfh(:'root'), n4.op('GETATTR', n4.bits(VARIADIC '{}')));
SELECT n4.run(n4.putfh(:'root'), n4.getattr('time_access_set')), n4.run(n4.putfh(:'root'), n4.getattr('mode_umask')),
	n4.run(n4.putfh(:'root'), n4.readdir('time_modify_set'));
-- times before 1970
SELECT n4.got(n4.putfh(:'stays'), n4.setattr('{"time_modify_set": [1, -1, 999999999]}'), n4.getattr('time_modify')) AS epoch,
	n4.got(n4.putfh(:'stays'), n4.setattr('{"time_access_set": [1, -9000000000, 1]}'), n4.getattr('time_access')) AS before;

-- SETATTR
SELECT handle AS file FROM dittofs.create_file(:'root', 'file', mode => 438) \gset
SELECT n4.say(n4.putfh(:'file'), n4.setattr('{"mode": 420, "size": 10, "owner": "4294967294", "time_access_set": [0]}'), n4.getattr('mode,size,owner'));
SELECT n4.say(n4.putfh(:'file'), n4.setattr('{"size": 18446744073709551615}')) AS far, n4.say(n4.putfh(:'stays'), n4.setattr('{"size": 0}')) AS directory,
	n4.say(n4.putfh(:'file'), n4.setattr('{"mode_umask": [420, 18]}')) AS umask, n4.say(n4.putfh(:'file'), n4.setattr('{}')) AS nothing;
SELECT n4.say(n4.putfh(:'file'), n4.setattr('{"size": 1}', decode(repeat('07', 16), 'hex'))) AS stateid,
	n4.say(n4.putfh(:'file'), n4.setattr('{"mode": 438}', decode(repeat('07', 16), 'hex'))) AS ignored,
	n4.say(n4.putfh(:'file'), n4.setattr('{"size": 9}', decode(repeat('ff', 16), 'hex'))) AS bypass,
	n4.say(n4.putfh(:'file'), n4.setattr('{"size": 8}', n4.i(1) || decode(repeat('00', 12), 'hex'))) AS "no current";
SELECT n4.be('uid=9 gid=9 client=10.0.0.9'), n4.run(n4.putfh(:'file'), n4.setattr('{"mode": 511}')) AS owner;
SELECT n4.be('');

-- VERIFY and NVERIFY
SELECT n4.run(n4.putfh(:'file'), n4.verify('{"size": 9, "type": 1}'), n4.getfh()) AS same, n4.run(n4.putfh(:'file'), n4.verify('{"size": 8}'), n4.getfh()) AS other,
	n4.run(n4.putfh(:'file'), n4.nverify('{"size": 9}'), n4.getfh()) AS same, n4.run(n4.putfh(:'file'), n4.nverify('{"size": 8}'), n4.getfh()) AS other,
	n4.run(n4.putfh(:'file'), n4.verify('{"owner": "4294967294"}')) AS owner,
	n4.run(n4.putfh(:'file'), n4.op('VERIFY', n4.bits(12) || n4.o(''))) AS acl, n4.run(n4.putfh(:'file'), n4.verify('{"rdattr_error": 0}')) AS error,
	n4.run(n4.putfh(:'file'), n4.nverify('{"time_access_set": [0]}')) AS "write only", n4.run(n4.putfh(:'file'), n4.verify('{}')) AS nothing;

-- ACCESS
SELECT n4.got(n4.putfh(:'file'), n4.access(511)) AS file, n4.got(n4.putfh(:'root'), n4.access(511)) AS directory, n4.run(n4.putfh(:'root'), n4.access(512)) AS unknown;
SELECT n4.be('uid=9 gid=9 client=10.0.0.9'), n4.got(n4.putfh(:'file'), n4.access(511)) AS file, n4.got(n4.putfh(:'stays'), n4.access(511)) AS directory;
SELECT n4.be('');

-- READ, WRITE, COMMIT
SELECT n4.say(n4.putfh(:'file'), n4.write(0, 'content', 0), n4.commit(), n4.getattr('size')) ~ '^PUTFH OK, WRITE OK \[7, 0, "(.*)"\], COMMIT OK \["\1"\], GETATTR OK \[{"size": 9}\]$';
SELECT n4.say(n4.putfh(:'file'), n4.read(3, 100)), n4.data(n4.putfh(:'file'), n4.read(3, 100));
-- beside a change, which is stored with its results, the data is among these
SELECT n4.say(n4.putfh(:'file'), n4.read(0, 3), n4.setattr('{"size": 7}'));
-- two of them
SELECT n4.say(n4.putfh(:'file'), n4.read(0, 3), n4.read(3, 2)), n4.data(n4.putfh(:'file'), n4.read(0, 3), n4.read(3, 2));
SELECT n4.say(n4.putfh(:'file'), n4.read(7, 1)) AS "at the end", n4.say(n4.putfh(:'file'), n4.read(18446744073709551615, 1)) AS far,
	n4.say(n4.putfh(:'file'), n4.read(0, 0)) AS nothing;
SELECT n4.run(n4.putfh(:'file'), n4.write(18446744073709551615, 'x')) AS far, n4.run(n4.putfh(:'file'), n4.write(0, 'x', 3)) AS stable,
	n4.run(n4.putfh(:'file'), n4.commit(18446744073709551615)) AS commit, n4.run(n4.putfh(:'file'), n4.write(0, '')) AS empty;
SELECT name, n4.run(n4.putfh(:'root'), n4.lookup(name::bytea), n4.read(0, 1)) AS read, n4.run(n4.putfh(:'root'), n4.lookup(name::bytea), n4.write(0, 'x')) AS write,
	n4.run(n4.putfh(:'root'), n4.lookup(name::bytea), n4.commit()) AS commit FROM unnest('{stays,link,fifo,socket}'::text[]) name;
SELECT n4.run(n4.putfh(:'file'), n4.read(0, 1, decode(repeat('07', 16), 'hex'))) AS unknown, n4.run(n4.putfh(:'file'), n4.read(0, 1, decode(repeat('ff', 16), 'hex'))) AS bypass,
	n4.run(n4.putfh(:'file'), n4.read(0, 1, n4.i(1) || decode(repeat('00', 12), 'hex'))) AS "no current";
-- data beside the program
SELECT status, fields FROM n4.results((dittofs.compound(n4.program(ARRAY[n4.sequence(), n4.putfh(:'file'),
	n4.op('WRITE', decode(repeat('00', 16), 'hex') || n4.l(7) || n4.i(2) || n4.i(1) || n4.i(3)),
	n4.op('WRITE', decode(repeat('00', 16), 'hex') || n4.l(0) || n4.i(2) || n4.i(1) || n4.i(2)), n4.getattr('size')]), 'andCO')).results)
	WHERE op = 'GETATTR';
SELECT n4.data(n4.putfh(:'file'), n4.read(0, 100));

-- READDIR
SELECT n4.handle(n4.putfh(:'root'), n4.mkdir('many')) AS many \gset
SELECT count(n4.run(n4.putfh(:'root'), n4.lookup('many'), n4.mkdir(('entry' || i)::bytea))) FROM generate_series(1, 100) i;
CREATE FUNCTION pg_temp.pages(dir bytea, attrs text, maxcount int, OUT pages int, OUT entries int, OUT names int) LANGUAGE plpgsql AS $$
DECLARE
	cookie numeric := 0;
	got jsonb;
	found text[] := '{}';
BEGIN
	pages := 0;
	LOOP
		got := n4.got(n4.putfh(dir), n4.readdir(attrs, cookie, maxcount));
		pages := pages + 1;
		found := found || ARRAY(SELECT e->>1 FROM jsonb_array_elements(got->0) e);
		EXIT WHEN got->>1 = '1';
		cookie := (got->0->-1->>0)::numeric;
	END LOOP;
	entries := cardinality(found);
	names := count(DISTINCT name) FROM unnest(found) name;
END $$;
SELECT * FROM pg_temp.pages(:'many', 'type,fileid,mode', 100000);
SELECT * FROM pg_temp.pages(:'many', 'type,fileid,mode', 1000);
SELECT * FROM pg_temp.pages(:'many', 'type,fileid,filehandle,owner,owner_group', 300);
SELECT * FROM pg_temp.pages(:'many', '', 100);
SELECT n4.run(n4.putfh(:'many'), n4.readdir('type', 0, 30)) AS small, n4.run(n4.putfh(:'many'), n4.readdir('type', 1)) AS "1", n4.run(n4.putfh(:'many'), n4.readdir('type', 2)) AS "2",
	n4.run(n4.putfh(:'many'), n4.readdir('type', 18446744073709551615)) AS negative, n4.run(n4.putfh(:'file'), n4.readdir('type')) AS file,
	n4.run(n4.putfh(:'root'), n4.lookup('link'), n4.readdir('type')) AS link, n4.got(n4.putfh(:'stays'), n4.readdir('type')) AS empty;
-- a directory that may be read but not searched
SELECT n4.run(n4.putfh(:'root'), n4.mkdir('readable', '{"mode": 484}'), n4.mkdir('hidden'));
SELECT n4.handle(n4.putfh(:'root'), n4.lookup('readable')) AS readable \gset
SELECT n4.be('uid=9 gid=9 client=10.0.0.9');
SELECT e->1, e->2 FROM n4.got(n4.putfh(:'readable'), n4.readdir('rdattr_error,type,fileid')) r, jsonb_array_elements(r->0) e;
SELECT n4.run(n4.putfh(:'readable'), n4.readdir('type')) AS failed, e->1 AS name FROM n4.got(n4.putfh(:'readable'), n4.readdir('')) r, jsonb_array_elements(r->0) e;
SELECT n4.be('');

-- Extended attributes
SELECT n4.run(n4.putfh(:'file'), n4.setxattr('a', 'first'), n4.setxattr('b', ''), n4.setxattr('a', 'x', 1)) AS "set",
	n4.say(n4.putfh(:'file'), n4.getxattr('a'), n4.getxattr('b'), n4.getxattr('c')) AS got;
SELECT n4.got(n4.putfh(:'file'), n4.listxattrs()) - 0 AS names, n4.run(n4.putfh(:'file'), n4.listxattrs(0, 8)) AS small, n4.run(n4.putfh(:'file'), n4.listxattrs(18446744073709551615)) AS cookie,
	n4.run(n4.putfh(:'file'), n4.removexattr('a'), n4.removexattr('a')) AS removed, n4.run(n4.putfh(:'file'), n4.setxattr('x', 'x', 3)) AS how;
SELECT (x->>'before')::numeric < (x->>'after')::numeric AS changed FROM n4.got(n4.putfh(:'file'), n4.setxattr('b', 'x', 2)) x;
SELECT n4.got(n4.putrootfh(), n4.listxattrs()) AS above, n4.run(n4.putrootfh(), n4.setxattr('x', 'x')) AS above, n4.run(n4.putfh(:'root'), n4.lookup('fifo'), n4.setxattr('x', 'x')) AS fifo,
	n4.got(n4.putfh(:'root'), n4.lookup('fifo'), n4.access(511)) AS access;

-- REMOVE, RENAME, LINK
SELECT n4.run(n4.putfh(:'root'), n4.remove('nothing')) AS none, n4.run(n4.putfh(:'root'), n4.remove('readable')) AS full, n4.run(n4.putfh(:'root'), n4.remove('change')) AS directory,
	n4.run(n4.putfh(:'root'), n4.remove('fifo')) AS fifo, n4.run(n4.putfh(:'root'), n4.lookup('link'), n4.remove('x')) AS link, n4.run(n4.putfh(:'file'), n4.remove('x')) AS file;
SELECT n4.run(n4.putfh(:'root'), n4.savefh(), n4.putfh(:'stays'), n4.rename('file', 'moved')) AS moved, n4.run(n4.putfh(:'stays'), n4.savefh(), n4.putfh(:'root'), n4.rename('moved', 'many')) AS directory,
	n4.run(n4.putfh(:'root'), n4.savefh(), n4.putfh(:'root'), n4.rename('readable', 'many')) AS full, n4.run(n4.putfh(:'root'), n4.savefh(), n4.putfh(:'stays'), n4.rename('stays', 'x')) AS loop,
	n4.run(n4.putfh(:'root'), n4.savefh(), n4.putfh(:'file'), n4.rename('many', 'x')) AS file, n4.run(n4.putfh(:'root'), n4.lookup('link'), n4.savefh(), n4.putfh(:'root'), n4.rename('many', 'x')) AS link;
SELECT n4.run(n4.putfh(:'file'), n4.savefh(), n4.putfh(:'root'), n4.link('file'), n4.restorefh(), n4.getattr('numlinks')) AS linked, n4.run(n4.putfh(:'file'), n4.savefh(), n4.putfh(:'root'), n4.link('file')) AS again,
	n4.run(n4.putfh(:'stays'), n4.savefh(), n4.putfh(:'root'), n4.link('x')) AS directory, n4.run(n4.putfh(:'file'), n4.savefh(), n4.link('x')) AS file;
SELECT dittofs.create_share('/four too', root_mode => '0777') AS other \gset
SELECT n4.run(n4.putfh(:'file'), n4.savefh(), n4.putfh(:'other'), n4.link('x')) AS link, n4.run(n4.putfh(:'root'), n4.savefh(), n4.putfh(:'other'), n4.rename('file', 'x')) AS rename;

-- SECINFO uses the filehandle up
SELECT n4.say(n4.putfh(:'root'), n4.secinfo('stays'), n4.getfh()), n4.say(n4.putfh(:'root'), n4.secinfo('nothing')), n4.say(n4.putfh(:'file'), n4.secinfo('x'));
SELECT n4.say(n4.putfh(:'stays'), n4.secinfo_no_name(0), n4.getfh()), n4.say(n4.putfh(:'stays'), n4.secinfo_no_name(1)), n4.say(n4.putfh(:'stays'), n4.secinfo_no_name(2));
SELECT n4.say(n4.putrootfh(), n4.secinfo_no_name(1)), n4.say(n4.putrootfh(), n4.secinfo_no_name(0));

-- A share that is read-only, that takes no callers without credentials, that lets no one in
SELECT dittofs.alter_share('/four too', read_only => true);
SELECT n4.run(n4.putfh(:'other'), n4.mkdir('x')), n4.run(n4.putfh(:'other'), n4.setattr('{"mode": 0}')), n4.got(n4.putfh(:'other'), n4.access(511));
SELECT n4.be('auth=none client=10.0.0.9'), n4.run(n4.putfh(:'other')) AS weak, n4.run(n4.putrootfh(), n4.lookup('four too')) AS weak,
	n4.say(n4.putrootfh(), n4.secinfo('four too')) AS secinfo;
SELECT n4.be(''), dittofs.alter_share('/four too', denied_clients => '{10.0.0.9}'::inet[]);
SELECT n4.be('client=10.0.0.9'), n4.run(n4.putfh(:'other')) AS denied, n4.run(n4.putrootfh(), n4.lookup('four too')) AS unseen;
SELECT n4.be('');

-- Replies that are too large for the session, or to be kept: what changes something is not made
SELECT n4.run(n4.putfh(:'file'), n4.write(0, repeat('x', 2000)::bytea));
SELECT n4.connect('small', 1000, 500);
SELECT n4.run(n4.putfh(:'file'), n4.read(0, 300)) AS fits, n4.run(n4.putfh(:'file'), n4.read(0, 600)) AS cached, n4.run(n4.putfh(:'file'), n4.read(0, 1000)) AS large,
	n4.run(n4.putfh(:'root'), n4.lookup('many'), n4.readdir('type')) AS page, n4.data(n4.putfh(:'file'), n4.read(0, 1000)) AS nothing;
SELECT n4.run(n4.putfh(:'file'), n4.read(0, 150), n4.setattr('{"mode": 0}')) AS change, n4.got(n4.putfh(:'file'), n4.getattr('mode')) AS "not made";
SELECT n4.connect('a test');

SELECT * FROM t.violations;
SELECT dittofs.drop_share('/four', force => true), dittofs.drop_share('/four too', force => true);
-- the clients go, too
SELECT dittofs.forget_clients() > 0 AS forgotten, dittofs.reap(100) >= 0 AS reaped;
