/*
 * config.h
 *	  Settings: from the command line, else the environment, else the
 *	  configuration file, else a default.
 *
 * One table in config_table.c describes every setting.  Command line,
 * environment, YAML, the sample of "dittofs init", the checks, the error
 * messages and what the manuals say all come from it.
 *
 *		config.c		  order of the sources, command line, checks of several
 *						  settings together
 *		config_table.c	  the table and look-ups in it
 *		config_value.c	  text to value: the only place that parses one
 *		config_yaml.c	  the file
 *		config_expand.c	  the environment: overriding, ${VAR}, password files
 *		config_sample.c	  dittofs init, --help, help keys
 *		config_reload.c	  SIGHUP
 */
#ifndef DITTOFS_CONFIG_H
#define DITTOFS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "content_config.h"

#define LISTEN_MAX 16
#define METADATA_STORES_MAX 16

#define CONFIG_BATCH_CALLS_MAX 512

/* A database that has the extension.  Times are milliseconds, here as below. */
struct metadata_store_config
{
	char	   *name;
	int64_t		type;			/* only postgres */

	/* where; empty or 0 leaves it to libpq (PGHOST, service file, socket) */
	char	   *host;			/* several, with commas: the primary is found */
	int64_t		port;
	char	   *database;
	char	   *user;
	char	   *password;
	char	   *password_file;
	char	   *sslmode;
	char	   *sslrootcert;
	char	   *sslcert;
	char	   *sslkey;
	char	   *conninfo;		/* what the others leave open */

	bool		auto_migrate;
	int64_t		max_conns;
	int64_t		min_conns;		/* -1: one for each lane of each worker */
	int64_t		max_idle_time;
	int64_t		health_check_period;
	int64_t		call_timeout;
	int64_t		lock_timeout;
	int64_t		batch_calls;	/* at most CONFIG_BATCH_CALLS_MAX */
	int64_t		batch_bytes;
};

/*
 * A place for content.  Kinds that need no store outside the database
 * (postgres, memory) can be named too, so that shares may refer to them.
 */
enum content_type
{
	CONTENT_FILESYSTEM,
	CONTENT_S3,
	CONTENT_MEMORY,
	CONTENT_POSTGRES
};

struct content_settings
{
	char	   *name;
	int64_t		type;			/* enum content_type */
	char	   *path_style;		/* auto, on, off */
	char	   *access_key_file;
	char	   *secret_key_file;
	char	   *session_token_file;

	/*
	 * Of type filesystem and s3.  Once complete it is in content_stores too,
	 * at place, which owns its text.
	 */
	struct content_store_config store;
	int			place;			/* -1: not there yet */
};

/*
 * A share that the file names.  What is empty or -1 was not given: the
 * database's default holds, or what an administrator has set there.
 */
struct share_config
{
	char	   *name;
	char	   *metadata_store;
	char	   *content_store;
	int			store;			/* index of metadata_store */
	const char *content;		/* kind: postgres, memory, filesystem, s3 */

	char	   *read_only;
	char	   *squash;
	int64_t		anonuid;
	int64_t		anongid;
	char	   *allowed_clients;
	char	   *denied_clients;
	char	   *require_privileged_port;
	char	   *allow_auth_none;
	char	   *atime;
	int64_t		root_uid;
	int64_t		root_gid;
	char	   *root_mode;
	int64_t		block_size;		/* 0: not given, as in the next two numbers */
	char	   *compression;
	int64_t		max_bytes;
	int64_t		max_inodes;
};

/* Where a value came from, for messages. */
struct origin;

struct config
{
	/* where we listen */
	char	   *listen;			/* as given: addresses separated by commas */
	char	   *listen_split;	/* the same, in pieces: listen_addresses */
	char	   *listen_addresses[LISTEN_MAX];
	int			listen_count;
	int64_t		port;
	bool		rpcbind;

	/* the databases; the first is the default */
	struct metadata_store_config *stores;
	int			store_count;

	/*
	 * The places for content: as the file has them, and those outside the
	 * database, of the file, the environment or the command line, complete.
	 */
	struct content_settings *content;
	int			content_count;
	struct content_store_config content_stores[CONTENT_STORES_MAX];
	int			content_store_count;
	int64_t		content_cache;	/* bytes */
	int64_t		content_gc_period;

	/* what the file says of shares; there may be others in the databases */
	struct share_config *shares;
	int			share_count;

	/* log, HTTP port */
	int64_t		log_level;
	int64_t		log_format;
	int64_t		log_repeat;
	int64_t		slow_call;		/* 0: none is slow */
	bool		metrics;
	char	   *metrics_listen;
	int64_t		metrics_port;

	/* the process */
	int64_t		workers;		/* 0: one for four processors */
	int64_t		busy_poll;		/* microseconds; -1 only while it is read */
	int64_t		drain_delay;
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

	/* where all that came from */
	char	   *file;			/* NULL: there is none */
	struct origin *origins;
	int			origin_count;
};

/*
 * Reads the options of "dittofs start" from argv[first] on, the environment,
 * and the file that --config or DITTOFS_CONFIG names.  Returns NULL, or what
 * is wrong in words that name the option, the variable or the line of the
 * file (static storage).  The values of secret options are blanked in argv,
 * so that the process list does not show them.
 */
extern const char *config_read(struct config *config, int argc, char **argv,
							   int first);

/* Releases what config_read allocated, also when it failed. */
extern void config_free(struct config *config);

/* The options with their variables and defaults, for --help. */
extern void config_print_options(FILE *to);

/* Every key on a line of its own, with tabs between its properties. */
extern void config_print_keys(FILE *to);

/* A configuration file with every key, for "dittofs init". */
extern void config_print_sample(FILE *to);

/*
 * Takes over from fresh, which it frees, whatever may change while the
 * gateway runs, and logs what it took and what needs a restart.  Numbers are
 * written so that workers may read them at the same time.
 */
extern void config_reload(struct config *config, struct config *fresh);

#endif							/* DITTOFS_CONFIG_H */
