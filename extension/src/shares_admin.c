/*-------------------------------------------------------------------------
 *
 * shares_admin.c
 *	  Making, changing and dropping shares.
 *
 * An administrator's work, done by SQL inside functions that run as their
 * owner (SECURITY DEFINER, fixed search_path); who may do it is who has
 * EXECUTE.  What goes wrong is an ERROR with a hint, since people read it.
 *
 * Dropping locks out whoever could add a file meanwhile.  Of an empty share
 * that is the root directory's lock, which every addition to it needs too.
 * With force it is a lock on the table of inodes, because directories of any
 * depth may be growing: it waits for the open transactions that have changed
 * files, and lets others wait until it has committed.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "dirents.h"
#include "handles.h"
#include "inodes.h"
#include "paths.h"
#include "rel.h"
#include "shares.h"
#include "srf.h"
#include "staged.h"
#include "stores.h"
#include "usage.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_create_share);
PG_FUNCTION_INFO_V1(dittofs_alter_share);
PG_FUNCTION_INFO_V1(dittofs_drop_share);
PG_FUNCTION_INFO_V1(dittofs_create_root_directory);
PG_FUNCTION_INFO_V1(dittofs_list_shares);
PG_FUNCTION_INFO_V1(dittofs_set_filesystem_capabilities);

/* What a transfer may be, from a page to what a gateway takes in a record. */
#define TRANSFER_MIN	4096
#define TRANSFER_MAX	(1024 * 1024)

static const char *const squash_words[] = {"none", "root", "all", NULL};
static const char *const atime_words[] = {"off", "relative", "strict", NULL};

/*
 * Checking arguments.  NULL is no value of any option; where it means "as it
 * is" the caller does not ask.
 */

static void
require(FunctionCallInfo fcinfo, int arg, const char *option)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", option)));
}

static void
check_word(FunctionCallInfo fcinfo, int arg, const char *option,
		   const char *const *words)
{
	char	   *word = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; words[i] != NULL; i++)
	{
		if (strcmp(word, words[i]) == 0)
			return;
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for %s: \"%s\"", option, word),
			 errhint("Use one of: %s.", list.data)));
}

static void
check_id(FunctionCallInfo fcinfo, int arg, const char *option)
{
	int64		id = PG_GETARG_INT64(arg);

	if (id < 0 || id > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for %s: " INT64_FORMAT, option, id),
				 errhint("User and group ids are from 0 to %u.",
						 PG_UINT32_MAX)));
}

static void
check_networks(FunctionCallInfo fcinfo, int arg, const char *option)
{
	if (array_contains_nulls(PG_GETARG_ARRAYTYPE_P(arg)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain nulls", option)));
}

static void
bad_share_name(const char *name, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 errmsg("invalid share name: \"%s\"", name),
			 errdetail("%s", reason),
			 errhint("A share is named by the path that clients mount, like /export or /srv/home.")));
}

/*
 * A share's name is an absolute path in its shortest form.  Clients write it in
 * UTF-8, so it must be possible to do so.
 */
static void
check_share_name(FunctionCallInfo fcinfo, int arg)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	int			len = strlen(name);
	char	   *utf8 = pg_server_to_any(name, len, PG_UTF8);
	Path		path;
	int			written = 0;

	if (!path_split(name, len, &path))
		bad_share_name(name, "It does not begin with a slash.");
	if (len > PATH_LEN_MAX || strlen(utf8) > PATH_LEN_MAX)
		bad_share_name(name, psprintf("It is longer than %d bytes.",
									  PATH_LEN_MAX));
	for (int i = 0; i < path.n; i++)
	{
		if (path_name_is(&path.names[i], ".."))
			bad_share_name(name, "It contains \"..\".");
		if (path.names[i].len > FS_NAME_MAX)
			bad_share_name(name, psprintf("A part of it is longer than %d bytes.",
										  FS_NAME_MAX));
		written += 1 + path.names[i].len;
	}
	if (len > 1 && written != len)
		bad_share_name(name, "It ends with a slash, or contains \"//\" or \".\".");
}

static const Share *
find_share(FunctionCallInfo fcinfo, int arg)
{
	const Share *share;
	char	   *name;

	require(fcinfo, arg, "the share's name");
	name = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	share = share_by_name(name);
	if (share == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("share \"%s\" does not exist", name),
				 errhint("dittofs.list_shares() lists the shares.")));
	return share;
}

static void
refuse_duplicate(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("share \"%s\" already exists", name)));
}

/* Runs a statement; true if it changed a row (its first column in *result). */
static bool
run_sql(const char *sql, int n, Oid *types, Datum *args, const char *nulls,
		Datum *result)
{
	int			code = SPI_execute_with_args(sql, n, types, args, nulls, false,
											 0);
	bool		isnull;

	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", sql,
			 SPI_result_code_string(code));
	if (SPI_processed > 0 && result != NULL)
		*result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
								1, &isnull);
	return SPI_processed > 0;
}

/*
 * Content
 */

/* block_size, compression, max_bytes, max_inodes, from argument arg on. */
static void
check_content_options(FunctionCallInfo fcinfo, int arg)
{
	if (!PG_ARGISNULL(arg))
	{
		int32		size = PG_GETARG_INT32(arg);

		if (size < SUM_CHUNK || size > STORED_BLOCK_MAX ||
			(size & (size - 1)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid value for block_size: %d", size),
					 errhint("Use a power of two from %d to %d.", SUM_CHUNK,
							 STORED_BLOCK_MAX)));
	}
	if (!PG_ARGISNULL(arg + 1))
	{
		check_word(fcinfo, arg + 1, "compression", compression_words);
#ifndef USE_LZ4
		if (strcmp(text_to_cstring(PG_GETARG_TEXT_PP(arg + 1)), "lz4") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("this server was built without lz4")));
#endif
	}
	for (int i = arg + 2; i < arg + 4; i++)
	{
		if (!PG_ARGISNULL(i) && PG_GETARG_INT64(i) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid value for %s: " INT64_FORMAT,
							i == arg + 2 ? "max_bytes" : "max_inodes",
							PG_GETARG_INT64(i)),
					 errhint("Use a positive number, or 0 for no limit.")));
	}
}

/*
 * The store that argument arg names, for content of the kind that argument
 * content_arg names; 0 where that kind has none.  Keeps it from being dropped.
 */
static int32
find_store(FunctionCallInfo fcinfo, int arg, int content_arg)
{
	static const char *const sql =
		"SELECT store_id, kind FROM dittofs.content_stores WHERE name = $1"
		" FOR KEY SHARE";
	Oid			types[1] = {TEXTOID};
	Datum		args[1];
	char	   *content = text_to_cstring(PG_GETARG_TEXT_PP(content_arg));
	bool		in_store = strcmp(content, "filesystem") == 0 ||
		strcmp(content, "s3") == 0;
	Datum		store_id;
	char	   *kind;

	if (PG_ARGISNULL(arg))
	{
		if (in_store)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("content \"%s\" needs a content_store", content),
					 errhint("dittofs.create_content_store(name, %s) makes one.",
							 quote_literal_cstr(content))));
		return 0;
	}
	args[0] = PG_GETARG_DATUM(arg);
	if (!run_sql(sql, 1, types, args, NULL, &store_id))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("content store \"%s\" does not exist",
						text_to_cstring(PG_GETARG_TEXT_PP(arg))),
				 errhint("dittofs.list_content_stores() lists the stores.")));
	kind = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	if (strcmp(kind, content) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("content store \"%s\" is of kind %s, not %s",
						text_to_cstring(PG_GETARG_TEXT_PP(arg)), kind, content)));
	return DatumGetInt32(store_id);
}

/* content and content_store of alter_share(): arguments 11 and 12. */
static void
alter_content(FunctionCallInfo fcinfo, const Share *share)
{
	static const char *const sql =
		"UPDATE dittofs.shares SET content = $2, content_store_id = $3"
		" WHERE share_id = $1";
	Oid			types[3] = {INT4OID, TEXTOID, INT4OID};
	Datum		args[3];
	char		nulls[3] = {' ', ' ', ' '};

	if (PG_ARGISNULL(11))
	{
		if (!PG_ARGISNULL(12))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("content_store needs content"),
					 errhint("Say content => 'filesystem' or content => 's3', too.")));
		return;
	}
	check_word(fcinfo, 11, "content", content_words);
	args[0] = Int32GetDatum(share->share_id);
	args[1] = PG_GETARG_DATUM(11);
	args[2] = Int32GetDatum(find_store(fcinfo, 12, 11));
	if (DatumGetInt32(args[2]) == 0)
		nulls[2] = 'n';
	run_sql(sql, 3, types, args, nulls, NULL);
	staged_sweep(share->share_id);
}

/*
 * Root directories
 */

static Inode *
make_root(const Share *share, uint32 uid, uint32 gid, int32 mode)
{
	Inode		root;

	memset(&root, 0, sizeof(root));
	root.id = root.content_id = root.parent_id = share->root_id;
	root.fileid = inode_new_fileid();
	root.share_id = share->share_id;
	root.kind = KIND_DIRECTORY;
	root.mode = mode;
	root.uid = uid;
	root.gid = gid;
	root.nlink = 2;
	root.size = FS_DIRECTORY_SIZE;
	root.atime = root.mtime = root.ctime = fs_now();
	usage_add(share->share_id, 0, 1);
	return inode_insert(&root, NULL);
}

/*
 * The share's root; makes it where it is missing.  Statuses: NOENT (no such
 * share), INVAL (an id or a mode that cannot be).
 */
Datum
dittofs_create_root_directory(PG_FUNCTION_ARGS)
{
	Datum		values[4];
	bool		nulls[4] = {false, true, true, true};
	const Share *share = NULL;
	Inode		root;
	Status		status = FS_OK;

	for (int arg = 1; arg <= 3; arg++)
	{
		if (PG_ARGISNULL(arg))
			status = FS_INVAL;
	}
	if (status == FS_OK &&
		(PG_GETARG_INT64(1) < 0 || PG_GETARG_INT64(1) > PG_UINT32_MAX ||
		 PG_GETARG_INT64(2) < 0 || PG_GETARG_INT64(2) > PG_UINT32_MAX ||
		 (PG_GETARG_INT32(3) & ~MODE_ALL) != 0))
		status = FS_INVAL;
	if (status == FS_OK)
	{
		if (!PG_ARGISNULL(0))
			share = share_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
		if (share == NULL)
			status = FS_NOENT;
	}
	if (status == FS_OK)
	{
		if (!inode_get(&share->root_id, &root))
		{
			/* one at a time, and what another one made meanwhile is visible */
			LockRelationOid(rel_oid(REL_SHARES), ShareUpdateExclusiveLock);
			change_begin("dittofs.create_root_directory()", CHANGE_DURABLE);
			if (!inode_get(&share->root_id, &root))
				root = *make_root(share, PG_GETARG_INT64(1),
								  PG_GETARG_INT64(2), PG_GETARG_INT32(3));
			change_end();
		}
		values[1] = PointerGetDatum(handle_form(&share->uuid, &root.id));
		values[2] = PointerGetDatum(palloc(sizeof(Fattr)));
		inode_fattr(&root, share->fsid, (Fattr *) DatumGetPointer(values[2]));
		nulls[1] = nulls[2] = false;
	}
	values[0] = Int32GetDatum(status);
	return rel_form_result(TYPE_CREATE_RESULT, values, nulls);
}

/*
 * create_share
 */

/* Differs between shares; positive, and never 0, which clients take for none. */
static int64
fsid_from_uuid(const pg_uuid_t *uuid)
{
	uint64		hash = hash_bytes_extended(uuid->data, UUID_LEN, 0);

	return (int64) (hash & PG_INT64_MAX) | 1;
}

Datum
dittofs_create_share(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"INSERT INTO dittofs.shares (share_uuid, root_id, fsid, cookie_seed,"
		" name, content, read_only, squash, anonuid, anongid, allowed_clients,"
		" denied_clients, require_privileged_port, allow_auth_none, atime,"
		" content_store_id, block_size, compression, max_bytes, max_inodes)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		" $16, $17, $18, nullif($19, 0), nullif($20, 0))"
		" ON CONFLICT (name) DO NOTHING RETURNING share_id";
	static const char *const arg_names[] = {
		"name", "content", "read_only", "squash", "anonuid", "anongid",
		"allowed_clients", "denied_clients", "require_privileged_port",
		"allow_auth_none", "atime", "root_uid", "root_gid", "root_mode"
	};
	Oid			types[20] = {
		UUIDOID, UUIDOID, INT8OID, INT8OID, TEXTOID, TEXTOID, BOOLOID, TEXTOID,
		INT8OID, INT8OID, INETARRAYOID, INETARRAYOID, BOOLOID, BOOLOID, TEXTOID,
		INT4OID, INT4OID, TEXTOID, INT8OID, INT8OID
	};
	Datum		args[20];
	char		nulls[20];
	Datum		share_id;
	pg_uuid_t	uuid;
	pg_uuid_t	root_id;
	int64		cookie_seed;
	const Share *share;

	for (int i = 0; i < lengthof(arg_names); i++)
		require(fcinfo, i, arg_names[i]);
	check_share_name(fcinfo, 0);
	check_word(fcinfo, 1, "content", content_words);
	check_word(fcinfo, 3, "squash", squash_words);
	check_id(fcinfo, 4, "anonuid");
	check_id(fcinfo, 5, "anongid");
	check_networks(fcinfo, 6, "allowed_clients");
	check_networks(fcinfo, 7, "denied_clients");
	check_word(fcinfo, 10, "atime", atime_words);
	require(fcinfo, 15, "block_size");
	require(fcinfo, 16, "compression");
	check_content_options(fcinfo, 15);
	check_id(fcinfo, 11, "root_uid");
	check_id(fcinfo, 12, "root_gid");
	if ((PG_GETARG_INT32(13) & ~MODE_ALL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for root_mode: %d", PG_GETARG_INT32(13)),
				 errhint("Permission bits are from 0 to %d (octal 7777).",
						 MODE_ALL)));

	if (!pg_strong_random(&cookie_seed, sizeof(cookie_seed)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	inode_new_id(&uuid);
	inode_new_id(&root_id);
	args[0] = UUIDPGetDatum(&uuid);
	args[1] = UUIDPGetDatum(&root_id);
	args[2] = Int64GetDatum(fsid_from_uuid(&uuid));
	args[3] = Int64GetDatum(cookie_seed);
	for (int i = 0; i < 11; i++)
		args[4 + i] = PG_GETARG_DATUM(i);
	memset(nulls, ' ', sizeof(nulls));
	for (int i = 16; i < 20; i++)
	{
		args[i] = PG_GETARG_DATUM(i - 1);
		nulls[i] = PG_ARGISNULL(i - 1) ? 'n' : ' ';
	}

	SPI_connect();
	args[15] = Int32GetDatum(find_store(fcinfo, 14, 1));
	nulls[15] = DatumGetInt32(args[15]) == 0 ? 'n' : ' ';
	if (!run_sql(sql, 20, types, args, nulls, &share_id))
		refuse_duplicate(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	SPI_finish();

	/* The trigger has told the cache of the new row. */
	share = share_by_id(DatumGetInt32(share_id));
	if (share == NULL)
		elog(ERROR, "the new share is not there");
	change_begin("dittofs.create_share()", CHANGE_DURABLE);
	make_root(share, PG_GETARG_INT64(11), PG_GETARG_INT64(12),
			  PG_GETARG_INT32(13));
	change_end();
	PG_RETURN_BYTEA_P(handle_form(&uuid, &root_id));
}

/*
 * alter_share
 */

Datum
dittofs_alter_share(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"UPDATE dittofs.shares SET"
		" name = coalesce($2, name),"
		" read_only = coalesce($3, read_only),"
		" squash = coalesce($4, squash),"
		" anonuid = coalesce($5, anonuid),"
		" anongid = coalesce($6, anongid),"
		" allowed_clients = coalesce($7, allowed_clients),"
		" denied_clients = coalesce($8, denied_clients),"
		" require_privileged_port = coalesce($9, require_privileged_port),"
		" allow_auth_none = coalesce($10, allow_auth_none),"
		" atime = coalesce($11, atime),"
		" block_size = coalesce($12, block_size),"
		" compression = coalesce($13, compression),"
		" max_bytes = nullif(coalesce($14, max_bytes), 0),"
		" max_inodes = nullif(coalesce($15, max_inodes), 0)"
		" WHERE share_id = $1";
	Oid			types[15] = {
		INT4OID, TEXTOID, BOOLOID, TEXTOID, INT8OID, INT8OID, INETARRAYOID,
		INETARRAYOID, BOOLOID, BOOLOID, TEXTOID, INT4OID, TEXTOID, INT8OID,
		INT8OID
	};
	Datum		args[15];
	char		nulls[15];
	const Share *share = find_share(fcinfo, 0);

	if (!PG_ARGISNULL(1))
	{
		char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
		const Share *other = share_by_name(name);

		check_share_name(fcinfo, 1);
		if (other != NULL && other->share_id != share->share_id)
			refuse_duplicate(name);
	}
	if (!PG_ARGISNULL(3))
		check_word(fcinfo, 3, "squash", squash_words);
	if (!PG_ARGISNULL(4))
		check_id(fcinfo, 4, "anonuid");
	if (!PG_ARGISNULL(5))
		check_id(fcinfo, 5, "anongid");
	if (!PG_ARGISNULL(6))
		check_networks(fcinfo, 6, "allowed_clients");
	if (!PG_ARGISNULL(7))
		check_networks(fcinfo, 7, "denied_clients");
	if (!PG_ARGISNULL(10))
		check_word(fcinfo, 10, "atime", atime_words);
	check_content_options(fcinfo, 13);

	args[0] = Int32GetDatum(share->share_id);
	nulls[0] = ' ';
	for (int i = 1; i < 11; i++)
	{
		args[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
	}
	for (int i = 11; i < 15; i++)
	{
		args[i] = PG_GETARG_DATUM(i + 2);
		nulls[i] = PG_ARGISNULL(i + 2) ? 'n' : ' ';
	}
	SPI_connect();
	run_sql(sql, 15, types, args, nulls, NULL);
	alter_content(fcinfo, share);
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * drop_share
 */

static void
refuse_files(const Share *share)
{
	int64		bytes;
	int64		inodes;

	usage_get(share->share_id, &bytes, &inodes);
	if (inodes > 1 || dirent_any(&share->root_id))
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("share \"%s\" has files in it", share->name),
				 errdetail("Below its root are " INT64_FORMAT " inodes holding "
						   INT64_FORMAT " bytes.", inodes - 1, bytes),
				 errhint("dittofs.drop_share(%s, force => true) drops the share and its files.",
						 quote_literal_cstr(share->name))));
}

static void
drop_files(const Share *share)
{
	static const char *const statements[] = {
		"INSERT INTO dittofs.reap_queue (content_id, content)"
		" SELECT coalesce(content_id, id),"
		" CASE WHEN memory_epoch IS NULL THEN 'postgres' ELSE 'memory' END"
		" FROM dittofs.files"
		" WHERE share_id = $1 AND used > 0"
		" ON CONFLICT DO NOTHING",
		"DELETE FROM dittofs.staged_files s USING dittofs.files f"
		" WHERE f.share_id = $1 AND s.file_id = f.id",
		"DELETE FROM dittofs.parent_child_map d USING dittofs.files f"
		" WHERE f.share_id = $1 AND d.parent_id = f.id",
		"DELETE FROM dittofs.files WHERE share_id = $1",
	};
	Oid			types[1] = {INT4OID};
	Datum		args[1] = {Int32GetDatum(share->share_id)};

	for (int i = 0; i < lengthof(statements); i++)
		run_sql(statements[i], 1, types, args, NULL, NULL);
}

static void
drop_records(int32 share_id)
{
	static const char *const statements[] = {
		"DELETE FROM dittofs.space_usage WHERE share_id = $1",
		"DELETE FROM dittofs.filesystem_capabilities WHERE share_id = $1",
		"DELETE FROM dittofs.mounts WHERE share_id = $1",
		"DELETE FROM dittofs.content_moves WHERE share_id = $1",
		"DELETE FROM dittofs.shares WHERE share_id = $1",
	};
	Oid			types[1] = {INT4OID};
	Datum		args[1] = {Int32GetDatum(share_id)};

	for (int i = 0; i < lengthof(statements); i++)
		run_sql(statements[i], 1, types, args, NULL, NULL);
}

Datum
dittofs_drop_share(PG_FUNCTION_ARGS)
{
	const Share *share = find_share(fcinfo, 0);
	bool		force = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	Inode	   *root;

	PreventCommandIfReadOnly("dittofs.drop_share()");
	if (force)
		LockRelationOid(rel_oid(REL_FILES), ShareRowExclusiveLock);
	change_begin("dittofs.drop_share()", CHANGE_DURABLE);
	inode_lock(1, &share->root_id, &root);
	if (!force)
		refuse_files(share);

	SPI_connect();
	if (force)
		drop_files(share);
	else if (root != NULL)
		inode_delete(root);
	drop_records(share->share_id);
	SPI_finish();
	change_end();
	PG_RETURN_VOID();
}

/*
 * list_shares
 */

static Datum
network_array(const Network *networks, int n)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = network_to_inet(&networks[i]);
	return PointerGetDatum(construct_array(elements, n, INETOID, -1, false,
										   TYPALIGN_INT));
}

static void
list_share(const Share *share, void *arg)
{
	Srf		   *srf = arg;
	Datum		values[19];
	bool		nulls[19] = {false};
	int64		bytes;
	int64		inodes;

	usage_get(share->share_id, &bytes, &inodes);
	values[0] = CStringGetTextDatum(share->name);
	values[1] = CStringGetTextDatum(content_words[share->content]);
	values[2] = BoolGetDatum(share->read_only);
	values[3] = CStringGetTextDatum(squash_words[share->squash]);
	values[4] = Int64GetDatum(share->anonuid);
	values[5] = Int64GetDatum(share->anongid);
	values[6] = network_array(share->allowed, share->nallowed);
	values[7] = network_array(share->denied, share->ndenied);
	values[8] = BoolGetDatum(share->require_privileged_port);
	values[9] = BoolGetDatum(share->allow_auth_none);
	values[10] = CStringGetTextDatum(atime_words[share->atime]);
	values[11] = Int64GetDatum(bytes);
	values[12] = Int64GetDatum(inodes);
	values[13] = PointerGetDatum(handle_form(&share->uuid, &share->root_id));
	nulls[14] = share->store == NULL;
	values[14] = nulls[14] ? (Datum) 0 : CStringGetTextDatum(share->store);
	values[15] = Int32GetDatum(share->block_size);
	values[16] = CStringGetTextDatum(compression_words[share->compression]);
	values[17] = Int64GetDatum(share->max_bytes);
	nulls[17] = share->max_bytes < 0;
	values[18] = Int64GetDatum(share->max_inodes);
	nulls[18] = share->max_inodes < 0;
	srf_row(srf, values, nulls);
}

Datum
dittofs_list_shares(PG_FUNCTION_ARGS)
{
	Srf			srf;

	srf_begin(fcinfo, &srf);
	share_foreach(list_share, &srf);
	return (Datum) 0;
}

/*
 * set_filesystem_capabilities
 */

static int32
transfer_size(FunctionCallInfo fcinfo, int arg, const char *option, int32 old)
{
	int32		size;

	if (PG_ARGISNULL(arg))
		return old;
	size = PG_GETARG_INT32(arg);
	if (size < TRANSFER_MIN || size > TRANSFER_MAX || size % TRANSFER_MIN != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for %s: %d", option, size),
				 errhint("Use a multiple of %d from %d to %d.",
						 TRANSFER_MIN, TRANSFER_MIN, TRANSFER_MAX)));
	return size;
}

/* A size that clients are to prefer but cannot use would be no help. */
static int32
preferred_size(FunctionCallInfo fcinfo, int arg, const char *option, int32 old,
			   int32 max)
{
	int32		size = transfer_size(fcinfo, arg, option, old);

	if (size > max && !PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for %s: %d", option, size),
				 errdetail("It is above the greatest size allowed, %d.", max)));
	return Min(size, max);
}

Datum
dittofs_set_filesystem_capabilities(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"INSERT INTO dittofs.filesystem_capabilities AS c"
		" (share_id, rtmax, rtpref, wtmax, wtpref, dtpref, maxfilesize)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (share_id) DO UPDATE SET rtmax = excluded.rtmax,"
		" rtpref = excluded.rtpref, wtmax = excluded.wtmax,"
		" wtpref = excluded.wtpref, dtpref = excluded.dtpref,"
		" maxfilesize = excluded.maxfilesize";
	Oid			types[7] = {
		INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT8OID
	};
	Datum		args[7];
	const Share *share = find_share(fcinfo, 0);
	int32		rtmax = transfer_size(fcinfo, 1, "rtmax", share->rtmax);
	int32		wtmax = transfer_size(fcinfo, 3, "wtmax", share->wtmax);
	int64		maxfilesize = share->maxfilesize;

	if (!PG_ARGISNULL(6))
		maxfilesize = PG_GETARG_INT64(6);
	if (maxfilesize < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for maxfilesize: " INT64_FORMAT,
						maxfilesize),
				 errhint("Use a number of bytes from 0 to " INT64_FORMAT ".",
						 FS_SIZE_MAX)));
	args[0] = Int32GetDatum(share->share_id);
	args[1] = Int32GetDatum(rtmax);
	args[2] = Int32GetDatum(preferred_size(fcinfo, 2, "rtpref", share->rtpref,
										   rtmax));
	args[3] = Int32GetDatum(wtmax);
	args[4] = Int32GetDatum(preferred_size(fcinfo, 4, "wtpref", share->wtpref,
										   wtmax));
	args[5] = Int32GetDatum(transfer_size(fcinfo, 5, "dtpref", share->dtpref));
	args[6] = Int64GetDatum(maxfilesize);

	SPI_connect();
	run_sql(sql, 7, types, args, NULL, NULL);
	SPI_finish();
	PG_RETURN_VOID();
}
