/* SPDX-License-Identifier: PostgreSQL */
/*
 * parameters.c
 *	  Fills in a call: a statement and its parameters, in binary.
 */
#include "db/parameters.h"
#include "core/client.h"
#include "db/database_clock.h"
#include "db/pool.h"
#include "wire/rpc.h"

#include <assert.h>
#include <string.h>

static const char bool_values[2] = {0, 1};

struct parameters
parameters_of(struct region *region, struct call *call,
			  enum statement_number statement, struct bytes key_handle)
{
	struct parameters p = {region, call, NULL, statement, 0};

	call->key = key_handle.data ?
		call_key(key_handle.data, key_handle.size) : 0;
	call->lock_count = 0;
	call->any_kind = false;
	call->handle = key_handle;
	call->other_handle = (struct bytes) {NULL, 0};
	call->path = (struct bytes) {NULL, 0};
	if (key_handle.data && call->changes)
		parameters_lock(&p, key_handle);
	call->unstable = false;
	call->result_size = 0;
	return p;
}

struct parameters
parameters_begin(struct request *request, enum statement_number statement,
				 struct bytes key_handle)
{
	struct parameters p;

	request->call.changes = request->procedure->changes;
	p = parameters_of(&request->region, &request->call, statement, key_handle);
	p.request = request;
	return p;
}

void
parameters_lock(struct parameters *p, struct bytes handle)
{
	struct call *call = p->call;

	call->locks[call->lock_count++] = handle;
	if (call->lock_count > 1)
		call->other_handle = handle;
}

void
parameters_other_handle(struct parameters *p, struct bytes handle)
{
	p->call->other_handle = handle;
}

void
parameters_path(struct parameters *p, struct bytes path)
{
	p->call->path = path;
}

static void
add(struct parameters *p, const void *value, size_t size)
{
	struct call *call = p->call;

	assert(p->count < CALL_MAX_PARAMS);
	call->values[p->count] = value;
	call->lengths[p->count] = (int) size;
	p->count++;
}

void
parameters_null(struct parameters *p)
{
	add(p, NULL, 0);
}

void
parameters_bytes(struct parameters *p, struct bytes value)
{
	add(p, value.data, value.size);
}

void
parameters_text(struct parameters *p, const char *constant)
{
	add(p, constant, strlen(constant));
}

static void
put_uint32(unsigned char *at, uint32_t value)
{
	at[0] = (unsigned char) (value >> 24);
	at[1] = (unsigned char) (value >> 16);
	at[2] = (unsigned char) (value >> 8);
	at[3] = (unsigned char) value;
}

void
parameters_int4(struct parameters *p, uint32_t value)
{
	unsigned char *at = region_alloc(p->region, 4);

	put_uint32(at, value);
	add(p, at, 4);
}

void
parameters_int8(struct parameters *p, int64_t value)
{
	unsigned char *at = region_alloc(p->region, 8);

	put_uint32(at, (uint32_t) ((uint64_t) value >> 32));
	put_uint32(at + 4, (uint32_t) value);
	add(p, at, 8);
}

void
parameters_offset(struct parameters *p, uint64_t value)
{
	parameters_int8(p, value > INT64_MAX ? INT64_MAX : (int64_t) value);
}

void
parameters_bool(struct parameters *p, bool value)
{
	add(p, &bool_values[value], 1);
}

/*
 * False: nothing is known about it, or about the database's clock; or the
 * client has hung up, and may be connected elsewhere already.
 */
static bool
arrival_of(const struct request *request, struct arrival *arrival)
{
	const struct client *client = request->client;

	if (client == NULL || client->leaving || request->came == 0)
		return false;
	arrival->connection = client->number;
	if (!database_clock_of(request->call.pool->number, client->connected,
						   request->came, &arrival->connected,
						   &arrival->arrived))
		return false;
	if (!client_may_repeat(client, request->xid))
		arrival->connected = 0;
	return true;
}

/*
 * A call that changes the namespace says which one it is, so that the database
 * knows it again when the client, or this gateway, sends it once more.
 */
void
parameters_caller(struct parameters *p)
{
	const struct request *request = p->request;
	struct bytes caller = request->caller;

	if (statements[p->statement].lane == LANE_CHANGE)
	{
		char	   *copy = region_alloc(p->region, CALLER_LEN_MAX);
		struct arrival arrival;
		bool		known = arrival_of(request, &arrival);

		memcpy(copy, caller.data, caller.size);
		caller.data = copy;
		caller.size = (uint32_t)
			rpc_identify_call(copy, caller.size, request->xid,
							  rpc_checksum(&request->identity,
										   &request->arguments),
							  known ? &arrival : NULL);
	}
	parameters_bytes(p, caller);
}

static void
optional_int8(struct parameters *p, bool given, int64_t value)
{
	if (given)
		parameters_int8(p, value);
	else
		parameters_null(p);
}

void
parameters_sattr(struct parameters *p, const struct sattr *sattr, int with)
{
	if (with & PARAMETERS_MODE)
		optional_int8(p, sattr->set_mode, sattr->mode);
	optional_int8(p, sattr->set_uid, sattr->uid);
	optional_int8(p, sattr->set_gid, sattr->gid);

	/*
	 * A size of 2^63 or more arrives as a negative one, which the extension
	 * takes for what it is: too big.
	 */
	if (with & PARAMETERS_SIZE)
		optional_int8(p, sattr->set_size, (int64_t) sattr->size);
	optional_int8(p, sattr->atime_how == SET_TO_CLIENT_TIME, sattr->atime);
	optional_int8(p, sattr->mtime_how == SET_TO_CLIENT_TIME, sattr->mtime);
	parameters_bool(p, sattr->atime_how == SET_TO_SERVER_TIME);
	parameters_bool(p, sattr->mtime_how == SET_TO_SERVER_TIME);
}

/* Are the parameters from this one on what the function has by default? */
static bool
rest_is_default(const struct parameters *p, int first)
{
	const struct call *call = p->call;

	for (int i = first; i < p->count; i++)
		if (call->values[i] != NULL && call->values[i] != &bool_values[false])
			return false;
	return true;
}

void
parameters_end(struct parameters *p)
{
	int			statement = p->statement;

	assert(p->count == statements[statement].nparams);
	if (statement + 1 < statement_count && statements[statement + 1].brief &&
		rest_is_default(p, statements[statement + 1].nparams))
		statement++;
	p->call->statement = statement;
}
