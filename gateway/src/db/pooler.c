/* SPDX-License-Identifier: PostgreSQL */
/*
 * pooler.c
 *	  A connection pooler between the gateway and its database: see pooler.h.
 */
#include "db/pooler.h"
#include "config/config.h"
#include "base/event.h"
#include "base/log.h"
#include "db/session.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Microseconds. */
#define ANSWER_TIMEOUT ((int64_t) 5 * 1000000)
#define WATCH_PERIOD ((int64_t) 15 * 1000000)

#define ROUNDS 4

atomic_bool pooler_refused[METADATA_STORES_MAX];

/* The server process behind a connection; 0: there is no answer. */
static int
process_of(PGconn *pg, char *problem, size_t size)
{
	PGresult   *result = session_exec(pg, "SELECT pg_catalog.pg_backend_pid()",
									  0, NULL, 0,
									  clock_now() + ANSWER_TIMEOUT);
	int			pid = PQresultStatus(result) == PGRES_TUPLES_OK ?
		atoi(PQgetvalue(result, 0, 0)) : 0;

	if (pid == 0)
		snprintf(problem, size, "%s", result != NULL ?
				 PQresultErrorMessage(result) : "no answer");
	PQclear(result);
	return pid;
}

/*
 * Sessions that are open at the same time have processes of their own, unless
 * a pooler deals out transactions: then it gives the process that was used
 * last, or longest ago, to the next session, so one of two sessions meets the
 * other's process, or loses its own.
 */
static enum pooler
compare_processes(PGconn *pg, PGconn *other, char *problem, size_t size)
{
	int			own = process_of(pg, problem, size);

	if (own == 0)
		return POOLER_UNKNOWN;
	for (int i = 0; i < ROUNDS; i++)
	{
		int			again = process_of(pg, problem, size);
		int			others = process_of(other, problem, size);

		if (again == 0 || others == 0)
			return POOLER_UNKNOWN;
		if (again != own || others == own)
			return POOLER_SHARES_PROCESSES;
	}
	return POOLER_KEEPS_SESSIONS;
}

enum pooler
pooler_examine(int store, PGconn *pg, char *problem, size_t size)
{
	PGconn	   *other;
	enum pooler found;
	int			pid = process_of(pg, problem, size);

	if (pid == 0)
		return POOLER_UNKNOWN;

	/* A pooler has no process of the server's number to tell. */
	if (pid == PQbackendPID(pg))
		return POOLER_NONE;
	other = session_connect_plain(store, problem, size);
	if (other == NULL)
		return POOLER_UNKNOWN;
	found = compare_processes(pg, other, problem, size);
	PQfinish(other);
	return found;
}

void
pooler_refuse(int store, const char *name)
{
	if (!atomic_exchange(&pooler_refused[store], true))
		log_with(LOG_LEVEL_ERROR, log_members(NULL, "{s:s}", "store", name),
				 "metadata store %s is not used any more: %s", name,
				 session_pooler_problem);
}

void
pooler_watch(int store, const char *name, PGconn *pg)
{
	static _Thread_local int64_t due;
	char		problem[512];

	if (!pooler_is_refused(store) && clock_now() < due)
		return;
	due = clock_now() + WATCH_PERIOD;
	switch (pooler_examine(store, pg, problem, sizeof(problem)))
	{
		case POOLER_SHARES_PROCESSES:
			pooler_refuse(store, name);
			break;
		case POOLER_NONE:
		case POOLER_KEEPS_SESSIONS:
			if (atomic_exchange(&pooler_refused[store], false))
				log_with(LOG_LEVEL_INFO,
						 log_members(NULL, "{s:s}", "store", name),
						 "metadata store %s is used again: each session keeps "
						 "its server process", name);
			break;
		case POOLER_UNKNOWN:
			log_with(LOG_LEVEL_DEBUG,
					 log_members(NULL, "{s:s, s:o}", "store", name, "error",
								 log_text(problem)),
					 "metadata store %s: what the connection pooler does with "
					 "sessions is not known: %s", name, problem);
			break;
	}
}
