/*
 * nfs3.c
 *	  The NFS program, version 3: its procedures, and what they share.
 */
#include "nfs3_procedures.h"

/* Status of our own (extension/sql/README.md): the credential is too weak. */
#define STATUS_TOO_WEAK 20001

/*
 * By number (RFC 1813, 3.3).  Second: whether it changes something, and so
 * runs to its end, once it runs, when its client has gone.
 */
static const struct procedure procedures[] = {
	[NFSPROC3_NULL] = {"NULL", false, NULL, NULL, NULL, NULL},
	[NFSPROC3_GETATTR] = {"GETATTR", false, nfs3_handle_decode,
		nfs3_getattr_send, nfs3_getattr_reply, nfs3_fail},
	[NFSPROC3_SETATTR] = {"SETATTR", true, nfs3_setattr_decode,
		nfs3_setattr_send, nfs3_change_reply, nfs3_fail},
	[NFSPROC3_LOOKUP] = {"LOOKUP", false, nfs3_dirop_decode,
		nfs3_lookup_send, nfs3_lookup_reply, nfs3_fail},
	[NFSPROC3_ACCESS] = {"ACCESS", false, nfs3_access_decode,
		nfs3_access_send, nfs3_access_reply, nfs3_fail},
	[NFSPROC3_READLINK] = {"READLINK", false, nfs3_handle_decode,
		nfs3_readlink_send, nfs3_readlink_reply, nfs3_fail},
	[NFSPROC3_READ] = {"READ", false, nfs3_read_decode,
		nfs3_read_send, nfs3_read_reply, nfs3_fail},
	[NFSPROC3_WRITE] = {"WRITE", true, nfs3_write_decode,
		nfs3_write_send, nfs3_write_reply, nfs3_fail},
	[NFSPROC3_CREATE] = {"CREATE", true, nfs3_create_decode,
		nfs3_create_send, nfs3_create_reply, nfs3_fail},
	[NFSPROC3_MKDIR] = {"MKDIR", true, nfs3_mkdir_decode,
		nfs3_mkdir_send, nfs3_create_reply, nfs3_fail},
	[NFSPROC3_SYMLINK] = {"SYMLINK", true, nfs3_symlink_decode,
		nfs3_symlink_send, nfs3_create_reply, nfs3_fail},
	[NFSPROC3_MKNOD] = {"MKNOD", true, nfs3_mknod_decode,
		nfs3_mknod_send, nfs3_create_reply, nfs3_fail},
	[NFSPROC3_REMOVE] = {"REMOVE", true, nfs3_dirop_decode,
		nfs3_remove_send, nfs3_change_reply, nfs3_fail},
	[NFSPROC3_RMDIR] = {"RMDIR", true, nfs3_dirop_decode,
		nfs3_rmdir_send, nfs3_change_reply, nfs3_fail},
	[NFSPROC3_RENAME] = {"RENAME", true, nfs3_rename_decode,
		nfs3_rename_send, nfs3_rename_reply, nfs3_fail},
	[NFSPROC3_LINK] = {"LINK", true, nfs3_link_decode,
		nfs3_link_send, nfs3_link_reply, nfs3_fail},
	[NFSPROC3_READDIR] = {"READDIR", false, nfs3_readdir_decode,
		nfs3_readdir_send, nfs3_readdir_reply, nfs3_fail},
	[NFSPROC3_READDIRPLUS] = {"READDIRPLUS", false, nfs3_readdirplus_decode,
		nfs3_readdirplus_send, nfs3_readdirplus_reply, nfs3_fail},
	[NFSPROC3_FSSTAT] = {"FSSTAT", false, nfs3_handle_decode,
		nfs3_fsstat_send, nfs3_fsstat_reply, nfs3_fail},
	[NFSPROC3_FSINFO] = {"FSINFO", false, nfs3_handle_decode,
		nfs3_fsinfo_send, nfs3_fsinfo_reply, nfs3_fail},
	[NFSPROC3_PATHCONF] = {"PATHCONF", false, nfs3_handle_decode,
		nfs3_pathconf_send, nfs3_pathconf_reply, nfs3_fail},
	[NFSPROC3_COMMIT] = {"COMMIT", true, nfs3_commit_decode,
		nfs3_commit_send, nfs3_commit_reply, nfs3_fail},
};

const struct program nfs3_program = {
	"NFS", NFS_PROGRAM, NFS_V3,
	procedures, sizeof(procedures) / sizeof(procedures[0])
};

/*
 * How many optional parts (attributes, or either half of wcc data) the
 * failure arm of each procedure's result has: absent, each is one FALSE.
 */
static const unsigned char optional_parts[] = {
	[NFSPROC3_GETATTR] = 0,
	[NFSPROC3_SETATTR] = 2,
	[NFSPROC3_LOOKUP] = 1,
	[NFSPROC3_ACCESS] = 1,
	[NFSPROC3_READLINK] = 1,
	[NFSPROC3_READ] = 1,
	[NFSPROC3_WRITE] = 2,
	[NFSPROC3_CREATE] = 2,
	[NFSPROC3_MKDIR] = 2,
	[NFSPROC3_SYMLINK] = 2,
	[NFSPROC3_MKNOD] = 2,
	[NFSPROC3_REMOVE] = 2,
	[NFSPROC3_RMDIR] = 2,
	[NFSPROC3_RENAME] = 4,
	[NFSPROC3_LINK] = 3,
	[NFSPROC3_READDIR] = 1,
	[NFSPROC3_READDIRPLUS] = 1,
	[NFSPROC3_FSSTAT] = 1,
	[NFSPROC3_FSINFO] = 1,
	[NFSPROC3_PATHCONF] = 1,
	[NFSPROC3_COMMIT] = 2,
};

void
nfs3_fail(struct request *request, uint32_t status)
{
	XDR		   *xdr = reply_begin(request, NFS3_REPLY_ROOM);
	int			parts = optional_parts[request->procedure - procedures];
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
	if (*status == STATUS_TOO_WEAK)
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
