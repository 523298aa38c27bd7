/* SPDX-License-Identifier: PostgreSQL */
/*
 * grants.h
 *	  The chores of locks: telling clients of locks that they have waited for,
 *	  and the database of clients that are alive.
 *
 * A lock that was granted to a waiting client lies in the database until its
 * client has confirmed it, and any gateway may tell: next_grants() hands a
 * grant out, and again after 0.5, 1, 2 and at last each 30 seconds.  So it does
 * not matter which gateway the unlock came to, nor whether that is still there.
 *
 * The gateway that has the address at which the client had called goes first,
 * since a Linux client takes the call from no other address; the others may a
 * moment later (next_grants).
 *
 * A gateway asks at once where a result says that locks were granted, three
 * times a second while it serves locks, and every five seconds otherwise.  So a
 * client waits for less than a second when the gateway that was to tell it is
 * killed.
 *
 * A client may refuse a grant (NLM_DENIED), and loses the lock.  But a Linux
 * client also says so in two other cases:
 *
 *	- it has been told before, took the lock, and its answer was lost.  So a
 *	  refusal counts only as the answer to the first call, as far as this
 *	  gateway knows; after that the client is taken to have the lock, since a
 *	  lock that is taken from its holder is damage, and one that is left is not
 *	- the call does not come from the address that it has mounted, that of a
 *	  balancer for instance.  Then the grant stays, for a gateway that has the
 *	  address, or until the client asks for the lock again, which it does by
 *	  itself every half minute
 */
#ifndef DITTOFS_GRANTS_H
#define DITTOFS_GRANTS_H

#include <stdbool.h>

#include "base/event.h"
#include "base/peer.h"

struct database;

/* Grants that were handed out here, and of which no client has heard. */
#define GRANTS_UNSENT_MAX 64

struct grants
{
	struct database *database;
	struct timer timer;			/* worker 0: the next look */
	int64_t		asked_at;		/* the last one */
	struct peer *own;			/* addresses of this gateway, */
	int			own_count;		/* or -1: too many to name them */
	int64_t		own_at;			/* as of then */
	struct timer seen;			/* which clients are alive */
	struct peer *present;		/* those that are to be told, */
	int			present_count;
	int			present_told;	/* and so many have been */
	bool		looking;		/* a chore asks for grants */
	bool		again;			/* and is to ask once more */
	int64_t		shy_until;		/* another gateway is to have its turn */
	struct
	{
		int64_t		id;
		int			times;
	}			unsent[GRANTS_UNSENT_MAX];	/* by id */
};

extern void grants_start(struct grants *grants, struct database *database);

/* Locks have been granted: who is to be told? */
extern void grants_look(struct database *database);

/* A call about locks has come: from now on they are looked after more often. */
extern void grants_note_locks(void);

#endif							/* DITTOFS_GRANTS_H */
