/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_cache.c
 *	  The cache of chunks, and their fetching: see content_cache.h.
 */
#include "content/content_cache.h"
#include "content/store_queue.h"
#include "content/content_io.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "core/worker.h"

#include <stdlib.h>
#include <string.h>

/* Part of a chunk that is waited for. */
struct cache_waiter
{
	SLIST_ENTRY(cache_waiter) link;
	struct content_io *io;
	size_t		from;			/* in the chunk */
	size_t		size;
	char	   *to;
	uint64_t	offset;			/* in the file */
};

struct cache_chunk
{
	LIST_ENTRY(cache_chunk) bucket_link;
	TAILQ_ENTRY(cache_chunk) recent_link;	/* unless loading */
	bool		loading;
	uint8_t		hash[HASH_LEN];
	uint32_t	index;			/* in the block */
	uint32_t	size;
	SLIST_HEAD(, cache_waiter) waiters; /* while loading */
	char		data[];
};

/* Chunks in a row that come by one request of the store. */
struct cache_fetch
{
	struct content_job job;
	struct content_cache *cache;
	int			count;
	struct cache_chunk *chunks[CONTENT_CHUNKS_MAX];
	char	   *pieces[CONTENT_CHUNKS_MAX];
	uint8_t		sums[CONTENT_CHUNKS_MAX * SUM_LEN];
};

void
content_cache_init(struct content_cache *cache, struct worker *worker,
				   size_t limit)
{
	memset(cache, 0, sizeof(*cache));
	cache->worker = worker;
	cache->limit = limit;
	TAILQ_INIT(&cache->recent);
	for (int i = 0; i < CACHE_BUCKETS; i++)
		LIST_INIT(&cache->buckets[i]);
}

/* Hashes are as good as random. */
static struct cache_bucket *
bucket_of(struct content_cache *cache, const uint8_t *hash, uint32_t index)
{
	uint32_t	number;

	memcpy(&number, hash, sizeof(number));
	return &cache->buckets[(number + index) % CACHE_BUCKETS];
}

static struct cache_chunk *
find(struct content_cache *cache, const uint8_t *hash, uint32_t index)
{
	struct cache_chunk *chunk;

	LIST_FOREACH(chunk, bucket_of(cache, hash, index), bucket_link)
		if (chunk->index == index &&
			memcmp(chunk->hash, hash, HASH_LEN) == 0)
			return chunk;
	return NULL;
}

static void
forget(struct content_cache *cache, struct cache_chunk *chunk)
{
	LIST_REMOVE(chunk, bucket_link);
	if (!chunk->loading)
	{
		TAILQ_REMOVE(&cache->recent, chunk, recent_link);
		cache->bytes -= chunk->size;
	}
	free(chunk);
}

static void
make_room(struct content_cache *cache)
{
	while (cache->bytes > cache->limit)
		forget(cache, TAILQ_LAST(&cache->recent, cache_list));
}

void
content_cache_free(struct content_cache *cache)
{
	cache->limit = 0;
	make_room(cache);
}

/*
 * Fetching.
 */

static struct cache_fetch *
new_fetch(struct content_cache *cache, const struct content_range *range,
		  uint32_t index, int64_t deadline)
{
	struct cache_fetch *fetch = calloc(1, sizeof(*fetch));

	if (fetch == NULL)
		fatal("out of memory");
	fetch->cache = cache;
	fetch->job.operation = CONTENT_GET;
	fetch->job.store = range->store;
	fetch->job.worker = cache->worker;
	fetch->job.deadline = deadline;
	memcpy(fetch->job.hash, range->hash, HASH_LEN);
	fetch->job.length = range->length;
	fetch->job.from = index * CONTENT_CHUNK;
	fetch->job.pieces = fetch->pieces;
	fetch->job.sums = fetch->sums;
	return fetch;
}

/* One more chunk, behind those it has. */
static struct cache_chunk *
add_chunk(struct cache_fetch *fetch, const struct content_range *range,
		  uint32_t index)
{
	size_t		left = range->length - index * CONTENT_CHUNK;
	size_t		size = left < CONTENT_CHUNK ? left : CONTENT_CHUNK;
	struct cache_chunk *chunk = malloc(sizeof(*chunk) + size);

	if (chunk == NULL)
		fatal("out of memory");
	chunk->loading = true;
	memcpy(chunk->hash, range->hash, HASH_LEN);
	chunk->index = index;
	chunk->size = (uint32_t) size;
	SLIST_INIT(&chunk->waiters);
	LIST_INSERT_HEAD(bucket_of(fetch->cache, range->hash, index), chunk,
					 bucket_link);
	fetch->chunks[fetch->count] = chunk;
	fetch->pieces[fetch->count] = chunk->data;
	fetch->count++;
	fetch->job.size += size;
	return chunk;
}

/* The sums are the range's, which does not live as long as the fetch. */
static void
submit(struct cache_fetch *fetch, const struct content_range *range)
{
	size_t		first = fetch->job.from / CONTENT_CHUNK;
	size_t		last = first + (size_t) fetch->count - 1;
	size_t		skip = content_first_sum(first) -
		content_first_sum(range->from / CONTENT_CHUNK);

	memcpy(fetch->sums, range->sums + skip * SUM_LEN,
		   content_sums_between(first, last, range->length) * SUM_LEN);
	content_submit(&fetch->job);
}

/* A chunk is here, or never will be: those who wait for it hear of it. */
static void
serve_waiters(struct cache_fetch *fetch, struct cache_chunk *chunk)
{
	struct cache_waiter *waiter;

	while ((waiter = SLIST_FIRST(&chunk->waiters)) != NULL)
	{
		struct content_io *io = waiter->io;

		SLIST_REMOVE_HEAD(&chunk->waiters, link);
		if (fetch->job.outcome == CONTENT_OK)
			memcpy(waiter->to, chunk->data + waiter->from, waiter->size);
		else
			content_io_failed(io, &fetch->job, waiter->offset);
		content_io_done(io);
	}
}

static void
free_failed(struct cache_fetch *fetch)
{
	for (int i = 0; i < fetch->count; i++)
		free(fetch->chunks[i]);
	free(fetch);
}

/* A thread that hung has let go of the chunks, which are in no bucket. */
static void
fetch_ended(struct content_job *job)
{
	free_failed(container_of(job, struct cache_fetch, job));
}

static void
fetch_done(struct content_job *job)
{
	struct cache_fetch *fetch = container_of(job, struct cache_fetch, job);
	struct content_cache *cache = fetch->cache;

	/*
	 * Requests may go on, and read this cache, while waiters are served: so
	 * the chunks are in order before, and nothing is freed until all are
	 * served.
	 */
	for (int i = 0; i < fetch->count; i++)
	{
		struct cache_chunk *chunk = fetch->chunks[i];

		chunk->loading = false;
		if (job->outcome != CONTENT_OK)
			LIST_REMOVE(chunk, bucket_link);
		else
		{
			TAILQ_INSERT_HEAD(&cache->recent, chunk, recent_link);
			cache->bytes += chunk->size;
		}
	}
	for (int i = 0; i < fetch->count; i++)
		serve_waiters(fetch, fetch->chunks[i]);
	make_room(cache);
	if (job->lost)
		return;
	if (job->outcome != CONTENT_OK)
		free_failed(fetch);
	else
		free(fetch);
}

static void
add_waiter(struct cache_chunk *chunk, struct content_io *io, size_t from,
		   size_t size, char *to, uint64_t offset)
{
	struct cache_waiter *waiter = region_alloc(io->region, sizeof(*waiter));

	waiter->io = io;
	waiter->from = from;
	waiter->size = size;
	waiter->to = to;
	waiter->offset = offset;
	SLIST_INSERT_HEAD(&chunk->waiters, waiter, link);
	io->waits++;
}

void
content_cache_read(struct content_cache *cache,
				   const struct content_range *range, struct content_io *io,
				   char *to, uint64_t offset, int64_t deadline)
{
	size_t		end = range->from + range->size;
	uint32_t	first = (uint32_t) (range->from / CONTENT_CHUNK);
	struct cache_fetch *fetch = NULL;

	for (uint32_t i = first; i * CONTENT_CHUNK < end; i++)
	{
		size_t		begin = i * CONTENT_CHUNK;
		size_t		low = range->from > begin ? range->from - begin : 0;
		size_t		high = end - begin < CONTENT_CHUNK ? end - begin :
			CONTENT_CHUNK;
		struct cache_chunk *chunk = find(cache, range->hash, i);

		if (chunk != NULL && fetch != NULL)
		{
			submit(fetch, range);
			fetch = NULL;
		}
		if (io != NULL)
			metric_add(chunk != NULL ? METRIC_CACHE_HITS : METRIC_CACHE_MISSES,
					   1);
		if (chunk == NULL)
		{
			if (fetch == NULL)
			{
				fetch = new_fetch(cache, range, i, deadline);
				fetch->job.done = fetch_done;
				fetch->job.ended = fetch_ended;
			}
			chunk = add_chunk(fetch, range, i);
		}
		else if (!chunk->loading && TAILQ_FIRST(&cache->recent) != chunk)
		{
			TAILQ_REMOVE(&cache->recent, chunk, recent_link);
			TAILQ_INSERT_HEAD(&cache->recent, chunk, recent_link);
		}
		if (io == NULL)
			continue;
		if (chunk->loading)
			add_waiter(chunk, io, low, high - low,
					   to + begin + low - range->from,
					   offset + begin + low - range->from);
		else
			memcpy(to + begin + low - range->from, chunk->data + low,
				   high - low);
	}
	if (fetch != NULL)
		submit(fetch, range);
}
