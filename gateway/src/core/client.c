/* SPDX-License-Identifier: PostgreSQL */
/*
 * client.c
 *	  Clients: accepted, read, written to, closed.
 *
 * Reading.  Bytes go to the worker's scratch buffer, and a record that lies
 * whole in it costs one small copy into its request.  A larger one gets a
 * chunk of its own, and the rest of it is received there directly.  So an
 * idle client holds no buffer at all, and a thousand of them cost what
 * struct client costs.
 *
 * Pausing.  A client over a limit is not read; what was received already
 * and not looked at is its leftover.  Paused clients wait in a queue for
 * others' calls to end (the worker's limits) or for their own.
 *
 * Writing.  Replies are written at the end of a round, as many in one system
 * call as there are; data of a READ goes out from the PGresult it came in.
 *
 * Ending.  A FIN says that the peer sends no more.  It may have closed its
 * socket, or half of it, and then it waits for its replies (RFC 9293, 3.6):
 * nothing tells which.  Calls that change nothing go on and are answered.  So
 * are changes that the database has already, and a WRITE that the database
 * answers at once.  Any other change is forgotten: a client that has gone may
 * meanwhile write the same through another gateway, and go on from there.
 */
#include "core/client.h"
#include "core/client_proxy.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "core/room.h"
#include "core/serve.h"
#include "core/udp.h"
#include "core/worker.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Accepted in one round, and read in one round from one client. */
#define ACCEPTS_A_ROUND 32
#define READS_A_ROUND 4

/* Pieces of one writev; the kernel takes 1024. */
#define WRITE_PIECES 256

/* Received at a time while others wait for room. */
#define SMALL_SCRATCH 4096

/*
 * While others wait for room, a client that holds some must move this much in
 * this time.
 */
#define PROGRESS_BYTES (32 * 1024)
#define PROGRESS_PERIOD 2000000

/*
 * A connection without a call is of no use: microseconds until its
 * first has come, if it is not on its way at more than PROGRESS_BYTES in all.
 */
#define FIRST_CALL_TIMEOUT 60000000

/*
 * Microseconds that a client has for its first call while others need places.
 */
#define SILENT_TIME 2000000

/* Clients that go at a time when there are too many. */
#define MAKE_ROOM_MAX 16

/* Microseconds in which other workers may make room for a client of ours. */
#define ROOM_TIME 3000000

/* A call of the portmapper at most, and microseconds until the next one. */
#define QUESTION_MAX 4096
#define QUESTION_TIMEOUT 30000000

/*
 * Microseconds in which a WRITE that runs may end when its client has ended.
 * Shorter than a client takes to connect elsewhere, ask again and go on.
 */
#define LAST_WRITES 50000

static void client_handle(struct event *event, uint32_t ready);
static void client_input(struct client *client, const char *data, size_t size);
static void update_events(struct client *client);

/*
 * Accepting.
 */

static void
set_socket_options(int fd)
{
	static const struct
	{
		int			level;
		int			name;
		int			value;
	}			settings[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 60},
		{IPPROTO_TCP, TCP_KEEPINTVL, 10},
		{IPPROTO_TCP, TCP_KEEPCNT, 6},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		setsockopt(fd, settings[i].level, settings[i].name, &settings[i].value,
				   sizeof(settings[i].value));
}

/*
 * By chance, so that gateways need not know of each other.  0 is no connection.
 */
static uint64_t
new_number(void)
{
	uint64_t	number = 0;

	while (number == 0)
		if (getrandom(&number, sizeof(number), 0) < 0)
			fatal("getrandom: %s", strerror(errno));
	return number;
}

static void
client_new(struct listener *listener, int fd,
		   const struct sockaddr_storage *address)
{
	struct worker *worker = listener->worker;
	struct client *client = calloc(1, sizeof(*client));
	char		name[PEER_NAME_MAX];

	if (client == NULL)
		fatal("out of memory");
	client->worker = worker;
	client->door = listener->door;
	client->state = CLIENT_OPEN;
	peer_of_socket(&client->peer, address);
	client->address = address_join(worker, &client->peer);
	client->number = new_number();
	client->connected = clock_now();
	client->armed_at = worker->loop.now;
	client->empty_at = worker->listening_since < worker->loop.quiet ?
		worker->loop.quiet : 0;
	record_reader_init(&client->reader, door_is_portmapper(client->door) ?
					   QUESTION_MAX : worker->config->max_record_size);
	TAILQ_INIT(&client->requests);
	TAILQ_INIT(&client->replies);
	client->last_received = client->last_sent = worker->loop.now;
	set_socket_options(fd);
	client->event.fd = fd;
	client->event.handle = client_handle;
	event_set(&worker->loop, &client->event, EPOLLIN);
	TAILQ_INSERT_TAIL(&worker->clients, client, link);
	client_proxy_accepted(client);
	log_with(LOG_LEVEL_DEBUG, peer_members(&client->peer),
			 client->proxy_wait != NULL ? "proxy %s connected" :
			 "client %s connected", peer_name(&client->peer, name));
}

/*
 * Level triggered, they would keep us busy: housekeeping turns them on again.
 */
static void
pause_listeners(struct worker *worker)
{
	worker->listeners_off = true;
	for (int i = 0; i < worker->listener_count; i++)
		event_set(&worker->loop, &worker->listeners[i].event, 0);
}

static void
turn_away(struct worker *worker, int fd, const struct sockaddr_storage *address)
{
	struct peer peer;
	char		name[PEER_NAME_MAX];

	metric_add(METRIC_CLIENTS_REFUSED, 1);
	peer_of_socket(&peer, address);
	log_with(LOG_LEVEL_WARNING, peer_members(&peer),
			 "client %s turned away: there are %lld already, and none that does nothing",
			 peer_name(&peer, name), (long long) worker->max_clients);
	close(fd);
}

/*
 * When there are as many clients as there may be.  True: there is room, or the
 * next is to be turned away.  False: it waits, while other workers look for
 * clients that do nothing.
 */
static bool
find_room(struct worker *worker)
{
	int64_t		now = worker->loop.now;

	if (clients_make_room(worker) || worker->config->workers == 1)
		return true;
	if (worker->room_asked == 0 || now - worker->room_asked > 2 * ROOM_TIME)
	{
		worker->room_asked = now;
		atomic_store(&room_wanted, now);
	}
	return now - worker->room_asked > ROOM_TIME;
}

void
client_accept(struct event *event, uint32_t ready)
{
	struct listener *listener = container_of(event, struct listener, event);
	struct worker *worker = listener->worker;

	(void) ready;
	for (int i = 0; i < ACCEPTS_A_ROUND; i++)
	{
		struct sockaddr_storage address;
		socklen_t	size = sizeof(address);
		int			fd;

		if (atomic_load(&client_count) >= worker->max_clients)
		{
			/* Behind the first, another one may not have come. */
			if (i > 0)
				return;
			if (!find_room(worker))
			{
				pause_listeners(worker);
				return;
			}
		}
		fd = accept4(event->fd, (struct sockaddr *) &address, &size,
					 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
		{
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
				errno == ENOMEM)
			{
				log_with(LOG_LEVEL_WARNING,
						 log_members(NULL, "{s:s}", "error", strerror(errno)),
						 "accept: %s", strerror(errno));
				pause_listeners(worker);
			}
			return;
		}
		if (atomic_fetch_add(&client_count, 1) >= worker->max_clients)
		{
			atomic_fetch_sub(&client_count, 1);
			turn_away(worker, fd, &address);
			continue;
		}
		metric_add(METRIC_CLIENTS_ACCEPTED, 1);
		worker->room_asked = 0;
		client_new(listener, fd, &address);
	}
}

/*
 * Closing.
 */

static void
unpause(struct client *client)
{
	if (!client->paused)
		return;
	TAILQ_REMOVE(&client->worker->paused, client, paused_link);
	client->paused = false;
	client->armed_at = client->worker->loop.now;
}

void
client_close(struct client *client, int level, const char *reason)
{
	struct worker *worker = client->worker;
	struct request *request;
	struct request *next;
	char		name[PEER_ROUTE_MAX];
	int			fd = client->event.fd;

	/* By UDP a client is there as long as its calls, and no connection ends. */
	if (client->state == CLIENT_CLOSED || door_is_udp(client->door))
		return;
	log_with((enum log_level) level,
			 log_members(peer_members(&client->peer), "{s:o}", "reason",
						 log_text(reason)),
			 "client %s disconnected: %s", peer_route(&client->peer, name),
			 reason);

	client->state = CLIENT_CLOSED;
	event_remove(&worker->loop, &client->event);
	close(fd);
	atomic_fetch_sub(&client_count, 1);
	client_proxy_forget(client);
	unpause(client);
	if (client->dirty)
	{
		TAILQ_REMOVE(&worker->dirty, client, dirty_link);
		client->dirty = false;
	}
	room_release(client);
	record_reader_reset(&client->reader);
	free(client->leftover);
	client->leftover = NULL;
	client->leftover_size = 0;

	while ((request = TAILQ_FIRST(&client->replies)) != NULL)
	{
		TAILQ_REMOVE(&client->replies, request, link);
		request_free(request);
	}
	for (request = TAILQ_FIRST(&client->requests); request != NULL;
		 request = next)
	{
		next = TAILQ_NEXT(request, client_link);
		if (request_pointless(request))
			serve_forget(request);
	}

	TAILQ_REMOVE(&worker->clients, client, link);
	TAILQ_INSERT_TAIL(&worker->closed, client, link);
}

/* All that it has sent is answered, or never will be. */
static bool
is_done(const struct client *client)
{
	return client->eof && client->request_count == 0;
}

/* Changes that may come too late now; running: those that run, too. */
static void
forget_changes(struct client *client, bool running)
{
	struct request *request;
	struct request *next;

	for (request = TAILQ_FIRST(&client->requests); request != NULL;
		 request = next)
	{
		next = TAILQ_NEXT(request, client_link);
		if (request_pointless(request) &&
			(running || request->call.state != CALL_RUNNING))
			serve_forget(request);
	}
}

/*
 * The peer has sent its last byte; eof: and we have read it.
 */
static void
client_end(struct client *client, bool eof)
{
	struct worker *worker = client->worker;

	if (eof)
	{
		if (!client_proxy_ended(client))
			return;
		client->eof = true;
		room_release(client);
		record_reader_reset(&client->reader);
	}
	if (!client->ended)
	{
		client->ended = true;
		client->ended_at = worker->loop.now;
		forget_changes(client, false);
		if (client->request_count > 0 && !worker->last_writes.armed)
			timer_set(&worker->loop, &worker->last_writes,
					  worker->loop.now + LAST_WRITES);
	}
	if (is_done(client))
		client_close(client, LOG_LEVEL_DEBUG, "closed by client");
	else
		update_events(client);
}

void
clients_forget_writes(struct timer *timer)
{
	struct worker *worker = container_of(timer, struct worker, last_writes);
	struct client *client;
	int64_t		next = INT64_MAX;

	TAILQ_FOREACH(client, &worker->clients, link)
	{
		if (!client->ended || client->request_count == 0)
			continue;
		if (worker->loop.now - client->ended_at >= LAST_WRITES)
			forget_changes(client, true);
		else if (client->ended_at + LAST_WRITES < next)
			next = client->ended_at + LAST_WRITES;
	}
	if (next != INT64_MAX)
		timer_set(&worker->loop, timer, next);
}

/*
 * Room for others.  Many clients may share an address (NAT, containers), so an
 * address has no limit while there is room.  When there is none, some go of the
 * address with most that have nothing in flight: those that have never called,
 * the oldest first, and then those that called least recently.  Where no
 * address has two such, one goes that has not called for SILENT_TIME since it
 * came.  An NFS client that is sent away while it is idle connects again when
 * it has something to ask.  A connection of a proxy that has not named its
 * client yet is of no address: it goes first, after SILENT_TIME.
 */

/* By address, and then those that are to go first. */
static int
compare_clients(const void *a, const void *b)
{
	const struct client *one = *(struct client *const *) a;
	const struct client *other = *(struct client *const *) b;

	/* each has a struct of its own in the worker, and any order will do */
	if (one->address != other->address)
		return (uintptr_t) one->address < (uintptr_t) other->address ? -1 : 1;
	if (one->last_called != other->last_called)
		return one->last_called < other->last_called ? -1 : 1;
	return (one->connected > other->connected) -
		(one->connected < other->connected);
}

/* The longest run of one address. */
static int
longest_run(struct client **idle, int count, int *first)
{
	int			longest = 0;

	for (int i = 0; i < count;)
	{
		int			end = i;

		while (end < count && idle[end]->address == idle[i]->address)
			end++;
		if (end - i > longest)
		{
			longest = end - i;
			*first = i;
		}
		i = end;
	}
	return longest;
}

/* How many of them go, from first on. */
static int
choose_going(struct client **idle, int count, int64_t now, int *first)
{
	int			going = longest_run(idle, count, first) / 2;

	if (going > 0)
		return going < MAKE_ROOM_MAX ? going : MAKE_ROOM_MAX;
	for (int i = 0; i < count; i++)
		if (idle[i]->last_called == 0 && now - idle[i]->connected > SILENT_TIME)
		{
			*first = i;
			return 1;
		}
	return 0;
}

bool
clients_make_room(struct worker *worker)
{
	struct client **idle;
	struct client *client;
	int			count = 0;
	int			first = 0;
	int			going;

	if (client_proxy_refuse_late(worker, SILENT_TIME))
		return true;
	TAILQ_FOREACH(client, &worker->clients, link)
		count++;
	idle = calloc((size_t) count + 1, sizeof(struct client *));
	if (idle == NULL)
		fatal("out of memory");
	count = 0;
	TAILQ_FOREACH(client, &worker->clients, link)
		if (client->request_count == 0 && client->proxy_wait == NULL)
			idle[count++] = client;
	qsort(idle, (size_t) count, sizeof(struct client *), compare_clients);
	going = choose_going(idle, count, worker->loop.now, &first);
	for (int i = first; i < first + going; i++)
	{
		metric_add(METRIC_CLIENTS_EVICTED, 1);
		client_close(idle[i], LOG_LEVEL_INFO, idle[i]->last_called == 0 ?
					 "has never called, and others need its place (--max-clients)" :
					 "is idle, and others need its place (--max-clients)");
	}
	free(idle);
	return going > 0;
}

/* Not in a handler: the round's list of events may still name the client. */
void
clients_free_closed(struct worker *worker)
{
	struct client *client;
	struct client *next;

	for (client = TAILQ_FIRST(&worker->closed); client != NULL; client = next)
	{
		next = TAILQ_NEXT(client, link);
		if (client->request_count > 0)
			continue;
		TAILQ_REMOVE(&worker->closed, client, link);
		address_leave(client->address);
		free(client);
	}
}

struct peer
client_local(const struct client *client)
{
	struct sockaddr_storage address;
	socklen_t	size = sizeof(address);
	struct peer local = {.family = 0};

	if (door_is_udp(client->door))
		return udp_local(client);
	if (client->peer.proxy == NULL && client->state == CLIENT_OPEN &&
		getsockname(client->event.fd, (struct sockaddr *) &address, &size) == 0)
		peer_of_socket(&local, &address);
	return local;
}

/* Far fewer than random xids would have between them. */
#define XIDS_FROM_GREETING 65536

bool
client_may_repeat(const struct client *client, uint32_t xid)
{
	return !client->greeted || xid - client->greeting >= XIDS_FROM_GREETING;
}

/*
 * Reading.
 */

static uint32_t
wanted_events(const struct client *client)
{
	uint32_t	wanted = client->blocked ? EPOLLOUT : 0;

	if (client->eof)
		return wanted;
	if (!client->paused && !client->worker->stopping)
		wanted |= EPOLLIN;
	if (!client->ended)
		wanted |= EPOLLRDHUP;	/* that it has gone is heard, too */
	return wanted;
}

static void
update_events(struct client *client)
{
	if (client->event.wanted != wanted_events(client))
		event_set(&client->worker->loop, &client->event, wanted_events(client));
}

static void
pause_client(struct client *client)
{
	if (client->paused)
		return;
	client->paused = true;
	client->paused_at = client->worker->loop.now;
	TAILQ_INSERT_TAIL(&client->worker->paused, client, paused_link);
	update_events(client);
}

/* Room for a record that is not in the scratch buffer as a whole. */
static bool
make_room(struct client *client)
{
	size_t		wanted = record_room_wanted(&client->reader);

	if (!room_for_record(client, wanted))
		return false;
	room_reserve(client, wanted);
	record_make_room(&client->reader, wanted);
	return true;
}

static void
keep_leftover(struct client *client, const char *data, size_t size)
{
	if (size == 0)
		return;
	client->leftover = malloc(size);
	if (client->leftover == NULL)
		fatal("out of memory");
	memcpy(client->leftover, data, size);
	client->leftover_size = size;
}

/*
 * All that was received; what cannot be looked at now is kept.  The client
 * may be closed afterwards.
 */
static void
client_input(struct client *client, const char *data, size_t size)
{
	if (client->proxy_wait != NULL && !client_proxy_input(client, &data, &size))
		return;
	for (;;)
	{
		struct record record;

		if (!room_for_call(client))
			break;
		switch (record_next(&client->reader, &data, &size, &record))
		{
			case RECORD_MORE:
				return;
			case RECORD_TOO_LARGE:
				if (client->last_called == 0 &&
					proxy_header_begins(client->reader.mark))
					client_proxy_refuse(client, PROXY_UNTRUSTED);
				else
					client_close(client, LOG_LEVEL_WARNING,
								 "sent a record over the limit (--max-record-size)");
				return;
			case RECORD_NEEDS_ROOM:
				if (make_room(client))
					continue;
				pause_client(client);
				keep_leftover(client, data, size);
				return;
			case RECORD_COMPLETE:
				room_release(client);
				client->moved += record.size;
				client->last_called = client->worker->loop.now;
				client->came_record = client->read_none && size == 0 ?
					client->came_alone : client->came;
				client->read_none = false;
				serve_record(client, &record);
				if (client->state == CLIENT_CLOSED)
					return;
				break;
		}
	}
	pause_client(client);
	keep_leftover(client, data, size);
}

/*
 * When did it come, what is read now?  Where processors are busy, or the
 * process was stopped, a call may lie in the socket for long, while its client
 * has given it up and is connected elsewhere; a gateway that took the time when
 * the call is read for that of its arrival would think that the client
 * elsewhere is another one (extension/src/ops/replies.c).
 *
 * It came after the socket was last empty, and after the loop last asked the
 * kernel and was not told of it.  In a gateway without work that may be a
 * second ago.  Then the kernel is asked when the last segment came: that is
 * right for a record that is alone.
 */
#define CAME_RECENTLY 20000
#define CAME_SLACK 10000			/* the kernel counts in ticks */

static void
note_when_it_came(struct client *client)
{
	const struct loop *loop = &client->worker->loop;
	struct tcp_info info;
	socklen_t	size = sizeof(info);
	int64_t		now;

	client->came = client->empty_at;
	if (client->empty && client->armed_at < loop->quiet &&
		client->came < loop->quiet)
		client->came = loop->quiet;
	client->came_alone = client->came;
	client->read_none = true;
	if (loop->now - client->came <= CAME_RECENTLY)
		return;
	now = clock_now();
	if (getsockopt(client->event.fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return;
	now -= (int64_t) info.tcpi_last_data_recv * 1000 + CAME_SLACK;
	if (client->came_alone < now)
		client->came_alone = now;
}

static void
client_read(struct client *client)
{
	struct worker *worker = client->worker;

	/*
	 * What cannot be looked at now is better kept by the kernel; but the header
	 * of a proxy, which holds nothing, can.
	 */
	if (client->proxy_wait == NULL && !room_for_call(client))
	{
		pause_client(client);
		return;
	}

	note_when_it_came(client);
	for (int i = 0; i < READS_A_ROUND; i++)
	{
		struct iovec pieces[2];
		int			count = 0;
		size_t		room = 0;
		size_t		scratch = CLIENT_SCRATCH_SIZE;
		size_t		in_place;
		char	   *target = record_target(&client->reader, &room);
		ssize_t		n;

		if (target != NULL)
		{
			pieces[count].iov_base = target;
			pieces[count++].iov_len = room;
		}

		/*
		 * When others wait for room already, this one may have to, too, and
		 * what it has sent will be its leftover.
		 */
		if (!TAILQ_EMPTY(&worker->paused))
			scratch = SMALL_SCRATCH;
		pieces[count].iov_base = worker->scratch;
		pieces[count++].iov_len = scratch;

		n = readv(client->event.fd, pieces, count);
		client->empty = n < (ssize_t) (room + scratch);
		if (client->empty)
			client->empty_at = worker->loop.now;
		if (n < 0)
		{
			if (errno != EAGAIN && errno != EINTR)
				client_close(client, LOG_LEVEL_DEBUG, strerror(errno));
			return;
		}
		if (n == 0)
		{
			client_end(client, true);
			return;
		}
		metric_add(METRIC_RECEIVED_BYTES, (uint64_t) n);
		client->last_received = worker->loop.now;
		in_place = (size_t) n < room ? (size_t) n : room;
		if (target != NULL)
			record_received(&client->reader, in_place);
		client_input(client, worker->scratch, n - in_place);
		if (client->state == CLIENT_CLOSED || client->paused ||
			(size_t) n < room + scratch)
			return;
	}
}

static void
resume_client(struct client *client)
{
	char	   *leftover = client->leftover;
	size_t		size = client->leftover_size;

	unpause(client);
	client->leftover = NULL;
	client->leftover_size = 0;
	client_input(client, size > 0 ? leftover : client->worker->scratch, size);
	free(leftover);
	if (client->state == CLIENT_OPEN)
		update_events(client);
}

/*
 * Asked of each that is paused, at the end of each round in which one called.
 */
static bool
may_resume(const struct client *client)
{
	return room_for_call(client) &&
		(!record_needs_room(&client->reader) ||
		 room_for_record(client, record_room_wanted(&client->reader)));
}

/* Of those that are paused: all, or those whose address has nothing. */
static void
resume_paused(struct worker *worker, bool all)
{
	struct client *client = TAILQ_FIRST(&worker->paused);
	struct client *last = TAILQ_LAST(&worker->paused, client_list);

	/* Up to the last of now: one that is paused again goes behind it. */
	while (client != NULL)
	{
		struct client *next = client != last ?
			TAILQ_NEXT(client, paused_link) : NULL;

		if ((all || client->address->bytes == 0) && may_resume(client))
			resume_client(client);
		client = next;
	}
}

void
clients_resume(struct worker *worker)
{
	if (!worker->released || worker->stopping)
		return;
	worker->released = false;
	if (TAILQ_EMPTY(&worker->paused))
		return;
	resume_paused(worker, false);
	resume_paused(worker, true);
}

/*
 * Writing.
 */

static void
set_dirty(struct client *client)
{
	if (!client->dirty)
	{
		client->dirty = true;
		TAILQ_INSERT_TAIL(&client->worker->dirty, client, dirty_link);
	}
}

void
client_reply(struct client *client, struct request *request)
{
	if (door_is_udp(client->door))
	{
		udp_reply(client, request);
		return;
	}
	if (TAILQ_EMPTY(&client->replies))
		client->last_sent = client->worker->loop.now;
	TAILQ_INSERT_TAIL(&client->replies, request, link);
	if (!client->blocked)
		set_dirty(client);
}

void
client_hang_up(struct client *client)
{
	if (door_is_udp(client->door))
		return;
	client->hang_up = true;
	set_dirty(client);
}

/* As many pieces of the replies as one system call takes. */
static int
gather(struct client *client, struct iovec *pieces)
{
	size_t		skip = client->written;
	struct request *request;
	int			count = 0;

	TAILQ_FOREACH(request, &client->replies, link)
	{
		for (int i = 0; i < request->reply_pieces; i++)
		{
			size_t		size = request->reply[i].iov_len;

			if (skip >= size)
			{
				skip -= size;
				continue;
			}
			if (count == WRITE_PIECES)
				return count;
			pieces[count].iov_base = (char *) request->reply[i].iov_base + skip;
			pieces[count].iov_len = size - skip;
			skip = 0;
			count++;
		}
	}
	return count;
}

static void
take_written(struct client *client, size_t written)
{
	struct request *request;

	client->written += written;
	while ((request = TAILQ_FIRST(&client->replies)) != NULL &&
		   client->written >= request->reply_size)
	{
		client->written -= request->reply_size;
		TAILQ_REMOVE(&client->replies, request, link);
		request_free(request);
	}
}

static void
client_write(struct client *client)
{
	struct iovec pieces[WRITE_PIECES];

	while (!TAILQ_EMPTY(&client->replies))
	{
		struct msghdr message = {.msg_iov = pieces};
		ssize_t		n;

		message.msg_iovlen = gather(client, pieces);
		n = sendmsg(client->event.fd, &message, MSG_NOSIGNAL);
		if (n < 0)
		{
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN)
			{
				client_close(client, LOG_LEVEL_DEBUG, strerror(errno));
				return;
			}
			client->blocked = true;
			update_events(client);
			return;
		}
		metric_add(METRIC_SENT_BYTES, (uint64_t) n);
		client->last_sent = client->worker->loop.now;
		client->moved += (size_t) n;
		take_written(client, n);
	}
	if (client->blocked)
	{
		client->blocked = false;
		update_events(client);
	}
	if (is_done(client))
		client_close(client, LOG_LEVEL_DEBUG, "closed by client");
}

void
clients_flush(struct worker *worker)
{
	struct client *client;

	while ((client = TAILQ_FIRST(&worker->dirty)) != NULL)
	{
		TAILQ_REMOVE(&worker->dirty, client, dirty_link);
		client->dirty = false;
		if (!client->blocked)
			client_write(client);
		if (client->hang_up && client->state != CLIENT_CLOSED)
			client_close(client, LOG_LEVEL_INFO,
						 "a call could not be answered in time; the client is to ask again");
	}
}

static void
client_handle(struct event *event, uint32_t ready)
{
	struct client *client = container_of(event, struct client, event);

	if (ready & EPOLLOUT)
		client_write(client);
	if (client->state == CLIENT_CLOSED)
		return;

	if (ready & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		client->leaving = true;

	/* Data first: a client may send its calls and close at once. */
	if ((ready & EPOLLIN) && (event->wanted & EPOLLIN))
		client_read(client);
	else if (ready & (EPOLLERR | EPOLLHUP))
		client_close(client, LOG_LEVEL_DEBUG, "connection lost");
	else if (ready & EPOLLRDHUP)
		client_end(client, false);
}

/*
 * Now and then.
 */

/*
 * Does it hold room, for half a record or for replies that it does not take,
 * and has hardly anything moved for a while?  One that is paused cannot
 * complete its record.
 */
static bool
is_slow(struct client *client, int64_t now)
{
	uint64_t	moved = client->moved + client->reader.size;
	bool		holds = client->blocked ||
		(client->reserved > 0 && !client->paused);

	if (!holds || moved >= client->moved_then + PROGRESS_BYTES)
	{
		client->moved_then = moved;
		client->moved_at = now;
	}
	return now - client->moved_at > PROGRESS_PERIOD;
}

/*
 * Sets last_sent, too, when the client has taken bytes that the kernel had
 * left: where its window is small, the kernel takes more from us rarely.
 */
static void
look_what_is_taken(struct client *client)
{
	int			queued;

	if (ioctl(client->event.fd, SIOCOUTQ, &queued) < 0)
		return;
	if (queued < client->queued)
		client->last_sent = client->worker->loop.now;
	client->queued = queued;
}

bool
clients_check(struct worker *worker)
{
	const struct config *config = worker->config;
	struct client *client;
	struct client *next;
	int64_t		now = worker->loop.now;
	size_t		least;
	bool		waiting = room_is_wanted(worker, &least);

	client_proxy_refuse_late(worker, 0);
	for (client = TAILQ_FIRST(&worker->clients); client != NULL; client = next)
	{
		next = TAILQ_NEXT(client, link);
		if (client->blocked)
			look_what_is_taken(client);
		if (is_done(client))
			client_close(client, LOG_LEVEL_DEBUG, "closed by client");
		else if (!TAILQ_EMPTY(&client->replies) &&
			now - client->last_sent > config->stall_timeout * 1000)
			client_close(client, LOG_LEVEL_INFO, "takes no replies");
		else if (record_begun(&client->reader) && !client->paused &&
				 now - client->last_received > config->stall_timeout * 1000)
			client_close(client, LOG_LEVEL_INFO,
						 "stopped in the middle of a record");
		else if (client->last_called == 0 &&
				 client->reader.size < PROGRESS_BYTES && !client->paused &&
				 now - client->connected > FIRST_CALL_TIMEOUT)
			client_close(client, LOG_LEVEL_INFO, "has never called");
		else if (config->idle_timeout > 0 && client->request_count == 0 &&
				 now - client->last_received > config->idle_timeout * 1000)
			client_close(client, LOG_LEVEL_DEBUG, "idle");
		else if (door_is_portmapper(client->door) &&
				 now - client->last_received > QUESTION_TIMEOUT)
			client_close(client, LOG_LEVEL_DEBUG, "asks nothing more");
		else if (is_slow(client, now) && waiting &&
				 client->address->bytes >= least)
			client_close(client, LOG_LEVEL_INFO,
						 "is too slow while others wait for room (--max-bytes)");
	}
	return waiting;
}

void
clients_stop_reading(struct worker *worker)
{
	struct client *client;

	TAILQ_FOREACH(client, &worker->clients, link)
		update_events(client);
}
