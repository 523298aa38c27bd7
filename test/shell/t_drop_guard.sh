#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
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
is "$(error 'DROP EXTENSION plpgsql CASCADE')" 2BP01 "DROP EXTENSION plpgsql, which functions of ours need, is refused"
is "$(error 'DROP LANGUAGE plpgsql CASCADE')" 2BP01 "DROP LANGUAGE is refused, by the server"
q 'CREATE EXTENSION pgcrypto; ALTER FUNCTION dittofs.fsck() DEPENDS ON EXTENSION pgcrypto'
is "$(error 'DROP EXTENSION pgcrypto')" 2BP01 "so is that of an extension which a function of ours has been made to need"
q 'ALTER FUNCTION dittofs.fsck() NO DEPENDS ON EXTENSION pgcrypto; DROP EXTENSION pgcrypto'
is "$(error 'SET session_replication_role = replica; DROP EXTENSION dittofs')" 2BP01 "and in a session without triggers"
is "$(error 'DO $$ BEGIN DROP EXTENSION dittofs; END $$')" 2BP01 "and in a DO block"
q 'CREATE ROLE carol LOGIN; GRANT CREATE ON DATABASE dittofs TO carol'
is "$(error 'ALTER SCHEMA dittofs OWNER TO carol')" 55000 "the schema cannot be given to somebody who is no superuser"
q 'ALTER EVENT TRIGGER dittofs_guard_tables DISABLE; ALTER SCHEMA dittofs OWNER TO carol; ALTER EVENT TRIGGER dittofs_guard_tables ENABLE ALWAYS'
is "$(PGUSER=carol error 'DROP OWNED BY carol CASCADE')" 2BP01 "DROP OWNED BY the schema's owner is refused"
is "$(PGUSER=carol error 'SET dittofs.allow_drop = on; DROP SCHEMA dittofs CASCADE')" 2BP01 \
	"who cannot allow it by a setting that is made before the library is loaded"
is "$(PGUSER=carol error 'DROP TABLE IF EXISTS none; SET dittofs.allow_drop = on')" 42501 "nor by one made after"
q 'ALTER SCHEMA dittofs OWNER TO postgres; DROP OWNED BY carol; DROP ROLE carol'
q 'CREATE INDEX mine ON dittofs.files (size); DROP INDEX dittofs.mine; CREATE TABLE dittofs.mine (); DROP TABLE dittofs.mine'
ok $? "what a DBA has added goes as it came"
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

# The library is gone: who has removed the package may still work in the database.
q 'DROP SCHEMA IF EXISTS dittofs; CREATE EXTENSION dittofs'
q "SELECT dittofs.create_share('/export'), dittofs.mkdir('/export/dir')" >/dev/null
# What event triggers do not see, or see as a change of a table
is "$(error 'SET session_replication_role = replica; TRUNCATE dittofs.files')" 55000 "TRUNCATE is refused to a replica, too"
[ "$(q "SELECT current_setting('server_version_num')::int")" -lt 150000 ] ||
	is "$(error 'ALTER SEQUENCE dittofs.file_ids SET UNLOGGED')" 55000 "a sequence that a crash would begin anew is refused"
library=$(find "$DITTOFS_RUN/install" -name dittofs.so)
mv "$library" "$library.gone"
q 'CREATE TABLE x (); DROP TABLE x; CREATE SCHEMA x; DROP SCHEMA x; CREATE EXTENSION pgcrypto; DROP EXTENSION pgcrypto'
ok $? "without the library, DROP of others works"
is "$(error 'DROP EXTENSION dittofs')" 2BP01 "and DROP EXTENSION dittofs is refused"
q 'ALTER EVENT TRIGGER dittofs_guard_drop DISABLE; DROP EXTENSION dittofs; DROP SCHEMA dittofs'
ok $? "as long as its event trigger is not disabled"
mv "$library.gone" "$library"

# Nothing is anybody's whom default privileges would give it
q "CREATE ROLE everywhere"
q "CREATE DATABASE generous TEMPLATE template0"
q "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO everywhere, PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO everywhere, PUBLIC;
	ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO everywhere, PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO everywhere, PUBLIC" generous
is "$(q "CREATE EXTENSION dittofs" generous 2>&1)" "" "default privileges do not keep it from being created"
is "$(q "SELECT DISTINCT pg_get_userbyid(a.grantee) FROM (SELECT relacl AS acl, relowner AS owner FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace
		UNION ALL SELECT proacl, proowner FROM pg_proc WHERE pronamespace = 'dittofs'::regnamespace
		UNION ALL SELECT nspacl, nspowner FROM pg_namespace WHERE nspname = 'dittofs') o, aclexplode(o.acl) a WHERE a.grantee <> o.owner" generous)" \
	dittofs_gateway "and nobody but gateways gets anything by them"

# A schema that was there before
q 'CREATE ROLE mallory; CREATE SCHEMA dittofs AUTHORIZATION mallory'
like "$("$pg_bin/psql" -Xqc 'CREATE EXTENSION dittofs' 2>&1)" 'belongs to role mallory' "a schema of another role is refused"
q 'ALTER SCHEMA dittofs OWNER TO postgres; GRANT CREATE ON SCHEMA dittofs TO mallory, PUBLIC'
like "$("$pg_bin/psql" -Xqc 'CREATE EXTENSION dittofs' 2>&1)" 'REVOKE CREATE ON SCHEMA dittofs FROM' "one that others may write to, too"
q 'REVOKE CREATE ON SCHEMA dittofs FROM mallory, PUBLIC; CREATE FUNCTION dittofs.f() RETURNS int LANGUAGE sql RETURN 1'
like "$("$pg_bin/psql" -Xqc 'CREATE EXTENSION dittofs' 2>&1)" 'There is: function f\(\)' "and one that is not empty"
q 'DROP FUNCTION dittofs.f(); CREATE EXTENSION dittofs; DROP EXTENSION dittofs'
ok $? "one of ours that is empty is taken"

# A role that was there before
q 'GRANT dittofs_gateway TO mallory'
like "$("$pg_bin/psql" -Xqc 'CREATE EXTENSION dittofs' 2>&1)" 'its members are mallory' "its members are named"
q 'DROP EXTENSION dittofs; ALTER ROLE dittofs_gateway CREATEROLE'
like "$("$pg_bin/psql" -Xqc 'CREATE EXTENSION dittofs' 2>&1)" 'rights that a gateway must not have' "with other rights it is refused"
q 'ALTER ROLE dittofs_gateway NOCREATEROLE'

done_testing
