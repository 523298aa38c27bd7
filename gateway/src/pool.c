/*
 * pool.c
 *	  Which connection a call goes to, and how many there are.
 */
#include "pool.h"
#include "config.h"
#include "connection.h"
#include "log.h"
#include "metrics.h"
#include "route.h"
#include "serve.h"
#include "session.h"
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * One more connection is opened when a whole batch waits behind every one that
 * runs in a lane, or a call waits for so long: behind reads from a slow disk, or
 * behind a lock.  Before that it does not pay: batches become smaller, and each
 * costs a commit.  A disk that does not flush for a moment is no reason for another
 * connection that flushes.  When there is load, and for a while there was no need, one is
 * given up.
 */
#define LONG_WAIT (20 * 1000)
#define LONG_WAIT_FOR_FLUSH (300 * 1000)
#define SURPLUS_TIME (10 * 1000000)

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

const char *
pool_configure(const struct config *config)
{
	const char *problem = NULL;

	for (int i = 0; problem == NULL && i < config->store_count; i++)
		problem = session_configure(i, &config->stores[i]);
	return problem;
}

void
pool_start(struct pool *pool, struct worker *worker, int number)
{
	const struct metadata_store_config *config = &worker->config->stores[number];
	int			workers = (int) worker->config->workers;

	pool->worker = worker;
	pool->number = number;
	pool->config = config;
	pool->chance = (uint32_t) (mix((uint64_t) clock_now()) +
							   (uint64_t) worker->number) | 1;
	pool->deadlines.fire = check_deadlines;
	for (int i = 0; i < LANES; i++)
	{
		struct lane_pool *lane = &pool->lanes[i];
		int			slot = i * workers + worker->number;

		lane->lane = (enum lane) i;
		lane->worker = worker;
		lane->pool = pool;
		lane->min = pool_share(config->min_conns, LANES * workers, slot);
		lane->max = pool_share(config->max_conns, LANES * workers, slot);
		lane->connections = calloc(lane->max, sizeof(struct connection));
		if (lane->connections == NULL)
			fatal("out of memory");
		TAILQ_INIT(&lane->waiting);
		TAILQ_INIT(&lane->delayed);
		lane->delay.fire = delay_over;
		for (int j = 0; j < lane->max; j++)
			connection_init(&lane->connections[j], lane, j);

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
	return connection->state == CONNECTION_READY && connection->wanted;
}

static bool
is_idle(const struct connection *connection)
{
	return connection->running_count == 0 && connection->queued == 0;
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
 * that has nothing to do makes no batch smaller: it may stay for --max-idle-time.
 */
static void
give_up_surplus(struct lane_pool *lane, int64_t now)
{
	struct connection *surplus = NULL;
	int			ready = 0;

	for (int i = 0; i < lane->max; i++)
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
choose(struct lane_pool *lane, const struct request *request)
{
	uint64_t	key = request->call.key;
	struct connection *preferred = NULL;
	struct connection *idle = NULL;
	struct connection *shortest = NULL;
	uint64_t	best = 0;

	for (int i = 0; i < lane->max; i++)
	{
		struct connection *connection = &lane->connections[i];
		uint64_t	weight = pool_weight(key, i);

		if (!is_usable(connection))
			continue;
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
	if (key != 0 && (request->procedure->changes || idle == NULL ||
					 is_idle(preferred)))
		return preferred;
	return idle != NULL ? idle : shortest;
}

static int64_t
deadline_of(const struct request *request)
{
	return request->arrived + request->pool->config->call_timeout * 1000;
}

/*
 * Where there are several stores: sets request->pool.  False: the request
 * has been dealt with.
 */
static bool
route(struct request *request)
{
	const struct call *call = &request->call;
	int			store;
	int			other;

	if (call->handle.data != NULL)
		store = route_handle(call->handle);
	else if (call->path.data != NULL)
		store = route_path(call->path);
	else
		return true;
	other = call->other_handle.data != NULL ?
		route_handle(call->other_handle) : store;
	if (store < 0 || other < 0)
	{
		pool_retry(request);
		return false;
	}
	if (store != other)
	{
		serve_failure(request, STATUS_XDEV);
		return false;
	}
	request->pool = &request->worker->pools[store];
	return true;
}

void
pool_submit(struct request *request)
{
	struct loop *loop = &request->worker->loop;
	struct pool *pool;
	struct lane_pool *lane;
	struct connection *connection;

	if (request->worker->pool_count > 1 && !route(request))
		return;
	pool = request->pool;
	lane = &pool->lanes[statements[request->call.statement].lane];
	connection = choose(lane, request);
	if (!pool->deadlines.armed)
		timer_set(loop, &pool->deadlines, loop->now + DEADLINE_ROUND);
	if (connection != NULL)
	{
		if (connection->running_count > 0)
			metric_add(METRIC_QUEUED, 1);
		connection_enqueue(connection, request);
		return;
	}
	metric_add(METRIC_UNCONNECTED, 1);
	request_set_state(request, REQUEST_WAITING);
	TAILQ_INSERT_TAIL(&lane->waiting, request, link);
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
					   pool->worker->config->stores[pool->number].name);
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
	struct request *request;

	if (pool->complaint[0] != '\0' && all_are_up(pool))
	{
		log_with(LOG_LEVEL_INFO, store_members(pool), "PostgreSQL is back");
		pool->complaint[0] = '\0';
	}
	while ((request = TAILQ_FIRST(&lane->waiting)) != NULL)
	{
		TAILQ_REMOVE(&lane->waiting, request, link);
		pool_submit(request);
	}
}

bool
pool_lane_is_up(const struct pool *pool, enum lane lane)
{
	for (int i = 0; i < pool->lanes[lane].max; i++)
		if (is_usable(&pool->lanes[lane].connections[i]))
			return true;
	return false;
}

/*
 * Would one more connection be of use?  Not while one has nothing to do: then
 * what waits elsewhere waits for its key, as in a directory in which everybody
 * creates, or will be taken up in a moment.
 */
static bool
is_short(const struct lane_pool *lane, int64_t now)
{
	int			ready = 0;
	int			many = 0;
	int			calls;
	bool		waiting = false;
	int64_t		too_long = lane->lane == LANE_CHANGE ? LONG_WAIT_FOR_FLUSH : LONG_WAIT;

	for (int i = 0; i < lane->max; i++)
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
	int64_t		now = pool->worker->loop.now;

	for (int i = 0; i < LANES; i++)
	{
		struct lane_pool *lane = &pool->lanes[i];

		for (int j = 0; j < lane->max; j++)
		{
			struct connection *connection = &lane->connections[j];

			if (connection->queued == 0 && connection->cancel == NULL)
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
	struct request *request;

	for (int i = 0; i < lane->max; i++)
	{
		const struct connection *connection = &lane->connections[i];

		waiting += connection_waiting(connection);
		if (connection->state != CONNECTION_READY)
			connecting += connection->wanted;
		else if (connection->running_count > 0)
			busy++;
		else
			idle++;
	}
	TAILQ_FOREACH(request, &lane->waiting, link)
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
}

void
pool_check(struct pool *pool)
{
	for (int i = 0; i < LANES; i++)
	{
		for (int j = 0; j < pool->lanes[i].max; j++)
			connection_check(&pool->lanes[i].connections[j]);
		give_up_surplus(&pool->lanes[i], pool->worker->loop.now);
	}
}

/*
 * Waiting, for a while and for too long.
 */

void
pool_retry(struct request *request)
{
	struct worker *worker = request->worker;
	struct lane_pool *lane =
		&request->pool->lanes[statements[request->call.statement].lane];
	struct request *next;

	request->attempts++;
	metric_add(METRIC_RETRIES, 1);
	request->alone = true;
	request->due = worker->loop.now +
		retry_delay(request->attempts, pool_chance(request->pool));
	if (request->due > deadline_of(request))
	{
		char		name[REQUEST_NAME_MAX];

		metric_add(METRIC_GIVEN_UP, 1);
		log_with(LOG_LEVEL_INFO,
				 log_members(request_members(request), "{s:i}",
							 "attempts", request->attempts),
				 "%s: given up after %d attempts",
				 request_name(request, name), request->attempts);
		serve_too_late(request);
		return;
	}
	request_set_state(request, REQUEST_DELAYED);
	TAILQ_FOREACH(next, &lane->delayed, link)
		if (next->due > request->due)
			break;
	if (next != NULL)
		TAILQ_INSERT_BEFORE(next, request, link);
	else
		TAILQ_INSERT_TAIL(&lane->delayed, request, link);
	timer_set(&worker->loop, &lane->delay, TAILQ_FIRST(&lane->delayed)->due);
}

static void
delay_over(struct timer *timer)
{
	struct lane_pool *lane = container_of(timer, struct lane_pool, delay);
	struct loop *loop = &lane->worker->loop;
	struct request *request;

	while ((request = TAILQ_FIRST(&lane->delayed)) != NULL &&
		   request->due <= loop->now)
	{
		TAILQ_REMOVE(&lane->delayed, request, link);
		pool_submit(request);
	}
	if (request != NULL)
		timer_set(loop, &lane->delay, request->due);
}

/* Moves those past their deadline; returns how many. */
static int
take_expired(struct request_list *from, int64_t now, struct request_list *to)
{
	struct request *request;
	struct request *next;
	int			count = 0;

	for (request = TAILQ_FIRST(from); request != NULL; request = next)
	{
		next = TAILQ_NEXT(request, link);
		if (deadline_of(request) > now)
			continue;
		TAILQ_REMOVE(from, request, link);
		TAILQ_INSERT_TAIL(to, request, link);
		count++;
	}
	return count;
}

static void
check_deadlines(struct timer *timer)
{
	struct pool *pool = container_of(timer, struct pool, deadlines);
	struct loop *loop = &pool->worker->loop;
	struct request_list expired = TAILQ_HEAD_INITIALIZER(expired);
	struct request *request;

	for (int i = 0; i < LANES; i++)
	{
		struct lane_pool *lane = &pool->lanes[i];

		take_expired(&lane->waiting, loop->now, &expired);
		for (int j = 0; j < lane->max; j++)
			for (int k = 0; k < QUEUES; k++)
				lane->connections[j].queued -=
					take_expired(&lane->connections[j].queues[k], loop->now,
								 &expired);
	}
	while ((request = TAILQ_FIRST(&expired)) != NULL)
	{
		char		name[REQUEST_NAME_MAX];

		TAILQ_REMOVE(&expired, request, link);
		metric_add(METRIC_GIVEN_UP, 1);
		log_with(LOG_LEVEL_INFO, request_members(request),
				 "%s: waited too long", request_name(request, name));
		serve_too_late(request);
	}
	if (pool->worker->requests > 0)
		timer_set(loop, timer, loop->now + DEADLINE_ROUND);
}

void
pool_forget(struct request *request)
{
	struct lane_pool *lane;

	/* A content store has it, and nobody takes it away. */
	if (request->state == REQUEST_AT_STORE)
		return;
	lane = &request->pool->lanes[statements[request->call.statement].lane];
	switch (request->state)
	{
		case REQUEST_WAITING:
			TAILQ_REMOVE(&lane->waiting, request, link);
			break;
		case REQUEST_DELAYED:
			TAILQ_REMOVE(&lane->delayed, request, link);
			break;
		case REQUEST_QUEUED:
			connection_dequeue(request->connection, request);
			break;
		case REQUEST_RUNNING:
			connection_forget(request->connection, request);
			return;
		default:
			return;
	}
	request_free(request);
}
