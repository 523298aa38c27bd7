/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * states.h
 *	  The sweep of what clients of NFSv4 had open (tables/states4.h).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_STATES_H
#define DITTOFS_STATES_H

/*
 * About once a minute and in slices: deletes files without a name that are not
 * open any more.
 */
extern void states_sweep(void);

#endif							/* DITTOFS_STATES_H */
