/*
 * cancel.h
 *	  Cancelling what runs on a connection, without waiting for it.
 *
 * PQcancel opens a connection of its own and blocks, so one thread does it
 * for all workers.  When it is over the worker is told through its eventfd;
 * until then it sends nothing on that connection, so that the cancel cannot
 * hit a later call.
 */
#ifndef DITTOFS_CANCEL_H
#define DITTOFS_CANCEL_H

#include <stdbool.h>

#include <libpq-fe.h>

struct cancel;
struct event;

/* wake_fd: an eventfd, written when it is over.  NULL: it cannot be done. */
extern struct cancel *cancel_start(PGconn *pg, int wake_fd);
extern bool cancel_is_over(const struct cancel *cancel);

/* Released now, or by the thread when it is over. */
extern void cancel_release(struct cancel *cancel);

#endif							/* DITTOFS_CANCEL_H */
