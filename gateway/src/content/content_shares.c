/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_shares.c
 *	  What the database says of shares and stores: see content_shares.h.
 *
 * A handle of another form than the contract's (dittofs_contract.h) is none of
 * a share we know, and the extension's to judge.
 */
#include "content/content_shares.h"
#include "db/chore.h"
#include "content/store_queue.h"
#include "content/content_identity.h"
#include "db/database.h"
#include "base/log.h"
#include "db/row.h"
#include "core/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD (5 * 1000000)
#define SOON 100000

static const struct content_share *
find_share(const struct content_shares *shares, struct bytes handle)
{
	if (handle.size != HANDLE_LEN)
		return NULL;
	for (int i = 0; i < shares->share_count; i++)
		if (memcmp(shares->shares[i].share, handle.data + HANDLE_SHARE_AT,
				   HANDLE_ID_LEN) == 0)
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
	struct loop *loop = shares->database->pool.loop;

	*unknown = false;
	for (int i = 0; i < shares->store_count; i++)
		if (shares->stores[i].id == id)
			return shares->stores[i].store;
	*unknown = true;
	if (!shares->asking && shares->timer.at > loop->now + SOON)
		timer_set(loop, &shares->timer, loop->now + SOON);
	return NULL;
}

static void
format_uuid(char *to, const char *uuid)
{
	for (int i = 0; i < HANDLE_ID_LEN; i++)
		to += sprintf(to, "%s%02x",
					  i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
					  (uint8_t) uuid[i]);
}

bool
content_file_name(const struct content_shares *shares, struct bytes handle,
				  struct content_file_name *name)
{
	const struct content_share *share = find_share(shares, handle);

	if (handle.size != HANDLE_LEN)
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
	number->store = content_store_find((const char *) name, length,
									   shares->database->pool.number);
	take_text(number->name, sizeof(number->name), name, length);
	if (number->store == NULL && shares->database->worker->number == 0)
		log_with(LOG_LEVEL_WARNING,
				 log_members(NULL, "{s:o}", "content_store",
							 log_text(number->name)),
				 "content store %s is not in the settings (--content-store): "
				 "its shares' data cannot be read here", number->name);
	return number->store;
}

/* If it fails, the next hints say so. */
static void
marked_reply(struct chore *chore, const PGresult *result)
{
	(void) chore;
	(void) result;
}

static void
marked_failed(struct chore *chore, uint32_t status)
{
	(void) chore;
	(void) status;
}

static const struct chore_kind marked_chore = {
	.name = "content_store_marked",
	.changes = true,
	.alone = true,
	.reply = marked_reply,
	.fail = marked_failed,
};

/* The store's marker has a new ticket: the database makes the next one. */
static void
send_marked(struct database *database, uint32_t store_id,
			const uint8_t *ticket)
{
	struct chore *chore = chore_new(database, &marked_chore, 0);
	struct bytes uuid;
	struct parameters p;

	uuid.data = region_copy(&chore->region, (const char *) ticket,
							MARKER_UUID_SIZE);
	uuid.size = MARKER_UUID_SIZE;
	p = chore_parameters(chore, STATEMENT_CONTENT_STORE_MARKED,
						 (struct bytes) {NULL, 0});
	parameters_int4(&p, store_id);
	parameters_bytes(&p, uuid);
	parameters_end(&p);
	chore_begin(chore);
}

/*
 * What the database says of a store's owner.  One worker is enough to tell, as
 * soon as it has: what it knows is not older than what the others know.
 */
static void
learn_terms(struct content_shares *shares, uint32_t store_id,
			struct content_store *store, const struct content_terms *terms)
{
	struct content_identity *identity = content_store_identity(store);
	struct database *database = shares->database;
	uint8_t		ticket[MARKER_UUID_SIZE];

	if (database->worker->number != 0 && content_identity_known(identity))
		return;
	content_identity_learn(identity, terms);
	if (database->worker->number == 0 &&
		content_identity_news(identity, ticket))
		send_marked(database, store_id, ticket);
}

static void
take_row(struct content_shares *shares, const PGresult *result, int i)
{
	struct content_share *share = &shares->shares[shares->share_count];
	struct row	row;
	const unsigned char *uuid;
	const unsigned char *store;
	const unsigned char *name;
	struct content_terms terms;
	uint32_t	store_length = 0;
	uint32_t	name_length = 0;

	row_open(&row, PQgetvalue(result, i, 0), PQgetlength(result, i, 0));
	uuid = row_fixed(&row, HANDLE_ID_LEN);
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
	if (share->store != NULL && row.columns > 0 &&
		content_terms_take(&terms, &row))
		learn_terms(shares, share->store_id, share->store, &terms);
	if (uuid == NULL)
		return;
	if (share->block_size == 0 || share->block_size > CONTENT_BLOCK_MAX)
		share->store = NULL;
	memcpy(share->share, uuid, HANDLE_ID_LEN);
	if (name != NULL)
		take_text(share->name, sizeof(share->name), name, name_length);
	shares->share_count++;
}

static void
ask_after(struct content_shares *shares, int64_t delay)
{
	struct loop *loop = shares->database->pool.loop;

	timer_set(loop, &shares->timer, loop->now + delay);
}

static void
hints_reply(struct chore *chore, const PGresult *result)
{
	struct content_shares *shares = &chore_database(chore)->shares;
	int			rows = PQntuples(result);

	shares->asking = false;
	shares->share_count = 0;
	shares->shares = reallocarray(shares->shares, (size_t) rows + 1,
								  sizeof(*shares->shares));
	if (shares->shares == NULL)
		fatal("out of memory");
	for (int i = 0; i < rows; i++)
		take_row(shares, result, i);
	ask_after(shares, PERIOD);
}

static void
hints_failed(struct chore *chore, uint32_t status)
{
	struct content_shares *shares = &chore_database(chore)->shares;

	(void) status;
	shares->asking = false;
	ask_after(shares, PERIOD);
}

static const struct chore_kind hints_chore = {
	.name = "content_hints",
	.reply = hints_reply,
	.fail = hints_failed,
};

static void
ask(struct timer *timer)
{
	struct content_shares *shares = container_of(timer, struct content_shares,
												 timer);
	struct database *database = shares->database;
	struct chore *chore;
	struct parameters p;

	if (database->worker->stopping)
		return;
	if (!pool_lane_is_up(&database->pool, LANE_READ))
	{
		ask_after(shares, SOON);
		return;
	}
	shares->asking = true;
	chore = chore_new(database, &hints_chore, 0);
	p = chore_parameters(chore, STATEMENT_CONTENT_HINTS,
						 (struct bytes) {NULL, 0});
	parameters_end(&p);
	chore_begin(chore);
}

void
content_shares_start(struct content_shares *shares, struct database *database)
{
	shares->database = database;
	shares->timer.fire = ask;
	ask_after(shares, 0);
}

void
content_shares_free(struct content_shares *shares)
{
	free(shares->shares);
	free(shares->stores);
}
