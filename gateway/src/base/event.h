/* SPDX-License-Identifier: PostgreSQL */
/*
 * event.h
 *	  A worker's event loop: descriptors by epoll, and timers.
 *
 * One thread owns a loop; nothing here is locked.  Events are level
 * triggered.  A handler may remove any event, its own included, but the
 * memory of an event must outlive the round of the loop that may still hold
 * it: owners free in the worker's end of round, not in a handler.
 */
#ifndef DITTOFS_EVENT_H
#define DITTOFS_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#include "base/clock.h"

/* The struct that has member at this address. */
#define container_of(pointer, type, member) \
	((type *) (void *) ((char *) (pointer) - offsetof(type, member)))

struct event
{
	int			fd;				/* -1: not registered */
	uint32_t	wanted;
	void		(*handle) (struct event *event, uint32_t ready);
};

struct timer
{
	TAILQ_ENTRY(timer) link;
	bool		armed;
	int64_t		at;
	void		(*fire) (struct timer *timer);
};

TAILQ_HEAD(timer_list, timer);

struct loop_garbage;

struct loop
{
	int			epoll;
	int64_t		now;			/* microseconds, monotonic; of this round */

	/*
	 * The events of this round happened after quiet, if the round before could
	 * have told of them and did not.
	 */
	int64_t		quiet;
	int64_t		asked;			/* when the kernel was last asked */
	bool		all_told;		/* there was room for all events */
	int64_t		poll_time;		/* look this long for events before sleeping */
	int64_t		waited;			/* ... the last round did; INT64_MAX: none */
	struct timer_list timers;	/* soonest first */
	struct loop_garbage *garbage;
};

extern void loop_init(struct loop *loop);
extern void loop_close(struct loop *loop);

/* Waits for something to happen and handles it. */
extern void loop_round(struct loop *loop);

/* Registers the event, or changes what it waits for. */
extern void event_set(struct loop *loop, struct event *event, uint32_t wanted);
extern void event_remove(struct loop *loop, struct event *event);

/*
 * For an owner of events without an end of round of its own: memory that begins
 * with this is freed when no round can hold its events any more.
 */
struct loop_garbage
{
	struct loop_garbage *next;
};

extern void loop_free_later(struct loop *loop, struct loop_garbage *garbage);

/* Fires once; setting it again moves it. */
extern void timer_set(struct loop *loop, struct timer *timer, int64_t at);
extern void timer_clear(struct loop *loop, struct timer *timer);

#endif							/* DITTOFS_EVENT_H */
