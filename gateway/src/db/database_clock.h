/* SPDX-License-Identifier: PostgreSQL */
/*
 * database_clock.h
 *	  Translates times of this process to a database server's clock.
 *
 * The duplicate request cache compares when calls arrived and when connections
 * were opened (extension/src/ops/replies.c).  Gateways on several hosts, whose
 * clocks differ, must give these times by one clock: the server's.  This module
 * measures bounds of the difference between that clock and the monotonic clock
 * of this host; a message there and back tells no more.
 */
#ifndef DITTOFS_DATABASE_CLOCK_H
#define DITTOFS_DATABASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

/*
 * A query for the time of a metadata store's server; sent: when it leaves this
 * process at the earliest, or 0 if that is not known.
 */
#define DATABASE_CLOCK_SQL_MAX 256
extern void database_clock_query(char sql[DATABASE_CLOCK_SQL_MAX], int store,
								 int64_t sent);

/* Is this its result, which has just arrived?  If so, its time is noted. */
extern bool database_clock_heard(const PGresult *result);

/*
 * Notes the server's time, for database_clock_heard(). now: when it arrived.
 */
extern void database_clock_note(int store, int64_t time, int64_t sent,
								int64_t now);

/*
 * Translates to the clock of the store's server, in microseconds since the
 * epoch: *latest for `after`, at the latest, and *earliest for `before`, at the
 * earliest.  False: not known yet.
 */
extern bool database_clock_of(int store, int64_t after, int64_t before,
							  int64_t *latest, int64_t *earliest);

#endif							/* DITTOFS_DATABASE_CLOCK_H */
