/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * clients4.c
 *	  EXCHANGE_ID, DESTROY_CLIENTID, RECLAIM_COMPLETE: clients of NFSv4.1.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/operations.h"

uint32
nfs4_exchange_id(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_destroy_clientid(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_reclaim_complete(Compound *c)
{
	return FS_NOTSUPP;
}
