/*
 * pool.h
 *	  A worker's connections to a database, by lane.
 *
 * A call waits in the queue of a connection of its lane, chosen by its key.
 * When the connection has nothing running, what is queued goes out as one
 * batch.  There are between min and max connections to a lane: one more when
 * a queue grows longer than a batch or older than a moment, one less when
 * one has had nothing to do for a while.
 */
#ifndef DITTOFS_POOL_H
#define DITTOFS_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "call.h"
#include "content_passes.h"
#include "content_shares.h"
#include "event.h"
#include "request.h"

struct config;
struct connection;
struct metadata_store_config;
struct worker;

struct lane_pool
{
	enum lane	lane;
	struct worker *worker;
	struct pool *pool;
	struct connection *connections; /* max of them, open or not */
	int			min;
	int			max;
	int			wanted;			/* those that are open or being opened, without
								 * those about to be given up */
	int64_t		short_at;		/* when there were last too few, or one was
								 * given up */
	struct request_list waiting;	/* for any connection to come up */
	struct request_list delayed;	/* soonest due first */
	struct timer delay;
};

struct pool
{
	struct worker *worker;
	int			number;			/* of the metadata store */
	const struct metadata_store_config *config;
	struct lane_pool lanes[LANES];
	struct timer deadlines;
	struct timer reaper;		/* of worker 0; see worker.c */
	struct content_shares shares;
	struct content_passes passes;	/* of worker 0 */
	uint32_t	chance;			/* state of a small random generator */
	char		complaint[256]; /* of a connection; see pool_complain */
};

/* Once, before the workers start: checks and completes the settings. */
extern const char *pool_configure(const struct config *config);

extern void pool_start(struct pool *pool, struct worker *worker, int number);
extern void pool_stop(struct pool *pool);

/*
 * Queues request->call on a connection of request->pool.  Its end is
 * serve_result or serve_failure.
 */
extern void pool_submit(struct request *request);

/*
 * The request is pointless (request_pointless): it is released,
 * now or when the database has answered.
 */
extern void pool_forget(struct request *request);

/* At the end of a round: batches go out on connections that are free. */
extern void pool_dispatch(struct pool *pool);

/* Every second. */
extern void pool_check(struct pool *pool);

/* Writes down for the metrics how its connections are doing. */
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
extern void pool_retry(struct request *request);
extern uint32_t pool_chance(struct pool *pool);

/*
 * How many of total belong to slot, when they are dealt out one by one:
 * connections of the process to its lanes.
 */
extern int	pool_share(int64_t total, int slots, int slot);

/*
 * A key belongs to the connection with the highest weight for it: when one
 * is added, only keys that move to it move.
 */
extern uint64_t pool_weight(uint64_t key, int number);

#endif							/* DITTOFS_POOL_H */
