/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * path_api.c
 *	  Files by path, for people in psql: resolve, read_file, write_file, mkdir,
 *	  rm, rmdir, mv, ln, symlink, readlink, chmod, chown.
 *
 * Each function walks its path by lookup(), calls the operation that a gateway
 * would call, and raises the status that it returns (status.c).  So the rules
 * are the same, the caller's rights included.
 *
 * Symbolic links in a path are not followed: the meaning of a target depends on
 * where a client has mounted the share.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "tables/dirents.h"
#include "types/handles.h"
#include "tables/inodes.h"
#include "admin/names.h"
#include "admin/path_resolve.h"
#include "base/stack.h"
#include "tables/xact.h"

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
 * resolve(path, caller): the handle.
 */
Datum
dittofs_resolve(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			op;
	FsGot		got;

	require_values(fcinfo, 0);
	place_open(&place, "resolve", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1));
	op = place_enter(&place, 0);
	/* a share's root has not been looked at yet */
	place_raise(&place, fs_getattr(&op, &got));
	PG_RETURN_BYTEA_P(handle_form(&op.share->uuid, &op.id));
}

static OptInt
given(int64 value)
{
	OptInt		opt = {true, value};

	return opt;
}

/* For what one piece of a large file needs. */
static MemoryContext
piece_context(void)
{
	return AllocSetContextCreate(CurrentMemoryContext,
								 "dittofs piece of a file",
								 ALLOCSET_DEFAULT_SIZES);
}

/*
 * read_file(path, offset, count, caller): a piece of a file, or all of it.
 */
Datum
dittofs_read_file(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			op;
	StringInfoData data;
	MemoryContext context = piece_context();
	int64		offset;
	int64		count;
	bool		eof = false;

	require_values(fcinfo, 1 << 2);
	place_open(&place, "read", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(3));
	offset = PG_GETARG_INT64(1);
	count = PG_ARGISNULL(2) ? PG_INT64_MAX : PG_GETARG_INT64(2);
	people_begin();
	op = place_enter(&place, 0);

	initStringInfo(&data);
	appendStringInfoSpaces(&data, VARHDRSZ);
	while (!eof)
	{
		int64		left = count - (data.len - VARHDRSZ);
		FsRange		range =
			{.offset = offset + data.len - VARHDRSZ, .count = left};
		FsRead		read;
		const bytea *piece;
		MemoryContext caller_context = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		place_raise(&place, fs_read(&op, &range, &read));
		piece = read.data;
		eof = read.eof ||
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
	bytea	   *content;
	char	   *data;
	int64		len;
	Place		place;
	FsCreate	create = {.how = CREATE_UNCHECKED};
	FsMade		made;
	Op			op;
	MemoryContext context = piece_context();
	int64		count;

	require_values(fcinfo, 0);
	content = PG_GETARG_BYTEA_PP(1);
	data = VARDATA_ANY(content);
	len = VARSIZE_ANY_EXHDR(content);
	place_open(&place, "write", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(3));
	people_begin();
	op = place_enter_dir(&place, FS_ISDIR, &create.name);
	create.set.mode = given(mode_from_text(PG_GETARG_TEXT_PP(2)));
	create.set.size = given(0);
	place_raise(&place, fs_create(&op, &create, &made));
	op = op_at(&op, &made.handle);

	for (int64 offset = 0; offset < len; offset += count)
	{
		FsWrite		write = {.offset = offset,.stability = STABILITY_FILE_SYNC};
		FsWritten	written;
		MemoryContext caller_context = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		count = Min(len - offset, place.root.share->wtmax);
		write.data.data = data + offset;
		write.data.len = count;
		place_raise(&place, fs_write(&op, &write, &written));
		MemoryContextSwitchTo(caller_context);
		MemoryContextReset(context);
	}
	people_end();
	PG_RETURN_VOID();
}

/* The directory of this name becomes the one that op is at. */
static Status
enter_dir(Op *op, FsBytes name)
{
	FsLookup	lookup = {.name = name};
	FsLookedUp	found;
	Status		status = fs_lookup(op, &lookup, &found);

	if (status == FS_OK && found.attributes.kind != KIND_DIRECTORY)
		status = FS_NOTDIR;
	if (status == FS_OK)
		*op = op_at(op, &found.handle);
	return status;
}

/*
 * mkdir(path, mode, parents, caller).  parents: directories above it are made
 * where they are missing, and it may exist.
 */
Datum
dittofs_mkdir(PG_FUNCTION_ARGS)
{
	FsMkdir		mkdir = {0};
	bool		parents;
	Place		place;
	Op			dir;
	int			first;

	require_values(fcinfo, 0);
	mkdir.set.mode = given(mode_from_text(PG_GETARG_TEXT_PP(1)));
	parents = PG_GETARG_BOOL(2);
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
	dir = place_enter(&place, place.names.n - first);
	for (int i = first; i < place.names.n; i++)
	{
		FsMade		made;
		Status		status;

		mkdir.name = path_name_bytes(&place.names.names[i]);
		status = fs_mkdir(&dir, &mkdir, &made);
		if (status == FS_OK)
			dir = op_at(&dir, &made.handle);
		else if (status == FS_EXIST && parents)
			status = enter_dir(&dir, mkdir.name);
		place_raise(&place, status);
	}
	people_end();
	PG_RETURN_VOID();
}

/*
 * rm(path, recursive, caller)
 *
 * What is still to be removed is a stack.  A directory is met twice: first what
 * is in it is put above it, then it is empty.
 */

typedef struct Doomed
{
	pg_uuid_t	dir;
	pg_uuid_t	id;
	bool		is_dir;
	bool		emptied;
	int			namelen;		/* the name is below this */
} Doomed;

typedef struct Removal
{
	Stack	   *stack;
	Doomed		parent;
} Removal;

/*
 * Who may not read a directory cannot list it; who may not change it will be
 * told.
 */
static bool
push_doomed(const Dirent *dirent, void *arg)
{
	Removal    *removal = arg;
	Doomed		child = {0};
	Inode		inode;

	child.dir = removal->parent.id;
	child.id = dirent->child_id;
	child.is_dir = dirent_inode(dirent, &inode) && inode.kind == KIND_DIRECTORY;
	child.namelen = dirent->namelen;
	stack_push(removal->stack, dirent->name, dirent->namelen);
	stack_push(removal->stack, &child, sizeof(child));
	return true;
}

static void
remove_one(const Place *place, const Op *dir, FsBytes name, bool is_dir)
{
	FsRemove	args = {.name = name};
	FsChanged	changed;

	place_raise(place, is_dir ? fs_rmdir(dir, &args, &changed) :
				fs_remove(dir, &args, &changed));
}

static void
remove_below(const Place *place, const pg_uuid_t *top)
{
	Removal		removal = {.stack = stack_create(),.parent.id = *top};
	Op			dir = place->root;
	MemoryContext context = piece_context();
	MemoryContext caller_context;

	change_gather_begin();
	dirent_foreach(top, 0, push_doomed, &removal);
	caller_context = MemoryContextSwitchTo(context);
	while (!stack_empty(removal.stack))
	{
		Doomed	   *doomed = &removal.parent;
		char		name[FS_NAME_MAX];

		CHECK_FOR_INTERRUPTS();
		stack_pop(removal.stack, doomed, sizeof(Doomed));
		stack_pop(removal.stack, name, doomed->namelen);
		if (doomed->is_dir && !doomed->emptied)
		{
			doomed->emptied = true;
			stack_push(removal.stack, name, doomed->namelen);
			stack_push(removal.stack, doomed, sizeof(Doomed));
			MemoryContextSwitchTo(caller_context);
			dirent_foreach(&doomed->id, 0, push_doomed, &removal);
			MemoryContextSwitchTo(context);
		}
		else
		{
			FsBytes		name_bytes = {name, doomed->namelen};

			dir.id = doomed->dir;
			remove_one(place, &dir, name_bytes, doomed->is_dir);
			change_gather_step();
		}
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller_context);
	change_gather_end();
	stack_free(removal.stack);
}

Datum
dittofs_rm(PG_FUNCTION_ARGS)
{
	bool		recursive;
	Place		place;
	Op			dir;
	Op			top;
	FsBytes		name;
	FsGot		got;
	bool		is_dir = false;

	require_values(fcinfo, 0);
	recursive = PG_GETARG_BOOL(1);
	place_open(&place, "remove", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	people_begin();
	dir = place_enter_dir(&place, FS_INVAL, &name);
	if (recursive)
	{
		top = place_enter(&place, 0);
		is_dir = fs_getattr(&top, &got) == FS_OK &&
			got.attributes.kind == KIND_DIRECTORY;
	}
	if (is_dir)
		remove_below(&place, &top.id);
	/* what was done below is visible to a snapshot taken now */
	people_end();
	people_begin();
	remove_one(&place, &dir, name, is_dir);
	people_end();
	PG_RETURN_VOID();
}

/* rmdir(path, caller) */
Datum
dittofs_rmdir(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			dir;
	FsBytes		name;

	require_values(fcinfo, 0);
	place_open(&place, "remove directory", PG_GETARG_TEXT_PP(0),
			   PG_GETARG_DATUM(1));
	people_begin();
	dir = place_enter_dir(&place, FS_INVAL, &name);
	remove_one(&place, &dir, name, true);
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
	Op			from;
	Op			to;
	FsRename	rename;
	FsRenamed	renamed;

	require_values(fcinfo, 0);
	place_open(&source, "move", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	place_open(&target, "move to", PG_GETARG_TEXT_PP(1), PG_GETARG_DATUM(2));
	people_begin();
	from = place_enter_dir(&source, FS_INVAL, &rename.from_name);
	to = place_enter_dir(&target, FS_INVAL, &rename.to_name);
	name_both(&source, "to", &target);
	place_raise(&source, fs_rename(&from, &to, &rename, &renamed));
	people_end();
	PG_RETURN_VOID();
}

/* ln(existing, path, caller): another name for a file. */
Datum
dittofs_ln(PG_FUNCTION_ARGS)
{
	Place		existing;
	Place		place;
	Op			file;
	Op			dir;
	FsHardLink	link;
	FsLinked	linked;

	require_values(fcinfo, 0);
	place_open(&existing, "link", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	place_open(&place, "make link", PG_GETARG_TEXT_PP(1), PG_GETARG_DATUM(2));
	people_begin();
	file = place_enter(&existing, 0);
	dir = place_enter_dir(&place, FS_EXIST, &link.name);
	name_both(&existing, "as", &place);
	place_raise(&existing, fs_link(&file, &dir, &link, &linked));
	people_end();
	PG_RETURN_VOID();
}

/* symlink(target, path, caller): the target may be any text. */
Datum
dittofs_symlink(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			dir;
	FsSymlink	symlink = {0};
	FsMade		made;
	bytea	   *target;

	require_values(fcinfo, 0);
	place_open(&place, "make symbolic link", PG_GETARG_TEXT_PP(1),
			   PG_GETARG_DATUM(2));
	people_begin();
	dir = place_enter_dir(&place, FS_EXIST, &symlink.name);
	target = name_from_text(PG_GETARG_TEXT_PP(0));
	symlink.target.data = VARDATA(target);
	symlink.target.len = VARSIZE(target) - VARHDRSZ;
	place_raise(&place, fs_symlink(&dir, &symlink, &made));
	people_end();
	PG_RETURN_VOID();
}

/* readlink(path, caller) */
Datum
dittofs_readlink(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			op;
	FsLink		link;
	const bytea *target;

	require_values(fcinfo, 0);
	place_open(&place, "read link", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1));
	op = place_enter(&place, 0);
	place_raise(&place, fs_readlink(&op, &link));
	target = DatumGetByteaPP(PointerGetDatum(link.target));
	PG_RETURN_TEXT_P(cstring_to_text(name_to_text(VARDATA_ANY(target),
												  VARSIZE_ANY_EXHDR(target))));
}

static void
set_attributes(const Place *place, const FsSetattr *args)
{
	Op			op;
	FsChanged	changed;

	people_begin();
	op = place_enter(place, 0);
	place_raise(place, fs_setattr(&op, args, &changed));
	people_end();
}

/* chmod(path, mode, caller) */
Datum
dittofs_chmod(PG_FUNCTION_ARGS)
{
	FsSetattr	args = {0};
	Place		place;

	require_values(fcinfo, 0);
	place_open(&place, "change mode of", PG_GETARG_TEXT_PP(0),
			   PG_GETARG_DATUM(2));
	args.set.mode = given(mode_from_text(PG_GETARG_TEXT_PP(1)));
	set_attributes(&place, &args);
	PG_RETURN_VOID();
}

/* chown(path, uid, gid, caller): NULL leaves one as it is. */
Datum
dittofs_chown(PG_FUNCTION_ARGS)
{
	FsSetattr	args = {0};
	Place		place;

	require_values(fcinfo, 1 << 1 | 1 << 2);
	place_open(&place, "change owner of", PG_GETARG_TEXT_PP(0),
			   PG_GETARG_DATUM(3));
	if (!PG_ARGISNULL(1))
		args.set.uid = given(PG_GETARG_INT64(1));
	if (!PG_ARGISNULL(2))
		args.set.gid = given(PG_GETARG_INT64(2));
	set_attributes(&place, &args);
	PG_RETURN_VOID();
}
