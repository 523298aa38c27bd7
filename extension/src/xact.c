/*-------------------------------------------------------------------------
 *
 * xact.c
 *	  The frame around every operation, and what happens at the transaction's
 *	  end.
 *
 * In anybody's session an operation writes what it changed before it returns.
 * In a gateway's (dittofs.gateway = on) it waits for the commit: a batch of 64
 * creations in one directory then writes that directory's row once, yet each
 * reply has a ctime of its own, so that a client can tell its own change from
 * one that another client made in the same batch.
 *
 * Also there: a transaction that did nothing that its caller may rely on
 * (unstable writes, access times) commits asynchronously.  The rule can only
 * be applied to a gateway's session, for it alone promises to make no other
 * changes.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include <time.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/snapmgr.h"

#include "dirents.h"
#include "guc.h"
#include "inodes.h"
#include "rel.h"
#include "replies.h"
#include "usage.h"
#include "xact.h"

/* Of libpq/libpq.h, which wants the headers of Kerberos where the server has it. */
extern bool pq_check_connection(void);

/* Of the current transaction. */
static bool xact_pending = false;	/* something may be waiting for the commit */
static bool xact_deferred = false;	/* an operation has left it to the commit */
static bool xact_unstable = false;
static bool xact_durable = false;

/* What synchronous_commit is to be again after an asynchronous commit. */
static bool commit_is_async = false;
static int	saved_synchronous_commit;

int64
fs_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64) ts.tv_sec * INT64CONST(1000000000) + ts.tv_nsec;
}

/*
 * snapXactCompletionCount of the active snapshot, whose copy has lost it; 0 before
 * the transaction's first change_begin()
 */
static uint64 commits_seen = 0;

static void
push_snapshot(void)
{
	Snapshot	snapshot = GetTransactionSnapshot();

	commits_seen = snapshot->snapXactCompletionCount;
	PushActiveSnapshot(snapshot);
}

void
snapshot_renew(void)
{
	PopActiveSnapshot();
	push_snapshot();
}

uint64
snapshot_commits(void)
{
	return commits_seen;
}

void
change_begin(const char *function, Durability durability)
{
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);

	/*
	 * A transaction that has begun to defer goes on, whatever becomes of the
	 * setting: what waits must not meet a savepoint, and a rollback to one.
	 */
	xact_deferred |= dittofs_gateway;
	if (xact_deferred && GetCurrentTransactionNestLevel() > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run inside a savepoint of a gateway's session",
						function),
				 errhint("Set dittofs.gateway to off.")));
	push_snapshot();
	xact_pending = true;
	if (durability == CHANGE_DURABLE)
		xact_durable = true;
	else
		xact_unstable = true;
}

void
change_needs_flush(void)
{
	xact_durable = true;
}

static void
write_pending(void)
{
	CommandCounterIncrement();
	inode_flush();
	dirent_flush();
	usage_flush();
	reply_flush();
	reply_verify();
	CommandCounterIncrement();
}

void
change_write_now(void)
{
	CommandCounterIncrement();
	inode_flush();
	dirent_flush();
	CommandCounterIncrement();
}

bool
change_is_under_way(void)
{
	return xact_pending;
}

bool
changes_wait(void)
{
	return dittofs_gateway || xact_deferred;
}

void
change_end(void)
{
	if (!xact_deferred)
	{
		write_pending();
		inode_forget();
		dirent_forget();
		usage_forget();
		reply_forget();
		xact_pending = false;
	}
	else
		CommandCounterIncrement();
	PopActiveSnapshot();
}

/*
 * A gateway that has died or given this session up may have left calls in the
 * socket.  Its clients send them again elsewhere, and may have had their answer
 * already: a WRITE that came now would be over what was written since, and a
 * MKDIR that has meanwhile been refused would be made.  So such a batch does not
 * commit.  The question comes when all locks are held: whoever was answered
 * elsewhere before we got them had lost this gateway before.
 */
static void
check_gateway(void)
{
	if (MyProcPort != NULL && !pq_check_connection())
		ereport(FATAL,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("the gateway has gone: what it has sent is not done")));
}

static void
at_commit(void)
{
	if (xact_pending)
	{
		if (dittofs_gateway)
			check_gateway();
		PushActiveSnapshot(GetTransactionSnapshot());
		write_pending();
		PopActiveSnapshot();
	}
	if (dittofs_gateway && xact_unstable && !xact_durable &&
		synchronous_commit > SYNCHRONOUS_COMMIT_OFF)
	{
		saved_synchronous_commit = synchronous_commit;
		synchronous_commit = SYNCHRONOUS_COMMIT_OFF;
		commit_is_async = true;
	}
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
	if (committed)
		reply_committed(TransactionIdIsValid(GetTopTransactionIdIfAny()));
	else
		reply_forget();
	usage_end();
	rel_forget();
	commits_seen = 0;
	xact_pending = xact_deferred = xact_unstable = xact_durable = false;
}

static void
xact_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
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
 */
static void
subxact_callback(SubXactEvent event, SubTransactionId mySubid,
				 SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		usage_subabort();
	if (event == SUBXACT_EVENT_ABORT_SUB && !xact_deferred)
	{
		inode_forget();
		dirent_forget();
		usage_forget();
		reply_forget();
		xact_pending = false;
	}
}

void
xact_init(void)
{
	RegisterXactCallback(xact_callback, NULL);
	RegisterSubXactCallback(subxact_callback, NULL);
}
