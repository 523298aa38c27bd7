/*-------------------------------------------------------------------------
 *
 * rel.h
 *	  Direct access to the extension's own tables.
 *
 * A look-up through SPI costs three times one through the index (13 against
 * 4 microseconds), and SQL inside a function needs a fixed search_path and a
 * definer's rights, which cost again.  So the modules reach their tables as
 * the backend reaches its catalogs.  What SQL would have checked (NOT NULL,
 * read-only transactions) is the caller's duty; unique indexes are enforced.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_REL_H
#define DITTOFS_REL_H

#include "pgcompat.h"

#include "access/htup.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

typedef enum RelName
{
	REL_FILES,
	REL_DIRENTS,
	REL_BLOCKS,
	REL_BLOCKS_MEMORY,
	REL_MEMORY_LIFE,
	REL_EXTENTS,
	REL_STORED_BLOCKS,
	REL_CONTENT_STORES,
	REL_STAGED_FILES,
	REL_SPACE_USAGE,
	REL_REAP_QUEUE,
	REL_SHARES,
	REL_FILESYSTEM_CAPABILITIES,
	REL_SERVER_CONFIG,
	REL_MOUNTS,
	REL_REPLIES_0,				/* generations, in this order */
	REL_REPLIES_1,
	REL_REPLIES_2,
	REL_REPLIES_TURN,
	REL_FILE_IDS,				/* a sequence */
	REL_SHARE_IDS,				/* a sequence */
	REL_COUNT
} RelName;

/* OIDs are looked up by name once, and again after DROP EXTENSION. */
extern Oid	rel_oid(RelName name);

/* OID of a composite type of schema dittofs, cached likewise. */
typedef enum ResultType
{
	TYPE_ATTRIBUTES,
	TYPE_WCC_BEFORE,
	TYPE_LOOKUP_RESULT,
	TYPE_FILE_RESULT,
	TYPE_CHANGE_RESULT,
	TYPE_ACCESS_RESULT,
	TYPE_CREATE_RESULT,
	TYPE_READLINK_RESULT,
	TYPE_LINK_RESULT,
	TYPE_MOVE_RESULT,
	TYPE_DIRECTORY_ROW,
	TYPE_READ_RESULT,
	TYPE_WRITE_RESULT,
	TYPE_COMMIT_RESULT,
	TYPE_PREPARE_READ_RESULT,
	TYPE_PREPARE_WRITE_RESULT,
	TYPE_MERGE_TASK,
	TYPE_CAPABILITIES_RESULT,
	TYPE_STATISTICS_RESULT,
	TYPE_MOUNT_RESULT,
	TYPE_COUNT
} ResultType;

extern Oid	rel_type_oid(ResultType name);
/* A composite Datum of that type. */
extern Datum rel_form_result(ResultType type, Datum *values, bool *nulls);

/* A scan of a table by its primary key's leading columns. */
typedef struct RelScan
{
	Relation	heap;
	Relation	index;
	struct IndexScanDescData *scan;
	TupleTableSlot *slot;
	struct KeptRel *kept;		/* NULL: all of it ends with the scan */
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
/* Has the row in rs->slot been written by this transaction? */
extern bool rel_row_is_ours(const RelScan *rs);
/* A number that no other version of the row has, nor a row that is put there. */
extern uint64 rel_row_version(const RelScan *rs);

/*
 * Without the index: the row that is_it knows by its key, in the version that
 * the snapshot sees, if that is at tid or a few updates after it.  True: as
 * after a first rel_scan_next, with rs->slot and its tts_tid, and rel_scan_end
 * has to follow.  False says nothing, and nothing is open.
 */
typedef bool (*RelIsIt) (TupleTableSlot *slot, const void *key);

extern bool rel_fetch(RelScan *rs, RelName name, LOCKMODE lockmode,
					  Snapshot snapshot, const ItemPointerData *tid,
					  RelIsIt is_it, const void *key);

/* The same, if one of the HOT chain that begins at tid is that version. */
extern bool rel_fetch_chain(RelScan *rs, RelName name, LOCKMODE lockmode,
							Snapshot snapshot, const ItemPointerData *tid,
							RelIsIt is_it, const void *key);

/* Insert, update, delete as the catalogs do; indexes are kept up to date. */
extern void rel_insert(Relation heap, Datum *values, bool *nulls);
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
extern void rel_insert_into(RelRoom *room, Relation heap, Datum *values,
							bool *nulls);
/* As rel_insert.  Frees the tuples.  tids, if not NULL: where the rows are. */
extern void rel_insert_many(Relation heap, HeapTuple *tuples, int count,
							ItemPointerData *tids);
/*
 * tid: the version to replace; becomes that of the new one.  Indexed columns
 * must have the values they had.
 */
extern void rel_update(Relation heap, ItemPointer tid, Datum *values, bool *nulls);
/*
 * The same for a row that fills a page, which the new version has to leave.
 * Pages that were left so are used again as soon as nobody can see what is in
 * them: the table would otherwise grow by a page each time, until a vacuum.
 */
extern void rel_update_full(Relation heap, ItemPointer tid, Datum *values,
							bool *nulls);
extern void rel_delete(Relation heap, ItemPointer tid);

/*
 * Closes what is kept open for the next call of the transaction; rel_forget
 * after its end.  For xact.c, and for whoever needs a table to himself.
 */
extern void rel_release(void);
extern void rel_forget(void);

#endif							/* DITTOFS_REL_H */
