/*-------------------------------------------------------------------------
 *
 * blocks.c
 *	  The content of files, in blocks that fill a page each.
 *
 * A row holds the bytes of its block up to the last one ever written there:
 * a small file takes a small row, a hole takes none, and what no row covers
 * reads as zeros.  No byte lies beyond the file's size, so a file that grows
 * again shows zeros.  The sum of the rows' lengths is the inode's used.
 *
 * A block is as large as a row can be without TOAST: 8,064 bytes, but so that
 * every 128 KiB begin with a block (16 of 8,064 bytes and one of 2,048).  In
 * rows of 128 KiB a write of 4 KiB wrote all of it, and its WAL, anew; and
 * TOAST's chunks of 2 KiB made four times as many index entries.
 *
 * Blocks are keyed by the inode's id until a large file is cut to nothing: it
 * then gets a new content_id, and the old blocks wait in reap_queue for
 * dittofs.reap(), as those of a large file that was removed.  So neither takes
 * longer than for a small one.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/detoast.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "blocks.h"
#include "rel.h"

enum
{
	COL_CONTENT_ID,
	COL_BLOCK,
	COL_DATA,
	NCOLS
};

enum
{
	QUEUE_CONTENT_ID,
	QUEUE_CONTENT,
	QUEUE_QUEUED_AT,
	QUEUE_NCOLS
};

/* Up to this many bytes are deleted on the spot, more by the reaper. */
#define REMOVE_AT_ONCE (8 * GROUP_SIZE)

/* Which block has the byte at offset. */
static int64
block_of(int64 offset)
{
	return offset / GROUP_SIZE * GROUP_BLOCKS + offset % GROUP_SIZE / BLOCK_SIZE;
}

/* The file's byte that a block begins with. */
static int64
block_start(int64 block)
{
	return block / GROUP_BLOCKS * GROUP_SIZE + block % GROUP_BLOCKS * BLOCK_SIZE;
}

static int32
block_size(int64 block)
{
	return block % GROUP_BLOCKS < GROUP_BLOCKS - 1 ? BLOCK_SIZE :
		GROUP_SIZE % BLOCK_SIZE;
}

static RelName
block_table(ContentKind kind)
{
	return kind == CONTENT_MEMORY ? REL_BLOCKS_MEMORY : REL_BLOCKS;
}

static void
scan_blocks(RelScan *rs, ContentKind kind, const pg_uuid_t *content_id,
			LOCKMODE lockmode, int64 first, int64 last)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(content_id));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(first));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(last));
	rel_scan_begin(rs, block_table(kind), lockmode, GetActiveSnapshot(), keys, 3);
}

static int64
row_block(const RelScan *rs)
{
	return DatumGetInt64(rs->slot->tts_values[COL_BLOCK]);
}

static int32
row_length(const RelScan *rs)
{
	return (int32) toast_raw_datum_size(rs->slot->tts_values[COL_DATA]) - VARHDRSZ;
}

/* Copies bytes of a row's data, which must all be there. */
static void
row_copy(const RelScan *rs, int32 offset, int32 count, char *to)
{
	struct varlena *stored = (struct varlena *)
		DatumGetPointer(rs->slot->tts_values[COL_DATA]);
	struct varlena *data = stored;

	/* a whole one may be looked at where it lies */
	if (VARATT_IS_EXTENDED(stored) && !VARATT_IS_SHORT(stored))
	{
		data = pg_detoast_datum_slice(stored, offset, count);
		offset = 0;
	}
	if (VARSIZE_ANY_EXHDR(data) < offset + count)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("block " INT64_FORMAT " of a file is shorter than its row says",
						row_block(rs))));
	memcpy(to, VARDATA_ANY(data) + offset, count);
	if (data != stored)
		pfree(data);
}

bytea *
content_read(const Share *share, const Inode *inode, int64 offset, int32 count)
{
	bytea	   *result = (bytea *) palloc(VARHDRSZ + count);
	char	   *out = VARDATA(result);
	int64		end = offset + count;
	int64		at = offset;	/* everything before it is filled */

	SET_VARSIZE(result, VARHDRSZ + count);
	if (count > 0 && inode->used > 0)
	{
		RelScan		rs;

		scan_blocks(&rs, share->content, &inode->content_id, AccessShareLock,
					block_of(offset), block_of(end - 1));
		while (rel_scan_next(&rs))
		{
			int64		start = block_start(row_block(&rs));
			int64		stop = Min(start + row_length(&rs), end);

			CHECK_FOR_INTERRUPTS();
			if (start > at)
			{
				memset(out + (at - offset), 0, start - at);
				at = start;
			}
			if (stop > at)
			{
				row_copy(&rs, (int32) (at - start), (int32) (stop - at),
						 out + (at - offset));
				at = stop;
			}
		}
		rel_scan_end(&rs);
	}
	memset(out + (at - offset), 0, end - at);
	return result;
}

static bytea *
block_alloc(int32 length)
{
	bytea	   *data = (bytea *) palloc(VARHDRSZ + length);

	SET_VARSIZE(data, VARHDRSZ + length);
	return data;
}

static void
block_put(Relation heap, const pg_uuid_t *content_id, int64 block,
		  bytea *data, ItemPointer replace)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	values[COL_CONTENT_ID] = UUIDPGetDatum(content_id);
	values[COL_BLOCK] = Int64GetDatum(block);
	values[COL_DATA] = PointerGetDatum(data);
	if (replace != NULL)
		rel_update(heap, replace, values, nulls);
	else
		rel_insert(heap, values, nulls);
}

void
content_write(const Share *share, Inode *inode,
			  int64 offset, const char *data, int32 count)
{
	int64		end = offset + count;
	int64		first = block_of(offset);
	int64		last = block_of(end - 1);
	RelScan		rs;
	bool		have;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(caller, "dittofs write",
											   ALLOCSET_DEFAULT_SIZES);

	/*
	 * One scan meets the rows that are there; blocks without one are put in
	 * between.  The scan's snapshot does not see what we put.  The scan lives
	 * in the caller's context, the buffers of a block in one of their own.
	 */
	scan_blocks(&rs, share->content, &inode->content_id, RowExclusiveLock,
				first, last);
	have = inode->used > 0 && rel_scan_next(&rs);
	for (int64 block = first; block <= last; block++)
	{
		int64		start = block_start(block);
		int32		from = (int32) (Max(offset, start) - start);
		int32		to = (int32) Min(end - start, block_size(block));
		bool		exists = have && row_block(&rs) == block;
		int32		old_length = exists ? row_length(&rs) : 0;
		bytea	   *bytes;
		char	   *out;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(work);
		bytes = block_alloc(Max(to, old_length));
		out = VARDATA(bytes);

		if (from > 0)
		{
			int32		keep = Min(from, old_length);

			if (keep > 0)
				row_copy(&rs, 0, keep, out);
			memset(out + keep, 0, from - keep);
		}
		memcpy(out + from, data + (start + from - offset), to - from);
		if (old_length > to)
			row_copy(&rs, to, old_length - to, out + to);

		if (exists)
		{
			ItemPointerData tid = rs.slot->tts_tid;

			block_put(rs.heap, &inode->content_id, block, bytes, &tid);
		}
		else
			block_put(rs.heap, &inode->content_id, block, bytes, NULL);
		inode->used += Max(to, old_length) - old_length;
		MemoryContextSwitchTo(caller);
		MemoryContextReset(work);
		if (exists)
			have = rel_scan_next(&rs);
	}
	MemoryContextDelete(work);
	rel_scan_end(&rs);
}

/* Deletes up to max blocks; true when none is left. */
static bool
delete_blocks(ContentKind kind, const pg_uuid_t *content_id, int64 first,
			  int64 max, int64 *deleted)
{
	RelScan		rs;
	bool		more;

	scan_blocks(&rs, kind, content_id, RowExclusiveLock, first, PG_INT64_MAX);
	while ((more = rel_scan_next(&rs)) && max-- > 0)
	{
		ItemPointerData tid = rs.slot->tts_tid;

		CHECK_FOR_INTERRUPTS();
		rel_delete(rs.heap, &tid);
		(*deleted)++;
	}
	rel_scan_end(&rs);
	return !more;
}

static void
queue_content(ContentKind kind, const pg_uuid_t *content_id)
{
	Relation	heap = table_open(rel_oid(REL_REAP_QUEUE), RowExclusiveLock);
	Datum		values[QUEUE_NCOLS];
	bool		nulls[QUEUE_NCOLS] = {false};

	values[QUEUE_CONTENT_ID] = UUIDPGetDatum(content_id);
	values[QUEUE_CONTENT] =
		CStringGetTextDatum(kind == CONTENT_MEMORY ? "memory" : "postgres");
	values[QUEUE_QUEUED_AT] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	rel_insert(heap, values, nulls);
	table_close(heap, NoLock);
}

void
content_truncate(const Share *share, Inode *inode, int64 size)
{
	RelScan		rs;
	int64		first = block_of(size);
	int32		keep = (int32) (size - block_start(first));

	if (inode->used == 0)
		return;
	if (size == 0 && inode->used > REMOVE_AT_ONCE)
	{
		queue_content(share->content, &inode->content_id);
		inode_new_id(&inode->content_id);
		inode->has_content_id = true;
		inode->used = 0;
		return;
	}
	scan_blocks(&rs, share->content, &inode->content_id, RowExclusiveLock,
				first, PG_INT64_MAX);
	while (rel_scan_next(&rs))
	{
		ItemPointerData tid = rs.slot->tts_tid;
		int32		length = row_length(&rs);

		CHECK_FOR_INTERRUPTS();
		if (row_block(&rs) > first || keep == 0)
		{
			rel_delete(rs.heap, &tid);
			inode->used -= length;
		}
		else if (length > keep)
		{
			bytea	   *bytes = block_alloc(keep);

			row_copy(&rs, 0, keep, VARDATA(bytes));
			block_put(rs.heap, &inode->content_id, first, bytes, &tid);
			pfree(bytes);
			inode->used -= length - keep;
		}
	}
	rel_scan_end(&rs);
}

void
content_remove(const Share *share, Inode *inode)
{
	int64		deleted = 0;

	if (inode->used == 0)
		return;
	if (inode->used > REMOVE_AT_ONCE ||
		!delete_blocks(share->content, &inode->content_id, 0,
					   REMOVE_AT_ONCE / GROUP_SIZE * GROUP_BLOCKS,
					   &deleted))
		queue_content(share->content, &inode->content_id);
	inode->used = 0;
}

/*
 * Takes entries that nobody else is at; replicas may reap side by side.  The
 * lock of an entry tells who is at it, but it leaves no trace in the row: the
 * blocks are looked for with a snapshot taken after it was granted, for another
 * may have deleted some of them meanwhile.
 */
int64
content_reap(int64 max_blocks)
{
	RelScan		rs;
	int64		deleted = 0;

	rel_scan_begin(&rs, REL_REAP_QUEUE, RowExclusiveLock, GetActiveSnapshot(),
				   NULL, 0);
	while (deleted < max_blocks && rel_scan_next(&rs))
	{
		pg_uuid_t	content_id = *DatumGetUUIDP(rs.slot->tts_values[QUEUE_CONTENT_ID]);
		char	   *content = TextDatumGetCString(rs.slot->tts_values[QUEUE_CONTENT]);
		ContentKind kind = strcmp(content, "memory") == 0 ?
			CONTENT_MEMORY : CONTENT_POSTGRES;
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
		if (delete_blocks(kind, &content_id, 0, max_blocks - deleted, &deleted))
			rel_delete(rs.heap, &tid);
		PopActiveSnapshot();
	}
	rel_scan_end(&rs);
	return deleted;
}
