/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * usage.h
 *	  Space accounting: the one module that touches dittofs.space_usage.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_USAGE_H
#define DITTOFS_USAGE_H

#include "base/dittofs.h"
#include "tables/shares.h"

/* Notes a change of this transaction; written with the inodes. */
extern void usage_add(int32 share_id, int64 bytes, int64 inodes);
/* Deletes the account of a share of which nothing is left. */
extern void usage_drop(int32 share_id);
/* The sums as the statement's snapshot has them. */
extern void usage_get(int32 share_id, int64 *bytes, int64 *inodes);

/*
 * May this transaction add so much, within the limits of the share?  The answer
 * is exact under concurrency: near a limit, a caller waits for earlier
 * uncommitted additions.  To be asked before the change, with its locks held.
 */
extern bool usage_room(const Share *share, int64 bytes, int64 inodes);

/* called by xact.c only, and before the sums are to be read in the same call */
extern void usage_end(void);
extern void usage_subabort(void);
extern void usage_flush(void);
extern void usage_forget(void);

#endif							/* DITTOFS_USAGE_H */
