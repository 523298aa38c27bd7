/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * share_options.c
 *	  Options of shares: one table drives the checks of arguments, the cache of
 *	  shares and the list of them.
 *
 * The table is made of the rows of dittofs_share_options.h.  A kind of option
 * has one case in each of four functions here, and one field in shares.h.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "dittofs_share_options.h"
#include "admin/names.h"
#include "types/network.h"
#include "tables/share_options.h"

/* The types, as OIDs. */
#define TYPE_SWITCH		BOOLOID
#define TYPE_WORD		TEXTOID
#define TYPE_ID			INT8OID
#define TYPE_NETWORKS	INETARRAYOID
#define TYPE_BLOCK_SIZE	INT4OID
#define TYPE_BYTE_LIMIT	INT8OID
#define TYPE_COUNT_LIMIT INT8OID
#define TYPE_ROOT_ID	INT8OID
#define TYPE_ROOT_MODE	TEXTOID

/* Options of the root directory have no field. */
#define FIELD_SWITCH(name) offsetof(Share, name)
#define FIELD_WORD(name) offsetof(Share, name)
#define FIELD_ID(name) offsetof(Share, name)
#define FIELD_NETWORKS(name) offsetof(Share, name)
#define FIELD_BLOCK_SIZE(name) offsetof(Share, name)
#define FIELD_BYTE_LIMIT(name) offsetof(Share, name)
#define FIELD_COUNT_LIMIT(name) offsetof(Share, name)
#define FIELD_ROOT_ID(name) 0
#define FIELD_ROOT_MODE(name) 0

#define OPTION_ROW(kind, name, initial, words, help) \
	{#name, OPTION_##kind, TYPE_##kind, words, initial, FIELD_##kind(name)},

const ShareOption share_options[] = {
	SHARE_OPTIONS(OPTION_ROW)
};
const int	share_option_count = lengthof(share_options);

const ShareOption *
share_option_find(const char *name)
{
	for (int i = 0; i < share_option_count; i++)
	{
		if (strcmp(share_options[i].name, name) == 0)
			return &share_options[i];
	}
	return NULL;
}

bool
share_option_is_kept(const ShareOption *option)
{
	return option->kind != OPTION_ROOT_ID && option->kind != OPTION_ROOT_MODE;
}

bool
share_option_is_limit(const ShareOption *option)
{
	return option->kind == OPTION_BYTE_LIMIT ||
		option->kind == OPTION_COUNT_LIMIT;
}

/*
 * Words
 */

int
word_number(const char *words, const char *word)
{
	Size		len = strlen(word);

	if (strchr(word, '|') != NULL)
		return -1;
	for (int number = 0; words != NULL; number++)
	{
		if (strncmp(words, word, len) == 0 &&
			(words[len] == '|' || words[len] == '\0'))
			return number;
		words = strchr(words, '|');
		if (words != NULL)
			words++;
	}
	return -1;
}

text *
word_text(const char *words, int number)
{
	while (number-- > 0)
		words = strchr(words, '|') + 1;
	return cstring_to_text_with_len(words, strcspn(words, "|"));
}

void
word_check(const char *option, const char *words, const char *word)
{
	StringInfoData list;

	if (word_number(words, word) >= 0)
		return;
	initStringInfo(&list);
	for (; *words != '\0'; words++)
	{
		if (*words == '|')
			appendStringInfoString(&list, ", ");
		else
			appendStringInfoChar(&list, *words);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for %s: \"%s\"", option, word),
			 errhint("Use one of: %s.", list.data)));
}

/*
 * Checking values
 */

static void
check_word(const ShareOption *option, const char *word)
{
	word_check(option->name, option->words, word);
#ifndef USE_LZ4
	if (option->offset == offsetof(Share, compression) &&
		word_number(option->words, word) == COMPRESSION_LZ4)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this server was built without lz4")));
#endif
}

static void
check_id(const ShareOption *option, int64 id)
{
	if (id < 0 || id > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for %s: " INT64_FORMAT, option->name, id),
				 errhint("User and group ids are from 0 to %u.",
						 PG_UINT32_MAX)));
}

static void
check_networks(const ShareOption *option, ArrayType *networks)
{
	if (array_contains_nulls(networks))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not contain nulls", option->name)));
}

static void
check_block_size(const ShareOption *option, int32 size)
{
	if (size < SUM_CHUNK || size > STORED_BLOCK_MAX || (size & (size - 1)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for %s: %d", option->name, size),
				 errhint("Use a power of two from %d to %d.", SUM_CHUNK,
						 STORED_BLOCK_MAX)));
}

static void
check_limit(const ShareOption *option, int64 limit)
{
	if (limit < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for %s: " INT64_FORMAT, option->name, limit),
				 errhint("Use a positive number, or 0 for no limit.")));
}

void
share_option_check(const ShareOption *option, Datum value)
{
	switch (option->kind)
	{
		case OPTION_SWITCH:
			break;
		case OPTION_WORD:
			check_word(option, TextDatumGetCString(value));
			break;
		case OPTION_ID:
		case OPTION_ROOT_ID:
			check_id(option, DatumGetInt64(value));
			break;
		case OPTION_NETWORKS:
			check_networks(option, DatumGetArrayTypeP(value));
			break;
		case OPTION_BLOCK_SIZE:
			check_block_size(option, DatumGetInt32(value));
			break;
		case OPTION_BYTE_LIMIT:
		case OPTION_COUNT_LIMIT:
			check_limit(option, DatumGetInt64(value));
			break;
		case OPTION_ROOT_MODE:
			(void) mode_from_text(DatumGetTextPP(value));
			break;
	}
}

/*
 * The fields of struct Share
 */

static NetworkList
networks_read(Datum datum)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	NetworkList list = {0};
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, INETOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &count);
	list.networks = palloc(sizeof(Network) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			network_from_inet(elements[i], &list.networks[list.n++]);
	}
	return list;
}

static Datum
networks_show(const NetworkList *list)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(list->n, 1));

	for (int i = 0; i < list->n; i++)
		elements[i] = network_to_inet(&list->networks[i]);
	return PointerGetDatum(
		construct_array(elements, list->n, INETOID, -1, false, TYPALIGN_INT));
}

/* An unknown word is taken for the default: see dittofs_share_options.h. */
static int
word_read(const ShareOption *option, Datum column)
{
	int			number =
		word_number(option->words, TextDatumGetCString(column));

	return number >= 0 ? number : word_number(option->words, option->initial);
}

void
share_option_read(const ShareOption *option, Datum column, bool isnull,
				  Share *share)
{
	void	   *field = (char *) share + option->offset;

	switch (option->kind)
	{
		case OPTION_SWITCH:
			*(bool *) field = DatumGetBool(column);
			break;
		case OPTION_WORD:
			*(int *) field = word_read(option, column);
			break;
		case OPTION_ID:
			*(uint32 *) field = DatumGetInt64(column);
			break;
		case OPTION_NETWORKS:
			*(NetworkList *) field = networks_read(column);
			break;
		case OPTION_BLOCK_SIZE:
			*(int32 *) field = DatumGetInt32(column);
			break;
		case OPTION_BYTE_LIMIT:
		case OPTION_COUNT_LIMIT:
			*(int64 *) field = isnull ? NO_LIMIT : DatumGetInt64(column);
			break;
		case OPTION_ROOT_ID:
		case OPTION_ROOT_MODE:
			elog(ERROR, "%s is not a column", option->name);
	}
}

Datum
share_option_show(const ShareOption *option, const Share *share, bool *isnull)
{
	const void *field = (const char *) share + option->offset;

	*isnull =
		share_option_is_limit(option) && *(const int64 *) field == NO_LIMIT;
	switch (option->kind)
	{
		case OPTION_SWITCH:
			return BoolGetDatum(*(const bool *) field);
		case OPTION_WORD:
			return PointerGetDatum(
				word_text(option->words, *(const int *) field));
		case OPTION_ID:
			return Int64GetDatum(*(const uint32 *) field);
		case OPTION_NETWORKS:
			return networks_show((const NetworkList *) field);
		case OPTION_BLOCK_SIZE:
			return Int32GetDatum(*(const int32 *) field);
		case OPTION_BYTE_LIMIT:
		case OPTION_COUNT_LIMIT:
			return Int64GetDatum(*(const int64 *) field);
		case OPTION_ROOT_ID:
		case OPTION_ROOT_MODE:
			break;
	}
	elog(ERROR, "%s is not a column", option->name);
	return (Datum) 0;
}
