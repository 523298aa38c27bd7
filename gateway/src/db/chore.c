/* SPDX-License-Identifier: PostgreSQL */
/*
 * chore.c
 *	  What the gateway does by itself: see chore.h.
 */
#include "db/chore.h"
#include "db/call_object.h"
#include "db/database.h"
#include "dittofs_contract.h"
#include "base/log.h"
#include "core/worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The chore and the first chunk of its region; enough for the small ones. */
#define CHORE_SIZE 2048

static const struct call_owner chore_calls;
static const struct content_io_owner chore_io;

struct database *
chore_database(const struct chore *chore)
{
	return database_of(&chore->call);
}

struct chore *
chore_new(struct database *database, const struct chore_kind *kind,
		  size_t memory)
{
	struct chore *chore = malloc(CHORE_SIZE);

	if (chore == NULL)
		fatal("out of memory");
	memset(chore, 0, sizeof(*chore));
	region_init(&chore->region, chore + 1, CHORE_SIZE - sizeof(*chore));
	chore->kind = kind;
	chore->call.owner = &chore_calls;
	chore->call.pool = &database->pool;
	chore->call.arrived = database->pool.loop->now;
	chore->call.changes = kind->changes;
	chore->call.background = true;
	chore->call.alone = kind->alone;
	chore->call.statement = NO_STATEMENT;
	chore->io.owner = &chore_io;
	chore->io.region = &chore->region;
	chore->io.call = &chore->call;
	if (memory > 0)
	{
		chore->memory = region_alloc(&chore->region, memory);
		memset(chore->memory, 0, memory);
	}
	database->worker->requests++;
	return chore;
}

static void
release(struct chore *chore)
{
	region_reset(&chore->region);
	free(chore);
}

static void
chore_end(struct chore *chore)
{
	struct worker *worker = chore_database(chore)->worker;

	call_clear(&chore->call);
	worker->requests--;
	worker->released = true;
	chore->over = chore->io.lost > 0;
	if (!chore->over)
		release(chore);
}

static void
proceed(struct chore *chore)
{
	if (chore->io.waits > 0)
		return;
	if (chore->call.statement == NO_STATEMENT)
		chore_end(chore);
	else if (chore->later)
	{
		chore->later = false;
		pool_retry(&chore->call);
	}
	else
		pool_submit(&chore->call);
}

struct parameters
chore_parameters(struct chore *chore, enum statement_number statement,
				 struct bytes key_handle)
{
	return parameters_of(&chore->region, &chore->call, statement, key_handle);
}

void
chore_begin(struct chore *chore)
{
	assert(chore->call.statement != NO_STATEMENT);
	proceed(chore);
}

/*
 * What the pool says.
 */

static struct chore *
chore_of(const struct call *call)
{
	return container_of(call, struct chore, call);
}

static void
committed(struct call *call, const PGresult *result, int column)
{
	struct chore *chore = chore_of(call);

	assert(column == 0);
	call->statement = NO_STATEMENT;
	chore->kind->reply(chore, result);
	proceed(chore);
}

static void
failed(struct call *call, uint32_t status)
{
	struct chore *chore = chore_of(call);

	call->statement = NO_STATEMENT;
	chore->kind->fail(chore, status);
	proceed(chore);
}

static void
too_late(struct call *call)
{
	pool_log_given_up(call, NULL);
	failed(call, FS_JUKEBOX);
}

/* It is always wanted. */
static void
dropped(struct call *call)
{
	chore_end(chore_of(call));
}

static const char *
name(const struct call *call, char *buffer)
{
	int			n = snprintf(buffer, CALL_NAME_MAX, "%s",
							 chore_of(call)->kind->name);

	call_object_text(call, buffer + n, CALL_NAME_MAX - (size_t) n);
	return buffer;
}

static json_t *
members(const struct call *call)
{
	return call_object_members(call, log_members(
		NULL, "{s:s}", "procedure", chore_of(call)->kind->name));
}

static const struct call_owner chore_calls = {
	.committed = committed,
	.failed = failed,
	.too_late = too_late,
	.dropped = dropped,
	.name = name,
	.members = members,
};

/*
 * What content stores say.
 */

static void
resumed(struct content_io *io)
{
	struct chore *chore = container_of(io, struct chore, io);

	chore->resume(chore);
	proceed(chore);
}

static void
found(struct content_io *io)
{
	struct chore *chore = container_of(io, struct chore, io);

	if (chore->over)
		release(chore);
}

static const struct content_io_owner chore_io = {
	.resumed = resumed,
	.found = found,
};
