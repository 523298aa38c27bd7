/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * leases4.h
 *	  Leases of clients of NFSv4.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_LEASES4_H
#define DITTOFS_LEASES4_H

#include "base/dittofs.h"

/* The lease time that clients are told, in seconds. */
extern uint32 lease4_time(void);

#endif							/* DITTOFS_LEASES4_H */
