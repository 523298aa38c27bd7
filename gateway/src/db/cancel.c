/* SPDX-License-Identifier: PostgreSQL */
/*
 * cancel.c
 *	  Cancels what runs on a connection: see cancel.h.
 */
#include "db/cancel.h"
#include "base/aside.h"
#include "base/event.h"
#include "base/log.h"

#include <stdatomic.h>
#include <stdlib.h>

static void
complain(const char *complaint)
{
	log_with(LOG_LEVEL_WARNING,
			 log_members(NULL, "{s:o}", "error", log_text(complaint)),
			 "cancel: %s", complaint);
}

#ifdef LIBPQ_HAS_ASYNC_CANCEL

struct cancel
{
	struct loop_garbage garbage;	/* first */
	struct event event;
	struct loop *loop;
	PGcancelConn *pg;
	int64_t		deadline;
	bool		over;
};

static void
go_on(struct cancel *cancel)
{
	PostgresPollingStatusType status = PQcancelPoll(cancel->pg);

	if (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING)
	{
		cancel->event.fd = PQcancelSocket(cancel->pg);
		event_set(cancel->loop, &cancel->event,
				  status == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT);
		return;
	}
	if (status == PGRES_POLLING_FAILED)
		complain(PQcancelErrorMessage(cancel->pg));
	event_remove(cancel->loop, &cancel->event);
	cancel->over = true;
}

static void
handle(struct event *event, uint32_t ready)
{
	(void) ready;
	go_on(container_of(event, struct cancel, event));
}

struct cancel *
cancel_start(struct loop *loop, PGconn *pg, int64_t limit)
{
	struct cancel *cancel = calloc(1, sizeof(*cancel));

	if (cancel == NULL)
		return NULL;
	cancel->pg = PQcancelCreate(pg);
	cancel->loop = loop;
	cancel->deadline = clock_now() + limit;
	cancel->event.fd = -1;
	cancel->event.handle = handle;
	if (cancel->pg == NULL || !PQcancelStart(cancel->pg))
	{
		if (cancel->pg != NULL)
			complain(PQcancelErrorMessage(cancel->pg));
		PQcancelFinish(cancel->pg);
		free(cancel);
		return NULL;
	}
	cancel->event.fd = PQcancelSocket(cancel->pg);
	event_set(cancel->loop, &cancel->event, EPOLLOUT);
	return cancel;
}

enum cancel_state
cancel_state(const struct cancel *cancel)
{
	if (cancel->over)
		return CANCEL_OVER;
	return clock_now() < cancel->deadline ? CANCEL_RUNS : CANCEL_HANGS;
}

void
cancel_release(struct cancel *cancel)
{
	event_remove(cancel->loop, &cancel->event);
	PQcancelFinish(cancel->pg);
	loop_free_later(cancel->loop, &cancel->garbage);
}

#else

struct cancel
{
	PGcancel   *pg;
	int64_t		deadline;
	atomic_bool over;
	atomic_int	holders;		/* the worker and the thread */
};

static void
run(void *argument)
{
	struct cancel *cancel = argument;
	char		complaint[256];

	if (!PQcancel(cancel->pg, complaint, sizeof(complaint)))
		complain(complaint);
	atomic_store(&cancel->over, true);
	cancel_release(cancel);
}

struct cancel *
cancel_start(struct loop *loop, PGconn *pg, int64_t limit)
{
	struct cancel *cancel = calloc(1, sizeof(*cancel));

	(void) loop;				/* its worker watches all threads that end */
	if (cancel == NULL)
		return NULL;
	cancel->pg = PQgetCancel(pg);
	cancel->deadline = clock_now() + limit;
	atomic_store(&cancel->holders, 2);
	if (cancel->pg == NULL || !aside_run(ASIDE_CANCELS, run, cancel))
	{
		PQfreeCancel(cancel->pg);
		free(cancel);
		return NULL;
	}
	return cancel;
}

enum cancel_state
cancel_state(const struct cancel *cancel)
{
	if (atomic_load(&cancel->over))
		return CANCEL_OVER;
	return clock_now() < cancel->deadline ? CANCEL_RUNS : CANCEL_HANGS;
}

void
cancel_release(struct cancel *cancel)
{
	if (atomic_fetch_sub(&cancel->holders, 1) > 1)
		return;
	PQfreeCancel(cancel->pg);
	free(cancel);
}

#endif							/* LIBPQ_HAS_ASYNC_CANCEL */
