/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_data.c
 *	  READ, WRITE, COMMIT.
 *
 * A write locks the inode, so writes to one file follow each other and its
 * size is the greatest end of any of them, in whatever order they arrive.
 * Size, times and blocks change in one transaction: there is never a file of
 * the right size with zeros where data should be.
 *
 * Owner override: the owner may read and write whatever the mode, for the
 * client checked when the file was opened (RFC 1813, 4.4).  Who may execute a
 * file may read it: otherwise no client could run it.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "ops/atime.h"
#include "base/change.h"
#include "tables/content.h"
#include "admin/dropped.h"
#include "admin/locks.h"
#include "admin/states.h"
#include "ops/ops_data.h"
#include "ops/replies.h"
#include "tables/staged.h"
#include "tables/usage.h"
#include "base/verifier.h"
#include "tables/xact.h"

static Status
check_regular(const Inode *inode)
{
	if (inode->kind == KIND_DIRECTORY)
		return FS_ISDIR;
	return inode->kind == KIND_REGULAR ? FS_OK : FS_INVAL;
}

Status
data_check_read(const Op *op, const Inode *inode)
{
	Status		status = check_regular(inode);

	if (status == FS_OK && !perm_owner(&op->cred, inode) &&
		!perm_check(&op->cred, inode, PERM_READ) &&
		!perm_check(&op->cred, inode, PERM_EXEC))
		status = FS_ACCES;
	return status == FS_OK ? content_check(inode) : status;
}

Status
data_check_write(const Op *op, const Inode *inode)
{
	Status		status = check_regular(inode);

	if (status == FS_OK && op->share->read_only)
		status = FS_ROFS;
	if (status == FS_OK && !perm_owner(&op->cred, inode) &&
		!perm_check(&op->cred, inode, PERM_WRITE))
		status = FS_ACCES;
	return status == FS_OK ? content_check(inode) : status;
}

Status
data_check_range(const Share *share, int64 offset, int64 count)
{
	if (offset < 0 || count < 0)
		return FS_INVAL;
	if (count > share->maxfilesize || offset > share->maxfilesize - count)
		return FS_FBIG;
	return FS_OK;
}

static int32
clamp_read(const Op *op, const Inode *inode, int64 offset, int64 count,
		   bool *eof)
{
	count = Min(count, op->share->rtmax);
	if (offset >= inode->size)
		count = 0;
	else
		count = Min(count, inode->size - offset);
	*eof = offset + count >= inode->size;
	return (int32) count;
}

Status
data_read_begin(const Op *op, const FsRange *args, DataRead *read)
{
	Status		status = op->status;

	if (status == FS_OK)
		status = op_get(op, &read->inode);
	read->found = status == FS_OK;
	if (!read->found)
		return status;
	if (args->offset < 0 || args->count < 0)
		return FS_INVAL;
	status = data_check_read(op, &read->inode);
	if (status == FS_OK)
		read->count = clamp_read(op, &read->inode, args->offset, args->count,
								 &read->eof);
	return status;
}

void
data_read_end(const Op *op, const DataRead *read, OptFattr *attributes)
{
	attributes->given = false;
	if (read->found)
		fattr_now(attributes, op, &read->inode);
}

Status
fs_read(const Op *op, const FsRange *args, FsRead *result)
{
	DataRead	read;
	Status		status = data_read_begin(op, args, &read);

	if (status == FS_OK)
	{
		result->eof = read.eof;
		if (content_elsewhere(&read.inode, args->offset, read.count))
			status = FS_ELSEWHERE;
		else
		{
			result->data = content_read(&read.inode, args->offset, read.count);
			if (read.count > 0)
				atime_touch(op->share, &read.inode);
		}
	}
	data_read_end(op, &read, &result->attributes);
	return status;
}

void
data_written(const Op *op, Inode *inode, int64 offset, int64 count)
{
	inode->size = Max(inode->size, offset + count);
	inode->mtime = inode->ctime = op_tick(inode);
	if (op->cred.uid != 0)
	{
		/* POSIX write(): a set-id program that was changed is none any more */
		if (inode->mode & 0010)
			inode->mode &= ~MODE_SGID;
		inode->mode &= ~MODE_SUID;
	}
	inode_dirty(inode);
}

Status
data_write_begin(const char *function, const Op *op, Stability stability,
				 Inode **inode, FsWritten *result)
{
	Status		status;

	change_begin(function, stability == STABILITY_UNSTABLE ?
				 CHANGE_UNSTABLE : CHANGE_DURABLE);
	status = op_lock(op, inode);
	if (*inode != NULL)
		wcc_before(&result->wcc, *inode);
	return status;
}

void
data_write_end(const Op *op, const Inode *inode, Status status, int32 count,
			   Stability stability, FsWritten *result)
{
	if (status == FS_OK)
	{
		result->count = count;
		result->stability = stability;
		write_verifier(result->verifier);
	}
	if (inode != NULL)
		wcc_after(&result->wcc, op->share, inode);
	else
		wcc_now(&result->wcc, op);
	change_end();
}

/* May count bytes be written there?  What fs_write() answers */
static Status
check_write(const Op *op, const Inode *inode, const FsWrite *args)
{
	Status		status;

	if (args->data.data == NULL || args->stability == STABILITY_NONE)
		return FS_INVAL;
	status = data_check_write(op, inode);
	if (status == FS_OK)
		status = data_check_range(op->share, args->offset, args->data.len);
	if (status == FS_OK)
		status = content_room(op->share, inode, args->offset, args->data.len,
							  false);
	return status;
}

Status
fs_write(const Op *op, const FsWrite *args, FsWritten *result)
{
	Inode	   *inode = NULL;
	Status		status = op->status;

	result->wcc.given = false;
	if (status != FS_OK)
		return status;
	status = data_write_begin("dittofs.write()", op, args->stability, &inode,
							  result);
	if (status == FS_OK)
		status = check_write(op, inode, args);
	if (status == FS_OK && args->data.len > 0)
	{
		int64		used = inode->used;
		bool		wanted = staged_wanted(op->share, inode);

		content_write(op->share, inode, args->offset, args->data.data,
					  args->data.len);
		usage_add(op->share->share_id, inode->used - used, 0);
		data_written(op, inode, args->offset, args->data.len);
		staged_note(op->share, inode, wanted);
	}
	data_write_end(op, inode, status, args->data.len, args->stability, result);
	return status;
}

/*
 * What unstable writes left to be flushed lies in the WAL before this point.
 * A transaction that writes a record of its own and commits synchronously
 * flushes all of it, and waits for the standbys that must have it.
 */
Status
fs_commit(const Op *op, const FsRange *args, FsCommitted *result)
{
	Inode		inode;
	Status		status = op->status;

	result->wcc.given = false;
	if (status != FS_OK)
		return status;
	flush_begin("dittofs.commit()");
	status = op_get(op, &inode);
	if (status == FS_OK)
	{
		/* it changes nothing, so there is no before */
		memset(&result->wcc.value, 0, sizeof(Wcc));
		wcc_after(&result->wcc, op->share, &inode);
		if (args->offset < 0 || args->count < 0)
			status = FS_INVAL;
		else
			status = data_check_write(op, &inode);
	}
	if (status == FS_OK)
	{
		compat_log_message("dittofs");
		write_verifier(result->verifier);
	}
	change_end();
	return status;
}

/* A slice at a time */
int64
fs_reap(int64 max)
{
	int64		deleted;

	if (max <= 0)
		return 0;
	change_begin("dittofs.reap()", CHANGE_UNSTABLE);
	/* what it deletes leaves content to the reaper */
	deleted = dropped_reap(max);
	snapshot_renew();
	if (deleted < max)
		deleted += content_reap(max - deleted);
	locks_sweep();
	states_sweep();
	reply_expire();
	change_end();
	return deleted;
}
