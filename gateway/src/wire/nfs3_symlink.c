/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_symlink.c
 *	  SYMLINK (RFC 1813, 3.3.10): a symbolic link.
 *
 * Mode and size of a symbolic link are not the client's to choose (0777, and
 * the length of the target), so they are dropped here as the RFC allows.
 */
#include "wire/nfs3_procedures.h"

struct symlink_args
{
	struct dirop where;
	struct sattr attributes;
	struct bytes target;
};

static bool
symlink_decode(struct request *request, XDR *xdr)
{
	struct symlink_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_dirop(xdr, &args->where) &&
		args_sattr(xdr, &args->attributes) &&
		args_name(xdr, &args->target);
}

static void
symlink_send(struct request *request)
{
	const struct symlink_args *args = request->args;
	struct parameters p;

	if (args->attributes.bad_time)
	{
		nfs3_fail(request, NFS3ERR_INVAL);
		return;
	}
	p = parameters_begin(request, STATEMENT_CREATE_SYMLINK, args->where.dir);
	parameters_bytes(&p, args->where.dir);
	parameters_bytes(&p, args->where.name);
	parameters_bytes(&p, args->target);
	parameters_caller(&p);
	parameters_sattr(&p, &args->attributes, 0);
	parameters_end(&p);
}

const struct procedure nfs3_symlink = {
	.name = "SYMLINK",
	.changes = true,
	.once = true,
	.decode = symlink_decode,
	.send = symlink_send,
	.reply = nfs3_create_reply,
	.fail = nfs3_fail,
	.absent = 2,
};
