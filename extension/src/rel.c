/*-------------------------------------------------------------------------
 *
 * rel.c
 *	  Direct access to the extension's own tables.
 *
 * Inserting, updating and deleting goes through the functions the backend
 * uses for its catalogs: they keep all indexes, toast what is large and write
 * the same WAL as an executor node would, without building one.
 *
 * The OIDs are found by name once per session.  Invalidation messages of the
 * relations and types concerned make us look again, so that DROP EXTENSION
 * and CREATE EXTENSION, or REINDEX CONCURRENTLY (which swaps OIDs), may happen
 * in a living session.
 *
 * A call makes several short scans, and a batch has up to hundreds of calls.
 * Opening table and index, making slot and scan (the b-tree's alone is 27 kB)
 * costs as much as finding a row.  So in a gateway's session they are kept to
 * the end of the transaction, with the indexes that an insertion opens, and a
 * scan rewinds what is there, as a nested loop does.  They belong to the
 * transaction's resource owner, for a call's portal ends before it; what pins
 * buffers is let go at the end of each scan.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/heapam.h"
#include "access/relscan.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "storage/bufmgr.h"
#include "storage/freespace.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "guc.h"
#include "rel.h"
#include "xact.h"

static const struct
{
	const char *table;
	const char *index;			/* NULL: none that we scan */
	bool		covering;		/* its entries are looked at, too */
}			rel_names[REL_COUNT] = {
	[REL_FILES] = {"files", "files_pkey"},
	[REL_DIRENTS] = {"parent_child_map", "parent_child_map_pkey"},
	[REL_BLOCKS] = {"blocks", "blocks_pkey"},
	[REL_BLOCKS_MEMORY] = {"blocks_memory", "blocks_memory_pkey"},
	[REL_MEMORY_LIFE] = {"memory_life", "memory_life_pkey"},
	[REL_EXTENTS] = {"extents", "extents_pkey"},
	[REL_STORED_BLOCKS] = {"stored_blocks", "stored_blocks_pkey"},
	[REL_CONTENT_STORES] = {"content_stores", "content_stores_pkey"},
	[REL_STAGED_FILES] = {"staged_files", "staged_files_pkey"},
	[REL_SPACE_USAGE] = {"space_usage", "space_usage_pkey"},
	[REL_REAP_QUEUE] = {"reap_queue", "reap_queue_pkey"},
	[REL_SHARES] = {"shares", "shares_pkey"},
	[REL_FILESYSTEM_CAPABILITIES] = {"filesystem_capabilities", "filesystem_capabilities_pkey"},
	[REL_SERVER_CONFIG] = {"server_config", "server_config_pkey"},
	[REL_MOUNTS] = {"mounts", "mounts_pkey"},
	[REL_REPLIES_0] = {"replies_0", "replies_0_key", true},
	[REL_REPLIES_1] = {"replies_1", "replies_1_key", true},
	[REL_REPLIES_2] = {"replies_2", "replies_2_key", true},
	[REL_REPLIES_TURN] = {"replies_turn", "replies_turn_pkey"},
	[REL_FILE_IDS] = {"file_ids", NULL},
	[REL_SHARE_IDS] = {"share_ids", NULL},
};

static const char *const type_names[TYPE_COUNT] = {
	[TYPE_ATTRIBUTES] = "attributes",
	[TYPE_WCC_BEFORE] = "wcc_before",
	[TYPE_LOOKUP_RESULT] = "lookup_result",
	[TYPE_FILE_RESULT] = "file_result",
	[TYPE_CHANGE_RESULT] = "change_result",
	[TYPE_ACCESS_RESULT] = "access_result",
	[TYPE_CREATE_RESULT] = "create_result",
	[TYPE_READLINK_RESULT] = "readlink_result",
	[TYPE_LINK_RESULT] = "link_result",
	[TYPE_MOVE_RESULT] = "move_result",
	[TYPE_DIRECTORY_ROW] = "directory_row",
	[TYPE_READ_RESULT] = "read_result",
	[TYPE_WRITE_RESULT] = "write_result",
	[TYPE_COMMIT_RESULT] = "commit_result",
	[TYPE_PREPARE_READ_RESULT] = "prepare_read_result",
	[TYPE_PREPARE_WRITE_RESULT] = "prepare_write_result",
	[TYPE_MERGE_TASK] = "merge_task",
	[TYPE_CAPABILITIES_RESULT] = "capabilities_result",
	[TYPE_STATISTICS_RESULT] = "statistics_result",
	[TYPE_MOUNT_RESULT] = "mount_result",
};

static Oid	table_oids[REL_COUNT];
static Oid	index_oids[REL_COUNT];
static Oid	type_oids[TYPE_COUNT];
static bool callbacks_registered = false;

static void
rel_invalidate(Datum arg, Oid relid)
{
	for (int i = 0; i < REL_COUNT; i++)
	{
		if (relid == InvalidOid || table_oids[i] == relid)
			table_oids[i] = InvalidOid;
		if (relid == InvalidOid || index_oids[i] == relid)
			index_oids[i] = InvalidOid;
	}
}

static void
type_invalidate(Datum arg, int cacheid, uint32 hashvalue)
{
	memset(type_oids, 0, sizeof(type_oids));
}

static Oid
find_relation(const char *name)
{
	Oid			oid;

	if (!callbacks_registered)
	{
		CacheRegisterRelcacheCallback(rel_invalidate, (Datum) 0);
		CacheRegisterSyscacheCallback(TYPEOID, type_invalidate, (Datum) 0);
		callbacks_registered = true;
	}
	oid = get_relname_relid(name, get_namespace_oid("dittofs", false));
	if (!OidIsValid(oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation dittofs.%s does not exist", name),
				 errhint("CREATE EXTENSION dittofs makes it.")));
	return oid;
}

Oid
rel_oid(RelName name)
{
	if (unlikely(!OidIsValid(table_oids[name])))
		table_oids[name] = find_relation(rel_names[name].table);
	return table_oids[name];
}

static Oid
rel_index_oid(RelName name)
{
	if (unlikely(!OidIsValid(index_oids[name])))
		index_oids[name] = find_relation(rel_names[name].index);
	return index_oids[name];
}

Oid
rel_type_oid(ResultType name)
{
	if (unlikely(!OidIsValid(type_oids[name])))
	{
		Oid			nsp = get_namespace_oid("dittofs", false);

		(void) rel_oid(REL_FILES);	/* registers the callbacks */
		type_oids[name] = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
										  CStringGetDatum(type_names[name]),
										  ObjectIdGetDatum(nsp));
		if (!OidIsValid(type_oids[name]))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("type dittofs.%s does not exist",
							type_names[name]),
					 errhint("ALTER EXTENSION dittofs UPDATE makes it.")));
	}
	return type_oids[name];
}

Datum
rel_form_result(ResultType type, Datum *values, bool *nulls)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(rel_type_oid(type), -1);
	HeapTuple	tuple = heap_form_tuple(desc, values, nulls);

	ReleaseTupleDesc(desc);
	return HeapTupleGetDatum(tuple);
}

/*
 * What is kept open to the end of the transaction.
 */

typedef struct KeptRel
{
	Relation	heap;			/* NULL: nothing is kept */
	LOCKMODE	lockmode;
	TupleTableSlot *slot;		/* these four: NULL before the first scan */
	Relation	index;
	IndexScanDesc scan;
	int			nkeys;
	IndexFetchTableData *fetch; /* NULL before the first rel_fetch_chain */
	bool		scanning;		/* by somebody, now */
	BlockNumber blocks;			/* at least; 0 before the first rel_fetch */
	CatalogIndexState indexes;	/* NULL before the first insertion */
} KeptRel;

static KeptRel kept_rels[REL_COUNT];

/* Savepoints have resource owners and locks of their own. */
static bool
may_keep(void)
{
	return dittofs_gateway && GetCurrentTransactionNestLevel() == 1;
}

/* NULL: this time it is not to be kept. */
static KeptRel *
keep_heap(RelName name, LOCKMODE lockmode)
{
	KeptRel    *kept = &kept_rels[name];
	Oid			oid = rel_oid(name);

	if (!may_keep())
		return NULL;
	/* who looks before it writes would have to lock everything twice */
	if (change_is_under_way())
		lockmode = Max(lockmode, RowExclusiveLock);
	if (kept->heap == NULL)
	{
		ResourceOwner owner = CurrentResourceOwner;
		Relation	heap;

		CurrentResourceOwner = TopTransactionResourceOwner;
		heap = table_open(oid, lockmode);
		CurrentResourceOwner = owner;
		memset(kept, 0, sizeof(*kept));
		kept->heap = heap;
		kept->lockmode = lockmode;
	}
	if (RelationGetRelid(kept->heap) != oid)
		return NULL;
	if (lockmode > kept->lockmode)
	{
		LockRelationOid(oid, lockmode);
		if (kept->index != NULL)
			LockRelationOid(RelationGetRelid(kept->index), lockmode);
		kept->lockmode = lockmode;
	}
	return kept;
}

/* NULL likewise; also when a scan of this table is under way. */
static KeptRel *
keep_slot(RelName name, LOCKMODE lockmode)
{
	KeptRel    *kept = keep_heap(name, lockmode);

	if (kept == NULL || kept->scanning)
		return NULL;
	if (kept->slot == NULL)
	{
		ResourceOwner owner = CurrentResourceOwner;
		MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

		CurrentResourceOwner = TopTransactionResourceOwner;
		kept->slot = table_slot_create(kept->heap, NULL);
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(caller);
	}
	return kept;
}

static KeptRel *
keep_scan(RelName name, LOCKMODE lockmode, int nkeys)
{
	KeptRel    *kept = keep_slot(name, lockmode);

	if (kept == NULL)
		return NULL;
	if (kept->scan == NULL)
	{
		ResourceOwner owner = CurrentResourceOwner;
		MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

		CurrentResourceOwner = TopTransactionResourceOwner;
		kept->index = index_open(rel_index_oid(name), kept->lockmode);
		kept->nkeys = nkeys;
		kept->scan = compat_index_beginscan(kept->heap, kept->index,
											GetActiveSnapshot(), nkeys);
		kept->scan->xs_want_itup = rel_names[name].covering;
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(caller);
	}
	return kept->nkeys == nkeys ? kept : NULL;
}

static KeptRel *
keep_indexes(Relation heap)
{
	KeptRel    *kept;
	int			name = 0;

	while (name < REL_COUNT && table_oids[name] != RelationGetRelid(heap))
		name++;
	if (name == REL_COUNT)
		return NULL;
	kept = keep_heap((RelName) name, RowExclusiveLock);
	if (kept != NULL && kept->indexes == NULL)
	{
		ResourceOwner owner = CurrentResourceOwner;
		MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

		CurrentResourceOwner = TopTransactionResourceOwner;
		kept->indexes = CatalogOpenIndexes(kept->heap);
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(caller);
	}
	return kept;
}

void
rel_release(void)
{
	ResourceOwner owner = CurrentResourceOwner;

	CurrentResourceOwner = TopTransactionResourceOwner;
	for (int i = 0; i < REL_COUNT; i++)
	{
		KeptRel    *kept = &kept_rels[i];

		if (kept->heap == NULL)
			continue;
		if (kept->scan != NULL)
			index_endscan(kept->scan);
		if (kept->fetch != NULL)
			table_index_fetch_end(kept->fetch);
		if (kept->slot != NULL)
			ExecDropSingleTupleTableSlot(kept->slot);
		if (kept->index != NULL)
			index_close(kept->index, NoLock);
		if (kept->indexes != NULL)
			CatalogCloseIndexes(kept->indexes);
		table_close(kept->heap, NoLock);
		kept->heap = NULL;
	}
	CurrentResourceOwner = owner;
}

/* After an abort, which has closed everything itself. */
void
rel_forget(void)
{
	memset(kept_rels, 0, sizeof(kept_rels));
}

/*
 * Scans.
 */

/* What an index allocates on its way belongs to the scan. */
static MemoryContext
enter_scan(const RelScan *rs)
{
	return MemoryContextSwitchTo(rs->kept != NULL ? TopTransactionContext :
								 CurrentMemoryContext);
}

void
rel_scan_begin(RelScan *rs, RelName name, LOCKMODE lockmode,
			   Snapshot snapshot, ScanKey keys, int nkeys)
{
	MemoryContext caller;

	rs->kept = keep_scan(name, lockmode, nkeys);
	if (rs->kept != NULL)
	{
		rs->heap = rs->kept->heap;
		rs->index = rs->kept->index;
		rs->slot = rs->kept->slot;
		rs->scan = rs->kept->scan;
		rs->scan->xs_snapshot = snapshot;
		rs->kept->scanning = true;
	}
	else
	{
		rs->heap = table_open(rel_oid(name), lockmode);
		rs->index = index_open(rel_index_oid(name), lockmode);
		rs->slot = table_slot_create(rs->heap, NULL);
		rs->scan = compat_index_beginscan(rs->heap, rs->index, snapshot, nkeys);
		rs->scan->xs_want_itup = rel_names[name].covering;
	}
	caller = enter_scan(rs);
	index_rescan(rs->scan, keys, nkeys, NULL, 0);
	MemoryContextSwitchTo(caller);
}

bool
rel_scan_next(RelScan *rs)
{
	MemoryContext caller = enter_scan(rs);
	bool		found = index_getnext_slot(rs->scan, ForwardScanDirection, rs->slot);

	MemoryContextSwitchTo(caller);
	if (found)
		slot_getallattrs(rs->slot);
	return found;
}

bool
rel_scan_next_entry(RelScan *rs, int column, Datum *value)
{
	MemoryContext caller = enter_scan(rs);
	bool		found = index_getnext_tid(rs->scan, ForwardScanDirection) != NULL;
	bool		isnull;

	MemoryContextSwitchTo(caller);
	if (found)
		*value = index_getattr(rs->scan->xs_itup, column, rs->scan->xs_itupdesc,
							   &isnull);
	return found;
}

bool
rel_scan_fetch(RelScan *rs)
{
	if (!index_fetch_heap(rs->scan, rs->slot))
		return false;
	slot_getallattrs(rs->slot);
	return true;
}

void
rel_scan_end(RelScan *rs)
{
	if (rs->kept != NULL)
	{
		/* no pins survive: they are the portal's */
		ExecClearTuple(rs->slot);
		if (rs->scan != NULL)
			index_rescan(rs->scan, NULL, rs->kept->nkeys, NULL, 0);
		rs->kept->scanning = false;
		return;
	}
	if (rs->scan != NULL)
		index_endscan(rs->scan);
	ExecDropSingleTupleTableSlot(rs->slot);
	if (rs->index != NULL)
		index_close(rs->index, NoLock);
	table_close(rs->heap, NoLock);
}

static TransactionId
row_xmin(const RelScan *rs)
{
	bool		isnull;

	return DatumGetTransactionId(slot_getsysattr(rs->slot,
												 MinTransactionIdAttributeNumber,
												 &isnull));
}

bool
rel_row_is_ours(const RelScan *rs)
{
	return TransactionIdIsCurrentTransactionId(row_xmin(rs));
}

uint64
rel_row_version(const RelScan *rs)
{
	const ItemPointerData *tid = &rs->slot->tts_tid;

	return ((uint64) row_xmin(rs) << 32) ^
		((uint64) ItemPointerGetBlockNumber(tid) << 12) ^
		ItemPointerGetOffsetNumber(tid);
}

/*
 * Fetches.
 *
 * An index finds all versions of a row, one by one, and while an old snapshot
 * is open none of them goes: a directory in which much is created then has
 * thousands.  From a version that was current a moment ago it is a step or two
 * to the one that is current now.
 *
 * Where the row has been is a guess.  The place may hold another row by now, or
 * an aborted version, or be gone; so what is there must have the key, and be
 * seen by the snapshot, which sees one version of a row at most.  Our lock keeps
 * the table from shrinking while we hold it.
 *
 * Index scans prune the pages they come by; who is going to update must do it
 * here, or no update would find room on its page.
 */
#define FETCH_STEPS 16

/* Where the version in the slot was updated to; false: nowhere. */
static bool
next_version(TupleTableSlot *slot, ItemPointer tid)
{
	BufferHeapTupleTableSlot *buffer_slot = (BufferHeapTupleTableSlot *) slot;

	if (!TTS_IS_BUFFERTUPLE(slot) || !BufferIsValid(buffer_slot->buffer))
		return false;
	LockBuffer(buffer_slot->buffer, BUFFER_LOCK_SHARE);
	*tid = buffer_slot->base.tuple->t_data->t_ctid;
	LockBuffer(buffer_slot->buffer, BUFFER_LOCK_UNLOCK);
	return ItemPointerIsValid(tid) && !ItemPointerEquals(tid, &slot->tts_tid);
}

static void
prune_page(Relation heap, BlockNumber block)
{
	Buffer		buffer = ReadBuffer(heap, block);

	heap_page_prune_opt(heap, buffer);
	ReleaseBuffer(buffer);
}

/* False: it cannot be there, and nothing is open. */
static bool
fetch_begin(RelScan *rs, RelName name, LOCKMODE lockmode, BlockNumber block,
			BlockNumber *blocks)
{
	KeptRel    *kept;

	if (IsolationUsesXactSnapshot())
		return false;
	kept = keep_slot(name, lockmode);
	rs->index = NULL;
	rs->scan = NULL;
	rs->kept = kept;
	if (kept != NULL)
	{
		rs->heap = kept->heap;
		rs->slot = kept->slot;
		kept->scanning = true;
		if (kept->blocks == 0)
			kept->blocks = RelationGetNumberOfBlocks(kept->heap);
		*blocks = kept->blocks;
	}
	else
	{
		rs->heap = table_open(rel_oid(name), lockmode);
		rs->slot = table_slot_create(rs->heap, NULL);
		*blocks = RelationGetNumberOfBlocks(rs->heap);
	}
	if (block < *blocks)
		return true;
	rel_scan_end(rs);
	return false;
}

bool
rel_fetch(RelScan *rs, RelName name, LOCKMODE lockmode, Snapshot snapshot,
		  const ItemPointerData *tid, RelIsIt is_it, const void *key)
{
	ItemPointerData at = *tid;
	BlockNumber blocks;

	if (!fetch_begin(rs, name, lockmode, ItemPointerGetBlockNumber(&at), &blocks))
		return false;
	if (lockmode >= RowExclusiveLock)
		prune_page(rs->heap, ItemPointerGetBlockNumber(&at));
	for (int i = 0; i < FETCH_STEPS; i++)
	{
		if (ItemPointerGetBlockNumber(&at) >= blocks ||
			!table_tuple_fetch_row_version(rs->heap, &at, SnapshotAny, rs->slot))
			break;
		slot_getallattrs(rs->slot);
		if (!is_it(rs->slot, key))
			break;
		if (table_tuple_satisfies_snapshot(rs->heap, rs->slot, snapshot))
			return true;
		if (!next_version(rs->slot, &at))
			break;
	}
	rel_scan_end(rs);
	return false;
}

bool
rel_fetch_chain(RelScan *rs, RelName name, LOCKMODE lockmode, Snapshot snapshot,
				const ItemPointerData *tid, RelIsIt is_it, const void *key)
{
	ItemPointerData at = *tid;
	BlockNumber blocks;
	IndexFetchTableData *fetch;
	bool		again = false;
	bool		found;

	if (!fetch_begin(rs, name, lockmode, ItemPointerGetBlockNumber(&at), &blocks))
		return false;
	if (rs->kept == NULL)
		fetch = table_index_fetch_begin(rs->heap);
	else
	{
		if (rs->kept->fetch == NULL)
		{
			MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

			rs->kept->fetch = table_index_fetch_begin(rs->heap);
			MemoryContextSwitchTo(caller);
		}
		fetch = rs->kept->fetch;
	}
	found = table_index_fetch_tuple(fetch, &at, snapshot, rs->slot, &again, NULL);
	/* its pin is the portal's; the slot has one of its own */
	if (rs->kept == NULL)
		table_index_fetch_end(fetch);
	else
		table_index_fetch_reset(fetch);
	if (found)
	{
		slot_getallattrs(rs->slot);
		if (is_it(rs->slot, key))
			return true;
	}
	rel_scan_end(rs);
	return false;
}

/*
 * Changes.
 */

static void
insert_tuple(Relation heap, HeapTuple tuple)
{
	KeptRel    *kept = keep_indexes(heap);

	if (kept != NULL)
		CatalogTupleInsertWithInfo(kept->heap, tuple, kept->indexes);
	else
		CatalogTupleInsert(heap, tuple);
}

/* The index entries of a row that is at tid. */
static void
index_row(CatalogIndexState indexes, TupleTableSlot *slot, ItemPointer tid,
		  bool look_for_duplicates)
{
	for (int i = 0; i < indexes->ri_NumIndices; i++)
	{
		Relation	index = indexes->ri_IndexRelationDescs[i];
		IndexInfo  *info = indexes->ri_IndexRelationInfo[i];
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		if (!info->ii_ReadyForInserts)
			continue;
		FormIndexDatum(info, slot, NULL, values, nulls);
		index_insert(index, values, nulls, tid, indexes->ri_RelationDesc,
					 look_for_duplicates && index->rd_index->indisunique ?
					 UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
					 !look_for_duplicates, info);
	}
}

/*
 * Updates do not change keys (rel.h), so there is nothing to be found unique.
 * Looking would visit every version of the row that is still there: while an
 * old snapshot is open, thousands of a busy directory's.
 */
static void
index_new_version(CatalogIndexState indexes, HeapTuple tuple)
{
	TupleTableSlot *slot =
		MakeSingleTupleTableSlot(RelationGetDescr(indexes->ri_RelationDesc),
								 &TTSOpsHeapTuple);

	ExecStoreHeapTuple(tuple, slot, false);
	index_row(indexes, slot, &tuple->t_self, false);
	ExecDropSingleTupleTableSlot(slot);
}

void
rel_insert(Relation heap, Datum *values, bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(heap), values, nulls);

	insert_tuple(heap, tuple);
	heap_freetuple(tuple);
}

void
rel_room_begin(RelRoom *room, Relation heap, Size size, int count)
{
	memset(room, 0, sizeof(*room));
	if (count > 1 && GetPageWithFreeSpace(heap, size) == InvalidBlockNumber)
		room->wanted = count;
}

/*
 * The page is only proposed: an insertion that finds it taken goes elsewhere.
 * Smaller rows go on where the one before them went, and so share a page.
 */
void
rel_insert_into(RelRoom *room, Relation heap, Datum *values, bool *nulls)
{
	BlockNumber target = RelationGetTargetBlock(heap);

	if (room->left == 0 && room->wanted > 0)
		room->left = compat_extend(heap, room->wanted, &room->next);
	if (room->left > 0)
	{
		room->left--;
		room->wanted--;
		RelationSetTargetBlock(heap, room->next++);
	}
	rel_insert(heap, values, nulls);
	RelationSetTargetBlock(heap, target);
}

/*
 * One WAL record for all rows that go to one page.  The index entries follow one
 * by one, in the order of the rows.
 */
void
rel_insert_many(Relation heap, HeapTuple *tuples, int count,
				ItemPointerData *tids)
{
	KeptRel    *kept = keep_indexes(heap);
	CatalogIndexState indexes = kept != NULL ? kept->indexes :
		CatalogOpenIndexes(heap);
	TupleTableSlot **slots = (TupleTableSlot **) palloc(count * sizeof(*slots));

	for (int i = 0; i < count; i++)
	{
		slots[i] = MakeSingleTupleTableSlot(RelationGetDescr(heap),
											&TTSOpsHeapTuple);
		/* the slot's own from now on, or heap_multi_insert would copy it */
		ExecStoreHeapTuple(tuples[i], slots[i], true);
	}
	heap_multi_insert(heap, slots, count, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < count; i++)
	{
		if (tids != NULL)
			tids[i] = slots[i]->tts_tid;
		index_row(indexes, slots[i], &slots[i]->tts_tid, true);
		ExecDropSingleTupleTableSlot(slots[i]);
	}
	pfree(slots);
	if (kept == NULL)
		CatalogCloseIndexes(indexes);
}

static void
update_tuple(Relation heap, ItemPointer tid, HeapTuple tuple)
{
	compat_heap_update(heap, tid, tuple);
	if (!HeapTupleIsHeapOnly(tuple))
	{
		KeptRel    *kept = keep_indexes(heap);
		CatalogIndexState indexes = kept != NULL ? kept->indexes :
			CatalogOpenIndexes(heap);

		index_new_version(indexes, tuple);
		if (kept == NULL)
			CatalogCloseIndexes(indexes);
	}
	ItemPointerCopy(&tuple->t_self, tid);
}

void
rel_update(Relation heap, ItemPointer tid, Datum *values, bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(heap), values, nulls);

	update_tuple(heap, tid, tuple);
	heap_freetuple(tuple);
}

/*
 * Pages that rel_update_full left, the oldest first.  They are hints: a page may
 * be taken by somebody else, or be of another table by now.  Those of a backend
 * that ends are left to vacuum, as are those whose line pointers are used up,
 * for each version leaves one behind.
 */
#define LEFT_MAX 512

static Oid	left_table = InvalidOid;
static BlockNumber left_pages[LEFT_MAX];
static int	left_first = 0;
static int	left_count = 0;

static void
left_add(Relation heap, BlockNumber block)
{
	if (RelationGetRelid(heap) != left_table)
	{
		left_table = RelationGetRelid(heap);
		left_count = 0;
	}
	if (left_count == LEFT_MAX)
	{
		left_first = (left_first + 1) % LEFT_MAX;
		left_count--;
	}
	left_pages[(left_first + left_count++) % LEFT_MAX] = block;
}

/*
 * One with room for a row that fills a page, or InvalidBlockNumber.  The first
 * whose row may still be seen ends the search, for those behind it are younger.
 */
static BlockNumber
left_take(Relation heap, Size size)
{
	KeptRel    *kept = keep_indexes(heap);

	if (kept == NULL || RelationGetRelid(heap) != left_table)
		return InvalidBlockNumber;
	if (kept->blocks == 0)
		kept->blocks = RelationGetNumberOfBlocks(kept->heap);
	while (left_count > 0)
	{
		BlockNumber block = left_pages[left_first];
		bool		room = false;
		bool		later = false;

		if (block < kept->blocks)
		{
			Buffer		buffer = ReadBuffer(heap, block);
			Page		page = BufferGetPage(buffer);

			heap_page_prune_opt(heap, buffer);
			LockBuffer(buffer, BUFFER_LOCK_SHARE);
			if (!PageIsNew(page))
			{
				room = PageGetHeapFreeSpace(page) >= size;
				later = TransactionIdIsValid(((PageHeader) page)->pd_prune_xid);
			}
			UnlockReleaseBuffer(buffer);
		}
		if (!room && later)
			break;
		left_first = (left_first + 1) % LEFT_MAX;
		left_count--;
		if (room)
			return block;
	}
	return InvalidBlockNumber;
}

void
rel_update_full(Relation heap, ItemPointer tid, Datum *values, bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(heap), values, nulls);
	BlockNumber old = ItemPointerGetBlockNumber(tid);
	BlockNumber target = RelationGetTargetBlock(heap);
	BlockNumber block = left_take(heap, MAXALIGN(tuple->t_len));

	if (BlockNumberIsValid(block))
		RelationSetTargetBlock(heap, block);
	update_tuple(heap, tid, tuple);
	RelationSetTargetBlock(heap, target);
	if (ItemPointerGetBlockNumber(tid) != old)
		left_add(heap, old);
	heap_freetuple(tuple);
}

void
rel_delete(Relation heap, ItemPointer tid)
{
	CatalogTupleDelete(heap, tid);
}
