/* SPDX-License-Identifier: PostgreSQL */
/*
 * database.c
 *	  A metadata store as a worker has it: see database.h.
 */
#include "db/database.h"
#include "core/worker.h"

void
database_start(struct database *database, struct worker *worker, int number)
{
	database->worker = worker;
	pool_init(&database->pool, &worker->loop, worker->config, number,
			  worker->number);
	pool_start(&database->pool);
	content_shares_start(&database->shares, database);
	grants_start(&database->grants, database);
	if (worker->config->nfs4 && worker->config->store_count == 1)
		leases_start(&database->leases, database);
	if (worker->number != 0)
		return;
	reaper_start(&database->reaper, database);
	content_passes_start(&database->passes, database);
}

void
database_stop(struct database *database)
{
	pool_stop(&database->pool);
	content_shares_free(&database->shares);
	leases_free(&database->leases);
}
