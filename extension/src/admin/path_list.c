/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * path_list.c
 *	  Files by path, for people in psql: stat, ls, tree.
 *
 * Entries are sorted by name, byte by byte.  A directory is therefore read as a
 * whole before its first row; programs that page through large directories use
 * read_directory().  However large a directory, and however wide and deep a
 * tree, this takes a few times work_mem of memory; the rest is on disk.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "types/attrs.h"
#include "tables/dirents.h"
#include "types/handles.h"
#include "tables/inodes.h"
#include "admin/names.h"
#include "admin/path_resolve.h"
#include "ops/perm.h"
#include "base/srf.h"
#include "base/stack.h"

PG_FUNCTION_INFO_V1(dittofs_stat);
PG_FUNCTION_INFO_V1(dittofs_ls);
PG_FUNCTION_INFO_V1(dittofs_tree);

/*
 * Entries
 *
 * Those of most directories are sorted where they are collected.  Those that
 * would take more than work_mem are given to the server's sort, which writes
 * them to disk.
 */

typedef struct Entry
{
	char	   *name;
	int			namelen;
	pg_uuid_t	id;
} Entry;

typedef struct Listing
{
	MemoryContext context;		/* all of it but what the sort has */
	bool		reverse;
	Entry	   *entries;
	int64		n;
	int64		room;
	int64		next;
	int64		memory;			/* of entries and names */
	Tuplesortstate *sort;		/* NULL: they are in entries */
	TupleDesc	desc;
	TupleTableSlot *in;
	TupleTableSlot *out;
} Listing;

static void
sort_put(Listing *listing, const char *name, int namelen, const pg_uuid_t *id)
{
	TupleTableSlot *slot = listing->in;
	char		buffer[VARHDRSZ + FS_NAME_MAX];

	SET_VARSIZE(buffer, VARHDRSZ + namelen);
	memcpy(buffer + VARHDRSZ, name, namelen);
	ExecClearTuple(slot);
	slot->tts_values[0] = PointerGetDatum(buffer);
	slot->tts_values[1] = UUIDPGetDatum(id);
	slot->tts_isnull[0] = slot->tts_isnull[1] = false;
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(listing->sort, slot);
}

static void
sort_begin(Listing *listing)
{
	TypeCacheEntry *type =
		lookup_type_cache(BYTEAOID, TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
	AttrNumber	column = 1;
	Oid			order = listing->reverse ? type->gt_opr : type->lt_opr;
	Oid			collation = InvalidOid;
	bool		nulls_first = false;

	listing->desc = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(listing->desc, 1, "name", BYTEAOID, -1, 0);
	TupleDescInitEntry(listing->desc, 2, "id", UUIDOID, -1, 0);
	listing->in = MakeSingleTupleTableSlot(listing->desc, &TTSOpsVirtual);
	listing->out = MakeSingleTupleTableSlot(listing->desc, &TTSOpsMinimalTuple);
	listing->sort = compat_tuplesort_begin_heap(
		listing->desc, 1, &column, &order, &collation, &nulls_first, work_mem);
	for (int64 i = 0; i < listing->n; i++)
	{
		Entry	   *entry = &listing->entries[i];

		sort_put(listing, entry->name, entry->namelen, &entry->id);
		pfree(entry->name);
	}
	pfree(listing->entries);
	listing->entries = NULL;
	listing->n = 0;
}

static bool
collect(const Dirent *dirent, void *arg)
{
	Listing    *listing = arg;
	Entry	   *entry;

	if (listing->sort == NULL &&
		listing->memory > Min((int64) work_mem, 64 * 1024) * 1024)
		sort_begin(listing);
	if (listing->sort != NULL)
	{
		sort_put(listing, dirent->name, dirent->namelen, &dirent->child_id);
		return true;
	}
	if (listing->n == listing->room)
	{
		listing->room *= 2;
		listing->entries = repalloc_huge(listing->entries,
										 sizeof(Entry) * listing->room);
	}
	entry = &listing->entries[listing->n++];
	entry->name = pnstrdup(dirent->name, dirent->namelen);
	entry->namelen = dirent->namelen;
	entry->id = dirent->child_id;
	/* an allocation has a header, and is rounded up */
	listing->memory += 2 * (int64) sizeof(Entry) + 2 * dirent->namelen + 32;
	return true;
}

/* There is no NUL in a name, so that this is the order of the bytes. */
static int
compare_entries(const void *a, const void *b)
{
	return strcmp(((const Entry *) a)->name, ((const Entry *) b)->name);
}

static int
compare_entries_reverse(const void *a, const void *b)
{
	return compare_entries(b, a);
}

static Listing *
listing_begin(const pg_uuid_t *dir, bool reverse)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "dittofs listing",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller_context = MemoryContextSwitchTo(context);
	Listing    *listing = palloc0(sizeof(Listing));

	listing->context = context;
	listing->reverse = reverse;
	listing->room = 16;
	listing->entries = palloc(sizeof(Entry) * listing->room);
	dirent_foreach(dir, 0, collect, listing);
	if (listing->sort != NULL)
		tuplesort_performsort(listing->sort);
	else
		qsort(listing->entries, listing->n, sizeof(Entry),
			  reverse ? compare_entries_reverse : compare_entries);
	MemoryContextSwitchTo(caller_context);
	return listing;
}

static bool
listing_next(Listing *listing, Entry *entry)
{
	bytea	   *name;

	CHECK_FOR_INTERRUPTS();
	if (listing->sort == NULL)
	{
		if (listing->next == listing->n)
			return false;
		*entry = listing->entries[listing->next++];
		return true;
	}
	if (!tuplesort_gettupleslot(listing->sort, true, false, listing->out, NULL))
		return false;
	slot_getallattrs(listing->out);
	name = DatumGetByteaPP(listing->out->tts_values[0]);
	entry->name = VARDATA_ANY(name);
	entry->namelen = VARSIZE_ANY_EXHDR(name);
	entry->id = *DatumGetUUIDP(listing->out->tts_values[1]);
	return true;
}

static void
listing_end(Listing *listing)
{
	if (listing->sort != NULL)
	{
		ExecDropSingleTupleTableSlot(listing->in);
		ExecDropSingleTupleTableSlot(listing->out);
		tuplesort_end(listing->sort);
	}
	MemoryContextDelete(listing->context);
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
	values[8] =
		PointerGetDatum(handle_form(&place->root.share->uuid, &inode->id));
}

/* The object of a path; the share's rules were checked on the way. */
static void
place_inode(const Place *place, Inode *inode)
{
	Op			op = place_enter(place, 0);
	FsGot		got;

	place_raise(place, fs_getattr(&op, &got));
	if (!inode_get(&op.id, inode))
		place_raise(place, FS_STALE);
}

static void
require_readable(const Place *place, const Inode *dir)
{
	if (!perm_check(&place->root.cred, dir, PERM_READ))
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

	require_values(fcinfo, 0);
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
	{
		bytea	   *target = DatumGetByteaPP(PointerGetDatum(inode.target));

		values[13] = CStringGetTextDatum(
			name_to_text(VARDATA_ANY(target), VARSIZE_ANY_EXHDR(target)));
	}
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
	Listing    *listing;
	Entry		entry;

	require_values(fcinfo, 0);
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
	listing = listing_begin(&inode.id, false);
	row_context = AllocSetContextCreate(CurrentMemoryContext, "dittofs ls row",
										ALLOCSET_SMALL_SIZES);
	caller_context = MemoryContextSwitchTo(row_context);
	while (listing_next(listing, &entry))
	{
		MemoryContextReset(row_context);
		if (!inode_get(&entry.id, &inode))
			continue;
		values[0] =
			CStringGetTextDatum(name_to_text(entry.name, entry.namelen));
		fill_common(&place, &inode, values + 1);
		srf_row(&srf, values, nulls);
	}
	MemoryContextSwitchTo(caller_context);
	listing_end(listing);
	return (Datum) 0;
}

/*
 * tree(path, caller)
 *
 * What is still to be shown is a stack, so that a tree may be of any width and
 * depth.  An entry on it has its name; where in the path that belongs follows
 * from what was shown before it, which is in the directory that the entry is
 * in.
 */

typedef struct Pending
{
	pg_uuid_t	id;
	int			depth;
	int			dirlen;			/* of the path of its directory */
	int			namelen;		/* the name is below this */
} Pending;

static void
push(Stack *stack, const Entry *entry, int depth, int dirlen)
{
	Pending		pending = {entry->id, depth, dirlen, entry->namelen};

	stack_push(stack, entry->name, entry->namelen);
	stack_push(stack, &pending, sizeof(pending));
}

static void
pop(Stack *stack, Pending *pending, StringInfo path)
{
	char		name[FS_NAME_MAX];

	stack_pop(stack, pending, sizeof(*pending));
	stack_pop(stack, name, pending->namelen);
	path->len = pending->dirlen;
	if (pending->namelen > 0)
	{
		if (path->len == 0 || path->data[path->len - 1] != '/')
			appendStringInfoChar(path, '/');
		appendBinaryStringInfo(path, name, pending->namelen);
	}
}

/* The path itself in its shortest form */
static void
first_path(const Place *place, StringInfo path)
{
	initStringInfo(path);
	for (int i = 0; i < place->names.n; i++)
	{
		appendStringInfoChar(path, '/');
		appendBinaryStringInfo(path, place->names.names[i].data,
							   place->names.names[i].len);
	}
	if (place->names.n == 0)
		appendStringInfoChar(path, '/');
}

Datum
dittofs_tree(PG_FUNCTION_ARGS)
{
	Place		place;
	Srf			srf;
	Inode		inode;
	Entry		entry = {0};
	StringInfoData path;
	Stack	   *stack;
	MemoryContext row_context;
	MemoryContext caller_context;

	require_values(fcinfo, 0);
	srf_begin(fcinfo, &srf);
	place_open(&place, "list", PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(1));
	place_inode(&place, &inode);
	first_path(&place, &path);
	stack = stack_create();
	entry.id = inode.id;
	entry.name = "";
	push(stack, &entry, 0, path.len);
	row_context = AllocSetContextCreate(
		CurrentMemoryContext, "dittofs tree row", ALLOCSET_SMALL_SIZES);
	while (!stack_empty(stack))
	{
		Pending		top;
		Datum		values[2 + COMMON_COLUMNS];
		bool		nulls[2 + COMMON_COLUMNS] = {false};

		CHECK_FOR_INTERRUPTS();
		pop(stack, &top, &path);
		if (!inode_get(&top.id, &inode))
			continue;
		MemoryContextReset(row_context);
		caller_context = MemoryContextSwitchTo(row_context);
		values[0] = CStringGetTextDatum(name_to_text(path.data, path.len));
		values[1] = Int32GetDatum(top.depth);
		fill_common(&place, &inode, values + 2);
		srf_row(&srf, values, nulls);
		if (inode.kind == KIND_DIRECTORY)
			place.path = name_to_text(path.data, path.len);
		MemoryContextSwitchTo(caller_context);
		if (inode.kind == KIND_DIRECTORY)
		{
			Listing    *listing;

			require_readable(&place, &inode);
			listing = listing_begin(&inode.id, true);
			while (listing_next(listing, &entry))
				push(stack, &entry, top.depth + 1, path.len);
			listing_end(listing);
		}
	}
	stack_free(stack);
	return (Datum) 0;
}
