/*-------------------------------------------------------------------------
 *
 * stores.h
 *	  Blocks in stores: the one module that touches dittofs.stored_blocks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_STORES_H
#define DITTOFS_STORES_H

#include "dittofs.h"
#include "extents.h"

/*
 * Sums: the state of SHA-256 after each SUM_CHUNK bytes of a block but its
 * last ones (gateway/src/content_sums.c).  Who checks a chunk needs the sum
 * before it, unless it is the first, and its own, unless it is the last.
 */
#define SUM_LEN		32
#define SUM_CHUNK	(128 * 1024)
#define SUMS_MAX	(STORED_BLOCK_MAX / SUM_CHUNK - 1)

/* So many blocks in one call: 1 MiB of smallest ones, and room. */
#define BLOCKS_MAX	64

/* A block as a gateway names it (extension/sql/README.md, blocks). */
typedef struct BlockRef
{
	const uint8 *hash;
	const uint8 *sums;
	int32		length;
} BlockRef;

typedef enum BlockNeed
{
	NEED_NOTHING,				/* it is stored */
	NEED_UPLOAD,
	NEED_PATIENCE				/* it is being deleted */
} BlockNeed;

/* Of a block that is not empty. */
static inline int
block_sums(int32 length)
{
	return (length - 1) / SUM_CHUNK;
}

extern bool store_exists(int32 store_id);

/* Takes packed blocks apart; their number, or -1: that is none. */
extern int	blocks_parse(const bytea *packed, BlockRef refs[BLOCKS_MAX],
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
