/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * usage.c
 *	  Space accounting: the one module that touches dittofs.space_usage.
 *
 * The bytes and inodes of a share are the sum over its slots.  A backend adds
 * to the slot with its own number in the array of processes, which no other
 * living backend has: so it never waits, and a share has at most as many slots
 * as the server has ever had backends at a time.
 *
 * A transaction collects what it changed and writes it once, in the order of
 * share ids.
 *
 * A limit must hold although a transaction cannot see uncommitted additions.
 * So a transaction that adds to a share with limits holds a lock on its
 * accounting to its end.  The lock is shared while so much is left that every
 * backend could add SLACK without reaching the limit, and as long as this
 * transaction has added no more than that.  Otherwise it is exclusive, and the
 * committed sum is complete.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "tables/rel.h"
#include "tables/usage.h"

enum
{
	COL_SHARE_ID,
	COL_SLOT,
	COL_BYTES,
	COL_INODES,
	NCOLS
};

typedef struct Change
{
	int32		share_id;
	int64		bytes;
	int64		inodes;
} Change;

/* More shares than this in one transaction are written on the way. */
#define MAX_CHANGES 16

static Change changes[MAX_CHANGES];
static int	nchanges = 0;

void
usage_add(int32 share_id, int64 bytes, int64 inodes)
{
	int			i;

	if (bytes == 0 && inodes == 0)
		return;
	for (i = 0; i < nchanges && changes[i].share_id < share_id; i++)
		;
	if (i == nchanges || changes[i].share_id != share_id)
	{
		if (nchanges == MAX_CHANGES)
		{
			usage_flush();
			i = 0;
		}
		memmove(&changes[i + 1], &changes[i], (nchanges - i) * sizeof(Change));
		nchanges++;
		changes[i].share_id = share_id;
		changes[i].bytes = changes[i].inodes = 0;
	}
	changes[i].bytes += bytes;
	changes[i].inodes += inodes;
}

/*
 * Limits
 */

#define SLACK_BYTES		(INT64CONST(8) << 20)
#define SLACK_INODES	256

/* What this transaction may have added to a share with limits. */
typedef struct Grant
{
	int32		share_id;
	bool		far;			/* from the limits, at the shared lock */
	int64		bytes;			/* added under it */
	int64		inodes;
	bool		alone;			/* exclusive lock, and checked under it */
	int64		bytes_left;		/* at least */
	int64		inodes_left;
} Grant;

static Grant grants[MAX_CHANGES];
static int	ngrants = 0;

/* NULL: too many shares to keep count of. */
static Grant *
find_grant(int32 share_id)
{
	int			i;

	for (i = 0; i < ngrants && grants[i].share_id != share_id; i++)
		;
	if (i == MAX_CHANGES)
		return NULL;
	if (i == ngrants)
	{
		memset(&grants[i], 0, sizeof(Grant));
		grants[i].share_id = share_id;
		ngrants++;
	}
	return &grants[i];
}

static void
lock_usage(const Share *share, LOCKMODE mode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel_oid(REL_SPACE_USAGE),
					   (Oid) share->share_id, 0);
	(void) LockAcquire(&tag, mode, false, false);
}

/* What is left now, without what others have not committed. */
static void
usage_left(const Share *share, int64 *bytes, int64 *inodes)
{
	PushActiveSnapshot(GetLatestSnapshot());
	usage_get(share->share_id, bytes, inodes);
	PopActiveSnapshot();
	for (int i = 0; i < nchanges; i++)
	{
		if (changes[i].share_id == share->share_id)
		{
			*bytes += changes[i].bytes;
			*inodes += changes[i].inodes;
		}
	}
	*bytes = share->max_bytes < 0 ? PG_INT64_MAX : share->max_bytes - *bytes;
	*inodes =
		share->max_inodes < 0 ? PG_INT64_MAX : share->max_inodes - *inodes;
}

/*
 * Under the exclusive lock no other transaction adds anything until we have
 * ended.  So at least what was left when we looked is left, less what we have
 * asked for since.  We look again only when that is too little: room that
 * others have freed, and that we asked for and did not use, counts as well.
 */
static bool
room_alone(const Share *share, Grant *grant, int64 bytes, int64 inodes)
{
	Grant		once = {0};		/* of a share too many */

	if (grant == NULL)
		grant = &once;
	if (!grant->alone || bytes > grant->bytes_left ||
		inodes > grant->inodes_left)
	{
		lock_usage(share, ExclusiveLock);
		usage_left(share, &grant->bytes_left, &grant->inodes_left);
		grant->bytes_left = Max(grant->bytes_left, 0);
		grant->inodes_left = Max(grant->inodes_left, 0);
		grant->alone = true;
	}
	if (bytes > grant->bytes_left || inodes > grant->inodes_left)
		return false;
	grant->bytes_left -= Max(bytes, 0);
	grant->inodes_left -= Max(inodes, 0);
	return true;
}

bool
usage_room(const Share *share, int64 bytes, int64 inodes)
{
	Grant	   *grant;
	int64		bytes_left;
	int64		inodes_left;

	if (share->max_bytes < 0 && share->max_inodes < 0)
		return true;
	grant = find_grant(share->share_id);
	if (grant != NULL && grant->bytes + bytes <= SLACK_BYTES &&
		grant->inodes + inodes <= SLACK_INODES)
	{
		if (!grant->far)
		{
			usage_left(share, &bytes_left, &inodes_left);
			/* a guess, to be confirmed under the lock */
			if (bytes_left >= MaxBackends * SLACK_BYTES &&
				inodes_left >= (int64) MaxBackends * SLACK_INODES)
			{
				lock_usage(share, ShareLock);
				usage_left(share, &bytes_left, &inodes_left);
				grant->far = bytes_left >= MaxBackends * SLACK_BYTES &&
					inodes_left >= (int64) MaxBackends * SLACK_INODES;
			}
		}
		if (grant->far)
		{
			grant->bytes += bytes;
			grant->inodes += inodes;
			return true;
		}
	}
	return room_alone(share, grant, bytes, inodes);
}

/* A rollback to a savepoint may have let go of a lock. */
void
usage_subabort(void)
{
	for (int i = 0; i < ngrants; i++)
		grants[i].far = grants[i].alone = false;
}

/*
 * The table
 *
 * A share that is worked on has a row that each commit writes anew, and while
 * an old snapshot is open all its versions stay: no look-up may visit them.  So
 * for a few shares it is remembered which slots have rows and where those were
 * (rel_fetch_far).  Slots that we do not know yet are looked for in the gaps
 * between those that we know, where the index has nothing to be passed by.
 */
#define BOOKS 8

typedef struct Place
{
	int			slot;
	ItemPointerData tid;
} Place;

typedef struct Book
{
	int32		share_id;		/* 0: none */
	int			n;
	int			room;
	Place	   *places;			/* in the order of slots */
} Book;

static Book books[BOOKS];

static Book *
book_of(int32 share_id)
{
	Book	   *book = &books[share_id % BOOKS];

	if (book->share_id != share_id)
	{
		book->share_id = share_id;
		book->n = 0;
	}
	return book;
}

/* The first slot from this one on that we know, as a position. */
static int
book_find(const Book *book, int slot)
{
	int			low = 0;
	int			high = book->n;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (book->places[middle].slot < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
book_knows(const Book *book, int at, int slot)
{
	return at < book->n && book->places[at].slot == slot;
}

static void
book_enter(Book *book, int slot, const ItemPointerData *tid)
{
	int			at = book_find(book, slot);

	if (!book_knows(book, at, slot))
	{
		if (book->n == book->room)
		{
			int			room = Max(16, book->room * 2);

			book->places = book->places == NULL ?
				MemoryContextAlloc(TopMemoryContext, room * sizeof(Place)) :
				repalloc(book->places, room * sizeof(Place));
			book->room = room;
		}
		memmove(&book->places[at + 1], &book->places[at],
				(book->n - at) * sizeof(Place));
		book->places[at].slot = slot;
		book->n++;
	}
	book->places[at].tid = *tid;
}

typedef struct Key
{
	int32		share_id;
	int			slot;
} Key;

static bool
is_row(TupleTableSlot *slot, const void *arg)
{
	const Key  *key = (const Key *) arg;

	return DatumGetInt32(slot->tts_values[COL_SHARE_ID]) == key->share_id &&
		DatumGetInt32(slot->tts_values[COL_SLOT]) == key->slot;
}

/* The rows of a share's slots from first to last; false: there is none. */
static bool
scan_slots(RelScan *rs, int32 share_id, int first, int last, LOCKMODE lockmode)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(share_id));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT4GE,
				Int32GetDatum(first));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT4LE,
				Int32GetDatum(last));
	rel_scan_begin(rs, REL_SPACE_USAGE, lockmode, GetActiveSnapshot(), keys, 3);
	return rel_scan_next(rs);
}

/* One row; rs is open, also if there is none. */
static bool
find_row(RelScan *rs, int32 share_id, int slot, LOCKMODE lockmode)
{
	Book	   *book = book_of(share_id);
	int			at = book_find(book, slot);
	Key			key = {share_id, slot};

	if (!(book_knows(book, at, slot) &&
		  rel_fetch_far(rs, REL_SPACE_USAGE, lockmode, GetActiveSnapshot(),
						&book->places[at].tid, is_row, &key)) &&
		!scan_slots(rs, share_id, slot, slot, lockmode))
		return false;
	book_enter(book, slot, &rs->slot->tts_tid);
	return true;
}

static void
write_change(const Change *change)
{
	RelScan		rs;
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	values[COL_SHARE_ID] = Int32GetDatum(change->share_id);
	values[COL_SLOT] = Int32GetDatum(compat_proc_number());
	if (find_row(&rs, change->share_id, compat_proc_number(), RowExclusiveLock))
	{
		ItemPointerData tid = rs.slot->tts_tid;

		values[COL_BYTES] = Int64GetDatum(
			change->bytes + DatumGetInt64(rs.slot->tts_values[COL_BYTES]));
		values[COL_INODES] = Int64GetDatum(
			change->inodes + DatumGetInt64(rs.slot->tts_values[COL_INODES]));
		rel_update(rs.heap, &tid, NCOLS, values, nulls);
		book_enter(book_of(change->share_id), compat_proc_number(), &tid);
	}
	else
	{
		values[COL_BYTES] = Int64GetDatum(change->bytes);
		values[COL_INODES] = Int64GetDatum(change->inodes);
		rel_insert(rs.heap, NCOLS, values, nulls);
	}
	rel_scan_end(&rs);
}

/*
 * An operation that writes more than once has a snapshot that is older than
 * what it has written.
 */
static bool written = false;	/* by this transaction */

void
usage_flush(void)
{
	bool		renew = written && nchanges > 0;

	if (renew)
	{
		PushCopiedSnapshot(GetActiveSnapshot());
		UpdateActiveSnapshotCommandId();
	}
	for (int i = 0; i < nchanges; i++)
	{
		write_change(&changes[i]);
		written = true;
	}
	nchanges = 0;
	if (renew)
		PopActiveSnapshot();
}

void
usage_end(void)
{
	ngrants = 0;
	written = false;
}

void
usage_forget(void)
{
	nchanges = 0;
}

static void
add_row(const RelScan *rs, int64 *bytes, int64 *inodes)
{
	*bytes += DatumGetInt64(rs->slot->tts_values[COL_BYTES]);
	*inodes += DatumGetInt64(rs->slot->tts_values[COL_INODES]);
}

/* Rows of slots in a gap between those that we know. */
static void
add_gap(Book *book, int first, int last, int64 *bytes, int64 *inodes)
{
	RelScan		rs;

	if (first > last)
		return;
	for (bool found =
			 scan_slots(&rs, book->share_id, first, last, AccessShareLock);
		 found; found = rel_scan_next(&rs))
	{
		add_row(&rs, bytes, inodes);
		book_enter(book, DatumGetInt32(rs.slot->tts_values[COL_SLOT]),
				   &rs.slot->tts_tid);
	}
	rel_scan_end(&rs);
}

void
usage_get(int32 share_id, int64 *bytes, int64 *inodes)
{
	Book	   *book = book_of(share_id);
	int			next = 0;
	RelScan		rs;

	*bytes = *inodes = 0;
	for (int i = 0; i < book->n; i = book_find(book, next))
	{
		int			slot = book->places[i].slot;

		add_gap(book, next, slot - 1, bytes, inodes);
		next = slot + 1;
		if (find_row(&rs, share_id, slot, AccessShareLock))
			add_row(&rs, bytes, inodes);
		rel_scan_end(&rs);
	}
	add_gap(book, next, PG_INT32_MAX, bytes, inodes);
}

void
usage_drop(int32 share_id)
{
	RelScan		rs;

	/* what this transaction has not written yet has nowhere to go, either */
	for (int i = 0; i < nchanges; i++)
		if (changes[i].share_id == share_id)
		{
			nchanges--;
			memmove(&changes[i], &changes[i + 1],
					(nchanges - i) * sizeof(Change));
			break;
		}

	for (bool found =
			 scan_slots(&rs, share_id, 0, PG_INT32_MAX, RowExclusiveLock);
		 found; found = rel_scan_next(&rs))
		rel_delete(rs.heap, &rs.slot->tts_tid);
	rel_scan_end(&rs);
}
