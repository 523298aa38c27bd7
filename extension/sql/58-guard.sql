-- DROP EXTENSION is refused while there are files (src/guard.c).

CREATE FUNCTION dittofs.guard_drop() RETURNS event_trigger
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'dittofs_guard_drop';
CREATE EVENT TRIGGER dittofs_guard_drop ON ddl_command_start
	WHEN TAG IN ('DROP EXTENSION', 'DROP SCHEMA', 'DROP OWNED')
	EXECUTE FUNCTION dittofs.guard_drop();
