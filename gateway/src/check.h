/*
 * check.h
 *	  dittofs check: would a gateway with this configuration work here?
 */
#ifndef DITTOFS_CHECK_H
#define DITTOFS_CHECK_H

#include <stdbool.h>

#include "config.h"

/* Prints what it finds.  True: nothing is wrong. */
extern bool check(const struct config *config);

/*
 * Before the workers start: logs what is doubtful and wrong.  False: a
 * gateway must not start.
 */
extern bool check_before_start(const struct config *config);

#endif							/* DITTOFS_CHECK_H */
