/* SPDX-License-Identifier: PostgreSQL */
/*
 * region.h
 *	  One region of memory for each request, released in one place.
 *
 * Allocation moves a pointer; nothing is freed singly.  The first chunk comes
 * with the region (it is part of the request's own allocation), so that a
 * small call never reaches malloc; what does not fit gets a chunk of its own
 * from the heap.
 */
#ifndef DITTOFS_REGION_H
#define DITTOFS_REGION_H

#include <stddef.h>

/* Memory from the heap that a region can own; data is aligned to 8 bytes. */
struct region_chunk
{
	struct region_chunk *next;
	size_t		size;
	_Alignas(8) char data[];
};

struct region
{
	char	   *next;			/* first free byte of the current chunk */
	char	   *end;
	char	   *first;			/* the chunk that came with the region */
	char	   *first_end;
	struct region_chunk *chunks;	/* those from the heap */
	size_t		held;			/* bytes in them, for the limits */
};

extern void region_init(struct region *region, void *first, size_t size);

/*
 * Memory aligned to 8 bytes, not cleared, valid until region_reset.  Never
 * NULL: a daemon that bounds what it takes in has no better answer to an
 * empty heap than to stop.
 */
extern void *region_alloc(struct region *region, size_t size);

/* The same, with a copy of data in it. */
extern void *region_copy(struct region *region, const void *data, size_t size);

/* Everything allocated is gone; the first chunk is kept. */
extern void region_reset(struct region *region);

/*
 * A chunk outside any region, until one adopts it.  Resizing keeps the
 * contents and may move them.
 */
extern struct region_chunk *region_chunk_new(size_t size);
extern struct region_chunk *region_chunk_resize(struct region_chunk *chunk,
												size_t size);
extern void region_chunk_free(struct region_chunk *chunk);
extern void region_adopt(struct region *region, struct region_chunk *chunk);

#endif							/* DITTOFS_REGION_H */
