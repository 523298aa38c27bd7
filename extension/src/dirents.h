/*-------------------------------------------------------------------------
 *
 * dirents.h
 *	  Directory entries: the one module that touches dittofs.parent_child_map.
 *
 * Who adds, removes or needs an entry to stay holds the lock of the directory's
 * inode (inodes.h); who only looks needs none.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_DIRENTS_H
#define DITTOFS_DIRENTS_H

#include "dittofs.h"
#include "shares.h"

typedef struct Dirent
{
	int64		cookie;
	pg_uuid_t	child_id;
	int64		fileid;
	int			namelen;
	char		name[FS_NAME_MAX];
} Dirent;

/* Cookies of '.' and '..'; all others are greater. */
#define COOKIE_DOT		1
#define COOKIE_DOTDOT	2

/* Looks a name up; *found tells.  The name is 1 to 255 bytes. */
extern bool dirent_find(const Share *share, const pg_uuid_t *dir,
						const char *name, int namelen, Dirent *dirent);
/* False: no cookie is free for a name with this hash (never yet seen). */
extern bool dirent_insert(const Share *share, const pg_uuid_t *dir,
						  const char *name, int namelen,
						  const pg_uuid_t *child, int64 fileid);
/* Removes the entry of that cookie. */
extern void dirent_delete(const pg_uuid_t *dir, int64 cookie);
extern bool dirent_any(const pg_uuid_t *dir);

/* Entries after a cookie, in the order of cookies, until the callback says false. */
extern void dirent_foreach(const pg_uuid_t *dir, int64 after,
						   bool (*callback) (const Dirent *, void *), void *arg);

#endif							/* DITTOFS_DIRENTS_H */
