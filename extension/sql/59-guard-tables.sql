-- SPDX-License-Identifier: PostgreSQL
-- The tables belong to the owner of the database. Additions that the library cannot
-- honour are refused when they are made (src/admin/guard_tables.c, src/tables/shape.c).

CREATE FUNCTION dittofs.check_tables() RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_check_tables';

CREATE FUNCTION dittofs.check_object(class oid, object oid, made boolean, command pg_ddl_command) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_check_object';

-- In PL/pgSQL, so that commands which are no business of ours go on where the
-- library is gone.
CREATE FUNCTION dittofs.guard_tables() RETURNS event_trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	IF to_regnamespace('dittofs') IS NULL THEN
		IF tg_tag = 'ALTER SCHEMA' THEN
			RAISE EXCEPTION 'what belongs to extension dittofs must keep its name and its schema'
				USING ERRCODE = 'object_not_in_prerequisite_state',
					HINT = 'Schema dittofs cannot be renamed. A view in another schema can have any name.';
		END IF;
		RETURN;
	END IF;
	BEGIN
		PERFORM dittofs.check_tables();
		PERFORM dittofs.check_object(c.classid, c.objid, starts_with(c.command_tag, 'CREATE'), c.command)
			FROM pg_event_trigger_ddl_commands() c;
	EXCEPTION WHEN undefined_file THEN
		NULL;
	END;
END
$$;
CREATE EVENT TRIGGER dittofs_guard_tables ON ddl_command_end
	WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE', 'CREATE TABLE AS', 'CREATE FOREIGN TABLE',
		'ALTER FOREIGN TABLE', 'CREATE TRIGGER', 'CREATE RULE', 'CREATE SCHEMA', 'ALTER SCHEMA',
		'ALTER TYPE', 'ALTER SEQUENCE', 'CREATE VIEW', 'ALTER VIEW', 'CREATE PUBLICATION', 'ALTER PUBLICATION', 'ALTER INDEX', 'ALTER EXTENSION', 'GRANT',
		'CREATE FUNCTION', 'CREATE PROCEDURE', 'CREATE AGGREGATE', 'CREATE OPERATOR', 'CREATE TYPE', 'CREATE DOMAIN',
		'CREATE COLLATION', 'CREATE CONVERSION', 'CREATE OPERATOR CLASS', 'CREATE OPERATOR FAMILY',
		'ALTER FUNCTION', 'ALTER PROCEDURE', 'ALTER ROUTINE', 'ALTER AGGREGATE', 'ALTER OPERATOR', 'ALTER DOMAIN',
		'ALTER COLLATION', 'ALTER CONVERSION', 'ALTER OPERATOR CLASS', 'ALTER OPERATOR FAMILY')
	EXECUTE FUNCTION dittofs.guard_tables();
-- whatever session_replication_role is
ALTER EVENT TRIGGER dittofs_guard_tables ENABLE ALWAYS;

-- TRUNCATE is none of the commands that event triggers see.  Tables of replies
-- are emptied by it.
CREATE FUNCTION dittofs.guard_truncate() RETURNS trigger
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_guard_truncate';
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.shares
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.dropped_shares
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.dropped_directories
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.files
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.parent_child_map
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.blocks
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.blocks_memory
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.memory_life
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.extents
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.content_stores
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.stored_blocks
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.staged_files
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.content_moves
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.space_usage
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.reap_queue
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON dittofs.replies_turn
	FOR EACH STATEMENT EXECUTE FUNCTION dittofs.guard_truncate();
-- session_replication_role is for triggers that were at work elsewhere
ALTER TABLE dittofs.shares ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.dropped_shares ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.dropped_directories ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.files ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.parent_child_map ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.blocks ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.blocks_memory ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.memory_life ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.extents ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.content_stores ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.stored_blocks ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.staged_files ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.content_moves ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.space_usage ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.reap_queue ENABLE ALWAYS TRIGGER guard_truncate;
ALTER TABLE dittofs.replies_turn ENABLE ALWAYS TRIGGER guard_truncate;
