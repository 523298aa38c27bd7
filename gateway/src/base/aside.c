/* SPDX-License-Identifier: PostgreSQL */
/*
 * aside.c
 *	  Threads for jobs that may block: see aside.h.
 *
 * Each job has a thread for itself.  Jobs are rare (connecting, cancelling),
 * and a pool would have to replace the threads that hang anyway.
 */
#include "base/aside.h"
#include "base/event.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Of each kind at a time, those that hang included. */
#define THREADS_MAX 8

struct job
{
	enum aside_kind kind;
	void		(*run) (void *);
	void	   *argument;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static int	running[ASIDE_KINDS];
static int *watchers;
static int	watcher_count;

static void *
thread(void *argument)
{
	static const char *const names[] = {
		[ASIDE_NAMES] = "names", [ASIDE_FILES] = "files",
		[ASIDE_CANCELS] = "cancel"};
	struct job *job = argument;
	uint64_t	count = 1;

	log_set_thread_name(names[job->kind]);
	job->run(job->argument);

	pthread_mutex_lock(&lock);
	running[job->kind]--;
	pthread_cond_broadcast(&ended);
	for (int i = 0; i < watcher_count; i++)
		if (write(watchers[i], &count, sizeof(count)) < 0)
			log_warning("a worker could not be woken");
	pthread_mutex_unlock(&lock);
	free(job);
	return NULL;
}

bool
aside_run(enum aside_kind kind, void (*run) (void *), void *argument)
{
	struct job *job = malloc(sizeof(*job));
	pthread_attr_t detached;
	pthread_t	id;
	bool		started;

	if (job == NULL)
		return false;
	job->kind = kind;
	job->run = run;
	job->argument = argument;

	pthread_mutex_lock(&lock);
	started = running[kind] < THREADS_MAX;
	running[kind] += started;
	pthread_mutex_unlock(&lock);
	if (!started)
	{
		free(job);
		return false;
	}

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	started = pthread_create(&id, &detached, thread, job) == 0;
	pthread_attr_destroy(&detached);
	if (!started)
	{
		pthread_mutex_lock(&lock);
		running[kind]--;
		pthread_mutex_unlock(&lock);
		free(job);
	}
	return started;
}

void
aside_watch(int wake_fd)
{
	pthread_mutex_lock(&lock);
	watchers = realloc(watchers, sizeof(*watchers) *
					   (size_t) (watcher_count + 1));
	if (watchers == NULL)
		fatal("out of memory");
	watchers[watcher_count++] = wake_fd;
	pthread_mutex_unlock(&lock);
}

void
aside_await(int64_t until)
{
	pthread_mutex_lock(&lock);
	clock_wait(&ended, &lock, until);
	pthread_mutex_unlock(&lock);
}
