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

/* The life of dittofs.blocks_memory that is now; begins one if need be. */
extern int64 memory_life(void);
/* Has content of that life been lost? */
extern bool memory_lost(int64 life);

#endif							/* DITTOFS_MEMORY_H */
