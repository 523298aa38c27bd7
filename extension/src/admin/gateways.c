/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * gateways.c
 *	  Records what gateways report about themselves: that they are alive, and
 *	  which of their calls took long.
 *
 * These functions run SQL as the extension's owner: a gateway needs no right to
 * the tables.  A gateway of another version may send other arguments, so they
 * are checked here, and called by their names.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/spi.h"

PG_FUNCTION_INFO_V1(dittofs_register_replica);
PG_FUNCTION_INFO_V1(dittofs_unregister_replica);
PG_FUNCTION_INFO_V1(dittofs_record_slow_call);

typedef struct Argument
{
	const char *name;
	Oid			type;
	bool		nullable;
} Argument;

/* Takes the arguments of the function, n of them, ready for a statement. */
static void
take_arguments(FunctionCallInfo fcinfo, const Argument *expected, int n,
			   SpiArg *arguments)
{
	for (int i = 0; i < n; i++)
	{
		if (PG_ARGISNULL(i) && !expected[i].nullable)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", expected[i].name)));
		arguments[i] = spi_arg(expected[i].type, i);
	}
}

/*
 * register_replica(replica_id, host, pid, version, address, started_at, state,
 * clients, calls_per_second): every few seconds.  Also deletes the oldest rows
 * that are no longer needed.
 */
Datum
dittofs_register_replica(PG_FUNCTION_ARGS)
{
	static const Argument expected[] = {
		{"replica_id", UUIDOID, false},
		{"host", TEXTOID, false},
		{"pid", INT4OID, false},
		{"version", TEXTOID, false},
		{"address", TEXTOID, false},
		{"started_at", TIMESTAMPTZOID, false},
		{"state", TEXTOID, false},
		{"clients", INT4OID, false},
		{"calls_per_second", FLOAT8OID, false}
	};
	SpiArg		arguments[lengthof(expected)];
	char	   *state;

	PreventCommandDuringRecovery("dittofs.register_replica()");
	take_arguments(fcinfo, expected, lengthof(expected), arguments);
	state = text_to_cstring(PG_GETARG_TEXT_PP(6));
	if (strcmp(state, "serving") != 0 && strcmp(state, "draining") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for state: \"%s\"", state),
				 errhint("Use one of: serving, draining.")));
	spi_begin();
	spi_run("DELETE FROM dittofs.gateway_replicas"
			" WHERE seen_at < now() - interval '1 day'");
	spi_run("DELETE FROM dittofs.slow_call_log WHERE happened_at < (SELECT l.happened_at"
			" FROM dittofs.slow_call_log l ORDER BY l.happened_at DESC OFFSET 999 LIMIT 1)");
	spi_execute("INSERT INTO dittofs.gateway_replicas"
				" (replica_id, host, pid, version, address, started_at, state, clients,"
				" calls_per_second) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
				" ON CONFLICT (replica_id) DO UPDATE SET seen_at = now(),"
				" state = excluded.state, clients = excluded.clients,"
				" calls_per_second = excluded.calls_per_second",
				false, lengthof(arguments), arguments);
	spi_end();
	PG_RETURN_VOID();
}

/* unregister_replica(replica_id) */
Datum
dittofs_unregister_replica(PG_FUNCTION_ARGS)
{
	static const Argument expected[] = {{"replica_id", UUIDOID, true}};
	SpiArg		arguments[lengthof(expected)];

	PreventCommandDuringRecovery("dittofs.unregister_replica()");
	take_arguments(fcinfo, expected, lengthof(expected), arguments);
	spi_begin();
	spi_execute("DELETE FROM dittofs.gateway_replicas WHERE replica_id = $1",
				false, lengthof(arguments), arguments);
	spi_end();
	PG_RETURN_VOID();
}

/*
 * record_slow_call(age_ms, host, client, procedure, status, total_ms, queue_ms,
 * database_ms, flush_ms, content_ms, handle).
 */
Datum
dittofs_record_slow_call(PG_FUNCTION_ARGS)
{
	static const Argument expected[] = {
		{"age_ms", FLOAT8OID, false},
		{"host", TEXTOID, false},
		{"client", TEXTOID, false},
		{"procedure", TEXTOID, false},
		{"status", INT4OID, false},
		{"total_ms", FLOAT8OID, false},
		{"queue_ms", FLOAT8OID, false},
		{"database_ms", FLOAT8OID, false},
		{"flush_ms", FLOAT8OID, false},
		{"content_ms", FLOAT8OID, false},
		{"handle", BYTEAOID, true}
	};
	SpiArg		arguments[lengthof(expected)];

	PreventCommandDuringRecovery("dittofs.record_slow_call()");
	take_arguments(fcinfo, expected, lengthof(expected), arguments);
	spi_begin();
	spi_execute("INSERT INTO dittofs.slow_call_log VALUES"
				" (now() - $1 * interval '1 millisecond', $2, $3, $4, $5, $6, $7, $8, $9,"
				" $10, $11)", false, lengthof(arguments), arguments);
	spi_end();
	PG_RETURN_VOID();
}
