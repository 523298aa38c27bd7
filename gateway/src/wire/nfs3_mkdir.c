/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_mkdir.c
 *	  MKDIR (RFC 1813, 3.3.9): a directory.
 *
 * A size among the attributes means nothing for a directory and is dropped.
 */
#include "wire/nfs3_procedures.h"

struct mkdir_args
{
	struct dirop where;
	struct sattr attributes;
};

static bool
mkdir_decode(struct request *request, XDR *xdr)
{
	struct mkdir_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_dirop(xdr, &args->where) && args_sattr(xdr, &args->attributes);
}

static void
mkdir_send(struct request *request)
{
	const struct mkdir_args *args = request->args;
	struct parameters p;

	if (args->attributes.bad_time)
	{
		nfs3_fail(request, NFS3ERR_INVAL);
		return;
	}
	p = parameters_begin(request, STATEMENT_CREATE_DIRECTORY, args->where.dir);
	parameters_bytes(&p, args->where.dir);
	parameters_bytes(&p, args->where.name);
	parameters_caller(&p);
	parameters_sattr(&p, &args->attributes, PARAMETERS_MODE);
	parameters_end(&p);
}

const struct procedure nfs3_mkdir = {
	.name = "MKDIR",
	.changes = true,
	.once = true,
	.decode = mkdir_decode,
	.send = mkdir_send,
	.reply = nfs3_create_reply,
	.fail = nfs3_fail,
	.absent = 2,
};
