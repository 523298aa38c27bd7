/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound.c
 *	  What the operations of a COMPOUND share: arguments, results, statuses,
 *	  filehandles, stateids.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xact.h"
#include "utils/snapmgr.h"

#include "nfs4/compound.h"

/*
 * Arguments
 */

void
compound_malformed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("malformed program of a COMPOUND"),
			 errhint("The gateway and the extension may be of different versions.")));
}

Stateid
get_stateid(Compound *c)
{
	Stateid		stateid;

	stateid.seqid = get_u32(c);
	memcpy(stateid.other, get_bytes(c, NFS4_OTHER_LEN), NFS4_OTHER_LEN);
	return stateid;
}

Bitmap
get_bitmap(Compound *c)
{
	Bitmap		bitmap;

	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		bitmap.words[i] = get_u32(c);
	return bitmap;
}

FsBytes
get_beside(Compound *c, uint32 len)
{
	FsBytes		bytes = {c->beside.data, (int) len};

	if (len > c->beside.len)
		compound_malformed();
	c->beside.data += len;
	c->beside.len -= (int) len;
	return bytes;
}

FsBytes
get_data(Compound *c)
{
	uint32		where = get_u32(c);

	if (where == NFS4_DATA_HERE)
		return get_opaque(c);
	if (where != NFS4_DATA_BESIDE)
		compound_malformed();
	return get_beside(c, get_u32(c));
}

/*
 * Results
 */

void
put_bytes(Compound *c, const void *bytes, uint32 len)
{
	memcpy(put_space(c, len), bytes, len);
	c->xdr += XDR_PADDED(len);
}

void
put_opaque(Compound *c, const void *bytes, uint32 len)
{
	put_u32(c, len);
	put_bytes(c, bytes, len);
}

void
put_stateid(Compound *c, const Stateid *stateid)
{
	put_u32(c, stateid->seqid);
	put_bytes(c, stateid->other, NFS4_OTHER_LEN);
}

void
put_bitmap(Compound *c, const Bitmap *bitmap)
{
	uint32		wire[NFS4_BITMAP_WORDS];

	for (int i = 0; i < NFS4_BITMAP_WORDS; i++)
		wire[i] = pg_hton32(bitmap->words[i]);
	put_bytes(c, wire, sizeof(wire));
	c->xdr += sizeof(uint32);	/* the number of words */
}

void
put_change_info(Compound *c, uint64 before, uint64 after)
{
	put_u32(c, true);
	put_u64(c, before);
	put_u64(c, after);
}

void
put_wcc(Compound *c, const OptWcc *dir)
{
	put_change_info(c, (uint64) dir->value.before_ctime,
					(uint64) dir->value.after.ctime);
}

int
put_room_u32(Compound *c)
{
	int			at = c->results.len;

	put_u32(c, 0);
	return at;
}

void
put_u32_at(Compound *c, int at, uint32 value)
{
	uint32		wire = pg_hton32(value);

	memcpy(c->results.data + at, &wire, sizeof(wire));
}

void
put_beside(Compound *c, const bytea *data)
{
	uint32		len = VARSIZE_ANY_EXHDR(data);
	uint32		had = c->data == NULL ? 0 : VARSIZE_ANY_EXHDR(c->data);
	bytea	   *both;

	c->xdr += XDR_PADDED(len);
	if (c->data == NULL)
	{
		c->data = data;
		return;
	}
	both = (bytea *) palloc(VARHDRSZ + had + len);
	SET_VARSIZE(both, VARHDRSZ + had + len);
	memcpy(VARDATA(both), VARDATA_ANY(c->data), had);
	memcpy(VARDATA(both) + had, VARDATA_ANY(data), len);
	c->data = both;
}

void
put_data(Compound *c, const bytea *data)
{
	uint32		len = VARSIZE_ANY_EXHDR(data);

	if (c->classes & CLASS_STORED)
	{
		put_u32(c, NFS4_DATA_HERE);
		put_opaque(c, VARDATA_ANY(data), len);
	}
	else
	{
		put_u32(c, NFS4_DATA_BESIDE);
		put_u32(c, len);
		put_beside(c, data);
	}
	c->xdr -= sizeof(uint32);	/* where it is */
}

uint32
put_room(const Compound *c)
{
	uint32		max = c->cache_this ? Min(c->reply_max, c->cached_max) :
		c->reply_max;
	uint32		used = c->reply_head + c->xdr;

	return used < max ? max - used : 0;
}

/*
 * Statuses
 */

/* The numbers are the same as far as both have them. */
uint32
status4(Status status)
{
	switch (status)
	{
		case FS_NODEV:
			return FS_INVAL;
		case FS_TOOWEAK:
			return NFS4ERR_WRONGSEC;
		case FS_NOT_SYNC:
		case FS_ELSEWHERE:
			return FS_SERVERFAULT;
		case FS_DENIED:
		case FS_BLOCKED:
			return NFS4ERR_DENIED;
		case FS_DEADLOCK:
			return NFS4ERR_DEADLOCK;
		case FS_NOLOCKS:
			return NFS4ERR_DELAY;
		default:
			return (uint32) status;
	}
}

/*
 * What NFSv4 says where an object is no directory: of a symbolic link something
 * else.
 */
uint32
directory_status4(Status status, bool is_known, const Fattr *dir)
{
	if (status == FS_NOTDIR && is_known && dir->kind == KIND_SYMLINK)
		return NFS4ERR_SYMLINK;
	return status4(status);
}

uint32
changed_status4(Status status, const OptWcc *dir)
{
	return directory_status4(status, dir->given && dir->value.has_after,
							 &dir->value.after);
}

/*
 * A name is 1 to 255 bytes of any kind but NUL and '/', as for NFSv3: clients
 * do not agree on an encoding, and a name that one of them can make the others
 * must be able to remove.
 */
uint32
name4_check(FsBytes name)
{
	if (name.len == 0)
		return FS_INVAL;
	if (name.len > FS_NAME_MAX)
		return FS_NAMETOOLONG;
	if (memchr(name.data, '\0', name.len) || memchr(name.data, '/', name.len))
		return NFS4ERR_BADCHAR;
	if (name.data[0] == '.' &&
		(name.len == 1 || (name.len == 2 && name.data[1] == '.')))
		return NFS4ERR_BADNAME;
	return NFS4_OK;
}

/*
 * Filehandles
 */

void
fh_set_object(Compound *c, const Op *op)
{
	c->current.kind = FH_OBJECT;
	c->current.op = *op;
	c->current.has_stateid = false;
}

void
fh_set_pseudo(Compound *c, const char *path)
{
	c->current.kind = FH_PSEUDO;
	c->current.path = path;
	c->current.has_stateid = false;
}

/*
 * Stateids
 */

void
compound_set_stateid(Compound *c, const Stateid *stateid)
{
	c->current.has_stateid = true;
	c->current.stateid = *stateid;
}

void
compound_no_stateid(Compound *c)
{
	c->current.has_stateid = false;
}

/* seqid 1, other all zeros: "the current stateid" (RFC 8881, 8.2.3) */
static bool
stateid_is_current(const Stateid *stateid)
{
	static const uint8 zeros[NFS4_OTHER_LEN];

	return stateid->seqid == 1 &&
		memcmp(stateid->other, zeros, NFS4_OTHER_LEN) == 0;
}

uint32
compound_stateid(Compound *c, Stateid *stateid)
{
	*stateid = get_stateid(c);
	if (!stateid_is_current(stateid))
		return NFS4_OK;
	if (!c->current.has_stateid)
		return NFS4ERR_BAD_STATEID;
	*stateid = c->current.stateid;
	return NFS4_OK;
}

static bool
all_bytes_are(const Stateid *stateid, uint8 byte)
{
	for (int i = 0; i < NFS4_OTHER_LEN; i++)
		if (stateid->other[i] != byte)
			return false;
	return true;
}

bool
stateid_is_anonymous(const Stateid *stateid)
{
	return stateid->seqid == 0 && all_bytes_are(stateid, 0);
}

bool
stateid_is_bypass(const Stateid *stateid)
{
	return stateid->seqid == PG_UINT32_MAX && all_bytes_are(stateid, 0xff);
}

/*
 * Snapshots
 */

void
compound_renew_snapshot(Compound *c)
{
	if (c->has_snapshot)
		PopActiveSnapshot();
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	c->has_snapshot = true;
}
