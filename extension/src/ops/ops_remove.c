/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_remove.c
 *	  REMOVE and RMDIR.
 *
 * A directory that is to go is locked together with its parent, in the order
 * of ids.  Which directory that is must be looked up first, without a lock,
 * and once more under the parent's lock, which fixes what the name stands for.
 * If it stands for another directory by then, that one is locked without
 * waiting: waiting out of order could deadlock.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "ops/ops.h"
#include "ops/replies.h"
#include "tables/xact.h"

/* What both need before they look at the child. */
static Status
check_removal(const Op *op, const Inode *dir, const FsName *name,
			  Dirent *dirent)
{
	if (!perm_check(&op->cred, dir, PERM_EXEC))
		return FS_ACCES;
	if (!dirent_find(op->share, &dir->id, name->data, name->len, dirent))
		return FS_NOENT;
	return FS_OK;
}

static Status
remove_file_from(const Op *op, Inode *dir, const FsName *name)
{
	Dirent		dirent;
	Inode		seen;
	Inode	   *child;
	Status		status;

	if (name->dot || name->dotdot)
		return FS_INVAL;
	status = check_removal(op, dir, name, &dirent);
	if (status != FS_OK)
		return status;
	if (!dirent_inode(&dirent, &seen))
		elog(ERROR, "dittofs: an entry has no inode");
	if (seen.kind == KIND_DIRECTORY)
		return FS_ISDIR;
	if (!perm_check(&op->cred, dir, PERM_WRITE))
		return FS_ACCES;

	inode_lock(1, &dirent.child_id, &child);
	if (child == NULL)
		elog(ERROR, "dittofs: an entry of a locked directory lost its inode");
	/* whose it is may change until it is locked */
	if (!perm_sticky(&op->cred, dir, child))
		return FS_PERM;
	dirent_delete(&dir->id, &dirent);
	op_unlink(op->share, child);
	op_touch_dir(dir);
	return FS_OK;
}

/* Locks the parent and, if the name stands for one, the directory in it. */
static Status
lock_parent_and_child(const Op *op, const FsName *name, Inode **dir)
{
	Inode		seen;
	Dirent		dirent;
	Status		status = op_get_dir(op, &seen);

	*dir = NULL;
	if (status == FS_OK && op->share->read_only)
		status = FS_ROFS;
	if (status != FS_OK)
		return status;
	if (!name->dot && !name->dotdot &&
		dirent_find(op->share, &op->id, name->data, name->len, &dirent) &&
		dirent_inode(&dirent, &seen) && seen.kind == KIND_DIRECTORY)
	{
		pg_uuid_t	ids[2] = {op->id, dirent.child_id};
		Inode	   *inodes[2];

		inode_lock(2, ids, inodes);
		*dir = inodes[0];
		return *dir == NULL ? FS_STALE : FS_OK;
	}
	return op_lock(op, dir);
}

static Status
remove_directory_from(const Op *op, Inode *dir, const FsName *name)
{
	Dirent		dirent;
	Inode		seen;
	Inode	   *child;
	Status		status;

	if (name->dot)
		return FS_INVAL;
	if (name->dotdot)
		return FS_EXIST;
	status = check_removal(op, dir, name, &dirent);
	if (status != FS_OK)
		return status;
	if (!dirent_inode(&dirent, &seen))
		elog(ERROR, "dittofs: an entry has no inode");
	if (seen.kind != KIND_DIRECTORY)
		return FS_NOTDIR;
	if (!perm_check(&op->cred, dir, PERM_WRITE))
		return FS_ACCES;
	child = op_lock_late(&dirent.child_id);
	if (!perm_sticky(&op->cred, dir, child))
		return FS_PERM;
	if (dirent_any(&child->id))
		return FS_NOTEMPTY;

	dirent_delete(&dir->id, &dirent);
	op_unlink(op->share, child);
	dir->nlink--;
	op_touch_dir(dir);
	return FS_OK;
}

static Status
remove_name(const Op *op, const FsRemove *args, const char *function,
			bool directory, FsChanged *result)
{
	FsName		name;
	Inode	   *dir = NULL;
	Procedure	procedure = directory ? PROC_RMDIR : PROC_REMOVE;
	pg_uuid_t	id;
	bool		repeated;
	Status		named;
	Status		status = op->status;

	result->wcc.given = false;
	if (status != FS_OK)
		return status;
	change_begin_once(function, CHANGE_DURABLE);
	named = op_name(&args->name, &name);
	if (directory && named == FS_OK)
		status = lock_parent_and_child(op, &name, &dir);
	else
		status = op_lock_dir(op, &dir);
	repeated = reply_find(op, procedure, &id);
	if (repeated)
		status = FS_OK;
	else
	{
		if (dir != NULL)
			wcc_before(&result->wcc, dir);
		if (status == FS_OK)
			status = named;
		if (status == FS_OK)
			status = directory ? remove_directory_from(op, dir, &name) :
				remove_file_from(op, dir, &name);
		if (status == FS_OK)
			reply_store(op, procedure, NULL);
	}
	if (dir != NULL && !repeated)
		wcc_after(&result->wcc, op->share, dir);
	else
		wcc_now(&result->wcc, op);
	change_end();
	return status;
}

/* Removes one entry; the inode goes with its last one. */
Status
fs_remove(const Op *dir, const FsRemove *args, FsChanged *result)
{
	return remove_name(dir, args, "dittofs.remove_file()", false, result);
}

/*
 * The check that it is empty and its removal happen under the lock that adding
 * an entry needs.
 */
Status
fs_rmdir(const Op *dir, const FsRemove *args, FsChanged *result)
{
	return remove_name(dir, args, "dittofs.remove_directory()", true, result);
}
