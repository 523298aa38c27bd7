/* SPDX-License-Identifier: PostgreSQL */
/*
 * worker.h
 *	  A worker: one thread with its own loop, listeners, clients and
 *	  connections to the database.
 *
 * Workers share the settings and the count of clients; nothing else, so
 * there are no locks.  Limits of the process are divided among them.
 *
 * A round of the loop first handles all events (new calls are decoded and
 * queued, results are collected) and then acts for all at once: paused
 * clients are heard again, batches go out, replies are written.  That is
 * what makes one batch of calls of many clients, and one write of many
 * replies.
 */
#ifndef DITTOFS_WORKER_H
#define DITTOFS_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/call_back.h"
#include "core/client.h"
#include "core/client_proxy.h"
#include "config/config.h"
#include "content/store_queue.h"
#include "content/content_ahead.h"
#include "content/content_cache.h"
#include "db/database.h"
#include "core/duplicates.h"
#include "base/event.h"
#include "core/request.h"
#include "core/room.h"
#include "core/udp.h"

struct listener
{
	struct event event;
	struct worker *worker;
	enum door	door;
};

/* By TCP and by UDP each: for NFS, and for the portmapper. */
#define LISTENERS_MAX (2 * LISTEN_MAX)

struct worker
{
	int			number;
	const struct config *config;
	pthread_t	thread;
	struct loop loop;

	/* How long to poll with nothing in flight, and with calls in flight */
	int64_t		poll_time[2];
	int			crowd;			/* most calls in flight since crowd_since */
	int			crowd_before;	/* ... and in the time before it */
	int64_t		crowd_since;

	/* The only things other threads touch. */
	struct event wake;			/* an eventfd */
	atomic_bool stop_asked;
	struct content_inbox inbox;

	bool		stopping;
	int64_t		stop_deadline;

	struct listener listeners[LISTENERS_MAX];
	int			listener_count;
	bool		listeners_off;	/* no descriptors left, for a moment */
	int64_t		listening_since;
	bool		by_ipv4;		/* there is a listener of this kind */
	bool		by_ipv6;
	struct udp_socket udp_sockets[LISTENERS_MAX];
	int			udp_socket_count;

	struct client_list clients;
	struct client_list paused;	/* in the order they were paused */
	struct client_list dirty;	/* have replies to write */
	struct client_list closed;	/* freed when their requests are */
	struct proxy_wait_list unread;	/* headers of proxies, oldest first */
	int			unread_count;
	struct udp_client_list udp_clients;	/* those with calls in flight */
	struct udp_bucket udp_buckets[UDP_BUCKETS];
	struct address_list addresses[ADDRESS_BUCKETS];
	char	   *scratch;		/* received bytes, before they have an owner */

	struct database *databases; /* one for each metadata store */
	int			database_count;
	struct duplicates duplicates;

	/* in flight, and the worker's share of the limits */
	int			requests;		/* chores count, too */
	int			max_requests;
	int			udp_requests;	/* of them: by UDP */
	size_t		bytes;
	size_t		max_bytes;
	size_t		reserved;		/* of the bytes: for records being received */
	int			max_clients;	/* of all workers together */
	int64_t		room_asked;		/* for a client that finds no place */
	int64_t		room_made;
	bool		released;		/* some of it went in this round */

	struct content_cache cache;
	struct ahead_stream streams[AHEAD_STREAMS];

	/* At a store that had no room for their memory */
	struct request_list unheld;
	struct request_list free_requests;
	int			free_count;

	struct call_backs call_backs;	/* calls of our own, to clients */

	struct timer housekeeping;
	struct timer last_writes;	/* of clients that have ended */
};

/* Connected clients of all workers. */
extern atomic_int client_count;

/* When a worker last asked the others to make room for one more. */
extern _Atomic int64_t room_wanted;

/*
 * Listens on all addresses, for all workers; fatal if it cannot.  Then the
 * threads can start.
 */
extern struct worker *workers_create(const struct config *config);
extern void workers_start(struct worker *workers, const struct config *config);

/* Asks all to stop, and waits until they have, or the grace time is over. */
extern void workers_stop(struct worker *workers, const struct config *config);

#endif							/* DITTOFS_WORKER_H */
