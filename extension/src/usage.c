/*-------------------------------------------------------------------------
 *
 * usage.c
 *	  Space accounting: the one module that touches dittofs.space_usage.
 *
 * The bytes and inodes of a share are the sum over its slots.  A backend adds
 * to the slot with its own number in the array of processes, which no other
 * living backend has: there is nobody to wait for, and a share has at most as
 * many slots as the server has ever had backends at a time.
 *
 * A transaction collects what it changed and writes it once, in the order of
 * share ids.
 *
 * A limit must hold although nobody sees what others have not committed.  So
 * who adds to a share with limits holds a lock on its accounting to the end of
 * the transaction: a shared one while so much is left that every backend could
 * add SLACK without reaching the limit, and as long as this transaction has
 * added no more than that; otherwise an exclusive one, under which the
 * committed sum is the whole truth.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "rel.h"
#include "usage.h"

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
	bool		far;			/* from the limits, when we got the shared lock */
	int64		bytes;
	int64		inodes;
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
	*inodes = share->max_inodes < 0 ? PG_INT64_MAX : share->max_inodes - *inodes;
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
	lock_usage(share, ExclusiveLock);
	usage_left(share, &bytes_left, &inodes_left);
	return bytes <= Max(bytes_left, 0) && inodes <= Max(inodes_left, 0);
}

void
usage_end(void)
{
	ngrants = 0;
}

/* A rollback to a savepoint may have let go of a lock. */
void
usage_subabort(void)
{
	for (int i = 0; i < ngrants; i++)
		grants[i].far = false;
}

/*
 * The table
 */

static bool
is_our_row(TupleTableSlot *slot, const void *share_id)
{
	return DatumGetInt32(slot->tts_values[COL_SHARE_ID]) == *(const int32 *) share_id &&
		DatumGetInt32(slot->tts_values[COL_SLOT]) == compat_proc_number();
}

/*
 * This backend's row of a share; rs is open, also if there is none.  A share
 * that is worked on is so in many transactions, so it pays to remember where
 * the row was (rel_fetch).
 */
static bool
find_our_row(RelScan *rs, int32 share_id)
{
	static int32 last_share = 0;
	static ItemPointerData last_tid;
	ScanKeyData keys[2];

	if (share_id != last_share ||
		!rel_fetch(rs, REL_SPACE_USAGE, RowExclusiveLock, GetActiveSnapshot(),
				   &last_tid, is_our_row, &share_id))
	{
		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
					Int32GetDatum(share_id));
		ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ,
					Int32GetDatum(compat_proc_number()));
		rel_scan_begin(rs, REL_SPACE_USAGE, RowExclusiveLock, GetActiveSnapshot(),
					   keys, 2);
		if (!rel_scan_next(rs))
			return false;
	}
	last_share = share_id;
	last_tid = rs->slot->tts_tid;
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
	if (find_our_row(&rs, change->share_id))
	{
		ItemPointerData tid = rs.slot->tts_tid;

		values[COL_BYTES] = Int64GetDatum(change->bytes +
										  DatumGetInt64(rs.slot->tts_values[COL_BYTES]));
		values[COL_INODES] = Int64GetDatum(change->inodes +
										   DatumGetInt64(rs.slot->tts_values[COL_INODES]));
		rel_update(rs.heap, &tid, values, nulls);
	}
	else
	{
		values[COL_BYTES] = Int64GetDatum(change->bytes);
		values[COL_INODES] = Int64GetDatum(change->inodes);
		rel_insert(rs.heap, values, nulls);
	}
	rel_scan_end(&rs);
}

void
usage_flush(void)
{
	for (int i = 0; i < nchanges; i++)
		write_change(&changes[i]);
	nchanges = 0;
}

void
usage_forget(void)
{
	nchanges = 0;
}

void
usage_get(int32 share_id, int64 *bytes, int64 *inodes)
{
	RelScan		rs;
	ScanKeyData key;

	*bytes = *inodes = 0;
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(share_id));
	rel_scan_begin(&rs, REL_SPACE_USAGE, AccessShareLock, GetActiveSnapshot(),
				   &key, 1);
	while (rel_scan_next(&rs))
	{
		*bytes += DatumGetInt64(rs.slot->tts_values[COL_BYTES]);
		*inodes += DatumGetInt64(rs.slot->tts_values[COL_INODES]);
	}
	rel_scan_end(&rs);
}
