/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm.c
 *	  NLM, versions 4, 3 and 1: its programs, and what its procedures share.
 *
 * Which locks exist, which conflict and who waits for whom is the extension's
 * business (lock_range() and others).  A client is known by its address and by
 * the name it calls itself, an owner by svid and oh.
 *
 * There is no grace period, and DENIED_GRACE_PERIOD is never said: locks are in
 * the database, so no restart of a gateway loses any.
 *
 * What cannot be done at the moment is not answered.  NLM has no word for that
 * which clients would not take for final.
 */
#include "wire/nlm.h"
#include "core/worker.h"
#include "db/database.h"
#include "wire/nlm_wait.h"
#include "wire/programs.h"

#include <string.h>

/* An owner is svid and oh. */
_Static_assert(LOCK_OWNER_MAX >= 4 + NLM_OPAQUE_MAX, "owners");

#define ROW(number, name) [NLMPROC_##number] = &name,

/*
 * 11 to 14 answer what a gateway does not call (TEST_RES and others), and there
 * are no procedures 16 to 19.
 */
static const struct procedure *const procedures[] = {
	[NLMPROC_NULL] = &null_procedure,
	NLM_PROCEDURES(ROW)
	NLM_PROCEDURES_FROM_3(ROW)
};

#define PROCEDURES_OF_1 (NLMPROC_GRANTED_RES + 1)

const struct program nlm4_program = {
	.name = "NLM",
	.number = NLM_PROGRAM,
	.version = 4,
	.procedures = procedures,
	.procedure_count = sizeof(procedures) / sizeof(procedures[0]),
	.udp = true,
};

const struct program nlm3_program = {
	.name = "NLM3",
	.number = NLM_PROGRAM,
	.version = 3,
	.procedures = procedures,
	.procedure_count = sizeof(procedures) / sizeof(procedures[0]),
	.udp = true,
};

const struct program nlm1_program = {
	.name = "NLM1",
	.number = NLM_PROGRAM,
	.version = 1,
	.procedures = procedures,
	.procedure_count = PROCEDURES_OF_1,
	.udp = true,
};

bool
nlm_begin(struct request *request, enum statement_number statement,
		  struct parameters *p)
{
	const struct nlm_args *args = request->args;
	struct bytes name;

	if (args->handle.size != HANDLE_LEN)
	{
		nlm_fail(request, FS_STALE);
		return false;
	}
	if (!nlm_client_name(&request->region, args->caller_name, &name))
	{
		nlm_reply(request, nlm_outcome(request, NLM_OUTCOME_NO_LOCKS));
		return false;
	}
	*p = parameters_begin(request, statement, args->handle);
	parameters_bytes(p, args->handle);
	parameters_caller(p);
	parameters_bytes(p, name);
	parameters_int4(p, args->state);
	parameters_bytes(p, nlm_owner_encode(&request->region, args->svid,
										 args->oh));
	return true;
}

static bool
take_outcome(struct row *row, enum nlm_outcome *outcome)
{
	static const char *const words[] = LOCK_OUTCOME_WORDS;
	uint32_t	size;
	const unsigned char *word = row_bytes(row, &size);

	for (int i = 0; word != NULL && words[i] != NULL; i++)
		if (size == strlen(words[i]) && memcmp(word, words[i], size) == 0)
		{
			*outcome = (enum nlm_outcome) i;
			return true;
		}
	return false;
}

static void
take_holder(struct row *row, struct nlm_result *out)
{
	uint32_t	size;
	const unsigned char *owner;

	out->exclusive = row_bool(row);
	owner = row_bytes(row, &size);

	/* Of a lock that is not of NLM's: an owner without a name. */
	(void) nlm_owner_decode((struct bytes) {(const char *) owner, size},
							&out->svid, &out->oh);
	if (out->oh.size > NLM_OPAQUE_MAX)
		out->oh.size = NLM_OPAQUE_MAX;
	out->offset = (uint64_t) row_int8(row);
	out->length = (uint64_t) row_int8(row);
}

bool
nlm_result(struct request *request, const PGresult *result,
		   struct nlm_result *out)
{
	struct row	row;
	bool		known;

	*out = (struct nlm_result) {.status = FS_SERVERFAULT};
	row_open(&row, PQntuples(result) < 1 ? NULL :
			 PQgetvalue(result, 0, request->column),
			 PQntuples(result) < 1 ? 0 :
			 PQgetlength(result, 0, request->column));
	out->status = (uint32_t) row_int4(&row);
	if (row.ok && !row.null && out->status != FS_OK)
	{
		request->procedure->fail(request, out->status);
		return false;
	}
	known = take_outcome(&row, &out->outcome);
	take_holder(&row, out);
	out->grants = (uint32_t) row_int4(&row);
	if (!row.ok || !known)
	{
		request->procedure->fail(request, FS_SERVERFAULT);
		return false;
	}
	request->status = FS_OK;
	grants_note_locks();
	if (out->grants > 0)
		grants_look(database_of(&request->call));
	return true;
}

/*
 * Replies.
 */

/* cookie and status; svid, oh, offset and length of a holder; or a sequence */
#define REPLY_ROOM (2 * (NLM_OPAQUE_MAX + 8) + 40)

static bool
encode_opaque(XDR *xdr, struct bytes value)
{
	char	   *data = (char *) (uintptr_t) value.data;
	u_int		size = value.size;

	return xdr_bytes(xdr, &data, &size, NLM_OPAQUE_MAX);
}

/*
 * A range in 32 bits: what begins behind them begins at their end, and what
 * ends behind them goes to the end of the file.
 */
static bool
encode_short_range(XDR *xdr, uint64_t from, uint64_t length)
{
	bool		far = length == 0 || from + length < from ||
		from + length - 1 > UINT32_MAX;
	uint32_t	offset = from > UINT32_MAX ? UINT32_MAX : (uint32_t) from;
	uint32_t	size = far ? 0 : (uint32_t) length;

	return xdr_uint32_t(xdr, &offset) && xdr_uint32_t(xdr, &size);
}

static bool
encode_long_range(XDR *xdr, uint64_t offset, uint64_t length)
{
	return xdr_uint64_t(xdr, &offset) && xdr_uint64_t(xdr, &length);
}

static bool
encode_holder(const struct request *request, XDR *xdr,
			  const struct nlm_result *holder)
{
	bool_t		exclusive = holder->exclusive;
	uint32_t	svid = holder->svid;

	return xdr_bool(xdr, &exclusive) && xdr_uint32_t(xdr, &svid) &&
		encode_opaque(xdr, holder->oh) &&
		(request->program->version == 4 ?
		 encode_long_range(xdr, holder->offset, holder->length) :
		 encode_short_range(xdr, holder->offset, holder->length));
}

/* SHARE and UNSHARE: a number that says nothing (sequence of nlm_shareres). */
static bool
encode_sequence(const struct request *request, XDR *xdr)
{
	uint32_t	sequence = 0;

	return (request->procedure_number != NLMPROC_SHARE &&
			request->procedure_number != NLMPROC_UNSHARE) ||
		xdr_uint32_t(xdr, &sequence);
}

/* All of it has room. */
static void
encode(const struct request *request, XDR *xdr, enum nlm_status status,
	   const struct nlm_result *holder)
{
	const struct nlm_args *args = request->args;
	uint32_t	word = status;

	(void) (encode_opaque(xdr, args->cookie) && xdr_uint32_t(xdr, &word) &&
			(holder == NULL || encode_holder(request, xdr, holder)) &&
			encode_sequence(request, xdr));
}

static void
reply(struct request *request, enum nlm_status status,
	  const struct nlm_result *holder)
{
	char	   *results;
	XDR			xdr;

	if (!nlm_is_message(request))
	{
		encode(request, reply_begin(request, REPLY_ROOM), status, holder);
		reply_end(request);
		return;
	}
	results = region_alloc(&request->region, REPLY_ROOM);
	xdrmem_create(&xdr, results, REPLY_ROOM, XDR_ENCODE);
	encode(request, &xdr, status, holder);
	nlm_message_reply(request, (struct bytes) {results, xdr_getpos(&xdr)});
}

void
nlm_reply(struct request *request, enum nlm_status status)
{
	reply(request, status, NULL);
}

void
nlm_reply_holder(struct request *request, const struct nlm_result *holder)
{
	reply(request, NLM_DENIED, holder);
}

enum nlm_status
nlm_outcome(struct request *request, enum nlm_outcome outcome)
{
	static const struct
	{
		enum nlm_status status;
		uint32_t	logged;
	}			words[] = {
		[NLM_OUTCOME_GRANTED] = {NLM_GRANTED, FS_OK},
		[NLM_OUTCOME_DENIED] = {NLM_DENIED, FS_DENIED},
		[NLM_OUTCOME_BLOCKED] = {NLM_BLOCKED, FS_BLOCKED},
		[NLM_OUTCOME_NO_LOCKS] = {NLM_DENIED_NOLOCKS, FS_NOLOCKS},
		[NLM_OUTCOME_DEADLOCK] = {NLM_DEADLCK, FS_DEADLOCK},
	};

	request->status = words[outcome].logged;
	/* what knfsd tells versions that have no such word */
	if (outcome == NLM_OUTCOME_DEADLOCK && request->program->version != 4)
		return NLM_DENIED;
	return words[outcome].status;
}

/*
 * A word for a status of nfsstat3.  Versions 3 and 1 have none but "no locks".
 * A client that must not lock a file gets FAILED from knfsd, too.
 */
static enum nlm_status
status_word(const struct request *request, uint32_t status)
{
	if (request->program->version != 4)
		return NLM_DENIED_NOLOCKS;
	switch (status)
	{
		case FS_STALE:
		case FS_BADHANDLE:
			return NLM_STALE_FH;
		case FS_ROFS:
			return NLM_ROFS;
		case FS_FBIG:
			return NLM_FBIG;
		case FS_NOSPC:
		case FS_DQUOT:
			return NLM_DENIED_NOLOCKS;
		default:
			return NLM_FAILED;
	}
}

/* Not now, but later: the database has no room, or is set read-only. */
static bool
will_pass(uint32_t status)
{
	return status == FS_JUKEBOX || status == FS_NOSPC || status == FS_ROFS;
}

/*
 * A lock can be refused.  What takes one away must be done later, since a
 * client does not ask again for an UNLOCK that was refused, and the lock would
 * stay.
 */
static bool
must_wait(const struct request *request, uint32_t status)
{
	switch (request->procedure_number)
	{
		case NLMPROC_CANCEL:
		case NLMPROC_UNLOCK:
		case NLMPROC_CANCEL_MSG:
		case NLMPROC_UNLOCK_MSG:
		case NLMPROC_UNSHARE:
			return will_pass(status);
		default:
			return status == FS_JUKEBOX;
	}
}

void
nlm_fail(struct request *request, uint32_t status)
{
	reply_reset(request);
	request->status = status;
	if (must_wait(request, status))
		request_leave(request);
	else if (status == FS_TOOWEAK)
		request_deny(request, AUTH_TOOWEAK);
	else
		nlm_reply(request, status_word(request, status));
}

/*
 * The client of a void procedure takes any reply for success.
 */
void
nlm_fail_void(struct request *request, uint32_t status)
{
	request->status = status;
	if (will_pass(status))
		request_leave(request);
	else
		request_refuse(request, SYSTEM_ERR);
}

void
nlm_status_reply(struct request *request, const PGresult *result)
{
	struct nlm_result out;

	if (nlm_result(request, result, &out))
		nlm_reply(request, nlm_outcome(request, out.outcome));
}

void
nlm_void_reply(struct request *request)
{
	(void) reply_begin(request, 0);
	reply_end(request);
}

bool
nlm_next_store(struct request *request)
{
	const struct worker *worker = request->worker;
	struct database *next = database_of(&request->call) + 1;

	if (worker->database_count < 2 ||
		next == worker->databases + worker->database_count)
		return false;
	request->call.pool = &next->pool;
	return true;
}
