/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * opens4.c
 *	  OPEN, CLOSE, OPEN_DOWNGRADE.
 *
 * An OPEN of a file that exists changes rows of its own only (states4.h), not
 * the inode: thousands of clients may read one file.  It locks the inode if it
 * changes it, if it denies something to others, or if an open gets more access
 * than it had.  Then what others have open stands still while it is compared.
 *
 * What is denied is a share mode of the file, as NLM has them (file_locks.h):
 * so both protocols see each other's, and an OPEN that denies nothing learns of
 * them from the inode, which it reads anyway.  An OPEN that made an open
 * without the inode's lock looks at the inode after that; see states4.c.
 *
 * Locks are taken in this order: what names stand for (fs_create()), the owner
 * at the file (state4_exclude()), the inode, the state's row.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/change.h"
#include "nfs4/attrs4.h"
#include "nfs4/leases4.h"
#include "nfs4/opens4.h"
#include "nfs4/operations.h"
#include "nfs4/pseudo.h"
#include "ops/ops.h"
#include "tables/config.h"
#include "tables/lock_clients.h"
#include "tables/xact.h"

/* createmode4, open_claim_type4, and parts of OPEN (RFC 8881, 18.16.1) */
#define UNCHECKED4			0
#define GUARDED4			1
#define EXCLUSIVE4			2
#define EXCLUSIVE4_1		3

#define CLAIM_NULL			0
#define CLAIM_PREVIOUS		1
#define CLAIM_FH			4

#define SHARE_ACCESS_MASK	3
#define WANT_DELEG_MASK		0xff00
#define WANT_NO_DELEG		0x0400
#define WANT_CANCEL			0x0500

#define RESULT_LOCKTYPE_POSIX	4

#define DELEGATE_NONE		0
#define DELEGATE_NONE_EXT	3
#define WND4_NOT_WANTED		0
#define WND4_RESOURCE		2
#define WND4_CANCELLED		6

/* The file that a name stands for may go while it is being opened. */
#define ATTEMPTS			8

/* An OPEN, as it came. */
typedef struct Open4
{
	int			access;
	int			deny;
	uint32		want;
	FsBytes		owner;
	bool		create;
	uint32		how;
	FsBytes		verifier;
	Bitmap		given;
	SetAttrs	set;
	uint32		claim;
	FsBytes		name;
} Open4;

/* What has come of it. */
typedef struct Opened4
{
	Op			file;
	bool		created;
	FsTime		before;			/* these two: ctime of the directory */
	FsTime		after;
	Bitmap		attrset;
	State4		state;
} Opened4;

/*
 * Arguments
 */

static uint32
get_how(Compound *c, Open4 *args)
{
	uint32		status = NFS4_OK;

	args->how = get_u32(c);
	if (args->how > EXCLUSIVE4_1)
		return FS_INVAL;
	if (args->how >= EXCLUSIVE4)
		args->verifier = (FsBytes) {get_bytes(c, NFS4_VERIFIER_LEN),
		NFS4_VERIFIER_LEN};
	if (args->how != EXCLUSIVE4)
		status = get_setattrs(c, true, &args->given, &args->set);
	/* suppattr_exclcreat has no times */
	if (status == NFS4_OK && args->how == EXCLUSIVE4_1 &&
		(args->set.atime.given || args->set.mtime.given ||
		 args->set.atime_now || args->set.mtime_now))
		status = FS_INVAL;
	return status;
}

/* There is no grace period, and there are no delegations. */
static uint32
get_claim(Compound *c, Open4 *args)
{
	args->claim = get_u32(c);
	switch (args->claim)
	{
		case CLAIM_NULL:
			args->name = get_opaque(c);
			return name4_check(args->name);
		case CLAIM_FH:
			return args->create ? FS_INVAL : NFS4_OK;
		case CLAIM_PREVIOUS:
			return NFS4ERR_NO_GRACE;
		default:
			return NFS4ERR_BAD_STATEID;
	}
}

static uint32
get_open(Compound *c, Open4 *args)
{
	uint32		access;
	uint32		deny;
	uint32		status;

	memset(args, 0, sizeof(*args));
	(void) get_u32(c);			/* the seqid of NFSv4.0 */
	access = get_u32(c);
	deny = get_u32(c);
	(void) get_u64(c);			/* the session's client it is */
	args->owner = get_opaque(c);
	if (args->owner.len > NFS4_OPAQUE_MAX)
		compound_malformed();
	args->access = (int) (access & SHARE_ACCESS_MASK);
	args->deny = (int) deny;
	args->want = access & WANT_DELEG_MASK;
	args->create = get_bool(c);
	status = args->create ? get_how(c, args) : NFS4_OK;
	if (status == NFS4_OK)
		status = get_claim(c, args);
	if (status == NFS4_OK &&
		(args->access == 0 || (deny & ~SHARE_ACCESS_MASK) != 0))
		status = FS_INVAL;
	return status;
}

/*
 * The state
 */

static FsLockRequest
share_request(const State4 *state)
{
	FsLockRequest request = {
		.client4 = state->client_id,
		.owner = {state->owner, state->owner_len},
		.access = state->access,
		.deny = state->deny
	};

	return request;
}

/* The share mode of an open, as it is now. */
static void
put_share(const Op *file, const State4 *state)
{
	FsLockRequest request = share_request(state);
	FsLockReply reply;
	Status		status = state->deny != 0 ? fs_share(file, &request, &reply) :
		fs_unshare(file, &request, &reply);

	if (status == FS_OK && state->deny != 0 && reply.outcome != FS_LOCK_GRANTED)
		elog(ERROR, "dittofs: a share mode was refused");
}

/* Who can execute a file may read it (ops_data.c), and so open it. */
static uint32
may_open(const Op *op, const Open4 *args, bool created, const Inode *inode)
{
	if (inode->kind == KIND_DIRECTORY)
		return FS_ISDIR;
	if (inode->kind == KIND_SYMLINK)
		return NFS4ERR_SYMLINK;
	if (inode->kind != KIND_REGULAR)
		return NFS4ERR_WRONG_TYPE;
	if (created)
		return NFS4_OK;
	if ((args->access & STATE4_WRITE) && op->share->read_only)
		return FS_ROFS;
	if ((args->access & STATE4_READ) &&
		!perm_check(&op->cred, inode, PERM_READ) &&
		!perm_check(&op->cred, inode, PERM_EXEC))
		return FS_ACCES;
	if ((args->access & STATE4_WRITE) &&
		!perm_check(&op->cred, inode, PERM_WRITE))
		return FS_ACCES;
	return NFS4_OK;
}

/* UNCHECKED4 of a file that exists: of its attributes a size of 0 counts. */
static bool
truncates(const Open4 *args, const Opened4 *opened)
{
	return !opened->created && args->create && args->how == UNCHECKED4 &&
		args->set.size.given && args->set.size.value == 0;
}

static uint32
truncate_file(const Open4 *args, Opened4 *opened)
{
	FsSetattr	setattr = {.set = {.size = {true, 0}}};
	FsChanged	changed;
	Status		status;

	if ((args->access & STATE4_WRITE) == 0)
		return FS_INVAL;
	status = fs_setattr(&opened->file, &setattr, &changed);
	if (status == FS_OK)
		bitmap_add(&opened->attrset, NFS4_ATTR_SIZE);
	return status4(status);
}

static void
insert_state(const Compound *c, const Open4 *args, const Op *file,
			 State4 *state)
{
	memset(state, 0, sizeof(*state));
	state->client_id = c->client_id;
	state->file_id = file->id;
	state->share_id = file->share->share_id;
	state->access = args->access;
	state->deny = args->deny;
	state->modes = state4_mode(args->access, args->deny);
	state->owner = args->owner.data;
	state->owner_len = args->owner.len;
	state4_insert(state);
}

/* An OPEN of the same owner again adds to what it has. */
static void
join_state(const Open4 *args, State4 *state)
{
	state->access |= args->access;
	state->deny |= args->deny;
	state->modes |= state4_mode(args->access, args->deny);
	state4_update(state);
}

/*
 * After an open was made without the inode's lock: what did another transaction
 * do that had it?
 */
static uint32
check_settled(const Compound *c, const Open4 *args, const Op *file)
{
	Inode		inode;

	if (!inode_settle(&file->id, &inode) ||
		(inode.nlink == 0 && args->claim == CLAIM_NULL))
		return FS_STALE;
	/* a client whose first lock this is must be seen, too */
	snapshot_renew();
	return fs_share_conflict(&inode, c->client_id, args->access, 0) ?
		NFS4ERR_SHARE_DENIED : NFS4_OK;
}

static uint32
open_in_change(Compound *c, const Open4 *args, Opened4 *opened)
{
	const Op   *file = &opened->file;
	State4	   *state = &opened->state;
	Inode	   *inode = inode_locked(&file->id);
	Inode		seen;
	bool		found;
	uint32		status;

	state4_exclude(&file->id, c->client_id, args->owner.data, args->owner.len);
	found = state4_find(&file->id, c->client_id, false, args->owner.data,
						args->owner.len, state);
	if (inode == NULL &&
		(args->deny != 0 || truncates(args, opened) ||
		 (found && (args->access & ~state->access) != 0)))
	{
		if (op_lock(file, &inode) != FS_OK)
			return FS_STALE;
	}
	if (inode == NULL && op_get(file, &seen) != FS_OK)
		return FS_STALE;
	status = may_open(file, args, opened->created,
					  inode != NULL ? inode : &seen);
	if (status == NFS4_OK && inode != NULL &&
		fs_share_conflict(inode, c->client_id, args->access, args->deny))
		status = NFS4ERR_SHARE_DENIED;
	if (status == NFS4_OK && truncates(args, opened))
		status = truncate_file(args, opened);
	if (status != NFS4_OK)
		return status;

	/* a CLOSE may have been before us */
	if (found && state4_lock(state))
		join_state(args, state);
	else
	{
		insert_state(c, args, file, state);
		if (inode == NULL)
			status = check_settled(c, args, file);
	}
	if (status != NFS4_OK)
	{
		CommandCounterIncrement();
		state4_delete(state);
	}
	else if (state->deny != 0)
		put_share(file, state);
	return status;
}

/* It may be lost in a crash, if it has not changed anything else. */
static uint32
open_file(Compound *c, const Open4 *args, Opened4 *opened)
{
	uint32		status;

	change_begin("dittofs.compound()",
				 opened->created || truncates(args, opened) ||
				 args->deny != 0 ? CHANGE_DURABLE : CHANGE_UNSTABLE);
	status = open_in_change(c, args, opened);
	change_end();
	return status;
}

/*
 * By name
 */

/* EXCLUSIVE4_1 has attributes, too, which RFC 1813's EXCLUSIVE has not. */
static uint32
set_attributes(const Open4 *args, Opened4 *opened)
{
	FsSetattr	setattr = {.set = args->set};
	FsChanged	changed;

	if (args->how != EXCLUSIVE4_1 || !opened->created)
		return NFS4_OK;
	return status4(fs_setattr(&opened->file, &setattr, &changed));
}

/*
 * Makes the file, or takes the one that the same exclusive creation has made.
 * EXIST
 */
static uint32
create_file(const Op *dir, const Open4 *args, Opened4 *opened)
{
	bool		exclusive = args->how >= EXCLUSIVE4;
	FsCreate	create = {
		.name = args->name,
		.how = exclusive ? CREATE_EXCLUSIVE : CREATE_GUARDED,
		.set = args->set,
		.verifier = args->verifier
	};
	FsMade		made;
	Status		status = fs_create(dir, &create, &made);

	if (status != FS_OK)
		return changed_status4(status, &made.dir_wcc);
	opened->file = op_at(dir, &made.handle);
	opened->before = made.dir_wcc.value.before_ctime;
	opened->after = made.dir_wcc.value.after.ctime;
	opened->created = opened->after != opened->before;
	opened->attrset = args->given;
	return set_attributes(args, opened);
}

/* The file of that name, which may have to be made.  EXIST */
static uint32
find_or_create(const Op *dir, const Open4 *args, Opened4 *opened)
{
	FsLookup	lookup = {.name = args->name};
	FsLookedUp	found;
	Status		status;

	memset(opened, 0, sizeof(*opened));
	if (args->create && args->how >= EXCLUSIVE4)
		return create_file(dir, args, opened);
	status = fs_lookup(dir, &lookup, &found);
	if (status == FS_NOENT && args->create)
		return create_file(dir, args, opened);
	if (status != FS_OK)
		return directory_status4(status, found.dir.given, &found.dir.value);
	if (args->create && args->how == GUARDED4)
		return FS_EXIST;
	opened->file = op_at(dir, &found.handle);
	opened->before = opened->after = found.dir.value.ctime;
	return NFS4_OK;
}

static uint32
open_by_name(Compound *c, const Open4 *args, Opened4 *opened)
{
	Op			dir = c->current.op;
	uint32		status;

	/* another share's root is there */
	if (pseudo_nested(&dir, args->name) != NULL)
		return args->create && args->how != UNCHECKED4 ? FS_EXIST : FS_ISDIR;
	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
	{
		bool		again;

		status = find_or_create(&dir, args, opened);
		/* it was made after we had looked */
		again = status == FS_EXIST && args->how == UNCHECKED4;
		if (status == NFS4_OK)
		{
			status = open_file(c, args, opened);
			/* it was removed after we had looked */
			again = status == FS_STALE;
		}
		if (!again)
			return status;
		compound_renew_snapshot(c);
	}
	return NFS4ERR_DELAY;
}

static uint32
open_by_filehandle(Compound *c, const Open4 *args, Opened4 *opened)
{
	memset(opened, 0, sizeof(*opened));
	opened->file = c->current.op;
	return open_file(c, args, opened);
}

/* No delegation is given; why, if one was wanted. */
static void
put_no_delegation(Compound *c, uint32 want)
{
	if (want == 0)
	{
		put_u32(c, DELEGATE_NONE);
		return;
	}
	put_u32(c, DELEGATE_NONE_EXT);
	if (want == WANT_NO_DELEG)
		put_u32(c, WND4_NOT_WANTED);
	else if (want == WANT_CANCEL)
		put_u32(c, WND4_CANCELLED);
	else
	{
		put_u32(c, WND4_RESOURCE);
		put_u32(c, false);		/* the client is not told later */
	}
}

/*
 * What a client has open is counted now and then, more often near the limit: an
 * exact count would be a row that all OPENs of a client write.
 */
#define COUNTS			64
#define COUNT_EVERY		1024	/* OPENs of this session, at most */
#define FULL_MS			1000

typedef struct OpenCount
{
	int64		client_id;
	int64		left;			/* OPENs until it is counted again */
	TimestampTz full_until;
} OpenCount;

typedef struct Counting
{
	int64		n;
	int64		max;
} Counting;

static bool
count_state(const State4 *state, void *arg)
{
	Counting   *counting = arg;

	return ++counting->n < counting->max;
}

static bool
has_too_many(int64 client_id)
{
	static OpenCount counts[COUNTS];
	OpenCount  *count = &counts[(uint64) client_id % COUNTS];
	Counting	counting = {0};
	int64		config[CONFIG_COUNT];

	if (count->client_id == client_id && count->left-- > 0)
		return false;
	if (count->client_id == client_id && count->full_until != 0 &&
		GetCurrentTimestamp() < count->full_until)
		return true;
	config_read(config);
	counting.max = config[CONFIG_NFS4_OPEN_MAX];
	states4_of_client(client_id, 0, count_state, &counting);
	count->client_id = client_id;
	count->left = Min((counting.max - counting.n) / 8, COUNT_EVERY);
	count->full_until = 0;
	if (counting.n < counting.max)
		return false;
	count->full_until =
		TimestampTzPlusMilliseconds(GetCurrentTimestamp(), FULL_MS);
	return true;
}

/*
 * Above the shares there are only directories.  A client that is told so looks
 * for one where it wanted to open.
 */
static uint32
open_above_shares(const Compound *c, const Open4 *args)
{
	PseudoPlace place;
	Status		status;

	if (args->claim == CLAIM_FH)
		return FS_ISDIR;
	status = pseudo_lookup(c->caller, c->current.path, args->name, &place);
	if (status == FS_OK)
		return args->create && args->how != UNCHECKED4 ? FS_EXIST : FS_ISDIR;
	return args->create ? FS_ROFS : status4(status);
}

uint32
nfs4_open(Compound *c)
{
	Open4		args;
	Opened4		opened;
	Stateid		stateid;
	uint32		status = get_open(c, &args);

	if (status == NFS4_OK && !nfs4_client_has_reclaimed(c->client_id))
		status = NFS4ERR_GRACE;
	if (status == NFS4_OK && has_too_many(c->client_id))
		status = FS_NOSPC;
	if (status == NFS4_OK && c->current.kind == FH_PSEUDO)
		return open_above_shares(c, &args);
	if (status == NFS4_OK)
		status = args.claim == CLAIM_FH ?
			open_by_filehandle(c, &args, &opened) :
			open_by_name(c, &args, &opened);
	if (status != NFS4_OK)
		return status;
	stateid_of(&opened.state, &stateid);
	put_stateid(c, &stateid);
	put_change_info(c, (uint64) opened.before, (uint64) opened.after);
	put_u32(c, RESULT_LOCKTYPE_POSIX);
	put_bitmap(c, &opened.attrset);
	put_no_delegation(c, args.want);
	if (args.claim != CLAIM_FH)
		fh_set_object(c, &opened.file);
	compound_set_stateid(c, &stateid);
	return NFS4_OK;
}

/*
 * CLOSE
 */

typedef struct LockOwners
{
	const State4 *open;
	int			n;
	int			room;
	State4	   *states;
} LockOwners;

static bool
note_lock_owner(const State4 *state, void *arg)
{
	LockOwners *owners = arg;

	if (state->client_id != owners->open->client_id ||
		state->open_id != owners->open->id)
		return true;
	if (owners->n == owners->room)
	{
		owners->room = Max(8, owners->room * 2);
		owners->states = owners->states == NULL ?
			palloc(sizeof(State4) * owners->room) :
			repalloc(owners->states, sizeof(State4) * owners->room);
	}
	owners->states[owners->n++] = *state;
	return true;
}

/*
 * Those that lock by this open, as the active snapshot sees them.  A file that
 * was never locked by it may have been opened any number of times: nothing is
 * looked for.
 */
static void
find_lock_owners(const State4 *open, LockOwners *owners)
{
	memset(owners, 0, sizeof(*owners));
	owners->open = open;
	if ((open->modes & STATE4_LOCKS) != 0)
		states4_of_file(&open->file_id, false, note_lock_owner, owners);
}

/* What they have locked is free (RFC 8881, 18.2.3, leaves that to servers). */
static void
end_lock_owners(const Op *file, LockOwners *owners)
{
	for (int i = 0; i < owners->n; i++)
	{
		State4	   *state = &owners->states[i];
		FsLockRequest request = share_request(state);
		FsLockReply reply;

		(void) fs_unlock(file, &request, &reply);
		if (state4_lock(state))
			state4_delete(state);
	}
}

/* The last one who had a file open that has no name takes it along. */
static void
delete_unlinked(const Op *file)
{
	Inode	   *inode;

	if (op_lock(file, &inode) == FS_OK && inode->nlink == 0 &&
		!states4_any(&inode->id))
		op_delete(file->share, inode);
}

/*
 * The inode is locked before the state, if it is concerned.  If it turns out to
 * be only under the state's lock, a LOCK by this open came between; the client
 * has sent both at once.
 */
static uint32
close_in_change(Compound *c, const Stateid *stateid, State4 *state)
{
	const Op   *file = &c->current.op;
	LockOwners	owners;
	Inode		seen;
	Inode	   *inode = NULL;
	bool		unlinked;
	uint32		status;

	find_lock_owners(state, &owners);
	unlinked = op_get(file, &seen) == FS_OK && seen.nlink == 0;
	if (owners.n > 0 || state->deny != 0 || unlinked)
		(void) op_lock(file, &inode);
	status = stateid_lock(stateid, state);
	if (status != NFS4_OK)
		return status;
	snapshot_renew();
	find_lock_owners(state, &owners);
	if (owners.n > 0 && inode == NULL)
		(void) op_lock_late(&file->id);
	end_lock_owners(file, &owners);
	if (state->deny != 0)
	{
		state->deny = 0;
		put_share(file, state);
	}
	state4_delete(state);
	if (unlinked)
		delete_unlinked(file);
	return NFS4_OK;
}

uint32
nfs4_close(Compound *c)
{
	static const Stateid closed = {PG_UINT32_MAX, {0}};
	Stateid		stateid;
	State4		state;
	uint32		status;

	(void) get_u32(c);			/* the seqid of NFSv4.0 */
	status = compound_stateid(c, &stateid);
	if (status == NFS4_OK)
		status = stateid_find_here(c, &stateid, &state);
	if (status == NFS4_OK && state.open_id != 0)
		status = NFS4ERR_BAD_STATEID;
	if (status != NFS4_OK)
		return status;
	change_begin("dittofs.compound()", CHANGE_UNSTABLE);
	status = close_in_change(c, &stateid, &state);
	change_end();
	if (status != NFS4_OK)
		return status;
	/* one that is valid nowhere (RFC 8881, 18.2.4) */
	put_stateid(c, &closed);
	compound_no_stateid(c);
	return NFS4_OK;
}

/*
 * OPEN_DOWNGRADE
 */

#define MODES	16

/*
 * Of the modes that OPENs had, those within this one; they must make up all of
 * it (RFC 8881, 18.18.3).  0: they do not.
 */
static int
modes_within(int modes, int access, int deny)
{
	int			wanted = access << 2 | deny;
	int			within = 0;
	int			all = 0;

	for (int mode = 0; mode < MODES; mode++)
		if ((modes & 1 << mode) != 0 && (mode & ~wanted) == 0)
		{
			within |= 1 << mode;
			all |= mode;
		}
	return all == wanted ? within : 0;
}

static uint32
downgrade_in_change(Compound *c, const Stateid *stateid, State4 *state,
					int access, int deny)
{
	const Op   *file = &c->current.op;
	Inode	   *inode;
	bool		denies = state->deny != 0;
	uint32		status;
	int			modes;

	if (denies)
		(void) op_lock(file, &inode);
	status = stateid_lock(stateid, state);
	if (status != NFS4_OK)
		return status;
	modes = modes_within(state->modes, access, deny);
	if (modes == 0)
		return FS_INVAL;
	state->access = access;
	state->deny = deny;
	state->modes = modes | (state->modes & STATE4_LOCKS);
	state4_update(state);
	if (denies)
		put_share(file, state);
	return NFS4_OK;
}

uint32
nfs4_open_downgrade(Compound *c)
{
	Stateid		stateid;
	State4		state;
	uint32		status = compound_stateid(c, &stateid);
	uint32		access;
	uint32		deny;

	(void) get_u32(c);			/* the seqid of NFSv4.0 */
	access = get_u32(c) & ~(uint32) WANT_DELEG_MASK;
	deny = get_u32(c);
	if (status == NFS4_OK)
		status = stateid_find_here(c, &stateid, &state);
	if (status == NFS4_OK && state.open_id != 0)
		status = NFS4ERR_BAD_STATEID;
	if (status == NFS4_OK &&
		(access == 0 || access > SHARE_ACCESS_MASK || deny > SHARE_ACCESS_MASK))
		status = FS_INVAL;
	if (status != NFS4_OK)
		return status;
	change_begin("dittofs.compound()", CHANGE_UNSTABLE);
	status = downgrade_in_change(c, &stateid, &state, (int) access, (int) deny);
	change_end();
	if (status != NFS4_OK)
		return status;
	stateid_of(&state, &stateid);
	put_stateid(c, &stateid);
	compound_set_stateid(c, &stateid);
	return NFS4_OK;
}

/*
 * The end of a client
 */

static bool
note_any(const State4 *state, void *arg)
{
	*(bool *) arg = true;
	return false;
}

bool
nfs4_client_has_state(int64 client_id)
{
	bool		any = false;

	states4_of_client(client_id, 0, note_any, &any);
	return any;
}

typedef struct Slice
{
	int64		left;
	int64		n;
	State4	   *states;
} Slice;

static bool
note_state(const State4 *state, void *arg)
{
	Slice	   *slice = arg;

	slice->states[slice->n++] = *state;
	return --slice->left > 0;
}

/* With its locks and share modes; who waited for them is let in by a pass. */
static void
end_locks(const Share *share, void *client_id)
{
	LockClientName name = {.share = share,.client4 = *(int64 *) client_id};
	pg_uuid_t	id;

	lock_client_id(&name, &id);
	(void) lock_client_end(&id, 0);
}

#define FREE_SLICE	1000

int64
nfs4_free_client_state(int64 client_id, int64 max)
{
	Slice		slice = {.left = Min(max, FREE_SLICE)};

	slice.states = palloc(sizeof(State4) * (slice.left + 1));
	change_begin("dittofs.reap()", CHANGE_UNSTABLE);
	states4_of_client(client_id, 0, note_state, &slice);
	for (int64 i = 0; i < slice.n; i++)
		if (state4_lock(&slice.states[i]))
			state4_delete(&slice.states[i]);
	if (slice.left > 0)
		share_foreach(end_locks, &client_id);
	change_end();
	/* a full slice: there may be more */
	return slice.left > 0 ? slice.n : max;
}
