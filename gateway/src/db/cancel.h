/* SPDX-License-Identifier: PostgreSQL */
/*
 * cancel.h
 *	  Cancels what runs on a connection, without waiting for it.
 *
 * A cancel opens a connection of its own, which may hang as any other.  Until
 * it is over, the worker sends nothing on the connection, so that the cancel
 * cannot hit a later call.  After the cancel's deadline the worker gives the
 * connection up, with everything that the cancel could hit.
 *
 * From libpq 17 on the cancel is a connection of the worker's loop, encrypted
 * as the one it is about.  Before that it is PQcancel in a thread (aside.h).
 */
#ifndef DITTOFS_CANCEL_H
#define DITTOFS_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

struct cancel;
struct loop;

/* limit: microseconds.  NULL: it cannot be done, and will not. */
extern struct cancel *cancel_start(struct loop *loop, PGconn *pg,
								   int64_t limit);

enum cancel_state
{
	CANCEL_RUNS,
	CANCEL_OVER,
	CANCEL_HANGS				/* its time is over */
};

extern enum cancel_state cancel_state(const struct cancel *cancel);

/* The worker is woken when that may have changed to CANCEL_OVER. */
extern void cancel_release(struct cancel *cancel);

#endif							/* DITTOFS_CANCEL_H */
