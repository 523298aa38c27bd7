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
#include "dittofs.h"

#include "ops.h"
#include "replies.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_remove_file);
PG_FUNCTION_INFO_V1(dittofs_remove_directory);

/*
 * A lock that is needed after others, out of order.  Somebody else has it only
 * in the moment when the name we looked up came to mean another directory.
 * What he may have put into it just before we got the lock must be seen.
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

/* What both need before they look at the child. */
static Status
check_removal(const Op *op, const Inode *dir, const FsName *name, Dirent *dirent)
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

static Datum
remove_name(FunctionCallInfo fcinfo, const char *function, bool directory)
{
	Op			op;
	FsName		name;
	Inode	   *dir = NULL;
	Wcc			wcc;
	Datum		value = PointerGetDatum(&wcc);
	bool		null = false;
	Procedure	procedure = directory ? PROC_RMDIR : PROC_REMOVE;
	pg_uuid_t	id;
	bool		repeated;
	Status		named;
	Status		status = op_enter(fcinfo, 0, 2, &op);

	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_CHANGE_RESULT, status, NULL, NULL, 1));

	change_begin(function, CHANGE_DURABLE);
	named = op_name(fcinfo, 1, &name);
	if (directory && named == FS_OK)
		status = lock_parent_and_child(&op, &name, &dir);
	else
		status = op_lock_dir(&op, &dir);
	repeated = reply_find(&op, procedure, &id);
	if (repeated)
		status = FS_OK;
	else
	{
		if (dir != NULL)
			wcc_before(&wcc, dir);
		if (status == FS_OK)
			status = named;
		if (status == FS_OK)
			status = directory ? remove_directory_from(&op, dir, &name) :
				remove_file_from(&op, dir, &name);
		if (status == FS_OK)
			reply_store(&op, procedure, &op.id);
	}
	if (dir != NULL && !repeated)
		wcc_after(&wcc, op.share, dir);
	else
		wcc_now(&wcc, &op);
	change_end();
	PG_RETURN_DATUM(op_result(TYPE_CHANGE_RESULT, status, &value, &null, 1));
}

/*
 * remove_file(dir, name, caller): RFC 1813, 3.3.12.  Removes one entry; the
 * inode goes with its last one.
 */
Datum
dittofs_remove_file(PG_FUNCTION_ARGS)
{
	return remove_name(fcinfo, "dittofs.remove_file()", false);
}

/*
 * remove_directory(dir, name, caller): RFC 1813, 3.3.13.  The check that it is
 * empty and its removal happen under the lock that adding an entry needs.
 */
Datum
dittofs_remove_directory(PG_FUNCTION_ARGS)
{
	return remove_name(fcinfo, "dittofs.remove_directory()", true);
}
