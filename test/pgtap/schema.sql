-- SPDX-License-Identifier: PostgreSQL
-- What the schema has, that it is documented, and what the tables insist on.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
\pset pager off

BEGIN;
SELECT no_plan();

SELECT has_extension('dittofs');
SELECT tables_are('dittofs', array['blocks', 'blocks_memory', 'content_moves', 'content_store_marks', 'content_stores', 'dropped_directories', 'dropped_shares', 'extended_attributes', 'extents', 'files', 'filesystem_capabilities', 'gateway_replicas', 'gc_position', 'lock_clients', 'lock_grants', 'lock_passes', 'lock_watch', 'locked_files', 'memory_life', 'mounts',
	'nfs4_clients', 'nfs4_clock', 'nfs4_file_states', 'nfs4_leases', 'nfs4_replies_0', 'nfs4_replies_1', 'nfs4_replies_2', 'nfs4_server', 'nfs4_sessions', 'nfs4_states', 'nfs4_unlinked_files',
	'parent_child_map', 'reap_queue', 'replies_0', 'replies_1', 'replies_2', 'replies_turn', 'server_config', 'shares', 'slow_call_log', 'space_usage', 'staged_files', 'stored_blocks', 'waiting_calls']);
SELECT views_are('dittofs', array['clients', 'content_report', 'content_troubles', 'entries', 'inodes', 'link_counts', 'locks', 'opens', 'replicas', 'share_usage', 'slow_calls', 'waiting']);
SELECT sequences_are('dittofs', array['file_ids', 'lock_grant_ids', 'lock_lives', 'nfs4_state_ids', 'share_ids', 'store_ids']);

-- Every operation that the design names is there.
SELECT has_function('dittofs', name, name || '() exists') FROM unnest(array[
	'lookup', 'get_file', 'set_file_attributes', 'check_permissions', 'create_file', 'create_directory',
	'create_symlink', 'read_symlink', 'create_special_file', 'create_hard_link', 'remove_file',
	'remove_directory', 'move', 'read_directory', 'prepare_read', 'prepare_write', 'commit_write',
	'read', 'write', 'commit', 'create_root_directory', 'get_filesystem_capabilities',
	'set_filesystem_capabilities', 'get_filesystem_statistics', 'get_server_config',
	'set_server_config', 'healthcheck', 'get_share_name_for_handle', 'handle_to_text',
	'handle_from_text', 'create_share', 'alter_share', 'drop_share', 'list_shares', 'mount', 'unmount',
	'unmount_all', 'list_mounts', 'list_exports', 'lock_range', 'unlock_range', 'cancel_lock', 'test_lock',
	'share_file', 'unshare_file', 'free_locks', 'client_rebooted', 'next_grants', 'grant_told',
	'lock_clients_seen', 'break_locks', 'compound', 'renew_leases', 'evict_client', 'forget_clients']) name;
SELECT is_empty(
	$$SELECT proname FROM pg_proc WHERE pronamespace = 'dittofs'::regnamespace GROUP BY proname HAVING count(*) > 1$$,
	'no function is overloaded: a statement of a gateway means one of them');

-- Documentation
SELECT is_empty(
	$$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'dittofs'::regnamespace
		AND coalesce(obj_description(oid, 'pg_proc'), '') = ''$$,
	'every function has a comment');
SELECT is_empty(
	$$SELECT oid::regclass FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace AND relkind IN ('r', 'v', 'S')
		AND coalesce(obj_description(oid, 'pg_class'), '') = ''$$,
	'every table, view and sequence has a comment');
SELECT is_empty(
	$$SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
		WHERE relnamespace = 'dittofs'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
		AND coalesce(col_description(attrelid, attnum), '') = ''$$,
	'so has each of their columns');
SELECT is_empty(
	$$SELECT evtname FROM pg_event_trigger t JOIN pg_depend d ON d.classid = 'pg_event_trigger'::regclass AND d.objid = t.oid
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
		WHERE extname = 'dittofs' AND coalesce(obj_description(t.oid, 'pg_event_trigger'), '') = ''$$,
	'every event trigger has a comment');
SELECT is_empty(
	$$SELECT t.oid::regtype FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
		WHERE t.typnamespace = 'dittofs'::regnamespace AND (t.typtype = 'b' AND t.typelem = 0 OR c.relkind = 'c')
		AND coalesce(obj_description(t.oid, 'pg_type'), '') = ''$$,
	'every type has a comment');
SELECT isnt(obj_description('dittofs'::regnamespace, 'pg_namespace'), NULL, 'the schema has a comment');
SELECT is_empty(
	$$SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'dittofs'::regnamespace AND pronargs > 0
		AND proname !~ '_(in|out|recv|send)$' AND proname NOT IN ('attributes', 'before', 'after')
		AND (proargnames IS NULL OR '' = ANY (proargnames))$$,
	'every parameter of a function has a name');

-- A dump carries every table and sequence, but for the replies and the clients of
-- NFSv4 (who restores one does not go on where these were) and the news of gateways.
SELECT is_empty(
	$$SELECT oid::regclass FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace AND relkind IN ('r', 'S')
			AND relname !~ '^(replies_|nfs4_|gateway_replicas$|slow_call_log$|waiting_calls$)'
		EXCEPT SELECT unnest(extconfig)::regclass FROM pg_extension WHERE extname = 'dittofs'$$,
	'every table and sequence is dumped with its rows');
SELECT is_empty(
	$$SELECT unnest(extcondition) AS condition FROM pg_extension WHERE extname = 'dittofs' EXCEPT SELECT ''$$,
	'and with all of them');

-- Hot tables
SELECT is_empty(
	$$SELECT conrelid::regclass, conname FROM pg_constraint WHERE connamespace = 'dittofs'::regnamespace AND contype = 'f'$$,
	'there are no foreign keys');
SELECT indexes_are('dittofs', 'files', array['files_pkey']);
SELECT indexes_are('dittofs', 'extents', array['extents_pkey', 'extents_hash']);
SELECT indexes_are('dittofs', 'parent_child_map', array['parent_child_map_pkey']);
SELECT index_is_primary('dittofs', 'files', 'files_pkey');
SELECT col_is_pk('dittofs', 'files', 'id', 'updates of files touch no indexed column');
SELECT col_is_pk('dittofs', 'parent_child_map', array['parent_id', 'cookie'], 'one index serves look-up and paging');
SELECT is(relpersistence, 'u', 'content of kind memory is unlogged') FROM pg_class WHERE oid = 'dittofs.blocks_memory'::regclass;

-- Types that lose nothing
SELECT col_type_is('dittofs', 'files', column_name, 'bigint', 'files.' || column_name || ' is 64 bits wide')
	FROM unnest(array['fileid', 'size', 'used', 'atime', 'mtime', 'ctime', 'uid', 'gid']) column_name;
SELECT col_type_is('dittofs', 'parent_child_map', 'name', 'bytea', 'names are bytes');
SELECT hasnt_column('dittofs', table_name, 'path', table_name || ' has no path')
	FROM unnest(array['files', 'parent_child_map']) table_name;
SELECT ok(NOT seqcycle AND seqmin = 1, 'fileids are never used again') FROM pg_sequence WHERE seqrelid = 'dittofs.file_ids'::regclass;

-- What a share cannot be, not even by hand
PREPARE make(text, text, text, bigint) AS
	INSERT INTO dittofs.shares (share_uuid, name, root_id, fsid, cookie_seed, content, read_only, squash, anonuid, anongid,
		allowed_clients, denied_clients, require_privileged_port, allow_auth_none, atime)
	VALUES (gen_random_uuid(), '/schema', gen_random_uuid(), -1, 1, $1, false, $2, $4, 0, '{}', '{}', false, false, $3);
SELECT throws_ok($$EXECUTE make('tape', 'none', 'off', 0)$$, '23514', NULL, 'content is checked');
SELECT throws_ok($$EXECUTE make('postgres', 'some', 'off', 0)$$, '23514', NULL, 'squash is checked');
SELECT throws_ok($$EXECUTE make('postgres', 'none', 'on', 0)$$, '23514', NULL, 'atime is checked');
SELECT throws_ok($$EXECUTE make('postgres', 'none', 'off', 4294967296)$$, '23514', NULL, 'anonuid is checked');
SELECT lives_ok($$EXECUTE make('postgres', 'none', 'off', 4294967295)$$, 'ids are full 32 bits');
SELECT throws_ok($$EXECUTE make('postgres', 'none', 'off', 0)$$, '23505', NULL, 'names are unique');

-- Triggers
SELECT triggers_are('dittofs', 'shares', array['guard_truncate', 'shares_changed', 'shares_truncated']);
SELECT triggers_are('dittofs', 'content_stores', array['guard_truncate', 'shares_changed', 'shares_truncated']);
SELECT triggers_are('dittofs', 'server_config', array['shares_changed', 'shares_truncated']);
SELECT triggers_are('dittofs', 'filesystem_capabilities', array['shares_changed', 'shares_truncated']);
SELECT is_empty($$SELECT tgrelid::regclass FROM pg_trigger WHERE tgname IN ('shares_changed', 'shares_truncated')
		AND (tgenabled <> 'A' OR (tgtype & 1 = 0) <> (tgname = 'shares_truncated'))$$,
	'sessions learn of a change that replication made, too: row triggers that always fire');
SELECT is_empty($$SELECT oid::regclass FROM pg_class c WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'r'
		AND relpersistence = 'p' AND relname !~ '^(nfs4_)?replies_[012]$'
		AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)$$,
	'what is changed or deleted can be published: it has a replica identity');
SELECT ok(evtenabled <> 'D' AND evtevent = 'ddl_command_start', 'DROP EXTENSION is guarded')
	FROM pg_event_trigger WHERE evtname = 'dittofs_guard_drop';
SELECT ok(evtenabled <> 'D' AND evtevent = 'ddl_command_end', 'what the tables cannot have is refused')
	FROM pg_event_trigger WHERE evtname = 'dittofs_guard_tables';
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'dittofs'::regnamespace AND relkind = 'r'
		AND relname !~ '^(replies_[0-9]|nfs4_.*|filesystem_capabilities|server_config|mounts|gc_position|lock_watch|content_store_marks|gateway_replicas|slow_call_log|waiting_calls)$'
		AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'guard_truncate')$$,
	'tables that files need are not truncated');

SELECT * FROM finish();
ROLLBACK;
