/*-------------------------------------------------------------------------
 *
 * ops.h
 *	  What the operations share.
 *
 * An operation reads: enter, find or lock the inodes, check, change, reply.
 * Everything is checked before the first change, so a status other than FS_OK
 * means that nothing happened.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_OPS_H
#define DITTOFS_OPS_H

#include "dittofs.h"

#include "dirents.h"
#include "handles.h"
#include "inodes.h"
#include "perm.h"
#include "rel.h"
#include "shares.h"

/* A caller at an object: what its handle and his credential say. */
typedef struct Op
{
	const Share *share;
	const Caller *caller;
	Cred		cred;
	pg_uuid_t	id;
} Op;

/* An argument that may be NULL. */
typedef struct OptInt
{
	bool		given;
	int64		value;
} OptInt;

/* What SETATTR or a creation sets (sattr3 of RFC 1813, 2.6). */
typedef struct SetAttrs
{
	OptInt		mode;
	OptInt		uid;
	OptInt		gid;
	OptInt		size;
	OptInt		atime;
	OptInt		mtime;
	bool		atime_now;
	bool		mtime_now;
} SetAttrs;

/* A name, checked. */
typedef struct FsName
{
	const char *data;
	int			len;
	bool		dot;
	bool		dotdot;
} FsName;

/*
 * Takes handle and caller (arguments argh and argc of fcinfo) apart.  Statuses:
 * BADHANDLE, STALE (no such share), ACCES, TOOWEAK.
 */
extern Status op_enter(FunctionCallInfo fcinfo, int argh, int argc, Op *op);

/* The object as it is, without a lock.  STALE */
extern Status op_get(const Op *op, Inode *inode);
/* The same, and it must be a directory.  STALE, NOTDIR */
extern Status op_get_dir(const Op *op, Inode *dir);

/* The object, locked.  STALE */
extern Status op_lock(const Op *op, Inode **inode);
/* The object, locked; a directory, of a share that can be changed.  ROFS */
extern Status op_lock_dir(const Op *op, Inode **dir);

/* A lock out of order: an ERROR that asks for a rerun if somebody has it. */
extern Inode *op_lock_late(const pg_uuid_t *id);

/* A name argument; INVAL, NAMETOOLONG */
extern Status op_name(FunctionCallInfo fcinfo, int arg, FsName *name);

extern OptInt op_opt(FunctionCallInfo fcinfo, int arg);
extern bool op_flag(FunctionCallInfo fcinfo, int arg);
/* A text argument that is one of words (NULL-terminated); -1 if it is none. */
extern int	op_word(FunctionCallInfo fcinfo, int arg, const char *const *words);

/*
 * The time of a change to an inode: now, or a nanosecond after its last
 * change where the clock would not be later.
 */
extern FsTime op_tick(const Inode *inode);
/* A directory gained, lost or renamed an entry. */
extern void op_touch_dir(Inode *dir);
/* Link count, owner, mode, name of an inode changed. */
extern void op_touch_ctime(Inode *inode);
/* Drops a link; the last one takes inode and content along. */
extern void op_unlink(const Share *share, Inode *inode);

/* wcc: before the operation, and after it. */
extern void wcc_before(Wcc *wcc, const Inode *inode);
extern void wcc_after(Wcc *wcc, const Share *share, const Inode *inode);
/* For a failure: the attributes as anybody sees them now, if there are any. */
extern void wcc_now(Wcc *wcc, const Op *op);

/*
 * A result row: status and n more columns, all NULL where values is NULL.
 */
extern Datum op_result(ResultType type, Status status, const Datum *values,
					   const bool *nulls, int n);

/*
 * May cred set these attributes of inode?  Says so before anything is changed
 * (ops_attr.c): PERM, ACCES, ISDIR, INVAL, FBIG.
 */
extern Status setattr_check(const Op *op, const Inode *inode, const SetAttrs *set);
extern void setattr_apply(const Op *op, Inode *inode, const SetAttrs *set);

#endif							/* DITTOFS_OPS_H */
