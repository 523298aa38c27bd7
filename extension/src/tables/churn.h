/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * churn.h
 *	  Remembers the place of rows that are written or replaced again and again.
 *
 * While an old snapshot is open, an index keeps an entry for each version of a
 * row, and a scan for its key visits them all.  A module that scans sees how
 * many entries it has passed (RelScan.passed).  From CHURN_MIN on it notes the
 * row's place here, and asks here before it scans again.  Extents are found by
 * a range, so the gaps between them are noted, too.
 *
 * A noted tid is a guess, which rel_fetch() checks.  A noted absence cannot be
 * checked without the index.  It holds as long as no other session has changed
 * the directory or file that the key belongs to, which that inode's era tells
 * (inode_era()).  A module that changes a row corrects its notes; the notes of
 * an aborted transaction are forgotten with all the rest.
 *
 * A session that never meets such a key pays for one comparison.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CHURN_H
#define DITTOFS_CHURN_H

#include "base/dittofs.h"

#include "storage/itemptr.h"

#include "tables/tables.h"

#define CHURN_MIN 16

typedef struct Churn
{
	pg_uuid_t	id;				/* of the directory, or of the content */
	int64		number;			/* of the cookie, of the page, or a byte */
	RelName		table;
	ItemPointerData tid;		/* invalid: there is no row */
	uint64		era;			/* since when nothing else exists; 0: unknown */
} Churn;

/*
 * In that era of the file, its content had nothing between two bytes.
 */
typedef struct ChurnGap
{
	pg_uuid_t	content_id;
	int64		from;
	int64		to;
	uint64		era;
} ChurnGap;

/* Is anything noted? */
extern bool churn_any;

/* The note of this key; NULL: there is none. */
extern Churn *churn_look(RelName table, const pg_uuid_t *id, int64 number);

static inline Churn *
churn_find(RelName table, const pg_uuid_t *id, int64 number)
{
	return likely(!churn_any) ? NULL : churn_look(table, id, number);
}

/* Notes the place of the row; tid may be NULL: there is no row, since era. */
extern void churn_note(RelName table, const pg_uuid_t *id, int64 number,
					   const ItemPointerData *tid, uint64 era);
/* The gap that has that byte; NULL: none is noted. */
extern const ChurnGap *churn_find_gap(const pg_uuid_t *content_id, int64 at);
extern void churn_note_gap(const pg_uuid_t *content_id, int64 from, int64 to,
						   uint64 era);
/* Shrinks gaps after something was put there. */
extern void churn_fill_gap(const pg_uuid_t *content_id, int64 from, int64 to);
extern void churn_drop(Churn *churn);
extern void churn_forget(void);

#endif							/* DITTOFS_CHURN_H */
