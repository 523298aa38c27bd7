-- SPDX-License-Identifier: PostgreSQL
-- Who may do what: nothing for PUBLIC, a list for the gateway's role, and no
-- function that could be led astray by a search_path.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SELECT no_plan();

CREATE TEMP VIEW ours AS
	SELECT p.oid, p.proname, p.prosecdef, p.proconfig, p.provolatile, p.proparallel, p.proowner, l.lanname, p.prosqlbody
	FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
	WHERE p.pronamespace = 'dittofs'::regnamespace;

-- PUBLIC
SELECT is_empty(
	$$SELECT oid::regprocedure FROM ours WHERE has_function_privilege('public', oid, 'EXECUTE')$$,
	'PUBLIC may execute nothing');
SELECT is_empty(
	$$SELECT oid::regclass, privilege FROM pg_class,
			unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) privilege
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'p')
			AND has_table_privilege('public', oid, privilege)$$,
	'PUBLIC has no right to a table or view');
SELECT is_empty(
	$$SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'dittofs'::regnamespace AND a.attacl IS NOT NULL$$,
	'nobody has a right to a single column');
SELECT is_empty(
	$$SELECT oid::regclass, privilege FROM pg_class, unnest('{USAGE,SELECT,UPDATE}'::text[]) privilege
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'S'
			AND has_sequence_privilege('public', oid, privilege)$$,
	'PUBLIC has no right to a sequence');
SELECT ok(NOT has_schema_privilege('public', 'dittofs', 'USAGE') AND NOT has_schema_privilege('public', 'dittofs', 'CREATE'),
	'PUBLIC may not use the schema');

-- The gateway's role
SELECT has_role('dittofs_gateway');
SELECT ok(NOT (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls),
	'the gateway''s role is nothing but a name') FROM pg_roles WHERE rolname = 'dittofs_gateway';
SELECT bag_eq(
	$$SELECT proname::text FROM ours WHERE has_function_privilege('dittofs_gateway', oid, 'EXECUTE')$$,
	array['block_users', 'check_permissions', 'claim_blocks', 'commit', 'commit_write', 'content_hints', 'content_store_marked', 'create_directory', 'create_file',
		'create_hard_link', 'create_special_file', 'create_symlink', 'gc_adopt', 'gc_done', 'gc_next', 'get_file',
		'get_filesystem_capabilities', 'get_filesystem_statistics', 'get_share_name_for_handle',
		'handle_from_text', 'handle_to_text', 'healthcheck', 'list_exports', 'list_mounts', 'list_replicas', 'list_shares', 'list_slow_calls', 'list_waiting', 'lock_objects', 'lookup', 
		'merge_commit', 'merge_next', 'merge_store', 'mount', 'move', 'name_to_text', 'prepare_read', 'prepare_write', 'read', 'read_directory', 'read_symlink',
		'reap', 'record_slow_call', 'register_replica', 'remove_directory', 'remove_file', 'report_waiting', 'set_file_attributes', 'status_name', 'stored_block_list', 'unmount',
		'unmount_all', 'unregister_replica', 'write', 'write_verifier',
		'cancel_lock', 'client_rebooted', 'free_locks', 'grant_told', 'lock_clients_seen', 'lock_range', 'next_grants', 'share_file', 'test_lock',
		'unlock_range', 'unshare_file', 'compound', 'renew_leases'],
	'the gateway''s role may execute what a gateway calls, and nothing else');
SELECT is_empty(
	$$SELECT oid::regclass, privilege FROM pg_class,
			unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) privilege
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'p')
			AND has_table_privilege('dittofs_gateway', oid, privilege)$$,
	'the gateway''s role has no right to a table or view');
SELECT is_empty(
	$$SELECT oid::regclass, privilege FROM pg_class, unnest('{USAGE,SELECT,UPDATE}'::text[]) privilege
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'S'
			AND has_sequence_privilege('dittofs_gateway', oid, privilege)$$,
	'the gateway''s role has no right to a sequence');
SELECT schema_privs_are('dittofs', 'dittofs_gateway', array['USAGE']);
SELECT is_empty(
	$$SELECT o.proname, grantee::regrole FROM ours o JOIN pg_proc p USING (oid), aclexplode(p.proacl)
		WHERE grantee NOT IN (p.proowner, 'dittofs_gateway'::regrole)$$,
	'nobody else was granted a function');
SELECT is_empty(
	$$SELECT proname FROM ours JOIN pg_proc p USING (oid, proname, proowner), aclexplode(p.proacl) WHERE is_grantable AND grantee <> proowner$$,
	'nobody may grant one on');

-- Ownership
SELECT is_empty(
	$$SELECT c.oid::regclass FROM pg_class c, pg_extension e WHERE e.extname = 'dittofs'
		AND c.relnamespace = 'dittofs'::regnamespace AND c.relowner <> e.extowner$$,
	'the extension''s owner owns every relation');
SELECT is_empty(
	$$SELECT o.oid::regprocedure FROM ours o, pg_extension e WHERE e.extname = 'dittofs' AND o.proowner <> e.extowner$$,
	'the extension''s owner owns every function');
SELECT is_empty(
	$$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'dittofs'::regnamespace AND c.relkind IN ('r', 'v', 'S', 'm')
		AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
			WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e' AND e.extname = 'dittofs')$$,
	'every relation belongs to the extension');
SELECT is_empty(
	$$SELECT o.oid::regprocedure FROM ours o
		WHERE NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
			WHERE d.classid = 'pg_proc'::regclass AND d.objid = o.oid AND d.deptype = 'e' AND e.extname = 'dittofs')$$,
	'every function belongs to the extension');
SELECT is_empty(
	$$SELECT evtname FROM pg_event_trigger t WHERE evtname LIKE 'dittofs%'
		AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'e')$$,
	'the event triggers belong to the extension');

-- search_path
SELECT is_empty($$SELECT oid::regprocedure FROM ours WHERE lanname <> 'c' AND proname !~ '^(fsck|guard_)' AND prosqlbody IS NULL
		AND NOT (lanname = 'plpgsql' AND proname IN ('advance_sequences', 'content_report_rows', 'gateway_replica_rows', 'report_waiting', 'slow_call_rows', 'waiting_rows'))$$,
	'every function but fsck(), its kin, event triggers and those that a standby must not plan, is C, or its SQL was parsed when it was made: no search_path leads it astray');
SELECT is_empty(
	$$SELECT oid::regprocedure, proconfig FROM ours
		WHERE lanname <> 'c' AND proconfig[1] IS DISTINCT FROM 'search_path=pg_catalog, pg_temp'$$,
	'and those have a fixed search_path');
SELECT is_empty(
	$$SELECT oid::regprocedure, proconfig FROM ours
		WHERE prosecdef AND proconfig[1] IS DISTINCT FROM 'search_path=pg_catalog, pg_temp'$$,
	'every SECURITY DEFINER function has a fixed search_path');
SELECT bag_eq(
	$$SELECT proname::text FROM ours WHERE prosecdef$$,
	array['adopt_content_store', 'advance_sequences', 'alter_share', 'attach_content_store', 'block_users', 'content_hints', 'content_report_rows', 'content_store_marked', 'create_content_store', 'create_share', 'drop_content_store', 'drop_share', 'fsck', 'fsck_repair', 'gc', 'gc_adopt', 'gc_done', 'gateway_replica_rows', 'gc_next', 'guard_drop', 'guard_tables', 'list_content_stores', 'list_replicas', 'list_slow_calls', 'merge_commit', 'merge_next', 'merge_store', 'mount', 'reap', 'record_slow_call', 'register_replica', 'set_filesystem_capabilities', 'list_waiting', 'path', 'report_waiting',
		'set_server_config', 'slow_call_rows', 'stored_block_list', 'unmount', 'unmount_all', 'unregister_replica', 'waiting_rows',
		'break_locks', 'client_rebooted', 'free_locks', 'lock_clients_seen', 'next_grants',
		'evict_client', 'forget_clients', 'renew_leases'],
	'SECURITY DEFINER are the functions that run SQL, and no others');

-- Nothing runs where another session's transaction would see half of it.
SELECT is_empty(
	$$SELECT oid::regprocedure FROM ours WHERE proparallel <> 'u' AND provolatile <> 'i'$$,
	'what reaches a table is PARALLEL UNSAFE');

SELECT * FROM finish();
ROLLBACK;
