/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_cache.h
 *	  Chunks of blocks that a worker has read from stores, and those it is
 *	  about to read.
 *
 * A block never changes, so what is here is true for ever, and was verified
 * when it came.  The chunks that were used last are kept, up to a number of
 * bytes.  Each worker has a cache of its own, like everything else.
 *
 * Two requests that want the same chunk at once cost one request of the
 * store: the second waits for the first one's.
 */
#ifndef DITTOFS_CONTENT_CACHE_H
#define DITTOFS_CONTENT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "content/content_backend.h"

struct content_store;
struct cache_chunk;
struct content_io;
struct worker;

LIST_HEAD(cache_bucket, cache_chunk);
TAILQ_HEAD(cache_list, cache_chunk);

#define CACHE_BUCKETS 1024

struct content_cache
{
	struct worker *worker;
	size_t		limit;
	size_t		bytes;			/* of chunks that are here */
	struct cache_list recent;	/* the chunk used last is the first */
	struct cache_bucket buckets[CACHE_BUCKETS];
};

/* Bytes [from, from+size) of a block. */
struct content_range
{
	struct content_store *store;
	uint8_t		hash[HASH_LEN];
	size_t		length;			/* of the block */
	size_t		from;
	size_t		size;
	const uint8_t *sums;		/* for the chunks it touches */
};

extern void content_cache_init(struct content_cache *cache,
							   struct worker *worker, size_t limit);
extern void content_cache_free(struct content_cache *cache);

/*
 * Copies the range to where it is wanted: now, as far as it is here, and
 * later (io->waits) as far as it is not.  offset: in the file, for the
 * log.  Without an io the chunks are only made to be here.
 */
extern void content_cache_read(struct content_cache *cache,
							   const struct content_range *range,
							   struct content_io *io, char *to,
							   uint64_t offset, int64_t deadline);

#endif							/* DITTOFS_CONTENT_CACHE_H */
