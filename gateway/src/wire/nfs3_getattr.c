/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_getattr.c
 *	  GETATTR (RFC 1813, 3.3.1): the attributes of an object.
 *
 * The call clients send most.  It is the one procedure whose failure carries
 * no attributes, and the one whose success is nothing without them.
 */
#include "wire/nfs3_procedures.h"

static void
getattr_send(struct request *request)
{
	nfs3_handle_send(request, STATEMENT_GET_FILE);
}

static void
getattr_reply(struct request *request, const PGresult *result)
{
	GETATTR3res res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK &&
		!nfs3_fattr(&row, &res.GETATTR3res_u.obj_attributes))
		row.ok = false;
	nfs3_reply(request, &row, (xdrproc_t) xdr_GETATTR3res, &res, 0);
}

const struct procedure nfs3_getattr = {
	.name = "GETATTR",
	.decode = nfs3_handle_decode,
	.send = getattr_send,
	.reply = getattr_reply,
	.fail = nfs3_fail,
};
