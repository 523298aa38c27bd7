/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * locks4.c
 *	  LOCK, LOCKT, LOCKU.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/operations.h"

uint32
nfs4_lock(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_lockt(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_locku(Compound *c)
{
	return FS_NOTSUPP;
}
