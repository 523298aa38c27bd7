/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_segments.h
 *	  The pieces that make up a range of a file, as prepare_read and merge_next
 *	  return them (extension/sql/README.md); assembles them.
 */
#ifndef DITTOFS_CONTENT_SEGMENTS_H
#define DITTOFS_CONTENT_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/call.h"

struct content_io;
struct database;

struct segments
{
	struct bytes segments;
	struct bytes data;			/* of those that are in the database */
	size_t		size;			/* of all together */
	bool		whole;			/* all of it is in the database */
};

/*
 * Looks through them.  False: they make no sense.  segments_take: what they
 * have in the database is in front of more data, and is taken from it.
 */
extern bool segments_open(struct segments *segments, struct bytes packed,
						  struct bytes data);
extern bool segments_take(struct segments *segments, struct bytes packed,
						  struct bytes *data);

enum segments_outcome
{
	SEGMENTS_READY,				/* to is filled, or will be: io->waits */
	SEGMENTS_UNKNOWN,			/* a store's number says nothing yet: again */
	SEGMENTS_NO_STORE			/* a store is not in our settings */
};

/*
 * Fills segments->size bytes at to.  offset: of the first in its file.
 * *store_id is that of the store of SEGMENTS_UNKNOWN and SEGMENTS_NO_STORE.
 */
extern enum segments_outcome segments_read(struct content_io *io,
										   const struct segments *segments,
										   char *to, uint64_t offset,
										   uint32_t *store_id);

/*
 * Has the worker's cache fetch the parts that are in stores, for no request
 * yet.
 */
extern void segments_fetch(struct database *database,
						   const struct segments *segments);

#endif							/* DITTOFS_CONTENT_SEGMENTS_H */
