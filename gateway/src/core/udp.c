/* SPDX-License-Identifier: PostgreSQL */
/*
 * udp.c
 *	  Calls that come by UDP: see udp.h.
 *
 * A reply leaves from the address and the port that the call came to, since a
 * client takes it from no other.  The kernel tells the address with each
 * datagram, and is told it again (IP_PKTINFO, IPV6_PKTINFO).  Each worker has
 * a socket of its own (SO_REUSEPORT); the kernel chooses one by addresses and
 * ports, so that what a client sends again comes to the same worker.
 */
#include "core/udp.h"
#include "base/log.h"
#include "core/room.h"
#include "core/serve.h"
#include "core/worker.h"
#include "monitor/metrics.h"
#include "wire/rpc.h"

#include <assert.h>
#include <errno.h>
#include <rpc/rpc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A call has a handle, names and a cookie: at most a kilobyte each. */
#define DATAGRAM_MAX 8192
#define READS_A_ROUND 32

/* Of a worker's calls and bytes. */
#define UDP_PART 4

/* Another than the random ones that connections by TCP have. */
#define NUMBER_SEED 0x7564700000000000

_Static_assert(DATAGRAM_MAX <= CLIENT_SCRATCH_SIZE, "room for a datagram");

struct datagram
{
	const char *data;
	size_t		size;
	struct sockaddr_storage from;
	union udp_address to;		/* the address that was called, */
	unsigned	interface;		/* by this interface */
	bool		good;			/* whole, and to one address of ours */
};

union control
{
	struct cmsghdr header;
	char		in[CMSG_SPACE(sizeof(struct in_pktinfo))];
	char		in6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/*
 * Clients.
 */

static bool
is_same(const struct peer *one, const struct peer *other)
{
	return one->family == other->family && one->port == other->port &&
		memcmp(one->address, other->address, sizeof(one->address)) == 0;
}

static uint64_t
number_of(const struct peer *peer)
{
	char		bytes[sizeof(peer->address) + sizeof(peer->port)];
	uint64_t	number;

	memcpy(bytes, peer->address, sizeof(peer->address));
	memcpy(bytes + sizeof(peer->address), &peer->port, sizeof(peer->port));
	number = XXH3_64bits_withSeed(bytes, sizeof(bytes), NUMBER_SEED);
	return number != 0 ? number : 1;
}

static struct udp_client *
client_of(struct udp_socket *socket, const struct datagram *datagram)
{
	struct worker *worker = socket->worker;
	struct udp_client *client;
	struct udp_bucket *bucket;
	struct peer peer;
	uint64_t	number;

	peer_of_socket(&peer, &datagram->from);
	number = number_of(&peer);
	bucket = &worker->udp_buckets[number % UDP_BUCKETS];
	LIST_FOREACH(client, bucket, bucket_link)
		if (client->socket == socket && is_same(&client->client.peer, &peer))
			return client;

	client = calloc(1, sizeof(*client));
	if (client == NULL)
		fatal("out of memory");
	client->socket = socket;
	client->from = datagram->from;
	client->client.worker = worker;
	client->client.door = socket->door;
	client->client.state = CLIENT_OPEN;
	client->client.event.fd = -1;
	client->client.peer = peer;
	client->client.address = address_join(worker, &peer);
	client->client.number = number;
	client->client.connected = clock_now();
	TAILQ_INIT(&client->client.requests);
	TAILQ_INIT(&client->client.replies);
	LIST_INSERT_HEAD(bucket, client, bucket_link);
	TAILQ_INSERT_TAIL(&worker->udp_clients, client, link);
	return client;
}

void
udp_free_idle(struct worker *worker)
{
	struct udp_client *client;
	struct udp_client *next;

	for (client = TAILQ_FIRST(&worker->udp_clients); client != NULL;
		 client = next)
	{
		next = TAILQ_NEXT(client, link);
		if (client->client.request_count > 0)
			continue;
		TAILQ_REMOVE(&worker->udp_clients, client, link);
		LIST_REMOVE(client, bucket_link);
		address_leave(client->client.address);
		free(client);
	}
}

struct peer
udp_local(const struct client *client)
{
	const struct udp_client *udp = container_of(client, struct udp_client,
												client);
	struct peer local;

	peer_set(&local, client->peer.family, &udp->to, 0);
	return local;
}

/*
 * Receiving.
 */

static bool
room_for_udp(const struct worker *worker)
{
	return worker->udp_requests * UDP_PART < worker->max_requests &&
		worker->bytes < worker->max_bytes / 2;
}

/*
 * What was sent to all hosts of a network is not answered: all of them would
 * answer the one that it says it is from.
 */
static void
take_address(struct datagram *datagram, struct msghdr *message)
{
	struct cmsghdr *part;

	for (part = CMSG_FIRSTHDR(message); part != NULL;
		 part = CMSG_NXTHDR(message, part))
	{
		struct in_pktinfo in;
		struct in6_pktinfo in6;

		if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO)
		{
			memcpy(&in, CMSG_DATA(part), sizeof(in));
			datagram->to.in = in.ipi_spec_dst;
			datagram->good = in.ipi_addr.s_addr == in.ipi_spec_dst.s_addr;
		}
		else if (part->cmsg_level == IPPROTO_IPV6 &&
				 part->cmsg_type == IPV6_PKTINFO)
		{
			memcpy(&in6, CMSG_DATA(part), sizeof(in6));
			datagram->to.in6 = in6.ipi6_addr;
			datagram->interface = in6.ipi6_ifindex;
			datagram->good = !IN6_IS_ADDR_MULTICAST(&in6.ipi6_addr);
		}
	}
	if (message->msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		datagram->good = false;
}

/* False: there is none, for now. */
static bool
receive(struct udp_socket *socket, struct datagram *datagram)
{
	struct iovec piece = {socket->worker->scratch, DATAGRAM_MAX};
	union control control;
	struct msghdr message = {
		.msg_name = &datagram->from,
		.msg_namelen = sizeof(datagram->from),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t		n = recvmsg(socket->fd, &message, MSG_DONTWAIT);

	if (n < 0)
		return false;
	datagram->data = piece.iov_base;
	datagram->size = (size_t) n;
	datagram->good = false;
	take_address(datagram, &message);
	return true;
}

/*
 * A proxy names a client at the begin of a connection; what it sends by UDP is
 * no client's.
 */
static bool
may_be_call(const struct udp_socket *socket, const struct datagram *datagram)
{
	const struct config *config = socket->worker->config;
	struct peer peer;
	uint32_t	direction;

	if (!datagram->good || datagram->size < RPC_CALL_MIN)
		return false;
	memcpy(&direction, datagram->data + sizeof(uint32_t), sizeof(direction));
	peer_of_socket(&peer, &datagram->from);
	return ntohl(direction) == CALL && peer.port != 0 &&
		!(config->proxy_protocol && networks_have(&config->proxies, &peer));
}

static void
handle(struct event *event, uint32_t ready)
{
	struct udp_socket *socket = container_of(event, struct udp_socket, event);
	struct worker *worker = socket->worker;

	(void) ready;
	for (int i = 0; i < READS_A_ROUND; i++)
	{
		struct datagram datagram;
		struct record record;
		struct udp_client *client;

		if (!receive(socket, &datagram))
			return;
		metric_add(METRIC_DATAGRAMS, 1);
		metric_add(METRIC_RECEIVED_BYTES, datagram.size);
		if (!may_be_call(socket, &datagram) || !room_for_udp(worker))
		{
			metric_add(METRIC_DATAGRAMS_DROPPED, 1);
			continue;
		}
		client = client_of(socket, &datagram);
		if (!room_for_call(&client->client))
		{
			metric_add(METRIC_DATAGRAMS_DROPPED, 1);
			continue;
		}
		client->to = datagram.to;
		client->interface = datagram.interface;
		client->client.last_called = worker->loop.now;
		client->client.came_record = worker->loop.quiet;
		record.data = datagram.data;
		record.size = datagram.size;
		record.chunk = NULL;
		serve_record(&client->client, &record);
	}
}

/*
 * Sending.
 */

static void
put_address(struct msghdr *message, union control *control,
			const struct udp_client *client)
{
	struct cmsghdr *part = &control->header;
	struct in_pktinfo in = {.ipi_spec_dst = client->to.in};
	struct in6_pktinfo in6 = {.ipi6_addr = client->to.in6};

	memset(control, 0, sizeof(*control));
	message->msg_control = control;
	if (client->socket->family == AF_INET)
	{
		message->msg_controllen = sizeof(control->in);
		part->cmsg_level = IPPROTO_IP;
		part->cmsg_type = IP_PKTINFO;
		part->cmsg_len = CMSG_LEN(sizeof(in));
		memcpy(CMSG_DATA(part), &in, sizeof(in));
		return;
	}
	if (IN6_IS_ADDR_LINKLOCAL(&client->to.in6))
		in6.ipi6_ifindex = client->interface;
	message->msg_controllen = sizeof(control->in6);
	part->cmsg_level = IPPROTO_IPV6;
	part->cmsg_type = IPV6_PKTINFO;
	part->cmsg_len = CMSG_LEN(sizeof(in6));
	memcpy(CMSG_DATA(part), &in6, sizeof(in6));
}

/*
 * A portmapper answers any host that asks, and is what liars like to have send:
 * its replies are no larger than the calls.
 */
static bool
may_be_sent(const struct request *request)
{
	return !door_is_portmapper(request->client->door) ||
		request->reply_size - RECORD_MARK_SIZE <= request->record.size;
}

/* Where it cannot be sent now, the client asks again. */
void
udp_reply(struct client *client, struct request *request)
{
	struct udp_client *udp = container_of(client, struct udp_client, client);
	struct iovec pieces[REPLY_MAX_PIECES];
	union control control;
	struct msghdr message = {
		.msg_name = &udp->from,
		.msg_namelen = udp->socket->family == AF_INET ?
			sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
		.msg_iov = pieces,
		.msg_iovlen = (size_t) request->reply_pieces,
	};
	ssize_t		n = -1;

	assert(request->reply_pieces > 0 &&
		   request->reply[0].iov_len >= RECORD_MARK_SIZE);
	memcpy(pieces, request->reply,
		   sizeof(pieces[0]) * (size_t) request->reply_pieces);
	pieces[0].iov_base = (char *) pieces[0].iov_base + RECORD_MARK_SIZE;
	pieces[0].iov_len -= RECORD_MARK_SIZE;
	put_address(&message, &control, udp);
	if (may_be_sent(request))
		n = sendmsg(udp->socket->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		metric_add(METRIC_SENT_BYTES, (uint64_t) n);
	request_free(request);
}

/*
 * Beginning and end.
 */

void
udp_add_socket(struct worker *worker, int fd, int family, enum door door)
{
	struct udp_socket *socket =
		&worker->udp_sockets[worker->udp_socket_count++];
	int			on = 1;

	if (setsockopt(fd, family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
				   family == AF_INET ? IP_PKTINFO : IPV6_RECVPKTINFO, &on,
				   sizeof(on)) != 0)
		fatal("the address of datagrams is not told: %s", strerror(errno));
	socket->worker = worker;
	socket->fd = fd;
	socket->family = family;
	socket->door = door;
	socket->event.fd = fd;
	socket->event.handle = handle;
	event_set(&worker->loop, &socket->event, EPOLLIN);
}

void
udp_stop_reading(struct worker *worker)
{
	for (int i = 0; i < worker->udp_socket_count; i++)
		event_remove(&worker->loop, &worker->udp_sockets[i].event);
}

void
udp_close(struct worker *worker)
{
	udp_stop_reading(worker);
	udp_free_idle(worker);
	for (int i = 0; i < worker->udp_socket_count; i++)
		close(worker->udp_sockets[i].fd);
	worker->udp_socket_count = 0;
}
