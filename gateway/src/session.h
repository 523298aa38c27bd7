/*
 * session.h
 *	  What the gateway says to libpq to have a session, and a call in it.
 */
#ifndef DITTOFS_SESSION_H
#define DITTOFS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

#include "call.h"

struct config;

/*
 * Once, before the workers start: parses --conninfo and adds the settings of
 * a gateway's session to it.  NULL, or what is wrong.
 */
extern const char *session_configure(const struct config *config);

/* PQconnectStart with them.  NULL: out of memory. */
extern PGconn *session_connect(void);

/*
 * NULL, or why this server will not do: a standby takes no changes.  libpq
 * is told by the server when that changes, so it costs nothing to ask.
 */
extern const char *session_is_standby(PGconn *pg);

/* Enters the pipeline and sends the lane's statements to be prepared. */
extern bool session_prepare(PGconn *pg, enum lane lane);

enum session_outcome
{
	SESSION_WAIT,				/* not all is here */
	SESSION_READY,
	SESSION_FAILED				/* problem says why, and what to do */
};

extern enum session_outcome session_prepared(PGconn *pg, char *problem,
											 size_t size);

/* Sends one call; the caller sends the Sync. */
extern bool session_send(PGconn *pg, const struct call *call);

#endif							/* DITTOFS_SESSION_H */
