/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * block_list.c
 *	  Lists blocks of a store, for `dittofs verify`.
 *
 * A verification reads each block of a store, or of a share, in slices.  For a
 * damaged block it asks where that is used.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "executor/spi.h"
#include "port/pg_bswap.h"

#include "base/srf.h"

PG_FUNCTION_INFO_V1(dittofs_stored_block_list);
PG_FUNCTION_INFO_V1(dittofs_block_users);

/*
 * Of a share the order is that of its files and extents, which the indexes
 * have: in that of hashes each slice would look at all of the share.  A
 * position is the id of a file and where in it to go on; a block that is used
 * more than once comes as often.
 */
#define POSITION_LEN	(UUID_LEN + 8)

static Datum
make_position(const pg_uuid_t *id, int64 start)
{
	bytea	   *position = (bytea *) palloc(VARHDRSZ + POSITION_LEN);
	uint64		word = pg_hton64((uint64) start);

	SET_VARSIZE(position, VARHDRSZ + POSITION_LEN);
	memcpy(VARDATA(position), id->data, UUID_LEN);
	memcpy(VARDATA(position) + UUID_LEN, &word, 8);
	return PointerGetDatum(position);
}

static void
parse_position(const bytea *position, pg_uuid_t *id, int64 *start)
{
	uint8		bytes[POSITION_LEN] = {0};
	uint64		word;

	memcpy(bytes, VARDATA_ANY(position),
		   Min(VARSIZE_ANY_EXHDR(position), POSITION_LEN));
	memcpy(id->data, bytes, UUID_LEN);
	memcpy(&word, bytes + UUID_LEN, 8);
	*start = (int64) (pg_ntoh64(word) & PG_INT64_MAX);
}

/*
 * The extents of one file from start on, up to max.  Returns how many there
 * were; start is then behind the last one.
 */
static uint64
list_extents(Srf *srf, SPIPlanPtr plan, const pg_uuid_t *id, Datum content_id,
			 int64 *start, Datum store_id, int64 max)
{
	Datum		args[3];
	uint64		count;

	args[0] = content_id;
	args[1] = Int64GetDatum(*start);
	args[2] = Int64GetDatum(max);
	if (SPI_execute_plan(plan, args, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not list extents");
	count = SPI_processed;
	for (uint64 i = 0; i < count; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Datum		values[4];
		bool		nulls[4] = {false};
		bool		isnull;

		*start = Min(DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull)),
					 PG_INT64_MAX - 1) + 1;
		if (DatumGetInt32(SPI_getbinval(row, desc, 2, &isnull)) !=
			DatumGetInt32(store_id))
			continue;
		values[0] = SPI_getbinval(row, desc, 3, &nulls[0]);
		values[1] = SPI_getbinval(row, desc, 4, &nulls[1]);
		values[2] = SPI_getbinval(row, desc, 5, &nulls[2]);
		values[3] = make_position(id, *start);
		srf_row(srf, values, nulls);
	}
	SPI_freetuptable(SPI_tuptable);
	return count;
}

static void
list_of_share(FunctionCallInfo fcinfo, Datum store_id, const bytea *after,
			  int64 max, Datum share)
{
	static const char *const files =
		"SELECT f.id, coalesce(f.content_id, f.id),"
		" f.share_id = s.share_id AND f.external IS NOT NULL"
		" FROM dittofs.shares s, (SELECT id, content_id, share_id, external"
		" FROM dittofs.files WHERE id >= $1 ORDER BY id LIMIT $2) f"
		" WHERE s.name = $3 ORDER BY f.id";
	/*
	 * OFFSET 0: a join might read the table for each row, if statistics call it
	 * empty
	 */
	static const char *const extents =
		"SELECT e.start, e.store_id, e.hash, b.length, b.sums"
		" FROM (SELECT * FROM dittofs.extents WHERE content_id = $1 AND start >= $2"
		" ORDER BY start LIMIT $3) e LEFT JOIN LATERAL"
		" (SELECT length, sums FROM dittofs.stored_blocks WHERE store_id = e.store_id"
		" AND hash = e.hash AND state = 'stored' OFFSET 0) b ON true"
		" ORDER BY e.start";
	Oid			types[3] = {UUIDOID, INT8OID, TEXTOID};
	Oid			extent_types[3] = {UUIDOID, INT8OID, INT8OID};
	Datum		args[3];
	Srf			srf;
	SPITupleTable *table;
	SPIPlanPtr	plan;
	uint64		nfiles;
	pg_uuid_t	id;
	int64		start;
	int64		left = Max(max, 1);
	bool		isnull;

	parse_position(after, &id, &start);
	srf_begin(fcinfo, &srf);
	SPI_connect();
	args[0] = UUIDPGetDatum(&id);
	/* the first may be one that is done with */
	args[1] = Int64GetDatum(left + 1);
	args[2] = share;
	if (SPI_execute_with_args(files, 3, types, args, NULL, true, 0) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not list files");
	table = SPI_tuptable;
	nfiles = SPI_processed;
	plan = SPI_prepare(extents, 3, extent_types);
	for (uint64 i = 0; i < nfiles && left > 0; i++)
	{
		pg_uuid_t	file = *DatumGetUUIDP(
			SPI_getbinval(table->vals[i], table->tupdesc, 1, &isnull));

		if (memcmp(&file, &id, UUID_LEN) != 0)
			start = 0;
		id = file;
		if (DatumGetBool(
				SPI_getbinval(table->vals[i], table->tupdesc, 3, &isnull)))
			left -= (int64) list_extents(
				&srf, plan, &id,
				SPI_getbinval(table->vals[i], table->tupdesc, 2, &isnull),
				&start, store_id, left);
		if (left > 0)
			start = PG_INT64_MAX;
	}

	/* it may have ended with what is in no such block */
	if (left <= 0 || nfiles > (uint64) Max(max, 1))
	{
		Datum		values[4] = {0};
		bool		nulls[4] = {true, true, true, false};

		values[3] = make_position(&id, start);
		srf_row(&srf, values, nulls);
	}
	SPI_finish();
}

/*
 * stored_block_list(store_id, after, max, share): a slice; after is the
 * position of the last row.  A row that has nothing but a position: go on from
 * there.
 */
Datum
dittofs_stored_block_list(PG_FUNCTION_ARGS)
{
	static const char *const all =
		"SELECT hash, length, sums, hash FROM dittofs.stored_blocks"
		" WHERE store_id = $1 AND state = 'stored' AND hash > $2 ORDER BY hash LIMIT $3";

	for (int i = 0; i < 3; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("store_id, after and max must not be null")));
	}
	if (PG_ARGISNULL(3))
		srf_query(fcinfo, all, true,
				  SPI_ARGS(spi_arg(INT4OID, 0), spi_arg(BYTEAOID, 1),
						   spi_arg(INT4OID, 2)));
	else
		list_of_share(fcinfo, PG_GETARG_DATUM(0), PG_GETARG_BYTEA_PP(1),
					  PG_GETARG_INT32(2), PG_GETARG_DATUM(3));
	return (Datum) 0;
}

/*
 * block_users(store_id, hash): where a block is used, with one name of each
 * file.
 */
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

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("store_id and hash must not be null")));
	srf_query(fcinfo, sql, true,
			  SPI_ARGS(spi_arg(INT4OID, 0), spi_arg(BYTEAOID, 1)));
	return (Datum) 0;
}
