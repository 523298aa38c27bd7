/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * inodes.h
 *	  The inode store: the one module that touches dittofs.files.
 *
 * Reading takes no lock.  Who wants to change an inode locks it first and
 * changes the struct he got; the row is written when the operation ends or, in
 * a gateway's session, once before the commit (xact.h), however many
 * operations of the transaction changed it.  A lock lasts to the end of the
 * transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_INODES_H
#define DITTOFS_INODES_H

#include "base/dittofs.h"

#include "storage/itemptr.h"

/* Cuts of a large file that may wait for the reaper at the same time. */
#define CUTS_MAX	8

typedef struct Inode
{
	pg_uuid_t	id;				/* first: key of the transaction's table */
	int64		fileid;
	int64		size;
	int64		used;
	FsTime		atime;
	FsTime		mtime;
	FsTime		ctime;
	uint32		uid;
	uint32		gid;
	int32		share_id;
	int32		mode;
	int32		nlink;
	Kind		kind;
	bool		has_content_id;
	bool		has_verifier;
	pg_uuid_t	parent_id;		/* directories only */
	pg_uuid_t	content_id;		/* id unless has_content_id */
	int64		memory_epoch;	/* content is in memory, of this epoch; or 0 */
	int64		external;		/* bytes in stores, cut-off ones included */
	int64		moved;			/* see blocks.c; 0: no move is under way */
	int			ncuts;			/* see content.c */
	int64		cut_credit;
	int64		cut_position;
	int64		cut_from[CUTS_MAX];
	int64		cut_to[CUTS_MAX];	/* PG_INT64_MAX: all that follows */
	int64		cut_mark[CUTS_MAX];
	int64		xattrs;			/* bytes of extended attributes; 0: none */
	int32		overflow;		/* of a directory: see dirents.c; or 0 */
	uint32		rdev_major;
	uint32		rdev_minor;
	uint8		verifier[FS_VERIFIER_LEN];
	bytea	   *target;			/* symlinks only; NULL in locked inodes */
	bytea	   *locks;			/* as stored (lock_list.c); NULL: never any */
} Inode;

/* Bytes of its rows: used, and cut-off ones that are not deleted yet. */
static inline int64
inode_held(const Inode *inode)
{
	return inode->used + inode->cut_credit;
}

/* Has it rows of pages? */
static inline bool
inode_has_pages(const Inode *inode)
{
	return inode_held(inode) > inode->external;
}

/* To be called when the last page may have gone. */
static inline void
inode_pages_went(Inode *inode)
{
	if (!inode_has_pages(inode))
		inode->memory_epoch = inode->moved = 0;
}

/* Was a row with this mark, for bytes from start on, cut off? */
static inline bool
inode_is_cut(const Inode *inode, int64 start, int64 mark)
{
	for (int i = 0; i < inode->ncuts; i++)
	{
		if (start >= inode->cut_from[i] && start < inode->cut_to[i] &&
			mark < inode->cut_mark[i])
			return true;
	}
	return false;
}

/* The mark of a row that is written now; 0: it needs none. */
static inline int64
inode_row_mark(const Inode *inode, int64 start)
{
	int64		mark = 0;

	for (int i = 0; i < inode->ncuts; i++)
	{
		if (start >= inode->cut_from[i] && start < inode->cut_to[i])
			mark = Max(mark, inode->cut_mark[i]);
	}
	return mark;
}

/* Where the last of the bytes that were cut off ends. */
static inline int64
inode_cuts_end(const Inode *inode)
{
	int64		end = 0;

	for (int i = 0; i < inode->ncuts; i++)
		end = Max(end, inode->cut_to[i]);
	return end;
}

/* The overflow of a directory, 0 if there is none. */
extern int32 inode_overflow(const pg_uuid_t *id);
/* Raises it to at least this; the directory is locked. */
extern void inode_raise_overflow(const pg_uuid_t *id, int32 overflow);

/*
 * Reads an inode as the statement's snapshot, or this transaction, sees it.
 * False: there is none.
 */
extern bool inode_get(const pg_uuid_t *id, Inode *inode);

/*
 * The same, with a guess at the place of the first version of the row (or an
 * invalid one), which saves the index scan when it is right.
 */
extern bool inode_get_at(const pg_uuid_t *id, const ItemPointerData *place,
						 Inode *inode);
/* The place of an inode that this transaction has made and written. */
extern bool inode_place(const pg_uuid_t *id, ItemPointer place);

/*
 * A number that stays the same while no other session changes the inode:
 * knowledge of its entries or content holds in the same era. 0: unknown.  For
 * an inode that is not locked it is the era of the version that the active
 * snapshot sees.
 */
extern uint64 inode_era(const pg_uuid_t *id);

/* Inodes after an id, in the order of ids, until the callback says false. */
extern void inode_foreach(const pg_uuid_t *after,
						  bool (*callback) (const Inode *, void *), void *arg);

/*
 * Locks inodes in the order of their ids and returns their current state;
 * entry i is NULL when inode i is gone.  Directories and files are locked by
 * separate calls, directories first (extension/README.md, lock order).
 */
extern void inode_lock(int n, const pg_uuid_t *ids, Inode **inodes);

/*
 * As inode_lock for one directory.  NULL also if it is no directory of that
 * share: then it is not locked, because a file must not be locked where
 * directories come first, and a forged handle must lock nothing.
 */
extern Inode *inode_lock_dir(const pg_uuid_t *id, int32 share_id);

/* As inode_lock for one, but never waits: NULL also when it is not free. */
extern Inode *inode_lock_nowait(const pg_uuid_t *id);

/*
 * Reads an inode as it is when the transaction has ended that holds its lock
 * now, if one does; what else is committed by then is seen, too.  False: there
 * is none (any more).  Nothing is locked.
 */
extern bool inode_settle(const pg_uuid_t *id, Inode *inode);

/* Does this transaction hold the lock? */
extern Inode *inode_locked(const pg_uuid_t *id);

/* To be called after a change to a locked inode. */
extern void inode_dirty(Inode *inode);

/* The packed locks of a locked inode (file_locks.c); len 0: none. */
extern void inode_set_locks(Inode *inode, const void *bytes, size_t len);

/* Adds an inode (locked by us from now on); target may be NULL. */
extern Inode *inode_insert(const Inode *inode, const bytea *target);

/* Removes a locked inode. */
extern void inode_delete(Inode *inode);

/* Writes dirty inodes; called by xact.c only. */
extern void inode_flush(void);
/* Forgets everything at the end of a transaction; called by xact.c only. */
extern void inode_forget(void);

extern void inode_fattr(const Inode *inode, uint64 fsid, Fattr *fattr);
extern void inode_new_id(pg_uuid_t *id);
extern int64 inode_new_fileid(void);

#endif							/* DITTOFS_INODES_H */
