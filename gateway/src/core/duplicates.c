/* SPDX-License-Identifier: PostgreSQL */
/*
 * duplicates.c
 *	  Changing calls in progress: see duplicates.h.
 */
#include "core/duplicates.h"
#include "core/client.h"

#include <string.h>

void
duplicates_init(struct duplicates *duplicates)
{
	for (int i = 0; i < DUPLICATE_BUCKETS; i++)
		LIST_INIT(&duplicates->buckets[i]);
}

static struct duplicate_list *
bucket_of(struct duplicates *duplicates, const struct request *request)
{
	return &duplicates->buckets[request->checksum % DUPLICATE_BUCKETS];
}

struct request *
duplicates_find(struct duplicates *duplicates, const struct request *request)
{
	struct request *other;

	LIST_FOREACH(other, bucket_of(duplicates, request), duplicate_link)
	{
		if (other->checksum != request->checksum ||
			other->record.size != request->record.size ||
			memcmp(other->record.data, request->record.data,
				   request->record.size) != 0)
			continue;
		if (other->client == request->client)
			return other;
		if (client_has_left(other->client) &&
			other->came <= request->client->connected &&
			client_may_repeat(request->client, request->xid) &&
			other->client->peer.family == request->client->peer.family &&
			memcmp(other->client->peer.address, request->client->peer.address,
				   sizeof(other->client->peer.address)) == 0)
			return other;
	}
	return NULL;
}

void
duplicates_add(struct duplicates *duplicates, struct request *request)
{
	LIST_INSERT_HEAD(bucket_of(duplicates, request), request, duplicate_link);
	request->in_duplicates = true;
}

void
duplicates_remove(struct request *request)
{
	if (!request->in_duplicates)
		return;
	LIST_REMOVE(request, duplicate_link);
	request->in_duplicates = false;
}
