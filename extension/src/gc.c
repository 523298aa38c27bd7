/*-------------------------------------------------------------------------
 *
 * gc.c
 *	  Blocks that no file refers to: finding them, and having them deleted.
 *
 * The database cannot delete objects; gateways do it.  What is garbage is
 * decided here:
 *
 *	- A pass over dittofs.stored_blocks notes since when a block has been
 *	  without a reference (unreferenced_since), and takes the note back where
 *	  there is one again.
 *	- When the note is older than content_retention, the block becomes
 *	  'deleting' and a gateway is told to delete it: until then a backup of the
 *	  database that refers to it can be restored.  A block that was claimed and
 *	  never linked is in no backup; it goes after a day.
 *	- The gateway deletes the object, and then the row goes.  If it does not come
 *	  back, another gateway is told after an hour; it must not begin to delete
 *	  after ten minutes, or it might delete what somebody has put there anew.
 *
 * A reference that is being made at the same moment is never overlooked:
 * whoever links a block has locked its row, in a transaction that holds the
 * lock until the extent can be seen.  So the rows are locked first, those that
 * are locked are passed by, and a new statement, with a new snapshot, looks for
 * extents.
 *
 * None of this is hot: it is SQL, in functions that run as their owner.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "config.h"
#include "extents.h"
#include "rel.h"
#include "srf.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_gc);
PG_FUNCTION_INFO_V1(dittofs_gc_next);
PG_FUNCTION_INFO_V1(dittofs_gc_done);
PG_FUNCTION_INFO_V1(dittofs_gc_adopt);
PG_FUNCTION_INFO_V1(dittofs_stored_block_list);
PG_FUNCTION_INFO_V1(dittofs_block_users);

#define UNREFERENCED \
	" NOT EXISTS (SELECT FROM dittofs.extents e" \
	" WHERE e.store_id = b.store_id AND e.hash = b.hash)"

static uint64
run(const char *sql, int n, Oid *types, Datum *args)
{
	int			code = SPI_execute_with_args(sql, n, types, args, NULL, false, 0);

	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", sql,
			 SPI_result_code_string(code));
	return SPI_processed;
}

/* One pass at a time is enough; false: somebody is at it. */
static bool
take_gc_lock(void)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel_oid(REL_CONTENT_STORES), 0, 0);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

static int64
retention(void)
{
	int64		config[CONFIG_COUNT];

	config_read(config);
	return config[CONFIG_CONTENT_RETENTION];
}

/*
 * Notes what has no reference.  What has just been claimed is about to get one.
 */
static void
mark(int64 seconds)
{
	Oid			types[1] = {INT8OID};
	Datum		args[1];

	args[0] = Int64GetDatum(Min(seconds, 3600));
	run("UPDATE dittofs.stored_blocks b SET unreferenced_since = NULL"
		" WHERE unreferenced_since IS NOT NULL AND NOT" UNREFERENCED,
		0, NULL, NULL);
	run("UPDATE dittofs.stored_blocks b SET unreferenced_since = CASE state"
		" WHEN 'stored' THEN statement_timestamp() ELSE '-infinity' END"
		" FROM (SELECT store_id, hash FROM dittofs.stored_blocks b"
		" WHERE unreferenced_since IS NULL AND claimed_at <= statement_timestamp()"
		" - CASE state WHEN 'stored' THEN $1 * interval '1 s'"
		" WHEN 'pending' THEN interval '1 day' ELSE interval '1 hour' END"
		" AND" UNREFERENCED " FOR UPDATE SKIP LOCKED) n"
		" WHERE b.store_id = n.store_id AND b.hash = n.hash AND" UNREFERENCED,
		1, types, args);
}

/* Locks what is to be deleted, so that nobody begins to refer to it. */
static bool
lock_due(int64 seconds, int64 max)
{
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		args[2];

	args[0] = Int64GetDatum(seconds);
	args[1] = Int64GetDatum(max);
	return run("SELECT store_id, hash FROM dittofs.stored_blocks"
			   " WHERE unreferenced_since <= statement_timestamp() - $1 * interval '1 s'"
			   " ORDER BY unreferenced_since LIMIT $2 FOR UPDATE SKIP LOCKED",
			   2, types, args) > 0;
}

/*
 * gc_next(max): blocks to be deleted from their stores.
 */
Datum
dittofs_gc_next(PG_FUNCTION_ARGS)
{
	/* only rows that we have locked: nobody else has them, nor will get them */
	static const char *const sql =
		"WITH mine AS MATERIALIZED (SELECT b.* FROM dittofs.stored_blocks b"
		" WHERE unreferenced_since <= statement_timestamp() - $1 * interval '1 s'"
		" ORDER BY unreferenced_since LIMIT $2 FOR UPDATE SKIP LOCKED),"
		" back AS (UPDATE dittofs.stored_blocks b SET unreferenced_since = NULL FROM mine m"
		" WHERE b.store_id = m.store_id AND b.hash = m.hash AND NOT" UNREFERENCED ")"
		" UPDATE dittofs.stored_blocks b SET state = 'deleting',"
		" claimed_at = statement_timestamp(), unreferenced_since = NULL FROM mine m"
		" WHERE b.store_id = m.store_id AND b.hash = m.hash AND" UNREFERENCED
		" RETURNING b.store_id, b.hash";
	Oid			types[2] = {INT8OID, INT8OID};
	Datum		args[2];
	int64		max = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0);
	int64		seconds;

	change_begin("dittofs.gc_next()", CHANGE_DURABLE);
	seconds = retention();
	args[0] = Int64GetDatum(seconds);
	args[1] = Int64GetDatum(Max(max, 0));
	SPI_connect();
	if (take_gc_lock() && !lock_due(seconds, Max(max, 0)) && max > 0)
	{
		mark(seconds);
		(void) lock_due(seconds, max);
	}
	SPI_finish();
	srf_query(fcinfo, sql, false, 2, types, args);
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
	Oid			types[2] = {INT4OID, BYTEAOID};
	Datum		args[2];
	int64		gone;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_INT64(0);
	args[0] = PG_GETARG_DATUM(0);
	args[1] = PG_GETARG_DATUM(1);
	SPI_connect();
	gone = run(psprintf("DELETE FROM dittofs.stored_blocks b USING (%s) h"
						" WHERE b.store_id = $1 AND b.hash = h.hash"
						" AND b.state = 'deleting'", split_hashes),
			   2, types, args);
	SPI_finish();
	PG_RETURN_INT64(gone);
}

/*
 * gc_adopt(store_id, hashes): of what was found in a store, that which the
 * database knows nothing of.  It gets a row, so that somebody who writes the
 * same bytes now waits until it is gone.
 */
Datum
dittofs_gc_adopt(PG_FUNCTION_ARGS)
{
	Oid			types[2] = {INT4OID, BYTEAOID};
	Datum		args[2];
	StringInfoData hashes;
	MemoryContext caller = CurrentMemoryContext;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	args[0] = PG_GETARG_DATUM(0);
	args[1] = PG_GETARG_DATUM(1);
	initStringInfo(&hashes);
	appendStringInfoSpaces(&hashes, VARHDRSZ);
	SPI_connect();
	/* its length is not known, and nobody will ask for it */
	run(psprintf("INSERT INTO dittofs.stored_blocks"
				 " (store_id, hash, length, state, claimed_at, sums)"
				 " SELECT s.store_id, h.hash, 1, 'deleting', statement_timestamp(),"
				 " ''::bytea"
				 " FROM dittofs.content_stores s, (%s) h"
				 " WHERE s.store_id = $1 AND length(h.hash) = 32"
				 " ON CONFLICT DO NOTHING RETURNING hash", split_hashes),
		2, types, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		bytea	   *hash = DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[i],
														 SPI_tuptable->tupdesc, 1,
														 &isnull));
		MemoryContext spi = MemoryContextSwitchTo(caller);

		appendBinaryStringInfo(&hashes, VARDATA_ANY(hash), HASH_LEN);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
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
	Oid			types[1] = {INT8OID};
	Datum		args[1];
	int64		seconds;

	change_begin("dittofs.gc()", CHANGE_DURABLE);
	seconds = retention();
	args[0] = Int64GetDatum(seconds);
	SPI_connect();
	if (take_gc_lock())
		mark(seconds);
	SPI_finish();
	srf_query(fcinfo, sql, false, 1, types, args);
	change_end();
	return (Datum) 0;
}

/*
 * What a verification asks for.
 */

/* stored_block_list(store_id, after, max, share): in the order of hashes. */
Datum
dittofs_stored_block_list(PG_FUNCTION_ARGS)
{
	static const char *const all =
		"SELECT hash, length, sums FROM dittofs.stored_blocks"
		" WHERE store_id = $1 AND state = 'stored' AND hash > $2 ORDER BY hash LIMIT $3";
	static const char *const of_share =
		"SELECT hash, length, sums FROM dittofs.stored_blocks b"
		" WHERE store_id = $1 AND state = 'stored' AND hash > $2 AND hash IN ("
		"SELECT e.hash FROM dittofs.shares s"
		" JOIN dittofs.files f ON f.share_id = s.share_id AND f.external IS NOT NULL"
		" JOIN dittofs.extents e ON e.content_id = coalesce(f.content_id, f.id)"
		" WHERE s.name = $4 AND e.store_id = $1) ORDER BY hash LIMIT $3";
	Oid			types[4] = {INT4OID, BYTEAOID, INT4OID, TEXTOID};
	Datum		args[4];

	for (int i = 0; i < 3; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("store_id, after and max must not be null")));
		args[i] = PG_GETARG_DATUM(i);
	}
	args[3] = PG_GETARG_DATUM(3);
	if (PG_ARGISNULL(3))
		srf_query(fcinfo, all, true, 3, types, args);
	else
		srf_query(fcinfo, of_share, true, 4, types, args);
	return (Datum) 0;
}

/* block_users(store_id, hash): where a block is used, with one name of each file. */
Datum
dittofs_block_users(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"WITH RECURSIVE users AS (SELECT s.name AS share, s.root_id, f.id,"
		" '\\x01'::bytea || uuid_send(s.share_uuid) || uuid_send(f.id) AS handle,"
		" e.start, e.length FROM dittofs.extents e"
		" JOIN dittofs.files f ON coalesce(f.content_id, f.id) = e.content_id"
		" JOIN dittofs.shares s ON s.share_id = f.share_id"
		" WHERE e.store_id = $1 AND e.hash = $2),"
		" up AS (SELECT d.child_id AS file, d.parent_id, '/' || dittofs.name_to_text(d.name) AS path"
		" FROM (SELECT DISTINCT ON (child_id) * FROM dittofs.parent_child_map"
		" WHERE child_id IN (SELECT id FROM users)) d"
		" UNION ALL SELECT u.file, p.parent_id, '/' || dittofs.name_to_text(d.name) || u.path"
		" FROM up u JOIN dittofs.files p ON p.id = u.parent_id AND p.parent_id <> p.id"
		" JOIN dittofs.parent_child_map d ON d.parent_id = p.parent_id AND d.child_id = p.id)"
		" SELECT u.share, u.handle, (SELECT path FROM up WHERE file = u.id AND parent_id = u.root_id),"
		" u.start, u.length FROM users u ORDER BY u.share, u.handle, u.start";
	Oid			types[2] = {INT4OID, BYTEAOID};
	Datum		args[2];

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("store_id and hash must not be null")));
	args[0] = PG_GETARG_DATUM(0);
	args[1] = PG_GETARG_DATUM(1);
	srf_query(fcinfo, sql, true, 2, types, args);
	return (Datum) 0;
}
