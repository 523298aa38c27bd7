/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_expand.c
 *	  What the environment and other files contribute: variables that
 *	  override keys, ${VAR} in the file, passwords in files of their own.
 */
#include "config/config_table.h"
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static void
read_variable(struct config *config, const struct option *option, int index,
			  const char *variable)
{
	const char *value = getenv(variable);

	/* An empty variable counts as not set: compose files pass those on. */
	if (value == NULL || *value == '\0')
		return;
	if (config_set(config, option, index, variable, value))
		config_note_origin(config, option, index, 0);
	else
		config_note_wrong(config, option, index, 0);
}

/* With the name also for the first store, which needs none. */
static void
long_variable(const struct config *config, const struct option *option,
			  char *buffer)
{
	size_t		used = (size_t) snprintf(buffer, OPTION_PATH_MAX, "DITTOFS_");

	option_shown(config, option, 0, buffer + used);
	for (char *at = buffer; *at != '\0'; at++)
		*at = isalnum((unsigned char) *at) ?
			(char) toupper((unsigned char) *at) : '_';
}

void
config_read_environment(struct config *config)
{
	for (int i = 0; i < option_count; i++)
	{
		const struct option *option = &options[i];

		for (int j = 0; j < config_count(config, option->scope); j++)
		{
			char		variable[OPTION_PATH_MAX + 16];

			option_variable(config, option, j, variable);
			read_variable(config, option, j, variable);
			if (j > 0 || option->scope != SCOPE_METADATA_STORE)
				continue;
			long_variable(config, option, variable);
			read_variable(config, option, j, variable);
		}
	}
}

static size_t
name_length(const char *text)
{
	size_t		size = 0;

	if (isalpha((unsigned char) *text) || *text == '_')
		while (isalnum((unsigned char) text[size]) || text[size] == '_')
			size++;
	return size;
}

/*
 * ${NAME}, ${NAME:-what to take if it is not set or empty}, and $${ for what
 * shall remain ${.  A lone $ is a lone $: passwords have them.
 */
char *
config_expand(struct config *config, const char *text, const char *source)
{
	char	   *result = NULL;
	size_t		size = 0;
	bool		good = true;
	FILE	   *to = open_memstream(&result, &size);

	if (to == NULL)
		fatal("out of memory");
	while (good && *text != '\0')
	{
		char		name[256];
		const char *value;
		const char *otherwise = NULL;
		const char *end;
		size_t		length;

		if (strncmp(text, "$${", 3) == 0)
		{
			fputs("${", to);
			text += 3;
			continue;
		}
		if (strncmp(text, "${", 2) != 0)
		{
			fputc(*text++, to);
			continue;
		}
		length = name_length(text + 2);
		end = strchr(text, '}');
		if (strncmp(text + 2 + length, ":-", 2) == 0)
			otherwise = text + 2 + length + 2;
		if (length == 0 || length >= sizeof(name) || end == NULL ||
			(otherwise == NULL && text[2 + length] != '}'))
		{
			good = config_complain(config, "%s: \"${\" must be followed by the "
								   "name of a variable and \"}\" (\"$${\" "
								   "stands for \"${\" itself)", source);
			break;
		}
		snprintf(name, sizeof(name), "%.*s", (int) length, text + 2);
		value = getenv(name);
		if (otherwise != NULL && (value == NULL || *value == '\0'))
			fprintf(to, "%.*s", (int) (end - otherwise), otherwise);
		else if (value != NULL)
			fputs(value, to);
		else
			good = config_complain(config,
								   "%s: the environment has no variable "
								   "%s; set it, or write ${%s:-default}",
								   source, name, name);
		text = end + 1;
	}
	if (fclose(to) != 0)
		fatal("out of memory");
	if (good)
		return result;
	free(result);
	return NULL;
}

char *
config_read_secret(const char *file)
{
	FILE	   *stream = fopen(file, "re");
	char	   *line = NULL;
	size_t		room = 0;
	ssize_t		size;

	if (stream == NULL)
		return NULL;
	errno = 0;
	size = getline(&line, &room, stream);
	fclose(stream);
	while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
		line[--size] = '\0';
	if (size > 0)
		return line;
	free(line);
	return NULL;
}

static bool
read_secret(struct config *config, const char *where, const char *file,
			char **secret)
{
	char	   *line = config_read_secret(file);

	if (line == NULL && errno != 0)
		return config_complain(config, "%s: cannot read %s: %s", where, file,
							   strerror(errno));
	if (line == NULL)
		return config_complain(config, "%s: %s is empty", where, file);
	free(*secret);
	*secret = line;
	return true;
}

/* KEY_file is the file of KEY. */
static bool
read_secret_file(struct config *config, const struct option *option, int index)
{
	char		path[OPTION_PATH_MAX];
	char		where[CONFIG_WHERE_MAX];
	const struct option *target;
	const char *file = config_show(config, option, index);
	char	   *element;

	if (file == NULL || *file == '\0')
		return true;
	snprintf(path, sizeof(path), "%.*s",
			 (int) (strlen(option->path) - strlen("_file")), option->path);
	target = option_by_path(path);
	config_where(config, option->path, index, where);
	if (config_is_given(config, path, index))
		return config_complain(config, "%s: %s is given too; which one holds?",
							   where, strrchr(path, '.') + 1);
	element = config_element(config, target->scope, index);
	return read_secret(config, where, file,
					   (char **) (void *) (element + target->offset));
}

void
config_read_secret_files(struct config *config)
{
	for (int i = 0; i < option_count; i++)
		if (options[i].type == OPTION_SECRET_FILE)
			for (int j = 0; j < config_count(config, options[i].scope); j++)
				(void) read_secret_file(config, &options[i], j);
}
