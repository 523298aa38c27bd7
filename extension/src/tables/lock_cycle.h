/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * lock_cycle.h
 *	  Owners of locks that would wait for each other for ever.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_LOCK_CYCLE_H
#define DITTOFS_LOCK_CYCLE_H

#include "base/dittofs.h"

#include "tables/lock_list.h"

/*
 * A request that waits in this file: does an owner that is in its way wait, by
 * way of any others, for the very owner that asks?  The file is locked, and
 * list is what has become of it.
 */
extern bool lock_cycle_closes(int32 share_id, const pg_uuid_t *file_id,
							  const LockList *list, int owner,
							  const LockRange *range);

#endif							/* DITTOFS_LOCK_CYCLE_H */
