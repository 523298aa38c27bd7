/*
 * nfs3_read.c
 *	  READ (RFC 1813, 3.3.6): bytes of a file.
 *
 * The data goes from the PGresult to the socket without a copy: the head of
 * the reply is encoded up to the length of the data, the data is appended by
 * reference, and after it the padding.
 */
#include "nfs3_procedures.h"

/* What a result counts against the limits until its size is known. */
#define READ_EXPECTED_MAX (1024 * 1024)

static const char padding[BYTES_PER_XDR_UNIT];

struct read_args
{
	struct bytes file;
	uint64_t	offset;
	uint32_t	count;
};

bool
nfs3_read_decode(struct request *request, XDR *xdr)
{
	struct read_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_handle(xdr, &args->file) &&
		args_uint64(xdr, &args->offset) &&
		args_uint32(xdr, &args->count);
}

void
nfs3_read_send(struct request *request)
{
	const struct read_args *args = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_READ, args->file);

	parameters_bytes(&p, args->file);
	parameters_offset(&p, args->offset);
	parameters_int8(&p, args->count);
	parameters_caller(&p);
	request->call.result_size = args->count < READ_EXPECTED_MAX ?
		args->count : READ_EXPECTED_MAX;
	parameters_end(&p);
}

void
nfs3_read_reply(struct request *request, const PGresult *result)
{
	READ3res	res;
	READ3resok *ok = &res.READ3res_u.resok;
	const unsigned char *data = NULL;
	uint32_t	size = 0;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		nfs3_post_op_attr(&row, &ok->file_attributes);
		ok->eof = row_bool(&row);
		data = row_bytes(&row, &size);
		ok->count = size;
		ok->length = size;
	}
	else
		nfs3_post_op_attr(&row, &res.READ3res_u.file_attributes);
	if (!nfs3_reply(request, &row, (xdrproc_t) xdr_READ3res, &res, 0) ||
		size == 0)
		return;
	reply_append(request, data, size);
	if (RNDUP(size) > size)
		reply_append(request, padding, RNDUP(size) - size);
}
