/* SPDX-License-Identifier: PostgreSQL */
/*
 * http_clients.c
 *	  Connections to the HTTP port: see http_clients.h.
 *
 * They belong to libmicrohttpd.  What has to go is shut down, upon which
 * libmicrohttpd finds that it has ended, and closes it in its own time.
 */
#include "monitor/http_clients.h"
#include "base/event.h"
#include "base/log.h"
#include "base/peer.h"

#include <pthread.h>
#include <stdlib.h>

struct http_client
{
	TAILQ_ENTRY(http_client) link;
	int			fd;
	struct peer_host host;
	int64_t		since;			/* we wait for it */
	bool		ended;			/* shut down */
};

/* Those that we have waited for longest first. */
static TAILQ_HEAD(, http_client) clients = TAILQ_HEAD_INITIALIZER(clients);
static int	count;				/* not shut down */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
end_client(struct http_client *client)
{
	shutdown(client->fd, SHUT_RDWR);
	client->ended = true;
	count--;
}

static int
count_of(const struct peer_host *host)
{
	const struct http_client *client;
	int			of = 0;

	TAILQ_FOREACH(client, &clients, link)
		of += !client->ended && peer_host_is(&client->host, host);
	return of;
}

static void
end_one(void)
{
	struct http_client *client;
	struct http_client *worst = NULL;
	int			most = 0;

	TAILQ_FOREACH(client, &clients, link)
	{
		int			of = client->ended ? 0 : count_of(&client->host);

		if (of > most)
		{
			most = of;
			worst = client;
		}
	}
	if (worst != NULL)
		end_client(worst);
}

struct http_client *
http_client_came(int fd, const struct sockaddr *address)
{
	struct http_client *client = calloc(1, sizeof(*client));
	struct peer peer;

	if (client == NULL)
		fatal("out of memory");
	client->fd = fd;
	client->since = clock_now();
	peer_of_socket(&peer, (const void *) address);
	client->host = peer_host(&peer);
	pthread_mutex_lock(&lock);
	if (count >= HTTP_CLIENTS_MAX)
		end_one();
	TAILQ_INSERT_TAIL(&clients, client, link);
	count++;
	pthread_mutex_unlock(&lock);
	return client;
}

void
http_client_answered(struct http_client *client)
{
	pthread_mutex_lock(&lock);
	client->since = clock_now();
	TAILQ_REMOVE(&clients, client, link);
	TAILQ_INSERT_TAIL(&clients, client, link);
	pthread_mutex_unlock(&lock);
}

void
http_client_gone(struct http_client *client)
{
	pthread_mutex_lock(&lock);
	TAILQ_REMOVE(&clients, client, link);
	if (!client->ended)
		count--;
	pthread_mutex_unlock(&lock);
	free(client);
}

void
http_clients_check(void)
{
	struct http_client *client;
	int64_t		now = clock_now();

	pthread_mutex_lock(&lock);
	TAILQ_FOREACH(client, &clients, link)
		if (!client->ended && now - client->since > HTTP_DEADLINE)
			end_client(client);
	pthread_mutex_unlock(&lock);
}
