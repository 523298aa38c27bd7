/*
 * nfs3_readlink.c
 *	  READLINK (RFC 1813, 3.3.5): what a symbolic link says, byte for byte.
 */
#include "nfs3_procedures.h"

void
nfs3_readlink_send(struct request *request)
{
	nfs3_handle_send(request, STATEMENT_READ_SYMLINK);
}

void
nfs3_readlink_reply(struct request *request, const PGresult *result)
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
