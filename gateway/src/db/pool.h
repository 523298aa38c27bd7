/* SPDX-License-Identifier: PostgreSQL */
/*
 * pool.h
 *	  A worker's connections to a database, by lane.
 *
 * A call waits in the queue of a connection of its lane, chosen by its key.
 * When the connection has nothing running, its queue goes out as one batch.  A
 * lane has between min and max connections: it opens one more when a queue is
 * longer than a batch or has waited for a moment, and closes one that has had
 * nothing to do for a while.
 */
#ifndef DITTOFS_POOL_H
#define DITTOFS_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "db/call.h"
#include "base/event.h"

struct config;
struct connection;
struct metadata_store_config;

struct lane_pool
{
	enum lane	lane;
	struct pool *pool;
	struct connection *connections; /* max of them, open or not */
	int			min;
	int			max;
	int			opened;			/* so many have ever been opened; the others
								 * have nothing */
	int			wanted;			/* those that are open or being opened, without
								 * those about to be given up */
	int64_t		short_at;		/* when there were last too few, or one was
								 * given up */
	struct call_list waiting;	/* for any connection to come up */
	struct call_list delayed;	/* soonest due first */
	struct timer delay;
};

struct pool
{
	struct loop *loop;			/* the worker's */
	int			number;			/* of the metadata store */
	const struct metadata_store_config *config;
	struct lane_pool lanes[LANES];
	struct timer deadlines;
	uint32_t	chance;			/* state of a small random generator */
	int64_t		refused_at;		/* last change that met a read-only database */
	bool		read_only;		/* no changes are possible; the log says so */
	char		complaint[512]; /* of a connection; see pool_complain */
};

/*
 * Once, before the workers start: completes the settings.  False: something is
 * wrong with them; config_complain() has recorded it.
 */
extern bool pool_configure(struct config *config);

/*
 * Once, with zeroed memory, for the metadata store with this number; worker is
 * the number of the loop's worker. pool_start() opens connections.
 */
extern void pool_init(struct pool *pool, struct loop *loop,
					  const struct config *config, int number, int worker);
extern void pool_start(struct pool *pool);

/* Closes all connections; calls that are left wait for ever. */
extern void pool_stop(struct pool *pool);

/*
 * Queues the call on a connection of call->pool, or of the pool that its owner
 * names.  It ends by a function of its owner (call.h), never before this
 * returns unless owner->route() ends it.
 */
extern void pool_submit(struct call *call);

/*
 * The owner no longer wants the call (owner->wanted says so): drops it, now or
 * when the database has answered.
 */
extern void pool_forget(struct call *call);

/* Submits the call again after a pause, or ends it if it is too late. */
extern void pool_retry(struct call *call);

/* When it is too late for the call. */
extern int64_t pool_deadline(const struct call *call);

/*
 * For owner->too_late: writes a line in the log. waits_for: what the call is
 * known to wait for, or NULL.
 */
extern void pool_log_given_up(const struct call *call, const char *waits_for);

/* At the end of a round: sends batches on connections that are free. */
extern void pool_dispatch(struct pool *pool);

/* Every second. */
extern void pool_check(struct pool *pool);

/* Counts the states of its connections for the metrics. */
extern void pool_count(const struct pool *pool);

/* Is a connection of the lane up? */
extern bool pool_lane_is_up(const struct pool *pool, enum lane lane);

/* For connection.c. */
extern void pool_connection_up(struct connection *connection);

/*
 * A connection is down.  One line is enough for all of them, and for all
 * attempts that end the same way, until all are up again.
 */
extern void pool_complain(struct pool *pool, const char *reason);

/* A change was refused because the database, no standby, is set read-only. */
extern void pool_is_read_only(struct pool *pool);
extern uint32_t pool_chance(struct pool *pool);

/*
 * How many of total belong to slot, when they are dealt out one by one: the
 * connections of the process to its lanes.
 */
extern int	pool_share(int64_t total, int slots, int slot);

/*
 * A key belongs to the connection with the highest weight for it, so a new
 * connection takes over some keys and leaves the others where they are.
 * Exported for a unit test.
 */
extern uint64_t pool_weight(uint64_t key, int number);

#endif							/* DITTOFS_POOL_H */
