/*
 * config.h
 *	  Settings: from the command line, else the environment, else a default.
 *
 * One table in config.c describes every setting; --help, the checks and the
 * error messages all come from it.
 */
#ifndef DITTOFS_CONFIG_H
#define DITTOFS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "content_config.h"

#define LISTEN_MAX 16

struct config
{
	/* where we listen */
	char	   *listen;			/* as given: addresses separated by commas */
	char	   *listen_split;	/* the same, in pieces: listen_addresses */
	char	   *listen_addresses[LISTEN_MAX];
	int			listen_count;
	int64_t		port;
	bool		rpcbind;

	/* the database */
	char	   *conninfo;
	int64_t		max_conns;
	int64_t		min_conns;		/* -1: one for each lane of each worker */
	int64_t		max_idle_time;	/* milliseconds, as all times here */
	int64_t		health_check_period;
	int64_t		call_timeout;
	int64_t		lock_timeout;
	int64_t		batch_calls;
	int64_t		batch_bytes;

	/* content outside the database */
	struct content_store_config content_stores[CONTENT_STORES_MAX];
	int			content_store_count;
	int64_t		content_cache;	/* bytes */

	/* the process */
	int64_t		workers;		/* 0: as many as there are processors */
	int64_t		log_level;
	int64_t		shutdown_timeout;

	/* limits */
	int64_t		max_clients;
	int64_t		max_record_size;
	int64_t		max_requests;
	int64_t		max_client_requests;
	int64_t		max_bytes;
	int64_t		max_client_bytes;
	int64_t		stall_timeout;
	int64_t		idle_timeout;
};

/*
 * Reads the options of "dittofs start" from argv[first] on, and the
 * environment.  Returns NULL, or what is wrong in words that name the option
 * or variable (static storage).  The values of secret options are blanked in
 * argv, so that the process list does not show them.
 */
extern const char *config_read(struct config *config, int argc, char **argv,
							   int first);

/* Releases what config_read allocated, also when it failed. */
extern void config_free(struct config *config);

/* The options with their variables and defaults, for --help. */
extern void config_print_options(FILE *to);

#endif							/* DITTOFS_CONFIG_H */
