/* SPDX-License-Identifier: PostgreSQL */
/*
 * client_proxy.c
 *	  Clients behind a trusted proxy: see client_proxy.h.
 */
#include "core/client_proxy.h"
#include "core/client.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "core/worker.h"

#include <stdlib.h>

/*
 * Microseconds that a header may take.  A proxy sends it at once; a lost packet
 * is sent again after 1 s, and after 3 and 7 s.
 */
#define HEADER_TIMEOUT 10000000

/*
 * Unread headers that a worker has at most: a quarter of all places, not fewer
 * than may be on their way when a few clients come together.
 */
#define UNREAD_MIN 8
#define UNREAD_MAX 256

static int
unread_limit(const struct worker *worker)
{
	int64_t		limit = worker->max_clients / 4 / worker->config->workers;

	return limit < UNREAD_MIN ? UNREAD_MIN :
		limit > UNREAD_MAX ? UNREAD_MAX : (int) limit;
}

/*
 * The header of the oldest may have arrived meanwhile, when many come at once:
 * before it goes, we look.
 */
static void
make_room(struct worker *worker)
{
	struct client *oldest = TAILQ_FIRST(&worker->unread)->client;

	oldest->event.handle(&oldest->event, EPOLLIN);
	if (oldest->proxy_wait != NULL)
		client_proxy_refuse(oldest, PROXY_TOO_MANY);
}

void
client_proxy_accepted(struct client *client)
{
	struct worker *worker = client->worker;
	const struct config *config = worker->config;
	struct proxy_wait *wait;

	if (!config->proxy_protocol ||
		!networks_have(&config->proxies, &client->peer))
		return;
	if (worker->unread_count >= unread_limit(worker))
		make_room(worker);
	wait = malloc(sizeof(*wait));
	if (wait == NULL)
		fatal("out of memory");
	wait->client = client;
	proxy_header_init(&wait->header);
	client->proxy_wait = wait;
	TAILQ_INSERT_TAIL(&worker->unread, wait, link);
	worker->unread_count++;
}

void
client_proxy_forget(struct client *client)
{
	struct worker *worker = client->worker;

	if (client->proxy_wait == NULL)
		return;
	TAILQ_REMOVE(&worker->unread, client->proxy_wait, link);
	worker->unread_count--;
	free(client->proxy_wait);
	client->proxy_wait = NULL;
}

/*
 * A LOCAL header is no trouble: a balancer that looks after its servers sends
 * one every second.
 */
void
client_proxy_refuse(struct client *client, enum proxy_refusal refusal)
{
	const char *reason = proxy_refusal_text(refusal);
	bool		is_proxy = client->proxy_wait != NULL;
	char		name[PEER_NAME_MAX];

	metric_bump(&metrics_of_thread()->proxy_refused[refusal], 1);
	peer_name(&client->peer, name);
	log_with(refusal == PROXY_LOCAL ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
			 is_proxy ?
			 log_members(NULL, "{s:s, s:s}", "proxy", name, "reason", reason) :
			 log_members(peer_members(&client->peer), "{s:s}",
						 "reason", reason),
			 "%s %s refused: it %s", is_proxy ? "proxy" : "client", name,
			 reason);
	client_close(client, LOG_LEVEL_DEBUG, reason);
}

static void
become_client(struct client *client)
{
	char		name[PEER_ROUTE_MAX];

	client->proxy = client->peer;
	client->peer = client->proxy_wait->header.client;
	client->peer.proxy = &client->proxy;
	address_leave(client->address);
	client->address = address_join(client->worker, &client->peer);
	client_proxy_forget(client);
	metric_add(METRIC_PROXIED, 1);
	log_with(LOG_LEVEL_DEBUG, peer_members(&client->peer),
			 "client %s connected", peer_route(&client->peer, name));
}

bool
client_proxy_input(struct client *client, const char **data, size_t *size)
{
	struct proxy_header *header = &client->proxy_wait->header;

	switch (proxy_header_next(header, data, size))
	{
		case PROXY_MORE:
			return false;
		case PROXY_REFUSED:
			client_proxy_refuse(client, header->refusal);
			return false;
		case PROXY_DONE:
			become_client(client);
			return true;
	}
	return false;
}

bool
client_proxy_ended(struct client *client)
{
	if (client->proxy_wait == NULL || client->proxy_wait->header.seen == 0)
		return true;
	client_proxy_refuse(client, PROXY_CUT_SHORT);
	return false;
}

bool
client_proxy_refuse_late(struct worker *worker, int64_t time)
{
	struct proxy_wait *wait;
	bool		some = false;

	if (time == 0)
		time = HEADER_TIMEOUT;
	while ((wait = TAILQ_FIRST(&worker->unread)) != NULL &&
		   worker->loop.now - wait->client->connected > time)
	{
		client_proxy_refuse(wait->client, PROXY_TOO_LATE);
		some = true;
	}
	return some;
}
