/*-------------------------------------------------------------------------
 *
 * people.c
 *	  Files by path, for people in psql: resolve, read_file, write_file, mkdir,
 *	  rm, rmdir, mv, ln, symlink, readlink, chmod, chown.
 *
 * Each of them walks its path by lookup(), calls the operation that a gateway
 * would call, and raises the status that it returns (status.c).  So the rules
 * are the same ones, the caller's rights included.
 *
 * Symbolic links in a path are not followed: what a target means depends on
 * where a client has mounted the share.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "handles.h"
#include "inodes.h"
#include "names.h"
#include "people.h"

PG_FUNCTION_INFO_V1(dittofs_resolve);
PG_FUNCTION_INFO_V1(dittofs_read_file);
PG_FUNCTION_INFO_V1(dittofs_write_file);
PG_FUNCTION_INFO_V1(dittofs_mkdir);
PG_FUNCTION_INFO_V1(dittofs_rm);
PG_FUNCTION_INFO_V1(dittofs_rmdir);
PG_FUNCTION_INFO_V1(dittofs_mv);
PG_FUNCTION_INFO_V1(dittofs_ln);
PG_FUNCTION_INFO_V1(dittofs_symlink);
PG_FUNCTION_INFO_V1(dittofs_readlink);
PG_FUNCTION_INFO_V1(dittofs_chmod);
PG_FUNCTION_INFO_V1(dittofs_chown);

/* What a bytea can hold. */
#define READ_FILE_MAX	(MaxAllocSize - VARHDRSZ)

/*
 * Calls
 */

void
call_add(Call *call, Datum value)
{
	Assert(call->nargs < CALL_MAX_ARGS);
	call->args[call->nargs].value = value;
	call->args[call->nargs++].isnull = false;
}

void
call_add_null(Call *call)
{
	Assert(call->nargs < CALL_MAX_ARGS);
	call->args[call->nargs].value = (Datum) 0;
	call->args[call->nargs++].isnull = true;
}

/* n absent attributes, then the two flags that no time is to be now */
static void
call_add_attributes(Call *call, int n)
{
	for (int i = 0; i < n; i++)
		call_add_null(call);
	call_add(call, BoolGetDatum(false));
	call_add(call, BoolGetDatum(false));
}

static HeapTupleHeader
call_try(Call *call, PGFunction operation, Status *status)
{
	LOCAL_FCINFO(fcinfo, CALL_MAX_ARGS);
	HeapTupleHeader row;

	InitFunctionCallInfoData(*fcinfo, NULL, call->nargs, InvalidOid, NULL, NULL);
	memcpy(fcinfo->args, call->args, sizeof(NullableDatum) * call->nargs);
	row = DatumGetHeapTupleHeader(operation(fcinfo));
	*status = (Status) DatumGetInt32(call_column(row, 1));
	return row;
}

HeapTupleHeader
call_run(Call *call, PGFunction operation, const Place *place)
{
	Status		status;
	HeapTupleHeader row = call_try(call, operation, &status);

	place_raise(place, status);
	return row;
}

Datum
call_column(HeapTupleHeader row, int column)
{
	bool		isnull;
	Datum		value = GetAttributeByNum(row, column, &isnull);

	if (isnull)
		elog(ERROR, "column %d of an operation's result is null", column);
	return value;
}

/*
 * Each function sees what the one before it in the same statement did, like
 * any volatile function.
 */
void
people_begin(void)
{
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
people_end(void)
{
	PopActiveSnapshot();
}

/*
 * Places
 */

void
place_raise(const Place *place, Status status)
{
	status_raise(status, place->verb, place->path);
}

void
place_open(Place *place, const char *verb, text *path, Datum caller)
{
	bytea	   *bytes = name_from_text(path);

	place->verb = verb;
	place->path = text_to_cstring(path);
	place->caller = caller;
	if (!path_split(VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ, &place->names))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path \"%s\" does not begin with a slash", place->path),
				 errhint("A path begins with the name of a share.")));
	place->share = path_share(&place->names, false, &place->depth);
	if (place->share == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("could not %s \"%s\": no share has this name",
						verb, place->path),
				 errhint("dittofs.list_shares() lists the shares.")));
}

static bytea *
name_bytes(const PathName *name)
{
	return (bytea *) cstring_to_text_with_len(name->data, name->len);
}

bytea *
place_handle(const Place *place, int up)
{
	bytea	   *handle = handle_form(&place->share->uuid,
									 &place->share->root_id);

	for (int i = place->depth; i < place->names.n - up; i++)
	{
		Call		call = {0};

		call_add(&call, PointerGetDatum(handle));
		call_add(&call, PointerGetDatum(name_bytes(&place->names.names[i])));
		call_add(&call, place->caller);
		handle = DatumGetByteaPCopy(call_column(call_run(&call, dittofs_lookup,
														 place), 2));
	}
	return handle;
}

bytea *
place_parent(const Place *place, Status at_root, bytea **name)
{
	if (place->names.n == place->depth)
		place_raise(place, at_root);
	*name = name_bytes(&place->names.names[place->names.n - 1]);
	return place_handle(place, 1);
}

/* A call on an entry: the directory, then the name. */
static void
call_add_entry(Call *call, const Place *place, Status at_root)
{
	bytea	   *name;
	bytea	   *dir = place_parent(place, at_root, &name);

	call_add(call, PointerGetDatum(dir));
	call_add(call, PointerGetDatum(name));
}

/*
 * resolve(path, caller): the handle.
 */
Datum
dittofs_resolve(PG_FUNCTION_ARGS)
{
	Place		place;
	Call		call = {0};
	bytea	   *handle;

	place_open(&place, "resolve", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1));
	handle = place_handle(&place, 0);
	/* a share's root has not been looked at yet */
	call_add(&call, PointerGetDatum(handle));
	call_add(&call, place.caller);
	call_run(&call, dittofs_get_file, &place);
	PG_RETURN_BYTEA_P(handle);
}

/* For what one piece of a large file needs. */
static MemoryContext
piece_context(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "dittofs piece of a file",
								 ALLOCSET_DEFAULT_SIZES);
}

/*
 * read_file(path, offset, count, caller): a piece of a file, or all of it.
 */
Datum
dittofs_read_file(PG_FUNCTION_ARGS)
{
	Place		place;
	bytea	   *handle;
	StringInfoData data;
	MemoryContext context = piece_context();
	int64		offset;
	int64		count;
	bool		eof = false;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	place_open(&place, "read", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(3));
	offset = PG_GETARG_INT64(1);
	count = PG_ARGISNULL(2) ? PG_INT64_MAX : PG_GETARG_INT64(2);
	people_begin();
	handle = place_handle(&place, 0);

	initStringInfo(&data);
	appendStringInfoSpaces(&data, VARHDRSZ);
	while (!eof)
	{
		int64		left = count - (data.len - VARHDRSZ);
		Call		call = {0};
		HeapTupleHeader row;
		bytea	   *piece;
		MemoryContext caller_context = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		call_add(&call, PointerGetDatum(handle));
		call_add(&call, Int64GetDatum(offset + data.len - VARHDRSZ));
		call_add(&call, Int64GetDatum(left));
		call_add(&call, place.caller);
		row = call_run(&call, dittofs_read, &place);
		piece = DatumGetByteaPP(call_column(row, 4));
		eof = DatumGetBool(call_column(row, 3)) ||
			left == VARSIZE_ANY_EXHDR(piece);
		if (data.len + VARSIZE_ANY_EXHDR(piece) > READ_FILE_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("\"%s\" is too large for one value", place.path),
					 errhint("Give offset and count to read it in pieces.")));
		appendBinaryStringInfo(&data, VARDATA_ANY(piece),
							   VARSIZE_ANY_EXHDR(piece));
		MemoryContextSwitchTo(caller_context);
		MemoryContextReset(context);
	}
	people_end();
	SET_VARSIZE(data.data, data.len);
	PG_RETURN_BYTEA_P((bytea *) data.data);
}

/*
 * write_file(path, content, mode, caller): makes the file, or replaces its
 * content; in one transaction either way.
 */
Datum
dittofs_write_file(PG_FUNCTION_ARGS)
{
	bytea	   *content = PG_GETARG_BYTEA_PP(1);
	char	   *data = VARDATA_ANY(content);
	int64		len = VARSIZE_ANY_EXHDR(content);
	Place		place;
	Call		create = {0};
	MemoryContext context = piece_context();
	bytea	   *handle;
	int64		count;

	place_open(&place, "write", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(3));
	people_begin();
	call_add_entry(&create, &place, FS_ISDIR);
	call_add(&create, place.caller);
	call_add(&create, CStringGetTextDatum("unchecked"));
	call_add(&create, Int64GetDatum(mode_from_text(PG_GETARG_TEXT_PP(2))));
	call_add_null(&create);		/* uid */
	call_add_null(&create);		/* gid */
	call_add(&create, Int64GetDatum(0));	/* size */
	call_add_attributes(&create, 2);
	call_add_null(&create);		/* verifier */
	handle = DatumGetByteaPP(call_column(call_run(&create, dittofs_create_file,
												  &place), 2));

	for (int64 offset = 0; offset < len; offset += count)
	{
		Call		call = {0};
		bytea	   *piece;
		MemoryContext caller_context = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		count = Min(len - offset, place.share->wtmax);
		piece = (bytea *) cstring_to_text_with_len(data + offset, count);
		call_add(&call, PointerGetDatum(handle));
		call_add(&call, Int64GetDatum(offset));
		call_add(&call, PointerGetDatum(piece));
		call_add(&call, CStringGetTextDatum("file_sync"));
		call_add(&call, place.caller);
		call_run(&call, dittofs_write, &place);
		MemoryContextSwitchTo(caller_context);
		MemoryContextReset(context);
	}
	people_end();
	PG_RETURN_VOID();
}

static Status
try_mkdir(const Place *place, bytea *dir, const PathName *name, int mode,
		  bytea **handle)
{
	Call		call = {0};
	HeapTupleHeader row;
	Status		status;

	call_add(&call, PointerGetDatum(dir));
	call_add(&call, PointerGetDatum(name_bytes(name)));
	call_add(&call, place->caller);
	call_add(&call, Int64GetDatum(mode));
	call_add_attributes(&call, 4);
	row = call_try(&call, dittofs_create_directory, &status);
	if (status == FS_OK)
		*handle = DatumGetByteaPCopy(call_column(row, 2));
	return status;
}

/*
 * mkdir(path, mode, parents, caller).  parents: directories above it are made
 * where they are missing, and it may exist.
 */
Datum
dittofs_mkdir(PG_FUNCTION_ARGS)
{
	int			mode = mode_from_text(PG_GETARG_TEXT_PP(1));
	bool		parents = PG_GETARG_BOOL(2);
	Place		place;
	bytea	   *dir;
	int			first;

	place_open(&place, "make directory", PG_GETARG_TEXT_PP(0),
			   PG_GETARG_DATUM(3));
	if (place.names.n == place.depth)
	{
		if (!parents)
			place_raise(&place, FS_EXIST);
		PG_RETURN_VOID();
	}
	people_begin();
	first = parents ? place.depth : place.names.n - 1;
	dir = place_handle(&place, place.names.n - first);
	for (int i = first; i < place.names.n; i++)
	{
		Status		status = try_mkdir(&place, dir, &place.names.names[i], mode,
									   &dir);

		if (status == FS_EXIST && parents)
		{
			Call		call = {0};
			HeapTupleHeader row;
			Fattr	   *fattr;

			call_add(&call, PointerGetDatum(dir));
			call_add(&call, PointerGetDatum(name_bytes(&place.names.names[i])));
			call_add(&call, place.caller);
			row = call_run(&call, dittofs_lookup, &place);
			fattr = (Fattr *) DatumGetPointer(call_column(row, 3));
			dir = DatumGetByteaPCopy(call_column(row, 2));
			status = fattr->kind == KIND_DIRECTORY ? FS_OK : FS_NOTDIR;
		}
		place_raise(&place, status);
	}
	people_end();
	PG_RETURN_VOID();
}

/*
 * rm(path, recursive, caller)
 */

typedef struct Doomed
{
	bytea	   *dir;
	bytea	   *name;
	bytea	   *handle;
	bool		is_dir;
} Doomed;

/* The inode behind a handle of ours. */
static bool
inode_of(const bytea *handle, Inode *inode)
{
	Handle		parsed;

	return handle_parse(handle, &parsed) && inode_get(&parsed.id, inode);
}

/*
 * Everything below a directory, each directory before what is in it.  Who may
 * not read a directory cannot list it; who may not change it will be told.
 */
static List *
list_doomed(const Place *place, Doomed *top)
{
	List	   *doomed = list_make1(top);

	/* the list grows while we go through it */
	for (int i = 0; i < list_length(doomed); i++)
	{
		Doomed	   *parent = list_nth(doomed, i);
		Entry	   *entries;
		Inode		inode;
		int64		n;

		CHECK_FOR_INTERRUPTS();
		if (!parent->is_dir || !inode_of(parent->handle, &inode))
			continue;
		entries = entries_of(&inode.id, &n);
		for (int64 j = 0; j < n; j++)
		{
			Doomed	   *child = palloc(sizeof(Doomed));
			Inode		child_inode;

			child->dir = parent->handle;
			child->name = (bytea *) cstring_to_text_with_len(entries[j].name,
															 entries[j].namelen);
			child->handle = handle_form(&place->share->uuid, &entries[j].id);
			child->is_dir = inode_get(&entries[j].id, &child_inode) &&
				child_inode.kind == KIND_DIRECTORY;
			doomed = lappend(doomed, child);
		}
	}
	return doomed;
}

static void
remove_one(const Place *place, const Doomed *doomed)
{
	Call		call = {0};

	call_add(&call, PointerGetDatum(doomed->dir));
	call_add(&call, PointerGetDatum(doomed->name));
	call_add(&call, place->caller);
	call_run(&call, doomed->is_dir ? dittofs_remove_directory : dittofs_remove_file,
			 place);
}

Datum
dittofs_rm(PG_FUNCTION_ARGS)
{
	bool		recursive = PG_GETARG_BOOL(1);
	Place		place;
	Doomed		top = {0};
	Inode		inode;

	place_open(&place, "remove", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	people_begin();
	top.dir = place_parent(&place, FS_INVAL, &top.name);
	if (recursive)
	{
		top.handle = place_handle(&place, 0);
		top.is_dir = inode_of(top.handle, &inode) &&
			inode.kind == KIND_DIRECTORY;
	}
	if (top.is_dir)
	{
		List	   *doomed = list_doomed(&place, &top);

		for (int i = list_length(doomed) - 1; i >= 0; i--)
		{
			CHECK_FOR_INTERRUPTS();
			remove_one(&place, list_nth(doomed, i));
		}
	}
	else
		remove_one(&place, &top);
	people_end();
	PG_RETURN_VOID();
}

/* rmdir(path, caller) */
Datum
dittofs_rmdir(PG_FUNCTION_ARGS)
{
	Place		place;
	Call		call = {0};

	place_open(&place, "remove directory", PG_GETARG_TEXT_PP(0),
			   PG_GETARG_DATUM(1));
	people_begin();
	call_add_entry(&call, &place, FS_INVAL);
	call_add(&call, place.caller);
	call_run(&call, dittofs_remove_directory, &place);
	people_end();
	PG_RETURN_VOID();
}

/* For messages: could not move "a" to "b" */
static void
name_both(Place *place, const char *word, const Place *other)
{
	place->path = psprintf("%s\" %s \"%s", place->path, word, other->path);
}

/*
 * mv(source, target, caller): rename(2), so target is the new path itself, not
 * a directory to move into.
 */
Datum
dittofs_mv(PG_FUNCTION_ARGS)
{
	Place		source;
	Place		target;
	Call		call = {0};

	place_open(&source, "move", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	place_open(&target, "move to", PG_GETARG_TEXT_PP(1), PG_GETARG_DATUM(2));
	people_begin();
	call_add_entry(&call, &source, FS_INVAL);
	call_add_entry(&call, &target, FS_INVAL);
	call_add(&call, source.caller);
	name_both(&source, "to", &target);
	call_run(&call, dittofs_move, &source);
	people_end();
	PG_RETURN_VOID();
}

/* ln(existing, path, caller): another name for a file. */
Datum
dittofs_ln(PG_FUNCTION_ARGS)
{
	Place		existing;
	Place		place;
	Call		call = {0};

	place_open(&existing, "link", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	place_open(&place, "make link", PG_GETARG_TEXT_PP(1), PG_GETARG_DATUM(2));
	people_begin();
	call_add(&call, PointerGetDatum(place_handle(&existing, 0)));
	call_add_entry(&call, &place, FS_EXIST);
	call_add(&call, place.caller);
	name_both(&existing, "as", &place);
	call_run(&call, dittofs_create_hard_link, &existing);
	people_end();
	PG_RETURN_VOID();
}

/* symlink(target, path, caller): the target may be any text. */
Datum
dittofs_symlink(PG_FUNCTION_ARGS)
{
	Place		place;
	Call		call = {0};

	place_open(&place, "make symbolic link", PG_GETARG_TEXT_PP(1),
			   PG_GETARG_DATUM(2));
	people_begin();
	call_add_entry(&call, &place, FS_EXIST);
	call_add(&call, PointerGetDatum(name_from_text(PG_GETARG_TEXT_PP(0))));
	call_add(&call, place.caller);
	call_add_attributes(&call, 4);
	call_run(&call, dittofs_create_symlink, &place);
	people_end();
	PG_RETURN_VOID();
}

/* readlink(path, caller) */
Datum
dittofs_readlink(PG_FUNCTION_ARGS)
{
	Place		place;
	Call		call = {0};
	bytea	   *target;

	place_open(&place, "read link", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1));
	call_add(&call, PointerGetDatum(place_handle(&place, 0)));
	call_add(&call, place.caller);
	target = DatumGetByteaPP(call_column(call_run(&call, dittofs_read_symlink,
												  &place), 3));
	PG_RETURN_TEXT_P(cstring_to_text(name_to_text(VARDATA_ANY(target),
												  VARSIZE_ANY_EXHDR(target))));
}

/* set_file_attributes(handle, caller, mode, uid, gid, …) */
static void
set_attributes(const Place *place, const NullableDatum *first3)
{
	Call		call = {0};

	people_begin();
	call_add(&call, PointerGetDatum(place_handle(place, 0)));
	call_add(&call, place->caller);
	for (int i = 0; i < 3; i++)
	{
		if (first3[i].isnull)
			call_add_null(&call);
		else
			call_add(&call, first3[i].value);
	}
	call_add_attributes(&call, 3);
	call_add_null(&call);		/* guard */
	call_run(&call, dittofs_set_file_attributes, place);
	people_end();
}

/* chmod(path, mode, caller) */
Datum
dittofs_chmod(PG_FUNCTION_ARGS)
{
	NullableDatum attributes[3] = {{0, true}, {0, true}, {0, true}};
	Place		place;

	place_open(&place, "change mode of", PG_GETARG_TEXT_PP(0),
			   PG_GETARG_DATUM(2));
	attributes[0].value = Int64GetDatum(mode_from_text(PG_GETARG_TEXT_PP(1)));
	attributes[0].isnull = false;
	set_attributes(&place, attributes);
	PG_RETURN_VOID();
}

/* chown(path, uid, gid, caller): NULL leaves one as it is. */
Datum
dittofs_chown(PG_FUNCTION_ARGS)
{
	NullableDatum attributes[3] = {{0, true}, {0, true}, {0, true}};
	Place		place;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		PG_RETURN_VOID();
	place_open(&place, "change owner of", PG_GETARG_TEXT_PP(0),
			   PG_GETARG_DATUM(3));
	attributes[1] = fcinfo->args[1];
	attributes[2] = fcinfo->args[2];
	set_attributes(&place, attributes);
	PG_RETURN_VOID();
}
