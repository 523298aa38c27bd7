/* SPDX-License-Identifier: PostgreSQL */
/*
 * charge.c
 *	  Who counts the memory of a request: see charge.h.
 */
#include "core/charge.h"
#include "core/client.h"
#include "content/store_queue.h"
#include "core/room.h"
#include "core/worker.h"

#include <assert.h>

static const struct
{
	bool		client;
	bool		worker;			/* and the client's address */
	bool		store;
}			counts[CHARGE_CARRIERS] = {
	[CHARGE_NONE] = {false, false, false},
	[CHARGE_FLIGHT] = {true, true, false},
	[CHARGE_FROM_STORE] = {true, false, true},
	[CHARGE_TO_STORE] = {false, false, true},
};

/*
 * A store carries what was in flight before.  It gives back what it has taken
 * before the end; what it has given it carries to the end.
 */
static const bool may_follow[CHARGE_CARRIERS][CHARGE_CARRIERS] = {
	[CHARGE_NONE] = {[CHARGE_NONE] = true, [CHARGE_FLIGHT] = true},
	[CHARGE_FLIGHT] = {
		[CHARGE_NONE] = true, [CHARGE_FROM_STORE] = true,
		[CHARGE_TO_STORE] = true},
	[CHARGE_FROM_STORE] = {[CHARGE_FLIGHT] = true, [CHARGE_NONE] = true},
	[CHARGE_TO_STORE] = {[CHARGE_FLIGHT] = true},
};

/* Without a client, only the worker counts. */
static void
count_client(struct request *request, size_t bytes)
{
	if (request->client != NULL)
		request->client->bytes += bytes;
}

static void
count_worker(struct request *request, size_t bytes)
{
	request->worker->bytes += bytes;
	if (request->client != NULL)
		request->client->address->bytes += bytes;
}

static void
set_carrier(struct request *request, enum charge_carrier carrier)
{
	struct charge *charge = &request->charge;
	enum charge_carrier before = charge->carrier;

	assert(may_follow[before][carrier]);
	if (counts[before].client)
		count_client(request, -charge->bytes);
	if (counts[carrier].client)
		count_client(request, charge->bytes);
	if (counts[before].worker)
	{
		count_worker(request, -charge->bytes);
		request->worker->released = true;
	}
	if (counts[carrier].worker)
		count_worker(request, charge->bytes);
	if (counts[before].store)
		content_release(request->io.holder, charge->bytes);
	charge->carrier = carrier;
}

void
charge_add(struct request *request, size_t bytes)
{
	assert(!counts[request->charge.carrier].store);
	request->charge.carrier = CHARGE_FLIGHT;
	request->charge.bytes += bytes;
	count_client(request, bytes);
	count_worker(request, bytes);
}

bool
charge_to_store(struct request *request, enum charge_carrier carrier)
{
	const struct charge *charge = &request->charge;

	assert(counts[carrier].store);
	if (request->io.holder == NULL || charge->bytes == 0 ||
		!content_hold(request->io.holder, charge->bytes))
		return false;
	set_carrier(request, carrier);
	return true;
}

bool
charge_is_at_store(const struct request *request)
{
	return counts[request->charge.carrier].store;
}

bool
charge_from_store(struct request *request)
{
	if (!counts[request->charge.carrier].store)
		return false;
	set_carrier(request, CHARGE_FLIGHT);
	return true;
}

void
charge_end(struct request *request)
{
	set_carrier(request, CHARGE_NONE);
	request->charge.bytes = 0;
}

void
charge_attach(struct request *request, struct client *client)
{
	if (counts[request->charge.carrier].client)
		client->bytes += request->charge.bytes;
	if (counts[request->charge.carrier].worker)
		client->address->bytes += request->charge.bytes;
}

void
charge_detach(struct request *request, struct client *client)
{
	if (counts[request->charge.carrier].client)
		client->bytes -= request->charge.bytes;
	if (counts[request->charge.carrier].worker)
		client->address->bytes -= request->charge.bytes;
}
