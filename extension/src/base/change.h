/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * change.h
 *	  Tells the state of the change that is under way: its time, its snapshot,
 *	  and what its transaction has begun.
 *
 * The modules of tables, which the frame of an operation (xact.h) calls, ask
 * here instead of calling the frame.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CHANGE_H
#define DITTOFS_CHANGE_H

#include "base/pgcompat.h"

/* Of the current transaction; xact.c alone writes it. */
typedef struct ChangeState
{
	bool		pending;		/* something may be waiting for the commit */
	bool		deferred;		/* an operation has left it to the commit */
	bool		attempting;		/* in change_attempt(), which owns all writes */
	const char *once;			/* function of the last change_begin_once() */
} ChangeState;

extern ChangeState change_state;

/* Nanoseconds since the epoch, now. */
extern int64 fs_now(void);

/* Is this transaction, as far as it has come, one that changes something? */
static inline bool
change_is_under_way(void)
{
	return change_state.pending;
}

/*
 * Do changes of this transaction wait for its commit, or will those to come?
 * A setting that was taken back in its midst does not end that.
 */
extern bool changes_wait(void);

/*
 * Would change_begin() refuse, because this is inside a savepoint of a
 * gateway's session?  What only reads must not fail for its access time.
 */
extern bool change_would_fail(void);

/* Refuses a read-only transaction, after change_begin_once(). */
extern void change_is_new(void);

/* Makes the snapshot of a change the active one; for change_begin(). */
extern void snapshot_push(void);

/*
 * Replaces the active snapshot of change_begin() by one taken now: what was
 * committed before a lock was granted is visible in it.
 */
extern void snapshot_renew(void);

/*
 * The same, and what this change has done so far is visible in it, too: for a
 * change that touches the same rows twice.
 */
extern void snapshot_step(void);

/*
 * How many transactions had ended when the active snapshot of change_begin()
 * was taken: two with the same number, of one transaction, see the same rows of
 * others. 0: not known.
 */
extern uint64 snapshot_commits(void);

/* At the transaction's end; for xact.c. */
extern void snapshot_forget(void);

#endif							/* DITTOFS_CHANGE_H */
