/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * xattrs.h
 *	  Extended attributes; the one module that touches
 *	  dittofs.extended_attributes.
 *
 * The inode's lock covers them.  inode->xattrs is the sum of the bytes of names
 * and values, and these functions keep it; times and the share's account are
 * the caller's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_XATTRS_H
#define DITTOFS_XATTRS_H

#include "base/dittofs.h"

#include "storage/itemptr.h"

#include "tables/inodes.h"

/*
 * Linux lets a name have 255 bytes with the "user." in front, which NFS leaves
 * out, and a value 64 KiB.  The other two bound what one call works on: all
 * attributes of a file are looked through, and are removed with it.
 */
#define XATTR_NAME_LEN_MAX	250
#define XATTR_VALUE_LEN_MAX	65536
#define XATTRS_COUNT_MAX	256
#define XATTRS_BYTES_MAX	(1024 * 1024)

/* What there is of a name, and what is beside it. */
typedef struct XattrPlace
{
	bool		found;
	int64		cookie;			/* of it; or the next that is free */
	int64		bytes;			/* of its name and value; or 0 */
	int			count;			/* of the file's attributes, if not found */
	ItemPointerData tid;
} XattrPlace;

typedef struct Xattr
{
	int64		cookie;
	const char *name;
	int			namelen;
	int			length;			/* of the value */
} Xattr;

extern void xattr_look(const Inode *inode, const char *name, int len,
					   XattrPlace *place);
/* The value, in the current memory context; NULL: there is no such name. */
extern const bytea *xattr_get(const Inode *inode, const char *name, int len);
/* place: what xattr_look() said of the name. */
extern void xattr_put(Inode *inode, const XattrPlace *place,
					  const char *name, int namelen,
					  const char *value, int len);
extern void xattr_drop(Inode *inode, const XattrPlace *place);
/*
 * Calls back for each one behind the cookie, in the order of cookies, until the
 * callback says false.
 */
extern void xattr_foreach(const Inode *inode, int64 after,
						  bool (*callback) (const Xattr *xattr, void *arg),
						  void *arg);
/* Of an inode that is about to go. */
extern void xattrs_remove(Inode *inode);

#endif							/* DITTOFS_XATTRS_H */
