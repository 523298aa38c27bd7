/*
 * content_shares.c
 *	  What the database says of shares and stores: see content_shares.h.
 *
 * A handle is looked into here and nowhere else in the gateway: a byte of
 * version, the share's UUID, the file's (extension/src/handles.c).  A handle
 * of another form is none of a share we know, and the extension's to judge.
 */
#include "content_shares.h"
#include "content.h"
#include "log.h"
#include "pool.h"
#include "row.h"
#include "serve.h"
#include "statements.h"
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD (5 * 1000000)
#define SOON 100000

#define HANDLE_SHARE_AT 1
#define HANDLE_FILE_AT (1 + CONTENT_UUID_SIZE)
#define HANDLE_SIZE (1 + 2 * CONTENT_UUID_SIZE)

static const struct content_share *
find_share(const struct content_shares *shares, struct bytes handle)
{
	if (handle.size != HANDLE_SIZE)
		return NULL;
	for (int i = 0; i < shares->share_count; i++)
		if (memcmp(shares->shares[i].share, handle.data + HANDLE_SHARE_AT,
				   CONTENT_UUID_SIZE) == 0)
			return &shares->shares[i];
	return NULL;
}

const struct content_share *
content_share_of(const struct content_shares *shares, struct bytes handle)
{
	const struct content_share *share = find_share(shares, handle);

	return share != NULL && share->store != NULL ? share : NULL;
}

struct content_store *
content_store_of(struct content_shares *shares, uint32_t id, bool *unknown)
{
	struct pool *pool = shares->pool;
	struct worker *worker = pool->worker;

	*unknown = false;
	for (int i = 0; i < shares->store_count; i++)
		if (shares->stores[i].id == id)
			return shares->stores[i].store;
	*unknown = true;
	if (!shares->asking && shares->timer.at > worker->loop.now + SOON)
		timer_set(&worker->loop, &shares->timer, worker->loop.now + SOON);
	return NULL;
}

static void
format_uuid(char *to, const char *uuid)
{
	for (int i = 0; i < CONTENT_UUID_SIZE; i++)
		to += sprintf(to, "%s%02x",
					  i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
					  (uint8_t) uuid[i]);
}

bool
content_file_name(const struct content_shares *shares, struct bytes handle,
				  struct content_file_name *name)
{
	const struct content_share *share = find_share(shares, handle);

	if (handle.size != HANDLE_SIZE)
		return false;
	if (share != NULL && share->name[0] != '\0')
		memcpy(name->share, share->name, sizeof(name->share));
	else
		format_uuid(name->share, handle.data + HANDLE_SHARE_AT);
	format_uuid(name->file, handle.data + HANDLE_FILE_AT);
	return true;
}

/*
 * Asking.
 */

static void
take_text(char *to, size_t size, const unsigned char *from, uint32_t length)
{
	if (length >= size)
		length = (uint32_t) size - 1;
	memcpy(to, from, length);
	to[length] = '\0';
}

/* A number we have not seen: is there such a store in our settings? */
static struct content_store *
learn_store(struct content_shares *shares, uint32_t id,
			const unsigned char *name, uint32_t length)
{
	struct content_store_number *number;
	bool		unknown;
	struct content_store *store = content_store_of(shares, id, &unknown);

	if (!unknown)
		return store;
	shares->stores = reallocarray(shares->stores,
								  (size_t) shares->store_count + 1,
								  sizeof(*shares->stores));
	if (shares->stores == NULL)
		fatal("out of memory");
	number = &shares->stores[shares->store_count++];
	number->id = id;
	number->store = content_store_find((const char *) name, length);
	take_text(number->name, sizeof(number->name), name, length);
	if (number->store == NULL && shares->pool->worker->number == 0)
		log_with(LOG_LEVEL_WARNING,
				 log_members(NULL, "{s:o}", "content_store",
							 log_text(number->name)),
				 "content store %s is not in the settings (--content-store): "
				 "its shares' data cannot be read here", number->name);
	return number->store;
}

static void
take_row(struct content_shares *shares, const PGresult *result, int i)
{
	struct content_share *share = &shares->shares[shares->share_count];
	struct row	row;
	const unsigned char *uuid;
	const unsigned char *store;
	const unsigned char *name;
	uint32_t	store_length = 0;
	uint32_t	name_length = 0;

	row_open(&row, PQgetvalue(result, i, 0), PQgetlength(result, i, 0));
	uuid = row_fixed(&row, CONTENT_UUID_SIZE);
	row_skip(&row, 1);
	store = row_bytes(&row, &store_length);
	memset(share, 0, sizeof(*share));
	share->store_id = (uint32_t) row_int4(&row);
	share->block_size = (uint32_t) row_int4(&row);
	name = row.columns > 0 ? row_bytes(&row, &name_length) : NULL;
	if (!row.ok)
		return;
	if (store != NULL)
		share->store = learn_store(shares, share->store_id, store,
								   store_length);
	if (uuid == NULL)
		return;
	if (share->block_size == 0 || share->block_size > CONTENT_BLOCK_MAX)
		share->store = NULL;
	memcpy(share->share, uuid, CONTENT_UUID_SIZE);
	if (name != NULL)
		take_text(share->name, sizeof(share->name), name, name_length);
	shares->share_count++;
}

static void
hints_reply(struct request *request, const PGresult *result)
{
	struct worker *worker = request->worker;
	struct content_shares *shares = &request->pool->shares;
	int			rows = PQntuples(result);

	shares->asking = false;
	shares->share_count = 0;
	shares->shares = reallocarray(shares->shares, (size_t) rows + 1,
								  sizeof(*shares->shares));
	if (shares->shares == NULL)
		fatal("out of memory");
	for (int i = 0; i < rows; i++)
		take_row(shares, result, i);
	timer_set(&worker->loop, &shares->timer, worker->loop.now + PERIOD);
}

static void
hints_failed(struct request *request, uint32_t status)
{
	struct worker *worker = request->worker;

	(void) status;
	timer_set(&worker->loop, &request->pool->shares.timer,
			  worker->loop.now + PERIOD);
	timer_set(&worker->loop, &request->pool->shares.timer, worker->loop.now + PERIOD);
}

static const struct procedure hints_procedure = {
	.name = "content_hints", .reply = hints_reply, .fail = hints_failed};

static void
ask(struct timer *timer)
{
	struct content_shares *shares = container_of(timer, struct content_shares,
												 timer);
	struct pool *pool = shares->pool;
	struct worker *worker = pool->worker;
	struct request *request;

	if (worker->stopping)
		return;
	if (!pool_lane_is_up(pool, LANE_READ))
	{
		timer_set(&worker->loop, timer, worker->loop.now + SOON);
		return;
	}
	shares->asking = true;
	request = request_new(worker);
	request->pool = pool;
	request->procedure = &hints_procedure;
	request->call.statement = STATEMENT_CONTENT_HINTS;
	pool_submit(request);
}

void
content_shares_start(struct content_shares *shares, struct pool *pool)
{
	shares->pool = pool;
	shares->timer.fire = ask;
	timer_set(&pool->worker->loop, &shares->timer, pool->worker->loop.now);
}

void
content_shares_free(struct content_shares *shares)
{
	free(shares->shares);
	free(shares->stores);
}
