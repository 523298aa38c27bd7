/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * rel.h
 *	  Direct access to the extension's own tables.
 *
 * A look-up through SPI costs three times one through the index (13 against
 * 4 microseconds), and SQL inside a function needs a fixed search_path and a
 * definer's rights, which cost again.  So the modules reach their tables as
 * the backend reaches its catalogs.  That a transaction may write at all, and
 * that our own columns have values, is the caller's duty; unique indexes, and
 * what others have added to a table, are looked after (shape.h).
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
 * Opens a table that is as we know it, or is an error.  The lock is kept to the
 * end of the transaction.
 */
extern Relation rel_open(RelName name, LOCKMODE lockmode);

/*
 * While a default, a constraint or an index that others have made is evaluated,
 * nothing here can be called: rel_refuse_recursion() is an error then.
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
 * Where the index covers what is to be known of a row (rel.c has which do): the
 * next entry's column (from 1), and then, if need be, its row.  That returns
 * false if the row is not there for the snapshot.
 */
extern bool rel_scan_next_entry(RelScan *rs, int column, Datum *value);
extern bool rel_scan_fetch(RelScan *rs);
/*
 * Locks the row in rs->slot, in its newest version where the isolation level
 * lets us, which is then in the slot.
 */
extern TM_Result rel_lock(RelScan *rs, LockTupleMode mode,
						  LockWaitPolicy policy);
/* Who wrote the version in rs->slot. */
extern TransactionId rel_row_xmin(const RelScan *rs);
/* Has the row in rs->slot been written by this transaction? */
extern bool rel_row_is_ours(const RelScan *rs);
/*
 * A number that no other version of the row has, nor a row that is put there.
 */
extern uint64 rel_row_version(const RelScan *rs);

/*
 * Without the index: the row that is_it knows by its key, in the version that
 * the snapshot sees, if that is at tid or a few updates after it.  True: as
 * after a first rel_scan_next, with rs->slot and its tts_tid, and rel_scan_end
 * has to follow.  False says nothing, and nothing is open; so it is if tid is
 * invalid.
 */
typedef bool (*RelIsIt) (TupleTableSlot *slot, const void *key);

extern bool rel_fetch(RelScan *rs, RelName name, LOCKMODE lockmode,
					  Snapshot snapshot, const ItemPointerData *tid,
					  RelIsIt is_it, const void *key);

/*
 * The same, however many updates after it.  For rows that others update and
 * that are looked at now and then: each of their versions is visited once.
 */
extern bool rel_fetch_far(RelScan *rs, RelName name, LOCKMODE lockmode,
						  Snapshot snapshot, const ItemPointerData *tid,
						  RelIsIt is_it, const void *key);

/* The same, if one of the HOT chain that begins at tid is that version. */
extern bool rel_fetch_chain(RelScan *rs, RelName name, LOCKMODE lockmode,
							Snapshot snapshot, const ItemPointerData *tid,
							RelIsIt is_it, const void *key);

/*
 * Locks the row in the scan's slot, if nobody has it and it is its newest
 * version. Never waits.  For work that several may do: whoever has the row is
 * at it.
 */
extern bool rel_try_lock(RelScan *rs);

/*
 * Insert, update, delete as the executor does: other people's columns get their
 * defaults, or keep what they have; indexes are kept up to date; CHECK and NOT
 * NULL are looked at.  values: of the n columns that tables.c names.
 */
extern void rel_insert(Relation heap, int n, const Datum *values,
					   const bool *nulls);
/*
 * The same, and where it is.  is_new: a lock of ours, and what we know under
 * it, keep the key of the index that we scan from being there already.
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
 * What an error leaves unused is found by vacuum, as the rows it leaves.
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
 * Pages that were left so are used again as soon as nobody can see what is in
 * them: the table would otherwise grow by a page each time, until a vacuum.
 */
extern void rel_update_full(Relation heap, ItemPointer tid, int n,
							const Datum *values, const bool *nulls);
extern void rel_delete(Relation heap, ItemPointer tid);

/*
 * Closes what is kept open for the next call of the transaction; rel_forget
 * after its end.  For xact.c, and for whoever needs a table to himself.
 */
extern void rel_release(void);
extern void rel_forget(void);

#endif							/* DITTOFS_REL_H */
