/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_lock.c
 *	  Locks for a whole batch, before its first call.
 *
 * Each operation takes its locks in the one order (README.md), but keeps them
 * to the end of the transaction.  So two calls of a batch, one after the other,
 * can take them in another order.  If a gateway cannot sort the calls of a
 * batch to avoid that (calls with two directories have no order), it first has
 * all inodes locked that the arguments name, and then makes the calls in any
 * order.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "miscadmin.h"

#include "types/handles.h"
#include "ops/ops.h"
#include "tables/shares.h"
#include "tables/xact.h"

typedef struct Object
{
	pg_uuid_t	id;
	int32		share_id;
} Object;

static int
compare_objects(const void *a, const void *b)
{
	return memcmp(&((const Object *) a)->id, &((const Object *) b)->id,
				  UUID_LEN);
}

/* The objects of all handles that are of a share, in the order of their ids. */
static int
parse_objects(FsBytes handles, Object *objects)
{
	int			count = handles.len / HANDLE_LEN;
	int			n = 0;

	for (int i = 0; i < count; i++)
	{
		Handle		handle;
		const Share *share;

		if (!handle_parse_bytes(handles.data + i * HANDLE_LEN, &handle))
			continue;
		share = share_by_uuid(&handle.share);
		if (share == NULL)
			continue;
		objects[n].id = handle.id;
		objects[n++].share_id = share->share_id;
	}
	qsort(objects, n, sizeof(Object), compare_objects);
	return n;
}

/*
 * Locks what handles, one behind the other without anything between them, name:
 * first the directories, then the rest.  What is gone or never was is left out;
 * the call it belongs to will say so.
 */
void
fs_lock_objects(FsBytes handles)
{
	Object	   *objects;
	int			n;
	int			others = 0;

	if (handles.len < HANDLE_LEN)
		return;
	objects = (Object *) palloc(handles.len / HANDLE_LEN * sizeof(Object));
	n = parse_objects(handles, objects);

	/* what the calls then change decides about the flush */
	change_begin("dittofs.lock_objects()", CHANGE_UNSTABLE);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (inode_lock_dir(&objects[i].id, objects[i].share_id) == NULL)
			objects[others++] = objects[i];
	}
	for (int i = 0; i < others; i++)
	{
		Inode		seen;
		Inode	   *inode;

		CHECK_FOR_INTERRUPTS();
		if (inode_get(&objects[i].id, &seen) &&
			seen.share_id == objects[i].share_id &&
			seen.kind != KIND_DIRECTORY)
			inode_lock(1, &objects[i].id, &inode);
	}
	change_end();
}
