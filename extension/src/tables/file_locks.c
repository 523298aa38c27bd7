/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * file_locks.c
 *	  The locks of a file: from its inode to a list and back.
 *
 * The locks are a column of the inode, so its lock guards them, the memory of a
 * batch has them until the commit, and they go with it.  locked_files says
 * which inodes have that column, for those who look for locks: a file that has
 * been locked keeps an empty list, and its row, until a sweep comes by.  So a
 * file that is locked and unlocked over and over costs one row, its inode's.
 *
 * Rows of locked_files and lock_grants are changed under the inode's lock.  But
 * next_grants() leases a grant without it, and drop_share() deletes: so a row
 * is locked before it is changed.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/detoast.h"
#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/change.h"
#include "tables/file_locks.h"
#include "tables/lock_clients.h"
#include "tables/rel.h"
#include "types/network.h"

enum
{
	FILE_ID,
	FILE_SHARE_ID,
	FILE_WAITING,
	FILE_NCOLS
};

enum
{
	GRANT_ID,
	GRANT_FILE_ID,
	GRANT_SHARE_ID,
	GRANT_CLIENT_ID,
	GRANT_LIFE,
	GRANT_OWNER,
	GRANT_OFFSET,
	GRANT_LENGTH,
	GRANT_EXCLUSIVE,
	GRANT_WAIT,
	GRANT_NEXT_AT,
	GRANT_ATTEMPTS,
	GRANT_SERVER_ADDRESS,
	GRANT_NCOLS
};

/* Releasing a lock may need room for what is left on both sides. */
#define RELEASE_ROOM(max)	((max) + (max) / 4)

static int64
now_seconds(void)
{
	return fs_now() / INT64CONST(1000000000);
}

static void *
allocate(size_t size)
{
	return palloc(size);
}

static void
release(void *bytes)
{
	pfree(bytes);
}

static const pg_uuid_t *
client_uuid(const LockList *list, int client)
{
	return (const pg_uuid_t *) list->clients[client].id;
}

/*
 * Reading
 */

static bool
decode(LockList *list, const Inode *inode)
{
	const bytea *stored = inode->locks;

	if (stored == NULL)
	{
		lock_list_init(list, allocate);
		return true;
	}
	stored = DatumGetByteaPP(PointerGetDatum(stored));
	return lock_list_decode(list, allocate, VARDATA_ANY(stored),
							VARSIZE_ANY_EXHDR(stored));
}

static bool
is_alive(const LockList *list, int client)
{
	return lock_client_life(client_uuid(list, client)) ==
		list->clients[client].life;
}

static char *
uuid_text(const pg_uuid_t *id)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)));
}

/* Without those of the dead.  False: the value is damaged. */
static bool
read_locks(FileLocks *locks, const Inode *inode)
{
	LockList   *list = &locks->list;

	if (!decode(list, inode))
		return false;
	list->release = release;
	locks->dead = false;
	locks->stored = inode->locks;
	locks->nclients = list->nclients;
	locks->counts = (int *) palloc0(sizeof(int) * Max(list->nclients, 1));
	lock_list_count(list, locks->counts);
	for (int i = 0; i < list->nclients; i++)
	{
		if (is_alive(list, i))
			continue;
		lock_list_drop_client(list, i);
		locks->counts[i] = 0;
		locks->dead = true;
	}
	return true;
}

static void
open_locks(FileLocks *locks, const Inode *inode, bool admit)
{
	if (!read_locks(locks, inode))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the column locks of inode %s is damaged",
						uuid_text(&inode->id)),
				 errhint("dittofs.fsck_repair() removes it: the file has no locks then.")));
	if (locks->dead && admit)
		lock_list_admit(&locks->list, now_seconds());
}

void
file_locks_open(FileLocks *locks, const Inode *inode)
{
	open_locks(locks, inode, true);
}

void
file_locks_look(FileLocks *locks, const Inode *inode)
{
	lock_clients_refresh();
	open_locks(locks, inode, false);
}

void
file_locks_end_client(FileLocks *locks, int client)
{
	(void) lock_client_end(client_uuid(&locks->list, client), 0);
	lock_list_drop_client(&locks->list, client);
	if (client < locks->nclients)
		locks->counts[client] = 0;
	locks->dead = true;
	lock_list_admit(&locks->list, now_seconds());
}

bool
file_locks_peek(FileLocks *locks, const Inode *inode)
{
	return read_locks(locks, inode);
}

Size
file_locks_size(const Inode *inode)
{
	return toast_raw_datum_size(PointerGetDatum(inode->locks)) - VARHDRSZ;
}

/*
 * The index locked_files_waiting, whose columns are share_id, waiting, file_id.
 * NULL: a person has put another one in its place.
 */
static Relation
open_waiting_index(Relation heap)
{
	List	   *indexes = RelationGetIndexList(heap);
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (strcmp(RelationGetRelationName(index),
				   "locked_files_waiting") == 0 &&
			index->rd_rel->relam == BTREE_AM_OID &&
			index->rd_index->indisvalid && index->rd_index->indnkeyatts == 3 &&
			RelationGetIndexExpressions(index) == NIL &&
			RelationGetIndexPredicate(index) == NIL &&
			TupleDescAttr(RelationGetDescr(index), 0)->atttypid == INT4OID &&
			TupleDescAttr(RelationGetDescr(index), 1)->atttypid == BOOLOID &&
			TupleDescAttr(RelationGetDescr(index), 2)->atttypid == UUIDOID)
			return index;
		index_close(index, AccessShareLock);
	}
	return NULL;
}

int
file_locks_waiting(int32 share_id, pg_uuid_t *ids, int max)
{
	Relation	heap = rel_open(REL_LOCKED_FILES, AccessShareLock);
	Relation	index = open_waiting_index(heap);
	int			n = 0;

	if (index != NULL)
	{
		IndexScanDesc scan =
			compat_index_beginscan(heap, index, GetActiveSnapshot(), 2);
		TupleTableSlot *slot = table_slot_create(heap, NULL);
		ScanKeyData keys[2];

		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
					Int32GetDatum(share_id));
		ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_BOOLEQ,
					BoolGetDatum(true));
		index_rescan(scan, keys, 2, NULL, 0);
		while (n < max &&
			   index_getnext_slot(scan, ForwardScanDirection, slot))
		{
			bool		isnull;
			Datum		id = slot_getattr(slot,
										  index->rd_index->indkey.values[2],
										  &isnull);

			CHECK_FOR_INTERRUPTS();
			ids[n++] = *DatumGetUUIDP(id);
		}
		ExecDropSingleTupleTableSlot(slot);
		index_endscan(scan);
		index_close(index, NoLock);
	}
	table_close(heap, NoLock);
	return n;
}

/*
 * Rows
 */

/* A row by its id, locked in its newest version; rs is open if it is there. */
static bool
lock_row(RelScan *rs, RelName table, RegProcedure equal, Datum id)
{
	ScanKeyData key;
	TM_Result	result;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, equal, id);
	rel_scan_begin(rs, table, RowExclusiveLock, GetActiveSnapshot(), &key, 1);
	if (rel_scan_next(rs))
	{
		result = rel_lock(rs, LockTupleExclusive, LockWaitBlock);
		if (result == TM_Ok)
			return true;
		if (IsolationUsesXactSnapshot() || result != TM_Deleted)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update")));
	}
	rel_scan_end(rs);
	return false;
}

static void
note_file(const Inode *inode, bool waiting)
{
	Datum		values[FILE_NCOLS] = {UUIDPGetDatum(&inode->id),
	Int32GetDatum(inode->share_id), BoolGetDatum(waiting)};
	bool		nulls[FILE_NCOLS] = {false};
	RelScan		rs;

	if (lock_row(&rs, REL_LOCKED_FILES, F_UUID_EQ, UUIDPGetDatum(&inode->id)))
	{
		ItemPointerData tid = rs.slot->tts_tid;

		rel_update(rs.heap, &tid, FILE_NCOLS, values, nulls);
		rel_scan_end(&rs);
	}
	else
	{
		Relation	heap = rel_open(REL_LOCKED_FILES, RowExclusiveLock);

		rel_insert(heap, FILE_NCOLS, values, nulls);
		table_close(heap, NoLock);
	}
}

static void
delete_row(RelName table, RegProcedure equal, Datum id)
{
	RelScan		rs;

	if (!lock_row(&rs, table, equal, id))
		return;
	rel_delete(rs.heap, &rs.slot->tts_tid);
	rel_scan_end(&rs);
}

void
lock_grant_delete(int64 id)
{
	delete_row(REL_LOCK_GRANTS, F_INT8EQ, Int64GetDatum(id));
}

static Datum
bytes_datum(const uint8 *bytes, size_t len)
{
	bytea	   *value = palloc(VARHDRSZ + len);

	SET_VARSIZE(value, VARHDRSZ + len);
	memcpy(VARDATA(value), bytes, len);
	return PointerGetDatum(value);
}

/*
 * The address at which the client has called: wait begins with its length and
 * it.  False: that is not known.
 */
static bool
called_address(const LockWait *wait, Network *address)
{
	uint8		len = wait->len > 0 ? wait->bytes[0] : 0;

	if ((len != CALLER_IPV4_LEN && len != CALLER_IPV6_LEN) ||
		wait->len < (uint32) len + 1)
		return false;
	memset(address, 0, sizeof(*address));
	address->family = len == CALLER_IPV4_LEN ? CALLER_IPV4 : CALLER_IPV6;
	address->bits = len * BITS_PER_BYTE;
	memcpy(address->addr, wait->bytes + 1, len);
	return true;
}

static void
insert_grant(const LockList *list, const UntoldLock *untold, const Inode *inode)
{
	const LockOwner *owner = &list->owners[untold->owner];
	const LockRange *range = &untold->range;
	Datum		values[GRANT_NCOLS];
	bool		nulls[GRANT_NCOLS] = {false};
	Relation	heap = rel_open(REL_LOCK_GRANTS, RowExclusiveLock);
	Network		address;

	values[GRANT_ID] = Int64GetDatum(untold->id);
	values[GRANT_FILE_ID] = UUIDPGetDatum(&inode->id);
	values[GRANT_SHARE_ID] = Int32GetDatum(inode->share_id);
	values[GRANT_CLIENT_ID] = UUIDPGetDatum(client_uuid(list, owner->client));
	values[GRANT_LIFE] = Int64GetDatum(list->clients[owner->client].life);
	values[GRANT_OWNER] = bytes_datum(owner->name, owner->len);
	values[GRANT_OFFSET] = Int64GetDatum((int64) range->start);
	values[GRANT_LENGTH] = Int64GetDatum((int64) lock_range_length(range));
	values[GRANT_EXCLUSIVE] = BoolGetDatum(range->exclusive);
	values[GRANT_WAIT] = bytes_datum(untold->wait.bytes, untold->wait.len);
	values[GRANT_NEXT_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[GRANT_ATTEMPTS] = Int32GetDatum(0);
	nulls[GRANT_SERVER_ADDRESS] = !called_address(&untold->wait, &address);
	values[GRANT_SERVER_ADDRESS] = nulls[GRANT_SERVER_ADDRESS] ? (Datum) 0 :
		network_to_inet(&address);
	rel_insert(heap, GRANT_NCOLS, values, nulls);
	table_close(heap, NoLock);
}

bool
lock_grant_file(int64 id, int32 *share_id, pg_uuid_t *file_id)
{
	RelScan		rs;
	ScanKeyData key;
	bool		found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	rel_scan_begin(&rs, REL_LOCK_GRANTS, AccessShareLock, GetActiveSnapshot(),
				   &key, 1);
	found = rel_scan_next(&rs);
	if (found)
	{
		*share_id = DatumGetInt32(rs.slot->tts_values[GRANT_SHARE_ID]);
		*file_id = *DatumGetUUIDP(rs.slot->tts_values[GRANT_FILE_ID]);
	}
	rel_scan_end(&rs);
	return found;
}

/*
 * Storing
 */

/* What each client has got since the list was opened. */
static int *
count_gains(const FileLocks *locks)
{
	int		   *gains = (int *) palloc(sizeof(int) *
									   Max(locks->list.nclients, 1));

	lock_list_count(&locks->list, gains);
	for (int i = 0; i < locks->nclients; i++)
		gains[i] -= locks->counts[i];
	return gains;
}

static bool
within_limit(const LockList *list, const int *gains, const Share *share)
{
	for (int i = 0; i < list->nclients; i++)
		if (gains[i] > 0 && lock_client_locks(client_uuid(list, i)) + gains[i] >
			share->lock_client_max)
			return false;
	return true;
}

static bool
is_unchanged(const bytea *stored, const uint8 *bytes, size_t len)
{
	if (stored == NULL)
		return false;
	stored = DatumGetByteaPP(PointerGetDatum(stored));
	return VARSIZE_ANY_EXHDR(stored) == len &&
		memcmp(VARDATA_ANY(stored), bytes, len) == 0;
}

static bool
too_long(const FileLocks *locks, const Share *share, size_t len, bool releasing)
{
	int64		max = share->lock_file_bytes;

	if ((int64) len <= (releasing ? RELEASE_ROOM(max) : max))
		return false;
	/* the setting may have been lowered since */
	return locks->stored == NULL ||
		len > toast_raw_datum_size(PointerGetDatum(locks->stored)) - VARHDRSZ;
}

static int64
new_grant_id(void)
{
	return nextval_internal(rel_oid(REL_LOCK_GRANT_IDS), false);
}

bool
file_locks_store(FileLocks *locks, const Share *share, Inode *inode,
				 bool releasing)
{
	LockList   *list = &locks->list;
	uint8	   *bytes;
	size_t		len;
	int		   *gains;

	if (locks->stored == NULL && lock_list_empty(list))
		return true;
	gains = count_gains(locks);
	if (!releasing && !within_limit(list, gains, share))
		return false;
	for (int i = 0; i < list->nuntold; i++)
		if (list->untold[i].id == 0)
			list->untold[i].id = new_grant_id();
	bytes = lock_list_encode(list, &len);
	if (too_long(locks, share, len, releasing))
		return false;
	if (is_unchanged(locks->stored, bytes, len))
		return true;

	for (int i = 0; i < list->nforgotten; i++)
		lock_grant_delete(list->forgotten[i]);
	if (list->granted > 0)
	{
		for (int i = 0; i < list->nuntold; i++)
			if (list->untold[i].wait.bytes != NULL)
				insert_grant(list, &list->untold[i], inode);
	}
	if (locks->stored == NULL || list->noted_waiting != (list->nwaiting > 0))
		note_file(inode, list->nwaiting > 0);
	for (int i = 0; i < list->nclients; i++)
		lock_client_add(client_uuid(list, i), gains[i],
						releasing ? 0 : share->lock_client_max);
	inode_set_locks(inode, bytes, len);
	return true;
}

void
file_locks_remove(const Inode *inode)
{
	LockList	list;
	int		   *counts;

	if (likely(inode->locks == NULL))
		return;
	delete_row(REL_LOCKED_FILES, F_UUID_EQ, UUIDPGetDatum(&inode->id));
	/*
	 * a damaged value is no reason to keep the file: fsck_repair() counts anew
	 */
	if (!decode(&list, inode))
		return;
	for (int i = 0; i < list.nuntold; i++)
		lock_grant_delete(list.untold[i].id);
	/* clients of a dropped share are forgotten with it */
	if (share_by_id(inode->share_id) == NULL)
		return;
	counts = (int *) palloc(sizeof(int) * Max(list.nclients, 1));
	lock_list_count(&list, counts);
	for (int i = 0; i < list.nclients; i++)
		if (is_alive(&list, i))
			lock_client_add(client_uuid(&list, i), -counts[i], 0);
}

void
file_locks_sweep(const pg_uuid_t *id, const Share *share, Inode *inode)
{
	FileLocks	locks;

	if (inode != NULL && inode->locks != NULL)
	{
		file_locks_open(&locks, inode);
		if (!lock_list_empty(&locks.list))
		{
			if (locks.dead && share != NULL)
				file_locks_store(&locks, share, inode, true);
			return;
		}
		for (int i = 0; i < locks.list.nforgotten; i++)
			lock_grant_delete(locks.list.forgotten[i]);
		inode_set_locks(inode, NULL, 0);
	}
	delete_row(REL_LOCKED_FILES, F_UUID_EQ, UUIDPGetDatum(id));
}
