/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * rel.c
 *	  Reaches the extension's own tables directly, without SQL.
 *
 * Inserting, updating and deleting use the functions that the backend uses for
 * its catalogs: they toast large values and write the same WAL as an executor
 * node would, without building one.  Nearly always a table is as tables.c says
 * and has b-trees on columns.  Additions of others (columns, constraints, other
 * indexes) are honoured as the executor would, by a part of an executor that
 * lives as long as the change.
 *
 * A call makes several short scans, and a batch has up to hundreds of calls.
 * Opening table and index, making slot and scan (the b-tree's alone is 27 kB)
 * costs as much as finding a row.  So a gateway's session keeps them to the end
 * of the transaction, with the indexes that an insertion opens, and rewinds a
 * scan, as a nested loop does.  They belong to the transaction's resource
 * owner, because a call's portal ends before it.  Buffer pins are released at
 * the end of each scan.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/heapam.h"
#include "access/relscan.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/sysattr.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "nodes/execnodes.h"
#include "rewrite/rewriteHandler.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/bufmgr.h"
#include "storage/freespace.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/lsyscache.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/change.h"
#include "base/guc.h"
#include "tables/rel.h"

/*
 * What is kept open to the end of the transaction.
 */

typedef struct KeptRel
{
	Relation	heap;			/* NULL: nothing is kept */
	LOCKMODE	lockmode;
	TupleTableSlot *row;		/* these five: NULL before the first scan */
	TupleTableSlot *slot;
	Relation	index;
	IndexScanDesc scan;
	int			nkeys;
	IndexFetchTableData *fetch; /* NULL before the first rel_fetch_chain */
	bool		scanning;		/* a scan is open */
	BlockNumber blocks;			/* at least; 0 before the first rel_fetch */
	CatalogIndexState indexes;	/* NULL before the first insertion */
} KeptRel;

static KeptRel kept_rels[REL_COUNT];
static uint64 kept_open = 0;	/* a bit for each that has a heap */
StaticAssertDecl(REL_COUNT <= 64, "kept_open has a bit for each table");

/*
 * The table whose defaults, constraints or indexes are evaluated now, or NULL.
 * Others have written these expressions, and what they call may call us: in the
 * midst of a change, when some rows are written and others are not.
 */
static const char *evaluated = NULL;

bool
rel_is_evaluating(void)
{
	return evaluated != NULL;
}

void
rel_refuse_recursion(void)
{
	if (unlikely(evaluated != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a default, constraint or index of table dittofs.%s cannot call functions of dittofs",
						evaluated),
				 errhint("It may query the tables of dittofs.")));
}

Relation
rel_open(RelName name, LOCKMODE lockmode)
{
	Relation	heap;

	rel_refuse_recursion();
	heap = table_open(rel_oid(name), lockmode);
	(void) table_shape(name, heap, lockmode >= RowExclusiveLock);
	return heap;
}

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
	bool		for_change = lockmode >= RowExclusiveLock;

	rel_refuse_recursion();
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
		kept_open |= UINT64CONST(1) << name;
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
	(void) table_shape(name, kept->heap, for_change);
	return kept;
}

/*
 * Where the columns that tables.c names are not just those of the table, the
 * modules see them in a slot of their own.
 */
static TupleTableSlot *
make_slot(RelName name, Relation heap, TupleTableSlot *row)
{
	const TableShape *shape = table_shape(name, heap, false);
	TupleDesc	desc;

	if (likely(shape->plain))
		return row;
	desc = CreateTemplateTupleDesc(shape->ncolumns);
	for (int i = 0; i < shape->ncolumns; i++)
		TupleDescCopyEntry(desc, (AttrNumber) (i + 1), RelationGetDescr(heap),
						   shape->attnums[i]);
	return MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
}

static void
drop_slots(TupleTableSlot *row, TupleTableSlot *slot)
{
	if (slot != row)
		ExecDropSingleTupleTableSlot(slot);
	ExecDropSingleTupleTableSlot(row);
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
		kept->row = table_slot_create(kept->heap, NULL);
		kept->slot = make_slot(name, kept->heap, kept->row);
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
		kept->index = index_open(table_shape(name, kept->heap, false)->index,
								 kept->lockmode);
		kept->nkeys = nkeys;
		kept->scan = compat_index_beginscan(kept->heap, kept->index,
											GetActiveSnapshot(), nkeys);
		kept->scan->xs_want_itup = known_tables[name].covering;
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(caller);
	}
	return kept->nkeys == nkeys ? kept : NULL;
}

static KeptRel *
keep_indexes(Relation heap)
{
	RelName		name = rel_name(RelationGetRelid(heap));
	KeptRel    *kept = keep_heap(name, RowExclusiveLock);

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
	for (; kept_open != 0; kept_open &= kept_open - 1)
	{
		KeptRel    *kept = &kept_rels[pg_rightmost_one_pos64(kept_open)];

		if (kept->scan != NULL)
			index_endscan(kept->scan);
		if (kept->fetch != NULL)
			table_index_fetch_end(kept->fetch);
		if (kept->slot != NULL)
			drop_slots(kept->row, kept->slot);
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
	for (; kept_open != 0; kept_open &= kept_open - 1)
		kept_rels[pg_rightmost_one_pos64(kept_open)].heap = NULL;
}

/*
 * Scans.
 */

/* What the modules see of the row. */
static void
show_row(RelScan *rs)
{
	const AttrNumber *attnums;

	slot_getallattrs(rs->row);
	if (likely(rs->slot == rs->row))
		return;
	attnums = table_shape(rel_name(RelationGetRelid(rs->heap)), rs->heap,
						  false)->attnums;
	ExecClearTuple(rs->slot);
	for (int i = 0; i < rs->slot->tts_tupleDescriptor->natts; i++)
	{
		rs->slot->tts_values[i] = rs->row->tts_values[attnums[i] - 1];
		rs->slot->tts_isnull[i] = rs->row->tts_isnull[attnums[i] - 1];
	}
	ExecStoreVirtualTuple(rs->slot);
	rs->slot->tts_tid = rs->row->tts_tid;
}

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
		rs->row = rs->kept->row;
		rs->slot = rs->kept->slot;
		rs->scan = rs->kept->scan;
		rs->scan->xs_snapshot = snapshot;
		rs->kept->scanning = true;
	}
	else
	{
		rs->heap = rel_open(name, lockmode);
		rs->index = index_open(table_shape(name, rs->heap, false)->index,
							   lockmode);
		rs->row = table_slot_create(rs->heap, NULL);
		rs->slot = make_slot(name, rs->heap, rs->row);
		rs->scan = compat_index_beginscan(rs->heap, rs->index, snapshot, nkeys);
		rs->scan->xs_want_itup = known_tables[name].covering;
	}
	rs->passed = 0;
	caller = enter_scan(rs);
	index_rescan(rs->scan, keys, nkeys, NULL, 0);
	MemoryContextSwitchTo(caller);
}

/* As index_getnext_slot(), which does not tell what it has passed. */
bool
rel_scan_next(RelScan *rs)
{
	MemoryContext caller = enter_scan(rs);
	bool		found = false;

	while (!found && index_getnext_tid(rs->scan, ForwardScanDirection) != NULL)
	{
		found = index_fetch_heap(rs->scan, rs->row);
		if (!found)
			rs->passed++;
	}
	MemoryContextSwitchTo(caller);
	if (found)
		show_row(rs);
	return found;
}

bool
rel_scan_next_entry(RelScan *rs, int column, Datum *value)
{
	MemoryContext caller = enter_scan(rs);
	bool		found =
		index_getnext_tid(rs->scan, ForwardScanDirection) != NULL;
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
	if (!index_fetch_heap(rs->scan, rs->row))
		return false;
	show_row(rs);
	return true;
}

void
rel_scan_end(RelScan *rs)
{
	if (rs->kept != NULL)
	{
		/* no pins survive: they are the portal's */
		ExecClearTuple(rs->row);
		if (rs->scan != NULL)
			index_rescan(rs->scan, NULL, rs->kept->nkeys, NULL, 0);
		rs->kept->scanning = false;
		return;
	}
	if (rs->scan != NULL)
		index_endscan(rs->scan);
	drop_slots(rs->row, rs->slot);
	if (rs->index != NULL)
		index_close(rs->index, NoLock);
	table_close(rs->heap, NoLock);
}

TM_Result
rel_lock(RelScan *rs, LockTupleMode mode, LockWaitPolicy policy)
{
	ItemPointerData tid = rs->row->tts_tid;
	TM_FailureData failure;
	TM_Result	result;

	result = table_tuple_lock(rs->heap, &tid, GetActiveSnapshot(), rs->row,
							  GetCurrentCommandId(false), mode, policy,
							  IsolationUsesXactSnapshot() ? 0 :
							  TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
	if (result == TM_Ok || result == TM_SelfModified)
		show_row(rs);
	return result;
}

/* In a slot of its own: the scan's stays as it is. */
bool
rel_try_lock(RelScan *rs)
{
	ItemPointerData tid = rs->slot->tts_tid;
	TupleTableSlot *slot = table_slot_create(rs->heap, NULL);
	TM_FailureData failure;
	TM_Result	result;

	result = table_tuple_lock(rs->heap, &tid, GetActiveSnapshot(), slot,
							  GetCurrentCommandId(false), LockTupleExclusive,
							  LockWaitSkip, 0, &failure);
	ExecDropSingleTupleTableSlot(slot);
	return result == TM_Ok;
}

TransactionId
rel_row_xmin(const RelScan *rs)
{
	bool		isnull;

	return DatumGetTransactionId(
		slot_getsysattr(rs->row, MinTransactionIdAttributeNumber, &isnull));
}

/*
 * Our own code locks a row of files in one mode only, which is not shared; a
 * multixact is made where people's SQL locks it, too.  The one of ours that is
 * among its members is the one that changes.
 */
static TransactionId
changer_among(MultiXactId multi, bool only_locked)
{
	TransactionId result = InvalidTransactionId;
	MultiXactMember *members;
	int			n = GetMultiXactIdMembers(multi, &members, false, only_locked);

	for (int i = 0; i < n; i++)
		if (members[i].status >= MultiXactStatusForNoKeyUpdate &&
			!TransactionIdIsCurrentTransactionId(members[i].xid) &&
			(TransactionIdIsInProgress(members[i].xid) ||
			 (members[i].status >= MultiXactStatusNoKeyUpdate &&
			  TransactionIdDidCommit(members[i].xid))))
			result = members[i].xid;
	if (n > 0)
		pfree(members);
	return result;
}

TransactionId
rel_row_changer(const RelScan *rs)
{
	BufferHeapTupleTableSlot *slot = (BufferHeapTupleTableSlot *) rs->row;
	HeapTupleHeader header;
	TransactionId xmax;
	uint16		infomask;

	if (!TTS_IS_BUFFERTUPLE(rs->row) || !BufferIsValid(slot->buffer))
		elog(ERROR, "dittofs: a row is not where it was found");
	LockBuffer(slot->buffer, BUFFER_LOCK_SHARE);
	header = slot->base.tuple->t_data;
	infomask = header->t_infomask;
	xmax = HeapTupleHeaderGetRawXmax(header);
	LockBuffer(slot->buffer, BUFFER_LOCK_UNLOCK);

	if (infomask & HEAP_XMAX_INVALID)
		return InvalidTransactionId;
	if (infomask & HEAP_XMAX_IS_MULTI)
		return changer_among(xmax, HEAP_XMAX_IS_LOCKED_ONLY(infomask));
	if (TransactionIdIsCurrentTransactionId(xmax))
		return InvalidTransactionId;
	if (TransactionIdIsInProgress(xmax) ||
		(!HEAP_XMAX_IS_LOCKED_ONLY(infomask) && TransactionIdDidCommit(xmax)))
		return xmax;
	return InvalidTransactionId;
}

bool
rel_row_is_ours(const RelScan *rs)
{
	return TransactionIdIsCurrentTransactionId(rel_row_xmin(rs));
}

uint64
rel_row_version(const RelScan *rs)
{
	const ItemPointerData *tid = &rs->slot->tts_tid;

	return ((uint64) rel_row_xmin(rs) << 32) ^
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
 * seen by the snapshot, which sees one version of a row at most.  Our lock
 * keeps the table from shrinking while we hold it.
 *
 * Index scans prune the pages they come by; who is going to update must do it
 * here, or no update would find room on its page.
 */
#define FETCH_STEPS 16
#define FETCH_STEPS_FAR 100000

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
fetch_begin(RelScan *rs, RelName name, LOCKMODE lockmode,
			const ItemPointerData *tid, BlockNumber *blocks)
{
	KeptRel    *kept;
	BlockNumber block;

	if (!ItemPointerIsValid(tid))
		return false;
	block = ItemPointerGetBlockNumber(tid);

	kept = keep_slot(name, lockmode);
	rs->passed = 0;
	rs->index = NULL;
	rs->scan = NULL;
	rs->kept = kept;
	if (kept != NULL)
	{
		rs->heap = kept->heap;
		rs->row = kept->row;
		rs->slot = kept->slot;
		kept->scanning = true;
		/* it may have grown since, by our own rows */
		if (kept->blocks <= block)
			kept->blocks = RelationGetNumberOfBlocks(kept->heap);
		*blocks = kept->blocks;
	}
	else
	{
		rs->heap = rel_open(name, lockmode);
		rs->row = table_slot_create(rs->heap, NULL);
		rs->slot = make_slot(name, rs->heap, rs->row);
		*blocks = RelationGetNumberOfBlocks(rs->heap);
	}
	if (block < *blocks)
		return true;
	rel_scan_end(rs);
	return false;
}

static bool
fetch(RelScan *rs, RelName name, LOCKMODE lockmode, Snapshot snapshot,
	  const ItemPointerData *tid, RelIsIt is_it, const void *key, int steps)
{
	ItemPointerData at = *tid;
	BlockNumber blocks;

	if (!fetch_begin(rs, name, lockmode, tid, &blocks))
		return false;
	if (lockmode >= RowExclusiveLock)
		prune_page(rs->heap, ItemPointerGetBlockNumber(&at));
	for (int i = 0; i < steps; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (ItemPointerGetBlockNumber(&at) >= blocks ||
			!table_tuple_fetch_row_version(rs->heap, &at, SnapshotAny, rs->row))
			break;
		show_row(rs);
		if (!is_it(rs->slot, key))
			break;
		if (table_tuple_satisfies_snapshot(rs->heap, rs->row, snapshot))
		{
			/* who else reads the row so notes that, for SERIALIZABLE */
			if (IsolationIsSerializable() &&
				table_tuple_fetch_row_version(rs->heap, &at, snapshot, rs->row))
				show_row(rs);
			return true;
		}
		if (!next_version(rs->row, &at))
			break;
	}
	rel_scan_end(rs);
	return false;
}

bool
rel_fetch(RelScan *rs, RelName name, LOCKMODE lockmode, Snapshot snapshot,
		  const ItemPointerData *tid, RelIsIt is_it, const void *key)
{
	return fetch(rs, name, lockmode, snapshot, tid, is_it, key, FETCH_STEPS);
}

bool
rel_fetch_far(RelScan *rs, RelName name, LOCKMODE lockmode, Snapshot snapshot,
			  const ItemPointerData *tid, RelIsIt is_it, const void *key)
{
	return fetch(rs, name, lockmode, snapshot, tid, is_it, key,
				 FETCH_STEPS_FAR);
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

	if (!fetch_begin(rs, name, lockmode, tid, &blocks))
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
	found =
		table_index_fetch_tuple(fetch, &at, snapshot, rs->row, &again, NULL);
	/* its pin is the portal's; the slot has one of its own */
	if (rs->kept == NULL)
		table_index_fetch_end(fetch);
	else
		table_index_fetch_reset(fetch);
	if (found)
	{
		show_row(rs);
		if (is_it(rs->slot, key))
			return true;
	}
	rel_scan_end(rs);
	return false;
}

/*
 * Changes.
 *
 * A simple table (shape.h) takes a tuple and its entries in b-trees, which is
 * what happens nearly always.  For another one a writer has what expressions
 * take.  It lives as long as the change, for they may leave behind what belongs
 * to the call.
 */
typedef struct Writer
{
	Relation	heap;
	const TableShape *shape;
	CatalogIndexState indexes;	/* NULL before the first tuple */
	bool		indexes_are_kept;

	/* NULL if the table is simple */
	EState	   *estate;
	ResultRelInfo *result;
	TupleTableSlot *slot;
	ExprState **defaults;		/* of others' columns; NULL: no row yet */
} Writer;

static void
writer_begin(Writer *writer, Relation heap)
{
	MemoryContext caller;

	memset(writer, 0, sizeof(*writer));
	writer->heap = heap;
	writer->shape = table_shape(rel_name(RelationGetRelid(heap)), heap, true);
	if (likely(writer->shape->simple))
		return;
	writer->estate = CreateExecutorState();
	caller = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	writer->result = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->result, heap, 0, NULL, 0);
	writer->slot = table_slot_create(heap, NULL);
	MemoryContextSwitchTo(caller);
}

static void
writer_end(Writer *writer)
{
	if (writer->indexes != NULL && !writer->indexes_are_kept)
		CatalogCloseIndexes(writer->indexes);
	if (writer->estate == NULL)
		return;
	ExecDropSingleTupleTableSlot(writer->slot);
	FreeExecutorState(writer->estate);
}

/* Expressions of the defaults of columns that are not ours. */
static void
prepare_defaults(Writer *writer)
{
	TupleDesc	desc = RelationGetDescr(writer->heap);
	MemoryContext caller = MemoryContextSwitchTo(writer->estate->es_query_cxt);

	writer->defaults = palloc0(sizeof(ExprState *) * desc->natts);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Node	   *expression = NULL;

		if (!attribute->attisdropped && attribute->attgenerated == '\0')
			expression = build_column_default(writer->heap, i + 1);
		if (expression != NULL)
			writer->defaults[i] = ExecPrepareExpr((Expr *) expression,
												  writer->estate);
	}
	MemoryContextSwitchTo(caller);
}

static Datum
default_of(Writer *writer, int i, bool *isnull)
{
	Form_pg_attribute attribute =
		TupleDescAttr(RelationGetDescr(writer->heap), i);

	if (writer->defaults == NULL)
		prepare_defaults(writer);
	if (writer->defaults[i] != NULL)
		return ExecEvalExprSwitchContext(writer->defaults[i],
										 GetPerTupleExprContext(writer->estate),
										 isnull);
	*isnull = true;
	/* what is generated has its value later */
	if (attribute->attgenerated == '\0' &&
		get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN)
		domain_check((Datum) 0, true, attribute->atttypid, NULL, NULL);
	return (Datum) 0;
}

/*
 * Fills the writer's slot.  old: what the row has been, or NULL for a new one.
 */
static void
fill_slot(Writer *writer, const Datum *values, const bool *nulls,
		  TupleTableSlot *old)
{
	const TableShape *shape = writer->shape;
	TupleTableSlot *slot = ExecClearTuple(writer->slot);
	int			natts = slot->tts_tupleDescriptor->natts;

	memset(slot->tts_isnull, false, sizeof(bool) * natts);
	for (int i = 0; i < shape->ncolumns; i++)
		/* marks what is ours */
		slot->tts_isnull[shape->attnums[i] - 1] = true;
	for (int i = 0; i < natts; i++)
	{
		if (slot->tts_isnull[i])
			continue;
		if (TupleDescAttr(slot->tts_tupleDescriptor, i)->attisdropped)
			slot->tts_isnull[i] = true;
		else if (old != NULL)
		{
			slot->tts_values[i] = old->tts_values[i];
			slot->tts_isnull[i] = old->tts_isnull[i];
		}
		else
			slot->tts_values[i] = default_of(writer, i, &slot->tts_isnull[i]);
	}
	for (int i = 0; i < shape->ncolumns; i++)
	{
		slot->tts_values[shape->attnums[i] - 1] = values[i];
		slot->tts_isnull[shape->attnums[i] - 1] = nulls[i];
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(writer->heap);
}

/* The row with all that others have added; old: as in fill_slot(). */
static HeapTuple
form_with_others(Writer *writer, const Datum *values, const bool *nulls,
				 TupleTableSlot *old)
{
	TupleConstr *constraints = RelationGetDescr(writer->heap)->constr;
	HeapTuple	tuple;

	evaluated = RelationGetRelationName(writer->heap);
	PG_TRY();
	{
		fill_slot(writer, values, nulls, old);
		if (constraints != NULL && constraints->has_generated_stored)
			ExecComputeStoredGenerated(writer->result, writer->estate,
									   writer->slot,
									   old == NULL ? CMD_INSERT : CMD_UPDATE);
		if (constraints != NULL)
			ExecConstraints(writer->result, writer->slot, writer->estate);
		tuple = ExecCopySlotHeapTuple(writer->slot);
	}
	PG_FINALLY();
	{
		evaluated = NULL;
	}
	PG_END_TRY();
	ExecClearTuple(writer->slot);
	ResetPerTupleExprContext(writer->estate);
	return tuple;
}

/* tid: of the version that it will replace, or NULL. */
static HeapTuple
writer_form(Writer *writer, int n, const Datum *values, const bool *nulls,
			ItemPointer tid)
{
	Relation	heap = writer->heap;
	TupleTableSlot *old = NULL;
	HeapTuple	tuple;

	if (unlikely(n != writer->shape->ncolumns))
		elog(ERROR, "dittofs: %d values for table %s", n,
			 RelationGetRelationName(heap));
	if (likely(writer->estate == NULL))
		return heap_form_tuple(RelationGetDescr(heap),
							   unconstify(Datum *, values),
							   unconstify(bool *, nulls));
	if (tid != NULL && !writer->shape->plain)
	{
		old = table_slot_create(heap, NULL);
		if (!table_tuple_fetch_row_version(heap, tid, SnapshotAny, old))
			elog(ERROR, "dittofs: a row of %s that is to be changed is gone",
				 RelationGetRelationName(heap));
		slot_getallattrs(old);
	}
	tuple = form_with_others(writer, values, nulls, old);
	if (old != NULL)
		ExecDropSingleTupleTableSlot(old);
	return tuple;
}

static void
open_indexes(Writer *writer)
{
	MemoryContext caller;
	KeptRel    *kept;

	if (writer->indexes != NULL)
		return;
	if (writer->estate != NULL)
	{
		caller = MemoryContextSwitchTo(writer->estate->es_query_cxt);
		writer->indexes = CatalogOpenIndexes(writer->heap);
		MemoryContextSwitchTo(caller);
		return;
	}
	kept = keep_indexes(writer->heap);
	writer->indexes_are_kept = kept != NULL;
	writer->indexes = kept != NULL ? kept->indexes :
		CatalogOpenIndexes(writer->heap);
}

/* Does the predicate of the index want the row in the slot? */
static bool
is_wanted(Writer *writer, IndexInfo *info)
{
	if (info->ii_Predicate == NIL)
		return true;
	if (info->ii_PredicateState == NULL)
		info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate,
												  writer->estate);
	return ExecQual(info->ii_PredicateState,
					GetPerTupleExprContext(writer->estate));
}

/*
 * The index entries of the row in the slot, which is at tid.
 *
 * Updates do not change the key of the index that we scan (rel.h), so there is
 * nothing to be found unique, nor is there where the caller knows the key to be
 * new.  Looking would visit every version of the row that is still there: while
 * an old snapshot is open, thousands of a busy directory's.
 */
static void
insert_entries(Writer *writer, TupleTableSlot *slot, ItemPointer tid,
			   bool is_update, bool is_new, CompatUpdated which)
{
	CatalogIndexState indexes = writer->indexes;

	for (int i = 0; i < indexes->ri_NumIndices; i++)
	{
		Relation	index = indexes->ri_IndexRelationDescs[i];
		IndexInfo  *info = indexes->ri_IndexRelationInfo[i];
		bool		is_known = (is_update || is_new) &&
			RelationGetRelid(index) == writer->shape->index;
		Datum		values[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		if (!info->ii_ReadyForInserts ||
			(which == COMPAT_UPDATED_SUMMARIES && !compat_summarizing(info)) ||
			!is_wanted(writer, info))
			continue;
		FormIndexDatum(info, slot, writer->estate, values, nulls);
		index_insert(index, values, nulls, tid, writer->heap,
					 index->rd_index->indisunique && !is_known ?
					 UNIQUE_CHECK_YES : UNIQUE_CHECK_NO,
					 is_update, info);
	}
}

static void
index_row(Writer *writer, TupleTableSlot *slot, ItemPointer tid, bool is_update,
		  bool is_new, CompatUpdated which)
{
	open_indexes(writer);
	if (likely(writer->estate == NULL))
	{
		insert_entries(writer, slot, tid, is_update, is_new, which);
		return;
	}
	GetPerTupleExprContext(writer->estate)->ecxt_scantuple = slot;
	evaluated = RelationGetRelationName(writer->heap);
	PG_TRY();
	{
		insert_entries(writer, slot, tid, is_update, is_new, which);
	}
	PG_FINALLY();
	{
		evaluated = NULL;
	}
	PG_END_TRY();
	ResetPerTupleExprContext(writer->estate);
}

static void
index_tuple(Writer *writer, HeapTuple tuple, bool is_update, bool is_new,
			CompatUpdated which)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(
		RelationGetDescr(writer->heap), &TTSOpsHeapTuple);

	ExecStoreHeapTuple(tuple, slot, false);
	index_row(writer, slot, &tuple->t_self, is_update, is_new, which);
	ExecDropSingleTupleTableSlot(slot);
}

HeapTuple
rel_form(Relation heap, int n, const Datum *values, const bool *nulls)
{
	Writer		writer;
	HeapTuple	tuple;

	writer_begin(&writer, heap);
	tuple = writer_form(&writer, n, values, nulls, NULL);
	writer_end(&writer);
	return tuple;
}

void
rel_insert_new(Relation heap, int n, const Datum *values, const bool *nulls,
			   bool is_new, ItemPointer tid)
{
	Writer		writer;
	HeapTuple	tuple;

	writer_begin(&writer, heap);
	tuple = writer_form(&writer, n, values, nulls, NULL);
	simple_heap_insert(heap, tuple);
	index_tuple(&writer, tuple, false, is_new, COMPAT_UPDATED_ALL);
	*tid = tuple->t_self;
	heap_freetuple(tuple);
	writer_end(&writer);
}

void
rel_insert(Relation heap, int n, const Datum *values, const bool *nulls)
{
	ItemPointerData tid;

	rel_insert_new(heap, n, values, nulls, false, &tid);
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
rel_insert_into(RelRoom *room, Relation heap, int n, const Datum *values,
				const bool *nulls, bool is_new, ItemPointer tid)
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
	rel_insert_new(heap, n, values, nulls, is_new, tid);
	RelationSetTargetBlock(heap, target);
}

/*
 * One WAL record for all rows that go to one page.  The index entries follow
 * one by one, in the order of the rows.
 */
void
rel_insert_many(Relation heap, HeapTuple *tuples, int count,
				ItemPointerData *tids, const bool *are_new)
{
	Writer		writer;
	TupleTableSlot **slots = (TupleTableSlot **) palloc(count * sizeof(*slots));

	writer_begin(&writer, heap);
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
		index_row(&writer, slots[i], &slots[i]->tts_tid, false,
				  are_new != NULL && are_new[i], COMPAT_UPDATED_ALL);
		ExecDropSingleTupleTableSlot(slots[i]);
	}
	pfree(slots);
	writer_end(&writer);
}

static void
update_tuple(Writer *writer, ItemPointer tid, HeapTuple tuple)
{
	CompatUpdated which = compat_heap_update(writer->heap, tid, tuple);

	if (which != COMPAT_UPDATED_NONE)
		index_tuple(writer, tuple, true, false, which);
	ItemPointerCopy(&tuple->t_self, tid);
}

void
rel_update(Relation heap, ItemPointer tid, int n, const Datum *values,
		   const bool *nulls)
{
	Writer		writer;
	HeapTuple	tuple;

	writer_begin(&writer, heap);
	tuple = writer_form(&writer, n, values, nulls, tid);
	update_tuple(&writer, tid, tuple);
	heap_freetuple(tuple);
	writer_end(&writer);
}

/*
 * Pages that rel_update_full left, the oldest first.  They are hints: a page
 * may be in use by another backend, or be of another table by now.  Those of a
 * backend that ends are left to vacuum, as are those whose line pointers are
 * used up, for each version leaves one behind.
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
rel_update_full(Relation heap, ItemPointer tid, int n, const Datum *values,
				const bool *nulls)
{
	Writer		writer;
	HeapTuple	tuple;
	BlockNumber old = ItemPointerGetBlockNumber(tid);
	BlockNumber target = RelationGetTargetBlock(heap);
	BlockNumber block;

	writer_begin(&writer, heap);
	tuple = writer_form(&writer, n, values, nulls, tid);
	block = left_take(heap, MAXALIGN(tuple->t_len));
	if (BlockNumberIsValid(block))
		RelationSetTargetBlock(heap, block);
	update_tuple(&writer, tid, tuple);
	RelationSetTargetBlock(heap, target);
	if (ItemPointerGetBlockNumber(tid) != old)
		left_add(heap, old);
	heap_freetuple(tuple);
	writer_end(&writer);
}

void
rel_delete(Relation heap, ItemPointer tid)
{
	simple_heap_delete(heap, tid);
}
