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

/* Of a block that is not empty. */
static inline int
block_sums(int32 length)
{
	return (length - 1) / SUM_CHUNK;
}

/* Is there such a store, and are blocks put into it, or is it only read? */
extern bool store_takes_blocks(int32 store_id);

/*
 * Takes packed blocks, of so many bytes, apart; their number, or -1: that is
 * none.  The references point into them.
 */
extern int	blocks_parse(const char *packed, int len, BlockRef refs[BLOCKS_MAX],
						 int64 *total);

/* What a gateway has to do for each block; those to be stored are noted. */
extern void stored_claim(int32 store_id, const BlockRef *refs, int n,
						 uint8 *needed);
/*
 * Keeps blocks from being deleted until the end of the transaction.  JUKEBOX:
 * one of them is not there, or on its way out.  INVAL: its length is another.
 */
extern Status stored_hold(int32 store_id, const BlockRef *refs, int n);
/* They are stored, and about to be referred to; after stored_hold(). */
extern void stored_mark(int32 store_id, const BlockRef *refs, int n);

/* Length and sums (nothing may be missing) of a block. */
extern int32 stored_get(int32 store_id, const uint8 *hash,
						uint8 sums[SUMS_MAX * SUM_LEN]);

#endif							/* DITTOFS_STORES_H */
