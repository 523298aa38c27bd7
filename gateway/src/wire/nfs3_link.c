/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_link.c
 *	  LINK (RFC 1813, 3.3.15): another name for a file.
 *
 * The call goes to the connection of the directory, which is what it and
 * others wait for, although the file comes first among the arguments.
 */
#include "wire/nfs3_procedures.h"

struct link_args
{
	struct bytes file;
	struct dirop link;
};

static bool
link_decode(struct request *request, XDR *xdr)
{
	struct link_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return args_handle(xdr, &args->file) && args_dirop(xdr, &args->link);
}

static void
link_send(struct request *request)
{
	const struct link_args *args = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_CREATE_HARD_LINK,
										   args->link.dir);

	parameters_other_handle(&p, args->file);
	parameters_bytes(&p, args->file);
	parameters_bytes(&p, args->link.dir);
	parameters_bytes(&p, args->link.name);
	parameters_caller(&p);
	parameters_end(&p);
}

static void
link_reply(struct request *request, const PGresult *result)
{
	LINK3res	res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	nfs3_post_op_attr(&row, &res.file_attributes);
	nfs3_wcc_data(&row, &res.linkdir_wcc);
	nfs3_reply(request, &row, (xdrproc_t) xdr_LINK3res, &res, 0);
}

const struct procedure nfs3_link = {
	.name = "LINK",
	.changes = true,
	.once = true,
	.decode = link_decode,
	.send = link_send,
	.reply = link_reply,
	.fail = nfs3_fail,
	.absent = 3,
};
