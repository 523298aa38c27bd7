/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops.c
 *	  Defines what the operations share: the object of a call, names, times,
 *	  wcc.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "base/change.h"
#include "tables/content.h"
#include "tables/file_locks.h"
#include "ops/ops.h"
#include "tables/states4.h"
#include "tables/usage.h"
#include "tables/xattrs.h"

Status
op_enter_share(Op *op, const Share *share, const pg_uuid_t *id,
			   const Caller *caller)
{
	op->share = share;
	op->caller = caller;
	op->id = *id;
	if (caller == NULL)
		return op->status = FS_ACCES;	/* no caller */
	op->status = share_admits(share, caller);
	if (op->status == FS_OK)
		cred_squash(share, caller, &op->cred);
	return op->status;
}

Status
op_enter(Op *op, FsBytes handle, const Caller *caller)
{
	Handle		parsed;
	const Share *share;

	if (handle.len != HANDLE_LEN || !handle_parse_bytes(handle.data, &parsed))
		return op->status = FS_BADHANDLE;
	share = share_by_uuid(&parsed.share);
	if (share == NULL)
		return op->status = FS_STALE;
	return op_enter_share(op, share, &parsed.id, caller);
}

/*
 * A handle names an object of one share; with another share's name it is
 * forged.
 */
static bool
in_share(const Op *op, const Inode *inode)
{
	return inode->share_id == op->share->share_id;
}

Status
op_get(const Op *op, Inode *inode)
{
	if (!inode_get(&op->id, inode) || !in_share(op, inode))
		return FS_STALE;
	return FS_OK;
}

Status
op_get_dir(const Op *op, Inode *dir)
{
	Status		status = op_get(op, dir);

	if (status == FS_OK && dir->kind != KIND_DIRECTORY)
		status = FS_NOTDIR;
	return status;
}

Status
op_lock(const Op *op, Inode **inode)
{
	inode_lock(1, &op->id, inode);
	if (*inode != NULL && !in_share(op, *inode))
		*inode = NULL;
	return *inode == NULL ? FS_STALE : FS_OK;
}

Status
op_lock_dir(const Op *op, Inode **dir)
{
	Inode		seen;
	Status		status;

	*dir = op->share->read_only ? NULL :
		inode_lock_dir(&op->id, op->share->share_id);
	if (*dir != NULL)
		return FS_OK;
	/* what is wrong with the handle comes first */
	status = op_get_dir(op, &seen);
	if (status == FS_OK)
		status = op->share->read_only ? FS_ROFS : FS_STALE;
	return status;
}

/*
 * A lock that is needed after others, out of order.  Another transaction has it
 * only in the moment when the name we looked up came to mean another
 * directory.  What he may have put into it just before we got the lock must be
 * seen.
 */
Inode *
op_lock_late(const pg_uuid_t *id)
{
	Inode	   *inode = inode_locked(id);

	if (inode != NULL)
		return inode;
	inode = inode_lock_nowait(id);
	if (inode != NULL)
		snapshot_renew();
	else
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("a directory entry changed while its directory was being locked"),
				 errhint("Nothing was changed; run the call again.")));
	return inode;
}

Status
op_name(const FsBytes *bytes, FsName *name)
{
	name->data = bytes->data;
	name->len = bytes->len;
	if (name->len == 0)
		return FS_INVAL;
	if (name->len > FS_NAME_MAX)
		return FS_NAMETOOLONG;
	if (memchr(name->data, '\0', name->len) ||
		memchr(name->data, '/', name->len))
		return FS_INVAL;
	name->dot = name->len == 1 && name->data[0] == '.';
	name->dotdot =
		name->len == 2 && name->data[0] == '.' && name->data[1] == '.';
	return FS_OK;
}

FsTime
op_tick(const Inode *inode)
{
	return Max(inode->ctime + 1, fs_now());
}

void
op_touch_dir(Inode *dir)
{
	dir->mtime = dir->ctime = op_tick(dir);
	inode_dirty(dir);
}

void
op_touch_ctime(Inode *inode)
{
	inode->ctime = op_tick(inode);
	inode_dirty(inode);
}

void
op_delete(const Share *share, Inode *inode)
{
	usage_add(share->share_id, -(inode->used + inode->xattrs), -1);
	content_remove(inode);
	xattrs_remove(inode);
	file_locks_remove(inode);
	if (inode->kind != KIND_DIRECTORY && inode->nlink == 0)
		unlinked4_remove(&inode->id);
	inode_delete(inode);
}

/* A file that a client of NFSv4 has open is kept until it is closed. */
void
op_unlink(const Share *share, Inode *inode)
{
	if (inode->kind == KIND_DIRECTORY ||
		(inode->nlink <= 1 && !states4_any(&inode->id)))
	{
		op_delete(share, inode);
		return;
	}
	inode->nlink--;
	if (inode->nlink == 0)
		unlinked4_add(&inode->id, share->share_id);
	op_touch_ctime(inode);
}

void
wcc_before(OptWcc *wcc, const Inode *inode)
{
	memset(&wcc->value, 0, sizeof(Wcc));
	wcc->value.has_before = true;
	wcc->value.before_size = inode->size;
	wcc->value.before_mtime = inode->mtime;
	wcc->value.before_ctime = inode->ctime;
}

void
wcc_after(OptWcc *wcc, const Share *share, const Inode *inode)
{
	wcc->given = true;
	wcc->value.has_after = true;
	inode_fattr(inode, share->fsid, &wcc->value.after);
}

void
wcc_now(OptWcc *wcc, const Op *op)
{
	Inode		inode;

	memset(&wcc->value, 0, sizeof(Wcc));
	wcc->given = true;
	if (op_get(op, &inode) == FS_OK)
		wcc_after(wcc, op->share, &inode);
}

void
fattr_now(OptFattr *attributes, const Op *op, const Inode *inode)
{
	attributes->given = true;
	inode_fattr(inode, op->share->fsid, &attributes->value);
}
