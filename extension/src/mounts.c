/*-------------------------------------------------------------------------
 *
 * mounts.c
 *	  What the MOUNT protocol asks (RFC 1813, appendix I); the one module that
 *	  touches dittofs.mounts.
 *
 * A path is resolved as root, like mountd does: the handle of a directory says
 * nothing about rights, and each call on it is checked.  Symbolic links are
 * not followed, since their targets are paths of the client.
 *
 * The list of mounts is what clients told us, and they forget to tell that
 * they are gone: it is for people to look at, and nothing depends on it.  So a
 * standby, which cannot write, lets clients mount and records nothing.
 *
 * Mounting is not a hot path, and two replicas may record the same mount at
 * once: the changes are SQL with ON CONFLICT, in functions that run as their
 * owner (SECURITY DEFINER, fixed search_path).
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/snapmgr.h"

#include "dirents.h"
#include "handles.h"
#include "inodes.h"
#include "paths.h"
#include "rel.h"
#include "srf.h"

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

static Status
resolve(const Path *path, const Caller *caller, const Share **share,
		Inode *inode)
{
	int			depth;
	Status		status;

	*share = path_share(path, true, &depth);
	if (*share == NULL)
		return FS_NOENT;
	status = share_admits_address(*share, caller);
	if (status != FS_OK)
		return status;
	return walk(*share, path->names + depth, path->n - depth, inode);
}

/*
 * A path as it is recorded, so that UMNT of '/export/' finds the mount of
 * '/export'.
 */
static bytea *
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
	return (bytea *) cstring_to_text_with_len(buf.data, buf.len);
}

static Datum
client_inet(const Caller *caller)
{
	Network		address;

	network_of_caller(caller, &address);
	return network_to_inet(&address);
}

/* There is somebody to record, and a place to record him. */
static bool
can_record(const Caller *caller)
{
	return caller->family != 0 && !XactReadOnly;
}

static int
run_sql(const char *sql, int n, Oid *types, Datum *args)
{
	int			result;
	int			rows;

	SPI_connect();
	result = SPI_execute_with_args(sql, n, types, args, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "could not change the list of mounts: %s",
			 SPI_result_code_string(result));
	rows = (int) SPI_processed;
	SPI_finish();
	return rows;
}

static void
record_mount(const Caller *caller, const Path *path, const Share *share)
{
	static const char *const sql =
		"INSERT INTO dittofs.mounts AS m (client, path, share_id, mounted_at)"
		" VALUES ($1, $2, $3, pg_catalog.now())"
		" ON CONFLICT (client, path) DO UPDATE"
		" SET share_id = excluded.share_id, mounted_at = excluded.mounted_at";
	Oid			types[3] = {INETOID, BYTEAOID, INT4OID};
	Datum		args[3];

	args[0] = client_inet(caller);
	args[1] = PointerGetDatum(path_bytes(path));
	args[2] = Int32GetDatum(share->share_id);
	run_sql(sql, 3, types, args);
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
	return rel_form_result(TYPE_MOUNT_RESULT, values, nulls);
}

/*
 * UMNT, UMNTALL: how many entries went.
 */

Datum
dittofs_unmount(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"DELETE FROM dittofs.mounts WHERE client = $1 AND path = $2";
	Oid			types[2] = {INETOID, BYTEAOID};
	Datum		args[2];
	bytea	   *wire;
	Caller	   *caller;
	Path		path;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_INT32(0);
	wire = PG_GETARG_BYTEA_PP(0);
	caller = DatumGetCallerP(PG_GETARG_DATUM(1));
	if (!can_record(caller) ||
		!path_split(VARDATA_ANY(wire), VARSIZE_ANY_EXHDR(wire), &path))
		PG_RETURN_INT32(0);
	args[0] = client_inet(caller);
	args[1] = PointerGetDatum(path_bytes(&path));
	PG_RETURN_INT32(run_sql(sql, 2, types, args));
}

Datum
dittofs_unmount_all(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"DELETE FROM dittofs.mounts WHERE client = $1";
	Oid			types[1] = {INETOID};
	Datum		args[1];
	Caller	   *caller;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	caller = DatumGetCallerP(PG_GETARG_DATUM(0));
	if (!can_record(caller))
		PG_RETURN_INT32(0);
	args[0] = client_inet(caller);
	PG_RETURN_INT32(run_sql(sql, 1, types, args));
}

/*
 * DUMP, EXPORT
 */

Datum
dittofs_list_mounts(PG_FUNCTION_ARGS)
{
	Srf			srf;
	RelScan		rs;

	srf_begin(fcinfo, &srf);
	rel_scan_begin(&rs, REL_MOUNTS, AccessShareLock, GetActiveSnapshot(),
				   NULL, 0);
	while (rel_scan_next(&rs))
	{
		Datum		values[2];
		bool		nulls[2] = {false};
		Network		client;
		char		buf[NETWORK_TEXT_LEN];

		network_from_inet(rs.slot->tts_values[0], &client);
		values[0] = CStringGetTextDatum(network_text(&client, buf));
		values[1] = rs.slot->tts_values[1];
		srf_row(&srf, values, nulls);
	}
	rel_scan_end(&rs);
	return (Datum) 0;
}

static void
list_export(const Share *share, void *arg)
{
	Srf		   *srf = arg;
	Datum	   *clients = palloc(sizeof(Datum) * Max(share->nallowed, 1));
	Datum		values[2];
	bool		nulls[2] = {false};

	for (int i = 0; i < share->nallowed; i++)
	{
		char		buf[NETWORK_TEXT_LEN];

		clients[i] = CStringGetTextDatum(network_text(&share->allowed[i], buf));
	}
	values[0] = CStringGetTextDatum(share->name);
	values[1] = PointerGetDatum(construct_array(clients, share->nallowed,
												TEXTOID, -1, false,
												TYPALIGN_INT));
	srf_row(srf, values, nulls);
}

Datum
dittofs_list_exports(PG_FUNCTION_ARGS)
{
	Srf			srf;

	srf_begin(fcinfo, &srf);
	share_foreach(list_export, &srf);
	return (Datum) 0;
}
