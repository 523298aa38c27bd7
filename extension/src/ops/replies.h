/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * replies.h
 *	  The duplicate request cache (DRC): the one module that touches
 *	  dittofs.replies_0, _1 and _2.  It also empties dittofs.nfs4_replies_0,
 *	  _1 and _2.
 *
 * A client that did not get its reply sends the call again, to this gateway or
 * another.  A creation, a removal or a rename must not be made twice, so the
 * transaction that makes the change stores the reply: after a crash either both
 * are there, or neither.
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
 * Was this call answered with FS_OK before?  To be asked when the locks of the
 * operation are held (or can no longer be had), because the first execution may
 * have held them until then. object: the one that reply_store() was given, if
 * any.
 */
extern bool reply_find(const Op *op, Procedure procedure, pg_uuid_t *object);

/*
 * Stores the reply of a call that is going to be answered with FS_OK. object:
 * the inode that the reply is about; NULL if the arguments name it.
 */
extern void reply_store(const Op *op, Procedure procedure,
						const pg_uuid_t *object);

/* Writes stored replies; called by xact.c only. */
extern void reply_flush(void);
/*
 * Raises an ERROR if reply_find() relied on empty tables that are no longer
 * empty; called by xact.c only, when all is written.
 */
extern void reply_verify(void);
/* Forgets the transaction's replies at its end; called by xact.c only. */
extern void reply_forget(void);
/*
 * The same at the end of a gateway's transaction that has committed; has_xid:
 * it had a transaction id.
 */
extern void reply_committed(bool has_xid);

/*
 * Generations, which take turns: of those tables that have an age, 0 is the one
 * that is written, and the last one is to be emptied.  Which it is of three
 * that follow each other in RelName.
 */
#define REPLY_GENERATIONS 3
extern int	reply_generation(int age);

/* Tells the gateway that a stored reply is the answer, if it wants to know. */
extern void reply_found(void);

/*
 * Empties the tables of the oldest replies, those of NFSv4 (nfs4/slots4.h)
 * among them, and passes on the turn.
 */
extern void reply_expire(void);

#endif							/* DITTOFS_REPLIES_H */
