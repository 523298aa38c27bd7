/*
 * session.c
 *	  A session of the gateway: its settings, its statements, its calls.
 *
 * The settings travel as start-up options, so that they cost no round trip
 * and hold from the first statement on.  The operator's own options in
 * --conninfo or PGOPTIONS come before them and lose where both set one.
 */
#include "session.h"
#include "config.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETERS_MAX 12

static const char *keywords[PARAMETERS_MAX];
static const char *values[PARAMETERS_MAX];

/* Formats of a call's parameters: all binary. */
static const int binary[CALL_MAX_PARAMS] = {1, 1, 1, 1, 1, 1, 1, 1,
											1, 1, 1, 1, 1, 1, 1, 1};

static const char *
find_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

static void
add_parameter(int *count, const char *keyword, const char *value)
{
	keywords[*count] = keyword;
	values[*count] = value;
	(*count)++;
}

/*
 * dittofs.gateway tells the extension that this session runs batches and
 * nothing else (extension/sql/README.md).  A call that waits for a lock must
 * give up before deadlock_timeout: in a batch a deadlock between two
 * gateways is healed by running the calls one by one, and sooner is better.
 * Plans are generic from the start: there is nothing in SELECT f($1) to
 * plan.
 */
static char *
session_options(const struct config *config, const char *given)
{
	char	   *options;

	if (asprintf(&options,
				 "%s -c dittofs.gateway=on"
				 " -c default_transaction_isolation=read\\ committed"
				 " -c lock_timeout=%lld -c statement_timeout=%lld"
				 " -c idle_in_transaction_session_timeout=0"
				 " -c idle_session_timeout=0 -c client_min_messages=warning"
				 " -c jit=off -c plan_cache_mode=force_generic_plan"
				 " -c max_parallel_workers_per_gather=0",
				 given != NULL ? given : "", (long long) config->lock_timeout,
				 (long long) config->call_timeout) < 0)
		fatal("out of memory");
	return options;
}

const char *
session_configure(const struct config *config)
{
	static char problem[512];
	char	   *complaint = NULL;
	PQconninfoOption *options = PQconninfoParse(config->conninfo, &complaint);
	const char *given;
	const char *hosts;
	int			count = 0;

	if (options == NULL)
	{
		/* libpq's complaint quotes pieces of the string: no. */
		snprintf(problem, sizeof(problem),
				 "--conninfo is not a connection string or URI of libpq");
		PQfreemem(complaint);
		return problem;
	}
	given = find_value(options, "options");
	if (given == NULL)
		given = getenv("PGOPTIONS");
	hosts = find_value(options, "host");
	if (hosts == NULL)
		hosts = getenv("PGHOST");

	add_parameter(&count, "dbname", config->conninfo);
	add_parameter(&count, "fallback_application_name", "dittofs");
	add_parameter(&count, "client_encoding", "UTF8");
	add_parameter(&count, "options", session_options(config, given));
	if (hosts != NULL && strchr(hosts, ',') != NULL &&
		find_value(options, "target_session_attrs") == NULL &&
		getenv("PGTARGETSESSIONATTRS") == NULL)
		add_parameter(&count, "target_session_attrs", "read-write");
	if (find_value(options, "tcp_user_timeout") == NULL)
		add_parameter(&count, "tcp_user_timeout", "30000");
	add_parameter(&count, NULL, NULL);
	PQconninfoFree(options);
	return NULL;
}

PGconn *
session_connect(void)
{
	return PQconnectStartParams(keywords, values, 1);
}

const char *
session_is_standby(PGconn *pg)
{
	const char *standby = PQparameterStatus(pg, "in_hot_standby");

	if (standby != NULL && strcmp(standby, "on") == 0)
		return "the server is a standby: it takes no changes";
	return NULL;
}

bool
session_prepare(PGconn *pg, enum lane lane)
{
	if (PQsetnonblocking(pg, 1) != 0 || !PQenterPipelineMode(pg))
		return false;
	for (int i = 0; i < statement_count; i++)
		if (statements[i].lane == lane &&
			!PQsendPrepare(pg, statements[i].name, statements[i].sql, 0, NULL))
			return false;
	return PQpipelineSync(pg) != 0;
}

/* What an operator should do about it, where we know. */
static const char *
hint_for(const char *sqlstate)
{
	if (strcmp(sqlstate, "3F000") == 0 || strcmp(sqlstate, "42883") == 0)
		return " (CREATE EXTENSION dittofs in this database?)";
	if (strcmp(sqlstate, "42501") == 0)
		return " (GRANT dittofs_gateway TO this role?)";
	return "";
}

enum session_outcome
session_prepared(PGconn *pg, char *problem, size_t size)
{
	while (!PQisBusy(pg))
	{
		PGresult   *result = PQgetResult(pg);	/* NULL between two */
		ExecStatusType status;
		const char *sqlstate;

		if (PQstatus(pg) == CONNECTION_BAD)
		{
			snprintf(problem, size, "%s", PQerrorMessage(pg));
			PQclear(result);
			return SESSION_FAILED;
		}
		if (result == NULL)
			continue;

		/* The first error: those after it only say that there was one. */
		status = PQresultStatus(result);
		sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		if (status != PGRES_PIPELINE_SYNC && status != PGRES_COMMAND_OK)
		{
			snprintf(problem, size, "%s: %s%s",
					 sqlstate != NULL ? sqlstate : "?",
					 sqlstate != NULL ?
					 PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) :
					 PQresultErrorMessage(result),
					 sqlstate != NULL ? hint_for(sqlstate) : "");
			PQclear(result);
			return SESSION_FAILED;
		}
		PQclear(result);
		if (status == PGRES_PIPELINE_SYNC)
			return SESSION_READY;
	}
	return SESSION_WAIT;
}

bool
session_send(PGconn *pg, const struct call *call)
{
	const struct statement *statement = &statements[call->statement];

	return PQsendQueryPrepared(pg, statement->name, statement->nparams,
							   call->values, call->lengths, binary, 1) != 0;
}
