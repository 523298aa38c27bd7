/* SPDX-License-Identifier: PostgreSQL */
/*
 * waiting.h
 *	  Calls that have not been answered for more than a moment: which they are,
 *	  and what they wait for.
 *
 * A change waits while another session's open transaction holds the inode that
 * it needs, and nothing is wrong with gateway or database then.  So each worker
 * notes its old calls once a second; the keeper tells the database of them,
 * which knows who holds the lock (dittofs.waiting); and its answer is kept, for
 * the line in the log when a call is given up.
 */
#ifndef DITTOFS_WAITING_H
#define DITTOFS_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "core/request.h"

/* A call is noted when it is this old; microseconds. */
#define WAITING_AGE 1000000

/* Calls noted of a worker; the oldest of each client come first. */
#define WAITING_MAX 32

#define WAITING_TEXT_MAX 512

struct config;

extern void waiting_init(const struct config *config);

/* Every second, by each worker; returns when its oldest call arrived, or 0. */
extern int64_t waiting_note(struct worker *worker);

/*
 * The calls of a metadata store, an array as dittofs.report_waiting() takes it.
 * A new reference; *count is how many there are.
 */
extern json_t *waiting_calls(int store, int *count);

/*
 * What the database has said: for each id of a call (waiting_calls) a text.
 * Takes the place of what it said before.  Takes over the reference.
 */
extern void waiting_heard(int store, json_t *texts);

/* Is a call known to wait for something?  Then the text for a log's line. */
extern bool waiting_text(const struct request *request,
						 char text[WAITING_TEXT_MAX]);

#endif							/* DITTOFS_WAITING_H */
