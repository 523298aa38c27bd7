/* SPDX-License-Identifier: PostgreSQL */
/*
 * serve.c
 *	  From a record to a call, from a result to a reply.
 *
 * This is the only caller of the procedures. proceed() acts on what a procedure
 * leaves behind, a call or a reply.
 */
#include "core/serve.h"
#include "core/client.h"
#include "content/store_queue.h"
#include "db/database.h"
#include "monitor/keeper.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "wire/nfsstat.h"
#include "db/route.h"
#include "wire/rpc.h"
#include "core/waiting.h"
#include "core/worker.h"

#include <stdio.h>
#include <string.h>

/* A READ cannot ask for more of our memory than one record may have. */
static size_t
expected_result(const struct request *request)
{
	size_t		limit = (size_t) request->worker->config->max_record_size;

	if (request->procedure->bounded)
		return request->call.result_size;
	return request->call.result_size < limit ? request->call.result_size :
											   limit;
}

static const char *
outcome(const struct request *request, char *buffer)
{
	return request->refused != NULL ? request->refused :
		nfsstat_name(request->status, buffer);
}

static void
log_call(const struct request *request)
{
	char		name[CALL_NAME_MAX];
	char		status[16];
	double		took;

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	took = (double) (clock_now() - request->call.arrived) / 1000;
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
	char		name[CALL_NAME_MAX];
	char		peer[PEER_NAME_MAX];
	char		status[16];

	metric_add(METRIC_SLOW_CALLS, 1);
	call.queue = took - request->call.database_time - request->content_time;
	if (call.queue < 0)
		call.queue = 0;
	call.database = request->call.database_time;
	call.flush = request->call.flush_time;
	call.content = request->content_time;
	call.total = took;
	call.store = request->call.pool->number;
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
	int64_t		took = clock_now() - request->call.arrived;
	int64_t		slow = request->worker->config->slow_call * 1000;

	metrics_call(request, took);
	if (slow > 0 && took > slow)
		log_slow_call(request, took);
	log_call(request);
}

static void
leave_unanswered(struct request *request)
{
	struct client *client = request->client;

	request_free(request);
	if (client != NULL && client->state != CLIENT_CLOSED)
		client_hang_up(client);
}

static void
finish(struct request *request)
{
	struct client *client = request->client;

	if (request->unanswered)
	{
		leave_unanswered(request);
		return;
	}
	duplicates_remove(request);
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

static void
wait_for_store(struct request *request)
{
	request_set_state(request, REQUEST_AT_STORE);
	request->at_store = clock_now();
	if (!charge_to_store(request, request->procedure->changes ?
						 CHARGE_TO_STORE : CHARGE_FROM_STORE))
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

	for (request = TAILQ_FIRST(&worker->unheld); request != NULL;
		 request = next)
	{
		next = TAILQ_NEXT(request, link);
		if (charge_to_store(request, CHARGE_FROM_STORE))
			TAILQ_REMOVE(&worker->unheld, request, link);
	}
}

static void
proceed(struct request *request)
{
	if (request->io.waits > 0)
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
	charge_add(request, expected_result(request));
	request_set_state(request, REQUEST_CALLING);
	if (request->later)
	{
		request->later = false;
		pool_retry(&request->call);
	}
	else
		pool_submit(&request->call);
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
	char		name[CALL_NAME_MAX];

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
	request->came = client->came_record;
	charge_add(request, record->size);
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

/* Does the client begin with NULL?  See client_may_repeat. */
static void
note_greeting(struct client *client, enum rpc_outcome decoded,
			  const struct rpc_call *call)
{
	if (client->called)
		return;
	client->called = true;
	client->greeted = decoded == RPC_NULL && call->program->greeted;
	client->greeting = call->xid;
}

void
serve_record(struct client *client, struct record *record)
{
	struct request *request = make_request(client, record);
	struct rpc_call call;
	struct rpc_refusal refusal;
	enum rpc_outcome decoded;
	char	   *caller;
	XDR			xdr;

	decoded = rpc_decode_call(request->record.data, request->record.size,
							  client->door, &call, &refusal);
	note_greeting(client, decoded, &call);
	switch (decoded)
	{
		case RPC_NOT_A_CALL:
			request_free(request);
			client_close(client, LOG_LEVEL_WARNING,
						 "sent what is not an RPC call");
			return;
		case RPC_REFUSED:
			request->xid = call.xid;
			request->program = call.program;
			request->procedure = call.procedure;
			request->procedure_number = call.procedure_number;
			request_refuse_as(request, &refusal);
			finish(request);
			return;
		case RPC_NULL:
			request->xid = call.xid;
			request->program = call.program;
			request->procedure = call.procedure;
			request->procedure_number = call.procedure_number;
			reply_begin(request, 0);
			reply_end(request);
			finish(request);
			return;
		case RPC_CALL:
			if (call.procedure->mute && door_is_udp(client->door))
			{
				request_free(request);
				return;
			}
			break;
	}

	request->xid = call.xid;
	request->program = call.program;
	request->procedure = call.procedure;
	request->procedure_number = call.procedure_number;
	request->credential = call.credential;
	caller = region_alloc(&request->region, CALLER_LEN_MAX);
	request->caller.data = caller;
	request->caller.size = (uint32_t) rpc_encode_caller(caller,
														&request->credential,
														request->peer);

	request->identity.data = request->record.data + call.identity;
	request->identity.size = (uint32_t) (call.arguments - call.identity);
	request->arguments.data = request->record.data + call.arguments;
	request->arguments.size =
		(uint32_t) (request->record.size - call.arguments);
	xdrmem_create(&xdr, (char *) (uintptr_t) request->arguments.data,
				  request->arguments.size, XDR_DECODE);
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

static bool
has_no_word_for(const struct request *request, uint32_t status)
{
	return request->program->errors_are_final &&
		(status == FS_JUKEBOX || status == FS_NOSPC);
}

/*
 * What the pool says.
 */

static struct request *
request_of(const struct call *call)
{
	return container_of(call, struct request, call);
}

static void
committed(struct call *call, const PGresult *result, int column)
{
	struct request *request = request_of(call);

	request->column = column;
	call->statement = NO_STATEMENT;
	reply_reset(request);
	request->procedure->reply(request, result);
	proceed(request);
}

/*
 * A MOUNT that cannot be done now is not answered: its client is disconnected.
 */
static void
failed(struct call *call, uint32_t status)
{
	struct request *request = request_of(call);

	if (has_no_word_for(request, status))
	{
		leave_unanswered(request);
		return;
	}
	call->statement = NO_STATEMENT;
	request->status = status;
	reply_reset(request);
	request->procedure->fail(request, status);
	proceed(request);
}

/*
 * JUKEBOX would make the client call anew, with another xid.  That is right for
 * what can be done twice.  A change that may have been made, here or by the
 * gateway that the client asked before, would get EXIST or NOENT then, for what
 * it did itself; so it gets no answer, and asks again with the same xid.
 */
static void
too_late(struct call *call)
{
	struct request *request = request_of(call);
	char		text[WAITING_TEXT_MAX];

	pool_log_given_up(call, waiting_text(request, text) ? text : NULL);
	if (request->procedure->once)
		leave_unanswered(request);
	else
		failed(call, FS_JUKEBOX);
}

static void
dropped(struct call *call)
{
	request_free(request_of(call));
}

static bool
wanted(const struct call *call)
{
	return !request_pointless(request_of(call));
}

/*
 * Which database has the share: each time, since the table of shares may have
 * been learned, or have changed, meanwhile.
 */
static struct pool *
route(struct call *call)
{
	struct request *request = request_of(call);
	struct worker *worker = request->worker;
	int			store;
	int			other;

	if (worker->database_count == 1)
		return call->pool;
	if (call->handle.data != NULL)
		store = route_handle(call->handle, call->arrived);
	else if (call->path.data != NULL)
		store = route_path(call->path, call->arrived);
	else
		return call->pool;
	other = call->other_handle.data != NULL ?
		route_handle(call->other_handle, call->arrived) : store;
	if (store >= 0 && store == other)
		return &worker->databases[store].pool;
	if (store < 0 || other < 0)
		pool_retry(call);
	else
		failed(call, FS_XDEV);
	return NULL;
}

static const char *
name(const struct call *call, char *buffer)
{
	return request_name(request_of(call), buffer);
}

static json_t *
members(const struct call *call)
{
	return request_members(request_of(call));
}

const struct call_owner serve_calls = {
	.committed = committed,
	.failed = failed,
	.too_late = too_late,
	.dropped = dropped,
	.wanted = wanted,
	.route = route,
	.name = name,
	.members = members,
};

void
serve_forget(struct request *request)
{
	/* A content store has it, and nothing takes it away. */
	if (request->state == REQUEST_CALLING)
		pool_forget(&request->call);
}

/*
 * What content stores say.
 */

static void
resumed(struct content_io *io)
{
	struct request *request = container_of(io, struct request, io);

	request->content_time += clock_now() - request->at_store;
	if (!charge_is_at_store(request))
		TAILQ_REMOVE(&request->worker->unheld, request, link);
	else if (request->procedure->changes)
		(void) charge_from_store(request);

	/* What waits at a store is data: see request_pointless. */
	if (request->client->state == CLIENT_CLOSED)
	{
		request_free(request);
		return;
	}
	request->resume(request);
	proceed(request);
}

static void
found(struct content_io *io)
{
	request_found(container_of(io, struct request, io));
}

const struct content_io_owner serve_io = {
	.resumed = resumed,
	.found = found,
};
