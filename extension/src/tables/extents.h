/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * extents.h
 *	  Extents: file content in blocks of a store; the one module that touches
 *	  dittofs.extents.
 *
 * An extent says that bytes [start, start + length) of a file are bytes [skip,
 * skip + length) of a block.  Extents of a file never overlap each other or the
 * file's pages.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_EXTENTS_H
#define DITTOFS_EXTENTS_H

#include "base/dittofs.h"
#include "tables/inodes.h"
#include "tables/rel.h"

/* An extent may be as long as a block: STORED_BLOCK_MAX. */
typedef struct Extent
{
	int64		start;
	int32		length;
	int32		store_id;
	int32		skip;
	uint8		hash[HASH_LEN];
	bool		dead;			/* it was cut off */
} Extent;

typedef struct ExtentScan
{
	RelScan		rs;
	int64		from;
	int64		to;
	int64		at;				/* extents that begin before are done */
	const Inode *inode;
	LOCKMODE	lockmode;
	bool		with_dead;		/* extents_next() returns cut-off ones, too */
	bool		is_open;		/* rs */
	bool		scanning;		/* ... by the index */
} ExtentScan;

/* Scans the extents that have bytes in [from, to), in their order. */
extern void extents_begin(ExtentScan *scan, const Inode *inode,
						  LOCKMODE lockmode, int64 from, int64 to);
extern bool extents_next(ExtentScan *scan, Extent *extent);
extern void extents_end(ExtentScan *scan);

/* The number of bytes of [from, to) that are in extents. */
extern int64 extents_bytes(const Inode *inode, int64 from, int64 to);
/*
 * Takes [from, to) out of all extents and puts n others there, in ascending
 * order; returns the number of bytes that it took out. dead and rows: blocks.h.
 * Cut-off extents there are deleted.
 */
extern int64 extents_put(const Inode *inode, int64 from, int64 to,
						 const Extent *by, int n, int64 *dead, int64 *rows);
/* As pages_sweep(). */
extern int64 extents_sweep(const pg_uuid_t *content_id, const Inode *inode,
						   int64 max, int64 *position, int64 *bytes);

#endif							/* DITTOFS_EXTENTS_H */
