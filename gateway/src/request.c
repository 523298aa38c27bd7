/*
 * request.c
 *	  The life of the struct: made, charged, given a reply, released.
 *
 * A request and the first chunk of its region are one allocation, and the
 * worker keeps some of these: a GETATTR never reaches malloc except inside
 * libpq.  What it was charged against the limits is given back where it is
 * released and nowhere else.
 */
#include "request.h"
#include "client.h"
#include "log.h"
#include "pool.h"
#include "rpc.h"
#include "serve.h"
#include "statements.h"
#include "worker.h"

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
	request->pool = worker->pools;
	request->state = REQUEST_RECEIVED;
	request->call.statement = NO_STATEMENT;
	request->arrived = worker->loop.now;
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
	client->bytes += request->charged;
}

void
request_detach(struct request *request)
{
	struct client *client = request->client;

	if (client == NULL)
		return;
	TAILQ_REMOVE(&client->requests, request, client_link);
	client->request_count--;
	client->bytes -= request->charged;
	request->client = NULL;
}

void
request_charge(struct request *request, size_t bytes)
{
	request->charged += bytes;
	request->worker->bytes += bytes;
	if (request->client != NULL)
		request->client->bytes += bytes;
}

/* Nothing is counted any more, until it is charged again. */
void
request_uncharge(struct request *request)
{
	request->worker->bytes -= request->charged;
	request->worker->released = true;
	if (request->client != NULL)
		request->client->bytes -= request->charged;
	request->charged = 0;
}

void
request_free(struct request *request)
{
	struct worker *worker = request->worker;

	assert(request->waits == 0);
	duplicates_remove(request);
	request_detach(request);
	worker->requests--;
	worker->bytes -= request->charged;
	worker->released = true;
	if (request->result != NULL)
		PQclear(request->result);
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
requests_free_all(struct worker *worker)
{
	struct request *request;

	while ((request = TAILQ_FIRST(&worker->free_requests)) != NULL)
	{
		TAILQ_REMOVE(&worker->free_requests, request, link);
		free(request);
	}
}

void
request_set_state(struct request *request, enum request_state state)
{
	assert(request->state != REQUEST_FREE);
	assert(state != REQUEST_RECEIVED);
	request->state = state;
}

bool
request_pointless(const struct request *request)
{
	if (request->client == NULL || request->client->state != CLIENT_CLOSED)
		return false;
	return !request->procedure->changes ||
		request->call.statement != NO_STATEMENT;
}

bool
request_is_once(const struct request *request)
{
	return request->program == &nfs3_program &&
		statements[request->call.statement].lane == LANE_CHANGE;
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

/* A path of MOUNT, which may be as long as its record. */
#define PATH_SHOWN_MAX 128
#define PATH_SHOWN(path) \
	((path)->size < PATH_SHOWN_MAX ? (int) (path)->size : PATH_SHOWN_MAX)

const char *
request_name(const struct request *request, char *buffer)
{
	const struct bytes *path = &request->call.path;
	struct content_file_name of;
	char		peer[PEER_NAME_MAX];
	size_t		n = 0;

	if (request->peer != NULL)
		n += (size_t) snprintf(buffer, REQUEST_NAME_MAX, "client %s xid %08x ",
							   peer_name(request->peer, peer), request->xid);
	n += (size_t) snprintf(buffer + n, REQUEST_NAME_MAX - n, "%s",
						   procedure_name(request));
	if (content_file_name(&request->pool->shares, request->call.handle, &of))
		snprintf(buffer + n, REQUEST_NAME_MAX - n, " (share %s, file %s)",
				 of.share, of.file);
	else if (path->size > 0)
		snprintf(buffer + n, REQUEST_NAME_MAX - n, " (path %.*s)",
				 PATH_SHOWN(path), path->data);
	return buffer;
}

json_t *
request_members(const struct request *request)
{
	const struct bytes *path = &request->call.path;
	struct content_file_name of;
	json_t	   *members = NULL;

	if (request->peer != NULL)
	{
		char		xid[16];

		snprintf(xid, sizeof(xid), "%08x", request->xid);
		members = log_members(peer_members(request->peer), "{s:s, s:s*}",
							  "xid", xid, "program", request->program != NULL ?
							  request->program->name : NULL);
	}
	members = log_members(members, "{s:s}",
						  "procedure", procedure_name(request));
	if (content_file_name(&request->pool->shares, request->call.handle, &of))
		log_members(members, "{s:o, s:s}", "share", log_text(of.share),
					"file", of.file);
	else if (path->size > 0)
	{
		char		shown[PATH_SHOWN_MAX + 1];

		snprintf(shown, sizeof(shown), "%.*s", PATH_SHOWN(path), path->data);
		log_members(members, "{s:o}", "path", log_text(shown));
	}
	return members;
}

const char *
status_name(uint32_t status, char *buffer)
{
	static const struct
	{
		uint32_t	status;
		const char *name;
	}			names[] = {
		{0, "OK"}, {1, "PERM"}, {2, "NOENT"}, {5, "IO"}, {6, "NXIO"},
		{13, "ACCES"}, {17, "EXIST"}, {18, "XDEV"}, {19, "NODEV"},
		{20, "NOTDIR"}, {21, "ISDIR"}, {22, "INVAL"}, {27, "FBIG"},
		{28, "NOSPC"}, {30, "ROFS"}, {31, "MLINK"}, {63, "NAMETOOLONG"},
		{66, "NOTEMPTY"}, {69, "DQUOT"}, {70, "STALE"}, {71, "REMOTE"},
		{10001, "BADHANDLE"}, {10002, "NOT_SYNC"}, {10003, "BAD_COOKIE"},
		{10004, "NOTSUPP"}, {10005, "TOOSMALL"}, {10006, "SERVERFAULT"},
		{10007, "BADTYPE"}, {10008, "JUKEBOX"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == status)
			return names[i].name;
	snprintf(buffer, 16, "%u", status);
	return buffer;
}
