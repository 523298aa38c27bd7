/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * extents.c
 *	  Extents: file content in blocks of a store.
 *
 * An extent can be cut at any byte.  So truncation is exact, a write over part
 * of a block makes two extents of one, and the block size of a share can change
 * at any time.  An extent is at most as long as a block can be, which bounds
 * how far before a byte its extent can begin.
 *
 * An extent that is put where another one began takes its row.  Nonetheless the
 * index has an entry for each version while an old snapshot is open.  If a scan
 * has passed many, the place of the row is noted under the byte that was looked
 * for, and empty stretches as gaps (churn.h); extents are then looked for one
 * after the other.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "tables/blocks.h"
#include "tables/churn.h"
#include "tables/extents.h"

enum
{
	COL_CONTENT_ID,
	COL_START,
	COL_LENGTH,
	COL_STORE_ID,
	COL_HASH,
	COL_SKIP,
	COL_CUT,
	NCOLS
};

/*
 * What is noted.  An extent is found by any byte of it, for no byte is in two.
 */

typedef struct ExtentKey
{
	const pg_uuid_t *content_id;
	int64		at;
} ExtentKey;

static bool
begins_before(TupleTableSlot *slot, const void *arg)
{
	const ExtentKey *key = (const ExtentKey *) arg;

	return DatumGetInt64(slot->tts_values[COL_START]) <= key->at &&
		memcmp(DatumGetUUIDP(slot->tts_values[COL_CONTENT_ID]), key->content_id,
			   UUID_LEN) == 0;
}

static int64
end_of(const TupleTableSlot *slot)
{
	return DatumGetInt64(slot->tts_values[COL_START]) +
		DatumGetInt32(slot->tts_values[COL_LENGTH]);
}

/* The extent with byte scan->at, if it is noted and where the note says. */
static bool
recall(ExtentScan *scan)
{
	const pg_uuid_t *content_id = &scan->inode->content_id;
	Churn	   *churn = churn_find(REL_EXTENTS, content_id, scan->at);
	ExtentKey	key = {content_id, scan->at};

	if (likely(churn == NULL))
		return false;
	extents_end(scan);
	if (!rel_fetch(&scan->rs, REL_EXTENTS, scan->lockmode, GetActiveSnapshot(),
				   &churn->tid, begins_before, &key))
		return false;
	scan->is_open = true;
	if (end_of(scan->rs.slot) <= scan->at)
		return false;
	churn->tid = scan->rs.slot->tts_tid;
	return true;
}

/* The extent is at tid now.  It may end where offsets do. */
static void
note_place(const Inode *inode, const Extent *extent, const ItemPointerData *tid)
{
	int64		end = extent->start + extent->length;
	int64		step;

	if (likely(!churn_any))
		return;
	for (int64 at = extent->start; at < end; at += Min(step, end - at))
	{
		if (churn_find(REL_EXTENTS, &inode->content_id, at) != NULL)
			churn_note(REL_EXTENTS, &inode->content_id, at, tid, 0);
		step = GROUP_BYTES - at % GROUP_BYTES;
	}
	churn_fill_gap(&inode->content_id, extent->start, end);
}

/* A scan from scan->at has come to the row in the slot; NULL: to the end. */
static void
note_passed(const ExtentScan *scan, const TupleTableSlot *slot)
{
	int64		start = scan->to;

	if (likely(scan->rs.passed < CHURN_MIN))
		return;
	if (slot != NULL)
	{
		start = Max(DatumGetInt64(slot->tts_values[COL_START]), scan->at);
		churn_note(REL_EXTENTS, &scan->inode->content_id, start, &slot->tts_tid,
				   0);
	}
	/* it may have missed what this transaction has done */
	if (start > scan->at &&
		GetActiveSnapshot()->curcid >= GetCurrentCommandId(false))
		churn_note_gap(&scan->inode->content_id, scan->at, start,
					   inode_era(&scan->inode->id));
}

static void
open_scan(ExtentScan *scan)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(&scan->inode->content_id));
	ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_INT8GT,
				Int64GetDatum(scan->at - STORED_BLOCK_MAX));
	ScanKeyInit(&keys[2], 2, BTLessStrategyNumber, F_INT8LT,
				Int64GetDatum(scan->to));
	rel_scan_begin(&scan->rs, REL_EXTENTS, scan->lockmode, GetActiveSnapshot(),
				   keys, 3);
	scan->is_open = scan->scanning = true;
}

void
extents_begin(ExtentScan *scan, const Inode *inode,
			  LOCKMODE lockmode, int64 from, int64 to)
{
	scan->from = from;
	scan->to = to;
	scan->at = from;
	scan->inode = inode;
	scan->lockmode = lockmode;
	scan->with_dead = false;
	scan->is_open = scan->scanning = false;
	if (likely(!churn_any))
		return;
	/* reads of all parts of a block have one note */
	scan->at -= from % GROUP_BYTES;
	if (inode->ncuts == 0)
		scan->to = Min(to, inode->size);
	if (scan->to <= from)
		scan->at = scan->to;
}

/* Passes by what is known to be empty. */
static void
skip_gap(ExtentScan *scan)
{
	const ChurnGap *gap = churn_find_gap(&scan->inode->content_id, scan->at);

	/* what is serializable has to have looked */
	if (likely(gap == NULL) || IsolationIsSerializable() || gap->era == 0 ||
		gap->era != inode_era(&scan->inode->id))
		return;
	extents_end(scan);
	scan->at = gap->to;
}

/* The next row that ends after scan->at, which becomes its end. */
static bool
next_row(ExtentScan *scan)
{
	bool		found;

	if (unlikely(churn_any))
		skip_gap(scan);
	if (scan->at >= scan->to)
		return false;
	found = recall(scan);
	if (!found)
	{
		if (!scan->scanning)
		{
			extents_end(scan);
			open_scan(scan);
		}
		do
			found = rel_scan_next(&scan->rs);
		while (found && end_of(scan->rs.slot) <= scan->at);
		note_passed(scan, found ? scan->rs.slot : NULL);
	}
	scan->at = found ? end_of(scan->rs.slot) : scan->to;
	return found;
}

static bool
row_is_dead(const Inode *inode, const TupleTableSlot *slot)
{
	return inode_is_cut(inode, DatumGetInt64(slot->tts_values[COL_START]),
						slot->tts_isnull[COL_CUT] ? 0 :
						DatumGetInt64(slot->tts_values[COL_CUT]));
}

bool
extents_next(ExtentScan *scan, Extent *extent)
{
	while (next_row(scan))
	{
		Datum	   *values = scan->rs.slot->tts_values;
		bytea	   *hash = DatumGetByteaPP(values[COL_HASH]);

		CHECK_FOR_INTERRUPTS();
		extent->start = DatumGetInt64(values[COL_START]);
		extent->length = DatumGetInt32(values[COL_LENGTH]);
		if (extent->start + extent->length <= scan->from)
			continue;
		extent->dead = row_is_dead(scan->inode, scan->rs.slot);
		if (extent->dead && !scan->with_dead)
			continue;
		extent->store_id = DatumGetInt32(values[COL_STORE_ID]);
		extent->skip = DatumGetInt32(values[COL_SKIP]);
		if (VARSIZE_ANY_EXHDR(hash) != HASH_LEN)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("an extent of a file has no hash of %d bytes",
							HASH_LEN)));
		memcpy(extent->hash, VARDATA_ANY(hash), HASH_LEN);
		return true;
	}
	return false;
}

void
extents_end(ExtentScan *scan)
{
	if (scan->is_open)
		rel_scan_end(&scan->rs);
	scan->is_open = scan->scanning = false;
}

int64
extents_bytes(const Inode *inode, int64 from, int64 to)
{
	ExtentScan	scan;
	Extent		extent;
	int64		bytes = 0;

	if (from >= to)
		return 0;
	extents_begin(&scan, inode, AccessShareLock, from, to);
	while (extents_next(&scan, &extent))
		bytes +=
			Min(extent.start + extent.length, to) - Max(extent.start, from);
	extents_end(&scan);
	return bytes;
}

static void
extent_values(const Inode *inode, const Extent *extent,
			  Datum *values, bool *nulls)
{
	bytea	   *hash = (bytea *) palloc(VARHDRSZ + HASH_LEN);

	SET_VARSIZE(hash, VARHDRSZ + HASH_LEN);
	memcpy(VARDATA(hash), extent->hash, HASH_LEN);
	memset(nulls, 0, NCOLS * sizeof(bool));
	values[COL_CONTENT_ID] = UUIDPGetDatum(&inode->content_id);
	values[COL_START] = Int64GetDatum(extent->start);
	values[COL_LENGTH] = Int32GetDatum(extent->length);
	values[COL_STORE_ID] = Int32GetDatum(extent->store_id);
	values[COL_HASH] = PointerGetDatum(hash);
	values[COL_SKIP] = Int32GetDatum(extent->skip);
	values[COL_CUT] = Int64GetDatum(inode_row_mark(inode, extent->start));
	nulls[COL_CUT] = DatumGetInt64(values[COL_CUT]) == 0;
}

/* What was there has been cut, under the inode's lock. */
static void
insert_extent(Relation heap, const Inode *inode, const Extent *extent)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS];
	ItemPointerData tid;
	bool		is_noted = churn_find(REL_EXTENTS, &inode->content_id,
									  extent->start) != NULL;

	extent_values(inode, extent, values, nulls);
	rel_insert_new(heap, NCOLS, values, nulls, is_noted, &tid);
	note_place(inode, extent, &tid);
}

static void
update_extent(Relation heap, const Inode *inode, ItemPointer tid,
			  const Extent *extent)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS];

	extent_values(inode, extent, values, nulls);
	rel_update(heap, tid, NCOLS, values, nulls);
	note_place(inode, extent, tid);
}

/*
 * Takes [from, to) out of the extent in the scan's slot, whose row becomes that
 * of by, unless that is NULL.
 */
static void
cut_extent(ExtentScan *scan, const Extent *extent, int64 from, int64 to,
		   const Extent *by)
{
	Relation	heap = scan->rs.heap;
	ItemPointerData tid = scan->rs.slot->tts_tid;
	int64		end = extent->start + extent->length;
	Extent		before = *extent;
	Extent		after = *extent;

	before.length = (int32) (from - extent->start);
	if (extent->start < from)
		update_extent(heap, scan->inode, &tid, &before);
	else if (by != NULL)
		update_extent(heap, scan->inode, &tid, by);
	else
		rel_delete(heap, &tid);
	if (end > to)
	{
		after.start = to;
		after.length = (int32) (end - to);
		after.skip += (int32) (to - extent->start);
		insert_extent(heap, scan->inode, &after);
	}
}

/* Where extents[*n] is the first that does not begin before start. */
static bool
begins_at(const Extent *extents, int count, int *n, int64 start)
{
	while (*n < count && extents[*n].start < start)
		(*n)++;
	return *n < count && extents[*n].start == start;
}

int64
extents_put(const Inode *inode, int64 from, int64 to, const Extent *by, int n,
			int64 *dead, int64 *rows)
{
	ExtentScan	scan;
	Extent		extent;
	int64		bytes = 0;
	Relation	heap;
	bool	   *are_put = (bool *) palloc0(n + 1);
	bool		is_put;
	int			at = 0;

	extents_begin(&scan, inode, RowExclusiveLock, from, to);
	scan.with_dead = true;
	while (inode->external > 0 && extents_next(&scan, &extent))
	{
		if (rows != NULL && --*rows < 0)
			break;
		if (extent.dead)
		{
			ItemPointerData tid = scan.rs.slot->tts_tid;

			rel_delete(scan.rs.heap, &tid);
			*dead += extent.length;
			continue;
		}
		bytes +=
			Min(extent.start + extent.length, to) - Max(extent.start, from);
		is_put = begins_at(by, n, &at, extent.start);
		cut_extent(&scan, &extent, from, to, is_put ? &by[at] : NULL);
		are_put[at] = is_put;
	}
	extents_end(&scan);
	if (n > 0)
	{
		heap = rel_open(REL_EXTENTS, RowExclusiveLock);
		for (int i = 0; i < n; i++)
			if (!are_put[i])
				insert_extent(heap, inode, &by[i]);
		table_close(heap, NoLock);
	}
	pfree(are_put);
	return bytes;
}

int64
extents_sweep(const pg_uuid_t *content_id, const Inode *inode, int64 max,
			  int64 *position, int64 *bytes)
{
	int64		looked = 0;
	RelScan		rs;
	ScanKeyData keys[3];
	bool		more;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(content_id));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(*position == 0 ? PG_INT64_MIN : *position));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(inode == NULL ? PG_INT64_MAX :
							  inode_cuts_end(inode)));
	rel_scan_begin(&rs, REL_EXTENTS, RowExclusiveLock, GetActiveSnapshot(),
				   keys, 3);
	while ((more = rel_scan_next(&rs)))
	{
		ItemPointerData tid = rs.slot->tts_tid;

		CHECK_FOR_INTERRUPTS();
		if (looked == max)
		{
			*position = Max(0, DatumGetInt64(rs.slot->tts_values[COL_START]));
			break;
		}
		looked++;
		if (inode != NULL)
		{
			if (!row_is_dead(inode, rs.slot))
				continue;
			*bytes += DatumGetInt32(rs.slot->tts_values[COL_LENGTH]);
		}
		rel_delete(rs.heap, &tid);
	}
	rel_scan_end(&rs);
	if (!more)
		*position = PG_INT64_MAX;
	return looked;
}
