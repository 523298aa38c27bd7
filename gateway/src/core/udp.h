/* SPDX-License-Identifier: PostgreSQL */
/*
 * udp.h
 *	  Calls that come by UDP: a datagram is a call, and so is its reply.
 *
 * The path of such a call is that of one by TCP: a request, with room, limits,
 * duplicates and stored replies.  What a request needs of a connection is a
 * struct udp_client, for one address and port.  There is one while a call of it
 * is in flight, and no longer, so what a flood costs is bounded by the calls
 * that there may be.  Of a worker's calls and bytes, those by UDP get a
 * quarter.
 *
 * Address and port count as a connection, here and for the stored replies of
 * all gateways: the number of the connection is made of them.
 *
 * What finds no room, or can have no answer, is dropped: its client sends it
 * again, and a source that is a lie is sent nothing for it.  For the same
 * reason no reply is much larger than what it answers (tcp_only in request.h).
 */
#ifndef DITTOFS_UDP_H
#define DITTOFS_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "base/event.h"
#include "core/client.h"

struct worker;

/* A socket that takes calls. */
struct udp_socket
{
	struct event event;
	int			fd;				/* also when no call is read: for replies */
	int			family;
	enum door	door;
	struct worker *worker;
};

union udp_address
{
	struct in_addr in;
	struct in6_addr in6;
};

struct udp_client
{
	struct client client;
	LIST_ENTRY(udp_client) bucket_link;
	TAILQ_ENTRY(udp_client) link;	/* [the worker's udp_clients] */
	struct udp_socket *socket;
	struct sockaddr_storage from;
	union udp_address to;		/* the address that was called, */
	unsigned	interface;		/* by this interface */
};

#define UDP_BUCKETS 256

LIST_HEAD(udp_bucket, udp_client);
TAILQ_HEAD(udp_client_list, udp_client);

/* The socket has been bound. */
extern void udp_add_socket(struct worker *worker, int fd, int family,
						   enum door door);

/* Sends the request's reply, and releases it. */
extern void udp_reply(struct client *client, struct request *request);

extern struct peer udp_local(const struct client *client);

/* At the end of a round: those without a call. */
extern void udp_free_idle(struct worker *worker);

/* No more calls are read; and the end. */
extern void udp_stop_reading(struct worker *worker);
extern void udp_close(struct worker *worker);

#endif							/* DITTOFS_UDP_H */
