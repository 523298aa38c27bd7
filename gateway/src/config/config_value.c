/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_value.c
 *	  From text to value and back; where values came from.
 */
#include "config/config_content.h"
#include "config/config_table.h"
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct origin
{
	const struct option *option;	/* NULL: the element itself */
	enum option_scope scope;
	int			index;
	int			line;			/* of the file; 0: environment; -1: option */
	bool		wrong;
};

bool
config_complain(struct config *config, const char *format, ...)
{
	struct config_problems *problems = &config->problems;
	va_list		arguments;

	if (problems->count++ >= CONFIG_PROBLEMS_MAX)
		return false;
	va_start(arguments, format);
	if (vasprintf(&problems->texts[problems->count - 1], format, arguments) < 0)
		fatal("out of memory");
	va_end(arguments);
	return false;
}

int
config_problems_left_out(const struct config_problems *problems)
{
	return problems->count > CONFIG_PROBLEMS_MAX ?
		problems->count - CONFIG_PROBLEMS_MAX : 0;
}

void
config_replace_text(char **field, const char *text)
{
	char	   *copy = strdup(text);

	if (copy == NULL)
		fatal("out of memory");
	free(*field);
	*field = copy;
}

#define KIB ((int64_t) 1024)
#define KB ((int64_t) 1000)
#define MINUTE ((int64_t) 60 * 1000)

struct unit
{
	const char *name;
	int64_t		factor;
};

static const struct unit size_units[] = {
	{"", 1}, {"K", KIB}, {"M", KIB * KIB}, {"G", KIB * KIB * KIB},
	{"T", KIB * KIB * KIB * KIB}, {"KiB", KIB}, {"MiB", KIB * KIB},
	{"GiB", KIB * KIB * KIB}, {"TiB", KIB * KIB * KIB * KIB},
	{"kB", KB}, {"KB", KB}, {"MB", KB * KB}, {"GB", KB * KB * KB},
	{"TB", KB * KB * KB * KB}, {NULL, 0}};
static const struct unit time_units[] = {
	{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", MINUTE}, {"min", MINUTE},
	{"h", 60 * MINUTE}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

/*
 * A number with a unit; a time may have several (1h30m).  False: it is none.
 */
static bool
parse_number(const char *text, const struct unit *units, int64_t *result)
{
	bool		several = units == time_units;
	int64_t		sum = 0;

	do
	{
		const struct unit *unit = units;
		char	   *end;
		long long	number;
		int64_t		part;
		size_t		size;

		errno = 0;
		number = strtoll(text, &end, 10);
		if (end == text || errno != 0)
			return false;
		size = strcspn(end, "0123456789");
		while (unit->name != NULL && (strlen(unit->name) != size ||
									  memcmp(unit->name, end, size) != 0))
			unit++;
		if (unit->name == NULL ||
			__builtin_mul_overflow(number, unit->factor, &part) ||
			__builtin_add_overflow(sum, part, &sum))
			return false;
		text = end + size;
		if (*text != '\0' && size == 0)
			return false;
	} while (*text != '\0' && several);
	*result = sum;
	return *text == '\0';
}

static int
choice_number(const char *choices, const char *word)
{
	size_t		size = strlen(word);

	for (int i = 0; *choices != '\0'; i++)
	{
		size_t		length = strcspn(choices, "|");

		if (length == size && strncasecmp(choices, word, size) == 0)
			return i;
		choices += length + (choices[length] == '|');
	}
	return -1;
}

/* "a, b or c" */
static const char *
list_choices(const char *choices)
{
	static char list[256];
	size_t		used = 0;

	while (*choices != '\0')
	{
		size_t		length = strcspn(choices, "|");
		bool		last = choices[length] == '\0';

		used += (size_t) snprintf(list + used, sizeof(list) - used, "%s%.*s",
								  used == 0 ? "" : last ? " or " : ", ",
								  (int) length, choices);
		if (last || used >= sizeof(list))
			break;
		choices += length + 1;
	}
	return list;
}

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

static const char *
set_number(const struct option *option, int64_t *field, const char *text)
{
	const struct unit *units = no_units;
	int64_t		number;
	const char *unit = "";

	if (option->type == OPTION_SIZE)
	{
		units = size_units;
		unit = " bytes";
	}
	else if (option->type == OPTION_TIME)
	{
		units = time_units;
		unit = " ms";
	}
	if (!parse_number(text, units, &number))
		return complain("\"%s\" is not a %s", text,
						units == size_units ? "size (as 512K, 256MiB)" :
						units == time_units ? "time (as 500ms, 20s, 30m)" :
						"number");
	if (number < option->low || number > option->high)
		return complain("\"%s\" is out of range: %lld to %lld%s", text,
						(long long) option->low, (long long) option->high,
						unit);
	*field = number;
	return NULL;
}

static const char *
set_switch(bool *field, const char *text)
{
	if (strcasecmp(text, "on") == 0 || strcasecmp(text, "true") == 0 ||
		strcasecmp(text, "yes") == 0)
		*field = true;
	else if (strcasecmp(text, "off") == 0 || strcasecmp(text, "false") == 0 ||
			 strcasecmp(text, "no") == 0)
		*field = false;
	else
		return complain("\"%s\" is neither on nor off", text);
	return NULL;
}

const char *
option_set(const struct option *option, void *element, const char *text)
{
	void	   *field = (char *) element + option->offset;

	if (option->choices != NULL && choice_number(option->choices, text) < 0 &&
		(option->type == OPTION_CHOICE || *text != '\0'))
		return complain("\"%s\" is %s%s", text,
						strchr(option->choices, '|') != NULL &&
						strncmp(option->choices, "none", 4) != 0 ?
						"none of " : "wrong: it must be ",
						list_choices(option->choices));
	switch (option->type)
	{
		case OPTION_WORD:
		case OPTION_LIST:
		case OPTION_TEXT:
		case OPTION_SECRET:
		case OPTION_SECRET_FILE:
			config_replace_text(field, text);
			break;
		case OPTION_SWITCH:
			return set_switch(field, text);
		case OPTION_CHOICE:
			*(int64_t *) field = choice_number(option->choices, text);
			break;
		case OPTION_STORES:
			break;				/* config_add_stores() */
		case OPTION_SIZE:
		case OPTION_TIME:
		case OPTION_NUMBER:
			return set_number(option, field, text);
	}
	return NULL;
}

bool
config_set(struct config *config, const struct option *option, int index,
		   const char *source, const char *text)
{
	const char *problem;

	if (option->type == OPTION_STORES)
		return config_add_stores(config, source, text);
	problem = option_set(option, config_element(config, option->scope, index),
						 text);
	return problem == NULL ||
		config_complain(config, "%s: %s", source, problem);
}

void
config_default(struct config *config, const struct option *option, int index)
{
	(void) config_set(config, option, index, "default", option->initial);
}

const char *
config_show(const struct config *config, const struct option *option, int index)
{
	static char text[64];
	const char *field =
		(const char *) config_element(config, option->scope, index) +
		option->offset;
	const char *choice = option->choices;

	if (option->type == OPTION_STORES)
		return "";
	if (option_is_text(option))
		return *(char *const *) (const void *) field;
	switch (option->type)
	{
		case OPTION_SWITCH:
			return *(const bool *) field ? "on" : "off";
		case OPTION_CHOICE:
			for (int64_t i = *(const int64_t *) (const void *) field; i > 0;
				 i--)
				choice = strchr(choice, '|') + 1;
			snprintf(text, sizeof(text), "%.*s", (int) strcspn(choice, "|"),
					 choice);
			return text;
		default:
			snprintf(text, sizeof(text), "%lld%s",
					 (long long) *(const int64_t *) (const void *) field,
					 option->type == OPTION_TIME ? "ms" : "");
			return text;
	}
}

/*
 * Origins.
 */

static const struct origin *
find_origin(const struct config *config, const struct option *option, int index)
{
	for (int i = config->origin_count - 1; i >= 0; i--)
		if (config->origins[i].option == option &&
			config->origins[i].index == index)
			return &config->origins[i];
	return NULL;
}

static void
note(struct config *config, struct origin origin)
{
	struct origin *origins = realloc(config->origins,
									 (size_t) (config->origin_count + 1) *
									 sizeof(*origins));

	if (origins == NULL)
		fatal("out of memory");
	config->origins = origins;
	origins[config->origin_count++] = origin;
}

void
config_note_origin(struct config *config, const struct option *option,
				   int index, int line)
{
	note(config, (struct origin) {option, option->scope, index, line, false});
}

void
config_note_wrong(struct config *config, const struct option *option,
				  int index, int line)
{
	note(config, (struct origin) {option, option->scope, index, line, true});
}

void
config_note_element(struct config *config, enum option_scope scope, int index,
					int line)
{
	note(config, (struct origin) {NULL, scope, index, line, false});
}

bool
config_is_wrong(const struct config *config, const char *path, int index)
{
	const struct origin *origin = find_origin(config, option_by_path(path),
											  index);

	return origin != NULL && origin->wrong;
}

/* At which an element begins; 0: it is not of the file. */
static int
element_line(const struct config *config, enum option_scope scope, int index)
{
	for (int i = 0; i < config->origin_count; i++)
		if (config->origins[i].option == NULL &&
			config->origins[i].scope == scope &&
			config->origins[i].index == index)
			return config->origins[i].line;
	return 0;
}

bool
config_is_given(const struct config *config, const char *path, int index)
{
	return find_origin(config, option_by_path(path), index) != NULL;
}

int
config_line(const struct config *config, const char *path, int index)
{
	const struct origin *origin = find_origin(config, option_by_path(path),
											  index);

	return origin != NULL ? origin->line : 0;
}

/* Of the setting, or of the element that could have it. */
static int
line_near(const struct config *config, const char *path, int index)
{
	return config_is_given(config, path, index) ?
		config_line(config, path, index) :
		element_line(config, option_by_path(path)->scope, index);
}

bool
config_complain_of(struct config *config, const char *path, int index,
				   const char *problem)
{
	int			line = line_near(config, path, index);

	if (line > 0)
		return config_complain(config, "%s:%d: %s", config->file, line,
							   problem);
	return config_complain(config, "%s", problem);
}

const char *
config_where(const struct config *config, const char *path, int index,
			 char *buffer)
{
	const struct option *option = option_by_path(path);
	const struct origin *origin = find_origin(config, option, index);
	char		shown[OPTION_PATH_MAX];
	int			line = line_near(config, path, index);

	if (line > 0)
		snprintf(buffer, CONFIG_WHERE_MAX, "%s:%d: %s", config->file, line,
				 option_shown(config, option, index, shown));
	else if (origin != NULL && origin->line == 0)
	{
		option_variable(config, option, index, shown);
		snprintf(buffer, CONFIG_WHERE_MAX, "%s", shown);
	}
	else if (option->name != NULL && index == 0)
		snprintf(buffer, CONFIG_WHERE_MAX, "--%s", option->name);
	else
		snprintf(buffer, CONFIG_WHERE_MAX, "%s",
				 option_shown(config, option, index, shown));
	return buffer;
}
