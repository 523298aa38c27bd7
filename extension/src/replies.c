/*-------------------------------------------------------------------------
 *
 * replies.c
 *	  Answers to changes, kept for clients that ask again.
 *
 * A call is known by its client's address (not its port: it comes back from
 * another one), its user, its xid, the procedure and a checksum of the
 * arguments.  All but the checksum make the index key, whose low half is the
 * xid: xids of a client follow each other, and so do their entries in the
 * index.  The checksum is compared.
 *
 * Only success is stored.  A call that failed changed nothing; asked again it
 * is answered as if it had come later.
 *
 * Replies live in three tables that take turns, PERIOD each: one is written,
 * the one before it is still read, and the third, which is two to three
 * periods old, is truncated.  So keeping costs an insertion, forgetting costs
 * nothing, and what is kept is bounded by what is done in two periods.  The
 * clock decides whose turn it is; a clock that is set back costs at most the
 * memory of replies, never a wrong one.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/stratnum.h"
#include "access/table.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "replies.h"
#include "xact.h"

enum
{
	COL_KEY,
	COL_CHECKSUM,
	COL_OBJECT,
	NCOLS
};

/* Of this transaction, to be written all at once before it commits. */
typedef struct Reply
{
	int64		key;
	int64		checksum;
	pg_uuid_t	object;
} Reply;

#define PENDING_MAX 256

static Reply pending[PENDING_MAX];
static int	npending = 0;

#define GENERATIONS 3
#define PERIOD	(INT64CONST(120) * 1000000000)	/* nanoseconds */

static int
generation(int age)
{
	return (int) ((fs_now() / PERIOD + GENERATIONS - age) % GENERATIONS);
}

static RelName
table_of(int gen)
{
	return (RelName) (REL_REPLIES_0 + gen);
}

/* 32 bits of who and what, 32 bits of xid. */
static int64
reply_key(const Op *op, Procedure procedure)
{
	const Caller *caller = op->caller;
	uint64		seed = op->share->cookie_seed + procedure;
	uint64		who = XXH3_64bits_withSeed(caller->addr, sizeof(caller->addr),
										   seed ^ ((uint64) caller->uid << 32));

	return (int64) ((who << 32) | caller->xid);
}

static bool
find_in(RelName table, int64 key, int64 checksum, pg_uuid_t *object)
{
	RelScan		rs;
	ScanKeyData scankey;
	bool		found = false;

	ScanKeyInit(&scankey, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(key));
	rel_scan_begin(&rs, table, AccessShareLock, GetActiveSnapshot(), &scankey, 1);
	while (!found && rel_scan_next(&rs))
	{
		found = DatumGetInt64(rs.slot->tts_values[COL_CHECKSUM]) == checksum;
		if (found)
			*object = *DatumGetUUIDP(rs.slot->tts_values[COL_OBJECT]);
	}
	rel_scan_end(&rs);
	return found;
}

static const Reply *
find_pending(int64 key, int64 checksum)
{
	for (int i = 0; i < npending; i++)
		if (pending[i].key == key && pending[i].checksum == checksum)
			return &pending[i];
	return NULL;
}

bool
reply_find(const Op *op, Procedure procedure, pg_uuid_t *object)
{
	int64		key;
	int64		checksum = (int64) op->caller->checksum;
	const Reply *own;

	if (!op->caller->has_call)
		return false;
	key = reply_key(op, procedure);
	own = find_pending(key, checksum);
	if (own != NULL)
		*object = own->object;
	return own != NULL ||
		find_in(table_of(generation(0)), key, checksum, object) ||
		find_in(table_of(generation(1)), key, checksum, object);
}

void
reply_store(const Op *op, Procedure procedure, const pg_uuid_t *object)
{
	Reply	   *reply;

	if (!op->caller->has_call)
		return;
	if (npending == PENDING_MAX)
		reply_flush();
	reply = &pending[npending++];
	reply->key = reply_key(op, procedure);
	reply->checksum = (int64) op->caller->checksum;
	reply->object = *object;
}

static int
compare_keys(const void *a, const void *b)
{
	int64		left = ((const Reply *) a)->key;
	int64		right = ((const Reply *) b)->key;

	return (left > right) - (left < right);
}

void
reply_flush(void)
{
	Relation	heap;
	HeapTuple	tuples[PENDING_MAX];

	if (npending == 0)
		return;
	heap = table_open(rel_oid(table_of(generation(0))), RowExclusiveLock);
	qsort(pending, npending, sizeof(Reply), compare_keys);
	for (int i = 0; i < npending; i++)
	{
		Datum		values[NCOLS];
		bool		nulls[NCOLS] = {false};

		values[COL_KEY] = Int64GetDatum(pending[i].key);
		values[COL_CHECKSUM] = Int64GetDatum(pending[i].checksum);
		values[COL_OBJECT] = UUIDPGetDatum(&pending[i].object);
		tuples[i] = heap_form_tuple(RelationGetDescr(heap), values, nulls);
	}
	rel_insert_many(heap, tuples, npending);
	for (int i = 0; i < npending; i++)
		heap_freetuple(tuples[i]);
	table_close(heap, NoLock);
	npending = 0;
}

void
reply_forget(void)
{
	npending = 0;
}

/*
 * The table whose turn comes next is emptied well before.  Somebody may still
 * hold a lock on it; then it is tried again later.
 */
void
reply_expire(void)
{
	int			gen = generation(GENERATIONS - 1);
	Oid			oid = rel_oid(table_of(gen));
	Relation	heap;
	BlockNumber blocks;

	rel_release();				/* TRUNCATE wants it to itself */
	heap = table_open(oid, AccessShareLock);
	blocks = RelationGetNumberOfBlocks(heap);
	table_close(heap, AccessShareLock);
	if (blocks == 0 || !ConditionalLockRelationOid(oid, AccessExclusiveLock))
		return;
	/* nobody gets at it now; but has its turn come while we were getting here? */
	if (generation(GENERATIONS - 1) != gen)
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(psprintf("TRUNCATE ONLY dittofs.replies_%d", gen), false, 0) < 0)
		elog(ERROR, "could not truncate dittofs.replies_%d", gen);
	SPI_finish();
}
