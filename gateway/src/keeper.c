/*
 * keeper.c
 *	  The thread beside the workers: see keeper.h.
 *
 * It lives with every trouble of the database by trying again at its next
 * turn; what there is to say about that, the pools say.
 */
#include "keeper.h"
#include "check.h"
#include "event.h"
#include "log.h"
#include "metrics.h"
#include "route.h"
#include "session.h"

#include <poll.h>
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
	int64_t		turned;

	/* Shared, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool		wake;
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
					item = json_string(value);
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

static void
connect_keeper(struct keeper *keeper)
{
	if (keeper->pg != NULL && PQstatus(keeper->pg) == CONNECTION_OK)
		return;
	PQfinish(keeper->pg);
	keeper->pg = session_connect_plain(keeper->store, "3");
	if (PQstatus(keeper->pg) != CONNECTION_OK ||
		session_is_standby(keeper->pg) != NULL)
	{
		PQfinish(keeper->pg);
		keeper->pg = NULL;
		return;
	}
	check_later(keeper->config, keeper->store);
	PQclear(PQexec(keeper->pg, "SET statement_timeout = '5s'"));
}

/*
 * PQexecParams that waits no longer than ANSWER_TIMEOUT, also for a server
 * that has stopped and whose own time-outs have stopped with it.
 */
static PGresult *
exec_in_time(PGconn *pg, const char *sql, int count, const char *const *values)
{
	int64_t		until = clock_now() + ANSWER_TIMEOUT * 1000;
	PGresult   *result;
	PGresult   *next;

	if (!PQsendQueryParams(pg, sql, count, NULL, values, NULL, NULL, 0))
		return NULL;
	while (PQisBusy(pg))
	{
		struct pollfd socket = {.fd = PQsocket(pg), .events = POLLIN};
		int64_t		left = (until - clock_now()) / 1000;

		if (left <= 0 || poll(&socket, 1, (int) left) == 0 ||
			!PQconsumeInput(pg))
			return NULL;
	}
	result = PQgetResult(pg);
	while ((next = PQgetResult(pg)) != NULL)
		PQclear(next);
	return result;
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
		PQclear(result);
		lost = PQstatus(keeper->pg) != CONNECTION_OK;
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
	struct metrics *sum = malloc(sizeof(*sum));
	uint64_t	calls = 0;
	int64_t		now = clock_now();
	double		rate = 0;

	if (sum == NULL)
		fatal("out of memory");
	metrics_sum(sum);
	for (int i = 0; i < METRIC_PROCEDURES; i++)
		calls += histogram_count(&sum->latency[i]);
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
			" dittofs.get_filesystem_statistics(s.root) f ORDER BY 1"},
		{"replicas", "SELECT host, pid, version, address, state, clients,"
			" calls_per_second, extract(epoch FROM now() - started_at)::float8"
			" AS age, extract(epoch FROM now() - seen_at)::float8 AS silence"
			" FROM dittofs.list_replicas()"},
		{"clients", "SELECT client, count(*)::int AS mounts,"
			" string_agg(convert_from(path, 'SQL_ASCII'), ', ') AS paths"
			" FROM dittofs.list_mounts() GROUP BY 1 ORDER BY 1 LIMIT 100"},
		{"slow_calls", "SELECT client, procedure, share, total_ms, queue_ms,"
			" database_ms, flush_ms, content_ms,"
			" extract(epoch FROM now() - happened_at)::float8 AS age"
			" FROM dittofs.list_slow_calls(8)"},
	};
	json_t	   *news = json_object();

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
	{
		PGresult   *result = ask(keeper, questions[i].sql, 0, NULL);

		if (result == NULL)
		{
			json_decref(news);
			return;
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

	result = ask(keeper, "SELECT name, encode(substr(root, 2, 16), 'hex')"
				 " FROM dittofs.list_shares()", 0, NULL);
	if (result == NULL)
		return;
	route_learn(keeper->store, result, asked);
	PQclear(result);
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
	if (!full)
		return;
	tell(keeper, draining);
	if (keeper->config->metrics)
		learn(keeper);
}

static void *
keeper_thread(void *argument)
{
	struct keeper *keeper = argument;
	int			seconds = keeper->config->store_count > 1 ?
		SHARES_PERIOD : PERIOD;
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
		struct timespec until;

		memcpy(slow, keeper->slow, sizeof(slow));
		keeper->slow_count = 0;
		keeper->wake = false;
		pthread_mutex_unlock(&keeper->lock);

		if (full)
			due = clock_now() + PERIOD * 1000000 - 1000;
		turn(keeper, full, draining, slow, slow_count);

		pthread_mutex_lock(&keeper->lock);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += keeper->pg == NULL ? RETRY_PERIOD : seconds;
		while (!keeper->stopping && !keeper->wake &&
			   pthread_cond_timedwait(&keeper->woken, &keeper->lock,
									  &until) == 0)
			;
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

static void
wake_all(void)
{
	for (int i = 0; i < keeper_count; i++)
		wake(&keepers[i]);
}

void
keepers_start(const struct config *config)
{
	pthread_condattr_t monotonic;
	time_t		now = time(NULL);
	struct tm	tm;
	uuid_t		id;

	gethostname(host_name, sizeof(host_name) - 1);
	strftime(started_at, sizeof(started_at), "%Y-%m-%dT%H:%M:%SZ",
			 gmtime_r(&now, &tm));
	uuid_generate(id);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
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
		pthread_cond_init(&keeper->woken, &monotonic);
		problem = pthread_create(&keeper->thread, NULL, keeper_thread, keeper);
		if (problem != 0)
			fatal("a thread cannot be started: %s", strerror(problem));
	}
	keeper_count = config->store_count;
	pthread_condattr_destroy(&monotonic);
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
	struct timespec until;

	for (int i = 0; i < keeper_count; i++)
	{
		pthread_mutex_lock(&keepers[i].lock);
		keepers[i].stopping = true;
		pthread_mutex_unlock(&keepers[i].lock);
	}
	wake_all();
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 2;
	for (int i = 0; i < keeper_count; i++)
	{
		/* It hangs in libpq: nobody waits for that. */
		if (pthread_timedjoin_np(keepers[i].thread, NULL, &until) != 0)
		{
			log_debug("the keeper of store %d does not end", i);
			_exit(0);
		}
		json_decref(keepers[i].news);
		keepers[i].news = NULL;
	}
}
