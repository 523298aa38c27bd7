/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz_rows.c
 *	  Results of every procedure: from rows of the database to the reply.
 *
 * The database is our own, but a gateway may meet an extension of another
 * version, and people may write a file's attributes by hand: whatever the
 * rows hold, the reply is well formed, libnfs reads it, and a directory's
 * page is not larger than the client asked for.
 *
 * Input: which procedure, a number that its arguments are made of; then rows,
 * each with its length (16 bits) in front.
 */
#include "fuzz.h"

#include "db/connection.h"
#include "db/database.h"
#include "nfs3.h"
#include "core/client.h"
#include "core/serve.h"
#include "core/worker.h"

/* Two databases, of which nothing is known: lists are asked of both. */
static struct connection ready = {.state = CONNECTION_READY};
static struct database databases[2];
static struct worker worker = {.databases = databases};
static const struct peer peer = {.family = AF_INET, .address = {10, 0, 0, 7}};
static struct client client = {.event = {.fd = -1}};

/* The arguments, which the reply of some procedures looks at. */
static char *
decode_arguments(struct request *request, unsigned variant)
{
	struct buffer arguments = {.size = 0};
	char	   *record;
	XDR			xdr;

	seed_arguments(&arguments, request->program, procedure_number(request),
				   variant);
	if (request->program == &nfs3_program &&
		(procedure_number(request) == NFSPROC3_READDIR ||
		 procedure_number(request) == NFSPROC3_READDIRPLUS))
	{
		arguments.size -= 4;
		put_32(&arguments, variant);
	}
	record = malloc(arguments.size);
	CHECK(record != NULL);
	memcpy(record, arguments.data, arguments.size);
	xdrmem_create(&xdr, record, (u_int) arguments.size, XDR_DECODE);
	CHECK(request->procedure->decode(request, &xdr));
	return record;
}

static PGresult *
take_rows(struct input *in)
{
	PGresult   *result = fake_result_new();

	while (in->left > 0)
	{
		struct bytes row = input_bytes(in, input_16(in));

		fake_result_add(result, row.data, row.size);
	}
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint32_t	procedure;
	const struct program *program = seed_program(input_8(&in), &procedure);
	uint16_t	variant = input_16(&in);
	struct request request = {.program = program,
							  .procedure = program->procedures[procedure],
							  .procedure_number = procedure,
							  .xid = 0x12345678, .peer = &peer,
							  .worker = &worker,
							  .client = &client,
							  .caller = {"caller", 6}};
	char	   *record;
	char		memory[8];
	long		results;

	if (procedure == 0 || program->procedures[procedure]->reply == NULL)
		return 0;
	worker.database_count = 1 + variant % 2;
	request.call.owner = &serve_calls;
	request.call.pool = &databases[0].pool;
	request.io.call = &request.call;
	for (int i = 0; i < LANES; i++)
	{
		databases[1].pool.lanes[i].connections = &ready;
		databases[1].pool.lanes[i].max = 1;
		databases[1].pool.lanes[i].opened = 1;
	}
	region_init(&request.region, memory, 0);
	request.call.statement = NO_STATEMENT;
	record = decode_arguments(&request, variant);
	request.call.result = take_rows(&in);
	request.procedure->reply(&request, request.call.result);

	/* From the other database comes the same. */
	if (program != &nfs3_program && request.call.statement != NO_STATEMENT)
	{
		check_call(&request.call);
		reply_reset(&request);
		request.call.statement = NO_STATEMENT;
		request.procedure->reply(&request, request.call.result);
	}

	/* A second call may be needed; that of a READ is. */
	if (request.call.statement != NO_STATEMENT)
	{
		check_call(&request.call);
		reply_reset(&request);
		request.call.statement = NO_STATEMENT;
		request.procedure->fail(&request, NFS3ERR_IO);
	}
	results = check_reply(&request);
	if (program == &nfs3_program && request.status == NFS3_OK &&
		(procedure == NFSPROC3_READDIR || procedure == NFSPROC3_READDIRPLUS))
		CHECK(results - 4 <= variant);

	region_reset(&request.region);
	PQclear(request.call.result);
	CHECK(fake_results == 0);
	free(record);
	return 0;
}
