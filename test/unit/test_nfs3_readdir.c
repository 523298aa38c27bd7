/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs3_readdir.c
 *	  Pages of a directory: entries as they are written, and the limit the
 *	  client has set kept to the byte.
 */
#include "wire.h"

#include "nfs3.h"

#define SEED 100

/* post_op_attr with attributes, verifier, FALSE, eof */
#define EMPTY_PAGE (4 + 84 + 8 + 4 + 4)

static const char handle[33] = "handle-of-33-bytes---------------";

static PGresult *
start_page(bool eof)
{
	PGresult   *result = result_start();
	struct buffer row;

	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_fattr(&row, SEED);
	column_bool(&row, eof);
	for (int i = 0; i < 5; i++)
		column_null(&row);
	result_row(result, &row);
	return result;
}

static void
add_entry(PGresult *result, uint64_t number, const char *name, bool plus)
{
	struct buffer row;

	row_start(&row);
	for (int i = 0; i < 3; i++)
		column_null(&row);
	column_int8(&row, number);
	column_text(&row, name);
	column_int8(&row, number << 40);
	if (plus)
	{
		column_fattr(&row, (uint32_t) number);
		column(&row, handle, sizeof(handle));
	}
	else
	{
		column_null(&row);
		column_null(&row);
	}
	result_row(result, &row);
}

static void
put_entry(struct buffer *b, uint64_t number, const char *name, bool plus)
{
	put32(b, 1);
	put64(b, number);
	put_opaque(b, name, (uint32_t) strlen(name));
	put64(b, number << 40);
	if (plus)
	{
		put32(b, 1);
		put_fattr3(b, (uint32_t) number);
		put32(b, 1);
		put_opaque(b, handle, sizeof(handle));
	}
}

static void
put_head(struct buffer *b)
{
	b->size = 0;
	put32(b, NFS3_OK);
	put32(b, 1);
	put_fattr3(b, SEED);
	put64(b, 0);
}

static void
put_tail(struct buffer *b, bool eof)
{
	put32(b, 0);
	put32(b, eof);
}

/* The reply to a call with this count, for this result. */
static void
reply(struct fixture *f, bool plus, uint32_t count, PGresult *result)
{
	struct buffer arguments = {.size = 0};

	fixture_start(f, &nfs3_program,
				  plus ? NFSPROC3_READDIRPLUS : NFSPROC3_READDIR);
	put_opaque(&arguments, handle, sizeof(handle));
	put64(&arguments, 0);
	put64(&arguments, 0);
	put32(&arguments, count);
	if (plus)
		put32(&arguments, count);
	assert_true(decode(f, arguments.data, arguments.size));
	f->request.procedure->reply(&f->request, result);
}

static void
expect(bool plus, uint32_t count, PGresult *result,
	   const struct buffer *results)
{
	struct fixture f;

	reply(&f, plus, count, result);
	assert_results(&f, results);
	fixture_end(&f);
}

static void
test_page(void **state)
{
	(void) state;
	for (int plus = 0; plus < 2; plus++)
	{
		PGresult   *result = start_page(true);
		struct buffer results;

		add_entry(result, 1, ".", plus);
		add_entry(result, 2, "..", plus);
		add_entry(result, 3, "\xff\xfe not UTF-8", plus);
		put_head(&results);
		put_entry(&results, 1, ".", plus);
		put_entry(&results, 2, "..", plus);
		put_entry(&results, 3, "\xff\xfe not UTF-8", plus);
		put_tail(&results, true);
		expect(plus, 8192, result, &results);

		/* exactly as much room as it takes, without the status */
		expect(plus, (uint32_t) results.size - 4, result, &results);

		/* a byte less: the last goes, and it is not the end */
		put_head(&results);
		put_entry(&results, 1, ".", plus);
		put_entry(&results, 2, "..", plus);
		put_tail(&results, false);
		expect(plus, (uint32_t) results.size - 4, result, &results);
		PQclear(result);
	}
}

static void
test_empty_page(void **state)
{
	PGresult   *result = start_page(true);
	struct buffer results;

	(void) state;
	put_head(&results);
	put_tail(&results, true);
	assert_int_equal(results.size, 4 + EMPTY_PAGE);
	expect(false, EMPTY_PAGE, result, &results);

	results.size = 0;
	put32(&results, NFS3ERR_TOOSMALL);
	put32(&results, 1);
	put_fattr3(&results, SEED);
	expect(false, EMPTY_PAGE - 1, result, &results);
	expect(false, 0, result, &results);
	PQclear(result);
}

/* Not even one fits: an empty page that is not the end would loop for ever. */
static void
test_too_small(void **state)
{
	(void) state;
	for (int plus = 0; plus < 2; plus++)
	{
		PGresult   *result = start_page(false);
		struct fixture f;
		struct buffer results = {.size = 0};
		uint32_t	needed = EMPTY_PAGE + (plus ? 28 + 88 + 44 : 28);

		add_entry(result, 1, "name", plus);
		put32(&results, NFS3ERR_TOOSMALL);
		put32(&results, 1);
		put_fattr3(&results, SEED);
		expect(plus, needed - 1, result, &results);

		put_head(&results);
		put_entry(&results, 1, "name", plus);
		put_tail(&results, false);
		expect(plus, needed, result, &results);

		reply(&f, plus, needed - 1, result);
		assert_int_equal(f.request.status, NFS3ERR_TOOSMALL);
		fixture_end(&f);
		PQclear(result);
	}
}

/* Entries without attributes and handles: READDIRPLUS may say so. */
static void
test_plus_without(void **state)
{
	PGresult   *result = start_page(true);
	struct buffer results;

	(void) state;
	add_entry(result, 1, "name", false);
	put_head(&results);
	put_entry(&results, 1, "name", false);
	put32(&results, 0);
	put32(&results, 0);
	put_tail(&results, true);
	expect(true, 8192, result, &results);
	PQclear(result);
}

/* Thousands of entries: no recursion, room enough, names of all lengths. */
static void
test_many(void **state)
{
	(void) state;
	for (int plus = 0; plus < 2; plus++)
	{
		PGresult   *result = start_page(true);
		char		name[256];
		struct fixture f;

		for (uint64_t i = 1; i <= 20000; i++)
		{
			size_t		length = 1 + i % 255;

			memset(name, 'a', length);
			name[length] = '\0';
			add_entry(result, i, name, plus);
		}
		reply(&f, plus, UINT32_MAX, result);
		assert_int_equal(f.request.status, NFS3_OK);
		assert_true(f.request.reply_size <= 1048576 + 28 + 4);
		assert_true(f.request.reply_size > 1048576 - 512);
		fixture_end(&f);

		reply(&f, plus, 65536, result);
		assert_true(f.request.reply_size <= 65536 + 28 + 4);
		assert_true(f.request.reply_size > 65536 - 512);
		fixture_end(&f);
		PQclear(result);
	}
}

static void
test_malformed_entry(void **state)
{
	PGresult   *result = start_page(true);
	struct buffer results = {.size = 0};
	struct buffer row;

	(void) state;
	add_entry(result, 1, "name", true);
	row_start(&row);
	for (int i = 0; i < 8; i++)
		column_null(&row);
	result_row(result, &row);
	put32(&results, NFS3ERR_SERVERFAULT);
	put32(&results, 0);
	expect(true, 8192, result, &results);
	expect(false, 8192, result, &results);
	PQclear(result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_empty_page),
		cmocka_unit_test(test_too_small),
		cmocka_unit_test(test_plus_without),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_malformed_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
