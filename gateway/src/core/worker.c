/* SPDX-License-Identifier: PostgreSQL */
/*
 * worker.c
 *	  A worker's thread: its round, its housekeeping, its end.
 *
 * Stopping (SIGTERM).  A worker closes its listeners and reads no more
 * calls; what is in flight goes on to its reply.  It ends when nothing is in
 * flight, or when the grace time is over.
 */
#include "core/worker.h"
#include "base/aside.h"
#include "base/epoch.h"
#include "core/listen.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "core/serve.h"
#include "core/waiting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOUSEKEEPING_PERIOD 1000000
#define HOUSEKEEPING_WAITED_FOR 250000

atomic_int	client_count;
_Atomic int64_t room_wanted;

/*
 * Descriptors that are not for clients; the databases' connections beside them.
 */
#define DESCRIPTORS_KEPT 512

/*
 * Listening.
 */

static void
add_listener(struct worker *worker, int fd, enum door door)
{
	struct listener *listener = &worker->listeners[worker->listener_count++];

	listener->worker = worker;
	listener->door = door;
	listener->event.fd = fd;
	listener->event.handle = client_accept;
	event_set(&worker->loop, &listener->event, EPOLLIN);
}

static void
cannot_listen(const char *name, int64_t port, enum door door)
{
	const char *hint = "";

	if (door_is_portmapper(door) && errno == EADDRINUSE)
		hint = " (where rpcbind runs, adapters.nfs.rpcbind does what "
			"adapters.nfs.portmapper is for)";
	else if (door_is_portmapper(door) && errno == EACCES)
		hint = " (a port below 1024 takes root, or CAP_NET_BIND_SERVICE)";
	fatal("cannot listen on %s port %lld%s: %s%s", name, (long long) port,
		  door_is_udp(door) ? " by UDP" : "", strerror(errno), hint);
}

/* A host without IPv6 is served by IPv4; any other trouble is fatal. */
static bool
listen_at(struct worker *workers, const struct config *config,
		  const char *name, enum door door)
{
	int64_t		port = door_is_portmapper(door) ? config->portmapper_port :
		config->port;
	int			type = door_is_udp(door) ? SOCK_DGRAM : SOCK_STREAM;
	struct addrinfo *addresses = listen_resolve("--listen", name, port);
	bool		listening = false;

	for (struct addrinfo *at = addresses; at != NULL; at = at->ai_next)
	{
		if (!listen_port_is_free(at, type))
			cannot_listen(name, port, door);
		for (int i = 0; i < config->workers; i++)
		{
			int			fd = -1;

			if (workers[i].listener_count == LISTENERS_MAX ||
				workers[i].udp_socket_count == LISTENERS_MAX)
				fatal("--listen: more than %d addresses", LISTEN_MAX);
			fd = listen_on(at, type, true);
			if (fd < 0 && i == 0 && listen_lacks_ipv6(at))
			{
				if (door == DOOR_TCP)
					log_warning("no IPv6 here: not listening on %s", name);
				break;
			}
			if (fd < 0)
				cannot_listen(name, port, door);
			workers[i].by_ipv4 |= at->ai_family == AF_INET;
			workers[i].by_ipv6 |= at->ai_family == AF_INET6;
			if (door_is_udp(door))
				udp_add_socket(&workers[i], fd, at->ai_family, door);
			else
				add_listener(&workers[i], fd, door);
			listening = true;
		}
	}
	freeaddrinfo(addresses);
	return listening;
}

static bool
is_open(const struct config *config, enum door door)
{
	return door == DOOR_TCP || (door == DOOR_UDP && config->by_udp) ||
		(door_is_portmapper(door) && config->portmapper);
}

static void
listen_everywhere(struct worker *workers, const struct config *config)
{
	bool		listening = false;

	for (int i = 0; i < config->listen_list.count; i++)
		for (enum door door = 0; door < DOORS; door++)
			if (is_open(config, door))
				listening |= listen_at(workers, config,
									   config->listen_list.addresses[i], door);
	if (!listening)
		fatal("--listen: no address to listen on");
}

static void
close_listeners(struct worker *worker)
{
	for (int i = 0; i < worker->listener_count; i++)
	{
		int			fd = worker->listeners[i].event.fd;

		event_remove(&worker->loop, &worker->listeners[i].event);
		close(fd);
	}
	worker->listener_count = 0;
}

/*
 * The thread.
 */

/*
 * Every client is a descriptor.  The last ones are not for clients: what is
 * needed for files, databases, stores and probes would be missing.
 */
static int64_t
descriptors_kept(const struct config *config)
{
	int64_t		kept = DESCRIPTORS_KEPT;

	for (int i = 0; i < config->store_count; i++)
		kept += config->stores[i].max_conns;
	return kept;
}

static int
max_clients(const struct config *config)
{
	int64_t		kept = descriptors_kept(config);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
		limit.rlim_cur >= (rlim_t) (config->max_clients + kept))
		return (int) config->max_clients;
	if ((int64_t) limit.rlim_cur < 2 * kept)
		kept = (int64_t) limit.rlim_cur / 2;
	return (int) ((int64_t) limit.rlim_cur - kept);
}

/* With so few, the half that clients do not get may not do for all the rest. */
static void
doubt_descriptors(const struct config *config)
{
	int64_t		wanted = 2 * descriptors_kept(config);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
		limit.rlim_cur >= (rlim_t) wanted)
		return;
	log_warning("this process may have %lld files and sockets open, so there is "
				"room for %d clients, and may be too little for the database "
				"and for content (remedy: a limit of %lld or more, by "
				"LimitNOFILE= of systemd or by ulimit -n)",
				(long long) limit.rlim_cur, max_clients(config),
				(long long) wanted);
}

/* The worker's part of the limits, which a reload may have changed. */
static void
set_limits(struct worker *worker)
{
	const struct config *config = worker->config;
	int64_t		share = config->max_bytes / config->workers;

	worker->max_requests = pool_share(config->max_requests,
									  (int) config->workers, worker->number);
	if (worker->max_requests == 0)
		worker->max_requests = 1;
	worker->max_clients = max_clients(config);
	worker->max_bytes = share > config->max_record_size ?
		share : config->max_record_size;
}

static void
count_worker(struct worker *worker)
{
	struct metrics *metrics = metrics_of_thread();
	int64_t		clients = 0;
	struct client *client;

	TAILQ_FOREACH(client, &worker->clients, link)
		clients++;
	metric_set(&metrics->clients, clients);
	metric_set(&metrics->requests, worker->requests);
	metric_set(&metrics->oldest_call, waiting_note(worker));
	metric_set(&metrics->request_bytes, (int64_t) worker->bytes);
	metric_set(&metrics->cache_bytes, (int64_t) worker->cache.bytes);
	metric_set(&metrics->beat, clock_now());
}

static void
keep_house(struct timer *timer)
{
	struct worker *worker = container_of(timer, struct worker, housekeeping);
	int64_t		period = HOUSEKEEPING_PERIOD;

	if (worker->listeners_off)
	{
		worker->listeners_off = false;
		worker->listening_since = worker->loop.now;
		for (int i = 0; i < worker->listener_count; i++)
			event_set(&worker->loop, &worker->listeners[i].event, EPOLLIN);
	}
	if (atomic_load(&room_wanted) > worker->room_made)
	{
		worker->room_made = worker->loop.now;
		clients_make_room(worker);
	}
	serve_hold(worker);
	if (clients_check(worker))
		period = HOUSEKEEPING_WAITED_FOR;
	set_limits(worker);
	for (int i = 0; i < worker->database_count; i++)
	{
		pool_check(&worker->databases[i].pool);
		pool_count(&worker->databases[i].pool);
	}
	count_worker(worker);
	if (worker->number == 0)
		content_check();
	timer_set(&worker->loop, timer, worker->loop.now + period);
}

static void
woken(struct event *event, uint32_t ready)
{
	uint64_t	count;

	(void) ready;
	if (read(event->fd, &count, sizeof(count)) < 0)
		return;
	content_inbox_empty(container_of(event, struct worker, wake));
}

static void
begin_to_stop(struct worker *worker)
{
	worker->stopping = true;
	worker->stop_deadline = worker->loop.now +
		worker->config->shutdown_timeout * 1000;
	close_listeners(worker);
	udp_stop_reading(worker);
	clients_stop_reading(worker);
	timer_set(&worker->loop, &worker->housekeeping, worker->stop_deadline);
}

static bool
may_end(const struct worker *worker)
{
	if (!worker->stopping)
		return false;
	if (worker->requests == 0)
		return true;
	if (worker->loop.now < worker->stop_deadline)
		return false;
	log_warning("%d calls are left unanswered", worker->requests);
	return true;
}

/*
 * A processor that has nothing to do goes to sleep, and a virtual one gives
 * itself back to its host.  To be woken takes it 20 to 50 us, and each call
 * that comes alone wakes this thread twice, by its arrival and by the
 * database's answer: often half of the time it takes.  So we look for a moment
 * whether something comes, before we sleep; but only if the last wait of this
 * kind was so short that it would have been worth it, and while calls are few.
 * Where there are many, sleeping lets them gather to larger batches: 16 clients
 * at a time get a tenth fewer answers if we look in the moments without a call.
 */
#define POLL_REQUESTS 4
#define POLL_MEMORY 10000		/* microseconds */

static bool
calls_are_few(struct worker *worker)
{
	if (worker->loop.now - worker->crowd_since > POLL_MEMORY)
	{
		worker->crowd_before = worker->crowd;
		worker->crowd = 0;
		worker->crowd_since = worker->loop.now;
	}
	if (worker->crowd < worker->requests)
		worker->crowd = worker->requests;
	return worker->crowd <= POLL_REQUESTS &&
		worker->crowd_before <= POLL_REQUESTS;
}

static void
wait_and_handle(struct worker *worker)
{
	int64_t		limit = worker->config->busy_poll;
	int64_t    *poll_time = &worker->poll_time[worker->requests > 0];

	worker->loop.poll_time = calls_are_few(worker) ? *poll_time : 0;
	loop_round(&worker->loop);
	*poll_time = worker->loop.waited <= limit ? limit : 0;
}

static void *
worker_thread(void *argument)
{
	struct worker *worker = argument;
	struct client *client;
	char		name[16];

	snprintf(name, sizeof(name), "w%d", worker->number);
	log_set_thread_name(name);
	metrics_attach()->is_worker = true;
	epoch_attach();
	worker->loop.now = clock_now();
	timer_set(&worker->loop, &worker->housekeeping, worker->loop.now);
	for (int i = 0; i < worker->database_count; i++)
		database_start(&worker->databases[i], worker, i);

	while (!may_end(worker))
	{
		wait_and_handle(worker);
		if (!worker->stopping && atomic_load(&worker->stop_asked))
			begin_to_stop(worker);
		clients_resume(worker);
		for (int i = 0; i < worker->database_count; i++)
			pool_dispatch(&worker->databases[i].pool);
		clients_flush(worker);
		clients_free_closed(worker);
		udp_free_idle(worker);
		epoch_pass();
	}

	call_backs_stop(&worker->call_backs);
	while ((client = TAILQ_FIRST(&worker->clients)) != NULL)
		client_close(client, LOG_LEVEL_DEBUG, "shutdown");
	for (int i = 0; i < worker->database_count; i++)
		database_stop(&worker->databases[i]);
	udp_close(worker);
	epoch_detach();
	return NULL;
}

static void
worker_init(struct worker *worker, const struct config *config, int number)
{
	worker->number = number;
	worker->config = config;
	worker->database_count = config->store_count;
	worker->databases = calloc((size_t) config->store_count,
							   sizeof(struct database));
	loop_init(&worker->loop);
	TAILQ_INIT(&worker->clients);
	TAILQ_INIT(&worker->paused);
	TAILQ_INIT(&worker->dirty);
	TAILQ_INIT(&worker->closed);
	TAILQ_INIT(&worker->unread);
	TAILQ_INIT(&worker->udp_clients);
	for (int i = 0; i < UDP_BUCKETS; i++)
		LIST_INIT(&worker->udp_buckets[i]);
	for (int i = 0; i < ADDRESS_BUCKETS; i++)
		LIST_INIT(&worker->addresses[i]);
	TAILQ_INIT(&worker->unheld);
	TAILQ_INIT(&worker->free_requests);
	duplicates_init(&worker->duplicates);
	call_backs_init(&worker->call_backs, worker);
	content_inbox_init(&worker->inbox);
	content_cache_init(&worker->cache, worker,
					   (size_t) (config->content_cache / config->workers));
	set_limits(worker);
	worker->scratch = malloc(CLIENT_SCRATCH_SIZE);
	worker->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->databases == NULL || worker->scratch == NULL ||
		worker->wake.fd < 0)
		fatal("a worker cannot be set up: %s", strerror(errno));
	worker->wake.handle = woken;
	event_set(&worker->loop, &worker->wake, EPOLLIN);
	aside_watch(worker->wake.fd);
	worker->housekeeping.fire = keep_house;
	worker->last_writes.fire = clients_forget_writes;
}

struct worker *
workers_create(const struct config *config)
{
	/* static: what is in flight when a grace time ends stays reachable */
	static struct worker *workers;

	workers = calloc(config->workers, sizeof(*workers));
	if (workers == NULL)
		fatal("out of memory");
	doubt_descriptors(config);
	for (int i = 0; i < config->workers; i++)
		worker_init(&workers[i], config, i);
	listen_everywhere(workers, config);
	return workers;
}

void
workers_start(struct worker *workers, const struct config *config)
{
	for (int i = 0; i < config->workers; i++)
	{
		int			problem = pthread_create(&workers[i].thread, NULL,
											 worker_thread, &workers[i]);

		if (problem != 0)
			fatal("a thread cannot be started: %s", strerror(problem));
	}
}

void
workers_stop(struct worker *workers, const struct config *config)
{
	int64_t		until;

	for (int i = 0; i < config->workers; i++)
	{
		uint64_t	one = 1;

		atomic_store(&workers[i].stop_asked, true);
		if (write(workers[i].wake.fd, &one, sizeof(one)) < 0)
			log_warning("a worker could not be woken: %s", strerror(errno));
	}

	/* None should hang: but the process must end. */
	until = clock_now() + config->shutdown_timeout * 1000 + 2000000;
	for (int i = 0; i < config->workers; i++)
	{
		if (!clock_join(workers[i].thread, until))
		{
			log_warning("worker %d does not end", i);
			log_finish();
			_exit(0);
		}
		requests_free_all(&workers[i]);
		content_cache_free(&workers[i].cache);
		loop_close(&workers[i].loop);
		free(workers[i].scratch);
	}
}
