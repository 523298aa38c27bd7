/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * dirents.c
 *	  Directory entries: the one module that touches dittofs.parent_child_map.
 *
 * The cookie of an entry is a 55-bit hash of its name, seeded by the share,
 * followed by 8 bits that tell names with the same hash apart.  So one index,
 * (parent, cookie), finds a name in one probe, and pages through a directory of
 * any size at constant cost, and no other entry's coming or going changes a
 * cookie.  The smallest cookie is 256: 0 is the start of a directory, 1 and 2
 * are '.' and '..'.
 *
 * The hash has a key that differs between shares and that cookies do not reveal
 * (SipHash-2-4, libsodium's), so that a client cannot prepare names that
 * collide.  A share without a key has a seed instead, which two cookies do
 * reveal; it keeps that, for cookies are for ever.  So a place, the 256 cookies
 * of a hash, may be full.  A name that finds its place full goes to the place
 * of a second hash, or a third.  The directory's inode records how far its
 * names ever had to go (overflow): a look-up that does not find a name looks
 * into so many further places, whatever was removed from those before.  Nearly
 * all directories have 0, and nothing more is searched.
 *
 * An entry records the place of its child's inode at its creation.  An inode
 * stays there (its later versions are in the same HOT chain) unless its page is
 * full when it is changed, or the table is rewritten; so LOOKUP and READDIRPLUS
 * hardly ever need the index of files.  The place is a guess, which inodes.c
 * checks.  Because entries need the place, they are written after the inodes,
 * before the commit; until then they are in memory, where dirent_find() finds
 * them.  Code that needs more than a name has them written first.
 *
 * A name that comes and goes while an old snapshot is open leaves an entry of
 * the index each time; one that is replaced again and again may, too.  So
 * places where a scan has passed many entries are noted (churn.h), and not
 * scanned again.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <sodium/crypto_shorthash_siphash24.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "access/stratnum.h"
#include "access/table.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/change.h"
#include "tables/churn.h"
#include "tables/dirents.h"
#include "tables/rel.h"

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

/* The further places of a name are by other hashes. */
#define ROUNDS_MAX	4096

StaticAssertDecl(COOKIE_KEY_LEN == crypto_shorthash_siphash24_KEYBYTES,
				 "a share's key is one of SipHash");

static uint64
keyed_hash(const Share *share, const char *name, int namelen, int round)
{
	unsigned char key[COOKIE_KEY_LEN];
	uint64		hash;

	memcpy(key, share->cookie_key, sizeof(key));
	key[0] ^= round;
	key[1] ^= round >> 8;
	StaticAssertStmt(sizeof(hash) == crypto_shorthash_siphash24_BYTES,
					 "a hash of SipHash has 64 bits");
	crypto_shorthash_siphash24((unsigned char *) &hash,
							   (const unsigned char *) name, namelen, key);
#ifdef WORDS_BIGENDIAN
	hash = pg_bswap64(hash);
#endif
	return hash;
}

static int64
cookie_base(const Share *share, const char *name, int namelen, int round)
{
	uint64		hash;
	int64		base;

	if (share->keyed)
		hash = keyed_hash(share, name, namelen, round);
	else
		hash = XXH3_64bits_withSeed(name, namelen, share->cookie_seed + round);
	base = (int64) ((hash >> (SLOT_BITS + 1)) << SLOT_BITS);
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

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(dir));
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
 * Inside a savepoint it would be undone with that, and what was answered before
 * would be lost at the commit.  When the savepoint began it was too late, too:
 * what is written then belongs to it already.  change_attempt() has had all of
 * that written before its savepoint.
 */
void
dirent_write_now(void)
{
	if (change_state.deferred && !change_state.attempting &&
		GetCurrentTransactionNestLevel() > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("a directory cannot be listed inside a savepoint of a gateway's session that has changed directories"),
				 errhint("List it before the savepoint, or set dittofs.gateway to off before the first change.")));
	rel_refuse_recursion();
	CommandCounterIncrement();
	inode_flush();
	dirent_flush();
	CommandCounterIncrement();
}

/*
 * Writes what waits, and lets the active snapshot see it; the caller pops that
 * snapshot.
 */
static void
see_pending(void)
{
	dirent_write_now();
	PushActiveSnapshot(GetTransactionSnapshot());
}

/*
 * Places that are noted.  An era says that there is no other entry than the one
 * that is noted, if there is one.
 */

typedef struct EntryKey
{
	const pg_uuid_t *dir;
	int64		base;
	const char *name;
	int			namelen;
} EntryKey;

static bool
is_entry(TupleTableSlot *slot, const void *arg)
{
	const EntryKey *key = (const EntryKey *) arg;
	bytea	   *name = DatumGetByteaPP(slot->tts_values[COL_NAME]);

	return memcmp(DatumGetUUIDP(slot->tts_values[COL_PARENT_ID]), key->dir,
				  UUID_LEN) == 0 &&
		base_of(DatumGetInt64(slot->tts_values[COL_COOKIE])) == key->base &&
		VARSIZE_ANY_EXHDR(name) == key->namelen &&
		memcmp(VARDATA_ANY(name), key->name, key->namelen) == 0;
}

/* Has no other session changed the directory since? */
static bool
still_holds(const Churn *churn, const pg_uuid_t *dir)
{
	return churn->era != 0 && churn->era == inode_era(dir);
}

/* True: it is known what there is of the name. */
static bool
recall(const pg_uuid_t *dir, int64 base, const char *name, int namelen,
	   Dirent *dirent, bool *found)
{
	Churn	   *churn = churn_find(REL_DIRENTS, dir, base);
	EntryKey	key = {dir, base, name, namelen};
	RelScan		rs;

	if (likely(churn == NULL))
		return false;
	*found = ItemPointerIsValid(&churn->tid);
	if (*found)
	{
		if (!rel_fetch(&rs, REL_DIRENTS, AccessShareLock, GetActiveSnapshot(),
					   &churn->tid, is_entry, &key))
			return false;
		dirent_from_slot(rs.slot, dirent);
		churn->tid = dirent->tid;
		rel_scan_end(&rs);
		return true;
	}
	/* what is serializable has to have looked */
	if (IsolationIsSerializable() || !still_holds(churn, dir))
		return false;
	dirent->cookie = base;
	dirent->has_place = false;
	dirent->is_new = true;
	return true;
}

/* tid: of the entry there, or NULL; alone: the scan has seen no other. */
static void
note_place(const pg_uuid_t *dir, int64 base, const ItemPointerData *tid,
		   bool alone)
{
	uint64		era = 0;

	/* it may have missed what this transaction has done */
	if (alone && GetActiveSnapshot()->curcid >= GetCurrentCommandId(false))
		era = inode_era(dir);
	if (tid != NULL || era != 0)
		churn_note(REL_DIRENTS, dir, base, tid, era);
}

static void
note_insert(const pg_uuid_t *dir, int64 base, const ItemPointerData *tid)
{
	Churn	   *churn = churn_find(REL_DIRENTS, dir, base);

	if (likely(churn == NULL))
		return;
	if (!ItemPointerIsValid(&churn->tid) && still_holds(churn, dir))
		churn->tid = *tid;
	else
		churn_drop(churn);
}

static void
note_delete(const pg_uuid_t *dir, int64 base, const ItemPointerData *tid)
{
	Churn	   *churn = churn_find(REL_DIRENTS, dir, base);

	if (likely(churn == NULL))
		return;
	if (ItemPointerEquals(&churn->tid, unconstify(ItemPointerData *, tid)) &&
		still_holds(churn, dir))
		ItemPointerSetInvalid(&churn->tid);
	else
		churn_drop(churn);
}

/* Looks into one place; *dirent has the cookie that is free there, or 0. */
static bool
find_at(const pg_uuid_t *dir, int64 base, const char *name, int namelen,
		Dirent *dirent)
{
	int64		free_cookie = base;
	bool		found = false;
	bool		alone = true;
	RelScan		rs;
	PendingEntry *own = find_pending(dir, base);

	if (own != NULL && own->dirent.namelen == namelen &&
		memcmp(own->dirent.name, name, namelen) == 0)
	{
		*dirent = own->dirent;
		return true;
	}
	dirent->is_new = false;
	if (own == NULL && recall(dir, base, name, namelen, dirent, &found))
		return found;
	/* another name with that hash: which cookie is free, the table knows */
	found = false;
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
			continue;
		}
		alone = false;
		/* cookies come in ascending order: the first gap is free */
		if (DatumGetInt64(rs.slot->tts_values[COL_COOKIE]) == free_cookie)
			free_cookie++;
	}
	if (unlikely(rs.passed >= CHURN_MIN))
	{
		alone = alone && (!found || !rel_scan_next(&rs));
		note_place(dir, base, found ? &dirent->tid : NULL, alone);
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

/* What the first place does not have: into so many further ones. */
static bool
find_further(const Share *share, const pg_uuid_t *dir, int32 overflow,
			 const char *name, int namelen, Dirent *dirent)
{
	int64		free_cookie = dirent->cookie;
	bool		is_new = dirent->is_new;
	int			free_round = 0;

	for (int round = 1; round <= Min(overflow, ROUNDS_MAX) ||
		 (free_cookie == 0 && round <= ROUNDS_MAX); round++)
	{
		if (find_at(dir, cookie_base(share, name, namelen, round), name,
					namelen, dirent))
			return true;
		if (free_cookie == 0)
		{
			free_cookie = dirent->cookie;
			free_round = round;
		}
	}
	dirent->cookie = free_cookie;
	dirent->round = free_round;
	dirent->is_new = free_round == 0 && is_new;
	return false;
}

bool
dirent_find(const Share *share, const pg_uuid_t *dir,
			const char *name, int namelen, Dirent *dirent)
{
	dirent->round = 0;
	return find_at(dir, cookie_base(share, name, namelen, 0), name, namelen,
				   dirent) ||
		find_further(share, dir, inode_overflow(dir), name, namelen, dirent);
}

bool
dirent_find_in(const Share *share, const Inode *dir,
			   const char *name, int namelen, Dirent *dirent)
{
	dirent->round = 0;
	return find_at(&dir->id, cookie_base(share, name, namelen, 0), name,
				   namelen, dirent) ||
		(unlikely(dir->overflow > 0 || dirent->cookie == 0) &&
		 find_further(share, &dir->id, dir->overflow, name, namelen, dirent));
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
	if (dirent->round > 0)
		inode_raise_overflow(dir, dirent->round);
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

/* Of an entry that was found before it was written. */
static void
find_row(const pg_uuid_t *dir, const Dirent *dirent, ItemPointer tid)
{
	Churn	   *churn = churn_find(REL_DIRENTS, dir, base_of(dirent->cookie));
	EntryKey	key = {dir, base_of(dirent->cookie), dirent->name,
					dirent->namelen};
	RelScan		rs;

	PushActiveSnapshot(GetTransactionSnapshot());
	if (churn == NULL || !ItemPointerIsValid(&churn->tid) ||
		!rel_fetch(&rs, REL_DIRENTS, RowExclusiveLock, GetActiveSnapshot(),
				   &churn->tid, is_entry, &key))
	{
		scan_cookies(&rs, dir, RowExclusiveLock, dirent->cookie,
					 dirent->cookie);
		if (!rel_scan_next(&rs))
			elog(ERROR,
				 "dittofs: entry " INT64_FORMAT
				 " of a locked directory vanished",
				 dirent->cookie);
	}
	*tid = rs.slot->tts_tid;
	rel_scan_end(&rs);
	PopActiveSnapshot();
}

/*
 * The row of an entry that was found: it may have got one since.  NULL: it has
 * none yet.
 */
static PendingEntry *
row_of(const pg_uuid_t *dir, const Dirent *dirent, ItemPointer tid)
{
	PendingEntry *own;

	*tid = dirent->tid;
	if (ItemPointerIsValid(tid))
		return NULL;
	own = find_pending(dir, base_of(dirent->cookie));
	if (own != NULL && own->dirent.cookie == dirent->cookie)
		return own;
	find_row(dir, dirent, tid);
	return NULL;
}

void
dirent_replace(const pg_uuid_t *dir, const Dirent *dirent, const Dirent *by)
{
	Dirent		other = *dirent;
	PendingEntry *own = row_of(dir, dirent, &other.tid);
	Churn	   *churn;
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
	heap = rel_open(REL_DIRENTS, RowExclusiveLock);
	dirent_to_values(dir, &other, values, nulls);
	rel_update(heap, &other.tid, NCOLS, values, nulls);
	table_close(heap, NoLock);
	/* of another name that is noted there, a guess too bad to be followed */
	churn = churn_find(REL_DIRENTS, dir, base_of(dirent->cookie));
	if (unlikely(churn != NULL && ItemPointerIsValid(&churn->tid)))
		churn->tid = other.tid;
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
	heap = rel_open(REL_DIRENTS, RowExclusiveLock);
	rel_delete(heap, &tid);
	table_close(heap, NoLock);
	note_delete(dir, base_of(dirent->cookie), &tid);
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
	ItemPointerData *tids = NULL;
	bool	   *are_new;
	Relation	heap;
	int			n = 0;

	if (pending == NULL)
		return;
	live = (PendingEntry **)
		palloc(hash_get_num_entries(pending) * sizeof(PendingEntry *));
	tuples = (HeapTuple *)
		palloc(hash_get_num_entries(pending) * sizeof(HeapTuple));
	are_new = (bool *) palloc(hash_get_num_entries(pending) * sizeof(bool));
	hash_seq_init(&status, pending);
	while ((own = (PendingEntry *) hash_seq_search(&status)) != NULL)
		if (own->live)
			live[n++] = own;
	qsort(live, n, sizeof(PendingEntry *), compare_pending);

	heap = rel_open(REL_DIRENTS, RowExclusiveLock);
	for (int i = 0; i < n; i++)
	{
		Dirent	   *dirent = &live[i]->dirent;
		Datum		values[NCOLS];
		bool		nulls[NCOLS] = {false};

		if (!dirent->has_place)
			dirent->has_place = inode_place(&dirent->child_id, &dirent->place);
		dirent_to_values(&live[i]->key.dir, dirent, values, nulls);
		tuples[i] = rel_form(heap, NCOLS, values, nulls);
		are_new[i] = dirent->is_new;
	}
	if (unlikely(churn_any))
		tids = (ItemPointerData *) palloc(n * sizeof(ItemPointerData));
	if (n > 0)
		rel_insert_many(heap, tuples, n, tids, are_new);
	for (int i = 0; tids != NULL && i < n; i++)
		note_insert(&live[i]->key.dir, live[i]->key.base, &tids[i]);
	table_close(heap, NoLock);
	pfree(are_new);
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
