/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_chore.c
 *	  Chores: calls one after the other, jobs of stores in between, their end.
 */
#include "unit.h"

#include "db/chore.h"
#include "db/database.h"
#include "dittofs_contract.h"
#include "core/worker.h"

static struct metadata_store_config store = {
	.name = "main", .min_conns = LANES, .max_conns = LANES,
	.call_timeout = 10000};
static const struct config config = {
	.workers = 1, .stores = &store, .store_count = 1};
static struct worker worker;
static struct database database;

/* What the chore is to do when it is called, and what it was. */
static enum
{
	NEXT_END,
	NEXT_CALL,
	NEXT_CALL_LATER,
	NEXT_STORE
}			next;
static char told[256];

static void
go_on(struct chore *chore, const char *what)
{
	struct parameters p;

	sprintf(told + strlen(told), "%s%s", *told != '\0' ? ", " : "", what);
	if (next == NEXT_STORE)
		chore->io.waits = 1;
	else if (next != NEXT_END)
	{
		p = chore_parameters(chore, STATEMENT_GC_NEXT,
							 (struct bytes) {NULL, 0});
		parameters_int4(&p, 1);
		parameters_end(&p);
		chore->later = next == NEXT_CALL_LATER;
	}
}

static void
replied(struct chore *chore, const PGresult *result)
{
	(void) result;
	go_on(chore, "reply");
}

static void
failed(struct chore *chore, uint32_t status)
{
	go_on(chore, status == FS_JUKEBOX ? "too late" : "failed");
}

static void
resumed(struct chore *chore)
{
	go_on(chore, "resume");
}

static const struct chore_kind kind = {
	.name = "test", .changes = true, .alone = true, .reply = replied,
	.fail = failed};

static int
start(void **state)
{
	memset(&worker, 0, sizeof(worker));
	memset(&database, 0, sizeof(database));
	TAILQ_INIT(&worker.loop.timers);
	worker.loop.now = 1000000;
	worker.config = &config;
	database.worker = &worker;
	pool_init(&database.pool, &worker.loop, &config, 0, 0);
	for (int i = 0; i < LANES; i++)
		database.pool.lanes[i].wanted = 1;
	told[0] = '\0';
	*state = chore_new(&database, &kind, sizeof(int));
	return 0;
}

static int
stop(void **state)
{
	(void) state;
	for (int i = 0; i < LANES; i++)
		free(database.pool.lanes[i].connections);
	return 0;
}

static void
begin(struct chore *chore)
{
	next = NEXT_CALL;
	go_on(chore, "begin");
	chore_begin(chore);
}

/* The pool's part: takes it off the list it waits on. */
static struct call *
take(struct chore *chore)
{
	struct lane_pool *lane = &database.pool.lanes[LANE_BULK];

	TAILQ_REMOVE(chore->call.state == CALL_DELAYED ? &lane->delayed :
				 &lane->waiting, &chore->call, link);
	call_set_state(&chore->call, CALL_IDLE);
	return &chore->call;
}

static void
expect(const char *expected, int in_flight)
{
	assert_string_equal(told, expected);
	assert_int_equal(worker.requests, in_flight);
}

static void
test_calls(void **state)
{
	struct chore *chore = *state;
	struct call *call;
	char		name[CALL_NAME_MAX];

	assert_int_equal(*(int *) chore->memory, 0);
	begin(chore);
	assert_int_equal(chore->call.state, CALL_WAITING);
	assert_true(chore->call.alone && chore->call.background);
	assert_true(call_is_wanted(&chore->call));
	expect("begin", 1);

	/* one call after the other, the second in a moment */
	next = NEXT_CALL_LATER;
	call = take(chore);
	call->owner->committed(call, NULL, 0);
	assert_int_equal(call->state, CALL_DELAYED);
	expect("begin, reply", 1);
	assert_string_equal(call->owner->name(call, name), "test");

	next = NEXT_END;
	call = take(chore);
	call->owner->failed(call, FS_IO);
	expect("begin, reply, failed", 0);
	assert_true(worker.released);
}

static void
test_too_late(void **state)
{
	struct chore *chore = *state;
	struct call *call;

	begin(chore);
	next = NEXT_END;
	call = take(chore);
	call->owner->too_late(call);
	expect("begin, too late", 0);
}

/* Jobs of stores come between, and are the end of it. */
static void
test_stores(void **state)
{
	struct chore *chore = *state;
	struct call *call;

	begin(chore);
	next = NEXT_STORE;
	chore->resume = resumed;
	call = take(chore);
	call->owner->committed(call, NULL, 0);
	assert_int_equal(call->state, CALL_IDLE);
	expect("begin, reply", 1);
	next = NEXT_CALL;
	content_io_done(&chore->io);
	assert_int_equal(chore->call.state, CALL_WAITING);
	expect("begin, reply, resume", 1);
	next = NEXT_END;
	call = take(chore);
	call->owner->committed(call, NULL, 0);
	expect("begin, reply, resume, reply", 0);
}

/* A thread that hangs keeps its memory, and nothing else. */
static void
test_lost(void **state)
{
	struct chore *chore = *state;
	struct call *call;

	begin(chore);
	chore->io.lost = 1;
	next = NEXT_END;
	call = take(chore);
	call->owner->committed(call, NULL, 0);
	expect("begin, reply", 0);
	assert_true(chore->over);
	chore->io.lost = 0;
	chore->io.owner->found(&chore->io);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_calls, start, stop),
		cmocka_unit_test_setup_teardown(test_too_late, start, stop),
		cmocka_unit_test_setup_teardown(test_stores, start, stop),
		cmocka_unit_test_setup_teardown(test_lost, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
