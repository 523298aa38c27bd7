/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_io.c
 *	  What content stores do for requests and chores: see content_io.h.
 */
#include "content/content_io.h"
#include "content/store_queue.h"
#include "content/content_cache.h"
#include "db/database.h"
#include "base/log.h"
#include "base/region.h"
#include "core/worker.h"

#include <string.h>

struct io_job
{
	struct content_job job;
	struct content_io *io;
	uint8_t    *hash;			/* HASH: where it goes */
};

void
content_io_failed(struct content_io *io, const struct content_job *job,
				  uint64_t offset)
{
	struct content_failure *failure = io->failure;

	if (failure != NULL && failure->outcome >= job->outcome)
		return;
	if (failure == NULL)
		failure = region_alloc(io->region, sizeof(*failure));
	io->failure = failure;
	failure->outcome = job->outcome;
	failure->store = content_store_name(job->store);
	memcpy(failure->hash, job->hash, HASH_LEN);
	failure->offset = offset;
	memcpy(failure->message, job->message, sizeof(failure->message));
}

void
content_io_done(struct content_io *io)
{
	if (--io->waits == 0)
		io->owner->resumed(io);
}

static void
job_done(struct content_job *job)
{
	struct io_job *from = container_of(job, struct io_job, job);

	if (job->lost)
		from->io->lost++;
	if (job->outcome != CONTENT_OK)
		content_io_failed(from->io, job, 0);
	else if (job->operation == CONTENT_HASH)
		memcpy(from->hash, job->hash, HASH_LEN);
	content_io_done(from->io);
}

/* The job, and what it points at, are in the memory of whose it is. */
static void
job_ended(struct content_job *job)
{
	struct content_io *io = container_of(job, struct io_job, job)->io;

	if (--io->lost == 0)
		io->owner->found(io);
}

static struct io_job *
new_job(struct content_io *io, struct content_store *store,
		enum content_operation operation)
{
	struct io_job *new = region_alloc(io->region, sizeof(*new));

	memset(new, 0, sizeof(*new));
	new->io = io;
	new->job.operation = operation;
	new->job.store = store;
	new->job.worker = database_of(io->call)->worker;
	new->job.done = job_done;
	new->job.ended = job_ended;
	new->job.deadline = pool_deadline(io->call);

	/* The gateway's own work has no client that could ask again. */
	new->job.patient = io->call->background;
	io->waits++;
	io->holder = store;
	return new;
}

void
content_io_hash(struct content_io *io, struct content_store *store,
				const char *data, size_t size, uint8_t *hash, uint8_t *sums)
{
	struct io_job *new = new_job(io, store, CONTENT_HASH);

	new->job.data = data;
	new->job.size = size;
	new->job.sums = sums;
	new->hash = hash;
	content_submit(&new->job);
}

void
content_io_put(struct content_io *io, struct content_store *store,
			   const uint8_t *hash, const char *data, size_t size)
{
	struct io_job *new = new_job(io, store, CONTENT_PUT);

	new->job.data = data;
	new->job.size = size;
	memcpy(new->job.hash, hash, HASH_LEN);
	content_submit(&new->job);
}

void
content_io_remove(struct content_io *io, struct content_store *store,
				  const uint8_t *hash)
{
	struct io_job *new = new_job(io, store, CONTENT_REMOVE);
	int64_t		latest = io->call->arrived + CONTENT_REMOVE_WITHIN;

	if (new->job.deadline > latest)
		new->job.deadline = latest;
	memcpy(new->job.hash, hash, HASH_LEN);
	content_submit(&new->job);
}

void
content_io_read(struct content_io *io, const struct content_range *range,
				char *to, uint64_t offset)
{
	io->holder = range->store;
	content_cache_read(&database_of(io->call)->worker->cache, range, io, to,
					   offset, pool_deadline(io->call));
}

uint32_t
content_io_complain(struct content_io *io)
{
	const struct content_failure *failure = io->failure;
	const struct call *call = io->call;
	char		name[CALL_NAME_MAX];
	char		hex[CONTENT_HEX_SIZE];

	io->failure = NULL;
	if (failure->outcome == CONTENT_UNAVAILABLE)
		return content_status(failure->outcome);
	content_hex(failure->hash, hex);
	log_with(LOG_LEVEL_ERROR,
			 log_members(call->owner->members(call), "{s:I, s:s, s:s, s:o}",
						 "offset", (json_int_t) failure->offset,
						 "content_store", failure->store, "block", hex,
						 "error", log_text(failure->message)),
			 "%s: offset %llu: content store %s, block %s: %s",
			 call->owner->name(call, name),
			 (unsigned long long) failure->offset, failure->store, hex,
			 failure->message);
	return content_status(failure->outcome);
}

void
content_io_no_store(const struct content_io *io, uint32_t store_id)
{
	char		name[CALL_NAME_MAX];
	const struct call *call = io->call;
	const struct content_shares *shares = &database_of(call)->shares;

	for (int i = 0; i < shares->store_count; i++)
		if (shares->stores[i].id == store_id)
			log_with(LOG_LEVEL_ERROR,
					 log_members(call->owner->members(call), "{s:o}",
								 "content_store",
								 log_text(shares->stores[i].name)),
					 "%s: content store %s is not in the settings "
					 "(--content-store)", call->owner->name(call, name),
					 shares->stores[i].name);
}
