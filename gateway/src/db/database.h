/* SPDX-License-Identifier: PostgreSQL */
/*
 * database.h
 *	  A worker's view of a metadata store: connections, hints about its shares,
 *	  and chores for it.
 */
#ifndef DITTOFS_DATABASE_H
#define DITTOFS_DATABASE_H

#include "content/content_passes.h"
#include "content/content_shares.h"
#include "core/grants.h"
#include "core/leases.h"
#include "db/pool.h"
#include "db/reaper.h"

struct worker;

/* By the number of the store, an array of struct worker. */
struct database
{
	struct pool pool;
	struct worker *worker;
	struct content_shares shares;
	struct grants grants;
	struct leases leases;

	/* Of worker 0 */
	struct content_passes passes;
	struct reaper reaper;
};

/* Where the call goes. */
static inline struct database *
database_of(const struct call *call)
{
	return container_of(call->pool, struct database, pool);
}

/* number: of the metadata store. */
extern void database_start(struct database *database, struct worker *worker,
						   int number);
extern void database_stop(struct database *database);

#endif							/* DITTOFS_DATABASE_H */
