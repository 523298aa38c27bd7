/*-------------------------------------------------------------------------
 *
 * ops_create.c
 *	  CREATE, MKDIR, SYMLINK, MKNOD, LINK: a directory gains an entry.
 *
 * The directory's lock is held from before the name is looked up until the
 * commit.  So the name that is free stays free until we have taken it, two
 * replicas never both create it, and the directory cannot be removed
 * meanwhile: its removal needs the same lock and looks for entries under it.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "blocks.h"
#include "ops.h"
#include "replies.h"
#include "usage.h"
#include "xact.h"

PG_FUNCTION_INFO_V1(dittofs_create_file);
PG_FUNCTION_INFO_V1(dittofs_create_directory);
PG_FUNCTION_INFO_V1(dittofs_create_symlink);
PG_FUNCTION_INFO_V1(dittofs_create_special_file);
PG_FUNCTION_INFO_V1(dittofs_create_hard_link);

/* createmode3, in the order of its numbers */
typedef enum How
{
	HOW_UNCHECKED,
	HOW_GUARDED,
	HOW_EXCLUSIVE
} How;

static const char *const how_words[] = {"unchecked", "guarded", "exclusive", NULL};

/* What is to be made. */
typedef struct NewNode
{
	const char *function;
	Procedure	procedure;
	Kind		kind;
	How			how;
	SetAttrs	set;
	int32		default_mode;
	uint32		rdev_major;
	uint32		rdev_minor;
	bytea	   *target;
	const uint8 *verifier;		/* of HOW_EXCLUSIVE */
} NewNode;

/* Are the ids given such as an inode can have? */
static Status
check_ids(const SetAttrs *set)
{
	if ((set->uid.given && (set->uid.value < 0 || set->uid.value > PG_UINT32_MAX)) ||
		(set->gid.given && (set->gid.value < 0 || set->gid.value > PG_UINT32_MAX)))
		return FS_INVAL;
	return FS_OK;
}

/*
 * A new inode of a directory.  Owner and group are the caller's; only root may
 * choose another owner, and the owner another of his groups.  A set-gid
 * directory gives its group, and its bit to subdirectories.
 */
static Inode *
make_inode(const Op *op, const Inode *dir, const NewNode *node)
{
	const SetAttrs *set = &node->set;
	const Cred *cred = &op->cred;
	Inode		inode;
	FsTime		now = fs_now();

	memset(&inode, 0, sizeof(inode));
	inode_new_id(&inode.id);
	inode.content_id = inode.id;
	inode.fileid = inode_new_fileid();
	inode.share_id = op->share->share_id;
	inode.kind = node->kind;
	inode.mode = set->mode.given ? (int32) (set->mode.value & MODE_ALL) :
		node->default_mode;
	inode.uid = set->uid.given && cred->uid == 0 ?
		(uint32) set->uid.value : cred->uid;
	if (set->gid.given &&
		(cred->uid == 0 || cred_in_group(cred, (uint32) set->gid.value)))
		inode.gid = (uint32) set->gid.value;
	else if (dir->mode & MODE_SGID)
		inode.gid = dir->gid;
	else
		inode.gid = cred->gid;
	if (node->kind == KIND_DIRECTORY)
	{
		if (dir->mode & MODE_SGID)
			inode.mode |= MODE_SGID;
		inode.nlink = 2;
		inode.parent_id = dir->id;
		inode.size = FS_DIRECTORY_SIZE;
	}
	else
	{
		/* nobody makes a program that runs with a group he is not in */
		if (cred->uid != 0 && (inode.mode & 0010) &&
			!cred_in_group(cred, inode.gid))
			inode.mode &= ~MODE_SGID;
		inode.nlink = 1;
		if (node->kind == KIND_SYMLINK)
			inode.size = VARSIZE_ANY_EXHDR(node->target);
		else if (node->kind == KIND_REGULAR && set->size.given)
			inode.size = set->size.value;
	}
	inode.rdev_major = node->rdev_major;
	inode.rdev_minor = node->rdev_minor;
	inode.ctime = now;
	inode.atime = set->atime.given ? set->atime.value : now;
	inode.mtime = set->mtime.given ? set->mtime.value : now;
	if (node->verifier != NULL)
	{
		inode.has_verifier = true;
		memcpy(inode.verifier, node->verifier, FS_VERIFIER_LEN);
	}
	usage_add(op->share->share_id, 0, 1);
	return inode_insert(&inode, node->target);
}

/*
 * CREATE of a name that exists (RFC 1813, 3.3.8).  UNCHECKED takes a regular
 * file as it is and sets its size if one is given; EXCLUSIVE takes the file
 * that the same verifier made, which is how a retransmission is told from
 * another client's file.
 */
static Status
take_existing(const Op *op, const NewNode *node, const pg_uuid_t *id, Inode **child)
{
	Inode		seen;

	if (node->kind != KIND_REGULAR || node->how == HOW_GUARDED)
		return FS_EXIST;
	if (!inode_get(id, &seen) || seen.kind != KIND_REGULAR)
		return FS_EXIST;
	inode_lock(1, id, child);
	if (*child == NULL)
		return FS_EXIST;
	if (node->how == HOW_EXCLUSIVE)
		return (*child)->has_verifier &&
			memcmp((*child)->verifier, node->verifier, FS_VERIFIER_LEN) == 0 ?
			FS_OK : FS_EXIST;
	if (node->set.size.given)
	{
		SetAttrs	size_only = {.size = node->set.size};
		Status		status = setattr_check(op, *child, &size_only);

		if (status != FS_OK)
			return status;
		setattr_apply(op, *child, &size_only);
	}
	return FS_OK;
}

static Status
create_in(const Op *op, Inode *dir, const FsName *name, const NewNode *node,
		  Inode **child)
{
	Dirent		dirent;
	Status		status;

	if (!perm_check(&op->cred, dir, PERM_EXEC))
		return FS_ACCES;
	if (name->dot || name->dotdot)
		return FS_EXIST;
	if (dirent_find(op->share, &dir->id, name->data, name->len, &dirent))
		return take_existing(op, node, &dirent.child_id, child);

	if (!perm_check(&op->cred, dir, PERM_WRITE))
		return FS_ACCES;
	if ((node->kind == KIND_BLOCK || node->kind == KIND_CHARACTER) &&
		op->cred.uid != 0)
		return FS_PERM;
	if (node->set.size.given &&
		(node->set.size.value < 0 || node->set.size.value > op->share->maxfilesize))
		return FS_FBIG;
	status = check_ids(&node->set);
	if (status != FS_OK)
		return status;
	if (dirent.cookie == 0 || !usage_room(op->share, 0, 1))
		return FS_NOSPC;

	*child = make_inode(op, dir, node);
	dirent.child_id = (*child)->id;
	dirent.fileid = (*child)->fileid;
	dirent.namelen = name->len;
	memcpy(dirent.name, name->data, name->len);
	dirent_insert(&dir->id, &dirent);
	if (node->kind == KIND_DIRECTORY)
		dir->nlink++;
	op_touch_dir(dir);
	return FS_OK;
}

/*
 * The frame of all creations: dir is argument 0, name argument 1.  invalid is
 * what the caller found wrong with the other arguments.
 */
static Datum
create_node(FunctionCallInfo fcinfo, int argc, const NewNode *node, Status invalid)
{
	Op			op;
	FsName		name;
	Inode	   *dir,
			   *child = NULL;
	Inode		made;
	pg_uuid_t	id;
	bool		repeated;
	Fattr		attr;
	Wcc			wcc;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, false};
	Status		status = op_enter(fcinfo, 0, argc, &op);

	if (status != FS_OK)
		PG_RETURN_DATUM(op_result(TYPE_CREATE_RESULT, status, NULL, NULL, 3));

	change_begin(node->function, CHANGE_DURABLE);
	status = op_lock_dir(&op, &dir);
	repeated = reply_find(&op, node->procedure, &id);
	if (repeated)
		status = FS_OK;
	else
	{
		if (dir != NULL)
			wcc_before(&wcc, dir);
		if (status == FS_OK)
			status = op_name(fcinfo, 1, &name);
		if (status == FS_OK)
			status = invalid;
		if (status == FS_OK)
			status = create_in(&op, dir, &name, node, &child);
		if (status == FS_OK)
		{
			id = child->id;
			reply_store(&op, node->procedure, &id);
		}
	}
	if (status == FS_OK)
	{
		values[0] = PointerGetDatum(handle_form(&op.share->uuid, &id));
		nulls[0] = false;
		if (inode_get(&id, &made))
		{
			inode_fattr(&made, op.share->fsid, &attr);
			values[1] = PointerGetDatum(&attr);
			nulls[1] = false;
		}
	}
	if (dir != NULL && !repeated)
		wcc_after(&wcc, op.share, dir);
	else
		wcc_now(&wcc, &op);
	values[2] = PointerGetDatum(&wcc);
	change_end();
	PG_RETURN_DATUM(op_result(TYPE_CREATE_RESULT, status, values, nulls, 3));
}

/*
 * create_file(dir, name, caller, how, mode, uid, gid, size, atime, mtime,
 * atime_now, mtime_now, verifier): RFC 1813, 3.3.8.
 */
Datum
dittofs_create_file(PG_FUNCTION_ARGS)
{
	NewNode		node = {.function = "dittofs.create_file()", .procedure = PROC_CREATE};
	int			how = op_word(fcinfo, 3, how_words);
	Status		invalid = how < 0 ? FS_INVAL : FS_OK;

	node.kind = KIND_REGULAR;
	node.how = (How) how;
	node.default_mode = 0644;
	if (how == HOW_EXCLUSIVE)
	{
		/* the verifier takes the place of the attributes */
		bytea	   *verifier = PG_ARGISNULL(12) ? NULL : PG_GETARG_BYTEA_PP(12);

		if (verifier == NULL || VARSIZE_ANY_EXHDR(verifier) != FS_VERIFIER_LEN)
			invalid = FS_INVAL;
		else
			node.verifier = (const uint8 *) VARDATA_ANY(verifier);
	}
	else
	{
		node.set.size = op_opt(fcinfo, 7);
		node.set.mode = op_opt(fcinfo, 4);
		node.set.uid = op_opt(fcinfo, 5);
		node.set.gid = op_opt(fcinfo, 6);
		node.set.atime = op_opt(fcinfo, 8);
		node.set.mtime = op_opt(fcinfo, 9);
		node.set.atime_now = op_flag(fcinfo, 10);
		node.set.mtime_now = op_flag(fcinfo, 11);
	}
	return create_node(fcinfo, 2, &node, invalid);
}

/*
 * create_directory(dir, name, caller, mode, uid, gid, atime, mtime, atime_now,
 * mtime_now): RFC 1813, 3.3.9.
 */
Datum
dittofs_create_directory(PG_FUNCTION_ARGS)
{
	NewNode		node = {.function = "dittofs.create_directory()", .procedure = PROC_MKDIR};

	node.kind = KIND_DIRECTORY;
	node.how = HOW_GUARDED;
	node.default_mode = 0755;
	node.set.mode = op_opt(fcinfo, 3);
	node.set.uid = op_opt(fcinfo, 4);
	node.set.gid = op_opt(fcinfo, 5);
	node.set.atime = op_opt(fcinfo, 6);
	node.set.mtime = op_opt(fcinfo, 7);
	return create_node(fcinfo, 2, &node, FS_OK);
}

/*
 * create_symlink(dir, name, target, caller, uid, gid, atime, mtime, atime_now,
 * mtime_now): RFC 1813, 3.3.10.
 */
Datum
dittofs_create_symlink(PG_FUNCTION_ARGS)
{
	NewNode		node = {.function = "dittofs.create_symlink()", .procedure = PROC_SYMLINK};
	Status		invalid = FS_OK;

	node.kind = KIND_SYMLINK;
	node.how = HOW_GUARDED;
	node.default_mode = 0777;
	node.set.uid = op_opt(fcinfo, 4);
	node.set.gid = op_opt(fcinfo, 5);
	node.set.atime = op_opt(fcinfo, 6);
	node.set.mtime = op_opt(fcinfo, 7);
	if (PG_ARGISNULL(2))
		invalid = FS_INVAL;
	else
	{
		bytea	   *target = PG_GETARG_BYTEA_PP(2);
		int			len = VARSIZE_ANY_EXHDR(target);

		if (len == 0 || memchr(VARDATA_ANY(target), '\0', len) != NULL)
			invalid = FS_INVAL;
		else if (len > FS_TARGET_MAX)
			invalid = FS_NAMETOOLONG;
		node.target = target;
	}
	return create_node(fcinfo, 3, &node, invalid);
}

/*
 * create_special_file(dir, name, kind, rdev_major, rdev_minor, caller, mode,
 * uid, gid, atime, mtime, atime_now, mtime_now): RFC 1813, 3.3.11.
 */
Datum
dittofs_create_special_file(PG_FUNCTION_ARGS)
{
	static const char *const words[] = {"fifo", "socket", "block", "character", NULL};
	static const Kind kinds[] = {KIND_FIFO, KIND_SOCKET, KIND_BLOCK, KIND_CHARACTER};
	NewNode		node = {.function = "dittofs.create_special_file()", .procedure = PROC_MKNOD};
	int			word = op_word(fcinfo, 2, words);
	Status		invalid = word < 0 ? FS_BADTYPE : FS_OK;

	node.kind = word < 0 ? KIND_FIFO : kinds[word];
	node.how = HOW_GUARDED;
	node.default_mode = 0644;
	if (node.kind == KIND_BLOCK || node.kind == KIND_CHARACTER)
	{
		OptInt		major_number = op_opt(fcinfo, 3);
		OptInt		minor_number = op_opt(fcinfo, 4);

		if (major_number.value < 0 || major_number.value > PG_UINT32_MAX ||
			minor_number.value < 0 || minor_number.value > PG_UINT32_MAX)
			invalid = FS_INVAL;
		node.rdev_major = (uint32) major_number.value;
		node.rdev_minor = (uint32) minor_number.value;
	}
	node.set.mode = op_opt(fcinfo, 6);
	node.set.uid = op_opt(fcinfo, 7);
	node.set.gid = op_opt(fcinfo, 8);
	node.set.atime = op_opt(fcinfo, 9);
	node.set.mtime = op_opt(fcinfo, 10);
	return create_node(fcinfo, 5, &node, invalid);
}

static Status
link_in(const Op *file, const Op *dir_op, Inode *dir, const FsName *name,
		Inode **inode)
{
	Dirent		dirent;
	Status		status;

	if (!perm_check(&dir_op->cred, dir, PERM_EXEC))
		return FS_ACCES;
	if (name->dot || name->dotdot ||
		dirent_find(dir_op->share, &dir->id, name->data, name->len, &dirent))
		return FS_EXIST;
	if (!perm_check(&dir_op->cred, dir, PERM_WRITE))
		return FS_ACCES;
	if (dirent.cookie == 0)
		return FS_NOSPC;
	status = op_lock(file, inode);
	if (status != FS_OK)
		return status;
	if ((*inode)->nlink >= FS_LINK_MAX)
		return FS_MLINK;

	dirent.child_id = (*inode)->id;
	dirent.fileid = (*inode)->fileid;
	dirent.namelen = name->len;
	memcpy(dirent.name, name->data, name->len);
	dirent_insert(&dir->id, &dirent);
	(*inode)->nlink++;
	op_touch_ctime(*inode);
	op_touch_dir(dir);
	return FS_OK;
}

/*
 * create_hard_link(handle, dir, name, caller): RFC 1813, 3.3.15.  Directory
 * first, then file: the link count is read under the file's lock, and a file
 * whose last link went meanwhile is STALE.
 */
Datum
dittofs_create_hard_link(PG_FUNCTION_ARGS)
{
	Op			file,
				dir_op;
	FsName		name;
	Inode		seen;
	pg_uuid_t	id;
	bool		repeated;
	Inode	   *dir = NULL,
			   *inode = NULL;
	Fattr		attr;
	Wcc			wcc;
	Datum		values[2] = {PointerGetDatum(&attr), PointerGetDatum(&wcc)};
	bool		nulls[2] = {true, false};
	Status		file_status = op_enter(fcinfo, 0, 3, &file);
	Status		status = op_enter(fcinfo, 1, 3, &dir_op);

	if (file_status != FS_OK || status != FS_OK)
	{
		if (file_status == FS_OK && op_get(&file, &seen) == FS_OK)
		{
			inode_fattr(&seen, file.share->fsid, &attr);
			nulls[0] = false;
		}
		if (status == FS_OK)
			wcc_now(&wcc, &dir_op);
		else
			nulls[1] = true;
		PG_RETURN_DATUM(op_result(TYPE_LINK_RESULT,
								  file_status != FS_OK ? file_status : status,
								  values, nulls, 2));
	}

	change_begin("dittofs.create_hard_link()", CHANGE_DURABLE);
	status = op_get(&file, &seen);
	if (status == FS_OK && file.share->share_id != dir_op.share->share_id)
		status = FS_XDEV;
	if (status == FS_OK && seen.kind == KIND_DIRECTORY)
		status = FS_ISDIR;
	if (status == FS_OK)
		status = op_lock_dir(&dir_op, &dir);
	/* the name may have come, and the file gone, while we waited */
	if (status == FS_OK)
		status = op_get(&file, &seen);
	repeated = reply_find(&dir_op, PROC_LINK, &id);
	if (repeated)
		status = FS_OK;
	else
	{
		if (dir != NULL)
			wcc_before(&wcc, dir);
		if (status == FS_OK)
			status = op_name(fcinfo, 2, &name);
		if (status == FS_OK)
			status = link_in(&file, &dir_op, dir, &name, &inode);
		if (status == FS_OK)
			reply_store(&dir_op, PROC_LINK, &inode->id);
	}
	if (inode != NULL || op_get(&file, &seen) == FS_OK)
	{
		inode_fattr(inode != NULL ? inode : &seen, file.share->fsid, &attr);
		nulls[0] = false;
	}
	if (dir != NULL && !repeated)
		wcc_after(&wcc, dir_op.share, dir);
	else
		wcc_now(&wcc, &dir_op);
	change_end();
	PG_RETURN_DATUM(op_result(TYPE_LINK_RESULT, status, values, nulls, 2));
}
