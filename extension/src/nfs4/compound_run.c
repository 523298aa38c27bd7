/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound_run.c
 *	  dittofs.compound(): runs the operations of a COMPOUND of NFSv4.
 *
 * The frame checks what is the same for all operations: which may come where,
 * whether there is a filehandle, whether the results still fit.  The table says
 * for each operation what it needs; compound.h says what it gets.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "nfs4/operations.h"
#include "tables/rel.h"
#include "tables/xact.h"

PG_FUNCTION_INFO_V1(dittofs_compound);

/* What an operation needs, and what it is. */
#define NEEDS_FH			0x01
#define NEEDS_SAVED_FH		0x02
#define WITHOUT_SESSION		0x04	/* also as the only one of a COMPOUND */
#define ALONE				0x08	/* only so */
#define MINOR_2				0x10	/* not of NFSv4.1 */
#define FAILS_WITH_RESULTS	0x20

typedef struct Operation
{
	uint32		(*function) (Compound *c);	/* NULL: NOTSUPP */
	int			flags;

	/*
	 * What it answers where the current filehandle is above the shares;
	 * NFS4_OK: the function knows.
	 */
	uint32		above;
} Operation;

static const Operation operations[] = {
	[NFS4_OP_ACCESS] = {nfs4_access, NEEDS_FH},
	[NFS4_OP_CLOSE] = {nfs4_close, NEEDS_FH, NFS4ERR_BAD_STATEID},
	[NFS4_OP_COMMIT] = {nfs4_commit, NEEDS_FH, FS_ISDIR},
	[NFS4_OP_CREATE] = {nfs4_create, NEEDS_FH, FS_ROFS},
	[NFS4_OP_DELEGPURGE] = {NULL},
	[NFS4_OP_DELEGRETURN] = {nfs4_delegreturn, NEEDS_FH, NFS4ERR_BAD_STATEID},
	[NFS4_OP_GETATTR] = {nfs4_getattr, NEEDS_FH},
	[NFS4_OP_GETFH] = {nfs4_getfh, NEEDS_FH},
	[NFS4_OP_LINK] = {nfs4_link, NEEDS_FH | NEEDS_SAVED_FH, FS_ROFS},
	[NFS4_OP_LOCK] = {nfs4_lock, NEEDS_FH | FAILS_WITH_RESULTS, FS_ISDIR},
	[NFS4_OP_LOCKT] = {nfs4_lockt, NEEDS_FH | FAILS_WITH_RESULTS, FS_ISDIR},
	[NFS4_OP_LOCKU] = {nfs4_locku, NEEDS_FH, FS_ISDIR},
	[NFS4_OP_LOOKUP] = {nfs4_lookup, NEEDS_FH},
	[NFS4_OP_LOOKUPP] = {nfs4_lookupp, NEEDS_FH},
	[NFS4_OP_NVERIFY] = {nfs4_nverify, NEEDS_FH},
	[NFS4_OP_OPEN] = {nfs4_open, NEEDS_FH},
	[NFS4_OP_OPENATTR] = {NULL, NEEDS_FH},
	[NFS4_OP_OPEN_DOWNGRADE] = {nfs4_open_downgrade, NEEDS_FH,
	NFS4ERR_BAD_STATEID},
	[NFS4_OP_PUTFH] = {nfs4_putfh},
	[NFS4_OP_PUTPUBFH] = {nfs4_putrootfh},
	[NFS4_OP_PUTROOTFH] = {nfs4_putrootfh},
	[NFS4_OP_READ] = {nfs4_read, NEEDS_FH, FS_ISDIR},
	[NFS4_OP_READDIR] = {nfs4_readdir, NEEDS_FH},
	[NFS4_OP_READLINK] = {nfs4_readlink, NEEDS_FH, NFS4ERR_WRONG_TYPE},
	[NFS4_OP_REMOVE] = {nfs4_remove, NEEDS_FH, FS_ROFS},
	[NFS4_OP_RENAME] = {nfs4_rename, NEEDS_FH | NEEDS_SAVED_FH, FS_ROFS},
	[NFS4_OP_RESTOREFH] = {nfs4_restorefh},
	[NFS4_OP_SAVEFH] = {nfs4_savefh, NEEDS_FH},
	[NFS4_OP_SECINFO] = {nfs4_secinfo, NEEDS_FH},
	[NFS4_OP_SETATTR] = {nfs4_setattr, NEEDS_FH, FS_ROFS},
	[NFS4_OP_VERIFY] = {nfs4_verify, NEEDS_FH},
	[NFS4_OP_WRITE] = {nfs4_write, NEEDS_FH, FS_ISDIR},
	[NFS4_OP_BACKCHANNEL_CTL] = {nfs4_backchannel_ctl},
	[NFS4_OP_BIND_CONN_TO_SESSION] = {nfs4_bind_conn_to_session,
	WITHOUT_SESSION | ALONE},
	[NFS4_OP_EXCHANGE_ID] = {nfs4_exchange_id, WITHOUT_SESSION},
	[NFS4_OP_CREATE_SESSION] = {nfs4_create_session, WITHOUT_SESSION},
	[NFS4_OP_DESTROY_SESSION] = {nfs4_destroy_session, WITHOUT_SESSION},
	[NFS4_OP_FREE_STATEID] = {nfs4_free_stateid},
	[NFS4_OP_GET_DIR_DELEGATION] = {NULL, NEEDS_FH},
	[NFS4_OP_GETDEVICEINFO] = {NULL},
	[NFS4_OP_GETDEVICELIST] = {NULL, NEEDS_FH},
	[NFS4_OP_LAYOUTCOMMIT] = {NULL, NEEDS_FH},
	[NFS4_OP_LAYOUTGET] = {NULL, NEEDS_FH},
	[NFS4_OP_LAYOUTRETURN] = {NULL},
	[NFS4_OP_SECINFO_NO_NAME] = {nfs4_secinfo_no_name, NEEDS_FH},
	[NFS4_OP_SEQUENCE] = {nfs4_sequence},
	[NFS4_OP_SET_SSV] = {NULL},
	[NFS4_OP_TEST_STATEID] = {nfs4_test_stateid},
	[NFS4_OP_WANT_DELEGATION] = {NULL},
	[NFS4_OP_DESTROY_CLIENTID] = {nfs4_destroy_clientid, WITHOUT_SESSION},
	[NFS4_OP_RECLAIM_COMPLETE] = {nfs4_reclaim_complete},
	[NFS4_OP_ALLOCATE] = {nfs4_allocate, NEEDS_FH | MINOR_2, FS_ISDIR},
	[NFS4_OP_COPY] = {nfs4_copy, NEEDS_FH | NEEDS_SAVED_FH | MINOR_2,
	FS_ISDIR},
	[NFS4_OP_COPY_NOTIFY] = {NULL, NEEDS_FH | MINOR_2},
	[NFS4_OP_DEALLOCATE] = {nfs4_deallocate, NEEDS_FH | MINOR_2, FS_ISDIR},
	[NFS4_OP_IO_ADVISE] = {nfs4_io_advise, NEEDS_FH | MINOR_2, FS_ISDIR},
	[NFS4_OP_LAYOUTERROR] = {NULL, MINOR_2},
	[NFS4_OP_LAYOUTSTATS] = {NULL, MINOR_2},
	[NFS4_OP_OFFLOAD_CANCEL] = {NULL, MINOR_2},
	[NFS4_OP_OFFLOAD_STATUS] = {NULL, MINOR_2},
	[NFS4_OP_READ_PLUS] = {nfs4_read_plus, NEEDS_FH | MINOR_2, FS_ISDIR},
	[NFS4_OP_SEEK] = {nfs4_seek, NEEDS_FH | MINOR_2, FS_ISDIR},
	[NFS4_OP_WRITE_SAME] = {NULL, NEEDS_FH | MINOR_2},
	[NFS4_OP_CLONE] = {nfs4_clone, NEEDS_FH | NEEDS_SAVED_FH | MINOR_2,
	FS_ISDIR},
	[NFS4_OP_GETXATTR] = {nfs4_getxattr, NEEDS_FH | MINOR_2, NFS4ERR_NOXATTR},
	[NFS4_OP_SETXATTR] = {nfs4_setxattr, NEEDS_FH | MINOR_2, FS_ROFS},
	[NFS4_OP_LISTXATTRS] = {nfs4_listxattrs, NEEDS_FH | MINOR_2},
	[NFS4_OP_REMOVEXATTR] = {nfs4_removexattr, NEEDS_FH | MINOR_2, FS_ROFS},
};

static const Operation write_blocks = {nfs4_write_blocks, NEEDS_FH, FS_ISDIR};

/* What the gateway refuses, and numbers that mean nothing to us. */
static const Operation no_operation;

#define RETURN_CLASS(number, name, arguments, results, class) \
	case number: return CLASS_##class;

static int
class_of(uint32 number)
{
	switch (number)
	{
		NFS4_OPERATIONS(RETURN_CLASS)
		case NFS4_OP_WRITE_BLOCKS:
			return CLASS_D;
		default:
			return 0;
	}
}

static bool
is_write(uint32 number)
{
	return number == NFS4_OP_WRITE || number == NFS4_OP_WRITE_BLOCKS;
}

/* no_operation: there is none in this minor version. */
static const Operation *
find_operation(const Compound *c, uint32 number)
{
	const Operation *op;

	if (number == NFS4_OP_WRITE_BLOCKS)
		return &write_blocks;
	if (number >= lengthof(operations) || class_of(number) == 0)
		return &no_operation;
	op = &operations[number];
	return op->flags & MINOR_2 && c->minor < 2 ? &no_operation : op;
}

/*
 * The program
 */

/* The first word of what is left of a program. */
static uint32
peek_u32(const char *at)
{
	uint32		value;

	memcpy(&value, at, sizeof(value));
	return pg_ntoh32(value);
}

/* Finds the classes of all operations, which must be as many as announced. */
static void
look_through(Compound *c)
{
	const char *at = c->next;

	for (uint32 i = 0; i < c->nops; i++)
	{
		uint32		len;

		if (c->end - at < 2 * sizeof(uint32))
			compound_malformed();
		c->classes |= class_of(peek_u32(at));
		c->writes |= is_write(peek_u32(at));
		len = peek_u32(at + sizeof(uint32));
		at += 2 * sizeof(uint32);
		if (len > c->end - at)
			compound_malformed();
		at += len;
	}
	if (at != c->end)
		compound_malformed();
}

/* The slot of the session answers what is asked again. */
static const Caller *
caller_without_call(const Caller *caller)
{
	Caller	   *copy;

	if (!caller->has_call)
		return caller;
	copy = (Caller *) palloc(VARSIZE(caller));
	memcpy(copy, caller, VARSIZE(caller));
	copy->has_call = copy->has_connection = false;
	return copy;
}

static void
begin(Compound *c, const bytea *program, const bytea *data,
	  const Caller *caller)
{
	c->arg = VARDATA_ANY(program);
	c->arg_end = c->end = c->arg + VARSIZE_ANY_EXHDR(program);
	if (get_u32(c) != NFS4_PROGRAM_VERSION)
		compound_malformed();
	c->minor = get_u32(c);
	c->digest = get_u64(c);
	c->ops_sent = get_u32(c);
	c->request_bytes = get_u32(c);
	c->reply_head = get_u32(c);
	c->nops = get_u32(c);
	c->next = c->arg;
	look_through(c);
	c->beside.data = data == NULL ? "" : VARDATA_ANY(data);
	c->beside.len = data == NULL ? 0 : VARSIZE_ANY_EXHDR(data);
	c->caller = caller_without_call(caller);
	c->reply_max = c->cached_max = PG_UINT32_MAX;

	/* the row's column, whose length is set at the end */
	initStringInfo(&c->results);
	(void) put_space(c, VARHDRSZ);
}

/*
 * Operations
 */

/* May this operation come here?  What RFC 8881, 2.10.6 and 18.46.3 say. */
static uint32
check_place(const Compound *c, const Operation *op)
{
	if (c->op == NFS4_OP_SEQUENCE)
		return c->index == 0 ? NFS4_OK : NFS4ERR_SEQUENCE_POS;
	if ((op->flags & ALONE) && c->ops_sent != 1)
		return NFS4ERR_NOT_ONLY_OP;
	if (c->session != NULL)
		return NFS4_OK;
	if ((op->flags & WITHOUT_SESSION) == 0)
		return NFS4ERR_OP_NOT_IN_SESSION;
	return c->ops_sent == 1 ? NFS4_OK : NFS4ERR_NOT_ONLY_OP;
}

static uint32
check_filehandles(const Compound *c, const Operation *op)
{
	if ((op->flags & NEEDS_FH) && c->current.kind == FH_NONE)
		return NFS4ERR_NOFILEHANDLE;
	if ((op->flags & NEEDS_SAVED_FH) && c->saved.kind == FH_NONE)
		return NFS4ERR_NOFILEHANDLE;
	return c->current.kind == FH_PSEUDO ? op->above : NFS4_OK;
}

/* Do the results fit, with so many more bytes? */
static uint32
check_size(const Compound *c, uint32 more)
{
	uint64		size = (uint64) c->reply_head + c->xdr + more;

	if (size > c->reply_max)
		return NFS4ERR_REP_TOO_BIG;
	return c->cache_this && size > c->cached_max ?
		NFS4ERR_REP_TOO_BIG_TO_CACHE : NFS4_OK;
}

/*
 * So much do the results of a change take.  A change whose results would not
 * fit must not be made.
 */
#define CHANGE_RESULTS_MAX 256

static uint32
run_operation(Compound *c, const Operation *op, int class)
{
	uint32		status = check_place(c, op);

	if (status == NFS4_OK)
		status = check_filehandles(c, op);
	if (status == NFS4_OK && op->function == NULL)
		status = FS_NOTSUPP;
	if (status == NFS4_OK && (class & CLASS_STORED))
		status = check_size(c, CHANGE_RESULTS_MAX);
	if (status == NFS4_OK)
	{
		status = op->function(c);
		if (status == NFS4_OK && c->arg != c->arg_end)
			compound_malformed();
	}
	return status;
}

/* Runs the next operation, and puts its result. */
static uint32
run_next(Compound *c)
{
	const Operation *op;
	uint32		len,
				status;
	int			at,
				class;
	uint32		xdr;
	const bytea *data;

	CHECK_FOR_INTERRUPTS();
	c->op = peek_u32(c->next);
	len = peek_u32(c->next + sizeof(uint32));
	c->arg = c->next + 2 * sizeof(uint32);
	c->next = c->arg_end = c->arg + len;

	class = class_of(c->op);
	op = find_operation(c, c->op);
	if (c->op == NFS4_OP_FAIL)
	{
		put_u32(c, get_u32(c));
		status = get_u32(c);
		if (status == NFS4_OK)
			compound_malformed();
		put_u32(c, status);
		c->nresults++;
		return status;
	}
	put_u32(c, op == &no_operation ? NFS4_OP_ILLEGAL :
			op == &write_blocks ? NFS4_OP_WRITE : c->op);
	at = put_room_u32(c);
	xdr = c->xdr;
	data = c->data;
	status = op == &no_operation ? NFS4ERR_OP_ILLEGAL :
		run_operation(c, op, class);
	if (status == NFS4_OK)
		status = check_size(c, 0);
	if (status != NFS4_OK && (op->flags & FAILS_WITH_RESULTS) == 0)
	{
		c->results.len = at + sizeof(uint32);
		c->xdr = xdr;
		c->data = data;
	}
	put_u32_at(c, at, status);
	c->nresults++;
	if (status == NFS4_OK && (class & CLASS_STORED))
		c->changed = true;
	if ((class & (CLASS_STORED | CLASS_D)) && c->next < c->end)
		compound_renew_snapshot(c);
	return status;
}

/* The operations, until one fails. */
static void
run(Compound *c)
{
	uint32		status = NFS4_OK;
	int			head = put_room_u32(c);
	int			count = put_room_u32(c);

	c->xdr = 0;					/* these two are in reply_head */
	if (c->minor < 1 || c->minor > 2)
	{
		put_u32_at(c, head, NFS4ERR_MINOR_VERS_MISMATCH);
		return;
	}
	for (c->index = 0; c->index < c->nops && status == NFS4_OK; c->index++)
	{
		status = run_next(c);
		if (c->replay != NULL)
			return;
	}
	put_u32_at(c, head, status);
	put_u32_at(c, count, c->nresults);
	if (c->session != NULL && c->changed)
		nfs4_store(c);
}

enum
{
	COMPOUND_RESULTS,
	COMPOUND_DATA,
	COMPOUND_CLIENT_ID,
	COMPOUND_COLUMNS
};

static Datum
form_row(Compound *c)
{
	Datum		values[COMPOUND_COLUMNS];
	bool		nulls[COMPOUND_COLUMNS];
	const bytea *results = c->replay;
	const bytea *data = c->replay_data;

	if (results == NULL)
	{
		SET_VARSIZE(c->results.data, c->results.len);
		results = (const bytea *) c->results.data;
		data = c->data;
	}
	values[COMPOUND_RESULTS] = PointerGetDatum(results);
	nulls[COMPOUND_RESULTS] = false;
	values[COMPOUND_DATA] = PointerGetDatum(data);
	nulls[COMPOUND_DATA] = data == NULL;
	values[COMPOUND_CLIENT_ID] = Int64GetDatum(c->client_id);
	nulls[COMPOUND_CLIENT_ID] = c->session == NULL;
	return rel_form_result(TYPE_COMPOUND_RESULT, values, nulls,
						   COMPOUND_COLUMNS);
}

/*
 * Outside a gateway's session, too, what an operation has changed is written
 * when all of them have run (change_gather_begin()).
 */
Datum
dittofs_compound(PG_FUNCTION_ARGS)
{
	Compound	c = {0};
	bool		changes;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		compound_malformed();
	begin(&c, PG_GETARG_BYTEA_PP(0),
		  PG_ARGISNULL(1) ? NULL : PG_GETARG_BYTEA_PP(1),
		  DatumGetCallerP(PG_GETARG_DATUM(2)));
	changes = (c.classes & (CLASS_STORED | CLASS_D)) != 0;
	if (changes)
		change_gather_begin();
	run(&c);
	if (changes)
		change_gather_end();
	if (c.has_snapshot)
		PopActiveSnapshot();
	return form_row(&c);
}
