/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4.c
 *	  The NFS program, version 4, minor versions 1 and 2 (RFC 8881, RFC 7862):
 *	  NULL and COMPOUND.
 *
 * A COMPOUND is one call of the database function of that name, and what its
 * operations mean is told there.  Here it is found out by the classes of its
 * operations which lane it takes, whether it is made once only, and what it is
 * called in the log and the metrics: as the operation that says most of it.  So
 * there is a struct procedure for each operation, with which decode replaces
 * COMPOUND's.
 *
 * A COMPOUND that changes something is told apart by its session's slot, not by
 * the xid: the caller says nothing of the call.  One that may have been made
 * without our knowing is not answered, since a status would make the client ask
 * for a new one.
 */
#include "wire/nfs4.h"

#include "core/leases.h"
#include "core/serve.h"
#include "core/worker.h"
#include "db/database.h"
#include "db/parameters.h"
#include "monitor/metrics.h"
#include "wire/programs.h"
#include "wire/rpc.h"

#include <string.h>

#define NFS_PROGRAM_NUMBER 100003
#define PROCEDURE_COMPOUND 1

/* Behind the procedures that can be called: one for each operation */
#define PROCEDURE_OF(operation) (2 + (operation))

/* Status, size of the tag, number of results; the tag comes between. */
#define COMPOUND_HEAD 12

static const char padding[BYTES_PER_XDR_UNIT];

static bool compound_decode(struct request *request, XDR *xdr);
static void compound_send(struct request *request);
static void compound_reply(struct request *request, const PGresult *result);

/*
 * What a COMPOUND is by the operation that names it, which is one of the
 * highest class.
 */
#define IS_STORED_R false
#define IS_STORED_D false
#define IS_STORED_S true
#define IS_STORED_W true
#define PROCEDURE(number, NAME, arguments, results, class) \
	static const struct procedure procedure_##NAME = { \
		.name = #NAME, \
		.changes = IS_STORED_##class || (number) == NFS4_OP_WRITE || \
			(number) == NFS4_OP_COMMIT, \
		.once = IS_STORED_##class, \
		.inner = true, \
		.decode = compound_decode, \
		.send = compound_send, \
		.reply = compound_reply, \
		.fail = nfs4_fail, \
	};
NFS4_OPERATIONS(PROCEDURE)
#undef PROCEDURE

static const struct procedure procedure_compound = {
	.name = "COMPOUND",
	.decode = compound_decode,
	.send = compound_send,
	.reply = compound_reply,
	.fail = nfs4_fail,
};

/* ILLEGAL has the place of an operation 0. */
#define ROW(number, NAME, arguments, results, class) \
	[PROCEDURE_OF((number) <= NFS4_OP_LAST ? (number) : 0)] = \
		&procedure_##NAME,
static const struct procedure *const procedures[] = {
	[0] = &null_procedure,
	[PROCEDURE_COMPOUND] = &procedure_compound,
	NFS4_OPERATIONS(ROW)
};
#undef ROW

const struct program nfs4_program = {
	.name = "NFS4",
	.number = NFS_PROGRAM_NUMBER,
	.version = 4,
	.procedures = procedures,
	.procedure_count = sizeof(procedures) / sizeof(procedures[0]),
	.greeted = true,
	.one_store = true,
};

static void
name_by_operation(struct request *request, uint32_t number)
{
	uint32_t	procedure =
		PROCEDURE_OF(number <= NFS4_OP_LAST ? number : 0);

	if (procedures[procedure] == NULL)
		return;
	request->procedure_number = procedure;
	request->procedure = procedures[procedure];
}

static bool
compound_decode(struct request *request, XDR *xdr)
{
	struct nfs4_args *args = region_alloc(&request->region, sizeof(*args));
	struct nfs4_compound *compound = &args->compound;

	(void) xdr;
	memset(args, 0, sizeof(*args));
	request->args = args;
	if (!nfs4_decode(compound, &request->region, request->arguments))
		return false;
	if (compound->count > 0)
		name_by_operation(request,
						  compound->operations[compound->main].number);
	return true;
}

/*
 * The objects that it locks, and in which order it takes them, are known as far
 * as their handles are.
 */
static void
note_locks(struct parameters *p, const struct nfs4_compound *compound)
{
	bool		locks = compound->class == NFS4_CLASS_W ||
		compound->write >= 0;

	p->call->lock_count = 0;
	for (int i = 0; locks && i < compound->handle_count; i++)
	{
		const struct bytes *handle = &compound->handles[i];

		/* Those of directories above the shares are no objects. */
		if (handle->size == HANDLE_LEN && handle->data[0] == HANDLE_VERSION)
			parameters_lock(p, *handle);
	}
	p->call->any_kind = compound->class == NFS4_CLASS_W;
}

static enum statement_number
statement_of(const struct nfs4_compound *compound)
{
	switch (compound->class)
	{
		case NFS4_CLASS_R:
			return STATEMENT_COMPOUND_READ;
		case NFS4_CLASS_D:
			return STATEMENT_COMPOUND_DATA;
		default:
			return STATEMENT_COMPOUND;
	}
}

static size_t
reply_head(const struct nfs4_compound *compound)
{
	return RPC_SUCCESS_SIZE - 4 + COMPOUND_HEAD +
		((compound->tag.size + 3) & ~(size_t) 3);
}

void
nfs4_send(struct request *request)
{
	struct nfs4_args *args = request->args;
	struct nfs4_compound *compound = &args->compound;
	struct bytes key = {NULL, 0};
	struct parameters p;

	if (compound->handle_count > 0)
		key = compound->handles[0];
	p = parameters_begin(request, statement_of(compound), key);
	args->preparing = false;
	note_locks(&p, compound);
	parameters_bytes(&p, nfs4_finish(compound,
									 rpc_checksum(&request->identity,
												  &request->arguments),
									 request->record.size,
									 reply_head(compound)));
	parameters_bytes(&p, compound->data);
	parameters_bytes(&p, request->caller);
	request->call.unstable = request->procedure->changes && !compound->stable;
	request->call.result_size = compound->result_size;
	parameters_end(&p);
}

static void
compound_send(struct request *request)
{
	struct nfs4_args *args = request->args;
	const struct nfs4_compound *compound = &args->compound;

	if (compound->status != NFS4_OK || compound->count == 0)
		nfs4_fail(request, compound->status);
	else if (!nfs4_data_send(request))
		nfs4_send(request);
}

/*
 * The reply.
 */

/* In the words of the log, which are NLM's, too. */
static uint32_t
status_for_log(uint32_t status)
{
	return status == NFS4ERR_DENIED ? FS_DENIED : status;
}

void
nfs4_answer(struct request *request, const struct nfs4_reply *reply)
{
	size_t		odd = reply->data.size % BYTES_PER_XDR_UNIT;

	request->status = status_for_log(reply->status);
	reply_append(request, reply->before.data, reply->before.size);
	reply_append(request, reply->data.data, reply->data.size);
	if (odd > 0)
		reply_append(request, padding, BYTES_PER_XDR_UNIT - odd);
	reply_append(request, reply->after.data, reply->after.size);
	if (reply->read > 0)
		metric_add(METRIC_READ_BYTES, reply->read);
	if (reply->written > 0)
		metric_add(METRIC_WRITTEN_BYTES, reply->written);
}

/* A client whose SEQUENCE cannot be answered asks again, here or elsewhere. */
void
nfs4_fail(struct request *request, uint32_t status)
{
	const struct nfs4_args *args = request->args;
	struct nfs4_reply reply;

	if (nfs4_encode_failure(&reply, &args->compound, &request->region, status))
		nfs4_answer(request, &reply);
	else
		request_leave(request);
}

void
nfs4_malformed(struct request *request)
{
	reply_reset(request);
	nfs4_fail(request, FS_SERVERFAULT);
}

/* It may be shared with other calls, and gone when this one is answered. */
static struct bytes
kept(struct request *request, struct bytes bytes)
{
	if (request->call.result != NULL)
		return bytes;
	return (struct bytes) {region_copy(&request->region, bytes.data,
									   bytes.size), bytes.size};
}

static void
take_results(struct request *request, struct row *row)
{
	struct nfs4_args *args = request->args;
	int64_t		client_id;

	args->results.data =
		(const char *) row_bytes(row, &args->results.size);
	args->data.data = (const char *) row_bytes(row, &args->data.size);
	client_id = row_int8(row);
	if (!row->ok)
		return;
	if (!row->null)
		leases_note(&database_of(&request->call)->leases, client_id);
	if (args->data.size > 0)
	{
		args->results = kept(request, args->results);
		args->data = kept(request, args->data);
	}
}

static void
compound_reply(struct request *request, const PGresult *result)
{
	struct nfs4_args *args = request->args;
	struct row	row;

	if (args->preparing)
	{
		nfs4_prepared(request, result);
		return;
	}
	if (PQntuples(result) < 1)
	{
		nfs4_malformed(request);
		return;
	}
	row_open(&row, PQgetvalue(result, 0, request->column),
			 PQgetlength(result, 0, request->column));
	take_results(request, &row);
	if (!row.ok ||
		!nfs4_encode(&args->reply, &args->compound, &request->region,
					 args->results, args->data, -1, NFS4_OK))
		nfs4_malformed(request);
	else if (args->reply.pieces != NULL)
		nfs4_assemble(request);
	else
		nfs4_answer(request, &args->reply);
}
