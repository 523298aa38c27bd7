/*-------------------------------------------------------------------------
 *
 * extents.h
 *	  Extents: what of a file is in blocks of a store; the one module that
 *	  touches dittofs.extents.
 *
 * An extent says that bytes [start, start + length) of a file are bytes
 * [skip, skip + length) of a block.  Extents of a file do not overlap, nor do
 * they and what its pages hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_EXTENTS_H
#define DITTOFS_EXTENTS_H

#include "dittofs.h"
#include "rel.h"

/* A block of a store may be as long as this, and so may an extent. */
#define STORED_BLOCK_MAX	(4 * 1024 * 1024)
#define HASH_LEN			32

typedef struct Extent
{
	int64		start;
	int32		length;
	int32		store_id;
	int32		skip;
	uint8		hash[HASH_LEN];
} Extent;

typedef struct ExtentScan
{
	RelScan		rs;
	int64		from;
} ExtentScan;

/* The extents that have bytes in [from, to), in their order. */
extern void extents_begin(ExtentScan *scan, const pg_uuid_t *content_id,
						  LOCKMODE lockmode, int64 from, int64 to);
extern bool extents_next(ExtentScan *scan, Extent *extent);
extern void extents_end(ExtentScan *scan);

/* How many bytes of [from, to) are in extents. */
extern int64 extents_bytes(const pg_uuid_t *content_id, int64 from, int64 to);
/* Takes [from, to) out of all extents; returns how many bytes that were. */
extern int64 extents_cut(const pg_uuid_t *content_id, int64 from, int64 to);
extern void extents_add(const pg_uuid_t *content_id, const Extent *extent);
/* Deletes up to max extents; true when none is left. */
extern bool extents_delete(const pg_uuid_t *content_id, int64 max,
						   int64 *deleted);

#endif							/* DITTOFS_EXTENTS_H */
