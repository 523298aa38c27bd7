/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3.c
 *	  The NFS program, version 3: its procedures, and what they share.
 */
#include "wire/nfs3_procedures.h"
#include "wire/programs.h"

/*
 * The extension's numbers are those of nfs3.x: what it answers goes out as it
 * is.
 */
#define SAME(status) \
	_Static_assert((int) FS_##status == (int) NFS3ERR_##status, #status)

SAME(PERM);
SAME(NOENT);
SAME(IO);
SAME(ACCES);
SAME(EXIST);
SAME(XDEV);
SAME(NODEV);
SAME(NOTDIR);
SAME(ISDIR);
SAME(INVAL);
SAME(FBIG);
SAME(NOSPC);
SAME(ROFS);
SAME(MLINK);
SAME(NAMETOOLONG);
SAME(NOTEMPTY);
SAME(DQUOT);
SAME(STALE);
SAME(BADHANDLE);
SAME(NOT_SYNC);
SAME(BAD_COOKIE);
SAME(NOTSUPP);
SAME(TOOSMALL);
SAME(SERVERFAULT);
SAME(BADTYPE);
SAME(JUKEBOX);

#define SAME_KIND(kind, type) \
	_Static_assert((int) KIND_##kind == (int) NF3##type, #kind)

SAME_KIND(REGULAR, REG);
SAME_KIND(DIRECTORY, DIR);
SAME_KIND(BLOCK, BLK);
SAME_KIND(CHARACTER, CHR);
SAME_KIND(SYMLINK, LNK);
SAME_KIND(SOCKET, SOCK);
SAME_KIND(FIFO, FIFO);

_Static_assert(FS_VERIFIER_LEN == NFS3_WRITEVERFSIZE &&
			   FS_VERIFIER_LEN == NFS3_CREATEVERFSIZE, "verifiers");

#define ROW(number, name) [NFSPROC3_##number] = &name,

static const struct procedure *const procedures[] = {
	[NFSPROC3_NULL] = &null_procedure,
	NFS3_PROCEDURES(ROW)
};

const struct program nfs3_program = {
	.name = "NFS",
	.number = NFS_PROGRAM,
	.version = NFS_V3,
	.procedures = procedures,
	.procedure_count = sizeof(procedures) / sizeof(procedures[0]),
	.greeted = true,
};

void
nfs3_fail(struct request *request, uint32_t status)
{
	XDR		   *xdr = reply_begin(request, NFS3_REPLY_ROOM);
	int			parts = request->procedure->absent;
	bool_t		absent = FALSE;

	request->status = status;
	(void) xdr_uint32_t(xdr, &status);
	while (parts-- > 0)
		(void) xdr_bool(xdr, &absent);
	reply_end(request);
}

void
nfs3_malformed(struct request *request)
{
	reply_reset(request);
	nfs3_fail(request, NFS3ERR_SERVERFAULT);
}

bool
nfs3_result(struct request *request, const PGresult *result,
			struct row *row, nfsstat3 *status)
{
	if (PQntuples(result) < 1)
	{
		nfs3_malformed(request);
		return false;
	}
	row_open(row, PQgetvalue(result, 0, request->column),
			 PQgetlength(result, 0, request->column));
	*status = row_int4(row);
	if (!row->ok || row->null)
	{
		nfs3_malformed(request);
		return false;
	}
	request->status = *status;
	if (*status == (nfsstat3) FS_TOOWEAK)
	{
		request_deny(request, AUTH_TOOWEAK);
		return false;
	}
	return true;
}

bool
nfs3_reply(struct request *request, const struct row *row,
		   xdrproc_t encode, void *res, size_t variable)
{
	if (!row->ok ||
		!encode(reply_begin(request, NFS3_REPLY_ROOM + variable), res))
	{
		nfs3_malformed(request);
		return false;
	}
	reply_end(request);
	return true;
}

bool
nfs3_handle_decode(struct request *request, XDR *xdr)
{
	struct bytes *handle = region_alloc(&request->region, sizeof(*handle));

	request->args = handle;
	return args_handle(xdr, handle);
}

bool
nfs3_dirop_decode(struct request *request, XDR *xdr)
{
	struct dirop *where = region_alloc(&request->region, sizeof(*where));

	request->args = where;
	return args_dirop(xdr, where);
}

void
nfs3_handle_send(struct request *request, enum statement_number statement)
{
	const struct bytes *handle = request->args;
	struct parameters p = parameters_begin(request, statement, *handle);

	parameters_bytes(&p, *handle);
	parameters_caller(&p);
	parameters_end(&p);
}

void
nfs3_dirop_send(struct request *request, enum statement_number statement)
{
	const struct dirop *where = request->args;
	struct parameters p = parameters_begin(request, statement, where->dir);

	parameters_bytes(&p, where->dir);
	parameters_bytes(&p, where->name);
	parameters_caller(&p);
	parameters_end(&p);
}

void
nfs3_change_reply(struct request *request, const PGresult *result)
{
	SETATTR3res res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	nfs3_wcc_data(&row, &res.obj_wcc);
	nfs3_reply(request, &row, (xdrproc_t) xdr_SETATTR3res, &res, 0);
}

void
nfs3_create_reply(struct request *request, const PGresult *result)
{
	CREATE3res	res;
	struct row	row;

	if (!nfs3_result(request, result, &row, &res.status))
		return;
	if (res.status == NFS3_OK)
	{
		CREATE3resok *ok = &res.CREATE3res_u.resok;

		nfs3_post_op_fh3(&row, &ok->obj);
		nfs3_post_op_attr(&row, &ok->obj_attributes);
		nfs3_wcc_data(&row, &ok->dir_wcc);
	}
	else
	{
		row_skip(&row, 2);
		nfs3_wcc_data(&row, &res.CREATE3res_u.dir_wcc);
	}
	nfs3_reply(request, &row, (xdrproc_t) xdr_CREATE3res, &res, 0);
}
