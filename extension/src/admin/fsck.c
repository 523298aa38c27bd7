/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * fsck.c
 *	  Does the parts of repairing that SQL cannot do: makes an entry for an
 *	  existing inode, finds loops in one pass, and tells whether changes wait
 *	  for the commit.
 *
 * The rules and the repairs are SQL (70-fsck.sql, 72-fsck-repair.sql); but only
 * dirents.c can make the cookie of an entry from its name.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/hsearch.h"

#include "base/change.h"
#include "ops/ops.h"
#include "base/srf.h"
#include "tables/xact.h"

PG_FUNCTION_INFO_V1(dittofs_fsck_attach);
PG_FUNCTION_INFO_V1(dittofs_fsck_loops);
PG_FUNCTION_INFO_V1(dittofs_fsck_repair_check);

/*
 * fsck_repair_check(): an error (25001) in a gateway's session, and in a
 * transaction that began as one's.
 */
Datum
dittofs_fsck_repair_check(PG_FUNCTION_ARGS)
{
	if (changes_wait())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("dittofs.fsck_repair() cannot run in a gateway's session"),
				 errdetail("Changes wait for the commit there, and are not in the tables yet."),
				 errhint("Set dittofs.gateway to off, before the transaction begins.")));
	PG_RETURN_VOID();
}

/*
 * fsck_loops(): of each loop of directories the one that was made first, and
 * its parent.
 *
 * What no root leads to is a graph in which each directory leads to one other,
 * its parent.  Each is gone through once: from every directory the walk goes up
 * until it leaves the graph, or meets a directory that was met before.  If that
 * was in the same walk, there is a loop that is not known yet.
 */

typedef struct Lost
{
	pg_uuid_t	id;
	pg_uuid_t	parent_id;
	int64		order;
	int64		walk;			/* which one came here; 0: none */
} Lost;

static Lost *
lost_find(HTAB *lost, const pg_uuid_t *id)
{
	return (Lost *) hash_search(lost, id, HASH_FIND, NULL);
}

static void
read_lost(HTAB *lost, Lost ***in_order, int64 *n)
{
	static const char *const sql =
		"SELECT f.id, f.parent_id FROM dittofs.files f"
		" JOIN dittofs.shares s ON s.share_id = f.share_id AND NOT s.read_only"
		" LEFT JOIN dittofs.fsck_reachable() r(id) ON r.id = f.id"
		" WHERE f.kind = 2 AND r.id IS NULL AND f.parent_id IS NOT NULL"
		" ORDER BY f.share_id, f.fileid";
	int64		room = 64;
	Portal		portal;

	*n = 0;
	*in_order = palloc(room * sizeof(Lost *));
	SPI_connect();
	portal =
		SPI_cursor_open_with_args(NULL, sql, 0, NULL, NULL, NULL, false, 0);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, 1000);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			HeapTuple	tuple = SPI_tuptable->vals[i];
			TupleDesc	desc = SPI_tuptable->tupdesc;
			bool		null;
			pg_uuid_t	id =
				*DatumGetUUIDP(SPI_getbinval(tuple, desc, 1, &null));
			Lost	   *entry =
				(Lost *) hash_search(lost, &id, HASH_ENTER, NULL);

			entry->parent_id =
				*DatumGetUUIDP(SPI_getbinval(tuple, desc, 2, &null));
			entry->order = *n;
			entry->walk = 0;
			if (*n == room)
				*in_order =
					repalloc_huge(*in_order, (room *= 2) * sizeof(Lost *));
			(*in_order)[(*n)++] = entry;
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
	SPI_finish();
}

Datum
dittofs_fsck_loops(PG_FUNCTION_ARGS)
{
	HASHCTL		ctl = {.keysize = sizeof(pg_uuid_t),.entrysize = sizeof(Lost),
		.hcxt = CurrentMemoryContext};
	HTAB	   *lost =
		hash_create("dittofs directories without a root", 64, &ctl,
					HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	Lost	  **in_order;
	int64		n;
	Srf			srf;

	srf_begin(fcinfo, &srf);
	read_lost(lost, &in_order, &n);
	for (int64 i = 0; i < n; i++)
	{
		Lost	   *at = in_order[i];

		CHECK_FOR_INTERRUPTS();
		while (at != NULL && at->walk == 0)
		{
			at->walk = i + 1;
			at = lost_find(lost, &at->parent_id);
		}
		if (at != NULL && at->walk == i + 1)
		{
			Lost	   *first = at;
			Datum		values[2];
			bool		nulls[2] = {false};

			for (Lost *next = lost_find(lost, &at->parent_id); next != at;
				 next = lost_find(lost, &next->parent_id))
			{
				if (next->order < first->order)
					first = next;
			}
			values[0] = UUIDPGetDatum(&first->id);
			values[1] = UUIDPGetDatum(&first->parent_id);
			srf_row(&srf, values, nulls);
		}
	}
	hash_destroy(lost);
	pfree(in_order);
	return (Datum) 0;
}

/*
 * fsck_attach(dir, name, child): enters an inode into a directory of its share
 * under this name; of a directory, '..' follows.  The link count of a directory
 * that gains a subdirectory grows; that of the child is left to the code that
 * counts its names.  False: the name is no name, or another entry has it.
 */
Datum
dittofs_fsck_attach(PG_FUNCTION_ARGS)
{
	pg_uuid_t	ids[2];
	Inode	   *inodes[2];
	Inode	   *dir,
			   *child;
	FsName		name;
	FsBytes		name_bytes;
	bytea	   *given;
	Dirent		entry;
	const Share *share;
	bool		attached = false;

	for (int arg = 0; arg < 3; arg++)
	{
		if (PG_ARGISNULL(arg))
			PG_RETURN_BOOL(false);
	}
	given = PG_GETARG_BYTEA_PP(1);
	name_bytes.data = VARDATA_ANY(given);
	name_bytes.len = VARSIZE_ANY_EXHDR(given);
	if (op_name(&name_bytes, &name) != FS_OK || name.dot || name.dotdot)
		PG_RETURN_BOOL(false);
	ids[0] = *PG_GETARG_UUID_P(0);
	ids[1] = *PG_GETARG_UUID_P(2);

	change_begin("dittofs.fsck_attach()", CHANGE_DURABLE);
	inode_lock(2, ids, inodes);
	dir = inodes[0];
	child = inodes[1];
	share = dir == NULL ? NULL : share_by_id(dir->share_id);
	if (share != NULL && child != NULL && dir != child &&
		dir->kind == KIND_DIRECTORY && child->share_id == dir->share_id &&
		!dirent_find(share, &dir->id, name.data, name.len, &entry) &&
		entry.cookie != 0)
	{
		entry.child_id = child->id;
		entry.fileid = child->fileid;
		entry.namelen = name.len;
		memcpy(entry.name, name.data, name.len);
		dirent_insert(&dir->id, &entry);
		if (child->kind == KIND_DIRECTORY)
		{
			child->parent_id = dir->id;
			dir->nlink++;
		}
		op_touch_ctime(child);
		op_touch_dir(dir);
		attached = true;
	}
	change_end();
	PG_RETURN_BOOL(attached);
}
