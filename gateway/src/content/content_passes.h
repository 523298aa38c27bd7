/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_passes.h
 *	  What every gateway does for content in the background: merging what was
 *	  staged in the database into blocks, moving content whose share has
 *	  another kind now, deleting blocks that no file has.
 *
 * Any number of gateways do this at once; the database leases what is to be
 * done to one of them at a time.  A gateway that dies in between leaves a
 * lease that ends by itself.
 */
#ifndef DITTOFS_CONTENT_PASSES_H
#define DITTOFS_CONTENT_PASSES_H

#include <stdbool.h>

#include "base/event.h"

struct database;

/* Merges under way at a time, when there is that much to do. */
#define MERGERS 4

struct merger
{
	struct timer timer;
	struct database *database;
	bool		busy;
};

struct content_passes
{
	struct merger mergers[MERGERS];
	struct timer gc;
	struct database *database;
};

extern void content_passes_start(struct content_passes *passes,
								 struct database *database);

/* A part of it, in content_merge.c. */
extern void mergers_start(struct content_passes *passes);

#endif							/* DITTOFS_CONTENT_PASSES_H */
