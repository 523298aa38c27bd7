/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_rpc.c
 *	  An RPC client over TCP that does exactly what it is told (RFC 5531).
 */
#include "lib.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Longer than any call may take; a gateway that says nothing fails the test. */
#define TIMEOUT_SECONDS 60

/* Until a persistent client sends its call again. */
#define RESEND_SECONDS 10

#define LAST_FRAGMENT 0x80000000u

static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	if (!value)
		bail_out("%s is not set: run this under test/with-gateway", name);
	return value;
}

/* The port of a gateway, or 0 if there are not so many. */
static int
gateway_port(int gateway)
{
	const char *at = environment("DITTOFS_PORTS");
	char	   *end;
	long		port = strtol(at, &end, 10);

	while (gateway-- > 0)
	{
		at = end;
		port = strtol(at, &end, 10);
		if (end == at)
			return 0;
	}
	return (int) port;
}

int
gateway_count(void)
{
	int			count = 0;

	while (gateway_port(count) != 0)
		count++;
	return count;
}

static bool
bind_source(struct client *c)
{
	struct sockaddr_in source = {.sin_family = AF_INET};
	int			on = 1;

	if (c->source == NULL)
		return true;
	if (inet_pton(AF_INET, c->source, &source.sin_addr) != 1)
		bail_out("%s is no address", c->source);
	source.sin_port = htons((uint16_t) c->source_port);
	setsockopt(c->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(c->fd, (struct sockaddr *) &source, sizeof(source)) == 0;
}

void
reconnect(struct client *c)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};
	int			on = 1;

	if (c->persistent)
		timeout.tv_sec = RESEND_SECONDS;
	if (inet_pton(AF_INET, environment("DITTOFS_HOST"), &address.sin_addr) != 1)
		bail_out("DITTOFS_HOST is not an IPv4 address");
	for (;;)
	{
		if (c->roams)
			c->port = gateway_port((int) arc4random_uniform(
									   (uint32_t) gateway_count()));
		address.sin_port = htons((uint16_t) c->port);
		if (c->fd >= 0)
			close(c->fd);
		c->fd = socket(AF_INET, c->udp ? SOCK_DGRAM : SOCK_STREAM, 0);
		if (c->fd >= 0 && bind_source(c) &&
			connect(c->fd, (struct sockaddr *) &address, sizeof(address)) ==
				0 &&
			(c->udp ||
			 send(c->fd, c->greeting.data, c->greeting.size, MSG_NOSIGNAL) ==
				 (ssize_t) c->greeting.size))
			break;
		if (!c->persistent)
			bail_out("port %d: %s", c->port, strerror(errno));
		usleep(20000);
	}
	if (!c->udp)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

void
move_to(struct client *c, int gateway)
{
	c->port = gateway_port(gateway);
	reconnect(c);
}

/*
 * A reply cache knows a call by address, xid and procedure, and all our
 * clients have one address.
 */
static struct client *
new_client(int port)
{
	struct client *c = calloc(1, sizeof(*c));

	c->fd = -1;
	c->port = port;
	c->greeting = S("");
	c->xid = arc4random();
	c->flavor = AUTH_UNIX;
	return c;
}

static struct client *
client_of(int gateway, const char *source, int port)
{
	struct client *c = new_client(gateway_port(gateway));

	if (c->port == 0)
		bail_out("there is no gateway %d", gateway);
	c->source = source;
	c->source_port = port;
	return c;
}

static struct client *
connect_with(int gateway, const char *source, int port, struct blob greeting)
{
	struct client *c = client_of(gateway, source, port);

	c->greeting = greeting;
	reconnect(c);
	return c;
}

struct client *
connect_udp(int gateway, const char *source, int port)
{
	struct client *c = client_of(gateway, source, port);

	c->udp = true;
	reconnect(c);
	return c;
}

struct client *
connect_port(int port, bool udp)
{
	struct client *c = new_client(port);

	c->udp = udp;
	reconnect(c);
	return c;
}

int
spare_port(void)
{
	return (int) strtol(environment("DITTOFS_SPARE_PORT"), NULL, 10);
}

struct client *
connect_to(int gateway)
{
	return connect_from(gateway, NULL, 0);
}

struct client *
connect_from(int gateway, const char *source, int port)
{
	return connect_with(gateway, source, port, S(""));
}

struct client *
connect_anywhere(const char *source)
{
	struct client *c = client_of(0, source, 0);

	c->persistent = true;
	c->roams = true;
	reconnect(c);
	return c;
}

const char *
own_address(int n)
{
	static char names[8][16];
	static int	last;
	char	   *name = names[last++ % 8];
	int			pid = getpid();

	snprintf(name, sizeof(names[0]), "127.%d.%d.%d", 16 + pid / 250 % 200,
			 1 + pid % 250, n);
	return name;
}

struct client *
connect_by(int gateway, const char *proxy, struct blob header)
{
	return connect_with(gateway, proxy, 0, header);
}

void
disconnect(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->call);
	free(c->reply);
	free(c);
}

void
become(struct client *c, uint32_t uid, uint32_t gid)
{
	c->flavor = AUTH_UNIX;
	c->uid = uid;
	c->gid = gid;
	c->group_count = 0;
}

void
add_group(struct client *c, uint32_t gid)
{
	c->groups[c->group_count++] = gid;
}

void
become_nobody(struct client *c)
{
	c->flavor = AUTH_NONE;
}

/*
 * Writing.  The call begins with room for its record mark.
 */

static unsigned char *
extend(struct client *c, size_t size)
{
	unsigned char *at;

	if (c->call_size + size > c->call_room)
	{
		c->call_room = (c->call_size + size) * 2;
		c->call = realloc(c->call, c->call_room);
		if (!c->call)
			bail_out("out of memory");
	}
	at = c->call + c->call_size;
	c->call_size += size;
	return at;
}

static void
store(unsigned char *at, uint32_t word)
{
	at[0] = (unsigned char) (word >> 24);
	at[1] = (unsigned char) (word >> 16);
	at[2] = (unsigned char) (word >> 8);
	at[3] = (unsigned char) word;
}

void
put(struct client *c, uint32_t word)
{
	store(extend(c, 4), word);
}

void
put64(struct client *c, uint64_t word)
{
	put(c, (uint32_t) (word >> 32));
	put(c, (uint32_t) word);
}

void
put_fixed(struct client *c, const void *data, size_t size)
{
	size_t		padded = (size + 3) & ~(size_t) 3;
	unsigned char *at = extend(c, padded);

	memset(at, 0, padded);
	if (size > 0)
		memcpy(at, data, size);
}

void
put_opaque(struct client *c, struct blob value)
{
	put(c, value.size);
	put_fixed(c, value.data, value.size);
}

void
put_handle(struct client *c, const struct handle *handle)
{
	put_opaque(c, B(handle->data, handle->size));
}

void
begin_empty(struct client *c)
{
	c->call_size = 0;
	put(c, 0);
}

void
begin(struct client *c, uint32_t program, uint32_t version, uint32_t procedure)
{
	begin_empty(c);
	put(c, ++c->xid);
	put(c, CALL);
	put(c, RPC_MSG_VERSION);
	put(c, program);
	put(c, version);
	put(c, procedure);
	put(c, c->flavor);
	if (c->flavor == AUTH_UNIX)
	{
		static const char machine[] = "test-client";
		uint32_t	size = sizeof(machine) - 1;

		put(c, (uint32_t) (4 + 4 + ((size + 3) & ~3u) + 4 + 4 + 4 +
						   4 * c->group_count));
		put(c, 0);				/* stamp */
		put_opaque(c, B(machine, size));
		put(c, c->uid);
		put(c, c->gid);
		put(c, (uint32_t) c->group_count);
		for (int i = 0; i < c->group_count; i++)
			put(c, c->groups[i]);
	}
	else
		put(c, 0);
	put(c, AUTH_NONE);
	put(c, 0);
}

void
send_bytes(struct client *c, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0)
	{
		ssize_t		sent = send(c->fd, at, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		/* the missing reply will tell */
		if (sent <= 0 && c->persistent)
			return;
		if (sent <= 0)
			bail_out("send: %s", strerror(errno));
		at += sent;
		size -= (size_t) sent;
	}
}

void
send_call(struct client *c)
{
	store(c->call, LAST_FRAGMENT | (uint32_t) (c->call_size - 4));
	if (c->udp)
		send_bytes(c, c->call + 4, c->call_size - 4);
	else
		send_bytes(c, c->call, c->call_size);
}

/*
 * False when the connection was closed before the first byte, and for a
 * persistent client whatever kept the bytes from coming.
 */
static bool
receive_bytes(struct client *c, void *data, size_t size)
{
	char	   *at = data;
	size_t		have = 0;

	while (have < size)
	{
		ssize_t		got = recv(c->fd, at + have, size - have, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 && c->persistent)
			return false;
		if (got < 0 && errno == ECONNRESET && have == 0)
			return false;
		if (got < 0)
			bail_out("no reply: %s", strerror(errno));
		if (got == 0 && have == 0)
			return false;
		if (got == 0)
			bail_out("connection closed in the middle of a reply");
		have += (size_t) got;
	}
	return true;
}

static uint32_t
load(const unsigned char *at)
{
	return (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 |
		(uint32_t) at[2] << 8 | at[3];
}

/* False: nothing has come in time. */
static bool
receive_datagram(struct client *c)
{
	ssize_t		got;

	if (c->reply_room < 65536)
	{
		c->reply_room = 65536;
		c->reply = realloc(c->reply, c->reply_room);
		if (!c->reply)
			bail_out("out of memory");
	}
	do
		got = recv(c->fd, c->reply, c->reply_room, 0);
	while (got < 0 && errno == EINTR);
	c->reply_size = got > 0 ? (size_t) got : 0;
	return got > 0;
}

bool
is_quiet(struct client *c, int milliseconds)
{
	struct pollfd poll_fd = {.fd = c->fd, .events = POLLIN};

	return poll(&poll_fd, 1, milliseconds) == 0;
}

struct reply
receive(struct client *c)
{
	struct reply r = {.outcome = CLOSED};
	unsigned char mark[4];
	bool		last = c->udp;

	c->reply_size = 0;
	if (c->udp && !receive_datagram(c))
		return r;
	while (!last)
	{
		size_t		size;

		if (!receive_bytes(c, mark, sizeof(mark)))
			return r;
		last = (load(mark) & LAST_FRAGMENT) != 0;
		size = load(mark) & ~LAST_FRAGMENT;
		if (c->reply_size + size > c->reply_room)
		{
			c->reply_room = (c->reply_size + size) * 2;
			c->reply = realloc(c->reply, c->reply_room);
			if (!c->reply)
				bail_out("out of memory");
		}
		if (!receive_bytes(c, c->reply + c->reply_size, size))
		{
			if (c->persistent)
				return r;
			bail_out("connection closed in the middle of a reply");
		}
		c->reply_size += size;
	}

	r.at = c->reply;
	r.end = c->reply + c->reply_size;
	r.xid = take(&r);
	if (take(&r) != REPLY)
		bail_out("a message that is no reply");
	if (take(&r) == MSG_ACCEPTED)
	{
		if (take(&r) != AUTH_NONE || take_opaque(&r).size != 0)
			bail_out("a verifier nobody asked for");
		r.why = take(&r);
		r.outcome = r.why == SUCCESS ? DONE : REFUSED;
		if (r.why == PROG_MISMATCH)
		{
			r.low = take(&r);
			r.high = take(&r);
		}
	}
	else
	{
		r.outcome = REJECTED;
		if (take(&r) == RPC_MISMATCH)
		{
			r.why = MISMATCH;
			r.low = take(&r);
			r.high = take(&r);
		}
		else
			r.why = take(&r);
	}
	if (r.outcome != DONE)
		take_end(&r);
	return r;
}

struct reply
exchange(struct client *c)
{
	struct reply r;

	send_call(c);
	if (c->cut_every > 0 && arc4random_uniform(c->cut_every) == 0)
		shutdown(c->fd, SHUT_RDWR);
	r = receive(c);
	while (c->persistent && (r.outcome == CLOSED || r.xid != c->xid))
	{
		/* the reply to a call that was sent twice may come twice */
		if (r.outcome == CLOSED)
		{
			c->resends++;
			usleep(20000);
			reconnect(c);
			send_call(c);
		}
		r = receive(c);
	}
	if (r.outcome != CLOSED && r.xid != c->xid)
		bail_out("reply to xid %u, not to %u", r.xid, c->xid);
	return r;
}

bool
is_closed(struct client *c)
{
	return receive(c).outcome == CLOSED;
}

/*
 * Reading
 */

static const unsigned char *
take_bytes(struct reply *r, size_t size)
{
	const unsigned char *at = r->at;

	if ((size_t) (r->end - at) < size)
		bail_out("a reply that is too short");
	r->at = at + size;
	return at;
}

uint32_t
take(struct reply *r)
{
	return load(take_bytes(r, 4));
}

uint64_t
take64(struct reply *r)
{
	uint64_t	high = take(r);

	return high << 32 | take(r);
}

bool
take_bool(struct reply *r)
{
	uint32_t	word = take(r);

	if (word > 1)
		bail_out("a boolean of %u", word);
	return word;
}

struct blob
take_opaque(struct reply *r)
{
	uint32_t	size = take(r);
	struct blob value = B(take_bytes(r, size), size);

	for (; size % 4 != 0; size++)
	{
		if (*take_bytes(r, 1) != 0)
			bail_out("padding that is not zero");
	}
	return value;
}

void
take_end(struct reply *r)
{
	if (r->at != r->end)
		bail_out("%d bytes after the end of a reply", (int) (r->end - r->at));
}

struct blob
S(const char *string)
{
	return B(string, strlen(string));
}

struct blob
B(const void *data, size_t size)
{
	return (struct blob) {data, (uint32_t) size};
}
