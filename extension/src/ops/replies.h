/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * replies.h
 *	  Answers to changes, kept for clients that ask again: the one module that
 *	  touches dittofs.replies_0, _1 and _2.
 *
 * A client that did not get its reply sends the call again, to this replica
 * or another.  Creating, removing and renaming are not to be done twice, so
 * the reply is stored by the transaction that makes the change: either both
 * are there after a crash, or neither.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_REPLIES_H
#define DITTOFS_REPLIES_H

#include "ops/ops.h"

/* Procedures whose replies are kept, by their numbers in RFC 1813, 3.3 */
typedef enum Procedure
{
	PROC_SETATTR = 2,
	PROC_CREATE = 8,
	PROC_MKDIR = 9,
	PROC_SYMLINK = 10,
	PROC_MKNOD = 11,
	PROC_REMOVE = 12,
	PROC_RMDIR = 13,
	PROC_RENAME = 14,
	PROC_LINK = 15,
	/* of NLM, which have no numbers beside these */
	PROC_LOCK = 100,
	PROC_UNLOCK,
	PROC_CANCEL_LOCK,
	PROC_SHARE,
	PROC_UNSHARE
} Procedure;

/*
 * Was this very call answered with FS_OK before?  To be asked when the locks
 * of the operation are held (or cannot be had any more), for the first
 * execution may have held them a moment ago.  object: what reply_store() was
 * given, if it was given something.
 */
extern bool reply_find(const Op *op, Procedure procedure, pg_uuid_t *object);

/*
 * The call is going to be answered with FS_OK.  object: the inode that the reply
 * is about; NULL where the arguments tell it.
 */
extern void reply_store(const Op *op, Procedure procedure,
						const pg_uuid_t *object);

/* Writes what was stored; called by xact.c only. */
extern void reply_flush(void);
/*
 * Has what reply_find() was told by empty tables become doubtful?  An ERROR
 * then; called by xact.c only, when all is written.
 */
extern void reply_verify(void);
/* Forgets it at the end of a transaction; called by xact.c only. */
extern void reply_forget(void);
/*
 * The same at the end of a gateway's transaction that has committed; has_xid: it had
 * a transaction id.
 */
extern void reply_committed(bool has_xid);

/*
 * Empties the table of the replies that nobody asks for any more, and passes on
 * the turn.
 */
extern void reply_expire(void);

#endif							/* DITTOFS_REPLIES_H */
