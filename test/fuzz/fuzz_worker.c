/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz_worker.c
 *	  A whole worker but for its sockets and its database: clients that come,
 *	  themselves or by a trusted proxy, send any bytes in any pieces, do not
 *	  read, go; calls that succeed, fail, are slow.
 *
 * client.c, record.c, serve.c, request.c, duplicates.c, batch.c and the
 * procedures are the gateway's.  The system calls of client.c lead here (the
 * linker's --wrap), so thousands of rounds a second are possible; pool.c is
 * replaced by a queue and one batch.
 *
 * Input: a script of steps, each a byte and what it needs.  After each step
 * the accounts are checked; after the last everything is let go, and nothing
 * may be left: no request, no byte charged, no client that waits for ever.
 */
#include "fuzz.h"

#include "db/batch.h"
#include "core/client.h"
#include "db/database.h"
#include "core/client_proxy.h"
#include "base/log.h"
#include "core/serve.h"
#include "core/worker.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SOCKETS 16
#define FIRST_OF_PROXY 5		/* it and those behind it come from a proxy */
#define PROXY_ADDRESS 10, 0, 0, 9

/* client_proxy.c's, where places are few */
#define UNREAD 8

#define FIRST_FD 100000
#define BATCH_CALLS 4
#define BATCH_BYTES 8192

/* worker.c's, which is not linked */
atomic_int	client_count;
_Atomic int64_t room_wanted;

/* The other end of a client's connection. */
struct far_end
{
	bool		open;			/* the gateway has not closed it */
	bool		gone;			/* we have */
	bool		reset;
	struct client *client;
	const uint8_t *data;		/* sent, not received yet */
	size_t		size;
	size_t		window;			/* bytes that we take */
	uint8_t	   *replies;
	size_t		reply_size;
	size_t		reply_room;
};

static struct far_end ends[SOCKETS];
static int	accepting = -1;
static struct worker *worker;
static struct database database;	/* which knows of no share */
static struct call_list queue;
static struct batch batch;

static const struct metadata_store_config store;
static struct network proxy = {AF_INET, {PROXY_ADDRESS}, 32};

static const struct config config = {
	.workers = 1, .max_clients = 10, .max_record_size = 6144,
	.max_requests = 12, .max_client_requests = 6, .max_bytes = 16384,
	.max_client_bytes = 8192, .stall_timeout = 30000,
	.idle_timeout = 3600 * 1000,
	.proxy_protocol = true, .proxies = {&proxy, 1}
};

/*
 * The system.
 */

static struct far_end *
end_of(int fd)
{
	return fd >= FIRST_FD && fd < FIRST_FD + SOCKETS ? &ends[fd - FIRST_FD] :
		NULL;
}

extern int	__wrap_accept4(int fd, struct sockaddr *address, socklen_t *size,
						   int flags);
extern ssize_t __wrap_readv(int fd, const struct iovec *pieces, int count);
extern ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);
extern int	__wrap_close(int fd);
extern int	__real_close(int fd);
extern int	__wrap_setsockopt(int fd, int level, int name, const void *value,
							  socklen_t size);
extern int64_t __wrap_clock_now(void);
extern int	__wrap_epoll_ctl(int epoll, int what, int fd,
							 struct epoll_event *event);

int
__wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	static const uint8_t from_proxy[] = {PROXY_ADDRESS};
	struct sockaddr_in *in = (struct sockaddr_in *) (void *) address;

	(void) fd;
	(void) flags;
	if (accepting < 0)
	{
		errno = EAGAIN;
		return -1;
	}
	memset(address, 0, *size);
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(0x0a000007 + (accepting & 1));
	if (accepting >= FIRST_OF_PROXY)
		memcpy(&in->sin_addr, from_proxy, sizeof(from_proxy));
	in->sin_port = htons((uint16_t) (700 + accepting));
	ends[accepting].open = true;
	fd = FIRST_FD + accepting;
	accepting = -1;
	return fd;
}

ssize_t
__wrap_readv(int fd, const struct iovec *pieces, int count)
{
	struct far_end *end = end_of(fd);
	ssize_t		total = 0;

	CHECK(end != NULL && end->open);
	if (end->reset)
	{
		errno = ECONNRESET;
		return -1;
	}
	for (int i = 0; i < count && end->size > 0; i++)
	{
		size_t		n = pieces[i].iov_len;

		if (n > end->size)
			n = end->size;
		memcpy(pieces[i].iov_base, end->data, n);
		end->data += n;
		end->size -= n;
		total += (ssize_t) n;
	}
	if (total == 0 && !end->gone)
	{
		errno = EAGAIN;
		return -1;
	}
	return total;
}

ssize_t
__wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct far_end *end = end_of(fd);
	size_t		total = 0;

	(void) flags;
	CHECK(end != NULL && end->open);
	if (end->reset)
	{
		errno = EPIPE;
		return -1;
	}
	for (size_t i = 0; i < message->msg_iovlen; i++)
	{
		size_t		n = message->msg_iov[i].iov_len;

		if (n > end->window)
			n = end->window;
		if (n == 0)
			break;
		if (end->reply_size + n > end->reply_room)
		{
			end->reply_room = 2 * (end->reply_size + n);
			end->replies = realloc(end->replies, end->reply_room);
			CHECK(end->replies != NULL);
		}
		memcpy(end->replies + end->reply_size, message->msg_iov[i].iov_base, n);
		end->reply_size += n;
		end->window -= n;
		total += n;
	}
	if (total == 0)
	{
		errno = EAGAIN;
		return -1;
	}
	return (ssize_t) total;
}

int
__wrap_close(int fd)
{
	struct far_end *end = end_of(fd);

	if (end == NULL)
		return __real_close(fd);
	CHECK(end->open);
	end->open = false;
	end->client = NULL;
	return 0;
}

int
__wrap_setsockopt(int fd, int level, int name, const void *value,
				  socklen_t size)
{
	(void) fd;
	(void) level;
	(void) name;
	(void) value;
	(void) size;
	return 0;
}

/* Time passes by steps. */
int64_t
__wrap_clock_now(void)
{
	return worker->loop.now;
}

/* Whom events are for is in struct event; nobody waits. */
int
__wrap_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	(void) epoll;
	(void) what;
	(void) fd;
	(void) event;
	return 0;
}

/*
 * The pool.
 */

static void
enqueue(struct call *call)
{
	call_set_state(call, CALL_QUEUED);
	TAILQ_INSERT_TAIL(&queue, call, link);
}

void
pool_submit(struct call *call)
{
	check_call(call);
	CHECK(call->owner->route(call) == &database.pool);
	enqueue(call);
}

void
pool_forget(struct call *call)
{
	CHECK(!call_is_wanted(call));
	if (call->state != CALL_QUEUED)
		return;
	TAILQ_REMOVE(&queue, call, link);
	call_set_state(call, CALL_IDLE);
	call->owner->dropped(call);
}

/* Later is as good as now. */
void
pool_retry(struct call *call)
{
	pool_submit(call);
}

void
pool_log_given_up(const struct call *call, const char *waits_for)
{
	char		name[CALL_NAME_MAX];

	(void) waits_for;
	CHECK(strlen(call->owner->name(call, name)) < sizeof(name));
}

int64_t
pool_deadline(const struct call *call)
{
	return call->arrived;
}

bool
pool_lane_is_up(const struct pool *pool, enum lane lane)
{
	(void) pool;
	(void) lane;
	return false;
}

static void
dispatch(void)
{
	struct call *call;

	if (batch.count > 0 || TAILQ_EMPTY(&queue))
		return;
	CHECK(batch_fill(&batch, &queue, BATCH_CALLS, BATCH_BYTES) == batch.count);
	CHECK(batch.count > 0 && batch.count <= BATCH_CALLS);
	TAILQ_FOREACH(call, &batch.calls, link)
		call_set_state(call, CALL_RUNNING);
}

/*
 * What may happen.
 */

static void
end_of_round(void)
{
	clients_resume(worker);
	dispatch();
	clients_flush(worker);
	clients_free_closed(worker);
}

static void
connect_client(struct far_end *end)
{
	struct listener listener = {.worker = worker};
	struct client *client;
	bool		room;

	if (end->open)
		return;
	end->gone = end->reset = false;
	end->size = 0;
	end->window = SIZE_MAX;
	end->reply_size = 0;
	accepting = (int) (end - ends);
	room = atomic_load(&client_count) < config.max_clients;
	client_accept(&listener.event, EPOLLIN);
	CHECK(end->open || !room);
	client = TAILQ_LAST(&worker->clients, client_list);
	if (end->open)
		end->client = client;
}

/*
 * Tells the gateway what epoll would.  Level triggered: as long as something
 * is there and it wants to know, it is told again.
 */
static void
deliver(struct far_end *end)
{
	while (end->open)
	{
		struct event *event = &end->client->event;
		size_t		before = end->size;
		uint32_t	ready = 0;

		if (end->size > 0 || end->gone)
			ready |= EPOLLIN;
		if (end->gone)
			ready |= EPOLLRDHUP;
		if (end->reset)
			ready |= EPOLLIN | EPOLLERR | EPOLLHUP;
		if (end->window > 0)
			ready |= EPOLLOUT;
		ready &= event->wanted | EPOLLERR | EPOLLHUP;
		if (ready == 0)
			return;
		event->handle(event, ready);
		if (end->size == before && !end->gone && !end->reset)
			return;
	}
}

static void
send_data(struct far_end *end, const void *data, size_t size)
{
	if (!end->open || size == 0)
		return;

	/* What the gateway has not taken is lost when more comes. */
	end->data = data;
	end->size = size;
	deliver(end);
}

/*
 * What a proxy says of its client: an address of a few, of either family, in
 * either version; or that it has none, or nothing.  With a bit changed, or not,
 * and all at once or cut in two.
 */
static void
send_header(struct far_end *end, struct input *in)
{
	static struct buffer header;
	static const uint8_t v2[] = "\r\n\r\n\0\r\nQUIT\n";
	static const uint8_t addresses[] = "\0\x0c\x0a\1\2\3\x0a\0\0\1\3\x67\x08\1";
	uint8_t		how = input_8(in);
	bool		ipv6 = how & 4;
	size_t		cut;

	header.size = 0;
	if (how & 1)
		header.size = (size_t) snprintf(
			(char *) header.data, BUFFER_SIZE,
			"PROXY TCP%d %s%d %s 871 2049\r\n", ipv6 ? 6 : 4,
			ipv6 ? "fd00::" : "10.1.2.", how >> 6, ipv6 ? "::1" : "10.0.0.1");
	else if (how & 2)
	{
		put_bytes(&header, v2, sizeof(v2) - 1);
		put_8(&header, ipv6 ? 0x20 : 0x21);	/* LOCAL, or not */
		put_8(&header, 0x11);
		put_bytes(&header, addresses, sizeof(addresses) - 1);
		header.data[19] = how >> 6;
	}
	if (header.size > 0 && (how & 8))
		header.data[input_8(in) % header.size] ^= (uint8_t) (1 << (how >> 5));
	cut = how & 16 ? input_8(in) : 0;
	if (cut > 0 && cut < header.size)
		send_data(end, header.data, cut);
	else
		cut = 0;
	send_data(end, header.data + cut, header.size - cut);
	end->size = 0;
}

/* A record of one fragment or two, with some of its bytes changed. */
static void
send_record(struct far_end *end, struct input *in, struct buffer *record,
			unsigned changes)
{
	static struct buffer wire;
	uint32_t	split = changes & 8 ? input_16(in) : 0;

	for (unsigned i = 0; i < (changes & 3) && record->size > 0; i++)
	{
		uint16_t	at = input_16(in);

		record->data[at % record->size] = input_8(in);
	}
	wire.size = 0;
	if (split > 0 && split < record->size)
	{
		put_32(&wire, split);
		put_bytes(&wire, record->data, split);
	}
	else
		split = 0;
	put_32(&wire, RECORD_LAST | (uint32_t) (record->size - split));
	put_bytes(&wire, record->data + split, record->size - split);
	if (changes & 16)
		wire.size -= input_8(in) % wire.size;
	for (size_t at = 0; at < wire.size;)
	{
		size_t		piece = changes & 4 ? input_8(in) + 1 : wire.size;

		if (piece > wire.size - at)
			piece = wire.size - at;
		send_data(end, wire.data + at, piece);
		at += piece;
	}
	end->size = 0;
}

static void
send_call(struct far_end *end, struct input *in)
{
	static struct buffer record;
	uint8_t		which = input_8(in);
	uint8_t		changes = input_8(in);
	uint8_t		variant = input_8(in);
	uint32_t	procedure;
	const struct program *program = seed_program(which, &procedure);

	record.size = 0;
	seed_header(&record, input_8(in) & 7, program, procedure, variant % 17);
	seed_arguments(&record, program, procedure, variant);
	send_record(end, in, &record, changes);
}

/* A large record, which is received in place: a WRITE of up to 4 KiB. */
static void
send_large(struct far_end *end, struct input *in)
{
	static struct buffer record;
	uint8_t		changes = input_8(in);
	uint32_t	size = input_16(in) % 4096;

	record.size = 0;
	seed_header(&record, input_8(in), &nfs3_program, 7, 0);
	put_opaque(&record, "some handle", 11);
	put_64(&record, 0);
	put_32(&record, size);
	put_32(&record, changes % 3);
	put_32(&record, size);
	while (size-- > 0)
		put_8(&record, (uint8_t) size);
	send_record(end, in, &record, changes);
}

static PGresult *
make_result(const struct call *call, uint8_t how, struct input *in)
{
	const struct request *request = container_of(call, struct request, call);
	PGresult   *result = fake_result_new();
	struct buffer row = {.size = 0};

	if (how & 4)
	{
		struct bytes bytes = input_bytes(in, input_8(in));

		fake_result_add(result, bytes.data, bytes.size);
		return result;
	}
	for (int i = 0; seed_row(&row, request->program, procedure_number(request),
							 !(how & 1), i); i++)
	{
		fake_result_add(result, row.data, row.size);
		row.size = 0;
	}
	return result;
}

static void
commit(struct call *call, PGresult *result)
{
	call_clear(call);
	call->result = result;
	call->owner->committed(call, result, 0);
}

/* The batch is answered: all of it succeeds, or fails, or waits again. */
static void
complete(struct input *in)
{
	uint8_t		how = input_8(in);
	struct call *call;

	while (batch.count > 0 && (call = TAILQ_FIRST(&batch.calls)) != NULL)
	{
		TAILQ_REMOVE(&batch.calls, call, link);
		call_set_state(call, CALL_IDLE);
		if (!call_is_wanted(call))
			call->owner->dropped(call);
		else if (how & 64)
			call->owner->too_late(call);
		else if (how & 8)
			call->owner->failed(call, how & 16 ? FS_NOSPC : FS_IO);
		else if (how & 32)
		{
			call->alone = true;
			call_set_state(call, CALL_QUEUED);
			TAILQ_INSERT_HEAD(&queue, call, link);
		}
		else
			commit(call, make_result(call, how, in));
	}
	batch.count = 0;
}

static void
step(struct input *in)
{
	uint8_t		what = input_8(in);
	struct far_end *end = &ends[what >> 4];

	switch (what & 15)
	{
		case 0:
			connect_client(end);
			if (end - ends >= FIRST_OF_PROXY)
				send_header(end, in);
			break;
		case 1:
			{
				struct bytes bytes = input_bytes(in, input_8(in));

				send_data(end, bytes.data, bytes.size);
				end->size = 0;
				break;
			}
		case 2:
		case 3:
		case 4:
		case 5:
			send_call(end, in);
			break;
		case 6:
			send_large(end, in);
			break;
		case 7:
		case 8:
			end_of_round();
			break;
		case 9:
		case 10:
			complete(in);
			break;
		case 11:
			end->gone = true;
			deliver(end);
			break;
		case 12:
			end->gone = end->reset = true;
			deliver(end);
			break;
		case 13:
			end->window = input_8(in) * 8;
			deliver(end);
			break;
		case 14:
			end->window = SIZE_MAX;
			deliver(end);
			break;
		case 15:
			worker->loop.now += (int64_t) input_16(in) * 100000;
			clients_check(worker);
			break;
	}
}

/*
 * What must hold.
 */

/* What each address is counted is what its clients have. */
static void
check_addresses(void)
{
	const struct address *address;
	struct client *client;
	int			left = 0;

	for (int i = 0; i < ADDRESS_BUCKETS; i++)
		LIST_FOREACH(address, &worker->addresses[i], link)
		{
			struct address sum = {.clients = 0};
			struct peer_host host;

			for (int closed = 0; closed < 2; closed++)
				TAILQ_FOREACH(client, closed ? &worker->closed :
							  &worker->clients, link)
				{
					if (client->address != address)
						continue;
					host = peer_host(&client->peer);
					CHECK(peer_host_is(&host, &address->host));
					sum.clients++;
					sum.requests += client->request_count;
					sum.bytes += client->bytes + client->reserved;
					sum.reserved += client->reserved;
				}
			CHECK(sum.clients == address->clients && sum.clients > 0);
			CHECK(sum.requests == address->requests);
			CHECK(sum.bytes == address->bytes);
			CHECK(sum.reserved == address->reserved);
			left += sum.clients;
		}
	for (int closed = 0; closed < 2; closed++)
		TAILQ_FOREACH(client, closed ? &worker->closed : &worker->clients, link)
			left--;
	CHECK(left == 0);
}

/*
 * A connection of a proxy has a client or waits for its header, and then it has
 * no call.
 */
static void
check_proxied(void)
{
	const struct client *client;
	const struct proxy_wait *wait;
	int			waiting = 0;

	TAILQ_FOREACH(client, &worker->clients, link)
	{
		bool		by_proxy = client->event.fd >= FIRST_FD + FIRST_OF_PROXY;

		CHECK(by_proxy == (client->proxy_wait != NULL ||
						   client->peer.proxy != NULL));
		if (client->proxy_wait == NULL)
			continue;
		CHECK(client->request_count == 0 && client->bytes == 0);
		CHECK(client->reserved == 0 && client->last_called == 0);
		waiting++;
	}
	CHECK(waiting == worker->unread_count && waiting <= UNREAD);
	TAILQ_FOREACH(wait, &worker->unread, link)
	{
		CHECK(wait->client->proxy_wait == wait);
		waiting--;
	}
	CHECK(waiting == 0);
}

static void
check_accounts(void)
{
	struct client *client;
	struct request *request;
	int			requests = 0;
	int			clients = 0;
	size_t		reserved = 0;
	size_t		bytes = 0;
	size_t		largest = 0;

	for (int closed = 0; closed < 2; closed++)
	{
		TAILQ_FOREACH(client, closed ? &worker->closed : &worker->clients, link)
		{
			size_t		charged = 0;
			int			count = 0;

			CHECK((client->state == CLIENT_CLOSED) == (closed == 1));
			TAILQ_FOREACH(request, &client->requests, client_link)
			{
				CHECK(request->client == client);
				CHECK(request->charge.carrier == CHARGE_FLIGHT);
				charged += request->charge.bytes;
				if (request->charge.bytes > largest)
					largest = request->charge.bytes;
				count++;
			}
			CHECK(client->request_count == count && client->bytes == charged);
			CHECK(client->request_count <= config.max_client_requests);
			CHECK(!closed || client->reserved == 0);
			CHECK(client->reader.chunk == NULL || client->reserved > 0);
			requests += count;
			bytes += charged + client->reserved;
			reserved += client->reserved;
			clients += !closed;
		}
	}
	CHECK(worker->requests == requests && worker->bytes == bytes);
	CHECK(worker->reserved == reserved);
	check_addresses();
	check_proxied();
	CHECK(worker->requests <= worker->max_requests);
	CHECK(atomic_load(&client_count) == clients);

	/*
	 * A call and what it asks for may come on top of the limit, and a record.
	 */
	CHECK(worker->bytes - largest <=
		  worker->max_bytes + (size_t) config.max_record_size);
}

/* What has been written are replies, one behind the other. */
static void
check_replies(const struct far_end *end)
{
	size_t		at = 0;

	while (end->reply_size - at >= 4)
	{
		const uint8_t *mark = end->replies + at;
		size_t		size = (size_t) (mark[0] & 0x7f) << 24 | mark[1] << 16 |
			mark[2] << 8 | mark[3];

		CHECK(mark[0] & 0x80);
		if (end->reply_size - at - 4 < size)
			break;
		check_reply_bytes(mark, size + 4, NULL, 0);
		at += size + 4;
	}
	CHECK(end->reply_size == at || end->gone || !end->open);
}

static void
answer_all(void)
{
	struct input nothing = {NULL, 0};

	for (int i = 0; i < 100; i++)
	{
		end_of_round();
		complete(&nothing);
		check_accounts();
		if (worker->requests == 0 && !worker->released)
			break;
	}
	end_of_round();
}

/* Everybody reads, everything is answered: then nothing is left. */
static void
let_go(void)
{
	for (int i = 0; i < SOCKETS; i++)
	{
		ends[i].window = SIZE_MAX;
		deliver(&ends[i]);
	}
	answer_all();
	CHECK(TAILQ_EMPTY(&queue) && batch.count == 0);
	CHECK(TAILQ_EMPTY(&worker->dirty));
	CHECK(worker->requests == 0);
	CHECK(TAILQ_EMPTY(&worker->closed));
	for (int i = 0; i < SOCKETS; i++)
		check_replies(&ends[i]);

	/* Who waits for room waits for somebody's half a record. */
	if (worker->bytes == 0)
		CHECK(TAILQ_EMPTY(&worker->paused));
	worker->loop.now += config.stall_timeout * 1000 + 1;
	clients_check(worker);
	answer_all();
	worker->loop.now += config.stall_timeout * 1000 + 1;
	clients_check(worker);
	end_of_round();
	CHECK(worker->bytes == 0);
	CHECK(TAILQ_EMPTY(&worker->paused));
	CHECK(TAILQ_EMPTY(&worker->unread));
	while (!TAILQ_EMPTY(&worker->clients))
		client_close(TAILQ_FIRST(&worker->clients), LOG_LEVEL_DEBUG,
					 "the end");
	clients_free_closed(worker);
	check_accounts();
	CHECK(TAILQ_EMPTY(&worker->closed));
	CHECK(worker->bytes == 0 && worker->requests == 0);
	CHECK(fake_results == 0);
	for (int i = 0; i < DUPLICATE_BUCKETS; i++)
		CHECK(LIST_EMPTY(&worker->duplicates.buckets[i]));
}

static void
set_up(void)
{
	static char scratch[CLIENT_SCRATCH_SIZE];
	static struct worker the_worker;

	worker = &the_worker;
	memset(worker, 0, sizeof(*worker));
	worker->config = &config;
	worker->scratch = scratch;
	worker->databases = &database;
	worker->database_count = 1;
	database.worker = worker;
	database.pool.config = &store;
	worker->max_requests = (int) config.max_requests;
	worker->max_bytes = (size_t) config.max_bytes;
	worker->max_clients = config.max_clients;
	worker->loop.now = 1;
	TAILQ_INIT(&worker->loop.timers);
	TAILQ_INIT(&worker->clients);
	TAILQ_INIT(&worker->paused);
	TAILQ_INIT(&worker->dirty);
	TAILQ_INIT(&worker->closed);
	TAILQ_INIT(&worker->unread);
	TAILQ_INIT(&worker->free_requests);
	TAILQ_INIT(&queue);
	duplicates_init(&worker->duplicates);

	/* Requests are not kept for reuse: a stale pointer shall be seen. */
	worker->free_count = 1 << 20;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	set_up();
	memset(ends, 0, sizeof(ends));
	while (in.left > 0)
	{
		step(&in);
		check_accounts();
	}
	let_go();
	for (int i = 0; i < SOCKETS; i++)
		free(ends[i].replies);
	return 0;
}
