/* SPDX-License-Identifier: PostgreSQL */
/*
 * request.c
 *	  The life of a request: made, charged, given a reply, released.
 *
 * A request and the first chunk of its region are one allocation, and the
 * worker keeps some of these: a GETATTR never reaches malloc except inside
 * libpq.  The charge against the limits is given back where the request is
 * released and nowhere else.
 */
#include "core/request.h"
#include "db/call_object.h"
#include "core/client.h"
#include "db/database.h"
#include "base/log.h"
#include "core/room.h"
#include "wire/rpc.h"
#include "core/serve.h"
#include "core/worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* struct request and the first chunk of its region */
#define REQUEST_SIZE 3072

/* Kept for reuse by each worker: at most 768 KiB. */
#define FREE_REQUESTS_MAX 256

struct request *
request_new(struct worker *worker)
{
	struct request *request = TAILQ_FIRST(&worker->free_requests);

	if (request != NULL)
	{
		TAILQ_REMOVE(&worker->free_requests, request, link);
		worker->free_count--;
	}
	else
	{
		request = malloc(REQUEST_SIZE);
		if (request == NULL)
			fatal("out of memory");
	}
	memset(request, 0, sizeof(*request));
	region_init(&request->region, request + 1,
				REQUEST_SIZE - sizeof(*request));
	request->worker = worker;
	request->state = REQUEST_RECEIVED;
	request->call.owner = &serve_calls;
	request->call.pool = &worker->databases->pool;
	request->call.statement = NO_STATEMENT;
	request->call.arrived = worker->loop.now;
	request->io.owner = &serve_io;
	request->io.region = &request->region;
	request->io.call = &request->call;
	worker->requests++;
	return request;
}

void
request_attach(struct request *request, struct client *client)
{
	request->client = client;
	request->peer = &client->peer;
	TAILQ_INSERT_TAIL(&client->requests, request, client_link);
	client->request_count++;
	client->address->requests++;
	request->worker->udp_requests += door_is_udp(client->door);
	charge_attach(request, client);
}

void
request_detach(struct request *request)
{
	struct client *client = request->client;

	if (client == NULL)
		return;
	TAILQ_REMOVE(&client->requests, request, client_link);
	client->request_count--;
	client->address->requests--;
	request->worker->udp_requests -= door_is_udp(client->door);
	charge_detach(request, client);
	request->client = NULL;
}

static void
release(struct request *request)
{
	struct worker *worker = request->worker;

	region_reset(&request->region);
	request_set_state(request, REQUEST_FREE);
	if (worker->free_count >= FREE_REQUESTS_MAX)
	{
		free(request);
		return;
	}
	TAILQ_INSERT_HEAD(&worker->free_requests, request, link);
	worker->free_count++;
}

void
request_free(struct request *request)
{
	struct worker *worker = request->worker;

	assert(request->io.waits == 0 && request->call.state == CALL_IDLE);
	duplicates_remove(request);
	charge_end(request);
	request_detach(request);
	worker->requests--;
	worker->released = true;
	call_clear(&request->call);
	if (request->io.lost > 0)
		request_set_state(request, REQUEST_LOST);
	else
		release(request);
}

void
request_found(struct request *request)
{
	if (request->state == REQUEST_LOST)
		release(request);
}

void
requests_free_all(struct worker *worker)
{
	struct request *request;

	while ((request = TAILQ_FIRST(&worker->free_requests)) != NULL)
	{
		TAILQ_REMOVE(&worker->free_requests, request, link);
		free(request);
	}
}

/*
 * What may follow what.  A call may follow a call, and jobs of stores may
 * follow jobs: READ and WRITE of content outside the database take several.
 */
static const bool may_follow[REQUEST_STATES][REQUEST_STATES] = {
	[REQUEST_RECEIVED] = {
		[REQUEST_CALLING] = true, [REQUEST_AT_STORE] = true,
		[REQUEST_REPLYING] = true, [REQUEST_FREE] = true},
	[REQUEST_CALLING] = {
		[REQUEST_CALLING] = true, [REQUEST_AT_STORE] = true,
		[REQUEST_REPLYING] = true, [REQUEST_FREE] = true,
		[REQUEST_LOST] = true},
	[REQUEST_AT_STORE] = {
		[REQUEST_CALLING] = true, [REQUEST_AT_STORE] = true,
		[REQUEST_REPLYING] = true, [REQUEST_FREE] = true,
		[REQUEST_LOST] = true},
	[REQUEST_REPLYING] = {[REQUEST_FREE] = true, [REQUEST_LOST] = true},
	[REQUEST_LOST] = {[REQUEST_FREE] = true},
};

void
request_set_state(struct request *request, enum request_state state)
{
	assert(may_follow[request->state][state]);
	request->state = state;
}

bool
request_pointless(const struct request *request)
{
	const struct client *client = request->client;

	if (client == NULL || !client_has_left(client))
		return false;

	/* What was refused may have no procedure. */
	return request->procedure != NULL && request->procedure->changes ?
		request->call.statement != NO_STATEMENT :
		client->state == CLIENT_CLOSED;
}

/*
 * The reply.
 */

void
reply_reset(struct request *request)
{
	request->reply_pieces = 0;
	request->reply_size = 0;
	request->reply_start = NULL;
}

XDR *
reply_begin(struct request *request, size_t max)
{
	size_t		header = request->reply_pieces == 0 ? RPC_SUCCESS_SIZE : 0;
	char	   *start = region_alloc(&request->region, header + max);

	assert(request->reply_start == NULL);
	if (header > 0)
		rpc_encode_success(start, request->xid);
	request->reply_start = start;
	xdrmem_create(&request->reply_xdr, start + header, (u_int) max, XDR_ENCODE);
	return &request->reply_xdr;
}

static void
add_piece(struct request *request, const void *data, size_t size)
{
	if (size == 0)
		return;
	assert(request->reply_pieces < REPLY_MAX_PIECES);
	request->reply[request->reply_pieces].iov_base = (void *) (uintptr_t) data;
	request->reply[request->reply_pieces].iov_len = size;
	request->reply_pieces++;
	request->reply_size += size;
}

void
reply_end(struct request *request)
{
	size_t		header = request->reply_pieces == 0 ? RPC_SUCCESS_SIZE : 0;
	char	   *start = request->reply_start;

	request->reply_start = NULL;
	add_piece(request, start, header + xdr_getpos(&request->reply_xdr));
}

void
reply_append(struct request *request, const void *data, size_t size)
{
	if (request->reply_pieces == 0)
	{
		reply_begin(request, 0);
		reply_end(request);
	}
	add_piece(request, data, size);
}

static void
set_refusal(struct request *request, const struct rpc_refusal *refusal)
{
	char	   *reply = region_alloc(&request->region, RPC_REFUSAL_MAX);

	reply_reset(request);
	add_piece(request, reply, rpc_encode_refusal(reply, request->xid, refusal));
	request->refused = rpc_refusal_name(refusal);
}

void
request_refuse(struct request *request, enum accept_stat why)
{
	struct rpc_refusal refusal = {.denied = false, .accept = why};

	set_refusal(request, &refusal);
}

void
request_deny(struct request *request, enum auth_stat why)
{
	struct rpc_refusal refusal = {.denied = true, .reject = AUTH_ERROR,
								  .auth = why};

	set_refusal(request, &refusal);
}

void
request_leave(struct request *request)
{
	reply_reset(request);
	request->unanswered = true;
}

void
request_refuse_as(struct request *request, const struct rpc_refusal *refusal)
{
	set_refusal(request, refusal);
}

bool
request_finish_reply(struct request *request)
{
	if (request->reply_pieces == 0)
		return false;
	rpc_set_record_mark(request->reply[0].iov_base, request->reply_size);
	return true;
}

/*
 * For the log.
 */

static const char *
procedure_name(const struct request *request)
{
	return request->procedure != NULL ? request->procedure->name : "-";
}

const char *
request_name(const struct request *request, char *buffer)
{
	char		peer[PEER_ROUTE_MAX];
	size_t		n = (size_t) snprintf(buffer, CALL_NAME_MAX,
									  "client %s xid %08x %s",
									  peer_route(request->peer, peer),
									  request->xid, procedure_name(request));

	call_object_text(&request->call, buffer + n, CALL_NAME_MAX - n);
	return buffer;
}

json_t *
request_members(const struct request *request)
{
	char		xid[16];

	snprintf(xid, sizeof(xid), "%08x", request->xid);
	return call_object_members(&request->call, log_members(
		peer_members(request->peer), "{s:s, s:s*, s:s}", "xid", xid,
		"program", request->program != NULL ? request->program->name : NULL,
		"procedure", procedure_name(request)));
}
