/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm.h
 *	  What the procedures of NLM share: the network lock manager, program 100021
 *	  (X/Open, Protocols for Interworking: XNFS, chapters 10 and 14).
 *
 * Version 4 goes with NFSv3.  Versions 3 and 1 have the same procedures with
 * offsets of 32 bits and fewer statuses, so their programs are made of the same
 * struct procedure, and what differs goes by request->program->version.
 *
 * Codecs are written by hand.  All arguments are a few numbers and opaques,
 * decoded in place by nlm_args.c; all results are a cookie, a status, and for
 * TEST a holder.
 */
#ifndef DITTOFS_NLM_H
#define DITTOFS_NLM_H

#include <stdbool.h>
#include <stdint.h>

#include "dittofs_contract.h"
#include "core/request.h"
#include "db/parameters.h"
#include "db/row.h"

#define NLM_PROGRAM 100021

enum nlm_procedure_number
{
	NLMPROC_NULL = 0,
	NLMPROC_TEST = 1,
	NLMPROC_LOCK = 2,
	NLMPROC_CANCEL = 3,
	NLMPROC_UNLOCK = 4,
	NLMPROC_GRANTED = 5,
	NLMPROC_TEST_MSG = 6,
	NLMPROC_LOCK_MSG = 7,
	NLMPROC_CANCEL_MSG = 8,
	NLMPROC_UNLOCK_MSG = 9,
	NLMPROC_GRANTED_MSG = 10,
	NLMPROC_TEST_RES = 11,
	NLMPROC_LOCK_RES = 12,
	NLMPROC_CANCEL_RES = 13,
	NLMPROC_UNLOCK_RES = 14,
	NLMPROC_GRANTED_RES = 15,
	/* from version 3 on */
	NLMPROC_SHARE = 20,
	NLMPROC_UNSHARE = 21,
	NLMPROC_NM_LOCK = 22,
	NLMPROC_FREE_ALL = 23
};

enum nlm_status
{
	NLM_GRANTED = 0,
	NLM_DENIED = 1,
	NLM_DENIED_NOLOCKS = 2,
	NLM_BLOCKED = 3,
	NLM_DENIED_GRACE_PERIOD = 4,
	/* version 4 */
	NLM_DEADLCK = 5,
	NLM_ROFS = 6,
	NLM_STALE_FH = 7,
	NLM_FBIG = 8,
	NLM_FAILED = 9
};

/* LM_MAXSTRLEN, LM_MAXNAMELEN and MAXNETOBJ_SZ: names, cookies, handles, oh. */
#define NLM_OPAQUE_MAX 1024

/* fsh_access and fsh_mode: none, read, write, both */
#define NLM_SHARE_MAX 3

/* The arguments of all procedures; each fills in what it has. */
struct nlm_args
{
	struct bytes cookie;
	struct bytes caller_name;
	struct bytes handle;
	struct bytes oh;
	uint32_t	svid;
	uint64_t	offset;
	uint64_t	length;			/* 0: to the end of the file, whatever it is */
	bool		block;
	bool		exclusive;
	bool		reclaim;
	uint32_t	state;			/* of the client's NSM; 0: not told */
	uint32_t	deny;			/* fsh_mode */
	uint32_t	access;
	uint32_t	status;			/* GRANTED_RES */
};

/* nlm_args.c: each fills in request->args. */
extern bool nlm_lock_decode(struct request *request, XDR *xdr);
extern bool nlm_cancel_decode(struct request *request, XDR *xdr);
extern bool nlm_test_decode(struct request *request, XDR *xdr);
extern bool nlm_unlock_decode(struct request *request, XDR *xdr);
extern bool nlm_share_decode(struct request *request, XDR *xdr);
extern bool nlm_result_decode(struct request *request, XDR *xdr);
extern bool nlm_notify_decode(struct request *request, XDR *xdr);

/*
 * The client's name as the database has it, a text: bytes that are not
 * printable ASCII, and the backslash, are three octal digits behind a
 * backslash.  What a client calls itself is up to it, and a text of the
 * database must be valid in the encoding of the database.  False: longer than
 * LOCK_CLIENT_NAME_MAX.
 */
extern bool nlm_client_name(struct region *region, struct bytes name,
							struct bytes *text);

/*
 * Parameters that all functions about the locks of a file begin with: handle,
 * caller, client's name and state, owner.  False: the reply has been made.
 */
extern bool nlm_begin(struct request *request, enum statement_number statement,
					  struct parameters *p);

/* dittofs.lock_result; outcomes in the order of LOCK_OUTCOME_WORDS */
enum nlm_outcome
{
	NLM_OUTCOME_GRANTED,
	NLM_OUTCOME_DENIED,
	NLM_OUTCOME_BLOCKED,
	NLM_OUTCOME_NO_LOCKS,
	NLM_OUTCOME_DEADLOCK
};

struct nlm_result
{
	uint32_t	status;			/* FS_OK, or there is nothing else */
	enum nlm_outcome outcome;
	bool		exclusive;		/* of the lock in the way */
	uint32_t	svid;
	struct bytes oh;			/* in the result */
	uint64_t	offset;
	uint64_t	length;
	uint32_t	grants;			/* waiting locks that were granted */
};

/*
 * Takes the result of the call.  False: the reply has been made already, by the
 * procedure's fail or otherwise.
 */
extern bool nlm_result(struct request *request, const PGresult *result,
					   struct nlm_result *out);

/* The reply: cookie and status. */
extern void nlm_reply(struct request *request, enum nlm_status status);
/* With a holder for NLM_DENIED: TEST. */
extern void nlm_reply_holder(struct request *request,
							 const struct nlm_result *holder);

/* The status that says it; for the log, too. */
extern enum nlm_status nlm_outcome(struct request *request,
								   enum nlm_outcome outcome);

/* A reply that has a status, to a change and to what changes nothing. */
extern void nlm_fail(struct request *request, uint32_t status);
/* One that has none is not given. */
extern void nlm_fail_void(struct request *request, uint32_t status);

/* The reply to LOCK, CANCEL, UNLOCK: a status. */
extern void nlm_status_reply(struct request *request, const PGresult *result);
/* A reply without results. */
extern void nlm_void_reply(struct request *request);

/* nlm_message.c: is it a _MSG?  Its results go out as a call. */
extern bool nlm_is_message(const struct request *request);
extern void nlm_message_reply(struct request *request, struct bytes results);

/*
 * What concerns a client concerns all metadata stores, one after the other: the
 * next call goes to the next one.  False: that was the last.  None is left out.
 * One that is away keeps the request waiting, and then the client asks again.
 */
extern bool nlm_next_store(struct request *request);

/* By number; each is in the file of its kind. */
#define NLM_PROCEDURES(X) \
	X(TEST, nlm_test) \
	X(LOCK, nlm_lock) \
	X(CANCEL, nlm_cancel) \
	X(UNLOCK, nlm_unlock) \
	X(GRANTED, nlm_granted) \
	X(TEST_MSG, nlm_test_msg) \
	X(LOCK_MSG, nlm_lock_msg) \
	X(CANCEL_MSG, nlm_cancel_msg) \
	X(UNLOCK_MSG, nlm_unlock_msg) \
	X(GRANTED_MSG, nlm_granted_msg) \
	X(GRANTED_RES, nlm_granted_res)

#define NLM_PROCEDURES_FROM_3(X) \
	X(SHARE, nlm_share) \
	X(UNSHARE, nlm_unshare) \
	X(NM_LOCK, nlm_nm_lock) \
	X(FREE_ALL, nlm_free_all)

#define NLM_DECLARE(number, name) extern const struct procedure name;
NLM_PROCEDURES(NLM_DECLARE)
NLM_PROCEDURES_FROM_3(NLM_DECLARE)
#undef NLM_DECLARE

#endif							/* DITTOFS_NLM_H */
