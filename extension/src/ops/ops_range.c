/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_range.c
 *	  SEEK, ALLOCATE, DEALLOCATE, COPY, CLONE (RFC 7862).
 *
 * A hole of any size is made in constant time (content.c).  To allocate is to
 * ask: rows are not made before there are bytes, so nothing is kept for them.
 *
 * What a copy takes from pages is bytes that are written once more; blocks of a
 * store are shared.  COPY may do less than it was asked for, and does the share
 * of one call.  CLONE is all or nothing: it is refused where it would be more
 * than one call may do.  The refusal is INVAL and not NOTSUPP, after which
 * clients never try again, whatever the file.  They copy instead.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "miscadmin.h"

#include "base/change.h"
#include "base/verifier.h"
#include "ops/atime.h"
#include "ops/ops_data.h"
#include "tables/content.h"
#include "tables/content_copy.h"
#include "tables/content_seek.h"
#include "tables/staged.h"
#include "tables/usage.h"
#include "tables/xact.h"

/* Up to so many bytes ALLOCATE looks what of them is there already. */
#define LOOK_MAX		(64 * INT64CONST(1048576))
/* Pieces that one COPY copies (content_copy.c). */
#define COPY_PIECES		4
/* Rows that one CLONE copies: 33 MB of pages, 10 GB in blocks of 1 MiB. */
#define CLONE_PAGES		4096
#define CLONE_EXTENTS	10000

Status
fs_seek(const Op *op, const FsSeek *args, FsSought *result)
{
	Inode		inode;
	Status		status = op->status;

	if (status == FS_OK)
		status = op_get(op, &inode);
	if (status == FS_OK)
		status = data_check_read(op, &inode);
	if (status == FS_OK && args->offset < 0)
		status = FS_INVAL;
	if (status == FS_OK && args->offset >= inode.size)
		status = FS_NXIO;
	if (status != FS_OK)
		return status;
	result->offset = content_seek(&inode, args->offset, args->hole);
	result->eof = result->offset < 0 || result->offset >= inode.size;
	if (result->eof)
		result->offset = inode.size;
	return FS_OK;
}

/*
 * ALLOCATE and DEALLOCATE
 */

static Status
check_allocate(const Op *op, const Inode *inode, const FsRange *args)
{
	const Share *share = op->share;
	Status		status = data_check_write(op, inode);

	if (status == FS_OK && args->count < 1)
		status = FS_INVAL;
	if (status == FS_OK)
		status = data_check_range(share, args->offset, args->count);
	if (status == FS_OK && args->count <= LOOK_MAX)
		status = content_room(share, inode, args->offset, args->count, true);
	/* it certainly lacks this much */
	else if (status == FS_OK && args->count > inode->used &&
			 !usage_room(share, args->count - inode->used, 0))
		status = FS_NOSPC;
	return status;
}

static Status
allocate_locked(const Op *op, Inode *inode, const FsRange *args)
{
	Status		status = check_allocate(op, inode, args);

	if (status == FS_OK && args->offset + args->count > inode->size)
	{
		bool		wanted = staged_wanted(op->share, inode);

		data_written(op, inode, args->offset, args->count);
		staged_note(op->share, inode, wanted);
	}
	return status;
}

static Status
deallocate_locked(const Op *op, Inode *inode, const FsRange *args)
{
	Status		status = data_check_write(op, inode);
	int64		used = inode->used;
	bool		wanted;
	int64		end;

	if (status == FS_OK && (args->offset < 0 || args->count < 1))
		status = FS_INVAL;
	if (status != FS_OK || args->offset >= inode->size)
		return status;
	end = args->offset + Min(args->count, inode->size - args->offset);
	status = content_may_cut(inode, args->offset, end);
	if (status != FS_OK)
		return status;
	wanted = staged_wanted(op->share, inode);
	content_punch(op->share, inode, args->offset, end, op_tick(inode));
	usage_add(op->share->share_id, inode->used - used, 0);
	data_written(op, inode, args->offset, end - args->offset);
	staged_note(op->share, inode, wanted);
	return FS_OK;
}

static Status
change_range(const Op *op, const char *function,
			 Status (*change) (const Op *op, Inode *inode,
							   const FsRange *args),
			 const FsRange *args, FsChanged *result)
{
	Inode	   *inode = NULL;
	Status		status = op->status;

	result->wcc.given = false;
	if (status != FS_OK)
		return status;
	change_begin(function, CHANGE_DURABLE);
	status = op_lock(op, &inode);
	if (inode != NULL)
		wcc_before(&result->wcc, inode);
	if (status == FS_OK)
		status = change(op, inode, args);
	if (inode != NULL)
		wcc_after(&result->wcc, op->share, inode);
	change_end();
	return status;
}

Status
fs_allocate(const Op *op, const FsRange *args, FsChanged *result)
{
	return change_range(op, "dittofs.allocate()", allocate_locked, args,
						result);
}

Status
fs_deallocate(const Op *op, const FsRange *args, FsChanged *result)
{
	return change_range(op, "dittofs.punch_hole()", deallocate_locked, args,
						result);
}

/*
 * COPY and CLONE
 */

typedef struct Copying
{
	const Op   *source_op;
	const Op   *target_op;
	Inode	   *source;			/* these two locked; NULL: gone */
	Inode	   *target;
	int64		from;
	int64		to;
	int64		count;
} Copying;

/* The count that was meant, and whether it may be.  Both are locked. */
static Status
check_copy(Copying *copying)
{
	const Inode *source = copying->source;
	Status		status = data_check_read(copying->source_op, source);

	if (status == FS_OK)
		status = data_check_write(copying->target_op, copying->target);
	if (status == FS_OK &&
		(copying->from < 0 || copying->to < 0 || copying->count < 0 ||
		 copying->from > source->size ||
		 copying->count > source->size - copying->from))
		status = FS_INVAL;
	if (status != FS_OK)
		return status;
	if (copying->count == 0)
		copying->count = source->size - copying->from;
	if (source == copying->target &&
		copying->from < copying->to + copying->count &&
		copying->to < copying->from + copying->count)
		return FS_INVAL;
	return data_check_range(copying->target_op->share, copying->to,
							copying->count);
}

/* Is there room for what the source has in so many bytes? */
static Status
check_copy_room(const Copying *copying, int64 count, int64 bytes)
{
	const Share *share = copying->target_op->share;

	if (share->max_bytes < 0 || usage_room(share, bytes, 0))
		return FS_OK;
	return content_room(share, copying->target, copying->to, count, true);
}

/* Copies pieces; returns how many bytes. */
static int64
copy_pieces(const Copying *copying, int64 pieces, bool is_clear)
{
	const Share *share = copying->target_op->share;
	int64		done = 0;

	while (done < copying->count && pieces-- > 0)
	{
		CHECK_FOR_INTERRUPTS();
		done += content_copy(share, copying->target, copying->to + done,
							 copying->source, copying->from + done,
							 copying->count - done, is_clear);
	}
	return done;
}

static Status
copy_locked(Copying *copying)
{
	const Share *share = copying->target_op->share;
	ContentWeight weight;
	Status		status = check_copy(copying);

	if (status != FS_OK || copying->count == 0)
		return status;
	copying->count =
		Min(copying->count,
			COPY_PIECES * content_piece(copying->source, copying->count));
	status = content_may_copy(share, copying->source, copying->from,
							  copying->from + copying->count);
	if (status != FS_OK)
		return status;
	content_weigh(copying->source, copying->from,
				  copying->from + copying->count, PG_INT64_MAX, &weight);
	status = check_copy_room(copying, copying->count, weight.bytes);
	if (status == FS_OK)
		copying->count = copy_pieces(copying, COPY_PIECES, false);
	return status;
}

static Status
clone_locked(Copying *copying)
{
	const Share *share = copying->target_op->share;
	Inode	   *target = copying->target;
	ContentWeight weight;
	int64		end;
	Status		status = check_copy(copying);

	if (status != FS_OK || copying->count == 0)
		return status;
	content_weigh(copying->source, copying->from,
				  copying->from + copying->count, CLONE_EXTENTS + 1, &weight);
	if (weight.pages > CLONE_PAGES || weight.extents > CLONE_EXTENTS)
		return FS_INVAL;
	status = content_may_copy(share, copying->source, copying->from,
							  copying->from + copying->count);
	end = copying->to + copying->count;
	if (status == FS_OK)
		status = content_may_cut(target, copying->to, Min(end, target->size));
	/* what is there goes, but later: it may be much */
	if (status == FS_OK && share->max_bytes >= 0 &&
		!usage_room(share, weight.bytes, 0))
		status = FS_NOSPC;
	if (status != FS_OK)
		return status;
	content_punch(share, target, copying->to, Min(end, target->size),
				  op_tick(target));
	/* rows that are written there are marked by the cut that is noted */
	snapshot_step();
	(void) copy_pieces(copying, PG_INT64_MAX, true);
	return FS_OK;
}

static Status
look_at_both(const Copying *copying)
{
	Inode		seen;
	Status		status = op_get(copying->source_op, &seen);

	if (status == FS_OK)
		status = data_check_read(copying->source_op, &seen);
	if (status == FS_OK)
		status = op_get(copying->target_op, &seen);
	if (status == FS_OK)
		status = data_check_write(copying->target_op, &seen);
	return status;
}

static void
lock_both(Copying *copying)
{
	pg_uuid_t	ids[2] = {copying->source_op->id, copying->target_op->id};
	Inode	   *inodes[2];

	inode_lock(2, ids, inodes);
	copying->source = inodes[0];
	copying->target = inodes[1];
}

static Status
copy_range(const Op *source, const Op *target, const char *function,
		   Status (*copy) (Copying *copying), const FsCopy *args,
		   FsCopied *result)
{
	Copying		copying = {.source_op = source,.target_op = target,
		.from = args->from,.to = args->to,.count = args->count};
	Status		status = source->status != FS_OK ? source->status :
		target->status;
	Inode		read;

	result->wcc.given = false;
	if (status != FS_OK)
		return status;
	change_begin(function, CHANGE_DURABLE);
	/* directories are not to be locked here */
	status = look_at_both(&copying);
	if (status == FS_OK)
	{
		lock_both(&copying);
		if (copying.source == NULL || copying.target == NULL)
			status = FS_STALE;
	}
	if (copying.target != NULL)
		wcc_before(&result->wcc, copying.target);
	if (status == FS_OK)
	{
		Inode	   *inode = copying.target;
		int64		used = inode->used;
		bool		wanted = staged_wanted(target->share, inode);

		status = copy(&copying);
		if (status == FS_OK && copying.count > 0)
		{
			usage_add(target->share->share_id, inode->used - used, 0);
			data_written(target, inode, copying.to, copying.count);
			staged_note(target->share, inode, wanted);
		}
		read = *copying.source;
	}
	if (copying.target != NULL)
		wcc_after(&result->wcc, target->share, copying.target);
	change_end();
	if (status == FS_OK)
	{
		result->count = copying.count;
		result->stability = STABILITY_FILE_SYNC;
		write_verifier(result->verifier);
		atime_touch(source->share, &read);
	}
	return status;
}

Status
fs_copy(const Op *source, const Op *target, const FsCopy *args,
		FsCopied *result)
{
	return copy_range(source, target, "dittofs.copy_range()", copy_locked, args,
					  result);
}

Status
fs_clone(const Op *source, const Op *target, const FsCopy *args,
		 FsCopied *result)
{
	return copy_range(source, target, "dittofs.clone_range()", clone_locked,
					  args, result);
}
