/*
 * content_io.c
 *	  Requests and content stores: see content_io.h.
 */
#include "content_io.h"
#include "content_backend.h"
#include "content_shares.h"
#include "log.h"
#include "serve.h"
#include "worker.h"

#include <string.h>

struct io_job
{
	struct content_job job;
	struct request *request;
	uint8_t    *hash;			/* HASH: where it goes */
};

static int64_t
deadline_of(const struct request *request)
{
	return request->arrived + request->pool->config->call_timeout * 1000;
}

void
content_io_failed(struct request *request, const struct content_job *job,
				  uint64_t offset)
{
	struct content_failure *failure = request->failure;

	if (failure != NULL && failure->outcome >= job->outcome)
		return;
	if (failure == NULL)
		failure = region_alloc(&request->region, sizeof(*failure));
	request->failure = failure;
	failure->outcome = job->outcome;
	failure->store = content_store_name(job->store);
	memcpy(failure->hash, job->hash, CONTENT_HASH_SIZE);
	failure->offset = offset;
	memcpy(failure->message, job->message, sizeof(failure->message));
}

void
content_io_done(struct request *request)
{
	if (--request->waits == 0)
		serve_resume(request);
}

static void
job_done(struct content_job *job)
{
	struct io_job *io = container_of(job, struct io_job, job);

	if (job->outcome != CONTENT_OK)
		content_io_failed(io->request, job, 0);
	else if (job->operation == CONTENT_HASH)
		memcpy(io->hash, job->hash, CONTENT_HASH_SIZE);
	content_io_done(io->request);
}

static struct io_job *
new_job(struct request *request, struct content_store *store,
		enum content_operation operation)
{
	struct io_job *io = region_alloc(&request->region, sizeof(*io));

	memset(io, 0, sizeof(*io));
	io->request = request;
	io->job.operation = operation;
	io->job.store = store;
	io->job.worker = request->worker;
	io->job.done = job_done;
	io->job.deadline = deadline_of(request);

	/* The gateway's own work has no client that could ask again. */
	io->job.patient = request->client == NULL;
	request->waits++;
	request->holder = store;
	return io;
}

void
content_io_hash(struct request *request, struct content_store *store,
				const char *data, size_t size, uint8_t *hash, uint8_t *sums)
{
	struct io_job *io = new_job(request, store, CONTENT_HASH);

	io->job.data = data;
	io->job.size = size;
	io->job.sums = sums;
	io->hash = hash;
	content_submit(&io->job);
}

void
content_io_put(struct request *request, struct content_store *store,
			   const uint8_t *hash, const char *data, size_t size)
{
	struct io_job *io = new_job(request, store, CONTENT_PUT);

	io->job.data = data;
	io->job.size = size;
	memcpy(io->job.hash, hash, CONTENT_HASH_SIZE);
	content_submit(&io->job);
}

void
content_io_remove(struct request *request, struct content_store *store,
				  const uint8_t *hash)
{
	struct io_job *io = new_job(request, store, CONTENT_REMOVE);
	int64_t		latest = request->arrived + CONTENT_REMOVE_WITHIN;

	if (io->job.deadline > latest)
		io->job.deadline = latest;
	memcpy(io->job.hash, hash, CONTENT_HASH_SIZE);
	content_submit(&io->job);
}

void
content_io_read(struct request *request, const struct content_range *range,
				char *to, uint64_t offset)
{
	request->holder = range->store;
	content_cache_read(&request->worker->cache, range, request, to, offset,
					   deadline_of(request));
}

uint32_t
content_io_complain(struct request *request)
{
	const struct content_failure *failure = request->failure;
	char		name[REQUEST_NAME_MAX];
	char		hex[CONTENT_HEX_SIZE];

	request->failure = NULL;
	if (failure->outcome == CONTENT_UNAVAILABLE)
		return content_status(failure->outcome);
	content_hex(failure->hash, hex);
	log_with(LOG_LEVEL_ERROR,
			 log_members(request_members(request), "{s:I, s:s, s:s, s:o}",
						 "offset", (json_int_t) failure->offset,
						 "content_store", failure->store, "block", hex,
						 "error", log_text(failure->message)),
			 "%s: offset %llu: content store %s, block %s: %s",
			 request_name(request, name), (unsigned long long) failure->offset,
			 failure->store, hex, failure->message);
	return content_status(failure->outcome);
}

void
content_io_no_store(struct request *request, uint32_t store_id)
{
	char		name[REQUEST_NAME_MAX];
	const struct content_shares *shares = &request->pool->shares;

	for (int i = 0; i < shares->store_count; i++)
		if (shares->stores[i].id == store_id)
			log_with(LOG_LEVEL_ERROR,
					 log_members(request_members(request), "{s:o}",
								 "content_store",
								 log_text(shares->stores[i].name)),
					 "%s: content store %s is not in the settings "
					 "(--content-store)", request_name(request, name),
					 shares->stores[i].name);
}
