/* SPDX-License-Identifier: PostgreSQL */
/*
 * session.c
 *	  A session of the gateway: its settings, its statements, its calls.
 *
 * The settings are made by the first statement of a session, which goes out
 * together with those to be prepared and so costs no round trip.  They do not
 * travel as start-up options, since poolers (PgBouncer) refuse or ignore these.
 * The operator's own options in conninfo or PGOPTIONS do, and lose where both
 * set one.  A second transaction asks whether it is still in the same server
 * process with the same settings: a pooler that deals out transactions, or
 * statements, cannot serve a gateway, and the session says so.
 *
 * A session also asks for the extension's version.  A gateway calls functions
 * as it knows them; an extension that is older lacks some, or has them in
 * another form, and what comes of that is better said once, at the start of
 * a session, than call by call.  A newer one keeps the old forms
 * (extension/upgrade/README.md), so gateways may follow an update one by one.
 */
#include "db/session.h"
#include "base/aside.h"
#include "config/config.h"
#include "db/database_clock.h"
#include "base/epoch.h"
#include "base/event.h"
#include "base/log.h"
#include "db/reach.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The column of what ends a session that was given up: see session_prepare. */
#define ENDED "ended"

/* Microseconds, where neither the configuration nor libpq has one. */
#define CONNECT_TIMEOUT (3 * 1000000)

/* libpq has some 50 of them. */
#define PARAMETERS_MAX 80

/* By the number of the metadata store. */
static struct session
{
	const char *keywords[PARAMETERS_MAX];
	const char *values[PARAMETERS_MAX];
	int			count;
	PQconninfoOption *options;	/* which own most of the values */
	char		port[24];
	char	   *channel_binding;	/* the operator's */
	char	   *settings;		/* statements, of a gateway's session */
	char	   *same;
}			sessions[METADATA_STORES_MAX];

/* A name for each of the results of a session's first statements. */
#define SETTINGS "settings"
#define SAME "same"

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
text_copy(const char *text)
{
	char	   *result = strdup(text);

	if (result == NULL)
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
static const struct
{
	const char *name;
	const char *value;			/* NULL: a time-out of the store's settings */
}			settings[] = {
	{"dittofs.gateway", "on"},
	{"dittofs.report_replays", "on"},
	{"default_transaction_isolation", "read committed"},
	{"lock_timeout", NULL},
	{"statement_timeout", NULL},
	{"idle_in_transaction_session_timeout", "0"},
	{"idle_session_timeout", "0"},
	{"client_min_messages", "warning"},
	{"jit", "off"},
	{"plan_cache_mode", "force_generic_plan"},
	{"max_parallel_workers_per_gather", "0"},
};

#define SETTINGS_COUNT ((int) (sizeof(settings) / sizeof(settings[0])))

/*
 * The process by its number and its start, which no other process of no other
 * server has; whether it is a standby, since a pooler does not pass on what
 * servers report; and the settings, as they are afterwards.
 */
static char *
settings_statement(const struct metadata_store_config *store, bool make)
{
	char	   *sql = NULL;
	size_t		size;
	FILE	   *to = open_memstream(&sql, &size);

	fprintf(to, "SELECT pg_catalog.concat_ws(' '");
	for (int i = 0; i < SETTINGS_COUNT; i++)
	{
		long long	timeout = strcmp(settings[i].name, "lock_timeout") == 0 ?
			store->lock_timeout : store->call_timeout;

		if (!make)
			fprintf(to, ", pg_catalog.current_setting('%s', true)",
					settings[i].name);
		else if (settings[i].value != NULL)
			fprintf(to, ", pg_catalog.set_config('%s', '%s', false)",
					settings[i].name, settings[i].value);
		else
			fprintf(to, ", pg_catalog.set_config('%s', '%lld', false)",
					settings[i].name, timeout);
	}
	fprintf(to, ") AS %s, p.pid, extract(epoch FROM p.backend_start),"
			" pg_catalog.pg_is_in_recovery() FROM"
			" pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) p",
			make ? SETTINGS : SAME);
	if (fclose(to) != 0)
		fatal("out of memory");
	return sql;
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

/*
 * A password that is refused may have been changed, and password_file with it:
 * the file is read again, by a thread, and the next attempt has what it holds.
 */
static struct password
{
	const struct metadata_store_config *store;
	bool		reading;
	int64_t		asked;
}			passwords[METADATA_STORES_MAX];

static pthread_mutex_t password_lock = PTHREAD_MUTEX_INITIALIZER;

/* Seconds after which a reader that hangs is not waited for. */
#define READING_HANGS (10 * 1000000)

/*
 * Whatever libpq would use: of the connection string, of a service file, of the
 * environment, of its defaults.  Only an attempt to connect makes libpq tell,
 * and a value that it refuses, of the one parameter that is left out, ends the
 * attempt before it begins.  NULL: problem says why.
 */
static PQconninfoOption *
effective_options(const struct session *session, const char *left_out,
				  const char *refused, char *problem, size_t size)
{
	const char *keywords[PARAMETERS_MAX + 1];
	const char *values[PARAMETERS_MAX + 1];
	PQconninfoOption *options = NULL;
	PGconn	   *pg;

	memcpy(keywords, session->keywords, sizeof(session->keywords));
	memcpy(values, session->values, sizeof(session->values));
	keywords[session->count] = left_out;
	values[session->count] = refused;
	keywords[session->count + 1] = NULL;
	pg = PQconnectStartParams(keywords, values, 1);
	if (pg != NULL && strstr(PQerrorMessage(pg), refused) != NULL)
		options = PQconninfo(pg);
	if (options == NULL)
		snprintf(problem, size, "libpq: %.*s", pg != NULL ?
				 (int) strcspn(PQerrorMessage(pg), "\n") : 64,
				 pg != NULL ? PQerrorMessage(pg) : "out of memory");
	PQfinish(pg);
	return options;
}

/* These are ours to decide (reach.c), or have done their work. */
static bool
is_left_out(const char *keyword)
{
	static const char *const names[] = {"host", "hostaddr", "port", "service",
		"servicefile", "target_session_attrs", "load_balance_hosts",
		"connect_timeout", "password", "channel_binding"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(keyword, names[i]) == 0)
			return true;
	return false;
}

/* A dead peer is to be noticed soon: see connection_check. */
static void
add_if_open(struct session *session, const char *keyword, const char *value)
{
	if (find_value(session->options, keyword) == NULL)
		add_parameter(session, keyword, value);
}

static int64_t
limit_of(const struct metadata_store_config *store,
		 const PQconninfoOption *options)
{
	const char *given = find_value(options, "connect_timeout");

	if (store->connect_timeout > 0)
		return store->connect_timeout * 1000;
	if (given != NULL && atoi(given) > 0)
		return atoi(given) * (int64_t) 1000000;
	return CONNECT_TIMEOUT;
}

static const char *
configure_reach(int number, const struct metadata_store_config *store,
				const PQconninfoOption *options)
{
	struct reach_settings where = {
		.host = find_value(options, "host"),
		.hostaddr = find_value(options, "hostaddr"),
		.port = find_value(options, "port"),
		.load_balance_hosts = find_value(options, "load_balance_hosts"),
		.limit = limit_of(store, options)};
	const char *wanted = find_value(options, "target_session_attrs");

	if (wanted != NULL && (strcmp(wanted, "standby") == 0 ||
						   strcmp(wanted, "read-only") == 0))
		return "target_session_attrs: a gateway needs the primary, so neither "
			"standby nor read-only will do";
	return reach_configure(number, &where);
}

const char *
session_configure(int number, const struct metadata_store_config *store)
{
	static char problem[512];
	struct session *session = &sessions[number];
	char	   *complaint = NULL;
	const char *wrong;
	const char *password = store->password;
	PQconninfoOption *options = PQconninfoParse(store->conninfo, &complaint);

	if (options == NULL)
	{
		/* libpq's complaint quotes pieces of the string: no. */
		snprintf(problem, sizeof(problem),
				 "conninfo is not a connection string or URI of libpq, "
				 "as host=db dbname=dittofs or postgresql://db/dittofs");
		PQfreemem(complaint);
		return problem;
	}
	PQconninfoFree(options);
	PQconninfoFree(session->options);
	free(session->channel_binding);
	free(session->settings);
	free(session->same);

	memset(session, 0, sizeof(*session));
	add_parameter(session, "dbname", store->conninfo);
	add_parameter(session, "host", store->host);
	if (store->port != 0)
		snprintf(session->port, sizeof(session->port), "%lld",
				 (long long) store->port);
	add_parameter(session, "port", session->port);
	add_parameter(session, "dbname", store->database);
	add_parameter(session, "user", store->user);
	add_parameter(session, "sslmode", store->sslmode);
	add_parameter(session, "sslrootcert", store->sslrootcert);
	add_parameter(session, "sslcert", store->sslcert);
	add_parameter(session, "sslkey", store->sslkey);

	/* A port of 0 is refused before anything is looked up. */
	options = effective_options(session, "port", "0", problem, sizeof(problem));
	if (options == NULL)
		return problem;
	if (find_value(options, "channel_binding") != NULL)
		session->channel_binding =
			text_copy(find_value(options, "channel_binding"));
	PQconninfoFree(options);
	session->options = effective_options(session, "channel_binding",
										 "none-of-these", problem,
										 sizeof(problem));
	if (session->options == NULL)
		return problem;
	wrong = configure_reach(number, store, session->options);
	if (wrong != NULL)
		return wrong;

	session->count = 0;
	for (const PQconninfoOption *at = session->options; at->keyword != NULL;
		 at++)
		if (!is_left_out(at->keyword))
			add_parameter(session, at->keyword, at->val);
	add_parameter(session, "channel_binding", session->channel_binding);
	add_parameter(session, "client_encoding", "UTF8");
	add_if_open(session, "fallback_application_name", application_name());
	add_if_open(session, "tcp_user_timeout", "30000");
	add_if_open(session, "keepalives_idle", "1");
	add_if_open(session, "keepalives_interval", "1");
	add_if_open(session, "keepalives_count", "5");

	/* Also when there is none yet: a reload may bring one.  "" is as good as
	 * nothing to libpq. */
	session->keywords[session->count] = "password";
	if (*store->password == '\0' && find_value(session->options, "password"))
		password = find_value(session->options, "password");
	session->values[session->count++] = text_copy(password);
	passwords[number].store = store;
	session->settings = settings_statement(store, true);
	session->same = settings_statement(store, false);
	return NULL;
}

static void
forget(void *password)
{
	explicit_bzero(password, strlen(password));
	free(password);
}

/* Readers of the old one are attached (epoch.h). */
void
session_set_password(int number, const char *password)
{
	struct session *session = &sessions[number];

	for (int i = 0; i < session->count; i++)
		if (strcmp(session->keywords[i], "password") == 0)
			epoch_retire((void *) __atomic_exchange_n(&session->values[i],
													  text_copy(password),
													  __ATOMIC_ACQ_REL),
						 forget);
}

/* The parameters for one place; they end with a NULL. */
static void
parameters_of(int number, const struct reach_target *target,
			  const char **keywords, const char **values)
{
	const struct session *session = &sessions[number];
	int			count = 0;

	for (; count < session->count; count++)
	{
		keywords[count] = session->keywords[count];
		values[count] = __atomic_load_n(&session->values[count],
										__ATOMIC_ACQUIRE);
	}
	keywords[count] = "host";
	values[count++] = target->host;
	keywords[count] = "hostaddr";
	values[count++] = target->address;
	keywords[count] = "port";
	values[count++] = target->port;
	keywords[count] = NULL;
	values[count] = NULL;
}

static bool
is_current_password(int number, const char *text)
{
	struct session *session = &sessions[number];
	bool		same = false;

	epoch_attach();
	for (int i = 0; i < session->count; i++)
		if (strcmp(session->keywords[i], "password") == 0)
			same = strcmp(__atomic_load_n(&session->values[i],
										  __ATOMIC_ACQUIRE), text) == 0;
	epoch_detach();
	return same;
}

/* From malloc: a reload may replace it, and reading that file may hang. */
static char *
password_file(int number)
{
	const struct metadata_store_config *store = passwords[number].store;
	char	   *file;

	epoch_attach();
	file = text_copy(__atomic_load_n(&store->password_file, __ATOMIC_ACQUIRE));
	epoch_detach();
	return file;
}

static void
read_password(void *argument)
{
	int			number = (int) (intptr_t) argument;
	char	   *file = password_file(number);
	char	   *fresh = *file != '\0' ? config_read_secret(file) : NULL;

	if (fresh != NULL && !is_current_password(number, fresh))
	{
		session_set_password(number, fresh);
		log_info("the password was refused; password_file %s has another one "
				 "now, which is tried", file);
	}
	if (fresh != NULL)
		forget(fresh);
	free(file);
	pthread_mutex_lock(&password_lock);
	passwords[number].reading = false;
	pthread_mutex_unlock(&password_lock);
}

void
session_password_refused(int number)
{
	struct password *password = &passwords[number];
	int64_t		now = clock_now();
	char	   *file = password_file(number);
	bool		has_file = *file != '\0';

	free(file);
	if (!has_file)
		return;
	pthread_mutex_lock(&password_lock);
	if (!password->reading || now - password->asked > READING_HANGS)
	{
		password->asked = now;
		password->reading = aside_run(ASIDE_FILES, read_password,
									  (void *) (intptr_t) number);
	}
	pthread_mutex_unlock(&password_lock);
}

PGconn *
session_connect(int number, const struct reach_target *target)
{
	const char *keywords[PARAMETERS_MAX + 8];
	const char *values[PARAMETERS_MAX + 8];

	PGconn	   *pg;

	epoch_attach();
	parameters_of(number, target, keywords, values);
	pg = PQconnectStartParams(keywords, values, 0);
	epoch_detach();
	return pg;
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

struct text
{
	char	   *at;
	size_t		size;
	size_t		used;
};

static void text_add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
text_add(struct text *text, const char *format, ...)
{
	va_list		arguments;

	if (text->used >= text->size)
		return;
	va_start(arguments, format);
	text->used += vsnprintf(text->at + text->used, text->size - text->used,
							format, arguments);
	va_end(arguments);
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
 * Connections beside the pools, for what may block: checks, and the
 * registration of this gateway.  They may make extension and shares, which a
 * batch's session may not.
 */

/* Waits until the socket is ready; false: not until then. */
static bool
await_socket(PGconn *pg, short events, int64_t until)
{
	struct pollfd at = {.fd = PQsocket(pg), .events = events};
	int64_t		left = (until - clock_now() + 999) / 1000;

	return left > 0 && poll(&at, 1, (int) left) > 0;
}

/* All has been sent and something has come; false: not until then. */
static bool
await_result(PGconn *pg, int64_t until)
{
	for (;;)
	{
		int			left = PQflush(pg);

		if (left == 0 && !PQisBusy(pg))
			return true;
		if (left < 0 ||
			!await_socket(pg, left > 0 ? POLLIN | POLLOUT : POLLIN, until) ||
			!PQconsumeInput(pg))
			return false;
	}
}

PGresult *
session_exec(PGconn *pg, const char *sql, int count,
			 const char *const *values, int format, int64_t until)
{
	PGresult   *result = NULL;
	PGresult   *next;

	/* without parameters there may be several statements */
	if (count > 0 || format != 0 ?
		!PQsendQueryParams(pg, sql, count, NULL, values, NULL, NULL, format) :
		!PQsendQuery(pg, sql))
		return NULL;
	for (;;)
	{
		if (!await_result(pg, until))
		{
			PQclear(result);
			return NULL;
		}
		next = PQgetResult(pg);
		if (next == NULL)
			return result;

		/* the last, or the error */
		if (result != NULL && PQresultStatus(result) == PGRES_FATAL_ERROR)
			PQclear(next);
		else
		{
			PQclear(result);
			result = next;
		}
	}
}

static const char plain_settings[] =
	"SELECT pg_catalog.pg_is_in_recovery(),"
	" pg_catalog.set_config('statement_timeout', '60s', false),"
	" pg_catalog.set_config('lock_timeout', '10s', false),"
	" pg_catalog.set_config('client_min_messages', 'warning', false),"
	" pg_catalog.set_config('search_path', 'pg_catalog', false)";

/* A session at one place within its time; problem grows if there is none. */
static PGconn *
connect_plain(int number, const struct reach_target *target, bool *standby,
			  struct text *problem)
{
	const char *keywords[PARAMETERS_MAX + 8];
	const char *values[PARAMETERS_MAX + 8];
	int64_t		until = clock_now() + reach_limit(number, 0);
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	char		name[80];
	char		where[128];
	bool		slow = false;
	PGconn	   *pg;
	PGresult   *result = NULL;
	int			count = 0;

	/* libpq has copies of them when it has begun. */
	epoch_attach();
	parameters_of(number, target, keywords, values);
	while (keywords[count] != NULL)
		count++;
	snprintf(name, sizeof(name), "%s (keeper)", application_name());
	keywords[count] = "fallback_application_name";
	values[count++] = name;
	keywords[count] = NULL;
	values[count] = NULL;
	pg = PQconnectStartParams(keywords, values, 0);
	epoch_detach();
	if (pg == NULL)
		fatal("out of memory");
	if (PQstatus(pg) == CONNECTION_BAD)
		status = PGRES_POLLING_FAILED;
	while (status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED &&
		   !slow)
	{
		slow = !await_socket(pg, status == PGRES_POLLING_READING ?
							 POLLIN : POLLOUT, until);
		if (!slow)
			status = PQconnectPoll(pg);
	}
	if (status == PGRES_POLLING_OK)
	{
		PQsetNoticeReceiver(pg, log_notice, NULL);

		/* or a long statement would wait for a server that reads nothing */
		(void) PQsetnonblocking(pg, 1);
		result = session_exec(pg, plain_settings, 0, NULL, 0, until);
		slow = result == NULL && clock_now() >= until;
	}
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
	{
		*standby = *PQgetvalue(result, 0, 0) == 't';
		PQclear(result);
		return pg;
	}
	reach_describe(target, where, sizeof(where));
	if (slow)
		text_add(problem, "connection to server at %s failed: timeout "
				 "expired\n", where);
	else
		text_add(problem, "%s", result != NULL ? PQresultErrorMessage(result) :
				 PQerrorMessage(pg));
	PQclear(result);
	reach_failed(number, target, slow);
	if (PQconnectionUsedPassword(pg) || PQconnectionNeedsPassword(pg))
		session_password_refused(number);
	PQfinish(pg);
	return NULL;
}

PGconn *
session_connect_plain(int number, char *problem, size_t size)
{
	struct text text = {problem, size, 0};
	struct reach_row row = {0};
	struct reach_target target;
	PGconn	   *standby = NULL;

	problem[0] = '\0';
	for (;;)
	{
		char		names[512];
		bool		is_standby;
		PGconn	   *pg;

		switch (reach_next(number, &row, &target, names, sizeof(names)))
		{
			case REACH_WAIT:
				aside_await(row.wait_until);
				break;
			case REACH_NONE:
				text_add(&text, "%s", names);
				return standby;
			case REACH_TARGET:
				pg = connect_plain(number, &target, &is_standby, &text);
				if (pg != NULL && !is_standby)
				{
					(void) reach_works(number, &target);
					PQfinish(standby);
					return pg;
				}
				if (pg != NULL)
				{
					reach_failed(number, &target, false);
					PQfinish(standby);
					standby = pg;
				}
				break;
		}
	}
}

static const char is_standby_text[] =
	"the server is a standby: it takes no changes";

const char *
session_is_standby(PGconn *pg)
{
	const char *standby = PQparameterStatus(pg, "in_hot_standby");

	if (standby != NULL && strcmp(standby, "on") == 0)
		return is_standby_text;
	return NULL;
}

bool
session_is_read_only(PGconn *pg)
{
	const char *read_only = PQparameterStatus(pg,
											  "default_transaction_read_only");

	return read_only != NULL && strcmp(read_only, "on") == 0;
}

const char *const session_version_query =
	"SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'dittofs'";

static bool
send_query(PGconn *pg, const char *sql)
{
	return PQsendQueryParams(pg, sql, 0, NULL, NULL, NULL, NULL, 0) != 0;
}

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
 * answer.  Should it wake up, it would do what it had been told: a WRITE,
 * over what has been written to the same place since.  So it is told to end
 * before anything is done in the new session; a process that is stopped obeys
 * when it goes on.
 *
 * The settings are asked for at once, so that a server that does not answer is
 * found out before all the statements have been prepared.
 */
bool
session_prepare(int number, PGconn *pg, enum lane lane,
				const struct session_process *abandoned)
{
	char		end_it[256];
	char		clock[DATABASE_CLOCK_SQL_MAX];

	snprintf(end_it, sizeof(end_it),
			 "SELECT pg_catalog.pg_terminate_backend(pid) AS " ENDED
			 " FROM pg_catalog.pg_stat_activity WHERE pid = %d"
			 " AND usename = current_user"
			 " AND extract(epoch FROM backend_start)::text = '%s'",
			 abandoned->pid, abandoned->started);
	if (PQsetnonblocking(pg, 1) != 0 || !PQenterPipelineMode(pg))
		return false;

	/* Twice: this one leaves at once, and the answer to the last one is new. */
	database_clock_query(clock, number, clock_now());
	if (!send_query(pg, clock) || !send_query(pg, sessions[number].settings) ||
		!PQsendFlushRequest(pg) || PQflush(pg) < 0 ||
		(abandoned->pid != 0 && !send_query(pg, end_it)) ||
		!send_query(pg, session_version_query))
		return false;
	for (int i = 0; i < statement_count; i++)
		if (statements[i].lane == lane &&
			!prepare_statement(pg, &statements[i]))
			return false;
	database_clock_query(clock, number, 0);
	return PQpipelineSync(pg) != 0 && send_query(pg, sessions[number].same) &&
		send_query(pg, clock) &&
		PQpipelineSync(pg) != 0;
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
	if (strcmp(sqlstate, "42P05") == 0 || strcmp(sqlstate, "26000") == 0)
		return " (a connection pooler that does not keep a session's server "
			"process? Set its pool_mode to session)";
	return "";
}

static void
take_process(struct session_process *process, const PGresult *result)
{
	process->pid = atoi(PQgetvalue(result, 0, 1));
	snprintf(process->started, sizeof(process->started), "%s",
			 PQgetvalue(result, 0, 2));
	snprintf(process->settings, sizeof(process->settings), "%s",
			 PQgetvalue(result, 0, 0));
	process->is_standby = *PQgetvalue(result, 0, 3) == 't';
}

const char session_pooler_problem[] =
	"a connection pooler gives each transaction another server process, so the "
	"settings and prepared statements of a session are lost: set pool_mode to "
	"session for this database or user in the pooler, or connect to the server "
	"itself";

/* What a later transaction of the session sees must be what the first did. */
static bool
is_same_process(const struct session_process *process, const PGresult *result,
				char *problem, size_t size)
{
	struct session_process now = {0};

	take_process(&now, result);
	if (now.pid == process->pid && strcmp(now.started, process->started) == 0 &&
		strcmp(now.settings, process->settings) == 0)
		return true;
	snprintf(problem, size, "%s", session_pooler_problem);
	return false;
}

static bool
look_at_rows(const PGresult *result, struct session_process *process,
			 char *problem, size_t size)
{
	const char *what = PQfname(result, 0);

	if (strcmp(what, ENDED) == 0)
		return true;
	if (strcmp(what, SETTINGS) == 0 && PQntuples(result) == 1)
	{
		take_process(process, result);
		if (process->is_standby)
			snprintf(problem, size, "%s", is_standby_text);
		return !process->is_standby;
	}
	if (strcmp(what, SAME) == 0 && PQntuples(result) == 1)
		return is_same_process(process, result, problem, size);
	return session_version_is_right(result, problem, size);
}

enum session_outcome
session_prepared(PGconn *pg, struct session_process *process, char *problem,
				 size_t size)
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
			bool		right = database_clock_heard(result) ||
				look_at_rows(result, process, problem, size);

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
		if (status == PGRES_PIPELINE_SYNC && ++process->syncs == 2)
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
		memcpy(values + i * nparams, calls[i]->values,
			   nparams * sizeof(*values));
		memcpy(lengths + i * nparams, calls[i]->lengths,
			   nparams * sizeof(*lengths));
	}
	return PQsendQueryPrepared(pg, name, count * nparams, values, lengths,
							   binary, 1) != 0;
}
