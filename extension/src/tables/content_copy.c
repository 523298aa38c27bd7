/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * content_copy.c
 *	  Copies content from file to file.
 *
 * Bytes in pages are copied, blocks of a store are shared: the target gets an
 * extent of the same block.  Nothing else has to hold the block.  The source is
 * locked, so its extent is there until ours is: a pass that looks for
 * references sees one of them, or both (gc.c looks with one snapshot).
 *
 * One piece is what a WRITE and a READ may be, or more where no bytes are
 * moved.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "base/change.h"
#include "tables/content.h"
#include "tables/content_copy.h"

/* One piece, in bytes: with pages, and of blocks alone. */
#define PIECE_PAGES		TRANSFER_MAX
#define PIECE_BLOCKS	(INT64CONST(64) * STORED_BLOCK_MAX)
/* ... and in stretches. */
#define PIECE_SEGMENTS	1024

/* Only gateways can read what is in another store. */
static bool
can_share(const Share *share, const Extent *extent)
{
	return share_fills_store(share) && extent->store_id == share->store_id;
}

Status
content_may_copy(const Share *share, const Inode *source, int64 from, int64 to)
{
	ExtentScan	scan;
	Extent		extent;
	Status		status = FS_OK;

	if (source->external == 0 || from >= to)
		return FS_OK;
	extents_begin(&scan, source, AccessShareLock, from, to);
	while (status == FS_OK && extents_next(&scan, &extent))
		if (!can_share(share, &extent))
			status = FS_XDEV;
	extents_end(&scan);
	return status;
}

int64
content_piece(const Inode *source, int64 count)
{
	return Min(count, inode_has_pages(source) ? PIECE_PAGES : PIECE_BLOCKS);
}

int64
content_copy(const Share *share, Inode *target, int64 to, const Inode *source,
			 int64 from, int64 count, bool is_clear)
{
	ContentPlan plan;
	Extent	   *extents;
	const char *data;

	content_plan_some(source, from, content_piece(source, count),
					  PIECE_SEGMENTS, &plan);
	extents = palloc(sizeof(Extent) * plan.n);
	data = plan.data.data;
	for (int i = 0; i < plan.n;)
	{
		const Segment *segment = &plan.segments[i];
		int64		at = to + (segment->extent.start - from);
		int64		end = at + segment->extent.length;
		int			n = 0;

		switch (segment->source)
		{
			case SOURCE_ZEROS:
				if (!is_clear)
					content_clear(share, target, at, end);
				i++;
				break;
			case SOURCE_DATA:
				content_write(share, target, at, data, segment->extent.length);
				data += segment->extent.length;
				i++;
				break;
			case SOURCE_BLOCK:
				end = at;
				for (; i < plan.n && plan.segments[i].source == SOURCE_BLOCK;
					 i++)
				{
					extents[n] = plan.segments[i].extent;
					extents[n].start = end;
					end += extents[n++].length;
				}
				content_put_extents(share, target, at, end, extents, n);
				break;
		}
		/* the next one may be in the same page */
		snapshot_step();
	}
	inode_pages_went(target);
	pfree(extents);
	pfree(plan.data.data);
	pfree(plan.segments);
	return plan.end - from;
}
