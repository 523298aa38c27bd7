/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm_message.c
 *	  The procedures called _MSG, whose results go out as calls.
 *
 * A client that calls LOCK_MSG gets a reply without results, and then a call of
 * LOCK_RES with what the reply to a LOCK would have been; the same holds for
 * TEST, CANCEL, UNLOCK and GRANTED.  It finds the request by the cookie.
 *
 * If the call does not arrive, the client sends its message again, as it does
 * when the message itself is lost.  So it is made once, and its reply is not
 * waited for.
 */
#include "core/call_back.h"
#include "core/client.h"
#include "wire/nlm.h"

/* From a message to its answer: LOCK_MSG is 7, LOCK_RES 12. */
#define RES_BEHIND_MSG (NLMPROC_TEST_RES - NLMPROC_TEST_MSG)

bool
nlm_is_message(const struct request *request)
{
	return request->procedure_number >= NLMPROC_TEST_MSG &&
		request->procedure_number <= NLMPROC_GRANTED_MSG;
}

void
nlm_message_reply(struct request *request, struct bytes results)
{
	struct call_back what = {
		.peer = *request->peer,
		.local = client_local(request->client),
		.udp = door_is_udp(request->client->door),
		.program = request->program->number,
		.version = request->program->version,
		.procedure = request->procedure_number + RES_BEHIND_MSG,
		.arguments = results,
	};

	(void) call_back(request->worker, &what);
	nlm_void_reply(request);
}
