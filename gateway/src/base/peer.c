/* SPDX-License-Identifier: PostgreSQL */
/*
 * peer.c
 *	  Where a connection comes from: see peer.h.
 */
#include "base/peer.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* IPv4 in IPv6 (RFC 4291, 2.5.5.2) */
#define MAPPED_BITS 96

static size_t
address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* The address may stand anywhere: in a header of the PROXY protocol, say. */
void
peer_set(struct peer *peer, int family, const void *address, uint16_t port)
{
	struct in6_addr wide;
	const uint8_t *bytes = address;

	memset(peer, 0, sizeof(*peer));
	peer->family = family;
	peer->port = port;
	if (family == AF_INET6)
	{
		memcpy(&wide, address, sizeof(wide));
		if (IN6_IS_ADDR_V4MAPPED(&wide))
		{
			peer->family = AF_INET;
			bytes += MAPPED_BITS / 8;
		}
	}
	memcpy(peer->address, bytes, address_size(peer->family));
}

void
peer_of_socket(struct peer *peer, const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const void *) address;
	const struct sockaddr_in6 *in6 = (const void *) address;

	if (address->ss_family == AF_INET)
		peer_set(peer, AF_INET, &in->sin_addr, ntohs(in->sin_port));
	else
		peer_set(peer, AF_INET6, &in6->sin6_addr, ntohs(in6->sin6_port));
}

struct peer_host
peer_host(const struct peer *peer)
{
	struct peer_host host = {.family = peer->family};

	memcpy(host.prefix, peer->address, sizeof(host.prefix));
	return host;
}

bool
peer_host_is(const struct peer_host *one, const struct peer_host *other)
{
	return one->family == other->family &&
		memcmp(one->prefix, other->prefix, sizeof(one->prefix)) == 0;
}

const char *
peer_name(const struct peer *peer, char *buffer)
{
	char		address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(peer->family, peer->address, address, sizeof(address));
	snprintf(buffer, PEER_NAME_MAX,
			 peer->family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
			 peer->port);
	return buffer;
}

const char *
peer_route(const struct peer *peer, char *buffer)
{
	char		proxy[PEER_NAME_MAX];
	size_t		size;

	peer_name(peer, buffer);
	size = strlen(buffer);
	if (peer->proxy != NULL)
		snprintf(buffer + size, PEER_ROUTE_MAX - size, " (by proxy %s)",
				 peer_name(peer->proxy, proxy));
	return buffer;
}

json_t *
peer_members(const struct peer *peer)
{
	char		address[INET6_ADDRSTRLEN] = "?";
	char		proxy[PEER_NAME_MAX];

	inet_ntop(peer->family, peer->address, address, sizeof(address));
	return log_members(NULL, "{s:s, s:i, s:s*}", "client", address,
					   "port", (int) peer->port, "proxy", peer->proxy != NULL ?
					   peer_name(peer->proxy, proxy) : NULL);
}

/*
 * Networks.
 */

static int
bit_of(const uint8_t *address, int bit)
{
	return address[bit / 8] >> (7 - bit % 8) & 1;
}

static bool
same_bits(const uint8_t *one, const uint8_t *other, int bits)
{
	int			bytes = bits / 8;

	if (memcmp(one, other, (size_t) bytes) != 0)
		return false;
	for (int bit = 8 * bytes; bit < bits; bit++)
		if (bit_of(one, bit) != bit_of(other, bit))
			return false;
	return true;
}

static bool
read_bits(const char *text, int most, int *bits)
{
	char	   *end;
	long		value = strtol(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value > most)
		return false;
	*bits = (int) value;
	return true;
}

/* ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
static void
unmap(struct network *network)
{
	struct peer peer;

	if (network->family == AF_INET6 && network->bits >= MAPPED_BITS)
	{
		peer_set(&peer, AF_INET6, network->address, 0);
		if (peer.family == AF_INET)
			network->bits -= MAPPED_BITS;
		network->family = peer.family;
		memcpy(network->address, peer.address, sizeof(peer.address));
	}
}

/*
 * Bits behind the network's own are a mistake, and cannot tell of which
 * half: 10.0.0.5/8 is one address, or sixteen million.
 */
static const char *
parse_network(struct network *network, char *text)
{
	char	   *slash = strchr(text, '/');
	int			all;

	memset(network, 0, sizeof(*network));
	if (slash != NULL)
		*slash = '\0';
	network->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(network->family, text, network->address) != 1)
		return "is not an address, or a network as 10.0.0.0/8";
	all = 8 * (int) address_size(network->family);
	network->bits = all;
	if (slash != NULL && !read_bits(slash + 1, all, &network->bits))
		return "has no number of bits behind its /";
	for (int bit = network->bits; bit < all; bit++)
		if (bit_of(network->address, bit) != 0)
			return "is an address and a network at once: it has bits behind "
				"those of the network";
	unmap(network);
	return NULL;
}

const char *
networks_parse(struct networks *networks, const char *text, char *word)
{
	static const char between[] = ", \t\n";

	networks_free(networks);
	while (*(text += strspn(text, between)) != '\0')
	{
		size_t		size = strcspn(text, between);
		char		copy[NETWORK_TEXT_MAX];
		struct network *list;
		const char *problem;

		snprintf(word, NETWORK_TEXT_MAX, "%.*s", (int) size, text);
		memcpy(copy, word, sizeof(copy));
		text += size;
		list = realloc(networks->list, (size_t) (networks->count + 1) *
					   sizeof(*list));
		if (list == NULL)
			fatal("out of memory");
		networks->list = list;
		problem = parse_network(&list[networks->count], copy);
		if (problem != NULL)
			return problem;
		networks->count++;
	}
	return NULL;
}

void
networks_free(struct networks *networks)
{
	free(networks->list);
	networks->list = NULL;
	networks->count = 0;
}

bool
networks_have(const struct networks *networks, const struct peer *peer)
{
	for (int i = 0; i < networks->count; i++)
	{
		const struct network *network = &networks->list[i];

		if (network->family == peer->family &&
			same_bits(network->address, peer->address, network->bits))
			return true;
	}
	return false;
}
