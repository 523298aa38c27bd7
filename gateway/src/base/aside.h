/* SPDX-License-Identifier: PostgreSQL */
/*
 * aside.h
 *	  Runs calls that may block in a thread of their own.
 *
 * An event loop calls nothing that may block.  A call that has no other form
 * (the system's resolver, reading a file again, PQcancel) becomes a job here.
 * A job may hang for ever: its owner has a deadline of its own, after which it
 * goes on without the answer, and the number of threads of each kind is
 * bounded, so that hanging jobs of one kind take nothing from another.
 */
#ifndef DITTOFS_ASIDE_H
#define DITTOFS_ASIDE_H

#include <stdbool.h>
#include <stdint.h>

enum aside_kind
{
	ASIDE_NAMES,
	ASIDE_FILES,
	ASIDE_CANCELS,
	ASIDE_KINDS
};

/* Runs job(argument).  False: too many jobs of this kind run, or hang. */
extern bool aside_run(enum aside_kind kind, void (*job) (void *),
					  void *argument);

/* The eventfd is written whenever a job has ended. */
extern void aside_watch(int wake_fd);

/*
 * For threads that may block: waits until a job has ended, at most until then
 * (clock_now()).  Waking up for nothing is possible.
 */
extern void aside_await(int64_t until);

#endif							/* DITTOFS_ASIDE_H */
