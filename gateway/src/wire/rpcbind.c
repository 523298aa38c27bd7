/* SPDX-License-Identifier: PostgreSQL */
/*
 * rpcbind.c
 *	  Registration with rpcbind (RFC 1833): see rpcbind.h.
 *
 * rpcbind lets every process set and unset mappings, so we are careful with
 * them.  A mapping to a port where a process listens stays as it is, one that a
 * killed gateway has left is replaced, and at the end ours goes and no other.
 * We look every few seconds, since rpcbind may be started again, and the other
 * gateway may have stopped.  A thread of its own does that: calls of rpcbind
 * may wait.
 */
#include "wire/rpcbind.h"
#include "base/clock.h"
#include "base/log.h"
#include "wire/programs.h"

#include <errno.h>
#include <netconfig.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <rpc/rpcb_clnt.h>

static const char *const transports[] = {"tcp", "tcp6", "udp", "udp6"};

#define TRANSPORTS ((int) (sizeof(transports) / sizeof(transports[0])))

/* Seconds. */
#define PERIOD 3
#define STOP_TIME 3

static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static bool stopping;
static uint16_t our_port;
static bool by_udp;

static bool
is_udp(const char *transport)
{
	return strncmp(transport, "udp", 3) == 0;
}

/* The programs of our port; those that are served by UDP, by that, too. */
static bool
is_ours(const struct program *program, const char *transport)
{
	if (is_udp(transport))
		return by_udp && program_is_served(program, DOOR_UDP);
	return program_is_served(program, DOOR_TCP);
}

/* "1.2.3.4.0.111": the port is the last two numbers. */
static uint16_t
port_of_universal(const char *text)
{
	const char *low = strrchr(text, '.');
	const char *high = low;

	if (low == NULL)
		return 0;
	while (high > text && high[-1] != '.')
		high--;
	return (uint16_t) (atoi(high) << 8 | (atoi(low + 1) & 0xff));
}

/*
 * The port that is registered, 0: none.  It is looked up in the whole list:
 * asked for a version, rpcbind gives the address of another one rather than
 * none.
 */
static uint16_t
registered_port(const struct program *program, struct netconfig *netconfig)
{
	rpcblist   *list = rpcb_getmaps(netconfig, "localhost");
	uint16_t	port = 0;

	for (const rpcblist *at = list; at != NULL; at = at->rpcb_next)
		if (at->rpcb_map.r_prog == program->number &&
			at->rpcb_map.r_vers == program->version &&
			strcmp(at->rpcb_map.r_netid, netconfig->nc_netid) == 0)
			port = port_of_universal(at->rpcb_map.r_addr);
	xdr_free((xdrproc_t) xdr_rpcblist_ptr, &list);
	return port;
}

/*
 * Does a program of this host take datagrams there?  Where none does, the
 * kernel says so at once.
 */
static bool
takes_datagrams(uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port),
							 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_usec = 200000};
	int			fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char		byte = 0;
	bool		refused;

	if (fd < 0)
		return true;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	refused = connect(fd, (struct sockaddr *) &in, sizeof(in)) == 0 &&
		send(fd, &byte, sizeof(byte), 0) == sizeof(byte) &&
		recv(fd, &byte, sizeof(byte), 0) < 0 && errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

/* Does a program of this host listen there?  It answers at once. */
static bool
is_served(uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port),
							 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval limit = {.tv_sec = 1};
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool		served;

	if (fd < 0)
		return true;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	served = connect(fd, (struct sockaddr *) &in, sizeof(in)) == 0;
	close(fd);
	return served;
}

/* Is it the port of another program that runs? */
static bool
is_another(uint16_t port, const char *transport)
{
	return port != 0 && (is_served(port) ||
						 (is_udp(transport) && takes_datagrams(port)));
}

/* False: it is not registered, by us or another gateway that serves. */
static bool
register_program(const struct program *program, const char *transport)
{
	struct netconfig *netconfig = getnetconfigent(transport);
	struct sockaddr_in in = {.sin_family = AF_INET,
							 .sin_port = htons(our_port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
							   .sin6_port = htons(our_port)};
	bool		six = strchr(transport, '6') != NULL;
	struct netbuf address;
	uint16_t	port;
	bool		done = true;

	if (netconfig == NULL)
		return six;
	port = registered_port(program, netconfig);
	if (port != our_port && !is_another(port, transport))
	{
		address.buf = six ? (void *) &in6 : (void *) &in;
		address.len = address.maxlen = six ? sizeof(in6) : sizeof(in);
		rpcb_unset(program->number, program->version, netconfig);
		done = rpcb_set(program->number, program->version, netconfig, &address);
	}
	freenetconfigent(netconfig);
	return done;
}

static void
unregister_program(const struct program *program, const char *transport)
{
	struct netconfig *netconfig = getnetconfigent(transport);

	if (netconfig == NULL)
		return;
	if (registered_port(program, netconfig) == our_port)
		rpcb_unset(program->number, program->version, netconfig);
	freenetconfigent(netconfig);
}

static void
register_all(void)
{
	static bool missing[PROGRAM_COUNT][TRANSPORTS];

	for (int i = 0; programs[i] != NULL; i++)
		for (int j = 0; j < TRANSPORTS; j++)
		{
			bool		done = !is_ours(programs[i], transports[j]) ||
				register_program(programs[i], transports[j]);

			if (!done && !missing[i][j])
				log_with(LOG_LEVEL_WARNING,
						 log_members(NULL, "{s:s, s:s}",
									 "program", programs[i]->name,
									 "transport", transports[j]),
						 "rpcbind: %s version %u (%s) could not be registered",
						 programs[i]->name, programs[i]->version,
						 transports[j]);
			missing[i][j] = !done;
		}
}

static void *
keep_registered(void *unused)
{
	(void) unused;
	log_set_thread_name("rpcbind");
	pthread_mutex_lock(&lock);
	while (!stopping)
	{
		int64_t		until;

		pthread_mutex_unlock(&lock);
		register_all();
		until = clock_now() + PERIOD * 1000000;
		pthread_mutex_lock(&lock);
		if (!stopping)
			clock_wait(&woken, &lock, until);
	}
	pthread_mutex_unlock(&lock);
	for (int i = 0; programs[i] != NULL; i++)
		for (int j = 0; j < TRANSPORTS; j++)
			if (is_ours(programs[i], transports[j]))
				unregister_program(programs[i], transports[j]);
	return NULL;
}

void
rpcbind_register(uint16_t port, bool udp)
{
	our_port = port;
	by_udp = udp;
	if (pthread_create(&thread, NULL, keep_registered, NULL) != 0)
		fatal("a thread cannot be started");
}

void
rpcbind_unregister(void)
{
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&woken);
	pthread_mutex_unlock(&lock);
	(void) clock_join(thread, clock_now() + STOP_TIME * 1000000);
}
