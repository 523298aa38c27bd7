/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * memory.c
 *	  In-memory content: the current epoch of its UNLOGGED table.
 *
 * A crash empties dittofs.blocks_memory, as it does every UNLOGGED table, but
 * not dittofs.files.  Reading zeros instead of the lost data would be a lie,
 * and an emptied table looks like one whose rows were never written.  So there
 * is a second UNLOGGED table, of one row: a random number, the epoch, which is
 * lost together with the content.  An inode whose content is in blocks_memory
 * has the epoch in which it was written.  If that is not the current one, its
 * content is lost.
 *
 * A session's epoch cannot change while the session lives, because a crash ends
 * all sessions; so it is remembered.  TRUNCATE and DROP send an invalidation.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/table.h"
#include "access/xlog.h"
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"

#include "tables/memory.h"
#include "tables/rel.h"

static int64 remembered = 0;
static Oid	remembered_oid = InvalidOid;
static bool callback_registered = false;

static void
life_invalidate(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == remembered_oid)
		remembered = 0;
}

/* The number that the snapshot sees; 0 if there is none. */
static int64
read_life(Snapshot snapshot, bool *mine)
{
	RelScan		rs;
	int64		life = 0;

	PushActiveSnapshot(snapshot);
	rel_scan_begin(&rs, REL_MEMORY_LIFE, AccessShareLock, GetActiveSnapshot(),
				   NULL, 0);
	if (rel_scan_next(&rs))
	{
		life = DatumGetInt64(rs.slot->tts_values[0]);
		*mine = rel_row_is_ours(&rs);
	}
	rel_scan_end(&rs);
	PopActiveSnapshot();
	return life;
}

static int64
known_life(void)
{
	bool		mine = false;
	int64		life;

	if (remembered != 0)
		return remembered;
	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(life_invalidate, (Datum) 0);
		callback_registered = true;
	}
	remembered_oid = rel_oid(REL_MEMORY_LIFE);
	life = read_life(GetLatestSnapshot(), &mine);
	/* what this transaction has inserted may yet be rolled back */
	if (!mine)
		remembered = life;
	return life;
}

int64
memory_life(void)
{
	int64		life = known_life();

	if (life == 0)
	{
		LockRelationOid(rel_oid(REL_MEMORY_LIFE), ShareUpdateExclusiveLock);
		life = known_life();
	}
	if (life == 0)
	{
		Relation	heap = rel_open(REL_MEMORY_LIFE, RowExclusiveLock);
		Datum		value;
		bool		null = false;

		if (!pg_strong_random(&life, sizeof(life)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate random values")));
		life = (life & PG_INT64_MAX) | 1;
		value = Int64GetDatum(life);
		rel_insert(heap, 1, &value, &null);
		table_close(heap, NoLock);
	}
	return life;
}

bool
memory_lost(int64 life)
{
	/* an UNLOGGED table is not on a standby */
	return RecoveryInProgress() || life != known_life();
}
