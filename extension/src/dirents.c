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
 * An entry says where the inode of its child was put when it was created.  An
 * inode stays there (its later versions are in the same HOT chain) unless its
 * page is full when it is changed, or the table is rewritten; so LOOKUP and
 * READDIRPLUS hardly ever need the index of files.  It is a guess that inodes.c
 * checks.  To know the place, entries are written after the inodes, before the
 * commit; until then they are in memory, where dirent_find() finds them.  Who
 * wants to see more than a name has them written first.
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
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "dirents.h"
#include "rel.h"
#include "xact.h"

enum
{
	COL_PARENT_ID,
	COL_COOKIE,
	COL_CHILD_ID,
	COL_FILEID,
	COL_NAME,
	COL_PLACE,
	NCOLS
};

/* Entries of this transaction that have no rows yet, by directory and hash. */
typedef struct PendingKey
{
	pg_uuid_t	dir;
	int64		base;
} PendingKey;

typedef struct PendingEntry
{
	PendingKey	key;
	Dirent		dirent;
	bool		live;
} PendingEntry;

/* NULL when there are none; both live in a child of TopTransactionContext. */
static MemoryContext pending_context = NULL;
static HTAB *pending = NULL;

#define SLOT_BITS	8
#define SLOTS		(1 << SLOT_BITS)

static int64
cookie_base(const Share *share, const char *name, int namelen)
{
	uint64		hash = XXH3_64bits_withSeed(name, namelen, share->cookie_seed);
	int64		base = (int64) ((hash >> (SLOT_BITS + 1)) << SLOT_BITS);

	return base == 0 ? SLOTS : base;
}

static int64
base_of(int64 cookie)
{
	return cookie & ~(int64) (SLOTS - 1);
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
	dirent->has_place = !slot->tts_isnull[COL_PLACE];
	if (dirent->has_place)
		dirent->place = *(ItemPointer) DatumGetPointer(v[COL_PLACE]);
	dirent->namelen = Min(VARSIZE_ANY_EXHDR(name), FS_NAME_MAX);
	memcpy(dirent->name, VARDATA_ANY(name), dirent->namelen);
}

static PendingEntry *
find_pending(const pg_uuid_t *dir, int64 base)
{
	PendingKey	key = {*dir, base};
	PendingEntry *own;

	if (pending == NULL)
		return NULL;
	own = (PendingEntry *) hash_search(pending, &key, HASH_FIND, NULL);
	return own != NULL && own->live ? own : NULL;
}

/*
 * Writes what waits, and lets the active snapshot see it; the caller pops that
 * snapshot.
 */
static void
see_pending(void)
{
	change_write_now();
	PushActiveSnapshot(GetTransactionSnapshot());
}

bool
dirent_find(const Share *share, const pg_uuid_t *dir,
			const char *name, int namelen, Dirent *dirent)
{
	int64		base = cookie_base(share, name, namelen);
	int64		free_cookie = base;
	bool		found = false;
	RelScan		rs;
	PendingEntry *own = find_pending(dir, base);

	if (own != NULL && own->dirent.namelen == namelen &&
		memcmp(own->dirent.name, name, namelen) == 0)
	{
		*dirent = own->dirent;
		return true;
	}
	/* another name with that hash: which cookie is free, the table knows */
	if (own != NULL)
		see_pending();
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
	if (own != NULL)
		PopActiveSnapshot();
	if (!found)
	{
		dirent->cookie = free_cookie < base + SLOTS ? free_cookie : 0;
		dirent->has_place = false;
	}
	return found;
}

static void
dirent_to_values(const pg_uuid_t *dir, const Dirent *dirent, Datum *values,
				 bool *nulls)
{
	bytea	   *name = (bytea *) palloc(VARHDRSZ + dirent->namelen);

	SET_VARSIZE(name, VARHDRSZ + dirent->namelen);
	memcpy(VARDATA(name), dirent->name, dirent->namelen);
	values[COL_PARENT_ID] = UUIDPGetDatum(dir);
	values[COL_COOKIE] = Int64GetDatum(dirent->cookie);
	values[COL_CHILD_ID] = UUIDPGetDatum(&dirent->child_id);
	values[COL_FILEID] = Int64GetDatum(dirent->fileid);
	values[COL_PLACE] = PointerGetDatum(&dirent->place);
	nulls[COL_PLACE] = !dirent->has_place;
	values[COL_NAME] = PointerGetDatum(name);
}

void
dirent_insert(const pg_uuid_t *dir, const Dirent *dirent)
{
	PendingKey	key = {*dir, base_of(dirent->cookie)};
	PendingEntry *own;
	bool		found;

	Assert(dirent->cookie >= SLOTS);
	if (pending == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(PendingKey);
		ctl.entrysize = sizeof(PendingEntry);
		pending_context = AllocSetContextCreate(TopTransactionContext,
												"dittofs new entries",
												ALLOCSET_SMALL_SIZES);
		ctl.hcxt = pending_context;
		pending = hash_create("dittofs new entries", 64, &ctl,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	own = (PendingEntry *) hash_search(pending, &key, HASH_ENTER, &found);
	/* dirent_find() wrote it when it met another name with this hash */
	Assert(!found || !own->live);
	own->dirent = *dirent;
	ItemPointerSetInvalid(&own->dirent.tid);
	own->live = true;
}

/*
 * The row of an entry that was found: it may have got one since.  NULL: it has
 * none yet.
 */
static PendingEntry *
row_of(const pg_uuid_t *dir, const Dirent *dirent, ItemPointer tid)
{
	PendingEntry *own;
	RelScan		rs;

	*tid = dirent->tid;
	if (ItemPointerIsValid(tid))
		return NULL;
	own = find_pending(dir, base_of(dirent->cookie));
	if (own != NULL && own->dirent.cookie == dirent->cookie)
		return own;
	PushActiveSnapshot(GetTransactionSnapshot());
	scan_cookies(&rs, dir, RowExclusiveLock, dirent->cookie, dirent->cookie);
	if (!rel_scan_next(&rs))
		elog(ERROR, "dittofs: entry " INT64_FORMAT " of a locked directory vanished",
			 dirent->cookie);
	*tid = rs.slot->tts_tid;
	rel_scan_end(&rs);
	PopActiveSnapshot();
	return NULL;
}

void
dirent_replace(const pg_uuid_t *dir, const Dirent *dirent, const Dirent *by)
{
	Dirent		other = *dirent;
	PendingEntry *own = row_of(dir, dirent, &other.tid);
	Relation	heap;
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	other.child_id = by->child_id;
	other.fileid = by->fileid;
	other.has_place = by->has_place;
	other.place = by->place;
	if (own != NULL)
	{
		own->dirent = other;
		return;
	}
	heap = table_open(rel_oid(REL_DIRENTS), RowExclusiveLock);
	dirent_to_values(dir, &other, values, nulls);
	rel_update(heap, &other.tid, values, nulls);
	table_close(heap, NoLock);
}

void
dirent_delete(const pg_uuid_t *dir, const Dirent *dirent)
{
	Relation	heap;
	ItemPointerData tid;
	PendingEntry *own = row_of(dir, dirent, &tid);

	if (own != NULL)
	{
		own->live = false;
		return;
	}
	heap = table_open(rel_oid(REL_DIRENTS), RowExclusiveLock);
	rel_delete(heap, &tid);
	table_close(heap, NoLock);
}

/* In the order of the index. */
static int
compare_pending(const void *a, const void *b)
{
	const PendingEntry *left = *(PendingEntry *const *) a;
	const PendingEntry *right = *(PendingEntry *const *) b;
	int			order = memcmp(&left->key.dir, &right->key.dir, UUID_LEN);

	return order != 0 ? order :
		(left->key.base > right->key.base) - (left->key.base < right->key.base);
}

void
dirent_flush(void)
{
	HASH_SEQ_STATUS status;
	PendingEntry *own;
	PendingEntry **live;
	HeapTuple  *tuples;
	Relation	heap;
	int			n = 0;

	if (pending == NULL)
		return;
	live = (PendingEntry **)
		palloc(hash_get_num_entries(pending) * sizeof(PendingEntry *));
	tuples = (HeapTuple *)
		palloc(hash_get_num_entries(pending) * sizeof(HeapTuple));
	hash_seq_init(&status, pending);
	while ((own = (PendingEntry *) hash_seq_search(&status)) != NULL)
		if (own->live)
			live[n++] = own;
	qsort(live, n, sizeof(PendingEntry *), compare_pending);

	heap = table_open(rel_oid(REL_DIRENTS), RowExclusiveLock);
	for (int i = 0; i < n; i++)
	{
		Dirent	   *dirent = &live[i]->dirent;
		Datum		values[NCOLS];
		bool		nulls[NCOLS] = {false};

		if (!dirent->has_place)
			dirent->has_place = inode_place(&dirent->child_id, &dirent->place);
		dirent_to_values(&live[i]->key.dir, dirent, values, nulls);
		tuples[i] = heap_form_tuple(RelationGetDescr(heap), values, nulls);
	}
	if (n > 0)
		rel_insert_many(heap, tuples, n, NULL);
	table_close(heap, NoLock);
	pfree(live);
	pfree(tuples);
	dirent_forget();
}

void
dirent_forget(void)
{
	if (pending_context != NULL)
		MemoryContextDelete(pending_context);
	pending_context = NULL;
	pending = NULL;
}

bool
dirent_inode(const Dirent *dirent, Inode *inode)
{
	return inode_get_at(&dirent->child_id,
						dirent->has_place ? &dirent->place : NULL, inode);
}

bool
dirent_any(const pg_uuid_t *dir)
{
	RelScan		rs;
	bool		any;
	bool		waiting = pending != NULL;

	if (waiting)
		see_pending();
	scan_cookies(&rs, dir, AccessShareLock, 0, PG_INT64_MAX);
	any = rel_scan_next(&rs);
	rel_scan_end(&rs);
	if (waiting)
		PopActiveSnapshot();
	return any;
}

void
dirent_foreach(const pg_uuid_t *dir, int64 after,
			   bool (*callback) (const Dirent *, void *), void *arg)
{
	RelScan		rs;
	Dirent		dirent;
	bool		waiting = pending != NULL;

	if (after == PG_INT64_MAX)
		return;
	if (waiting)
		see_pending();
	scan_cookies(&rs, dir, AccessShareLock, after + 1, PG_INT64_MAX);
	while (rel_scan_next(&rs))
	{
		CHECK_FOR_INTERRUPTS();
		dirent_from_slot(rs.slot, &dirent);
		if (!callback(&dirent, arg))
			break;
	}
	rel_scan_end(&rs);
	if (waiting)
		PopActiveSnapshot();
}
