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
/* How much of [offset, offset + count) a read may have. */
extern int32 data_clamp_read(const Op *op, const Inode *inode, int64 offset,
							 int64 count, bool *eof);
/* The inode has got count bytes at offset. */
extern void data_written(const Op *op, Inode *inode, int64 offset, int64 count);
/* A write that went well: all but its wcc. */
extern void data_answer(FsWritten *result, int32 count, Stability stability);

#endif							/* DITTOFS_OPS_DATA_H */
