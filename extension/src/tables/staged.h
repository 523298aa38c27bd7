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
	bool		moving;			/* there may be content in another store */
	bool		clean;			/* nothing to be moved lies before position */
	TimestampTz due;			/* since when it has waited */
	bool		tried;			/* no gateway has ended the last task */
} Lease;

/*
 * Has the file content that is to be moved?  Of content in a store that is not
 * the share's, it does not know.
 */
extern bool staged_wanted(const Share *share, const Inode *inode);
/*
 * To be called after a change of a locked inode, with what staged_wanted() said
 * before it: has the pass look at the file.
 */
extern void staged_note(const Share *share, const Inode *inode, bool before);

/* What follows runs SQL, between SPI_connect() and SPI_finish(). */

/* Takes a file whose time has come, for a while; false: there is none. */
extern bool staged_lease(Lease *lease);
/* It is to be looked at again after so many ms; position < 0: where it was. */
extern void staged_again(const pg_uuid_t *file_id, int64 ms, int64 position);
/* It has been looked at up to position without finding anything. */
extern void staged_go_on(const pg_uuid_t *file_id, int64 position);
/*
 * If the task that is given out now is not ended, the next one is to be from
 * there.
 */
extern void staged_pass_over(const pg_uuid_t *file_id, int64 position);
/* It has failed: it is put off, for longer each time. */
extern void staged_put_off(const pg_uuid_t *file_id, const char *error);
extern void staged_done(const pg_uuid_t *file_id);
/* How long until the next one's time comes; at most max. */
extern int32 staged_wait(int32 max);
/* All files of a share are to be looked at. */
extern void staged_sweep(int32 share_id);
/* Those of all shares with a store. */
extern void staged_sweep_stores(void);
/* Looks at some of them; false: there is no share to be looked at. */
extern bool staged_sweep_on(void);

#endif							/* DITTOFS_STAGED_H */
