/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops.h
 *	  Declares what the operations share among themselves; fs.h declares the
 *	  operations.
 *
 * An operation reads: enter, find or lock the inodes, check, change, reply.
 * Each operation checks everything before its first change, so a status other
 * than FS_OK means that nothing happened.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_OPS_H
#define DITTOFS_OPS_H

#include "base/dittofs.h"

#include "tables/dirents.h"
#include "ops/fs.h"
#include "types/handles.h"
#include "tables/inodes.h"
#include "tables/rel.h"

/* A name, checked. */
typedef struct FsName
{
	const char *data;
	int			len;
	bool		dot;
	bool		dotdot;
} FsName;

/* Reads the object without a lock.  STALE */
extern Status op_get(const Op *op, Inode *inode);
/* The same, and it must be a directory.  STALE, NOTDIR */
extern Status op_get_dir(const Op *op, Inode *dir);

/* Locks the object.  STALE */
extern Status op_lock(const Op *op, Inode **inode);
/* Locks the object, a directory of a share that can be changed.  ROFS */
extern Status op_lock_dir(const Op *op, Inode **dir);

/* A lock out of order: an ERROR that asks for a rerun if it is not free. */
extern Inode *op_lock_late(const pg_uuid_t *id);

/* Checks a name; INVAL, NAMETOOLONG */
extern Status op_name(const FsBytes *bytes, FsName *name);

/*
 * The time of a change to an inode: now, or a nanosecond after its last
 * change where the clock would not be later.
 */
extern FsTime op_tick(const Inode *inode);
/* A directory gained, lost or renamed an entry. */
extern void op_touch_dir(Inode *dir);
/* Link count, owner, mode, name of an inode changed. */
extern void op_touch_ctime(Inode *inode);
/*
 * Drops a link; with the last one inode and content go, unless the file is open
 * (states4.h): then it has no name, and goes when it is closed.
 */
extern void op_unlink(const Share *share, Inode *inode);
/* They go, whatever the link count. */
extern void op_delete(const Share *share, Inode *inode);

/*
 * Weak cache consistency data: before the operation, and after it, which makes
 * it one that is given.
 */
extern void wcc_before(OptWcc *wcc, const Inode *inode);
extern void wcc_after(OptWcc *wcc, const Share *share, const Inode *inode);
/* For a failure: the current attributes, if there are any. */
extern void wcc_now(OptWcc *wcc, const Op *op);
/* Attributes that are given. */
extern void fattr_now(OptFattr *attributes, const Op *op, const Inode *inode);

/*
 * May the caller set these attributes of the inode?  Asked before anything is
 * changed (ops_attr.c): PERM, ACCES, ISDIR, INVAL, FBIG.
 */
extern Status setattr_check(const Op *op, const Inode *inode,
							const SetAttrs *set);
extern void setattr_apply(const Op *op, Inode *inode, const SetAttrs *set);

#endif							/* DITTOFS_OPS_H */
