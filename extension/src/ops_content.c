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
#include "dittofs.h"

#include "utils/builtins.h"

#include "atime.h"
#include "content.h"
#include "ops_data.h"
#include "srf.h"
#include "staged.h"
#include "usage.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_prepare_read);
PG_FUNCTION_INFO_V1(dittofs_prepare_write);
PG_FUNCTION_INFO_V1(dittofs_commit_write);
PG_FUNCTION_INFO_V1(dittofs_claim_blocks);

/*
 * prepare_read(handle, offset, count, caller): as read(), but blocks of a store
 * are named and not fetched.
 */
Datum
dittofs_prepare_read(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode		inode;
	Fattr		attr;
	int64		offset,
				count;
	bool		eof;
	Datum		values[4] = {0};
	bool		nulls[4] = {true, true, true, true};
	Status		status = op_enter(fcinfo, 0, 3, &op);

	if (status == FS_OK)
		status = op_get(&op, &inode);
	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_PREPARE_READ_RESULT, status, NULL, NULL, 4));
	status = data_range_args(fcinfo, 1, &offset, &count);
	if (status == FS_OK)
		status = data_check_read(&op, &inode);
	if (status == FS_OK)
	{
		int32		n = data_clamp_read(&op, &inode, offset, count, &eof);
		ContentPlan		plan;

		content_plan(&inode, offset, n, &plan);
		values[1] = BoolGetDatum(eof);
		values[2] = PointerGetDatum(plan_encode(&plan));
		values[3] = PointerGetDatum(plan_data(&plan));
		nulls[1] = nulls[2] = nulls[3] = false;
		if (n > 0)
			atime_touch(op.share, &inode);
	}
	inode_fattr(&inode, op.share->fsid, &attr);
	values[0] = PointerGetDatum(&attr);
	nulls[0] = false;
	PG_RETURN_DATUM(op_result(TYPE_PREPARE_READ_RESULT, status, values, nulls, 4));
}

/* The blocks of a call: argument arg.  INVAL */
static Status
blocks_arg(FunctionCallInfo fcinfo, int arg, BlockRef *refs, int *n, int64 *total)
{
	*n = -1;
	if (!PG_ARGISNULL(arg))
		*n = blocks_parse(PG_GETARG_BYTEA_PP(arg), refs, total);
	return *n < 0 ? FS_INVAL : FS_OK;
}

static bytea *
needs_bytea(int32 store_id, const BlockRef *refs, int n)
{
	bytea	   *needed = (bytea *) palloc(VARHDRSZ + n);

	SET_VARSIZE(needed, VARHDRSZ + n);
	stored_claim(store_id, refs, n, (uint8 *) VARDATA(needed));
	return needed;
}

/*
 * prepare_write(handle, offset, blocks, caller): may he write there, and which
 * of the blocks have to be put into the store?
 */
Datum
dittofs_prepare_write(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode		inode;
	Fattr		attr;
	BlockRef	refs[BLOCKS_MAX];
	int			n;
	int64		count;
	int64		offset = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1);
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};
	Status		status = op_enter(fcinfo, 0, 3, &op);

	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_PREPARE_WRITE_RESULT, status, NULL, NULL, 3));

	change_begin("dittofs.prepare_write()", CHANGE_UNSTABLE);
	status = op_get(&op, &inode);
	if (status == FS_OK)
	{
		status = blocks_arg(fcinfo, 2, refs, &n, &count);
		if (status == FS_OK)
			status = data_check_write(&op, &inode);
		if (status == FS_OK)
			status = data_check_range(op.share, offset, count);
		if (status == FS_OK && !share_in_store(op.share))
			status = FS_NOTSUPP;
		if (status == FS_OK)
			status = content_room(op.share, &inode, offset, count, true);
		inode_fattr(&inode, op.share->fsid, &attr);
		values[0] = PointerGetDatum(&attr);
		nulls[0] = false;
	}
	if (status == FS_OK)
	{
		values[1] = Int32GetDatum(op.share->store_id);
		values[2] = PointerGetDatum(needs_bytea(op.share->store_id, refs, n));
		nulls[1] = nulls[2] = false;
	}
	change_end();
	PG_RETURN_DATUM(op_result(TYPE_PREPARE_WRITE_RESULT, status, values, nulls, 3));
}

/*
 * commit_write(handle, offset, blocks, store_id, stability, caller): the blocks
 * are stored; they are the file's from now on.  Everything is checked again:
 * the file may have changed since prepare_write().
 */
Datum
dittofs_commit_write(PG_FUNCTION_ARGS)
{
	Op			op;
	Inode	   *inode = NULL;
	Wcc			wcc;
	BlockRef	refs[BLOCKS_MAX];
	int			n = 0;
	int64		count = 0;
	int64		offset = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1);
	int32		store_id = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	int			stability = op_word(fcinfo, 4, stability_words);
	Datum		values[4] = {0};
	bool		nulls[4] = {false, true, true, true};
	Status		status = op_enter(fcinfo, 0, 5, &op);

	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_WRITE_RESULT, status, NULL, NULL, 4));

	change_begin("dittofs.commit_write()",
				 stability == 0 ? CHANGE_UNSTABLE : CHANGE_DURABLE);
	status = op_lock(&op, &inode);
	if (inode != NULL)
		wcc_before(&wcc, inode);
	if (status == FS_OK && stability < 0)
		status = FS_INVAL;
	if (status == FS_OK)
		status = blocks_arg(fcinfo, 2, refs, &n, &count);
	if (status == FS_OK)
		status = data_check_write(&op, inode);
	if (status == FS_OK)
		status = data_check_range(op.share, offset, count);
	if (status == FS_OK)
		status = stored_hold(store_id, refs, n);
	if (status == FS_OK)
		status = content_room(op.share, inode, offset, count, true);
	if (status == FS_OK && count > 0)
	{
		int64		used = inode->used;
		bool		wanted = staged_wanted(op.share, inode);

		stored_mark(store_id, refs, n);
		content_link(op.share, inode, offset, store_id, refs, n);
		usage_add(op.share->share_id, inode->used - used, 0);
		data_written(&op, inode, offset, count);
		staged_note(op.share, inode, wanted);
	}
	if (status == FS_OK)
	{
		values[1] = Int32GetDatum((int32) count);
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
 * claim_blocks(store_id, blocks): what prepare_write() says of blocks, for a
 * gateway that makes new ones of what it has found in a file.
 */
Datum
dittofs_claim_blocks(PG_FUNCTION_ARGS)
{
	BlockRef	refs[BLOCKS_MAX];
	int			n;
	int64		total;
	bytea	   *needed;

	if (PG_ARGISNULL(0) || blocks_arg(fcinfo, 1, refs, &n, &total) != FS_OK ||
		!store_exists(PG_GETARG_INT32(0)))
		PG_RETURN_NULL();
	change_begin("dittofs.claim_blocks()", CHANGE_UNSTABLE);
	needed = needs_bytea(PG_GETARG_INT32(0), refs, n);
	change_end();
	PG_RETURN_BYTEA_P(needed);
}
