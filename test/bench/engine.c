/* SPDX-License-Identifier: PostgreSQL */
/*
 * engine.c
 *	  The event loop: calls go out, answers come in, latencies are recorded.
 *
 * libnfs hands every call to send() by itself.  A round's calls would so
 * become a packet each, and wake the server for each; TCP_CORK around them
 * makes one packet of them, as a kernel client's socket lock does.
 */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#define EVENTS 64

/* Longer than any server may take: a stuck run ends. */
#define PATIENCE_NS (60 * UINT64_C(1000000000))

uint64_t
clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

void
fatal(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

static void
watch(struct connection *connection, int operation, bool out)
{
	struct epoll_event event = {.events = EPOLLIN | (out ? EPOLLOUT : 0)};

	event.data.ptr = connection;
	if (epoll_ctl(connection->load->epoll, operation,
				  rpc_get_fd(connection->rpc), &event) != 0)
		fatal("epoll_ctl: %s", strerror(errno));
	connection->wants_out = out;
}

static void
service(struct connection *connection, int ready)
{
	if (rpc_service(connection->rpc, ready) != 0)
		fatal("connection lost: %s", rpc_get_error(connection->rpc));
}

/* What was queued by callbacks goes out. */
static void
push(struct connection *connection)
{
	int			fd = rpc_get_fd(connection->rpc);
	int			on = 1;
	int			off = 0;
	bool		out;

	if (rpc_which_events(connection->rpc) & POLLOUT)
	{
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
		service(connection, POLLOUT);
		setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof(off));
	}
	out = (rpc_which_events(connection->rpc) & POLLOUT) != 0;
	if (out != connection->wants_out)
		watch(connection, EPOLL_CTL_MOD, out);
}

static void
one_round(struct load *load)
{
	struct epoll_event events[EVENTS];
	int			n = epoll_wait(load->epoll, events, EVENTS, 1000);

	for (int i = 0; i < n; i++)
	{
		struct connection *connection = events[i].data.ptr;
		int			ready = 0;

		if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
			ready |= POLLIN;
		if (events[i].events & EPOLLOUT)
			ready |= POLLOUT;
		service(connection, ready);
		push(connection);
	}
}

void
engine_wait(struct connection *connection, const bool *done)
{
	uint64_t	limit = clock_ns() + PATIENCE_NS;

	push(connection);
	while (!*done)
	{
		one_round(connection->load);
		if (clock_ns() > limit)
			fatal("no answer");
	}
}

/*
 * Connections.
 */

static void
connected(struct rpc_context *rpc, int status, void *data, void *private_data)
{
	struct connection *connection = private_data;

	(void) data;
	if (status != RPC_STATUS_SUCCESS)
		fatal("cannot connect: %s", rpc_get_error(rpc));
	connection->connected = true;
}

void
engine_open_connection(struct load *load, struct connection *connection,
					   int port)
{
	struct AUTH *auth = libnfs_authunix_create("bench", 0, 0, 0, NULL);
	uint64_t	limit = clock_ns() + PATIENCE_NS;

	connection->load = load;
	connection->rpc = rpc_init_context();
	if (connection->rpc == NULL || auth == NULL)
		fatal("out of memory");
	rpc_set_auth(connection->rpc, auth);
	if (rpc_connect_async(connection->rpc, load->settings->host, port,
						  connected, connection) != 0)
		fatal("cannot connect: %s", rpc_get_error(connection->rpc));

	/* libnfs may change the descriptor while it connects: poll it afresh. */
	while (!connection->connected)
	{
		struct pollfd pfd = {.fd = rpc_get_fd(connection->rpc)};

		pfd.events = (short) rpc_which_events(connection->rpc);
		if (poll(&pfd, 1, 1000) > 0)
			service(connection, pfd.revents);
		if (clock_ns() > limit)
			fatal("cannot connect to %s:%d", load->settings->host, port);
	}
	watch(connection, EPOLL_CTL_ADD, false);
}

void
engine_move(struct load *load, int port)
{
	for (int i = 0; i < load->connection_count; i++)
	{
		struct connection *connection = &load->connections[i];

		if (epoll_ctl(load->epoll, EPOLL_CTL_DEL, rpc_get_fd(connection->rpc),
					  NULL) != 0)
			fatal("epoll_ctl: %s", strerror(errno));
		rpc_destroy_context(connection->rpc);
		connection->connected = false;
		engine_open_connection(load, connection, port);
	}
}

void
engine_open(struct load *load)
{
	const struct settings *settings = load->settings;
	const char *port = settings->ports;

	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	load->connection_count = (int) settings->connections;
	load->connections =
		calloc(settings->connections, sizeof(struct connection));
	load->slot_count = (int) settings->in_flight;
	load->slots = calloc(settings->in_flight, sizeof(struct slot));
	if (load->epoll < 0 || load->connections == NULL || load->slots == NULL)
		fatal("out of memory");

	for (int i = 0; i < load->connection_count; i++)
	{
		char	   *end;
		long		number = strtol(port, &end, 10);

		if (end == port)
		{
			port = settings->ports;
			number = strtol(port, &end, 10);
		}
		port = end;
		engine_open_connection(load, &load->connections[i], (int) number);
	}
	for (int i = 0; i < load->slot_count; i++)
	{
		struct slot *slot = &load->slots[i];

		slot->load = load;
		slot->number = (unsigned) i;
		slot->connection = &load->connections[i % load->connection_count];
		slot->random = ((uint64_t) i + 1) * 0x9e3779b97f4a7c15u;
	}
}

/*
 * Operations.
 */

static bool
begin(struct slot *slot, uint64_t now)
{
	struct load *load = slot->load;

	if (now >= load->until || (load->limit > 0 && load->begun >= load->limit))
	{
		load->busy--;
		return false;
	}
	slot->order = load->begun++;
	slot->step = 0;
	slot->units = slot->bytes = 0;
	slot->started = now;
	load->workload->send(slot);
	return true;
}

static void
finished(struct slot *slot)
{
	struct load *load = slot->load;
	uint64_t	now = clock_ns();

	if (now >= load->count_from && now < load->until)
	{
		if (load->first == 0)
			load->first = slot->started > load->count_from ? slot->started :
				load->count_from;
		load->last = now;
		histogram_record(&load->latency, now - slot->started);
		load->units += slot->units;
		load->bytes += slot->bytes;
	}
	slot->serial++;
	begin(slot, now);
}

void
engine_sent(struct slot *slot, int result)
{
	if (result != 0)
		fatal("cannot send: %s", rpc_get_error(slot->connection->rpc));
}

void
engine_answered(struct rpc_context *rpc, int status, void *data,
				void *private_data)
{
	struct slot *slot = private_data;
	struct load *load = slot->load;
	nfsstat3	answer = NFS3_OK;

	if (status != RPC_STATUS_SUCCESS)
		fatal("%s: %s", load->workload->name, rpc_get_error(rpc));

	/* Every answer but NULL's begins with its status. */
	if (data != NULL)
		memcpy(&answer, data, sizeof(answer));
	if (answer == NFS3ERR_JUKEBOX)
	{
		/* A client waits; here the next answer comes when it comes. */
		load->jukebox++;
		load->workload->send(slot);
		return;
	}
	if (answer != NFS3_OK)
	{
		if (load->errors++ == 0)
			load->first_error = answer;
		if (load->errors > 1000)
			fatal("%s: too many errors; the first was status %u",
				  load->workload->name, load->first_error);
		finished(slot);
		return;
	}
	if (load->workload->receive == NULL || load->workload->receive(slot, data))
		finished(slot);
	else
	{
		slot->step++;
		load->workload->send(slot);
	}
}

void
engine_run(struct load *load, const struct workload *workload,
		   uint64_t operations, uint64_t warmup_ns, uint64_t ns)
{
	uint64_t	now = clock_ns();

	load->workload = workload;
	load->limit = operations;
	load->begun = 0;
	load->count_from = now + warmup_ns;
	load->until = load->count_from + ns;
	load->first = load->last = 0;
	load->units = load->bytes = load->jukebox = load->errors = 0;
	memset(&load->latency, 0, sizeof(load->latency));

	load->busy = load->slot_count;
	for (int i = 0; i < load->slot_count; i++)
	{
		struct slot *slot = &load->slots[i];

		slot->serial = slot->cookie = slot->choice = 0;
		slot->toggle = false;
		begin(slot, clock_ns());
	}
	for (int i = 0; i < load->connection_count; i++)
		push(&load->connections[i]);
	while (load->busy > 0)
	{
		one_round(load);
		if (clock_ns() > load->until &&
			clock_ns() - load->until > PATIENCE_NS)
			fatal("%s: %d calls were not answered", workload->name, load->busy);
	}
}

uint64_t
slot_random(struct slot *slot, uint64_t below)
{
	/* xorshift */
	slot->random ^= slot->random << 13;
	slot->random ^= slot->random >> 7;
	slot->random ^= slot->random << 17;
	return slot->random % below;
}
