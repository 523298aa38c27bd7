/* SPDX-License-Identifier: PostgreSQL */
/*
 * xml.c
 *	  XML of services: see xml.h.
 *
 * Services send elements and text.  A document type, and with it any entity
 * of the sender's own, is refused; so are elements nested deeper than any of
 * them nests.
 */
#include "content/xml.h"

#include <expat.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define NAME_MAX_SIZE 64

/* Of one element: the text of a longer one is cut. */
#define TEXT_SIZE 16384

struct xml_reader
{
	XML_Parser	parser;
	const char *const *roots;
	xml_element function;
	void	   *argument;
	int			depth;
	char		names[DEPTH_MAX][NAME_MAX_SIZE];
	char		text[TEXT_SIZE];
	size_t		size;
};

static bool
is_root(const struct xml_reader *reader, const char *name)
{
	for (int i = 0; reader->roots[i] != NULL; i++)
		if (strcmp(reader->roots[i], name) == 0)
			return true;
	return false;
}

static void
begin_element(void *argument, const XML_Char *name, const XML_Char **attributes)
{
	struct xml_reader *reader = argument;

	(void) attributes;
	if (reader->depth == DEPTH_MAX || strlen(name) >= NAME_MAX_SIZE ||
		(reader->depth == 0 && !is_root(reader, name)))
	{
		XML_StopParser(reader->parser, XML_FALSE);
		return;
	}
	strcpy(reader->names[reader->depth++], name);
	reader->size = 0;
}

static void
end_element(void *argument, const XML_Char *name)
{
	struct xml_reader *reader = argument;
	const char *parent = reader->depth > 1 ?
		reader->names[reader->depth - 2] : "";

	reader->text[reader->size] = '\0';
	reader->function(reader->argument, parent, name, reader->text);
	reader->size = 0;
	reader->depth--;
}

static void
add_text(void *argument, const XML_Char *text, int length)
{
	struct xml_reader *reader = argument;
	size_t		size = (size_t) length;

	if (size > TEXT_SIZE - 1 - reader->size)
		size = TEXT_SIZE - 1 - reader->size;
	memcpy(reader->text + reader->size, text, size);
	reader->size += size;
}

static void
refuse_doctype(void *argument, const XML_Char *name, const XML_Char *system_id,
			   const XML_Char *public_id, int has_subset)
{
	struct xml_reader *reader = argument;

	(void) name;
	(void) system_id;
	(void) public_id;
	(void) has_subset;
	XML_StopParser(reader->parser, XML_FALSE);
}

bool
xml_read(const char *text, size_t size, const char *const *roots,
		 xml_element function, void *argument)
{
	struct xml_reader *reader = calloc(1, sizeof(*reader));
	bool		whole;

	if (reader == NULL)
		return false;
	reader->parser = XML_ParserCreate(NULL);
	reader->roots = roots;
	reader->function = function;
	reader->argument = argument;
	whole = reader->parser != NULL && size < INT32_MAX;
	if (whole)
	{
		XML_SetUserData(reader->parser, reader);
		XML_SetElementHandler(reader->parser, begin_element, end_element);
		XML_SetCharacterDataHandler(reader->parser, add_text);
		XML_SetStartDoctypeDeclHandler(reader->parser, refuse_doctype);
		whole = XML_Parse(reader->parser, text, (int) size, XML_TRUE) ==
			XML_STATUS_OK;
	}
	if (reader->parser != NULL)
		XML_ParserFree(reader->parser);
	free(reader);
	return whole;
}
