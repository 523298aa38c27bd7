/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * lock_list.h
 *	  The byte-range locks and share modes of one file, as one packed value.
 *
 * This is algebra: it knows POSIX's rules for record locks and those of NLM's
 * share modes, and neither tables nor transactions.  It needs nothing of the
 * server, so test/unit and test/model link it as it is.  Memory comes from the
 * list's own allocator, and a list lives as long as a call.  Arrays that are
 * replaced are released, since a request may let in hundreds of waiters, at a
 * file with thousands of locks.
 *
 * A caller decodes a value, drops the clients that are dead (their life is not
 * the one in lock_clients any more), makes one request, and encodes the list
 * again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_LOCK_LIST_H
#define DITTOFS_LOCK_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dittofs_contract.h"

#define LOCK_CLIENT_ID_LEN	16
/* A range that ends here goes to the end of the file, however long it gets. */
#define LOCK_TO_END			UINT64_MAX
/* Unlocking looks at all of them, and at all locks for each. */
#define LOCK_WAITING_MAX	256

typedef struct LockClient
{
	uint8_t		id[LOCK_CLIENT_ID_LEN];
	int64_t		life;
} LockClient;

typedef struct LockOwner
{
	int			client;			/* index into clients */
	uint32_t	len;
	const uint8_t *name;
} LockOwner;

typedef struct LockRange
{
	uint64_t	start;
	uint64_t	end;			/* the last byte */
	bool		exclusive;
} LockRange;

/* As NLM has it: 0 goes to the end of the file. */
static inline uint64_t
lock_range_length(const LockRange *range)
{
	return range->end == LOCK_TO_END ? 0 : range->end - range->start + 1;
}

/* Times are in seconds since 1970. */
typedef struct HeldLock
{
	int			owner;			/* index into owners */
	LockRange	range;
	int64_t		since;
} HeldLock;

/* What a gateway wants back with the grant. */
typedef struct LockWait
{
	const uint8_t *bytes;		/* NULL: the request does not wait */
	uint32_t	len;
} LockWait;

typedef struct WaitingLock
{
	int			owner;
	LockRange	range;
	int64_t		since;
	LockWait	wait;
} WaitingLock;

/*
 * A lock that was granted to a waiter, whose client has not confirmed it.
 * Should the client refuse, its owner gets back what it held in the range
 * before.  So until then nothing is taken from the owner: what it has locked
 * exclusively stays so where it waited for a shared lock.
 */
typedef struct UntoldLock
{
	int64_t		id;				/* of lock_grants; 0: it has none yet */
	int			owner;
	LockRange	range;
	LockRange  *before;
	int			nbefore;
	bool		touched;		/* the owner has changed some of it since */
	LockWait	wait;			/* of one without an id */
} UntoldLock;

/* NLM's fsh_access and fsh_mode: bit 1 reading, bit 2 writing. */
typedef struct ShareMode
{
	int			owner;
	int			access;
	int			deny;
	int64_t		since;
} ShareMode;

typedef struct LockList
{
	void	   *(*alloc) (size_t size);
	void		(*release) (void *bytes);	/* NULL: nothing is released */
	bool		noted_waiting;	/* as it was stored: a request waits */

	LockClient *clients;
	int			nclients;
	LockOwner  *owners;
	int			nowners;
	HeldLock   *held;			/* by their starts; an owner's are disjoint */
	int			nheld;
	WaitingLock *waiting;		/* the oldest first */
	int			nwaiting;
	UntoldLock *untold;
	int			nuntold;
	ShareMode  *shares;
	int			nshares;

	/* ids of untold locks that there are no more */
	int64_t    *forgotten;
	int			nforgotten;
	int			granted;		/* waiters that this request has let in */
} LockList;

typedef enum LockOutcome
{
	LOCK_GRANTED,
	LOCK_DENIED,
	LOCK_BLOCKED,
	LOCK_NO_LOCKS,				/* too many waiters, or another limit */
	LOCK_DEADLOCK				/* lock_cycle.h: no list alone knows it */
} LockOutcome;

/* The request that is in the way; its owner is in the list. */
typedef struct LockHolder
{
	int			owner;
	LockRange	range;
} LockHolder;

/* Memory for n of them and one more, for none would be no bytes. */
#define LOCK_LIST_ALLOC(list, Type, n) \
	((Type *) (list)->alloc((size_t) ((n) + 1) * sizeof(Type)))

/* lock_pack.c */
extern void lock_list_init(LockList *list, void *(*alloc) (size_t size));

/*
 * False: the bytes are damaged.  The list points into the bytes, which must
 * stay.  Whatever they are, nothing outside of them is read, and no more is
 * allocated than in proportion to len.
 */
extern bool lock_list_decode(LockList *list, void *(*alloc) (size_t size),
							 const void *bytes, size_t len);
/* The packed value, with clients and owners that something refers to. */
extern uint8_t *lock_list_encode(const LockList *list, size_t *len);
/* lock_list.c: is there neither lock nor waiter nor share? */
extern bool lock_list_empty(const LockList *list);
/* What no request can have made: conflicts, duplicates.  NULL: it is sound. */
extern const char *lock_list_trouble(const LockList *list);

/* -1: it is not in the list. */
extern int	lock_list_find_client(const LockList *list, const uint8_t *id);
extern int	lock_list_find_owner(const LockList *list, const uint8_t *client_id,
								 const void *name, uint32_t len);
/* Adds client and owner where they are not there yet. */
extern int	lock_list_owner(LockList *list, const LockClient *client,
							const void *name, uint32_t len);

/* Everything of the client goes. */
extern void lock_list_drop_client(LockList *list, int client);
/* Locks, waiters and shares of each client: what its limit counts. */
extern void lock_list_count(const LockList *list, int *counts);

/*
 * Requests.  Each lets in the waiters that nothing is in the way of any more.
 * Of an owner < 0 (one that the list does not have) nothing is held.
 */

/* DENIED or BLOCKED: holder says by what. */
extern LockOutcome lock_list_lock(LockList *list, int owner,
								  const LockRange *range, LockWait wait,
								  int64_t now, LockHolder *holder);
extern void lock_list_unlock(LockList *list, int owner, uint64_t start,
							 uint64_t end, int64_t now);
/* True: it was waiting, or its grant untold, and is so no more. */
extern bool lock_list_cancel(LockList *list, int owner, const LockRange *range,
							 int64_t now);
/* GRANTED or DENIED; changes nothing. */
extern LockOutcome lock_list_test(const LockList *list, int owner,
								  const LockRange *range, LockHolder *holder);
/*
 * The owners that are in the way of a request behind so many that wait, with
 * repetitions; there is room for nheld + nwaiting of them.  Returns how many.
 */
extern int	lock_list_blockers(const LockList *list, int owner,
							   const LockRange *range, int behind,
							   int *owners);
/* What the client says of a grant.  False: there is none of that id. */
extern bool lock_list_told(LockList *list, int64_t id, bool accepted,
						   int64_t now);
/*
 * Takes all a client has, or (-1) all that is held but nothing that waits.
 * Returns how many locks and shares went.
 */
extern int	lock_list_break(LockList *list, int client, int64_t now);
/* Lets in who can be let in, after lock_list_drop_client(). */
extern void lock_list_admit(LockList *list, int64_t now);

extern LockOutcome lock_list_share(LockList *list, int owner, int access,
								   int deny, int64_t now, LockHolder *holder);
extern void lock_list_unshare(LockList *list, int owner);

#endif							/* DITTOFS_LOCK_LIST_H */
