/* SPDX-License-Identifier: PostgreSQL */
/*
 * room.c
 *	  Room in a worker for calls in flight: see room.h.
 */
#include "core/room.h"
#include "core/client.h"
#include "base/log.h"
#include "core/worker.h"

#include <stdlib.h>

/* An address may have so much more of what is left: see room.h. */
#define SHARE 3

/* A record this small is not worth waiting for room. */
#define SMALL_RECORD 4096

/* us that a client has been paused for until it counts as waiting */
#define WAITING 3000000

/*
 * Of a worker's bytes, records that are being received get at most three
 * quarters: a small call must find room beside any number of them.
 */
#define RESERVED_PART(bytes) ((bytes) - (bytes) / 4)

/*
 * Addresses.
 */

struct address *
address_join(struct worker *worker, const struct peer *peer)
{
	struct address_list *bucket;
	struct address *address;
	struct peer_host host = peer_host(peer);
	uint32_t	hash = 2166136261u;

	for (size_t i = 0; i < sizeof(host.prefix); i++)
		hash = (hash ^ host.prefix[i]) * 16777619u;
	bucket = &worker->addresses[hash % ADDRESS_BUCKETS];
	LIST_FOREACH(address, bucket, link)
		if (peer_host_is(&address->host, &host))
			break;
	if (address == NULL)
	{
		address = calloc(1, sizeof(*address));
		if (address == NULL)
			fatal("out of memory");
		address->host = host;
		LIST_INSERT_HEAD(bucket, address, link);
	}
	address->clients++;
	return address;
}

void
address_leave(struct address *address)
{
	if (--address->clients > 0)
		return;
	LIST_REMOVE(address, link);
	free(address);
}

/*
 * Shares.
 */

/* What an address may have in all, if so much of max is taken. */
static size_t
share_of(size_t taken, size_t max)
{
	return taken < max ? SHARE * (max - taken) : 0;
}

/* One of an address that has so much, by a client that has some of that. */
static bool
is_below(size_t client, size_t address, size_t share)
{
	return address < share && client < SHARE * (share - address);
}

static bool
is_within_limits(const struct client *client)
{
	const struct config *config = client->worker->config;

	return client->request_count < config->max_client_requests &&
		client->bytes < (size_t) config->max_client_bytes;
}

/*
 * A client that has room for a record goes on with it when calls have no more
 * than the part that no record can reserve: records alone must not keep each
 * other from being completed.
 */
static bool
may_complete(const struct client *client)
{
	const struct worker *worker = client->worker;

	return client->reserved > 0 && worker->bytes - worker->reserved <
		worker->max_bytes - RESERVED_PART(worker->max_bytes);
}

/*
 * While half of a worker is free an address may have one and a half of it, and
 * a connection more; so any client that has something has less.  This is nearly
 * always true.
 */
static bool
is_half_empty(const struct worker *worker)
{
	return worker->requests <= worker->max_requests / 2 &&
		worker->bytes <= worker->max_bytes / 2;
}

bool
room_for_call(const struct client *client)
{
	const struct worker *worker = client->worker;
	const struct address *address = client->address;

	if (!is_within_limits(client))
		return false;
	if (is_half_empty(worker))
		return true;
	return is_below((size_t) client->request_count, (size_t) address->requests,
				 share_of((size_t) worker->requests,
						  (size_t) worker->max_requests)) &&
		(is_below(client->bytes, address->bytes,
				  share_of(worker->bytes, worker->max_bytes)) ||
		 may_complete(client));
}

/*
 * When nothing is in flight any size is granted, or a record larger than the
 * worker's share of the memory would wait for ever.
 */
bool
room_for_record(const struct client *client, size_t size)
{
	const struct worker *worker = client->worker;
	size_t		part = RESERVED_PART(worker->max_bytes);

	if (size <= SMALL_RECORD)
		return true;
	if (worker->bytes > 0 && worker->bytes + size > worker->max_bytes)
		return false;
	return worker->reserved == 0 ||
		(worker->reserved + size <= part &&
		 client->address->reserved < share_of(worker->reserved, part));
}

void
room_reserve(struct client *client, size_t size)
{
	struct worker *worker = client->worker;
	struct address *address = client->address;

	client->reserved = size;
	address->bytes += size;
	address->reserved += size;
	worker->bytes += size;
	worker->reserved += size;
}

void
room_release(struct client *client)
{
	struct worker *worker = client->worker;
	struct address *address = client->address;

	if (client->reserved == 0)
		return;
	address->bytes -= client->reserved;
	address->reserved -= client->reserved;
	worker->bytes -= client->reserved;
	worker->reserved -= client->reserved;
	worker->released = true;
	client->reserved = 0;
}

bool
room_is_wanted(const struct worker *worker, size_t *least)
{
	const struct client *client;
	bool		wanted = false;

	*least = SIZE_MAX;
	TAILQ_FOREACH(client, &worker->paused, paused_link)
	{
		size_t		own = client->bytes + client->reserved;
		size_t		others;

		/* Who has most himself waits for himself. */
		if (!is_within_limits(client) || own > worker->bytes / 2 ||
			worker->loop.now - client->paused_at < WAITING)
			continue;
		wanted = true;
		others =
			client->address->bytes > own ? client->address->bytes - own : 0;
		if (others < *least)
			*least = others;
	}
	return wanted;
}
