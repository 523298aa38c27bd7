/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * shares_admin.h
 *	  What the functions of administrators that concern shares have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SHARES_ADMIN_H
#define DITTOFS_SHARES_ADMIN_H

#include "base/dittofs.h"

#include "tables/inodes.h"
#include "tables/shares.h"

/* The share that argument arg names; an ERROR if there is none. */
extern const Share *share_argument(FunctionCallInfo fcinfo, int arg);

/* Makes the root directory, inside a change (xact.h). */
extern Inode *share_make_root(const Share *share, uint32 uid, uint32 gid,
							  int32 mode);

/* Tells with a NOTICE if no client can make a file in a root like this one. */
extern void share_notice_unwritable(const Share *share, uint32 uid, uint32 gid,
									int mode);

#endif							/* DITTOFS_SHARES_ADMIN_H */
