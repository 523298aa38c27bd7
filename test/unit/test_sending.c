/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_sending.c
 *	  What may be sent on a connection, after all that can have gone before.
 */
#include "unit.h"

#include "db/sending.h"

/* One letter for each: what may be sent now, as "BAK" (K: a check), "C". */
static void
expect(const struct sending *sending, const char *expected)
{
	static const char letters[SENT_KINDS] = "BAKC";
	char		may[SENT_KINDS + 1];
	int			n = 0;

	for (int i = 0; i < SENT_KINDS; i++)
		if (sending_may(sending, (enum sent) i))
			may[n++] = letters[i];
	may[n] = '\0';
	assert_string_equal(may, expected);
}

static void
test_batches(void **state)
{
	struct sending s = {0};

	(void) state;
	expect(&s, "BAK");
	sending_began(&s, SENT_BATCH);
	expect(&s, "BC");
	sending_began(&s, SENT_BATCH);
	assert_int_equal(s.running, RUNNING_TWO);
	expect(&s, "C");
	sending_answered(&s);
	expect(&s, "BC");
	sending_began(&s, SENT_BATCH);
	expect(&s, "C");
	sending_answered(&s);
	sending_answered(&s);
	expect(&s, "BAK");
	assert_int_equal(s.count, 0);
}

/* One behind the other, as many as there is room for, and nothing else. */
static void
test_alone(void **state)
{
	struct sending s = {0};

	(void) state;
	for (int i = 0; i < RUNNING_MAX; i++)
	{
		expect(&s, i == 0 ? "BAK" : "AC");
		sending_began(&s, SENT_ALONE);
	}
	expect(&s, "C");
	for (int i = RUNNING_MAX; i > 0; i--)
	{
		sending_answered(&s);
		expect(&s, i == 1 ? "BAK" : "AC");
	}
}

static void
test_check(void **state)
{
	struct sending s = {0};

	(void) state;
	sending_began(&s, SENT_CHECK);
	expect(&s, "");
	sending_answered(&s);
	expect(&s, "BAK");
}

/*
 * Until a cancel is over nothing may be sent, whatever is answered meanwhile.
 */
static void
test_cancel(void **state)
{
	struct sending s = {0};

	(void) state;
	sending_began(&s, SENT_BATCH);
	sending_began(&s, SENT_BATCH);
	sending_began(&s, SENT_CANCEL);
	expect(&s, "");
	sending_answered(&s);
	expect(&s, "");
	sending_cancel_over(&s);
	expect(&s, "BC");
	sending_began(&s, SENT_CANCEL);
	sending_answered(&s);
	expect(&s, "");
	sending_cancel_over(&s);
	expect(&s, "BAK");
}

/* One that could not be sent may be tried again, while there is a reason to. */
static void
test_failed_cancel(void **state)
{
	struct sending s = {0};

	(void) state;
	sending_began(&s, SENT_ALONE);
	sending_cancel_failed(&s);
	expect(&s, "C");
	sending_answered(&s);
	expect(&s, "");
	assert_int_equal(s.cancelling, CANCELLING_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_failed_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
