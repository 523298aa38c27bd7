/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_fsstat.c
 *	  FSSTAT (RFC 1813, 3.3.18): how full the file system is.
 */
#include "wire/nfs3_procedures.h"

static void
fsstat_send(struct request *request)
{
	nfs3_handle_send(request, STATEMENT_GET_FILESYSTEM_STATISTICS);
}

static void
fsstat_reply(struct request *request, const PGresult *result)
{
	FSSTAT3res	res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		FSSTAT3resok *ok = &res.FSSTAT3res_u.resok;

		nfs3_post_op_attr(&row, &ok->obj_attributes);
		ok->tbytes = (uint64_t) row_int8(&row);
		ok->fbytes = (uint64_t) row_int8(&row);
		ok->abytes = (uint64_t) row_int8(&row);
		ok->tfiles = (uint64_t) row_int8(&row);
		ok->ffiles = (uint64_t) row_int8(&row);
		ok->afiles = (uint64_t) row_int8(&row);
		ok->invarsec = (uint32_t) row_int4(&row);
	}
	else
		nfs3_post_op_attr(&row, &res.FSSTAT3res_u.obj_attributes);
	nfs3_reply(request, &row, (xdrproc_t) xdr_FSSTAT3res, &res, 0);
}

const struct procedure nfs3_fsstat = {
	.name = "FSSTAT",
	.decode = nfs3_handle_decode,
	.send = fsstat_send,
	.reply = fsstat_reply,
	.fail = nfs3_fail,
	.absent = 1,
};
