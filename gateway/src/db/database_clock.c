/* SPDX-License-Identifier: PostgreSQL */
/*
 * database_clock.c
 *	  See database_clock.h.
 *
 * A time that the server tells lies between the moment when it was asked and
 * the one when its answer came: two bounds of the difference.  All that is
 * heard, by each new session and the keeper every few seconds, narrows them,
 * and time widens them again, since clocks drift.  What contradicts them means
 * that the clock was set, or that another server is the primary now.
 */
#include "db/database_clock.h"
#include "config/config.h"
#include "base/event.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server's clock minus ours is between low and high, as of then. */
struct bounds
{
	_Atomic int64_t low;
	_Atomic int64_t high;		/* UNKNOWN: nothing is known */
	_Atomic int64_t then;
};

#define UNKNOWN INT64_MAX

/* By which a clock may be off: 50 parts in a million. */
#define DRIFT(elapsed) ((elapsed) / 20000)

#define COLUMN "database_clock"

static struct bounds clocks[METADATA_STORES_MAX] = {
	[0 ... METADATA_STORES_MAX - 1] = {INT64_MIN, UNKNOWN, 0}
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
database_clock_query(char sql[DATABASE_CLOCK_SQL_MAX], int store, int64_t sent)
{
	snprintf(sql, DATABASE_CLOCK_SQL_MAX,
			 "SELECT (extract(epoch FROM pg_catalog.clock_timestamp())"
			 " OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8 AS " COLUMN
			 ", %d AS store, %lld AS sent", store, (long long) sent);
}

bool
database_clock_heard(const PGresult *result)
{
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1 ||
		PQnfields(result) != 3 || strcmp(PQfname(result, 0), COLUMN) != 0)
		return false;
	database_clock_note(atoi(PQgetvalue(result, 0, 1)),
						atoll(PQgetvalue(result, 0, 0)),
						atoll(PQgetvalue(result, 0, 2)), clock_now());
	return true;
}

void
database_clock_note(int store, int64_t time, int64_t sent, int64_t now)
{
	struct bounds *bounds = &clocks[store];
	int64_t		low = time - now;
	int64_t		high = sent != 0 ? time - sent : UNKNOWN;

	pthread_mutex_lock(&lock);
	if (bounds->high != UNKNOWN)
	{
		int64_t		drift = DRIFT(now - bounds->then);
		int64_t		old_low = bounds->low - drift;
		int64_t		old_high = bounds->high + drift;

		if (low <= old_high && old_low <= high)
		{
			low = low > old_low ? low : old_low;
			high = high < old_high ? high : old_high;
		}
	}
	bounds->low = low;
	bounds->high = high;
	bounds->then = now;
	pthread_mutex_unlock(&lock);
}

bool
database_clock_of(int store, int64_t after, int64_t before, int64_t *latest,
				  int64_t *earliest)
{
	struct bounds *bounds = &clocks[store];
	int64_t		high = bounds->high;
	int64_t		drift = DRIFT(clock_now() - bounds->then);

	if (high == UNKNOWN)
		return false;
	*latest = after + high + drift;
	*earliest = before + bounds->low - drift;
	return true;
}
