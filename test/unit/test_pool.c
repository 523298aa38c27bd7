/*
 * test_pool.c
 *	  Which connection a call goes to: shares of workers and lanes, keys.
 */
#include "unit.h"

#include "pool.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
