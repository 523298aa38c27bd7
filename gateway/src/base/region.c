/* SPDX-License-Identifier: PostgreSQL */
/*
 * region.c
 *	  Memory of a request: allocated piece by piece, released at once.
 *
 * A full record of a big WRITE is received straight into a chunk before
 * there is a request for it, and the request's region adopts that chunk: the
 * data is copied once, by the kernel.
 */
#include "base/region.h"
#include "base/log.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef DITTOFS_FUZZ
#define ALIGNED(size) (((size) + 7) & ~(size_t) 7)

/* A chunk made for small allocations; larger ones get what they need. */
#define CHUNK_SIZE 4096
#else

/*
 * Under the fuzzers each piece is a block of exactly its size, so that
 * AddressSanitizer sees what goes beyond it.
 */
#define ALIGNED(size) (size)
#define CHUNK_SIZE 0
#endif

struct region_chunk *
region_chunk_new(size_t size)
{
	struct region_chunk *chunk = malloc(sizeof(*chunk) + ALIGNED(size));

	if (chunk == NULL)
		fatal("out of memory (%zu bytes)", size);
	chunk->next = NULL;
	chunk->size = ALIGNED(size);
	return chunk;
}

struct region_chunk *
region_chunk_resize(struct region_chunk *chunk, size_t size)
{
	chunk = realloc(chunk, sizeof(*chunk) + ALIGNED(size));
	if (chunk == NULL)
		fatal("out of memory (%zu bytes)", size);
	chunk->size = ALIGNED(size);
	return chunk;
}

void
region_chunk_free(struct region_chunk *chunk)
{
	free(chunk);
}

void
region_init(struct region *region, void *first, size_t size)
{
	region->first = first;
#ifdef DITTOFS_FUZZ
	size = 0;
#endif
	region->first_end = (char *) first + (size & ~(size_t) 7);
	region->chunks = NULL;
	region->held = 0;
	region->next = region->first;
	region->end = region->first_end;
}

void
region_adopt(struct region *region, struct region_chunk *chunk)
{
	chunk->next = region->chunks;
	region->chunks = chunk;
	region->held += chunk->size;
}

void *
region_alloc(struct region *region, size_t size)
{
	struct region_chunk *chunk;
	void	   *result;

	size = ALIGNED(size);
	if (size <= (size_t) (region->end - region->next))
	{
		result = region->next;
		region->next += size;
		return result;
	}

	/*
	 * A large piece gets a chunk of its own and leaves the current one to
	 * the small pieces that follow.
	 */
	if (size >= CHUNK_SIZE / 2)
	{
		chunk = region_chunk_new(size);
		region_adopt(region, chunk);
		return chunk->data;
	}

	chunk = region_chunk_new(CHUNK_SIZE);
	region_adopt(region, chunk);
	region->next = chunk->data + size;
	region->end = chunk->data + chunk->size;
	return chunk->data;
}

void *
region_copy(struct region *region, const void *data, size_t size)
{
	void	   *copy = region_alloc(region, size);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

void
region_reset(struct region *region)
{
	struct region_chunk *chunk;

	while ((chunk = region->chunks) != NULL)
	{
		region->chunks = chunk->next;
		free(chunk);
	}
	region_init(region, region->first, region->first_end - region->first);
}
