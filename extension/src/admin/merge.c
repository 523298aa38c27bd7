/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * merge.c
 *	  Moves content to the place that its share names: the background pass.
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
 * A move between blocks and blocks_memory needs no gateway: merge_next() does
 * it itself, a slice of a file in a call; then other files get their turn.
 *
 * No lock is held while a gateway works.  A task has a stamp of all rows that
 * make up the stretch; the transaction that commits the task locks the inode
 * and makes the stamp anew.  A different stamp means that another transaction
 * wrote meanwhile; the task is dropped.  Updates are never lost, whatever the
 * lease or the clock says.
 *
 * The pass leaves a file alone while it is being written, unless much of it is
 * staged.  It leaves a block of which little has changed alone until the file
 * has been quiet for longer.
 *
 * Holes stay holes: a block has zeros there, but extents only cover data.  So
 * used does not change, nor do the times: the content is the same.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/xact.h"
#include "utils/builtins.h"

#include "base/change.h"
#include "tables/content.h"
#include "tables/memory.h"
#include "ops/ops.h"
#include "base/spi.h"
#include "tables/staged.h"
#include "tables/stores.h"
#include "tables/xact.h"

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
/*
 * Pages that are moved in one call: some 30 ms, during which the inode is
 * locked.
 */
#define MOVE_ROWS		1000
/* Extents that are looked at and are where they belong. */
#define LOOK_ROWS		10000
/* A stretch to be fetched is that long at most. */
#define FETCH_WINDOW	(1024 * 1024)
#define WAIT_MAX		1000	/* ms */
/* What is staged for a store that is only read is looked at so seldom. */
#define READ_ONLY_WAIT	60000	/* ms */

#define STAMP_LEN		8

typedef struct Task
{
	const char *action;
	const Share *share;
	Inode		inode;
	int64		from;
	int64		to;
	bool		moved;			/* no task, but enough for one call */
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
		extents_begin(&extents, inode, AccessShareLock, from, to);
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

	if (!inode_has_pages(inode) || position >= inode->size)
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

/*
 * Likewise in an extent before end; of those in this store none, if it is not
 * 0. reached, if it is not NULL: where it stops after LOOK_ROWS that are none.
 */
static int64
first_extent(const Inode *inode, int64 position, int64 end, int32 but_not,
			 int64 *reached)
{
	int			looked = 0;
	ExtentScan	scan;
	Extent		extent;
	int64		found = -1;

	if (inode->external == 0)
		return -1;
	extents_begin(&scan, inode, AccessShareLock, position, end);
	while (found < 0 && extents_next(&scan, &extent))
	{
		if (extent.store_id != but_not)
			found = Max(extent.start, position);
		else if (reached != NULL && ++looked == LOOK_ROWS)
		{
			*reached = extent.start + extent.length;
			break;
		}
	}
	extents_end(&scan);
	return found;
}

/*
 * reached: not NULL: look for extents in another store, too, which takes a look
 * at all of them.  If it has become other than -1 there may be some behind it.
 */
static int64
first_misplaced(const Share *share, const Inode *inode, int64 position,
				int64 *reached)
{
	int64		page;
	int64		extent = -1;

	if (!share_in_store(share))
		return first_extent(inode, position, PG_INT64_MAX, 0, NULL);
	page = inode->size < share->external_min ? -1 :
		first_paged(inode, position);
	if (reached != NULL)
		extent = first_extent(inode, position, PG_INT64_MAX, share->store_id,
							  reached);
	if (page < 0 || extent < 0)
		return Max(page, extent);
	return Min(page, extent);
}

/*
 * The stretch around at; false: it had better wait.  What is staged is safe
 * where it is, while a block that is made anew for a few bytes is an upload and
 * leaves garbage behind: a client may be writing on.
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
	if (inode->external == 0 || first_extent(inode, from, to, share->store_id,
											  NULL) >= 0)
		return true;
	staged = to - from - pages_growth(inode, from, to - from, false);
	return staged * LITTLE >= extents_bytes(inode, from, to);
}

/* The first stretch from position on that is worth it; false: there is none. */
static bool
find_stretch(Task *task, int64 position, int64 *reached, int64 quiet_for)
{
	for (int i = 0; i < PASS_OVER; i++)
	{
		int64		at = first_misplaced(task->share, &task->inode, position,
										 reached);

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

/* A locked inode whose pages are in the wrong table; false: some still are. */
static bool
change_table(const Share *share, Inode *inode)
{
	bool		to_memory = share->content == CONTENT_MEMORY;

	if (to_memory == (inode->memory_epoch != 0) && inode->moved == 0)
		return true;
	inode_dirty(inode);
	return pages_move(inode, to_memory, MOVE_ROWS) &&
		to_memory == (inode->memory_epoch != 0);
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
	if (task->inode.ncuts > 0)
	{
		/* the reaper has it first */
		staged_again(&lease->file_id, Max(share->merge_delay, 1000), -1);
		return;
	}
	if (share_in_store(share) && !share_fills_store(share))
	{
		staged_again(&lease->file_id, READ_ONLY_WAIT, -1);
		return;
	}
	quiet_for = (fs_now() - task->inode.ctime) / 1000000;
	if (quiet_for < share->merge_delay &&
		task->inode.used - task->inode.external < MUCH)
	{
		staged_again(&lease->file_id,
					 share->merge_delay - Max(quiet_for, 0), -1);
		return;
	}
	if (content_check(&task->inode) == FS_OK)
	{
		int64		reached = -1;
		bool		found =
			find_stretch(task, lease->position,
						 lease->moving ? &reached : NULL, quiet_for);

		if (!found && lease->position > 0 && !lease->moving)
			found = find_stretch(task, 0, NULL, quiet_for);
		if (found)
		{
			if (lease->tried)
				staged_pass_over(&lease->file_id, task->to);
			task->action = share_in_store(share) ? MERGE_BLOCK : MERGE_FETCH;
			return;
		}

		/*
		 * all of it has been looked at when nothing was found from 0 to the end
		 */
		if (reached >= 0 ||
			(lease->moving && lease->position > 0 && !lease->clean))
		{
			staged_go_on(&lease->file_id, Max(reached, 0));
			return;
		}
		if (first_misplaced(share, &task->inode, 0, NULL) >= 0 ||
			(lease->moving && quiet_for < share->merge_delay))
		{
			staged_again(&lease->file_id,
						 Max(share->merge_delay * PATIENCE - quiet_for,
							 share->merge_delay), 0);
			return;
		}
	}

	/* nothing for a gateway; the rest is to be seen under the lock */
	locked = inode_lock_nowait(&lease->file_id);
	if (locked == NULL || locked->ncuts > 0)
	{
		staged_again(&lease->file_id, share->merge_delay, -1);
		return;
	}
	snapshot_renew();
	if (content_check(locked) == FS_OK)
	{
		if (first_misplaced(share, locked, 0, NULL) >= 0)
		{
			staged_again(&lease->file_id, share->merge_delay, 0);
			return;
		}
		if (!share_in_store(share) && inode_has_pages(locked) &&
			!change_table(share, locked))
		{
			task->moved = true;
			staged_again(&lease->file_id, 0, 0);
			return;
		}
	}
	staged_done(&lease->file_id);
}

static Datum
task_result(Task *task)
{
	ContentPlan plan;
	uint8		stamp[STAMP_LEN];
	bytea	   *stamp_bytes = (bytea *) palloc(VARHDRSZ + STAMP_LEN);
	Datum		values[10];
	bool		nulls[10] = {false};

	content_plan(&task->inode, task->from, task->to - task->from, &plan);
	trim(task, &plan);
	make_stamp(&task->inode, task->from, task->to, stamp);
	SET_VARSIZE(stamp_bytes, VARHDRSZ + STAMP_LEN);
	memcpy(VARDATA(stamp_bytes), stamp, STAMP_LEN);
	values[0] = Int32GetDatum(FS_OK);
	values[1] = CStringGetTextDatum(task->action);
	values[2] =
		PointerGetDatum(handle_form(&task->share->uuid, &task->inode.id));
	values[3] = Int64GetDatum(task->from);
	values[4] = Int32GetDatum((int32) (task->to - task->from));
	values[5] = PointerGetDatum(stamp_bytes);
	values[6] = Int32GetDatum(task->share->store_id);
	nulls[6] = !share_in_store(task->share);
	values[7] = PointerGetDatum(plan_encode(&plan));
	values[8] = PointerGetDatum(plan_data(&plan));
	nulls[9] = true;
	values[9] = (Datum) 0;
	return rel_form_result(TYPE_MERGE_TASK, values, nulls, lengthof(values));
}

static Datum
no_task(Status status, int32 wait)
{
	Datum		values[10] = {0};
	bool		nulls[10];

	memset(nulls, true, sizeof(nulls));
	values[0] = Int32GetDatum(status);
	nulls[0] = false;
	values[1] = CStringGetTextDatum(MERGE_NONE);
	nulls[1] = status != FS_OK;
	values[9] = Int32GetDatum(wait);
	nulls[9] = false;
	return rel_form_result(TYPE_MERGE_TASK, values, nulls, lengthof(values));
}

typedef struct Look
{
	Task		task;
	Lease		lease;
	Datum		result;
} Look;

static void
look(void *arg)
{
	Look	   *look = (Look *) arg;

	look_at(&look->task, &look->lease);
	if (look->task.action != NULL)
		look->result = task_result(&look->task);
}

/*
 * merge_next(): a task, and the file is leased; or NOENT.
 */
Datum
dittofs_merge_next(PG_FUNCTION_ARGS)
{
	Look	   *work = palloc0(sizeof(Look));
	int			looked = 0;
	int32		wait = 0;
	bool		swept;

	change_begin("dittofs.merge_next()", CHANGE_UNSTABLE);
	spi_begin();
	swept = staged_sweep_on();
	while (work->task.action == NULL && !work->task.moved && looked < LOOK_AT &&
		   staged_lease(&work->lease))
	{
		char	   *error;

		looked++;
		if (!change_attempt(look, work, &error))
		{
			work->task.action = NULL;
			work->task.moved = false;
			staged_put_off(&work->lease.file_id, error);
		}
	}
	if (work->task.action == NULL && !work->task.moved && looked < LOOK_AT &&
		!swept)
		wait = staged_wait(WAIT_MAX);
	spi_end();
	if (work->task.action != NULL)
	{
		change_end();
		PG_RETURN_DATUM(work->result);
	}
	change_end();
	PG_RETURN_DATUM(no_task(wait == 0 ? FS_OK : FS_NOENT, wait));
}

/*
 * Committing
 */

/* A task, as a gateway returns it; what was not given is NULL, or offset -1. */
typedef struct Ending
{
	const bytea *handle;
	int64		offset;
	const bytea *stamp;
	int32		store_id;		/* merge_commit() */
	const bytea *blocks;
	const bytea *data;			/* merge_store() */

	Op			op;
	Status		status;
	int64		position;		/* where to go on; -1: where it was */
} Ending;

/* The arguments that both functions begin with: handle, offset, stamp. */
static Ending *
task_of(FunctionCallInfo fcinfo)
{
	Ending	   *ending = palloc0(sizeof(Ending));

	ending->handle = PG_ARGISNULL(0) ? NULL : PG_GETARG_BYTEA_PP(0);
	ending->offset = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1);
	ending->stamp = PG_ARGISNULL(2) ? NULL : PG_GETARG_BYTEA_PP(2);
	return ending;
}

/* Locks the task's file; STALE, BADHANDLE */
static Status
lock_file(Ending *ending, Inode **inode)
{
	Handle		handle;

	*inode = NULL;
	if (ending->handle == NULL || !handle_parse(ending->handle, &handle))
		return FS_BADHANDLE;
	ending->op.share = share_by_uuid(&handle.share);
	ending->op.id = handle.id;
	if (ending->op.share == NULL)
		return FS_STALE;
	return op_lock(&ending->op, inode);
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
	Extent	   *made = palloc(sizeof(Extent) * (nruns + n));
	int			nmade = 0;
	int64		external = 0;
	int64		dead = 0;
	int64		at = offset;
	int			run = 0;

	if (inode_has_pages(inode))
		(void) pages_cut(share, inode, offset, offset + total, NULL);
	for (int i = 0; i < n; i++)
	{
		int64		end = at + refs[i].length;

		while (run < nruns && runs[run].start < end)
		{
			Extent	   *extent = &made[nmade++];

			*extent = runs[run];
			extent->length = (int32) Min(extent->length, end - extent->start);
			extent->store_id = store_id;
			extent->skip = (int32) (extent->start - at);
			memcpy(extent->hash, refs[i].hash, HASH_LEN);
			external += extent->length;
			runs[run].start += extent->length;
			runs[run].length -= extent->length;
			if (runs[run].length > 0)
				break;			/* the rest is of the next block */
			run++;
		}
		at = end;
	}
	external -=
		extents_put(inode, offset, offset + total, made, nmade, &dead, NULL);
	inode->external += external - dead;
	content_forget_dead(inode, dead);
	inode_pages_went(inode);
	inode_dirty(inode);
}

/*
 * Ends the lease.  That of a file that has gone as well: the session that looks
 * at it next takes its row away, without waiting for the minute to pass.
 */
static Status
end_task(Ending *ending, const char *function, void (*work) (void *arg))
{
	char	   *error;

	ending->position = -1;
	change_begin(function, CHANGE_UNSTABLE);
	if (change_attempt(work, ending, &error))
	{
		if (ending->status == FS_OK || ending->status == FS_JUKEBOX ||
			ending->status == FS_STALE)
		{
			spi_begin();
			staged_again(&ending->op.id,
						 ending->status == FS_JUKEBOX && ending->position >= 0 ?
						 OTHERS_FIRST : 0, ending->position);
			spi_end();
		}
	}
	else
	{
		ending->status = FS_IO;
		spi_begin();
		staged_put_off(&ending->op.id, error);
		spi_end();
	}
	change_end();
	return ending->status;
}

/* Are the rows still those that the task was made of? */
static Status
check_stretch(const Inode *inode, int64 offset, int64 count, const bytea *stamp)
{
	if (offset > inode->size - count || content_check(inode) != FS_OK ||
		!same_stamp(inode, offset, offset + count, stamp))
		return FS_JUKEBOX;
	return FS_OK;
}

static void
commit_task(void *arg)
{
	Ending	   *ending = (Ending *) arg;
	Inode	   *inode;
	BlockRef	refs[BLOCKS_MAX];
	int			n = -1;
	int64		total = 0;
	int64		offset = ending->offset;
	Status		status = lock_file(ending, &inode);

	if (status == FS_OK && ending->blocks != NULL)
		n = blocks_parse(VARDATA_ANY(ending->blocks),
						 VARSIZE_ANY_EXHDR(ending->blocks), refs, &total);
	if (status == FS_OK && (n <= 0 || offset < 0 || ending->stamp == NULL))
		status = FS_INVAL;
	if (status == FS_OK)
		status = check_stretch(inode, offset, total, ending->stamp);
	if (status == FS_OK)
	{
		ending->position = offset + total;
		status = stored_hold(ending->store_id, refs, n);
	}
	if (status == FS_OK)
	{
		stored_mark(ending->store_id, refs, n);
		relink(ending->op.share, inode, offset, ending->store_id, refs, n,
			   total);
	}
	ending->status = status;
}

/*
 * merge_commit(handle, offset, stamp, store_id, blocks): the blocks are stored.
 * If one of them is being deleted they are not, and it takes its time.
 */
Datum
dittofs_merge_commit(PG_FUNCTION_ARGS)
{
	Ending	   *ending = task_of(fcinfo);

	ending->store_id = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	ending->blocks = PG_ARGISNULL(4) ? NULL : PG_GETARG_BYTEA_PP(4);
	PG_RETURN_INT32(end_task(ending, "dittofs.merge_commit()", commit_task));
}

static void
store_task(void *arg)
{
	Ending	   *ending = (Ending *) arg;
	Inode	   *inode;
	const bytea *data = ending->data;
	int64		count = data == NULL ? 0 : VARSIZE_ANY_EXHDR(data);
	int64		offset = ending->offset;
	Status		status = lock_file(ending, &inode);

	if (status == FS_OK &&
		(offset < 0 || count == 0 || ending->stamp == NULL))
		status = FS_INVAL;
	if (status == FS_OK)
		status = check_stretch(inode, offset, count, ending->stamp);
	if (status == FS_OK)
	{
		int			n;
		Extent	   *runs = data_runs(inode, offset, offset + count, &n);

		for (int i = 0; i < n; i++)
		{
			content_write(ending->op.share, inode, runs[i].start,
						  VARDATA_ANY(data) + (runs[i].start - offset),
						  runs[i].length);
			/* the next one may be of the same page, or of the same extent */
			CommandCounterIncrement();
			snapshot_renew();
		}
		inode_dirty(inode);
		ending->position = offset + count;
	}
	ending->status = status;
}

/*
 * merge_store(handle, offset, stamp, data): the bytes of the task.
 */
Datum
dittofs_merge_store(PG_FUNCTION_ARGS)
{
	Ending	   *ending = task_of(fcinfo);

	ending->data = PG_ARGISNULL(3) ? NULL : PG_GETARG_BYTEA_PP(3);
	PG_RETURN_INT32(end_task(ending, "dittofs.merge_store()", store_task));
}
