/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_attrs.c
 *	  GETATTR, SETATTR, VERIFY, NVERIFY, ACCESS, READDIR.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/attrs4.h"
#include "nfs4/opens4.h"
#include "nfs4/operations.h"
#include "nfs4/pseudo.h"
#include "tables/dirents.h"

uint32
nfs4_getattr(Compound *c)
{
	Bitmap		wanted = get_bitmap(c);
	AttrSource	source;
	Fattr		attributes;
	uint32		status = attrs_readable(c, &wanted);

	if (status == NFS4_OK)
		status = status4(attrs_of_fh(c, &c->current, &source, &attributes));
	if (status == NFS4_OK)
		put_attrs(c, &wanted, &source);
	return status;
}

/* The stateid is about the size only (RFC 8881, 18.30.3). */
uint32
nfs4_setattr(Compound *c)
{
	FsSetattr	args = {0};
	FsChanged	changed;
	Stateid		stateid;
	Bitmap		given;
	uint32		bad_stateid = compound_stateid(c, &stateid);
	uint32		status = get_setattrs(c, false, &given, &args.set);

	if (status == NFS4_OK && args.set.size.given)
	{
		status = bad_stateid;
		if (status == NFS4_OK)
			status = stateid_check(c, &c->current, &stateid, STATEID_WRITE,
								   true);
	}
	if (status == NFS4_OK)
		status = status4(fs_setattr(&c->current.op, &args, &changed));
	if (status == NFS4_OK)
		put_bitmap(c, &given);
	return status;
}

uint32
nfs4_verify(Compound *c)
{
	bool		same;
	uint32		status = get_compared_attrs(c, &same);

	return status != NFS4_OK || same ? status : NFS4ERR_NOT_SAME;
}

uint32
nfs4_nverify(Compound *c)
{
	bool		same;
	uint32		status = get_compared_attrs(c, &same);

	return status == NFS4_OK && same ? NFS4ERR_SAME : status;
}

/*
 * ACCESS: the bits of NFSv3 (RFC 8881, 18.1.1), and those of RFC 8276, 8.1
 */

#define ACCESS_READ		0x0001
#define ACCESS_LOOKUP	0x0002
#define ACCESS_MODIFY	0x0004
#define ACCESS_EXTEND	0x0008
#define ACCESS_DELETE	0x0010
#define ACCESS_EXECUTE	0x0020
#define ACCESS_XAREAD	0x0040
#define ACCESS_XAWRITE	0x0080
#define ACCESS_XALIST	0x0100

#define ACCESS_OF_3		0x003f
#define ACCESS_OF_XATTRS (ACCESS_XAREAD | ACCESS_XAWRITE | ACCESS_XALIST)
#define ACCESS_ALL		(ACCESS_OF_3 | ACCESS_OF_XATTRS)

/* The bits that mean something for this kind of object. */
static uint32
access_bits_of(uint32 kind)
{
	if (kind == KIND_DIRECTORY)
		return ACCESS_READ | ACCESS_LOOKUP | ACCESS_MODIFY | ACCESS_EXTEND |
			ACCESS_DELETE | ACCESS_OF_XATTRS;
	return ACCESS_READ | ACCESS_MODIFY | ACCESS_EXTEND | ACCESS_EXECUTE |
		ACCESS_OF_XATTRS;
}

uint32
nfs4_access(Compound *c)
{
	FsAccess	args = {.wanted = ACCESS_ALL,.xattrs = true};
	FsAccessed	accessed;
	uint32		wanted = get_u32(c);
	uint32		kind = KIND_DIRECTORY;
	uint32		granted = ACCESS_READ | ACCESS_LOOKUP | ACCESS_XAREAD |
		ACCESS_XALIST;
	Status		status = FS_OK;

	if (wanted & ~(uint32) (c->minor < 2 ? ACCESS_OF_3 : ACCESS_ALL))
		return FS_INVAL;
	if (c->current.kind == FH_OBJECT)
	{
		status = fs_access(&c->current.op, &args, &accessed);
		if (status == FS_OK)
		{
			kind = accessed.attributes.kind;
			granted = (uint32) accessed.granted;
		}
	}
	if (status == FS_OK)
	{
		wanted &= access_bits_of(kind);
		put_u32(c, wanted);
		put_u32(c, granted & wanted);
	}
	return status4(status);
}

/*
 * READDIR
 *
 * A page is as large as the client allows.  It is cut where the entries are
 * read (ops_readdir.c), by what an entry takes at most.
 */

/* verifier, end of the list, eof */
#define READDIR_HEAD	(NFS4_VERIFIER_LEN + 4 + 4)
/* an entry follows, cookie, length of the name */
#define READDIR_ENTRY	(4 + 8 + 4)

typedef struct EntryPage
{
	Compound   *c;
	Bitmap		wanted;
	FsStat		stat;
	bool		has_stat;
	uint32		n;
} EntryPage;

static void
put_entry(EntryPage *page, uint64 cookie, const void *name, uint32 len,
		  const Bitmap *wanted, AttrSource *source)
{
	Compound   *c = page->c;

	put_u64(c, cookie);
	put_opaque(c, name, len);
	put_attrs(c, wanted, source);
	c->xdr += sizeof(uint32);	/* an entry follows */
	page->n++;
}

/*
 * An entry whose attributes cannot be told is an entry with an error if the
 * client wants to hear of errors; otherwise the whole page fails.
 */
static uint32
put_error_entry(EntryPage *page, uint64 cookie, const void *name, uint32 len,
				uint32 status)
{
	static const Bitmap error_only = {{(uint32) 1 << NFS4_ATTR_RDATTR_ERROR}};
	AttrSource	source = {.error = status};

	if (!bitmap_has(&page->wanted, NFS4_ATTR_RDATTR_ERROR))
		return status;
	put_entry(page, cookie, name, len, &error_only, &source);
	return NFS4_OK;
}

static void
put_object_entry(EntryPage *page, uint64 cookie, const void *name, uint32 len,
				 const Op *op, const Fattr *attributes)
{
	AttrSource	source;

	attrs_of_object(&source, op, attributes);
	source.stat = &page->stat;
	source.has_stat = &page->has_stat;
	put_entry(page, cookie, name, len, &page->wanted, &source);
}

/* The root of a share, as an entry */
static uint32
put_share_entry(EntryPage *page, uint64 cookie, const void *name, uint32 len,
				const Share *share)
{
	Op			op;
	FsGot		got;
	Status		status = op_enter_share(&op, share, &share->root_id,
										page->c->caller);

	if (status == FS_OK)
		status = fs_getattr(&op, &got);
	if (status != FS_OK)
		return put_error_entry(page, cookie, name, len, status4(status));
	/* its sums are not those of the others */
	page->has_stat = false;
	put_object_entry(page, cookie, name, len, &op, &got.attributes);
	page->has_stat = false;
	return NFS4_OK;
}

/* Do entries need more than their names? */
static bool
needs_inodes(const Bitmap *wanted)
{
	Bitmap		rest = *wanted;

	bitmap_drop(&rest, NFS4_ATTR_RDATTR_ERROR);
	return !bitmap_is_empty(&rest);
}

static uint32
put_dirent(EntryPage *page, const Op *dir, const FsPage *listed,
		   const FsEntry *entry)
{
	FsBytes		name = {VARDATA(entry->name), VARSIZE(entry->name) - VARHDRSZ};
	uint64		cookie = (uint64) entry->cookie;
	const Share *nested = pseudo_nested(dir, name);
	Op			op = op_at(dir, &entry->handle);
	AttrSource	nothing = {.error = NFS4_OK};

	if (nested != NULL)
		return put_share_entry(page, cookie, name.data, (uint32) name.len,
							   nested);
	if (entry->attributes.given)
		put_object_entry(page, cookie, name.data, (uint32) name.len, &op,
						 &entry->attributes.value);
	else if (!needs_inodes(&page->wanted))
		put_entry(page, cookie, name.data, (uint32) name.len, &page->wanted,
				  &nothing);
	else if (!listed->may_search)
		return put_error_entry(page, cookie, name.data, (uint32) name.len,
							   FS_ACCES);
	/* otherwise the object has just gone, and its entry with it */
	return NFS4_OK;
}

/* A page of a directory of a share. */
static uint32
put_directory(EntryPage *page, uint64 cookie, uint32 maxcount, bool *eof)
{
	const Op   *op = &page->c->current.op;
	FsReaddir	args = {
		.cookie = (int64) Max(cookie, COOKIE_DOTDOT),
		.dircount = PG_INT64_MAX,
		.maxcount = maxcount,
		.plus = needs_inodes(&page->wanted),
		.head_size = READDIR_HEAD,
		.entry_size = READDIR_ENTRY + attrs_size(&page->wanted)
	};
	FsPage		listed;
	uint32		status;

	if (cookie > PG_INT64_MAX)
		return FS_BAD_COOKIE;
	status = status4(fs_readdir(op, &args, &listed));
	if (status == FS_NOTDIR && listed.dir.given &&
		listed.dir.value.kind == KIND_SYMLINK)
		status = NFS4ERR_SYMLINK;
	for (int i = 0; status == NFS4_OK && i < listed.n; i++)
		status = put_dirent(page, op, &listed, &listed.entries[i]);
	*eof = listed.eof;
	return status;
}

/* A page of a directory above the shares. */
static uint32
put_pseudo_directory(EntryPage *page, uint64 cookie, uint32 maxcount, bool *eof)
{
	Compound   *c = page->c;
	PseudoEntry *entries;
	int			n = pseudo_list(c->caller, c->current.path, &entries);
	uint32		used = READDIR_HEAD;
	uint32		each = READDIR_ENTRY + attrs_size(&page->wanted);
	uint32		status = NFS4_OK;
	int			i = 0;

	while (i < n && entries[i].cookie <= cookie)
		i++;
	for (; i < n && status == NFS4_OK; i++)
	{
		const PseudoEntry *entry = &entries[i];
		AttrSource	source;
		Fattr		attributes;

		used += each + XDR_PADDED(entry->name.len);
		if (used > maxcount)
			break;
		if (entry->place.share != NULL)
			status = put_share_entry(page, entry->cookie, entry->name.data,
									 (uint32) entry->name.len,
									 entry->place.share);
		else
		{
			attrs_of_pseudo(&source, c->caller, entry->place.path,
							&attributes);
			put_entry(page, entry->cookie, entry->name.data,
					  (uint32) entry->name.len, &page->wanted, &source);
		}
	}
	*eof = i == n;
	return status == NFS4_OK && i < n && page->n == 0 ? FS_TOOSMALL : status;
}

/*
 * dircount is a hint, and maxcount is enough of a limit.  Cookies 0 to 2 are
 * the start: '.' and '..' are the client's own business.
 */
uint32
nfs4_readdir(Compound *c)
{
	static const uint8 verifier[NFS4_VERIFIER_LEN];
	EntryPage	page = {.c = c};
	uint64		cookie = get_u64(c);
	uint32		maxcount;
	uint32		status;
	bool		eof = false;
	int			count;

	(void) get_bytes(c, NFS4_VERIFIER_LEN);
	(void) get_u32(c);			/* dircount */
	maxcount = get_u32(c);
	page.wanted = get_bitmap(c);
	status = attrs_readable(c, &page.wanted);
	if (status != NFS4_OK)
		return status;
	if (cookie == COOKIE_DOT || cookie == COOKIE_DOTDOT)
		return FS_BAD_COOKIE;
	maxcount = Min(Min(maxcount, TRANSFER_MAX), put_room(c));

	put_bytes(c, verifier, NFS4_VERIFIER_LEN);
	count = put_room_u32(c);
	status = c->current.kind == FH_PSEUDO ?
		put_pseudo_directory(&page, cookie, maxcount, &eof) :
		put_directory(&page, cookie, maxcount, &eof);
	put_u32_at(c, count, page.n);
	put_u32(c, eof);
	return status;
}
