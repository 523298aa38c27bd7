/* SPDX-License-Identifier: PostgreSQL */
/*
 * listen.c
 *	  Sockets that listen: see listen.h.
 */
#include "core/listen.h"
#include "base/log.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct addrinfo *
listen_resolve(const char *option, const char *name, int64_t port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *addresses;
	char		number[16];
	int			problem;

	snprintf(number, sizeof(number), "%lld", (long long) port);
	problem = getaddrinfo(name, number, &hints, &addresses);
	if (problem != 0)
		fatal("%s: %s: %s", option, name, gai_strerror(problem));
	return addresses;
}

bool
listen_lacks_ipv6(const struct addrinfo *address)
{
	return address->ai_family == AF_INET6 &&
		(errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
}

/*
 * Two gateways of one user that share a port by SO_REUSEPORT would each get
 * some of the clients, without a word.  Sharing is for our own workers: a
 * socket without the option finds out whether another process is there.
 */
bool
listen_port_is_free(const struct addrinfo *address, int type)
{
	int			on = 1;
	int			fd = socket(address->ai_family, type | SOCK_CLOEXEC, 0);
	bool		free_port;

	if (fd < 0)
		return true;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	free_port = bind(fd, address->ai_addr, address->ai_addrlen) == 0 ||
		errno != EADDRINUSE;
	close(fd);
	if (!free_port)
		errno = EADDRINUSE;
	return free_port;
}

int
listen_on(const struct addrinfo *address, int type, bool share)
{
	int			on = 1;
	int			fd = socket(address->ai_family,
							type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int			problem;

	if (fd < 0)
		return -1;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (share)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 &&
		(type == SOCK_DGRAM || listen(fd, 1024) == 0))
		return fd;
	problem = errno;
	close(fd);
	errno = problem;
	return -1;
}
