/*
 * cancel.c
 *	  The thread that calls PQcancel: see cancel.h.
 *
 * It is rarely needed (a client has to go away while it alone keeps a
 * connection busy), so it is started with the first use.  The queue is the
 * one place in the gateway with a lock; workers hold it for a few
 * instructions.
 */
#include "cancel.h"
#include "log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

struct cancel
{
	STAILQ_ENTRY(cancel) link;
	PGcancel   *pg;
	int			wake_fd;
	atomic_bool over;
	atomic_int	holders;		/* the worker and the thread */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static STAILQ_HEAD(, cancel) queue = STAILQ_HEAD_INITIALIZER(queue);
static bool started;

static void *
cancel_thread(void *unused)
{
	(void) unused;
	log_set_thread_name("cancel");
	for (;;)
	{
		struct cancel *cancel;
		char		complaint[256];
		uint64_t	one = 1;

		pthread_mutex_lock(&lock);
		while ((cancel = STAILQ_FIRST(&queue)) == NULL)
			pthread_cond_wait(&arrived, &lock);
		STAILQ_REMOVE_HEAD(&queue, link);
		pthread_mutex_unlock(&lock);

		if (!PQcancel(cancel->pg, complaint, sizeof(complaint)))
			log_with(LOG_LEVEL_WARNING,
					 log_members(NULL, "{s:o}", "error", log_text(complaint)),
					 "cancel: %s", complaint);
		atomic_store(&cancel->over, true);
		if (write(cancel->wake_fd, &one, sizeof(one)) < 0)
			log_warning("cancel: a worker could not be told");
		cancel_release(cancel);
	}
	return NULL;
}

struct cancel *
cancel_start(PGconn *pg, int wake_fd)
{
	struct cancel *cancel;
	pthread_t	thread;
	bool		running;

	cancel = calloc(1, sizeof(*cancel));
	if (cancel == NULL)
		return NULL;
	cancel->pg = PQgetCancel(pg);
	if (cancel->pg == NULL)
	{
		free(cancel);
		return NULL;
	}
	cancel->wake_fd = wake_fd;
	atomic_store(&cancel->holders, 2);

	pthread_mutex_lock(&lock);
	if (!started && pthread_create(&thread, NULL, cancel_thread, NULL) == 0)
	{
		pthread_detach(thread);
		started = true;
	}
	running = started;
	if (running)
	{
		STAILQ_INSERT_TAIL(&queue, cancel, link);
		pthread_cond_signal(&arrived);
	}
	pthread_mutex_unlock(&lock);

	if (!running)
	{
		PQfreeCancel(cancel->pg);
		free(cancel);
		return NULL;
	}
	return cancel;
}

bool
cancel_is_over(const struct cancel *cancel)
{
	return atomic_load(&cancel->over);
}

void
cancel_release(struct cancel *cancel)
{
	if (atomic_fetch_sub(&cancel->holders, 1) > 1)
		return;
	PQfreeCancel(cancel->pg);
	free(cancel);
}
