/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * content.c
 *	  The content of files, wherever it is: pages in the database, blocks in a
 *	  store.
 *
 * Each file says where its bytes are.  The share's kind says where new bytes
 * go, and a background pass moves the others (merge.c); so the kind can be
 * changed at any time.  A byte is in a page, or in an extent, or in a hole,
 * never in two of them: writing a page cuts the extents below it, linking a
 * block cuts the pages. used is the sum of both, external that of the extents.
 *
 * Pages of a file are all in one table: in blocks_memory if the inode has a
 * memory_epoch, which it gets with its first byte and loses with its last.
 *
 * Content is keyed by the inode's id until a large file is cut to nothing: it
 * then gets a new content_id, and the old content waits in reap_queue for
 * dittofs.reap(), as that of a large file that was removed.  So neither takes
 * longer than for a small one.
 *
 * Cutting a large file to another size takes no longer either.  The inode notes
 * a cut: its place, and a mark.  Rows at or behind that place are invisible,
 * unless they have a mark that is not smaller: rows that are written there
 * while the cut is noted get the mark of the last cut.  The reaper deletes the
 * others in slices (cut_position is its progress), and then forgets the cuts.
 * A cut replaces those that lie within it.
 *
 * The number of bytes that were cut off is known only when they have been
 * deleted.  But a file has at most size bytes.  So if used is greater than size
 * it becomes size, and the difference is credit, which deletions use up before
 * they count: used + cut_credit is always the sum of the rows, and used is
 * exact at once for a file without holes.
 *
 * A large hole that is punched into a file is a cut with an end.  It begins
 * where it is to begin and ends where a page does; the rest is cut at once, and
 * so are the rows that reach over its edges.  So any row that begins within it
 * lies within it.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/change.h"
#include "tables/content.h"
#include "tables/memory.h"
#include "tables/rel.h"
#include "tables/usage.h"
#include "tables/xact.h"

enum
{
	QUEUE_CONTENT_ID,
	QUEUE_CONTENT,
	QUEUE_QUEUED_AT,
	QUEUE_POSITION,
	QUEUE_FILE_ID,
	QUEUE_NEXT_AT,
	QUEUE_FAILURES,
	QUEUE_ERROR,
	QUEUE_NCOLS
};

/* Up to this many bytes are deleted on the spot, more by reap(). */
#define REMOVE_AT_ONCE	(8 * GROUP_BYTES)
/* In so many rows. */
#define REMOVE_ROWS		(REMOVE_AT_ONCE / GROUP_BYTES * GROUP_PAGES)

Status
content_check(const Inode *inode)
{
	if (inode->memory_epoch != 0 && inode_has_pages(inode) &&
		memory_lost(inode->memory_epoch))
		return FS_IO;
	return FS_OK;
}

/*
 * Reading
 */

bool
content_elsewhere(const Inode *inode, int64 offset, int64 count)
{
	return inode->external > 0 &&
		extents_bytes(inode, offset, offset + count) > 0;
}

bytea *
content_read(const Inode *inode, int64 offset, int32 count)
{
	bytea	   *result = (bytea *) palloc(VARHDRSZ + count);
	char	   *out = VARDATA(result);
	int64		end = offset + count;
	int64		at = offset;	/* everything before it is filled */

	SET_VARSIZE(result, VARHDRSZ + count);
	if (count > 0 && inode->used > 0)
	{
		PageScan	scan;
		FilePage		page;

		pages_begin(&scan, inode, AccessShareLock, offset, end);
		while (pages_next(&scan, &page))
		{
			int64		base = page.start;

			for (int i = 0; i < page.n; i++)
			{
				int64		start = base + page.pieces[i].from;
				int64		stop = Min(base + page.pieces[i].to, end);

				if (start > at)
				{
					start = Min(start, end);
					memset(out + (at - offset), 0, start - at);
					at = start;
				}
				if (stop > at)
				{
					page_copy(&page, i, (int32) (at - base),
							  (int32) (stop - base), out + (at - offset));
					at = stop;
				}
			}
		}
		pages_end(&scan);
	}
	memset(out + (at - offset), 0, end - at);
	return result;
}

/*
 * Plans
 */

static void
plan_add(ContentPlan *plan, Source source, const Extent *extent)
{
	Segment    *last;

	if (extent->start > plan->end)
	{
		Extent		gap = {.start = plan->end};

		gap.length = (int32) (extent->start - plan->end);
		plan->end = extent->start;
		plan_add(plan, SOURCE_ZEROS, &gap);
	}
	last = plan->n > 0 ? &plan->segments[plan->n - 1] : NULL;
	if (last != NULL && last->source == source && source != SOURCE_BLOCK)
		last->extent.length += extent->length;
	else
	{
		if (plan->n == plan->room)
			plan->segments = repalloc(plan->segments,
									  sizeof(Segment) * (plan->room *= 2));
		plan->segments[plan->n].source = source;
		plan->segments[plan->n++].extent = *extent;
	}
	plan->end = Max(plan->end, extent->start + extent->length);
}

/* The extent that is not yet in the plan, cut to the range; false: none. */
static bool
next_extent(ExtentScan *scan, int64 from, int64 to, Extent *extent)
{
	if (!extents_next(scan, extent))
		return false;
	if (extent->start < from)
	{
		extent->skip += (int32) (from - extent->start);
		extent->length -= (int32) (from - extent->start);
		extent->start = from;
	}
	extent->length = (int32) Min(extent->length, to - extent->start);
	return true;
}

static void
plan_add_piece(ContentPlan *plan, FilePage *page, int i, int64 from, int64 to)
{
	int64		base = page->start;
	Extent		piece = {0};
	int64		end = Min(base + page->pieces[i].to, to);

	piece.start = Max(base + page->pieces[i].from, from);
	if (end <= piece.start)
		return;
	piece.length = (int32) (end - piece.start);
	plan_add(plan, SOURCE_DATA, &piece);
	enlargeStringInfo(&plan->data, piece.length);
	page_copy(page, i, (int32) (piece.start - base), (int32) (end - base),
			  plan->data.data + plan->data.len);
	plan->data.len += piece.length;
}

void
content_plan_some(const Inode *inode, int64 offset, int64 count, int max,
				  ContentPlan *plan)
{
	int64		end = offset + count;
	ExtentScan	extents;
	Extent		extent;
	bool		have = false;
	PageScan	pages;
	FilePage		page;

	plan->n = 0;
	plan->room = 8;
	plan->segments = palloc(sizeof(Segment) * plan->room);
	plan->end = offset;
	initStringInfo(&plan->data);
	if (count == 0)
		return;
	if (inode->external > 0)
	{
		extents_begin(&extents, inode, AccessShareLock, offset, end);
		have = next_extent(&extents, offset, end, &extent);
	}
	if (inode_has_pages(inode))
	{
		pages_begin(&pages, inode, AccessShareLock, offset, end);
		while (plan->n < max && pages_next(&pages, &page))
		{
			for (int i = 0; plan->n < max && i < page.n; i++)
			{
				int64		start = page.start + page.pieces[i].from;

				while (have && extent.start < start && plan->n < max)
				{
					plan_add(plan, SOURCE_BLOCK, &extent);
					have = next_extent(&extents, offset, end, &extent);
				}
				if (plan->n < max)
					plan_add_piece(plan, &page, i, offset, end);
			}
		}
		pages_end(&pages);
	}
	while (have && plan->n < max)
	{
		plan_add(plan, SOURCE_BLOCK, &extent);
		have = next_extent(&extents, offset, end, &extent);
	}
	if (inode->external > 0)
		extents_end(&extents);
	if (plan->end < end && plan->n < max)
	{
		Extent		rest = {.start = plan->end};

		rest.length = (int32) (end - plan->end);
		plan_add(plan, SOURCE_ZEROS, &rest);
	}
}

void
content_plan(const Inode *inode, int64 offset, int64 count, ContentPlan *plan)
{
	content_plan_some(inode, offset, count, PG_INT32_MAX, plan);
}

static void
append_uint32(StringInfo out, uint32 value)
{
	uint32		word = pg_hton32(value);

	appendBinaryStringInfo(out, (char *) &word, 4);
}

static void
append_uint16(StringInfo out, uint16 value)
{
	uint16		word = pg_hton16(value);

	appendBinaryStringInfo(out, (char *) &word, 2);
}

bytea *
plan_encode(const ContentPlan *plan)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	for (int i = 0; i < plan->n; i++)
	{
		const Extent *extent = &plan->segments[i].extent;
		uint8		sums[SUMS_MAX * SUM_LEN];
		int32		length;
		int			first,
					end;

		appendStringInfoCharMacro(&out, (char) plan->segments[i].source);
		append_uint32(&out, (uint32) extent->length);
		if (plan->segments[i].source != SOURCE_BLOCK)
			continue;
		length = stored_get(extent->store_id, extent->hash, sums);
		if (extent->skip + extent->length > length)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("a file refers to bytes past the end of a block in a store"),
					 errhint("dittofs.fsck() lists what is wrong.")));
		append_uint32(&out, (uint32) extent->store_id);
		appendBinaryStringInfo(&out, (const char *) extent->hash, HASH_LEN);
		append_uint32(&out, (uint32) length);
		append_uint32(&out, (uint32) extent->skip);

		/* from that before the first chunk, which chunk 0 does not have */
		first = Max(extent->skip / SUM_CHUNK - 1, 0);
		end = Min((extent->skip + extent->length - 1) / SUM_CHUNK + 1,
				  block_sums(length));
		append_uint16(&out, (uint16) (end - first));
		appendBinaryStringInfo(&out, (char *) sums + first * SUM_LEN,
							   (end - first) * SUM_LEN);
	}
	SET_VARSIZE(out.data, out.len);
	return (bytea *) out.data;
}

bytea *
plan_data(const ContentPlan *plan)
{
	bytea	   *data = (bytea *) palloc(VARHDRSZ + plan->data.len);

	SET_VARSIZE(data, VARHDRSZ + plan->data.len);
	memcpy(VARDATA(data), plan->data.data, plan->data.len);
	return data;
}

/*
 * Changing
 */

/*
 * May a page be zeros up to where it is written?  Not where a store has, or
 * will have, the bytes around it.
 */
static bool
may_fill(const Share *share, const Inode *inode)
{
	return inode->external == 0 && !share_in_store(share);
}

/* The first page decides which table the pages are in. */
static void
choose_table(const Share *share, Inode *inode)
{
	if (inode_has_pages(inode))
		return;
	inode->moved = 0;
	inode->memory_epoch = share->content == CONTENT_MEMORY ? memory_life() : 0;
}

void
content_forget_dead(Inode *inode, int64 dead)
{
	int64		credit = Min(inode->cut_credit, dead);

	inode->cut_credit -= credit;
	inode->used -= dead - credit;
}

/* by: n extents that come to be there. */
static void
replace_extents(Inode *inode, int64 from, int64 to, const Extent *by, int n,
				int64 *rows)
{
	int64		dead = 0;
	int64		cut = extents_put(inode, from, to, by, n, &dead, rows);

	inode->external -= cut + dead;
	inode->used -= cut;
	content_forget_dead(inode, dead);
}

static void
cut_extents(Inode *inode, int64 from, int64 to, int64 *rows)
{
	if (inode->external > 0)
		replace_extents(inode, from, to, NULL, 0, rows);
}

void
content_write(const Share *share, Inode *inode,
			  int64 offset, const char *data, int64 count)
{
	bool		fill = may_fill(share, inode);
	int64		dead = 0;

	choose_table(share, inode);
	cut_extents(inode, offset, offset + count, NULL);
	inode->used += pages_write(share, inode, offset, data, count, fill, &dead);
	content_forget_dead(inode, dead);
}

void
content_put_extents(const Share *share, Inode *inode, int64 offset, int64 end,
					const Extent *extents, int n)
{
	if (inode_has_pages(inode))
		inode->used += pages_cut(share, inode, offset, end, NULL);
	choose_table(share, inode);
	replace_extents(inode, offset, end, extents, n, NULL);
	inode->external += end - offset;
	inode->used += end - offset;
}

void
content_link(const Share *share, Inode *inode, int64 offset, int32 store_id,
			 const BlockRef *refs, int n)
{
	Extent	   *extents = palloc0(sizeof(Extent) * n);
	int64		end = offset;

	for (int i = 0; i < n; i++)
	{
		extents[i].start = end;
		extents[i].length = refs[i].length;
		extents[i].store_id = store_id;
		memcpy(extents[i].hash, refs[i].hash, HASH_LEN);
		end += refs[i].length;
	}
	content_put_extents(share, inode, offset, end, extents, n);
	pfree(extents);
}

/*
 * How many bytes the write adds is asked only where it is not clear without
 * looking that there is room.
 */
Status
content_room(const Share *share, const Inode *inode, int64 offset,
			 int64 count, bool to_store)
{
	bool		fill = !to_store && may_fill(share, inode);
	int64		growth;

	if (count == 0 || share->max_bytes < 0 ||
		usage_room(share, fill ? count + PAGE_BYTES : count, 0))
		return FS_OK;
	growth = pages_growth(inode, offset, count, fill);
	if (inode->external > 0)
		growth -= extents_bytes(inode, offset, offset + count);
	return growth <= 0 || usage_room(share, growth, 0) ? FS_OK : FS_NOSPC;
}

/*
 * Cutting and removing
 */

/* file_id: NULL, or what was cut off this file. */
static void
queue(const char *content, const pg_uuid_t *content_id,
	  const pg_uuid_t *file_id)
{
	Relation	heap = rel_open(REL_REAP_QUEUE, RowExclusiveLock);
	Datum		values[QUEUE_NCOLS] = {0};
	bool		nulls[QUEUE_NCOLS] = {false};

	values[QUEUE_CONTENT_ID] = UUIDPGetDatum(content_id);
	values[QUEUE_CONTENT] = CStringGetTextDatum(content);
	values[QUEUE_QUEUED_AT] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[QUEUE_POSITION] = Int64GetDatum(0);
	values[QUEUE_FILE_ID] = UUIDPGetDatum(file_id);
	nulls[QUEUE_FILE_ID] = file_id == NULL;
	values[QUEUE_NEXT_AT] = TimestampTzGetDatum(DT_NOBEGIN);
	values[QUEUE_FAILURES] = Int32GetDatum(0);
	nulls[QUEUE_ERROR] = true;
	rel_insert(heap, QUEUE_NCOLS, values, nulls);
	table_close(heap, NoLock);
}

/* All of it, and the inode forgets that it had any. */
static void
queue_content(Inode *inode)
{
	queue(inode->moved != 0			   ? "both" :
			  inode->memory_epoch != 0 ? "memory" :
										 "postgres",
		  &inode->content_id, NULL);
	inode->used = inode->external = inode->cut_credit = 0;
	inode->ncuts = 0;
}

static bool
is_large(const Inode *inode)
{
	return inode_held(inode) > REMOVE_AT_ONCE || inode->ncuts > 0 ||
		inode->moved != 0;
}

static bool
cut_is_within(const Inode *inode, int i, int64 from, int64 to)
{
	return inode->cut_from[i] >= from && inode->cut_to[i] <= to;
}

Status
content_may_cut(const Inode *inode, int64 from, int64 to)
{
	int			n = 0;

	/* all of it goes: it needs no cut */
	if (from == 0 && to >= inode->size)
		return FS_OK;
	for (int i = 0; i < inode->ncuts; i++)
		n += !cut_is_within(inode, i, from, to);
	return n < CUTS_MAX ? FS_OK : FS_JUKEBOX;
}

/*
 * What begins in [from, to) is for the reaper.  Its entry has a key of its own:
 * the file's content may have to be queued before the entry is gone.  An entry
 * too many does no harm.
 */
static void
note_cut(Inode *inode, int64 from, int64 to, int64 mark)
{
	int64		left = to == PG_INT64_MAX ? from : inode->size - (to - from);
	int64		kept = Min(inode->used, left);
	int			n = 0;

	if (inode->ncuts == 0)
	{
		pg_uuid_t	key;

		inode_new_id(&key);
		queue("cut", &key, &inode->id);
		inode->cut_position = from;
	}
	inode->cut_position = Min(inode->cut_position, from);
	for (int i = 0; i < inode->ncuts; i++)
	{
		if (cut_is_within(inode, i, from, to))
			continue;
		inode->cut_from[n] = inode->cut_from[i];
		inode->cut_to[n] = inode->cut_to[i];
		inode->cut_mark[n++] = inode->cut_mark[i];
	}
	inode->cut_from[n] = from;
	inode->cut_to[n] = to;
	inode->cut_mark[n] = mark;
	inode->ncuts = n + 1;
	inode->cut_credit += inode->used - kept;
	inode->used = kept;
}

static void
new_content_id(Inode *inode)
{
	inode_new_id(&inode->content_id);
	inode->has_content_id = true;
}

void
content_truncate(const Share *share, Inode *inode, int64 size, int64 mark)
{
	int64		rows = REMOVE_ROWS;

	if (inode_held(inode) == 0)
		return;
	if (size == 0 && is_large(inode))
	{
		queue_content(inode);
		new_content_id(inode);
	}
	else
	{
		/* pages that a crash has taken need not be looked for */
		if (content_check(inode) != FS_OK)
			inode->used = inode->external;
		if (inode_has_pages(inode))
			inode->used += pages_cut(share, inode, size, PG_INT64_MAX, &rows);
		if (rows >= 0)
			cut_extents(inode, size, PG_INT64_MAX, &rows);
		else
		{
			int64		few = REMOVE_ROWS;

			/* one that goes on behind size must end there, in any case */
			cut_extents(inode, size, size + 1, &few);
		}
		if (rows < 0)
			note_cut(inode, size, PG_INT64_MAX, mark);
	}
	inode_pages_went(inode);
}

void
content_clear(const Share *share, Inode *inode, int64 from, int64 to)
{
	if (from >= to || inode_held(inode) == 0)
		return;
	if (inode_has_pages(inode))
		inode->used += pages_cut(share, inode, from, to, NULL);
	cut_extents(inode, from, to, NULL);
}

void
content_punch(const Share *share, Inode *inode, int64 from, int64 to,
			  int64 mark)
{
	int64		rows = REMOVE_ROWS;
	int64		end = pages_floor(to);

	Assert(to <= inode->size);
	if (from >= to || inode_held(inode) == 0)
		return;
	if (from == 0 && to == inode->size)
	{
		content_truncate(share, inode, 0, mark);
		return;
	}
	/* the first row may begin before from: it is cut here, if any is */
	if (inode_has_pages(inode))
		inode->used += pages_cut(share, inode, from, to, &rows);
	if (rows >= 0)
		cut_extents(inode, from, to, &rows);
	if (rows < 0 && end <= from)
	{
		snapshot_step();
		content_clear(share, inode, from, to);
	}
	else if (rows < 0)
	{
		/* no row that reaches over an edge is left to begin within them */
		snapshot_step();
		content_clear(share, inode, end, to);
		snapshot_step();
		cut_extents(inode, from, from + 1, NULL);
		snapshot_step();
		cut_extents(inode, to - 1, to, NULL);
		note_cut(inode, from, end, mark);
	}
	inode_pages_went(inode);
}

void
content_remove(Inode *inode)
{
	int64		rows = REMOVE_ROWS;
	int64		position = 0;
	int64		bytes = 0;

	if (inode_held(inode) == 0)
		return;
	if (!is_large(inode))
	{
		bool		memory = inode->memory_epoch != 0;

		if (inode_has_pages(inode))
			(void) pages_sweep(memory, &inode->content_id, NULL, rows,
							   &position, &bytes);
		else
			position = PG_INT64_MAX;
		if (position == PG_INT64_MAX && inode->external > 0)
		{
			position = 0;
			(void) extents_sweep(&inode->content_id, NULL, rows, &position,
								 &bytes);
		}
	}
	if (position != PG_INT64_MAX)
		queue_content(inode);
	inode->used = inode->external = 0;
}

/*
 * The reaper
 *
 * It takes entries that are free; gateways may reap side by side.  The lock of
 * an entry says that a session is at it.  An entry records how far its content
 * is deleted, and a session remembers its place in the queue: while an old
 * snapshot is open the indexes keep deleted rows, and no call may walk over
 * those again.
 *
 * An entry that cannot be deleted, because a row is damaged for example, is put
 * off for longer and longer, and does not keep others waiting.
 */

typedef struct Reaping
{
	pg_uuid_t	key;
	int64		max;
	int64		looked;
} Reaping;

/*
 * Deletes from position on; of an inode, what was cut off.  Its pages are in
 * memory, not there, or in both tables.
 */
static int64
sweep(bool memory, bool both, const pg_uuid_t *content_id, Inode *inode,
	  int64 max, int64 *position)
{
	int64		in_pages = *position;
	int64		in_others = both ? *position : PG_INT64_MAX;
	int64		in_extents = *position;
	int64		pages = 0;
	int64		extents = 0;
	int64		looked;

	looked = pages_sweep(memory, content_id, inode, max, &in_pages, &pages);
	if (both)
		looked +=
			pages_sweep(!memory, content_id, inode, max, &in_others, &pages);
	looked += extents_sweep(content_id, inode, max, &in_extents, &extents);
	*position = Min(Min(in_pages, in_others), in_extents);
	if (inode != NULL)
	{
		inode->external -= extents;
		content_forget_dead(inode, pages + extents);
	}
	return looked;
}

/* True: nothing is left to be done. */
static bool
reap_cuts(const pg_uuid_t *file_id, Reaping *reaping)
{
	Inode	   *inode;
	Inode		copy;
	int64		used;
	bool		done;

	if (!inode_get(file_id, &copy))
		return true;
	inode = inode_lock_nowait(file_id);
	if (inode == NULL)
		return false;
	if (inode->ncuts == 0)
		return true;
	used = inode->used;
	PushActiveSnapshot(GetLatestSnapshot());
	reaping->looked = sweep(inode->memory_epoch != 0, inode->moved != 0,
							&inode->content_id, inode,
							reaping->max, &inode->cut_position);
	PopActiveSnapshot();
	done = inode->cut_position == PG_INT64_MAX;
	if (done)
	{
		/* there is credit left if a crash has taken what was to be deleted */
		inode->cut_credit = 0;
		inode->ncuts = 0;
		inode_pages_went(inode);
	}
	usage_add(inode->share_id, inode->used - used, 0);
	inode_dirty(inode);
	return done;
}

/*
 * The entry, locked; rs is open then.  False: it is not free, or it is gone.
 */
static bool
lock_entry(RelScan *rs, const pg_uuid_t *key)
{
	ScanKeyData scan_key;
	bool		locked;

	ScanKeyInit(&scan_key, 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(key));
	rel_scan_begin(rs, REL_REAP_QUEUE, RowExclusiveLock, GetActiveSnapshot(),
				   &scan_key, 1);
	locked = rel_scan_next(rs) && rel_try_lock(rs);
	if (!locked)
		rel_scan_end(rs);
	return locked;
}

/* Writes the slot's row anew, with another column or more. */
static void
update_entry(RelScan *rs, int64 position, int32 failures, const char *error)
{
	Datum		values[QUEUE_NCOLS];
	bool		nulls[QUEUE_NCOLS];
	ItemPointerData tid = rs->slot->tts_tid;

	memcpy(values, rs->slot->tts_values, sizeof(values));
	memcpy(nulls, rs->slot->tts_isnull, sizeof(nulls));
	values[QUEUE_POSITION] = Int64GetDatum(position);
	values[QUEUE_FAILURES] = Int32GetDatum(failures);
	values[QUEUE_NEXT_AT] = TimestampTzGetDatum(
		failures == 0 ? DT_NOBEGIN :
						TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													PUT_OFF_MS(failures - 1)));
	nulls[QUEUE_ERROR] = error == NULL;
	if (error != NULL)
		values[QUEUE_ERROR] = CStringGetTextDatum(error);
	rel_update(rs->heap, &tid, QUEUE_NCOLS, values, nulls);
}

/*
 * The snapshot is taken after the lock was granted: another may have deleted
 * some of the content before.
 */
static void
reap_entry(void *arg)
{
	Reaping    *reaping = (Reaping *) arg;
	RelScan		rs;
	ItemPointerData tid;
	bool		done;

	PushActiveSnapshot(GetLatestSnapshot());
	if (lock_entry(&rs, &reaping->key))
	{
		int64		position =
			DatumGetInt64(rs.slot->tts_values[QUEUE_POSITION]);
		int64		before = position;
		int32		failures =
			DatumGetInt32(rs.slot->tts_values[QUEUE_FAILURES]);

		tid = rs.slot->tts_tid;
		if (!rs.slot->tts_isnull[QUEUE_FILE_ID])
			done = reap_cuts(DatumGetUUIDP(rs.slot->tts_values[QUEUE_FILE_ID]),
							 reaping);
		else
		{
			char	   *content =
				TextDatumGetCString(rs.slot->tts_values[QUEUE_CONTENT]);

			PushActiveSnapshot(GetLatestSnapshot());
			reaping->looked = sweep(strcmp(content, "memory") == 0,
									strcmp(content, "both") == 0, &reaping->key,
									NULL, reaping->max, &position);
			PopActiveSnapshot();
			done = position == PG_INT64_MAX;
		}
		if (done)
			rel_delete(rs.heap, &tid);
		else if (position != before || failures > 0)
			update_entry(&rs, position, 0, NULL);
		rel_scan_end(&rs);
	}
	PopActiveSnapshot();
}

static void
put_off(const pg_uuid_t *key, const char *error)
{
	RelScan		rs;

	PushActiveSnapshot(GetLatestSnapshot());
	if (lock_entry(&rs, key))
	{
		update_entry(&rs, DatumGetInt64(rs.slot->tts_values[QUEUE_POSITION]),
					 DatumGetInt32(rs.slot->tts_values[QUEUE_FAILURES]) + 1,
					 error);
		rel_scan_end(&rs);
	}
	PopActiveSnapshot();
}

/* The next entry at or after key, or after it; false: there is none. */
static bool
next_entry(pg_uuid_t *key, bool after)
{
	TimestampTz now = GetCurrentTimestamp();
	RelScan		rs;
	ScanKeyData scan_key;
	bool		found;

	ScanKeyInit(&scan_key, 1, after ? BTGreaterStrategyNumber :
				BTGreaterEqualStrategyNumber, after ? F_UUID_GT : F_UUID_GE,
				UUIDPGetDatum(key));
	rel_scan_begin(&rs, REL_REAP_QUEUE, RowExclusiveLock, GetActiveSnapshot(),
				   &scan_key, 1);
	do
		found = rel_scan_next(&rs);
	while (found &&
		   DatumGetTimestampTz(rs.slot->tts_values[QUEUE_NEXT_AT]) > now);
	if (found)
		*key = *DatumGetUUIDP(rs.slot->tts_values[QUEUE_CONTENT_ID]);
	rel_scan_end(&rs);
	return found;
}

int64
content_reap(int64 max)
{
	static pg_uuid_t last = {{0}};	/* the entry it had in hand last */
	pg_uuid_t	start = last;
	Reaping		reaping;
	int64		looked = 0;

	for (int round = 0; round < 2 && looked < max; round++)
	{
		bool		after = false;

		if (round == 0)
			reaping.key = start;
		else
			memset(&reaping.key, 0, sizeof(pg_uuid_t));
		while (looked < max && next_entry(&reaping.key, after))
		{
			char	   *error;

			if (round == 1 && memcmp(&reaping.key, &start, UUID_LEN) >= 0)
				break;
			reaping.max = max - looked;
			reaping.looked = 0;
			if (!change_attempt(reap_entry, &reaping, &error))
				put_off(&reaping.key, error);
			looked += reaping.looked;
			last = reaping.key;
			after = true;
		}
	}
	return looked;
}
