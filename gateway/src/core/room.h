/* SPDX-License-Identifier: PostgreSQL */
/*
 * room.h
 *	  Room in a worker for calls in flight, and the part of each address and
 *	  connection.
 *
 * There is room for so many calls and so many bytes (--max-requests,
 * --max-bytes), and a part of the bytes may be reserved for records that are
 * being received.  An address may have more of each while it has less than
 * three times of what is left.  So one that takes all it can gets three
 * quarters, two get three sevenths each, and there is always some left for an
 * address that has none: it need not wait for others to give room back, who may
 * not intend to.  Within an address, room is shared by connection in the same
 * way.  Only a worker that is two thirds full ever refuses.
 *
 * Less than this is the limit of each connection (--max-client-requests,
 * --max-client-bytes).
 *
 * All clients behind a NAT, or a balancer that does not tell (PROXY protocol),
 * are one address, and so are those of an IPv6 network of 64 bits (peer_host).
 */
#ifndef DITTOFS_ROOM_H
#define DITTOFS_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/peer.h"
#include "core/request.h"

struct client;
struct worker;

/* An address, or network of 64 bits, that clients of this worker come from. */
struct address
{
	LIST_ENTRY(address) link;
	struct peer_host host;
	int			clients;		/* with closed ones that have calls */

	/* Its part of what the worker counts under these names */
	int			requests;
	size_t		bytes;
	size_t		reserved;
};

#define ADDRESS_BUCKETS 256

LIST_HEAD(address_list, address);

extern struct address *address_join(struct worker *worker,
									const struct peer *peer);
extern void address_leave(struct address *address);

/* May the client have one more call in flight? */
extern bool room_for_call(const struct client *client);

/*
 * May so much be reserved for a record that it is to send?  What is reserved
 * counts until room_release().
 */
extern bool room_for_record(const struct client *client, size_t size);
extern void room_reserve(struct client *client, size_t size);
extern void room_release(struct client *client);

/*
 * Does a client wait for room that others hold?  Then *least is the least that
 * the others of a waiting client's address have; an address with less than that
 * is in no client's way.
 */
extern bool room_is_wanted(const struct worker *worker, size_t *least);

#endif							/* DITTOFS_ROOM_H */
