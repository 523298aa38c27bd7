/*-------------------------------------------------------------------------
 *
 * blocks.h
 *	  Pages: the content of files that is in the database; the one module that
 *	  touches dittofs.blocks and dittofs.blocks_memory.
 *
 * The row of a page holds the bytes that were written there; what no row holds
 * is in an extent, or is a hole.  content.h is what the operations call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_BLOCKS_H
#define DITTOFS_BLOCKS_H

#include "dittofs.h"
#include "inodes.h"
#include "rel.h"
#include "shares.h"

/* A page of a file fills one of the table; 17 of them hold 128 KiB. */
#define PAGE_BYTES		8064
#define GROUP_BYTES		(128 * 1024)
#define GROUP_PAGES		17

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
	int			n;
	Piece	   *pieces;			/* ascending, apart from each other */
	Piece		first;
	Datum		data;			/* the scan's, as it is stored */
	struct varlena *whole;		/* the same, once it was fetched; or NULL */
} FilePage;

typedef struct PageScan
{
	RelScan		rs;
} PageScan;

/* The pages with a row that have bytes of [from, to), in their order. */
extern void pages_begin(PageScan *scan, const Inode *inode, LOCKMODE lockmode,
						int64 from, int64 to);
extern bool pages_next(PageScan *scan, FilePage *page);
extern void pages_end(PageScan *scan);
/* Bytes [from, to) of a page, which must be within piece i. */
extern void page_copy(FilePage *page, int i, int32 from, int32 to, char *out);

/*
 * These return by how many bytes the data has grown or shrunk.
 *
 * fill: what lies before the written bytes in a page of its own is zeros, and
 * no hole (which makes simpler rows).
 */
extern int64 pages_write(const Share *share, const Inode *inode, int64 offset,
						 const char *data, int64 count, bool fill);
extern int64 pages_cut(const Share *share, const Inode *inode,
					   int64 from, int64 to);
/* All pages of a locked inode go to the other table; it is then in that one. */
extern void pages_move(const Inode *inode, bool to_memory);
/* How many bytes pages_write() would add. */
extern int64 pages_growth(const Inode *inode, int64 offset, int64 count,
						  bool fill);
/* Deletes up to max pages; true when none is left. */
extern bool pages_delete(bool memory, const pg_uuid_t *content_id, int64 max,
						 int64 *deleted);

#endif							/* DITTOFS_BLOCKS_H */
