/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_pathconf.c
 *	  PATHCONF (RFC 1813, 3.3.20): what POSIX's pathconf() asks.
 *
 * The same call as FSINFO's, the other columns of its result.
 */
#include "wire/nfs3_procedures.h"

static void
pathconf_send(struct request *request)
{
	nfs3_handle_send(request, STATEMENT_GET_FILESYSTEM_CAPABILITIES);
}

static void
pathconf_reply(struct request *request, const PGresult *result)
{
	PATHCONF3res res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		PATHCONF3resok *ok = &res.PATHCONF3res_u.resok;

		nfs3_post_op_attr(&row, &ok->obj_attributes);
		row_skip(&row, CAPABILITIES_LINKMAX - 2);
		ok->linkmax = (uint32_t) row_int8(&row);
		ok->name_max = (uint32_t) row_int8(&row);
		ok->no_trunc = row_bool(&row);
		ok->chown_restricted = row_bool(&row);
		ok->case_insensitive = row_bool(&row);
		ok->case_preserving = row_bool(&row);
	}
	else
		nfs3_post_op_attr(&row, &res.PATHCONF3res_u.obj_attributes);
	nfs3_reply(request, &row, (xdrproc_t) xdr_PATHCONF3res, &res, 0);
}

const struct procedure nfs3_pathconf = {
	.name = "PATHCONF",
	.decode = nfs3_handle_decode,
	.send = pathconf_send,
	.reply = pathconf_reply,
	.fail = nfs3_fail,
	.absent = 1,
};
