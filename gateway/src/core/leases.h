/* SPDX-License-Identifier: PostgreSQL */
/*
 * leases.h
 *	  Leases of NFSv4 clients: which have been seen, for the database.
 *
 * A SEQUENCE renews its client's lease, and writes nothing.  The worker notes
 * the client, and a chore tells the database of all that were noted, often
 * enough for the shortest lease.
 *
 * The database counts time only while it is told of some gateway, or of none:
 * so worker 0 calls also if it has seen no client.
 */
#ifndef DITTOFS_LEASES_H
#define DITTOFS_LEASES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/event.h"

struct database;

struct leases
{
	struct database *database;
	struct timer timer;
	int64_t		last;			/* noted last */
	int64_t    *clients;		/* a hash table, 0 is free; or NULL */
	uint32_t	size;			/* a power of two */
	uint32_t	count;
};

extern void leases_start(struct leases *leases, struct database *database);
extern void leases_free(struct leases *leases);

/* Its SEQUENCE went well. */
extern void leases_note(struct leases *leases, int64_t client_id);

#endif							/* DITTOFS_LEASES_H */
