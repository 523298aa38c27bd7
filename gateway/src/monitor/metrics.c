/* SPDX-License-Identifier: PostgreSQL */
/*
 * metrics.c
 *	  The structs of all threads, and what is made of a call: see metrics.h.
 */
#include "monitor/metrics.h"
#include "base/log.h"
#include "dittofs_compound.h"
#include "wire/nfsstat.h"
#include "wire/programs.h"
#include "core/request.h"

#include <pthread.h>
#include <stdlib.h>

_Thread_local struct metrics *metrics_mine;

/* The list only grows; its mutex is for those who add and those who sum. */
static struct metrics *all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int
metrics_procedure_count(void)
{
	return programs_procedure_count() + 1;
}

static struct metrics *
new_metrics(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics) +
									 (size_t) metrics_procedure_count() *
									 sizeof(metrics->procedures[0]));

	if (metrics == NULL)
		fatal("out of memory");
	return metrics;
}

struct metrics *
metrics_attach(void)
{
	struct metrics *metrics = new_metrics();

	pthread_mutex_lock(&lock);
	metrics->next = all;
	all = metrics;
	pthread_mutex_unlock(&lock);
	metrics_mine = metrics;
	return metrics;
}

/*
 * By slot.  nfsstat3 of RFC 1813, 2.6, those of nfsstat4 that a client meets in
 * ordinary life, those of NLM that have no such number, and two that are no
 * status.
 */
static const uint32_t statuses[] = {
	0, 1, 2, 5, 6, 13, 17, 18, 19, 20, 21, 22, 27, 28, 30, 31, 63, 66, 69, 70,
	71, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008,
	NFS4ERR_SAME, NFS4ERR_EXPIRED, NFS4ERR_LOCKED, NFS4ERR_GRACE,
	NFS4ERR_SHARE_DENIED, NFS4ERR_WRONGSEC, NFS4ERR_STALE_CLIENTID,
	NFS4ERR_OLD_STATEID, NFS4ERR_BAD_STATEID, NFS4ERR_NOT_SAME,
	NFS4ERR_SYMLINK, NFS4ERR_ATTRNOTSUPP, NFS4ERR_NO_GRACE,
	NFS4ERR_OPENMODE, NFS4ERR_BADSESSION, NFS4ERR_SEQ_MISORDERED,
	NFS4ERR_NOXATTR,
	FS_DENIED, FS_NOLOCKS, FS_BLOCKED, FS_DEADLOCK,
};

#define STATUS_COUNT ((int) (sizeof(statuses) / sizeof(statuses[0])))
#define SLOT_RPC_ERROR STATUS_COUNT
#define SLOT_OTHER (STATUS_COUNT + 1)

_Static_assert(SLOT_OTHER < METRIC_STATUSES, "no room for all statuses");

static int
slot_of(const struct request *request)
{
	if (request->refused != NULL)
		return SLOT_RPC_ERROR;
	for (int i = 0; i < STATUS_COUNT; i++)
		if (statuses[i] == request->status)
			return i;
	return SLOT_OTHER;
}

const char *
metrics_status(int slot)
{
	static _Thread_local char buffer[16];

	if (slot < STATUS_COUNT)
		return nfsstat_name(statuses[slot], buffer);
	return slot == SLOT_RPC_ERROR ? "RPC_ERROR" :
		slot == SLOT_OTHER ? "OTHER" : NULL;
}

static int
number_of(const struct request *request)
{
	if (request->procedure == NULL)
		return programs_procedure_count();
	return programs_procedure_index(request->program,
									request->procedure_number);
}

const char *
metrics_program(int procedure)
{
	const struct program *program;

	if (procedure == programs_procedure_count())
		return "none";
	(void) programs_procedure(procedure, &program);
	return program->name;
}

const char *
metrics_procedure(int procedure)
{
	const struct procedure *found = NULL;
	const struct program *program;

	if (procedure < programs_procedure_count())
		found = programs_procedure(procedure, &program);
	return found != NULL ? found->name : "none";
}

void
metrics_call(const struct request *request, int64_t microseconds)
{
	struct metric_procedure *procedure =
		&metrics_of_thread()->procedures[number_of(request)];

	metric_bump(&procedure->calls[slot_of(request)], 1);
	histogram_add(&procedure->latency, microseconds > 0 ?
				  (uint64_t) microseconds : 0, HISTOGRAM_TIME_SHIFT);
}

/*
 * Summing.
 */

static uint64_t
get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static int64_t
gauge(const int64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static void
sum_histogram(struct histogram *sum, const struct histogram *of)
{
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->buckets[i] += get(&of->buckets[i]);
	sum->sum += get(&of->sum);
}

static void
sum_worker(struct metrics *sum, const struct metrics *of)
{
	sum->clients += gauge(&of->clients);
	sum->requests += gauge(&of->requests);
	if (gauge(&of->oldest_call) != 0 &&
		(sum->oldest_call == 0 || gauge(&of->oldest_call) < sum->oldest_call))
		sum->oldest_call = gauge(&of->oldest_call);
	sum->request_bytes += gauge(&of->request_bytes);
	for (int i = 0; i < METADATA_STORES_MAX; i++)
	{
		/* up when it is so for every worker */
		sum->store_up[i] = (sum->store_up[i] || !sum->is_worker) &&
			__atomic_load_n(&of->store_up[i], __ATOMIC_RELAXED);
		sum->store_read_only[i] = sum->store_read_only[i] ||
			__atomic_load_n(&of->store_read_only[i], __ATOMIC_RELAXED);
		for (int j = 0; j < LANES; j++)
		{
			struct metric_lane *lane = &sum->lanes[i][j];
			const struct metric_lane *other = &of->lanes[i][j];

			lane->busy += gauge(&other->busy);
			lane->idle += gauge(&other->idle);
			lane->connecting += gauge(&other->connecting);
			lane->max += gauge(&other->max);
			lane->waiting += gauge(&other->waiting);
		}
	}
	sum->is_worker = true;
}

static void
sum_procedure(struct metric_procedure *sum, const struct metric_procedure *of)
{
	for (int i = 0; i < METRIC_STATUSES; i++)
		sum->calls[i] += get(&of->calls[i]);
	sum_histogram(&sum->latency, &of->latency);
}

struct metrics *
metrics_sum(void)
{
	struct metrics *sum = new_metrics();
	int			procedures = metrics_procedure_count();

	pthread_mutex_lock(&lock);
	for (const struct metrics *of = all; of != NULL; of = of->next)
	{
		for (int i = 0; i < METRIC_COUNTER_COUNT; i++)
			sum->counters[i] += get(&of->counters[i]);
		for (int i = 0; i < PROXY_REFUSAL_COUNT; i++)
			sum->proxy_refused[i] += get(&of->proxy_refused[i]);
		for (int i = 0; i < procedures; i++)
			sum_procedure(&sum->procedures[i], &of->procedures[i]);
		for (int i = 0; i < LANES; i++)
		{
			sum_histogram(&sum->batch_calls[i], &of->batch_calls[i]);
			sum_histogram(&sum->batch_time[i], &of->batch_time[i]);
		}
		for (int i = 0; i < METRIC_HISTOGRAM_COUNT; i++)
			sum_histogram(&sum->histograms[i], &of->histograms[i]);
		sum->cache_bytes += gauge(&of->cache_bytes);
		if (of->is_worker)
			sum_worker(sum, of);
	}
	pthread_mutex_unlock(&lock);
	return sum;
}

int64_t
metrics_oldest_beat(void)
{
	int64_t		oldest = INT64_MAX;

	pthread_mutex_lock(&lock);
	for (const struct metrics *of = all; of != NULL; of = of->next)
		if (of->is_worker && gauge(&of->beat) < oldest)
			oldest = gauge(&of->beat);
	pthread_mutex_unlock(&lock);
	return oldest;
}

uint64_t
histogram_count(const struct histogram *histogram)
{
	uint64_t	count = 0;

	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += histogram->buckets[i];
	return count;
}

uint64_t
histogram_quantile(const struct histogram *after,
				   const struct histogram *before, double part, int shift)
{
	uint64_t	count = histogram_count(after) - histogram_count(before);
	uint64_t	wanted = (uint64_t) (part * (double) count);
	uint64_t	seen = 0;

	if (count == 0)
		return 0;
	for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
	{
		seen += after->buckets[i] - before->buckets[i];
		if (seen > wanted || seen == count)
			return UINT64_C(1) << (i + shift);
	}
	return 0;
}
