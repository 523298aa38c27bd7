/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_names.c
 *	  PUTFH, GETFH, LOOKUP, CREATE, REMOVE, RENAME, LINK and the like.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/operations.h"

uint32
nfs4_putfh(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_putrootfh(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_getfh(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_savefh(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_restorefh(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_lookup(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_lookupp(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_readlink(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_create(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_remove(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_rename(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_link(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_secinfo(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_secinfo_no_name(Compound *c)
{
	return FS_NOTSUPP;
}
