/* SPDX-License-Identifier: PostgreSQL */
/*
 * connection.h
 *	  One connection to the database, in libpq's pipeline mode.
 *
 *		DOWN -> SEEKING -> CONNECTING -> PREPARING -> READY -> DOWN ...
 *
 * A row of attempts tries one place after the other (reach.h).  Nothing here
 * blocks, and each state has a deadline: a place has to give a session in time,
 * a batch has to be answered, a cancel has to be over.
 */
#ifndef DITTOFS_CONNECTION_H
#define DITTOFS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "db/batch.h"
#include "base/event.h"
#include "db/pool.h"
#include "db/reach.h"
#include "db/sending.h"
#include "db/session.h"

struct cancel;

enum connection_state
{
	CONNECTION_DOWN,			/* not wanted, or waiting to be tried again */
	CONNECTION_SEEKING,			/* a name is being looked up */
	CONNECTION_CONNECTING,
	CONNECTION_PREPARING,		/* its settings and statements */
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

struct connection
{
	struct event event;
	struct loop *loop;
	struct lane_pool *lane;
	int			number;			/* in its lane */
	enum connection_state state;
	bool		wanted;
	PGconn	   *pg;

	struct call_list queues[QUEUES];
	int			queued;

	struct batch batches[RUNNING_MAX];
	struct batch_list running;
	struct batch_list spare;
	struct sending sending;		/* what runs, and so what may be sent */
	int			outstanding;	/* calls here, queued or sent, when a batch last
								 * ended */
	bool		broken;			/* to be closed when its input is handled */
	char		reason[300];	/* why, where libpq does not say */
	struct cancel *cancel;		/* under way, or NULL */

	struct reach_row row;		/* of attempts */
	struct reach_target target; /* of the last one */
	int64_t		attempted;		/* when it began */
	bool		refused;		/* in this row, after a password was shown */
	char		reasons[512];	/* why those of this row failed, lines */

	struct timer retry;			/* DOWN: try again; otherwise: give up */
	int			failures;		/* since it was last up for a while */
	struct session_process process;
	struct session_process abandoned;	/* given up; its pid may be 0 */
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
							   struct call *call);
extern void connection_dequeue(struct connection *connection,
							   struct call *call);

/*
 * The number of calls that wait here for a batch to end, and the time since
 * which the first of them waits.
 */
extern int	connection_waiting(const struct connection *connection);
extern int64_t connection_oldest(const struct connection *connection);
extern void connection_dispatch(struct connection *connection);

/*
 * Does it wait for a thread, which may have ended by now?  Asked of each
 * connection in every round.
 */
static inline bool
connection_waits_for_thread(const struct connection *connection)
{
	return connection->cancel != NULL ||
		connection->state == CONNECTION_SEEKING;
}

/* Every second: is it dead, idle, in need of a check? */
extern void connection_check(struct connection *connection);

/*
 * A running call is no longer wanted.  Cancels the connection's batch if no
 * connected client waits for any of its calls, or if this call is a WRITE: it
 * must not land after what the client writes through another gateway, and the
 * calls beside it can run again.  Other changes complete: their stored reply
 * answers the client's retransmission.
 */
extern void connection_forget(struct connection *connection,
							  const struct call *gone);

#endif							/* DITTOFS_CONNECTION_H */
