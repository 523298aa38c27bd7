/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_content.c
 *	  Content stores among the settings: those of --content-store and those of
 *	  the file, which are completed and checked together.
 *
 * Both have the same settings, which are the rows for content.stores.* of
 * config_table.c.  The file's stores may be of kinds of the database, too, so
 * that shares can refer to them by names.
 */
#include "config/config_content.h"
#include "config/config_table.h"
#include "content/content_backend.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* The setting with this last word; NULL: there is none. */
static const struct option *
find_option(const char *key)
{
	for (int i = 0; i < option_count; i++)
		if (options[i].scope == SCOPE_CONTENT_STORE &&
			strcmp(strrchr(options[i].path, '.') + 1, key) == 0)
			return &options[i];
	return NULL;
}

/*
 * --content-store
 */

static const char *
set_item(struct content_store_config *store, const char *key, const char *value)
{
	const struct option *option = find_option(key);
	const char *problem;

	if (strcmp(key, "name") == 0)
	{
		content_set_text(&store->name, value);
		return NULL;
	}
	if (option == NULL)
		return content_complain("content store: there is no setting \"%s\"",
								key);
	if (option->type == OPTION_SECRET)
		return content_complain("content store: %s comes from the environment "
								"(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
								"AWS_SESSION_TOKEN) or a file, not from the "
								"command line", key);
	problem = option_set(option, store, value);
	return problem == NULL ? NULL :
		content_complain("content store: %s: %s", key, problem);
}

const char *
content_store_parse(struct content_store_config *store, const char *text)
{
	char	   *copy = strdup(text);
	char	   *rest = copy;
	char	   *item;
	const char *problem = NULL;

	if (copy == NULL)
		fatal("out of memory");
	while (problem == NULL && (item = strsep(&rest, ",")) != NULL)
	{
		char	   *value = strchr(item, '=');

		if (value == NULL)
		{
			problem = content_complain("content store: \"%s\" is not KEY=VALUE",
									   item);
			break;
		}
		*value++ = '\0';
		problem = set_item(store, item, value);
	}
	free(copy);
	return problem;
}

static void
forget_last(struct config *config)
{
	struct content_store_config *store =
		config->given_stores[--config->given_store_count];

	content_store_free(store);
	free(store);
}

void
config_forget_stores(struct config *config)
{
	while (config->given_store_count > 0)
		forget_last(config);
}

/* False: it is complained of. */
static bool
add_store(struct config *config, const char *source, const char *text)
{
	struct content_store_config *store;
	const char *problem;

	if (config->given_store_count == CONTENT_STORES_MAX)
		return config_complain(config, "%s: more than %d stores", source,
							   CONTENT_STORES_MAX);
	store = calloc(1, sizeof(*store));
	if (store == NULL)
		fatal("out of memory");
	config->given_stores[config->given_store_count++] = store;
	problem = content_store_parse(store, text);
	if (problem == NULL)
		return true;
	forget_last(config);
	return config_complain(config, "%s: %s", source, problem);
}

bool
config_add_stores(struct config *config, const char *source, const char *text)
{
	char	   *copy = strdup(text);
	char	   *rest = copy;
	char	   *item;
	bool		good = true;

	if (copy == NULL)
		fatal("out of memory");
	while ((item = strsep(&rest, " \n")) != NULL)
		if (*item != '\0')
			good = add_store(config, source, item) && good;
	free(copy);
	return good;
}

/*
 * All of them.
 */

/* What the file does not give is empty; here that is NULL. */
static void
forget_empty_text(struct content_store_config *store)
{
	for (int i = 0; i < option_count; i++)
	{
		char	  **field = (char **) (void *) ((char *) store +
												options[i].offset);

		if (options[i].scope != SCOPE_CONTENT_STORE ||
			!option_is_text(&options[i]) ||
			options[i].offset == 0 ||
			*field == NULL || **field != '\0')
			continue;
		free(*field);
		*field = NULL;
	}
}

/* A store whose completion tells what is wrong with it. */
struct completion
{
	struct config *config;
	int			index;			/* of the file's; -1: it is none of them */
};

static void
content_is_wrong(void *argument, const char *key, const char *problem)
{
	const struct completion *completion = argument;
	struct config *config = completion->config;
	const struct option *option = find_option(key);
	const char *path = option != NULL ? option->path : "content.stores.*.type";

	if (completion->index < 0)
		(void) config_complain(config, "%s", problem);
	else if (!config_is_wrong(config, path, completion->index))
		(void) config_complain_of(config, path, completion->index, problem);
}

/* index: in the file; -1: it is not in it. */
static void
complete_store(struct config *config, struct content_store_config *store,
			   int index)
{
	struct completion completion = {config, index};
	char		where[CONFIG_WHERE_MAX];

	(void) content_store_complete(store, content_is_wrong, &completion);
	if (config->content_store_count < CONTENT_STORES_MAX)
		config->content_stores[config->content_store_count++] = store;
	else
		(void) config_complain(config, "%s: more than %d stores",
							   config_where(config, "content.stores.*.type",
											index, where), CONTENT_STORES_MAX);
}

void
config_complete_stores(struct config *config)
{
	config->content_store_count = 0;
	for (int i = 0; i < config->given_store_count; i++)
		complete_store(config, config->given_stores[i], -1);
	for (int i = 0; i < config->content_count; i++)
		if (!config_is_wrong(config, "content.stores.*.type", i) &&
			content_backend(&config->content[i]) != NULL)
		{
			forget_empty_text(&config->content[i]);
			complete_store(config, &config->content[i], i);
		}
	for (int i = 0; i < config->content_store_count; i++)
		for (int j = 0; j < i; j++)
		{
			const char *name = config->content_stores[i]->name;
			const char *other = config->content_stores[j]->name;

			if (name != NULL && other != NULL && strcmp(name, other) == 0)
				(void) config_complain(config, "content store %s is given "
									   "twice", name);
		}
}

const char *
content_word(enum dittofs_content kind)
{
	static const char *const words[] = CONTENT_WORD_LIST;

	return words[kind];
}

bool
config_content_of(const struct config *config, const struct share_config *share,
				  enum dittofs_content *kind)
{
	const char *name = share->content_store;

	for (int i = 0; i < config->content_count; i++)
		if (strcmp(config->content[i].name, name) == 0)
		{
			*kind = (enum dittofs_content) config->content[i].type;
			return true;
		}
	for (int i = 0; i < config->content_store_count; i++)
		if (config->content_stores[i]->name != NULL &&
			strcmp(config->content_stores[i]->name, name) == 0)
		{
			*kind = (enum dittofs_content) config->content_stores[i]->type;
			return true;
		}
	*kind = strcmp(name, content_word(CONTENT_MEMORY)) == 0 ? CONTENT_MEMORY :
		CONTENT_POSTGRES;
	return *name == '\0' || strcmp(name, content_word(*kind)) == 0;
}
