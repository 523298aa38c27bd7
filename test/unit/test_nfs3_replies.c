/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs3_replies.c
 *	  From rows to results on the wire: for every procedure of NFS both arms,
 *	  with and without attributes, and rows that make no sense.
 */
#include "wire.h"

#include "nfs3.h"
#include "wire/nfs3_attr.h"

#define A 100					/* seeds of attributes */
#define B 200

static const char handle[33] = "handle-of-33-bytes---------------";

/* Gives the procedure one row; send has not been called. */
static void
reply(struct fixture *f, uint32_t procedure, const struct buffer *row)
{
	static const char nothing[256];
	PGresult   *result = result_start();

	fixture_start(f, &nfs3_program, procedure);
	decode(f, nothing, sizeof(nothing));
	if (row)
		result_row(result, row);
	f->request.call.result = result;
	f->request.procedure->reply(&f->request, result);
}

static void
end(struct fixture *f)
{
	PQclear(f->request.call.result);
	fixture_end(f);
}

static void
expect(uint32_t procedure, const struct buffer *row,
	   const struct buffer *results, uint32_t status)
{
	struct fixture f;

	reply(&f, procedure, row);
	assert_results(&f, results);
	assert_int_equal(f.request.status, status);
	end(&f);
}

static void
put_handle(struct buffer *b)
{
	put_opaque(b, handle, sizeof(handle));
}

static void
test_getattr(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};

	(void) state;
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_fattr(&row, A);
	put32(&results, NFS3_OK);
	put_fattr3(&results, A);
	expect(NFSPROC3_GETATTR, &row, &results, NFS3_OK);

	row_start(&row);
	column_int4(&row, NFS3ERR_STALE);
	column_null(&row);
	results.size = 0;
	put32(&results, NFS3ERR_STALE);
	expect(NFSPROC3_GETATTR, &row, &results, NFS3ERR_STALE);

	/* success without attributes cannot be */
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_null(&row);
	results.size = 0;
	put32(&results, NFS3ERR_SERVERFAULT);
	expect(NFSPROC3_GETATTR, &row, &results, NFS3ERR_SERVERFAULT);
}

/* SETATTR, REMOVE, RMDIR: each half of wcc data may be absent. */
static void
test_changes(void **state)
{
	static const uint32_t procedures[] = {
		NFSPROC3_SETATTR, NFSPROC3_REMOVE, NFSPROC3_RMDIR
	};
	static const uint32_t statuses[] = {NFS3_OK, NFS3ERR_NOT_SYNC};
	struct buffer row;
	struct buffer results;

	(void) state;
	for (size_t i = 0; i < 3; i++)
	{
		for (int halves = 0; halves < 8; halves++)
		{
			uint32_t	status = statuses[halves >> 2];

			row_start(&row);
			column_int4(&row, status);
			column_wcc(&row, halves & 1, halves & 2, A);
			results.size = 0;
			put32(&results, status);
			put_wcc_data(&results, halves & 1, halves & 2, A);
			expect(procedures[i], &row, &results, status);
		}
		row_start(&row);
		column_int4(&row, NFS3ERR_BADHANDLE);
		column_null(&row);
		results.size = 0;
		put32(&results, NFS3ERR_BADHANDLE);
		put_wcc_data(&results, false, false, 0);
		expect(procedures[i], &row, &results, NFS3ERR_BADHANDLE);
	}
}

static void
test_lookup(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};

	(void) state;
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column(&row, handle, sizeof(handle));
	column_fattr(&row, A);
	column_fattr(&row, B);
	put32(&results, NFS3_OK);
	put_handle(&results);
	put32(&results, 1);
	put_fattr3(&results, A);
	put32(&results, 1);
	put_fattr3(&results, B);
	expect(NFSPROC3_LOOKUP, &row, &results, NFS3_OK);

	row_start(&row);
	column_int4(&row, NFS3ERR_NOENT);
	column_null(&row);
	column_null(&row);
	column_fattr(&row, B);
	results.size = 0;
	put32(&results, NFS3ERR_NOENT);
	put32(&results, 1);
	put_fattr3(&results, B);
	expect(NFSPROC3_LOOKUP, &row, &results, NFS3ERR_NOENT);
}

static void
test_access(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};

	(void) state;
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_fattr(&row, A);
	column_int4(&row, 0x1f);
	put32(&results, NFS3_OK);
	put32(&results, 1);
	put_fattr3(&results, A);
	put32(&results, 0x1f);
	expect(NFSPROC3_ACCESS, &row, &results, NFS3_OK);
}

static void
test_readlink(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};
	char		target[4095];

	(void) state;
	memset(target, 0xff, sizeof(target));
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_fattr(&row, A);
	column(&row, target, sizeof(target));
	put32(&results, NFS3_OK);
	put32(&results, 1);
	put_fattr3(&results, A);
	put_opaque(&results, target, sizeof(target));
	expect(NFSPROC3_READLINK, &row, &results, NFS3_OK);
}

/* Data of every remainder by four: padded, and not copied. */
static void
test_read(void **state)
{
	struct buffer row;
	struct buffer results;
	struct fixture f;

	(void) state;
	for (uint32_t size = 0; size < 9; size++)
	{
		row_start(&row);
		column_int4(&row, NFS3_OK);
		column_fattr(&row, A);
		column_bool(&row, size % 2);
		column(&row, "12345678", (int32_t) size);
		results.size = 0;
		put32(&results, NFS3_OK);
		put32(&results, 1);
		put_fattr3(&results, A);
		put32(&results, size);
		put32(&results, size % 2);
		put_opaque(&results, "12345678", size);
		reply(&f, NFSPROC3_READ, &row);
		assert_results(&f, &results);
		assert_int_equal(f.request.reply_size % 4, 0);
		if (size > 0)
			assert_ptr_equal(f.request.reply[1].iov_base,
							 PQgetvalue(f.request.call.result, 0, 0) +
							 row.size - size);
		end(&f);
	}

	row_start(&row);
	column_int4(&row, NFS3ERR_ISDIR);
	column_fattr(&row, A);
	column_null(&row);
	column_null(&row);
	results.size = 0;
	put32(&results, NFS3ERR_ISDIR);
	put32(&results, 1);
	put_fattr3(&results, A);
	expect(NFSPROC3_READ, &row, &results, NFS3ERR_ISDIR);
}

static void
test_write_and_commit(void **state)
{
	static const char *const labels[] = {"unstable", "data_sync", "file_sync"};
	struct buffer row;
	struct buffer results;

	(void) state;
	for (uint32_t committed = UNSTABLE; committed <= FILE_SYNC; committed++)
	{
		row_start(&row);
		column_int4(&row, NFS3_OK);
		column_wcc(&row, true, true, A);
		column_int4(&row, 1048576);
		column_text(&row, labels[committed]);
		column(&row, "verifier", 8);
		results.size = 0;
		put32(&results, NFS3_OK);
		put_wcc_data(&results, true, true, A);
		put32(&results, 1048576);
		put32(&results, committed);
		put_bytes(&results, "verifier", 8);
		expect(NFSPROC3_WRITE, &row, &results, NFS3_OK);
	}

	/* a word nobody knows, a verifier too short */
	results.size = 0;
	put32(&results, NFS3ERR_SERVERFAULT);
	put_wcc_data(&results, false, false, 0);
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_wcc(&row, true, true, A);
	column_int4(&row, 1);
	column_text(&row, "file");
	column(&row, "verifier", 8);
	expect(NFSPROC3_WRITE, &row, &results, NFS3ERR_SERVERFAULT);
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_wcc(&row, true, true, A);
	column(&row, "verifie", 7);
	expect(NFSPROC3_COMMIT, &row, &results, NFS3ERR_SERVERFAULT);

	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_wcc(&row, true, true, A);
	column(&row, "verifier", 8);
	results.size = 0;
	put32(&results, NFS3_OK);
	put_wcc_data(&results, true, true, A);
	put_bytes(&results, "verifier", 8);
	expect(NFSPROC3_COMMIT, &row, &results, NFS3_OK);

	row_start(&row);
	column_int4(&row, NFS3ERR_FBIG);
	column_wcc(&row, false, true, A);
	results.size = 0;
	put32(&results, NFS3ERR_FBIG);
	put_wcc_data(&results, false, true, A);
	expect(NFSPROC3_WRITE, &row, &results, NFS3ERR_FBIG);
	expect(NFSPROC3_COMMIT, &row, &results, NFS3ERR_FBIG);
}

static void
test_creations(void **state)
{
	static const uint32_t procedures[] = {
		NFSPROC3_CREATE, NFSPROC3_MKDIR, NFSPROC3_SYMLINK, NFSPROC3_MKNOD
	};
	struct buffer row;
	struct buffer results;

	(void) state;
	for (size_t i = 0; i < 4; i++)
	{
		row_start(&row);
		column_int4(&row, NFS3_OK);
		column(&row, handle, sizeof(handle));
		column_fattr(&row, A);
		column_wcc(&row, true, true, B);
		results.size = 0;
		put32(&results, NFS3_OK);
		put32(&results, 1);
		put_handle(&results);
		put32(&results, 1);
		put_fattr3(&results, A);
		put_wcc_data(&results, true, true, B);
		expect(procedures[i], &row, &results, NFS3_OK);

		row_start(&row);
		column_int4(&row, NFS3ERR_EXIST);
		column_null(&row);
		column_null(&row);
		column_wcc(&row, false, true, B);
		results.size = 0;
		put32(&results, NFS3ERR_EXIST);
		put_wcc_data(&results, false, true, B);
		expect(procedures[i], &row, &results, NFS3ERR_EXIST);
	}
}

static void
test_rename_and_link(void **state)
{
	static const uint32_t statuses[] = {NFS3_OK, NFS3ERR_XDEV};
	struct buffer row;
	struct buffer results;

	(void) state;
	for (int i = 0; i < 2; i++)
	{
		row_start(&row);
		column_int4(&row, statuses[i]);
		column_wcc(&row, true, true, A);
		column_wcc(&row, false, true, B);
		results.size = 0;
		put32(&results, statuses[i]);
		put_wcc_data(&results, true, true, A);
		put_wcc_data(&results, false, true, B);
		expect(NFSPROC3_RENAME, &row, &results, statuses[i]);

		row_start(&row);
		column_int4(&row, statuses[i]);
		column_fattr(&row, A);
		column_wcc(&row, true, true, B);
		results.size = 0;
		put32(&results, statuses[i]);
		put32(&results, 1);
		put_fattr3(&results, A);
		put_wcc_data(&results, true, true, B);
		expect(NFSPROC3_LINK, &row, &results, statuses[i]);
	}
}

static void
test_static_answers(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};

	(void) state;
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_fattr(&row, A);
	for (uint64_t i = 1; i <= 6; i++)
		column_int8(&row, i << 40);
	column_int4(&row, 5);
	put32(&results, NFS3_OK);
	put32(&results, 1);
	put_fattr3(&results, A);
	for (uint64_t i = 1; i <= 6; i++)
		put64(&results, i << 40);
	put32(&results, 5);
	expect(NFSPROC3_FSSTAT, &row, &results, NFS3_OK);

	row_start(&row);
	column_int4(&row, NFS3_OK);
	column_fattr(&row, A);
	for (uint64_t i = 1; i <= 7; i++)
		column_int8(&row, i << 20);
	column_int8(&row, INT64_MAX);
	column_int8(&row, 1);
	column_int4(&row, 0x1b);
	column_int8(&row, 32000);
	column_int8(&row, 255);
	column_bool(&row, true);
	column_bool(&row, true);
	column_bool(&row, false);
	column_bool(&row, true);

	results.size = 0;
	put32(&results, NFS3_OK);
	put32(&results, 1);
	put_fattr3(&results, A);
	for (uint32_t i = 1; i <= 7; i++)
		put32(&results, i << 20);
	put64(&results, INT64_MAX);
	put32(&results, 0);
	put32(&results, 1);
	put32(&results, 0x1b);
	expect(NFSPROC3_FSINFO, &row, &results, NFS3_OK);

	results.size = 0;
	put32(&results, NFS3_OK);
	put32(&results, 1);
	put_fattr3(&results, A);
	put32(&results, 32000);
	put32(&results, 255);
	put32(&results, 1);
	put32(&results, 1);
	put32(&results, 0);
	put32(&results, 1);
	expect(NFSPROC3_PATHCONF, &row, &results, NFS3_OK);
}

/* Failures whose arm has attributes of one object, there and not there. */
static void
test_failures_with_attributes(void **state)
{
	static const uint32_t procedures[] = {
		NFSPROC3_ACCESS, NFSPROC3_READLINK, NFSPROC3_READ, NFSPROC3_FSSTAT,
		NFSPROC3_FSINFO, NFSPROC3_PATHCONF, NFSPROC3_READDIR,
		NFSPROC3_READDIRPLUS
	};
	struct buffer row;
	struct buffer results;

	(void) state;
	for (size_t i = 0; i < sizeof(procedures) / sizeof(procedures[0]); i++)
	{
		row_start(&row);
		column_int4(&row, NFS3ERR_INVAL);
		column_fattr(&row, A);
		for (int j = 0; j < 16; j++)
			column_null(&row);
		results.size = 0;
		put32(&results, NFS3ERR_INVAL);
		put32(&results, 1);
		put_fattr3(&results, A);
		expect(procedures[i], &row, &results, NFS3ERR_INVAL);

		row_start(&row);
		column_int4(&row, NFS3ERR_STALE);
		for (int j = 0; j < 17; j++)
			column_null(&row);
		results.size = 0;
		put32(&results, NFS3ERR_STALE);
		put32(&results, 0);
		expect(procedures[i], &row, &results, NFS3ERR_STALE);
	}
}

/* How many words follow the status when nothing is known but that. */
static const int failure_words[] = {
	[NFSPROC3_GETATTR] = 0, [NFSPROC3_SETATTR] = 2, [NFSPROC3_LOOKUP] = 1,
	[NFSPROC3_ACCESS] = 1, [NFSPROC3_READLINK] = 1, [NFSPROC3_READ] = 1,
	[NFSPROC3_WRITE] = 2, [NFSPROC3_CREATE] = 2, [NFSPROC3_MKDIR] = 2,
	[NFSPROC3_SYMLINK] = 2, [NFSPROC3_MKNOD] = 2, [NFSPROC3_REMOVE] = 2,
	[NFSPROC3_RMDIR] = 2, [NFSPROC3_RENAME] = 4, [NFSPROC3_LINK] = 3,
	[NFSPROC3_READDIR] = 1, [NFSPROC3_READDIRPLUS] = 1, [NFSPROC3_FSSTAT] = 1,
	[NFSPROC3_FSINFO] = 1, [NFSPROC3_PATHCONF] = 1, [NFSPROC3_COMMIT] = 2,
};

static void
put_failure(struct buffer *b, uint32_t procedure, uint32_t status)
{
	b->size = 0;
	put32(b, status);
	for (int i = 0; i < failure_words[procedure]; i++)
		put32(b, 0);
}

static void
test_fail(void **state)
{
	struct fixture f;
	struct buffer results;

	(void) state;
	for (uint32_t procedure = 1; procedure < nfs3_program.procedure_count;
		 procedure++)
	{
		fixture_start(&f, &nfs3_program, procedure);
		f.request.procedure->fail(&f.request, NFS3ERR_JUKEBOX);
		put_failure(&results, procedure, NFS3ERR_JUKEBOX);
		assert_results(&f, &results);
		assert_int_equal(f.request.status, NFS3ERR_JUKEBOX);
		fixture_end(&f);
	}
}

/* Rows of another form, or none: an answer all the same. */
static void
test_malformed(void **state)
{
	struct buffer row;
	struct buffer results;

	(void) state;
	for (uint32_t procedure = 1; procedure < nfs3_program.procedure_count;
		 procedure++)
	{
		put_failure(&results, procedure, NFS3ERR_SERVERFAULT);
		expect(procedure, NULL, &results, NFS3ERR_SERVERFAULT);

		row.size = 0;
		expect(procedure, &row, &results, NFS3ERR_SERVERFAULT);

		row_start(&row);
		column_null(&row);
		expect(procedure, &row, &results, NFS3ERR_SERVERFAULT);

		row_start(&row);
		column_int8(&row, NFS3_OK);
		expect(procedure, &row, &results, NFS3ERR_SERVERFAULT);

		row_start(&row);
		column_int4(&row, NFS3_OK);
		for (int i = 0; i < 16; i++)
			column(&row, "odd", 3);
		expect(procedure, &row, &results, NFS3ERR_SERVERFAULT);

		/* a failure of GETATTR has nothing after its status */
		if (procedure == NFSPROC3_GETATTR)
			continue;
		row_start(&row);
		column_int4(&row, NFS3ERR_NOENT);
		expect(procedure, &row, &results, NFS3ERR_SERVERFAULT);
	}
}

/* 20001 is not for the wire: it is an authentication error. */
static void
test_too_weak(void **state)
{
	struct fixture f;
	struct buffer row;

	(void) state;
	for (uint32_t procedure = 1; procedure < nfs3_program.procedure_count;
		 procedure++)
	{
		struct buffer denied = {.size = 0};

		row_start(&row);
		column_int4(&row, 20001);
		for (int i = 0; i < 17; i++)
			column_null(&row);
		reply(&f, procedure, &row);
		put32(&denied, f.request.xid);
		put32(&denied, REPLY);
		put32(&denied, MSG_DENIED);
		put32(&denied, AUTH_ERROR);
		put32(&denied, AUTH_TOOWEAK);
		assert_int_equal(f.request.reply_pieces, 1);
		assert_int_equal(f.request.reply[0].iov_len, denied.size + 4);
		assert_memory_equal((char *) f.request.reply[0].iov_base + 4,
							denied.data, denied.size);
		end(&f);
	}
}

/* A handle longer than the wire allows must not get there. */
static void
test_long_handle(void **state)
{
	static const char long_handle[65];
	struct buffer row;
	struct buffer results;

	(void) state;
	row_start(&row);
	column_int4(&row, NFS3_OK);
	column(&row, long_handle, sizeof(long_handle));
	column_fattr(&row, A);
	column_fattr(&row, B);
	put_failure(&results, NFSPROC3_LOOKUP, NFS3ERR_SERVERFAULT);
	expect(NFSPROC3_LOOKUP, &row, &results, NFS3ERR_SERVERFAULT);
}

static void
test_times(void **state)
{
	(void) state;
	assert_int_equal(nfs3_time(0).seconds, 0);
	assert_int_equal(nfs3_time(INT64_C(1999999999)).seconds, 1);
	assert_int_equal(nfs3_time(INT64_C(1999999999)).nseconds, 999999999);

	/* before 1970, after 2106: the nearest there is */
	assert_int_equal(nfs3_time(-1).seconds, 0);
	assert_int_equal(nfs3_time(-1).nseconds, 0);
	assert_int_equal(nfs3_time(INT64_MIN).seconds, 0);
	assert_int_equal(nfs3_time(INT64_C(4294967295999999999)).seconds,
					 UINT32_MAX);
	assert_int_equal(nfs3_time(INT64_C(4294967295999999999)).nseconds,
					 999999999);
	assert_int_equal(nfs3_time(INT64_C(4294967296000000000)).seconds,
					 UINT32_MAX);
	assert_int_equal(nfs3_time(INT64_MAX).seconds, UINT32_MAX);
	assert_int_equal(nfs3_time(INT64_MAX).nseconds, 999999999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_getattr),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_readlink),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_write_and_commit),
		cmocka_unit_test(test_creations),
		cmocka_unit_test(test_rename_and_link),
		cmocka_unit_test(test_static_answers),
		cmocka_unit_test(test_failures_with_attributes),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_too_weak),
		cmocka_unit_test(test_long_handle),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
