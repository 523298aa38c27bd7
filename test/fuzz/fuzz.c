/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz.c
 *	  What the fuzz targets share: see fuzz.h.
 */
#include "fuzz.h"

#include "db/batch.h"
#include "db/call.h"
#include "base/log.h"
#include "core/call_back.h"
#include "wire/rpc.h"
#include "core/serve.h"
#include "db/statements.h"
#include "wire/nlm.h"

#include <stdarg.h>

/* test/gateway/lib_check.c, which knows libnfs */
extern void cross_check(uint32_t program, uint32_t version,
						uint32_t procedure,
						const void *results, size_t size);
extern void bail_out(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

void
fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

void
bail_out(const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

/*
 * Input and output
 */

struct bytes
input_bytes(struct input *in, size_t size)
{
	struct bytes bytes;

	if (size > in->left)
		size = in->left;
	bytes = (struct bytes) {(const char *) in->at, (uint32_t) size};
	if (size > 0)
	{
		in->at += size;
		in->left -= size;
	}
	return bytes;
}

uint8_t
input_8(struct input *in)
{
	struct bytes byte = input_bytes(in, 1);

	return byte.size == 1 ? (uint8_t) byte.data[0] : 0;
}

uint16_t
input_16(struct input *in)
{
	uint16_t	high = input_8(in);

	return (uint16_t) (high << 8 | input_8(in));
}

void
put_bytes(struct buffer *b, const void *data, size_t size)
{
	CHECK(b->size + size <= sizeof(b->data));
	if (size > 0)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

void
put_8(struct buffer *b, uint8_t value)
{
	put_bytes(b, &value, 1);
}

void
put_32(struct buffer *b, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		put_8(b, (uint8_t) (value >> shift));
}

void
put_64(struct buffer *b, uint64_t value)
{
	put_32(b, (uint32_t) (value >> 32));
	put_32(b, (uint32_t) value);
}

void
put_opaque(struct buffer *b, const void *data, uint32_t size)
{
	put_32(b, size);
	put_bytes(b, data, size);
	put_bytes(b, "\0\0\0", (4 - size % 4) % 4);
}

/*
 * Results
 */

#define FAKE_ROWS_MAX 64

struct fake_result
{
	int			count;
	struct bytes rows[FAKE_ROWS_MAX];
};

int			fake_results;

PGresult   *
fake_result_new(void)
{
	struct fake_result *result = calloc(1, sizeof(*result));

	CHECK(result != NULL);
	fake_results++;
	return (PGresult *) result;
}

void
fake_result_add(PGresult *to, const void *row, size_t size)
{
	struct fake_result *result = (struct fake_result *) to;
	char	   *copy;

	if (result->count == FAKE_ROWS_MAX)
		return;
	copy = malloc(size);
	CHECK(copy != NULL);
	if (size > 0)
		memcpy(copy, row, size);
	result->rows[result->count++] = (struct bytes) {copy, (uint32_t) size};
}

extern int	__wrap_PQntuples(const PGresult *result);
extern char *__wrap_PQgetvalue(const PGresult *result, int row, int column);
extern int	__wrap_PQgetlength(const PGresult *result, int row, int column);
extern void __wrap_PQclear(PGresult *result);

int
__wrap_PQntuples(const PGresult *result)
{
	return ((const struct fake_result *) result)->count;
}

static struct bytes
row_of(const PGresult *from, int row, int column)
{
	const struct fake_result *result = (const struct fake_result *) from;

	CHECK(column == 0 && row >= 0 && row < result->count);
	return result->rows[row];
}

char *
__wrap_PQgetvalue(const PGresult *result, int row, int column)
{
	return (char *) (uintptr_t) row_of(result, row, column).data;
}

int
__wrap_PQgetlength(const PGresult *result, int row, int column)
{
	return (int) row_of(result, row, column).size;
}

void
__wrap_PQclear(PGresult *cleared)
{
	struct fake_result *result = (struct fake_result *) cleared;

	if (result == NULL)
		return;
	for (int i = 0; i < result->count; i++)
		free((char *) (uintptr_t) result->rows[i].data);
	free(result);
	fake_results--;
}

/*
 * Checks
 */

/* Reads all of it, for AddressSanitizer to see. */
static void
touch(const char *data, size_t size)
{
	const volatile char *at = data;

	for (size_t i = 0; i < size; i++)
		(void) at[i];
}

void
check_call(const struct call *call)
{
	CHECK(call->statement >= 0 && call->statement < statement_count);
	for (int i = 0; i < statements[call->statement].nparams; i++)
	{
		CHECK(call->lengths[i] >= 0);
		CHECK(call->values[i] != NULL || call->lengths[i] == 0);
		if (call->values[i] != NULL)
			touch(call->values[i], (size_t) call->lengths[i]);
	}
	CHECK(call->lock_count >= 0 && call->lock_count <= 2);
	CHECK(call->changes || call->lock_count == 0);
	for (int i = 0; i < call->lock_count; i++)
		touch(call->locks[i].data, call->locks[i].size);
	CHECK(call_size(call) >= call->result_size);
	CHECK(call->result_size <= 8 * 1024 * 1024);
}

uint32_t
procedure_number(const struct request *request)
{
	return request->procedure_number;
}

static uint32_t
word(const char *at)
{
	const uint8_t *byte = (const uint8_t *) at;

	return (uint32_t) byte[0] << 24 | (uint32_t) byte[1] << 16 |
		(uint32_t) byte[2] << 8 | byte[3];
}

long
check_reply_bytes(const void *reply, size_t size,
				  const struct program *program, uint32_t procedure)
{
	const char *at = reply;

	CHECK(size >= 5 * 4);
	CHECK(word(at) == (RECORD_LAST | (uint32_t) (size - 4)));
	CHECK(word(at + 8) == REPLY);
	if (word(at + 12) == MSG_DENIED)
	{
		CHECK(size == (word(at + 16) == RPC_MISMATCH ? 28 : 24));
		return -1;
	}
	CHECK(word(at + 12) == MSG_ACCEPTED && size >= RPC_SUCCESS_SIZE);
	CHECK(word(at + 16) == AUTH_NONE && word(at + 20) == 0);
	if (word(at + 24) != SUCCESS)
	{
		CHECK(word(at + 24) <= SYSTEM_ERR);
		CHECK(size == (word(at + 24) == PROG_MISMATCH ? 36 : 28));
		return -1;
	}
	if (program != NULL)
		cross_check(program->number, program->version, procedure,
					at + RPC_SUCCESS_SIZE, size - RPC_SUCCESS_SIZE);
	return (long) (size - RPC_SUCCESS_SIZE);
}

long
check_reply(struct request *request)
{
	char	   *whole;
	size_t		size = 0;
	long		results;

	if (request->unanswered)
	{
		CHECK(!request_finish_reply(request));
		return -1;
	}
	CHECK(request_finish_reply(request));
	whole = malloc(request->reply_size);
	CHECK(whole != NULL);
	for (int i = 0; i < request->reply_pieces; i++)
	{
		const struct iovec *piece = &request->reply[i];

		CHECK(size + piece->iov_len <= request->reply_size);
		memcpy(whole + size, piece->iov_base, piece->iov_len);
		size += piece->iov_len;
	}
	CHECK(size == request->reply_size);
	CHECK(word(whole + 4) == request->xid);
	results = check_reply_bytes(whole, size, request->program,
								procedure_number(request));
	free(whole);
	return results;
}

/*
 * Calls to clients are not made.  What they say is the result of the procedure
 * whose message they answer.
 */
extern bool __wrap_call_back(struct worker *worker,
							 const struct call_back *what);

bool
__wrap_call_back(struct worker *worker, const struct call_back *what)
{
	CHECK(worker != NULL);
	CHECK(what->arguments.size <= CALL_BACK_ARGUMENTS_MAX &&
		  what->arguments.size % 4 == 0);
	CHECK(what->procedure > NLMPROC_GRANTED_MSG &&
		  what->procedure <= NLMPROC_GRANTED_RES);
	cross_check(what->program, what->version,
				what->procedure - (NLMPROC_TEST_RES - NLMPROC_TEST),
				what->arguments.data, what->arguments.size);
	return true;
}

/* Nor are waiting clients looked for. */
extern void __wrap_grants_look(struct database *database);

void
__wrap_grants_look(struct database *database)
{
	CHECK(database != NULL);
}

/* Nobody reads the log of a fuzz target. */
int
LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void) argc;
	(void) argv;
	log_level = LOG_LEVEL_ERROR;
	return 0;
}
