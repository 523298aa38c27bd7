/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * staged.h
 *	  Files whose content is to be moved; the one module that touches
 *	  dittofs.staged_files and dittofs.content_moves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_STAGED_H
#define DITTOFS_STAGED_H

#include "base/dittofs.h"

#include "datatype/timestamp.h"

#include "tables/inodes.h"
#include "tables/shares.h"

typedef struct Lease
{
	pg_uuid_t	file_id;
	int64		position;		/* in the file, where to go on */
	bool		moving;			/* another store may have content of it */
	bool		clean;			/* nothing to be moved lies before position */
	TimestampTz due;			/* since when it has waited */
	bool		tried;			/* no gateway has ended the last task */
} Lease;

/*
 * Has the file content that is to be moved?  Does not see content in a store
 * other than the share's.
 */
extern bool staged_wanted(const Share *share, const Inode *inode);
/*
 * To be called after a change of a locked inode, with the result of
 * staged_wanted() before the change: has the pass look at the file.
 */
extern void staged_note(const Share *share, const Inode *inode, bool before);

/* These run SQL, between SPI_connect() and SPI_finish(). */

/* Leases a file whose time has come; false: there is none. */
extern bool staged_lease(Lease *lease);
/*
 * Has the file examined again after so many ms; position < 0: from the same
 * place.
 */
extern void staged_again(const pg_uuid_t *file_id, int64 ms, int64 position);
/* Records that nothing was found up to position. */
extern void staged_go_on(const pg_uuid_t *file_id, int64 position);
/*
 * If the current task is not ended, the next one begins at position.
 */
extern void staged_pass_over(const pg_uuid_t *file_id, int64 position);
/* Puts the file off after a failure, for longer each time. */
extern void staged_put_off(const pg_uuid_t *file_id, const char *error);
extern void staged_done(const pg_uuid_t *file_id);
/* The time until the next file is due; at most max. */
extern int32 staged_wait(int32 max);
/* Has all files of a share examined. */
extern void staged_sweep(int32 share_id);
/* Has all files of all shares with a store examined. */
extern void staged_sweep_stores(void);
/* Examines some of them; false: no share is left to examine. */
extern bool staged_sweep_on(void);

#endif							/* DITTOFS_STAGED_H */
