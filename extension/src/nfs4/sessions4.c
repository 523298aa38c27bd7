/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * sessions4.c
 *	  SEQUENCE, CREATE_SESSION, DESTROY_SESSION, BIND_CONN_TO_SESSION,
 *	  BACKCHANNEL_CTL.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "nfs4/operations.h"
#include "nfs4/sessions4.h"

/* Accepts every session; nothing is stored. */
uint32
nfs4_sequence(Compound *c)
{
	Session4   *session = (Session4 *) palloc0(sizeof(Session4));
	uint32		seqid,
				slot;

	memcpy(session->id, get_bytes(c, NFS4_SESSION_ID_LEN),
		   NFS4_SESSION_ID_LEN);
	seqid = get_u32(c);
	slot = get_u32(c);
	(void) get_u32(c);			/* highest slot */
	c->cache_this = get_bool(c);
	c->session = session;
	c->client_id = session->client_id;

	put_bytes(c, session->id, NFS4_SESSION_ID_LEN);
	put_u32(c, seqid);
	put_u32(c, slot);
	put_u32(c, NFS4_SLOTS_MAX - 1);
	put_u32(c, NFS4_SLOTS_MAX - 1);
	put_u32(c, 0);
	return NFS4_OK;
}

void
nfs4_store(Compound *c)
{
}

uint32
nfs4_create_session(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_destroy_session(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_bind_conn_to_session(Compound *c)
{
	return FS_NOTSUPP;
}

uint32
nfs4_backchannel_ctl(Compound *c)
{
	return FS_NOTSUPP;
}
