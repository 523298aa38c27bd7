/*
 * connection.h
 *	  One connection to the database, in libpq's pipeline mode.
 *
 *		DOWN -> CONNECTING -> PREPARING -> READY -> DOWN ...
 *
 * Nothing here blocks except the resolving of host names, which libpq does
 * itself: give addresses (hostaddr) where that matters.
 */
#ifndef DITTOFS_CONNECTION_H
#define DITTOFS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "batch.h"
#include "event.h"
#include "pool.h"

struct cancel;

enum connection_state
{
	CONNECTION_DOWN,			/* not wanted, or waiting to be tried again */
	CONNECTION_CONNECTING,
	CONNECTION_PREPARING,		/* its statements */
	CONNECTION_READY
};

/*
 * Calls that need a flush at commit, and UNSTABLE writes, wait apart: they
 * never share a batch (call.h).
 */
enum connection_queue
{
	QUEUE_FLUSHED,
	QUEUE_UNSTABLE,
	QUEUES
};

/*
 * Batches sent and not answered: one, or two while there is much to do.  Calls
 * that run alone after their batch has failed go out one behind the other.
 */
#define RUNNING_MAX 8

struct connection
{
	struct event event;
	struct worker *worker;
	struct lane_pool *lane;
	int			number;			/* in its lane */
	enum connection_state state;
	bool		wanted;
	PGconn	   *pg;

	struct request_list queues[QUEUES];
	int			queued;

	struct batch batches[RUNNING_MAX];
	struct batch_list running;
	struct batch_list spare;
	int			running_count;
	int			outstanding;	/* calls here, queued or sent, when a batch last
								 * ended */
	bool		broken;			/* to be closed when its input is handled */
	char		reason[300];	/* why, where libpq does not say */
	struct cancel *cancel;		/* being cancelled: nothing may be sent */

	struct timer retry;			/* DOWN: try again; otherwise: give up */
	int			failures;		/* since it was last up for a while */
	int			abandoned;		/* pid of a server process that was given up, or 0 */
	int64_t		up_since;
	int64_t		last_input;
	int64_t		idle_since;
	int64_t		sampled_at;		/* when a flush was last measured */
};

extern void connection_init(struct connection *connection,
							struct lane_pool *lane, int number);
extern void connection_open(struct connection *connection);

/*
 * The one way down.  Calls that were queued or running are queued again;
 * reason is logged.  The connection is tried again while it is wanted.
 */
extern void connection_close(struct connection *connection, const char *reason);

extern void connection_enqueue(struct connection *connection,
							   struct request *request);
extern void connection_dequeue(struct connection *connection,
							   struct request *request);

/* Calls that wait here for a batch to end, and since when the first of them does. */
extern int	connection_waiting(const struct connection *connection);
extern int64_t connection_oldest(const struct connection *connection);
extern void connection_dispatch(struct connection *connection);

/* Every second: dead, idle, in need of a check? */
extern void connection_check(struct connection *connection);

/*
 * A call of a client that has gone runs here.  It is cancelled if all that runs
 * is for nobody, or if it is a WRITE: that must not come after what its client
 * writes through another gateway, and the others can run again.  Other changes go
 * on: what is stored with them tells the client, and somebody else's may be beside.
 */
extern void connection_forget(struct connection *connection,
							  const struct request *gone);

#endif							/* DITTOFS_CONNECTION_H */
