/*
 * session.h
 *	  What the gateway says to libpq to have a session, and a call in it.
 */
#ifndef DITTOFS_SESSION_H
#define DITTOFS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <libpq-fe.h>

#include "call.h"

struct metadata_store_config;

/*
 * Once for each store, before the workers start: makes of its settings what
 * libpq takes, and adds those of a gateway's session.  NULL, or what is wrong.
 * number: of the store.
 */
extern const char *session_configure(int number,
									 const struct metadata_store_config *store);

/* For new sessions; the text must stay, since workers may be reading it. */
extern void session_set_password(int number, const char *password);

/* PQconnectStart with them.  NULL: out of memory. */
extern PGconn *session_connect(int number);

/* SQLSTATE and message of an error or a notice, or of no answer: see log.h. */
extern json_t *session_result_members(const PGresult *result);

/* PQconnectdb without a gateway's session settings.  timeout: seconds. */
extern PGconn *session_connect_plain(int number, const char *timeout);

/*
 * Is the extension there, and new enough?  result: of the query.  If not,
 * problem says so and what to do.
 */
extern const char *const session_version_query;
extern bool session_version_is_right(const PGresult *result, char *problem,
									 size_t size);

/*
 * NULL, or why this server will not do: a standby takes no changes.  libpq
 * is told by the server when that changes, so it costs nothing to ask.
 */
extern const char *session_is_standby(PGconn *pg);

/* Enters the pipeline and sends the lane's statements to be prepared. */
extern bool session_prepare(PGconn *pg, enum lane lane, int abandoned);

enum session_outcome
{
	SESSION_WAIT,				/* not all is here */
	SESSION_READY,
	SESSION_FAILED				/* problem says why, and what to do */
};

extern enum session_outcome session_prepared(PGconn *pg, char *problem,
											 size_t size);

/*
 * Sends calls of one statement, as many as it may have (call_widths); the caller
 * sends the Sync.
 */
extern bool session_send(PGconn *pg, const struct call *const *calls,
						 int count);

#endif							/* DITTOFS_SESSION_H */
