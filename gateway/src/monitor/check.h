/* SPDX-License-Identifier: PostgreSQL */
/*
 * check.h
 *	  dittofs check: would a gateway with this configuration work here?
 */
#ifndef DITTOFS_CHECK_H
#define DITTOFS_CHECK_H

#include <stdbool.h>

#include "config/config.h"

/* Prints what it finds.  True: nothing is wrong. */
extern bool check(const struct config *config);

/*
 * Before the workers start: logs what is doubtful and wrong.  False: a
 * gateway must not start.
 */
extern bool check_before_start(const struct config *config);

/*
 * The same for a store that could not be reached then, now that it can: what
 * auto_migrate makes is made, and the rest is logged.
 */
extern void check_later(const struct config *config, int store);

#endif							/* DITTOFS_CHECK_H */
