/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * guard.h
 *	  nothing drops the extension while there are files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_GUARD_H
#define DITTOFS_GUARD_H

/* Defines dittofs.allow_drop; called by _PG_init() only. */
extern void guard_init(void);

#endif							/* DITTOFS_GUARD_H */
