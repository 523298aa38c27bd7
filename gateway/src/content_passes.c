/*
 * content_passes.c
 *	  The passes of a gateway's content, and the smaller of them: deleting the
 *	  blocks that no file has had for long (content_merge.c has the other).
 *
 *		gc_next		some blocks, of one store or several: from now on they are
 *					"deleting", and whoever wants to write one of them waits
 *		remove		from the store, all at once
 *		gc_done		for each store, if all went well; otherwise the database
 *					hands them out again after a while
 */
#include "content_passes.h"
#include "content_io.h"
#include "content_shares.h"
#include "log.h"
#include "parameters.h"
#include "pool.h"
#include "row.h"
#include "serve.h"
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#define GC_SLICE 256
#define GC_FIRST (5 * 1000000)
#define GC_AFTER_TROUBLE (60 * 1000000)

struct garbage
{
	uint32_t	store_id;
	uint8_t		hash[CONTENT_HASH_SIZE];
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
gc_end(struct request *request, bool trouble)
{
	struct pool *pool = request->pool;
	struct worker *worker = pool->worker;
	const struct gc *gc = request->memory;

	timer_set(&worker->loop, &pool->passes.gc, worker->loop.now +
			  (trouble ? GC_AFTER_TROUBLE : gc->more ? 0 :
			   worker->config->content_gc_period * 1000));
}

static int
compare_stores(const void *a, const void *b)
{
	const struct garbage *first = a;
	const struct garbage *second = b;

	return (first->store_id > second->store_id) -
		(first->store_id < second->store_id);
}

static void removed(struct request *request);

/* Removes the blocks of the next store. */
static void
next_store(struct request *request)
{
	struct gc  *gc = request->memory;

	for (gc->from = gc->to; gc->from < gc->count; gc->from = gc->to)
	{
		uint32_t	id = gc->garbage[gc->from].store_id;
		bool		unknown;
		struct content_store *store = content_store_of(&request->pool->shares,
													   id, &unknown);

		while (gc->to < gc->count && gc->garbage[gc->to].store_id == id)
			gc->to++;
		if (store == NULL)
			continue;
		for (int i = gc->from; i < gc->to; i++)
			content_io_remove(request, store, gc->garbage[i].hash);
		request->resume = removed;
		return;
	}
	gc_end(request, false);
}

static void
removed(struct request *request)
{
	struct gc  *gc = request->memory;
	struct bytes none = {NULL, 0};
	struct bytes hashes;
	struct parameters p;
	char	   *at;

	if (request->failure != NULL)
	{
		/* content.c has said what is wrong with the store. */
		request->failure = NULL;
		next_store(request);
		return;
	}
	hashes.size = (uint32_t) (gc->to - gc->from) * CONTENT_HASH_SIZE;
	hashes.data = at = region_alloc(&request->region, hashes.size);
	for (int i = gc->from; i < gc->to; i++, at += CONTENT_HASH_SIZE)
		memcpy(at, gc->garbage[i].hash, CONTENT_HASH_SIZE);
	p = parameters_begin(request, STATEMENT_GC_DONE, none);
	parameters_int4(&p, gc->garbage[gc->from].store_id);
	parameters_bytes(&p, hashes);
	parameters_end(&p);
}

static void
gc_reply(struct request *request, const PGresult *result)
{
	struct gc  *gc = request->memory;
	int			rows = PQntuples(result);

	if (gc->listed)
	{
		log_with(LOG_LEVEL_INFO,
				 log_members(NULL, "{s:i, s:i}", "content_store_id",
							 (int) gc->garbage[gc->from].store_id,
							 "blocks", gc->to - gc->from),
				 "content store %u: %d blocks that no file has are deleted",
				 gc->garbage[gc->from].store_id, gc->to - gc->from);
		next_store(request);
		return;
	}
	gc->listed = true;
	gc->more = rows == GC_SLICE;
	gc->garbage = region_alloc(&request->region,
							   (size_t) (rows + 1) * sizeof(*gc->garbage));
	for (int i = 0; i < rows; i++)
	{
		struct row	row;
		const unsigned char *hash;

		row_open(&row, PQgetvalue(result, i, 0), PQgetlength(result, i, 0));
		gc->garbage[gc->count].store_id = (uint32_t) row_int4(&row);
		hash = row_fixed(&row, CONTENT_HASH_SIZE);
		if (row.ok && hash != NULL)
			memcpy(gc->garbage[gc->count++].hash, hash, CONTENT_HASH_SIZE);
	}
	qsort(gc->garbage, (size_t) gc->count, sizeof(*gc->garbage),
		  compare_stores);
	next_store(request);
}

static void
gc_failed(struct request *request, uint32_t status)
{
	(void) status;
	gc_end(request, true);
}

static const struct procedure gc_procedure = {
	.name = "gc", .changes = true, .reply = gc_reply, .fail = gc_failed};

static void
gc_begin(struct timer *timer)
{
	struct content_passes *passes = container_of(timer, struct content_passes,
												 gc);
	struct pool *pool = passes->pool;
	struct worker *worker = pool->worker;
	struct bytes none = {NULL, 0};
	struct request *request;
	struct parameters p;

	if (worker->stopping)
		return;
	if (!pool_lane_is_up(pool, LANE_BULK))
	{
		timer_set(&worker->loop, timer, worker->loop.now + GC_FIRST);
		return;
	}
	request = request_new(worker);
	request->pool = pool;
	request->procedure = &gc_procedure;
	request->alone = true;
	request->memory = region_alloc(&request->region, sizeof(struct gc));
	memset(request->memory, 0, sizeof(struct gc));
	p = parameters_begin(request, STATEMENT_GC_NEXT, none);
	parameters_int4(&p, GC_SLICE);
	parameters_end(&p);
	pool_submit(request);
}

/* Without a store there is nothing this gateway could delete. */
void
gc_start(struct content_passes *passes)
{
	const struct config *config = passes->pool->worker->config;
	int64_t		first = config->content_gc_period * 1000;

	passes->gc.fire = gc_begin;
	if (config->content_store_count > 0)
		timer_set(&passes->pool->worker->loop, &passes->gc,
				  passes->pool->worker->loop.now +
				  (first < GC_FIRST ? first : GC_FIRST));
}

void
content_passes_start(struct content_passes *passes, struct pool *pool)
{
	passes->pool = pool;
	mergers_start(passes);
	gc_start(passes);
}
