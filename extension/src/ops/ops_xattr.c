/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_xattr.c
 *	  GETXATTR, SETXATTR, LISTXATTRS, REMOVEXATTR (RFC 8276).
 *
 * The rules are those of Linux for names that begin with "user.", which NFS
 * does not write: regular files and directories have such attributes, others
 * have none and cannot get any.  Who may read the object may read and list
 * them, who may write it may change them; in a directory with the sticky bit
 * only its owner may.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "ops/ops.h"
#include "tables/usage.h"
#include "tables/xact.h"
#include "tables/xattrs.h"

static bool
may_have(const Inode *inode)
{
	return inode->kind == KIND_REGULAR || inode->kind == KIND_DIRECTORY;
}

static Status
check_name(const FsBytes *name)
{
	if (name->len == 0 || memchr(name->data, '\0', name->len) != NULL)
		return FS_INVAL;
	return name->len > XATTR_NAME_LEN_MAX ? FS_NAMETOOLONG : FS_OK;
}

Status
fs_getxattr(const Op *op, const FsXattr *args, FsXattrValue *result)
{
	Inode		inode;
	Status		status = op->status;

	if (status == FS_OK)
		status = check_name(&args->name);
	if (status == FS_OK)
		status = op_get(op, &inode);
	if (status == FS_OK && !may_have(&inode))
		status = FS_NOXATTR;
	if (status == FS_OK && !perm_check(&op->cred, &inode, PERM_READ))
		status = FS_ACCES;
	if (status == FS_OK)
	{
		result->value = xattr_get(&inode, args->name.data, args->name.len);
		if (result->value == NULL)
			status = FS_NOXATTR;
	}
	return status;
}

/* Of SETXATTR and REMOVEXATTR, for a locked inode. */
static Status
check_change(const Op *op, const Inode *inode)
{
	if (op->share->read_only)
		return FS_ROFS;
	if (!may_have(inode))
		return FS_PERM;
	if (!perm_xattr_sticky(&op->cred, inode))
		return FS_PERM;
	return perm_check(&op->cred, inode, PERM_WRITE) ? FS_OK : FS_ACCES;
}

/* Is there room for it beside the file's others, and in the share? */
static Status
check_room(const Op *op, const Inode *inode, const FsSetXattr *args,
		   const XattrPlace *place)
{
	int64		growth = args->name.len + args->value.len - place->bytes;

	if (!place->found && place->count >= XATTRS_COUNT_MAX)
		return FS_NOSPC;
	if (growth > 0 && inode->xattrs + growth > XATTRS_BYTES_MAX)
		return FS_NOSPC;
	return growth <= 0 || usage_room(op->share, growth, 0) ? FS_OK : FS_NOSPC;
}

static Status
set_locked(const Op *op, Inode *inode, const FsSetXattr *args)
{
	XattrPlace	place;
	int64		before = inode->xattrs;
	Status		status = check_change(op, inode);

	if (status == FS_OK && args->value.len > XATTR_VALUE_LEN_MAX)
		status = FS_XATTR2BIG;
	if (status != FS_OK)
		return status;
	xattr_look(inode, args->name.data, args->name.len, &place);
	if (args->how == XATTR_CREATE && place.found)
		return FS_EXIST;
	if (args->how == XATTR_REPLACE && !place.found)
		return FS_NOXATTR;
	status = check_room(op, inode, args, &place);
	if (status != FS_OK)
		return status;
	xattr_put(inode, &place, args->name.data, args->name.len, args->value.data,
			  args->value.len);
	usage_add(op->share->share_id, inode->xattrs - before, 0);
	op_touch_ctime(inode);
	return FS_OK;
}

static Status
remove_locked(const Op *op, Inode *inode, const FsXattr *args)
{
	XattrPlace	place;
	Status		status = check_change(op, inode);

	if (status != FS_OK)
		return status;
	xattr_look(inode, args->name.data, args->name.len, &place);
	if (!place.found)
		return FS_NOXATTR;
	xattr_drop(inode, &place);
	usage_add(op->share->share_id, -place.bytes, 0);
	op_touch_ctime(inode);
	return FS_OK;
}

/* Brackets of both. */
static Status
begin_change(const Op *op, const char *function, Inode **inode,
			 FsChanged *result)
{
	Status		status;

	change_begin(function, CHANGE_DURABLE);
	status = op_lock(op, inode);
	if (*inode != NULL)
		wcc_before(&result->wcc, *inode);
	return status;
}

static void
end_change(const Op *op, const Inode *inode, FsChanged *result)
{
	if (inode != NULL)
		wcc_after(&result->wcc, op->share, inode);
	change_end();
}

Status
fs_setxattr(const Op *op, const FsSetXattr *args, FsChanged *result)
{
	Inode	   *inode = NULL;
	Status		status = op->status;

	result->wcc.given = false;
	if (status == FS_OK && (args->how == XATTR_NO_HOW ||
							(args->value.data == NULL && args->value.len > 0)))
		status = FS_INVAL;
	if (status == FS_OK)
		status = check_name(&args->name);
	if (status != FS_OK)
		return status;
	status = begin_change(op, "dittofs.setxattr()", &inode, result);
	if (status == FS_OK)
		status = set_locked(op, inode, args);
	end_change(op, inode, result);
	return status;
}

Status
fs_removexattr(const Op *op, const FsXattr *args, FsChanged *result)
{
	Inode	   *inode = NULL;
	Status		status = op->status;

	result->wcc.given = false;
	if (status == FS_OK)
		status = check_name(&args->name);
	if (status != FS_OK)
		return status;
	status = begin_change(op, "dittofs.removexattr()", &inode, result);
	if (status == FS_OK)
		status = remove_locked(op, inode, args);
	end_change(op, inode, result);
	return status;
}

/*
 * Listing.  A client limits a page by the bytes of its XDR, so these are
 * counted here, as those of READDIR are.
 */

/* Cookie, count of names, end of file; and what a name takes. */
#define PAGE_XDR	(8 + 4 + 4)
#define NAME_XDR(len) (4 + TYPEALIGN(4, (len)))

typedef struct Listing
{
	FsXattrPage *page;
	int64		left;			/* bytes of XDR */
	int			room;			/* in page->entries */
} Listing;

static bool
list_one(const Xattr *xattr, void *arg)
{
	Listing    *listing = (Listing *) arg;
	FsXattrPage *page = listing->page;
	FsXattrEntry *entry;
	char	   *copy;

	listing->left -= NAME_XDR(xattr->namelen);
	if (listing->left < 0)
	{
		page->eof = false;
		return false;
	}
	if (page->n == listing->room)
	{
		listing->room *= 2;
		page->entries =
			repalloc(page->entries, sizeof(FsXattrEntry) * listing->room);
	}
	copy = palloc(xattr->namelen);
	memcpy(copy, xattr->name, xattr->namelen);
	entry = &page->entries[page->n++];
	entry->name.data = copy;
	entry->name.len = xattr->namelen;
	entry->length = xattr->length;
	page->cookie = xattr->cookie;
	return true;
}

Status
fs_listxattrs(const Op *op, const FsListXattrs *args, FsXattrPage *result)
{
	Listing		listing = {.page = result,.room = 16};
	Inode		inode;
	Status		status = op->status;

	if (status == FS_OK)
		status = op_get(op, &inode);
	if (status == FS_OK && may_have(&inode) &&
		!perm_check(&op->cred, &inode, PERM_READ))
		status = FS_ACCES;
	if (status == FS_OK && args->cookie < 0)
		status = FS_BAD_COOKIE;
	if (status == FS_OK && args->maxcount < PAGE_XDR)
		status = FS_TOOSMALL;
	if (status != FS_OK)
		return status;
	result->eof = true;
	result->cookie = args->cookie;
	result->n = 0;
	result->entries = palloc(sizeof(FsXattrEntry) * listing.room);
	listing.left = args->maxcount - PAGE_XDR;
	xattr_foreach(&inode, args->cookie, list_one, &listing);
	return result->n == 0 && !result->eof ? FS_TOOSMALL : FS_OK;
}
