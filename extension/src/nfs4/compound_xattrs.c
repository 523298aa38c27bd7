/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_xattrs.c
 *	  GETXATTR, SETXATTR, LISTXATTRS, REMOVEXATTR (RFC 8276).
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/operations.h"

uint32
nfs4_getxattr(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_setxattr(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_listxattrs(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_removexattr(Compound *c)
{
	return FS_NOTSUPP;
}
