/* SPDX-License-Identifier: PostgreSQL */
/*
 * failures.h
 *	  Clients that go on through whatever is done to the servers.
 */
#ifndef FAILURES_H
#define FAILURES_H

#include <stdint.h>

/*
 * Until so many calls have been made by each client or, if minutes is not 0,
 * until they are over; SIGTERM and SIGINT end it early, with all checks.
 */
extern void run_through_failures(int clients, uint64_t seed,
								 uint32_t operations, int minutes);

#endif							/* FAILURES_H */
