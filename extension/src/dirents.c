/*-------------------------------------------------------------------------
 *
 * dirents.c
 *	  Directory entries: the one module that touches dittofs.parent_child_map.
 *
 * The cookie of an entry is a 55-bit hash of its name, seeded by the share,
 * followed by 8 bits that tell names with the same hash apart.  So one index,
 * (parent, cookie), finds a name in one probe, pages through a directory of
 * any size at constant cost, and gives every entry a cookie that no other
 * entry's coming or going can change.  The smallest cookie is 256: 0 is the
 * start of a directory, 1 and 2 are '.' and '..'.
 *
 * The seed is secret and differs between shares: nobody can prepare 257 names
 * that collide.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/stratnum.h"
#include "access/table.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "dirents.h"
#include "rel.h"

enum
{
	COL_PARENT_ID,
	COL_COOKIE,
	COL_CHILD_ID,
	COL_FILEID,
	COL_NAME,
	NCOLS
};

#define SLOT_BITS	8
#define SLOTS		(1 << SLOT_BITS)

static int64
cookie_base(const Share *share, const char *name, int namelen)
{
	uint64		hash = XXH3_64bits_withSeed(name, namelen, share->cookie_seed);
	int64		base = (int64) ((hash >> (SLOT_BITS + 1)) << SLOT_BITS);

	return base == 0 ? SLOTS : base;
}

static void
scan_cookies(RelScan *rs, const pg_uuid_t *dir, LOCKMODE lockmode,
			 int64 first, int64 last)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(dir));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(first));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(last));
	rel_scan_begin(rs, REL_DIRENTS, lockmode, GetActiveSnapshot(), keys, 3);
}

static void
dirent_from_slot(TupleTableSlot *slot, Dirent *dirent)
{
	Datum	   *v = slot->tts_values;
	bytea	   *name = DatumGetByteaPP(v[COL_NAME]);

	dirent->cookie = DatumGetInt64(v[COL_COOKIE]);
	dirent->child_id = *DatumGetUUIDP(v[COL_CHILD_ID]);
	dirent->fileid = DatumGetInt64(v[COL_FILEID]);
	dirent->tid = slot->tts_tid;
	dirent->namelen = Min(VARSIZE_ANY_EXHDR(name), FS_NAME_MAX);
	memcpy(dirent->name, VARDATA_ANY(name), dirent->namelen);
}

bool
dirent_find(const Share *share, const pg_uuid_t *dir,
			const char *name, int namelen, Dirent *dirent)
{
	int64		base = cookie_base(share, name, namelen);
	int64		free_cookie = base;
	bool		found = false;
	RelScan		rs;

	scan_cookies(&rs, dir, AccessShareLock, base, base + SLOTS - 1);
	while (!found && rel_scan_next(&rs))
	{
		bytea	   *have = DatumGetByteaPP(rs.slot->tts_values[COL_NAME]);

		if (VARSIZE_ANY_EXHDR(have) == namelen &&
			memcmp(VARDATA_ANY(have), name, namelen) == 0)
		{
			dirent_from_slot(rs.slot, dirent);
			found = true;
		}
		/* cookies come in ascending order: the first gap is free */
		else if (DatumGetInt64(rs.slot->tts_values[COL_COOKIE]) == free_cookie)
			free_cookie++;
	}
	rel_scan_end(&rs);
	if (!found)
		dirent->cookie = free_cookie < base + SLOTS ? free_cookie : 0;
	return found;
}

static void
dirent_to_values(const pg_uuid_t *dir, const Dirent *dirent, Datum *values)
{
	bytea	   *name = (bytea *) palloc(VARHDRSZ + dirent->namelen);

	SET_VARSIZE(name, VARHDRSZ + dirent->namelen);
	memcpy(VARDATA(name), dirent->name, dirent->namelen);
	values[COL_PARENT_ID] = UUIDPGetDatum(dir);
	values[COL_COOKIE] = Int64GetDatum(dirent->cookie);
	values[COL_CHILD_ID] = UUIDPGetDatum(&dirent->child_id);
	values[COL_FILEID] = Int64GetDatum(dirent->fileid);
	values[COL_NAME] = PointerGetDatum(name);
}

void
dirent_insert(const pg_uuid_t *dir, const Dirent *dirent)
{
	Relation	heap = table_open(rel_oid(REL_DIRENTS), RowExclusiveLock);
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	Assert(dirent->cookie >= SLOTS);
	dirent_to_values(dir, dirent, values);
	rel_insert(heap, values, nulls);
	table_close(heap, NoLock);
}

void
dirent_replace(const pg_uuid_t *dir, const Dirent *dirent,
			   const pg_uuid_t *child, int64 fileid)
{
	Relation	heap = table_open(rel_oid(REL_DIRENTS), RowExclusiveLock);
	Dirent		other = *dirent;
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	other.child_id = *child;
	other.fileid = fileid;
	dirent_to_values(dir, &other, values);
	rel_update(heap, &other.tid, values, nulls);
	table_close(heap, NoLock);
}

void
dirent_delete(const Dirent *dirent)
{
	Relation	heap = table_open(rel_oid(REL_DIRENTS), RowExclusiveLock);
	ItemPointerData tid = dirent->tid;

	rel_delete(heap, &tid);
	table_close(heap, NoLock);
}

bool
dirent_any(const pg_uuid_t *dir)
{
	RelScan		rs;
	bool		any;

	scan_cookies(&rs, dir, AccessShareLock, 0, PG_INT64_MAX);
	any = rel_scan_next(&rs);
	rel_scan_end(&rs);
	return any;
}

void
dirent_foreach(const pg_uuid_t *dir, int64 after,
			   bool (*callback) (const Dirent *, void *), void *arg)
{
	RelScan		rs;
	Dirent		dirent;

	if (after == PG_INT64_MAX)
		return;
	scan_cookies(&rs, dir, AccessShareLock, after + 1, PG_INT64_MAX);
	while (rel_scan_next(&rs))
	{
		CHECK_FOR_INTERRUPTS();
		dirent_from_slot(rs.slot, &dirent);
		if (!callback(&dirent, arg))
			break;
	}
	rel_scan_end(&rs);
}
