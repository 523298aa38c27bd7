/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * content.h
 *	  The content of files, wherever it is: pages in the database, blocks in a
 *	  store.
 *
 * The inode's lock covers its content: a caller that changes content has locked
 * the inode.  These functions keep the members of the inode that describe its
 * content (used, external, memory_epoch, content_id); size and times are the
 * caller's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CONTENT_H
#define DITTOFS_CONTENT_H

#include "base/dittofs.h"

#include "lib/stringinfo.h"

#include "tables/blocks.h"
#include "tables/extents.h"
#include "tables/inodes.h"
#include "tables/shares.h"
#include "tables/stores.h"

/* IO: a crash has taken the content, which was in memory. */
extern Status content_check(const Inode *inode);

/* offset + count must not go past inode->size in these. */

/* Is some of it in a store, so that only a gateway can read it? */
extern bool content_elsewhere(const Inode *inode, int64 offset, int64 count);
extern bytea *content_read(const Inode *inode, int64 offset, int32 count);

typedef enum dittofs_source Source;

typedef struct Segment
{
	Source		source;
	Extent		extent;			/* start and length; of a block, all of it */
} Segment;

/* The place of each byte of a range. */
typedef struct ContentPlan
{
	int			n;
	int			room;
	Segment    *segments;		/* one after the other, no gap */
	int64		end;			/* of the last one */
	StringInfoData data;		/* of SOURCE_DATA, in order */
} ContentPlan;

extern void content_plan(const Inode *inode, int64 offset, int64 count,
						 ContentPlan *plan);
/* The same of the beginning of it that has max segments: up to plan->end. */
extern void content_plan_some(const Inode *inode, int64 offset, int64 count,
							  int max, ContentPlan *plan);
/* The form that gateways read: extension/sql/README.md, segments. */
extern bytea *plan_encode(const ContentPlan *plan);
extern bytea *plan_data(const ContentPlan *plan);

/*
 * Is there room for a write, within the limits of the share?  NOSPC.  to_store:
 * blocks are to be linked.
 */
extern Status content_room(const Share *share, const Inode *inode,
						   int64 offset, int64 count, bool to_store);

extern void content_write(const Share *share, Inode *inode,
						  int64 offset, const char *data, int64 count);
/* Makes blocks that stored_hold() holds the content from offset on. */
extern void content_link(const Share *share, Inode *inode, int64 offset,
						 int32 store_id, const BlockRef *refs, int n);
/* Makes n extents the content of [offset, end), all of which is theirs. */
extern void content_put_extents(const Share *share, Inode *inode, int64 offset,
								int64 end, const Extent *extents, int n);
/* Accounts for cut-off bytes of extents or pages that have been deleted. */
extern void content_forget_dead(Inode *inode, int64 dead);
/*
 * JUKEBOX: too much waits to be deleted; [from, to) cannot be cut out now.  to
 * is PG_INT64_MAX for all that follows.
 */
extern Status content_may_cut(const Inode *inode, int64 from, int64 to);
/*
 * Drops all bytes at and after size. mark is greater than in all earlier calls
 * for this inode.
 */
extern void content_truncate(const Share *share, Inode *inode, int64 size,
							 int64 mark);
/*
 * Makes [from, to) a hole, which may be as large as the file; mark: as above.
 */
extern void content_punch(const Share *share, Inode *inode, int64 from,
						  int64 to, int64 mark);
/* The same, at once, of a range that is not large. */
extern void content_clear(const Share *share, Inode *inode, int64 from,
						  int64 to);
/* Drops all content of an inode that is about to go. */
extern void content_remove(Inode *inode);
/*
 * Deletes queued content; returns how many pages and extents it has looked at,
 * which is little more than max.
 */
extern int64 content_reap(int64 max);

#endif							/* DITTOFS_CONTENT_H */
