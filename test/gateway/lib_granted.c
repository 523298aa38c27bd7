/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_granted.c
 *	  The part of a client of locks that is called: a portmapper, which
 *	  names the ports of its lock manager, and that, which hears GRANTED.
 */
#include "lib.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTMAPPER_PORT 111
#define GRANTED 5
#define UDP 17

static int
open_at(const char *address, int type, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t	size = sizeof(in);
	int			fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int			on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	inet_pton(AF_INET, address, &in.sin_addr);
	if (bind(fd, (struct sockaddr *) &in, size) != 0 ||
		(type == SOCK_STREAM && listen(fd, 8) != 0))
	{
		close(fd);
		return -1;
	}
	getsockname(fd, (struct sockaddr *) &in, &size);
	*port = ntohs(in.sin_port);
	return fd;
}

bool
ear_open(struct ear *ear, const char *address)
{
	uint16_t	port = PORTMAPPER_PORT;

	ear->address = address;
	ear->connection = -1;
	ear->questions = open_at(address, SOCK_DGRAM, &port);
	if (ear->questions < 0)
		return false;
	ear->udp = open_at(address, SOCK_DGRAM, &ear->udp_port);
	ear->tcp = open_at(address, SOCK_STREAM, &ear->tcp_port);
	if (ear->udp < 0 || ear->tcp < 0)
		bail_out("a port of %s: %s", address, strerror(errno));
	return true;
}

void
ear_answers(struct ear *ear, bool answers)
{
	uint16_t	port = PORTMAPPER_PORT;

	if (!answers)
	{
		close(ear->questions);
		ear->questions = -1;
		return;
	}
	ear->questions = open_at(ear->address, SOCK_DGRAM, &port);
	if (ear->questions < 0)
		bail_out("port 111 of %s: %s", ear->address, strerror(errno));
}

static void
store(unsigned char *at, uint32_t word)
{
	word = htonl(word);
	memcpy(at, &word, sizeof(word));
}

static uint32_t
load(const unsigned char *at)
{
	uint32_t	word;

	memcpy(&word, at, sizeof(word));
	return ntohl(word);
}

static size_t
put_success(unsigned char *reply, uint32_t xid)
{
	memset(reply, 0, 24);
	store(reply, xid);
	store(reply + 4, REPLY);
	return 24;
}

static void
take_question(struct ear *ear)
{
	unsigned char call[512];
	unsigned char reply[32];
	struct sockaddr_in from;
	socklen_t	from_size = sizeof(from);
	ssize_t		n = recvfrom(ear->questions, call, sizeof(call), 0,
							 (struct sockaddr *) &from, &from_size);
	size_t		size;

	if (n < 56 || load(call + n - 16) != NLM_PROGRAM)
		bail_out("a question for something else");
	size = put_success(reply, load(call));
	store(reply + size, load(call + n - 8) == UDP ? ear->udp_port :
		  ear->tcp_port);
	sendto(ear->questions, reply, size + 4, 0, (struct sockaddr *) &from,
		   from_size);
}

static void
take_call(struct granted *granted, unsigned char *call, size_t size)
{
	struct reply r = {.at = call, .end = call + size};
	struct blob part;

	granted->xid = take(&r);
	if (take(&r) != CALL || take(&r) != 2 || take(&r) != NLM_PROGRAM)
		bail_out("a call of something else");
	granted->version = take(&r);
	if (take(&r) != GRANTED)
		bail_out("a call of another procedure");
	(void) take(&r);
	(void) take_opaque(&r);
	(void) take(&r);
	(void) take_opaque(&r);
	part = take_opaque(&r);
	granted->cookie_size = part.size;
	if (part.size > 32)
		bail_out("a cookie of %u bytes: Linux takes 32", part.size);
	memcpy(granted->cookie, part.data, part.size);
	granted->exclusive = take_bool(&r);
	(void) take_opaque(&r);
	part = take_opaque(&r);
	if (part.size > sizeof(granted->file.data))
		bail_out("a handle of %u bytes", part.size);
	granted->file.size = part.size;
	memcpy(granted->file.data, part.data, part.size);
	part = take_opaque(&r);
	granted->oh_size = part.size;
	if (part.size > sizeof(granted->oh))
		bail_out("an owner of %u bytes", part.size);
	memcpy(granted->oh, part.data, part.size);
	granted->svid = take(&r);
	granted->offset = granted->version == NLM_V4 ? take64(&r) : take(&r);
	granted->length = granted->version == NLM_V4 ? take64(&r) : take(&r);
	take_end(&r);
}

/* False: its gateway has died in the middle of it. */
static bool
take_stream(struct ear *ear, struct granted *granted)
{
	unsigned char call[4096];
	socklen_t	size = sizeof(granted->from);
	size_t		have = 0;

	if (ear->connection >= 0)
		close(ear->connection);
	ear->connection = accept(ear->tcp, (struct sockaddr *) &granted->from,
							 &size);
	while (have < 4 || have < 4 + (load(call) & 0x7fffffff))
	{
		ssize_t		n = recv(ear->connection, call + have, sizeof(call) - have,
							 0);

		if (n <= 0)
			return false;
		have += (size_t) n;
	}
	take_call(granted, call + 4, have - 4);
	granted->by_udp = false;
	return true;
}

static void
take_datagram(struct ear *ear, struct granted *granted)
{
	unsigned char call[4096];
	socklen_t	size = sizeof(granted->from);
	ssize_t		n = recvfrom(ear->udp, call, sizeof(call), 0,
							 (struct sockaddr *) &granted->from, &size);

	take_call(granted, call, n > 0 ? (size_t) n : 0);
	granted->by_udp = true;
}

bool
ear_hears(struct ear *ear, struct granted *granted, int milliseconds)
{
	for (;;)
	{
		struct pollfd fds[] = {
			{.fd = ear->questions, .events = POLLIN},
			{.fd = ear->tcp, .events = POLLIN},
			{.fd = ear->udp, .events = POLLIN}};

		if (poll(fds, 3, milliseconds) <= 0)
			return false;
		if (fds[0].revents)
			take_question(ear);
		if (fds[1].revents && take_stream(ear, granted))
			return true;
		if (fds[2].revents)
		{
			take_datagram(ear, granted);
			return true;
		}
	}
}

void
ear_forgets(struct ear *ear)
{
	close(ear->connection);
	ear->connection = -1;
}

void
granted_answer(struct ear *ear, const struct granted *granted, uint32_t status)
{
	unsigned char reply[128];
	unsigned char *at = reply + 4;
	size_t		padded = (granted->cookie_size + 3) & ~3u;

	memset(reply, 0, sizeof(reply));
	at += put_success(at, granted->xid);
	store(at, granted->cookie_size);
	memcpy(at + 4, granted->cookie, granted->cookie_size);
	at += 4 + padded;
	store(at, status);
	at += 4;
	store(reply, 0x80000000u | (uint32_t) (at - reply - 4));
	if (granted->by_udp)
		sendto(ear->udp, reply + 4, (size_t) (at - reply - 4), 0,
			   (const struct sockaddr *) &granted->from, sizeof(granted->from));
	else
		send(ear->connection, reply, (size_t) (at - reply), MSG_NOSIGNAL);
}
