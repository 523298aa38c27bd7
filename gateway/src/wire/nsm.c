/* SPDX-License-Identifier: PostgreSQL */
/*
 * nsm.c
 *	  NSM, version 1: the network status monitor, program 100024 (X/Open,
 *	  Protocols for Interworking: XNFS, chapter 11).
 *
 * A host that has rebooted calls NOTIFY, and the locks that it had before go.
 * That is why this program is served.  The rest of the protocol is between a
 * lock manager and the monitor of its own host.  A gateway has no host to watch
 * for: its locks are in the database, and no restart of a gateway loses them,
 * so no client has to hear of one.
 *
 * MON and STAT therefore fail, as they do from another host with statd; UNMON
 * has nothing to end; and SIMU_CRASH, which would make a monitor tell all its
 * clients to reclaim their locks, is not there.
 */
#include "wire/nlm.h"
#include "wire/nfs3_args.h"
#include "wire/programs.h"

#define NSM_PROGRAM 100024

enum nsm_procedure_number
{
	SM_NULL = 0,
	SM_STAT = 1,
	SM_MON = 2,
	SM_UNMON = 3,
	SM_UNMON_ALL = 4,
	SM_SIMU_CRASH = 5,
	SM_NOTIFY = 6
};

#define SM_MAXSTRLEN 1024
#define SM_PRIV_LEN 16
#define STAT_FAIL 1

/* Odd: up.  It would change with a restart that loses locks. */
#define NSM_STATE 1

static bool name_decode(struct request *request, XDR *xdr);
static bool my_id_decode(struct request *request, XDR *xdr);
static bool mon_id_decode(struct request *request, XDR *xdr);
static bool mon_decode(struct request *request, XDR *xdr);
static void refusal_send(struct request *request);
static void state_send(struct request *request);
static void notify_send(struct request *request);
static void notify_reply(struct request *request, const PGresult *result);

static const struct procedure nsm_stat = {
	.name = "STAT",
	.decode = name_decode,
	.send = refusal_send,
	.fail = nlm_fail_void,
};

static const struct procedure nsm_mon = {
	.name = "MON",
	.decode = mon_decode,
	.send = refusal_send,
	.fail = nlm_fail_void,
};

static const struct procedure nsm_unmon = {
	.name = "UNMON",
	.decode = mon_id_decode,
	.send = state_send,
	.fail = nlm_fail_void,
};

static const struct procedure nsm_unmon_all = {
	.name = "UNMON_ALL",
	.decode = my_id_decode,
	.send = state_send,
	.fail = nlm_fail_void,
};

static const struct procedure nsm_notify = {
	.name = "NOTIFY",
	.changes = true,
	.once = true,
	.decode = nlm_notify_decode,
	.send = notify_send,
	.reply = notify_reply,
	.fail = nlm_fail_void,
};

static const struct procedure *const procedures[] = {
	[SM_NULL] = &null_procedure,
	[SM_STAT] = &nsm_stat,
	[SM_MON] = &nsm_mon,
	[SM_UNMON] = &nsm_unmon,
	[SM_UNMON_ALL] = &nsm_unmon_all,
	[SM_SIMU_CRASH] = NULL,
	[SM_NOTIFY] = &nsm_notify,
};

const struct program nsm1_program = {
	.name = "NSM",
	.number = NSM_PROGRAM,
	.version = 1,
	.procedures = procedures,
	.procedure_count = sizeof(procedures) / sizeof(procedures[0]),
	.udp = true,
};

static bool
skip_name(XDR *xdr)
{
	struct bytes name;

	return args_opaque(xdr, &name, SM_MAXSTRLEN);
}

static bool
skip_my_id(XDR *xdr)
{
	uint32_t	number;

	return skip_name(xdr) && args_uint32(xdr, &number) &&
		args_uint32(xdr, &number) && args_uint32(xdr, &number);
}

static bool
name_decode(struct request *request, XDR *xdr)
{
	(void) request;
	return skip_name(xdr);
}

static bool
my_id_decode(struct request *request, XDR *xdr)
{
	(void) request;
	return skip_my_id(xdr);
}

static bool
mon_id_decode(struct request *request, XDR *xdr)
{
	(void) request;
	return skip_name(xdr) && skip_my_id(xdr);
}

static bool
mon_decode(struct request *request, XDR *xdr)
{
	struct bytes private;

	return mon_id_decode(request, xdr) &&
		args_fixed(xdr, &private, SM_PRIV_LEN);
}

/* sm_stat_res: a result and a state */
static void
refusal_send(struct request *request)
{
	XDR		   *xdr = reply_begin(request, 2 * BYTES_PER_XDR_UNIT);
	uint32_t	result = STAT_FAIL;
	uint32_t	state = NSM_STATE;

	(void) (xdr_uint32_t(xdr, &result) && xdr_uint32_t(xdr, &state));
	reply_end(request);
}

/* sm_stat: a state */
static void
state_send(struct request *request)
{
	XDR		   *xdr = reply_begin(request, BYTES_PER_XDR_UNIT);
	uint32_t	state = NSM_STATE;

	(void) xdr_uint32_t(xdr, &state);
	reply_end(request);
}

/*
 * NOTIFY: the locks of clients at the caller's address end, whatever it says of
 * another's.
 */
static void
notify_send(struct request *request)
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
	p = parameters_begin(request, STATEMENT_CLIENT_REBOOTED,
						 (struct bytes) {0});
	parameters_caller(&p);
	parameters_bytes(&p, name);
	parameters_int4(&p, args->state);
	parameters_end(&p);
}

static void
notify_reply(struct request *request, const PGresult *result)
{
	struct nlm_result out;

	if (!nlm_result(request, result, &out))
		return;
	if (nlm_next_store(request))
		notify_send(request);
	else
		nlm_void_reply(request);
}
