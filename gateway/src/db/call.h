/* SPDX-License-Identifier: PostgreSQL */
/*
 * call.h
 *	  The call of a database function, as its owner hands it to the pool.
 *
 * The owner names a statement and points at parameter values; the pool decides
 * which connection the call goes to, with which other calls it shares a commit,
 * and how often it is run again.  Parameters and results are binary
 * throughout.  Values are not copied: they stay where the owner has them, in a
 * record (the data of a WRITE) or in a region (encoded integers), as long as
 * the pool has the call.
 *
 * The pool knows nothing of its owners but struct call_owner.  A request of a
 * client is one (serve.c), a chore of the gateway's own another (chore.c).
 */
#ifndef DITTOFS_CALL_H
#define DITTOFS_CALL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <jansson.h>
#include <libpq-fe.h>

struct batch;
struct call;
struct connection;
struct pool;

/* Some bytes somewhere else: in the record, in a region, in a PGresult. */
struct bytes
{
	const char *data;
	uint32_t	size;
};

/*
 * Lanes have connections of their own, so that neither a flush nor a
 * megabyte of data is ever in front of a GETATTR.
 */
enum lane
{
	LANE_READ,					/* changes nothing, small results */
	LANE_CHANGE,				/* waits for a flush at commit */
	LANE_BULK,					/* READ, WRITE, COMMIT; and the reaper */
	LANES
};

/*
 * The function that is called, and what each connection of its lane prepares
 * when it is opened: SELECT dittofs.f($1, $2), and for a wide one also
 * SELECT dittofs.f($1, $2), dittofs.f($3, $4), ... for several calls at once
 * (statements.c says why).  A column of the result holds a record.
 */
struct statement
{
	const char *name;
	int			nparams;
	enum lane	lane;
	bool		wide;			/* the function returns one row, and its reply
								 * keeps nothing of the result */
	bool		brief;			/* the statement before it, without its last
								 * parameters: they have their defaults */
};

/* The table is in statements.c, by the numbers of statements.h. */
extern const struct statement statements[];
extern const int statement_count;

#define NO_STATEMENT	(-1)
#define CALL_MAX_PARAMS 16

/* How many calls a statement may have: one, or if it is wide one of these. */
#define CALL_WIDTHS		3
#define CALL_MAX_WIDTH	16
extern const int call_widths[CALL_WIDTHS];	/* from the largest to 1 */

/*
 * The text of the statement with so many calls, and the name by which a
 * session knows it, in the buffers given.
 */
#define STATEMENT_SQL_MAX	4096
#define STATEMENT_NAME_MAX	64
extern void statement_sql(const struct statement *statement, int calls,
						  char sql[STATEMENT_SQL_MAX]);
extern void statement_name(const struct statement *statement, int calls,
						   char name[STATEMENT_NAME_MAX]);

/*
 * What becomes of a call.  All are called in the thread of the pool's worker.
 * A call ends by one of the first four, and is its owner's again then, who may
 * submit it once more from there.
 */
#define CALL_NAME_MAX 384

struct call_owner
{
	/*
	 * Its transaction is committed.  Its record, or the rows of a set, is in
	 * this column of the result.  That is call->result, for the owner to clear;
	 * or, if call->result is NULL, it is shared with other calls, and gone when
	 * this returns.
	 */
	void		(*committed) (struct call *call, const PGresult *result,
							  int column);

	/* There is no result: FS_NOSPC, FS_IO, FS_ROFS or FS_SERVERFAULT. */
	void		(*failed) (struct call *call, uint32_t status);

	/* It took too long.  It may have been made, or still be. */
	void		(*too_late) (struct call *call);

	/* It was not wanted any more when the pool came to it. */
	void		(*dropped) (struct call *call);

	/* Is there a client that waits for it?  NULL: it is always wanted. */
	bool		(*wanted) (const struct call *call);

	/*
	 * Which pool it goes to, each time it is submitted.  NULL: the owner has
	 * dealt with it, by pool_retry() for example.  A pointer that is NULL
	 * itself: to call->pool.
	 */
	struct pool *(*route) (struct call *call);

	/*
	 * Who calls what, for the log: as text, in the buffer of CALL_NAME_MAX
	 * bytes, and as members of a JSON object.
	 */
	const char *(*name) (const struct call *call, char *buffer);
	json_t	   *(*members) (const struct call *call);
};

/*
 * Changed by call_set_state() alone, which has the table of what may follow
 * what. In brackets the list that holds the call.
 */
enum call_state
{
	CALL_IDLE,					/* its owner's [none] */
	CALL_WAITING,				/* no connection of its lane is up [lane] */
	CALL_QUEUED,				/* for a connection [connection] */
	CALL_RUNNING,				/* sent to the database [batch] */
	CALL_DELAYED,				/* to be run again in a moment [lane] */
	CALL_STATES
};

struct call
{
	/* Set by the owner, once. */
	const struct call_owner *owner;
	struct pool *pool;			/* of the database it goes to */
	int64_t		arrived;		/* it is too late --call-timeout after that;
								 * microseconds, monotonic */
	bool		changes;		/* it takes locks; its owner may still want it
								 * cancelled (pool_forget) */
	bool		background;		/* of nobody who waits: no reason to keep a
								 * connection */

	/* For each call (parameters.h). */
	int			statement;		/* index into statements[], or NO_STATEMENT */

	/*
	 * Calls of one lane with the same key go to the same connection: a key
	 * made from the directory's handle keeps this gateway from waiting for
	 * locks of its own.  0: no preference.
	 */
	uint64_t	key;

	/*
	 * Handles of what it locks, as far as its arguments tell: none when it
	 * changes nothing, two for a RENAME between directories.  A batch keeps
	 * its locks to its end, so batches take them in one order (batch.h).
	 */
	struct bytes locks[2];
	int			lock_count;

	/*
	 * What tells the metadata store, where there are several: the handle of
	 * an object, or else the path of MOUNT.  With two handles both must be of
	 * one store.
	 */
	struct bytes handle;
	struct bytes other_handle;
	struct bytes path;

	/*
	 * An UNSTABLE write.  It is never put in one batch with calls that need
	 * a flush: a transaction of nothing but unstable writes commits without
	 * one.
	 */
	bool		unstable;

	/*
	 * About how many bytes the result will hold, when that is much (READ,
	 * READDIRPLUS): counts against the limits of batches and of its owner.
	 */
	size_t		result_size;

	const char *values[CALL_MAX_PARAMS];	/* NULL is SQL's NULL */
	int			lengths[CALL_MAX_PARAMS];

	/* The pool's. */
	enum call_state state;
	TAILQ_ENTRY(call) link;		/* of the list its state names */
	struct connection *connection;	/* QUEUED, RUNNING */
	PGresult   *result;			/* see committed */
	bool		alone;			/* in a transaction of its own from now on; the
								 * owner may say so, too */
	int			attempts;
	int64_t		due;			/* when a delayed one is queued again */

	/* Where its time went; microseconds, of all attempts. */
	int64_t		database_time;	/* in batches, the flush included */
	int64_t		flush_time;		/* as far as batches were sampled */
};

TAILQ_HEAD(call_list, call);

/* What may follow what; see call.c. */
extern const bool call_may_follow[CALL_STATES][CALL_STATES];

static inline void
call_set_state(struct call *call, enum call_state state)
{
	assert(call_may_follow[call->state][state]);
	call->state = state;
}

/* Clears the result it has of its own, if any. */
static inline void
call_clear(struct call *call)
{
	if (call->result != NULL)
		PQclear(call->result);
	call->result = NULL;
}

static inline bool
call_is_wanted(const struct call *call)
{
	return call->owner->wanted == NULL || call->owner->wanted(call);
}

/* A key from a handle.  Never 0. */
extern uint64_t call_key(const void *handle, size_t size);

#endif							/* DITTOFS_CALL_H */
