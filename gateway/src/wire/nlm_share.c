/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm_share.c
 *	  SHARE, UNSHARE and FREE_ALL: share modes of DOS, and the end of a client
 *	  that no NSM watches.
 *
 * A share says what its owner does with a file (access) and what no other owner
 * may do meanwhile (deny).  Shares conflict with shares; no READ or WRITE looks
 * at them.
 */
#include "wire/nlm.h"

static void
share_send(struct request *request)
{
	const struct nlm_args *args = request->args;
	struct parameters p;

	if (!nlm_begin(request, STATEMENT_SHARE_FILE, &p))
		return;
	parameters_int4(&p, args->access);
	parameters_int4(&p, args->deny);
	parameters_bool(&p, args->reclaim);
	parameters_end(&p);
}

static void
unshare_send(struct request *request)
{
	struct parameters p;

	if (nlm_begin(request, STATEMENT_UNSHARE_FILE, &p))
		parameters_end(&p);
}

static void
free_all_send(struct request *request)
{
	const struct nlm_args *args = request->args;
	struct bytes name;
	struct parameters p;

	/* A client of such a name has no lock. */
	if (!nlm_client_name(&request->region, args->caller_name, &name))
	{
		nlm_void_reply(request);
		return;
	}
	p = parameters_begin(request, STATEMENT_FREE_LOCKS, (struct bytes) {0});
	parameters_caller(&p);
	parameters_bytes(&p, name);
	parameters_int4(&p, args->state);
	parameters_end(&p);
}

/* All databases have a part in it. */
static void
free_all_reply(struct request *request, const PGresult *result)
{
	struct nlm_result out;

	if (!nlm_result(request, result, &out))
		return;
	if (nlm_next_store(request))
		free_all_send(request);
	else
		nlm_void_reply(request);
}

const struct procedure nlm_share = {
	.name = "SHARE",
	.changes = true,
	.once = true,
	.decode = nlm_share_decode,
	.send = share_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_unshare = {
	.name = "UNSHARE",
	.changes = true,
	.once = true,
	.decode = nlm_share_decode,
	.send = unshare_send,
	.reply = nlm_status_reply,
	.fail = nlm_fail,
};

const struct procedure nlm_free_all = {
	.name = "FREE_ALL",
	.changes = true,
	.once = true,
	.decode = nlm_notify_decode,
	.send = free_all_send,
	.reply = free_all_reply,
	.fail = nlm_fail_void,
};
