/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_data.c
 *	  READ, WRITE, COMMIT, and what NFSv4.2 has besides.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/operations.h"

uint32
nfs4_read(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_write(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_write_blocks(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_commit(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_allocate(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_deallocate(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_seek(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_read_plus(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_copy(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_clone(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_io_advise(Compound *c)
{
	return FS_NOTSUPP;
}
