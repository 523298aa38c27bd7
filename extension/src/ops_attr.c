/*-------------------------------------------------------------------------
 *
 * ops_attr.c
 *	  LOOKUP, GETATTR, SETATTR, ACCESS, READLINK.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "content.h"
#include "ops.h"
#include "replies.h"
#include "staged.h"
#include "usage.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_lookup);
PG_FUNCTION_INFO_V1(dittofs_get_file);
PG_FUNCTION_INFO_V1(dittofs_set_file_attributes);
PG_FUNCTION_INFO_V1(dittofs_check_permissions);
PG_FUNCTION_INFO_V1(dittofs_read_symlink);

/* The inode a name of a directory stands for. */
static Status
lookup_name(const Op *op, const Inode *dir, const FsName *name, Inode *child)
{
	Dirent		dirent;
	bool		found;

	if (name->dot || name->dotdot)
		found = inode_get(name->dot ? &dir->id : &dir->parent_id, child);
	else
		found = dirent_find(op->share, &dir->id, name->data, name->len, &dirent) &&
			dirent_inode(&dirent, child);
	return found ? FS_OK : FS_NOENT;
}

/*
 * lookup(dir, name, caller): RFC 1813, 3.3.3.  '.' is the directory, '..' its
 * parent; the share's root is its own parent.
 */
Datum
dittofs_lookup(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode		dir,
				child;
	FsName		name;
	Fattr		attr,
				dir_attr;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};
	Status		status = op_enter(fcinfo, 0, 2, &op);

	if (status == FS_OK && (status = op_get(&op, &dir)) == FS_OK)
	{
		inode_fattr(&dir, op.share->fsid, &dir_attr);
		values[2] = PointerGetDatum(&dir_attr);
		nulls[2] = false;
		if (dir.kind != KIND_DIRECTORY)
			status = FS_NOTDIR;
		else if (!perm_check(&op.cred, &dir, PERM_EXEC))
			status = FS_ACCES;
		else if ((status = op_name(fcinfo, 1, &name)) == FS_OK)
			status = lookup_name(&op, &dir, &name, &child);
	}
	if (status == FS_OK)
	{
		inode_fattr(&child, op.share->fsid, &attr);
		values[0] = PointerGetDatum(handle_form(&op.share->uuid, &child.id));
		values[1] = PointerGetDatum(&attr);
		nulls[0] = nulls[1] = false;
	}
	PG_RETURN_DATUM(op_result(TYPE_LOOKUP_RESULT, status, values, nulls, 3));
}

/*
 * get_file(handle, caller): RFC 1813, 3.3.1.
 */
Datum
dittofs_get_file(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode		inode;
	Fattr		attr;
	Datum		value = PointerGetDatum(&attr);
	bool		null = false;
	Status		status = op_enter(fcinfo, 0, 1, &op);

	if (status == FS_OK)
		status = op_get(&op, &inode);
	if (status == FS_OK)
		inode_fattr(&inode, op.share->fsid, &attr);
	else
		null = true;
	PG_RETURN_DATUM(op_result(TYPE_FILE_RESULT, status, &value, &null, 1));
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
	if ((set->uid.given && (set->uid.value < 0 || set->uid.value > PG_UINT32_MAX)) ||
		(set->gid.given && (set->gid.value < 0 || set->gid.value > PG_UINT32_MAX)))
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
	}
	return FS_OK;
}

/* What a write or truncation by anybody but root leaves of the mode. */
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

			content_truncate(op->share, inode, set->size.value);
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

/*
 * set_file_attributes(handle, caller, mode, uid, gid, size, atime, mtime,
 * atime_now, mtime_now, guard): RFC 1813, 3.3.2.
 */
Datum
dittofs_set_file_attributes(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode	   *inode = NULL;
	SetAttrs	set = {0};
	OptInt		guard;
	pg_uuid_t	id;
	Wcc			wcc;
	Datum		value = PointerGetDatum(&wcc);
	bool		null = false;
	Status		status = op_enter(fcinfo, 0, 1, &op);

	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_CHANGE_RESULT, status, NULL, NULL, 1));
	set.mode = op_opt(fcinfo, 2);
	set.uid = op_opt(fcinfo, 3);
	set.gid = op_opt(fcinfo, 4);
	set.size = op_opt(fcinfo, 5);
	set.atime = op_opt(fcinfo, 6);
	set.mtime = op_opt(fcinfo, 7);
	set.atime_now = op_flag(fcinfo, 8);
	set.mtime_now = op_flag(fcinfo, 9);
	guard = op_opt(fcinfo, 10);

	change_begin("dittofs.set_file_attributes()", CHANGE_DURABLE);
	status = op_lock(&op, &inode);
	if (reply_find(&op, PROC_SETATTR, &id))
	{
		status = FS_OK;
		wcc_now(&wcc, &op);
	}
	else if (status == FS_OK)
	{
		wcc_before(&wcc, inode);
		if (op.share->read_only)
			status = FS_ROFS;
		else if (guard.given && guard.value != inode->ctime)
			status = FS_NOT_SYNC;
		else
			status = setattr_check(&op, inode, &set);
		if (status == FS_OK &&
			(set.mode.given || set.uid.given || set.gid.given ||
			 set.size.given || set.atime.given || set.mtime.given ||
			 set.atime_now || set.mtime_now))
			setattr_apply(&op, inode, &set);
		wcc_after(&wcc, op.share, inode);
		if (status == FS_OK)
			reply_store(&op, PROC_SETATTR, &op.id);
	}
	else
		null = true;
	change_end();
	PG_RETURN_DATUM(op_result(TYPE_CHANGE_RESULT, status, &value, &null, 1));
}

/*
 * check_permissions(handle, wanted, caller): RFC 1813, 3.3.4.  A bit that is
 * denied is no failure.
 */
Datum
dittofs_check_permissions(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode		inode;
	Fattr		attr;
	Datum		values[2];
	bool		nulls[2] = {false, false};
	Status		status = op_enter(fcinfo, 0, 2, &op);

	if (status == FS_OK)
		status = op_get(&op, &inode);
	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_ACCESS_RESULT, status, NULL, NULL, 2));
	inode_fattr(&inode, op.share->fsid, &attr);
	values[0] = PointerGetDatum(&attr);
	values[1] = Int32GetDatum((PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1)) &
							  (int32) perm_access_bits(op.share, &op.cred, &inode));
	PG_RETURN_DATUM(op_result(TYPE_ACCESS_RESULT, status, values, nulls, 2));
}

/*
 * read_symlink(handle, caller): RFC 1813, 3.3.5.  No permission is needed:
 * POSIX has none for symbolic links.
 */
Datum
dittofs_read_symlink(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode		inode;
	Fattr		attr;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};
	Status		status = op_enter(fcinfo, 0, 1, &op);

	if (status == FS_OK && (status = op_get(&op, &inode)) == FS_OK)
	{
		inode_fattr(&inode, op.share->fsid, &attr);
		values[0] = PointerGetDatum(&attr);
		nulls[0] = false;
		if (inode.kind != KIND_SYMLINK || inode.target == NULL)
			status = FS_INVAL;
		else
		{
			values[1] = PointerGetDatum(inode.target);
			nulls[1] = false;
		}
	}
	PG_RETURN_DATUM(op_result(TYPE_READLINK_RESULT, status, values, nulls, 2));
}
