/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_reload.c
 *	  SIGHUP: what has changed in the sources is taken over where that can be
 *	  done, and named where it cannot.
 *
 * Workers read settings without a lock.  A number is replaced by one write;
 * text by a pointer, and the old text is released when no thread can still be
 * reading it: threads other than workers read such texts while they are
 * attached (epoch.h).
 */
#include "config/config_table.h"
#include "content/credentials.h"
#include "base/epoch.h"
#include "base/log.h"
#include "db/session.h"

#include <stdlib.h>
#include <string.h>

static bool
is_secret(const struct option *option)
{
	return option->type == OPTION_SECRET || option->type == OPTION_SECRET_FILE;
}

static bool
differs(const struct config *config, const struct config *fresh,
		const struct option *option, int index)
{
	char		old[1024];
	const char *text = config_show(config, option, index);
	const char *other;

	if (option_is_text(option))
	{
		other = config_show(fresh, option, index);
		return strcmp(text != NULL ? text : "", other != NULL ? other : "") !=
			0;
	}
	snprintf(old, sizeof(old), "%s", text);
	return strcmp(old, config_show(fresh, option, index)) != 0;
}

/* It may be a secret. */
static void
forget(void *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

static void
take(struct config *config, struct config *fresh, const struct option *option,
	 int index)
{
	char	   *to = (char *) config_element(config, option->scope, index) +
		option->offset;
	char	   *from = (char *) config_element(fresh, option->scope, index) +
		option->offset;

	if (option_is_text(option))
	{
		char	   *old = *(char **) (void *) to;

		__atomic_store_n((char **) (void *) to, *(char **) (void *) from,
						 __ATOMIC_RELEASE);
		*(char **) (void *) from = NULL;
		epoch_retire(old, forget);
		if (strcmp(option->path, "metadata.stores.*.postgres.password") == 0)
			session_set_password(index, *(char **) (void *) to);
	}
	else if (option->type == OPTION_SWITCH)
		__atomic_store_n((bool *) to, *(bool *) from, __ATOMIC_RELAXED);
	else
		__atomic_store_n((int64_t *) (void *) to, *(int64_t *) (void *) from,
						 __ATOMIC_RELAXED);
}

/* Elements are told by their place: another name is another element. */
static bool
same_elements(const struct config *config, const struct config *fresh,
			  enum option_scope scope)
{
	if (config_count(config, scope) != config_count(fresh, scope))
		return false;
	if (scope == SCOPE_PROCESS)
		return true;
	for (int i = 0; i < config_count(config, scope); i++)
		if (strcmp(*(char **) config_element(config, scope, i),
				   *(char **) config_element(fresh, scope, i)) != 0)
			return false;
	return true;
}

static json_t *
key_members(const char *key, const char *value)
{
	return log_members(NULL, "{s:o, s:o*}", "key", log_text(key),
					   "value", value != NULL ? log_text(value) : NULL);
}

void
config_reload(struct config *config, struct config *fresh)
{
	static const char *const lists[] = {
		[SCOPE_METADATA_STORE] = "metadata.stores",
		[SCOPE_CONTENT_STORE] = "content.stores", [SCOPE_SHARE] = "shares"};
	bool		same[SCOPES];
	int			taken = 0;
	int			left = 0;

	for (int i = 0; i < SCOPES; i++)
	{
		same[i] = same_elements(config, fresh, (enum option_scope) i);
		if (!same[i])
		{
			log_with(LOG_LEVEL_WARNING,
					 log_members(NULL, "{s:s}", "key", lists[i]),
					 "%s has other elements now: that needs a restart",
					 lists[i]);
			left++;
		}
	}
	for (int i = 0; i < option_count; i++)
	{
		const struct option *option = &options[i];

		for (int j = 0; same[option->scope] &&
			 j < config_count(config, option->scope); j++)
		{
			char		shown[OPTION_PATH_MAX];

			if (!differs(config, fresh, option, j))
				continue;
			option_shown(config, option, j, shown);
			if (!option->reload)
			{
				log_with(LOG_LEVEL_WARNING, key_members(shown, NULL),
						 "%s has changed: that needs a restart", shown);
				left++;
				continue;
			}
			if (is_secret(option))
				log_with(LOG_LEVEL_INFO, key_members(shown, NULL),
						 "%s has changed: in force", shown);
			else
				log_with(LOG_LEVEL_INFO,
						 key_members(shown, config_show(fresh, option, j)),
						 "%s is %s now", shown, config_show(fresh, option, j));
			take(config, fresh, option, j);
			taken++;
		}
	}
	/* Now that they are all in place: they are replaced as one. */
	for (int i = 0; i < config->content_store_count; i++)
		credentials_reload(config->content_stores[i]);
	if (taken == 0 && left == 0)
		log_info("the configuration has not changed");
	config_free(fresh);
}
