/* SPDX-License-Identifier: PostgreSQL */
/*
 * client_proxy.h
 *	  Clients behind a trusted proxy: whose calls are these?
 *
 * A connection from a network of adapters.nfs.proxy_protocol_from begins with a
 * PROXY header (proxy_header.h), and nothing is a call before that has been
 * read.  From then on the client's address and port are those of the header:
 * for export rules, the list of mounts, retransmissions, shares of the limits,
 * and the log, which names the proxy, too.
 *
 * A proxy's own address is never taken for a client's: a client that could
 * leave the header out would have that address, with all its rights.  And a
 * header from anywhere else is refused, since any host can write one.
 *
 * Limits.  A connection whose header is unread has no client to be charged to,
 * and the proxy has no share: all its clients would be in it.  Instead the
 * header has a time-out, and unread ones have a number: when it is
 * reached, the oldest goes.  They are the first to go when clients need places.
 */
#ifndef DITTOFS_CLIENT_PROXY_H
#define DITTOFS_CLIENT_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "wire/proxy_header.h"

struct client;
struct worker;

/* A connection whose header is unread; its peer is the proxy. */
struct proxy_wait
{
	TAILQ_ENTRY(proxy_wait) link;	/* [the worker's unread] oldest first */
	struct client *client;
	struct proxy_header header;
};

TAILQ_HEAD(proxy_wait_list, proxy_wait);

/* A connection was accepted: it has a proxy_wait if a header is to come. */
extern void client_proxy_accepted(struct client *client);

/*
 * Takes the header from the input.  True: it is read, client->peer is the
 * client, and the rest are calls.  False: there is more of it to come, or the
 * connection was refused.
 */
extern bool client_proxy_input(struct client *client, const char **data,
							   size_t *size);

/* The peer sends no more.  False: it was refused, for half a header. */
extern bool client_proxy_ended(struct client *client);

/* It is being closed. */
extern void client_proxy_forget(struct client *client);

/* Closes the connection: one line in the log, and counted. */
extern void client_proxy_refuse(struct client *client,
								enum proxy_refusal refusal);

/*
 * Refuses those whose header has been unread for longer than the time; for 0:
 * than a header may take.  True: there were some.
 */
extern bool client_proxy_refuse_late(struct worker *worker, int64_t time);

#endif							/* DITTOFS_CLIENT_PROXY_H */
