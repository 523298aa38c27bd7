/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * content_copy.h
 *	  Copies content from file to file.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CONTENT_COPY_H
#define DITTOFS_CONTENT_COPY_H

#include "base/dittofs.h"

#include "tables/inodes.h"
#include "tables/shares.h"

/*
 * Can what the source has in [from, to) be the content of a file of this share?
 * XDEV: some of it is in a store that is not the share's, and only gateways can
 * read it.
 */
extern Status content_may_copy(const Share *share, const Inode *source,
							   int64 from, int64 to);

/* How long a piece of so many bytes is, at most. */
extern int64 content_piece(const Inode *source, int64 count);
/*
 * Copies a piece of [from, from + count) to offset to of a file of that share,
 * both of which are locked, and returns how long it is.  Where the source has
 * holes the target gets some; is_clear: it has nothing there.
 */
extern int64 content_copy(const Share *share, Inode *target, int64 to,
						  const Inode *source, int64 from, int64 count,
						  bool is_clear);

#endif							/* DITTOFS_CONTENT_COPY_H */
