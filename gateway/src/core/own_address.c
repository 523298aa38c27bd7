/* SPDX-License-Identifier: PostgreSQL */
/*
 * own_address.c
 *	  The addresses at which clients may call this gateway: see own_address.h.
 */
#include "core/own_address.h"
#include "core/worker.h"

#include <ifaddrs.h>
#include <string.h>
#include <sys/socket.h>

struct own
{
	struct peer *peers;
	int			count;
	int			max;
};

static void
add(struct own *own, const struct peer *peer)
{
	if (own->count < own->max)
		own->peers[own->count] = *peer;
	own->count++;
}

static void
add_of_host(struct own *own, bool ipv4, bool ipv6)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *at = all; at != NULL; at = at->ifa_next)
	{
		int			family = at->ifa_addr == NULL ? AF_UNSPEC :
			at->ifa_addr->sa_family;
		struct sockaddr_storage address = {0};
		struct peer peer;

		if (!(family == AF_INET && ipv4) && !(family == AF_INET6 && ipv6))
			continue;
		memcpy(&address, at->ifa_addr, family == AF_INET ?
			   sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		peer_of_socket(&peer, &address);
		add(own, &peer);
	}
	freeifaddrs(all);
}

int
own_addresses(const struct worker *worker, struct peer *peers, int max)
{
	static const uint8_t any[sizeof(peers->address)];
	struct own	own = {peers, 0, max};
	bool		all[2] = {false, false};

	for (int i = 0; i < worker->listener_count; i++)
	{
		struct sockaddr_storage address;
		socklen_t	size = sizeof(address);
		struct peer peer;

		if (getsockname(worker->listeners[i].event.fd,
						(struct sockaddr *) &address, &size) != 0)
			continue;
		peer_of_socket(&peer, &address);
		if (memcmp(peer.address, any, sizeof(any)) == 0)
			all[peer.family == AF_INET6] = true;
		else
			add(&own, &peer);
	}
	if (all[0] || all[1])
		add_of_host(&own, all[0], all[1]);
	return own.count <= max ? own.count : -1;
}
