/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * churn.h
 *	  Where the row of a key is that is written or replaced again and again.
 *
 * While an old snapshot is open an index keeps an entry for each version that a
 * row has had, and a scan for its key visits them all.  A module that scans
 * sees how many it has passed (RelScan.passed); from CHURN_MIN on it notes here
 * where the row is, and asks here before it scans again.  Extents are found by
 * a range; of those the gaps between them are noted, too.
 *
 * That a row is at tid is a guess, which rel_fetch() checks.  That there is no
 * row cannot be checked without the index: such a note holds as long as nobody
 * else has changed the directory or file that the key belongs to, which its era
 * says (inode_era()).  The module keeps its notes right when it changes a row;
 * what an aborted transaction has noted is forgotten with all the rest.
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
 * In content from a byte up to another there was nothing, in that era of the
 * file.
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

/* NULL: nothing is noted of this key. */
extern Churn *churn_look(RelName table, const pg_uuid_t *id, int64 number);

static inline Churn *
churn_find(RelName table, const pg_uuid_t *id, int64 number)
{
	return likely(!churn_any) ? NULL : churn_look(table, id, number);
}

/* tid may be NULL: there is no row, since era. */
extern void churn_note(RelName table, const pg_uuid_t *id, int64 number,
					   const ItemPointerData *tid, uint64 era);
/* The gap with that byte; NULL: none is noted. */
extern const ChurnGap *churn_find_gap(const pg_uuid_t *content_id, int64 at);
extern void churn_note_gap(const pg_uuid_t *content_id, int64 from, int64 to,
						   uint64 era);
/* Something was put there. */
extern void churn_fill_gap(const pg_uuid_t *content_id, int64 from, int64 to);
extern void churn_drop(Churn *churn);
extern void churn_forget(void);

#endif							/* DITTOFS_CHURN_H */
