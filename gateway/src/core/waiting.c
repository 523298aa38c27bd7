/* SPDX-License-Identifier: PostgreSQL */
/*
 * waiting.c
 *	  Calls that have not been answered for more than a moment: see waiting.h.
 *
 * A worker's notes are copied under a lock that is never held for longer than a
 * copy takes, since keepers read it.
 */
#include "core/waiting.h"
#include "core/client.h"
#include "config/config.h"
#include "db/connection.h"
#include "monitor/keeper.h"
#include "base/log.h"
#include "core/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX 32

struct waiting_call
{
	int			store;
	char		id[ID_MAX];
	char		client[PEER_NAME_MAX];
	const char *procedure;
	uint8_t		handle[64];
	uint32_t	handle_size;
	int64_t		arrived;
	int			pid;			/* of the server process it is at, or 0 */
};

struct noted
{
	struct waiting_call calls[WAITING_MAX];
	int			count;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct noted *noted;		/* by worker */
static int	worker_count;
static json_t **heard;			/* by store: objects, id to text */
static int	store_count;

void
waiting_init(const struct config *config)
{
	worker_count = (int) config->workers;
	store_count = config->store_count;
	noted = calloc((size_t) worker_count, sizeof(*noted));
	heard = calloc((size_t) store_count, sizeof(*heard));
	if (noted == NULL || heard == NULL)
		fatal("out of memory");
}

/* Arrival and xid: unique enough for as long as a call lives. */
static void
id_of(const struct request *request, char id[ID_MAX])
{
	snprintf(id, ID_MAX, "%llx.%x", (unsigned long long) request->call.arrived,
			 request->xid);
}

static bool
is_unanswered(const struct request *request)
{
	return request->state > REQUEST_RECEIVED &&
		request->state < REQUEST_REPLYING;
}

static void
note(struct noted *list, const struct request *request)
{
	struct waiting_call *call = &list->calls[list->count++];
	uint32_t	size = request->call.handle.size;

	call->store = request->call.pool->number;
	id_of(request, call->id);
	peer_name(request->peer, call->client);
	call->procedure = request->procedure != NULL ?
		request->procedure->name : "-";
	call->handle_size = size <= sizeof(call->handle) ? size : 0;
	if (call->handle_size > 0)
		memcpy(call->handle, request->call.handle.data, size);
	call->arrived = request->call.arrived;
	call->pid = request->call.state == CALL_RUNNING &&
		request->call.connection->pg != NULL ?
		PQbackendPID(request->call.connection->pg) : 0;
}

static void
note_client(struct noted *list, const struct client *client, int64_t now,
			int64_t *oldest)
{
	const struct request *request;

	TAILQ_FOREACH(request, &client->requests, client_link)
	{
		if (!is_unanswered(request))
			continue;
		if (*oldest == 0 || request->call.arrived < *oldest)
			*oldest = request->call.arrived;
		if (now - request->call.arrived >= WAITING_AGE &&
			list->count < WAITING_MAX)
			note(list, request);
	}
}

int64_t
waiting_note(struct worker *worker)
{
	struct noted *list = &noted[worker->number];
	int64_t		now = worker->loop.now;
	int64_t		oldest = 0;
	const struct client *client;
	const struct udp_client *udp;

	pthread_mutex_lock(&lock);
	list->count = 0;
	TAILQ_FOREACH(client, &worker->clients, link)
		note_client(list, client, now, &oldest);
	TAILQ_FOREACH(udp, &worker->udp_clients, link)
		note_client(list, &udp->client, now, &oldest);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < list->count; i++)
		keeper_wake(list->calls[i].store);
	return oldest;
}

json_t *
waiting_calls(int store, int *count)
{
	json_t	   *array = json_array();
	int64_t		now = clock_now();

	*count = 0;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < worker_count; i++)
		for (int j = 0; j < noted[i].count; j++)
		{
			const struct waiting_call *call = &noted[i].calls[j];
			char		handle[2 * sizeof(call->handle) + 1] = "";

			if (call->store != store)
				continue;
			for (uint32_t k = 0; k < call->handle_size; k++)
				sprintf(handle + 2 * k, "%02x", call->handle[k]);
			json_array_append_new(array, json_pack(
				"{s:s, s:s, s:s, s:s, s:f, s:i}", "id", call->id,
				"client", call->client, "procedure", call->procedure,
				"handle", handle,
				"age_ms", (double) (now - call->arrived) / 1000,
				"pid", call->pid));
			++*count;
		}
	pthread_mutex_unlock(&lock);
	return array;
}

void
waiting_heard(int store, json_t *texts)
{
	json_t	   *before;

	pthread_mutex_lock(&lock);
	before = heard[store];
	heard[store] = texts;
	pthread_mutex_unlock(&lock);
	json_decref(before);
}

bool
waiting_text(const struct request *request, char text[WAITING_TEXT_MAX])
{
	char		id[ID_MAX];
	const char *found = NULL;

	if (request->call.pool->number >= store_count)
		return false;
	id_of(request, id);
	pthread_mutex_lock(&lock);
	if (heard[request->call.pool->number] != NULL)
		found = json_string_value(
			json_object_get(heard[request->call.pool->number], id));
	if (found != NULL)
		snprintf(text, WAITING_TEXT_MAX, "%s", found);
	pthread_mutex_unlock(&lock);
	return found != NULL;
}
