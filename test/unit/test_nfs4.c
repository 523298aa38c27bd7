/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4.c
 *	  COMPOUND between XDR and the forms of dittofs_compound.h: programs,
 *	  replies, and what the gateway has to know of a COMPOUND to send it.
 */
#include "wire.h"

#include "wire/nfs4.h"
#include "db/parameters.h"

static const char handle[HANDLE_LEN] = "\001handle-of-33-bytes--------------";
static const char other_handle[HANDLE_LEN] =
	"\001another-handle-of-33-bytes------";
static const char session[NFS4_SESSION_ID_LEN] = "session-of-16---";
static const char stateid[4 + NFS4_OTHER_LEN] = "\0\0\0\007stateid-----";
static const char verifier[8] = "verifier";

#define TAG "a tag"

/* COMPOUND with the tag; `count` operations are to follow. */
static void
put_head(struct buffer *b, uint32_t minor, uint32_t count)
{
	b->size = 0;
	put_opaque(b, TAG, strlen(TAG));
	put32(b, minor);
	put32(b, count);
}

static void
put_sequence(struct buffer *b)
{
	put32(b, NFS4_OP_SEQUENCE);
	put_bytes(b, session, sizeof(session));
	for (uint32_t i = 1; i <= 4; i++)	/* seqid, slot, highest, cache */
		put32(b, i);
}

static void
put_putfh(struct buffer *b, const char *which)
{
	put32(b, NFS4_OP_PUTFH);
	put_opaque(b, which, HANDLE_LEN);
}

/* The beginning of most. */
static void
put_usual(struct buffer *b, uint32_t more)
{
	put_head(b, 2, 2 + more);
	put_sequence(b);
	put_putfh(b, handle);
}

static void
put_bitmap(struct buffer *b, uint32_t one, uint32_t two)
{
	put32(b, 2);
	put32(b, one);
	put32(b, two);
}

static void
start(struct fixture *f, const struct buffer *arguments)
{
	fixture_start(f, &nfs4_program, 1);
	f->record = malloc(arguments->size);
	assert_non_null(f->record);
	memcpy(f->record, arguments->data, arguments->size);
	f->request.arguments = (struct bytes) {f->record,
										   (uint32_t) arguments->size};
	assert_true(f->request.procedure->decode(&f->request, NULL));
	f->request.procedure->send(&f->request);
}

/* The program of the call, behind its head. */
static const unsigned char *
program_of(const struct fixture *f, size_t *size)
{
	assert_int_not_equal(f->request.call.statement, NO_STATEMENT);
	assert_true(f->request.call.lengths[0] >= 32);
	*size = (size_t) f->request.call.lengths[0] - 32;
	return (const unsigned char *) f->request.call.values[0] + 32;
}

static void
assert_program(const struct fixture *f, const struct buffer *expected)
{
	size_t		size;
	const unsigned char *program = program_of(f, &size);

	assert_int_equal(size, expected->size);
	assert_memory_equal(program, expected->data, size);
}

/* An operation of a program; its arguments are between begin and end. */
static size_t
begin(struct buffer *b, uint32_t number)
{
	put32(b, number);
	put32(b, 0);
	return b->size;
}

static void
end(struct buffer *b, size_t begun)
{
	struct buffer length = {.size = 0};

	put32(&length, (uint32_t) (b->size - begun));
	memcpy(b->data + begun - 4, length.data, 4);
}

static void
packed_usual(struct buffer *b)
{
	size_t		at;

	b->size = 0;
	at = begin(b, NFS4_OP_SEQUENCE);
	put_bytes(b, session, sizeof(session));
	for (uint32_t i = 1; i <= 4; i++)
		put32(b, i);
	end(b, at);
	at = begin(b, NFS4_OP_PUTFH);
	put32(b, HANDLE_LEN);
	put_bytes(b, handle, HANDLE_LEN);
	end(b, at);
}

static void
packed_fail(struct buffer *b, uint32_t number, uint32_t status)
{
	size_t		at = begin(b, NFS4_OP_FAIL);

	put32(b, number);
	put32(b, status);
	end(b, at);
}

static void
test_program_head(void **state)
{
	struct buffer arguments;
	struct buffer expected = {.size = 0};
	struct fixture f;

	(void) state;
	put_usual(&arguments, 1);
	put32(&arguments, NFS4_OP_GETATTR);
	put_bitmap(&arguments, 0x10, 0x20);
	start(&f, &arguments);
	put32(&expected, NFS4_PROGRAM_VERSION);
	put32(&expected, 2);
	assert_memory_equal(f.request.call.values[0], expected.data, 8);
	expected.size = 0;
	put32(&expected, 3);		/* sent */
	put32(&expected, 0);		/* the fixture has no record */
	put32(&expected, 24 + 4 + 4 + 8 + 4);
	put32(&expected, 3);		/* in the program */
	assert_memory_equal(f.request.call.values[0] + 16, expected.data, 16);
	fixture_end(&f);
}

static void
test_bitmaps(void **state)
{
	struct buffer arguments;
	struct buffer expected;
	struct fixture f;
	size_t		at;

	(void) state;
	put_usual(&arguments, 2);
	put32(&arguments, NFS4_OP_GETATTR);
	put32(&arguments, 1);
	put32(&arguments, 0x10);
	put32(&arguments, NFS4_OP_GETATTR);
	put32(&arguments, 5);		/* words that nobody knows are dropped */
	for (uint32_t i = 1; i <= 5; i++)
		put32(&arguments, i);
	start(&f, &arguments);
	packed_usual(&expected);
	at = begin(&expected, NFS4_OP_GETATTR);
	put32(&expected, 0x10);
	put32(&expected, 0);
	put32(&expected, 0);
	end(&expected, at);
	at = begin(&expected, NFS4_OP_GETATTR);
	for (uint32_t i = 1; i <= 3; i++)
		put32(&expected, i);
	end(&expected, at);
	assert_program(&f, &expected);
	fixture_end(&f);
}

static void
put_setattr(struct buffer *arguments, uint32_t one, uint32_t two,
			const struct buffer *values)
{
	put_usual(arguments, 1);
	put32(arguments, NFS4_OP_SETATTR);
	put_bytes(arguments, stateid, sizeof(stateid));
	put_bitmap(arguments, one, two);
	put_opaque(arguments, values->data, (uint32_t) values->size);
}

/* A SETATTR that becomes NFS4_OP_FAIL. */
static void
assert_setattr_fails(uint32_t one, uint32_t two, const struct buffer *values,
					 uint32_t status)
{
	struct buffer arguments;
	struct buffer expected;
	struct fixture f;

	put_setattr(&arguments, one, two, values);
	start(&f, &arguments);
	packed_usual(&expected);
	packed_fail(&expected, NFS4_OP_SETATTR, status);
	assert_program(&f, &expected);
	fixture_end(&f);
}

static void
test_attribute_values(void **state)
{
	struct buffer values = {.size = 0};
	struct buffer arguments;
	struct buffer expected;
	struct fixture f;
	size_t		at;

	(void) state;

	/* size; mode, owner, the server's atime, the client's mtime */
	put64(&values, 77);
	put32(&values, 0644);
	put_opaque(&values, "1000", 4);
	put32(&values, 0);
	put32(&values, 1);
	put64(&values, 12);
	put32(&values, 34);
	put_setattr(&arguments, 1 << 4,
				1 << 1 | 1 << 4 | 1 << 16 | 1 << 22, &values);
	start(&f, &arguments);
	packed_usual(&expected);
	at = begin(&expected, NFS4_OP_SETATTR);
	put_bytes(&expected, stateid, sizeof(stateid));
	put32(&expected, 1 << 4);
	put32(&expected, 1 << 1 | 1 << 4 | 1 << 16 | 1 << 22);
	put32(&expected, 0);
	put32(&expected, 8 + 4 + 8 + 4 + 16);
	put64(&expected, 77);
	put32(&expected, 0644);
	put32(&expected, 4);
	put_bytes(&expected, "1000", 4);
	put32(&expected, 0);
	put32(&expected, 1);
	put64(&expected, 12);
	put32(&expected, 34);
	end(&expected, at);
	assert_program(&f, &expected);
	fixture_end(&f);

	/* nobody can decode an ACL here */
	assert_setattr_fails(1 << 12, 0, &values, NFS4ERR_ATTRNOTSUPP);

	/* bytes behind the values; too few; a time that is set by nobody */
	values.size = 0;
	put64(&values, 77);
	put32(&values, 1);
	assert_setattr_fails(1 << 4, 0, &values, NFS4ERR_BADXDR);
	values.size = 4;
	assert_setattr_fails(1 << 4, 0, &values, NFS4ERR_BADXDR);
	values.size = 0;
	put32(&values, 2);
	assert_setattr_fails(0, 1 << 16, &values, NFS4ERR_BADXDR);
}

static void
assert_fails(uint32_t minor, uint32_t number, uint32_t known, uint32_t status)
{
	struct buffer arguments;
	struct buffer expected;
	struct fixture f;
	size_t		at;

	put_head(&arguments, minor, 3);
	put_sequence(&arguments);
	put32(&arguments, number);
	put32(&arguments, NFS4_OP_PUTROOTFH);
	start(&f, &arguments);
	expected.size = 0;
	at = begin(&expected, NFS4_OP_SEQUENCE);
	put_bytes(&expected, session, sizeof(session));
	for (uint32_t i = 1; i <= 4; i++)
		put32(&expected, i);
	end(&expected, at);
	packed_fail(&expected, known, status);
	assert_program(&f, &expected);
	fixture_end(&f);
}

static void
test_operations_that_are_none(void **state)
{
	(void) state;
	assert_fails(2, 0, NFS4_OP_ILLEGAL, NFS4ERR_OP_ILLEGAL);
	assert_fails(2, 2, NFS4_OP_ILLEGAL, NFS4ERR_OP_ILLEGAL);
	assert_fails(2, 76, NFS4_OP_ILLEGAL, NFS4ERR_OP_ILLEGAL);
	assert_fails(2, NFS4_OP_ILLEGAL, NFS4_OP_ILLEGAL, NFS4ERR_OP_ILLEGAL);
	assert_fails(1, NFS4_OP_SEEK, NFS4_OP_ILLEGAL, NFS4ERR_OP_ILLEGAL);
	assert_fails(1, 30, 30, FS_NOTSUPP);	/* RENEW of 4.0 */
	assert_fails(1, NFS4_OP_LAYOUTGET, NFS4_OP_LAYOUTGET, FS_NOTSUPP);
}

/* Arguments that end early, after each of their bytes. */
static void
test_short_arguments(void **state)
{
	struct buffer arguments;
	size_t		whole;

	(void) state;
	put_usual(&arguments, 1);
	put32(&arguments, NFS4_OP_OPEN);
	for (uint32_t i = 1; i <= 3; i++)
		put32(&arguments, i);
	put64(&arguments, 4);
	put_opaque(&arguments, "owner", 5);
	put32(&arguments, 1);
	put32(&arguments, 3);
	put_bytes(&arguments, verifier, sizeof(verifier));
	put_bitmap(&arguments, 0, 1 << 1);
	put_opaque(&arguments, "\0\0\1\244", 4);
	put32(&arguments, 0);
	put_opaque(&arguments, "name", 4);
	whole = arguments.size;
	for (; arguments.size > 0; arguments.size -= 4)
	{
		struct fixture f;
		bool		compound = arguments.size >= 12 + 8;

		fixture_start(&f, &nfs4_program, 1);
		f.record = malloc(arguments.size);
		memcpy(f.record, arguments.data, arguments.size);
		f.request.arguments = (struct bytes) {f.record,
											  (uint32_t) arguments.size};
		assert_int_equal(f.request.procedure->decode(&f.request, NULL),
						 compound);
		if (compound)
		{
			const struct nfs4_args *args = f.request.args;

			assert_int_equal(args->compound.operations[
							 args->compound.count - 1].status,
							 arguments.size == whole ? NFS4_OK :
							 NFS4ERR_BADXDR);
		}
		fixture_end(&f);
	}
}

static void
test_write(void **state)
{
	struct buffer arguments;
	struct buffer expected;
	struct fixture f;
	size_t		at;

	(void) state;
	put_usual(&arguments, 2);
	for (int i = 0; i < 2; i++)
	{
		put32(&arguments, NFS4_OP_WRITE);
		put_bytes(&arguments, stateid, sizeof(stateid));
		put64(&arguments, 4096);
		put32(&arguments, 0);
		put_opaque(&arguments, i == 0 ? "first" : "second", 5 + i);
	}
	start(&f, &arguments);
	packed_usual(&expected);
	at = begin(&expected, NFS4_OP_WRITE);
	put_bytes(&expected, stateid, sizeof(stateid));
	put64(&expected, 4096);
	put32(&expected, 0);
	put32(&expected, NFS4_DATA_BESIDE);
	put32(&expected, 5);
	end(&expected, at);
	at = begin(&expected, NFS4_OP_WRITE);
	put_bytes(&expected, stateid, sizeof(stateid));
	put64(&expected, 4096);
	put32(&expected, 0);
	put32(&expected, NFS4_DATA_HERE);
	put32(&expected, 6);
	put_bytes(&expected, "second", 6);
	end(&expected, at);
	assert_program(&f, &expected);

	/* the data of the first stays in the record */
	assert_int_equal(f.request.call.lengths[1], 5);
	assert_true(f.request.call.values[1] > f.record &&
				f.request.call.values[1] < f.record + arguments.size);
	assert_memory_equal(f.request.call.values[1], "first", 5);
	assert_true(f.request.call.unstable);
	fixture_end(&f);
}

/*
 * Which lane, and what else is told by the operations.
 */
struct kind
{
	enum statement_number statement;
	const char *name;
	bool		changes;
	bool		once;
	bool		unstable;
	int			locks;
};

static void
assert_kind(struct buffer *arguments, struct kind kind)
{
	struct fixture f;

	start(&f, arguments);
	assert_int_equal(f.request.call.statement, kind.statement);
	assert_string_equal(f.request.procedure->name, kind.name);
	assert_ptr_equal(nfs4_program.procedures[f.request.procedure_number],
					 f.request.procedure);
	assert_int_equal(f.request.procedure->changes, kind.changes);
	assert_int_equal(f.request.procedure->once, kind.once);
	assert_int_equal(f.request.call.unstable, kind.unstable);
	assert_int_equal(f.request.call.lock_count, kind.locks);
	assert_int_equal(f.request.call.lengths[2], 6);
	fixture_end(&f);
}

static void
put_open(struct buffer *b, bool create)
{
	put_usual(b, 2);
	put32(b, NFS4_OP_OPEN);
	for (uint32_t i = 1; i <= 3; i++)
		put32(b, i);
	put64(b, 4);
	put_opaque(b, "owner", 5);
	put32(b, create);
	if (create)
	{
		put32(b, 0);
		put_bitmap(b, 0, 0);
		put32(b, 0);
	}
	put32(b, 0);
	put_opaque(b, "name", 4);
	put32(b, NFS4_OP_GETATTR);
	put_bitmap(b, 1, 1);
}

static void
test_kinds(void **state)
{
	struct buffer b;

	(void) state;
	put_head(&b, 1, 1);
	put_sequence(&b);
	assert_kind(&b, (struct kind) {
		STATEMENT_COMPOUND_READ, "SEQUENCE", false, false, false, 0});

	put_usual(&b, 2);
	put32(&b, NFS4_OP_ACCESS);
	put32(&b, 1);
	put32(&b, NFS4_OP_GETATTR);
	put_bitmap(&b, 1, 1);
	assert_kind(&b, (struct kind) {
		STATEMENT_COMPOUND_READ, "ACCESS", false, false, false, 0});

	put_usual(&b, 1);
	put32(&b, NFS4_OP_READ);
	put_bytes(&b, stateid, sizeof(stateid));
	put64(&b, 0);
	put32(&b, 4096);
	assert_kind(&b, (struct kind) {
		STATEMENT_COMPOUND_DATA, "READ", false, false, false, 0});

	put_usual(&b, 1);
	put32(&b, NFS4_OP_WRITE);
	put_bytes(&b, stateid, sizeof(stateid));
	put64(&b, 0);
	put32(&b, 2);
	put_opaque(&b, "data", 4);
	assert_kind(&b, (struct kind) {STATEMENT_COMPOUND_DATA, "WRITE", true,
				false, false, 1});

	put_usual(&b, 1);
	put32(&b, NFS4_OP_COMMIT);
	put64(&b, 0);
	put32(&b, 0);
	assert_kind(&b, (struct kind) {
		STATEMENT_COMPOUND_DATA, "COMMIT", true, false, false, 0});

	/* an OPEN that makes nothing commits without a flush, and locks nothing */
	put_open(&b, false);
	assert_kind(&b, (struct kind) {
		STATEMENT_COMPOUND, "OPEN", true, true, true, 0});
	put_open(&b, true);
	assert_kind(&b, (struct kind) {
		STATEMENT_COMPOUND, "OPEN", true, true, false, 1});

	put_usual(&b, 2);
	put32(&b, NFS4_OP_GETATTR);
	put_bitmap(&b, 1, 1);
	put32(&b, NFS4_OP_CLOSE);
	put32(&b, 0);
	put_bytes(&b, stateid, sizeof(stateid));
	assert_kind(&b, (struct kind) {
		STATEMENT_COMPOUND, "CLOSE", true, true, true, 0});

	put_head(&b, 2, 5);
	put_sequence(&b);
	put_putfh(&b, handle);
	put32(&b, NFS4_OP_SAVEFH);
	put_putfh(&b, other_handle);
	put32(&b, NFS4_OP_RENAME);
	put_opaque(&b, "old", 3);
	put_opaque(&b, "new", 3);
	assert_kind(&b, (struct kind) {
		STATEMENT_COMPOUND, "RENAME", true, true, false, 2});
}

/*
 * Answers without the database.
 */

static void
assert_answer(struct fixture *f, const struct buffer *expected,
			  uint32_t status)
{
	assert_int_equal(f->request.call.statement, NO_STATEMENT);
	assert_results(f, expected);
	assert_int_equal(f->request.status, status);
}

/* The head of a reply. */
static void
expect_head(struct buffer *b, uint32_t status, uint32_t count)
{
	b->size = 0;
	put32(b, status);
	put_opaque(b, TAG, strlen(TAG));
	put32(b, count);
}

static void
test_answers_at_once(void **state)
{
	struct buffer arguments;
	struct buffer expected;
	struct fixture f;

	(void) state;
	for (uint32_t minor = 0; minor <= 3; minor += 3)
	{
		put_head(&arguments, minor, 1);
		put_sequence(&arguments);
		start(&f, &arguments);
		expect_head(&expected, NFS4ERR_MINOR_VERS_MISMATCH, 0);
		assert_answer(&f, &expected, NFS4ERR_MINOR_VERS_MISMATCH);
		fixture_end(&f);
	}

	put_head(&arguments, 1, 0);
	start(&f, &arguments);
	expect_head(&expected, NFS4_OK, 0);
	assert_answer(&f, &expected, NFS4_OK);
	fixture_end(&f);

	put_head(&arguments, 1, 1000000000);
	put_sequence(&arguments);
	start(&f, &arguments);
	expect_head(&expected, NFS4ERR_TOO_MANY_OPS, 1);
	put32(&expected, NFS4_OP_SEQUENCE);
	put32(&expected, NFS4ERR_TOO_MANY_OPS);
	assert_answer(&f, &expected, NFS4ERR_TOO_MANY_OPS);
	fixture_end(&f);
}

static void
expect_sequence(struct buffer *b)
{
	put32(b, NFS4_OP_SEQUENCE);
	put32(b, NFS4_OK);
	put_bytes(b, session, sizeof(session));
	put32(b, 1);
	put32(b, 2);
	put32(b, 3);
	put32(b, 3);
	put32(b, 0);
}

/* DELAY is for an operation behind SEQUENCE, so that the slot is free. */
static void
test_failure(void **state)
{
	struct buffer arguments;
	struct buffer expected;
	struct fixture f;

	(void) state;
	put_usual(&arguments, 1);
	put32(&arguments, NFS4_OP_REMOVE);
	put_opaque(&arguments, "name", 4);
	start(&f, &arguments);
	f.request.call.statement = NO_STATEMENT;
	f.request.procedure->fail(&f.request, FS_JUKEBOX);
	expect_head(&expected, NFS4ERR_DELAY, 3);
	expect_sequence(&expected);
	put32(&expected, NFS4_OP_PUTFH);
	put32(&expected, NFS4_OK);
	put32(&expected, NFS4_OP_REMOVE);
	put32(&expected, NFS4ERR_DELAY);
	assert_answer(&f, &expected, NFS4ERR_DELAY);
	fixture_end(&f);

	/* a SETATTR has a bitmap, also if it fails */
	put_usual(&arguments, 1);
	put32(&arguments, NFS4_OP_SETATTR);
	put_bytes(&arguments, stateid, sizeof(stateid));
	put_bitmap(&arguments, 0, 0);
	put32(&arguments, 0);
	start(&f, &arguments);
	f.request.call.statement = NO_STATEMENT;
	f.request.procedure->fail(&f.request, FS_ROFS);
	expect_head(&expected, FS_ROFS, 3);
	expect_sequence(&expected);
	put32(&expected, NFS4_OP_PUTFH);
	put32(&expected, NFS4_OK);
	put32(&expected, NFS4_OP_SETATTR);
	put32(&expected, FS_ROFS);
	put32(&expected, 0);
	assert_answer(&f, &expected, FS_ROFS);
	fixture_end(&f);

	put_head(&arguments, 1, 1);
	put_sequence(&arguments);
	start(&f, &arguments);
	f.request.call.statement = NO_STATEMENT;
	f.request.procedure->fail(&f.request, FS_JUKEBOX);
	assert_true(f.request.unanswered);
	fixture_end(&f);
}

/*
 * Replies.
 */

/* The call is answered with these results, and data beside them. */
static void
answer(struct fixture *f, const struct buffer *results, const void *data,
	   int32_t size)
{
	PGresult   *result = result_start();
	static struct buffer row;

	row_start(&row);
	column(&row, results->data, (int32_t) results->size);
	column(&row, data, size);
	column_null(&row);
	result_row(result, &row);
	f->request.call.result = result;
	f->request.call.statement = NO_STATEMENT;
	f->request.procedure->reply(&f->request, result);
}

static void
answered(struct fixture *f)
{
	PQclear(f->request.call.result);
	fixture_end(f);
}

/* What the database says to the operations that put_usual() has. */
static void
results_usual(struct buffer *b, uint32_t status, uint32_t count)
{
	b->size = 0;
	put32(b, status);
	put32(b, count);
	expect_sequence(b);
	put32(b, NFS4_OP_PUTFH);
	put32(b, NFS4_OK);
}

static void
expect_usual(struct buffer *b, uint32_t status, uint32_t count)
{
	expect_head(b, status, count);
	expect_sequence(b);
	put32(b, NFS4_OP_PUTFH);
	put32(b, NFS4_OK);
}

static void
test_getattr_reply(void **state)
{
	struct buffer b;
	struct buffer expected;
	struct fixture f;

	(void) state;
	put_usual(&b, 1);
	put32(&b, NFS4_OP_GETATTR);
	put_bitmap(&b, 1 | 1 << 19, 1 << 4);
	start(&f, &b);
	results_usual(&b, NFS4_OK, 3);
	put32(&b, NFS4_OP_GETATTR);
	put32(&b, NFS4_OK);
	put32(&b, 1 | 1 << 19);		/* supported_attrs, filehandle; owner */
	put32(&b, 1 << 4);
	put32(&b, 0);
	put32(&b, 12 + 4 + 5 + 4 + 3);
	put32(&b, 7);
	put32(&b, 0);
	put32(&b, 0);
	put32(&b, 5);
	put_bytes(&b, "abcde", 5);
	put32(&b, 3);
	put_bytes(&b, "100", 3);
	answer(&f, &b, NULL, -1);
	expect_usual(&expected, NFS4_OK, 3);
	put32(&expected, NFS4_OP_GETATTR);
	put32(&expected, NFS4_OK);
	put_bitmap(&expected, 1 | 1 << 19, 1 << 4);
	put32(&expected, 8 + 12 + 8);
	put32(&expected, 1);
	put32(&expected, 7);
	put_opaque(&expected, "abcde", 5);
	put_opaque(&expected, "100", 3);
	assert_answer(&f, &expected, NFS4_OK);
	answered(&f);
}

#define NAME_LEN 5

static void
put_readdir(struct buffer *b, uint32_t maxcount)
{
	put_usual(b, 1);
	put32(b, NFS4_OP_READDIR);
	put64(b, 0);
	put_bytes(b, verifier, sizeof(verifier));
	put32(b, 100);
	put32(b, maxcount);
	put_bitmap(b, 0, 0);
}

/* One entry: in a reply 44 bytes */
#define ENTRY_LEN (4 + 8 + 4 + 8 + 4 + 4 + 4 + 8)

static void
readdir(uint32_t maxcount, uint32_t status, uint32_t entries, bool eof)
{
	struct buffer b;
	struct buffer expected;
	struct fixture f;

	put_readdir(&b, maxcount);
	start(&f, &b);
	results_usual(&b, NFS4_OK, 3);
	put32(&b, NFS4_OP_READDIR);
	put32(&b, NFS4_OK);
	put_bytes(&b, verifier, sizeof(verifier));
	put32(&b, 3);
	for (uint32_t i = 0; i < 3; i++)
	{
		put64(&b, i + 3);
		put32(&b, NAME_LEN);
		put_bytes(&b, "file0", NAME_LEN);
		put32(&b, 1 << 20);		/* fileid */
		put32(&b, 0);
		put32(&b, 0);
		put32(&b, 8);
		put64(&b, i);
	}
	put32(&b, true);
	answer(&f, &b, NULL, -1);
	expect_usual(&expected, status, 3);
	put32(&expected, NFS4_OP_READDIR);
	put32(&expected, status);
	if (status == NFS4_OK)
	{
		put_bytes(&expected, verifier, sizeof(verifier));
		for (uint32_t i = 0; i < entries; i++)
		{
			put32(&expected, 1);
			put64(&expected, i + 3);
			put_opaque(&expected, "file0", NAME_LEN);
			put32(&expected, 1);
			put32(&expected, 1 << 20);
			put32(&expected, 8);
			put64(&expected, i);
		}
		put32(&expected, 0);
		put32(&expected, eof);
	}
	assert_answer(&f, &expected, status);
	answered(&f);
}

static void
test_readdir_reply(void **state)
{
	(void) state;
	readdir(16 + 3 * ENTRY_LEN, NFS4_OK, 3, true);
	readdir(16 + 3 * ENTRY_LEN - 1, NFS4_OK, 2, false);
	readdir(16 + ENTRY_LEN, NFS4_OK, 1, false);
	readdir(16 + ENTRY_LEN - 1, FS_TOOSMALL, 0, false);
	readdir(0, FS_TOOSMALL, 0, false);
}

static void
test_read_reply(void **state)
{
	static char data[5001] = "the data";
	struct buffer b;
	struct buffer expected;
	struct fixture f;
	bool		by_reference = false;

	(void) state;
	put_usual(&b, 2);
	put32(&b, NFS4_OP_READ);
	put_bytes(&b, stateid, sizeof(stateid));
	put64(&b, 0);
	put32(&b, 8192);
	put32(&b, NFS4_OP_GETFH);
	start(&f, &b);
	assert_true(f.request.call.result_size >= 8192);
	results_usual(&b, NFS4_OK, 4);
	put32(&b, NFS4_OP_READ);
	put32(&b, NFS4_OK);
	put32(&b, true);
	put32(&b, NFS4_DATA_BESIDE);
	put32(&b, sizeof(data));
	put32(&b, NFS4_OP_GETFH);
	put32(&b, NFS4_OK);
	put32(&b, 3);
	put_bytes(&b, "xyz", 3);
	answer(&f, &b, data, sizeof(data));
	for (int i = 0; i < f.request.reply_pieces; i++)
		if (f.request.reply[i].iov_len == sizeof(data))
			by_reference = true;
	assert_true(by_reference);
	expect_usual(&expected, NFS4_OK, 4);
	put32(&expected, NFS4_OP_READ);
	put32(&expected, NFS4_OK);
	put32(&expected, true);
	put_opaque(&expected, data, sizeof(data));
	put32(&expected, NFS4_OP_GETFH);
	put32(&expected, NFS4_OK);
	put_opaque(&expected, "xyz", 3);
	assert_answer(&f, &expected, NFS4_OK);
	answered(&f);
}

static void
test_denied_reply(void **state)
{
	struct buffer b;
	struct buffer expected;
	struct fixture f;

	(void) state;
	put_usual(&b, 2);
	put32(&b, NFS4_OP_LOCKT);
	put32(&b, 2);
	put64(&b, 10);
	put64(&b, 20);
	put64(&b, 30);
	put_opaque(&b, "me", 2);
	put32(&b, NFS4_OP_GETFH);
	start(&f, &b);
	results_usual(&b, NFS4ERR_DENIED, 3);
	put32(&b, NFS4_OP_LOCKT);
	put32(&b, NFS4ERR_DENIED);
	put64(&b, 1);
	put64(&b, 2);
	put32(&b, 2);
	put64(&b, 4);
	put32(&b, 5);
	put_bytes(&b, "owner", 5);
	answer(&f, &b, NULL, -1);
	expect_usual(&expected, NFS4ERR_DENIED, 3);
	put32(&expected, NFS4_OP_LOCKT);
	put32(&expected, NFS4ERR_DENIED);
	put64(&expected, 1);
	put64(&expected, 2);
	put32(&expected, 2);
	put64(&expected, 4);
	put_opaque(&expected, "owner", 5);
	assert_answer(&f, &expected, FS_DENIED);
	answered(&f);
}

/* Head, blocks and tail of a WRITE are one result. */
static void
test_write_in_parts(void **state)
{
	struct buffer b;
	struct buffer expected;
	struct fixture f;
	struct nfs4_args *args;
	size_t		at;

	(void) state;
	put_usual(&b, 2);
	put32(&b, NFS4_OP_WRITE);
	put_bytes(&b, stateid, sizeof(stateid));
	put64(&b, 1000);
	put32(&b, 2);
	put_opaque(&b, "headblocktail", 13);
	put32(&b, NFS4_OP_GETFH);
	start(&f, &b);
	args = f.request.args;
	nfs4_write_blocks(&args->compound, 4, 9, 17,
					  (struct bytes) {"packed", 6});
	nfs4_send(&f.request);
	packed_usual(&expected);
	at = begin(&expected, NFS4_OP_WRITE);
	put_bytes(&expected, stateid, sizeof(stateid));
	put64(&expected, 1000);
	put32(&expected, 2);
	put32(&expected, NFS4_DATA_BESIDE);
	put32(&expected, 4);
	end(&expected, at);
	at = begin(&expected, NFS4_OP_WRITE_BLOCKS);
	put_bytes(&expected, stateid, sizeof(stateid));
	put64(&expected, 1004);
	put32(&expected, 2);
	put32(&expected, 17);
	put32(&expected, 6);
	put_bytes(&expected, "packed", 6);
	end(&expected, at);
	at = begin(&expected, NFS4_OP_WRITE);
	put_bytes(&expected, stateid, sizeof(stateid));
	put64(&expected, 1009);
	put32(&expected, 2);
	put32(&expected, NFS4_DATA_HERE);
	put32(&expected, 4);
	put_bytes(&expected, "tail", 4);
	end(&expected, at);
	at = begin(&expected, NFS4_OP_GETFH);
	end(&expected, at);
	assert_program(&f, &expected);
	assert_int_equal(f.request.call.lengths[1], 4);
	assert_memory_equal(f.request.call.values[1], "head", 4);

	results_usual(&b, NFS4_OK, 6);
	for (uint32_t i = 0; i < 3; i++)
	{
		put32(&b, NFS4_OP_WRITE);
		put32(&b, NFS4_OK);
		put32(&b, i == 1 ? 5 : 4);
		put32(&b, i == 1 ? 1 : 2);
		put_bytes(&b, verifier, sizeof(verifier));
	}
	put32(&b, NFS4_OP_GETFH);
	put32(&b, NFS4_OK);
	put32(&b, 3);
	put_bytes(&b, "xyz", 3);
	answer(&f, &b, NULL, -1);
	expect_usual(&expected, NFS4_OK, 4);
	put32(&expected, NFS4_OP_WRITE);
	put32(&expected, NFS4_OK);
	put32(&expected, 13);
	put32(&expected, 1);
	put_bytes(&expected, verifier, sizeof(verifier));
	put32(&expected, NFS4_OP_GETFH);
	put32(&expected, NFS4_OK);
	put_opaque(&expected, "xyz", 3);
	assert_answer(&f, &expected, NFS4_OK);
	answered(&f);
}

/* Results that end early, or are those of another operation. */
static void
test_malformed_results(void **state)
{
	struct buffer whole;

	(void) state;
	results_usual(&whole, NFS4_OK, 3);
	put32(&whole, NFS4_OP_GETFH);
	put32(&whole, NFS4_OK);
	put32(&whole, 4);
	put_bytes(&whole, "abcd", 4);
	for (size_t size = 0; size <= whole.size; size++)
	{
		struct buffer b;
		struct fixture f;

		put_usual(&b, 1);
		put32(&b, NFS4_OP_GETFH);
		start(&f, &b);
		b = whole;
		b.size = size;
		if (size == whole.size)
			b.data[whole.size - 13] = NFS4_OP_GETATTR;
		answer(&f, &b, NULL, -1);
		assert_int_equal(f.request.status, FS_SERVERFAULT);
		assert_true(request_finish_reply(&f.request));
		answered(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_head),
		cmocka_unit_test(test_bitmaps),
		cmocka_unit_test(test_attribute_values),
		cmocka_unit_test(test_operations_that_are_none),
		cmocka_unit_test(test_short_arguments),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_answers_at_once),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_getattr_reply),
		cmocka_unit_test(test_readdir_reply),
		cmocka_unit_test(test_read_reply),
		cmocka_unit_test(test_denied_reply),
		cmocka_unit_test(test_write_in_parts),
		cmocka_unit_test(test_malformed_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
