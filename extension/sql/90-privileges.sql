-- SPDX-License-Identifier: PostgreSQL
-- Who may do what.
--
-- PUBLIC has no right.  A gateway connects as dittofs_gateway or a member of
-- it and may execute what it calls; that is its only right, and it needs no
-- other, since the functions reach the tables themselves.  Administrators are
-- given EXECUTE on what they are to do.
--
-- Functions that an update adds come with EXECUTE for PUBLIC: the update
-- script must take it away (extension/upgrade/README.md).

--
-- A role of that name may be there already, made for another database, or by
-- a role that may create roles: members of it can be any user of the file
-- system, so the one who creates the extension is told of them.
DO $$
DECLARE
	gateway pg_roles;
	members text;
BEGIN
	BEGIN
		SELECT * INTO gateway FROM pg_roles WHERE rolname = 'dittofs_gateway';
		IF NOT FOUND THEN
			CREATE ROLE dittofs_gateway NOLOGIN;
			RETURN;
		END IF;
	EXCEPTION WHEN duplicate_object OR unique_violation THEN
		RETURN;	-- made at the same moment, for another database
	END;
	IF gateway.rolsuper OR gateway.rolcreaterole OR gateway.rolcreatedb OR gateway.rolreplication
		OR gateway.rolbypassrls THEN
		RAISE EXCEPTION 'role dittofs_gateway exists already and has rights that a gateway must not have'
			USING ERRCODE = 'invalid_role_specification',
				HINT = 'ALTER ROLE dittofs_gateway NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS, '
					'and look at who has made it.';
	END IF;
	SELECT string_agg(DISTINCT quote_ident(pg_get_userbyid(m.member)), ', ') INTO members
		FROM pg_auth_members m WHERE m.roleid = gateway.oid
			AND NOT (SELECT rolsuper FROM pg_roles r WHERE r.oid = m.member);
	IF members IS NOT NULL OR gateway.rolcanlogin THEN
		RAISE WARNING 'role dittofs_gateway exists already: %',
				concat_ws('; ', 'its members are ' || members, CASE WHEN gateway.rolcanlogin THEN 'it can log in' END)
			USING DETAIL = 'They may act as any user of the file system, in this database too.',
				HINT = 'REVOKE dittofs_gateway FROM roles that are no gateways.';
	END IF;
END
$$;

REVOKE ALL ON SCHEMA dittofs FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA dittofs FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA dittofs FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA dittofs FROM PUBLIC;
-- and of those whom default privileges give new objects; types are PUBLIC's
DO $$
DECLARE
	grantee text;
BEGIN
	FOR grantee IN SELECT DISTINCT quote_ident(pg_get_userbyid(a.grantee))
		FROM (SELECT relacl AS acl, relowner AS owner FROM pg_class WHERE relnamespace = 'dittofs'::regnamespace
			UNION ALL SELECT proacl, proowner FROM pg_proc WHERE pronamespace = 'dittofs'::regnamespace
			UNION ALL SELECT nspacl, nspowner FROM pg_namespace WHERE nspname = 'dittofs') o, aclexplode(o.acl) a
		WHERE a.grantee NOT IN (0, o.owner)
	LOOP
		EXECUTE format('REVOKE ALL ON SCHEMA dittofs FROM %s', grantee);
		EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA dittofs FROM %s', grantee);
		EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA dittofs FROM %s', grantee);
		EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA dittofs FROM %s', grantee);
	END LOOP;
END
$$;

GRANT USAGE ON SCHEMA dittofs TO dittofs_gateway;
GRANT EXECUTE ON FUNCTION
	dittofs.lookup, dittofs.get_file, dittofs.set_file_attributes, dittofs.check_permissions,
	dittofs.create_file, dittofs.create_directory, dittofs.create_symlink,
	dittofs.create_special_file, dittofs.read_symlink, dittofs.create_hard_link,
	dittofs.remove_file, dittofs.remove_directory, dittofs.move, dittofs.read_directory,
	dittofs.read, dittofs.write, dittofs.commit,
	dittofs.prepare_read, dittofs.prepare_write, dittofs.commit_write,
	dittofs.claim_blocks, dittofs.content_hints, dittofs.content_store_marked,
	dittofs.merge_next, dittofs.merge_commit, dittofs.merge_store,
	dittofs.gc_next, dittofs.gc_done, dittofs.gc_adopt,
	dittofs.stored_block_list, dittofs.block_users,
	dittofs.get_filesystem_capabilities, dittofs.get_filesystem_statistics,
	dittofs.lock_objects, dittofs.write_verifier, dittofs.reap, dittofs.status_name,
	dittofs.handle_to_text, dittofs.handle_from_text, dittofs.name_to_text, dittofs.get_share_name_for_handle,
	dittofs.mount, dittofs.unmount, dittofs.unmount_all,
	dittofs.list_mounts, dittofs.list_exports, dittofs.list_shares, dittofs.healthcheck,
	dittofs.register_replica, dittofs.unregister_replica, dittofs.list_replicas, dittofs.record_slow_call,
	dittofs.list_slow_calls, dittofs.report_waiting, dittofs.list_waiting,
	dittofs.lock_range, dittofs.unlock_range, dittofs.cancel_lock, dittofs.test_lock,
	dittofs.share_file, dittofs.unshare_file, dittofs.free_locks, dittofs.client_rebooted,
	dittofs.next_grants, dittofs.grant_told, dittofs.lock_clients_seen,
	dittofs.compound, dittofs.renew_leases
	TO dittofs_gateway;
