/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm_granted.c
 *	  GRANTED, and the answer to it.
 *
 * GRANTED is what a server calls: a lock that its client waits for is there.  A
 * gateway waits for no lock of another server, so it refuses the grant, which
 * makes that server release the lock.
 *
 * GRANTED_RES is how a client answers a GRANTED_MSG.  The cookie says which
 * grant that was, and only the client that it was made for can send it
 * (nlm_wait.h).
 */
#include "core/worker.h"
#include "db/database.h"
#include "wire/nlm.h"
#include "wire/nlm_wait.h"

static void
granted_send(struct request *request)
{
	nlm_reply(request, nlm_outcome(request, NLM_OUTCOME_DENIED));
}

static void
granted_res_send(struct request *request)
{
	const struct nlm_args *args = request->args;
	const struct worker *worker = request->worker;
	int			store;
	int64_t		grant;
	struct parameters p;

	if (!nlm_grant_cookie_read(args->cookie, request->peer, &store, &grant) ||
		store >= worker->database_count)
	{
		nlm_void_reply(request);
		return;
	}
	p = parameters_begin(request, STATEMENT_GRANT_TOLD, (struct bytes) {0});
	request->call.pool = &worker->databases[store].pool;
	parameters_int8(&p, grant);
	parameters_bool(&p, args->status == NLM_GRANTED);
	parameters_end(&p);
}

static void
granted_res_reply(struct request *request, const PGresult *result)
{
	struct nlm_result out;

	if (nlm_result(request, result, &out))
		nlm_void_reply(request);
}

const struct procedure nlm_granted = {
	.name = "GRANTED",
	.decode = nlm_test_decode,
	.send = granted_send,
	.fail = nlm_fail,
};

const struct procedure nlm_granted_msg = {
	.name = "GRANTED_MSG",
	.decode = nlm_test_decode,
	.send = granted_send,
	.fail = nlm_fail,
};

const struct procedure nlm_granted_res = {
	.name = "GRANTED_RES",
	.changes = true,
	.decode = nlm_result_decode,
	.send = granted_res_send,
	.reply = granted_res_reply,
	.fail = nlm_fail_void,
};
