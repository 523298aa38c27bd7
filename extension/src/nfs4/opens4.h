/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * opens4.h
 *	  Opens of NFSv4, and the stateids that operations bring.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_OPENS4_H
#define DITTOFS_OPENS4_H

#include "nfs4/compound.h"
#include "tables/states4.h"

/* What an operation does with the file: bits of OPEN4_SHARE_ACCESS */
#define STATEID_READ	STATE4_READ
#define STATEID_WRITE	STATE4_WRITE

/*
 * stateids4.c
 */

/*
 * May the operation do that with this stateid, which compound_stateid() has
 * taken?  It is one of this client, of an open or a lock of this object (not
 * above the shares), and the open's mode allows the access: BAD_STATEID,
 * OLD_STATEID, OPENMODE.  special_ok: it may be one of the two that are no
 * open's, and then no open may deny the access: LOCKED.
 */
extern uint32 stateid_check(Compound *c, const Fh *fh, const Stateid *stateid,
							int access, bool special_ok);

/* The state that it stands for, of this client.  BAD_STATEID, OLD_STATEID */
extern uint32 stateid_find(const Compound *c, const Stateid *stateid,
						   State4 *state);
/* The same of the current filehandle's file. */
extern uint32 stateid_find_here(const Compound *c, const Stateid *stateid,
								State4 *state);
/* Locks what was found, and looks at it again.  Likewise */
extern uint32 stateid_lock(const Stateid *stateid, State4 *state);
extern void stateid_of(const State4 *state, Stateid *stateid);

/*
 * opens4.c, for clients4.c
 */

/* Has a client that has not ended opens or locks? */
extern bool nfs4_client_has_state(int64 client_id);
/*
 * Frees opens and locks of a client that has ended, max of them at most, and
 * returns how many it was: fewer than max says that nothing is left.
 */
extern int64 nfs4_free_client_state(int64 client_id, int64 max);

#endif							/* DITTOFS_OPENS4_H */
