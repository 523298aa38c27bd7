-- SPDX-License-Identifier: PostgreSQL
-- OPEN, CLOSE, OPEN_DOWNGRADE, stateids of NFSv4.
\set ECHO none
\i test/check.sql
\i test/nfs4.sql
\i test/nfs4_opens.sql
\set ECHO all
\set VERBOSITY terse

SELECT dittofs.create_share('/opens', squash => 'none') IS NOT NULL AS made;
SELECT t.client4('alice'), t.client4('bob');
CREATE SCHEMA o;
CREATE FUNCTION o.h(name text) RETURNS bytea LANGUAGE sql AS $$ SELECT dittofs.resolve('/opens/' || name) $$;
CREATE VIEW o.states AS SELECT c.name, s.seqid, s.access, s.deny, s.open_id <> 0 AS locks, convert_from(s.owner, 'UTF8') AS owner
	FROM dittofs.nfs4_states s JOIN t.clients4 c ON c.client_id = s.client_id AND c.slot = 0 ORDER BY s.id;
CREATE FUNCTION o.dir() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(name, ' ' ORDER BY name) FROM dittofs.ls('/opens') $$;

-- Creation.  Only what was made changes the directory; attributes of what was there do not count, but for a size of 0.
SELECT t.open4('alice', '/opens', 'a', 3, how => 0, attrs => t.mode_attr(384)) AS made;
SELECT t.open4('alice', '/opens', 'a', 3, how => 0, attrs => t.mode_attr(511)) AS was_there;
SELECT mode, size FROM dittofs.ls('/opens/a');
SELECT t.write4('alice', o.h('a')), t.open4('bob', '/opens', 'a', 2, how => 0, attrs => t.size_attr(100), as_name => 'b') AS not_cut;
SELECT size FROM dittofs.ls('/opens/a');
SELECT t.open4('bob', '/opens', 'a', 1, how => 0, attrs => t.size_attr(0), as_name => 'b') AS cannot_cut;
SELECT t.open4('bob', '/opens', 'a', 2, how => 0, attrs => t.size_attr(0), as_name => 'b') AS cut;
SELECT size FROM dittofs.ls('/opens/a');
SELECT t.open4('bob', '/opens', 'a', how => 1) AS guarded, t.open4('bob', '/opens', 'b', how => 1, as_name => 'g') AS guarded_new;
SELECT t.open4('bob', '/opens', 'c', how => 2, verifier => 'one', as_name => 'c') AS exclusive;
SELECT t.open4('bob', '/opens', 'c', how => 2, verifier => 'one', as_name => 'c') AS again, t.open4('bob', '/opens', 'c', how => 2, verifier => 'two') AS other;
SELECT t.open4('bob', '/opens', 'd', 2, how => 3, attrs => t.mode_attr(416), as_name => 'd') AS exclusive4_1;
SELECT mode FROM dittofs.ls('/opens/d');
SELECT t.open4('bob', '/opens', 'd', 2, how => 3, attrs => t.mode_attr(416), as_name => 'd') AS again, t.open4('bob', '/opens', 'd', how => 3, verifier => 'two') AS other;
-- times have no place there; an attribute that is not known; a mode that is none
SELECT t.open4('bob', '/opens', 'e', how => 3, attrs => t.i(0) || t.i(1 << 22) || t.i(0) || t.o(t.i(0))) AS times;
SELECT t.open4('bob', '/opens', 'e', how => 0, attrs => t.i(4096) || t.i(0) || t.i(0) || t.o(t.i(0))) AS unknown;
SELECT t.open4('bob', '/opens', 'nowhere'), t.open4('bob', '/opens', ''), o.dir();

-- What is no file, or none that the caller may open so.
SELECT dittofs.mkdir('/opens/dir'), dittofs.symlink('a', '/opens/link'), status FROM dittofs.create_special_file(dittofs.resolve('/opens'), 'fifo', 'fifo', 0, 0);
SELECT t.open4('bob', '/opens', 'dir'), t.open4('bob', '/opens', 'link'), t.open4('bob', '/opens', 'fifo'), t.open4('bob', '/opens', 'dir', how => 0),
	t.open_fh4('bob', o.h('dir')), t.open_fh4('bob', dittofs.resolve('/opens')), t.open4('bob', '/opens/a', 'x');
SELECT t.open4('bob', '/opens', 'a', 0) AS no_access, t.open4('bob', '/opens', 'a', 1, 4) AS bad_deny;
SELECT dittofs.chmod('/opens/a', '0400'), dittofs.chown('/opens/a', 7, 7);
BEGIN;
SET LOCAL t.caller = 'client=10.0.0.1 uid=7 gid=7';
SELECT t.open4('bob', '/opens', 'a', 1, owner => '7'), t.open4('bob', '/opens', 'a', 2, owner => '7');
SET LOCAL t.caller = 'client=10.0.0.1 uid=8 gid=8';
SELECT t.open4('bob', '/opens', 'a', 1, owner => '8'), t.open4('bob', '/opens', 'new', 2, how => 0, owner => '8');
ROLLBACK;
-- by the one who makes it a file can be opened whatever its mode
SELECT dittofs.chmod('/opens', '0777');
BEGIN;
SET LOCAL t.caller = 'client=10.0.0.1 uid=8 gid=8';
SELECT t.open4('bob', '/opens', 'new', 3, how => 0, attrs => t.mode_attr(0), owner => '8', as_name => 'n') AS mode_0;
SELECT t.write4('bob', o.h('new'), t.stateid('n'));
ROLLBACK;
-- a share that is read-only
BEGIN;
SELECT dittofs.alter_share('/opens', read_only => true);
SELECT t.open4('bob', '/opens', 'a', 1, as_name => 'r') AS reading, t.open4('bob', '/opens', 'a', 2), t.open4('bob', '/opens', 'z', 1, how => 0);
ROLLBACK;
-- claims of what there is not
SELECT status FROM t.on4('bob', o.h('a'), t.open_op(1, 0, 'o', NULL, NULL, NULL, t.i(1) || t.i(0)));
SELECT status FROM (VALUES (2, 20), (3, 4), (5, 16), (6, 0)) c(n, len), t.on4('bob', o.h('a'), t.open_op(1, 0, 'o', NULL, NULL, NULL, t.i(n) || substr(decode(repeat('00', 20), 'hex'), 1, len)));

-- The same owner gets the same stateid, one further, whatever it opens for; another owner another one.
SELECT t.open4('alice', '/opens', 'b', 1, as_name => 'one'), t.open_fh4('alice', o.h('b'), 2, as_name => 'two'), t.open4('alice', '/opens', 'b', 1, as_name => 'three'),
	t.open4('alice', '/opens', 'b', 1, owner => 'other', as_name => 'four');
SELECT substr(t.stateid('one'), 5) = substr(t.stateid('two'), 5) AS same, substr(t.stateid('two'), 5) = substr(t.stateid('three'), 5) AS same,
	substr(t.stateid('one'), 5) = substr(t.stateid('four'), 5) AS other;
-- WANT bits: no delegation, and why
SELECT t.open4('alice', '/opens', 'b', 1 + 1024, as_name => 'w') AS none_wanted, t.open4('alice', '/opens', 'b', 1 + 256, as_name => 'w') AS wanted,
	t.open4('alice', '/opens', 'b', 1 + 1280, as_name => 'w') AS cancelled;

-- Stateids: newest, older, not yet, of another client, of another file, made up.
SELECT t.read4('alice', o.h('b'), t.with_seqid(t.stateid('one'), s)) FROM unnest('{0,6,5,7,4294967295}'::bigint[]) s;
SELECT t.read4('bob', o.h('b'), t.stateid('w')) AS of_another_client, t.read4('alice', o.h('a'), t.stateid('w')) AS of_another_file,
	t.read4('alice', o.h('b'), set_byte(t.stateid('w'), 5, get_byte(t.stateid('w'), 5) # 1)) AS salt,
	t.read4('alice', o.h('b'), set_byte(t.stateid('w'), 15, get_byte(t.stateid('w'), 15) # 1)) AS number,
	t.read4('alice', o.h('b'), t.i(4294967295) || decode(repeat('00', 12), 'hex')) AS invalid, t.read4('alice', o.h('b'), t.stateid('current')) AS no_current;
SELECT t.read4('alice', o.h('b'), t.stateid('anonymous')), t.read4('alice', o.h('b'), t.stateid('bypass')), t.write4('alice', o.h('b'), t.stateid('anonymous')),
	t.write4('alice', o.h('b'), t.stateid('bypass')), t.close4('alice', o.h('b'), t.stateid('anonymous')), t.close4('alice', o.h('b'), t.stateid('bypass'));
SELECT t.read4('alice', o.h('b'), t.stateid('four')), t.write4('alice', o.h('b'), t.stateid('four')) AS not_for_writing, t.write4('bob', o.h('c'), t.stateid('c')) AS neither;
SELECT t.valid4('alice', t.stateid('w'), t.stateid('one'), t.with_seqid(t.stateid('w'), 0), t.with_seqid(t.stateid('w'), 99), t.stateid('b'), t.stateid('anonymous'));

-- The current stateid: OPEN sets it, another filehandle clears it, SAVEFH and RESTOREFH carry it.
CREATE FUNCTION o.run(VARIADIC ops bytea[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c t.clients4;
BEGIN
	UPDATE t.clients4 u SET seqid = seqid + 1 WHERE u.name = 'alice' AND u.slot = 0 RETURNING * INTO c;
	RETURN t.nfs4_name('status', t.get_i((t.in_session(c.session, c.seqid, ops)).results, 1));
END $$;
SELECT t.op('PUTFH', t.o(o.h('c'))) AS fh, t.op('PUTFH', t.o(dittofs.resolve('/opens'))) AS dirfh,
	t.open_op(1, 0, 'cur', NULL, NULL, NULL, t.i(4)) AS open, t.op('CLOSE', t.i(0), t.stateid('current')) AS close,
	t.op('READ', t.stateid('current'), t.l(0), t.i(1)) AS read \gset
SELECT o.run(:'fh', :'open', :'read', :'close') AS used, o.run(:'fh', :'open', :'close', :'read') AS closed,
	o.run(:'fh', :'read') AS none, o.run(:'fh', :'open', :'fh', :'read') AS cleared,
	o.run(:'fh', :'open', t.op('SAVEFH'), :'dirfh', t.op('RESTOREFH'), :'close') AS carried;
SELECT * FROM o.states WHERE owner = 'cur';

-- OPEN_DOWNGRADE: to what some of the OPENs have asked for, and no more.
SELECT t.open4('bob', '/opens', 'b', 1, as_name => 'x'), t.open4('bob', '/opens', 'b', 3, as_name => 'x');
SELECT t.downgrade4('bob', o.h('b'), 2, name => 'x') AS never_asked_for, t.downgrade4('bob', o.h('b'), 0, name => 'x') AS nothing, t.downgrade4('bob', o.h('b'), 1, 1, name => 'x') AS denies,
	t.downgrade4('bob', o.h('b'), 1, name => 'x') AS fewer;
SELECT t.write4('bob', o.h('b'), t.stateid('x')), t.read4('bob', o.h('b'), t.stateid('x')), t.downgrade4('bob', o.h('b'), 3, name => 'x') AS more;
SELECT t.downgrade4('bob', o.h('b'), 1, name => 'x') AS same, t.downgrade4('alice', o.h('b'), 1, name => 'x') AS of_another_client;

-- CLOSE leaves no row, and its stateid means nothing any more.
SELECT t.close4('bob', o.h('b'), t.with_seqid(t.stateid('x'), 1)) AS old;
SELECT t.close4('bob', o.h('b'), t.stateid('x')), t.close4('bob', o.h('b'), t.stateid('x')) AS again;
SELECT t.read4('bob', o.h('b'), t.stateid('x')), t.valid4('bob', t.stateid('x')), t.free4('bob', 'x');
SELECT t.free4('alice', 'w') AS it_is_open;
SELECT t.open4('bob', '/opens', 'b', 1, as_name => 'x') AS anew, t.close4('bob', o.h('b'), t.with_seqid(t.stateid('x'), 0)) AS newest;
SELECT * FROM o.states;
SELECT t.close4('alice', o.h('b'), t.stateid('w')), t.close4('alice', o.h('b'), t.stateid('four')), t.close4('alice', o.h('a')),
	t.close4('bob', o.h('a'), t.stateid('b')), t.close4('bob', o.h('c'), t.stateid('c')), t.close4('bob', o.h('d'), t.stateid('d'));
SELECT (SELECT count(*) FROM dittofs.nfs4_states) AS states, (SELECT count(*) FROM dittofs.nfs4_file_states) AS by_file;

-- What is denied: to all owners, also one's own; to READ and WRITE without an open; to NLM's share modes, and by them.
SELECT t.open4('alice', '/opens', 'b', 1, 2, as_name => 'x') AS denies_writing;
SELECT t.open4('bob', '/opens', 'b', 2), t.open4('bob', '/opens', 'b', 1, 1), t.open4('alice', '/opens', 'b', 2, owner => 'other'), t.open4('alice', '/opens', 'b', 3) AS own,
	t.open4('bob', '/opens', 'b', 2, how => 0, attrs => t.size_attr(0)) AS cut;
SELECT t.write4('bob', o.h('b'), t.stateid('anonymous')), t.write4('bob', o.h('b'), t.stateid('bypass')), t.read4('bob', o.h('b'), t.stateid('anonymous')),
	t.read4('alice', o.h('b'), t.stateid('x'));
SELECT status, outcome FROM dittofs.share_file(o.h('b'), '', 'dos', 0, 'x', 2, 0);
SELECT status, outcome FROM dittofs.share_file(o.h('b'), '', 'dos', 0, 'x', 0, 1);
SELECT status, outcome FROM dittofs.share_file(o.h('b'), '', 'dos', 0, 'x', 1, 0);
SELECT status, outcome FROM dittofs.unshare_file(o.h('b'), '', 'dos', 0, 'x');
SELECT t.open4('bob', '/opens', 'b', 1, as_name => 'y'), t.open4('bob', '/opens', 'b', 1, 1, as_name => 'y') AS denies_what_is_open;
SELECT t.close4('bob', o.h('b'), t.stateid('y')), t.close4('alice', o.h('b'), t.stateid('x'));
SELECT t.open4('bob', '/opens', 'b', 2, as_name => 'y') AS denied_no_more, t.close4('bob', o.h('b'), t.stateid('y'));
SELECT status, outcome FROM dittofs.share_file(o.h('b'), '', 'dos', 0, 'x', 1, 2);
SELECT t.open4('bob', '/opens', 'b', 2) AS by_nlm, t.open4('bob', '/opens', 'b', 1, as_name => 'y');
SELECT status, outcome FROM dittofs.share_file(o.h('b'), '', 'dos', 0, 'z', 0, 1) AS to_nlm;
SELECT status, outcome FROM dittofs.unshare_file(o.h('b'), '', 'dos', 0, 'x');
-- less is denied
SELECT t.open4('bob', '/opens', 'b', 1, 2, as_name => 'y'), t.downgrade4('bob', o.h('b'), 1, 0, name => 'y'), t.open4('alice', '/opens', 'b', 2, as_name => 'x');
SELECT t.close4('bob', o.h('b'), t.stateid('y')), t.close4('alice', o.h('b'), t.stateid('x'));
SELECT count(*) AS shares FROM dittofs.locks;

-- A file that is removed while it is open, by v3, by SQL, by a rename: it goes with the last CLOSE.
CREATE FUNCTION o.there(id bytea) RETURNS text LANGUAGE sql AS $$
	SELECT dittofs.status_name(status) || coalesce(' nlink ' || (dittofs.attributes(attributes)).nlink, '') FROM dittofs.get_file(id) $$;
SELECT dittofs.write_file('/opens/u', 'unlinked');
SELECT o.h('u') AS u \gset
SELECT t.open4('alice', '/opens', 'u', 3, as_name => 'x'), t.open4('bob', '/opens', 'u', 1, as_name => 'y');
SELECT dittofs.status_name(status) FROM dittofs.remove_file(dittofs.resolve('/opens'), 'u');
SELECT o.there(:'u'), t.read4('bob', :'u', t.stateid('y')), t.write4('alice', :'u', t.stateid('x')), t.open4('bob', '/opens', 'u') AS by_name,
	t.open_fh4('bob', :'u', 2, as_name => 'y') AS by_filehandle;
SELECT path, client, convert_from(owner, 'UTF8') AS owner, access, deny, removed FROM dittofs.opens;
SELECT t.close4('alice', :'u', t.stateid('x')), o.there(:'u'), t.close4('bob', :'u', t.stateid('y')), o.there(:'u');
SELECT count(*) AS kept FROM dittofs.nfs4_unlinked_files;
SELECT dittofs.write_file('/opens/u', 'one'), dittofs.write_file('/opens/v', 'two');
SELECT o.h('u') AS u \gset
SELECT t.open4('alice', '/opens', 'u', 1, as_name => 'x'), dittofs.mv('/opens/v', '/opens/u'), o.there(:'u');
SELECT t.close4('alice', :'u', t.stateid('x')), o.there(:'u');

-- The end of a client: what it had open is gone, and a file that only it had.
SELECT o.h('u') AS u \gset
SELECT t.open4('alice', '/opens', 'u', 3, 2, as_name => 'x'), t.open4('bob', '/opens', 'u', 1, as_name => 'y');
SELECT dittofs.rm('/opens/u');
SELECT dittofs.evict_client(client_id) AS evicted FROM t.clients4 WHERE name = 'alice' AND slot = 0;
SELECT t.open_fh4('bob', :'u', 2, as_name => 'y') AS denied_no_more;
SELECT dittofs.reap(100) >= 0 AS reaped;
SELECT * FROM o.states;
SELECT count(*) AS share_modes FROM dittofs.locks;
SELECT t.close4('bob', :'u', t.stateid('y')), o.there(:'u');

-- Before RECLAIM_COMPLETE nothing is opened.
SELECT t.client4('carol');
UPDATE dittofs.nfs4_clients SET reclaimed = false WHERE owner = 'carol';
SELECT t.open4('carol', '/opens', 'b') AS too_early;
SELECT status FROM t.on4('carol', NULL, t.op('RECLAIM_COMPLETE', t.i(0)));
-- No more than a client may have.
SELECT dittofs.set_server_config('nfs4_open_max', '3');
SELECT t.open4('carol', '/opens', 'b', owner => n::text) FROM generate_series(1, 5) n;
SELECT dittofs.set_server_config('nfs4_open_max', NULL);

SELECT * FROM dittofs.fsck();
SELECT dittofs.drop_share('/opens', force => true);
SELECT dittofs.reap(1000) >= 0, dittofs.reap(1000) >= 0;
SELECT dittofs.evict_client(client_id) FROM t.clients4 WHERE slot = 0 AND name = 'bob';
SELECT dittofs.reap(1000) >= 0;
SELECT (SELECT count(*) FROM dittofs.nfs4_states) AS states, (SELECT count(*) FROM dittofs.nfs4_file_states) AS by_file;
SELECT dittofs.forget_clients() >= 0 AS forgotten, dittofs.reap(100) >= 0 AS reaped;
SET client_min_messages = warning;
DROP SCHEMA o CASCADE;
DROP TABLE t.clients4, t.stateids4;
