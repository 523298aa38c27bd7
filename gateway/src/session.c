/*
 * session.c
 *	  A session of the gateway: its settings, its statements, its calls.
 *
 * The settings travel as start-up options, so that they cost no round trip
 * and hold from the first statement on.  The operator's own options in
 * conninfo or PGOPTIONS come before them and lose where both set one.
 *
 * A session also asks for the extension's version.  A gateway calls functions
 * as it knows them; an extension that is older lacks some, or has them in
 * another form, and what comes of that is better said once, at the start of
 * a session, than call by call.  A newer one keeps the old forms
 * (extension/upgrade/README.md), so gateways may follow an update one by one.
 */
#include "session.h"
#include "config.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The column of what ends a session that was given up: see session_prepare. */
#define ENDED "ended"
#include <unistd.h>

#define PARAMETERS_MAX 24

/* By the number of the metadata store. */
static struct session
{
	const char *keywords[PARAMETERS_MAX];
	const char *values[PARAMETERS_MAX];
	int			count;
}			sessions[METADATA_STORES_MAX];

#define PARAMETERS_OF_STATEMENT	(CALL_MAX_WIDTH * CALL_MAX_PARAMS)

/* Formats of a statement's parameters: all binary. */
#define BINARY	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1
#define BINARY_4	BINARY, BINARY, BINARY, BINARY
static const int binary[PARAMETERS_OF_STATEMENT] = {BINARY_4, BINARY_4,
													BINARY_4, BINARY_4};

static const char *
find_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

/* Empty ones are libpq's business. */
static void
add_parameter(struct session *session, const char *keyword, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	session->keywords[session->count] = keyword;
	session->values[session->count] = value;
	session->count++;
}

static char *
number_text(long long number)
{
	char	   *result;

	if (asprintf(&result, "%lld", number) < 0)
		fatal("out of memory");
	return result;
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
session_options(const struct metadata_store_config *store, const char *given)
{
	char	   *options;

	if (asprintf(&options,
				 "%s -c dittofs.gateway=on -c dittofs.report_replays=on"
				 " -c default_transaction_isolation=read\\ committed"
				 " -c lock_timeout=%lld -c statement_timeout=%lld"
				 " -c idle_in_transaction_session_timeout=0"
				 " -c idle_session_timeout=0 -c client_min_messages=warning"
				 " -c jit=off -c plan_cache_mode=force_generic_plan"
				 " -c max_parallel_workers_per_gather=0",
				 given != NULL ? given : "", (long long) store->lock_timeout,
				 (long long) store->call_timeout) < 0)
		fatal("out of memory");
	return options;
}

/* pg_stat_activity tells the gateways of one database apart by it. */
static const char *
application_name(void)
{
	static char name[64];
	char		host[48] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(name, sizeof(name), "dittofs %s %d", host, (int) getpid());
	return name;
}

const char *
session_configure(int number, const struct metadata_store_config *store)
{
	static char problem[512];
	struct session *session = &sessions[number];
	char	   *complaint = NULL;
	PQconninfoOption *options = PQconninfoParse(store->conninfo, &complaint);
	const char *given;
	const char *hosts = store->host;

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
	if (*hosts == '\0')
		hosts = find_value(options, "host");
	if (hosts == NULL)
		hosts = getenv("PGHOST");

	memset(session, 0, sizeof(*session));
	add_parameter(session, "dbname", store->conninfo);
	add_parameter(session, "fallback_application_name", application_name());
	add_parameter(session, "client_encoding", "UTF8");
	add_parameter(session, "options", session_options(store, given));
	add_parameter(session, "host", store->host);
	if (store->port != 0)
		add_parameter(session, "port",
					  number_text((long long) store->port));
	add_parameter(session, "dbname", store->database);
	add_parameter(session, "user", store->user);
	add_parameter(session, "sslmode", store->sslmode);
	add_parameter(session, "sslrootcert", store->sslrootcert);
	add_parameter(session, "sslcert", store->sslcert);
	add_parameter(session, "sslkey", store->sslkey);

	/* Also when there is none yet: a reload may bring one.  "" is as good as
	 * nothing to libpq. */
	session->keywords[session->count] = "password";
	session->values[session->count++] = store->password;
	if (hosts != NULL && strchr(hosts, ',') != NULL &&
		find_value(options, "target_session_attrs") == NULL &&
		getenv("PGTARGETSESSIONATTRS") == NULL)
		add_parameter(session, "target_session_attrs", "read-write");
	if (find_value(options, "tcp_user_timeout") == NULL)
		add_parameter(session, "tcp_user_timeout", "30000");
	PQconninfoFree(options);
	return NULL;
}

void
session_set_password(int number, const char *password)
{
	struct session *session = &sessions[number];

	for (int i = 0; i < session->count; i++)
		if (strcmp(session->keywords[i], "password") == 0)
			__atomic_store_n(&session->values[i], password, __ATOMIC_RELEASE);
}

PGconn *
session_connect(int number)
{
	return PQconnectStartParams(sessions[number].keywords,
								sessions[number].values, 1);
}

json_t *
session_result_members(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (message == NULL)
		message = result != NULL ? PQresultErrorMessage(result) : "no answer";
	return log_members(NULL, "{s:s*, s:o}", "sqlstate", sqlstate,
					   "error", log_text(message));
}

/* libpq would write it to standard error as it is. */
static void
log_notice(void *argument, const PGresult *notice)
{
	(void) argument;
	log_with(LOG_LEVEL_INFO, session_result_members(notice),
			 "PostgreSQL: %s", PQresultErrorMessage(notice));
}

/*
 * A connection beside the pools, for what may block: checks, and the
 * registration of this gateway.  Its own options hold for it: it may make
 * extension and shares, which a batch's session may not.
 */
PGconn *
session_connect_plain(int number, const char *timeout)
{
	const char *keywords[PARAMETERS_MAX + 4];
	const char *values[PARAMETERS_MAX + 4];
	char		name[80];
	PGconn	   *pg;
	int			count = 0;

	for (int i = 0; i < sessions[number].count; i++)
	{
		if (strcmp(sessions[number].keywords[i], "options") == 0)
			continue;
		keywords[count] = sessions[number].keywords[i];
		values[count++] = sessions[number].values[i];
	}
	snprintf(name, sizeof(name), "%s (keeper)", application_name());
	keywords[count] = "fallback_application_name";
	values[count++] = name;
	keywords[count] = "connect_timeout";
	values[count++] = timeout;
	keywords[count] = "options";
	values[count++] = "-c statement_timeout=60s -c lock_timeout=10s"
		" -c client_min_messages=warning -c search_path=pg_catalog";
	keywords[count] = NULL;
	values[count] = NULL;
	pg = PQconnectdbParams(keywords, values, 1);
	PQsetNoticeReceiver(pg, log_notice, NULL);
	return pg;
}

const char *
session_is_standby(PGconn *pg)
{
	const char *standby = PQparameterStatus(pg, "in_hot_standby");

	if (standby != NULL && strcmp(standby, "on") == 0)
		return "the server is a standby: it takes no changes";
	return NULL;
}

const char *const session_version_query =
	"SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'dittofs'";

static bool
prepare_statement(PGconn *pg, const struct statement *statement)
{
	char		sql[STATEMENT_SQL_MAX];
	char		name[STATEMENT_NAME_MAX];

	for (int i = 0; i < CALL_WIDTHS; i++)
	{
		if (call_widths[i] > 1 && !statement->wide)
			continue;
		statement_sql(statement, call_widths[i], sql);
		statement_name(statement, call_widths[i], name);
		if (!PQsendPrepare(pg, name, sql, 0, NULL))
			return false;
	}
	return true;
}

/*
 * abandoned is the process of a session that was given up because it did not
 * answer, or 0.  Should it wake up, it would do what it had been told: a WRITE,
 * over what has been written to the same place since.  So it is told to end
 * before anything is done in the new session; a process that is stopped obeys
 * when it goes on.
 */
bool
session_prepare(PGconn *pg, enum lane lane, int abandoned)
{
	char		end_it[160];

	snprintf(end_it, sizeof(end_it),
			 "SELECT pg_catalog.pg_terminate_backend(pid) AS " ENDED
			 " FROM pg_catalog.pg_stat_activity"
			 " WHERE pid = %d AND usename = current_user", abandoned);
	if (PQsetnonblocking(pg, 1) != 0 || !PQenterPipelineMode(pg) ||
		(abandoned != 0 &&
		 !PQsendQueryParams(pg, end_it, 0, NULL, NULL, NULL, NULL, 0)) ||
		!PQsendQueryParams(pg, session_version_query, 0, NULL, NULL, NULL,
						   NULL, 0))
		return false;
	for (int i = 0; i < statement_count; i++)
		if (statements[i].lane == lane && !prepare_statement(pg, &statements[i]))
			return false;
	return PQpipelineSync(pg) != 0;
}

/* -1, 0, 1: by the numbers in them, as far as there are any. */
static int
compare_versions(const char *a, const char *b)
{
	for (;;)
	{
		char	   *end_a;
		char	   *end_b;
		long		x = strtol(a, &end_a, 10);
		long		y = strtol(b, &end_b, 10);

		if (end_a == a || end_b == b)
			return 0;
		if (x != y)
			return x < y ? -1 : 1;
		if (*end_a != '.' || *end_b != '.')
			return (*end_a == '.') - (*end_b == '.');
		a = end_a + 1;
		b = end_b + 1;
	}
}

bool
session_version_is_right(const PGresult *result, char *problem, size_t size)
{
	const char *version = PQntuples(result) == 1 ?
		PQgetvalue(result, 0, 0) : NULL;

	if (version == NULL)
		snprintf(problem, size, "the database has no extension dittofs: run "
				 "CREATE EXTENSION dittofs in it, as a superuser");
	else if (compare_versions(version, DITTOFS_VERSION) < 0)
		snprintf(problem, size, "the extension has version %s and this "
				 "gateway needs " DITTOFS_VERSION " or later: install it in "
				 "the server, then run ALTER EXTENSION dittofs UPDATE",
				 version);
	else
		return true;
	return false;
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
		if (status == PGRES_TUPLES_OK)
		{
			bool		right = strcmp(PQfname(result, 0), ENDED) == 0 ||
				session_version_is_right(result, problem, size);

			PQclear(result);
			if (!right)
				return SESSION_FAILED;
			continue;
		}
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
session_send(PGconn *pg, const struct call *const *calls, int count)
{
	const struct statement *statement = &statements[calls[0]->statement];
	int			nparams = statement->nparams;
	char		name[STATEMENT_NAME_MAX];
	const char *values[PARAMETERS_OF_STATEMENT];
	int			lengths[PARAMETERS_OF_STATEMENT];

	statement_name(statement, count, name);
	if (count == 1)
		return PQsendQueryPrepared(pg, name, nparams, calls[0]->values,
								   calls[0]->lengths, binary, 1) != 0;
	for (int i = 0; i < count; i++)
	{
		memcpy(values + i * nparams, calls[i]->values, nparams * sizeof(*values));
		memcpy(lengths + i * nparams, calls[i]->lengths,
			   nparams * sizeof(*lengths));
	}
	return PQsendQueryPrepared(pg, name, count * nparams, values, lengths,
							   binary, 1) != 0;
}
