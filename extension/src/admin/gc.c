/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * gc.c
 *	  Finds blocks that no file refers to, and has gateways delete them.
 *
 * The database cannot delete objects; gateways do that.  This module decides
 * which blocks are garbage:
 *
 *	- A pass over dittofs.stored_blocks notes since when a block has been
 *	  without a reference (unreferenced_since), and takes the note back where
 *	  there is one again.  A call looks at a slice and commits where it ended
 *	  (gc_position), so it takes as long for many blocks as for few.
 *	- When the note is older than content_retention, the block becomes
 *	  'deleting' and a gateway is told to delete it: until then a backup of the
 *	  database that refers to it can be restored.  A block that was claimed and
 *	  never linked is in no backup; it goes after a day.
 *	- The gateway deletes the object, and then the row goes.  If it does not
 *	  come back, another gateway is told after an hour (DELETE_AGAIN); it must
 *	  not begin to delete after ten minutes (DELETE_WITHIN), or it might delete
 *	  what another gateway has put there anew.
 *
 * A reference that is being made at the same moment is never overlooked: the
 * transaction that links a block has locked its row, and holds the lock until
 * the extent is visible.  So gc locks the rows first and skips those that are
 * locked.  Then a new statement, with a new snapshot, looks for extents.
 *
 * A row that cannot be read or changed is skipped, and the rest of its slice is
 * examined row by row.  The last reason is in gc_position, where
 * content_troubles shows it until a pass has met no trouble.
 *
 * None of this is hot: it is SQL, in functions that run as their owner.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/genam.h"
#include "access/itup.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tables/config.h"
#include "tables/extents.h"
#include "tables/rel.h"
#include "base/spi.h"
#include "base/srf.h"
#include "tables/xact.h"

PG_FUNCTION_INFO_V1(dittofs_gc);
PG_FUNCTION_INFO_V1(dittofs_gc_next);
PG_FUNCTION_INFO_V1(dittofs_gc_done);
PG_FUNCTION_INFO_V1(dittofs_gc_adopt);

/* Blocks that one call of gc_next() looks at: some 20 ms. */
#define MARK_SLICE	2000
/* ... one by one, where it fails for all of them. */
#define MARK_CAREFUL 100

/* One pass at a time is enough; false: another session is at it. */
static bool
take_gc_lock(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel_oid(REL_CONTENT_STORES), 0, 0);
	return LockAcquire(&tag, ExclusiveLock, false, true) !=
		LOCKACQUIRE_NOT_AVAIL;
}

static int64
retention(void)
{
	int64		config[CONFIG_COUNT];

	config_read(config);
	return config[CONFIG_CONTENT_RETENTION];
}

/*
 * Where a slice of the pass begins and where the next one goes on.  The pass is
 * over when a slice is not full.
 */
typedef struct Mark
{
	Datum		store_id;
	Datum		hash;
	bool		more;
	bool		noted;			/* something new has been found */
} Mark;

static void
mark_from_start(Mark *mark)
{
	memset(mark, 0, sizeof(*mark));
	mark->store_id = Int32GetDatum(PG_INT32_MIN);
	mark->hash = PointerGetDatum(cstring_to_text(""));
}

/* Keys of blocks. */
typedef struct Keys
{
	int			n;
	int			room;
	Datum	   *store_ids;
	Datum	   *hashes;
} Keys;

static void
add_key(Keys *keys, Datum store_id, Datum hash)
{
	if (keys->n == keys->room)
	{
		keys->room = Max(2 * keys->room, 64);
		keys->store_ids = keys->n == 0 ? palloc(sizeof(Datum) * keys->room) :
			repalloc(keys->store_ids, sizeof(Datum) * keys->room);
		keys->hashes = keys->n == 0 ? palloc(sizeof(Datum) * keys->room) :
			repalloc(keys->hashes, sizeof(Datum) * keys->room);
	}
	keys->store_ids[keys->n] = store_id;
	keys->hashes[keys->n] = hash;
	keys->n++;
}

/* Adds what the last statement returned, in so many rows: store_id and hash. */
static void
add_result(Keys *keys, uint64 rows)
{
	for (uint64 i = 0; i < rows; i++)
		add_key(keys, spi_value(i, 1, NULL), spi_value(i, 2, NULL));
}

/* Blocks after a key, by the index alone: no row of theirs is read. */
static void
next_keys(const Mark *mark, int max, Keys *keys)
{
	Relation	heap = rel_open(REL_STORED_BLOCKS, AccessShareLock);
	Relation	index = index_open(
		table_shape(REL_STORED_BLOCKS, heap, false)->index, AccessShareLock);

	/* the rest of the store, and then the stores behind it */
	for (int n = 2; n > 0 && keys->n < max; n--)
	{
		ScanKeyData scan_keys[2];
		IndexScanDesc scan =
			compat_index_beginscan(heap, index, GetActiveSnapshot(), n);

		ScanKeyInit(&scan_keys[0], 1,
					n == 2 ? BTEqualStrategyNumber : BTGreaterStrategyNumber,
					n == 2 ? F_INT4EQ : F_INT4GT, mark->store_id);
		ScanKeyInit(&scan_keys[1], 2, BTGreaterStrategyNumber, F_BYTEAGT,
					mark->hash);
		scan->xs_want_itup = true;
		index_rescan(scan, scan_keys, n, NULL, 0);
		while (keys->n < max &&
			   index_getnext_tid(scan, ForwardScanDirection) != NULL)
		{
			bool		isnull;
			Datum		store_id =
				index_getattr(scan->xs_itup, 1, scan->xs_itupdesc, &isnull);
			Datum		hash =
				index_getattr(scan->xs_itup, 2, scan->xs_itupdesc, &isnull);

			CHECK_FOR_INTERRUPTS();
			/* versions of one row */
			if (keys->n > 0 && store_id == keys->store_ids[keys->n - 1] &&
				datumIsEqual(hash, keys->hashes[keys->n - 1], false, -1))
				continue;
			add_key(keys, store_id, datumCopy(hash, false, -1));
		}
		index_endscan(scan);
	}
	index_close(index, NoLock);
	table_close(heap, NoLock);
}

/*
 * What cannot be worked on is passed by: the pass comes by again.  Its row
 * cannot say so, for that may be what is damaged.  hash may be NULL: it is not
 * known which.
 */
static void
note_trouble(Datum store_id, const bytea *hash, const char *error)
{
	static const char *const sql =
		"INSERT INTO dittofs.gc_position (store_id, hash, failures, error)"
		" VALUES ($1, '', 1, CASE WHEN $3 IS NULL THEN '' ELSE"
		" 'block ' || encode($3, 'hex') || ' of store ' || $2 || ': ' END || $4)"
		" ON CONFLICT (one) DO UPDATE"
		" SET failures = gc_position.failures + 1, error = excluded.error";

	spi_run(sql, spi_int4(PG_INT32_MIN), spi_datum(INT4OID, store_id),
			hash == NULL ? spi_null(BYTEAOID) :
			spi_datum(BYTEAOID, PointerGetDatum(hash)), spi_text(error));
}

/*
 * Notes which blocks of a slice have no reference, and takes the note back
 * where there is one again.  What has just been claimed is about to get one.
 * LIMIT keeps the planner from reading all extents to look for those of a
 * slice.  Nothing here may need a sequential scan: gc_next() runs with those
 * disabled, and one that cannot be avoided costs so much that the planner sees
 * no difference between all other plans.
 */
#define MARK_SQL(condition) \
	"WITH slice AS MATERIALIZED (SELECT b.store_id, b.hash, u.used" \
	" FROM (SELECT store_id, hash FROM dittofs.stored_blocks" \
	" WHERE " condition " ORDER BY store_id, hash LIMIT $4) b" \
	" LEFT JOIN LATERAL (SELECT true AS used FROM dittofs.extents e" \
	" WHERE e.store_id = b.store_id AND e.hash = b.hash LIMIT 1) u ON true)," \
	" due AS MATERIALIZED (SELECT b.store_id, b.hash" \
	" FROM slice s JOIN dittofs.stored_blocks b USING (store_id, hash)" \
	" WHERE CASE WHEN s.used THEN b.unreferenced_since IS NOT NULL" \
	" ELSE NOT EXISTS (SELECT FROM dittofs.content_stores c" \
	" WHERE c.store_id = b.store_id AND c.read_only)" \
	" AND b.unreferenced_since IS NULL AND b.claimed_at <= statement_timestamp()" \
	" - CASE b.state WHEN 'stored' THEN $1 * interval '1 s'" \
	" WHEN 'pending' THEN interval '1 day' ELSE interval '" CONTRACT_TEXT(DELETE_AGAIN) " s' END END" \
	" FOR UPDATE OF b SKIP LOCKED)," \
	" noted AS (UPDATE dittofs.stored_blocks b SET unreferenced_since =" \
	" CASE WHEN b.unreferenced_since IS NOT NULL THEN NULL" \
	" WHEN b.state = 'stored' THEN statement_timestamp() ELSE '-infinity' END" \
	" FROM due d WHERE b.store_id = d.store_id AND b.hash = d.hash" \
	" RETURNING b.unreferenced_since)" \
	" SELECT l.store_id, l.hash, (SELECT count(*) FROM slice)," \
	" (SELECT count(unreferenced_since) FROM noted) FROM (SELECT 1) one" \
	" LEFT JOIN (SELECT store_id, hash FROM slice" \
	" ORDER BY store_id DESC, hash DESC LIMIT 1) l ON true"

/* For change_attempt(). */
typedef struct MarkWork
{
	Mark	   *mark;
	int64		seconds;
	Datum		store_id;		/* of one block */
	Datum		hash;
	Keys	   *due;			/* gets it if it is to be deleted; or NULL */
} MarkWork;

static void
mark_slice(void *arg)
{
	MarkWork   *work = (MarkWork *) arg;
	Mark	   *mark = work->mark;

	spi_run(MARK_SQL("(store_id, hash) > ($2, $3)"),
			spi_int8(Min(work->seconds, 3600)),
			spi_datum(INT4OID, mark->store_id), spi_datum(BYTEAOID, mark->hash),
			spi_int8(MARK_SLICE));
	mark->more = DatumGetInt64(spi_value(0, 3, NULL)) == MARK_SLICE;
	mark->noted |= DatumGetInt64(spi_value(0, 4, NULL)) > 0;
	if (!mark->more)
		return;
	mark->store_id = spi_value(0, 1, NULL);
	mark->hash = spi_value(0, 2, NULL);
}

#define DUE "unreferenced_since <= statement_timestamp() - $1 * interval '1 s'"
/*
 * The same of rows that are found by their key.  While statistics are old, so
 * few are due, for the planner, that it would read all of them for each key.
 */
#define DUE_BY_KEY "(" DUE ") IS TRUE"

static void
mark_one(void *arg)
{
	MarkWork   *work = (MarkWork *) arg;
	SpiArg		store_id = spi_datum(INT4OID, work->store_id);
	SpiArg		hash = spi_datum(BYTEAOID, work->hash);

	spi_run(MARK_SQL("store_id = $2 AND hash = $3"),
			spi_int8(Min(work->seconds, 3600)), store_id, hash, spi_int8(1));
	work->mark->noted |= DatumGetInt64(spi_value(0, 4, NULL)) > 0;
	if (work->due == NULL)
		return;
	add_result(work->due,
			   spi_run("SELECT store_id, hash FROM dittofs.stored_blocks"
					   " WHERE store_id = $2 AND hash = $3 AND " DUE_BY_KEY
					   " FOR UPDATE SKIP LOCKED",
					   spi_int8(work->seconds), store_id, hash));
}

/*
 * The next slice.  Where it fails, its blocks are looked at one by one, some of
 * them in this call; or at once, if due is not NULL, and it gets what is to be
 * deleted.
 */
static void
mark_some(Mark *mark, int64 seconds, Keys *due)
{
	MarkWork	work = {mark, seconds};
	Keys		keys = {0};
	char	   *error;

	work.due = due;
	if (due == NULL && change_attempt(mark_slice, &work, &error))
		return;
	next_keys(mark, MARK_CAREFUL, &keys);
	for (int i = 0; i < keys.n; i++)
	{
		work.store_id = keys.store_ids[i];
		work.hash = keys.hashes[i];
		if (!change_attempt(mark_one, &work, &error))
			note_trouble(work.store_id, DatumGetByteaPP(work.hash), error);
	}
	mark->more = keys.n == MARK_CAREFUL;
	if (!mark->more)
		return;
	mark->store_id = keys.store_ids[keys.n - 1];
	mark->hash = keys.hashes[keys.n - 1];
}

/*
 * The next slice of the pass that all gateways share; true: it is not the
 * last.  What was met in a pass is forgotten when another one has met nothing.
 */
static bool
mark_on(int64 seconds, Keys *due, bool *first, bool *noted)
{
	Mark		mark;

	mark_from_start(&mark);
	*first = true;
	if (spi_run("SELECT store_id, hash FROM dittofs.gc_position") > 0)
	{
		mark.store_id = spi_value(0, 1, NULL);
		mark.hash = spi_value(0, 2, NULL);
		*first = DatumGetInt32(mark.store_id) == PG_INT32_MIN;
	}
	mark_some(&mark, seconds, due);
	*noted = mark.noted;
	if (!mark.more)
	{
		spi_run("DELETE FROM dittofs.gc_position WHERE failures = 0");
		mark_from_start(&mark);
		spi_run(
			"UPDATE dittofs.gc_position SET store_id = $1, hash = $2, failures = 0",
			spi_datum(INT4OID, mark.store_id), spi_datum(BYTEAOID, mark.hash));
		return false;
	}
	spi_run("INSERT INTO dittofs.gc_position (store_id, hash) VALUES ($1, $2)"
			" ON CONFLICT (one) DO UPDATE"
			" SET store_id = excluded.store_id, hash = excluded.hash",
			spi_datum(INT4OID, mark.store_id), spi_datum(BYTEAOID, mark.hash));
	return true;
}

/*
 * Locks the blocks to be deleted, so that no transaction begins to refer to
 * them.
 *
 * The index still has entries of what has gone while an old snapshot is open.
 * A session does not walk over them in each call: it begins where it found
 * something last, and at the beginning only when there is news there.
 */
static TimestampTz due_from = DT_NOBEGIN;

/*
 * They cannot be read all together: the rest of the pass finds them one by one.
 */
static bool due_is_damaged = false;

typedef struct DueWork
{
	int64		seconds;
	int64		max;
	Keys	   *due;
	TimestampTz last;
} DueWork;

static void
lock_due(void *arg)
{
	DueWork    *work = (DueWork *) arg;
	uint64		rows =
		spi_run("SELECT store_id, hash, unreferenced_since FROM dittofs.stored_blocks"
				" WHERE unreferenced_since >= $3 AND " DUE
				" ORDER BY unreferenced_since LIMIT $2 FOR UPDATE SKIP LOCKED",
				spi_int8(work->seconds), spi_int8(work->max),
				spi_timestamp(due_from));

	if (rows == 0)
		return;
	add_result(work->due, rows);
	due_from = DatumGetTimestampTz(spi_value(0, 3, NULL));
	work->last = DatumGetTimestampTz(spi_value(rows - 1, 3, NULL));
}

static void
find_due(DueWork *work)
{
	char	   *error;

	if (change_attempt(lock_due, work, &error))
		return;
	note_trouble((Datum) 0, NULL, error);
	due_is_damaged = true;
}

/*
 * Only rows that we have locked: no other session has them, nor will get them.
 */
typedef struct GoneWork
{
	int64		seconds;
	Keys		some;
	Keys	   *gone;
} GoneWork;

static void
take_out(void *arg)
{
	static const char *const sql =
		"WITH mine AS MATERIALIZED (SELECT b.* FROM unnest($2, $3) k(store_id, hash)"
		" JOIN dittofs.stored_blocks b USING (store_id, hash) WHERE " DUE_BY_KEY
		" FOR UPDATE OF b SKIP LOCKED),"
		" looked AS MATERIALIZED (SELECT m.store_id, m.hash, u.used FROM mine m"
		" LEFT JOIN LATERAL (SELECT true AS used FROM dittofs.extents e"
		" WHERE e.store_id = m.store_id AND e.hash = m.hash LIMIT 1) u ON true),"
		" changed AS (UPDATE dittofs.stored_blocks b SET unreferenced_since = NULL,"
		" state = CASE WHEN l.used THEN b.state ELSE 'deleting' END,"
		" claimed_at = CASE WHEN l.used THEN b.claimed_at ELSE statement_timestamp() END"
		" FROM looked l WHERE b.store_id = l.store_id AND b.hash = l.hash"
		" RETURNING l.used, b.store_id, b.hash)"
		" SELECT store_id, hash FROM changed WHERE used IS NULL";
	GoneWork   *work = (GoneWork *) arg;
	ArrayType  *store_ids = construct_array(work->some.store_ids, work->some.n,
											INT4OID, 4, true, TYPALIGN_INT);
	ArrayType  *hashes = construct_array(work->some.hashes, work->some.n,
										 BYTEAOID, -1, false, TYPALIGN_INT);

	add_result(work->gone,
			   spi_run(sql, spi_int8(work->seconds),
					   spi_datum(INT4ARRAYOID, PointerGetDatum(store_ids)),
					   spi_datum(BYTEAARRAYOID, PointerGetDatum(hashes))));
}

/* False: there was damage, and nothing else. */
static bool
take_out_due(int64 seconds, const Keys *due, Keys *gone)
{
	GoneWork	work = {seconds, *due, gone};
	bool		fine = false;
	char	   *error;

	if (due->n == 0 || change_attempt(take_out, &work, &error))
		return true;
	for (int i = 0; i < due->n; i++)
	{
		work.some.n = 1;
		work.some.store_ids = &due->store_ids[i];
		work.some.hashes = &due->hashes[i];
		if (change_attempt(take_out, &work, &error))
			fine = true;
		else
			note_trouble(due->store_ids[i], DatumGetByteaPP(due->hashes[i]),
						 error);
	}
	return fine;
}

/*
 * gc_next(max): blocks to be deleted from their stores.  A row without a block
 * says that the pass goes on: ask again.
 */
Datum
dittofs_gc_next(PG_FUNCTION_ARGS)
{
	int64		max = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0);
	Keys		due = {0};
	Keys		gone = {0};
	DueWork		work = {0, max, &due};
	bool		more = false;
	Srf			srf;

	change_begin("dittofs.gc_next()", CHANGE_DURABLE);
	work.seconds = retention();
	srf_begin(fcinfo, &srf);
	spi_begin();
	if (max > 0 && !due_is_damaged)
		find_due(&work);
	if (max > 0 && due.n == 0 && take_gc_lock())
	{
		bool		first,
					noted;

		more =
			mark_on(work.seconds, due_is_damaged ? &due : NULL, &first, &noted);
		if (!due_is_damaged && (first || noted))
		{
			due_from = DT_NOBEGIN;
			find_due(&work);
		}
		due_is_damaged = due_is_damaged && more;
	}
	/* the next call begins behind what is damaged, until there is news */
	if (!take_out_due(work.seconds, &due, &gone) && !due_is_damaged)
		due_from = work.last + 1;
	for (int i = 0; i < gone.n + more; i++)
	{
		Datum		values[2] = {0};
		bool		nulls[2] = {i == gone.n, i == gone.n};

		if (i < gone.n)
		{
			values[0] = gone.store_ids[i];
			values[1] = gone.hashes[i];
		}
		srf_row(&srf, values, nulls);
	}
	spi_end();
	change_end();
	return (Datum) 0;
}

/* Argument arg, hashes one after the other, as an array of bytea. */
static const char *const split_hashes =
"SELECT substr($2, 32 * i + 1, 32) AS hash FROM generate_series(0, length($2) / 32 - 1) i";

/*
 * gc_done(store_id, hashes): they are deleted.
 */
Datum
dittofs_gc_done(PG_FUNCTION_ARGS)
{
	int64		gone;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_INT64(0);
	spi_begin();
	gone = spi_run(psprintf("DELETE FROM dittofs.stored_blocks b USING (%s) h"
							" WHERE b.store_id = $1 AND b.hash = h.hash"
							" AND b.state = 'deleting'", split_hashes),
				   spi_arg(INT4OID, 0), spi_arg(BYTEAOID, 1));
	spi_end();
	PG_RETURN_INT64(gone);
}

/*
 * gc_adopt(store_id, hashes): of what was found in a store, that which the
 * database knows nothing of.  It gets a row, so that a gateway that writes the
 * same bytes now waits until it is gone.
 */
Datum
dittofs_gc_adopt(PG_FUNCTION_ARGS)
{
	StringInfoData hashes;
	uint64		rows;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	initStringInfo(&hashes);
	appendStringInfoSpaces(&hashes, VARHDRSZ);
	spi_begin();
	/* its length is not known, and is not needed */
	rows = spi_run(psprintf("INSERT INTO dittofs.stored_blocks"
							" (store_id, hash, length, state, claimed_at, sums)"
							" SELECT s.store_id, h.hash, 1, 'deleting',"
							" statement_timestamp(), ''::bytea"
							" FROM dittofs.content_stores s, (%s) h"
							" WHERE s.store_id = $1 AND NOT s.read_only"
							" AND length(h.hash) = 32"
							" ON CONFLICT DO NOTHING RETURNING hash", split_hashes),
				   spi_arg(INT4OID, 0), spi_arg(BYTEAOID, 1));
	for (uint64 i = 0; i < rows; i++)
	{
		bytea	   *hash = DatumGetByteaPP(spi_value(i, 1, NULL));

		appendBinaryStringInfo(&hashes, VARDATA_ANY(hash), HASH_LEN);
	}
	spi_end();
	SET_VARSIZE(hashes.data, hashes.len);
	PG_RETURN_BYTEA_P(hashes.data);
}

/*
 * gc(): looks for garbage, and says what there is.
 */
Datum
dittofs_gc(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"SELECT s.name, count(b.hash), coalesce(sum(b.length), 0)::bigint,"
		" count(b.hash) FILTER (WHERE b.unreferenced_since IS NOT NULL),"
		" coalesce(sum(b.length) FILTER (WHERE b.unreferenced_since IS NOT NULL), 0)::bigint,"
		" count(b.hash) FILTER (WHERE b.unreferenced_since <= statement_timestamp() - $1 * interval '1 s'),"
		" coalesce(sum(b.length) FILTER (WHERE b.unreferenced_since <= statement_timestamp() - $1 * interval '1 s'), 0)::bigint,"
		" count(b.hash) FILTER (WHERE b.state = 'deleting')"
		" FROM dittofs.content_stores s LEFT JOIN dittofs.stored_blocks b USING (store_id)"
		" GROUP BY s.store_id, s.name ORDER BY s.name";
	int64		seconds;

	change_begin("dittofs.gc()", CHANGE_DURABLE);
	seconds = retention();
	spi_begin();
	if (take_gc_lock())
	{
		Mark		mark;

		mark_from_start(&mark);
		do
			mark_some(&mark, seconds, NULL);
		while (mark.more);
	}
	spi_end();
	srf_query(fcinfo, sql, false, SPI_ARGS(spi_int8(seconds)));
	change_end();
	return (Datum) 0;
}
