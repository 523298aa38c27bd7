/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * perm.h
 *	  Who may do what: credentials after squashing, mode bits, ownership.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_PERM_H
#define DITTOFS_PERM_H

#include "tables/inodes.h"
#include "tables/shares.h"

#define PERM_READ	4
#define PERM_WRITE	2
#define PERM_EXEC	1

/* A caller as the share sees it. */
typedef struct Cred
{
	uint32		uid;
	uint32		gid;
	int			ngids;
	const uint32 *gids;
} Cred;

extern void cred_squash(const Share *share, const Caller *caller, Cred *cred);
extern bool cred_in_group(const Cred *cred, uint32 gid);
extern bool perm_check(const Cred *cred, const Inode *inode, int wanted);
extern bool perm_owner(const Cred *cred, const Inode *inode);
extern bool perm_sticky(const Cred *cred, const Inode *dir, const Inode *child);
/*
 * May the extended attributes of this directory be changed, as far as the
 * sticky bit is concerned?  Of anything else, they may.
 */
extern bool perm_xattr_sticky(const Cred *cred, const Inode *inode);
/* The bits that RFC 8276, 8.5, adds to those of ACCESS. */
extern uint32 perm_xattr_bits(const Share *share, const Cred *cred,
							  const Inode *inode);
extern uint32 perm_access_bits(const Share *share, const Cred *cred,
							   const Inode *inode);

#endif							/* DITTOFS_PERM_H */
