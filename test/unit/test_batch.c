/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_batch.c
 *	  Which calls share a batch, what an SQLSTATE means, how long to wait.
 */
#include "unit.h"

#include "db/batch.h"
#include "dittofs_contract.h"
#include "db/statements.h"

#define CALLS 200

static struct call all[CALLS];
static struct call_list queue;

/* A queue of GETATTRs whose parameters are of the size given. */
static void
fill_queue(int count, int size)
{
	memset(all, 0, sizeof(all));
	TAILQ_INIT(&queue);
	for (int i = 0; i < count; i++)
	{
		all[i].statement = STATEMENT_GET_FILE;
		all[i].lengths[0] = size;
		TAILQ_INSERT_TAIL(&queue, &all[i], link);
	}
}

static int
rest(void)
{
	struct call *call;
	int			count = 0;

	TAILQ_FOREACH(call, &queue, link)
		count++;
	return count;
}

static void
test_count_bound(void **state)
{
	struct batch batch;
	struct call *call;
	int			i = 0;

	(void) state;
	fill_queue(100, 10);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 64);
	TAILQ_FOREACH(call, &batch.calls, link)
		assert_ptr_equal(call, &all[i++]);
	assert_int_equal(i, 64);
	assert_int_equal(rest(), 36);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 36);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 0);
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
	all[1].result_size = 3000;
	assert_int_equal(batch_fill(&batch, &queue, 64, 3500), 1);

	/* one that is larger than any batch goes all the same */
	fill_queue(10, 1 << 20);
	assert_int_equal(batch_fill(&batch, &queue, 64, 4096), 1);
	assert_ptr_equal(TAILQ_FIRST(&batch.calls), &all[0]);
}

static void
test_alone(void **state)
{
	struct batch batch;

	(void) state;
	fill_queue(5, 10);
	all[0].alone = true;
	all[3].alone = true;
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 1);
	assert_true(batch.alone);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 2);
	assert_false(batch.alone);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 1);
	assert_ptr_equal(TAILQ_FIRST(&batch.calls), &all[3]);
	assert_true(batch.alone);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), 1);
	assert_false(batch.alone);
}

/*
 * Gives the queue's calls locks: letters, one or two for each, as "b ca d".
 */
static void
set_locks(const char *locks)
{
	int			i = 0;

	for (; *locks != '\0'; locks++)
	{
		struct call *call = &all[i];

		if (*locks == ' ')
		{
			i++;
			continue;
		}
		call->locks[call->lock_count].data = locks;
		call->locks[call->lock_count].size = 1;
		call->lock_count++;
	}
}

/* The batch's locks, or the queue's, in the same form. */
static const char *
locks_of(const struct call_list *list)
{
	static char text[CALLS * 3];
	char	   *at = text;
	const struct call *call;

	TAILQ_FOREACH(call, list, link)
	{
		if (at != text)
			*at++ = ' ';
		for (int i = 0; i < call->lock_count; i++)
			*at++ = *call->locks[i].data;
	}
	*at = '\0';
	return text;
}

static void
expect_order(int count, const char *locks, const char *in_batch,
			 bool locks_first)
{
	struct batch batch;

	fill_queue(count, 10);
	set_locks(locks);
	assert_int_equal(batch_fill(&batch, &queue, 64, 1 << 20), count);
	assert_string_equal(locks_of(&batch.calls), in_batch);
	assert_int_equal(batch.locks_first, locks_first);
}

/* Two batches that lock the same directories do so in the same order. */
static void
test_order(void **state)
{
	(void) state;
	expect_order(5, "d b a c b", "a b b c d", false);
	expect_order(3, "d c d", "c d d", false);

	/* no locks: no order to keep */
	expect_order(3, "b  a", "b  a", false);

	/* calls with two locks, in whichever order they name them, form none */
	expect_order(3, "d ca a", "ca a d", true);
	expect_order(4, "ac b c a", "ac a b c", true);
	expect_order(2, "ca ab", "ca ab", true);

	/* a call alone takes its own locks in order */
	expect_order(1, "ca", "ca", false);
}

/* SETATTR locks a file or a directory, and directories come first. */
static void
test_locks_of_any_kind(void **state)
{
	struct batch batch;

	(void) state;
	for (int setattrs = 0; setattrs <= 3; setattrs++)
	{
		fill_queue(3, 10);
		set_locks("a b c");
		for (int i = 0; i < setattrs; i++)
		{
			all[i].statement = STATEMENT_SET_FILE_ATTRIBUTES;
			memset(all[i].lengths, 0,
				   sizeof(all[i].lengths));
		}
		batch_fill(&batch, &queue, 64, 1 << 20);
		assert_int_equal(batch.locks_first, setattrs == 1 || setattrs == 2);
	}
}

/*
 * What is to be locked first: whole handles, each of those side by side once.
 */
static void
test_handles(void **state)
{
	static uint8_t handles[3][HANDLE_LEN];
	static const int pairs[4][2] = {{0, 1}, {1, 1}, {2, 0}, {2, 2}};
	uint8_t		out[8 * HANDLE_LEN];
	struct batch batch;

	(void) state;
	fill_queue(4, 10);
	for (int i = 0; i < 3; i++)
		memset(handles[i], 'a' + i, HANDLE_LEN);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 2; j++)
		{
			all[i].locks[j].data =
				(const char *) handles[pairs[i][j]];
			all[i].locks[j].size = HANDLE_LEN;
			all[i].lock_count = 2;
		}
	all[3].locks[1].size = 7;
	batch_fill(&batch, &queue, 64, 1 << 20);
	assert_true(batch.locks_first);
	/* sorted by the first lock of each: ab ca bb c */
	assert_int_equal(batch_locks(&batch, out, sizeof(out)),
					 6 * HANDLE_LEN);
	for (int i = 0; i < 6; i++)
		assert_int_equal(out[i * HANDLE_LEN], "abcabc"[i]);
	/* no more than there is room for */
	assert_int_equal(batch_locks(&batch, out, 3 * HANDLE_LEN - 1),
					 2 * HANDLE_LEN);
}

/* Calls on one directory stay in the order they came. */
static void
test_stable(void **state)
{
	struct batch batch;
	struct call *call;
	int			i = 1;

	(void) state;
	fill_queue(8, 10);
	set_locks("b a a a a a a a");
	batch_fill(&batch, &queue, 64, 1 << 20);
	TAILQ_FOREACH(call, &batch.calls, link)
		assert_ptr_equal(call, &all[i++ % 8]);
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
	assert_ptr_equal(TAILQ_FIRST(&batch.calls), &all[1]);
}

static void
expect_remedy(const char *sqlstate, enum remedy remedy, uint32_t status)
{
	uint32_t	found;

	assert_int_equal(remedy_for(sqlstate, &found), remedy);
	if (remedy == REMEDY_FAIL || remedy == REMEDY_READ_ONLY)
		assert_int_equal(found, status);
}

static void
test_remedies(void **state)
{
	static const char *const retried[] = {"55P03", "40P01", "40001", "23505",
										  "57014", "53400", "53200"};
	static const char *const elsewhere[] = {"57P01", "57P02", "57P03", "08006",
											"08P01", "53300"};

	(void) state;
	for (size_t i = 0; i < sizeof(retried) / sizeof(retried[0]); i++)
		expect_remedy(retried[i], REMEDY_RETRY, 0);
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		expect_remedy(elsewhere[i], REMEDY_RECONNECT, 0);
	expect_remedy("25006", REMEDY_READ_ONLY, FS_ROFS);
	expect_remedy("53100", REMEDY_FAIL, FS_NOSPC);
	expect_remedy("XX001", REMEDY_FAIL, FS_IO);
	expect_remedy("XX002", REMEDY_FAIL, FS_IO);
	expect_remedy("XX000", REMEDY_FAIL, FS_SERVERFAULT);
	expect_remedy("22P02", REMEDY_FAIL, FS_SERVERFAULT);
	expect_remedy("42501", REMEDY_FAIL, FS_SERVERFAULT);
	expect_remedy("", REMEDY_FAIL, FS_SERVERFAULT);
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

/* How many calls each statement of the batch has, as "16 4 1". */
static void
expect_statements(const struct batch *batch, const char *expected)
{
	const struct call *calls[CALL_MAX_WIDTH];
	char		text[256] = "";
	struct call *call = TAILQ_FIRST(&batch->calls);

	while (call != NULL)
	{
		int			count = batch_gather(call, calls);

		sprintf(text + strlen(text), "%s%d", *text ? " " : "", count);
		for (int i = 0; i < count; i++)
		{
			assert_ptr_equal(calls[i], call);
			assert_int_equal(calls[i]->statement, calls[0]->statement);
			call = TAILQ_NEXT(call, link);
		}
	}
	assert_string_equal(text, expected);
}

/* Calls of one function go out together, in the widths that are prepared. */
static void
test_widths(void **state)
{
	struct batch batch;

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		static const int counts[] = {1, 3, 9, 64};
		static const char *const statements_of[] = {"1", "1 1 1", "4 4 1",
			"16 16 16 16"};

		fill_queue(counts[i], 10);
		batch_fill(&batch, &queue, 64, 1 << 20);
		expect_statements(&batch, statements_of[i]);
	}

	/* what locks nothing is sorted by function */
	fill_queue(12, 10);
	for (int i = 0; i < 12; i++)
		all[i].statement = i % 3 == 0 ? STATEMENT_LOOKUP :
			STATEMENT_GET_FILE;
	batch_fill(&batch, &queue, 64, 1 << 20);
	expect_statements(&batch, "4 4 4");

	/* but not what locks something */
	fill_queue(5, 10);
	set_locks("a a a a a");
	for (int i = 0; i < 5; i++)
		all[i].statement = i == 2 ? STATEMENT_REMOVE_FILE :
			STATEMENT_CREATE_FILE;
	batch_fill(&batch, &queue, 64, 1 << 20);
	expect_statements(&batch, "1 1 1 1 1");
	assert_ptr_equal(TAILQ_FIRST(&batch.calls), &all[0]);

	/* a function that returns a set, or much, has its statement to itself */
	fill_queue(4, 10);
	for (int i = 0; i < 4; i++)
		all[i].statement = STATEMENT_READ_DIRECTORY;
	batch_fill(&batch, &queue, 64, 1 << 20);
	expect_statements(&batch, "1 1 1 1");
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
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_locks_of_any_kind),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_remedies),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_statements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
