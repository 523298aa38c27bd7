/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_content.c
 *	  The halves of READ and WRITE around content that is in a store.
 *
 * A gateway moves the bytes: the database tells where they are, and is told
 * where they have gone.  A read is prepare_read() and then the gateway's
 * fetching of blocks.  A write is prepare_write(), which claims the blocks,
 * then the putting of those that are not there yet, then commit_write(), which
 * makes them the file's in one transaction, with size and times.  Between the
 * two anything may happen to the file, so all is checked again.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "ops/atime.h"
#include "tables/content.h"
#include "ops/ops_data.h"
#include "tables/staged.h"
#include "tables/usage.h"
#include "tables/xact.h"

Status
fs_prepare_read(const Op *op, const FsRange *args, FsReadPrepared *result)
{
	DataRead	read;
	Status		status = data_read_begin(op, args, &read);

	if (status == FS_OK)
	{
		ContentPlan plan;

		result->eof = read.eof;
		result->count = read.count;
		content_plan(&read.inode, args->offset, read.count, &plan);
		result->segments = plan_encode(&plan);
		result->data = plan_data(&plan);
		if (read.count > 0)
			atime_touch(op->share, &read.inode);
	}
	data_read_end(op, &read, &result->attributes);
	return status;
}

/* The blocks of a call, packed.  INVAL */
static Status
parse_blocks(const FsBytes *packed, BlockRef *refs, int *n, int64 *total)
{
	*n = packed->data == NULL ? -1 :
		blocks_parse(packed->data, packed->len, refs, total);
	return *n < 0 ? FS_INVAL : FS_OK;
}

static const bytea *
needs_bytea(int32 store_id, const BlockRef *refs, int n)
{
	bytea	   *needed = (bytea *) palloc(VARHDRSZ + n);

	SET_VARSIZE(needed, VARHDRSZ + n);
	stored_claim(store_id, refs, n, (uint8 *) VARDATA(needed));
	return needed;
}

/* Takes the blocks apart and says whether the file can get them. */
static Status
check_prepare_write(const Op *op, const Inode *inode,
					const FsPrepareWrite *args, BlockRef *refs, int *n)
{
	int64		count;
	Status		status = parse_blocks(&args->blocks, refs, n, &count);

	if (status == FS_OK)
		status = data_check_write(op, inode);
	if (status == FS_OK)
		status = data_check_range(op->share, args->offset, count);
	if (status == FS_OK && !share_fills_store(op->share))
		status = FS_NOTSUPP;
	if (status == FS_OK)
		status = content_room(op->share, inode, args->offset, count, true);
	return status;
}

Status
fs_prepare_write(const Op *op, const FsPrepareWrite *args,
				 FsWritePrepared *result)
{
	Inode		inode;
	BlockRef	refs[BLOCKS_MAX];
	int			n;
	Status		status = op->status;

	result->attributes.given = false;
	if (status != FS_OK)
		return status;
	change_begin("dittofs.prepare_write()", CHANGE_UNSTABLE);
	status = op_get(op, &inode);
	if (status == FS_OK)
	{
		fattr_now(&result->attributes, op, &inode);
		status = check_prepare_write(op, &inode, args, refs, &n);
	}
	if (status == FS_OK)
	{
		result->store_id = op->share->store_id;
		result->needed = needs_bytea(result->store_id, refs, n);
	}
	change_end();
	return status;
}

/* The same for fs_commit_write(); the blocks are held. */
static Status
check_commit_write(const Op *op, const Inode *inode, const FsCommitWrite *args,
				   BlockRef *refs, int *n, int64 *count)
{
	Status		status;

	if (args->stability == STABILITY_NONE)
		return FS_INVAL;
	status = parse_blocks(&args->blocks, refs, n, count);
	if (status == FS_OK)
		status = data_check_write(op, inode);
	if (status == FS_OK)
		status = data_check_range(op->share, args->offset, *count);
	if (status == FS_OK && op->share->store_read_only &&
		op->share->store_id == args->store_id)
		status = FS_JUKEBOX;	/* since prepare_write() */
	if (status == FS_OK)
		status = stored_hold(args->store_id, refs, *n);
	if (status == FS_OK)
		status = content_room(op->share, inode, args->offset, *count, true);
	return status;
}

/* Everything is checked again: the file may have changed. */
Status
fs_commit_write(const Op *op, const FsCommitWrite *args, FsWritten *result)
{
	Inode	   *inode = NULL;
	BlockRef	refs[BLOCKS_MAX];
	int			n = 0;
	int64		count = 0;
	Status		status = op->status;

	result->wcc.given = false;
	if (status != FS_OK)
		return status;
	status = data_write_begin("dittofs.commit_write()", op, args->stability,
							  &inode, result);
	if (status == FS_OK)
		status = check_commit_write(op, inode, args, refs, &n, &count);
	if (status == FS_OK && count > 0)
	{
		int64		used = inode->used;
		bool		wanted = staged_wanted(op->share, inode);

		stored_mark(args->store_id, refs, n);
		content_link(op->share, inode, args->offset, args->store_id, refs, n);
		usage_add(op->share->share_id, inode->used - used, 0);
		data_written(op, inode, args->offset, count);
		staged_note(op->share, inode, wanted);
	}
	data_write_end(op, inode, status, (int32) count, args->stability, result);
	return status;
}

/* For a gateway that makes new blocks of what it has found in a file */
const bytea *
fs_claim_blocks(int32 store_id, FsBytes blocks)
{
	BlockRef	refs[BLOCKS_MAX];
	int			n;
	int64		total;
	const bytea *needed;

	if (parse_blocks(&blocks, refs, &n, &total) != FS_OK ||
		!store_takes_blocks(store_id))
		return NULL;
	change_begin("dittofs.claim_blocks()", CHANGE_UNSTABLE);
	needed = needs_bytea(store_id, refs, n);
	change_end();
	return needed;
}
