/* SPDX-License-Identifier: PostgreSQL */
/*
 * wire.h
 *	  For unit tests of procedures: a request without a client, arguments as
 *	  bytes, results as rows, the reply as bytes.
 *
 * The rows are PGresults made by libpq's own functions for that; no server is
 * involved.
 */
#ifndef WIRE_H
#define WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cmocka has a macro of this name, procedures a member */
#undef fail

#include "db/database.h"
#include "wire/programs.h"
#include "core/request.h"
#include "core/serve.h"

/* Bytes being written, big-endian. */
struct buffer
{
	unsigned char data[65536];
	size_t		size;
};

static inline void
put_bytes(struct buffer *b, const void *data, size_t size)
{
	assert_true(b->size + size <= sizeof(b->data));
	if (size > 0)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

static inline void
put8(struct buffer *b, uint8_t value)
{
	put_bytes(b, &value, 1);
}

static inline void
put32(struct buffer *b, uint32_t value)
{
	unsigned char bytes[4] = {(unsigned char) (value >> 24),
		(unsigned char) (value >> 16), (unsigned char) (value >> 8),
	(unsigned char) value};

	put_bytes(b, bytes, 4);
}

static inline void
put64(struct buffer *b, uint64_t value)
{
	put32(b, (uint32_t) (value >> 32));
	put32(b, (uint32_t) value);
}

/* XDR: opaque<> with its padding */
static inline void
put_opaque(struct buffer *b, const void *data, uint32_t size)
{
	put32(b, size);
	put_bytes(b, data, size);
	put_bytes(b, "\0\0\0", (4 - size % 4) % 4);
}

/*
 * A composite in binary form: row_start, columns, and it is done; the number
 * of columns is counted as they come.
 */
static inline void
row_start(struct buffer *b)
{
	b->size = 0;
	put32(b, 0);
}

static inline void
column(struct buffer *b, const void *data, int32_t size)
{
	put32(b, 17);
	put32(b, (uint32_t) size);
	if (size > 0)
		put_bytes(b, data, (size_t) size);
	b->data[3]++;
}

static inline void
column_null(struct buffer *b)
{
	column(b, NULL, -1);
}

static inline void
column_text(struct buffer *b, const char *text)
{
	column(b, text, (int32_t) strlen(text));
}

static inline void
column_int4(struct buffer *b, uint32_t value)
{
	struct buffer number = {.size = 0};

	put32(&number, value);
	column(b, number.data, 4);
}

static inline void
column_int8(struct buffer *b, uint64_t value)
{
	struct buffer number = {.size = 0};

	put64(&number, value);
	column(b, number.data, 8);
}

static inline void
column_bool(struct buffer *b, bool value)
{
	char		byte = value;

	column(b, &byte, 1);
}

/*
 * Attributes of a recognizable file: every field is `seed` plus its number,
 * so that a field in another's place is seen.  The same in the form of the
 * database and in that of the wire.
 */
static inline void
put_fattr(struct buffer *b, uint32_t seed)
{
	put32(b, 1);				/* kind */
	for (uint32_t i = 1; i <= 4; i++)	/* mode, nlink, uid, gid */
		put32(b, seed + i);
	put64(b, ((uint64_t) seed << 32) + 5);	/* size, used */
	put64(b, ((uint64_t) seed << 32) + 6);
	put32(b, seed + 7);			/* major, minor */
	put32(b, seed + 8);
	put64(b, ((uint64_t) seed << 32) + 9);	/* fsid, fileid */
	put64(b, ((uint64_t) seed << 32) + 10);
	for (uint32_t i = 11; i <= 13; i++)	/* atime, mtime, ctime */
		put64(b, (uint64_t) (seed + i) * 1000000000 + i);
}

static inline void
put_fattr3(struct buffer *b, uint32_t seed)
{
	put32(b, 1);
	for (uint32_t i = 1; i <= 4; i++)
		put32(b, seed + i);
	put64(b, ((uint64_t) seed << 32) + 5);
	put64(b, ((uint64_t) seed << 32) + 6);
	put32(b, seed + 7);
	put32(b, seed + 8);
	put64(b, ((uint64_t) seed << 32) + 9);
	put64(b, ((uint64_t) seed << 32) + 10);
	for (uint32_t i = 11; i <= 13; i++)
	{
		put32(b, seed + i);
		put32(b, i);
	}
}

static inline void
column_fattr(struct buffer *b, uint32_t seed)
{
	struct buffer value = {.size = 0};

	put_fattr(&value, seed);
	column(b, value.data, (int32_t) value.size);
}

static inline void
column_wcc(struct buffer *b, bool before, bool after, uint32_t seed)
{
	struct buffer value = {.size = 0};

	put8(&value, before);
	if (before)
	{
		put64(&value, seed);
		put64(&value, (uint64_t) seed * 1000000000 + 1);
		put64(&value, (uint64_t) seed * 1000000000 + 2);
	}
	put8(&value, after);
	if (after)
		put_fattr(&value, seed);
	column(b, value.data, (int32_t) value.size);
}

static inline void
put_wcc_data(struct buffer *b, bool before, bool after, uint32_t seed)
{
	put32(b, before);
	if (before)
	{
		put64(b, seed);
		put32(b, seed);
		put32(b, 1);
		put32(b, seed);
		put32(b, 2);
	}
	put32(b, after);
	if (after)
		put_fattr3(b, seed);
}

/*
 * Results
 */
static inline PGresult *
result_start(void)
{
	PGresAttDesc column_description = {.name = "f", .format = 1};
	PGresult   *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	assert_non_null(result);
	assert_true(PQsetResultAttrs(result, 1, &column_description));
	return result;
}

static inline void
result_row(PGresult *result, const struct buffer *row)
{
	assert_true(PQsetvalue(result, PQntuples(result), 0, (char *) row->data,
						   (int) row->size));
}

/*
 * A request for a procedure.  The arguments are in a block of exactly their
 * size, so that AddressSanitizer sees a read beyond them.
 */
struct fixture
{
	struct request request;
	struct database database;	/* which knows of no share */
	struct worker worker;		/* that there is one store is all it tells */
	char		memory[4096];
	char	   *record;
};

static inline void
fixture_start(struct fixture *f, const struct program *program,
			  uint32_t procedure)
{
	memset(f, 0, sizeof(*f));
	region_init(&f->request.region, f->memory, sizeof(f->memory));
	f->request.worker = &f->worker;
	f->worker.database_count = 1;
	f->request.program = program;
	f->request.procedure = program->procedures[procedure];
	f->request.procedure_number = procedure;
	f->request.xid = 0x12345678;
	f->request.caller = (struct bytes) {"caller", 6};
	f->request.call.statement = NO_STATEMENT;
	f->request.call.owner = &serve_calls;
	f->request.call.pool = &f->database.pool;
	f->request.io.call = &f->request.call;
	f->database.worker = &f->worker;
}

static inline void
fixture_end(struct fixture *f)
{
	region_reset(&f->request.region);
	free(f->record);
}

static inline bool
decode(struct fixture *f, const void *arguments, size_t size)
{
	XDR			xdr;

	free(f->record);
	f->record = malloc(size ? size : 1);
	assert_non_null(f->record);
	if (size > 0)
		memcpy(f->record, arguments, size);
	xdrmem_create(&xdr, f->record, (u_int) size, XDR_DECODE);
	return f->request.procedure->decode(&f->request, &xdr);
}

/* The results in the reply, without the RPC header. */
static inline void
collect(struct fixture *f, struct buffer *results)
{
	size_t		skip = 28;		/* record mark, header of a success */

	results->size = 0;
	assert_true(request_finish_reply(&f->request));
	for (int i = 0; i < f->request.reply_pieces; i++)
	{
		assert_true(f->request.reply[i].iov_len >= skip);
		put_bytes(results, (char *) f->request.reply[i].iov_base + skip,
				  f->request.reply[i].iov_len - skip);
		skip = 0;
	}
}

static inline void
assert_results(struct fixture *f, const struct buffer *expected)
{
	struct buffer results;

	collect(f, &results);
	assert_int_equal(results.size, expected->size);
	assert_memory_equal(results.data, expected->data, expected->size);
}

/*
 * Is parameter i the caller?  A call of the change lane also says which one it
 * is; the fixture's request has no arguments to make a checksum of.
 */
static inline void
assert_caller(const struct call *call, int i, uint32_t xid)
{
	bool		identified = statements[call->statement].lane == LANE_CHANGE;
	const unsigned char *value = (const unsigned char *) call->values[i];
	const unsigned char expected[] = {
		'c', 'a', 'l', 'l', 0, 1, (unsigned char) (xid >> 24),
		(unsigned char) (xid >> 16), (unsigned char) (xid >> 8),
	(unsigned char) xid};

	assert_non_null(value);
	if (!identified)
	{
		assert_int_equal(call->lengths[i], 6);
		assert_memory_equal(value, "caller", 6);
		return;
	}
	assert_int_equal(call->lengths[i], 6 + 12);
	assert_memory_equal(value, expected, sizeof(expected));
}

#endif							/* WIRE_H */
