/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * change.c
 *	  Keeps the state of the change that is under way.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <time.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/snapmgr.h"

#include "base/change.h"
#include "base/guc.h"

ChangeState change_state;

int64
fs_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64) ts.tv_sec * INT64CONST(1000000000) + ts.tv_nsec;
}

bool
changes_wait(void)
{
	return dittofs_gateway || change_state.deferred;
}

bool
change_would_fail(void)
{
	return changes_wait() && GetCurrentTransactionNestLevel() > 1;
}

void
change_is_new(void)
{
	PreventCommandIfReadOnly(change_state.once);
}

/*
 * snapXactCompletionCount of the active snapshot, whose copy has lost it; 0
 * before the transaction's first change_begin()
 */
static uint64 commits_seen = 0;

void
snapshot_push(void)
{
	Snapshot	snapshot = GetTransactionSnapshot();

	commits_seen = snapshot->snapXactCompletionCount;
	PushActiveSnapshot(snapshot);
}

void
snapshot_renew(void)
{
	PopActiveSnapshot();
	snapshot_push();
}

void
snapshot_step(void)
{
	CommandCounterIncrement();
	snapshot_renew();
}

uint64
snapshot_commits(void)
{
	return commits_seen;
}

void
snapshot_forget(void)
{
	commits_seen = 0;
}
