/*
 * nfs3_procedures.h
 *	  What the files of the NFS procedures share.
 *
 * A procedure has three functions, called by the core in this order (see
 * request.h): decode, send, reply.  Procedures whose arguments or results
 * have the same form share the function.
 *
 * A procedure reads: check what the wire alone can tell to be wrong, send,
 * fill the reply.  What the file system does is the extension's business,
 * statuses pass through.
 */
#ifndef DITTOFS_NFS3_PROCEDURES_H
#define DITTOFS_NFS3_PROCEDURES_H

#include "nfs3.h"
#include "nfs3_args.h"
#include "nfs3_attr.h"
#include "parameters.h"
#include "request.h"
#include "row.h"

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

#define NFS3_DECODE(name) \
	extern bool nfs3_##name##_decode(struct request *request, XDR *xdr)
#define NFS3_SEND(name) \
	extern void nfs3_##name##_send(struct request *request)
#define NFS3_REPLY(name) \
	extern void nfs3_##name##_reply(struct request *request, \
									const PGresult *result)

NFS3_SEND(getattr);
NFS3_REPLY(getattr);
NFS3_DECODE(setattr);
NFS3_SEND(setattr);
NFS3_SEND(lookup);
NFS3_REPLY(lookup);
NFS3_DECODE(access);
NFS3_SEND(access);
NFS3_REPLY(access);
NFS3_SEND(readlink);
NFS3_REPLY(readlink);
NFS3_DECODE(read);
NFS3_SEND(read);
NFS3_REPLY(read);
NFS3_DECODE(write);
NFS3_SEND(write);
NFS3_REPLY(write);
NFS3_DECODE(create);
NFS3_SEND(create);
NFS3_DECODE(mkdir);
NFS3_SEND(mkdir);
NFS3_DECODE(symlink);
NFS3_SEND(symlink);
NFS3_DECODE(mknod);
NFS3_SEND(mknod);
NFS3_SEND(remove);
NFS3_SEND(rmdir);
NFS3_DECODE(rename);
NFS3_SEND(rename);
NFS3_REPLY(rename);
NFS3_DECODE(link);
NFS3_SEND(link);
NFS3_REPLY(link);
NFS3_DECODE(readdir);
NFS3_SEND(readdir);
NFS3_REPLY(readdir);
NFS3_DECODE(readdirplus);
NFS3_SEND(readdirplus);
NFS3_REPLY(readdirplus);
NFS3_SEND(fsstat);
NFS3_REPLY(fsstat);
NFS3_SEND(fsinfo);
NFS3_REPLY(fsinfo);
NFS3_SEND(pathconf);
NFS3_REPLY(pathconf);
NFS3_DECODE(commit);
NFS3_SEND(commit);
NFS3_REPLY(commit);

#undef NFS3_DECODE
#undef NFS3_SEND
#undef NFS3_REPLY

#endif							/* DITTOFS_NFS3_PROCEDURES_H */
