/* SPDX-License-Identifier: PostgreSQL */
/*
 * connection_run.h
 *	  What runs on a connection: for connection.c alone.
 */
#ifndef DITTOFS_CONNECTION_RUN_H
#define DITTOFS_CONNECTION_RUN_H

#include <stdbool.h>

struct connection;

/*
 * Sends batches of what is queued, as many as may be sent now.  True: there is
 * something for libpq to flush.  connection->broken: libpq would not take it.
 */
extern bool connection_send(struct connection *connection);

/* Sends a Sync and nothing else.  False: libpq would not take it. */
extern bool connection_send_check(struct connection *connection);

/*
 * Takes the results that are here, and ends the batches that are answered.
 * connection->broken: it is of no use any more.
 */
extern void connection_receive(struct connection *connection);

#endif							/* DITTOFS_CONNECTION_RUN_H */
