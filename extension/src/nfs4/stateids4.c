/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * stateids4.c
 *	  Stateids of NFSv4: what they stand for; TEST_STATEID, FREE_STATEID.
 *
 * The 12 bytes that follow the seqid are the state's salt and its number.  A
 * state is looked up by the session's client and that number, so the stateid of
 * another client is none, and neither is one that was made up.
 *
 * A stateid with seqid 0 is the newest one (RFC 8881, 8.2.2).  A state that is
 * not known is BAD_STATEID, never STALE_STATEID, at which clients of 4.1 hang.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "base/change.h"
#include "nfs4/opens4.h"
#include "nfs4/operations.h"
#include "ops/ops.h"
#include "tables/file_locks.h"
#include "tables/lock_clients.h"
#include "tables/xact.h"

void
stateid_of(const State4 *state, Stateid *stateid)
{
	uint32		salt = pg_hton32(state->salt);
	uint64		id = pg_hton64((uint64) state->id);

	stateid->seqid = state->seqid;
	memcpy(stateid->other, &salt, sizeof(salt));
	memcpy(stateid->other + sizeof(salt), &id, sizeof(id));
}

/* Seqids begin anew after 2^32. */
static uint32
check_seqid(const Stateid *stateid, const State4 *state)
{
	int32		ahead = (int32) (stateid->seqid - state->seqid);

	if (stateid->seqid == 0 || ahead == 0)
		return NFS4_OK;
	return ahead < 0 ? NFS4ERR_OLD_STATEID : NFS4ERR_BAD_STATEID;
}

uint32
stateid_find(const Compound *c, const Stateid *stateid, State4 *state)
{
	uint32		salt;
	uint64		id;

	memcpy(&salt, stateid->other, sizeof(salt));
	memcpy(&id, stateid->other + sizeof(salt), sizeof(id));
	if (!state4_get(c->client_id, (int64) pg_ntoh64(id), state) ||
		state->salt != pg_ntoh32(salt))
		return NFS4ERR_BAD_STATEID;
	return check_seqid(stateid, state);
}

static bool
is_of(const State4 *state, const Fh *fh)
{
	return fh->kind == FH_OBJECT &&
		memcmp(&state->file_id, &fh->op.id, sizeof(pg_uuid_t)) == 0;
}

uint32
stateid_find_here(const Compound *c, const Stateid *stateid, State4 *state)
{
	uint32		status = stateid_find(c, stateid, state);

	if (status == NFS4_OK && !is_of(state, &c->current))
		status = NFS4ERR_BAD_STATEID;
	return status;
}

uint32
stateid_lock(const Stateid *stateid, State4 *state)
{
	return state4_lock(state) ? check_seqid(stateid, state) :
		NFS4ERR_BAD_STATEID;
}

/* Has a client opened it so that no other may do this? */
static uint32
check_denied(const Compound *c, const Op *op, int access)
{
	Inode		inode;
	Status		status = op_get(op, &inode);

	if (status == FS_OK && fs_share_conflict(&inode, c->client_id, access, 0))
		return NFS4ERR_LOCKED;
	return status4(status);
}

uint32
stateid_check(Compound *c, const Fh *fh, const Stateid *stateid, int access,
			  bool special_ok)
{
	State4		state;
	uint32		status;

	if (stateid_is_anonymous(stateid) || stateid_is_bypass(stateid))
		return special_ok ? check_denied(c, &fh->op, access) :
			NFS4ERR_BAD_STATEID;
	status = stateid_find(c, stateid, &state);
	if (status == NFS4_OK && !is_of(&state, fh))
		status = NFS4ERR_BAD_STATEID;
	if (status != NFS4_OK)
		return status;
	/* a lock is by an open, whose mode is asked for */
	if (state.open_id != 0 &&
		!state4_get(state.client_id, state.open_id, &state))
		return NFS4ERR_BAD_STATEID;
	return (access & ~state.access) != 0 ? NFS4ERR_OPENMODE : NFS4_OK;
}

/* Special stateids are none here (RFC 8881, 18.48.3). */
uint32
nfs4_test_stateid(Compound *c)
{
	uint32		n = get_u32(c);

	put_u32(c, n);
	for (uint32 i = 0; i < n; i++)
	{
		Stateid		stateid = get_stateid(c);
		State4		state;

		put_u32(c, stateid_find(c, &stateid, &state));
	}
	return NFS4_OK;
}

/* Has the owner locks in the file? */
static bool
holds_locks(const State4 *state)
{
	Inode		inode;
	FileLocks	locks;
	LockClientName name = {.share = share_by_id(state->share_id),
	.client4 = state->client_id};
	pg_uuid_t	client_id;
	int			owner;

	if (name.share == NULL || !inode_get(&state->file_id, &inode) ||
		inode.locks == NULL)
		return false;
	lock_client_id(&name, &client_id);
	file_locks_look(&locks, &inode);
	owner = lock_list_find_owner(&locks.list, client_id.data, state->owner,
								 (uint32) state->owner_len);
	for (int i = 0; i < locks.list.nheld; i++)
		if (locks.list.held[i].owner == owner)
			return true;
	return false;
}

/*
 * A LOCK of this owner has the row until it commits: what it locks is seen
 * after that.
 */
uint32
nfs4_free_stateid(Compound *c)
{
	Stateid		stateid;
	State4		state;
	uint32		status = compound_stateid(c, &stateid);

	if (status == NFS4_OK)
		status = stateid_find(c, &stateid, &state);
	if (status != NFS4_OK)
		return status;
	if (state.open_id == 0)
		return NFS4ERR_LOCKS_HELD;
	change_begin("dittofs.compound()", CHANGE_UNSTABLE);
	status = stateid_lock(&stateid, &state);
	snapshot_renew();
	if (status == NFS4_OK && holds_locks(&state))
		status = NFS4ERR_LOCKS_HELD;
	if (status == NFS4_OK)
		state4_delete(&state);
	change_end();
	return status;
}

/* There are no delegations. */
uint32
nfs4_delegreturn(Compound *c)
{
	return NFS4ERR_BAD_STATEID;
}
