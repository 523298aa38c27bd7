/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * lock_clients.h
 *	  Clients that have locks, and their lives: the one module that touches
 *	  dittofs.lock_clients, and dittofs.lock_passes where a life ends.
 *
 * A client of NLM is a name at an address, a client of NFSv4 a number; each in
 * one share.  Its locks say in which of
 * its lives they were made; those of a life that has ended are none.  So a
 * client that has rebooted loses all its locks by a change of one row.  Numbers
 * of lives come from a sequence and are never used again.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_LOCK_CLIENTS_H
#define DITTOFS_LOCK_CLIENTS_H

#include "base/dittofs.h"

#include "tables/shares.h"

/* What a client is known by. */
typedef struct LockClientName
{
	const Share *share;
	const Caller *caller;		/* whose address it is */
	int64		client4;		/* its number in NFSv4; 0: it is one of NLM */
	const char *name;			/* in NLM */
	int			len;
} LockClientName;

extern void lock_client_id(const LockClientName *client, pg_uuid_t *id);

/*
 * The life of a client as this transaction sees it; 0: there is no such client,
 * so what says to be its lock is none.
 */
extern int64 lock_client_life(const pg_uuid_t *id);

/*
 * The same of a client that asks for a lock: it is known from now on (written
 * when it has one).  A state (NSM) that is newer than the one last seen says
 * that it has rebooted: its old life ends.  0 says nothing.
 */
extern int64 lock_client_enter(const LockClientName *client,
							   const pg_uuid_t *id, int32 state);

/*
 * Notes what a client that is alive has gained or lost.  max: no more than so
 * many of them are to be there when this transaction commits; 0: it does not
 * matter.
 */
extern void lock_client_add(const pg_uuid_t *id, int64 locks, int64 max);
/* Its number in NFSv4; 0: it is one of NLM, or none. */
extern int64 lock_client_number4(const pg_uuid_t *id);
/* Lives are looked up anew, unless a change is under way. */
extern void lock_clients_refresh(void);
/* How many it has, with those of this transaction. */
extern int64 lock_client_locks(const pg_uuid_t *id);

/*
 * Ends the life of a client; state: the one last seen, from now on; 0: as it
 * was.  False: there is no such client.
 */
extern bool lock_client_end(const pg_uuid_t *id, int32 state);
/* The state last seen, or 0. */
extern int32 lock_client_state(const pg_uuid_t *id);

/*
 * Clients of NLM that this transaction has met and not written yet, which no
 * statement sees.  What the callback may keep of them is the id.
 */
typedef void (*LockClientCallback) (const pg_uuid_t *id, const char *name,
									int len, const Caller *caller, void *arg);

extern void lock_client_foreach_new(LockClientCallback callback, void *arg);

/* called by xact.c only */
extern void lock_clients_flush(void);
extern void lock_clients_forget(void);

#endif							/* DITTOFS_LOCK_CLIENTS_H */
