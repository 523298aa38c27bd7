/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * paths.h
 *	  Paths, which only people and the MOUNT protocol have: to which share one
 *	  belongs, and what is left of it there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_PATHS_H
#define DITTOFS_PATHS_H

#include "base/dittofs.h"
#include "tables/shares.h"

/* PATH_MAX of the MOUNT protocol (MNTPATHLEN), also for names of shares. */
#define PATH_LEN_MAX	1024

typedef struct PathName
{
	const char *data;			/* points into what was split */
	int			len;
} PathName;

typedef struct Path
{
	int			n;
	PathName   *names;
} Path;

/*
 * Splits an absolute path at its slashes; empty names and '.' are dropped, '..'
 * is a name like others.  False: the path does not begin with a slash.
 */
extern bool path_split(const char *data, int len, Path *path);

/*
 * The share whose name is the longest beginning of the path, or NULL; *depth
 * is the number of names that were its.  wire: the path comes from a client
 * and is UTF-8, otherwise it is in the database's encoding.
 */
extern const Share *path_share(const Path *path, bool wire, int *depth);

/*
 * A hint for a path that no share has: the share whose name is most like the
 * path's beginning, or the names that there are.
 */
extern const char *path_share_hint(const char *path);

static inline bool
path_name_is(const PathName *name, const char *string)
{
	return name->len == strlen(string) &&
		memcmp(name->data, string, name->len) == 0;
}

#endif							/* DITTOFS_PATHS_H */
