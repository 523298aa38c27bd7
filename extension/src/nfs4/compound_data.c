/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_data.c
 *	  READ, WRITE, COMMIT, and what NFSv4.2 has besides.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/opens4.h"
#include "nfs4/operations.h"

/* What NFSv4 says of an object that is no regular file. */
static uint32
data_status(Status status, bool is_known, const Fattr *attributes)
{
	if (status == FS_INVAL && is_known && attributes->kind != KIND_REGULAR)
		return attributes->kind == KIND_SYMLINK ? NFS4ERR_SYMLINK :
			NFS4ERR_WRONG_TYPE;
	return status4(status);
}

static uint32
written_status(Status status, const OptWcc *wcc)
{
	return data_status(status, wcc->given && wcc->value.has_after,
					   &wcc->value.after);
}

/* The stateid of an operation, which its arguments begin with. */
static uint32
take_stateid(Compound *c, int access)
{
	Stateid		stateid;
	uint32		status = compound_stateid(c, &stateid);

	return status == NFS4_OK ?
		stateid_check(c, &c->current, &stateid, access, true) : status;
}

/*
 * READ
 */

/*
 * Blocks of a store are named, and the gateway fetches them.  What counts for
 * the reply is the bytes that it will have.
 */
static uint32
read_elsewhere(Compound *c, const FsRange *range)
{
	FsReadPrepared read;
	uint32		xdr;
	Status		status = fs_prepare_read(&c->current.op, range, &read);

	if (status != FS_OK)
		return data_status(status, read.attributes.given,
						   &read.attributes.value);
	put_u32(c, read.eof);
	xdr = c->xdr + sizeof(uint32) + XDR_PADDED((uint32) read.count);
	put_u32(c, NFS4_DATA_SEGMENTS);
	put_opaque(c, VARDATA_ANY(read.segments),
			   VARSIZE_ANY_EXHDR(read.segments));
	put_beside(c, read.data);
	c->xdr = xdr;
	return NFS4_OK;
}

uint32
nfs4_read(Compound *c)
{
	uint32		status = take_stateid(c, STATEID_READ);
	uint64		offset = get_u64(c);
	uint32		count = get_u32(c);
	FsRange		range = {
		.offset = (int64) Min(offset, (uint64) PG_INT64_MAX),
		.count = count
	};
	FsRead		read;
	Status		done;

	if (status != NFS4_OK)
		return status;
	done = fs_read(&c->current.op, &range, &read);
	if (done == FS_ELSEWHERE)
		return read_elsewhere(c, &range);
	if (done != FS_OK)
		return data_status(done, read.attributes.given,
						   &read.attributes.value);
	put_u32(c, read.eof);
	put_data(c, read.data);
	return NFS4_OK;
}

/*
 * WRITE
 */

static uint32
put_written(Compound *c, Status status, const FsWritten *written)
{
	if (status != FS_OK)
		return written_status(status, &written->wcc);
	put_u32(c, (uint32) written->count);
	put_u32(c, (uint32) written->stability);
	put_bytes(c, written->verifier, FS_VERIFIER_LEN);
	return NFS4_OK;
}

/* stable_how4 has the numbers of stable_how. */
static uint32
check_stability(uint32 stable)
{
	return stable > STABILITY_FILE_SYNC ? FS_INVAL : NFS4_OK;
}

uint32
nfs4_write(Compound *c)
{
	uint32		status = take_stateid(c, STATEID_WRITE);
	uint64		offset = get_u64(c);
	uint32		stable = get_u32(c);
	FsWrite		args = {.stability = (Stability) stable};
	FsWritten	written;

	args.data = get_data(c);
	args.offset = (int64) offset;
	if (status == NFS4_OK)
		status = check_stability(stable);
	if (status == NFS4_OK && offset > PG_INT64_MAX)
		status = FS_FBIG;
	if (status != NFS4_OK)
		return status;
	return put_written(c, fs_write(&c->current.op, &args, &written), &written);
}

uint32
nfs4_write_blocks(Compound *c)
{
	uint32		status = take_stateid(c, STATEID_WRITE);
	uint64		offset = get_u64(c);
	uint32		stable = get_u32(c);
	FsCommitWrite args = {
		.offset = (int64) offset,
		.stability = (Stability) stable
	};
	FsWritten	written;

	args.store_id = (int32) get_u32(c);
	args.blocks = get_opaque(c);
	if (status == NFS4_OK)
		status = check_stability(stable);
	if (status == NFS4_OK && offset > PG_INT64_MAX)
		status = FS_FBIG;
	if (status != NFS4_OK)
		return status;
	return put_written(c, fs_commit_write(&c->current.op, &args, &written),
					   &written);
}

uint32
nfs4_commit(Compound *c)
{
	uint64		offset = get_u64(c);
	FsRange		range = {.offset = (int64) offset};
	FsCommitted committed;
	Status		status;

	range.count = get_u32(c);
	if (offset > PG_INT64_MAX)
		return FS_INVAL;
	status = fs_commit(&c->current.op, &range, &committed);
	if (status != FS_OK)
		return written_status(status, &committed.wcc);
	put_bytes(c, committed.verifier, FS_VERIFIER_LEN);
	return NFS4_OK;
}

/*
 * NFSv4.2
 */

/* No advice is taken. */
uint32
nfs4_io_advise(Compound *c)
{
	static const Bitmap none;
	uint32		status = take_stateid(c, STATEID_READ);

	(void) get_u64(c);
	(void) get_u64(c);
	(void) get_bitmap(c);
	if (status == NFS4_OK)
		put_bitmap(c, &none);
	return status;
}

/* A number of the wire that none of ours is larger than */
static int64
clip_u64(uint64 value)
{
	return (int64) Min(value, (uint64) PG_INT64_MAX);
}

static uint32
change_range(Compound *c, Status (*change) (const Op *op, const FsRange *args,
											FsChanged *result))
{
	uint32		status = take_stateid(c, STATEID_WRITE);
	FsRange		range = {.offset = clip_u64(get_u64(c))};
	FsChanged	changed;

	range.count = clip_u64(get_u64(c));
	if (status != NFS4_OK)
		return status;
	return written_status(change(&c->current.op, &range, &changed),
						  &changed.wcc);
}

uint32
nfs4_allocate(Compound *c)
{
	return change_range(c, fs_allocate);
}

uint32
nfs4_deallocate(Compound *c)
{
	return change_range(c, fs_deallocate);
}

/* data_content4 */
#define CONTENT_DATA	0
#define CONTENT_HOLE	1

uint32
nfs4_seek(Compound *c)
{
	uint32		status = take_stateid(c, STATEID_READ);
	FsSeek		args = {.offset = clip_u64(get_u64(c))};
	uint32		what = get_u32(c);
	FsSought	sought;
	Status		done;

	if (status == NFS4_OK && what != CONTENT_DATA && what != CONTENT_HOLE)
		status = FS_INVAL;
	if (status != NFS4_OK)
		return status;
	args.hole = what == CONTENT_HOLE;
	done = fs_seek(&c->current.op, &args, &sought);
	/* there is nothing else that it could be */
	if (done == FS_INVAL)
		return NFS4ERR_WRONG_TYPE;
	if (done != FS_OK)
		return status4(done);
	put_u32(c, sought.eof);
	put_u64(c, (uint64) sought.offset);
	return NFS4_OK;
}

/* Clients read, then. */
uint32
nfs4_read_plus(Compound *c)
{
	return FS_NOTSUPP;
}

/*
 * COPY and CLONE: from the saved filehandle to the current one
 */

/* Both stateids, which are of opens or locks. */
static uint32
take_both_stateids(Compound *c)
{
	Fh			target = c->current;
	Stateid		source;
	Stateid		stateid;
	uint32		status;
	uint32		of_target;

	/* the current stateid is that of the filehandle it goes with */
	c->current = c->saved;
	status = compound_stateid(c, &source);
	c->current = target;
	of_target = compound_stateid(c, &stateid);
	if (c->saved.kind != FH_OBJECT)
		return FS_ISDIR;
	if (status == NFS4_OK)
		status = stateid_check(c, &c->saved, &source, STATEID_READ, false);
	if (status == NFS4_OK)
		status = of_target;
	if (status == NFS4_OK)
		status = stateid_check(c, &c->current, &stateid, STATEID_WRITE, false);
	return status;
}

static FsCopy
take_copy(Compound *c)
{
	FsCopy		args = {.from = clip_u64(get_u64(c))};

	args.to = clip_u64(get_u64(c));
	args.count = clip_u64(get_u64(c));
	return args;
}

/* One of them is found to be no regular file before anything is locked. */
static uint32
copied_status(Status status, const FsCopied *copied)
{
	return status == FS_INVAL && !copied->wcc.given ? NFS4ERR_WRONG_TYPE :
		written_status(status, &copied->wcc);
}

uint32
nfs4_copy(Compound *c)
{
	uint32		status = take_both_stateids(c);
	FsCopy		args = take_copy(c);
	FsCopied	copied;
	Status		done;

	(void) get_bool(c);			/* consecutive: it is */
	(void) get_bool(c);			/* synchronous: it is */
	if (get_u32(c) != 0)
		compound_malformed();
	if (status != NFS4_OK)
		return status;
	done = fs_copy(&c->saved.op, &c->current.op, &args, &copied);
	if (done != FS_OK)
		return copied_status(done, &copied);
	put_u32(c, 0);				/* callback ids */
	put_u64(c, (uint64) copied.count);
	put_u32(c, (uint32) copied.stability);
	put_bytes(c, copied.verifier, FS_VERIFIER_LEN);
	put_u32(c, true);			/* consecutive */
	put_u32(c, true);			/* synchronous */
	return NFS4_OK;
}

uint32
nfs4_clone(Compound *c)
{
	uint32		status = take_both_stateids(c);
	FsCopy		args = take_copy(c);
	FsCopied	copied;
	Status		done;

	if (status != NFS4_OK)
		return status;
	done = fs_clone(&c->saved.op, &c->current.op, &args, &copied);
	return copied_status(done, &copied);
}
