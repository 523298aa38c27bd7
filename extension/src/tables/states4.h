/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * states4.h
 *	  What clients of NFSv4 have open, and their lock owners: the one module
 *	  that touches dittofs.nfs4_states, nfs4_file_states and
 *	  nfs4_unlinked_files.
 *
 * A state is what a stateid stands for: an open, or the locks that an owner has
 * by an open.  Rows are written at once, not before the commit; what a
 * transaction has written it sees with a snapshot that it takes afterwards, as
 * that of change_begin() is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_STATES4_H
#define DITTOFS_STATES4_H

#include "base/dittofs.h"

#include "datatype/timestamp.h"
#include "storage/itemptr.h"

/* OPEN4_SHARE_ACCESS_READ and _WRITE, and likewise of what is denied */
#define STATE4_READ		1
#define STATE4_WRITE	2

/* In State4.modes of an open: owners of locks have come by it. */
#define STATE4_LOCKS	(1 << 16)

typedef struct State4
{
	int64		client_id;		/* this and id: the key */
	int64		id;
	uint32		salt;			/* so that it is not guessed */
	uint32		seqid;
	pg_uuid_t	file_id;
	int32		share_id;
	int64		open_id;		/* of a lock owner; 0: this is an open */
	int			access;
	int			deny;
	int			modes;			/* see state4_mode() */
	const char *owner;
	int			owner_len;
	int64		owner_key;		/* of kind and owner; set by this module */
	TimestampTz since;			/* likewise */
	ItemPointerData tid;		/* of the version that was read or written */
} State4;

/* The bit of an OPEN with this access and deny, in State4.modes. */
static inline int
state4_mode(int access, int deny)
{
	return 1 << (access << 2 | deny);
}

/*
 * Reads a state as the active snapshot sees it.  False: there is none.  The
 * owner is in the current memory context.
 */
extern bool state4_get(int64 client_id, int64 id, State4 *state);
/*
 * Locks the row to the end of the transaction and reads its newest version.
 * False: it has gone.
 */
extern bool state4_lock(State4 *state);

/*
 * The open that an owner has of a file, or (locks) the state of a lock owner.
 * No other transaction makes one meanwhile: an open because of
 * state4_exclude(), a lock owner because the caller has locked the inode.
 */
extern bool state4_find(const pg_uuid_t *file_id, int64 client_id, bool locks,
						const char *owner, int owner_len, State4 *state);
/* One transaction at a time opens a file for an owner. */
extern void state4_exclude(const pg_uuid_t *file_id, int64 client_id,
						   const char *owner, int owner_len);

/* Sets id, salt, seqid and owner_key. */
extern void state4_insert(State4 *state);
/* seqid + 1, access, deny, modes; the row is locked. */
extern void state4_update(State4 *state);
/* Notes that there are owners of locks; the row of the open is locked. */
extern void state4_note_locks(State4 *open);
extern void state4_delete(State4 *state);

/*
 * Of a file, or of a client (file_id NULL), until the callback says false.
 * dirty: also what is not committed yet, opens and closings, and then the
 * answer is what all others will have to take into account who looked at the
 * file after it was locked.
 */
typedef bool (*State4Callback) (const State4 *state, void *arg);

extern void states4_of_file(const pg_uuid_t *file_id, bool dirty,
							State4Callback callback, void *arg);
extern void states4_of_client(int64 client_id, int64 after,
							  State4Callback callback, void *arg);
/*
 * Has a client the file open, for a caller that holds the inode's lock?
 * An open that is not committed counts, and so does one that is being closed.
 */
extern bool states4_any(const pg_uuid_t *file_id);

/*
 * Deletes what there is of a file that goes although it is open; its clients
 * cannot get at it any more.
 */
extern void states4_forget_file(const pg_uuid_t *file_id);

/* Files without a name that are kept because a client has them open. */
extern void unlinked4_add(const pg_uuid_t *file_id, int32 share_id);
extern void unlinked4_remove(const pg_uuid_t *file_id);
/* Is there none, for sure? */
extern bool unlinked4_none(void);

#endif							/* DITTOFS_STATES4_H */
