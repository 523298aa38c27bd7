/*-------------------------------------------------------------------------
 *
 * blocks.h
 *	  The content of files: the one module that touches dittofs.blocks,
 *	  dittofs.blocks_memory and dittofs.reap_queue.
 *
 * The inode's lock covers its content: who changes content has locked the
 * inode.  These functions keep inode->used; size and times are the caller's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_BLOCKS_H
#define DITTOFS_BLOCKS_H

#include "dittofs.h"
#include "inodes.h"
#include "shares.h"

/* A block fills a page; 17 of them, the last a short one, hold 128 KiB. */
#define BLOCK_SIZE	8064
#define GROUP_SIZE	(128 * 1024)
#define GROUP_BLOCKS	17

/* offset + count must not go past inode->size. */
extern bytea *content_read(const Share *share, const Inode *inode,
						   int64 offset, int32 count);
extern void content_write(const Share *share, Inode *inode,
						  int64 offset, const char *data, int32 count);
/* Drops what lies at and after size. */
extern void content_truncate(const Share *share, Inode *inode, int64 size);
/* Drops all content of an inode that is about to go. */
extern void content_remove(const Share *share, Inode *inode);
/* Deletes queued content; returns the number of blocks. */
extern int64 content_reap(int64 max_blocks);

#endif							/* DITTOFS_BLOCKS_H */
