/* SPDX-License-Identifier: PostgreSQL */
/*
 * reaper.c
 *	  Deletes the pages of files that have been removed.
 *
 * In slices, so that a large file's end is never in front of a client's WRITE
 * for long.  One worker of each gateway does it; that several gateways do it at
 * once is the extension's business.
 */
#include "db/reaper.h"
#include "db/chore.h"
#include "db/database.h"
#include "dittofs_contract.h"
#include "db/statements.h"
#include "core/worker.h"

#include <endian.h>
#include <string.h>

#define REAP_SLICE (100 * GROUP_PAGES)	/* pages: 12.5 MiB */
#define REAP_PERIOD 1000000
#define REAP_AGAIN 20000

static void
reap_after(struct reaper *reaper, int64_t delay)
{
	struct loop *loop = reaper->database->pool.loop;

	timer_set(loop, &reaper->timer, loop->now + delay);
}

static void
reaped(struct chore *chore, const PGresult *result)
{
	uint64_t	deleted = 0;

	if (PQntuples(result) == 1 && PQgetlength(result, 0, 0) == 8)
		memcpy(&deleted, PQgetvalue(result, 0, 0), 8);
	reap_after(&chore_database(chore)->reaper,
			   be64toh(deleted) >= REAP_SLICE ? REAP_AGAIN : REAP_PERIOD);
}

static void
failed(struct chore *chore, uint32_t status)
{
	(void) status;
	reap_after(&chore_database(chore)->reaper, 10 * REAP_PERIOD);
}

static const struct chore_kind reap_chore = {
	.name = "reap",
	.changes = true,
	.alone = true,
	.reply = reaped,
	.fail = failed,
};

static void
reap(struct timer *timer)
{
	struct reaper *reaper = container_of(timer, struct reaper, timer);
	struct database *database = reaper->database;
	struct chore *chore;
	struct parameters p;

	if (database->worker->stopping)
		return;
	if (!pool_lane_is_up(&database->pool, LANE_BULK))
	{
		reap_after(reaper, REAP_PERIOD);
		return;
	}
	chore = chore_new(database, &reap_chore, 0);
	p = chore_parameters(chore, STATEMENT_REAP, (struct bytes) {NULL, 0});
	parameters_int8(&p, REAP_SLICE);
	parameters_end(&p);
	chore_begin(chore);
}

void
reaper_start(struct reaper *reaper, struct database *database)
{
	reaper->database = database;
	reaper->timer.fire = reap;
	reap_after(reaper, REAP_PERIOD);
}
