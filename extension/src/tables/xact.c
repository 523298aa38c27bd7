/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * xact.c
 *	  The frame of every operation, and the work at the transaction's end.
 *
 * In a person's session an operation writes its changes before it returns.
 * In a gateway's (dittofs.gateway = on) it waits for the commit: a batch of 64
 * creations in one directory then writes that directory's row once, yet each
 * reply has a ctime of its own, so that a client can tell its own change from
 * one that another client made in the same batch.
 *
 * A gateway's transaction that did nothing that its caller may rely on
 * (unstable writes, access times) commits asynchronously.  The rule applies to
 * a gateway's session only, since that alone promises to make no other changes.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/change.h"
#include "tables/churn.h"
#include "tables/dirents.h"
#include "base/guc.h"
#include "tables/inodes.h"
#include "tables/lock_clients.h"
#include "tables/rel.h"
#include "nfs4/slots4.h"
#include "ops/replies.h"
#include "tables/usage.h"
#include "tables/xact.h"

/*
 * Of libpq/libpq.h, which wants the headers of Kerberos where the server has
 * it.
 */
extern bool pq_check_connection(void);

/* Of the current transaction. */
static bool xact_unstable = false;
static bool xact_durable = false;
static bool gathering = false;	/* between change_gather_begin() and _end() */
static int	gathered = 0;		/* operations since something was written */

/* So many leave some hundred kilobytes. */
#define GATHER_MAX 1000

/* What synchronous_commit is to be again after an asynchronous commit. */
static bool commit_is_async = false;
static int	saved_synchronous_commit;

static void
begin(const char *function, Durability durability)
{
	rel_refuse_recursion();
	PreventCommandIfParallelMode(function);

	/*
	 * A transaction that has begun to defer goes on, whatever becomes of the
	 * setting: what waits must not meet a savepoint, and a rollback to one.
	 */
	change_state.deferred |= dittofs_gateway;
	if (change_state.deferred && GetCurrentTransactionNestLevel() > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run inside a savepoint of a gateway's session",
						function),
				 errhint("Set dittofs.gateway to off.")));
	snapshot_push();
	change_state.pending = true;
	if (durability == CHANGE_DURABLE)
		xact_durable = true;
	else
		xact_unstable = true;
}

void
change_begin(const char *function, Durability durability)
{
	PreventCommandIfReadOnly(function);
	begin(function, durability);
}

void
change_begin_once(const char *function, Durability durability)
{
	PreventCommandDuringRecovery(function);
	change_state.once = function;
	begin(function, durability);
}

void
flush_begin(const char *function)
{
	PreventCommandDuringRecovery(function);
	begin(function, CHANGE_DURABLE);
}

static void
write_pending(void)
{
	CommandCounterIncrement();
	inode_flush();
	dirent_flush();
	usage_flush();
	lock_clients_flush();
	reply_flush();
	slots_flush();
	reply_verify();
	slots_verify();
	CommandCounterIncrement();
}

static void
write_changes(void)
{
	CommandCounterIncrement();
	inode_flush();
	dirent_flush();
	usage_flush();
	lock_clients_flush();
	CommandCounterIncrement();
}

/* Would it be so for any other work, too, or go well the next time? */
static bool
is_of_the_moment(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case MAKE_SQLSTATE('0', '8', '0', '0', '0'):	/* connection */
		case MAKE_SQLSTATE('2', '5', '0', '0', '0'):	/* transaction state */
		case MAKE_SQLSTATE('4', '0', '0', '0', '0'):	/* rollback */
		case MAKE_SQLSTATE('4', '2', '0', '0', '0'): /* relation, privilege */
		case MAKE_SQLSTATE('5', '7', '0', '0', '0'):	/* intervention */
			return true;
		default:
			return sqlstate == ERRCODE_LOCK_NOT_AVAILABLE;
	}
}

bool
change_attempt(void (*work) (void *arg), void *arg, char **error)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool fine = true;

	write_changes();
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		/* one of this level, for a rollback to take away */
		snapshot_push();
		change_state.attempting = true;
		work(arg);
		write_changes();
		change_state.attempting = false;
		PopActiveSnapshot();
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *data;

		change_state.attempting = false;
		MemoryContextSwitchTo(caller);
		data = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		inode_forget();
		dirent_forget();
		usage_forget();
		lock_clients_forget();
		change_state.pending = true;
		if (is_of_the_moment(data->sqlerrcode))
			ReThrowError(data);
		*error =
			pstrdup(data->message != NULL ? data->message : "unknown error");
		FreeErrorData(data);
		fine = false;
	}
	PG_END_TRY();
	return fine;
}

static void
write_and_forget(void)
{
	write_pending();
	inode_forget();
	dirent_forget();
	usage_forget();
	lock_clients_forget();
	reply_forget();
	slots_forget();
	change_state.pending = false;
}

void
change_end(void)
{
	if (!change_state.deferred && !gathering)
		write_and_forget();
	else
		CommandCounterIncrement();
	PopActiveSnapshot();
}

/* In a gateway's session all of it waits for the commit anyway. */
void
change_gather_begin(void)
{
	gathering = !change_state.deferred && !dittofs_gateway;
	gathered = 0;
}

void
change_gather_step(void)
{
	if (!gathering || ++gathered < GATHER_MAX)
		return;
	change_gather_end();
	change_gather_begin();
}

void
change_gather_end(void)
{
	if (gathering && change_state.pending)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		write_and_forget();
		PopActiveSnapshot();
	}
	gathering = false;
}

/*
 * A gateway that has died or given this session up may have left calls in the
 * socket.  Its clients send them again elsewhere, and may have had their answer
 * already: a WRITE would now overwrite later data, and a MKDIR that was refused
 * meanwhile would be made.  So such a batch does not commit.  We check after
 * taking all locks.  If a client was already answered through another gateway
 * before that, its connection to this gateway had already been lost, so the
 * check sees it.
 */
static void
check_gateway(void)
{
	if (MyProcPort != NULL && !pq_check_connection())
		ereport(FATAL,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("the gateway has gone: what it has sent is not done")));
}

/*
 * Defaults and constraints of others may write, too.  What they put off to the
 * transaction's end (deferred constraints) has its turn here: the server's own
 * was before us.
 */
static void
write_at_commit(void)
{
	while (change_state.pending)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		write_pending();
		PopActiveSnapshot();
		change_state.pending = false;
		AfterTriggerFireDeferred();
	}
}

static void
at_commit(void)
{
	if (change_state.pending)
	{
		if (dittofs_gateway)
			check_gateway();
		write_at_commit();
	}
	if (dittofs_gateway && xact_unstable && !xact_durable &&
		synchronous_commit > SYNCHRONOUS_COMMIT_OFF)
	{
		saved_synchronous_commit = synchronous_commit;
		synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
		commit_is_async = true;
	}
}

/*
 * The row of space_usage with this backend's number would stay locked until
 * COMMIT PREPARED, and the next change of this backend, or of another one that
 * gets the number, would wait for it; so would every change of the inodes
 * concerned.
 */
static void
refuse_prepare(void)
{
	if (xact_unstable || xact_durable)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot PREPARE a transaction that has changed files of dittofs"),
				 errdetail("Its locks would stop the changes of all clients until COMMIT PREPARED."),
				 errhint("COMMIT it, or leave the files to a transaction of their own. Reading a file changes its access time.")));
}

static void
at_end(bool committed)
{
	if (commit_is_async)
		synchronous_commit = saved_synchronous_commit;
	commit_is_async = false;
	inode_forget();
	dirent_forget();
	usage_forget();
	lock_clients_forget();
	if (committed)
		reply_committed(TransactionIdIsValid(GetTopTransactionIdIfAny()));
	else
	{
		reply_forget();
		churn_forget();
	}
	slots_forget();
	usage_end();
	rel_forget();
	snapshot_forget();
	change_state.pending = change_state.deferred = xact_unstable =
		xact_durable = false;
	gathering = false;
}

static void
xact_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_PREPARE:
			refuse_prepare();
			rel_release();
			break;
		case XACT_EVENT_PRE_COMMIT:
			at_commit();
			rel_release();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			at_end(event == XACT_EVENT_COMMIT);
			break;
		default:
			break;
	}
}

/*
 * An error inside a savepoint leaves locked inodes behind that the rollback
 * unlocked.  Outside a gateway nothing is ever pending between operations.
 * What is rolled back while we evaluate others' expressions is their own work.
 */
static void
subxact_callback(SubXactEvent event, SubTransactionId mySubid,
				 SubTransactionId parentSubid, void *arg)
{
	if (rel_is_evaluating())
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		usage_subabort();
		churn_forget();
	}
	if (event == SUBXACT_EVENT_ABORT_SUB && !change_state.deferred)
	{
		gathering = false;
		inode_forget();
		dirent_forget();
		usage_forget();
		lock_clients_forget();
		reply_forget();
		slots_forget();
		change_state.pending = false;
	}
}

void
xact_init(void)
{
	RegisterXactCallback(xact_callback, NULL);
	RegisterSubXactCallback(subxact_callback, NULL);
}
