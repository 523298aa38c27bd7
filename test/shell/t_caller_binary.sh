#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The binary form of dittofs.caller, as a gateway sends it, and everything that
# somebody else might send.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

q 'CREATE TABLE callers (caller dittofs.caller)'

# receive HEX: what the server makes of these bytes, or its SQLSTATE.  COPY
# BINARY takes values in the form that parameters have.
receive()
{
	local hex=${1// /} file=$DITTOFS_RUN/copy

	printf '%b' "$(printf '5047434f50590aff0d0a000000000000000000 0001%08x%sffff' \
		$((${#hex} / 2)) "$hex" | tr -d ' ' | sed 's/../\\x&/g')" >"$file"
	chmod 644 "$file"
	"$pg_bin/psql" -XqAt -v VERBOSITY=sqlstate 2>&1 <<-EOS | sed 's/^ERROR:  //'
		BEGIN;
		COPY callers FROM '$file' (FORMAT binary);
		SELECT caller FROM callers;
		ROLLBACK;
	EOS
}

# what an ERROR leaves: the SELECT in the broken transaction
refused=$'22P03\n25P02'
short=$'08P01\n25P02'

root='0001 0001 00000000 00000000 0000 00000000 0000 0000'
is "$(receive "$root")" 'uid=0 gid=0 auth=sys' "local root"
is "$(receive '0001 0001 ffffffff fffffffe 0004 0a000007 00000367 0002 00000003 ffffffff 0000')" \
	'uid=4294967295 gid=4294967294 groups=3,4294967295 client=10.0.0.7 port=871 auth=sys' \
	"ids of 32 bits, an IPv4 address, groups"
is "$(receive '0001 0000 00000000 00000000 0006 20010db8000000000000000000000001 0000ffff 0000 0000')" \
	'uid=0 gid=0 client=2001:db8::1 port=65535 auth=none' "AUTH_NONE, an IPv6 address"
is "$(receive '0001 0001 00000000 00000000 0006 00000000000000000000ffff0a000007 00000001 0000 0000')" \
	'uid=0 gid=0 client=10.0.0.7 port=1 auth=sys' "a mapped address"
gids=$(for i in {1..16}; do printf '%08x' "$i"; done)
is "$(receive "0001 0001 00000000 00000000 0000 00000000 0010 $gids 0000")" \
	'uid=0 gid=0 groups=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 auth=sys' "16 groups"

is "$(receive '0001 0001 00000000 00000000 0004 0a000007 00000001 0000 0001 ffffffff fffffffffffffffe')" \
	'uid=0 gid=0 client=10.0.0.7 port=1 auth=sys xid=4294967295 checksum=18446744073709551614' \
	"which call it is"
is "$(receive '0001 0001 00000000 00000000 0004 0a000007 00000001 0000 0002 00000009 0000000000000003 fffffffffffffffe 0000000000000000 7fffffffffffffff')" \
	'uid=0 gid=0 client=10.0.0.7 port=1 auth=sys xid=9 checksum=3 connection=18446744073709551614 connected=0 arrived=9223372036854775807' \
	"and how it came"

is "$(receive "0001 0001 00000000 00000000 0000 00000000 0011 $gids 00000011 0000")" "$refused" "17 groups"
is "$(receive '0001 0001 00000000 00000000 0000 00000000 ffff')" "$refused" "-1 groups"
is "$(receive '0000 0001 00000000 00000000 0000 00000000 0000')" "$refused" "version 0"
is "$(receive '0002 0001 00000000 00000000 0000 00000000 0000')" "$refused" "version 2"
is "$(receive '0001 0002 00000000 00000000 0000 00000000 0000')" "$refused" "another flavor"
is "$(receive '0001 ffff 00000000 00000000 0000 00000000 0000')" "$refused" "flavor -1"
is "$(receive '0001 0001 00000000 00000000 0005 00000000 0000')" "$refused" "another address family"
is "$(receive '0001 0001 00000000 00000000 0004 0a000007 00010000 0000')" "$refused" "port 65536"
is "$(receive '0001 0001 00000000 00000000 0004 0a000007 ffffffff 0000')" "$refused" "port -1"
is "$(receive '0001 0001 00000000 00000000 0000 00000000 0000 0003')" "$refused" "neither a call nor none"
is "$(receive "$root"' 0002 00000009 0000000000000003 0000000000000001 8000000000000000 0000000000000001' | sed 's/^08P01/22P03/')" "$refused" "a time before 1970"
is "$(receive "$root 00")" "$short" "a byte too many"
is "$(receive '0001 0001 00000000 00000000 0000 00000000 0000 0001 00000001 0000000000000002 00')" \
	"$short" "a byte too many after the call"
is "$(receive '0001 0001 00000000 00000000 0000 00000000 0000 0001 00000001 00000000')" \
	"$short" "a call cut off"
is "$(receive '0001 0001 00000000 00000000 0000 00000000 0000 0002 00000001 0000000000000002 0000000000000003 0000000000000004')" \
	"$short" "how it came, cut off"
is "$(receive '')" "$short" "nothing"
hex=${root// /}
all=0
for ((i = 2; i < ${#hex}; i += 2)); do
	[ "$(receive "${hex:0:i}")" = "$short" ] || all=1
done
ok $all "cut off anywhere"
is "$(receive '0001 0001 00000000 00000000 0006 0a000007 00000000 0000')" "$short" "an address cut off"
is "$(receive '0001 0001 00000000 00000000 0000 00000000 0002 00000001')" "$short" "a group cut off"
is "$(q "INSERT INTO callers VALUES ('uid=5 groups=1,2 client=::1'), ('xid=7 checksum=8'); SELECT caller FROM callers")" \
	$'uid=5 gid=0 groups=1,2 client=::1 auth=sys\nuid=0 gid=0 auth=sys xid=7 checksum=8' "it can be stored"

done_testing
