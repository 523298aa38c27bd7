/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz_nfs4.c
 *	  COMPOUND: from its arguments to a program, and from results to the reply.
 *
 * The program is well formed whatever a client sends, and takes memory in
 * proportion to that; so does a reply, whatever the database says.  Where there
 * is no result the reply tells a status, or there is none.
 *
 * Input: the length of the arguments (16 bits), arguments; the length of the
 * results (16 bits), results; and the rest is the data beside them.
 */
#include "fuzz.h"

#include "core/client.h"
#include "core/serve.h"
#include "core/worker.h"
#include "wire/nfs4.h"
#include "dittofs_contract.h"

#define PROCEDURE_COMPOUND 1

/* Bytes of memory: for each byte that comes in, and besides. */
#define MEMORY_FACTOR 16
#define MEMORY_FIXED 65536

#define PROGRAM_HEAD 32

/*
 * Pieces of a reply are three times TRANSFER_MAX in all, in memory that grows
 * by doubling, and once more if one of them fails.
 */
#define PIECES_MEMORY (8 * 3 * (size_t) TRANSFER_MAX)

static const struct config config = {.port = 12049};
static struct worker worker = {.config = &config};
/* It knows of no share. */
static struct database database = {.worker = &worker};
static const struct peer peer = {.family = AF_INET, .address = {10, 0, 0, 7}};
static struct client client = {.event = {.fd = -1}};

static uint32_t
word(const char *at)
{
	const uint8_t *byte = (const uint8_t *) at;

	return (uint32_t) byte[0] << 24 | (uint32_t) byte[1] << 16 |
		(uint32_t) byte[2] << 8 | byte[3];
}

/* As the database will look through it. */
static void
check_program(const struct call *call)
{
	const char *at = call->values[0];
	const char *end = at + call->lengths[0];
	uint32_t	count;

	CHECK(call->lengths[0] >= PROGRAM_HEAD);
	CHECK(word(at) == NFS4_PROGRAM_VERSION);
	count = word(at + PROGRAM_HEAD - 4);
	CHECK(count >= 1 && count <= NFS4_OPS_MAX);
	at += PROGRAM_HEAD;
	for (uint32_t i = 0; i < count; i++)
	{
		CHECK(end - at >= 8 && word(at + 4) <= (size_t) (end - at) - 8);
		CHECK(word(at) != NFS4_OP_FAIL || i == count - 1);
		at += 8 + word(at + 4);
	}
	CHECK(at == end);
}

/* A status, the tag, results, of which the last one alone may have failed. */
static void
check_answer(struct request *request, size_t came_in)
{
	const struct nfs4_args *args = request->args;
	size_t		most = MEMORY_FACTOR * came_in + MEMORY_FIXED;
	long		size;

	request->program = NULL;	/* libnfs knows nothing of this version */
	size = check_reply(request);
	request->program = &nfs4_program;
	CHECK(size < 0 || size % 4 == 0);
	CHECK(size < 0 || args->reply.count <= args->compound.count);
	if (args->piece != NULL || args->reply.pieces != NULL)
		most += PIECES_MEMORY;
	CHECK(request->region.held <= most);
}

static void
fail_with(struct request *request, uint32_t status, size_t came_in)
{
	request->call.statement = NO_STATEMENT;
	request->unanswered = false;
	reply_reset(request);
	request->procedure->fail(request, status);
	check_answer(request, came_in);
}

static void
put_column(struct buffer *row, struct bytes value)
{
	put_32(row, 17);
	put_32(row, value.size);
	put_bytes(row, value.data, value.size);
}

static void
answer(struct request *request, struct bytes results, struct bytes data,
	   size_t came_in)
{
	static struct buffer row;

	row.size = 0;
	put_32(&row, 3);
	put_column(&row, results);
	put_column(&row, data);
	put_32(&row, 20);
	put_32(&row, UINT32_MAX);
	request->call.result = fake_result_new();
	fake_result_add(request->call.result, row.data, row.size);
	request->call.statement = NO_STATEMENT;
	request->unanswered = false;
	reply_reset(request);
	request->procedure->reply(request, request->call.result);
	if (request->call.statement == NO_STATEMENT && request->io.waits == 0)
		check_answer(request, came_in);
	PQclear(request->call.result);
	CHECK(fake_results == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct bytes arguments = input_bytes(&in, input_16(&in));
	struct bytes results = input_bytes(&in, input_16(&in));
	struct bytes beside = input_bytes(&in, in.left);
	struct request request = {.program = &nfs4_program,
							  .procedure_number = PROCEDURE_COMPOUND,
							  .xid = 0x12345678, .peer = &peer,
							  .worker = &worker,
							  .client = &client,
							  .caller = {"caller", 6}};
	char		memory[8];
	char	   *record = malloc(arguments.size);

	CHECK(record != NULL);
	memcpy(record, arguments.data, arguments.size);
	request.procedure = nfs4_program.procedures[PROCEDURE_COMPOUND];
	request.arguments = (struct bytes) {record, arguments.size};
	request.call.owner = &serve_calls;
	request.call.pool = &database.pool;
	request.call.statement = NO_STATEMENT;
	request.io.call = &request.call;
	request.io.region = &request.region;
	worker.databases = &database;
	worker.database_count = 1;
	region_init(&request.region, memory, 0);
	if (request.procedure->decode(&request, NULL))
	{
		request.procedure->send(&request);
		if (request.call.statement == NO_STATEMENT)
			check_answer(&request, size);
		else
		{
			check_call(&request.call);
			check_program(&request.call);
			fail_with(&request, FS_JUKEBOX, size);
			fail_with(&request, FS_IO, size);
			answer(&request, results, beside, size);
		}
	}
	region_reset(&request.region);
	free(record);
	return 0;
}
