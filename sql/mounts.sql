-- SPDX-License-Identifier: PostgreSQL
-- What the MOUNT protocol asks: from a path to a handle, who has mounted what,
-- what there is to mount.

SELECT dittofs.create_share('/srv', root_mode => '0700') AS srv \gset
SELECT dittofs.create_share('/srv/inner') AS inner \gset
SELECT dittofs.mkdir('/srv/dir/sub', mode => '0700', parents => true);
SELECT dittofs.mkdir('/srv/inner2');
SELECT dittofs.write_file('/srv/file', ''), dittofs.symlink('dir', '/srv/link');
SELECT dittofs.resolve('/srv/dir/sub') AS sub \gset

-- A share, or a directory inside it.  Rights to walk there are not asked: the
-- handle gives none.
SELECT path, dittofs.status_name(status), CASE handle WHEN :'srv' THEN 'srv' WHEN :'inner' THEN 'inner'
		WHEN :'sub' THEN 'sub' WHEN dittofs.resolve('/srv/inner2') THEN 'inner2' ELSE handle::text END AS handle, auth_none
	FROM unnest(array['/srv', '/srv/', '//srv///', '/./srv/.', '/srv/dir/sub', '/srv//dir/./sub/',
		'/srv/inner', '/srv/inner2', '/srv/inner/..', '/srv/..', '/srv/../../srv', '/srv/dir/../..',
		'/srv/dir/../dir/sub', '/srv/none', '/srv/file', '/srv/file/x', '/srv/link', '/srv/link/sub',
		'/sr', '/', '', 'srv', '/none', '/srv/../none']) WITH ORDINALITY p(path, n),
		dittofs.mount(path::bytea, 'uid=1000 client=10.0.0.7 port=1023') ORDER BY n;

-- Paths are bytes of any kind, within limits.
SELECT dittofs.status_name(status) FROM dittofs.mount('/srv/\377');
SELECT dittofs.status_name(status) FROM dittofs.mount('/srv/\000');
SELECT dittofs.status_name(status) FROM dittofs.mount(convert_to('/srv/' || repeat('a', 255), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.mount(convert_to('/srv/' || repeat('a', 256), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.mount(convert_to('/srv' || repeat('/', 1020), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.mount(convert_to('/srv' || repeat('/', 1021), 'UTF8'));
SELECT dittofs.status_name(status) FROM dittofs.mount(NULL);

-- It is recorded once for each client and path, in the path's shortest form.
SELECT client, encode(path, 'escape') AS path FROM dittofs.list_mounts();
SELECT dittofs.status_name(status) FROM dittofs.mount('/srv/', 'client=2001:db8::7');
SELECT dittofs.status_name(status) FROM dittofs.mount('/srv', 'client=::ffff:10.0.0.8');
-- A local caller has no address to record.
SELECT dittofs.status_name(status) FROM dittofs.mount('/srv');
SELECT client, encode(path, 'escape') AS path FROM dittofs.list_mounts() WHERE client <> '10.0.0.7';

-- However a path is spelled, and in whatever session, a directory is recorded once.
SELECT count(*) FROM generate_series(1, 300) i, LATERAL dittofs.mount(
	convert_to('/srv' || replace(replace(i::bit(9)::text, '0', '/dir/..'), '1', '/./inner2/..') || '/dir/sub/', 'UTF8'),
	'client=10.0.0.11') m WHERE m.status = 0;
SELECT client, encode(path, 'escape') AS path FROM dittofs.list_mounts() WHERE client = '10.0.0.11';
SELECT dittofs.unmount('/srv/dir/../dir/../.././dir/sub', 'client=10.0.0.11'),
	dittofs.unmount('/srv/../dir/none/../sub', 'client=10.0.0.11');

-- Of a client the latest 32 directories are kept, of all clients 10,000 rows, and none
-- for longer than 100 days.
SELECT count(dittofs.mkdir('/srv/many/' || i, parents => true)) FROM generate_series(1, 40) i;
UPDATE dittofs.mounts SET mounted_at = now() - interval '1 day';
DO $$
BEGIN
	FOR i IN 1..40 LOOP
		PERFORM dittofs.mount(convert_to('/srv/many/' || i, 'UTF8'), 'client=10.0.0.7');
		UPDATE dittofs.mounts SET mounted_at = now() - i * interval '1 minute'
		WHERE client = '10.0.0.7' AND path = convert_to('/srv/many/' || i, 'UTF8');
	END LOOP;
END $$;
SELECT dittofs.status_name(status) FROM dittofs.mount('/srv/dir', 'client=10.0.0.7');
SELECT count(*), count(*) FILTER (WHERE encode(path, 'escape') ~ '^/srv/many/([1-9]|[12].|30|31)$') AS latest
	FROM dittofs.mounts WHERE client = '10.0.0.7';
INSERT INTO dittofs.mounts SELECT '10.1.0.0'::inet + i, '/srv', (SELECT share_id FROM dittofs.shares WHERE name = '/srv'),
		now() - i * interval '1 hour' FROM generate_series(1, 12000) i;
SELECT count(dittofs.mount('/srv', ('client=10.2.0.' || i)::dittofs.caller)) FROM generate_series(1, 64) i;
SELECT count(*) BETWEEN 2400 AND 2600 AS young FROM dittofs.mounts;
UPDATE dittofs.mounts SET mounted_at = now();
INSERT INTO dittofs.mounts SELECT '10.3.0.0'::inet + i, '/srv', (SELECT share_id FROM dittofs.shares WHERE name = '/srv')
	FROM generate_series(1, 12000) i;
SELECT count(dittofs.mount('/srv', ('client=10.2.0.' || i)::dittofs.caller)) FROM generate_series(1, 64) i;
SELECT count(*) BETWEEN 10000 AND 10064 AS bounded FROM dittofs.mounts;

-- Lists end where they would be larger than asked for.
SELECT count(*), sum(length(client) + length(path) + 64) <= 10000 AS bounded FROM dittofs.list_mounts(10000);
SELECT count(*) FROM dittofs.list_mounts(0);
SELECT count(*) FROM dittofs.list_mounts(-1);
SELECT path FROM dittofs.list_exports(100) WHERE path LIKE '/srv%';
DELETE FROM dittofs.mounts WHERE client << '10.0.0.0/8' AND client > '10.0.0.255';
DELETE FROM dittofs.mounts WHERE encode(path, 'escape') LIKE '/srv/many/%';
SELECT client, encode(path, 'escape') AS path FROM dittofs.list_mounts();
SELECT count(dittofs.mount(path, caller::dittofs.caller)) FROM (VALUES ('/srv'::bytea, 'client=10.0.0.7'), ('/srv/inner2', 'client=10.0.0.7'),
	('/srv/dir/sub', 'client=10.0.0.7'), ('/srv', 'client=10.0.0.8'), ('/srv', 'client=2001:db8::7')) v (path, caller);

-- Each client takes back what is its own.
SELECT dittofs.unmount('/srv/dir//sub', 'client=10.0.0.7');
SELECT dittofs.unmount('/srv/dir//sub', 'client=10.0.0.7');
SELECT dittofs.unmount('/srv', 'client=10.0.0.9');
SELECT dittofs.unmount('/srv'), dittofs.unmount_all(), dittofs.unmount('srv', 'client=10.0.0.7');
SELECT dittofs.unmount_all('client=10.0.0.7') > 1 AS several;
SELECT client, encode(path, 'escape') AS path FROM dittofs.list_mounts();

-- Dropping a share drops what was recorded of it.
SELECT dittofs.drop_share('/srv', force => true);
SELECT client, encode(path, 'escape') AS path FROM dittofs.list_mounts();

-- In a read-only transaction, as on a standby, clients can mount; nothing is recorded.
BEGIN READ ONLY;
SELECT dittofs.status_name(status) FROM dittofs.mount('/srv/inner', 'client=10.0.0.7');
SELECT dittofs.unmount('/srv/inner', 'client=10.0.0.7'), dittofs.unmount_all('client=10.0.0.7');
COMMIT;
SELECT count(*) FROM dittofs.list_mounts();

-- Exports: the networks allowed, none for everybody.
SELECT dittofs.create_share('/srv/other', allowed_clients => '{10.0.0.0/8,192.168.1.7,2001:db8::/32,::ffff:172.16.0.0/108}') IS NOT NULL AS made;
SELECT * FROM dittofs.list_exports() WHERE path LIKE '/srv/%';

SELECT dittofs.drop_share('/srv/inner'), dittofs.drop_share('/srv/other');
