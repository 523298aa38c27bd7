/*-------------------------------------------------------------------------
 *
 * gateways.c
 *	  What gateways tell of themselves: that they are alive, and which of their
 *	  calls took long.
 *
 * These run SQL as the extension's owner: a gateway needs no right to the
 * tables.  A gateway of another version may send other arguments than ours
 * does, so they are checked here, and called by their names.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(dittofs_register_replica);
PG_FUNCTION_INFO_V1(dittofs_record_slow_call);

#define ARGUMENTS_MAX	11

typedef struct Argument
{
	const char *name;
	Oid			type;
	bool		nullable;
} Argument;

/* The arguments of the function, checked and ready for a statement. */
typedef struct Arguments
{
	int			n;
	Oid			types[ARGUMENTS_MAX];
	Datum		values[ARGUMENTS_MAX];
	char		nulls[ARGUMENTS_MAX];
} Arguments;

static void
take_arguments(FunctionCallInfo fcinfo, const Argument *expected, int n,
			   Arguments *arguments)
{
	arguments->n = n;
	for (int i = 0; i < n; i++)
	{
		if (PG_ARGISNULL(i) && !expected[i].nullable)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not be null", expected[i].name)));
		arguments->types[i] = expected[i].type;
		arguments->values[i] = PG_GETARG_DATUM(i);
		arguments->nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
}

static void
run(const char *sql, Arguments *arguments)
{
	int			code;

	code = SPI_execute_with_args(sql, arguments->n, arguments->types,
								 arguments->values, arguments->nulls,
								 false, 0);
	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", sql,
			 SPI_result_code_string(code));
}

/*
 * register_replica(replica_id, host, pid, version, address, started_at, state,
 * clients, calls_per_second): every few seconds.  The oldest of what nobody asks
 * for any more goes at the same time.
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
	Arguments	arguments;
	Arguments	none = {0};
	char	   *state;

	take_arguments(fcinfo, expected, lengthof(expected), &arguments);
	state = text_to_cstring(PG_GETARG_TEXT_PP(6));
	if (strcmp(state, "serving") != 0 && strcmp(state, "draining") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for state: \"%s\"", state),
				 errhint("Use one of: serving, draining.")));
	SPI_connect();
	run("DELETE FROM dittofs.gateway_replicas"
		" WHERE seen_at < now() - interval '1 day'", &none);
	run("DELETE FROM dittofs.slow_call_log WHERE happened_at < (SELECT l.happened_at"
		" FROM dittofs.slow_call_log l ORDER BY l.happened_at DESC OFFSET 999 LIMIT 1)",
		&none);
	run("INSERT INTO dittofs.gateway_replicas"
		" (replica_id, host, pid, version, address, started_at, state, clients,"
		" calls_per_second) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
		" ON CONFLICT (replica_id) DO UPDATE SET seen_at = now(),"
		" state = excluded.state, clients = excluded.clients,"
		" calls_per_second = excluded.calls_per_second", &arguments);
	SPI_finish();
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
	Arguments	arguments;

	take_arguments(fcinfo, expected, lengthof(expected), &arguments);
	SPI_connect();
	run("INSERT INTO dittofs.slow_call_log VALUES"
		" (now() - $1 * interval '1 millisecond', $2, $3, $4, $5, $6, $7, $8, $9,"
		" $10, $11)", &arguments);
	SPI_finish();
	PG_RETURN_VOID();
}
