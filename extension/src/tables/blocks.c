/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * blocks.c
 *	  Pages: the content of files that is in the database.
 *
 * A row holds the bytes of its page up to the last one ever written there: a
 * small file takes a small row, a hole takes none.  This is the form of a file
 * whose content is all in the database.  If a part of it is in a store, a byte
 * that was not written is not zero but the store's; then the column ranges
 * lists the bytes of the page that the row has, and data has just these, one
 * range after the other.  When the content comes back to the database, ranges
 * that are not NULL stay, and cost only a few bytes.
 *
 * No byte lies beyond the file's size, so a file that grows again shows zeros.
 *
 * A page is as large as a row can be without TOAST: 8,064 bytes, except that
 * every 128 KiB begin with one (16 of 8,064 bytes and one of 2,048).  With rows
 * of 128 KiB a write of 4 KiB would write all of it, and its WAL, anew; and
 * TOAST's chunks of 2 KiB would make four times as many index entries.
 *
 * The pages of a file are all in one table.  Moving them to the other table
 * takes time in proportion to the pages, so it is done in slices.  Meanwhile
 * pages that begin before a byte are in one table, the rest in the other.
 * inode->moved is that byte, if they move from memory to blocks, and less than
 * 0 if they move the other way; in both cases the inode has a memory_epoch.
 *
 * A page that is written again and again while an old snapshot is open has an
 * entry of the index for each version.  Pages where a scan has passed many are
 * noted (churn.h), and looked for one by one, without the index.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/detoast.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/toast_compression.h"
#include "access/toast_internals.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "tables/blocks.h"
#include "tables/churn.h"
#include "tables/memory.h"

enum
{
	COL_CONTENT_ID,
	COL_BLOCK,
	COL_DATA,
	COL_RANGES,
	COL_CUT,
	NCOLS
};

/* Less is not worth compressing. */
#define COMPRESS_MIN 512

#define WORK_BYTES (4 * PAGE_BYTES)

/* With so many bytes a row has a page of the table to itself, or nearly. */
#define FULL_ROW (PAGE_BYTES * 3 / 4)

/* Stretches up to so many pages are noted, and looked for in what was noted. */
#define CHURN_PAGES 1024

/*
 * Geometry
 */

/* Which page has the byte at offset. */
static int64
page_of(int64 offset)
{
	return offset / GROUP_BYTES * GROUP_PAGES +
		offset % GROUP_BYTES / PAGE_BYTES;
}

static int64
page_start(int64 number)
{
	return number / GROUP_PAGES * GROUP_BYTES +
		number % GROUP_PAGES * PAGE_BYTES;
}

static int32
page_size(int64 number)
{
	return number % GROUP_PAGES < GROUP_PAGES - 1 ? PAGE_BYTES :
		GROUP_BYTES % PAGE_BYTES;
}

int64
pages_floor(int64 offset)
{
	return page_start(page_of(offset));
}

/*
 * Reading
 */

static void
begin_scan(PageScan *scan, bool memory, const pg_uuid_t *content_id,
		   LOCKMODE lockmode, int64 first, int64 last)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(content_id));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(first));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(last));
	rel_scan_begin(&scan->rs, memory ? REL_BLOCKS_MEMORY : REL_BLOCKS, lockmode,
				   GetActiveSnapshot(), keys, 3);
}

static int64
split_of(const Inode *inode)
{
	return inode->moved < 0 ? -inode->moved : inode->moved;
}

static bool
in_memory(const Inode *inode, int64 number)
{
	if (inode->moved == 0)
		return inode->memory_epoch != 0;
	return (number < page_of(split_of(inode))) == (inode->moved < 0);
}

/*
 * Pages that are noted.
 */

typedef struct PageKey
{
	const pg_uuid_t *content_id;
	int64		number;
} PageKey;

static bool
is_page(TupleTableSlot *slot, const void *arg)
{
	const PageKey *key = (const PageKey *) arg;

	return DatumGetInt64(slot->tts_values[COL_BLOCK]) == key->number &&
		memcmp(DatumGetUUIDP(slot->tts_values[COL_CONTENT_ID]), key->content_id,
			   UUID_LEN) == 0;
}

static bool
is_known_absent(const Churn *churn, const Inode *inode)
{
	return churn != NULL && !ItemPointerIsValid(&churn->tid) &&
		!IsolationIsSerializable() && churn->era == inode_era(&inode->id);
}

static RelName
table_of(const Inode *inode, int64 number)
{
	return in_memory(inode, number) ? REL_BLOCKS_MEMORY : REL_BLOCKS;
}

/* The row of a page is at tid now; NULL: there is none any more. */
static void
note_page(Relation heap, const Inode *inode, int64 number,
		  const ItemPointerData *tid)
{
	RelName		table;

	if (likely(!churn_any))
		return;
	table = rel_name(RelationGetRelid(heap));
	if (churn_find(table, &inode->content_id, number) != NULL)
		churn_note(table, &inode->content_id, number, tid,
				   tid != NULL ? 0 : inode_era(&inode->id));
}

static void
close_stretch(PageScan *scan)
{
	if (scan->is_open)
		rel_scan_end(&scan->rs);
	if (scan->scanning)
		scan->at = scan->until + 1;
	scan->is_open = scan->scanning = false;
}

/*
 * Opens what there is of the next page, or a scan up to the next one that is
 * noted.
 */
static void
open_stretch(PageScan *scan)
{
	const Inode *inode = scan->inode;
	RelName		table = table_of(inode, scan->at);
	Churn	   *churn = churn_find(table, &inode->content_id, scan->at);
	PageKey		key = {&inode->content_id, scan->at};

	if (is_known_absent(churn, inode))
	{
		scan->at++;
		return;
	}
	if (churn != NULL && ItemPointerIsValid(&churn->tid) &&
		rel_fetch(&scan->rs, table, scan->lockmode, GetActiveSnapshot(),
				  &churn->tid, is_page, &key))
	{
		churn->tid = scan->rs.slot->tts_tid;
		scan->is_open = true;
		scan->at++;
		return;
	}
	scan->until = scan->at;
	while (scan->until < scan->last &&
		   churn_find(table, &inode->content_id, scan->until + 1) == NULL)
		scan->until++;
	begin_scan(scan, table == REL_BLOCKS_MEMORY, &inode->content_id,
			   scan->lockmode, scan->at, scan->until);
	scan->is_open = scan->scanning = true;
}

/* As next_row(), where pages are noted. */
static bool
recall_row(PageScan *scan)
{
	while (!scan->scanning || !rel_scan_next(&scan->rs))
	{
		close_stretch(scan);
		if (scan->at > scan->last)
			return false;
		open_stretch(scan);
		if (scan->is_open && !scan->scanning)
			return true;
	}
	return true;
}

void
pages_begin(PageScan *scan, const Inode *inode, LOCKMODE lockmode,
			int64 from, int64 to)
{
	int64		first = page_of(from);
	int64		split = page_of(split_of(inode));

	scan->inode = inode;
	scan->with_dead = false;
	scan->lockmode = lockmode;
	scan->from = from;
	scan->last = page_of(to - 1);
	scan->then = first < split && split <= scan->last ? split : 0;
	scan->recalls = churn_any && scan->then == 0 &&
		scan->last - first < CHURN_PAGES;
	if (unlikely(scan->recalls))
	{
		scan->heap = rel_open(table_of(inode, first), lockmode);
		scan->is_open = scan->scanning = false;
		scan->at = first;
		return;
	}
	begin_scan(scan, in_memory(inode, first), &inode->content_id, lockmode,
			   first, scan->then > 0 ? split - 1 : scan->last);
	scan->heap = scan->rs.heap;
}

static bool
scan_row(PageScan *scan)
{
	if (unlikely(scan->recalls))
		return recall_row(scan);
	if (rel_scan_next(&scan->rs))
		return true;
	if (scan->then == 0)
		return false;
	rel_scan_end(&scan->rs);
	begin_scan(scan, in_memory(scan->inode, scan->then),
			   &scan->inode->content_id, scan->lockmode, scan->then,
			   scan->last);
	scan->heap = scan->rs.heap;
	scan->then = 0;
	return rel_scan_next(&scan->rs);
}

static bool
next_row(PageScan *scan)
{
	if (!scan_row(scan))
		return false;
	if (unlikely(scan->rs.passed >= CHURN_MIN) &&
		scan->last - page_of(scan->from) < CHURN_PAGES)
		churn_note(rel_name(RelationGetRelid(scan->heap)),
				   &scan->inode->content_id,
				   DatumGetInt64(scan->rs.slot->tts_values[COL_BLOCK]),
				   &scan->rs.slot->tts_tid, 0);
	return true;
}

static bool
row_is_dead(const PageScan *scan, int64 start)
{
	return inode_is_cut(scan->inode, start,
						scan->rs.slot->tts_isnull[COL_CUT] ?
							0 :
							DatumGetInt64(scan->rs.slot->tts_values[COL_CUT]));
}

static void
corrupt(const FilePage *page)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("block " INT64_FORMAT " of a file is not what its row says",
					page->number)));
}

/* ranges: int32 from, to for each, in network order. */
static void
decode_ranges(FilePage *page, Datum datum)
{
	bytea	   *ranges = DatumGetByteaPP(datum);
	const char *in = VARDATA_ANY(ranges);
	int32		at = 0;
	int32		end = -1;

	page->n = VARSIZE_ANY_EXHDR(ranges) / 8;
	if (page->n == 0)
		corrupt(page);
	page->pieces = palloc(sizeof(Piece) * page->n);
	for (int i = 0; i < page->n; i++)
	{
		Piece	   *piece = &page->pieces[i];
		uint32		word;

		memcpy(&word, in + 8 * i, 4);
		piece->from = (int32) pg_ntoh32(word);
		memcpy(&word, in + 8 * i + 4, 4);
		piece->to = (int32) pg_ntoh32(word);
		piece->at = at;
		if (piece->from <= end || piece->to <= piece->from ||
			piece->to > page_size(page->number))
			corrupt(page);
		end = piece->to;
		at += piece->to - piece->from;
	}
	if (at != page->length)
		corrupt(page);
}

bool
pages_next(PageScan *scan, FilePage *page)
{
	Datum	   *values;

	do
	{
		if (!next_row(scan))
			return false;
		CHECK_FOR_INTERRUPTS();
		values = scan->rs.slot->tts_values;
		page->number = DatumGetInt64(values[COL_BLOCK]);
		page->start = page_start(page->number);
		page->dead = row_is_dead(scan, page->start);
	} while (page->dead && !scan->with_dead);
	page->data = values[COL_DATA];
	page->length = (int32) toast_raw_datum_size(page->data) - VARHDRSZ;
	page->whole = NULL;
	page->plain = page->dead || scan->rs.slot->tts_isnull[COL_RANGES];
	if (page->dead)
		page->n = 0;
	else if (page->plain)
	{
		page->n = 1;
		page->pieces = &page->first;
		page->first.from = page->first.at = 0;
		page->first.to = page->length;
	}
	else
		decode_ranges(page, values[COL_RANGES]);
	return true;
}

void
pages_end(PageScan *scan)
{
	if (likely(!scan->recalls))
	{
		rel_scan_end(&scan->rs);
		return;
	}
	close_stretch(scan);
	table_close(scan->heap, NoLock);
}

void
page_copy(FilePage *page, int i, int32 from, int32 to, char *out)
{
	const Piece *piece = &page->pieces[i];
	struct varlena *stored = (struct varlena *) DatumGetPointer(page->data);
	int32		at = piece->at + (from - piece->from);

	if (page->n > 1)
	{
		/* many slices would be many look-ups */
		if (page->whole == NULL)
			page->whole = pg_detoast_datum_packed(stored);
		if (VARSIZE_ANY_EXHDR(page->whole) < at + (to - from))
			corrupt(page);
		memcpy(out, VARDATA_ANY(page->whole) + at, to - from);
	}
	else
	{
		struct varlena *data = stored;

		/*
		 * A whole one may be looked at where it lies.  Who has added columns or
		 * lowered toast_tuple_target has data elsewhere; a pointer to it is
		 * "short", too.
		 */
		if (VARATT_IS_EXTERNAL(stored) || VARATT_IS_COMPRESSED(stored))
		{
			data = pg_detoast_datum_slice(stored, at, to - from);
			at = 0;
		}
		if (VARSIZE_ANY_EXHDR(data) < at + (to - from))
			corrupt(page);
		memcpy(out, VARDATA_ANY(data) + at, to - from);
		if (data != stored)
			pfree(data);
	}
}

/*
 * Writing
 */

/* A stretch of a new version of a page. */
typedef struct Stretch
{
	int32		from;
	int32		to;
	int			old;			/* the piece it is of; -1: not of the old row */
	const char *bytes;			/* otherwise these; NULL: zeros */
} Stretch;

static int
add_stretch(Stretch *stretches, int n, int32 from, int32 to, int old,
			const char *bytes)
{
	if (from >= to)
		return n;
	stretches[n].from = from;
	stretches[n].to = to;
	stretches[n].old = old;
	stretches[n].bytes = bytes;
	return n + 1;
}

/*
 * What a page is made of after [from, to) was replaced by bytes, or cut out
 * where bytes is NULL.  old may be NULL.
 */
static int
make_stretches(Stretch *stretches, const FilePage *old, int32 from, int32 to,
			   const char *bytes, bool fill)
{
	int			n = 0;
	int			npieces = old == NULL ? 0 : old->n;
	int32		end = 0;

	for (int i = 0; i < npieces; i++)
		n = add_stretch(stretches, n, old->pieces[i].from,
						Min(old->pieces[i].to, from), i, NULL);
	if (n > 0)
		end = stretches[n - 1].to;
	if (bytes != NULL)
	{
		if (fill && (old == NULL || old->plain))
			n = add_stretch(stretches, n, end, from, -1, NULL);
		n = add_stretch(stretches, n, from, to, -1, bytes);
	}
	for (int i = 0; i < npieces; i++)
		n = add_stretch(stretches, n, Max(old->pieces[i].from, to),
						old->pieces[i].to, i, NULL);
	return n;
}

/* NULL for what begins with the page and has no gap. */
static bytea *
encode_ranges(const Stretch *stretches, int n)
{
	bytea	   *ranges = (bytea *) palloc(VARHDRSZ + 8 * n);
	uint32	   *out = (uint32 *) VARDATA(ranges);
	int			count = 0;

	for (int i = 0; i < n; i++)
	{
		if (i > 0 && stretches[i - 1].to == stretches[i].from)
			count--;
		else
			out[2 * count] = pg_hton32((uint32) stretches[i].from);
		out[2 * count + 1] = pg_hton32((uint32) stretches[i].to);
		count++;
	}
	if (count == 1 && out[0] == 0)
		return NULL;
	SET_VARSIZE(ranges, VARHDRSZ + 8 * count);
	return ranges;
}

static Datum
compressed(const Share *share, bytea *data)
{
	Datum		value = PointerGetDatum(data);
	Datum		smaller;

	if (share->compression != COMPRESSION_LZ4 || VARSIZE(data) < COMPRESS_MIN)
		return value;
	smaller = toast_compress_datum(value, TOAST_LZ4_COMPRESSION);
	return DatumGetPointer(smaller) == NULL ? value : smaller;
}

/*
 * Writes a new version of a page; returns by how much it has grown.  tid: of
 * the old one.  room: for new rows that fill a page.
 */
static int32
put_page(Relation heap, const Share *share, const Inode *inode, int64 number,
		 FilePage *old, ItemPointer tid,
		 int32 from, int32 to, const char *bytes, bool fill, RelRoom *room)
{
	int			max = (old == NULL ? 0 : old->n) + 4;
	Stretch    *stretches = palloc(sizeof(Stretch) * max);
	int			n = make_stretches(stretches, old, from, to, bytes, fill);
	int32		length = 0;
	int32		at = 0;
	bytea	   *data;
	bytea	   *ranges;
	ItemPointerData at_tid;
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	for (int i = 0; i < n; i++)
		length += stretches[i].to - stretches[i].from;
	if (n == 0)
	{
		rel_delete(heap, tid);
		note_page(heap, inode, number, NULL);
		return -old->length;
	}
	data = (bytea *) palloc(VARHDRSZ + length);
	SET_VARSIZE(data, VARHDRSZ + length);
	for (int i = 0; i < n; i++)
	{
		const Stretch *s = &stretches[i];
		char	   *out = VARDATA(data) + at;

		if (s->old >= 0)
			page_copy(old, s->old, s->from, s->to, out);
		else if (s->bytes != NULL)
			memcpy(out, s->bytes, s->to - s->from);
		else
			memset(out, 0, s->to - s->from);
		at += s->to - s->from;
	}
	ranges = encode_ranges(stretches, n);
	values[COL_CONTENT_ID] = UUIDPGetDatum(&inode->content_id);
	values[COL_BLOCK] = Int64GetDatum(number);
	values[COL_DATA] = compressed(share, data);
	values[COL_RANGES] = PointerGetDatum(ranges);
	nulls[COL_RANGES] = ranges == NULL;
	values[COL_CUT] = Int64GetDatum(inode_row_mark(inode, page_start(number)));
	nulls[COL_CUT] = DatumGetInt64(values[COL_CUT]) == 0;
	if (old != NULL && old->length >= FULL_ROW && length >= FULL_ROW)
		rel_update_full(heap, tid, NCOLS, values, nulls);
	else if (old != NULL)
		rel_update(heap, tid, NCOLS, values, nulls);
	else
	{
		bool		is_new =
			is_known_absent(churn_find(table_of(inode, number),
									   &inode->content_id, number), inode);

		if (length >= FULL_ROW)
			rel_insert_into(room, heap, NCOLS, values, nulls, is_new, &at_tid);
		else
			rel_insert_new(heap, NCOLS, values, nulls, is_new, &at_tid);
		tid = &at_tid;
	}
	note_page(heap, inode, number, tid);
	return length - (old == NULL ? 0 : old->length);
}

/* The part of page number that lies in [from, to). */
static void
clip(int64 number, int64 from, int64 to, int32 *first, int32 *end)
{
	int64		start = page_start(number);

	*first = (int32) (Max(from, start) - start);
	*end = (int32) Min(to - start, page_size(number));
}

/*
 * How many rows that fill a page come to be in [offset, end), if there is no
 * row behind known.  What is compressed is not known to fill any.
 */
static int
count_full(const Share *share, int64 offset, int64 end, int64 known)
{
	int			count = 0;

	if (share->compression != COMPRESSION_NONE)
		return 0;
	for (int64 number = page_of(offset); number <= page_of(end - 1); number++)
	{
		int32		from,
					to;

		clip(number, offset, end, &from, &to);
		count += page_start(number) >= known && to - from >= FULL_ROW;
	}
	return count;
}

int64
pages_write(const Share *share, const Inode *inode, int64 offset,
			const char *data, int64 count, bool fill, int64 *dead)
{
	int64		end = offset + count;
	int64		first = page_of(offset);
	int64		last = page_of(end - 1);
	int64		grown = 0;
	PageScan	scan;
	FilePage		page;
	bool		have;
	RelRoom		room;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work;
	int64		split = split_of(inode);

	/* new rows are of one table */
	if (unlikely(offset < split && split < end))
		return pages_write(share, inode, offset, data, split - offset, fill,
						   dead) +
			pages_write(share, inode, split, data + (split - offset),
						end - split, fill, dead);
	work =
		AllocSetContextCreate(caller, "dittofs write", ALLOCSET_DEFAULT_MINSIZE,
							  WORK_BYTES, WORK_BYTES);

	/*
	 * One scan meets the rows that are there; pages without one are put in
	 * between.  The scan's snapshot does not see what we put.  The scan lives
	 * in the caller's context, the buffers of a page in one of their own, whose
	 * first block is enough for a page and its row and stays when it is reset.
	 * Behind the end of the file there is no row, unless it was cut off.  The
	 * row of a page that was cut off is written anew, as if it had been empty.
	 */
	pages_begin(&scan, inode, RowExclusiveLock, offset, end);
	scan.with_dead = true;
	have = inode_held(inode) > 0 && pages_next(&scan, &page);
	rel_room_begin(&room, scan.heap, PAGE_BYTES,
				   count_full(share, offset, end,
							  !have ? 0 : page.dead ? end : inode->size));
	for (int64 number = first; number <= last; number++)
	{
		bool		exists = have && page.number == number;
		int32		from,
					to;
		ItemPointerData tid;

		CHECK_FOR_INTERRUPTS();
		if (exists)
			tid = scan.rs.slot->tts_tid;
		if (exists && page.dead)
		{
			*dead += page.length;
			grown += page.length;
		}
		clip(number, offset, end, &from, &to);
		MemoryContextSwitchTo(work);
		grown += put_page(scan.heap, share, inode, number,
						  exists ? &page : NULL, &tid, from, to,
						  data + (page_start(number) + from - offset), fill,
						  &room);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(work);
		if (exists)
			have = pages_next(&scan, &page);
	}
	MemoryContextDelete(work);
	pages_end(&scan);
	return grown;
}

int64
pages_cut(const Share *share, const Inode *inode, int64 from, int64 to,
		  int64 *rows)
{
	int64		cut = 0;
	PageScan	scan;
	FilePage		page;

	if (inode_held(inode) == 0 || from >= to)
		return 0;
	/* what is noted is not looked for without an end */
	if (unlikely(churn_any) && inode->ncuts == 0)
		to = Min(to, Max(inode->size, from + 1));
	pages_begin(&scan, inode, RowExclusiveLock, from, to);
	/* or there could be any number of them between two others */
	scan.with_dead = rows != NULL;
	while (pages_next(&scan, &page))
	{
		ItemPointerData tid = scan.rs.slot->tts_tid;
		int32		first,
					end;

		if (rows != NULL && --*rows < 0)
			break;
		if (page.dead)
			continue;
		clip(page.number, from, to, &first, &end);
		if (first <= page.pieces[0].from && end >= page.pieces[page.n - 1].to)
		{
			rel_delete(scan.heap, &tid);
			note_page(scan.heap, inode, page.number, NULL);
			cut -= page.length;
		}
		else if (end > page.pieces[0].from &&
				 first < page.pieces[page.n - 1].to)
			cut += put_page(scan.heap, share, inode, page.number, &page,
						   &tid, first, end, NULL, false, NULL);
	}
	pages_end(&scan);
	return cut;
}

bool
pages_move(Inode *inode, bool to_memory, int64 max)
{
	Relation	heap;
	PageScan	scan;
	bool		more;
	int64		next = 0;

	churn_forget();
	/* what has been begun is ended first */
	if (inode->moved != 0)
		to_memory = inode->moved < 0;
	heap =
		rel_open(to_memory ? REL_BLOCKS_MEMORY : REL_BLOCKS, RowExclusiveLock);
	scan.recalls = false;
	begin_scan(&scan, !to_memory, &inode->content_id, RowExclusiveLock,
			   page_of(split_of(inode)), PG_INT64_MAX);
	while ((more = rel_scan_next(&scan.rs)) && max-- > 0)
	{
		ItemPointerData tid = scan.rs.slot->tts_tid;
		Datum		values[NCOLS];

		CHECK_FOR_INTERRUPTS();
		memcpy(values, scan.rs.slot->tts_values, sizeof(values));
		for (int i = COL_DATA; i <= COL_RANGES; i++)
		{
			/* what is TOASTed belongs to the old table */
			if (!scan.rs.slot->tts_isnull[i])
				values[i] = PointerGetDatum(detoast_external_attr(
					(struct varlena *) DatumGetPointer(values[i])));
		}
		rel_insert(heap, NCOLS, values, scan.rs.slot->tts_isnull);
		rel_delete(scan.rs.heap, &tid);
	}
	if (more)
		next = page_start(DatumGetInt64(scan.rs.slot->tts_values[COL_BLOCK]));
	pages_end(&scan);
	table_close(heap, NoLock);
	if (to_memory && inode->memory_epoch == 0)
		inode->memory_epoch = memory_life();
	if (!to_memory && !more)
		inode->memory_epoch = 0;
	inode->moved = !more ? 0 : to_memory ? -next : next;
	return !more;
}

int64
pages_growth(const Inode *inode, int64 offset, int64 count, bool fill)
{
	int64		end = offset + count;
	int64		number = page_of(offset);
	int64		growth = count;
	PageScan	scan;
	FilePage		page;

	if (fill)
		growth += offset - page_start(number);
	if (inode_held(inode) == 0)
		return growth;
	pages_begin(&scan, inode, AccessShareLock, offset, end);
	while (pages_next(&scan, &page))
	{
		int32		from,
					to;

		clip(page.number, offset, end, &from, &to);
		/*
		 * what lies before it in the first page is zeros to be written, or not
		 */
		if (fill && page.number == number && page.plain)
			from = 0;
		else if (fill && page.number == number)
			growth -= from;
		for (int i = 0; i < page.n; i++)
			growth -= Max(0, Min(page.pieces[i].to, to) -
						  Max(page.pieces[i].from, from));
	}
	pages_end(&scan);
	return growth;
}

int64
pages_sweep(bool memory, const pg_uuid_t *content_id, const Inode *inode,
			int64 max, int64 *position, int64 *bytes)
{
	int64		last = page_of(PG_INT64_MAX);
	int64		looked = 0;
	PageScan	scan;
	bool		more;

	scan.inode = inode;
	scan.recalls = false;
	begin_scan(&scan, memory, content_id, RowExclusiveLock,
			   *position == 0 ? PG_INT64_MIN : page_of(*position),
			   inode == NULL ? PG_INT64_MAX :
							   page_of(inode_cuts_end(inode) - 1));
	while ((more = rel_scan_next(&scan.rs)))
	{
		ItemPointerData tid = scan.rs.slot->tts_tid;
		int64		number = DatumGetInt64(scan.rs.slot->tts_values[COL_BLOCK]);

		CHECK_FOR_INTERRUPTS();
		if (looked == max)
		{
			*position = page_start(Max(0, Min(number, last)));
			break;
		}
		looked++;
		if (inode != NULL)
		{
			if (!row_is_dead(&scan, page_start(number)))
				continue;
			*bytes += (int64) toast_raw_datum_size(
						  scan.rs.slot->tts_values[COL_DATA]) -
				VARHDRSZ;
		}
		rel_delete(scan.rs.heap, &tid);
	}
	pages_end(&scan);
	if (!more)
		*position = PG_INT64_MAX;
	return looked;
}
