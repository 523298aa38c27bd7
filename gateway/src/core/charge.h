/* SPDX-License-Identifier: PostgreSQL */
/*
 * charge.h
 *	  Which account counts the memory of a request, and when: one table.
 *
 * A request is charged for its record, and for the result that it expects.  For
 * most of its life its client, the client's address and the worker count that
 * (client.h, room.h).  While the request waits for a content store, the store
 * counts it instead of the worker and the address, if it has room
 * (content_hold): so a slow store does not keep clients from being read.
 *
 * A client whose data is on its way to the store may send other calls, so the
 * client does not count that data either.  A client that asks for data goes on
 * counting it, since it may take none of the replies.  The worker does not take
 * that charge back: it has given the room to others meanwhile, and replies that
 * a store makes ready all at once would leave no room for other clients.  The
 * store counts them until the client has taken them.
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
 * Charges more bytes to the accounts that count the others.  Not while a store
 * counts them.
 */
extern void charge_add(struct request *request, size_t bytes);

/*
 * Moves the charge to the store that the request waits for
 * (request->io.holder), as CHARGE_FROM_STORE or CHARGE_TO_STORE.  False: the
 * store has no room, or there is nothing to move.
 */
extern bool charge_to_store(struct request *request,
							enum charge_carrier carrier);

extern bool charge_is_at_store(const struct request *request);

/* Moves the charge back from the store.  False: it was not there. */
extern bool charge_from_store(struct request *request);

/* The request is over: no account counts it any more. */
extern void charge_end(struct request *request);

/* Its client and the client's address begin to count it, or stop. */
extern void charge_attach(struct request *request, struct client *client);
extern void charge_detach(struct request *request, struct client *client);

#endif							/* DITTOFS_CHARGE_H */
