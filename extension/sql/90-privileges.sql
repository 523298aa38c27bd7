-- Privileges: nothing for PUBLIC; for a gateway's role, EXECUTE on what a
-- gateway calls, and nothing else.
--
-- dittofs_gateway is a group: a gateway logs in as a member of it.  Roles belong
-- to the cluster, so it may be there already, made by another database's
-- dittofs.

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles
				   WHERE rolname OPERATOR(pg_catalog.=) 'dittofs_gateway') THEN
		CREATE ROLE dittofs_gateway NOLOGIN;
	END IF;
EXCEPTION
	WHEN duplicate_object OR unique_violation THEN
		NULL;					-- made by somebody else in this moment
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dittofs FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA dittofs FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA dittofs FROM PUBLIC;

GRANT USAGE ON SCHEMA dittofs TO dittofs_gateway;

GRANT EXECUTE ON FUNCTION
	dittofs.lookup, dittofs.get_file, dittofs.set_file_attributes,
	dittofs.check_permissions, dittofs.create_file, dittofs.create_directory,
	dittofs.create_symlink, dittofs.create_special_file, dittofs.read_symlink,
	dittofs.create_hard_link, dittofs.remove_file, dittofs.remove_directory,
	dittofs.move, dittofs.read_directory, dittofs.read, dittofs.write,
	dittofs.commit, dittofs.prepare_read, dittofs.prepare_write,
	dittofs.commit_write, dittofs.get_filesystem_capabilities,
	dittofs.get_filesystem_statistics, dittofs.write_verifier, dittofs.reap,
	dittofs.mount, dittofs.unmount, dittofs.unmount_all, dittofs.list_mounts,
	dittofs.list_exports, dittofs.healthcheck, dittofs.handle_to_text,
	dittofs.handle_from_text, dittofs.get_share_name_for_handle,
	dittofs.status_name,
	dittofs.caller_in, dittofs.caller_out, dittofs.caller_recv, dittofs.caller_send,
	dittofs.fattr_in, dittofs.fattr_out, dittofs.fattr_send,
	dittofs.wcc_in, dittofs.wcc_out, dittofs.wcc_send
	TO dittofs_gateway;
