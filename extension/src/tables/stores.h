/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * stores.h
 *	  Blocks in stores: the one module that touches dittofs.stored_blocks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_STORES_H
#define DITTOFS_STORES_H

#include "base/dittofs.h"
#include "tables/extents.h"

/* A block as a gateway names it (extension/sql/README.md, blocks). */
typedef struct BlockRef
{
	const uint8 *hash;
	const uint8 *sums;
	int32		length;
} BlockRef;

typedef enum dittofs_need BlockNeed;

/* The number of midstates of a block, which is not empty. */
static inline int
block_sums(int32 length)
{
	return (length - 1) / SUM_CHUNK;
}

/* Does the store exist, and does it take blocks, or is it only read? */
extern bool store_takes_blocks(int32 store_id);

/*
 * Unpacks the references to blocks from len bytes.  Returns their number, or -1
 * if they are malformed.  The references point into packed.
 */
extern int	blocks_parse(const char *packed, int len, BlockRef refs[BLOCKS_MAX],
						 int64 *total);

/*
 * Claims blocks that are to be stored, and says what a gateway has to do for
 * each.
 */
extern void stored_claim(int32 store_id, const BlockRef *refs, int n,
						 uint8 *needed);
/*
 * Keeps blocks from being deleted until the end of the transaction.  JUKEBOX:
 * one of them does not exist, or is being deleted.  INVAL: its length differs.
 */
extern Status stored_hold(int32 store_id, const BlockRef *refs, int n);
/*
 * Marks them as stored, because a file is about to refer to them; after
 * stored_hold().
 */
extern void stored_mark(int32 store_id, const BlockRef *refs, int n);

/* Length and midstates of a block, all of which must exist. */
extern int32 stored_get(int32 store_id, const uint8 *hash,
						uint8 sums[SUMS_MAX * SUM_LEN]);

#endif							/* DITTOFS_STORES_H */
