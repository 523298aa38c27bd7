/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_data.h
 *	  What the operations on data share: READ and WRITE (ops_data.c), and the
 *	  halves of them around content in a store (ops_content.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_OPS_DATA_H
#define DITTOFS_OPS_DATA_H

#include "ops/ops.h"

/* May he?  ISDIR, INVAL, ROFS, ACCES; IO if a crash has taken the content */
extern Status data_check_read(const Op *op, const Inode *inode);
extern Status data_check_write(const Op *op, const Inode *inode);
/*
 * Is [offset, offset + count) what a file of this share can have?  INVAL, FBIG
 */
extern Status data_check_range(const Share *share, int64 offset, int64 count);

/* What a read has found. */
typedef struct DataRead
{
	bool		found;			/* the inode; the rest is set if it was */
	Inode		inode;
	int32		count;			/* bytes that the read may have */
	bool		eof;
} DataRead;

/* Brackets of READ: finds the file, checks the range; gives the attributes. */
extern Status data_read_begin(const Op *op, const FsRange *args,
							  DataRead *read);
extern void data_read_end(const Op *op, const DataRead *read,
						  OptFattr *attributes);

/* The inode has got count bytes at offset. */
extern void data_written(const Op *op, Inode *inode, int64 offset, int64 count);
/*
 * Brackets of WRITE, for an Op that was admitted: the change and the file's
 * lock; the answer and its wcc.  *inode is NULL if there is no such file.
 */
extern Status data_write_begin(const char *function, const Op *op,
							   Stability stability, Inode **inode,
							   FsWritten *result);
extern void data_write_end(const Op *op, const Inode *inode, Status status,
						   int32 count, Stability stability,
						   FsWritten *result);

#endif							/* DITTOFS_OPS_DATA_H */
