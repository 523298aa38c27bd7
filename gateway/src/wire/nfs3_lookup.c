/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_lookup.c
 *	  LOOKUP (RFC 1813, 3.3.3): from a name in a directory to its handle.
 */
#include "wire/nfs3_procedures.h"

static void
lookup_send(struct request *request)
{
	nfs3_dirop_send(request, STATEMENT_LOOKUP);
}

static void
lookup_reply(struct request *request, const PGresult *result)
{
	LOOKUP3res	res;
	LOOKUP3resok *ok = &res.LOOKUP3res_u.resok;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		post_op_fh3 object;

		nfs3_post_op_fh3(&row, &object);
		if (!object.handle_follows)
			row.ok = false;
		ok->object = object.post_op_fh3_u.handle;
		nfs3_post_op_attr(&row, &ok->obj_attributes);
		nfs3_post_op_attr(&row, &ok->dir_attributes);
	}
	else
	{
		row_skip(&row, 2);
		nfs3_post_op_attr(&row, &res.LOOKUP3res_u.dir_attributes);
	}
	nfs3_reply(request, &row, (xdrproc_t) xdr_LOOKUP3res, &res, 0);
}

const struct procedure nfs3_lookup = {
	.name = "LOOKUP",
	.decode = nfs3_dirop_decode,
	.send = lookup_send,
	.reply = lookup_reply,
	.fail = nfs3_fail,
	.absent = 1,
};
