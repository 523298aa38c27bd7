/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * shares_admin.c
 *	  Makes, changes and drops shares.
 *
 * An administrator's work, done by SQL inside functions that run as their owner
 * (SECURITY DEFINER, fixed search_path).  A role with EXECUTE may do it.
 * Errors have a hint, since people read them.
 *
 * Options are the rows of dittofs_share_options.h.  An argument is found by its
 * name in the function's declaration, so the order there means nothing here,
 * and an option that the declaration of an older version lacks was not given.
 *
 * Dropping an empty share excludes additions meanwhile, by the root directory's
 * lock, which every addition to it needs too.  With force it excludes none: the
 * share's row is deleted, so that no call finds it any more, and its files are
 * deleted afterwards (dropped.c).
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "tables/dirents.h"
#include "admin/dropped.h"
#include "types/handles.h"
#include "admin/names.h"
#include "tables/paths.h"
#include "tables/share_options.h"
#include "admin/shares_admin.h"
#include "base/spi.h"
#include "tables/staged.h"
#include "tables/usage.h"
#include "tables/xact.h"
#include "tables/xattrs.h"

PG_FUNCTION_INFO_V1(dittofs_create_share);
PG_FUNCTION_INFO_V1(dittofs_alter_share);
PG_FUNCTION_INFO_V1(dittofs_drop_share);

/* Columns that one statement sets. */
#define COLUMNS_MAX		30

/*
 * Arguments
 */

/*
 * The arguments of the function that is called, with the names of its
 * declaration.
 */
typedef struct Arguments
{
	FunctionCallInfo fcinfo;
	int			n;
	char	  **names;
} Arguments;

static void
arguments_read(FunctionCallInfo fcinfo, Arguments *arguments)
{
	HeapTuple	function =
		SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	Oid		   *types;
	char	   *modes;

	if (!HeapTupleIsValid(function))
		elog(ERROR, "no function %u", fcinfo->flinfo->fn_oid);
	arguments->fcinfo = fcinfo;
	arguments->n =
		get_func_arg_info(function, &types, &arguments->names, &modes);
	ReleaseSysCache(function);
}

/* The number of an argument; -1: the declaration does not have it. */
static int
argument_number(const Arguments *arguments, const char *name)
{
	for (int i = 0; i < arguments->n; i++)
	{
		if (strcmp(arguments->names[i], name) == 0)
			return i;
	}
	return -1;
}

static bool
argument_given(const Arguments *arguments, const char *name)
{
	int			arg = argument_number(arguments, name);

	return arg >= 0 && !arguments->fcinfo->args[arg].isnull;
}

static Datum
argument(const Arguments *arguments, const char *name)
{
	int			arg = argument_number(arguments, name);

	if (arg < 0)
		elog(ERROR, "the function has no argument %s", name);
	return arguments->fcinfo->args[arg].value;
}

static char *
text_argument(const Arguments *arguments, const char *name)
{
	return TextDatumGetCString(argument(arguments, name));
}

/*
 * NULL is no value of any option; alter_share() does not ask where it is given.
 */
static void
refuse_null(const char *option)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s must not be null", option)));
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
check_share_name(const char *name)
{
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
			bad_share_name(
				name,
				psprintf("A part of it is longer than %d bytes.", FS_NAME_MAX));
		written += 1 + path.names[i].len;
	}
	if (len > 1 && written != len)
		bad_share_name(name,
					   "It ends with a slash, or contains \"//\" or \".\".");
}

static void
refuse_missing(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("share \"%s\" does not exist", name),
			 errhint("%s", path_share_hint(name))));
}

const Share *
share_argument(FunctionCallInfo fcinfo, int arg)
{
	const Share *share;
	char	   *name;

	if (PG_ARGISNULL(arg))
		refuse_null("the share's name");
	name = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	share = share_by_name(name);
	if (share == NULL)
		refuse_missing(name);
	return share;
}

static void
refuse_duplicate(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("share \"%s\" already exists", name),
			 errhint("dittofs.alter_share(%s, ...) changes its options.",
					 quote_literal_cstr(name))));
}

/*
 * What a statement sets
 */

typedef struct Columns
{
	int			n;
	const char *names[COLUMNS_MAX];
	SpiArg		values[COLUMNS_MAX];
} Columns;

static void
set_column(Columns *columns, const char *name, SpiArg value)
{
	if (columns->n == COLUMNS_MAX)
		elog(ERROR, "a share has more than %d columns", COLUMNS_MAX);
	columns->names[columns->n] = name;
	columns->values[columns->n++] = value;
}

/* Of a limit, NULL and 0 are none. */
static SpiArg
option_value(const ShareOption *option, NullableDatum argument)
{
	if (share_option_is_limit(option) &&
		(argument.isnull || DatumGetInt64(argument.value) == 0))
		return spi_null(option->type);
	return spi_datum(option->type, argument.value);
}

/*
 * Checks the arguments that are options, and sets their columns.  When a share
 * is made, all must be given but limits; otherwise NULL leaves an option as it
 * is.
 */
static void
set_options(Columns *columns, const Arguments *arguments, bool making)
{
	for (int i = 0; i < share_option_count; i++)
	{
		const ShareOption *option = &share_options[i];
		int			arg = argument_number(arguments, option->name);

		if (arg < 0)
			continue;
		if (!arguments->fcinfo->args[arg].isnull)
			share_option_check(option, arguments->fcinfo->args[arg].value);
		else if (!making)
			continue;
		else if (!share_option_is_limit(option))
			refuse_null(option->name);
		if (share_option_is_kept(option))
			set_column(columns, option->name,
					   option_value(option, arguments->fcinfo->args[arg]));
	}
}

/*
 * Content
 */

/*
 * The store that argument content_store names, for content of the kind that
 * argument content names; 0 where that kind has none.  Keeps it from being
 * dropped.
 */
static SpiArg
find_store(const Arguments *arguments)
{
	char	   *content = text_argument(arguments, "content");
	bool		in_store = word_number(CONTENT_STORE_WORDS, content) >= 0;
	char	   *name;
	char	   *kind;

	if (!argument_given(arguments, "content_store"))
	{
		if (in_store)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("content \"%s\" needs a content_store", content),
					 errhint("dittofs.create_content_store(name, %s) makes one.",
							 quote_literal_cstr(content))));
		return spi_null(INT4OID);
	}
	name = text_argument(arguments, "content_store");
	if (spi_run(
			"SELECT store_id, kind FROM dittofs.content_stores WHERE name = $1"
			" FOR KEY SHARE",
			spi_text(name)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("content store \"%s\" does not exist", name),
				 errhint("dittofs.list_content_stores() lists the stores.")));
	kind = TextDatumGetCString(spi_value(0, 2, NULL));
	if (strcmp(kind, content) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("content store \"%s\" is of kind %s, not %s",
						name, kind, content),
				 errhint("Say content => %s, or name a store of the other kind; dittofs.list_content_stores() lists them.",
						 quote_literal_cstr(kind))));
	return spi_datum(INT4OID, spi_value(0, 1, NULL));
}

/* content and content_store of alter_share(); true: both are set. */
static bool
alter_content(Columns *columns, const Arguments *arguments)
{
	if (!argument_given(arguments, "content"))
	{
		if (argument_given(arguments, "content_store"))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("content_store needs content"),
					 errhint("Say content => its kind, too; dittofs.list_content_stores() tells the kind.")));
		return false;
	}
	word_check("content", CONTENT_WORDS, text_argument(arguments, "content"));
	set_column(columns, "content",
			   spi_datum(TEXTOID, argument(arguments, "content")));
	set_column(columns, "content_store_id", find_store(arguments));
	return true;
}

/*
 * create_share
 */

/*
 * Differs between shares; positive, and never 0, which clients take for none.
 */
static int64
fsid_from_uuid(const pg_uuid_t *uuid)
{
	uint64		hash = hash_bytes_extended(uuid->data, UUID_LEN, 0);

	return (int64) (hash & PG_INT64_MAX) | 1;
}

/*
 * Sets what a share never loses or changes; the handle of its root is returned.
 */
static bytea *
set_identity(Columns *columns)
{
	char	   *key = palloc(VARHDRSZ + COOKIE_KEY_LEN);
	pg_uuid_t  *uuid = palloc(sizeof(pg_uuid_t));
	pg_uuid_t  *root_id = palloc(sizeof(pg_uuid_t));
	int64		cookie_seed;

	SET_VARSIZE(key, VARHDRSZ + COOKIE_KEY_LEN);
	if (!pg_strong_random(&cookie_seed, sizeof(cookie_seed)) ||
		!pg_strong_random(VARDATA(key), COOKIE_KEY_LEN))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	inode_new_id(uuid);
	inode_new_id(root_id);
	set_column(columns, "share_uuid", spi_uuid(uuid));
	set_column(columns, "root_id", spi_uuid(root_id));
	set_column(columns, "fsid", spi_int8(fsid_from_uuid(uuid)));
	set_column(columns, "cookie_seed", spi_int8(cookie_seed));
	set_column(columns, "cookie_key",
			   spi_datum(BYTEAOID, PointerGetDatum(key)));
	return handle_form(uuid, root_id);
}

/* The new share's number; false: its name is taken. */
static bool
insert_share(const Columns *columns, int32 *share_id)
{
	StringInfoData sql;
	bool		inserted;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "INSERT INTO dittofs.shares (");
	for (int i = 0; i < columns->n; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "", columns->names[i]);
	appendStringInfoString(&sql, ") VALUES (");
	for (int i = 0; i < columns->n; i++)
		appendStringInfo(&sql, "%s$%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoString(
		&sql, ") ON CONFLICT (name) DO NOTHING RETURNING share_id");
	inserted = spi_execute(sql.data, false, columns->n, columns->values) > 0;
	if (inserted)
		*share_id = DatumGetInt32(spi_value(0, 1, NULL));
	return inserted;
}

Datum
dittofs_create_share(PG_FUNCTION_ARGS)
{
	Arguments	arguments;
	Columns		columns = {0};
	bytea	   *handle;
	char	   *name;
	int32		share_id;
	bool		first;
	const Share *share;
	int64		uid;
	int64		gid;
	int			mode;

	PreventCommandIfReadOnly("dittofs.create_share()");
	arguments_read(fcinfo, &arguments);
	if (!argument_given(&arguments, "name"))
		refuse_null("name");
	name = text_argument(&arguments, "name");
	check_share_name(name);
	if (!argument_given(&arguments, "content"))
		refuse_null("content");
	word_check("content", CONTENT_WORDS, text_argument(&arguments, "content"));
	handle = set_identity(&columns);
	set_column(&columns, "name", spi_text(name));
	set_column(&columns, "content",
			   spi_datum(TEXTOID, argument(&arguments, "content")));
	set_options(&columns, &arguments, true);

	spi_begin();
	set_column(&columns, "content_store_id", find_store(&arguments));
	if (!insert_share(&columns, &share_id))
		refuse_duplicate(name);
	first = spi_run("SELECT FROM dittofs.shares WHERE share_id <> $1 LIMIT 1",
					spi_int4(share_id)) == 0;
	spi_end();

	/* The trigger has told the cache of the new row. */
	share = share_by_id(share_id);
	if (share == NULL)
		elog(ERROR, "the new share is not there");
	uid = DatumGetInt64(argument(&arguments, "root_uid"));
	gid = DatumGetInt64(argument(&arguments, "root_gid"));
	mode = mode_from_text(DatumGetTextPP(argument(&arguments, "root_mode")));
	change_begin("dittofs.create_share()", CHANGE_DURABLE);
	share_make_root(share, uid, gid, mode);
	change_end();
	/* an operator with a share knows what root_mode and squash are */
	if (first)
		share_notice_unwritable(share, uid, gid, mode);
	PG_RETURN_BYTEA_P(handle);
}

/*
 * alter_share
 */

static void
update_share(const Share *share, const Columns *columns)
{
	StringInfoData sql;
	SpiArg		args[COLUMNS_MAX + 1];

	initStringInfo(&sql);
	appendStringInfoString(&sql, "UPDATE dittofs.shares SET ");
	for (int i = 0; i < columns->n; i++)
	{
		appendStringInfo(&sql, "%s%s = $%d", i > 0 ? ", " : "",
						 columns->names[i], i + 1);
		args[i] = columns->values[i];
	}
	appendStringInfo(&sql, " WHERE share_id = $%d", columns->n + 1);
	args[columns->n] = spi_int4(share->share_id);
	spi_execute(sql.data, false, columns->n + 1, args);
}

Datum
dittofs_alter_share(PG_FUNCTION_ARGS)
{
	Arguments	arguments;
	Columns		columns = {0};
	const Share *share = share_argument(fcinfo, 0);
	bool		moves;

	arguments_read(fcinfo, &arguments);
	if (argument_given(&arguments, "new_name"))
	{
		char	   *name = text_argument(&arguments, "new_name");
		const Share *other = share_by_name(name);

		check_share_name(name);
		if (other != NULL && other->share_id != share->share_id)
			refuse_duplicate(name);
		set_column(&columns, "name", spi_text(name));
	}
	set_options(&columns, &arguments, false);
	spi_begin();
	moves = alter_content(&columns, &arguments);
	if (columns.n > 0)
		update_share(share, &columns);
	if (moves)
		staged_sweep(share->share_id);
	spi_end();
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
drop_records(const Share *share)
{
	static const char *const statements[] = {
		"DELETE FROM dittofs.filesystem_capabilities WHERE share_id = $1",
		"DELETE FROM dittofs.mounts WHERE share_id = $1",
		"DELETE FROM dittofs.content_moves WHERE share_id = $1",
	};
	SpiArg		share_id = spi_int4(share->share_id);

	spi_begin();
	if (spi_run("DELETE FROM dittofs.shares WHERE share_id = $1", share_id) ==
		0)
		refuse_missing(share->name);	/* another transaction has dropped it */
	for (int i = 0; i < lengthof(statements); i++)
		spi_run(statements[i], share_id);
	spi_end();
}

Datum
dittofs_drop_share(PG_FUNCTION_ARGS)
{
	const Share *share = share_argument(fcinfo, 0);
	bool		force = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);

	PreventCommandIfReadOnly("dittofs.drop_share()");
	change_begin("dittofs.drop_share()", CHANGE_DURABLE);
	if (!force)
	{
		Inode	   *root;

		inode_lock(1, &share->root_id, &root);
		refuse_files(share);
		if (root != NULL)
		{
			xattrs_remove(root);
			inode_delete(root);
		}
		usage_drop(share->share_id);
	}
	drop_records(share);
	if (force)
		dropped_add(share);
	change_end();
	PG_RETURN_VOID();
}

