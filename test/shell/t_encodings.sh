#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Any encoding of the database: names of files stay the bytes they are, names
# of shares are text that clients write in UTF-8.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

export PGCLIENTENCODING=UTF8

for encoding in UTF8 LATIN1 EUC_JP SQL_ASCII; do
	"$pg_bin/createdb" -T template0 -E $encoding -l C "$encoding" &&
		q 'CREATE EXTENSION dittofs' $encoding
	ok $? "$encoding: the extension is created"

	# a letter that the encoding has
	case $encoding in
		EUC_JP) share=/日本 ;;
		*) share=/café ;;
	esac
	is "$(q "SELECT length(dittofs.create_share('$share'))" $encoding)" 33 \
		"$encoding: a share with a name that is not ASCII"
	is "$(q "SELECT name FROM dittofs.list_shares()" $encoding)" $share \
		"$encoding: comes back as it was"
	is "$(q "SELECT path FROM dittofs.list_exports()" $encoding)" $share \
		"$encoding: and is exported"
	path=$(printf %s "$share" | od -An -tx1 | tr -d ' \n')
	is "$(q "SELECT status FROM dittofs.mount('\\x$path')" $encoding)" 0 \
		"$encoding: a client mounts it in UTF-8"
	is "$(q "SELECT dittofs.handle_from_text(dittofs.handle_to_text(root)) = root FROM dittofs.list_shares()" $encoding)" t \
		"$encoding: a handle's text can be read back"
	is "$(q "SELECT dittofs.handle_to_text(root) FROM dittofs.list_shares()" $encoding |
		base64 -d | sed 's/.*"share":"\([^"]*\)".*/\1/')" $share \
		"$encoding: it is UTF-8"

	# Bytes that are valid in some encodings only
	is "$(q "SELECT status FROM dittofs.list_shares() s, dittofs.create_directory(s.root, '\\xe97ff0')" $encoding)" 0 \
		"$encoding: any bytes are a file's name"
	is "$(q "SELECT d.name FROM dittofs.list_shares() s, dittofs.read_directory(s.root) d WHERE length(d.name) = 3" $encoding)" \
		'\xe97ff0' "$encoding: the same bytes come back"
	is "$(q "SELECT dittofs.name_from_text(l.name), s.kind FROM dittofs.list_shares() sh,
			dittofs.ls(sh.name) l, dittofs.stat(sh.name || '/' || l.name) s" $encoding)" \
		'\xe97ff0|directory' "$encoding: as people see it, it can be given"
	is "$(q "SELECT dittofs.mkdir('$share/$share')" $encoding)" "" "$encoding: a text is a name"
	is "$(q "SELECT path FROM dittofs.tree('$share$share')" $encoding)" "$share$share" \
		"$encoding: and is shown as it was"
	is "$(q "SELECT count(*) FROM dittofs.inodes; SELECT count(*) FROM dittofs.entries" $encoding)" \
		$'3\n2' "$encoding: the views can be read"
done
is "$(error "SELECT dittofs.create_share(E'/caf\\351')" SQL_ASCII)" 22021 \
	"SQL_ASCII: a share's name must be UTF-8"

# Literals the old way
q "SET standard_conforming_strings = off; SET backslash_quote = on; SET escape_string_warning = off;
	SELECT dittofs.create_share('/plain'), dittofs.write_file('/plain/a', 'x'), dittofs.drop_share('/plain', force => true)" UTF8 >/dev/null
ok $? "standard_conforming_strings = off"
q "SET bytea_output = escape; SET IntervalStyle = iso_8601; SET DateStyle = German; SET extra_float_digits = 0;
	SET search_path = ''; SET default_transaction_isolation = serializable;
	SELECT dittofs.create_share('/plain'); SELECT dittofs.write_file('/plain/a', 'x');
	SELECT dittofs.set_server_config('capacity_bytes', '5'); SELECT dittofs.mount('/plain', 'client=10.0.0.1');
	SELECT dittofs.drop_share('/plain', force => true)" UTF8 >/dev/null
ok $? "other settings of a session"

done_testing
