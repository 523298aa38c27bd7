/* SPDX-License-Identifier: PostgreSQL */
/*
 * config.c
 *	  The settings: where they come from in which order, and what must hold
 *	  of several together.  config.h says which file does what.
 */
#include "config/config_content.h"
#include "config/config_table.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The command line.
 */

/* --listen given twice listens on both. */
static bool
add_to_list(struct config *config, const struct option *option,
			const char *source, const char *text)
{
	char	   *joined;
	bool		good;

	if (asprintf(&joined, "%s,%s", config_show(config, option, 0), text) < 0)
		fatal("out of memory");
	good = config_set(config, option, 0, source, joined);
	free(joined);
	return good;
}

struct argument
{
	const struct option *option;	/* NULL: --config, or unknown */
	bool		is_file;		/* it is --config */
	char	   *value;			/* NULL: there is none */
	int			used;			/* how many words it took */
	char		source[64];
};

/* Options that are not in the table: main.c takes them out before. */
static const struct
{
	const char *name;
	const char *command;		/* NULL: of all */
}			own_options[] = {
	{"config", NULL}, {"help", NULL}, {"share", "verify"}, {"orphans", "gc"}};

#define OWN_OPTIONS ((int) (sizeof(own_options) / sizeof(own_options[0])))

static void
take_nearer(const char *word, const char *name, int *best, const char **nearest)
{
	int			distance = option_distance(word, name);

	if (distance >= *best || distance >= (int) strlen(word))
		return;
	*best = distance;
	*nearest = name;
}

static void
unknown_option(struct config *config, const char *word, const char *command)
{
	const char *name = word + strspn(word, "-");
	const char *nearest = NULL;
	int			best = 4;

	for (int i = 0; i < OWN_OPTIONS; i++)
	{
		const char *other = own_options[i].command;

		if (other == NULL || strcmp(other, command) == 0)
			take_nearer(name, own_options[i].name, &best, &nearest);
		else if (strcmp(name, own_options[i].name) == 0)
		{
			(void) config_complain(config, "%s is an option of dittofs %s, not "
								   "of dittofs %s", word, other, command);
			return;
		}
	}
	for (int i = 0; i < option_count; i++)
		if (options[i].name != NULL)
			take_nearer(name, options[i].name, &best, &nearest);
	if (nearest == NULL && option_by_path(name) != NULL)
		(void) config_complain(config, "unknown option \"%s\"; it is a key of "
							   "the configuration file only", word);
	else
		(void) config_complain(config, "unknown option \"%s\"%s%s%s", word,
							   nearest != NULL ? "; did you mean --" :
							   word[1] != '-' ? "; options begin with --" : "",
							   nearest != NULL ? nearest : "",
							   nearest != NULL ? "?" : "");
}

static bool
begins_option(const char *word)
{
	return strncmp(word, "--", 2) == 0;
}

/* A word that is the value of nothing. */
static void
unexpected_word(struct config *config, const char *word)
{
	const char *end = strrchr(word, '.');

	if (end != NULL && (strcmp(end, ".yaml") == 0 || strcmp(end, ".yml") == 0))
		(void) config_complain(config,
							   "unexpected argument \"%s\"; did you mean "
							   "--config %s?",
							   word, word);
	else
		(void) config_complain(config, "unexpected argument \"%s\"", word);
}

/* The option that begins with argv[0].  One dash makes none that is known. */
static void
parse_argument(struct argument *argument, int argc, char **argv)
{
	char	   *name = argv[0];
	char	   *value = strchr(name, '=');
	size_t		size = value != NULL ? (size_t) (value - name) : strlen(name);

	argument->used = 1;
	argument->value = value != NULL ? value + 1 : NULL;
	argument->option = begins_option(name) ?
		option_by_name(name + 2, size - 2) : NULL;
	argument->is_file = size == 8 && strncmp(name, "--config", size) == 0;
	snprintf(argument->source, sizeof(argument->source), "%.*s", (int) size,
			 name);

	/*
	 * The next word is the value.  A switch needs none; and what is unknown,
	 * or was forgotten to be given one, does not take the next option for it.
	 */
	if (value == NULL && argc > 1 && !begins_option(argv[1]))
	{
		argument->value = argv[1];
		argument->used = 2;
	}
}

/*
 * The file that packages install, for commands that are typed without any.  It
 * is not read if an option or the environment says where the database is: then
 * the caller does not mean this machine's gateway.
 */
#define DEFAULT_FILE "/etc/dittofs/dittofs.yaml"

extern char **environ;

static bool
database_is_given(int argc, char **argv)
{
	static const char *const variables[] = {
		"PGHOST=", "PGHOSTADDR=", "PGPORT=", "PGDATABASE=", "PGSERVICE=",
		"DITTOFS_METADATA_"};

	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "--conninfo", 10) == 0)
			return true;
	for (char **at = environ; *at != NULL; at++)
		for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
			if (strncmp(*at, variables[i], strlen(variables[i])) == 0)
				return true;
	return false;
}

/* The file must be known before anything else is read. */
static const char *
find_file(int argc, char **argv)
{
	struct argument argument = {.used = 1};
	const char *file = getenv("DITTOFS_CONFIG");

	if (file != NULL && *file == '\0')
		file = NULL;
	for (int i = 0; i < argc; i += argument.used)
	{
		argument.used = 1;
		if (!begins_option(argv[i]))
			continue;
		parse_argument(&argument, argc - i, argv + i);
		if (argument.is_file && argument.value != NULL &&
			*argument.value != '\0')
			file = argument.value;
	}
	if (file == NULL && !database_is_given(argc, argv) &&
		access(DEFAULT_FILE, F_OK) == 0)
		file = DEFAULT_FILE;
	return file;
}

/*
 * Options of stores are those of the first: who has several writes a file.
 */
static void
take_option(struct config *config, const struct argument *argument, bool again)
{
	const struct option *option = argument->option;
	const char *value = argument->value != NULL ? argument->value : "on";
	bool		good;

	if (option->type == OPTION_STORES && !again)
		config_forget_stores(config);
	if (argument->value == NULL && option->type != OPTION_SWITCH)
		good = config_complain(config, "%s needs a value", argument->source);
	else if (option->type == OPTION_LIST && again)
		good = add_to_list(config, option, argument->source, value);
	else
		good = config_set(config, option, 0, argument->source, value);
	if (good)
		config_note_origin(config, option, 0, -1);
	else
		config_note_wrong(config, option, 0, -1);
	if (option->type == OPTION_SECRET && argument->value != NULL)
		memset(argument->value, 'x', strlen(argument->value));
}

/* argv[-1] is the command. */
static void
read_command_line(struct config *config, int argc, char **argv)
{
	struct argument argument;
	bool	   *seen = calloc((size_t) option_count, sizeof(*seen));

	if (seen == NULL)
		fatal("out of memory");
	for (int i = 0; i < argc; i += argument.used)
	{
		argument.used = 1;
		if (*argv[i] != '-')
		{
			unexpected_word(config, argv[i]);
			continue;
		}
		parse_argument(&argument, argc - i, argv + i);
		if (argument.option != NULL)
		{
			take_option(config, &argument, seen[argument.option - options]);
			seen[argument.option - options] = true;
		}
		else if (!argument.is_file)
			unknown_option(config, argument.source, argv[-1]);
		else if (argument.value == NULL || *argument.value == '\0')
			(void) config_complain(config, "%s needs a value",
								   argument.source);
	}
	free(seen);
}

/*
 * What no setting can be checked for alone.
 */

/*
 * Tells what check says of the items of a list; it returns NULL of a good one.
 */
static void
check_items(struct config *config, const char *path, int index,
			const char *text, const char *(*check) (const char *item))
{
	char		where[CONFIG_WHERE_MAX];
	char	   *copy = strdup(text);
	char	   *rest = copy;
	char	   *item;

	if (copy == NULL)
		fatal("out of memory");
	config_where(config, path, index, where);
	while ((item = strsep(&rest, ", ")) != NULL)
	{
		const char *problem = *item != '\0' ? check(item) : NULL;

		if (problem != NULL)
			(void) config_complain(config, "%s: \"%s\" %s", where, item,
								   problem);
	}
	free(copy);
}

/* As type inet of PostgreSQL has it. */
static const char *
network_problem(const char *item)
{
	char		address[INET6_ADDRSTRLEN + 1];
	unsigned char bytes[16];
	size_t		size = strcspn(item, "/");
	bool		six = memchr(item, ':', size) != NULL;
	const char *bits = item[size] == '/' ? item + size + 1 : "0";

	snprintf(address, sizeof(address), "%.*s", (int) size, item);
	if (size >= sizeof(address) ||
		inet_pton(six ? AF_INET6 : AF_INET, address, bytes) != 1)
		return "is neither an address nor a network, as 10.0.0.0/8 or fd00::/8 "
			"(no host names)";
	if (*bits == '\0' || strlen(bits) > 3 ||
		bits[strspn(bits, "0123456789")] != '\0' ||
		atoi(bits) > (six ? 128 : 32))
		return six ? "has more than 128 bits behind its /, or no number" :
			"has more than 32 bits behind its /, or no number";
	return NULL;
}

/* host:port and [address]:port; an IPv6 address has more colons. */
static bool
has_port(const char *item)
{
	const char *colon = strrchr(item, ':');

	return colon != NULL && *item != '/' && colon[1] != '\0' &&
		colon[1 + strspn(colon + 1, "0123456789")] == '\0' &&
		(strchr(item, ':') == colon || (colon > item && colon[-1] == ']'));
}

static const char *
listen_problem(const char *item)
{
	return has_port(item) ? "has a port in it: that is the key port beside it" :
		NULL;
}

static const char *
host_problem(const char *item)
{
	return has_port(item) ? "has a port in it: that is the key port beside it, "
		"or, where the hosts have several, conninfo" : NULL;
}

static void
split_addresses(struct config *config, const char *key,
				const char *text, struct listen_list *list)
{
	char		where[CONFIG_WHERE_MAX];
	char	   *rest;
	char	   *address;

	config_where(config, key, 0, where);
	check_items(config, key, 0, text, listen_problem);
	config_replace_text(&list->split, text);
	rest = list->split;
	list->count = 0;
	while ((address = strsep(&rest, ", ")) != NULL)
	{
		if (*address == '\0')
			continue;
		if (list->count == LISTEN_MAX)
		{
			(void) config_complain(config, "%s: more than %d addresses", where,
								   LISTEN_MAX);
			return;
		}
		list->addresses[list->count++] = address;
	}
	if (list->count == 0 && !config_is_wrong(config, key, 0))
		(void) config_complain(config, "%s: no address", where);
}

/* What a control group lets this process have; 0: as much as there is. */
static double
processor_quota(void)
{
	FILE	   *file = fopen("/sys/fs/cgroup/cpu.max", "re");
	double		quota;
	double		period;
	bool		limited;

	if (file == NULL)
		return 0;
	limited = fscanf(file, "%lf %lf", &quota, &period) == 2 && period > 0;
	fclose(file);
	return limited ? quota / period : 0;
}

/*
 * Looking for events takes an otherwise idle processor: not the only one,
 * and not the time that a container has until it is stopped for the rest of its
 * period.
 */
static int64_t
usual_busy_poll(void)
{
	double		quota = processor_quota();
	cpu_set_t	set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) < 2)
		return 0;
	return quota > 0 && quota < 2 ? 0 : 300;
}

/*
 * Has one of the two another value than was meant?  Then nothing holds of both.
 */
static bool
is_either_wrong(const struct config *config, const char *one, const char *other,
				int index)
{
	return config_is_wrong(config, one, index) ||
		config_is_wrong(config, other, index);
}

#define MAX_CONNS "metadata.stores.*.postgres.max_conns"
#define MIN_CONNS "metadata.stores.*.postgres.min_conns"

static void
check_conns(struct config *config, int index, bool workers_given)
{
	struct metadata_store_config *store = &config->stores[index];
	char		where[CONFIG_WHERE_MAX];
	char		other[CONFIG_WHERE_MAX];

	config_where(config, MAX_CONNS, index, where);
	if (config->workers * 3 > store->max_conns && !workers_given)
		config->workers = store->max_conns / 3;
	else if (config->workers * 3 > store->max_conns &&
			 !config_is_wrong(config, MAX_CONNS, index))
		(void) config_complain(config, "%s: %lld connections are too few for "
							   "%lld workers, which need 3 each", where,
							   (long long) store->max_conns,
							   (long long) config->workers);
	if (store->min_conns > store->max_conns &&
		!is_either_wrong(config, MIN_CONNS, MAX_CONNS, index))
		(void) config_complain(config, "%s: %lld is more than %s, %lld",
							   config_where(config, MIN_CONNS, index, other),
							   (long long) store->min_conns, where,
							   (long long) store->max_conns);
}

static void
check_stores(struct config *config)
{
	bool		workers_given = config->workers != 0;
	char		where[CONFIG_WHERE_MAX];

	if (config->store_count > METADATA_STORES_MAX)
		(void) config_complain(config, "%s: more than %d stores",
							   config_where(config, "metadata.stores.*.type",
											METADATA_STORES_MAX, where),
							   METADATA_STORES_MAX);
	if (!workers_given)
	{
		/*
		 * A worker keeps several backends busy, and the batches of one do
		 * not wait for each other's locks and flushes: on two processors one
		 * worker does twice the changes of two.
		 */
		long		processors = sysconf(_SC_NPROCESSORS_ONLN);

		config->workers = processors > 4 ? (processors + 3) / 4 : 1;
	}
	for (int i = 0; i < config->store_count; i++)
	{
		check_conns(config, i, workers_given);
		check_items(config, "metadata.stores.*.postgres.host", i,
					config->stores[i].host, host_problem);
	}
	for (int i = 0; i < config->store_count; i++)
		if (config->stores[i].min_conns < 0)
			config->stores[i].min_conns = config->workers * 3;
}

static const char *
part_problem(const char *name)
{
	for (const char *part = name; *part == '/'; part += strcspn(part, "/"))
	{
		size_t		size = strcspn(++part, "/");

		if ((size == 0 && name[1] != '\0') || (size == 1 && *part == '.') ||
			(size == 2 && part[0] == '.' && part[1] == '.'))
			return "is not a path in its shortest form: no / at its end,"
				" no //, . or .. in it";
		if (size > 255)
			return "has a part of more than 255 bytes";
	}
	return strlen(name) > 1024 ? "is longer than 1024 bytes" : NULL;
}

static void
check_share_name(struct config *config, int index)
{
	const char *name = config->shares[index].name;
	char		where[CONFIG_WHERE_MAX];

	if (config_is_wrong(config, "shares.*.name", index))
		return;
	config_where(config, "shares.*.name", index, where);
	if (*name == '\0')
		(void) config_complain(config,
							   "%s: the share has no name (the path that "
							   "clients mount, as /export)",
							   where);
	else if (*name != '/')
		(void) config_complain(config, "%s: \"%s\" must begin with / (the path "
							   "that clients mount, as /export)", where, name);
	else if (part_problem(name) != NULL)
		(void) config_complain(config, "%s: \"%s\" %s", where, name,
							   part_problem(name));
	for (int i = 0; i < index; i++)
		if (*name != '\0' && strcmp(config->shares[i].name, name) == 0)
		{
			(void) config_complain(config,
								   "%s: %s is the name of another share "
								   "in this file",
								   where, name);
			break;
		}
}

static void
check_share(struct config *config, int index)
{
	struct share_config *share = &config->shares[index];
	char		where[CONFIG_WHERE_MAX];

	check_share_name(config, index);
	check_items(config, "shares.*.allowed_clients", index,
				share->allowed_clients, network_problem);
	check_items(config, "shares.*.denied_clients", index,
				share->denied_clients, network_problem);
	if (share->block_size != 0 && (share->block_size < 128 * 1024 ||
								   (share->block_size &
									(share->block_size - 1)) != 0))
		(void) config_complain(
			config,
			"%s: %lld is no power of two from 128K to "
			"4M",
			config_where(config, "shares.*.block_size", index, where),
			(long long) share->block_size);
	share->store = -1;
	for (int i = 0; i < config->store_count; i++)
		if (strcmp(config->stores[i].name, share->metadata_store) == 0)
			share->store = i;
	if (*share->metadata_store == '\0')
		share->store = 0;
	if (share->store < 0 && config_is_complete(config, SCOPE_METADATA_STORE))
		(void) config_complain(config, "%s: metadata.stores has no \"%s\"",
							   config_where(config, "shares.*.metadata_store",
											index, where),
							   share->metadata_store);
	if (!config_content_of(config, share, &share->content) &&
		config_is_complete(config, SCOPE_CONTENT_STORE))
		(void) config_complain(config, "%s: content.stores has no \"%s\"; "
							   "without a store there are postgres and memory",
							   config_where(config, "shares.*.content_store",
											index, where),
							   share->content_store);
	if (share->root_mode[strspn(share->root_mode, "01234567")] != '\0' ||
		strlen(share->root_mode) > 5)
		(void) config_complain(config, "%s: \"%s\" is not an octal mode, as "
							   "0755", config_where(config, "shares.*.root_mode",
													index, where),
							   share->root_mode);
}

static const char *
proxy_problem(const char *item)
{
	struct networks networks = {0};
	char		word[NETWORK_TEXT_MAX];
	const char *problem = networks_parse(&networks, item, word);

	networks_free(&networks);
	return problem;
}

/* Without a network the gateway would refuse each header, or believe any. */
static void
check_proxies(struct config *config)
{
	static const char from[] = "adapters.nfs.proxy_protocol_from";
	char		where[CONFIG_WHERE_MAX];
	char		word[NETWORK_TEXT_MAX];

	check_items(config, from, 0, config->proxy_protocol_from, proxy_problem);
	if (networks_parse(&config->proxies, config->proxy_protocol_from,
					   word) == NULL &&
		config->proxy_protocol && config->proxies.count == 0 &&
		!config_is_wrong(config, from, 0))
		(void) config_complain(config,
							   "%s: needs the addresses of the proxies: "
							   "adapters.nfs.proxy_protocol_from "
							   "(--proxy-protocol-from) names none",
							   config_where(config, "adapters.nfs"
											".proxy_protocol", 0, where));
}

static void
check_limits(struct config *config)
{
	char		where[CONFIG_WHERE_MAX];
	char		other[CONFIG_WHERE_MAX];

	if (config->max_bytes < 2 * config->max_record_size &&
		!is_either_wrong(config, "limits.bytes", "limits.record_size", 0))
		(void) config_complain(config, "%s: %lld is less than two records of "
							   "%s, %lld",
							   config_where(config, "limits.bytes", 0, where),
							   (long long) config->max_bytes,
							   config_where(config, "limits.record_size", 0,
											other),
							   (long long) config->max_record_size);
	if (config->metrics && config->metrics_port == config->port &&
		!is_either_wrong(config, "metrics.port", "adapters.nfs.port", 0))
		(void) config_complain(config, "%s: %lld is the port of NFS already",
							   config_where(config, "metrics.port", 0, where),
							   (long long) config->metrics_port);
}

static void
check_portmapper(struct config *config)
{
	static const char port[] = "adapters.nfs.portmapper.port";
	char		where[CONFIG_WHERE_MAX];

	config->by_udp = config->udp == UDP_ON ||
		(config->udp == UDP_AUTO && (config->rpcbind || config->portmapper));
	if (!config->portmapper ||
		is_either_wrong(config, port, "adapters.nfs.port", 0))
		return;
	if (config->portmapper_port == config->port)
		(void) config_complain(config, "%s: %lld is the port of NFS already",
							   config_where(config, port, 0, where),
							   (long long) config->port);
	if (config->metrics && config->metrics_port == config->portmapper_port)
		(void) config_complain(config, "%s: %lld is the port of the portmapper "
							   "already",
							   config_where(config, "metrics.port", 0, where),
							   (long long) config->metrics_port);
	if (config->rpcbind)
		(void) config_complain(config, "%s: rpcbind is such a portmapper: only "
							   "one of the two can be on",
							   config_where(config, "adapters.nfs.portmapper"
											".enabled", 0, where));
}

static void
check_together(struct config *config)
{
	check_stores(config);
	if (config->busy_poll < 0)
		config->busy_poll = usual_busy_poll();
	config_read_secret_files(config);
	config_complete_stores(config);
	for (int i = 0; i < config->share_count; i++)
		check_share(config, i);
	check_limits(config);
	check_portmapper(config);
	split_addresses(config, "adapters.nfs.listen", config->listen,
					&config->listen_list);
	split_addresses(config, "metrics.listen", config->metrics_listen,
					&config->metrics_list);
	check_proxies(config);
}

bool
config_read(struct config *config, int argc, char **argv, int first)
{
	const char *file;
	bool		known = true;

	memset(config, 0, sizeof(*config));
	for (int i = 0; i < option_count; i++)
		if (options[i].scope == SCOPE_PROCESS)
			config_default(config, &options[i], 0);
	file = find_file(argc - first, argv + first);
	if (file != NULL)
		known = config_read_file(config, file);
	if (config->store_count == 0)
		config_add(config, SCOPE_METADATA_STORE, "main", 0);
	config_read_environment(config);
	read_command_line(config, argc - first, argv + first);
	if (known)
		check_together(config);
	return config->problems.count == 0;
}

void
config_free(struct config *config)
{
	for (int i = 0; i < option_count; i++)
		for (int j = 0; option_is_text(&options[i]) &&
			 j < config_count(config, options[i].scope); j++)
		{
			char	   *element = config_element(config, options[i].scope, j);
			char	  **field =
				(char **) (void *) (element + options[i].offset);

			if (options[i].scope == SCOPE_CONTENT_STORE)
				continue;		/* content_store_free() does it */
			free(*field);
			*field = NULL;
		}
	config_forget_stores(config);
	for (int i = 0; i < config->content_count; i++)
		content_store_free(&config->content[i]);
	for (int i = 0; i < config->store_count; i++)
		free(config->stores[i].name);
	free(config->stores);
	free(config->content);
	free(config->shares);
	free(config->listen_list.split);
	free(config->metrics_list.split);
	networks_free(&config->proxies);
	free(config->file);
	free(config->origins);
	for (int i = 0; i < CONFIG_PROBLEMS_MAX; i++)
		free(config->problems.texts[i]);
	memset(config, 0, sizeof(*config));
}
