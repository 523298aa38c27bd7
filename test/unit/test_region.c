/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_region.c
 *	  Regions: alignment, growth, adoption, reset.
 */
#include "unit.h"

#include "base/region.h"

static void
test_small(void **state)
{
	_Alignas(8) char first[256];
	struct region region;

	(void) state;
	region_init(&region, first, sizeof(first));
	for (size_t size = 0; size < 16; size++)
	{
		char	   *p = region_alloc(&region, size);

		assert_int_equal((uintptr_t) p % 8, 0);
		assert_true(p >= first && p + size <= first + sizeof(first));
		memset(p, 1, size);
	}
	assert_null(region.chunks);
	region_reset(&region);
}

/* A large piece does not end the chunk that small ones come from. */
static void
test_large(void **state)
{
	_Alignas(8) char first[64];
	struct region region;
	char	   *large;
	char	   *small;

	(void) state;
	region_init(&region, first, sizeof(first));
	large = region_alloc(&region, 1 << 20);
	memset(large, 1, 1 << 20);
	small = region_alloc(&region, 8);
	assert_true(small >= first && small < first + sizeof(first));
	assert_true(region.held >= 1 << 20);
	region_reset(&region);
	assert_int_equal(region.held, 0);
	assert_ptr_equal(region_alloc(&region, 64), first);
	region_reset(&region);
}

static void
test_many(void **state)
{
	_Alignas(8) char first[64];
	struct region region;
	char	   *pieces[1000];

	(void) state;
	region_init(&region, first, sizeof(first));
	for (int i = 0; i < 1000; i++)
	{
		pieces[i] = region_alloc(&region, 24);
		memset(pieces[i], i & 127, 24);
	}
	for (int i = 0; i < 1000; i++)
		for (int j = 0; j < 24; j++)
			assert_int_equal(pieces[i][j], i & 127);
	region_reset(&region);
}

static void
test_adopt(void **state)
{
	_Alignas(8) char first[64];
	struct region region;
	struct region_chunk *chunk = region_chunk_new(100);

	(void) state;
	region_init(&region, first, sizeof(first));
	memset(chunk->data, 7, 100);
	chunk = region_chunk_resize(chunk, 10000);
	assert_int_equal(chunk->data[99], 7);
	assert_int_equal((uintptr_t) chunk->data % 8, 0);
	region_adopt(&region, chunk);
	assert_string_equal(region_copy(&region, "copy", 5), "copy");
	region_reset(&region);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_adopt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
