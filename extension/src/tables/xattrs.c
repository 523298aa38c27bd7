/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * xattrs.c
 *	  Extended attributes of files and directories.
 *
 * An attribute is a row.  Its cookie, a number within its file, never changes:
 * a listing goes on behind the one that it has come to, whatever was added or
 * removed meanwhile.  A file has few attributes, so a name is found by looking
 * through them, and there is one index.
 *
 * files.xattrs says how many bytes there are.  A file without attributes has
 * NULL there, and none of the functions looks at the table.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/detoast.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "tables/churn.h"
#include "tables/rel.h"
#include "tables/xattrs.h"

enum
{
	COL_FILE_ID,
	COL_COOKIE,
	COL_NAME,
	COL_VALUE,
	NCOLS
};

/* Those of a file, behind a cookie. */
static void
begin_scan(RelScan *rs, const Inode *inode, LOCKMODE lockmode, int64 after)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(&inode->id));
	ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_INT8GT,
				Int64GetDatum(after));
	rel_scan_begin(rs, REL_EXTENDED_ATTRIBUTES, lockmode, GetActiveSnapshot(),
				   keys, after == 0 ? 1 : 2);
}

static bool
next_row(RelScan *rs)
{
	CHECK_FOR_INTERRUPTS();
	return rel_scan_next(rs);
}

static bytea *
name_of(const RelScan *rs)
{
	return DatumGetByteaPP(rs->slot->tts_values[COL_NAME]);
}

static bool
has_name(const RelScan *rs, const char *name, int len)
{
	const bytea *has = name_of(rs);

	return VARSIZE_ANY_EXHDR(has) == len &&
		memcmp(VARDATA_ANY(has), name, len) == 0;
}

static int64
bytes_of(const RelScan *rs)
{
	return (int64) (toast_raw_datum_size(rs->slot->tts_values[COL_NAME]) +
					toast_raw_datum_size(rs->slot->tts_values[COL_VALUE])) -
		2 * VARHDRSZ;
}

/*
 * What is noted: rows that are written again and again while an old snapshot is
 * open (churn.h), by a hash of the name.
 */

typedef struct XattrKey
{
	const pg_uuid_t *file_id;
	const char *name;
	int			len;
} XattrKey;

static bool
is_xattr(TupleTableSlot *slot, const void *arg)
{
	const XattrKey *key = (const XattrKey *) arg;
	const bytea *has = DatumGetByteaPP(slot->tts_values[COL_NAME]);

	return memcmp(DatumGetUUIDP(slot->tts_values[COL_FILE_ID]), key->file_id,
				  UUID_LEN) == 0 &&
		VARSIZE_ANY_EXHDR(has) == key->len &&
		memcmp(VARDATA_ANY(has), key->name, key->len) == 0;
}

static int64
name_number(const char *name, int len)
{
	return (int64) hash_bytes_extended((const unsigned char *) name, len, 0);
}

/* The row, if it is noted and where the note says; rs is open then. */
static bool
recall(RelScan *rs, const Inode *inode, LOCKMODE lockmode, const char *name,
	   int len)
{
	XattrKey	key = {&inode->id, name, len};
	Churn	   *churn;

	if (likely(!churn_any))
		return false;
	churn = churn_find(REL_EXTENDED_ATTRIBUTES, &inode->id,
					   name_number(name, len));
	if (churn == NULL ||
		!rel_fetch(rs, REL_EXTENDED_ATTRIBUTES, lockmode, GetActiveSnapshot(),
				   &churn->tid, is_xattr, &key))
		return false;
	churn->tid = rs->slot->tts_tid;
	return true;
}

/*
 * The row of a name; rs is open if there is one.  count and next, if not NULL:
 * how many rows were looked at, and the cookie behind theirs.
 */
static bool
find_row(RelScan *rs, const Inode *inode, LOCKMODE lockmode, const char *name,
		 int len, int *count, int64 *next)
{
	if (inode->xattrs == 0)
		return false;
	if (recall(rs, inode, lockmode, name, len))
		return true;
	begin_scan(rs, inode, lockmode, 0);
	while (next_row(rs))
	{
		if (has_name(rs, name, len))
		{
			if (unlikely(rs->passed >= CHURN_MIN))
				churn_note(REL_EXTENDED_ATTRIBUTES, &inode->id,
						   name_number(name, len), &rs->slot->tts_tid, 0);
			return true;
		}
		if (count != NULL)
			(*count)++;
		if (next != NULL)
			*next = DatumGetInt64(rs->slot->tts_values[COL_COOKIE]) + 1;
	}
	rel_scan_end(rs);
	return false;
}

void
xattr_look(const Inode *inode, const char *name, int len, XattrPlace *place)
{
	RelScan		rs;

	memset(place, 0, sizeof(*place));
	place->cookie = 1;
	place->found = find_row(&rs, inode, RowExclusiveLock, name, len,
							&place->count, &place->cookie);
	if (!place->found)
		return;
	place->cookie = DatumGetInt64(rs.slot->tts_values[COL_COOKIE]);
	place->bytes = bytes_of(&rs);
	place->tid = rs.slot->tts_tid;
	rel_scan_end(&rs);
}

const bytea *
xattr_get(const Inode *inode, const char *name, int len)
{
	RelScan		rs;
	const bytea *value;

	if (!find_row(&rs, inode, AccessShareLock, name, len, NULL, NULL))
		return NULL;
	value = DatumGetByteaPCopy(rs.slot->tts_values[COL_VALUE]);
	rel_scan_end(&rs);
	return value;
}

static Datum
bytes_datum(const char *bytes, int len)
{
	bytea	   *value = (bytea *) palloc(VARHDRSZ + len);

	SET_VARSIZE(value, VARHDRSZ + len);
	if (len > 0)
		memcpy(VARDATA(value), bytes, len);
	return PointerGetDatum(value);
}

void
xattr_put(Inode *inode, const XattrPlace *place, const char *name, int namelen,
		  const char *value, int len)
{
	Relation	heap = rel_open(REL_EXTENDED_ATTRIBUTES, RowExclusiveLock);
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};

	values[COL_FILE_ID] = UUIDPGetDatum(&inode->id);
	values[COL_COOKIE] = Int64GetDatum(place->cookie);
	values[COL_NAME] = bytes_datum(name, namelen);
	values[COL_VALUE] = bytes_datum(value, len);
	if (place->found)
	{
		ItemPointerData tid = place->tid;

		rel_update(heap, &tid, NCOLS, values, nulls);
		if (unlikely(churn_any) &&
			churn_find(REL_EXTENDED_ATTRIBUTES, &inode->id,
					   name_number(name, namelen)) != NULL)
			churn_note(REL_EXTENDED_ATTRIBUTES, &inode->id,
					   name_number(name, namelen), &tid, 0);
	}
	else
		rel_insert(heap, NCOLS, values, nulls);
	table_close(heap, NoLock);
	inode->xattrs += namelen + len - place->bytes;
	inode_dirty(inode);
}

void
xattr_drop(Inode *inode, const XattrPlace *place)
{
	Relation	heap = rel_open(REL_EXTENDED_ATTRIBUTES, RowExclusiveLock);
	ItemPointerData tid = place->tid;

	rel_delete(heap, &tid);
	table_close(heap, NoLock);
	inode->xattrs -= place->bytes;
	inode_dirty(inode);
}

void
xattr_foreach(const Inode *inode, int64 after,
			  bool (*callback) (const Xattr *xattr, void *arg), void *arg)
{
	RelScan		rs;
	bool		more = true;

	if (inode->xattrs == 0)
		return;
	begin_scan(&rs, inode, AccessShareLock, after);
	while (more && next_row(&rs))
	{
		const bytea *name = name_of(&rs);
		Xattr		xattr;

		xattr.cookie = DatumGetInt64(rs.slot->tts_values[COL_COOKIE]);
		xattr.name = VARDATA_ANY(name);
		xattr.namelen = VARSIZE_ANY_EXHDR(name);
		xattr.length = (int) (bytes_of(&rs) - xattr.namelen);
		more = callback(&xattr, arg);
	}
	rel_scan_end(&rs);
}

void
xattrs_remove(Inode *inode)
{
	RelScan		rs;

	if (inode->xattrs == 0)
		return;
	begin_scan(&rs, inode, RowExclusiveLock, 0);
	while (next_row(&rs))
	{
		ItemPointerData tid = rs.slot->tts_tid;

		rel_delete(rs.heap, &tid);
	}
	rel_scan_end(&rs);
	inode->xattrs = 0;
}
