/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * pseudo.h
 *	  The directories above the shares, where a client of NFSv4 begins.
 *
 * Shares have paths like /export or /a/b, and NFSv4 has one tree.  What is
 * above the shares is made of their list, as far as the caller may see it:
 * there are no rows for it, and every gateway and every session makes the same
 * of it. A directory above the shares is named by its path, "" or "/a" in
 * UTF-8.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_PSEUDO_H
#define DITTOFS_PSEUDO_H

#include "nfs4/compound.h"

/* The first byte of a handle; the others are a hash of the path. */
#define PSEUDO_HANDLE_VERSION 2

/* What there is at a path. */
typedef struct PseudoPlace
{
	const Share *share;			/* its root; NULL: above the shares */
	const char *path;
} PseudoPlace;

/* FS_OK or FS_NOENT */
extern Status pseudo_lookup(const Caller *caller, const char *path,
							FsBytes name, PseudoPlace *place);
/* The root of all, which may be a share's. */
extern PseudoPlace pseudo_root(const Caller *caller);
/* What is above the path of a share or of a directory; NULL: nothing. */
extern const char *pseudo_parent(const char *path);
/* The path of a share: "" of the one that is the root itself. */
extern const char *pseudo_share_path(const Share *share);

/* The path of a handle; NULL: there is no such directory. */
extern const char *pseudo_from_handle(const Caller *caller, FsBytes handle);
/* HANDLE_LEN bytes */
extern void pseudo_handle(const char *path, char *data);

/*
 * The number of a directory above the shares, and of the place where a share's
 * root is: a hash of the path, never 0.
 */
extern uint64 pseudo_fileid(const char *path);
/* With a change number that is another one when the list of its entries is. */
extern void pseudo_attributes(const Caller *caller, const char *path,
							  Fattr *attributes, uint64 *change);

typedef struct PseudoEntry
{
	uint64		cookie;			/* a hash of the name, greater than 2 */
	FsBytes		name;
	PseudoPlace place;
} PseudoEntry;

/* The entries, in the order of cookies. */
extern int	pseudo_list(const Caller *caller, const char *path,
						PseudoEntry **entries);

/*
 * The share whose root covers an entry of a directory of another share, because
 * its path leads there (/a/b, where there is /a); NULL: none does.
 */
extern const Share *pseudo_nested(const Op *dir, FsBytes name);
/*
 * The directory of another share that is above the root of a share that covers
 * one of its entries; false: there is none.
 */
extern bool pseudo_above(const Op *root, Op *dir);

#endif							/* DITTOFS_PSEUDO_H */
