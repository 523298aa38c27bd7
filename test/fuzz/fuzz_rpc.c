/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz_rpc.c
 *	  The header of a call and its AUTH_SYS credential, then what is made of
 *	  them: the caller as a parameter, and refusals.
 *
 * The oracle is libtirpc's own decoder, which the gateway does not use: what
 * the gateway takes for a call, that must take for one too, and they must
 * agree on who calls.  The other way round they may differ, since a refusal
 * comes as soon as something is wrong.
 *
 * Input: a record.
 */
#include "fuzz.h"

#include "wire/programs.h"
#include "wire/rpc.h"

#include <rpc/auth_unix.h>
#include <rpc/rpc_msg.h>

static void
compare_credential(const struct rpc_call *call, const struct opaque_auth *auth)
{
	struct authunix_parms parms;
	XDR			xdr;

	if (call->credential.flavor != AUTH_SYS)
		return;
	memset(&parms, 0, sizeof(parms));
	xdrmem_create(&xdr, auth->oa_base, auth->oa_length, XDR_DECODE);
	CHECK(xdr_authunix_parms(&xdr, &parms));
	CHECK(call->credential.uid == parms.aup_uid);
	CHECK(call->credential.gid == parms.aup_gid);
	CHECK(call->credential.gid_count == parms.aup_len);
	for (uint32_t i = 0; i < parms.aup_len; i++)
		CHECK(call->credential.gids[i] == parms.aup_gids[i]);
	xdr_free((xdrproc_t) xdr_authunix_parms, &parms);
}

static void
compare_call(const struct rpc_call *call, const char *record, size_t size)
{
	struct rpc_msg message;
	char		credential[MAX_AUTH_BYTES];
	char		verifier[MAX_AUTH_BYTES];
	XDR			xdr;

	memset(&message, 0, sizeof(message));
	message.rm_call.cb_cred.oa_base = credential;
	message.rm_call.cb_verf.oa_base = verifier;
	xdrmem_create(&xdr, (char *) (uintptr_t) record, (u_int) size, XDR_DECODE);
	CHECK(xdr_callmsg(&xdr, &message));
	CHECK(xdr_getpos(&xdr) == call->arguments);
	CHECK(message.rm_xid == call->xid);
	CHECK(message.rm_call.cb_prog == call->program->number);
	CHECK(message.rm_call.cb_vers == call->program->version);
	CHECK(call->program->procedures[message.rm_call.cb_proc] ==
		  call->procedure);
	CHECK((uint32_t) message.rm_call.cb_cred.oa_flavor ==
		  call->credential.flavor);
	compare_credential(call, &message.rm_call.cb_cred);
}

/* Both families of addresses, in a block of exactly the size promised. */
static void
encode_caller(const struct rpc_call *call)
{
	struct peer peer = {.address = "0123456789abcde", .port = 871};
	struct arrival arrival = {1, 2, 3};
	char	   *caller = malloc(CALLER_LEN_MAX);

	CHECK(caller != NULL);
	for (int i = 0; i < 2; i++)
	{
		size_t		size;

		peer.family = i == 0 ? AF_INET : AF_INET6;
		size = rpc_encode_caller(caller, &call->credential, &peer);
		CHECK(size ==
			  22 + (i == 0 ? 4u : 16u) + 4 * call->credential.gid_count);
		CHECK(rpc_identify_call(caller, size, call->xid, 1, NULL) == size + 12);
		CHECK(rpc_identify_call(caller, size, call->xid, 1, &arrival) ==
			  size + 36);
	}
	free(caller);
}

static void
encode_refusal(const struct rpc_call *call, const struct rpc_refusal *refusal)
{
	char	   *reply = malloc(RPC_REFUSAL_MAX);

	CHECK(reply != NULL);
	CHECK(check_reply_bytes(reply, rpc_encode_refusal(reply, call->xid,
													  refusal),
							NULL, 0) == -1);
	CHECK(rpc_refusal_name(refusal) != NULL);
	free(reply);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(char *record, size_t size, enum door door)
{
	struct rpc_refusal refusal = {0};
	struct rpc_call call;

	switch (rpc_decode_call(record, size, door, &call, &refusal))
	{
		case RPC_CALL:
			CHECK(call.arguments <= size);
			CHECK(program_is_served(call.program, door));
			CHECK(!call.procedure->tcp_only || !door_is_udp(door));
			compare_call(&call, record, size);
			encode_caller(&call);
			break;
		case RPC_NULL:
			CHECK(call.procedure == &null_procedure);
			break;
		case RPC_REFUSED:
			encode_refusal(&call, &refusal);
			break;
		case RPC_NOT_A_CALL:
			break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *record = malloc(size);

	CHECK(record != NULL);
	memcpy(record, data, size);
	for (enum door door = 0; door < DOORS; door++)
		decode(record, size, door);
	free(record);
	return 0;
}
