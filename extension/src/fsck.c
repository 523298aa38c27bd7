/*-------------------------------------------------------------------------
 *
 * fsck.c
 *	  What repairing needs that SQL cannot do: an entry for an inode there is,
 *	  and to know whether changes wait for the commit.
 *
 * The rules and the repairs are SQL (70-fsck.sql, 72-fsck-repair.sql); but the
 * cookie of an entry is made of its name by dirents.c, and by nobody else.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "ops.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_fsck_attach);
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
 * fsck_attach(dir, name, child): enters an inode into a directory of its share
 * under this name; of a directory, '..' follows.  The link count of a directory
 * that gains a subdirectory grows; that of the child is for whoever counts its
 * names.  False: the name is no name, or another entry has it.
 */
Datum
dittofs_fsck_attach(PG_FUNCTION_ARGS)
{
	pg_uuid_t	ids[2];
	Inode	   *inodes[2];
	Inode	   *dir,
			   *child;
	FsName		name;
	Dirent		entry;
	const Share *share;
	bool		attached = false;

	for (int arg = 0; arg < 3; arg++)
	{
		if (PG_ARGISNULL(arg))
			PG_RETURN_BOOL(false);
	}
	if (op_name(fcinfo, 1, &name) != FS_OK || name.dot || name.dotdot)
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
