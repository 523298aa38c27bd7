/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_access.c
 *	  ACCESS (RFC 1813, 3.3.4): which of these may the caller do?
 */
#include "wire/nfs3_procedures.h"

struct access_args
{
	struct bytes object;
	uint32_t	access;
};

static bool
access_decode(struct request *request, XDR *xdr)
{
	struct access_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_handle(xdr, &args->object) && args_uint32(xdr, &args->access);
}

static void
access_send(struct request *request)
{
	const struct access_args *args = request->args;
	struct parameters p = parameters_begin(request,
										   STATEMENT_CHECK_PERMISSIONS,
										   args->object);

	parameters_bytes(&p, args->object);
	parameters_int4(&p, args->access);
	parameters_caller(&p);
	parameters_end(&p);
}

static void
access_reply(struct request *request, const PGresult *result)
{
	ACCESS3res	res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		nfs3_post_op_attr(&row, &res.ACCESS3res_u.resok.obj_attributes);
		res.ACCESS3res_u.resok.access = (uint32_t) row_int4(&row);
	}
	else
		nfs3_post_op_attr(&row, &res.ACCESS3res_u.obj_attributes);
	nfs3_reply(request, &row, (xdrproc_t) xdr_ACCESS3res, &res, 0);
}

const struct procedure nfs3_access = {
	.name = "ACCESS",
	.decode = access_decode,
	.send = access_send,
	.reply = access_reply,
	.fail = nfs3_fail,
	.absent = 1,
};
