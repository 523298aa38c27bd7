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

/* A session, and the request that has come by it. */
struct Session4
{
	pg_uuid_t	id;
	int64		client_id;
	uint32		slots;
	uint32		max_operations;
	uint32		max_request;	/* these three in bytes of RPC */
	uint32		max_response;
	uint32		max_cached;

	uint32		slot;
	uint32		seqid;
};

#endif							/* DITTOFS_SESSIONS4_H */
