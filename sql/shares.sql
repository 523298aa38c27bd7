-- SPDX-License-Identifier: PostgreSQL
-- Shares: create, alter, list, drop.
\set ECHO none
\i test/check.sql
\set ECHO all

SELECT dittofs.create_share('/shares') AS root \gset

-- Everything has a default.
SELECT name, content, read_only, squash, anonuid, anongid, allowed_clients, denied_clients,
		require_privileged_port, allow_auth_none, atime, bytes, inodes, root = :'root' AS root
	FROM dittofs.list_shares() WHERE name = '/shares' \gx
SELECT kind, mode, nlink, uid, gid FROM dittofs.stat('/shares');

-- All options
SELECT dittofs.create_share('/shares/inner', content => 'memory', read_only => true, squash => 'all',
	anonuid => 4294967295, anongid => 7, allowed_clients => '{10.0.0.0/8,2001:db8::/32}',
	denied_clients => '{10.66.0.0/16}', require_privileged_port => true, allow_auth_none => true,
	atime => 'off', root_uid => 4294967294, root_gid => 8, root_mode => '1777') IS NOT NULL AS made;
SELECT name, content, read_only, squash, anonuid, anongid, allowed_clients, denied_clients,
		require_privileged_port, allow_auth_none, atime, bytes, inodes
	FROM dittofs.list_shares() WHERE name = '/shares/inner' \gx
SELECT kind, mode, nlink, uid, gid FROM dittofs.stat('/shares/inner');

-- fsid and fileid tell them apart.
SELECT count(DISTINCT fsid) AS fsids, count(DISTINCT fileid) AS fileids, min(fsid) > 0 AS positive
	FROM dittofs.list_shares(), dittofs.get_file(root), dittofs.attributes(attributes)
	WHERE name LIKE '/shares%';

-- Names are absolute paths in their shortest form.
SELECT dittofs.create_share('/') IS NOT NULL AS made;
SELECT dittofs.drop_share('/');
SELECT dittofs.create_share('/shares');
SELECT dittofs.create_share('shares');
SELECT dittofs.create_share('');
SELECT dittofs.create_share('/shares/');
SELECT dittofs.create_share('//shares');
SELECT dittofs.create_share('/a/./b');
SELECT dittofs.create_share('/a/../b');
SELECT dittofs.create_share('/' || repeat('a', 256));
SELECT length(dittofs.create_share('/' || repeat('a', 255)));
SELECT dittofs.drop_share('/' || repeat('a', 255));
\set VERBOSITY terse
SELECT dittofs.create_share(repeat('/abcdefgh', 114));
\set VERBOSITY default

-- Other arguments are checked too.
SELECT dittofs.create_share('/x', content => 's3');
SELECT dittofs.create_share('/x', squash => 'some');
SELECT dittofs.create_share('/x', atime => 'on');
SELECT dittofs.create_share('/x', anonuid => -1);
SELECT dittofs.create_share('/x', anongid => 4294967296);
SELECT dittofs.create_share('/x', root_uid => -1);
SELECT dittofs.create_share('/x', root_gid => 4294967296);
SELECT dittofs.create_share('/x', root_mode => '10000');
-- A mode is octal text, never a decimal number that looks like one.
SELECT dittofs.create_share('/x', root_mode => 755);
SELECT dittofs.create_share('/x', root_mode => '493');
SELECT dittofs.create_share('/x', root_mode => 'u=rwx');
SELECT dittofs.create_root_directory('/shares', mode => 755);
SELECT dittofs.create_share('/x', allowed_clients => '{10.0.0.1,NULL}');
SELECT dittofs.create_share('/x', denied_clients => '{NULL}');
SELECT dittofs.create_share('/x', squash => NULL);
SELECT dittofs.create_share(NULL);

-- alter_share changes what is given.
SELECT dittofs.alter_share('/shares', read_only => true, squash => 'none', allowed_clients => '{::1}');
SELECT dittofs.alter_share('/shares', new_name => '/renamed', atime => 'strict', denied_clients => '{}');
SELECT name, read_only, squash, allowed_clients, denied_clients, atime, root = :'root' AS root
	FROM dittofs.list_shares() WHERE name = '/renamed';
SELECT dittofs.alter_share('/renamed', new_name => '/renamed');
SELECT dittofs.alter_share('/renamed', new_name => '/shares/inner');
SELECT dittofs.alter_share('/renamed', new_name => 'x');
SELECT dittofs.alter_share('/renamed', squash => 'x');
SELECT dittofs.alter_share('/renamed', anonuid => -1);
SELECT dittofs.alter_share('/renamed', allowed_clients => '{NULL}');
SELECT dittofs.alter_share('/nowhere', squash => 'none');
SELECT dittofs.alter_share(NULL, squash => 'none');

-- A change holds from the next call on, and goes with its transaction.
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'dir');
SELECT dittofs.alter_share('/renamed', read_only => false);
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'dir');
BEGIN;
SELECT dittofs.alter_share('/renamed', read_only => true);
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'dir2');
ROLLBACK;
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'dir2');
BEGIN;
SELECT length(dittofs.create_share('/shortlived'));
SELECT dittofs.mkdir('/shortlived/dir');
ROLLBACK;
SELECT dittofs.mkdir('/shortlived/dir');

-- So does one that is made in the table itself.
UPDATE dittofs.shares SET read_only = true WHERE name = '/renamed';
SELECT dittofs.status_name(status) FROM dittofs.create_directory(:'root', 'dir3');
UPDATE dittofs.shares SET read_only = false WHERE name = '/renamed';

-- create_root_directory() returns the root, and makes it where it is missing.
SELECT dittofs.status_name(status), handle = :'root' AS root, (dittofs.attributes(attributes)).nlink
	FROM dittofs.create_root_directory('/renamed', uid => 99);
SELECT dittofs.status_name(status) FROM dittofs.create_root_directory('/nowhere');
SELECT dittofs.status_name(status) FROM dittofs.create_root_directory('/renamed', uid => -1);
SELECT dittofs.status_name(status) FROM dittofs.create_root_directory('/renamed', mode => NULL);
BEGIN;
DELETE FROM dittofs.files f USING dittofs.shares s WHERE s.name = '/shares/inner' AND f.id = s.root_id;
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).uid, (dittofs.attributes(attributes)).mode
	FROM dittofs.create_root_directory('/shares/inner', uid => 99, mode => '0700');
SELECT kind, mode, nlink, uid FROM dittofs.stat('/shares/inner');
ROLLBACK;

-- Dropping an empty share is one call; one with files in it wants to be forced.
SELECT dittofs.drop_share('/shares/inner');
SELECT dittofs.write_file('/renamed/dir/file', 'some content');
SELECT dittofs.write_file('/renamed/dir/large', convert_to(repeat('0123456789abcdef', 200000), 'SQL_ASCII'));
SELECT dittofs.set_filesystem_capabilities('/renamed', rtmax => 65536);
SELECT (dittofs.mount('/renamed', 'client=::1')).status;
SELECT dittofs.drop_share('/renamed');
SELECT dittofs.drop_share('/nowhere');
SELECT dittofs.drop_share('/renamed', force => true);
-- Nobody finds it any more; its files, and then their content, are left to reap().
SELECT name, swept FROM dittofs.dropped_shares;
SELECT * FROM t.violations;
SELECT dittofs.reap(5) AS some, dittofs.reap(1000000) > 0 AS rest;
SELECT name, swept FROM dittofs.dropped_shares;
SELECT (SELECT count(*) FROM dittofs.files LEFT JOIN dittofs.shares USING (share_id) WHERE name IS NULL) AS files,
	(SELECT count(*) FROM dittofs.parent_child_map d LEFT JOIN dittofs.files f ON f.id = d.parent_id WHERE f.id IS NULL) AS entries,
	(SELECT count(*) FROM dittofs.space_usage LEFT JOIN dittofs.shares USING (share_id) WHERE name IS NULL) AS usage,
	(SELECT count(*) FROM dittofs.mounts LEFT JOIN dittofs.shares USING (share_id) WHERE name IS NULL) AS mounts,
	(SELECT count(*) FROM dittofs.filesystem_capabilities LEFT JOIN dittofs.shares USING (share_id) WHERE name IS NULL) AS capabilities;

SELECT dittofs.reap(1000000) AS again;
SELECT (SELECT count(*) FROM dittofs.blocks b LEFT JOIN dittofs.files f ON b.content_id = coalesce(f.content_id, f.id) WHERE f.id IS NULL) AS blocks,
	(SELECT count(*) FROM dittofs.reap_queue) AS queue;

-- create_share() says so if no client could make a file in the root directory.
CREATE FUNCTION pg_temp.made(options text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT dittofs.create_share(''/who''%s)', options);
	RETURN (SELECT mode FROM dittofs.stat('/who'));
END $$;
\set VERBOSITY terse
SELECT options, pg_temp.made(options), dittofs.drop_share('/who') FROM unnest(array[
	'',
	$$, root_mode => '0775'$$,
	$$, root_uid => 1000, root_mode => '0555'$$,
	$$, squash => 'all'$$,
	$$, squash => 'all', root_uid => 65534, root_mode => '0077'$$,
	$$, squash => 'all', root_uid => 1000, root_mode => '0775'$$]) options;
-- Here some client can, or none is to.
SELECT options, pg_temp.made(options), dittofs.drop_share('/who') FROM unnest(array[
	$$, squash => 'none'$$,
	$$, root_mode => '1777'$$,
	', root_uid => 1000',
	$$, root_gid => 1000, root_mode => '0775'$$,
	', anonuid => 0',
	$$, squash => 'all', root_uid => 65534$$,
	$$, squash => 'all', root_gid => 65534, root_mode => '0775'$$,
	', read_only => true']) options;
\set VERBOSITY default
