/*-------------------------------------------------------------------------
 *
 * stores_admin.c
 *	  Content stores: making, listing and dropping their names.
 *
 * The database knows a store by its name.  Where it is (a path, a bucket) and
 * how one gets in is the configuration of the gateways, so that a dump carries
 * no secret and the same database can be moved to another place.
 *
 * Whoever gives a store to a share locks its row (shares_admin.c), so a store
 * that is being dropped is not given to anybody.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "content.h"
#include "rel.h"
#include "srf.h"

PG_FUNCTION_INFO_V1(dittofs_create_content_store);
PG_FUNCTION_INFO_V1(dittofs_drop_content_store);
PG_FUNCTION_INFO_V1(dittofs_list_content_stores);

static char *
text_arg(FunctionCallInfo fcinfo, int arg, const char *option)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", option)));
	return text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/* Runs a statement on the name; the first column of the first row, or -1. */
static int64
run(const char *sql, const char *name, const char *kind)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		args[2];
	bool		isnull;
	int			code;

	args[0] = CStringGetTextDatum(name);
	if (kind != NULL)
		args[1] = CStringGetTextDatum(kind);
	code = SPI_execute_with_args(sql, kind == NULL ? 1 : 2, types, args, NULL,
								 false, 0);
	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", sql,
			 SPI_result_code_string(code));
	if (SPI_processed == 0 || SPI_tuptable == NULL)
		return -1;
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

/* A name is also a key of the gateways' configuration. */
static bool
is_store_name(const char *name)
{
	return strlen(name) >= 1 && strlen(name) <= 63 &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

/*
 * create_content_store(name, kind): its number.
 */
Datum
dittofs_create_content_store(PG_FUNCTION_ARGS)
{
	char	   *name = text_arg(fcinfo, 0, "name");
	char	   *kind = text_arg(fcinfo, 1, "kind");
	int64		store_id;

	if (!is_store_name(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a content store: \"%s\"", name),
				 errhint("Use up to 63 lower-case letters, digits, \"_\" and \"-\".")));
	if (strcmp(kind, "filesystem") != 0 && strcmp(kind, "s3") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for kind: \"%s\"", kind),
				 errhint("Use one of: filesystem, s3.")));
	SPI_connect();
	store_id = run("INSERT INTO dittofs.content_stores (name, kind) VALUES ($1, $2)"
				   " ON CONFLICT (name) DO NOTHING RETURNING store_id::bigint",
				   name, kind);
	if (store_id < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("content store \"%s\" already exists", name)));
	SPI_finish();
	PG_RETURN_INT32((int32) store_id);
}

/*
 * drop_content_store(name): refused while a share has it, or blocks are in it.
 */
Datum
dittofs_drop_content_store(PG_FUNCTION_ARGS)
{
	char	   *name = text_arg(fcinfo, 0, "name");
	int64		shares;
	int64		blocks;

	SPI_connect();
	if (run("SELECT store_id::bigint FROM dittofs.content_stores WHERE name = $1"
			" FOR UPDATE", name, NULL) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("content store \"%s\" does not exist", name),
				 errhint("dittofs.list_content_stores() lists the stores.")));
	shares = run("SELECT count(*) FROM dittofs.shares h"
				 " JOIN dittofs.content_stores s ON s.store_id = h.content_store_id"
				 " WHERE s.name = $1", name, NULL);
	blocks = run("SELECT count(*) FROM dittofs.stored_blocks"
				 " JOIN dittofs.content_stores s USING (store_id)"
				 " WHERE s.name = $1", name, NULL);
	if (shares > 0 || blocks > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("content store \"%s\" is in use", name),
				 errdetail("Shares: " INT64_FORMAT ". Blocks: " INT64_FORMAT ".",
						   shares, blocks),
				 errhint("Blocks go when the files that have them are removed or moved, and the retention is over; dittofs.gc() tells.")));
	run("DELETE FROM dittofs.content_stores WHERE name = $1", name, NULL);
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * list_content_stores(): each with the shares that have it and what is in it.
 */
Datum
dittofs_list_content_stores(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"SELECT s.name, s.kind,"
		" (SELECT count(*) FROM dittofs.shares h WHERE h.content_store_id = s.store_id),"
		" count(b.hash), coalesce(sum(b.length), 0)::bigint"
		" FROM dittofs.content_stores s LEFT JOIN dittofs.stored_blocks b"
		" ON b.store_id = s.store_id AND b.state <> 'pending'"
		" GROUP BY s.store_id, s.name, s.kind ORDER BY s.name";

	srf_query(fcinfo, sql, true, 0, NULL, NULL);
	return (Datum) 0;
}
