/* SPDX-License-Identifier: PostgreSQL */
/*
 * event.c
 *	  The event loop: see event.h.
 *
 * Timers are a sorted list: a worker has a dozen of them (one for each
 * connection to the database and a few of its own), never one for each
 * request or client, so a heap would buy nothing.
 */
#include "base/event.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_A_ROUND 128

void
loop_init(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		fatal("epoll_create1: %s", strerror(errno));
	TAILQ_INIT(&loop->timers);
	loop->garbage = NULL;
	loop->now = loop->asked = loop->quiet = clock_now();
	loop->all_told = false;
}

static void
free_garbage(struct loop *loop)
{
	while (loop->garbage != NULL)
	{
		struct loop_garbage *garbage = loop->garbage;

		loop->garbage = garbage->next;
		free(garbage);
	}
}

void
loop_free_later(struct loop *loop, struct loop_garbage *garbage)
{
	garbage->next = loop->garbage;
	loop->garbage = garbage;
}

void
loop_close(struct loop *loop)
{
	free_garbage(loop);
	close(loop->epoll);
}

void
event_set(struct loop *loop, struct event *event, uint32_t wanted)
{
	struct epoll_event epoll_event = {.events = wanted, .data.ptr = event};

	event->wanted = wanted;

	/*
	 * libpq closes and opens sockets behind our back, often with the number
	 * of the one before, so whether the descriptor is registered already is
	 * the kernel's to say.
	 */
	if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, event->fd, &epoll_event) == 0)
		return;
	if (errno == ENOENT &&
		epoll_ctl(loop->epoll, EPOLL_CTL_ADD, event->fd, &epoll_event) == 0)
		return;
	log_error("epoll_ctl on descriptor %d: %s", event->fd, strerror(errno));
}

void
event_remove(struct loop *loop, struct event *event)
{
	if (event->fd < 0)
		return;
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, event->fd, NULL);
	event->fd = -1;
}

void
timer_set(struct loop *loop, struct timer *timer, int64_t at)
{
	struct timer *next;

	timer_clear(loop, timer);
	timer->at = at;
	timer->armed = true;
	TAILQ_FOREACH(next, &loop->timers, link)
		if (next->at > at)
			break;
	if (next != NULL)
		TAILQ_INSERT_BEFORE(next, timer, link);
	else
		TAILQ_INSERT_TAIL(&loop->timers, timer, link);
}

void
timer_clear(struct loop *loop, struct timer *timer)
{
	if (!timer->armed)
		return;
	TAILQ_REMOVE(&loop->timers, timer, link);
	timer->armed = false;
}

/* Until the first timer, in milliseconds; -1: there is none. */
static int
milliseconds_to_wait(struct loop *loop)
{
	struct timer *first = TAILQ_FIRST(&loop->timers);
	int64_t		left;

	if (first == NULL)
		return -1;
	left = first->at - loop->now;
	if (left <= 0)
		return 0;
	return left > 60 * 1000000 ? 60 * 1000 : (int) ((left + 999) / 1000);
}

static int
ask(struct loop *loop, struct epoll_event *events, int timeout)
{
	int			n;

	if (loop->all_told)
		loop->quiet = loop->asked;
	loop->asked = loop->now;
	n = epoll_wait(loop->epoll, events, EVENTS_A_ROUND, timeout);
	loop->all_told = n >= 0 && n < EVENTS_A_ROUND;
	loop->now = clock_now();
	return n;
}

static int
wait_for_events(struct loop *loop, struct epoll_event *events)
{
	int64_t		begin = clock_now();
	int			timeout;
	int			n = 0;

	loop->now = begin;
	timeout = milliseconds_to_wait(loop);
	while (n == 0 && timeout != 0 && loop->now - begin < loop->poll_time)
	{
		n = ask(loop, events, 0);
		timeout = milliseconds_to_wait(loop);
	}
	if (n == 0)
		n = ask(loop, events, timeout);
	if (n < 0 && errno != EINTR)
		fatal("epoll_wait: %s", strerror(errno));
	loop->waited = n > 0 ? loop->now - begin : INT64_MAX;
	return n;
}

void
loop_round(struct loop *loop)
{
	struct epoll_event events[EVENTS_A_ROUND];
	struct timer *timer;
	int			n;

	n = wait_for_events(loop, events);
	for (int i = 0; i < n; i++)
	{
		struct event *event = events[i].data.ptr;

		/* A handler before this one may have removed it. */
		if (event->fd >= 0)
			event->handle(event, events[i].events);
	}

	while ((timer = TAILQ_FIRST(&loop->timers)) != NULL &&
		   timer->at <= loop->now)
	{
		timer_clear(loop, timer);
		timer->fire(timer);
	}
	free_garbage(loop);
}
