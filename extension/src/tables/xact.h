/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * xact.h
 *	  The frame of every operation, and the work at the transaction's end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_XACT_H
#define DITTOFS_XACT_H

#include "base/pgcompat.h"

#include "utils/snapshot.h"

typedef enum Durability
{
	CHANGE_DURABLE,				/* the commit flushes: all of the namespace */
	CHANGE_UNSTABLE				/* it need not: unstable writes, atimes */
} Durability;

/*
 * Brackets of an operation that changes something. change_begin() refuses
 * read-only transactions. change_end() writes dirty rows (in a gateway's
 * session, that waits for the commit) and makes them visible to the
 * transaction's next command.
 */
extern void change_begin(const char *function, Durability durability);

/*
 * The same for an operation that first asks reply_find() whether it is the
 * repetition of a call that has been made: a transaction that is read-only by
 * now can still return the stored reply. change_is_new(), which reply_find()
 * calls where it finds nothing, refuses it.
 */
extern void change_begin_once(const char *function, Durability durability);
extern void change_end(void);

/*
 * The same bracket for an operation that stores nothing and only wants the
 * commit to flush: a database that has been set read-only must still make
 * stable what it acknowledged before.
 */
extern void flush_begin(const char *function);

/*
 * Brackets many operations of one function: their changes are written every now
 * and then, and at the end.  So an inode that many of them change is written
 * seldom, and memory does not grow with their number (each version of a row
 * that the transaction has replaced costs some bytes to its end).  Between two
 * operations, call change_gather_step().
 */
extern void change_gather_begin(void);
extern void change_gather_step(void);
extern void change_gather_end(void);

/*
 * For background passes: does work in a subtransaction, after everything that
 * was pending has been written.  False: it has failed, nothing of it happened,
 * and error says why.  The caller can put its object off and go on with
 * another.  Errors that are not about the object (a lock time-out, a
 * cancellation, a shutdown) are thrown again.  A failure forgets which inodes
 * are locked.
 */
extern bool change_attempt(void (*work) (void *arg), void *arg, char **error);
/*
 * The time to put off work that has failed so often: a minute, two, ... up to a
 * day.
 */
#define PUT_OFF_MS(failures) \
	(Min(INT64CONST(60000) << Min((failures), 11), INT64CONST(86400000)))

extern void xact_init(void);

#endif							/* DITTOFS_XACT_H */
