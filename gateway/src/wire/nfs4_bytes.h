/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_bytes.h
 *	  Bytes of NFSv4, read and written: XDR, and the packed form of programs and
 *	  results (dittofs_compound.h).
 *
 * Both have big-endian integers.  They differ in opaques, which XDR pads to
 * four bytes, and in bitmaps, which have any number of words in XDR.
 *
 * Reading is by struct bytes_reader (row.h): what is not there clears ok and
 * gives zeros, so a caller checks once, at the end.  Writing goes to memory of
 * a region, which grows.
 */
#ifndef DITTOFS_NFS4_BYTES_H
#define DITTOFS_NFS4_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/region.h"
#include "db/call.h"
#include "db/row.h"
#include "dittofs_compound.h"

/*
 * Reading.
 */

static inline size_t
reader_left(const struct bytes_reader *in)
{
	return in->ok ? (size_t) (in->end - in->at) : 0;
}

/* Its length is in front of it; of XDR, of at most max bytes. */
extern struct bytes take_opaque(struct bytes_reader *in);
extern struct bytes take_xdr_opaque(struct bytes_reader *in, uint32_t max);

struct bitmap
{
	uint32_t	words[NFS4_BITMAP_WORDS];
	bool		beyond;			/* XDR had bits for which there is no word */
};

extern struct bitmap take_bitmap(struct bytes_reader *in);
extern struct bitmap take_xdr_bitmap(struct bytes_reader *in);

static inline bool
bitmap_has(const struct bitmap *bitmap, int bit)
{
	return bitmap->words[bit / 32] >> bit % 32 & 1;
}

/*
 * Writing.
 */

struct writer
{
	struct region *region;
	uint8_t    *start;
	uint8_t    *at;
	uint8_t    *end;
};

extern void writer_begin(struct writer *out, struct region *region,
						 size_t size);
extern void writer_grow(struct writer *out, size_t size);

static inline size_t
writer_size(const struct writer *out)
{
	return (size_t) (out->at - out->start);
}

static inline struct bytes
writer_bytes(const struct writer *out, size_t from)
{
	return (struct bytes) {(const char *) out->start + from,
						   (uint32_t) (writer_size(out) - from)};
}

/* Forgets what was written after there were so many bytes. */
static inline void
writer_back(struct writer *out, size_t size)
{
	out->at = out->start + size;
}

extern void add_bytes(struct writer *out, const void *data, size_t size);
/* Bytes that are written later. */
extern void add_room(struct writer *out, size_t size);
extern void add_uint32(struct writer *out, uint32_t value);
extern void add_uint64(struct writer *out, uint64_t value);
extern void add_opaque(struct writer *out, struct bytes value);
extern void add_xdr_opaque(struct writer *out, struct bytes value);
extern void add_xdr_padding(struct writer *out, size_t size);
extern void add_bitmap(struct writer *out, const struct bitmap *bitmap);
extern void add_xdr_bitmap(struct writer *out, const struct bitmap *bitmap);

/* Over what was written at this place. */
extern void set_uint32(struct writer *out, size_t place, uint32_t value);
extern void set_uint64(struct writer *out, size_t place, uint64_t value);

/* Bytes from the one to the other; those that are not there are none. */
extern void copy_bytes(struct writer *out, struct bytes_reader *in,
					   uint32_t size);

#endif							/* DITTOFS_NFS4_BYTES_H */
