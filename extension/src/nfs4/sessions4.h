/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * sessions4.h
 *	  Sessions of NFSv4.1: the one that a COMPOUND belongs to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SESSIONS4_H
#define DITTOFS_SESSIONS4_H

#include "nfs4/compound.h"

struct Session4
{
	uint8		id[NFS4_SESSION_ID_LEN];
	int64		client_id;
};

#endif							/* DITTOFS_SESSIONS4_H */
