/* SPDX-License-Identifier: PostgreSQL */
/*
 * parameters.h
 *	  Fills in a call: a statement and its parameters, in binary.
 *
 *	  struct parameters p = parameters_begin(request, STATEMENT_LOOKUP,
 *												 args->dir);
 *
 *	  parameters_bytes(&p, args->dir);
 *	  parameters_bytes(&p, args->name);
 *	  parameters_caller(&p);
 *	  parameters_end(&p);
 *
 * Parameters go in the order the function declares them.  Integers are laid
 * into the region; bytes stay where they are.  The call is queued when send or
 * reply returns, not before, so a procedure may still change its mind as long
 * as it has not come to parameters_end.
 */
#ifndef DITTOFS_PARAMETERS_H
#define DITTOFS_PARAMETERS_H

#include "wire/nfs3_args.h"
#include "core/request.h"
#include "db/statements.h"

struct parameters
{
	struct region *region;
	struct call *call;
	const struct request *request;	/* whose caller it tells, or NULL */
	enum statement_number statement;
	int			count;
};

/* key_handle: calls with the same one go to the same connection. */
extern struct parameters parameters_of(struct region *region,
									   struct call *call,
									   enum statement_number statement,
									   struct bytes key_handle);
/* The same for request->call. */
extern struct parameters parameters_begin(struct request *request,
										  enum statement_number statement,
										  struct bytes key_handle);
/* An object that a changing call locks besides the object of key_handle. */
extern void parameters_lock(struct parameters *p, struct bytes handle);
/* A handle that is not locked, and a path: for finding the store (call.h). */
extern void parameters_other_handle(struct parameters *p, struct bytes handle);
extern void parameters_path(struct parameters *p, struct bytes path);
extern void parameters_null(struct parameters *p);
extern void parameters_bytes(struct parameters *p, struct bytes value);
extern void parameters_text(struct parameters *p, const char *constant);
extern void parameters_int4(struct parameters *p, uint32_t value);
extern void parameters_int8(struct parameters *p, int64_t value);
extern void parameters_bool(struct parameters *p, bool value);
extern void parameters_caller(struct parameters *p);

/*
 * An offset or a cookie.  The wire has one bit more than bigint.  A value
 * beyond the end of bigint is also beyond the end of every file, so it becomes
 * the largest bigint, and the extension answers accordingly.
 */
extern void parameters_offset(struct parameters *p, uint64_t value);

/*
 * The attributes to set, NULL for those that stay, in the order of all
 * functions that take them: mode, uid, gid, size, atime, mtime, atime_now,
 * mtime_now. with: which of mode and size the function has.
 */
#define PARAMETERS_MODE 1
#define PARAMETERS_SIZE 2
extern void parameters_sattr(struct parameters *p, const struct sattr *sattr,
							 int with);

extern void parameters_end(struct parameters *p);

#endif							/* DITTOFS_PARAMETERS_H */
