/*-------------------------------------------------------------------------
 *
 * extents.c
 *	  Extents: what of a file is in blocks of a store.
 *
 * An extent can be cut at any byte, so truncation is exact, a write over part
 * of a block makes two extents of one, and the block size of a share can
 * change at any time.  An extent is at most as long as a block can be, which
 * bounds how far before a byte the extent can begin that has it.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "extents.h"

enum
{
	COL_CONTENT_ID,
	COL_START,
	COL_LENGTH,
	COL_STORE_ID,
	COL_HASH,
	COL_SKIP,
	NCOLS
};

void
extents_begin(ExtentScan *scan, const pg_uuid_t *content_id,
			  LOCKMODE lockmode, int64 from, int64 to)
{
	ScanKeyData keys[3];

	scan->from = from;
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(content_id));
	ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_INT8GT,
				Int64GetDatum(from - STORED_BLOCK_MAX));
	ScanKeyInit(&keys[2], 2, BTLessStrategyNumber, F_INT8LT,
				Int64GetDatum(to));
	rel_scan_begin(&scan->rs, REL_EXTENTS, lockmode, GetActiveSnapshot(), keys,
				   3);
}

bool
extents_next(ExtentScan *scan, Extent *extent)
{
	while (rel_scan_next(&scan->rs))
	{
		Datum	   *values = scan->rs.slot->tts_values;
		bytea	   *hash = DatumGetByteaPP(values[COL_HASH]);

		CHECK_FOR_INTERRUPTS();
		extent->start = DatumGetInt64(values[COL_START]);
		extent->length = DatumGetInt32(values[COL_LENGTH]);
		if (extent->start + extent->length <= scan->from)
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
	rel_scan_end(&scan->rs);
}

int64
extents_bytes(const pg_uuid_t *content_id, int64 from, int64 to)
{
	ExtentScan	scan;
	Extent		extent;
	int64		bytes = 0;

	if (from >= to)
		return 0;
	extents_begin(&scan, content_id, AccessShareLock, from, to);
	while (extents_next(&scan, &extent))
		bytes += Min(extent.start + extent.length, to) - Max(extent.start, from);
	extents_end(&scan);
	return bytes;
}

static void
extent_values(const pg_uuid_t *content_id, const Extent *extent,
			  Datum *values, bool *nulls)
{
	bytea	   *hash = (bytea *) palloc(VARHDRSZ + HASH_LEN);

	SET_VARSIZE(hash, VARHDRSZ + HASH_LEN);
	memcpy(VARDATA(hash), extent->hash, HASH_LEN);
	memset(nulls, 0, NCOLS * sizeof(bool));
	values[COL_CONTENT_ID] = UUIDPGetDatum(content_id);
	values[COL_START] = Int64GetDatum(extent->start);
	values[COL_LENGTH] = Int32GetDatum(extent->length);
	values[COL_STORE_ID] = Int32GetDatum(extent->store_id);
	values[COL_HASH] = PointerGetDatum(hash);
	values[COL_SKIP] = Int32GetDatum(extent->skip);
}

static void
insert_extent(Relation heap, const pg_uuid_t *content_id, const Extent *extent)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS];

	extent_values(content_id, extent, values, nulls);
	rel_insert(heap, values, nulls);
}

void
extents_add(const pg_uuid_t *content_id, const Extent *extent)
{
	Relation	heap = table_open(rel_oid(REL_EXTENTS), RowExclusiveLock);

	insert_extent(heap, content_id, extent);
	table_close(heap, NoLock);
}

int64
extents_cut(const pg_uuid_t *content_id, int64 from, int64 to)
{
	ExtentScan	scan;
	Extent		extent;
	int64		bytes = 0;

	if (from >= to)
		return 0;
	extents_begin(&scan, content_id, RowExclusiveLock, from, to);
	while (extents_next(&scan, &extent))
	{
		ItemPointerData tid = scan.rs.slot->tts_tid;
		int64		end = extent.start + extent.length;
		Extent		before = extent;
		Extent		after = extent;

		bytes += Min(end, to) - Max(extent.start, from);
		if (extent.start < from)
		{
			Datum		values[NCOLS];
			bool		nulls[NCOLS];

			before.length = (int32) (from - extent.start);
			extent_values(content_id, &before, values, nulls);
			rel_update(scan.rs.heap, &tid, values, nulls);
		}
		else
			rel_delete(scan.rs.heap, &tid);
		if (end > to)
		{
			after.start = to;
			after.length = (int32) (end - to);
			after.skip += (int32) (to - extent.start);
			insert_extent(scan.rs.heap, content_id, &after);
		}
	}
	extents_end(&scan);
	return bytes;
}

bool
extents_delete(const pg_uuid_t *content_id, int64 max, int64 *deleted)
{
	ExtentScan	scan;
	bool		more;

	extents_begin(&scan, content_id, RowExclusiveLock, 0, PG_INT64_MAX);
	while ((more = rel_scan_next(&scan.rs)) && max-- > 0)
	{
		ItemPointerData tid = scan.rs.slot->tts_tid;

		CHECK_FOR_INTERRUPTS();
		rel_delete(scan.rs.heap, &tid);
		(*deleted)++;
	}
	extents_end(&scan);
	return !more;
}
