/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_granted.c
 *	  A lock that a client waits for is there, and the client is told: by the
 *	  gateway that it did not ask, again until it answers, after a gateway was
 *	  killed, and while another client is silent.
 *
 * Each client is an address of 127.0.0.0/8 with a portmapper and a lock manager
 * of its own, which this program plays.  A portmapper's port is 111, which only
 * root may have; without that right there is nothing to test.
 */
#include "lib.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTMAPPER_PORT 111
#define GRANTED 5
#define UDP 17

/* A client of locks. */
struct side
{
	const char *address;
	struct client *c;
	int			questions;		/* its portmapper's socket, -1: it is silent */
	int			udp;
	int			tcp;
	uint16_t	udp_port;
	uint16_t	tcp_port;

	/* The last call of GRANTED. */
	bool		by_udp;
	int			connection;
	struct sockaddr_in from;
	uint32_t	xid;
	unsigned char cookie[64];
	uint32_t	cookie_size;
	uint32_t	version;
	bool		exclusive;
	uint32_t	svid;
	uint64_t	offset;
	uint64_t	length;
	bool		is_file;		/* handle and oh are those of the LOCK */
};

static struct client *root;
static struct handle dir;
static struct side a;
static struct side b;
static struct side d;
static struct handle file;
static struct handle other;
static const char owner[] = "an owner";

static int
open_at(const char *address, int type, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t	size = sizeof(in);
	int			fd = socket(AF_INET, type, 0);
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

static void
answer_questions(struct side *side, bool answer)
{
	uint16_t	port = PORTMAPPER_PORT;

	if (!answer)
	{
		close(side->questions);
		side->questions = -1;
		return;
	}
	side->questions = open_at(side->address, SOCK_DGRAM, &port);
	if (side->questions < 0)
		bail_out("port 111 of %s: %s", side->address, strerror(errno));
}

static void
begin_side(struct side *side)
{
	side->c = connect_from(0, side->address, 0);
	side->connection = -1;
	side->udp = open_at(side->address, SOCK_DGRAM, &side->udp_port);
	side->tcp = open_at(side->address, SOCK_STREAM, &side->tcp_port);
	answer_questions(side, true);
}

/*
 * What the client hears.
 */

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
take_question(struct side *side)
{
	unsigned char call[512];
	unsigned char reply[32];
	struct sockaddr_in from;
	socklen_t	from_size = sizeof(from);
	ssize_t		n = recvfrom(side->questions, call, sizeof(call), 0,
							 (struct sockaddr *) &from, &from_size);
	size_t		size;

	if (n < 56 || load(call + n - 16) != NLM_PROGRAM)
		bail_out("a question for something else");
	size = put_success(reply, load(call));
	store(reply + size, load(call + n - 8) == UDP ? side->udp_port :
		  side->tcp_port);
	sendto(side->questions, reply, size + 4, 0, (struct sockaddr *) &from,
		   from_size);
}

static void
take_call(struct side *side, unsigned char *call, size_t size,
		  const struct handle *handle)
{
	struct reply r = {.at = call, .end = call + size};
	struct blob part;

	side->xid = take(&r);
	if (take(&r) != CALL || take(&r) != 2 || take(&r) != NLM_PROGRAM)
		bail_out("a call of something else");
	side->version = take(&r);
	if (take(&r) != GRANTED)
		bail_out("a call of another procedure");
	(void) take(&r);
	(void) take_opaque(&r);
	(void) take(&r);
	(void) take_opaque(&r);
	part = take_opaque(&r);
	side->cookie_size = part.size;
	if (part.size > 32)
		bail_out("a cookie of %u bytes: Linux takes 32", part.size);
	memcpy(side->cookie, part.data, part.size);
	side->exclusive = take_bool(&r);
	(void) take_opaque(&r);
	part = take_opaque(&r);
	side->is_file = part.size == handle->size &&
		memcmp(part.data, handle->data, part.size) == 0;
	part = take_opaque(&r);
	side->is_file &= part.size == sizeof(owner) &&
		memcmp(part.data, owner, part.size) == 0;
	side->svid = take(&r);
	side->offset = side->version == 4 ? take64(&r) : take(&r);
	side->length = side->version == 4 ? take64(&r) : take(&r);
	take_end(&r);
}

static void
take_stream(struct side *side, const struct handle *handle)
{
	unsigned char call[4096];
	socklen_t	size = sizeof(side->from);
	size_t		have = 0;

	if (side->connection >= 0)
		close(side->connection);
	side->connection = accept(side->tcp, (struct sockaddr *) &side->from,
							  &size);
	while (have < 4 || have < 4 + (load(call) & 0x7fffffff))
	{
		ssize_t		n = recv(side->connection, call + have, sizeof(call) - have,
							 0);

		if (n <= 0)
			bail_out("half a call");
		have += (size_t) n;
	}
	take_call(side, call + 4, have - 4, handle);
	side->by_udp = false;
}

static void
take_datagram(struct side *side, const struct handle *handle)
{
	unsigned char call[4096];
	socklen_t	size = sizeof(side->from);
	ssize_t		n = recvfrom(side->udp, call, sizeof(call), 0,
							 (struct sockaddr *) &side->from, &size);

	take_call(side, call, n > 0 ? (size_t) n : 0, handle);
	side->by_udp = true;
}

/* False: none has come in time. */
static bool
hears_granted(struct side *side, const struct handle *handle, int milliseconds)
{
	for (;;)
	{
		struct pollfd fds[] = {
			{.fd = side->questions, .events = POLLIN},
			{.fd = side->tcp, .events = POLLIN},
			{.fd = side->udp, .events = POLLIN}};

		if (poll(fds, 3, milliseconds) <= 0)
			return false;
		if (fds[0].revents)
			take_question(side);
		if (fds[1].revents)
			take_stream(side, handle);
		else if (fds[2].revents)
			take_datagram(side, handle);
		else
			continue;
		return true;
	}
}

static void
await_granted(struct side *side, const struct handle *handle, const char *what)
{
	if (!hears_granted(side, handle, PATIENCE_MS))
		bail_out("no GRANTED: %s", what);
	ok(side->is_file && side->exclusive && side->svid == 7 &&
	   side->offset == 10 && side->length == 5, "%s", what);
}

static void
answer_granted(struct side *side, uint32_t status)
{
	unsigned char reply[128];
	unsigned char *at = reply + 4;
	size_t		padded = (side->cookie_size + 3) & ~3u;

	memset(reply, 0, sizeof(reply));
	at += put_success(at, side->xid);
	store(at, side->cookie_size);
	memcpy(at + 4, side->cookie, side->cookie_size);
	at += 4 + padded;
	store(at, status);
	at += 4;
	store(reply, 0x80000000u | (uint32_t) (at - reply - 4));
	if (side->by_udp)
		sendto(side->udp, reply + 4, (size_t) (at - reply - 4), 0,
			   (struct sockaddr *) &side->from, sizeof(side->from));
	else
		send(side->connection, reply, (size_t) (at - reply), MSG_NOSIGNAL);
}

/*
 * What the client does.
 */

static uint32_t
lock(struct side *side, const struct handle *handle, uint32_t version,
	 uint32_t procedure)
{
	struct lock lock = {
		.file = handle,
		.client = side->address,
		.svid = 7,
		.oh = B(owner, sizeof(owner)),
		.offset = 10,
		.length = 5,
		.exclusive = true,
		.block = true,
	};

	return nlm(side->c, version, procedure, &lock).status;
}

/* As the side, through another gateway. */
static void
unlock_by(int gateway, struct side *side, const struct handle *handle)
{
	struct client *before = side->c;

	side->c = connect_from(gateway, side->address, 0);
	is(lock(side, handle, NLM_V4, NLM4_UNLOCK), NLM4_GRANTED,
	   "UNLOCK through gateway %d", gateway + 1);
	disconnect(side->c);
	side->c = before;
}

static void
wait_for(struct side *holder, struct side *waiter, const struct handle *handle,
		 uint32_t version)
{
	is(lock(holder, handle, NLM_V4, NLM4_LOCK), NLM4_GRANTED,
	   "one has the lock");
	is(lock(waiter, handle, version, NLM4_LOCK), NLM4_BLOCKED,
	   "another one waits");
}

static void
is_held_by(struct side *side, const struct handle *handle, const char *what)
{
	is(lock(&a, handle, NLM_V4, NLM4_TEST), NLM4_DENIED, "%s", what);
	is(lock(side, handle, NLM_V4, NLM4_LOCK), NLM4_GRANTED, "by its own word");
	is(lock(side, handle, NLM_V4, NLM4_UNLOCK), NLM4_GRANTED,
	   "until it is free");
}

static void
await_told(void)
{
	await_sql("NOT EXISTS (SELECT FROM dittofs.lock_grants)");
}

static void
restart(const char *how)
{
	char		command[256];

	snprintf(command, sizeof(command), "gateway_stop 2 %s; "
			 "DITTOFS_GATEWAY_OPTS=\"--udp on\" gateway_start 2", how);
	run_shell(command);
}

static void
test_versions(void)
{
	static const uint32_t versions[] = {4, 3, 1};

	for (int i = 0; i < 3; i++)
	{
		wait_for(&a, &b, &file, versions[i]);
		ok(!hears_granted(&b, &file, 300), "it is told nothing yet");
		unlock_by(1, &a, &file);
		await_granted(&b, &file, "it is told that it has the lock");
		is(b.version, versions[i], "in its version of NLM");
		ok(!b.by_udp, "by TCP");
		ok(ntohs(b.from.sin_port) < 1024 &&
		   b.from.sin_addr.s_addr == htonl(INADDR_LOOPBACK),
		   "from the address that it called, and a port of root's");
		answer_granted(&b, NLM4_GRANTED);
		await_told();
		ok(!hears_granted(&b, &file, 1500), "once");
		is_held_by(&b, &file, "the lock is its own");
	}
}

static void
test_udp(void)
{
	struct client *tcp = b.c;

	b.c = connect_udp(1, b.address, 0);
	wait_for(&a, &b, &file, NLM_V4);
	unlock_by(0, &a, &file);
	await_granted(&b, &file, "one that waits by UDP is told");
	ok(b.by_udp, "by UDP");
	answer_granted(&b, NLM4_GRANTED);
	await_told();
	is_held_by(&b, &file, "the lock is its own");
	disconnect(b.c);
	b.c = tcp;
}

/* The first answer is lost, and the second one says that nothing waits. */
static void
test_repeated(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	unlock_by(1, &a, &file);
	await_granted(&b, &file, "told, and its answer is lost");
	close(b.connection);
	b.connection = -1;
	await_granted(&b, &file, "told again");
	answer_granted(&b, NLM4_DENIED);
	await_told();
	is_held_by(&b, &file,
			   "what it may have had since the first time stays its own");
}

/* Two wait, and the first is told; once, if the machine is not too busy. */
static bool
first_is_told_once(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	is(lock(&d, &file, NLM_V4, NLM4_LOCK), NLM4_BLOCKED, "and another one");
	unlock_by(1, &a, &file);
	await_granted(&b, &file, "the first in the queue is told");
	ok(!hears_granted(&d, &file, 300), "the second one is not");
	return strcmp(sql("SELECT max(attempts) FROM dittofs.lock_grants"), "1") ==
		0;
}

static void
test_denied(void)
{
	while (!first_is_told_once())
	{
		note("told more than once: again");
		is(lock(&d, &file, NLM_V4, NLM4_CANCEL), NLM4_GRANTED, "CANCEL");
		is(lock(&b, &file, NLM_V4, NLM4_UNLOCK), NLM4_GRANTED, "UNLOCK");
		await_told();
	}
	answer_granted(&b, NLM4_DENIED);
	await_granted(&d, &file,
				  "when the first does not want it, the second is told");
	answer_granted(&d, NLM4_GRANTED);
	await_told();
	is_held_by(&d, &file, "the lock is the second one's");
}

/* Nothing comes from the host of the first, and the second hears it. */
static void
test_silent(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	wait_for(&a, &d, &other, NLM_V4);
	answer_questions(&b, false);
	unlock_by(1, &a, &file);
	unlock_by(1, &a, &other);
	await_granted(&d, &other, "one is told while another one is silent");
	answer_granted(&d, NLM4_GRANTED);
	await_sql("(SELECT count(*) FROM dittofs.lock_grants) = 1");
	is_held_by(&d, &other, "its lock is its own");
	answer_questions(&b, true);
	await_granted(&b, &file, "and the silent one when it listens");
	answer_granted(&b, NLM4_GRANTED);
	await_told();
	is_held_by(&b, &file, "its lock is its own, too");
}

/* The gateway of the unlock is killed before it could tell. */
static void
test_killed(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	answer_questions(&b, false);
	unlock_by(1, &a, &file);
	run_shell("gateway_stop 2 KILL");
	answer_questions(&b, true);
	await_granted(&b, &file,
				  "another gateway tells when that of the unlock is dead");
	answer_granted(&b, NLM4_GRANTED);
	await_told();
	is_held_by(&b, &file, "the lock is its own");
	restart("KILL");
}

/* Who asks again before it is told needs not be told. */
static void
test_asked_again(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	answer_questions(&b, false);
	unlock_by(1, &a, &file);
	is(lock(&b, &file, NLM_V4, NLM4_LOCK), NLM4_GRANTED,
	   "a client that asks again has its lock");
	await_told();
	answer_questions(&b, true);
	is_held_by(&b, &file, "and is not told of it");
}

int
main(void)
{
	uint16_t	port = PORTMAPPER_PORT;
	int			fd;

	a.address = own_address(1);
	b.address = own_address(2);
	d.address = own_address(4);
	fd = open_at(b.address, SOCK_DGRAM, &port);
	if (fd < 0)
	{
		printf("1..0 # SKIP port 111: %s\n", strerror(errno));
		return 0;
	}
	close(fd);
	run_shell("for n in 1 2; do gateway_stop $n; "
			  "DITTOFS_GATEWAY_OPTS=\"--udp on\" gateway_start $n; done");
	root = connect_to(0);
	dir = make_playground(root);
	file = make_file(root, &dir, "file", 0666);
	other = make_file(root, &dir, "other", 0666);
	begin_side(&a);
	begin_side(&b);
	begin_side(&d);
	test_versions();
	test_udp();
	test_repeated();
	test_denied();
	test_silent();
	test_asked_again();
	test_killed();
	/* the tests that follow have gateways as they are by default */
	run_shell("for n in 1 2; do gateway_stop $n; gateway_start $n; done");
	return done_testing();
}
