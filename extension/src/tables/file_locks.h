/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * file_locks.h
 *	  The locks of a file: from its inode to a list and back.
 *
 * The one module that touches dittofs.locked_files and dittofs.lock_grants, and
 * knows what files.locks is made of (lock_list.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_FILE_LOCKS_H
#define DITTOFS_FILE_LOCKS_H

#include "base/dittofs.h"

#include "tables/inodes.h"
#include "tables/lock_list.h"
#include "tables/shares.h"

typedef struct FileLocks
{
	LockList	list;
	const bytea *stored;		/* what it was made of; NULL: nothing */
	int			nclients;		/* that it had then */
	int		   *counts;			/* and what each of them had, if it is alive */
	bool		dead;			/* one of them was not */
} FileLocks;

/*
 * The locks of an inode, without those of the dead; requests that can be let in
 * without them are.  A damaged value is an ERROR.
 */
extern void file_locks_open(FileLocks *locks, const Inode *inode);
/* The same for a caller that only looks: no request is let in. */
extern void file_locks_look(FileLocks *locks, const Inode *inode);

/*
 * Ends the life of a client of the list: it loses all its locks, here and
 * elsewhere.
 */
extern void file_locks_end_client(FileLocks *locks, int client);

/*
 * Stores what has become of them; the inode is locked.  False: that would be
 * more than the share's limits allow, and nothing has happened.  releasing: a
 * request that gives back locks may go a little beyond them.
 */
extern bool file_locks_store(FileLocks *locks, const Share *share, Inode *inode,
							 bool releasing);

/* The same of another file than the caller has locked.  False: damaged. */
extern bool file_locks_peek(FileLocks *locks, const Inode *inode);
/* The bytes that they take. */
extern Size file_locks_size(const Inode *inode);
/*
 * Files of the share in which requests wait, up to max of them, as the active
 * snapshot has them.  Returns how many.
 */
extern int	file_locks_waiting(int32 share_id, pg_uuid_t *ids, int max);

/* Drops what there is about a file that is going to be removed. */
extern void file_locks_remove(const Inode *inode);

/*
 * For the sweep: forgets that the file had locks, if it has none, and those of
 * the dead; the inode is locked, or there is none any more (NULL).
 */
extern void file_locks_sweep(const pg_uuid_t *id, const Share *share,
							 Inode *inode);

/*
 * The file of a grant that was not confirmed.  False: there is no such grant.
 */
extern bool lock_grant_file(int64 id, int32 *share_id, pg_uuid_t *file_id);
/* A grant that no file knows of (any more). */
extern void lock_grant_delete(int64 id);

#endif							/* DITTOFS_FILE_LOCKS_H */
