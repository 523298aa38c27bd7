/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * locks4.c
 *	  LOCK, LOCKT, LOCKU.
 *
 * Locks are those of the file (ops_byte_lock.c), which NLM's clients lock, too.
 * Here are the stateids: an owner of locks has one for each file, which it gets
 * with its first lock there, and which goes with the open that it came by.
 *
 * No request waits: a client that is DENIED asks again.
 *
 * The inode is locked first, then the state's row.  What a LOCK is to lock is
 * known to be its client's before it is locked, and the state is written after
 * that, so a LOCK that is refused leaves nothing behind.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "base/change.h"
#include "nfs4/opens4.h"
#include "nfs4/operations.h"
#include "ops/ops.h"
#include "tables/xact.h"

/* nfs_lock_type4 */
#define READ_LT		1
#define WRITE_LT	2
#define READW_LT	3
#define WRITEW_LT	4

/* All bits: to the end of the file */
#define LENGTH_TO_END	PG_UINT64_MAX

typedef struct Lock4
{
	uint32		type;
	uint64		offset;
	uint64		length;
	Stateid		stateid;		/* of the open, or of the lock owner */
	bool		is_new;			/* it is the open's */
	FsBytes		owner;			/* if is_new */
} Lock4;

/* RFC 8881, 18.10.3 */
static uint32
check_range(const Lock4 *lock)
{
	if (lock->type < READ_LT || lock->type > WRITEW_LT)
		return FS_INVAL;
	if (lock->length == 0 ||
		(lock->length != LENGTH_TO_END &&
		 lock->length > PG_UINT64_MAX - lock->offset))
		return FS_INVAL;
	return NFS4_OK;
}

/* Wrong is also a lock of what is no regular file. */
static uint32
lock_status4(Status status)
{
	return status == FS_INVAL ? NFS4ERR_WRONG_TYPE : status4(status);
}

static FsLockRequest
lock_request(const Compound *c, const Lock4 *lock, const char *owner, int len)
{
	FsLockRequest request = {
		.client4 = c->client_id,
		.owner = {owner, len},
		.offset = (int64) lock->offset,
		.length = lock->length == LENGTH_TO_END ? 0 : (int64) lock->length,
		.exclusive = lock->type == WRITE_LT || lock->type == WRITEW_LT
	};

	return request;
}

/* Whose lock is in the way; of a client of NLM the number is 0. */
static uint32
put_denied(Compound *c, const FsLockReply *reply)
{
	uint64		length = (uint64) reply->holder_length.value;

	put_u64(c, (uint64) reply->holder_offset.value);
	put_u64(c, length == 0 ? LENGTH_TO_END : length);
	put_u32(c, reply->holder_exclusive.value ? WRITE_LT : READ_LT);
	put_u64(c, (uint64) reply->holder_client4);
	if (reply->holder_owner == NULL)
		put_opaque(c, "", 0);
	else
		put_opaque(c, VARDATA_ANY(reply->holder_owner),
				   VARSIZE_ANY_EXHDR(reply->holder_owner));
	return NFS4ERR_DENIED;
}

/*
 * LOCK
 */

static uint32
get_lock(Compound *c, Lock4 *lock)
{
	bool		reclaim;
	uint32		status;

	memset(lock, 0, sizeof(*lock));
	lock->type = get_u32(c);
	reclaim = get_bool(c);
	lock->offset = get_u64(c);
	lock->length = get_u64(c);
	lock->is_new = get_bool(c);
	if (lock->is_new)
		(void) get_u32(c);		/* seqids are those of NFSv4.0 */
	status = compound_stateid(c, &lock->stateid);
	(void) get_u32(c);
	if (lock->is_new)
	{
		(void) get_u64(c);		/* the session's client it is */
		lock->owner = get_opaque(c);
		if (lock->owner.len > NFS4_OPAQUE_MAX)
			compound_malformed();
	}
	if (status == NFS4_OK)
		status = check_range(lock);
	if (status == NFS4_OK && reclaim)
		status = NFS4ERR_NO_GRACE;
	return status;
}

/* Needs an open that may do what the lock guards. */
static uint32
check_mode(const Lock4 *lock, const State4 *open)
{
	bool		exclusive = lock->type == WRITE_LT || lock->type == WRITEW_LT;
	int			wanted = exclusive ? STATE4_WRITE : STATE4_READ;

	return (open->access & wanted) == 0 ? NFS4ERR_OPENMODE : NFS4_OK;
}

/*
 * Locks the inode and the state, and the open: that stays until the lock is
 * made.  owner: the lock owner's state, whose id is 0 where there is none yet.
 */
static uint32
lock_states(const Compound *c, const Lock4 *lock, State4 *open, State4 *owner)
{
	Inode	   *inode;
	State4		state;
	uint32		status = stateid_find_here(c, &lock->stateid, &state);

	if (status == NFS4_OK && (state.open_id == 0) != lock->is_new)
		status = NFS4ERR_BAD_STATEID;
	if (status == NFS4_OK)
		status = status4(op_lock(&c->current.op, &inode));
	if (status == NFS4_OK)
		status = stateid_lock(&lock->stateid, &state);
	if (status != NFS4_OK)
		return status;
	snapshot_renew();
	if (lock->is_new)
	{
		*open = state;
		if (!state4_find(&c->current.op.id, c->client_id, true,
						 lock->owner.data, lock->owner.len, owner) ||
			!state4_lock(owner))
			owner->id = 0;
	}
	else
	{
		*owner = state;
		if (!state4_get(c->client_id, state.open_id, open) ||
			!state4_lock(open))
			return NFS4ERR_BAD_STATEID;
	}
	return check_mode(lock, open);
}

static void
insert_owner(const Compound *c, const Lock4 *lock, const State4 *open,
			 State4 *owner)
{
	memset(owner, 0, sizeof(*owner));
	owner->client_id = c->client_id;
	owner->file_id = open->file_id;
	owner->share_id = open->share_id;
	owner->open_id = open->id;
	owner->owner = lock->owner.data;
	owner->owner_len = lock->owner.len;
	state4_insert(owner);
}

static uint32
lock_in_change(Compound *c, const Lock4 *lock, State4 *owner,
			   FsLockReply *reply)
{
	State4		open;
	FsLockRequest request;
	uint32		status = lock_states(c, lock, &open, owner);

	if (status != NFS4_OK)
		return status;
	request = lock_request(c, lock,
						   owner->id == 0 ? lock->owner.data : owner->owner,
						   owner->id == 0 ? lock->owner.len : owner->owner_len);
	status = lock_status4(fs_lock(&c->current.op, &request, reply));
	if (status != NFS4_OK)
		return status;
	if (reply->outcome == FS_LOCK_NO_LOCKS)
		return FS_NOSPC;
	if (reply->outcome != FS_LOCK_GRANTED)
		return NFS4ERR_DENIED;
	if (owner->id == 0)
	{
		insert_owner(c, lock, &open, owner);
		state4_note_locks(&open);
	}
	else
		state4_update(owner);
	return NFS4_OK;
}

uint32
nfs4_lock(Compound *c)
{
	Lock4		lock;
	State4		owner;
	Stateid		stateid;
	FsLockReply reply;
	uint32		status = get_lock(c, &lock);

	if (status != NFS4_OK)
		return status;
	change_begin("dittofs.compound()", CHANGE_DURABLE);
	status = lock_in_change(c, &lock, &owner, &reply);
	change_end();
	if (status == NFS4ERR_DENIED)
		return put_denied(c, &reply);
	if (status != NFS4_OK)
		return status;
	stateid_of(&owner, &stateid);
	put_stateid(c, &stateid);
	compound_set_stateid(c, &stateid);
	return NFS4_OK;
}

/*
 * LOCKT
 */

uint32
nfs4_lockt(Compound *c)
{
	Lock4		lock = {0};
	FsLockRequest request;
	FsLockReply reply;
	uint32		status;

	lock.type = get_u32(c);
	lock.offset = get_u64(c);
	lock.length = get_u64(c);
	(void) get_u64(c);			/* the session's client it is */
	lock.owner = get_opaque(c);
	status = check_range(&lock);
	if (status != NFS4_OK)
		return status;
	request = lock_request(c, &lock, lock.owner.data, lock.owner.len);
	status = lock_status4(fs_test_lock(&c->current.op, &request, &reply));
	if (status == NFS4_OK && reply.outcome != FS_LOCK_GRANTED)
		return put_denied(c, &reply);
	return status;
}

/*
 * LOCKU
 */

static uint32
unlock_in_change(Compound *c, const Lock4 *lock, State4 *owner)
{
	FsLockRequest request;
	FsLockReply reply;
	Inode	   *inode;
	uint32		status = stateid_find_here(c, &lock->stateid, owner);

	if (status == NFS4_OK && owner->open_id == 0)
		status = NFS4ERR_BAD_STATEID;
	if (status == NFS4_OK)
		status = status4(op_lock(&c->current.op, &inode));
	if (status == NFS4_OK)
		status = stateid_lock(&lock->stateid, owner);
	if (status != NFS4_OK)
		return status;
	request = lock_request(c, lock, owner->owner, owner->owner_len);
	status = lock_status4(fs_unlock(&c->current.op, &request, &reply));
	if (status != NFS4_OK)
		return status;
	/* what is left on both sides has no room: not now */
	if (reply.outcome != FS_LOCK_GRANTED)
		return NFS4ERR_DELAY;
	state4_update(owner);
	return NFS4_OK;
}

uint32
nfs4_locku(Compound *c)
{
	Lock4		lock = {0};
	State4		owner;
	Stateid		stateid;
	uint32		status;

	lock.type = get_u32(c);
	(void) get_u32(c);			/* the seqid of NFSv4.0 */
	status = compound_stateid(c, &lock.stateid);
	lock.offset = get_u64(c);
	lock.length = get_u64(c);
	if (status == NFS4_OK)
		status = check_range(&lock);
	if (status != NFS4_OK)
		return status;
	change_begin("dittofs.compound()", CHANGE_DURABLE);
	status = unlock_in_change(c, &lock, &owner);
	change_end();
	if (status != NFS4_OK)
		return status;
	stateid_of(&owner, &stateid);
	put_stateid(c, &stateid);
	compound_set_stateid(c, &stateid);
	return NFS4_OK;
}
