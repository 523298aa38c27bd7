/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_write.c
 *	  WRITE (RFC 1813, 3.3.7): bytes into a file.
 *
 * The data stays in the record it came in; the parameters point there.
 *
 * Where the share's content goes to a store, the blocks that the data covers
 * whole take the direct way:
 *
 *		hash		their names and sums, by the store's threads
 *		prepare		prepare_write: may they be written, which are there already
 *		put			the others, all at once
 *		head		write: what is in front of the first whole block
 *		commit		commit_write: the blocks become part of the file
 *		tail		write: what is behind the last
 *
 * A step with nothing to do is left out.  The database takes what is no whole
 * block, and any data at all, if the share is not what we thought or a block is
 * just being removed; so all that
 * is needed to be right is to do these in turn, and a gateway that dies in
 * between leaves a block to which nothing refers, or a part of a WRITE whose
 * reply was not sent.
 */
#include "content/content_blocks.h"
#include "content/content_io.h"
#include "db/database.h"
#include "monitor/metrics.h"
#include "wire/nfs3_procedures.h"
#include "core/serve.h"
#include "core/worker.h"

#include <string.h>

/* By stable_how, in the words of the extension. */
static const char *const stability_names[] = STABILITY_WORDS;

_Static_assert(UNSTABLE == 0 && DATA_SYNC == 1 && FILE_SYNC == 2, "stable_how");

enum write_step
{
	STEP_ALL,					/* write everything: the way without a store */
	STEP_HASH,
	STEP_PREPARE,
	STEP_PUT,
	STEP_HEAD,
	STEP_COMMIT,
	STEP_TAIL
};

struct write_args
{
	struct bytes file;
	uint64_t	offset;
	uint32_t	count;
	uint32_t	stable;
	struct bytes data;

	enum write_step step;
	struct content_blocks blocks;
	wcc_data	so_far;			/* of the calls that changed something */
	bool		changed;
};

static bool
write_decode(struct request *request, XDR *xdr)
{
	struct write_args *args = region_alloc(&request->region, sizeof(*args));

	memset(args, 0, sizeof(*args));
	request->args = args;
	return args_handle(xdr, &args->file) &&
		args_uint64(xdr, &args->offset) &&
		args_uint32(xdr, &args->count) &&
		args_enum(xdr, &args->stable, FILE_SYNC) &&
		args_opaque(xdr, &args->data, UINT32_MAX);
}

/* write, of a part of the data. */
static void
send_write(struct request *request, enum write_step step, uint32_t from,
		   uint32_t size)
{
	struct write_args *args = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_WRITE,
										   args->file);
	struct bytes part = {args->data.data + from, size};

	args->step = step;
	parameters_bytes(&p, args->file);
	parameters_offset(&p, args->offset + from);
	parameters_bytes(&p, part);
	parameters_text(&p, stability_names[args->stable]);
	parameters_caller(&p);
	request->call.unstable = args->stable == UNSTABLE;
	parameters_end(&p);
}

/*
 * Whole blocks.
 */

static void
send_prepare(struct request *request)
{
	struct write_args *args = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_PREPARE_WRITE,
										   args->file);

	args->step = STEP_PREPARE;
	parameters_bytes(&p, args->file);
	parameters_offset(&p, args->offset + args->blocks.head);
	parameters_bytes(&p, args->blocks.packed);
	parameters_caller(&p);

	/* A claim that a crash takes away is made again: no need to wait. */
	request->call.unstable = true;
	parameters_end(&p);
}

static void
send_commit(struct request *request)
{
	struct write_args *args = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_COMMIT_WRITE,
										   args->file);

	args->step = STEP_COMMIT;
	parameters_bytes(&p, args->file);
	parameters_offset(&p, args->offset + args->blocks.head);
	parameters_bytes(&p, args->blocks.packed);
	parameters_int4(&p, args->blocks.store_id);
	parameters_text(&p, stability_names[args->stable]);
	parameters_caller(&p);
	request->call.unstable = args->stable == UNSTABLE;
	parameters_end(&p);
}

/* All whole blocks are in the store. */
static void
after_put(struct request *request)
{
	struct write_args *args = request->args;

	if (args->blocks.head > 0)
		send_write(request, STEP_HEAD, 0, args->blocks.head);
	else
		send_commit(request);
}

static void
fail_for_store(struct request *request)
{
	const struct write_args *args = request->args;

	request->io.failure->offset = args->offset + args->blocks.head;
	nfs3_fail(request, content_io_complain(&request->io));
}

static void
stored(struct request *request)
{
	if (request->io.failure != NULL)
		fail_for_store(request);
	else
		after_put(request);
}

static void
hashed(struct request *request)
{
	if (request->io.failure != NULL)
		fail_for_store(request);
	else
		send_prepare(request);
}

static void
prepared(struct request *request, struct row *row)
{
	struct write_args *args = request->args;

	switch (content_blocks_put(&args->blocks, &request->io, row))
	{
		case CONTENT_BLOCKS_MALFORMED:
			nfs3_malformed(request);
			break;
		case CONTENT_BLOCKS_DATABASE:
			send_write(request, STEP_ALL, 0, args->count);
			break;
		case CONTENT_BLOCKS_PUT:
			args->step = STEP_PUT;
			request->resume = stored;
			if (request->io.waits == 0)
				after_put(request);
			break;
	}
}

static void
write_send(struct request *request)
{
	struct write_args *args = request->args;
	const struct content_share *share;

	if (args->count != args->data.size)
	{
		nfs3_fail(request, NFS3ERR_INVAL);
		return;
	}
	share = content_share_of(&database_of(&request->call)->shares, args->file);
	if (share != NULL &&
		content_blocks_find(&args->blocks, share, args->offset, args->count))
	{
		args->step = STEP_HASH;
		content_blocks_hash(&args->blocks, &request->io, args->data.data);
		request->resume = hashed;
	}
	else
		send_write(request, STEP_ALL, 0, args->count);
}

static bool
take_stability(struct row *row, stable_how *stable)
{
	uint32_t	size;
	const unsigned char *name = row_bytes(row, &size);

	for (int i = UNSTABLE; name && i <= FILE_SYNC; i++)
	{
		if (size == strlen(stability_names[i]) &&
			memcmp(name, stability_names[i], size) == 0)
		{
			*stable = i;
			return true;
		}
	}
	return false;
}

static bool
same_time(const nfstime3 *a, const nfstime3 *b)
{
	return a->seconds == b->seconds && a->nseconds == b->nseconds;
}

/*
 * Each part is a change of its own.  The attributes before the first part were
 * before the WRITE, unless another client changed the file between two parts:
 * then there are none, or the client would take that change for its own.
 */
static void
join_wcc(struct write_args *args, wcc_data *wcc)
{
	const fattr3 *last = &args->so_far.after.post_op_attr_u.attributes;
	const wcc_attr *before = &wcc->before.pre_op_attr_u.attributes;

	if (args->changed)
	{
		if (!args->so_far.after.attributes_follow ||
			!wcc->before.attributes_follow || before->size != last->size ||
			!same_time(&before->mtime, &last->mtime) ||
			!same_time(&before->ctime, &last->ctime))
			args->so_far.before.attributes_follow = FALSE;
		wcc->before = args->so_far.before;
	}
	args->so_far = *wcc;
	args->changed = true;
}

/* The call that comes after one that did its part of the WRITE. */
static void
go_on(struct request *request)
{
	struct write_args *args = request->args;
	uint32_t	done = args->blocks.head + args->blocks.middle;

	if (args->step == STEP_HEAD)
		send_commit(request);
	else
		send_write(request, STEP_TAIL, done, args->count - done);
}

static bool
is_last_step(const struct write_args *args)
{
	return args->step == STEP_ALL || args->step == STEP_TAIL ||
		(args->step == STEP_COMMIT &&
		 args->blocks.head + args->blocks.middle == args->count);
}

static void
answer(struct request *request, struct row *row, nfsstat3 status)
{
	struct write_args *args = request->args;
	WRITE3res	res = {.status = status};
	WRITE3resok *ok = &res.WRITE3res_u.resok;

	if (status == NFS3_OK)
	{
		nfs3_wcc_data(row, &ok->file_wcc);
		ok->count = (uint32_t) row_int4(row);
		if (!take_stability(row, &ok->committed))
			row->ok = false;
		nfs3_write_verifier(row, ok->verf);
		join_wcc(args, &ok->file_wcc);
		if (row->ok && !is_last_step(args))
		{
			go_on(request);
			return;
		}
		if (args->step != STEP_ALL)
			ok->count = args->count;
		metric_add(METRIC_WRITTEN_BYTES, ok->count);
	}
	else
		nfs3_wcc_data(row, &res.WRITE3res_u.file_wcc);
	nfs3_reply(request, row, (xdrproc_t) xdr_WRITE3res, &res, 0);
}

/* Nothing was written; what there is to show is the file as it is. */
static void
refuse(struct request *request, struct row *row, nfsstat3 status)
{
	WRITE3res	res = {.status = status};

	nfs3_post_op_attr(row, &res.WRITE3res_u.file_wcc.after);
	nfs3_reply(request, row, (xdrproc_t) xdr_WRITE3res, &res, 0);
}

static void
write_reply(struct request *request, const PGresult *result)
{
	struct write_args *args = request->args;
	nfsstat3	status;
	struct row	row;

	if (!nfs3_result(request, result, &row, &status))
		return;
	if (args->step == STEP_PREPARE && status == NFS3_OK)
		prepared(request, &row);
	else if (args->step == STEP_PREPARE && status == NFS3ERR_NOTSUPP)
		send_write(request, STEP_ALL, 0, args->count);
	else if (args->step == STEP_PREPARE)
		refuse(request, &row, status);
	else if (args->step == STEP_COMMIT && status == NFS3ERR_JUKEBOX)
	{
		/* A block is gone again, or was never claimed as far as is known. */
		send_prepare(request);
		request->later = true;
	}
	else
		answer(request, &row, status);
}

const struct procedure nfs3_write = {
	.name = "WRITE",
	.changes = true,
	.decode = write_decode,
	.send = write_send,
	.reply = write_reply,
	.fail = nfs3_fail,
	.absent = 2,
};
