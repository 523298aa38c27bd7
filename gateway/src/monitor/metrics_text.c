/* SPDX-License-Identifier: PostgreSQL */
/*
 * metrics_text.c
 *	  The counters in the form that Prometheus scrapes (text format 0.0.4).
 *
 * Names, units and suffixes follow its conventions: base units, _total for
 * counters, labels for what is summed.  promtool checks them in a test.
 */
#include "content/store_queue.h"
#include "base/event.h"
#include "monitor/metrics.h"
#include "base/log.h"
#include "base/log_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const char *const lane_names[] = {
	[LANE_READ] = "read", [LANE_CHANGE] = "change", [LANE_BULK] = "bulk"};

#define COUNTER_ROW(name, text, help) {text, help},
static const struct
{
	const char *name;
	const char *help;
}			counters[] = {METRIC_COUNTERS(COUNTER_ROW)},
			histograms[] = {METRIC_HISTOGRAMS(COUNTER_ROW)};
#undef COUNTER_ROW

static void
head(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP dittofs_%s %s\n# TYPE dittofs_%s %s\n", name, help,
			name, type);
}

/* labels: "a=\"x\"", or "". */
static void
put_histogram(FILE *to, const char *name, const char *labels,
			  const struct histogram *histogram, int shift, double unit)
{
	const char *comma = *labels != '\0' ? "," : "";
	uint64_t	count = histogram_count(histogram);
	uint64_t	seen = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS - 1; i++)
	{
		seen += histogram->buckets[i];
		fprintf(to, "dittofs_%s_bucket{%s%sle=\"%.9g\"} %llu\n", name, labels,
				comma, (double) (UINT64_C(1) << (i + shift)) * unit,
				(unsigned long long) seen);
	}
	fprintf(to, "dittofs_%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels,
			comma, (unsigned long long) count);
	fprintf(to, "dittofs_%s_sum%s%s%s %.9g\n", name, *labels ? "{" : "", labels,
			*labels ? "}" : "", (double) histogram->sum * unit);
	fprintf(to, "dittofs_%s_count%s%s%s %llu\n", name, *labels ? "{" : "",
			labels, *labels ? "}" : "", (unsigned long long) count);
}

static void
put_calls(FILE *to, const struct metrics *sum)
{
	head(to, "rpc_calls_total", "counter", "Calls answered.");
	for (int i = 0; i < metrics_procedure_count(); i++)
		for (int j = 0; j < METRIC_STATUSES; j++)
			if (sum->procedures[i].calls[j] > 0)
				fprintf(to, "dittofs_rpc_calls_total{program=\"%s\","
						"procedure=\"%s\",status=\"%s\"} %llu\n",
						metrics_program(i), metrics_procedure(i),
						metrics_status(j),
						(unsigned long long) sum->procedures[i].calls[j]);
	head(to, "rpc_call_duration_seconds", "histogram",
		 "From the arrival of a call to its reply.");
	for (int i = 0; i < metrics_procedure_count(); i++)
	{
		char		labels[128];

		if (histogram_count(&sum->procedures[i].latency) == 0)
			continue;
		snprintf(labels, sizeof(labels), "program=\"%s\",procedure=\"%s\"",
				 metrics_program(i), metrics_procedure(i));
		put_histogram(to, "rpc_call_duration_seconds", labels,
					  &sum->procedures[i].latency, HISTOGRAM_TIME_SHIFT, 1e-6);
	}
}

static void
put_batches(FILE *to, const struct metrics *sum)
{
	char		labels[64];

	head(to, "batch_calls", "histogram", "Calls in one transaction.");
	for (int i = 0; i < LANES; i++)
	{
		snprintf(labels, sizeof(labels), "lane=\"%s\"", lane_names[i]);
		put_histogram(to, "batch_calls", labels, &sum->batch_calls[i],
					  HISTOGRAM_COUNT_SHIFT, 1);
	}
	head(to, "batch_duration_seconds", "histogram",
		 "From sending a batch to its commit.");
	for (int i = 0; i < LANES; i++)
	{
		snprintf(labels, sizeof(labels), "lane=\"%s\"", lane_names[i]);
		put_histogram(to, "batch_duration_seconds", labels,
					  &sum->batch_time[i], HISTOGRAM_TIME_SHIFT, 1e-6);
	}
}

static void
put_pools(FILE *to, const struct metrics *sum, const struct config *config)
{
	head(to, "database_up", "gauge",
		 "Whether every lane of every worker has a connection.");
	for (int i = 0; i < config->store_count; i++)
		fprintf(to, "dittofs_database_up{store=\"%s\"} %d\n",
				config->stores[i].name, sum->store_up[i]);
	head(to, "database_read_only", "gauge",
		 "Whether the database is set read-only: changes get ROFS.");
	for (int i = 0; i < config->store_count; i++)
		fprintf(to, "dittofs_database_read_only{store=\"%s\"} %d\n",
				config->stores[i].name, sum->store_read_only[i]);
	head(to, "pool_connections", "gauge", "Connections to the database.");
	for (int i = 0; i < config->store_count; i++)
		for (int j = 0; j < LANES; j++)
		{
			const struct metric_lane *lane = &sum->lanes[i][j];
			const char *form = "dittofs_pool_connections{store=\"%s\","
				"lane=\"%s\",state=\"%s\"} %lld\n";

			fprintf(to, form, config->stores[i].name, lane_names[j], "busy",
					(long long) lane->busy);
			fprintf(to, form, config->stores[i].name, lane_names[j], "idle",
					(long long) lane->idle);
			fprintf(to, form, config->stores[i].name, lane_names[j],
					"connecting", (long long) lane->connecting);
		}
	head(to, "pool_connections_max", "gauge",
		 "Connections that a lane may have.");
	for (int i = 0; i < config->store_count; i++)
		for (int j = 0; j < LANES; j++)
			fprintf(to, "dittofs_pool_connections_max{store=\"%s\","
					"lane=\"%s\"} %lld\n", config->stores[i].name,
					lane_names[j], (long long) sum->lanes[i][j].max);
	head(to, "pool_waiting_calls", "gauge",
		 "Calls that wait for a connection.");
	for (int i = 0; i < config->store_count; i++)
		for (int j = 0; j < LANES; j++)
			fprintf(to, "dittofs_pool_waiting_calls{store=\"%s\",lane=\"%s\"} "
					"%lld\n", config->stores[i].name, lane_names[j],
					(long long) sum->lanes[i][j].waiting);
}

/* A store that no share of a database uses has no row for that database. */
static void
put_content_stores(FILE *to, const struct config *config)
{
	struct content_standing standing;

	head(to, "content_store_up", "gauge", "Whether the content store is there, "
		 "and the database's to use.");
	for (int i = 0; content_standing(i, &standing); i++)
		if (standing.known)
			fprintf(to, "dittofs_content_store_up{store=\"%s\","
					"metadata_store=\"%s\"} %d\n", standing.name,
					config->stores[standing.database].name, standing.up);
}

static void
put_proxies(FILE *to, const struct metrics *sum)
{
	head(to, "proxy_refused_total", "counter",
		 "Connections refused for their PROXY header, or for want of one.");
	for (int i = 0; i < PROXY_REFUSAL_COUNT; i++)
		fprintf(to, "dittofs_proxy_refused_total{reason=\"%s\"} %llu\n",
				proxy_refusal_label((enum proxy_refusal) i),
				(unsigned long long) sum->proxy_refused[i]);
}

static void
put_gauge(FILE *to, const char *name, const char *help, double value)
{
	head(to, name, "gauge", help);
	fprintf(to, "dittofs_%s %.15g\n", name, value);
}

/* The names that client libraries of Prometheus give these. */
static void
put_process(FILE *to)
{
	struct rusage usage;
	long		pages = 0;
	FILE	   *statm = fopen("/proc/self/statm", "re");

	if (statm != NULL)
	{
		if (fscanf(statm, "%*d %ld", &pages) != 1)
			pages = 0;
		fclose(statm);
	}
	getrusage(RUSAGE_SELF, &usage);
	fprintf(to, "# HELP process_cpu_seconds_total Processor time used.\n"
			"# TYPE process_cpu_seconds_total counter\n"
			"process_cpu_seconds_total %.6f\n",
			(double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6);
	fprintf(to, "# HELP process_resident_memory_bytes Memory in use.\n"
			"# TYPE process_resident_memory_bytes gauge\n"
			"process_resident_memory_bytes %lld\n",
			(long long) pages * sysconf(_SC_PAGESIZE));
}

char *
metrics_text(const struct config *config)
{
	char	   *text = NULL;
	size_t		size;
	FILE	   *to = open_memstream(&text, &size);
	struct metrics *sum = metrics_sum();

	if (to == NULL || sum == NULL)
		fatal("out of memory");
	head(to, "build_info", "gauge", "The version; always 1.");
	fprintf(to, "dittofs_build_info{version=\"%s\"} 1\n", DITTOFS_VERSION);
	put_calls(to, sum);
	put_batches(to, sum);
	for (int i = 0; i < METRIC_HISTOGRAM_COUNT; i++)
	{
		head(to, histograms[i].name, "histogram", histograms[i].help);
		put_histogram(to, histograms[i].name, "", &sum->histograms[i],
					  HISTOGRAM_TIME_SHIFT, 1e-6);
	}
	put_pools(to, sum, config);
	put_content_stores(to, config);
	for (int i = 0; i < METRIC_COUNTER_COUNT; i++)
	{
		head(to, counters[i].name, "counter", counters[i].help);
		fprintf(to, "dittofs_%s %llu\n", counters[i].name,
				(unsigned long long) sum->counters[i]);
	}
	put_proxies(to, sum);
	head(to, "log_lines_lost_total", "counter",
		 "Lines of the log that were not read in time, or could not be written.");
	fprintf(to, "dittofs_log_lines_lost_total %llu\n",
			(unsigned long long) log_queue_lost());
	put_gauge(to, "clients", "Connected clients.", (double) sum->clients);
	put_gauge(to, "oldest_call_seconds",
			  "Since when the oldest call that is not answered has waited.",
			  sum->oldest_call == 0 ? 0 :
			  (double) (clock_now() - sum->oldest_call) / 1e6);
	put_gauge(to, "requests_in_flight", "Calls not yet answered.",
			  (double) sum->requests);
	put_gauge(to, "request_bytes", "Memory that calls in flight count for.",
			  (double) sum->request_bytes);
	put_gauge(to, "content_cache_bytes", "Content kept in memory.",
			  (double) sum->cache_bytes);
	put_process(to);
	fclose(to);
	free(sum);
	return text;
}
