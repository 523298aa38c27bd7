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
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

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

void
xattr_look(const Inode *inode, const char *name, int len, XattrPlace *place)
{
	RelScan		rs;

	memset(place, 0, sizeof(*place));
	place->cookie = 1;
	if (inode->xattrs == 0)
		return;
	begin_scan(&rs, inode, RowExclusiveLock, 0);
	while (next_row(&rs))
	{
		int64		cookie = DatumGetInt64(rs.slot->tts_values[COL_COOKIE]);

		place->count++;
		if (has_name(&rs, name, len))
		{
			place->found = true;
			place->cookie = cookie;
			place->bytes = bytes_of(&rs);
			place->tid = rs.slot->tts_tid;
			break;
		}
		place->cookie = cookie + 1;
	}
	rel_scan_end(&rs);
}

const bytea *
xattr_get(const Inode *inode, const char *name, int len)
{
	RelScan		rs;
	const bytea *value = NULL;

	if (inode->xattrs == 0)
		return NULL;
	begin_scan(&rs, inode, AccessShareLock, 0);
	while (value == NULL && next_row(&rs))
		if (has_name(&rs, name, len))
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
