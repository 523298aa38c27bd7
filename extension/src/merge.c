/*-------------------------------------------------------------------------
 *
 * merge.c
 *	  The background pass that brings content to where it belongs.
 *
 * A gateway asks merge_next() for work, does what only a gateway can, and ends
 * with merge_commit() or merge_store():
 *
 *		block	a stretch of a file whose share has its content in a store has
 *				pages in the database, or blocks in another store: the gateway
 *				makes a block of it and stores that
 *		fetch	a stretch of a file whose share has its content in the database
 *				is in blocks: the gateway fetches them
 *
 * What needs no gateway, a move between blocks and blocks_memory, merge_next()
 * does itself, a file at a time, for the pages of a file are in one table.
 *
 * Nobody holds a lock while a gateway works.  A task has a stamp of all rows
 * that the stretch was made of; who commits it locks the inode and makes the
 * stamp anew.  If it is another one somebody has written, and the task is
 * forgotten.  So an update is never lost, and neither lease nor clock matter
 * for that.
 *
 * A file is left alone while it is being written, unless much of it is staged;
 * and a block of which little has changed, until the file has been quiet for
 * longer.
 *
 * Holes stay holes: a block has zeros there, but extents only cover what was
 * data.  So used does not change, nor do the times: the content is the same.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "content.h"
#include "memory.h"
#include "ops.h"
#include "staged.h"
#include "stores.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_merge_next);
PG_FUNCTION_INFO_V1(dittofs_merge_commit);
PG_FUNCTION_INFO_V1(dittofs_merge_store);

/* Files that one call looks at. */
#define LOOK_AT			50
/* A file that is being written all the time is moved when it has so much. */
#define MUCH			(INT64CONST(16) << 20)
/* A block of which less than this part has changed is not made anew at once, */
#define LITTLE			8
/* but when the file has been quiet for so many merge_delays. */
#define PATIENCE		30
/* When a block cannot be had, the others of its file go first for so long. */
#define OTHERS_FIRST	5000	/* ms */
/* Stretches that are passed over in one call. */
#define PASS_OVER		100
/* A stretch to be fetched is that long at most. */
#define FETCH_WINDOW	(1024 * 1024)
#define WAIT_MAX		1000	/* ms */

#define STAMP_LEN		8

typedef struct Task
{
	const char *action;
	const Share *share;
	Inode		inode;
	int64		from;
	int64		to;
} Task;

/* What the rows are like of which [from, to) is made. */
static void
make_stamp(const Inode *inode, int64 from, int64 to, uint8 stamp[STAMP_LEN])
{
	XXH64_hash_t hash = XXH3_64bits(inode->content_id.data, UUID_LEN);
	PageScan	pages;
	FilePage	page;
	ExtentScan	extents;
	Extent		extent;
	uint64		row[3];

	pages_begin(&pages, inode, AccessShareLock, from, to);
	while (pages_next(&pages, &page))
	{
		row[0] = (uint64) page.number;
		row[1] = rel_row_version(&pages.rs);
		row[2] = 1 + (inode->memory_epoch != 0);
		hash = XXH3_64bits_withSeed(row, sizeof(row), hash);
	}
	pages_end(&pages);
	if (inode->external > 0)
	{
		extents_begin(&extents, &inode->content_id, AccessShareLock, from, to);
		while (extents_next(&extents, &extent))
		{
			row[0] = (uint64) extent.start;
			row[1] = rel_row_version(&extents.rs);
			row[2] = 0;
			hash = XXH3_64bits_withSeed(row, sizeof(row), hash);
		}
		extents_end(&extents);
	}
	row[0] = (uint64) from;
	row[1] = (uint64) to;
	hash = XXH3_64bits_withSeed(row, 2 * sizeof(uint64), hash);
	memcpy(stamp, &hash, STAMP_LEN);
}

static bool
same_stamp(const Inode *inode, int64 from, int64 to, const bytea *stamp)
{
	uint8		now[STAMP_LEN];

	if (VARSIZE_ANY_EXHDR(stamp) != STAMP_LEN)
		return false;
	make_stamp(inode, from, to, now);
	return memcmp(now, VARDATA_ANY(stamp), STAMP_LEN) == 0;
}

/*
 * Looking for work
 */

/* The first byte at or after position that is in a page; -1: there is none. */
static int64
first_paged(const Inode *inode, int64 position)
{
	PageScan	scan;
	FilePage	page;
	int64		found = -1;

	if (inode->used == inode->external || position >= inode->size)
		return -1;
	pages_begin(&scan, inode, AccessShareLock, position, inode->size);
	while (found < 0 && pages_next(&scan, &page))
	{
		for (int i = 0; found < 0 && i < page.n; i++)
		{
			if (page.start + page.pieces[i].to > position)
				found = Max(page.start + page.pieces[i].from, position);
		}
	}
	pages_end(&scan);
	return found;
}

/* Likewise in an extent before end; of those in this store none, if it is not 0. */
static int64
first_extent(const Inode *inode, int64 position, int64 end, int32 but_not)
{
	ExtentScan	scan;
	Extent		extent;
	int64		found = -1;

	if (inode->external == 0)
		return -1;
	extents_begin(&scan, &inode->content_id, AccessShareLock, position, end);
	while (found < 0 && extents_next(&scan, &extent))
	{
		if (extent.store_id != but_not)
			found = Max(extent.start, position);
	}
	extents_end(&scan);
	return found;
}

/*
 * all: look for extents in another store, which takes a look at all of them.
 */
static int64
first_misplaced(const Share *share, const Inode *inode, int64 position, bool all)
{
	int64		page;
	int64		extent = -1;

	if (!share_in_store(share))
		return first_extent(inode, position, PG_INT64_MAX, 0);
	page = inode->size < share->external_min ? -1 :
		first_paged(inode, position);
	if (all)
		extent = first_extent(inode, position, PG_INT64_MAX, share->store_id);
	if (page < 0 || extent < 0)
		return Max(page, extent);
	return Min(page, extent);
}

/*
 * The stretch around at; false: it had better wait.  What is staged is safe
 * where it is, while a block that is made anew for a few bytes is an upload and
 * leaves garbage behind: somebody may be writing on.
 */
static bool
choose_stretch(Task *task, int64 at, int64 quiet_for)
{
	const Share *share = task->share;
	const Inode *inode = &task->inode;
	int32		size = share_in_store(share) ? share->block_size : FETCH_WINDOW;
	int64		from = at / size * size;
	/* the end of the last block of all does not fit into an offset */
	int64		to = inode->size - from < size ? inode->size : from + size;
	int64		staged;

	task->from = from;
	task->to = to;
	if (!share_in_store(share) || quiet_for >= share->merge_delay * PATIENCE)
		return true;
	if (quiet_for < share->merge_delay && to - from < size)
		return false;
	if (inode->external == 0 || first_extent(inode, from, to, share->store_id) >= 0)
		return true;
	staged = to - from - pages_growth(inode, from, to - from, false);
	return staged * LITTLE >= extents_bytes(&inode->content_id, from, to);
}

/* The first stretch from position on that is worth it; false: there is none. */
static bool
find_stretch(Task *task, int64 position, bool all, int64 quiet_for)
{
	for (int i = 0; i < PASS_OVER; i++)
	{
		int64		at = first_misplaced(task->share, &task->inode, position, all);

		if (at < 0)
			return false;
		if (choose_stretch(task, at, quiet_for))
			return true;
		position = task->to;
	}
	return false;
}

/* Cuts the holes off both ends. */
static void
trim(Task *task, ContentPlan *plan)
{
	Segment    *last = &plan->segments[plan->n - 1];

	if (plan->n > 1 && last->source == SOURCE_ZEROS)
	{
		task->to -= last->extent.length;
		plan->n--;
	}
	if (plan->n > 1 && plan->segments[0].source == SOURCE_ZEROS)
	{
		task->from += plan->segments[0].extent.length;
		plan->segments++;
		plan->n--;
	}
}

/* A locked inode whose pages are in the wrong table. */
static void
change_table(const Share *share, Inode *inode)
{
	bool		to_memory = share->content == CONTENT_MEMORY;

	if (to_memory == (inode->memory_epoch != 0))
		return;
	pages_move(inode, to_memory);
	inode->memory_epoch = to_memory ? memory_life() : 0;
	inode_dirty(inode);
}

/*
 * What is to be done for this file.  action NULL: nothing now, or it has been
 * done, and its row says what next.
 */
static void
look_at(Task *task, const Lease *lease)
{
	const Share *share;
	Inode	   *locked;
	int64		quiet_for;

	task->action = NULL;
	if (!inode_get(&lease->file_id, &task->inode) ||
		(share = share_by_id(task->inode.share_id)) == NULL)
	{
		staged_done(&lease->file_id);
		return;
	}
	task->share = share;
	quiet_for = (fs_now() - task->inode.ctime) / 1000000;
	if (quiet_for < share->merge_delay && task->inode.used - task->inode.external < MUCH)
	{
		staged_again(&lease->file_id,
					 share->merge_delay - Max(quiet_for, 0), -1);
		return;
	}
	if (content_check(&task->inode) == FS_OK)
	{
		bool		found = find_stretch(task, lease->position, lease->moving, quiet_for);

		if (!found && lease->position > 0)
			found = find_stretch(task, 0, lease->moving, quiet_for);
		if (found)
		{
			task->action = share_in_store(share) ? "block" : "fetch";
			return;
		}
		if (first_misplaced(share, &task->inode, 0, lease->moving) >= 0)
		{
			staged_again(&lease->file_id,
						 Max(share->merge_delay * PATIENCE - quiet_for,
							 share->merge_delay), 0);
			return;
		}
	}

	/* nothing for a gateway; the rest is to be seen under the lock */
	locked = inode_lock_nowait(&lease->file_id);
	if (locked == NULL)
	{
		staged_again(&lease->file_id, share->merge_delay, -1);
		return;
	}
	snapshot_renew();
	if (content_check(locked) == FS_OK)
	{
		if (first_misplaced(share, locked, 0, lease->moving) >= 0)
		{
			staged_again(&lease->file_id, share->merge_delay, 0);
			return;
		}
		if (!share_in_store(share) && locked->used > locked->external)
			change_table(share, locked);
	}
	staged_done(&lease->file_id);
}

static Datum
task_result(Task *task)
{
	ContentPlan plan;
	uint8		stamp[STAMP_LEN];
	bytea	   *stamp_bytes = (bytea *) palloc(VARHDRSZ + STAMP_LEN);
	Datum		values[9];
	bool		nulls[9] = {false};

	content_plan(&task->inode, task->from, task->to - task->from, &plan);
	trim(task, &plan);
	make_stamp(&task->inode, task->from, task->to, stamp);
	SET_VARSIZE(stamp_bytes, VARHDRSZ + STAMP_LEN);
	memcpy(VARDATA(stamp_bytes), stamp, STAMP_LEN);
	values[0] = CStringGetTextDatum(task->action);
	values[1] = PointerGetDatum(handle_form(&task->share->uuid, &task->inode.id));
	values[2] = Int64GetDatum(task->from);
	values[3] = Int32GetDatum((int32) (task->to - task->from));
	values[4] = PointerGetDatum(stamp_bytes);
	values[5] = Int32GetDatum(task->share->store_id);
	nulls[5] = !share_in_store(task->share);
	values[6] = PointerGetDatum(plan_encode(&plan));
	values[7] = PointerGetDatum(plan_data(&plan));
	nulls[8] = true;
	values[8] = (Datum) 0;
	return op_result(TYPE_MERGE_TASK, FS_OK, values, nulls, 9);
}

static Datum
no_task(Status status, int32 wait)
{
	Datum		values[9] = {0};
	bool		nulls[9];

	memset(nulls, true, sizeof(nulls));
	values[0] = CStringGetTextDatum("none");
	nulls[0] = status != FS_OK;
	values[8] = Int32GetDatum(wait);
	nulls[8] = false;
	return op_result(TYPE_MERGE_TASK, status, values, nulls, 9);
}

/*
 * merge_next(): a task, and the file is leased; or NOENT.
 */
Datum
dittofs_merge_next(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Task	   *task = palloc0(sizeof(Task));
	Lease		lease;
	int			looked = 0;
	int32		wait = 0;
	bool		swept;

	change_begin("dittofs.merge_next()", CHANGE_UNSTABLE);
	SPI_connect();
	swept = staged_sweep_on();
	while (task->action == NULL && looked < LOOK_AT && staged_lease(&lease))
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		looked++;
		snapshot_renew();
		look_at(task, &lease);
		MemoryContextSwitchTo(spi);
	}
	if (task->action == NULL && looked < LOOK_AT && !swept)
		wait = staged_wait(WAIT_MAX);
	SPI_finish();
	if (task->action != NULL)
	{
		Datum		result = task_result(task);

		change_end();
		PG_RETURN_DATUM(result);
	}
	change_end();
	PG_RETURN_DATUM(no_task(wait == 0 ? FS_OK : FS_NOENT, wait));
}

/*
 * Committing
 */

/* Locks the file of argument 0; STALE, BADHANDLE */
static Status
lock_file(FunctionCallInfo fcinfo, Op *op, Inode **inode)
{
	Handle		handle;

	*inode = NULL;
	if (PG_ARGISNULL(0) || !handle_parse(PG_GETARG_BYTEA_PP(0), &handle))
		return FS_BADHANDLE;
	op->share = share_by_uuid(&handle.share);
	op->id = handle.id;
	if (op->share == NULL)
		return FS_STALE;
	return op_lock(op, inode);
}

/* The stretches of [from, to) that are data, as extents without a block. */
static Extent *
data_runs(const Inode *inode, int64 from, int64 to, int *n)
{
	ContentPlan plan;
	Extent	   *runs;
	bool		open = false;
	int64		at = from;

	content_plan(inode, from, to - from, &plan);
	runs = palloc(sizeof(Extent) * plan.n);
	*n = 0;
	for (int i = 0; i < plan.n; i++)
	{
		int32		length = plan.segments[i].extent.length;

		if (plan.segments[i].source == SOURCE_ZEROS)
			open = false;
		else if (open)
			runs[*n - 1].length += length;
		else
		{
			memset(&runs[*n], 0, sizeof(Extent));
			runs[*n].start = at;
			runs[(*n)++].length = length;
			open = true;
		}
		at += length;
	}
	return runs;
}

/* What the task was made of becomes extents of its blocks. */
static void
relink(const Share *share, Inode *inode, int64 offset, int32 store_id,
	   const BlockRef *refs, int n, int64 total)
{
	int			nruns;
	Extent	   *runs = data_runs(inode, offset, offset + total, &nruns);
	int64		external = inode->external;
	int64		at = offset;
	int			run = 0;

	if (inode->used > inode->external)
		(void) pages_cut(share, inode, offset, offset + total);
	if (inode->external > 0)
		external -= extents_cut(&inode->content_id, offset, offset + total);
	for (int i = 0; i < n; i++)
	{
		int64		end = at + refs[i].length;

		while (run < nruns && runs[run].start < end)
		{
			Extent		extent = runs[run];

			extent.length = (int32) Min(extent.length, end - extent.start);
			extent.store_id = store_id;
			extent.skip = (int32) (extent.start - at);
			memcpy(extent.hash, refs[i].hash, HASH_LEN);
			extents_add(&inode->content_id, &extent);
			external += extent.length;
			runs[run].start += extent.length;
			runs[run].length -= extent.length;
			if (runs[run].length > 0)
				break;			/* the rest is of the next block */
			run++;
		}
		at = end;
	}
	inode->external = external;
	if (inode->used == inode->external)
		inode->memory_epoch = 0;
	inode_dirty(inode);
}

/*
 * Ends the lease.  That of a file that has gone as well: whoever looks at it
 * next takes its row away, without waiting for the minute to pass.
 */
static void
go_on(const Op *op, int64 position, int64 ms)
{
	SPI_connect();
	staged_again(&op->id, ms, position);
	SPI_finish();
}

/*
 * merge_commit(handle, offset, stamp, store_id, blocks): the blocks are stored.
 * If one of them is being deleted they are not, and it takes its time.
 */
Datum
dittofs_merge_commit(PG_FUNCTION_ARGS)
{
	Op			op = {0};
	Inode	   *inode;
	BlockRef	refs[BLOCKS_MAX];
	int			n = -1;
	int64		total = 0;
	int64		offset = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1);
	int32		store_id = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	bool		written = false;
	Status		status;

	change_begin("dittofs.merge_commit()", CHANGE_UNSTABLE);
	status = lock_file(fcinfo, &op, &inode);
	if (status == FS_OK && !PG_ARGISNULL(4))
		n = blocks_parse(PG_GETARG_BYTEA_PP(4), refs, &total);
	if (status == FS_OK && (n <= 0 || offset < 0 || PG_ARGISNULL(2)))
		status = FS_INVAL;
	if (status == FS_OK && (offset > inode->size - total ||
							content_check(inode) != FS_OK ||
							!same_stamp(inode, offset, offset + total,
										PG_GETARG_BYTEA_PP(2))))
	{
		status = FS_JUKEBOX;
		written = true;
	}
	if (status == FS_OK)
		status = stored_hold(store_id, refs, n);
	if (status == FS_OK)
	{
		stored_mark(store_id, refs, n);
		relink(op.share, inode, offset, store_id, refs, n, total);
	}
	if (written || status == FS_STALE)
		go_on(&op, -1, 0);
	else if (status == FS_OK || status == FS_JUKEBOX)
		go_on(&op, offset + total, status == FS_OK ? 0 : OTHERS_FIRST);
	change_end();
	PG_RETURN_INT32(status);
}

/*
 * merge_store(handle, offset, stamp, data): the bytes of the task.
 */
Datum
dittofs_merge_store(PG_FUNCTION_ARGS)
{
	Op			op = {0};
	Inode	   *inode;
	bytea	   *data = PG_ARGISNULL(3) ? NULL : PG_GETARG_BYTEA_PP(3);
	int64		count = data == NULL ? 0 : VARSIZE_ANY_EXHDR(data);
	int64		offset = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1);
	Status		status;

	change_begin("dittofs.merge_store()", CHANGE_UNSTABLE);
	status = lock_file(fcinfo, &op, &inode);
	if (status == FS_OK && (offset < 0 || count == 0 || PG_ARGISNULL(2)))
		status = FS_INVAL;
	if (status == FS_OK && (offset > inode->size - count ||
							content_check(inode) != FS_OK ||
							!same_stamp(inode, offset, offset + count,
										PG_GETARG_BYTEA_PP(2))))
		status = FS_JUKEBOX;
	if (status == FS_OK)
	{
		int			n;
		Extent	   *runs = data_runs(inode, offset, offset + count, &n);

		for (int i = 0; i < n; i++)
		{
			content_write(op.share, inode, runs[i].start,
						  VARDATA_ANY(data) + (runs[i].start - offset),
						  runs[i].length);
			/* the next one may be of the same page, or of the same extent */
			CommandCounterIncrement();
			snapshot_renew();
		}
		inode_dirty(inode);
	}
	if (status == FS_OK || status == FS_JUKEBOX || status == FS_STALE)
		go_on(&op, status == FS_OK ? offset + count : -1, 0);
	change_end();
	PG_RETURN_INT32(status);
}
