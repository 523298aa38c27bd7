/* SPDX-License-Identifier: PostgreSQL */
/*
 * call_back.c
 *	  Calls that the gateway makes itself: see call_back.h.
 *
 * A call goes through these steps, each with a socket of its own that is
 * connected, so that the kernel takes packets from no other address:
 *
 *		WAITING		for its turn
 *		ASKING_UDP	the portmapper at port 111, asked again after half a second
 *					and after one and a half
 *		ASKING_TCP	the same, where nothing came back, or there is no UDP
 *		CALLING		at the port it has named
 *
 * IPv4 addresses are asked by version 2 of the protocol (RFC 1833, section 3),
 * which every portmapper has; IPv6 ones by version 3, which has room for them.
 *
 * What was learned is not kept: a client that has rebooted hears at another
 * port, and calls are few.
 */
#include "core/call_back.h"
#include "base/log.h"
#include "core/worker.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rpc/rpc.h>

#define ACTIVE_MAX 32
#define WAITING_MAX 512

/* Of what is left, an address may have a half. */
#define SHARE 2

/* Microseconds. */
#define WAITING_TIME 10000000
#define CALL_TIME 8000000		/* from its first step to its end */
#define ASKING_UDP_TIME 3000000
#define ASKING_TCP_TIME 2000000
#define RESEND_FIRST 500000		/* doubled each time */
#define SENDS_MAX 3
#define SILENCE 5000000

#define PORTMAPPER_PROGRAM 100000
#define PORTMAPPER_PORT 111
#define GETPORT 3				/* of version 2 */
#define GETADDR 3				/* of version 3 */

/* Ports that only root may have (rresvport: those above 600). */
#define PRIVILEGED_FIRST 600
#define PRIVILEGED_COUNT 424
#define PRIVILEGED_TRIES 32

#define MACHINE_NAME_MAX 64
#define HEADER_ROOM (256 + MACHINE_NAME_MAX)
#define REPLY_MAX 2048
#define MARK_SIZE 4
#define LAST_FRAGMENT 0x80000000u

enum step
{
	WAITING,
	ASKING_UDP,
	ASKING_TCP,
	CALLING
};

struct called
{
	struct loop_garbage garbage;	/* first: it is freed by it */
	TAILQ_ENTRY(called) link;	/* [waiting] or [active] */
	struct call_backs *backs;
	struct call_back what;		/* the arguments follow the struct */
	enum step	step;
	struct event event;
	bool		from_local;
	int64_t		until;			/* the end of all of it, */
	int64_t		step_until;		/* of this step, */
	int64_t		resend_at;		/* or INT64_MAX */
	int			sends;
	uint32_t	xid;
	char	   *message;		/* with its mark */
	size_t		message_size;
	size_t		sent;			/* TCP */
	char	   *reply;			/* with its mark, TCP only */
	size_t		reply_size;
};

static void start_some(struct call_backs *backs);
static void handle(struct event *event, uint32_t ready);

/*
 * Messages.
 */

static bool
put_words(XDR *xdr, const uint32_t *words, int count)
{
	bool		good = true;

	for (int i = 0; good && i < count; i++)
	{
		uint32_t	word = words[i];

		good = xdr_uint32_t(xdr, &word);
	}
	return good;
}

static bool
put_header(XDR *xdr, uint32_t xid, uint32_t program, uint32_t version,
		   uint32_t procedure)
{
	const uint32_t words[] = {xid, CALL, RPC_MSG_VERSION, program, version,
		procedure};

	return put_words(xdr, words, 6);
}

/* root of this host, of no group: stamp, name, uid, gid, groups; a verifier */
static bool
put_root(XDR *xdr)
{
	static const uint32_t zeros[5];
	char		name[MACHINE_NAME_MAX + 1] = "";
	uint32_t	words[4] = {AUTH_SYS};

	(void) gethostname(name, sizeof(name) - 1);
	words[3] = (uint32_t) strlen(name);
	words[1] = 5 * BYTES_PER_XDR_UNIT + RNDUP(words[3]);
	return put_words(xdr, words, 4) && xdr_opaque(xdr, name, words[3]) &&
		put_words(xdr, zeros, 5);
}

/* AUTH_NONE, and its verifier */
static bool
put_nobody(XDR *xdr)
{
	static const uint32_t zeros[4];

	return put_words(xdr, zeros, 4);
}

/* The universal address that is asked about is the peer's: port 0 of it. */
static bool
put_question(XDR *xdr, const struct called *called)
{
	const struct call_back *what = &called->what;
	char		host[INET6_ADDRSTRLEN];
	char		address[INET6_ADDRSTRLEN + 8];
	char	   *texts[3] = {what->udp ? "udp6" : "tcp6", address, ""};
	const uint32_t words[] = {what->program, what->version,
		what->udp ? IPPROTO_UDP : IPPROTO_TCP, 0};
	bool		old = what->peer.family == AF_INET;
	bool		good = put_header(xdr, called->xid, PORTMAPPER_PROGRAM,
								  old ? 2 : 3, old ? GETPORT : GETADDR) &&
		put_nobody(xdr) && put_words(xdr, words, old ? 4 : 2);

	if (old || !good)
		return good;
	inet_ntop(AF_INET6, what->peer.address, host, sizeof(host));
	snprintf(address, sizeof(address), "%s.0.0", host);
	for (int i = 0; good && i < 3; i++)
		good = xdr_string(xdr, &texts[i], sizeof(address));
	return good;
}

static bool
put_call(XDR *xdr, const struct called *called)
{
	const struct call_back *what = &called->what;

	return put_header(xdr, called->xid, what->program, what->version,
					  what->procedure) && put_root(xdr) &&
		xdr_opaque(xdr, (char *) (uintptr_t) what->arguments.data,
				   what->arguments.size);
}

/* The message of this step, with a new xid. */
static void
write_message(struct called *called)
{
	uint32_t	mark;
	XDR			xdr;
	bool		good;

	if (getrandom(&called->xid, sizeof(called->xid), 0) < 0)
		fatal("getrandom: %s", strerror(errno));
	xdrmem_create(&xdr, called->message + MARK_SIZE,
				  HEADER_ROOM + called->what.arguments.size, XDR_ENCODE);
	good = called->step == CALLING ? put_call(&xdr, called) :
		put_question(&xdr, called);
	assert(good);
	called->message_size = MARK_SIZE + xdr_getpos(&xdr);
	mark = htonl(LAST_FRAGMENT | (uint32_t) xdr_getpos(&xdr));
	memcpy(called->message, &mark, sizeof(mark));
	called->sent = 0;
	called->reply_size = 0;
}

/*
 * Sockets.
 */

static socklen_t
make_address(struct sockaddr_storage *to, const struct peer *peer,
			 uint16_t port)
{
	struct sockaddr_in *in = (void *) to;
	struct sockaddr_in6 *in6 = (void *) to;

	memset(to, 0, sizeof(*to));
	to->ss_family = (sa_family_t) peer->family;
	if (peer->family == AF_INET)
	{
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, peer->address, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, peer->address, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

/*
 * From a port that only root may have, which is what makes a client believe
 * that a server calls; from any where we may have none.  False: this host has
 * no such address.
 */
static bool
bind_at(int fd, const struct peer *from)
{
	static atomic_bool forbidden;
	struct sockaddr_storage address;
	socklen_t	size = 0;
	uint32_t	first;

	if (getrandom(&first, sizeof(first), 0) < 0)
		fatal("getrandom: %s", strerror(errno));
	for (uint32_t i = 0; i < PRIVILEGED_TRIES && !atomic_load(&forbidden); i++)
	{
		uint32_t	port = PRIVILEGED_FIRST + (first + i) % PRIVILEGED_COUNT;

		size = make_address(&address, from, (uint16_t) port);
		if (bind(fd, (struct sockaddr *) &address, size) == 0)
			return true;
		if (errno == EADDRNOTAVAIL)
			return false;
		if (errno == EACCES)
			atomic_store(&forbidden, true);
	}
	size = make_address(&address, from, 0);
	return bind(fd, (struct sockaddr *) &address, size) == 0;
}

/* False: there is no way there. */
static bool
open_socket(struct called *called, bool udp, uint16_t port)
{
	const struct call_back *what = &called->what;
	struct peer any = {.family = what->peer.family};
	struct sockaddr_storage address;
	socklen_t	size = make_address(&address, &what->peer, port);
	int			on = 1;
	int			type = udp ? SOCK_DGRAM : SOCK_STREAM;
	int			fd = socket(what->peer.family,
							type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (!udp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	called->from_local = what->local.family == what->peer.family &&
		bind_at(fd, &what->local);
	if (!called->from_local)
		(void) bind_at(fd, &any);
	if (connect(fd, (struct sockaddr *) &address, size) != 0 &&
		errno != EINPROGRESS)
	{
		close(fd);
		return false;
	}
	called->event.fd = fd;
	called->event.handle = handle;
	event_set(&called->backs->worker->loop, &called->event,
			  udp ? EPOLLIN : EPOLLOUT);
	return true;
}

static void
close_socket(struct called *called)
{
	int			fd = called->event.fd;

	if (fd < 0)
		return;
	event_remove(&called->backs->worker->loop, &called->event);
	close(fd);
}

/*
 * Who has had no answer.
 */

static bool
is_same_host(const struct peer *one, const struct peer *other)
{
	return one->family == other->family &&
		memcmp(one->address, other->address, sizeof(one->address)) == 0;
}

static bool
was_silent(const struct call_backs *backs, const struct peer *peer)
{
	int64_t		now = backs->worker->loop.now;

	for (int i = 0; i < CALL_BACK_SILENT_MAX; i++)
		if (backs->silent[i].until > now &&
			is_same_host(&backs->silent[i].peer, peer))
			return true;
	return false;
}

static void
note_silent(struct call_backs *backs, const struct peer *peer)
{
	if (was_silent(backs, peer))
		return;
	backs->silent[backs->silent_next].peer = *peer;
	backs->silent[backs->silent_next].until =
		backs->worker->loop.now + SILENCE;
	backs->silent_next = (backs->silent_next + 1) % CALL_BACK_SILENT_MAX;
}

/*
 * Ends and steps.
 */

static int64_t
next_moment(const struct called *called)
{
	int64_t		at = called->until;

	if (called->step_until < at)
		at = called->step_until;
	return called->resend_at < at ? called->resend_at : at;
}

static void
set_timer(struct call_backs *backs)
{
	struct loop *loop = &backs->worker->loop;
	const struct called *called;
	int64_t		at = INT64_MAX;

	TAILQ_FOREACH(called, &backs->active, link)
		if (next_moment(called) < at)
			at = next_moment(called);

	/* The oldest of those that wait is the first whose time is over. */
	called = TAILQ_FIRST(&backs->waiting);
	if (called != NULL && called->until < at)
		at = called->until;
	if (at != INT64_MAX)
		timer_set(loop, &backs->timer, at);
	else
		timer_clear(loop, &backs->timer);
}

static void
end(struct called *called, enum call_back_outcome outcome, struct bytes results)
{
	struct call_backs *backs = called->backs;
	struct call_back_answer answer = {
		.outcome = outcome,
		.results = results,
		.from_local = called->from_local,
		.sent = called->step == CALLING && called->sends > 0,
		.once = called->sends <= 1,
	};

	bool		late = outcome == CALL_BACK_SILENT &&
		called->step_until <= backs->worker->loop.now;

	close_socket(called);
	if (called->step == WAITING)
	{
		TAILQ_REMOVE(&backs->waiting, called, link);
		backs->waiting_count--;
	}
	else
	{
		TAILQ_REMOVE(&backs->active, called, link);
		backs->active_count--;
	}
	if (late && called->step != WAITING)
		note_silent(backs, &called->what.peer);
	if (called->what.answered != NULL)
		called->what.answered(called->what.owner, &answer);
	free(called->message);
	free(called->reply);
	loop_free_later(&backs->worker->loop, &called->garbage);
}

static void
end_without(struct called *called, enum call_back_outcome outcome)
{
	end(called, outcome, (struct bytes) {NULL, 0});
}

/*
 * It answers a datagram, whose source may be a lie, and is missed by no caller:
 * then the host there gets one small question, and no more.
 */
static bool
is_doubtful(const struct called *called)
{
	return called->what.udp && called->what.answered == NULL;
}

/* A datagram may be lost; also that it could not be sent is only seen later. */
static void
send_datagram(struct called *called)
{
	(void) send(called->event.fd, called->message + MARK_SIZE,
				called->message_size - MARK_SIZE, MSG_DONTWAIT | MSG_NOSIGNAL);
	called->sends++;
	called->resend_at = called->sends >= SENDS_MAX || is_doubtful(called) ?
		INT64_MAX :
		called->backs->worker->loop.now + (RESEND_FIRST << (called->sends - 1));
}

/* False: there is no way there. */
static bool
begin_step(struct called *called, enum step step, bool udp, uint16_t port)
{
	int64_t		now = called->backs->worker->loop.now;

	close_socket(called);
	called->step = step;
	called->step_until = step == ASKING_UDP ? now + ASKING_UDP_TIME :
		step == ASKING_TCP ? now + ASKING_TCP_TIME : called->until;
	called->resend_at = INT64_MAX;
	called->sends = 0;
	write_message(called);
	if (!open_socket(called, udp, port))
		return false;
	if (udp)
		send_datagram(called);
	return true;
}

/* This step has failed, and there may be another way. */
static void
give_up_step(struct called *called)
{
	if (called->step == ASKING_UDP && !is_doubtful(called) &&
		begin_step(called, ASKING_TCP, false, PORTMAPPER_PORT))
		return;
	end_without(called, CALL_BACK_SILENT);
}

static void
begin(struct called *called)
{
	struct call_backs *backs = called->backs;

	TAILQ_REMOVE(&backs->waiting, called, link);
	backs->waiting_count--;
	TAILQ_INSERT_TAIL(&backs->active, called, link);
	backs->active_count++;
	called->until = backs->worker->loop.now + CALL_TIME;
	called->message = malloc(MARK_SIZE + HEADER_ROOM +
							 called->what.arguments.size);
	called->reply = malloc(REPLY_MAX);
	if (called->message == NULL || called->reply == NULL)
		fatal("out of memory");
	if (!begin_step(called, ASKING_UDP, true, PORTMAPPER_PORT))
		give_up_step(called);
}

/*
 * Replies.
 */

/* "10.0.0.7.3.229": the port is the last two numbers.  0: it is no address. */
static uint16_t
universal_port(const char *text)
{
	const char *low = strrchr(text, '.');
	const char *high = low;
	unsigned	numbers[2];
	char		end;

	while (high != NULL && high > text && high[-1] != '.')
		high--;
	if (low == NULL || high == low || high == text ||
		sscanf(high, "%3u.%3u%c", &numbers[0], &numbers[1], &end) != 2 ||
		numbers[0] > 255 || numbers[1] > 255)
		return 0;
	return (uint16_t) (numbers[0] << 8 | numbers[1]);
}

static uint16_t
take_port(const struct called *called, XDR *xdr)
{
	char		text[INET6_ADDRSTRLEN + 16];
	uint32_t	size;

	if (!xdr_uint32_t(xdr, &size))
		return 0;
	if (called->what.peer.family == AF_INET)
		return size <= UINT16_MAX ? (uint16_t) size : 0;
	if (size >= sizeof(text) || !xdr_opaque(xdr, text, size))
		return 0;
	text[size] = '\0';
	return universal_port(text);
}

static void
take_port_and_call(struct called *called, XDR *xdr)
{
	uint16_t	port = take_port(called, xdr);

	if (port == 0)
		end_without(called, CALL_BACK_REFUSED);
	else if (!begin_step(called, CALLING, called->what.udp, port))
		end_without(called, CALL_BACK_SILENT);
	else if (is_doubtful(called))
		end_without(called, CALL_BACK_ANSWERED);
}

/*
 * A whole message has come.  False: it is no reply to this call, and another
 * one may come.
 */
static bool
take_reply(struct called *called, const char *data, size_t size)
{
	struct bytes results;
	uint32_t	words[6];
	char		verifier[MAX_AUTH_BYTES];
	XDR			xdr;

	xdrmem_create(&xdr, (char *) (uintptr_t) data, (u_int) size, XDR_DECODE);
	for (int i = 0; i < 3; i++)
		if (!xdr_uint32_t(&xdr, &words[i]))
			return false;
	if (words[0] != called->xid || words[1] != REPLY)
		return false;
	if (words[2] != MSG_ACCEPTED || !xdr_uint32_t(&xdr, &words[3]) ||
		!xdr_uint32_t(&xdr, &words[4]) || words[4] > sizeof(verifier) ||
		!xdr_opaque(&xdr, verifier, words[4]) ||
		!xdr_uint32_t(&xdr, &words[5]) || words[5] != SUCCESS)
	{
		end_without(called, CALL_BACK_REFUSED);
		return true;
	}
	if (called->step != CALLING)
	{
		take_port_and_call(called, &xdr);
		return true;
	}
	results.data = data + xdr_getpos(&xdr);
	results.size = (uint32_t) (size - xdr_getpos(&xdr));
	end(called, CALL_BACK_ANSWERED, results);
	return true;
}

static void
read_datagram(struct called *called)
{
	ssize_t		n = recv(called->event.fd, called->reply, REPLY_MAX,
						 MSG_DONTWAIT);

	if (n > 0)
		(void) take_reply(called, called->reply, (size_t) n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		give_up_step(called);
}

/* One fragment: what our calls are answered with is small. */
static void
read_stream(struct called *called)
{
	uint32_t	mark;
	ssize_t		n = recv(called->event.fd, called->reply + called->reply_size,
						 REPLY_MAX - called->reply_size, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
	{
		give_up_step(called);
		return;
	}
	called->reply_size += (size_t) n;
	if (called->reply_size < MARK_SIZE)
		return;
	memcpy(&mark, called->reply, sizeof(mark));
	mark = ntohl(mark);
	if (!(mark & LAST_FRAGMENT) ||
		(mark & ~LAST_FRAGMENT) > REPLY_MAX - MARK_SIZE ||
		(called->reply_size >= MARK_SIZE + (mark & ~LAST_FRAGMENT) &&
		 !take_reply(called, called->reply + MARK_SIZE,
					 mark & ~LAST_FRAGMENT)))
		end_without(called, CALL_BACK_REFUSED);
}

static void
write_stream(struct called *called)
{
	ssize_t		n = send(called->event.fd, called->message + called->sent,
						 called->message_size - called->sent,
						 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
	{
		give_up_step(called);
		return;
	}
	if (n > 0)
	{
		called->sent += (size_t) n;
		called->sends = 1;
	}
	if (called->sent == called->message_size)
		event_set(&called->backs->worker->loop, &called->event, EPOLLIN);
}

static void
handle(struct event *event, uint32_t ready)
{
	struct called *called = container_of(event, struct called, event);
	struct call_backs *backs = called->backs;
	bool		udp = called->step == ASKING_UDP ||
		(called->step == CALLING && called->what.udp);

	if (udp)
		read_datagram(called);
	else if (ready & EPOLLIN)
		read_stream(called);
	else if (ready & (EPOLLERR | EPOLLHUP))
		give_up_step(called);
	else
		write_stream(called);
	start_some(backs);
}

/*
 * Turns.
 */

static int
count_of(const struct called_list *list, const struct peer *peer)
{
	const struct called *called;
	struct peer_host host = peer_host(peer);
	int			count = 0;

	TAILQ_FOREACH(called, list, link)
	{
		struct peer_host other = peer_host(&called->what.peer);

		count += peer_host_is(&host, &other);
	}
	return count;
}

static bool
has_share(const struct called_list *list, int count, int max,
		  const struct peer *peer)
{
	return count < max && count_of(list, peer) < (max - count + 1) / SHARE;
}

/* Those whose turn it is begin, and those that need not try end. */
static void
start_some(struct call_backs *backs)
{
	struct called *called;
	struct called *next;

	for (called = TAILQ_FIRST(&backs->waiting); called != NULL; called = next)
	{
		next = TAILQ_NEXT(called, link);
		if (called->until <= backs->worker->loop.now ||
			was_silent(backs, &called->what.peer))
			end_without(called, CALL_BACK_SILENT);
		else if (has_share(&backs->active, backs->active_count, ACTIVE_MAX,
						   &called->what.peer))
			begin(called);
	}
	set_timer(backs);
}

static void
fire(struct timer *timer)
{
	struct call_backs *backs = container_of(timer, struct call_backs, timer);
	int64_t		now = backs->worker->loop.now;
	struct called *called;
	struct called *next;

	for (called = TAILQ_FIRST(&backs->active); called != NULL; called = next)
	{
		next = TAILQ_NEXT(called, link);
		if (called->until <= now)
			end_without(called, CALL_BACK_SILENT);
		else if (called->step_until <= now)
			give_up_step(called);
		else if (called->resend_at <= now)
			send_datagram(called);
	}
	start_some(backs);
}

bool
call_back(struct worker *worker, const struct call_back *what)
{
	struct call_backs *backs = &worker->call_backs;
	uint32_t	size = what->arguments.size;
	struct called *called;

	assert(size <= CALL_BACK_ARGUMENTS_MAX && size % BYTES_PER_XDR_UNIT == 0);
	if (worker->stopping || !has_share(&backs->waiting, backs->waiting_count,
									   WAITING_MAX, &what->peer))
		return false;
	called = calloc(1, sizeof(*called) + size);
	if (called == NULL)
		fatal("out of memory");
	called->backs = backs;
	called->what = *what;
	/* it lies with the client, who may go before */
	called->what.peer.proxy = NULL;
	called->what.arguments.data = (char *) (called + 1);
	memcpy(called + 1, what->arguments.data, size);
	called->event.fd = -1;
	called->step = WAITING;
	called->until = worker->loop.now + WAITING_TIME;
	TAILQ_INSERT_TAIL(&backs->waiting, called, link);
	backs->waiting_count++;
	timer_set(&worker->loop, &backs->timer, worker->loop.now);
	return true;
}

void
call_backs_init(struct call_backs *backs, struct worker *worker)
{
	backs->worker = worker;
	backs->timer.fire = fire;
	TAILQ_INIT(&backs->waiting);
	TAILQ_INIT(&backs->active);
}

void
call_backs_stop(struct call_backs *backs)
{
	struct called *called;

	while ((called = TAILQ_FIRST(&backs->waiting)) != NULL ||
		   (called = TAILQ_FIRST(&backs->active)) != NULL)
		end_without(called, CALL_BACK_SILENT);
	timer_clear(&backs->worker->loop, &backs->timer);
}
