/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * rel.h
 *	  Reaches the extension's own tables directly, without SQL.
 *
 * A look-up through SPI takes three times as long as one through the index (13
 * against 4 microseconds), and SQL inside a function needs a fixed search_path
 * and a definer's rights, which cost again.  So the modules reach their tables
 * as the backend reaches its catalogs.  The caller makes sure that the
 * transaction may write and that our own columns have values.  These functions
 * maintain unique indexes, and whatever others have added to a table (shape.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_REL_H
#define DITTOFS_REL_H

#include "base/pgcompat.h"

#include "access/htup.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "executor/tuptable.h"
#include "nodes/lockoptions.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "tables/shape.h"

/*
 * Opens a table that has the expected shape, or raises an error.  The lock is
 * kept to the end of the transaction.
 */
extern Relation rel_open(RelName name, LOCKMODE lockmode);

/*
 * While a default, a constraint or an index of others is evaluated, nothing
 * here can be called: then rel_refuse_recursion() raises an error.
 */
extern bool rel_is_evaluating(void);
extern void rel_refuse_recursion(void);

/* A scan of a table by its primary key's leading columns. */
typedef struct RelScan
{
	Relation	heap;
	Relation	index;
	struct IndexScanDescData *scan;
	TupleTableSlot *row;		/* as the table has it */
	TupleTableSlot *slot;		/* the columns that tables.c names */
	struct KeptRel *kept;		/* NULL: all of it ends with the scan */
	int64		passed;			/* entries without a visible row */
} RelScan;

/*
 * Opens table and primary key; keys are scan keys on the index's columns, in
 * ascending order of the index.  Relation locks are kept to the end of the
 * transaction.
 */
extern void rel_scan_begin(RelScan *rs, RelName name, LOCKMODE lockmode,
						   Snapshot snapshot, ScanKey keys, int nkeys);
/* The next row in index order, or false; rs->slot holds it, deformed. */
extern bool rel_scan_next(RelScan *rs);
extern void rel_scan_end(RelScan *rs);
/*
 * Where the index covers the columns that are needed (rel.c lists which do):
 * the next entry's column (from 1), and then, if need be, its row.
 * rel_scan_fetch() returns false if the snapshot does not see the row.
 */
extern bool rel_scan_next_entry(RelScan *rs, int column, Datum *value);
extern bool rel_scan_fetch(RelScan *rs);
/*
 * Locks the row in rs->slot, in its newest version where the isolation level
 * allows that; the slot then holds that version.
 */
extern TM_Result rel_lock(RelScan *rs, LockTupleMode mode,
						  LockWaitPolicy policy);
/* The transaction that wrote the version in rs->slot. */
extern TransactionId rel_row_xmin(const RelScan *rs);
/*
 * Another transaction that has locked, changed or deleted the version in
 * rs->slot, and runs or has committed; it may have locked the row only if it
 * runs.  Invalid: there is none.  Of several that lock it together it is one.
 */
extern TransactionId rel_row_changer(const RelScan *rs);
/* Has the row in rs->slot been written by this transaction? */
extern bool rel_row_is_ours(const RelScan *rs);
/*
 * A number that no other version of the row has, nor a later row in its place.
 */
extern uint64 rel_row_version(const RelScan *rs);

/*
 * Without the index: finds the row that is_it knows by its key, in the version
 * that the snapshot sees, if that is at tid or a few updates after it.  True:
 * as after a first rel_scan_next, with rs->slot and its tts_tid, and
 * rel_scan_end has to follow.  False says nothing about the row, and nothing is
 * open; an invalid tid gives false.
 */
typedef bool (*RelIsIt) (TupleTableSlot *slot, const void *key);

extern bool rel_fetch(RelScan *rs, RelName name, LOCKMODE lockmode,
					  Snapshot snapshot, const ItemPointerData *tid,
					  RelIsIt is_it, const void *key);

/*
 * The same, however many updates after it.  For rows that others update and
 * that are read now and then: each of their versions is visited once.
 */
extern bool rel_fetch_far(RelScan *rs, RelName name, LOCKMODE lockmode,
						  Snapshot snapshot, const ItemPointerData *tid,
						  RelIsIt is_it, const void *key);

/* The same, if one of the HOT chain that begins at tid is that version. */
extern bool rel_fetch_chain(RelScan *rs, RelName name, LOCKMODE lockmode,
							Snapshot snapshot, const ItemPointerData *tid,
							RelIsIt is_it, const void *key);

/*
 * Locks the row in the scan's slot, if it is free and that is its newest
 * version.  Never waits.  For work that any of several sessions may do: the
 * session that has the row does it.
 */
extern bool rel_try_lock(RelScan *rs);

/*
 * Insert, update, delete as the executor does: other people's columns get their
 * defaults, or keep their values; indexes are maintained; CHECK and NOT NULL
 * are enforced. values: of the n columns that tables.c names.
 */
extern void rel_insert(Relation heap, int n, const Datum *values,
					   const bool *nulls);
/*
 * The same, and returns its place. is_new: a lock of ours, and our knowledge
 * under it, rule out that the key of the index that we scan exists.
 */
extern void rel_insert_new(Relation heap, int n, const Datum *values,
						   const bool *nulls, bool is_new, ItemPointer tid);
/* A tuple for rel_insert_many. */
extern HeapTuple rel_form(Relation heap, int n, const Datum *values,
						  const bool *nulls);
/*
 * Room for rows that fill a page each.  For each such row the backend would
 * search the free space map in vain, and queue for the lock under which the
 * table grows by a page: 128 times for a MiB, in every backend that appends.
 * So the pages are added by dozens and handed out here.
 *
 * There is no room while the table has free pages, which are to be used first.
 * After an error vacuum finds the unused pages, as it finds the rows.
 */
typedef struct RelRoom
{
	int			wanted;			/* as many more rows are going to come */
	int			left;			/* pages that are there for them */
	BlockNumber next;			/* the first of these */
} RelRoom;

/* For count rows of at least size bytes. */
extern void rel_room_begin(RelRoom *room, Relation heap, Size size, int count);
/* As rel_insert. */
extern void rel_insert_into(RelRoom *room, Relation heap, int n,
							const Datum *values, const bool *nulls, bool is_new,
							ItemPointer tid);
/*
 * As rel_insert_new, of what rel_form has made.  Frees the tuples.  tids, if
 * not NULL: where the rows are; are_new, if not NULL: which have a new key.
 */
extern void rel_insert_many(Relation heap, HeapTuple *tuples, int count,
							ItemPointerData *tids, const bool *are_new);
/*
 * tid: the version to replace; becomes that of the new one.  The columns of the
 * index that we scan must have the values they had.
 */
extern void rel_update(Relation heap, ItemPointer tid, int n,
					   const Datum *values, const bool *nulls);
/*
 * The same for a row that fills a page, which the new version has to leave.
 * Pages that were left in this way are used again as soon as no snapshot can
 * see their rows: the table would otherwise grow by a page each time, until a
 * vacuum.
 */
extern void rel_update_full(Relation heap, ItemPointer tid, int n,
							const Datum *values, const bool *nulls);
extern void rel_delete(Relation heap, ItemPointer tid);

/*
 * rel_release() closes tables and scans that are kept open for the next call of
 * the transaction; rel_forget() forgets them after its end.  For xact.c, and
 * for code that needs a table to itself.
 */
extern void rel_release(void);
extern void rel_forget(void);

#endif							/* DITTOFS_REL_H */
