/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_move.c
 *	  RENAME.
 *
 * Up to four directories are concerned: the two that hold the names, the one
 * that is moved and the empty one that it replaces.  They are locked together
 * in the order of ids, as found without a lock.  Then the names are looked up
 * again under the locks, unless the directories still have the ctimes they had:
 * every change of an entry gives its directory a new one.  Then the files are
 * locked, if files are moved or replaced.
 *
 * A directory that gets another parent could become its own ancestor by two
 * moves that are each right by themselves.  So such moves of a share exclude
 * each other (the move lock, taken before all others), and the ancestors are
 * looked at under that lock, when they cannot change.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/snapmgr.h"

#include "ops/ops.h"
#include "ops/replies.h"
#include "tables/xact.h"

typedef struct Move
{
	const Op   *from;
	const Op   *to;
	FsName		from_name;
	FsName		to_name;

	/* locked */
	Inode	   *from_dir;
	Inode	   *to_dir;

	/* as looked up; meaningful where the flag is set */
	bool		fixed;			/* nothing can have changed since */
	bool		have_source;
	bool		have_target;
	Dirent		source_entry;
	Dirent		target_entry;
	Inode		source;
	Inode		target;

	/* the same, locked */
	Inode	   *moved;
	Inode	   *replaced;
} Move;

static bool
same_id(const pg_uuid_t *a, const pg_uuid_t *b)
{
	return memcmp(a, b, UUID_LEN) == 0;
}

static bool
changes_parent(const Move *m)
{
	return m->have_source && m->source.kind == KIND_DIRECTORY &&
		!same_id(&m->from->id, &m->to->id);
}

/* False: the lock was not free, and was not to be waited for. */
static bool
take_move_lock(const Share *share, bool wait)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel_oid(REL_SHARES),
					   (Oid) share->share_id, 0);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) !=
		LOCKACQUIRE_NOT_AVAIL;
}

static bool
look_up(const Op *op, const Inode *dir, const FsName *name, Dirent *entry,
		Inode *inode)
{
	return dirent_find_in(op->share, dir, name->data, name->len, entry) &&
		dirent_inode(entry, inode);
}

static void
look_up_both(Move *m, const Inode *from, const Inode *to)
{
	m->have_source = look_up(m->from, from, &m->from_name, &m->source_entry,
							 &m->source);
	m->have_target = look_up(m->to, to, &m->to_name, &m->target_entry,
							 &m->target);
}

/*
 * Locks all directories concerned and fixes what the names stand for.
 */
static Status
lock_directories(Move *m)
{
	pg_uuid_t	ids[4];
	Inode	   *inodes[4];
	int			n = 0;
	Inode		from,
				to;
	Status		status = op_get_dir(m->from, &from);

	if (status == FS_OK)
		status = op_get_dir(m->to, &to);
	if (status == FS_OK && m->from->share->share_id != m->to->share->share_id)
		status = FS_XDEV;
	if (status == FS_OK && m->from->share->read_only)
		status = FS_ROFS;
	if (status != FS_OK)
		return status;

	ids[n++] = m->from->id;
	ids[n++] = m->to->id;
	if (!m->from_name.dot && !m->from_name.dotdot &&
		!m->to_name.dot && !m->to_name.dotdot)
	{
		look_up_both(m, &from, &to);
		if (changes_parent(m))
			(void) take_move_lock(m->from->share, true);
		if (m->have_source && m->source.kind == KIND_DIRECTORY)
			ids[n++] = m->source.id;
		if (m->have_target && m->target.kind == KIND_DIRECTORY)
			ids[n++] = m->target.id;
	}
	inode_lock(n, ids, inodes);
	m->from_dir = inodes[0];
	m->to_dir = inodes[1];
	if (m->from_dir == NULL || m->to_dir == NULL)
		return FS_STALE;
	/* a directory among the objects may have changed until it was locked */
	m->fixed = n == 2 && m->from_dir->ctime == from.ctime &&
		m->to_dir->ctime == to.ctime;
	return FS_OK;
}

/*
 * Once more under the locks of both directories: what the names stand for now
 * stays so.  What became something else meanwhile is locked late.
 */
static void
fix_names(Move *m)
{
	if (m->fixed)
		return;
	look_up_both(m, m->from_dir, m->to_dir);
	if (changes_parent(m) && !take_move_lock(m->from->share, false))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("a directory entry changed while its directory was being locked"),
				 errhint("Nothing was changed; run the call again.")));
	if (m->have_source && m->source.kind == KIND_DIRECTORY)
		(void) op_lock_late(&m->source.id);
	if (m->have_target && m->target.kind == KIND_DIRECTORY)
		(void) op_lock_late(&m->target.id);
}

/*
 * The objects themselves; the directories among them are locked already, so
 * this takes the files.  Owner and mode, which decide about permission, stay as
 * they are from here on.
 */
static void
lock_objects(Move *m)
{
	pg_uuid_t	ids[2] = {m->source.id, m->target.id};
	Inode	   *inodes[2] = {NULL, NULL};

	inode_lock(m->have_target ? 2 : 1, ids, inodes);
	if (inodes[0] == NULL || (m->have_target && inodes[1] == NULL))
		elog(ERROR, "dittofs: an entry of a locked directory lost its inode");
	m->moved = inodes[0];
	m->replaced = inodes[1];
}

/*
 * Is dir, or one of its ancestors, the directory id?  The ancestors are not
 * locked, so a repeatable-read transaction would not notice that one of them
 * was moved after its snapshot: they are looked at as they are now.
 */
static bool
inside(const pg_uuid_t *id, const Inode *dir, const Share *share)
{
	Inode		at = *dir;
	bool		found;

	PushActiveSnapshot(GetLatestSnapshot());
	while (!(found = same_id(&at.id, id)) && !same_id(&at.id, &share->root_id))
	{
		pg_uuid_t	parent = at.parent_id;

		CHECK_FOR_INTERRUPTS();
		if (!inode_get(&parent, &at))
			elog(ERROR, "dittofs: a directory has no parent");
	}
	PopActiveSnapshot();
	return found;
}

/* RFC 1813, 3.3.14, and POSIX rename() where that leaves room. */
static Status
check_move(Move *m)
{
	const Cred *cred = &m->from->cred;

	if (!perm_check(cred, m->from_dir, PERM_EXEC) ||
		!perm_check(cred, m->to_dir, PERM_EXEC))
		return FS_ACCES;
	if (!m->have_source)
		return FS_NOENT;
	if (changes_parent(m) && inside(&m->source.id, m->to_dir, m->from->share))
		return FS_INVAL;
	if (!perm_check(cred, m->from_dir, PERM_WRITE) ||
		!perm_check(cred, m->to_dir, PERM_WRITE))
		return FS_ACCES;
	lock_objects(m);
	if (!perm_sticky(cred, m->from_dir, m->moved))
		return FS_PERM;
	/* its '..' changes */
	if (changes_parent(m) && !perm_check(cred, m->moved, PERM_WRITE))
		return FS_ACCES;
	if (m->have_target)
	{
		if (!perm_sticky(cred, m->to_dir, m->replaced))
			return FS_PERM;
		if (m->source.kind == KIND_DIRECTORY)
		{
			if (m->target.kind != KIND_DIRECTORY)
				return FS_NOTDIR;
			if (dirent_any(&m->target.id))
				return FS_NOTEMPTY;
		}
		else if (m->target.kind == KIND_DIRECTORY)
			return FS_ISDIR;
	}
	else if (m->target_entry.cookie == 0)
		return FS_NOSPC;
	return FS_OK;
}

static void
do_move(Move *m)
{
	if (m->have_target)
	{
		dirent_replace(&m->to->id, &m->target_entry, &m->source_entry);
		op_unlink(m->to->share, m->replaced);
		if (m->target.kind == KIND_DIRECTORY)
			m->to_dir->nlink--;
	}
	else
	{
		Dirent		entry = m->source_entry;

		entry.cookie = m->target_entry.cookie;
		entry.round = m->target_entry.round;
		entry.is_new = m->target_entry.is_new;
		entry.namelen = m->to_name.len;
		memcpy(entry.name, m->to_name.data, m->to_name.len);
		dirent_insert(&m->to->id, &entry);
	}
	dirent_delete(&m->from->id, &m->source_entry);
	if (changes_parent(m))
	{
		m->moved->parent_id = m->to->id;
		m->from_dir->nlink--;
		m->to_dir->nlink++;
	}
	op_touch_ctime(m->moved);
	op_touch_dir(m->from_dir);
	if (m->to_dir != m->from_dir)
		op_touch_dir(m->to_dir);
}

static Status
move_names(Move *m)
{
	Status		status;

	if (m->from_name.dot || m->from_name.dotdot ||
		m->to_name.dot || m->to_name.dotdot)
		return FS_INVAL;
	fix_names(m);
	/* two links of one inode: POSIX wants nothing done */
	if (m->have_source && m->have_target &&
		same_id(&m->source.id, &m->target.id))
		return perm_check(&m->from->cred, m->from_dir, PERM_EXEC) &&
			perm_check(&m->from->cred, m->to_dir, PERM_EXEC) ? FS_OK : FS_ACCES;
	status = check_move(m);
	if (status == FS_OK)
		do_move(m);
	return status;
}

/* One of the two was not let in; the other one's attributes are told. */
static Status
refuse_rename(const Op *from, const Op *to, FsRenamed *result)
{
	if (from->status == FS_OK)
		wcc_now(&result->from_wcc, from);
	if (to->status == FS_OK)
		wcc_now(&result->to_wcc, to);
	return from->status != FS_OK ? from->status : to->status;
}

/* Fills in the wcc of both directories, if it could lock them. */
static Status
rename_locked(Move *m, FsRenamed *result)
{
	pg_uuid_t	id;
	Status		status = lock_directories(m);

	if (reply_find(m->from, PROC_RENAME, &id))
		return FS_OK;
	if (status != FS_OK)
		return status;
	wcc_before(&result->from_wcc, m->from_dir);
	wcc_before(&result->to_wcc, m->to_dir);
	status = move_names(m);
	if (status == FS_OK)
		reply_store(m->from, PROC_RENAME, NULL);
	wcc_after(&result->from_wcc, m->from->share, m->from_dir);
	wcc_after(&result->to_wcc, m->to->share, m->to_dir);
	return status;
}

/* What is wrong with the directories comes before what is with the names. */
static Status
refuse_names(const Move *m, Status named)
{
	Inode		seen;
	Status		status = op_get_dir(m->from, &seen);

	if (status == FS_OK)
		status = op_get_dir(m->to, &seen);
	return status == FS_OK ? named : status;
}

Status
fs_rename(const Op *from, const Op *to, const FsRename *args, FsRenamed *result)
{
	Move		m;
	Status		named,
				status;

	result->from_wcc.given = result->to_wcc.given = false;
	if (from->status != FS_OK || to->status != FS_OK)
		return refuse_rename(from, to, result);
	memset(&m, 0, sizeof(m));
	m.from = from;
	m.to = to;
	change_begin_once("dittofs.move()", CHANGE_DURABLE);
	named = op_name(&args->from_name, &m.from_name);
	if (named == FS_OK)
		named = op_name(&args->to_name, &m.to_name);
	if (named == FS_OK)
		status = rename_locked(&m, result);
	else
		status = refuse_names(&m, named);
	if (!result->from_wcc.given)
	{
		wcc_now(&result->from_wcc, from);
		wcc_now(&result->to_wcc, to);
	}
	change_end();
	return status;
}
