/* SPDX-License-Identifier: PostgreSQL */
/*
 * reaper.h
 *	  The chore that deletes the pages of files that have been removed.
 */
#ifndef DITTOFS_REAPER_H
#define DITTOFS_REAPER_H

#include "base/event.h"

struct database;

struct reaper
{
	struct timer timer;
	struct database *database;
};

extern void reaper_start(struct reaper *reaper, struct database *database);

#endif							/* DITTOFS_REAPER_H */
