/* SPDX-License-Identifier: PostgreSQL */
/*
 * many.h
 *	  Several clients at once, and an order of their calls that explains what
 *	  they saw.
 */
#ifndef MANY_H
#define MANY_H

#include <stdint.h>

/*
 * operations are those of each client; with minutes, rounds of so many are
 * repeated until the time is over.  save: a file for the history, or NULL.
 */
extern void run_many(int clients, uint64_t seed, uint32_t operations,
					 int minutes, const char *save);
/* Judges a history from a file. */
extern void run_recorded(const char *file);

#endif							/* MANY_H */
