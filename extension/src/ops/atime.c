/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * atime.c
 *	  Access times, by the share's policy.
 *
 * 'relative' is Linux's relatime: the access time is only brought forward when
 * it is not later than the last change, or a day old.  A reader does not wait
 * for a transaction that is changing the inode, and his transaction need not be
 * flushed.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xact.h"
#include "access/xlog.h"

#include "ops/atime.h"
#include "base/change.h"
#include "tables/shape.h"
#include "tables/xact.h"

#define DAY INT64CONST(86400000000000)

void
atime_touch(const Share *share, Inode *inode)
{
	FsTime		now = fs_now();
	Inode	   *mine;

	if (share->atime == ATIME_OFF || share->read_only || XactReadOnly ||
		RecoveryInProgress() || IsolationUsesXactSnapshot() ||
		change_would_fail())
		return;
	if (share->atime == ATIME_RELATIVE &&
		inode->atime > inode->mtime && inode->atime > inode->ctime &&
		now - inode->atime < DAY)
		return;
	/* a reader need not suffer from obstacles to changes */
	if (!table_may_change(REL_FILES))
		return;
	change_begin("dittofs: access time", CHANGE_UNSTABLE);
	mine = inode_lock_nowait(&inode->id);
	if (mine != NULL && now > mine->atime)
	{
		mine->atime = inode->atime = now;
		inode_dirty(mine);
	}
	change_end();
}
