/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_database_clock.c
 *	  Bounds of the difference between a server's clock and ours.
 */
#include "unit.h"

#include "db/database_clock.h"
#include "base/event.h"

/* The server's clock is ahead by this. */
#define AHEAD INT64_C(1790000000000000)
#define SECOND INT64_C(1000000)

/* What drift may have added since. */
#define NEARLY 1000

static void
is_between(int store, int64_t latest, int64_t earliest)
{
	int64_t		now = clock_now();
	int64_t		got_latest;
	int64_t		got_earliest;

	assert_true(database_clock_of(store, now, now, &got_latest, &got_earliest));
	assert_in_range(got_latest - now - AHEAD - latest, 0, NEARLY);
	assert_in_range(earliest - (got_earliest - now - AHEAD), 0, NEARLY);
}

static void
test_bounds(void **state)
{
	int64_t		now = clock_now();
	int64_t		unused;

	(void) state;
	assert_false(database_clock_of(0, now, now, &unused, &unused));
	/* there in 3 ms, back in 2 */
	database_clock_note(0, now - 2000 + AHEAD, now - 5000, now);
	is_between(0, 3000, -2000);
	/* that it was asked later than this is not known */
	database_clock_note(0, now - 1000 + AHEAD, 0, now);
	is_between(0, 3000, -1000);
	/* one that tells less tells nothing */
	database_clock_note(0, now - 20000 + AHEAD, now - 40000, now);
	is_between(0, 3000, -1000);
	database_clock_note(0, now - 500 + AHEAD, now - 700, now);
	is_between(0, 200, -500);
	/* the clocks of others are others */
	assert_false(database_clock_of(1, now, now, &unused, &unused));
}

static void
test_drift(void **state)
{
	int64_t		now = clock_now();

	(void) state;
	/* an hour later they may be apart by 180 ms, which is known better soon */
	database_clock_note(2, now - 3600 * SECOND - 10 + AHEAD,
						now - 3600 * SECOND - 20, now - 3600 * SECOND);
	is_between(2, 180010, -180010);
	database_clock_note(2, now - 100 + AHEAD - 150000, now - 300, now);
	is_between(2, 200 - 150000, -100 - 150000);
}

static void
test_set(void **state)
{
	int64_t		now = clock_now();

	(void) state;
	database_clock_note(3, now - 10 + AHEAD, now - 20, now);
	is_between(3, 10, -10);
	/* set back by an hour, or another server */
	database_clock_note(3, now - 100 + AHEAD - 3600 * SECOND, now - 300, now);
	is_between(3, 200 - 3600 * SECOND, -100 - 3600 * SECOND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
