/* SPDX-License-Identifier: PostgreSQL */
/*
 * pooler.h
 *	  A connection pooler between the gateway and its database.
 *
 * A pooler that keeps a session's server process does no harm.  One that deals
 * out transactions (PgBouncer's pool_mode transaction or statement) takes the
 * settings and prepared statements from a session: calls might run without our
 * time-outs, or not at all.  So the gateway does nothing through it. check and
 * start refuse it (check_database.c).  The pooler may be reconfigured under a
 * running gateway, so each new session finds out whether it keeps its process
 * (session.c), and the keeper looks now and then.  This module keeps the
 * result: while a store is refused its sessions are closed and none is made,
 * and its calls are answered as if the database were away.
 */
#ifndef DITTOFS_POOLER_H
#define DITTOFS_POOLER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

#include "config/config.h"

enum pooler
{
	POOLER_NONE,
	POOLER_KEEPS_SESSIONS,
	POOLER_SHARES_PROCESSES,
	POOLER_UNKNOWN				/* problem says what did not answer */
};

/*
 * What is between us and the store's database.  pg is a connection to it that
 * nothing else is done with; another is opened.  By a thread that may block,
 * for some seconds at most.
 */
extern enum pooler pooler_examine(int store, PGconn *pg, char *problem,
								  size_t size);

/* May nothing be done through it?  By any thread: asked for each call. */
extern atomic_bool pooler_refused[METADATA_STORES_MAX];

static inline bool
pooler_is_refused(int store)
{
	return atomic_load_explicit(&pooler_refused[store], memory_order_relaxed);
}

/* A session has lost its process: refused from now on.  name: of the store. */
extern void pooler_refuse(int store, const char *name);

/*
 * Looks, and refuses or takes it back.  By the store's keeper, after each turn.
 */
extern void pooler_watch(int store, const char *name, PGconn *pg);

#endif							/* DITTOFS_POOLER_H */
