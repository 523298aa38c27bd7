/* SPDX-License-Identifier: PostgreSQL */
/*
 * store_queue.c
 *	  The threads of content stores, and their queues: see store_queue.h.
 */
#include "content/store_queue.h"
#include "config/config.h"
#include "content/content_identity.h"
#include "base/log.h"
#include "core/serve.h"
#include "core/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A job that has waited this long (microseconds) makes its store a slow one. */
#define SLOW 1000000

/* A job may be late by this (microseconds) before it is given up. */
#define GRACE 1000000

/* What a store may hold is at least this, whatever the limits are. */
#define HOLD_MIN ((size_t) 8 * 1024 * 1024)

/* A complaint about a store is repeated after so long. */
#define COMPLAINT_PERIOD (10 * 1000000)

struct content_thread
{
	LIST_ENTRY(content_thread) link;
	struct content_store *store;
	struct content_job *job;	/* NULL: idle, or it looks at the marker */
	bool		looks;
	int64_t		since;			/* when it took the job */
	bool		lost;			/* written off */
};

LIST_HEAD(content_threads, content_thread);

struct content_store
{
	const struct content_store_config *config;
	int			database;		/* number of the metadata store */
	struct content_identity identity;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct content_jobs queue;
	int			queued;
	size_t		queued_bytes;
	struct content_threads running;	/* all, also those written off */
	int			threads;		/* without those written off */
	int			idle;
	int			lost;			/* written off */
	bool		stopping;
	bool		look_due;		/* at the marker */
	bool		looking;
	bool		look_lost;		/* the thread that does is written off */
	int64_t		complained;
	int			unheard;		/* failures since then */

	atomic_size_t held;
};

/* Each of the settings for each database: the same place may be one's alone. */
static struct content_store stores[CONTENT_STORES_MAX * METADATA_STORES_MAX];
static int	store_count;
static size_t hold_max;
static atomic_bool stopping;

static json_t *
store_members(const struct content_store *store)
{
	return log_members(NULL, "{s:o}", "content_store",
					   log_text(store->config->name));
}

static void
start_store(struct content_store *store,
			const struct content_store_config *config, int database)
{
	memset(store, 0, sizeof(*store));
	store->config = config;
	store->database = database;
	content_identity_init(&store->identity, config, true);
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->wake, NULL);
	STAILQ_INIT(&store->queue);
	LIST_INIT(&store->running);
}

void
content_start(const struct config *config)
{
	content_backend_init();
	atomic_store(&stopping, false);
	hold_max = (size_t) config->max_bytes / 2;
	if (hold_max < HOLD_MIN)
		hold_max = HOLD_MIN;
	store_count = 0;
	for (int i = 0; i < config->content_store_count; i++)
	{
		const struct content_store_config *store = config->content_stores[i];
		char		where[4096];

		for (int j = 0; j < config->store_count; j++)
			start_store(&stores[store_count++], store, j);
		content_backend(store)->describe(store, where, sizeof(where));
		log_with(LOG_LEVEL_INFO, store_members(&stores[store_count - 1]),
				 "content store %s: %s", store->name, where);
	}
}

/* A moment is enough for threads that have nothing to do. */
bool
content_stop(void)
{
	struct timespec slice = {0, 10 * 1000000};
	bool		ended = true;

	atomic_store(&stopping, true);
	for (int i = 0; i < store_count; i++)
	{
		struct content_store *store = &stores[i];

		pthread_mutex_lock(&store->mutex);
		store->stopping = true;
		pthread_cond_broadcast(&store->wake);
		for (int tries = 0; store->threads + store->lost > 0 && tries < 200;
			 tries++)
		{
			pthread_mutex_unlock(&store->mutex);
			nanosleep(&slice, NULL);
			pthread_mutex_lock(&store->mutex);
		}
		if (store->threads + store->lost > 0)
		{
			log_with(LOG_LEVEL_WARNING, store_members(store),
					 "content store %s: %d threads do not end",
					 store->config->name, store->threads + store->lost);
			ended = false;
		}
		pthread_mutex_unlock(&store->mutex);
	}
	return ended;
}

struct content_store *
content_store_find(const char *name, size_t size, int database)
{
	for (int i = 0; i < store_count; i++)
		if (stores[i].database == database &&
			strlen(stores[i].config->name) == size &&
			memcmp(stores[i].config->name, name, size) == 0)
			return &stores[i];
	return NULL;
}

const char *
content_store_name(const struct content_store *store)
{
	return store->config->name;
}

struct content_identity *
content_store_identity(struct content_store *store)
{
	return &store->identity;
}

bool
content_standing(int number, struct content_standing *standing)
{
	struct content_store *store = &stores[number];
	enum identity_state state;
	bool		hangs;

	if (number >= store_count)
		return false;
	pthread_mutex_lock(&store->mutex);
	hangs = store->look_lost || (store->threads == 0 && store->lost > 0);
	state = content_identity_state(&store->identity);
	pthread_mutex_unlock(&store->mutex);
	standing->name = store->config->name;
	standing->database = store->database;
	standing->known = hangs || state != IDENTITY_UNSEEN;
	standing->up = !hangs && state == IDENTITY_HERE;
	return true;
}

uint32_t
content_status(enum content_outcome outcome)
{
	switch (outcome)
	{
		case CONTENT_OK:
			return 0;
		case CONTENT_UNAVAILABLE:
			return FS_JUKEBOX;
		case CONTENT_FULL:
			return FS_NOSPC;
		case CONTENT_FAILED:
		case CONTENT_MISSING:
		case CONTENT_CORRUPT:
			break;
	}
	return FS_IO;
}

/*
 * Jobs that are done.
 */

void
content_inbox_init(struct content_inbox *inbox)
{
	pthread_mutex_init(&inbox->mutex, NULL);
	STAILQ_INIT(&inbox->jobs);
	STAILQ_INIT(&inbox->ended);
}

static void
wake(struct worker *worker)
{
	uint64_t	one = 1;

	if (write(worker->wake.fd, &one, sizeof(one)) < 0 &&
		!atomic_load(&stopping))
		log_error("a worker could not be woken: %s", strerror(errno));
}

static void
post(struct content_job *job)
{
	struct content_inbox *inbox = &job->worker->inbox;
	bool		first;

	pthread_mutex_lock(&inbox->mutex);
	first = STAILQ_EMPTY(&inbox->jobs);
	STAILQ_INSERT_TAIL(&inbox->jobs, job, link);
	pthread_mutex_unlock(&inbox->mutex);
	if (first)
		wake(job->worker);
}

/* The thread has let go of a job that was posted as lost. */
static void
post_end(struct content_job *job)
{
	struct content_inbox *inbox = &job->worker->inbox;

	pthread_mutex_lock(&inbox->mutex);
	STAILQ_INSERT_TAIL(&inbox->ended, job, end_link);
	pthread_mutex_unlock(&inbox->mutex);
	wake(job->worker);
}

void
content_inbox_empty(struct worker *worker)
{
	struct content_inbox *inbox = &worker->inbox;
	struct content_jobs jobs = STAILQ_HEAD_INITIALIZER(jobs);
	struct content_jobs ended = STAILQ_HEAD_INITIALIZER(ended);
	struct content_job *job;

	pthread_mutex_lock(&inbox->mutex);
	STAILQ_CONCAT(&jobs, &inbox->jobs);
	STAILQ_CONCAT(&ended, &inbox->ended);
	pthread_mutex_unlock(&inbox->mutex);
	while ((job = STAILQ_FIRST(&jobs)) != NULL)
	{
		STAILQ_REMOVE_HEAD(&jobs, link);
		job->done(job);
	}
	while ((job = STAILQ_FIRST(&ended)) != NULL)
	{
		STAILQ_REMOVE_HEAD(&ended, end_link);
		job->ended(job);
	}
}

/*
 * The threads.
 */

/* One line now, and then one for many. */
static void
complain(struct content_store *store, const struct content_job *job,
		 const char *message)
{
	static const char *const names[] = {"hash", "put", "get", "remove"};
	char		hex[CONTENT_HEX_SIZE];
	int64_t		now = clock_now();
	int			unheard = -1;

	pthread_mutex_lock(&store->mutex);
	if (store->complained == 0 || now - store->complained > COMPLAINT_PERIOD)
	{
		unheard = store->unheard;
		store->complained = now;
		store->unheard = 0;
	}
	else
		store->unheard++;
	pthread_mutex_unlock(&store->mutex);
	if (unheard < 0)
		return;
	content_hex(job->hash, hex);
	log_with(LOG_LEVEL_WARNING,
			 log_members(store_members(store), "{s:s, s:s, s:o}",
						 "operation", names[job->operation], "block", hex,
						 "error", log_text(message)),
			 "content store %s: cannot %s block %s: %s", store->config->name,
			 names[job->operation], hex, message);
	if (unheard > 0)
		log_with(LOG_LEVEL_WARNING,
				 log_members(store_members(store), "{s:i}", "repeats", unheard),
				 "content store %s: %d more failures before this one",
				 store->config->name, unheard);
}

/*
 * Whether the job has been given up meanwhile is seen afterwards, so nothing
 * of it is written here but what it points at.
 */
static enum content_outcome
run(struct content_session *session, struct content_job *job,
	struct content_effort *effort)
{
	struct content_part part;

	*effort = (struct content_effort) {.deadline = job->deadline,
		.stop = &stopping};
	switch (job->operation)
	{
		case CONTENT_HASH:
			content_hash(job->data, job->size, job->hash, job->sums);
			break;
		case CONTENT_PUT:
			return content_put(session, job->hash, job->data, job->size,
							   effort);
		case CONTENT_GET:
			part = (struct content_part) {job->hash, job->length, job->from,
				job->size, job->sums};
			return content_get(session, &part, job->pieces, effort);
		case CONTENT_REMOVE:
			return content_remove(session, job->hash, effort);
	}
	return CONTENT_OK;
}

/* With the mutex held. */
static struct content_job *
take_first(struct content_store *store)
{
	struct content_job *job = STAILQ_FIRST(&store->queue);

	STAILQ_REMOVE_HEAD(&store->queue, link);
	store->queued--;
	store->queued_bytes -= job->size;
	return job;
}

/* With the mutex held: is the store there still, and whose is it? */
static void
look(struct content_thread *thread, struct content_session *session)
{
	struct content_store *store = thread->store;
	struct content_effort effort = {.stop = &stopping};

	thread->looks = store->looking = true;
	store->look_due = false;
	thread->since = clock_now();
	effort.deadline = thread->since + store->config->request_timeout * 1000;
	pthread_mutex_unlock(&store->mutex);
	(void) content_identity_look(session, IDENTITY_WATCH, false, &effort);
	pthread_mutex_lock(&store->mutex);
	thread->looks = store->looking = store->look_lost = false;
}

/* Takes jobs until the store stops, or the thread has been written off. */
static void
do_jobs(struct content_thread *thread, struct content_session *session)
{
	struct content_store *store = thread->store;

	while (!store->stopping && !thread->lost)
	{
		struct content_job *job = STAILQ_FIRST(&store->queue);
		struct content_effort effort;
		enum content_outcome outcome;
		char		message[sizeof(job->message)];

		if (store->look_due && !store->looking)
		{
			look(thread, session);
			continue;
		}
		if (job == NULL)
		{
			store->idle++;
			pthread_cond_wait(&store->wake, &store->mutex);
			store->idle--;
			continue;
		}
		thread->job = take_first(store);
		thread->since = clock_now();
		pthread_mutex_unlock(&store->mutex);
		outcome = run(session, job, &effort);
		if (outcome == CONTENT_UNAVAILABLE)
			content_identity_doubt(&store->identity);
		if (outcome != CONTENT_OK)
		{
			content_explain(&effort, message, sizeof(message));
			if (!effort.away)
				complain(store, job, message);
		}
		pthread_mutex_lock(&store->mutex);
		thread->job = NULL;
		if (thread->lost)
		{
			post_end(job);
			break;
		}
		job->outcome = outcome;
		if (outcome != CONTENT_OK)
			memcpy(job->message, message, sizeof(message));
		post(job);
	}
}

static void *
store_thread(void *argument)
{
	struct content_thread *thread = argument;
	struct content_store *store = thread->store;
	struct content_session *session = content_session_begin(store->config,
														   &store->identity);

	log_set_thread_name(store->config->name);
	pthread_mutex_lock(&store->mutex);
	do_jobs(thread, session);
	pthread_mutex_unlock(&store->mutex);
	content_session_end(session);
	pthread_mutex_lock(&store->mutex);
	LIST_REMOVE(thread, link);
	if (thread->lost)
		store->lost--;
	else
		store->threads--;
	pthread_mutex_unlock(&store->mutex);
	free(thread);
	return NULL;
}

/*
 * With the mutex held.  Threads that were written off count, too, up to as
 * many as work: memory and threads have a bound however long a store hangs.
 */
static bool
may_start_thread(const struct content_store *store)
{
	return store->threads < store->config->parallel &&
		store->threads + store->lost < 2 * store->config->parallel;
}

/* With the mutex held.  One that cannot be had is had with a later job. */
static void
start_thread(struct content_store *store)
{
	struct content_thread *thread = calloc(1, sizeof(*thread));
	pthread_t	id;
	int			problem;

	if (thread == NULL)
		fatal("out of memory");
	thread->store = store;
	problem = pthread_create(&id, NULL, store_thread, thread);
	if (problem != 0)
	{
		log_warning("a thread cannot be started: %s", strerror(problem));
		free(thread);
		return;
	}
	pthread_detach(id);
	LIST_INSERT_HEAD(&store->running, thread, link);
	store->threads++;
}

/* With the mutex held: over what it holds, and late. */
static bool
is_slow(const struct content_store *store, int64_t now)
{
	const struct content_job *first = STAILQ_FIRST(&store->queue);

	return store->queued_bytes > hold_max && first != NULL &&
		now - first->queued > SLOW;
}

static void
shed(struct content_job *job, const char *why)
{
	job->outcome = CONTENT_UNAVAILABLE;
	snprintf(job->message, sizeof(job->message), "%s", why);
	post(job);
}

/* With the mutex held: does a thread hang that was to do something with it? */
static bool
hangs(const struct content_store *store, const struct content_job *job)
{
	const struct content_thread *thread;

	LIST_FOREACH(thread, &store->running, link)
		if (thread->lost && thread->job != NULL &&
			memcmp(thread->job->hash, job->hash, HASH_LEN) == 0)
			return true;
	return false;
}

/* With the mutex held: why the job is not even to be queued, or NULL. */
static const char *
refusal(const struct content_store *store, const struct content_job *job)
{
	if (!job->patient && is_slow(store, job->queued))
		return "the store is too slow";
	if (store->lost == 0)
		return NULL;
	if (store->look_lost)
		return "the store hangs";
	if (store->threads == 0 && !may_start_thread(store))
		return "the store hangs";
	if (job->operation != CONTENT_HASH && hangs(store, job))
		return "another call for this block hangs";
	return NULL;
}

void
content_submit(struct content_job *job)
{
	struct content_store *store = job->store;
	const char *why;

	job->queued = clock_now();
	job->message[0] = '\0';
	job->lost = false;
	pthread_mutex_lock(&store->mutex);
	why = refusal(store, job);
	if (why == NULL)
	{
		STAILQ_INSERT_TAIL(&store->queue, job, link);
		store->queued++;
		store->queued_bytes += job->size;
		if (store->idle > 0)
			pthread_cond_signal(&store->wake);
		if (store->queued > store->idle && may_start_thread(store))
			start_thread(store);
	}
	pthread_mutex_unlock(&store->mutex);
	if (why != NULL)
		shed(job, why);
}

/*
 * When the time of a job is over that was begun, or queued, at that time.  A
 * job of the gateway's own may begin when its call is late already.
 */
static int64_t
latest(const struct content_store *store, const struct content_job *job,
	   int64_t since)
{
	int64_t		least = since + (job->patient ?
								 store->config->request_timeout * 1000 : 0);

	return (job->deadline > least ? job->deadline : least) + GRACE;
}

/*
 * With the mutex held.  The job is answered, the thread is left to itself.  If
 * it looks at the marker, which needs nothing but the directory, whatever else
 * is asked for would hang like it.
 */
static void
write_off(struct content_store *store, struct content_thread *thread,
		  int64_t now)
{
	thread->lost = true;
	store->threads--;
	store->lost++;
	log_with(LOG_LEVEL_WARNING, log_members(store_members(store), "{s:i}",
											"hanging", store->lost),
			 "content store %s: a call hangs for %lld s already, and is given "
			 "up; %d such calls have not come back (is the server behind %s "
			 "there?)", store->config->name,
			 (long long) (now - thread->since) / 1000000, store->lost,
			 content_backend(store->config)->server(store->config));
	if (thread->looks)
		store->look_lost = true;
	else
	{
		thread->job->lost = true;
		shed(thread->job, "the store hangs");
	}
}

static void
check_threads(struct content_store *store, int64_t now)
{
	struct content_thread *thread;

	LIST_FOREACH(thread, &store->running, link)
	{
		const struct content_job *job = thread->job;

		if (thread->lost)
			continue;
		if (thread->looks ? now > thread->since +
						store->config->request_timeout * 1000 + GRACE :
							job != NULL && job->operation != CONTENT_HASH &&
					now > latest(store, job, thread->since))
			write_off(store, thread, now);
	}
}

/* Has a thread look at the marker, unless one is at it. */
static void
watch(struct content_store *store)
{
	if (store->looking || !content_identity_known(&store->identity))
		return;
	store->look_due = true;
	if (store->idle > 0)
		pthread_cond_signal(&store->wake);
	else if (store->threads == 0 && may_start_thread(store))
		start_thread(store);
}

static void
check_queue(struct content_store *store, int64_t now)
{
	struct content_jobs kept = STAILQ_HEAD_INITIALIZER(kept);
	bool		stuck;

	while (is_slow(store, now))
		shed(take_first(store), "the store is too slow");
	while (store->threads < store->queued && may_start_thread(store))
	{
		int			before = store->threads;

		start_thread(store);
		if (store->threads == before)
			break;
	}
	stuck = store->threads == 0 || store->look_lost;
	while (!STAILQ_EMPTY(&store->queue))
	{
		struct content_job *job = take_first(store);

		if (stuck || now > latest(store, job, job->queued))
			shed(job, "the store hangs");
		else
			STAILQ_INSERT_TAIL(&kept, job, link);
	}
	while (!STAILQ_EMPTY(&kept))
	{
		struct content_job *job = STAILQ_FIRST(&kept);

		STAILQ_REMOVE_HEAD(&kept, link);
		STAILQ_INSERT_TAIL(&store->queue, job, link);
		store->queued++;
		store->queued_bytes += job->size;
	}
}

void
content_check(void)
{
	int64_t		now = clock_now();

	for (int i = 0; i < store_count; i++)
	{
		struct content_store *store = &stores[i];

		pthread_mutex_lock(&store->mutex);
		check_threads(store, now);
		check_queue(store, now);
		watch(store);
		pthread_mutex_unlock(&store->mutex);
	}
}

/*
 * Memory.
 */

bool
content_hold(struct content_store *store, size_t bytes)
{
	if (atomic_fetch_add(&store->held, bytes) + bytes <= hold_max)
		return true;
	atomic_fetch_sub(&store->held, bytes);
	return false;
}

void
content_release(struct content_store *store, size_t bytes)
{
	atomic_fetch_sub(&store->held, bytes);
}
