/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * dropped.h
 *	  Shares that were dropped with their files: the one module that touches
 *	  dittofs.dropped_shares and dittofs.dropped_directories.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_DROPPED_H
#define DITTOFS_DROPPED_H

#include "base/dittofs.h"
#include "tables/shares.h"

/* Leaves all that is below the root of a share to dropped_reap(). */
extern void dropped_add(const Share *share);

/*
 * Deletes entries and inodes of dropped shares, max of them at most; returns
 * how many.  Within change_begin() and change_end().
 */
extern int64 dropped_reap(int64 max);

#endif							/* DITTOFS_DROPPED_H */
