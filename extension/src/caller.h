/*-------------------------------------------------------------------------
 *
 * caller.h
 *	  Making callers from the inside.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CALLER_H
#define DITTOFS_CALLER_H

#include "dittofs.h"

/* A local root: what the text '' stands for. */
extern Caller *caller_local_root(void);

#endif							/* DITTOFS_CALLER_H */
