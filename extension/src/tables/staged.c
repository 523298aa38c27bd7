/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * staged.c
 *	  Files whose content is to be moved.
 *
 * Data that is written to a share with a store, but not in whole blocks, stays
 * in the database at first: the file is staged.  So are all files of a share
 * that got another kind of content.  A background pass (merge.c), which every
 * gateway runs, moves the content.
 *
 * A file gets its row when it begins to have content to be moved, under its
 * inode's lock, and loses it under that lock: so writing to a file that is
 * staged costs nothing here.  Leasing a row advances the time of its next look;
 * if a gateway dies in the midst of its work, another one gets the row after a
 * minute.  Work under a lease that has run out is not wrong, only in vain.
 *
 * When the kind of a share changes, its files are looked for in slices
 * (content_moves), once, and once more after half a minute: a transaction that
 * was open when the change was made may have worked by the old kind.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tables/rel.h"
#include "base/spi.h"
#include "tables/staged.h"
#include "tables/xact.h"

enum
{
	COL_FILE_ID,
	COL_NEXT_AT,
	COL_POSITION,
	COL_MOVING,
	COL_CLEAN,
	COL_TRIES,
	COL_FAILURES,
	COL_ERROR,
	NCOLS
};

/* Files that one call looks at when a share is swept. */
#define SWEEP_SLICE "1000"

/* Longer files are looked at one by one: not in the sweep, extent by extent. */
#define SWEEP_EXTERNAL "1073741824"

/* A failure puts off for a minute, the next for two, up to a day. */
#define PUT_OFF \
	"least(interval '1 minute' * (1 << least(failures, 11)), interval '1 day')"

/*
 * How often at least a session looks for files before the last one it has
 * found.
 */
#define LOOK_BACK_MS 10000

bool
staged_wanted(const Share *share, const Inode *inode)
{
	if (inode_held(inode) == 0)
		return false;
	if (share->content == CONTENT_POSTGRES)
		return inode->external > 0 || inode->memory_epoch != 0;
	if (share->content == CONTENT_MEMORY)
		return inode->external > 0 || inode->memory_epoch == 0 ||
			inode->moved != 0;
	return inode_has_pages(inode) && inode->size >= share->external_min;
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
	heap = rel_open(REL_STAGED_FILES, RowExclusiveLock);
	values[COL_FILE_ID] = UUIDPGetDatum(&inode->id);
	values[COL_NEXT_AT] =
		TimestampTzGetDatum(TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
														share->merge_delay));
	values[COL_POSITION] = Int64GetDatum(0);
	values[COL_MOVING] = BoolGetDatum(false);
	values[COL_CLEAN] = BoolGetDatum(false);
	values[COL_TRIES] = values[COL_FAILURES] = Int32GetDatum(0);
	nulls[COL_ERROR] = true;
	rel_insert(heap, NCOLS, values, nulls);
	table_close(heap, NoLock);
}

/*
 * The pass
 */

/*
 * A task that no gateway ends (it died, or cannot read a block of the file) is
 * given out again after a minute, and then after two, four, up to sixteen.
 *
 * The row is chosen once, by a CTE.  As a subquery it would be the inner side
 * of a nested loop where the planner knows of few rows, and be run again for
 * each row of the outer side: after the first UPDATE it would choose, and
 * lease, another file.
 */
static bool
lease_from(TimestampTz from, TimestampTz now, Lease *lease)
{
	static const char *const sql =
		"WITH n AS MATERIALIZED (SELECT file_id, next_at AS due"
		" FROM dittofs.staged_files WHERE next_at >= $2 AND next_at <= $1"
		" ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
		" UPDATE dittofs.staged_files s SET tries = tries + 1,"
		" next_at = $1 + interval '1 minute' * (1 << least(tries, 4))"
		" FROM n WHERE s.file_id = n.file_id"
		" RETURNING s.file_id, s.position, s.moving, s.clean, s.tries > 1, n.due";

	if (spi_run(sql, spi_timestamp(now), spi_timestamp(from)) == 0)
		return false;
	lease->file_id = *DatumGetUUIDP(spi_value(0, 1, NULL));
	lease->position = DatumGetInt64(spi_value(0, 2, NULL));
	lease->moving = DatumGetBool(spi_value(0, 3, NULL));
	lease->clean = DatumGetBool(spi_value(0, 4, NULL));
	lease->tried = DatumGetBool(spi_value(0, 5, NULL));
	lease->due = DatumGetTimestampTz(spi_value(0, 6, NULL));
	return true;
}

/*
 * While an old snapshot is open, the index keeps an entry for each time that a
 * row was to be looked at.  So a session begins where it has found something
 * last, and at the beginning now and then, or before it says that there is
 * nothing.
 */
bool
staged_lease(Lease *lease)
{
	static TimestampTz from = DT_NOBEGIN;
	static TimestampTz looked_back = DT_NOBEGIN;
	TimestampTz now = GetCurrentTimestamp();
	bool		found = false;

	if (from != DT_NOBEGIN &&
		now - looked_back < LOOK_BACK_MS * INT64CONST(1000))
		found = lease_from(from, now, lease);
	if (!found)
	{
		looked_back = now;
		found = lease_from(DT_NOBEGIN, now, lease);
	}
	if (found)
		from = lease->due;
	return found;
}

void
staged_again(const pg_uuid_t *file_id, int64 ms, int64 position)
{
	static const char *const sql =
		"UPDATE dittofs.staged_files SET next_at = $2, clean = false,"
		" tries = 0, failures = 0, error = NULL,"
		" position = CASE WHEN $3 < 0 THEN position ELSE $3 END WHERE file_id = $1";

	spi_run(
		sql, spi_uuid(file_id),
		spi_timestamp(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms)),
		spi_int8(position));
}

void
staged_go_on(const pg_uuid_t *file_id, int64 position)
{
	spi_run("UPDATE dittofs.staged_files SET next_at = clock_timestamp(), tries = 0,"
			" clean = clean OR position = 0 OR $2 = 0, position = $2 WHERE file_id = $1",
			spi_uuid(file_id), spi_int8(position));
}

void
staged_pass_over(const pg_uuid_t *file_id, int64 position)
{
	spi_run("UPDATE dittofs.staged_files SET clean = false, position = $2"
			" WHERE file_id = $1", spi_uuid(file_id), spi_int8(position));
}

void
staged_put_off(const pg_uuid_t *file_id, const char *error)
{
	spi_run("UPDATE dittofs.staged_files SET next_at = clock_timestamp() + " PUT_OFF ","
			" tries = 0, failures = failures + 1, error = $2 WHERE file_id = $1",
			spi_uuid(file_id), spi_text(error));
}

void
staged_done(const pg_uuid_t *file_id)
{
	spi_run("DELETE FROM dittofs.staged_files WHERE file_id = $1", spi_uuid(file_id));
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

	if (spi_run(sql) == 0)
		return max;
	wait =
		(DatumGetTimestampTz(spi_value(0, 1, NULL)) - GetCurrentTimestamp()) /
		1000;
	return (int32) Min(Max(wait, 1), max);
}

void
staged_sweep(int32 share_id)
{
	static const char *const sql =
		"INSERT INTO dittofs.content_moves (share_id) VALUES ($1)"
		" ON CONFLICT (share_id) DO UPDATE"
		" SET position = excluded.position, passes = 0, next_at = excluded.next_at";

	spi_run(sql, spi_int4(share_id));
}

void
staged_sweep_stores(void)
{
	spi_run("INSERT INTO dittofs.content_moves (share_id)"
			" SELECT share_id FROM dittofs.shares WHERE content_store_id IS NOT NULL"
			" ON CONFLICT (share_id) DO UPDATE"
			" SET position = excluded.position, passes = 0, next_at = excluded.next_at");
}

/*
 * The rule for which files are inserted is that of staged_wanted(), and content
 * in another store.
 *
 * A file's row is inserted under its inode's lock, here too: a transaction that
 * writes the file may be about to insert it.  The slice ends before a file that
 * is locked.
 */
static void
sweep_slice(void *arg)
{
	static const char *const look =
		"WITH slice AS MATERIALIZED (SELECT * FROM dittofs.files"
		" WHERE id > $2 ORDER BY id LIMIT " SWEEP_SLICE "),"
		" wanted AS MATERIALIZED (SELECT f.id FROM slice f"
		" JOIN dittofs.shares s ON s.share_id = f.share_id"
		" WHERE f.share_id = $1 AND f.kind = 1 AND f.used > 0 AND CASE s.content"
		" WHEN 'postgres' THEN f.external IS NOT NULL OR f.memory_epoch IS NOT NULL"
		" WHEN 'memory' THEN f.external IS NOT NULL OR f.memory_epoch IS NULL OR f.moved IS NOT NULL"
		" ELSE f.size >= $3 AND f.used + coalesce(f.cuts[1], 0) > coalesce(f.external, 0)"
		" OR f.external > " SWEEP_EXTERNAL
		" OR f.external IS NOT NULL AND EXISTS (SELECT FROM dittofs.extents e"
		" WHERE e.content_id = coalesce(f.content_id, f.id)"
		" AND e.store_id <> s.content_store_id) END),"
		" got AS MATERIALIZED (SELECT f.id FROM dittofs.files f JOIN wanted w USING (id)"
		" FOR NO KEY UPDATE OF f SKIP LOCKED),"
		" missing AS MATERIALIZED (SELECT id FROM wanted"
		" WHERE id NOT IN (SELECT id FROM got) ORDER BY id LIMIT 1),"
		" reached AS MATERIALIZED (SELECT CASE WHEN EXISTS (SELECT FROM missing)"
		" THEN coalesce((SELECT id FROM slice WHERE id < (SELECT id FROM missing)"
		" ORDER BY id DESC LIMIT 1), $2)"
		" ELSE (SELECT id FROM slice ORDER BY id DESC LIMIT 1) END AS id),"
		" put AS (INSERT INTO dittofs.staged_files (file_id, next_at, position, moving)"
		" SELECT g.id, clock_timestamp(), 0, true FROM got g JOIN reached r ON g.id <= r.id"
		" ON CONFLICT (file_id) DO UPDATE SET next_at = excluded.next_at,"
		" position = 0, moving = true, clean = false)"
		" UPDATE dittofs.content_moves m SET failures = 0, error = NULL,"
		" position = coalesce(r.id, '00000000-0000-0000-0000-000000000000'),"
		" passes = m.passes + (r.id IS NULL)::int,"
		" next_at = clock_timestamp() + CASE WHEN r.id IS NULL THEN interval '30 s'"
		" WHEN EXISTS (SELECT FROM missing) THEN interval '1 s' ELSE interval '0' END"
		" FROM reached r WHERE m.share_id = $1";
	static const char *const finish =
		"DELETE FROM dittofs.content_moves WHERE share_id = $1 AND passes >= 2";
	SpiArg	   *args = (SpiArg *) arg;

	spi_execute(look, false, 3, args);
	spi_execute(finish, false, 1, args);
}

bool
staged_sweep_on(void)
{
	static const char *const find =
		"SELECT share_id, position FROM dittofs.content_moves"
		" WHERE next_at <= clock_timestamp() ORDER BY next_at LIMIT 1"
		" FOR UPDATE SKIP LOCKED";
	static const char *const put_off =
		"UPDATE dittofs.content_moves SET failures = failures + 1, error = $2,"
		" next_at = clock_timestamp() + " PUT_OFF " WHERE share_id = $1";
	SpiArg		args[3];		/* share_id, position, external_min */
	const Share *share;
	char	   *error;

	if (spi_run(find) == 0)
		return false;
	args[0] = spi_datum(INT4OID, spi_value(0, 1, NULL));
	args[1] = spi_datum(UUIDOID, spi_value(0, 2, NULL));
	share = share_by_id(DatumGetInt32(args[0].value));
	args[2] = spi_int8(share == NULL ? 0 : share->external_min);
	if (!change_attempt(sweep_slice, args, &error))
		spi_run(put_off, args[0], spi_text(error));
	return true;
}
