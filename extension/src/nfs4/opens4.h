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

/* What an operation does with the file: bits of OPEN4_SHARE_ACCESS */
#define STATEID_READ	1
#define STATEID_WRITE	2

/*
 * May the operation do that with this stateid, which compound_stateid() has
 * taken?  It is one of this client, of an open or a lock of this object (not
 * above the shares), and the open's mode allows the access: BAD_STATEID,
 * OLD_STATEID, OPENMODE.  special_ok: it may be one of the two that are no
 * open's, and then no open may deny the access: LOCKED.
 */
extern uint32 stateid_check(Compound *c, const Fh *fh, const Stateid *stateid,
							int access, bool special_ok);

/*
 * For clients4.c, inside nfs4_sql_begin() (leases4.h).  Has a client that has
 * not ended opens or locks?
 */
extern bool nfs4_client_has_state(int64 client_id);
/*
 * Frees opens and locks of a client that has ended, max of them at most, and
 * returns how many it was: fewer than max says that nothing is left.
 */
extern int64 nfs4_free_client_state(int64 client_id, int64 max);

#endif							/* DITTOFS_OPENS4_H */
