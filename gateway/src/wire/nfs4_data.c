/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_data.c
 *	  READ and WRITE of NFSv4 where content is in a store.
 *
 * As in nfs3_read.c and nfs3_write.c, with one difference: what follows
 * prepare_write and the store is one COMPOUND, in which the WRITE is its whole
 * blocks and what is in front of them and behind (nfs4_write_blocks()).
 */
#include "wire/nfs4.h"

#include "content/content_ahead.h"
#include "content/content_io.h"
#include "core/serve.h"
#include "db/database.h"
#include "db/parameters.h"

/*
 * WRITE.
 */

static struct nfs4_operation *
write_of(struct nfs4_args *args)
{
	return &args->compound.operations[args->compound.write];
}

static void
send_prepare(struct request *request)
{
	struct nfs4_args *args = request->args;
	struct bytes file = args->compound.handles[0];
	struct parameters p = parameters_begin(request, STATEMENT_PREPARE_WRITE,
										   file);

	args->preparing = true;
	parameters_bytes(&p, file);
	parameters_offset(&p, write_of(args)->offset + args->blocks.head);
	parameters_bytes(&p, args->blocks.packed);
	parameters_caller(&p);

	/* A claim that a crash takes away is made again: no need to wait. */
	request->call.unstable = true;
	parameters_end(&p);
}

static void
fail_for_store(struct request *request)
{
	struct nfs4_args *args = request->args;

	request->io.failure->offset = write_of(args)->offset + args->blocks.head;
	nfs4_fail(request, content_io_complain(&request->io));
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
stored(struct request *request)
{
	struct nfs4_args *args = request->args;
	const struct content_blocks *blocks = &args->blocks;

	if (request->io.failure != NULL)
	{
		fail_for_store(request);
		return;
	}
	nfs4_write_blocks(&args->compound, blocks->head,
					  blocks->head + blocks->middle, blocks->store_id,
					  blocks->packed);
	nfs4_send(request);
}

/*
 * What prepare_write does not allow, compound() will not allow either, and it
 * has the words for it.
 */
void
nfs4_prepared(struct request *request, const PGresult *result)
{
	struct nfs4_args *args = request->args;
	struct row	row;

	args->preparing = false;
	if (PQntuples(result) < 1)
	{
		nfs4_malformed(request);
		return;
	}
	row_open(&row, PQgetvalue(result, 0, request->column),
			 PQgetlength(result, 0, request->column));
	if (row_int4(&row) != FS_OK)
	{
		nfs4_send(request);
		return;
	}
	switch (content_blocks_put(&args->blocks, &request->io, &row))
	{
		case CONTENT_BLOCKS_MALFORMED:
			nfs4_malformed(request);
			break;
		case CONTENT_BLOCKS_DATABASE:
			nfs4_send(request);
			break;
		case CONTENT_BLOCKS_PUT:
			request->resume = stored;
			if (request->io.waits == 0)
				stored(request);
			break;
	}
}

static bool
send_write(struct request *request, const struct content_share *share)
{
	struct nfs4_args *args = request->args;
	const struct nfs4_compound *compound = &args->compound;

	if (compound->operations[compound->write - 1].number != NFS4_OP_PUTFH ||
		!content_blocks_find(&args->blocks, share, write_of(args)->offset,
							 compound->write_data.size))
		return false;
	content_blocks_hash(&args->blocks, &request->io,
						compound->write_data.data);
	request->resume = hashed;
	return true;
}

/* The reads of a file by one client; others only pass by. */
static void
note_read(struct request *request)
{
	struct nfs4_args *args = request->args;
	const struct nfs4_compound *compound = &args->compound;
	const struct nfs4_operation *operation =
		&compound->operations[compound->main];

	if (operation->number == NFS4_OP_READ)
		ahead_note(request, compound->handles[0], operation->offset,
				   operation->limit);
}

bool
nfs4_data_send(struct request *request)
{
	struct nfs4_args *args = request->args;
	const struct nfs4_compound *compound = &args->compound;
	const struct content_share *share;

	if (compound->class != NFS4_CLASS_D || compound->handle_count != 1)
		return false;
	share = content_share_of(&database_of(&request->call)->shares,
							 compound->handles[0]);
	if (share == NULL)
		return false;
	if (compound->write > 0)
		return send_write(request, share);
	note_read(request);
	return false;
}

/*
 * READ.
 */

static void
fail_at_data(struct request *request, uint32_t status)
{
	struct nfs4_args *args = request->args;
	int			operation = args->reply.data_of;

	if (nfs4_encode(&args->reply, &args->compound, &request->region,
					args->results, args->data, operation, status))
		nfs4_answer(request, &args->reply);
	else
		nfs4_malformed(request);
}

static void
assembled(struct request *request)
{
	struct nfs4_args *args = request->args;

	if (request->io.failure != NULL)
		fail_at_data(request, content_io_complain(&request->io));
	else
		nfs4_answer(request, &args->reply);
}

/*
 * A store whose number says nothing yet is asked for once more; but what has
 * changed something is not run again.
 */
static void
ask_again(struct request *request)
{
	struct nfs4_args *args = request->args;

	if (args->compound.class > NFS4_CLASS_D)
	{
		fail_at_data(request, NFS4ERR_DELAY);
		return;
	}
	nfs4_send(request);
	request->later = true;
}

void
nfs4_assemble(struct request *request)
{
	struct nfs4_args *args = request->args;
	struct nfs4_reply *reply = &args->reply;
	char	   *to = region_alloc(&request->region, reply->segments.size);
	uint32_t	store_id;

	reply->data = (struct bytes) {to, (uint32_t) reply->segments.size};
	switch (segments_read(&request->io, &reply->segments, to, reply->offset,
						  &store_id))
	{
		case SEGMENTS_READY:
			request->resume = assembled;
			if (request->io.waits == 0)
				assembled(request);
			break;
		case SEGMENTS_UNKNOWN:
			ask_again(request);
			break;
		case SEGMENTS_NO_STORE:
			content_io_no_store(&request->io, store_id);
			fail_at_data(request, FS_IO);
			break;
	}
}
