/*
 * rpc.c
 *	  Header of a call: which program, version and procedure, and who calls.
 *
 * libtirpc's xdr_callmsg is not used: it copies the credential into a buffer
 * of its own and knows no way to say which part was wrong.  Its primitives
 * over the record in memory are.
 *
 * The order of the checks is RFC 5531's: RPC version, program, version,
 * procedure.  Procedure 0 is then answered whatever the credential, because
 * NULL is how clients find out which flavors will do; all others need one we
 * understand.
 */
#include "rpc.h"

#include <arpa/inet.h>
#include <string.h>

const struct program *const programs[] = {&nfs3_program, &mount3_program};
const int	program_count = sizeof(programs) / sizeof(programs[0]);

#define RPC_VERSION 2
#define AUTH_BODY_MAX 400		/* RFC 5531, section 8.2: opaque body<400> */
#define MACHINE_NAME_MAX 255	/* RFC 5531, appendix A */
#define GIDS_MAX 16

/* An opaque whose length is known, left where it is.  NULL: not that long. */
static const char *
take_opaque(XDR *xdr, uint32_t size)
{
	static const char nothing[1];
	uint32_t	padded = (size + 3) & ~(uint32_t) 3;

	if (size == 0)
		return nothing;
	if (padded < size)
		return NULL;
	return (const char *) xdr_inline(xdr, padded);
}

/* The body of an AUTH_SYS credential (RFC 5531, appendix A). */
static bool
decode_auth_sys(const char *body, uint32_t size, struct credential *credential)
{
	XDR			xdr;
	uint32_t	stamp;
	uint32_t	name_size;

	xdrmem_create(&xdr, (char *) (uintptr_t) body, size, XDR_DECODE);
	if (!xdr_uint32_t(&xdr, &stamp) || !xdr_uint32_t(&xdr, &name_size) ||
		name_size > MACHINE_NAME_MAX || take_opaque(&xdr, name_size) == NULL ||
		!xdr_uint32_t(&xdr, &credential->uid) ||
		!xdr_uint32_t(&xdr, &credential->gid) ||
		!xdr_uint32_t(&xdr, &credential->gid_count) ||
		credential->gid_count > GIDS_MAX)
		return false;
	for (uint32_t i = 0; i < credential->gid_count; i++)
		if (!xdr_uint32_t(&xdr, &credential->gids[i]))
			return false;
	return true;
}

static enum rpc_outcome
refuse(struct rpc_refusal *refusal, enum accept_stat why, uint32_t version)
{
	refusal->denied = false;
	refusal->accept = why;
	refusal->low = refusal->high = version;
	return RPC_REFUSED;
}

static enum rpc_outcome
deny(struct rpc_refusal *refusal, enum auth_stat why)
{
	refusal->denied = true;
	refusal->reject = AUTH_ERROR;
	refusal->auth = why;
	return RPC_REFUSED;
}

static const struct program *
find_program(uint32_t number)
{
	for (int i = 0; i < program_count; i++)
		if (programs[i]->number == number)
			return programs[i];
	return NULL;
}

enum rpc_outcome
rpc_decode_call(const char *record, size_t size, struct rpc_call *call,
				struct rpc_refusal *refusal)
{
	XDR			xdr;
	uint32_t	direction;
	uint32_t	rpc_version;
	uint32_t	body_size;
	uint32_t	verifier_flavor;
	uint32_t	verifier_size;
	const char *body;

	memset(call, 0, sizeof(*call));
	xdrmem_create(&xdr, (char *) (uintptr_t) record, (u_int) size, XDR_DECODE);
	if (!xdr_uint32_t(&xdr, &call->xid) || !xdr_uint32_t(&xdr, &direction) ||
		direction != CALL || !xdr_uint32_t(&xdr, &rpc_version))
		return RPC_NOT_A_CALL;

	if (rpc_version != RPC_VERSION)
	{
		refusal->denied = true;
		refusal->reject = RPC_MISMATCH;
		refusal->low = refusal->high = RPC_VERSION;
		return RPC_REFUSED;
	}

	if (!xdr_uint32_t(&xdr, &call->program_number) ||
		!xdr_uint32_t(&xdr, &call->version) ||
		!xdr_uint32_t(&xdr, &call->procedure_number) ||
		!xdr_uint32_t(&xdr, &call->credential.flavor) ||
		!xdr_uint32_t(&xdr, &body_size))
		return RPC_NOT_A_CALL;

	call->program = find_program(call->program_number);
	if (call->program == NULL)
		return refuse(refusal, PROG_UNAVAIL, 0);
	if (call->version != call->program->version)
		return refuse(refusal, PROG_MISMATCH, call->program->version);
	if (call->procedure_number >= call->program->procedure_count)
		return refuse(refusal, PROC_UNAVAIL, 0);
	call->procedure = &call->program->procedures[call->procedure_number];
	if (call->procedure_number == 0)
		return RPC_NULL;

	body = take_opaque(&xdr, body_size);
	if (body_size > AUTH_BODY_MAX || body == NULL)
		return deny(refusal, AUTH_BADCRED);
	if (!xdr_uint32_t(&xdr, &verifier_flavor) ||
		!xdr_uint32_t(&xdr, &verifier_size) ||
		verifier_size > AUTH_BODY_MAX ||
		take_opaque(&xdr, verifier_size) == NULL)
		return deny(refusal, AUTH_BADVERF);

	switch (call->credential.flavor)
	{
		case AUTH_NONE:
			break;
		case AUTH_SYS:
			if (!decode_auth_sys(body, body_size, &call->credential))
				return deny(refusal, AUTH_BADCRED);
			break;
		default:
			return deny(refusal, AUTH_REJECTEDCRED);
	}

	call->arguments = xdr_getpos(&xdr);
	return RPC_CALL;
}

static char *
put(char *to, uint32_t value)
{
	value = htonl(value);
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

void
rpc_set_record_mark(char *to, size_t reply_size)
{
	put(to, 0x80000000u | (uint32_t) (reply_size - 4));
}

void
rpc_encode_success(char *to, uint32_t xid)
{
	to = put(to, 0);
	to = put(to, xid);
	to = put(to, REPLY);
	to = put(to, MSG_ACCEPTED);
	to = put(to, AUTH_NONE);
	to = put(to, 0);
	put(to, SUCCESS);
}

size_t
rpc_encode_refusal(char *to, uint32_t xid, const struct rpc_refusal *refusal)
{
	char	   *at = to;
	bool		versions;

	at = put(at, 0);
	at = put(at, xid);
	at = put(at, REPLY);
	if (refusal->denied)
	{
		at = put(at, MSG_DENIED);
		at = put(at, refusal->reject);
		versions = refusal->reject == RPC_MISMATCH;
		if (!versions)
			at = put(at, refusal->auth);
	}
	else
	{
		at = put(at, MSG_ACCEPTED);
		at = put(at, AUTH_NONE);
		at = put(at, 0);
		at = put(at, refusal->accept);
		versions = refusal->accept == PROG_MISMATCH;
	}
	if (versions)
	{
		at = put(at, refusal->low);
		at = put(at, refusal->high);
	}
	rpc_set_record_mark(to, at - to);
	return at - to;
}

const char *
rpc_refusal_name(const struct rpc_refusal *refusal)
{
	if (refusal->denied)
	{
		if (refusal->reject == RPC_MISMATCH)
			return "RPC_MISMATCH";
		switch (refusal->auth)
		{
			case AUTH_BADCRED:
				return "AUTH_BADCRED";
			case AUTH_REJECTEDCRED:
				return "AUTH_REJECTEDCRED";
			case AUTH_BADVERF:
				return "AUTH_BADVERF";
			case AUTH_TOOWEAK:
				return "AUTH_TOOWEAK";
			default:
				return "AUTH_ERROR";
		}
	}
	switch (refusal->accept)
	{
		case PROG_UNAVAIL:
			return "PROG_UNAVAIL";
		case PROG_MISMATCH:
			return "PROG_MISMATCH";
		case PROC_UNAVAIL:
			return "PROC_UNAVAIL";
		case GARBAGE_ARGS:
			return "GARBAGE_ARGS";
		default:
			return "SYSTEM_ERR";
	}
}

static char *
put16(char *to, uint16_t value)
{
	value = htons(value);
	memcpy(to, &value, sizeof(value));
	return to + sizeof(value);
}

size_t
rpc_encode_caller(char *to, const struct credential *credential,
				  const struct peer *peer)
{
	size_t		address_size = peer->family == AF_INET ? 4 : 16;
	bool		sys = credential->flavor == AUTH_SYS;
	char	   *at = to;

	at = put16(at, 1);
	at = put16(at, sys ? 1 : 0);
	at = put(at, sys ? credential->uid : 0);
	at = put(at, sys ? credential->gid : 0);
	at = put16(at, peer->family == AF_INET ? 4 : 6);
	memcpy(at, peer->address, address_size);
	at += address_size;
	at = put(at, peer->port);
	at = put16(at, sys ? (uint16_t) credential->gid_count : 0);
	for (uint32_t i = 0; sys && i < credential->gid_count; i++)
		at = put(at, credential->gids[i]);
	at = put16(at, 0);
	return at - to;
}

size_t
rpc_identify_call(char *caller, size_t size, uint32_t xid, uint64_t checksum)
{
	char	   *at = put16(caller + size - 2, 1);

	at = put(at, xid);
	at = put(at, (uint32_t) (checksum >> 32));
	at = put(at, (uint32_t) checksum);
	return at - caller;
}
