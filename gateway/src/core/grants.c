/* SPDX-License-Identifier: PostgreSQL */
/*
 * grants.c
 *	  The chores of locks: see grants.h.
 *
 *		next_grants		locks whose clients are to be told now
 *		GRANTED			a call of NLM to the client (call_back.h), in the
 *						version and by the transport of the LOCK that waited
 *		grant_told		what it has said; where it said nothing, the database
 *						hands the grant out again
 */
#include "core/grants.h"
#include "base/log.h"
#include "core/call_back.h"
#include "core/own_address.h"
#include "core/worker.h"
#include "db/chore.h"
#include "db/database.h"
#include "db/row.h"
#include "db/statements.h"
#include "monitor/metrics.h"
#include "wire/nlm.h"
#include "wire/nlm_wait.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Handed out at a time: about as many as are called at a time. */
#define GRANTS_A_LOOK 32

/* Microseconds. */
#define PERIOD 300000
#define LOOK_PERIOD 1000000
#define IDLE_PERIOD 5000000
#define TROUBLE_PERIOD 1000000
#define LOCKS_MEMORY (300 * INT64_C(1000000))
#define SHY_TIME 2500000
#define OWN_PERIOD 1000000
#define SEEN_FIRST 10000000
#define SEEN_PERIOD 60000000

/* Addresses in one statement. */
#define SEEN_SLICE 1024
#define OWN_MAX 256
#define TEXT_OID 25

#define GRANTED_ARGS_MAX 4096

/* When the last call about locks came to this gateway. */
static _Atomic int64_t locks_called_at;

/* A grant whose client is being told. */
struct telling
{
	struct database *database;
	int64_t		id;
	bool		first;			/* it has not been told before */
};

static void
ask_after(struct grants *grants, int64_t delay)
{
	struct loop *loop = grants->database->pool.loop;

	if (grants->database->worker->number == 0)
		timer_set(loop, &grants->timer, loop->now + delay);
}

static int64_t
period(const struct grants *grants)
{
	int64_t		now = grants->database->pool.loop->now;
	int64_t		called = atomic_load(&locks_called_at);

	if (grants->shy_until > now)
		return grants->shy_until - now;
	return called != 0 && now - called < LOCKS_MEMORY ? PERIOD : IDLE_PERIOD;
}

void
grants_note_locks(void)
{
	atomic_store_explicit(&locks_called_at, clock_now(), memory_order_relaxed);
}

/*
 * What a client has said.
 */

static void
told_reply(struct chore *chore, const PGresult *result)
{
	struct row	row;

	if (PQntuples(result) != 1)
		return;
	row_open(&row, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
	row_skip(&row, 6);
	if (row_int4(&row) > 0 && row.ok)
		grants_look(chore_database(chore));
}

/* It is handed out again, and the client asked again. */
static void
told_failed(struct chore *chore, uint32_t status)
{
	(void) chore;
	(void) status;
}

static const struct chore_kind told_chore = {
	.name = "grant told",
	.changes = true,
	.alone = true,
	.reply = told_reply,
	.fail = told_failed,
};

static void
tell_database(struct database *database, int64_t id, bool accepted)
{
	struct chore *chore = chore_new(database, &told_chore, 0);
	struct parameters p = chore_parameters(chore, STATEMENT_GRANT_TOLD,
										   (struct bytes) {NULL, 0});

	parameters_int8(&p, id);
	parameters_bool(&p, accepted);
	parameters_end(&p);
	chore_begin(chore);
}

/* nlm_res: the cookie, which is ours, and a status.  UINT32_MAX: it is none. */
static uint32_t
status_of(struct bytes results)
{
	struct bytes cookie;
	uint32_t	status;
	XDR			xdr;

	xdrmem_create(&xdr, (char *) (uintptr_t) results.data, results.size,
				  XDR_DECODE);
	if (!args_opaque(&xdr, &cookie, NLM_WAIT_MAX) ||
		!args_uint32(&xdr, &status))
		return UINT32_MAX;
	return status;
}

/* How often it was handed out here, and the client has not heard of it. */
static int *
unsent(struct grants *grants, int64_t id)
{
	int			place = (int) ((uint64_t) id % GRANTS_UNSENT_MAX);

	if (grants->unsent[place].id != id)
	{
		grants->unsent[place].id = id;
		grants->unsent[place].times = 0;
	}
	return &grants->unsent[place].times;
}

static void
answered(void *owner, const struct call_back_answer *answer)
{
	struct telling *telling = owner;
	struct database *database = telling->database;
	uint32_t	status = answer->outcome == CALL_BACK_ANSWERED ?
		status_of(answer->results) : UINT32_MAX;
	bool		refused = status == NLM_DENIED && answer->from_local;
	bool		accepted = status == NLM_GRANTED ||
		(refused && !(telling->first && answer->once));

	if (!answer->sent)
		++*unsent(&database->grants, telling->id);
	if (accepted || refused)
	{
		metric_add(accepted ? METRIC_GRANTS_TOLD : METRIC_GRANTS_REFUSED, 1);
		tell_database(database, telling->id, accepted);
	}
	else
	{
		metric_add(METRIC_GRANTS_UNANSWERED, 1);
		if (status == NLM_DENIED)
			database->grants.shy_until = database->pool.loop->now + SHY_TIME;
	}
	free(telling);
}

/*
 * What a client is told.
 */

static bool
put_opaque(XDR *xdr, struct bytes bytes)
{
	char	   *data = (char *) (uintptr_t) bytes.data;

	return xdr_bytes(xdr, &data, &bytes.size, bytes.size);
}

static bool
put_position(XDR *xdr, uint32_t version, int64_t value)
{
	uint64_t	wide = (uint64_t) value;
	uint32_t	narrow = wide > UINT32_MAX ? UINT32_MAX : (uint32_t) wide;

	return version == 4 ? xdr_uint64_t(xdr, &wide) :
		xdr_uint32_t(xdr, &narrow);
}

struct grant
{
	int64_t		id;
	struct peer peer;
	struct nlm_wait wait;
	uint32_t	svid;
	struct bytes oh;
	int64_t		offset;
	int64_t		length;
	bool		exclusive;
	int			attempts;
};

/* nlm_testargs, or nlm4_testargs */
static bool
put_arguments(XDR *xdr, const struct grant *grant, int store)
{
	struct nlm_grant_cookie cookie = nlm_grant_cookie_make(store, grant->id,
														   &grant->peer);
	struct bytes cookie_bytes = {cookie.data, sizeof(cookie.data)};
	uint32_t	version = grant->wait.version;
	uint32_t	svid = grant->svid;
	bool_t		exclusive = grant->exclusive;

	return put_opaque(xdr, cookie_bytes) && xdr_bool(xdr, &exclusive) &&
		put_opaque(xdr, grant->wait.caller_name) &&
		put_opaque(xdr, grant->wait.handle) && put_opaque(xdr, grant->oh) &&
		xdr_uint32_t(xdr, &svid) &&
		put_position(xdr, version, grant->offset) &&
		put_position(xdr, version, grant->length);
}

/* What cannot be told now is handed out again. */
static void
tell(struct database *database, const struct grant *grant)
{
	char		arguments[GRANTED_ARGS_MAX];
	struct telling *telling;
	struct call_back what = {
		.peer = grant->peer,
		.local = grant->wait.local,
		.udp = grant->wait.transport == NLM_BY_UDP,
		.program = NLM_PROGRAM,
		.version = grant->wait.version,
		.procedure = NLMPROC_GRANTED,
		.answered = answered,
	};
	XDR			xdr;

	xdrmem_create(&xdr, arguments, sizeof(arguments), XDR_ENCODE);
	if (!put_arguments(&xdr, grant, database->pool.number))
		return;
	telling = malloc(sizeof(*telling));
	if (telling == NULL)
		fatal("out of memory");
	telling->database = database;
	telling->id = grant->id;
	telling->first = grant->attempts <=
		1 + *unsent(&database->grants, grant->id);
	what.arguments = (struct bytes) {arguments, xdr_getpos(&xdr)};
	what.owner = telling;
	if (grant->attempts > 1)
		metric_add(METRIC_GRANTS_REPEATED, 1);
	if (!call_back(database->worker, &what))
	{
		++*unsent(&database->grants, grant->id);
		free(telling);
	}
}

static bool
take_address(struct peer *peer, const unsigned char *text, uint32_t size)
{
	char		name[INET6_ADDRSTRLEN];
	uint8_t		address[16];

	if (text == NULL || size >= sizeof(name))
		return false;
	memcpy(name, text, size);
	name[size] = '\0';
	if (inet_pton(AF_INET, name, address) == 1)
		peer_set(peer, AF_INET, address, 0);
	else if (inet_pton(AF_INET6, name, address) == 1)
		peer_set(peer, AF_INET6, address, 0);
	else
		return false;
	return true;
}

/* False: it is of a form that another version of a gateway knows. */
static bool
take_grant(struct grant *grant, const PGresult *result, int number)
{
	const unsigned char *address;
	uint32_t	address_size;
	struct bytes wait;
	struct bytes owner;
	struct row	row;

	row_open(&row, PQgetvalue(result, number, 0),
			 PQgetlength(result, number, 0));
	grant->id = row_int8(&row);
	address = row_bytes(&row, &address_size);
	row_skip(&row, 1);
	wait.data = (const char *) row_bytes(&row, &wait.size);
	owner.data = (const char *) row_bytes(&row, &owner.size);
	grant->offset = row_int8(&row);
	grant->length = row_int8(&row);
	grant->exclusive = row_bool(&row);
	grant->attempts = row_int4(&row);
	return row.ok && wait.data != NULL && owner.data != NULL &&
		take_address(&grant->peer, address, address_size) &&
		nlm_wait_decode(wait, &grant->wait) &&
		nlm_owner_decode(owner, &grant->svid, &grant->oh);
}

/*
 * Addresses, of this gateway and of clients.
 */

static int
compare_peers(const void *a, const void *b)
{
	const struct peer *one = a;
	const struct peer *other = b;

	if (one->family != other->family)
		return one->family < other->family ? -1 : 1;
	return memcmp(one->address, other->address, sizeof(one->address));
}

/* Each once; returns how many that are. */
static int
sort_peers(struct peer *peers, int count)
{
	int			different = 0;

	qsort(peers, (size_t) count, sizeof(*peers), compare_peers);
	for (int i = 0; i < count; i++)
		if (i == 0 || compare_peers(&peers[i], &peers[different - 1]) != 0)
			peers[different++] = peers[i];
	return different;
}

static char *
put_word(char *at, uint32_t word)
{
	word = htonl(word);
	memcpy(at, &word, sizeof(word));
	return at + sizeof(word);
}

/* text[]: dimensions, flags, type; elements, lower bound; sizes and texts. */
static struct bytes
text_array(struct region *region, const struct peer *peers, int count)
{
	char	   *start = region_alloc(region, 20 + (size_t) count *
									 (4 + INET6_ADDRSTRLEN));
	char	   *at = start;

	at = put_word(put_word(put_word(at, count > 0), 0), TEXT_OID);
	if (count > 0)
		at = put_word(put_word(at, (uint32_t) count), 1);
	for (int i = 0; i < count; i++)
	{
		inet_ntop(peers[i].family, peers[i].address, at + 4, INET6_ADDRSTRLEN);
		at = put_word(at, (uint32_t) strlen(at + 4));
		at += strlen(at);
	}
	return (struct bytes) {start, (uint32_t) (at - start)};
}

static struct peer *
new_peers(int count)
{
	struct peer *peers = calloc((size_t) count + 1, sizeof(*peers));

	if (peers == NULL)
		fatal("out of memory");
	return peers;
}

/* Addresses come and go, as those that move to a server that lives. */
static void
look_for_own(struct grants *grants)
{
	int64_t		now = grants->database->pool.loop->now;

	if (grants->own != NULL && now - grants->own_at < OWN_PERIOD)
		return;
	if (grants->own == NULL)
		grants->own = new_peers(OWN_MAX);
	grants->own_at = now;
	grants->own_count = own_addresses(grants->database->worker, grants->own,
									  OWN_MAX);
	if (grants->own_count >= 0)
		grants->own_count = sort_peers(grants->own, grants->own_count);
}

/*
 * Looking.
 */

/*
 * Another worker may hear at any moment that a client locks, so the timer of
 * one that has nothing to do looks at that each second.
 */
static int64_t
next_look(const struct grants *grants)
{
	int64_t		wait = period(grants);

	return wait < LOOK_PERIOD ? wait : LOOK_PERIOD;
}

static void
look_end(struct grants *grants, int64_t delay)
{
	grants->looking = false;
	ask_after(grants, delay);
	if (grants->again)
		grants_look(grants->database);
}

static void
look_reply(struct chore *chore, const PGresult *result)
{
	struct database *database = chore_database(chore);
	struct grants *grants = &database->grants;
	int			count = PQntuples(result);

	for (int i = 0; i < count; i++)
	{
		struct grant grant;

		if (take_grant(&grant, result, i))
			tell(database, &grant);
	}
	if (count > 0)
		grants_note_locks();
	grants->again |= count == GRANTS_A_LOOK;
	look_end(grants, next_look(grants));
}

static void
look_failed(struct chore *chore, uint32_t status)
{
	struct grants *grants = &chore_database(chore)->grants;

	(void) status;
	grants->again = false;
	look_end(grants, TROUBLE_PERIOD);
}

static const struct chore_kind look_chore = {
	.name = "next grants",
	.changes = true,
	.alone = true,
	.reply = look_reply,
	.fail = look_failed,
};

void
grants_look(struct database *database)
{
	struct grants *grants = &database->grants;
	struct chore *chore;
	struct parameters p;

	if (grants->looking || database->worker->stopping)
	{
		grants->again = true;
		return;
	}
	grants->looking = true;
	grants->again = false;
	grants->asked_at = database->pool.loop->now;
	chore = chore_new(database, &look_chore, 0);
	p = chore_parameters(chore, STATEMENT_NEXT_GRANTS,
						 (struct bytes) {NULL, 0});
	parameters_int4(&p, GRANTS_A_LOOK);
	look_for_own(grants);
	if (grants->own_count < 0)
		parameters_null(&p);
	else
		parameters_bytes(&p, text_array(&chore->region, grants->own,
										grants->own_count));
	parameters_end(&p);
	chore_begin(chore);
}

static void
fire(struct timer *timer)
{
	struct grants *grants = container_of(timer, struct grants, timer);
	int64_t		now = grants->database->pool.loop->now;

	if (grants->database->worker->stopping || grants->looking)
		return;
	if (now - grants->asked_at < period(grants))
		ask_after(grants, next_look(grants));
	else if (pool_lane_is_up(&grants->database->pool, LANE_CHANGE))
		grants_look(grants->database);
	else
		ask_after(grants, PERIOD);
}

/*
 * Who is alive: a client that has a connection.  It may have no call for a day,
 * and TCP finds out if it has gone.
 */

static void tell_present(struct grants *grants);

static void
forget_present(struct grants *grants)
{
	free(grants->present);
	grants->present = NULL;
}

static void
seen_reply(struct chore *chore, const PGresult *result)
{
	struct grants *grants = &chore_database(chore)->grants;

	(void) result;
	if (grants->present_told < grants->present_count)
		tell_present(grants);
	else
		forget_present(grants);
}

/* All are told again the next time. */
static void
seen_failed(struct chore *chore, uint32_t status)
{
	(void) status;
	forget_present(&chore_database(chore)->grants);
}

static const struct chore_kind seen_chore = {
	.name = "clients seen",
	.changes = true,
	.alone = true,
	.reply = seen_reply,
	.fail = seen_failed,
};

/*
 * A slice of those that have not been told yet.  The first may be of none: it
 * tells that there is a gateway.
 */
static void
tell_present(struct grants *grants)
{
	int			count = grants->present_count - grants->present_told;
	const struct peer *peers = grants->present + grants->present_told;
	struct chore *chore;
	struct parameters p;

	if (count > SEEN_SLICE)
		count = SEEN_SLICE;
	if (grants->database->worker->stopping)
	{
		forget_present(grants);
		return;
	}
	grants->present_told += count;
	chore = chore_new(grants->database, &seen_chore, 0);
	p = chore_parameters(chore, STATEMENT_LOCK_CLIENTS_SEEN,
						 (struct bytes) {NULL, 0});
	parameters_bytes(&p, text_array(&chore->region, peers, count));
	parameters_end(&p);
	chore_begin(chore);
}

/* A proxy that has not named its client yet is none. */
static bool
is_present(const struct client *client)
{
	return client->proxy_wait == NULL && !client_has_left(client);
}

static void
list_present(struct grants *grants)
{
	const struct worker *worker = grants->database->worker;
	const struct client *client;
	int			count = 0;

	TAILQ_FOREACH(client, &worker->clients, link)
		count += is_present(client);
	grants->present = new_peers(count);
	count = 0;
	TAILQ_FOREACH(client, &worker->clients, link)
		if (is_present(client))
			grants->present[count++] = client->peer;
	grants->present_count = sort_peers(grants->present, count);
	grants->present_told = 0;
}

static void
tell_seen(struct timer *timer)
{
	struct grants *grants = container_of(timer, struct grants, seen);
	struct database *database = grants->database;
	struct loop *loop = database->pool.loop;

	if (database->worker->stopping)
		return;
	timer_set(loop, timer, loop->now + SEEN_PERIOD);
	if (grants->present != NULL ||
		!pool_lane_is_up(&database->pool, LANE_CHANGE))
		return;
	list_present(grants);
	tell_present(grants);
}

void
grants_start(struct grants *grants, struct database *database)
{
	struct loop *loop = database->pool.loop;

	grants->database = database;
	grants->timer.fire = fire;
	grants->seen.fire = tell_seen;
	ask_after(grants, PERIOD);
	timer_set(loop, &grants->seen, loop->now + SEEN_FIRST);
}
