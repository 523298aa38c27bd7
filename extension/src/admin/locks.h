/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * locks.h
 *	  The sweep of locks, for reap().
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_LOCKS_H
#define DITTOFS_LOCKS_H

/*
 * Forgets, about once a minute and in slices, files and clients that have no
 * locks, and ends clients that no gateway has seen for lock_client_timeout.
 */
extern void locks_sweep(void);

#endif							/* DITTOFS_LOCKS_H */
