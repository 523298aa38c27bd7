-- What the MOUNT protocol asks: from a path to a handle, who has mounted what,
-- what there is to mount.

SELECT dittofs.create_share('/srv', root_mode => 448) AS srv \gset
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
