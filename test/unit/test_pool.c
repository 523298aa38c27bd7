/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_pool.c
 *	  Which connection a call goes to, how long it waits, and how it ends.
 *
 * The calls are nothing but calls: their owner writes down what the pool tells
 * it.  Connections have no server: what is sent on one is lost with it.
 */
#include "unit.h"

#include "config/config.h"
#include "db/connection.h"
#include "base/log.h"
#include "db/pool.h"
#include "db/statements.h"

static void
test_shares(void **state)
{
	(void) state;
	for (int total = 0; total < 50; total++)
		for (int slots = 1; slots < 20; slots++)
		{
			int			sum = 0;

			for (int slot = 0; slot < slots; slot++)
			{
				int			share = pool_share(total, slots, slot);

				assert_true(share == total / slots ||
							share == total / slots + 1);
				sum += share;
			}
			assert_int_equal(sum, total);
		}
}

static int
owner(uint64_t key, int count)
{
	int			best = 0;

	for (int i = 1; i < count; i++)
		if (pool_weight(key, i) > pool_weight(key, best))
			best = i;
	return best;
}

/* Keys spread evenly, and only to a new connection when there is one more. */
static void
test_keys(void **state)
{
	int			owned[8] = {0};

	(void) state;
	for (uint32_t i = 0; i < 8000; i++)
	{
		uint64_t	key = call_key(&i, sizeof(i));
		int			seven = owner(key, 7);
		int			eight = owner(key, 8);

		assert_true(eight == seven || eight == 7);
		owned[eight]++;
	}
	for (int i = 0; i < 8; i++)
		assert_in_range(owned[i], 800, 1200);
}

static void
test_key(void **state)
{
	(void) state;
	assert_true(call_key("a", 1) == call_key("a", 1));
	assert_true(call_key("a", 1) != call_key("b", 1));
	assert_true(call_key("", 0) != 0);
}

/*
 * A pool of three connections to each lane, none of them open.
 */

#define CONNECTIONS 3

static struct metadata_store_config store = {
	.name = "main", .min_conns = LANES * CONNECTIONS,
	.max_conns = LANES * CONNECTIONS, .call_timeout = 10000, .batch_calls = 64,
	.batch_bytes = 1 << 20};
static const struct config config = {
	.workers = 1, .stores = &store, .store_count = 1};
static struct loop loop;
static struct pool pool;

/* What the owner was told, as "committed a, late b". */
static char told[256];

struct test_call
{
	struct call call;
	char		name;
	bool		unwanted;
	bool		held_back;		/* its owner does not know yet where it goes */
};

static const struct test_call *
test_call_of(const struct call *call)
{
	return container_of(call, struct test_call, call);
}

static void
note(const char *what, const struct call *call)
{
	assert_int_equal(call->state, CALL_IDLE);
	sprintf(told + strlen(told), "%s%s %c", *told != '\0' ? ", " : "", what,
			test_call_of(call)->name);
}

static void
expect_told(const char *expected)
{
	assert_string_equal(told, expected);
	told[0] = '\0';
}

static void
committed(struct call *call, const PGresult *result, int column)
{
	(void) result;
	(void) column;
	note("committed", call);
}

static void
failed(struct call *call, uint32_t status)
{
	(void) status;
	note("failed", call);
}

static void
too_late(struct call *call)
{
	pool_log_given_up(call, NULL);
	note("late", call);
}

static void
dropped(struct call *call)
{
	note("dropped", call);
}

static bool
wanted(const struct call *call)
{
	return !test_call_of(call)->unwanted;
}

static struct pool *
route(struct call *call)
{
	if (!test_call_of(call)->held_back)
		return &pool;
	pool_retry(call);
	return NULL;
}

static const char *
name(const struct call *call, char *buffer)
{
	sprintf(buffer, "call %c", test_call_of(call)->name);
	return buffer;
}

static json_t *
members(const struct call *call)
{
	(void) call;
	return NULL;
}

static const struct call_owner test_owner = {
	.committed = committed, .failed = failed, .too_late = too_late,
	.dropped = dropped, .wanted = wanted, .route = route, .name = name,
	.members = members};

static int
start_pool(void **state)
{
	(void) state;
	log_level = LOG_LEVEL_ERROR;
	memset(&pool, 0, sizeof(pool));
	memset(&loop, 0, sizeof(loop));
	TAILQ_INIT(&loop.timers);
	loop.now = 1000000;
	told[0] = '\0';
	pool_init(&pool, &loop, &config, 0, 0);
	return 0;
}

static int
stop_pool(void **state)
{
	(void) state;
	for (int i = 0; i < LANES; i++)
		free(pool.lanes[i].connections);
	return 0;
}

static struct connection *
connection_of(enum lane lane, int number)
{
	return &pool.lanes[lane].connections[number];
}

static void
bring_up(enum lane lane, int number)
{
	struct connection *connection = connection_of(lane, number);

	pool.lanes[lane].opened = CONNECTIONS;
	connection->state = CONNECTION_READY;
	connection->wanted = true;
	pool_connection_up(connection);
}

/* A call that looks at something, or changes the object of the key. */
static struct test_call
make_call(char letter, uint64_t key, bool changes)
{
	return (struct test_call) {
		.name = letter,
		.call = {.owner = &test_owner, .pool = &pool, .arrived = loop.now,
				 .key = key, .changes = changes,
				 .statement = changes ? STATEMENT_REMOVE_FILE :
				 STATEMENT_GET_FILE}};
}

/* Time goes by, and timers fire. */
static void
pass(int64_t microseconds)
{
	int64_t		until = loop.now + microseconds;
	struct timer *timer;

	while ((timer = TAILQ_FIRST(&loop.timers)) != NULL && timer->at <= until)
	{
		if (timer->at > loop.now)
			loop.now = timer->at;
		timer_clear(&loop, timer);
		timer->fire(timer);
	}
	loop.now = until;
}

/* Without a connection calls wait, and the first to come up takes them. */
static void
test_waiting(void **state)
{
	struct test_call a = make_call('a', 0, false);
	struct test_call b = make_call('b', 0, false);
	struct test_call c = make_call('c', 1, true);

	(void) state;
	pool.lanes[LANE_READ].wanted = pool.lanes[LANE_CHANGE].wanted = 1;
	pool_submit(&a.call);
	pool_submit(&b.call);
	pool_submit(&c.call);
	assert_int_equal(a.call.state, CALL_WAITING);
	assert_int_equal(c.call.state, CALL_WAITING);
	bring_up(LANE_READ, 1);
	assert_int_equal(a.call.state, CALL_QUEUED);
	assert_int_equal(b.call.state, CALL_QUEUED);
	assert_int_equal(c.call.state, CALL_WAITING);
	assert_ptr_equal(TAILQ_FIRST(&connection_of(LANE_READ, 1)->queues[0]),
					 &a.call);
	assert_int_equal(connection_of(LANE_READ, 1)->queued, 2);
	expect_told("");
}

/* What waits longer than the limit is too late, once; what is new is not. */
static void
test_deadline(void **state)
{
	struct test_call a = make_call('a', 0, false);
	struct test_call b = make_call('b', 0, false);
	struct test_call c = make_call('c', 1, true);

	(void) state;
	pool.lanes[LANE_READ].wanted = pool.lanes[LANE_CHANGE].wanted = 1;
	bring_up(LANE_CHANGE, 0);
	pool_submit(&a.call);
	pool_submit(&c.call);
	pass(5 * 1000000);
	b.call.arrived = loop.now;
	pool_submit(&b.call);
	pass(4800 * 1000);
	expect_told("");
	pass(400 * 1000);
	expect_told("late a, late c");
	assert_int_equal(connection_of(LANE_CHANGE, 0)->queued, 0);
	pass(60 * 1000000);
	expect_told("late b");

	/* with nothing left to watch, nothing wakes the loop */
	assert_null(TAILQ_FIRST(&loop.timers));
}

/* It comes back alone after a moment, later each time, until it is too late. */
static void
test_retry(void **state)
{
	struct test_call a = make_call('a', 0, false);
	struct test_call b = make_call('b', 0, false);
	int			retries = 0;

	(void) state;
	bring_up(LANE_READ, 0);
	b.call.attempts = 4;
	pool_retry(&b.call);
	pool_retry(&a.call);
	assert_int_equal(a.call.state, CALL_DELAYED);
	assert_true(a.call.alone);
	assert_ptr_equal(TAILQ_FIRST(&pool.lanes[LANE_READ].delayed), &a.call);
	pass(8000);
	assert_int_equal(a.call.state, CALL_QUEUED);
	assert_int_equal(b.call.state, CALL_DELAYED);
	pool_forget(&b.call);
	expect_told("dropped b");
	while (*told == '\0' && retries++ < 1000)
	{
		connection_dequeue(connection_of(LANE_READ, 0), &a.call);
		pool_retry(&a.call);
		pass(1000000);
	}
	expect_told("late a");
	assert_int_equal(a.call.attempts, retries + 1);

	/* at once, if the next attempt would come too late */
	b.call.arrived = loop.now - store.call_timeout * 1000 + 1000;
	pool_retry(&b.call);
	expect_told("late b");
}

/* Whatever it waits for, a call that is not wanted any more is dropped. */
static void
test_forget(void **state)
{
	struct test_call a = make_call('a', 0, false);
	struct test_call b = make_call('b', 0, true);
	struct test_call c = make_call('c', 0, false);

	(void) state;
	pool.lanes[LANE_CHANGE].wanted = 1;
	bring_up(LANE_READ, 0);
	pool_submit(&a.call);
	pool_submit(&b.call);
	pool_retry(&c.call);
	pool_forget(&a.call);
	pool_forget(&b.call);
	pool_forget(&c.call);
	expect_told("dropped a, dropped b, dropped c");
	assert_int_equal(connection_of(LANE_READ, 0)->queued, 0);
	assert_true(TAILQ_EMPTY(&pool.lanes[LANE_CHANGE].waiting));
	assert_true(TAILQ_EMPTY(&pool.lanes[LANE_READ].delayed));

	/* its owner's already: nothing to forget */
	pool_forget(&a.call);
	expect_told("");
}

/* The owner is asked each time, and may put it off. */
static void
test_route(void **state)
{
	struct test_call a = make_call('a', 0, false);

	(void) state;
	bring_up(LANE_READ, 0);
	a.held_back = true;
	pool_submit(&a.call);
	assert_int_equal(a.call.state, CALL_DELAYED);
	pass(1000000);
	assert_int_equal(a.call.state, CALL_DELAYED);
	assert_true(a.call.attempts > 2);
	a.held_back = false;
	pass(1000000);
	assert_int_equal(a.call.state, CALL_QUEUED);
}

/*
 * Changes of one object go to one connection, busy or not; reads to an idle
 * one.
 */
static void
test_choice(void **state)
{
	struct test_call calls[8];
	struct connection *first = NULL;

	(void) state;
	for (int i = 0; i < CONNECTIONS; i++)
	{
		bring_up(LANE_READ, i);
		bring_up(LANE_CHANGE, i);
	}
	for (int i = 0; i < 4; i++)
	{
		calls[i] = make_call((char) ('a' + i), 4711, true);
		pool_submit(&calls[i].call);
		first = calls[0].call.connection;
		assert_ptr_equal(calls[i].call.connection, first);
	}
	for (int i = 4; i < 7; i++)
	{
		calls[i] = make_call((char) ('a' + i), 4711, false);
		pool_submit(&calls[i].call);
		assert_int_equal(calls[i].call.connection->queued, 1);
	}

	/* none is idle any more: where the key says */
	calls[7] = make_call('h', 4711, false);
	pool_submit(&calls[7].call);
	assert_ptr_equal(calls[7].call.connection, calls[4].call.connection);
}

/*
 * A connection that goes down: what ran on it runs again, alone; what waited
 * goes elsewhere as it is; what is not wanted any more is dropped.
 */
static void
test_lost_connection(void **state)
{
	struct test_call calls[4];
	struct connection *lost = connection_of(LANE_READ, 0);

	(void) state;
	bring_up(LANE_READ, 0);
	for (int i = 0; i < 3; i++)
	{
		calls[i] = make_call((char) ('a' + i), 0, false);
		pool_submit(&calls[i].call);
	}
	calls[1].unwanted = true;
	calls[3] = make_call('d', 0, false);
	calls[3].call.unstable = true;	/* shares no batch with the others */
	pool_submit(&calls[3].call);
	bring_up(LANE_READ, 2);

	/* without a server, sending is losing */
	connection_dispatch(lost);
	assert_int_equal(lost->state, CONNECTION_DOWN);
	expect_told("dropped b");
	for (int i = 0; i < 4; i += i == 0 ? 2 : 1)
	{
		assert_int_equal(calls[i].call.state, CALL_QUEUED);
		assert_ptr_equal(calls[i].call.connection, connection_of(LANE_READ, 2));
		assert_int_equal(calls[i].call.alone, i < 3);
	}
	assert_int_equal(lost->queued, 0);
	assert_int_equal(lost->sending.count, 0);
}

/* From its owner's hands to any list of the pool, and back. */
static void
test_states(void **state)
{
	(void) state;
	for (int i = 0; i < CALL_STATES; i++)
		for (int j = 0; j < CALL_STATES; j++)
			assert_int_equal(call_may_follow[i][j],
							 i == CALL_IDLE ?
								 j != CALL_IDLE && j != CALL_RUNNING :
								 j == CALL_IDLE ||
									 (i == CALL_QUEUED && j == CALL_RUNNING));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_states),
		cmocka_unit_test_setup_teardown(test_waiting, start_pool, stop_pool),
		cmocka_unit_test_setup_teardown(test_deadline, start_pool, stop_pool),
		cmocka_unit_test_setup_teardown(test_retry, start_pool, stop_pool),
		cmocka_unit_test_setup_teardown(test_forget, start_pool, stop_pool),
		cmocka_unit_test_setup_teardown(test_route, start_pool, stop_pool),
		cmocka_unit_test_setup_teardown(test_choice, start_pool, stop_pool),
		cmocka_unit_test_setup_teardown(test_lost_connection, start_pool,
										stop_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
