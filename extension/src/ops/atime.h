/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * atime.h
 *	  Access times, by the share's policy.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_ATIME_H
#define DITTOFS_ATIME_H

#include "tables/inodes.h"
#include "tables/shares.h"

/*
 * The inode was read.  Sets its access time where the policy asks for it, also
 * in the struct; never waits for a lock and never fails a read.
 */
extern void atime_touch(const Share *share, Inode *inode);

#endif							/* DITTOFS_ATIME_H */
