/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_create.c
 *	  CREATE, MKDIR, SYMLINK, MKNOD, LINK: a directory gains an entry.
 *
 * The directory's lock is held from before the name is looked up until the
 * commit.  So a free name stays free until we have taken it, two gateways never
 * both create it, and the directory cannot be removed meanwhile: its removal
 * needs the same lock and looks for entries under it.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/builtins.h"

#include "base/change.h"
#include "ops/ops.h"
#include "ops/replies.h"
#include "tables/usage.h"
#include "tables/xact.h"

/* What is to be made. */
typedef struct NewNode
{
	const char *function;
	Procedure	procedure;
	Kind		kind;
	CreateMode	how;
	const SetAttrs *set;
	int32		default_mode;
	uint32		rdev_major;
	uint32		rdev_minor;
	const FsBytes *target;
	const uint8 *verifier;		/* of CREATE_EXCLUSIVE */
} NewNode;

/* Are the ids given such as an inode can have? */
static Status
check_ids(const SetAttrs *set)
{
	if ((set->uid.given &&
		 (set->uid.value < 0 || set->uid.value > PG_UINT32_MAX)) ||
		(set->gid.given &&
		 (set->gid.value < 0 || set->gid.value > PG_UINT32_MAX)))
		return FS_INVAL;
	return FS_OK;
}

static bytea *
target_bytes(const FsBytes *target)
{
	return (bytea *) cstring_to_text_with_len(target->data, target->len);
}

/*
 * A new inode of a directory.  Owner and group are the caller's; only root may
 * choose another owner, and the owner another of his groups.  A set-gid
 * directory gives its group, and its bit to subdirectories.
 */
static Inode *
make_inode(const Op *op, const Inode *dir, const NewNode *node)
{
	const SetAttrs *set = node->set;
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
		/* a user cannot make a program that runs with a group he is not in */
		if (cred->uid != 0 && (inode.mode & 0010) &&
			!cred_in_group(cred, inode.gid))
			inode.mode &= ~MODE_SGID;
		inode.nlink = 1;
		if (node->kind == KIND_SYMLINK)
			inode.size = node->target->len;
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
	return inode_insert(&inode, node->target == NULL ? NULL :
						target_bytes(node->target));
}

/*
 * CREATE of a name that exists (RFC 1813, 3.3.8).  UNCHECKED takes a regular
 * file as it is and sets its size if one is given; EXCLUSIVE takes the file
 * that the same verifier made, which is how a retransmission is told from
 * another client's file.
 */
static Status
take_existing(const Op *op, const NewNode *node, const pg_uuid_t *id,
			  Inode **child)
{
	Inode		seen;

	if (node->kind != KIND_REGULAR || node->how == CREATE_GUARDED)
		return FS_EXIST;
	if (!inode_get(id, &seen) || seen.kind != KIND_REGULAR)
		return FS_EXIST;
	inode_lock(1, id, child);
	if (*child == NULL)
		return FS_EXIST;
	if (node->how == CREATE_EXCLUSIVE)
		return (*child)->has_verifier &&
			memcmp((*child)->verifier, node->verifier, FS_VERIFIER_LEN) == 0 ?
			FS_OK : FS_EXIST;
	if (node->set->size.given)
	{
		SetAttrs	size_only = {.size = node->set->size};
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
	if (dirent_find_in(op->share, dir, name->data, name->len, &dirent))
		return take_existing(op, node, &dirent.child_id, child);

	if (!perm_check(&op->cred, dir, PERM_WRITE))
		return FS_ACCES;
	if ((node->kind == KIND_BLOCK || node->kind == KIND_CHARACTER) &&
		op->cred.uid != 0)
		return FS_PERM;
	if (node->set->size.given &&
		(node->set->size.value < 0 ||
		 node->set->size.value > op->share->maxfilesize))
		return FS_FBIG;
	status = check_ids(node->set);
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
 * The frame of all creations.  invalid is what the operation found wrong with
 * the other arguments.
 */
static Status
create_node(const Op *op, const FsBytes *name_bytes, const NewNode *node,
			Status invalid, FsMade *result)
{
	FsName		name;
	Inode	   *dir,
			   *child = NULL;
	Inode		made;
	pg_uuid_t	id;
	bool		repeated;
	Status		status = op->status;

	result->attributes.given = result->dir_wcc.given = false;
	if (status != FS_OK)
		return status;
	change_begin_once(node->function, CHANGE_DURABLE);
	status = op_lock_dir(op, &dir);
	repeated = reply_find(op, node->procedure, &id);
	if (repeated)
		status = FS_OK;
	else
	{
		if (dir != NULL)
			wcc_before(&result->dir_wcc, dir);
		if (status == FS_OK)
			status = op_name(name_bytes, &name);
		if (status == FS_OK)
			status = invalid;
		if (status == FS_OK)
			status = create_in(op, dir, &name, node, &child);
		if (status == FS_OK)
		{
			id = child->id;
			reply_store(op, node->procedure, &id);
		}
	}
	if (status == FS_OK)
	{
		result->handle.share = op->share->uuid;
		result->handle.id = id;
		if (inode_get(&id, &made))
			fattr_now(&result->attributes, op, &made);
	}
	if (dir != NULL && !repeated)
		wcc_after(&result->dir_wcc, op->share, dir);
	else
		wcc_now(&result->dir_wcc, op);
	change_end();
	return status;
}

Status
fs_create(const Op *op, const FsCreate *args, FsMade *result)
{
	static const SetAttrs nothing = {0};
	NewNode		node = {
		.function = "dittofs.create_file()",
		.procedure = PROC_CREATE,
		.kind = KIND_REGULAR,
		.how = args->how,
		.set = &args->set,
		.default_mode = 0644
	};
	Status		invalid = args->how == CREATE_NO_MODE ? FS_INVAL : FS_OK;

	if (args->how == CREATE_EXCLUSIVE)
	{
		/* the verifier takes the place of the attributes */
		node.set = &nothing;
		node.verifier = (const uint8 *) args->verifier.data;
		if (args->verifier.len != FS_VERIFIER_LEN)
			invalid = FS_INVAL;
	}
	return create_node(op, &args->name, &node, invalid, result);
}

Status
fs_mkdir(const Op *op, const FsMkdir *args, FsMade *result)
{
	NewNode		node = {
		.function = "dittofs.create_directory()",
		.procedure = PROC_MKDIR,
		.kind = KIND_DIRECTORY,
		.how = CREATE_GUARDED,
		.set = &args->set,
		.default_mode = 0755
	};

	return create_node(op, &args->name, &node, FS_OK, result);
}

Status
fs_symlink(const Op *op, const FsSymlink *args, FsMade *result)
{
	NewNode		node = {
		.function = "dittofs.create_symlink()",
		.procedure = PROC_SYMLINK,
		.kind = KIND_SYMLINK,
		.how = CREATE_GUARDED,
		.set = &args->set,
		.default_mode = 0777,
		.target = &args->target
	};
	Status		invalid = FS_OK;

	if (args->target.len == 0 ||
		memchr(args->target.data, '\0', args->target.len) != NULL)
		invalid = FS_INVAL;
	else if (args->target.len > FS_TARGET_MAX)
		invalid = FS_NAMETOOLONG;
	return create_node(op, &args->name, &node, invalid, result);
}

Status
fs_mknod(const Op *op, const FsMknod *args, FsMade *result)
{
	NewNode		node = {
		.function = "dittofs.create_special_file()",
		.procedure = PROC_MKNOD,
		.kind = KIND_FIFO,
		.how = CREATE_GUARDED,
		.set = &args->set,
		.default_mode = 0644
	};
	Status		invalid = FS_OK;

	if (args->kind == KIND_FIFO || args->kind == KIND_SOCKET)
		node.kind = (Kind) args->kind;
	else if (args->kind == KIND_BLOCK || args->kind == KIND_CHARACTER)
	{
		if (args->rdev_major < 0 || args->rdev_major > PG_UINT32_MAX ||
			args->rdev_minor < 0 || args->rdev_minor > PG_UINT32_MAX)
			invalid = FS_INVAL;
		node.kind = (Kind) args->kind;
		node.rdev_major = (uint32) args->rdev_major;
		node.rdev_minor = (uint32) args->rdev_minor;
	}
	else
		invalid = FS_BADTYPE;
	return create_node(op, &args->name, &node, invalid, result);
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
		dirent_find_in(dir_op->share, dir, name->data, name->len, &dirent))
		return FS_EXIST;
	if (!perm_check(&dir_op->cred, dir, PERM_WRITE))
		return FS_ACCES;
	if (dirent.cookie == 0)
		return FS_NOSPC;
	status = op_lock(file, inode);
	if (status != FS_OK)
		return status;
	/* one that was removed while it is open gets no name any more */
	if ((*inode)->nlink == 0)
		return FS_STALE;
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

/* One of the two was not let in; the other one's attributes are told. */
static Status
refuse_link(const Op *file, const Op *dir, FsLinked *result)
{
	Inode		seen;

	if (file->status == FS_OK && op_get(file, &seen) == FS_OK)
		fattr_now(&result->attributes, file, &seen);
	if (dir->status == FS_OK)
		wcc_now(&result->dir_wcc, dir);
	return file->status != FS_OK ? file->status : dir->status;
}

/* Directory first, then file (link_in()). */
static Status
lock_for_link(const Op *file, const Op *dir_op, Inode **dir)
{
	Inode		seen;
	Status		status = op_get(file, &seen);

	*dir = NULL;
	if (status == FS_OK && file->share->share_id != dir_op->share->share_id)
		status = FS_XDEV;
	if (status == FS_OK && seen.kind == KIND_DIRECTORY)
		status = FS_ISDIR;
	if (status == FS_OK)
		status = op_lock_dir(dir_op, dir);
	/* the name may have come, and the file gone, while we waited */
	if (status == FS_OK)
		status = op_get(file, &seen);
	return status;
}

/*
 * The link count is read under the file's lock, and a file whose last link went
 * meanwhile is STALE.
 */
Status
fs_link(const Op *file, const Op *dir_op, const FsHardLink *args,
		FsLinked *result)
{
	FsName		name;
	Inode		seen;
	pg_uuid_t	id;
	bool		repeated;
	Inode	   *dir,
			   *inode = NULL;
	Status		status;

	result->attributes.given = result->dir_wcc.given = false;
	if (file->status != FS_OK || dir_op->status != FS_OK)
		return refuse_link(file, dir_op, result);
	change_begin_once("dittofs.create_hard_link()", CHANGE_DURABLE);
	status = lock_for_link(file, dir_op, &dir);
	repeated = reply_find(dir_op, PROC_LINK, &id);
	if (repeated)
		status = FS_OK;
	else
	{
		if (dir != NULL)
			wcc_before(&result->dir_wcc, dir);
		if (status == FS_OK)
			status = op_name(&args->name, &name);
		if (status == FS_OK)
			status = link_in(file, dir_op, dir, &name, &inode);
		if (status == FS_OK)
			reply_store(dir_op, PROC_LINK, NULL);
	}
	if (inode != NULL || op_get(file, &seen) == FS_OK)
		fattr_now(&result->attributes, file, inode != NULL ? inode : &seen);
	if (dir != NULL && !repeated)
		wcc_after(&result->dir_wcc, dir_op->share, dir);
	else
		wcc_now(&result->dir_wcc, dir_op);
	change_end();
	return status;
}
