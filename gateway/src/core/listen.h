/* SPDX-License-Identifier: PostgreSQL */
/*
 * listen.h
 *	  Sockets that listen, for clients and for the HTTP port alike.
 *
 * An address is of one family: :: is IPv6 and not IPv4 as well, whatever the
 * host's settings say.  Who wants both names both, or a name that has both.
 */
#ifndef DITTOFS_LISTEN_H
#define DITTOFS_LISTEN_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

/* The addresses that the name has; freeaddrinfo() releases them.  Or fatal. */
extern struct addrinfo *listen_resolve(const char *option, const char *name,
									   int64_t port);

/*
 * Is the port free?  A socket that shares its port (share, below) would not
 * notice another process.
 */
extern bool listen_port_is_free(const struct addrinfo *address, int type);

/*
 * A socket that listens, or takes datagrams: type is SOCK_STREAM or SOCK_DGRAM,
 * here as above; share: with others of this process.  -1, with errno: there is
 * none.
 */
extern int	listen_on(const struct addrinfo *address, int type, bool share);

/* After that: does this host have no IPv6?  Then it is served by IPv4. */
extern bool listen_lacks_ipv6(const struct addrinfo *address);

#endif							/* DITTOFS_LISTEN_H */
