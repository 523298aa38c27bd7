/*
 * nfs3_symlink.c
 *	  SYMLINK (RFC 1813, 3.3.10): a symbolic link.
 *
 * Mode and size of a symbolic link are not the client's to choose (0777, and
 * the length of the target), so they are dropped here as the RFC allows.
 */
#include "nfs3_procedures.h"

struct symlink_args
{
	struct dirop where;
	struct sattr attributes;
	struct bytes target;
};

bool
nfs3_symlink_decode(struct request *request, XDR *xdr)
{
	struct symlink_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_dirop(xdr, &args->where) &&
		args_sattr(xdr, &args->attributes) &&
		args_name(xdr, &args->target);
}

void
nfs3_symlink_send(struct request *request)
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
