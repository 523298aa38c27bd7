/*-------------------------------------------------------------------------
 *
 * people_list.c
 *	  Files by path, for people in psql: stat, ls, tree.
 *
 * Entries are sorted by name, byte by byte.  A directory is therefore read as
 * a whole before its first row; programs that page through large directories
 * use read_directory().
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "attrs.h"
#include "dirents.h"
#include "handles.h"
#include "inodes.h"
#include "names.h"
#include "people.h"
#include "perm.h"
#include "srf.h"

PG_FUNCTION_INFO_V1(dittofs_stat);
PG_FUNCTION_INFO_V1(dittofs_ls);
PG_FUNCTION_INFO_V1(dittofs_tree);

/*
 * Entries
 */

typedef struct Collection
{
	Entry	   *entries;
	int64		n;
	int64		room;
} Collection;

static bool
collect(const Dirent *dirent, void *arg)
{
	Collection *collection = arg;
	Entry	   *entry;

	CHECK_FOR_INTERRUPTS();
	if (collection->n == collection->room)
	{
		collection->room *= 2;
		collection->entries = repalloc_huge(collection->entries,
											sizeof(Entry) * collection->room);
	}
	entry = &collection->entries[collection->n++];
	entry->name = pnstrdup(dirent->name, dirent->namelen);
	entry->namelen = dirent->namelen;
	entry->id = dirent->child_id;
	return true;
}

/* There is no NUL in a name, so that this is the order of the bytes. */
static int
compare_entries(const void *a, const void *b)
{
	return strcmp(((const Entry *) a)->name, ((const Entry *) b)->name);
}

Entry *
entries_of(const pg_uuid_t *dir, int64 *n)
{
	Collection	collection = {.room = 64};

	collection.entries = palloc(sizeof(Entry) * collection.room);
	dirent_foreach(dir, 0, collect, &collection);
	qsort(collection.entries, collection.n, sizeof(Entry), compare_entries);
	*n = collection.n;
	return collection.entries;
}

/*
 * Rows
 */

/* kind, mode, nlink, uid, gid, size, mtime, fileid, handle */
#define COMMON_COLUMNS	9

static void
fill_common(const Place *place, const Inode *inode, Datum *values)
{
	values[0] = CStringGetTextDatum(kind_name(inode->kind));
	values[1] = CStringGetTextDatum(mode_to_text(inode->mode));
	values[2] = Int64GetDatum(inode->nlink);
	values[3] = Int64GetDatum(inode->uid);
	values[4] = Int64GetDatum(inode->gid);
	values[5] = Int64GetDatum(inode->size);
	values[6] = TimestampTzGetDatum(fs_time_to_timestamp(inode->mtime));
	values[7] = Int64GetDatum(inode->fileid);
	values[8] = PointerGetDatum(handle_form(&place->share->uuid, &inode->id));
}

/* The object of a path; the share's rules were checked on the way. */
static void
place_inode(const Place *place, Inode *inode)
{
	bytea	   *handle = place_handle(place, 0);
	Call		call = {0};
	Handle		parsed;

	call_add(&call, PointerGetDatum(handle));
	call_add(&call, place->caller);
	call_run(&call, dittofs_get_file, place);
	if (!handle_parse(handle, &parsed) || !inode_get(&parsed.id, inode))
		place_raise(place, FS_STALE);
}

static void
require_readable(const Place *place, const Inode *dir)
{
	Cred		cred;

	cred_squash(place->share, DatumGetCallerP(place->caller), &cred);
	if (!perm_check(&cred, dir, PERM_READ))
		place_raise(place, FS_ACCES);
}

/* stat(path, caller) */
Datum
dittofs_stat(PG_FUNCTION_ARGS)
{
	Place		place;
	Inode		inode;
	Datum		values[14];
	bool		nulls[14] = {false};

	place_open(&place, "stat", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1));
	place_inode(&place, &inode);
	fill_common(&place, &inode, values);
	values[9] = Int64GetDatum(inode.used);
	values[10] = TimestampTzGetDatum(fs_time_to_timestamp(inode.atime));
	values[11] = TimestampTzGetDatum(fs_time_to_timestamp(inode.ctime));
	nulls[12] = inode.kind != KIND_BLOCK && inode.kind != KIND_CHARACTER;
	if (!nulls[12])
		values[12] = CStringGetTextDatum(psprintf("%u,%u", inode.rdev_major,
												  inode.rdev_minor));
	nulls[13] = inode.target == NULL;
	if (!nulls[13])
		values[13] = CStringGetTextDatum(name_to_text(VARDATA_ANY(inode.target),
													  VARSIZE_ANY_EXHDR(inode.target)));
	PG_RETURN_DATUM(srf_single_row(fcinfo, values, nulls));
}

/* ls(path, caller): a directory's entries, or the one object. */
Datum
dittofs_ls(PG_FUNCTION_ARGS)
{
	Place		place;
	Srf			srf;
	Inode		inode;
	Datum		values[1 + COMMON_COLUMNS];
	bool		nulls[1 + COMMON_COLUMNS] = {false};
	MemoryContext row_context;
	MemoryContext caller_context;
	Entry	   *entries;
	int64		n;

	srf_begin(fcinfo, &srf);
	place_open(&place, "list", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1));
	place_inode(&place, &inode);
	if (inode.kind != KIND_DIRECTORY)
	{
		PathName   *name = &place.names.names[place.names.n - 1];

		values[0] = CStringGetTextDatum(name_to_text(name->data, name->len));
		fill_common(&place, &inode, values + 1);
		srf_row(&srf, values, nulls);
		return (Datum) 0;
	}

	require_readable(&place, &inode);
	entries = entries_of(&inode.id, &n);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "dittofs ls row",
										ALLOCSET_SMALL_SIZES);
	caller_context = MemoryContextSwitchTo(row_context);
	for (int64 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!inode_get(&entries[i].id, &inode))
			continue;
		values[0] = CStringGetTextDatum(name_to_text(entries[i].name,
													 entries[i].namelen));
		fill_common(&place, &inode, values + 1);
		srf_row(&srf, values, nulls);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller_context);
	return (Datum) 0;
}

/*
 * tree(path, caller)
 *
 * What is still to be shown is a stack, so that a tree may be of any depth.
 */

typedef struct Pending
{
	struct Pending *below;
	pg_uuid_t	id;
	int			depth;
	int			pathlen;
	char		path[FLEXIBLE_ARRAY_MEMBER];
} Pending;

static Pending *
push(Pending *below, const pg_uuid_t *id, int depth, const char *dir, int dirlen,
	 const char *name, int namelen)
{
	Pending    *pending = palloc(offsetof(Pending, path) + dirlen + namelen + 1);

	pending->below = below;
	pending->id = *id;
	pending->depth = depth;
	memcpy(pending->path, dir, dirlen);
	pending->pathlen = dirlen;
	if (namelen > 0)
	{
		if (dirlen == 0 || dir[dirlen - 1] != '/')
			pending->path[pending->pathlen++] = '/';
		memcpy(pending->path + pending->pathlen, name, namelen);
		pending->pathlen += namelen;
	}
	return pending;
}

/* The path itself in its shortest form */
static Pending *
push_first(const Place *place, const pg_uuid_t *id)
{
	StringInfoData path;

	initStringInfo(&path);
	for (int i = 0; i < place->names.n; i++)
	{
		appendStringInfoChar(&path, '/');
		appendBinaryStringInfo(&path, place->names.names[i].data,
							   place->names.names[i].len);
	}
	if (place->names.n == 0)
		appendStringInfoChar(&path, '/');
	return push(NULL, id, 0, path.data, path.len, NULL, 0);
}

Datum
dittofs_tree(PG_FUNCTION_ARGS)
{
	Place		place;
	Srf			srf;
	Inode		inode;
	Pending    *stack;

	srf_begin(fcinfo, &srf);
	place_open(&place, "list", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1));
	place_inode(&place, &inode);
	stack = push_first(&place, &inode.id);
	while (stack != NULL)
	{
		Pending    *top = stack;
		Datum		values[2 + COMMON_COLUMNS];
		bool		nulls[2 + COMMON_COLUMNS] = {false};

		CHECK_FOR_INTERRUPTS();
		stack = top->below;
		if (inode_get(&top->id, &inode))
		{
			values[0] = CStringGetTextDatum(name_to_text(top->path,
														 top->pathlen));
			values[1] = Int32GetDatum(top->depth);
			fill_common(&place, &inode, values + 2);
			srf_row(&srf, values, nulls);
			if (inode.kind == KIND_DIRECTORY)
			{
				Entry	   *entries;
				int64		n;

				place.path = name_to_text(top->path, top->pathlen);
				require_readable(&place, &inode);
				entries = entries_of(&inode.id, &n);
				for (int64 i = n - 1; i >= 0; i--)
					stack = push(stack, &entries[i].id, top->depth + 1,
								 top->path, top->pathlen,
								 entries[i].name, entries[i].namelen);
				pfree(entries);
			}
		}
		pfree(top);
	}
	return (Datum) 0;
}
