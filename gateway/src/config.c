/*
 * config.c
 *	  The settings: where they come from in which order, and what must hold
 *	  of several together.  config.h says which file does what.
 */
#include "config_table.h"
#include "log.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The command line.
 */

/* --listen given twice listens on both. */
static const char *
add_to_list(struct config *config, const struct option *option,
			const char *source, const char *text)
{
	char	   *joined;
	const char *problem;

	if (asprintf(&joined, "%s,%s", config_show(config, option, 0), text) < 0)
		fatal("out of memory");
	problem = config_set(config, option, 0, source, joined);
	free(joined);
	return problem;
}

struct argument
{
	const struct option *option;	/* NULL: --config */
	char	   *value;			/* NULL: a switch alone, which means on */
	int			used;			/* how many words it took */
	char		source[64];
};

static const char *
parse_argument(struct argument *argument, int argc, char **argv)
{
	char	   *name = argv[0];
	char	   *value = strchr(name, '=');
	size_t		size = value != NULL ? (size_t) (value - name) : strlen(name);

	argument->used = 1;
	argument->value = NULL;
	if (strncmp(name, "--", 2) != 0)
		return config_complain("unexpected argument \"%s\"", name);
	argument->option = option_by_name(name + 2, size - 2);
	if (argument->option == NULL && !(size == 8 &&
									  strncmp(name, "--config", size) == 0))
		return config_complain("unknown option \"%.*s\"", (int) size, name);
	snprintf(argument->source, sizeof(argument->source), "%.*s", (int) size,
			 name);

	if (value != NULL)
		argument->value = value + 1;
	else if (argument->option != NULL &&
			 argument->option->type == OPTION_SWITCH &&
			 (argc == 1 || strncmp(argv[1], "--", 2) == 0))
		argument->value = NULL;
	else if (argc > 1)
	{
		argument->value = argv[1];
		argument->used = 2;
	}
	else
		return config_complain("%s needs a value", argument->source);
	return NULL;
}

/* The file must be known before anything else is read. */
static const char *
find_file(int argc, char **argv, const char **file)
{
	struct argument argument;

	*file = getenv("DITTOFS_CONFIG");
	if (*file != NULL && **file == '\0')
		*file = NULL;
	for (int i = 0; i < argc; i += argument.used)
	{
		const char *problem = parse_argument(&argument, argc - i, argv + i);

		if (problem != NULL)
			return problem;
		if (argument.option == NULL)
			*file = argument.value;
	}
	return NULL;
}

/*
 * Options of stores are those of the first: who has several writes a file.
 */
static const char *
read_command_line(struct config *config, int argc, char **argv)
{
	struct argument argument;
	bool	   *seen = calloc((size_t) option_count, sizeof(*seen));
	const char *problem = NULL;

	if (seen == NULL)
		fatal("out of memory");
	for (int i = 0; problem == NULL && i < argc; i += argument.used)
	{
		const struct option *option;

		problem = parse_argument(&argument, argc - i, argv + i);
		option = argument.option;
		if (problem != NULL || option == NULL)
			continue;
		if (option->type == OPTION_STORES && !seen[option - options])
			config_forget_stores(config);
		if (option->type == OPTION_LIST && seen[option - options])
			problem = add_to_list(config, option, argument.source,
								  argument.value);
		else
			problem = config_set(config, option, 0, argument.source,
								 argument.value != NULL ? argument.value : "on");
		seen[option - options] = true;
		config_note_origin(config, option, 0, -1);
		if (option->type == OPTION_SECRET)
			memset(argument.value, 'x', strlen(argument.value));
	}
	free(seen);
	return problem;
}

/*
 * What no setting can be checked for alone.
 */

static const char *
split_listen(struct config *config)
{
	char		where[CONFIG_WHERE_MAX];
	char	   *rest;
	char	   *address;

	config_where(config, "adapters.nfs.listen", 0, where);
	config_replace_text(&config->listen_split, config->listen);
	rest = config->listen_split;
	config->listen_count = 0;
	while ((address = strsep(&rest, ", ")) != NULL)
	{
		if (*address == '\0')
			continue;
		if (config->listen_count == LISTEN_MAX)
			return config_complain("%s: more than %d addresses", where,
								   LISTEN_MAX);
		config->listen_addresses[config->listen_count++] = address;
	}
	if (config->listen_count == 0)
		return config_complain("%s: no address", where);
	return NULL;
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
 * Looking for events takes a processor that nobody else needs: not the only one,
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

static const char *
check_conns(struct config *config, int index, bool workers_given)
{
	struct metadata_store_config *store = &config->stores[index];
	char		where[CONFIG_WHERE_MAX];
	char		other[CONFIG_WHERE_MAX];

	config_where(config, "metadata.stores.*.postgres.max_conns", index, where);
	if (config->workers * 3 > store->max_conns)
	{
		if (workers_given)
			return config_complain("%s: %lld connections are too few for "
								   "%lld workers, which need 3 each", where,
								   (long long) store->max_conns,
								   (long long) config->workers);
		config->workers = store->max_conns / 3;
	}
	if (store->min_conns > store->max_conns)
		return config_complain("%s: %lld is more than %s, %lld",
							   config_where(config, "metadata.stores.*.postgres"
											".min_conns", index, other),
							   (long long) store->min_conns, where,
							   (long long) store->max_conns);
	return NULL;
}

static const char *
check_stores(struct config *config)
{
	bool		workers_given = config->workers != 0;
	const char *problem = NULL;

	if (config->store_count > METADATA_STORES_MAX)
		return config_complain("metadata.stores: more than %d stores",
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
	for (int i = 0; problem == NULL && i < config->store_count; i++)
		problem = check_conns(config, i, workers_given);
	for (int i = 0; i < config->store_count; i++)
		if (config->stores[i].min_conns < 0)
			config->stores[i].min_conns = config->workers * 3;
	return problem;
}

/*
 * What the table has of a content store is completed and checked by the
 * module that will use it, together with those that have no place in the file.
 */
/* There what was not given is NULL. */
static void
forget_empty_text(struct content_settings *settings)
{
	for (int i = 0; i < option_count; i++)
	{
		char	  **field = (char **) (void *) ((char *) settings +
												options[i].offset);

		if (options[i].scope != SCOPE_CONTENT_STORE ||
			!option_is_text(&options[i]) ||
			options[i].offset < offsetof(struct content_settings, store) ||
			*field == NULL || **field != '\0')
			continue;
		free(*field);
		*field = NULL;
	}
}

static const char *
complete_content(struct config *config, struct content_settings *settings)
{
	forget_empty_text(settings);
	config_replace_text(&settings->store.name, settings->name);
	settings->store.type = settings->type == CONTENT_S3 ?
		CONTENT_STORE_S3 : CONTENT_STORE_FILESYSTEM;
	if (strcmp(settings->path_style, "auto") != 0)
		(void) content_store_set(&settings->store, "path_style",
								 settings->path_style);
	if (config->content_store_count == CONTENT_STORES_MAX)
		return config_complain("content.stores: more than %d stores",
							   CONTENT_STORES_MAX);
	return content_store_complete(&settings->store);
}

static const char *
check_content(struct config *config)
{
	const char *problem;

	for (int i = 0; i < config->content_store_count; i++)
	{
		problem = content_store_complete(&config->content_stores[i]);
		if (problem != NULL)
			return problem;
	}
	for (int i = 0; i < config->content_count; i++)
	{
		struct content_settings *settings = &config->content[i];

		if (settings->type != CONTENT_FILESYSTEM && settings->type != CONTENT_S3)
			continue;
		problem = complete_content(config, settings);
		if (problem != NULL)
			return config_complain("%s: %s", config->file, problem);
		settings->place = config->content_store_count++;
		config->content_stores[settings->place] = settings->store;
	}
	for (int i = 0; i < config->content_store_count; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(config->content_stores[i].name,
					   config->content_stores[j].name) == 0)
				return config_complain("content store %s is given twice",
									   config->content_stores[i].name);
	return NULL;
}

/* Kinds that need no store may be named without one. */
static const char *
content_of(const struct config *config, const struct share_config *share)
{
	static const char *const names[] = {
		[CONTENT_FILESYSTEM] = "filesystem", [CONTENT_S3] = "s3",
		[CONTENT_MEMORY] = "memory", [CONTENT_POSTGRES] = "postgres"};

	for (int i = 0; i < config->content_count; i++)
		if (strcmp(config->content[i].name, share->content_store) == 0)
			return names[config->content[i].type];
	for (int i = 0; i < config->content_store_count; i++)
		if (strcmp(config->content_stores[i].name, share->content_store) == 0)
			return config->content_stores[i].type == CONTENT_STORE_S3 ?
				"s3" : "filesystem";
	if (strcmp(share->content_store, "memory") == 0)
		return "memory";
	if (strcmp(share->content_store, "postgres") == 0 ||
		*share->content_store == '\0')
		return "postgres";
	return NULL;
}

static const char *
check_share(struct config *config, int index)
{
	struct share_config *share = &config->shares[index];
	char		where[CONFIG_WHERE_MAX];

	if (share->name[0] != '/')
		return config_complain("%s: \"%s\" must begin with / (the path that "
							   "clients mount, as /export)",
							   config_where(config, "shares.*.name", index,
											where), share->name);
	for (int i = 0; i < index; i++)
		if (strcmp(config->shares[i].name, share->name) == 0)
			return config_complain("%s: %s is the name of another share in this "
								   "file", config_where(config, "shares.*.name",
														index, where),
								   share->name);
	share->store = -1;
	for (int i = 0; i < config->store_count; i++)
		if (strcmp(config->stores[i].name, share->metadata_store) == 0)
			share->store = i;
	if (*share->metadata_store == '\0')
		share->store = 0;
	if (share->store < 0)
		return config_complain("%s: metadata.stores has no \"%s\"",
							   config_where(config, "shares.*.metadata_store",
											index, where),
							   share->metadata_store);
	share->content = content_of(config, share);
	if (share->content == NULL)
		return config_complain("%s: content.stores has no \"%s\"; without a "
							   "store there are postgres and memory",
							   config_where(config, "shares.*.content_store",
											index, where),
							   share->content_store);
	if (share->root_mode[strspn(share->root_mode, "01234567")] != '\0' ||
		strlen(share->root_mode) > 5)
		return config_complain("%s: \"%s\" is not an octal mode, as 0755",
							   config_where(config, "shares.*.root_mode",
											index, where), share->root_mode);
	return NULL;
}

static const char *
check_together(struct config *config)
{
	const char *problem = check_stores(config);
	char		where[CONFIG_WHERE_MAX];
	char		other[CONFIG_WHERE_MAX];

	if (config->busy_poll < 0)
		config->busy_poll = usual_busy_poll();
	if (problem == NULL)
		problem = config_read_secret_files(config);
	if (problem == NULL)
		problem = check_content(config);
	for (int i = 0; problem == NULL && i < config->share_count; i++)
		problem = check_share(config, i);
	if (problem == NULL && config->max_bytes < 2 * config->max_record_size)
		problem = config_complain("%s: %lld is less than two records of %s, "
								  "%lld", config_where(config, "limits.bytes",
													   0, where),
								  (long long) config->max_bytes,
								  config_where(config, "limits.record_size", 0,
											   other),
								  (long long) config->max_record_size);
	if (problem == NULL && config->metrics &&
		config->metrics_port == config->port)
		problem = config_complain("%s: %lld is the port of NFS already",
								  config_where(config, "metrics.port", 0,
											   where),
								  (long long) config->metrics_port);
	return problem != NULL ? problem : split_listen(config);
}

const char *
config_read(struct config *config, int argc, char **argv, int first)
{
	const char *problem;
	const char *file;

	memset(config, 0, sizeof(*config));
	for (int i = 0; i < option_count; i++)
		if (options[i].scope == SCOPE_PROCESS)
			(void) config_default(config, &options[i], 0);
	problem = find_file(argc - first, argv + first, &file);
	if (problem == NULL && file != NULL)
		problem = config_read_file(config, file);
	if (problem != NULL)
		return problem;
	if (config->store_count == 0)
		config_add(config, SCOPE_METADATA_STORE, "main");
	problem = config_read_environment(config);
	if (problem == NULL)
		problem = read_command_line(config, argc - first, argv + first);
	return problem != NULL ? problem : check_together(config);
}

void
config_free(struct config *config)
{
	for (int i = 0; i < option_count; i++)
		for (int j = 0; option_is_text(&options[i]) &&
			 j < config_count(config, options[i].scope); j++)
		{
			char	   *element = config_element(config, options[i].scope, j);
			char	  **field = (char **) (void *) (element + options[i].offset);

			/* those of struct content_store_config are freed there */
			if (options[i].scope == SCOPE_CONTENT_STORE &&
				options[i].offset >= offsetof(struct content_settings, store))
				continue;
			free(*field);
			*field = NULL;
		}
	config_forget_stores(config);
	for (int i = 0; i < config->content_count; i++)
	{
		if (config->content[i].place < 0)
			content_store_free(&config->content[i].store);
		free(config->content[i].name);
	}
	for (int i = 0; i < config->store_count; i++)
		free(config->stores[i].name);
	free(config->stores);
	free(config->content);
	free(config->shares);
	free(config->listen_split);
	free(config->file);
	free(config->origins);
	memset(config, 0, sizeof(*config));
}
