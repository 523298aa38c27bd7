/* SPDX-License-Identifier: PostgreSQL */
/*
 * status_page.c
 *	  What the page for people shows: numbers of now, and of the last minutes.
 */
#include "monitor/http.h"
#include "content/store_queue.h"
#include "base/event.h"
#include "monitor/keeper.h"
#include "base/log.h"
#include "monitor/metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Ten minutes. */
#define POINTS 300

struct point
{
	double		calls;			/* a second */
	double		failures;		/* of them: statuses of a server in trouble */
	double		median;			/* milliseconds, 0 without calls */
	double		p99;
	double		read;			/* bytes a second */
	double		written;
};

static struct point points[POINTS];
static int	point_count;		/* ever */
static int64_t started;			/* clock_now() */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* All procedures as one. */
struct total
{
	struct histogram latency;
	uint64_t	failures;
	uint64_t	read;
	uint64_t	written;
};

static bool
is_failure(int slot)
{
	const char *name = metrics_status(slot);

	return name != NULL && (strcmp(name, "IO") == 0 ||
							strcmp(name, "SERVERFAULT") == 0 ||
							strcmp(name, "JUKEBOX") == 0);
}

static void
total_of(const struct metrics *sum, struct total *total)
{
	memset(total, 0, sizeof(*total));
	for (int i = 0; i < metrics_procedure_count(); i++)
	{
		for (int j = 0; j < HISTOGRAM_BUCKETS; j++)
			total->latency.buckets[j] += sum->procedures[i].latency.buckets[j];
		for (int j = 0; j < METRIC_STATUSES; j++)
			if (sum->procedures[i].calls[j] > 0 && is_failure(j))
				total->failures += sum->procedures[i].calls[j];
	}
	total->read = sum->counters[METRIC_READ_BYTES];
	total->written = sum->counters[METRIC_WRITTEN_BYTES];
}

static double
milliseconds(const struct total *now, const struct total *last, double part)
{
	return (double) histogram_quantile(&now->latency, &last->latency, part,
									   HISTOGRAM_TIME_SHIFT) / 1000;
}

void
status_sample(void)
{
	static struct total last;
	static int64_t last_time;
	struct metrics *sum = metrics_sum();
	struct total now;
	struct point point;
	int64_t		time_now = clock_now();
	double		seconds = (double) (time_now - last_time) / 1e6;

	total_of(sum, &now);
	free(sum);
	if (last_time != 0 && seconds > 0)
	{
		point.calls = (double) (histogram_count(&now.latency) -
								histogram_count(&last.latency)) / seconds;
		point.failures = (double) (now.failures - last.failures) / seconds;
		point.median = milliseconds(&now, &last, 0.5);
		point.p99 = milliseconds(&now, &last, 0.99);
		point.read = (double) (now.read - last.read) / seconds;
		point.written = (double) (now.written - last.written) / seconds;
		pthread_mutex_lock(&lock);
		points[point_count++ % POINTS] = point;
		if (point_count == 2 * POINTS)
			point_count = POINTS;
		pthread_mutex_unlock(&lock);
	}
	else
		started = time_now;
	last = now;
	last_time = time_now;
}

/* One list for each curve, the oldest first. */
static json_t *
history(void)
{
	static const struct
	{
		const char *name;
		size_t		offset;
	}			curves[] = {
		{"calls", offsetof(struct point, calls)},
		{"failures", offsetof(struct point, failures)},
		{"median", offsetof(struct point, median)},
		{"p99", offsetof(struct point, p99)},
		{"read", offsetof(struct point, read)},
		{"written", offsetof(struct point, written)},
	};
	json_t	   *object = json_object();
	int			count;

	pthread_mutex_lock(&lock);
	count = point_count < POINTS ? point_count : POINTS;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
	{
		json_t	   *list = json_array();

		for (int j = point_count - count; j < point_count; j++)
			json_array_append_new(list, json_real(
				*(const double *) (const void *)
				((const char *) &points[j % POINTS] + curves[i].offset)));
		json_object_set_new(object, curves[i].name, list);
	}
	pthread_mutex_unlock(&lock);
	json_object_set_new(object, "seconds", json_integer(STATUS_PERIOD));
	return object;
}

/* The content stores that shares of the database use. */
static json_t *
content_stores_of(int database)
{
	struct content_standing standing;
	json_t	   *list = json_array();

	for (int i = 0; content_standing(i, &standing); i++)
		if (standing.known && standing.database == database)
			json_array_append_new(list, json_pack("{s:s, s:b}",
												  "name", standing.name,
												  "up", (int) standing.up));
	return list;
}

static json_t *
stores_of(const struct config *config, const struct metrics *sum)
{
	json_t	   *stores = json_array();

	for (int i = 0; i < config->store_count; i++)
	{
		json_t	   *store = keeper_news(i);
		int64_t		busy = 0;
		int64_t		open = 0;
		int64_t		max = 0;

		if (store == NULL)
			store = json_object();
		for (int j = 0; j < LANES; j++)
		{
			busy += sum->lanes[i][j].busy;
			open += sum->lanes[i][j].busy + sum->lanes[i][j].idle;
			max += sum->lanes[i][j].max;
		}
		json_object_set_new(store, "name", json_string(config->stores[i].name));
		json_object_set_new(store, "up", json_boolean(sum->store_up[i]));
		json_object_set_new(store, "read_only",
							json_boolean(sum->store_read_only[i]));
		json_object_set_new(store, "content_stores", content_stores_of(i));
		json_object_set_new(store, "busy", json_integer(busy));
		json_object_set_new(store, "open", json_integer(open));
		json_object_set_new(store, "max", json_integer(max));
		json_array_append_new(stores, store);
	}
	return stores;
}

/* The procedures that were called, with how often and how long. */
static json_t *
procedures_of(const struct metrics *sum)
{
	static const struct histogram nothing;
	json_t	   *list = json_array();

	for (int i = 0; i < metrics_procedure_count(); i++)
	{
		const struct histogram *latency = &sum->procedures[i].latency;
		uint64_t	count = histogram_count(latency);
		json_t	   *item;

		if (count == 0)
			continue;
		item = json_object();
		json_object_set_new(item, "name", json_string(metrics_procedure(i)));
		json_object_set_new(item, "program", json_string(metrics_program(i)));
		json_object_set_new(item, "calls", json_integer((json_int_t) count));
		json_object_set_new(item, "mean", json_real((double) latency->sum /
													(double) count / 1000));
		json_object_set_new(item, "p99", json_real(
			(double) histogram_quantile(latency, &nothing, 0.99,
										HISTOGRAM_TIME_SHIFT) / 1000));
		json_array_append_new(list, item);
	}
	return list;
}

char *
status_text(const struct config *config, bool draining)
{
	struct metrics *sum = metrics_sum();
	json_t	   *status = json_object();
	char		host[64] = "";
	char	   *text;

	gethostname(host, sizeof(host) - 1);
	json_object_set_new(status, "version", json_string(DITTOFS_VERSION));
	json_object_set_new(status, "host", json_string(host));
	json_object_set_new(status, "pid", json_integer(getpid()));
	json_object_set_new(status, "port", json_integer(config->port));
	json_object_set_new(status, "uptime", json_integer(
		started != 0 ? (clock_now() - started) / 1000000 : 0));
	json_object_set_new(status, "draining", json_boolean(draining));
	json_object_set_new(status, "connections", json_integer(sum->clients));
	json_object_set_new(status, "oldest_call", json_real(
		sum->oldest_call == 0 ? 0 :
		(double) (clock_now() - sum->oldest_call) / 1e6));
	json_object_set_new(status, "in_flight", json_integer(sum->requests));
	json_object_set_new(status, "stores", stores_of(config, sum));
	json_object_set_new(status, "procedures", procedures_of(sum));
	json_object_set_new(status, "history", history());
	free(sum);
	text = json_dumps(status, JSON_COMPACT | JSON_REAL_PRECISION(6));
	json_decref(status);
	if (text == NULL)
		text = strdup("{}");
	if (text == NULL)
		fatal("out of memory");
	return text;
}
