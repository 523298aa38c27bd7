/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * mounts.c
 *	  Answers the MOUNT protocol (RFC 1813, appendix I); the one module that
 *	  touches dittofs.mounts.
 *
 * A path is resolved as root, like mountd does: the handle of a directory says
 * nothing about rights, and each call on it is checked.  Symbolic links are
 * not followed, since their targets are paths of the client.
 *
 * The list of mounts is what clients have reported, and they often do not
 * report that they are gone: it is for people to read, and nothing depends on
 * it.  So a standby, which cannot write, lets clients mount and records
 * nothing.
 *
 * Clients write this list, without a credential, so it has bounds.  A directory
 * is recorded by the one path that leads to it without '..' (links are not
 * followed, so there is just one).  A client has at most CLIENT_MOUNTS rows,
 * the latest; all clients together have TABLE_MOUNTS; no row is older than
 * MOUNT_AGE.
 *
 * Mounting is not a hot path, and two gateways may record the same mount at
 * once: the changes are SQL with ON CONFLICT, in functions that run as their
 * owner (SECURITY DEFINER, fixed search_path).
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/snapmgr.h"

#include "tables/dirents.h"
#include "types/handles.h"
#include "tables/inodes.h"
#include "tables/paths.h"
#include "tables/rel.h"
#include "base/spi.h"
#include "base/srf.h"

/* Rows of a client, and of all: beyond that the oldest go. */
#define CLIENT_MOUNTS	"32"
#define TABLE_MOUNTS	"10000"
#define MOUNT_AGE		"100 days"

/* All rows are looked at once in so many mounts of a session. */
#define PRUNE_PERIOD	64

/* The size of a row of a list in a reply, beside its text. */
#define LIST_ROW_OVERHEAD	64

PG_FUNCTION_INFO_V1(dittofs_mount);
PG_FUNCTION_INFO_V1(dittofs_unmount);
PG_FUNCTION_INFO_V1(dittofs_unmount_all);
PG_FUNCTION_INFO_V1(dittofs_list_mounts);
PG_FUNCTION_INFO_V1(dittofs_list_exports);

/*
 * MNT
 */

/* The directory that these names lead to from the share's root. */
static Status
walk(const Share *share, const PathName *names, int n, Inode *inode)
{
	pg_uuid_t	id = share->root_id;
	Dirent		dirent;

	if (!inode_get(&id, inode))
		return FS_NOENT;
	for (int i = 0; i < n; i++)
	{
		if (inode->kind != KIND_DIRECTORY)
			return FS_NOTDIR;
		if (names[i].len > FS_NAME_MAX)
			return FS_NAMETOOLONG;
		if (path_name_is(&names[i], ".."))
			id = inode->parent_id;	/* of the root: itself */
		else if (dirent_find(share, &inode->id, names[i].data, names[i].len,
							 &dirent))
			id = dirent.child_id;
		else
			return FS_NOENT;
		if (!inode_get(&id, inode))
			return FS_NOENT;
	}
	return inode->kind == KIND_DIRECTORY ? FS_OK : FS_NOTDIR;
}

/*
 * The path as it is recorded: without '..', which leads to where a directory
 * was entered from, and not out of its share.  depth: names of the share.
 */
static void
path_normalize(Path *path, int depth)
{
	int			n = 0;

	for (int i = 0; i < path->n; i++)
	{
		if (i < depth || !path_name_is(&path->names[i], ".."))
			path->names[n++] = path->names[i];
		else if (n > depth)
			n--;
	}
	path->n = n;
}

/* An OK leaves the path as it is recorded. */
static Status
resolve(Path *path, const Caller *caller, const Share **share, Inode *inode)
{
	int			depth;
	Status		status;

	*share = path_share(path, true, &depth);
	if (*share == NULL)
		return FS_NOENT;
	status = share_admits_address(*share, caller);
	if (status != FS_OK)
		return status;
	status = walk(*share, path->names + depth, path->n - depth, inode);
	if (status == FS_OK)
		path_normalize(path, depth);
	return status;
}

static SpiArg
path_bytes(const Path *path)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < path->n; i++)
	{
		appendStringInfoChar(&buf, '/');
		appendBinaryStringInfo(&buf, path->names[i].data, path->names[i].len);
	}
	if (path->n == 0)
		appendStringInfoChar(&buf, '/');
	return spi_datum(
		BYTEAOID, PointerGetDatum(cstring_to_text_with_len(buf.data, buf.len)));
}

static SpiArg
client_inet(const Caller *caller)
{
	Network		address;

	network_of_caller(caller, &address);
	return spi_datum(INETOID, network_to_inet(&address));
}

/* The caller has an address to record, and the record can be written. */
static bool
can_record(const Caller *caller)
{
	return caller->family != 0 && !XactReadOnly;
}

/*
 * Other sessions may be pruning, too.  A row that is locked is deleted another
 * time: so no session waits, and there are no deadlocks.
 */
static void
delete_mounts(const char *surplus, int n, const SpiArg *args)
{
	spi_execute(psprintf("DELETE FROM dittofs.mounts WHERE ctid = ANY (ARRAY("
						 "SELECT ctid FROM dittofs.mounts"
						 " WHERE ctid = ANY (ARRAY(%s)) FOR UPDATE SKIP LOCKED))",
						 surplus), false, n, args);
}

static void
prune_mounts(SpiArg client)
{
	static int	mounts;

	delete_mounts("SELECT ctid FROM dittofs.mounts WHERE client = $1"
				  " ORDER BY mounted_at DESC OFFSET " CLIENT_MOUNTS,
				  1, &client);
	if (mounts++ % PRUNE_PERIOD != 0)
		return;
	delete_mounts("SELECT ctid FROM dittofs.mounts"
				  " WHERE mounted_at < pg_catalog.now() - interval '" MOUNT_AGE "'",
				  0, NULL);
	delete_mounts("SELECT ctid FROM dittofs.mounts"
				  " ORDER BY mounted_at DESC OFFSET " TABLE_MOUNTS,
				  0, NULL);
}

static void
record_mount(const Caller *caller, const Path *path, const Share *share)
{
	static const char *const sql =
		"INSERT INTO dittofs.mounts AS m (client, path, share_id, mounted_at)"
		" VALUES ($1, $2, $3, pg_catalog.now())"
		" ON CONFLICT (client, path) DO UPDATE"
		" SET share_id = excluded.share_id, mounted_at = excluded.mounted_at";
	SpiArg		client = client_inet(caller);

	spi_begin();
	spi_run(sql, client, path_bytes(path), spi_int4(share->share_id));
	prune_mounts(client);
	spi_end();
}

Datum
dittofs_mount(PG_FUNCTION_ARGS)
{
	Datum		values[3];
	bool		nulls[3] = {false, true, true};
	bytea	   *wire;
	Caller	   *caller;
	Path		path;
	Inode		inode;
	const Share *share;
	Status		status;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		status = PG_ARGISNULL(0) ? FS_NOENT : FS_ACCES;
	else
	{
		wire = PG_GETARG_BYTEA_PP(0);
		caller = DatumGetCallerP(PG_GETARG_DATUM(1));
		if (VARSIZE_ANY_EXHDR(wire) > PATH_LEN_MAX)
			status = FS_NAMETOOLONG;
		else if (!path_split(VARDATA_ANY(wire), VARSIZE_ANY_EXHDR(wire), &path))
			status = FS_NOENT;
		else
			status = resolve(&path, caller, &share, &inode);
	}

	values[0] = Int32GetDatum(status);
	if (status == FS_OK)
	{
		values[1] = PointerGetDatum(handle_form(&share->uuid, &inode.id));
		values[2] = BoolGetDatum(share->allow_auth_none);
		nulls[1] = nulls[2] = false;
		if (can_record(caller))
			record_mount(caller, &path, share);
	}
	return rel_form_result(TYPE_MOUNT_RESULT, values, nulls, lengthof(values));
}

/*
 * UMNT, UMNTALL: how many entries went.
 */

Datum
dittofs_unmount(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"DELETE FROM dittofs.mounts WHERE client = $1 AND path = $2";
	bytea	   *wire;
	Caller	   *caller;
	Path		path;
	int			depth;
	uint64		rows;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_INT32(0);
	wire = PG_GETARG_BYTEA_PP(0);
	caller = DatumGetCallerP(PG_GETARG_DATUM(1));
	if (!can_record(caller) ||
		!path_split(VARDATA_ANY(wire), VARSIZE_ANY_EXHDR(wire), &path))
		PG_RETURN_INT32(0);

	/* The directory may be gone, so nothing is resolved. */
	if (path_share(&path, true, &depth) == NULL)
		depth = 0;
	path_normalize(&path, depth);
	spi_begin();
	rows = spi_run(sql, client_inet(caller), path_bytes(&path));
	spi_end();
	PG_RETURN_INT32((int32) rows);
}

Datum
dittofs_unmount_all(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"DELETE FROM dittofs.mounts WHERE client = $1";
	Caller	   *caller;
	uint64		rows;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	caller = DatumGetCallerP(PG_GETARG_DATUM(0));
	if (!can_record(caller))
		PG_RETURN_INT32(0);
	spi_begin();
	rows = spi_run(sql, client_inet(caller));
	spi_end();
	PG_RETURN_INT32((int32) rows);
}

/*
 * DUMP, EXPORT.  max_bytes: of all rows, each with what it costs the gateway
 * beside its text; the list ends before the row that would exceed it.
 */

typedef struct Listing
{
	Srf			srf;
	int64		left;
} Listing;

static void
list_begin(FunctionCallInfo fcinfo, Listing *list)
{
	srf_begin(fcinfo, &list->srf);
	list->left = PG_NARGS() < 1 || PG_ARGISNULL(0) ? PG_INT64_MAX :
		PG_GETARG_INT64(0);
}

/* False: it is full. */
static bool
list_row(Listing *list, Datum *values, Size size)
{
	bool		nulls[2] = {false};

	list->left -= (int64) size + LIST_ROW_OVERHEAD;
	if (list->left < 0)
	{
		list->left = 0;
		return false;
	}
	srf_row(&list->srf, values, nulls);
	return true;
}

Datum
dittofs_list_mounts(PG_FUNCTION_ARGS)
{
	Listing		list;
	RelScan		rs;
	bool		room = true;

	list_begin(fcinfo, &list);
	rel_scan_begin(&rs, REL_MOUNTS, AccessShareLock, GetActiveSnapshot(),
				   NULL, 0);
	while (room && rel_scan_next(&rs))
	{
		Datum		values[2];
		Network		client;
		char		buf[NETWORK_TEXT_LEN];

		network_from_inet(rs.slot->tts_values[0], &client);
		values[0] = CStringGetTextDatum(network_text(&client, buf));
		values[1] = rs.slot->tts_values[1];
		room = list_row(&list, values, strlen(buf) +
						VARSIZE_ANY_EXHDR(DatumGetPointer(values[1])));
	}
	rel_scan_end(&rs);
	return (Datum) 0;
}

static void
list_export(const Share *share, void *arg)
{
	Listing    *list = arg;
	const NetworkList *allowed = &share->allowed_clients;
	Datum	   *clients;
	Datum		values[2];
	Size		size = strlen(share->name);

	if (list->left == 0)
		return;
	clients = palloc(sizeof(Datum) * Max(allowed->n, 1));
	for (int i = 0; i < allowed->n; i++)
	{
		char		buf[NETWORK_TEXT_LEN];

		clients[i] =
			CStringGetTextDatum(network_text(&allowed->networks[i], buf));
		size += strlen(buf) + VARHDRSZ;
	}
	values[0] = CStringGetTextDatum(share->name);
	values[1] = PointerGetDatum(construct_array(clients, allowed->n,
												TEXTOID, -1, false,
												TYPALIGN_INT));
	list_row(list, values, size);
}

Datum
dittofs_list_exports(PG_FUNCTION_ARGS)
{
	Listing		list;

	list_begin(fcinfo, &list);
	share_foreach(list_export, &list);
	return (Datum) 0;
}
