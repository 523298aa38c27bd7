/*-------------------------------------------------------------------------
 *
 * staged.c
 *	  Files whose content is not where it belongs.
 *
 * What is written to a share whose content belongs into a store, but does not
 * come in whole blocks, stays in the database at first: the file is staged.
 * So are all files of a share that got another kind of content.  A background
 * pass (merge.c), which every gateway runs, moves the content.
 *
 * A file gets its row when it begins to have something to be moved, under its
 * inode's lock, and loses it under that lock: writing to a file that is staged
 * costs nothing here.  A row is leased by bringing forward when it is to be
 * looked at next; a gateway that dies in the midst of its work leaves it to the
 * others after a minute.  What is done under a lease that has run out is not
 * wrong, only in vain.
 *
 * When the kind of a share changes, its files are looked for in slices
 * (content_moves), once, and once more after half a minute: a transaction that
 * was open when the change was made may have worked by the old kind.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "rel.h"
#include "staged.h"

enum
{
	COL_FILE_ID,
	COL_NEXT_AT,
	COL_POSITION,
	COL_MOVING,
	NCOLS
};

/* Files that one call looks at when a share is swept. */
#define SWEEP_SLICE "2000"

bool
staged_wanted(const Share *share, const Inode *inode)
{
	if (inode->used == 0)
		return false;
	if (share->content == CONTENT_POSTGRES)
		return inode->external > 0 || inode->memory_epoch != 0;
	if (share->content == CONTENT_MEMORY)
		return inode->external > 0 || inode->memory_epoch == 0;
	return inode->used > inode->external && inode->size >= share->external_min;
}

static bool
is_staged(const pg_uuid_t *file_id)
{
	RelScan		rs;
	ScanKeyData key;
	bool		found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(file_id));
	rel_scan_begin(&rs, REL_STAGED_FILES, RowExclusiveLock, GetActiveSnapshot(),
				   &key, 1);
	found = rel_scan_next(&rs);
	rel_scan_end(&rs);
	return found;
}

void
staged_note(const Share *share, const Inode *inode, bool before)
{
	Relation	heap;
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	if (before || !staged_wanted(share, inode) || is_staged(&inode->id))
		return;
	heap = table_open(rel_oid(REL_STAGED_FILES), RowExclusiveLock);
	values[COL_FILE_ID] = UUIDPGetDatum(&inode->id);
	values[COL_NEXT_AT] =
		TimestampTzGetDatum(TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
														share->merge_delay));
	values[COL_POSITION] = Int64GetDatum(0);
	values[COL_MOVING] = BoolGetDatum(false);
	rel_insert(heap, values, nulls);
	table_close(heap, NoLock);
}

/*
 * The pass
 */

static uint64
run(const char *sql, int n, Oid *types, Datum *args)
{
	int			code = SPI_execute_with_args(sql, n, types, args, NULL, false, 0);

	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", sql,
			 SPI_result_code_string(code));
	return SPI_processed;
}

static Datum
column(int number)
{
	bool		isnull;

	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number,
						 &isnull);
}

bool
staged_lease(Lease *lease)
{
	static const char *const sql =
		"UPDATE dittofs.staged_files s SET next_at = $1 + interval '1 minute'"
		" FROM (SELECT file_id FROM dittofs.staged_files"
		" WHERE next_at <= $1 ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED) n"
		" WHERE s.file_id = n.file_id RETURNING s.file_id, s.position, s.moving";
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		args[1];

	args[0] = TimestampTzGetDatum(GetCurrentTimestamp());
	if (run(sql, 1, types, args) == 0)
		return false;
	lease->file_id = *DatumGetUUIDP(column(1));
	lease->position = DatumGetInt64(column(2));
	lease->moving = DatumGetBool(column(3));
	return true;
}

void
staged_again(const pg_uuid_t *file_id, int64 ms, int64 position)
{
	static const char *const sql =
		"UPDATE dittofs.staged_files SET next_at = $2,"
		" position = CASE WHEN $3 < 0 THEN position ELSE $3 END WHERE file_id = $1";
	Oid			types[3] = {UUIDOID, TIMESTAMPTZOID, INT8OID};
	Datum		args[3];

	args[0] = UUIDPGetDatum(file_id);
	args[1] = TimestampTzGetDatum(TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
															  ms));
	args[2] = Int64GetDatum(position);
	run(sql, 3, types, args);
}

void
staged_done(const pg_uuid_t *file_id)
{
	Oid			types[1] = {UUIDOID};
	Datum		args[1];

	args[0] = UUIDPGetDatum(file_id);
	run("DELETE FROM dittofs.staged_files WHERE file_id = $1", 1, types, args);
}

int32
staged_wait(int32 max)
{
	static const char *const sql =
		"SELECT min(next_at) FROM"
		" (SELECT next_at FROM (SELECT next_at FROM dittofs.staged_files"
		" ORDER BY next_at LIMIT 1) s"
		" UNION ALL SELECT next_at FROM dittofs.content_moves) n HAVING count(*) > 0";
	int64		wait;

	if (run(sql, 0, NULL, NULL) == 0)
		return max;
	wait = (DatumGetTimestampTz(column(1)) - GetCurrentTimestamp()) / 1000;
	return (int32) Min(Max(wait, 1), max);
}

void
staged_sweep(int32 share_id)
{
	static const char *const sql =
		"INSERT INTO dittofs.content_moves (share_id) VALUES ($1)"
		" ON CONFLICT (share_id) DO UPDATE"
		" SET position = excluded.position, passes = 0, next_at = excluded.next_at";
	Oid			types[1] = {INT4OID};
	Datum		args[1];

	args[0] = Int32GetDatum(share_id);
	run(sql, 1, types, args);
}

void
staged_sweep_stores(void)
{
	run("INSERT INTO dittofs.content_moves (share_id)"
		" SELECT share_id FROM dittofs.shares WHERE content_store_id IS NOT NULL"
		" ON CONFLICT (share_id) DO UPDATE"
		" SET position = excluded.position, passes = 0, next_at = excluded.next_at",
		0, NULL, NULL);
}

/*
 * The rule for which files are inserted is that of staged_wanted(), and content
 * in another store.
 */
bool
staged_sweep_on(void)
{
	static const char *const find =
		"SELECT share_id, position FROM dittofs.content_moves"
		" WHERE next_at <= clock_timestamp() ORDER BY share_id LIMIT 1"
		" FOR UPDATE SKIP LOCKED";
	static const char *const look =
		"WITH slice AS MATERIALIZED (SELECT * FROM dittofs.files"
		" WHERE id > $2 ORDER BY id LIMIT " SWEEP_SLICE "),"
		" wanted AS (INSERT INTO dittofs.staged_files (file_id, next_at, position, moving)"
		" SELECT f.id, clock_timestamp(), 0, true FROM slice f"
		" JOIN dittofs.shares s ON s.share_id = f.share_id"
		" WHERE f.share_id = $1 AND f.kind = 1 AND f.used > 0 AND CASE s.content"
		" WHEN 'postgres' THEN f.external IS NOT NULL OR f.memory_epoch IS NOT NULL"
		" WHEN 'memory' THEN f.external IS NOT NULL OR f.memory_epoch IS NULL"
		" ELSE f.size >= $3 AND f.used > coalesce(f.external, 0)"
		" OR f.external IS NOT NULL AND EXISTS (SELECT FROM dittofs.extents e"
		" WHERE e.content_id = coalesce(f.content_id, f.id)"
		" AND e.store_id <> s.content_store_id) END"
		" ON CONFLICT (file_id) DO UPDATE SET next_at = excluded.next_at,"
		" position = 0, moving = true)"
		" UPDATE dittofs.content_moves m SET"
		" position = coalesce(l.last, '00000000-0000-0000-0000-000000000000'),"
		" passes = m.passes + (l.last IS NULL)::int,"
		" next_at = clock_timestamp() + CASE WHEN l.last IS NULL"
		" THEN interval '30 s' ELSE interval '0' END"
		" FROM (SELECT (array_agg(id ORDER BY id DESC))[1] AS last FROM slice) l"
		" WHERE m.share_id = $1";
	static const char *const finish =
		"DELETE FROM dittofs.content_moves WHERE share_id = $1 AND passes >= 2";
	Oid			types[3] = {INT4OID, UUIDOID, INT8OID};
	Datum		args[3];
	const Share *share;

	if (run(find, 0, NULL, NULL) == 0)
		return false;
	args[0] = column(1);
	args[1] = column(2);
	share = share_by_id(DatumGetInt32(args[0]));
	args[2] = Int64GetDatum(share == NULL ? 0 : share->external_min);
	run(look, 3, types, args);
	run(finish, 1, types, args);
	return true;
}
