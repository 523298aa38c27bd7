/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * dirents.h
 *	  Directory entries: the one module that touches dittofs.parent_child_map.
 *
 * To add or remove an entry, or to rely on one not changing, hold the lock of
 * the directory's inode (inodes.h).  Look-ups need no lock.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_DIRENTS_H
#define DITTOFS_DIRENTS_H

#include "base/dittofs.h"

#include "storage/itemptr.h"

#include "tables/inodes.h"
#include "tables/shares.h"

typedef struct Dirent
{
	int64		cookie;
	pg_uuid_t	child_id;
	int64		fileid;
	ItemPointerData tid;		/* where an entry that was found lies; invalid:
								 * it has no row yet */
	bool		has_place;
	ItemPointerData place;		/* of the child's inode, a guess */
	int32		round;			/* of a new one: how many places were full */
	bool		is_new;			/* of a new one: its cookie is free */
	int			namelen;
	char		name[FS_NAME_MAX];
} Dirent;

/* Cookies of '.' and '..'; all others are greater. */
#define COOKIE_DOT		1
#define COOKIE_DOTDOT	2

/*
 * Looks up a name of 1 to 255 bytes.  If it does not exist, dirent->cookie is
 * the cookie of a new entry with that name (0: there is none, because thousands
 * of places are full, each with 256 names of one 55-bit hash).
 */
extern bool dirent_find(const Share *share, const pg_uuid_t *dir,
						const char *name, int namelen, Dirent *dirent);
/* The same when the directory's inode has been read already. */
extern bool dirent_find_in(const Share *share, const Inode *dir,
						   const char *name, int namelen, Dirent *dirent);

/* Reads the inode of an entry. */
extern bool dirent_inode(const Dirent *dirent, Inode *inode);

/*
 * Adds an entry; dirent is complete but for tid, its cookie comes from
 * dirent_find().  The row is written with the inodes (inodes.h).
 */
extern void dirent_insert(const pg_uuid_t *dir, const Dirent *dirent);
/*
 * Lets an entry refer to the child of another, or removes it.  The entry was
 * found under the directory's lock, which keeps it in its place.
 */
extern void dirent_replace(const pg_uuid_t *dir, const Dirent *dirent,
						   const Dirent *by);
extern void dirent_delete(const pg_uuid_t *dir, const Dirent *dirent);
extern bool dirent_any(const pg_uuid_t *dir);

/*
 * Entries after a cookie, in the order of cookies, until the callback says
 * false.
 */
extern void dirent_foreach(const pg_uuid_t *dir, int64 after,
						   bool (*callback)(const Dirent *, void *), void *arg);

/*
 * Writes inodes and entries now, and makes them visible to a later snapshot,
 * for callers that must read the tables themselves.
 */
extern void dirent_write_now(void);
/* Writes added entries; called by xact.c only, after inode_flush(). */
extern void dirent_flush(void);
/* Forgets everything at the end of a transaction; called by xact.c only. */
extern void dirent_forget(void);

#endif							/* DITTOFS_DIRENTS_H */
