/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_attrs.c
 *	  GETATTR, SETATTR, VERIFY, NVERIFY, ACCESS, READDIR.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/operations.h"

uint32
nfs4_access(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_getattr(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_setattr(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_verify(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_nverify(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_readdir(Compound *c)
{
	return FS_NOTSUPP;
}
