/*-------------------------------------------------------------------------
 *
 * replies.c
 *	  Answers to changes, kept for clients that ask again.
 *
 * A call is known by its client's address (not its port: it comes back from
 * another one), its xid, its user, the procedure and a checksum of the
 * arguments.
 *
 * The xids of a client follow each other, so calls that share a batch mostly
 * have xids close together.  A row is what one transaction has to say about 64
 * of them: the index key is made of the address and the xid without its last
 * bits, and the rest is looked for in the row.  A row for each reply would cost
 * more than the change, where that is a SETATTR.  An index entry also tells by a
 * bit for each which of the 64 have a reply, so that a new call, whose neighbours
 * have had theirs, reads no row.  Nor does it search the index, if a neighbour in
 * its batch, or in the one before, has done that and nobody else has committed
 * anything since.
 *
 * Only success is stored.  A call that failed changed nothing; asked again it
 * is answered as if it had come later.
 *
 * Replies live in three tables that take turns: one is written, the one before it
 * is kept, and the third is empty.  So keeping costs an insertion, forgetting
 * costs nothing, and what is kept is bounded by what is done in two turns.
 *
 * Whose turn it is stands in a table (replies_turn), and not in the clock: a
 * client comes back after an outage of whatever length, with a call that was
 * answered just before it, and a clock may be set.  A turn takes PERIOD, while
 * somebody calls reap() now and then: time in which nobody did, and the time
 * before a clock was set back, do not count.  So a reply is kept for a PERIOD of
 * service at least.  All three tables are looked at, since a transaction may
 * have begun before the turn did.
 *
 * Of the tables that are not written, one is empty nearly always, and both are
 * for a while.  Looking through an index costs as much then as when there is
 * something.  So a table without a page is not searched for the rest of the
 * transaction, and before the commit must have none still: had somebody stored a
 * reply there that a call of this transaction should have found, the page would
 * have come before the lock that it waited for was let go.
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

#include "guc.h"
#include "replies.h"
#include "xact.h"

enum
{
	COL_KEY,
	COL_XIDS,
	COL_REPLIES,
	NCOLS
};

/* As it lies in a row. */
typedef struct Reply
{
	uint64		call;			/* a hash of user, procedure and arguments; the
								 * last bits are the xid's */
	pg_uuid_t	object;
} Reply;

/* Of this transaction, to be written all at once before it commits. */
typedef struct PendingReply
{
	int64		key;
	Reply		reply;
} PendingReply;

#define XID_BITS	6
#define XID_MASK	((1 << XID_BITS) - 1)
#define PENDING_MAX 256
#define ROW_MAX		64			/* replies */

static PendingReply pending[PENDING_MAX];
static int	npending = 0;

#define GENERATIONS 3
#define PERIOD	(INT64CONST(120) * 1000000000)	/* nanoseconds */

/*
 * Whose turn it is, read once a transaction, unless nobody else has committed
 * anything since.
 */
static struct
{
	bool		known;
	uint64		commits;		/* snapshot_commits() then, or 0 */
	int64		number;			/* its table is replies_N, N this modulo 3 */
	int64		since;
	int64		seen;			/* when somebody was last in reply_expire() */
}			turn;

/* The table has one row. */
static bool
is_turn(TupleTableSlot *slot, const void *key)
{
	return true;
}

static void
read_turn(void)
{
	static ItemPointerData place;
	RelScan		rs;

	if (turn.known)
		return;
	turn.known = turn.commits != 0 && turn.commits == snapshot_commits();
	if (turn.known)
		return;
	if (!ItemPointerIsValid(&place) ||
		!rel_fetch(&rs, REL_REPLIES_TURN, AccessShareLock, GetActiveSnapshot(),
				   &place, is_turn, NULL))
	{
		rel_scan_begin(&rs, REL_REPLIES_TURN, AccessShareLock,
					   GetActiveSnapshot(), NULL, 0);
		if (!rel_scan_next(&rs))
			elog(ERROR, "dittofs.replies_turn is empty");
	}
	place = rs.slot->tts_tid;
	turn.number = DatumGetInt64(rs.slot->tts_values[0]);
	turn.since = DatumGetInt64(rs.slot->tts_values[1]);
	turn.seen = DatumGetInt64(rs.slot->tts_values[2]);
	turn.known = true;
	turn.commits = snapshot_commits();
	rel_scan_end(&rs);
}

/* By age: had it no page when this transaction first came by? */
static struct
{
	bool		known;
	bool		empty;
}			idle[GENERATIONS];

/*
 * Which xids of a key have replies, as the index told when a call asked, and as
 * this session has stored since; true as long as no other transaction commits.
 */
#define HEARD_MAX	64

typedef struct Heard
{
	int64		key;
	uint64		commits;		/* snapshot_commits() then; 0: nothing is known */
	uint64		xids;
} Heard;

static Heard heard[HEARD_MAX];

static Heard *
heard_of(int64 key)
{
	return &heard[(uint64) key % HEARD_MAX];
}

static RelName
table_of(int age)
{
	read_turn();
	return (RelName) (REL_REPLIES_0 +
					  (turn.number + GENERATIONS - age) % GENERATIONS);
}

/* 38 bits of a hash of the address, 26 of the xid. */
static int64
key_of(const Caller *caller)
{
	uint64		who = XXH3_64bits(caller->addr, sizeof(caller->addr));

	return (int64) ((who << (32 - XID_BITS)) | (caller->xid >> XID_BITS));
}

static uint64
call_of(const Op *op, Procedure procedure)
{
	const Caller *caller = op->caller;
	uint64		what[3] = {caller->checksum, caller->uid,
	(uint64) caller->auth << 32 | procedure};
	uint64		hash = XXH3_64bits_withSeed(what, sizeof(what),
											op->share->cookie_seed);

	return hash << XID_BITS | (caller->xid & XID_MASK);
}

static bool
has_pages(int age)
{
	Relation	heap = table_open(rel_oid(table_of(age)), AccessShareLock);
	bool		result = RelationGetNumberOfBlocks(heap) > 0;

	/* our lock keeps it from being emptied */
	table_close(heap, NoLock);
	return result;
}

/* Which of the xids that share a key this reply is to. */
static uint64
xid_bit(uint64 call)
{
	return UINT64CONST(1) << (call & XID_MASK);
}

/* Is there nothing to be found? */
static bool
is_idle(int age)
{
	if (age == 0)
		return false;
	if (!idle[age].known)
	{
		idle[age].empty = !has_pages(age);
		idle[age].known = true;
	}
	return idle[age].empty;
}

static void
scan_key(RelScan *rs, RelName table, int64 key)
{
	ScanKeyData scankey;

	ScanKeyInit(&scankey, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(key));
	rel_scan_begin(rs, table, AccessShareLock, GetActiveSnapshot(), &scankey, 1);
}

/* Entries of rows that nobody sees count, too: then somebody looks in vain. */
static uint64
xids_in(RelName table, int64 key)
{
	RelScan		rs;
	Datum		xids;
	uint64		result = 0;

	scan_key(&rs, table, key);
	while (rel_scan_next_entry(&rs, COL_XIDS + 1, &xids))
		result |= (uint64) DatumGetInt64(xids);
	rel_scan_end(&rs);
	return result;
}

static uint64
xids_of(int64 key)
{
	Heard	   *known = heard_of(key);
	uint64		commits = snapshot_commits();

	if (known->commits == 0 || known->commits != commits || known->key != key)
	{
		known->key = key;
		known->commits = commits;
		known->xids = 0;
		for (int age = 0; age < GENERATIONS; age++)
			if (!is_idle(age))
				known->xids |= xids_in(table_of(age), key);
	}
	return known->xids;
}

static bool
find_in(RelName table, int64 key, uint64 call, pg_uuid_t *object)
{
	RelScan		rs;
	Datum		xids;
	bool		found = false;

	scan_key(&rs, table, key);
	while (!found && rel_scan_next_entry(&rs, COL_XIDS + 1, &xids))
	{
		bytea	   *row;
		const char *at;
		const char *end;
		Reply		reply;

		if (((uint64) DatumGetInt64(xids) & xid_bit(call)) == 0 ||
			!rel_scan_fetch(&rs))
			continue;
		row = DatumGetByteaPP(rs.slot->tts_values[COL_REPLIES]);
		at = VARDATA_ANY(row);
		end = at + VARSIZE_ANY_EXHDR(row);
		for (; !found && end - at >= sizeof(Reply); at += sizeof(Reply))
		{
			memcpy(&reply, at, sizeof(Reply));
			found = reply.call == call;
		}
		if (found)
			*object = reply.object;
	}
	rel_scan_end(&rs);
	return found;
}

static const Reply *
find_pending(int64 key, uint64 call)
{
	for (int i = 0; i < npending; i++)
		if (pending[i].reply.call == call && pending[i].key == key)
			return &pending[i].reply;
	return NULL;
}

/*
 * For the gateway's metrics.  INFO reaches the client whatever
 * client_min_messages says, and the server's log hardly ever.  A gateway knows
 * it by the name of this function.
 */
static void
reply_found(void)
{
	if (dittofs_report_replays)
		ereport(INFO, (errmsg("answered from the stored replies")));
}

bool
reply_find(const Op *op, Procedure procedure, pg_uuid_t *object)
{
	int64		key;
	uint64		call;
	const Reply *own;

	if (!op->caller->has_call || !dittofs_keep_replies)
		return false;
	key = key_of(op->caller);
	call = call_of(op, procedure);
	own = find_pending(key, call);
	if (own != NULL)
	{
		*object = own->object;
		reply_found();
		return true;
	}
	if ((xids_of(key) & xid_bit(call)) == 0)
		return false;
	for (int i = 0; i < GENERATIONS; i++)
	{
		/* the current one, the one before it, the one that is empty */
		if (!is_idle(i) && find_in(table_of(i), key, call, object))
		{
			/*
			 * It is there for everybody to see, but perhaps not yet where
			 * this server's promises have to be: its commit may have been
			 * cancelled, or cut off by a crash, while it waited for the
			 * synchronous standby.  So this transaction writes something, the
			 * commit of which waits for all that came before.
			 */
			compat_log_message("dittofs");
			reply_found();
			return true;
		}
	}
	return false;
}

void
reply_store(const Op *op, Procedure procedure, const pg_uuid_t *object)
{
	PendingReply *own;

	if (!op->caller->has_call || !dittofs_keep_replies)
		return;
	if (npending == PENDING_MAX)
		reply_flush();
	own = &pending[npending++];
	own->key = key_of(op->caller);
	own->reply.call = call_of(op, procedure);
	own->reply.object = *object;
}

static int
compare_keys(const void *a, const void *b)
{
	int64		left = ((const PendingReply *) a)->key;
	int64		right = ((const PendingReply *) b)->key;

	return (left > right) - (left < right);
}

void
reply_verify(void)
{
	for (int i = 1; i < GENERATIONS; i++)
		if (idle[i].known && idle[i].empty && has_pages(i))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("replies were stored where there had been none"),
					 errdetail("One of them may be that to a call of this transaction."),
					 errhint("Run the transaction again.")));
}

/* A row of the replies that begin with pending[first]; *count: how many. */
static HeapTuple
form_row(Relation heap, int first, int *count)
{
	union
	{
		bytea		value;
		char		room[VARHDRSZ + ROW_MAX * sizeof(Reply)];
	}			row;
	int64		key = pending[first].key;
	uint64		xids = 0;
	int			n = 0;
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	for (; n < ROW_MAX && first + n < npending && pending[first + n].key == key; n++)
	{
		const Reply *reply = &pending[first + n].reply;

		xids |= xid_bit(reply->call);
		memcpy(VARDATA(&row.value) + n * sizeof(Reply), reply, sizeof(Reply));
	}
	SET_VARSIZE(&row.value, VARHDRSZ + n * sizeof(Reply));
	if (heard_of(key)->key == key)
		heard_of(key)->xids |= xids;
	values[COL_KEY] = Int64GetDatum(key);
	values[COL_XIDS] = Int64GetDatum((int64) xids);
	values[COL_REPLIES] = PointerGetDatum(&row.value);
	*count = n;
	return heap_form_tuple(RelationGetDescr(heap), values, nulls);
}

void
reply_flush(void)
{
	Relation	heap;
	HeapTuple	tuples[PENDING_MAX];
	int			rows = 0;
	int			count;

	if (npending == 0)
		return;
	heap = table_open(rel_oid(table_of(0)), RowExclusiveLock);
	qsort(pending, npending, sizeof(PendingReply), compare_keys);
	for (int i = 0; i < npending; i += count)
		tuples[rows++] = form_row(heap, i, &count);
	rel_insert_many(heap, tuples, rows, NULL);
	table_close(heap, NoLock);
	npending = 0;
}

void
reply_forget(void)
{
	npending = 0;
	memset(heard, 0, sizeof(heard));
	memset(&turn, 0, sizeof(turn));
	memset(idle, 0, sizeof(idle));
}

/*
 * What was heard is true for one more commit: ours, whose replies were added to
 * it.  Without an xid it is no commit that others count.
 */
void
reply_committed(bool has_xid)
{
	npending = 0;
	turn.known = false;
	memset(idle, 0, sizeof(idle));
	if (!has_xid)
		return;
	if (turn.commits != 0)
		turn.commits++;
	for (int i = 0; i < HEARD_MAX; i++)
		if (heard[i].commits != 0)
			heard[i].commits++;
}

static void
run(const char *sql)
{
	if (SPI_execute(sql, false, 0) < 0)
		elog(ERROR, "%s failed", sql);
}

/* Only if it is still as it was read: others may have been here, too. */
static void
change_turn(int64 number, int64 since, int64 seen)
{
	run(psprintf("UPDATE dittofs.replies_turn SET turn = " INT64_FORMAT
				 ", since = " INT64_FORMAT ", seen = " INT64_FORMAT
				 " WHERE turn = " INT64_FORMAT " AND seen = " INT64_FORMAT,
				 number, since, seen, turn.number, turn.seen));
	turn.commits = 0;
}

/*
 * Empties the table whose turn comes next, well before, and passes on the turn
 * when its time is over.  Somebody may still hold a lock on the table; then it
 * is tried again later.
 */
void
reply_expire(void)
{
	Oid			next;
	int64		now = fs_now();
	Relation	heap;
	BlockNumber blocks;

	turn.known = false;
	turn.commits = 0;
	next = rel_oid(table_of(GENERATIONS - 1));

	rel_release();				/* TRUNCATE wants it to itself */
	heap = table_open(next, AccessShareLock);
	blocks = RelationGetNumberOfBlocks(heap);
	table_close(heap, AccessShareLock);
	if (blocks == 0 && turn.seen <= now && now - turn.seen < PERIOD / 4)
		return;
	if (blocks > 0 && !ConditionalLockRelationOid(next, AccessExclusiveLock))
		return;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (blocks > 0)
	{
		/*
		 * Nobody gets at it now.  But its turn may have come while we were
		 * getting here.
		 */
		run(psprintf("SELECT FROM dittofs.replies_turn WHERE turn = "
					 INT64_FORMAT " FOR UPDATE", turn.number));
		if (SPI_processed == 1)
			run(psprintf("TRUNCATE ONLY dittofs.replies_%d",
						 (int) ((turn.number + 1) % GENERATIONS)));
	}
	else if (turn.seen > now || now - turn.seen > PERIOD / 2)
		change_turn(turn.number, now, now);
	else if (now - turn.since >= PERIOD)
		change_turn(turn.number + 1, now, now);
	else
		change_turn(turn.number, turn.since, now);
	SPI_finish();
}
