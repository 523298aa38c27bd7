/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * states4.c
 *	  What clients of NFSv4 have open, and their lock owners.
 *
 * A state has two rows.  nfs4_states has what is known of it, by client and id:
 * that is how a stateid is looked up, with or without a filehandle, and how all
 * of a client's states are found.  nfs4_file_states has nothing but a key that
 * begins with the file: for OPEN, which looks for the open that the owner has
 * already, and for REMOVE, which looks for any.  A file that thousands of
 * clients have open so costs each OPEN the same.
 *
 * Each OPEN makes these rows, and CLOSE deletes them.  While an old snapshot is
 * open the index keeps the entries of all opens that the owner ever had of the
 * file.  So ids grow with time, the key of nfs4_file_states ends with the id,
 * and a session that has passed many dead entries of a key begins behind them
 * the next time.  That is safe: no other transaction opens the file for this
 * owner meanwhile (state4_exclude()), so an entry whose row is not to be seen
 * will never be; and a later open has a greater id, because the sequence has no
 * cache and is asked under that lock.
 *
 * An inode does not know that it is open.  A transaction that is going to
 * delete it has it locked, and then looks here (states4_any()), also at what is
 * not committed.  One that opens it writes its rows first, and then looks
 * whether another transaction has the inode locked (inode_settle()).  So one of
 * the two sees the other.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "tables/rel.h"
#include "tables/states4.h"

/* nfs4_states */
enum
{
	COL_CLIENT_ID,
	COL_ID,
	COL_SALT,
	COL_SEQID,
	COL_FILE_ID,
	COL_SHARE_ID,
	COL_OPEN_ID,
	COL_ACCESS,
	COL_DENY,
	COL_MODES,
	COL_OWNER,
	COL_OWNER_KEY,
	COL_SINCE,
	NCOLS
};

/* nfs4_file_states */
enum
{
	FILE_FILE_ID,
	FILE_CLIENT_ID,
	FILE_OWNER_KEY,
	FILE_ID,
	FILE_NCOLS
};

/* nfs4_unlinked_files */
enum
{
	UNLINKED_FILE_ID,
	UNLINKED_SHARE_ID,
	UNLINKED_NCOLS
};

/*
 * Reading
 */

/* Where rows were last: guesses, which rel_fetch() checks. */
#define PLACES 1024

typedef struct Place
{
	int64		client_id;
	int64		id;
	ItemPointerData tid;
} Place;

static Place places[PLACES];

typedef struct StateKey
{
	int64		client_id;
	int64		id;
} StateKey;

static void
remember_place(const StateKey *key, const ItemPointerData *tid)
{
	Place	   *place = &places[key->id % PLACES];

	place->client_id = key->client_id;
	place->id = key->id;
	place->tid = *tid;
}

static bool
is_state(TupleTableSlot *slot, const void *arg)
{
	const StateKey *key = arg;

	return DatumGetInt64(slot->tts_values[COL_ID]) == key->id &&
		DatumGetInt64(slot->tts_values[COL_CLIENT_ID]) == key->client_id;
}

static void
scan_states(RelScan *rs, LOCKMODE lockmode, Snapshot snapshot, int64 client_id,
			StrategyNumber strategy, int64 id)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(client_id));
	ScanKeyInit(&keys[1], 2, strategy,
				strategy == BTEqualStrategyNumber ? F_INT8EQ : F_INT8GT,
				Int64GetDatum(id));
	rel_scan_begin(rs, REL_NFS4_STATES, lockmode, snapshot, keys, 2);
}

/* rs is open if the row is there. */
static bool
find_row(RelScan *rs, const StateKey *key, LOCKMODE lockmode, Snapshot snapshot)
{
	const Place *place = &places[key->id % PLACES];

	if (place->id != key->id || place->client_id != key->client_id ||
		!rel_fetch(rs, REL_NFS4_STATES, lockmode, snapshot, &place->tid,
				   is_state, key))
	{
		scan_states(rs, lockmode, snapshot, key->client_id,
					BTEqualStrategyNumber, key->id);
		if (!rel_scan_next(rs))
		{
			rel_scan_end(rs);
			return false;
		}
	}
	remember_place(key, &rs->slot->tts_tid);
	return true;
}

static void
take_row(const RelScan *rs, State4 *state)
{
	const Datum *v = rs->slot->tts_values;
	bytea	   *owner = DatumGetByteaPCopy(v[COL_OWNER]);

	state->client_id = DatumGetInt64(v[COL_CLIENT_ID]);
	state->id = DatumGetInt64(v[COL_ID]);
	state->salt = (uint32) DatumGetInt32(v[COL_SALT]);
	state->seqid = (uint32) DatumGetInt32(v[COL_SEQID]);
	state->file_id = *DatumGetUUIDP(v[COL_FILE_ID]);
	state->share_id = DatumGetInt32(v[COL_SHARE_ID]);
	state->open_id = DatumGetInt64(v[COL_OPEN_ID]);
	state->access = DatumGetInt32(v[COL_ACCESS]);
	state->deny = DatumGetInt32(v[COL_DENY]);
	state->modes = DatumGetInt32(v[COL_MODES]);
	state->owner = VARDATA(owner);
	state->owner_len = VARSIZE(owner) - VARHDRSZ;
	state->owner_key = DatumGetInt64(v[COL_OWNER_KEY]);
	state->since = DatumGetTimestampTz(v[COL_SINCE]);
	state->tid = rs->slot->tts_tid;
}

static bool
get_state(const StateKey *key, Snapshot snapshot, State4 *state)
{
	RelScan		rs;

	if (!find_row(&rs, key, AccessShareLock, snapshot))
		return false;
	take_row(&rs, state);
	rel_scan_end(&rs);
	return true;
}

bool
state4_get(int64 client_id, int64 id, State4 *state)
{
	StateKey	key = {client_id, id};

	return id > 0 && get_state(&key, GetActiveSnapshot(), state);
}

bool
state4_lock(State4 *state)
{
	StateKey	key = {state->client_id, state->id};
	RelScan		rs;
	TM_Result	result;

	PushActiveSnapshot(GetLatestSnapshot());
	if (!find_row(&rs, &key, RowExclusiveLock, GetActiveSnapshot()))
	{
		PopActiveSnapshot();
		return false;
	}
	result = rel_lock(&rs, LockTupleNoKeyExclusive, LockWaitBlock);
	if (result != TM_Ok &&
		(result != TM_Deleted || IsolationUsesXactSnapshot()))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	if (result == TM_Ok)
	{
		take_row(&rs, state);
		remember_place(&key, &state->tid);
	}
	rel_scan_end(&rs);
	PopActiveSnapshot();
	return result == TM_Ok;
}

/*
 * By file
 */

static int64
owner_key(bool locks, const char *owner, int len)
{
	return (int64) XXH3_64bits_withSeed(owner, (size_t) len, locks);
}

/* The key, as far as it is given; the rest is whatever there is. */
static void
scan_file(RelScan *rs, LOCKMODE lockmode, Snapshot snapshot,
		  const pg_uuid_t *file_id, const int64 *client_id,
		  const int64 *owner, int64 id)
{
	ScanKeyData keys[4];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(file_id));
	ScanKeyInit(&keys[1], 2, client_id != NULL ? BTEqualStrategyNumber :
				BTGreaterEqualStrategyNumber,
				client_id != NULL ? F_INT8EQ : F_INT8GE,
				Int64GetDatum(client_id != NULL ? *client_id : PG_INT64_MIN));
	ScanKeyInit(&keys[2], 3, owner != NULL ? BTEqualStrategyNumber :
				BTGreaterEqualStrategyNumber,
				owner != NULL ? F_INT8EQ : F_INT8GE,
				Int64GetDatum(owner != NULL ? *owner : PG_INT64_MIN));
	ScanKeyInit(&keys[3], 4, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(id));
	rel_scan_begin(rs, REL_NFS4_FILE_STATES, lockmode, snapshot, keys, 4);
}

/*
 * Of a key whose entries below an id are all dead.  There were more than a few,
 * or it would not be worth a note.
 */
#define PASSED_MIN	16
#define PASSED_MAX	256

typedef struct Passed
{
	pg_uuid_t	file_id;
	int64		client_id;
	int64		owner_key;
	int64		id;
} Passed;

static Passed passed[PASSED_MAX];

static Passed *
passed_of(const pg_uuid_t *file_id, int64 client_id, int64 key)
{
	uint64		random;

	/* ids end in random bits */
	memcpy(&random, file_id->data + UUID_LEN - sizeof(random), sizeof(random));
	return &passed[(random + (uint64) client_id + (uint64) key) % PASSED_MAX];
}

static bool
is_passed(const Passed *note, const pg_uuid_t *file_id, int64 client_id,
		  int64 key)
{
	return note->client_id == client_id && note->owner_key == key &&
		memcmp(&note->file_id, file_id, UUID_LEN) == 0;
}

static bool
same_owner(const State4 *state, bool locks, const char *owner, int len)
{
	return (state->open_id != 0) == locks && state->owner_len == len &&
		memcmp(state->owner, owner, (size_t) len) == 0;
}

bool
state4_find(const pg_uuid_t *file_id, int64 client_id, bool locks,
			const char *owner, int owner_len, State4 *state)
{
	int64		key = owner_key(locks, owner, owner_len);
	Passed	   *note = passed_of(file_id, client_id, key);
	bool		noted = is_passed(note, file_id, client_id, key);
	int64		first = 0;		/* that is alive */
	bool		found = false;
	RelScan		rs;

	PushActiveSnapshot(GetLatestSnapshot());
	scan_file(&rs, AccessShareLock, GetActiveSnapshot(), file_id, &client_id,
			  &key, noted ? note->id : 0);
	while (!found && rel_scan_next(&rs))
	{
		StateKey	at = {client_id,
		DatumGetInt64(rs.slot->tts_values[FILE_ID])};

		if (first == 0)
			first = at.id;
		found = get_state(&at, GetActiveSnapshot(), state) &&
			same_owner(state, locks, owner, owner_len);
	}
	if (rs.passed >= PASSED_MIN)
	{
		/* what comes later has a greater id than any until now */
		note->file_id = *file_id;
		note->client_id = client_id;
		note->owner_key = key;
		note->id = first != 0 ? first :
			nextval_internal(rel_oid(REL_NFS4_STATE_IDS), false);
	}
	rel_scan_end(&rs);
	PopActiveSnapshot();
	return found;
}

void
state4_exclude(const pg_uuid_t *file_id, int64 client_id, const char *owner,
			   int owner_len)
{
	XXH3_state_t hash;
	uint64		key;
	LOCKTAG		tag;

	XXH3_64bits_reset(&hash);
	XXH3_64bits_update(&hash, file_id, UUID_LEN);
	XXH3_64bits_update(&hash, &client_id, sizeof(client_id));
	XXH3_64bits_update(&hash, owner, (size_t) owner_len);
	key = XXH3_64bits_digest(&hash);
	/* two owners of one hash wait for each other in vain, which does no harm */
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel_oid(REL_NFS4_STATES),
					   (Oid) (key >> 32), (uint16) key);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

static bool
has_pages(RelName table)
{
	Relation	heap = rel_open(table, AccessShareLock);
	bool		result = RelationGetNumberOfBlocks(heap) > 0;

	/* our lock keeps it from shrinking */
	table_close(heap, NoLock);
	return result;
}

bool
states4_any(const pg_uuid_t *file_id)
{
	RelScan		rs;
	SnapshotData dirty;
	bool		any;

	/* where no client has ever used NFSv4 this is all */
	if (likely(!has_pages(REL_NFS4_FILE_STATES)))
		return false;
	InitDirtySnapshot(dirty);
	scan_file(&rs, AccessShareLock, &dirty, file_id, NULL, NULL, 0);
	any = rel_scan_next(&rs);
	rel_scan_end(&rs);
	return any;
}

void
states4_of_file(const pg_uuid_t *file_id, bool dirty, State4Callback callback,
				void *arg)
{
	RelScan		rs;
	SnapshotData dirty_snapshot;
	Snapshot	snapshot = GetActiveSnapshot();
	State4		state;

	if (!has_pages(REL_NFS4_FILE_STATES))
		return;
	InitDirtySnapshot(dirty_snapshot);
	if (dirty)
		snapshot = &dirty_snapshot;
	scan_file(&rs, AccessShareLock, snapshot, file_id, NULL, NULL, 0);
	while (rel_scan_next(&rs))
	{
		StateKey	key = {DatumGetInt64(rs.slot->tts_values[FILE_CLIENT_ID]),
		DatumGetInt64(rs.slot->tts_values[FILE_ID])};

		CHECK_FOR_INTERRUPTS();
		if (get_state(&key, snapshot, &state) && !callback(&state, arg))
			break;
	}
	rel_scan_end(&rs);
}

void
states4_of_client(int64 client_id, int64 after, State4Callback callback,
				  void *arg)
{
	RelScan		rs;
	State4		state;

	scan_states(&rs, AccessShareLock, GetActiveSnapshot(), client_id,
				BTGreaterStrategyNumber, after);
	while (rel_scan_next(&rs))
	{
		CHECK_FOR_INTERRUPTS();
		take_row(&rs, &state);
		if (!callback(&state, arg))
			break;
	}
	rel_scan_end(&rs);
}

/*
 * Writing
 */

static void
put_values(const State4 *state, Datum *values)
{
	bytea	   *owner = palloc(VARHDRSZ + state->owner_len);

	SET_VARSIZE(owner, VARHDRSZ + state->owner_len);
	memcpy(VARDATA(owner), state->owner, (size_t) state->owner_len);
	values[COL_CLIENT_ID] = Int64GetDatum(state->client_id);
	values[COL_ID] = Int64GetDatum(state->id);
	values[COL_SALT] = Int32GetDatum((int32) state->salt);
	values[COL_SEQID] = Int32GetDatum((int32) state->seqid);
	values[COL_FILE_ID] = UUIDPGetDatum(&state->file_id);
	values[COL_SHARE_ID] = Int32GetDatum(state->share_id);
	values[COL_OPEN_ID] = Int64GetDatum(state->open_id);
	values[COL_ACCESS] = Int32GetDatum(state->access);
	values[COL_DENY] = Int32GetDatum(state->deny);
	values[COL_MODES] = Int32GetDatum(state->modes);
	values[COL_OWNER] = PointerGetDatum(owner);
	values[COL_OWNER_KEY] = Int64GetDatum(state->owner_key);
	values[COL_SINCE] = TimestampTzGetDatum(state->since);
}

static void
remember_state(const State4 *state)
{
	StateKey	key = {state->client_id, state->id};

	remember_place(&key, &state->tid);
}

/* nfs4_states first: who has found the other row finds this one. */
void
state4_insert(State4 *state)
{
	Datum		values[NCOLS];
	Datum		file_values[FILE_NCOLS];
	bool		nulls[NCOLS] = {false};
	ItemPointerData tid;
	Relation	heap;

	state->id = nextval_internal(rel_oid(REL_NFS4_STATE_IDS), false);
	if (!pg_strong_random(&state->salt, sizeof(state->salt)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	state->seqid = 1;
	state->owner_key = owner_key(state->open_id != 0, state->owner,
								 state->owner_len);
	state->since = GetCurrentTimestamp();
	put_values(state, values);
	heap = rel_open(REL_NFS4_STATES, RowExclusiveLock);
	/* the sequence has never given this id before */
	rel_insert_new(heap, NCOLS, values, nulls, true, &state->tid);
	table_close(heap, NoLock);
	remember_state(state);

	file_values[FILE_FILE_ID] = UUIDPGetDatum(&state->file_id);
	file_values[FILE_CLIENT_ID] = Int64GetDatum(state->client_id);
	file_values[FILE_OWNER_KEY] = Int64GetDatum(state->owner_key);
	file_values[FILE_ID] = Int64GetDatum(state->id);
	heap = rel_open(REL_NFS4_FILE_STATES, RowExclusiveLock);
	rel_insert_new(heap, FILE_NCOLS, file_values, nulls, true, &tid);
	table_close(heap, NoLock);
}

static void
write_state(State4 *state)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};
	Relation	heap = rel_open(REL_NFS4_STATES, RowExclusiveLock);

	put_values(state, values);
	rel_update(heap, &state->tid, NCOLS, values, nulls);
	table_close(heap, NoLock);
	remember_state(state);
}

void
state4_update(State4 *state)
{
	/* 0 would mean the newest one */
	if (++state->seqid == 0)
		state->seqid = 1;
	write_state(state);
}

void
state4_note_locks(State4 *open)
{
	if ((open->modes & STATE4_LOCKS) != 0)
		return;
	open->modes |= STATE4_LOCKS;
	write_state(open);
}

void
state4_delete(State4 *state)
{
	Relation	heap = rel_open(REL_NFS4_STATES, RowExclusiveLock);
	RelScan		rs;

	rel_delete(heap, &state->tid);
	table_close(heap, NoLock);
	PushActiveSnapshot(GetLatestSnapshot());
	scan_file(&rs, RowExclusiveLock, GetActiveSnapshot(), &state->file_id,
			  &state->client_id, &state->owner_key, state->id);
	if (rel_scan_next(&rs) &&
		DatumGetInt64(rs.slot->tts_values[FILE_ID]) == state->id)
		rel_delete(rs.heap, &rs.slot->tts_tid);
	rel_scan_end(&rs);
	PopActiveSnapshot();
}

typedef struct Forgotten
{
	int			n;
	int			room;
	State4	   *states;
} Forgotten;

static bool
note_forgotten(const State4 *state, void *arg)
{
	Forgotten  *forgotten = arg;

	if (forgotten->n == forgotten->room)
	{
		forgotten->room = Max(8, forgotten->room * 2);
		forgotten->states = forgotten->states == NULL ?
			palloc(sizeof(State4) * forgotten->room) :
			repalloc(forgotten->states, sizeof(State4) * forgotten->room);
	}
	forgotten->states[forgotten->n++] = *state;
	return true;
}

void
states4_forget_file(const pg_uuid_t *file_id)
{
	Forgotten	forgotten = {0};

	states4_of_file(file_id, false, note_forgotten, &forgotten);
	for (int i = 0; i < forgotten.n; i++)
		if (state4_lock(&forgotten.states[i]))
			state4_delete(&forgotten.states[i]);
}

/*
 * Files without a name
 */

static bool
find_unlinked(RelScan *rs, const pg_uuid_t *file_id)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(file_id));
	rel_scan_begin(rs, REL_NFS4_UNLINKED_FILES, RowExclusiveLock,
				   GetActiveSnapshot(), &key, 1);
	return rel_scan_next(rs);
}

void
unlinked4_add(const pg_uuid_t *file_id, int32 share_id)
{
	Datum		values[UNLINKED_NCOLS] = {UUIDPGetDatum(file_id),
	Int32GetDatum(share_id)};
	bool		nulls[UNLINKED_NCOLS] = {false};
	Relation	heap = rel_open(REL_NFS4_UNLINKED_FILES, RowExclusiveLock);

	rel_insert(heap, UNLINKED_NCOLS, values, nulls);
	table_close(heap, NoLock);
}

void
unlinked4_remove(const pg_uuid_t *file_id)
{
	RelScan		rs;

	PushActiveSnapshot(GetLatestSnapshot());
	if (find_unlinked(&rs, file_id))
		rel_delete(rs.heap, &rs.slot->tts_tid);
	rel_scan_end(&rs);
	PopActiveSnapshot();
}

bool
unlinked4_none(void)
{
	return !has_pages(REL_NFS4_UNLINKED_FILES);
}
