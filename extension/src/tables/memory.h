/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * memory.h
 *	  In-memory content: the current epoch of its UNLOGGED table; the one module
 *	  that touches dittofs.memory_life.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_MEMORY_H
#define DITTOFS_MEMORY_H

#include "base/dittofs.h"

/* The current epoch of dittofs.blocks_memory; begins one if need be. */
extern int64 memory_life(void);
/* Has content of that epoch been lost? */
extern bool memory_lost(int64 life);

#endif							/* DITTOFS_MEMORY_H */
