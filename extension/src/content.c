/*-------------------------------------------------------------------------
 *
 * content.c
 *	  The content of files, wherever it is: pages in the database, blocks in a
 *	  store.
 *
 * Where the bytes of a file are is a matter of the file, not of its share.  The
 * share's kind says where new ones go, and a background pass moves the others
 * (merge.c); so the kind can be changed at any time.  A byte is in a page, or
 * in an extent, or a hole, never in two of them: writing a page cuts the
 * extents below it, linking a block cuts the pages.  used is the sum of both,
 * external that of the extents.
 *
 * Pages of a file are all in one table: in blocks_memory if the inode has a
 * memory_epoch, which it gets with its first byte and loses with its last.
 *
 * Content is keyed by the inode's id until a large file is cut to nothing: it
 * then gets a new content_id, and the old content waits in reap_queue for
 * dittofs.reap(), as that of a large file that was removed.  So neither takes
 * longer than for a small one.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "content.h"
#include "memory.h"
#include "rel.h"
#include "usage.h"

enum
{
	QUEUE_CONTENT_ID,
	QUEUE_CONTENT,
	QUEUE_QUEUED_AT,
	QUEUE_NCOLS
};

/* Up to this many bytes are deleted on the spot, more by reap(). */
#define REMOVE_AT_ONCE	(8 * GROUP_BYTES)
/* In so many rows. */
#define REMOVE_ROWS		(REMOVE_AT_ONCE / GROUP_BYTES * GROUP_PAGES)

Status
content_check(const Inode *inode)
{
	if (inode->memory_epoch != 0 && inode->used > inode->external &&
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
		extents_bytes(&inode->content_id, offset, offset + count) > 0;
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
content_plan(const Inode *inode, int64 offset, int64 count, ContentPlan *plan)
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
		extents_begin(&extents, &inode->content_id, AccessShareLock, offset, end);
		have = next_extent(&extents, offset, end, &extent);
	}
	if (inode->used > inode->external)
	{
		pages_begin(&pages, inode, AccessShareLock, offset, end);
		while (pages_next(&pages, &page))
		{
			for (int i = 0; i < page.n; i++)
			{
				int64		start = page.start + page.pieces[i].from;

				while (have && extent.start < start)
				{
					plan_add(plan, SOURCE_BLOCK, &extent);
					have = next_extent(&extents, offset, end, &extent);
				}
				plan_add_piece(plan, &page, i, offset, end);
			}
		}
		pages_end(&pages);
	}
	while (have)
	{
		plan_add(plan, SOURCE_BLOCK, &extent);
		have = next_extent(&extents, offset, end, &extent);
	}
	if (inode->external > 0)
		extents_end(&extents);
	if (plan->end < end)
	{
		Extent		rest = {.start = plan->end};

		rest.length = (int32) (end - plan->end);
		plan_add(plan, SOURCE_ZEROS, &rest);
	}
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
	if (inode->used == inode->external)
		inode->memory_epoch = share->content == CONTENT_MEMORY ?
			memory_life() : 0;
}

static void
cut_extents(Inode *inode, int64 from, int64 to)
{
	if (inode->external > 0)
	{
		int64		cut = extents_cut(&inode->content_id, from, to);

		inode->external -= cut;
		inode->used -= cut;
	}
}

void
content_write(const Share *share, Inode *inode,
			  int64 offset, const char *data, int64 count)
{
	bool		fill = may_fill(share, inode);

	choose_table(share, inode);
	cut_extents(inode, offset, offset + count);
	inode->used += pages_write(share, inode, offset, data, count, fill);
}

void
content_link(const Share *share, Inode *inode, int64 offset, int32 store_id,
			 const BlockRef *refs, int n)
{
	Extent		extent = {.start = offset,.store_id = store_id};
	int64		end = offset;

	for (int i = 0; i < n; i++)
		end += refs[i].length;
	if (inode->used > inode->external)
		inode->used += pages_cut(share, inode, offset, end);
	choose_table(share, inode);
	cut_extents(inode, offset, end);
	for (int i = 0; i < n; i++)
	{
		extent.length = refs[i].length;
		memcpy(extent.hash, refs[i].hash, HASH_LEN);
		extents_add(&inode->content_id, &extent);
		extent.start += extent.length;
	}
	inode->external += end - offset;
	inode->used += end - offset;
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
		growth -= extents_bytes(&inode->content_id, offset, offset + count);
	return growth <= 0 || usage_room(share, growth, 0) ? FS_OK : FS_NOSPC;
}

static void
queue_content(bool memory, const pg_uuid_t *content_id)
{
	Relation	heap = table_open(rel_oid(REL_REAP_QUEUE), RowExclusiveLock);
	Datum		values[QUEUE_NCOLS];
	bool		nulls[QUEUE_NCOLS] = {false};

	values[QUEUE_CONTENT_ID] = UUIDPGetDatum(content_id);
	values[QUEUE_CONTENT] = CStringGetTextDatum(memory ? "memory" : "postgres");
	values[QUEUE_QUEUED_AT] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	rel_insert(heap, values, nulls);
	table_close(heap, NoLock);
}

static bool
is_large(const Inode *inode)
{
	return inode->used > REMOVE_AT_ONCE;
}

void
content_truncate(const Share *share, Inode *inode, int64 size)
{
	if (inode->used == 0)
		return;
	if (size == 0 && is_large(inode))
	{
		queue_content(inode->memory_epoch != 0, &inode->content_id);
		inode_new_id(&inode->content_id);
		inode->has_content_id = true;
		inode->used = inode->external = 0;
	}
	else
	{
		/* pages that a crash has taken need not be looked for */
		if (content_check(inode) != FS_OK)
			inode->used = inode->external;
		if (inode->used > inode->external)
			inode->used += pages_cut(share, inode, size, PG_INT64_MAX);
		cut_extents(inode, size, PG_INT64_MAX);
	}
	if (inode->used == 0)
		inode->memory_epoch = 0;
}

void
content_remove(Inode *inode)
{
	bool		memory = inode->memory_epoch != 0;
	int64		deleted = 0;

	if (inode->used == 0)
		return;
	if (is_large(inode) ||
		(inode->used > inode->external &&
		 !pages_delete(memory, &inode->content_id, REMOVE_ROWS, &deleted)) ||
		(inode->external > 0 &&
		 !extents_delete(&inode->content_id, REMOVE_ROWS, &deleted)))
		queue_content(memory, &inode->content_id);
	inode->used = inode->external = 0;
}

/*
 * Takes entries that nobody else is at; replicas may reap side by side.  The
 * lock of an entry tells who is at it, but it leaves no trace in the row: the
 * content is looked for with a snapshot taken after it was granted, for another
 * may have deleted some of it meanwhile.
 */
int64
content_reap(int64 max)
{
	RelScan		rs;
	int64		deleted = 0;

	rel_scan_begin(&rs, REL_REAP_QUEUE, RowExclusiveLock, GetActiveSnapshot(),
				   NULL, 0);
	while (deleted < max && rel_scan_next(&rs))
	{
		pg_uuid_t	content_id = *DatumGetUUIDP(rs.slot->tts_values[QUEUE_CONTENT_ID]);
		char	   *content = TextDatumGetCString(rs.slot->tts_values[QUEUE_CONTENT]);
		bool		memory = strcmp(content, "memory") == 0;
		ItemPointerData tid = rs.slot->tts_tid;
		TupleTableSlot *slot = table_slot_create(rs.heap, NULL);
		TM_FailureData tmfd;
		TM_Result	result;

		result = table_tuple_lock(rs.heap, &tid, GetActiveSnapshot(), slot,
								  GetCurrentCommandId(false),
								  LockTupleExclusive, LockWaitSkip, 0, &tmfd);
		ExecDropSingleTupleTableSlot(slot);
		if (result != TM_Ok)
			continue;
		PushActiveSnapshot(GetLatestSnapshot());
		if (pages_delete(memory, &content_id, max - deleted, &deleted) &&
			extents_delete(&content_id, max - deleted, &deleted))
			rel_delete(rs.heap, &tid);
		PopActiveSnapshot();
	}
	rel_scan_end(&rs);
	return deleted;
}
