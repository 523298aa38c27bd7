/* SPDX-License-Identifier: PostgreSQL */
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
#include "wire/rpc.h"
#include "wire/programs.h"

#include <arpa/inet.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define RPC_VERSION 2
#define AUTH_BODY_MAX 400		/* RFC 5531, section 8.2: opaque body<400> */
#define MACHINE_NAME_MAX 255	/* RFC 5531, appendix A */

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
		credential->gid_count > CALLER_GIDS_MAX)
		return false;
	for (uint32_t i = 0; i < credential->gid_count; i++)
		if (!xdr_uint32_t(&xdr, &credential->gids[i]))
			return false;
	return true;
}

static enum rpc_outcome
refuse(struct rpc_refusal *refusal, enum accept_stat why)
{
	refusal->denied = false;
	refusal->accept = why;
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

enum rpc_outcome
rpc_decode_call(const char *record, size_t size, enum door door,
				struct rpc_call *call, struct rpc_refusal *refusal)
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

	call->program = program_find(programs, door, call->program_number,
								 call->version, &refusal->low, &refusal->high);
	if (call->program == NULL)
		return refuse(refusal, refusal->high == 0 ? PROG_UNAVAIL :
					  PROG_MISMATCH);
	if (call->procedure_number >= call->program->procedure_count)
		return refuse(refusal, PROC_UNAVAIL);
	call->procedure = call->program->procedures[call->procedure_number];
	if (call->procedure == NULL || call->procedure->inner ||
		(call->procedure->tcp_only && door_is_udp(door)))
		return refuse(refusal, PROC_UNAVAIL);
	if (call->procedure_number == 0)
		return RPC_NULL;

	call->identity = xdr_getpos(&xdr);
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
			/* the stamp: a Linux kernel before 5.1 sends another one then */
			call->identity += 4;
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
put64(char *to, uint64_t value)
{
	return put(put(to, (uint32_t) (value >> 32)), (uint32_t) value);
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
	bool		ipv4 = peer->family == AF_INET;
	size_t		address_size = ipv4 ? CALLER_IPV4_LEN : CALLER_IPV6_LEN;
	bool		sys = credential->flavor == AUTH_SYS;
	char	   *at = to;

	at = put16(at, CALLER_VERSION);
	at = put16(at, sys ? CALLER_AUTH_SYS : CALLER_AUTH_NONE);
	at = put(at, sys ? credential->uid : 0);
	at = put(at, sys ? credential->gid : 0);
	at = put16(at, ipv4 ? CALLER_IPV4 : CALLER_IPV6);
	memcpy(at, peer->address, address_size);
	at += address_size;
	at = put(at, peer->port);
	at = put16(at, sys ? (uint16_t) credential->gid_count : 0);
	for (uint32_t i = 0; sys && i < credential->gid_count; i++)
		at = put(at, credential->gids[i]);
	at = put16(at, CALLER_TELLS_NOTHING);
	return at - to;
}

size_t
rpc_identify_call(char *caller, size_t size, uint32_t xid, uint64_t checksum,
				  const struct arrival *arrival)
{
	char	   *at = put16(caller + size - 2, arrival != NULL ?
							   CALLER_TELLS_CONNECTION : CALLER_TELLS_CALL);

	at = put(at, xid);
	at = put64(at, checksum);
	if (arrival != NULL)
	{
		at = put64(at, arrival->connection);
		at = put64(at, (uint64_t) arrival->connected);
		at = put64(at, (uint64_t) arrival->arrived);
	}
	return at - caller;
}

uint64_t
rpc_checksum(const struct bytes *identity, const struct bytes *arguments)
{
	return XXH3_64bits_withSeed(arguments->data, arguments->size,
								XXH3_64bits(identity->data, identity->size));
}
