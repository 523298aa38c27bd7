/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * content_seek.h
 *	  Data and holes of a file, and how much of it there is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CONTENT_SEEK_H
#define DITTOFS_CONTENT_SEEK_H

#include "base/dittofs.h"

#include "tables/inodes.h"

/*
 * The first byte at or after offset that has data, or that is in a hole.
 * offset is before the end of the file, where a hole begins; -1: no data is
 * left.
 *
 * A call looks at a bounded number of rows.  If these do not tell, it errs on
 * the safe side: more is said to be data than is.
 */
extern int64 content_seek(const Inode *inode, int64 offset, bool hole);

/* Rows of a range, up to max of each kind, and their bytes in it. */
typedef struct ContentWeight
{
	int64		pages;
	int64		extents;
	int64		bytes;
} ContentWeight;

extern void content_weigh(const Inode *inode, int64 from, int64 to, int64 max,
						  ContentWeight *weight);

#endif							/* DITTOFS_CONTENT_SEEK_H */
