/*
 * content.h
 *	  Content stores as a worker sees them: work for a store's threads, and
 *	  its end as an event of the worker's loop.
 *
 * A store has a queue and up to `parallel` threads, started as they are
 * needed.  A job is taken by one of them, done by content_backend.h, and put
 * into the inbox of the worker it came from, whose eventfd is written.  What
 * a job points at is left alone until then.
 *
 * Threads of one store serve nobody else: one that hangs delays its own
 * shares' data and nothing besides.
 */
#ifndef DITTOFS_CONTENT_H
#define DITTOFS_CONTENT_H

#include <pthread.h>
#include <sys/queue.h>

#include "content_backend.h"

struct config;
struct worker;
struct content_store;

enum content_operation
{
	CONTENT_HASH,				/* data to hash and sums */
	CONTENT_PUT,
	CONTENT_GET,
	CONTENT_REMOVE
};

struct content_job
{
	STAILQ_ENTRY(content_job) link;
	enum content_operation operation;
	struct content_store *store;
	struct worker *worker;
	void		(*done) (struct content_job *job);	/* in the worker's thread */
	int64_t		deadline;
	bool		patient;		/* not shed when the store is slow */

	uint8_t		hash[CONTENT_HASH_SIZE];
	const char *data;			/* HASH, PUT */
	size_t		size;
	uint8_t    *sums;			/* HASH: to; GET: content_part's */
	size_t		length;			/* GET: of the block */
	size_t		from;			/* GET */
	char	  **pieces;			/* GET */

	enum content_outcome outcome;
	char		message[384];	/* unless CONTENT_OK */
	int64_t		queued;			/* when */
};

STAILQ_HEAD(content_jobs, content_job);

/* Jobs that are done, of one worker. */
struct content_inbox
{
	pthread_mutex_t mutex;
	struct content_jobs jobs;
};

/* Before the workers start; and when they have ended. */
extern void content_start(const struct config *config);
extern void content_stop(void);

/* The store of that name here; NULL: there is none in the settings. */
extern struct content_store *content_store_find(const char *name, size_t size);
extern const char *content_store_name(const struct content_store *store);

/*
 * Queues the job; job->done is called when the worker hears of its end, never
 * before this returns.
 */
extern void content_submit(struct content_job *job);

/*
 * Memory of requests that wait for a store is charged to the store, up to a
 * limit, so that it is not in the way of calls that do not.  False: it is
 * full, the memory stays charged where it was.
 */
extern bool content_hold(struct content_store *store, size_t bytes);
extern void content_release(struct content_store *store, size_t bytes);

/*
 * Every second, in one worker.  A store that has more to do than it holds,
 * and has not come to it for a second, gives up the rest as
 * CONTENT_UNAVAILABLE: the clients have it still, and come back.
 */
extern void content_check(void);

extern void content_inbox_init(struct content_inbox *inbox);

/* Calls done of what has come in. */
extern void content_inbox_empty(struct worker *worker);

/* nfsstat3 of an outcome. */
extern uint32_t content_status(enum content_outcome outcome);

#endif							/* DITTOFS_CONTENT_H */
