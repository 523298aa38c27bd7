/*
 * rpcbind.c
 *	  Registration with rpcbind (RFC 1833): see rpcbind.h.
 *
 * rpcbind lets whoever set a mapping unset it, and a stale one of a gateway
 * that was killed is in the way; so it is unset before it is set.
 */
#include "rpcbind.h"
#include "log.h"
#include "rpc.h"

#include <netconfig.h>
#include <netinet/in.h>
#include <string.h>
#include <rpc/rpcb_clnt.h>

static const char *const transports[] = {"tcp", "tcp6"};

#define TRANSPORTS ((int) (sizeof(transports) / sizeof(transports[0])))

static bool
register_program(const struct program *program, const char *transport,
				 uint16_t port)
{
	struct netconfig *netconfig = getnetconfigent(transport);
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
							   .sin6_port = htons(port)};
	bool		six = strcmp(transport, "tcp6") == 0;
	struct netbuf address;
	bool		done;

	if (netconfig == NULL)
		return six;
	address.buf = six ? (void *) &in6 : (void *) &in;
	address.len = address.maxlen = six ? sizeof(in6) : sizeof(in);
	rpcb_unset(program->number, program->version, netconfig);
	done = rpcb_set(program->number, program->version, netconfig, &address);
	freenetconfigent(netconfig);
	return done;
}

bool
rpcbind_register(uint16_t port)
{
	bool		all = true;

	for (int i = 0; i < program_count; i++)
		for (int j = 0; j < TRANSPORTS; j++)
			if (!register_program(programs[i], transports[j], port))
			{
				log_with(LOG_LEVEL_WARNING,
						 log_members(NULL, "{s:s, s:s}",
									 "program", programs[i]->name,
									 "transport", transports[j]),
						 "rpcbind: %s version %u (%s) could not be registered",
						 programs[i]->name, programs[i]->version,
						 transports[j]);
				all = false;
			}
	return all;
}

void
rpcbind_unregister(void)
{
	for (int i = 0; i < program_count; i++)
		for (int j = 0; j < TRANSPORTS; j++)
		{
			struct netconfig *netconfig = getnetconfigent(transports[j]);

			if (netconfig == NULL)
				continue;
			rpcb_unset(programs[i]->number, programs[i]->version, netconfig);
			freenetconfigent(netconfig);
		}
}
