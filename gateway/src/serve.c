/*
 * serve.c
 *	  From a record to a call, from a result to a reply.
 *
 * This is the only caller of the procedures.  Whatever they leave behind, a
 * call or a reply, proceed() acts on.
 */
#include "serve.h"
#include "client.h"
#include "keeper.h"
#include "log.h"
#include "metrics.h"
#include "pool.h"
#include "rpc.h"

#include <stdio.h>
#include <string.h>

/* A READ cannot ask for more of our memory than one record may have. */
static size_t
expected_result(const struct request *request)
{
	size_t		limit = (size_t) request->worker->config->max_record_size;

	return request->call.result_size < limit ? request->call.result_size : limit;
}

static const char *
outcome(const struct request *request, char *buffer)
{
	return request->refused != NULL ? request->refused :
		status_name(request->status, buffer);
}

static void
log_call(const struct request *request)
{
	char		name[REQUEST_NAME_MAX];
	char		status[16];
	double		took;

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	took = (double) (clock_now() - request->arrived) / 1000;
	log_with(LOG_LEVEL_DEBUG,
			 log_members(request_members(request), "{s:s, s:f}",
						 "status", outcome(request, status), "total_ms", took),
			 "%s %s %.3f ms", request_name(request, name),
			 outcome(request, status), took);
}

/*
 * What took its time: waiting in the gateway, the database (the flush at the
 * commit is part of it), content outside.  Also noted in the database, by
 * keeper.c, which must not be on the way of a call.
 */
static void
log_slow_call(const struct request *request, int64_t took)
{
	struct slow_call call;
	char		name[REQUEST_NAME_MAX];
	char		peer[PEER_NAME_MAX];
	char		status[16];

	metric_add(METRIC_SLOW_CALLS, 1);
	call.queue = took - request->database_time - request->content_time;
	if (call.queue < 0)
		call.queue = 0;
	call.database = request->database_time;
	call.flush = request->flush_time;
	call.content = request->content_time;
	call.total = took;
	call.store = request->pool->number;
	snprintf(call.client, sizeof(call.client), "%s",
			 peer_name(request->peer, peer));
	snprintf(call.procedure, sizeof(call.procedure), "%s",
			 request->procedure != NULL ? request->procedure->name : "-");
	call.status = request->status;
	call.handle_size = request->call.handle.size;
	if (call.handle_size > sizeof(call.handle))
		call.handle_size = 0;
	if (call.handle_size > 0)
		memcpy(call.handle, request->call.handle.data, call.handle_size);
	keeper_slow_call(&call);
	log_with(LOG_LEVEL_WARNING,
			 log_members(request_members(request),
						 "{s:s, s:f, s:f, s:f, s:f, s:f}",
						 "status", outcome(request, status),
						 "total_ms", (double) took / 1000,
						 "queue_ms", (double) call.queue / 1000,
						 "database_ms", (double) call.database / 1000,
						 "flush_ms", (double) call.flush / 1000,
						 "content_ms", (double) call.content / 1000),
			 "%s took %.0f ms: queue %.0f, database %.0f (flush %.0f), "
			 "content %.0f", request_name(request, name),
			 (double) took / 1000, (double) call.queue / 1000,
			 (double) call.database / 1000, (double) call.flush / 1000,
			 (double) call.content / 1000);
}

static void
note_call(const struct request *request)
{
	int64_t		took = clock_now() - request->arrived;
	int64_t		slow = request->worker->config->slow_call * 1000;

	metrics_call(request, took);
	if (slow > 0 && took > slow)
		log_slow_call(request, took);
	log_call(request);
}

static void
finish(struct request *request)
{
	struct client *client = request->client;

	duplicates_remove(request);
	if (client == NULL)
	{
		request_free(request);
		return;
	}
	if (!request_finish_reply(request))
	{
		request_refuse(request, SYSTEM_ERR);
		request_finish_reply(request);
	}
	note_call(request);
	if (client->state == CLIENT_CLOSED)
	{
		request_free(request);
		return;
	}
	request_set_state(request, REQUEST_REPLYING);
	client_reply(client, request);
}

/*
 * The memory of a request that waits for a store counts against the store's
 * limit, if that has room, so that a slow store does not keep clients from
 * being read.  A client whose data is on its way to the store may send other
 * calls; one that asks for data goes on being charged, since it may take none
 * of the replies.
 */
static bool
hold(struct request *request, bool client_too)
{
	if (request->holder == NULL || request->charged == 0 ||
		!content_hold(request->holder, request->charged))
		return false;
	request->held = request->charged;
	if (client_too)
		request_uncharge(request);
	else
	{
		request->worker->bytes -= request->held;
		request->worker->released = true;
	}
	return true;
}

static void
wait_for_store(struct request *request)
{
	request_set_state(request, REQUEST_AT_STORE);
	request->at_store = clock_now();
	if (!hold(request, request->client != NULL && request->procedure->changes))
		TAILQ_INSERT_TAIL(&request->worker->unheld, request, link);
}

/*
 * A store that gives up what it is slow with begins with what it has had
 * longest, which it holds; what is left may all be charged to one worker.  Its
 * clients go on being charged, or they would send as much again.
 */
void
serve_hold(struct worker *worker)
{
	struct request *request;
	struct request *next;

	for (request = TAILQ_FIRST(&worker->unheld); request != NULL; request = next)
	{
		next = TAILQ_NEXT(request, link);
		if (hold(request, false))
			TAILQ_REMOVE(&worker->unheld, request, link);
	}
}

static void
proceed(struct request *request)
{
	if (request->waits > 0)
	{
		wait_for_store(request);
		return;
	}
	if (request->call.statement == NO_STATEMENT)
	{
		finish(request);
		return;
	}
	if (request_pointless(request))
	{
		request_free(request);
		return;
	}
	reply_reset(request);
	request_charge(request, expected_result(request));
	if (request->later)
	{
		request->later = false;
		pool_retry(request);
	}
	else
		pool_submit(request);
}

/*
 * A retransmission of a changing call that still runs.  True: nothing is to
 * be done about this one.
 */
static bool
is_duplicate(struct request *request)
{
	struct duplicates *duplicates = &request->worker->duplicates;
	struct request *first = duplicates_find(duplicates, request);
	struct client *client = request->client;
	char		name[REQUEST_NAME_MAX];

	if (first == NULL)
	{
		duplicates_add(duplicates, request);
		return false;
	}
	metric_add(METRIC_DUPLICATES, 1);
	log_with(LOG_LEVEL_DEBUG, request_members(request),
			 "%s is a retransmission of a call in progress",
			 request_name(request, name));
	if (first->client != client)
	{
		request_detach(first);
		request_attach(first, client);
	}
	return true;
}

/* Enough of the record to tell calls apart; an equal one is compared whole. */
static uint32_t
checksum(const struct bytes *record)
{
	uint32_t	hash = 2166136261u;
	uint32_t	size = record->size < 256 ? record->size : 256;

	for (uint32_t i = 0; i < size; i++)
		hash = (hash ^ (uint8_t) record->data[i]) * 16777619u;
	return hash ^ record->size;
}

static struct request *
make_request(struct client *client, struct record *record)
{
	struct request *request = request_new(client->worker);
	struct region_chunk *chunk = record->chunk;

	request_attach(request, client);
	request_charge(request, record->size);
	if (chunk == NULL)
		request->record.data = region_copy(&request->region, record->data,
										   record->size);
	else
	{
		/* One that came in fragments was given room for the largest. */
		if (record->size < chunk->size / 2)
			chunk = region_chunk_resize(chunk, record->size);
		region_adopt(&request->region, chunk);
		request->record.data = chunk->data;
	}
	request->record.size = (uint32_t) record->size;
	return request;
}

void
serve_record(struct client *client, struct record *record)
{
	struct request *request = make_request(client, record);
	struct rpc_call call;
	struct rpc_refusal refusal;
	char	   *caller;
	XDR			xdr;

	switch (rpc_decode_call(request->record.data, request->record.size, &call,
							&refusal))
	{
		case RPC_NOT_A_CALL:
			request_free(request);
			client_close(client, LOG_LEVEL_WARNING, "sent what is not an RPC call");
			return;
		case RPC_REFUSED:
			request->xid = call.xid;
			request->program = call.program;
			request->procedure = call.procedure;
			request_refuse_as(request, &refusal);
			finish(request);
			return;
		case RPC_NULL:
			request->xid = call.xid;
			request->program = call.program;
			request->procedure = call.procedure;
			reply_begin(request, 0);
			reply_end(request);
			finish(request);
			return;
		case RPC_CALL:
			break;
	}

	request->xid = call.xid;
	request->program = call.program;
	request->procedure = call.procedure;
	request->credential = call.credential;
	caller = region_alloc(&request->region, CALLER_MAX);
	request->caller.data = caller;
	request->caller.size = (uint32_t) rpc_encode_caller(caller,
														&request->credential,
														request->peer);

	request->arguments.data = request->record.data + call.arguments;
	request->arguments.size = (uint32_t) (request->record.size - call.arguments);
	xdrmem_create(&xdr, (char *) (uintptr_t) request->arguments.data,
				  request->arguments.size, XDR_DECODE);
	xdr.x_public = (char *) request;
	if (!request->procedure->decode(request, &xdr))
	{
		request_refuse(request, GARBAGE_ARGS);
		finish(request);
		return;
	}

	if (request->procedure->changes)
	{
		request->checksum = checksum(&request->record);
		if (is_duplicate(request))
		{
			request_free(request);
			return;
		}
	}

	request->procedure->send(request);
	proceed(request);
}

void
serve_column(struct request *request, const PGresult *result, int column)
{
	request->column = column;
	request->call.statement = NO_STATEMENT;
	reply_reset(request);
	request->procedure->reply(request, result);
	proceed(request);
}

void
serve_result(struct request *request, PGresult *result)
{
	if (request->result != NULL)
		PQclear(request->result);
	request->result = result;
	serve_column(request, result, 0);
}

void
serve_resume(struct request *request)
{
	request->content_time += clock_now() - request->at_store;
	if (request->held > 0)
	{
		content_release(request->holder, request->held);
		if (request->charged == 0)
			request_charge(request, request->held);
		else
			request->worker->bytes += request->held;
		request->held = 0;
	}
	else
		TAILQ_REMOVE(&request->worker->unheld, request, link);

	/* What waits at a store is data: see request_pointless. */
	if (request->client != NULL && request->client->state == CLIENT_CLOSED)
	{
		request_free(request);
		return;
	}
	request->resume(request);
	proceed(request);
}

void
serve_failure(struct request *request, uint32_t status)
{
	request->call.statement = NO_STATEMENT;
	request->status = status;
	reply_reset(request);
	request->procedure->fail(request, status);
	proceed(request);
}

void
serve_too_late(struct request *request)
{
	struct client *client = request->client;

	if (!request_is_once(request))
	{
		serve_failure(request, STATUS_JUKEBOX);
		return;
	}
	request_free(request);
	if (client != NULL && client->state != CLIENT_CLOSED)
		client_hang_up(client);
}
