/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * stores.c
 *	  Blocks in stores.
 *
 * A block is claimed before a gateway puts it into the store, so that garbage
 * collection knows of it, and it is held while a file begins to refer to
 * it.  The life of a row:
 *
 *		(none) --claim--> pending --mark--> stored --gc--> deleting --> (none)
 *
 * 'stored' means that the object is in the store and synced: only then may
 * another writer of the same bytes skip the upload.  A transaction that marks a
 * block, or holds a stored one, has locked its row; one that wants to delete it
 * locks the row exclusively and then looks for extents with a new snapshot
 * (gc.c).  So a block in use is never deleted, however long a transaction
 * takes.
 *
 * Two transactions that claim the same new block at the same time meet in a
 * heavyweight lock, since a unique violation would undo a whole batch.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tables/rel.h"
#include "tables/stores.h"

enum
{
	COL_STORE_ID,
	COL_HASH,
	COL_LENGTH,
	COL_STATE,
	COL_CLAIMED_AT,
	COL_UNREFERENCED_SINCE,
	COL_SUMS,
	NCOLS
};

/* A claim that is older than this is renewed (gc.c looks at a day). */
#define RENEW_AFTER_MS	(10 * 60 * 1000)

bool
store_takes_blocks(int32 store_id)
{
	RelScan		rs;
	ScanKeyData key;
	bool		found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(store_id));
	rel_scan_begin(&rs, REL_CONTENT_STORES, AccessShareLock,
				   GetActiveSnapshot(), &key, 1);
	found = rel_scan_next(&rs) && !DatumGetBool(rs.slot->tts_values[4]);
	rel_scan_end(&rs);
	return found;
}

int
blocks_parse(const char *packed, int len, BlockRef refs[BLOCKS_MAX],
			 int64 *total)
{
	const uint8 *in = (const uint8 *) packed;
	const uint8 *end = in + len;
	int			n = 0;

	*total = 0;
	while (in < end)
	{
		uint32		word;
		int64		length;
		int			sums;

		if (n == BLOCKS_MAX || end - in < BLOCK_SUMS_AT)
			return -1;
		memcpy(&word, in + BLOCK_LENGTH_AT, 4);
		length = pg_ntoh32(word);
		if (length < 1 || length > STORED_BLOCK_MAX)
			return -1;
		sums = block_sums((int32) length);
		if (end - in < BLOCK_PACKED_LEN(sums))
			return -1;
		refs[n].hash = in;
		refs[n].length = (int32) length;
		refs[n].sums = in + BLOCK_SUMS_AT;
		/* the row of a block is looked at once, whatever it is linked for */
		for (int i = 0; i < n; i++)
			if (refs[i].length != refs[n].length &&
				memcmp(refs[i].hash, in, HASH_LEN) == 0)
				return -1;
		*total += length;
		n++;
		in += BLOCK_PACKED_LEN(sums);
	}
	return n;
}

static bytea *
make_bytea(const uint8 *data, int length)
{
	bytea	   *result = (bytea *) palloc(VARHDRSZ + length);

	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), data, length);
	return result;
}

/* The row of a block; rs is open, also if there is none. */
static bool
find_block(RelScan *rs, int32 store_id, const uint8 *hash, LOCKMODE lockmode)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(store_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_BYTEAEQ,
				PointerGetDatum(make_bytea(hash, HASH_LEN)));
	rel_scan_begin(rs, REL_STORED_BLOCKS, lockmode, GetActiveSnapshot(), keys,
				   2);
	return rel_scan_next(rs);
}

static bool
state_is(const TupleTableSlot *slot, const char *state)
{
	text	   *value = DatumGetTextPP(slot->tts_values[COL_STATE]);

	return VARSIZE_ANY_EXHDR(value) == strlen(state) &&
		memcmp(VARDATA_ANY(value), state, strlen(state)) == 0;
}

/* Writes a new version of the row in the slot, which must be locked. */
static void
update_block(Relation heap, TupleTableSlot *slot, ItemPointer tid,
			 const char *state)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS];

	memcpy(values, slot->tts_values, sizeof(values));
	memcpy(nulls, slot->tts_isnull, sizeof(nulls));
	values[COL_STATE] = CStringGetTextDatum(state);
	values[COL_CLAIMED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	nulls[COL_UNREFERENCED_SINCE] = true;
	rel_update(heap, tid, NCOLS, values, nulls);
}

/*
 * Locks the row that rs has found, in its newest version, which the slot then
 * has.  False: the row is gone.
 */
static bool
lock_block(RelScan *rs, LockTupleMode mode)
{
	TM_Result	result = rel_lock(rs, mode, LockWaitBlock);

	switch (result)
	{
		case TM_Ok:
			return true;
		case TM_SelfModified:
			/* by an earlier statement of ours that is not counted yet */
			return true;
		case TM_Updated:
		case TM_Deleted:
			if (IsolationUsesXactSnapshot())
				ereport(ERROR,
						(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						 errmsg("could not serialize access due to concurrent update")));
			return false;
		default:
			elog(ERROR, "dittofs: could not lock a row of stored_blocks: %d",
				 (int) result);
	}
	return false;
}

/*
 * Claims
 */

static void
take_claim_lock(int32 store_id, const uint8 *hash)
{
	LOCKTAG		tag;
	uint32		word;

	memcpy(&word, hash, 4);
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel_oid(REL_STORED_BLOCKS),
					   (Oid) (word ^ (uint32) store_id), 0);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

static void
insert_claim(int32 store_id, const BlockRef *ref)
{
	Relation	heap = rel_open(REL_STORED_BLOCKS, RowExclusiveLock);
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	values[COL_STORE_ID] = Int32GetDatum(store_id);
	values[COL_HASH] = PointerGetDatum(make_bytea(ref->hash, HASH_LEN));
	values[COL_LENGTH] = Int32GetDatum(ref->length);
	values[COL_STATE] = CStringGetTextDatum("pending");
	values[COL_CLAIMED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	nulls[COL_UNREFERENCED_SINCE] = true;
	values[COL_SUMS] = PointerGetDatum(
		make_bytea(ref->sums, block_sums(ref->length) * SUM_LEN));
	rel_insert(heap, NCOLS, values, nulls);
	table_close(heap, NoLock);
}

/* Renews a claim that is about to look old to gc.c. */
static bool
renew_claim(RelScan *rs)
{
	TimestampTz claimed_at =
		DatumGetTimestampTz(rs->slot->tts_values[COL_CLAIMED_AT]);

	if (rs->slot->tts_isnull[COL_UNREFERENCED_SINCE] &&
		!TimestampDifferenceExceeds(claimed_at, GetCurrentTimestamp(),
									RENEW_AFTER_MS))
		return true;
	if (!lock_block(rs, LockTupleNoKeyExclusive))
		return false;
	if (!state_is(rs->slot, "deleting"))
	{
		ItemPointerData tid = rs->slot->tts_tid;

		update_block(rs->heap, rs->slot, &tid,
					 state_is(rs->slot, "stored") ? "stored" : "pending");
	}
	return true;
}

static BlockNeed
need_of(const RelScan *rs)
{
	if (state_is(rs->slot, "stored"))
		return NEED_NOTHING;
	return state_is(rs->slot, "deleting") ? NEED_PATIENCE : NEED_UPLOAD;
}

static BlockNeed
claim(int32 store_id, const BlockRef *ref)
{
	RelScan		rs;
	BlockNeed	need = NEED_PATIENCE;
	bool		found = find_block(&rs, store_id, ref->hash, RowExclusiveLock);

	if (!found)
	{
		rel_scan_end(&rs);
		take_claim_lock(store_id, ref->hash);
		PushActiveSnapshot(GetLatestSnapshot());
		found = find_block(&rs, store_id, ref->hash, RowExclusiveLock);
		PopActiveSnapshot();
		if (!found)
		{
			insert_claim(store_id, ref);
			need = NEED_UPLOAD;
		}
	}
	if (found)
	{
		need = need_of(&rs);
		if (need != NEED_PATIENCE)
			need = renew_claim(&rs) ? need_of(&rs) : NEED_PATIENCE;
	}
	rel_scan_end(&rs);
	return need;
}

/* In the order of hashes, in which all transactions lock them. */
static void
sort_refs(const BlockRef *refs, int n, int *order)
{
	for (int i = 0; i < n; i++)
	{
		int			j = i;

		for (; j > 0 &&
			 memcmp(refs[order[j - 1]].hash, refs[i].hash, HASH_LEN) > 0;
			 j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
}

/* The same block again, in a list in that order? */
static bool
same_as_last(const BlockRef *refs, const int *order, int i)
{
	return i > 0 && memcmp(refs[order[i - 1]].hash, refs[order[i]].hash,
						   HASH_LEN) == 0;
}

void
stored_claim(int32 store_id, const BlockRef *refs, int n, uint8 *needed)
{
	int			order[BLOCKS_MAX];

	sort_refs(refs, n, order);
	for (int i = 0; i < n; i++)
		needed[order[i]] = same_as_last(refs, order, i) ?
			needed[order[i - 1]] : (uint8) claim(store_id, &refs[order[i]]);
}

/*
 * Holding and marking
 */

Status
stored_hold(int32 store_id, const BlockRef *refs, int n)
{
	int			order[BLOCKS_MAX];
	Status		status = FS_OK;

	sort_refs(refs, n, order);
	for (int i = 0; i < n && status == FS_OK; i++)
	{
		const BlockRef *ref = &refs[order[i]];
		RelScan		rs;

		if (same_as_last(refs, order, i))
			continue;
		if (!find_block(&rs, store_id, ref->hash, RowExclusiveLock))
			status = FS_JUKEBOX;
		else
		{
			LockTupleMode mode = LockTupleShare;

			if (!state_is(rs.slot, "stored") ||
				!rs.slot->tts_isnull[COL_UNREFERENCED_SINCE])
				mode = LockTupleNoKeyExclusive;
			if (!lock_block(&rs, mode) || state_is(rs.slot, "deleting"))
				status = FS_JUKEBOX;
			else if (DatumGetInt32(rs.slot->tts_values[COL_LENGTH]) !=
					 ref->length)
				status = FS_INVAL;
		}
		rel_scan_end(&rs);
	}
	return status;
}

void
stored_mark(int32 store_id, const BlockRef *refs, int n)
{
	int			order[BLOCKS_MAX];

	sort_refs(refs, n, order);
	PushActiveSnapshot(GetLatestSnapshot());
	for (int i = 0; i < n; i++)
	{
		RelScan		rs;

		if (same_as_last(refs, order, i))
			continue;
		if (find_block(&rs, store_id, refs[order[i]].hash, RowExclusiveLock) &&
			(!state_is(rs.slot, "stored") ||
			 !rs.slot->tts_isnull[COL_UNREFERENCED_SINCE]) &&
			lock_block(&rs, LockTupleNoKeyExclusive))
		{
			ItemPointerData tid = rs.slot->tts_tid;

			update_block(rs.heap, rs.slot, &tid, "stored");
		}
		rel_scan_end(&rs);
	}
	PopActiveSnapshot();
}

int32
stored_get(int32 store_id, const uint8 *hash, uint8 sums[SUMS_MAX * SUM_LEN])
{
	RelScan		rs;
	int32		length = 0;

	if (find_block(&rs, store_id, hash, AccessShareLock))
	{
		bytea	   *stored = DatumGetByteaPP(rs.slot->tts_values[COL_SUMS]);
		int			size = VARSIZE_ANY_EXHDR(stored);

		length = DatumGetInt32(rs.slot->tts_values[COL_LENGTH]);
		if (length < 1 || length > STORED_BLOCK_MAX ||
			size != block_sums(length) * SUM_LEN)
			length = 0;
		else
			memcpy(sums, VARDATA_ANY(stored), size);
	}
	rel_scan_end(&rs);
	if (length == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("a file refers to a block that is not in dittofs.stored_blocks, or damaged there"),
				 errhint("dittofs.fsck() lists what is wrong.")));
	return length;
}
