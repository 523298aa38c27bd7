/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz_arguments.c
 *	  Arguments of every procedure: from bytes to the call's parameters, and
 *	  the reply when the call fails.
 *
 * The bytes lie in a block of exactly their size, and so does each piece of the
 * request's region.  What decodes must not depend on what follows: with more
 * bytes behind them, which are tolerated, the arguments make the same call.
 *
 * Input: which procedure, then its arguments.
 */
#include "fuzz.h"

#include "db/parameters.h"
#include "wire/rpc.h"
#include "core/client.h"
#include "core/serve.h"
#include "core/worker.h"

static const struct config config = {.port = 12049, .by_udp = true,
	.portmapper = true, .portmapper_port = 111};
static struct worker worker = {.config = &config, .by_ipv4 = true};
/* It knows of no share. */
static struct database database = {.worker = &worker};
static const struct peer peer = {.family = AF_INET, .address = {10, 0, 0, 7}};
static struct client client = {.event = {.fd = -1}};

struct trial
{
	struct request request;
	char		memory[64];		/* the region's first chunk: none to speak of */
	char	   *record;
};

static void
trial_start(struct trial *trial, const struct program *program,
			uint32_t procedure)
{
	memset(trial, 0, sizeof(*trial));
	region_init(&trial->request.region, trial->memory, 0);
	trial->request.program = program;
	trial->request.procedure = program->procedures[procedure];
	trial->request.procedure_number = procedure;
	trial->request.xid = 0x12345678;
	trial->request.peer = &peer;
	trial->request.client = &client;
	trial->request.call.owner = &serve_calls;
	trial->request.call.pool = &database.pool;
	trial->request.io.call = &trial->request.call;
	worker.databases = &database;
	worker.database_count = 1;
	trial->request.worker = &worker;
	trial->request.caller = (struct bytes) {"caller", 6};
	trial->request.call.statement = NO_STATEMENT;
}

static bool
trial_decode(struct trial *trial, struct bytes arguments, size_t extra)
{
	size_t		size = arguments.size + extra;
	XDR			xdr;

	trial->record = malloc(size);
	CHECK(trial->record != NULL);
	memcpy(trial->record, arguments.data, arguments.size);
	memset(trial->record + arguments.size, 0xff, extra);
	trial->request.arguments = (struct bytes) {trial->record, (uint32_t) size};
	xdrmem_create(&xdr, trial->record, (u_int) size, XDR_DECODE);
	return trial->request.procedure->decode(&trial->request, &xdr);
}

static void
trial_end(struct trial *trial)
{
	region_reset(&trial->request.region);
	free(trial->record);
}

/* The same call?  The caller differs in the checksum of the arguments. */
static bool
same_call(const struct trial *a, const struct trial *b)
{
	const struct call *one = &a->request.call;
	const struct call *other = &b->request.call;

	if (one->statement != other->statement)
		return false;
	if (one->statement == NO_STATEMENT)
		return true;
	for (int i = 0; i < statements[one->statement].nparams; i++)
	{
		if ((one->values[i] == NULL) != (other->values[i] == NULL) ||
			one->lengths[i] != other->lengths[i])
			return false;
		if (one->values[i] != NULL && one->lengths[i] != 6 + 12 &&
			memcmp(one->values[i], other->values[i],
				   (size_t) one->lengths[i]) != 0)
			return false;
	}
	return one->lock_count == other->lock_count &&
		one->unstable == other->unstable &&
		one->result_size == other->result_size;
}

static void
fail_with(struct trial *trial, uint32_t status)
{
	trial->request.call.statement = NO_STATEMENT;
	trial->request.unanswered = false;
	reply_reset(&trial->request);
	trial->request.procedure->fail(&trial->request, status);
	check_reply(&trial->request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	uint32_t	procedure;
	const struct program *program = seed_program(input_8(&in), &procedure);
	struct bytes arguments = input_bytes(&in, in.left);
	struct trial trial;
	struct trial longer;

	if (procedure == 0)
		return 0;
	trial_start(&trial, program, procedure);
	if (!trial_decode(&trial, arguments, 0))
	{
		trial_end(&trial);
		return 0;
	}
	trial.request.procedure->send(&trial.request);

	trial_start(&longer, program, procedure);
	CHECK(trial_decode(&longer, arguments, 9));
	longer.request.procedure->send(&longer.request);
	CHECK(same_call(&trial, &longer));
	trial_end(&longer);

	if (trial.request.call.statement == NO_STATEMENT)
		check_reply(&trial.request);
	else
	{
		check_call(&trial.request.call);
		fail_with(&trial, FS_JUKEBOX);
		fail_with(&trial, FS_IO);
	}
	trial_end(&trial);
	return 0;
}
