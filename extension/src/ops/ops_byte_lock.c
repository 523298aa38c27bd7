/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * ops_byte_lock.c
 *	  LOCK, UNLOCK, CANCEL, TEST, SHARE, UNSHARE of NLM, and its grants; the
 *	  same of NFSv4, which has neither waiting nor grants.
 *
 * A lock is a change of the inode that has it, as SETATTR is one: the inode's
 * lock orders requests, the reply is stored with the change, and a batch writes
 * the inode once.  Neither times nor size of the file change, and a share that
 * is read-only has locks, too.
 *
 * Who may lock is what Linux' server says: a caller that may read the file (or
 * write it) or owns it.  Giving back asks for no permission, since it cannot do
 * harm.
 *
 * A request that would wait for ever, since the owners in its way wait for its
 * own, is refused (lock_cycle.h).
 *
 * An outcome of LOCK that has changed something, granted or blocked, is stored
 * for a client that asks again: a LOCK that is sent twice must not lock anew
 * what was unlocked in between.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xact.h"

#include "base/change.h"
#include "nfs4/leases4.h"
#include "ops/ops.h"
#include "ops/replies.h"
#include "tables/file_locks.h"
#include "tables/lock_clients.h"
#include "tables/lock_cycle.h"
#include "tables/states4.h"
#include "tables/xact.h"

StaticAssertDecl((int) FS_LOCK_GRANTED == (int) LOCK_GRANTED &&
				 (int) FS_LOCK_DENIED == (int) LOCK_DENIED &&
				 (int) FS_LOCK_BLOCKED == (int) LOCK_BLOCKED &&
				 (int) FS_LOCK_NO_LOCKS == (int) LOCK_NO_LOCKS &&
				 (int) FS_LOCK_DEADLOCK == (int) LOCK_DEADLOCK,
				 "outcomes of the list are those of the operations");

/* A request, checked. */
typedef struct Request
{
	const Op   *op;
	const FsLockRequest *args;
	LockClientName client;
	pg_uuid_t	client_id;
	LockRange	range;
	int64		now;
	FileLocks	locks;
	LockHolder	holder;
} Request;

/* What differs between requests that change something. */
typedef struct RequestKind
{
	const char *function;
	Procedure	procedure;
	bool		releases;		/* needs no permission, and no known client */
	LockOutcome (*apply) (Request *request, int owner);
} RequestKind;

static Status
check_range(const FsLockRequest *args, LockRange *range)
{
	uint64		length = (uint64) args->length;

	range->start = (uint64) args->offset;
	range->exclusive = args->exclusive;
	range->end = LOCK_TO_END;
	if (length == 0)
		return FS_OK;
	range->end = range->start + (length - 1);
	return range->end < range->start ? FS_FBIG : FS_OK;
}

static Status
check_request(const Op *op, const FsLockRequest *args, Request *request)
{
	memset(request, 0, sizeof(*request));
	request->op = op;
	request->args = args;
	request->holder.owner = -1;
	if ((args->client4 == 0 &&
		 (args->client_name.data == NULL || args->client_name.len == 0 ||
		  args->client_name.len > LOCK_CLIENT_NAME_MAX)) ||
		args->owner.data == NULL || args->owner.len > LOCK_OWNER_MAX ||
		args->wait.len > LOCK_WAIT_MAX ||
		(args->access & ~3) != 0 || (args->deny & ~3) != 0)
		return FS_INVAL;
	request->client.share = op->share;
	request->client.caller = op->caller;
	request->client.client4 = args->client4;
	request->client.name = args->client_name.data;
	request->client.len = args->client_name.len;
	lock_client_id(&request->client, &request->client_id);
	request->now = fs_now() / INT64CONST(1000000000);
	return check_range(args, &request->range);
}

static Status
check_regular(const Inode *inode)
{
	if (inode->kind == KIND_DIRECTORY)
		return FS_ISDIR;
	return inode->kind == KIND_REGULAR ? FS_OK : FS_INVAL;
}

static Status
check_file(const Request *request, const Inode *inode, bool releases)
{
	const Op   *op = request->op;
	Status		status = check_regular(inode);

	if (status == FS_OK && !releases && request->args->client4 == 0 &&
		!perm_owner(&op->cred, inode) &&
		!perm_check(&op->cred, inode, PERM_READ) &&
		!perm_check(&op->cred, inode, PERM_WRITE))
		status = FS_ACCES;
	return status;
}

static void
tell_holder(const LockList *list, const LockHolder *holder, FsLockReply *result)
{
	const LockRange *range = &holder->range;
	const LockOwner *owner;
	bytea	   *name;

	if (holder->owner < 0)
		return;
	owner = &list->owners[holder->owner];
	name = palloc(VARHDRSZ + owner->len);
	SET_VARSIZE(name, VARHDRSZ + owner->len);
	memcpy(VARDATA(name), owner->name, owner->len);
	result->holder_client4 = lock_client_number4(
		(const pg_uuid_t *) list->clients[owner->client].id);
	result->holder_owner = name;
	result->holder_exclusive = (OptInt) {true, range->exclusive};
	result->holder_offset = (OptInt) {true, (int64) range->start};
	result->holder_length = (OptInt) {true, (int64) lock_range_length(range)};
}

/*
 * The owner that asks; of one that gives back, -1 if the file does not know it.
 */
static int
enter_owner(Request *request, bool releases)
{
	const FsBytes *name = &request->args->owner;
	LockList   *list = &request->locks.list;
	LockClient	client;

	if (releases)
		return lock_list_find_owner(list, request->client_id.data, name->data,
									(uint32) name->len);
	memcpy(client.id, request->client_id.data, LOCK_CLIENT_ID_LEN);
	client.life = lock_client_life(&request->client_id);
	return lock_list_owner(list, &client, name->data, (uint32) name->len);
}

/* The client whose lock is in the way, in NFSv4; 0: it is one of NLM. */
static int64
holder_number4(const LockList *list, const LockHolder *holder)
{
	int			client;

	if (holder->owner < 0)
		return 0;
	client = list->owners[holder->owner].client;
	return lock_client_number4((const pg_uuid_t *) list->clients[client].id);
}

/*
 * Does this client of NFSv4 lose what it has, because it is in the way of
 * another one?  The one that asks is alive, whatever is stored of its lease.
 */
static bool
expires(int64 number, int64 asking)
{
	return number != 0 && number != asking && nfs4_client_expire(number);
}

/*
 * A client whose lease has expired keeps its locks until they are in the way of
 * others.  True: what was in the way has gone.
 */
static bool
holder_expires(Request *request)
{
	FileLocks  *locks = &request->locks;
	const LockHolder *holder = &request->holder;
	int64		number = holder_number4(&locks->list, holder);

	if (!expires(number, request->args->client4))
		return false;
	file_locks_end_client(locks, locks->list.owners[holder->owner].client);
	request->holder.owner = -1;
	return true;
}

/* The request itself, under the inode's lock. */
static Status
change_locks(Request *request, const RequestKind *kind, Inode *inode,
			 FsLockReply *result)
{
	FileLocks  *locks = &request->locks;
	LockOutcome outcome;
	int			owner;
	Status		status = check_file(request, inode, kind->releases);

	if (status != FS_OK)
		return status;
	if (!kind->releases)
		lock_client_enter(&request->client, &request->client_id,
						  request->args->client_state);
	file_locks_open(locks, inode);
	owner = enter_owner(request, kind->releases);
	do
		outcome = kind->apply(request, owner);
	while ((outcome == LOCK_DENIED || outcome == LOCK_BLOCKED) &&
		   holder_expires(request));
	tell_holder(&locks->list, &request->holder, result);
	if (outcome == LOCK_GRANTED || outcome == LOCK_BLOCKED ||
		outcome == LOCK_DEADLOCK || locks->list.granted > 0)
	{
		if (file_locks_store(locks, request->op->share, inode, kind->releases))
			result->grants = locks->list.granted;
		else if (outcome != LOCK_DENIED)
			outcome = LOCK_NO_LOCKS;
	}
	result->outcome = (FsLockOutcome) outcome;
	return FS_OK;
}

/* The outcome of a request that is asked again: nothing, if it was granted. */
static void
store_outcome(const Op *op, Procedure procedure, FsLockOutcome outcome)
{
	pg_uuid_t	object = {{0}};

	object.data[0] = (uint8) outcome;
	if (outcome == FS_LOCK_GRANTED)
		reply_store(op, procedure, NULL);
	else if (outcome == FS_LOCK_BLOCKED)
		reply_store(op, procedure, &object);
}

static Status
change_once(const Op *op, const FsLockRequest *args, const RequestKind *kind,
			FsLockReply *result)
{
	Request		request;
	Inode	   *inode = NULL;
	pg_uuid_t	outcome = {{0}};
	Status		status = op->status;

	memset(result, 0, sizeof(*result));
	if (status == FS_OK)
		status = check_request(op, args, &request);
	if (status != FS_OK)
		return status;
	change_begin_once(kind->function, CHANGE_DURABLE);
	status = op_lock(op, &inode);
	if (reply_find(op, kind->procedure, &outcome))
	{
		status = FS_OK;
		result->outcome = (FsLockOutcome) outcome.data[0];
	}
	else if (status == FS_OK)
	{
		status = change_locks(&request, kind, inode, result);
		if (status == FS_OK)
			store_outcome(op, kind->procedure, result->outcome);
	}
	change_end();
	return status;
}

static LockOutcome
apply_lock(Request *request, int owner)
{
	LockWait	wait = {(const uint8 *) request->args->wait.data,
	(uint32) request->args->wait.len};
	LockList   *list = &request->locks.list;
	LockOutcome outcome = lock_list_lock(list, owner, &request->range, wait,
										 request->now, &request->holder);

	if (outcome == LOCK_BLOCKED &&
		lock_cycle_closes(request->op->share->share_id,
						  &request->op->id, list, owner, &request->range))
	{
		lock_list_cancel(list, owner, &request->range, request->now);
		outcome = LOCK_DEADLOCK;
	}
	return outcome;
}

Status
fs_lock(const Op *op, const FsLockRequest *args, FsLockReply *result)
{
	static const RequestKind kind = {"dittofs.lock_range()", PROC_LOCK, false,
	apply_lock};

	return change_once(op, args, &kind, result);
}

static LockOutcome
apply_unlock(Request *request, int owner)
{
	lock_list_unlock(&request->locks.list, owner, request->range.start,
					 request->range.end, request->now);
	return LOCK_GRANTED;
}

Status
fs_unlock(const Op *op, const FsLockRequest *args, FsLockReply *result)
{
	static const RequestKind kind = {"dittofs.unlock_range()", PROC_UNLOCK,
	true, apply_unlock};

	return change_once(op, args, &kind, result);
}

static LockOutcome
apply_cancel(Request *request, int owner)
{
	return lock_list_cancel(&request->locks.list, owner, &request->range,
							request->now) ? LOCK_GRANTED : LOCK_DENIED;
}

Status
fs_cancel_lock(const Op *op, const FsLockRequest *args, FsLockReply *result)
{
	static const RequestKind kind = {"dittofs.cancel_lock()", PROC_CANCEL_LOCK,
	true, apply_cancel};

	return change_once(op, args, &kind, result);
}

/* What is looked for among the opens of a file. */
typedef struct Sharing
{
	int64		client4;
	int			access;
	int			deny;
	bool		conflict;
} Sharing;

static bool
look_at_open(const State4 *state, void *arg)
{
	Sharing    *sharing = arg;

	sharing->conflict = state->open_id == 0 &&
		((state->access & sharing->deny) != 0 ||
		 (state->deny & sharing->access) != 0) &&
		!expires(state->client_id, sharing->client4);
	return !sharing->conflict;
}

/* Opens that deny something are share modes, too. */
bool
fs_share_conflict(const Inode *inode, int64 client4, int access, int deny)
{
	Sharing		sharing = {client4, access, deny, false};

	if (inode->locks != NULL)
	{
		FileLocks	locks;

		file_locks_look(&locks, inode);
		for (int i = 0; i < locks.list.nshares; i++)
		{
			LockHolder	holder = {.owner = locks.list.shares[i].owner};
			int64		number = holder_number4(&locks.list, &holder);

			if (((locks.list.shares[i].access & deny) != 0 ||
				 (locks.list.shares[i].deny & access) != 0) &&
				!expires(number, client4))
				return true;
		}
	}
	if (deny != 0)
		states4_of_file(&inode->id, true, look_at_open, &sharing);
	return sharing.conflict;
}

/* An OPEN of NFSv4 has looked at other opens before. */
static LockOutcome
apply_share(Request *request, int owner)
{
	Sharing		sharing = {0, request->args->access, request->args->deny,
	false};

	if (request->args->client4 == 0 && sharing.deny != 0)
		states4_of_file(&request->op->id, true, look_at_open, &sharing);
	if (sharing.conflict)
		return LOCK_DENIED;
	return lock_list_share(&request->locks.list, owner, request->args->access,
						   request->args->deny, request->now, &request->holder);
}

Status
fs_share(const Op *op, const FsLockRequest *args, FsLockReply *result)
{
	static const RequestKind kind = {"dittofs.share_file()", PROC_SHARE, false,
	apply_share};

	return change_once(op, args, &kind, result);
}

static LockOutcome
apply_unshare(Request *request, int owner)
{
	lock_list_unshare(&request->locks.list, owner);
	return LOCK_GRANTED;
}

Status
fs_unshare(const Op *op, const FsLockRequest *args, FsLockReply *result)
{
	static const RequestKind kind = {"dittofs.unshare_file()", PROC_UNSHARE,
	true, apply_unshare};

	return change_once(op, args, &kind, result);
}

Status
fs_test_lock(const Op *op, const FsLockRequest *args, FsLockReply *result)
{
	Request		request;
	Inode		inode;
	Status		status = op->status;
	int			owner;

	memset(result, 0, sizeof(*result));
	if (status == FS_OK)
		status = check_request(op, args, &request);
	if (status == FS_OK)
		status = op_get(op, &inode);
	if (status == FS_OK)
		status = check_file(&request, &inode, false);
	if (status != FS_OK)
		return status;
	file_locks_look(&request.locks, &inode);
	owner = enter_owner(&request, true);
	while ((result->outcome = (FsLockOutcome)
			lock_list_test(&request.locks.list, owner, &request.range,
						   &request.holder)) == FS_LOCK_DENIED)
	{
		int64		number = holder_number4(&request.locks.list,
											&request.holder);

		if (number == 0 || number == args->client4 ||
			!nfs4_client_is_expired(number))
			break;
		lock_list_drop_client(
			&request.locks.list,
			request.locks.list.owners[request.holder.owner].client);
	}
	if (result->outcome == FS_LOCK_DENIED)
		tell_holder(&request.locks.list, &request.holder, result);
	return FS_OK;
}

/*
 * Grants
 */

void
fs_grant_told(int64 id, bool accepted, FsLockReply *result)
{
	FileLocks	locks;
	Inode	   *inode = NULL;
	pg_uuid_t	file_id;
	int32		share_id;
	const Share *share;

	memset(result, 0, sizeof(*result));
	change_begin("dittofs.grant_told()", CHANGE_DURABLE);
	if (lock_grant_file(id, &share_id, &file_id))
	{
		inode_lock(1, &file_id, &inode);
		share = share_by_id(share_id);
		if (inode == NULL || share == NULL)
			lock_grant_delete(id);
		else
		{
			file_locks_open(&locks, inode);
			if (!lock_list_told(&locks.list, id, accepted,
								fs_now() / INT64CONST(1000000000)))
				lock_grant_delete(id);
			if (file_locks_store(&locks, share, inode, true))
				result->grants = locks.list.granted;
		}
	}
	change_end();
}

/*
 * Passes and breaking
 */

bool
fs_admit_waiters(const pg_uuid_t *id)
{
	FileLocks	locks;
	Inode		seen;
	Inode	   *inode = inode_lock_nowait(id);
	const Share *share;

	if (inode == NULL)
		return !inode_get(id, &seen);
	/* the transaction that had it may have changed what we are to look at */
	snapshot_renew();
	share = share_by_id(inode->share_id);
	if (share == NULL || inode->locks == NULL)
		return true;
	file_locks_open(&locks, inode);
	lock_list_admit(&locks.list, fs_now() / INT64CONST(1000000000));
	file_locks_store(&locks, share, inode, true);
	return true;
}

bool
fs_sweep_locks(const pg_uuid_t *id)
{
	Inode		seen;
	Inode	   *inode = inode_lock_nowait(id);

	if (inode == NULL && inode_get(id, &seen))
		return false;
	snapshot_renew();
	file_locks_sweep(id, inode == NULL ? NULL : share_by_id(inode->share_id),
					 inode);
	return true;
}

int64
fs_break_locks(const Op *op, bool (*client) (const pg_uuid_t *id, void *arg),
			   void *arg, FsLockReply *result)
{
	FileLocks	locks;
	Inode	   *inode = NULL;
	int64		now = fs_now() / INT64CONST(1000000000);
	int64		broken = 0;

	memset(result, 0, sizeof(*result));
	change_begin("dittofs.break_locks()", CHANGE_DURABLE);
	if (op_lock(op, &inode) != FS_OK || inode->locks == NULL)
	{
		change_end();
		return 0;
	}
	file_locks_open(&locks, inode);
	if (client == NULL)
		broken = lock_list_break(&locks.list, -1, now);
	for (int i = 0; i < locks.list.nclients && client != NULL; i++)
		if (client((const pg_uuid_t *) locks.list.clients[i].id, arg))
			broken += lock_list_break(&locks.list, i, now);
	if (file_locks_store(&locks, op->share, inode, true))
		result->grants = locks.list.granted;
	change_end();
	return broken;
}
