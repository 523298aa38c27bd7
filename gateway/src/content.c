/*
 * content.c
 *	  The threads of content stores, and their queues: see content.h.
 */
#include "content.h"
#include "config.h"
#include "log.h"
#include "serve.h"
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A job that has waited this long (microseconds) makes its store a slow one. */
#define SLOW 1000000

/* What a store may hold is at least this, whatever the limits are. */
#define HOLD_MIN ((size_t) 8 * 1024 * 1024)

/* A complaint about a store is repeated after so long. */
#define COMPLAINT_PERIOD (10 * 1000000)

struct content_store
{
	const struct content_store_config *config;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct content_jobs queue;
	int			queued;
	size_t		queued_bytes;
	int			threads;
	int			idle;
	bool		stopping;
	int64_t		complained;
	int			unheard;		/* failures since then */

	atomic_size_t held;
};

static struct content_store stores[CONTENT_STORES_MAX];
static int	store_count;
static size_t hold_max;
static atomic_bool stopping;

static json_t *
store_members(const struct content_store *store)
{
	return log_members(NULL, "{s:o}", "content_store",
					   log_text(store->config->name));
}

void
content_start(const struct config *config)
{
	content_backend_init();
	atomic_store(&stopping, false);
	hold_max = (size_t) config->max_bytes / 2;
	if (hold_max < HOLD_MIN)
		hold_max = HOLD_MIN;
	for (store_count = 0; store_count < config->content_store_count;
		 store_count++)
	{
		struct content_store *store = &stores[store_count];

		memset(store, 0, sizeof(*store));
		store->config = &config->content_stores[store_count];
		pthread_mutex_init(&store->mutex, NULL);
		pthread_cond_init(&store->wake, NULL);
		STAILQ_INIT(&store->queue);
		log_with(LOG_LEVEL_INFO, store_members(store),
				 "content store %s: %s%s%s", store->config->name,
				 store->config->type == CONTENT_STORE_S3 ?
				 store->config->endpoint : store->config->base_path,
				 store->config->type == CONTENT_STORE_S3 ? ", bucket " : "",
				 store->config->type == CONTENT_STORE_S3 ?
				 store->config->bucket : "");
	}
}

/*
 * A moment is enough for threads that have nothing to do.  One that hangs in
 * a system call is left to the end of the process.
 */
void
content_stop(void)
{
	struct timespec slice = {0, 10 * 1000000};

	atomic_store(&stopping, true);
	for (int i = 0; i < store_count; i++)
	{
		struct content_store *store = &stores[i];

		pthread_mutex_lock(&store->mutex);
		store->stopping = true;
		pthread_cond_broadcast(&store->wake);
		for (int tries = 0; store->threads > 0 && tries < 200; tries++)
		{
			pthread_mutex_unlock(&store->mutex);
			nanosleep(&slice, NULL);
			pthread_mutex_lock(&store->mutex);
		}
		if (store->threads > 0)
		{
			log_with(LOG_LEVEL_WARNING, store_members(store),
					 "content store %s: %d threads do not end",
					 store->config->name, store->threads);
			_exit(0);
		}
		pthread_mutex_unlock(&store->mutex);
	}
}

struct content_store *
content_store_find(const char *name, size_t size)
{
	for (int i = 0; i < store_count; i++)
		if (strlen(stores[i].config->name) == size &&
			memcmp(stores[i].config->name, name, size) == 0)
			return &stores[i];
	return NULL;
}

const char *
content_store_name(const struct content_store *store)
{
	return store->config->name;
}

uint32_t
content_status(enum content_outcome outcome)
{
	switch (outcome)
	{
		case CONTENT_OK:
			return 0;
		case CONTENT_UNAVAILABLE:
			return STATUS_JUKEBOX;
		case CONTENT_FULL:
			return STATUS_NOSPC;
		case CONTENT_FAILED:
		case CONTENT_MISSING:
		case CONTENT_CORRUPT:
			break;
	}
	return STATUS_IO;
}

/*
 * Jobs that are done.
 */

void
content_inbox_init(struct content_inbox *inbox)
{
	pthread_mutex_init(&inbox->mutex, NULL);
	STAILQ_INIT(&inbox->jobs);
}

static void
post(struct content_job *job)
{
	struct worker *worker = job->worker;
	struct content_inbox *inbox = &worker->inbox;
	uint64_t	one = 1;
	bool		first;

	pthread_mutex_lock(&inbox->mutex);
	first = STAILQ_EMPTY(&inbox->jobs);
	STAILQ_INSERT_TAIL(&inbox->jobs, job, link);
	pthread_mutex_unlock(&inbox->mutex);
	if (first && write(worker->wake.fd, &one, sizeof(one)) < 0)
		log_error("a worker could not be woken: %s", strerror(errno));
}

void
content_inbox_empty(struct worker *worker)
{
	struct content_inbox *inbox = &worker->inbox;
	struct content_jobs jobs = STAILQ_HEAD_INITIALIZER(jobs);
	struct content_job *job;

	pthread_mutex_lock(&inbox->mutex);
	STAILQ_CONCAT(&jobs, &inbox->jobs);
	pthread_mutex_unlock(&inbox->mutex);
	while ((job = STAILQ_FIRST(&jobs)) != NULL)
	{
		STAILQ_REMOVE_HEAD(&jobs, link);
		job->done(job);
	}
}

/*
 * The threads.
 */

/* One line now, and then one for many. */
static void
complain(struct content_store *store, const struct content_job *job)
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
						 "error", log_text(job->message)),
			 "content store %s: cannot %s block %s: %s", store->config->name,
			 names[job->operation], hex, job->message);
	if (unheard > 0)
		log_with(LOG_LEVEL_WARNING,
				 log_members(store_members(store), "{s:i}", "repeats", unheard),
				 "content store %s: %d more failures before this one",
				 store->config->name, unheard);
}

static void
run(struct content_session *session, struct content_job *job)
{
	struct content_effort effort = {.deadline = job->deadline,
									.stop = &stopping};
	struct content_part part;

	switch (job->operation)
	{
		case CONTENT_HASH:
			content_hash(job->data, job->size, job->hash, job->sums);
			job->outcome = CONTENT_OK;
			break;
		case CONTENT_PUT:
			job->outcome = content_put(session, job->hash, job->data,
									   job->size, &effort);
			break;
		case CONTENT_GET:
			part = (struct content_part) {job->hash, job->length, job->from,
				job->size, job->sums};
			job->outcome = content_get(session, &part, job->pieces, &effort);
			break;
		case CONTENT_REMOVE:
			job->outcome = content_remove(session, job->hash, &effort);
			break;
	}
	if (job->outcome != CONTENT_OK)
	{
		snprintf(job->message, sizeof(job->message), "%s", effort.message);
		complain(job->store, job);
	}
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

static void *
store_thread(void *argument)
{
	struct content_store *store = argument;
	struct content_session *session = content_session_begin(store->config);

	log_set_thread_name(store->config->name);
	pthread_mutex_lock(&store->mutex);
	while (!store->stopping)
	{
		struct content_job *job = STAILQ_FIRST(&store->queue);

		if (job == NULL)
		{
			store->idle++;
			pthread_cond_wait(&store->wake, &store->mutex);
			store->idle--;
			continue;
		}
		take_first(store);
		pthread_mutex_unlock(&store->mutex);
		run(session, job);
		post(job);
		pthread_mutex_lock(&store->mutex);
	}
	pthread_mutex_unlock(&store->mutex);
	content_session_end(session);
	pthread_mutex_lock(&store->mutex);
	store->threads--;
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

/* With the mutex held. */
static void
start_thread(struct content_store *store)
{
	pthread_t	thread;
	int			problem = pthread_create(&thread, NULL, store_thread, store);

	if (problem == 0)
	{
		pthread_detach(thread);
		store->threads++;
	}
	else if (store->threads == 0)
		fatal("a thread cannot be started: %s", strerror(problem));
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
shed(struct content_job *job)
{
	job->outcome = CONTENT_UNAVAILABLE;
	snprintf(job->message, sizeof(job->message), "the store is too slow");
	post(job);
}

void
content_submit(struct content_job *job)
{
	struct content_store *store = job->store;

	job->queued = clock_now();
	job->message[0] = '\0';
	pthread_mutex_lock(&store->mutex);
	if (!job->patient && is_slow(store, job->queued))
	{
		pthread_mutex_unlock(&store->mutex);
		shed(job);
		return;
	}
	STAILQ_INSERT_TAIL(&store->queue, job, link);
	store->queued++;
	store->queued_bytes += job->size;
	if (store->idle > 0)
		pthread_cond_signal(&store->wake);
	if (store->queued > store->idle &&
		store->threads < store->config->parallel)
		start_thread(store);
	pthread_mutex_unlock(&store->mutex);
}

void
content_check(void)
{
	int64_t		now = clock_now();

	for (int i = 0; i < store_count; i++)
	{
		struct content_store *store = &stores[i];

		pthread_mutex_lock(&store->mutex);
		while (is_slow(store, now))
			shed(take_first(store));
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
