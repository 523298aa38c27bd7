/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * replies.c
 *	  The duplicate request cache (DRC): replies to changes, for clients that
 *	  ask again.
 *
 * A call is known by its client's address (without the port, which changes when
 * the client reconnects), its xid, its user, the procedure and a checksum of
 * credential and arguments.
 *
 * That is not enough.  Two clients behind one address, in containers or behind
 * a balancer, may have all of it alike: programs of libnfs that start in the
 * same millisecond have the same xids.  Each wants to know which of them made
 * the lock directory.  But a client sends a call again on the connection that
 * it used, or it reconnects because it has no answer.  So of two calls that are
 * alike one is a retransmission of the other if
 *
 *	- they came on the same connection, or
 *	- the connection of either was opened after the other had arrived
 *
 * Otherwise both clients were connected before either of them called.  The rule
 * says "either" because the first call may be executed last: it waited for a
 * lock, or in a gateway that was stopped, while its client went on elsewhere.
 * In doubt it is one call, because a change that is made twice, over later
 * changes, is damage.  So a gateway says when a connection was opened at the
 * latest and when a call arrived at the earliest, by the database's clock; and
 * a time in the future (the clock was set back) proves nothing.
 *
 * The rule takes two clients for one if the second connects after the first has
 * called and then uses the same xid.  But a gateway knows of many a call that
 * it was not sent before on another connection (connected is 0): those with
 * later xids than the NULL by which a client begins.  The rule takes one client
 * for two if that sends a call again on another connection that was open
 * already.  No client is known to do that: with nconnect, a call of Linux's
 * NFSv3 stays with its transport, which reconnects.
 *
 * The xids of a client follow each other, so calls that share a batch mostly
 * have xids close together.  A row holds what one transaction stores about 64
 * of them: the index key is made of the address and the xid without its last
 * bits, and the xid is looked for in the row.  A row for each reply would cost
 * more than the change, where that is a SETATTR.  An index entry has a bit for
 * each of the 64 that has a reply, so a new call reads no row although its
 * neighbours have replies.  Nor does it search the index, if a neighbour in its
 * batch, or in the one before, has done that and no other transaction has
 * committed since.
 *
 * A reply is a word of 64 bits, followed by the id of an inode where the
 * arguments do not name it.  Replies of one connection that arrived together
 * share a row, with the connection's times in front: these take less than the
 * ids that are left out.
 *
 * Only success is stored.  A call that failed changed nothing; sent again, it
 * is answered as if it had come later.
 *
 * Replies are in three tables, the generations, that take turns: one is
 * written, the one before it is kept, and the third is empty.  So storing costs
 * an insertion, forgetting costs nothing, and the cache is bounded by the
 * changes of two turns.
 *
 * A table (replies_turn), not the clock, says whose turn it is: a client comes
 * back after an outage of any length, with a call that was answered just before
 * it, and a clock may be set.  A turn takes PERIOD in which reap() is called
 * now and then: time without such calls, and the time before a clock was set
 * back, do not count.  So a reply is kept for a PERIOD of service at least.
 * All three tables are searched, since a transaction may have begun before the
 * turn did.
 *
 * Of the tables that are not written, one is nearly always empty, and both are
 * for a while; searching an empty index costs as much as searching a full one.
 * If a generation has no pages we skip it for the rest of the transaction, and
 * check again before commit that it still has none.  That is safe: a
 * transaction that stored a reply we should have seen added its page before it
 * released the lock we waited for.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/stratnum.h"
#include "access/table.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "base/change.h"
#include "base/guc.h"
#include "ops/replies.h"
#include "base/spi.h"

enum
{
	COL_KEY,
	COL_XIDS,
	COL_REPLIES,
	NCOLS
};

/*
 * The word: which of the xids of its key; is there an object; of which
 * connection (0: not told); a hash of user, procedure, credential and
 * arguments.
 */
#define XID_BITS	6
#define XID_MASK	((1 << XID_BITS) - 1)
#define OBJECT_BIT	(UINT64CONST(1) << XID_BITS)
#define TAG_BITS	24
#define TAG_SHIFT	(XID_BITS + 1)
#define TAG_MASK	(((UINT64CONST(1) << TAG_BITS) - 1) << TAG_SHIFT)
#define HASH_SHIFT	(TAG_SHIFT + TAG_BITS)

/*
 * Times are in units of 8 microseconds, and begin anew after a hundred days:
 * only their difference means something.
 */
#define UNIT_SHIFT	3
#define TIME_BITS	40
#define TIME_MASK	((UINT64CONST(1) << TIME_BITS) - 1)
#define ALWAYS		(UINT64CONST(1) << (TIME_BITS - 2))

/* How a call came here. */
typedef struct Arrival
{
	uint64		tag;			/* of its connection, as in the word */
	uint64		connected;
	uint64		arrived;
} Arrival;

/*
 * In front of a row's replies: when the first arrived (5 bytes), and for how
 * long the connection had been open then (2).
 */
#define HEAD_SIZE	7

/* Replies that arrived within this time, 66 ms, share a row. */
#define TOGETHER	(INT64CONST(1) << 13)
#define SAME_OPENING 16

/* Clocks are not read as precisely as that. */
#define CLOCK_SLACK	(INT64CONST(1000000) >> UNIT_SHIFT)

/* Of this transaction, to be written all at once before it commits. */
typedef struct PendingReply
{
	int64		key;
	uint64		call;
	Arrival		arrival;
	pg_uuid_t	object;
} PendingReply;

#define PENDING_MAX 256
#define ROW_MAX		64			/* replies */

static PendingReply pending[PENDING_MAX];
static int	npending = 0;

#define PERIOD	(INT64CONST(120) * 1000000000)	/* nanoseconds */

/*
 * The current turn, read once a transaction, unless no other transaction has
 * committed since.
 */
static struct
{
	bool		known;
	uint64		commits;		/* snapshot_commits() then, or 0 */
	int64		number;			/* its table is replies_N, N this modulo 3 */
	int64		since;
	int64		seen;			/* last call of reply_expire() */
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
	if (!rel_fetch(&rs, REL_REPLIES_TURN, AccessShareLock, GetActiveSnapshot(),
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
}			idle[REPLY_GENERATIONS];

/*
 * Which xids of a key have replies, as the index told when a call asked, and as
 * this session has stored since; true as long as no other transaction commits.
 */
#define HEARD_MAX	64

typedef struct Heard
{
	int64		key;
	uint64		commits;		/* snapshot_commits() then; 0: unknown */
	uint64		xids;
} Heard;

static Heard heard[HEARD_MAX];

static Heard *
heard_of(int64 key)
{
	return &heard[(uint64) key % HEARD_MAX];
}

int
reply_generation(int age)
{
	read_turn();
	return (turn.number + REPLY_GENERATIONS - age) % REPLY_GENERATIONS;
}

static RelName
table_of(int age)
{
	return (RelName) (REL_REPLIES_0 + reply_generation(age));
}

/* 38 bits of a hash of the address, 26 of the xid. */
static int64
key_of(const Caller *caller)
{
	uint64		who = XXH3_64bits(caller->addr, sizeof(caller->addr));

	return (int64) ((who << (32 - XID_BITS)) | (caller->xid >> XID_BITS));
}

/* The word, without what is told by arrival and object. */
static uint64
call_of(const Op *op, Procedure procedure)
{
	const Caller *caller = op->caller;
	uint64		what[3] = {caller->checksum, caller->uid,
	(uint64) caller->auth << 32 | procedure};
	uint64		hash = XXH3_64bits_withSeed(what, sizeof(what),
											op->share->cookie_seed);

	return hash << HASH_SHIFT | (caller->xid & XID_MASK);
}

static bool
same_call(uint64 word, uint64 call)
{
	return (word & ~(TAG_MASK | OBJECT_BIT)) == call;
}

static uint64
units_of(int64 microseconds)
{
	return ((uint64) microseconds >> UNIT_SHIFT) & TIME_MASK;
}

/* Negative: b is later. */
static int64
time_after(uint64 a, uint64 b)
{
	return (int64) ((a - b) << (64 - TIME_BITS)) >> (64 - TIME_BITS);
}

static void
arrival_of(const Caller *caller, Arrival *arrival)
{
	memset(arrival, 0, sizeof(*arrival));
	if (!caller->has_connection)
		return;
	arrival->tag = (XXH3_64bits(&caller->connection, sizeof(caller->connection))
					<< TAG_SHIFT) & TAG_MASK;
	if (arrival->tag == 0)
		arrival->tag = TAG_MASK;
	arrival->arrived = units_of(caller->arrived);
	/*
	 * A call that was first sent on this connection: as if it had always been
	 * open.  Not for half of the time that there is: of two such calls one has
	 * arrived before the other, and their times must not be further apart.
	 */
	arrival->connected = caller->connected == 0 ?
		(arrival->arrived - ALWAYS) & TIME_MASK :
		units_of(caller->connected);
}

/* Two calls that are alike: is it one? */
static bool
same_client(const Arrival *stored, const Arrival *call)
{
	return stored->tag == call->tag || stored->tag == 0 || call->tag == 0 ||
		time_after(call->connected, stored->arrived) >= 0 ||
		time_after(stored->connected, call->arrived) >= 0 ||
		time_after(stored->arrived, units_of(fs_now() / 1000)) > CLOCK_SLACK;
}

/*
 * For how long the connection had been open: 11 bits with an exponent of 5
 * before them.  Rounded down, so that it was opened later: see above.  It is
 * only when it is short that it matters.
 */
#define AGE_BITS	11
#define AGE_LIMIT	(INT64CONST(1) << AGE_BITS)

static uint16
age_pack(int64 age)
{
	int			exponent = 0;

	for (age = Max(age, 0); age >= 2 * AGE_LIMIT; age >>= 1)
		exponent++;
	if (age >= AGE_LIMIT)
		return (exponent + 1) << AGE_BITS | (age - AGE_LIMIT);
	return age;
}

static int64
age_unpack(uint16 packed)
{
	int			exponent = packed >> AGE_BITS;
	int64		age = packed & (AGE_LIMIT - 1);

	return exponent == 0 ? age : (age + AGE_LIMIT) << (exponent - 1);
}

static void
put_head(char *to, const Arrival *first)
{
	uint64		head = first->arrived |
		(uint64) age_pack(time_after(first->arrived, first->connected))
			<< TIME_BITS;

	for (int i = 0; i < HEAD_SIZE; i++)
		to[i] = (char) (head >> (8 * i));
}

static void
take_head(const char *from, Arrival *first)
{
	uint64		head = 0;

	for (int i = 0; i < HEAD_SIZE; i++)
		head |= (uint64) (uint8) from[i] << (8 * i);
	first->arrived = head & TIME_MASK;
	first->connected =
		(first->arrived - age_unpack(head >> TIME_BITS)) & TIME_MASK;
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

	ScanKeyInit(&scankey, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(key));
	rel_scan_begin(rs, table, AccessShareLock, GetActiveSnapshot(), &scankey,
				   1);
}

/*
 * Entries of invisible rows count, too: then a look into the table finds
 * nothing.
 */
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
		for (int age = 0; age < REPLY_GENERATIONS; age++)
			if (!is_idle(age))
				known->xids |= xids_in(table_of(age), key);
	}
	return known->xids;
}

/* Is the call among the replies of a row?  object: where there is one. */
static bool
find_in_row(const bytea *row, uint64 call, const Arrival *arrival,
			pg_uuid_t *object)
{
	const char *at = VARDATA_ANY(row);
	const char *end = at + VARSIZE_ANY_EXHDR(row);
	Arrival		stored;

	if (end - at < HEAD_SIZE)
		return false;
	take_head(at, &stored);
	at += HEAD_SIZE;
	while (end - at >= (ptrdiff_t) sizeof(uint64))
	{
		uint64		word;
		bool		with_object;

		memcpy(&word, at, sizeof(word));
		at += sizeof(word);
		with_object = (word & OBJECT_BIT) != 0;
		if (with_object && end - at < UUID_LEN)
			break;
		stored.tag = word & TAG_MASK;
		if (same_call(word, call) && same_client(&stored, arrival))
		{
			if (with_object)
				memcpy(object, at, UUID_LEN);
			return true;
		}
		at += with_object ? UUID_LEN : 0;
	}
	return false;
}

static bool
find_in(RelName table, int64 key, uint64 call, const Arrival *arrival,
		pg_uuid_t *object)
{
	RelScan		rs;
	Datum		xids;
	bool		found = false;

	scan_key(&rs, table, key);
	while (!found && rel_scan_next_entry(&rs, COL_XIDS + 1, &xids))
	{
		if (((uint64) DatumGetInt64(xids) & xid_bit(call)) == 0 ||
			!rel_scan_fetch(&rs))
			continue;
		found = find_in_row(DatumGetByteaPP(rs.slot->tts_values[COL_REPLIES]),
							call, arrival, object);
	}
	rel_scan_end(&rs);
	return found;
}

static bool
find_pending(int64 key, uint64 call, const Arrival *arrival, pg_uuid_t *object)
{
	for (int i = 0; i < npending; i++)
	{
		const PendingReply *own = &pending[i];

		if (own->key == key && same_call(own->call, call) &&
			same_client(&own->arrival, arrival))
		{
			if ((own->call & OBJECT_BIT) != 0)
				*object = own->object;
			return true;
		}
	}
	return false;
}

/*
 * For the gateway's metrics.  INFO reaches the client whatever
 * client_min_messages says, and the server's log hardly ever.  A gateway knows
 * the message by its SQLSTATE.
 */
void
reply_found(void)
{
	if (dittofs_report_replays)
		ereport(INFO,
				(errcode(ERRCODE_REPLAYED),
				 errmsg("answered from the stored replies")));
}

static bool
find_reply(const Op *op, Procedure procedure, pg_uuid_t *object)
{
	int64		key;
	uint64		call;
	Arrival		arrival;

	if (!op->caller->has_call || !dittofs_keep_replies)
		return false;
	key = key_of(op->caller);
	call = call_of(op, procedure);
	arrival_of(op->caller, &arrival);
	if (find_pending(key, call, &arrival, object))
	{
		reply_found();
		return true;
	}
	if ((xids_of(key) & xid_bit(call)) == 0)
		return false;
	for (int i = 0; i < REPLY_GENERATIONS; i++)
	{
		/* the current one, the one before it, the one that is empty */
		if (!is_idle(i) && find_in(table_of(i), key, call, &arrival, object))
		{
			/*
			 * The reply is visible to all, but perhaps not yet where
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

bool
reply_find(const Op *op, Procedure procedure, pg_uuid_t *object)
{
	if (find_reply(op, procedure, object))
		return true;
	change_is_new();
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
	arrival_of(op->caller, &own->arrival);
	own->call = call_of(op, procedure) | own->arrival.tag;
	if (object != NULL)
	{
		own->call |= OBJECT_BIT;
		own->object = *object;
	}
}

/* So that those of a row follow each other, the first to arrive in front. */
static int
compare_pending(const void *a, const void *b)
{
	const PendingReply *left = a;
	const PendingReply *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	if (left->arrival.tag != right->arrival.tag)
		return left->arrival.tag < right->arrival.tag ? -1 : 1;
	return (left->arrival.arrived > right->arrival.arrived) -
		(left->arrival.arrived < right->arrival.arrived);
}

/*
 * A gateway's idea of our clock changes a little, so a connection was not
 * always opened at exactly the same time.
 */
static bool
share_row(const PendingReply *first, const PendingReply *other)
{
	int64		later =
		time_after(other->arrival.arrived, first->arrival.arrived);
	int64		opened = time_after(other->arrival.connected,
									first->arrival.connected);

	return other->key == first->key &&
		other->arrival.tag == first->arrival.tag &&
		later >= 0 && later < TOGETHER &&
		opened > -SAME_OPENING && opened < SAME_OPENING;
}

void
reply_verify(void)
{
	for (int i = 1; i < REPLY_GENERATIONS; i++)
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
		char		room[VARHDRSZ + HEAD_SIZE +
						 ROW_MAX * (sizeof(uint64) + UUID_LEN)];
	}			row;
	char	   *at = VARDATA(&row.value);
	int64		key = pending[first].key;
	uint64		xids = 0;
	int			n = 0;
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	put_head(at, &pending[first].arrival);
	at += HEAD_SIZE;
	for (; n < ROW_MAX && first + n < npending &&
		 share_row(&pending[first], &pending[first + n]); n++)
	{
		const PendingReply *reply = &pending[first + n];

		xids |= xid_bit(reply->call);
		memcpy(at, &reply->call, sizeof(uint64));
		at += sizeof(uint64);
		if ((reply->call & OBJECT_BIT) != 0)
		{
			memcpy(at, &reply->object, UUID_LEN);
			at += UUID_LEN;
		}
	}
	SET_VARSIZE(&row.value, at - (char *) &row.value);
	if (heard_of(key)->key == key)
		heard_of(key)->xids |= xids;
	values[COL_KEY] = Int64GetDatum(key);
	values[COL_XIDS] = Int64GetDatum((int64) xids);
	values[COL_REPLIES] = PointerGetDatum(&row.value);
	*count = n;
	return rel_form(heap, NCOLS, values, nulls);
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
	heap = rel_open(table_of(0), RowExclusiveLock);
	qsort(pending, npending, sizeof(PendingReply), compare_pending);
	for (int i = 0; i < npending; i += count)
		tuples[rows++] = form_row(heap, i, &count);
	rel_insert_many(heap, tuples, rows, NULL, NULL);
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

/*
 * Only if the turn is still as it was read, and no other session is changing
 * it: that one may take long to commit, and calls of clients may wait for us.
 */
static bool
change_turn(int64 number, int64 since, int64 seen)
{
	Datum		values[] = {Int64GetDatum(number), Int64GetDatum(since),
		Int64GetDatum(seen)};
	bool		nulls[lengthof(values)] = {false};
	RelScan		rs;
	bool		ours;

	PushActiveSnapshot(GetLatestSnapshot());
	rel_scan_begin(&rs, REL_REPLIES_TURN, RowExclusiveLock, GetActiveSnapshot(),
				   NULL, 0);
	ours = rel_scan_next(&rs) &&
		DatumGetInt64(rs.slot->tts_values[0]) == turn.number &&
		DatumGetInt64(rs.slot->tts_values[2]) == turn.seen &&
		rel_try_lock(&rs);
	if (ours)
	{
		ItemPointerData tid = rs.slot->tts_tid;

		rel_update(rs.heap, &tid, lengthof(values), values, nulls);
	}
	rel_scan_end(&rs);
	PopActiveSnapshot();
	turn.commits = 0;
	return ours;
}

/* Of those that belong to one generation. */
static const RelName families[] = {REL_REPLIES_0, REL_NFS4_REPLIES_0};

/*
 * The tables whose turn comes next, and whether they have pages.  False:
 * another session is emptying one of them.
 */
static bool
next_tables(Oid tables[lengthof(families)], bool *pages)
{
	int			next = reply_generation(REPLY_GENERATIONS - 1);

	*pages = false;
	for (int i = 0; i < lengthof(families); i++)
		tables[i] = rel_oid((RelName) (families[i] + next));
	rel_release();				/* TRUNCATE wants them to itself */
	for (int i = 0; i < lengthof(families); i++)
	{
		Relation	heap;

		if (!ConditionalLockRelationOid(tables[i], AccessShareLock))
			return false;
		heap = table_open(tables[i], NoLock);
		*pages |= RelationGetNumberOfBlocks(heap) > 0;
		table_close(heap, AccessShareLock);
	}
	return true;
}

static bool
lock_tables(const Oid tables[lengthof(families)])
{
	for (int i = 0; i < lengthof(families); i++)
		if (!ConditionalLockRelationOid(tables[i], AccessExclusiveLock))
			return false;
	return true;
}

/*
 * Empties the tables whose turn comes next, well before, and passes on the turn
 * when its time is over.  If another session holds a lock on one of them, or is
 * at the turn, it is tried again later.
 */
void
reply_expire(void)
{
	Oid			next[lengthof(families)];
	int64		now = fs_now();
	bool		pages;

	turn.known = false;
	turn.commits = 0;
	if (!next_tables(next, &pages))
		return;
	if (!pages && turn.seen <= now && now - turn.seen < PERIOD / 4)
		return;
	if (pages && !lock_tables(next))
		return;
	if (pages)
	{
		int			generation = reply_generation(REPLY_GENERATIONS - 1);

		/*
		 * No other session gets at them now.  But their turn may have come
		 * while we were getting here, and must not come before we have
		 * committed.
		 */
		if (!change_turn(turn.number, turn.since, turn.seen))
			return;
		rel_release();
		spi_begin();
		spi_run(psprintf("TRUNCATE ONLY dittofs.replies_%d,"
						 " ONLY dittofs.nfs4_replies_%d",
						 generation, generation));
		spi_end();
	}
	else if (turn.seen > now || now - turn.seen > PERIOD / 2)
		change_turn(turn.number, now, now);
	else if (now - turn.since >= PERIOD)
		change_turn(turn.number + 1, now, now);
	else
		change_turn(turn.number, turn.since, now);
}
