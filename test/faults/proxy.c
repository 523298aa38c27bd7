/* SPDX-License-Identifier: PostgreSQL */
/*
 * proxy.c
 *	  A TCP proxy in front of gateways, which moves clients on command.
 *
 *		proxy [-l PORT] PORT...
 *
 * Listens on 127.0.0.1, prints its port, and passes each connection on to one
 * of the gateways, in turn.  When a gateway cannot be reached, or its
 * connection ends, the client's ends, after what the gateway had sent; when it
 * connects again it gets another gateway, to which it comes from another port.
 * That is what a plain load balancer does.  Commands are lines on standard
 * input:
 *
 *		cut			ends all connections, whatever is under way
 *		cut N		those to gateway N (from 1)
 *		avoid N		no new connections to gateway N
 *		use N		again
 *		count		prints how many connections there have been
 *
 * The end of standard input ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GATEWAYS_MAX 16
#define PAIRS_MAX 1024
#define BUFFER_SIZE 65536

struct gateway
{
	uint16_t	port;
	bool		avoided;
};

/* One end of a pair, and what it has sent that the other has not got yet. */
struct end
{
	struct pair *pair;
	struct end *other;
	int			fd;
	bool		finished;		/* it will send no more */
	bool		passed_on;		/* and the other end knows */
	uint32_t	wanted;
	size_t		at;
	size_t		size;
	char		buffer[BUFFER_SIZE];
};

struct pair
{
	bool		closed;			/* in this round: events may still name it */
	bool		connecting;
	int			gateway;
	struct end	client;
	struct end	server;
};

static struct gateway gateways[GATEWAYS_MAX];
static int	gateway_count;
static int	next_gateway;
static struct pair *pairs[PAIRS_MAX];
static unsigned long connections;
static int	loop;
static int	listener;

static void
fail(const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	fprintf(stderr, "proxy: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, ": %s\n", strerror(errno));
	va_end(arguments);
	exit(1);
}

static struct sockaddr_in
address_of(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	address.sin_port = htons(port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int
new_socket(void)
{
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
							0);
	int			on = 1;

	if (fd < 0)
		fail("socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void
watch(int fd, int operation, uint32_t events, void *what)
{
	struct epoll_event event = {.events = events, .data.ptr = what};

	if (epoll_ctl(loop, operation, fd, &event) < 0)
		fail("epoll_ctl");
}

static void
close_pair(struct pair *pair)
{
	if (pair->closed)
		return;
	pair->closed = true;
	close(pair->client.fd);
	close(pair->server.fd);
}

static void
free_closed(void)
{
	for (int i = 0; i < PAIRS_MAX; i++)
		if (pairs[i] != NULL && pairs[i]->closed)
		{
			free(pairs[i]);
			pairs[i] = NULL;
		}
}

/* An end is read when there is room for it, and written when it is owed. */
static void
update(struct end *end)
{
	uint32_t	wanted = 0;

	if (end->pair->closed)
		return;
	if (end->pair->connecting)
		wanted = end == &end->pair->server ? EPOLLOUT : 0;
	else
	{
		if (!end->finished && end->size == 0)
			wanted |= EPOLLIN;
		if (end->other->size > 0)
			wanted |= EPOLLOUT;
	}
	if (wanted != end->wanted)
		watch(end->fd, EPOLL_CTL_MOD, wanted, end);
	end->wanted = wanted;
}

static bool
open_server(struct pair *pair)
{
	for (int tries = 0; tries < gateway_count; tries++)
	{
		int			number = next_gateway++ % gateway_count;
		struct sockaddr_in address = address_of(gateways[number].port);

		if (gateways[number].avoided)
			continue;
		pair->gateway = number;
		pair->server.fd = new_socket();
		if (connect(pair->server.fd, (struct sockaddr *) &address,
					sizeof(address)) == 0 || errno == EINPROGRESS)
			return true;
		close(pair->server.fd);
	}
	return false;
}

static void
accept_client(void)
{
	int			fd = accept4(listener, NULL, NULL,
							 SOCK_NONBLOCK | SOCK_CLOEXEC);
	int			on = 1;
	struct pair *pair;

	if (fd < 0)
		return;
	for (int i = 0; i < PAIRS_MAX; i++)
	{
		if (pairs[i] != NULL)
			continue;
		pair = calloc(1, sizeof(*pair));
		if (pair == NULL)
			fail("calloc");
		if (!open_server(pair))
		{
			free(pair);
			break;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		pair->client.fd = fd;
		pair->client.pair = pair->server.pair = pair;
		pair->client.other = &pair->server;
		pair->server.other = &pair->client;
		pair->connecting = true;
		watch(pair->client.fd, EPOLL_CTL_ADD, 0, &pair->client);
		watch(pair->server.fd, EPOLL_CTL_ADD, 0, &pair->server);
		update(&pair->server);
		pairs[i] = pair;
		connections++;
		return;
	}
	close(fd);
}

/* Passes on what there is; false when the pair has ended. */
static bool
write_to(struct end *end)
{
	struct end *from = end->other;

	while (from->size > 0)
	{
		ssize_t		n = send(end->fd, from->buffer + from->at, from->size,
							 MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		from->at += (size_t) n;
		from->size -= (size_t) n;
	}
	if (from->finished && !from->passed_on)
	{
		from->passed_on = true;
		shutdown(end->fd, SHUT_WR);
		/* a gateway that is done with a client has no more to hear */
		return from != &from->pair->server && !end->passed_on;
	}
	return true;
}

static bool
read_from(struct end *end)
{
	while (end->size == 0 && !end->finished)
	{
		ssize_t		n = recv(end->fd, end->buffer, sizeof(end->buffer), 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n < 0)
			return false;
		end->at = 0;
		end->size = (size_t) n;
		end->finished = n == 0;
		if (!write_to(end->other))
			return false;
	}
	return true;
}

static void
handle(struct end *end, uint32_t ready)
{
	struct pair *pair = end->pair;
	bool		goes_on = true;

	if (pair->closed)
		return;
	if (pair->connecting)
	{
		int			error = 0;
		socklen_t	size = sizeof(error);

		if (end != &pair->server)
			goes_on = false;
		else
			getsockopt(end->fd, SOL_SOCKET, SO_ERROR, &error, &size);
		goes_on = goes_on && error == 0;
		pair->connecting = false;
	}
	else
	{
		if (ready & (EPOLLIN | EPOLLHUP | EPOLLERR))
			goes_on = read_from(end);
		if (goes_on && (ready & EPOLLOUT))
			goes_on = write_to(end);
	}
	if (!goes_on)
		close_pair(pair);
	update(&pair->client);
	update(&pair->server);
}

static void
cut(int gateway)
{
	for (int i = 0; i < PAIRS_MAX; i++)
		if (pairs[i] != NULL && (gateway < 0 || pairs[i]->gateway == gateway))
			close_pair(pairs[i]);
}

static void
obey(const char *line)
{
	char		word[16] = "";
	int			number = 0;

	sscanf(line, "%15s %d", word, &number);
	if (number < 0 || number > gateway_count)
		fprintf(stderr, "proxy: no gateway %d\n", number);
	else if (strcmp(word, "cut") == 0)
		cut(number - 1);
	else if (strcmp(word, "count") == 0)
	{
		printf("%lu\n", connections);
		fflush(stdout);
	}
	else if (number > 0 && strcmp(word, "avoid") == 0)
		gateways[number - 1].avoided = true;
	else if (number > 0 && strcmp(word, "use") == 0)
		gateways[number - 1].avoided = false;
	else
		fprintf(stderr, "proxy: what is \"%s\"?\n", line);
}

static void
read_commands(void)
{
	static char line[256];
	static size_t size;
	char		c;
	ssize_t		n;

	/* standard input is somebody else's too: it stays blocking */
	n = read(STDIN_FILENO, &c, 1);
	if (n == 0)
		exit(0);
	if (n < 0)
		return;
	if (c != '\n')
	{
		if (size < sizeof(line) - 1)
			line[size++] = c;
		return;
	}
	line[size] = '\0';
	size = 0;
	obey(line);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = address_of(0);
	socklen_t	size = sizeof(address);
	struct epoll_event events[64];
	int			option;
	int			on = 1;

	while ((option = getopt(argc, argv, "l:")) != -1)
		if (option == 'l')
			address.sin_port = htons((uint16_t) atoi(optarg));
	for (; optind < argc && gateway_count < GATEWAYS_MAX; optind++)
		gateways[gateway_count++].port = (uint16_t) atoi(argv[optind]);
	if (gateway_count == 0)
	{
		fprintf(stderr, "usage: proxy [-l PORT] PORT...\n");
		return 2;
	}
	loop = epoll_create1(EPOLL_CLOEXEC);
	listener = new_socket();
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
		listen(listener, 128) < 0 ||
		getsockname(listener, (struct sockaddr *) &address, &size) < 0)
		fail("port %d", ntohs(address.sin_port));
	watch(listener, EPOLL_CTL_ADD, EPOLLIN, &listener);
	watch(STDIN_FILENO, EPOLL_CTL_ADD, EPOLLIN, NULL);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);

	for (;;)
	{
		int			count = epoll_wait(loop, events, 64, -1);

		for (int i = 0; i < count; i++)
		{
			if (events[i].data.ptr == NULL)
				read_commands();
			else if (events[i].data.ptr == &listener)
				accept_client();
			else
				handle(events[i].data.ptr, events[i].events);
		}
		free_closed();
	}
}
