/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_yaml.c
 *	  The configuration file, read by libyaml and checked against the table.
 *
 * The file is walked along with the paths of the table: what is a key there
 * must be a value here, what has keys below it a mapping, and what has
 * elements below it a mapping of names or, where elements have no names
 * (shares), a list.  Anything else is refused with its line, and the walk goes
 * on: an operator who repairs a file wants to know all its faults.
 */
#include "config/config_table.h"
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

struct loader
{
	struct config *config;
	const char *file;
	yaml_document_t document;
	bool		done;			/* the first document has been read */
};

/* Where we are: the path in the table, as it is shown, and in which element. */
struct place
{
	char		path[OPTION_PATH_MAX];
	char		shown[OPTION_PATH_MAX];
	int			index;
};

static void read_mapping(struct loader *loader, yaml_node_t *node,
						 const struct place *place);

static int
line_of(const yaml_node_t *node)
{
	return (int) node->start_mark.line + 1;
}

static const char *
text_of(const yaml_node_t *node)
{
	return (const char *) node->data.scalar.value;
}

/* Nothing after the colon, as under a heading whose keys are comments. */
static bool
is_empty(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE &&
		node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		(*text_of(node) == '\0' || strcmp(text_of(node), "~") == 0 ||
		 strcasecmp(text_of(node), "null") == 0);
}

static const char *
node_kind(const yaml_node_t *node)
{
	switch (node->type)
	{
		case YAML_MAPPING_NODE:
			return "a mapping";
		case YAML_SEQUENCE_NODE:
			return "a list";
		default:
			return "a single value";
	}
}

/* False: it would be too long to be any key. */
static bool
go_down(struct place *below, const struct place *place, const char *key,
		const char *shown)
{
	const char *dot = *place->path != '\0' ? "." : "";

	*below = *place;
	return snprintf(below->path, sizeof(below->path), "%s%s%s", place->path,
					dot, key) < (int) sizeof(below->path) &&
		snprintf(below->shown, sizeof(below->shown), "%s%s%s", place->shown,
				 dot, shown) < (int) sizeof(below->shown);
}

/* A list's items, joined with commas; each may have variables in it. */
static char *
join_list(struct loader *loader, const yaml_node_t *node, const char *source)
{
	char	   *joined = NULL;
	size_t		size = 0;
	bool		good = true;
	FILE	   *to = open_memstream(&joined, &size);

	if (to == NULL)
		fatal("out of memory");
	for (yaml_node_item_t *item = node->data.sequence.items.start;
		 item < node->data.sequence.items.top; item++)
	{
		yaml_node_t *value = yaml_document_get_node(&loader->document, *item);
		char	   *expanded = NULL;

		if (value->type == YAML_SCALAR_NODE)
			expanded = config_expand(loader->config, text_of(value), source);
		else
			(void) config_complain(loader->config,
								   "%s: an item of this list is "
								   "%s, but must be a single value",
								   source, node_kind(value));
		if (expanded == NULL)
			good = false;
		else
			fprintf(to, "%s%s", item != node->data.sequence.items.start ?
					"," : "", expanded);
		free(expanded);
	}
	if (fclose(to) != 0)
		fatal("out of memory");
	if (good)
		return joined;
	free(joined);
	return NULL;
}

static void
read_value(struct loader *loader, yaml_node_t *node, const struct place *place)
{
	const struct option *option = option_by_path(place->path);
	char		source[CONFIG_WHERE_MAX * 2];
	char	   *text = NULL;

	snprintf(source, sizeof(source), "%s:%d: %s", loader->file, line_of(node),
			 place->shown);
	if (is_empty(node))
		return;
	if (node->type == YAML_SEQUENCE_NODE && option->type == OPTION_LIST)
		text = join_list(loader, node, source);
	else if (node->type == YAML_SCALAR_NODE)
		text = config_expand(loader->config, text_of(node), source);
	else
		(void) config_complain(
			loader->config, "%s is %s, but must be %s", source, node_kind(node),
			option->type == OPTION_LIST ? "a list or a single value" :
										  "a single value");
	if (text != NULL &&
		config_set(loader->config, option, place->index, source, text))
		config_note_origin(loader->config, option, place->index, line_of(node));
	else
		config_note_wrong(loader->config, option, place->index, line_of(node));
	free(text);
}

static bool
is_name(const char *text)
{
	if (*text == '\0' || strlen(text) > 63)
		return false;
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char) *text) && *text != '-' && *text != '_')
			return false;
	return true;
}

/*
 * A mapping whose keys are names of elements.  One that cannot be a name is one
 * all the same, for what is in it, and for what refers to it.
 */
static void
read_named(struct loader *loader, yaml_node_t *node, yaml_node_t *key,
		   const struct place *place)
{
	struct place below;

	if (!is_name(text_of(key)))
		(void) config_complain(loader->config, "%s:%d: \"%s\" cannot be a name "
							   "in %s: only letters, digits, - and _, 63 at "
							   "most", loader->file, line_of(key), text_of(key),
							   place->shown);
	if (!go_down(&below, place, "*", text_of(key)))
		return;
	below.index = config_add(loader->config, option_element_scope(below.path),
							 text_of(key), line_of(key));
	if (!is_empty(node))
		read_mapping(loader, node, &below);
}

/* A list of elements, each a mapping. */
static void
read_list(struct loader *loader, yaml_node_t *node, const struct place *place)
{
	int			number = 0;

	for (yaml_node_item_t *item = node->data.sequence.items.start;
		 item < node->data.sequence.items.top; item++)
	{
		yaml_node_t *element = yaml_document_get_node(&loader->document, *item);
		char		shown[16];
		struct place below;

		snprintf(shown, sizeof(shown), "%d", number++);
		go_down(&below, place, "*", shown);
		below.index = config_add(loader->config,
								 option_element_scope(below.path), NULL,
								 line_of(element));
		read_mapping(loader, element, &below);
	}
}

/* What is another kind of node than must be there. */
static void
refuse_node(struct loader *loader, const yaml_node_t *node,
			const struct place *place, const char *right)
{
	(void) config_complain(loader->config, "%s:%d: %s is %s, but must be %s",
						   loader->file, line_of(node), *place->shown != '\0' ?
						   place->shown : "the file", node_kind(node), right);
	config_note_unknown(loader->config, place->path, place->index,
						line_of(node));
}

/* A section, or a setting, by its path in the table. */
static void
read_known(struct loader *loader, yaml_node_t *value, const struct place *place)
{
	if (option_by_path(place->path) != NULL)
		read_value(loader, value, place);
	else if (is_empty(value))
		return;
	else if (strcmp(place->path, "shares") != 0)
		read_mapping(loader, value, place);
	else if (value->type == YAML_SEQUENCE_NODE)
		read_list(loader, value, place);
	else
		refuse_node(loader, value, place,
					"a list: each share begins with \"- name: /...\"");
}

static bool
has_key(struct loader *loader, const yaml_node_t *mapping, const char *key)
{
	for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
		 pair < mapping->data.mapping.pairs.top; pair++)
	{
		const yaml_node_t *node = yaml_document_get_node(&loader->document,
														 pair->key);

		if (node->type == YAML_SCALAR_NODE && strcmp(text_of(node), key) == 0)
			return true;
	}
	return false;
}

/*
 * A section whose name is misspelled is read as the one that it seems to be, so
 * that what is wrong in it is found too.  A value is not taken: the setting
 * counts as given, and as wrong.
 */
static void
read_misspelled(struct loader *loader, yaml_node_t *key, yaml_node_t *value,
				const struct place *place, const char *nearest)
{
	struct place below;
	const struct option *option;

	if (!go_down(&below, place, nearest, text_of(key)))
		return;
	option = option_by_path(below.path);
	if (option != NULL)
		config_note_wrong(loader->config, option, below.index, line_of(key));
	else if (value->type != YAML_SCALAR_NODE && option_is_section(below.path))
		read_known(loader, value, &below);
}

static void
unknown_key(struct loader *loader, yaml_node_t *mapping, yaml_node_t *key,
			yaml_node_t *value, const struct place *place)
{
	char		buffer[OPTION_PATH_MAX];
	const char *nearest = option_nearest(place->path, text_of(key), buffer);

	(void) config_complain(loader->config, "%s:%d: unknown key \"%s\" in "
						   "%s%s%s%s", loader->file, line_of(key), text_of(key),
						   *place->path != '\0' ? place->shown : "the file",
						   nearest != NULL ? "; the nearest valid key is \"" :
						   strcmp(text_of(key), "<<") == 0 ?
						   "; there is no merging here: write its keys out" : "",
						   nearest != NULL ? nearest : "",
						   nearest != NULL ? "\"" : "");
	if (nearest == NULL)
		return;
	if (strchr(nearest, '.') == NULL)
	{
		if (!has_key(loader, mapping, nearest))
			read_misspelled(loader, key, value, place, nearest);
	}
	/* in the right element, and too high or too low */
	else if (strncmp(nearest, place->path, strcspn(nearest, "*") + 1) == 0)
		config_note_wrong(loader->config, option_by_path(nearest), place->index,
						  line_of(key));
}

/* Are the keys here the names of stores? */
static bool
has_elements(const struct place *place)
{
	char		elements[OPTION_PATH_MAX + 2];

	snprintf(elements, sizeof(elements), "%s.*", place->path);
	return option_element_scope(elements) != SCOPE_PROCESS;
}

static void
read_key(struct loader *loader, yaml_node_t *mapping, yaml_node_t *key,
		 yaml_node_t *value, const struct place *place)
{
	struct place below;

	if (has_elements(place))
		read_named(loader, value, key, place);
	else if (go_down(&below, place, text_of(key), text_of(key)) &&
			 strpbrk(text_of(key), ".*") == NULL &&
			 (option_by_path(below.path) != NULL ||
			  option_is_section(below.path)))
		read_known(loader, value, &below);
	else
		unknown_key(loader, mapping, key, value, place);
}

/* False: another key of this mapping before it is the same. */
static bool
is_first(struct loader *loader, const yaml_node_t *mapping,
		 const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = yaml_document_get_node(&loader->document,
													pair->key);

	for (yaml_node_pair_t *earlier = mapping->data.mapping.pairs.start;
		 earlier < pair; earlier++)
	{
		const yaml_node_t *other = yaml_document_get_node(&loader->document,
														  earlier->key);

		if (other->type == YAML_SCALAR_NODE &&
			strcmp(text_of(other), text_of(key)) == 0)
			return config_complain(loader->config, "%s:%d: \"%s\" is here for "
								   "the second time; first on line %d",
								   loader->file, line_of(key), text_of(key),
								   line_of(other));
	}
	return true;
}

static void
read_mapping(struct loader *loader, yaml_node_t *node,
			 const struct place *place)
{
	if (node->type != YAML_MAPPING_NODE)
	{
		refuse_node(loader, node, place, has_elements(place) ?
					"a mapping: names, each with a colon and its keys below it" :
					"a mapping: lines with \"key: value\"");
		return;
	}
	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		 pair < node->data.mapping.pairs.top; pair++)
	{
		yaml_node_t *key = yaml_document_get_node(&loader->document, pair->key);

		if (key->type != YAML_SCALAR_NODE)
			(void) config_complain(loader->config,
								   "%s:%d: a key is %s, but must "
								   "be a word",
								   loader->file, line_of(key), node_kind(key));
		else if (is_first(loader, node, pair))
			read_key(loader, node, key,
					 yaml_document_get_node(&loader->document, pair->value),
					 place);
	}
}

/*
 * The file as text.  A configuration is some kilobytes; what is much longer is
 * another file, or a device that has no end.
 */
#define FILE_SIZE_MAX ((size_t) 1024 * 1024)

static char *
read_text(struct config *config, const char *file, size_t *size)
{
	FILE	   *stream = fopen(file, "re");
	char	   *text = malloc(FILE_SIZE_MAX + 1);
	int			problem = errno;

	if (text == NULL)
		fatal("out of memory");
	*size = 0;
	if (stream != NULL)
	{
		errno = 0;
		*size = fread(text, 1, FILE_SIZE_MAX + 1, stream);
		problem = ferror(stream) ? errno : 0;
		fclose(stream);
		if (problem == 0 && *size <= FILE_SIZE_MAX)
			return text;
	}
	free(text);
	if (problem != 0)
		(void) config_complain(config, "cannot read the configuration file %s: "
							   "%s", file, strerror(problem));
	else
		(void) config_complain(config, "%s is longer than %zu bytes: it is no "
							   "configuration file (dittofs init prints one)",
							   file, FILE_SIZE_MAX);
	return NULL;
}

/* Reads the first document of the text, and refuses a second. */
static bool
read_document(struct loader *loader, yaml_parser_t *parser)
{
	struct place top = {"", "", 0};
	yaml_node_t *root;

	if (!yaml_parser_load(parser, &loader->document))
		return false;
	root = yaml_document_get_root_node(&loader->document);
	if (root != NULL && !is_empty(root))
		read_mapping(loader, root, &top);
	yaml_document_delete(&loader->document);
	loader->done = true;
	if (root == NULL)
		return true;
	if (!yaml_parser_load(parser, &loader->document))
		return false;
	root = yaml_document_get_root_node(&loader->document);
	if (root != NULL)
		(void) config_complain(loader->config,
							   "%s:%d: a second document begins; "
							   "one file holds one",
							   loader->file, line_of(root));
	yaml_document_delete(&loader->document);
	return true;
}

/* How long the lines before this one are. */
static size_t
lines_before(const char *text, size_t size, size_t line)
{
	const char *at = text;

	while (line-- > 0)
	{
		const char *end = memchr(at, '\n', size - (size_t) (at - text));

		if (end == NULL)
			break;
		at = end + 1;
	}
	return (size_t) (at - text);
}

static void
begin(yaml_parser_t *parser, const char *text, size_t size)
{
	if (!yaml_parser_initialize(parser))
		fatal("out of memory");
	yaml_parser_set_input_string(parser, (const unsigned char *) text, size);
}

/* libyaml tells in the words of a grammar what people do. */
static const char *
yaml_hint(const yaml_parser_t *parser, const char *text, size_t size)
{
	size_t		line = parser->problem_mark.line;
	size_t		start = lines_before(text, size, line);
	size_t		end = lines_before(text, size, line + 1);
	size_t		indent = start;

	while (indent < end && text[indent] == ' ')
		indent++;
	if (indent < end && text[indent] == '\t')
		return "; indent with spaces, not with tabs";
	if (parser->context != NULL && strstr(parser->context, "flow") != NULL)
		return memmem(text + start, end - start, "${", 2) != NULL ?
			"; within { } and [ ], ${VARIABLE} must be in quotes" : "";
	if (parser->problem != NULL &&
		strstr(parser->problem, "mapping values are not allowed") != NULL)
		return "; a value with \": \" in it must be in quotes, and keys of one "
			"section must be indented alike";
	return "";
}

static void
complain_of_yaml(struct config *config, const char *file,
				 const yaml_parser_t *parser, const char *text, size_t size)
{
	char		begun[64] = "";

	if (parser->context != NULL &&
		parser->context_mark.line < parser->problem_mark.line)
		snprintf(begun, sizeof(begun), " from line %zu on",
				 parser->context_mark.line + 1);
	(void) config_complain(config, "%s:%zu: this is not YAML: %s%s%s%s%s", file,
						   parser->problem_mark.line + 1,
						   parser->problem != NULL ? parser->problem :
						   "out of memory",
						   parser->context != NULL ? " " : "",
						   parser->context != NULL ? parser->context : "",
						   begun, yaml_hint(parser, text, size));
}

/*
 * What is not YAML is so from some line on.  The lines before it are read all
 * the same: there may be something wrong in them, too.
 */
bool
config_read_file(struct config *config, const char *file)
{
	struct loader loader = {.config = config, .file = file};
	yaml_parser_t parser;
	size_t		size;
	size_t		line;
	char	   *text = read_text(config, file, &size);
	bool		good;

	if (text == NULL)
		return false;
	config_replace_text(&config->file, file);
	begin(&parser, text, size);
	good = read_document(&loader, &parser);
	if (!good)
	{
		line = parser.problem_mark.line;
		complain_of_yaml(config, file, &parser, text, size);
		if (parser.context != NULL && parser.context_mark.line < line)
			line = parser.context_mark.line;
		yaml_parser_delete(&parser);
		begin(&parser, text, lines_before(text, size, line));
		if (!loader.done)
			(void) read_document(&loader, &parser);
	}
	yaml_parser_delete(&parser);
	free(text);
	return good;
}
