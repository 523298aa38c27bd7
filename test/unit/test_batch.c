/*
 * test_batch.c
 *	  Which calls share a batch, what an SQLSTATE means, how long to wait.
 */
#include "unit.h"

#include "batch.h"
#include "serve.h"
#include "statements.h"

#define CALLS 200

static struct request requests[CALLS];
static struct request_list queue;

/* A queue of GETATTRs whose parameters are of the size given. */
static void
fill_queue(int count, int size)
{
	memset(requests, 0, sizeof(requests));
	TAILQ_INIT(&queue);
	for (int i = 0; i < count; i++)
	{
		requests[i].call.statement = STATEMENT_GET_FILE;
		requests[i].call.lengths[0] = size;
		TAILQ_INSERT_TAIL(&queue, &requests[i], link);
	}
}

static int
rest(void)
{
	struct request *request;
	int			count = 0;

	TAILQ_FOREACH(request, &queue, link)
		count++;
	return count;
}

static void
test_count_bound(void **state)
{
	struct batch batch;
	struct request *request;
	int			i = 0;

	(void) state;
	fill_queue(100, 10);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 64);
	TAILQ_FOREACH(request, &batch.requests, link)
		assert_ptr_equal(request, &requests[i++]);
	assert_int_equal(i, 64);
	assert_ptr_equal(batch.cursor, &requests[0]);
	assert_int_equal(rest(), 36);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 36);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 0);
	assert_null(batch.cursor);
}

static void
test_byte_bound(void **state)
{
	struct batch batch;

	(void) state;
	fill_queue(10, 1000);
	assert_int_equal(batch_fill(&batch, &queue, 64, 3500), 3);

	/* results count as parameters do */
	fill_queue(10, 1000);
	requests[1].call.result_size = 3000;
	assert_int_equal(batch_fill(&batch, &queue, 64, 3500), 1);

	/* one that is larger than any batch goes all the same */
	fill_queue(10, 1 << 20);
	assert_int_equal(batch_fill(&batch, &queue, 64, 4096), 1);
	assert_ptr_equal(TAILQ_FIRST(&batch.requests), &requests[0]);
}

static void
test_alone(void **state)
{
	struct batch batch;

	(void) state;
	fill_queue(5, 10);
	requests[0].alone = true;
	requests[3].alone = true;
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 1);
	assert_true(batch.alone);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 2);
	assert_false(batch.alone);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 1);
	assert_ptr_equal(TAILQ_FIRST(&batch.requests), &requests[3]);
	assert_true(batch.alone);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 1);
	assert_false(batch.alone);
}

/* A batch is reused: nothing of the last one may stay. */
static void
test_reuse(void **state)
{
	struct batch batch;

	(void) state;
	fill_queue(2, 10);
	batch_fill(&batch, &queue, 1, 1 << 20);
	batch.failed = batch.doubtful = true;
	strcpy(batch.sqlstate, "40P01");
	strcpy(batch.message, "deadlock detected");
	batch_fill(&batch, &queue, 1, 1 << 20);
	assert_false(batch.failed);
	assert_false(batch.doubtful);
	assert_string_equal(batch.sqlstate, "");
	assert_string_equal(batch.message, "");
	assert_ptr_equal(TAILQ_FIRST(&batch.requests), &requests[1]);
}

static void
expect_remedy(const char *sqlstate, enum remedy remedy, uint32_t status)
{
	uint32_t	found;

	assert_int_equal(remedy_for(sqlstate, &found), remedy);
	if (remedy == REMEDY_FAIL)
		assert_int_equal(found, status);
}

static void
test_remedies(void **state)
{
	static const char *const retried[] = {"55P03", "40P01", "40001", "23505",
										  "57014", "53400", "53200"};
	static const char *const elsewhere[] = {"57P01", "57P02", "57P03", "08006",
											"08P01", "25006", "53300"};

	(void) state;
	for (size_t i = 0; i < sizeof(retried) / sizeof(retried[0]); i++)
		expect_remedy(retried[i], REMEDY_RETRY, 0);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		expect_remedy(elsewhere[i], REMEDY_RECONNECT, 0);
	expect_remedy("53100", REMEDY_FAIL, STATUS_NOSPC);
	expect_remedy("XX001", REMEDY_FAIL, STATUS_IO);
	expect_remedy("XX002", REMEDY_FAIL, STATUS_IO);
	expect_remedy("XX000", REMEDY_FAIL, STATUS_SERVERFAULT);
	expect_remedy("22P02", REMEDY_FAIL, STATUS_SERVERFAULT);
	expect_remedy("42501", REMEDY_FAIL, STATUS_SERVERFAULT);
	expect_remedy("", REMEDY_FAIL, STATUS_SERVERFAULT);
}

/* 5 ms at first, doubling, half a second at most; chance adds up to half. */
static void
test_delays(void **state)
{
	(void) state;
	assert_int_equal(retry_delay(1, 0), 5000);
	assert_int_equal(retry_delay(2, 0), 10000);
	assert_int_equal(retry_delay(5, 0), 80000);
	assert_int_equal(retry_delay(8, 0), 500000);
	assert_int_equal(retry_delay(1000000, 0), 500000);
	for (uint32_t chance = 0; chance < 5000; chance++)
	{
		int64_t		delay = retry_delay(3, chance);

		assert_true(delay >= 20000 && delay < 30000);
	}
}

/* The other half's table: the core relies on its order and its bounds. */
static void
test_statements(void **state)
{
	(void) state;
	assert_int_equal(statement_count, STATEMENTS);
	for (int i = 0; i < statement_count; i++)
	{
		assert_non_null(statements[i].name);
		assert_non_null(statements[i].sql);
		assert_true(statements[i].nparams <= CALL_MAX_PARAMS);
		assert_true(statements[i].lane < LANES);
	}
	assert_string_equal(statements[STATEMENT_REAP].name, "reap");
	assert_int_equal(statements[STATEMENT_REAP].lane, LANE_BULK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count_bound),
		cmocka_unit_test(test_byte_bound),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_remedies),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_statements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
