/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nlm.c
 *	  NLM and NSM: calls and replies of their procedures, byte for byte.
 */
#include "wire.h"

#include "core/call_back.h"
#include "core/client.h"
#include "db/statements.h"
#include "wire/nlm.h"
#include "wire/nlm_wait.h"

static const char handle[33] = "handle-of-33-bytes---------------";
static char many[1025];

static const struct program *const versions[] = {
	&nlm4_program, &nlm3_program, &nlm1_program};

/* Of all requests: a connection that tells nothing. */
static struct client client = {.event = {.fd = -1}};

/* Calls to clients are not made, but noted here. */
static struct call_back called;
static struct buffer called_with;
static int	calls;

bool
call_back(struct worker *worker, const struct call_back *what)
{
	assert_non_null(worker);
	called = *what;
	called_with.size = 0;
	put_bytes(&called_with, what->arguments.data, what->arguments.size);
	calls++;
	return true;
}

void
call_backs_init(struct call_backs *backs, struct worker *worker)
{
	(void) backs;
	(void) worker;
}

void
call_backs_stop(struct call_backs *backs)
{
	(void) backs;
}

/* Nor are clients told that have waited; how often that was asked for. */
static int	looks;

void
grants_start(struct grants *grants, struct database *database)
{
	(void) grants;
	(void) database;
}

void
grants_look(struct database *database)
{
	assert_non_null(database);
	looks++;
}

void
grants_note_locks(void)
{
}

/* What the arguments say. */
struct what
{
	uint32_t	cookie_size;
	const char *name;
	uint32_t	name_size;
	uint32_t	handle_size;
	uint32_t	oh_size;
	uint64_t	offset;
	uint64_t	length;
	uint32_t	block;
	uint32_t	exclusive;
};

static const struct what usual = {4, "client", 6, 33, 3, 5, 7, 0, 1};

static void
put_position(struct buffer *b, const struct program *program, uint64_t value)
{
	if (program->version == 4)
		put64(b, value);
	else
		put32(b, (uint32_t) value);
}

static void
put_lock(struct buffer *b, const struct program *program,
		 const struct what *what)
{
	static char long_handle[1025];

	memcpy(long_handle, handle, sizeof(handle));
	put_opaque(b, what->name, what->name_size);
	put_opaque(b, long_handle, what->handle_size);
	put_opaque(b, many, what->oh_size);
	put32(b, 0x01020304);
	put_position(b, program, what->offset);
	put_position(b, program, what->length);
}

static void
put_arguments(struct buffer *b, const struct program *program,
			  uint32_t procedure, const struct what *what)
{
	b->size = 0;
	if (procedure == NLMPROC_FREE_ALL)
	{
		put_opaque(b, what->name, what->name_size);
		put32(b, 77);
		return;
	}
	put_opaque(b, many, what->cookie_size);
	if (procedure == NLMPROC_GRANTED_RES)
	{
		put32(b, NLM_DENIED);
		return;
	}
	if (procedure == NLMPROC_SHARE || procedure == NLMPROC_UNSHARE)
	{
		put_opaque(b, what->name, what->name_size);
		put_opaque(b, handle, what->handle_size);
		put_opaque(b, many, what->oh_size);
		put32(b, 2);			/* deny */
		put32(b, 3);			/* access */
		put32(b, 1);
		return;
	}
	if (procedure >= NLMPROC_TEST_MSG && procedure <= NLMPROC_GRANTED_MSG)
		procedure -= NLMPROC_TEST_MSG - NLMPROC_TEST;
	if (procedure == NLMPROC_LOCK || procedure == NLMPROC_NM_LOCK ||
		procedure == NLMPROC_CANCEL)
		put32(b, what->block);
	if (procedure != NLMPROC_UNLOCK)
		put32(b, what->exclusive);
	put_lock(b, program, what);
	if (procedure == NLMPROC_LOCK || procedure == NLMPROC_NM_LOCK)
	{
		put32(b, 0);
		put32(b, 77);
	}
}

static bool
start(struct fixture *f, const struct program *program, uint32_t procedure,
	  const struct what *what)
{
	struct buffer b;

	fixture_start(f, program, procedure);
	f->request.client = &client;
	put_arguments(&b, program, procedure, what);
	if (!decode(f, b.data, b.size))
		return false;
	f->request.procedure->send(&f->request);
	return true;
}

static void
assert_value(const struct fixture *f, int i, const void *data, size_t size)
{
	assert_int_equal(f->request.call.lengths[i], size);
	assert_memory_equal(f->request.call.values[i], data, size);
}

static void
assert_int8(const struct fixture *f, int i, uint64_t value)
{
	struct buffer b = {.size = 0};

	put64(&b, value);
	assert_value(f, i, b.data, 8);
}

static void
assert_int4(const struct fixture *f, int i, uint32_t value)
{
	struct buffer b = {.size = 0};

	put32(&b, value);
	assert_value(f, i, b.data, 4);
}

/* handle, caller, client_name, client_state, owner */
static void
expect_front(const struct fixture *f, enum statement_number statement,
			 uint32_t state, const char *owner)
{
	assert_int_equal(f->request.call.statement, statement);
	assert_value(f, 0, handle, sizeof(handle));
	assert_caller(&f->request.call, 1, f->request.xid);
	assert_value(f, 2, "client", 6);
	assert_int4(f, 3, state);
	assert_value(f, 4, owner, 7);
}

static void
test_calls(void **state)
{
	static const char owner[] = "\1\2\3\4aaa";
	static const char share_owner[] = "\0\0\0\0aaa";
	struct fixture f;

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		const struct program *program = versions[i];

		assert_true(start(&f, program, NLMPROC_LOCK, &usual));
		expect_front(&f, STATEMENT_LOCK_RANGE, 77, owner);
		assert_int8(&f, 5, 5);
		assert_int8(&f, 6, 7);
		assert_value(&f, 7, "\1", 1);
		assert_null(f.request.call.values[8]);
		assert_int_equal(f.request.call.lock_count, 1);
		fixture_end(&f);

		assert_true(start(&f, program, NLMPROC_UNLOCK, &usual));
		expect_front(&f, STATEMENT_UNLOCK_RANGE, 0, owner);
		assert_int8(&f, 5, 5);
		assert_int8(&f, 6, 7);
		assert_int_equal(f.request.call.lock_count, 1);
		fixture_end(&f);

		assert_true(start(&f, program, NLMPROC_CANCEL, &usual));
		expect_front(&f, STATEMENT_CANCEL_LOCK, 0, owner);
		assert_int8(&f, 5, 5);
		assert_int8(&f, 6, 7);
		assert_value(&f, 7, "\1", 1);
		fixture_end(&f);

		assert_true(start(&f, program, NLMPROC_TEST, &usual));
		expect_front(&f, STATEMENT_TEST_LOCK, 0, owner);
		assert_int8(&f, 5, 5);
		assert_int8(&f, 6, 7);
		assert_value(&f, 7, "\1", 1);
		assert_int_equal(f.request.call.lock_count, 0);
		fixture_end(&f);

		if (program->version == 1)
			continue;
		assert_true(start(&f, program, NLMPROC_NM_LOCK, &usual));
		expect_front(&f, STATEMENT_LOCK_RANGE, 0, owner);
		fixture_end(&f);

		assert_true(start(&f, program, NLMPROC_SHARE, &usual));
		expect_front(&f, STATEMENT_SHARE_FILE, 0, share_owner);
		assert_int4(&f, 5, 3);
		assert_int4(&f, 6, 2);
		assert_value(&f, 7, "\1", 1);
		fixture_end(&f);

		assert_true(start(&f, program, NLMPROC_UNSHARE, &usual));
		expect_front(&f, STATEMENT_UNSHARE_FILE, 0, share_owner);
		fixture_end(&f);

		assert_true(start(&f, program, NLMPROC_FREE_ALL, &usual));
		assert_int_equal(f.request.call.statement, STATEMENT_FREE_LOCKS);
		assert_caller(&f.request.call, 0, f.request.xid);
		assert_value(&f, 1, "client", 6);
		assert_int4(&f, 2, 77);
		fixture_end(&f);
	}
}

/* What a waiting lock is told by. */
static void
test_waiting(void **state)
{
	(void) state;
	for (int i = 0; i < 3; i++)
	{
		struct what what = usual;
		struct fixture f;
		struct nlm_wait wait;
		struct bytes bytes;

		what.block = 1;
		assert_true(start(&f, versions[i], NLMPROC_LOCK, &what));
		bytes.data = f.request.call.values[8];
		bytes.size = (uint32_t) f.request.call.lengths[8];
		assert_true(nlm_wait_decode(bytes, &wait));
		assert_int_equal(wait.version, versions[i]->version);
		assert_int_equal(wait.transport, NLM_BY_TCP);
		assert_int_equal(wait.handle.size, sizeof(handle));
		assert_memory_equal(wait.handle.data, handle, sizeof(handle));
		assert_int_equal(wait.caller_name.size, 6);
		fixture_end(&f);
	}
}

/* All 64 bits, and all 32. */
static void
test_positions(void **state)
{
	static const uint64_t values[] = {0, 1, INT32_MAX, UINT32_MAX,
		UINT64_C(1) << 32, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX};

	(void) state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		struct what what = usual;
		struct fixture f;

		what.offset = values[i];
		what.length = UINT64_MAX - values[i];
		assert_true(start(&f, &nlm4_program, NLMPROC_LOCK, &what));
		assert_int8(&f, 5, what.offset);
		assert_int8(&f, 6, what.length);
		fixture_end(&f);
		assert_true(start(&f, &nlm3_program, NLMPROC_LOCK, &what));
		assert_int8(&f, 5, (uint32_t) what.offset);
		assert_int8(&f, 6, (uint32_t) what.length);
		fixture_end(&f);
	}
}

static void
expect_decoded(const struct program *program, uint32_t procedure,
			   const struct what *what, bool good)
{
	struct fixture f;
	struct buffer b;

	fixture_start(&f, program, procedure);
	put_arguments(&b, program, procedure, what);
	assert_int_equal(decode(&f, b.data, b.size), good);
	fixture_end(&f);
}

/* The longest that there may be, and a byte more. */
static void
test_bounds(void **state)
{
	static const uint32_t procedures[] = {NLMPROC_TEST, NLMPROC_LOCK,
		NLMPROC_CANCEL, NLMPROC_UNLOCK, NLMPROC_GRANTED, NLMPROC_SHARE,
	NLMPROC_UNSHARE, NLMPROC_NM_LOCK};

	(void) state;
	for (size_t i = 0; i < sizeof(procedures) / sizeof(procedures[0]); i++)
		for (uint32_t more = 0; more < 2; more++)
		{
			struct what what = usual;

			what.cookie_size = 1024 + more;
			expect_decoded(&nlm4_program, procedures[i], &what, !more);
			what = usual;
			what.oh_size = 1024 + more;
			expect_decoded(&nlm4_program, procedures[i], &what, !more);
			what = usual;
			what.name = many;
			what.name_size = 1024 + more;
			expect_decoded(&nlm4_program, procedures[i], &what, !more);
			what = usual;
			what.cookie_size = what.name_size = what.oh_size = 0;
			expect_decoded(&nlm4_program, procedures[i], &what, true);
		}
}

/* Cut short, or with a number that has no meaning, it is no call. */
static void
test_garbage(void **state)
{
	(void) state;
	for (int i = 0; i < 3; i++)
		for (uint32_t procedure = 1;
			 procedure < versions[i]->procedure_count; procedure++)
		{
			struct fixture f;
			struct buffer b;

			if (versions[i]->procedures[procedure] == NULL)
				continue;
			put_arguments(&b, versions[i], procedure, &usual);
			for (size_t size = 0; size < b.size; size += 4)
			{
				fixture_start(&f, versions[i], procedure);
				assert_false(decode(&f, b.data, size));
				fixture_end(&f);
			}
			/* a count of nearly 2^32 */
			memset(b.data, 0xff, 4);
			fixture_start(&f, versions[i], procedure);
			assert_false(decode(&f, b.data, b.size));
			fixture_end(&f);
		}
	for (uint32_t value = 0; value < 3; value++)
	{
		struct what what = usual;

		what.block = value;
		expect_decoded(&nlm4_program, NLMPROC_LOCK, &what, value < 2);
		what.block = 0;
		what.exclusive = value;
		expect_decoded(&nlm4_program, NLMPROC_TEST, &what, value < 2);
	}
}

/* A name is whatever the client likes, and a text in the database. */
static void
test_names(void **state)
{
	static const struct
	{
		const char *name;
		const char *text;
	}			names[] = {
		{"", ""}, {"host.example", "host.example"}, {" ~", " ~"},
		{"a\\b", "a\\134b"}, {"\xff\x80", "\\377\\200"},
		{"\1\x7f\n", "\\001\\177\\012"},
	};
	char		memory[64];
	struct region region;
	struct bytes text;

	(void) state;
	region_init(&region, memory, sizeof(memory));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		struct bytes name = {names[i].name, (uint32_t) strlen(names[i].name)};

		assert_true(nlm_client_name(&region, name, &text));
		assert_int_equal(text.size, strlen(names[i].text));
		assert_memory_equal(text.data, names[i].text, text.size);
	}
	assert_true(nlm_client_name(&region, (struct bytes) {"a\0b", 3}, &text));
	assert_memory_equal(text.data, "a\\000b", 6);
	assert_true(nlm_client_name(&region, (struct bytes) {many, 1024}, &text));
	assert_int_equal(text.size, 1024);
	many[3] = '\\';
	assert_true(nlm_client_name(&region, (struct bytes) {many, 1021}, &text));
	assert_int_equal(text.size, 1024);
	assert_false(nlm_client_name(&region, (struct bytes) {many, 1022}, &text));
	many[3] = 'a';
	region_reset(&region);
}

/* Such a name is refused without asking the database. */
static void
test_name_too_long(void **state)
{
	static const char odd[300] = {1};
	struct what what = usual;
	struct buffer results = {.size = 0};
	struct fixture f;

	(void) state;
	what.name = odd;
	what.name_size = sizeof(odd);
	put_opaque(&results, many, 4);
	put32(&results, NLM_DENIED_NOLOCKS);
	assert_true(start(&f, &nlm4_program, NLMPROC_LOCK, &what));
	assert_int_equal(f.request.call.statement, NO_STATEMENT);
	assert_results(&f, &results);
	fixture_end(&f);

	results.size = 0;
	assert_true(start(&f, &nlm4_program, NLMPROC_FREE_ALL, &what));
	assert_int_equal(f.request.call.statement, NO_STATEMENT);
	assert_results(&f, &results);
	fixture_end(&f);
}

static void
test_bad_handle(void **state)
{
	(void) state;
	for (uint32_t size = 0; size <= 1024; size += 16)
	{
		struct what what = usual;
		struct buffer results = {.size = 0};
		struct fixture f;

		what.handle_size = size;
		put_opaque(&results, many, 4);
		put32(&results, NLM_STALE_FH);
		assert_true(start(&f, &nlm4_program, NLMPROC_LOCK, &what));
		assert_int_equal(f.request.call.statement, NO_STATEMENT);
		assert_results(&f, &results);
		fixture_end(&f);
		results.size -= 4;
		put32(&results, NLM_DENIED_NOLOCKS);
		assert_true(start(&f, &nlm3_program, NLMPROC_TEST, &what));
		assert_results(&f, &results);
		fixture_end(&f);
	}
}

/* dittofs.lock_result */
static void
result(struct buffer *row, uint32_t status, const char *outcome)
{
	row_start(row);
	column_int4(row, status);
	if (outcome != NULL)
		column_text(row, outcome);
	else
		column_null(row);
	for (int i = 0; i < 4; i++)
		column_null(row);
	column_int4(row, 0);
}

static void
answer(struct fixture *f, const struct program *program, uint32_t procedure,
	   const struct what *what, const struct buffer *row)
{
	PGresult   *rows = result_start();

	assert_true(start(f, program, procedure, what));
	f->request.call.statement = NO_STATEMENT;
	reply_reset(&f->request);
	result_row(rows, row);
	f->request.procedure->reply(&f->request, rows);
	PQclear(rows);
}

static void
expect(const struct program *program, uint32_t procedure,
	   const struct what *what, const struct buffer *row,
	   const struct buffer *results)
{
	struct fixture f;

	answer(&f, program, procedure, what, row);
	assert_results(&f, results);
	fixture_end(&f);
}

static void
test_outcomes(void **state)
{
	static const struct
	{
		const char *outcome;
		uint32_t	status;
	}			outcomes[] = {
		{"granted", NLM_GRANTED}, {"denied", NLM_DENIED},
		{"blocked", NLM_BLOCKED}, {"no_locks", NLM_DENIED_NOLOCKS},
		{"deadlock", NLM_DEADLCK},
	};
	static const uint32_t procedures[] = {NLMPROC_LOCK, NLMPROC_CANCEL,
		NLMPROC_UNLOCK, NLMPROC_NM_LOCK, NLMPROC_SHARE, NLMPROC_UNSHARE};

	(void) state;
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 6; j++)
			for (int k = 0; k < 5; k++)
			{
				uint32_t	status = outcomes[k].status;
				struct what what = usual;
				struct buffer row;
				struct buffer results = {.size = 0};

				if (procedures[j] >= versions[i]->procedure_count)
					continue;
				what.cookie_size = 1024;
				result(&row, FS_OK, outcomes[k].outcome);
				put_opaque(&results, many, 1024);
				if (status == NLM_DEADLCK && versions[i]->version != 4)
					status = NLM_DENIED;
				put32(&results, status);
				if (procedures[j] == NLMPROC_SHARE ||
					procedures[j] == NLMPROC_UNSHARE)
					put32(&results, 0);
				expect(versions[i], procedures[j], &what, &row, &results);
			}
}

/* What lets waiting locks in has their clients told. */
static void
test_grants(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};

	(void) state;
	put_opaque(&results, many, 4);
	put32(&results, NLM_GRANTED);
	for (uint32_t grants = 0; grants < 3; grants++)
	{
		looks = 0;
		row_start(&row);
		column_int4(&row, FS_OK);
		column_text(&row, "granted");
		for (int i = 0; i < 4; i++)
			column_null(&row);
		column_int4(&row, grants);
		expect(&nlm4_program, NLMPROC_UNLOCK, &usual, &row, &results);
		assert_int_equal(looks, grants > 0);
	}
}

/* Statuses, and whether an UNLOCK that gets one is answered at all. */
static void
test_statuses(void **state)
{
	static const struct
	{
		uint32_t	status;
		uint32_t	word;		/* of version 4 */
		bool		lock_answered;
		bool		unlock_answered;
	}			statuses[] = {
		{FS_STALE, NLM_STALE_FH, true, true},
		{FS_BADHANDLE, NLM_STALE_FH, true, true},
		{FS_ROFS, NLM_ROFS, true, false},
		{FS_FBIG, NLM_FBIG, true, true},
		{FS_ACCES, NLM_FAILED, true, true},
		{FS_INVAL, NLM_FAILED, true, true},
		{FS_SERVERFAULT, NLM_FAILED, true, true},
		{FS_NOSPC, NLM_DENIED_NOLOCKS, true, false},
		{FS_JUKEBOX, 0, false, false},
	};

	(void) state;
	for (size_t i = 0; i < 2 * sizeof(statuses) / sizeof(statuses[0]); i++)
		for (int j = 0; j < 3; j++)
			for (int by_fail = 0; by_fail < 2; by_fail++)
			{
				bool		unlock = i % 2;
				bool		answered = unlock ?
					statuses[i / 2].unlock_answered :
					statuses[i / 2].lock_answered;
				uint32_t	procedure = unlock ? NLMPROC_UNLOCK : NLMPROC_LOCK;
				struct buffer row;
				struct buffer results = {.size = 0};
				struct fixture f;

				put_opaque(&results, many, 4);
				put32(&results, versions[j]->version == 4 ?
					  statuses[i / 2].word : NLM_DENIED_NOLOCKS);
				result(&row, statuses[i / 2].status, NULL);
				if (by_fail)
				{
					assert_true(start(&f, versions[j], procedure, &usual));
					f.request.procedure->fail(&f.request,
											  statuses[i / 2].status);
				}
				else
					answer(&f, versions[j], procedure, &usual, &row);
				assert_int_equal(f.request.unanswered, !answered);
				if (answered)
					assert_results(&f, &results);
				else
					assert_int_equal(f.request.reply_pieces, 0);
				fixture_end(&f);
			}
}

static void
holder(struct buffer *row, const char *owner, int32_t size, uint64_t offset,
	   uint64_t length)
{
	row_start(row);
	column_int4(row, FS_OK);
	column_text(row, "denied");
	column_bool(row, true);
	column(row, owner, size);
	column_int8(row, offset);
	column_int8(row, length);
	column_int4(row, 0);
}

static void
test_holder(void **state)
{
	static const struct
	{
		uint64_t	offset;
		uint64_t	length;
		uint32_t	short_offset;
		uint32_t	short_length;
	}			ranges[] = {
		{5, 7, 5, 7},
		{0, 0, 0, 0},
		{0, UINT64_C(1) << 32, 0, 0},
		{0, UINT32_MAX, 0, UINT32_MAX},
		{1, UINT32_MAX, 1, UINT32_MAX},
		{2, UINT32_MAX, 2, 0},
		{UINT32_MAX, 1, UINT32_MAX, 1},
		{UINT64_C(1) << 32, 1, UINT32_MAX, 0},
		{UINT64_MAX, 1, UINT32_MAX, 0},
		{UINT64_MAX - 1, 0, UINT32_MAX, 0},
	};
	struct buffer row;

	(void) state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		for (int j = 0; j < 3; j++)
		{
			struct buffer results = {.size = 0};

			holder(&row, "\1\2\3\4oh", 6, ranges[i].offset, ranges[i].length);
			put_opaque(&results, many, 4);
			put32(&results, NLM_DENIED);
			put32(&results, 1);
			put32(&results, 0x01020304);
			put_opaque(&results, "oh", 2);
			if (versions[j]->version == 4)
			{
				put64(&results, ranges[i].offset);
				put64(&results, ranges[i].length);
			}
			else
			{
				put32(&results, ranges[i].short_offset);
				put32(&results, ranges[i].short_length);
			}
			expect(versions[j], NLMPROC_TEST, &usual, &row, &results);
		}
}

/* Nothing, too little and too much of an owner. */
static void
test_odd_holder(void **state)
{
	static char owner[2048];

	(void) state;
	for (int32_t size = -1; size < (int32_t) sizeof(owner); size += 16)
	{
		struct what what = usual;
		struct buffer row;
		struct buffer results = {.size = 0};
		uint32_t	oh = size < 4 ? 0 : (uint32_t) size - 4;

		what.cookie_size = 1024;
		holder(&row, owner, size, 0, 1);
		put_opaque(&results, many, 1024);
		put32(&results, NLM_DENIED);
		put32(&results, 1);
		put32(&results, 0);
		put_opaque(&results, owner, oh > 1024 ? 1024 : oh);
		put64(&results, 0);
		put64(&results, 1);
		expect(&nlm4_program, NLMPROC_TEST, &what, &row, &results);
	}
}

static void
test_malformed(void **state)
{
	struct buffer row;
	struct buffer results = {.size = 0};
	struct fixture f;
	PGresult   *nothing = result_start();

	(void) state;
	put_opaque(&results, many, 4);
	put32(&results, NLM_FAILED);
	row_start(&row);
	expect(&nlm4_program, NLMPROC_LOCK, &usual, &row, &results);
	column_int4(&row, FS_OK);
	expect(&nlm4_program, NLMPROC_LOCK, &usual, &row, &results);
	result(&row, FS_OK, "perhaps");
	expect(&nlm4_program, NLMPROC_LOCK, &usual, &row, &results);
	result(&row, FS_OK, NULL);
	expect(&nlm4_program, NLMPROC_TEST, &usual, &row, &results);
	assert_true(start(&f, &nlm4_program, NLMPROC_UNLOCK, &usual));
	f.request.procedure->reply(&f.request, nothing);
	assert_results(&f, &results);
	fixture_end(&f);
	PQclear(nothing);
}

/* A message makes the call of its namesake, and its answer is a call. */
static void
test_messages(void **state)
{
	static const uint32_t statements_of[] = {STATEMENT_TEST_LOCK,
		STATEMENT_LOCK_RANGE, STATEMENT_CANCEL_LOCK, STATEMENT_UNLOCK_RANGE};
	struct peer peer;
	struct buffer nothing = {.size = 0};

	(void) state;
	peer_set(&peer, AF_INET, "\12\0\0\7", 871);
	for (int i = 0; i < 3; i++)
		for (uint32_t j = 0; j < 5; j++)
		{
			struct what what = usual;
			struct fixture f;
			struct buffer row;
			struct buffer b;
			struct buffer results = {.size = 0};
			PGresult   *rows = result_start();

			what.cookie_size = 1024;
			calls = 0;
			fixture_start(&f, versions[i], NLMPROC_TEST_MSG + j);
			f.request.client = &client;
			f.request.peer = &peer;
			put_arguments(&b, versions[i], NLMPROC_TEST_MSG + j, &what);
			assert_true(decode(&f, b.data, b.size));
			f.request.procedure->send(&f.request);
			if (j < 4)
			{
				assert_int_equal(f.request.call.statement, statements_of[j]);
				f.request.call.statement = NO_STATEMENT;
				holder(&row, "\1\2\3\4oh", 6, 5, 7);
				result_row(rows, &row);
				f.request.procedure->reply(&f.request, rows);
			}
			assert_results(&f, &nothing);
			fixture_end(&f);
			PQclear(rows);

			put_opaque(&results, many, 1024);
			put32(&results, NLM_DENIED);
			if (j == 0)
			{
				put32(&results, 1);
				put32(&results, 0x01020304);
				put_opaque(&results, "oh", 2);
				put_position(&results, versions[i], 5);
				put_position(&results, versions[i], 7);
			}
			assert_int_equal(calls, 1);
			assert_int_equal(called.program, 100021);
			assert_int_equal(called.version, versions[i]->version);
			assert_int_equal(called.procedure, NLMPROC_TEST_RES + j);
			assert_memory_equal(&called.peer, &peer, sizeof(peer));
			assert_int_equal(called_with.size, results.size);
			assert_memory_equal(called_with.data, results.data, results.size);
		}
}

/* What cannot be done now: no call, and no reply. */
static void
test_message_unanswered(void **state)
{
	struct fixture f;

	(void) state;
	calls = 0;
	assert_true(start(&f, &nlm4_program, NLMPROC_UNLOCK_MSG, &usual));
	f.request.procedure->fail(&f.request, FS_JUKEBOX);
	assert_true(f.request.unanswered);
	assert_int_equal(calls, 0);
	fixture_end(&f);
}

/* A gateway waits for nothing, and refuses what it is granted. */
static void
test_granted(void **state)
{
	(void) state;
	for (int i = 0; i < 3; i++)
	{
		struct buffer results = {.size = 0};
		struct fixture f;

		put_opaque(&results, many, 4);
		put32(&results, NLM_DENIED);
		assert_true(start(&f, versions[i], NLMPROC_GRANTED, &usual));
		assert_int_equal(f.request.call.statement, NO_STATEMENT);
		assert_results(&f, &results);
		fixture_end(&f);
	}
}

static void
granted_res(struct fixture *f, const void *cookie, uint32_t size,
			uint32_t status, const struct peer *peer)
{
	struct buffer b = {.size = 0};

	fixture_start(f, &nlm4_program, NLMPROC_GRANTED_RES);
	f->worker.databases = &f->database;
	f->request.peer = peer;
	put_opaque(&b, cookie, size);
	put32(&b, status);
	assert_true(decode(f, b.data, b.size));
	f->request.procedure->send(&f->request);
}

/* Only with the cookie that was made for this address. */
static void
test_granted_res(void **state)
{
	struct buffer row;
	struct buffer nothing = {.size = 0};
	struct peer peer;
	struct peer other;
	struct nlm_grant_cookie cookie;
	struct fixture f;
	PGresult   *rows = result_start();

	(void) state;
	peer_set(&peer, AF_INET, "\12\0\0\7", 871);
	peer_set(&other, AF_INET, "\12\0\0\10", 871);
	cookie = nlm_grant_cookie_make(0, 12345, &peer);
	for (uint32_t status = NLM_GRANTED; status <= NLM_DENIED; status++)
	{
		granted_res(&f, cookie.data, sizeof(cookie), status, &peer);
		assert_int_equal(f.request.call.statement, STATEMENT_GRANT_TOLD);
		assert_ptr_equal(f.request.call.pool, &f.database.pool);
		assert_int8(&f, 0, 12345);
		assert_value(&f, 1, status == NLM_GRANTED ? "\1" : "\0", 1);
		fixture_end(&f);

		granted_res(&f, cookie.data, sizeof(cookie), status, &other);
		assert_int_equal(f.request.call.statement, NO_STATEMENT);
		assert_results(&f, &nothing);
		fixture_end(&f);
	}
	granted_res(&f, many, 25, NLM_DENIED, &peer);
	assert_int_equal(f.request.call.statement, NO_STATEMENT);
	fixture_end(&f);
	granted_res(&f, NULL, 0, NLM_DENIED, &peer);
	assert_int_equal(f.request.call.statement, NO_STATEMENT);
	fixture_end(&f);

	/* of a store that there is none of */
	cookie = nlm_grant_cookie_make(1, 12345, &peer);
	granted_res(&f, cookie.data, sizeof(cookie), NLM_DENIED, &peer);
	assert_int_equal(f.request.call.statement, NO_STATEMENT);
	fixture_end(&f);

	result(&row, FS_OK, "granted");
	result_row(rows, &row);
	cookie = nlm_grant_cookie_make(0, 1, &peer);
	granted_res(&f, cookie.data, sizeof(cookie), NLM_GRANTED, &peer);
	f.request.procedure->reply(&f.request, rows);
	assert_results(&f, &nothing);
	fixture_end(&f);
	PQclear(rows);
}

/*
 * NSM
 */
#define NSM_PROCEDURES 7

static void
put_my_id(struct buffer *b)
{
	put_opaque(b, "me", 2);
	put32(b, 100021);
	put32(b, 4);
	put32(b, 16);
}

static void
put_nsm(struct buffer *b, uint32_t procedure)
{
	b->size = 0;
	if (procedure != 4)
		put_opaque(b, "client", 6);
	if (procedure >= 2 && procedure <= 4)
		put_my_id(b);
	if (procedure == 2)
		put_bytes(b, many, 16);
	if (procedure == 6)
		put32(b, 9);
}

static void
test_nsm(void **state)
{
	(void) state;
	for (uint32_t procedure = 1; procedure < NSM_PROCEDURES; procedure++)
	{
		struct buffer b;
		struct buffer results = {.size = 0};
		struct fixture f;

		if (procedure == 5)
			continue;
		put_nsm(&b, procedure);
		for (size_t size = 0; size < b.size; size += 4)
		{
			fixture_start(&f, &nsm1_program, procedure);
			assert_false(decode(&f, b.data, size));
			fixture_end(&f);
		}
		fixture_start(&f, &nsm1_program, procedure);
		assert_true(decode(&f, b.data, b.size));
		f.request.procedure->send(&f.request);
		if (procedure == 6)
		{
			assert_int_equal(f.request.call.statement,
							 STATEMENT_CLIENT_REBOOTED);
			assert_caller(&f.request.call, 0, f.request.xid);
			assert_value(&f, 1, "client", 6);
			assert_int4(&f, 2, 9);
			fixture_end(&f);
			continue;
		}
		if (procedure < 3)
			put32(&results, 1);
		put32(&results, 1);
		assert_results(&f, &results);
		fixture_end(&f);
	}
}

/* NOTIFY and FREE_ALL go to each database, and are answered when all know. */
static void
test_all_stores(void **state)
{
	static const struct
	{
		const struct program *program;
		uint32_t	procedure;
	}			cases[] = {
		{&nsm1_program, 6}, {&nlm4_program, NLMPROC_FREE_ALL}};
	struct database databases[2] = {0};
	struct buffer nothing = {.size = 0};
	struct buffer row;
	PGresult   *rows = result_start();

	(void) state;
	result(&row, FS_OK, "granted");
	result_row(rows, &row);
	for (int i = 0; i < 2; i++)
	{
		struct fixture f;
		struct buffer b;

		fixture_start(&f, cases[i].program, cases[i].procedure);
		f.worker.databases = databases;
		f.worker.database_count = 2;
		f.request.call.pool = &databases[0].pool;
		put_nsm(&b, 6);
		assert_true(decode(&f, b.data, b.size));
		f.request.procedure->send(&f.request);
		for (int store = 0; store < 2; store++)
		{
			assert_int_not_equal(f.request.call.statement, NO_STATEMENT);
			assert_ptr_equal(f.request.call.pool, &databases[store].pool);
			f.request.call.statement = NO_STATEMENT;
			f.request.procedure->reply(&f.request, rows);
		}
		assert_int_equal(f.request.call.statement, NO_STATEMENT);
		assert_results(&f, &nothing);
		fixture_end(&f);

		/* one is away: the client asks again */
		fixture_start(&f, cases[i].program, cases[i].procedure);
		f.request.procedure->fail(&f.request, FS_JUKEBOX);
		assert_true(f.request.unanswered);
		fixture_end(&f);
	}
	PQclear(rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_too_long),
		cmocka_unit_test(test_bad_handle),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_grants),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_holder),
		cmocka_unit_test(test_odd_holder),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_message_unanswered),
		cmocka_unit_test(test_granted),
		cmocka_unit_test(test_granted_res),
		cmocka_unit_test(test_nsm),
		cmocka_unit_test(test_all_stores),
	};

	memset(many, 'a', sizeof(many));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
