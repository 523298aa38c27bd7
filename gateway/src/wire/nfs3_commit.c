/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_commit.c
 *	  COMMIT (RFC 1813, 3.3.21): what was written UNSTABLE is on disk after it.
 *
 * Its reply leaves after the flush, since every reply leaves after the commit
 * of its batch; the verifier is that of WRITE.
 */
#include "wire/nfs3_procedures.h"

struct commit_args
{
	struct bytes file;
	uint64_t	offset;
	uint32_t	count;
};

static bool
commit_decode(struct request *request, XDR *xdr)
{
	struct commit_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_handle(xdr, &args->file) &&
		args_uint64(xdr, &args->offset) &&
		args_uint32(xdr, &args->count);
}

static void
commit_send(struct request *request)
{
	const struct commit_args *args = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_COMMIT,
										   args->file);

	parameters_bytes(&p, args->file);
	parameters_offset(&p, args->offset);
	parameters_int8(&p, args->count);
	parameters_caller(&p);
	parameters_end(&p);
}

static void
commit_reply(struct request *request, const PGresult *result)
{
	COMMIT3res	res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		nfs3_wcc_data(&row, &res.COMMIT3res_u.resok.file_wcc);
		nfs3_write_verifier(&row, res.COMMIT3res_u.resok.verf);
	}
	else
		nfs3_wcc_data(&row, &res.COMMIT3res_u.file_wcc);
	nfs3_reply(request, &row, (xdrproc_t) xdr_COMMIT3res, &res, 0);
}

const struct procedure nfs3_commit = {
	.name = "COMMIT",
	.changes = true,
	.decode = commit_decode,
	.send = commit_send,
	.reply = commit_reply,
	.fail = nfs3_fail,
	.absent = 2,
};
