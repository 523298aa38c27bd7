/* SPDX-License-Identifier: PostgreSQL */
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
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/xlog.h"
#if PG_VERSION_NUM >= 150000
#include "access/xlogrecovery.h"
#endif
#include "catalog/pg_class.h"
#include "catalog/pg_publication.h"
#include "replication/message.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#if PG_VERSION_NUM < 140000 || PG_VERSION_NUM >= 190000
#error "dittofs builds on PostgreSQL 14 to 18"
#endif

/* 18 has it in front of the declaration, and the macro behind it no more */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 18 wants to know where to count index searches */
#if PG_VERSION_NUM >= 180000
#define compat_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define compat_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* Which indexes want an entry for the new version of a row */
typedef enum CompatUpdated
{
	COMPAT_UPDATED_NONE,
	COMPAT_UPDATED_SUMMARIES,	/* 16: of a heap-only tuple, in BRIN etc. */
	COMPAT_UPDATED_ALL
} CompatUpdated;

static inline CompatUpdated
compat_heap_update(Relation heap, ItemPointer tid, HeapTuple tuple)
{
#if PG_VERSION_NUM >= 160000
	TU_UpdateIndexes indexes;

	simple_heap_update(heap, tid, tuple, &indexes);
	if (indexes == TU_None)
		return COMPAT_UPDATED_NONE;
	return indexes == TU_Summarizing ? COMPAT_UPDATED_SUMMARIES :
		COMPAT_UPDATED_ALL;
#else
	simple_heap_update(heap, tid, tuple);
	return HeapTupleIsHeapOnly(tuple) ? COMPAT_UPDATED_NONE :
										COMPAT_UPDATED_ALL;
#endif
}

#if PG_VERSION_NUM >= 160000
#define compat_summarizing(info) ((info)->ii_Summarizing)
#else
#define compat_summarizing(info) false
#endif

/* Does this transaction hold the lock in this mode, or a stronger one? */
static inline bool
compat_lock_held(const LOCKTAG *tag, LOCKMODE mode)
{
#if PG_VERSION_NUM >= 170000
	return LockHeldByMe(tag, mode, true);
#else
	bool		held = false;

	for (; !held && mode <= MaxLockMode; mode++)
		held = LockHeldByMe(tag, mode);
	return held;
#endif
}

/* As many pages as the backend itself adds at a time in 16. */
#define COMPAT_EXTEND_MAX 64

/*
 * Adds up to max empty pages to a table, one behind the other; returns how
 * many, and which is the first.  16 writes them together.
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

/*
 * Can publications pass on updates and deletions of the table, if they are to?
 * CheckCmdReplicaIdentity() says why not, as an error.
 */
#if PG_VERSION_NUM >= 150000
static inline bool
compat_can_be_followed(Relation heap)
{
	PublicationDesc desc;

	RelationBuildPublicationDesc(heap, &desc);
	if (!desc.rf_valid_for_update || !desc.rf_valid_for_delete ||
		!desc.cols_valid_for_update || !desc.cols_valid_for_delete)
		return false;
#if PG_VERSION_NUM >= 180000
	if (!desc.gencols_valid_for_update || !desc.gencols_valid_for_delete)
		return false;
#endif
	return !(desc.pubactions.pubupdate || desc.pubactions.pubdelete) ||
		heap->rd_rel->relreplident == REPLICA_IDENTITY_FULL ||
		OidIsValid(RelationGetReplicaIndex(heap));
}
#else
static inline bool
compat_can_be_followed(Relation heap)
{
	const PublicationActions *actions = GetRelationPublicationActions(heap);

	return !(actions->pubupdate || actions->pubdelete) ||
		heap->rd_rel->relreplident == REPLICA_IDENTITY_FULL ||
		OidIsValid(RelationGetReplicaIndex(heap));
}
#endif

/* 17 lets the writer of a logical message flush it */
#if PG_VERSION_NUM >= 170000
#define compat_log_message(prefix) LogLogicalMessage(prefix, "", 0, true, false)
#else
#define compat_log_message(prefix) LogLogicalMessage(prefix, "", 0, true)
#endif

/* A sort whose result is read once, forwards: 15 has flags for the rest */
#if PG_VERSION_NUM >= 150000
#define compat_tuplesort_begin_heap(desc, n, columns, orders, collations, \
									nulls, mem) \
	tuplesort_begin_heap(desc, n, columns, orders, collations, nulls, mem, \
						 NULL, TUPLESORT_NONE)
#else
#define compat_tuplesort_begin_heap(desc, n, columns, orders, collations, \
									nulls, mem) \
	tuplesort_begin_heap(desc, n, columns, orders, collations, nulls, mem, \
						 NULL, false)
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
