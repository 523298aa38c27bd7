/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * dropped.c
 *	  Deletes the files of shares that were dropped by force: the one module
 *	  that touches dittofs.dropped_shares and dittofs.dropped_directories.
 *
 * drop_share(force) deletes the share's row, after which no call reaches a file
 * of it.  Calls of reap(), which every gateway makes, delete the files
 * afterwards, in slices.  Each slice is a transaction of its own, so the share
 * may be of any size, and other shares are not affected.
 *
 * Deletion begins at the share's root.  A directory that waits for its turn is
 * in dropped_directories, with the cookie up to which its entries are gone.
 * Its files are deleted, its directories put into that table; when it is empty
 * its inode goes.  All of that is done under the directory's lock.  A
 * transaction that has found the share before it was dropped may still add an
 * entry to an existing directory, under the directory's lock.  So the entry is
 * found when the directory is to go, or the call is told STALE.
 *
 * When no directory waits, the share's account says whether anything is left.
 * If so, something was damaged, and there are inodes without a name.  Then the
 * pass looks through all inodes of the database for them, again in slices: for
 * directories first, which then wait for their turn, and for the rest when
 * those are gone.  A directory that cannot be emptied because of damage is put
 * off, and the others go on.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tables/dirents.h"
#include "admin/dropped.h"
#include "tables/inodes.h"
#include "ops/ops.h"
#include "tables/rel.h"
#include "tables/states4.h"
#include "tables/usage.h"
#include "tables/xact.h"

/* dropped_shares */
enum
{
	SHARE_ID,
	SHARE_NAME,
	SHARE_DROPPED_AT,
	SHARE_SWEPT,
	SHARE_FILES,
	SHARE_NCOLS
};

/* dropped_directories */
enum
{
	DIR_ID,
	DIR_SHARE_ID,
	DIR_POSITION,
	DIR_NEXT_AT,
	DIR_FAILURES,
	DIR_ERROR,
	DIR_NCOLS
};

static void
add_directory(const pg_uuid_t *id, int32 share_id)
{
	Relation	heap = rel_open(REL_DROPPED_DIRECTORIES, RowExclusiveLock);
	Datum		values[DIR_NCOLS];
	bool		nulls[DIR_NCOLS] = {false};

	values[DIR_ID] = UUIDPGetDatum(id);
	values[DIR_SHARE_ID] = Int32GetDatum(share_id);
	values[DIR_POSITION] = Int64GetDatum(0);
	values[DIR_NEXT_AT] = TimestampTzGetDatum(DT_NOBEGIN);
	values[DIR_FAILURES] = Int32GetDatum(0);
	nulls[DIR_ERROR] = true;
	rel_insert(heap, DIR_NCOLS, values, nulls);
	table_close(heap, NoLock);
}

void
dropped_add(const Share *share)
{
	Relation	heap = rel_open(REL_DROPPED_SHARES, RowExclusiveLock);
	Datum		values[SHARE_NCOLS];
	bool		nulls[SHARE_NCOLS] = {false};

	values[SHARE_ID] = Int32GetDatum(share->share_id);
	values[SHARE_NAME] = CStringGetTextDatum(share->name);
	values[SHARE_DROPPED_AT] =
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	nulls[SHARE_SWEPT] = true;
	values[SHARE_FILES] = BoolGetDatum(false);
	rel_insert(heap, SHARE_NCOLS, values, nulls);
	table_close(heap, NoLock);
	add_directory(&share->root_id, share->share_id);
}

static bool
waits(const pg_uuid_t *dir)
{
	RelScan		rs;
	ScanKeyData key;
	bool		found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(dir));
	rel_scan_begin(&rs, REL_DROPPED_DIRECTORIES, AccessShareLock,
				   GetActiveSnapshot(), &key, 1);
	found = rel_scan_next(&rs);
	rel_scan_end(&rs);
	return found;
}

/*
 * Directories
 */

typedef struct Slice
{
	int64		max;
	int64		n;
	Dirent	   *entries;
} Slice;

static bool
collect(const Dirent *dirent, void *arg)
{
	Slice	   *slice = arg;

	if (slice->n == slice->max)
		return false;
	slice->entries[slice->n++] = *dirent;
	return true;
}

/* So many entries of a directory are in memory together. */
#define DIRECTORY_SLICE 256

static void
delete_file(const Share *share, Inode *inode)
{
	if (inode->kind == KIND_REGULAR)
		states4_forget_file(&inode->id);
	op_delete(share, inode);
}

/*
 * Deletes an entry and its inode.  False: the inode is locked, so the entry
 * stays for another time.  An entry that is damaged may lead to nothing, or
 * into another share.
 */
static bool
delete_entry(const pg_uuid_t *dir, const Dirent *entry, int32 share_id)
{
	Share		share = {.share_id = share_id};
	Inode		seen;

	if (dirent_inode(entry, &seen) && seen.share_id == share_id)
	{
		if (seen.kind != KIND_DIRECTORY)
		{
			Inode	   *child = inode_lock_nowait(&seen.id);

			/* no client gets at it any more, open or not */
			if (child != NULL && child->nlink <= 1)
				delete_file(&share, child);
			else if (child != NULL)
				op_unlink(&share, child);
			else if (inode_get(&seen.id, &seen))
				return false;
		}
		else if (!waits(&seen.id))
			add_directory(&seen.id, share_id);
	}
	dirent_delete(dir, entry);
	return true;
}

/*
 * One step with a directory whose row in dropped_directories is ours; returns
 * how much was deleted.  *position: -1 when the directory is gone.
 */
static int64
step_directory(const pg_uuid_t *id, int32 share_id, int64 *position, int64 max)
{
	Slice		slice = {.max = Min(max, DIRECTORY_SLICE)};
	Inode	   *dir = inode_lock_nowait(id);
	Inode		seen;
	int64		deleted = 0;

	/* whatever he who had it before has added is seen */
	PushActiveSnapshot(GetLatestSnapshot());
	if (dir == NULL && inode_get(id, &seen))
	{
		PopActiveSnapshot();
		return 0;
	}
	slice.entries = palloc(sizeof(Dirent) * slice.max);
	dirent_foreach(id, *position, collect, &slice);
	for (int64 i = 0; i < slice.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (delete_entry(id, &slice.entries[i], share_id))
			deleted++;
		*position = slice.entries[i].cookie;
		/* a file's second name must be seen to be its last */
		CommandCounterIncrement();
	}
	pfree(slice.entries);
	PopActiveSnapshot();
	if (slice.n < slice.max)
	{
		PushActiveSnapshot(GetLatestSnapshot());
		*position = dirent_any(id) ? 0 : -1;
		PopActiveSnapshot();
		if (*position < 0 && dir != NULL)
		{
			Share		share = {.share_id = share_id};

			op_unlink(&share, dir);
			deleted++;
		}
	}
	return deleted;
}

/*
 * The row of a directory, locked; rs is open if the row exists and was free.
 */
static bool
lock_directory(RelScan *rs, const pg_uuid_t *id)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(id));
	rel_scan_begin(rs, REL_DROPPED_DIRECTORIES, RowExclusiveLock,
				   GetActiveSnapshot(), &key, 1);
	if (rel_scan_next(rs) && rel_try_lock(rs))
		return true;
	rel_scan_end(rs);
	return false;
}

static void
update_directory(RelScan *rs, int64 position, int32 failures, const char *error)
{
	Datum		values[DIR_NCOLS];
	bool		nulls[DIR_NCOLS];
	ItemPointerData tid = rs->slot->tts_tid;

	memcpy(values, rs->slot->tts_values, sizeof(values));
	memcpy(nulls, rs->slot->tts_isnull, sizeof(nulls));
	values[DIR_POSITION] = Int64GetDatum(position);
	values[DIR_FAILURES] = Int32GetDatum(failures);
	values[DIR_NEXT_AT] = TimestampTzGetDatum(
		failures == 0 ? DT_NOBEGIN :
						TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													PUT_OFF_MS(failures - 1)));
	nulls[DIR_ERROR] = error == NULL;
	if (error != NULL)
		values[DIR_ERROR] = CStringGetTextDatum(error);
	rel_update(rs->heap, &tid, DIR_NCOLS, values, nulls);
}

typedef struct Work
{
	pg_uuid_t	id;
	int64		max;
	int64		deleted;
} Work;

/* As far as it goes with one directory. */
static void
reap_directory(void *arg)
{
	Work	   *work = (Work *) arg;
	RelScan		rs;
	int64		step = 1;

	PushActiveSnapshot(GetLatestSnapshot());
	if (lock_directory(&rs, &work->id))
	{
		int32		share_id = DatumGetInt32(rs.slot->tts_values[DIR_SHARE_ID]);
		int64		position = DatumGetInt64(rs.slot->tts_values[DIR_POSITION]);
		int32		failures = DatumGetInt32(rs.slot->tts_values[DIR_FAILURES]);

		rel_scan_end(&rs);
		while (position >= 0 && step > 0 && work->deleted < work->max)
		{
			step = step_directory(&work->id, share_id, &position,
								  work->max - work->deleted);
			work->deleted += step;
		}
		if ((position < 0 || work->deleted > 0 || failures > 0) &&
			lock_directory(&rs, &work->id))
		{
			if (position < 0)
			{
				ItemPointerData tid = rs.slot->tts_tid;

				rel_delete(rs.heap, &tid);
			}
			else
				update_directory(&rs, position, 0, NULL);
			rel_scan_end(&rs);
		}
	}
	PopActiveSnapshot();
}

static void
put_off(const pg_uuid_t *id, const char *error)
{
	RelScan		rs;

	PushActiveSnapshot(GetLatestSnapshot());
	if (lock_directory(&rs, id))
	{
		update_directory(&rs, DatumGetInt64(rs.slot->tts_values[DIR_POSITION]),
						 DatumGetInt32(rs.slot->tts_values[DIR_FAILURES]) + 1,
						 error);
		rel_scan_end(&rs);
	}
	PopActiveSnapshot();
}

/*
 * The next directory at or after id, or after it, that was not put off.  *any:
 * there is one, though it may have been.
 */
static bool
next_directory(pg_uuid_t *id, bool after, bool *any)
{
	TimestampTz now = GetCurrentTimestamp();
	RelScan		rs;
	ScanKeyData key;
	bool		found;

	ScanKeyInit(&key, 1,
				after ? BTGreaterStrategyNumber : BTGreaterEqualStrategyNumber,
				after ? F_UUID_GT : F_UUID_GE, UUIDPGetDatum(id));
	PushActiveSnapshot(GetLatestSnapshot());
	rel_scan_begin(&rs, REL_DROPPED_DIRECTORIES, RowExclusiveLock,
				   GetActiveSnapshot(), &key, 1);
	while ((found = rel_scan_next(&rs)))
	{
		CHECK_FOR_INTERRUPTS();
		*any = true;
		if (DatumGetTimestampTz(rs.slot->tts_values[DIR_NEXT_AT]) <= now)
			break;
	}
	if (found)
		*id = *DatumGetUUIDP(rs.slot->tts_values[DIR_ID]);
	rel_scan_end(&rs);
	PopActiveSnapshot();
	return found;
}

/*
 * Directories from last_dir on.  Those before it are done, or are found when we
 * begin at the first again: while an old snapshot is open the rows of what is
 * done stay, and are not to be passed by in each slice.
 */
static pg_uuid_t last_dir;

static int64
reap_directories(int64 max, bool *any)
{
	Work		work = {.id = last_dir};
	int64		deleted = 0;
	bool		after = false;

	while (deleted < max && next_directory(&work.id, after, any))
	{
		char	   *error;

		work.max = max - deleted;
		work.deleted = 0;
		if (change_attempt(reap_directory, &work, &error))
			deleted += work.deleted;
		else
			put_off(&work.id, error);
		last_dir = work.id;
		after = true;
	}
	CommandCounterIncrement();
	return deleted;
}

/*
 * Shares of which no directory is left
 */

/* Inodes that one call looks at when all are looked through. */
#define SWEEP_SLICE 2000

typedef struct Sweep
{
	int32		share_id;
	bool		files;			/* or directories */
	int			left;			/* to be looked at */
	int			room;
	int			nfound;
	pg_uuid_t	found[SWEEP_SLICE];
	pg_uuid_t	swept;
} Sweep;

static bool
look(const Inode *inode, void *arg)
{
	Sweep	   *sweep = arg;

	sweep->swept = inode->id;
	if (inode->share_id == sweep->share_id &&
		(inode->kind != KIND_DIRECTORY) == sweep->files)
		sweep->found[sweep->nfound++] = inode->id;
	return --sweep->left > 0 && sweep->nfound < sweep->room;
}

/* True: there are no more. */
static bool
sweep_slice(int32 share_id, bool files, pg_uuid_t *swept, int64 max,
			int64 *deleted)
{
	Sweep	   *sweep = palloc0(sizeof(Sweep));
	bool		more;

	sweep->share_id = share_id;
	sweep->files = files;
	sweep->left = SWEEP_SLICE;
	sweep->room = (int) Min(Max(max, 1), SWEEP_SLICE);
	sweep->swept = *swept;
	inode_foreach(swept, look, sweep);
	for (int i = 0; i < sweep->nfound; i++)
	{
		Share		share = {.share_id = share_id};
		Inode	   *inode;

		if (!files)
		{
			if (!waits(&sweep->found[i]))
				add_directory(&sweep->found[i], share_id);
		}
		else if ((inode = inode_lock_nowait(&sweep->found[i])) != NULL)
		{
			delete_file(&share, inode);
			(*deleted)++;
		}
	}
	*swept = sweep->swept;
	more = sweep->left == 0 || sweep->nfound == sweep->room;
	pfree(sweep);
	return !more;
}

/*
 * One slice with each of them.  Returns how much was deleted, or 1 where it is
 * to be gone on with, so that reap() is called again.
 */
static void
finish_shares(void *arg)
{
	Work	   *work = (Work *) arg;
	int64		max = work->max;
	RelScan		rs;
	int64		deleted = 0;

	PushActiveSnapshot(GetLatestSnapshot());
	rel_scan_begin(&rs, REL_DROPPED_SHARES, RowExclusiveLock,
				   GetActiveSnapshot(), NULL, 0);
	while (rel_scan_next(&rs))
	{
		ItemPointerData tid;
		int32		share_id;
		pg_uuid_t	swept = {{0}};
		int64		bytes;
		int64		inodes;
		bool		files;
		bool		done;

		if (!rel_try_lock(&rs))
			continue;
		tid = rs.slot->tts_tid;
		files = DatumGetBool(rs.slot->tts_values[SHARE_FILES]);
		share_id = DatumGetInt32(rs.slot->tts_values[SHARE_ID]);
		if (!rs.slot->tts_isnull[SHARE_SWEPT])
			swept = *DatumGetUUIDP(rs.slot->tts_values[SHARE_SWEPT]);
		usage_get(share_id, &bytes, &inodes);
		done = (bytes == 0 && inodes == 0) ||
			sweep_slice(share_id, files, &swept, max - deleted, &deleted);
		if (done && !files && (bytes != 0 || inodes != 0))
		{
			memset(&swept, 0, sizeof(swept));
			files = true;
			done = false;
		}
		if (done)
		{
			/* with what was just deleted */
			dirent_write_now();
			usage_flush();
			CommandCounterIncrement();
			PushActiveSnapshot(GetLatestSnapshot());
			usage_drop(share_id);
			PopActiveSnapshot();
			rel_delete(rs.heap, &tid);
		}
		else
		{
			Datum		values[SHARE_NCOLS];
			bool		nulls[SHARE_NCOLS] = {false};

			values[SHARE_ID] = Int32GetDatum(share_id);
			values[SHARE_NAME] = rs.slot->tts_values[SHARE_NAME];
			values[SHARE_DROPPED_AT] = rs.slot->tts_values[SHARE_DROPPED_AT];
			values[SHARE_SWEPT] = UUIDPGetDatum(&swept);
			values[SHARE_FILES] = BoolGetDatum(files);
			rel_update(rs.heap, &tid, SHARE_NCOLS, values, nulls);
			deleted = Max(deleted, 1);
		}
	}
	rel_scan_end(&rs);
	PopActiveSnapshot();
	CommandCounterIncrement();
	work->deleted = deleted;
}

static bool
any_share(void)
{
	RelScan		rs;
	bool		any;

	rel_scan_begin(&rs, REL_DROPPED_SHARES, AccessShareLock,
				   GetActiveSnapshot(), NULL, 0);
	any = rel_scan_next(&rs);
	rel_scan_end(&rs);
	return any;
}

int64
dropped_reap(int64 max)
{
	int64		deleted = 0;
	int64		step;
	bool		any;
	static TimestampTz finish_at = DT_NOBEGIN;	/* after a failure */

	if (!any_share())
		return 0;
	do
	{
		any = false;
		step = reap_directories(max - deleted, &any);
		/* at the end we begin again: what was found below is waiting there */
		if (deleted + step < max)
		{
			memset(&last_dir, 0, sizeof(last_dir));
			step += reap_directories(max - deleted - step, &any);
		}
		deleted += step;
	} while (step > 0 && deleted < max);
	if (!any && deleted < max && GetCurrentTimestamp() >= finish_at)
	{
		Work		work = {.max = max - deleted};
		char	   *error;

		if (change_attempt(finish_shares, &work, &error))
			deleted += work.deleted;
		else
		{
			ereport(WARNING,
					(errmsg("could not look for the rest of dropped shares: %s",
							error),
					 errhint("dittofs.fsck() may know more.")));
			finish_at =
				TimestampTzPlusMilliseconds(GetCurrentTimestamp(), 60000);
		}
	}
	return deleted;
}
