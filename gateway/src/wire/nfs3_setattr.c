/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_setattr.c
 *	  SETATTR (RFC 1813, 3.3.2): sets attributes, all of those given or none.
 *
 * The guard is the ctime the client believes the object has; the extension
 * compares it inside the transaction that changes.
 */
#include "wire/nfs3_procedures.h"

struct setattr_args
{
	struct bytes object;
	struct sattr attributes;
	bool		guarded;
	int64_t		guard;
};

static bool
setattr_decode(struct request *request, XDR *xdr)
{
	struct setattr_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	if (!args_handle(xdr, &args->object) ||
		!args_sattr(xdr, &args->attributes) ||
		!args_bool(xdr, &args->guarded))
		return false;
	return !args->guarded ||
		args_time(xdr, &args->guard, &args->attributes.bad_time);
}

static void
setattr_send(struct request *request)
{
	const struct setattr_args *args = request->args;
	struct parameters p;

	if (args->attributes.bad_time)
	{
		nfs3_fail(request, NFS3ERR_INVAL);
		return;
	}
	p = parameters_begin(request, STATEMENT_SET_FILE_ATTRIBUTES, args->object);
	parameters_bytes(&p, args->object);
	parameters_caller(&p);
	parameters_sattr(&p, &args->attributes, PARAMETERS_MODE | PARAMETERS_SIZE);
	if (args->guarded)
		parameters_int8(&p, args->guard);
	else
		parameters_null(&p);
	parameters_end(&p);
}

const struct procedure nfs3_setattr = {
	.name = "SETATTR",
	.changes = true,
	.once = true,
	.decode = setattr_decode,
	.send = setattr_send,
	.reply = nfs3_change_reply,
	.fail = nfs3_fail,
	.absent = 2,
};
