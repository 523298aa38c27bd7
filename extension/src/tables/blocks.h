/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * blocks.h
 *	  Pages: file content in the database; the one module that touches
 *	  dittofs.blocks and dittofs.blocks_memory.
 *
 * The row of a page holds the bytes that were written there; bytes without a
 * row are in an extent, or are a hole.  Operations call content.h, not this.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_BLOCKS_H
#define DITTOFS_BLOCKS_H

#include "base/dittofs.h"
#include "tables/inodes.h"
#include "tables/rel.h"
#include "tables/shares.h"

/* Bytes [from, to) of a page, which are at that place of its data. */
typedef struct Piece
{
	int32		from;
	int32		to;
	int32		at;
} Piece;

typedef struct FilePage
{
	int64		number;
	int64		start;			/* its first byte in the file */
	int32		length;			/* of its data: the sum of its pieces */
	bool		plain;			/* one piece, which begins with the page */
	bool		dead;			/* it was cut off: it has no pieces */
	int			n;
	Piece	   *pieces;			/* ascending, apart from each other */
	Piece		first;
	Datum		data;			/* the scan's, as it is stored */
	struct varlena *whole;		/* the same, once it was fetched; or NULL */
} FilePage;

typedef struct PageScan
{
	RelScan		rs;
	Relation	heap;			/* of the page; open until pages_end() */
	int64		from;
	const Inode *inode;
	bool		with_dead;		/* pages_next() returns cut-off ones, too */
	LOCKMODE	lockmode;
	int64		then;			/* from there on, in the other table; 0: done */
	int64		last;

	/* where pages are noted (churn.h): one after the other */
	bool		recalls;
	bool		is_open;		/* rs */
	bool		scanning;		/* ... by the index, up to this page: */
	int64		until;
	int64		at;				/* the next page to look for */
} PageScan;

/* Scans the pages with a row that have bytes of [from, to), in their order. */
extern void pages_begin(PageScan *scan, const Inode *inode, LOCKMODE lockmode,
						int64 from, int64 to);
extern bool pages_next(PageScan *scan, FilePage *page);
extern void pages_end(PageScan *scan);
/* Where the page with the byte at offset begins. */
extern int64 pages_floor(int64 offset);
/* Bytes [from, to) of a page, which must be within piece i. */
extern void page_copy(FilePage *page, int i, int32 from, int32 to, char *out);

/*
 * These return the number of bytes by which the data has grown or shrunk,
 * without cut-off bytes; dead grows by the cut-off bytes that were in the way.
 *
 * fill: bytes before the written ones in a page of their own are zeros, not a
 * hole (which makes simpler rows).
 */
extern int64 pages_write(const Share *share, const Inode *inode, int64 offset,
						 const char *data, int64 count, bool fill, int64 *dead);
/*
 * rows, if not NULL: examines at most so many; less than 0 afterwards: there
 * are more.
 */
extern int64 pages_cut(const Share *share, const Inode *inode,
					   int64 from, int64 to, int64 *rows);
/*
 * Moves pages of a locked inode, up to max, to the other table.  True: all of
 * them are moved.
 */
extern bool pages_move(Inode *inode, bool to_memory, int64 max);
/* The number of bytes that pages_write() would add. */
extern int64 pages_growth(const Inode *inode, int64 offset, int64 count,
						  bool fill);
/*
 * Deletes pages from byte position on; of an inode (not NULL), those that were
 * cut off.  Examines at most max rows and returns their number; position is
 * then the place to go on, PG_INT64_MAX at the end. bytes grows by the deleted
 * bytes of the inode.
 */
extern int64 pages_sweep(bool memory, const pg_uuid_t *content_id,
						 const Inode *inode, int64 max, int64 *position,
						 int64 *bytes);

#endif							/* DITTOFS_BLOCKS_H */
