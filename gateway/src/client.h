/*
 * client.h
 *	  A client's connection: calls in, replies out.
 *
 * The socket is read while the client and the worker are below their limits
 * (calls and bytes in flight, where a call counts until the last byte of its
 * reply is written); otherwise the client is paused, and TCP tells it so.
 * That bounds what a client that reads no replies can pile up, too.  While
 * somebody waits for room, who holds some and gets on too slowly is
 * disconnected: neither half a record nor a reply not taken keeps others out.
 */
#ifndef DITTOFS_CLIENT_H
#define DITTOFS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <jansson.h>

#include "event.h"
#include "record.h"
#include "request.h"

struct worker;
struct listener;

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
	enum client_state state;
	struct peer peer;

	bool		paused;
	bool		dirty;
	bool		blocked;		/* the socket takes no more: wait for EPOLLOUT */
	bool		hang_up;		/* at the end of this round */

	struct record_reader reader;
	size_t		reserved;		/* bytes charged for the record being read */
	uint64_t	moved;			/* bytes of records received, of replies written */
	uint64_t	moved_then;	/* when it was last seen to get on, */
	int64_t		moved_at;		/* which was then */
	char	   *leftover;		/* received, but not yet looked at */
	size_t		leftover_size;

	struct request_list requests; /* all of them */
	int			request_count;
	size_t		bytes;			/* charged for them */

	struct request_list replies;	/* to be written, in this order */
	size_t		written;		/* bytes of the first that are */

	int64_t		last_received;
	int64_t		last_sent;
};

TAILQ_HEAD(client_list, client);

#define CLIENT_SCRATCH_SIZE (64 * 1024)

/* "10.0.0.7:871" */
#define PEER_NAME_MAX 64
extern const char *peer_name(const struct peer *peer, char *buffer);
extern json_t *peer_members(const struct peer *peer);

extern void client_accept(struct event *listener, uint32_t ready);

/*
 * The one way out.  Reads and WRITEs that were not sent yet are forgotten, those that
 * run are cancelled when they keep a connection busy for nobody; changes go
 * on.  level: how much it matters.
 */
extern void client_close(struct client *client, int level, const char *reason);

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
 * Every second: those that are idle, stalled.  Returns true while somebody
 * waits for room: then more often.
 */
extern bool clients_check(struct worker *worker);

/* On shutdown: no more calls are read. */
extern void clients_stop_reading(struct worker *worker);

#endif							/* DITTOFS_CLIENT_H */
