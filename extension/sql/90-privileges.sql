-- Who may do what.
--
-- Nothing is anybody's.  A gateway connects as dittofs_gateway or a member of
-- it and may execute what it calls; that is its only right, and it needs no
-- other, since the functions reach the tables themselves.  Administrators are
-- given EXECUTE on what they are to do.
--
-- Functions that an update adds come with EXECUTE for PUBLIC: the update
-- script must take it away (extension/upgrade/README.md).

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dittofs_gateway') THEN
		CREATE ROLE dittofs_gateway NOLOGIN;
	END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
	NULL;	-- made at the same moment, for another database
END
$$;

REVOKE ALL ON SCHEMA dittofs FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA dittofs FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA dittofs FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA dittofs FROM PUBLIC;

GRANT USAGE ON SCHEMA dittofs TO dittofs_gateway;
GRANT EXECUTE ON FUNCTION
	dittofs.lookup, dittofs.get_file, dittofs.set_file_attributes, dittofs.check_permissions,
	dittofs.create_file, dittofs.create_directory, dittofs.create_symlink,
	dittofs.create_special_file, dittofs.read_symlink, dittofs.create_hard_link,
	dittofs.remove_file, dittofs.remove_directory, dittofs.move, dittofs.read_directory,
	dittofs.read, dittofs.write, dittofs.commit,
	dittofs.prepare_read, dittofs.prepare_write, dittofs.commit_write,
	dittofs.claim_blocks, dittofs.content_hints,
	dittofs.merge_next, dittofs.merge_commit, dittofs.merge_store,
	dittofs.gc_next, dittofs.gc_done, dittofs.gc_adopt,
	dittofs.stored_block_list, dittofs.block_users,
	dittofs.get_filesystem_capabilities, dittofs.get_filesystem_statistics,
	dittofs.lock_objects, dittofs.write_verifier, dittofs.reap, dittofs.status_name,
	dittofs.handle_to_text, dittofs.handle_from_text, dittofs.get_share_name_for_handle,
	dittofs.mount, dittofs.unmount, dittofs.unmount_all,
	dittofs.list_mounts, dittofs.list_exports, dittofs.list_shares, dittofs.healthcheck,
	dittofs.register_replica, dittofs.unregister_replica, dittofs.list_replicas, dittofs.record_slow_call,
	dittofs.list_slow_calls
	TO dittofs_gateway;
