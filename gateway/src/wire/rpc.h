/* SPDX-License-Identifier: PostgreSQL */
/*
 * rpc.h
 *	  The RPC message (RFC 5531): header of a call, header of a reply.
 *
 * Pure functions of bytes.  A message that they refuse is answered, not
 * dropped, except one without so much as an xid to answer to.
 */
#ifndef DITTOFS_RPC_H
#define DITTOFS_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/request.h"

struct rpc_call
{
	uint32_t	xid;
	uint32_t	program_number;
	uint32_t	version;
	uint32_t	procedure_number;
	const struct program *program;
	const struct procedure *procedure;
	struct credential credential;
	size_t		identity;		/* offset in the record, up to the arguments:
								 * the credential as it was sent, without the
								 * parts that may differ when it is sent
								 * again */
	size_t		arguments;		/* offset in the record */
};

enum rpc_outcome
{
	RPC_CALL,					/* to be decoded and run */
	RPC_NULL,					/* procedure 0: answered with success */
	RPC_REFUSED,				/* answered: reply->accept or reply->denied */
	RPC_NOT_A_CALL				/* no answer is possible: hang up */
};

/* A reply without results. */
struct rpc_refusal
{
	bool		denied;
	enum accept_stat accept;	/* unless denied */
	enum reject_stat reject;	/* if denied */
	enum auth_stat auth;		/* if denied with AUTH_ERROR */
	uint32_t	low;			/* of a mismatch */
	uint32_t	high;
};

/*
 * A message that is shorter than this is no call.  By UDP it is not answered,
 * so no refusal is larger than what it answers.
 */
#define RPC_CALL_MIN 40

/* record is aligned to 8 bytes.  door: where it came in. */
extern enum rpc_outcome rpc_decode_call(const char *record, size_t size,
										enum door door, struct rpc_call *call,
										struct rpc_refusal *refusal);

/*
 * The front of every successful reply: record mark (filled in when the size
 * is known), xid, REPLY, MSG_ACCEPTED, a null verifier, SUCCESS.
 */
#define RPC_SUCCESS_SIZE 28
extern void rpc_encode_success(char *to, uint32_t xid);
extern void rpc_set_record_mark(char *to, size_t reply_size);

/* A whole reply, with its record mark.  Returns its size. */
#define RPC_REFUSAL_MAX 40
extern size_t rpc_encode_refusal(char *to, uint32_t xid,
								 const struct rpc_refusal *refusal);

/* "PROG_MISMATCH" and the like, for the log. */
extern const char *rpc_refusal_name(const struct rpc_refusal *refusal);

/*
 * How a call came here: the number of its connection, which no other one has;
 * when that was opened, at the latest (0: the call was not sent before on
 * another one); when the call arrived, at the earliest.  In microseconds of the
 * database server's clock.
 */
struct arrival
{
	uint64_t	connection;
	int64_t		connected;
	int64_t		arrived;
};

/*
 * The parameter of type dittofs.caller (extension/sql/README.md).  Returns its
 * size.  rpc_identify_call adds which call it is, by its xid and a checksum of
 * credential and arguments, and how it came here unless that is NULL, and
 * returns the new size.
 */
extern size_t rpc_encode_caller(char *to, const struct credential *credential,
								const struct peer *peer);
extern size_t rpc_identify_call(char *caller, size_t size, uint32_t xid,
								uint64_t checksum,
								const struct arrival *arrival);

/*
 * Of what tells calls with one xid apart.  The same for a call that is sent
 * again.
 */
extern uint64_t rpc_checksum(const struct bytes *identity,
							 const struct bytes *arguments);

#endif							/* DITTOFS_RPC_H */
