-- SPDX-License-Identifier: PostgreSQL
-- A function in SQL or PL/pgSQL is read when a session first calls it, with the
-- session's settings. Here each gets the settings that decide how its text is read, so
-- that a new function need not name them; each names its search_path itself.
DO $$
DECLARE
	f regprocedure;
BEGIN
	FOR f IN SELECT p.oid FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
		WHERE p.pronamespace = 'dittofs'::pg_catalog.regnamespace AND p.prokind = 'f' AND l.lanname IN ('sql', 'plpgsql')
	LOOP
		EXECUTE pg_catalog.format('ALTER FUNCTION %s SET standard_conforming_strings = on SET transform_null_equals = off', f);
	END LOOP;
END
$$;
