/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * perm.c
 *	  Permission: credentials after squashing, mode bits, ownership.
 *
 * The mode bits of one class decide, as POSIX has it: the owner's if the
 * caller is the owner, else the group's if he is in it, else the others'.
 * Root passes everything but the execution of a file without any x bit.
 *
 * Rules of one operation only (the owner's reading and writing of his file
 * whatever its mode, for instance) are in that operation's file.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "ops/perm.h"

/* RFC 1813, 3.3.4 */
#define ACCESS3_READ	0x0001
#define ACCESS3_LOOKUP	0x0002
#define ACCESS3_MODIFY	0x0004
#define ACCESS3_EXTEND	0x0008
#define ACCESS3_DELETE	0x0010
#define ACCESS3_EXECUTE 0x0020
/* RFC 8276, 8.5 */
#define ACCESS4_XAREAD	0x0040
#define ACCESS4_XAWRITE	0x0080
#define ACCESS4_XALIST	0x0100

/*
 * The caller as the share sees him.  Who is squashed becomes the anonymous
 * user with the anonymous group and no other.  A local caller is not squashed.
 */
void
cred_squash(const Share *share, const Caller *caller, Cred *cred)
{
	bool		remote = caller->family != 0;

	if (remote &&
		(caller->auth == CALLER_AUTH_NONE || share->squash == SQUASH_ALL ||
		 (share->squash == SQUASH_ROOT && caller->uid == 0)))
	{
		cred->uid = share->anonuid;
		cred->gid = share->anongid;
		cred->ngids = 0;
		cred->gids = NULL;
		return;
	}
	cred->uid = caller->uid;
	cred->gid = caller->gid;
	cred->ngids = caller->ngids;
	cred->gids = caller->gids;

	/* a root group is squashed with root, for any user that claims it */
	if (remote && share->squash == SQUASH_ROOT)
	{
		uint32	   *gids = NULL;

		if (cred->gid == 0)
			cred->gid = share->anongid;
		for (int i = 0; i < caller->ngids; i++)
		{
			if (caller->gids[i] != 0)
				continue;
			if (gids == NULL)
			{
				gids = palloc(caller->ngids * sizeof(uint32));
				memcpy(gids, caller->gids, caller->ngids * sizeof(uint32));
				cred->gids = gids;
			}
			gids[i] = share->anongid;
		}
	}
}

bool
cred_in_group(const Cred *cred, uint32 gid)
{
	if (cred->gid == gid)
		return true;
	for (int i = 0; i < cred->ngids; i++)
		if (cred->gids[i] == gid)
			return true;
	return false;
}

/* wanted: PERM_ bits, all of which must be granted. */
bool
perm_check(const Cred *cred, const Inode *inode, int wanted)
{
	int			bits;

	if (cred->uid == 0)
		return (wanted & PERM_EXEC) == 0 || inode->kind == KIND_DIRECTORY ||
			(inode->mode & 0111) != 0;
	if (cred->uid == inode->uid)
		bits = inode->mode >> 6;
	else if (cred_in_group(cred, inode->gid))
		bits = inode->mode >> 3;
	else
		bits = inode->mode;
	return (bits & wanted) == wanted;
}

bool
perm_owner(const Cred *cred, const Inode *inode)
{
	return cred->uid == 0 || cred->uid == inode->uid;
}

/*
 * May this entry of a directory be removed or renamed, as far as the sticky
 * bit is concerned?
 */
bool
perm_sticky(const Cred *cred, const Inode *dir, const Inode *child)
{
	return (dir->mode & MODE_STICKY) == 0 || cred->uid == 0 ||
		cred->uid == dir->uid || cred->uid == child->uid;
}

/* All bits of ACCESS that would be granted (RFC 1813, 3.3.4). */
uint32
perm_access_bits(const Share *share, const Cred *cred, const Inode *inode)
{
	uint32		bits = 0;
	bool		directory = inode->kind == KIND_DIRECTORY;
	bool		writable = !share->read_only ||
		(inode->kind != KIND_DIRECTORY && inode->kind != KIND_REGULAR &&
		 inode->kind != KIND_SYMLINK);

	if (perm_check(cred, inode, PERM_READ))
		bits |= ACCESS3_READ;
	if (perm_check(cred, inode, PERM_EXEC))
		bits |= directory ? ACCESS3_LOOKUP : ACCESS3_EXECUTE;
	/* who may not search a directory cannot change it either */
	if (writable &&
		perm_check(cred, inode,
				   directory ? PERM_WRITE | PERM_EXEC : PERM_WRITE))
	{
		bits |= ACCESS3_MODIFY | ACCESS3_EXTEND;
		if (directory)
			bits |= ACCESS3_DELETE;
	}
	return bits;
}

bool
perm_xattr_sticky(const Cred *cred, const Inode *inode)
{
	return inode->kind != KIND_DIRECTORY || (inode->mode & MODE_STICKY) == 0 ||
		perm_owner(cred, inode);
}

uint32
perm_xattr_bits(const Share *share, const Cred *cred, const Inode *inode)
{
	uint32		bits = 0;

	if (inode->kind != KIND_REGULAR && inode->kind != KIND_DIRECTORY)
		return 0;
	if (perm_check(cred, inode, PERM_READ))
		bits |= ACCESS4_XAREAD | ACCESS4_XALIST;
	if (!share->read_only && perm_xattr_sticky(cred, inode) &&
		perm_check(cred, inode, PERM_WRITE))
		bits |= ACCESS4_XAWRITE;
	return bits;
}
