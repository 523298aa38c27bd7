/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_ahead.h
 *	  Reading ahead: blocks that a sequential reader will want, fetched from
 *	  the store before it asks.
 */
#ifndef DITTOFS_CONTENT_AHEAD_H
#define DITTOFS_CONTENT_AHEAD_H

#include "core/request.h"

#define AHEAD_STREAMS 64

/* A file that is being read, as far as one can tell from the last READs. */
struct ahead_stream
{
	uint64_t	key;			/* of its handle; 0: free */
	uint64_t	next;			/* where the last READ ended */
	uint64_t	fetched;		/* up to where we have read ahead */
	int			in_row;			/* READs in a row */
};

/* A READ of [offset, offset+count) of a file whose content is in a store. */
extern void ahead_note(struct request *request, struct bytes handle,
					   uint64_t offset, uint32_t count);

#endif							/* DITTOFS_CONTENT_AHEAD_H */
