/*
 * content_merge.c
 *	  Merging, and moving, of content: what dittofs.merge_next asks for.
 *
 *		merge_next		a range of a file, its pieces, and a stamp of them
 *		assemble		the pieces: out of the result and out of stores
 *		action "block"	hash, claim_blocks, put, merge_commit
 *		action "fetch"	merge_store: back into the database
 *
 * merge_commit and merge_store look at the stamp again under the file's lock:
 * if somebody has written meanwhile nothing happens, and the range is leased
 * again some time.  So there is nothing to be careful about here.
 */
#include "content_io.h"
#include "content_passes.h"
#include "content_segments.h"
#include "content_shares.h"
#include "log.h"
#include "parameters.h"
#include "pool.h"
#include "row.h"
#include "serve.h"
#include "worker.h"

#include <string.h>

/* Microseconds. */
#define AFTER_TROUBLE (5 * 1000000)
#define WAIT_MIN 100000
#define WAIT_MAX (5 * 1000000)

/* A block that is being deleted is usually gone in an instant: a second or so. */
#define CLAIMS_MAX 8

/* One that helps looks again by itself, in case nobody calls it. */
#define HELPER_WAIT (60 * 1000000)

enum merge_step
{
	MERGE_NEXT,
	MERGE_CLAIM,
	MERGE_END
};

struct merge
{
	struct merger *merger;
	enum merge_step step;
	bool		fetch;			/* into the database */
	struct bytes handle;
	int64_t		offset;
	uint32_t	length;
	struct bytes stamp;
	uint32_t	store_id;
	struct content_store *store;
	int			claims;			/* while somebody deletes the block */
	char	   *data;
	uint8_t    *packed;			/* hash, length, sums */
	uint32_t	packed_size;
};

static void merge_begin(struct timer *timer);

static bool
is_first(const struct merger *merger)
{
	return merger == &merger->pool->passes.mergers[0];
}

static void
merge_end(struct request *request, int64_t wait)
{
	struct merge *merge = request->memory;
	struct merger *merger = merge->merger;
	struct pool *pool = merger->pool;
	struct worker *worker = pool->worker;

	merger->busy = false;
	timer_set(&worker->loop, &merger->timer, worker->loop.now + wait);
}

/* There is something to do: those who help had better look. */
static void
call_helpers(struct pool *pool)
{
	struct worker *worker = pool->worker;

	for (int i = 1; i < MERGERS; i++)
	{
		struct merger *merger = &pool->passes.mergers[i];

		if (!merger->busy && merger->timer.at > worker->loop.now)
			timer_set(&worker->loop, &merger->timer, worker->loop.now);
	}
}

static void
merge_trouble(struct request *request)
{
	struct merge *merge = request->memory;

	if (request->failure != NULL)
	{
		request->failure->offset += request->failure->offset == 0 ?
			(uint64_t) merge->offset : 0;
		request->call.handle = merge->handle;
		(void) content_io_complain(request);
	}
	merge_end(request, AFTER_TROUBLE);
}

static void
send_claim(struct request *request)
{
	struct merge *merge = request->memory;
	struct bytes none = {NULL, 0};
	struct bytes packed = {(const char *) merge->packed, merge->packed_size};
	struct parameters p = parameters_begin(request, STATEMENT_CLAIM_BLOCKS,
										   none);

	merge->step = MERGE_CLAIM;
	parameters_int4(&p, merge->store_id);
	parameters_bytes(&p, packed);
	parameters_end(&p);
}

static void
send_end(struct request *request)
{
	struct merge *merge = request->memory;
	struct parameters p;
	struct bytes packed = {(const char *) merge->packed, merge->packed_size};
	struct bytes data = {merge->data, merge->length};

	merge->step = MERGE_END;
	p = parameters_begin(request, merge->fetch ? STATEMENT_MERGE_STORE :
						 STATEMENT_MERGE_COMMIT, merge->handle);
	parameters_bytes(&p, merge->handle);
	parameters_int8(&p, merge->offset);
	parameters_bytes(&p, merge->stamp);
	if (merge->fetch)
		parameters_bytes(&p, data);
	else
	{
		parameters_int4(&p, merge->store_id);
		parameters_bytes(&p, packed);
	}
	parameters_end(&p);
}

static void
merge_stored(struct request *request)
{
	if (request->failure != NULL)
		merge_trouble(request);
	else
		send_end(request);
}

static void
merge_hashed(struct request *request)
{
	if (request->failure != NULL)
		merge_trouble(request);
	else
		send_claim(request);
}

static void
merge_assembled(struct request *request)
{
	struct merge *merge = request->memory;
	uint32_t	length = merge->length;

	if (request->failure != NULL)
	{
		merge_trouble(request);
		return;
	}
	if (merge->fetch)
	{
		send_end(request);
		return;
	}
	merge->packed_size = CONTENT_HASH_SIZE + 4 +
		(uint32_t) content_sums(length) * CONTENT_SUM_SIZE;
	merge->packed = region_alloc(&request->region, merge->packed_size);
	for (int i = 0; i < 4; i++)
		merge->packed[CONTENT_HASH_SIZE + i] = (uint8_t) (length >> (24 - 8 * i));
	content_io_hash(request, merge->store, merge->data, length, merge->packed,
					merge->packed + CONTENT_HASH_SIZE + 4);
	request->resume = merge_hashed;
}

static struct bytes
take_copy(struct request *request, struct row *row)
{
	struct bytes value;

	value.data = (const char *) row_bytes(row, &value.size);
	if (value.data != NULL)
		value.data = region_copy(&request->region, value.data, value.size);
	return value;
}

static void
take_task(struct request *request, struct row *row)
{
	struct merge *merge = request->memory;
	struct segments segments;
	struct bytes action;
	struct bytes packed;
	struct bytes data;
	uint32_t	store_id;
	bool		unknown;

	action.data = (const char *) row_bytes(row, &action.size);
	if (row->ok && action.size == 4 && memcmp(action.data, "none", 4) == 0)
	{
		merge_end(request, 0);
		return;
	}
	merge->fetch = action.size == 5 && memcmp(action.data, "fetch", 5) == 0;
	merge->handle = take_copy(request, row);
	merge->offset = row_int8(row);
	merge->length = (uint32_t) row_int4(row);
	merge->stamp = take_copy(request, row);
	merge->store_id = (uint32_t) row_int4(row);
	packed.data = (const char *) row_bytes(row, &packed.size);
	data.data = (const char *) row_bytes(row, &data.size);
	if (!row->ok || packed.data == NULL ||
		!segments_open(&segments, packed, data) ||
		segments.size != merge->length || segments.size > CONTENT_BLOCK_MAX)
	{
		log_error("merge_next: what it returns makes no sense: is the extension "
				  "of another version?");
		merge_end(request, AFTER_TROUBLE);
		return;
	}
	call_helpers(request->pool);
	if (!merge->fetch)
		merge->store = content_store_of(&request->pool->shares, merge->store_id,
										&unknown);
	merge->data = region_alloc(&request->region, merge->length);
	if ((!merge->fetch && merge->store == NULL) ||
		segments_read(request, &segments, merge->data,
					  (uint64_t) merge->offset, &store_id) != SEGMENTS_READY)
	{
		merge_end(request, AFTER_TROUBLE);
		return;
	}
	request->resume = merge_assembled;
	if (request->waits == 0)
		merge_assembled(request);
}

static void
merge_claimed(struct request *request, const PGresult *result)
{
	struct merge *merge = request->memory;
	const char *needed = PQgetvalue(result, 0, 0);

	if (PQgetlength(result, 0, 0) != 1)
		merge_end(request, AFTER_TROUBLE);
	else if (*needed == 2 && ++merge->claims < CLAIMS_MAX)
	{
		send_claim(request);
		request->later = true;
	}
	else if (*needed == 1)
	{
		content_io_put(request, merge->store, merge->packed, merge->data,
					   merge->length);
		request->resume = merge_stored;
	}
	else

		/* It is there; or still being deleted: merge_commit puts it off. */
		send_end(request);
}

static void
merge_reply(struct request *request, const PGresult *result)
{
	struct merge *merge = request->memory;
	struct row	row;
	int32_t		status;
	int64_t		wait;

	if (PQntuples(result) != 1)
	{
		merge_end(request, AFTER_TROUBLE);
		return;
	}
	if (merge->step == MERGE_CLAIM)
	{
		merge_claimed(request, result);
		return;
	}
	if (merge->step == MERGE_END)
	{
		merge_end(request, 0);
		return;
	}
	row_open(&row, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
	status = row_int4(&row);
	if (status == 0)
	{
		take_task(request, &row);
		return;
	}
	row_skip(&row, 8);
	wait = (int64_t) row_int4(&row) * 1000;
	if (wait < WAIT_MIN)
		wait = WAIT_MIN;
	if (wait > WAIT_MAX)
		wait = WAIT_MAX;
	merge_end(request, is_first(merge->merger) ? wait : HELPER_WAIT);
}

static void
merge_failed(struct request *request, uint32_t status)
{
	(void) status;
	merge_end(request, AFTER_TROUBLE);
}

static const struct procedure merge_procedure = {
	.name = "merge", .changes = true, .reply = merge_reply,
	.fail = merge_failed};

static void
merge_begin(struct timer *timer)
{
	struct merger *merger = container_of(timer, struct merger, timer);
	struct pool *pool = merger->pool;
	struct worker *worker = pool->worker;
	struct request *request;
	struct merge *merge;

	if (worker->stopping)
		return;
	if (!pool_lane_is_up(pool, LANE_BULK))
	{
		timer_set(&worker->loop, timer, worker->loop.now + AFTER_TROUBLE);
		return;
	}
	request = request_new(worker);
	request->pool = pool;
	request->procedure = &merge_procedure;
	request->alone = true;
	merge = region_alloc(&request->region, sizeof(*merge));
	memset(merge, 0, sizeof(*merge));
	merge->merger = merger;
	merger->busy = true;
	request->memory = merge;
	request->call.statement = STATEMENT_MERGE_NEXT;
	pool_submit(request);
}

void
mergers_start(struct content_passes *passes)
{
	struct pool *pool = passes->pool;
	struct worker *worker = pool->worker;

	for (int i = 0; i < MERGERS; i++)
	{
		struct merger *merger = &passes->mergers[i];

		merger->pool = pool;
		merger->timer.fire = merge_begin;
		timer_set(&worker->loop, &merger->timer, worker->loop.now +
				  (i == 0 ? WAIT_MIN : HELPER_WAIT));
	}
}
