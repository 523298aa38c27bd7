/* SPDX-License-Identifier: PostgreSQL */
/*
 * database_clock.h
 *	  Times of this process by a database server's clock.
 *
 * Whether a call is a retransmission is decided by when calls arrived and
 * connections were opened (extension/src/ops/replies.c), and gateways on
 * several hosts, whose clocks differ, must say that in one clock: the
 * server's.  What is measured is bounds of the difference between it and the
 * monotonic clock of this host; nothing is known better than by a message there
 * and back.
 */
#ifndef DITTOFS_DATABASE_CLOCK_H
#define DITTOFS_DATABASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

/*
 * A query that asks the server of a metadata store for its time; sent: when it
 * leaves this process at the earliest, or 0 if that is not known.
 */
#define DATABASE_CLOCK_SQL_MAX 256
extern void database_clock_query(char sql[DATABASE_CLOCK_SQL_MAX], int store,
								 int64_t sent);

/* Is this its result, which has just arrived?  Then it is taken note of. */
extern bool database_clock_heard(const PGresult *result);

/*
 * What database_clock_heard() does with the server's time.  now: when that
 * arrived.
 */
extern void database_clock_note(int store, int64_t time, int64_t sent,
								int64_t now);

/*
 * By the clock of the store's server, in microseconds since the epoch: *latest
 * and *earliest, when it was after at the latest, and before at the earliest.
 * False: not known yet.
 */
extern bool database_clock_of(int store, int64_t after, int64_t before,
							  int64_t *latest, int64_t *earliest);

#endif							/* DITTOFS_DATABASE_CLOCK_H */
