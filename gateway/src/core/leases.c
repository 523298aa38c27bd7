/* SPDX-License-Identifier: PostgreSQL */
/*
 * leases.c
 *	  Leases of NFSv4 clients: see leases.h.
 */
#include "core/leases.h"

#include "base/log.h"
#include "core/worker.h"
#include "db/chore.h"
#include "db/database.h"
#include "db/row.h"
#include "db/statements.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* Microseconds. */
#define SECOND INT64_C(1000000)
#define FIRST_PERIOD (1 * SECOND)
#define LONGEST_PERIOD (60 * SECOND)

#define FIRST_SIZE 64
#define INT8_OID 20

/* The clients that a chore tells of. */
struct renewal
{
	int64_t    *clients;
	uint32_t	count;
};

static void
renew_after(struct leases *leases, int64_t delay)
{
	struct loop *loop = leases->database->pool.loop;

	timer_set(loop, &leases->timer, loop->now + delay);
}

/*
 * The clients that were seen.
 */

static int64_t *
place_of(int64_t *clients, uint32_t size, int64_t client_id)
{
	uint64_t	hash = (uint64_t) client_id * UINT64_C(0x9e3779b97f4a7c15);
	uint32_t	at = (uint32_t) (hash >> 32) & (size - 1);

	while (clients[at] != 0 && clients[at] != client_id)
		at = (at + 1) & (size - 1);
	return &clients[at];
}

static int64_t *
new_table(uint32_t size)
{
	int64_t    *clients = calloc(size, sizeof(*clients));

	if (clients == NULL)
		fatal("out of memory");
	return clients;
}

/* Half of the places stay free. */
static void
make_place(struct leases *leases)
{
	uint32_t	size = leases->size == 0 ? FIRST_SIZE : 2 * leases->size;
	int64_t    *clients;

	if (2 * (leases->count + 1) <= leases->size)
		return;
	clients = new_table(size);
	for (uint32_t i = 0; i < leases->size; i++)
		if (leases->clients[i] != 0)
			*place_of(clients, size, leases->clients[i]) =
				leases->clients[i];
	free(leases->clients);
	leases->clients = clients;
	leases->size = size;
}

void
leases_note(struct leases *leases, int64_t client_id)
{
	int64_t    *place;

	if (client_id == leases->last || client_id == 0)
		return;
	make_place(leases);
	place = place_of(leases->clients, leases->size, client_id);
	leases->count += *place == 0;
	*place = client_id;
	leases->last = client_id;
}

/* Takes them out. */
static void
take_clients(struct leases *leases, struct region *region,
			 struct renewal *renewal)
{
	renewal->count = 0;
	renewal->clients = region_alloc(region, (leases->count + 1) *
									sizeof(*renewal->clients));
	for (uint32_t i = 0; i < leases->size; i++)
		if (leases->clients[i] != 0)
			renewal->clients[renewal->count++] = leases->clients[i];
	free(leases->clients);
	leases->clients = NULL;
	leases->size = leases->count = 0;
	leases->last = 0;
}

/*
 * Telling.
 */

static char *
put_word(char *at, uint32_t word)
{
	word = htonl(word);
	memcpy(at, &word, sizeof(word));
	return at + sizeof(word);
}

/* bigint[]: dimensions, flags, type; elements, lower bound; sizes, values. */
static struct bytes
bigint_array(struct region *region, const struct renewal *renewal)
{
	char	   *start = region_alloc(region, 20 + (size_t) renewal->count *
									 (4 + 8));
	char	   *at = start;

	at = put_word(put_word(at, renewal->count > 0), 0);
	at = put_word(at, INT8_OID);
	if (renewal->count > 0)
		at = put_word(put_word(at, renewal->count), 1);
	for (uint32_t i = 0; i < renewal->count; i++)
	{
		uint64_t	value = htobe64((uint64_t) renewal->clients[i]);

		at = put_word(at, sizeof(value));
		memcpy(at, &value, sizeof(value));
		at += sizeof(value);
	}
	return (struct bytes) {start, (uint32_t) (at - start)};
}

/* It says when the next one is due. */
static void
renewed(struct chore *chore, const PGresult *result)
{
	uint32_t	seconds = 0;
	int64_t		period;

	if (PQntuples(result) == 1 && PQgetlength(result, 0, 0) == 4)
		memcpy(&seconds, PQgetvalue(result, 0, 0), 4);
	period = (int64_t) ntohl(seconds) * SECOND;
	if (period < FIRST_PERIOD)
		period = FIRST_PERIOD;
	if (period > LONGEST_PERIOD)
		period = LONGEST_PERIOD;
	renew_after(&chore_database(chore)->leases, period);
}

/* They are told of by the next one. */
static void
failed(struct chore *chore, uint32_t status)
{
	const struct renewal *renewal = chore->memory;
	struct leases *leases = &chore_database(chore)->leases;

	(void) status;
	for (uint32_t i = 0; i < renewal->count; i++)
		leases_note(leases, renewal->clients[i]);
	renew_after(leases, FIRST_PERIOD);
}

static const struct chore_kind renew_chore = {
	.name = "renew leases",
	.changes = true,
	.alone = true,
	.reply = renewed,
	.fail = failed,
};

static void
renew(struct timer *timer)
{
	struct leases *leases = container_of(timer, struct leases, timer);
	struct database *database = leases->database;
	struct chore *chore;
	struct renewal *renewal;
	struct parameters p;

	if (database->worker->stopping)
		return;
	if (!pool_lane_is_up(&database->pool, LANE_CHANGE) ||
		(leases->count == 0 && database->worker->number != 0))
	{
		renew_after(leases, FIRST_PERIOD);
		return;
	}
	chore = chore_new(database, &renew_chore, sizeof(*renewal));
	renewal = chore->memory;
	take_clients(leases, &chore->region, renewal);
	p = chore_parameters(chore, STATEMENT_RENEW_LEASES,
						 (struct bytes) {NULL, 0});
	parameters_bytes(&p, bigint_array(&chore->region, renewal));
	parameters_end(&p);
	chore_begin(chore);
}

void
leases_start(struct leases *leases, struct database *database)
{
	leases->database = database;
	leases->timer.fire = renew;
	renew_after(leases, FIRST_PERIOD);
}

void
leases_free(struct leases *leases)
{
	free(leases->clients);
}
