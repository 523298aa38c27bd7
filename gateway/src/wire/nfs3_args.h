/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_args.h
 *	  Decodes arguments in place.
 *
 * Opaques and strings are not copied: they point into the record, which lives
 * as long as the request.  Every function returns false when the record is too
 * short or holds what the type does not allow, and that makes GARBAGE_ARGS.
 *
 * The codecs rpcgen makes are not used for arguments.  They malloc for each
 * opaque, and they take any number for an enum and any word but 0 for true.
 */
#ifndef DITTOFS_NFS3_ARGS_H
#define DITTOFS_NFS3_ARGS_H

#include "nfs3.h"
#include "core/request.h"

/* sattr3 of RFC 1813, 2.6.  Times are nanoseconds since the epoch. */
struct sattr
{
	bool		set_mode;
	bool		set_uid;
	bool		set_gid;
	bool		set_size;
	uint32_t	mode;
	uint32_t	uid;
	uint32_t	gid;
	uint64_t	size;
	time_how	atime_how;
	time_how	mtime_how;
	int64_t		atime;
	int64_t		mtime;
	bool		bad_time;		/* a second of more than 10^9 nanoseconds */
};

/* diropargs3 of RFC 1813, 2.6 */
struct dirop
{
	struct bytes dir;
	struct bytes name;
};

extern bool args_uint32(XDR *xdr, uint32_t *value);
extern bool args_uint64(XDR *xdr, uint64_t *value);
extern bool args_bool(XDR *xdr, bool *value);
extern bool args_enum(XDR *xdr, uint32_t *value, uint32_t highest);

/* opaque<max> or string<max>; and opaque[size] */
extern bool args_opaque(XDR *xdr, struct bytes *value, uint32_t max);
extern bool args_fixed(XDR *xdr, struct bytes *value, uint32_t size);

/*
 * A bound that the XDR type has is part of the type: more is GARBAGE_ARGS.
 * The types with a bound are nfs_fh3 (NFS3_FHSIZE), dirpath (MNTPATHLEN), and
 * the parts of a credential (rpc.c).  filename3, nfspath3 and the data of a
 * WRITE have none: there the extension or the procedure says what is too much.
 */

/* A handle; the extension refuses one that is none of ours, with BADHANDLE. */
extern bool args_handle(XDR *xdr, struct bytes *handle);

/* A name or a path of any length: too long is NAMETOOLONG, not GARBAGE_ARGS. */
extern bool args_name(XDR *xdr, struct bytes *name);
extern bool args_dirop(XDR *xdr, struct dirop *where);

/* *bad is set, and never cleared, when nseconds is 10^9 or more. */
extern bool args_time(XDR *xdr, int64_t *nanoseconds, bool *bad);
extern bool args_sattr(XDR *xdr, struct sattr *sattr);

#endif							/* DITTOFS_NFS3_ARGS_H */
