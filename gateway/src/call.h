/*
 * call.h
 *	  The call of a database function, as a procedure hands it to the pool.
 *
 * A procedure names a statement and points at parameter values; the pool
 * decides which connection it goes to, with which other calls it shares a
 * commit, and how often it is run again.  Parameters and results are binary
 * throughout.  Values are not copied: they lie in the request's record (the
 * data of a WRITE) or in its region (encoded integers) and stay valid while
 * the request lives.
 */
#ifndef DITTOFS_CALL_H
#define DITTOFS_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * The table is in statements.c, in the order of the enum in statements.h.
 * One entry is the core's: STATEMENT_REAP, dittofs.reap(bigint), LANE_BULK.
 */
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

struct call
{
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
	 * READDIRPLUS): counts against the limits as long as the request lives.
	 */
	size_t		result_size;

	const char *values[CALL_MAX_PARAMS];	/* NULL is SQL's NULL */
	int			lengths[CALL_MAX_PARAMS];
};

/* A key from a handle.  Never 0. */
extern uint64_t call_key(const void *handle, size_t size);

#endif							/* DITTOFS_CALL_H */
