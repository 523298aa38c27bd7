/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * leases4.c
 *	  Leases of clients of NFSv4.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/leases4.h"

uint32
lease4_time(void)
{
	return 90;
}
