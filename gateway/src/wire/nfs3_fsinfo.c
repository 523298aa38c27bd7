/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_fsinfo.c
 *	  FSINFO (RFC 1813, 3.3.19): what the file system can do.
 */
#include "wire/nfs3_procedures.h"

static void
fsinfo_send(struct request *request)
{
	nfs3_handle_send(request, STATEMENT_GET_FILESYSTEM_CAPABILITIES);
}

static void
fsinfo_reply(struct request *request, const PGresult *result)
{
	FSINFO3res	res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		FSINFO3resok *ok = &res.FSINFO3res_u.resok;

		nfs3_post_op_attr(&row, &ok->obj_attributes);
		ok->rtmax = (uint32_t) row_int8(&row);
		ok->rtpref = (uint32_t) row_int8(&row);
		ok->rtmult = (uint32_t) row_int8(&row);
		ok->wtmax = (uint32_t) row_int8(&row);
		ok->wtpref = (uint32_t) row_int8(&row);
		ok->wtmult = (uint32_t) row_int8(&row);
		ok->dtpref = (uint32_t) row_int8(&row);
		ok->maxfilesize = (uint64_t) row_int8(&row);
		ok->time_delta = nfs3_time(row_int8(&row));
		ok->properties = (uint32_t) row_int4(&row);
	}
	else
		nfs3_post_op_attr(&row, &res.FSINFO3res_u.obj_attributes);
	nfs3_reply(request, &row, (xdrproc_t) xdr_FSINFO3res, &res, 0);
}

const struct procedure nfs3_fsinfo = {
	.name = "FSINFO",
	.decode = nfs3_handle_decode,
	.send = fsinfo_send,
	.reply = fsinfo_reply,
	.fail = nfs3_fail,
	.absent = 1,
};
