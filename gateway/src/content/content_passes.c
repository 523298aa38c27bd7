/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_passes.c
 *	  Starts the background passes of a gateway's content, and does the smaller
 *	  one: deleting blocks that have been without a file for long
 *	  (content_merge.c has the other).
 *
 *		gc_next		some blocks, of one store or several: from now on they are
 *					"deleting", and a client that writes one of them waits.
 *					A call looks at some thousand blocks; it says if it has not
 *					come to the end, and is then made again at once
 *		remove		from the store, all at once
 *		gc_done		for each store, if all went well; otherwise the database
 *					hands them out again after a while
 */
#include "content/content_passes.h"
#include "db/chore.h"
#include "content/store_queue.h"
#include "db/database.h"
#include "base/log.h"
#include "db/row.h"
#include "core/worker.h"

#include <stdlib.h>
#include <string.h>

#define GC_SLICE 256
#define GC_FIRST (5 * 1000000)
#define GC_AFTER_TROUBLE (60 * 1000000)

struct garbage
{
	uint32_t	store_id;
	uint8_t		hash[HASH_LEN];
};

struct gc
{
	bool		listed;
	bool		more;			/* the slice was full */
	int			count;
	int			from;			/* the store that has its turn: [from, to) */
	int			to;
	struct garbage *garbage;
};

static void
gc_end(struct chore *chore, bool trouble)
{
	struct database *database = chore_database(chore);
	struct loop *loop = database->pool.loop;
	const struct gc *gc = chore->memory;

	timer_set(loop, &database->passes.gc, loop->now +
			  (trouble ? GC_AFTER_TROUBLE : gc->more ? 0 :
			   database->worker->config->content_gc_period * 1000));
}

static int
compare_stores(const void *a, const void *b)
{
	const struct garbage *first = a;
	const struct garbage *second = b;

	return (first->store_id > second->store_id) -
		(first->store_id < second->store_id);
}

static void removed(struct chore *chore);

/* Removes the blocks of the next store. */
static void
next_store(struct chore *chore)
{
	struct gc  *gc = chore->memory;

	for (gc->from = gc->to; gc->from < gc->count; gc->from = gc->to)
	{
		uint32_t	id = gc->garbage[gc->from].store_id;
		bool		unknown;
		struct content_store *store =
			content_store_of(&chore_database(chore)->shares, id, &unknown);

		while (gc->to < gc->count && gc->garbage[gc->to].store_id == id)
			gc->to++;
		if (store == NULL)
			continue;
		for (int i = gc->from; i < gc->to; i++)
			content_io_remove(&chore->io, store, gc->garbage[i].hash);
		chore->resume = removed;
		return;
	}
	gc_end(chore, false);
}

static void
removed(struct chore *chore)
{
	struct gc  *gc = chore->memory;
	struct bytes none = {NULL, 0};
	struct bytes hashes;
	struct parameters p;
	char	   *at;

	if (chore->io.failure != NULL)
	{
		/* store_queue.c has said what is wrong with the store. */
		chore->io.failure = NULL;
		next_store(chore);
		return;
	}
	hashes.size = (uint32_t) (gc->to - gc->from) * HASH_LEN;
	hashes.data = at = region_alloc(&chore->region, hashes.size);
	for (int i = gc->from; i < gc->to; i++, at += HASH_LEN)
		memcpy(at, gc->garbage[i].hash, HASH_LEN);
	p = chore_parameters(chore, STATEMENT_GC_DONE, none);
	parameters_int4(&p, gc->garbage[gc->from].store_id);
	parameters_bytes(&p, hashes);
	parameters_end(&p);
}

/* A row of nulls: the database has not looked at all blocks yet. */
static bool
says_more(const PGresult *result, int number)
{
	struct row	row;

	row_open(&row, PQgetvalue(result, number, 0),
			 PQgetlength(result, number, 0));
	(void) row_int4(&row);
	return row.ok && row.null;
}

static void
gc_reply(struct chore *chore, const PGresult *result)
{
	struct gc  *gc = chore->memory;
	int			rows = PQntuples(result);

	if (gc->listed)
	{
		log_with(LOG_LEVEL_INFO,
				 log_members(NULL, "{s:i, s:i}", "content_store_id",
							 (int) gc->garbage[gc->from].store_id,
							 "blocks", gc->to - gc->from),
				 "content store %u: %d blocks that no file has are deleted",
				 gc->garbage[gc->from].store_id, gc->to - gc->from);
		next_store(chore);
		return;
	}
	gc->listed = true;
	gc->more = rows == GC_SLICE;
	if (rows > 0 && says_more(result, rows - 1))
	{
		gc->more = true;
		rows--;
	}
	gc->garbage = region_alloc(&chore->region,
							   (size_t) (rows + 1) * sizeof(*gc->garbage));
	for (int i = 0; i < rows; i++)
	{
		struct row	row;
		const unsigned char *hash;

		row_open(&row, PQgetvalue(result, i, 0), PQgetlength(result, i, 0));
		gc->garbage[gc->count].store_id = (uint32_t) row_int4(&row);
		hash = row_fixed(&row, HASH_LEN);
		if (row.ok && hash != NULL)
			memcpy(gc->garbage[gc->count++].hash, hash, HASH_LEN);
	}
	qsort(gc->garbage, (size_t) gc->count, sizeof(*gc->garbage),
		  compare_stores);
	next_store(chore);
}

static void
gc_failed(struct chore *chore, uint32_t status)
{
	(void) status;
	gc_end(chore, true);
}

static const struct chore_kind gc_chore = {
	.name = "gc",
	.changes = true,
	.alone = true,
	.reply = gc_reply,
	.fail = gc_failed,
};

static void
gc_begin(struct timer *timer)
{
	struct content_passes *passes = container_of(timer, struct content_passes,
												 gc);
	struct database *database = passes->database;
	struct loop *loop = database->pool.loop;
	struct chore *chore;
	struct parameters p;

	if (database->worker->stopping)
		return;
	if (!pool_lane_is_up(&database->pool, LANE_BULK))
	{
		timer_set(loop, timer, loop->now + GC_FIRST);
		return;
	}
	chore = chore_new(database, &gc_chore, sizeof(struct gc));
	p = chore_parameters(chore, STATEMENT_GC_NEXT, (struct bytes) {NULL, 0});
	parameters_int4(&p, GC_SLICE);
	parameters_end(&p);
	chore_begin(chore);
}

/* Without a store there is nothing this gateway could delete. */
static void
gc_start(struct content_passes *passes)
{
	const struct config *config = passes->database->worker->config;
	struct loop *loop = passes->database->pool.loop;
	int64_t		first = config->content_gc_period * 1000;

	passes->gc.fire = gc_begin;
	if (config->content_store_count > 0)
		timer_set(loop, &passes->gc, loop->now +
				  (first < GC_FIRST ? first : GC_FIRST));
}

void
content_passes_start(struct content_passes *passes,
					 struct database *database)
{
	passes->database = database;
	mergers_start(passes);
	gc_start(passes);
}
