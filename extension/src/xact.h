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

#include "pgcompat.h"

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
extern void change_end(void);

/*
 * Writes inodes and entries now, and makes them visible to a snapshot taken
 * after it, for who must look at the tables themselves.
 */
extern void change_write_now(void);

/* Is this transaction, as far as it has come, one that changes something? */
extern bool change_is_under_way(void);

/*
 * Do changes of this transaction wait for its commit, or will those to come?
 * A setting that was taken back in its midst does not end that.
 */
extern bool changes_wait(void);

/* Say that the operation that began as unstable needs its flush after all. */
extern void change_needs_flush(void);

/*
 * Replaces the active snapshot of change_begin() by one taken now: what was committed
 * before a lock was granted is visible in it.
 */
extern void snapshot_renew(void);

/*
 * How many transactions had ended when the active snapshot of change_begin() was
 * taken: two with the same number, of one transaction, see the same rows of others.
 * 0: not known.
 */
extern uint64 snapshot_commits(void);

/* Nanoseconds since the epoch, now. */
extern int64 fs_now(void);

extern void xact_init(void);

#endif							/* DITTOFS_XACT_H */
