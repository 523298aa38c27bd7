/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * content_seek.c
 *	  Data and holes of a file, and how much of it there is.
 *
 * Data is what has rows, pages or extents, and a hole what has none.  The rows
 * of both tables are looked at side by side, in the order of their bytes, and
 * rows that were cut off among them: these are a hole, but take time.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "tables/blocks.h"
#include "tables/content_seek.h"
#include "tables/extents.h"

/* Rows that a call looks at: 160 MiB of pages, or 20 GB of blocks. */
#define SEEK_ROWS 20000

typedef struct Rows
{
	int64		left;			/* so many may be looked at */
	bool		stopped;		/* there are none left */
	bool		scans_pages;
	bool		scans_extents;
	bool		has_page;
	bool		has_extent;
	int			piece;			/* the next one of the page */
	PageScan	pages;
	FilePage	page;
	ExtentScan	extents;
	Extent		extent;
} Rows;

/* May another row be looked at? */
static bool
take(Rows *rows)
{
	if (rows->left-- > 0)
		return true;
	rows->stopped = true;
	return false;
}

/* The next piece of a page; has_page says whether there is one. */
static void
next_piece(Rows *rows)
{
	rows->piece++;
	while (rows->has_page && rows->piece >= rows->page.n)
	{
		rows->piece = 0;
		rows->has_page = take(rows) && pages_next(&rows->pages, &rows->page);
	}
}

static void
next_extent(Rows *rows)
{
	do
	{
		rows->has_extent =
			take(rows) && extents_next(&rows->extents, &rows->extent);
	} while (rows->has_extent && rows->extent.dead);
}

static void
rows_begin(Rows *rows, const Inode *inode, int64 from, int64 to)
{
	memset(rows, 0, sizeof(*rows));
	rows->left = SEEK_ROWS;
	rows->scans_pages = rows->has_page = inode_has_pages(inode);
	rows->scans_extents = inode->external > 0;
	if (rows->scans_pages)
	{
		pages_begin(&rows->pages, inode, AccessShareLock, from, to);
		rows->pages.with_dead = true;
		next_piece(rows);
	}
	if (rows->scans_extents)
	{
		extents_begin(&rows->extents, inode, AccessShareLock, from, to);
		rows->extents.with_dead = true;
		next_extent(rows);
	}
}

/* The next stretch that is of one row. */
static bool
next_stretch(Rows *rows, int64 *start, int64 *end)
{
	int64		piece = 0;

	if (rows->has_page)
		piece = rows->page.start + rows->page.pieces[rows->piece].from;
	if (rows->has_extent && (!rows->has_page || rows->extent.start < piece))
	{
		*start = rows->extent.start;
		*end = rows->extent.start + rows->extent.length;
		next_extent(rows);
		return true;
	}
	if (!rows->has_page)
		return false;
	*start = piece;
	*end = rows->page.start + rows->page.pieces[rows->piece].to;
	next_piece(rows);
	return true;
}

static void
rows_end(Rows *rows)
{
	if (rows->scans_pages)
		pages_end(&rows->pages);
	if (rows->scans_extents)
		extents_end(&rows->extents);
}

/* The first byte that a page has from offset on, or may have. */
static int64
first_in_pages(const Inode *inode, int64 offset)
{
	PageScan	scan;
	FilePage	page;
	int64		found = PG_INT64_MAX;

	pages_begin(&scan, inode, AccessShareLock, offset, inode->size);
	scan.with_dead = true;
	for (int64 n = 0; found == PG_INT64_MAX && pages_next(&scan, &page); n++)
	{
		if (n == SEEK_ROWS)
			found = Max(page.start, offset);
		for (int i = 0; i < page.n && found == PG_INT64_MAX; i++)
			if (page.start + page.pieces[i].to > offset)
				found = Max(page.start + page.pieces[i].from, offset);
	}
	pages_end(&scan);
	return found;
}

static int64
first_in_extents(const Inode *inode, int64 offset)
{
	ExtentScan	scan;
	Extent		extent;
	int64		found = PG_INT64_MAX;

	extents_begin(&scan, inode, AccessShareLock, offset, inode->size);
	scan.with_dead = true;
	for (int64 n = 0; found == PG_INT64_MAX && extents_next(&scan, &extent);
		 n++)
		if (n == SEEK_ROWS || !extent.dead)
			found = Max(extent.start, offset);
	extents_end(&scan);
	return found;
}

static int64
seek_data(const Inode *inode, int64 offset)
{
	int64		found = PG_INT64_MAX;

	if (inode_has_pages(inode))
		found = first_in_pages(inode, offset);
	if (inode->external > 0)
		found = Min(found, first_in_extents(inode, offset));
	return found < inode->size ? found : -1;
}

static int64
seek_hole(const Inode *inode, int64 offset)
{
	Rows		rows;
	int64		start;
	int64		end;
	int64		at = offset;	/* up to here it is data */

	rows_begin(&rows, inode, offset, inode->size);
	while (!rows.stopped && next_stretch(&rows, &start, &end) && start <= at)
		at = Max(at, end);
	if (rows.stopped)
		at = inode->size;		/* what is not known is no hole */
	rows_end(&rows);
	return Min(at, inode->size);
}

int64
content_seek(const Inode *inode, int64 offset, bool hole)
{
	return hole ? seek_hole(inode, offset) : seek_data(inode, offset);
}

void
content_weigh(const Inode *inode, int64 from, int64 to, int64 max,
			  ContentWeight *weight)
{
	memset(weight, 0, sizeof(*weight));
	if (from >= to)
		return;
	if (inode_has_pages(inode))
	{
		PageScan	scan;
		FilePage	page;

		pages_begin(&scan, inode, AccessShareLock, from, to);
		scan.with_dead = true;
		while (weight->pages < max && pages_next(&scan, &page))
		{
			weight->pages++;
			weight->bytes += page.dead ? 0 : page.length;
		}
		pages_end(&scan);
	}
	if (inode->external > 0)
	{
		ExtentScan	scan;
		Extent		extent;

		extents_begin(&scan, inode, AccessShareLock, from, to);
		scan.with_dead = true;
		while (weight->extents < max && extents_next(&scan, &extent))
		{
			weight->extents++;
			weight->bytes += extent.dead ? 0 :
				Min(extent.start + extent.length, to) - Max(extent.start, from);
		}
		extents_end(&scan);
	}
}
