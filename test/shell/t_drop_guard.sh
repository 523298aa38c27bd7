#!/bin/bash
# The extension cannot be dropped by accident while there are files; from any
# session, one that has not loaded the library included.

# shellcheck source=lib.sh disable=SC2154
. "$(dirname "$0")/lib.sh"

q 'DROP EXTENSION dittofs'
ok $? "an extension without shares can be dropped"
q 'CREATE EXTENSION dittofs'
q "SELECT dittofs.create_share('/export')" >/dev/null
q 'DROP EXTENSION dittofs'
ok $? "one with an empty share, too"

q 'CREATE EXTENSION dittofs'
q "SELECT dittofs.create_share('/export', content => 'memory'), dittofs.mkdir('/export/dir')" >/dev/null
is "$(error 'DROP EXTENSION dittofs')" 2BP01 "DROP EXTENSION is refused"
is "$(error 'DROP EXTENSION dittofs CASCADE')" 2BP01 "DROP EXTENSION … CASCADE is refused"
is "$(error 'DROP EXTENSION IF EXISTS "dittofs"')" 2BP01 "DROP EXTENSION IF EXISTS is refused"
is "$(error 'DROP SCHEMA dittofs CASCADE')" 2BP01 "DROP SCHEMA is refused"
is "$(error 'DROP OWNED BY CURRENT_USER CASCADE')" 2BP01 "DROP OWNED is refused"
is "$(error 'BEGIN; SAVEPOINT s; DROP EXTENSION dittofs')" 2BP01 "in a savepoint, too"
is "$(error 'SET dittofs.allow_drop = off; DROP EXTENSION dittofs')" 2BP01 "allow_drop = off means no"
is "$(error "SET dittofs.allow_drop = on; SET dittofs.allow_drop TO DEFAULT; DROP EXTENSION dittofs")" 2BP01 \
	"and so does its default"
q 'CREATE EXTENSION pgcrypto; DROP EXTENSION pgcrypto; CREATE SCHEMA x; DROP SCHEMA x'
ok $? "others can be dropped"
is "$(q "SELECT kind FROM dittofs.stat('/export/dir')")" directory "the files are there"

PGOPTIONS='-c dittofs.allow_drop=on' q 'DROP EXTENSION dittofs'
ok $? "allow_drop by PGOPTIONS lets it pass"
is "$(q "SELECT count(*) FROM pg_event_trigger")" 0 "nothing of it is left"
is "$(q "SELECT count(*) FROM pg_namespace WHERE nspname = 'dittofs'")" 1 "but the schema"
q 'DROP SCHEMA dittofs; CREATE EXTENSION dittofs'
ok $? "it can be created again"
q 'CREATE ROLE somebody SUPERUSER; SET ROLE somebody; DROP EXTENSION dittofs; DROP SCHEMA dittofs; CREATE EXTENSION dittofs'
q "SELECT dittofs.create_share('/export'), dittofs.mkdir('/export/dir')" >/dev/null
is "$(error 'DROP OWNED BY somebody CASCADE')" 2BP01 "DROP OWNED BY the owner is refused"
q 'SET dittofs.allow_drop = on; DROP EXTENSION dittofs; DROP OWNED BY somebody; DROP ROLE somebody'
ok $? "SET dittofs.allow_drop lets it pass"

done_testing
