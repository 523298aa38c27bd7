/* SPDX-License-Identifier: PostgreSQL */
/*
 * metrics.h
 *	  The gateway's counters.
 *
 * Each thread that counts has a struct of its own, which no other thread
 * writes: counting is an addition to a number in the thread's own memory,
 * without a lock and without a cache line that another processor wants.  The
 * reader (metrics_text.c) adds up the structs of all threads.
 *
 * To count something new, add a line to one of the lists below and call
 *
 *		metric_add(METRIC_RETRIES, 1);
 *		metric_observe(METRIC_FLUSH, microseconds);
 *
 * from any thread.
 */
#ifndef DITTOFS_METRICS_H
#define DITTOFS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "db/call.h"
#include "content/content_config.h"
#include "config/config.h"
#include "wire/proxy_header.h"

/* name in the code, name and help for Prometheus */
#define METRIC_COUNTERS(X) \
	X(RECEIVED_BYTES, "network_receive_bytes_total", \
	  "Bytes received from clients.") \
	X(SENT_BYTES, "network_transmit_bytes_total", "Bytes sent to clients.") \
	X(READ_BYTES, "read_bytes_total", "Bytes of files that READ returned.") \
	X(WRITTEN_BYTES, "written_bytes_total", \
	  "Bytes of files that WRITE took.") \
	X(CLIENTS_ACCEPTED, "client_connections_total", \
	  "Connections accepted from clients.") \
	X(CLIENTS_REFUSED, "clients_refused_total", \
	  "Clients turned away because limits.clients were connected.") \
	X(CLIENTS_EVICTED, "clients_evicted_total", \
	  "Clients that did nothing, disconnected to make room for others.") \
	X(DATAGRAMS, "datagrams_total", "Datagrams received by UDP.") \
	X(DATAGRAMS_DROPPED, "datagrams_dropped_total", \
	  "Datagrams that were no calls, or found no room.") \
	X(GRANTS_TOLD, "lock_grants_told_total", \
	  "Granted locks that waiting clients have confirmed.") \
	X(GRANTS_REFUSED, "lock_grants_refused_total", \
	  "Granted locks that waiting clients did not want any more.") \
	X(GRANTS_UNANSWERED, "lock_grants_unanswered_total", \
	  "Calls to waiting clients without an answer that counts.") \
	X(GRANTS_REPEATED, "lock_grants_repeated_total", \
	  "Granted locks of which clients were told once more.") \
	X(PROXIED, "proxied_connections_total", \
	  "Connections whose client a trusted proxy has named.") \
	X(DUPLICATES, "duplicate_calls_total", \
	  "Changing calls that arrived again while they ran.") \
	X(REPLAYS, "replayed_replies_total", \
	  "Changing calls that were answered from the stored replies.") \
	X(QUEUED, "pool_waits_total", \
	  "Calls that waited because their connection was busy.") \
	X(UNCONNECTED, "pool_unconnected_total", \
	  "Calls that waited because there was no connection.") \
	X(CONNECTS, "pool_connects_total", "Connections made to databases.") \
	X(CONNECTION_LOSSES, "pool_connection_losses_total", \
	  "Connections lost, refused or given up.") \
	X(RERUNS, "batch_reruns_total", \
	  "Batches that failed and whose calls ran again one by one.") \
	X(RETRIES, "call_retries_total", \
	  "Calls run again after a failure of the moment.") \
	X(GIVEN_UP, "calls_given_up_total", \
	  "Calls that could not be done within call_timeout.") \
	X(SLOW_CALLS, "slow_calls_total", \
	  "Calls that took longer than logging.slow_call.") \
	X(CONTENT_PUTS, "content_puts_total", "Blocks put into content stores.") \
	X(CONTENT_PUT_BYTES, "content_put_bytes_total", \
	  "Bytes put into content stores.") \
	X(CONTENT_GETS, "content_gets_total", \
	  "Reads of blocks, or of parts of them, from content stores.") \
	X(CONTENT_GET_BYTES, "content_get_bytes_total", \
	  "Bytes read from content stores.") \
	X(CONTENT_FAILURES, "content_failures_total", \
	  "Operations on content stores that failed for good.") \
	X(CONTENT_RETRIES, "content_retries_total", \
	  "Attempts on content stores that had to be repeated.") \
	X(CACHE_HITS, "content_cache_hits_total", \
	  "Chunks of content found in memory.") \
	X(CACHE_MISSES, "content_cache_misses_total", \
	  "Chunks of content not found in memory.") \
	X(MERGED_BLOCKS, "content_merged_blocks_total", \
	  "Blocks that the background pass put into content stores.")

/* Times in microseconds; Prometheus sees seconds. */
#define METRIC_HISTOGRAMS(X) \
	X(FLUSH, "flush_duration_seconds", \
	  "Commit of a batch, WAL flush and replication included; sampled.") \
	X(CONTENT_PUT_TIME, "content_put_duration_seconds", \
	  "One attempt to put a block into a content store.") \
	X(CONTENT_GET_TIME, "content_get_duration_seconds", \
	  "One attempt to read from a content store.")

#define METRIC_ENUM(name, text, help) METRIC_##name,
enum metric_counter
{
	METRIC_COUNTERS(METRIC_ENUM)
	METRIC_COUNTER_COUNT
};
enum metric_histogram
{
	METRIC_HISTOGRAMS(METRIC_ENUM)
	METRIC_HISTOGRAM_COUNT
};
#undef METRIC_ENUM

/* Bucket i holds what is at most 2^(i + shift); the last, everything. */
#define HISTOGRAM_BUCKETS 22

struct histogram
{
	uint64_t	buckets[HISTOGRAM_BUCKETS];
	uint64_t	sum;
};

/* Times begin with 32 microseconds, sizes of batches with 1. */
#define HISTOGRAM_TIME_SHIFT 5
#define HISTOGRAM_COUNT_SHIFT 0

/* Statuses of nfsstat.h, the RPC errors, all others. */
#define METRIC_STATUSES 53

/* The calls of one procedure. */
struct metric_procedure
{
	uint64_t	calls[METRIC_STATUSES];
	struct histogram latency;
};

/* The connections of one lane to one store, as they were a second ago. */
struct metric_lane
{
	int64_t		busy;
	int64_t		idle;
	int64_t		connecting;
	int64_t		max;
	int64_t		waiting;		/* calls that wait */
};

struct metrics
{
	uint64_t	counters[METRIC_COUNTER_COUNT];
	struct histogram batch_calls[LANES];
	struct histogram batch_time[LANES];
	struct histogram histograms[METRIC_HISTOGRAM_COUNT];
	uint64_t	proxy_refused[PROXY_REFUSAL_COUNT];

	/* of a worker */
	bool		is_worker;
	int64_t		beat;			/* when it last did its housekeeping */
	int64_t		oldest_call;	/* when its oldest call arrived; 0: none */
	int64_t		clients;
	int64_t		requests;
	int64_t		request_bytes;
	int64_t		cache_bytes;	/* content in memory */
	struct metric_lane lanes[METADATA_STORES_MAX][LANES];
	bool		store_up[METADATA_STORES_MAX];
	bool		store_read_only[METADATA_STORES_MAX];

	struct metrics *next;

	/* Those of all programs, and the last: what is a procedure of none. */
	struct metric_procedure procedures[];
};

extern _Thread_local struct metrics *metrics_mine;

/* A struct for a thread that has none yet. */
extern struct metrics *metrics_attach(void);

static inline struct metrics *
metrics_of_thread(void)
{
	return __builtin_expect(metrics_mine != NULL, 1) ? metrics_mine :
		metrics_attach();
}

/* Only this thread writes; the store is atomic for those who read. */
static inline void
metric_bump(uint64_t *counter, uint64_t by)
{
	__atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

static inline void
metric_set(int64_t *gauge, int64_t value)
{
	__atomic_store_n(gauge, value, __ATOMIC_RELAXED);
}

static inline void
metric_add(enum metric_counter counter, uint64_t by)
{
	metric_bump(&metrics_of_thread()->counters[counter], by);
}

static inline void
histogram_add(struct histogram *histogram, uint64_t value, int shift)
{
	int			bucket = value <= 1 ? 0 : 64 - __builtin_clzll(value - 1);

	bucket = bucket <= shift ? 0 : bucket - shift;
	if (bucket >= HISTOGRAM_BUCKETS)
		bucket = HISTOGRAM_BUCKETS - 1;
	metric_bump(&histogram->buckets[bucket], 1);
	metric_bump(&histogram->sum, value);
}

static inline void
metric_observe(enum metric_histogram histogram, int64_t microseconds)
{
	histogram_add(&metrics_of_thread()->histograms[histogram],
				  microseconds > 0 ? (uint64_t) microseconds : 0,
				  HISTOGRAM_TIME_SHIFT);
}

/* A call has been answered. */
struct request;
extern void metrics_call(const struct request *request, int64_t microseconds);

/*
 * For those who ask: the sum of all threads, every field but next; from malloc.
 */
extern struct metrics *metrics_sum(void);

/* The oldest beat of a worker; INT64_MAX if there is none yet. */
extern int64_t metrics_oldest_beat(void);

/* How many procedures a struct has; labels: "NFS", "GETATTR"; "OK". */
extern int	metrics_procedure_count(void);
extern const char *metrics_program(int procedure);
extern const char *metrics_procedure(int procedure);
extern const char *metrics_status(int slot);

/*
 * The value that a part of all (0.5, 0.99) do not exceed, as far as buckets
 * tell: the upper bound of a bucket.  after minus before; 0 if nothing was.
 */
extern uint64_t histogram_quantile(const struct histogram *after,
								   const struct histogram *before, double part,
								   int shift);
extern uint64_t histogram_count(const struct histogram *histogram);

/* The text that Prometheus scrapes; from malloc. */
extern char *metrics_text(const struct config *config);

#endif							/* DITTOFS_METRICS_H */
