/*
 * config_yaml.c
 *	  The configuration file, read by libyaml and checked against the table.
 *
 * The file is walked along with the paths of the table: what is a key there
 * must be a value here, what has keys below it a mapping, and what has
 * elements below it a mapping of names or, where elements have no names
 * (shares), a list.  Anything else is refused with its line.
 */
#include "config_table.h"
#include "log.h"

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
};

/* Where we are: the path in the table, as it is shown, and in which element. */
struct place
{
	char		path[OPTION_PATH_MAX];
	char		shown[OPTION_PATH_MAX];
	int			index;
};

static const char *read_mapping(struct loader *loader, yaml_node_t *node,
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
join_list(struct loader *loader, const yaml_node_t *node, const char *source,
		  const char **problem)
{
	char	   *joined = strdup("");

	for (yaml_node_item_t *item = node->data.sequence.items.start;
		 *problem == NULL && item < node->data.sequence.items.top; item++)
	{
		yaml_node_t *value = yaml_document_get_node(&loader->document, *item);
		char	   *expanded;
		char	   *longer;

		if (value->type != YAML_SCALAR_NODE)
		{
			*problem = config_complain("%s: an item of this list is %s, but "
									   "must be a single value", source,
									   node_kind(value));
			break;
		}
		expanded = config_expand(text_of(value), source, problem);
		if (expanded == NULL)
			break;
		if (asprintf(&longer, "%s%s%s", joined, *joined != '\0' ? "," : "",
					 expanded) < 0)
			fatal("out of memory");
		free(joined);
		free(expanded);
		joined = longer;
	}
	return joined;
}

static const char *
read_value(struct loader *loader, yaml_node_t *node, const struct place *place)
{
	const struct option *option = option_by_path(place->path);
	char		source[CONFIG_WHERE_MAX * 2];
	const char *problem = NULL;
	char	   *text;

	snprintf(source, sizeof(source), "%s:%d: %s", loader->file, line_of(node),
			 place->shown);
	if (is_empty(node))
		return NULL;
	if (node->type == YAML_SEQUENCE_NODE && option->type == OPTION_LIST)
		text = join_list(loader, node, source, &problem);
	else if (node->type == YAML_SCALAR_NODE)
		text = config_expand(text_of(node), source, &problem);
	else
		return config_complain("%s is %s, but must be %s", source,
							   node_kind(node),
							   option->type == OPTION_LIST ?
							   "a list or a single value" : "a single value");
	if (problem == NULL)
		problem = config_set(loader->config, option, place->index, source,
							 text);
	if (problem == NULL)
		config_note_origin(loader->config, option, place->index, line_of(node));
	free(text);
	return problem;
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

/* A mapping whose keys are names of elements. */
static const char *
read_named(struct loader *loader, yaml_node_t *node, yaml_node_t *key,
		   const struct place *place)
{
	struct place below;

	if (!is_name(text_of(key)))
		return config_complain("%s:%d: \"%s\" cannot be a name in %s: only "
							   "letters, digits, - and _, 63 at most",
							   loader->file, line_of(key), text_of(key),
							   place->shown);
	go_down(&below, place, "*", text_of(key));
	below.index = config_add(loader->config, option_element_scope(below.path),
							 text_of(key));
	if (is_empty(node))
		return NULL;
	return read_mapping(loader, node, &below);
}

/* A list of elements, each a mapping. */
static const char *
read_list(struct loader *loader, yaml_node_t *node, const struct place *place)
{
	const char *problem = NULL;
	int			number = 0;

	for (yaml_node_item_t *item = node->data.sequence.items.start;
		 problem == NULL && item < node->data.sequence.items.top; item++)
	{
		char		shown[16];
		struct place below;

		snprintf(shown, sizeof(shown), "%d", number++);
		go_down(&below, place, "*", shown);
		below.index = config_add(loader->config,
								 option_element_scope(below.path), NULL);
		problem = read_mapping(loader,
							   yaml_document_get_node(&loader->document, *item),
							   &below);
	}
	return problem;
}

static const char *
unknown_key(struct loader *loader, const yaml_node_t *key,
			const struct place *place)
{
	char		buffer[OPTION_PATH_MAX];
	const char *nearest = option_nearest(place->path, text_of(key), buffer);
	const char *where = *place->path != '\0' ? place->shown : "the file";

	if (nearest == NULL)
		return config_complain("%s:%d: unknown key \"%s\" in %s", loader->file,
							   line_of(key), text_of(key), where);
	return config_complain("%s:%d: unknown key \"%s\" in %s; the nearest valid "
						   "key is \"%s\"", loader->file, line_of(key),
						   text_of(key), where, nearest);
}

static const char *
read_key(struct loader *loader, yaml_node_t *key, yaml_node_t *value,
		 const struct place *place)
{
	struct place below;
	char		elements[OPTION_PATH_MAX + 2];

	snprintf(elements, sizeof(elements), "%s.*", place->path);
	if (option_element_scope(elements) != SCOPE_PROCESS)
		return read_named(loader, value, key, place);
	if (!go_down(&below, place, text_of(key), text_of(key)) ||
		strchr(text_of(key), '.') != NULL || strchr(text_of(key), '*') != NULL)
		return unknown_key(loader, key, place);
	if (option_by_path(below.path) != NULL)
		return read_value(loader, value, &below);
	if (!option_is_section(below.path))
		return unknown_key(loader, key, place);
	if (is_empty(value))
		return NULL;
	if (strcmp(below.path, "shares") == 0)
	{
		if (value->type != YAML_SEQUENCE_NODE)
			return config_complain("%s:%d: %s is %s, but must be a list: each "
								   "share begins with \"- name: /...\"",
								   loader->file, line_of(value), below.shown,
								   node_kind(value));
		return read_list(loader, value, &below);
	}
	return read_mapping(loader, value, &below);
}

static const char *
read_mapping(struct loader *loader, yaml_node_t *node,
			 const struct place *place)
{
	const char *problem = NULL;
	yaml_node_pair_t *pairs;

	if (node->type != YAML_MAPPING_NODE)
		return config_complain("%s:%d: %s is %s, but must be a mapping: lines "
							   "with \"key: value\"", loader->file,
							   line_of(node), *place->shown != '\0' ?
							   place->shown : "the file", node_kind(node));
	pairs = node->data.mapping.pairs.start;
	for (yaml_node_pair_t *pair = pairs;
		 problem == NULL && pair < node->data.mapping.pairs.top; pair++)
	{
		yaml_node_t *key = yaml_document_get_node(&loader->document, pair->key);
		yaml_node_t *value = yaml_document_get_node(&loader->document,
													pair->value);

		if (key->type != YAML_SCALAR_NODE)
			return config_complain("%s:%d: a key is %s, but must be a word",
								   loader->file, line_of(key), node_kind(key));
		for (yaml_node_pair_t *earlier = pairs; earlier < pair; earlier++)
		{
			yaml_node_t *other = yaml_document_get_node(&loader->document,
														earlier->key);

			if (strcmp(text_of(other), text_of(key)) == 0)
				return config_complain("%s:%d: \"%s\" is here for the second "
									   "time; first on line %d", loader->file,
									   line_of(key), text_of(key),
									   line_of(other));
		}
		problem = read_key(loader, key, value, place);
	}
	return problem;
}

static const char *
read_document(struct loader *loader, yaml_parser_t *parser)
{
	struct place top = {"", "", 0};
	yaml_node_t *root;
	const char *problem = NULL;

	if (!yaml_parser_load(parser, &loader->document))
		return config_complain("%s:%d: this is not YAML: %s%s%s", loader->file,
							   (int) parser->problem_mark.line + 1,
							   parser->problem != NULL ? parser->problem :
							   "out of memory",
							   parser->context != NULL ? " " : "",
							   parser->context != NULL ? parser->context : "");
	root = yaml_document_get_root_node(&loader->document);
	if (root != NULL && !is_empty(root))
		problem = read_mapping(loader, root, &top);
	yaml_document_delete(&loader->document);
	return problem;
}

static const char *
refuse_second_document(struct loader *loader, yaml_parser_t *parser)
{
	const char *problem = NULL;
	yaml_node_t *root;

	if (!yaml_parser_load(parser, &loader->document))
		return config_complain("%s:%d: this is not YAML: %s", loader->file,
							   (int) parser->problem_mark.line + 1,
							   parser->problem != NULL ? parser->problem : "");
	root = yaml_document_get_root_node(&loader->document);
	if (root != NULL)
		problem = config_complain("%s:%d: a second document begins; one file "
								  "holds one", loader->file, line_of(root));
	yaml_document_delete(&loader->document);
	return problem;
}

const char *
config_read_file(struct config *config, const char *file)
{
	struct loader loader = {.config = config, .file = file};
	yaml_parser_t parser;
	const char *problem;
	FILE	   *stream = fopen(file, "re");

	if (stream == NULL)
		return config_complain("cannot read the configuration file %s: %s",
							   file, strerror(errno));
	if (!yaml_parser_initialize(&parser))
		fatal("out of memory");
	yaml_parser_set_input_file(&parser, stream);
	config_replace_text(&config->file, file);
	problem = read_document(&loader, &parser);
	if (problem == NULL)
		problem = refuse_second_document(&loader, &parser);
	yaml_parser_delete(&parser);
	fclose(stream);
	return problem;
}
