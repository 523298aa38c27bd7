/*
 * config.c
 *	  The table of settings, and the reading of them.
 *
 * Every setting has a name (--name VALUE or --name=VALUE), an environment
 * variable, a type, a default and bounds.  All values are text until
 * set_value, which is the only place that parses and checks one.
 *
 * Not among the variables: DITTOFS_HOST, DITTOFS_PORT, DITTOFS_PORTS and
 * DITTOFS_URL, which tell a client where a gateway is.
 */
#include "config.h"
#include "log.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option_type
{
	OPTION_NUMBER,
	OPTION_SIZE,				/* bytes; K, M, G */
	OPTION_TIME,				/* ms, s (the default), min, h */
	OPTION_SWITCH,				/* on, off */
	OPTION_LIST,				/* text; given again, it adds */
	OPTION_SECRET,				/* text that is not to be seen */
	OPTION_STORES,				/* content stores, separated by spaces; given
								 * again, it adds */
	OPTION_LOG_LEVEL
};

struct option
{
	const char *name;
	const char *variable;
	enum option_type type;
	size_t		offset;
	const char *initial;
	int64_t		low;
	int64_t		high;
	const char *help;
};

#define FIELD(name) offsetof(struct config, name)
#define KIB ((int64_t) 1024)
#define MIB (1024 * KIB)
#define HOUR ((int64_t) 3600 * 1000)

/* Alphabetical within each group; the groups are those of struct config. */
static const struct option options[] = {
	{"listen", "DITTOFS_ADAPTERS_NFS_LISTEN", OPTION_LIST, FIELD(listen),
		"0.0.0.0,::", 0, 0, "addresses to listen on, separated by commas"},
	{"port", "DITTOFS_ADAPTERS_NFS_PORT", OPTION_NUMBER, FIELD(port),
		"12049", 1, 65535, "TCP port, for NFS and MOUNT alike"},
	{"rpcbind", "DITTOFS_ADAPTERS_NFS_RPCBIND", OPTION_SWITCH, FIELD(rpcbind),
		"off", 0, 0, "register with this host's rpcbind"},

	{"batch-bytes", "DITTOFS_METADATA_POSTGRES_BATCH_BYTES", OPTION_SIZE,
		FIELD(batch_bytes), "2M", 4 * KIB, 64 * MIB,
		"parameters and results of one batch, about"},
	{"batch-calls", "DITTOFS_METADATA_POSTGRES_BATCH_CALLS", OPTION_NUMBER,
		FIELD(batch_calls), "64", 1, 512, "calls in one batch at most"},
	{"call-timeout", "DITTOFS_METADATA_POSTGRES_CALL_TIMEOUT", OPTION_TIME,
		FIELD(call_timeout), "20s", 100, HOUR,
		"how long a call may wait and be retried before JUKEBOX"},
	{"conninfo", "DITTOFS_METADATA_POSTGRES_CONNINFO", OPTION_SECRET,
		FIELD(conninfo), "", 0, 0, "libpq connection string or URI"},
	{"health-check-period", "DITTOFS_METADATA_POSTGRES_HEALTH_CHECK_PERIOD",
		OPTION_TIME, FIELD(health_check_period), "30s", 100, HOUR,
		"how often idle connections are tried"},
	{"lock-timeout", "DITTOFS_METADATA_POSTGRES_LOCK_TIMEOUT", OPTION_TIME,
		FIELD(lock_timeout), "500ms", 1, HOUR,
		"bound of a wait for a lock; below the server's deadlock_timeout"},
	{"max-conns", "DITTOFS_METADATA_POSTGRES_MAX_CONNS", OPTION_NUMBER,
		FIELD(max_conns), "24", 3, 10000,
		"connections to the database at most; 3 for each worker at least"},
	{"max-idle-time", "DITTOFS_METADATA_POSTGRES_MAX_IDLE_TIME", OPTION_TIME,
		FIELD(max_idle_time), "5min", 100, 24 * HOUR,
		"idle connections above min-conns are closed after this"},
	{"min-conns", "DITTOFS_METADATA_POSTGRES_MIN_CONNS", OPTION_NUMBER,
		FIELD(min_conns), "-1", -1, 10000,
		"connections to the database always open; -1: 3 for each worker"},

	{"content-cache", "DITTOFS_CONTENT_CACHE", OPTION_SIZE,
		FIELD(content_cache), "64M", 0, 1024 * 1024 * MIB,
		"memory for content read from stores"},
	{"content-store", "DITTOFS_CONTENT_STORE", OPTION_STORES,
		FIELD(content_stores), "", 0, 0,
		"where content is, as name=files,type=filesystem,base_path=/x"},

	{"log-level", "DITTOFS_LOGGING_LEVEL", OPTION_LOG_LEVEL, FIELD(log_level),
		"info", 0, 0, "error, warning, info or debug"},
	{"shutdown-timeout", "DITTOFS_SHUTDOWN_TIMEOUT", OPTION_TIME,
		FIELD(shutdown_timeout), "10s", 0, HOUR,
		"how long SIGTERM waits for calls in flight"},
	{"workers", "DITTOFS_WORKERS", OPTION_NUMBER, FIELD(workers),
		"0", 0, 1024, "worker threads; 0: one for four processors"},

	{"idle-timeout", "DITTOFS_LIMITS_IDLE_TIMEOUT", OPTION_TIME,
		FIELD(idle_timeout), "1h", 0, 1000 * HOUR,
		"clients silent for this long are disconnected; 0: never"},
	{"max-bytes", "DITTOFS_LIMITS_BYTES", OPTION_SIZE, FIELD(max_bytes),
		"64M", 1 * MIB, 1024 * 1024 * MIB,
		"memory for calls and replies in flight"},
	{"max-client-bytes", "DITTOFS_LIMITS_CLIENT_BYTES", OPTION_SIZE,
		FIELD(max_client_bytes), "16M", 64 * KIB, 1024 * 1024 * MIB,
		"the same, of one connection"},
	{"max-client-requests", "DITTOFS_LIMITS_CLIENT_REQUESTS", OPTION_NUMBER,
		FIELD(max_client_requests), "256", 1, 65536,
		"calls in flight of one connection"},
	{"max-clients", "DITTOFS_LIMITS_CLIENTS", OPTION_NUMBER,
		FIELD(max_clients), "4096", 1, 1000000, "connected clients"},
	{"max-record-size", "DITTOFS_LIMITS_RECORD_SIZE", OPTION_SIZE,
		FIELD(max_record_size), "1088K", 4 * KIB, 64 * MIB,
		"one call on the wire; WRITE needs wtmax and a little more"},
	{"max-requests", "DITTOFS_LIMITS_REQUESTS", OPTION_NUMBER,
		FIELD(max_requests), "4096", 1, 1000000, "calls in flight"},
	{"stall-timeout", "DITTOFS_LIMITS_STALL_TIMEOUT", OPTION_TIME,
		FIELD(stall_timeout), "30s", 100, 24 * HOUR,
		"clients that stop in the middle of a record, or take no replies, "
		"are disconnected"},
};

#define OPTION_COUNT ((int) (sizeof(options) / sizeof(options[0])))

static char complaint[512];

static const char *complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static const char *
complain(const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(complaint, sizeof(complaint), format, arguments);
	va_end(arguments);
	return complaint;
}

struct unit
{
	const char *name;
	int64_t		factor;
};

static const struct unit size_units[] = {
	{"", 1}, {"K", KIB}, {"M", MIB}, {"G", 1024 * MIB}, {NULL, 0}};
static const struct unit time_units[] = {
	{"", 1000}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", HOUR}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

/* A number with a unit.  False: it is none. */
static bool
parse_number(const char *text, const struct unit *units, int64_t *result)
{
	char	   *end;
	long long	number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text || errno != 0)
		return false;
	for (; units->name != NULL; units++)
		if (strcmp(end, units->name) == 0)
			return !__builtin_mul_overflow(number, units->factor, result);
	return false;
}

static void
replace_text(char **field, const char *text)
{
	free(*field);
	*field = strdup(text);
	if (*field == NULL)
		fatal("out of memory");
}

static void
forget_stores(struct config *config)
{
	while (config->content_store_count > 0)
		content_store_free(&config->content_stores[--config->content_store_count]);
}

static const char *
add_stores(struct config *config, const char *source, const char *text)
{
	char	   *copy = strdup(text);
	char	   *rest = copy;
	char	   *item;
	const char *problem = NULL;

	if (copy == NULL)
		fatal("out of memory");
	while (problem == NULL && (item = strsep(&rest, " \n")) != NULL)
	{
		if (*item == '\0')
			continue;
		if (config->content_store_count == CONTENT_STORES_MAX)
			problem = complain("%s: more than %d stores", source,
							   CONTENT_STORES_MAX);
		else
			problem = content_store_parse(
										  &config->content_stores[config->content_store_count++],
										  item);
	}
	free(copy);
	return problem;
}

/* source: "--port" or "DITTOFS_ADAPTERS_NFS_PORT", for the complaint. */
static const char *
set_value(struct config *config, const struct option *option,
		  const char *source, const char *text)
{
	void	   *field = (char *) config + option->offset;
	const struct unit *units = no_units;
	int64_t		number;

	switch (option->type)
	{
		case OPTION_LIST:
		case OPTION_SECRET:
			replace_text(field, text);
			return NULL;

		case OPTION_STORES:
			return add_stores(config, source, text);

		case OPTION_SWITCH:
			if (strcmp(text, "on") == 0 || strcmp(text, "true") == 0)
				*(bool *) field = true;
			else if (strcmp(text, "off") == 0 || strcmp(text, "false") == 0)
				*(bool *) field = false;
			else
				return complain("%s: \"%s\" is neither on nor off", source,
								text);
			return NULL;

		case OPTION_LOG_LEVEL:
			for (int i = 0; log_level_names[i] != NULL; i++)
				if (strcasecmp(text, log_level_names[i]) == 0)
				{
					*(int64_t *) field = i;
					return NULL;
				}
			return complain("%s: \"%s\" is not a log level: error, warning, "
							"info or debug", source, text);

		case OPTION_SIZE:
			units = size_units;
			break;
		case OPTION_TIME:
			units = time_units;
			break;
		case OPTION_NUMBER:
			break;
	}

	if (!parse_number(text, units, &number))
		return complain("%s: \"%s\" is not a %s", source, text,
						units == size_units ? "size (as 512K, 2M)" :
						units == time_units ? "time (as 500ms, 20s, 5min)" :
						"number");
	if (number < option->low || number > option->high)
	{
		const char *unit = units == time_units ? " ms" :
			units == size_units ? " bytes" : "";

		return complain("%s: \"%s\" is out of range: %lld to %lld%s", source,
						text, (long long) option->low,
						(long long) option->high, unit);
	}
	*(int64_t *) field = number;
	return NULL;
}

static const struct option *
find_option(const char *name, size_t size)
{
	for (int i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == size &&
			memcmp(options[i].name, name, size) == 0)
			return &options[i];
	return NULL;
}

/* --listen given twice listens on both. */
static const char *
add_to_list(struct config *config, const struct option *option,
			const char *source, const char *text, bool first)
{
	char	  **field = (char **) ((char *) config + option->offset);
	char	   *joined;
	const char *problem;

	if (first)
		return set_value(config, option, source, text);
	if (asprintf(&joined, "%s,%s", *field, text) < 0)
		fatal("out of memory");
	problem = set_value(config, option, source, joined);
	free(joined);
	return problem;
}

static const char *
read_command_line(struct config *config, int argc, char **argv, int first)
{
	bool		seen[OPTION_COUNT];

	memset(seen, 0, sizeof(seen));
	for (int i = first; i < argc; i++)
	{
		char	   *name = argv[i];
		char	   *value = strchr(name, '=');
		size_t		size = value != NULL ? (size_t) (value - name) : strlen(name);
		const struct option *option;
		char		source[64];
		const char *problem;

		if (strncmp(name, "--", 2) != 0)
			return complain("unexpected argument \"%s\"", name);
		option = find_option(name + 2, size - 2);
		if (option == NULL)
			return complain("unknown option \"%.*s\"", (int) size, name);
		snprintf(source, sizeof(source), "--%s", option->name);

		/* A switch alone means on. */
		if (value != NULL)
			value++;
		else if (option->type == OPTION_SWITCH &&
				 (i + 1 == argc || strncmp(argv[i + 1], "--", 2) == 0))
			value = NULL;
		else if (i + 1 < argc)
			value = argv[++i];
		else
			return complain("%s needs a value", source);

		if (option->type == OPTION_STORES && !seen[option - options])
			forget_stores(config);
		if (option->type == OPTION_LIST)
			problem = add_to_list(config, option, source, value,
								  !seen[option - options]);
		else
			problem = set_value(config, option, source,
								value != NULL ? value : "on");
		if (problem != NULL)
			return problem;
		seen[option - options] = true;
		if (option->type == OPTION_SECRET)
			memset(value, 'x', strlen(value));
	}
	return NULL;
}

static const char *
split_listen(struct config *config)
{
	char	   *rest;
	char	   *address;

	replace_text(&config->listen_split, config->listen);
	rest = config->listen_split;
	config->listen_count = 0;
	while ((address = strsep(&rest, ", ")) != NULL)
	{
		if (*address == '\0')
			continue;
		if (config->listen_count == LISTEN_MAX)
			return complain("--listen: more than %d addresses", LISTEN_MAX);
		config->listen_addresses[config->listen_count++] = address;
	}
	if (config->listen_count == 0)
		return complain("--listen: no address");
	return NULL;
}

/* What no setting can be checked for alone. */
static const char *
check_together(struct config *config, bool workers_given)
{
	if (config->workers == 0)
	{
		/*
		 * A worker keeps several backends busy, and the batches of one do
		 * not wait for each other's locks and flushes: on two processors one
		 * worker does twice the changes of two.
		 */
		long		processors = sysconf(_SC_NPROCESSORS_ONLN);

		config->workers = processors > 4 ? (processors + 3) / 4 : 1;
	}
	if (config->workers * 3 > config->max_conns)
	{
		if (workers_given)
			return complain("--max-conns: %lld connections are too few for "
							"%lld workers, which need 3 each",
							(long long) config->max_conns,
							(long long) config->workers);
		config->workers = config->max_conns / 3;
	}
	if (config->min_conns < 0)
		config->min_conns = config->workers * 3;
	if (config->min_conns > config->max_conns)
		return complain("--min-conns: %lld is more than --max-conns, %lld",
						(long long) config->min_conns,
						(long long) config->max_conns);
	if (config->max_bytes < 2 * config->max_record_size)
		return complain("--max-bytes: %lld is less than two records of "
						"--max-record-size, %lld", (long long) config->max_bytes,
						(long long) config->max_record_size);
	return split_listen(config);
}

static const char *
complete_stores(struct config *config)
{
	for (int i = 0; i < config->content_store_count; i++)
	{
		struct content_store_config *store = &config->content_stores[i];
		const char *problem = content_store_complete(store);

		if (problem != NULL)
			return problem;
		for (int j = 0; j < i; j++)
			if (strcmp(config->content_stores[j].name, store->name) == 0)
				return complain("content store %s is given twice", store->name);
	}
	return NULL;
}

const char *
config_read(struct config *config, int argc, char **argv, int first)
{
	const char *problem;

	memset(config, 0, sizeof(*config));
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		const char *value = getenv(options[i].variable);

		problem = set_value(config, &options[i], "default", options[i].initial);
		if (problem == NULL && value != NULL && *value != '\0')
			problem = set_value(config, &options[i], options[i].variable,
								value);
		if (problem != NULL)
			return problem;
	}
	problem = read_command_line(config, argc, argv, first);
	if (problem != NULL)
		return problem;
	problem = complete_stores(config);
	if (problem != NULL)
		return problem;
	return check_together(config, config->workers != 0);
}

void
config_free(struct config *config)
{
	free(config->listen);
	free(config->listen_split);
	free(config->conninfo);
	forget_stores(config);
	memset(config, 0, sizeof(*config));
}

void
config_print_options(FILE *to)
{
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		const struct option *option = &options[i];

		fprintf(to, "  --%s=%s\n      %s\n      environment: %s\n",
				option->name, option->initial, option->help, option->variable);
	}
}
