/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * opens4.c
 *	  OPEN, CLOSE, OPEN_DOWNGRADE; TEST_STATEID, FREE_STATEID, DELEGRETURN.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/opens4.h"
#include "nfs4/operations.h"

uint32
stateid_check(Compound *c, const Fh *fh, const Stateid *stateid, int access,
			  bool special_ok)
{
	return special_ok && (stateid_is_anonymous(stateid) ||
						  stateid_is_bypass(stateid)) ?
		NFS4_OK : NFS4ERR_BAD_STATEID;
}

uint32
nfs4_open(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_close(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_open_downgrade(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_test_stateid(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_free_stateid(Compound *c)
{
	return FS_NOTSUPP;
}

/* There are no delegations. */
uint32
nfs4_delegreturn(Compound *c)
{
	return NFS4ERR_BAD_STATEID;
}

bool
nfs4_client_has_state(int64 client_id)
{
	return false;
}

int64
nfs4_free_client_state(int64 client_id, int64 max)
{
	return 0;
}
