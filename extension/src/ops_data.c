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
#include "dittofs.h"

#include "utils/builtins.h"

#include "atime.h"
#include "content.h"
#include "ops_data.h"
#include "replies.h"
#include "staged.h"
#include "usage.h"
#include "verifier.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_read);
PG_FUNCTION_INFO_V1(dittofs_write);
PG_FUNCTION_INFO_V1(dittofs_commit);
PG_FUNCTION_INFO_V1(dittofs_reap);

const char *const stability_words[] = {"unstable", "data_sync", "file_sync", NULL};

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

Status
data_range_args(FunctionCallInfo fcinfo, int arg, int64 *offset, int64 *count)
{
	*offset = *count = 0;
	if (PG_ARGISNULL(arg) || PG_ARGISNULL(arg + 1))
		return FS_INVAL;
	*offset = PG_GETARG_INT64(arg);
	*count = PG_GETARG_INT64(arg + 1);
	return *offset < 0 || *count < 0 ? FS_INVAL : FS_OK;
}

int32
data_clamp_read(const Op *op, const Inode *inode, int64 offset, int64 count, bool *eof)
{
	count = Min(count, op->share->rtmax);
	if (offset >= inode->size)
		count = 0;
	else
		count = Min(count, inode->size - offset);
	*eof = offset + count >= inode->size;
	return (int32) count;
}

/*
 * read(handle, offset, count, caller): RFC 1813, 3.3.6.  count is cut to rtmax.
 */
Datum
dittofs_read(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode		inode;
	Fattr		attr;
	int64		offset,
				count;
	bool		eof;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};
	Status		status = op_enter(fcinfo, 0, 3, &op);

	if (status == FS_OK)
		status = op_get(&op, &inode);
	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_READ_RESULT, status, NULL, NULL, 3));
	status = data_range_args(fcinfo, 1, &offset, &count);
	if (status == FS_OK)
		status = data_check_read(&op, &inode);
	if (status == FS_OK)
	{
		int32		n = data_clamp_read(&op, &inode, offset, count, &eof);

		if (content_elsewhere(&inode, offset, n))
			status = FS_ELSEWHERE;
		else
		{
			values[2] = PointerGetDatum(content_read(&inode, offset, n));
			values[1] = BoolGetDatum(eof);
			nulls[1] = nulls[2] = false;
			if (n > 0)
				atime_touch(op.share, &inode);
		}
	}
	inode_fattr(&inode, op.share->fsid, &attr);
	values[0] = PointerGetDatum(&attr);
	nulls[0] = false;
	PG_RETURN_DATUM(op_result(TYPE_READ_RESULT, status, values, nulls, 3));
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

bytea *
data_verifier(void)
{
	bytea	   *verifier = (bytea *) palloc(VARHDRSZ + FS_VERIFIER_LEN);

	SET_VARSIZE(verifier, VARHDRSZ + FS_VERIFIER_LEN);
	write_verifier((uint8 *) VARDATA(verifier));
	return verifier;
}

/*
 * write(handle, offset, data, stability, caller): RFC 1813, 3.3.7.  All of the
 * data or nothing.  Nothing to write is OK and changes nothing.
 */
Datum
dittofs_write(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode	   *inode = NULL;
	Wcc			wcc;
	int			stability = op_word(fcinfo, 3, stability_words);
	bytea	   *data = PG_ARGISNULL(2) ? NULL : PG_GETARG_BYTEA_PP(2);
	int32		count = data == NULL ? 0 : VARSIZE_ANY_EXHDR(data);
	int64		offset = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1);
	Datum		values[4] = {0};
	bool		nulls[4] = {false, true, true, true};
	Status		status = op_enter(fcinfo, 0, 4, &op);

	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_WRITE_RESULT, status, NULL, NULL, 4));

	change_begin("dittofs.write()",
				 stability == 0 ? CHANGE_UNSTABLE : CHANGE_DURABLE);
	status = op_lock(&op, &inode);
	if (inode != NULL)
		wcc_before(&wcc, inode);
	if (status == FS_OK && (data == NULL || stability < 0))
		status = FS_INVAL;
	if (status == FS_OK)
		status = data_check_write(&op, inode);
	if (status == FS_OK)
		status = data_check_range(op.share, offset, count);
	if (status == FS_OK)
		status = content_room(op.share, inode, offset, count, false);
	if (status == FS_OK && count > 0)
	{
		int64		used = inode->used;
		bool		wanted = staged_wanted(op.share, inode);

		content_write(op.share, inode, offset, VARDATA_ANY(data), count);
		usage_add(op.share->share_id, inode->used - used, 0);
		data_written(&op, inode, offset, count);
		staged_note(op.share, inode, wanted);
	}
	if (status == FS_OK)
	{
		values[1] = Int32GetDatum(count);
		values[2] = CStringGetTextDatum(stability_words[stability]);
		values[3] = PointerGetDatum(data_verifier());
		nulls[1] = nulls[2] = nulls[3] = false;
	}
	if (inode != NULL)
		wcc_after(&wcc, op.share, inode);
	else
		wcc_now(&wcc, &op);
	values[0] = PointerGetDatum(&wcc);
	change_end();
	PG_RETURN_DATUM(op_result(TYPE_WRITE_RESULT, status, values, nulls, 4));
}

/*
 * commit(handle, offset, count, caller): RFC 1813, 3.3.21.
 *
 * What unstable writes left to be flushed lies in the WAL before this point.
 * A transaction that writes a record of its own and commits synchronously
 * flushes all of it, and waits for the standbys that must have it.
 */
Datum
dittofs_commit(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode		inode;
	Wcc			wcc;
	int64		offset,
				count;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};
	Status		status = op_enter(fcinfo, 0, 3, &op);

	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_COMMIT_RESULT, status, NULL, NULL, 2));

	change_begin("dittofs.commit()", CHANGE_DURABLE);
	status = op_get(&op, &inode);
	if (status == FS_OK)
	{
		/* it changes nothing, so there is no before */
		memset(&wcc, 0, sizeof(wcc));
		wcc_after(&wcc, op.share, &inode);
		values[0] = PointerGetDatum(&wcc);
		nulls[0] = false;
		status = data_range_args(fcinfo, 1, &offset, &count);
	}
	if (status == FS_OK)
		status = data_check_write(&op, &inode);
	if (status == FS_OK)
	{
		compat_log_message("dittofs");
		values[1] = PointerGetDatum(data_verifier());
		nulls[1] = false;
	}
	change_end();
	PG_RETURN_DATUM(op_result(TYPE_COMMIT_RESULT, status, values, nulls, 2));
}

/*
 * reap(max_blocks): deletes content that no file has any more, a slice at a
 * time; returns the number of blocks deleted.
 */
Datum
dittofs_reap(PG_FUNCTION_ARGS)
{
	int64		deleted = 0;

	if (!PG_ARGISNULL(0) && PG_GETARG_INT64(0) > 0)
	{
		change_begin("dittofs.reap()", CHANGE_UNSTABLE);
		deleted = content_reap(PG_GETARG_INT64(0));
		reply_expire();
		change_end();
	}
	PG_RETURN_INT64(deleted);
}
