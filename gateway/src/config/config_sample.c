/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_sample.c
 *	  The table as people read it: --help, "dittofs help keys", and the
 *	  commented file of "dittofs init".
 */
#include "config/config_table.h"

#include <string.h>

void
config_print_options(FILE *to)
{
	struct config nothing = {0};

	for (int i = 0; i < option_count; i++)
	{
		const struct option *option = &options[i];
		char		variable[OPTION_PATH_MAX];

		if (option->name == NULL)
			continue;
		option_variable(&nothing, option, -1, variable);
		fprintf(to, "  --%s=%s\n      %s\n      environment: %s\n",
				option->name, option->initial, option->help, variable);
	}
}

void
config_print_keys(FILE *to)
{
	struct config nothing = {0};

	for (int i = 0; i < option_count; i++)
	{
		const struct option *option = &options[i];
		char		variable[OPTION_PATH_MAX];

		if (option->type == OPTION_STORES)
			continue;
		option_variable(&nothing, option, -1, variable);
		fprintf(to, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", option->path,
				option_type_name(option), option->initial, variable,
				option->name != NULL ? option->name : "",
				option->reload ? "reload" : "restart", option->help);
	}
}

/* What the sample calls the elements. */
static const char *
example_name(const char *path)
{
	return strncmp(path, "metadata", 8) == 0 ? "main" : "database";
}

static void
indent(FILE *to, int depth)
{
	fprintf(to, "%*s", depth * 2, "");
}

/* As YAML has it: what could be taken for something else in quotes. */
static void
print_value(FILE *to, const char *value)
{
	bool		plain = *value != '\0' &&
		value[strspn(value,
					 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_./-")] == '\0';

	fprintf(to, plain ? "%s\n" : "\"%s\"\n", value);
}

/* Help, in lines of 72 columns at most. */
static void
print_help(FILE *to, const struct option *option, int depth)
{
	const char *text = option->help;
	int			width = 74 - 2 * depth;

	while (*text != '\0')
	{
		int			size = (int) strlen(text);

		if (size > width)
			for (size = width; size > 1 && text[size] != ' ';)
				size--;
		indent(to, depth);
		fprintf(to, "# %.*s\n", size, text);
		text += size;
		text += strspn(text, " ");
	}
}

static void
print_key(FILE *to, const struct option *option, const char *key, int depth,
		  bool first_of_item)
{
	/*
	 * The first key of a list's item bears the dash; it is never a comment,
	 * or there would be no item.
	 */
	print_help(to, option, first_of_item ? depth - 1 : depth);
	indent(to, first_of_item ? depth - 1 : depth);
	if (first_of_item)
		fputs("- ", to);
	else if (option->sample == NULL)
		fputs("#", to);
	fprintf(to, "%s: ", key);
	print_value(to, option->sample != NULL ? option->sample : option->initial);
}

void
config_print_sample(FILE *to)
{
	char		last[OPTION_PATH_MAX] = "";

	fputs("# Configuration of a dittofs gateway: dittofs start --config FILE,\n"
		  "# dittofs check --config FILE.  Keys in comments have their defaults.\n"
		  "# ${VARIABLE} in a value is taken from the environment.\n"
		  "# dittofs.yaml(5) explains all of them.\n", to);
	for (int i = 0; i < option_count; i++)
	{
		const struct option *option = &options[i];
		char		path[OPTION_PATH_MAX];
		char	   *rest = path;
		char	   *word;
		const char *old = last;
		int			depth = 0;
		bool		in_list = false;
		bool		new_item = false;
		bool		same = true;

		if (option->type == OPTION_STORES)
			continue;
		snprintf(path, sizeof(path), "%s", option->path);
		while ((word = strsep(&rest, ".")) != NULL)
		{
			size_t		size = strcspn(old, ".");

			if (strcmp(word, "*") == 0 &&
				strncmp(option->path, "shares", 6) == 0)
			{
				in_list = true;
				new_item = !same || size == 0;
			}
			same = same && strlen(word) == size && memcmp(old, word, size) == 0;
			old += size + (old[size] == '.');
			if (rest == NULL)
			{
				if (depth == 0)
					fputc('\n', to);
				print_key(to, option, word, depth, new_item);
			}
			else if (!same && !in_list)
			{
				if (depth == 0)
					fputc('\n', to);
				indent(to, depth);
				fprintf(to, "%s:\n", strcmp(word, "*") == 0 ?
						example_name(option->path) : word);
			}
			depth++;
		}
		snprintf(last, sizeof(last), "%s", option->path);
	}
}
