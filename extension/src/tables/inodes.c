/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * inodes.c
 *	  The inode store: the one module that touches dittofs.files.
 *
 * Inodes that this transaction has locked are kept in a table in memory, which
 * is the truth about them until the transaction ends: rows are written from it,
 * and reading an inode looks there first.
 *
 * An inode is locked by locking its row, exclusively and to the end of the
 * transaction, in the order of ids.  Locking finds the newest version of a row
 * that was updated while we waited, so a locked inode is always current.  A
 * reader's snapshot may be older than the table of locked inodes.  So the
 * entries of a directory are read with a snapshot taken after the lock was
 * granted, and inode_lock() takes it.
 *
 * Only the primary key is indexed, and the id never changes: updates are
 * heap-only if the page has room.
 *
 * A directory in which many files are created gets a new version in each
 * transaction, and none can be pruned while an old snapshot is open.  So this
 * module never looks at all versions of a row: find_row() begins at the row's
 * last place, and an update does not ask whether its key is unique.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

#include "base/change.h"
#include "tables/inodes.h"
#include "tables/rel.h"

/* Columns of dittofs.files, in the order of 10-tables.sql. */
enum
{
	COL_ID,
	COL_FILEID,
	COL_SIZE,
	COL_USED,
	COL_ATIME,
	COL_MTIME,
	COL_CTIME,
	COL_UID,
	COL_GID,
	COL_SHARE_ID,
	COL_MODE,
	COL_NLINK,
	COL_KIND,
	COL_PARENT_ID,
	COL_CONTENT_ID,
	COL_RDEV,
	COL_TARGET,
	COL_VERIFIER,
	COL_MEMORY_EPOCH,
	COL_EXTERNAL,
	COL_CUTS,
	COL_MOVED,
	COL_OVERFLOW,
	COL_LOCKS,
	COL_XATTRS,
	NCOLS
};

typedef struct LockedInode
{
	Inode		inode;			/* its id is the key */
	ItemPointerData tid;		/* the row's newest version */
	bool		fresh;			/* there is no row yet */
	bool		first;			/* ... but for the first version, ours */
	bool		dirty;
	bool		deleted;
	uint64		era;			/* 0: not asked for */
} LockedInode;

/*
 * NULL when nothing is locked; both live in a child of TopTransactionContext.
 */
static MemoryContext locked_context = NULL;
static HTAB *locked = NULL;

/*
 * As stored: credit, position, and pairs: where a cut begins, and its mark; and
 * where it ends, and 0, if it does.
 */
static void
parse_cuts(Inode *inode, Datum datum)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	int			n = ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] : 0;
	const int64 *in = (const int64 *) ARR_DATA_PTR(array);
	bool		right = false;

	inode->ncuts = 0;
	if (n >= 4 && n % 2 == 0 && n <= 2 + 4 * CUTS_MAX && !ARR_HASNULL(array) &&
		ARR_ELEMTYPE(array) == INT8OID)
	{
		inode->cut_credit = in[0];
		inode->cut_position = in[1];
		right = true;
	}
	for (int i = 2; right && i < n; i += 2)
	{
		int			last = inode->ncuts - 1;

		if (in[i + 1] != 0 && inode->ncuts < CUTS_MAX)
		{
			inode->cut_from[inode->ncuts] = in[i];
			inode->cut_to[inode->ncuts] = PG_INT64_MAX;
			inode->cut_mark[inode->ncuts++] = in[i + 1];
		}
		else if (in[i + 1] == 0 && last >= 0 &&
				 inode->cut_to[last] == PG_INT64_MAX)
			inode->cut_to[last] = in[i];
		else
			right = false;
	}
	if (!right)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the column cuts of inode %s is damaged",
						DatumGetCString(DirectFunctionCall1(
							uuid_out, UUIDPGetDatum(&inode->id))))));
}

static Datum
form_cuts(const Inode *inode)
{
	Datum		values[2 + 4 * CUTS_MAX];
	int			n = 0;

	values[n++] = Int64GetDatum(inode->cut_credit);
	values[n++] = Int64GetDatum(inode->cut_position);
	for (int i = 0; i < inode->ncuts; i++)
	{
		values[n++] = Int64GetDatum(inode->cut_from[i]);
		values[n++] = Int64GetDatum(inode->cut_mark[i]);
		if (inode->cut_to[i] == PG_INT64_MAX)
			continue;
		values[n++] = Int64GetDatum(inode->cut_to[i]);
		values[n++] = Int64GetDatum(0);
	}
	return PointerGetDatum(construct_array(values, n, INT8OID, 8,
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
inode_from_slot(TupleTableSlot *slot, Inode *inode)
{
	Datum	   *v = slot->tts_values;
	bool	   *null = slot->tts_isnull;

	inode->id = *DatumGetUUIDP(v[COL_ID]);
	inode->fileid = DatumGetInt64(v[COL_FILEID]);
	inode->size = DatumGetInt64(v[COL_SIZE]);
	inode->used = DatumGetInt64(v[COL_USED]);
	inode->atime = DatumGetInt64(v[COL_ATIME]);
	inode->mtime = DatumGetInt64(v[COL_MTIME]);
	inode->ctime = DatumGetInt64(v[COL_CTIME]);
	inode->uid = (uint32) DatumGetInt64(v[COL_UID]);
	inode->gid = (uint32) DatumGetInt64(v[COL_GID]);
	inode->share_id = DatumGetInt32(v[COL_SHARE_ID]);
	inode->mode = DatumGetInt32(v[COL_MODE]);
	inode->nlink = DatumGetInt32(v[COL_NLINK]);
	inode->kind = (Kind) DatumGetInt16(v[COL_KIND]);
	if (null[COL_PARENT_ID])
		memset(&inode->parent_id, 0, sizeof(pg_uuid_t));
	else
		inode->parent_id = *DatumGetUUIDP(v[COL_PARENT_ID]);
	inode->has_content_id = !null[COL_CONTENT_ID];
	inode->content_id = inode->has_content_id ?
		*DatumGetUUIDP(v[COL_CONTENT_ID]) : inode->id;
	inode->memory_epoch = null[COL_MEMORY_EPOCH] ? 0 :
		DatumGetInt64(v[COL_MEMORY_EPOCH]);
	inode->external = null[COL_EXTERNAL] ? 0 : DatumGetInt64(v[COL_EXTERNAL]);
	inode->moved = null[COL_MOVED] ? 0 : DatumGetInt64(v[COL_MOVED]);
	inode->ncuts = 0;
	inode->cut_credit = 0;
	if (unlikely(!null[COL_CUTS]))
		parse_cuts(inode, v[COL_CUTS]);
	inode->xattrs = null[COL_XATTRS] ? 0 : DatumGetInt64(v[COL_XATTRS]);
	inode->overflow = null[COL_OVERFLOW] ? 0 : DatumGetInt32(v[COL_OVERFLOW]);
	inode->rdev_major = inode->rdev_minor = 0;
	if (!null[COL_RDEV])
	{
		uint64		rdev = (uint64) DatumGetInt64(v[COL_RDEV]);

		inode->rdev_major = (uint32) (rdev >> 32);
		inode->rdev_minor = (uint32) rdev;
	}
	inode->has_verifier = false;
	if (!null[COL_VERIFIER])
	{
		bytea	   *verifier = DatumGetByteaPP(v[COL_VERIFIER]);

		if (VARSIZE_ANY_EXHDR(verifier) == FS_VERIFIER_LEN)
		{
			inode->has_verifier = true;
			memcpy(inode->verifier, VARDATA_ANY(verifier), FS_VERIFIER_LEN);
		}
	}
	inode->target = NULL;
	if (!null[COL_TARGET])
		inode->target = (bytea *)
			DatumGetPointer(datumCopy(v[COL_TARGET], false, -1));
	inode->locks = NULL;
	if (unlikely(!null[COL_LOCKS]))
		inode->locks = (bytea *)
			DatumGetPointer(datumCopy(v[COL_LOCKS], false, -1));
}

static void
inode_to_values(const Inode *inode, Datum *v, bool *null)
{
	memset(null, 0, NCOLS * sizeof(bool));
	v[COL_ID] = UUIDPGetDatum(&inode->id);
	v[COL_FILEID] = Int64GetDatum(inode->fileid);
	v[COL_SIZE] = Int64GetDatum(inode->size);
	v[COL_USED] = Int64GetDatum(inode->used);
	v[COL_ATIME] = Int64GetDatum(inode->atime);
	v[COL_MTIME] = Int64GetDatum(inode->mtime);
	v[COL_CTIME] = Int64GetDatum(inode->ctime);
	v[COL_UID] = Int64GetDatum((int64) inode->uid);
	v[COL_GID] = Int64GetDatum((int64) inode->gid);
	v[COL_SHARE_ID] = Int32GetDatum(inode->share_id);
	v[COL_MODE] = Int32GetDatum(inode->mode);
	v[COL_NLINK] = Int32GetDatum(inode->nlink);
	v[COL_KIND] = Int16GetDatum((int16) inode->kind);
	v[COL_PARENT_ID] = UUIDPGetDatum(&inode->parent_id);
	null[COL_PARENT_ID] = inode->kind != KIND_DIRECTORY;
	v[COL_CONTENT_ID] = UUIDPGetDatum(&inode->content_id);
	null[COL_CONTENT_ID] = !inode->has_content_id;
	v[COL_MEMORY_EPOCH] = Int64GetDatum(inode->memory_epoch);
	null[COL_MEMORY_EPOCH] = inode->memory_epoch == 0;
	v[COL_EXTERNAL] = Int64GetDatum(inode->external);
	null[COL_EXTERNAL] = inode->external == 0;
	v[COL_MOVED] = Int64GetDatum(inode->moved);
	null[COL_MOVED] = inode->moved == 0;
	v[COL_OVERFLOW] = Int32GetDatum(inode->overflow);
	null[COL_OVERFLOW] = inode->overflow == 0;
	null[COL_CUTS] = inode->ncuts == 0;
	if (inode->ncuts > 0)
		v[COL_CUTS] = form_cuts(inode);
	v[COL_RDEV] = Int64GetDatum((int64) (((uint64) inode->rdev_major << 32) |
										 inode->rdev_minor));
	null[COL_RDEV] = inode->kind != KIND_BLOCK && inode->kind != KIND_CHARACTER;
	v[COL_TARGET] = PointerGetDatum(inode->target);
	null[COL_TARGET] = inode->target == NULL;
	v[COL_LOCKS] = PointerGetDatum(inode->locks);
	null[COL_LOCKS] = inode->locks == NULL;
	v[COL_XATTRS] = Int64GetDatum(inode->xattrs);
	null[COL_XATTRS] = inode->xattrs == 0;
	null[COL_VERIFIER] = !inode->has_verifier;
	if (inode->has_verifier)
	{
		bytea	   *verifier = (bytea *) palloc(VARHDRSZ + FS_VERIFIER_LEN);

		SET_VARSIZE(verifier, VARHDRSZ + FS_VERIFIER_LEN);
		memcpy(VARDATA(verifier), inode->verifier, FS_VERIFIER_LEN);
		v[COL_VERIFIER] = PointerGetDatum(verifier);
	}
}

static LockedInode *
locked_find(const pg_uuid_t *id)
{
	if (locked == NULL)
		return NULL;
	return (LockedInode *) hash_search(locked, id, HASH_FIND, NULL);
}

static LockedInode *
locked_enter(const Inode *inode, ItemPointer tid)
{
	LockedInode *entry;
	bool		found;

	if (locked == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(pg_uuid_t);
		ctl.entrysize = sizeof(LockedInode);
		locked_context = AllocSetContextCreate(TopTransactionContext,
											   "dittofs locked inodes",
											   ALLOCSET_SMALL_SIZES);
		ctl.hcxt = locked_context;
		locked = hash_create("dittofs locked inodes", 16, &ctl,
							 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = (LockedInode *) hash_search(locked, &inode->id, HASH_ENTER, &found);
	entry->inode = *inode;
	if (inode->target != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(locked_context);

		entry->inode.target = (bytea *) DatumGetPointer(
			datumCopy(PointerGetDatum(inode->target), false, -1));
		MemoryContextSwitchTo(old);
	}
	if (unlikely(inode->locks != NULL))
	{
		MemoryContext old = MemoryContextSwitchTo(locked_context);

		entry->inode.locks = (bytea *) DatumGetPointer(
			datumCopy(PointerGetDatum(inode->locks), false, -1));
		MemoryContextSwitchTo(old);
	}
	entry->fresh = tid == NULL;
	entry->first = false;
	if (!entry->fresh)
		ItemPointerCopy(tid, &entry->tid);
	entry->dirty = false;
	entry->deleted = false;
	entry->era = 0;
	return entry;
}

/*
 * Where inodes were when they were last seen, or put: guesses that spare the
 * index, which rel_fetch checks.  The version that an update has left behind
 * would not do: it is pruned before the next update.  Should this transaction
 * abort, the index finds what there is.
 *
 * Two places, for a statement may look at a directory through the snapshot that
 * it began with and change it in between, over and over (SELECT
 * create_file(resolve(…), …) FROM …), and a transaction that keeps its snapshot
 * reads what others change.
 */
#define PLACES 4096

typedef struct Place
{
	pg_uuid_t	id;
	ItemPointerData tid;		/* of the newest version we know */
	ItemPointerData seen;		/* by an older snapshot, or invalid */

	/* the era, and the version of the row that it goes on with; 0: none */
	uint64		era;
	ItemPointerData era_tid;
	TransactionId era_xmin;
	FsTime		era_ctime;
} Place;

static Place places[PLACES];

/* No era was asked for yet: it costs nothing. */
static bool eras_wanted = false;
static uint64 last_era = 0;

/* Ids end in random bits. */
static Place *
place_of(const pg_uuid_t *id)
{
	return &places[(id->data[14] << 8 | id->data[15]) % PLACES];
}

static void
remember_place(const pg_uuid_t *id, const ItemPointerData *tid)
{
	Place	   *place = place_of(id);

	if (memcmp(&place->id, id, UUID_LEN) != 0)
	{
		place->id = *id;
		place->era = 0;
		ItemPointerSetInvalid(&place->seen);
	}
	place->tid = *tid;
}

static bool
is_inode(TupleTableSlot *slot, const void *id)
{
	return memcmp(DatumGetUUIDP(slot->tts_values[COL_ID]), id, UUID_LEN) == 0;
}

/*
 * The row of an inode, as the active snapshot sees it; rs is open if found.
 * first: where its first version may be, or NULL.
 */
static bool
find_row(RelScan *rs, const pg_uuid_t *id, const ItemPointerData *first,
		 LOCKMODE lockmode)
{
	Place	   *place = place_of(id);
	bool		known = memcmp(&place->id, id, UUID_LEN) == 0;
	Snapshot	snapshot = GetActiveSnapshot();
	ScanKeyData key;

	if (known && rel_fetch(rs, REL_FILES, lockmode, snapshot, &place->tid,
						   is_inode, id))
	{
		place->tid = rs->slot->tts_tid;
		return true;
	}
	if (known && rel_fetch(rs, REL_FILES, lockmode, snapshot, &place->seen,
						   is_inode, id))
	{
		place->seen = rs->slot->tts_tid;
		return true;
	}
	if (first == NULL ||
		!rel_fetch_chain(rs, REL_FILES, lockmode, snapshot, first, is_inode,
						 id))
	{
		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ,
					UUIDPGetDatum(id));
		rel_scan_begin(rs, REL_FILES, lockmode, snapshot, &key, 1);
		if (!rel_scan_next(rs))
		{
			rel_scan_end(rs);
			return false;
		}
	}
	/* a snapshot that is behind would only displace what is newer */
	if (known && (IsolationUsesXactSnapshot() ||
				  snapshot->curcid < GetCurrentCommandId(false)))
		place->seen = rs->slot->tts_tid;
	else
		remember_place(id, &rs->slot->tts_tid);
	return true;
}

/*
 * The era of the version in the scan's slot.  It goes on while the newest
 * version is what we have seen or written last.  Neither the place of a row nor
 * its xmin is for ever; both and a ctime do not come again.
 */
static uint64
era_of(const RelScan *rs, const pg_uuid_t *id)
{
	Place	   *place = place_of(id);
	TransactionId xmin = rel_row_xmin(rs);
	FsTime		ctime = DatumGetInt64(rs->slot->tts_values[COL_CTIME]);

	if (memcmp(&place->id, id, UUID_LEN) != 0 ||
		!ItemPointerEquals(&place->tid, &rs->slot->tts_tid) ||
		!TransactionIdIsNormal(xmin))
		return 0;
	if (place->era == 0 || place->era_xmin != xmin ||
		place->era_ctime != ctime ||
		!ItemPointerEquals(&place->era_tid, &place->tid))
	{
		place->era = ++last_era;
		place->era_tid = place->tid;
		place->era_xmin = xmin;
		place->era_ctime = ctime;
	}
	return place->era;
}

/* It was written by us, in the same era. */
static void
era_goes_on(const LockedInode *entry)
{
	Place	   *place = place_of(&entry->inode.id);

	place->era = entry->era;
	place->era_tid = entry->tid;
	place->era_xmin = GetCurrentTransactionId();
	place->era_ctime = entry->inode.ctime;
}

uint64
inode_era(const pg_uuid_t *id)
{
	LockedInode *mine = locked_find(id);
	RelScan		rs;
	uint64		era;

	eras_wanted = true;
	if (mine != NULL)
	{
		if (mine->era == 0)
			mine->era = ++last_era;
		return mine->deleted ? 0 : mine->era;
	}
	if (!find_row(&rs, id, NULL, AccessShareLock))
		return 0;
	era = era_of(&rs, id);
	rel_scan_end(&rs);
	return era;
}

bool
inode_get(const pg_uuid_t *id, Inode *inode)
{
	return inode_get_at(id, NULL, inode);
}

bool
inode_get_at(const pg_uuid_t *id, const ItemPointerData *place, Inode *inode)
{
	LockedInode *mine = locked_find(id);
	RelScan		rs;

	if (mine != NULL)
	{
		if (!mine->deleted)
			*inode = mine->inode;
		return !mine->deleted;
	}
	if (!find_row(&rs, id, place, AccessShareLock))
		return false;
	inode_from_slot(rs.slot, inode);
	rel_scan_end(&rs);
	return true;
}

void
inode_foreach(const pg_uuid_t *after,
			  bool (*callback) (const Inode *, void *), void *arg)
{
	RelScan		rs;
	ScanKeyData key;
	Inode		inode;

	ScanKeyInit(&key, 1, BTGreaterStrategyNumber, F_UUID_GT,
				UUIDPGetDatum(after));
	rel_scan_begin(&rs, REL_FILES, AccessShareLock, GetActiveSnapshot(), &key,
				   1);
	do
	{
		CHECK_FOR_INTERRUPTS();
		if (!rel_scan_next(&rs))
			break;
		inode_from_slot(rs.slot, &inode);
	} while (callback(&inode, arg));
	rel_scan_end(&rs);
}

bool
inode_place(const pg_uuid_t *id, ItemPointer place)
{
	LockedInode *mine = locked_find(id);

	if (mine == NULL || !mine->first || mine->deleted)
		return false;
	*place = mine->tid;
	return true;
}

/*
 * Locks the row of one inode.  NULL: there is no such row (any more), or
 * another transaction holds it and we were not to wait, or it is not a
 * directory of the share that was named (which never changes; 0: any inode is
 * wanted).
 */
static LockedInode *
lock_row(const pg_uuid_t *id, LockWaitPolicy policy, int32 dir_of_share)
{
	RelScan		rs;
	LockedInode *entry = NULL;

	if (!find_row(&rs, id, NULL, RowExclusiveLock))
		return NULL;
	if (dir_of_share != 0 &&
		(DatumGetInt16(rs.slot->tts_values[COL_KIND]) != KIND_DIRECTORY ||
		 DatumGetInt32(rs.slot->tts_values[COL_SHARE_ID]) != dir_of_share))
		rel_scan_end(&rs);
	else
	{
		TM_Result	result = rel_lock(&rs, LockTupleNoKeyExclusive, policy);

		switch (result)
		{
			case TM_Ok:
				{
					Inode		inode;

					inode_from_slot(rs.slot, &inode);
					entry = locked_enter(&inode, &rs.slot->tts_tid);
					if (unlikely(eras_wanted))
					{
						remember_place(id, &entry->tid);
						entry->era = era_of(&rs, id);
					}
					break;
				}
			case TM_WouldBlock:
				break;
			case TM_Updated:
			case TM_Deleted:
				if (IsolationUsesXactSnapshot())
					ereport(ERROR,
							(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
							 errmsg("could not serialize access due to concurrent update")));
				if (result == TM_Updated)
					elog(ERROR, "dittofs: a row of files moved away");
				break;
			default:
				elog(ERROR, "dittofs: could not lock a row of files: %d",
					 (int) result);
		}
		rel_scan_end(&rs);
	}
	return entry;
}

void
inode_lock(int n, const pg_uuid_t *ids, Inode **inodes)
{
	int			order[8];
	bool		waited = false;

	Assert(n > 0 && n <= lengthof(order));
	for (int i = 0; i < n; i++)
	{
		int			j = i;

		for (; j > 0 && memcmp(&ids[order[j - 1]], &ids[i], UUID_LEN) > 0; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (int i = 0; i < n; i++)
	{
		LockedInode *entry = locked_find(&ids[order[i]]);

		if (entry == NULL)
		{
			entry = lock_row(&ids[order[i]], LockWaitBlock, 0);
			waited = true;
		}
		inodes[order[i]] =
			(entry == NULL || entry->deleted) ? NULL : &entry->inode;
	}
	if (waited)
		snapshot_renew();
}

Inode *
inode_lock_dir(const pg_uuid_t *id, int32 share_id)
{
	LockedInode *entry = locked_find(id);

	if (entry == NULL)
	{
		entry = lock_row(id, LockWaitBlock, share_id);
		snapshot_renew();
	}
	return entry == NULL || entry->deleted ||
		entry->inode.kind != KIND_DIRECTORY ||
		entry->inode.share_id != share_id ? NULL : &entry->inode;
}

Inode *
inode_lock_nowait(const pg_uuid_t *id)
{
	LockedInode *entry = locked_find(id);

	if (entry == NULL)
		entry = lock_row(id, LockWaitSkip, 0);
	return (entry == NULL || entry->deleted) ? NULL : &entry->inode;
}

/*
 * One wait is enough: who locks the inode after that does so after we were
 * called, and finds what our caller has written before.
 */
bool
inode_settle(const pg_uuid_t *id, Inode *inode)
{
	LockedInode *mine = locked_find(id);
	bool		found;

	if (mine != NULL)
		return inode_get(id, inode);
	for (int attempt = 0; attempt < 2; attempt++)
	{
		RelScan		rs;
		TransactionId changer = InvalidTransactionId;

		PushActiveSnapshot(GetLatestSnapshot());
		found = find_row(&rs, id, NULL, AccessShareLock);
		if (found)
		{
			inode_from_slot(rs.slot, inode);
			if (attempt == 0)
				changer = rel_row_changer(&rs);
			rel_scan_end(&rs);
		}
		PopActiveSnapshot();
		if (!TransactionIdIsValid(changer))
			break;
		XactLockTableWait(changer, NULL, NULL, XLTW_None);
	}
	return found;
}

Inode *
inode_locked(const pg_uuid_t *id)
{
	LockedInode *entry = locked_find(id);

	return (entry == NULL || entry->deleted) ? NULL : &entry->inode;
}

void
inode_dirty(Inode *inode)
{
	/* an Inode we hand out is the first member of its LockedInode */
	((LockedInode *) inode)->dirty = true;
}

void
inode_set_locks(Inode *inode, const void *bytes, size_t len)
{
	bytea	   *old = inode->locks;

	Assert(locked_find(&inode->id) == (LockedInode *) inode);
	inode->locks = NULL;
	if (len > 0)
	{
		inode->locks = MemoryContextAlloc(locked_context, VARHDRSZ + len);
		SET_VARSIZE(inode->locks, VARHDRSZ + len);
		memcpy(VARDATA(inode->locks), bytes, len);
	}
	/* a batch may lock and unlock the same file over and over */
	if (old != NULL)
		pfree(old);
	inode_dirty(inode);
}

Inode *
inode_insert(const Inode *inode, const bytea *target)
{
	Inode		copy = *inode;

	copy.target = unconstify(bytea *, target);
	return &locked_enter(&copy, NULL)->inode;
}

int32
inode_overflow(const pg_uuid_t *id)
{
	LockedInode *entry = locked_find(id);
	Inode		inode;

	if (entry != NULL)
		return entry->inode.overflow;
	return inode_get(id, &inode) ? inode.overflow : 0;
}

void
inode_raise_overflow(const pg_uuid_t *id, int32 overflow)
{
	LockedInode *entry = locked_find(id);

	if (entry == NULL)
		elog(ERROR,
			 "dittofs: an entry is added to a directory that is not locked");
	if (entry->inode.overflow >= overflow)
		return;
	entry->inode.overflow = overflow;
	inode_dirty(&entry->inode);
}

void
inode_delete(Inode *inode)
{
	LockedInode *entry = (LockedInode *) inode;

	if (!entry->fresh)
	{
		Relation	heap = rel_open(REL_FILES, RowExclusiveLock);

		rel_delete(heap, &entry->tid);
		table_close(heap, NoLock);
	}
	entry->deleted = true;
	entry->fresh = entry->dirty = false;
}

static HeapTuple
inode_to_tuple(const Inode *inode, Relation heap)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS];

	inode_to_values(inode, values, nulls);
	return rel_form(heap, NCOLS, values, nulls);
}

/* In the order of ids, which is that of the index and, nearly, of creation. */
static int
compare_ids(const void *a, const void *b)
{
	return memcmp(&(*(LockedInode *const *) a)->inode.id,
				  &(*(LockedInode *const *) b)->inode.id, UUID_LEN);
}

static void
insert_fresh(Relation heap, LockedInode **entries, int count)
{
	HeapTuple  *tuples = (HeapTuple *) palloc(count * sizeof(HeapTuple));
	ItemPointerData *tids =
		(ItemPointerData *) palloc(count * sizeof(ItemPointerData));

	qsort(entries, count, sizeof(LockedInode *), compare_ids);
	for (int i = 0; i < count; i++)
		tuples[i] = inode_to_tuple(&entries[i]->inode, heap);
	rel_insert_many(heap, tuples, count, tids, NULL);
	for (int i = 0; i < count; i++)
	{
		entries[i]->tid = tids[i];
		entries[i]->fresh = entries[i]->dirty = false;
		entries[i]->first = true;
	}
	pfree(tids);
	pfree(tuples);
}

void
inode_flush(void)
{
	HASH_SEQ_STATUS status;
	LockedInode *entry;
	LockedInode **fresh;
	int			nfresh = 0;
	Relation	heap;

	if (locked == NULL)
		return;
	heap = rel_open(REL_FILES, RowExclusiveLock);
	fresh = (LockedInode **)
		palloc(hash_get_num_entries(locked) * sizeof(LockedInode *));
	hash_seq_init(&status, locked);
	while ((entry = (LockedInode *) hash_seq_search(&status)) != NULL)
	{
		if (entry->fresh)
			fresh[nfresh++] = entry;
		else if (entry->dirty)
		{
			Datum		values[NCOLS];
			bool		nulls[NCOLS];

			inode_to_values(&entry->inode, values, nulls);
			rel_update(heap, &entry->tid, NCOLS, values, nulls);
			remember_place(&entry->inode.id, &entry->tid);
			if (unlikely(entry->era != 0))
				era_goes_on(entry);
			entry->dirty = entry->first = false;
		}
	}
	if (nfresh > 0)
		insert_fresh(heap, fresh, nfresh);
	pfree(fresh);
	table_close(heap, NoLock);
}

void
inode_forget(void)
{
	if (locked_context != NULL)
		MemoryContextDelete(locked_context);
	locked_context = NULL;
	locked = NULL;
}

void
inode_fattr(const Inode *inode, uint64 fsid, Fattr *fattr)
{
	memset(fattr, 0, sizeof(*fattr));
	fattr->kind = inode->kind;
	fattr->mode = inode->mode;
	fattr->nlink = inode->nlink;
	fattr->uid = inode->uid;
	fattr->gid = inode->gid;
	fattr->rdev_major = inode->rdev_major;
	fattr->rdev_minor = inode->rdev_minor;
	fattr->size = inode->size;
	fattr->used = inode->used;
	fattr->fsid = fsid;
	fattr->fileid = inode->fileid;
	fattr->atime = inode->atime;
	fattr->mtime = inode->mtime;
	fattr->ctime = inode->ctime;
}

/*
 * Random bytes for ids, bought by the dozen: libuuid asks the kernel for each
 * id, which was a tenth of a creation.
 */
static void
take_random(uint8 *to, int count)
{
	static uint8 stock[1024];
	static int	left = 0;

	if (left < count)
	{
		if (!pg_strong_random(stock, sizeof(stock)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate random values")));
		left = sizeof(stock);
	}
	left -= count;
	memcpy(to, stock + left, count);
}

/*
 * UUID version 7 (RFC 9562): 48 bits of milliseconds, then random bits.  New
 * rows so go to the right edge of the index.
 */
void
inode_new_id(pg_uuid_t *id)
{
	uint64		ms = (uint64) (fs_now() / 1000000);

	take_random(id->data, UUID_LEN);
	id->data[8] = (id->data[8] & 0x3f) | 0x80;
	for (int i = 0; i < 6; i++)
		id->data[i] = (uint8) (ms >> (8 * (5 - i)));
	id->data[6] = (id->data[6] & 0x0f) | 0x70;
}

int64
inode_new_fileid(void)
{
	return nextval_internal(rel_oid(REL_FILE_IDS), false);
}
