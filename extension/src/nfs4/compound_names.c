/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_names.c
 *	  PUTFH, GETFH, LOOKUP, CREATE, REMOVE, RENAME, LINK and the like.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/attrs4.h"
#include "nfs4/operations.h"
#include "nfs4/pseudo.h"
#include "types/handles.h"

/* nfs_ftype4, as far as it has numbers of its own */
#define NF4LNK	5

/* Flavors of RPC (RFC 5531, 8.2) */
#define FLAVOR_NONE	0
#define FLAVOR_SYS	1

/*
 * Filehandles
 */

/* Enters the root of a share, or a directory above the shares. */
static uint32
enter_place(Compound *c, const PseudoPlace *place)
{
	Op			op;
	Status		status;

	if (place->share == NULL)
	{
		fh_set_pseudo(c, place->path);
		return NFS4_OK;
	}
	status = op_enter_share(&op, place->share, &place->share->root_id,
							c->caller);
	if (status == FS_OK)
		fh_set_object(c, &op);
	return status4(status);
}

uint32
nfs4_putfh(Compound *c)
{
	FsBytes		handle = get_opaque(c);
	const char *path;
	Op			op;
	Status		status;

	if (handle.len == HANDLE_LEN && handle.data[0] == PSEUDO_HANDLE_VERSION)
	{
		path = pseudo_from_handle(c->caller, handle);
		if (path == NULL)
			return FS_STALE;
		fh_set_pseudo(c, path);
		return NFS4_OK;
	}
	status = op_enter(&op, handle, c->caller);
	if (status == FS_OK)
		fh_set_object(c, &op);
	return status4(status);
}

uint32
nfs4_putrootfh(Compound *c)
{
	PseudoPlace root = pseudo_root(c->caller);

	return enter_place(c, &root);
}

uint32
nfs4_getfh(Compound *c)
{
	char		data[HANDLE_LEN];

	if (c->current.kind == FH_PSEUDO)
		pseudo_handle(c->current.path, data);
	else
	{
		Handle		handle = {c->current.op.share->uuid, c->current.op.id};

		handle_write(&handle, data);
	}
	put_opaque(c, data, HANDLE_LEN);
	return NFS4_OK;
}

uint32
nfs4_savefh(Compound *c)
{
	c->saved = c->current;
	return NFS4_OK;
}

uint32
nfs4_restorefh(Compound *c)
{
	if (c->saved.kind == FH_NONE)
		return NFS4ERR_RESTOREFH;
	c->current = c->saved;
	return NFS4_OK;
}

/*
 * Looking up
 */

/* May the caller search the directory? */
static uint32
check_search(const Op *op)
{
	FsLookup	args = {.name = {".", 1}};
	FsLookedUp	found;
	Status		status = fs_lookup(op, &args, &found);

	return directory_status4(status, found.dir.given, &found.dir.value);
}

static uint32
lookup_object(Compound *c, FsBytes name)
{
	const Op   *op = &c->current.op;
	FsLookup	args = {.name = name};
	const Share *nested = pseudo_nested(op, name);
	FsLookedUp	found;
	Status		status;

	if (nested != NULL)
	{
		PseudoPlace place = {.share = nested};
		uint32		search = check_search(op);

		return search == NFS4_OK ? enter_place(c, &place) : search;
	}
	status = fs_lookup(op, &args, &found);
	if (status != FS_OK)
		return directory_status4(status, found.dir.given, &found.dir.value);
	fh_set_handle(c, op, &found.handle);
	return NFS4_OK;
}

/* Makes what the name stands for the current filehandle. */
static uint32
lookup_name(Compound *c, FsBytes name)
{
	PseudoPlace place;
	Status		status;
	uint32		wrong = name4_check(name);

	if (wrong != NFS4_OK)
		return wrong;
	if (c->current.kind == FH_OBJECT)
		return lookup_object(c, name);
	status = pseudo_lookup(c->caller, c->current.path, name, &place);
	return status == FS_OK ? enter_place(c, &place) : status4(status);
}

uint32
nfs4_lookup(Compound *c)
{
	return lookup_name(c, get_opaque(c));
}

/* Above a share's root is what its path says. */
static uint32
lookup_above_share(Compound *c)
{
	const Op   *op = &c->current.op;
	PseudoPlace place = {0};
	Op			dir;

	if (pseudo_above(op, &dir))
	{
		fh_set_object(c, &dir);
		return NFS4_OK;
	}
	place.path = pseudo_parent(pseudo_share_path(op->share));
	return place.path == NULL ? FS_NOENT : enter_place(c, &place);
}

/* Makes the parent the current filehandle. */
static uint32
lookup_parent(Compound *c)
{
	const Op   *op = &c->current.op;
	PseudoPlace place = {0};
	FsLookup	args = {.name = {"..", 2}};
	FsLookedUp	found;
	Status		status;

	if (c->current.kind == FH_PSEUDO)
	{
		place.path = pseudo_parent(c->current.path);
		return place.path == NULL ? FS_NOENT : enter_place(c, &place);
	}
	if (memcmp(&op->id, &op->share->root_id, sizeof(pg_uuid_t)) == 0)
		return lookup_above_share(c);
	status = fs_lookup(op, &args, &found);
	if (status != FS_OK)
		return directory_status4(status, found.dir.given, &found.dir.value);
	fh_set_handle(c, op, &found.handle);
	return NFS4_OK;
}

uint32
nfs4_lookupp(Compound *c)
{
	return lookup_parent(c);
}

uint32
nfs4_readlink(Compound *c)
{
	FsLink		link;
	Status		status = fs_readlink(&c->current.op, &link);

	if (status == FS_OK)
	{
		/* a long one is kept beside the row */
		bytea	   *target = (bytea *)
			PG_DETOAST_DATUM_PACKED(PointerGetDatum(link.target));

		put_opaque(c, VARDATA_ANY(target), VARSIZE_ANY_EXHDR(target));
	}
	else if (status == FS_INVAL)
		return NFS4ERR_WRONG_TYPE;
	return status4(status);
}

/*
 * Security: the flavors that the share takes.  The filehandle is used up
 * (RFC 8881, 2.6.3.1.1.8), so that a client cannot go on with it by mistake.
 */
static uint32
put_flavors(Compound *c, uint32 status)
{
	bool		none = status == NFS4_OK &&
		(c->current.kind == FH_PSEUDO ||
		 c->current.op.share->allow_auth_none);

	/* a share that the caller's flavor does not open is asked for its own */
	if (status != NFS4_OK && status != NFS4ERR_WRONGSEC)
		return status;
	put_u32(c, none ? 2 : 1);
	put_u32(c, FLAVOR_SYS);
	if (none)
		put_u32(c, FLAVOR_NONE);
	c->current.kind = FH_NONE;
	return NFS4_OK;
}

uint32
nfs4_secinfo(Compound *c)
{
	return put_flavors(c, lookup_name(c, get_opaque(c)));
}

uint32
nfs4_secinfo_no_name(Compound *c)
{
	uint32		style = get_u32(c);
	uint32		status = NFS4_OK;

	if (style > 1)
		return FS_INVAL;
	if (style == 1)
		status = lookup_parent(c);
	return put_flavors(c, status);
}

/*
 * Changing entries
 */

/* Does a share cover this entry?  Then it cannot be made, removed or moved. */
static bool
is_covered(const Op *dir, FsBytes name)
{
	return pseudo_nested(dir, name) != NULL;
}

static Status
make_object(const Op *dir, uint32 type, FsBytes name, FsBytes target,
			const uint32 rdev[2], const SetAttrs *set, FsMade *made)
{
	FsMkdir		mkdir = {.name = name,.set = *set};
	FsSymlink	symlink = {.name = name,.target = target,.set = *set};
	/* nfs_ftype4 has the numbers of enum dittofs_kind */
	FsMknod		mknod = {
		.name = name,
		.kind = (int) type,
		.rdev_major = rdev[0],
		.rdev_minor = rdev[1],
		.set = *set
	};

	if (type == KIND_DIRECTORY)
		return fs_mkdir(dir, &mkdir, made);
	if (type == NF4LNK)
		return fs_symlink(dir, &symlink, made);
	return fs_mknod(dir, &mknod, made);
}

uint32
nfs4_create(Compound *c)
{
	const Op   *dir = &c->current.op;
	uint32		type = get_u32(c);
	FsBytes		target = {0};
	FsBytes		name;
	uint32		rdev[2] = {0, 0};
	Bitmap		given;
	SetAttrs	set;
	FsMade		made;
	uint32		status;
	Status		done;

	if (type == NF4LNK)
		target = get_opaque(c);
	else if (type == KIND_BLOCK || type == KIND_CHARACTER)
	{
		rdev[0] = get_u32(c);
		rdev[1] = get_u32(c);
	}
	name = get_opaque(c);
	status = get_setattrs(c, true, &given, &set);
	if (status == NFS4_OK)
		status = name4_check(name);
	if (status == NFS4_OK && set.size.given)
		status = FS_INVAL;
	if (status == NFS4_OK && is_covered(dir, name))
		status = FS_EXIST;
	if (status != NFS4_OK)
		return status;
	done = make_object(dir, type, name, target, rdev, &set, &made);
	if (done != FS_OK)
		return changed_status4(done, &made.dir_wcc);
	put_wcc(c, &made.dir_wcc);
	put_bitmap(c, &given);
	fh_set_handle(c, dir, &made.handle);
	return NFS4_OK;
}

/*
 * One operation removes files and directories, which are locked differently:
 * what the name stands for is looked up first.
 */
uint32
nfs4_remove(Compound *c)
{
	const Op   *dir = &c->current.op;
	FsRemove	args = {.name = get_opaque(c)};
	FsLookup	lookup = {.name = args.name};
	FsLookedUp	found;
	FsChanged	changed;
	uint32		status = name4_check(args.name);
	Status		done = FS_ISDIR;

	if (status != NFS4_OK)
		return status;
	if (is_covered(dir, args.name))
		return NFS4ERR_FILE_OPEN;
	if (fs_lookup(dir, &lookup, &found) != FS_OK ||
		found.attributes.kind != KIND_DIRECTORY)
		done = fs_remove(dir, &args, &changed);
	if (done == FS_ISDIR)
		done = fs_rmdir(dir, &args, &changed);
	if (done != FS_OK)
		return changed_status4(done, &changed.wcc);
	put_wcc(c, &changed.wcc);
	return NFS4_OK;
}

uint32
nfs4_rename(Compound *c)
{
	const Op   *from = &c->saved.op;
	const Op   *to = &c->current.op;
	FsRename	args;
	FsRenamed	renamed;
	uint32		status;
	Status		done;

	args.from_name = get_opaque(c);
	args.to_name = get_opaque(c);
	if (c->saved.kind == FH_PSEUDO)
		return FS_ROFS;
	status = name4_check(args.from_name);
	if (status == NFS4_OK)
		status = name4_check(args.to_name);
	if (status != NFS4_OK)
		return status;
	if (is_covered(from, args.from_name) || is_covered(to, args.to_name))
		return NFS4ERR_FILE_OPEN;
	done = fs_rename(from, to, &args, &renamed);
	if (done != FS_OK)
	{
		status = changed_status4(done, &renamed.from_wcc);
		return status == NFS4ERR_SYMLINK ? status :
			changed_status4(done, &renamed.to_wcc);
	}
	put_wcc(c, &renamed.from_wcc);
	put_wcc(c, &renamed.to_wcc);
	return NFS4_OK;
}

/* The saved filehandle gets a name in the current one. */
uint32
nfs4_link(Compound *c)
{
	const Op   *dir = &c->current.op;
	FsHardLink	args = {.name = get_opaque(c)};
	FsLinked	linked;
	uint32		status = name4_check(args.name);
	Status		done;

	if (c->saved.kind == FH_PSEUDO)
		return FS_ISDIR;
	if (status != NFS4_OK)
		return status;
	if (is_covered(dir, args.name))
		return FS_EXIST;
	done = fs_link(&c->saved.op, dir, &args, &linked);
	if (done != FS_OK)
		return changed_status4(done, &linked.dir_wcc);
	put_wcc(c, &linked.dir_wcc);
	return NFS4_OK;
}
