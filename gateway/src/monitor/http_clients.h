/* SPDX-License-Identifier: PostgreSQL */
/*
 * http_clients.h
 *	  Connections to the HTTP port, and which of them makes room for another.
 *
 * A probe that is not answered gets the gateway killed, so it must find room
 * whatever others do.  They may come from the same address (a node's kubelet
 * and what is behind the node's NAT), so an address has no limit of its own.
 * Instead, when there are HTTP_CLIENTS_MAX connections, one goes for each that
 * comes: of the address with most of them, the one that has made us wait
 * longest for its request, or for taking the answer.  A probe takes a
 * millisecond, and HTTP_CLIENTS_MAX others would have to come in that time.
 *
 * libmicrohttpd's own time-out begins again with each byte, so a request here
 * has a deadline as a whole.
 */
#ifndef DITTOFS_HTTP_CLIENTS_H
#define DITTOFS_HTTP_CLIENTS_H

#include <sys/socket.h>

#define HTTP_CLIENTS_MAX 48

/* From connecting, or the last answer, to the end of the next. */
#define HTTP_DEADLINE 20000000	/* microseconds */

struct http_client;

/* The descriptor is open until http_client_gone() returns. */
extern struct http_client *http_client_came(int fd,
											const struct sockaddr *address);
extern void http_client_answered(struct http_client *client);
extern void http_client_gone(struct http_client *client);

/* Every few seconds: those that are over the deadline go. */
extern void http_clients_check(void);

#endif							/* DITTOFS_HTTP_CLIENTS_H */
