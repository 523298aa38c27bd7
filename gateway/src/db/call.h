/* SPDX-License-Identifier: PostgreSQL */
/*
 * call.h
 *	  A call of a database function, as its owner gives it to the pool.
 *
 * The owner names a statement and points at parameter values.  The pool decides
 * which connection makes the call, with which other calls it shares a commit,
 * and how often it is run again.  Parameters and results are binary throughout.
 * Values are not copied: as long as the pool has the call, they stay where the
 * owner has them, in a record (the data of a WRITE) or in a region (encoded
 * integers).
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
 * Each lane has connections of its own, so that neither a flush nor a megabyte
 * of data is in front of a GETATTR.
 */
enum lane
{
	LANE_READ,					/* changes nothing, small results */
	LANE_CHANGE,				/* waits for a flush at commit */
	LANE_BULK,					/* READ, WRITE, COMMIT; and the reaper */
	LANES
};

/*
 * A function, and the statements that each connection of its lane prepares when
 * it is opened: SELECT dittofs.f($1, $2), and for a wide one also SELECT
 * dittofs.f($1, $2), dittofs.f($3, $4), ... for several calls at once
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

/* A statement has one call, or if it is wide one of these numbers. */
#define CALL_WIDTHS		3
#define CALL_MAX_WIDTH	16
extern const int call_widths[CALL_WIDTHS];	/* from the largest to 1 */

/*
 * The text of the statement with so many calls, and its name in a session, in
 * the buffers given.
 */
#define STATEMENT_SQL_MAX	4096
#define STATEMENT_NAME_MAX	64
extern void statement_sql(const struct statement *statement, int calls,
						  char sql[STATEMENT_SQL_MAX]);
extern void statement_name(const struct statement *statement, int calls,
						   char name[STATEMENT_NAME_MAX]);

/*
 * The owner's functions, which the pool calls in the thread of its worker.  A
 * call ends by one of the first four, and belongs to its owner again, which may
 * submit it once more from there.
 */
#define CALL_NAME_MAX 384

struct call_owner
{
	/*
	 * The transaction is committed.  The call's record, or the rows of a set,
	 * is in this column of the result.  If call->result is not NULL it is that
	 * result, for the owner to clear.  Otherwise the result is shared with
	 * other calls, and gone when this returns.
	 */
	void		(*committed) (struct call *call, const PGresult *result,
							  int column);

	/* There is no result: FS_NOSPC, FS_IO, FS_ROFS or FS_SERVERFAULT. */
	void		(*failed) (struct call *call, uint32_t status);

	/* It took too long.  It may have been made, or still be. */
	void		(*too_late) (struct call *call);

	/* It was no longer wanted when the pool came to it. */
	void		(*dropped) (struct call *call);

	/* Is there a client that waits for it?  NULL: it is always wanted. */
	bool		(*wanted) (const struct call *call);

	/*
	 * The pool that it goes to, asked each time it is submitted.  NULL: the
	 * owner has dealt with the call, by pool_retry() for example.  Without this
	 * function: call->pool.
	 */
	struct pool *(*route) (struct call *call);

	/*
	 * Caller and function for the log: as text, in the buffer of CALL_NAME_MAX
	 * bytes, and as members of a JSON object.
	 */
	const char *(*name) (const struct call *call, char *buffer);
	json_t	   *(*members) (const struct call *call);
};

/*
 * Changed by call_set_state() alone, which has the table of what may follow
 * what.  In brackets the list that holds the call.
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
	bool		background;		/* no client waits for it: no reason to keep a
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
	 * Handles of the objects that it locks, as far as its arguments tell: none
	 * when it changes nothing, two for a RENAME between directories.  A batch
	 * keeps its locks to its end, so batches take them in one order (batch.h).
	 */
	struct bytes locks[2];
	int			lock_count;
	bool		any_kind;		/* ... which may be a directory or not */

	/*
	 * With several metadata stores, these name the right one: the handle of an
	 * object, or else the path of MOUNT.  With two handles both must be of one
	 * store.
	 */
	struct bytes handle;
	struct bytes other_handle;
	struct bytes path;

	/*
	 * An UNSTABLE write.  It never shares a batch with calls that need a flush:
	 * a transaction of unstable writes alone commits without one.
	 */
	bool		unstable;

	/*
	 * The approximate size of the result, when that is large (READ,
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

/* The allowed transitions; see call.c. */
extern const bool call_may_follow[CALL_STATES][CALL_STATES];

static inline void
call_set_state(struct call *call, enum call_state state)
{
	assert(call_may_follow[call->state][state]);
	call->state = state;
}

/* Clears the call's own result, if any. */
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
