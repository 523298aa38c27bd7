/* SPDX-License-Identifier: PostgreSQL */
/*
 * store_queue.h
 *	  A worker's view of content stores: jobs for a store's threads, whose end
 *	  is an event of the worker's loop.
 *
 * A store has a queue and up to `parallel` threads, started as they are needed.
 * A thread takes a job, does it by content_backend.h, and puts it into the
 * inbox of the job's worker, whose eventfd it writes.  The memory that a job
 * points at is not touched by its owner until then.
 *
 * Threads of one store serve no other store: one that hangs delays only the
 * data of its own shares.
 *
 * A system call can hang for ever (a hard NFS mount whose server is gone), and
 * nothing can end it.  So a job that is not done when its time is over is given
 * up: job->done is called with CONTENT_UNAVAILABLE and job->lost set, the
 * thread is written off, and another one takes its place, up to `parallel`
 * written-off threads.  With no thread left the store answers at once.  A
 * written-off thread may still read and write the memory that its job points
 * at.  That memory is the thread's until job->ended is called, when the thread
 * has come back; the thread then ends.
 */
#ifndef DITTOFS_CONTENT_H
#define DITTOFS_CONTENT_H

#include <pthread.h>
#include <sys/queue.h>

#include "content/content_backend.h"

struct config;
struct worker;
struct content_identity;
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
	/* Both in the worker's thread; the second only after lost was set */
	void		(*done) (struct content_job *job);
	void		(*ended) (struct content_job *job);
	int64_t		deadline;
	bool		patient;		/* not shed when the store is slow */

	uint8_t		hash[HASH_LEN];
	const char *data;			/* HASH, PUT */
	size_t		size;
	uint8_t    *sums;			/* HASH: to; GET: content_part's */
	size_t		length;			/* GET: of the block */
	size_t		from;			/* GET */
	char	  **pieces;			/* GET */

	enum content_outcome outcome;
	char		message[512];	/* unless CONTENT_OK */
	bool		lost;			/* given up; a thread still has it */
	int64_t		queued;			/* when */
	STAILQ_ENTRY(content_job) end_link;
};

STAILQ_HEAD(content_jobs, content_job);

/* Jobs that are done, of one worker. */
struct content_inbox
{
	pthread_mutex_t mutex;
	struct content_jobs jobs;	/* done, by link */
	struct content_jobs ended;	/* by end_link */
};

/*
 * content_start() runs before the workers start, content_stop() when they have
 * ended.  False: a thread hangs in a system call, which only the end of the
 * process ends.
 */
extern void content_start(const struct config *config);
extern bool content_stop(void);

/*
 * The store with this name in the database with this number of its metadata
 * store; NULL: the settings have none.  Databases that use one name for a store
 * share nothing but the settings.
 */
extern struct content_store *content_store_find(const char *name, size_t size,
												int database);

/* Its identity: content_identity.h. */
extern struct content_identity *
content_store_identity(struct content_store *store);
extern const char *content_store_name(const struct content_store *store);

/*
 * For the status page and the metrics: the stores of all databases, by numbers
 * from 0 on.  False: there are no more.
 */
struct content_standing
{
	const char *name;
	int			database;		/* number of the metadata store */
	bool		known;			/* the database uses it, and it was checked */
	bool		up;				/* it exists, and belongs to this database */
};

extern bool content_standing(int number, struct content_standing *standing);

/*
 * Queues the job; job->done is called when the worker learns of its end, never
 * before this returns.
 */
extern void content_submit(struct content_job *job);

/*
 * Charges memory of requests that wait for a store to the store, up to a limit,
 * so that it does not hinder other calls.  False: the store is full, the memory
 * stays charged where it was.
 */
extern bool content_hold(struct content_store *store, size_t bytes);
extern void content_release(struct content_store *store, size_t bytes);

/*
 * Every second, in one worker.  A store gives up, as CONTENT_UNAVAILABLE, jobs
 * whose time is over.  If it has more to do than it holds and has reached none
 * of it for a second, it gives up the jobs that wait, too: their clients still
 * have the data, and come back.
 */
extern void content_check(void);

extern void content_inbox_init(struct content_inbox *inbox);

/* Calls done for each job in the inbox. */
extern void content_inbox_empty(struct worker *worker);

/* nfsstat3 of an outcome. */
extern uint32_t content_status(enum content_outcome outcome);

#endif							/* DITTOFS_CONTENT_H */
