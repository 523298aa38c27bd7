/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * xact.h
 *	  The frame around every operation, and what happens at the transaction's
 *	  end.
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
 * Brackets of an operation that changes something.  change_begin() refuses
 * read-only transactions; change_end() writes what became dirty (in a
 * gateway's session, that waits for the commit) and makes it visible to the
 * transaction's next command.
 */
extern void change_begin(const char *function, Durability durability);

/*
 * The same for an operation that asks reply_find() first, whether it is the
 * repetition of one that has been made: a transaction that is read-only by now
 * can still tell its outcome.  It is refused by change_is_new(), which
 * reply_find() calls where it finds nothing.
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
 * Brackets of many operations of one function: what they change is written
 * every now and then, and at the end.  So an inode that many of them change is
 * written seldom, and what each leaves in memory (a version of a row that the
 * transaction itself has replaced costs some bytes to its end) is not in
 * proportion to them. To be called between two operations:
 * change_gather_step().
 */
extern void change_gather_begin(void);
extern void change_gather_step(void);
extern void change_gather_end(void);

/*
 * For background passes: does work in a subtransaction, after everything that
 * was pending has been written.  False: it has failed, nothing of it happened,
 * and error says why; so whatever it was about can be put off, and something
 * else be done.  What does not lie in what it was about (a lock time-out, a
 * cancellation, a shutdown) is thrown again.  Locked inodes are forgotten when
 * it fails.
 */
extern bool change_attempt(void (*work) (void *arg), void *arg, char **error);
/* By a minute, two, ... up to a day: for what has failed so often before. */
#define PUT_OFF_MS(failures) \
	(Min(INT64CONST(60000) << Min((failures), 11), INT64CONST(86400000)))

extern void xact_init(void);

#endif							/* DITTOFS_XACT_H */
