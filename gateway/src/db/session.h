/* SPDX-License-Identifier: PostgreSQL */
/*
 * session.h
 *	  Sets up a gateway's session through libpq, and sends calls on it.
 */
#ifndef DITTOFS_SESSION_H
#define DITTOFS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "db/call.h"
#include "db/reach.h"

struct metadata_store_config;

/*
 * Once for each store, before the workers start: makes libpq's parameters from
 * its settings, and adds those of a gateway's session. number: of the store.
 * Returns NULL, or what is wrong.
 */
extern const char *session_configure(int number,
									 const struct metadata_store_config *store);

/* For new sessions; the text must stay, since workers may be reading it. */
extern void session_set_password(int number, const char *password);

/*
 * A session was refused after it had shown its password: reads password_file
 * again; its password is tried next.
 */
extern void session_password_refused(int number);

/* PQconnectStart with these parameters, to one place.  NULL: out of memory. */
extern PGconn *session_connect(int number, const struct reach_target *target);

/*
 * SQLSTATE and message of an error or a notice, or of a missing answer: see
 * log.h.
 */
extern json_t *session_result_members(const PGresult *result);

/*
 * A connection without a gateway's session settings, for a thread that may
 * block: to the first place that has the primary, else to a standby.  NULL:
 * none answers as it should within its time; problem has a reason for each.
 */
extern PGconn *session_connect_plain(int number, char *problem, size_t size);

/*
 * PQexec or, with parameters or binary results (format 1), PQexecParams, that
 * waits no longer than until then (clock_now()), also for a server that has
 * stopped, and its own time-outs with it.  NULL: no answer, and the connection
 * is useless.
 */
extern PGresult *session_exec(PGconn *pg, const char *sql, int count,
							  const char *const *values, int format,
							  int64_t until);

/*
 * Does the database have the extension, new enough? result: of the query.  If
 * not, problem says so and what to do.
 */
extern const char *const session_version_query;
extern bool session_version_is_right(const PGresult *result, char *problem,
									 size_t size);

/*
 * NULL, or why this server is unusable: a standby takes no changes.  The server
 * tells libpq when that changes, so asking costs nothing.
 */
extern const char *session_is_standby(PGconn *pg);

/* Is default_transaction_read_only on?  Asking costs nothing. */
extern bool session_is_read_only(PGconn *pg);

/* The server process of a session, as its first statement reports it. */
struct session_process
{
	int			pid;			/* 0: not known yet */
	char		started[32];
	char		settings[256];
	bool		is_standby;
	int			syncs;			/* answered */
};

/* Why transaction pooling cannot work, and what to do. */
extern const char session_pooler_problem[];

/*
 * Enters the pipeline and sends the session's settings and the lane's
 * statements to be prepared.  number: of the store.
 */
extern bool session_prepare(int number, PGconn *pg, enum lane lane,
							const struct session_process *abandoned);

enum session_outcome
{
	SESSION_WAIT,				/* not all is here */
	SESSION_READY,
	SESSION_FAILED				/* problem says why, and what to do */
};

/* process is zeroed at first; its pid is set when the first answer is here. */
extern enum session_outcome session_prepared(PGconn *pg,
											 struct session_process *process,
											 char *problem, size_t size);

/*
 * Sends calls of one statement, as many as it may have (call_widths); the
 * caller sends the Sync.
 */
extern bool session_send(PGconn *pg, const struct call *const *calls,
						 int count);

#endif							/* DITTOFS_SESSION_H */
