/* SPDX-License-Identifier: PostgreSQL */
/*
 * peer.h
 *	  Addresses of connections, their names, networks of them.
 */
#ifndef DITTOFS_PEER_H
#define DITTOFS_PEER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <jansson.h>

/*
 * An IPv4 address in the form of an IPv6 one (::ffff:10.0.0.7), from a socket
 * or from a proxy, is an IPv4 address here.
 */
struct peer
{
	int			family;			/* AF_INET or AF_INET6 */
	uint8_t		address[16];	/* 4 bytes and zeros, or 16, network order */
	uint16_t	port;			/* host order */
	const struct peer *proxy;	/* that told us of it, or NULL */
};

/* address: 4 or 16 bytes. */
extern void peer_set(struct peer *peer, int family, const void *address,
					 uint16_t port);
extern void peer_of_socket(struct peer *peer,
						   const struct sockaddr_storage *address);

/*
 * The unit by which addresses get shares of something: an IPv4 address, or the
 * network of 64 bits that has an IPv6 address.  One host may have all addresses
 * of such a network (RFC 4291, 2.5.1; RFC 8273), and would have a share for
 * each.  Permissions and retransmissions use the whole address.
 */
struct peer_host
{
	int			family;
	uint8_t		prefix[8];		/* 4 bytes and zeros, or 8 */
};

extern struct peer_host peer_host(const struct peer *peer);
extern bool peer_host_is(const struct peer_host *one,
						 const struct peer_host *other);

/* "10.0.0.7:871" */
#define PEER_NAME_MAX 64
extern const char *peer_name(const struct peer *peer, char *buffer);

/* "10.0.0.7:871 (by proxy 10.0.0.2:40112)", or as peer_name() */
#define PEER_ROUTE_MAX (2 * PEER_NAME_MAX + 16)
extern const char *peer_route(const struct peer *peer, char *buffer);

/* For the log: client, port and, if there is one, proxy. */
extern json_t *peer_members(const struct peer *peer);

/*
 * Networks: "10.0.0.0/8", "fd00::/8"; an address is a network of its own.
 */
struct network
{
	int			family;
	uint8_t		address[16];
	int			bits;
};

struct networks
{
	struct network *list;
	int			count;
};

/*
 * Reads networks separated by commas or spaces.  NULL, or what is wrong with
 * the first bad one, which is copied to word (of NETWORK_TEXT_MAX bytes).
 */
#define NETWORK_TEXT_MAX 64
extern const char *networks_parse(struct networks *networks, const char *text,
								  char *word);
extern void networks_free(struct networks *networks);
extern bool networks_have(const struct networks *networks,
						  const struct peer *peer);

#endif							/* DITTOFS_PEER_H */
