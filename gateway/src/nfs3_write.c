/*
 * nfs3_write.c
 *	  WRITE (RFC 1813, 3.3.7): bytes into a file.
 *
 * The data stays in the record it came in; the parameter points there.
 */
#include "nfs3_procedures.h"

#include <string.h>

/* By stable_how, in the words of the extension. */
static const char *const stability_names[] = {
	[UNSTABLE] = "unstable",
	[DATA_SYNC] = "data_sync",
	[FILE_SYNC] = "file_sync",
};

struct write_args
{
	struct bytes file;
	uint64_t	offset;
	uint32_t	count;
	uint32_t	stable;
	struct bytes data;
};

bool
nfs3_write_decode(struct request *request, XDR *xdr)
{
	struct write_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_handle(xdr, &args->file) &&
		args_uint64(xdr, &args->offset) &&
		args_uint32(xdr, &args->count) &&
		args_enum(xdr, &args->stable, FILE_SYNC) &&
		args_opaque(xdr, &args->data, UINT32_MAX);
}

void
nfs3_write_send(struct request *request)
{
	const struct write_args *args = request->args;
	struct parameters p;

	if (args->count != args->data.size)
	{
		nfs3_fail(request, NFS3ERR_INVAL);
		return;
	}
	p = parameters_begin(request, STATEMENT_WRITE, args->file);
	parameters_bytes(&p, args->file);
	parameters_offset(&p, args->offset);
	parameters_bytes(&p, args->data);
	parameters_text(&p, stability_names[args->stable]);
	parameters_caller(&p);
	request->call.unstable = args->stable == UNSTABLE;
	parameters_end(&p);
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

void
nfs3_write_reply(struct request *request, const PGresult *result)
{
	WRITE3res	res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		WRITE3resok *ok = &res.WRITE3res_u.resok;

		nfs3_wcc_data(&row, &ok->file_wcc);
		ok->count = (uint32_t) row_int4(&row);
		if (!take_stability(&row, &ok->committed))
			row.ok = false;
		nfs3_write_verifier(&row, ok->verf);
	}
	else
		nfs3_wcc_data(&row, &res.WRITE3res_u.file_wcc);
	nfs3_reply(request, &row, (xdrproc_t) xdr_WRITE3res, &res, 0);
}
