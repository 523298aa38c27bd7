/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * share_root.c
 *	  Makes the root directories of shares, and tells whether clients can write
 *	  to one.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "storage/lmgr.h"
#include "utils/builtins.h"

#include "base/change.h"
#include "types/handles.h"
#include "tables/inodes.h"
#include "admin/names.h"
#include "tables/rel.h"
#include "tables/share_options.h"
#include "admin/shares_admin.h"
#include "tables/usage.h"
#include "tables/xact.h"

PG_FUNCTION_INFO_V1(dittofs_create_root_directory);

Inode *
share_make_root(const Share *share, uint32 uid, uint32 gid, int32 mode)
{
	Inode		root;

	memset(&root, 0, sizeof(root));
	root.id = root.content_id = root.parent_id = share->root_id;
	root.fileid = inode_new_fileid();
	root.share_id = share->share_id;
	root.kind = KIND_DIRECTORY;
	root.mode = mode;
	root.uid = uid;
	root.gid = gid;
	root.nlink = 2;
	root.size = FS_DIRECTORY_SIZE;
	root.atime = root.mtime = root.ctime = fs_now();
	usage_add(share->share_id, 0, 1);
	return inode_insert(&root, NULL);
}

/*
 * The share's root; makes it where it is missing.  Statuses: NOENT (no such
 * share), INVAL (an id that cannot be, or NULL).
 */
Datum
dittofs_create_root_directory(PG_FUNCTION_ARGS)
{
	Datum		values[4];
	bool		nulls[4] = {false, true, true, true};
	const Share *share = NULL;
	Inode		root;
	Status		status = FS_OK;
	int			mode = 0;

	for (int arg = 1; arg <= 3; arg++)
	{
		if (PG_ARGISNULL(arg))
			status = FS_INVAL;
	}
	if (status == FS_OK &&
		(PG_GETARG_INT64(1) < 0 || PG_GETARG_INT64(1) > PG_UINT32_MAX ||
		 PG_GETARG_INT64(2) < 0 || PG_GETARG_INT64(2) > PG_UINT32_MAX))
		status = FS_INVAL;
	if (status == FS_OK)
		mode = mode_from_text(PG_GETARG_TEXT_PP(3));
	if (status == FS_OK)
	{
		if (!PG_ARGISNULL(0))
			share = share_by_name(text_to_cstring(PG_GETARG_TEXT_PP(0)));
		if (share == NULL)
			status = FS_NOENT;
	}
	if (status == FS_OK)
	{
		if (!inode_get(&share->root_id, &root))
		{
			/* one at a time, and what another one made meanwhile is visible */
			LockRelationOid(rel_oid(REL_SHARES), ShareUpdateExclusiveLock);
			change_begin("dittofs.create_root_directory()", CHANGE_DURABLE);
			if (!inode_get(&share->root_id, &root))
				root = *share_make_root(share, PG_GETARG_INT64(1),
										PG_GETARG_INT64(2), mode);
			change_end();
		}
		values[1] = PointerGetDatum(handle_form(&share->uuid, &root.id));
		values[2] = PointerGetDatum(palloc(sizeof(Fattr)));
		inode_fattr(&root, share->fsid, (Fattr *) DatumGetPointer(values[2]));
		nulls[1] = nulls[2] = false;
	}
	values[0] = Int32GetDatum(status);
	return rel_form_result(TYPE_CREATE_RESULT, values, nulls, lengthof(values));
}

/*
 * Can any network client make a file in a root directory like this one?  It
 * follows cred_squash() and the mode bits: by squash 'root' clients are all
 * users but uid 0 and all groups but gid 0, by 'all' the anonymous user alone.
 * An anonymous user of uid 0 is root.
 */
static bool
root_is_writable(const Share *share, uint32 uid, uint32 gid, int mode)
{
	const int	both = 3;		/* write and search */
	bool		owner = ((mode >> 6) & both) == both;
	bool		group = ((mode >> 3) & both) == both;
	bool		others = (mode & both) == both;

	if (share->squash == SQUASH_NONE || share->anonuid == 0)
		return true;
	if (share->squash == SQUASH_ROOT)
		return others || (owner && uid != 0) ||
			(group && (gid != 0 || share->anongid == 0));
	if (share->anonuid == uid)
		return owner;
	return share->anongid == gid ? group : others;
}

/*
 * The share that people make first, with all defaults, is a directory of root
 * that no client's root can write to: without a word that looks like a fault.
 */
void
share_notice_unwritable(const Share *share, uint32 uid, uint32 gid, int mode)
{
	char	   *name = quote_literal_cstr(share->name);

	if (share->read_only || root_is_writable(share, uid, gid, mode))
		return;
	ereport(NOTICE,
			(errmsg(
				 "no client can create files in the root directory of share \"%s\"",
				 share->name),
			 errdetail(
				 "The directory has mode %04o and belongs to uid %u and gid %u, and the share's clients are never uid 0 (squash '%s').",
				 mode, uid, gid,
				 text_to_cstring(word_text(SQUASH_WORDS, share->squash))),
			 errhint(
				 "dittofs.alter_share(%s, squash => 'none') lets root of a client be root; "
				 "dittofs.chmod(%s, '1777') lets all users create files; "
				 "dittofs.chown(%s, UID) gives the directory to one.",
				 name, name, name)));
}
