/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_xattrs.c
 *	  GETXATTR, SETXATTR, LISTXATTRS, REMOVEXATTR (RFC 8276).
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/operations.h"

uint32
nfs4_getxattr(Compound *c)
{
	FsXattr		args = {.name = get_opaque(c)};
	FsXattrValue value;
	Status		status = fs_getxattr(&c->current.op, &args, &value);

	if (status == FS_OK)
		put_opaque(c, VARDATA_ANY(value.value),
				   VARSIZE_ANY_EXHDR(value.value));
	return status4(status);
}

uint32
nfs4_setxattr(Compound *c)
{
	uint32		how = get_u32(c);
	FsSetXattr	args = {.how = how > XATTR_REPLACE ? XATTR_NO_HOW :
		(XattrHow) how};
	FsChanged	changed;
	Status		status;

	args.name = get_opaque(c);
	args.value = get_opaque(c);
	status = fs_setxattr(&c->current.op, &args, &changed);
	if (status == FS_OK)
		put_wcc(c, &changed.wcc);
	return status4(status);
}

uint32
nfs4_removexattr(Compound *c)
{
	FsXattr		args = {.name = get_opaque(c)};
	FsChanged	changed;
	Status		status = fs_removexattr(&c->current.op, &args, &changed);

	if (status == FS_OK)
		put_wcc(c, &changed.wcc);
	return status4(status);
}

/* Directories above the shares have none. */
uint32
nfs4_listxattrs(Compound *c)
{
	uint64		cookie = get_u64(c);
	uint32		maxcount = get_u32(c);
	FsListXattrs args = {
		.cookie = (int64) cookie,
		.maxcount = Min(maxcount, put_room(c))
	};
	FsXattrPage page = {.eof = true};
	Status		status = FS_OK;

	if (c->current.kind == FH_OBJECT)
		status = fs_listxattrs(&c->current.op, &args, &page);
	if (status != FS_OK)
		return status4(status);
	put_u64(c, (uint64) page.cookie);
	put_u32(c, (uint32) page.n);
	for (int i = 0; i < page.n; i++)
		put_opaque(c, page.entries[i].name.data,
				   (uint32) page.entries[i].name.len);
	put_u32(c, page.eof);
	return NFS4_OK;
}
