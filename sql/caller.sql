-- SPDX-License-Identifier: PostgreSQL
-- dittofs.caller: who calls, and from where.

-- '' is a local root.  Keys come in any order; what is absent has its default.
SELECT ''::dittofs.caller;
SELECT 'uid=1000'::dittofs.caller;
SELECT ' port=871  client=10.0.0.7 groups=4,27 gid=100 uid=1000 '::dittofs.caller;
SELECT 'auth=none client=2001:db8::7'::dittofs.caller;
SELECT 'groups='::dittofs.caller;

-- Ids are full 32 bits.
SELECT 'uid=4294967295 gid=4294967294 groups=4294967295'::dittofs.caller;

-- An IPv4 address mapped into IPv6 is the IPv4 address.
SELECT 'client=::ffff:10.0.0.7'::dittofs.caller;

-- A gateway says which call it is, so that a repeated one is known again.
SELECT 'client=10.0.0.7 xid=4294967295 checksum=18446744073709551615'::dittofs.caller;
-- And how it came, so that it is known whether it can be a repeated one.
SELECT 'client=10.0.0.7 xid=9 connection=18446744073709551615 connected=0 arrived=9223372036854775807'::dittofs.caller;

-- The text form can be read back.
SELECT (c::text)::dittofs.caller::text = c::text AS same
	FROM (SELECT 'uid=1 gid=2 groups=3,4 client=fe80::1 port=65535 auth=none'::dittofs.caller) x(c);

-- The binary form, which gateways send: version, flavor, uid, gid, family,
-- address, port, number of groups, groups.
SELECT dittofs.caller_send('');
SELECT dittofs.caller_send('uid=1 gid=2 groups=3,4 client=10.0.0.7 port=871');
SELECT dittofs.caller_send('auth=none client=::1');
SELECT dittofs.caller_send('xid=1 checksum=2');
SELECT dittofs.caller_send('xid=1 checksum=2 connection=3 connected=4 arrived=5');

-- Sixteen groups are what AUTH_SYS can carry.
SELECT 'groups=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16'::dittofs.caller;
SELECT 'groups=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17'::dittofs.caller;

-- Whatever else is wrong is refused.
SELECT 'uid'::dittofs.caller;
SELECT 'uid=1 uid=2'::dittofs.caller;
SELECT 'user=1'::dittofs.caller;
SELECT 'uid='::dittofs.caller;
SELECT 'uid=-1'::dittofs.caller;
SELECT 'uid=+1'::dittofs.caller;
SELECT 'uid=1x'::dittofs.caller;
SELECT 'uid=4294967296'::dittofs.caller;
SELECT 'gid=99999999999999999999999999'::dittofs.caller;
SELECT 'groups=1,'::dittofs.caller;
SELECT 'groups=,'::dittofs.caller;
SELECT 'port=65536'::dittofs.caller;
SELECT 'auth=kerberos'::dittofs.caller;
SELECT 'client=10.0.0.0/8'::dittofs.caller;
SELECT 'client=10.0.0'::dittofs.caller;
SELECT 'client=gateway'::dittofs.caller;
SELECT 'client=1:2'::dittofs.caller;
SELECT 'xid=4294967296'::dittofs.caller;
SELECT 'xid=1 checksum=-1'::dittofs.caller;
SELECT 'xid=1 checksum=18446744073709551616'::dittofs.caller;
SELECT 'xid=1 connection=1 connected=1'::dittofs.caller;
SELECT 'connection=1 connected=1 arrived=1'::dittofs.caller;
SELECT 'xid=1 connection=x connected=1 arrived=1'::dittofs.caller;
SELECT 'xid=1 connection=1 connected=1 arrived=-1'::dittofs.caller;
SELECT 'xid=1 connection=1 connected=9223372036854775808 arrived=1'::dittofs.caller;
