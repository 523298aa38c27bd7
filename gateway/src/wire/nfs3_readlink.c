/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_readlink.c
 *	  READLINK (RFC 1813, 3.3.5): what a symbolic link says, byte for byte.
 */
#include "wire/nfs3_procedures.h"

static void
readlink_send(struct request *request)
{
	nfs3_handle_send(request, STATEMENT_READ_SYMLINK);
}

static void
readlink_reply(struct request *request, const PGresult *result)
{
	READLINK3res res;
	uint32_t	size = 0;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		READLINK3resok *ok = &res.READLINK3res_u.resok;
		const unsigned char *target;

		nfs3_post_op_attr(&row, &ok->symlink_attributes);
		target = row_bytes(&row, &size);
		if (!target)
			row.ok = false;
		ok->data.nfspath3_val = (char *) target;
		ok->data.nfspath3_len = size;
	}
	else
		nfs3_post_op_attr(&row, &res.READLINK3res_u.symlink_attributes);
	nfs3_reply(request, &row, (xdrproc_t) xdr_READLINK3res, &res, size);
}

const struct procedure nfs3_readlink = {
	.name = "READLINK",
	.decode = nfs3_handle_decode,
	.send = readlink_send,
	.reply = readlink_reply,
	.fail = nfs3_fail,
	.absent = 1,
};
