/* SPDX-License-Identifier: PostgreSQL */
/*
 * client.h
 *	  A client's connection: calls in, replies out.
 *
 * The socket is read while the client and the worker are below their limits
 * (calls and bytes in flight, where a call counts until the last byte of its
 * reply is written); otherwise the client is paused, and TCP tells it so.  That
 * also bounds the memory of a client that reads no replies. room.h has the
 * worker's limits, and the part of each client.  While another client waits for
 * room, a client that holds some and gets on too slowly is disconnected:
 * neither half a record nor a reply not taken keeps others out.
 */
#ifndef DITTOFS_CLIENT_H
#define DITTOFS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/event.h"
#include "wire/record.h"
#include "core/request.h"

struct address;
struct worker;
struct listener;
struct proxy_wait;

enum client_state
{
	CLIENT_OPEN,				/* [clients] */
	CLIENT_CLOSED				/* [closed] until its last request has ended */
};

struct client
{
	struct event event;
	TAILQ_ENTRY(client) link;	/* of the list its state names */
	TAILQ_ENTRY(client) paused_link;
	TAILQ_ENTRY(client) dirty_link;
	struct worker *worker;
	enum door	door;			/* by UDP it is part of a struct udp_client */
	enum client_state state;
	struct peer peer;			/* the client, behind a proxy once named */
	struct peer proxy;			/* peer.proxy */
	struct proxy_wait *proxy_wait;	/* until the proxy has named it, or NULL */
	struct address *address;	/* of the peer, with all clients that have it */
	uint64_t	number;			/* no other connection has it, of no gateway */
	int64_t		connected;		/* at the latest; microseconds, monotonic */
	bool		called;			/* there has been a call... */
	bool		greeted;		/* ... which was NULL, */
	uint32_t	greeting;		/* with this xid */

	/*
	 * When what was read last had come, at the earliest (see
	 * note_when_it_came); 0: unknown.
	 */
	int64_t		came;
	int64_t		came_alone;		/* the same, if it was one record */
	bool		read_none;		/* no record of it has been complete yet */
	int64_t		came_record;	/* of the record that is complete now */
	int64_t		empty_at;		/* a read left nothing in the socket */
	bool		empty;			/* ... and that was the last read */
	int64_t		armed_at;		/* since then the loop tells of what comes */
	bool		leaving;		/* the client has sent its end, too */

	bool		paused;
	int64_t		paused_at;
	bool		dirty;
	bool		blocked;		/* the socket is full: wait for EPOLLOUT */
	bool		hang_up;		/* at the end of this round */
	bool		ended;			/* sends no more: see client_end() */
	bool		eof;			/* ... and all that it has sent is read */
	int64_t		ended_at;

	struct record_reader reader;
	size_t		reserved;		/* bytes charged for the record being read */
	uint64_t	moved;			/* bytes received and written */
	uint64_t	moved_then;	/* when it was last seen to get on, */
	int64_t		moved_at;		/* which was then */
	char	   *leftover;		/* received, but not yet looked at */
	size_t		leftover_size;

	struct request_list requests; /* all of them */
	int			request_count;
	size_t		bytes;			/* charged for them */

	struct request_list replies;	/* to be written, in this order */
	size_t		written;		/* bytes of the first that are */

	int64_t		last_called;	/* its last call came; 0: none has */
	int64_t		last_received;
	int64_t		last_sent;		/* it has taken bytes of a reply */
	int			queued;			/* bytes in the kernel at the last look */
};

TAILQ_HEAD(client_list, client);

#define CLIENT_SCRATCH_SIZE (64 * 1024)

extern void client_accept(struct event *listener, uint32_t ready);

/*
 * The one way out.  Waiting calls are forgotten; running calls that change
 * nothing are cancelled if no connected client waits for any call on their
 * connection, and so are running WRITEs; other running changes go on. level:
 * the importance of the line in the log.
 */
extern void client_close(struct client *client, int level, const char *reason);

/*
 * Can this call be one that the client sent before, on a connection that it had
 * then?  Not if the client began this one with NULL, as mounting does, and the
 * xid comes after that: xids are numbered, and the greeting was new.
 */
extern bool client_may_repeat(const struct client *client, uint32_t xid);

/*
 * The address at which it has called us: family 0 where that is not known,
 * behind a proxy for instance.
 */
extern struct peer client_local(const struct client *client);

/* The request's reply is complete: write it at the end of this round. */
extern void client_reply(struct client *client, struct request *request);

/*
 * A call of this client's cannot be answered: it is disconnected at the end of
 * the round, and sends its calls again, here or elsewhere.
 */
extern void client_hang_up(struct client *client);

/* At the end of a round. */
extern void clients_resume(struct worker *worker);
extern void clients_flush(struct worker *worker);
extern void clients_free_closed(struct worker *worker);

/*
 * Every second: looks for idle and stalled clients.  Returns true while a
 * client waits for room: then more often.
 */
extern bool clients_check(struct worker *worker);

/* The timer for WRITEs that still run when their client has ended. */
extern void clients_forget_writes(struct timer *timer);

/* Is it certain, or possible, that the client has gone and asks elsewhere? */
static inline bool
client_has_left(const struct client *client)
{
	return client->state == CLIENT_CLOSED || client->ended;
}

/*
 * There are as many clients as there may be: some that do nothing go, if there
 * are such.  False: there are none.
 */
extern bool clients_make_room(struct worker *worker);

/* On shutdown: no more calls are read. */
extern void clients_stop_reading(struct worker *worker);

#endif							/* DITTOFS_CLIENT_H */
