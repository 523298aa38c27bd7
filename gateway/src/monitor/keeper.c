/* SPDX-License-Identifier: PostgreSQL */
/*
 * keeper.c
 *	  The thread beside the workers: see keeper.h.
 *
 * It lives with every trouble of the database by trying again at its next
 * turn; what there is to say about that, the pools say.
 */
#include "monitor/keeper.h"
#include "monitor/check.h"
#include "db/database_clock.h"
#include "dittofs_contract.h"
#include "base/event.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "db/pooler.h"
#include "db/route.h"
#include "db/session.h"
#include "core/waiting.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uuid/uuid.h>

/* Seconds.  With several stores new shares must be found sooner. */
#define PERIOD 5
#define SHARES_PERIOD 3
#define RETRY_PERIOD 2
#define STOP_TIME 2

/*
 * Microseconds from one turn that a worker asked for to the next.  Any peer can
 * cause that (route.c), and a turn costs the database some statements.
 */
#define WAKE_PERIOD 1000000
#define SLOW_CALLS_MAX 64

/* Milliseconds. */
#define ANSWER_TIMEOUT 5000

struct keeper
{
	const struct config *config;
	int			store;
	pthread_t	thread;
	PGconn	   *pg;
	char		id[37];
	uint64_t	calls;			/* at the last turn */
	bool		told_waiting;	/* the database knows of calls that wait */
	int64_t		turned;

	/* Shared, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool		wake;
	int64_t		woken_at;		/* by that, last */
	bool		draining;
	bool		stopping;
	struct slow_call slow[SLOW_CALLS_MAX];
	int			slow_count;
	json_t	   *news;
};

static struct keeper *keepers;
static int	keeper_count;

static char host_name[64] = "?";
static char started_at[32];

/*
 * The rows of a query as objects with the columns' names: numbers as
 * numbers, all else as text.
 */
static json_t *
rows_of(const PGresult *result)
{
	json_t	   *rows = json_array();

	for (int i = 0; i < PQntuples(result); i++)
	{
		json_t	   *row = json_object();

		for (int j = 0; j < PQnfields(result); j++)
		{
			const char *value = PQgetvalue(result, i, j);
			json_t	   *item;

			switch (PQftype(result, j))
			{
				case 20:		/* int8 */
				case 23:		/* int4 */
					item = json_integer(atoll(value));
					break;
				case 701:		/* float8 */
					item = json_real(atof(value));
					break;
				case 16:		/* bool */
					item = json_boolean(*value == 't');
					break;
				default:
					item = log_text(value);	/* SQL_ASCII: not UTF-8 */
					break;
			}
			json_object_set_new(row, PQfname(result, j),
								PQgetisnull(result, i, j) ? json_null() : item);
			if (PQgetisnull(result, i, j))
				json_decref(item);
		}
		json_array_append_new(rows, row);
	}
	return rows;
}

static PGresult *
exec_in_time(PGconn *pg, const char *sql, int count, const char *const *values)
{
	return session_exec(pg, sql, count, values, 0,
						clock_now() + ANSWER_TIMEOUT * 1000);
}

static void
connect_keeper(struct keeper *keeper)
{
	char		problem[512];

	if (keeper->pg != NULL && PQstatus(keeper->pg) == CONNECTION_OK)
		return;
	PQfinish(keeper->pg);
	keeper->pg = session_connect_plain(keeper->store, problem, sizeof(problem));
	if (keeper->pg == NULL)
		return;
	if (session_is_standby(keeper->pg) != NULL)
	{
		PQfinish(keeper->pg);
		keeper->pg = NULL;
		return;
	}
	check_later(keeper->config, keeper->store);
	PQclear(exec_in_time(keeper->pg, "SET statement_timeout = '5s'", 0, NULL));
}

static bool
is_read_only(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate != NULL && strcmp(sqlstate, "25006") == 0;
}

/*
 * NULL: it did not work; the connection is given up.  One that had been idle
 * may have been dead for a while: then a new one is asked.
 */
static PGresult *
ask(struct keeper *keeper, const char *sql, int count,
	const char *const *values)
{
	for (int attempt = 0; attempt < 2; attempt++)
	{
		PGresult   *result;
		bool		lost;

		connect_keeper(keeper);
		if (keeper->pg == NULL)
			return NULL;
		result = exec_in_time(keeper->pg, sql, count, values);
		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			return result;
		log_with(LOG_LEVEL_DEBUG,
				 log_members(session_result_members(result), "{s:s}", "store",
							 keeper->config->stores[keeper->store].name),
				 "store %s: %s", keeper->config->stores[keeper->store].name,
				 result != NULL ? PQresultErrorMessage(result) : "no answer");
		lost = PQstatus(keeper->pg) != CONNECTION_OK;

		/* a read-only database refuses what we tell, and answers what we ask */
		if (!lost && is_read_only(result))
		{
			PQclear(result);
			return NULL;
		}
		PQclear(result);
		PQfinish(keeper->pg);
		keeper->pg = NULL;
		if (!lost)
			return NULL;
	}
	return NULL;
}

/*
 * Telling.
 */

static double
calls_per_second(struct keeper *keeper, int *clients)
{
	struct metrics *sum = metrics_sum();
	uint64_t	calls = 0;
	int64_t		now = clock_now();
	double		rate = 0;

	for (int i = 0; i < metrics_procedure_count(); i++)
		calls += histogram_count(&sum->procedures[i].latency);
	*clients = (int) sum->clients;
	if (keeper->turned != 0 && now > keeper->turned)
		rate = (double) (calls - keeper->calls) * 1e6 /
			(double) (now - keeper->turned);
	keeper->calls = calls;
	keeper->turned = now;
	free(sum);
	return rate;
}

static void
tell(struct keeper *keeper, bool draining)
{
	char		pid[16];
	char		address[256];
	char		clients_text[16];
	char		rate_text[32];
	int			clients;
	const char *values[] = {keeper->id, host_name, pid, DITTOFS_VERSION,
		address, started_at, draining ? "draining" : "serving", clients_text,
		rate_text};

	snprintf(rate_text, sizeof(rate_text), "%.3f",
			 calls_per_second(keeper, &clients));
	snprintf(clients_text, sizeof(clients_text), "%d", clients);
	snprintf(pid, sizeof(pid), "%d", (int) getpid());
	snprintf(address, sizeof(address), "%s port %lld",
			 keeper->config->listen, (long long) keeper->config->port);
	PQclear(ask(keeper, "SELECT dittofs.register_replica($1, $2, $3::int, $4,"
				" $5, $6, $7, $8::int, $9::float8)", 9, values));
}

static void
tell_slow_call(struct keeper *keeper, const struct slow_call *call)
{
	char		numbers[7][32];
	char		handle[2 * sizeof(call->handle) + 1];
	const char *values[] = {numbers[0], host_name, call->client,
		call->procedure, numbers[1], numbers[2], numbers[3], numbers[4],
		numbers[5], numbers[6], call->handle_size > 0 ? handle : NULL};
	const int64_t times[] = {call->total, call->queue, call->database,
		call->flush, call->content};

	snprintf(numbers[0], sizeof(numbers[0]), "%.3f",
			 (double) (clock_now() - call->noted) / 1000);
	snprintf(numbers[1], sizeof(numbers[1]), "%u", call->status);
	for (int i = 0; i < 5; i++)
		snprintf(numbers[2 + i], sizeof(numbers[2 + i]), "%.3f",
				 (double) times[i] / 1000);
	for (uint32_t i = 0; i < call->handle_size; i++)
		sprintf(handle + 2 * i, "%02x", call->handle[i]);
	PQclear(ask(keeper, "SELECT dittofs.record_slow_call($1::float8, $2, $3,"
				" $4, $5::int, $6::float8, $7::float8, $8::float8, $9::float8,"
				" $10::float8, decode($11, 'hex'))", 11, values));
}

void
keeper_slow_call(const struct slow_call *call)
{
	struct keeper *keeper;

	if (call->store >= keeper_count)
		return;
	keeper = &keepers[call->store];
	pthread_mutex_lock(&keeper->lock);
	if (keeper->slow_count < SLOW_CALLS_MAX)
	{
		keeper->slow[keeper->slow_count] = *call;
		keeper->slow[keeper->slow_count++].noted = clock_now();
	}
	pthread_mutex_unlock(&keeper->lock);
}

/*
 * Calls that wait, and once that there are none any more.  Returns whether what
 * the page shows of them has changed.
 */
static bool
tell_waiting(struct keeper *keeper)
{
	int			count;
	json_t	   *calls = waiting_calls(keeper->store, &count);
	json_t	   *texts;
	PGresult   *result;
	char	   *text;

	if (count == 0 && !keeper->told_waiting)
	{
		json_decref(calls);
		return false;
	}
	text = json_dumps(calls, JSON_COMPACT);
	json_decref(calls);
	if (text == NULL)
		return false;
	{
		const char *values[] = {keeper->id, host_name, text};

		result = ask(keeper, "SELECT call_id, told FROM"
					 " dittofs.report_waiting($1, $2, $3::jsonb)", 3, values);
	}
	free(text);
	if (result == NULL)
		return false;
	texts = json_object();
	for (int i = 0; i < PQntuples(result); i++)
		json_object_set_new(texts, PQgetvalue(result, i, 0),
							log_text(PQgetvalue(result, i, 1)));
	PQclear(result);
	waiting_heard(keeper->store, texts);
	keeper->told_waiting = count > 0;
	return true;
}

/*
 * Asking.
 */

static void
learn(struct keeper *keeper)
{
	static const struct
	{
		const char *name;
		const char *sql;
	}			questions[] = {
		{"shares", "SELECT s.name, s.content, s.read_only, s.bytes, s.inodes,"
			" nullif(f.total_bytes, 9223372036854775807) AS total_bytes,"
			" nullif(f.total_files, 9223372036854775807) AS total_files"
			" FROM dittofs.list_shares() s,"
			" dittofs.get_filesystem_statistics(s.root) f ORDER BY 1 LIMIT 1000"},
		{"replicas", "SELECT host, pid, version, address, state, clients,"
			" calls_per_second, extract(epoch FROM now() - started_at)::float8"
			" AS age, extract(epoch FROM now() - seen_at)::float8 AS silence"
			" FROM dittofs.list_replicas() LIMIT 100"},
		{"clients", "SELECT client, count(*)::int AS mounts,"
			" left(string_agg(dittofs.name_to_text(path), ', '), 1000) AS paths"
			" FROM dittofs.list_mounts(1048576) GROUP BY 1 ORDER BY 1 LIMIT 100"},
		{"slow_calls", "SELECT client, procedure, share, total_ms, queue_ms,"
			" database_ms, flush_ms, content_ms,"
			" extract(epoch FROM now() - happened_at)::float8 AS age"
			" FROM dittofs.list_slow_calls(8)"},
		{"waiting", "SELECT gateway, client, procedure, share,"
			" extract(epoch FROM waits)::float8 AS age, blocked_by,"
			" blocked_by_user, blocked_by_application,"
			" extract(epoch FROM now() - blocked_since)::float8 AS blocked_age"
			" FROM dittofs.list_waiting(20)"},
	};
	json_t	   *news = json_object();

	/*
	 * A question that fails is no reason to forget the others: the page shows
	 * what was known of it before.
	 */
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
	{
		PGresult   *result = ask(keeper, questions[i].sql, 0, NULL);

		if (result == NULL)
		{
			connect_keeper(keeper);
			if (keeper->pg == NULL)
			{
				json_decref(news);
				return;
			}
			/* only this thread changes keeper->news */
			json_object_set(news, questions[i].name,
							json_object_get(keeper->news, questions[i].name));
			continue;
		}
		json_object_set_new(news, questions[i].name, rows_of(result));
		PQclear(result);
	}
	pthread_mutex_lock(&keeper->lock);
	json_decref(keeper->news);
	keeper->news = news;
	pthread_mutex_unlock(&keeper->lock);
}

json_t *
keeper_news(int store)
{
	json_t	   *copy = NULL;

	if (store >= keeper_count)
		return NULL;

	/* Reference counts are not for several threads: a copy is. */
	pthread_mutex_lock(&keepers[store].lock);
	if (keepers[store].news != NULL)
		copy = json_deep_copy(keepers[store].news);
	pthread_mutex_unlock(&keepers[store].lock);
	return copy;
}

static void
learn_routes(struct keeper *keeper)
{
	PGresult   *result;
	int64_t		asked = clock_now();

	result = ask(keeper, "SELECT name, encode(substr(root, 1 + "
				 CONTRACT_TEXT(HANDLE_SHARE_AT) ", "
				 CONTRACT_TEXT(HANDLE_ID_LEN) "), 'hex')"
				 " FROM dittofs.list_shares()", 0, NULL);
	if (result == NULL)
		return;
	route_learn(keeper->store, result, asked);
	PQclear(result);
}

static void
learn_clock(struct keeper *keeper)
{
	char		sql[DATABASE_CLOCK_SQL_MAX];
	PGresult   *result;

	database_clock_query(sql, keeper->store, clock_now());
	result = ask(keeper, sql, 0, NULL);
	database_clock_heard(result);
	PQclear(result);
}

static void
watch_pooler(struct keeper *keeper)
{
	connect_keeper(keeper);
	if (keeper->pg != NULL)
		pooler_watch(keeper->store, keeper->config->stores[keeper->store].name,
					 keeper->pg);
}

/*
 * The thread.
 */

static void
turn(struct keeper *keeper, bool full, bool draining,
	 const struct slow_call *slow, int slow_count)
{
	if (keeper->config->store_count > 1)
		learn_routes(keeper);
	for (int i = 0; i < slow_count; i++)
		tell_slow_call(keeper, &slow[i]);
	if (tell_waiting(keeper) && !full && keeper->config->metrics)
		learn(keeper);
	if (!full && !pooler_is_refused(keeper->store))
		return;
	watch_pooler(keeper);
	if (!full)
		return;
	learn_clock(keeper);
	tell(keeper, draining);
	if (keeper->config->metrics)
		learn(keeper);
}

/* Under the lock. */
static void
sleep_between_turns(struct keeper *keeper, bool draining)
{
	int64_t		seconds = keeper->pg == NULL ? RETRY_PERIOD :
		keeper->config->store_count > 1 ? SHARES_PERIOD : PERIOD;
	int64_t		end = clock_now() + seconds * 1000000;

	while (!keeper->stopping && keeper->draining == draining)
	{
		int64_t		until = end;

		if (keeper->wake && keeper->woken_at + WAKE_PERIOD < end)
			until = keeper->woken_at + WAKE_PERIOD;
		if (clock_now() >= until)
		{
			if (keeper->wake)
				keeper->woken_at = clock_now();
			return;
		}
		clock_wait(&keeper->woken, &keeper->lock, until);
	}
}

static void *
keeper_thread(void *argument)
{
	struct keeper *keeper = argument;
	int64_t		due = 0;
	const char *id[] = {keeper->id};

	log_set_thread_name("keeper");
	pthread_mutex_lock(&keeper->lock);
	while (!keeper->stopping)
	{
		struct slow_call slow[SLOW_CALLS_MAX];
		int			slow_count = keeper->slow_count;
		bool		draining = keeper->draining;
		bool		full = clock_now() >= due || draining;

		memcpy(slow, keeper->slow, sizeof(slow));
		keeper->slow_count = 0;
		keeper->wake = false;
		pthread_mutex_unlock(&keeper->lock);

		if (full)
			due = clock_now() + PERIOD * 1000000 - 1000;
		turn(keeper, full, draining, slow, slow_count);

		pthread_mutex_lock(&keeper->lock);
		sleep_between_turns(keeper, draining);
	}
	pthread_mutex_unlock(&keeper->lock);
	PQclear(ask(keeper, "SELECT dittofs.unregister_replica($1)", 1, id));
	PQfinish(keeper->pg);
	keeper->pg = NULL;
	return NULL;
}

static void
wake(struct keeper *keeper)
{
	pthread_mutex_lock(&keeper->lock);
	keeper->wake = true;
	pthread_cond_signal(&keeper->woken);
	pthread_mutex_unlock(&keeper->lock);
}

void
keeper_wake(int store)
{
	if (store < keeper_count)
		wake(&keepers[store]);
}

static void
wake_all(void)
{
	for (int i = 0; i < keeper_count; i++)
		wake(&keepers[i]);
}

void
keepers_start(const struct config *config)
{
	time_t		now = time(NULL);
	struct tm	tm;
	uuid_t		id;

	gethostname(host_name, sizeof(host_name) - 1);
	strftime(started_at, sizeof(started_at), "%Y-%m-%dT%H:%M:%SZ",
			 gmtime_r(&now, &tm));
	uuid_generate(id);
	keepers = calloc((size_t) config->store_count, sizeof(*keepers));
	if (keepers == NULL)
		fatal("out of memory");
	route_configure(config, wake_all);
	for (int i = 0; i < config->store_count; i++)
	{
		struct keeper *keeper = &keepers[i];
		int			problem;

		keeper->config = config;
		keeper->store = i;
		uuid_unparse(id, keeper->id);
		pthread_mutex_init(&keeper->lock, NULL);
		pthread_cond_init(&keeper->woken, NULL);
		problem = pthread_create(&keeper->thread, NULL, keeper_thread, keeper);
		if (problem != 0)
			fatal("a thread cannot be started: %s", strerror(problem));
	}
	keeper_count = config->store_count;
}

void
keepers_drain(void)
{
	for (int i = 0; i < keeper_count; i++)
	{
		pthread_mutex_lock(&keepers[i].lock);
		keepers[i].draining = true;
		pthread_mutex_unlock(&keepers[i].lock);
	}
	wake_all();
}

void
keepers_stop(void)
{
	int64_t		until;

	for (int i = 0; i < keeper_count; i++)
	{
		pthread_mutex_lock(&keepers[i].lock);
		keepers[i].stopping = true;
		pthread_mutex_unlock(&keepers[i].lock);
	}
	wake_all();
	until = clock_now() + STOP_TIME * 1000000;
	for (int i = 0; i < keeper_count; i++)
	{
		/* It hangs in libpq: do not wait for it. */
		if (!clock_join(keepers[i].thread, until))
		{
			log_debug("the keeper of store %d does not end", i);
			log_finish();
			_exit(0);
		}
		json_decref(keepers[i].news);
		keepers[i].news = NULL;
	}
}
