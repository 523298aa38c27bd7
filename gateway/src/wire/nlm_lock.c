/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm_lock.c
 *	  LOCK, NM_LOCK, CANCEL, UNLOCK and TEST: locks of ranges.
 *
 * A LOCK that may wait is answered at once, with BLOCKED, and the database
 * remembers how its client is told when the lock is there (nlm_wait.h).  Until
 * then the client asks again now and then, which keeps its place in the queue.
 *
 * A client that asks for a lock again that it holds gets GRANTED.  So reclaim,
 * which clients set after a server has lost its locks, needs nothing special:
 * ours has not lost any.
 */
#include "core/client.h"
#include "wire/nlm.h"
#include "wire/nlm_wait.h"

/* What the range of all of them is told by. */
static void
put_range(struct parameters *p, const struct nlm_args *args)
{
	parameters_int8(p, (int64_t) args->offset);
	parameters_int8(p, (int64_t) args->length);
}

/* What GRANTED will need. */
static struct bytes
wait_bytes(struct request *request)
{
	const struct nlm_args *args = request->args;
	struct nlm_wait wait = {
		.version = request->program->version,
		.transport = door_is_udp(request->client->door) ?
			NLM_BY_UDP : NLM_BY_TCP,
		.local = client_local(request->client),
		.handle = args->handle,
		.caller_name = args->caller_name,
	};

	return nlm_wait_encode(&request->region, &wait);
}

static void
lock_send(struct request *request)
{
	const struct nlm_args *args = request->args;
	struct parameters p;

	if (!nlm_begin(request, STATEMENT_LOCK_RANGE, &p))
		return;
	put_range(&p, args);
	parameters_bool(&p, args->exclusive);
	if (args->block)
		parameters_bytes(&p, wait_bytes(request));
	else
		parameters_null(&p);
	parameters_end(&p);
}

/* Of a client that no NSM watches, and whose state means nothing. */
static void
nm_lock_send(struct request *request)
{
	struct nlm_args *args = request->args;

	args->state = 0;
	lock_send(request);
}

static void
unlock_send(struct request *request)
{
	struct parameters p;

	if (!nlm_begin(request, STATEMENT_UNLOCK_RANGE, &p))
		return;
	put_range(&p, request->args);
	parameters_end(&p);
}

/* TEST and CANCEL. */
static void
send_with_kind(struct request *request, enum statement_number statement)
{
	const struct nlm_args *args = request->args;
	struct parameters p;

	if (!nlm_begin(request, statement, &p))
		return;
	put_range(&p, args);
	parameters_bool(&p, args->exclusive);
	parameters_end(&p);
}

static void
cancel_send(struct request *request)
{
	send_with_kind(request, STATEMENT_CANCEL_LOCK);
}

static void
test_send(struct request *request)
{
	send_with_kind(request, STATEMENT_TEST_LOCK);
}

static void
test_reply(struct request *request, const PGresult *result)
{
	struct nlm_result out;
	enum nlm_status status;

	if (!nlm_result(request, result, &out))
		return;
	status = nlm_outcome(request, out.outcome);
	if (status == NLM_DENIED)
		nlm_reply_holder(request, &out);
	else
		nlm_reply(request, status);
}

const struct procedure nlm_lock = {
	.name = "LOCK",
	.changes = true,
	.once = true,
	.decode = nlm_lock_decode,
	.send = lock_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_nm_lock = {
	.name = "NM_LOCK",
	.changes = true,
	.once = true,
	.decode = nlm_lock_decode,
	.send = nm_lock_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_cancel = {
	.name = "CANCEL",
	.changes = true,
	.once = true,
	.decode = nlm_cancel_decode,
	.send = cancel_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_unlock = {
	.name = "UNLOCK",
	.changes = true,
	.once = true,
	.decode = nlm_unlock_decode,
	.send = unlock_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_test = {
	.name = "TEST",
	.decode = nlm_test_decode,
	.send = test_send,
	.reply = test_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_lock_msg = {
	.name = "LOCK_MSG",
	.changes = true,
	.once = true,
	.decode = nlm_lock_decode,
	.send = lock_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_cancel_msg = {
	.name = "CANCEL_MSG",
	.changes = true,
	.once = true,
	.decode = nlm_cancel_decode,
	.send = cancel_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_unlock_msg = {
	.name = "UNLOCK_MSG",
	.changes = true,
	.once = true,
	.decode = nlm_unlock_decode,
	.send = unlock_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_test_msg = {
	.name = "TEST_MSG",
	.decode = nlm_test_decode,
	.send = test_send,
	.reply = test_reply,
	.fail = nlm_fail,
};
