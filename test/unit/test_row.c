/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_row.c
 *	  Composites in binary form, whole and broken.
 */
#include "wire.h"

#include "db/row.h"

static void
test_columns(void **state)
{
	struct buffer b;
	struct row	row;
	uint32_t	size;

	(void) state;
	row_start(&b);
	column_int4(&b, 70);
	column_null(&b);
	column_text(&b, "name");
	column_int8(&b, UINT64_C(0xfedcba9876543210));
	column_bool(&b, true);
	column(&b, "", 0);

	row_open(&row, b.data, (int) b.size);
	assert_int_equal(row_int4(&row), 70);
	assert_false(row.null);
	assert_null(row_bytes(&row, &size));
	assert_true(row.null);
	assert_memory_equal(row_bytes(&row, &size), "name", 4);
	assert_int_equal(size, 4);
	assert_true(row_int8(&row) == (int64_t) UINT64_C(0xfedcba9876543210));
	assert_true(row_bool(&row));
	assert_non_null(row_bytes(&row, &size));
	assert_int_equal(size, 0);
	assert_true(row.ok);

	/* one more than there are */
	assert_null(row_bytes(&row, &size));
	assert_false(row.ok);
}

static void
test_skip(void **state)
{
	struct buffer b;
	struct row	row;

	(void) state;
	row_start(&b);
	column_null(&b);
	column_text(&b, "something");
	column_int4(&b, 5);
	row_open(&row, b.data, (int) b.size);
	row_skip(&row, 2);
	assert_int_equal(row_int4(&row), 5);
	assert_true(row.ok);
}

/* Cut off anywhere, a row is not ok and nothing beyond it is read. */
static void
test_truncated(void **state)
{
	struct buffer b;

	(void) state;
	row_start(&b);
	column_int4(&b, 0);
	column_text(&b, "handle");
	column_int8(&b, 1);
	for (size_t size = 0; size < b.size; size++)
	{
		unsigned char *copy = malloc(size ? size : 1);
		struct row	row;
		uint32_t	length;

		memcpy(copy, b.data, size);
		row_open(&row, copy, (int) size);
		(void) row_int4(&row);
		(void) row_bytes(&row, &length);
		(void) row_int8(&row);
		assert_false(row.ok);
		assert_null(row_bytes(&row, &length));
		assert_int_equal(length, 0);
		free(copy);
	}
}

static void
test_wrong_length(void **state)
{
	struct buffer b;
	struct row	row;

	(void) state;
	row_start(&b);
	column_int8(&b, 7);
	row_open(&row, b.data, (int) b.size);
	assert_int_equal(row_int4(&row), 0);
	assert_false(row.ok);
	assert_true(row.null);
}

/* A length that says "as long as you like". */
static void
test_huge_length(void **state)
{
	struct buffer b = {.size = 0};
	struct row	row;
	uint32_t	size;

	(void) state;
	put32(&b, 1);
	put32(&b, 17);
	put32(&b, 0xfffffffe);
	row_open(&row, b.data, (int) b.size);
	assert_null(row_bytes(&row, &size));
	assert_false(row.ok);
}

/* More columns than bytes: the count is not believed. */
static void
test_column_count(void **state)
{
	struct buffer b = {.size = 0};
	struct row	row;

	(void) state;
	put32(&b, 0x80000000);
	row_open(&row, b.data, (int) b.size);
	assert_false(row.ok);

	b.size = 0;
	put32(&b, 0);
	row_open(&row, b.data, (int) b.size);
	assert_true(row.ok);
	assert_int_equal(row_int4(&row), 0);
	assert_false(row.ok);

	row_open(&row, NULL, 0);
	assert_false(row.ok);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_skip),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_wrong_length),
		cmocka_unit_test(test_huge_length),
		cmocka_unit_test(test_column_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
