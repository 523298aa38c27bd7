/* SPDX-License-Identifier: PostgreSQL */
/*
 * record.h
 *	  Record marking (RFC 5531, section 11): a stream of bytes to records.
 *
 * Bytes come in pieces of any size, records in fragments of any size.  A
 * record that lies whole in one piece, as nearly all small calls do, is
 * handed out where it is; any other is collected in a chunk that the
 * request's region can adopt.
 *
 * A reader holds no memory between records, so an idle client costs none.
 */
#ifndef DITTOFS_RECORD_H
#define DITTOFS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/region.h"

/* The top bit of a mark is "last fragment", the others are its length. */
#define RECORD_LAST 0x80000000u
#define RECORD_MARK_SIZE 4

struct record_reader
{
	size_t		limit;			/* of a record, without its marks */
	uint8_t		mark[RECORD_MARK_SIZE];
	unsigned	mark_have;		/* bytes of the mark so far; 4: in a fragment */
	bool		last;			/* this fragment ends the record */
	size_t		left;			/* bytes of this fragment still to come */
	struct region_chunk *chunk;	/* what was collected, or NULL */
	size_t		size;			/* bytes collected */
};

enum record_outcome
{
	RECORD_MORE,				/* the input is used up */
	RECORD_COMPLETE,			/* here is one; there may be more input */
	RECORD_NEEDS_ROOM,			/* it will need room_wanted() bytes */
	RECORD_TOO_LARGE			/* over the limit: the stream is lost */
};

struct record
{
	const char *data;			/* in the input, or in the chunk */
	size_t		size;
	struct region_chunk *chunk;	/* the receiver's from now on, or NULL */
};

extern void record_reader_init(struct record_reader *reader, size_t limit);
extern void record_reader_reset(struct record_reader *reader);

/*
 * Take input from *data on, *size bytes, and move both past what was taken.
 *
 * RECORD_NEEDS_ROOM comes before the first byte of a record is collected.
 * The receiver decides whether it can have that much memory now, and answers
 * with record_make_room; until then nothing more is taken.
 */
extern enum record_outcome record_next(struct record_reader *reader,
									   const char **data, size_t *size,
									   struct record *record);

/*
 * Bytes a record that has begun will need: its length when one fragment is
 * all of it.  The length of a record in several fragments is unknown, and
 * two half-collected ones could wait for each other's room, so it is the
 * limit.
 */
extern size_t record_room_wanted(const struct record_reader *reader);
extern void record_make_room(struct record_reader *reader, size_t size);

/*
 * Where the next bytes of the fragment being collected belong, so that a
 * large one can be received in place: NULL if none is.  record_received says
 * how many arrived there; the record may be complete then, which record_next
 * (with no input) finds out.
 */
extern char *record_target(struct record_reader *reader, size_t *size);
extern void record_received(struct record_reader *reader, size_t size);

/* Was RECORD_NEEDS_ROOM the last answer, and no room made since? */
extern bool record_needs_room(const struct record_reader *reader);

/* Is a record begun and not complete? */
extern bool record_begun(const struct record_reader *reader);

#endif							/* DITTOFS_RECORD_H */
