/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_http_clients.c
 *	  Which connection to the HTTP port goes for another.
 */
#include "unit.h"
#include "monitor/http_clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct end
{
	int			peers;
	struct http_client *client;
	int			ours;
};

static struct end
come(const char *address)
{
	struct sockaddr_in6 from = {.sin6_family = AF_INET6};
	struct end	end;
	int			fds[2];

	assert_int_equal(inet_pton(AF_INET6, address, &from.sin6_addr), 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	end.ours = fds[0];
	end.peers = fds[1];
	end.client = http_client_came(end.ours, (const struct sockaddr *) &from);
	return end;
}

static bool
has_ended(const struct end *end)
{
	char		byte;

	return recv(end->peers, &byte, 1, MSG_DONTWAIT) == 0;
}

static void
leave(const struct end *end)
{
	http_client_gone(end->client);
	close(end->ours);
	close(end->peers);
}

/*
 * Probes of one address have come first; a host takes all that is left, with
 * another address of its network each time: it is the host's that go.
 */
static void
test_network(void **state)
{
	struct end	probes[4];
	struct end	others[2 * HTTP_CLIENTS_MAX];
	int			ended = 0;

	(void) state;
	for (int i = 0; i < 4; i++)
		probes[i] = come("::ffff:10.0.0.1");
	for (int i = 0; i < 2 * HTTP_CLIENTS_MAX; i++)
	{
		char		address[64];

		snprintf(address, sizeof(address), "2001:db8::%x:1", i);
		others[i] = come(address);
	}
	for (int i = 0; i < 4; i++)
	{
		assert_false(has_ended(&probes[i]));
		leave(&probes[i]);
	}
	for (int i = 0; i < 2 * HTTP_CLIENTS_MAX; i++)
	{
		ended += has_ended(&others[i]);
		leave(&others[i]);
	}
	assert_int_equal(ended, HTTP_CLIENTS_MAX + 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network),
	};

	return cmocka_run_group_tests_name("http_clients", tests, NULL, NULL);
}
