/*-------------------------------------------------------------------------
 *
 * pgcompat.h
 *	  What differs between the server versions we build on (14 to 18).
 *
 * Every version check of the extension is here, so that a new major version
 * is one file's work.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_PGCOMPAT_H
#define DITTOFS_PGCOMPAT_H

#include "postgres.h"

#include "access/genam.h"
#include "access/xlog.h"
#if PG_VERSION_NUM >= 150000
#include "access/xlogrecovery.h"
#endif
#include "replication/message.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/rel.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 140000 || PG_VERSION_NUM >= 190000
#error "dittofs builds on PostgreSQL 14 to 18"
#endif

/* 18 wants to know where to count index searches */
#if PG_VERSION_NUM >= 180000
#define compat_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define compat_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* 16 can tell which indexes an update needs; HeapTupleIsHeapOnly tells enough */
#if PG_VERSION_NUM >= 160000
#define compat_heap_update(heap, tid, tuple) \
	do { \
		TU_UpdateIndexes ignored; \
		simple_heap_update(heap, tid, tuple, &ignored); \
	} while (0)
#else
#define compat_heap_update(heap, tid, tuple) simple_heap_update(heap, tid, tuple)
#endif

/* As many pages as the backend itself adds at a time in 16. */
#define COMPAT_EXTEND_MAX 64

/*
 * Adds up to max empty pages to a table, one behind the other; returns how many,
 * and which is the first.  16 writes them together.
 */
static inline int
compat_extend(Relation heap, int max, BlockNumber *first)
{
#if PG_VERSION_NUM >= 160000
	Buffer		buffers[COMPAT_EXTEND_MAX];
	uint32		count = 0;

	*first = ExtendBufferedRelBy(BMR_REL(heap), MAIN_FORKNUM, NULL, 0,
								 Min(max, COMPAT_EXTEND_MAX), buffers, &count);
	for (uint32 i = 0; i < count; i++)
		ReleaseBuffer(buffers[i]);
	return (int) count;
#else
	int			count = Min(max, COMPAT_EXTEND_MAX);

	LockRelationForExtension(heap, ExclusiveLock);
	for (int i = 0; i < count; i++)
	{
		Buffer		buffer = ReadBuffer(heap, P_NEW);

		if (i == 0)
			*first = BufferGetBlockNumber(buffer);
		ReleaseBuffer(buffer);
	}
	UnlockRelationForExtension(heap, ExclusiveLock);
	return count;
#endif
}

/* 17 lets the writer of a logical message flush it */
#if PG_VERSION_NUM >= 170000
#define compat_log_message(prefix) LogLogicalMessage(prefix, "", 0, true, false)
#else
#define compat_log_message(prefix) LogLogicalMessage(prefix, "", 0, true)
#endif

/* A small number that no other running backend has: 17 renamed it */
#if PG_VERSION_NUM >= 170000
#define compat_proc_number() ((int) MyProcNumber)
#else
#define compat_proc_number() ((int) MyProc->pgprocno)
#endif

/* The timeline that is being written; not to be asked during recovery */
#if PG_VERSION_NUM >= 150000
#define compat_timeline() GetWALInsertionTimeLine()
#else
#define compat_timeline() (ThisTimeLineID)
#endif

/* 15 can refuse unknown settings of our prefix for good */
#if PG_VERSION_NUM >= 150000
#define compat_reserve_guc_prefix(prefix) MarkGUCPrefixReserved(prefix)
#else
#define compat_reserve_guc_prefix(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

#endif							/* DITTOFS_PGCOMPAT_H */
