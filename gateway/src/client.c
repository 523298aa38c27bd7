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
 */
#include "client.h"
#include "log.h"
#include "metrics.h"
#include "serve.h"
#include "worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* Accepted in one round, and read in one round from one client. */
#define ACCEPTS_A_ROUND 32
#define READS_A_ROUND 4

/* Pieces of one writev; the kernel takes 1024. */
#define WRITE_PIECES 256

/* A record this small is not worth waiting for room. */
#define SMALL_RECORD 4096

/*
 * Of a worker's bytes, records that are being received get at most three
 * quarters: a small call must find room beside any number of them.
 */
#define RESERVED_PART(bytes) ((bytes) - (bytes) / 4)

/*
 * While others wait for room, whoever holds some must move this much in this
 * time.
 */
#define PROGRESS_BYTES (32 * 1024)
#define PROGRESS_PERIOD 2000000

static void client_handle(struct event *event, uint32_t ready);
static void client_input(struct client *client, const char *data, size_t size);

const char *
peer_name(const struct peer *peer, char *buffer)
{
	char		address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(peer->family, peer->address, address, sizeof(address));
	snprintf(buffer, PEER_NAME_MAX,
			 peer->family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
			 peer->port);
	return buffer;
}

json_t *
peer_members(const struct peer *peer)
{
	char		address[INET6_ADDRSTRLEN] = "?";

	inet_ntop(peer->family, peer->address, address, sizeof(address));
	return log_members(NULL, "{s:s, s:i}", "client", address,
					   "port", (int) peer->port);
}

/*
 * Accepting.
 */

static void
set_peer(struct peer *peer, const struct sockaddr_storage *address)
{
	memset(peer, 0, sizeof(*peer));
	if (address->ss_family == AF_INET)
	{
		const struct sockaddr_in *in = (const void *) address;

		peer->family = AF_INET;
		memcpy(peer->address, &in->sin_addr, 4);
		peer->port = ntohs(in->sin_port);
	}
	else
	{
		const struct sockaddr_in6 *in6 = (const void *) address;

		peer->family = AF_INET6;
		memcpy(peer->address, &in6->sin6_addr, 16);
		peer->port = ntohs(in6->sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		{
			peer->family = AF_INET;
			memmove(peer->address, peer->address + 12, 4);
			memset(peer->address + 4, 0, 12);
		}
	}
}

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

static void
client_new(struct worker *worker, int fd, const struct sockaddr_storage *address)
{
	struct client *client = calloc(1, sizeof(*client));
	char		name[PEER_NAME_MAX];

	if (client == NULL)
		fatal("out of memory");
	client->worker = worker;
	client->state = CLIENT_OPEN;
	set_peer(&client->peer, address);
	record_reader_init(&client->reader, worker->config->max_record_size);
	TAILQ_INIT(&client->requests);
	TAILQ_INIT(&client->replies);
	client->last_received = client->last_sent = worker->loop.now;
	set_socket_options(fd);
	client->event.fd = fd;
	client->event.handle = client_handle;
	event_set(&worker->loop, &client->event, EPOLLIN);
	TAILQ_INSERT_TAIL(&worker->clients, client, link);
	log_with(LOG_LEVEL_DEBUG, peer_members(&client->peer),
			 "client %s connected", peer_name(&client->peer, name));
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
		int			fd = accept4(event->fd, (struct sockaddr *) &address, &size,
								 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
		{
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
				errno == ENOMEM)
			{
				/* Level triggered, it would keep us busy: housekeeping
				 * turns the listeners on again. */
				log_with(LOG_LEVEL_WARNING,
						 log_members(NULL, "{s:s}", "error", strerror(errno)),
						 "accept: %s", strerror(errno));
				worker->listeners_off = true;
				for (int j = 0; j < worker->listener_count; j++)
					event_set(&worker->loop, &worker->listeners[j].event, 0);
			}
			return;
		}
		if (atomic_fetch_add(&client_count, 1) >= worker->config->max_clients)
		{
			struct peer peer;
			char		name[PEER_NAME_MAX];

			metric_add(METRIC_CLIENTS_REFUSED, 1);
			atomic_fetch_sub(&client_count, 1);
			set_peer(&peer, &address);
			log_with(LOG_LEVEL_WARNING, peer_members(&peer),
					 "client %s turned away: there are %lld already",
					 peer_name(&peer, name),
					 (long long) worker->config->max_clients);
			close(fd);
			continue;
		}
		metric_add(METRIC_CLIENTS_ACCEPTED, 1);
		client_new(worker, fd, &address);
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
}

static void
release_reserved(struct client *client)
{
	client->worker->bytes -= client->reserved;
	client->worker->reserved -= client->reserved;
	if (client->reserved > 0)
		client->worker->released = true;
	client->reserved = 0;
}

void
client_close(struct client *client, int level, const char *reason)
{
	struct worker *worker = client->worker;
	struct request *request;
	struct request *next;
	char		name[PEER_NAME_MAX];
	int			fd = client->event.fd;

	if (client->state == CLIENT_CLOSED)
		return;
	log_with((enum log_level) level,
			 log_members(peer_members(&client->peer), "{s:o}", "reason",
						 log_text(reason)),
			 "client %s disconnected: %s", peer_name(&client->peer, name),
			 reason);

	client->state = CLIENT_CLOSED;
	event_remove(&worker->loop, &client->event);
	close(fd);
	atomic_fetch_sub(&client_count, 1);
	unpause(client);
	if (client->dirty)
	{
		TAILQ_REMOVE(&worker->dirty, client, dirty_link);
		client->dirty = false;
	}
	release_reserved(client);
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
			pool_forget(request);
	}

	TAILQ_REMOVE(&worker->clients, client, link);
	TAILQ_INSERT_TAIL(&worker->closed, client, link);
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
		free(client);
	}
}

/*
 * Reading.
 */

static bool
worker_has_room(const struct worker *worker)
{
	return worker->requests < worker->max_requests &&
		worker->bytes < worker->max_bytes;
}

static bool
client_has_room(const struct client *client)
{
	const struct config *config = client->worker->config;

	return client->request_count < config->max_client_requests &&
		client->bytes < (size_t) config->max_client_bytes;
}

static uint32_t
wanted_events(const struct client *client)
{
	uint32_t	wanted = client->blocked ? EPOLLOUT : 0;

	if (client->paused || client->worker->stopping)
	{
		/* Still hear that it has gone. */
		wanted |= EPOLLRDHUP;
	}
	else
		wanted |= EPOLLIN;
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
	TAILQ_INSERT_TAIL(&client->worker->paused, client, paused_link);
	update_events(client);
}

/*
 * Room for a record that is not in the scratch buffer as a whole.  When
 * nothing is in flight any size is granted, or a record larger than the
 * worker's share of the memory would wait for ever.
 */
static bool
reserve_room(struct client *client)
{
	struct worker *worker = client->worker;
	size_t		wanted = record_room_wanted(&client->reader);

	if (wanted > SMALL_RECORD && worker->bytes > 0 &&
		worker->bytes + wanted > worker->max_bytes)
		return false;
	if (wanted > SMALL_RECORD && worker->reserved > 0 &&
		worker->reserved + wanted > RESERVED_PART(worker->max_bytes))
		return false;
	client->reserved = wanted;
	worker->bytes += wanted;
	worker->reserved += wanted;
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
	for (;;)
	{
		struct record record;

		if (!worker_has_room(client->worker) || !client_has_room(client))
			break;
		switch (record_next(&client->reader, &data, &size, &record))
		{
			case RECORD_MORE:
				return;
			case RECORD_TOO_LARGE:
				client_close(client, LOG_LEVEL_WARNING,
							 "sent a record over the limit (--max-record-size)");
				return;
			case RECORD_NEEDS_ROOM:
				if (reserve_room(client))
					continue;
				pause_client(client);
				keep_leftover(client, data, size);
				return;
			case RECORD_COMPLETE:
				release_reserved(client);
				client->moved += record.size;
				serve_record(client, &record);
				if (client->state == CLIENT_CLOSED)
					return;
				break;
		}
	}
	pause_client(client);
	keep_leftover(client, data, size);
}

static void
client_read(struct client *client)
{
	struct worker *worker = client->worker;

	/* What cannot be looked at now is better kept by the kernel. */
	if (!worker_has_room(worker) || !client_has_room(client))
	{
		pause_client(client);
		return;
	}

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
			scratch = SMALL_RECORD;
		pieces[count].iov_base = worker->scratch;
		pieces[count++].iov_len = scratch;

		n = readv(client->event.fd, pieces, count);
		if (n < 0)
		{
			if (errno != EAGAIN && errno != EINTR)
				client_close(client, LOG_LEVEL_DEBUG, strerror(errno));
			return;
		}
		if (n == 0)
		{
			client_close(client, LOG_LEVEL_DEBUG, "closed by client");
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

void
clients_resume(struct worker *worker)
{
	struct client *client = TAILQ_FIRST(&worker->paused);
	struct client *last = TAILQ_LAST(&worker->paused, client_list);

	if (!worker->released)
		return;
	worker->released = false;

	/* Up to the last of now: one that is paused again goes behind it. */
	while (client != NULL && worker_has_room(worker) && !worker->stopping)
	{
		struct client *next = client != last ?
			TAILQ_NEXT(client, paused_link) : NULL;

		if (client_has_room(client))
			resume_client(client);
		client = next;
	}
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
	if (TAILQ_EMPTY(&client->replies))
		client->last_sent = client->worker->loop.now;
	TAILQ_INSERT_TAIL(&client->replies, request, link);
	if (!client->blocked)
		set_dirty(client);
}

void
client_hang_up(struct client *client)
{
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
						 "a change could not be made in time; the client is to ask again");
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

	/* Data first: a client may send its calls and close at once. */
	if ((ready & EPOLLIN) && (event->wanted & EPOLLIN))
		client_read(client);
	else if (ready & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		client_close(client, LOG_LEVEL_DEBUG, "connection lost");
}

/*
 * Now and then.
 */

/* Of those that are paused, one that is below its own limits. */
static bool
somebody_waits(const struct worker *worker)
{
	const struct client *client;

	TAILQ_FOREACH(client, &worker->paused, paused_link)
		if (client_has_room(client))
			return true;
	return false;
}

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

bool
clients_check(struct worker *worker)
{
	const struct config *config = worker->config;
	struct client *client;
	struct client *next;
	int64_t		now = worker->loop.now;
	bool		waiting = somebody_waits(worker);

	for (client = TAILQ_FIRST(&worker->clients); client != NULL; client = next)
	{
		next = TAILQ_NEXT(client, link);
		if (!TAILQ_EMPTY(&client->replies) &&
			now - client->last_sent > config->stall_timeout * 1000)
			client_close(client, LOG_LEVEL_INFO, "takes no replies");
		else if (record_begun(&client->reader) && !client->paused &&
				 now - client->last_received > config->stall_timeout * 1000)
			client_close(client, LOG_LEVEL_INFO,
						 "stopped in the middle of a record");
		else if (config->idle_timeout > 0 && client->request_count == 0 &&
				 now - client->last_received > config->idle_timeout * 1000)
			client_close(client, LOG_LEVEL_DEBUG, "idle");
		else if (is_slow(client, now) && waiting)
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
