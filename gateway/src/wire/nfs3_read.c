/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_read.c
 *	  READ (RFC 1813, 3.3.6): bytes of a file.
 *
 * The data goes from the PGresult to the socket without a copy: the head of
 * the reply is encoded up to the length of the data, the data is appended by
 * reference, and after it the padding.
 *
 * Of a file with content in a store the database tells the pieces
 * (prepare_read), and they are put together in memory of the request.  Shares
 * with such files are known, more or less; where that was wrong, the answer
 * to a plain read is "elsewhere".
 */
#include "content/content_ahead.h"
#include "content/content_io.h"
#include "content/content_segments.h"
#include "db/database.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "wire/nfs3_procedures.h"
#include "core/serve.h"
#include "core/worker.h"

static const char padding[BYTES_PER_XDR_UNIT];

struct read_args
{
	struct bytes file;
	uint64_t	offset;
	uint32_t	count;

	/* prepare_read was asked */
	bool		prepared;
	char	   *assembled;		/* NULL: the data is in the result */
	size_t		assembled_size;
};

static bool
read_decode(struct request *request, XDR *xdr)
{
	struct read_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	args->prepared = false;
	args->assembled = NULL;
	return args_handle(xdr, &args->file) &&
		args_uint64(xdr, &args->offset) &&
		args_uint32(xdr, &args->count);
}

static void
send_read(struct request *request, enum statement_number statement)
{
	struct read_args *args = request->args;
	struct parameters p = parameters_begin(request, statement, args->file);

	args->prepared = statement == STATEMENT_PREPARE_READ;
	parameters_bytes(&p, args->file);
	parameters_offset(&p, args->offset);
	parameters_int8(&p, args->count);
	parameters_caller(&p);
	request->call.result_size = args->count < TRANSFER_MAX ?
		args->count : TRANSFER_MAX;
	parameters_end(&p);
}

static void
read_send(struct request *request)
{
	const struct read_args *args = request->args;

	if (content_share_of(&database_of(&request->call)->shares, args->file) ==
		NULL)
	{
		send_read(request, STATEMENT_READ);
		return;
	}
	ahead_note(request, args->file, args->offset, args->count);
	send_read(request, STATEMENT_PREPARE_READ);
}

/*
 * The reply, from the row of read or prepare_read; the data is in the row, or
 * it has been assembled.
 */
static void
answer(struct request *request, struct row *row, nfsstat3 status)
{
	const struct read_args *args = request->args;
	READ3res	res = {.status = status};
	READ3resok *ok = &res.READ3res_u.resok;
	const char *data = NULL;
	uint32_t	size = 0;

	if (status == NFS3_OK)
	{
		nfs3_post_op_attr(row, &ok->file_attributes);
		ok->eof = row_bool(row);
		if (args->prepared)
			row_skip(row, 1);
		data = (const char *) row_bytes(row, &size);
		if (args->assembled != NULL)
		{
			data = args->assembled;
			size = (uint32_t) args->assembled_size;
		}
		ok->count = size;
		metric_add(METRIC_READ_BYTES, size);
		ok->length = size;
	}
	else
		nfs3_post_op_attr(row, &res.READ3res_u.file_attributes);
	if (!nfs3_reply(request, row, (xdrproc_t) xdr_READ3res, &res, 0) ||
		size == 0)
		return;
	reply_append(request, data, size);
	if (RNDUP(size) > size)
		reply_append(request, padding, RNDUP(size) - size);
}

/* What was to come from stores has come, or not. */
static void
assembled(struct request *request)
{
	nfsstat3	status;
	struct row	row;

	if (request->io.failure != NULL)
		nfs3_fail(request, content_io_complain(&request->io));
	else if (nfs3_result(request, request->call.result, &row, &status))
		answer(request, &row, status);
}

/*
 * Puts the pieces together.  A reply of nothing but data from the database
 * leaves from the result, like any other.
 */
static void
assemble(struct request *request, struct row row)
{
	struct read_args *args = request->args;
	struct segments segments;
	struct bytes packed;
	struct bytes data;
	uint32_t	store_id;

	row_skip(&row, 2);
	packed.data = (const char *) row_bytes(&row, &packed.size);
	data.data = (const char *) row_bytes(&row, &data.size);
	if (!row.ok || !segments_open(&segments, packed, data) ||
		segments.size > args->count)
	{
		nfs3_malformed(request);
		return;
	}
	if (!segments.whole)
	{
		args->assembled_size = segments.size;
		args->assembled = region_alloc(&request->region, segments.size);
		switch (segments_read(&request->io, &segments, args->assembled,
							  args->offset, &store_id))
		{
			case SEGMENTS_READY:
				break;
			case SEGMENTS_UNKNOWN:
				args->assembled = NULL;
				send_read(request, STATEMENT_PREPARE_READ);
				request->later = true;
				return;
			case SEGMENTS_NO_STORE:
				content_io_no_store(&request->io, store_id);
				nfs3_fail(request, NFS3ERR_IO);
				return;
		}
	}
	request->resume = assembled;
	if (request->io.waits == 0)
		assembled(request);
}

static void
read_reply(struct request *request, const PGresult *result)
{
	const struct read_args *args = request->args;
	nfsstat3	status;
	struct row	row;

	if (!nfs3_result(request, result, &row, &status))
		return;
	if (status == (nfsstat3) FS_ELSEWHERE && !args->prepared)
		send_read(request, STATEMENT_PREPARE_READ);
	else if (status == NFS3_OK && args->prepared)
		assemble(request, row);
	else
		answer(request, &row, status);
}

const struct procedure nfs3_read = {
	.name = "READ",
	.decode = read_decode,
	.send = read_send,
	.reply = read_reply,
	.fail = nfs3_fail,
	.absent = 1,
};
