/* SPDX-License-Identifier: PostgreSQL */
/*
 * sending.h
 *	  What may be sent on a connection to the database, and when: one table.
 *
 * Two things decide.  One is what runs: calls that were sent and not answered.
 * A second batch may follow a first into the pipeline, never a third.  Calls
 * that run alone go out one behind the other, with no batch before or behind
 * them, because a call that makes the server crash must be identifiable.  A
 * check has the connection to itself.  The other is a cancel: while it could
 * hit a later call, nothing is sent.
 *
 * connection.c decides whether a second batch pays.
 */
#ifndef DITTOFS_SENDING_H
#define DITTOFS_SENDING_H

#include <stdbool.h>

/* Calls that run alone, one behind the other; more than there are batches. */
#define RUNNING_MAX 8

enum running
{
	RUNNING_NOTHING,
	RUNNING_BATCH,				/* of calls that share a transaction */
	RUNNING_TWO,				/* ... and another one behind it */
	RUNNING_ALONE,				/* calls with a transaction each */
	RUNNING_CHECK,				/* a Sync: does the server answer? */
	RUNNING_STATES
};

enum sent
{
	SENT_BATCH,
	SENT_ALONE,
	SENT_CHECK,
	SENT_CANCEL,				/* on a connection of its own */
	SENT_KINDS
};

enum cancelling
{
	CANCELLING_NOTHING,
	CANCELLING,					/* until it is known to be over */
	CANCELLING_FAILED			/* not sent: the connection is given up */
};

/* Of one connection.  Zeroed: nothing runs. */
struct sending
{
	enum running running;
	int			count;			/* of those that run */
	enum cancelling cancelling;
};

extern bool sending_may(const struct sending *sending, enum sent what);

/* Records that it was sent, which must be allowed. */
extern void sending_began(struct sending *sending, enum sent what);

/* The first of what runs was answered by its Sync. */
extern void sending_answered(struct sending *sending);

/* The cancel could not be sent; it is over. */
extern void sending_cancel_failed(struct sending *sending);
extern void sending_cancel_over(struct sending *sending);

#endif							/* DITTOFS_SENDING_H */
