/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_attr.c
 *	  LOOKUP, GETATTR, SETATTR, ACCESS, READLINK.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "tables/content.h"
#include "ops/ops.h"
#include "ops/replies.h"
#include "tables/staged.h"
#include "tables/usage.h"
#include "tables/xact.h"

/* The inode a name of a directory stands for. */
static Status
lookup_name(const Op *op, const Inode *dir, const FsName *name, Inode *child)
{
	Dirent		dirent;
	bool		found;

	if (name->dot || name->dotdot)
		found = inode_get(name->dot ? &dir->id : &dir->parent_id, child);
	else
		found =
			dirent_find_in(op->share, dir, name->data, name->len, &dirent) &&
			dirent_inode(&dirent, child);
	return found ? FS_OK : FS_NOENT;
}

/* '.' is the directory, '..' its parent; a share's root is its own parent. */
Status
fs_lookup(const Op *op, const FsLookup *args, FsLookedUp *result)
{
	Inode		dir,
				child;
	FsName		name;
	Status		status = op->status;

	result->dir.given = false;
	if (status != FS_OK || (status = op_get(op, &dir)) != FS_OK)
		return status;
	fattr_now(&result->dir, op, &dir);
	if (dir.kind != KIND_DIRECTORY)
		status = FS_NOTDIR;
	else if (!perm_check(&op->cred, &dir, PERM_EXEC))
		status = FS_ACCES;
	else if ((status = op_name(&args->name, &name)) == FS_OK)
		status = lookup_name(op, &dir, &name, &child);
	if (status == FS_OK)
	{
		result->handle.share = op->share->uuid;
		result->handle.id = child.id;
		inode_fattr(&child, op->share->fsid, &result->attributes);
	}
	return status;
}

Status
fs_getattr(const Op *op, FsGot *result)
{
	Inode		inode;
	Status		status = op->status;

	if (status == FS_OK)
		status = op_get(op, &inode);
	if (status == FS_OK)
		inode_fattr(&inode, op->share->fsid, &result->attributes);
	return status;
}

/*
 * The rules are those of POSIX chmod, chown, truncate and utimensat.  Owner
 * override: the owner may truncate whatever the mode, for the client checked
 * when the file was opened (RFC 1813, 4.4).
 */
Status
setattr_check(const Op *op, const Inode *inode, const SetAttrs *set)
{
	const Cred *cred = &op->cred;
	bool		owner = perm_owner(cred, inode);
	bool		may_write = owner || perm_check(cred, inode, PERM_WRITE);

	if (set->mode.given && !owner)
		return FS_PERM;
	if (set->uid.given && cred->uid != 0 &&
		(!owner || set->uid.value != inode->uid))
		return FS_PERM;
	if (set->gid.given && cred->uid != 0 &&
		(!owner || (set->gid.value != inode->gid &&
					!cred_in_group(cred, (uint32) set->gid.value))))
		return FS_PERM;
	if ((set->uid.given &&
		 (set->uid.value < 0 || set->uid.value > PG_UINT32_MAX)) ||
		(set->gid.given &&
		 (set->gid.value < 0 || set->gid.value > PG_UINT32_MAX)))
		return FS_INVAL;
	if ((set->atime.given || set->mtime.given) && !owner)
		return FS_PERM;
	if ((set->atime_now || set->mtime_now) && !may_write)
		return FS_ACCES;
	if (set->size.given)
	{
		if (inode->kind == KIND_DIRECTORY)
			return FS_ISDIR;
		if (inode->kind != KIND_REGULAR)
			return FS_INVAL;
		if (!may_write)
			return FS_ACCES;
		if (set->size.value < 0 || set->size.value > op->share->maxfilesize)
			return FS_FBIG;
		/* what a crash has taken can only be forgotten */
		if (set->size.value > 0 && content_check(inode) != FS_OK)
			return FS_IO;
		if (set->size.value < inode->size)
			return content_may_cut(inode, set->size.value, PG_INT64_MAX);
	}
	return FS_OK;
}

/* The mode after a write or truncation by a user other than root. */
static int32
mode_after_write(const Cred *cred, int32 mode)
{
	if (cred->uid == 0)
		return mode;
	if (mode & 0010)
		mode &= ~MODE_SGID;
	return mode & ~MODE_SUID;
}

void
setattr_apply(const Op *op, Inode *inode, const SetAttrs *set)
{
	FsTime		now = op_tick(inode);
	bool		chown = set->uid.given || set->gid.given;

	if (set->uid.given)
		inode->uid = (uint32) set->uid.value;
	if (set->gid.given)
		inode->gid = (uint32) set->gid.value;
	if (set->size.given)
	{
		bool		wanted = staged_wanted(op->share, inode);

		if (set->size.value < inode->size)
		{
			int64		used = inode->used;

			content_truncate(op->share, inode, set->size.value, now);
			usage_add(op->share->share_id, inode->used - used, 0);
		}
		inode->size = set->size.value;
		staged_note(op->share, inode, wanted);
		inode->mtime = now;
		inode->mode = mode_after_write(&op->cred, inode->mode);
	}
	if (set->mode.given && inode->kind != KIND_SYMLINK)
	{
		inode->mode = (int32) (set->mode.value & MODE_ALL);
		if (op->cred.uid != 0 && !cred_in_group(&op->cred, inode->gid))
			inode->mode &= ~MODE_SGID;
	}
	if (chown && inode->kind != KIND_DIRECTORY)
	{
		/* as Linux, for root too, and also where the mode was given */
		if (inode->mode & 0010)
			inode->mode &= ~MODE_SGID;
		inode->mode &= ~MODE_SUID;
	}
	if (set->atime.given)
		inode->atime = set->atime.value;
	else if (set->atime_now)
		inode->atime = now;
	if (set->mtime.given)
		inode->mtime = set->mtime.value;
	else if (set->mtime_now)
		inode->mtime = now;
	inode->ctime = now;
	inode_dirty(inode);
}

static bool
sets_anything(const SetAttrs *set)
{
	return set->mode.given || set->uid.given || set->gid.given ||
		set->size.given || set->atime.given || set->mtime.given ||
		set->atime_now || set->mtime_now;
}

static Status
setattr_locked(const Op *op, Inode *inode, const FsSetattr *args)
{
	Status		status;

	if (op->share->read_only)
		return FS_ROFS;
	if (args->guard.given && args->guard.value != inode->ctime)
		return FS_NOT_SYNC;
	status = setattr_check(op, inode, &args->set);
	if (status == FS_OK && sets_anything(&args->set))
		setattr_apply(op, inode, &args->set);
	return status;
}

Status
fs_setattr(const Op *op, const FsSetattr *args, FsChanged *result)
{
	Inode	   *inode = NULL;
	pg_uuid_t	id;
	Status		status = op->status;

	result->wcc.given = false;
	if (status != FS_OK)
		return status;
	change_begin_once("dittofs.set_file_attributes()", CHANGE_DURABLE);
	status = op_lock(op, &inode);
	if (reply_find(op, PROC_SETATTR, &id))
	{
		status = FS_OK;
		wcc_now(&result->wcc, op);
	}
	else if (status == FS_OK)
	{
		wcc_before(&result->wcc, inode);
		status = setattr_locked(op, inode, args);
		wcc_after(&result->wcc, op->share, inode);
		if (status == FS_OK)
			reply_store(op, PROC_SETATTR, NULL);
	}
	change_end();
	return status;
}

Status
fs_access(const Op *op, const FsAccess *args, FsAccessed *result)
{
	Inode		inode;
	Status		status = op->status;

	if (status == FS_OK)
		status = op_get(op, &inode);
	if (status == FS_OK)
	{
		uint32		bits = perm_access_bits(op->share, &op->cred, &inode);

		if (args->xattrs)
			bits |= perm_xattr_bits(op->share, &op->cred, &inode);
		inode_fattr(&inode, op->share->fsid, &result->attributes);
		result->granted = args->wanted & (int32) bits;
	}
	return status;
}

/* No permission is needed: POSIX has none for symbolic links. */
Status
fs_readlink(const Op *op, FsLink *result)
{
	Inode		inode;
	Status		status = op->status;

	result->attributes.given = false;
	if (status != FS_OK || (status = op_get(op, &inode)) != FS_OK)
		return status;
	fattr_now(&result->attributes, op, &inode);
	if (inode.kind != KIND_SYMLINK || inode.target == NULL)
		return FS_INVAL;
	result->target = inode.target;
	return FS_OK;
}
