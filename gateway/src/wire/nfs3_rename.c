/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_rename.c
 *	  RENAME (RFC 1813, 3.3.14): an entry goes elsewhere, over another perhaps.
 *
 * The result has wcc data of both directories in either arm.
 */
#include "wire/nfs3_procedures.h"

struct rename_args
{
	struct dirop from;
	struct dirop to;
};

static bool
rename_decode(struct request *request, XDR *xdr)
{
	struct rename_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_dirop(xdr, &args->from) && args_dirop(xdr, &args->to);
}

static void
rename_send(struct request *request)
{
	const struct rename_args *args = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_MOVE,
										   args->from.dir);

	parameters_lock(&p, args->to.dir);
	parameters_bytes(&p, args->from.dir);
	parameters_bytes(&p, args->from.name);
	parameters_bytes(&p, args->to.dir);
	parameters_bytes(&p, args->to.name);
	parameters_caller(&p);
	parameters_end(&p);
}

static void
rename_reply(struct request *request, const PGresult *result)
{
	RENAME3res	res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	nfs3_wcc_data(&row, &res.fromdir_wcc);
	nfs3_wcc_data(&row, &res.todir_wcc);
	nfs3_reply(request, &row, (xdrproc_t) xdr_RENAME3res, &res, 0);
}

const struct procedure nfs3_rename = {
	.name = "RENAME",
	.changes = true,
	.once = true,
	.decode = rename_decode,
	.send = rename_send,
	.reply = rename_reply,
	.fail = nfs3_fail,
	.absent = 4,
};
