/* SPDX-License-Identifier: PostgreSQL */
/*
 * keeper.h
 *	  Background housekeeping with each database: heartbeat, slow-call log, and
 *	  refreshing the lists of shares, gateways and clients.
 *
 * A thread for each metadata store, with one connection that may block: no call
 * waits for it.
 */
#ifndef DITTOFS_KEEPER_H
#define DITTOFS_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "config/config.h"

/* Times in microseconds. */
struct slow_call
{
	int			store;
	char		client[64];
	char		procedure[16];
	uint32_t	status;
	int64_t		total;
	int64_t		queue;
	int64_t		database;
	int64_t		flush;
	int64_t		content;
	uint8_t		handle[64];		/* what it was about; NFS3_FHSIZE bytes */
	uint32_t	handle_size;	/* 0: it has none */
	int64_t		noted;			/* set by keeper_slow_call */
};

extern void keepers_start(const struct config *config);

/* The gateway is being stopped: tell so at once. */
extern void keepers_drain(void);

/* Waits a moment for the last word, and no longer. */
extern void keepers_stop(void);

/* From any thread; what is too much is dropped. */
extern void keeper_slow_call(const struct slow_call *call);

/* From any thread: calls of the store wait (waiting.h), so it is to be soon. */
extern void keeper_wake(int store);

/*
 * What was last learned of a store: an object with "shares", "replicas",
 * "clients", "slow_calls" and "waiting", each a list of objects.  A new
 * reference, or NULL if nothing has been learned yet.
 */
extern json_t *keeper_news(int store);

#endif							/* DITTOFS_KEEPER_H */
