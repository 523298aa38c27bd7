/*-------------------------------------------------------------------------
 *
 * ops_readdir.c
 *	  READDIR and READDIRPLUS.
 *
 * A page is a range of the index, from the cookie after which to go on; no
 * state and no lock lives between pages.  An entry's cookie depends on nothing
 * but its name, so a scan in pages meets every entry that is there throughout
 * exactly once, on any replica, whatever else comes and goes.
 *
 * The page is complete before its first row leaves: the head has to say
 * whether it is the last one.
 *
 * Who may read a directory but not search it learns names, and no more: the
 * attributes and handles of its entries are what LOOKUP would refuse him.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "atime.h"
#include "ops.h"

PG_FUNCTION_INFO_V1(dittofs_read_directory);

/*
 * Sizes in XDR bytes (RFC 1813, 3.3.16 and 3.3.17): the budgets of a caller
 * are given in them.
 */
#define XDR_PAD(n)			(((n) + 3) & ~3)
#define XDR_FATTR			84
#define XDR_HEAD			(4 + XDR_FATTR + 8 + 4 + 4)	/* attributes, verifier,
														 * end of list, eof */
#define XDR_NAME(len)		(8 + 4 + XDR_PAD(len) + 8)	/* fileid, name, cookie */
#define XDR_ENTRY(len)		(4 + XDR_NAME(len))
#define XDR_PLUS			(4 + XDR_FATTR + 4 + 4 + XDR_PAD(HANDLE_LEN))

typedef struct Entry
{
	int64		cookie;
	int64		fileid;
	pg_uuid_t	id;
	ItemPointerData place;		/* as in a Dirent; or invalid */
	bytea	   *name;
	bool		has_attributes;
	Fattr		attributes;
} Entry;

typedef struct DirPage
{
	Op			op;
	bool		plus;
	int64		dirbytes;		/* left of dircount */
	int64		bytes;			/* left of maxcount */
	bool		full;
	int			n;
	int			allocated;
	Entry	   *entries;
	int			next;			/* to be returned */
	Status		status;
	bool		has_dir;
	Fattr		dir;
} DirPage;

/* False: the entry does not fit. */
static bool
add_entry(DirPage *page, int64 cookie, int64 fileid, const pg_uuid_t *id,
		  const ItemPointerData *place, const char *name, int namelen)
{
	int			need = XDR_ENTRY(namelen) + (page->plus ? XDR_PLUS : 0);
	Entry	   *entry;

	if (need > page->bytes || XDR_NAME(namelen) > page->dirbytes)
	{
		page->full = true;
		return false;
	}
	page->bytes -= need;
	page->dirbytes -= XDR_NAME(namelen);
	if (page->n == page->allocated)
	{
		page->allocated *= 2;
		page->entries = repalloc(page->entries, page->allocated * sizeof(Entry));
	}
	entry = &page->entries[page->n++];
	entry->cookie = cookie;
	entry->fileid = fileid;
	entry->id = *id;
	ItemPointerSetInvalid(&entry->place);
	if (place != NULL)
		entry->place = *place;
	entry->name = (bytea *) palloc(VARHDRSZ + namelen);
	SET_VARSIZE(entry->name, VARHDRSZ + namelen);
	memcpy(VARDATA(entry->name), name, namelen);
	entry->has_attributes = false;
	return true;
}

static bool
add_dirent(const Dirent *dirent, void *arg)
{
	return add_entry((DirPage *) arg, dirent->cookie, dirent->fileid,
					 &dirent->child_id,
					 dirent->has_place ? &dirent->place : NULL,
					 dirent->name, dirent->namelen);
}

static Status
fill_page(DirPage *page, Inode *dir, int64 cookie)
{
	page->allocated = 64;
	page->entries = palloc(page->allocated * sizeof(Entry));
	if (cookie < COOKIE_DOT)
		add_entry(page, COOKIE_DOT, dir->fileid, &dir->id, NULL, ".", 1);
	if (!page->full && cookie < COOKIE_DOTDOT)
	{
		Inode		parent;

		if (!inode_get(&dir->parent_id, &parent))
			elog(ERROR, "dittofs: a directory has no parent");
		add_entry(page, COOKIE_DOTDOT, parent.fileid, &parent.id, NULL, "..", 2);
	}
	if (!page->full)
		dirent_foreach(&dir->id, Max(cookie, COOKIE_DOTDOT), add_dirent, page);
	if (page->full && page->n == 0)
		return FS_TOOSMALL;
	if (page->plus)
	{
		bool		search = perm_check(&page->op.cred, dir, PERM_EXEC);

		for (int i = 0; i < page->n; i++)
		{
			Inode		inode;

			CHECK_FOR_INTERRUPTS();
			if (!search && page->entries[i].cookie != COOKIE_DOT)
				continue;
			page->entries[i].has_attributes =
				inode_get_at(&page->entries[i].id, &page->entries[i].place,
							 &inode);
			if (page->entries[i].has_attributes)
				inode_fattr(&inode, page->op.share->fsid,
							&page->entries[i].attributes);
		}
	}
	return FS_OK;
}

static void
read_page(FunctionCallInfo fcinfo, DirPage *page)
{
	Inode		dir;
	int64		cookie = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1);

	page->dirbytes = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT64(2);
	page->bytes = (PG_ARGISNULL(3) ? 0 : PG_GETARG_INT64(3)) - XDR_HEAD;
	page->plus = op_flag(fcinfo, 4);
	page->status = op_enter(fcinfo, 0, 5, &page->op);
	if (page->status != FS_OK)
		return;
	page->status = op_get(&page->op, &dir);
	if (page->status != FS_OK)
		return;
	if (dir.kind != KIND_DIRECTORY)
		page->status = FS_NOTDIR;
	else if (!perm_check(&page->op.cred, &dir, PERM_READ))
		page->status = FS_ACCES;
	else if (cookie < 0)
		page->status = FS_BAD_COOKIE;
	else
	{
		/* more than this is never sent at once, and must not be collected */
		page->bytes = Min(page->bytes, 4 * 1024 * 1024);
		page->status = fill_page(page, &dir, cookie);
		if (page->status == FS_OK)
			atime_touch(page->op.share, &dir);
	}
	inode_fattr(&dir, page->op.share->fsid, &page->dir);
	page->has_dir = true;
}

static Datum
form_head(const DirPage *page)
{
	Datum		values[7] = {0};
	bool		nulls[7] = {true, true, true, true, true, true, true};

	if (page->has_dir)
	{
		values[0] = PointerGetDatum(&page->dir);
		nulls[0] = false;
	}
	if (page->status == FS_OK)
	{
		values[1] = BoolGetDatum(!page->full);
		nulls[1] = false;
	}
	return op_result(TYPE_DIRECTORY_ROW, page->status, values, nulls, 7);
}

static Datum
form_entry(const DirPage *page, const Entry *entry)
{
	Datum		values[7] = {0};
	bool		nulls[7] = {true, true, false, false, false, true, true};

	values[2] = Int64GetDatum(entry->fileid);
	values[3] = PointerGetDatum(entry->name);
	values[4] = Int64GetDatum(entry->cookie);
	if (entry->has_attributes)
	{
		values[5] = PointerGetDatum(&entry->attributes);
		values[6] = PointerGetDatum(handle_form(&page->op.share->uuid, &entry->id));
		nulls[5] = nulls[6] = false;
	}
	return op_result(TYPE_DIRECTORY_ROW, FS_OK, values, nulls, 7);
}

/*
 * read_directory(dir, cookie, dircount, maxcount, attributes, caller): RFC
 * 1813, 3.3.16 and 3.3.17.  The first row is the head, the others are entries.
 */
Datum
dittofs_read_directory(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	DirPage	   *page;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		context = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		page = palloc0(sizeof(DirPage));
		read_page(fcinfo, page);
		context->user_fctx = page;
		MemoryContextSwitchTo(old);
		context = SRF_PERCALL_SETUP();
		SRF_RETURN_NEXT(context, form_head(page));
	}
	context = SRF_PERCALL_SETUP();
	page = (DirPage *) context->user_fctx;
	if (page->status == FS_OK && page->next < page->n)
		SRF_RETURN_NEXT(context, form_entry(page, &page->entries[page->next++]));
	SRF_RETURN_DONE(context);
}
