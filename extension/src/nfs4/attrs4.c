/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * attrs4.c
 *	  Attributes of NFSv4, by their bits (RFC 8881, 5; RFC 7862, 12.2; RFC 8275;
 *	  RFC 8276, 8.2).
 *
 * Values travel one behind the other, by ascending bit.  Owners and groups are
 * decimal numbers, as clients of AUTH_SYS want them.  The number of a change is
 * the ctime, which grows with every change of an inode.  A file has no column
 * with the time of its creation: its id says that, to the millisecond.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "port/pg_bitutils.h"
#include "utils/builtins.h"

#include "nfs4/attrs4.h"
#include "nfs4/leases4.h"
#include "nfs4/pseudo.h"
#include "types/handles.h"

/* change_attr_type4 */
#define CHANGE_IS_TIME_METADATA	3
#define CHANGE_IS_UNDEFINED		4

#define NS_PER_SECOND INT64CONST(1000000000)

/* Blocks of any size can be cloned. */
#define CLONE_BLOCK_SIZE 1


/* The attributes as three words. */
#define ATTR_WORD(word, bit) \
	((bit) / 32 == (word) ? (uint32) 1 << ((bit) % 32) : 0)
#define IN_WORD_0(bit, name, form) | ATTR_WORD(0, bit)
#define IN_WORD_1(bit, name, form) | ATTR_WORD(1, bit)
#define IN_WORD_2(bit, name, form) | ATTR_WORD(2, bit)

static const Bitmap known = {{
	0 NFS4_ATTRIBUTES(IN_WORD_0),
	0 NFS4_ATTRIBUTES(IN_WORD_1),
	0 NFS4_ATTRIBUTES(IN_WORD_2),
}};

#define ATTR_BIT(name) ((uint32) 1 << (NFS4_ATTR_##name % 32))

/* Those that NFSv4.1 has not. */
static const Bitmap minor_2 = {{
	0, 0,
	ATTR_BIT(CLONE_BLKSIZE) | ATTR_BIT(CHANGE_ATTR_TYPE) |
	ATTR_BIT(MODE_UMASK) | ATTR_BIT(XATTR_SUPPORT),
}};

/* Those that can only be set. */
static const Bitmap write_only = {{
	0,
	ATTR_BIT(TIME_ACCESS_SET) | ATTR_BIT(TIME_MODIFY_SET),
	ATTR_BIT(MODE_UMASK),
}};

/*
 * Those that can be set, all of them also by an exclusive OPEN: its verifier
 * has a place of its own.
 */
static const Bitmap settable = {{
	ATTR_BIT(SIZE),
	ATTR_BIT(MODE) | ATTR_BIT(OWNER) | ATTR_BIT(OWNER_GROUP) |
	ATTR_BIT(TIME_ACCESS_SET) | ATTR_BIT(TIME_MODIFY_SET),
	ATTR_BIT(MODE_UMASK),
}};

/* Those that an exclusive creation sets: no times */
static const Bitmap set_at_exclusive = {{
	ATTR_BIT(SIZE),
	ATTR_BIT(MODE) | ATTR_BIT(OWNER) | ATTR_BIT(OWNER_GROUP),
	ATTR_BIT(MODE_UMASK),
}};

/* Those that are read from the sums of the share */
static const Bitmap of_share_sums = {{
	ATTR_BIT(FILES_AVAIL) | ATTR_BIT(FILES_FREE) | ATTR_BIT(FILES_TOTAL),
	ATTR_BIT(QUOTA_AVAIL_HARD) | ATTR_BIT(QUOTA_AVAIL_SOFT) |
	ATTR_BIT(QUOTA_USED) | ATTR_BIT(SPACE_AVAIL) | ATTR_BIT(SPACE_FREE) |
	ATTR_BIT(SPACE_TOTAL),
	0,
}};

static bool
bitmap_meets(const Bitmap *a, const Bitmap *b)
{
	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		if (a->words[i] & b->words[i])
			return true;
	return false;
}

/* The attributes of a, as far as they are in b. */
static Bitmap
bitmap_and(const Bitmap *a, const Bitmap *b)
{
	Bitmap		both;

	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		both.words[i] = a->words[i] & b->words[i];
	return both;
}

static Bitmap
bitmap_without(const Bitmap *a, const Bitmap *b)
{
	Bitmap		rest;

	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		rest.words[i] = a->words[i] & ~b->words[i];
	return rest;
}

/* What there is in the COMPOUND's minor version. */
static Bitmap
in_minor(const Compound *c, const Bitmap *attributes)
{
	return c->minor < 2 ? bitmap_without(attributes, &minor_2) : *attributes;
}

/*
 * Of what
 */

void
attrs_of_object(AttrSource *source, const Op *op, const Fattr *attributes)
{
	Handle		handle = {op->share->uuid, op->id};
	bool		root = memcmp(&op->id, &op->share->root_id,
							  sizeof(pg_uuid_t)) == 0;
	const char *path = root ? pseudo_share_path(op->share) : "";

	source->op = op;
	source->attributes = attributes;
	source->change = (uint64) attributes->ctime;
	source->mounted_on = *path != '\0' ? pseudo_fileid(path) :
		attributes->fileid;
	source->error = NFS4_OK;
	handle_write(&handle, source->handle);
	source->stat = NULL;
}

void
attrs_of_pseudo(AttrSource *source, const Caller *caller, const char *path,
				Fattr *attributes)
{
	source->op = NULL;
	pseudo_attributes(caller, path, attributes, &source->change);
	source->attributes = attributes;
	source->mounted_on = attributes->fileid;
	source->error = NFS4_OK;
	pseudo_handle(path, source->handle);
	source->stat = NULL;
}

Status
attrs_of_fh(const Compound *c, const Fh *fh, AttrSource *source,
			Fattr *attributes)
{
	FsGot		got;
	Status		status;

	if (fh->kind == FH_PSEUDO)
	{
		attrs_of_pseudo(source, c->caller, fh->path, attributes);
		return FS_OK;
	}
	status = fs_getattr(&fh->op, &got);
	if (status == FS_OK)
	{
		*attributes = got.attributes;
		attrs_of_object(source, &fh->op, attributes);
	}
	return status;
}

/*
 * Values on their way out
 */

static void
put_time(Compound *c, FsTime time)
{
	int64		seconds = time / NS_PER_SECOND;
	int64		rest = time % NS_PER_SECOND;

	if (rest < 0)
	{
		seconds--;
		rest += NS_PER_SECOND;
	}
	put_u64(c, (uint64) seconds);
	put_u32(c, (uint32) rest);
}

static void
put_owner(Compound *c, uint32 id)
{
	char		text[16];

	put_opaque(c, text, (uint32) pg_ultoa_n(id, text));
}

/* UUIDs of version 7 begin with milliseconds since the epoch. */
static FsTime
time_of_id(const AttrSource *source)
{
	const uint8 *id;
	uint64		ms = 0;

	if (source->op == NULL)
		return source->attributes->ctime;
	id = source->op->id.data;
	if (id[6] >> 4 != 7)
		return source->attributes->ctime;
	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id[i];
	return (FsTime) ms * 1000000;
}

/* Above the shares there are none of these. */
static const FsStat *
share_sums(const AttrSource *source, FsStat *own)
{
	FsStat	   *stat = source->stat == NULL ? own : source->stat;

	if (source->op == NULL)
		memset(stat, 0, sizeof(FsStat));
	else if (source->stat == NULL || !*source->has_stat)
	{
		if (fs_stat(source->op, stat) != FS_OK)
			memset(stat, 0, sizeof(FsStat));
		if (source->stat != NULL)
			*source->has_stat = true;
	}
	return stat;
}

/* One whose value is of the share, or of all. */
static void
put_constant(Compound *c, int bit, const AttrSource *source)
{
	const Share *share = source->op == NULL ? NULL : source->op->share;
	Bitmap		bitmap;

	switch (bit)
	{
		case NFS4_ATTR_SUPPORTED_ATTRS:
			bitmap = in_minor(c, &known);
			put_bitmap(c, &bitmap);
			break;
		case NFS4_ATTR_SUPPATTR_EXCLCREAT:
			bitmap = in_minor(c, &set_at_exclusive);
			put_bitmap(c, &bitmap);
			break;
		case NFS4_ATTR_LEASE_TIME:
			put_u32(c, nfs4_lease_time());
			break;
		case NFS4_ATTR_LINK_SUPPORT:
		case NFS4_ATTR_SYMLINK_SUPPORT:
		case NFS4_ATTR_UNIQUE_HANDLES:
		case NFS4_ATTR_CANSETTIME:
		case NFS4_ATTR_CASE_PRESERVING:
		case NFS4_ATTR_CHOWN_RESTRICTED:
		case NFS4_ATTR_HOMOGENEOUS:
		case NFS4_ATTR_NO_TRUNC:
		case NFS4_ATTR_XATTR_SUPPORT:
			put_u32(c, true);
			break;
		case NFS4_ATTR_MAXFILESIZE:
			put_u64(c, share == NULL ? FS_SIZE_MAX :
					(uint64) share->maxfilesize);
			break;
		case NFS4_ATTR_MAXLINK:
			put_u32(c, FS_LINK_MAX);
			break;
		case NFS4_ATTR_MAXNAME:
			put_u32(c, FS_NAME_MAX);
			break;
		case NFS4_ATTR_MAXREAD:
			put_u64(c, share == NULL ? TRANSFER_MAX : (uint64) share->rtmax);
			break;
		case NFS4_ATTR_MAXWRITE:
			put_u64(c, share == NULL ? TRANSFER_MAX : (uint64) share->wtmax);
			break;
		case NFS4_ATTR_TIME_DELTA:
			put_time(c, 1);
			break;
		case NFS4_ATTR_CLONE_BLKSIZE:
			put_u32(c, CLONE_BLOCK_SIZE);
			break;
		case NFS4_ATTR_CHANGE_ATTR_TYPE:
			put_u32(c, share == NULL ? CHANGE_IS_UNDEFINED :
					CHANGE_IS_TIME_METADATA);
			break;
		default:
			/*
			 * FH_EXPIRE_TYPE, NAMED_ATTR, ACLSUPPORT, CASE_INSENSITIVE,
			 * FS_LAYOUT_TYPES, LAYOUT_BLKSIZE
			 */
			put_u32(c, 0);
			break;
	}
}

static void
put_share_sum(Compound *c, int bit, const AttrSource *source)
{
	FsStat		own;
	const FsStat *stat = share_sums(source, &own);
	int64		value = 0;

	switch (bit)
	{
		case NFS4_ATTR_FILES_AVAIL:
			value = stat->available_files;
			break;
		case NFS4_ATTR_FILES_FREE:
			value = stat->free_files;
			break;
		case NFS4_ATTR_FILES_TOTAL:
			value = stat->total_files;
			break;
		case NFS4_ATTR_QUOTA_AVAIL_HARD:
		case NFS4_ATTR_QUOTA_AVAIL_SOFT:
		case NFS4_ATTR_SPACE_AVAIL:
			value = stat->available_bytes;
			break;
		case NFS4_ATTR_QUOTA_USED:
			value = stat->total_bytes - stat->free_bytes;
			break;
		case NFS4_ATTR_SPACE_FREE:
			value = stat->free_bytes;
			break;
		case NFS4_ATTR_SPACE_TOTAL:
			value = stat->total_bytes;
			break;
	}
	put_u64(c, (uint64) value);
}

static void
put_value(Compound *c, int bit, const AttrSource *source)
{
	const Fattr *a = source->attributes;

	switch (bit)
	{
		case NFS4_ATTR_TYPE:
			put_u32(c, a->kind);	/* nfs_ftype4 has these numbers */
			break;
		case NFS4_ATTR_CHANGE:
			put_u64(c, source->change);
			break;
		case NFS4_ATTR_SIZE:
			put_u64(c, a->size);
			break;
		case NFS4_ATTR_FSID:
			put_u64(c, a->fsid);
			put_u64(c, source->op == NULL);
			break;
		case NFS4_ATTR_RDATTR_ERROR:
			put_u32(c, source->error);
			break;
		case NFS4_ATTR_FILEHANDLE:
			put_opaque(c, source->handle, HANDLE_LEN);
			break;
		case NFS4_ATTR_FILEID:
			put_u64(c, a->fileid);
			break;
		case NFS4_ATTR_MODE:
			put_u32(c, a->mode);
			break;
		case NFS4_ATTR_NUMLINKS:
			put_u32(c, a->nlink);
			break;
		case NFS4_ATTR_OWNER:
			put_owner(c, a->uid);
			break;
		case NFS4_ATTR_OWNER_GROUP:
			put_owner(c, a->gid);
			break;
		case NFS4_ATTR_RAWDEV:
			put_u32(c, a->rdev_major);
			put_u32(c, a->rdev_minor);
			break;
		case NFS4_ATTR_SPACE_USED:
			put_u64(c, a->used);
			break;
		case NFS4_ATTR_TIME_ACCESS:
			put_time(c, a->atime);
			break;
		case NFS4_ATTR_TIME_CREATE:
			put_time(c, time_of_id(source));
			break;
		case NFS4_ATTR_TIME_METADATA:
			put_time(c, a->ctime);
			break;
		case NFS4_ATTR_TIME_MODIFY:
			put_time(c, a->mtime);
			break;
		case NFS4_ATTR_MOUNTED_ON_FILEID:
			put_u64(c, source->mounted_on);
			break;
		default:
			if (bitmap_has(&of_share_sums, bit))
				put_share_sum(c, bit, source);
			else
				put_constant(c, bit, source);
			break;
	}
}

uint32
attrs_readable(const Compound *c, Bitmap *wanted)
{
	Bitmap		there = in_minor(c, &known);

	*wanted = bitmap_and(wanted, &there);
	return bitmap_meets(wanted, &write_only) ? FS_INVAL : NFS4_OK;
}

void
put_attrs(Compound *c, const Bitmap *wanted, AttrSource *source)
{
	int			at;

	put_bitmap(c, wanted);
	at = put_room_u32(c);
	for (int word = 0; word < NFS4_BITMAP_WORDS; word++)
	{
		uint32		bits = wanted->words[word];

		for (; bits != 0; bits &= bits - 1)
			put_value(c, word * 32 + pg_rightmost_one_pos32(bits), source);
	}
	put_u32_at(c, at, (uint32) (c->results.len - at) - sizeof(uint32));
}

/* What the longest value of a form takes as XDR. */
static uint32
form_size(const char *form)
{
	uint32		size = 0;

	for (; *form != '\0'; form++)
	{
		switch (*form)
		{
			case 'i':
				size += 4;
				break;
			case 'l':
				size += 8;
				break;
			case 't':
				size += 12;
				break;
			case 'b':
				size += 4 + 4 * NFS4_BITMAP_WORDS;
				break;
			case 'o':			/* the longest is a handle */
				size += 4 + XDR_PADDED(HANDLE_LEN);
				break;
		}
	}
	return size;
}

#define SIZE_CASE(bit, name, form) case bit: return form_size(form);

static uint32
value_size(int bit)
{
	switch (bit)
	{
		NFS4_ATTRIBUTES(SIZE_CASE)
		default:
			return 0;
	}
}

uint32
attrs_size(const Bitmap *wanted)
{
	uint32		size = 4 + 4 * NFS4_BITMAP_WORDS + 4;

	for (int bit = 0; bit < NFS4_BITMAP_WORDS * 32; bit++)
	{
		if (bit == NFS4_ATTR_OWNER || bit == NFS4_ATTR_OWNER_GROUP)
			size += bitmap_has(wanted, bit) ? 4 + XDR_PADDED(10) : 0;
		else if (bitmap_has(wanted, bit))
			size += value_size(bit);
	}
	return size;
}

/*
 * Values on their way in
 */

/* An owner or a group: a decimal number */
static uint32
get_owner(Compound *c, OptInt *id)
{
	FsBytes		text = get_opaque(c);
	uint64		number = 0;

	if (text.len == 0 || text.len > 10)
		return NFS4ERR_BADOWNER;
	for (int i = 0; i < text.len; i++)
	{
		if (text.data[i] < '0' || text.data[i] > '9')
			return NFS4ERR_BADOWNER;
		number = number * 10 + (uint64) (text.data[i] - '0');
	}
	if (number > PG_UINT32_MAX)
		return NFS4ERR_BADOWNER;
	id->given = true;
	id->value = (int64) number;
	return NFS4_OK;
}

static uint32
get_time(Compound *c, OptInt *time, bool *now)
{
	int64		seconds;
	uint32		ns;
	uint32		how = get_u32(c);

	if (how == 0)
	{
		*now = true;
		return NFS4_OK;
	}
	seconds = (int64) get_u64(c);
	ns = get_u32(c);
	if (how != 1 || ns >= NS_PER_SECOND ||
		seconds < PG_INT64_MIN / NS_PER_SECOND + 1 ||
		seconds > PG_INT64_MAX / NS_PER_SECOND - 1)
		return FS_INVAL;
	time->given = true;
	time->value = seconds * NS_PER_SECOND + ns;
	return NFS4_OK;
}

static uint32
get_mode(Compound *c, OptInt *mode)
{
	uint32		bits = get_u32(c);

	mode->given = true;
	mode->value = bits;
	return bits & ~(uint32) MODE_ALL ? FS_INVAL : NFS4_OK;
}

/* RFC 8275: the mode of a new object, less the bits of the client's umask */
static uint32
get_mode_umask(Compound *c, bool creation, OptInt *mode)
{
	bool		given = mode->given;
	uint32		status = get_mode(c, mode);
	uint32		umask = get_u32(c);

	if (given || !creation || (umask & ~(uint32) 0777))
		return FS_INVAL;
	mode->value &= ~(int64) umask;
	return status;
}

static uint32
get_value(Compound *c, int bit, bool creation, SetAttrs *set)
{
	switch (bit)
	{
		case NFS4_ATTR_SIZE:
			set->size.given = true;
			set->size.value = (int64) get_u64(c);
			return NFS4_OK;
		case NFS4_ATTR_MODE:
			return get_mode(c, &set->mode);
		case NFS4_ATTR_OWNER:
			return get_owner(c, &set->uid);
		case NFS4_ATTR_OWNER_GROUP:
			return get_owner(c, &set->gid);
		case NFS4_ATTR_TIME_ACCESS_SET:
			return get_time(c, &set->atime, &set->atime_now);
		case NFS4_ATTR_TIME_MODIFY_SET:
			return get_time(c, &set->mtime, &set->mtime_now);
		case NFS4_ATTR_MODE_UMASK:
			return get_mode_umask(c, creation, &set->mode);
	}
	return FS_INVAL;
}

uint32
get_setattrs(Compound *c, bool creation, Bitmap *given, SetAttrs *set)
{
	Bitmap		there = in_minor(c, &known);
	Bitmap		rest;
	uint32		len;
	const char *end;
	uint32		status = NFS4_OK;

	memset(set, 0, sizeof(SetAttrs));
	*given = get_bitmap(c);
	len = get_u32(c);
	if (len > c->arg_end - c->arg)
		compound_malformed();
	end = c->arg + len;
	rest = bitmap_without(given, &there);
	if (!bitmap_is_empty(&rest))
		status = NFS4ERR_ATTRNOTSUPP;
	rest = bitmap_without(given, &settable);
	if (status == NFS4_OK && !bitmap_is_empty(&rest))
		status = FS_INVAL;
	for (int word = 0; word < NFS4_BITMAP_WORDS; word++)
	{
		uint32		bits = given->words[word];

		for (; bits != 0 && status == NFS4_OK; bits &= bits - 1)
			status = get_value(c, word * 32 + pg_rightmost_one_pos32(bits),
							   creation, set);
	}
	if (c->arg > end || (status == NFS4_OK && c->arg != end))
		compound_malformed();
	c->arg = end;
	return status;
}

/* The values are made as for GETATTR, compared, and dropped. */
uint32
get_compared_attrs(Compound *c, bool *same)
{
	Bitmap		given = get_bitmap(c);
	FsBytes		values = get_opaque(c);
	Bitmap		there = in_minor(c, &known);
	Bitmap		unknown = bitmap_without(&given, &there);
	int			begin = c->results.len;
	uint32		xdr = c->xdr;
	AttrSource	source;
	Fattr		attributes;
	Status		status;

	if (!bitmap_is_empty(&unknown))
		return NFS4ERR_ATTRNOTSUPP;
	if (bitmap_meets(&given, &write_only) ||
		bitmap_has(&given, NFS4_ATTR_RDATTR_ERROR))
		return FS_INVAL;
	status = attrs_of_fh(c, &c->current, &source, &attributes);
	if (status != FS_OK)
		return status4(status);
	put_attrs(c, &given, &source);
	begin += sizeof(Bitmap) + sizeof(uint32);
	*same = values.len == c->results.len - begin &&
		memcmp(values.data, c->results.data + begin, values.len) == 0;
	c->results.len = begin - (int) (sizeof(Bitmap) + sizeof(uint32));
	c->xdr = xdr;
	return NFS4_OK;
}
