/* SPDX-License-Identifier: PostgreSQL */
/*
 * pool.c
 *	  Which connection a call goes to, and how many there are.
 */
#include "db/pool.h"
#include "config/config.h"
#include "db/connection.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "db/pooler.h"
#include "db/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * One more connection is opened when a whole batch waits behind every one that
 * runs in a lane, or a call waits for so long: behind reads from a slow disk,
 * or behind a lock.  Before that it does not pay: batches become smaller, and
 * each costs a commit.  A disk that does not flush for a moment is no reason
 * for another connection that flushes.  When there is load, and for a while
 * there was no need, one is given up.
 */
#define LONG_WAIT (20 * 1000)
#define LONG_WAIT_FOR_FLUSH (300 * 1000)
#define SURPLUS_TIME (10 * 1000000)

/* Behind a pooler only refused changes tell that a database is read-only. */
#define READ_ONLY_MEMORY (10 * 1000000)

/*
 * A call waits so long for a store whose pooler is refused: only an operator
 * ends that, but who calls once more is to find a moment's pause.
 */
#define REFUSED_PATIENCE (500 * 1000)

/* How often deadlines are looked at while there are calls. */
#define DEADLINE_ROUND 100000

static void check_deadlines(struct timer *timer);
static void delay_over(struct timer *timer);

uint32_t
pool_chance(struct pool *pool)
{
	/* xorshift */
	pool->chance ^= pool->chance << 13;
	pool->chance ^= pool->chance >> 17;
	pool->chance ^= pool->chance << 5;
	return pool->chance;
}

int
pool_share(int64_t total, int slots, int slot)
{
	return (int) (total / slots + (slot < total % slots));
}

/* splitmix64's finalizer: every bit of the result depends on every bit. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t
pool_weight(uint64_t key, int number)
{
	return mix(key ^ mix((uint64_t) number + 1));
}

/*
 * Starting and stopping.
 */

bool
pool_configure(struct config *config)
{
	bool		good = true;

	for (int i = 0; i < config->store_count && i < METADATA_STORES_MAX; i++)
	{
		const struct metadata_store_config *store = &config->stores[i];
		const char *problem = session_configure(i, store);
		char		text[640];

		if (problem == NULL)
			continue;
		snprintf(text, sizeof(text), "metadata store %s: %s", store->name,
				 problem);
		good = config_complain_of(config, *store->conninfo != '\0' ?
								  "metadata.stores.*.postgres.conninfo" :
								  "metadata.stores.*.postgres.host", i, text);
	}
	return good;
}

static void
init_lane(struct pool *pool, enum lane number, int slots, int slot)
{
	struct lane_pool *lane = &pool->lanes[number];

	lane->lane = number;
	lane->pool = pool;
	lane->min = pool_share(pool->config->min_conns, slots, slot);
	lane->max = pool_share(pool->config->max_conns, slots, slot);
	lane->connections = calloc(lane->max, sizeof(struct connection));
	if (lane->connections == NULL)
		fatal("out of memory");
	TAILQ_INIT(&lane->waiting);
	TAILQ_INIT(&lane->delayed);
	lane->delay.fire = delay_over;
	for (int i = 0; i < lane->max; i++)
		connection_init(&lane->connections[i], lane, i);
}

void
pool_init(struct pool *pool, struct loop *loop, const struct config *config,
		  int number, int worker)
{
	int			workers = (int) config->workers;

	pool->loop = loop;
	pool->number = number;
	pool->config = &config->stores[number];
	pool->chance = (uint32_t) (mix((uint64_t) clock_now()) +
							   (uint64_t) worker) | 1;
	pool->deadlines.fire = check_deadlines;
	for (int i = 0; i < LANES; i++)
		init_lane(pool, (enum lane) i, LANES * workers, i * workers + worker);
}

void
pool_start(struct pool *pool)
{
	for (int i = 0; i < LANES; i++)
	{
		struct lane_pool *lane = &pool->lanes[i];

		/* One at least, whatever the minimum: what is wrong with the
		 * database should be known at once, not with the first call. */
		for (int j = 0; j < lane->min || j == 0; j++)
		{
			lane->wanted++;
			connection_open(&lane->connections[j]);
		}
	}
}

void
pool_stop(struct pool *pool)
{
	for (int i = 0; i < LANES; i++)
	{
		struct lane_pool *lane = &pool->lanes[i];

		for (int j = 0; j < lane->max; j++)
		{
			lane->connections[j].wanted = false;
			if (lane->connections[j].state != CONNECTION_DOWN)
				connection_close(&lane->connections[j], NULL);
		}
	}
}

static bool
is_usable(const struct connection *connection)
{
	return connection->state == CONNECTION_READY && connection->wanted &&
		!pooler_is_refused(connection->lane->pool->number);
}

static bool
is_idle(const struct connection *connection)
{
	return connection->sending.count == 0 && connection->queued == 0;
}

/* It is in hand now: the next is to put it elsewhere, or to end it. */
static void
take_off(struct call_list *list, struct call *call)
{
	TAILQ_REMOVE(list, call, link);
	call_set_state(call, CALL_IDLE);
}

/* One more, unless the last one asked for is not there yet. */
static void
grow(struct lane_pool *lane)
{
	if (lane->wanted == lane->max)
		return;
	for (int i = 0; i < lane->max; i++)
		if (lane->connections[i].wanted &&
			lane->connections[i].state != CONNECTION_READY)
			return;
	for (int i = 0; i < lane->max; i++)
		if (!lane->connections[i].wanted)
		{
			lane->wanted++;
			if (lane->connections[i].state == CONNECTION_READY)
			{
				/* it was about to be given up */
				lane->connections[i].wanted = true;
				return;
			}
			log_with(LOG_LEVEL_DEBUG,
					 log_members(NULL, "{s:i, s:i}", "lane", (int) lane->lane,
								 "connections", lane->wanted),
					 "lane %d: connection %d of at most %d", lane->lane,
					 lane->wanted, lane->max);
			connection_open(&lane->connections[i]);
			return;
		}
}

/*
 * It takes no more calls, and is closed when it has answered those it has.  One
 * that has nothing to do makes no batch smaller: it may stay for
 * --max-idle-time.
 */
static void
give_up_surplus(struct lane_pool *lane, int64_t now)
{
	struct connection *surplus = NULL;
	int			ready = 0;

	for (int i = 0; i < lane->opened; i++)
		if (is_usable(&lane->connections[i]))
		{
			surplus = &lane->connections[i];
			ready++;
		}
	if (ready < 2 || lane->wanted <= lane->min ||
		now - lane->short_at < SURPLUS_TIME || is_idle(surplus))
		return;
	surplus->wanted = false;
	lane->wanted--;
	lane->short_at = now;
}

/*
 * Choosing.
 */

/*
 * A call that takes locks must go where its key says, or this gateway waits
 * for itself.  For any other the key is only where it would like to go: it
 * takes a connection with nothing to do rather than wait.
 */
static struct connection *
choose(struct lane_pool *lane, const struct call *call)
{
	uint64_t	key = call->key;
	struct connection *preferred = NULL;
	struct connection *idle = NULL;
	struct connection *shortest = NULL;
	uint64_t	best = 0;

	for (int i = 0; i < lane->opened; i++)
	{
		struct connection *connection = &lane->connections[i];
		uint64_t	weight;

		if (!is_usable(connection))
			continue;
		weight = pool_weight(key, i);
		if (preferred == NULL || weight > best)
		{
			preferred = connection;
			best = weight;
		}
		if (idle == NULL && is_idle(connection))
			idle = connection;
		if (shortest == NULL ||
			connection_waiting(connection) < connection_waiting(shortest))
			shortest = connection;
	}
	if (key != 0 && (call->changes || idle == NULL ||
					 is_idle(preferred)))
		return preferred;
	return idle != NULL ? idle : shortest;
}

int64_t
pool_deadline(const struct call *call)
{
	int64_t		patience = call->pool->config->call_timeout * 1000;

	if (patience > REFUSED_PATIENCE && pooler_is_refused(call->pool->number))
		patience = REFUSED_PATIENCE;
	return call->arrived + patience;
}

static struct lane_pool *
lane_of(const struct call *call)
{
	return &call->pool->lanes[statements[call->statement].lane];
}

void
pool_submit(struct call *call)
{
	struct pool *pool = call->owner->route != NULL ?
		call->owner->route(call) : call->pool;
	struct lane_pool *lane;
	struct connection *connection;

	if (pool == NULL)
		return;
	call->pool = pool;
	lane = lane_of(call);
	connection = choose(lane, call);
	if (!pool->deadlines.armed)
		timer_set(pool->loop, &pool->deadlines,
				  pool->loop->now + DEADLINE_ROUND);
	if (connection != NULL)
	{
		if (connection->sending.count > 0)
			metric_add(METRIC_QUEUED, 1);
		connection_enqueue(connection, call);
		return;
	}
	metric_add(METRIC_UNCONNECTED, 1);
	call_set_state(call, CALL_WAITING);
	TAILQ_INSERT_TAIL(&lane->waiting, call, link);
	if (lane->wanted == 0)
		grow(lane);
}

/* libpq's messages have lines of explanation, which begin with a tab. */
static void
without_explanation(char *to, size_t size, const char *message)
{
	size_t		used = 0;

	while (*message != '\0')
	{
		size_t		line = strcspn(message, "\n");

		if (*message != '\t' && line > 0)
			used += snprintf(to + used, size - used, "%s%.*s",
							 used > 0 ? "; " : "", (int) line, message);
		if (used >= size)
			return;
		message += line + (message[line] == '\n');
	}
	if (used == 0)
		to[0] = '\0';
}

static json_t *
store_members(const struct pool *pool)
{
	return log_members(NULL, "{s:s}", "store",
					   pool->config->name);
}

static json_t *
complaint_members(const struct pool *pool, const char *line)
{
	return log_members(store_members(pool), "{s:o}", "error", log_text(line));
}

void
pool_complain(struct pool *pool, const char *reason)
{
	char		line[sizeof(pool->complaint)];

	without_explanation(line, sizeof(line), reason);
	if (strcmp(line, pool->complaint) == 0)
	{
		log_with(LOG_LEVEL_DEBUG, complaint_members(pool, line),
				 "PostgreSQL: %s", line);
		return;
	}
	memcpy(pool->complaint, line, sizeof(line));
	log_with(LOG_LEVEL_WARNING, complaint_members(pool, line),
			 "PostgreSQL: %s", line);
}

static bool
all_are_up(const struct pool *pool)
{
	for (int i = 0; i < LANES; i++)
		for (int j = 0; j < pool->lanes[i].max; j++)
			if (pool->lanes[i].connections[j].wanted &&
				pool->lanes[i].connections[j].state != CONNECTION_READY)
				return false;
	return true;
}

void
pool_connection_up(struct connection *connection)
{
	struct lane_pool *lane = connection->lane;
	struct pool *pool = lane->pool;
	struct call_list waiting = TAILQ_HEAD_INITIALIZER(waiting);
	struct call *call;

	if (pool->complaint[0] != '\0' && all_are_up(pool))
	{
		log_with(LOG_LEVEL_INFO, store_members(pool), "PostgreSQL is back");
		pool->complaint[0] = '\0';
	}
	TAILQ_CONCAT(&waiting, &lane->waiting, link);
	while ((call = TAILQ_FIRST(&waiting)) != NULL)
	{
		take_off(&waiting, call);
		pool_submit(call);
	}
}

bool
pool_lane_is_up(const struct pool *pool, enum lane lane)
{
	for (int i = 0; i < pool->lanes[lane].opened; i++)
		if (is_usable(&pool->lanes[lane].connections[i]))
			return true;
	return false;
}

/*
 * Would one more connection be of use?  Not while one has nothing to do: then
 * what waits elsewhere waits for its key, as in a directory in which all
 * clients create, or will be taken up in a moment.
 */
static bool
is_short(const struct lane_pool *lane, int64_t now)
{
	int			ready = 0;
	int			many = 0;
	int			calls;
	bool		waiting = false;
	int64_t		too_long =
		lane->lane == LANE_CHANGE ? LONG_WAIT_FOR_FLUSH : LONG_WAIT;

	for (int i = 0; i < lane->opened; i++)
	{
		const struct connection *connection = &lane->connections[i];

		if (!is_usable(connection))
			continue;
		calls = connection_waiting(connection);
		if (calls == 0)
			return false;
		ready++;
		many += calls >= lane->pool->config->batch_calls;
		waiting = waiting || now - connection_oldest(connection) > too_long;
	}
	return ready > 0 && (many == ready || waiting);
}

void
pool_dispatch(struct pool *pool)
{
	int64_t		now = pool->loop->now;

	for (int i = 0; i < LANES; i++)
	{
		struct lane_pool *lane = &pool->lanes[i];

		for (int j = 0; j < lane->opened; j++)
		{
			struct connection *connection = &lane->connections[j];

			if (connection->queued == 0 &&
				!connection_waits_for_thread(connection))
				continue;
			connection_dispatch(connection);
		}
		if (is_short(lane, now))
		{
			lane->short_at = now;
			grow(lane);
		}
	}
}

/* For the metrics: what a moment's look at the lanes shows. */
static void
count_lane(const struct lane_pool *lane, struct metric_lane *to)
{
	int64_t		busy = 0;
	int64_t		idle = 0;
	int64_t		connecting = 0;
	int64_t		waiting = 0;
	const struct call *call;

	for (int i = 0; i < lane->max; i++)
	{
		const struct connection *connection = &lane->connections[i];

		waiting += connection_waiting(connection);
		if (connection->state != CONNECTION_READY)
			connecting += connection->wanted;
		else if (connection->sending.count > 0)
			busy++;
		else
			idle++;
	}
	TAILQ_FOREACH(call, &lane->waiting, link)
		waiting++;
	metric_set(&to->busy, busy);
	metric_set(&to->idle, idle);
	metric_set(&to->connecting, connecting);
	metric_set(&to->max, lane->max);
	metric_set(&to->waiting, waiting);
}

void
pool_count(const struct pool *pool)
{
	struct metrics *metrics = metrics_of_thread();
	bool		up = true;

	for (int i = 0; i < LANES; i++)
	{
		count_lane(&pool->lanes[i], &metrics->lanes[pool->number][i]);
		up = up && pool_lane_is_up(pool, (enum lane) i);
	}
	__atomic_store_n(&metrics->store_up[pool->number], up, __ATOMIC_RELAXED);
	__atomic_store_n(&metrics->store_read_only[pool->number], pool->read_only,
					 __ATOMIC_RELAXED);
}

/*
 * A database that is set read-only and is no standby: managed servers do that
 * when a disk is full.  Changes get ROFS at once, and reading goes on.
 */

void
pool_is_read_only(struct pool *pool)
{
	pool->refused_at = pool->loop->now;
}

/* The server tells each session when the setting changes. */
static bool
sessions_are_read_only(const struct pool *pool)
{
	const struct lane_pool *lane = &pool->lanes[LANE_CHANGE];

	for (int i = 0; i < lane->opened; i++)
		if (is_usable(&lane->connections[i]) &&
			session_is_read_only(lane->connections[i].pg))
			return true;
	return false;
}

static void
watch_read_only(struct pool *pool)
{
	bool		read_only = sessions_are_read_only(pool) ||
		(pool->refused_at != 0 &&
		 pool->loop->now - pool->refused_at < READ_ONLY_MEMORY);

	if (read_only == pool->read_only)
		return;
	pool->read_only = read_only;
	if (read_only)
		log_with(LOG_LEVEL_WARNING, store_members(pool),
				 "metadata store %s is read-only "
				 "(default_transaction_read_only, and it is no standby): "
				 "changes are answered with ROFS, reading goes on",
				 pool->config->name);
	else
		log_with(LOG_LEVEL_INFO, store_members(pool),
				 "metadata store %s takes changes again", pool->config->name);
}

void
pool_check(struct pool *pool)
{
	for (int i = 0; i < LANES; i++)
	{
		for (int j = 0; j < pool->lanes[i].max; j++)
			connection_check(&pool->lanes[i].connections[j]);
		give_up_surplus(&pool->lanes[i], pool->loop->now);
	}
	watch_read_only(pool);
}

/*
 * Waiting, for a while and for too long.
 */

/*
 * How long it has waited, and for whom if the database knows: a transaction
 * that is open and idle is the usual cause, and nothing else tells of it.
 */
void
pool_log_given_up(const struct call *call, const char *waits_for)
{
	int64_t		age = clock_now() - call->arrived;
	char		name[CALL_NAME_MAX];

	log_with(waits_for != NULL ? LOG_LEVEL_WARNING :
			 pooler_is_refused(call->pool->number) ? LOG_LEVEL_DEBUG :
			 LOG_LEVEL_INFO,
			 log_members(call->owner->members(call), "{s:i, s:f, s:s*}",
						 "attempts", call->attempts,
						 "total_ms", (double) age / 1000,
						 "waits_for", waits_for),
			 "%s: given up after %.1f s and %d attempts%s%s",
			 call->owner->name(call, name), (double) age / 1e6,
			 call->attempts, waits_for != NULL ? ": it " : "",
			 waits_for != NULL ? waits_for : "");
}

static void
give_up(struct call *call)
{
	metric_add(METRIC_GIVEN_UP, 1);
	call->owner->too_late(call);
}

void
pool_retry(struct call *call)
{
	struct loop *loop = call->pool->loop;
	struct lane_pool *lane = lane_of(call);
	struct call *next;

	call->attempts++;
	metric_add(METRIC_RETRIES, 1);
	call->alone = true;
	call->due = loop->now +
		retry_delay(call->attempts, pool_chance(call->pool));
	if (call->due > pool_deadline(call))
	{
		give_up(call);
		return;
	}
	call_set_state(call, CALL_DELAYED);
	TAILQ_FOREACH(next, &lane->delayed, link)
		if (next->due > call->due)
			break;
	if (next != NULL)
		TAILQ_INSERT_BEFORE(next, call, link);
	else
		TAILQ_INSERT_TAIL(&lane->delayed, call, link);
	timer_set(loop, &lane->delay, TAILQ_FIRST(&lane->delayed)->due);
}

static void
delay_over(struct timer *timer)
{
	struct lane_pool *lane = container_of(timer, struct lane_pool, delay);
	struct loop *loop = lane->pool->loop;
	struct call *call;

	while ((call = TAILQ_FIRST(&lane->delayed)) != NULL &&
		   call->due <= loop->now)
	{
		take_off(&lane->delayed, call);
		pool_submit(call);
	}
	if (call != NULL)
		timer_set(loop, &lane->delay, call->due);
}

/* Moves those past their deadline; returns how many. */
static int
take_expired(struct call_list *from, int64_t now, struct call_list *to)
{
	struct call *call;
	struct call *next;
	int			count = 0;

	for (call = TAILQ_FIRST(from); call != NULL; call = next)
	{
		next = TAILQ_NEXT(call, link);
		if (pool_deadline(call) > now)
			continue;
		TAILQ_REMOVE(from, call, link);
		TAILQ_INSERT_TAIL(to, call, link);
		count++;
	}
	return count;
}

/* Has the lane calls that wait, or that may have to wait again? */
static bool
has_calls(const struct lane_pool *lane)
{
	if (!TAILQ_EMPTY(&lane->waiting))
		return true;
	for (int i = 0; i < lane->max; i++)
		if (!is_idle(&lane->connections[i]))
			return true;
	return false;
}

static void
check_deadlines(struct timer *timer)
{
	struct pool *pool = container_of(timer, struct pool, deadlines);
	int64_t		now = pool->loop->now;
	struct call_list expired = TAILQ_HEAD_INITIALIZER(expired);
	struct call *call;
	bool		again = false;

	for (int i = 0; i < LANES; i++)
	{
		struct lane_pool *lane = &pool->lanes[i];

		take_expired(&lane->waiting, now, &expired);
		for (int j = 0; j < lane->max; j++)
			for (int k = 0; k < QUEUES; k++)
				lane->connections[j].queued -=
					take_expired(&lane->connections[j].queues[k], now,
								 &expired);
		again = again || has_calls(lane);
	}
	if (again)
		timer_set(pool->loop, timer, now + DEADLINE_ROUND);
	while ((call = TAILQ_FIRST(&expired)) != NULL)
	{
		take_off(&expired, call);
		give_up(call);
	}
}

void
pool_forget(struct call *call)
{
	switch (call->state)
	{
		case CALL_WAITING:
			take_off(&lane_of(call)->waiting, call);
			break;
		case CALL_DELAYED:
			take_off(&lane_of(call)->delayed, call);
			break;
		case CALL_QUEUED:
			connection_dequeue(call->connection, call);
			break;
		case CALL_RUNNING:
			connection_forget(call->connection, call);
			return;
		default:
			return;
	}
	call->owner->dropped(call);
}
