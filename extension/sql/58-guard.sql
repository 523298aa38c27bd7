-- SPDX-License-Identifier: PostgreSQL
-- The extension cannot be dropped while there are files (src/admin/guard.c).

CREATE FUNCTION dittofs.watch_drops(trigger boolean) RETURNS void
	LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_watch_drops';

CREATE FUNCTION dittofs.guard_drop() RETURNS event_trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	PERFORM dittofs.watch_drops(tg_tag = 'DROP TRIGGER');
EXCEPTION WHEN undefined_file THEN
	-- The library is gone.  What does not name us passes.
	IF (current_query() ILIKE '%dittofs%' OR tg_tag IN ('DROP OWNED', 'DROP LANGUAGE'))
		AND EXISTS (SELECT FROM dittofs.parent_child_map) THEN
		RAISE EXCEPTION 'cannot drop extension dittofs because it holds files, and its library is missing'
			USING ERRCODE = 'dependent_objects_still_exist',
				HINT = 'Install the library again. To drop the extension without it: '
					'ALTER EVENT TRIGGER dittofs_guard_drop DISABLE.';
	END IF;
END
$$;
CREATE EVENT TRIGGER dittofs_guard_drop ON ddl_command_start
	WHEN TAG IN ('DROP EXTENSION', 'DROP SCHEMA', 'DROP OWNED', 'DROP LANGUAGE', 'DROP TABLE',
		'DROP FUNCTION', 'DROP ROUTINE', 'DROP TYPE', 'DROP VIEW', 'DROP SEQUENCE', 'DROP TRIGGER')
	EXECUTE FUNCTION dittofs.guard_drop();
-- whatever session_replication_role is
ALTER EVENT TRIGGER dittofs_guard_drop ENABLE ALWAYS;
