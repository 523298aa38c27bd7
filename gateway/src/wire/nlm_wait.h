/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm_wait.h
 *	  What the gateway keeps of a LOCK that waits, and the cookie of the GRANTED
 *	  call that ends the wait.
 *
 * The database keeps up to NLM_WAIT_MAX bytes for each waiting lock, and gives
 * them back to whichever gateway tells the client.  So the bytes have a form of
 * their own, with a number in front: gateways of two versions share a database.
 *
 * Owner and range come back beside the bytes, as columns of
 * dittofs.lock_grant.  The cookie of the LOCK is not kept.  GRANTED is a call
 * of the server's, and has a cookie of the server's; clients find the lock by
 * owner, file and range.
 */
#ifndef DITTOFS_NLM_WAIT_H
#define DITTOFS_NLM_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/peer.h"
#include "base/region.h"
#include "db/call.h"
#include "dittofs_contract.h"

#define NLM_WAIT_MAX LOCK_WAIT_MAX

enum nlm_transport
{
	NLM_BY_TCP = 1,
	NLM_BY_UDP = 2
};

struct nlm_wait
{
	uint32_t	version;		/* of NLM: 1, 3 or 4 */
	enum nlm_transport transport;	/* by which the LOCK came */
	struct peer local;			/* the address of ours that it came to, without
								 * the port; family 0: not known.  Linux takes a
								 * GRANTED from no other */
	struct bytes handle;		/* as the client wrote them */
	struct bytes caller_name;
};

/* In the region; never more than NLM_WAIT_MAX bytes. */
extern struct bytes nlm_wait_encode(struct region *region,
									const struct nlm_wait *wait);

/* The parts point into bytes.  False: a form unknown to this gateway. */
extern bool nlm_wait_decode(struct bytes bytes, struct nlm_wait *wait);

/*
 * An owner, as the database has it: 4 bytes of svid, then oh.  svid is the
 * number of the process, oh whatever else the client tells its owners apart by.
 */
extern struct bytes nlm_owner_encode(struct region *region, uint32_t svid,
									 struct bytes oh);
/* False: it is not the owner of an NLM lock; svid is 0 then, and oh empty. */
extern bool nlm_owner_decode(struct bytes owner, uint32_t *svid,
							 struct bytes *oh);

/*
 * The cookie of a GRANTED call: which grant of which metadata store it tells
 * (dittofs.lock_grant.id), and a code that only this process can make for this
 * address.  So no client can refuse the grant of another one.  The size is none
 * that a client would take for a cookie of its own.
 */
#define NLM_GRANT_COOKIE_LEN 25

struct nlm_grant_cookie
{
	char		data[NLM_GRANT_COOKIE_LEN];
};

extern struct nlm_grant_cookie nlm_grant_cookie_make(int store, int64_t grant,
													 const struct peer *peer);
/* False: it was not made by this process, or for another address. */
extern bool nlm_grant_cookie_read(struct bytes cookie, const struct peer *peer,
								  int *store, int64_t *grant);

#endif							/* DITTOFS_NLM_WAIT_H */
