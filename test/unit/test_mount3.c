/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_mount3.c
 *	  The MOUNT program: calls and replies of its procedures.
 */
#include "wire.h"

#include "mount3.h"
#include "db/statements.h"

static const char handle[33] = "handle-of-33-bytes---------------";

static void
start(struct fixture *f, uint32_t procedure, const char *path, uint32_t size)
{
	struct buffer b = {.size = 0};

	fixture_start(f, &mount3_program, procedure);
	if (path)
		put_opaque(&b, path, size);
	assert_true(decode(f, b.data, b.size));
	f->request.procedure->send(&f->request);
}

static void
test_calls(void **state)
{
	struct fixture f;

	(void) state;
	start(&f, MOUNTPROC3_MNT, "/export/a\xff", 10);
	assert_int_equal(f.request.call.statement, STATEMENT_MOUNT);
	assert_int_equal(f.request.call.lengths[0], 10);
	assert_memory_equal(f.request.call.values[0], "/export/a\xff", 10);
	assert_caller(&f.request.call, 1, f.request.xid);
	fixture_end(&f);

	start(&f, MOUNTPROC3_UMNT, "/export", 7);
	assert_int_equal(f.request.call.statement, STATEMENT_UNMOUNT);
	assert_memory_equal(f.request.call.values[0], "/export", 7);
	assert_caller(&f.request.call, 1, f.request.xid);
	fixture_end(&f);

	start(&f, MOUNTPROC3_UMNTALL, NULL, 0);
	assert_int_equal(f.request.call.statement, STATEMENT_UNMOUNT_ALL);
	assert_caller(&f.request.call, 0, f.request.xid);
	fixture_end(&f);

	start(&f, MOUNTPROC3_DUMP, NULL, 0);
	assert_int_equal(f.request.call.statement, STATEMENT_LIST_MOUNTS);
	fixture_end(&f);

	start(&f, MOUNTPROC3_EXPORT, NULL, 0);
	assert_int_equal(f.request.call.statement, STATEMENT_LIST_EXPORTS);
	fixture_end(&f);
}

static void
test_long_path(void **state)
{
	static const char path[1025];
	struct fixture f;
	struct buffer b = {.size = 0};

	(void) state;
	start(&f, MOUNTPROC3_MNT, path, 1024);
	fixture_end(&f);

	put_opaque(&b, path, 1025);
	for (uint32_t procedure = MOUNTPROC3_MNT; procedure <= MOUNTPROC3_UMNT;
		 procedure += MOUNTPROC3_UMNT - MOUNTPROC3_MNT)
	{
		fixture_start(&f, &mount3_program, procedure);
		assert_false(decode(&f, b.data, b.size));
		fixture_end(&f);
	}
}

static void
reply(struct fixture *f, uint32_t procedure, const struct buffer *row)
{
	PGresult   *result = result_start();

	fixture_start(f, &mount3_program, procedure);
	if (row)
		result_row(result, row);
	f->request.call.result = result;
	f->request.procedure->reply(&f->request, result);
}

static void
expect(uint32_t procedure, const struct buffer *row,
	   const struct buffer *results)
{
	struct fixture f;

	reply(&f, procedure, row);
	assert_results(&f, results);
	PQclear(f.request.call.result);
	fixture_end(&f);
}

static void
test_mnt(void **state)
{
	struct buffer row;
	struct buffer results;

	(void) state;
	for (int auth_none = 0; auth_none < 2; auth_none++)
	{
		row_start(&row);
		column_int4(&row, MNT3_OK);
		column(&row, handle, sizeof(handle));
		column_bool(&row, auth_none);
		results.size = 0;
		put32(&results, MNT3_OK);
		put_opaque(&results, handle, sizeof(handle));
		put32(&results, auth_none ? 2 : 1);
		put32(&results, AUTH_SYS);
		if (auth_none)
			put32(&results, AUTH_NONE);
		expect(MOUNTPROC3_MNT, &row, &results);
	}
}

static void
test_mnt_status(void **state)
{
	static const struct
	{
		uint32_t	status;
		uint32_t	reply;
	}			statuses[] = {
		{2, MNT3ERR_NOENT}, {13, MNT3ERR_ACCES}, {20, MNT3ERR_NOTDIR},
		{22, MNT3ERR_INVAL}, {63, MNT3ERR_NAMETOOLONG},
		/* what mountstat3 has no word for */
		{70, MNT3ERR_SERVERFAULT}, {10001, MNT3ERR_SERVERFAULT},
		{10008, MNT3ERR_SERVERFAULT}, {28, MNT3ERR_SERVERFAULT},
	};
	struct buffer row;
	struct buffer results;
	struct fixture f;

	(void) state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
	{
		row_start(&row);
		column_int4(&row, statuses[i].status);
		column_null(&row);
		column_null(&row);
		results.size = 0;
		put32(&results, statuses[i].reply);
		expect(MOUNTPROC3_MNT, &row, &results);

		fixture_start(&f, &mount3_program, MOUNTPROC3_MNT);
		f.request.procedure->fail(&f.request, statuses[i].status);
		assert_results(&f, &results);
		fixture_end(&f);
	}
}

static void
test_malformed(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};

	(void) state;
	put32(&results, MNT3ERR_SERVERFAULT);
	expect(MOUNTPROC3_MNT, NULL, &results);
	row_start(&row);
	column_int4(&row, MNT3_OK);
	column_null(&row);
	column_bool(&row, false);
	expect(MOUNTPROC3_MNT, &row, &results);
	row_start(&row);
	column_int4(&row, MNT3_OK);
	expect(MOUNTPROC3_MNT, &row, &results);
}

static void
test_unmount(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};

	(void) state;
	row_start(&row);
	expect(MOUNTPROC3_UMNT, &row, &results);
	expect(MOUNTPROC3_UMNTALL, &row, &results);
}

/* Where there is no status to say it with, the call is refused. */
static void
test_refused(void **state)
{
	static const uint32_t procedures[] = {
		MOUNTPROC3_DUMP, MOUNTPROC3_UMNT, MOUNTPROC3_UMNTALL,
		MOUNTPROC3_EXPORT
	};
	struct fixture f;

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		struct buffer refused = {.size = 0};

		fixture_start(&f, &mount3_program, procedures[i]);
		f.request.procedure->fail(&f.request, 10008);
		put32(&refused, f.request.xid);
		put32(&refused, REPLY);
		put32(&refused, MSG_ACCEPTED);
		put64(&refused, 0);
		put32(&refused, SYSTEM_ERR);
		assert_int_equal(f.request.reply_pieces, 1);
		assert_int_equal(f.request.reply[0].iov_len, refused.size + 4);
		assert_memory_equal((char *) f.request.reply[0].iov_base + 4,
							refused.data, refused.size);
		fixture_end(&f);
	}
}

static void
test_dump(void **state)
{
	PGresult   *result = result_start();
	struct fixture f;
	struct buffer results = {.size = 0};

	(void) state;
	put32(&results, 0);
	expect(MOUNTPROC3_DUMP, NULL, &results);

	results.size = 0;
	for (int i = 0; i < 100; i++)
	{
		struct buffer row;

		row_start(&row);
		column_text(&row, "10.0.0.7");
		column(&row, "/export/\xff", i % 10);
		result_row(result, &row);
		put32(&results, 1);
		put_opaque(&results, "10.0.0.7", 8);
		put_opaque(&results, "/export/\xff", (uint32_t) i % 10);
	}
	put32(&results, 0);
	fixture_start(&f, &mount3_program, MOUNTPROC3_DUMP);
	f.request.procedure->reply(&f.request, result);
	assert_results(&f, &results);
	fixture_end(&f);
	PQclear(result);
}

/* What a list may take is charged before it is asked for. */
static void
test_lists_are_charged(void **state)
{
	static const uint32_t procedures[] = {MOUNTPROC3_DUMP, MOUNTPROC3_EXPORT};

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		struct fixture f;
		uint64_t	max = 0;

		fixture_start(&f, &mount3_program, procedures[i]);
		f.request.procedure->send(&f.request);
		assert_int_equal(f.request.call.lengths[0], sizeof(max));
		for (size_t j = 0; j < sizeof(max); j++)
			max = max << 8 | (uint8_t) f.request.call.values[0][j];
		assert_true(max > 0 && max <= 1024 * 1024);
		assert_true(f.request.call.result_size >= 2 * max);
		fixture_end(&f);
	}
}

static void
test_export(void **state)
{
	struct buffer row;
	struct buffer array = {.size = 0};
	struct buffer results = {.size = 0};

	(void) state;
	put32(&results, 0);
	expect(MOUNTPROC3_EXPORT, NULL, &results);

	/* everybody: an array without elements has no dimension */
	put32(&array, 0);
	put32(&array, 0);
	put32(&array, 25);
	row_start(&row);
	column_text(&row, "/export");
	column(&row, array.data, (int32_t) array.size);
	results.size = 0;
	put32(&results, 1);
	put_opaque(&results, "/export", 7);
	put32(&results, 0);
	put32(&results, 0);
	expect(MOUNTPROC3_EXPORT, &row, &results);

	row_start(&row);
	column_text(&row, "/export");
	column_null(&row);
	expect(MOUNTPROC3_EXPORT, &row, &results);

	/* two networks */
	array.size = 0;
	put32(&array, 1);
	put32(&array, 0);
	put32(&array, 25);
	put32(&array, 2);
	put32(&array, 1);
	put32(&array, 10);
	put_bytes(&array, "10.0.0.0/8", 10);
	put32(&array, 6);
	put_bytes(&array, "fe::/9", 6);
	row_start(&row);
	column_text(&row, "/export");
	column(&row, array.data, (int32_t) array.size);
	results.size = 0;
	put32(&results, 1);
	put_opaque(&results, "/export", 7);
	put32(&results, 1);
	put_opaque(&results, "10.0.0.0/8", 10);
	put32(&results, 1);
	put_opaque(&results, "fe::/9", 6);
	put32(&results, 0);
	put32(&results, 0);
	expect(MOUNTPROC3_EXPORT, &row, &results);

	/* cut short, it is refused and not read beyond */
	for (int32_t size = 0; size < (int32_t) array.size; size++)
	{
		struct fixture f;

		row_start(&row);
		column_text(&row, "/export");
		column(&row, array.data, size);
		reply(&f, MOUNTPROC3_EXPORT, &row);
		assert_int_equal(f.request.reply_size, 28);
		PQclear(f.request.call.result);
		fixture_end(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_long_path),
		cmocka_unit_test(test_mnt),
		cmocka_unit_test(test_mnt_status),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_unmount),
		cmocka_unit_test(test_lists_are_charged),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
