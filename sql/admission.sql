-- SPDX-License-Identifier: PostgreSQL
-- Who may come in: networks, ports, credentials; and as whom.

SELECT dittofs.create_share('/admission', root_mode => '0777') AS root \gset

CREATE FUNCTION pg_temp.answers(callers text[], OUT caller text, OUT call text, OUT mount text)
RETURNS SETOF record LANGUAGE sql AS $$
	SELECT c, dittofs.status_name((SELECT status FROM dittofs.get_file(root, c::dittofs.caller))),
			dittofs.status_name((SELECT status FROM dittofs.mount('/admission', c::dittofs.caller)))
		FROM unnest(callers) WITH ORDINALITY x(c, n), dittofs.list_shares() s
		WHERE s.name = '/admission' ORDER BY n
$$;

-- Without rules everybody may, but not without a credential: the flavor counts
-- for calls, a client may mount with any.
SELECT * FROM pg_temp.answers('{client=10.0.0.7,client=::1,client=10.0.0.7 auth=none,auth=none,""}');
SELECT dittofs.alter_share('/admission', allow_auth_none => true);
SELECT * FROM pg_temp.answers('{client=10.0.0.7 auth=none}');
SELECT auth_none FROM dittofs.mount('/admission');
SELECT dittofs.alter_share('/admission', allow_auth_none => false);

-- Allowed networks; IPv4 in either form.  Denied ones are stronger.  The local
-- caller is always admitted.
SELECT dittofs.alter_share('/admission', allowed_clients => '{10.0.0.0/8,192.168.1.7,2001:db8::/33}',
	denied_clients => '{10.66.0.0/15,2001:db8:7::1}');
SELECT * FROM pg_temp.answers('{client=10.0.0.7,client=10.255.255.255,client=11.0.0.0,client=9.255.255.255,
	client=192.168.1.7,client=192.168.1.8,client=::ffff:10.0.0.7,client=::ffff:11.0.0.7,
	client=10.66.1.1,client=10.67.255.255,client=10.68.0.0,client=::ffff:10.66.1.1,
	client=2001:db8::7,client=2001:db8:7fff::,client=2001:db8:8000::,client=2001:db8:7::1,client=::1,"",auth=none}');

-- A rule may be written for mapped addresses too.
SELECT dittofs.alter_share('/admission', allowed_clients => '{::ffff:10.0.0.0/104}', denied_clients => '{}');
SELECT * FROM pg_temp.answers('{client=10.0.0.7,client=11.0.0.7,client=::ffff:10.0.0.7,client=::1}');
SELECT dittofs.alter_share('/admission', allowed_clients => '{0.0.0.0/0}');
SELECT * FROM pg_temp.answers('{client=10.0.0.7,client=::ffff:10.0.0.7,client=::1}');
SELECT dittofs.alter_share('/admission', allowed_clients => '{::/0}');
SELECT * FROM pg_temp.answers('{client=10.0.0.7,client=::1}');
SELECT dittofs.alter_share('/admission', allowed_clients => '{}', denied_clients => '{0.0.0.0/0}');
SELECT * FROM pg_temp.answers('{client=10.0.0.7,client=::1}');
SELECT dittofs.alter_share('/admission', denied_clients => '{}');

-- A port below 1024 shows that root of the client opened the connection.
SELECT dittofs.alter_share('/admission', require_privileged_port => true);
SELECT * FROM pg_temp.answers('{client=10.0.0.7 port=1,client=10.0.0.7 port=1023,client=10.0.0.7 port=1024,
	client=10.0.0.7 port=65535,client=10.0.0.7,"",port=2000}');
SELECT dittofs.alter_share('/admission', require_privileged_port => false);

-- Who is not admitted can do nothing at all, and learns nothing.
SELECT dittofs.alter_share('/admission', denied_clients => '{10.0.0.7}');
\set denied '''uid=0 client=10.0.0.7'''
SELECT dittofs.status_name(status) AS lookup, attributes IS NULL AND dir_attributes IS NULL AS nothing
	FROM dittofs.lookup(:'root', 'x', :denied);
SELECT dittofs.status_name(status) AS create, handle IS NULL AND attributes IS NULL AS nothing
	FROM dittofs.create_file(:'root', 'x', :denied);
SELECT dittofs.status_name(status) AS read_directory, dir_attributes IS NULL AS nothing
	FROM dittofs.read_directory(:'root', caller => :denied);
SELECT dittofs.status_name(status) AS statistics, attributes IS NULL AND total_bytes IS NULL AS nothing
	FROM dittofs.get_filesystem_statistics(:'root', :denied);
SELECT dittofs.status_name(status) AS capabilities, attributes IS NULL AND rtmax IS NULL AS nothing
	FROM dittofs.get_filesystem_capabilities(:'root', :denied);
SELECT dittofs.status_name(status) AS mount, handle IS NULL AS nothing FROM dittofs.mount('/admission/none', :denied);
SELECT dittofs.status_name(status) AS mount FROM dittofs.mount('/admission/none', 'client=10.0.0.8');
SELECT dittofs.ls('/admission', :denied);
SELECT dittofs.alter_share('/admission', denied_clients => '{}');

-- As whom: squash 'root' (the default), 'none', 'all'; AUTH_NONE is always nobody.
SELECT dittofs.alter_share('/admission', allow_auth_none => true, anonuid => 4294967294, anongid => 77);
CREATE FUNCTION pg_temp.owners(squash text, OUT caller text, OUT uid bigint, OUT gid bigint)
RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dittofs.alter_share('/admission', squash => squash);
	FOREACH caller IN ARRAY array['uid=0 gid=0 client=::1', 'uid=1000 gid=100 client=::1', 'uid=1000 gid=0 client=::1',
			'auth=none client=::1', 'uid=0 gid=0', 'uid=1000 gid=100'] LOOP
		PERFORM dittofs.write_file('/admission/file', '', caller => caller::dittofs.caller);
		SELECT s.uid, s.gid INTO uid, gid FROM dittofs.stat('/admission/file') s;
		PERFORM dittofs.rm('/admission/file');
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT * FROM pg_temp.owners('root');
SELECT * FROM pg_temp.owners('none');
SELECT * FROM pg_temp.owners('all');

SELECT dittofs.drop_share('/admission');
