/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_readdir.c
 *	  READDIR and READDIRPLUS.
 *
 * A page is a range of the index, from the cookie after which to go on; no
 * state and no lock lives between pages.  An entry's cookie depends on nothing
 * but its name.  So a scan in pages meets every entry that exists throughout
 * exactly once, on any gateway, whatever else comes and goes.
 *
 * The page is complete before its first row leaves: the head has to say
 * whether it is the last one.
 *
 * A caller that may read a directory but not search it gets names, and no more:
 * LOOKUP would refuse him the attributes and handles of its entries.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "miscadmin.h"

#include "ops/atime.h"
#include "ops/ops.h"

/*
 * The one place where the extension knows sizes on the wire (RFC 1813, 3.3.16
 * and 3.3.17): dircount and maxcount are budgets in bytes of XDR.  Whether the
 * page is the last one, and at which entry it ends, depends on what fits.  If
 * the gateway decided that, it would have to ask for more entries than it
 * sends, with an inode read for each, or come back for more within one call.
 *
 * The gateway counts what it has written all the same (nfs3_readdir.c): an
 * error here makes a page shorter, never larger than the client's buffer.
 */
#define XDR_PAD(n)			(((n) + 3) & ~3)
#define XDR_FATTR			84	/* which FATTR_LEN happens to be, too */
#define XDR_HEAD			(4 + XDR_FATTR + 8 + 4 + 4)	/* attributes, verifier,
														 * end of list, eof */
#define XDR_NAME(len)	 (8 + 4 + XDR_PAD(len) + 8)	/* fileid, name, cookie */
#define XDR_ENTRY(len)		(4 + XDR_NAME(len))
#define XDR_PLUS			(4 + XDR_FATTR + 4 + 4 + XDR_PAD(HANDLE_LEN))

/* A page while it is filled. */
typedef struct DirPage
{
	const Op   *op;
	bool		plus;
	int32		entry_size;		/* of XDR, without the name; 0: NFSv3's */
	bool		may_search;
	int64		dirbytes;		/* left of dircount */
	int64		bytes;			/* left of maxcount */
	bool		full;
	int			n;
	int			allocated;
	FsEntry    *entries;
} DirPage;

/* False: the entry does not fit. */
static bool
add_entry(DirPage *page, int64 cookie, int64 fileid, const pg_uuid_t *id,
		  const ItemPointerData *place, const char *name, int namelen)
{
	int			need = page->entry_size != 0 ?
		page->entry_size + XDR_PAD(namelen) :
		XDR_ENTRY(namelen) + (page->plus ? XDR_PLUS : 0);
	FsEntry    *entry;

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
		page->entries =
			repalloc(page->entries, page->allocated * sizeof(FsEntry));
	}
	entry = &page->entries[page->n++];
	entry->cookie = cookie;
	entry->fileid = fileid;
	entry->handle.share = page->op->share->uuid;
	entry->handle.id = *id;
	ItemPointerSetInvalid(&entry->place);
	if (place != NULL)
		entry->place = *place;
	entry->name = (bytea *) palloc(VARHDRSZ + namelen);
	SET_VARSIZE(entry->name, VARHDRSZ + namelen);
	memcpy(VARDATA(entry->name), name, namelen);
	entry->attributes.given = false;
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

/* What LOOKUP would tell of the entries. */
static void
add_attributes(DirPage *page)
{
	for (int i = 0; i < page->n; i++)
	{
		FsEntry    *entry = &page->entries[i];
		Inode		inode;

		CHECK_FOR_INTERRUPTS();
		if (!page->may_search && entry->cookie != COOKIE_DOT)
			continue;
		if (inode_get_at(&entry->handle.id, &entry->place, &inode))
			fattr_now(&entry->attributes, page->op, &inode);
	}
}

static Status
fill_page(DirPage *page, Inode *dir, int64 cookie)
{
	page->allocated = 64;
	page->entries = palloc(page->allocated * sizeof(FsEntry));
	if (cookie < COOKIE_DOT)
		add_entry(page, COOKIE_DOT, dir->fileid, &dir->id, NULL, ".", 1);
	if (!page->full && cookie < COOKIE_DOTDOT)
	{
		Inode		parent;

		if (!inode_get(&dir->parent_id, &parent))
			elog(ERROR, "dittofs: a directory has no parent");
		add_entry(page, COOKIE_DOTDOT, parent.fileid, &parent.id, NULL, "..",
				  2);
	}
	if (!page->full)
		dirent_foreach(&dir->id, Max(cookie, COOKIE_DOTDOT), add_dirent, page);
	if (page->full && page->n == 0)
		return FS_TOOSMALL;
	if (page->plus)
		add_attributes(page);
	return FS_OK;
}

Status
fs_readdir(const Op *op, const FsReaddir *args, FsPage *result)
{
	DirPage		page = {
		.op = op,
		.plus = args->plus,
		.entry_size = args->entry_size
	};
	Inode		dir;
	Status		status = op->status;

	result->dir.given = false;
	if (status != FS_OK || (status = op_get(op, &dir)) != FS_OK)
		return status;
	page.dirbytes = Max(args->dircount, 0);
	/*
	 * A gateway asks for TRANSFER_MAX at most.  This bounds what other callers
	 * make a session collect.
	 */
	page.bytes = Max(args->maxcount, 0) -
		(args->entry_size != 0 ? args->head_size : XDR_HEAD);
	page.bytes = Min(page.bytes, 4 * TRANSFER_MAX);
	page.may_search = perm_check(&op->cred, &dir, PERM_EXEC);
	if (dir.kind != KIND_DIRECTORY)
		status = FS_NOTDIR;
	else if (!perm_check(&op->cred, &dir, PERM_READ))
		status = FS_ACCES;
	else if (args->cookie < 0)
		status = FS_BAD_COOKIE;
	else
		status = fill_page(&page, &dir, args->cookie);
	if (status == FS_OK)
	{
		result->eof = !page.full;
		result->may_search = page.may_search;
		result->n = page.n;
		result->entries = page.entries;
		atime_touch(op->share, &dir);
	}
	fattr_now(&result->dir, op, &dir);
	return status;
}
