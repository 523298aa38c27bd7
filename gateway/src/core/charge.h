/* SPDX-License-Identifier: PostgreSQL */
/*
 * charge.h
 *	  Who counts the memory of a request, and when: one table.
 *
 * A request is charged for its record, and for the result that it expects.  In
 * most of its life its client, the client's address and the worker count that
 * (client.h, room.h).  While it waits for a content store, the store counts it
 * instead of the worker and the address, if it has room (content_hold): a slow
 * store does not keep clients from being read.  A client whose data is on its
 * way to the store may send other calls, so it does not count it either; one
 * that asks for data goes on being charged, since it may take none of the
 * replies.  Nor does its data come back to the worker: what that has dealt out
 * meanwhile it could not take back, and replies that a store makes ready all at
 * once would leave no room for other clients.  The store carries them until
 * they have been taken.
 *
 *					client	worker, address	store
 *		NONE		-		-				-
 *		FLIGHT		x		x				-
 *		FROM_STORE	x		-				x
 *		TO_STORE	-		-				x
 */
#ifndef DITTOFS_CHARGE_H
#define DITTOFS_CHARGE_H

#include <stdbool.h>
#include <stddef.h>

struct client;
struct request;

enum charge_carrier
{
	CHARGE_NONE,				/* not charged yet, or not any more */
	CHARGE_FLIGHT,
	CHARGE_FROM_STORE,
	CHARGE_TO_STORE,
	CHARGE_CARRIERS
};

/* A part of struct request. */
struct charge
{
	enum charge_carrier carrier;
	size_t		bytes;
};

/*
 * More bytes; those who carry the others count them.  Not while a store does.
 */
extern void charge_add(struct request *request, size_t bytes);

/*
 * To the store that it waits for (request->io.holder), CHARGE_FROM_STORE or
 * CHARGE_TO_STORE.  False: the store has no room, or there is nothing to carry.
 */
extern bool charge_to_store(struct request *request,
							enum charge_carrier carrier);

extern bool charge_is_at_store(const struct request *request);

/* Back from the store.  False: it was not there. */
extern bool charge_from_store(struct request *request);

/* The request is over: nothing counts it any more. */
extern void charge_end(struct request *request);

/* Its client and the client's address begin to count it, or stop. */
extern void charge_attach(struct request *request, struct client *client);
extern void charge_detach(struct request *request, struct client *client);

#endif							/* DITTOFS_CHARGE_H */
