/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * slots4.c
 *	  Slots of sessions of NFSv4.1: answers to changes, for clients that ask
 *	  again.
 *
 * RFC 8881, 2.10.6.1, has a server remember the last request of each slot.  It
 * is enough to remember the last one that changed something: one that only
 * read can be run again, and so can one that failed before it had changed
 * anything.  So reading writes nothing, and a number is compared with the
 * stored ones only:
 *
 *	- it is one of them: the request was made, and its answer is there, unless
 *	  the digest tells that this is another request
 *	- it is below one of them: the client is not to be believed
 *	- otherwise it is new
 *
 * A change takes the slot first, and looks afterwards.  So the same request,
 * sent to two gateways, is made by one of them, and the other one waits and
 * finds the answer.  The lock is in memory, as advisory locks are: a row that
 * is locked is written.  Other transactions take it only to end the session.
 *
 * Answers are added to the generations of replies.c, beside those of NFSv3, and
 * go with them: an answer is kept for some minutes of service.  Nothing is ever
 * updated, and a look goes to the entries at the request's number and beyond,
 * of which there are none.  So it takes the same time under an old snapshot,
 * however many answers there are.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/guc.h"
#include "nfs4/slots4.h"
#include "ops/replies.h"
#include "tables/rel.h"

enum
{
	COL_KEY,
	COL_SEQID,
	COL_DIGEST,
	COL_RESULTS,
	COL_DATA,
	NCOLS
};

#define SLOT_BITS	10
#define SLOT_MASK	((UINT64CONST(1) << SLOT_BITS) - 1)

/* Numbers follow each other in a circle of 32 bits. */
#define CIRCLE		(INT64CONST(1) << 32)

/* Of this transaction, to be written all at once before it commits. */
typedef struct Pending
{
	int64		key;
	uint32		seqid;
	uint64		digest;
	bytea	   *results;
	bytea	   *data;			/* NULL: none */
} Pending;

#define PENDING_MAX 256
#define PENDING_BYTES (1024 * 1024)

static Pending pending[PENDING_MAX];
static int	npending = 0;
static Size pending_bytes = 0;
/* Of what is pending; NULL: nothing is. */
static MemoryContext context = NULL;

/* By age: had it no page when this transaction first came by? */
static struct
{
	bool		known;
	bool		empty;
}			idle[REPLY_GENERATIONS];

/* 54 bits of the session's, which are random. */
static int64
key_of(const pg_uuid_t *session, uint32 slot)
{
	uint64		bits;

	memcpy(&bits, session->data + UUID_LEN - sizeof(bits), sizeof(bits));
	return (int64) ((bits & ~SLOT_MASK) | (slot & SLOT_MASK));
}

bool
slot_lock(const pg_uuid_t *session, uint32 slot, bool wait)
{
	uint64		key = (uint64) key_of(session, slot);
	LOCKTAG		tag;

	/* there it is refused; who changes something is told so in better words */
	if (RecoveryInProgress())
		return true;
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel_oid(REL_NFS4_SESSIONS),
					   (uint32) (key >> 16), (uint16) key);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) !=
		LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Looking
 */

static RelName
table_of(int age)
{
	return (RelName) (REL_NFS4_REPLIES_0 + reply_generation(age));
}

static bool
has_pages(int age)
{
	Relation	heap = rel_open(table_of(age), AccessShareLock);
	bool		result = RelationGetNumberOfBlocks(heap) > 0;

	/* our lock keeps it from being emptied */
	table_close(heap, NoLock);
	return result;
}

/* As in replies.c: is there nothing to be found? */
static bool
is_idle(int age)
{
	if (!idle[age].known)
	{
		idle[age].empty = !has_pages(age);
		idle[age].known = true;
	}
	return idle[age].empty;
}

static bytea *
copy_bytea(Datum value)
{
	bytea	   *from = DatumGetByteaPP(value);
	Size		len = VARSIZE_ANY_EXHDR(from);
	bytea	   *to = (bytea *) palloc(VARHDRSZ + len);

	SET_VARSIZE(to, VARHDRSZ + len);
	memcpy(VARDATA(to), VARDATA_ANY(from), len);
	return to;
}

static SlotState
take_row(const SlotRequest *request, TupleTableSlot *row, bytea **results,
		 bytea **data)
{
	if ((uint64) DatumGetInt64(row->tts_values[COL_DIGEST]) != request->digest)
		return SLOT_FALSE_RETRY;
	*results = copy_bytea(row->tts_values[COL_RESULTS]);
	*data = row->tts_isnull[COL_DATA] ? NULL :
		copy_bytea(row->tts_values[COL_DATA]);
	return SLOT_REPLAY;
}

/*
 * Looks for answers with numbers from first to last: that of the request comes
 * first, and is the answer if no other one does.  Entries of transactions that
 * were rolled back are passed by.
 */
static SlotState
look_between(RelName table, const SlotRequest *request, int64 key, int64 first,
			 int64 last, bytea **results, bytea **data)
{
	RelScan		rs;
	ScanKeyData keys[3];
	SlotState	state = SLOT_NEW;
	Datum		seqid;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(key));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(first));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(last));
	rel_scan_begin(&rs, table, AccessShareLock, GetActiveSnapshot(), keys,
				   lengthof(keys));
	while (state != SLOT_MISORDERED &&
		   rel_scan_next_entry(&rs, COL_SEQID + 1, &seqid))
	{
		if (!rel_scan_fetch(&rs))
			continue;
		state = DatumGetInt64(seqid) == request->seqid ?
			take_row(request, rs.slot, results, data) : SLOT_MISORDERED;
	}
	rel_scan_end(&rs);
	return state;
}

/* The half of the circle that begins with the request. */
static SlotState
look_in(RelName table, const SlotRequest *request, int64 key, bytea **results,
		bytea **data)
{
	int64		first = request->seqid;
	int64		last = first + CIRCLE / 2 - 1;
	SlotState	state;

	state = look_between(table, request, key, first, Min(last, CIRCLE - 1),
						 results, data);
	if (last >= CIRCLE && look_between(table, request, key, 0, last - CIRCLE,
									   results, data) != SLOT_NEW)
		state = SLOT_MISORDERED;
	return state;
}

static SlotState
look_at_pending(const SlotRequest *request, int64 key, bytea **results,
				bytea **data)
{
	for (int i = npending - 1; i >= 0; i--)
	{
		const Pending *own = &pending[i];

		if (own->key != key)
			continue;
		if (own->seqid != request->seqid)
			return (int32) (request->seqid - own->seqid) < 0 ?
				SLOT_MISORDERED : SLOT_NEW;
		if (own->digest != request->digest)
			return SLOT_FALSE_RETRY;
		*results = copy_bytea(PointerGetDatum(own->results));
		*data = own->data == NULL ? NULL :
			copy_bytea(PointerGetDatum(own->data));
		return SLOT_REPLAY;
	}
	return SLOT_NEW;
}

SlotState
slot_find(const SlotRequest *request, bytea **results, bytea **data)
{
	int64		key = key_of(request->session, request->slot);
	SlotState	state;

	*results = *data = NULL;
	if (!dittofs_keep_replies)
		return SLOT_NEW;
	state = look_at_pending(request, key, results, data);
	for (int age = 0; state == SLOT_NEW && age < REPLY_GENERATIONS; age++)
		if (age == 0 || !is_idle(age))
			state = look_in(table_of(age), request, key, results, data);
	return state;
}

/*
 * Storing
 */

void
slot_store(const SlotRequest *request, const bytea *results, const bytea *data)
{
	MemoryContext caller;
	Pending    *own;

	if (!dittofs_keep_replies)
		return;
	if (npending == PENDING_MAX || pending_bytes > PENDING_BYTES)
		slots_flush();
	if (context == NULL)
		context = AllocSetContextCreate(TopTransactionContext, "dittofs slots",
										ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	own = &pending[npending++];
	own->key = key_of(request->session, request->slot);
	own->seqid = request->seqid;
	own->digest = request->digest;
	own->results = copy_bytea(PointerGetDatum(results));
	own->data = data == NULL ? NULL : copy_bytea(PointerGetDatum(data));
	pending_bytes += VARSIZE(own->results) +
		(data == NULL ? 0 : VARSIZE(own->data));
	MemoryContextSwitchTo(caller);
}

void
slots_verify(void)
{
	for (int age = 1; age < REPLY_GENERATIONS; age++)
		if (idle[age].known && idle[age].empty && has_pages(age))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("answers were stored where there had been none"),
					 errdetail("One of them may be that to a call of this transaction."),
					 errhint("Run the transaction again.")));
}

static HeapTuple
form_row(Relation heap, const Pending *own)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	values[COL_KEY] = Int64GetDatum(own->key);
	values[COL_SEQID] = Int64GetDatum((int64) own->seqid);
	values[COL_DIGEST] = Int64GetDatum((int64) own->digest);
	values[COL_RESULTS] = PointerGetDatum(own->results);
	values[COL_DATA] = PointerGetDatum(own->data);
	nulls[COL_DATA] = own->data == NULL;
	return rel_form(heap, NCOLS, values, nulls);
}

void
slots_flush(void)
{
	Relation	heap;
	HeapTuple	tuples[PENDING_MAX];

	if (npending == 0)
		return;
	heap = rel_open(table_of(0), RowExclusiveLock);
	for (int i = 0; i < npending; i++)
		tuples[i] = form_row(heap, &pending[i]);
	rel_insert_many(heap, tuples, npending, NULL, NULL);
	table_close(heap, NoLock);
	npending = 0;
	pending_bytes = 0;
	MemoryContextReset(context);
}

void
slots_forget(void)
{
	if (context != NULL)
		MemoryContextDelete(context);
	context = NULL;
	npending = 0;
	pending_bytes = 0;
	memset(idle, 0, sizeof(idle));
}
