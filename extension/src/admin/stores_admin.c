/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * stores_admin.c
 *	  Makes, lists and drops content stores.
 *
 * The database knows a store by its name.  Its place (a path, a bucket) and its
 * credentials are settings of the gateways, so that a dump carries no secret
 * and the same database can be moved to another place.
 *
 * Giving a store to a share locks the store's row (shares_admin.c), so a store
 * that is being dropped is not given to a share.
 *
 * content_store_marks has the owner of a store: extension/README.md.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "tables/content.h"
#include "tables/rel.h"
#include "tables/share_options.h"
#include "base/spi.h"
#include "base/srf.h"

PG_FUNCTION_INFO_V1(dittofs_create_content_store);
PG_FUNCTION_INFO_V1(dittofs_drop_content_store);
PG_FUNCTION_INFO_V1(dittofs_list_content_stores);
PG_FUNCTION_INFO_V1(dittofs_this_database);
PG_FUNCTION_INFO_V1(dittofs_adopt_content_store);
PG_FUNCTION_INFO_V1(dittofs_attach_content_store);

static char *
text_arg(FunctionCallInfo fcinfo, int arg, const char *option)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", option)));
	return text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/* The first column, of type bigint, of the only row of the last result. */
static int64
result(void)
{
	return DatumGetInt64(spi_value(0, 1, NULL));
}

/* A name is also a key of the gateways' configuration. */
static bool
is_store_name(const char *name)
{
	return strlen(name) >= 1 && strlen(name) <= 63 &&
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

/* Locks the row of the store. */
static void
lock_store(const char *name)
{
	if (spi_run("SELECT FROM dittofs.content_stores WHERE name = $1 FOR UPDATE",
				spi_text(name)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("content store \"%s\" does not exist", name),
				 errhint("dittofs.list_content_stores() lists the stores.")));
}

/*
 * create_content_store(name, kind): its number.
 */
Datum
dittofs_create_content_store(PG_FUNCTION_ARGS)
{
	char	   *name = text_arg(fcinfo, 0, "name");
	char	   *kind = text_arg(fcinfo, 1, "kind");
	Datum		store_id;

	if (!is_store_name(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a content store: \"%s\"", name),
				 errhint("Use up to 63 lower-case letters, digits, \"_\" and \"-\".")));
	word_check("kind", CONTENT_STORE_WORDS, kind);
	spi_begin();
	if (spi_run(
			"INSERT INTO dittofs.content_stores (name, kind) VALUES ($1, $2)"
			" ON CONFLICT (name) DO NOTHING RETURNING store_id",
			spi_text(name), spi_text(kind)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("content store \"%s\" already exists", name),
				 errhint("Shares use it as it is; dittofs.list_content_stores() tells its kind.")));
	store_id = spi_value(0, 1, NULL);
	spi_run("INSERT INTO dittofs.content_store_marks (store_id) VALUES ($1)",
			spi_datum(INT4OID, store_id));
	spi_end();
	PG_RETURN_DATUM(store_id);
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

	spi_begin();
	lock_store(name);
	spi_run("SELECT count(*) FROM dittofs.shares h"
			" JOIN dittofs.content_stores s ON s.store_id = h.content_store_id"
			" WHERE s.name = $1", spi_text(name));
	shares = result();
	spi_run("SELECT count(*) FROM dittofs.stored_blocks"
			" JOIN dittofs.content_stores s USING (store_id)"
			" WHERE s.name = $1", spi_text(name));
	blocks = result();
	if (shares > 0 || blocks > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("content store \"%s\" is in use", name),
				 errdetail("Shares: " INT64_FORMAT ". Blocks: " INT64_FORMAT ".",
						   shares, blocks),
				 errhint("Blocks go when the files that have them are removed or moved, and the retention is over; dittofs.gc() tells.")));
	spi_run("DELETE FROM dittofs.content_store_marks m USING dittofs.content_stores s"
			" WHERE s.name = $1 AND m.store_id = s.store_id", spi_text(name));
	spi_run("DELETE FROM dittofs.content_stores WHERE name = $1", spi_text(name));
	spi_end();
	PG_RETURN_VOID();
}

/*
 * this_database(): the cluster's identifier and the database's OID.  A standby
 * is the same database as its primary, and remains so when it is promoted.
 */
Datum
dittofs_this_database(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(psprintf(UINT64_FORMAT "/%u",
											  GetSystemIdentifier(),
											  MyDatabaseId)));
}

/*
 * adopt_content_store(name): the marker in the store is to be this database's
 * from now on, whatever it is today.  The next gateway that looks writes it.
 */
Datum
dittofs_adopt_content_store(PG_FUNCTION_ARGS)
{
	char	   *name = text_arg(fcinfo, 0, "name");

	spi_begin();
	lock_store(name);
	spi_run("INSERT INTO dittofs.content_store_marks AS m (store_id, adopting)"
			" SELECT store_id, true FROM dittofs.content_stores WHERE name = $1"
			" ON CONFLICT (store_id) DO UPDATE SET owner_uuid = excluded.owner_uuid,"
			" database = excluded.database, ticket = excluded.ticket,"
			" next_ticket = excluded.next_ticket, turned_at = excluded.turned_at,"
			" adopting = true", spi_text(name));
	spi_run("UPDATE dittofs.content_stores SET read_only = false"
			" WHERE name = $1 AND read_only", spi_text(name));
	spi_end();
	PG_RETURN_VOID();
}

/*
 * attach_content_store(name, read_only): another database's store, of which
 * this one reads the blocks it knows.  What is marked as garbage here is none:
 * only the owner knows who has a block.
 */
Datum
dittofs_attach_content_store(PG_FUNCTION_ARGS)
{
	char	   *name = text_arg(fcinfo, 0, "name");

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("read_only must not be null")));
	spi_begin();
	lock_store(name);
	spi_run("UPDATE dittofs.content_stores SET read_only = $2 WHERE name = $1",
			spi_text(name), spi_arg(BOOLOID, 1));
	if (PG_GETARG_BOOL(1))
		spi_run("UPDATE dittofs.stored_blocks b SET unreferenced_since = NULL"
				" FROM dittofs.content_stores s WHERE s.name = $1"
				" AND b.store_id = s.store_id AND b.unreferenced_since IS NOT NULL",
				spi_text(name));
	spi_end();
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
		" count(b.hash), coalesce(sum(b.length), 0)::bigint,"
		" (SELECT CASE WHEN s.read_only THEN 'read only' ELSE h.state END"
		" FROM dittofs.content_hints() h WHERE h.store_id = s.store_id LIMIT 1)"
		" FROM dittofs.content_stores s LEFT JOIN dittofs.stored_blocks b"
		" ON b.store_id = s.store_id AND b.state <> 'pending'"
		" GROUP BY s.store_id, s.name, s.kind ORDER BY s.name";

	srf_query(fcinfo, sql, true, 0, NULL);
	return (Datum) 0;
}
