/* SPDX-License-Identifier: PostgreSQL */
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
 *		config_content.c  content stores
 *		config_sample.c	  dittofs init, --help, help keys
 *		config_reload.c	  SIGHUP
 */
#ifndef DITTOFS_CONFIG_H
#define DITTOFS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "content/content_config.h"
#include "dittofs_contract.h"
#include "dittofs_share_options.h"
#include "base/peer.h"

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
	int64_t		connect_timeout;	/* 0: of conninfo, or 3 seconds */

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
 * The field of an option, by its kind.  A 0 of sizes and limits was not given.
 */
#define SHARE_SETTING(kind, name, initial, words, help) \
	SHARE_SETTING_##kind(name)
#define SHARE_SETTING_SWITCH(name) char *name;
#define SHARE_SETTING_WORD(name) char *name;
#define SHARE_SETTING_NETWORKS(name) char *name;
#define SHARE_SETTING_ROOT_MODE(name) char *name;
#define SHARE_SETTING_ID(name) int64_t name;
#define SHARE_SETTING_ROOT_ID(name) int64_t name;
#define SHARE_SETTING_BLOCK_SIZE(name) int64_t name;
#define SHARE_SETTING_BYTE_LIMIT(name) int64_t name;
#define SHARE_SETTING_COUNT_LIMIT(name) int64_t name;

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
	enum dittofs_content content;	/* where that is */

	/* read_only, squash and so on: the rows of dittofs_share_options.h */
	SHARE_OPTIONS(SHARE_SETTING)
};

/* adapters.nfs.udp.  Auto: where a portmapper tells clients of it. */
enum udp_setting
{
	UDP_AUTO,
	UDP_ON,
	UDP_OFF
};

struct listen_list
{
	char	   *split;			/* the addresses point into it */
	char	   *addresses[LISTEN_MAX];
	int			count;
};

/* Where a value came from, for messages. */
struct origin;

/*
 * What is wrong with the settings, in words that name the option, the variable
 * or the line of the file: all of it, so that it can be mended at once.
 */
#define CONFIG_PROBLEMS_MAX 50

struct config_problems
{
	char	   *texts[CONFIG_PROBLEMS_MAX];
	int			count;			/* may be more than there are texts */
};

struct config
{
	/* where we listen */
	char	   *listen;			/* as given: addresses separated by commas */
	struct listen_list listen_list;	/* the same, in pieces */
	int64_t		port;
	bool		nfs4;
	int64_t		udp;			/* enum udp_setting */
	bool		by_udp;			/* what comes of it */
	bool		rpcbind;
	bool		portmapper;
	int64_t		portmapper_port;
	int64_t		advertise_port;	/* that the portmapper tells; 0: port */
	bool		proxy_protocol;
	char	   *proxy_protocol_from;	/* as given */
	struct networks proxies;	/* the same, read */

	/* the databases; the first is the default */
	struct metadata_store_config *stores;
	int			store_count;

	/*
	 * Places for content: of the file, where kinds of the database have names,
	 * too; of --content-store or its variable; and all that are outside the
	 * database, complete.
	 */
	struct content_store_config *content;
	int			content_count;
	struct content_store_config *given_stores[CONTENT_STORES_MAX];
	int			given_store_count;
	struct content_store_config *content_stores[CONTENT_STORES_MAX];
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
	struct listen_list metrics_list;
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

	/* while it is read */
	struct config_problems problems;
	unsigned	unknown;		/* 1 << scope: the file may have more elements,
								 * in a part that could not be read */
};

/*
 * Reads the options of "dittofs start" from argv[first] on, the environment,
 * and the file that --config or DITTOFS_CONFIG names.  False: config->problems
 * has what is wrong.  The values of secret options are blanked in argv, so that
 * the process list does not show them.
 */
extern bool config_read(struct config *config, int argc, char **argv,
						int first);

/* Adds to config->problems what is wrong; always false, to be returned. */
extern bool config_complain(struct config *config, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The same of a setting, by its path in config_table.c, and by its element: if
 * the file gave it, the line goes before the words.
 */
extern bool config_complain_of(struct config *config, const char *path,
							   int index, const char *problem);

/* How many there are that found no room in problems->texts. */
extern int	config_problems_left_out(const struct config_problems *problems);

/* Releases what config_read allocated, also when it failed. */
extern void config_free(struct config *config);

/* The options with their variables and defaults, for --help. */
extern void config_print_options(FILE *to);

/* Every key on a line of its own, with tabs between its properties. */
extern void config_print_keys(FILE *to);

/* A configuration file with every key, for "dittofs init". */
extern void config_print_sample(FILE *to);

/*
 * The line that the file of a secret holds, from malloc; NULL: it cannot be
 * read, or is empty.
 */
extern char *config_read_secret(const char *file);

/*
 * Takes over from fresh, which it frees, whatever may change while the
 * gateway runs, and logs what it took and what needs a restart.  Numbers are
 * written so that workers may read them at the same time.
 */
extern void config_reload(struct config *config, struct config *fresh);

#endif							/* DITTOFS_CONFIG_H */
