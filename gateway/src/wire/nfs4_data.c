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
#include "core/charge.h"
#include "core/serve.h"
#include "db/database.h"
#include "db/parameters.h"

#include <string.h>

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

/* The pieces that are there already go into another reply. */
static void
take_pieces(struct nfs4_reply *reply, const struct nfs4_reply *from)
{
	struct nfs4_piece *old = from->pieces;

	if (reply->in_segments)
		reply->data = from->data;
	for (struct nfs4_piece *piece = reply->pieces; piece;
		 piece = piece->next, old = old->next)
		if (piece->place > 0)
			memcpy(piece->to, old->to, piece->segments.size);
}

/* The operation that needs the piece fails; those before it are answered. */
static void
fail_at_piece(struct request *request, uint32_t status)
{
	struct nfs4_args *args = request->args;
	struct nfs4_reply reply = args->reply;

	if (nfs4_encode(&args->reply, &args->compound, &request->region,
					args->results, args->data, args->piece->operation, status))
	{
		take_pieces(&args->reply, &reply);
		nfs4_answer(request, &args->reply);
	}
	else
		nfs4_malformed(request);
}

/*
 * A store whose number says nothing yet is asked for once more; but what has
 * changed something is not run again, nor what has read some already.
 */
static void
ask_again(struct request *request)
{
	struct nfs4_args *args = request->args;

	if (args->compound.class > NFS4_CLASS_D ||
		args->piece != args->reply.pieces)
	{
		fail_at_piece(request, NFS4ERR_DELAY);
		return;
	}
	nfs4_send(request);
	request->later = true;
}

/* False: the request has gone another way. */
static bool
read_piece(struct request *request)
{
	struct nfs4_args *args = request->args;
	struct nfs4_piece *piece = args->piece;
	uint32_t	store_id;

	switch (segments_read(&request->io, &piece->segments, piece->to,
						  piece->offset, &store_id))
	{
		case SEGMENTS_UNKNOWN:
			ask_again(request);
			return false;
		case SEGMENTS_NO_STORE:
			content_io_no_store(&request->io, store_id);
			fail_at_piece(request, FS_IO);
			return false;
		case SEGMENTS_READY:
			break;
	}
	return true;
}

static void piece_read(struct request *request);

/* One piece after the other, so that it is known which one fails. */
static void
assemble(struct request *request)
{
	struct nfs4_args *args = request->args;

	request->resume = piece_read;
	for (; args->piece != NULL; args->piece = args->piece->next)
	{
		if (!read_piece(request))
			return;
		if (request->io.waits > 0)
			return;
		if (request->io.failure != NULL)
		{
			fail_at_piece(request, content_io_complain(&request->io));
			return;
		}
	}
	nfs4_answer(request, &args->reply);
}

static void
piece_read(struct request *request)
{
	struct nfs4_args *args = request->args;

	if (request->io.failure != NULL)
	{
		fail_at_piece(request, content_io_complain(&request->io));
		return;
	}
	args->piece = args->piece->next;

	/* The next one may be of another store. */
	if (args->piece != NULL)
		(void) charge_from_store(request);
	assemble(request);
}

void
nfs4_assemble(struct request *request)
{
	struct nfs4_args *args = request->args;
	struct nfs4_reply *reply = &args->reply;

	if (reply->in_segments)
	{
		struct nfs4_piece *piece = reply->pieces;

		piece->to = region_alloc(&request->region, piece->segments.size);
		reply->data = (struct bytes) {piece->to,
									  (uint32_t) piece->segments.size};
	}
	args->piece = reply->pieces;
	assemble(request);
}
