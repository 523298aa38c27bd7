/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_procedures.h
 *	  What the files of the NFS procedures share.
 *
 * A procedure is a file: its decode, send and reply (request.h), and at the end
 * its struct procedure, which alone is seen outside.  Procedures whose
 * arguments or results have the same form share the function.
 *
 * A procedure reads: check what the wire alone can tell to be wrong, send,
 * fill the reply.  What the file system does is the extension's business,
 * statuses pass through.
 */
#ifndef DITTOFS_NFS3_PROCEDURES_H
#define DITTOFS_NFS3_PROCEDURES_H

#include "dittofs_contract.h"
#include "nfs3.h"
#include "wire/nfs3_args.h"
#include "wire/nfs3_attr.h"
#include "db/parameters.h"
#include "core/request.h"
#include "db/row.h"

/*
 * Room for a reply without its variable part.  The largest, of a CREATE, has
 * 280 bytes: status, handle, attributes, wcc data.
 */
#define NFS3_REPLY_ROOM 320

/*
 * The reply that is a status and no attributes: a failure of which nothing
 * but its kind is known.
 */
extern void nfs3_fail(struct request *request, uint32_t status);

/*
 * Opens the first row of the result, takes its status and notes it for the
 * log.  false: the reply has been made already, there is nothing more to do.
 */
extern bool nfs3_result(struct request *request, const PGresult *result,
						struct row *row, nfsstat3 *status);

/*
 * The reply is res, which encode writes in at most NFS3_REPLY_ROOM + variable
 * bytes; unless the row turned out not to be what it should: then the reply is
 * SERVERFAULT and false is returned.
 */
extern bool nfs3_reply(struct request *request, const struct row *row,
					   xdrproc_t encode, void *res, size_t variable);

/* A row that makes no sense, an older extension's perhaps: SERVERFAULT. */
extern void nfs3_malformed(struct request *request);

/* Arguments: a handle (struct bytes); a handle and a name (struct dirop). */
extern bool nfs3_handle_decode(struct request *request, XDR *xdr);
extern bool nfs3_dirop_decode(struct request *request, XDR *xdr);

/* Calls a function of (handle, caller), of (dir, name, caller). */
extern void nfs3_handle_send(struct request *request,
							 enum statement_number statement);
extern void nfs3_dirop_send(struct request *request,
							enum statement_number statement);

/* change_result: status and wcc data, in success as in failure. */
extern void nfs3_change_reply(struct request *request, const PGresult *result);

/* create_result: CREATE, MKDIR, SYMLINK, MKNOD. */
extern void nfs3_create_reply(struct request *request, const PGresult *result);

/* By number (RFC 1813, 3.3) from 1 on; each is at the end of its file. */
#define NFS3_PROCEDURES(X) \
	X(GETATTR, nfs3_getattr) \
	X(SETATTR, nfs3_setattr) \
	X(LOOKUP, nfs3_lookup) \
	X(ACCESS, nfs3_access) \
	X(READLINK, nfs3_readlink) \
	X(READ, nfs3_read) \
	X(WRITE, nfs3_write) \
	X(CREATE, nfs3_create) \
	X(MKDIR, nfs3_mkdir) \
	X(SYMLINK, nfs3_symlink) \
	X(MKNOD, nfs3_mknod) \
	X(REMOVE, nfs3_remove) \
	X(RMDIR, nfs3_rmdir) \
	X(RENAME, nfs3_rename) \
	X(LINK, nfs3_link) \
	X(READDIR, nfs3_readdir) \
	X(READDIRPLUS, nfs3_readdirplus) \
	X(FSSTAT, nfs3_fsstat) \
	X(FSINFO, nfs3_fsinfo) \
	X(PATHCONF, nfs3_pathconf) \
	X(COMMIT, nfs3_commit)

#define NFS3_DECLARE(number, name) extern const struct procedure name;
NFS3_PROCEDURES(NFS3_DECLARE)
#undef NFS3_DECLARE

#endif							/* DITTOFS_NFS3_PROCEDURES_H */
